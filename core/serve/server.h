/*
 * server.h - models over HTTP: by default on loopback and with a bearer token.
 *
 *	GET  / what is served, for humans
 *	POST /predict                   {"feature": value} or an array of them -> {"prediction": ...}
 *	POST /predict/NAME[/VERSION]    the same when several models are served
 *	GET  /v2 ...                    Open Inference Protocol v2 (route_oip.c)
 *	POST /invocations               MLflow's scoring protocol (route_mlflow.c)
 *	GET  /ping /health /healthz     alive, 200 without a token
 *	GET  /version                   of the program
 *	GET  /metrics                   Prometheus text format 0.0.4
 *
 * Routing is a pure function of (method, path, headers, body): bn_server_handle needs no socket,
 * which is how it is tested and fuzzed. Sockets, threads and framing are in core/net/listener.h.
 *
 * The prediction log is a callback (observe), and so are the access log (access) and additional metrics
 * (more_metrics).
 */
#ifndef BN_SERVE_SERVER_H
#define BN_SERVE_SERVER_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/net/message.h"
#include "core/predict/predictor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request that is over; borrowed during the call. */
typedef struct bn_access_entry {
	int64_t time_ns;          /* wall clock when its head was complete */
	int64_t took_ns;          /* from there until the response was sent, or the client gone */
	int64_t handled_ns;       /* of that, the program's own time; -1: it was refused */
	const bn_http_peer *peer; /* NULL: unknown */
	const char *method, *path; /* as in bn_http_request: without the query; "" if the head was not read */
	const char *request_id;   /* NULL: none was given */
	const char *model, *version; /* NULL: no model was chosen */
	size_t rows;              /* predicted */
	uint64_t bytes_in, bytes_out; /* of the bodies */
	int status;               /* 0: the client was gone before */
	bool is_complete;         /* the response was sent as a whole */
} bn_access_entry;

typedef struct bn_server_options {
	const char *host;         /* NULL: "127.0.0.1" */
	int port;                 /* 0: any free one (bn_server_port says which) */
	const char *token;        /* one per line, any is accepted; NULL or "": no token needed */
	unsigned max_per_token;   /* concurrent requests per token: 429; 0: no limit */
	int threads;              /* 0: one per CPU, at most 8 */
	size_t max_body_bytes;    /* 0: 16 MiB. All bodies together: four times as much, 503 */
	size_t max_rows;          /* per request; 0: 10000 */
	int timeout_s;            /* of an idle connection; 0: 30 */
	unsigned max_connections; /* 0: 4096, or the descriptor limit */
	unsigned
		max_per_address; /* connections per address; 0: all on loopback, else half of all */
	/* A Unix socket in addition to host and port. Only this process's user and root may
	 * connect, checked by the kernel, and need no token. NULL: none. */
	const char *unix_path;
	bool no_tcp;                    /* only the Unix socket */
	const char *tls_cert, *tls_key; /* PEM files: TLS on host and port. NULL: plain HTTP */
	bn_session_policy policy;
	void (*observe)(void *user, const bn_served *served); /* any thread; NULL: none */
	void *observe_user;
	void (*access)(void *user, const bn_access_entry *entry); /* any thread; NULL: none */
	void *access_user;
	void (*more_metrics)(void *user, bn_buf *out); /* appends Prometheus text; any thread */
	void *more_metrics_user;
} bn_server_options;

typedef struct bn_server bn_server;

/* models[n]: borrowed, must outlive the server; the first one answers /predict and /invocations.
 * Creates everything but the socket. Strings of options are copied. */
int bn_server_new(bn_server **out, const bn_env *env, const bn_predictor *const *models, size_t n,
	const bn_server_options *options, bn_err *err);
/* Binds and answers from its own threads. BN_ECONFLICT if the port or the path is in use. */
int bn_server_start(bn_server *s, bn_err *err);
int bn_server_port(const bn_server *s); /* after start; 0 without TCP */
/* Accepts no new connections, finishes the requests in progress (at most grace_ms), closes. */
void bn_server_stop(bn_server *s, int grace_ms);
void bn_server_free(bn_server *s); /* stops first if need be; NULL is fine */

typedef struct bn_server_stats {
	uint64_t requests, errors, predictions; /* errors: status >= 400 */
	uint64_t in_flight;
	double p50_ms, p95_ms, p99_ms; /* latency of predictions, within 9 %; NaN: none yet */
} bn_server_stats;
void bn_server_get_stats(const bn_server *s, bn_server_stats *out);

/* ---- without sockets ----------------------------------------------------------------------- */

/* Memory of one worker thread; created lazily by the listener's threads, explicitly in tests. */
typedef struct bn_server_worker bn_server_worker;
int bn_server_worker_new(bn_server_worker **out, bn_server *s, bn_err *err);
void bn_server_worker_free(bn_server_worker *w);

/* Always fills in a response; an internal error is a 500 with its message. */
void bn_server_handle(bn_server_worker *w, const bn_http_request *request, bn_http_response *out);

#endif
