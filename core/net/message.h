/*
 * message.h - HTTP requests and responses, independent of sockets.
 *
 * A handler borrows the request and fills in the response. Both are plain structs, so routes are
 * pure functions that a test can call with a hand-made request.
 *
 * A body is either in memory (body, body_len) or streamed: a bn_http_sink receives a request
 * body in pieces, and a bn_http_source produces a response body.
 */
#ifndef BN_NET_MESSAGE_H
#define BN_NET_MESSAGE_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BN_HTTP_MAX_HEADERS 64

/* Not now: the callee will call bn_waker_wake or bn_exchange_finish later (listener.h). */
#define BN_HTTP_LATER 1

typedef struct bn_http_header {
	const char *name, *value; /* the value without surrounding blanks */
} bn_http_header;

/* Who asks. */
typedef struct bn_http_peer {
	char address[48]; /* "127.0.0.1" (over an IPv6 socket too), "::1"; "" for a Unix socket */
	bool is_unix, is_tls;
	uid_t uid; /* for a Unix socket: the peer's uid according to the kernel; else (uid_t)-1 */
} bn_http_peer;

typedef struct bn_http_request {
	const char *method;
	const char *path;        /* percent-decoded, without the query; %2F and %00 are kept */
	const char *query;       /* after '?', undecoded; or NULL */
	const char *target_host; /* host of an absolute-form target; the Host header equals it */
	const bn_http_header *headers;
	size_t header_count;
	const char *body; /* not NULL if body_len is not 0; NULL if a sink took it */
	size_t body_len;
	const bn_http_peer *peer; /* NULL: a hand-made request */
} bn_http_request;

/* Value of a header, by case-insensitive name; NULL if absent. The first of repeated ones. */
const char *bn_http_request_header(const bn_http_request *r, const char *name);
/* Copies a query field, percent-decoded ('+' is a blank), to value[size], truncated to fit.
 * False if absent. */
bool bn_http_request_field(const bn_http_request *r, const char *name, char *value, size_t size);
/* Decodes %XX in place, but not %00 and %2F: a NUL must not shorten a path and an escaped slash
 * must not split it. Returns the new length. */
size_t bn_http_unescape(char *text);

/* ---- streamed bodies ----------------------------------------------------------------------- */

/* Receives a request body. Its functions are called by one thread at a time. */
typedef struct bn_http_sink {
	/* Takes all n bytes. 0: go on. BN_HTTP_LATER: taken, but no more until bn_waker_wake.
	 * Negative: the body is refused with the code's HTTP status and err's message. */
	int (*write)(void *user, const void *bytes, size_t n, bn_err *err);
	/* Called once in any case; whole: the body was complete, and handle() follows. May be
	 * NULL. */
	void (*close)(void *user, bool whole);
	void *user;
	uint64_t max_bytes; /* 413 above it; 0: no limit */
} bn_http_sink;

/* Produces a response body. Its functions are called by one thread at a time. */
typedef struct bn_http_source {
	/* Returns up to size bytes (> 0); 0 at the end; BN_HTTP_SOURCE_LATER if there are none
	 * before the next bn_waker_wake; BN_HTTP_SOURCE_BROKEN to cut the connection, so that the
	 * client cannot mistake a part for the whole. */
	ssize_t (*read)(void *user, void *out, size_t size);
	void (*close)(void *user); /* called once in any case; or NULL */
	void *user;
	int64_t length; /* -1: unknown, sent in chunks */
	bool endless;   /* events: ends when the listener stops, not after its grace time */
} bn_http_source;
#define BN_HTTP_SOURCE_LATER ((ssize_t)-1)
#define BN_HTTP_SOURCE_BROKEN ((ssize_t)-2)

/* ---- responses ------------------------------------------------------------------------------ */

typedef struct bn_http_response {
	int status;               /* 0 until set */
	const char *content_type; /* static; NULL: none */
	bn_buf headers;           /* added with bn_http_response_add */
	bn_buf body;
	bn_http_source source; /* instead of body, when read is not NULL; the response owns it */
	bool close;            /* close the connection after it */
} bn_http_response;

void bn_http_response_init(bn_http_response *r);
void bn_http_response_release(bn_http_response *r); /* closes the source; then as after init */
/* As after init, but keeps the memory. */
void bn_http_response_clear(bn_http_response *r);
/* A header beside Content-Type, Content-Length, Date and Connection, which the listener writes. A
 * control character in name or value is BN_EINVAL. */
int bn_http_response_add(bn_http_response *r, const char *name, const char *value, bn_err *err);
/* Copies the value of an added header to value[size]; NULL if absent. */
const char *bn_http_response_header(
	const bn_http_response *r, const char *name, char *value, size_t size);
/* Sets the body {"error": message, "hint": hint}, its type, and the status. */
void bn_http_response_error(bn_http_response *r, int status, const bn_err *err);
/* "Not Found"; "Status" for an unknown number. */
const char *bn_http_reason(int status);

/* ---- access checks
 * ---------------------------------------------------------------------------- */

/* Authorization: Bearer TOKEN, compared in constant time. */
bool bn_http_has_bearer(const bn_http_request *r, const char *token);
/* "localhost", 127.x.y.z, [::1] or [::ffff:127.x.y.z], each with or without a port; IPv6 addresses
 * also without brackets, and then without a port. */
bool bn_http_is_loopback_name(const char *host);
/* Whether a browser on this machine sends the request for a page of another site: Origin names that
 * site, or (loopback: the listener is bound there) its name was rebound to 127.0.0.1 and appears in
 * Host or in the request's URL. Other programs send no Origin, and the Host they intend. */
bool bn_http_is_foreign_page(const bn_http_request *r, bool loopback);

#endif
