/*
 * heavy.c - requests with large bodies, answered by separate threads: parsing 16 MB of JSON takes a third of a
 * second, during which a connection thread could not answer others.
 */
#include "core/base/mem.h"
#include "core/serve/_server.h"

#include <signal.h>
#include <unistd.h>

#define MAX_THREADS 8

struct bn_heavy {
	bn_heavy_answer answer;
	void *user;
	pthread_mutex_t lock; /* of the following */
	pthread_cond_t wake;
	bn_exchange *first, *last; /* in order of arrival */
	bool stop;
	pthread_t threads[MAX_THREADS];
	unsigned count;
};

static bn_exchange *next_of(bn_exchange *x)
{
	bn_admission *a = bn_exchange_state(x);
	return a->next;
}

/* NULL: no more will come. */
static bn_exchange *wait_for_one(bn_heavy *h)
{
	pthread_mutex_lock(&h->lock);
	while (!h->first && !h->stop)
		pthread_cond_wait(&h->wake, &h->lock);
	bn_exchange *x = h->first;
	if (x)
		h->first = next_of(x);
	pthread_mutex_unlock(&h->lock);
	return x;
}

static void *work(void *user)
{
	bn_heavy *h = user;
	bn_exchange *x;
	while ((x = wait_for_one(h)) != NULL) {
		h->answer(h->user, x);
		bn_exchange_finish(x);
	}
	return NULL;
}

static unsigned choose_threads(unsigned wanted)
{
	long cpus = wanted ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);
	if (cpus < 1)
		return 1;
	return cpus > MAX_THREADS ? MAX_THREADS : (unsigned)cpus;
}

int bn_heavy_start(
	bn_heavy **out, unsigned threads, bn_heavy_answer answer, void *user, bn_err *err)
{
	sigset_t all, old;
	int rc = 0;
	bn_heavy *h = bn_alloc_zeroed(1, sizeof *h);
	if (!h)
		return bn_err_nomem(err, "a server");
	h->answer = answer;
	h->user = user;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->wake, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are handled by the main thread */
	threads = choose_threads(threads);
	while (!rc && h->count < threads) {
		rc = pthread_create(&h->threads[h->count], NULL, work, h);
		h->count += rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		bn_heavy_stop(h);
		return bn_err_sys(err, BN_EIO, rc, "cannot start a thread");
	}
	*out = h;
	return 0;
}

void bn_heavy_add(bn_heavy *h, bn_exchange *x)
{
	bn_admission *a = bn_exchange_state(x);
	a->next = NULL;
	pthread_mutex_lock(&h->lock);
	if (h->first)
		((bn_admission *)bn_exchange_state(h->last))->next = x;
	else
		h->first = x;
	h->last = x;
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
}

void bn_heavy_stop(bn_heavy *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->wake);
	pthread_mutex_unlock(&h->lock);
	for (unsigned i = 0; i < h->count; i++)
		pthread_join(h->threads[i], NULL);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->wake);
	bn_free(h);
}
