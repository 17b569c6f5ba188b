/*
 * bench_mlflow.c - MLflow's REST protocol at two servers, in turns, with kept connections and no client library.
 *
 *	bench_mlflow log-metric|log-batch|clients|search|history OURS PEER      OURS, PEER: NAME=http://address:port[,TOKEN]
 *	bench_mlflow fill OURS RUNS POINTS     makes an experiment of RUNS runs, and a run with POINTS points, by requests
 *	bench_mlflow start PORT COMMAND...     seconds until GET /health is answered; then ends it
 *
 * Prints a JSON line for each figure, as tests/bench/run.sh reads them.
 */
#include "core/base/env.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 16, SAMPLES = 100000, BATCH = 1000 };

typedef struct server {
	const char *name, *token;
	struct sockaddr_in address;
	char run[64], experiment[64];
} server;

typedef struct client {
	const server *s;
	int fd;
	char *in;
	size_t size, len;
	char *body; /* of the last response */
	int status;
} client;

static int64_t now_ns(void)
{
	return bn_env_monotonic_ns(bn_env_real());
}

static void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("bench_mlflow: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputs("\n", stderr);
	va_end(ap);
	exit(1);
}

static void parse_server(server *s, char *text)
{
	char host[64];
	int port;
	*s = (server){.name = text};
	char *url = strchr(text, '='), *comma = strchr(text, ',');
	if (!url)
		die("NAME=URL, not %s", text);
	*url++ = '\0';
	if (comma)
		*comma++ = '\0';
	s->token = comma;
	if (sscanf(url, "http://%63[^:/]:%d", host, &port) != 2)
		die("the URL is not http://address:port: %s", url);
	s->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	inet_pton(AF_INET, host, &s->address.sin_addr);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void dial(client *c, const server *s)
{
	int one = 1;
	struct timeval wait = {600, 0};
	*c = (client){.s = s, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .size = 1 << 20};
	c->in = malloc(c->size);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(c->fd, (const struct sockaddr *)&s->address, sizeof s->address))
		die("%s: connect: %s", s->name, strerror(errno));
}

static void hang_up(client *c)
{
	close(c->fd);
	free(c->in);
}

static void send_all(client *c, const char *bytes, size_t n)
{
	for (ssize_t sent; n; bytes += sent, n -= (size_t)sent)
		if ((sent = send(c->fd, bytes, n, MSG_NOSIGNAL)) <= 0)
			die("%s: send: %s", c->s->name, strerror(errno));
}

static void receive(client *c)
{
	size_t need = 0;
	c->len = 0;
	c->body = NULL;
	while (!c->body || c->len < need) {
		if (c->len + 65536 > c->size && !(c->in = realloc(c->in, c->size *= 2)))
			die("out of memory");
		ssize_t n = recv(c->fd, c->in + c->len, c->size - c->len - 1, 0);
		if (n <= 0)
			die("%s: the connection ended", c->s->name);
		c->len += (size_t)n;
		c->in[c->len] = '\0';
		char *end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "\r\ncontent-length:");
		if (end && (!length || length > end))
			die("%s: a response without a length", c->s->name);
		if (end) {
			c->body = end + 4;
			need = (size_t)(end + 4 - c->in) + strtoul(length + 17, NULL, 10);
		}
	}
	c->status = atoi(c->in + 9);
}

/* The time that it took, in seconds. */
static double ask(client *c, const char *method, const char *path, const char *body)
{
	char head[1024];
	size_t n = body ? strlen(body) : 0;
	int head_n = snprintf(head, sizeof head,
		"%s /api/2.0/mlflow/%s HTTP/1.1\r\nHost: localhost\r\n%s%s%sContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n",
		method, path, c->s->token ? "Authorization: Bearer " : "",
		c->s->token ? c->s->token : "", c->s->token ? "\r\n" : "", n);
	char *whole = malloc((size_t)head_n + n + 1);
	memcpy(whole, head, (size_t)head_n);
	memcpy(whole + head_n, body ? body : "", n);
	int64_t began = now_ns();
	send_all(c, whole, (size_t)head_n + n);
	receive(c);
	double took = (double)(now_ns() - began) / 1e9;
	free(whole);
	return took;
}

static void must(client *c, const char *what)
{
	if (c->status != 200)
		die("%s: %s: %d %.300s", c->s->name, what, c->status, c->body);
}

/* The text of the first field of that name. */
static void field(char out[64], const client *c, const char *name)
{
	char quoted[64];
	snprintf(quoted, sizeof quoted, "\"%s\"", name);
	const char *p = strstr(c->body, quoted);
	p = p ? strchr(p + strlen(quoted), '"') : NULL;
	if (!p || sscanf(p + 1, "%63[^\"]", out) != 1)
		die("%s: no %s in %.300s", c->s->name, name, c->body);
}

static void new_run(client *c, char out[64], const char *experiment, const char *name)
{
	char body[256];
	snprintf(body, sizeof body, "{\"experiment_id\":\"%s\",\"start_time\":%lld,\"run_name\":\"%s\"}",
		experiment, (long long)1700000000000, name);
	ask(c, "POST", "runs/create", body);
	must(c, "a run");
	field(out, c, "run_id");
}

/* ---- figures --------------------------------------------------------------------------------- */

typedef struct figures {
	double *at;
	size_t count;
} figures;

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void add(figures *f, double x)
{
	if (!f->at)
		f->at = malloc(SAMPLES * sizeof *f->at);
	if (f->count < SAMPLES)
		f->at[f->count++] = x;
}

static double quantile(figures *f, double q)
{
	qsort(f->at, f->count, sizeof *f->at, by_size);
	return f->at[(size_t)(q * (double)(f->count - 1))];
}

static void say(const char *what, double ours, const server *peer, double theirs, const char *note)
{
	printf("{\"area\": \"mlflow\", \"what\": \"%s\", \"ours_s\": %.9g, \"peer\": \"%s\", \"peer_s\": %.9g%s%s%s}\n",
		what, ours, peer->name, theirs, *note ? ", \"note\": \"" : "", note, *note ? "\"" : "");
	printf("%s: %.4g s, %s %.4g s: %.1f times\n", what, ours, peer->name, theirs, theirs / ours);
}

static void metric_body(char *out, size_t size, const char *run, long i)
{
	snprintf(out, size,
		"{\"run_id\":\"%s\",\"run_uuid\":\"%s\",\"key\":\"loss\",\"value\":%.17g,\"timestamp\":%lld,\"step\":%ld}",
		run, run, 1.0 / (double)(i + 1), 1700000000000LL + i, i);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void bench_log_metric(server s[2])
{
	client c[2];
	figures took[2] = {{0}};
	char body[512];
	for (int k = 0; k < 2; k++) {
		dial(&c[k], &s[k]);
		new_run(&c[k], s[k].run, "0", "one client");
	}
	long next[2] = {0, 0};
	for (int round = 0; round < 8; round++)
		for (int k = 0; k < 2; k++)
			for (int i = 0; i < (k ? 60 : 300); i++) {
				metric_body(body, sizeof body, s[k].run, next[k]++);
				double t = ask(&c[k], "POST", "runs/log-metric", body);
				must(&c[k], "log-metric");
				if (round) /* the first one warms up */
					add(&took[k], t);
			}
	say("log_metric p50", quantile(&took[0], 0.5), &s[1], quantile(&took[1], 0.5), "durable when answered");
	say("log_metric p99", quantile(&took[0], 0.99), &s[1], quantile(&took[1], 0.99), "");
}

/* A batch of metrics; the caller frees it. */
static char *batch_body(const char *run, long first, long n)
{
	size_t size = (size_t)n * 100 + 200;
	char *out = malloc(size);
	size_t at = (size_t)snprintf(out, size, "{\"run_id\":\"%s\",\"metrics\":[", run);
	for (long i = first; i < first + n; i++)
		at += (size_t)snprintf(out + at, size - at,
			"%s{\"key\":\"loss\",\"value\":%.9g,\"timestamp\":%lld,\"step\":%ld}", i > first ? "," : "",
			1.0 / (double)(i + 1), 1700000000000LL + i, i);
	snprintf(out + at, size - at, "]}");
	return out;
}

static void bench_log_batch(server s[2])
{
	client c[2];
	double took[2] = {0, 0};
	long rows[2] = {0, 0};
	for (int k = 0; k < 2; k++) {
		dial(&c[k], &s[k]);
		new_run(&c[k], s[k].run, "0", "batches");
	}
	for (int round = 0; round < 4; round++)
		for (int k = 0; k < 2; k++)
			for (int i = 0; i < (k ? 3 : 15); i++) {
				char *body = batch_body(s[k].run, rows[k], BATCH);
				took[k] += ask(&c[k], "POST", "runs/log-batch", body);
				must(&c[k], "log-batch");
				rows[k] += BATCH;
				free(body);
			}
	char note[96];
	snprintf(note, sizeof note, "%.0f and %.0f rows/s", (double)rows[0] / took[0], (double)rows[1] / took[1]);
	say("log_batch, a row of 1000", took[0] / (double)rows[0], &s[1], took[1] / (double)rows[1], note);
}

typedef struct worker {
	const server *s;
	char run[64];
	int count;
	figures took;
	pthread_t thread;
} worker;

static void *work(void *user)
{
	worker *w = user;
	client c;
	char body[512];
	dial(&c, w->s);
	new_run(&c, w->run, "0", "of many");
	for (long i = 0; i < w->count; i++) {
		metric_body(body, sizeof body, w->run, i);
		double t = ask(&c, "POST", "runs/log-metric", body);
		must(&c, "log-metric");
		add(&w->took, t);
	}
	hang_up(&c);
	return NULL;
}

static void bench_clients(server s[2])
{
	double took[2] = {0, 0};
	long count[2] = {0, 0};
	figures all[2] = {{0}};
	for (int round = 0; round < 3; round++)
		for (int k = 0; k < 2; k++) {
			worker w[CLIENTS] = {{0}};
			int64_t began = now_ns();
			for (int i = 0; i < CLIENTS; i++) {
				w[i].s = &s[k];
				w[i].count = k ? 20 : 200;
				pthread_create(&w[i].thread, NULL, work, &w[i]);
			}
			for (int i = 0; i < CLIENTS; i++) {
				pthread_join(w[i].thread, NULL);
				count[k] += w[i].count;
				for (size_t j = 0; j < w[i].took.count; j++)
					add(&all[k], w[i].took.at[j]);
				free(w[i].took.at);
			}
			took[k] += (double)(now_ns() - began) / 1e9;
		}
	char note[96];
	snprintf(note, sizeof note, "%.0f and %.0f requests/s", (double)count[0] / took[0], (double)count[1] / took[1]);
	say("16 clients, a log_metric", took[0] / (double)count[0], &s[1], took[1] / (double)count[1], note);
	say("16 clients, log_metric p99", quantile(&all[0], 0.99), &s[1], quantile(&all[1], 0.99), "");
}

/* ---- reading --------------------------------------------------------------------------------- */

static void find_experiment(client *c, server *s)
{
	ask(c, "GET", "experiments/get-by-name?experiment_name=bench", NULL);
	must(c, "the experiment");
	field(s->experiment, c, "experiment_id");
}

static long count_of(const char *body, const char *word)
{
	long n = 0;
	for (const char *p = body; (p = strstr(p, word)); p += strlen(word))
		n++;
	return n;
}

static void bench_search(server s[2])
{
	client c[2];
	figures took[2] = {{0}};
	char body[512];
	long found[2] = {0, 0};
	for (int k = 0; k < 2; k++) {
		dial(&c[k], &s[k]);
		find_experiment(&c[k], &s[k]);
	}
	for (int round = 0; round < 6; round++)
		for (int k = 0; k < 2; k++) {
			snprintf(body, sizeof body,
				"{\"experiment_ids\":[\"%s\"],\"filter\":\"metrics.acc > 0.5\",\"max_results\":1000,"
				"\"order_by\":[\"metrics.acc DESC\"]}",
				s[k].experiment);
			hang_up(&c[k]); /* the other one may have taken longer than this one waits */
			dial(&c[k], &s[k]);
			double t = ask(&c[k], "POST", "runs/search", body);
			must(&c[k], "search");
			found[k] = count_of(c[k].body, "\"artifact_uri\"");
			if (round)
				add(&took[k], t);
		}
	if (found[0] != 1000 || found[1] != 1000)
		die("%ld and %ld runs, not 1000", found[0], found[1]);
	say("search_runs, 1000 of 10 000", quantile(&took[0], 0.5), &s[1], quantile(&took[1], 0.5),
		"metric filter, sorted");
}

static double read_history(client *c, const char *run, long *points)
{
	char path[1024], token[512] = "";
	double took = 0;
	*points = 0;
	do {
		snprintf(path, sizeof path, "metrics/get-history?run_id=%s&metric_key=loss&max_results=25000%s%s", run,
			*token ? "&page_token=" : "", token);
		took += ask(c, "GET", path, NULL);
		must(c, "history");
		*points += count_of(c->body, "\"timestamp\"");
		const char *p = strstr(c->body, "\"next_page_token\"");
		p = p ? strchr(p + 17, '"') : NULL;
		size_t n = p ? strcspn(p + 1, "\"") : 0;
		if (n > sizeof token / 3)
			die("a page token of %zu bytes", n);
		char *to = token;
		for (size_t i = 0; i < n; i++)
			to += p[1 + i] == '=' ? sprintf(to, "%%3D") : p[1 + i] == '+' ? sprintf(to, "%%2B") : sprintf(to, "%c", p[1 + i]);
		*to = '\0';
	} while (*token);
	return took;
}

static void bench_history(server s[2])
{
	client c[2];
	double took[2];
	long points[2];
	char body[256];
	for (int k = 0; k < 2; k++) {
		dial(&c[k], &s[k]);
		find_experiment(&c[k], &s[k]);
		snprintf(body, sizeof body,
			"{\"experiment_ids\":[\"%s\"],\"filter\":\"attributes.run_name = 'history'\",\"max_results\":1}",
			s[k].experiment);
		ask(&c[k], "POST", "runs/search", body);
		must(&c[k], "the run of the history");
		field(s[k].run, &c[k], "run_id");
		took[k] = read_history(&c[k], s[k].run, &points[k]);
	}
	if (points[0] != points[1])
		die("%ld and %ld points", points[0], points[1]);
	char what[64];
	snprintf(what, sizeof what, "history of %ld points", points[0]);
	say(what, took[0], &s[1], took[1], "pages of 25 000");
}

/* ---- filling --------------------------------------------------------------------------------- */

/* The same values as tests/bench/peers/mlflow_fill.py writes into MLflow's tables. */
static void fill_run(client *c, const server *s, long i)
{
	char id[64], name[32], body[1024];
	snprintf(name, sizeof name, "run %ld", i);
	new_run(c, id, s->experiment, name);
	snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"metrics\":[{\"key\":\"acc\",\"value\":%.17g,\"timestamp\":1,\"step\":1},"
		"{\"key\":\"loss\",\"value\":%ld,\"timestamp\":1,\"step\":1},{\"key\":\"f1\",\"value\":0.5,\"timestamp\":1,"
		"\"step\":1}],\"params\":[{\"key\":\"lr\",\"value\":\"0.%ld\"},{\"key\":\"optimizer\",\"value\":\"adam\"},"
		"{\"key\":\"depth\",\"value\":\"%ld\"}],\"tags\":[{\"key\":\"team\",\"value\":\"a\"}]}",
		id, (double)(i * 7919 % 10007) / 10007, i, i % 100, i % 12);
	ask(c, "POST", "runs/log-batch", body);
	must(c, "log-batch");
}

typedef struct filler {
	const server *s;
	long from, to;
	pthread_t thread;
} filler;

static void *fill_some(void *user)
{
	filler *f = user;
	client c;
	dial(&c, f->s);
	for (long i = f->from; i < f->to; i++)
		fill_run(&c, f->s, i);
	hang_up(&c);
	return NULL;
}

static void fill(server *s, long runs, long points)
{
	client c;
	filler f[CLIENTS];
	dial(&c, s);
	ask(&c, "POST", "experiments/create", "{\"name\":\"bench\"}");
	must(&c, "the experiment");
	field(s->experiment, &c, "experiment_id");
	for (int i = 0; i < CLIENTS; i++) {
		f[i] = (filler){.s = s, .from = runs * i / CLIENTS, .to = runs * (i + 1) / CLIENTS};
		pthread_create(&f[i].thread, NULL, fill_some, &f[i]);
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(f[i].thread, NULL);
	hang_up(&c); /* a server ends connections that are idle for long */
	dial(&c, s);
	new_run(&c, s->run, s->experiment, "history");
	for (long i = 0; i < points; i += BATCH) {
		char *body = batch_body(s->run, i, BATCH);
		ask(&c, "POST", "runs/log-batch", body);
		must(&c, "log-batch");
		free(body);
	}
	hang_up(&c);
}

/* ---- starting -------------------------------------------------------------------------------- */

static bool is_healthy(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	static const char get[] = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char in[64] = "";
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
		  send(fd, get, sizeof get - 1, MSG_NOSIGNAL) > 0 && recv(fd, in, sizeof in - 1, 0) > 12 &&
		  !strncmp(in + 9, "200", 3);
	close(fd);
	return is;
}

static void bench_start(int port, char **command)
{
	int64_t began = now_ns();
	pid_t pid = fork();
	if (!pid) {
		dup2(2, 1);
		setpgid(0, 0);
		execvp(command[0], command);
		_exit(127);
	}
	while (!is_healthy(port)) {
		if (now_ns() - began > 120000000000LL)
			die("%s does not answer", command[0]);
		usleep(1000);
	}
	printf("%.6f\n", (double)(now_ns() - began) / 1e9);
	kill(-pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	server s[2];
	if (argc >= 4 && !strcmp(argv[1], "start")) {
		bench_start(atoi(argv[2]), argv + 3);
		return 0;
	}
	if (argc < 4)
		die("see the head of bench_mlflow.c");
	parse_server(&s[0], argv[2]);
	if (!strcmp(argv[1], "fill")) {
		fill(&s[0], atol(argv[3]), argc > 4 ? atol(argv[4]) : 0);
		return 0;
	}
	parse_server(&s[1], argv[3]);
	if (!strcmp(argv[1], "log-metric"))
		bench_log_metric(s);
	else if (!strcmp(argv[1], "log-batch"))
		bench_log_batch(s);
	else if (!strcmp(argv[1], "clients"))
		bench_clients(s);
	else if (!strcmp(argv[1], "search"))
		bench_search(s);
	else if (!strcmp(argv[1], "history"))
		bench_history(s);
	else
		die("no such figure: %s", argv[1]);
	return 0;
}
