/*
 * _listener.h - what listener.c (life, accepting), loop.c (a thread and its connections), connection.c
 * with conn_read.c and conn_send.c (one connection) and exchange.c (one request and its response) share.
 *
 * Threads: a connection and its exchange belong to their loop's thread. Other threads reach a loop
 * through two lists under its lock (arrived, posted), asked, and its wake_fd, and nothing else. They
 * wake it before they drop the lock: what the loop then takes may be all that kept it, and stopping
 * frees it.
 *
 * Fairness: in a turn of its loop a connection gets one request answered, or as much of a body as a
 * page holds, or TURN_BYTES of an answer sent. Who has more waiting, and whom no event would announce,
 * stands in the loop's queue (is_ready) until those before it have had as much. It watches nothing
 * meanwhile, and is neither idle nor late: it waits for us. Steps of TLS handshakes have a queue of their
 * own, of which less is served in a turn: one takes as long as dozens of requests, and whoever likes may
 * ask for it. They stand in lanes by their address, and the lanes take turns, so that a crowd of one address, which has
 * only to send the same first message again and again, waits for itself; which addresses share a lane nobody outside
 * knows. A handshake that has begun goes before those of its lane that have not. A client that hangs up before its first
 * step is taken out of its lane.
 */
#ifndef BN_NET_LISTENER_INTERNAL_H
#define BN_NET_LISTENER_INTERNAL_H
#include "core/net/_peers.h"
#include "core/net/_socket.h"
#include "core/net/_tls.h"
#include "core/net/listener.h"
#include "core/net/parse.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct bn_loop bn_loop;
typedef struct bn_conn bn_conn;

#define BN_PAGE_BYTES ((size_t)64 << 10)

typedef enum bn_stage { BN_STAGE_RUNS, BN_STAGE_DRAINS, BN_STAGE_CUTS } bn_stage;

typedef enum bn_conn_state {
	BN_CONN_TLS,     /* shaking hands */
	BN_CONN_IDLE,    /* between requests: not a byte of the next has come */
	BN_CONN_HEAD,    /* the head is arriving */
	BN_CONN_BODY,    /* the body is arriving */
	BN_CONN_SINK,    /* a sink said later */
	BN_CONN_HANDLER, /* handle() said later */
	BN_CONN_SENDING, /* the client takes the answer */
	BN_CONN_SOURCE,  /* a source said later */
	BN_CONN_LINGER,  /* all is said; what still arrives is dropped */
	BN_CONN_CLOSED,
} bn_conn_state;

/* What a connection has for itself when room has to be made; the least goes first. */
typedef enum bn_conn_claim {
	BN_CLAIM_LATE,  /* its handshake goes on for a second already */
	BN_CLAIM_NONE,  /* its client keeps us waiting, and is slower than min_rate */
	BN_CLAIM_TURN,  /* it waits for its turn */
	BN_CLAIM_FLOWS, /* its body or its answer comes to more than min_rate, for a while already */
	BN_CLAIM_STAYS, /* we keep it waiting, or it has just begun to flow */
} bn_conn_claim;

struct bn_listener {
	const bn_env *env;
	bn_http_limits limits;
	bn_http_handler handler;
	bn_tls *tls;
	bn_peers *peers; /* NULL: no limit per address */
	int tcp_fd, unix_fd, stop_fd, port;
	char *unix_path;
	bn_socket_file unix_file; /* what was bound there */
	pthread_t acceptor;
	bool accepting;      /* the thread was started */
	unsigned asked_last; /* the acceptor's: the loop that was last asked again for room */
	uint64_t lane_seed;  /* which addresses share a lane */
	bn_loop *loops;
	unsigned loop_count;
	atomic_int stage;
	atomic_uint open;
	atomic_size_t memory;
	atomic_size_t early; /* bytes of large heads, and of c->in of all connections */
	atomic_uint_fast64_t accepted, evicted, rejected, timed_out;
	pthread_mutex_t lock; /* of running */
	pthread_cond_t ended;
	unsigned running; /* loops whose thread has work */
};

enum { BN_SHAKE_LANES = 64 };

typedef struct bn_conn_queue {
	bn_conn *first, *last; /* in the order of their coming */
} bn_conn_queue;

struct bn_loop {
	bn_listener *listener;
	pthread_t thread;
	int epoll_fd, wake_fd;
	int64_t now_ms; /* monotonic, of this turn */
	bn_conn *conns, *closed;
	bn_conn_queue ready;                   /* for a turn */
	bn_conn_queue shaking[BN_SHAKE_LANES]; /* for a step of their handshake */
	unsigned lane;                         /* whose turn it is */
	unsigned shaking_count;                /* in all of them */
	atomic_uint count;                     /* of conns */
	atomic_uint asked;    /* connections that are to make room, and have not yet */
	uint64_t turns_taken; /* the last bn_conn.turn */
	uint64_t newest;      /* that of the connection that came last */
	atomic_uint_fast64_t requests;
	unsigned orphans; /* exchanges whose client has gone and whose handler has not finished */
	bn_exchange *spare;
	unsigned spare_count;
	char *page; /* what is read lands here */
	bn_buf out; /* lent to the connection that answers */
	char date[40];
	int64_t date_s;
	bool has_drained;
	pthread_mutex_t lock; /* of the following */
	bn_conn *arrived;
	bn_exchange *posted;
};

struct bn_conn {
	bn_loop *loop;
	bn_conn *next, *prev;
	int fd;
	bn_conn_state state;
	unsigned events; /* that epoll watches */
	bool is_counted; /* in peers */
	int64_t since_ms, deadline_ms;
	/* In what order the connections of a loop began to keep it waiting: from accepting, or from the
	 * last answer, to the end of what they ask. */
	uint64_t turn;
	bool has_answered; /* at least once */
	uint64_t moved;    /* bytes since then: of a body, an answer, or dropped ones */
	bn_conn *ready_next, *ready_prev;
	bn_conn_queue *queue; /* that it is in */
	bool is_ready;        /* in one */
	bool can_shake;       /* something came for the next step of its handshake */
	bool has_shaken;      /* one was made */
	bool is_paused; /* its answer stopped where its turn ended, and its client may take more */
	bool has_more;  /* TLS has read more than it gave: no event will tell */
	bn_tls_stream *tls;
	bn_exchange *x;
	char *in; /* read, and not to be looked at before its turn; from in_at */
	size_t in_at, in_len;
	bn_buf out;
	size_t out_at;
	bn_peer_key key;
	bn_http_peer peer;
};

struct bn_exchange {
	bn_conn *conn; /* NULL: the client has gone */
	bn_loop *loop;
	bn_exchange *next;           /* in spare, or in posted */
	bool is_posted, is_finished; /* under the loop's lock */
	bool headed;                 /* head() was asked, so sent() will be */
	bool body_done;              /* not a byte of the request is to come */
	bool head_only, is_chunked, has_sink;
	bool is_kept; /* its client does not take the answer at once, and conn->out is counted */
	bn_http_head head;
	bn_http_header headers[BN_HTTP_MAX_HEADERS];
	bn_http_request request;
	bn_http_peer peer; /* a copy: the connection may go first */
	bn_http_response response;
	bn_http_sink sink;
	bn_http_chunks chunks;
	bn_buf head_bytes, body;
	size_t counted;       /* bytes of it in listener->memory */
	size_t early;         /* bytes of its head in listener->early */
	uint64_t left, taken; /* of the request's body */
	uint64_t given;       /* of the response's body */
	bn_waker *waker;
	_Alignas(16) unsigned char state[BN_EXCHANGE_STATE];
};

/* loop.c */
int bn_loop_start(bn_loop *l, bn_listener *listener, bn_err *err);
void bn_loop_wake(bn_loop *l);
void bn_loop_release(bn_loop *l); /* after its thread has ended */
/* The acceptor: the connection is the loop's from here. */
void bn_loop_hand_over(bn_loop *l, bn_conn *c);
/* The acceptor: its waiting connection that has kept us longest is to go. */
void bn_loop_ask_eviction(bn_loop *l);
/* Any thread. */
void bn_loop_post(bn_exchange *x, bool finished);
void bn_loop_forget(bn_exchange *x); /* takes it out of posted */

/* The loop's thread: into the queue of its state, and out; no matter whether it is there already. */
void bn_loop_queue(bn_conn *c);
void bn_loop_unqueue(bn_conn *c);

/* connection.c, and all below: the loop's thread only */
bn_conn *bn_conn_new(
	bn_listener *l, int fd, bool is_unix); /* the acceptor's; NULL without memory */
void bn_conn_begin(bn_conn *c);                /* epoll watches it from now on */
void bn_conn_on_event(bn_conn *c, unsigned events);
void bn_conn_on_turn(bn_conn *c); /* it was the first of the queue */
void bn_conn_on_post(bn_conn *c, bn_exchange *x, bool finished);
void bn_conn_on_deadline(bn_conn *c);
void bn_conn_on_drain(bn_conn *c);
bn_conn_claim bn_conn_claim_of(const bn_conn *c);
uint64_t bn_conn_rate(const bn_conn *c); /* bytes a second of what flows */
void bn_conn_close(bn_conn *c);          /* its memory goes at the end of the turn */
void bn_conn_free(bn_conn *c);
void bn_conn_enter(bn_conn *c, bn_conn_state state);
bool bn_conn_is_reading(const bn_conn *c); /* takes what its client sends */
bool bn_conn_is_stopping(const bn_conn *c);
/* All is said: no more is sent, and what arrives is dropped until the client hangs up. */
void bn_conn_linger(bn_conn *c);

/* conn_read.c */
void bn_conn_read(bn_conn *c); /* what came, up to the end of a request; the rest goes to c->in */
/* The next request of c->in, or a part of it; the state must allow to look at it. */
void bn_conn_take_kept(bn_conn *c);
void bn_conn_handle(bn_conn *c); /* its request is complete */
void bn_conn_refuse(bn_conn *c, int status, const bn_err *err);

/* conn_send.c */
void bn_conn_respond(bn_conn *c); /* its response is filled in */
/* Sends until the client takes no more, the source has no more, the turn is over, or all is said. */
void bn_conn_send(bn_conn *c);
ssize_t bn_conn_transmit(bn_conn *c, const char *from, size_t n);

/* exchange.c */
bn_exchange *bn_exchange_begin(bn_conn *c); /* NULL without memory */
void bn_exchange_end(bn_exchange *x, bool whole);
void bn_exchange_close_sink(bn_exchange *x, bool whole);
/* Counts bytes held in memory until the exchange ends; false, and not counted, when that would be too
 * much for the listener. */
bool bn_exchange_count(bn_exchange *x, size_t bytes);
/* The same of its head. */
bool bn_exchange_count_head(bn_exchange *x, size_t bytes);
/* The client has gone while a handler works on it. */
void bn_exchange_orphan(bn_exchange *x);
/* Status line and headers of the response, into out. chunked: in which form the body follows. */
void bn_exchange_write_head(bn_exchange *x, bn_buf *out, bool *chunked);

#endif
