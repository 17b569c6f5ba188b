/* experiment.c - see experiment.h: reading and writing experiments. */
#include "core/track/experiment.h"

#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/govern/rights.h"
#include "core/run/runlog.h"
#include "core/track/_fold.h"

#include <stdio.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

static const char select_sql[] =
	"SELECT x.no, x.shown, n.name, x.id, e.artifact_location, e.note, bn_user(e.uid), "
	"coalesce(e.created_ms, (SELECT min(created_ms) FROM run r WHERE r.experiment = x.no)), "
	"coalesce(e.updated_ms, (SELECT min(created_ms) FROM run r WHERE r.experiment = x.no)), "
	"x.removed, (SELECT coalesce(sum(c.runs), 0) FROM index_count c WHERE c.experiment = x.no "
	"AND "
	"(c.removed = 0 OR x.removed = 1)), e.uid IS NULL FROM index_experiment x JOIN index_name "
	"n ON "
	"n.no = x.no LEFT JOIN experiment e ON e.name = n.name WHERE ";

static void experiment_release(bn_experiment *e)
{
	bn_free(e->name);
	bn_free(e->first);
	bn_free(e->artifact_location);
	bn_free(e->note);
	bn_free(e->user);
	bn_pairs_release(&e->tags);
}

static int read_tags(bn_pairs *out, sqlite3 *db, const char *first, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT key, value FROM experiment_tag WHERE experiment = ? ORDER BY key", "s",
		first);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items) != 0) {
			rc = bn_err_nomem(err, "the tags of an experiment");
			break;
		}
		bn_pair *p = &out->items[out->count++];
		*p = (bn_pair){bn_sql_text(st, 0), bn_sql_text(st, 1)};
		if (!p->key || !p->value) {
			rc = bn_err_nomem(err, "the tags of an experiment");
			break;
		}
	}
	sqlite3_finalize(st);
	return rc;
}

static int64_t time_at(sqlite3_stmt *st, int c)
{
	return sqlite3_column_type(st, c) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, c);
}

static int read_row(bn_experiment *e, sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	*e = (bn_experiment){.name = bn_sql_text(st, 1),
		.first = bn_sql_text(st, 2),
		.artifact_location = bn_sql_text(st, 4),
		.note = bn_sql_text(st, 5),
		.user = sqlite3_column_int(st, 11) ? NULL : bn_sql_text(st, 6),
		.created_ms = time_at(st, 7),
		.updated_ms = time_at(st, 8),
		.removed = sqlite3_column_int(st, 9) != 0,
		.runs = sqlite3_column_int64(st, 10),
		.tags = BN_PAIRS_INIT};
	snprintf(e->id, sizeof e->id, "%s", (const char *)sqlite3_column_text(st, 3));
	if (!e->name || !e->first)
		return bn_err_nomem(err, "an experiment");
	return read_tags(&e->tags, db, e->first, err);
}

/* `default` exists without a run or an event. */
static int read_default(bn_experiment *e, bn_err *err)
{
	*e = (bn_experiment){.name = bn_strdup(BN_EXPERIMENT_DEFAULT),
		.first = bn_strdup(BN_EXPERIMENT_DEFAULT),
		.created_ms = -1,
		.updated_ms = -1,
		.tags = BN_PAIRS_INIT};
	bn_experiment_derive_id(e->id, BN_EXPERIMENT_DEFAULT);
	return e->name && e->first ? 0 : bn_err_nomem(err, "an experiment");
}

static int list_add(bn_experiments *l, sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items) != 0)
		return bn_err_nomem(err, "experiments");
	bn_experiment *e = &l->items[l->count++];
	return st ? read_row(e, db, st, err) : read_default(e, err);
}

static bool has_default(sqlite3 *db)
{
	return bn_sql_int(db, 0,
		       "SELECT 1 FROM index_experiment x JOIN index_name n ON n.no = x.no WHERE "
		       "n.name = ?",
		       "s", BN_EXPERIMENT_DEFAULT) == 1;
}

int bn_experiment_list(bn_experiments *out, bn_workspace *ws, bn_experiment_view view, bn_err *err)
{
	static const char *const wheres[] = {"x.removed = 0", "x.removed = 1", "1"};
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	char sql[sizeof select_sql + 128];
	*out = (bn_experiments)BN_EXPERIMENTS_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	snprintf(sql, sizeof sql, "%s%s ORDER BY length(x.id), x.id", select_sql, wheres[view]);
	if (view != BN_EXPERIMENTS_REMOVED && !has_default(db) &&
		(rc = list_add(out, db, NULL, err)) < 0)
		return rc;
	if ((rc = bn_sql_prepare(&st, db, err, sql, "")) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = list_add(out, db, st, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

void bn_experiments_release(bn_experiments *l)
{
	for (size_t i = 0; i < l->count; i++)
		experiment_release(&l->items[i]);
	bn_free(l->items);
	*l = (bn_experiments)BN_EXPERIMENTS_INIT;
}

void bn_experiment_free(bn_experiment *e)
{
	if (e)
		experiment_release(e);
	bn_free(e);
}

static int find_one(bn_experiment **out, bn_workspace *ws, const char *where, const char *key,
	bool is_default, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	char sql[sizeof select_sql + 128];
	bn_experiment *e = bn_alloc_zeroed(1, sizeof *e);
	int rc = e ? bn_track_index(&db, ws, err) : bn_err_nomem(err, "an experiment");
	if (rc < 0)
		goto out;
	snprintf(sql, sizeof sql, "%s%s", select_sql, where);
	if ((rc = bn_sql_prepare(&st, db, err, sql, "s", key)) < 0 ||
		(rc = bn_sql_step(st, err)) < 0)
		goto out;
	if (rc == 1)
		rc = read_row(e, db, st, err);
	else if (is_default && !has_default(db))
		rc = read_default(e, err);
	else
		rc = bn_err_set(err, BN_ENOTFOUND, "no experiment '%.128s'", key);
	if (rc < 0)
		goto out;
	*out = e;
	e = NULL;
out:
	sqlite3_finalize(st);
	bn_experiment_free(e);
	return rc;
}

int bn_experiment_by_id(bn_experiment **out, bn_workspace *ws, const char *id, bn_err *err)
{
	return find_one(out, ws, "x.id = ?", id, !strcmp(id, "0"), err);
}

int bn_experiment_by_name(bn_experiment **out, bn_workspace *ws, const char *name, bn_err *err)
{
	return find_one(out, ws, "x.shown = ?", name, !strcmp(name, BN_EXPERIMENT_DEFAULT), err);
}

/* ---- writing -------------------------------------------------------------------------------- */

bool bn_experiment_name_is_valid(const char *name)
{
	size_t n = strlen(name);
	bool fine = n > 0 && n <= BN_RUN_NAME_MAX && bn_utf8_is_valid(name, n);
	for (size_t i = 0; fine && i < n; i++)
		fine = (unsigned char)name[i] >= ' ' && name[i] != '\x7f';
	return fine;
}

static int name_check(const char *name, bn_err *err)
{
	return bn_experiment_name_is_valid(name) ? 0
		    : bn_err_set(err, BN_EINVAL,
			      "an experiment's name is UTF-8 text of 1 to %d bytes without control "
			      "characters",
			      BN_RUN_NAME_MAX);
}

/* Takes the payload's reference. */
static int append_take(
	bn_workspace *ws, const char *kind, const char *first, json_t *payload, bn_err *err)
{
	char entity[16 + BN_RUN_NAME_MAX];
	int rc = payload ? name_check(first, err) : bn_err_nomem(err, "an event");
	if (rc < 0)
		goto out;
	snprintf(entity, sizeof entity, "experiment/%s", first);
	rc = bn_rights_append(ws, 1, kind, entity, payload, err);
out:
	json_decref(payload);
	return rc;
}

/* Of an experiment that is to be called `name`: the name, unless an experiment was created with it. *out is yours. */
static int first_choose(char **out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3 *db;
	int rc = bn_track_index(&db, ws, err);
	char *first = rc < 0 ? NULL : bn_strdup(name);
	for (int n = 2; first; n++) {
		if (bn_sql_int(db, 0,
			    "SELECT 1 FROM index_experiment x JOIN index_name n ON n.no = x.no "
			    "WHERE n.name = ?",
			    "s", first) == 0)
			break;
		bn_free(first);
		first = bn_strf("%.*s~%d", BN_RUN_NAME_MAX - 12, name, n);
	}
	if (rc < 0 || (rc = bn_sql_failed(db, err)) < 0) {
		bn_free(first);
		return rc;
	}
	*out = first;
	return first ? 0 : bn_err_nomem(err, "an experiment's name");
}

int bn_experiment_for_run(char **out, bn_workspace *ws, const char *name, bn_err *err)
{
	const bn_experiment_made made = {.name = name, .created_ms = -1};
	bn_experiment *e = NULL;
	bn_err why = BN_ERR_INIT;
	char *first = NULL;
	int rc = bn_experiment_by_name(&e, ws, name, &why);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	if (rc >= 0) {
		*out = e->first;
		e->first = NULL;
		bn_experiment_free(e);
		return 0;
	}
	if ((rc = first_choose(&first, ws, name, err)) < 0)
		return rc;
	if (strcmp(first, name) != 0 && (rc = bn_experiment_create(ws, &made, err)) < 0) {
		bn_free(first);
		return rc;
	}
	*out = first;
	return 0;
}

static int create_as(bn_workspace *ws, const char *first, const bn_experiment_made *m, bn_err *err)
{
	if (m->id && !bn_experiment_id_is_valid(m->id))
		return bn_err_set(err, BN_EINVAL,
			"experiment id '%.80s': a letter or digit, then letters, digits, _ and -, "
			"at most 64",
			m->id);
	json_t *p = json_object();
	const struct {
		const char *key, *text;
	} texts[] = {{"id", m->id}, {"artifact_location", m->artifact_location}, {"note", m->note}};
	for (size_t i = 0; p && i < sizeof texts / sizeof *texts; i++)
		if (texts[i].text &&
			json_object_set_new(p, texts[i].key, json_string(texts[i].text))) {
			json_decref(p);
			return bn_err_set(
				err, BN_EINVAL, "an experiment's %s is not UTF-8", texts[i].key);
		}
	if (p && m->created_ms >= 0)
		json_object_set_new(p, "created_ms", json_integer(m->created_ms));
	int rc = append_take(ws, "experiment.created", first, p, err);
	return rc < 0 || !strcmp(first, m->name) ? rc : bn_experiment_rename(ws, first, m->name, err);
}

int bn_experiment_create(bn_workspace *ws, const bn_experiment_made *m, bn_err *err)
{
	char *first = NULL;
	int rc;
	if ((rc = name_check(m->name, err)) < 0 || (rc = first_choose(&first, ws, m->name, err)) < 0)
		return rc;
	rc = create_as(ws, first, m, err);
	bn_free(first);
	return rc;
}

int bn_experiment_rename(bn_workspace *ws, const char *first, const char *name, bn_err *err)
{
	int rc = name_check(name, err);
	return rc < 0 ? rc
		      : append_take(ws, "experiment.renamed", first,
				json_pack("{ss}", "name", name), err);
}

int bn_experiment_tag(
	bn_workspace *ws, const char *first, const char *key, const char *value, bn_err *err)
{
	int rc = bn_run_key_check("tag", key, err);
	if (rc < 0)
		return rc;
	if (value && (strlen(value) > BN_RUN_VALUE_MAX || !bn_utf8_is_valid(value, strlen(value))))
		return bn_err_set(err, BN_EINVAL, "tag '%s': a value is UTF-8 of at most %d bytes",
			key, BN_RUN_VALUE_MAX);
	return append_take(
		ws, "experiment.tag", first, json_pack("{s{ss?}}", "tags", key, value), err);
}

int bn_experiment_note(bn_workspace *ws, const char *first, const char *note, bn_err *err)
{
	if (strlen(note) > 65536 || !bn_utf8_is_valid(note, strlen(note)))
		return bn_err_set(err, BN_EINVAL, "a note is UTF-8 text of at most 65536 bytes");
	return append_take(ws, "experiment.note", first, json_pack("{ss}", "note", note), err);
}

int bn_experiment_remove(bn_workspace *ws, const char *first, bool removed, bn_err *err)
{
	return append_take(ws, removed ? "experiment.removed" : "experiment.restored", first,
		json_object(), err);
}
