/*
 * run_follow.h - waiting for a run: what `run start --wait`, `run watch` and `run log -f` share.
 */
#ifndef BN_TUI_RUN_FOLLOW_H
#define BN_TUI_RUN_FOLLOW_H
#include "tui/cli/cli.h"

typedef enum bn_follow {
	BN_FOLLOW_QUIET = 0, /* only wait */
	BN_FOLLOW_LOG = 1,   /* what the run prints, on stdout */
	BN_FOLLOW_METRICS = 2,
} bn_follow;

/* Refreshes and reconciles until the run is over. The run goes on when the user interrupts:
 * BN_EINTR. BN_EFAILED, with its reason, when it ended as anything but FINISHED. BN_EIO when nobody
 * supervises it any more and that cannot be written down. what: or-ed. */
int bn_run_follow(bn_cli *cli, bn_workspace *ws, const char *id, unsigned what, bn_err *err);

#endif
