/* job.c - see job.h. One mutex guards the list and the states; jobs are few and long. */
#include "tui/ui/job.h"

#include "core/base/mem.h"
#include "tui/ui/_work.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- the list -------------------------------------------------------------------------------- */

typedef struct entry {
	struct entry *next; /* newer first */
	uint64_t id;
	char *title;
	bn_page_fn fn;
	int (*open)(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err);
	bn_job_state state; /* of the worker's view: WAITS, RUNS, or its final state */
	bool noted;         /* its end was returned (bn_jobs_take_ended) */
	bool unread;
	int64_t asked_ms, started_ms, ended_ms;
	uint64_t order; /* order in which they ended */
	bn_page *page;
	bn_job job;
	size_t arg_bytes;
	char arg[];
} entry;

typedef struct worker {
	bn_jobs *jobs;
	pthread_t thread;
	bool started, is_open;
	void *context;
} worker;

struct bn_jobs {
	bn_loader_hooks hooks;
	pthread_mutex_t mutex;
	pthread_cond_t work, ended;
	worker workers[BN_JOBS_AT_ONCE];
	entry *first;
	uint64_t next_id, ended_count, generation;
	int busy; /* workers at work */
	bool stopping;
	bool changed; /* since the last pump */
};

const char *bn_job_state_name(bn_job_state s)
{
	static const char *const names[] = {
		"waits", "runs", "stopping", "done", "failed", "stopped"};
	return names[s];
}

static bool is_active(const entry *e)
{
	return e->state == BN_JOB_WAITS || e->state == BN_JOB_RUNS;
}

static void entry_free(entry *e)
{
	bn_page_free(e->page);
	bn_job_release(&e->job);
	bn_free(e->title);
	bn_free(e);
}

static entry *entry_find(bn_jobs *j, uint64_t id)
{
	entry *e = j->first;
	while (e && e->id != id)
		e = e->next;
	return e;
}

static void entry_end(bn_jobs *j, entry *e, bn_job_state state)
{
	e->state = state;
	e->order = ++j->ended_count;
	e->unread = state != BN_JOB_STOPPED;
	j->generation++;
	j->changed = true;
	pthread_cond_broadcast(&j->ended);
}

/* ---- workers --------------------------------------------------------------------------------- */

static int entry_run(worker *w, entry *e)
{
	bn_page *p = e->page;
	const bn_loader_hooks *h = &w->jobs->hooks;
	int rc = 0;
	if (!w->is_open && h->open)
		rc = h->open(&w->context, BN_LANE_JOB, h->user, &p->err);
	w->is_open = rc == 0;
	if (!rc)
		rc = e->fn(w->context, e->arg, p, &e->job, &p->err);
	if (rc && !p->err.code)
		bn_err_set(&p->err, rc, "%s", bn_code_name(rc));
	return rc;
}

/* The job that has waited longest. */
static entry *entry_next(bn_jobs *j)
{
	entry *oldest = NULL;
	for (entry *e = j->first; e; e = e->next)
		if (e->state == BN_JOB_WAITS)
			oldest = e;
	return oldest;
}

static void *worker_main(void *arg)
{
	worker *w = arg;
	bn_jobs *j = w->jobs;
	entry *e;
	pthread_mutex_lock(&j->mutex);
	while (true) {
		while (!j->stopping && !(e = entry_next(j)))
			pthread_cond_wait(&j->work, &j->mutex);
		if (j->stopping)
			break;
		e->state = BN_JOB_RUNS;
		j->generation++;
		j->changed = true;
		j->busy++;
		pthread_mutex_unlock(&j->mutex);
		int rc = entry_run(w, e);
		pthread_mutex_lock(&j->mutex);
		j->busy--;
		bn_job_state not_done =
			bn_job_is_cancelled(&e->job) ? BN_JOB_STOPPED : BN_JOB_FAILED;
		entry_end(j, e, rc ? not_done : BN_JOB_DONE);
		if (j->hooks.wake)
			j->hooks.wake(j->hooks.user);
	}
	pthread_mutex_unlock(&j->mutex);
	if (w->is_open && j->hooks.close)
		j->hooks.close(w->context, BN_LANE_JOB, j->hooks.user);
	return NULL;
}

/* Signals belong to the UI thread. */
static int worker_start(worker *w)
{
	sigset_t all, old;
	if (w->started)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&w->thread, NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	w->started = rc == 0;
	return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

int bn_jobs_new(bn_jobs **out, const bn_loader_hooks *hooks, bn_err *err)
{
	pthread_condattr_t attr;
	bn_jobs *j = bn_alloc_zeroed(1, sizeof *j);
	if (!j)
		return bn_err_nomem(err, "the list of jobs");
	j->hooks = *hooks;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&j->mutex, NULL);
	pthread_cond_init(&j->work, NULL);
	pthread_cond_init(&j->ended, &attr);
	pthread_condattr_destroy(&attr);
	for (int i = 0; i < BN_JOBS_AT_ONCE; i++)
		j->workers[i].jobs = j;
	*out = j;
	return 0;
}

static void cancel_all(bn_jobs *j)
{
	for (entry *e = j->first; e; e = e->next) {
		atomic_store(&e->job.cancelled, true);
		if (e->state == BN_JOB_WAITS)
			entry_end(j, e, BN_JOB_STOPPED);
	}
}

bool bn_jobs_stop(bn_jobs *j, int timeout_ms)
{
	struct timespec until;
	int rc = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&j->mutex);
	cancel_all(j);
	while (j->busy && rc == 0)
		rc = pthread_cond_timedwait(&j->ended, &j->mutex, &until);
	bool stopped = j->busy == 0;
	pthread_mutex_unlock(&j->mutex);
	return stopped;
}

void bn_jobs_free(bn_jobs *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->mutex);
	cancel_all(j);
	j->stopping = true;
	pthread_cond_broadcast(&j->work);
	pthread_mutex_unlock(&j->mutex);
	for (int i = 0; i < BN_JOBS_AT_ONCE; i++)
		if (j->workers[i].started)
			pthread_join(j->workers[i].thread, NULL);
	while (j->first) {
		entry *next = j->first->next;
		entry_free(j->first);
		j->first = next;
	}
	pthread_cond_destroy(&j->work);
	pthread_cond_destroy(&j->ended);
	pthread_mutex_destroy(&j->mutex);
	bn_free(j);
}

/* ---- starting and stopping ------------------------------------------------------------------- */

static entry *entry_new(const bn_job_spec *spec, int64_t now_ms)
{
	entry *e = bn_alloc_zeroed(1, sizeof *e + spec->arg_bytes);
	if (!e)
		return NULL;
	bn_job_init(&e->job);
	e->title = bn_strdup(spec->title);
	e->page = bn_page_new(0, spec->kind);
	if (!e->title || !e->page) {
		entry_free(e);
		return NULL;
	}
	if (spec->arg_bytes)
		memcpy(e->arg, spec->arg, spec->arg_bytes);
	e->arg_bytes = spec->arg_bytes;
	e->fn = spec->fn;
	e->open = spec->open;
	e->state = BN_JOB_WAITS;
	e->asked_ms = now_ms;
	return e;
}

static bool is_same(const entry *e, const bn_job_spec *s)
{
	return is_active(e) && !bn_job_is_cancelled(&e->job) && e->fn == s->fn &&
	       e->arg_bytes == s->arg_bytes && strcmp(e->title, s->title) == 0 &&
	       (!s->arg_bytes || memcmp(e->arg, s->arg, s->arg_bytes) == 0);
}

/* The link to the entry to remove: an ended one, preferably one that was read, the oldest of
 * those. */
static entry **entry_to_drop(bn_jobs *j)
{
	entry **drop = NULL;
	for (entry **at = &j->first; *at; at = &(*at)->next)
		if (!is_active(*at) && (!drop || !(*at)->unread || (*drop)->unread))
			drop = at;
	return drop;
}

static void keep_few(bn_jobs *j)
{
	size_t ended = 0;
	for (const entry *e = j->first; e; e = e->next)
		ended += !is_active(e);
	for (; ended > BN_JOBS_KEPT; ended--) {
		entry **at = entry_to_drop(j), *e = *at;
		*at = e->next;
		entry_free(e);
	}
}

uint64_t bn_jobs_start(bn_jobs *j, const bn_job_spec *spec, int64_t now_ms, bn_err *err)
{
	uint64_t id = 0;
	pthread_mutex_lock(&j->mutex);
	entry *e = j->first;
	while (e && !is_same(e, spec))
		e = e->next;
	if (e) {
		id = e->id;
		goto out;
	}
	int rc = worker_start(&j->workers[0]);
	for (int i = 1; rc == 0 && i < BN_JOBS_AT_ONCE; i++)
		worker_start(&j->workers[i]); /* one is enough to continue */
	if (rc) {
		bn_err_sys(err, BN_EIO, rc, "cannot start a worker thread");
		goto out;
	}
	if (!(e = entry_new(spec, now_ms))) {
		bn_err_nomem(err, "a job");
		goto out;
	}
	id = e->id = ++j->next_id;
	e->next = j->first;
	j->first = e;
	keep_few(j);
	j->generation++;
	j->changed = true;
	pthread_cond_broadcast(&j->work);
out:
	pthread_mutex_unlock(&j->mutex);
	return id;
}

bool bn_jobs_cancel(bn_jobs *j, uint64_t id)
{
	pthread_mutex_lock(&j->mutex);
	entry *e = entry_find(j, id);
	bool active = e && is_active(e);
	if (active) {
		atomic_store(&e->job.cancelled, true);
		if (e->state == BN_JOB_WAITS)
			entry_end(j, e, BN_JOB_STOPPED);
		j->generation++;
		j->changed = true;
	}
	pthread_mutex_unlock(&j->mutex);
	return active;
}

/* ---- queries --------------------------------------------------------------------------------- */

bool bn_jobs_pump(bn_jobs *j, int64_t now_ms)
{
	pthread_mutex_lock(&j->mutex);
	for (entry *e = j->first; e; e = e->next) {
		if (e->state != BN_JOB_WAITS && !e->started_ms)
			e->started_ms = now_ms;
		if (!is_active(e) && !e->ended_ms)
			e->ended_ms = now_ms;
	}
	bool changed = j->changed;
	j->changed = false;
	pthread_mutex_unlock(&j->mutex);
	return changed;
}

uint64_t bn_jobs_take_ended(bn_jobs *j)
{
	entry *first = NULL;
	pthread_mutex_lock(&j->mutex);
	for (entry *e = j->first; e; e = e->next)
		if (!is_active(e) && !e->noted && (!first || e->order < first->order))
			first = e;
	if (first)
		first->noted = true;
	uint64_t id = first ? first->id : 0;
	pthread_mutex_unlock(&j->mutex);
	return id;
}

static int active_count(const bn_jobs *j)
{
	int n = 0;
	for (const entry *e = j->first; e; e = e->next)
		n += is_active(e);
	return n;
}

int bn_jobs_active(bn_jobs *j)
{
	pthread_mutex_lock(&j->mutex);
	int n = active_count(j);
	pthread_mutex_unlock(&j->mutex);
	return n;
}

void bn_jobs_wait(bn_jobs *j)
{
	pthread_mutex_lock(&j->mutex);
	uint64_t before = j->ended_count;
	while (active_count(j) > 0 && j->ended_count == before)
		pthread_cond_wait(&j->ended, &j->mutex);
	pthread_mutex_unlock(&j->mutex);
}

static void info_fill(bn_job_info *out, entry *e)
{
	bool stopping = e->state == BN_JOB_RUNS && bn_job_is_cancelled(&e->job);
	*out = (bn_job_info){.id = e->id,
		.title = e->title,
		.state = stopping ? BN_JOB_STOPPING : e->state,
		.done = atomic_load(&e->job.done),
		.total = atomic_load(&e->job.total),
		.asked_ms = e->asked_ms,
		.started_ms = e->started_ms,
		.ended_ms = e->ended_ms,
		.unread = e->unread,
		.opens = e->state == BN_JOB_DONE && e->open};
	if (e->state == BN_JOB_FAILED)
		out->err = e->page->err;
	pthread_mutex_lock(&e->job.lock);
	memcpy(out->what, e->job.what, sizeof out->what);
	out->unit = e->job.unit;
	pthread_mutex_unlock(&e->job.lock);
}

bool bn_jobs_get(bn_jobs *j, size_t i, bn_job_info *out)
{
	pthread_mutex_lock(&j->mutex);
	entry *e = j->first;
	while (e && i--)
		e = e->next;
	if (e)
		info_fill(out, e);
	pthread_mutex_unlock(&j->mutex);
	return e != NULL;
}

bool bn_jobs_find(bn_jobs *j, uint64_t id, bn_job_info *out)
{
	pthread_mutex_lock(&j->mutex);
	entry *e = entry_find(j, id);
	if (e)
		info_fill(out, e);
	pthread_mutex_unlock(&j->mutex);
	return e != NULL;
}

uint64_t bn_jobs_generation(bn_jobs *j)
{
	pthread_mutex_lock(&j->mutex);
	uint64_t generation = j->generation;
	pthread_mutex_unlock(&j->mutex);
	return generation;
}

bn_page *bn_jobs_result(bn_jobs *j, uint64_t id)
{
	pthread_mutex_lock(&j->mutex);
	const entry *e = entry_find(j, id);
	bn_page *p = e && e->state == BN_JOB_DONE ? bn_page_ref(e->page) : NULL;
	pthread_mutex_unlock(&j->mutex);
	return p;
}

int bn_jobs_open(bn_view **out, bn_jobs *j, uint64_t id, bn_frame *f, bn_err *err)
{
	pthread_mutex_lock(&j->mutex);
	const entry *e = entry_find(j, id);
	bool opens = e && e->state == BN_JOB_DONE && e->open;
	pthread_mutex_unlock(&j->mutex);
	if (!opens) /* an ended job does not change, and only this thread removes it */
		return bn_err_set(err, BN_ENOTFOUND, "this job has no result to open");
	return e->open(out, f, e->page, e->arg, err);
}

void bn_jobs_mark_read(bn_jobs *j, uint64_t id)
{
	pthread_mutex_lock(&j->mutex);
	entry *e = entry_find(j, id);
	if (e && e->unread) {
		e->unread = false;
		j->generation++;
		j->changed = true;
	}
	pthread_mutex_unlock(&j->mutex);
}

void bn_jobs_forget(bn_jobs *j, uint64_t id)
{
	pthread_mutex_lock(&j->mutex);
	for (entry **at = &j->first; *at; at = &(*at)->next) {
		entry *e = *at;
		if (e->id != id || is_active(e))
			continue;
		*at = e->next;
		entry_free(e);
		j->generation++;
		j->changed = true;
		break;
	}
	pthread_mutex_unlock(&j->mutex);
}

size_t bn_jobs_log(bn_jobs *j, uint64_t id, bn_buf *out)
{
	size_t n = 0;
	pthread_mutex_lock(&j->mutex);
	entry *e = entry_find(j, id);
	if (e) {
		bn_job *job = &e->job;
		pthread_mutex_lock(&job->lock);
		n = job->line_count < BN_JOB_LOG_LINES ? job->line_count : BN_JOB_LOG_LINES;
		for (size_t i = job->line_count - n; i < job->line_count; i++)
			bn_buf_addf(out, "%s\n", job->lines[i % BN_JOB_LOG_LINES]);
		pthread_mutex_unlock(&job->lock);
	}
	pthread_mutex_unlock(&j->mutex);
	return n;
}

void bn_jobs_summary(bn_jobs *j, uint64_t id, char *out, size_t size)
{
	out[0] = '\0';
	pthread_mutex_lock(&j->mutex);
	entry *e = entry_find(j, id);
	if (e) {
		bn_job *job = &e->job;
		pthread_mutex_lock(&job->lock);
		if (job->line_count)
			snprintf(out, size, "%s",
				job->lines[(job->line_count - 1) % BN_JOB_LOG_LINES]);
		pthread_mutex_unlock(&job->lock);
	}
	pthread_mutex_unlock(&j->mutex);
}
