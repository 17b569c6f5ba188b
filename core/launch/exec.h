/*
 * exec.h - the body of `binnacle exec RUN`: the process that supervises one run.
 *
 * It holds the lock of runs/<id>/supervisor for as long as it lives, starts the training (forked,
 * so that its crash is recorded with the signal named) or the command, writes heartbeats and the
 * resource use of the process tree, ends the run on SIGTERM and SIGINT and kills it after the grace
 * time, forwards other signals (_signals.h), restarts a failed command as often as the spec says, and
 * stores the files left behind (metrics.json, outputs, the model) before it records the end of the
 * run. SIGHUP does not end it.
 *
 * Invariants: run.finished comes after every artifact's event, and those after their objects. No
 * process of the run outlives it: the supervisor is the subreaper of its descendants and ends them; if
 * it is killed itself, its child gets SIGKILL from the kernel (PR_SET_PDEATHSIG) and the others from
 * the guard (_guard.h). A run started inside a run is not part of it.
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

/* dir: inside the workspace. classes: bn_fold_classes (to look up dataset versions). lock_fd: the lock of a
 * claimed run (core/run/supervisor.h), taken over; -1: taken here. If a claimed run fails to start for a
 * temporary reason (bn_exec_may_pass) it is left as it was, for a retry; any other failure is recorded as the
 * run's end. spec_hash: the hash in run.created, from a caller that has read or written that; a run whose
 * directory names another one is refused. NULL: as in the directory. *exit_status: of the child, 128 + signal
 * if one ended it. BN_ECONFLICT if the run is supervised. */
int bn_exec_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, const char *spec_hash, int lock_fd, int *exit_status, bn_err *err);

/* Whether a failure with this code may be temporary. */
bool bn_exec_may_pass(int code);

/* The spec of a run, found by its directory. hash: the expected one, or NULL. *out is yours. */
int bn_exec_spec(
	bn_spec **out, bn_workspace *ws, const bn_dir *run_dir, const char *hash, bn_err *err);

#endif
