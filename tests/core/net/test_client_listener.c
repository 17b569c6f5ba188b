/* The client of core/net against its listener: refusals, uploads, events, the same over TLS and a Unix
 * socket. */
#include "core/net/event_stream.h"
#include "core/net/listener.h"
#include "tests/support/http_client_test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bn_listener *listener;
static char base[64];
static char cert[300], key[300];

/* ---- the server ----------------------------------------------------------------------------- */

static uint64_t taken;

static int take_upload(void *user, const void *bytes, size_t n, bn_err *e)
{
	(void)user;
	(void)bytes;
	(void)e;
	taken += n;
	return 0;
}

static ssize_t tick(void *user, void *out, size_t size)
{
	int *n = user;
	if (++*n % 2) /* not ready before each event */
		return BN_HTTP_SOURCE_LATER;
	return snprintf(out, size, "id: %d\nevent: tick\ndata: %d\n\n", *n / 2, *n / 2);
}

static void end_ticks(void *user)
{
	free(user);
}

static void *wake(void *waker)
{
	while (!bn_waker_is_gone(waker)) {
		nanosleep(&(struct timespec){0, 2000000}, NULL);
		bn_waker_wake(waker);
	}
	bn_waker_release(waker);
	return NULL;
}

static bool on_head(void *user, bn_exchange *x)
{
	(void)user;
	const bn_http_request *rq = bn_exchange_request(x);
	if (strcmp(rq->path, "/open") && !bn_http_has_bearer(rq, "s3cret")) {
		bn_err why = BN_ERR_INIT;
		bn_err_set(&why, BN_EREFUSED, "no token");
		bn_http_response_error(bn_exchange_response(x), 401, &why);
		return false;
	}
	if (!strcmp(rq->path, "/upload")) {
		taken = 0;
		bn_exchange_set_sink(x, &(bn_http_sink){take_upload, NULL, NULL, 0});
	}
	return true;
}

static int on_request(void *user, bn_exchange *x)
{
	(void)user;
	const bn_http_request *rq = bn_exchange_request(x);
	bn_http_response *r = bn_exchange_response(x);
	pthread_t t;
	r->status = 200;
	r->content_type = "text/plain";
	if (!strcmp(rq->path, "/events")) {
		r->content_type = "text/event-stream";
		r->source = (bn_http_source){tick, end_ticks, calloc(1, sizeof(int)), -1, true};
		pthread_create(&t, NULL, wake, bn_exchange_waker(x));
		pthread_detach(t);
	} else {
		bn_buf_addf(&r->body, "%llu", (unsigned long long)taken);
	}
	return 0;
}

static void listen_with(bn_listener_options o, const char *scheme)
{
	o.host = o.unix_path ? NULL : "127.0.0.1";
	o.threads = 2;
	o.handler = (bn_http_handler){.head = on_head, .handle = on_request};
	ck_assert_bn_ok(bn_listener_start(&listener, bn_env_real(), &o, &err), &err);
	snprintf(base, sizeof base, "%s://127.0.0.1:%d", scheme,
		o.unix_path ? 80 : bn_listener_port(listener));
}

/* ---- tests ---------------------------------------------------------------------------------- */

static int send_bytes(const char *path, const char *token, size_t n, bool kept_in_file)
{
	static char at[128];
	const char *headers[] = {token, NULL};
	char *bytes = calloc(1, n + 1);
	snprintf(at, sizeof at, "%s%s", base, path);
	bn_http_call c = {.url = at,
		.headers = headers,
		.method = "PUT",
		.body = {.kind = BN_HTTP_BYTES, .bytes = bytes, .length = (int64_t)n}};
	if (kept_in_file) {
		c.body = (bn_http_upload){
			.kind = BN_HTTP_FILE, .fd = file_of(""), .length = (int64_t)n};
		ck_assert_int_eq(ftruncate(c.body.fd, (off_t)n), 0);
	}
	bn_err_clear(&err);
	int rc = bn_http_do(client, &c, &answer, &err);
	if (kept_in_file)
		close(c.body.fd);
	free(bytes);
	return rc;
}

static void uploads_and_refusals(void)
{
	static const size_t sizes[] = {0, 10, 70000, 1000000, 5000000, 90000000};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int repeat = 0; repeat < 5; repeat++) {
			int rc = send_bytes(
				"/upload", "Authorization: Bearer wrong", sizes[i], repeat % 2);
			ck_assert_msg(rc == 0 && answer.status == 401, "%zu bytes: %d %s", sizes[i],
				answer.status, err.msg);
			ck_assert_int_eq(bn_http_answer_check(&answer, &err), BN_EREFUSED);
			has(err.msg, "no token");
			if (repeat > 1)
				continue;
			ck_assert_bn_ok(send_bytes("/upload", "Authorization: Bearer s3cret",
						sizes[i], repeat),
				&err);
			ck_assert_int_eq(answer.status, 200);
			ck_assert_uint_eq(strtoull(answer.body.ptr, NULL, 10), sizes[i]);
		}
}

START_TEST(test_client_and_listener_agree_on_uploads_and_refusals)
{
	setup();
	listen_with((bn_listener_options){0}, "http");
	uploads_and_refusals();
	bn_listener_stop(listener, 1000);
	teardown();
}
END_TEST

START_TEST(test_client_and_listener_agree_over_tls)
{
	setup();
	raw_certificate(dir.path, "here", "127.0.0.1", cert, key);
	client_with(&(bn_http_client_options){.ca_file = cert});
	listen_with((bn_listener_options){.tls_cert = cert, .tls_key = key}, "https");
	uploads_and_refusals();
	bn_listener_stop(listener, 1000);
	teardown();
}
END_TEST

START_TEST(test_client_and_listener_agree_over_a_unix_socket)
{
	setup();
	char path[300];
	snprintf(path, sizeof path, "%s/s", dir.path);
	client_with(&(bn_http_client_options){.unix_socket = path});
	listen_with((bn_listener_options){.unix_path = path}, "http");
	uploads_and_refusals();
	send_bytes("/open/x", NULL, 3, false);
	ck_assert_int_eq(bn_http_answer_check(&answer, &err), BN_EREFUSED);
	has(err.msg, "unix:");
	has(err.msg, "/s /open/x answered 401");
	bn_listener_stop(listener, 1000);
	teardown();
}
END_TEST

/* Forks a listener at path owned by another user; false: not root. */
static pid_t listen_as_another(const char *path)
{
	int ready[2];
	char byte;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		umask(0);
		int fd = setuid(12345) ? -1 : socket(AF_UNIX, SOCK_STREAM, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 5))
			_exit(9);
		ck_assert_int_eq(write(ready[1], "r", 1), 1);
		int got = accept(fd, NULL, NULL);
		_exit(recv(got, &byte, 1, 0) == 1); /* 1: received something */
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

START_TEST(test_client_sends_nothing_to_a_socket_of_another_user)
{
	if (getuid())
		BN_TEST_SKIP("a socket of another user: only root can make one");
	char shared[] = "/tmp/bn-shared-XXXXXX", path[64];
	int status;
	setup();
	ck_assert_ptr_nonnull(mkdtemp(shared));
	chmod(shared, 0777);
	snprintf(path, sizeof path, "%s/s", shared);
	pid_t child = listen_as_another(path);
	client_with(&(bn_http_client_options){.unix_socket = path});
	snprintf(base, sizeof base, "http://localhost");
	ck_assert_int_eq(
		send_bytes("/open/x", "Authorization: Bearer secret", 10, false), BN_EREFUSED);
	has(err.msg, "another user (uid 12345)");
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "something was sent");
	unlink(path);
	rmdir(shared);
	teardown();
}
END_TEST

static int events;

static int on_event(void *user, const bn_sse_event *e, bn_err *why)
{
	(void)user;
	char number[16];
	snprintf(number, sizeof number, "%d", ++events);
	ck_assert_str_eq(e->type, "tick");
	ck_assert_str_eq(e->data, number);
	ck_assert_str_eq(e->id, number);
	return events < 20 ? 0 : bn_err_set(why, BN_EINTR, "that is enough");
}

static int feed(void *user, const void *bytes, size_t n, bn_err *why)
{
	return bn_event_stream_feed(user, bytes, n, why);
}

START_TEST(test_client_takes_events_as_they_come)
{
	setup();
	listen_with((bn_listener_options){0}, "http");
	char at[128];
	const char *headers[] = {"Authorization: Bearer s3cret", "Accept: text/event-stream", NULL};
	bn_event_stream s;
	bn_event_stream_init(&s, on_event, NULL);
	snprintf(at, sizeof at, "%s/events", base);
	bn_http_call c = {.url = at,
		.headers = headers,
		.to = {.kind = BN_HTTP_TO_CALLBACK, .write = feed, .user = &s}};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EINTR);
	ck_assert_str_eq(err.msg, "that is enough");
	ck_assert_int_eq(events, 20);
	ck_assert_int_eq(answer.status, 200);
	bn_event_stream_release(&s);
	bn_listener_stop(listener, 1000);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/net/client_listener", test_client_and_listener_agree_on_uploads_and_refusals,
	test_client_and_listener_agree_over_tls, test_client_and_listener_agree_over_a_unix_socket,
	test_client_sends_nothing_to_a_socket_of_another_user,
	test_client_takes_events_as_they_come)
