/*
 * connection.c - one connection: what arrives becomes exchanges, answers leave, and the rest is
 * about being slow, gone, or refused.
 *
 * Bytes are read into the loop's page and looked at there: a head is copied to its exchange, since it
 * is cut into strings; a body goes to its exchange or to a sink. While an answer is not ready or not
 * taken nothing is read, and what was read beyond the request waits in c->in. Every function that may
 * close a connection leaves it in state BN_CONN_CLOSED, and callers look.
 */
#include "core/base/mem.h"
#include "core/net/_listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_STEP ((size_t)4096)    /* bytes of a head that are copied at a time */
#define SMALL_BODY ((size_t)16384)  /* is sent together with its head */
#define SOURCE_STEP ((size_t)32768) /* bytes asked of a source */
#define STOP_MS 1000                /* for a head or a goodbye, while stopping */
#define CHUNK_FRAME 8               /* "007fff\r\n" */

static void respond(bn_conn *c);
static void send_on(bn_conn *c);

/* ---- states --------------------------------------------------------------------------------- */

static bool is_reading(const bn_conn *c)
{
	return c->state == BN_CONN_IDLE || c->state == BN_CONN_HEAD || c->state == BN_CONN_BODY ||
	       c->state == BN_CONN_LINGER;
}

static unsigned wanted_events(const bn_conn *c)
{
	unsigned in = c->tls && bn_tls_wants_write(c->tls) ? EPOLLOUT : EPOLLIN;
	if (is_reading(c) || c->state == BN_CONN_TLS)
		return in;
	if (c->state == BN_CONN_SENDING)
		return c->tls && !bn_tls_wants_write(c->tls) ? EPOLLIN : EPOLLOUT;
	/* who listens to events and shuts his side has stopped listening */
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

static bool is_stopping(const bn_conn *c)
{
	return atomic_load_explicit(&c->loop->listener->stage, memory_order_relaxed) !=
	       BN_STAGE_RUNS;
}

/* How long a state may last; 0: as long as it likes. */
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
		return is_stopping(c) && o->linger_ms > STOP_MS ? STOP_MS : o->linger_ms;
	default:
		return 0;
	}
}

static void enter(bn_conn *c, bn_conn_state state)
{
	c->state = state;
	c->since_ms = c->loop->now_ms;
	c->moved = 0;
	int64_t ms = patience(c);
	c->deadline_ms = ms ? c->since_ms + ms : INT64_MAX;
}

/* As many bytes came or went since the state began as the least rate asks for. */
static bool keeps_rate(const bn_conn *c)
{
	uint64_t ms = (uint64_t)(c->loop->now_ms - c->since_ms);
	return c->moved * 1000 >= ms * (uint64_t)c->loop->listener->limits.min_rate;
}

bool bn_conn_is_evictable(const bn_conn *c)
{
	switch (c->state) {
	case BN_CONN_TLS:
	case BN_CONN_IDLE:
	case BN_CONN_HEAD:
	case BN_CONN_LINGER:
		return true;
	case BN_CONN_BODY:
	case BN_CONN_SENDING:
		return !keeps_rate(c);
	default:
		return false;
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

void bn_conn_free(bn_conn *c)
{
	bn_tls_close(c->tls);
	bn_buf_release(&c->out);
	bn_free(c->in);
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
	enter(c, c->tls ? BN_CONN_TLS : BN_CONN_IDLE);
	if (c->deadline_ms > c->since_ms + l->listener->limits.head_ms)
		c->deadline_ms = c->since_ms + l->listener->limits.head_ms;
	c->events = EPOLLIN;
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, c->fd, &e))
		bn_conn_close(c);
}

/* The exchange of a connection that goes: who still works on it ends it. */
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
	c->state = BN_CONN_CLOSED;
	if (c->prev)
		c->prev->next = c->next;
	else
		l->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	/* a child between fork and exec may hold it open, and epoll would still tell of it */
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	if (c->is_counted)
		bn_peers_remove(l->listener->peers, &c->key);
	atomic_fetch_sub(&l->count, 1);
	atomic_fetch_sub(&l->listener->open, 1);
	c->next = l->closed; /* epoll may still have an event for it in this turn */
	l->closed = c;
}

/* All is said: no more is sent, and what arrives is dropped until the client hangs up. */
static void linger(bn_conn *c)
{
	if (c->tls)
		bn_tls_say_goodbye(c->tls);
	shutdown(c->fd, SHUT_WR);
	bn_free(c->in);
	c->in = NULL;
	c->in_len = 0;
	enter(c, BN_CONN_LINGER);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static ssize_t receive(bn_conn *c, char *to, size_t n)
{
	if (c->tls && c->state != BN_CONN_LINGER)
		return bn_tls_read(c->tls, to, n);
	ssize_t got = recv(c->fd, to, n, 0);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EINTR ? BN_IO_AGAIN : BN_IO_BROKEN;
}

static ssize_t transmit(bn_conn *c, const char *from, size_t n)
{
	if (c->tls)
		return bn_tls_write(c->tls, from, n);
	ssize_t put = send(c->fd, from, n, MSG_NOSIGNAL);
	if (put >= 0)
		return put;
	return errno == EAGAIN || errno == EINTR ? BN_IO_AGAIN : BN_IO_BROKEN;
}

/* ---- answers: what leaves ------------------------------------------------------------------- */

/* The next bytes to send. NULL: none are left of what is in memory. */
static const char *pending(const bn_conn *c, size_t *n)
{
	const bn_exchange *x = c->x;
	*n = c->out.len - c->out_at;
	if (*n)
		return c->out.ptr + c->out_at;
	if (x->head_only || x->given >= x->response.body.len)
		return NULL;
	*n = x->response.body.len - (size_t)x->given;
	return x->response.body.ptr + x->given;
}

typedef enum drawn { DRAWN, DRAWN_END, DRAWN_LATER, DRAWN_BROKEN } drawn;

/* Asks the source for the next bytes and puts them into c->out, as a chunk if need be. */
static drawn draw(bn_conn *c)
{
	bn_exchange *x = c->x;
	bn_http_source *s = &x->response.source;
	if (!s->read || x->head_only)
		return DRAWN_END;
	size_t frame = x->is_chunked ? CHUNK_FRAME : 0, most = SOURCE_STEP;
	if (s->length >= 0 && (uint64_t)s->length - x->given < most)
		most = (size_t)((uint64_t)s->length - x->given);
	if (s->length >= 0 && !most)
		return DRAWN_END;
	bn_buf_clear(&c->out);
	c->out_at = 0;
	if (bn_buf_reserve(&c->out, SOURCE_STEP + CHUNK_FRAME + 8))
		return DRAWN_BROKEN;
	ssize_t n = s->read(s->user, c->out.ptr + frame, most);
	if (n == BN_HTTP_SOURCE_LATER)
		return DRAWN_LATER;
	if (n < 0 || (n == 0 && s->length >= 0))
		return DRAWN_BROKEN;
	x->given += (uint64_t)n;
	if (!frame) {
		c->out.len = (size_t)n;
		return n ? DRAWN : DRAWN_END;
	}
	for (int i = 0; i < 6; i++)
		c->out.ptr[i] = "0123456789abcdef"[((size_t)n >> (4 * (5 - i))) & 15];
	memcpy(c->out.ptr + 6, "\r\n", 2);
	c->out.len = frame + (size_t)n;
	bn_buf_adds(&c->out, "\r\n");
	if (!n) { /* six zeros and an empty line are the last chunk, and there are no trailers */
		x->is_chunked = false;
		bn_http_source ended = *s;
		*s = (bn_http_source){0};
		if (ended.close)
			ended.close(ended.user);
	}
	return DRAWN;
}

/* The answer has left. */
static void answered(bn_conn *c)
{
	bn_exchange *x = c->x;
	bool hang_up = x->response.close || !x->body_done;
	c->x = NULL;
	bn_exchange_end(x, true);
	bn_buf_clear(&c->out);
	c->out_at = 0;
	if (!c->loop->out.cap || c->out.cap > SMALL_BODY * 2) {
		bn_buf_release(&c->loop->out);
		c->loop->out = c->out;
		bn_buf_init(&c->out);
	} else {
		bn_buf_release(&c->out);
	}
	if (hang_up)
		linger(c);
	else
		enter(c, BN_CONN_IDLE);
}

/* Sends until the client takes no more, the source has no more, or all is said. */
static void send_on(bn_conn *c)
{
	bn_exchange *x = c->x;
	for (;;) {
		size_t n = 0;
		const char *bytes = pending(c, &n);
		if (bytes) {
			ssize_t put = transmit(c, bytes, n);
			if (put == BN_IO_AGAIN) {
				if (c->state != BN_CONN_SENDING)
					enter(c, BN_CONN_SENDING);
				if (!x->counted)
					bn_exchange_count(x, c->out.len + x->response.body.len);
				return;
			}
			if (put <= 0) {
				bn_conn_close(c);
				return;
			}
			c->moved += (size_t)put;
			if (c->out_at < c->out.len)
				c->out_at += (size_t)put;
			else
				x->given += (uint64_t)put;
			continue;
		}
		switch (draw(c)) {
		case DRAWN:
			break;
		case DRAWN_END:
			answered(c);
			return;
		case DRAWN_LATER:
			enter(c, BN_CONN_SOURCE);
			return;
		case DRAWN_BROKEN:
			bn_conn_close(c);
			return;
		}
	}
}

static void respond(bn_conn *c)
{
	bn_exchange *x = c->x;
	bn_http_response *r = &x->response;
	if (!r->status || r->headers.failed || r->body.failed) {
		bn_err err = BN_ERR_INIT;
		bn_err_nomem(&err, "a response");
		bn_http_response_clear(r);
		bn_http_response_error(r, 500, &err);
	}
	r->close |= !x->body_done || !x->head.keep_alive || is_stopping(c);
	x->head_only |= r->status == 204 || r->status == 304;
	if (r->source.read)
		bn_buf_clear(&r->body);
	if (!c->out.cap) { /* the loop's, until it is clear that the client is slow */
		c->out = c->loop->out;
		bn_buf_init(&c->loop->out);
	}
	bn_exchange_write_head(x, &c->out, &x->is_chunked);
	if (!x->head_only && r->body.len <= SMALL_BODY) {
		bn_buf_add(&c->out, r->body.ptr, r->body.len);
		x->given = r->body.len;
	}
	if (c->out.failed) {
		bn_conn_close(c);
		return;
	}
	enter(c, BN_CONN_SENDING);
	send_on(c);
}

/* ---- requests: what arrives ----------------------------------------------------------------- */

static void refuse(bn_conn *c, int status, const bn_err *err)
{
	bn_exchange *x = c->x;
	const bn_http_handler *h = &c->loop->listener->handler;
	bn_exchange_close_sink(x, false);
	bn_http_response_clear(&x->response);
	bn_http_response_error(&x->response, status, err);
	if (h->refuse)
		h->refuse(h->user, x, status, err);
	respond(c);
}

static void refuse_code(bn_conn *c, const bn_err *err)
{
	refuse(c, bn_code_http_status(err->code), err);
}

/* The request is complete. */
static void handle(bn_conn *c)
{
	bn_exchange *x = c->x;
	const bn_http_handler *h = &c->loop->listener->handler;
	x->body_done = true;
	bn_exchange_close_sink(x, true);
	if (x->body.len) {
		x->request.body = x->body.ptr;
		x->request.body_len = x->body.len;
	}
	enter(c, BN_CONN_HANDLER);
	if (h->handle(h->user, x) == 0)
		respond(c);
}

static void make_request(bn_exchange *x)
{
	char *base = x->head_bytes.ptr;
	const bn_http_head *h = &x->head;
	for (unsigned i = 0; i < h->header_count; i++)
		x->headers[i] =
			(bn_http_header){base + h->headers[i].name, base + h->headers[i].value};
	bn_http_unescape(base + h->path);
	x->request.method = base + h->method;
	x->request.path = base + h->path;
	x->request.query = h->query ? base + h->query : NULL;
	x->request.headers = x->headers;
	x->request.header_count = h->header_count;
	x->head_only = !strcmp(x->request.method, "HEAD");
}

/* Bytes that the body may have. */
static uint64_t most_bytes(const bn_exchange *x)
{
	if (!x->has_sink)
		return x->loop->listener->limits.body_bytes;
	return x->sink.max_bytes ? x->sink.max_bytes : UINT64_MAX;
}

static void too_large(bn_conn *c)
{
	bn_err err = BN_ERR_INIT;
	bn_err_set(&err, BN_EINVAL, "the body is larger than %llu bytes",
		(unsigned long long)most_bytes(c->x));
	refuse(c, 413, &err);
}

/* more: bytes have come behind the head. */
static void head_complete(bn_conn *c, bool more)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	bn_exchange *x = c->x;
	const bn_http_handler *h = &c->loop->listener->handler;
	make_request(x);
	atomic_fetch_add_explicit(&c->loop->requests, 1, memory_order_relaxed);
	x->headed = true;
	x->left = x->head.length;
	x->body_done = !bn_exchange_has_body(x);
	if (h->head && !h->head(h->user, x)) {
		respond(c);
		return;
	}
	if (x->body_done) {
		handle(c);
		return;
	}
	if (!x->head.chunked && x->head.length > most_bytes(x)) {
		too_large(c);
		return;
	}
	bn_http_chunks_init(&x->chunks);
	enter(c, BN_CONN_BODY);
	if (x->head.expects_continue && !more &&
		transmit(c, go_on, sizeof go_on - 1) != (ssize_t)sizeof go_on - 1)
		bn_conn_close(c); /* nothing was sent before it, so there is room for a line */
}

static size_t take_head(bn_conn *c, const char *bytes, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_exchange *x = c->x;
	size_t before = x->head_bytes.len, step = n < HEAD_STEP ? n : HEAD_STEP;
	bn_buf_add(&x->head_bytes, bytes, step);
	if (x->head_bytes.failed) {
		bn_conn_close(c);
		return n;
	}
	ssize_t size = bn_http_head_parse(&x->head, x->head_bytes.ptr, x->head_bytes.len, &err);
	if (size < 0) {
		refuse(c, x->head.status, &err);
		return step;
	}
	if (size == 0)
		return step;
	size_t used = (size_t)size - before;
	bn_buf_truncate(&x->head_bytes, (size_t)size);
	head_complete(c, n > used);
	return used;
}

/* One piece of the body. False when the exchange is not to go on now. */
static bool take_piece(bn_conn *c, const char *bytes, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_exchange *x = c->x;
	x->taken += n;
	if (x->taken > most_bytes(x)) {
		too_large(c);
		return false;
	}
	if (!x->has_sink) {
		bool fits = bn_exchange_count(x, n);
		if (fits)
			bn_buf_add(&x->body, bytes, n);
		if (fits && !x->body.failed)
			return true;
		bn_err_set(&err, BN_ENOMEM, "too many bodies are being read; try again");
		refuse(c, 503, &err);
		return false;
	}
	int rc = x->sink.write(x->sink.user, bytes, n, &err);
	if (rc < 0)
		refuse_code(c, &err);
	else if (rc == BN_HTTP_LATER)
		enter(c, BN_CONN_SINK);
	return rc == 0;
}

static size_t take_sized(bn_conn *c, const char *bytes, size_t n)
{
	bn_exchange *x = c->x;
	size_t take = n < x->left ? n : (size_t)x->left;
	x->left -= take;
	if (take_piece(c, bytes, take) && !x->left)
		handle(c);
	return take;
}

static size_t take_chunked(bn_conn *c, const char *bytes, size_t n)
{
	bn_err err = BN_ERR_INIT;
	const char *data = NULL;
	size_t used = 0, size = 0;
	int rc = bn_http_chunks_next(&c->x->chunks, bytes, n, &used, &data, &size, &err);
	if (rc == BN_CHUNK_DATA) {
		take_piece(c, data, size);
	} else if (rc == BN_CHUNK_END) {
		handle(c);
	} else if (rc < 0) {
		refuse(c, 400, &err);
		return n;
	}
	return used;
}

static size_t take_body(bn_conn *c, const char *bytes, size_t n)
{
	c->moved += n;
	return c->x->head.chunked ? take_chunked(c, bytes, n) : take_sized(c, bytes, n);
}

static size_t drop(bn_conn *c, size_t n)
{
	c->moved += n;
	if (c->moved > c->loop->listener->limits.linger_bytes)
		bn_conn_close(c);
	return n;
}

static void keep_rest(bn_conn *c, const char *bytes, size_t n)
{
	c->in = bn_alloc(n);
	if (!c->in) {
		bn_conn_close(c);
		return;
	}
	memcpy(c->in, bytes, n);
	c->in_len = n;
}

/* Looks at what was read, as far as the state allows; the rest is kept. */
static void take(bn_conn *c, const char *bytes, size_t n)
{
	while (n && is_reading(c)) {
		size_t used = 0;
		if (c->state == BN_CONN_IDLE) {
			c->x = bn_exchange_begin(c);
			if (!c->x) {
				bn_conn_close(c);
				return;
			}
			enter(c, BN_CONN_HEAD);
		}
		if (c->state == BN_CONN_HEAD)
			used = take_head(c, bytes, n);
		else if (c->state == BN_CONN_BODY)
			used = take_body(c, bytes, n);
		else
			used = drop(c, n);
		bytes += used;
		n -= used;
	}
	if (n && c->state != BN_CONN_CLOSED)
		keep_rest(c, bytes, n);
}

/* What waited, once the state allows to look at it. */
static void take_kept(bn_conn *c)
{
	while (c->in && is_reading(c)) {
		char *bytes = c->in;
		size_t n = c->in_len;
		c->in = NULL;
		c->in_len = 0;
		take(c, bytes, n);
		bn_free(bytes);
	}
}

static void read_on(bn_conn *c)
{
	bn_loop *l = c->loop;
	do {
		ssize_t n = receive(c, l->page, BN_PAGE_BYTES);
		if (n == BN_IO_AGAIN)
			return;
		if (n <= 0) { /* between requests, or in the middle of one: there is no answer */
			bn_conn_close(c);
			return;
		}
		take(c, l->page, (size_t)n);
	} while (c->tls && is_reading(c) && c->state != BN_CONN_LINGER && bn_tls_has_more(c->tls));
}

/* ---- events --------------------------------------------------------------------------------- */

static void shake_hands(bn_conn *c)
{
	ssize_t rc = bn_tls_handshake(c->tls);
	if (rc == BN_IO_BROKEN)
		bn_conn_close(c);
	else if (rc == 1)
		enter(c, BN_CONN_IDLE);
}

/* After whatever changed the state: what was kept, and what TLS has read already. */
static void go_on(bn_conn *c)
{
	take_kept(c);
	if (c->tls && is_reading(c) && c->state != BN_CONN_LINGER && bn_tls_has_more(c->tls))
		read_on(c);
	watch(c);
}

void bn_conn_on_event(bn_conn *c, unsigned events)
{
	if (c->state == BN_CONN_CLOSED)
		return;
	if (events & EPOLLERR)
		bn_conn_close(c);
	else if (c->state == BN_CONN_TLS)
		shake_hands(c);
	if (c->state == BN_CONN_SENDING && events & (EPOLLOUT | EPOLLIN))
		send_on(c);
	else if (is_reading(c) && events & (EPOLLIN | EPOLLOUT | EPOLLHUP))
		read_on(c);
	else if (events & (EPOLLHUP | EPOLLRDHUP) && !is_reading(c) && c->state != BN_CONN_TLS)
		bn_conn_close(c);
	go_on(c);
}

void bn_conn_on_post(bn_conn *c, bn_exchange *x, bool finished)
{
	if (c->x != x)
		return;
	if (finished && c->state == BN_CONN_HANDLER) {
		respond(c);
	} else if (c->state == BN_CONN_SINK) {
		enter(c, BN_CONN_BODY);
		if (!x->head.chunked && !x->left)
			handle(c);
	} else if (c->state == BN_CONN_SOURCE) {
		send_on(c);
	}
	go_on(c);
}

void bn_conn_on_deadline(bn_conn *c)
{
	bn_err err = BN_ERR_INIT;
	if ((c->state == BN_CONN_BODY || c->state == BN_CONN_SENDING) && keeps_rate(c)) {
		enter(c, c->state);
		return;
	}
	atomic_fetch_add(&c->loop->listener->timed_out, 1);
	if (c->state == BN_CONN_HEAD || c->state == BN_CONN_BODY) {
		bn_err_set(&err, BN_EIO, "the request did not arrive in time");
		refuse(c, 408, &err);
		watch(c);
	} else {
		bn_conn_close(c);
	}
}

void bn_conn_on_drain(bn_conn *c)
{
	int64_t soon = c->loop->now_ms + STOP_MS;
	if (c->state == BN_CONN_IDLE)
		read_on(c); /* a request that is there already is answered */
	if (c->state == BN_CONN_IDLE || c->state == BN_CONN_TLS ||
		(c->state == BN_CONN_SOURCE && c->x->response.source.endless))
		bn_conn_close(c);
	else if ((c->state == BN_CONN_HEAD || c->state == BN_CONN_LINGER) && c->deadline_ms > soon)
		c->deadline_ms = soon;
	go_on(c);
}
