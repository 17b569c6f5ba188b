/* endpoint.c - see endpoint.h: events of class "endpoint", their rows, and reading them. */
#include "core/serve/endpoint.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SILENCE_MS (90 * 1000) /* from another host: silent for this long means lost */

const char *bn_endpoint_state_name(bn_endpoint_state s)
{
	switch (s) {
	case BN_ENDPOINT_RUNNING:
		return "RUNNING";
	case BN_ENDPOINT_STOPPED:
		return "STOPPED";
	case BN_ENDPOINT_LOST:
		return "LOST";
	}
	return "?";
}

/* ---- writing -------------------------------------------------------------------------------- */

int bn_endpoint_id_new(char id[BN_ENDPOINT_ID_TEXT], const bn_env *env, bn_err *err)
{
	uint8_t bytes[(BN_ENDPOINT_ID_TEXT - 1) / 2];
	int rc = bn_env_random(env, bytes, sizeof bytes, err);
	if (!rc)
		bn_hex(bytes, sizeof bytes, id);
	return rc;
}

const char *bn_endpoint_host(const bn_env *env, const char *listens_on)
{
	static const char *const any[] = {"*", "0.0.0.0", "::"};
	for (size_t i = 0; i < sizeof any / sizeof *any; i++)
		if (!strcmp(listens_on, any[i]))
			return env->host(env);
	return listens_on;
}

char *bn_endpoint_url(const bn_env *env, const bn_endpoint_about *about)
{
	if (!about->port && about->unix_path)
		return bn_strf("unix:%s", about->unix_path);
	const char *host = bn_endpoint_host(env, about->host);
	bool v6 = strchr(host, ':') != NULL;
	return bn_strf("%s://%s%s%s:%d", about->is_tls ? "https" : "http", v6 ? "[" : "", host,
		v6 ? "]" : "", about->port);
}

static int append(bn_workspace *ws, const char *kind, const char *id, json_t *payload, bn_err *err)
{
	char *entity = bn_strf("endpoint/%s", id);
	int rc = entity && payload ? bn_workspace_append(ws, kind, entity, payload, err)
				   : bn_err_nomem(err, "an event");
	bn_free(entity);
	json_decref(payload);
	return rc;
}

int bn_endpoint_write_started(
	bn_workspace *ws, const char *id, const bn_endpoint_about *about, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *url = bn_endpoint_url(env, about);
	json_t *models = json_array();
	for (size_t i = 0; i < about->model_count; i++)
		json_array_append_new(models, json_string(about->models[i]));
	json_t *payload = json_pack("{s:o, s:s, s:s, s:s, s:I, s:I, s:i}", "models", models, "url",
		url ? url : "", "host", env->host(env), "boot_id", env->boot_id(env), "pid",
		(json_int_t)getpid(), "start_ticks", (json_int_t)bn_process_start_ticks(getpid()),
		"port", about->port);
	if (payload && about->unix_path &&
		json_object_set_new(payload, "unix", json_string(about->unix_path))) {
		json_decref(payload);
		payload = NULL;
	}
	bn_free(url);
	return append(ws, "endpoint.started", id, payload, err);
}

static json_t *counters_json(const bn_endpoint_counters *c)
{
	json_t *o = json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "requests", (json_int_t)c->requests,
		"errors", (json_int_t)c->errors, "predictions", (json_int_t)c->predictions,
		"p50_ms", bn_json_real_or_null(c->p50_ms), "p95_ms",
		bn_json_real_or_null(c->p95_ms), "p99_ms", bn_json_real_or_null(c->p99_ms));
	if (!o || !c->has_log)
		return o;
	json_t *log = json_pack("{s:I, s:I, s:I}", "logged", (json_int_t)c->logged, "set_aside",
		(json_int_t)c->set_aside, "lost", (json_int_t)c->lost);
	if (!log || json_object_update(o, log)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(log);
	return o;
}

int bn_endpoint_write_seen(
	bn_workspace *ws, const char *id, const bn_endpoint_counters *counters, bn_err *err)
{
	return append(ws, "endpoint.seen", id, counters_json(counters), err);
}

int bn_endpoint_write_stopped(
	bn_workspace *ws, const char *id, const bn_endpoint_counters *counters, bn_err *err)
{
	return append(ws, "endpoint.stopped", id, counters_json(counters), err);
}

/* ---- fold ----------------------------------------------------------------------------------- */

static const char *id_of(const char *entity)
{
	const char *slash = strchr(entity, '/');
	return slash ? slash + 1 : ""; /* clearing an entity without a name */
}

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

static int apply_started(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const json_t *p = ev->payload, *models = json_object_get(p, "models");
	const char *url = bn_json_str(p, "url", NULL), *host = bn_json_str(p, "host", NULL);
	size_t i;
	json_t *m;
	if (!url || !host || !json_array_size(models))
		return invalid(f, "needs models, url and host");
	if (bn_sql_int(db, 0, "SELECT count(*) FROM endpoint WHERE id = ? AND uid = ?", "si", id,
		    (int64_t)ev->uid))
		return invalid(f, "this endpoint has already started");
	bn_buf names = BN_BUF_INIT;
	json_array_foreach((json_t *)models, i, m) bn_buf_addf(
		&names, "%s%s", i ? ", " : "", json_is_string(m) ? json_string_value(m) : "?");
	int rc = bn_buf_check(&names, err, "names");
	if (!rc)
		rc = bn_sql_run(db, err,
			"INSERT INTO endpoint (id, models, url, unix_path, host, boot_id, pid, "
			"start_ticks, port, uid, started_ms) "
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"ssssssiiiii", id, names.ptr, url, bn_json_str(p, "unix", NULL), host,
			bn_json_str(p, "boot_id", ""), bn_json_int(p, "pid", -1),
			bn_json_int(p, "start_ticks", 0), bn_json_int(p, "port", 0),
			(int64_t)ev->uid, bn_event_time_ms(ev));
	bn_buf_release(&names);
	return rc;
}

static int apply_stopped(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const json_t *p = ev->payload;
	int64_t own = bn_sql_int(db, 0, "SELECT count(*) FROM endpoint WHERE id = ? AND uid = ?",
		"si", id, (int64_t)ev->uid);
	if (!own && !bn_sql_int(db, 0, "SELECT count(*) FROM endpoint WHERE id = ?", "s", id))
		return invalid(f, "this endpoint never started");
	if (!own) {
		bn_fold_outcome(
			f, BN_OUTCOME_REFUSED, "only the user who started an endpoint may stop it");
		return 0;
	}
	return bn_sql_run(db, err,
		"UPDATE endpoint SET stopped_ms = ?, requests = ?, errors = ?, predictions = ?, "
		"p50_ms = ?, p95_ms = ?, p99_ms = ?, logged = nullif(?, -1), "
		"set_aside = nullif(?, -1), lost = nullif(?, -1) WHERE id = ? AND uid = ?",
		"iiiidddiiisi", bn_event_time_ms(ev), bn_json_int(p, "requests", 0),
		bn_json_int(p, "errors", 0), bn_json_int(p, "predictions", 0),
		bn_json_num(p, "p50_ms", NAN), bn_json_num(p, "p95_ms", NAN),
		bn_json_num(p, "p99_ms", NAN), bn_json_int(p, "logged", -1),
		bn_json_int(p, "set_aside", -1), bn_json_int(p, "lost", -1), id, (int64_t)ev->uid);
}

static int apply_seen(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	const json_t *p = ev->payload;
	if (!p)
		return 0;
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO endpoint_seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"nullif(?, -1), nullif(?, -1), nullif(?, -1)) "
		"ON CONFLICT (id, uid) DO UPDATE SET clock = excluded.clock, "
		"writer = excluded.writer, seq = excluded.seq, requests = excluded.requests, "
		"errors = excluded.errors, predictions = excluded.predictions, "
		"p50_ms = excluded.p50_ms, p95_ms = excluded.p95_ms, p99_ms = excluded.p99_ms, "
		"logged = excluded.logged, set_aside = excluded.set_aside, lost = excluded.lost "
		"WHERE (excluded.clock, excluded.writer, excluded.seq) > (clock, writer, seq)",
		"sisiiiiidddiii", id, (int64_t)ev->key.clock, ev->key.writer, (int64_t)ev->key.seq,
		(int64_t)ev->uid, bn_json_int(p, "requests", 0), bn_json_int(p, "errors", 0),
		bn_json_int(p, "predictions", 0), bn_json_num(p, "p50_ms", NAN),
		bn_json_num(p, "p95_ms", NAN), bn_json_num(p, "p99_ms", NAN),
		bn_json_int(p, "logged", -1), bn_json_int(p, "set_aside", -1),
		bn_json_int(p, "lost", -1));
}

#define COUNTERS \
	"requests", "errors", "predictions", "p50_ms", "p95_ms", "p99_ms", "logged", "set_aside", \
		"lost"

enum { STARTED, SEEN, STOPPED };
static const bn_fold_kind kinds[] = {
	[STARTED] = {"endpoint.started", .fields = BN_FIELDS("models", "url", "host", "boot_id",
						 "pid", "start_ticks", "port", "unix")},
	[SEEN] = {"endpoint.seen", .fields = BN_FIELDS(COUNTERS), .commuting = true},
	[STOPPED] = {"endpoint.stopped", .fields = BN_FIELDS(COUNTERS)},
	{0},
};

static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	static int (*const actions[])(bn_fold *, const bn_event *, const char *, bn_err *) = {
		[STARTED] = apply_started, [SEEN] = apply_seen, [STOPPED] = apply_stopped};
	return actions[ev->kind_no](f, ev, id_of(ev->entity), err);
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(
		bn_fold_db(f), err, "DELETE FROM endpoint WHERE id = ?", "s", id_of(entity));
}

const bn_fold_class bn_endpoint_class = {
	.name = "endpoint",
	.schema = "share/sql/0040_monitor.sql",
	.kinds = kinds,
	.apply = apply,
	.clear = clear,
};

/* ---- reading -------------------------------------------------------------------------------- */

static bn_endpoint_state state_of(
	const bn_env *env, const bn_endpoint *e, const char *boot_id, uint64_t start_ticks)
{
	if (e->stopped_ms)
		return BN_ENDPOINT_STOPPED;
	if (!strcmp(e->host, env->host(env))) {
		bool alive = !strcmp(boot_id, env->boot_id(env)) &&
			     bn_process_is_alive((pid_t)e->pid, start_ticks);
		return alive ? BN_ENDPOINT_RUNNING : BN_ENDPOINT_LOST;
	}
	bool recent = bn_env_now_ms(env) - e->seen_ms < SILENCE_MS;
	return recent ? BN_ENDPOINT_RUNNING : BN_ENDPOINT_LOST;
}

enum {
	C_ID,
	C_MODELS,
	C_URL,
	C_UNIX,
	C_HOST,
	C_USER,
	C_PID,
	C_PORT,
	C_STARTED,
	C_STOPPED,
	C_SEEN,
	C_REQUESTS,
	C_ERRORS,
	C_PREDICTIONS,
	C_P50,
	C_P95,
	C_P99,
	C_BOOT,
	C_TICKS,
	C_LOGGED,
	C_SET_ASIDE,
	C_LOST,
	C_UID
};

static const char query[] =
	"SELECT e.id, e.models, e.url, e.unix_path, e.host, bn_user(e.uid), e.pid, e.port, "
	"e.started_ms, "
	"e.stopped_ms, "
	"s.clock >> 16, coalesce(e.requests, s.requests), coalesce(e.errors, s.errors), "
	"coalesce(e.predictions, s.predictions), coalesce(e.p50_ms, s.p50_ms), "
	"coalesce(e.p95_ms, s.p95_ms), coalesce(e.p99_ms, s.p99_ms), e.boot_id, e.start_ticks, "
	"coalesce(e.logged, s.logged, -1), coalesce(e.set_aside, s.set_aside, -1), "
	"coalesce(e.lost, s.lost, -1), e.uid "
	"FROM endpoint e LEFT JOIN endpoint_seen s ON s.id = e.id AND s.uid = e.uid "
	"ORDER BY e.started_ms DESC, e.id, e.uid";

static int read_endpoint(bn_endpoint *e, const bn_env *env, sqlite3_stmt *st)
{
	*e = (bn_endpoint){.id = bn_sql_text(st, C_ID),
		.models = bn_sql_text(st, C_MODELS),
		.url = bn_sql_text(st, C_URL),
		.unix_path = bn_sql_text(st, C_UNIX),
		.host = bn_sql_text(st, C_HOST),
		.user = bn_sql_text(st, C_USER),
		.uid = (uid_t)sqlite3_column_int64(st, C_UID),
		.pid = sqlite3_column_int64(st, C_PID),
		.port = sqlite3_column_int64(st, C_PORT),
		.started_ms = sqlite3_column_int64(st, C_STARTED),
		.stopped_ms = sqlite3_column_int64(st, C_STOPPED),
		.seen_ms = sqlite3_column_int64(st, C_SEEN),
		.requests = sqlite3_column_int64(st, C_REQUESTS),
		.errors = sqlite3_column_int64(st, C_ERRORS),
		.predictions = sqlite3_column_int64(st, C_PREDICTIONS),
		.logged = sqlite3_column_int64(st, C_LOGGED),
		.set_aside = sqlite3_column_int64(st, C_SET_ASIDE),
		.lost = sqlite3_column_int64(st, C_LOST),
		.p50_ms = bn_sql_double(st, C_P50),
		.p95_ms = bn_sql_double(st, C_P95),
		.p99_ms = bn_sql_double(st, C_P99)};
	if (!e->id || !e->models || !e->url || !e->host || !e->user)
		return -1;
	if (!e->unix_path && !strncmp(e->url, "unix:", 5) &&
		!(e->unix_path = bn_strdup(e->url + 5)))
		return -1;
	if (e->seen_ms < e->started_ms)
		e->seen_ms = e->started_ms;
	if (e->stopped_ms > e->seen_ms)
		e->seen_ms = e->stopped_ms;
	const char *boot = (const char *)sqlite3_column_text(st, C_BOOT);
	e->state = state_of(env, e, boot ? boot : "", (uint64_t)sqlite3_column_int64(st, C_TICKS));
	return 0;
}

static int running_first(const void *a, const void *b)
{
	const bn_endpoint *x = a, *y = b;
	bool p = x->state == BN_ENDPOINT_RUNNING, q = y->state == BN_ENDPOINT_RUNNING;
	if (p != q)
		return p ? -1 : 1;
	if (x->started_ms != y->started_ms)
		return x->started_ms > y->started_ms ? -1 : 1;
	int by_id = strcmp(x->id, y->id);
	return by_id ? by_id : strcmp(x->user, y->user);
}

int bn_endpoint_list(bn_endpoints *out, bn_workspace *ws, bn_err *err)
{
	bn_endpoints l = {NULL, 0};
	size_t cap = 0;
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int rc = bn_workspace_read(&db, ws, err);
	if (!rc)
		rc = bn_sql_prepare(&st, db, err, query, "");
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		if (bn_grow(&l.items, &cap, l.count + 1, sizeof *l.items))
			rc = bn_err_nomem(err, "endpoints");
		else if (read_endpoint(&l.items[l.count++], bn_workspace_env(ws), st))
			rc = bn_err_nomem(err, "endpoints");
	}
	sqlite3_finalize(st);
	if (rc) {
		bn_endpoints_release(&l);
		return rc;
	}
	if (l.count)
		qsort(l.items, l.count, sizeof *l.items, running_first);
	*out = l;
	return 0;
}

/* Whether models ("power/3, power/2") contains this one, of any version if name has none. */
static bool serves(const char *models, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = models; at; at = strstr(at, ", ")) {
		at += at == models ? 0 : 2;
		if (!strncmp(at, name, n) && (!at[n] || at[n] == ',' || at[n] == '/'))
			return true;
	}
	return false;
}

int bn_endpoint_find(const bn_endpoint **out, const bn_endpoints *l, const char *name, bn_err *err)
{
	const bn_endpoint *by_id = NULL, *by_model = NULL;
	size_t ids = 0, running = 0;
	for (size_t i = 0; i < l->count; i++) {
		const bn_endpoint *e = &l->items[i];
		if (name[0] && !strncmp(e->id, name, strlen(name))) {
			by_id = e;
			ids++;
		}
		if (!name[0] || !serves(e->models, name))
			continue;
		by_model = by_model ? by_model : e;
		running += e->state == BN_ENDPOINT_RUNNING;
	}
	if (ids > 1 || (!ids && running > 1)) {
		bn_err_set(
			err, BN_EINVAL, "'%.80s' matches %zu servers", name, ids ? ids : running);
		bn_err_hint(err,
			"give more of the id, or the URL if two users chose the same one: see "
			"binnacle endpoint ls");
		return BN_EINVAL;
	}
	if (!by_id && !by_model) {
		bn_err_set(err, BN_ENOTFOUND, "no server '%.80s'", name);
		bn_err_hint(
			err, "binnacle endpoint ls --all lists them; a name is an id or a model");
		return BN_ENOTFOUND;
	}
	*out = by_id ? by_id : by_model;
	return 0;
}

bool bn_endpoint_is_replaced(const bn_endpoints *l, const bn_endpoint *e)
{
	for (size_t i = 0; i < l->count; i++) {
		const bn_endpoint *o = &l->items[i];
		bool there = strcmp(o->host, e->host) == 0 && strcmp(o->url, e->url) == 0;
		if (o->started_ms > e->started_ms && (there || strcmp(o->models, e->models) == 0))
			return true;
	}
	return false;
}

void bn_endpoints_release(bn_endpoints *e)
{
	for (size_t i = 0; i < e->count; i++) {
		bn_free(e->items[i].id);
		bn_free(e->items[i].models);
		bn_free(e->items[i].url);
		bn_free(e->items[i].unix_path);
		bn_free(e->items[i].host);
		bn_free(e->items[i].user);
	}
	bn_free(e->items);
	*e = (bn_endpoints){NULL, 0};
}
