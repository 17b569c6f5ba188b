/*
 * http.h - a small HTTP client over libcurl: one request at a time, the answer as bytes.
 *
 * A bn_http keeps its connection alive between calls and belongs to one thread. It follows no
 * redirect, reads no proxy or .netrc from the environment, and verifies TLS certificates.
 */
#ifndef BN_BASE_HTTP_H
#define BN_BASE_HTTP_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <stddef.h>

typedef struct bn_http bn_http;

typedef struct bn_http_call {
	const char *method;         /* NULL: GET, or POST with a body */
	const char *url;            /* http:// or https:// */
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	const void *body;           /* may be NULL */
	size_t body_len;
	int timeout_ms;          /* of the whole call; 0: 30 000 */
	const char *unix_socket; /* path of a socket to connect to instead of host:port, or NULL */
	size_t max_answer_bytes; /* 0: 64 MiB */
} bn_http_call;

typedef struct bn_http_answer {
	int status;
	bn_buf body;
	bn_buf headers; /* as they came, CRLF lines, status line left out */
} bn_http_answer;

int bn_http_new(bn_http **out, bn_err *err);
void bn_http_free(bn_http *h);
void bn_http_answer_init(bn_http_answer *a);
void bn_http_answer_release(bn_http_answer *a);
/* Value of a header of the answer, copied to value[size]; NULL when absent. */
const char *bn_http_answer_header(
	const bn_http_answer *a, const char *name, char *value, size_t size);

/* 0 whenever an HTTP answer came, whatever its status. BN_EIO: could not connect, timed out, cut
 * off; BN_EINVAL: not a URL. answer is cleared first. */
int bn_http_do(bn_http *h, const bn_http_call *call, bn_http_answer *answer, bn_err *err);

#endif
