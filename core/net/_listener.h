/*
 * _listener.h - shared by listener.c (lifecycle, accepting), loop.c (a thread and its connections),
 * connection.c with conn_read.c and conn_send.c (one connection) and exchange.c (one request and its
 * response).
 *
 * Threads: a connection and its exchange belong to the thread of their loop. Other threads access a
 * loop only through two lists under its lock (arrived, posted), asked, and its wake_fd. They wake it
 * before they release the lock: the loop may then take its last work item, stop and be freed.
 *
 * Fairness: in one turn of its loop a connection gets one request answered, or one page of a body read, or
 * TURN_BYTES of a response sent. A connection with more pending work that no event will announce waits in the
 * loop's queue (is_ready) until those before it have had their turn. Meanwhile it watches no events and is
 * neither idle nor late, since it waits for us. TLS handshake steps have a separate queue that gets less per
 * turn: a step costs as much as dozens of requests, and any client may ask for one. They are sorted into lanes
 * by address, and the lanes take turns, so many connections from one address, which only need to repeat the
 * same first message, delay only each other; outsiders cannot know which addresses share a lane. A started
 * handshake goes before those of its lane that have not started. A client that hangs up before its first step
 * is removed from its lane.
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
	BN_CONN_IDLE,    /* between requests: no byte of the next has arrived */
	BN_CONN_HEAD,    /* the head is arriving */
	BN_CONN_BODY,    /* the body is arriving */
	BN_CONN_SINK,    /* the sink returned LATER */
	BN_CONN_HANDLER, /* handle() returned LATER */
	BN_CONN_SENDING, /* the response is being sent */
	BN_CONN_SOURCE,  /* the source returned LATER */
	BN_CONN_LINGER,  /* all is sent; what still arrives is dropped */
	BN_CONN_CLOSED,
} bn_conn_state;

/* Claim of a connection to its place when room is needed; the lowest is evicted first. */
typedef enum bn_conn_claim {
	BN_CLAIM_LATE,  /* its handshake has taken over a second */
	BN_CLAIM_NONE,  /* we wait for its client, which is slower than min_rate */
	BN_CLAIM_TURN,  /* it waits for its turn */
	BN_CLAIM_FLOWS, /* its body or response has been faster than min_rate for a while */
	BN_CLAIM_STAYS, /* it waits for us, or has just begun to flow */
} bn_conn_claim;

struct bn_listener {
	const bn_env *env;
	bn_http_limits limits;
	bn_http_handler handler;
	bn_tls *tls;
	bn_peers *peers; /* NULL: no limit per address */
	int tcp_fd, unix_fd, stop_fd, port;
	char *unix_path;
	bn_socket_file unix_file; /* the socket file that was bound */
	pthread_t acceptor;
	bool accepting;      /* the thread was started */
	unsigned asked_last; /* acceptor only: the loop last asked again for room */
	uint64_t lane_seed;  /* which addresses share a lane */
	bn_loop *loops;
	unsigned loop_count;
	atomic_int stage;
	atomic_uint open;
	atomic_size_t memory;
	atomic_size_t early; /* bytes of large heads and of c->in, over all connections */
	atomic_uint_fast64_t accepted, evicted, rejected, timed_out;
	pthread_mutex_t lock; /* of running */
	pthread_cond_t ended;
	unsigned running; /* loops whose thread is running */
};

enum { BN_SHAKE_LANES = 64 };

typedef struct bn_conn_queue {
	bn_conn *first, *last; /* in order of arrival */
} bn_conn_queue;

struct bn_loop {
	bn_listener *listener;
	pthread_t thread;
	int epoll_fd, wake_fd;
	int64_t now_ms; /* monotonic time of this turn */
	bn_conn *conns, *closed;
	bn_conn_queue ready;                   /* waiting for a turn */
	bn_conn_queue shaking[BN_SHAKE_LANES]; /* waiting for a handshake step */
	unsigned lane;                         /* whose turn it is */
	unsigned shaking_count;                /* in all of them */
	atomic_uint count;                     /* of conns */
	atomic_uint asked;    /* connections asked to make room that have not closed yet */
	uint64_t turns_taken; /* the last bn_conn.turn */
	uint64_t newest;      /* that of the newest connection */
	atomic_uint_fast64_t requests;
	unsigned orphans; /* exchanges whose client is gone and whose handler has not finished */
	bn_exchange *spare;
	unsigned spare_count;
	char *page; /* input is read into this */
	bn_buf out; /* lent to the connection that is sending */
	char date[40];
	int64_t date_s;
	bool has_drained;
	pthread_mutex_t lock; /* length of the following */
	bn_conn *arrived;
	bn_exchange *posted;
};

struct bn_conn {
	bn_loop *loop;
	bn_conn *next, *prev;
	int fd;
	bn_conn_state state;
	unsigned events; /* events watched by epoll */
	bool is_counted; /* in peers */
	int64_t since_ms, deadline_ms;
	/* Order in which the connections of a loop began to keep it waiting: from accept, or from the
	 * last response, to the end of the request. */
	uint64_t turn;
	bool has_answered; /* at least once */
	uint64_t moved;    /* bytes since then: of a body, of a response, or dropped */
	bn_conn *ready_next, *ready_prev;
	bn_conn_queue *queue; /* the lane it is in */
	bool is_ready;        /* in one */
	bool can_shake;       /* input for its next handshake step has arrived */
	bool has_shaken;      /* at least one step was made */
	bool is_paused; /* its response stopped at the end of its turn, and the client may take more */
	bool has_more; /* TLS holds decrypted bytes that no event will announce */
	bn_tls_stream *tls;
	bn_exchange *x;
	char *in; /* read ahead, to be parsed from in_at in its next turn */
	size_t in_at, in_len;
	bn_buf out;
	size_t out_at;
	bn_peer_key key;
	bn_http_peer peer;
};

struct bn_exchange {
	bn_conn *conn; /* NULL: the client is gone */
	bn_loop *loop;
	bn_exchange *next;           /* in spare, or in posted */
	bool is_posted, is_finished; /* protected by the loop's lock */
	bool headed;                 /* head() was called, so sent() will be */
	bool body_done;              /* no further byte of the request is expected */
	bool head_only, is_chunked, has_sink;
	bool is_kept; /* the client is slow to take the response, and conn->out is counted */
	bn_http_head head;
	bn_http_header headers[BN_HTTP_MAX_HEADERS];
	bn_http_request request;
	bn_http_peer peer; /* a copy: the connection may be freed first */
	bn_http_response response;
	bn_http_sink sink;
	bn_http_chunks chunks;
	bn_buf head_bytes, body;
	size_t counted;       /* bytes counted in listener->memory */
	size_t early;         /* bytes of the head counted in listener->early */
	uint64_t left, taken; /* of the request's body */
	uint64_t given;       /* of the response's body */
	bn_waker *waker;
	_Alignas(16) unsigned char state[BN_EXCHANGE_STATE];
};

/* loop.c */
int bn_loop_start(bn_loop *l, bn_listener *listener, bn_err *err);
void bn_loop_wake(bn_loop *l);
void bn_loop_release(bn_loop *l); /* after its thread has ended */
/* Acceptor only: the loop owns the connection from here. */
void bn_loop_hand_over(bn_loop *l, bn_conn *c);
/* Acceptor only: evict the connection that has kept the loop waiting longest. */
void bn_loop_ask_eviction(bn_loop *l);
/* Any thread. */
void bn_loop_post(bn_exchange *x, bool finished);
void bn_loop_forget(bn_exchange *x); /* removes it from posted */

/* Loop thread only: puts it into the queue of its state, or removes it; idempotent. */
void bn_loop_queue(bn_conn *c);
void bn_loop_unqueue(bn_conn *c);

/* connection.c, and all below: the loop's thread only */
bn_conn *bn_conn_new(
	bn_listener *l, int fd, bool is_unix); /* acceptor only; NULL if out of memory */
void bn_conn_begin(bn_conn *c);                /* epoll watches it from now on */
void bn_conn_on_event(bn_conn *c, unsigned events);
void bn_conn_on_turn(bn_conn *c); /* it was first in the queue */
void bn_conn_on_post(bn_conn *c, bn_exchange *x, bool finished);
void bn_conn_on_deadline(bn_conn *c);
void bn_conn_on_drain(bn_conn *c);
bn_conn_claim bn_conn_claim_of(const bn_conn *c);
uint64_t bn_conn_rate(const bn_conn *c); /* bytes per second of the current transfer */
void bn_conn_close(bn_conn *c);          /* its memory is freed at the end of the turn */
void bn_conn_free(bn_conn *c);
void bn_conn_enter(bn_conn *c, bn_conn_state state);
bool bn_conn_is_reading(const bn_conn *c); /* reads what the client sends */
bool bn_conn_is_stopping(const bn_conn *c);
/* All is sent: nothing more is sent, and what arrives is dropped until the client hangs up. */
void bn_conn_linger(bn_conn *c);

/* conn_read.c */
void bn_conn_read(
	bn_conn *c); /* consumes input up to the end of a request; the rest goes to c->in */
/* Parses the next request in c->in, or a part of it; the state must allow that. */
void bn_conn_take_kept(bn_conn *c);
void bn_conn_handle(bn_conn *c); /* its request is complete */
void bn_conn_refuse(bn_conn *c, int status, const bn_err *err);

/* conn_send.c */
void bn_conn_respond(bn_conn *c); /* its response is filled in */
/* Sends until the client takes no more, the source has no more, the turn is over, or all is sent. */
void bn_conn_send(bn_conn *c);
ssize_t bn_conn_transmit(bn_conn *c, const char *from, size_t n);

/* exchange.c */
bn_exchange *bn_exchange_begin(bn_conn *c); /* NULL if out of memory */
void bn_exchange_end(bn_exchange *x, bool whole);
void bn_exchange_close_sink(bn_exchange *x, bool whole);
/* Counts bytes held in memory until the exchange ends. False, with nothing counted, if that exceeds
 * the listener's limit. */
bool bn_exchange_count(bn_exchange *x, size_t bytes);
/* The same for its head. */
bool bn_exchange_count_head(bn_exchange *x, size_t bytes);
/* The client is gone while a handler is working on it. */
void bn_exchange_orphan(bn_exchange *x);
/* Writes the status line and headers of the response into out. chunked: the form of the body. */
void bn_exchange_write_head(bn_exchange *x, bn_buf *out, bool *chunked);

#endif
