/* Stopping a listener during exchanges: which ones are waited for, how long, and which are cut. */
#include "core/base/env.h"
#include "core/net/listener.h"
#include "tests/support/check_main.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static bn_listener *listener;
static int port;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static bn_exchange *waiting; /* of /later, with its waker */
static bn_waker *waker;
static int stuck; /* sinks and sources that were not ready */
static atomic_int sent_whole, sent_cut, sinks_cut, sources_closed;
static atomic_bool finished;

static void note(bn_exchange *x, bn_waker *w)
{
	pthread_mutex_lock(&gate);
	if (x) {
		waiting = x;
		waker = w;
	} else {
		stuck++;
	}
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&gate);
}

static int sink_write(void *user, const void *bytes, size_t n, bn_err *err)
{
	(void)user, (void)bytes, (void)n, (void)err;
	note(NULL, NULL);
	return BN_HTTP_LATER;
}

static void sink_close(void *user, bool whole)
{
	(void)user;
	atomic_fetch_add(&sinks_cut, !whole);
}

static ssize_t source_read(void *user, void *out, size_t size)
{
	(void)user, (void)out, (void)size;
	note(NULL, NULL);
	return BN_HTTP_SOURCE_LATER;
}

static void source_close(void *user)
{
	(void)user;
	atomic_fetch_add(&sources_closed, 1);
}

static bool on_head(void *user, bn_exchange *x)
{
	(void)user;
	if (!strcmp(bn_exchange_request(x)->path, "/sink"))
		bn_exchange_set_sink(x, &(bn_http_sink){sink_write, sink_close, NULL, 0});
	return true;
}

static int on_request(void *user, bn_exchange *x)
{
	(void)user;
	bn_exchange_response(x)->status = 200;
	if (!strcmp(bn_exchange_request(x)->path, "/source")) {
		bn_exchange_response(x)->source =
			(bn_http_source){source_read, source_close, NULL, -1, false};
		return 0;
	}
	note(x, bn_exchange_waker(x));
	return BN_HTTP_LATER;
}

static void on_sent(void *user, bn_exchange *x, bool whole)
{
	(void)user, (void)x;
	atomic_fetch_add(whole ? &sent_whole : &sent_cut, 1);
}

static void start(void)
{
	bn_err err = BN_ERR_INIT;
	bn_listener_options o = {.host = "127.0.0.1",
		.threads = 2,
		.handler = {.head = on_head, .handle = on_request, .sent = on_sent}};
	ck_assert_bn_ok(bn_listener_start(&listener, bn_env_real(), &o, &err), &err);
	port = bn_listener_port(listener);
}

/* -1: nothing listens there. */
static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){20, 0}, sizeof(struct timeval));
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static int ask(const char *text)
{
	int fd = dial();
	if (fd >= 0)
		ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	return fd;
}

#define LATER "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"

static bn_exchange *wait_for_exchange(void)
{
	pthread_mutex_lock(&gate);
	while (!waiting)
		pthread_cond_wait(&moved, &gate);
	bn_exchange *x = waiting;
	waiting = NULL;
	pthread_mutex_unlock(&gate);
	return x;
}

static void pause_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static int64_t now_ms(void)
{
	return bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

#define NEED_LOOPBACK() \
	do { \
		int fd_ = socket(AF_INET, SOCK_STREAM, 0); \
		struct sockaddr_in a_ = { \
			.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}; \
		bool ok_ = fd_ >= 0 && bind(fd_, (struct sockaddr *)&a_, sizeof a_) == 0; \
		if (fd_ >= 0) \
			close(fd_); \
		if (!ok_) \
			BN_TEST_SKIP("HTTP over a socket: no loopback interface"); \
	} while (0)

/* ---- within the grace time ------------------------------------------------------------------- */

/* Finishes the exchange after stopping has begun, when connecting fails. */
static void *finish_while_stopping(void *user)
{
	bn_exchange *x = user;
	for (int fd; (fd = dial()) >= 0; close(fd))
		pause_ms(5);
	pause_ms(100);
	bn_buf_adds(&bn_exchange_response(x)->body, "finished\n");
	atomic_store(&finished, true);
	bn_exchange_finish(x);
	return NULL;
}

START_TEST(test_an_exchange_that_another_thread_finishes_is_waited_for)
{
	NEED_LOOPBACK();
	start();
	int fd = ask(LATER);
	bn_exchange *x = wait_for_exchange();
	pthread_t t;
	pthread_create(&t, NULL, finish_while_stopping, x);
	int64_t began = now_ms();
	bn_listener_stop(listener, 20000);
	ck_assert(atomic_load(&finished));
	ck_assert_int_ge(now_ms() - began, 100);
	ck_assert_int_lt(now_ms() - began, 15000);
	pthread_join(t, NULL);
	char out[1000] = "";
	ssize_t n = recv(fd, out, sizeof out - 1, MSG_WAITALL);
	ck_assert_int_gt(n, 0);
	ck_assert_msg(strstr(out, " 200 OK") && strstr(out, "\r\n\r\nfinished\n"), "%s", out);
	ck_assert_int_eq(atomic_load(&sent_whole), 1);
	ck_assert_int_eq(atomic_load(&sent_cut), 0);
	close(fd);
	bn_waker_release(waker);
}
END_TEST

/* ---- beyond it ------------------------------------------------------------------------------- */

typedef struct cut_off {
	bn_exchange *x;
	int fd;
	bool was_cut;
} cut_off;

/* Finishes the exchange after the waker reports that the client is gone. */
static void *finish_when_gone(void *user)
{
	cut_off *c = user;
	char byte;
	while (!bn_waker_is_gone(waker))
		pause_ms(2);
	c->was_cut = recv(c->fd, &byte, 1, 0) == 0;
	pause_ms(100);
	atomic_store(&finished, true);
	bn_exchange_finish(c->x);
	return NULL;
}

START_TEST(test_after_the_grace_time_the_client_is_cut_and_the_finish_is_waited_for)
{
	NEED_LOOPBACK();
	start();
	cut_off c = {.fd = ask(LATER)};
	c.x = wait_for_exchange();
	pthread_t t;
	pthread_create(&t, NULL, finish_when_gone, &c);
	int64_t began = now_ms();
	bn_listener_stop(listener, 150);
	ck_assert(atomic_load(&finished));
	ck_assert_int_ge(now_ms() - began, 250);
	pthread_join(t, NULL);
	ck_assert(c.was_cut);
	ck_assert_int_eq(atomic_load(&sent_cut), 1);
	close(c.fd);
	bn_waker_release(waker);
}
END_TEST

START_TEST(test_after_the_grace_time_sinks_and_sources_that_said_later_are_closed)
{
	NEED_LOOPBACK();
	start();
	int sink = ask("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
	int source = ask("GET /source HTTP/1.1\r\nHost: h\r\n\r\n");
	pthread_mutex_lock(&gate);
	while (stuck < 2)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
	int64_t began = now_ms();
	bn_listener_stop(listener, 150);
	ck_assert_int_ge(now_ms() - began, 150);
	ck_assert_int_lt(now_ms() - began, 15000);
	ck_assert_int_eq(atomic_load(&sinks_cut), 1);
	ck_assert_int_eq(atomic_load(&sources_closed), 1);
	ck_assert_int_eq(atomic_load(&sent_cut), 2);
	close(sink);
	close(source);
}
END_TEST

/* ---- at the same moment ---------------------------------------------------------------------- */

static void *finish_now(void *user)
{
	bn_exchange_finish(user);
	return NULL;
}

/* The last finish lets the loop end, which must not be used afterwards. Useful with sanitizers. */
START_TEST(test_the_last_finish_may_come_while_all_ends)
{
	NEED_LOOPBACK();
	for (int i = 0; i < 300; i++) {
		start();
		int fd = ask(LATER);
		bn_exchange *x = wait_for_exchange();
		pthread_t t;
		pthread_create(&t, NULL, finish_now, x);
		bn_listener_stop(listener, i % 2);
		pthread_join(t, NULL);
		close(fd);
		bn_waker_release(waker);
	}
	ck_assert_int_eq(atomic_load(&sent_whole) + atomic_load(&sent_cut), 300);
}
END_TEST

BN_TEST_MAIN("core/net/listener_stop", test_an_exchange_that_another_thread_finishes_is_waited_for,
	test_after_the_grace_time_the_client_is_cut_and_the_finish_is_waited_for,
	test_after_the_grace_time_sinks_and_sources_that_said_later_are_closed,
	test_the_last_finish_may_come_while_all_ends)
