/*
 * queue_runner.h - who starts the runs of a queue (queue.h): one process at a time, for as long as
 * something waits.
 *
 * It holds the queue's lock, so there is one. It forks a supervisor for each run that has its turn
 * (exec.h), which goes on when the runner dies, and which starts another runner at its end when there
 * is none. What the runner knows is in the log and in locks: killed at any moment, it has lost
 * nothing, and its successor counts what still runs.
 *
 * A start that failed is tried again after a second ($BINNACLE_QUEUE_RETRY), the next one after twice that
 * time, BN_QUEUE_TRIES times in all.
 *
 * SIGTERM and SIGINT end it; what runs goes on, what waits goes on waiting.
 */
#ifndef BN_LAUNCH_QUEUE_RUNNER_H
#define BN_LAUNCH_QUEUE_RUNNER_H
#include "core/base/env.h"
#include "core/store/index/fold.h"

/* Returns when nothing is left that could be started, or at once when there is a runner already. dir:
 * inside the workspace. program: the binnacle executable. Changes signal handling of the process. */
int bn_queue_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *program, bn_err *err);

#endif
