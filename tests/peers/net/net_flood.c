/*
 * A crowd of clients for a server, and one honest client among them:
 *
 *	net_flood PORT TOKEN SECONDS SLOW BUSY BAD LARGE BODY-FILE [--tls [HELLOS]]
 *
 * SLOW connections send a byte of a head or a body every half second (every third one has the token), BUSY ones post
 * BODY-FILE repeatedly, BAD ones send many requests at once with invalid tokens, and LARGE ones post bodies of the
 * largest size that are expensive to parse. Connections that the server closes are opened again. The honest client, in a
 * separate thread, sends a request every 20 ms, alternately on a kept connection and a new one. With --tls all of them
 * use TLS, each connection with a full handshake; HELLOS more, from another address (127.0.0.2), only begin handshakes,
 * all with the same first message, which costs them nothing, and begin again when the server has answered. Prints a
 * table, and as its last line "honest N FAILED P50_MS P99_MS MAX_MS rows ROWS": ROWS is the number of rows predicted in
 * responses of status 200 that were received.
 */
#include "core/base/env.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

typedef enum kind { SLOW_HEAD, SLOW_BODY, BUSY, BAD, LARGE, HELLO, KINDS } kind;

static const char *const names[KINDS] = {
	"slow heads", "slow bodies", "busy", "bad tokens", "large bodies", "first messages of TLS"};

typedef struct client {
	kind kind;
	int fd;
	SSL *tls; /* NULL: none */
	unsigned number;
	const char *out; /* bytes to send, and how many were sent */
	size_t out_len, sent;
	char in[1024]; /* the last received bytes */
	size_t len;
	size_t skip;      /* bytes missing of a response body */
	unsigned waiting; /* responses */
	int64_t next_ns;  /* of a slow client */
} client;

typedef struct tally {
	uint64_t answers, ok, refused, closed, rows;
} tally;

enum { PIPELINED = 16, SAMPLES = 1000000, LARGE_BYTES = 16 << 20 };

static struct sockaddr_in address;
static SSL_CTX *with_tls; /* NULL: without TLS */
static const char *token;
static int epoll_fd;
static tally tallies[KINDS];
static char *busy_request, *bad_requests, *large_requests[3];
static size_t busy_len, bad_len, large_len[3];
static char slow_head[256], slow_body[512], hello[4096];
static int hello_len;
static int64_t until_ns;
static uint32_t samples[SAMPLES]; /* microseconds, of the honest client */
static size_t sample_count, honest_failed;

static int64_t now_ns(void)
{
	return bn_env_monotonic_ns(bn_env_real());
}

static void die(const char *what)
{
	fprintf(stderr, "net_flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int dial_from(const char *from, int flags)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (from) {
		struct linger reset = {1, 0}; /* returns quickly */
		struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {inet_addr(from)}};
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		if (bind(fd, (struct sockaddr *)&own, sizeof own))
			die("bind");
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static int dial(int flags)
{
	return dial_from(NULL, flags);
}

/* ---- bytes, with TLS or without ------------------------------------------------------------- */

static SSL *begin_tls(int fd)
{
	SSL *tls = with_tls ? SSL_new(with_tls) : NULL;
	if (!tls)
		return NULL;
	SSL_set_fd(tls, fd);
	SSL_set_connect_state(tls);
	SSL_do_handshake(tls); /* as far as possible */
	return tls;
}

/* Maps OpenSSL's result to that of send and recv. */
static ssize_t plainly(SSL *tls, int n)
{
	if (n > 0)
		return n;
	int why = SSL_get_error(tls, n);
	ERR_clear_error();
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
	return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

/* OpenSSL writes one record at a time; fills the socket, so that large bodies are as fast as without TLS. */
static ssize_t put(int fd, SSL *tls, const char *bytes, size_t n)
{
	ssize_t sent = 0, got;
	if (!tls)
		return send(fd, bytes, n, MSG_NOSIGNAL);
	do {
		size_t left = n - (size_t)sent;
		got = plainly(tls, SSL_write(tls, bytes + sent, left > 16384 ? 16384 : (int)left));
		sent += got > 0 ? got : 0;
	} while (got > 0 && (size_t)sent < n && sent < 1 << 20);
	return sent ? sent : got;
}

static ssize_t get(int fd, SSL *tls, char *bytes, size_t n)
{
	return tls ? plainly(tls, SSL_read(tls, bytes, (int)n)) : recv(fd, bytes, n, 0);
}

static void use_tls(void)
{
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	with_tls = SSL_CTX_new(TLS_client_method());
	if (!with_tls)
		die("TLS");
	SSL_CTX_set_mode(with_tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
					   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					   SSL_MODE_RELEASE_BUFFERS);
}

static void make_hello(void)
{
	SSL *tls = SSL_new(with_tls);
	SSL_set_bio(tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(tls);
	SSL_do_handshake(tls);
	hello_len = BIO_read(SSL_get_wbio(tls), hello, sizeof hello);
	SSL_free(tls);
}

/* ---- requests ------------------------------------------------------------------------------- */

static char *make_request(size_t *len, const char *bearer, const char *body, size_t n)
{
	char *text = malloc(n + 512);
	int head = snprintf(text, 512,
		"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		"Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n",
		bearer, n);
	memcpy(text + head, body, n);
	*len = (size_t)head + n;
	return text;
}

/* Bodies that are expensive to parse: empty objects, numbers, an endless string. */
static void make_large(void)
{
	static const char *const pieces[] = {"{},", "1,", "aaaaaaaa"};
	for (int i = 0; i < 3; i++) {
		size_t n = strlen(pieces[i]), used = 0;
		char *body = malloc(LARGE_BYTES);
		used += (size_t)sprintf(body, i == 2 ? "{\"a\":\"" : "[");
		for (; used + n + 4 < LARGE_BYTES; used += n)
			memcpy(body + used, pieces[i], n);
		used += (size_t)sprintf(body + used, i == 2 ? "\"}" : "1]");
		large_requests[i] = make_request(&large_len[i], token, body, used);
		free(body);
	}
}

static void make_requests(const char *path)
{
	static char body[1 << 20];
	FILE *f = fopen(path, "r");
	if (!f)
		die(path);
	size_t n = fread(body, 1, sizeof body, f);
	fclose(f);
	busy_request = make_request(&busy_len, token, body, n);
	bad_requests = malloc(PIPELINED * 512);
	for (int i = 0; i < PIPELINED; i++)
		bad_len += (size_t)sprintf(bad_requests + bad_len,
			"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
			"%048x\r\n\r\n",
			rand());
	snprintf(slow_head, sizeof slow_head,
		"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: %0100d", 0);
	snprintf(slow_body, sizeof slow_body,
		"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		"Authorization: Bearer %s\r\nContent-Length: 1000000\r\n\r\n%0100d",
		token, 0);
}

/* ---- one of the crowd ----------------------------------------------------------------------- */

static void start_request(client *c)
{
	unsigned of = c->number % 3;
	c->sent = 0;
	switch (c->kind) {
	case SLOW_HEAD:
		c->out = slow_head;
		break;
	case SLOW_BODY:
		c->out = slow_body;
		break;
	case BUSY:
		c->out = busy_request;
		c->out_len = busy_len;
		break;
	case BAD:
		c->out = bad_requests;
		c->out_len = bad_len;
		break;
	case HELLO:
		c->out = hello;
		c->out_len = (size_t)hello_len;
		break;
	default:
		c->out = large_requests[of];
		c->out_len = large_len[of];
	}
	if (c->kind == SLOW_HEAD || c->kind == SLOW_BODY)
		c->out_len = strlen(c->out);
	c->waiting = c->kind == BAD ? PIPELINED : 1;
}

static void watch(client *c, int op)
{
	bool is_slow = c->kind == SLOW_HEAD || c->kind == SLOW_BODY;
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	if (c->tls && SSL_in_init(c->tls) ? SSL_want_write(c->tls)
					  : c->sent < c->out_len && !is_slow)
		e.events |= EPOLLOUT;
	epoll_ctl(epoll_fd, op, c->fd, &e);
}

static void come(client *c)
{
	c->fd = c->kind == HELLO ? dial_from("127.0.0.2", SOCK_NONBLOCK) : dial(SOCK_NONBLOCK);
	if (c->fd < 0)
		die("connect");
	c->tls = c->kind == HELLO ? NULL : begin_tls(c->fd);
	c->len = c->skip = 0;
	start_request(c);
	watch(c, EPOLL_CTL_ADD);
}

static void come_again(client *c)
{
	tallies[c->kind].closed++;
	SSL_free(c->tls);
	close(c->fd);
	come(c);
}

/* False: the server closed the connection. */
static bool send_some(client *c, size_t most)
{
	size_t left = c->out_len - c->sent;
	if (!left)
		return true;
	ssize_t n = put(c->fd, c->tls, c->out + c->sent, left < most ? left : most);
	if (n > 0)
		c->sent += (size_t)n;
	return n > 0 || errno == EAGAIN;
}

static void take_answer(client *c, const char *head)
{
	tally *t = &tallies[c->kind];
	const char *length = strcasestr(head, "content-length:");
	c->skip = length ? strtoul(length + 15, NULL, 10) : 0;
	t->answers++;
	if (!strncmp(head, "HTTP/1.1 200", 12)) {
		t->ok++;
		t->rows += c->kind == BUSY;
	} else {
		t->refused++;
	}
	if (c->waiting)
		c->waiting--;
}

/* Divides the received bytes into responses. */
static void take(client *c, const char *bytes, size_t n)
{
	while (n) {
		size_t drop = n < c->skip ? n : c->skip;
		bytes += drop;
		n -= drop;
		c->skip -= drop;
		if (!n)
			return;
		if (c->len + 1 == sizeof c->in) { /* an endless head */
			c->len = 0;
			return;
		}
		c->in[c->len++] = *bytes++;
		n--;
		c->in[c->len] = '\0';
		if (c->len >= 4 && !memcmp(c->in + c->len - 4, "\r\n\r\n", 4)) {
			take_answer(c, c->in);
			c->len = 0;
		}
	}
}

static void on_event(client *c, unsigned events)
{
	static char page[65536];
	ssize_t n = 1;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		n = get(c->fd, c->tls, page, sizeof page);
		if (n > 0 && c->kind == HELLO) {
			tallies[HELLO].answers++;
			n = 0;
		} else if (n > 0)
			take(c, page, (size_t)n);
		else if (n < 0 && errno == EAGAIN)
			n = 1;
	}
	bool gone = n <= 0 || (events & EPOLLOUT && !send_some(c, SIZE_MAX));
	if (!gone && !c->waiting && !c->skip) {
		start_request(c);
		gone = c->kind != SLOW_HEAD && c->kind != SLOW_BODY && !send_some(c, SIZE_MAX);
	}
	if (gone)
		come_again(c);
	else
		watch(c, EPOLL_CTL_MOD);
}

static void drip(client *clients, size_t count, int64_t at)
{
	for (size_t i = 0; i < count; i++) {
		client *c = &clients[i];
		if ((c->kind != SLOW_HEAD && c->kind != SLOW_BODY) || c->next_ns > at)
			continue;
		/* the head of a slow body is sent at once */
		size_t head = c->kind == SLOW_BODY && !c->sent ? c->out_len - 100 : 1;
		c->next_ns = at + 500000000;
		if (!send_some(c, head))
			come_again(c);
	}
}

/* ---- the honest client --------------------------------------------------------------------- */

static bool ask(int fd, SSL *tls)
{
	char text[65536];
	size_t len = 0;
	if (put(fd, tls, busy_request, busy_len) != (ssize_t)busy_len)
		return false;
	for (;;) {
		ssize_t n = get(fd, tls, text + len, sizeof text - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
		if (end && length &&
			len >= (size_t)(end + 4 - text) + strtoul(length + 15, NULL, 10))
			return !strncmp(text, "HTTP/1.1 200", 12);
	}
}

static void *be_honest(void *user)
{
	int kept = -1;
	SSL *kept_tls = NULL;
	(void)user;
	for (unsigned i = 0; now_ns() < until_ns && sample_count < SAMPLES; i++) {
		struct timeval wait = {30, 0};
		int64_t begun = now_ns();
		bool is_new = i % 2, dials = is_new || kept < 0;
		int fd = dials ? dial(0) : kept;
		if (fd >= 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
		SSL *tls = !dials ? kept_tls : fd >= 0 ? begin_tls(fd) : NULL;
		bool ok = fd >= 0 && ask(fd, tls);
		honest_failed += !ok;
		samples[sample_count++] = (uint32_t)((now_ns() - begun) / 1000);
		if (is_new || !ok) {
			SSL_free(tls);
			if (fd >= 0)
				close(fd);
			kept = is_new ? kept : -1;
			kept_tls = is_new ? kept_tls : NULL;
		} else {
			kept = fd;
			kept_tls = tls;
		}
		usleep(20000);
	}
	SSL_free(kept_tls);
	if (kept >= 0)
		close(kept);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static double quantile_ms(double share)
{
	if (!sample_count)
		return 0;
	return samples[(size_t)(share * (double)(sample_count - 1))] / 1e3;
}

/* ---- all ------------------------------------------------------------------------------------ */

static void run(client *clients, size_t count)
{
	int64_t at = now_ns();
	while (at < until_ns) {
		struct epoll_event events[512];
		int n = epoll_wait(epoll_fd, events, 512, 50);
		at = now_ns();
		for (int i = 0; i < n; i++)
			on_event(events[i].data.ptr, events[i].events);
		drip(clients, count, at);
	}
}

static void report(const size_t *of)
{
	uint64_t rows = sample_count - honest_failed;
	printf("| who | connections | answers | of them 200 | refused | came again |\n");
	printf("|---|---|---|---|---|---|\n");
	for (int k = 0; k < KINDS; k++) {
		const tally *t = &tallies[k];
		printf("| %s | %zu | %llu | %llu | %llu | %llu |\n", names[k], of[k],
			(unsigned long long)t->answers, (unsigned long long)t->ok,
			(unsigned long long)t->refused, (unsigned long long)t->closed);
		rows += t->rows;
	}
	qsort(samples, sample_count, sizeof *samples, by_size);
	printf("honest %zu %zu %.1f %.1f %.1f rows %llu\n", sample_count, honest_failed,
		quantile_ms(0.5), quantile_ms(0.99), quantile_ms(1), (unsigned long long)rows);
}

int main(int argc, char **argv)
{
	struct rlimit r;
	if (argc != 9 && (argc < 10 || argc > 11 || strcmp(argv[9], "--tls") != 0)) {
		fprintf(stderr, "usage: net_flood PORT TOKEN SECONDS SLOW BUSY BAD LARGE BODY-FILE "
				"[--tls [HELLOS]]\n");
		return 2;
	}
	if (argc > 9) {
		use_tls();
		make_hello();
	}
	address = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argv[1])),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	token = argv[2];
	size_t slow = strtoul(argv[4], NULL, 10);
	size_t of[KINDS] = {[SLOW_HEAD] = slow - slow / 3,
		[SLOW_BODY] = slow / 3,
		[BUSY] = strtoul(argv[5], NULL, 10),
		[BAD] = strtoul(argv[6], NULL, 10),
		[LARGE] = strtoul(argv[7], NULL, 10),
		[HELLO] = argc > 10 ? strtoul(argv[10], NULL, 10) : 0};
	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	make_requests(argv[8]);
	make_large();
	size_t count = 0, made = 0;
	for (int k = 0; k < KINDS; k++)
		count += of[k];
	client *clients = calloc(count, sizeof *clients);
	until_ns = now_ns() + atoll(argv[3]) * 1000000000;
	pthread_t honest;
	pthread_create(&honest, NULL, be_honest, NULL);
	for (int k = 0; k < KINDS; k++)
		for (size_t i = 0; i < of[k]; i++) {
			client *c = &clients[made++];
			c->kind = (kind)k;
			c->number = (unsigned)i;
			c->next_ns = now_ns() + (int64_t)(i % 500) * 1000000;
			come(c);
		}
	run(clients, count);
	pthread_join(honest, NULL);
	report(of);
	for (size_t i = 0; i < made; i++) {
		SSL_free(clients[i].tls);
		close(clients[i].fd);
	}
	SSL_CTX_free(with_tls);
	free(clients);
	return 0;
}
