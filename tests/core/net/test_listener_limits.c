/* The listener with slow clients, and with more clients than allowed. */
#include "tests/support/listener_test.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

START_TEST(test_slow_heads_and_bodies_are_hung_up_on)
{
	NEED_LOOPBACK();
	start((bn_http_limits){.head_ms = 600, .body_ms = 600, .idle_ms = 600, .min_rate = 1000});
	int64_t began = now_ms();
	int idle = dial(), head = dial(), body = dial(), steady = dial();
	put(body, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n");
	put(steady, "POST /a HTTP/1.1\r\n" CLOSE "Content-Length: 10000\r\n\r\n");
	char page[500];
	memset(page, 'x', sizeof page);
	for (int i = 0; i < 20; i++) { /* for 2 s: only a sufficient rate keeps a connection */
		send(head, "x", 1, MSG_NOSIGNAL);
		send(body, "x", 1, MSG_NOSIGNAL);
		ck_assert_int_eq(send(steady, page, sizeof page, MSG_NOSIGNAL), sizeof page);
		nanosleep(&(struct timespec){0, 100000000}, NULL);
	}
	ck_assert_int_ge(now_ms() - began, 1900);
	ck_assert_str_eq(all_of(idle), "");
	ck_assert_ptr_nonnull(strstr(all_of(steady), "POST /a 10000"));
	ck_assert_ptr_nonnull(strstr(all_of(head), " 408 "));
	ck_assert_ptr_nonnull(strstr(all_of(body), " 408 "));
	bn_listener_stats stats;
	bn_listener_get_stats(listener, &stats);
	ck_assert_uint_eq(stats.timed_out, 3);
	stop();
}
END_TEST

/* The duration of a request over a new connection. */
static int64_t legitimate_ms(void)
{
	int64_t began = now_ms();
	const char *out = ask("GET /a HTTP/1.1\r\n" CLOSE "\r\n");
	ck_assert_msg(strstr(out, "GET /a") != NULL, "%s", out);
	return now_ms() - began;
}

static void crowd(const char *text, bn_http_limits limits)
{
	enum { SLOW = 2000 };
	static int fds[SLOW];
	struct rlimit files = {SLOW * 2 + 500, SLOW * 2 + 500}, had;
	getrlimit(RLIMIT_NOFILE, &had);
	if (had.rlim_max < files.rlim_cur)
		BN_TEST_SKIP("2000 connections: at most %d files", (int)had.rlim_max);
	files.rlim_max = had.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	start(limits);
	int64_t worst = 0;
	for (int i = 0; i < SLOW; i++) {
		fds[i] = dial();
		put(fds[i], text);
		if (i % 200 == 199) {
			int64_t ms = legitimate_ms();
			worst = ms > worst ? ms : worst;
		}
	}
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < SLOW; i++)
			send(fds[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		int64_t ms = legitimate_ms();
		worst = ms > worst ? ms : worst;
	}
	ck_assert_msg(worst < 1000, "a legitimate request waited %lld ms", (long long)worst);
	for (int i = 0; i < SLOW; i++)
		close(fds[i]);
	stop();
}

START_TEST(test_two_thousand_slow_heads_keep_nobody_waiting)
{
	NEED_LOOPBACK();
	crowd("GET / HTTP/1.1\r\nHost: h\r\nX-", (bn_http_limits){0});
}
END_TEST

START_TEST(test_two_thousand_slow_bodies_keep_nobody_waiting)
{
	NEED_LOOPBACK();
	crowd("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", (bn_http_limits){0});
}
END_TEST

START_TEST(test_a_crowd_above_the_limit_makes_room_for_who_comes)
{
	NEED_LOOPBACK();
	crowd("GET / HTTP/1.1\r\nHost: h\r\nX-", (bn_http_limits){.connections = 100});
}
END_TEST

/* The first byte of a head does not restart the time of a connection, and a new connection does not
 * count as older. The thread is held so that all bytes arrive together. */
START_TEST(test_room_is_made_by_who_has_waited_longest_and_not_by_who_just_came)
{
	NEED_LOOPBACK();
	start_with((bn_listener_options){.threads = 1, .limits = {.connections = 4}});
	int busy = dial(), slow[2] = {dial(), dial()}, late = dial();
	wait_for_accepted(4);
	for (int i = 0; i < 2; i++) {
		hold_thread(busy);
		put(slow[i], "G");
		put(slow[1], "G");
		int comes = dial();
		wait_for_accepted(5 + (uint64_t)i);
		let_go(busy);
		ck_assert_str_eq(all_of(slow[i]), "");
		put(comes, "GET /comes HTTP/1.1\r\nHost: h\r\n\r\n");
		until(comes, "GET /comes");
		put(late, "GET /late HTTP/1.1\r\nHost: h\r\n\r\n");
		until(late, "GET /late");
	}
	stop();
}
END_TEST

START_TEST(test_who_comes_last_is_not_hung_up_on_when_all_others_are_at_work)
{
	NEED_LOOPBACK();
	start_with((bn_listener_options){.threads = 1, .limits = {.connections = 2}});
	bn_exchange *work[2];
	for (int i = 0; i < 2; i++) {
		put(dial(), "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
		work[i] = wait_for_exchange();
	}
	for (uint64_t i = 0; i < 10; i++) {
		int comes = dial();
		wait_for_accepted(3 + i);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
		put(comes, "GET /comes HTTP/1.1\r\n" CLOSE "\r\n");
		ck_assert_ptr_nonnull(strstr(all_of(comes), "GET /comes"));
	}
	for (int i = 0; i < 2; i++)
		bn_exchange_finish(work[i]);
	stop();
}
END_TEST

/* A body may take any time at the lowest rate, but the slowest connection is closed when another
 * one needs its place. */
START_TEST(test_room_is_made_by_the_slowest_when_all_bodies_come_at_the_least_rate)
{
	NEED_LOOPBACK();
	enum { ALL = 6 };
	static const int pieces[ALL] = {500, 8000, 300, 2000, 400, 600};
	static char page[8000];
	int fds[ALL];
	bn_exchange *work[2];
	bn_listener_stats stats;
	start_with((bn_listener_options){
		.threads = 1, .limits = {.connections = ALL, .min_rate = 1000}});
	memset(page, 'x', sizeof page);
	for (int i = 0; i < ALL; i++) {
		fds[i] = dial();
		put(fds[i], "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
	}
	int64_t began = now_ms();
	for (int64_t at = began; at < began + 1500; at = now_ms()) {
		for (int i = 0; i < ALL; i++)
			send(fds[i], page, (size_t)pieces[i], MSG_NOSIGNAL);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
	for (uint64_t n = 1; n <= 2; n++) {
		int64_t ms = legitimate_ms();
		ck_assert_msg(ms < 1000, "a legitimate request waited %lld ms", (long long)ms);
		bn_listener_get_stats(listener, &stats);
		ck_assert_uint_eq(stats.evicted, n);
		while (stats.open > ALL - 1)
			bn_listener_get_stats(listener, &stats);
		int fd = dial(); /* takes the free place */
		put(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
		work[n - 1] = wait_for_exchange();
	}
	for (int i = 0; i < ALL; i++) {
		bool is_there = recv(fds[i], page, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
		ck_assert_msg(is_there == (i != 2 && i != 4), "%d is there: %d", i, is_there);
		close(fds[i]);
	}
	for (int i = 0; i < 2; i++)
		bn_exchange_finish(work[i]);
	stop();
}
END_TEST

START_TEST(test_connections_of_one_address_are_limited)
{
	NEED_LOOPBACK();
	start((bn_http_limits){.per_address = 3});
	int fds[3];
	for (int i = 0; i < 3; i++) {
		fds[i] = dial();
		put(fds[i], "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
		until(fds[i], "GET /a");
	}
	ck_assert_str_eq(all_of(dial()), "");
	close(fds[0]);
	bn_listener_stats stats = {.open = 3};
	while (stats.open > 2)
		bn_listener_get_stats(listener, &stats);
	ck_assert_ptr_nonnull(strstr(ask("GET /b HTTP/1.1\r\n" CLOSE "\r\n"), "GET /b"));
	ck_assert_uint_eq(stats.rejected, 1);
	close(fds[1]);
	close(fds[2]);
	stop();
}
END_TEST

START_TEST(test_an_ipv4_address_is_one_over_an_ipv6_socket_too)
{
	NEED_LOOPBACK();
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0)
		BN_TEST_SKIP("IPv4 over a socket of IPv6: no IPv6");
	close(fd);
	start_with((bn_listener_options){.host = "::", .limits = {.per_address = 1}});
	int fds[3];
	for (unsigned i = 0; i < 3; i++) {
		char want[40];
		fds[i] = dial_from(INADDR_LOOPBACK + i);
		put(fds[i], "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
		snprintf(want, sizeof want, " 127.0.0.%u\n", i + 1);
		until(fds[i], want);
	}
	ck_assert_str_eq(all_of(dial_from(INADDR_LOOPBACK)), "");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	stop();
}
END_TEST

BN_TEST_MAIN("core/net/listener_limits", test_slow_heads_and_bodies_are_hung_up_on,
	test_two_thousand_slow_heads_keep_nobody_waiting,
	test_two_thousand_slow_bodies_keep_nobody_waiting,
	test_a_crowd_above_the_limit_makes_room_for_who_comes,
	test_room_is_made_by_who_has_waited_longest_and_not_by_who_just_came,
	test_who_comes_last_is_not_hung_up_on_when_all_others_are_at_work,
	test_room_is_made_by_the_slowest_when_all_bodies_come_at_the_least_rate,
	test_connections_of_one_address_are_limited,
	test_an_ipv4_address_is_one_over_an_ipv6_socket_too)
