/* run_follow.c - see run_follow.h. */
#include "tui/cli/run_follow.h"
#include "tui/cli/store.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/launch/executor.h"
#include "core/launch/queue.h"
#include "core/launch/stopping.h"
#include "core/run/runlog.h"
#include "core/track/reconcile.h"
#include "core/track/resume.h"
#include "core/track/run.h"
#include "core/track/series.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 200
#define REASON_LOOKS 5 /* polls between reports of why it waits */

typedef struct follower {
	bn_cli *cli;
	bn_workspace *ws;
	const char *id;
	unsigned what;
	uint64_t shown; /* position in the log */
	int64_t points;
	unsigned looks;
	char waits[160]; /* why it waits, as last reported */
} follower;

static void show_bytes(bn_cli *cli, unsigned what, const char *bytes, size_t n)
{
	if (what & BN_FOLLOW_RAW)
		bn_cli_write_raw(cli, bytes, n);
	else
		bn_cli_write_data(cli, bytes, n);
}

int bn_run_log_show(
	bn_cli *cli, bn_run_log *log, uint64_t *at, bool whole, unsigned what, bn_err *err)
{
	char bytes[16384], words[120];
	size_t got = 1;
	while (got > 0) {
		uint64_t left_out;
		int rc = bn_run_log_read(log, at, bytes, sizeof bytes, &got, &left_out, err);
		if (rc < 0)
			return rc;
		if (bn_cli_interrupted())
			return bn_err_set(err, BN_EINTR, "the log was interrupted");
		if (left_out > 0) {
			bn_run_log_gap_words(words, left_out);
			show_bytes(cli, what, words, strlen(words));
		}
		/* The last character may be incomplete. */
		size_t tail = bn_utf8_tail(bytes, got);
		if (tail > 0 && (tail < got || !whole)) {
			*at -= tail;
			got -= tail;
		}
		show_bytes(cli, what, bytes, got);
	}
	return 0;
}

static int show_log(follower *f, uid_t owner, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_run_log log;
	int rc = bn_run_log_open(&log, f->ws, f->id, owner, &why);
	if (rc == BN_EREFUSED)
		return bn_err_move(err, &why);
	if (rc < 0)
		return 0; /* not yet */
	rc = bn_run_log_show(f->cli, &log, &f->shown, false, f->what, err);
	bn_run_log_close(&log);
	if (rc == BN_EINTR)
		bn_err_clear(err);
	return rc == BN_EINTR ? 0 : rc; /* the follower notices by itself */
}

/* One line with the last value of each of the run's series, if something was added. */
static int show_metrics(follower *f, bn_err *err)
{
	bn_series_list l;
	char a[BN_FMT];
	int64_t points = 0;
	int rc = bn_series_find_all(&l, f->ws, f->id, err);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < l.count; i++)
		if (!bn_metric_is_system(l.items[i].key))
			points += l.items[i].count;
	if (points > f->points) {
		bn_buf b = BN_BUF_INIT;
		bn_buf_addf(&b, "step %lld", (long long)bn_series_newest_step(&l));
		for (size_t i = 0; i < l.count; i++)
			if (!bn_metric_is_system(l.items[i].key))
				bn_buf_addf(&b, "  %s %s", l.items[i].key,
					bn_fmt_sig(l.items[i].last, 5, a));
		bn_cli_print(f->cli, "%s\n", b.ptr);
		bn_buf_release(&b);
	}
	f->points = points;
	bn_series_list_release(&l);
	return 0;
}

/* Reports why it waits in a queue, once for each reason, since nothing else would happen on the
 * screen. */
static void say_why(follower *f)
{
	const bn_executor *by;
	bn_sched_job job = {.expected_ms = -1};
	if (f->looks++ % REASON_LOOKS != 0 || !bn_cli_is_text(f->cli))
		return;
	snprintf(job.run, sizeof job.run, "%s", f->id);
	if (bn_executor_of(&by, f->ws, f->id, NULL) < 0 || by->poll(f->ws, &job, 1, NULL) < 0)
		return;
	if (!job.reason[0] || !strcmp(job.reason, "next") || !strcmp(job.reason, f->waits))
		return;
	snprintf(f->waits, sizeof f->waits, "%s", job.reason);
	bn_cli_say(f->cli, "run %.8s waits: %s%s", f->id, job.reason,
		!strcmp(job.reason, "the queue is paused") ? " (binnacle queue resume)" : "");
}

static int look(follower *f, bn_run_info **info, bn_err *err)
{
	int rc;
	if ((rc = bn_workspace_refresh(f->ws, NULL, err)) < 0 ||
		(rc = bn_run_reconcile_one(f->ws, f->id, err)) < 0)
		return rc;
	bn_queue_wake(f->ws, bn_cli_program(f->cli), NULL);
	if ((rc = bn_run_get(info, f->ws, f->id, err)) < 0)
		return rc;
	if ((*info)->status == BN_RUN_QUEUED)
		say_why(f);
	if (f->what & BN_FOLLOW_LOG && (rc = show_log(f, (*info)->uid, err)) < 0)
		return rc;
	return f->what & BN_FOLLOW_METRICS ? show_metrics(f, err) : 0;
}

int bn_cli_open_runs(
	bn_cli *cli, bn_workspace **ws, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	int rc = bn_cli_workspace(cli, ws, err);
	if (rc >= 0 && bn_cli_mirror(cli))
		return name ? bn_cli_pull_run(cli, name, id, err) : bn_cli_pull_runs(cli, err);
	if (rc < 0 ||
		(rc = bn_workspace_refresh(*ws, NULL, err)) < 0 ||
		(rc = bn_run_reconcile(*ws, NULL, err)) < 0)
		return rc;
	bn_queue_wake(*ws, bn_cli_program(cli), NULL);
	return name ? bn_run_resolve(*ws, name, id, err) : 0;
}

/* A supervisor that is stopped does not end it. */
static int look_at_stopping(follower *f, bn_stopping *stopping, bn_err *err)
{
	bool killed;
	int rc = bn_stopping_look(stopping, f->ws, f->id, &killed, err);
	if (killed)
		bn_cli_warn(f->cli,
			"run %.8s: its supervisor was stopped and did not continue: it was "
			"killed, and its processes are ended",
			f->id);
	return rc;
}

/* If a run failed for lack of space, the run did nothing wrong. */
static int say_end(bn_workspace *ws, const bn_run_info *r, bn_err *err)
{
	bool full = r->failure && !strcmp(r->failure, BN_RUN_NO_SPACE);
	bool io = r->failure && !strcmp(r->failure, bn_code_name(BN_EIO));
	int rc = bn_err_set(err, full || io ? BN_EIO : BN_EFAILED, "run %.8s %s%s%s", r->id,
		bn_run_status_name(r->status), r->reason ? ": " : "", r->reason ? r->reason : "");
	bool resumes = bn_resume_is_open(ws, r);
	if (full)
		bn_err_hint(err,
			"free some space (binnacle gc) or raise the quota, then: binnacle run %s "
			"%.8s",
			resumes ? "resume" : "start --again", r->id);
	else if (resumes)
		bn_err_hint(err, "binnacle run resume %.8s continues from its checkpoint", r->id);
	return rc;
}

int bn_run_follow(bn_cli *cli, bn_workspace *ws, const char *id, unsigned what, bn_err *err)
{
	follower f = {.cli = cli, .ws = ws, .id = id, .what = what};
	bn_stopping stopping;
	bn_stopping_begin(&stopping, ws, id);
	for (;;) {
		bn_run_info *r = NULL;
		int rc = look(&f, &r, err);
		bool over = rc == 0 && !bn_run_status_is_live(r->status);
		if (over && r->status != BN_RUN_FINISHED)
			rc = say_end(ws, r, err);
		bn_run_info_free(r);
		if (rc != 0 || over)
			return rc;
		if (what & BN_FOLLOW_STOPPING && (rc = look_at_stopping(&f, &stopping, err)) < 0)
			return rc;
		if (bn_cli_interrupted()) {
			bn_err_set(err, BN_EINTR, "interrupted; run %.8s continues", id);
			bn_err_hint(err, "binnacle run stop %.8s ends it", id);
			return BN_EINTR;
		}
		nanosleep(&(struct timespec){0, LOOK_MS * 1000000L}, NULL);
	}
}
