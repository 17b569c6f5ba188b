/* page.c - see page.h. One mutex guards both queues; jobs are few and large, so it is never hot. */
#include "tui/ui/page.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

struct bn_job {
	bn_job *next;
	bn_page_fn fn;
	bn_page *page;
	bool discard; /* guarded by the mutex: do not deliver */
	atomic_bool cancelled;
	_Atomic int64_t done, total;
	char arg[];
};

typedef struct lane {
	bn_loader *loader;
	bn_lane id;
	pthread_t thread;
	bool started;
	bn_job *first, *last; /* queue */
	bn_job *running;
	void *context;
	bool is_open;
} lane;

struct bn_loader {
	bn_loader_hooks hooks;
	pthread_mutex_t mutex;
	pthread_cond_t work, idle;
	lane lanes[BN_LANE_COUNT];
	bn_job *ready_first, *ready_last;
	int busy;
	uint64_t serial;
	bool stopping;
};

void bn_page_free(bn_page *p)
{
	if (!p)
		return;
	if (p->release && p->data)
		p->release(p->data);
	bn_arena_release(&p->arena);
	bn_free(p);
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

static void job_free(bn_job *job)
{
	bn_page_free(job->page);
	bn_free(job);
}

static void job_run(lane *ln, bn_job *job)
{
	bn_page *p = job->page;
	int rc = 0;
	if (!ln->is_open && ln->loader->hooks.open)
		rc = ln->loader->hooks.open(&ln->context, ln->id, ln->loader->hooks.user, &p->err);
	ln->is_open = rc == 0;
	if (!rc)
		rc = job->fn(ln->context, job->arg, p, job, &p->err);
	if (rc) {
		if (!p->err.code)
			bn_err_set(&p->err, rc, "%s", bn_code_name(rc));
		p->data = NULL;
	}
}

static void *lane_main(void *arg)
{
	lane *ln = arg;
	bn_loader *l = ln->loader;
	pthread_mutex_lock(&l->mutex);
	while (true) {
		while (!ln->first && !l->stopping)
			pthread_cond_wait(&l->work, &l->mutex);
		if (l->stopping)
			break;
		bn_job *job = ln->first;
		ln->first = job->next;
		if (!ln->first)
			ln->last = NULL;
		job->next = NULL;
		ln->running = job;
		pthread_mutex_unlock(&l->mutex);
		job_run(ln, job);
		pthread_mutex_lock(&l->mutex);
		ln->running = NULL;
		if (job->discard) {
			l->busy--;
			job_free(job);
		} else if (l->ready_last) {
			l->ready_last = l->ready_last->next = job;
		} else {
			l->ready_first = l->ready_last = job;
		}
		pthread_cond_broadcast(&l->idle);
		if (l->hooks.wake)
			l->hooks.wake(l->hooks.user);
	}
	pthread_mutex_unlock(&l->mutex);
	if (ln->is_open && l->hooks.close)
		l->hooks.close(ln->context, ln->id, l->hooks.user);
	return NULL;
}

/* Signals belong to the UI thread, which turns them into a wake-up. */
static int lane_start(lane *ln)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&ln->thread, NULL, lane_main, ln);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ln->started = rc == 0;
	return rc;
}

int bn_loader_new(bn_loader **out, const bn_loader_hooks *hooks, bn_err *err)
{
	bn_loader *l = bn_alloc_zeroed(1, sizeof *l);
	if (!l)
		return bn_err_nomem(err, "the loader");
	l->hooks = *hooks;
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->work, NULL);
	pthread_cond_init(&l->idle, NULL);
	for (int i = 0; i < BN_LANE_COUNT; i++) {
		l->lanes[i].loader = l;
		l->lanes[i].id = (bn_lane)i;
	}
	for (int i = 0; i < BN_LANE_COUNT; i++) {
		int rc = lane_start(&l->lanes[i]);
		if (rc) {
			bn_loader_free(l);
			return bn_err_sys(err, BN_EIO, rc, "cannot start a worker thread");
		}
	}
	*out = l;
	return 0;
}

static void queue_free(bn_job *job)
{
	while (job) {
		bn_job *next = job->next;
		job_free(job);
		job = next;
	}
}

static void loader_stop(bn_loader *l)
{
	pthread_mutex_lock(&l->mutex);
	l->stopping = true;
	for (int i = 0; i < BN_LANE_COUNT; i++)
		if (l->lanes[i].running)
			atomic_store(&l->lanes[i].running->cancelled, true);
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->mutex);
}

void bn_loader_free(bn_loader *l)
{
	if (!l)
		return;
	loader_stop(l);
	for (int i = 0; i < BN_LANE_COUNT; i++)
		if (l->lanes[i].started)
			pthread_join(l->lanes[i].thread, NULL);
	for (int i = 0; i < BN_LANE_COUNT; i++)
		queue_free(l->lanes[i].first);
	queue_free(l->ready_first);
	pthread_cond_destroy(&l->idle);
	pthread_cond_destroy(&l->work);
	pthread_mutex_destroy(&l->mutex);
	bn_free(l);
}

uint64_t bn_loader_submit(bn_loader *l, bn_lane lane_id, uint64_t owner, int kind, bn_page_fn fn,
	const void *arg, size_t arg_bytes)
{
	bn_job *job = bn_alloc_zeroed(1, sizeof *job + arg_bytes);
	bn_page *page = bn_alloc_zeroed(1, sizeof *page);
	lane *ln = &l->lanes[lane_id];
	if (!job || !page) {
		bn_free(job);
		bn_free(page);
		return 0;
	}
	if (arg_bytes)
		memcpy(job->arg, arg, arg_bytes);
	job->fn = fn;
	job->page = page;
	page->owner = owner;
	page->kind = kind;
	pthread_mutex_lock(&l->mutex);
	uint64_t serial = page->serial = ++l->serial;
	l->busy++;
	if (ln->last)
		ln->last = ln->last->next = job;
	else
		ln->first = ln->last = job;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->mutex);
	return serial;
}

static bool job_is_of(const bn_job *job, uint64_t owner, int kind)
{
	return job->page->owner == owner && (kind < 0 || job->page->kind == kind);
}

/* Unlinks and frees matching jobs of a queue; returns how many. */
static int queue_drop(bn_job **first, bn_job **last, uint64_t owner, int kind)
{
	int dropped = 0;
	bn_job **at = first;
	*last = NULL;
	while (*at) {
		bn_job *job = *at;
		if (job_is_of(job, owner, kind)) {
			*at = job->next;
			job_free(job);
			dropped++;
		} else {
			*last = job;
			at = &job->next;
		}
	}
	return dropped;
}

int bn_loader_cancel(bn_loader *l, uint64_t owner, int kind)
{
	int dropped = 0, stopped = 0;
	pthread_mutex_lock(&l->mutex);
	for (int i = 0; i < BN_LANE_COUNT; i++) {
		lane *ln = &l->lanes[i];
		dropped += queue_drop(&ln->first, &ln->last, owner, kind);
		if (ln->running && !ln->running->discard && job_is_of(ln->running, owner, kind)) {
			stopped++;
			ln->running->discard = true;
			atomic_store(&ln->running->cancelled, true);
		}
	}
	dropped += queue_drop(&l->ready_first, &l->ready_last, owner, kind);
	l->busy -= dropped;
	pthread_cond_broadcast(&l->idle);
	pthread_mutex_unlock(&l->mutex);
	return dropped + stopped;
}

bn_page *bn_loader_take(bn_loader *l)
{
	bn_page *page = NULL;
	pthread_mutex_lock(&l->mutex);
	bn_job *job = l->ready_first;
	if (job) {
		l->ready_first = job->next;
		if (!l->ready_first)
			l->ready_last = NULL;
		l->busy--;
		page = job->page;
		job->page = NULL;
		bn_free(job);
	}
	pthread_mutex_unlock(&l->mutex);
	return page;
}

int bn_loader_busy(bn_loader *l)
{
	pthread_mutex_lock(&l->mutex);
	int busy = l->busy;
	pthread_mutex_unlock(&l->mutex);
	return busy;
}

void bn_loader_wait(bn_loader *l)
{
	pthread_mutex_lock(&l->mutex);
	while (!l->ready_first && l->busy > 0)
		pthread_cond_wait(&l->idle, &l->mutex);
	pthread_mutex_unlock(&l->mutex);
}

bool bn_loader_progress(bn_loader *l, int64_t *done, int64_t *total)
{
	bool any = false;
	pthread_mutex_lock(&l->mutex);
	for (int i = 0; i < BN_LANE_COUNT && !any; i++) {
		bn_job *job = l->lanes[i].running;
		if (job && !job->discard && atomic_load(&job->done) > 0) {
			*done = atomic_load(&job->done);
			*total = atomic_load(&job->total);
			any = true;
		}
	}
	pthread_mutex_unlock(&l->mutex);
	return any;
}
