/* crew.c - see crew.h. */
#include "core/base/crew.h"

#include "core/base/mem.h"

#include <pthread.h>
#include <sched.h>

#define CREW_DEFAULT_MAX 8

typedef struct fan {
	int (*task)(void *ctx, size_t i, bn_err *err);
	void *ctx;
	size_t n, next, running;
	size_t failed; /* the lowest failed task; n: none */
	int rc;
	bn_err err;
} fan;

struct bn_crew {
	pthread_mutex_t lock;
	pthread_cond_t work; /* there may be work, or a request to stop */
	pthread_cond_t done; /* a task or a step has returned */
	pthread_t *threads;
	size_t wanted, started;
	fan *fan; /* in progress, or NULL */
	bool (*step)(void *ctx);
	void *step_ctx;
	size_t steps;   /* under way */
	unsigned wakes; /* calls to bn_crew_wake */
	unsigned idle;  /* value of wakes when a step last found nothing to do */
	bool is_idle;   /* idle is one */
	bool stop;
};

int bn_crew_new(bn_crew **out, size_t threads, bn_err *err)
{
	bn_crew *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c || !(c->threads = bn_alloc_zeroed(threads + 1, sizeof *c->threads))) {
		bn_free(c);
		return bn_err_nomem(err, "threads");
	}
	c->wanted = threads;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	pthread_cond_init(&c->done, NULL);
	*out = c;
	return 0;
}

int bn_crew_new_default(bn_crew **out, bn_err *err)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	n = n > CREW_DEFAULT_MAX ? CREW_DEFAULT_MAX : n;
	return bn_crew_new(out, n > 1 ? (size_t)n : 0, err);
}

size_t bn_crew_threads(const bn_crew *c)
{
	return c ? c->wanted : 0;
}

/* ---- tasks ------------------------------------------------------------------------------------ */

static bool has_task(const fan *f)
{
	return f && f->next < f->n && f->failed == f->n;
}

/* Runs the next task; the lock is held on entry and on return. */
static void do_task(bn_crew *c, fan *f)
{
	bn_err e = BN_ERR_INIT;
	size_t i = f->next++;
	f->running++;
	pthread_mutex_unlock(&c->lock);
	int rc = f->task(f->ctx, i, &e);
	pthread_mutex_lock(&c->lock);
	if (rc < 0 && i < f->failed) {
		f->failed = i;
		f->rc = rc;
		f->err = e;
	}
	f->running--;
}

/* Runs one step of background work, if there may be any. Called with the lock held. */
static bool do_step(bn_crew *c)
{
	if (!c->step || (c->is_idle && c->idle == c->wakes))
		return false;
	bool (*step)(void *ctx) = c->step;
	void *ctx = c->step_ctx;
	unsigned wakes = c->wakes;
	c->steps++;
	pthread_mutex_unlock(&c->lock);
	bool did = step(ctx);
	pthread_mutex_lock(&c->lock);
	c->steps--;
	if (!did) {
		c->is_idle = true;
		c->idle = wakes;
	}
	return true;
}

static void *work(void *arg)
{
	bn_crew *c = arg;
	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		if (has_task(c->fan))
			do_task(c, c->fan);
		else if (!do_step(c)) {
			pthread_cond_wait(&c->work, &c->lock);
			continue;
		}
		pthread_cond_broadcast(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Called with the lock held. */
static void start(bn_crew *c)
{
	while (c->started < c->wanted &&
		pthread_create(&c->threads[c->started], NULL, work, c) == 0)
		c->started++;
	c->wanted = c->started;
}

int bn_crew_fan(
	bn_crew *c, size_t n, int (*task)(void *ctx, size_t i, bn_err *err), void *ctx, bn_err *err)
{
	if (!c || !c->wanted || n < 2) {
		int rc = 0;
		for (size_t i = 0; i < n && rc >= 0; i++)
			rc = task(ctx, i, err);
		return rc < 0 ? rc : 0;
	}
	fan f = {.task = task, .ctx = ctx, .n = n, .failed = n};
	pthread_mutex_lock(&c->lock);
	start(c);
	c->fan = &f;
	pthread_cond_broadcast(&c->work);
	while (has_task(&f))
		do_task(c, &f);
	while (f.running)
		pthread_cond_wait(&c->done, &c->lock);
	c->fan = NULL;
	pthread_mutex_unlock(&c->lock);
	if (f.failed == n)
		return 0;
	bn_err_move(err, &f.err);
	return f.rc;
}

/* ---- ahead ------------------------------------------------------------------------------------ */

void bn_crew_ahead(bn_crew *c, bool (*step)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&c->lock);
	c->step = NULL;
	while (c->steps)
		pthread_cond_wait(&c->done, &c->lock);
	c->step = step;
	c->step_ctx = ctx;
	c->is_idle = false;
	if (step)
		start(c);
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
}

void bn_crew_wake(bn_crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->wakes++;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
}

void bn_crew_free(bn_crew *c)
{
	if (!c)
		return;
	bn_crew_ahead(c, NULL, NULL);
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < c->started; i++)
		pthread_join(c->threads[i], NULL);
	pthread_cond_destroy(&c->work);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	bn_free(c->threads);
	bn_free(c);
}
