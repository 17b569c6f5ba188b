/*
 * executor.h - the ways to start a run, as one table: directly on this host, this host's queue, and
 * later Slurm, Flux, Kubernetes. A new executor is a table entry; nothing else in the program
 * branches on its name.
 *
 * A run submitted to an executor is a job there, with an id in the executor's own form ("4711_3" in
 * Slurm, "ƒA8Zk" in Flux). The executor knows waiting and running jobs; the end of a run is in the
 * log, written by its supervisor.
 *
 * Evidence. Modules above launch (core/track/reconcile.h) do not ask an executor whether a run is alive:
 * they use its traces. Each one leaves run.submitted with its name and the job's id; both executors of this
 * host leave the supervisor's lock (core/run/supervisor.h); the queue leaves the event run.queued. An
 * executor for other hosts turns the scheduler's state into events in its poll. A run that has not started
 * and has no supervisor is given up only if its executor does not know it (poll: unknown or over), and never
 * if the executor belongs to a newer version.
 *
 * A spec's requests are checked twice: whether this version understands them, also by the supervisor
 * (bn_spec_can_run, core/launch/resolve.h); and whether the executor can satisfy them, once, at submission.
 *
 * Cost. poll takes any number of jobs: one query to a scheduler, not one per job.
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
	const char *spec_hash; /* as in run.created */
	const char *program;   /* the binnacle executable */
} bn_submission;

typedef enum bn_sched_state {
	BN_SCHED_UNKNOWN, /* the executor does not know it, or cannot be queried now */
	BN_SCHED_WAITING,
	BN_SCHED_RUNNING,
	BN_SCHED_OVER,
} bn_sched_state;

typedef struct bn_sched_job {
	char run[BN_RUN_ID_TEXT]; /* input; the rest is set by poll */
	char id[BN_SCHED_TEXT];   /* input as well, if the executor gave one at submission */
	bn_sched_state state;
	char reason[160];    /* why it waits, or where it runs; "" unknown */
	int64_t position;    /* position in the queue, from 1; 0 unknown or not waiting */
	int64_t expected_ms; /* when it is expected to start, since 1970; -1 unknown */
} bn_sched_job;

typedef enum bn_cancel {
	BN_CANCEL_ASKED,     /* its supervisor will find the request */
	BN_CANCEL_SIGNALLED, /* its supervisor was told */
	BN_CANCEL_DONE,      /* it waited, and is over */
} bn_cancel;

typedef struct bn_executor {
	const char *name;
	/* Whether it can satisfy the spec now: BN_EUNSUPPORTED or BN_EREFUSED with the reason. Fills in
	 * what the spec leaves to the executor. Called before anything is written. */
	int (*check)(bn_workspace *ws, bn_spec *spec, bn_err *err);
	/* Appends run.submitted with the job's id, makes the run's events durable, then starts or queues it.
	 * If a scheduler assigns the id, the event without it is durable before the submission, and a second
	 * one records it: a process that dies in between leaves a record by which the job can be found. */
	int (*submit)(bn_workspace *ws, const bn_submission *what, bn_err *err);
	/* As of the last refresh of the index. An unknown job is not an error. */
	int (*poll)(bn_workspace *ws, bn_sched_job *jobs, size_t count, bn_err *err);
	/* Ends a waiting or running run. BN_EREFUSED if it is another user's, BN_ECONFLICT if its
	 * supervisor is gone. */
	int (*cancel)(bn_workspace *ws, const char *run, bn_cancel *how, bn_err *err);
	/* Appends what submit would do, as text: a sentence, or the job script. */
	int (*describe)(bn_buf *out, bn_workspace *ws, const bn_spec *spec, bn_err *err);
} bn_executor;

/* "local", the default (name NULL), or "queue". BN_EUNSUPPORTED names the known ones. */
int bn_executor_find(const bn_executor **out, const char *name, bn_err *err);
/* The run's executor, according to its spec; local for a run without a spec. */
int bn_executor_of(const bn_executor **out, bn_workspace *ws, const char *id, bn_err *err);
/* Rejects what no executor of this host provides: more hosts, GPUs, scheduler options. BN_EUNSUPPORTED
 * names it. */
int bn_executor_check_host(const bn_spec *spec, bn_err *err);

extern const bn_executor bn_executor_local; /* local.c: starts it immediately on this host */
extern const bn_executor bn_executor_queue; /* queue_executor.c: when it has its turn (queue.h) */

#endif
