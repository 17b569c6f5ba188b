/*
 * client.h - an HTTP/1.1 client over libcurl: every request that Binnacle sends goes through it.
 *
 * A bn_http_client keeps its connections between calls and is used by one thread. A call describes
 * what is sent (memory, a part of a file, a callback), where the answer's body goes (memory, a file
 * that can be resumed, a callback), how long it may take, and how often it may be tried.
 *
 * Only on request does it follow redirects, send a request twice, or use a proxy or the user's
 * .netrc file. It never trusts a certificate that does not verify, follows a redirect from https to
 * http, sends a caller's header that may hold a secret to an origin that the caller did not name, or
 * writes a secret (header, user name, query) into a message.
 *
 * Sending twice. GET, HEAD, OPTIONS, PUT and DELETE are idempotent; for other methods the caller
 * declares it (repeatable). A request that is not repeatable is sent once, even if a kept connection
 * turns out to be closed.
 *
 * Early refusals. A server that refuses a request because of its headers answers and closes the
 * connection; sending the rest then fails (EPIPE, ECONNRESET). The response counts, not the failure:
 * - a body above 1 MiB or of unknown length is announced (Expect: 100-continue) and sent when the
 *   server agrees or stays silent for a second;
 * - libcurl reads pending input before it sends the next piece, and stops sending at a refusal;
 * - after a failed send, what the server had sent is read from the socket before it is closed and
 *   parsed as the response; with TLS, where that is not possible, the same headers are sent once more,
 *   announcing a body that never follows, and a refusal of them is the response.
 *
 * A response is rejected (BN_EIO) if it has two Content-Length headers, one together with
 * Transfer-Encoding, one that is not a number, a folded header line, or more than 256 KiB of headers.
 */
#ifndef BN_NET_CLIENT_H
#define BN_NET_CLIENT_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sockaddr;
typedef struct bn_http_client bn_http_client;

/* All optional; copied. */
typedef struct bn_http_client_options {
	/* Path of a socket used for every connection, regardless of the URL's host. The listener must
	 * run as this user or root, according to the kernel; else BN_EREFUSED before anything is
	 * sent. */
	const char *unix_socket;
	const char *ca_file;              /* PEM: trusted instead of the system's authorities */
	const char *cert_file, *key_file; /* PEM: the client's own certificate and its key */
	bool use_proxy_variables; /* use http_proxy, https_proxy, no_proxy from the environment */
	bool use_netrc;           /* ~/.netrc */
	/* Asked for each address that a connection is about to be made to, after its name was resolved; false: it is
	 * not made, and if no other address is left the call is BN_EREFUSED. NULL: any. Not asked for unix_socket;
	 * with a proxy it would be the proxy's. */
	bool (*may_connect)(void *user, const struct sockaddr *at, unsigned n);
	void *connect_user;
} bn_http_client_options;

/* env: clock, random back-off, files; borrowed. options may be NULL. */
int bn_http_client_new(bn_http_client **out, const bn_env *env,
	const bn_http_client_options *options, bn_err *err);
void bn_http_client_free(bn_http_client *c);

/* ---- what is sent --------------------------------------------------------------------------- */

typedef enum bn_http_body {
	BN_HTTP_NO_BODY = 0,
	BN_HTTP_BYTES, /* bytes, length */
	BN_HTTP_FILE,  /* fd: length bytes from offset on, read with the env's pread */
	BN_HTTP_READ,  /* read(): length bytes, or -1: until it returns 0 (sent in chunks) */
} bn_http_body;

typedef struct bn_http_upload {
	bn_http_body kind;
	const void *bytes;
	int fd;
	uint64_t offset;
	int64_t length;
	/* Up to size bytes (> 0), 0 at the end, a negative code with err on failure. */
	ssize_t (*read)(void *user, void *out, size_t size, bn_err *err);
	/* Restarts at the first byte. NULL: read() works only once, so the request is never
	 * repeated. */
	int (*rewind)(void *user, bn_err *err);
	void *user; /* for read and rewind */
} bn_http_upload;

/* ---- where the answer's body goes ----------------------------------------------------------- */

typedef enum bn_http_target {
	BN_HTTP_TO_MEMORY = 0, /* answer->body */
	BN_HTTP_TO_FILE,       /* fd, from byte `have` on */
	BN_HTTP_TO_CALLBACK,   /* write() */
} bn_http_target;

/* Only the body of a 2xx response goes to a file or a callback; any other is an error text, of
 * which answer->body keeps the first MiB. */
typedef struct bn_http_download {
	bn_http_target kind;
	uint64_t
		max_bytes; /* BN_EIO above it; 0: 64 MiB to memory, no limit to file and callback */
	/* To memory or callback: count bytes from first on (count 0: everything, no range is
	 * requested). Fewer only at the end of the resource; a response with another range is
	 * BN_EIO. */
	uint64_t first, count;
	/* To a file: its first `have` bytes are already there and the rest is requested. tag: the ETag
	 * of the response they came from, or NULL if the caller verifies the whole file afterwards. If
	 * the server does not send the rest (it does not support ranges, or the tag changed), the file
	 * is truncated to 0 and fetched from the start. */
	int fd;
	uint64_t have;
	const char *tag;
	/* Takes all n bytes; a negative code with err ends the call. */
	int (*write)(void *user, const void *bytes, size_t n, bn_err *err);
	/* Discards what was delivered, which comes again. NULL: no retry once bytes were
	 * delivered. */
	int (*restart)(void *user, bn_err *err);
	void *user; /* for write and restart */
} bn_http_download;

/* ---- a call --------------------------------------------------------------------------------- */

typedef struct bn_http_progress {
	uint64_t sent, received;     /* body bytes of this try */
	int64_t to_send, to_receive; /* -1: not known (yet) */
} bn_http_progress;

typedef struct bn_http_call {
	const char *method;         /* NULL: GET, or POST with a body */
	const char *url;            /* http:// or https://, without user name and password */
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	bn_http_upload body;        /* without a Content-Type header: application/json */
	bn_http_download to;
	int connect_ms; /* to connect; 0: 10 000 */
	int idle_ms;    /* without a byte in either direction; 0: 30 000; -1: no limit */
	int whole_ms;   /* all tries, redirects and waits together; 0: no limit */
	/* How often a repeatable request may be sent: again after a lost connection or a timeout, and
	 * after 408, 429, 500, 502, 503 or 504. The wait is Retry-After, else backoff_ms (0: 500), doubled each
	 * time up to 30 s, plus up to a random quarter. A Retry-After above two minutes, or beyond
	 * whole_ms, is not honoured: that response is returned. 0 and 1: once. */
	int attempts, backoff_ms;
	bool repeatable; /* of POST, PATCH and the like */
	/* Whatever the method, sent again after 429 alone: that server has done nothing. */
	bool only_refused;
	/* How many redirects are followed: any for GET and HEAD; for other methods 307 and 308 (if the
	 * body can be sent again) and 303 (as GET). 0: none, and the 3xx response is returned. Another
	 * origin gets only Accept, Content-Type, Range, If-* and the headers that the client itself
	 * writes. */
	int max_redirects;
	/* About every 100 ms, and while waiting. False cancels: BN_EINTR. */
	bool (*progress)(void *user, const bn_http_progress *p);
	void *progress_user;
} bn_http_call;

typedef struct bn_http_answer {
	int status;
	bn_buf body;
	bn_buf headers; /* as received, CRLF lines, without the status line */
	bn_buf url;     /* the URL that answered, after redirects */
	bn_buf place;   /* the same for messages: no query, no secret; "unix:PATH /path" */
	/* For a 2xx response: bytes delivered to the target; for a file its length, which after
	 * BN_EIO a later call may pass as `have`. */
	uint64_t body_bytes;
	int attempts, redirects;
	bool untrusted; /* no response: the server's certificate was not accepted */
	bool cut;       /* an error (status >= 400) whose text is incomplete */
} bn_http_answer;

void bn_http_answer_init(bn_http_answer *a);
void bn_http_answer_release(bn_http_answer *a);
/* Copies a response header's value to value[size]; NULL if absent. The first of several: where the
 * value matters, use bn_http_answer_only. */
const char *bn_http_answer_header(
	const bn_http_answer *a, const char *name, char *value, size_t size);
/* The same; the caller frees *out. BN_ENOTFOUND if absent, BN_EIO if there are two. */
int bn_http_answer_only(char **out, const bn_http_answer *a, const char *name, bn_err *err);
/* 0 for 2xx. Else an error with host, status, the message in the body (Binnacle's, MLflow's, GitLab's and
 * OCI's JSON, S3's XML, one line of plain text) and its hint. 401, 403: BN_EREFUSED; 404, 410:
 * BN_ENOTFOUND; 409, 412: BN_ECONFLICT; 501: BN_EUNSUPPORTED; 408, 429, 5xx: BN_EIO; else BN_EINVAL. */
int bn_http_answer_check(const bn_http_answer *a, bn_err *err);

/* 0 if an HTTP response was received, whatever its status. answer is cleared first; after an error it
 * holds the headers received so far. BN_EINVAL: not a URL, a header with a control character. BN_EIO:
 * could not connect, timed out, incomplete, not what was requested, a file that cannot be read or
 * written. BN_EREFUSED: a redirect from https to http, an address that
 * may_connect refused. BN_EINTR: cancelled by progress(). Errors of
 * the caller's callbacks are returned as they are. */
int bn_http_do(bn_http_client *c, const bn_http_call *call, bn_http_answer *answer, bn_err *err);

/* Resolves a reference such as a Location header against its base URL; the caller frees *out. */
int bn_http_url_resolve(char **out, const char *base, const char *reference, bn_err *err);
/* Adds text as one segment of a path or one value of a query: everything but letters, digits and - . _ ~ is
 * percent-encoded, '/' too. */
void bn_http_url_add(bn_buf *out, const char *text);
/* Whether scheme, host and port are the same. */
bool bn_http_url_same_origin(const char *a, const char *b);
bool bn_http_url_is_https(const char *url);
/* Its origin, "https://host" or "https://host:8443", and its host ("[::1]" in brackets); both are the caller's. BN_EINVAL
 * if a call would refuse the URL. */
int bn_http_url_origin(char **origin, char **host, const char *url, bn_err *err);

#endif
