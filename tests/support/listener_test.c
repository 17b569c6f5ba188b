/* listener_test.c - see listener_test.h. */
#include "tests/support/listener_test.h"

#include "core/base/env.h"
#include "core/base/fs.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bn_listener *listener;

bool has_loopback(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* ---- the handler of these tests -------------------------------------------------------------- */

upload up;
uint64_t later_every; /* of the next start */
atomic_int sent_whole, sent_cut, sources_closed;
atomic_uint_fast64_t handled, zeros_given;
pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static bn_exchange *waiting; /* /later: to be finished by the test */

uint32_t add_sum(uint32_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < n; i++)
		h = h * 31 + p[i];
	return h;
}

static void *wake_soon(void *waker)
{
	nanosleep(&(struct timespec){0, 1000000}, NULL);
	bn_waker_wake(waker);
	bn_waker_release(waker);
	return NULL;
}

static int up_write(void *user, const void *bytes, size_t n, bn_err *err)
{
	upload *u = user;
	uint64_t before = u->bytes;
	u->bytes += n;
	u->sum = add_sum(u->sum, bytes, n);
	if (u->fd >= 0)
		return bn_fs_write_all(bn_env_real(), u->fd, bytes, n, "upload", err);
	if (memchr(bytes, '!', n))
		return bn_err_set(err, BN_ECONFLICT, "no exclamation marks");
	if (!u->later_every || before / u->later_every == u->bytes / u->later_every)
		return 0;
	pthread_t t;
	pthread_create(&t, NULL, wake_soon, bn_exchange_waker(u->x));
	pthread_detach(t);
	return BN_HTTP_LATER;
}

static void up_close(void *user, bool whole)
{
	upload *u = user;
	u->whole = whole;
	u->closed = true;
}

/* Numbers, one per line: /count/N. If it is slow, says "later" in between. */
typedef struct counter {
	bn_waker *waker;
	int at, end;
	bool slow, told;
} counter;

static void *wake_often(void *user)
{
	bn_waker *w = user;
	while (!bn_waker_is_gone(w)) {
		nanosleep(&(struct timespec){0, 2000000}, NULL);
		bn_waker_wake(w);
	}
	bn_waker_release(w);
	return NULL;
}

static ssize_t count_read(void *user, void *out, size_t size)
{
	counter *c = user;
	size_t n = 0;
	if (c->slow && !c->told) {
		c->told = true;
		return BN_HTTP_SOURCE_LATER;
	}
	c->told = false;
	while (c->at < c->end && n + 12 < size) {
		n += (size_t)snprintf((char *)out + n, 12, "%d\n", c->at++);
		if (c->slow)
			break;
	}
	return (ssize_t)n;
}

static void count_close(void *user)
{
	atomic_fetch_add(&sources_closed, 1);
	free(user);
}

static void count(bn_exchange *x, int end, bool slow, bool endless)
{
	bn_http_response *r = bn_exchange_response(x);
	counter *c = calloc(1, sizeof *c);
	*c = (counter){.end = end, .slow = slow};
	r->content_type = endless ? "text/event-stream" : "text/plain";
	r->source = (bn_http_source){count_read, count_close, c, -1, endless};
	if (!slow)
		return;
	pthread_t t;
	pthread_create(&t, NULL, wake_often, bn_exchange_waker(x));
	pthread_detach(t);
}

static ssize_t zeros(void *user, void *out, size_t size)
{
	(void)user;
	memset(out, 'z', size);
	atomic_fetch_add(&zeros_given, size);
	return (ssize_t)size;
}

static ssize_t breaks(void *user, void *out, size_t size)
{
	int *calls = user;
	memset(out, 'b', size);
	return (*calls)++ ? BN_HTTP_SOURCE_BROKEN : 10;
}

/* Holds the thread of its connection until let_go. */
bool is_held, may_go;

static void hold(void)
{
	pthread_mutex_lock(&gate);
	is_held = true;
	pthread_cond_broadcast(&moved);
	while (!may_go)
		pthread_cond_wait(&moved, &gate);
	is_held = may_go = false;
	pthread_mutex_unlock(&gate);
}

static bool on_head(void *user, bn_exchange *x)
{
	const char *path = bn_exchange_request(x)->path;
	(void)user;
	if (!strcmp(path, "/refuse")) {
		bn_exchange_response(x)->status = 401;
		bn_buf_adds(&bn_exchange_response(x)->body, "no\n");
		return false;
	}
	if (!strncmp(path, "/upload", 7)) {
		bn_http_sink sink = {up_write, up_close, &up, 0};
		if (!strcmp(path, "/upload/small"))
			sink.max_bytes = 100;
		up.x = x;
		bn_exchange_set_sink(x, &sink);
	}
	return true;
}

int on_request(void *user, bn_exchange *x)
{
	static int break_calls;
	const bn_http_request *rq = bn_exchange_request(x);
	bn_http_response *r = bn_exchange_response(x);
	char field[32];
	(void)user;
	r->status = 200;
	r->content_type = "text/plain";
	atomic_fetch_add(&handled, 1);
	if (!strncmp(rq->path, "/count/", 7)) {
		count(x, atoi(rq->path + 7), bn_http_request_field(rq, "slow", field, sizeof field),
			false);
	} else if (!strcmp(rq->path, "/events")) {
		count(x, 1000000, true, true);
	} else if (!strcmp(rq->path, "/zeros")) {
		r->source = (bn_http_source){zeros, NULL, NULL, 50000000, false};
	} else if (!strcmp(rq->path, "/breaks")) {
		break_calls = 0;
		r->source = (bn_http_source){breaks, NULL, &break_calls, 100, false};
	} else if (!strcmp(rq->path, "/empty")) {
		r->status = 204;
		bn_buf_adds(&r->body, "never seen");
	} else if (!strcmp(rq->path, "/progress")) {
		bn_buf_addf(&r->body, "%llu %llu\n", (unsigned long long)handled,
			(unsigned long long)zeros_given);
	} else if (!strcmp(rq->path, "/host")) {
		bn_buf_addf(&r->body, "host %s\n", rq->target_host ? rq->target_host : "none");
	} else if (!strcmp(rq->path, "/hold")) {
		hold();
	} else if (!strcmp(rq->path, "/large")) {
		ck_assert_int_eq(bn_buf_reserve(&r->body, LARGE), 0);
		memset(r->body.ptr, 'l', LARGE);
		r->body.len = LARGE;
	} else if (!strcmp(rq->path, "/silent")) {
		r->status = 0;
	} else if (!strcmp(rq->path, "/later")) {
		pthread_mutex_lock(&gate);
		waiting = x;
		pthread_cond_broadcast(&moved);
		pthread_mutex_unlock(&gate);
		return BN_HTTP_LATER;
	} else {
		bn_http_response_add(r, "X-Path", rq->path, NULL);
		bn_buf_addf(&r->body, "%s %s %zu %d %s\n", rq->method, rq->path,
			rq->body ? rq->body_len : (size_t)up.bytes, (int)rq->peer->uid,
			rq->peer->address);
	}
	return 0;
}

static void on_refusal(void *user, bn_exchange *x, int status, const bn_err *err)
{
	(void)user;
	(void)err;
	char text[8];
	snprintf(text, sizeof text, "%d", status);
	bn_http_response_add(bn_exchange_response(x), "X-Refused", text, NULL);
}

static void on_sent(void *user, bn_exchange *x, bool whole)
{
	(void)user;
	ck_assert_ptr_nonnull(bn_exchange_request(x)->path);
	atomic_fetch_add(whole ? &sent_whole : &sent_cut, 1);
}

void start_with(bn_listener_options o)
{
	bn_err err = BN_ERR_INIT;
	up = (upload){.fd = -1, .later_every = later_every};
	handled = zeros_given = 0;
	o.handler = (bn_http_handler){on_head, on_request, on_refusal, on_sent, NULL};
	if (!o.unix_path && !o.host)
		o.host = "127.0.0.1";
	if (!o.threads)
		o.threads = 2;
	ck_assert_bn_ok(bn_listener_start(&listener, bn_env_real(), &o, &err), &err);
}

void start(bn_http_limits limits)
{
	start_with((bn_listener_options){.limits = limits});
}

void stop(void)
{
	bn_listener_stop(listener, 2000);
	listener = NULL;
}

/* ---- clients --------------------------------------------------------------------------------- */

/* from: an address of this machine, 0 for any. */
int dial_from(in_addr_t from)
{
	struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr = {htonl(from)}};
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)bn_listener_port(listener)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {20, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (from)
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&source, sizeof source), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

int dial(void)
{
	return dial_from(0);
}

void put(int fd, const char *text)
{
	size_t n = strlen(text);
	ck_assert_int_eq(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Reads to the end of the connection. */
const char *all_of(int fd)
{
	static char out[1 << 20];
	size_t n = 0;
	ssize_t got;
	while (n + 1 < sizeof out && (got = recv(fd, out + n, sizeof out - 1 - n, 0)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
	return out;
}

/* Reads until the text has arrived. */
const char *until(int fd, const char *text)
{
	static char out[1 << 16];
	size_t n = 0;
	ssize_t got;
	out[0] = '\0';
	while (!strstr(out, text) && n + 1 < sizeof out &&
		(got = recv(fd, out + n, sizeof out - 1 - n, 0)) > 0) {
		n += (size_t)got;
		out[n] = '\0';
	}
	ck_assert_msg(strstr(out, text) != NULL, "expected '%s' in: %s", text, out);
	return out;
}

const char *ask(const char *text)
{
	int fd = dial();
	put(fd, text);
	return all_of(fd);
}

int count_of(const char *text, const char *what)
{
	int n = 0;
	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

int64_t now_ms(void)
{
	return bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

void wait_for_accepted(uint64_t n)
{
	bn_listener_stats stats = {0};
	while (bn_listener_get_stats(listener, &stats), stats.accepted < n)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
}

void hold_thread(int fd)
{
	put(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	pthread_mutex_lock(&gate);
	while (!is_held)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
}

void let_go(int fd)
{
	pthread_mutex_lock(&gate);
	may_go = true;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&gate);
	until(fd, "\r\n\r\n");
}

bn_exchange *wait_for_exchange(void)
{
	pthread_mutex_lock(&gate);
	while (!waiting)
		pthread_cond_wait(&moved, &gate);
	bn_exchange *x = waiting;
	waiting = NULL;
	pthread_mutex_unlock(&gate);
	return x;
}
