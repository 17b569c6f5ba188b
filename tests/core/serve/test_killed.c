/*
 * The program's server under load, killed with SIGKILL at any moment: rows answered a second before are in the
 * prediction log, exactly once. BINNACLE_KILLS is the number of kills (2; 100 in `make check-all`).
 */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/table/table.h"
#include "core/monitor/prediction_log.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"
#include "tests/support/tiny_model.h"

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

enum { CLIENTS = 4, MOST = 200000 };

#define ROW "[0.5,-1,2,0.25,\"red\",true]"

static bn_workspace *ws;
static bn_err err;
static int port;
static char endpoint[16];
static int64_t answered_ms[CLIENTS][MOST]; /* time of the i-th response to a client; 0: never */
static unsigned char in_log[CLIENTS][MOST];

static int64_t now_ms(void)
{
	return bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

/* ---- the server ----------------------------------------------------------------------------- */

static bool read_start(const char *path)
{
	char text[2048] = "";
	FILE *f = fopen(path, "r");
	if (!f)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	const char *p = strstr(text, "\"port\": "), *e = strstr(text, "\"endpoint\": \"");
	return p && e && strchr(p, '\n') && sscanf(p + 8, "%d", &port) == 1 &&
	       sscanf(e + 13, "%12s", endpoint) == 1;
}

/* 0: it does not start. */
static pid_t start_server(const char *program, const char *model)
{
	char out[300];
	const char *dir = tiny_dir(); /* evaluated before the fork: a child has another one */
	snprintf(out, sizeof out, "%s/serve.json", dir);
	unlink(out);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execl(program, "binnacle", "-C", dir, "-q", "--json", "serve", model, "--port", "0",
			"--no-token", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 3000; i++) {
		if (read_start(out))
			return pid;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return 0;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
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

static void *ask_on(void *user)
{
	int64_t *times = user;
	long client = (times - answered_ms[0]) / MOST;
	int fd = dial();
	for (int i = 0; fd >= 0 && i < MOST; i++) {
		char text[2048];
		size_t len = 0;
		int n = snprintf(text, sizeof text,
			"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: q%ld-%d\r\n"
			"Content-Length: %zu\r\n\r\n%s",
			client, i, strlen(ROW), ROW);
		if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
			break;
		do {
			ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);
			if (got <= 0)
				goto out;
			len += (size_t)got;
			text[len] = '\0';
		} while (!is_whole(text, len));
		ck_assert(!strncmp(text, "HTTP/1.1 200", 12));
		times[i] = now_ms();
	}
out:
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* ---- the log -------------------------------------------------------------------------------- */

static void note_rows(const char *object)
{
	char *path = NULL;
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	ck_assert_bn_ok(object_path(ws, object, &path, &err), &err);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	for (size_t k = 0; k < bn_table_batches(t); k++) {
		ck_assert_bn_ok(bn_table_read(t, k, NULL, 0, &b, &err), &err);
		for (size_t r = 0; r < b.rows; r++) {
			bn_text id = bn_column_text(&b.columns[1], r);
			char text[40];
			int client, i;
			snprintf(text, sizeof text, "%.*s", (int)id.len, id.ptr);
			ck_assert_int_eq(sscanf(text, "q%d-%d", &client, &i), 2);
			in_log[client][i]++;
		}
		bn_batch_release(&b);
	}
	bn_table_reader_free(t);
	bn_free(path);
}

static void read_log(void)
{
	bn_prediction_window w = {.model = "power"};
	bn_prediction_batches l;
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	for (size_t i = 0; i < l.count; i++)
		if (!strcmp(l.items[i].endpoint, endpoint))
			note_rows(l.items[i].object);
	bn_prediction_batches_release(&l);
}

static void check(int64_t killed_ms, long *answered, long *owed)
{
	for (int c = 0; c < CLIENTS; c++)
		for (int i = 0; i < MOST; i++) {
			ck_assert_msg(
				in_log[c][i] <= 1, "q%d-%d is logged %d times", c, i, in_log[c][i]);
			if (!answered_ms[c][i])
				continue;
			++*answered;
			if (answered_ms[c][i] > killed_ms - 1000)
				continue;
			++*owed;
			ck_assert_msg(in_log[c][i] == 1,
				"q%d-%d was answered %lld ms before, and is not logged", c, i,
				(long long)(killed_ms - answered_ms[c][i]));
		}
}

START_TEST(test_what_a_killed_server_had_answered_a_second_before_is_logged)
{
	const char *program = getenv("BINNACLE"), *often = getenv("BINNACLE_KILLS");
	int kills = often ? atoi(often) : 2;
	long answered = 0, owed = 0;
	if (!program || access(program, X_OK))
		BN_TEST_SKIP("a killed server: BINNACLE names no program");
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	setenv("XDG_CONFIG_HOME", tiny_dir(), 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
	const char *model = tiny_model("power", "ridge", "y_number");
	srand((unsigned)now_ms());
	for (int k = 0; k < kills; k++) {
		pthread_t clients[CLIENTS];
		memset(answered_ms, 0, sizeof answered_ms);
		memset(in_log, 0, sizeof in_log);
		pid_t server = start_server(program, model);
		if (!server && k == 0)
			BN_TEST_SKIP("a killed server: it does not start here");
		ck_assert_int_gt(server, 0);
		for (int c = 0; c < CLIENTS; c++)
			pthread_create(&clients[c], NULL, ask_on, answered_ms[c]);
		usleep((useconds_t)(1100000 + rand() % 900000));
		int64_t killed_ms = now_ms();
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
		for (int c = 0; c < CLIENTS; c++)
			pthread_join(clients[c], NULL);
		read_log();
		check(killed_ms, &answered, &owed);
	}
	printf("NOTE: %d kills: %ld requests were answered, %ld of them a second before, each is "
	       "in the log\n",
		kills, answered, owed);
	ck_assert_int_gt(owed, 0);
	bn_workspace_close(ws);
}
END_TEST

BN_TEST_MAIN("core/serve/killed", test_what_a_killed_server_had_answered_a_second_before_is_logged)
