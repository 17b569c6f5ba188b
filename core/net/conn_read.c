/*
 * conn_read.c - reading requests of a connection: heads, bodies, and refusals.
 *
 * Bytes are read into the loop's page and parsed there: a head is copied to its exchange, since
 * parsing splits it into strings; a body goes to its exchange or to a sink. Until the response is
 * ready and sent nothing is read, and what was read beyond the request waits in c->in for the
 * connection's next turn.
 */
#include "core/base/mem.h"
#include "core/net/_listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD_STEP \
	((size_t)4096) /* bytes of a head copied at a time; heads up to this size are not counted */
#define SMALL_BODY ((size_t)64 << 10)
#define TURN_PIECES 256 /* steps in a turn: chunks of a body may be tiny */

static ssize_t receive(bn_conn *c, char *to, size_t n)
{
	if (c->tls && c->state != BN_CONN_LINGER)
		return bn_tls_read(c->tls, to, n);
	ssize_t got = recv(c->fd, to, n, 0);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EINTR ? BN_IO_AGAIN : BN_IO_BROKEN;
}

void bn_conn_refuse(bn_conn *c, int status, const bn_err *err)
{
	bn_exchange *x = c->x;
	const bn_http_handler *h = &c->loop->listener->handler;
	bn_exchange_close_sink(x, false);
	bn_http_response_clear(&x->response);
	bn_http_response_error(&x->response, status, err);
	if (h->refuse)
		h->refuse(h->user, x, status, err);
	bn_conn_respond(c);
}

static void refuse_code(bn_conn *c, const bn_err *err)
{
	bn_conn_refuse(c, bn_code_http_status(err->code), err);
}

void bn_conn_handle(bn_conn *c)
{
	bn_exchange *x = c->x;
	const bn_http_handler *h = &c->loop->listener->handler;
	x->body_done = true;
	bn_exchange_close_sink(x, true);
	if (x->body.len) {
		x->request.body = x->body.ptr;
		x->request.body_len = x->body.len;
	}
	bn_conn_enter(c, BN_CONN_HANDLER);
	if (h->handle(h->user, x) == 0)
		bn_conn_respond(c);
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
	x->request.target_host = h->host ? base + h->host : NULL;
	x->request.headers = x->headers;
	x->request.header_count = h->header_count;
	x->head_only = !strcmp(x->request.method, "HEAD");
}

/* Limit of the body's size. */
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
	bn_conn_refuse(c, 413, &err);
}

/* more: bytes have arrived after the head. */
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
		bn_conn_respond(c);
		return;
	}
	if (x->body_done) {
		bn_conn_handle(c);
		return;
	}
	if (!x->head.chunked && x->head.length > most_bytes(x)) {
		too_large(c);
		return;
	}
	bn_http_chunks_init(&x->chunks);
	bn_conn_enter(c, BN_CONN_BODY);
	if (x->head.expects_continue && !more &&
		bn_conn_transmit(c, go_on, sizeof go_on - 1) != (ssize_t)sizeof go_on - 1)
		bn_conn_close(c); /* nothing was sent before it, so there is room for a line */
}

static size_t take_head(bn_conn *c, const char *bytes, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_exchange *x = c->x;
	size_t before = x->head_bytes.len, step = n < HEAD_STEP ? n : HEAD_STEP;
	if (before + step > HEAD_STEP && !bn_exchange_count_head(x, step)) {
		bn_err_set(&err, BN_ENOMEM, "too many large heads are being read; try again");
		bn_conn_refuse(c, 503, &err);
		return step;
	}
	bn_buf_add(&x->head_bytes, bytes, step);
	if (x->head_bytes.failed) {
		bn_conn_close(c);
		return n;
	}
	ssize_t size = bn_http_head_parse(&x->head, x->head_bytes.ptr, x->head_bytes.len, &err);
	if (size < 0) {
		bn_conn_refuse(c, x->head.status, &err);
		return step;
	}
	if (size == 0)
		return step;
	size_t used = (size_t)size - before;
	bn_buf_truncate(&x->head_bytes, (size_t)size);
	head_complete(c, n > used);
	return used;
}

/* A quarter of the memory is reserved for small bodies, so that a few large ones cannot block
 * them. */
static bool may_grow(const bn_exchange *x, size_t n)
{
	const bn_listener *l = x->loop->listener;
	size_t most = l->limits.memory_bytes - l->limits.memory_bytes / 4;
	return x->counted + n <= SMALL_BODY || atomic_load(&l->memory) + n <= most;
}

/* Handles one piece of the body. False if the exchange must not continue now. */
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
		bool fits = may_grow(x, n) && bn_exchange_count(x, n);
		if (fits)
			bn_buf_add(&x->body, bytes, n);
		if (fits && !x->body.failed)
			return true;
		bn_err_set(&err, BN_ENOMEM, "too many bodies are being read; try again");
		bn_conn_refuse(c, 503, &err);
		return false;
	}
	int rc = x->sink.write(x->sink.user, bytes, n, &err);
	if (rc < 0)
		refuse_code(c, &err);
	else if (rc == BN_HTTP_LATER)
		bn_conn_enter(c, BN_CONN_SINK);
	return rc == 0;
}

static size_t take_sized(bn_conn *c, const char *bytes, size_t n)
{
	bn_exchange *x = c->x;
	size_t take = n < x->left ? n : (size_t)x->left;
	x->left -= take;
	if (take_piece(c, bytes, take) && !x->left)
		bn_conn_handle(c);
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
		bn_conn_handle(c);
	} else if (rc < 0) {
		bn_conn_refuse(c, 400, &err);
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
	c->in_at = 0;
	c->in_len = n;
	atomic_fetch_add(&c->loop->listener->early, n);
}

/* Parses what was read, as far as the state and the turn allow. Returns the bytes consumed. */
static size_t take(bn_conn *c, const char *bytes, size_t n)
{
	size_t at = 0;
	for (unsigned i = 0; at < n && i < TURN_PIECES && bn_conn_is_reading(c); i++) {
		if (c->state == BN_CONN_IDLE && at)
			break; /* a request has been answered */
		if (c->state == BN_CONN_IDLE) {
			c->x = bn_exchange_begin(c);
			if (!c->x) {
				bn_conn_close(c);
				break;
			}
			bn_conn_enter(c, BN_CONN_HEAD);
		}
		if (c->state == BN_CONN_HEAD)
			at += take_head(c, bytes + at, n - at);
		else if (c->state == BN_CONN_BODY)
			at += take_body(c, bytes + at, n - at);
		else
			at += drop(c, n - at);
	}
	return at;
}

static bool wants_rest(const bn_conn *c)
{
	return c->state != BN_CONN_CLOSED && c->state != BN_CONN_LINGER;
}

void bn_conn_take_kept(bn_conn *c)
{
	char *kept = c->in;
	c->in = NULL;
	size_t used = c->in_at + take(c, kept + c->in_at, c->in_len - c->in_at);
	if (used < c->in_len && wants_rest(c)) {
		c->in = kept;
		c->in_at = used;
	} else {
		atomic_fetch_sub(&c->loop->listener->early, c->in_len);
		bn_free(kept);
	}
}

/* Bytes read beyond the current request must be kept, so read little if much is kept already. */
static size_t most_to_read(const bn_conn *c)
{
	const bn_listener *l = c->loop->listener;
	bool wanted =
		c->state == BN_CONN_LINGER ||
		(c->state == BN_CONN_BODY && !c->x->head.chunked && c->x->left >= BN_PAGE_BYTES);
	return wanted || atomic_load(&l->early) < l->limits.early_bytes ? BN_PAGE_BYTES : HEAD_STEP;
}

void bn_conn_read(bn_conn *c)
{
	char *page = c->loop->page;
	ssize_t n = receive(c, page, most_to_read(c));
	c->has_more = false;
	if (n == BN_IO_AGAIN)
		return;
	if (n <= 0) { /* between requests, or in the middle of one: no response is sent */
		bn_conn_close(c);
		return;
	}
	c->has_more = c->tls && bn_tls_has_more(c->tls);
	size_t used = take(c, page, (size_t)n);
	if (used < (size_t)n && wants_rest(c))
		keep_rest(c, page + used, (size_t)n - used);
}
