/*
 * _guard.h - the process above a supervisor. Not for other modules.
 *
 * What a run starts may leave the run's session and process group (setsid, a daemon), and then nothing
 * ties it to the run but its ancestors. While the supervisor lives, it is their subreaper. The guard is
 * its parent and the next subreaper: a supervisor that is killed leaves its descendants to the guard,
 * which ends them. It holds no lock, passes signals on, takes what the run prints out of its pipe and into the log
 * (_log_writer.h), and ends with the supervisor. When both are killed, readers end what still carries the run's id
 * (bn_supervisor_end_orphans).
 *
 *	guard ── supervisor ── command ── ...
 *	  `-- once the supervisor is dead: everything that it left
 */
#ifndef BN_LAUNCH_GUARD_H
#define BN_LAUNCH_GUARD_H
#include "core/base/err.h"
#include "core/launch/_log_writer.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct bn_guard {
	bool is_supervisor; /* after bn_guard_fork: which of the two we are */
	pid_t supervisor, guard;
	int report; /* pipe: the supervisor writes how it went, the guard reads it */
} bn_guard;

/* Forks; returns in both. BN_EIO in the caller alone when that failed. */
int bn_guard_fork(bn_guard *g, bn_err *err);
/* In the supervisor: tells how it went, wakes a guard that is stopped, and ends the process. */
void bn_guard_report(bn_guard *g, int rc, int exit_status, const bn_err *err)
	__attribute__((noreturn));
/* In the guard: waits for the supervisor, writes what comes out of pump by writer (NULL: the supervisor does), ends
 * what it left of run id, and returns what it told: BN_EFAILED, naming the signal, when it was killed. */
int bn_guard_wait(bn_guard *g, const char *id, bn_log_pump *pump, bn_log_writer *writer,
	int *exit_status, bn_err *err);

#endif
