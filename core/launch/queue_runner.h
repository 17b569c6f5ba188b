/*
 * queue_runner.h - the process that starts the runs of a queue (queue.h): one at a time, as long
 * as something waits.
 *
 * It holds the queue's lock, so there is only one. It forks a supervisor for each run that has its
 * turn (exec.h), which survives the runner, and which at its end starts another runner if there is
 * none. The runner's state is in the log and in locks: if it is killed, nothing is lost, and its
 * successor counts what still runs.
 *
 * A failed start is retried after a second ($BINNACLE_QUEUE_RETRY), then after twice that time, and so on,
 * BN_QUEUE_TRIES times in all.
 *
 * SIGTERM and SIGINT end it; running and waiting runs are not affected.
 */
#ifndef BN_LAUNCH_QUEUE_RUNNER_H
#define BN_LAUNCH_QUEUE_RUNNER_H
#include "core/base/env.h"
#include "core/store/index/fold.h"

/* Returns when nothing startable is left, or at once if there is already a runner. dir: inside the
 * workspace. program: the binnacle executable. Changes the signal handling of the process. */
int bn_queue_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *program, bn_err *err);

#endif
