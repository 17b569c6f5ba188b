/* The listener on real sockets: framing, bodies, streamed responses, memory, stopping. */
#include "core/base/env.h"
#include "tests/support/listener_test.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- framing --------------------------------------------------------------------------------- */

START_TEST(test_requests_on_one_connection_are_answered_in_order)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	const char *out =
		ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\n"
		    "Content-Length: 3\r\n\r\nabcPOST /c HTTP/1.1\r\nHost: h\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x\r\ncde\r\n0\r\nT: u\r\n\r\n"
		    "HEAD /d HTTP/1.1\r\nHost: h\r\n\r\nGET /e HTTP/1.1\r\n" CLOSE "\r\n");
	const char *a = strstr(out, "GET /a 0"), *b = strstr(out, "POST /b 3"),
		   *c = strstr(out, "POST /c 5"), *d = strstr(out, "X-Path: /d"),
		   *e = strstr(out, "GET /e 0");
	ck_assert_msg(a && b && c && d && e && a < b && b < c && c < d && d < e, "%s", out);
	ck_assert_ptr_null(strstr(out, "HEAD /d 0")); /* with a length, but no body */
	ck_assert_int_eq(count_of(out, "HTTP/1.1 200 OK\r\nDate: "), 5);
	ck_assert_int_eq(count_of(out, "Connection: close"), 1);
	out = ask("GET /a HTTP/1.0\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(out, "Connection: close"));
	int fd = dial();
	put(fd, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	until(fd, "Connection: keep-alive");
	close(fd);
	out = ask("GET /empty HTTP/1.1\r\n" CLOSE "\r\n");
	ck_assert(strstr(out, "204 No Content") && !strstr(out, "never") && !strstr(out, "Length"));
	ck_assert_ptr_nonnull(strstr(ask("GET /silent HTTP/1.1\r\n" CLOSE "\r\n"), " 500 "));
	stop();
}
END_TEST

START_TEST(test_the_host_of_a_url_is_told_with_a_host_header_or_without)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	ck_assert_ptr_nonnull(
		strstr(ask("GET http://evil.com/host HTTP/1.0\r\n\r\n"), "host evil.com"));
	ck_assert_ptr_nonnull(strstr(ask("GET http://h/host HTTP/1.1\r\n" CLOSE "\r\n"), "host h"));
	ck_assert_ptr_nonnull(strstr(ask("GET /host HTTP/1.1\r\n" CLOSE "\r\n"), "host none"));
	stop();
}
END_TEST

START_TEST(test_a_request_may_come_byte_by_byte)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	static const char text[] = "POST /b?x HTTP/1.1\r\n" CLOSE
				   "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
	int fd = dial();
	for (size_t i = 0; i < sizeof text - 1; i++) {
		ck_assert_int_eq(send(fd, text + i, 1, MSG_NOSIGNAL), 1);
		if (i % 8 == 0)
			nanosleep(&(struct timespec){0, 500000}, NULL);
	}
	ck_assert_ptr_nonnull(strstr(all_of(fd), "POST /b 3"));
	stop();
}
END_TEST

START_TEST(test_smuggling_is_refused_and_ends_the_connection)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
#define NEXT "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
	static const struct {
		const char *text;
		int status;
	} bad[] = {
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n0\r\n\r\n" NEXT,
			400},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: "
		 "37\r\n\r\n" NEXT,
			400},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
		 "Transfer-encoding: x\r\n\r\n0\r\n\r\n" NEXT,
			400},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n" NEXT, 501},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n" NEXT, 400},
		{"POST / HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 5\r\n\r\n" NEXT, 400},
		{"POST / HTTP/1.1\nHost: h\n\n" NEXT, 400},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n1\nZ\r\n0\r\n\r\n" NEXT,
			400},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n1\r\nZZ\r\n0\r\n\r\n" NEXT,
			400},
		{"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n" NEXT, 400},
		{"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n" NEXT,
			400},
		{"GET / HTTP/1.1\r\n\r\n" NEXT, 400},
		{"GET / HTTP/3.0\r\nHost: h\r\n\r\n" NEXT, 505},
		{"POST / HTTP/1.1\r\nHost: h\r\nExpect: more\r\nContent-Length: 1\r\n\r\nx" NEXT,
			417},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char want[40];
		const char *out = ask(bad[i].text);
		snprintf(want, sizeof want, "HTTP/1.1 %d ", bad[i].status);
		ck_assert_msg(!strncmp(out, want, strlen(want)), "%s: %s", bad[i].text, out);
		ck_assert_msg(!strstr(out, "smuggled") && count_of(out, "\r\nDate: ") == 1,
			"%s: %s", bad[i].text, out);
		ck_assert(strstr(out, "{\"error\":") && strstr(out, "X-Refused: ") &&
			  strstr(out, "Connection: close"));
	}
	static const char nul[] = "GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n";
	int fd = dial();
	ck_assert_int_eq(send(fd, nul, sizeof nul - 1, MSG_NOSIGNAL), sizeof nul - 1);
	ck_assert_ptr_nonnull(strstr(all_of(fd), " 400 "));
	ck_assert_ptr_nonnull(strstr(ask("\x16\x03\x01\x02"), "TLS"));
	stop();
}
END_TEST

/* ---- bodies ---------------------------------------------------------------------------------- */

static void send_much(int fd, size_t n, uint32_t *sum)
{
	static char page[65536];
	for (size_t at = 0; at < n;) {
		size_t step = n - at < sizeof page ? n - at : sizeof page;
		memset(page, 'a' + (int)(at / sizeof page) % 26, sizeof page);
		ssize_t put_now = send(fd, page, step, MSG_NOSIGNAL);
		ck_assert_int_gt(put_now, 0);
		if (sum)
			*sum = add_sum(*sum, page, (size_t)put_now);
		at += (size_t)put_now;
		if ((size_t)put_now < step)
			at = at / sizeof page * sizeof page + at % sizeof page;
	}
}

START_TEST(test_an_upload_flows_to_a_file_whatever_the_limit_of_memory)
{
	NEED_LOOPBACK();
	char path[] = "/tmp/bn-upload-XXXXXX";
	char head[200];
	struct stat st;
	start((bn_http_limits){.body_bytes = 1000, .memory_bytes = 100000});
	up.fd = mkstemp(path);
	int fd = dial();
	snprintf(head, sizeof head, "PUT /upload HTTP/1.1\r\n" CLOSE "Content-Length: %zu\r\n\r\n",
		64 * MIB);
	put(fd, head);
	send_much(fd, 64 * MIB, NULL);
	ck_assert_ptr_nonnull(strstr(all_of(fd), "PUT /upload 67108864"));
	ck_assert(up.closed && up.whole);
	ck_assert_int_eq(fstat(up.fd, &st), 0);
	ck_assert_int_eq(st.st_size, 64 * (off_t)MIB);
	close(up.fd);
	unlink(path);
	stop();
}
END_TEST

START_TEST(test_a_sink_that_says_later_slows_the_client_down)
{
	NEED_LOOPBACK();
	char head[200];
	uint32_t sum = 0;
	later_every = MIB;
	start((bn_http_limits){0});
	int fd = dial();
	snprintf(head, sizeof head,
		"PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", 1 * MIB);
	put(fd, head);
	send_much(fd, 1 * MIB, &sum);
	put(fd, "GET /next HTTP/1.1\r\n" CLOSE "\r\n"); /* queued after it */
	const char *out = all_of(fd);
	ck_assert_msg(strstr(out, "PUT /upload 1048576") && strstr(out, "GET /next"), "%s", out);
	ck_assert_uint_eq(up.sum, sum);
	stop();
}
END_TEST

START_TEST(test_a_sink_may_refuse_and_has_a_limit)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	const char *out =
		ask("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nab!");
	ck_assert_msg(strstr(out, " 409 ") && strstr(out, "no exclamation marks"), "%s", out);
	ck_assert(up.closed && !up.whole);
	up = (upload){.fd = -1};
	out = ask("PUT /upload/small HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n");
	ck_assert_msg(strstr(out, " 413 ") && strstr(out, "larger than 100 bytes"), "%s", out);
	ck_assert(up.closed && !up.whole && !up.bytes);
	up = (upload){.fd = -1};
	out = ask("PUT /upload/small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "3\r\nabc\r\nFF\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "x");
	ck_assert_msg(strstr(out, " 413 "), "%s", out);
	/* the client closes in the middle */
	up = (upload){.fd = -1};
	int fd = dial();
	put(fd, "PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
	while (up.bytes < 3)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	close(fd);
	stop();
	ck_assert(up.closed && !up.whole);
	ck_assert_int_ge(atomic_load(&sent_cut), 1);
}
END_TEST

START_TEST(test_expect_100_is_answered_before_the_body_or_refused)
{
	NEED_LOOPBACK();
	start((bn_http_limits){.body_bytes = 1000});
	int fd = dial();
	put(fd, "POST /a HTTP/1.1\r\n" CLOSE "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	until(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	put(fd, "abc");
	ck_assert_ptr_nonnull(strstr(all_of(fd), "POST /a 3"));
	const char *out = ask("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
			      "Expect: 100-continue\r\n\r\n");
	ck_assert_msg(strstr(out, "HTTP/1.1 401") == out, "%s", out);
	out = ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n"
		  "Expect: 100-continue\r\n\r\n");
	ck_assert_msg(strstr(out, "HTTP/1.1 413") == out, "%s", out);
	stop();
}
END_TEST

/* The client sends its complete body before it reads the response. */
START_TEST(test_a_refusal_reaches_a_client_who_is_still_sending)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	char head[200];
	for (int i = 0; i < 20; i++) {
		int fd = dial();
		snprintf(head, sizeof head,
			"POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", 8 * MIB);
		put(fd, head);
		send_much(fd, 8 * MIB, NULL);
		const char *out = all_of(fd);
		ck_assert_msg(!strncmp(out, "HTTP/1.1 401 ", 13) && strstr(out, "\r\n\r\nno\n"),
			"%s", out);
	}
	stop();
	/* only up to a limit */
	start((bn_http_limits){.linger_bytes = 100000, .linger_ms = 300});
	int64_t began = now_ms();
	int fd = dial();
	put(fd, head);
	ck_assert_ptr_nonnull(strstr(until(fd, "no\n"), " 401 "));
	char more[1000] = {0};
	while (send(fd, more, sizeof more, MSG_NOSIGNAL) > 0 && now_ms() - began < 15000)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	ck_assert_int_lt(now_ms() - began, 15000);
	close(fd);
	stop();
}
END_TEST

START_TEST(test_the_memory_of_all_bodies_is_limited)
{
	NEED_LOOPBACK();
	start((bn_http_limits){.body_bytes = MIB, .memory_bytes = 3 * MIB / 2});
	char head[200];
	int first = dial(), second = dial();
	snprintf(
		head, sizeof head, "POST /a HTTP/1.1\r\n" CLOSE "Content-Length: %zu\r\n\r\n", MIB);
	put(first, head);
	send_much(first, MIB - 1, NULL);
	bn_listener_stats stats = {0};
	while (bn_listener_get_stats(listener, &stats), stats.memory_bytes < MIB - 1)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	put(second, head);
	send_much(second, MIB, NULL);
	const char *out = all_of(second);
	ck_assert_msg(strstr(out, " 503 ") != NULL, "%s", out);
	put(first, "x");
	out = all_of(first);
	ck_assert_msg(strstr(out, "POST /a 1048576") != NULL, "%s", out);
	stop();
}
END_TEST

/* The number of bytes until the end. */
static size_t size_of(int fd)
{
	static char page[1 << 16];
	size_t n = 0;
	ssize_t got;
	while ((got = recv(fd, page, sizeof page, 0)) > 0)
		n += (size_t)got;
	close(fd);
	return n;
}

START_TEST(test_the_memory_of_all_answers_is_limited)
{
	NEED_LOOPBACK();
	static const char large[] = "GET /large HTTP/1.1\r\n" CLOSE "\r\n";
	bn_listener_stats stats = {0};
	start_with((bn_listener_options){.threads = 1, .limits = {.memory_bytes = LARGE + 20000}});
	int first = dial();
	put(first, large);
	while (bn_listener_get_stats(listener, &stats), stats.memory_bytes <= LARGE)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	const char *out = ask(large);
	ck_assert_msg(!strncmp(out, "HTTP/1.1 503 ", 13) && strstr(out, "X-Refused: 503") &&
			      strstr(out, "too many answers"),
		"%.500s", out);
	ck_assert_ptr_nonnull(strstr(ask("GET /a HTTP/1.1\r\n" CLOSE "\r\n"), "GET /a"));
	/* a streamed response is buffered in pieces, for which there is no memory either */
	int flowing = dial();
	put(flowing, "GET /zeros HTTP/1.1\r\n" CLOSE "\r\n");
	for (stats.open = 2; stats.open > 1; bn_listener_get_stats(listener, &stats))
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	ck_assert_uint_lt(size_of(flowing), 50000000);
	ck_assert_uint_gt(size_of(first), LARGE);
	while (bn_listener_get_stats(listener, &stats), stats.memory_bytes > 0)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	int again = dial();
	put(again, large);
	ck_assert_uint_gt(size_of(again), LARGE);
	stop();
}
END_TEST

static size_t early_bytes(void)
{
	bn_listener_stats stats = {0};
	bn_listener_get_stats(listener, &stats);
	return stats.early_bytes;
}

static void wait_for_early(size_t least, size_t most)
{
	for (size_t n = early_bytes(); n < least || n > most; n = early_bytes())
		nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* The buffers of clients that have not sent a token yet are limited in total. */
START_TEST(test_the_memory_of_all_heads_is_limited)
{
	NEED_LOOPBACK();
	enum { LARGE_HEAD = 60000, FIT = 4 };
	static char head[LARGE_HEAD + 100];
	int fds[FIT];
	start((bn_http_limits){.early_bytes = MIB / 4});
	int n = snprintf(head, sizeof head, "GET /a HTTP/1.1\r\n" CLOSE);
	for (int i = 0; i < 10; i++)
		n += snprintf(head + n, sizeof head - (size_t)n, "X-%d: %05900d\r\n", i, 0);
	for (size_t i = 0; i < FIT; i++) {
		fds[i] = dial();
		put(fds[i], head);
		wait_for_early((i + 1) * 50000, SIZE_MAX);
	}
	ck_assert_uint_le(early_bytes(), MIB / 4);
	strcat(head, "\r\n");
	const char *out = ask(head);
	ck_assert_msg(!strncmp(out, "HTTP/1.1 503 ", 13) && strstr(out, "too many large heads"),
		"%.300s", out);
	ck_assert_ptr_nonnull(strstr(ask("GET /a HTTP/1.1\r\n" CLOSE "\r\n"), "GET /a"));
	put(fds[0], "\r\n");
	ck_assert_ptr_nonnull(strstr(all_of(fds[0]), "GET /a"));
	wait_for_early(0, 200000);
	ck_assert_ptr_nonnull(strstr(ask(head), "GET /a"));
	for (int i = 1; i < FIT; i++)
		close(fds[i]);
	wait_for_early(0, 0);
	stop();
}
END_TEST

START_TEST(test_the_memory_of_what_comes_behind_requests_is_limited)
{
	NEED_LOOPBACK();
	enum { CLIENTS = 40, BEHIND = 60000 };
	static char text[BEHIND + 100];
	int fds[CLIENTS];
	start((bn_http_limits){.early_bytes = MIB / 4});
	int n = snprintf(text, sizeof text, "GET /count/1000000?slow HTTP/1.1\r\nHost: h\r\n\r\n");
	memset(text + n, 'G', BEHIND);
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = dial();
		put(fds[i], text);
		until(fds[i], "\r\n0\n");
	}
	/* the limit, one page above it for each thread, and a small read of each client */
	size_t kept = early_bytes();
	ck_assert_uint_ge(kept, BEHIND);
	ck_assert_msg(kept <= MIB / 4 + 2 * 65536 + CLIENTS * 4096, "%zu bytes", kept);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	stop();
}
END_TEST

/* ---- streamed responses ----------------------------------------------------------------------- */

START_TEST(test_an_answer_of_unknown_length_comes_in_chunks)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	const char *out = ask("GET /count/3 HTTP/1.1\r\n" CLOSE "\r\n");
	ck_assert_msg(strstr(out, "Transfer-Encoding: chunked\r\n") &&
			      strstr(out, "\r\n\r\n000006\r\n0\n1\n2\n\r\n000000\r\n\r\n"),
		"%s", out);
	out = ask("GET /count/0 HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\n" CLOSE "\r\n");
	ck_assert_msg(strstr(out, "\r\n\r\n000000\r\n\r\nHTTP/1.1 200") != NULL, "%s", out);
	out = ask("GET /count/3 HTTP/1.0\r\n\r\n");
	ck_assert_msg(!strstr(out, "chunked") && strstr(out, "\r\n\r\n0\n1\n2\n"), "%s", out);
	out = ask("HEAD /count/3 HTTP/1.1\r\n" CLOSE "\r\n");
	ck_assert_msg(!strstr(out, "\r\n\r\n0"), "%s", out);
	out = ask("GET /count/5?slow HTTP/1.1\r\n" CLOSE "\r\n");
	ck_assert_msg(strstr(out, "\r\n\r\n000002\r\n0\n\r\n000002\r\n1\n\r\n") &&
			      strstr(out, "4\n\r\n000000\r\n\r\n"),
		"%s", out);
	out = ask("GET /breaks HTTP/1.1\r\nHost: h\r\n\r\n");
	ck_assert_msg(strstr(out, "Content-Length: 100") && strstr(out, "bbbbbbbbbb") &&
			      strlen(strstr(out, "\r\n\r\n")) == 14,
		"%s", out);
	stop();
	ck_assert_int_eq(atomic_load(&sources_closed), 5);
}
END_TEST

START_TEST(test_a_large_answer_waits_for_its_reader)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	static char page[1 << 20];
	int fd = dial();
	put(fd, "GET /zeros HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\n" CLOSE "\r\n");
	nanosleep(&(struct timespec){0, 50000000}, NULL);
	size_t zs = 0, n = 0;
	ssize_t got;
	while ((got = recv(fd, page, sizeof page, 0)) > 0) {
		n += (size_t)got;
		for (ssize_t i = 0; i < got; i++)
			zs += page[i] == 'z';
	}
	close(fd);
	ck_assert_uint_eq(zs, 50000000);
	ck_assert_uint_gt(n, zs);
	/* a client that does not read is disconnected */
	stop();
	start((bn_http_limits){.write_ms = 300});
	fd = dial();
	put(fd, "GET /zeros HTTP/1.1\r\nHost: h\r\n\r\n");
	bn_listener_stats stats = {.open = 1};
	for (int i = 0; i < 300 && (stats.open || !stats.timed_out); i++) {
		nanosleep(&(struct timespec){0, 10000000}, NULL);
		bn_listener_get_stats(listener, &stats);
	}
	ck_assert_uint_eq(stats.open, 0);
	ck_assert_uint_eq(stats.timed_out, 1);
	close(fd);
	stop();
}
END_TEST

START_TEST(test_events_flow_until_the_client_goes_or_the_listener_stops)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	int one = dial(), two = dial();
	put(one, "GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
	put(two, "GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
	until(one, "\n5\n");
	until(two, "\n5\n");
	close(one);
	for (int i = 0; i < 1000 && atomic_load(&sources_closed) < 1; i++)
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	ck_assert_int_eq(atomic_load(&sources_closed), 1);
	int64_t began = now_ms();
	bn_listener_stop(listener, 20000);
	ck_assert_int_lt(now_ms() - began, 10000);
	ck_assert_int_eq(atomic_load(&sources_closed), 2);
	close(two);
}
END_TEST

START_TEST(test_a_handler_may_finish_later_from_another_thread)
{
	NEED_LOOPBACK();
	start_with((bn_listener_options){.threads = 1});
	int fd = dial(), other = dial();
	put(fd, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
		"GET /next HTTP/1.1\r\n" CLOSE "\r\n");
	bn_exchange *x = wait_for_exchange();
	put(other, "GET /other HTTP/1.1\r\n" CLOSE "\r\n"); /* the thread serves others meanwhile */
	ck_assert_ptr_nonnull(strstr(all_of(other), "GET /other"));
	bn_buf_add(&bn_exchange_response(x)->body, bn_exchange_request(x)->body, 3);
	bn_exchange_finish(x);
	const char *out = all_of(fd);
	ck_assert_msg(
		strstr(out, "\r\n\r\nabcHTTP/1.1 200") && strstr(out, "GET /next"), "%s", out);
	/* the client closes first */
	fd = dial();
	put(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	x = wait_for_exchange();
	close(fd);
	nanosleep(&(struct timespec){0, 20000000}, NULL);
	ck_assert_str_eq(bn_exchange_request(x)->path, "/later");
	ck_assert_str_eq(bn_exchange_request(x)->peer->address, "127.0.0.1");
	bn_exchange_finish(x);
	stop();
}
END_TEST

/* ---- stopping --------------------------------------------------------------------------------- */

static atomic_int answered, cut;

static void *ask_until_refused(void *user)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)bn_listener_port(user)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof a)) {
			close(fd);
			return NULL;
		}
		for (bool more = true; more;) {
			char out[1000];
			static const char text[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
			if (send(fd, text, sizeof text - 1, MSG_NOSIGNAL) < 0)
				break;
			ssize_t n = recv(fd, out, sizeof out - 1, 0);
			out[n > 0 ? n : 0] = '\0';
			/* a response is complete or missing */
			if (n > 0)
				atomic_fetch_add(
					strstr(out, "\n\r\nGET /a") || strstr(out, "GET /a 0")
						? &answered
						: &cut,
					1);
			more = n > 0 && !strstr(out, "Connection: close");
		}
		close(fd);
	}
}

START_TEST(test_stopping_under_load_cuts_no_answer)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, ask_until_refused, listener);
	while (atomic_load(&answered) < 500)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	int64_t began = now_ms();
	bn_listener *l = listener;
	bn_listener_stop(l, 10000);
	ck_assert_int_lt(now_ms() - began, 8000);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ck_assert_int_eq(atomic_load(&cut), 0);
}
END_TEST

START_TEST(test_stopping_sends_what_is_finished_and_closes_the_idle)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	int idle = dial(), half = dial(), busy = dial();
	put(idle, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
	until(idle, "GET /a");
	put(half, "GET /a HT");
	put(busy, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	bn_exchange *x = wait_for_exchange();
	bn_exchange_finish(x);
	int64_t began = now_ms();
	bn_listener_stop(listener, 20000);
	ck_assert_int_lt(now_ms() - began, 8000);
	ck_assert_ptr_nonnull(strstr(all_of(busy), " 200 OK"));
	ck_assert_str_eq(all_of(idle), "");
	close(half);
	bn_listener_stop(NULL, 0);
}
END_TEST

START_TEST(test_the_same_port_twice_is_a_conflict)
{
	NEED_LOOPBACK();
	start((bn_http_limits){0});
	bn_err err = BN_ERR_INIT;
	bn_listener *second = NULL;
	bn_listener_options o = {.host = "localhost",
		.port = bn_listener_port(listener),
		.handler = {.handle = on_request}};
	ck_assert_int_eq(bn_listener_start(&second, bn_env_real(), &o, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	o.host = "not a host";
	ck_assert_int_eq(bn_listener_start(&second, bn_env_real(), &o, &err), BN_EINVAL);
	bn_err_clear(&err);
	o.host = NULL;
	ck_assert_int_eq(bn_listener_start(&second, bn_env_real(), &o, &err), BN_EINVAL);
	bn_err_clear(&err);
	o.host = "::1";
	o.port = 0;
	if (bn_listener_start(&second, bn_env_real(), &o, &err) == 0) {
		ck_assert_int_gt(bn_listener_port(second), 0);
		bn_listener_stop(second, 0);
	}
	stop();
}
END_TEST
BN_TEST_MAIN("core/net/listener", test_requests_on_one_connection_are_answered_in_order,
	test_the_host_of_a_url_is_told_with_a_host_header_or_without,
	test_a_request_may_come_byte_by_byte, test_smuggling_is_refused_and_ends_the_connection,
	test_an_upload_flows_to_a_file_whatever_the_limit_of_memory,
	test_a_sink_that_says_later_slows_the_client_down, test_a_sink_may_refuse_and_has_a_limit,
	test_expect_100_is_answered_before_the_body_or_refused,
	test_a_refusal_reaches_a_client_who_is_still_sending,
	test_the_memory_of_all_bodies_is_limited, test_the_memory_of_all_answers_is_limited,
	test_the_memory_of_all_heads_is_limited,
	test_the_memory_of_what_comes_behind_requests_is_limited,
	test_an_answer_of_unknown_length_comes_in_chunks, test_a_large_answer_waits_for_its_reader,
	test_events_flow_until_the_client_goes_or_the_listener_stops,
	test_a_handler_may_finish_later_from_another_thread,
	test_stopping_under_load_cuts_no_answer,
	test_stopping_sends_what_is_finished_and_closes_the_idle,
	test_the_same_port_twice_is_a_conflict)
