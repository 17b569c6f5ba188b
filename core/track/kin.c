/* kin.c - see kin.h. */
#include "core/track/kin.h"

#include "core/base/mem.h"
#include "core/track/nest.h"

#include <stdio.h>
#include <string.h>

void bn_run_kins_release(bn_run_kins *k)
{
	for (size_t i = 0; i < k->child_count; i++)
		bn_free(k->children[i].label);
	bn_free(k->children);
	bn_free(k->parent.label);
	*k = (bn_run_kins)BN_RUN_KINS_INIT;
}

/* Row: id, name, title, status. */
static int kin_read(bn_run_kin *k, sqlite3_stmt *st, bn_err *err)
{
	char label[BN_RUN_LABEL_BYTES];
	snprintf(k->id, sizeof k->id, "%s", (const char *)sqlite3_column_text(st, 0));
	const char *text = bn_run_label(label, (const char *)sqlite3_column_text(st, 1),
		(const char *)sqlite3_column_text(st, 2), k->id);
	const char *status = (const char *)sqlite3_column_text(st, 3);
	if (!status || !bn_run_status_parse(&k->status, status))
		k->status = BN_RUN_LOST;
	k->label = bn_strdup(text);
	return k->label ? 0 : bn_err_nomem(err, "runs around a run");
}

#define KIN_SQL "SELECT lower(hex(r.id)), r.name, r.title, r.status FROM run r WHERE r.no = ?"

static int parent_load(bn_run_kins *out, sqlite3 *db, int64_t run, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT " BN_NEST_PARENT_SQL " FROM run r WHERE r.no = ?", "i", run)) < 0 ||
		(rc = bn_sql_step(st, err)) < 0)
		goto out;
	const char *id = rc ? (const char *)sqlite3_column_text(st, 0) : NULL;
	rc = 0;
	if (!id)
		goto out;
	out->has_parent = true;
	snprintf(out->parent.id, sizeof out->parent.id, "%s", id);
	int64_t no = bn_run_number(db, id);
	sqlite3_finalize(st);
	st = NULL;
	if (no < 0 || (rc = bn_sql_prepare(&st, db, err, KIN_SQL, "i", no)) < 0 ||
		(rc = bn_sql_step(st, err)) < 0)
		goto out;
	if ((out->parent_is_known = rc > 0))
		rc = kin_read(&out->parent, st, err);
out:
	sqlite3_finalize(st);
	if (rc >= 0 && out->has_parent && !out->parent.label &&
		!(out->parent.label = bn_strdup(out->parent.id)))
		rc = bn_err_nomem(err, "runs around a run");
	return rc;
}

static int child_add(bn_run_kins *out, sqlite3_stmt *st, size_t most, bn_err *err)
{
	out->child_total++;
	if (out->child_count >= most)
		return 0;
	if (bn_grow(&out->children, &out->child_cap, out->child_count + 1, sizeof *out->children) !=
		0)
		return bn_err_nomem(err, "runs around a run");
	return kin_read(&out->children[out->child_count++], st, err);
}

/* The tag of all runs is one packed column: a run without another parent is below the one that it names. */
static int children_load(bn_run_kins *out, sqlite3 *db, const char *id, size_t most, bn_err *err)
{
	bn_column *tags = NULL;
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_column_new(&tags, db, BN_KEY_TAG, BN_NEST_PARENT_TAG, BN_AGGREGATE_LAST, false,
		     err)) < 0 ||
		(rc = bn_column_load(tags, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT lower(hex(r.id)), r.name, r.title, r.status, r.parent, r.no "
			 "FROM run r WHERE r.removed = 0 ORDER BY r.created_ms, r.id DESC",
			 "")) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		const char *parent = (const char *)sqlite3_column_text(st, 4);
		size_t run = (size_t)sqlite3_column_int64(st, 5);
		if (!parent && run < tags->count && bn_set_has(tags->has, run))
			parent = tags->text[run];
		if (!parent || strcmp(parent, id) != 0)
			continue;
		if ((rc = child_add(out, st, most, err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	bn_column_free(tags);
	return rc;
}

int bn_run_kins_load(bn_run_kins *out, bn_workspace *ws, const char *id, size_t most, bn_err *err)
{
	sqlite3 *db;
	int rc;
	*out = (bn_run_kins)BN_RUN_KINS_INIT;
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	int64_t run = bn_run_number(db, id);
	if (run < 0)
		return bn_err_set(err, BN_ENOTFOUND, "no run '%.40s'", id);
	if ((rc = parent_load(out, db, run, err)) < 0)
		return rc;
	return children_load(out, db, id, most, err);
}
