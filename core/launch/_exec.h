/*
 * _exec.h - a supervised run: starting its process (exec.c), watching it (watch.c), and recording
 * its end (ending.c). Not for other modules.
 */
#ifndef BN_LAUNCH_EXEC_PRIVATE_H
#define BN_LAUNCH_EXEC_PRIVATE_H
#include "core/base/dir.h"
#include "core/launch/_log_writer.h"
#include "core/launch/code_again.h"
#include "core/run/metric_chunk.h"
#include "core/run/spec.h"
#include "core/run/supervisor.h"
#include "core/store/index/fold.h"

typedef struct bn_exec {
	const bn_env *env;
	const bn_fold_class *const *classes;
	const char *id;
	const char *spec_hash; /* according to the log; NULL: not known here */
	bn_workspace *ws;
	bn_supervisor_lock lock;
	bn_spec *spec;
	bn_dir *run_dir;
	bn_code_again code;
	char **data_env;           /* commands: core/launch/data_env.h */
	char **secrets;            /* only while a process is being started */
	bn_err *why;               /* in memory shared with the child: why a trainer failed */
	int attempt;               /* 1 .. spec->retries + 1 */
	int64_t attempt_ms;        /* start time, since 1970 */
	pid_t child;               /* 0: none */
	int64_t beat_ms;           /* final heartbeat interval */
	int64_t start_ms, kill_ms; /* monotonic; kill_ms 0: not stopping */
	int64_t peak_rss;
	bool asked, timed_out, killed; /* asked to stop, over the time limit, had to be killed */
	bool ended;                    /* the child, with status as wait gives it */
	int status;
	bn_metric_set metrics;
	bn_log_pump pump;
	bn_log_writer writer; /* set while the guard is gone */
} bn_exec;

int64_t bn_exec_now_ms(const bn_exec *x);
/* Logs a problem that does not end the run. */
void bn_exec_complain(const char *what, const bn_err *err);
/* Below 1: no limit. */
int64_t bn_exec_limit_s(const bn_exec *x);

/* ---- watch.c -------------------------------------------------------------------------------- */

/* Handles heartbeats, resources, signals and limits until the child has ended. */
void bn_exec_watch(bn_exec *x);
/* Ends processes left by the child, even in other sessions; not runs that it has started. */
void bn_exec_end_leftovers(bn_exec *x);
/* Whether the run has been asked to end since the last check: for work that the supervisor does
 * itself. */
bool bn_exec_look_for_stop(bn_exec *x);
/* Waits until everything printed so far is in the log, or the log's writer makes no progress. */
void bn_exec_flush_log(bn_exec *x);
/* Waits between two attempts. Returns at once if the run must end. */
void bn_exec_pause(bn_exec *x, int64_t ms);

/* ---- ending.c ------------------------------------------------------------------------------- */

bool bn_exec_has_failed(
	const bn_exec *x); /* whether it ended by itself: not asked to, not over its limit */
/* Stores what was left behind, and records the end of the run. */
int bn_exec_finish(bn_exec *x, bn_err *err);
/* Records a run that could not be started, or was asked to end before its start. */
void bn_exec_fail(bn_exec *x, const bn_err *why);

#endif
