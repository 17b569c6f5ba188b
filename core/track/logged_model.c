/* logged_model.c - see logged_model.h: reading logged models from the index. */
#include "core/track/logged_model.h"

#include "core/base/mem.h"
#include "core/track/_fold.h"
#include "core/track/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char select_sql[] = "SELECT m.no, m.id, m.name, coalesce(x.shown, n.name), x.id, "
				 "m.run, m.type, m.artifact_location, "
				 "m.message, bn_user(m.owner), m.owner, m.status, m.created_ms, "
				 "m.updated_ms, m.removed, n.name "
				 "FROM logged_model m JOIN index_name n ON n.no = m.experiment "
				 "LEFT JOIN index_experiment x ON "
				 "x.no = m.experiment WHERE ";

static void metrics_release(bn_logged_metrics *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].key);
		bn_free(l->items[i].run);
		bn_free(l->items[i].dataset_name);
		bn_free(l->items[i].dataset_digest);
	}
	bn_free(l->items);
}

static void model_release(bn_logged_model *m)
{
	char *const owned[] = {
		m->name, m->experiment, m->run, m->type, m->artifact_location, m->message, m->user};
	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
		bn_free(owned[i]);
	bn_pairs_release(&m->params);
	bn_pairs_release(&m->tags);
	metrics_release(&m->metrics);
}

void bn_logged_free(bn_logged_model *m)
{
	if (m)
		model_release(m);
	bn_free(m);
}

void bn_logged_models_release(bn_logged_models *l)
{
	for (size_t i = 0; i < l->count; i++)
		model_release(&l->items[i]);
	bn_free(l->items);
	*l = (bn_logged_models)BN_LOGGED_MODELS_INIT;
}

/* ---- what belongs to one -------------------------------------------------------------------- */

static int read_pairs(bn_logged_model *m, sqlite3 *db, int64_t no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT tag, key, value FROM logged_pair WHERE model = ? ORDER BY tag, key", "i",
		no);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		bn_pairs *to = sqlite3_column_int(st, 0) ? &m->tags : &m->params;
		if (bn_grow(&to->items, &to->cap, to->count + 1, sizeof *to->items) != 0) {
			rc = bn_err_nomem(err, "a logged model");
			break;
		}
		bn_pair *p = &to->items[to->count++];
		*p = (bn_pair){bn_sql_text(st, 1), bn_sql_text(st, 2)};
		if (!p->key || !p->value) {
			rc = bn_err_nomem(err, "a logged model");
			break;
		}
	}
	sqlite3_reset(st);
	return rc;
}

static int read_metrics(bn_logged_metrics *l, sqlite3 *db, int64_t no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT key, value, time_ms, step, run, dataset_name, dataset_digest FROM "
		"logged_metric "
		"WHERE model = ? ORDER BY key, time_ms, step, run",
		"i", no);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items) != 0) {
			rc = bn_err_nomem(err, "a logged model");
			break;
		}
		bn_logged_metric *x = &l->items[l->count++];
		*x = (bn_logged_metric){bn_sql_text(st, 0), bn_sql_double(st, 1),
			sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
			bn_sql_text(st, 4), bn_sql_text(st, 5), bn_sql_text(st, 6)};
		if (!x->key || !x->run) {
			rc = bn_err_nomem(err, "a logged model");
			break;
		}
	}
	sqlite3_reset(st);
	return rc;
}

/* ---- models --------------------------------------------------------------------------------- */

static int read_row(bn_logged_model *m, sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	*m = (bn_logged_model){.name = bn_sql_text(st, 2),
		.experiment = bn_sql_text(st, 3),
		.run = bn_sql_text(st, 5),
		.type = bn_sql_text(st, 6),
		.artifact_location = bn_sql_text(st, 7),
		.message = bn_sql_text(st, 8),
		.user = bn_sql_text(st, 9),
		.uid = (uid_t)sqlite3_column_int64(st, 10),
		.created_ms = sqlite3_column_int64(st, 12),
		.updated_ms = sqlite3_column_int64(st, 13),
		.removed = sqlite3_column_int(st, 14) != 0,
		.params = BN_PAIRS_INIT,
		.tags = BN_PAIRS_INIT};
	const char *given = (const char *)sqlite3_column_text(st, 4);
	snprintf(m->id, sizeof m->id, "%s", (const char *)sqlite3_column_text(st, 1));
	/* An experiment that nothing but logged models names is in no list. */
	if (given)
		snprintf(m->experiment_id, sizeof m->experiment_id, "%s", given);
	else
		bn_experiment_derive_id(
			m->experiment_id, (const char *)sqlite3_column_text(st, 15));
	if (!bn_logged_status_parse(&m->status, (const char *)sqlite3_column_text(st, 11)))
		m->status = BN_LOGGED_FAILED;
	if (!m->name || !m->experiment || !m->user)
		return bn_err_nomem(err, "a logged model");
	int rc = read_pairs(m, db, sqlite3_column_int64(st, 0), err);
	return rc < 0 ? rc : read_metrics(&m->metrics, db, sqlite3_column_int64(st, 0), err);
}

int bn_logged_get(bn_logged_model **out, bn_workspace *ws, const char *id, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	char sql[sizeof select_sql + 64];
	bn_logged_model *m = bn_alloc_zeroed(1, sizeof *m);
	int rc = m ? bn_track_index(&db, ws, err) : bn_err_nomem(err, "a logged model");
	if (rc < 0)
		goto out;
	char entity[16 + BN_LOGGED_ID_TEXT];
	snprintf(entity, sizeof entity, "logged/%.*s", BN_LOGGED_ID_TEXT - 1, id);
	snprintf(sql, sizeof sql, "%sm.no = ?", select_sql);
	if ((rc = bn_sql_prepare(&st, db, err, sql, "i",
		     bn_logged_id_is_valid(id) ? bn_index_entity(db, entity) : (int64_t)-1)) < 0 ||
		(rc = bn_sql_step(st, err)) < 0)
		goto out;
	rc = rc == 1 ? read_row(m, db, st, err)
		     : bn_err_set(err, BN_ENOTFOUND, "no logged model '%.80s'", id);
	if (rc < 0)
		goto out;
	*out = m;
	m = NULL;
out:
	sqlite3_finalize(st);
	bn_logged_free(m);
	return rc;
}

static int list_add(
	bn_logged_models *l, sqlite3 *db, const char *where, const char *key, bn_err *err)
{
	char sql[sizeof select_sql + 128];
	sqlite3_stmt *st = NULL;
	snprintf(sql, sizeof sql, "%sm.removed = 0 AND %s", select_sql, where);
	int rc = bn_sql_prepare(&st, db, err, sql, "s", key);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items) != 0) {
			rc = bn_err_nomem(err, "logged models");
			break;
		}
		if ((rc = read_row(&l->items[l->count++], db, st, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

static int newest_first(const void *a, const void *b)
{
	const bn_logged_model *x = a, *y = b;
	if (x->created_ms != y->created_ms)
		return x->created_ms > y->created_ms ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void list_sort(bn_logged_models *l)
{
	if (l->count)
		qsort(l->items, l->count, sizeof *l->items, newest_first);
}

int bn_logged_list(bn_logged_models *out, bn_workspace *ws, const char *const *experiment_ids,
	size_t count, bn_err *err)
{
	sqlite3 *db;
	*out = (bn_logged_models)BN_LOGGED_MODELS_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	if (count == 0)
		rc = list_add(out, db, "?1 IS NULL", NULL, err);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = list_add(out, db,
			"m.experiment = (SELECT no FROM index_experiment WHERE id = ?)",
			experiment_ids[i], err);
	list_sort(out);
	return rc;
}

int bn_logged_of_run(bn_logged_models *out, bn_workspace *ws, const char *run, bn_err *err)
{
	sqlite3 *db;
	*out = (bn_logged_models)BN_LOGGED_MODELS_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	rc = list_add(out, db, "m.run = ?", run, err);
	list_sort(out);
	return rc;
}

int bn_logged_artifacts(bn_artifacts *out, bn_workspace *ws, const char *id, bn_err *err)
{
	char entity[16 + BN_LOGGED_ID_TEXT];
	sqlite3 *db;
	*out = (bn_artifacts)BN_ARTIFACTS_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0 || !bn_logged_id_is_valid(id))
		return rc;
	snprintf(entity, sizeof entity, "logged/%s", id);
	return bn_artifacts_read(out, db,
		"SELECT path, hash, size, time_ms FROM logged_artifact WHERE model = ? ORDER BY "
		"path",
		bn_index_entity(db, entity), err);
}
