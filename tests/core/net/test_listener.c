/* The listener on real sockets: framing, bodies that flow, refusals, slow and broken clients, limits,
 * Unix sockets, TLS, stopping. */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/net/listener.h"
#include "tests/support/check_main.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bn_listener *listener;

static bool has_loopback(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

#define NEED_LOOPBACK() \
	do { \
		if (!has_loopback()) \
			BN_TEST_SKIP("HTTP over a socket: no loopback interface"); \
	} while (0)

/* ---- the handler of these tests -------------------------------------------------------------- */

typedef struct upload {
	bn_exchange *x;
	atomic_uint_fast64_t bytes;
	uint64_t later_every;
	uint32_t sum;
	int fd; /* a file, or -1 */
	bool whole, closed;
} upload;

static upload up;
static uint64_t later_every; /* of the next start */
static atomic_int sent_whole, sent_cut, sources_closed;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static bn_exchange *waiting; /* /later: to be finished by the test */

static uint32_t add_sum(uint32_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < n; i++)
		h = h * 31 + p[i];
	return h;
}

static void *wake_soon(void *waker)
{
	nanosleep(&(struct timespec){0, 1000000}, NULL);
	bn_waker_wake(waker);
	bn_waker_release(waker);
	return NULL;
}

static int up_write(void *user, const void *bytes, size_t n, bn_err *err)
{
	upload *u = user;
	uint64_t before = u->bytes;
	u->bytes += n;
	u->sum = add_sum(u->sum, bytes, n);
	if (u->fd >= 0)
		return bn_fs_write_all(bn_env_real(), u->fd, bytes, n, "upload", err);
	if (memchr(bytes, '!', n))
		return bn_err_set(err, BN_ECONFLICT, "no exclamation marks");
	if (!u->later_every || before / u->later_every == u->bytes / u->later_every)
		return 0;
	pthread_t t;
	pthread_create(&t, NULL, wake_soon, bn_exchange_waker(u->x));
	pthread_detach(t);
	return BN_HTTP_LATER;
}

static void up_close(void *user, bool whole)
{
	upload *u = user;
	u->whole = whole;
	u->closed = true;
}

/* Numbers, one a line: /count/N. Says "later" between, when it is slow. */
typedef struct counter {
	bn_waker *waker;
	int at, end;
	bool slow, told;
} counter;

static void *wake_often(void *user)
{
	bn_waker *w = user;
	while (!bn_waker_is_gone(w)) {
		nanosleep(&(struct timespec){0, 2000000}, NULL);
		bn_waker_wake(w);
	}
	bn_waker_release(w);
	return NULL;
}

static ssize_t count_read(void *user, void *out, size_t size)
{
	counter *c = user;
	size_t n = 0;
	if (c->slow && !c->told) {
		c->told = true;
		return BN_HTTP_SOURCE_LATER;
	}
	c->told = false;
	while (c->at < c->end && n + 12 < size) {
		n += (size_t)snprintf((char *)out + n, 12, "%d\n", c->at++);
		if (c->slow)
			break;
	}
	return (ssize_t)n;
}

static void count_close(void *user)
{
	atomic_fetch_add(&sources_closed, 1);
	free(user);
}

static void count(bn_exchange *x, int end, bool slow, bool endless)
{
	bn_http_response *r = bn_exchange_response(x);
	counter *c = calloc(1, sizeof *c);
	*c = (counter){.end = end, .slow = slow};
	r->content_type = endless ? "text/event-stream" : "text/plain";
	r->source = (bn_http_source){count_read, count_close, c, -1, endless};
	if (!slow)
		return;
	pthread_t t;
	pthread_create(&t, NULL, wake_often, bn_exchange_waker(x));
	pthread_detach(t);
}

static ssize_t zeros(void *user, void *out, size_t size)
{
	(void)user;
	memset(out, 'z', size);
	return (ssize_t)size;
}

static ssize_t breaks(void *user, void *out, size_t size)
{
	int *calls = user;
	memset(out, 'b', size);
	return (*calls)++ ? BN_HTTP_SOURCE_BROKEN : 10;
}

#define LARGE ((size_t)16 << 20) /* more than sockets keep */

/* Holds the thread of its connection until let_go. */
static bool is_held, may_go;

static void hold(void)
{
	pthread_mutex_lock(&gate);
	is_held = true;
	pthread_cond_broadcast(&moved);
	while (!may_go)
		pthread_cond_wait(&moved, &gate);
	is_held = may_go = false;
	pthread_mutex_unlock(&gate);
}

static bool on_head(void *user, bn_exchange *x)
{
	const char *path = bn_exchange_request(x)->path;
	(void)user;
	if (!strcmp(path, "/refuse")) {
		bn_exchange_response(x)->status = 401;
		bn_buf_adds(&bn_exchange_response(x)->body, "no\n");
		return false;
	}
	if (!strncmp(path, "/upload", 7)) {
		bn_http_sink sink = {up_write, up_close, &up, 0};
		if (!strcmp(path, "/upload/small"))
			sink.max_bytes = 100;
		up.x = x;
		bn_exchange_set_sink(x, &sink);
	}
	return true;
}

static int on_request(void *user, bn_exchange *x)
{
	static int break_calls;
	const bn_http_request *rq = bn_exchange_request(x);
	bn_http_response *r = bn_exchange_response(x);
	char field[32];
	(void)user;
	r->status = 200;
	r->content_type = "text/plain";
	if (!strncmp(rq->path, "/count/", 7)) {
		count(x, atoi(rq->path + 7), bn_http_request_field(rq, "slow", field, sizeof field),
			false);
	} else if (!strcmp(rq->path, "/events")) {
		count(x, 1000000, true, true);
	} else if (!strcmp(rq->path, "/zeros")) {
		r->source = (bn_http_source){zeros, NULL, NULL, 50000000, false};
	} else if (!strcmp(rq->path, "/breaks")) {
		break_calls = 0;
		r->source = (bn_http_source){breaks, NULL, &break_calls, 100, false};
	} else if (!strcmp(rq->path, "/empty")) {
		r->status = 204;
		bn_buf_adds(&r->body, "never seen");
	} else if (!strcmp(rq->path, "/hold")) {
		hold();
	} else if (!strcmp(rq->path, "/large")) {
		ck_assert_int_eq(bn_buf_reserve(&r->body, LARGE), 0);
		memset(r->body.ptr, 'l', LARGE);
		r->body.len = LARGE;
	} else if (!strcmp(rq->path, "/silent")) {
		r->status = 0;
	} else if (!strcmp(rq->path, "/later")) {
		pthread_mutex_lock(&gate);
		waiting = x;
		pthread_cond_broadcast(&moved);
		pthread_mutex_unlock(&gate);
		return BN_HTTP_LATER;
	} else {
		bn_http_response_add(r, "X-Path", rq->path, NULL);
		bn_buf_addf(&r->body, "%s %s %zu %d %s\n", rq->method, rq->path,
			rq->body ? rq->body_len : (size_t)up.bytes, (int)rq->peer->uid,
			rq->peer->address);
	}
	return 0;
}

static void on_refusal(void *user, bn_exchange *x, int status, const bn_err *err)
{
	(void)user;
	(void)err;
	char text[8];
	snprintf(text, sizeof text, "%d", status);
	bn_http_response_add(bn_exchange_response(x), "X-Refused", text, NULL);
}

static void on_sent(void *user, bn_exchange *x, bool whole)
{
	(void)user;
	ck_assert_ptr_nonnull(bn_exchange_request(x)->path);
	atomic_fetch_add(whole ? &sent_whole : &sent_cut, 1);
}

static void start_with(bn_listener_options o)
{
	bn_err err = BN_ERR_INIT;
	up = (upload){.fd = -1, .later_every = later_every};
	o.handler = (bn_http_handler){on_head, on_request, on_refusal, on_sent, NULL};
	if (!o.unix_path && !o.host)
		o.host = "127.0.0.1";
	if (!o.threads)
		o.threads = 2;
	ck_assert_bn_ok(bn_listener_start(&listener, bn_env_real(), &o, &err), &err);
}

static void start(bn_http_limits limits)
{
	start_with((bn_listener_options){.limits = limits});
}

static void stop(void)
{
	bn_listener_stop(listener, 2000);
	listener = NULL;
}

/* ---- clients --------------------------------------------------------------------------------- */

/* from: an address of this machine, 0 for any. */
static int dial_from(in_addr_t from)
{
	struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr = {htonl(from)}};
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)bn_listener_port(listener)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {20, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (from)
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&source, sizeof source), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static int dial(void)
{
	return dial_from(0);
}

static void put(int fd, const char *text)
{
	size_t n = strlen(text);
	ck_assert_int_eq(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Up to the end of the connection. */
static const char *all_of(int fd)
{
	static char out[1 << 20];
	size_t n = 0;
	ssize_t got;
	while (n + 1 < sizeof out && (got = recv(fd, out + n, sizeof out - 1 - n, 0)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
	return out;
}

/* Until the text has come. */
static const char *until(int fd, const char *text)
{
	static char out[1 << 16];
	size_t n = 0;
	ssize_t got;
	out[0] = '\0';
	while (!strstr(out, text) && n + 1 < sizeof out &&
		(got = recv(fd, out + n, sizeof out - 1 - n, 0)) > 0) {
		n += (size_t)got;
		out[n] = '\0';
	}
	ck_assert_msg(strstr(out, text) != NULL, "expected '%s' in: %s", text, out);
	return out;
}

static const char *ask(const char *text)
{
	int fd = dial();
	put(fd, text);
	return all_of(fd);
}

static int count_of(const char *text, const char *what)
{
	int n = 0;
	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

static int64_t now_ms(void)
{
	return bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

#define CLOSE "Host: h\r\nConnection: close\r\n"

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
	ck_assert_ptr_null(strstr(out, "HEAD /d 0")); /* its length, and no body */
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

#define MIB ((size_t)1 << 20)

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
	put(fd, "GET /next HTTP/1.1\r\n" CLOSE "\r\n"); /* waits behind it */
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
	/* a client that goes in the middle */
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

/* The client sends all of its body before it looks for an answer. */
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
	/* but not for ever */
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

/* Bytes up to the end. */
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
	/* one that flows is kept in pieces, and there is no room for one of those either */
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

/* ---- answers that flow ----------------------------------------------------------------------- */

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
	/* one who does not read is hung up on */
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

START_TEST(test_a_handler_may_finish_later_from_another_thread)
{
	NEED_LOOPBACK();
	start_with((bn_listener_options){.threads = 1});
	int fd = dial(), other = dial();
	put(fd, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
		"GET /next HTTP/1.1\r\n" CLOSE "\r\n");
	bn_exchange *x = wait_for_exchange();
	put(other, "GET /other HTTP/1.1\r\n" CLOSE "\r\n"); /* the thread is free meanwhile */
	ck_assert_ptr_nonnull(strstr(all_of(other), "GET /other"));
	bn_buf_add(&bn_exchange_response(x)->body, bn_exchange_request(x)->body, 3);
	bn_exchange_finish(x);
	const char *out = all_of(fd);
	ck_assert_msg(
		strstr(out, "\r\n\r\nabcHTTP/1.1 200") && strstr(out, "GET /next"), "%s", out);
	/* its client goes first */
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

/* ---- slow clients ---------------------------------------------------------------------------- */

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
	for (int i = 0; i < 20; i++) { /* 2 s: dripping does not help, a rate does */
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

/* The time of one request over a new connection. */
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

static void wait_for_accepted(uint64_t n)
{
	bn_listener_stats stats = {0};
	while (bn_listener_get_stats(listener, &stats), stats.accepted < n)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void hold_thread(int fd)
{
	put(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	pthread_mutex_lock(&gate);
	while (!is_held)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
}

static void let_go(int fd)
{
	pthread_mutex_lock(&gate);
	may_go = true;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&gate);
	until(fd, "Content-Length: 0\r\n\r\n");
}

/* The first byte of a head makes nobody younger, and whoever comes in the same moment as it is not
 * older for that. The thread is held so that all of it comes at once. */
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

/* ---- Unix sockets ----------------------------------------------------------------------------- */

static char unix_path[64];

static int dial_unix(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strcpy(a.sun_path, unix_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {20, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

START_TEST(test_a_unix_socket_is_its_users_alone)
{
	char dir[] = "/tmp/bn-unix-XXXXXX", want[64];
	struct stat st;
	bn_err err = BN_ERR_INIT;
	bn_listener *second = NULL;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(unix_path, sizeof unix_path, "%s/sock", dir);
	umask(0);
	bn_listener_options o = {.unix_path = unix_path};
	start_with(o);
	ck_assert_int_eq(stat(unix_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	int fd = dial_unix();
	put(fd, "GET /a HTTP/1.1\r\n" CLOSE "\r\n");
	snprintf(want, sizeof want, "GET /a 0 %d \n", (int)getuid());
	ck_assert_msg(strstr(all_of(fd), want) != NULL, "%s", want);
	o.handler = (bn_http_handler){.handle = on_request};
	ck_assert_int_eq(bn_listener_start(&second, bn_env_real(), &o, &err), BN_ECONFLICT);
	stop();
	ck_assert_int_eq(stat(unix_path, &st), -1);
	/* one that was left behind is replaced, a file is not */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	strcpy(at.sun_path, unix_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	close(fd);
	start_with((bn_listener_options){.unix_path = unix_path});
	stop();
	close(open(unix_path, O_CREAT | O_WRONLY, 0600));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_listener_start(&second, bn_env_real(), &o, &err), BN_ECONFLICT);
	ck_assert_int_eq(stat(unix_path, &st), 0);
	unlink(unix_path);
	rmdir(dir);
}
END_TEST

/* As root alone: the mode of the file is one wall, the kernel's word another. */
START_TEST(test_other_users_of_a_unix_socket_are_hung_up_on)
{
	if (getuid() != 0)
		BN_TEST_SKIP("other users of a Unix socket: needs root");
	char dir[] = "/tmp/bn-unix-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(unix_path, sizeof unix_path, "%s/sock", dir);
	start_with((bn_listener_options){.unix_path = unix_path});
	for (int open_mode = 0; open_mode < 2; open_mode++) {
		int status;
		if (open_mode)
			chmod(unix_path, 0666);
		pid_t child = fork();
		if (child == 0) {
			if (setuid(12345))
				_exit(9);
			int fd = dial_unix();
			if (fd < 0)
				_exit(8);
			send(fd, "GET /a HTTP/1.1\r\n" CLOSE "\r\n", 47, MSG_NOSIGNAL);
			_exit(*all_of(fd) ? 7 : 0);
		}
		waitpid(child, &status, 0);
		ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : -1, open_mode ? 0 : 8);
	}
	bn_listener_stats stats;
	bn_listener_get_stats(listener, &stats);
	ck_assert_uint_eq(stats.rejected, 1);
	stop();
	rmdir(dir);
}
END_TEST

/* ---- TLS -------------------------------------------------------------------------------------- */

static char tls_dir[] = "/tmp/bn-tls-XXXXXX";
static char cert[64], key[64], other_key[64];

static bool run(const char *fmt, ...)
{
	char command[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	return system(command) == 0;
}

static bool make_certificate(void)
{
	if (!mkdtemp(tls_dir))
		return false;
	snprintf(cert, sizeof cert, "%s/cert", tls_dir);
	snprintf(key, sizeof key, "%s/key", tls_dir);
	snprintf(other_key, sizeof other_key, "%s/other", tls_dir);
	umask(077);
	return run(
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "
		"%s -out %s -days 2 -subj /CN=localhost -addext "
		"subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null && openssl ecparam -genkey "
		"-name prime256v1 -noout -out %s 2>/dev/null",
		key, cert, other_key);
}

START_TEST(test_tls_answers_as_plain_http_does)
{
	NEED_LOOPBACK();
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	later_every = MIB;
	start_with((bn_listener_options){.tls_cert = cert, .tls_key = key});
	int port = bn_listener_port(listener);
	if (run("command -v curl >/dev/null")) {
		ck_assert(run("curl -sS --noproxy '*' --cacert %s https://localhost:%d/a "
			      "https://localhost:%d/b >%s/out && grep -q 'GET /b 0' %s/out",
			cert, port, port, tls_dir, tls_dir));
		ck_assert(run("head -c 3000000 /dev/zero >%s/big && curl -sS --noproxy '*' "
			      "--cacert %s -T "
			      "%s/big https://localhost:%d/upload | grep -q 'PUT /upload 3000000'",
			tls_dir, cert, tls_dir, port));
		ck_assert(run("[ $(curl -sS --noproxy '*' --cacert %s https://localhost:%d/zeros | "
			      "wc -c) "
			      "= 50000000 ]",
			cert, port));
		ck_assert(run(
			"curl -sS --noproxy '*' --cacert %s https://localhost:%d/count/2000?slow | "
			"tail -n 1 | grep -qx 1999",
			cert, port));
		/* a refusal while the client sends */
		ck_assert(run(
			"[ $(curl -sS --noproxy '*' --cacert %s -o /dev/null -w '%%{http_code}' -T "
			"%s/big https://localhost:%d/refuse) = 401 ]",
			cert, tls_dir, port));
		ck_assert(!run("curl -sS --noproxy '*' --cacert %s --tls-max 1.1 "
			       "https://localhost:%d/a 2>/dev/null",
			cert, port));
	}
	ck_assert(run("printf 'GET /a HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' | "
		      "timeout 20 "
		      "openssl s_client -connect 127.0.0.1:%d -quiet -alpn h2,http/1.1 2>/dev/null "
		      "| grep "
		      "-q 'GET /a '",
		port));
	/* plain HTTP to it, rubbish, and one who says nothing do no harm */
	int silent = dial();
	ck_assert_ptr_null(strstr(ask("GET /a HTTP/1.1\r\n" CLOSE "\r\n"), "200 OK"));
	close(silent);
	stop();
	run("rm -r %s", tls_dir);
}
END_TEST

START_TEST(test_a_key_must_be_secret_and_fit)
{
	NEED_LOOPBACK();
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	bn_err err = BN_ERR_INIT;
	bn_listener_options o = {.host = "127.0.0.1",
		.tls_cert = cert,
		.tls_key = key,
		.handler = {.handle = on_request}};
	chmod(key, 0640);
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.hint, "chmod 600"));
	chmod(key, 0600);
	bn_err_clear(&err);
	o.tls_key = other_key;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "not the key"));
	bn_err_clear(&err);
	o.tls_key = cert;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	bn_err_clear(&err);
	o.tls_key = key;
	o.tls_cert = key;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a certificate"));
	bn_err_clear(&err);
	o.tls_cert = "/nowhere/cert";
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	o.tls_cert = NULL;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	run("rm -r %s", tls_dir);
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
			/* an answer is whole or is not there at all */
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
	test_a_request_may_come_byte_by_byte, test_smuggling_is_refused_and_ends_the_connection,
	test_an_upload_flows_to_a_file_whatever_the_limit_of_memory,
	test_a_sink_that_says_later_slows_the_client_down, test_a_sink_may_refuse_and_has_a_limit,
	test_expect_100_is_answered_before_the_body_or_refused,
	test_a_refusal_reaches_a_client_who_is_still_sending,
	test_the_memory_of_all_bodies_is_limited, test_the_memory_of_all_answers_is_limited,
	test_an_answer_of_unknown_length_comes_in_chunks, test_a_large_answer_waits_for_its_reader,
	test_events_flow_until_the_client_goes_or_the_listener_stops,
	test_a_handler_may_finish_later_from_another_thread,
	test_slow_heads_and_bodies_are_hung_up_on, test_two_thousand_slow_heads_keep_nobody_waiting,
	test_two_thousand_slow_bodies_keep_nobody_waiting,
	test_a_crowd_above_the_limit_makes_room_for_who_comes,
	test_room_is_made_by_who_has_waited_longest_and_not_by_who_just_came,
	test_who_comes_last_is_not_hung_up_on_when_all_others_are_at_work,
	test_connections_of_one_address_are_limited,
	test_an_ipv4_address_is_one_over_an_ipv6_socket_too, test_a_unix_socket_is_its_users_alone,
	test_other_users_of_a_unix_socket_are_hung_up_on, test_tls_answers_as_plain_http_does,
	test_a_key_must_be_secret_and_fit, test_stopping_under_load_cuts_no_answer,
	test_stopping_sends_what_is_finished_and_closes_the_idle,
	test_the_same_port_twice_is_a_conflict)
