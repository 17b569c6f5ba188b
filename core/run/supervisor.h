/*
 * supervisor.h - the file runs/<id>/supervisor: who looks after a run, and is it still there.
 *
 * Whoever supervises holds an exclusive flock on it for life, so the kernel tells everybody on the
 * host when it is gone, however it went. The text in it names host, boot, pid and start time for
 * people and for the case that locks do not work on this file system. Readers take a shared lock
 * for an instant; therefore taking the exclusive one tries again for a while.
 *
 * Who may say it. The file is the run's user's (or root's), readable by that user alone: whoever can open a file
 * can hold a lock on it, and would keep a dead run alive and a queued one from its start. A file of anybody
 * else says nothing (UNKNOWN); colleagues judge by the heartbeats in the log. The text names the run, so
 * that the directories of two runs that somebody has exchanged name nobody; in a text without that, by an
 * earlier version, the process must not have been started for another run (BN_RUN_MARK).
 */
#ifndef BN_RUN_SUPERVISOR_H
#define BN_RUN_SUPERVISOR_H
#include "core/base/id.h"
#include "core/store/workspace.h"

#include <sys/types.h>

/* The variable by which a process tells whose it is: the run's id in all that a run starts, and in its
 * supervisor; "queue" in a queue's runner. Nobody else sets it (BINNACLE_RUN_ID is the user's to set). */
#define BN_RUN_MARK "BINNACLE_SUPERVISED"

/* ---- looking -------------------------------------------------------------------------------- */

typedef enum bn_supervisor_state {
	BN_SUPERVISOR_UNKNOWN, /* on another host, or we may not look, or not the owner's words */
	BN_SUPERVISOR_NONE,    /* never started (or still about to) */
	BN_SUPERVISOR_ALIVE,
	BN_SUPERVISOR_DEAD,
} bn_supervisor_state;

typedef struct bn_supervisor {
	bn_supervisor_state state;
	bool of_another;  /* UNKNOWN, because what lies in the run's directory is another run's */
	uid_t uid;        /* of the file: who says all this */
	pid_t pid, sid;   /* of the supervisor; 0 unknown */
	pid_t child;      /* of the training or command; 0 unknown */
	pid_t guard;      /* process that ends what the supervisor may leave; 0 unknown or none */
	int64_t since_ms; /* when it wrote this; 0 unknown */
	char host[65];
} bn_supervisor;

/* Looks at runs/<id>/supervisor: whose it is, same host and boot, its lock, its pid and start time. owner: of
 * the run, as the log says. */
int bn_supervisor_find(
	bn_supervisor *out, bn_workspace *ws, const char *id, uid_t owner, bn_err *err);

/* ---- being one ------------------------------------------------------------------------------ */

typedef struct bn_supervisor_lock {
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	char *path; /* for messages */
	int fd;
	int64_t since_ms;
	pid_t guard; /* 0: none; told with the child */
} bn_supervisor_lock;

/* The first half of taking it: nobody else supervises the run from now on, and the file says what it said
 * before. Makes runs/<id> when needed. *fresh: it said nothing, so nobody ever supervised the run.
 * BN_ECONFLICT when somebody does; BN_EREFUSED, and nothing is
 * written, when directory or file are another user's. Root may claim for anybody. */
int bn_supervisor_claim(
	bn_supervisor_lock *out, bool *fresh, bn_workspace *ws, const char *id, bn_err *err);
/* What an earlier supervisor has left in the file of a claimed run is no more; it is not fresh either. */
int bn_supervisor_forget(bn_supervisor_lock *l, bn_err *err);
/* The second half, in the process that supervises: fd is the lock of a claimed run, which is taken
 * over. */
int bn_supervisor_adopt(
	bn_supervisor_lock *out, bn_workspace *ws, const char *id, int fd, bn_err *err);
/* Makes runs/<id> when needed. BN_ECONFLICT when somebody supervises the run. */
int bn_supervisor_take(bn_supervisor_lock *out, bn_workspace *ws, const char *id, bn_err *err);
/* Tells which child it has started; 0 none. */
int bn_supervisor_set_child(bn_supervisor_lock *l, pid_t child, bn_err *err);
/* Lets go; the file stays. In a forked child: close only, the parent keeps the lock. Safe on one
 * that was never taken when it is all zeroes but fd -1. */
void bn_supervisor_release(bn_supervisor_lock *l);

/* Ends what a dead supervisor of this user's left running: processes, of any session, that carry the run's id in their
 * environment (BN_RUN_MARK). Its guard (core/launch/_guard.h), which does the same, is left alone. Returns how many
 * there were; 0 when the caller is one of them itself. */
int bn_supervisor_end_orphans(const bn_supervisor *dead, const char *id);

#endif
