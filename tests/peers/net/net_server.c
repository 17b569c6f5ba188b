/*
 * A listener (core/net/listener.h) for other clients: net_server [--unix PATH] [--cert FILE --key FILE] [--slow-ms N]
 * prints its port and serves until the end of its input.
 *
 *	GET  /zeros/N    N bytes with their length      GET /lines/N   N lines in chunks
 *	GET  /events     an event every 20 ms, forever  POST /echo     the body
 *	PUT  /upload     "BYTES SHA256" of a body that is never in memory
 *	any  /private    401 without the bearer token "s3cret", before the body is read
 *	GET  /who        the peer's address or uid
 */
#include "core/base/hash.h"
#include "core/net/listener.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct upload {
	bn_hasher *hash;
	uint64_t bytes;
} upload;

typedef struct source {
	uint64_t left, at;
	bn_waker *waker;
	bool told;
} source;

static int up_write(void *user, const void *bytes, size_t n, bn_err *err)
{
	(void)err;
	upload *u = user;
	bn_hasher_add(u->hash, bytes, n);
	u->bytes += n;
	return 0;
}

static void up_close(void *user, bool whole)
{
	upload *u = user;
	if (whole)
		return;
	bn_hasher_free(u->hash);
	free(u);
}

static ssize_t zeros(void *user, void *out, size_t size)
{
	source *s = user;
	size = size < s->left ? size : (size_t)s->left;
	memset(out, '0', size);
	s->left -= size;
	return (ssize_t)size;
}

static ssize_t lines(void *user, void *out, size_t size)
{
	source *s = user;
	size_t n = 0;
	while (s->at < s->left && n + 24 < size)
		n += (size_t)snprintf((char *)out + n, 24, "%llu\n", (unsigned long long)s->at++);
	return (ssize_t)n;
}

static void *tick(void *waker)
{
	while (!bn_waker_is_gone(waker)) {
		nanosleep(&(struct timespec){0, 20000000}, NULL);
		bn_waker_wake(waker);
	}
	bn_waker_release(waker);
	return NULL;
}

static ssize_t events(void *user, void *out, size_t size)
{
	source *s = user;
	s->told = !s->told;
	if (s->told)
		return BN_HTTP_SOURCE_LATER;
	unsigned long long i = (unsigned long long)s->at++;
	return snprintf(out, size, "id: %llu\nevent: tick\ndata: %llu\n\n", i, i);
}

static void free_source(void *user)
{
	free(user);
}

static void send_source(
	bn_exchange *x, ssize_t (*read)(void *, void *, size_t), const char *count, bool sized)
{
	bn_http_response *r = bn_exchange_response(x);
	source *s = calloc(1, sizeof *s);
	s->left = strtoull(count, NULL, 10);
	r->content_type = "text/plain";
	r->source = (bn_http_source){
		read, free_source, s, sized ? (int64_t)s->left : -1, read == events};
	if (read == events) {
		pthread_t t;
		r->content_type = "text/event-stream";
		pthread_create(&t, NULL, tick, bn_exchange_waker(x));
		pthread_detach(t);
	}
}

static bool on_head(void *user, bn_exchange *x)
{
	(void)user;
	const bn_http_request *rq = bn_exchange_request(x);
	if (!strcmp(rq->path, "/private") && !bn_http_has_bearer(rq, "s3cret")) {
		bn_err err = BN_ERR_INIT;
		bn_err_set(&err, BN_EREFUSED, "no token");
		bn_http_response_error(bn_exchange_response(x), 401, &err);
		return false;
	}
	if (!strcmp(rq->path, "/upload")) {
		upload *u = calloc(1, sizeof *u);
		bn_hasher_new(&u->hash, NULL);
		*(upload **)bn_exchange_state(x) = u;
		bn_exchange_set_sink(x, &(bn_http_sink){up_write, up_close, u, 0});
	}
	return true;
}

static void answer_upload(bn_exchange *x)
{
	upload *u = *(upload **)bn_exchange_state(x);
	uint8_t sum[BN_SHA256_BYTES];
	char hex[BN_SHA256_HEX + 1];
	bn_hasher_finish(u->hash, sum);
	bn_hex(sum, sizeof sum, hex);
	bn_buf_addf(&bn_exchange_response(x)->body, "%llu %s\n", (unsigned long long)u->bytes, hex);
	bn_hasher_free(u->hash);
	free(u);
}

static int on_request(void *user, bn_exchange *x)
{
	(void)user;
	const bn_http_request *rq = bn_exchange_request(x);
	bn_http_response *r = bn_exchange_response(x);
	r->status = 200;
	r->content_type = "text/plain";
	if (!strncmp(rq->path, "/zeros/", 7)) {
		send_source(x, zeros, rq->path + 7, true);
	} else if (!strncmp(rq->path, "/lines/", 7)) {
		send_source(x, lines, rq->path + 7, false);
	} else if (!strcmp(rq->path, "/events")) {
		send_source(x, events, "0", false);
	} else if (!strcmp(rq->path, "/upload")) {
		answer_upload(x);
	} else if (!strcmp(rq->path, "/echo") || !strcmp(rq->path, "/private")) {
		bn_buf_add(&r->body, rq->body_len ? rq->body : "", rq->body_len);
	} else if (!strcmp(rq->path, "/who")) {
		bn_buf_addf(&r->body, "%s %d\n", rq->peer->is_unix ? "unix" : rq->peer->address,
			rq->peer->is_unix ? (int)rq->peer->uid : -1);
	} else {
		bn_err err = BN_ERR_INIT;
		bn_err_set(&err, BN_ENOTFOUND, "no such path");
		bn_http_response_error(r, 404, &err);
	}
	return 0;
}

int main(int argc, char **argv)
{
	bn_listener *l = NULL;
	bn_err err = BN_ERR_INIT;
	bn_listener_options o = {.host = "127.0.0.1",
		.threads = 2,
		.handler = {.head = on_head, .handle = on_request}};
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--unix"))
			o.unix_path = argv[i + 1];
		else if (!strcmp(argv[i], "--cert"))
			o.tls_cert = argv[i + 1];
		else if (!strcmp(argv[i], "--key"))
			o.tls_key = argv[i + 1];
		else if (!strcmp(argv[i], "--slow-ms"))
			o.limits.head_ms = o.limits.body_ms = o.limits.idle_ms = atoi(argv[i + 1]);
	}
	if (bn_listener_start(&l, bn_env_real(), &o, &err) < 0) {
		fprintf(stderr, "net_server: %s\n", err.msg);
		return 1;
	}
	printf("%d\n", bn_listener_port(l));
	fflush(stdout);
	while (getchar() != EOF)
		;
	bn_listener_stop(l, 500);
	return 0;
}
