/*
 * reconcile.h - a run without a supervisor does not stay RUNNING.
 *
 * Readers call bn_run_reconcile after a refresh. For each live run of this host whose supervisor is
 * dead (its lock is free, its pid is gone or belongs to another process) an event run.finished LOST with the
 * reason is written; processes left behind by the run are ended if they are ours. Runs of another host are left
 * alone until their heartbeat is older than ten intervals and at least five minutes. A run of this host that is
 * not yet supervised is lost after a minute, unless its executor knows it, or this version does not know the
 * executor. The verdict is an event like any other: a real end that arrives later wins.
 */
#ifndef BN_TRACK_RECONCILE_H
#define BN_TRACK_RECONCILE_H
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <stddef.h>

/* A workspace that is not writable is not an error: the runs then stay as they are. *lost (may
 * be NULL) gets the number found lost. Cheap if nothing is live. Commits and refreshes if it
 * wrote anything. */
int bn_run_reconcile(bn_workspace *ws, size_t *lost, bn_err *err);
/* The same for one run whose end the caller waits for: a verdict that cannot be written (a full
 * disk, a read-only workspace) is BN_EIO with the verdict, since no end will come. */
int bn_run_reconcile_one(bn_workspace *ws, const char *id, bn_err *err);

#endif
