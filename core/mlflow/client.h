/*
 * client.h - requests to an MLflow tracking server, ours included, or to GitLab's MLflow endpoint.
 *
 * Where. A store's address is the tracking URI that MLflow's own clients use: http(s)://HOST[:PORT][/PREFIX]; for GitLab
 * https://HOST/api/v4/projects/ID/ml/mlflow; or unix:PATH for the socket of a Binnacle server. "/api/2.0/mlflow" is
 * added here.
 *
 * Who. The first of: a file of mode 0600; MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD (basic);
 * MLFLOW_TRACKING_TOKEN (bearer). A file's line is a bearer token, or "user:password" if it contains a colon.
 * Credentials are sent only to the scheme, host and port of the store, never in plain http to another machine unless
 * that is allowed, and are overwritten in memory by bn_mlflow_close. A server that repeats one in an answer puts it into
 * no message. MLFLOW_TRACKING_SERVER_CERT_PATH and MLFLOW_TRACKING_CLIENT_CERT_PATH (PEM, certificate and key) are used
 * as MLflow does; a certificate that does not verify is never accepted, whatever MLFLOW_TRACKING_INSECURE_TLS says.
 *
 * Sending. GET, PUT and DELETE, and requests that declare it (repeatable), are sent up to four times: after a lost
 * connection, a timeout, 408, 429 (Retry-After is honoured) and 5xx. Others are sent again after 429 alone. The wait
 * before a second try is 500 ms (BINNACLE_MLFLOW_BACKOFF), and doubles.
 *
 * Used by one thread.
 */
#ifndef BN_MLFLOW_CLIENT_H
#define BN_MLFLOW_CLIENT_H
#include "core/net/client.h"

#include <jansson.h>

typedef struct bn_mlflow_client bn_mlflow_client;

/* All optional; borrowed while the client is opened, goes_on and user until it is closed. */
typedef struct bn_mlflow_access {
	const char *token_file;
	const char *ca_file; /* PEM, instead of the system's authorities */
	bool plain_http;     /* credentials may be read on the way */
	/* How long one request may take with all its tries; 0: no limit. connect_ms as in bn_http_call. */
	int whole_ms, connect_ms;
	int attempts;                /* 0: four */
	bool (*goes_on)(void *user); /* about every 100 ms; false cancels: BN_EINTR */
	void *user;
} bn_mlflow_access;

/* Whether a text is the address of such a store: http://, https:// or unix:. */
bool bn_mlflow_is_address(const char *text);
/* Whether a text is HOST:PORT, with or without a path: an address whose scheme was forgotten. */
bool bn_mlflow_lacks_scheme(const char *text);

/* Sends nothing. BN_EINVAL: not such an address, or credentials that no header can hold. BN_EREFUSED: credentials
 * over plain http to another machine, a token file that others may read. BN_ENOTFOUND: no token file. */
int bn_mlflow_open(bn_mlflow_client **out, const bn_env *env, const char *address,
	const bn_mlflow_access *access, bn_err *err);
void bn_mlflow_close(bn_mlflow_client *c); /* NULL is fine */

/* The address without a slash at its end, for messages and keys. Borrowed. */
const char *bn_mlflow_address(const bn_mlflow_client *c);

typedef struct bn_mlflow_request {
	const char *method; /* NULL: GET, or POST with a body and no query */
	/* "runs/search", below /api/2.0/mlflow/; with a slash in front it is below the address ("/health"). Already
	 * percent-encoded. */
	const char *path;
	const json_t *
		query; /* fields of the query, for GET; a list is repeated, null is left out. Borrowed */
	const json_t *body; /* borrowed; for every method but GET */
	bool repeatable; /* a POST or PATCH that only reads, or that has one effect however often it is sent */
} bn_mlflow_request;

/* *out: the object that was answered ({} for an empty body), yours; NULL after an error. BN_ENOTFOUND for 404 and
 * RESOURCE_DOES_NOT_EXIST, BN_ECONFLICT for RESOURCE_ALREADY_EXISTS (status 400 in MLflow), BN_EREFUSED for 401 and
 * 403, BN_EINVAL for other 4xx, BN_EUNSUPPORTED for 501 and a path that the server does not have
 * (ENDPOINT_NOT_FOUND, or a 404 without JSON), BN_EIO for everything else, an answer that is no JSON object included.
 * Messages name the address and what the server says. */
int bn_mlflow_do(json_t **out, bn_mlflow_client *c, const bn_mlflow_request *r, bn_err *err);

/* Calls each() for the objects of the list in all pages (page_token, next_page_token), until it returns 1 (enough) or a
 * negative code. max_results is the caller's. Returns 1, 0, or the error. BN_EIO also for
 * pages that do not end: one that is followed by itself, tokens that go round, a thousand empty ones. What is in the
 * list and is no object is passed over, and counted: bn_mlflow_take_odd. each() may send other requests. */
typedef int bn_mlflow_each(void *user, const json_t *item, bn_err *err);
int bn_mlflow_list(bn_mlflow_client *c, const bn_mlflow_request *r, const char *list,
	bn_mlflow_each *each, void *user, bn_err *err);
/* The number of such items since the last call of this. */
size_t bn_mlflow_take_odd(bn_mlflow_client *c);

/* A call of the caller's own making (uploads, downloads, text). target: a path as in bn_mlflow_request, or a whole URL,
 * which gets the credentials if its origin is that of the address. url, headers, attempts and progress are filled in
 * here; extra: one more header, or NULL. The answer is borrowed until the next call. */
int bn_mlflow_call(const bn_http_answer **out, bn_mlflow_client *c, bn_http_call *call,
	const char *target, const char *extra, bn_err *err);

/* HTTP status of the last answer; 0: none came. */
int bn_mlflow_status(const bn_mlflow_client *c);

/* Numbers of the wire: doubles also as "NaN", "Infinity", "-Infinity", integers also as text. False for anything else,
 * NULL included. */
bool bn_mlflow_number(const json_t *v, double *out);
bool bn_mlflow_integer(const json_t *v, int64_t *out);
/* The number of a model version: an integer, or N of GitLab's "N.0.0". False for anything else. */
bool bn_mlflow_version(const json_t *v, int64_t *out);
/* A number for the wire; new reference. */
json_t *bn_mlflow_number_json(double x);

#endif
