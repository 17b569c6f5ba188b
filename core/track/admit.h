/*
 * admit.h - checks before writing an event about a run whether the fold would refuse it.
 *
 * The fold decides (run_fold.c), for every reader. Checking here first gives the reason as an error, and avoids
 * records without effect. If two processes write at the same time, both may pass; then the audit log shows
 * which one was refused.
 *
 * All use the index of the last refresh. BN_ENOTFOUND if it has no such run.
 */
#ifndef BN_TRACK_ADMIT_H
#define BN_TRACK_ADMIT_H
#include "core/govern/rights.h"
#include "core/store/workspace.h"
#include "core/track/run.h"

/* The content of a run (parameters, metrics, artifacts, its end): BN_EREFUSED for everyone but its owner. */
int bn_run_admits_owner(bn_workspace *ws, const char *id, bn_err *err);
/* Tags and notes (BN_ACT_TAG), the trash (BN_ACT_REMOVE): its owner, and users allowed by the policy.
 * BN_EREFUSED. For another user's run, later events are signed as acts by right (bn_rights_begin), until the
 * next call for a run of one's own. */
int bn_run_admits_act(bn_workspace *ws, const char *id, bn_act act, bn_err *err);
/* Whether it can be moved to the trash, or restored (removed false): BN_ECONFLICT if it is already there, BN_EREFUSED
 * while it is live, or if gc has freed what it names. */
int bn_run_admits_trash(const bn_run_info *r, bool removed, bn_err *err);
/* BN_ECONFLICT if the run has another value for that parameter. The same value is not a
 * conflict. */
int bn_run_admits_param(
	bn_workspace *ws, const char *id, const char *key, const char *value, bn_err *err);

#endif
