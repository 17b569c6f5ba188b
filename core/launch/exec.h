/*
 * exec.h - the body of `binnacle exec RUN`: the process that supervises one run.
 *
 * It holds the lock of runs/<id>/supervisor for as long as it lives, starts the training (forked,
 * so that its crash is recorded with the signal named) or the command, writes heartbeats and what
 * the process tree uses, passes SIGTERM and SIGINT on and kills after the grace time, stores what
 * was left behind (metrics.json, the model) BEFORE it writes how the run ended. SIGHUP does not
 * end it.
 *
 * Invariants: run.finished comes after every artifact's event, and those after their objects; a
 * child that outlives a killed supervisor gets SIGKILL from the kernel (PR_SET_PDEATHSIG).
 */
#ifndef BN_LAUNCH_EXEC_H
#define BN_LAUNCH_EXEC_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

/* dir: inside the workspace. classes: bn_fold_classes (to look up dataset versions). *exit_status: of the
 * child, 128 + signal when one ended it. BN_ECONFLICT when the run is supervised or over. */
int bn_exec_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, int *exit_status, bn_err *err);

#endif
