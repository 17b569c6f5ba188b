/*
 * _client.h - what the files of the client share: client.c (a call: tries, redirects, waits),
 * attempt.c (one exchange over libcurl), late.c (the answer to a body that could not be sent),
 * answer.c (what an answer says), url.c.
 */
#ifndef BN_NET_CLIENT_INTERNAL_H
#define BN_NET_CLIENT_INTERNAL_H
#include "core/net/client.h"

#include <curl/curl.h>

#define BN_HTTP_MAX_HEAD (256u << 10)     /* bytes of all header lines of an exchange */
#define BN_HTTP_MAX_ERROR_TEXT (1u << 20) /* kept of a body that is not 2xx */
#define BN_HTTP_MAX_LATE (64u << 10)      /* taken from a socket on which sending failed */

typedef struct bn_http_attempt bn_http_attempt;

struct bn_http_client {
	const bn_env *env;
	CURL *curl;
	CURLM *multi;
	char *unix_socket, *ca_file, *cert_file, *key_file;
	bool use_proxy_variables, use_netrc;
	char text[CURL_ERROR_SIZE];
	int unix_fd; /* newest connection to unix_socket, until it is known who listens there; or -1 */
	bn_http_attempt *running; /* for the callback that closes a socket; NULL outside of a run */
};

/* Why our own loop ended an exchange. */
typedef enum bn_http_stop {
	BN_HTTP_GO_ON = 0,
	BN_HTTP_IDLE,
	BN_HTTP_OVERDUE,
	BN_HTTP_CANCELLED
} bn_http_stop;

/* One exchange. The upper part is set by the caller, the rest by bn_http_attempt_run. */
struct bn_http_attempt {
	bn_http_client *client;
	const bn_http_call *call;
	bn_http_answer *answer;
	const char *method, *url, *label; /* label: for messages, without secrets */
	const char *const *headers;       /* of the caller, as this host may see them */
	bool with_body, repeatable;
	bool no_announcing;  /* this server does not understand Expect */
	bool ask_only;       /* announce the body and never send it */
	int64_t deadline_ns; /* monotonic; 0: none */
	uint64_t have;       /* to a file: bytes that stay and are not asked for */
	const char *tag;     /* of them; or NULL */
	bool is_stream;      /* to a file that cannot be moved in: a pipe */

	int status;        /* of the head being read or read */
	bool head_done;    /* the final head came whole */
	bool reading_body; /* and its body is for the target, not an error's text */
	bool body_begun;   /* libcurl asked for the request's body */
	unsigned sends;    /* times that libcurl sent the request */
	bool not_twice;    /* it would have to be sent again, and may not be */
	uint64_t sent, got;
	size_t head_bytes;
	unsigned lengths, encodings;
	bn_buf late;  /* what a failed send left in the socket */
	bn_err why;   /* from a callback: what makes the answer or the call bad */
	bool dropped; /* the rest of an error's text is not wanted */
	bn_http_progress progress;
	int64_t active_ns, shown_ns;
	bool again; /* after a failure: another try may help */
};

/* 0: an answer came. Else an error, and a->again. */
int bn_http_attempt_run(bn_http_attempt *a, bn_err *err);
void bn_http_attempt_release(bn_http_attempt *a);
bool bn_http_attempt_goes_on(bn_http_attempt *a); /* asks progress(), at most every 100 ms */
/* Take a line of the answer's head, a piece of its body: libcurl's callbacks. Less than size * count:
 * stop, and a->why says what is wrong (or a->dropped that the rest is not wanted). */
size_t bn_http_attempt_header(char *line, size_t size, size_t count, void *attempt);
size_t bn_http_attempt_body(char *bytes, size_t size, size_t count, void *attempt);

/* late.c. Takes what lies in a socket that is about to be closed. */
void bn_http_late_take(bn_http_attempt *a, int fd);
/* Reads a->late as the answer. Nothing of it is an error: a->head_done tells whether it was one. */
void bn_http_late_read(bn_http_attempt *a);

/* url.c */
int bn_http_url_check(const char *url, bn_err *err);
/* "http://host:port/path", without user name, query and fragment, or "unix:SOCKET /path"; yours, NULL
 * without memory. */
char *bn_http_url_label(const char *url, const char *unix_socket);
/* The same scheme, host and port. */
bool bn_http_url_same_origin(const char *a, const char *b);
bool bn_http_url_is_https(const char *url);

/* answer.c */
void bn_http_answer_clear(bn_http_answer *a);
/* The first header line of that name from *at on: *value and its length without blanks around it.
 * *at moves behind it. False: no more. */
bool bn_http_next_header(const char **at, const char *name, const char **value, size_t *len);
/* "bytes 5-9/20"; *total -1 for '*'. False: not of that form. */
bool bn_http_content_range(
	const bn_http_answer *a, uint64_t *first, uint64_t *last, int64_t *total);

#endif
