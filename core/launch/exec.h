/*
 * exec.h - the body of `binnacle exec RUN`: the process that supervises one run.
 *
 * It holds the lock of runs/<id>/supervisor for as long as it lives, starts the training (forked,
 * so that its crash is recorded with the signal named) or the command, writes heartbeats and what
 * the process tree uses, ends the run on SIGTERM and SIGINT and kills after the grace time, passes
 * other signals on (_signals.h), starts a failed command again as often as the spec says, stores what
 * was left behind (metrics.json, outputs, the model) before it writes how the run ended. SIGHUP does
 * not end it.
 *
 * Invariants: run.finished comes after every artifact's event, and those after their objects. No
 * process of the run outlives it: the supervisor is the subreaper of what it starts and ends it; when
 * it is killed itself, its child gets SIGKILL from the kernel (PR_SET_PDEATHSIG) and the rest from the
 * guard above it (_guard.h). A run that was started inside a run is no part of it.
 *
 * The calling process becomes the guard, and the supervisor is its child.
 */
#ifndef BN_LAUNCH_EXEC_H
#define BN_LAUNCH_EXEC_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/run/spec.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

/* dir: inside the workspace. classes: bn_fold_classes (to look up dataset versions). lock_fd: the lock
 * of a run that was claimed (core/run/supervisor.h), which is taken over; -1: it is taken here.
 * A run that was claimed and whose start fails for a reason that may pass (bn_exec_may_pass) is left as it
 * was, for another try; every other one ends in the log.
 * spec_hash: what run.created says of its spec, from who has read or written that; a run whose directory names
 * another one is refused. NULL: as the directory says.
 * *exit_status: of the child, 128 + signal when one ended it. BN_ECONFLICT when the run is supervised. */
int bn_exec_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, const char *spec_hash, int lock_fd, int *exit_status, bn_err *err);

/* Whether what failed with this code may go better when it is tried again. */
bool bn_exec_may_pass(int code);

/* The spec of a run, found by its directory. hash: which one that has to be, or NULL. *out is yours. */
int bn_exec_spec(
	bn_spec **out, bn_workspace *ws, const bn_dir *run_dir, const char *hash, bn_err *err);

#endif
