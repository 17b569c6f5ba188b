/*
 * message.h - what an HTTP request and an HTTP response are, without a socket.
 *
 * A request is borrowed by whoever is asked to answer it; a response is filled in by them. Both are
 * plain structs, so that routes are pure functions that a test calls with a request made by hand.
 *
 * A body is either bytes in memory (body, body_len) or flows: a bn_http_sink takes what a client
 * sends, piece by piece, and a bn_http_source gives what a client gets.
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

/* Not now: the one who returns it calls bn_waker_wake or bn_exchange_finish later (listener.h). */
#define BN_HTTP_LATER 1

typedef struct bn_http_header {
	const char *name, *value; /* the value without blanks around it */
} bn_http_header;

/* Who asks. */
typedef struct bn_http_peer {
	char address[48]; /* "127.0.0.1" (over an IPv6 socket too), "::1"; "" for a Unix socket */
	bool is_unix, is_tls;
	uid_t uid; /* of a Unix socket: the kernel's word for who connected; else (uid_t)-1 */
} bn_http_peer;

typedef struct bn_http_request {
	const char *method;
	const char *path;  /* percent-decoded, without the query; %2F and %00 stay as they are */
	const char *query; /* after '?', as it came; or NULL */
	const char *
		target_host; /* of a whole URL in the place of a path; a Host beside it says the same */
	const bn_http_header *headers;
	size_t header_count;
	const char *body; /* not NULL when body_len is not 0; NULL also when a sink took it */
	size_t body_len;
	const bn_http_peer *peer; /* NULL: a request made by hand */
} bn_http_request;

/* Value of a header by name in any case; NULL when absent. Of headers that may repeat: the first. */
const char *bn_http_request_header(const bn_http_request *r, const char *name);
/* Value of a field of the query, percent-decoded ('+' is a blank), into value[size], cut to fit.
 * False when it is absent. */
bool bn_http_request_field(const bn_http_request *r, const char *name, char *value, size_t size);
/* Decodes %XX in place, but not %00 and %2F: a NUL must not shorten a path and a slash that was
 * escaped must not split it. Returns the new length. */
size_t bn_http_unescape(char *text);

/* ---- bodies that flow ----------------------------------------------------------------------- */

/* Where the bytes of a request's body go. Its functions are called by one thread at a time. */
typedef struct bn_http_sink {
	/* Takes all n bytes. 0: go on. BN_HTTP_LATER: taken, but no more until bn_waker_wake.
	 * Negative: the body is refused with the code's HTTP status and err's message. */
	int (*write)(void *user, const void *bytes, size_t n, bn_err *err);
	/* Once, whatever happened; whole: the body was complete, and handle() follows. Or NULL. */
	void (*close)(void *user, bool whole);
	void *user;
	uint64_t max_bytes; /* 413 above it; 0: as large as the client likes */
} bn_http_sink;

/* Where the bytes of a response's body come from. Its functions are called by one thread at a time. */
typedef struct bn_http_source {
	/* Up to size bytes: > 0; 0 at the end; BN_HTTP_SOURCE_LATER when there are none yet, and
	 * bn_waker_wake tells when; BN_HTTP_SOURCE_BROKEN cuts the connection, so that the client
	 * cannot take a part for the whole. */
	ssize_t (*read)(void *user, void *out, size_t size);
	void (*close)(void *user); /* once, whatever happened; or NULL */
	void *user;
	int64_t length; /* -1: unknown, sent in chunks */
	bool endless;   /* events: ends when the listener stops, not after its grace time */
} bn_http_source;
#define BN_HTTP_SOURCE_LATER ((ssize_t)-1)
#define BN_HTTP_SOURCE_BROKEN ((ssize_t)-2)

/* ---- responses ------------------------------------------------------------------------------ */

typedef struct bn_http_response {
	int status;               /* 0 until somebody answered */
	const char *content_type; /* borrowed for ever; NULL: none */
	bn_buf headers;           /* further ones: bn_http_response_add */
	bn_buf body;
	bn_http_source source; /* instead of body, when read is not NULL; the response owns it */
	bool close;            /* hang up after it */
} bn_http_response;

void bn_http_response_init(bn_http_response *r);
void bn_http_response_release(bn_http_response *r); /* closes the source; as after init */
/* As after init, but keeps the memory. */
void bn_http_response_clear(bn_http_response *r);
/* A header beside Content-Type, Content-Length, Date and Connection, which the listener writes. A
 * control character in name or value is BN_EINVAL. */
int bn_http_response_add(bn_http_response *r, const char *name, const char *value, bn_err *err);
/* Value of a header that was added, copied to value[size]; NULL when absent. */
const char *bn_http_response_header(
	const bn_http_response *r, const char *name, char *value, size_t size);
/* Body {"error": message, "hint": hint}, its type, and the status. */
void bn_http_response_error(bn_http_response *r, int status, const bn_err *err);
/* "Not Found"; "Status" for a number without a name. */
const char *bn_http_reason(int status);

/* ---- who may ask ---------------------------------------------------------------------------- */

/* Authorization: Bearer TOKEN, compared in a time that does not depend on where it differs. */
bool bn_http_has_bearer(const bn_http_request *r, const char *token);
/* "localhost", 127.x.y.z, [::1] or [::ffff:127.x.y.z], each with or without a port; the addresses of
 * IPv6 without brackets as well, and then without a port. */
bool bn_http_is_loopback_name(const char *host);
/* A page of another site that uses a browser of this machine as a go-between: it says so in Origin, or
 * (loopback: the listener listens there) its own name was made to mean 127.0.0.1 and stands in Host or
 * in the request's URL.
 * Programs that are no browser send no Origin, and a Host that they mean. */
bool bn_http_is_foreign_page(const bn_http_request *r, bool loopback);

#endif
