/*
 * client.h - an HTTP/1.1 client over libcurl: every request that Binnacle sends goes through it.
 *
 * A bn_http_client keeps its connections between calls and belongs to one thread. A call says what
 * is sent (memory, a part of a file, a callback), where the answer's body goes (memory, a file that
 * can be resumed, a callback), how long it may take, and how often it may be tried.
 *
 * What it does not do unless it is asked: follow a redirect, send a request twice, use a proxy or
 * the .netrc file of the user. What it never does: trust a certificate that does not verify, go from
 * https to http, send a header of the caller that may hold a secret to another origin than the one
 * that the caller named, or write a secret (header, user name, query) into a message.
 *
 * Sending twice. GET, HEAD, OPTIONS, PUT and DELETE have the same effect once or twice; of another
 * method the caller says so (repeatable). A request that is not repeatable is sent once, also when a
 * kept connection turns out to be closed.
 *
 * A refusal that comes before the body was read. A server that refuses a request on its headers
 * answers and closes; what is still being sent then fails (EPIPE, ECONNRESET). The answer counts, not
 * the failure:
 * - a body above 1 MiB or of unknown length is announced (Expect: 100-continue) and sent when the
 *   server agrees or has said nothing for a second;
 * - libcurl reads what has come before it sends the next piece, and stops sending at a refusal;
 * - when sending failed, what the server had sent by then is taken from the socket before it is closed,
 *   and read as the answer; over TLS, where that is not possible, the same headers are sent once more,
 *   announcing a body that never follows, and a refusal of them is the answer.
 *
 * An answer is refused (BN_EIO) when it has two Content-Length headers, one beside Transfer-Encoding,
 * one that is no number, a folded header line, or more than 256 KiB of headers.
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

typedef struct bn_http_client bn_http_client;

/* All optional; copied. */
typedef struct bn_http_client_options {
	/* Path: every connection goes there, whatever the URL's host. Who listens must be this user or
	 * root, says the kernel; else BN_EREFUSED before a byte is sent. */
	const char *unix_socket;
	const char *ca_file;              /* PEM: trusted instead of the system's authorities */
	const char *cert_file, *key_file; /* PEM: the client's own certificate and its key */
	bool use_proxy_variables;         /* http_proxy, https_proxy, no_proxy of the environment */
	bool use_netrc;                   /* ~/.netrc */
} bn_http_client_options;

/* env: clock, randomness of waiting times, files; borrowed. options NULL: none. */
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
	/* Back to the first byte. NULL: read() works once, so that the request is never repeated. */
	int (*rewind)(void *user, bn_err *err);
	void *user; /* of read and rewind */
} bn_http_upload;

/* ---- where the answer's body goes ----------------------------------------------------------- */

typedef enum bn_http_target {
	BN_HTTP_TO_MEMORY = 0, /* answer->body */
	BN_HTTP_TO_FILE,       /* fd, from its byte `have` on */
	BN_HTTP_TO_CALLBACK,   /* write() */
} bn_http_target;

/* Only the body of a 2xx answer goes to a file or a callback; any other is text for people, of
 * which answer->body keeps the first MiB. */
typedef struct bn_http_download {
	bn_http_target kind;
	uint64_t
		max_bytes; /* BN_EIO above it; 0: 64 MiB to memory, no limit to file and callback */
	/* To memory or callback: count bytes from first on (count 0: the whole, no range is asked).
	 * Fewer only at the end of the thing; an answer that is not that range is BN_EIO. */
	uint64_t first, count;
	/* To a file: its first `have` bytes are there already and the rest is asked for. tag: the ETag
	 * that the answer had when those came, or NULL when the caller checks the whole afterwards. If
	 * the server does not give the rest (it knows no ranges, or the tag changed), the file is cut to
	 * 0 and comes whole. */
	int fd;
	uint64_t have;
	const char *tag;
	/* Takes all n bytes; a negative code with err ends the call. */
	int (*write)(void *user, const void *bytes, size_t n, bn_err *err);
	/* What came so far is void and comes again. NULL: no second try once bytes have come. */
	int (*restart)(void *user, bn_err *err);
	void *user; /* of write and restart */
} bn_http_download;

/* ---- a call --------------------------------------------------------------------------------- */

typedef struct bn_http_progress {
	uint64_t sent, received;     /* bytes of the bodies, of this try */
	int64_t to_send, to_receive; /* -1: not known (yet) */
} bn_http_progress;

typedef struct bn_http_call {
	const char *method;         /* NULL: GET, or POST with a body */
	const char *url;            /* http:// or https://, without user name and password */
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	bn_http_upload body;        /* without a Content-Type header: application/json */
	bn_http_download to;
	int connect_ms; /* until the connection stands; 0: 10 000 */
	int idle_ms;    /* without a byte in either direction; 0: 30 000; -1: no limit */
	int whole_ms;   /* all tries, redirects and waits together; 0: no limit */
	/* How often it may be sent, when it is repeatable: again after a lost connection or a timeout, and
	 * after 408, 429, 502, 503 or 504. The wait is what Retry-After says, else backoff_ms (0: 500),
	 * doubled each time up to 30 s, with a random quarter. A Retry-After above two minutes, or beyond
	 * whole_ms, is not waited for: that answer is returned. 0 and 1: once. */
	int attempts, backoff_ms;
	bool repeatable; /* of POST, PATCH and the like */
	/* How many redirects are followed: of GET and HEAD any, of other methods 307 and 308 (with a body
	 * that can be sent again) and 303 (as GET). 0: none, and the 3xx answer is returned. To another
	 * origin go Accept, Content-Type, Range, If-* and what the client itself writes, nothing else. */
	int max_redirects;
	/* About every 100 ms, and while waiting. False cancels: BN_EINTR. */
	bool (*progress)(void *user, const bn_http_progress *p);
	void *progress_user;
} bn_http_call;

typedef struct bn_http_answer {
	int status;
	bn_buf body;
	bn_buf headers; /* as they came, CRLF lines, status line left out */
	bn_buf url;     /* that answered: of the last redirect */
	bn_buf place;   /* the same for messages: no query, no secret; "unix:PATH /path" */
	/* Of a 2xx answer: bytes delivered to the target; of a file its length, which after BN_EIO is
	 * what a later call may name as `have`. */
	uint64_t body_bytes;
	int attempts, redirects;
	bool untrusted; /* there is none: the server's certificate was not accepted */
	bool cut;       /* a refusal (status >= 400) whose text did not come whole */
} bn_http_answer;

void bn_http_answer_init(bn_http_answer *a);
void bn_http_answer_release(bn_http_answer *a);
/* Value of a header of the answer, copied to value[size]; NULL when absent. Of several the first: for
 * one that decides something, use bn_http_answer_only. */
const char *bn_http_answer_header(
	const bn_http_answer *a, const char *name, char *value, size_t size);
/* The same, yours in *out. BN_ENOTFOUND when absent, BN_EIO when it is there twice. */
int bn_http_answer_only(char **out, const bn_http_answer *a, const char *name, bn_err *err);
/* 0 for 2xx. Else an error that names host and status and says what the body says (Binnacle's, MLflow's,
 * GitLab's and OCI's JSON, S3's XML, one line of plain text), and the body's hint. 401, 403: BN_EREFUSED;
 * 404, 410: BN_ENOTFOUND; 409, 412: BN_ECONFLICT; 501: BN_EUNSUPPORTED; 408, 429, 5xx: BN_EIO; else
 * BN_EINVAL. */
int bn_http_answer_check(const bn_http_answer *a, bn_err *err);

/* 0 whenever an HTTP answer came, whatever its status. answer is cleared first; after an error it holds
 * the headers that had come. BN_EINVAL: not a URL, a header with a control character. BN_EIO: could not
 * connect, timed out, cut off, not what was asked for, a file that cannot be read or written.
 * BN_EREFUSED: a redirect from https to http. BN_EINTR: progress() said so. Errors of the caller's
 * callbacks are returned as they are. */
int bn_http_do(bn_http_client *c, const bn_http_call *call, bn_http_answer *answer, bn_err *err);

/* A reference such as a Location header, against the URL that it came from; *out is yours. */
int bn_http_url_resolve(char **out, const char *base, const char *reference, bn_err *err);

#endif
