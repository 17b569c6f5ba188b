/*
 * core/remote on S3, against a server in this process (tests/support/s3_server.h): what is kept and given back, uploads
 * in parts that continue, and a table of failures with what the user is told. tests/peers/s3.sh does the same with
 * Ceph's radosgw.
 */
#include "core/base/hash.h"
#include "core/remote/each.h"
#include "core/remote/store.h"
#include "tests/support/check_main.h"
#include "tests/support/s3_server.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART 10000
#define LARGE (5 * PART + 123)

static toy_dir dir;
static toy_env own;
static s3_server *server;
static bn_remote_store *s;
static bn_err err;
static bn_buf b = BN_BUF_INIT;
static char large[LARGE], large_hash[65];

static const char *variables[8][2];

static const char *get_variable(const bn_env *env, const char *name)
{
	(void)env;
	for (size_t i = 0; i < 8 && variables[i][0]; i++)
		if (!strcmp(variables[i][0], name))
			return variables[i][1];
	return NULL;
}

static void set_variable(const char *name, const char *value)
{
	size_t i = 0;
	while (variables[i][0] && strcmp(variables[i][0], name))
		i++;
	ck_assert_uint_lt(i, 7);
	variables[i][0] = name;
	variables[i][1] = value;
}

static void setup_with(const s3_options *o)
{
	toy_dir_make(&dir);
	toy_env_init(&own, &dir);
	own.env.get = get_variable;
	err = (bn_err)BN_ERR_INIT;
	server = s3_start(o);
	set_variable("HOME", dir.path);
	set_variable("AWS_ACCESS_KEY_ID", S3_ID);
	set_variable("AWS_SECRET_ACCESS_KEY", S3_SECRET);
	set_variable("AWS_ENDPOINT_URL", s3_url(server));
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i * 2654435761u >> 13);
	bn_sha256_hex(large, LARGE, large_hash);
}

static void teardown(void)
{
	bn_remote_store_close(s);
	s = NULL;
	s3_free(server);
	bn_buf_release(&b);
	toy_dir_remove(&dir);
}

static int open_it(const char *url)
{
	bn_remote_options o = {.part_bytes = PART, .attempts = 3, .backoff_ms = 1};
	bn_err_clear(&err);
	return bn_remote_store_open(&s, &own.env, url, &o, &err);
}

static void opened(const char *url)
{
	ck_assert_bn_ok(open_it(url), &err);
}

static int put(const char *key, const char *text, bn_remote_when when, bool *new)
{
	bn_err_clear(&err);
	return bn_remote_store_put_bytes(s, key, text, strlen(text), when, new, &err);
}

static int load(const char *key)
{
	bn_err_clear(&err);
	bn_buf_clear(&b);
	return bn_remote_store_load(&b, s, key, LARGE, NULL, &err);
}

static int put_large(const char *hash)
{
	bn_remote_source source = {.bytes = large, .fd = -1, .n = LARGE, .sha256 = hash};
	bn_err_clear(&err);
	return bn_remote_store_put(s, "large", &source, BN_REMOTE_IF_ABSENT, NULL, NULL, &err);
}

static void server_has_large(void)
{
	size_t n = 0;
	const char *bytes = s3_get(server, "pre/large", &n);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(n, LARGE);
	ck_assert(!memcmp(bytes, large, LARGE));
}

START_TEST(test_s3_keeps_and_gives_back)
{
	bool new = false;
	bn_remote_info info;
	setup_with(NULL);
	opened("s3://lab/pre");
	ck_assert_str_eq(bn_remote_store_place(s), "s3://lab/pre");
	ck_assert_str_eq(bn_remote_store_credentials(s), "the environment");
	ck_assert_bn_ok(put("a/b \xc3\xa4+=&c", "first", BN_REMOTE_IF_ABSENT, &new), &err);
	ck_assert(new);
	ck_assert_bn_ok(put("a/b \xc3\xa4+=&c", "second", BN_REMOTE_IF_ABSENT, &new), &err);
	ck_assert(!new);
	ck_assert_bn_ok(load("a/b \xc3\xa4+=&c"), &err);
	ck_assert_str_eq(b.ptr, "first");
	ck_assert_bn_ok(put("a/b \xc3\xa4+=&c", "third", BN_REMOTE_REPLACE, &new), &err);
	ck_assert_bn_ok(bn_remote_store_read(&b, s, "a/b \xc3\xa4+=&c", 2, 2, &err), &err);
	ck_assert_str_eq(b.ptr, "firstir");
	ck_assert_bn_ok(bn_remote_store_read(&b, s, "a/b \xc3\xa4+=&c", 5, 2, &err), &err);
	ck_assert_bn_ok(bn_remote_store_stat(s, "a/b \xc3\xa4+=&c", &info, &err), &err);
	ck_assert_uint_eq(info.bytes, 5);
	ck_assert_ptr_nonnull(s3_get(server, "pre/a/b \xc3\xa4+=&c", NULL));
	ck_assert_int_eq(load("none"), BN_ENOTFOUND);
	ck_assert_int_eq(bn_remote_store_stat(s, "none", &info, NULL), BN_ENOTFOUND);
	ck_assert_bn_ok((bn_err_clear(&err), bn_remote_store_remove(s, "none", &err)), &err);
	teardown();
}
END_TEST

START_TEST(test_s3_without_conditions_asks_before)
{
	bool new = true;
	setup_with(&(s3_options){.no_condition = true});
	opened("s3://lab/pre/");
	ck_assert_bn_ok(put("k", "1", BN_REMOTE_IF_ABSENT, &new), &err);
	ck_assert(new);
	ck_assert_bn_ok(put("k", "2", BN_REMOTE_IF_ABSENT, &new), &err);
	ck_assert(!new);
	ck_assert_bn_ok(load("k"), &err);
	ck_assert_str_eq(b.ptr, "1");
	ck_assert_int_eq(s3_count(server, "PUT"), 2); /* the first is refused, then none asks */
	teardown();
}
END_TEST

static int add_key(void *ctx, const char *key, const bn_remote_info *info, bn_err *e)
{
	(void)ctx;
	(void)e;
	ck_assert(info->modified_ms > 0);
	bn_buf_addf(&b, "%s:%llu ", key, (unsigned long long)info->bytes);
	return 0;
}

START_TEST(test_s3_lists_in_pages)
{
	setup_with(&(s3_options){.page = 2});
	opened("s3://lab/pre");
	for (int i = 0; i < 5; i++)
		s3_put(server,
			(const char *[]){"pre/x&<", "pre/a/1", "pre/a/2", "prefix", "other"}[i],
			"12", 2);
	s3_put(server, "pre/../up", "1", 1);
	s3_put(server, "pre/dir/", "", 0);
	ck_assert_bn_ok(bn_remote_store_list(s, "", add_key, NULL, &err), &err);
	ck_assert_str_eq(b.ptr, "a/1:2 a/2:2 x&<:2 ");
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_remote_store_list(s, "a/2", add_key, NULL, &err), &err);
	ck_assert_str_eq(b.ptr, "a/2:2 ");
	teardown();
}
END_TEST

START_TEST(test_s3_sends_large_things_in_parts)
{
	setup_with(NULL);
	opened("s3://lab/pre");
	ck_assert_bn_ok(put_large(large_hash), &err);
	server_has_large();
	ck_assert_int_eq(s3_count(server, "partNumber="), 6);
	ck_assert_int_eq(s3_uploads(server), 0);
	s3_forget_log(server);
	ck_assert_bn_ok(put_large(large_hash), &err);
	ck_assert_int_eq(s3_count(server, ""), 1); /* HEAD */
	ck_assert_bn_ok(load("large"), &err);
	ck_assert(b.len == LARGE && !memcmp(b.ptr, large, LARGE));
	teardown();
}
END_TEST

START_TEST(test_s3_continues_an_upload)
{
	static const s3_fault third_fails[] = {
		{.method = "PUT", .path = "partNumber=3", .answer = "HTTP/1.1 400 Bad\r\n\r\n"},
		{0}};
	static const s3_fault none[] = {{0}};
	setup_with(NULL);
	opened("s3://lab/pre");
	s3_set_faults(server, third_fails);
	ck_assert_int_lt(put_large(large_hash), 0);
	ck_assert_int_eq(s3_uploads(server), 1);
	ck_assert_ptr_null(s3_get(server, "pre/large", NULL));
	int sent = s3_count(server, "partNumber=") - s3_count(server, "partNumber=3");
	s3_set_faults(server, none);
	s3_forget_log(server);
	ck_assert_bn_ok(put_large(large_hash), &err);
	server_has_large();
	ck_assert_int_eq(s3_uploads(server), 0);
	ck_assert_int_le(s3_count(server, "partNumber="), 6 - sent + 1);
	ck_assert_int_eq(s3_count(server, "POST /lab/pre/large?uploads="), 0);
	/* Of several that were left one is continued, and the others are removed. */
	static const s3_fault lists_none[] = {
		{.method = "GET", .path = "uploads=", .answer = "HTTP/1.1 403 No\r\n\r\n"},
		{.method = "PUT", .path = "partNumber=3", .answer = "HTTP/1.1 400 Bad\r\n\r\n"}, {0}};
	s3_remove(server, "pre/large");
	s3_set_faults(server, lists_none);
	for (int i = 0; i < 3; i++)
		ck_assert_int_lt(put_large(large_hash), 0);
	ck_assert_int_eq(s3_uploads(server), 3);
	s3_set_faults(server, none);
	ck_assert_bn_ok(put_large(large_hash), &err);
	server_has_large();
	ck_assert_int_eq(s3_uploads(server), 0);
	/* Parts of other bytes are sent again. */
	s3_remove(server, "pre/large");
	s3_set_faults(server, third_fails);
	ck_assert_int_lt(put_large(large_hash), 0);
	s3_set_faults(server, none);
	large[5] ^= 1;
	bn_sha256_hex(large, LARGE, large_hash);
	ck_assert_bn_ok(put_large(large_hash), &err);
	server_has_large();
	teardown();
}
END_TEST

START_TEST(test_s3_never_names_wrong_bytes)
{
	char other[65];
	bn_remote_source small = {.bytes = "abc", .fd = -1, .n = 3, .sha256 = other};
	setup_with(NULL);
	opened("s3://lab/pre");
	bn_sha256_hex("x", 1, other);
	ck_assert_int_eq(put_large(other), BN_ECORRUPT);
	ck_assert_int_eq(s3_uploads(server), 0);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_remote_store_put(s, "k", &small, BN_REMOTE_REPLACE, NULL, NULL, &err),
		BN_ECORRUPT);
	ck_assert_int_eq(s3_keys(server), 0);
	s3_put(server, "pre/k", "abc", 3);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_remote_store_load(&b, s, "k", 9, other, &err), BN_ECORRUPT);
	ck_assert_uint_eq(b.len, 0);
	teardown();
}
END_TEST

START_TEST(test_s3_tries_again)
{
#define BUSY \
	"HTTP/1.1 503 Slow Down\r\nConnection: close\r\n\r\n<Error><Code>SlowDown</Code></Error>"
#define BROKEN "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n"
	static const s3_fault faults[] = {
		{.method = "PUT", .path = "/lab/pre/k", .answer = BUSY, .times = 2},
		{.method = "GET", .path = "/lab/pre/k", .part = 3, .times = 1},
		{.method = "GET", .path = "/lab/pre/k", .answer = BROKEN, .skip = 1, .times = 1},
		{.method = "HEAD", .path = "/lab/pre/k", .cut = -1, .times = 1},
		{.method = "PUT", .path = "partNumber=2", .cut = 500, .times = 2},
		{.method = "POST", .path = "uploadId=", .answer = BROKEN, .times = 1}, {0}};
	bn_remote_info info;
	bool new = false;
	setup_with(&(s3_options){.faults = faults});
	opened("s3://lab/pre");
	ck_assert_bn_ok(put("k", "0123456789", BN_REMOTE_IF_ABSENT, &new), &err);
	ck_assert(new);
	ck_assert_bn_ok(load("k"), &err);
	ck_assert_str_eq(b.ptr, "0123456789");
	ck_assert_bn_ok(bn_remote_store_stat(s, "k", &info, &err), &err);
	ck_assert_bn_ok(put_large(large_hash), &err);
	server_has_large();
	teardown();
}
END_TEST

START_TEST(test_s3_finds_region_and_time)
{
	setup_with(&(s3_options){.region = "eu-test-1", .clock_ms = -7200000});
	opened("s3://lab/pre");
	ck_assert_bn_ok(put("k", "1", BN_REMOTE_REPLACE, NULL), &err);
	teardown();
}
END_TEST

/* ---- what the user is told ------------------------------------------------------------------ */

static const struct {
	const char *what, *bucket, *id, *secret, *token, *answer;
	int code;
	const char *says;
} failures[] = {{"wrong key", "lab", "AKIDOTHER", S3_SECRET, NULL, NULL, BN_EREFUSED,
			"this access key ID is not known there"},
	{"wrong secret", "lab", S3_ID, "other", NULL, NULL, BN_EREFUSED, "the secret key is wrong"},
	{"wrong bucket", "labor", S3_ID, S3_SECRET, NULL, NULL, BN_EINVAL,
		"there is no bucket 'labor' at http://127.0.0.1:"},
	{"an old token", "lab", S3_ID, S3_SECRET, "old", NULL, BN_EREFUSED,
		"the session token is wrong or has expired"},
	{"no right", "lab", S3_ID, S3_SECRET, NULL,
		"HTTP/1.1 403 F\r\n\r\n<Error><Code>AccessDenied</Code></Error>", BN_EREFUSED,
		"these keys have no right to this"},
	{"busy", "lab", S3_ID, S3_SECRET, NULL, BUSY, BN_EIO,
		"is busy (503 SlowDown), after 3 tries"},
	{"full", "lab", S3_ID, S3_SECRET, NULL,
		"HTTP/1.1 403 F\r\n\r\n<Error><Code>QuotaExceeded</Code></Error>", BN_EIO,
		"is full (QuotaExceeded)"},
	{"full disk", "lab", S3_ID, S3_SECRET, NULL, "HTTP/1.1 507 Full\r\n\r\n", BN_EIO,
		"is full (507)"},
	{"skew", "lab", S3_ID, S3_SECRET, NULL,
		"HTTP/1.1 403 F\r\nDate: Tue, 01 Jan 2019 00:00:00 GMT\r\n\r\n"
		"<Error><Code>RequestTimeTooSkewed</Code></Error>",
		BN_EREFUSED, "ahead of the server's"},
	{"odd", "lab", S3_ID, S3_SECRET, NULL,
		"HTTP/1.1 400 B\r\n\r\n<Error><Code>Odd</Code><Message>what &lt;is&gt; "
		"this</Message></Error>",
		BN_EINVAL, "400"}};

START_TEST(test_s3_says_what_is_wrong)
{
	const char *secrets[] = {S3_SECRET, "other", "old"};
	char url[64];
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		s3_fault faults[] = {
			{.method = "PUT", .path = "/", .answer = failures[i].answer}, {0}};
		setup_with(&(s3_options){.faults = failures[i].answer ? faults : NULL});
		set_variable("AWS_ACCESS_KEY_ID", failures[i].id);
		set_variable("AWS_SECRET_ACCESS_KEY", failures[i].secret);
		set_variable("AWS_SESSION_TOKEN", failures[i].token);
		snprintf(url, sizeof url, "s3://%s/pre", failures[i].bucket);
		opened(url);
		int rc = put("k", "1", BN_REMOTE_IF_ABSENT, NULL);
		ck_assert_msg(rc == failures[i].code && strstr(err.msg, failures[i].says),
			"%s: %d %s", failures[i].what, rc, err.msg);
		for (size_t k = 0; k < 3; k++)
			ck_assert_msg(!strstr(err.msg, secrets[k]) || !strcmp(secrets[k], "other"),
				"%s", err.msg);
		/* A HEAD has no words of its own. */
		bn_remote_info info;
		bn_err why = BN_ERR_INIT;
		if (!failures[i].answer) {
			rc = bn_remote_store_stat(s, "k", &info, &why);
			ck_assert_msg(rc == failures[i].code && strstr(why.msg, failures[i].says),
				"%s: %d %s", failures[i].what, rc, why.msg);
		}
		teardown();
	}
}
END_TEST

static int task_stat(void *ctx, bn_remote_store *store, size_t i, const bn_progress *p, bn_err *e)
{
	bn_remote_info info;
	(void)ctx;
	(void)i;
	(void)p;
	return bn_remote_store_stat(store, "k", &info, e);
}

START_TEST(test_s3_hands_its_keys_to_other_threads)
{
	bn_remote_work work = {.task = task_stat, .count = 20, .at_once = 5, .what = "x"};
	setup_with(&(s3_options){.token = "tok/en=="});
	set_variable("AWS_SESSION_TOKEN", "tok/en==");
	opened("s3://lab/pre");
	ck_assert_bn_ok(put("k", "1", BN_REMOTE_REPLACE, NULL), &err);
	ck_assert_bn_ok(bn_remote_each(s, &work, NULL, &err), &err);
	ck_assert_int_eq(s3_count(server, "HEAD"), 20);
	teardown();
}
END_TEST

/* ---- keys ----------------------------------------------------------------------------------- */

static void file(const char *name, const char *text, mode_t mode)
{
	char path[400];
	snprintf(path, sizeof path, "%s/.aws", dir.path);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/.aws/%s", dir.path, name);
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
}

static void refuses(int code, const char *says)
{
	int rc = open_it("s3://lab/pre");
	ck_assert_msg(rc == code && strstr(err.msg, says), "%d: %s", rc, err.msg);
	ck_assert_ptr_null(strstr(err.msg, S3_SECRET));
}

START_TEST(test_s3_finds_keys_where_aws_does)
{
	char text[500];
	setup_with(NULL);
	set_variable("AWS_ACCESS_KEY_ID", NULL);
	refuses(BN_EINVAL, "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID");
	set_variable("AWS_SECRET_ACCESS_KEY", NULL);
	set_variable("AWS_ENDPOINT_URL", NULL);
	set_variable("AWS_SESSION_TOKEN", NULL);
	refuses(BN_EREFUSED, "there are no keys for S3");
	snprintf(text, sizeof text,
		"# mine\n[default]\naws_access_key_id=x\naws_secret_access_key=y\n"
		"[ lab ]\naws_access_key_id = " S3_ID "\naws_secret_access_key = " S3_SECRET "\n");
	file("credentials", text, 0640);
	refuses(BN_EREFUSED, "others may use");
	file("credentials", text, 0600);
	snprintf(text, sizeof text,
		"[profile lab]\nregion = eu-x-1\ns3 =\n    addressing_style = path\nendpoint_url = "
		"%s\n"
		"[profile sso]\nsso_session = a\n",
		s3_url(server));
	file("config", text, 0644);
	set_variable("AWS_PROFILE", "sso");
	refuses(BN_EREFUSED, "gets its keys by sso_session");
	set_variable("AWS_PROFILE", "nobody");
	refuses(BN_ENOTFOUND, "no profile 'nobody'");
	set_variable("AWS_PROFILE", "lab");
	opened("s3://lab/pre");
	ck_assert_bn_ok(put("k", "1", BN_REMOTE_REPLACE, NULL), &err);
	ck_assert_ptr_nonnull(strstr(bn_remote_store_credentials(s), "profile lab of "));
	bn_remote_store_close(s);
	s = NULL;
	file("config", "[profile lab]\nregion\n", 0644);
	refuses(BN_EINVAL, "config:2: neither [profile] nor NAME = VALUE");
	teardown();
}
END_TEST

START_TEST(test_s3_refuses_what_is_not_safe)
{
	setup_with(NULL);
	set_variable("AWS_ENDPOINT_URL", "http://s3.example.org");
	refuses(BN_EREFUSED, "would carry data and tokens unencrypted");
	set_variable("AWS_ENDPOINT_URL", "https://user:pw@s3.example.org");
	refuses(BN_EINVAL, "is not the URL of an S3 server");
	set_variable("AWS_ENDPOINT_URL", "http://localhost.evil.org");
	refuses(BN_EREFUSED, "unencrypted");
	set_variable("AWS_ENDPOINT_URL", "http://LOCALHOST:80/");
	opened("s3://lab/pre");
	ck_assert_str_eq(bn_remote_store_server(s), "http://localhost");
	bn_remote_store_close(s);
	s = NULL;
	ck_assert_int_eq(open_it("s3://a"), BN_EINVAL);
	ck_assert_int_eq(open_it("s3://lab/../x"), BN_EINVAL);
	ck_assert_int_eq(open_it("s3://lab/x?y"), BN_EINVAL);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/remote/s3", test_s3_keeps_and_gives_back, test_s3_without_conditions_asks_before,
	test_s3_lists_in_pages, test_s3_sends_large_things_in_parts, test_s3_continues_an_upload,
	test_s3_never_names_wrong_bytes, test_s3_tries_again, test_s3_finds_region_and_time,
	test_s3_says_what_is_wrong, test_s3_hands_its_keys_to_other_threads,
	test_s3_finds_keys_where_aws_does, test_s3_refuses_what_is_not_safe)
