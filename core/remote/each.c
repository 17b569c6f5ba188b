/* each.c - see each.h. */
#include "core/remote/each.h"

#include "core/base/mem.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define TICK_NS 100000000 /* between two calls of progress */

typedef struct crowd {
	const bn_remote_work *work;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	size_t next, finished, running; /* running: threads */
	uint64_t bytes;                 /* of finished and running tasks */
	bool stop;
	size_t failed; /* the lowest number; work->count: none */
	bn_err why;
} crowd;

typedef struct hand {
	crowd *crowd;
	bn_remote_store *s;
	bool own;         /* the store is this thread's to close */
	uint64_t counted; /* bytes of the running task */
	pthread_t thread;
} hand;

/* Of a task: counts its bytes, and passes on that it is to stop. */
static bool count_bytes(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	hand *h = ctx;
	crowd *c = h->crowd;
	(void)what;
	(void)total;
	pthread_mutex_lock(&c->lock);
	c->bytes += done - h->counted; /* may fall when a request is repeated */
	h->counted = done;
	bool go_on = !c->stop;
	pthread_mutex_unlock(&c->lock);
	return go_on;
}

/* Takes the next number; false when there is none. */
static bool take(crowd *c, size_t *i)
{
	pthread_mutex_lock(&c->lock);
	bool some = !c->stop && c->next < c->work->count;
	if (some)
		*i = c->next++;
	pthread_mutex_unlock(&c->lock);
	return some;
}

static void finish(crowd *c, size_t i, bn_err *why)
{
	pthread_mutex_lock(&c->lock);
	c->finished++;
	/* One that was told to stop is not the reason. */
	if (why->code && !(why->code == BN_EINTR && c->stop) && i < c->failed) {
		c->failed = i;
		c->why = *why;
	}
	if (why->code)
		c->stop = true;
	pthread_mutex_unlock(&c->lock);
}

static void *work_on(void *arg)
{
	hand *h = arg;
	crowd *c = h->crowd;
	bn_progress progress = {count_bytes, h};
	size_t i = 0;
	while (take(c, &i)) {
		bn_err why = BN_ERR_INIT;
		h->counted = 0;
		int rc = c->work->task(c->work->ctx, h->s, i, &progress, &why);
		if (rc < 0 && !why.code)
			why.code = rc;
		finish(c, i, &why);
	}
	pthread_mutex_lock(&c->lock);
	c->running--;
	pthread_cond_signal(&c->ended);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Until the last thread has ended. */
static int watch(crowd *c, const bn_progress *progress, bn_err *err)
{
	int rc = 0;
	pthread_mutex_lock(&c->lock);
	while (c->running) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&c->ended, &c->lock, &until);
		uint64_t total = c->work->total_bytes ? c->work->total_bytes : c->work->count;
		uint64_t done = c->work->total_bytes ? c->bytes : c->finished;
		pthread_mutex_unlock(&c->lock);
		if (rc == BN_OK)
			rc = bn_progress_step(
				progress, c->work->what, done < total ? done : total, total, err);
		pthread_mutex_lock(&c->lock);
		if (rc < 0)
			c->stop = true;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static size_t hands_for(const bn_remote_work *work)
{
	size_t n = work->at_once ? work->at_once : BN_REMOTE_AT_ONCE;
	n = n < BN_REMOTE_AT_ONCE_MAX ? n : BN_REMOTE_AT_ONCE_MAX;
	return n < work->count ? n : work->count;
}

/* Opens stores and starts threads, as many as there can be: one is enough. */
static size_t start(crowd *c, hand *hands, size_t n, bn_remote_store *s, bn_err *err)
{
	size_t started = 0;
	for (size_t i = 0; i < n; i++) {
		hand *h = &hands[i];
		h->crowd = c;
		h->s = s;
		h->own = i > 0;
		if (h->own && bn_remote_store_again(&h->s, s, NULL) < 0) {
			h->own = false;
			break;
		}
		pthread_mutex_lock(&c->lock);
		c->running++;
		pthread_mutex_unlock(&c->lock);
		if (pthread_create(&h->thread, NULL, work_on, h)) {
			pthread_mutex_lock(&c->lock);
			c->running--;
			pthread_mutex_unlock(&c->lock);
			if (h->own)
				bn_remote_store_close(h->s);
			break;
		}
		started++;
	}
	if (!started)
		bn_err_set(err, BN_EIO, "cannot start a thread");
	return started;
}

int bn_remote_each(
	bn_remote_store *s, const bn_remote_work *work, const bn_progress *progress, bn_err *err)
{
	crowd c = {.work = work, .failed = work->count, .why = BN_ERR_INIT};
	pthread_condattr_t attr;
	size_t n = hands_for(work), started;
	if (!work->count)
		return 0;
	hand *hands = bn_alloc_zeroed(n, sizeof *hands);
	if (!hands)
		return bn_err_nomem(err, "threads of a remote");
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.ended, &attr);
	pthread_condattr_destroy(&attr);
	started = start(&c, hands, n, s, err);
	int rc = started ? watch(&c, progress, err) : BN_EIO;
	for (size_t i = 0; i < started; i++) {
		pthread_join(hands[i].thread, NULL);
		if (hands[i].own)
			bn_remote_store_close(hands[i].s);
	}
	if (rc == BN_OK && c.why.code)
		rc = bn_err_move(err, &c.why);
	pthread_cond_destroy(&c.ended);
	pthread_mutex_destroy(&c.lock);
	bn_free(hands);
	return rc;
}
