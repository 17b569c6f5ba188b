/*
 * hooks.c - the queue of webhooks, and the threads that empty it. See hooks.h.
 *
 * Each webhook with something to send has a line: its deliveries in order, when the first one is due, how often that
 * was tried, and whether a thread is at it. Invariants, under the lock:
 *	H1 a line is there as long as it has deliveries or a thread, and no longer
 *	H2 a thread works on the first delivery of its line, which stays in the line until it is done
 *	H3 waiting and bytes count what is in the lines
 * The threads are started by the first delivery, as most servers have no webhooks.
 */
#include "core/api/hooks.h"

#include "core/base/mem.h"
#include "core/net/exposition.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 4, TESTS_AT_ONCE = 2, TESTS_MOST = 16, HOOK_TRIES = 4, TICK_MS = 250 };
enum { HOOKS_MOST = 1024, HOOKS_OF_ONE = 256, HOOKS_BYTES = 4 << 20 };
#define SECOND_NS ((int64_t)1000000000)
#define MOST_WAIT_MS 60000

typedef struct line {
	struct line *next;
	char webhook[BN_UUID_TEXT];
	bn_api_delivery *first, **end;
	size_t count;
	int tries; /* of the first one */
	int64_t due_ns;
	bool is_busy;
} line;

struct bn_api_hooks {
	bn_api *api;
	char workspace[BN_UUID_TEXT];
	pthread_mutex_t lock;
	pthread_cond_t wake;
	line *lines;
	size_t waiting, bytes;
	bn_api_call *tests, **tests_end;
	size_t test_count, testing;
	pthread_t threads[THREADS];
	size_t thread_count;
	bool hurry, stop;
	int64_t until_ns; /* with stop */
	atomic_uint_fast64_t sent, failed, dropped, retried, lost;
};

/* ---- life ----------------------------------------------------------------------------------- */

int bn_api_hooks_new(struct bn_api_hooks **out, bn_api *a, bn_err *err)
{
	pthread_condattr_t attr;
	struct bn_api_hooks *h = bn_alloc_zeroed(1, sizeof *h);
	if (!h)
		return bn_err_nomem(err, "a server");
	h->api = a;
	h->tests_end = &h->tests;
	memcpy(h->workspace, bn_workspace_id(a->ws), BN_UUID_TEXT - 1);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->wake, &attr);
	pthread_condattr_destroy(&attr);
	*out = h;
	return 0;
}

void bn_api_hooks_free(struct bn_api_hooks *h)
{
	if (!h)
		return;
	while (h->lines) {
		line *l = h->lines;
		h->lines = l->next;
		bn_api_deliveries_free(l->first);
		bn_free(l);
	}
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->wake);
	bn_free(h);
}

void bn_api_hooks_drop(struct bn_api_hooks *h, uint64_t n)
{
	atomic_fetch_add(&h->dropped, n);
}

uint64_t bn_api_hooks_lost(const struct bn_api_hooks *h)
{
	return atomic_load(&h->lost);
}

/* ---- lines, with the lock held -------------------------------------------------------------- */

static line *line_get(struct bn_api_hooks *h, const char *webhook)
{
	line *l = h->lines;
	while (l && strcmp(l->webhook, webhook) != 0)
		l = l->next;
	if (l || !(l = bn_alloc_zeroed(1, sizeof *l)))
		return l;
	memcpy(l->webhook, webhook, sizeof l->webhook);
	l->end = &l->first;
	l->next = h->lines;
	h->lines = l;
	return l;
}

static void line_remove(struct bn_api_hooks *h, line *l)
{
	line **at = &h->lines;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	bn_free(l);
}

/* False: there is no room. d is taken if true. */
static bool line_add(struct bn_api_hooks *h, bn_api_delivery *d)
{
	if (h->stop || h->waiting >= HOOKS_MOST || h->bytes + d->n > HOOKS_BYTES)
		return false;
	line *l = line_get(h, d->webhook);
	if (!l)
		return false;
	if (l->count >= HOOKS_OF_ONE)
		return false;
	if (!l->count)
		l->due_ns = bn_env_monotonic_ns(h->api->env);
	d->next = NULL;
	*l->end = d;
	l->end = &d->next;
	l->count++;
	h->waiting++;
	h->bytes += d->n;
	return true;
}

/* The first delivery of a line is done. */
static void line_shift(struct bn_api_hooks *h, line *l)
{
	bn_api_delivery *d = l->first;
	l->first = d->next;
	if (!l->first)
		l->end = &l->first;
	l->count--;
	h->waiting--;
	h->bytes -= d->n;
	d->next = NULL;
	bn_api_deliveries_free(d);
	l->tries = 0;
	l->due_ns = bn_env_monotonic_ns(h->api->env);
	if (!l->first)
		line_remove(h, l);
}

/* The line that has been due for longest; *wait_ns: until the next one is. */
static line *line_due(struct bn_api_hooks *h, int64_t now_ns, int64_t *wait_ns)
{
	line *found = NULL;
	*wait_ns = TICK_MS * (SECOND_NS / 1000);
	for (line *l = h->lines; l; l = l->next) {
		if (l->is_busy || !l->first)
			continue;
		if (l->due_ns > now_ns) {
			if (l->due_ns - now_ns < *wait_ns)
				*wait_ns = l->due_ns - now_ns;
		} else if (!found || l->due_ns < found->due_ns) {
			found = l;
		}
	}
	return found;
}

/* ---- threads -------------------------------------------------------------------------------- */

static bool is_over(struct bn_api_hooks *h)
{
	pthread_mutex_lock(&h->lock);
	bool over = h->stop && bn_env_monotonic_ns(h->api->env) >= h->until_ns;
	pthread_mutex_unlock(&h->lock);
	return over;
}

typedef struct worker {
	struct bn_api_hooks *h;
	bool is_test;
} worker;

static bool cancelled(void *user)
{
	worker *w = user;
	if (!w->is_test)
		return is_over(w->h);
	pthread_mutex_lock(&w->h->lock);
	bool hurry = w->h->hurry;
	pthread_mutex_unlock(&w->h->lock);
	return hurry;
}

static int64_t backoff_ns(struct bn_api_hooks *h, int tries, const bn_hook_result *r)
{
	uint8_t random = 0;
	int64_t ms = (int64_t)1000 << (tries - 1);
	bn_env_random(h->api->env, &random, 1, NULL);
	if (r->after_ms > ms)
		ms = r->after_ms < MOST_WAIT_MS ? r->after_ms : MOST_WAIT_MS;
	return (ms + ms * random / 1024) * (SECOND_NS / 1000);
}

static bool is_success(const bn_hook_result *r)
{
	return r->status >= 200 && r->status < 300;
}

/* With the lock held, which it gives up while it sends. */
static void deliver(struct bn_api_hooks *h, bn_hook_sender *s, line *l)
{
	bn_hook_result r;
	l->is_busy = true;
	pthread_mutex_unlock(&h->lock);
	bn_hook_send(s, h->workspace, l->first, &r);
	pthread_mutex_lock(&h->lock);
	l->is_busy = false;
	l->tries++;
	if (is_success(&r)) {
		atomic_fetch_add(&h->sent, 1);
	} else if (r.again && l->tries < HOOK_TRIES && !h->stop) {
		l->due_ns = bn_env_monotonic_ns(h->api->env) + backoff_ns(h, l->tries, &r);
		atomic_fetch_add(&h->retried, 1);
		return;
	} else {
		atomic_fetch_add(h->stop ? &h->lost : &h->failed, 1);
	}
	line_shift(h, l);
}

static void answer_test(bn_api_call *c, const bn_hook_result *r)
{
	bn_wire w = bn_api_answer(c);
	bn_wire_open(&w, "result", '{');
	bn_wire_put_bool(&w, "success", is_success(r));
	if (r->status)
		bn_wire_put_int(&w, "response_status", r->status);
	if (r->status && r->text[0])
		bn_wire_put_text(&w, "response_body", r->text);
	if (!r->status)
		bn_wire_put_text(&w, "error_message", r->why.msg);
	bn_wire_close(&w, '}');
	bn_wire_close(&w, '}');
}

static void run_test(struct bn_api_hooks *h, bn_hook_sender *s, bn_api_call *c)
{
	bn_hook_result r;
	bn_hook_send(s, h->workspace, c->told, &r);
	if (!r.status && r.why.code == BN_EINTR)
		bn_api_refuse(c, BN_API_TEMPORARILY_UNAVAILABLE, "the server is stopping");
	else
		answer_test(c, &r);
	bn_api_deliveries_free(c->told);
	c->told = NULL;
	bn_api_complete(c);
}

static bn_api_call *take_test(struct bn_api_hooks *h)
{
	bn_api_call *c = h->testing < TESTS_AT_ONCE ? h->tests : NULL;
	if (!c)
		return NULL;
	h->tests = c->next;
	if (!h->tests)
		h->tests_end = &h->tests;
	h->test_count--;
	h->testing++;
	c->next = NULL;
	return c;
}

static void sleep_until(struct bn_api_hooks *h, int64_t wait_ns)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(wait_ns % SECOND_NS);
	until.tv_sec += (time_t)(wait_ns / SECOND_NS) + until.tv_nsec / SECOND_NS;
	until.tv_nsec %= SECOND_NS;
	pthread_cond_timedwait(&h->wake, &h->lock, &until);
}

/* With the lock held. False: nothing is left to do. */
static bool step(struct bn_api_hooks *h, worker *w, bn_hook_sender *s)
{
	int64_t wait_ns, now = bn_env_monotonic_ns(h->api->env);
	bn_api_call *c = take_test(h);
	if (c) {
		w->is_test = true;
		pthread_mutex_unlock(&h->lock);
		run_test(h, s, c);
		pthread_mutex_lock(&h->lock);
		w->is_test = false;
		h->testing--;
		return true;
	}
	/* At the end what waits to be tried again is not waited for. */
	line *l = line_due(h, h->stop ? INT64_MAX : now, &wait_ns);
	if (h->stop && (!l || now >= h->until_ns))
		return false;
	if (l)
		deliver(h, s, l);
	else
		sleep_until(h, wait_ns);
	return true;
}

static void *work(void *user)
{
	struct bn_api_hooks *h = user;
	worker w = {h, false};
	bn_hook_sender *s = NULL;
	bn_err err = BN_ERR_INIT;
	while (bn_hook_sender_new(&s, h->api, cancelled, &w, &err) < 0) {
		bn_err_clear(&err);
		pthread_mutex_lock(&h->lock);
		bool stop = h->stop;
		if (!stop)
			sleep_until(h, SECOND_NS);
		pthread_mutex_unlock(&h->lock);
		if (stop)
			return NULL;
	}
	pthread_mutex_lock(&h->lock);
	while (step(h, &w, s))
		;
	pthread_mutex_unlock(&h->lock);
	bn_hook_sender_free(s);
	return NULL;
}

/* With the lock held. False: not one could be started. */
static bool start(struct bn_api_hooks *h)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are handled by the main thread */
	while (!h->stop && h->thread_count < THREADS &&
		!pthread_create(&h->threads[h->thread_count], NULL, work, h))
		h->thread_count++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return h->thread_count > 0;
}

/* ---- for the server ------------------------------------------------------------------------- */

void bn_api_hooks_post(struct bn_api_hooks *h, bn_api_call *c)
{
	pthread_mutex_lock(&h->lock);
	bool can_send = start(h);
	while (c->told) {
		bn_api_delivery *d = c->told;
		c->told = d->next;
		d->next = NULL;
		if (!can_send || !line_add(h, d)) {
			atomic_fetch_add(&h->dropped, 1);
			bn_api_deliveries_free(d);
		}
	}
	pthread_cond_broadcast(&h->wake);
	pthread_mutex_unlock(&h->lock);
}

bool bn_api_hooks_add(struct bn_api_hooks *h, bn_api_call *c)
{
	pthread_mutex_lock(&h->lock);
	bool may = !h->hurry && h->test_count < TESTS_MOST && start(h);
	if (may) {
		c->next = NULL;
		*h->tests_end = c;
		h->tests_end = &c->next;
		h->test_count++;
		pthread_cond_signal(&h->wake);
	}
	pthread_mutex_unlock(&h->lock);
	if (!may)
		bn_api_refuse(c, BN_API_REQUEST_LIMIT_EXCEEDED,
			"%d tests of webhooks are in progress already", TESTS_MOST);
	return may;
}

void bn_api_hooks_run(struct bn_api_hooks *h, bn_api_call *c)
{
	bn_hook_sender *s = NULL;
	bn_err err = BN_ERR_INIT;
	if (bn_hook_sender_new(&s, h->api, NULL, NULL, &err) < 0) {
		bn_api_refuse(c, bn_api_error_of(&err), "%s", err.msg);
		bn_api_complete(c);
		return;
	}
	run_test(h, s, c);
	bn_hook_sender_free(s);
}

void bn_api_hooks_hurry(struct bn_api_hooks *h)
{
	pthread_mutex_lock(&h->lock);
	h->hurry = true;
	pthread_mutex_unlock(&h->lock);
}

void bn_api_hooks_stop(struct bn_api_hooks *h, int64_t until_ns)
{
	pthread_mutex_lock(&h->lock);
	h->hurry = h->stop = true;
	h->until_ns = until_ns;
	pthread_cond_broadcast(&h->wake);
	pthread_mutex_unlock(&h->lock);
	for (size_t i = 0; i < h->thread_count; i++)
		pthread_join(h->threads[i], NULL);
	h->thread_count = 0;
	atomic_fetch_add(&h->lost, h->waiting);
	while (h->lines)
		for (size_t left = h->lines->count; left--;)
			line_shift(h, h->lines);
}

static void count(bn_buf *out, const char *result, const atomic_uint_fast64_t *n)
{
	const bn_exposition_pair label[] = {{"result", result}};
	bn_exposition_sample(
		out, "binnacle_server_webhooks_total", label, 1, (double)atomic_load(n));
}

void bn_api_hooks_write_metrics(struct bn_api_hooks *h, bn_buf *out)
{
	pthread_mutex_lock(&h->lock);
	size_t waiting = h->waiting;
	pthread_mutex_unlock(&h->lock);
	bn_exposition_head(out, "binnacle_server_webhooks_total", "counter",
		"Deliveries of webhooks: sent, failed in all tries, dropped as the queue was "
		"full.");
	count(out, "sent", &h->sent);
	count(out, "failed", &h->failed);
	count(out, "dropped", &h->dropped);
	bn_exposition_head(out, "binnacle_server_webhook_retries_total", "counter",
		"Deliveries of webhooks that were tried again.");
	bn_exposition_sample(out, "binnacle_server_webhook_retries_total", NULL, 0,
		(double)atomic_load(&h->retried));
	bn_exposition_head(out, "binnacle_server_webhooks_waiting", "gauge",
		"Deliveries of webhooks that wait or are being sent.");
	bn_exposition_sample(out, "binnacle_server_webhooks_waiting", NULL, 0, (double)waiting);
}
