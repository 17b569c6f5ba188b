/*
 * listener_test.h - shared by the suites of the listener: a listener, its handler, and plain
 * clients on sockets.
 */
#ifndef BN_TEST_LISTENER_TEST_H
#define BN_TEST_LISTENER_TEST_H
#include "core/net/listener.h"
#include "tests/support/check_main.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

bool has_loopback(void);
#define NEED_LOOPBACK() \
	do { \
		if (!has_loopback()) \
			BN_TEST_SKIP("HTTP over a socket: no loopback interface"); \
	} while (0)

#define CLOSE "Host: h\r\nConnection: close\r\n"
#define MIB ((size_t)1 << 20)
#define LARGE ((size_t)16 << 20) /* of the body of /large: more than socket buffers hold */

/* The upload received by /upload. */
typedef struct upload {
	bn_exchange *x;
	atomic_uint_fast64_t bytes;
	uint64_t later_every;
	uint32_t sum;
	int fd; /* a file, or -1 */
	bool whole, closed;
} upload;

extern bn_listener *listener;
extern upload up;
extern uint64_t later_every; /* of the next start */
extern atomic_int sent_whole, sent_cut, sources_closed;
/* Requests handled, and bytes sent by /zeros; /progress responds "HANDLED GIVEN\n". */
extern atomic_uint_fast64_t handled, zeros_given;
extern pthread_mutex_t gate; /* of the following */
extern pthread_cond_t moved;
extern bool is_held, may_go; /* /hold holds the thread of its connection until may_go */

uint32_t add_sum(uint32_t h, const void *bytes, size_t n);
/* The handler: for paths without special handling the method, path, bytes, uid and address of the
 * client. */
int on_request(void *user, bn_exchange *x);

/* On 127.0.0.1 with two threads, unless told otherwise. */
void start_with(bn_listener_options o);
void start(bn_http_limits limits);
void stop(void);

/* from: an address of this machine, 0 for any. */
int dial_from(in_addr_t from);
int dial(void);
void put(int fd, const char *text);
const char *all_of(int fd);                  /* up to the end of the connection; closes it */
const char *until(int fd, const char *text); /* until the text has arrived */
const char *ask(const char *text);           /* on a new connection */
int count_of(const char *text, const char *what);
int64_t now_ms(void);
void wait_for_accepted(uint64_t n);
void hold_thread(int fd);             /* requests /hold, and waits until the thread is held */
void let_go(int fd);                  /* and waits for the response */
bn_exchange *wait_for_exchange(void); /* of /later: to be finished by the test */

#endif
