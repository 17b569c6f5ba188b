/*
 * _api.h - shared by the files of core/api: a request being answered, its route, and the server.
 *
 * To add a route: write its handler and its table of fields in the file of its noun, end with a bn_api_about, declare
 * that in _routes.h, and give it a line in routes.c.
 *
 * Handlers run on three kinds of threads, as their route says:
 *	BN_API_QUICK   on the connection's, without a workspace: c->ws is NULL. It must not wait.
 *	BN_API_READS   on a reader's. c->ws is refreshed; use it for reading only.
 *	BN_API_BRIEF   the same for what takes some microseconds: perhaps on the connection's thread.
 *	BN_API_WRITES  on the writer's. It appends to c->ws and returns; the writer commits for several requests at
 *	               once, and the answer is sent after that. The index lacks what this group and perhaps the last
 *	               ones have appended: check against bn_api_run (run_state.h), not against the index. Check
 *	               everything first: what was appended cannot be taken back.
 *	BN_API_ALONE   on the writer's, after a commit and a refresh, so that the index has everything, and committed
 *	               before the next request. For writes that are rare.
 *	BN_API_SENDS   on a thread that sends webhooks; only as `then` (hooks.h), as it may take seconds.
 */
#ifndef BN_API__API_H
#define BN_API__API_H
#include "core/api/_wire.h"
#include "core/api/api.h"
#include "core/net/latency.h"
#include "core/net/listener.h"
#include "core/net/router.h"
#include "core/store/object/object.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- routes --------------------------------------------------------------------------------- */

typedef enum bn_api_place {
	BN_API_QUICK,
	BN_API_BRIEF,
	BN_API_READS,
	BN_API_WRITES,
	BN_API_ALONE,
	BN_API_SENDS,
} bn_api_place;
#define BN_API_PLACES 6

typedef struct bn_api_call bn_api_call;
typedef struct bn_api_parts bn_api_parts;

/* What the owner of a bn_route points to. */
typedef struct bn_api_about {
	/* 0: answered; an empty body becomes {}. Negative: c->fault, or else err, says why. */
	int (*handle)(bn_api_call *c, bn_err *err);
	const bn_wire_field *fields; /* of the request; NULL: it is not read (c->body is NULL) */
	bn_api_role need;
	bn_api_place place;
	/* The head is complete and admitted: a request's body goes to *sink, not to memory (c->data is for the
	 * handler's state). NULL: it is kept in memory. */
	int (*receive)(bn_api_call *c, bn_http_sink *sink, bn_err *err);
	/* Frees c->data, when the response is sent or the client gone. May be NULL. */
	void (*release)(bn_api_call *c);
} bn_api_about;

/* Flags of bn_route beside BN_ROUTE_OPEN and BN_ROUTE_BODY. */
#define BN_API_V2 0x100u   /* at /api/2.0 and /ajax-api/2.0 */
#define BN_API_V3 0x200u   /* at /api/3.0 and /ajax-api/3.0 */
#define BN_API_AJAX 0x400u /* at /ajax-api only, of its versions */
#define BN_API_BARE 0x800u /* without a prefix */

enum { BN_API_MOST_ROUTES = 160, BN_API_PARAM_BYTES = BN_ROUTE_MAX_PATH };

/* ---- who asks ------------------------------------------------------------------------------- */

typedef struct bn_api_client {
	char *name;
	bn_api_role role;
	uint8_t token[32]; /* its SHA-256 */
	/* Requests that it may still send now: a bucket that fills with max_rate per second. */
	pthread_mutex_t lock;
	double left;
	int64_t seen_ns;
	atomic_uint_fast64_t limited;
} bn_api_client;

/* access.c */
int bn_api_clients_read(bn_api *a, const char *text, bn_err *err);
void bn_api_clients_release(bn_api *a);
/* Role and name of who sends it; *client NULL: no token was needed. */
bn_api_role bn_api_role_of(const bn_api *a, const bn_http_request *request, bn_api_client **client);
/* False: too many requests in this second. */
bool bn_api_client_take(bn_api_client *c, unsigned per_second, int64_t now_ns);

/* ---- a request ------------------------------------------------------------------------------ */

struct bn_api_call {
	bn_api *api;
	const bn_http_request *request;
	bn_http_response *response;
	bn_exchange *exchange; /* NULL: of bn_api_handle */
	const bn_route *route;
	const bn_api_about *about;
	const char *params[BN_ROUTE_MAX_PARAMS]; /* segments matched by braces, in order */
	char *path;                              /* what params point into */
	bn_api_role role;
	bn_api_client *client; /* NULL: it needed no token */
	json_t *body;          /* the request, checked against the route's fields */
	bn_wire_fault fault;
	void *data; /* of receive() and the handler */
	/* Set by a handler that reads: another one to run after it, which writes. */
	const bn_api_about *then;
	int64_t begun_ns;
	/* Of the thread that runs the handler. */
	bn_workspace *ws;
	uint64_t stamp;               /* of a reader's index: another number after each change */
	struct bn_api_runs *runs;     /* of the writer: run_state.h; NULL on other threads */
	struct bn_api_delivery *told; /* to be sent once this is durable: hooks.h */
	bn_api_call *next;            /* in a queue */
};

/* Fails with one of MLflow's error codes: `return bn_api_refuse(c, BN_API_BAD_REQUEST, "...")`. */
#define bn_api_refuse(c, code, ...) bn_wire_refuse(&(c)->fault, code, __VA_ARGS__)
/* Begins the answer: an object, to be ended with bn_wire_close(&w, '}'). */
bn_wire bn_api_answer(bn_api_call *c);

/* ---- the server ----------------------------------------------------------------------------- */

/* Statuses that we send; the last one stands for all others. */
#define BN_API_STATUS_LIST 200, 400, 401, 403, 404, 405, 409, 413, 429, 500, 501, 503, 0
#define BN_API_STATUSES 13

typedef struct bn_api_counters {
	/* By route; the last one: no such path. */
	atomic_uint_fast64_t requests[BN_API_MOST_ROUTES + 1][BN_API_STATUSES];
	bn_latency latency[BN_API_PLACES];
	bn_percentiles took;
	atomic_uint_fast64_t in_flight;
	atomic_uint_fast64_t commits, written, commit_ns, largest_group;
	atomic_uint_fast64_t refreshes;
	atomic_uint_fast64_t waiting_writes, waiting_reads;
} bn_api_counters;

/* A queue of requests. */
typedef struct bn_api_queue {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bn_api_call *first, *last;
	bool stop;
} bn_api_queue;

typedef struct bn_api_reader {
	bn_api *api;
	bn_workspace *ws;
	uint64_t seen;   /* generation of what was folded when it last looked */
	int64_t seen_ns; /* when it last looked */
	pthread_t thread;
	bool is_running;
	pthread_mutex_t lock; /* of ws */
} bn_api_reader;

#define BN_API_MOST_READERS 16

struct bn_api {
	bn_api_options o;
	char *host, *unix_path, *tls_cert, *tls_key, *artifact_root;
	const bn_env *env;
	bn_listener *http;
	int port;
	bn_api_client *clients;
	size_t client_count;
	int64_t started_ns;
	/* What was acknowledged: one more after each commit that wrote something. */
	atomic_uint_fast64_t generation;
	bool is_shared; /* the index is a file: what one handle folds, all see */
	/* What the writer's index has at least. */
	atomic_uint_fast64_t folded;
	atomic_int_fast64_t folded_ns; /* monotonic: what others wrote before then is in it too */
	/* One more whenever a refresh has found something new. */
	atomic_uint_fast64_t changes;
	/* Of the last change of an experiment: the writer reads its index again if it is behind. */
	atomic_uint_fast64_t experiments_changed;
	/* The writer: whoever holds the lock. */
	pthread_mutex_t writing;
	/* Moving averages, of the writer: requests in a group, and the time of a commit. */
	atomic_int group_percent;
	atomic_int_fast64_t commit_ns;
	bn_workspace *ws;
	bn_object_store *objects; /* of ws; any thread */
	bn_api_parts *parts;      /* uploads in progress */
	struct bn_api_runs *runs;
	bn_api_queue writes;
	pthread_t writer;
	bool writer_is_running;
	/* The readers. */
	bn_api_queue reads;
	bn_api_reader readers[BN_API_MOST_READERS];
	size_t reader_count;
	pthread_mutex_t refreshing;     /* one at a time folds the log */
	struct bn_api_history *history; /* history.h */
	struct bn_api_hooks *hooks;     /* hooks.h */
	struct bn_attempts *attempts;   /* of the writer: core/registry/attempts.h */
	bn_api_counters counters;
};

/* routes.c */
size_t bn_api_route_index(const bn_route *route); /* BN_API_MOST_ROUTES: none */
const char *bn_api_route_name(size_t index);      /* NULL above the last one */
const char *bn_api_route_method(size_t index);    /* "" above the last one */
/* Finds the route, checks the token, the page and the rate. NULL: refused, with the response filled in and counted.
 * *out is to be freed with bn_api_call_free. */
bn_api_call *bn_api_admit(
	bn_api *a, bn_api_role role, const bn_http_request *request, bn_http_response *response);
void bn_api_call_free(bn_api_call *c);
/* Reads the request as the route's fields say. False: refused, with the response filled in and counted. */
bool bn_api_read(bn_api_call *c);
/* Runs the handler. The result is kept in c->fault; the response is filled in by bn_api_finish. */
void bn_api_run_handler(bn_api_call *c);
/* Completes the response, or replaces it by the fault, and counts. */
void bn_api_complete(bn_api_call *c);
void bn_api_write_refusal(bn_api *a, const bn_http_request *request, int status, const bn_err *err,
	bn_http_response *out);

/* artifact_parts.c */
int bn_api_parts_new(bn_api_parts **out, bn_err *err);
void bn_api_parts_free(bn_api_parts *p); /* NULL is fine */

/* writer.c */
int bn_api_writer_start(bn_api *a, bn_err *err);
void bn_api_writer_stop(bn_api *a); /* after the listener: nothing waits any more */
void bn_api_writer_add(bn_api *a, bn_api_call *c);
/* Runs, commits and completes c at once, with what waits. False: another thread writes, or groups pay. */
bool bn_api_writer_try(bn_api *a, bn_api_call *c);
/* Folds what was committed into the writer's index. */
int bn_api_writer_refresh(bn_api *a, bn_err *err);
/* Runs, commits and completes a list of calls. */
void bn_api_writer_run(bn_api *a, bn_api_call *first);

/* Folds the log through that handle, one thread at a time. */
int bn_api_refresh(bn_api *a, bn_workspace *ws, bn_err *err);

/* readers.c */
int bn_api_readers_start(bn_api *a, bn_err *err);
void bn_api_readers_stop(bn_api *a);
void bn_api_readers_add(bn_api *a, bn_api_call *c);
/* Runs a call with that reader's workspace, and completes it. False: c->about writes now, and it goes to the writer. */
bool bn_api_reader_run(bn_api_reader *r, bn_api_call *c);
/* Runs a brief call at once. False: no reader is free, or the log has to be folded first. */
bool bn_api_readers_try(bn_api *a, bn_api_call *c);

/* run_state.c */
int bn_api_runs_new(struct bn_api_runs **out, bn_err *err);
void bn_api_runs_free(struct bn_api_runs *r); /* NULL is fine */

/* history.c */
int bn_api_history_new(struct bn_api_history **out, bn_err *err);
void bn_api_history_free(struct bn_api_history *h); /* NULL is fine */

/* hooks.c */
int bn_api_hooks_new(struct bn_api_hooks **out, bn_api *a, bn_err *err);
void bn_api_hooks_free(struct bn_api_hooks *h); /* NULL is fine; after stop */
/* Runs a call whose place is BN_API_SENDS on the caller's thread. */
void bn_api_hooks_run(struct bn_api_hooks *h, bn_api_call *c);
/* Cancels those that wait or run, so that the listener can end. */
void bn_api_hooks_hurry(struct bn_api_hooks *h);
/* Sends what waits until then (monotonic), without trying again; the rest is lost. */
void bn_api_hooks_stop(struct bn_api_hooks *h, int64_t until_ns);

/* queue.c */
void bn_api_queue_init(bn_api_queue *q);
void bn_api_queue_release(bn_api_queue *q);
void bn_api_queue_add(bn_api_queue *q, bn_api_call *c);
void bn_api_queue_stop(bn_api_queue *q);
/* Waits up to timeout_ms; all: takes everything, else one. NULL: nothing came; *stopped: nothing will. */
bn_api_call *bn_api_queue_take(bn_api_queue *q, bool all, int timeout_ms, bool *stopped);

/* counters.c */
void bn_api_count(
	bn_api *a, const bn_route *route, bn_api_place place, int status, int64_t took_ns);
void bn_api_write_metrics(bn_api *a, bn_buf *out);

#endif
