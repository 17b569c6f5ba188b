/* work.c - see work.h. */
#include "tui/ui/_work.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void bn_job_init(bn_job *job)
{
	atomic_init(&job->cancelled, false);
	atomic_init(&job->done, 0);
	atomic_init(&job->total, 0);
	pthread_mutex_init(&job->lock, NULL);
	job->what[0] = '\0';
	job->unit = NULL;
	job->lines = NULL;
	job->line_count = 0;
}

void bn_job_release(bn_job *job)
{
	for (size_t i = 0; job->lines && i < BN_JOB_LOG_LINES; i++)
		bn_free(job->lines[i]);
	bn_free(job->lines);
	pthread_mutex_destroy(&job->lock);
}

bool bn_job_is_cancelled(const bn_job *job)
{
	return job && atomic_load(&job->cancelled);
}

void bn_job_progress(bn_job *job, int64_t done, int64_t total)
{
	if (!job)
		return;
	atomic_store(&job->done, done);
	atomic_store(&job->total, total);
}

void bn_job_step(bn_job *job, const char *what, const char *unit, int64_t done, int64_t total)
{
	if (!job)
		return;
	pthread_mutex_lock(&job->lock);
	bool same = !strcmp(job->what, what) && atomic_load(&job->total) == total;
	int64_t before = atomic_load(&job->done);
	snprintf(job->what, sizeof job->what, "%s", what);
	job->unit = unit;
	bn_job_progress(job, same && before > done ? before : done, total);
	pthread_mutex_unlock(&job->lock);
}

void bn_job_log(bn_job *job, const char *fmt, ...)
{
	bn_buf line = BN_BUF_INIT;
	va_list ap;
	if (!job)
		return;
	va_start(ap, fmt);
	bn_buf_vaddf(&line, fmt, ap);
	va_end(ap);
	char *text = bn_buf_take(&line, NULL);
	pthread_mutex_lock(&job->lock);
	if (!job->lines)
		job->lines = bn_alloc_zeroed(BN_JOB_LOG_LINES, sizeof *job->lines);
	if (job->lines && text) {
		char **at = &job->lines[job->line_count++ % BN_JOB_LOG_LINES];
		bn_free(*at);
		*at = text;
		text = NULL;
	}
	pthread_mutex_unlock(&job->lock);
	bn_free(text);
}

static bool watch_report(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_job_step(ctx, what, NULL, (int64_t)done, (int64_t)total);
	return !bn_job_is_cancelled(ctx);
}

bn_progress bn_job_watch(bn_job *job)
{
	return (bn_progress){watch_report, job};
}
