/*
 * run_dirs.h - the working directories of runs that are over: packing those that are not packed, and giving back
 * those of runs that cannot be restored any more.
 *
 * A run's own processes pack its directory when it ends (core/run/run_pack.h). Not packed are those of runs that were
 * lost, that never started, that ended while their directory could not be written, or under an earlier version.
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

/* Of this user's runs that ended BN_RUN_PACK_AGE_MS ago or earlier, as of the last refresh; of lost ones only those
 * whose supervisor is known to be dead. A directory that another process uses is left out. dry_run: they are only
 * counted. *count: how many. */
#define BN_RUN_PACK_AGE_MS 600000
int bn_run_dirs_pack(uint64_t *count, bn_workspace *ws, bool dry_run, bn_err *err);

#endif
