/*
 * admit.h - what the fold would refuse of an event about a run, asked before one is written.
 *
 * The fold decides (run_fold.c), for every reader. Who asks here first gets the reason as an error, and leaves no
 * record that counts for nothing. Where two processes write at the same time, both may be admitted; then the audit
 * log says which one was not.
 *
 * All judge by the index of the last refresh. BN_ENOTFOUND when it has no such run.
 */
#ifndef BN_TRACK_ADMIT_H
#define BN_TRACK_ADMIT_H
#include "core/govern/rights.h"
#include "core/store/workspace.h"
#include "core/track/run.h"

/* What a run is made of (parameters, metrics, artifacts, how it ended): BN_EREFUSED for all but its owner. */
int bn_run_admits_owner(bn_workspace *ws, const char *id, bn_err *err);
/* Tags and notes (BN_ACT_TAG), the trash (BN_ACT_REMOVE): its owner, and whom the policy allows. BN_EREFUSED. What
 * is appended after it is signed as an act by right when the run is somebody else's (bn_rights_begin), until it
 * is asked about a run of one's own. */
int bn_run_admits_act(bn_workspace *ws, const char *id, bn_act act, bn_err *err);
/* Whether it can be moved to the trash, or out of it, as it is: BN_ECONFLICT when it is there already, BN_EREFUSED
 * while it lives, or when gc has freed what it names. */
int bn_run_admits_trash(const bn_run_info *r, bool removed, bn_err *err);
/* BN_ECONFLICT when the run has another value for that parameter. The same value again is none. */
int bn_run_admits_param(
	bn_workspace *ws, const char *id, const char *key, const char *value, bn_err *err);

#endif
