/*
 * run_pack.h - packing the directory of a run that is over, so that 100 000 of them are few files.
 *
 * What only served to start, end or watch it goes: spec, clock, supervisor, stop, resumes, reserve. The spec and the
 * fact that it resumed are in the log. The output becomes one file (core/run/run_log.h). What the run itself left
 * there stays: artifacts/, metrics.json, a checkpoint.
 *
 * It is called after the record of the end is durable, and may be killed at any step: nothing that a reader needs is
 * removed before its replacement is complete and synced, and packing again finishes it. The spec goes first and the
 * supervisor's file last, so that no step leaves a directory that looks like that of a run about to start
 * (bn_supervisor_claim).
 */
#ifndef BN_RUN_RUN_PACK_H
#define BN_RUN_RUN_PACK_H
#include "core/base/dir.h"

#include <stdbool.h>

typedef struct bn_run_pack {
	bool keep_clock; /* a run of the C library: other processes may continue it (bn_run_clock_follow) */
	bool has_lock; /* the caller has the supervisor's lock; false: it is taken here */
} bn_run_pack;

/* Whether there is something to pack. */
int bn_run_pack_is_due(bool *due, const bn_dir *run_dir, const bn_run_pack *how, bn_err *err);
/* run_dir belongs to this process's user (bn_run_dir_open_own), and nothing writes the run's output any more.
 * BN_ECONFLICT, with nothing changed, while another process has the supervisor's lock. */
int bn_run_dir_pack(const bn_dir *run_dir, const char *id, const bn_run_pack *how, bn_err *err);

#endif
