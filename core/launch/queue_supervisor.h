/*
 * queue_supervisor.h - the supervisor of a run started by a queue (queue.h).
 */
#ifndef BN_LAUNCH_QUEUE_SUPERVISOR_H
#define BN_LAUNCH_QUEUE_SUPERVISOR_H
#include "core/base/env.h"
#include "core/store/index/fold.h"

/* bn_exec_run, and its consequences for the queue. */
int bn_queue_supervise(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, const char *spec_hash, int lock_fd, const char *program, int *exit_status,
	bn_err *err);

#endif
