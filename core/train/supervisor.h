/*
 * supervisor.h - the file runs/<id>/supervisor: who looks after a run, and is it still there.
 *
 * Whoever supervises holds an exclusive flock on it for life, so the kernel tells everybody on the
 * host when it is gone, however it went. The text in it names host, boot, pid and start time for
 * people and for the case that locks do not work on this file system. Readers take a shared lock
 * for an instant; therefore taking the exclusive one tries again for a while.
 */
#ifndef BN_TRAIN_SUPERVISOR_H
#define BN_TRAIN_SUPERVISOR_H
#include "core/train/launch.h"

typedef struct bn_supervisor_lock {
	bn_workspace *ws;
	char *path; /* for messages */
	int fd;
	int64_t since_ms;
} bn_supervisor_lock;

/* Makes runs/<id> when needed. BN_ECONFLICT when somebody supervises the run. */
int bn_supervisor_take(bn_supervisor_lock *out, bn_workspace *ws, const char *id, bn_err *err);
/* Tells which child it has started; 0 none. */
int bn_supervisor_set_child(bn_supervisor_lock *l, pid_t child, bn_err *err);
/* Lets go; the file stays. In a forked child: close only, the parent keeps the lock. Safe on one
 * that was never taken when it is all zeroes but fd -1. */
void bn_supervisor_release(bn_supervisor_lock *l);

/* Ends what a dead supervisor left running: processes of its session that carry the run's id in
 * their environment. Returns how many there were. */
int bn_supervisor_end_orphans(const bn_supervisor *dead, const char *id);

#endif
