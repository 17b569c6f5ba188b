/*
 * fuzz_http_connection.c - any bytes from a client through a connection of the listener, without threads: a socket
 * pair, and events by hand.
 *
 * Checks: the responses (except Date) are the same whether the bytes arrive at once or in pieces, and are
 * well-formed; no request is answered after a refusal; the handler received exactly the bodies.
 */
#include "core/base/mem.h"
#include "core/net/_listener.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "fuzz_http_connection: %s\n", what);
		abort();
	}
}

static uint32_t sum(uint32_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

static uint32_t sunk;

static int sink_write(void *user, const void *bytes, size_t n, bn_err *err)
{
	(void)user;
	sunk = sum(sunk, bytes, n);
	return memchr(bytes, '!', n) ? bn_err_set(err, BN_EINVAL, "not these") : 0;
}

typedef struct pieces {
	int left;
} pieces;

static ssize_t source_read(void *user, void *out, size_t size)
{
	pieces *p = user;
	if (!p->left)
		return 0;
	size_t n = (size_t)p->left-- * 1000;
	n = n < size ? n : size;
	memset(out, 'x', n);
	return (ssize_t)n;
}

static void source_close(void *user)
{
	bn_free(user);
}

static bool on_head(void *user, bn_exchange *x)
{
	(void)user;
	const char *path = bn_exchange_request(x)->path;
	bn_http_sink sink = {.write = sink_write, .max_bytes = 3000};
	if (!strncmp(path, "/no", 3)) {
		bn_exchange_response(x)->status = 401;
		return false;
	}
	if (!strncmp(path, "/sink", 5)) {
		sunk = 1;
		bn_exchange_set_sink(x, &sink);
	}
	return true;
}

static int on_request(void *user, bn_exchange *x)
{
	(void)user;
	const bn_http_request *rq = bn_exchange_request(x);
	bn_http_response *r = bn_exchange_response(x);
	r->status = 200;
	if (!strncmp(rq->path, "/flow", 5)) {
		pieces *p = bn_alloc(sizeof *p);
		p->left = 3;
		r->source = (bn_http_source){source_read, source_close, p, -1, false};
		return 0;
	}
	r->content_type = "text/plain";
	bn_buf_addf(&r->body, "%s %s %zu %zu %08x\n", rq->method, rq->path, rq->header_count,
		rq->body_len,
		!strncmp(rq->path, "/sink", 5) ? sunk
					       : sum(1, rq->body ? rq->body : "", rq->body_len));
	return 0;
}

static bn_listener listener;
static bn_loop loop;

static void start(void)
{
	listener.env = bn_env_real();
	listener.limits = (bn_http_limits){.head_bytes = 2000,
		.body_bytes = 2000,
		.memory_bytes = 100000,
		.early_bytes = 20000,
		.connections = 10,
		.head_ms = 1000,
		.body_ms = 1000,
		.min_rate = 1,
		.idle_ms = 1000,
		.write_ms = 1000,
		.linger_bytes = 5000,
		.linger_ms = 1000};
	listener.handler = (bn_http_handler){.head = on_head, .handle = on_request};
	loop.listener = &listener;
	loop.epoll_fd = epoll_create1(0);
	loop.page = malloc(BN_PAGE_BYTES);
	pthread_mutex_init(&loop.lock, NULL);
	bn_buf_init(&loop.out);
}

static void drain(int fd, bn_buf *out)
{
	char page[65536];
	ssize_t n;
	while ((n = recv(fd, page, sizeof page, MSG_DONTWAIT)) > 0)
		bn_buf_add(out, page, (size_t)n);
}

/* One step of the loop. False: it waits for the client. */
static bool step_on(bn_conn *c)
{
	struct epoll_event e;
	if (c->is_ready) {
		must(!c->events, "an event is watched for while a turn is waited for");
		bn_loop_unqueue(c);
		bn_conn_on_turn(c);
		return true;
	}
	if (epoll_wait(loop.epoll_fd, &e, 1, 0) != 1)
		return false;
	bn_conn_on_event(c, e.events);
	return true;
}

static void converse(const uint8_t *data, size_t size, size_t step, bn_buf *out)
{
	int fds[2];
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), "socketpair");
	bn_conn *c = bn_conn_new(&listener, fds[0], true);
	c->loop = &loop;
	bn_conn_begin(c);
	for (size_t at = 0; at < size && c->state != BN_CONN_CLOSED; at += step) {
		size_t n = size - at < step ? size - at : step;
		if (send(fds[1], data + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			break;
		for (size_t i = 0; i < 64 + size && c->state != BN_CONN_CLOSED; i++) {
			if (!step_on(c))
				break;
			drain(fds[1], out);
		}
	}
	must(c->state == BN_CONN_CLOSED || !c->is_ready, "a turn without end");
	bn_conn_close(c);
	must(!loop.ready.first && !loop.shaking_count, "a closed connection waits for its turn");
	loop.closed = NULL;
	bn_conn_free(c);
	drain(fds[1], out);
	close(fds[1]);
	must(atomic_load(&listener.memory) == 0, "memory is still counted");
	must(atomic_load(&listener.early) == 0, "heads are still counted");
}

/* Removes what may differ. */
static void strip_dates(bn_buf *b)
{
	size_t to = 0;
	for (size_t i = 0; i < b->len;) {
		if (b->len - i > 37 && !memcmp(b->ptr + i, "\r\nDate: ", 8)) {
			i += 37;
			continue;
		}
		b->ptr[to++] = b->ptr[i++];
	}
	bn_buf_truncate(b, to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_buf whole = BN_BUF_INIT, cut = BN_BUF_INIT;
	if (!size || size > 20000)
		return 0;
	if (!loop.page)
		start();
	converse(data, size, size, &whole);
	strip_dates(&whole);
	must(!whole.len || !strncmp(whole.ptr, "HTTP/1.1 ", 9), "an answer that is none");
	const size_t steps[] = {1, 7, 61, 1500};
	for (size_t i = 0; i < 4; i++) {
		if (steps[i] == 1 && size > 600)
			continue;
		bn_buf_clear(&cut);
		converse(data, size, steps[i], &cut);
		strip_dates(&cut);
		/* 100 Continue depends on how much has arrived */
		bool interim = memmem(whole.ptr, whole.len, " 100 Continue", 13) ||
			       memmem(cut.ptr, cut.len, " 100 Continue", 13);
		must(interim || (cut.len == whole.len && !memcmp(cut.ptr, whole.ptr, cut.len)),
			"other answers for another cut");
	}
	bn_buf_release(&whole);
	bn_buf_release(&cut);
	return 0;
}
