/* prediction_batches.c - see prediction_log.h: batches as events and rows, and finding a window. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/forgotten.h"
#include "core/govern/members.h"
#include "core/monitor/_prediction_log.h"
#include "core/store/index/ref.h"
#include "core/store/object/object.h"
#include "core/store/object/verify_once.h"

#include <string.h>

/* A commuting event: keyed by its position in the log, so the order of arrival does not matter. */
static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *model = bn_json_str(p, "model", NULL), *object = bn_json_str(p, "object", NULL);
	int64_t rows = bn_json_int(p, "rows", -1);
	if (!model || rows < 0 || !object || strlen(object) != BN_SHA256_HEX || !bn_is_hex(object))
		return 0;
	int rc = bn_sql_run(bn_fold_db(f), err,
		"INSERT OR REPLACE INTO prediction_batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"sisssisiii", ev->key.writer, (int64_t)ev->key.seq, bn_json_str(p, "endpoint", ""),
		model, bn_json_str(p, "version", ""), rows, object,
		bn_json_int(p, "from_ms", bn_event_time_ms(ev)),
		bn_json_int(p, "to_ms", bn_event_time_ms(ev)), bn_json_int(p, "dropped", 0));
	return rc ? rc : bn_fold_object_ref(f, object, "predictions", err);
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	(void)f;
	(void)entity; /* no ordered events, so no rows of theirs */
	(void)err;
	return 0;
}

static const bn_fold_kind kinds[] = {
	{"prediction.batch",
		.fields = BN_FIELDS("endpoint", "model", "version", "rows", "object", "from_ms",
			"to_ms", "dropped"),
		.commuting = true},
	{0},
};

const bn_fold_class bn_prediction_class = {
	.name = "predictions",
	.schema = "share/sql/0040_monitor.sql",
	.kinds = kinds,
	.apply = apply,
	.clear = clear,
};

enum { C_ENDPOINT, C_MODEL, C_VERSION, C_OBJECT, C_ROWS, C_FROM, C_TO, C_DROPPED };

static void batch_release(bn_prediction_batch *b)
{
	bn_free(b->endpoint);
	bn_free(b->model);
	bn_free(b->version);
	bn_free(b->object);
}

int bn_prediction_batches_list(bn_prediction_batches *out, bn_workspace *ws,
	const bn_prediction_window *window, bn_err *err)
{
	bn_prediction_batches l = {NULL, 0, 0};
	size_t cap = 0;
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	char *members = NULL;
	int64_t last = (int64_t)window->last;
	const bn_env *env = bn_workspace_env(ws);
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_member_accounts(&members, db, env->uid(env), err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT endpoint, model, version, object, rows, from_ms, to_ms, dropped "
			 "FROM "
			 "prediction_batch WHERE model = ?1 AND (?2 IS NULL OR version = ?2) AND "
			 "(?3 = 0 OR "
			 "to_ms >= ?3) AND (?4 = 0 OR from_ms < ?4) AND (?5 IS NULL OR "
			 "(SELECT w.owner FROM writer w JOIN index_name n ON n.no = w.no WHERE "
			 "n.class = ?6 AND n.name = prediction_batch.writer) IN (SELECT value FROM "
			 "json_each(?5))) ORDER BY to_ms DESC, writer, seq DESC",
			 "ssiisi", window->model, window->version, window->from_ms, window->to_ms,
			 members, (int64_t)BN_NAME_WRITER)) < 0)
		goto out;
	while ((!last || l.rows < last) && (rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&l.items, &cap, l.count + 1, sizeof *l.items)) {
			rc = bn_err_nomem(err, "batches of predictions");
			goto out;
		}
		bn_prediction_batch *b = &l.items[l.count++];
		*b = (bn_prediction_batch){bn_sql_text(st, C_ENDPOINT), bn_sql_text(st, C_MODEL),
			bn_sql_text(st, C_VERSION), bn_sql_text(st, C_OBJECT),
			sqlite3_column_int64(st, C_ROWS), sqlite3_column_int64(st, C_FROM),
			sqlite3_column_int64(st, C_TO), sqlite3_column_int64(st, C_DROPPED)};
		if (!b->endpoint || !b->model || !b->version || !b->object) {
			rc = bn_err_nomem(err, "batches of predictions");
			goto out;
		}
		if ((rc = bn_forgotten_instead(b->object, &b->rows, db, err)) < 0)
			goto out;
		if (!b->object[0]) { /* no row of it is left */
			batch_release(b);
			l.count--;
			continue;
		}
		l.rows += b->rows < INT64_MAX - l.rows ? b->rows : INT64_MAX - l.rows;
	}
	if (rc < 0)
		goto out;
	rc = 0;
	*out = l;
	l = (bn_prediction_batches){NULL, 0, 0};
out:
	sqlite3_finalize(st);
	bn_free(members);
	bn_prediction_batches_release(&l);
	return rc;
}

void bn_prediction_batches_release(bn_prediction_batches *b)
{
	for (size_t i = 0; i < b->count; i++)
		batch_release(&b->items[i]);
	bn_free(b->items);
	*b = (bn_prediction_batches){NULL, 0, 0};
}

/* ---- files ---------------------------------------------------------------------------------- */

static int verify_file(bn_workspace *ws, const char *object, bn_err *err)
{
	bn_cache *cache = NULL;
	bn_err why = BN_ERR_INIT;
	if (bn_cache_open(&cache, ws, NULL) < 0)
		cache = NULL;
	int rc = bn_object_verify_once(ws, cache, object, NULL, "hashing", NULL, &why);
	bn_cache_close(cache);
	if (rc < 0) {
		bn_err_prefix(&why, "the prediction log");
		bn_err_move(err, &why);
	}
	return rc;
}

int bn_prediction_file_open(bn_table_reader **out, bn_workspace *ws, const char *object, bn_err *err)
{
	char name[BN_OBJECT_NAME];
	const char *path = name;
	int rc;
	if ((rc = verify_file(ws, object, err)) < 0 || (rc = bn_object_file(ws, object, name, err)) < 0)
		return rc;
	return bn_table_open_parts(out, bn_workspace_env(ws), bn_workspace_at(ws), &path, 1, err);
}
