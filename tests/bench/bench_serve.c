/*
 * A load generator for HTTP servers, in one thread with epoll:
 *
 *	bench_serve URL SECONDS BODY [OPTION...]
 *
 * posts BODY (GET, if it is empty) on kept connections and prints requests per second. With --rate N requests are due
 * at fixed times, and their latency counts from the time they were due, so a stalled server cannot hide it (an open
 * loop); --quantiles prints "requests/s p50_us p99_us max_us" in either case. --slow-heads N and --slow-bodies N first
 * open N connections that send a byte of a head or a body every half second during the load, which then uses new
 * connections, one every 20 ms (--fresh), like new clients. --idle N opens N connections that have sent one request,
 * prints "idle" and waits for SECONDS.
 */
#include "core/base/env.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 20000, MAX_SAMPLES = 4000000 };

typedef struct client {
	int fd;
	bool busy;
	int64_t due_ns; /* when its request was due */
	char in[4096];
	size_t len;
} client;

static struct sockaddr_in address;
static char *request; /* as sent */
static size_t request_len;
static int epoll_fd;
static uint32_t *samples; /* microseconds */
static size_t sample_count, failed;
static int slow[MAX_CONNECTIONS], slow_count;

static int64_t now_ns(void)
{
	return bn_env_monotonic_ns(bn_env_real());
}

static void die(const char *what)
{
	fprintf(stderr, "bench_serve: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int dial(void)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {60, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		die("connect");
	return fd;
}

/* http://a.b.c.d:port/path */
static void make_request(const char *url, const char *body)
{
	char host[64] = "", path[512] = "/";
	int port = 80;
	if (sscanf(url, "http://%63[^:/]:%d%511s", host, &port, path) < 2)
		die("the URL is not http://address:port/path");
	address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		die("the URL's host is not an IPv4 address");
	size_t room = strlen(body) + 1024;
	request = malloc(room);
	int n = *body ? snprintf(request, room,
				"POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: "
				"application/json\r\nContent-Length: %zu\r\n\r\n%s",
				path, host, port, strlen(body), body)
		      : snprintf(request, room, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n\r\n", path,
				host, port);
	request_len = (size_t)n;
}

static void ask(client *c, int64_t due_ns)
{
	c->busy = true;
	c->len = 0;
	c->due_ns = due_ns;
	if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len)
		failed++;
}

/* True if the response is complete. */
static bool is_answered(client *c)
{
	c->in[c->len] = '\0';
	char *end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "content-length:");
	if (!end || !length || length > end)
		return false;
	return c->len >= (size_t)(end + 4 - c->in) + strtoul(length + 15, NULL, 10);
}

/* False: the connection has ended. */
static bool receive(client *c, int64_t at_ns)
{
	ssize_t n = recv(c->fd, c->in + c->len, sizeof c->in - 1 - c->len, 0);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	if (!c->busy || !is_answered(c))
		return true;
	c->busy = false;
	failed += strncmp(c->in, "HTTP/1.1 200", 12) != 0;
	if (sample_count < MAX_SAMPLES)
		samples[sample_count++] = (uint32_t)((at_ns - c->due_ns) / 1000);
	return true;
}

/* ---- loads ---------------------------------------------------------------------------------- */

/* rate 0: each connection sends its next request after the response. */
static double load(int connections, double seconds, double rate)
{
	client *clients = calloc((size_t)connections, sizeof *clients);
	int64_t begun = now_ns(), until = begun + (int64_t)(seconds * 1e9), at = begun;
	uint64_t asked = 0;
	int idle = 0;
	for (int i = 0; i < connections; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = &clients[i]};
		clients[i].fd = dial();
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, clients[i].fd, &e);
		if (rate <= 0)
			ask(&clients[i], now_ns());
	}
	while (at < until) {
		struct epoll_event events[256];
		int64_t due = begun + (int64_t)((double)asked * 1e9 / (rate > 0 ? rate : 1));
		int64_t wait_us = rate > 0 ? (due - at) / 1000 : 100000;
		struct timespec wait = {
			0, wait_us > 0 ? (wait_us < 100000 ? wait_us : 100000) * 1000 : 0};
		int n = epoll_pwait2(epoll_fd, events, 256, &wait, NULL);
		at = now_ns();
		for (int i = 0; i < n; i++) {
			client *c = events[i].data.ptr;
			if (!receive(c, at))
				die("a connection was closed");
			if (rate <= 0 && !c->busy)
				ask(c, at);
		}
		for (int tried = 0; rate > 0 && tried < connections && due <= at; tried++) {
			client *c = &clients[idle];
			idle = (idle + 1) % connections;
			if (c->busy)
				continue;
			ask(c, due);
			asked++;
			due = begun + (int64_t)((double)asked * 1e9 / rate);
		}
	}
	free(clients);
	return (double)sample_count / ((double)(at - begun) / 1e9);
}

static void open_slow(int count, bool bodies)
{
	static const char head[] = "POST /predict HTTP/1.1\r\nHost: slow\r\n";
	for (int i = 0; i < count; i++) {
		int fd = dial();
		send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
		if (bodies)
			send(fd, "Content-Length: 100000\r\n\r\n", 26, MSG_NOSIGNAL);
		slow[slow_count++] = fd;
	}
}

/* Sends one more byte on each: of the name of a header, or of the body. Closed connections are opened again. */
static void drip(bool bodies)
{
	for (int i = 0; i < slow_count; i++) {
		char gone[512];
		if (recv(slow[i], gone, sizeof gone, MSG_DONTWAIT) == 0 ||
			send(slow[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
			close(slow[i]);
			slow[i] = slow[--slow_count];
			open_slow(1, bodies);
		}
	}
}

/* A new connection every 20 ms while the slow ones send. */
static double fresh(double seconds, bool bodies)
{
	int64_t begun = now_ns(), until = begun + (int64_t)(seconds * 1e9), drip_at = begun;
	while (now_ns() < until) {
		client c = {.fd = -1};
		if (slow_count && now_ns() >= drip_at) {
			drip(bodies);
			drip_at = now_ns() + 500000000;
		}
		int64_t due = now_ns();
		c.fd = dial();
		ask(&c, due);
		while (c.busy)
			if (!receive(&c, now_ns())) {
				failed++;
				break;
			}
		close(c.fd);
		usleep(20000);
	}
	return (double)sample_count / ((double)(now_ns() - begun) / 1e9);
}

static void hold_idle(int count, double seconds)
{
	for (int i = 0; i < count; i++) {
		client c = {.fd = dial()};
		ask(&c, now_ns());
		while (c.busy && receive(&c, now_ns()))
			;
	}
	puts("idle");
	fflush(stdout);
	usleep((useconds_t)(seconds * 1e6));
}

/* ---- output --------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static uint32_t quantile(double share)
{
	size_t at = (size_t)(share * (double)sample_count);
	if (!sample_count)
		return 0;
	return samples[at < sample_count ? at : sample_count - 1];
}

int main(int argc, char **argv)
{
	int connections = 16, slow_heads = 0, slow_bodies = 0, idle = 0;
	double rate = 0, persecond = 0;
	bool quantiles = false, is_fresh = false;
	struct rlimit files = {MAX_CONNECTIONS + 100, MAX_CONNECTIONS + 100};
	if (argc < 4)
		return 2;
	for (int i = 4; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "0";
		int *number = NULL;
		if (!strcmp(argv[i], "--connections"))
			number = &connections;
		else if (!strcmp(argv[i], "--slow-heads"))
			number = &slow_heads;
		else if (!strcmp(argv[i], "--slow-bodies"))
			number = &slow_bodies;
		else if (!strcmp(argv[i], "--idle"))
			number = &idle;
		if (number)
			*number = atoi(value);
		if (!strcmp(argv[i], "--rate"))
			rate = atof(value);
		quantiles |= !strcmp(argv[i], "--quantiles");
		is_fresh |= !strcmp(argv[i], "--fresh");
	}
	setrlimit(RLIMIT_NOFILE, &files);
	make_request(argv[1], argv[3]);
	samples = malloc(MAX_SAMPLES * sizeof *samples);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	double seconds = atof(argv[2]);
	if (idle) {
		hold_idle(idle, seconds);
		return 0;
	}
	open_slow(slow_heads ? slow_heads : slow_bodies, slow_bodies > 0);
	if (is_fresh || slow_count)
		persecond = fresh(seconds, slow_bodies > 0);
	else
		persecond = load(connections, seconds, rate);
	if (failed)
		fprintf(stderr, "%zu requests failed\n", failed);
	qsort(samples, sample_count, sizeof *samples, by_value);
	printf("%.0f", persecond);
	if (quantiles)
		printf(" %u %u %u", quantile(0.5), quantile(0.99), quantile(1));
	putchar('\n');
	return 0;
}
