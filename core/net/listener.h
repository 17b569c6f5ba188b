/*
 * listener.h - sockets, threads, TLS and HTTP/1.1 framing; handlers give requests their meaning.
 *
 * A few threads serve their connections with one epoll each; another thread accepts and gives each
 * connection to the thread that has the fewest. Handlers are called on those threads, so a handler
 * that has to wait returns BN_HTTP_LATER and finishes from another thread. An exchange, one request
 * with its response, belongs to the thread of its connection except in the two functions that say
 * otherwise.
 *
 * What is refused, and how: an ambiguous request gets a 400 and the connection ends (bare line feeds,
 * blanks before a colon, folded lines, NUL, repeated headers where only one is allowed, Content-Length
 * together with Transfer-Encoding, codings other than chunked; RFC 9112). A client that is slow to send a
 * head or a body, or does not take its response, is disconnected. Delays on the handler's side (handle, a
 * sink or a source that returned LATER) have no deadline except when stopping. When all connections are in
 * use, the one that has kept its thread waiting longest makes room for a new one (never the newest one);
 * if all satisfy min_rate, the slowest body or response older than a second does. So many slow clients
 * cannot lock others out. TLS handshakes, which cost more than requests, are made a few at a time between
 * other work, never for a client that has hung up, and one that takes more than a second is the first to
 * make room. A client that pipelines many requests, or reads a large response, gets one request or one
 * part per turn, and the other connections of its thread are served in between. A response sent before the
 * body was read (413, 401, ...) is followed by reading and dropping what still arrives, within limits, and
 * then by closing the connection: closing at once would make the client's kernel discard the response.
 */
#ifndef BN_NET_LISTENER_H
#define BN_NET_LISTENER_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/net/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_listener bn_listener;
typedef struct bn_exchange bn_exchange;

/* Zero is the default in each. */
typedef struct bn_http_limits {
	size_t head_bytes; /* of request line and headers; 64 KiB; 431, and 414 for the line */
	size_t body_bytes; /* of a body kept in memory; 16 MiB; 413 */
	/* All bodies in memory: of requests, and of responses from completion until they are sent; 256 MiB, of
	 * which a quarter is reserved for responses and bodies of up to 64 KiB. 503 for what does not fit; a
	 * client is disconnected if its small or streaming response would have to be kept and does not fit. Not
	 * counted: small responses sent at once, and memory held by a handler. */
	size_t memory_bytes;
	/* Heads above 4 KiB plus what was read beyond requests; 16 MiB. 503 for such a head; near the limit,
	 * little is read at a time. Clients that have shown no token use nothing of the memory for bodies. */
	size_t early_bytes;
	unsigned connections; /* 4096, or the descriptor limit */
	unsigned per_address; /* connections per address (per IPv6 /64); no limit */
	int head_ms;  /* from the first byte (or connecting) to the end of the head; 10 000 */
	int body_ms;  /* time for a body, extended as long as min_rate is kept; 20 000 */
	int min_rate; /* bytes per second, of bodies and responses; 1024 */
	int idle_ms;  /* between requests; 30 000 */
	int write_ms; /* the same for responses; 30 000 */
	size_t linger_bytes; /* bytes read and dropped after an early response; 64 MiB */
	int linger_ms;       /* time limit for that; 5 000 */
} bn_http_limits;

/* The handler's callbacks. All but handle may be NULL. */
typedef struct bn_http_handler {
	/* The head is complete, the body not yet read. True: continue (after bn_exchange_set_sink
	 * if needed). False: the response is filled in and is sent, and the body is not read. */
	bool (*head)(void *user, bn_exchange *x);
	/* The request is complete. 0: the response is filled in. BN_HTTP_LATER: bn_exchange_finish
	 * will be called, and the exchange is valid until then. */
	int (*handle)(void *user, bn_exchange *x);
	/* The listener itself refuses a request, with err as its reason: 400, 408, 413, 414, 417,
	 * 431, 501, 503, 505. Method and path are "" if the head is incomplete. The response already
	 * holds {"error": ...} and may be replaced. */
	void (*refuse)(void *user, bn_exchange *x, int status, const bn_err *err);
	/* The response was sent completely, or (whole: false) the client has gone. Called just
	 * before the exchange ends. */
	void (*sent)(void *user, bn_exchange *x, bool whole);
	void *user;
} bn_http_handler;

typedef struct bn_listener_options {
	const char *host; /* numeric address, name, "localhost", "*" for all; NULL: no TCP */
	int port;         /* 0: any free one */
	/* A Unix socket of mode 0600; NULL: none. A stale socket at that path is replaced, anything
	 * else there is BN_ECONFLICT. The kernel tells who connects: the user of this process and root
	 * are accepted, others are disconnected. */
	const char *unix_path;
	/* PEM files, for TCP only. The key file must be owned by this user or root and
	 * accessible to its owner only (0600), else BN_EREFUSED. TLS 1.2 or later. NULL:
	 * plain. */
	const char *tls_cert, *tls_key;
	int threads; /* 0: one per CPU, at most 8 */
	bn_http_limits limits;
	bn_http_handler handler;
} bn_listener_options;

/* Binds and starts serving. Strings are not kept. BN_ECONFLICT: the port or path is in use;
 * BN_EREFUSED: not permitted; BN_EINVAL: no such host, or an invalid certificate. */
int bn_listener_start(
	bn_listener **out, const bn_env *env, const bn_listener_options *options, bn_err *err);
int bn_listener_port(const bn_listener *l); /* the TCP port; 0 without TCP */
/*
 * Stops accepting, closes idle connections, waits up to grace_ms for the others, then closes them:
 * sinks and sources are closed, and bn_waker_is_gone becomes true. There is no limit on the wait for
 * bn_exchange_finish of an exchange whose handler returned BN_HTTP_LATER, since the handler uses the
 * exchange until then: a slow handler must hold a waker and check bn_waker_is_gone. Ends all threads
 * and frees the listener. NULL is fine.
 */
void bn_listener_stop(bn_listener *l, int grace_ms);

typedef struct bn_listener_stats {
	uint64_t accepted, requests;
	uint64_t evicted;  /* closed to make room */
	uint64_t rejected; /* closed at once: per_address, uid */
	uint64_t timed_out;
	unsigned open;       /* connections now */
	size_t memory_bytes; /* held by bodies and responses now */
	size_t early_bytes;  /* held by large heads and input beyond requests now */
} bn_listener_stats;
void bn_listener_get_stats(const bn_listener *l, bn_listener_stats *out);

/* ---- one exchange --------------------------------------------------------------------------- */

const bn_http_request *bn_exchange_request(const bn_exchange *x);
bn_http_response *bn_exchange_response(bn_exchange *x);
/* BN_EXCHANGE_STATE bytes for the handler, zero at head(); the listener frees nothing in it. */
#define BN_EXCHANGE_STATE 64
void *bn_exchange_state(bn_exchange *x);
/* In head() only: the body goes there, and request->body stays NULL. */
void bn_exchange_set_sink(bn_exchange *x, const bn_http_sink *sink);
/* True if the head announced a body, with or without its length. */
bool bn_exchange_has_body(const bn_exchange *x);

/* Any thread: ends an exchange whose handle() returned BN_HTTP_LATER; it must not be used
 * afterwards. */
void bn_exchange_finish(bn_exchange *x);

/*
 * A sink or source that returned "later" is called again after bn_waker_wake. Producers in
 * other threads hold a waker, since it outlives its exchange; waking does nothing after that.
 */
typedef struct bn_waker bn_waker;
/* Connection's thread only: one more reference; NULL if out of memory. */
bn_waker *bn_exchange_waker(bn_exchange *x);

void bn_waker_wake(bn_waker *w);    /* any thread */
bool bn_waker_is_gone(bn_waker *w); /* any thread: the exchange has ended */
void bn_waker_release(bn_waker *w); /* any thread; NULL is fine */

#endif
