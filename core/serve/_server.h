/*
 * _server.h - what server.c, routes.c and the route_*.c files share.
 *
 * To add a route: write its handler in a route_*.c, declare it here, and add a line to the table in
 * routes.c.
 */
#ifndef BN_SERVE_SERVER_INTERNAL_H
#define BN_SERVE_SERVER_INTERNAL_H
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

/* Statuses that we send; the last one stands for any other. */
#define BN_STATUS_LIST \
	200, 400, 401, 403, 404, 405, 408, 413, 414, 415, 417, 422, 429, 431, 500, 501, 503, 505, 0
#define BN_STATUS_COUNT 19
#define BN_LATENCY_EDGES 16 /* of the exposed histogram */
#define BN_LATENCY_FINE 208 /* 8 per octave from 1 us: for percentiles */

typedef struct bn_latency {
	atomic_uint_fast64_t edges[BN_LATENCY_EDGES + 1]; /* the last one: above all */
	atomic_uint_fast64_t count, sum_ns;
} bn_latency;

typedef struct bn_metrics {
	atomic_uint_fast64_t requests[BN_ROUTE_COUNT][BN_STATUS_COUNT];
	bn_latency latency[BN_ROUTE_COUNT];
	atomic_uint_fast64_t fine[BN_LATENCY_FINE]; /* of the three routes that predict */
	atomic_uint_fast64_t in_flight;
	atomic_uint_fast64_t *predictions; /* per model */
	atomic_uint_fast64_t *unknown;     /* per model: cells of unseen categories */
} bn_metrics;

void bn_metrics_count(bn_metrics *m, bn_route_id route, int status, int64_t latency_ns);
/* Seconds below which a share of the predicting requests stayed; NaN when there were none. */
double bn_metrics_quantile(const bn_metrics *m, double share);

/* ---- tokens --------------------------------------------------------------------------------- */

typedef struct bn_token {
	char *text;
	atomic_uint in_hand; /* requests: from their head to the end of their answer */
} bn_token;

typedef struct bn_tokens {
	bn_token *items;
	size_t count;
} bn_tokens;

/* One a line; NULL: none. What was read before a failure is there to be released. */
int bn_tokens_read(bn_tokens *t, const char *text, bn_err *err);
void bn_tokens_release(bn_tokens *t);
/* The one that the request bears, or NULL. */
bn_token *bn_tokens_find(const bn_tokens *t, const bn_http_request *request);
/* False: so many of its requests are in hand. True: one more is, until it is given. */
bool bn_token_take(bn_token *t, unsigned most);
void bn_token_give(bn_token *t);

/* ---- server and worker ---------------------------------------------------------------------- */

typedef struct bn_heavy bn_heavy;

struct bn_server {
	bn_server_options o;
	char *host, *unix_path, *tls_cert, *tls_key;
	bn_tokens tokens;
	atomic_size_t
		tree_bytes; /* of large bodies that are being read as trees, as they are estimated */
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
	uint8_t *given;        /* inputs: set in the row at hand */
	size_t flat_cap, given_cap;
	bool no_quick; /* for tests: every body through a tree */
};

/* Of the largest body there may be so many in memory as they came, and their trees take as much. */
#define BODIES_AT_ONCE ((size_t)4)

/* heavy.c: threads for what takes long. */
typedef void (*bn_heavy_answer)(void *user, bn_exchange *x);
/* threads 0: one per CPU, at most 8. */
int bn_heavy_start(
	bn_heavy **out, unsigned threads, bn_heavy_answer answer, void *user, bn_err *err);
/* From a handler that says BN_HTTP_LATER then: it is answered and finished by one of the threads. The state of the
 * exchange begins with a bn_admission. */
void bn_heavy_add(bn_heavy *h, bn_exchange *x);
/* Answers what was added, and ends the threads. NULL is fine. */
void bn_heavy_stop(bn_heavy *h);

/* How a route says what went wrong. */
typedef enum bn_error_style { BN_ERROR_PLAIN, BN_ERROR_OIP, BN_ERROR_MLFLOW } bn_error_style;

/* One request being answered. */
typedef struct bn_call {
	bn_server *server;
	bn_server_worker *worker;
	const bn_http_request *request;
	bn_http_response *response;
	bn_route_match match; /* the route, and what stood in its braces */
	char request_id[37];  /* the caller's own when it sent one */
	size_t model;         /* number of the model at hand */
	bn_session *session;
	size_t tree_bytes; /* of server->tree_bytes */
	bool answered;     /* rows were predicted: for the log */
	int status; /* set by a handler that fails with another status than its code's; else 0 */
	int64_t begun_ns;
} bn_call;

typedef int (*bn_route_handler)(bn_call *c, bn_err *err);

/* What the owner of bn_route points to. */
typedef struct bn_route_about {
	bn_route_handler handle;
	bn_route_id id;
	bn_error_style style;
} bn_route_about;

/* What the head of a request has shown, until its answer has left. */
typedef struct bn_admission {
	const bn_route *route;
	bn_token *token;   /* that was taken, and has to be given; NULL: none */
	bn_exchange *next; /* heavy.c's */
} bn_admission;

/* routes.c: from a request to a response.
 * What needs only the head: token, pages of other sites, no such path, not that method, a body where
 * none is taken, too many requests of the token. True: the response is filled in, and counted, and nothing is
 * taken. */
bool bn_server_refuses(bn_server *s, const bn_http_request *request, bool has_body, bn_admission *a,
	bn_http_response *out);
/* Answers a request that bn_server_refuses let pass, by the route that it found. */
void bn_server_answer(bn_server_worker *w, const bn_http_request *request, const bn_route *route,
	bn_http_response *out);
/* Fills in and counts what the listener refuses; request may be empty. */
void bn_server_write_refusal(bn_server *s, const bn_http_request *request, int status,
	const bn_err *err, bn_http_response *out);

/* call.c: what the routes have in common.
 * Chooses the model (name NULL: the first; version NULL: the first of that name). */
int bn_call_use_model(bn_call *c, const char *name, const char *version, bn_err *err);
/* True when the content type is media (parameters allowed, charset only UTF-8), or absent and
 * optional. */
bool bn_call_has_type(const bn_call *c, const char *media, bool optional);
int bn_call_wrong_type(bn_call *c, const char *wanted, bn_err *err); /* 415 */
/* There is a body, and it holds no NUL. */
int bn_call_check_text(const bn_call *c, const char *wanted, bn_err *err);
/* The body as JSON, NaN outside strings as null, integers of 64 bits without a sign as bn_json_parse_wide has them, to be freed with bn_call_free_json. Memory for the trees of
 * large bodies has a limit: 413 for one, 503 for all. */
int bn_call_json(json_t **out, bn_call *c, bn_err *err);
void bn_call_free_json(json_t *body, bn_call *c); /* NULL is fine */
/* Begins a session of that many rows: 413 above the server's limit. */
int bn_call_begin(bn_call *c, size_t rows, bn_err *err);
/* Predicts and remembers that it did. An answer that is no finite number: 422 with its row. */
int bn_call_run(bn_call *c, bn_err *err);

/* Writing answers. */
void bn_answer_number(bn_buf *out, double x); /* null when it is not finite */
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
/* rows_quick.c: the plain forms of /predict, read without a tree. False: not one of those, or something
 * is wrong; then the session holds nothing of use. many: the answer is an array. */
bool bn_rows_quick(bn_call *c, bool *many);
/* The body as CSV with a header line (RFC 4180). */
int bn_rows_from_csv(bn_call *c, bn_err *err);

#endif
