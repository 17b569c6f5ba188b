/*
 * run_follow.h - finding a run, and waiting for it; shared by the verbs of runs.
 */
#ifndef BN_TUI_RUN_FOLLOW_H
#define BN_TUI_RUN_FOLLOW_H
#include "core/base/id.h"
#include "core/run/run_log.h"
#include "tui/cli/cli.h"

typedef enum bn_follow {
	BN_FOLLOW_QUIET = 0, /* only wait */
	BN_FOLLOW_LOG = 1,   /* the run's output, on stdout */
	BN_FOLLOW_METRICS = 2,
	BN_FOLLOW_STOPPING = 8, /* it was asked to end (core/launch/stopping.h) */
	BN_FOLLOW_RAW = 4,      /* its output unchanged, even to a terminal */
} bn_follow;

/* Refreshes and reconciles until the run has ended. The run continues if the user interrupts: BN_EINTR. While
 * it waits in a queue, stderr says why. BN_EFAILED, with its reason, if it ended as anything but FINISHED;
 * BN_EIO if the disk was full or failed. BN_ECONFLICT: it was asked to end, and does not. BN_EIO if it has no
 * supervisor any more and that cannot be recorded. what: or-ed. */
int bn_run_follow(bn_cli *cli, bn_workspace *ws, const char *id, unsigned what, bn_err *err);

/* Shows the log from position *at on, and advances *at. whole: include an incomplete last character. what:
 * BN_FOLLOW_RAW or 0. */
int bn_run_log_show(
	bn_cli *cli, bn_run_log *log, uint64_t *at, bool whole, unsigned what, bn_err *err);

/* Opens, refreshes and reconciles, and restarts a queue whose runner was killed; with name, also the
 * id of that run. */
int bn_cli_open_runs(
	bn_cli *cli, bn_workspace **ws, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err);

#endif
