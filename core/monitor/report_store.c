/* report_store.c - reports as objects, events and rows. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/members.h"
#include "core/monitor/_report.h"
#include "core/store/index/ref.h"
#include "core/store/object/object.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AHEAD_MS 86400000 /* how far a report may be dated ahead: no working clock is that wrong */

/* ---- writing -------------------------------------------------------------------------------- */

int bn_monitor_report_keep(bn_monitor_report *r, bn_workspace *ws, bn_err *err)
{
	json_t *doc = NULL;
	bn_object_store *to = NULL;
	char hash[BN_SHA256_HEX + 1], *entity = bn_strf("monitor/%s", r->model);
	int rc = 0;
	if (!entity)
		return bn_err_nomem(err, "an event");
	if ((rc = bn_monitor_report_json(&doc, r, err)) < 0 ||
		(rc = (r->is_private ? bn_workspace_private_objects : bn_workspace_objects)(
			 &to, ws, err)) < 0 ||
		(rc = bn_object_put_json_in(to, doc, hash, err)) < 0)
		goto out;
	json_object_del(doc, "features"); /* the event is the summary */
	if (json_object_set_new(doc, "object", json_string(hash)) ||
		(r->is_private && json_object_set_new(doc, "private", json_true()))) {
		rc = bn_err_nomem(err, "an event");
		goto out;
	}
	if ((rc = bn_workspace_append(ws, "monitor.report", entity, doc, err)) < 0 ||
		(rc = bn_workspace_sync(ws, err)) < 0)
		goto out;
	if (!(r->object = bn_strdup(hash)))
		rc = bn_err_nomem(err, "a report");
out:
	json_decref(doc);
	bn_free(entity);
	return rc;
}

/* ---- fold ----------------------------------------------------------------------------------- */

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

static int64_t verdict_number(const char *name)
{
	for (int v = BN_DRIFT_NONE; v <= BN_DRIFT_INCONCLUSIVE; v++)
		if (!strcmp(name, bn_drift_verdict_name((bn_drift_verdict)v)))
			return v;
	return -1;
}

static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const json_t *p = ev->payload, *ref = json_object_get(p, "reference");
	const json_t *w = json_object_get(p, "window"), *d = json_object_get(p, "dataset");
	const char *id = bn_json_str(p, "id", NULL), *object = bn_json_str(p, "object", NULL);
	const char *model = strchr(ev->entity, '/');
	bool is_private = bn_json_bool(p, "private", false);
	int64_t verdict = verdict_number(bn_json_str(d, "verdict", ""));
	if (!id || !model || verdict < 0 || !object || strlen(object) != BN_SHA256_HEX ||
		!bn_is_hex(object))
		return invalid(f, "needs id, dataset.verdict and object");
	if (bn_sql_int(db, 0,
		    "SELECT count(*) FROM monitor_report WHERE model = ? AND id = ? AND uid = ?",
		    "ssi", model + 1, id, (int64_t)ev->uid))
		return invalid(f, "this report already exists");
	int rc = bn_sql_run(db, err,
		"INSERT INTO monitor_report VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"?, ?, ?, ?, ?)",
		"sssiiiddiiisiiissisi", id, model + 1, bn_json_str(p, "version", NULL),
		bn_json_int(p, "time", bn_event_time_ms(ev)), (int64_t)ev->uid, verdict,
		bn_json_num(d, "share", NAN), bn_json_num(d, "threshold", 0.5),
		bn_json_int(d, "columns", 0), bn_json_int(d, "drifted", 0),
		bn_json_int(d, "inconclusive", 0), bn_json_str(d, "why", ""),
		bn_json_int(w, "rows", 0), bn_json_int(w, "from", 0), bn_json_int(w, "to", 0),
		bn_json_str(ref, "kind", ""), bn_json_str(ref, "dataset", NULL),
		bn_json_int(ref, "rows", 0), object, (int64_t)is_private);
	if (rc < 0)
		return rc;
	return is_private ? bn_fold_private_ref(f, object, "drift report", ev->uid, err)
			  : bn_fold_object_ref(f, object, "drift report", err);
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	const char *slash = strchr(entity, '/');
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM monitor_report WHERE model = ?", "s",
		slash ? slash + 1 : ""); /* of an entity without a name: none */
}

static const bn_fold_kind kinds[] = {
	{"monitor.report", .fields = BN_FIELDS("id", "model", "version", "time", "reference.kind",
				   "reference.dataset", "reference.rows", "window.from",
				   "window.to", "window.rows", "dataset.verdict", "dataset.share",
				   "dataset.threshold", "dataset.columns", "dataset.drifted",
				   "dataset.inconclusive", "dataset.why", "object", "private")},
	{0},
};

const bn_fold_class bn_monitor_class = {
	.name = "monitor",
	.kinds = kinds,
	.schema = "share/sql/0040_monitor.sql",
	.apply = apply,
	.clear = clear,
};

/* ---- reading -------------------------------------------------------------------------------- */

enum {
	C_ID,
	C_MODEL,
	C_VERSION,
	C_TIME,
	C_USER,
	C_VERDICT,
	C_SHARE,
	C_THRESHOLD,
	C_COLUMNS,
	C_DRIFTED,
	C_INCONCLUSIVE,
	C_WHY,
	C_ROWS,
	C_FROM,
	C_TO,
	C_REF_KIND,
	C_REF,
	C_REF_ROWS,
	C_OBJECT,
	C_PRIVATE
};

static int read_row(bn_monitor_report **out, sqlite3_stmt *st, bn_err *err)
{
	bn_monitor_report *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r)
		return bn_err_nomem(err, "a report");
	r->id = bn_sql_text(st, C_ID);
	r->model = bn_sql_text(st, C_MODEL);
	r->version = bn_sql_text(st, C_VERSION);
	r->time_ms = sqlite3_column_int64(st, C_TIME);
	r->dataset.verdict = (bn_drift_verdict)sqlite3_column_int(st, C_VERDICT);
	r->dataset.share = bn_sql_double(st, C_SHARE);
	r->dataset.threshold = bn_sql_double(st, C_THRESHOLD);
	r->dataset.columns = (size_t)sqlite3_column_int64(st, C_COLUMNS);
	r->dataset.drifted = (size_t)sqlite3_column_int64(st, C_DRIFTED);
	r->dataset.inconclusive = (size_t)sqlite3_column_int64(st, C_INCONCLUSIVE);
	const char *why = (const char *)sqlite3_column_text(st, C_WHY);
	snprintf(r->dataset.why, sizeof r->dataset.why, "%s", why ? why : "");
	r->rows = sqlite3_column_int64(st, C_ROWS);
	r->from_ms = sqlite3_column_int64(st, C_FROM);
	r->to_ms = sqlite3_column_int64(st, C_TO);
	r->reference_kind = bn_sql_text(st, C_REF_KIND);
	r->reference = bn_sql_text(st, C_REF);
	r->reference_rows = sqlite3_column_int64(st, C_REF_ROWS);
	r->object = bn_sql_text(st, C_OBJECT);
	r->uid = (uid_t)sqlite3_column_int64(st, C_USER);
	r->is_private = sqlite3_column_int(st, C_PRIVATE) != 0;
	if (!r->id || !r->model || !r->reference_kind || !r->object) {
		bn_monitor_report_free(r);
		return bn_err_nomem(err, "a report");
	}
	*out = r;
	return 0;
}

int bn_monitor_report_list(
	bn_monitor_reports *out, bn_workspace *ws, const char *model, size_t limit, bn_err *err)
{
	bn_monitor_reports l = {NULL, 0};
	size_t cap = 0;
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	char *members = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_member_accounts(&members, db, env->uid(env), err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT * FROM monitor_report WHERE (?1 IS NULL OR model = ?1) AND "
			 "time_ms < ?3 AND (?4 IS NULL OR uid IN (SELECT value FROM "
			 "json_each(?4))) "
			 "ORDER BY time_ms DESC, id, model, uid LIMIT ?2",
			 "siis", model, limit ? (int64_t)limit : (int64_t)-1,
			 bn_env_now_ms(env) + AHEAD_MS, members)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&l.items, &cap, l.count + 1, sizeof *l.items)) {
			rc = bn_err_nomem(err, "reports");
			goto out;
		}
		if ((rc = read_row(&l.items[l.count], st, err)) < 0)
			goto out;
		l.count++;
	}
	if (rc < 0)
		goto out;
	*out = l;
	l = (bn_monitor_reports){NULL, 0};
out:
	sqlite3_finalize(st);
	bn_free(members);
	bn_monitor_reports_release(&l);
	return rc;
}

void bn_monitor_reports_release(bn_monitor_reports *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_monitor_report_free(l->items[i]);
	bn_free(l->items);
	*l = (bn_monitor_reports){NULL, 0};
}

/* The one report that a prefix of an id, or "latest", means. */
static int choose(const bn_monitor_report **out, const bn_monitor_reports *l, const char *id,
	const char *model, bn_err *err)
{
	size_t found = 0;
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(id, "latest") ? i == 0 : !strncmp(l->items[i]->id, id, strlen(id))) {
			*out = l->items[i];
			found++;
		}
	if (found > 1)
		return bn_err_set(err, BN_EINVAL, "'%s' is the prefix of %zu reports", id, found);
	if (found)
		return 0;
	bn_err_set(err, BN_ENOTFOUND, "no drift report '%s'%s%s", id, model ? " of " : "",
		model ? model : "");
	bn_err_hint(
		err, "binnacle monitor report MODEL creates one, binnacle monitor ls lists them");
	return BN_ENOTFOUND;
}

static bool is_readable(const bn_workspace *ws, const bn_monitor_report *row)
{
	const bn_env *env = bn_workspace_env(ws);
	return !row->is_private || row->uid == env->uid(env);
}

/* The report of that row, with its features; the object must match the row. */
static int read_details(
	bn_monitor_report **out, bn_workspace *ws, const bn_monitor_report *row, bn_err *err)
{
	json_t *doc = NULL;
	bn_monitor_report *r = NULL;
	int rc;
	if (!is_readable(ws, row)) {
		char user[65] = "";
		const bn_env *env = bn_workspace_env(ws);
		env->user_name(env, row->uid, user, sizeof user);
		return bn_err_set(err, BN_EREFUSED,
			"drift report %s is private: it compares with %s, which only %s can read",
			row->id, row->reference ? row->reference : "rows", user);
	}
	if ((rc = bn_object_load_json(&doc, ws, row->object, err)) < 0 ||
		(rc = bn_monitor_report_parse(&r, doc, err)) < 0)
		goto out;
	if (strcmp(r->id, row->id) != 0 || strcmp(r->model, row->model) != 0) {
		rc = bn_err_set(err, BN_ECORRUPT, "its object is report %s of %s", r->id, r->model);
		goto out;
	}
	r->is_private = row->is_private;
	r->uid = row->uid;
	if (!(r->object = bn_strdup(row->object))) {
		rc = bn_err_nomem(err, "a report");
		goto out;
	}
	*out = r;
	r = NULL;
out:
	json_decref(doc);
	bn_monitor_report_free(r);
	return rc;
}

int bn_monitor_report_load(
	bn_monitor_report **out, bn_workspace *ws, const char *id, const char *model, bn_err *err)
{
	bn_monitor_reports l = {NULL, 0};
	const bn_monitor_report *chosen = NULL;
	int rc;
	if ((rc = bn_monitor_report_list(&l, ws, model, 0, err)) < 0 ||
		(rc = choose(&chosen, &l, id, model, err)) < 0)
		goto out;
	rc = read_details(out, ws, chosen, err);
out:
	bn_monitor_reports_release(&l);
	return rc;
}

int bn_monitor_report_newest(bn_monitor_report **out, bn_workspace *ws, const char *model,
	bn_monitor_unreadable *unreadable, void *ctx, bn_err *err)
{
	bn_monitor_reports l = {NULL, 0};
	int rc = bn_monitor_report_list(&l, ws, model, 0, err);
	if (rc < 0)
		return rc;
	rc = BN_ENOTFOUND;
	for (size_t i = 0; i < l.count && rc < 0; i++) {
		bn_err why = BN_ERR_INIT;
		if (!is_readable(ws, l.items[i]))
			continue;
		rc = read_details(out, ws, l.items[i], &why);
		if (rc == BN_ENOMEM) {
			bn_err_move(err, &why);
			goto out;
		}
		if (rc < 0 && unreadable)
			unreadable(ctx, l.items[i], &why);
	}
	if (rc < 0)
		rc = bn_err_set(err, BN_ENOTFOUND, "no drift report of %s can be read", model);
out:
	bn_monitor_reports_release(&l);
	return rc;
}
