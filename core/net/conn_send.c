/*
 * conn_send.c - sending responses of a connection: a head, then a body from memory or from a source,
 * as fast as the client takes them.
 */
#include "core/net/_listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define SMALL_BODY ((size_t)16384)  /* is sent together with its head */
#define SOURCE_STEP ((size_t)32768) /* bytes requested from a source */
#define CHUNK_FRAME 8               /* "007fff\r\n" */
#define TURN_BYTES ((size_t)262144) /* sent per turn */

ssize_t bn_conn_transmit(bn_conn *c, const char *from, size_t n)
{
	if (c->tls)
		return bn_tls_write(c->tls, from, n);
	ssize_t put = send(c->fd, from, n, MSG_NOSIGNAL);
	if (put >= 0)
		return put;
	return errno == EAGAIN || errno == EINTR ? BN_IO_AGAIN : BN_IO_BROKEN;
}

/* The next bytes to send; NULL if none are left in memory. */
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

/* Reads the next bytes from the source into c->out, as a chunk if needed. */
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

/* The response is sent. */
static void answered(bn_conn *c)
{
	bn_exchange *x = c->x;
	bool hang_up = x->response.close || !x->body_done;
	c->x = NULL;
	c->has_answered = true;
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
		bn_conn_linger(c);
	else
		bn_conn_enter(c, BN_CONN_IDLE);
}

/* The client takes no more for now, or its turn is over: the rest stays in memory. */
static void keep(bn_conn *c)
{
	bn_exchange *x = c->x;
	size_t small = x->response.body.len <= SMALL_BODY ? x->response.body.len : 0;
	if (!x->is_kept && !bn_exchange_count(x, c->out.cap + small)) {
		bn_conn_close(c); /* a part may have been sent, so no other response is possible */
		return;
	}
	x->is_kept = true;
	if (c->state != BN_CONN_SENDING)
		bn_conn_enter(c, BN_CONN_SENDING);
}

void bn_conn_send(bn_conn *c)
{
	bn_exchange *x = c->x;
	size_t sent = 0;
	c->is_paused = false;
	for (;;) {
		size_t n = 0;
		if (sent >= TURN_BYTES) {
			c->is_paused = true;
			keep(c);
			return;
		}
		const char *bytes = pending(c, &n);
		if (bytes) {
			ssize_t put = bn_conn_transmit(c, bytes, n);
			if (put == BN_IO_AGAIN) {
				keep(c);
				return;
			}
			if (put <= 0) {
				bn_conn_close(c);
				return;
			}
			sent += (size_t)put;
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
			bn_conn_enter(c, BN_CONN_SOURCE);
			return;
		case DRAWN_BROKEN:
			bn_conn_close(c);
			return;
		}
	}
}

/* Replaces a missing response, or one that failed for memory, by an error response. */
static void check_response(bn_exchange *x)
{
	bn_err err = BN_ERR_INIT;
	bn_http_response *r = &x->response;
	const bn_http_handler *h = &x->loop->listener->handler;
	if (!r->status || r->headers.failed || r->body.failed) {
		bn_err_nomem(&err, "a response");
		bn_http_response_clear(r);
		bn_http_response_error(r, 500, &err);
	}
	if (r->source.read)
		bn_buf_clear(&r->body);
	if (r->body.len <= SMALL_BODY || bn_exchange_count(x, r->body.len))
		return;
	bn_err_set(&err, BN_ENOMEM, "too many answers wait for their clients; try again");
	bn_http_response_clear(r);
	bn_buf_release(&r->body);
	bn_http_response_error(r, 503, &err);
	if (h->refuse)
		h->refuse(h->user, x, 503, &err);
}

void bn_conn_respond(bn_conn *c)
{
	bn_exchange *x = c->x;
	bn_http_response *r = &x->response;
	check_response(x);
	r->close |= !x->body_done || !x->head.keep_alive || bn_conn_is_stopping(c);
	x->head_only |= r->status == 204 || r->status == 304;
	if (!c->out.cap) { /* the loop's buffer, until the client turns out to be slow */
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
	bn_conn_enter(c, BN_CONN_SENDING);
	bn_conn_send(c);
}
