/*
 * supervisor.h - the file runs/<id>/supervisor: the supervisor of a run, and whether it is
 * alive.
 *
 * The supervisor holds an exclusive flock on it until it ends, so every process on the host can
 * see when it is gone, for whatever reason. The text names host, boot, pid and start time for
 * humans and for file systems without working locks. Readers take a shared lock briefly; therefore
 * taking the exclusive one is retried for a while.
 *
 * Trust: the file belongs to the run's user (or root) and is readable by that user only: anyone who can open a
 * file can lock it, and could keep a dead run alive or block the start of a queued one. A file of any other
 * user is ignored (UNKNOWN); other users judge by the heartbeats in the log. The text names the run, so that
 * swapped directories of two runs are detected; without that, in a text from an earlier version, the process
 * must not have been started for another run (BN_RUN_MARK).
 */
#ifndef BN_RUN_SUPERVISOR_H
#define BN_RUN_SUPERVISOR_H
#include "core/base/id.h"
#include "core/store/workspace.h"

#include <sys/types.h>

/* The environment variable that marks a process: the run's id in all processes of a run and its
 * supervisor; "queue" in a queue's runner. Nothing else sets it (users may set BINNACLE_RUN_ID). */
#define BN_RUN_MARK "BINNACLE_SUPERVISED"
#define BN_RUN_SUPERVISOR_FILE "supervisor"

/* ---- looking -------------------------------------------------------------------------------- */

typedef enum bn_supervisor_state {
	BN_SUPERVISOR_UNKNOWN, /* on another host, not readable, or not written by the owner */
	BN_SUPERVISOR_NONE,    /* never started (or still about to) */
	BN_SUPERVISOR_ALIVE,
	BN_SUPERVISOR_DEAD,
} bn_supervisor_state;

typedef struct bn_supervisor {
	bn_supervisor_state state;
	bool of_another; /* UNKNOWN, because the run's directory contains another run's file */
	uid_t uid;       /* owner of the file */
	pid_t pid, sid;  /* of the supervisor; 0 unknown */
	pid_t child;     /* of the training or command; 0 unknown */
	pid_t guard; /* the guard, which ends what the supervisor may leave; 0 unknown or none */
	int64_t since_ms; /* when this was written; 0 unknown */
	char host[65];
} bn_supervisor;

/* Examines runs/<id>/supervisor: its owner, host and boot, lock, pid and start time. owner: of the run,
 * according to the log. */
int bn_supervisor_find(
	bn_supervisor *out, bn_workspace *ws, const char *id, uid_t owner, bn_err *err);

/* ---- being one ------------------------------------------------------------------------------ */

typedef struct bn_supervisor_lock {
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	char *path; /* for messages */
	int fd;
	int64_t since_ms;
	pid_t guard; /* 0: none; recorded with the child */
} bn_supervisor_lock;

/* The first half of taking it: from now on no other process supervises the run, and the file keeps its
 * content. Creates runs/<id> if needed. *fresh: it was empty and the run is not packed, so it was never supervised.
 * BN_ECONFLICT if it is supervised; BN_EREFUSED, with nothing written, if the directory or the file
 * belongs to another user. Root may claim for anyone. */
int bn_supervisor_claim(
	bn_supervisor_lock *out, bool *fresh, bn_workspace *ws, const char *id, bn_err *err);
/* Clears the content left by an earlier supervisor in the file of a claimed run, which then is not fresh
 * either. */
int bn_supervisor_forget(bn_supervisor_lock *l, bn_err *err);
/* The second half, in the supervising process: takes fd, the lock of a claimed run. */
int bn_supervisor_adopt(
	bn_supervisor_lock *out, bn_workspace *ws, const char *id, int fd, bn_err *err);
/* Creates runs/<id> if needed. BN_ECONFLICT if the run is already supervised. */
int bn_supervisor_take(bn_supervisor_lock *out, bn_workspace *ws, const char *id, bn_err *err);
/* Records the child that it has started; 0: none. */
int bn_supervisor_set_child(bn_supervisor_lock *l, pid_t child, bn_err *err);
/* Takes the lock of a run that is over, creating the file if needed, and without changing its text. run_dir is
 * borrowed. BN_ECONFLICT at once if another process has it. */
int bn_supervisor_take_over(
	bn_supervisor_lock *out, const bn_dir *run_dir, const char *id, bn_err *err);
/* Releases it; the file stays. In a forked child: only closes, the parent keeps the lock. Safe
 * on one that was never taken if it is all zeroes except fd -1. */
void bn_supervisor_release(bn_supervisor_lock *l);

/* Ends processes left by a dead supervisor of this user: those of any session with the run's id in their
 * environment (BN_RUN_MARK). Its guard (core/launch/_guard.h), which does the same, is left alone. Returns
 * their number; 0 if the caller is one of them. */
int bn_supervisor_end_orphans(const bn_supervisor *dead, const char *id);

#endif
