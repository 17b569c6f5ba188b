/* A refusal sent before the body was read reaches the caller; certificates. */
#include "tests/support/http_client_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_TOKEN \
	"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 36\r\n"
#define NO_TOKEN_BODY "{\"error\": \"no token\", \"hint\": \"ask\"}"

/* ---- a refusal before the body was read ----------------------------------------------------- */

/* The server responds after the head, in the middle of the body, or at its end; the names also say
 * how it closes. */
#define REFUSAL(name, ...) static const raw_step name[] = {{RAW_HEAD, NULL, 0}, __VA_ARGS__, {0}}
#define KEEP_401 NO_TOKEN "\r\n" NO_TOKEN_BODY
#define CLOSE_401 NO_TOKEN "Connection: close\r\n\r\n" NO_TOKEN_BODY
#define CHUNKED_401 \
	"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n" \
	"24\r\n" NO_TOKEN_BODY "\r\n0\r\n\r\n"
#define ENDLESS_401 "HTTP/1.0 401 Unauthorized\r\n\r\n" NO_TOKEN_BODY

REFUSAL(before_close, {RAW_SEND, CLOSE_401, 0}, {RAW_CLOSE, NULL, 0});
REFUSAL(before_keep_close, {RAW_SEND, KEEP_401, 0}, {RAW_CLOSE, NULL, 0});
REFUSAL(before_chunked_close, {RAW_SEND, CHUNKED_401, 0}, {RAW_CLOSE, NULL, 0});
REFUSAL(before_endless, {RAW_SEND, ENDLESS_401, 0}, {RAW_SHUT, NULL, 0}, {RAW_DRAIN, NULL, 0});
REFUSAL(before_keep, {RAW_SEND, KEEP_401, 0}, {RAW_DRAIN, NULL, 0});
REFUSAL(before_shut, {RAW_SEND, CLOSE_401, 0}, {RAW_SHUT, NULL, 0}, {RAW_SLEEP, NULL, 50});
REFUSAL(before_slow, {RAW_SEND, CLOSE_401, 12}, {RAW_SLEEP, NULL, 30},
	{RAW_SEND, &CLOSE_401[12], 0}, {RAW_CLOSE, NULL, 0});
REFUSAL(amid_close, {RAW_READ, NULL, 700}, {RAW_SEND, CLOSE_401, 0}, {RAW_CLOSE, NULL, 0});
REFUSAL(amid_keep, {RAW_READ, NULL, 700}, {RAW_SEND, KEEP_401, 0}, {RAW_DRAIN, NULL, 0});
REFUSAL(amid_endless, {RAW_READ, NULL, 700}, {RAW_SEND, ENDLESS_401, 0}, {RAW_CLOSE, NULL, 0});
REFUSAL(amid_late, {RAW_READ, NULL, 700}, {RAW_SLEEP, NULL, 50}, {RAW_SEND, CLOSE_401, 0},
	{RAW_CLOSE, NULL, 0});
REFUSAL(after_close, {RAW_READ, NULL, 1000}, {RAW_SEND, CLOSE_401, 0}, {RAW_CLOSE, NULL, 0});
REFUSAL(after_reset, {RAW_READ, NULL, 1000}, {RAW_SEND, CLOSE_401, 0}, {RAW_SLEEP, NULL, 30},
	{RAW_RESET, NULL, 0});
REFUSAL(before_reset, {RAW_SEND, CLOSE_401, 0}, {RAW_SLEEP, NULL, 30}, {RAW_RESET, NULL, 0});
REFUSAL(amid_reset, {RAW_READ, NULL, 700}, {RAW_SEND, CLOSE_401, 0}, {RAW_SLEEP, NULL, 30},
	{RAW_RESET, NULL, 0});

static const struct {
	const char *name;
	const raw_step *script;
} refusals[] = {{"before, close", before_close},
	{"before, keep-alive and close", before_keep_close},
	{"before, chunked", before_chunked_close}, {"before, HTTP/1.0", before_endless},
	{"before, keep-alive", before_keep}, {"before, shut", before_shut},
	{"before, in two pieces", before_slow}, {"before, reset", before_reset},
	{"amid, close", amid_close}, {"amid, keep-alive", amid_keep},
	{"amid, HTTP/1.0", amid_endless}, {"amid, late", amid_late}, {"amid, reset", amid_reset},
	{"after, close", after_close}, {"after, reset", after_reset}};

static bn_http_client_options with;

static void refused(size_t i, size_t bytes, bool chunked)
{
	char *body = calloc(1, bytes);
	bn_http_client *mine; /* without a kept connection */
	size_t left = bytes;
	bn_http_call c = {.url = url("/invocations"),
		.body = {.kind = BN_HTTP_BYTES, .bytes = body, .length = (int64_t)bytes}};
	if (chunked)
		c.body = (bn_http_upload){
			.kind = BN_HTTP_READ, .read = count_down, .user = &left, .length = -1};
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_http_client_new(&mine, bn_env_real(), &with, &err), &err);
	int rc = bn_http_do(mine, &c, &answer, &err);
	bn_http_client_free(mine);
	ck_assert_msg(rc == 0 && answer.status == 401, "%s, %zu bytes%s: %d %d %s",
		refusals[i].name, bytes, chunked ? " in chunks" : "", rc, answer.status, err.msg);
	ck_assert_int_eq(bn_http_answer_check(&answer, &err), BN_EREFUSED);
	has(err.msg, "answered 401: no token");
	ck_assert_str_eq(err.hint, "ask");
	free(body);
}

static void all_refusals(const raw_server_options *base)
{
	static const size_t sizes[] = {1000, 60000, 900000};
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		raw_server_options o = *base;
		o.scripts = &refusals[i].script;
		o.count = 1;
		server = raw_server_start(&o);
		for (size_t k = 0; k < 3; k++)
			for (int repeat = 0; repeat < 5; repeat++)
				refused(i, sizes[k], false);
		/* With a large announced body the client waits a second for 100 Continue. */
		if (refusals[i].script == amid_close || !strncmp(refusals[i].name, "before", 6)) {
			refused(i, 3000000, false);
			refused(i, 2000000, true);
		}
		raw_server_free(server);
		if (o.unix_path)
			unlink(o.unix_path);
	}
	server = NULL;
}

START_TEST(test_client_reads_a_refusal_although_sending_failed)
{
	setup();
	all_refusals(&(raw_server_options){0});
	teardown();
}
END_TEST

START_TEST(test_client_reads_a_refusal_through_a_unix_socket)
{
	setup();
	char path[300];
	snprintf(path, sizeof path, "%s/s", dir.path);
	with.unix_socket = path;
	all_refusals(&(raw_server_options){.unix_path = path});
	teardown();
}
END_TEST

/* ---- TLS ------------------------------------------------------------------------------------ */

static char cert[300], key[300], other_cert[300], other_key[300];

START_TEST(test_client_reads_a_refusal_over_tls)
{
	setup();
	raw_certificate(dir.path, "here", "127.0.0.1", cert, key);
	with.ca_file = cert;
	/* If a reset discards a response within TLS, the client asks again; in the middle of a body
	 * it cannot. */
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		bool before = !strncmp(refusals[i].name, "before", 6);
		bool after = !strncmp(refusals[i].name, "after", 5);
		server = raw_server_start(&(raw_server_options){
			.scripts = &refusals[i].script, .count = 1, .cert = cert, .key = key});
		for (int repeat = 0; repeat < 5; repeat++) {
			if (before || after)
				refused(i, 1000, false);
			if (before)
				refused(i, 900000, false);
			if (before)
				refused(i, 3000000, false);
		}
		raw_server_free(server);
	}
	server = NULL;
	teardown();
}
END_TEST

START_TEST(test_client_verifies_certificates)
{
	setup();
	static const raw_step *const scripts[] = {hello};
	raw_certificate(dir.path, "here", "127.0.0.1", cert, key);
	raw_certificate(dir.path, "other", "other.example", other_cert, other_key);
	server = raw_server_start(
		&(raw_server_options){.scripts = scripts, .count = 1, .cert = cert, .key = key});
	ck_assert_int_eq(get("/"), BN_EIO); /* not signed by a known authority */
	has(err.hint, "authority");
	client_with(&(bn_http_client_options){.ca_file = other_cert});
	ck_assert_int_eq(get("/"), BN_EIO);
	client_with(&(bn_http_client_options){.ca_file = "/nonexistent"});
	ck_assert_int_eq(get("/"), BN_EIO);
	client_with(&(bn_http_client_options){.ca_file = cert});
	ck_assert_bn_ok(get("/"), &err);
	ck_assert_str_eq(answer.body.ptr, "hello");
	raw_server_free(server);
	server = raw_server_start(&(raw_server_options){
		.scripts = scripts, .count = 1, .cert = other_cert, .key = other_key});
	client_with(&(bn_http_client_options){.ca_file = other_cert});
	ck_assert_int_eq(get("/"), BN_EIO); /* trusted, but for another host */
	has(err.hint, "must name that host");
	teardown();
}
END_TEST

START_TEST(test_client_shows_its_own_certificate)
{
	setup();
	static const raw_step *const scripts[] = {hello};
	raw_certificate(dir.path, "here", "127.0.0.1", cert, key);
	raw_certificate(dir.path, "me", "me.example", other_cert, other_key);
	server = raw_server_start(&(raw_server_options){
		.scripts = scripts, .count = 1, .cert = cert, .key = key, .client_ca = other_cert});
	client_with(&(bn_http_client_options){.ca_file = cert});
	ck_assert_int_eq(get("/"), BN_EIO);
	client_with(&(bn_http_client_options){
		.ca_file = cert, .cert_file = other_cert, .key_file = other_key});
	ck_assert_bn_ok(get("/"), &err);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/net/client_refusal", test_client_reads_a_refusal_although_sending_failed,
	test_client_reads_a_refusal_through_a_unix_socket, test_client_reads_a_refusal_over_tls,
	test_client_verifies_certificates, test_client_shows_its_own_certificate)
