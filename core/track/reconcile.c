/* reconcile.c - see reconcile.h. */
#include "core/track/reconcile.h"

#include "core/base/mem.h"
#include "core/launch/executor.h"
#include "core/launch/queue_environ.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/track/_fold.h"
#include "core/track/run.h"

#include <stdio.h>
#include <string.h>

#define REASON 200
#define NEVER_STARTED_MS 60000
#define FAR_SILENCE_MS 300000
#define FAR_SILENCE_BEATS 10

typedef struct live_run {
	char id[BN_RUN_ID_TEXT];
	char host[65], executor[32];
	uid_t owner;
	bool started, ours, api;
	int64_t created_ms, last_ms, interval_ms; /* last sign of life */
} live_run;

/* only: a run's id, or NULL for all. */
static int list_live(live_run **out, size_t *count, bn_workspace *ws, const char *only, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	*out = NULL;
	*count = 0;
	int rc;
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT lower(hex(r.id)), r.host, r.status = 'RUNNING', r.owner, "
		     "r.created_ms, "
		     "max(r.created_ms, coalesce(r.started_ms, 0), coalesce(l.beat_ms, 0)), "
		     "coalesce(l.interval_ms, r.interval_ms, 5000), r.executor, r.kind = 'api' "
		     "FROM run r LEFT JOIN run_liveness l ON l.run = r.no AND l.owner = r.owner "
		     "WHERE r.status IN ('SCHEDULED', 'RUNNING') AND r.reported = 0 "
		     "AND (?1 IS NULL OR lower(hex(r.id)) = ?1) ORDER BY r.id",
		     "s", only)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(out, &cap, *count + 1, sizeof **out) != 0) {
			rc = bn_err_nomem(err, "live runs");
			break;
		}
		live_run *r = &(*out)[(*count)++];
		const char *host = (const char *)sqlite3_column_text(st, 1);
		snprintf(r->id, sizeof r->id, "%s", (const char *)sqlite3_column_text(st, 0));
		snprintf(r->host, sizeof r->host, "%s", host ? host : "");
		r->started = sqlite3_column_int(st, 2) != 0;
		r->owner = (uid_t)sqlite3_column_int64(st, 3);
		r->ours = r->owner == bn_workspace_env(ws)->uid(bn_workspace_env(ws));
		r->created_ms = sqlite3_column_int64(st, 4);
		r->last_ms = sqlite3_column_int64(st, 5);
		r->interval_ms = sqlite3_column_int64(st, 6);
		const char *executor = (const char *)sqlite3_column_text(st, 7);
		snprintf(r->executor, sizeof r->executor, "%s", executor ? executor : "");
		r->api = sqlite3_column_int(st, 8) != 0;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Has not started, and its executor may still start it. */
static bool is_expected(const live_run *r, bn_workspace *ws)
{
	const bn_executor *by;
	bn_sched_job job = {.expected_ms = -1};
	if (!r->executor[0])
		return false;
	/* A newer version's: that, or the run's supervisor, will report its end. */
	if (bn_executor_find(&by, r->executor, NULL) < 0)
		return true;
	snprintf(job.run, sizeof job.run, "%s", r->id);
	return by->poll(ws, &job, 1, NULL) < 0 || job.state == BN_SCHED_WAITING ||
	       job.state == BN_SCHED_RUNNING;
}

/* Fills reason if the run is lost. */
static bool is_lost(
	const live_run *r, const bn_supervisor *s, bn_workspace *ws, char reason[REASON])
{
	const bn_env *env = bn_workspace_env(ws);
	int64_t now = bn_env_now_ms(env), silence = now - r->last_ms;
	switch (s->state) {
	case BN_SUPERVISOR_ALIVE:
		return false;
	case BN_SUPERVISOR_DEAD:
		snprintf(reason, REASON, "its %s (pid %d on %s) is gone without %s",
			r->api ? "program" : "supervisor", (int)s->pid,
			s->host[0] ? s->host : "this host",
			r->api ? "closing it: it was killed, or called _exit" : "a word");
		return true;
	case BN_SUPERVISOR_NONE:
		if (r->started)
			break; /* its directory was removed: only its heartbeat can tell */
		if (strcmp(r->host, env->host(env)) != 0 ||
			now - r->created_ms < NEVER_STARTED_MS || is_expected(r, ws))
			return false;
		snprintf(reason, REASON, "it was never started");
		return true;
	case BN_SUPERVISOR_UNKNOWN:
		break;
	}
	if (silence < FAR_SILENCE_MS || silence < r->interval_ms * FAR_SILENCE_BEATS)
		return false;
	snprintf(reason, REASON, "no sign of life from %s for %lld s",
		r->host[0] ? r->host : "its host", (long long)(silence / 1000));
	return true;
}

/* Its last events may have been written between our fold and its end. */
static int is_still_live(bool *out, bn_workspace *ws, const char *id, bn_err *err)
{
	bool changed = false;
	bn_run_info *now = NULL;
	int rc;
	*out = true;
	if ((rc = bn_workspace_refresh(ws, &changed, err)) < 0 || !changed)
		return rc;
	if ((rc = bn_run_get(&now, ws, id, err)) < 0)
		return rc;
	*out = bn_run_status_is_live(now->status);
	bn_run_info_free(now);
	return 0;
}

/* The space reserved for the record of its end is for this one. */
static void release_reserve(const bn_workspace *ws, const char *id)
{
	bn_dir *dir = NULL;
	if (bn_run_dir_open_own(&dir, ws, id, NULL) >= 0)
		bn_run_reserve_release(dir);
	bn_dir_close(dir);
}

/* Appends the verdict on a live run whose supervisor is gone. *lost: set if so. *unwritten: why it could
 * not be appended. */
static int judge(bool *lost, char reason[REASON], bn_err *unwritten, const live_run *r,
	bn_workspace *ws, bn_err *err)
{
	bn_supervisor s;
	bool live;
	int rc;
	*lost = false;
	if ((rc = bn_supervisor_find(&s, ws, r->id, r->owner, err)) < 0)
		return rc;
	if (!is_lost(r, &s, ws, reason))
		return 0;
	if ((rc = is_still_live(&live, ws, r->id, err)) < 0 || !live)
		return rc;
	*lost = true;
	if (r->ours && s.state == BN_SUPERVISOR_DEAD && bn_supervisor_end_orphans(&s, r->id) > 0) {
		size_t n = strlen(reason);
		snprintf(reason + n, REASON - n, "; what it left running was ended");
	}
	if (r->ours) {
		bn_queue_forget(ws, r->id);
		release_reserve(ws, r->id);
	}
	bn_runlog_finished(ws, r->id, "LOST", -1, 0, reason, unwritten);
	return 0;
}

int bn_run_reconcile(bn_workspace *ws, size_t *lost, bn_err *err)
{
	live_run *runs = NULL;
	bn_err unwritten = BN_ERR_INIT;
	size_t count = 0, found = 0;
	int rc;
	if ((rc = list_live(&runs, &count, ws, NULL, err)) < 0)
		goto out;
	for (size_t i = 0; i < count && !unwritten.code; i++) {
		char reason[REASON];
		bool is;
		if ((rc = judge(&is, reason, &unwritten, &runs[i], ws, err)) < 0)
			goto out;
		found += is && !unwritten.code;
	}
	/* A reader without write permission leaves the verdict to others. A failed append also needs
	 * a commit before the next one can succeed. */
	if ((found || unwritten.code) && bn_workspace_commit(ws, &unwritten) != 0)
		found = 0;
	if (found)
		rc = bn_workspace_refresh(ws, NULL, err);
out:
	bn_free(runs);
	if (lost)
		*lost = found;
	return rc;
}

int bn_run_reconcile_one(bn_workspace *ws, const char *id, bn_err *err)
{
	live_run *runs = NULL;
	bn_err unwritten = BN_ERR_INIT;
	char reason[REASON];
	size_t count = 0;
	bool lost = false;
	int rc;
	if ((rc = list_live(&runs, &count, ws, id, err)) < 0 || count == 0)
		goto out;
	if ((rc = judge(&lost, reason, &unwritten, &runs[0], ws, err)) < 0 || !lost)
		goto out;
	bn_workspace_commit(ws, &unwritten);
	if (unwritten.code) {
		rc = bn_err_set(err, BN_EIO, "run %.8s: %s, and that cannot be recorded: %.300s",
			id, reason, unwritten.msg);
		if (unwritten.hint[0])
			bn_err_hint(err, "%s", unwritten.hint);
		goto out;
	}
	rc = bn_workspace_refresh(ws, NULL, err);
out:
	bn_free(runs);
	return rc;
}
