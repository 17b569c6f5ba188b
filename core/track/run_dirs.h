/*
 * run_dirs.h - giving back the working directories of runs that cannot be restored any more.
 *
 * What a run in the trash names goes with gc when its time is over (core/store/object/gc.h), and from then on the run
 * is not restored: its directory, with what it printed and its own files, is of no use to anybody. It goes only then,
 * so that whoever restores a run finds its directory.
 */
#ifndef BN_TRACK_RUN_DIRS_H
#define BN_TRACK_RUN_DIRS_H
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stdint.h>

/* Of this user's runs, removed at cutoff_ms or before, as of the last refresh. After gc: those whose bytes are gone;
 * with dry_run: those that gc would bring there, and none is removed. *count: how many. */
int bn_run_dirs_free(
	uint64_t *count, bn_workspace *ws, int64_t cutoff_ms, bool dry_run, bn_err *err);

#endif
