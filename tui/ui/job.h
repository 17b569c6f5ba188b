/*
 * job.h - work that outlives its screen: profiling a table, verifying the log, exporting, ingest.
 *
 * A page (page.h) belongs to a view and is dropped when the user leaves the screen. Longer work is
 * a job {progress, cancel, result, log} of the whole workbench. A view that shows its result joins
 * it (bn_view_start of view.h) and may be left; the user may switch to other screens or the list of
 * jobs meanwhile; when it is done its result is an immutable page, which goes to every view that
 * still waits for it, and which the list of jobs opens later.
 *
 * 	UI thread                    one of BN_JOBS_AT_ONCE workers
 * 	bn_jobs_start(spec) -------> fn(own context, argument, page, job): progress, log
 * 	bn_jobs_cancel ------------> bn_job_is_cancelled (work.h)
 * 	bn_jobs_pump <-------------- done, failed or stopped; woken through the hooks
 * 	bn_jobs_result: the page
 *
 * Why threads, not processes: the result is a page and not text to be parsed, and the functions of
 * core leave nothing behind when they fail, so neither does a killed job. The price is that a job
 * only stops when it checks for cancellation: every function that runs as one checks several times
 * a second (core/base/progress.h), and a worker that is blocked in a dead file system does not keep
 * the program from leaving (bn_jobs_stop, then _exit). Work that must outlive the program is a run
 * instead, which has a process and a supervisor of its own (core/launch).
 *
 * Invariants
 *  1. An object belongs to one thread: each worker opens a workspace of its own and keeps it.
 *  2. A page is written by its worker until the job ends, and never afterwards; it is shared by
 *     reference (bn_page_ref), and only the UI thread takes and releases references.
 *  3. Two jobs with the same title, function and argument are never active at once: a second
 *     request joins the first.
 *  4. A job ends in exactly one state. One that had finished before it saw the cancellation is
 *     done: its changes (a version added, a file written) have happened.
 *  5. The UI thread never waits for a worker except in bn_jobs_wait, bn_jobs_stop and bn_jobs_free.
 */
#ifndef BN_TUI_UI_JOB_H
#define BN_TUI_UI_JOB_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "tui/ui/page.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_JOBS_AT_ONCE 2 /* the others wait: a login node is shared */
#define BN_JOBS_KEPT \
	50 /* limit of finished ones; those already read are removed first, then the
			   * oldest */

typedef enum bn_job_state {
	BN_JOB_WAITS,
	BN_JOB_RUNS,
	BN_JOB_STOPPING, /* cancelled, but still running */
	BN_JOB_DONE,
	BN_JOB_FAILED,
	BN_JOB_STOPPED,
} bn_job_state;

const char *bn_job_state_name(bn_job_state s); /* "waits", "runs", "stopping", "done", ... */

typedef struct bn_view bn_view;
typedef struct bn_frame bn_frame;

typedef struct bn_job_spec {
	const char *title; /* "profile of jobs@v1"; copied */
	bn_page_fn fn;
	const void *arg; /* copied */
	size_t arg_bytes;
	int kind; /* of its page */
	/* Opens a view of the result, for the list of jobs. NULL: the log is the result. page is
	 * borrowed. */
	int (*open)(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err);
} bn_job_spec;

typedef struct bn_job_info {
	uint64_t id;
	const char *title; /* borrowed until the job is removed */
	const char *unit;  /* of done and total: "B", "rows"; NULL: none */
	bn_job_state state;
	char what[48];                          /* "" if not reported */
	int64_t done, total;                    /* done 0: not reported yet; total 0: unknown */
	int64_t asked_ms, started_ms, ended_ms; /* 0: not yet */
	bool unread;                            /* ended, and not viewed yet */
	bool opens;                             /* it has a result with a view of its own */
	bn_err err;                             /* of a failed one */
} bn_job_info;

typedef struct bn_jobs bn_jobs;

/* Hooks as for a loader; open and close get BN_LANE_JOB. Threads start with the first job. */
int bn_jobs_new(bn_jobs **out, const bn_loader_hooks *hooks, bn_err *err);
/* Cancels everything and waits for the workers. */
void bn_jobs_free(bn_jobs *j);
/* Cancels everything; false if a worker was still busy after so many milliseconds. */
bool bn_jobs_stop(bn_jobs *j, int timeout_ms);

/* The job's id, or that of an equal active one. 0 if out of memory or threads (err). */
uint64_t bn_jobs_start(bn_jobs *j, const bn_job_spec *spec, int64_t now_ms, bn_err *err);
/* False if it has ended already. */
bool bn_jobs_cancel(bn_jobs *j, uint64_t id);

/* Processes events since the last call. True: something visible has changed. */
bool bn_jobs_pump(bn_jobs *j, int64_t now_ms);
/* The next ended job that was not returned before, in the order in which they ended; 0: none. */
uint64_t bn_jobs_take_ended(bn_jobs *j);
/* The number of jobs that wait or run. */
int bn_jobs_active(bn_jobs *j);
/* Blocks until one ends or none is active. For scripts and tests. */
void bn_jobs_wait(bn_jobs *j);

/* Newest first. False past the end, or for an id that was removed. */
bool bn_jobs_get(bn_jobs *j, size_t i, bn_job_info *out);
bool bn_jobs_find(bn_jobs *j, uint64_t id, bn_job_info *out);
/* Increases whenever the list changes: a job added, removed, or in another state. */
uint64_t bn_jobs_generation(bn_jobs *j);
/* The result as a reference of yours (bn_page_free), or NULL. */
bn_page *bn_jobs_result(bn_jobs *j, uint64_t id);
/* Opens a view of the result with the spec's open. BN_ENOTFOUND if there is none. */
int bn_jobs_open(bn_view **out, bn_jobs *j, uint64_t id, bn_frame *f, bn_err *err);
void bn_jobs_mark_read(bn_jobs *j, uint64_t id);
/* Removes an ended job from the list. */
void bn_jobs_forget(bn_jobs *j, uint64_t id);
/* Appends the log, one line per entry; returns the number of lines. */
size_t bn_jobs_log(bn_jobs *j, uint64_t id, bn_buf *out);
/* The last line of the log, or "". */
void bn_jobs_summary(bn_jobs *j, uint64_t id, char *out, size_t size);

#endif
