/*
 * page.h - data for the screen: immutable pages made by worker threads.
 *
 * The UI thread never accesses SQLite, the store or a file of the workspace (on Lustre or NFS any
 * stat may take a second). It submits a job; a worker runs it and fills a page; the UI takes the
 * page and from then on only reads it.
 *
 * 	UI thread            worker of a lane
 * 	submit(job) -------> fn(context of the lane, job argument, page)
 * 	take() <------------ page, sealed
 *
 * Lanes: each is one thread with one context (one open workspace: an object belongs to one thread)
 * and a FIFO queue. Lane QUICK reads the index, in milliseconds; lane SCAN reads tables and may
 * take minutes, so it never delays the other.
 *
 * Invariants: a page is written only by its worker until it is done, and never afterwards; a job is
 * freed exactly once whether it ran, was cancelled or never started; busy() counts jobs submitted
 * whose pages were not taken yet, so busy() == 0 means that the screen shows everything.
 */
#ifndef BN_TUI_UI_PAGE_H
#define BN_TUI_UI_PAGE_H
#include "core/base/err.h"
#include "core/base/mem.h"
#include "tui/ui/work.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum bn_lane {
	BN_LANE_QUICK,
	BN_LANE_SCAN,
	BN_LANE_COUNT,
	BN_LANE_JOB = BN_LANE_COUNT, /* not a lane of a loader: a worker of jobs (tui/ui/job.h) */
} bn_lane;

typedef struct bn_page {
	bn_arena arena;              /* for memory that fn allocates */
	void *data;                  /* what fn made, if it succeeded; its type follows from kind */
	void (*release)(void *data); /* if data is allocated elsewhere; NULL otherwise */
	int kind;                    /* as given to submit */
	uint64_t owner;              /* as given to submit */
	uint64_t serial; /* increases with each submit of this loader: older pages may be dropped */
	int refs;        /* private: more than one if a job's result is shown twice */
	bn_err err;      /* set if fn failed; data is NULL then */
} bn_page;

bn_page *bn_page_new(uint64_t owner, int kind); /* NULL if out of memory */
/* Adds a reference, to show a page in another view too. UI thread only. */
bn_page *bn_page_ref(bn_page *p);
void bn_page_free(bn_page *p); /* releases a reference */

/* Fills page->data from page->arena. Runs on the lane's thread with that lane's context. */
typedef int (*bn_page_fn)(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);

typedef struct bn_loader_hooks {
	/* Opens the context of a lane's jobs, on that lane's thread, before its first job. */
	int (*open)(void **context, bn_lane lane, void *user, bn_err *err);
	void (*close)(void *context, bn_lane lane, void *user);
	void (*wake)(void *user); /* a page is ready; called from workers */
	void *user;
} bn_loader_hooks;

typedef struct bn_loader bn_loader;

int bn_loader_new(bn_loader **out, const bn_loader_hooks *hooks, bn_err *err);
/* Cancels running jobs, waits for the workers, closes their contexts. */
void bn_loader_free(bn_loader *l);

/* arg is copied (arg_bytes). Returns the serial, or 0 if out of memory. */
uint64_t bn_loader_submit(bn_loader *l, bn_lane lane, uint64_t owner, int kind, bn_page_fn fn,
	const void *arg, size_t arg_bytes);
/* Drops queued jobs of owner and cancels running ones; their pages never arrive. kind < 0: all.
 * Returns the number of pages that will not come. */
int bn_loader_cancel(bn_loader *l, uint64_t owner, int kind);
/* The next finished page, yours, or NULL. */
bn_page *bn_loader_take(bn_loader *l);
int bn_loader_busy(bn_loader *l);
/* Blocks until a page can be taken or no job is active. For scripts and tests. */
void bn_loader_wait(bn_loader *l);
/* Progress of a running job that reported any: false if there is none. */
bool bn_loader_progress(bn_loader *l, int64_t *done, int64_t *total);

#endif
