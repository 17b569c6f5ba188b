/* Responses: which ones the HTTP client rejects, where it stores them, and errors made from
 * refusals. */
#include "tests/support/http_client_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- rejected responses --------------------------------------------------------------------- */

ANSWER(two_lengths, OK_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab");
ANSWER(other_lengths, OK_HEAD "Content-Length: 2\r\ncontent-length: 3\r\n\r\nabc");
ANSWER(list_of_lengths, OK_HEAD "Content-Length: 2, 2\r\n\r\nab");
ANSWER(signed_length, OK_HEAD "Content-Length: +2\r\n\r\nab");
ANSWER(hex_length, OK_HEAD "Content-Length: 0x2\r\n\r\nab");
ANSWER(huge_length, OK_HEAD "Content-Length: 99999999999999999999\r\n\r\nab");
ANSWER(length_and_chunks,
	OK_HEAD "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
ANSWER(two_encodings,
	OK_HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
ANSWER(folded, OK_HEAD "X-A: b\r\n  c\r\nContent-Length: 0\r\n\r\n");
ANSWER(no_http, "SSH-2.0-OpenSSH_9.2\r\n");
ANSWER(http_09, "hello, this is no header\n");
ANSWER(two_blanks, "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n");
ANSWER(no_status, "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n");
ANSWER(chunk_garbage, OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n");
ANSWER(chunk_cut, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n10\r\nabc");
ANSWER(body_cut, OK_HEAD "Content-Length: 10\r\n\r\nabc");
ANSWER(head_cut, "HTTP/1.1 200 OK\r\nContent-Le");
static const raw_step head_with_nul[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, "HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 0\r\n\r\n", 46},
	{RAW_CLOSE, NULL, 0}, {0}};
static const raw_step huge_head[] = {{RAW_HEAD, NULL, 0}, {RAW_SEND, OK_HEAD "X-A: ", 0},
	{RAW_FILL, "a", 1 << 20}, {RAW_CLOSE, NULL, 0}, {0}};
static const raw_step many_interim[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND,
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: y\r\n\r\n" OK_HEAD
		"Content-Length: 2\r\n\r\nok",
		0},
	{RAW_DRAIN, NULL, 0}, {0}};
static const raw_step says_nothing[] = {{RAW_HEAD, NULL, 0}, {RAW_CLOSE, NULL, 0}, {0}};

START_TEST(test_client_refuses_answers_that_are_not_clearly_one_thing)
{
	static const raw_step *const scripts[] = {two_lengths, other_lengths, list_of_lengths,
		signed_length, hex_length, huge_length, length_and_chunks, two_encodings, folded,
		no_http, http_09, two_blanks, no_status, chunk_garbage, chunk_cut, body_cut,
		head_cut, head_with_nul, huge_head, says_nothing};
	setup();
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		serve(&scripts[i], 1);
		int rc = get("/");
		ck_assert_msg(
			rc == BN_EIO, "answer %zu: %d %s (%d)", i, rc, err.msg, answer.status);
		has(err.msg, "http://127.0.0.1:");
		raw_server_free(server);
	}
	server = NULL;
	SERVE(many_interim);
	ck_assert_bn_ok(get("/"), &err);
	ck_assert_str_eq(answer.body.ptr, "ok");
	teardown();
}
END_TEST

static const raw_step long_answer[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 1000\r\n\r\n", 0}, {RAW_FILL, "a", 1000},
	{RAW_DRAIN, NULL, 0}, {0}};

START_TEST(test_client_bounds_what_it_keeps)
{
	setup();
	SERVE(long_answer);
	bn_http_call c = {.url = url("/"), .to = {.max_bytes = 999}};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "larger than 999 bytes");
	c.to.max_bytes = 1000;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_uint_eq(answer.body.len, 1000);
	teardown();
}
END_TEST

/* ---- to a file, in parts -------------------------------------------------------------------- */

static const raw_step first_half[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 10\r\nETag: \"v1\"\r\n\r\n01234", 0},
	{RAW_SLEEP, NULL, 50}, {RAW_RESET, NULL, 0}, {0}};
static const raw_step second_half[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND,
		"HTTP/1.1 206 Partial\r\nContent-Length: 5\r\nContent-Range: bytes 5-9/10\r\n"
		"ETag: \"v1\"\r\n\r\n56789",
		0},
	{RAW_DRAIN, NULL, 0}, {0}};
static const raw_step wrong_half[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND,
		"HTTP/1.1 206 Partial\r\nContent-Length: 5\r\nContent-Range: bytes "
		"4-8/10\r\n\r\n45678",
		0},
	{RAW_DRAIN, NULL, 0}, {0}};
static const raw_step new_whole[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 3\r\nETag: \"v2\"\r\n\r\nnew", 0}, {RAW_DRAIN, NULL, 0},
	{0}};
ANSWER(have_all, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\n"
		 "Content-Length: 4\r\nConnection: close\r\n\r\nnope");
ANSWER(not_here, "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n"
		 "Connection: close\r\n\r\nno\x1b[31m\n");

static void file_is(int fd, const char *text)
{
	char bytes[100];
	ssize_t n = pread(fd, bytes, sizeof bytes - 1, 0);
	ck_assert_int_ge(n, 0);
	bytes[n] = '\0';
	ck_assert_str_eq(bytes, text);
}

START_TEST(test_client_goes_on_with_a_file)
{
	setup();
	int fd = file_of("older and longer");
	SERVE(first_half, second_half);
	bn_http_call c = {.url = url("/f"), .to = {.kind = BN_HTTP_TO_FILE, .fd = fd}};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	ck_assert_uint_eq(answer.body_bytes, 5);
	file_is(fd, "01234");
	c.to.have = answer.body_bytes;
	c.to.tag = "\"v1\"";
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_int_eq(answer.status, 206);
	ck_assert_uint_eq(answer.body_bytes, 10);
	file_is(fd, "0123456789");
	has(raw_server_received(server), "Range: bytes=5-\r\n");
	has(raw_server_received(server), "If-Range: \"v1\"\r\n");
	raw_server_free(server);
	SERVE(first_half, second_half);
	c = (bn_http_call){.url = url("/f"),
		.to = {.kind = BN_HTTP_TO_FILE, .fd = fd},
		.attempts = 2,
		.backoff_ms = 1};
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err); /* resumes automatically */
	ck_assert_int_eq(answer.attempts, 2);
	file_is(fd, "0123456789");
	close(fd);
	teardown();
}
END_TEST

START_TEST(test_client_mixes_no_two_files)
{
	setup();
	int fd = file_of("01234");
	SERVE(new_whole, wrong_half, have_all, not_here);
	bn_http_call c = {.url = url("/f"),
		.to = {.kind = BN_HTTP_TO_FILE, .fd = fd, .have = 5, .tag = "\"v1\""}};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	file_is(fd, "new");
	ck_assert_uint_eq(answer.body_bytes, 3);
	close(fd);
	fd = file_of("01234");
	c.to.fd = fd;
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "another part");
	file_is(fd, "01234");
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err); /* already complete */
	ck_assert_int_eq(answer.status, 206);
	ck_assert_uint_eq(answer.body_bytes, 5);
	file_is(fd, "01234");
	ck_assert_bn_ok(
		bn_http_do(client, &c, &answer, &err), &err); /* an error's body is not written */
	ck_assert_int_eq(answer.status, 404);
	file_is(fd, "01234");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_answer_check(&answer, &err), BN_ENOTFOUND);
	has(err.msg, "answered 404: no?[31m");
	close(fd);
	teardown();
}
END_TEST

START_TEST(test_client_writes_to_a_pipe)
{
	setup();
	SERVE(hello);
	int fd[2];
	ck_assert_int_eq(pipe(fd), 0);
	bn_http_call c = {.url = url("/"), .to = {.kind = BN_HTTP_TO_FILE, .fd = fd[1]}};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	char bytes[8] = "";
	ck_assert_int_eq(read(fd[0], bytes, 7), 5);
	ck_assert_str_eq(bytes, "hello");
	close(fd[0]);
	close(fd[1]);
	teardown();
}
END_TEST

ANSWER(a_range, "HTTP/1.1 206 Partial\r\nContent-Range: bytes 3-5/*\r\nContent-Length: 3\r\n"
		"Connection: close\r\n\r\nabc");

START_TEST(test_client_gets_exactly_the_range_that_it_asked_for)
{
	setup();
	SERVE(a_range);
	bn_http_call c = {.url = url("/"), .to = {.first = 3, .count = 10}};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err); /* the end of the file */
	ck_assert_str_eq(answer.body.ptr, "abc");
	c.to.count = 2;
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	c.to.first = 4;
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(raw_server_received(server), "Range: bytes=3-12\r\n");
	raw_server_free(server);
	SERVE(hello);
	c.url = url("/");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	has(err.msg, "does not support ranges");
	teardown();
}
END_TEST

/* ---- to a callback -------------------------------------------------------------------------- */

typedef struct taker {
	char bytes[100];
	size_t len, limit;
	int restarts;
} taker;

static int take(void *user, const void *bytes, size_t n, bn_err *e)
{
	taker *t = user;
	if (t->limit && t->len + n > t->limit)
		return bn_err_set(e, BN_ECONFLICT, "enough");
	memcpy(t->bytes + t->len, bytes, n);
	t->len += n;
	t->bytes[t->len] = '\0';
	return 0;
}

static int take_again(void *user, bn_err *e)
{
	(void)e;
	taker *t = user;
	t->len = 0;
	t->restarts++;
	return 0;
}

START_TEST(test_client_hands_bytes_to_a_callback)
{
	setup();
	taker t = {.limit = 0};
	SERVE(first_half, new_whole, hello, first_half);
	bn_http_call c = {.url = url("/"),
		.to = {.kind = BN_HTTP_TO_CALLBACK,
			.write = take,
			.restart = take_again,
			.user = &t},
		.attempts = 2,
		.backoff_ms = 1};
	ck_assert_bn_ok(bn_http_do(client, &c, &answer, &err), &err);
	ck_assert_str_eq(t.bytes, "new");
	ck_assert_int_eq(t.restarts, 1);
	t = (taker){.limit = 3};
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_ECONFLICT);
	ck_assert_str_eq(err.msg, "enough");
	t = (taker){.limit = 0};
	c.to.restart = NULL; /* without restart the received bytes cannot be discarded */
	bn_err_clear(&err);
	ck_assert_int_eq(bn_http_do(client, &c, &answer, &err), BN_EIO);
	ck_assert_int_eq(answer.attempts, 1);
	ck_assert_str_eq(t.bytes, "01234");
	teardown();
}
END_TEST

/* ---- errors made from refusals -------------------------------------------------------------- */

static const struct {
	int status;
	const char *type, *body, *says;
	int code;
} said[] = {
	{400, "application/json", "{\"error_code\": \"INVALID\", \"message\": \"bad run\"}",
		"bad run", BN_EINVAL},
	{403, "application/json", "{\"message\": {\"base\": [\"not yours\"]}}", "no reason given",
		BN_EREFUSED},
	{404, "application/json", "{\"message\": \"404 Not found\"}", "404 Not found",
		BN_ENOTFOUND},
	{409, "application/json", "{\"errors\": [{\"code\": \"X\", \"message\": \"held\"}]}",
		"held", BN_ECONFLICT},
	{412, "application/xml", "<?xml?><Error><Code>P</Code><Message>there</Message></Error>",
		"there", BN_ECONFLICT},
	{429, "text/html", "<html>", "no reason given", BN_EIO},
	{500, "application/json", "{\"error\": {\"message\": \"oops\"}}", "oops", BN_EIO},
	{501, "application/json", "{\"error\": \"no\\u001b[2J\\u202e way\\n\"}", "no?[2J? way",
		BN_EUNSUPPORTED},
	{422, "application/json", "{\"detail\": [{\"msg\": \"field\"}]}", "field", BN_EINVAL},
	{502, "text/plain; charset=utf-8", "bad\xff gateway", "bad? gateway", BN_EIO},
};

START_TEST(test_answer_says_why_it_refuses)
{
	setup();
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		char head[200];
		snprintf(head, sizeof head, "Content-Type: %s\r\n", said[i].type);
		bn_http_answer_release(&answer);
		answer.status = said[i].status;
		bn_buf_adds(&answer.headers, head);
		bn_buf_adds(&answer.body, said[i].body);
		bn_buf_adds(&answer.place, "https://h.example/p");
		bn_err_clear(&err);
		int rc = bn_http_answer_check(&answer, &err);
		ck_assert_msg(rc == said[i].code, "%d: %d %s", said[i].status, rc, err.msg);
		snprintf(head, sizeof head, "https://h.example/p answered %d: %s", said[i].status,
			said[i].says);
		ck_assert_str_eq(err.msg, head);
	}
	server = NULL;
	teardown();
}
END_TEST

BN_TEST_MAIN("core/net/client_answer", test_client_refuses_answers_that_are_not_clearly_one_thing,
	test_client_bounds_what_it_keeps, test_client_goes_on_with_a_file,
	test_client_mixes_no_two_files, test_client_writes_to_a_pipe,
	test_client_gets_exactly_the_range_that_it_asked_for, test_client_hands_bytes_to_a_callback,
	test_answer_says_why_it_refuses)
