/* protect_marks.c - see protect_marks.h. */
#include "core/data/protect_marks.h"

#include "core/base/mem.h"
#include "core/base/name_map.h"
#include "core/profile/profile.h"
#include "core/store/index/fold.h"

#include <string.h>

/* Datasets with a protection of their own, and all that are made of their versions. */
static const char affected[] =
	"WITH RECURSIVE made(name) AS (SELECT DISTINCT name FROM protection UNION "
	"SELECT p.name FROM dataset_parent p JOIN made ON p.parent_name = made.name WHERE p.parent_version > 0) "
	"SELECT name FROM made";

static int mark_of(bn_protect_mark *out, bn_workspace *ws, const bn_dataset_row *row, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	int rc = row->latest ? bn_protection_of(&p, ws, row->latest, err) : bn_protection_of_name(&p, ws, row->name, err);
	*out = (bn_protect_mark){p.level, p.personal_count};
	bn_protection_release(&p);
	return rc;
}

/* Which rows of the list are affected. *out is yours. */
static int find_affected(bool **out, bn_workspace *ws, const bn_dataset_list *list, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	bn_name_map map = {.slots = NULL};
	const char **names = bn_alloc_zeroed(list->count + 1, sizeof *names);
	bool *hit = bn_alloc_zeroed(list->count + 1, sizeof *hit);
	int rc = names && hit ? 0 : bn_err_nomem(err, "marks");
	for (size_t i = 0; rc >= 0 && i < list->count; i++)
		names[i] = list->rows[i].name;
	if (rc < 0 || (rc = bn_name_map_init(&map, names, list->count, err)) < 0 ||
		(rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err, affected, "")) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		int32_t at = name ? bn_name_map_find(&map, name, strlen(name)) : -1;
		if (at >= 0)
			hit[at] = true;
	}
out:
	sqlite3_finalize(st);
	bn_name_map_release(&map);
	bn_free(names);
	if (rc < 0)
		bn_free(hit);
	else
		*out = hit;
	return rc;
}

int bn_protect_marks_load(bn_protect_mark **out, bn_workspace *ws, const bn_dataset_list *list, bn_err *err)
{
	bool *hit = NULL;
	int rc = find_affected(&hit, ws, list, err);
	if (rc < 0)
		return rc;
	bn_protect_mark *marks = bn_alloc_zeroed(list->count + 1, sizeof *marks);
	if (!marks)
		rc = bn_err_nomem(err, "marks");
	for (size_t i = 0; rc >= 0 && i < list->count; i++)
		if (hit[i])
			rc = mark_of(&marks[i], ws, &list->rows[i], err);
	bn_free(hit);
	if (rc < 0)
		bn_free(marks);
	else
		*out = marks;
	return rc;
}

int64_t bn_protect_settings(bn_workspace *ws)
{
	return bn_sql_int(bn_workspace_index(ws), 0, "SELECT count(*) FROM protection", "");
}

void bn_protect_mark_words(const bn_protect_mark *m, bn_buf *out)
{
	if (m->level)
		bn_buf_adds(out, bn_data_class_name(m->level));
	if (m->masked)
		bn_buf_addf(out, "%s%zu masked", m->level ? ", " : "", m->masked);
}

bool bn_protect_proposes(const bn_protection *p, const char *column)
{
	return bn_column_may_be_personal(column) && !bn_protection_marks(p, column);
}

void bn_protect_proposals(const bn_protection *p, const bn_profile *profile, bn_buf *out)
{
	size_t before = out->len;
	for (size_t i = 0; i < profile->column_count; i++)
		if (bn_protect_proposes(p, profile->columns[i].name))
			bn_buf_addf(out, "%s%s", out->len > before ? "," : "", profile->columns[i].name);
}
