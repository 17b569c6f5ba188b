/*
 * _queue_supervisor.h - the process that the runner of a queue forks for a run when it has its
 * turn. Not for other modules.
 */
#ifndef BN_LAUNCH__QUEUE_SUPERVISOR_H
#define BN_LAUNCH__QUEUE_SUPERVISOR_H
#include "core/base/env.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

typedef struct bn_queue_task {
	const bn_env *env;
	const bn_fold_class *const *classes;
	const char *program;
} bn_queue_task;

/* A run that has its turn. */
typedef struct bn_queue_turn {
	const char *id, *spec_hash; /* according to the log */
	int64_t cores;
} bn_queue_turn;

/* In the forked process, which supervises the run in the workspace around home, and holds its lock, fd. The
 * environment becomes that of the run; for a trainer BINNACLE_CORES is the number of cores given by the queue.
 * A command is supervised here; for a trainer, whose libraries read the environment at process start, this
 * process executes the program. Returns the exit status: 0 if it supervised. A run that could not be started is
 * FAILED, or waits with a reason (queue.h). */
int bn_queue_be_supervisor(
	const bn_queue_task *t, const char *home, const bn_queue_turn *turn, int fd);

#endif
