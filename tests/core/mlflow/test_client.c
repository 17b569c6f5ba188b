/* core/mlflow/client.h: addresses, credentials, answers, errors, tries and pages. */
#include "core/base/json.h"
#include "core/mlflow/client.h"
#include "tests/support/check_main.h"
#include "tests/support/raw_server.h"
#include "tests/support/toy.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET "tok-0123456789"
#define HEAD "Content-Type: application/json\r\nConnection: close\r\n\r\n"
#define ANSWER(name, status, body) \
	static const raw_step name[] = {{RAW_HEAD, NULL, 0}, \
		{RAW_SEND, "HTTP/1.1 " status "\r\n" HEAD body, 0}, {RAW_SHUT, NULL, 0}, \
		{RAW_DRAIN, NULL, 0}, {0}}

static const char *vars[20]; /* name, value, ... */
static bn_env env;
static bn_err err;
static raw_server *server;
static bn_mlflow_client *client;
static json_t *out;

static const char *get_var(const bn_env *e, const char *name)
{
	(void)e;
	for (size_t i = 0; i + 1 < 20 && vars[i]; i += 2)
		if (!strcmp(vars[i], name))
			return vars[i + 1];
	return NULL;
}

#define VARS(...) \
	do { \
		const char *const set_[] = {"BINNACLE_MLFLOW_BACKOFF", "1ms", __VA_ARGS__, NULL}; \
		memset(vars, 0, sizeof vars); \
		memcpy(vars, set_, sizeof set_); \
	} while (0)

static int try_open(const char *address, const bn_mlflow_access *access)
{
	env = *bn_env_real();
	env.get = get_var;
	bn_mlflow_close(client);
	client = NULL;
	bn_err_clear(&err);
	return bn_mlflow_open(&client, &env, address, access, &err);
}

static void serve(const raw_step *const *scripts, size_t count)
{
	raw_server_free(server);
	server = raw_server_start(&(raw_server_options){.scripts = scripts, .count = count});
	ck_assert_bn_ok(try_open(raw_server_url(server), NULL), &err);
}
#define SERVE(...) \
	do { \
		static const raw_step *const scripts_[] = {__VA_ARGS__}; \
		serve(scripts_, sizeof scripts_ / sizeof *scripts_); \
	} while (0)

static void toy_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static int ask(const bn_mlflow_request *r)
{
	bn_err_clear(&err);
	json_decref(out);
	out = NULL;
	return bn_mlflow_do(&out, client, r, &err);
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' lacks '%s'", text, part);
}

static void lacks(const char *text, const char *part)
{
	ck_assert_msg(!strstr(text, part), "'%s' has '%s'", text, part);
}

static void finish(void)
{
	json_decref(out);
	out = NULL;
	bn_mlflow_close(client);
	client = NULL;
	raw_server_free(server);
	server = NULL;
}

START_TEST(test_addresses)
{
	VARS(NULL);
	static const char *const bad[] = {"", "host:5000", "ftp://host", "http://", "https://a b",
		"http://user:s3cret@host", "http://host?x=1", "http://host/#/experiments/1",
		"unix:", "unix:socket", "sqlite:///x.db"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(try_open(bad[i], NULL) == BN_EINVAL, "%s", bad[i]);
		lacks(err.msg, "s3cret");
	}
	static const char *const good[][2] = {{"http://localhost:5000/", "http://localhost:5000"},
		{"https://h/api/v4/projects/42/ml/mlflow/",
			"https://h/api/v4/projects/42/ml/mlflow"},
		{"https://h/api/2.0/mlflow", "https://h"},
		{"unix:/run/b.sock", "unix:/run/b.sock"}};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_bn_ok(try_open(good[i][0], NULL), &err);
		ck_assert_str_eq(bn_mlflow_address(client), good[i][1]);
	}
	finish();
}
END_TEST

ANSWER(empty_object, "200 OK", "{}");
ANSWER(nothing, "200 OK", "");
ANSWER(a_list, "200 OK", "[]");
ANSWER(a_page, "200 OK", "<html>welcome</html>");

START_TEST(test_credentials_go_into_one_header)
{
	toy_dir dir;
	char path[300];
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/token", dir.path);
	VARS("MLFLOW_TRACKING_TOKEN", SECRET);
	SERVE(empty_object);
	ck_assert_bn_ok(ask(&(bn_mlflow_request){.path = "experiments/get"}), &err);
	has(raw_server_received(server), "Authorization: Bearer " SECRET "\r\n");
	has(raw_server_received(server), "GET /api/2.0/mlflow/experiments/get HTTP/1.1");
	VARS("MLFLOW_TRACKING_TOKEN", SECRET, "MLFLOW_TRACKING_USERNAME", "ann",
		"MLFLOW_TRACKING_PASSWORD", "pass");
	SERVE(empty_object);
	ck_assert_bn_ok(ask(&(bn_mlflow_request){.path = "x"}), &err);
	has(raw_server_received(server), "Authorization: Basic YW5uOnBhc3M=\r\n");
	lacks(raw_server_received(server), SECRET);
	/* a file comes first; it must be private */
	toy_write(path, "bob:word\n");
	chmod(path, 0644);
	bn_mlflow_access access = {.token_file = path};
	ck_assert_int_eq(try_open("https://host", &access), BN_EREFUSED);
	chmod(path, 0600);
	ck_assert_bn_ok(try_open("https://host", &access), &err);
	toy_write(path, "");
	ck_assert_int_eq(try_open("https://host", &access), BN_EINVAL);
	access.token_file = "/nowhere/token";
	ck_assert_int_eq(try_open("https://host", &access), BN_ENOTFOUND);
	VARS("MLFLOW_TRACKING_TOKEN", "two words");
	ck_assert_int_eq(try_open("https://host", NULL), BN_EINVAL);
	toy_dir_remove(&dir);
	finish();
}
END_TEST

START_TEST(test_credentials_do_not_cross_the_network_in_plain_http)
{
	VARS("MLFLOW_TRACKING_TOKEN", SECRET);
	ck_assert_int_eq(try_open("http://mlflow.example.org", NULL), BN_EREFUSED);
	has(err.msg, "MLFLOW_TRACKING_TOKEN");
	has(err.hint, "--plain-http");
	lacks(err.msg, SECRET);
	ck_assert_bn_ok(
		try_open("http://mlflow.example.org", &(bn_mlflow_access){.plain_http = true}),
		&err);
	ck_assert_bn_ok(try_open("http://127.0.0.1:5000", NULL), &err);
	ck_assert_bn_ok(try_open("unix:/run/b.sock", NULL), &err);
	VARS(NULL);
	ck_assert_bn_ok(try_open("http://mlflow.example.org", NULL), &err);
	finish();
}
END_TEST

START_TEST(test_queries_and_bodies)
{
	VARS(NULL);
	SERVE(empty_object);
	json_t *query = json_pack(
		"{s:s,s:i,s:[s,s],s:n,s:b}", "a", "x y&z", "b", 7, "c", "1", "2", "d", "e", 1);
	ck_assert_bn_ok(ask(&(bn_mlflow_request){.path = "p", .query = query}), &err);
	has(raw_server_received(server),
		"GET /api/2.0/mlflow/p?a=x%20y%26z&b=7&c=1&c=2&e=true HTTP");
	json_decref(query);
	SERVE(nothing);
	json_t *body = json_pack("{s:s}", "run_id", "abc");
	ck_assert_bn_ok(
		ask(&(bn_mlflow_request){.path = "/api/2.0/mlflow/runs/delete", .body = body}),
		&err);
	ck_assert_int_eq((int)json_object_size(out), 0);
	has(raw_server_received(server), "POST /api/2.0/mlflow/runs/delete HTTP/1.1");
	has(raw_server_received(server), "Content-Type: application/json");
	json_decref(body);
	finish();
}
END_TEST

ANSWER(gone, "404 Not Found",
	"{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"No Run\"}");
ANSWER(exists, "400 Bad Request",
	"{\"error_code\":\"RESOURCE_ALREADY_EXISTS\",\"message\":\"Experiment 'a' exists\"}");
ANSWER(wrong, "400 Bad Request",
	"{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"Invalid value " SECRET "\"}");
ANSWER(no_route, "404 Not Found", "<h1>404</h1>");
ANSWER(unknown_path, "404 Not Found", "{\"error_code\":\"ENDPOINT_NOT_FOUND\",\"message\":\"no\"}");
ANSWER(not_yet, "501 Not Implemented", "{\"error_code\":\"NOT_IMPLEMENTED\",\"message\":\"no\"}");
ANSWER(who, "401 Unauthorized", "You are not authenticated");
ANSWER(may_not, "403 Forbidden", "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"no\"}");

START_TEST(test_refusals_have_codes)
{
	static const struct {
		const raw_step *script;
		int code, status;
	} cases[] = {{gone, BN_ENOTFOUND, 404}, {exists, BN_ECONFLICT, 400},
		{wrong, BN_EINVAL, 400}, {no_route, BN_EUNSUPPORTED, 404},
		{unknown_path, BN_EUNSUPPORTED, 404}, {not_yet, BN_EUNSUPPORTED, 501},
		{who, BN_EREFUSED, 401}, {may_not, BN_EREFUSED, 403}, {a_list, BN_EIO, 200},
		{a_page, BN_EIO, 200}};
	VARS("MLFLOW_TRACKING_TOKEN", SECRET);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		serve(&cases[i].script, 1);
		int rc = ask(&(bn_mlflow_request){.path = "runs/get"});
		ck_assert_msg(rc == cases[i].code, "case %zu: %d %s", i, rc, err.msg);
		ck_assert_int_eq(bn_mlflow_status(client), cases[i].status);
		ck_assert_ptr_null(out);
		has(err.msg, "http://127.0.0.1:");
		lacks(err.msg, SECRET);
		lacks(err.hint, SECRET);
	}
	finish();
}
END_TEST

ANSWER(with_nuls, "200 OK",
	"{\"a\":\"x\\u0000y\",\"\\u0000\":\"\\\\u0000\",\"c\":\"\\\\\\u0000\"}");

/* MLflow keeps what no text here can hold: it hides nothing else of the answer. */
START_TEST(test_nul_in_a_text_is_replaced)
{
	VARS(NULL);
	SERVE(with_nuls);
	ck_assert_bn_ok(ask(&(bn_mlflow_request){.path = "runs/get"}), &err);
	ck_assert_str_eq(bn_json_str(out, "a", ""), "x\xef\xbf\xbdy");
	ck_assert_str_eq(bn_json_str(out, "\xef\xbf\xbd", ""), "\\u0000");
	ck_assert_str_eq(bn_json_str(out, "c", ""), "\\\xef\xbf\xbd");
	finish();
}
END_TEST

static const raw_step busy[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 0},
	{RAW_SHUT, NULL, 0}, {RAW_DRAIN, NULL, 0}, {0}};
static const raw_step cut[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", 0}, {RAW_SHUT, NULL, 0},
	{RAW_DRAIN, NULL, 0}, {0}};

START_TEST(test_only_what_may_be_repeated_is)
{
	VARS(NULL);
	json_t *body = json_pack("{s:s}", "name", "a");
	SERVE(busy, cut, empty_object);
	ck_assert_bn_ok(ask(&(bn_mlflow_request){.path = "experiments/get"}), &err);
	ck_assert_int_eq(raw_server_connections(server), 3);
	SERVE(cut, empty_object);
	ck_assert_int_eq(
		ask(&(bn_mlflow_request){.path = "experiments/create", .body = body}), BN_EIO);
	ck_assert_int_eq(raw_server_connections(server), 1);
	SERVE(cut, empty_object);
	ck_assert_bn_ok(
		ask(&(bn_mlflow_request){.path = "runs/search", .body = body, .repeatable = true}),
		&err);
	json_decref(body);
	finish();
}
END_TEST

ANSWER(page_1, "200 OK", "{\"runs\":[{\"n\":1},{\"n\":2}],\"next_page_token\":\"two\"}");
ANSWER(page_2, "200 OK", "{\"runs\":[{\"n\":3}],\"next_page_token\":\"three\"}");
static const raw_step page_3[] = {{RAW_HEAD, NULL, 0}, {RAW_READ, NULL, 38},
	{RAW_SEND, "HTTP/1.1 200 OK\r\n" HEAD "{}", 0}, {RAW_SHUT, NULL, 0}, {RAW_DRAIN, NULL, 0},
	{0}};
ANSWER(last_page, "200 OK", "{}");
ANSWER(no_objects, "200 OK", "{\"runs\":[7,{\"n\":5},null]}");
ANSWER(round_1, "200 OK", "{\"runs\":[{\"n\":1}],\"next_page_token\":\"a\"}");
ANSWER(round_2, "200 OK", "{\"runs\":[{\"n\":2}],\"next_page_token\":\"b\"}");
ANSWER(round_3, "200 OK", "{\"runs\":[{\"n\":3}],\"next_page_token\":\"c\"}");
ANSWER(same_c, "200 OK", "{\"runs\":[{\"n\":1}],\"next_page_token\":\"d\"}");
ANSWER(no_list, "200 OK", "{\"runs\":7}");

static int64_t sum, stop_at;
static int add(void *user, const json_t *item, bn_err *e)
{
	(void)user;
	(void)e;
	sum += bn_json_int(item, "n", 100);
	return stop_at && bn_json_int(item, "n", 0) == stop_at;
}

static int list(const bn_mlflow_request *r)
{
	bn_err_clear(&err);
	sum = 0;
	return bn_mlflow_list(client, r, "runs", add, NULL, &err);
}

START_TEST(test_lists_follow_their_pages)
{
	VARS(NULL);
	json_t *body = json_pack("{s:i}", "max_results", 2);
	bn_mlflow_request by_body = {.path = "runs/search", .body = body};
	SERVE(page_1, page_2, page_3);
	ck_assert_int_eq(list(&by_body), 0);
	ck_assert_int_eq(sum, 6);
	has(raw_server_received(server), "{\"max_results\":2,\"page_token\":\"three\"}");
	ck_assert_int_eq((int)json_object_size(body), 1);
	SERVE(page_1, page_2, last_page);
	ck_assert_int_eq(list(&(bn_mlflow_request){.path = "runs/list"}), 0);
	has(raw_server_received(server), "GET /api/2.0/mlflow/runs/list?page_token=two HTTP");
	stop_at = 2;
	SERVE(page_1, page_2);
	ck_assert_int_eq(list(&by_body), 1);
	ck_assert_int_eq(sum, 3);
	stop_at = 0;
	SERVE(page_1, page_1);
	ck_assert_int_eq(list(&by_body), BN_EIO);
	has(err.msg, "do not end");
	/* What is no object does not hide the others, and is counted. */
	/* Tokens that go round, and a page that says the same under another token. */
	SERVE(round_1, round_2, round_3, round_1, round_2, round_3, round_1, round_2, round_3);
	ck_assert_int_eq(list(&by_body), BN_EIO);
	has(err.msg, "do not end");
	SERVE(round_1, same_c, round_1);
	ck_assert_int_eq(list(&by_body), BN_EIO);
	has(err.msg, "do not end");
	ck_assert_int_eq(sum, 2);
	SERVE(no_objects);
	ck_assert_int_eq(list(&by_body), 0);
	ck_assert_int_eq(sum, 5);
	ck_assert_uint_eq(bn_mlflow_take_odd(client), 2);
	ck_assert_uint_eq(bn_mlflow_take_odd(client), 0);
	SERVE(no_list);
	ck_assert_int_eq(list(&by_body), BN_EIO);
	json_decref(body);
	finish();
}
END_TEST

START_TEST(test_numbers)
{
	double x;
	int64_t n;
	json_t *v = json_pack("[s,s,s,f,i,s,s,s,n]", "NaN", "Infinity", "-Infinity", 1.5, 3, "12",
		"x", "9223372036854775808");
	ck_assert(bn_mlflow_number(json_array_get(v, 0), &x) && isnan(x));
	ck_assert(bn_mlflow_number(json_array_get(v, 1), &x) && isinf(x) && x > 0);
	ck_assert(bn_mlflow_number(json_array_get(v, 2), &x) && isinf(x) && x < 0);
	ck_assert(bn_mlflow_number(json_array_get(v, 3), &x) && x == 1.5);
	ck_assert(bn_mlflow_integer(json_array_get(v, 4), &n) && n == 3);
	ck_assert(bn_mlflow_integer(json_array_get(v, 5), &n) && n == 12);
	ck_assert(!bn_mlflow_integer(json_array_get(v, 3), &n));
	ck_assert(!bn_mlflow_integer(json_array_get(v, 7), &n));
	ck_assert(!bn_mlflow_number(json_array_get(v, 6), &x));
	ck_assert(!bn_mlflow_number(json_array_get(v, 8), &x) && !bn_mlflow_number(NULL, &x));
	ck_assert(!bn_mlflow_integer(NULL, &n));
	json_decref(v);
	v = bn_mlflow_number_json(-INFINITY);
	ck_assert_str_eq(json_string_value(v), "-Infinity");
	json_decref(v);
}
END_TEST

BN_TEST_MAIN("core/mlflow/client", test_addresses, test_credentials_go_into_one_header,
	test_credentials_do_not_cross_the_network_in_plain_http, test_queries_and_bodies,
	test_refusals_have_codes, test_nul_in_a_text_is_replaced, test_only_what_may_be_repeated_is, test_lists_follow_their_pages,
	test_numbers)
