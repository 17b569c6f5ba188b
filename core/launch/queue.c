/* queue.c - see queue.h: putting runs into a queue, setting it, cancelling, waking its runner. */
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/timestamp.h"
#include "core/launch/_queue_files.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/store/index/fold.h"
#include "core/store/log/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- putting runs into it ------------------------------------------------------------------- */

int bn_queue_add(bn_workspace *ws, const char *id, const bn_spec *spec, int64_t cores,
	int64_t memory_bytes, bn_err *err)
{
	char name[BN_QUEUE_NAME];
	bn_dir *at = NULL;
	int fd = -1, rc;
	bn_queue_own_name(name, bn_workspace_env(ws));
	if ((rc = bn_queue_dir(&at, ws, err)) < 0)
		goto out;
	if ((rc = bn_queue_environ_save(ws, id, spec, err)) < 0)
		goto out;
	if ((rc = bn_queue_order_begin(&fd, at, ws, err)) < 0)
		goto out;
	rc = bn_runlog_queued(
		ws, id, name, cores < 0 ? 1 : cores, memory_bytes < 0 ? 0 : memory_bytes, err);
	int kept = bn_queue_order_end(fd, at, ws, rc < 0 ? NULL : err);
	if (rc < 0 || (rc = kept) < 0)
		goto out;
	/* The supervisor writes after the entry. */
	if ((rc = bn_run_clock_leave(ws, id, err)) < 0)
		goto out;
	if ((rc = bn_workspace_commit(ws, err)) < 0)
		goto out;
	bn_queue_ring(at);
out:
	if (rc < 0)
		bn_queue_forget(ws, id);
	bn_dir_close(at);
	return rc;
}

int bn_queue_check_place(bn_workspace *ws, bn_err *err)
{
	bn_dir *at = NULL;
	if (!bn_queue_dir_is_others(ws)) /* reading creates no directories */
		return 0;
	int rc = bn_queue_dir(&at, ws, err);
	bn_dir_close(at);
	return rc;
}

/* ---- setting it ----------------------------------------------------------------------------- */

/* The requested state of the queue; limits of -1 and paused -1 stay unchanged. */
typedef struct wish {
	const char *kind, *kinds; /* kind of the event, and of those about the same setting */
	bn_queue_amounts limits;
	int paused;
} wish;

static bool is_granted(const bn_queue *q, const wish *w)
{
	const bn_queue_amounts *s = &q->set, *l = &w->limits;
	return (l->cores < 0 || s->cores == l->cores) &&
	       (l->memory_bytes < 0 || s->memory_bytes == l->memory_bytes) &&
	       (l->at_once < 0 || s->at_once == l->at_once) &&
	       (w->paused < 0 || (q->paused_ms >= 0) == w->paused);
}

/* An event whose clock is more than a day ahead wins, since clocks do not follow it (core/store/log/clock.h).
 * Returns BN_ECONFLICT, naming it. */
static int name_winner(bn_workspace *ws, const char *entity, const char *kinds, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	sqlite3 *db = bn_workspace_index(ws);
	sqlite3_stmt *st = NULL;
	char when[BN_TIMESTAMP_TEXT];
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT e.clock, w.name, k.name FROM event e JOIN index_name w ON w.no = e.writer "
		"JOIN index_name k ON k.no = e.kind WHERE e.entity = ? AND e.owner = ? AND "
		"e.outcome = 0 AND instr(?, k.name) > 0 ORDER BY e.clock DESC LIMIT 1",
		"iis", bn_index_entity(db, entity), (int64_t)env->uid(env), kinds);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 0)
		rc = bn_err_set(err, BN_ECONFLICT, "%s does not have the requested value", entity);
	if (rc < 0)
		goto out;
	bn_timestamp_iso(bn_clock_ms((uint64_t)sqlite3_column_int64(st, 0)) * 1000000, when);
	rc = bn_err_set(err, BN_ECONFLICT,
		"%s stays as it is: the event %s of %s (writer %s), whose clock was ahead, wins",
		entity, (const char *)sqlite3_column_text(st, 2), when,
		(const char *)sqlite3_column_text(st, 1));
	bn_err_hint(err, "try again when that time is less than a day ahead");
out:
	sqlite3_finalize(st);
	return rc;
}

static int check_granted(bn_workspace *ws, const char *entity, const wish *w, bn_err *err)
{
	bn_queue *q = NULL;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0 || (rc = bn_queue_read(&q, ws, NULL, 1, err)) < 0)
		return rc;
	bool is = is_granted(q, w);
	bn_queue_free(q);
	return is ? 0 : name_winner(ws, entity, w->kinds, err);
}

/* Takes the payload's reference. Commits, checks that it took effect, and wakes the runner. */
static int say(bn_workspace *ws, const wish *w, json_t *payload, bn_err *err)
{
	char name[BN_QUEUE_NAME], entity[BN_QUEUE_NAME + 8];
	bn_dir *at = NULL;
	int rc = payload ? 0 : bn_err_nomem(err, "an event");
	bn_queue_own_name(name, bn_workspace_env(ws));
	snprintf(entity, sizeof entity, "queue/%s", name);
	if (rc < 0 || (rc = bn_queue_dir(&at, ws, err)) < 0)
		goto out;
	if ((rc = bn_workspace_append(ws, w->kind, entity, payload, err)) < 0)
		goto out;
	if ((rc = bn_workspace_commit(ws, err)) < 0 || (rc = check_granted(ws, entity, w, err)) < 0)
		goto out;
	bn_queue_ring(at);
out:
	bn_dir_close(at);
	json_decref(payload);
	return rc;
}

static void put_limit(json_t *payload, const char *key, int64_t value)
{
	if (payload && value >= 0)
		json_object_set_new(payload, key, value ? json_integer(value) : json_null());
}

int bn_queue_set(bn_workspace *ws, const bn_queue_amounts *limits, bn_err *err)
{
	const wish w = {"queue.set", "queue.set", *limits, -1};
	json_t *payload = json_object();
	put_limit(payload, "cores", limits->cores);
	put_limit(payload, "memory_bytes", limits->memory_bytes);
	put_limit(payload, "at_once", limits->at_once);
	return say(ws, &w, payload, err);
}

int bn_queue_pause(bn_workspace *ws, bool paused, bn_err *err)
{
	const wish w = {paused ? "queue.paused" : "queue.resumed", "queue.paused queue.resumed",
		{-1, -1, -1}, paused};
	return say(ws, &w, json_object(), err);
}

/* ---- cancelling ----------------------------------------------------------------------------- */

int bn_queue_cancel(bn_workspace *ws, const char *id, bool *cancelled, bn_err *err)
{
	bn_supervisor_lock lock = {.fd = -1};
	bn_err why = BN_ERR_INIT;
	bn_dir *at = NULL;
	bool fresh, waits = false;
	int rc;
	*cancelled = false;
	if ((rc = bn_queue_waits(&waits, ws, id, err)) < 0 || !waits)
		return rc;
	if ((rc = bn_supervisor_claim(&lock, &fresh, ws, id, &why)) == BN_ECONFLICT)
		return 0; /* it is about to start */
	if (rc < 0)
		return bn_err_move(err, &why);
	if ((rc = bn_queue_waits(&waits, ws, id, err)) < 0 || !waits)
		goto out;
	/* From here on a runner that claims it checks the log; and it ends the run if this process is killed
	 * before doing so. */
	if ((rc = bn_supervisor_forget(&lock, err)) < 0 || (rc = bn_run_stop_ask(ws, id, err)) < 0)
		goto out;
	bn_queue_forget(ws, id);
	if ((rc = bn_runlog_finished(ws, id, "KILLED", -1, 0, "cancelled before it started", err)) <
		0)
		goto out;
	if ((rc = bn_workspace_commit(ws, err)) < 0)
		goto out;
	*cancelled = true;
	if (bn_queue_dir(&at, ws, NULL) == 0)
		bn_queue_ring(at);
out:
	bn_dir_close(at);
	bn_supervisor_release(&lock);
	return rc;
}

/* ---- keeping it going ----------------------------------------------------------------------- */

static int start_runner(bn_workspace *ws, const char *program, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *home = NULL;
	int fd = -1, rc = bn_path_absolute(&home, bn_workspace_dir(ws), err);
	if (rc < 0)
		return rc;
	if ((fd = env->fs->open(env, NULL, "/dev/null", O_WRONLY, 0)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -fd, "cannot open '/dev/null'");
		goto out;
	}
	const char *argv[] = {program, "-C", home, "queue", "run", NULL};
	/* Even if queued inside a run, it is not a process of that run. */
	const char *set[] = {BN_RUN_MARK "=queue", NULL};
	rc = bn_process_spawn_detached(NULL, argv, set, home, fd, err);
	env->fs->close(env, fd);
out:
	bn_free(home);
	return rc;
}

int bn_queue_wake_blind(bn_workspace *ws, const char *program, bool ring, bn_err *err)
{
	bn_dir *at = NULL;
	int rc = bn_queue_dir(&at, ws, err);
	if (rc < 0)
		return rc;
	if (ring)
		bn_queue_ring(at);
	if (!bn_queue_has_runner(at))
		rc = start_runner(ws, program, err);
	bn_dir_close(at);
	return rc;
}

static bool has_work(const bn_queue *q)
{
	char why[160];
	for (size_t i = 0; q->paused_ms < 0 && i < q->count; i++)
		if (q->items[i].position > 0 && !bn_queue_is_beyond(q, &q->items[i], why))
			return true;
	return false;
}

int bn_queue_has_work(bool *out, bn_workspace *ws, bn_err *err)
{
	bn_queue *q = NULL;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0 || (rc = bn_queue_read(&q, ws, NULL, 0, err)) < 0)
		return rc;
	*out = has_work(q);
	bn_queue_free(q);
	return 0;
}

/* Whether runs of this user may wait here: most commands need not read the queue. */
static bool may_wait(bn_workspace *ws)
{
	char own[BN_QUEUE_NAME];
	const bn_env *env = bn_workspace_env(ws);
	sqlite3 *db = bn_workspace_index(ws);
	bn_queue_own_name(own, env);
	return !db ||
	       bn_sql_int(db, 1,
		       "SELECT EXISTS (SELECT 1 FROM queue_entry WHERE owner = ? AND queue = "
		       "? AND started = 0)",
		       "ii", (int64_t)env->uid(env), bn_index_name(db, BN_NAME_TEXT, own)) == 1;
}

int bn_queue_wake(bn_workspace *ws, const char *program, bn_err *err)
{
	bn_queue *q = NULL;
	if (!may_wait(ws))
		return 0;
	int rc = bn_queue_read(&q, ws, NULL, 0, err);
	if (rc < 0)
		return rc;
	bool idle = !q->runner && has_work(q);
	bn_queue_free(q);
	return idle ? start_runner(ws, program, err) : 0;
}
