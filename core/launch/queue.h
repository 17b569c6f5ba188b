/*
 * queue.h - runs that wait for their turn: the local queue of one user on one host, in one workspace.
 *
 * A queue is what the log says. There is no daemon: whoever finds runs waiting and nobody starting
 * them starts a runner (queue_runner.h), which ends when nothing waits any more.
 *
 * Order. First in, first out, strictly: when the first in line does not fit beside what runs, those
 * behind it wait too, so that a large run is not overtaken for ever by small ones. What asks for more
 * than the limits allow at all (they may have been lowered since) is passed over, and says so.
 *
 * Events. A queue is named <user>@<host>; several hosts and users have queues of their own in one
 * workspace.
 *	run/<id>
 *	  run.queued    {"queue","cores","memory_bytes"}   from here on the run waits, until run.started
 *	                or run.finished. Counts when it is the run's owner's. In line by its clock
 *	queue/<user>@<host>
 *	  queue.set     {"cores": N, "memory_bytes": N, "at_once": N}   what is absent stays; null is the
 *	                default: the processors and the memory of the machine, any number at once
 *	  queue.paused  {}   nothing is started
 *	  queue.resumed {}
 * A user's queue events count for the user's own runs alone: rows are kept by owner of the segment.
 *
 * Files, below .binnacle/queue/<user>@<host>/, which belongs to that user alone (0700; <user>@<host>-1, -2 ... when
 * somebody else has made that one before, and queue-1/, queue-2/ ... when somebody has made queue/ such that it is of
 * no use to others):
 *	runner   the runner holds an exclusive flock on it; its text is a pid, for people
 *	order    the clock of the last entry, 20 decimal digits and a newline. Who queues a run holds a
 *	         flock on it while the entry gets its clock, so that the line follows the order of the
 *	         calls although clocks are set back
 *	bell     writing to it wakes the runner
 * and runs/<id>/environ (0600): the environment in which the run was queued and will run, "NAME=value"
 * texts ended by zero bytes, without variables that the spec names as secrets; runs/<id>/limits
 * (queue_limits.h), which names the run; and runs/<id>/unstarted: why the last try to start it failed. They are
 * removed as soon as the run has started, or is over (cancelled, failed, lost): queue_environ.h.
 *
 * None twice. A run is claimed before it is started: an exclusive flock on runs/<id>/supervisor
 * (core/run/supervisor.h), and under it a look at the log, where run.started is durable before the
 * run's own process is let go. None lost: what was never started is still QUEUED in the log, whoever
 * died. Cancelling claims the run as well.
 *
 * Every try to start a run comes to something: the run starts; or it is FAILED with the reason, at once when
 * another try could not end otherwise (no spec, no environment), else after BN_QUEUE_TRIES of them, each
 * a while after the one before. What is not the run's own trouble (no process can be started, the log
 * cannot be written) is waited out.
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
	char name[BN_QUEUE_RUN];     /* of the run, as it is shown: cut when it is long */
	int64_t position;            /* 1, 2, 3 ... in line; 0: it has started */
	int64_t cores, memory_bytes; /* of one that takes all cores: the limit now */
	int64_t since_ms;            /* when it was queued */
	bool stop;                   /* somebody who may has asked for its end */
	bool gone;        /* has started, and its supervisor is dead: holds nothing any more */
	char reason[160]; /* why it waits; "" for one that has started */
} bn_queue_item;

typedef struct bn_queue {
	char name[BN_QUEUE_NAME];
	bool own;                /* of this user on this host; others are to be looked at */
	bool runner;             /* own: somebody starts runs */
	int64_t paused_ms;       /* since when it is paused; -1: it is not */
	bn_queue_amounts set;    /* as the user has set it */
	bn_queue_amounts limits; /* in force; of another host only what is set */
	bn_queue_amounts used;   /* by those that run */
	bn_queue_item *items;    /* those that have started, then those that wait, in order */
	size_t count, waiting;
} bn_queue;

/* Adds the names of this user's queue on this host, and of all others where something waits or runs. */
int bn_queue_names(bn_names *out, bn_workspace *ws, bn_err *err);
/* As of the last refresh. name: NULL for this user's own. most: at most so many that wait; 0: all.
 * *out is yours. */
int bn_queue_read(bn_queue **out, bn_workspace *ws, const char *name, size_t most, bn_err *err);
void bn_queue_free(bn_queue *q);
/* BN_EREFUSED, with words, when other users leave this user's queue no place for its files: no run can be queued, and
 * what waits is not started. */
int bn_queue_check_place(bn_workspace *ws, bn_err *err);
/* Whether the run waits in this user's queue on this host, as the log says now. */
int bn_queue_waits(bool *out, bn_workspace *ws, const char *id, bn_err *err);
/* The same as of the last refresh; true where that cannot be told. */
bool bn_queue_waited(bn_workspace *ws, const char *id);
/* Whether what runs leaves room for it; why not, where it does not. */
bool bn_queue_fits(const bn_queue *q, const bn_queue_item *item, char why[160]);
/* Asks for more than the limits allow when nothing runs. */
bool bn_queue_is_beyond(const bn_queue *q, const bn_queue_item *item, char why[160]);

/* ---- changing: each is durable, and wakes the runner ----------------------------------------- */

/* The run, whose first events are appended, waits from now on with the environment of this process.
 * spec: its secrets are left out of that.
 * cores 0: all that the limits allow when it starts. Whether it asks for more than the limits is for the caller to look at. */
int bn_queue_add(bn_workspace *ws, const char *id, const bn_spec *spec, int64_t cores,
	int64_t memory_bytes, bn_err *err);
/* A limit: above 0 that, 0 the default, -1 as it is. BN_ECONFLICT, here and for pausing, when the queue is not
 * so afterwards: an event of a clock more than a day ahead wins, and is named. */
int bn_queue_set(bn_workspace *ws, const bn_queue_amounts *limits, bn_err *err);
int bn_queue_pause(bn_workspace *ws, bool paused, bn_err *err);
/* Ends a run that waits: KILLED. *cancelled is false when it does not wait any more, is about to
 * start, or waits on another host: then it is to be stopped as one that runs. */
int bn_queue_cancel(bn_workspace *ws, const char *id, bool *cancelled, bn_err *err);

/* ---- keeping it going ------------------------------------------------------------------------ */

/* Whether something waits on this host that a runner could start, now or when others have ended. */
int bn_queue_has_work(bool *out, bn_workspace *ws, bn_err *err);
/* Starts a runner, program `queue run`, when runs of this user wait on this host, the queue is not
 * paused, and nobody starts them. As of the last refresh; cheap when nothing waits. */
int bn_queue_wake(bn_workspace *ws, const char *program, bn_err *err);
/* The same for who has no index: it starts one whenever there is none. ring: one that there is looks at
 * the log. */
int bn_queue_wake_blind(bn_workspace *ws, const char *program, bool ring, bn_err *err);

#endif
