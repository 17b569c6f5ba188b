/* ending.c - see _exec.h: the end of a run, and the files it left. */
#include "core/base/process.h"
#include "core/base/progress.h"
#include "core/launch/_exec.h"
#include "core/launch/_leftovers.h"
#include "core/launch/queue_environ.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define WRITE_TRIES 30

typedef struct verdict {
	const char *status;
	int exit_code, signal;
	char reason[600];
	const char *failure; /* of ours; NULL: none */
} verdict;

bool bn_exec_has_failed(const bn_exec *x)
{
	return !x->asked && !x->timed_out &&
	       (WIFSIGNALED(x->status) || WEXITSTATUS(x->status) != 0);
}

static void judge_status(verdict *v, const bn_exec *x)
{
	char name[24];
	if (WIFSIGNALED(x->status)) {
		bool ours = x->killed || WTERMSIG(x->status) != SIGKILL;
		v->signal = WTERMSIG(x->status);
		v->status = "FAILED";
		snprintf(v->reason, sizeof v->reason, "killed by %s%s",
			bn_signal_name(v->signal, name),
			ours ? "" : " (out of memory, or killed by a user)");
		return;
	}
	v->exit_code = WEXITSTATUS(x->status);
	if (v->exit_code == 0)
		return;
	v->status = "FAILED";
	snprintf(v->reason, sizeof v->reason, "exit status %d%s", v->exit_code,
		v->exit_code == 127 ? ": a command was not found, or cannot be run" : "");
	if (x->why->code) { /* the trainer's own words */
		snprintf(v->reason, sizeof v->reason, "%s", x->why->msg);
		v->failure = bn_run_failure(x->why);
	}
}

static verdict judge(const bn_exec *x)
{
	verdict v = {"FINISHED", -1, 0, "", NULL};
	judge_status(&v, x);
	if (x->timed_out) {
		v.status = "FAILED";
		snprintf(v.reason, sizeof v.reason, "over its time limit of %lld s",
			(long long)bn_exec_limit_s(x));
	} else if (x->asked) {
		v.status = "KILLED";
		snprintf(v.reason, sizeof v.reason, "%s",
			x->killed ? "stopped on request: had to be killed" : "stopped on request");
	}
	return v;
}

static int append_end(bn_exec *x, const verdict *v, bn_err *err)
{
	const bn_run_end end = {
		v->status, v->exit_code, v->signal, v->reason[0] ? v->reason : NULL, v->failure};
	return bn_runlog_ended(x->ws, x->id, &end, err);
}

/* The end of a run must be recorded: space is reserved for it, and on a full disk it is retried. written: it
 * is in the log, and must be sealed. */
static int write_end(bn_exec *x, const verdict *v, bool written, bn_err *err)
{
	int rc = BN_EIO;
	for (int i = 0; i < WRITE_TRIES && rc < 0; i++) {
		if (i > 0 && !(bn_err_is_full(err) && bn_run_reserve_release(x->run_dir)))
			nanosleep(&(struct timespec){1, 0}, NULL);
		bn_err_clear(err);
		int appended = written ? 0 : append_end(x, v, err);
		int committed = bn_workspace_commit(x->ws, err); /* also after a failed append */
		rc = appended < 0 ? appended : committed;
		written = rc >= 0;
		if (written)
			rc = bn_workspace_seal(x->ws, err);
	}
	return rc;
}

/* Total resource use, summed by the kernel for ended processes. The largest single process is a
 * lower bound of the peak, which matters for runs shorter than a heartbeat. */
static void measure_all(bn_exec *x, bn_err *err)
{
	struct rusage r;
	if (getrusage(RUSAGE_CHILDREN, &r) != 0)
		return;
	int64_t cpu = ((int64_t)r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
		      (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
	int64_t largest = (int64_t)r.ru_maxrss * 1024;
	bn_process_usage u = {
		-1, -1, -1, cpu, (int64_t)r.ru_inblock * 512, (int64_t)r.ru_oublock * 512};
	x->peak_rss = largest > x->peak_rss ? largest : x->peak_rss;
	bn_runlog_resources(x->ws, x->id, &u, x->peak_rss, err);
}

/* A stop while leftover files are being stored: the rest is not stored. */
typedef struct storing {
	bn_exec *x;
	bool stopped;
} storing;

static bool go_on_storing(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	storing *s = ctx;
	(void)what;
	(void)done;
	(void)total;
	s->stopped = s->stopped || bn_exec_look_for_stop(s->x);
	return !s->stopped;
}

/* Appends everything but the end. with_numbers: false if they are already in the log. *lost: why something
 * could not be stored; an unacceptable or missing file is only a line in the run's log. */
static void append_leftovers(bn_exec *x, bool with_numbers, bn_err *lost)
{
	storing s = {x, false};
	const bn_progress progress = {go_on_storing, &s};
	bn_metric_set numbers = BN_METRIC_SET_INIT;
	bn_err err = BN_ERR_INIT;
	if (with_numbers)
		measure_all(x, lost);
	int rc = bn_leftovers_store(x->ws, x->id, x->spec, x->run_dir, x->lock.since_ms,
		x->attempt_ms, &numbers, &progress, &err);
	if (rc < 0)
		bn_exec_complain("what the run left behind", &err);
	if (rc == BN_EIO || rc == BN_ENOMEM)
		bn_err_move(lost, &err);
	if (with_numbers && bn_runlog_metrics(x->ws, x->id, &x->metrics, lost) >= 0)
		bn_runlog_metrics(x->ws, x->id, &numbers, lost);
	bn_metric_set_release(&numbers);
}

/* The files left by the run are lost: it did not really finish. */
static void spoil(verdict *v, const bn_err *lost)
{
	bn_exec_complain("what the run left behind", lost);
	if (strcmp(v->status, "FINISHED") != 0)
		return;
	v->status = "FAILED";
	v->failure = bn_run_failure(lost);
	snprintf(
		v->reason, sizeof v->reason, "not all that it left could be stored: %s", lost->msg);
}

int bn_exec_finish(bn_exec *x, bn_err *err)
{
	bn_err lost = BN_ERR_INIT, why = BN_ERR_INIT;
	append_leftovers(x, true, &lost);
	bn_exec_flush_log(x);
	verdict v = judge(x);
	/* One commit for all of it, as a rule. */
	if (lost.code == 0)
		append_end(x, &v, &why);
	bool committed = bn_workspace_commit(x->ws, &why) >= 0 && why.code == 0;
	if (committed && lost.code == 0)
		return write_end(x, &v, true, err);
	/* A failed commit has lost what was appended. Now record only the end, so that it can be
	 * retried without the rest. */
	bn_err_clear(&lost);
	bn_run_reserve_release(x->run_dir);
	append_leftovers(x, !committed, &lost);
	bn_workspace_commit(x->ws, &lost);
	if (lost.code)
		spoil(&v, &lost);
	return write_end(x, &v, false, err);
}

void bn_exec_fail(bn_exec *x, const bn_err *why)
{
	bn_err err = BN_ERR_INIT;
	verdict v = {"FAILED", -1, 0, "", bn_run_failure(why)};
	snprintf(v.reason, sizeof v.reason, "%s", why->msg);
	if (x->asked) {
		v.status = "KILLED";
		v.failure = NULL;
		snprintf(v.reason, sizeof v.reason, "stopped on request, before it started");
	}
	bn_exec_flush_log(x);
	bn_queue_forget(x->ws, x->id);
	write_end(x, &v, false, &err);
}
