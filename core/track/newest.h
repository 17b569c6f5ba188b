/*
 * newest.h - the runs that ended last, for what is shown of a whole workspace (core/monitor/export.h). Runs in the trash
 * do not count.
 */
#ifndef BN_TRACK_NEWEST_H
#define BN_TRACK_NEWEST_H
#include "core/track/run.h"

typedef struct bn_newest_run {
	char id[BN_RUN_ID_TEXT];
	char *experiment;
	int64_t finished_ms;
} bn_newest_run;

typedef struct bn_newest_runs {
	bn_newest_run *items; /* newest first */
	size_t count;
	size_t left_out; /* experiments beyond the limit */
} bn_newest_runs;

/* The newest run of each experiment that is FINISHED; of the `limit` experiments whose runs are newest. Release it after
 * a failure too. */
int bn_newest_runs_load(bn_newest_runs *out, bn_workspace *ws, size_t limit, bn_err *err);
void bn_newest_runs_release(bn_newest_runs *l);

/* When the newest run in each state ended, in ms since 1970; -1: there is none. */
int bn_run_newest_ends(int64_t ends_ms[BN_RUN_STATUSES], bn_workspace *ws, bn_err *err);

#endif
