/*
 * The listener when some connections have much work: requests of others are answered in between.
 *
 * No test depends on time. The only thread is held while all clients send, so everything has arrived when it continues,
 * and a response contains the progress until then.
 */
#include "tests/support/listener_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT "Host: h\r\n\r\n"

static void start_one_thread(void)
{
	start_with((bn_listener_options){.threads = 1});
}

/* A connection that has been assigned to the thread. */
static int dial_known(void)
{
	int fd = dial();
	put(fd, "GET /hello HTTP/1.1\r\n" KEPT);
	until(fd, "GET /hello");
	return fd;
}

static void put_many(int fd, const char *request, int n)
{
	bn_buf text = BN_BUF_INIT;
	for (int i = 0; i < n; i++)
		bn_buf_adds(&text, request);
	put(fd, text.ptr);
	bn_buf_release(&text);
}

/* Reads the progress of the listener from a response on fd. */
static void progress_of(int fd, unsigned long long *done, unsigned long long *given)
{
	const char *body = strstr(until(fd, "\r\n\r\n"), "\r\n\r\n") + 4;
	if (!*body)
		body = until(fd, "\n");
	ck_assert_int_eq(sscanf(body, "%llu %llu", done, given), 2);
}

START_TEST(test_a_request_is_answered_between_those_of_pipelined_floods)
{
	NEED_LOOPBACK();
	enum { FLOODS = 50, EACH = 400 };
	int floods[FLOODS];
	unsigned long long before, done, given;
	start_one_thread();
	int busy = dial_known();
	for (int i = 0; i < FLOODS; i++)
		floods[i] = dial_known();
	int one = dial_known();
	before = atomic_load(&handled);
	hold_thread(busy);
	for (int i = 0; i < FLOODS; i++)
		put_many(floods[i], "GET /flood HTTP/1.1\r\n" KEPT, EACH);
	put(one, "GET /progress HTTP/1.1\r\n" KEPT);
	let_go(busy);
	progress_of(one, &done, &given);
	/* one of each flood, and a few from the queue */
	ck_assert_msg(
		done - before <= FLOODS + 20, "%llu requests were answered first", done - before);
	/* the floods, and a request that arrives meanwhile, are answered too */
	put(one, "GET /late HTTP/1.1\r\n" KEPT);
	until(one, "GET /late");
	for (int i = 0; i < FLOODS; i++) {
		put(floods[i], "GET /last HTTP/1.1\r\n" CLOSE "\r\n");
		const char *all = all_of(floods[i]);
		ck_assert_int_eq(count_of(all, "GET /flood"), EACH);
		ck_assert_int_eq(count_of(all, "GET /last"), 1);
	}
	stop();
}
END_TEST

typedef struct pipeline {
	int fd;
	const char *bytes;
	size_t n;
} pipeline;

static void *write_pipeline(void *user)
{
	pipeline *p = user;
	ssize_t put = 1;
	for (size_t at = 0; at < p->n && put > 0; at += put > 0 ? (size_t)put : 0)
		put = send(p->fd, p->bytes + at, p->n - at, MSG_NOSIGNAL);
	return NULL;
}

/* Requests and bodies cross the boundaries of the pages they are read into. */
START_TEST(test_a_long_pipeline_is_answered_in_order)
{
	NEED_LOOPBACK();
	enum { REQUESTS = 4000 };
	bn_buf text = BN_BUF_INIT;
	char want[32];
	start_one_thread();
	for (int i = 0; i < REQUESTS; i++)
		bn_buf_addf(&text,
			"POST /n%d HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n%s\r\nseven %d", i,
			i == REQUESTS - 1 ? "Connection: close\r\n" : "", i % 10);
	pipeline p = {dial(), text.ptr, text.len};
	pthread_t writer;
	pthread_create(&writer, NULL, write_pipeline, &p);
	const char *at = all_of(p.fd);
	for (int i = 0; i < REQUESTS; i++) {
		snprintf(want, sizeof want, "POST /n%d 7 ", i);
		at = strstr(at, want);
		ck_assert_msg(at != NULL, "no answer to request %d in its place", i);
	}
	pthread_join(writer, NULL);
	bn_buf_release(&text);
	stop();
}
END_TEST

static void *read_all(void *user)
{
	static char page[1 << 16];
	int fd = *(int *)user;
	while (recv(fd, page, sizeof page, 0) > 0)
		;
	return NULL;
}

START_TEST(test_a_request_is_answered_between_parts_of_a_download)
{
	NEED_LOOPBACK();
	unsigned long long done, given;
	start_one_thread();
	int busy = dial_known(), download = dial_known(), one = dial_known();
	pthread_t reader;
	hold_thread(busy);
	put(download, "GET /zeros HTTP/1.1\r\n" CLOSE "\r\n");
	put(one, "GET /progress HTTP/1.1\r\n" KEPT);
	pthread_create(&reader, NULL, read_all, &download);
	let_go(busy);
	progress_of(one, &done, &given);
	ck_assert_msg(given <= MIB, "%llu bytes of the download came first", given);
	pthread_join(reader, NULL);
	ck_assert_uint_ge(atomic_load(&zeros_given), 50000000);
	stop();
}
END_TEST

/* All of the chunks arrive in a page or two. */
START_TEST(test_a_request_is_answered_between_tiny_chunks)
{
	NEED_LOOPBACK();
	enum { CHUNKS = 10000 };
	unsigned long long done;
	start_one_thread();
	int busy = dial_known(), sender = dial_known(), one = dial_known();
	hold_thread(busy);
	put(sender, "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n");
	put_many(sender, "1\r\nx\r\n", CHUNKS);
	put(one, "GET /one HTTP/1.1\r\n" KEPT);
	let_go(busy);
	/* the response contains the progress of the upload */
	const char *answer = strstr(until(one, "GET /one "), "GET /one ");
	ck_assert_int_eq(sscanf(answer, "GET /one %llu", &done), 1);
	ck_assert_msg(done < CHUNKS / 10, "%llu chunks came first", done);
	put(sender, "0\r\n\r\n");
	char want[40];
	snprintf(want, sizeof want, "POST /upload %d ", CHUNKS);
	const char *all = all_of(sender);
	ck_assert_msg(strstr(all, want) != NULL, "%s", all);
	stop();
}
END_TEST

static void *stop_it(void *user)
{
	(void)user;
	stop();
	return NULL;
}

/* A connection waiting for its turn when the listener stops gets one more response, with Connection: close. */
START_TEST(test_stopping_answers_once_more_whoever_waits_for_a_turn)
{
	NEED_LOOPBACK();
	pthread_t stopper;
	start_one_thread();
	int busy = dial_known(), flood = dial_known();
	hold_thread(busy);
	put_many(flood, "GET /flood HTTP/1.1\r\n" KEPT, 400);
	pthread_create(&stopper, NULL, stop_it, NULL);
	let_go(busy);
	const char *all = all_of(flood);
	int answers = count_of(all, "GET /flood");
	ck_assert_int_ge(answers, 1);
	ck_assert_int_eq(count_of(all, "Connection: close"), answers == 400 ? 0 : 1);
	pthread_join(stopper, NULL);
}
END_TEST

BN_TEST_MAIN("core/net/listener_fair", test_a_request_is_answered_between_those_of_pipelined_floods,
	test_a_long_pipeline_is_answered_in_order,
	test_a_request_is_answered_between_parts_of_a_download,
	test_a_request_is_answered_between_tiny_chunks,
	test_stopping_answers_once_more_whoever_waits_for_a_turn)
