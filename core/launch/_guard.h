/*
 * _guard.h - the process above a supervisor. Not for other modules.
 *
 * A run's processes may leave its session and process group (setsid, a daemon), and are then linked to the run
 * only by their ancestors. The supervisor is their subreaper. The guard is its parent and the next subreaper:
 * if a supervisor is killed, its descendants become children of the guard, which ends them. The guard holds no
 * lock, forwards signals, copies the run's output from its pipe to the log (_log_writer.h), and ends with the
 * supervisor. If both are killed, readers end the processes that still carry the run's id
 * (bn_supervisor_end_orphans).
 *
 *	guard ── supervisor ── command ── ...
 *	  `-- once the supervisor is dead: everything it left
 */
#ifndef BN_LAUNCH_GUARD_H
#define BN_LAUNCH_GUARD_H
#include "core/base/err.h"
#include "core/launch/_log_writer.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct bn_guard {
	bool is_supervisor; /* after bn_guard_fork: which of the two this is */
	pid_t supervisor, guard;
	int report; /* pipe: the supervisor writes the result, the guard reads it */
} bn_guard;

/* Forks; returns in both. On failure BN_EIO, in the caller only. */
int bn_guard_fork(bn_guard *g, bn_err *err);
/* In the supervisor: reports the result, wakes a stopped guard, and exits. */
void bn_guard_report(bn_guard *g, int rc, int exit_status, const bn_err *err)
	__attribute__((noreturn));
/* In the guard: waits for the supervisor, copies output from pump to writer (NULL: the supervisor does), ends
 * leftover processes of run id, and returns the reported result: BN_EFAILED, naming the signal, if it was
 * killed. */
int bn_guard_wait(bn_guard *g, const char *id, bn_log_pump *pump, bn_log_writer *writer,
	int *exit_status, bn_err *err);

#endif
