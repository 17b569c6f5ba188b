/*
 * loop.c - a thread with an epoll: its connections, their deadlines, and requests from other threads.
 *
 * Deadlines are checked every SWEEP_MS by walking all connections: thousands take microseconds, and
 * keeping them ordered by time would cost work at every byte.
 */
#include "core/base/mem.h"
#include "core/net/_listener.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SWEEP_MS 250
#define EVENTS 128
#define EVICT_AT_ONCE 32
/* Items served from the queues before epoll is polled again. */
#define READY_AT_ONCE 8
#define SHAKING_AT_ONCE 2

/* ---- other threads -------------------------------------------------------------------------- */

void bn_loop_wake(bn_loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake_fd, &one, sizeof one);
	(void)n; /* a full counter wakes as well */
}

void bn_loop_hand_over(bn_loop *l, bn_conn *c)
{
	c->loop = l;
	atomic_fetch_add(&l->count, 1);
	pthread_mutex_lock(&l->lock);
	c->next = l->arrived;
	l->arrived = c;
	bn_loop_wake(l);
	pthread_mutex_unlock(&l->lock);
}

void bn_loop_ask_eviction(bn_loop *l)
{
	atomic_fetch_add(&l->asked, 1);
	bn_loop_wake(l);
}

void bn_loop_post(bn_exchange *x, bool finished)
{
	bn_loop *l = x->loop;
	pthread_mutex_lock(&l->lock);
	x->is_finished |= finished;
	if (!x->is_posted) {
		x->is_posted = true;
		x->next = l->posted;
		l->posted = x;
	}
	bn_loop_wake(l); /* before the loop can take x: it may be the last one it waits for */
	pthread_mutex_unlock(&l->lock);
}

void bn_loop_forget(bn_exchange *x)
{
	bn_loop *l = x->loop;
	pthread_mutex_lock(&l->lock);
	for (bn_exchange **at = &l->posted; x->is_posted && *at; at = &(*at)->next)
		if (*at == x) {
			*at = x->next;
			x->is_posted = false;
			break;
		}
	pthread_mutex_unlock(&l->lock);
}

/* ---- the queue ------------------------------------------------------------------------------ */

/* SplitMix64 of the address and a secret seed. */
static bn_conn_queue *lane_of(const bn_conn *c)
{
	uint64_t half[2], z = c->loop->listener->lane_seed;
	memcpy(half, c->key.bytes, sizeof half);
	for (int i = 0; i < 2; i++) {
		z = (z ^ half[i]) + 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
	}
	return &c->loop->shaking[z % BN_SHAKE_LANES];
}

static void put_last(bn_conn_queue *q, bn_conn *c)
{
	c->ready_next = NULL;
	c->ready_prev = q->last;
	*(q->last ? &q->last->ready_next : &q->first) = c;
	q->last = c;
}

static void put_first(bn_conn_queue *q, bn_conn *c)
{
	c->ready_prev = NULL;
	c->ready_next = q->first;
	*(q->first ? &q->first->ready_prev : &q->last) = c;
	q->first = c;
}

void bn_loop_queue(bn_conn *c)
{
	bool shakes = c->state == BN_CONN_TLS;
	if (c->is_ready)
		return;
	c->is_ready = true;
	c->queue = shakes ? lane_of(c) : &c->loop->ready;
	c->loop->shaking_count += shakes;
	if (shakes && c->has_shaken)
		put_first(c->queue, c);
	else
		put_last(c->queue, c);
}

void bn_loop_unqueue(bn_conn *c)
{
	bn_conn_queue *q = c->queue;
	if (!c->is_ready)
		return;
	c->is_ready = false;
	c->loop->shaking_count -= q != &c->loop->ready;
	if (c->ready_prev)
		c->ready_prev->ready_next = c->ready_next;
	else
		q->first = c->ready_next;
	if (c->ready_next)
		c->ready_next->ready_prev = c->ready_prev;
	else
		q->last = c->ready_prev;
}

static void serve_queue(bn_conn_queue *q, int most)
{
	for (int i = 0; i < most && q->first; i++) {
		bn_conn *c = q->first;
		bn_loop_unqueue(c);
		bn_conn_on_turn(c);
	}
}

/* Makes a step for the first of each lane in turn. */
static void serve_lanes(bn_loop *l)
{
	for (int i = 0; i < SHAKING_AT_ONCE && l->shaking_count; i++) {
		while (!l->shaking[l->lane].first)
			l->lane = (l->lane + 1) % BN_SHAKE_LANES;
		bn_conn_queue *q = &l->shaking[l->lane];
		l->lane = (l->lane + 1) % BN_SHAKE_LANES;
		serve_queue(q, 1);
	}
}

/* ---- requests from other threads
 * ------------------------------------------------------------------------ */

static bool goes_before(const bn_conn *a, const bn_conn *b)
{
	bn_conn_claim of_a = bn_conn_claim_of(a), of_b = bn_conn_claim_of(b);
	if (of_a != of_b)
		return of_a < of_b;
	return of_a == BN_CLAIM_FLOWS ? bn_conn_rate(a) < bn_conn_rate(b) : a->turn < b->turn;
}

/* Evicts connections with the lowest claim, and among them those that have kept us waiting longest (or
 * are slowest): at most EVICT_AT_ONCE. Returns how many. */
static unsigned evict_some(bn_loop *l, unsigned most)
{
	bn_conn *oldest[EVICT_AT_ONCE];
	unsigned count = 0;
	for (bn_conn *c = l->conns; c; c = c->next) {
		if (c->turn == l->newest || bn_conn_claim_of(c) == BN_CLAIM_STAYS)
			continue;
		unsigned i = count < most ? count++ : most;
		for (; i > 0 && goes_before(c, oldest[i - 1]); i--)
			if (i < most)
				oldest[i] = oldest[i - 1];
		if (i < most)
			oldest[i] = c;
	}
	atomic_fetch_add(&l->listener->evicted, count);
	for (unsigned i = 0; i < count; i++)
		bn_conn_close(oldest[i]);
	return count;
}

static void evict(bn_loop *l, unsigned n)
{
	unsigned left = n, step, gone;
	do {
		step = left < EVICT_AT_ONCE ? left : EVICT_AT_ONCE;
		gone = evict_some(l, step);
		left -= gone;
	} while (left && gone == step);
	atomic_fetch_sub(&l->asked, n); /* the acceptor asks again if there is no room */
}

static bn_exchange *next_posted(bn_loop *l, bool *finished)
{
	pthread_mutex_lock(&l->lock);
	bn_exchange *x = l->posted;
	if (x) {
		l->posted = x->next;
		x->is_posted = false;
		*finished = x->is_finished;
	}
	pthread_mutex_unlock(&l->lock);
	return x;
}

static void take_posted(bn_loop *l)
{
	bn_exchange *x;
	bool finished = false;
	while ((x = next_posted(l, &finished)) != NULL) {
		if (x->conn) {
			bn_conn_on_post(x->conn, x, finished);
		} else if (finished) {
			l->orphans--;
			bn_exchange_end(x, false);
		}
	}
}

static void on_wake(bn_loop *l)
{
	uint64_t count;
	ssize_t got = read(l->wake_fd, &count, sizeof count);
	(void)got;
	pthread_mutex_lock(&l->lock);
	bn_conn *arrived = l->arrived, *first = NULL;
	l->arrived = NULL;
	pthread_mutex_unlock(&l->lock);
	while (arrived) { /* the newest is in front */
		bn_conn *c = arrived;
		arrived = c->next;
		c->next = first;
		first = c;
	}
	while (first) {
		bn_conn *c = first;
		first = c->next;
		bn_conn_begin(c);
		if (atomic_load(&l->listener->stage) != BN_STAGE_RUNS)
			bn_conn_on_drain(c);
	}
	take_posted(l);
	unsigned asked = atomic_load(&l->asked);
	if (asked)
		evict(l, asked);
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void sweep(bn_loop *l)
{
	bn_conn *next;
	for (bn_conn *c = l->conns; c; c = next) {
		next = c->next;
		if (c->deadline_ms <= l->now_ms && !c->is_ready)
			bn_conn_on_deadline(c);
	}
}

static void free_closed(bn_loop *l)
{
	while (l->closed) {
		bn_conn *c = l->closed;
		l->closed = c->next;
		bn_conn_free(c);
	}
}

/* Handles a stop request. False when nothing is left to do. */
static bool stop_on(bn_loop *l, int stage)
{
	bn_conn *next;
	if (stage == BN_STAGE_DRAINS && !l->has_drained) {
		l->has_drained = true;
		for (bn_conn *c = l->conns; c; c = next) {
			next = c->next;
			bn_conn_on_drain(c);
		}
	}
	if (stage == BN_STAGE_CUTS)
		while (l->conns)
			bn_conn_close(l->conns);
	return l->conns || l->orphans;
}

static void turn(bn_loop *l, int64_t *sweep_ms)
{
	struct epoll_event events[EVENTS];
	int64_t wait = l->conns ? *sweep_ms - l->now_ms : -1;
	if (l->ready.first || l->shaking_count)
		wait = 0;
	int n = epoll_wait(l->epoll_fd, events, EVENTS, wait < -1 ? 0 : (int)wait);
	bool woken = false;
	l->now_ms = bn_env_monotonic_ns(l->listener->env) / 1000000;
	for (int i = 0; i < n; i++)
		if (events[i].data.ptr)
			bn_conn_on_event(events[i].data.ptr, events[i].events);
		else
			woken = true;
	if (woken)
		on_wake(l);
	serve_queue(&l->ready, READY_AT_ONCE);
	serve_lanes(l);
	if (l->now_ms >= *sweep_ms) {
		sweep(l);
		*sweep_ms = l->now_ms + SWEEP_MS;
	}
}

static void *run(void *user)
{
	bn_loop *l = user;
	bn_listener *listener = l->listener;
	int64_t sweep_ms = 0;
	l->now_ms = bn_env_monotonic_ns(listener->env) / 1000000;
	for (;;) {
		turn(l, &sweep_ms);
		int stage = atomic_load(&listener->stage);
		if (stage != BN_STAGE_RUNS)
			on_wake(l); /* nothing is accepted any more: this is all */
		bool busy = stage == BN_STAGE_RUNS || stop_on(l, stage);
		free_closed(l);
		if (!busy)
			break;
	}
	pthread_mutex_lock(&listener->lock);
	listener->running--;
	pthread_cond_signal(&listener->ended);
	pthread_mutex_unlock(&listener->lock);
	return NULL;
}

int bn_loop_start(bn_loop *l, bn_listener *listener, bn_err *err)
{
	sigset_t all, old;
	struct epoll_event e = {.events = EPOLLIN};
	l->listener = listener;
	pthread_mutex_init(&l->lock, NULL);
	bn_buf_init(&l->out);
	l->page = bn_alloc(BN_PAGE_BYTES);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!l->page)
		return bn_err_nomem(err, "a server");
	if (l->epoll_fd < 0 || l->wake_fd < 0 ||
		epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &e))
		return bn_err_sys(err, BN_EIO, errno, "cannot wait for connections");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are handled by the main thread */
	int rc = pthread_create(&l->thread, NULL, run, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return bn_err_sys(err, BN_EIO, rc, "cannot start a thread");
	listener->running++;
	return 0;
}

void bn_loop_release(bn_loop *l)
{
	free_closed(l);
	while (l->arrived) {
		bn_conn *c = l->arrived;
		l->arrived = c->next;
		close(c->fd);
		bn_conn_free(c);
	}
	while (l->spare) {
		bn_exchange *x = l->spare;
		l->spare = x->next;
		bn_http_response_release(&x->response);
		bn_buf_release(&x->head_bytes);
		bn_buf_release(&x->body);
		bn_free(x);
	}
	if (l->epoll_fd > 0)
		close(l->epoll_fd);
	if (l->wake_fd > 0)
		close(l->wake_fd);
	if (l->listener)
		pthread_mutex_destroy(&l->lock);
	bn_buf_release(&l->out);
	bn_free(l->page);
}
