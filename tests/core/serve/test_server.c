/* The server on a loopback socket: keep-alive, limits, slow and broken clients, stopping. */
#include "core/base/env.h"
#include "core/base/json.h"
#include "core/net/client.h"
#include "core/serve/server.h"
#include "tests/support/check_main.h"
#include "tests/support/exposition.h"
#include "tests/support/tiny_model.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROW "\"x0\":0.5,\"x1\":-1,\"x2\":2,\"x3\":0.25,\"colour\":\"red\",\"flag\":true"

static bn_predictor *model;
static bn_server *server;
static char base[64];

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

static void start(const bn_server_options *options)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_predictor_open_dir(&model, bn_env_real(),
				tiny_model("power", "ridge", "y_number"), NULL, NULL, NULL, &err),
		&err);
	ck_assert_bn_ok(bn_server_new(&server, bn_env_real(), (const bn_predictor *const *)&model,
				1, options, &err),
		&err);
	ck_assert_bn_ok(bn_server_start(server, &err), &err);
	ck_assert_int_gt(bn_server_port(server), 0);
	snprintf(base, sizeof base, "http://127.0.0.1:%d", bn_server_port(server));
}

static void stop(void)
{
	bn_server_free(server);
	bn_predictor_free(model);
}

static int call(bn_http_client *h, const char *path, const char *body, bn_http_answer *a)
{
	char url[128];
	bn_err err = BN_ERR_INIT;
	snprintf(url, sizeof url, "%s%s", base, path);
	bn_http_call c = {.url = url,
		.body = {.kind = body ? BN_HTTP_BYTES : BN_HTTP_NO_BODY,
			.bytes = body,
			.length = body ? (int64_t)strlen(body) : 0}};
	ck_assert_bn_ok(bn_http_do(h, &c, a, &err), &err);
	return a->status;
}

/* A connection for requests that no HTTP client would send. */
static int raw_connect(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)bn_server_port(server)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct timeval wait = {20, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static size_t raw_read(int fd, char *out, size_t size)
{
	size_t n = 0;
	ssize_t got;
	while (n + 1 < size && (got = recv(fd, out + n, size - 1 - n, 0)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	return n;
}

START_TEST(test_server_answers_over_one_kept_connection)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){0});
	bn_http_client *h;
	bn_http_answer a;
	char value[64];
	ck_assert_int_eq(bn_http_client_new(&h, bn_env_real(), NULL, NULL), 0);
	bn_http_answer_init(&a);
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(call(h, "/predict", "{" ROW "}", &a), 200);
		ck_assert_ptr_nonnull(strstr(a.body.ptr, "\"prediction\":"));
	}
	ck_assert_str_eq(
		bn_http_answer_header(&a, "content-type", value, sizeof value), "application/json");
	ck_assert_ptr_nonnull(bn_http_answer_header(&a, "X-Request-Id", value, sizeof value));
	ck_assert_ptr_null(bn_http_answer_header(&a, "X-Other", value, sizeof value));
	ck_assert_int_eq(call(h, "/v2/models/power/ready", NULL, &a), 200);
	ck_assert_int_eq(call(h, "/v2/models/p%6Fwer/ready?x=1", NULL, &a), 200);
	ck_assert_int_eq(call(h, "/metrics", NULL, &a), 200);
	exposition_check(a.body.ptr);
	ck_assert_ptr_nonnull(strstr(a.body.ptr, "\nbinnacle_connections 1\n"));
	ck_assert_int_eq(call(h, "/predict", NULL, &a), 405);
	ck_assert_str_eq(bn_http_answer_header(&a, "Allow", value, sizeof value), "POST");
	bn_http_answer_release(&a);
	bn_http_client_free(h);
	stop();
}
END_TEST

START_TEST(test_server_wants_its_token)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.token = "s3cret"});
	bn_http_client *h;
	bn_http_answer a;
	bn_err err = BN_ERR_INIT;
	char url[128], value[64];
	ck_assert_int_eq(bn_http_client_new(&h, bn_env_real(), NULL, NULL), 0);
	bn_http_answer_init(&a);
	ck_assert_int_eq(call(h, "/metrics", NULL, &a), 401);
	ck_assert_ptr_nonnull(strstr(
		bn_http_answer_header(&a, "WWW-Authenticate", value, sizeof value), "Bearer"));
	ck_assert_int_eq(call(h, "/healthz", NULL, &a), 200);
	snprintf(url, sizeof url, "%s/metrics", base);
	const char *const headers[] = {"Authorization: Bearer s3cret", NULL};
	bn_http_call c = {.url = url, .headers = headers};
	ck_assert_bn_ok(bn_http_do(h, &c, &a, &err), &err);
	ck_assert_int_eq(a.status, 200);
	bn_http_answer_release(&a);
	bn_http_client_free(h);
	stop();
}
END_TEST

START_TEST(test_server_limits_body_and_headers)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.max_body_bytes = 1000});
	static char big[200000], out[4096];
	bn_http_client *h;
	bn_http_answer a;
	ck_assert_int_eq(bn_http_client_new(&h, bn_env_real(), NULL, NULL), 0);
	bn_http_answer_init(&a);
	memset(big, ' ', 5000);
	ck_assert_int_eq(call(h, "/predict", big, &a), 413);
	/* without a Content-Length the size is known only while reading */
	int fd = raw_connect();
	int n = snprintf(big, sizeof big,
		"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
		"application/json\r\nConnection: "
		"close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%*s\r\n0\r\n\r\n",
		3000, 3000, " ");
	ck_assert_int_eq(send(fd, big, (size_t)n, MSG_NOSIGNAL), n);
	raw_read(fd, out, sizeof out);
	ck_assert_msg(strstr(out, " 413 ") != NULL, "%s", out);
	close(fd);
	fd = raw_connect();
	n = snprintf(big, sizeof big, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: ");
	memset(big + n, 'x', sizeof big - (size_t)n);
	send(fd, big, sizeof big, MSG_NOSIGNAL);
	raw_read(fd, out, sizeof out);
	ck_assert_msg(!*out || strstr(out, " 431 ") || strstr(out, " 413 "), "%s", out);
	close(fd);
	ck_assert_int_eq(call(h, "/healthz", NULL, &a), 200);
	bn_http_answer_release(&a);
	bn_http_client_free(h);
	stop();
}
END_TEST

START_TEST(test_server_refuses_before_it_reads_a_body)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.token = "s3cret"});
	static const char head[] = "POST /predict HTTP/1.1\r\nHost: localhost\r\n"
				   "Content-Type: application/json\r\n%s\r\n\r\n";
	static const char *const lengths[] = {
		"Content-Length: 5000000", "Transfer-Encoding: chunked"};
	for (size_t i = 0; i < 2; i++) {
		char out[4096];
		int fd = raw_connect(), n = snprintf(out, sizeof out, head, lengths[i]);
		ck_assert_int_eq(send(fd, out, (size_t)n, MSG_NOSIGNAL), n);
		raw_read(
			fd, out, sizeof out); /* ends, although no byte of the body was sent */
		ck_assert_msg(strstr(out, " 401 ") != NULL, "%s", out);
		close(fd);
	}
	stop();
}
END_TEST

/* Otherwise clients without a token could fill the memory shared by all bodies. */
START_TEST(test_server_takes_no_body_where_it_asks_for_no_token)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.token = "s3cret"});
	static const char *const routes[] = {"GET /ping", "GET /health", "HEAD /healthz",
		"GET /version", "GET /v2/health/live", "GET /v2/health/ready"};
	static const char *const lengths[] = {
		"Content-Length: 16777216", "Transfer-Encoding: chunked"};
	for (size_t i = 0; i < 2 * sizeof routes / sizeof *routes; i++) {
		char out[4096];
		int fd = raw_connect();
		int n = snprintf(out, sizeof out, "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n",
			routes[i / 2], lengths[i % 2]);
		ck_assert_int_eq(send(fd, out, (size_t)n, MSG_NOSIGNAL), n);
		raw_read(fd, out, sizeof out); /* the server does not wait for the body */
		ck_assert_msg(strstr(out, " 413 ") != NULL, "%s: %s", routes[i / 2], out);
		ck_assert_msg(strstr(out, "takes no body") || *routes[i / 2] == 'H', "%s", out);
		close(fd);
	}
	stop();
}
END_TEST

START_TEST(test_server_survives_broken_clients)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.timeout_s = 1});
	static const char *const rubbish[] = {"\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
		"POST /predict HTTP/1.1\r\nContent-Length: 10\r\n\r\n{\"x",
		"GET /%00%ff HTTP/1.1\r\n\r\n",
		"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
		"BREW /pot HTTP/9.9\r\nHost: x\r\n\r\n"};
	for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
		char out[4096];
		int fd = raw_connect();
		send(fd, rubbish[i], strlen(rubbish[i]), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		raw_read(fd, out, sizeof out);
		ck_assert_msg(!strstr(out, " 200 "), "%s", out);
		close(fd);
	}
	bn_http_client *h;
	bn_http_answer a;
	ck_assert_int_eq(bn_http_client_new(&h, bn_env_real(), NULL, NULL), 0);
	bn_http_answer_init(&a);
	ck_assert_int_eq(call(h, "/healthz", NULL, &a), 200);
	bn_http_answer_release(&a);
	bn_http_client_free(h);
	stop();
}
END_TEST

START_TEST(test_server_closes_idle_connections)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.timeout_s = 1});
	char out[256];
	int fd = raw_connect();
	ck_assert_uint_eq(raw_read(fd, out, sizeof out), 0); /* the server closes it */
	close(fd);
	stop();
}
END_TEST

START_TEST(test_server_says_when_the_port_is_taken)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){0});
	bn_server *second = NULL;
	bn_err err = BN_ERR_INIT;
	bn_server_options o = {.port = bn_server_port(server)};
	ck_assert_bn_ok(bn_server_new(&second, bn_env_real(), (const bn_predictor *const *)&model,
				1, &o, &err),
		&err);
	ck_assert_int_eq(bn_server_start(second, &err), BN_ECONFLICT);
	ck_assert_ptr_nonnull(strstr(err.hint, "--port 0"));
	bn_server_free(second);
	bn_err_clear(&err);
	o = (bn_server_options){.host = "not a host"};
	ck_assert_int_eq(bn_server_new(&second, bn_env_real(), (const bn_predictor *const *)&model,
				 1, &o, &err),
		0);
	ck_assert_int_eq(bn_server_start(second, &err), BN_EINVAL);
	bn_server_free(second);
	stop();
}
END_TEST

/* ---- stopping ------------------------------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int entered, released;

/* An observer that blocks the request until the test releases it. */
static void hold(void *user, const bn_served *served)
{
	(void)user;
	(void)served;
	pthread_mutex_lock(&gate);
	entered = 1;
	pthread_cond_broadcast(&moved);
	while (!released)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
}

static void *ask_slowly(void *user)
{
	int *status = user;
	bn_http_client *h;
	bn_http_answer a;
	bn_http_answer_init(&a);
	if (!bn_http_client_new(&h, bn_env_real(), NULL, NULL)) {
		*status = call(h, "/predict", "{" ROW "}", &a);
		bn_http_client_free(h);
	}
	bn_http_answer_release(&a);
	return NULL;
}

static void *release_soon(void *user)
{
	(void)user;
	for (;;) { /* until connecting fails: the server is stopping */
		struct sockaddr_in a = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)bn_server_port(server)),
			.sin_addr = {htonl(INADDR_LOOPBACK)}};
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int rc = connect(fd, (struct sockaddr *)&a, sizeof a);
		close(fd);
		if (rc)
			break;
	}
	pthread_mutex_lock(&gate);
	released = 1;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&gate);
	return NULL;
}

START_TEST(test_server_stop_finishes_the_request_in_work)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.observe = hold});
	pthread_t client, helper;
	int status = 0;
	pthread_create(&client, NULL, ask_slowly, &status);
	pthread_mutex_lock(&gate);
	while (!entered)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
	pthread_create(&helper, NULL, release_soon, NULL);
	bn_server_stop(server, 20000);
	pthread_join(client, NULL);
	pthread_join(helper, NULL);
	ck_assert_int_eq(status, 200);
	stop();
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------- */

static atomic_int answers;

static void *ask_often(void *user)
{
	bn_http_client *h;
	bn_http_answer a;
	(void)user;
	bn_http_answer_init(&a);
	if (!bn_http_client_new(&h, bn_env_real(), NULL, NULL)) {
		for (int i = 0; i < 100; i++)
			if (call(h, i % 10 ? "/predict" : "/metrics", i % 10 ? "{" ROW "}" : NULL,
				    &a) == 200)
				atomic_fetch_add(&answers, 1);
		bn_http_client_free(h);
	}
	bn_http_answer_release(&a);
	return NULL;
}

START_TEST(test_server_answers_many_clients_at_once)
{
	NEED_LOOPBACK();
	start(&(bn_server_options){.threads = 3});
	pthread_t t[4];
	bn_server_stats stats;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, ask_often, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ck_assert_int_eq(atomic_load(&answers), 400);
	bn_server_get_stats(server, &stats);
	ck_assert_uint_eq(stats.requests, 400);
	ck_assert_uint_eq(stats.predictions, 360);
	stop();
}
END_TEST

/* Sends only the head of a POST. */
static int begin_request(const char *token)
{
	char text[256];
	int fd = raw_connect();
	int n = snprintf(text, sizeof text,
		"POST /predict HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
		"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
		token);
	ck_assert_int_eq(send(fd, text, (size_t)n, 0), n);
	return fd;
}

static int first_status(int fd)
{
	char text[1024];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);
	ck_assert_int_gt(n, 12);
	text[n] = '\0';
	ck_assert_msg(n < 200 || strstr(text, "429") == NULL || strstr(text, "Retry-After: 1"),
		"%s", text);
	return atoi(text + 9);
}

START_TEST(test_server_takes_so_many_requests_of_a_token_and_no_more)
{
	NEED_LOOPBACK();
	int fds[3];
	start(&(bn_server_options){.token = "one\ntwo\n", .max_per_token = 2});
	for (int i = 0; i < 3; i++) {
		fds[i] = begin_request("one");
		ck_assert_int_eq(first_status(fds[i]), i < 2 ? 100 : 429);
	}
	close(fds[2]);
	fds[2] = begin_request("two"); /* the limit is per token */
	ck_assert_int_eq(first_status(fds[2]), 100);
	close(fds[0]); /* closed before the end: no longer counted */
	for (int i = 0, status = 429; status != 100; i++) {
		ck_assert_int_lt(i, 500);
		usleep(10000);
		fds[0] = begin_request("one");
		status = first_status(fds[0]);
		if (status != 100)
			close(fds[0]);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	fds[0] = begin_request("three");
	ck_assert_int_eq(first_status(fds[0]), 401);
	close(fds[0]);
	stop();
}
END_TEST

/* A large body is parsed by another thread: other connections of its thread are served meanwhile, and stopping waits
 * for it. */
START_TEST(test_server_answers_large_bodies_beside_the_others)
{
	NEED_LOOPBACK();
	enum { ROWS = 9000 };
	bn_buf body = BN_BUF_INIT;
	bn_http_client *h;
	bn_http_answer a;
	start(&(bn_server_options){.threads = 1});
	ck_assert_int_eq(bn_http_client_new(&h, bn_env_real(), NULL, NULL), 0);
	bn_http_answer_init(&a);
	for (int r = 0; r < ROWS; r++)
		bn_buf_adds(&body, r ? ",{" ROW "}" : "[{" ROW "}");
	bn_buf_adds(&body, "]");
	ck_assert_uint_gt(body.len, 512 << 10);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(call(h, "/predict", body.ptr, &a), 200);
		json_t *v = json_loads(a.body.ptr, 0, NULL);
		ck_assert_uint_eq(json_array_size(json_object_get(v, "prediction")), ROWS);
		json_decref(v);
		ck_assert_int_eq(call(h, "/predict", "{" ROW "}", &a), 200);
	}
	int fd = raw_connect();
	char text[1024];
	int n = snprintf(text, sizeof text,
		"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
		"Content-Length: %zu\r\n\r\n",
		body.len);
	ck_assert_int_eq(send(fd, text, (size_t)n, 0), n);
	ck_assert_int_gt(recv(fd, text, sizeof text, 0), 12); /* 100 Continue */
	for (size_t at = 0; at < body.len;) {
		ssize_t sent = send(fd, body.ptr + at, body.len - at, 0);
		ck_assert_int_gt(sent, 0);
		at += (size_t)sent;
	}
	bn_server_stop(server, 10000);
	ck_assert_uint_gt(raw_read(fd, text, sizeof text), 12);
	ck_assert(!strncmp(text, "HTTP/1.1 200", 12));
	close(fd);
	bn_buf_release(&body);
	bn_http_answer_release(&a);
	bn_http_client_free(h);
	stop();
}
END_TEST

/* A body of 16 MB of "{}," would need more than a gigabyte as a tree. */
START_TEST(test_server_refuses_bodies_of_too_many_values)
{
	NEED_LOOPBACK();
	static const char *const pieces[] = {"{},", "[],", "1,", "{\"a\":1},"};
	bn_http_client *h;
	bn_http_answer a;
	start(&(bn_server_options){.max_body_bytes = 4 << 20});
	ck_assert_int_eq(bn_http_client_new(&h, bn_env_real(), NULL, NULL), 0);
	bn_http_answer_init(&a);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		bn_buf body = BN_BUF_INIT;
		bn_buf_adds(&body, "[");
		while (body.len < (4 << 20) - 64)
			bn_buf_adds(&body, pieces[i]);
		bn_buf_adds(&body, "1]");
		ck_assert_int_eq(call(h, "/predict", body.ptr, &a), 413);
		ck_assert_msg(strstr(a.body.ptr, "too many values") != NULL, "%s", a.body.ptr);
		ck_assert_int_eq(call(h, "/predict", "{" ROW "}", &a), 200);
		bn_buf_release(&body);
	}
	bn_http_answer_release(&a);
	bn_http_client_free(h);
	stop();
}
END_TEST

/* ---- what the access log gets ---------------------------------------------------------------- */

typedef struct told {
	char method[16], path[64], model[16], id[40];
	bn_access_entry e;
} told;

static told entries[64];
static int entry_count;

static void collect(void *user, const bn_access_entry *e)
{
	(void)user;
	pthread_mutex_lock(&gate);
	told *t = &entries[entry_count++];
	t->e = *e;
	snprintf(t->method, sizeof t->method, "%s", e->method);
	snprintf(t->path, sizeof t->path, "%s", e->path);
	snprintf(t->model, sizeof t->model, "%s", e->model ? e->model : "");
	snprintf(t->id, sizeof t->id, "%s", e->request_id ? e->request_id : "");
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&gate);
}

/* The next entry, when the server has it: it comes after the response. */
static const told *next_entry(void)
{
	static int taken;
	pthread_mutex_lock(&gate);
	while (entry_count <= taken)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
	return &entries[taken++];
}

static void send_raw(const char *text)
{
	char out[4096];
	int fd = raw_connect();
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
	shutdown(fd, SHUT_WR);
	raw_read(fd, out, sizeof out);
	close(fd);
}

START_TEST(test_server_tells_the_access_log_of_every_request)
{
	NEED_LOOPBACK();
	static const char refused[] = "POST /predict HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
				      "X-Request-Id: mine\r\nContent-Length: 5000\r\n\r\n";
	start(&(bn_server_options){.token = "s3cret", .access = collect, .max_body_bytes = 1000});
	int64_t began = bn_env_now_ns(bn_env_real());
	send_raw("POST /predict?secret=1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer s3cret\r\n"
		 "Content-Type: application/json\r\nConnection: close\r\nContent-Length: 64\r\n\r\n"
		 "{" ROW "}     ");
	const told *t = next_entry();
	ck_assert_str_eq(t->path, "/predict"); /* without the query */
	ck_assert_str_eq(t->method, "POST");
	ck_assert_str_eq(t->model, "power");
	ck_assert_int_eq(t->e.status, 200);
	ck_assert_uint_eq(t->e.rows, 1);
	ck_assert_uint_eq(t->e.bytes_in, 64);
	ck_assert_uint_gt(t->e.bytes_out, 10);
	ck_assert(t->e.is_complete && t->e.handled_ns > 0 && t->e.took_ns >= t->e.handled_ns);
	ck_assert(t->e.time_ns >= began - 1000000 && t->e.time_ns <= bn_env_now_ns(bn_env_real()));
	ck_assert_uint_eq(strlen(t->id), 16);

	send_raw(refused); /* no token */
	t = next_entry();
	ck_assert_int_eq(t->e.status, 401);
	ck_assert_str_eq(t->id, "mine");
	ck_assert_str_eq(t->model, "");
	ck_assert(t->e.handled_ns == -1 && t->e.bytes_in == 0);
	send_raw("POST /predict HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5000\r\n"
		 "Authorization: Bearer s3cret\r\n\r\n");
	ck_assert_int_eq(next_entry()->e.status, 413);
	send_raw("BAD\r\n\r\n"); /* the head cannot be read */
	t = next_entry();
	ck_assert_int_eq(t->e.status, 400);
	ck_assert_str_eq(t->path, "");
	send_raw("HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	t = next_entry();
	ck_assert_uint_eq(t->e.bytes_out, 0);
	ck_assert_int_eq(t->e.status, 200);
	send_raw("POST /predict HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer s3cret\r\n"
		 "Content-Type: application/json\r\nContent-Length: 64\r\n\r\n{");
	t = next_entry(); /* the client hangs up in the middle of its body */
	ck_assert_int_eq(t->e.status, 0);
	ck_assert(!t->e.is_complete);
	stop();
	ck_assert_int_eq(entry_count, 6);
}
END_TEST

BN_TEST_MAIN("core/serve/server", test_server_tells_the_access_log_of_every_request, test_server_takes_so_many_requests_of_a_token_and_no_more,
	test_server_answers_large_bodies_beside_the_others,
	test_server_refuses_bodies_of_too_many_values, test_server_answers_over_one_kept_connection,
	test_server_wants_its_token, test_server_limits_body_and_headers,
	test_server_refuses_before_it_reads_a_body,
	test_server_takes_no_body_where_it_asks_for_no_token, test_server_survives_broken_clients,
	test_server_closes_idle_connections, test_server_says_when_the_port_is_taken,
	test_server_stop_finishes_the_request_in_work, test_server_answers_many_clients_at_once)
