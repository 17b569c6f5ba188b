/*
 * executor.h - what starts runs, as one table: this host at once, this host's queue, and later Slurm,
 * Flux, Kubernetes. A new executor is an entry; nothing else in the program branches on its name.
 *
 * A run that was given to an executor is a job there, with an id that is text of the executor's own
 * ("4711_3" in Slurm, "ƒA8Zk" in Flux). The executor knows jobs that wait and jobs that run; how a run
 * ended is in the log, where its supervisor wrote it.
 *
 * Facts. Modules above launch (core/track/reconcile.h) ask no executor whether a run still lives:
 * they look at what it leaves. Every one leaves run.submitted with its name and the job's id; both executors
 * of this host leave the supervisor's lock (core/run/supervisor.h); the queue leaves the event run.queued.
 * An executor of other hosts turns what the scheduler says into events in its poll. A run that has not
 * started and has no supervisor is given up only when its executor does not know it (poll: unknown or over),
 * and never when the executor is one of a newer version.
 *
 * What a spec asks for is judged twice: that this version understands it is for who supervises to see, too
 * (bn_spec_can_run, core/launch/resolve.h); whether an executor can give it is the executor's affair, once,
 * at submission.
 *
 * Cost. poll takes as many jobs as there are: one question to a scheduler, never one for each job.
 */
#ifndef BN_LAUNCH_EXECUTOR_H
#define BN_LAUNCH_EXECUTOR_H
#include "core/base/buf.h"
#include "core/base/id.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

#include <stddef.h>
#include <stdint.h>

#define BN_SCHED_TEXT 128

/* A run whose first events have been appended, not committed, and whose directory holds its spec. */
typedef struct bn_submission {
	const char *id;        /* of the run */
	const bn_spec *spec;   /* complete (core/launch/resolve.h) */
	const char *spec_hash; /* as run.created has it */
	const char *program;   /* the binnacle executable */
} bn_submission;

typedef enum bn_sched_state {
	BN_SCHED_UNKNOWN, /* the executor does not know it, or cannot be asked just now */
	BN_SCHED_WAITING,
	BN_SCHED_RUNNING,
	BN_SCHED_OVER,
} bn_sched_state;

typedef struct bn_sched_job {
	char run[BN_RUN_ID_TEXT]; /* asked: of whom; the rest is answered by poll */
	char id[BN_SCHED_TEXT];   /* asked as well, where the executor gave one at submission */
	bn_sched_state state;
	char reason[160];    /* why it waits, or where it runs, in words; "" unknown */
	int64_t position;    /* in line, from 1; 0 unknown or not waiting */
	int64_t expected_ms; /* when it is expected to start, since 1970; -1 unknown */
} bn_sched_job;

typedef enum bn_cancel {
	BN_CANCEL_ASKED,     /* its supervisor will find the request */
	BN_CANCEL_SIGNALLED, /* its supervisor was told */
	BN_CANCEL_DONE,      /* it waited, and is over */
} bn_cancel;

typedef struct bn_executor {
	const char *name;
	/* Whether it can do what the spec asks for, now: BN_EUNSUPPORTED or BN_EREFUSED with words. Fills
	 * in what the spec leaves to the executor. Before anything is written. */
	int (*check)(bn_workspace *ws, bn_spec *spec, bn_err *err);
	/* Appends run.submitted with the job's id, makes the run's events durable, then lets it start or wait.
	 * Where others give the id, the event without it is durable before they are asked, and a second one
	 * tells it: who dies in between leaves an intent, by which the job can be looked for. */
	int (*submit)(bn_workspace *ws, const bn_submission *what, bn_err *err);
	/* As of the last refresh of the index. A job that is not there is no error. */
	int (*poll)(bn_workspace *ws, bn_sched_job *jobs, size_t count, bn_err *err);
	/* Ends a run, whether it waits or runs. BN_EREFUSED when it is another user's, BN_ECONFLICT when
	 * its supervisor is gone. */
	int (*cancel)(bn_workspace *ws, const char *run, bn_cancel *how, bn_err *err);
	/* Appends what submit would do, as text for people: a sentence, or the job script. */
	int (*describe)(bn_buf *out, bn_workspace *ws, const bn_spec *spec, bn_err *err);
} bn_executor;

/* "local", the default (name NULL), or "queue". BN_EUNSUPPORTED names those that there are. */
int bn_executor_find(const bn_executor **out, const char *name, bn_err *err);
/* Whose job the run is, as its spec says; the local one's for a run without a spec. */
int bn_executor_of(const bn_executor **out, bn_workspace *ws, const char *id, bn_err *err);
/* What no executor of this host gives: more hosts, GPUs, a scheduler's words. BN_EUNSUPPORTED names it. */
int bn_executor_check_host(const bn_spec *spec, bn_err *err);

extern const bn_executor bn_executor_local; /* local.c: starts it at once on this host */
extern const bn_executor bn_executor_queue; /* queue_executor.c: when it has its turn (queue.h) */

#endif
