/*
 * endpoint.h - the known servers: started, alive, stopped, lost.
 *
 * A server writes `endpoint.started` (entity `endpoint/<id>`) with what it serves and where ("url", and "unix",
 * the path of its socket, if it has one; absent in older programs), then `endpoint.seen` (commuting, about
 * every 20 s, with its counters), and `endpoint.stopped` when it ends normally. If predictions are logged,
 * counters say what happened to them (core/monitor/prediction_log.h): "logged", "set_aside", "lost"; the rest
 * of "predictions" is waiting, and after `endpoint.stopped` there is no rest. Absent in older programs. The
 * state is determined on reading and never stored: on the server's own host by asking whether the process is
 * still that process (pid, its start time, boot id), from another host by the age of the last `endpoint.seen`.
 */
#ifndef BN_SERVE_ENDPOINT_H
#define BN_SERVE_ENDPOINT_H
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

typedef enum bn_endpoint_state {
	BN_ENDPOINT_RUNNING = 0,
	BN_ENDPOINT_STOPPED,
	BN_ENDPOINT_LOST, /* disappeared without notice */
} bn_endpoint_state;

const char *bn_endpoint_state_name(bn_endpoint_state s); /* "RUNNING", "STOPPED", "LOST" */

typedef struct bn_endpoint {
	char *id;        /* 12 hex digits */
	char *models;    /* "power/3", several with ", " */
	char *url;       /* "http://127.0.0.1:8420", "unix:/run/user/1000/power" */
	char *unix_path; /* of its Unix socket, in addition to TCP or alone; NULL: none */
	char *host, *user;
	uid_t uid; /* of the user */
	int64_t pid, port;
	int64_t started_ms, seen_ms, stopped_ms; /* 0: never */
	int64_t requests, errors, predictions;   /* as last seen */
	int64_t logged, set_aside, lost; /* of predictions; -1: unknown, or there is no log */
	double p50_ms, p95_ms, p99_ms;   /* of requests, as last seen; NaN: none yet */
	bn_endpoint_state state;
} bn_endpoint;

typedef struct bn_endpoints {
	bn_endpoint *items; /* running first, then by start, newest first */
	size_t count;
} bn_endpoints;

int bn_endpoint_list(bn_endpoints *out, bn_workspace *ws, bn_err *err);
/* By id, a unique prefix of one, or a model that it serves ("power/3", "power"): the running one, else the
 * newest. *out is borrowed from l. BN_EINVAL if ambiguous. */
int bn_endpoint_find(const bn_endpoint **out, const bn_endpoints *l, const char *name, bn_err *err);
/* Whether a server that started later answers in place of that one: at its address on its host, or with the same
 * models. */
bool bn_endpoint_is_replaced(const bn_endpoints *l, const bn_endpoint *e);
void bn_endpoints_release(bn_endpoints *e);

typedef struct bn_endpoint_about {
	const char *const *models; /* "power/3" */
	size_t model_count;
	const char *host; /* address it listens on */
	int port;         /* 0: on a Unix socket alone */
	bool is_tls;
	const char *unix_path; /* absolute; NULL: no Unix socket */
} bn_endpoint_about;

typedef struct bn_endpoint_counters {
	uint64_t requests, errors, predictions;
	double p50_ms, p95_ms, p99_ms;
	bool has_log; /* predictions are logged, and the following is valid */
	uint64_t logged, set_aside, lost;
} bn_endpoint_counters;

#define BN_ENDPOINT_ID_TEXT 13

/* The host in the URL for an address that a server listens on: this host's name for "*",
 * 0.0.0.0 and ::, else the address. Borrowed from either. */
const char *bn_endpoint_host(const bn_env *env, const char *listens_on);
/* "http://HOST:PORT", "https:" with TLS, an IPv6 address in brackets; "unix:PATH" without a port; yours. */
char *bn_endpoint_url(const bn_env *env, const bn_endpoint_about *about);

int bn_endpoint_id_new(char id[BN_ENDPOINT_ID_TEXT], const bn_env *env, bn_err *err);
/* Each appends one event; the caller commits, even after a failure (writer.h). */
int bn_endpoint_write_started(
	bn_workspace *ws, const char *id, const bn_endpoint_about *about, bn_err *err);
int bn_endpoint_write_seen(
	bn_workspace *ws, const char *id, const bn_endpoint_counters *counters, bn_err *err);
int bn_endpoint_write_stopped(
	bn_workspace *ws, const char *id, const bn_endpoint_counters *counters, bn_err *err);

extern const bn_fold_class bn_endpoint_class;

#endif
