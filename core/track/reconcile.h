/*
 * reconcile.h - a run that nobody supervises any more does not stay RUNNING.
 *
 * Readers call bn_run_reconcile after a refresh. For each live run of this host whose supervisor is
 * dead (its lock is free, its pid is gone or belongs to another process) an event run.finished LOST
 * with the reason is written; processes that the run left behind are ended when they are ours. Runs
 * of another host are left alone until their heartbeat is older than ten intervals and at least
 * five minutes. A run of this host that nobody supervises yet is lost after a minute, unless the executor that
 * it was given to knows it, or is none of this version's. The verdict is an event like any other: a real end that arrives later wins.
 */
#ifndef BN_TRACK_RECONCILE_H
#define BN_TRACK_RECONCILE_H
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <stddef.h>

/* A workspace that cannot be written is no error: the runs then stay as they are. *lost (may be
 * NULL) gets how many were found lost. Cheap when nothing is live. Commits and refreshes when it
 * wrote anything. */
int bn_run_reconcile(bn_workspace *ws, size_t *lost, bn_err *err);
/* The same for one run, by who waits for its end: a verdict that cannot be written (a full disk, a
 * workspace that this user only reads) is BN_EIO with the verdict, since no end will come. */
int bn_run_reconcile_one(bn_workspace *ws, const char *id, bn_err *err);

#endif
