/* The HTTP client against a scripted server: what it sends, deadlines, retries, and
 * destinations. */
#include "core/base/mem.h"
#include "tests/support/http_client_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- plain exchanges ------------------------------------------------------------------------ */

static const raw_step two_answers[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 5\r\nX-Kind:  a b \r\n\r\nhello", 0},
	{RAW_HEAD, NULL, 0}, {RAW_READ, NULL, 7},
	{RAW_SEND, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 0},
	{RAW_DRAIN, NULL, 0}, {0}};

START_TEST(test_client_keeps_its_connection)
{
	setup();
	SERVE(two_answers);
	char value[32];
	ck_assert_bn_ok(get("/a?b=c"), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body.ptr, "hello");
	ck_assert_uint_eq(answer.body_bytes, 5);
	ck_assert_str_eq(bn_http_answer_header(&answer, "x-kind", value, sizeof value), "a b");
	ck_assert_ptr_null(bn_http_answer_header(&answer, "X-Other", value, sizeof value));
	ck_assert_bn_ok(post("/b", "{\"a\":1}", 7), &err);
	ck_assert_str_eq(answer.body.ptr, "abcde");
	ck_assert_int_eq(raw_server_connections(server), 1);
	const char *sent = raw_server_received(server);
	has(sent, "GET /a?b=c HTTP/1.1\r\n");
	has(sent, "POST /b HTTP/1.1\r\n");
	has(sent, "Content-Type: application/json\r\n");
	has(sent, "Content-Length: 7\r\n");
	has(sent, "\r\n\r\n{\"a\":1}");
	lacks(sent, "Expect");
	teardown();
}
END_TEST

static const raw_step answer_head[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 500\r\nETag: \"x\"\r\n\r\n", 0}, {RAW_HEAD, NULL, 0},
	{RAW_SEND, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", 0}, {RAW_DRAIN, NULL, 0},
	{0}};

START_TEST(test_client_asks_for_the_head_alone_and_posts_nothing)
{
	setup();
	SERVE(answer_head);
	bn_http_call c = {.url = url("/a/../b//c"), .method = "HEAD"};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_uint_eq(answer.body.len, 0);
	c = (bn_http_call){.url = url("/uploads/"), .method = "POST"};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 201);
	const char *sent = raw_server_received(server);
	has(sent, "HEAD /a/../b//c HTTP/1.1\r\n"); /* not normalised: may be signed */
	has(sent, "POST /uploads/ HTTP/1.1\r\n");
	has(sent, "Content-Length: 0\r\n");
	teardown();
}
END_TEST

static const raw_step agree[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n", 0}, {RAW_READ, NULL, 2019},
	{RAW_SEND, OK_HEAD "Content-Length: 0\r\nConnection: close\r\n\r\n", 0},
	{RAW_DRAIN, NULL, 0}, {0}};

START_TEST(test_client_sends_what_a_callback_reads_in_chunks)
{
	setup();
	SERVE(agree);
	size_t left = 2000;
	const char *headers[] = {"Content-Type: text/csv", "X-Empty:", NULL};
	bn_http_call c = {.url = url("/"),
		.method = "PUT",
		.headers = headers,
		.body = {.kind = BN_HTTP_READ, .read = count_down, .user = &left, .length = -1}};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(answer.headers.len, strlen("Content-Length: 0\r\nConnection: close\r\n"));
	const char *sent = raw_server_received(server);
	has(sent, "PUT / HTTP/1.1\r\n");
	has(sent, "Transfer-Encoding: chunked\r\n");
	has(sent, "Expect: 100-continue\r\n");
	has(sent, "Content-Type: text/csv\r\n");
	has(sent, "X-Empty:\r\n");
	has(sent, "\r\n0\r\n\r\n");
	lacks(sent, "application/json");
	teardown();
}
END_TEST

static const raw_step no_expectations[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND,
		"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 4\r\n"
		"Connection: close\r\n\r\nwhat",
		0},
	{RAW_CLOSE, NULL, 0}, {0}};
static const raw_step take_chunks[] = {{RAW_HEAD, NULL, 0}, {RAW_READ, NULL, 2019},
	{RAW_SEND, OK_HEAD "Content-Length: 2\r\n\r\nok", 0}, {RAW_DRAIN, NULL, 0}, {0}};

START_TEST(test_client_does_without_announcing_where_that_is_not_understood)
{
	setup();
	SERVE(no_expectations, take_chunks);
	size_t left = 2000;
	bn_http_call c = {.url = url("/"),
		.body = {.kind = BN_HTTP_READ, .read = count_down, .user = &left, .length = -1}};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body.ptr, "ok");
	ck_assert_ptr_null(strstr(strstr(raw_server_received(server), "Expect") + 1, "Expect"));
	teardown();
}
END_TEST

static const raw_step take_ten[] = {{RAW_HEAD, NULL, 0}, {RAW_READ, NULL, 10},
	{RAW_SEND, OK_HEAD "Content-Length: 0\r\n\r\n", 0}, {RAW_DRAIN, NULL, 0}, {0}};

START_TEST(test_client_sends_a_part_of_a_file)
{
	setup();
	SERVE(take_ten);
	int fd = file_of("0123456789abcdefghij");
	bn_http_call c = {.url = url("/"),
		.method = "PUT",
		.body = {.kind = BN_HTTP_FILE, .fd = fd, .offset = 5, .length = 10}};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	c.body.length = 100; /* longer than the file */
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "was truncated");
	has(raw_server_received(server), "\r\n\r\n56789abcde");
	close(fd);
	teardown();
}
END_TEST

START_TEST(test_client_refuses_injected_headers_and_urls)
{
	static const char *const bad[] = {"X-A: b\r\nX-C: d", "X-A: b\nc", "X A: b", "X-A", ": b",
		"X-A : b", "X-A: \x01", "X-A: \x7f", "Content-Length: 5",
		"transfer-encoding: chunked"};
	static const char *const urls[] = {"ftp://x/", "file:///etc/passwd", "x", "", "http://",
		"http://a b/", "http://x/\r\nX: y", "http://x:99999/", "gopher://x/"};
	setup();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *headers[] = {"Accept: */*", bad[i], NULL};
		bn_http_call c = {.url = "http://127.0.0.1:1/", .headers = headers};
		bn_err_clear(&err);
		ck_assert_msg(bn_http_do(client, &c, &answer, &err) == BN_EINVAL, "%s", bad[i]);
	}
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		bn_http_call c = {.url = urls[i]};
		bn_err_clear(&err);
		ck_assert_msg(bn_http_do(client, &c, &answer, &err) == BN_EINVAL, "%s: %d", urls[i],
			err.code);
	}
	bn_http_call c = {.url = "http://me:s3cret@127.0.0.1:1/"};
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EINVAL);
	lacks(err.msg, "s3cret");
	c = (bn_http_call){.url = "http://127.0.0.1:1/", .method = "GET / HTTP/1.1\r\nX: y"};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, NULL), BN_EINVAL);
	c = (bn_http_call){.url = "http://127.0.0.1:1/a?token=s3cret"};
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "http://127.0.0.1:1/a: ");
	lacks(err.msg, "s3cret");
	has(err.hint, "running");
	server = NULL;
	teardown();
}
END_TEST

/* ---- deadlines and cancelling --------------------------------------------------------------- */

static const raw_step dripping[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 5\r\n\r\na", 0}, {RAW_SLEEP, NULL, 150},
	{RAW_SEND, "b", 0}, {RAW_SLEEP, NULL, 150}, {RAW_SEND, "c", 0}, {RAW_SLEEP, NULL, 150},
	{RAW_SEND, "d", 0}, {RAW_SLEEP, NULL, 150}, {RAW_SEND, "e", 0}, {RAW_DRAIN, NULL, 0}, {0}};
static const raw_step silent[] = {{RAW_HEAD, NULL, 0}, {RAW_SLEEP, NULL, 20000}, {0}};

static bool stop_at_third(void *user, const bn_http_progress *p)
{
	(void)p;
	return ++*(int *)user < 3;
}

START_TEST(test_client_keeps_its_deadlines)
{
	setup();
	SERVE(dripping, silent, dripping, silent, dripping);
	bn_http_call c = {.url = url("/"), .idle_ms = 1000};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err); /* slow, but not idle */
	ck_assert_str_eq(answer.body.ptr, "abcde");
	c.idle_ms = 200;
	int64_t began = bn_env_monotonic_ns(bn_env_real());
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "silent for 0.2 s");
	raw_server_free(server);
	SERVE(dripping, silent);
	c = (bn_http_call){.url = url("/"), .whole_ms = 300};
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "not finished within 0.3 s");
	int calls = 0;
	c = (bn_http_call){.url = url("/"), .progress = stop_at_third, .progress_user = &calls};
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EINTR);
	ck_assert_int_eq(calls, 3);
	ck_assert_int_lt(bn_env_monotonic_ns(bn_env_real()) - began, 10000000000);
	teardown();
}
END_TEST

START_TEST(test_client_does_not_wait_for_a_server_that_never_accepts)
{
	setup();
	server = raw_server_start(&(raw_server_options){.backlog_only = 1});
	bn_http_call c = {.url = url("/"), .idle_ms = 200};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "silent");
	teardown();
}
END_TEST

/* ---- retries -------------------------------------------------------------------------------- */

ANSWER(busy, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
	     "Connection: close\r\n\r\n");
ANSWER(too_busy, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600\r\nContent-Length: 0\r\n"
		 "Connection: close\r\n\r\n");
static const raw_step says_nothing[] = {{RAW_HEAD, NULL, 0}, {RAW_CLOSE, NULL, 0}, {0}};
ANSWER(bad_gateway, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

START_TEST(test_client_tries_again_where_it_is_told_to)
{
	setup();
	SERVE(bad_gateway, says_nothing, busy, hello);
	bn_http_call c = {.url = url("/"), .attempts = 4, .backoff_ms = 10};
	int64_t began = bn_env_monotonic_ns(bn_env_real());
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_eq(answer.attempts, 4);
	ck_assert_int_ge(bn_env_monotonic_ns(bn_env_real()) - began, 1000000000); /* Retry-After */
	raw_server_free(server);
	SERVE(busy);
	c.url = url("/");
	c.attempts = 0;
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 503);
	ck_assert_int_eq(answer.attempts, 1);
	c.attempts = 5;
	c.whole_ms = 500; /* shorter than the wait, so it is not begun */
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.attempts, 1);
	raw_server_free(server);
	SERVE(too_busy);
	c = (bn_http_call){.url = url("/"), .attempts = 5};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 429);
	ck_assert_int_eq(answer.attempts, 1);
	teardown();
}
END_TEST

ANSWER(wait_a_moment, "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

START_TEST(test_client_repeats_a_post_that_was_refused_if_asked)
{
	setup();
	SERVE(wait_a_moment, bad_gateway, hello);
	bn_http_call c = {.url = url("/"),
		.body = {.kind = BN_HTTP_BYTES, .bytes = "{}", .length = 2},
		.attempts = 4,
		.backoff_ms = 5,
		.only_refused = true};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 502); /* which may have done something */
	ck_assert_int_eq(answer.attempts, 2);
	teardown();
}
END_TEST

START_TEST(test_texts_become_one_segment_of_a_url)
{
	bn_buf out = BN_BUF_INIT;
	bn_http_url_add(&out, "team/sub power?#%&=+\xc3\xa4-._~Z9");
	ck_assert_str_eq(out.ptr, "team%2Fsub%20power%3F%23%25%26%3D%2B%C3%A4-._~Z9");
	bn_buf_release(&out);
}
END_TEST

static const raw_step take_a_post[] = {
	{RAW_HEAD, NULL, 0}, {RAW_READ, NULL, 2}, {RAW_RESET, NULL, 0}, {0}};

START_TEST(test_client_sends_twice_only_what_may_be)
{
	setup();
	SERVE(take_a_post);
	bn_http_call c = {.url = url("/"),
		.body = {.kind = BN_HTTP_BYTES, .bytes = "{}", .length = 2},
		.attempts = 3,
		.backoff_ms = 1};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	ck_assert_int_eq(raw_server_connections(server), 1);
	c.repeatable = true;
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	ck_assert_int_eq(raw_server_connections(server), 4);
	c.method = "PUT";
	c.repeatable = false;
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	ck_assert_int_eq(raw_server_connections(server), 7);
	size_t left = 2;
	c.body = (bn_http_upload){
		.kind = BN_HTTP_READ, .read = count_down, .user = &left, .length = 2};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO); /* cannot be read twice */
	ck_assert_int_eq(raw_server_connections(server), 8);
	teardown();
}
END_TEST

/* A kept connection that closes without a response: libcurl would send the request again. */
static const raw_step one_then_gone[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 0\r\n\r\n", 0}, {RAW_HEAD, NULL, 0},
	{RAW_RESET, NULL, 0}, {0}};

START_TEST(test_client_does_not_repeat_a_post_on_a_connection_that_was_lost)
{
	setup();
	SERVE(one_then_gone);
	ck_assert_bn_ok(get("/"), &err);
	ck_assert_int_eq(post("/log", "{\"a\":1}", 7), BN_EIO);
	has(err.msg, "twice");
	ck_assert_bn_ok(get("/a"), &err);
	bn_http_call c = {.url = url("/empty"), .method = "POST"};
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "twice");
	ck_assert_bn_ok(get("/b"), &err);
	ck_assert_bn_ok(get("/c"), &err); /* the kept connection was closed: sent again */
	const char *sent = raw_server_received(server);
	ck_assert_ptr_null(strstr(strstr(sent, "POST /log") + 1, "POST /log"));
	ck_assert_ptr_null(strstr(strstr(sent, "POST /empty") + 1, "POST /empty"));
	ck_assert_ptr_nonnull(strstr(strstr(sent, "GET /c") + 1, "GET /c"));
	teardown();
}
END_TEST

/* ---- the environment
 * -------------------------------------------------------------------------- */

START_TEST(test_client_asks_no_proxy_and_no_netrc_unless_told)
{
	setup();
	SERVE(hello);
	char path[300];
	setenv("http_proxy", url(""), 1);
	setenv("ALL_PROXY", url(""), 1);
	setenv("HOME", dir.path, 1);
	snprintf(path, sizeof path, "%s/.netrc", dir.path);
	FILE *f = fopen(path, "w");
	fprintf(f, "machine 127.0.0.1 login me password s3cret\n");
	fclose(f);
	ck_assert_bn_ok(get("/direct"), &err);
	bn_http_call c = {.url = "http://elsewhere.invalid/x"};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.hint, "name right");
	client_with(&(bn_http_client_options){.use_proxy_variables = true});
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	client_with(&(bn_http_client_options){.use_netrc = true});
	ck_assert_bn_ok(get("/login"), &err);
	const char *sent = raw_server_received(server);
	has(sent, "GET /direct HTTP/1.1");
	has(sent, "GET http://elsewhere.invalid/x HTTP/1.1");
	const char *last = strstr(sent, "GET /login");
	ck_assert_ptr_nonnull(last);
	has(last, "Authorization: Basic");
	ck_assert_ptr_eq(strstr(sent, "Authorization"), strstr(last, "Authorization"));
	teardown();
}
END_TEST

BN_TEST_MAIN("core/net/client", test_client_keeps_its_connection,
	test_client_asks_for_the_head_alone_and_posts_nothing,
	test_client_sends_what_a_callback_reads_in_chunks,
	test_client_does_without_announcing_where_that_is_not_understood,
	test_client_sends_a_part_of_a_file, test_client_refuses_injected_headers_and_urls,
	test_client_keeps_its_deadlines, test_client_does_not_wait_for_a_server_that_never_accepts,
	test_client_tries_again_where_it_is_told_to, test_client_sends_twice_only_what_may_be,
	test_client_does_not_repeat_a_post_on_a_connection_that_was_lost,
	test_client_repeats_a_post_that_was_refused_if_asked, test_texts_become_one_segment_of_a_url,
	test_client_asks_no_proxy_and_no_netrc_unless_told)
