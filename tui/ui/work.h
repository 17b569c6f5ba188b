/*
 * work.h - the handle through which work on another thread reports progress and sees its
 * cancellation.
 *
 * Every function that makes a page gets one (page.h), for a page of a screen and for the result of
 * a job (job.h). The requesting side is there. NULL is fine everywhere: no progress, no
 * cancellation.
 *
 * The functions may be called by any thread; the handle is valid until the work returns.
 */
#ifndef BN_TUI_UI_WORK_H
#define BN_TUI_UI_WORK_H
#include "core/base/progress.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_JOB_LOG_LINES 200 /* the newest ones are kept */

typedef struct bn_job bn_job;

/* Long work calls it several times a second, and returns BN_EINTR if it is true. */
bool bn_job_is_cancelled(const bn_job *job);
void bn_job_progress(bn_job *job, int64_t done, int64_t total); /* total 0: unknown */
/* A word or two on the current step ("reading"), and its progress. unit: of done and total, "B" or
 * a word ("rows"), borrowed, static; NULL: none. Within one step (same what and total) it never
 * decreases: threads report out of order, and a file whose types turn out otherwise is read again
 * from its beginning. */
void bn_job_step(bn_job *job, const char *what, const char *unit, int64_t done, int64_t total);
/* One line of the log. The last one is the summary shown when the job is done. */
void bn_job_log(bn_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same as a bn_progress for functions of core. */
bn_progress bn_job_watch(bn_job *job);

#endif
