/*
 * listener.h - sockets, threads, TLS and HTTP/1.1 framing; what is asked is somebody else's business.
 *
 * A few threads wait for their connections with an epoll each; one more accepts, and hands each
 * connection to the thread that has fewest. Handlers are called on those threads, so a handler that
 * has to wait for something says BN_HTTP_LATER and finishes from another thread. An exchange, one
 * request with its response, belongs to the thread of its connection but for the two functions that
 * say otherwise.
 *
 * What is refused, and how: a request that is not clearly one thing is a 400 and the connection ends
 * (bare line feeds, blanks before a colon, folded lines, NUL, two headers where one has meaning,
 * Content-Length beside Transfer-Encoding, codings other than chunked; RFC 9112). Whoever is slow
 * with a head or a body, or takes no answer, is hung up on. What the handler's side is slow with
 * (handle, a sink or a source that said later) has no deadline but that of stopping. When all
 * connections are in use, the one that has kept its thread waiting longest makes room for a new one
 * (never the one that came last), and where all are as fast as min_rate asks, the slowest body or answer
 * that has flowed for a second: a crowd of slow clients keeps nobody out. Handshakes of TLS, which cost
 * more than requests, are made a few at a time between other work, none for a client that has hung up, and
 * one that takes more than a second is the first to make room. Who has sent many
 * requests at once, or takes a large answer, gets one of them or a part of it at a time, and the others
 * of its thread are served in between. An answer that comes before the body was read (413, 401, ...) is
 * sent, then what still arrives is read and dropped within limits, then the connection is closed:
 * closing at once would make the client's kernel throw the answer away.
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
	size_t head_bytes; /* request line and headers; 64 KiB; 431, and 414 for the line */
	size_t body_bytes; /* of a body kept in memory; 16 MiB; 413 */
	/* All bodies in memory, of requests and of answers from when they are complete until they are
	 * taken; 256 MiB, of which a quarter is kept for answers and bodies of up to 64 KiB. 503 for what does not fit; a client is hung up on when its small or flowing
	 * answer would have to be kept and does not fit. Small answers that leave at once are not
	 * counted, nor is what a handler has in its hands. */
	size_t memory_bytes;
	/* Of heads above 4 KiB, together with what was read behind requests; 16 MiB. 503 for such a head, and
	 * little is read at a time when there is so much behind. Who has shown no token uses nothing of what bodies
	 * share. */
	size_t early_bytes;
	unsigned connections; /* 4096, or what the process may open */
	unsigned per_address; /* connections of one address (of a /64 of IPv6); all */
	int head_ms; /* from the first byte (or connecting) to the end of the head; 10 000 */
	int body_ms; /* a body may take so long, and as long again while min_rate is kept; 20 000 */
	int min_rate;        /* bytes a second, of bodies and answers; 1024 */
	int idle_ms;         /* between requests; 30 000 */
	int write_ms;        /* the same of answers; 30 000 */
	size_t linger_bytes; /* read and dropped after an early answer; 64 MiB */
	int linger_ms;       /* the same in time; 5 000 */
} bn_http_limits;

/* Whoever answers. All but handle may be NULL. */
typedef struct bn_http_handler {
	/* The head is there, nothing of the body has been taken. True: go on (after
	 * bn_exchange_set_sink, if need be). False: the response is filled in; it is sent, and the
	 * body is not wanted. */
	bool (*head)(void *user, bn_exchange *x);
	/* The request is complete. 0: the response is filled in. BN_HTTP_LATER: bn_exchange_finish
	 * will be called, and the exchange lives until then. */
	int (*handle)(void *user, bn_exchange *x);
	/* The listener refuses by itself, with err as its reason: 400, 408, 413, 414, 417, 431, 501,
	 * 503, 505. Method and path are "" when the head is not whole. The response holds {"error":
	 * ...} already and may be written anew. */
	void (*refuse)(void *user, bn_exchange *x, int status, const bn_err *err);
	/* The response has left, or (whole: false) the client has. Just before the exchange ends. */
	void (*sent)(void *user, bn_exchange *x, bool whole);
	void *user;
} bn_http_handler;

typedef struct bn_listener_options {
	const char *host; /* numeric address, name, "localhost", "*" for all; NULL: no TCP */
	int port;         /* 0: any free one */
	/* A Unix socket of mode 0600; NULL: none. A socket at that path that nobody listens on is
	 * replaced, anything else there is BN_ECONFLICT. Who connects is asked of the kernel: the user
	 * of this process and root may, others are hung up on. */
	const char *unix_path;
	/* PEM files, of TCP alone. The key's file must be this user's or root's, and its owner's
	 * alone (0600): BN_EREFUSED. TLS 1.2 or later. NULL: plain. */
	const char *tls_cert, *tls_key;
	int threads; /* 0: one per CPU, at most 8 */
	bn_http_limits limits;
	bn_http_handler handler;
} bn_listener_options;

/* Binds and starts answering. Strings are not kept. BN_ECONFLICT: the port or path is taken;
 * BN_EREFUSED: not allowed to; BN_EINVAL: no such host, a certificate that is none. */
int bn_listener_start(
	bn_listener **out, const bn_env *env, const bn_listener_options *options, bn_err *err);
int bn_listener_port(const bn_listener *l); /* of TCP; 0 without */
/*
 * Stops accepting, closes idle connections, waits up to grace_ms for the others, then cuts them: sinks
 * and sources are closed, and wakers say that all is gone. The one thing without a limit is the
 * bn_exchange_finish that is owed to each exchange whose handler said BN_HTTP_LATER, since it works on
 * the exchange until then: who may take long holds a waker and looks at bn_waker_is_gone. Ends all
 * threads, frees. NULL is fine.
 */
void bn_listener_stop(bn_listener *l, int grace_ms);

typedef struct bn_listener_stats {
	uint64_t accepted, requests;
	uint64_t evicted;  /* closed to make room */
	uint64_t rejected; /* hung up on at once: per_address, uid */
	uint64_t timed_out;
	unsigned open;       /* connections now */
	size_t memory_bytes; /* of bodies and answers now */
	size_t early_bytes;  /* of large heads, and of what came behind requests, now */
} bn_listener_stats;
void bn_listener_get_stats(const bn_listener *l, bn_listener_stats *out);

/* ---- one exchange --------------------------------------------------------------------------- */

const bn_http_request *bn_exchange_request(const bn_exchange *x);
bn_http_response *bn_exchange_response(bn_exchange *x);
/* BN_EXCHANGE_STATE bytes for the handler, zero at head(); nothing is freed in there. */
#define BN_EXCHANGE_STATE 64
void *bn_exchange_state(bn_exchange *x);
/* In head() only: the body goes there, and request->body stays NULL. */
void bn_exchange_set_sink(bn_exchange *x, const bn_http_sink *sink);
/* True for a body that was announced, with or without its length. */
bool bn_exchange_has_body(const bn_exchange *x);

/* Any thread: ends an exchange whose handle() said BN_HTTP_LATER; not to be touched afterwards. */
void bn_exchange_finish(bn_exchange *x);

/*
 * A sink or source that said "later" is asked again after bn_waker_wake. A waker outlives its
 * exchange, after which waking does nothing; so producers in other threads hold one.
 */
typedef struct bn_waker bn_waker;
/* The connection's thread: one more reference; NULL without memory. */
bn_waker *bn_exchange_waker(bn_exchange *x);

void bn_waker_wake(bn_waker *w);    /* any thread */
bool bn_waker_is_gone(bn_waker *w); /* any thread: nobody will read or write any more */
void bn_waker_release(bn_waker *w); /* any thread; NULL is fine */

#endif
