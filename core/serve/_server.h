/*
 * _server.h - shared by server.c, routes.c and the route_*.c files.
 *
 * To add a route: write its handler in a route_*.c, declare it here, and add a line to the table in
 * routes.c.
 */
#ifndef BN_SERVE_SERVER_INTERNAL_H
#define BN_SERVE_SERVER_INTERNAL_H
#include "core/net/latency.h"
#include "core/net/listener.h"
#include "core/net/router.h"
#include "core/serve/server.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- counters ------------------------------------------------------------------------------- */

typedef enum bn_route_id {
	BN_ROUTE_PREDICT = 0,
	BN_ROUTE_INFER,
	BN_ROUTE_INVOCATIONS,
	BN_ROUTE_METADATA,
	BN_ROUTE_HEALTH,
	BN_ROUTE_METRICS,
	BN_ROUTE_NONE, /* no such path */
	BN_ROUTE_COUNT,
} bn_route_id;

/* Statuses that we send; the last one stands for all others. */
#define BN_STATUS_LIST \
	200, 400, 401, 403, 404, 405, 408, 413, 414, 415, 417, 422, 429, 431, 500, 501, 503, 505, 0
#define BN_STATUS_COUNT 19
typedef struct bn_metrics {
	atomic_uint_fast64_t requests[BN_ROUTE_COUNT][BN_STATUS_COUNT];
	bn_latency latency[BN_ROUTE_COUNT];
	bn_percentiles took; /* of the three predicting routes */
	atomic_uint_fast64_t in_flight;
	atomic_uint_fast64_t *predictions; /* per model */
	atomic_uint_fast64_t *unknown;     /* per model: cells of unseen categories */
	atomic_uint_fast64_t **classes;    /* per model: rows of each class, or NULL */
	size_t models;
} bn_metrics;

#define BN_METRIC_CLASSES 50 /* most classes of a model that are counted one by one */

/* m is zero. After a failure, release it. */
int bn_metrics_init(bn_metrics *m, const bn_predictor *const *models, size_t n, bn_err *err);
void bn_metrics_release(bn_metrics *m);
void bn_metrics_count(bn_metrics *m, bn_route_id route, int status, int64_t latency_ns);
/* The rows that a session has predicted with that model. */
void bn_metrics_count_rows(bn_metrics *m, size_t model, const bn_session *s);

/* ---- tokens --------------------------------------------------------------------------------- */

typedef struct bn_token {
	char *text;
	atomic_uint in_hand; /* requests: from their head to the end of their response */
} bn_token;

typedef struct bn_tokens {
	bn_token *items;
	size_t count;
} bn_tokens;

/* One per line; NULL: none. After a failure, release what was read. */
int bn_tokens_read(bn_tokens *t, const char *text, bn_err *err);
void bn_tokens_release(bn_tokens *t);
/* The request's token, or NULL. */
bn_token *bn_tokens_find(const bn_tokens *t, const bn_http_request *request);
/* False if it has too many requests in progress. True: counts one more, until it is given back. */
bool bn_token_take(bn_token *t, unsigned most);
void bn_token_give(bn_token *t);

/* ---- server and worker ---------------------------------------------------------------------- */

typedef struct bn_heavy bn_heavy;

struct bn_server {
	bn_server_options o;
	char *host, *unix_path, *tls_cert, *tls_key;
	bn_tokens tokens;
	atomic_size_t tree_bytes; /* estimated bytes of large bodies being parsed as trees */
	const bn_env *env;
	const bn_predictor **models;
	size_t model_count;
	bn_listener *http;
	bn_heavy *heavy;
	int port;
	int64_t started_ns;
	uint64_t id_seed;
	atomic_uint_fast64_t id_next;
	bn_metrics metrics;
	pthread_mutex_t lock; /* of idle */
	bn_server_worker *idle;
};

struct bn_server_worker {
	bn_server *server;
	bn_server_worker *next;
	bn_session **sessions; /* per model, made at first use */
	json_t **flat;         /* borrowed elements of a tensor */
	uint8_t *given;        /* inputs: set in the current row */
	size_t flat_cap, given_cap;
	bool no_quick; /* for tests: parse every body as a tree */
};

/* Bodies of the largest size allowed in memory at a time; their trees may take as much again. */
#define BODIES_AT_ONCE ((size_t)4)

/* heavy.c: threads for slow requests. */
typedef void (*bn_heavy_answer)(void *user, bn_exchange *x);
/* threads 0: one per CPU, at most 8. */
int bn_heavy_start(
	bn_heavy **out, unsigned threads, bn_heavy_answer answer, void *user, bn_err *err);
/* Called by a handler that then returns BN_HTTP_LATER: one of the threads answers and finishes it. The state of
 * the exchange begins with a bn_admission. */
void bn_heavy_add(bn_heavy *h, bn_exchange *x);
/* Answers what was added, then ends the threads. NULL is fine. */
void bn_heavy_stop(bn_heavy *h);

/* The form in which a route reports errors. */
typedef enum bn_error_style { BN_ERROR_PLAIN, BN_ERROR_OIP, BN_ERROR_MLFLOW } bn_error_style;

/* One request being answered. */
typedef struct bn_call {
	bn_server *server;
	bn_server_worker *worker;
	const bn_http_request *request;
	bn_http_response *response;
	bn_route_match match; /* the route, and the segments matched by its braces */
	char request_id[37];  /* the caller's, if it sent one */
	size_t model;         /* number of the current model */
	bn_session *session;
	size_t tree_bytes; /* of server->tree_bytes */
	bool answered;     /* rows were predicted: for the log */
	int status; /* set by a handler that fails with a status other than that of its code; else 0 */
	int64_t begun_ns;
} bn_call;

typedef int (*bn_route_handler)(bn_call *c, bn_err *err);

/* What the owner of bn_route points to. */
typedef struct bn_route_about {
	bn_route_handler handle;
	bn_route_id id;
	bn_error_style style;
} bn_route_about;

/* What was learned from the head of a request, kept until its response is sent. */
typedef struct bn_admission {
	const bn_route *route;
	bn_token *token;   /* taken, and must be given back; NULL: none */
	bn_exchange *next; /* heavy.c's */
	/* For the access log. */
	int64_t begun_ns;   /* monotonic time; 0: there is none, or the head was not complete */
	int64_t handled_ns; /* 0: it was refused */
	uint32_t model;     /* number of the model that was chosen, plus 1; 0: none */
	uint32_t rows;      /* predicted */
} bn_admission;

/* routes.c: from a request to a response.
 * Checks that need only the head: token, pages of other sites, unknown path, wrong method, a body where none
 * is accepted, too many requests of the token. True: the response is filled in and counted, and nothing is
 * taken. */
bool bn_server_refuses(bn_server *s, const bn_http_request *request, bool has_body, bn_admission *a,
	bn_http_response *out);
/* Answers a request that passed bn_server_refuses, with the route found there; a gets what was done. */
void bn_server_answer(bn_server_worker *w, const bn_http_request *request, bn_admission *a,
	bn_http_response *out);
/* Fills in and counts refusals by the listener; request may be empty. */
void bn_server_write_refusal(bn_server *s, const bn_http_request *request, int status,
	const bn_err *err, bn_http_response *out);

/* access.c: the request is over, for the access log; whole: its response was sent. */
void bn_server_tell_access(bn_server *s, const bn_http_request *request,
	const bn_http_response *response, const bn_admission *a, bool whole);

/* call.c: common code of the routes. Chooses the model (name NULL: the first; version NULL: the
 * first of that name). */
int bn_call_use_model(bn_call *c, const char *name, const char *version, bn_err *err);
/* True when the content type is media (parameters allowed, charset only UTF-8), or absent and
 * optional. */
bool bn_call_has_type(const bn_call *c, const char *media, bool optional);
int bn_call_wrong_type(bn_call *c, const char *wanted, bn_err *err); /* 415 */
/* Requires a body without NUL. */
int bn_call_check_text(const bn_call *c, const char *wanted, bn_err *err);
/* The body as JSON, NaN outside strings as null, integers of 64 bits without a sign as bn_json_parse_wide has them, to be freed with bn_call_free_json. Memory for the trees of
 * large bodies has a limit: 413 for one, 503 for all. */
int bn_call_json(json_t **out, bn_call *c, bn_err *err);
void bn_call_free_json(json_t *body, bn_call *c); /* NULL is fine */
/* Begins a session of that many rows: 413 above the server's limit. */
int bn_call_begin(bn_call *c, size_t rows, bn_err *err);
/* Predicts and records that. A result that is not finite: 422 with its row. */
int bn_call_run(bn_call *c, bn_err *err);

/* Writing answers. */
void bn_answer_number(bn_buf *out, double x); /* null if it is not finite */
void bn_answer_prediction(bn_buf *out, const bn_session *s, size_t row);
void bn_answer_string(bn_buf *out, const char *s);

/* Handlers. */
int bn_route_root(bn_call *c, bn_err *err);
int bn_route_health(bn_call *c, bn_err *err);
int bn_route_version(bn_call *c, bn_err *err);
int bn_route_metrics(bn_call *c, bn_err *err);
int bn_route_openapi(bn_call *c, bn_err *err);
int bn_route_predict(bn_call *c, bn_err *err);
int bn_route_invocations(bn_call *c, bn_err *err);
int bn_route_oip_server(bn_call *c, bn_err *err);
int bn_route_oip_live(bn_call *c, bn_err *err);
int bn_route_oip_ready(bn_call *c, bn_err *err);
int bn_route_oip_model(bn_call *c, bn_err *err);
int bn_route_oip_model_ready(bn_call *c, bn_err *err);
int bn_route_oip_infer(bn_call *c, bn_err *err);

/* rows.c: several rows from JSON, shared by /predict and /invocations. */
/* [{..}, ..] */
int bn_rows_from_objects(bn_call *c, const json_t *array, bn_err *err);
/* columns NULL: the columns that the model reads (bn_features_source) in order. rows: [[..], ..]; where names them in messages. */
int bn_rows_from_arrays(
	bn_call *c, const json_t *columns, const json_t *rows, const char *where, bn_err *err);
/* {"feature": [values]} */
int bn_rows_from_columns(bn_call *c, const json_t *object, bn_err *err);
/* rows_quick.c: the common forms of /predict, parsed without a tree. False: another form, or an error;
 * the session's content is then undefined. many: the response is an array. */
bool bn_rows_quick(bn_call *c, bool *many);
/* The body as CSV with a header line (RFC 4180). */
int bn_rows_from_csv(bn_call *c, bn_err *err);

#endif
