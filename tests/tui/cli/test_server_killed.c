/*
 * `binnacle server` under load, killed with SIGKILL at any moment: what it answered with 200 is there afterwards, each
 * point once, and so is nothing that nobody sent. BINNACLE_KILLS is the number of kills (2; 100 in `make check-all`).
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/workspace.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 4, MOST = 100000, START_MS = 60000 };

static toy_dir dir;
static char out_path[300];
static int port;

typedef struct client {
	char run[33];
	atomic_int answered; /* points 0..answered-1 were acknowledged */
	int sent;
	bool has_tag; /* a batch with a tag and a parameter was acknowledged */
	bool has_failed;
	pthread_t thread;
} client;

/* ---- the server ----------------------------------------------------------------------------- */

static const char *program(void)
{
	const char *p = getenv("BINNACLE");
	return p ? p : "build/binnacle";
}

static int64_t now_ms(void)
{
	return bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

static bool read_port(void)
{
	char text[2048] = "";
	FILE *f = fopen(out_path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	const char *p = strstr(text, "\"port\": ");
	return p && strchr(p, '\n') && sscanf(p + 8, "%d", &port) == 1;
}

static pid_t run_program(const char *const *args, const char *out)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	const char *argv[16] = {"binnacle", "-C", dir.path, "-q", "--json"};
	size_t n = 5;
	for (; *args; args++)
		argv[n++] = *args;
	setenv("XDG_STATE_HOME", dir.path, 1);
	setenv("XDG_CONFIG_HOME", dir.path, 1);
	unsetenv("BINNACLE_HOME");
	dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	execv(program(), (char *const *)argv);
	_exit(127);
}

static pid_t start_server(void)
{
	const char *args[] = {"server", "--port", "0", "--no-auth", NULL};
	unlink(out_path);
	pid_t pid = run_program(args, out_path);
	for (int64_t end = now_ms() + START_MS; now_ms() < end; usleep(10000)) {
		if (read_port())
			return pid;
		ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	}
	kill(pid, SIGKILL);
	ck_abort_msg("the server does not start");
	return 0;
}

/* ---- its clients ---------------------------------------------------------------------------- */

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool is_whole(const char *text, size_t len)
{
	const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
	return end && length && len >= (size_t)(end + 4 - text) + strtoul(length + 15, NULL, 10);
}

/* Sends a request; the response is in text. False: the connection is gone. */
static bool post(int fd, const char *route, const char *body, char text[4096])
{
	size_t len = 0;
	int n = snprintf(text, 4096,
		"POST /api/2.0/mlflow/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
		"application/json\r\nContent-Length: %zu\r\n\r\n%s",
		route, strlen(body), body);
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	do {
		ssize_t got = recv(fd, text + len, 4095 - len, 0);
		if (got <= 0)
			return false;
		len += (size_t)got;
		text[len] = '\0';
	} while (!is_whole(text, len));
	return true;
}

static bool is_ok(const char *text)
{
	return !strncmp(text, "HTTP/1.1 200", 12);
}

static void *log_points(void *user)
{
	client *c = user;
	char body[512], text[4096];
	int fd = dial();
	snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"tags\":[{\"key\":\"t\",\"value\":\"v\"}],\"params\":[{"
		"\"key\":"
		"\"p\",\"value\":\"1\"}]}",
		c->run);
	if (fd >= 0 && post(fd, "runs/log-batch", body, text)) {
		c->has_tag = is_ok(text);
		c->has_failed |= !c->has_tag;
	}
	for (c->sent = 0; fd >= 0 && c->sent < MOST; atomic_fetch_add(&c->answered, 1)) {
		snprintf(body, sizeof body,
			"{\"run_id\":\"%s\",\"key\":\"m\",\"value\":%d.5,\"timestamp\":%d,\"step\":"
			"%d}",
			c->run, c->sent, 1000 + c->sent, c->sent);
		c->sent++;
		if (!post(fd, "runs/log-metric", body, text))
			break;
		c->has_failed |= !is_ok(text);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void create_run(client *c)
{
	char text[4096];
	int fd = dial();
	ck_assert_int_ge(fd, 0);
	ck_assert(post(fd, "runs/create", "{\"experiment_id\":\"0\",\"start_time\":1}", text));
	const char *id = strstr(text, "\"run_id\":\"");
	ck_assert_msg(is_ok(text) && id, "%s", text);
	memcpy(c->run, id + 10, 32);
	close(fd);
}

/* ---- what is left --------------------------------------------------------------------------- */

static void check_client(bn_workspace *ws, const client *c)
{
	bn_err err = BN_ERR_INIT;
	bn_points p = BN_POINTS_INIT;
	bn_pairs params = BN_PAIRS_INIT;
	bn_run_info *r = NULL;
	ck_assert(!c->has_failed);
	ck_assert_bn_ok(bn_run_get(&r, ws, c->run, &err), &err);
	ck_assert_bn_ok(bn_series_read(&p, ws, c->run, "m", &err), &err);
	ck_assert_msg((int)p.count >= c->answered && (int)p.count <= c->sent,
		"%zu points, %d acknowledged, %d sent", p.count, c->answered, c->sent);
	for (size_t i = 0; i < p.count; i++) {
		ck_assert_int_eq(p.step[i], (int64_t)i);
		ck_assert_double_eq(p.value[i], (double)i + 0.5);
	}
	ck_assert_bn_ok(bn_run_params(&params, ws, c->run, &err), &err);
	ck_assert(!c->has_tag || bn_pairs_get(&params, "p"));
	bn_pairs_release(&params);
	bn_points_release(&p);
	bn_run_info_free(r);
}

static size_t kill_once(unsigned ms)
{
	static client clients[CLIENTS];
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	toy_env env;
	size_t total = 0;
	memset(clients, 0, sizeof clients);
	pid_t pid = start_server();
	for (int i = 0; i < CLIENTS; i++)
		create_run(&clients[i]);
	for (int i = 0; i < CLIENTS; i++)
		pthread_create(&clients[i].thread, NULL, log_points, &clients[i]);
	usleep(ms * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, bn_fold_classes, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	for (int i = 0; i < CLIENTS; i++) {
		check_client(ws, &clients[i]);
		total += (size_t)clients[i].answered;
	}
	bn_workspace_close(ws);
	return total;
}

START_TEST(test_what_was_acknowledged_survives_kill_9)
{
	const char *kills = getenv("BINNACLE_KILLS"), *init[] = {"init", NULL};
	size_t total = 0;
	int status = 0;
	toy_dir_make(&dir);
	snprintf(out_path, sizeof out_path, "%s/server.json", dir.path);
	waitpid(run_program(init, "/dev/null"), &status, 0);
	ck_assert_int_eq(status, 0);
	for (int i = 0; i < (kills ? atoi(kills) : 2); i++)
		total += kill_once(50 + (unsigned)(i * 131) % 700);
	ck_assert_uint_gt(total, 0);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("tui/cli/server_killed", test_what_was_acknowledged_survives_kill_9)
