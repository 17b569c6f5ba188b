/* core/remote over http: read by name, continued after a lost connection, and nothing else. */
#include "core/remote/store.h"
#include "tests/support/http_client_test.h"

#include <string.h>

#define PART(name, text) \
	static const raw_step name[] = { \
		{RAW_HEAD, NULL, 0}, {RAW_SEND, text, 0}, {RAW_CLOSE, NULL, 0}, {0}}

static bn_remote_store *s;
static bn_buf b = BN_BUF_INIT;

static void open_it(void)
{
	bn_remote_options o = {.attempts = 2, .backoff_ms = 1};
	ck_assert_bn_ok(bn_remote_store_open(&s, bn_env_real(), url("/files/"), &o, &err), &err);
}

/* The whole of "a b", as the servers of this suite call it. */
static int load(void)
{
	bn_buf_clear(&b);
	int rc = bn_remote_store_load(&b, s, "sub/a \xc3\xa4", 100, NULL, &err);
	bn_remote_store_close(s);
	return rc;
}

PART(cut, OK_HEAD "Content-Length: 10\r\nETag: \"v1\"\r\n\r\nabcd");

START_TEST(test_http_continues_where_it_was_cut)
{
	PART(rest, "HTTP/1.1 206 Partial Content\r\nContent-Length: 6\r\nETag: \"v1\"\r\n"
		   "Content-Range: bytes 4-9/10\r\n\r\nefghij");
	setup();
	SERVE(cut, rest);
	open_it();
	ck_assert_bn_ok(load(), &err);
	ck_assert_str_eq(b.ptr, "abcdefghij");
	const char *sent = raw_server_received(server);
	has(sent, "GET /files/sub/a%20%C3%A4 HTTP/1.1");
	has(sent, "Range: bytes=4-");
	has(sent, "If-Match: \"v1\"");
	teardown();
}
END_TEST

START_TEST(test_http_without_ranges_starts_over)
{
	PART(whole, OK_HEAD "Content-Length: 10\r\n\r\nabcdefghij");
	setup();
	SERVE(cut, whole, whole);
	open_it();
	ck_assert_bn_ok(load(), &err);
	ck_assert_str_eq(b.ptr, "abcdefghij");
	teardown();
}
END_TEST

START_TEST(test_http_says_that_it_changed)
{
	PART(other, "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n");
	setup();
	SERVE(cut, other);
	open_it();
	ck_assert_int_eq(load(), BN_ECONFLICT);
	has(err.msg, "changed while it was read");
	teardown();
}
END_TEST

START_TEST(test_http_is_for_reading)
{
	PART(none, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	bn_remote_info info;
	setup();
	SERVE(none);
	open_it();
	ck_assert(!bn_remote_store_is_writable(s) && !bn_remote_store_can_list(s));
	ck_assert_int_eq(bn_remote_store_put_bytes(s, "k", "x", 1, BN_REMOTE_REPLACE, NULL, &err),
		BN_EUNSUPPORTED);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_remote_store_list(s, "", NULL, NULL, &err), BN_EUNSUPPORTED);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_remote_store_stat(s, "k", &info, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	bn_remote_store_close(s);
	ck_assert_int_eq(
		bn_remote_store_open(&s, bn_env_real(), "https://u:p@h/x", NULL, &err), BN_EINVAL);
	lacks(err.msg, "u:p");
	teardown();
}
END_TEST

BN_TEST_MAIN("core/remote/http", test_http_continues_where_it_was_cut,
	test_http_without_ranges_starts_over, test_http_says_that_it_changed,
	test_http_is_for_reading)
