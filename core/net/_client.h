/*
 * _client.h - shared declarations of the client: client.c (a call: tries, redirects, waits),
 * attempt.c (one exchange over libcurl), late.c (the answer to a body that could not be sent),
 * answer.c (reading a response), url.c.
 */
#ifndef BN_NET_CLIENT_INTERNAL_H
#define BN_NET_CLIENT_INTERNAL_H
#include "core/base/curl.h"
#include "core/net/client.h"


#define BN_HTTP_MAX_HEAD (256u << 10)     /* bytes of all header lines of an exchange */
#define BN_HTTP_MAX_ERROR_TEXT (1u << 20) /* kept of the body of a non-2xx response */
#define BN_HTTP_MAX_LATE (64u << 10)      /* read from a socket on which sending failed */

typedef struct bn_http_attempt bn_http_attempt;

struct bn_http_client {
	const bn_env *env;
	CURL *curl;
	CURLM *multi;
	char *unix_socket, *ca_file, *cert_file, *key_file;
	bool use_proxy_variables, use_netrc;
	bool (*may_connect)(void *user, const struct sockaddr *at, unsigned n);
	void *connect_user;
	bool refused; /* may_connect refused an address of this exchange */
	char text[CURL_ERROR_SIZE];
	int unix_fd; /* newest connection to unix_socket whose peer is not yet checked; or -1 */
	bn_http_attempt *running; /* for the callback that closes a socket; NULL outside of a run */
};

/* Why our loop ended an exchange. */
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
	const char *const *headers;       /* the caller's, as far as this host may see them */
	bool with_body, repeatable;
	bool no_announcing;  /* the server does not understand Expect */
	bool ask_only;       /* announce the body and never send it */
	int64_t deadline_ns; /* monotonic; 0: none */
	uint64_t have;       /* to a file: bytes already there, not requested again */
	const char *tag;     /* of those bytes; or NULL */
	bool is_stream;      /* to a file that cannot seek: a pipe */

	int status;        /* of the current head */
	bool head_done;    /* the final head is complete */
	bool reading_body; /* its body goes to the target and is not an error text */
	bool body_begun;   /* libcurl has read from the request's body */
	unsigned sends;    /* how often libcurl has sent the request */
	bool not_twice;    /* it would have to be sent again, which is not allowed */
	uint64_t sent, got;
	size_t head_bytes;
	unsigned lengths, encodings;
	bn_buf late;  /* what was left in the socket after a failed send */
	bn_err why;   /* set by a callback: why the response or the call is invalid */
	bool dropped; /* the rest of the error text is not needed */
	bn_http_progress progress;
	int64_t active_ns, shown_ns;
	bool again; /* after a failure: a retry may help */
};

/* 0 if a response was received. Otherwise an error, and a->again. */
int bn_http_attempt_run(bn_http_attempt *a, bn_err *err);
void bn_http_attempt_release(bn_http_attempt *a);
bool bn_http_attempt_goes_on(bn_http_attempt *a); /* calls progress(), at most every 100 ms */
/* libcurl's callbacks for a header line and a piece of the body. Less than size * count means stop:
 * a->why says what is wrong (or a->dropped says that the rest is not needed). */
size_t bn_http_attempt_header(char *line, size_t size, size_t count, void *attempt);
size_t bn_http_attempt_body(char *bytes, size_t size, size_t count, void *attempt);

/* late.c. Reads what is left in a socket that is about to be closed. */
void bn_http_late_take(bn_http_attempt *a, int fd);
/* Parses a->late as the response. It never fails: a->head_done tells whether there was one. */
void bn_http_late_read(bn_http_attempt *a);

/* url.c */
int bn_http_url_check(const char *url, bn_err *err);
/* "http://host:port/path", without user name, query and fragment, or "unix:SOCKET /path". The caller
 * frees it; NULL if out of memory. */
char *bn_http_url_label(const char *url, const char *unix_socket);

/* answer.c */
void bn_http_answer_clear(bn_http_answer *a);
/* Finds the first header line of that name from *at on; *value and *length exclude surrounding
 * blanks. *at moves past it. False if there are no more. */
bool bn_http_next_header(const char **at, const char *name, const char **value, size_t *len);
/* "bytes 5-9/20"; *total -1 for '*'. False if malformed. */
bool bn_http_content_range(
	const bn_http_answer *a, uint64_t *first, uint64_t *last, int64_t *total);

#endif
