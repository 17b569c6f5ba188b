/*
 * queue.h - the local queue of one user on one host, in one workspace.
 *
 * A queue is defined by the log. There is no daemon: any command that finds waiting runs without a
 * runner starts one (queue_runner.h), which ends when nothing waits any more.
 *
 * Order. Strictly first in, first out: if the first one does not fit beside the running ones, those
 * after it wait too, so that small runs cannot starve a large one. A run that needs more than the
 * limits ever allow (they may have been lowered) is skipped, with a reason.
 *
 * Events. A queue is named <user>@<host>; several hosts and users have queues of their own in one
 * workspace.
 *	run/<id>
 *	  run.queued    {"queue","cores","memory_bytes"}   from here on the run waits, until run.started
 *	                or run.finished. Only valid from the run's owner. Ordered by its clock
 *	queue/<user>@<host>
 *	  queue.set     {"cores": N, "memory_bytes": N, "at_once": N}   absent: unchanged; null: the
 *	                default, which is the processors and the memory of the machine, any number at
 *	                once
 *	  queue.paused  {}   nothing is started
 *	  queue.resumed {}
 * A user's queue events apply only to the user's own runs: rows are kept per owner of the segment.
 *
 * Files, below .binnacle/queue/<user>@<host>/, private to that user (0700; <user>@<host>-1, -2 ... if another
 * user has already created that one, and queue-1/, queue-2/ ... if another user has created an unusable
 * queue/):
 *	runner   the runner holds an exclusive flock on it; its text is a pid, for information
 *	order    the clock of the last entry, 20 decimal digits and a newline. A process that queues a run
 *	         holds a flock on it while the entry gets its clock, so that the order of the queue is that of
 *	         the calls even if clocks are set back
 *	bell     writing to it wakes the runner
 * and runs/<id>/environ (0600): the environment in which the run was queued and will run, "NAME=value" strings
 * terminated by zero bytes, without the spec's secrets; runs/<id>/limits (queue_limits.h), which names the run;
 * and runs/<id>/unstarted: why the last attempt to start it failed. They are removed as soon as the run has
 * started or ended (cancelled, failed, lost): queue_environ.h.
 *
 * No run starts twice. A run is claimed before it is started: an exclusive flock on
 * runs/<id>/supervisor (core/run/supervisor.h), and under it a check of the log, where run.started
 * is durable before the run's process is released. No run is lost: one that never started is still
 * QUEUED in the log, whatever crashed. Cancelling claims the run as well.
 *
 * Every attempt to start a run has a result: the run starts; or it is FAILED with the reason, immediately if
 * a retry is pointless (no spec, no environment), else after BN_QUEUE_TRIES attempts with pauses in between.
 * Problems not specific to the run (no process can be started, the log cannot be written) are waited out.
 */
#ifndef BN_LAUNCH_QUEUE_H
#define BN_LAUNCH_QUEUE_H
#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/launch/queue_name.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_QUEUE_RUN 168 /* bytes of at most 40 columns */
#define BN_QUEUE_TRIES 6 /* 1 s, 2 s, 4 s ... apart */

/* cores, memory_bytes, at_once: 0 means none, or not set. */
typedef struct bn_queue_amounts {
	int64_t cores, memory_bytes, at_once;
} bn_queue_amounts;

typedef struct bn_queue_item {
	char run[BN_RUN_ID_TEXT];
	char name[BN_QUEUE_RUN];     /* of the run, for display: truncated if long */
	int64_t position;            /* position 1, 2, 3 ...; 0: it has started */
	int64_t cores, memory_bytes; /* of one that takes all cores: the limit now */
	int64_t since_ms;            /* when it was queued */
	bool stop;                   /* an authorised user has requested its end */
	bool gone;        /* has started, but its supervisor is dead: uses no resources any more */
	char reason[160]; /* why it waits; "" if it has started */
} bn_queue_item;

typedef struct bn_queue {
	char name[BN_QUEUE_NAME];
	bool own;                /* of this user on this host; others are read-only */
	bool runner;             /* own: there is a runner */
	int64_t paused_ms;       /* since when it is paused; -1: not paused */
	bn_queue_amounts set;    /* as the user has set it */
	bn_queue_amounts limits; /* in force; for another host only what is set */
	bn_queue_amounts used;   /* used by those that run */
	bn_queue_item *items;    /* those that have started, then those that wait, in order */
	size_t count, waiting;
} bn_queue;

/* Adds the names of this user's queue on this host, and of all others with waiting or running
 * entries. */
int bn_queue_names(bn_names *out, bn_workspace *ws, bn_err *err);
/* As of the last refresh. name: NULL for this user's own. most: limit of waiting entries; 0: all.
 * *out is yours. */
int bn_queue_read(bn_queue **out, bn_workspace *ws, const char *name, size_t most, bn_err *err);
void bn_queue_free(bn_queue *q);
/* BN_EREFUSED, with the reason, if other users block the place for this queue's files: no run can be queued,
 * and waiting ones are not started. */
int bn_queue_check_place(bn_workspace *ws, bn_err *err);
/* Whether the run waits in this user's queue on this host, according to the log now. */
int bn_queue_waits(bool *out, bn_workspace *ws, const char *id, bn_err *err);
/* The same as of the last refresh; true if unknown. */
bool bn_queue_waited(bn_workspace *ws, const char *id);
/* Whether the running ones leave room for it; if not, why. */
bool bn_queue_fits(const bn_queue *q, const bn_queue_item *item, char why[160]);
/* Whether it needs more than the limits allow even if nothing runs. */
bool bn_queue_is_beyond(const bn_queue *q, const bn_queue_item *item, char why[160]);

/* ---- changing: each is durable, and wakes the runner ----------------------------------------- */

/* Queues a run whose first events are appended, with the environment of this process minus the secrets of spec.
 * cores 0: all that the limits allow when it starts. The caller must check the limits. */
int bn_queue_add(bn_workspace *ws, const char *id, const bn_spec *spec, int64_t cores,
	int64_t memory_bytes, bn_err *err);
/* A limit: a value above 0, 0 the default, -1 unchanged. BN_ECONFLICT, here and for pausing, if it does not
 * take effect: an event with a clock more than a day ahead wins, and is named. */
int bn_queue_set(bn_workspace *ws, const bn_queue_amounts *limits, bn_err *err);
int bn_queue_pause(bn_workspace *ws, bool paused, bn_err *err);
/* Ends a waiting run: KILLED. *cancelled is false if it no longer waits, is about to start, or
 * waits on another host: then stop it like a running one. */
int bn_queue_cancel(bn_workspace *ws, const char *id, bool *cancelled, bn_err *err);

/* ---- keeping it going ------------------------------------------------------------------------ */

/* Whether something waits on this host that a runner could start, now or when others have ended. */
int bn_queue_has_work(bool *out, bn_workspace *ws, bn_err *err);
/* Starts a runner, program `queue run`, if runs of this user wait on this host, the queue is not
 * paused, and there is no runner. As of the last refresh; cheap if nothing waits. */
int bn_queue_wake(bn_workspace *ws, const char *program, bn_err *err);
/* The same without an index: starts one whenever there is none. ring: an existing runner checks the
 * log. */
int bn_queue_wake_blind(bn_workspace *ws, const char *program, bool ring, bn_err *err);

#endif
