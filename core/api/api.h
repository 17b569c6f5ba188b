/*
 * api.h - MLflow's REST protocol on a workspace: what `binnacle server` runs.
 *
 * Clients of MLflow log to it and read from it without a change. What they write become events of the log, as
 * if `binnacle log` had written them, and runs of other programs are read like theirs.
 *
 * Routing is a pure function of the request (bn_api_handle needs no socket), which is how it is tested and
 * fuzzed. Sockets, threads, TLS and framing are in core/net/listener.h.
 *
 * Threads, when started:
 *
 *	connections  read a request, check its token and its form, and pass it on
 *	the writer   takes all waiting requests that write, checks each, appends what they say, commits once
 *	             (one fsync for all), and answers them. An answer of 200 means that the data is durable.
 *	readers      a handle of the workspace each. A request sees everything that was acknowledged before it,
 *	             and what other processes wrote as the store's refresh finds it.
 *
 * Which statuses and error codes a request gets is in error.h; the Python client repeats requests that got
 * 408, 429, 500, 502, 503 or 504, so a request that would fail again never gets one of these.
 */
#ifndef BN_API_API_H
#define BN_API_API_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/net/message.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client may do. Each role may do everything that the one before may. */
typedef enum bn_api_role {
	BN_API_NOBODY = 0, /* no token, or an unknown one */
	BN_API_READER,
	BN_API_WRITER,  /* creates experiments and runs, logs, registers models */
	BN_API_MANAGER, /* deletes and restores experiments and registered models; webhooks */
} bn_api_role;

typedef struct bn_api_options {
	/* Opens one more handle of the workspace, for a thread of the server. Called by bn_api_new. */
	int (*open)(void *user, bn_workspace **out, bn_err *err);
	void *open_user;
	const char *host; /* NULL: "127.0.0.1" */
	int port;         /* 0: any free one (bn_api_port says which) */
	bool no_tcp;      /* only the Unix socket */
	/* A Unix socket in addition to host and port. Only this process's user and root may connect, checked by
	 * the kernel; they are managers and need no token. NULL: none. */
	const char *unix_path;
	const char *tls_cert, *tls_key; /* PEM files: TLS on host and port. NULL: plain HTTP */
	/* Lines "NAME ROLE TOKEN" (reader, writer, manager); blank ones and those that begin with # are left
	 * out. A client sends Authorization: Bearer TOKEN, or Basic with NAME and TOKEN. */
	const char *tokens;
	bool no_auth; /* on a loopback address: everyone who can connect is a manager */
	/* Below it files that experiments name as their artifact location are listed; NULL: only below the
	 * workspace's directory. */
	const char *artifact_root;
	int threads;              /* for connections; 0: one per CPU, at most 4 */
	int readers;              /* 0: one per CPU, at most 4 */
	size_t max_body_bytes;    /* of a request; 0: 32 MiB; 413 */
	unsigned max_rate;        /* requests per second and token; 0: no limit; 429 */
	unsigned max_connections; /* 0: 4096, or the descriptor limit */
	/* Beside https to public addresses, and a loopback address that the URL names (core/api/hooks.h). */
	bool webhook_http, webhook_private;
} bn_api_options;

typedef struct bn_api bn_api;

/* Everything but the sockets and threads. Strings of options are copied. env must outlive it. BN_EINVAL: a line of
 * the tokens, or no_auth on an address of the network; BN_EREFUSED: the workspace is not trusted. */
int bn_api_new(bn_api **out, const bn_env *env, const bn_api_options *options, bn_err *err);
/* Binds and answers from its own threads. BN_ECONFLICT if the port or the path is in use. */
int bn_api_start(bn_api *a, bn_err *err);
int bn_api_port(const bn_api *a); /* after start; 0 without TCP */
/* Accepts no new connections, finishes the requests in progress and the webhooks that wait (at most grace_ms), commits,
 * closes. */
void bn_api_stop(bn_api *a, int grace_ms);
void bn_api_free(bn_api *a); /* stops first if need be; NULL is fine */

typedef struct bn_api_stats {
	uint64_t requests, errors; /* errors: status >= 400 */
	uint64_t commits, written; /* commits of the writer, and requests that they made durable */
	double p50_ms, p95_ms, p99_ms; /* latency of requests, within 9 %; NaN: none yet */
	uint64_t webhooks_lost;        /* deliveries that were waiting when the server ended */
} bn_api_stats;
void bn_api_get_stats(const bn_api *a, bn_api_stats *out);

/* Answers one request on the caller's thread; before bn_api_start, or without it. role: of a request without a
 * peer (hand-made). Always fills in a response. */
void bn_api_handle(
	bn_api *a, bn_api_role role, const bn_http_request *request, bn_http_response *out);

#endif
