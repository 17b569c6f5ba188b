/*
 * The tracking server on a socket, and clients that send what they should not: malformed, cut, oversized, slow,
 * repeated and unauthorised requests, a thousand and more. Each gets its status and error code, nothing crashes, others
 * are answered meanwhile, and memory stays flat. Run under ASan it also shows that nothing leaks.
 */
#include "core/api/api.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"
#include "tests/support/listener_test.h"
#include "tests/support/toy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKENS "ann reader read-me\nbob writer write-me\neve manager do-all\n"
#define BODY_MOST 65536
#define API "/api/2.0/mlflow/"

static toy_dir dir;
static toy_env env;
static bn_api *api;
static char answer[262144];
static char run[33];
static size_t sent_requests;

static int open_workspace(void *user, bn_workspace **out, bn_err *err)
{
	(void)user;
	return bn_workspace_open(out, &env.env, bn_fold_classes, dir.path, err);
}

static void start_api(void)
{
	bn_err err = BN_ERR_INIT;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	const bn_api_options o = {.open = open_workspace,
		.tokens = TOKENS,
		.threads = 2,
		.readers = 1,
		.max_body_bytes = BODY_MOST};
	ck_assert_bn_ok(bn_api_new(&api, &env.env, &o, &err), &err);
	ck_assert_bn_ok(bn_api_start(api, &err), &err);
}

static void stop_api(void)
{
	bn_api_free(api);
	toy_dir_remove(&dir);
}

static int connect_to(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)bn_api_port(api)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

/* Sends bytes on a new connection and reads up to its end; the status, 0 if it was closed without a response. */
static int exchange(const char *bytes, size_t n)
{
	int fd = connect_to(), status = 0;
	size_t len = 0, at = 0;
	ssize_t got;
	while (at < n && (got = send(fd, bytes + at, n - at, MSG_NOSIGNAL)) > 0)
		at += (size_t)got;
	shutdown(fd, SHUT_WR);
	while (len < sizeof answer - 1 &&
		(got = recv(fd, answer + len, sizeof answer - 1 - len, 0)) > 0)
		len += (size_t)got;
	answer[len] = '\0';
	close(fd);
	sent_requests++;
	if (sscanf(answer, "HTTP/1.1 %d", &status) != 1)
		return 0;
	return status;
}

static int ask_with(
	const char *token, const char *method, const char *path, const char *body, size_t n)
{
	char *text = bn_alloc(n + 1024);
	int head = snprintf(text, 1024,
		"%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%s\r\nContent-Type: "
		"application/json\r\nContent-Length: %zu\r\n\r\n",
		method, path, token ? "Authorization: Bearer " : "X-None: ", token ? token : "1",
		n);
	memcpy(text + head, body, n);
	int status = exchange(text, (size_t)head + n);
	bn_free(text);
	return status;
}

static int post_body(const char *path, const char *body)
{
	return ask_with("do-all", "POST", path, body, strlen(body));
}

static bool has_code(const char *code)
{
	char text[80];
	snprintf(text, sizeof text, "\"error_code\":\"%s\"", code);
	return strstr(answer, text) != NULL;
}

#define EXPECT(status, code, ...) \
	do { \
		int got_ = (__VA_ARGS__); \
		ck_assert_msg(got_ == (status) && has_code(code), \
			"expected %d %s, got %d: %.300s", status, code, got_, answer); \
	} while (0)

static void make_run(void)
{
	ck_assert_int_eq(post_body(API "runs/create", "{\"experiment_id\":\"0\"}"), 200);
	const char *id = strstr(answer, "\"run_id\":\"");
	ck_assert_ptr_nonnull(id);
	memcpy(run, id + 10, 32);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void send_unauthorised(void)
{
	static const char *const tokens[] = {
		NULL, "wrong", "", "read-m", "READ-ME", "write-me\t x"};
	static const char *const paths[] = {API "runs/get?run_id=x",
		API "experiments/get?experiment_id=0", API "runs/search", "/metrics",
		"/api/2.0/mlflow-artifacts/artifacts/0/x/artifacts/a", API "nothing"};
	for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++)
		for (size_t p = 0; p < sizeof paths / sizeof *paths; p++)
			EXPECT(401, "UNAUTHENTICATED", ask_with(tokens[t], "GET", paths[p], "", 0));
	for (int i = 0; i < 20; i++) {
		EXPECT(403, "PERMISSION_DENIED",
			ask_with("read-me", "POST", API "runs/create", "{}", 2));
		EXPECT(403, "PERMISSION_DENIED",
			ask_with("write-me", "POST", API "experiments/delete",
				"{\"experiment_id\":\"0\"}", 21));
	}
}

/* A valid request, cut anywhere: it never succeeds, and never looks like a failure that is worth repeating. */
static void send_cut(void)
{
	char body[512];
	int n = snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"metrics\":[{\"key\":\"cut\",\"value\":1.5,\"timestamp\":1,"
		"\"step\":2}],"
		"\"params\":[{\"key\":\"c\",\"value\":\"\\u00fc\"}]}",
		run);
	for (int i = 1; i < n; i++)
		EXPECT(400, "INVALID_PARAMETER_VALUE",
			ask_with("do-all", "POST", API "runs/log-batch", body, (size_t)i));
	ck_assert_int_eq(ask_with("do-all", "POST", API "runs/log-batch", body, (size_t)n), 200);
}

/* One byte of it replaced: answered with 200 or 400. */
static void send_changed(void)
{
	static const char bytes[] = {'\0', '"', '{', ']', '\\', (char)0xff, 'e', '-'};
	char body[300];
	int n = snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"key\":\"ch\",\"value\":1.5,\"timestamp\":1}", run);
	for (int i = 0; i < n; i++) {
		char kept = body[i];
		body[i] = bytes[i % (int)sizeof bytes];
		int status = ask_with("do-all", "POST", API "runs/log-metric", body, (size_t)n);
		ck_assert_msg(status == 200 || status == 400 || status == 404, "byte %d: %d %.200s",
			i, status, answer);
		body[i] = kept;
	}
}

static void send_wrong_types(void)
{
	static const char *const values[] = {"null", "true", "1", "1.5", "\"x\"", "[]", "{}", "[1]",
		"[{}]", "{\"a\":1}", "\"NaN\"", "-1", "9223372036854775808", "1e999", "\"\\u0000\"",
		"\"\\ud800\""};
	static const char *const routes[] = {"runs/create", "runs/update", "runs/log-metric",
		"runs/log-batch", "runs/set-tag", "runs/log-inputs", "runs/outputs",
		"runs/log-model", "runs/search", "experiments/create", "experiments/search"};
	static const char *const fields[] = {
		"run_id", "tags", "metrics", "key", "max_results", "name", "datasets"};
	char body[200];
	for (size_t r = 0; r < sizeof routes / sizeof *routes; r++)
		for (size_t v = 0; v < sizeof values / sizeof *values; v++)
			for (size_t f = 0; f < sizeof fields / sizeof *fields; f += 1 + (v & 1)) {
				char path[80];
				snprintf(path, sizeof path, API "%s", routes[r]);
				snprintf(body, sizeof body, "{\"%s\":%s}", fields[f], values[v]);
				int status = post_body(path, body);
				ck_assert_msg(status == 200 || status == 400 || status == 404,
					"%s %s: %d %.200s", path, body, status, answer);
			}
}

static void send_deep(void)
{
	char *deep = bn_alloc(60001);
	memset(deep, '[', 30000);
	memset(deep + 30000, ']', 30000);
	EXPECT(400, "INVALID_PARAMETER_VALUE",
		ask_with("do-all", "POST", API "runs/search", deep, 60000));
	memset(deep, '{', 60000);
	EXPECT(400, "INVALID_PARAMETER_VALUE",
		ask_with("do-all", "POST", API "runs/search", deep, 60000));
	bn_free(deep);
}

static void send_oversized(void)
{
	char *large = bn_alloc(BODY_MOST + 1);
	memset(large, ' ', BODY_MOST + 1);
	for (int i = 0; i < 10; i++) {
		int status = ask_with("do-all", "POST", API "runs/create", large, BODY_MOST + 1);
		ck_assert_msg(
			status == 413 && has_code("BAD_REQUEST"), "%d %.200s", status, answer);
	}
	/* The token is checked first: a stranger's body is not read. */
	EXPECT(401, "UNAUTHENTICATED",
		ask_with("wrong", "POST", API "runs/create", large, BODY_MOST + 1));
	memset(large, 'x', BODY_MOST);
	char *head = bn_strf("GET /%.*s HTTP/1.1\r\nHost: localhost\r\n\r\n", BODY_MOST, large);
	int status = exchange(head, strlen(head));
	ck_assert_msg(status == 414 || status == 431, "%d", status);
	bn_free(head);
	bn_free(large);
}

static void send_broken_http(void)
{
	static const char *const broken[] = {"GET\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n",
		"GET / HTTP/3.0\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
		"chunked\r\n\r\na",
		"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET /\001 HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00"};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		int status = exchange(broken[i], strlen(broken[i]));
		ck_assert_msg(status == 0 || status == 400 || status == 401 || status == 505,
			"%zu: %d %.200s", i, status, answer);
	}
}

/* The same point many times is one point. */
static void send_repeated(void)
{
	char body[300];
	snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"key\":\"again\",\"value\":1,\"timestamp\":7,\"step\":7}",
		run);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(post_body(API "runs/log-metric", body), 200);
	snprintf(body, sizeof body, API "metrics/get-history?run_id=%s&metric_key=again", run);
	ck_assert_int_eq(ask_with("do-all", "GET", body, "", 0), 200);
	const char *first = strstr(answer, "\"timestamp\":7");
	ck_assert(first && !strstr(first + 1, "\"timestamp\":7"));
}

static void send_everything(void)
{
	send_unauthorised();
	send_cut();
	send_changed();
	send_wrong_types();
	send_deep();
	send_oversized();
	send_broken_http();
	send_repeated();
}

/* ---- tests ------------------------------------------------------------------------------------ */

/* Sanitizers keep freed memory for a while; leaks are their own to find. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOLDS_FREED true
#else
#define HOLDS_FREED false
#endif

static int64_t resident(void)
{
	bn_process_self self;
	bn_process_read_self(&self, &env.env);
	return self.rss_bytes;
}

START_TEST(test_what_should_not_be_sent_gets_its_status_and_costs_nothing)
{
	NEED_LOOPBACK();
	start_api();
	make_run();
	send_everything();
	ck_assert_uint_gt(sent_requests, 1000);
	int64_t before = resident();
	send_everything();
	int64_t grown = resident() - before;
	if (HOLDS_FREED)
		printf("SKIP: core/api/hostile: memory in use, as a sanitizer holds what was freed\n");
	else
		ck_assert_msg(grown < (int64_t)8 << 20, "memory has grown by %lld bytes",
			(long long)grown);
	ck_assert_int_eq(ask_with(NULL, "GET", "/health", "", 0), 200);
	printf("NOTE: %zu requests, memory has grown by %lld KiB in the second round\n",
		sent_requests, (long long)grown / 1024);
	stop_api();
}
END_TEST

START_TEST(test_slow_clients_keep_nobody_waiting)
{
	enum { SLOW = 200 };
	static const char *const parts[] = {"POST " API "runs/create HTTP/1.1\r\nHost: loc",
		"POST " API
		"runs/create HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer do-all\r\n"
		"Content-Type: application/json\r\nContent-Length: 30000\r\n\r\n{\"exp",
		"G", ""};
	int fds[SLOW];
	NEED_LOOPBACK();
	start_api();
	for (int i = 0; i < SLOW; i++) {
		const char *part = parts[i % 4];
		fds[i] = connect_to();
		ck_assert_int_eq(
			send(fds[i], part, strlen(part), MSG_NOSIGNAL), (ssize_t)strlen(part));
	}
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(post_body(API "runs/create", "{\"experiment_id\":\"0\"}"), 200);
	for (int i = 0; i < SLOW; i++)
		close(fds[i]);
	ck_assert_int_eq(ask_with(NULL, "GET", "/health", "", 0), 200);
	stop_api();
}
END_TEST

BN_TEST_MAIN("core/api/hostile", test_what_should_not_be_sent_gets_its_status_and_costs_nothing,
	test_slow_clients_keep_nobody_waiting)
