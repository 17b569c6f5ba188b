/* check_log.c - see check_log.h: events of class "ci", their rows, and the newest one. */
#include "core/ci/check_log.h"

#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/govern/members.h"

#include <string.h>

#define AHEAD_MS 86400000 /* how far a record may be dated ahead: no working clock is that wrong */

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *failed_json(const bn_ci_report *r)
{
	json_t *failed = json_array();
	for (size_t i = 0; i < r->n_suites; i++)
		for (size_t k = 0; k < r->suites[i].count; k++) {
			const bn_ci_case *c = &r->suites[i].cases[k];
			bool fits = json_array_size(failed) < BN_CI_FAILED_MOST;
			if (c->verdict == BN_CI_FAIL && !c->warns && fits &&
				bn_utf8_is_valid(c->name, strlen(c->name)))
				json_array_append_new(failed, json_string(c->name));
		}
	return failed;
}

/* A text that JSON can hold, else NULL. */
static const char *valid(const char *s)
{
	return s && bn_utf8_is_valid(s, strlen(s)) ? s : NULL;
}

int bn_ci_write_checked(bn_workspace *ws, const bn_ci_report *r, bn_err *err)
{
	json_t *cases = json_object();
	for (int v = 0; v < BN_CI_VERDICTS; v++)
		json_object_set_new(cases, bn_ci_verdict_name((bn_ci_verdict)v),
			json_integer((json_int_t)bn_ci_report_count(r, (bn_ci_verdict)v)));
	char *entity = bn_strf("ci/%s", r->run);
	json_t *payload = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:o, s:o}", "verdict",
		bn_ci_verdict_name(bn_ci_report_verdict(r)), "commit", valid(r->commit), "ref",
		valid(r->ref), "url", valid(r->pipeline_url), "model", valid(r->model), "run_name",
		valid(r->run_name), "failed", failed_json(r), "cases", cases);
	int rc = entity && payload ? bn_workspace_append(ws, "ci.checked", entity, payload, err)
				   : bn_err_nomem(err, "an event");
	bn_free(entity);
	json_decref(payload);
	return rc;
}

/* ---- fold ----------------------------------------------------------------------------------- */

static const char *entity_run(const char *entity)
{
	const char *slash = strchr(entity, '/');
	bool is_run = slash && strlen(slash + 1) == BN_RUN_ID_TEXT - 1 &&
		      strspn(slash + 1, "0123456789abcdef") == BN_RUN_ID_TEXT - 1;
	return is_run ? slash + 1 : NULL;
}

/* "a, b". */
static void failed_text(bn_buf *b, const json_t *failed)
{
	for (size_t i = 0; i < json_array_size(failed) && i < BN_CI_FAILED_MOST; i++) {
		const char *name = json_string_value(json_array_get(failed, i));
		size_t n = name ? strlen(name) : 0, shown = name ? bn_utf8_head(name, n, 200) : 0;
		bn_buf_addf(b, "%s%.*s", b->len ? ", " : "", name ? (int)shown : 1, name ? name : "?");
	}
}

static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const json_t *p = ev->payload, *cases = json_object_get(p, "cases");
	const char *run = entity_run(ev->entity);
	bn_ci_verdict v;
	bn_buf failed = BN_BUF_INIT;
	if (!run || !bn_ci_verdict_parse(&v, bn_json_str(p, "verdict", "")) || v == BN_CI_SKIPPED) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "needs a run and a verdict");
		return 0;
	}
	failed_text(&failed, json_object_get(p, "failed"));
	int rc = bn_buf_check(&failed, err, "an event");
	if (rc >= 0)
		rc = bn_sql_run(bn_fold_db(f), err,
			"INSERT INTO ci_check (run, writer, seq, uid, time_ms, verdict, code, ref, "
			"url, model, run_name, failed, passes, fails, inconclusives, skips) "
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"ssiiiissssssiiii", run, ev->key.writer, (int64_t)ev->key.seq,
			(int64_t)ev->uid, bn_event_time_ms(ev), (int64_t)v,
			bn_json_str(p, "commit", NULL), bn_json_str(p, "ref", NULL),
			bn_json_str(p, "url", NULL), bn_json_str(p, "model", NULL),
			bn_json_str(p, "run_name", NULL), failed.ptr, bn_json_int(cases, "pass", 0),
			bn_json_int(cases, "fail", 0), bn_json_int(cases, "inconclusive", 0),
			bn_json_int(cases, "skipped", 0));
	bn_buf_release(&failed);
	return rc;
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	const char *run = entity_run(entity);
	return run ? bn_sql_run(bn_fold_db(f), err, "DELETE FROM ci_check WHERE run = ?", "s", run)
		   : 0;
}

static const bn_fold_kind kinds[] = {
	{"ci.checked", .fields = BN_FIELDS("verdict", "commit", "ref", "url", "model", "run_name",
			       "failed", "cases.pass", "cases.fail", "cases.inconclusive",
			       "cases.skipped")},
	{0},
};

const bn_fold_class bn_ci_class = {
	.name = "ci",
	.schema = "share/sql/0060_ci.sql",
	.kinds = kinds,
	.apply = apply,
	.clear = clear,
};

/* ---- reading -------------------------------------------------------------------------------- */

enum {
	C_RUN,
	C_USER,
	C_TIME,
	C_VERDICT,
	C_CODE,
	C_REF,
	C_URL,
	C_MODEL,
	C_RUN_NAME,
	C_FAILED,
	C_PASSES,
	C_FAILS,
	C_INCONCLUSIVES,
	C_SKIPS
};

static const char newest[] = "SELECT run, bn_user(uid), time_ms, verdict, code, ref, url, model, "
			     "run_name, failed, passes, "
			     "fails, inconclusives, skips FROM ci_check WHERE time_ms < ?1 AND "
			     "(?2 IS NULL OR uid IN (SELECT value FROM json_each(?2))) "
			     "ORDER BY time_ms DESC, writer, seq DESC LIMIT 1";

/* A text column that may be NULL, which an exhausted memory is not. */
static int read_text(char **out, sqlite3_stmt *st, int column)
{
	*out = bn_sql_text(st, column);
	return *out || sqlite3_column_type(st, column) == SQLITE_NULL ? 0 : -1;
}

static int read_checked(bn_ci_checked **out, sqlite3_stmt *st, bn_err *err)
{
	bn_ci_checked *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c)
		return bn_err_nomem(err, "a verdict");
	c->verdict = (bn_ci_verdict)sqlite3_column_int(st, C_VERDICT);
	c->time_ms = sqlite3_column_int64(st, C_TIME);
	c->passes = sqlite3_column_int64(st, C_PASSES);
	c->fails = sqlite3_column_int64(st, C_FAILS);
	c->inconclusives = sqlite3_column_int64(st, C_INCONCLUSIVES);
	c->skips = sqlite3_column_int64(st, C_SKIPS);
	int bad = read_text(&c->run, st, C_RUN) | read_text(&c->user, st, C_USER) |
		  read_text(&c->commit, st, C_CODE) | read_text(&c->ref, st, C_REF) |
		  read_text(&c->url, st, C_URL) | read_text(&c->model, st, C_MODEL) |
		  read_text(&c->run_name, st, C_RUN_NAME) | read_text(&c->failed, st, C_FAILED);
	if (bad) {
		bn_ci_checked_free(c);
		return bn_err_nomem(err, "a verdict");
	}
	*out = c;
	return 0;
}

int bn_ci_last_checked(bn_ci_checked **out, bn_workspace *ws, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	char *members = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc;
	*out = NULL;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_member_accounts(&members, db, env->uid(env), err)) < 0 ||
		(rc = bn_sql_prepare(
			 &st, db, err, newest, "is", bn_env_now_ms(env) + AHEAD_MS, members)) < 0)
		goto out;
	if ((rc = bn_sql_step(st, err)) == 1)
		rc = read_checked(out, st, err);
out:
	sqlite3_finalize(st);
	bn_free(members);
	return rc;
}

void bn_ci_checked_free(bn_ci_checked *c)
{
	if (!c)
		return;
	char *const texts[] = {
		c->run, c->commit, c->ref, c->url, c->model, c->run_name, c->failed, c->user};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		bn_free(texts[i]);
	bn_free(c);
}
