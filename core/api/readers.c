/*
 * readers.c - the threads that answer from the index, a handle of the workspace each.
 *
 * The index is one file, folded by whoever comes first. A reader looks for news if something was acknowledged since
 * it last looked, or if it has not looked for a while, since other processes write too. Without requests one of them
 * looks now and then, so that the first request after much writing does not have to fold all of it.
 */
#include "core/api/history.h"
#include "core/api/hooks.h"

#include <signal.h>

#define IDLE_MS \
	1000   /* folding more often than writes come costs them more than it saves a reader */
#define FEW 64 /* commits that are folded on the way */
#define OTHERS_NS \
	((int64_t)20 * 1000000) /* how old the view of what other processes wrote may be */

static int look(bn_api_reader *r, bn_err *err)
{
	bn_api *a = r->api;
	uint64_t now = atomic_load(&a->generation);
	int64_t ns = bn_env_monotonic_ns(a->env);
	if (r->seen_ns && r->seen == now && ns - r->seen_ns < OTHERS_NS)
		return 0;
	now = atomic_load(&a->generation);
	int rc = bn_api_refresh(a, r->ws, err);
	if (rc < 0)
		return rc;
	r->seen = now;
	r->seen_ns = bn_env_monotonic_ns(a->env);
	return 0;
}

bool bn_api_reader_run(bn_api_reader *r, bn_api_call *c)
{
	bn_err err = BN_ERR_INIT;
	c->ws = r->ws;
	if (look(r, &err) < 0)
		bn_api_refuse(c, bn_api_error_of(&err), "%s", err.msg);
	c->stamp = atomic_load(&r->api->changes);
	bn_api_run_handler(c);
	if (c->then && !c->fault.code) {
		c->about = c->then;
		return false;
	}
	bn_api_complete(c);
	return true;
}

static void catch_up(bn_api_reader *r)
{
	pthread_mutex_lock(&r->lock);
	if (r->seen != atomic_load(&r->api->generation))
		look(r, NULL);
	pthread_mutex_unlock(&r->lock);
}

/* To the thread that runs c->about after a reader has prepared it. */
static void pass_on(bn_api *a, bn_api_call *c)
{
	if (c->about->place != BN_API_SENDS)
		bn_api_writer_add(a, c);
	else if (!bn_api_hooks_add(a->hooks, c))
		bn_api_complete(c);
}

static void *work(void *user)
{
	bn_api_reader *r = user;
	bool stopped = false;
	while (!stopped) {
		bn_api_call *c = bn_api_queue_take(&r->api->reads, false, IDLE_MS, &stopped);
		if (c) {
			atomic_fetch_sub(&r->api->counters.waiting_reads, 1);
			pthread_mutex_lock(&r->lock);
			bool done = bn_api_reader_run(r, c);
			pthread_mutex_unlock(&r->lock);
			if (!done)
				pass_on(r->api, c);
		} else if (!stopped && r == r->api->readers) {
			catch_up(r);
		}
		if (!c)
			bn_api_history_tidy(r->api->history, bn_env_monotonic_ns(r->api->env));
	}
	return NULL;
}

bool bn_api_readers_try(bn_api *a, bn_api_call *c)
{
	uint64_t now = atomic_load(&a->generation);
	if (c->about->place != BN_API_BRIEF || atomic_load(&a->counters.waiting_reads))
		return false;
	for (size_t i = a->reader_count; i-- > 0;) {
		bn_api_reader *r = &a->readers[i];
		if (pthread_mutex_trylock(&r->lock))
			continue;
		bool may = now - r->seen <= FEW && bn_api_reader_run(r, c);
		pthread_mutex_unlock(&r->lock);
		return may;
	}
	return false;
}

void bn_api_readers_add(bn_api *a, bn_api_call *c)
{
	atomic_fetch_add(&a->counters.waiting_reads, 1);
	bn_api_queue_add(&a->reads, c);
}

int bn_api_readers_start(bn_api *a, bn_err *err)
{
	sigset_t all, old;
	int e = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are handled by the main thread */
	for (size_t i = 0; i < a->reader_count && !e; i++) {
		e = pthread_create(&a->readers[i].thread, NULL, work, &a->readers[i]);
		a->readers[i].is_running = e == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e ? bn_err_sys(err, BN_EIO, e, "cannot start a thread") : 0;
}

void bn_api_readers_stop(bn_api *a)
{
	bn_api_queue_stop(&a->reads);
	for (size_t i = 0; i < a->reader_count; i++) {
		if (a->readers[i].is_running)
			pthread_join(a->readers[i].thread, NULL);
		a->readers[i].is_running = false;
	}
}
