/* Redirects: followed only if enabled, within limits, and without secrets. */
#include "core/base/mem.h"
#include "tests/support/http_client_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- redirects ------------------------------------------------------------------------------ */

static raw_server *elsewhere;

static const raw_step took_it[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 4\r\nConnection: close\r\n\r\nblob", 0},
	{RAW_DRAIN, NULL, 0}, {0}};
static char moved_text[400];
static raw_step moved[] = {
	{RAW_HEAD, NULL, 0}, {RAW_SEND, moved_text, 0}, {RAW_DRAIN, NULL, 0}, {0}};
ANSWER(to_sibling, "HTTP/1.1 302 Found\r\nLocation: ../c?d=e\r\nContent-Length: 0\r\n"
		   "Connection: close\r\n\r\n");
ANSWER(to_itself, "HTTP/1.1 301 Moved\r\nLocation: /a/b\r\nContent-Length: 0\r\n"
		  "Connection: close\r\n\r\n");
ANSWER(to_two, "HTTP/1.1 302 Found\r\nLocation: /x\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
ANSWER(to_nowhere, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
ANSWER(to_file, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
ANSWER(see_other, "HTTP/1.1 303 See Other\r\nLocation: /seen\r\nContent-Length: 0\r\n"
		  "Connection: close\r\n\r\n");
ANSWER(same_there, "HTTP/1.1 307 Same\r\nLocation: /again\r\nContent-Length: 0\r\n"
		   "Connection: close\r\n\r\n");

static const char *const secrets[] = {"Authorization: Bearer s3cret", "PRIVATE-TOKEN: s3cret",
	"Cookie: s=s3cret", "X-Vault-Token: s3cret", "Accept: text/plain", NULL};

static int get_following(int most)
{
	bn_http_call c = {.url = url("/a/b"), .headers = secrets, .max_redirects = most};
	bn_err_clear(&err);
	return bn_http_do(client, &c, &answer, &err);
}

START_TEST(test_client_takes_no_secret_to_another_host)
{
	setup();
	static const raw_step *const there[] = {took_it};
	elsewhere = raw_server_start(&(raw_server_options){.scripts = there, .count = 1});
	snprintf(moved_text, sizeof moved_text,
		"HTTP/1.1 307 Temporary\r\nLocation: %s/blob?sig=1\r\nContent-Length: 0\r\n\r\n",
		raw_server_url(elsewhere));
	SERVE(moved);
	ck_assert_bn_ok(get_following(0), &err);
	ck_assert_int_eq(answer.status, 307); /* not followed by default */
	ck_assert_bn_ok(get_following(5), &err);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_eq(answer.redirects, 1);
	ck_assert_str_eq(answer.body.ptr, "blob");
	has(answer.url.ptr, "/blob?sig=1");
	has(raw_server_received(server), "s3cret");
	const char *sent = raw_server_received(elsewhere);
	lacks(sent, "s3cret");
	has(sent, "Accept: text/plain");
	raw_server_free(elsewhere);
	teardown();
}
END_TEST

START_TEST(test_client_follows_redirects_within_limits)
{
	setup();
	SERVE(to_sibling, took_it);
	ck_assert_bn_ok(get_following(5), &err);
	const char *sent = raw_server_received(server);
	has(sent, "GET /c?d=e HTTP/1.1");
	has(strstr(sent, "GET /c?d=e"), "s3cret"); /* same origin */
	raw_server_free(server);
	SERVE(to_itself);
	ck_assert_int_eq(get_following(5), BN_EIO);
	has(err.msg, "more than 5 times");
	ck_assert_int_eq(raw_server_connections(server), 6);
	raw_server_free(server);
	SERVE(to_two);
	ck_assert_int_eq(get_following(5), BN_EIO);
	has(err.msg, "two Location headers");
	raw_server_free(server);
	SERVE(to_nowhere);
	ck_assert_int_lt(get_following(5), 0);
	raw_server_free(server);
	SERVE(to_file);
	ck_assert_int_eq(get_following(5), BN_EINVAL);
	teardown();
}
END_TEST

static const raw_step take_put[] = {{RAW_HEAD, NULL, 0}, {RAW_READ, NULL, 4},
	{RAW_SEND, OK_HEAD "Content-Length: 0\r\nConnection: close\r\n\r\n", 0},
	{RAW_DRAIN, NULL, 0}, {0}};

START_TEST(test_client_redirects_bodies_only_where_they_may_be_sent_again)
{
	setup();
	SERVE(see_other, took_it);
	bn_http_call c = {.url = url("/"),
		.max_redirects = 3,
		.body = {.kind = BN_HTTP_BYTES, .bytes = "body", .length = 4}};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_str_eq(answer.body.ptr, "blob");
	has(raw_server_received(server), "GET /seen HTTP/1.1");
	raw_server_free(server);
	SERVE(same_there, take_put);
	c.url = url("/");
	c.method = "PUT";
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 200);
	has(raw_server_received(server), "PUT /again HTTP/1.1");
	raw_server_free(server);
	SERVE(to_sibling);
	c.url = url("/");
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 302); /* of a PUT: not followed */
	ck_assert_int_eq(bn_http_answer_check(&answer, &err), BN_EIO);
	teardown();
}
END_TEST

static char cert[300], key[300];

START_TEST(test_client_does_not_leave_https)
{
	setup();
	static const raw_step *const scripts[] = {moved};
	raw_certificate(dir.path, "here", "127.0.0.1", cert, key);
	client_with(&(bn_http_client_options){.ca_file = cert});
	snprintf(moved_text, sizeof moved_text,
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
	server = raw_server_start(
		&(raw_server_options){.scripts = scripts, .count = 1, .cert = cert, .key = key});
	ck_assert_int_eq(get_following(5), BN_EREFUSED);
	has(err.msg, "not https");
	teardown();
}
END_TEST

START_TEST(test_url_references_are_resolved)
{
	char *out = NULL;
	err = (bn_err)BN_ERR_INIT;
	ck_assert_bn_ok(bn_http_url_resolve(&out, "https://r.example:5000/v2/a/blobs/uploads/",
				"/v2/a/blobs/uploads/1?_state=x%3D", &err),
		&err);
	ck_assert_str_eq(out, "https://r.example:5000/v2/a/blobs/uploads/1?_state=x%3D");
	bn_free(out);
	ck_assert_bn_ok(
		bn_http_url_resolve(&out, "http://a/b", "https://me:pw@s3.example/k?s=1", &err),
		&err);
	ck_assert_str_eq(out, "https://s3.example/k?s=1");
	bn_free(out);
	ck_assert_int_eq(
		bn_http_url_resolve(&out, "http://a/", "javascript:alert(1)", &err), BN_EINVAL);
}
END_TEST

BN_TEST_MAIN("core/net/client_redirect", test_client_takes_no_secret_to_another_host,
	test_client_follows_redirects_within_limits,
	test_client_redirects_bodies_only_where_they_may_be_sent_again,
	test_client_does_not_leave_https, test_url_references_are_resolved)
