/*
 * `binnacle serve` on a full disk: full once at its n-th change, or from the n-th change to the end; from start-up
 * over the events of the endpoint (started, seen, stopped) and the batches between them to the last write. For
 * every n each answered row is in the log or in the count of lost rows, the event of the endpoint agrees with the
 * log, and a server that lost rows exits with status 5 and a message.
 */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/monitor/prediction_log.h"
#include "core/pipeline/fold_classes.h"
#include "core/serve/endpoint.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/tiny_model.h"
#include "tui/cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROW "[0.5,-1,2,0.25,\"red\",true]"
enum { ROWS = 3, SEEN_S = 21 };

static bn_workspace *ws; /* of a reader whose disk has space */
static bn_err err;
static const char *model;
static char socket_path[300], words_path[300];

/* Shared with the server, a child process. */
static struct shared {
	_Atomic int64_t ahead_ns; /* offset of its monotonic clock */
	_Atomic long changes;
	_Atomic bool was_asked;
} * shared;

static int64_t ahead_of_time(const bn_env *env)
{
	(void)env;
	return bn_env_monotonic_ns(bn_env_real()) + atomic_load(&shared->ahead_ns);
}

/* The host name is first read for endpoint.started, when the server already listens: waits until a request was
 * answered, so that this precedes the event. */
static const char *host_of_one_who_was_asked(const bn_env *env)
{
	while (access(socket_path, F_OK) == 0 && !atomic_load(&shared->was_asked))
		usleep(1000);
	return bn_env_real()->host(env);
}

static void open_all(void)
{
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	setenv("XDG_CONFIG_HOME", tiny_dir(), 1);
	snprintf(socket_path, sizeof socket_path, "%s/s", tiny_dir());
	snprintf(words_path, sizeof words_path, "%s/words", tiny_dir());
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
	model = tiny_model("power", "ridge", "y_number");
}

/* ---- the server ----------------------------------------------------------------------------- */

static pid_t start_server(faultfs_kind kind, long at, uint32_t *kinds)
{
	const char *argv[] = {"binnacle", "-C", tiny_dir(), "serve", model, "--unix", socket_path};
	unlink(socket_path);
	atomic_store(&shared->ahead_ns, 0);
	atomic_store(&shared->was_asked, false);
	fflush(stdout);
	pid_t pid = fork();
	if (pid)
		return pid;
	bn_env env = *bn_env_real();
	int fd = open(words_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	env.fs = &faultfs_ops;
	env.monotonic_ns = ahead_of_time;
	env.host = host_of_one_who_was_asked;
	faultfs_note_kinds(kinds, CRASH_POINTS_MOST);
	faultfs_arm(kind, at);
	int rc = bn_cli_main(&env, 7, (char **)(uintptr_t)argv);
	atomic_store(&shared->changes, faultfs_count());
	fflush(NULL);
	_exit(rc);
}

static void read_words(char words[8192])
{
	int fd = open(words_path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, words, 8191);
	ck_assert_int_ge(n, 0);
	words[n] = '\0';
	if (fd >= 0)
		close(fd);
}

/* -1: nothing listens there. */
static int dial(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_uint_lt(strlen(socket_path), sizeof a.sun_path);
	memcpy(a.sun_path, socket_path, strlen(socket_path));
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Returns the number of rows answered with 200. */
static uint64_t ask(void)
{
	static const char body[] = "[" ROW "," ROW "," ROW "]";
	char text[4096];
	size_t len = 0;
	ssize_t got;
	int fd = dial();
	if (fd < 0)
		return 0;
	int n = snprintf(text, sizeof text,
		"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) == n)
		while ((got = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0)
			len += (size_t)got;
	close(fd);
	text[len] = '\0';
	return len && !strncmp(text, "HTTP/1.1 200", 12) ? ROWS : 0;
}

/* Whether it has exited. */
static bool is_over(pid_t server, int *status)
{
	return waitpid(server, status, WNOHANG) == server;
}

/* ---- the log -------------------------------------------------------------------------------- */

static uint64_t rows_in_log(void)
{
	bn_prediction_window w = {.model = "power"};
	bn_prediction_batches l;
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	uint64_t rows = (uint64_t)l.rows;
	bn_prediction_batches_release(&l);
	return rows;
}

/* The newest endpoint; false if there are no more than `before` endpoints. */
static bool find_newest(bn_endpoint *out, size_t *count, size_t before)
{
	bn_endpoints l;
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	const bn_endpoint *newest = l.count ? &l.items[0] : NULL;
	for (size_t i = 1; i < l.count; i++)
		if (l.items[i].started_ms > newest->started_ms)
			newest = &l.items[i];
	if (newest)
		*out = *newest;
	*count = l.count;
	bn_endpoints_release(&l); /* its texts are not used */
	return *count > before;
}

/* Advances the server's clock by more than 20 s; returns when endpoint.seen is in the log, or a warning gives the
 * reason why not. False if the server has exited. */
static bool wait_for_seen(pid_t server, int *status, size_t before)
{
	char words[8192];
	bn_endpoint e;
	size_t count;
	for (int i = 0;;) {
		if (is_over(server, status))
			return false;
		read_words(words);
		if (!strstr(words, "Predictions logged")) {
			usleep(2000);
			continue;
		}
		if (i++ % 50 == 0) /* repeated: it may first read its clock later */
			atomic_fetch_add(&shared->ahead_ns, (int64_t)SEEN_S * 1000000000);
		if (find_newest(&e, &count, before) && e.requests)
			return true;
		for (const char *w = strstr(words, "warning: "); w; w = strstr(w + 1, "warning: "))
			if (strncmp(w, "warning: predictions ", 21) != 0)
				return true;
		usleep(10000);
	}
}

/* ---- a trial -------------------------------------------------------------------------------- */

typedef struct trial {
	int status;
	uint64_t answered, in_log, lost;
	bool has_started, has_stopped; /* these events are in the log */
} trial;

static uint64_t number_before(const char *words, const char *what)
{
	const char *at = strstr(words, what);
	if (!at)
		return 0;
	while (at > words && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtoull(at, NULL, 10);
}

static void check_end(trial *t, const bn_endpoint *e, const char *words, const char *name)
{
	uint64_t served = number_before(words, " predictions\n");
	if (!served)
		served = number_before(words, " predictions;");
	t->lost = number_before(words, " predictions are lost");
	ck_assert_msg(served == t->answered && t->in_log + t->lost == t->answered,
		"%s: %llu rows answered, %llu served, %llu in the log, %llu lost: %s", name,
		(unsigned long long)t->answered, (unsigned long long)served,
		(unsigned long long)t->in_log, (unsigned long long)t->lost, words);
	ck_assert_msg(!t->lost || t->status == 5, "%s: status %d behind a loss: %s", name,
		t->status, words);
	if (t->has_stopped)
		ck_assert_msg((uint64_t)e->predictions == t->answered &&
				      (uint64_t)e->logged == t->in_log &&
				      (uint64_t)e->lost == t->lost && e->set_aside == 0,
			"%s: endpoint.stopped says %lld, %lld logged, %lld lost; it is %llu, %llu, "
			"%llu",
			name, (long long)e->predictions, (long long)e->logged, (long long)e->lost,
			(unsigned long long)t->answered, (unsigned long long)t->in_log,
			(unsigned long long)t->lost);
	else if (t->status == 0)
		ck_abort_msg(
			"%s: status 0, and endpoint.stopped is not in the log: %s", name, words);
	if (t->has_started && !t->has_stopped)
		ck_assert_msg(strstr(words, "cannot record that it stopped") != NULL,
			"%s: no word of a stop that is not in the log: %s", name, words);
	ck_assert_msg(
		t->status == 0 || t->status == 5, "%s: status %d: %s", name, t->status, words);
	ck_assert_msg(
		t->status == 0 || strstr(words, "No space left"), "%s: no reason: %s", name, words);
}

static trial try(faultfs_kind kind, long at, uint32_t *kinds)
{
	char words[8192], name[64];
	bn_endpoint e = {0};
	trial t = {0};
	size_t before = 0, count = 0;
	int status = 0, fd = -1;
	bool over = false;
	uint64_t rows = rows_in_log();
	find_newest(&e, &before, 0);
	pid_t server = start_server(kind, at, kinds);
	ck_assert_int_gt(server, 0);
	while (!(over = is_over(server, &status)) && (fd = dial()) < 0)
		usleep(2000);
	if (fd >= 0)
		close(fd);
	for (int i = 0; i < 3 && !over; i++) {
		t.answered += ask();
		atomic_store(&shared->was_asked, true);
	}
	if (!over && wait_for_seen(server, &status, before)) {
		t.answered += ask();
		kill(server, SIGTERM);
		ck_assert_int_eq(waitpid(server, &status, 0), server);
	}
	snprintf(name, sizeof name, "%s at change %ld", kind == FAULTFS_FULL ? "full" : "full once",
		at);
	read_words(words);
	ck_assert_msg(WIFEXITED(status), "%s: signal %d: %s", name, WTERMSIG(status), words);
	t.status = WEXITSTATUS(status);
	t.in_log = rows_in_log() - rows;
	t.has_started = find_newest(&e, &count, before);
	t.has_stopped = t.has_started && e.stopped_ms;
	check_end(&t, &e, words, name);
	return t;
}

START_TEST(test_a_row_that_serve_answered_is_logged_or_counted_wherever_the_disk_is_full)
{
	static const faultfs_kind all[] = {FAULTFS_ENOSPC, FAULTFS_FULL};
	static crash_points points;
	int lossy = 0, refused = 0, answered_then = 0, unwritten = 0, tried = 0;
	open_all();
	uint32_t *kinds = crash_kinds_new();
	trial t = try(FAULTFS_NONE, 0, NULL); /* creates files that a workspace creates once */
	t = try(FAULTFS_NONE, 0, kinds);
	ck_assert_int_eq(t.status, 0);
	ck_assert_uint_eq(t.in_log, 4 * ROWS);
	long changes = atomic_load(&shared->changes);
	crash_points_choose(&points, CRASH_DISK, kinds, changes, 4);
	for (size_t k = 0; k < sizeof all / sizeof *all; k++)
		for (int i = 0; i < points.count; i++) {
			t = try(all[k], points.at[i], NULL);
			tried++;
			lossy += t.lost > 0;
			refused += t.status && t.answered < 4 * ROWS;
			answered_then += t.status && t.answered && t.answered < 4 * ROWS;
			unwritten += t.has_started && !t.has_stopped;
		}
	printf("NOTE: serve on a full disk: %d of %ld changes twice; %d starts were refused, "
	       "%d of them after an answer; %d stops lost rows, %d could not be written\n",
		tried / 2, changes, refused, answered_then, lossy, unwritten);
	if (crash_points_meet_every_kind()) {
		ck_assert_int_gt(lossy, 0);
		ck_assert_int_gt(answered_then, 0);
		ck_assert_int_gt(unwritten, 0);
	}
	crash_kinds_free(kinds);
	bn_workspace_close(ws);
}
END_TEST

BN_TEST_MAIN("tui/cli/serve_full",
	test_a_row_that_serve_answered_is_logged_or_counted_wherever_the_disk_is_full)
