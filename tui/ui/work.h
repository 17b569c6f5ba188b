/*
 * work.h - the handle by which work on another thread says how far it is, and learns that it shall stop.
 *
 * Every function that makes a page gets one (page.h), whether its result is waited for by a screen or is
 * that of a job (job.h). The side of whoever asked is there. NULL is fine everywhere: nobody asks.
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

/* Long work asks every fraction of a second, and returns BN_EINTR when it is true. */
bool bn_job_is_cancelled(const bn_job *job);
void bn_job_progress(bn_job *job, int64_t done, int64_t total); /* total 0: unknown */
/* A word or two on what is being done ("reading"), and how far that is. unit: of done and total, "B" or a
 * word ("rows"), borrowed for ever; NULL: none. Within one step (what and total stay) it never goes back: threads
 * report out of order, and a file whose types turn out otherwise is read again from its beginning. */
void bn_job_step(bn_job *job, const char *what, const char *unit, int64_t done, int64_t total);
/* One line of the log. The last one is the summary that is shown when the job is done. */
void bn_job_log(bn_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for functions of core that take a bn_progress. */
bn_progress bn_job_watch(bn_job *job);

#endif
