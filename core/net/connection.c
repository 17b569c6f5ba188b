/*
 * connection.c - one connection: its states and their deadlines, its lifecycle, and its events. Reading
 * is in conn_read.c, sending in conn_send.c.
 *
 * Every function that may close a connection leaves it in state BN_CONN_CLOSED, which callers
 * check.
 */
#include "core/base/mem.h"
#include "core/net/_listener.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STOP_MS 1000 /* for a head or a TLS shutdown, while stopping */
#define FLOW_MS 1000 /* from this age on a body or response has a rate, and a handshake is late */

/* ---- states --------------------------------------------------------------------------------- */

bool bn_conn_is_reading(const bn_conn *c)
{
	return c->state == BN_CONN_IDLE || c->state == BN_CONN_HEAD || c->state == BN_CONN_BODY ||
	       c->state == BN_CONN_LINGER;
}

static unsigned wanted_events(const bn_conn *c)
{
	unsigned in = c->tls && bn_tls_wants_write(c->tls) ? EPOLLOUT : EPOLLIN;
	if (c->state == BN_CONN_TLS)
		return (c->is_ready ? 0 : in) | (c->has_shaken ? 0 : EPOLLRDHUP);
	if (c->is_ready)
		return 0;
	if (bn_conn_is_reading(c))
		return in;
	if (c->state == BN_CONN_SENDING)
		return c->tls && !bn_tls_wants_write(c->tls) ? EPOLLIN : EPOLLOUT;
	/* a client that shuts its side during events has stopped listening */
	if (c->state == BN_CONN_SOURCE && c->x->response.source.endless)
		return EPOLLRDHUP;
	return 0;
}

static void watch(bn_conn *c)
{
	if (c->state == BN_CONN_CLOSED)
		return;
	unsigned events = wanted_events(c);
	if (events == c->events)
		return;
	struct epoll_event e = {.events = events, .data.ptr = c};
	epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
	c->events = events;
}

bool bn_conn_is_stopping(const bn_conn *c)
{
	return atomic_load_explicit(&c->loop->listener->stage, memory_order_relaxed) !=
	       BN_STAGE_RUNS;
}

/* How long a state may last; 0: no limit. */
static int64_t patience(const bn_conn *c)
{
	const bn_http_limits *o = &c->loop->listener->limits;
	switch (c->state) {
	case BN_CONN_IDLE:
		return o->idle_ms;
	case BN_CONN_TLS:
	case BN_CONN_HEAD:
		return o->head_ms;
	case BN_CONN_BODY:
		return o->body_ms;
	case BN_CONN_SENDING:
		return o->write_ms;
	case BN_CONN_LINGER:
		return bn_conn_is_stopping(c) && o->linger_ms > STOP_MS ? STOP_MS : o->linger_ms;
	default:
		return 0;
	}
}

/* The client has kept us waiting since the connection was made: the first request, until its body
 * flows. On a later request, what the client has already sent counts in its favour. */
static bool goes_on_waiting(const bn_conn *c, bn_conn_state next)
{
	return c->turn && ((c->state == BN_CONN_TLS && next == BN_CONN_IDLE) ||
				  (c->state == BN_CONN_IDLE && !c->has_answered) ||
				  (c->state == BN_CONN_HEAD && next == BN_CONN_BODY));
}

void bn_conn_enter(bn_conn *c, bn_conn_state state)
{
	if (!goes_on_waiting(c, state))
		c->turn = ++c->loop->turns_taken;
	c->state = state;
	c->since_ms = c->loop->now_ms;
	c->moved = 0;
	int64_t ms = patience(c);
	c->deadline_ms = ms ? c->since_ms + ms : INT64_MAX;
}

/* Whether the bytes transferred since the state began satisfy the minimum rate. */
static bool keeps_rate(const bn_conn *c)
{
	uint64_t ms = (uint64_t)(c->loop->now_ms - c->since_ms);
	return c->moved * 1000 >= ms * (uint64_t)c->loop->listener->limits.min_rate;
}

uint64_t bn_conn_rate(const bn_conn *c)
{
	uint64_t ms = (uint64_t)(c->loop->now_ms - c->since_ms);
	return c->moved * 1000 / (ms ? ms : 1);
}

bn_conn_claim bn_conn_claim_of(const bn_conn *c)
{
	bool is_new = c->loop->now_ms - c->since_ms < FLOW_MS;
	switch (c->state) {
	case BN_CONN_TLS:
		if (!is_new)
			return BN_CLAIM_LATE;
		return c->is_ready ? BN_CLAIM_TURN : BN_CLAIM_NONE;
	case BN_CONN_BODY:
	case BN_CONN_SENDING:
		if (keeps_rate(c))
			return is_new ? BN_CLAIM_STAYS : BN_CLAIM_FLOWS;
		/* fallthrough */
	case BN_CONN_IDLE:
	case BN_CONN_HEAD:
	case BN_CONN_LINGER:
		return c->is_ready ? BN_CLAIM_TURN : BN_CLAIM_NONE;
	default:
		return BN_CLAIM_STAYS;
	}
}

/* ---- life ----------------------------------------------------------------------------------- */

bn_conn *bn_conn_new(bn_listener *l, int fd, bool is_unix)
{
	bn_conn *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c)
		return NULL;
	c->fd = fd;
	bn_buf_init(&c->out);
	c->peer.uid = (uid_t)-1;
	c->peer.is_unix = is_unix;
	c->peer.is_tls = l->tls && !is_unix;
	if (c->peer.is_tls && !(c->tls = bn_tls_accept(l->tls, fd))) {
		bn_free(c);
		return NULL;
	}
	return c;
}

static void drop_kept(bn_conn *c)
{
	if (c->in)
		atomic_fetch_sub(&c->loop->listener->early, c->in_len);
	bn_free(c->in);
	c->in = NULL;
}

void bn_conn_free(bn_conn *c)
{
	bn_tls_close(c->tls);
	bn_buf_release(&c->out);
	drop_kept(c);
	bn_free(c);
}

void bn_conn_begin(bn_conn *c)
{
	bn_loop *l = c->loop;
	c->next = l->conns;
	c->prev = NULL;
	if (l->conns)
		l->conns->prev = c;
	l->conns = c;
	bn_conn_enter(c, c->tls ? BN_CONN_TLS : BN_CONN_IDLE);
	l->newest = c->turn;
	if (c->deadline_ms > c->since_ms + l->listener->limits.head_ms)
		c->deadline_ms = c->since_ms + l->listener->limits.head_ms;
	c->events = wanted_events(c);
	struct epoll_event e = {.events = c->events, .data.ptr = c};
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, c->fd, &e))
		bn_conn_close(c);
}

/* Detaches the exchange from a closing connection: a handler still working on it ends it. */
static void drop_exchange(bn_conn *c)
{
	bn_exchange *x = c->x;
	c->x = NULL;
	if (x && c->state == BN_CONN_HANDLER)
		bn_exchange_orphan(x);
	else if (x)
		bn_exchange_end(x, false);
}

void bn_conn_close(bn_conn *c)
{
	bn_loop *l = c->loop;
	if (c->state == BN_CONN_CLOSED)
		return;
	drop_exchange(c);
	bn_loop_unqueue(c);
	c->state = BN_CONN_CLOSED;
	if (c->prev)
		c->prev->next = c->next;
	else
		l->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	/* a child between fork and exec may hold it open, and epoll would still report it */
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	if (c->is_counted)
		bn_peers_remove(l->listener->peers, &c->key);
	atomic_fetch_sub(&l->count, 1);
	atomic_fetch_sub(&l->listener->open, 1);
	c->next = l->closed; /* epoll may still have an event for it in this turn */
	l->closed = c;
}

void bn_conn_linger(bn_conn *c)
{
	if (c->tls)
		bn_tls_say_goodbye(c->tls);
	shutdown(c->fd, SHUT_WR);
	drop_kept(c);
	bn_conn_enter(c, BN_CONN_LINGER);
}

/* ---- events --------------------------------------------------------------------------------- */

static void shake_hands(bn_conn *c)
{
	c->can_shake = false;
	c->has_shaken = true;
	ssize_t rc = bn_tls_handshake(c->tls);
	if (rc == BN_IO_BROKEN) {
		bn_conn_close(c);
	} else if (rc == 1) {
		bn_conn_enter(c, BN_CONN_IDLE);
		bn_conn_read(c);
	}
}

/* It has work that no event will announce. */
static bool has_work(const bn_conn *c)
{
	if (c->state == BN_CONN_TLS)
		return c->can_shake;
	if (c->state == BN_CONN_SENDING)
		return c->is_paused;
	return bn_conn_is_reading(c) && c->state != BN_CONN_LINGER && (c->in || c->has_more);
}

/* Sets the events to wait for after a change of state. */
static void go_on(bn_conn *c)
{
	if (c->state == BN_CONN_CLOSED)
		return;
	if (has_work(c))
		bn_loop_queue(c);
	else
		bn_loop_unqueue(c);
	watch(c);
}

void bn_conn_on_turn(bn_conn *c)
{
	if (c->state == BN_CONN_TLS)
		shake_hands(c);
	else if (c->state == BN_CONN_SENDING)
		bn_conn_send(c);
	else if (c->in)
		bn_conn_take_kept(c);
	else
		bn_conn_read(c);
	go_on(c);
}

void bn_conn_on_event(bn_conn *c, unsigned events)
{
	if (c->state == BN_CONN_CLOSED)
		return;
	bool is_shaking = c->state == BN_CONN_TLS;
	if (c->is_ready && !is_shaking && !(events & EPOLLERR))
		return; /* the client hung up, which reading will detect as well */
	/* a client that hangs up before the first handshake step cannot finish it */
	if (events & EPOLLERR || (is_shaking && events & (EPOLLHUP | EPOLLRDHUP)))
		bn_conn_close(c);
	else if (is_shaking)
		c->can_shake = true;
	if (c->state == BN_CONN_SENDING && events & (EPOLLOUT | EPOLLIN))
		bn_conn_send(c);
	else if (bn_conn_is_reading(c) && events & (EPOLLIN | EPOLLOUT | EPOLLHUP))
		bn_conn_read(c);
	else if (events & (EPOLLHUP | EPOLLRDHUP) && !bn_conn_is_reading(c) &&
		 c->state != BN_CONN_TLS)
		bn_conn_close(c);
	go_on(c);
}

void bn_conn_on_post(bn_conn *c, bn_exchange *x, bool finished)
{
	if (c->x != x)
		return;
	if (finished && c->state == BN_CONN_HANDLER) {
		bn_conn_respond(c);
	} else if (c->state == BN_CONN_SINK) {
		bn_conn_enter(c, BN_CONN_BODY);
		if (!x->head.chunked && !x->left)
			bn_conn_handle(c);
	} else if (c->state == BN_CONN_SOURCE) {
		bn_conn_send(c);
	}
	go_on(c);
}

void bn_conn_on_deadline(bn_conn *c)
{
	bn_err err = BN_ERR_INIT;
	if ((c->state == BN_CONN_BODY || c->state == BN_CONN_SENDING) && keeps_rate(c)) {
		bn_conn_enter(c, c->state);
		return;
	}
	atomic_fetch_add(&c->loop->listener->timed_out, 1);
	if (c->state == BN_CONN_HEAD || c->state == BN_CONN_BODY) {
		bn_err_set(&err, BN_EIO, "the request did not arrive in time");
		bn_conn_refuse(c, 408, &err);
		go_on(c);
	} else {
		bn_conn_close(c);
	}
}

void bn_conn_on_drain(bn_conn *c)
{
	int64_t soon = c->loop->now_ms + STOP_MS;
	if (c->is_ready && c->state != BN_CONN_TLS)
		return; /* its next answer will be its last */
	if (c->state == BN_CONN_IDLE)
		bn_conn_read(c); /* a request that has already arrived is answered */
	if (c->state == BN_CONN_IDLE || c->state == BN_CONN_TLS ||
		(c->state == BN_CONN_SOURCE && c->x->response.source.endless))
		bn_conn_close(c);
	else if ((c->state == BN_CONN_HEAD || c->state == BN_CONN_LINGER) && c->deadline_ms > soon)
		c->deadline_ms = soon;
	go_on(c);
}
