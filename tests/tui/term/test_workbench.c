/*
 * The whole program on a pseudo-terminal: it draws, responds to keys, and after a hang-up exits within 0.2 s
 * while the run that it displayed continues.
 */
#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char workspace[64];

static const char *program(void)
{
	const char *p = getenv("BINNACLE");
	return p ? p : "build/binnacle";
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Runs a command line in the workspace; its output is yours. */
static char *shell(const char *fmt, const char *arg)
{
	char words[512], line[1024], *text = bn_alloc_zeroed(1, 65536);
	snprintf(words, sizeof words, fmt, arg);
	snprintf(line, sizeof line, "'%s' -C %s %s 2>&1", program(), workspace, words);
	FILE *f = popen(line, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(text, 1, 65535, f);
	text[n] = '\0';
	pclose(f);
	return text;
}

static bool workspace_make(void)
{
	snprintf(workspace, sizeof workspace, "/tmp/binnacle-workbench-XXXXXX");
	if (access(program(), X_OK) != 0)
		return false;
	ck_assert_ptr_nonnull(mkdtemp(workspace));
	setenv("XDG_STATE_HOME", workspace, 1);
	setenv("XDG_CONFIG_HOME", workspace, 1);
	bn_free(shell("init %s", workspace));
	return true;
}

/* A run that is being stopped may still write its last records. */
static void workspace_remove(void)
{
	char line[128];
	int64_t end = now_ms() + 20000;
	snprintf(line, sizeof line, "rm -rf %s 2>/dev/null", workspace);
	while (system(line) != 0 && now_ms() < end)
		nanosleep(&(struct timespec){0, 20 * 1000000}, NULL);
	ck_assert_int_ne(access(workspace, F_OK), 0);
}

/* What was read and not waited for yet: one read may have two things that are waited for. */
static char seen[1 << 16];
static size_t seen_bytes;

static pid_t workbench_start(int *fd)
{
	struct winsize w = {.ws_row = 24, .ws_col = 80};
	seen_bytes = 0;
	pid_t pid = forkpty(fd, NULL, NULL, &w);
	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		execl(program(), program(), "-C", workspace, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Reads until the text was seen, after what was seen before; false after 20 s. */
static bool wait_for(int fd, const char *text)
{
	int64_t end = now_ms() + 20000;
	while (now_ms() < end) {
		seen[seen_bytes] = '\0';
		char *at = strstr(seen, text);
		if (at) {
			at += strlen(text);
			seen_bytes -= (size_t)(at - seen);
			memmove(seen, at, seen_bytes);
			return true;
		}
		if (seen_bytes > sizeof seen / 2)
			seen_bytes = 0;
		struct pollfd p = {fd, POLLIN, 0};
		if (poll(&p, 1, 200) <= 0)
			continue;
		ssize_t got = read(fd, seen + seen_bytes, sizeof seen - 1 - seen_bytes);
		if (got <= 0)
			return false;
		seen_bytes += (size_t)got;
	}
	return false;
}

static int64_t wait_for_end(pid_t pid, int *status)
{
	int64_t start = now_ms();
	while (waitpid(pid, status, WNOHANG) == 0) {
		if (now_ms() - start > 20000) {
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			break;
		}
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	return now_ms() - start;
}

START_TEST(test_workbench_opens_and_leaves_when_told)
{
	int fd, status;
	if (!workspace_make())
		BN_TEST_SKIP("workbench: %s is not built", program());
	pid_t pid = workbench_start(&fd);
	if (pid < 0)
		BN_TEST_SKIP("workbench: no pseudo-terminal here");
	ck_assert(wait_for(fd, "This workspace is empty"));
	ck_assert_int_eq(write(fd, "9", 1), 1);
	ck_assert(wait_for(fd, "decisions"));
	ck_assert_int_eq(write(fd, "Q", 1), 1);
	ck_assert(wait_for(fd, "\033[?1049l"));
	wait_for_end(pid, &status);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(fd);
	workspace_remove();
}
END_TEST

/* As xterm reports it: a click in row 2 on "9 Audit". Afterwards the terminal has its mouse back. */
START_TEST(test_workbench_takes_the_mouse_when_asked)
{
	int fd, status;
	if (!workspace_make())
		BN_TEST_SKIP("mouse: %s is not built", program());
	pid_t pid = workbench_start(&fd);
	if (pid < 0)
		BN_TEST_SKIP("mouse: no pseudo-terminal here");
	ck_assert(wait_for(fd, "This workspace is empty"));
	ck_assert_int_eq(write(fd, ":mouse on\r", 10), 10);
	ck_assert(wait_for(fd, "\033[?1006;1000h"));
	ck_assert_int_eq(write(fd, "\033[<0;64;2M", 11), 11);
	ck_assert(wait_for(fd, "decisions"));
	kill(pid, SIGTERM);
	ck_assert(wait_for(fd, "\033[?1006;1000l"));
	wait_for_end(pid, &status);
	close(fd);
	pid = workbench_start(&fd); /* and the next session has it at once, until it is given back */
	ck_assert_int_gt(pid, 0);
	ck_assert(wait_for(fd, "\033[?1006;1000h"));
	ck_assert(wait_for(fd, "This workspace is empty"));
	ck_assert_int_eq(write(fd, ":theme light\r", 13), 13);
	ck_assert_int_eq(write(fd, ":mouse off\r", 11), 11);
	ck_assert(wait_for(fd, "\033[?1006;1000l"));
	kill(pid, SIGTERM);
	wait_for_end(pid, &status);
	close(fd);
	char path[128], kept[64] = "";
	snprintf(path, sizeof path, "%s/binnacle/look", workspace);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(kept, 1, sizeof kept - 1, f), 0);
	fclose(f);
	ck_assert_str_eq(kept, "theme light\nmouse off\n");
	workspace_remove();
}
END_TEST

/* ncurses repeats the report of a resize; it must not cause a busy loop. */
START_TEST(test_workbench_follows_a_resize_and_stays_quiet)
{
	int fd, status;
	char rest[8192];
	if (!workspace_make())
		BN_TEST_SKIP("resize: %s is not built", program());
	pid_t pid = workbench_start(&fd);
	if (pid < 0)
		BN_TEST_SKIP("resize: no pseudo-terminal here");
	ck_assert(wait_for(fd, "This workspace is empty"));
	for (unsigned short i = 0; i < 5; i++) {
		struct winsize w = {.ws_row = (unsigned short)(15 + i), .ws_col = 60};
		ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &w), 0);
	}
	ck_assert(wait_for(fd, "Overview"));
	ck_assert_int_eq(write(fd, "9", 1), 1);
	ck_assert(wait_for(fd, "decisions"));
	/* Waits for two seconds without output; on a busy machine this may take a while. */
	struct pollfd p = {fd, POLLIN, 0};
	int64_t end = now_ms() + 30000;
	while (poll(&p, 1, 2200) > 0 && now_ms() < end)
		ck_assert_int_gt(read(fd, rest, sizeof rest), 0);
	ck_assert_msg(now_ms() < end, "it never falls silent");
	ck_assert_int_eq(write(fd, "Q", 1), 1);
	ck_assert(wait_for(fd, "\033[?1049l"));
	wait_for_end(pid, &status);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(fd);
	workspace_remove();
}
END_TEST

START_TEST(test_workbench_is_gone_when_the_line_is_cut_and_the_run_goes_on)
{
	int fd, status;
	if (!workspace_make())
		BN_TEST_SKIP("hangup: %s is not built", program());
	bn_free(shell("run start --name %s -- sleep 60", "sleeper"));
	pid_t pid = workbench_start(&fd);
	if (pid < 0)
		BN_TEST_SKIP("hangup: no pseudo-terminal here");
	ck_assert(wait_for(fd, "1 running"));
	ck_assert_int_eq(write(fd, "3", 1), 1);
	ck_assert(wait_for(fd, "sleeper"));
	close(fd);
	int64_t ms = wait_for_end(pid, &status);
	printf("NOTE: gone %lld ms after the line was cut\n", (long long)ms);
	bool slow = strstr(program(), "address") || strstr(program(), "thread"); /* sanitizers */
	ck_assert_int_le(ms, slow ? 2000 : 200);
	char *run = shell("run show %s --json", "sleeper");
	ck_assert_msg(strstr(run, "\"RUNNING\"") != NULL, "%s", run);
	bn_free(run);
	bn_free(shell("run stop %s --yes", "sleeper"));
	workspace_remove();
}
END_TEST

typedef struct job {
	const char *what;
	const char *keys[12]; /* a chord counts as one */
	int most;
	const char *value, *shows;
} job;

static int keys_send(int fd, const job *j)
{
	int n = 0;
	for (; j->keys[n]; n++)
		ck_assert_int_gt(write(fd, j->keys[n], strlen(j->keys[n])), 0);
	return n;
}

/* The number of keys that frequent tasks take from Overview, typed ahead by an experienced user. */
START_TEST(test_workbench_jobs_take_few_keys)
{
	static const char *const alphas[] = {"0.1", "1", "1e9", "1e10"};
	static const job jobs[] = {
		{"best run by a metric", {"3"}, 2, NULL, " best"},
		{"a baseline, for all sessions", {"3", "G", "p"}, 3, NULL, "(base)"},
		{"compare three", {"3", " ", " ", "x"}, 4, NULL, "Compare 3 runs"},
		{"again, but with another setting", {"3", "L", "\r", "\025", "7", "\r", "\024"}, 12,
			"7", "one-2"},
		{"a theme", {"\020", "l", "i", "g", "\r"}, 6, NULL, NULL},
	};
	char line[600];
	int fd, status;
	if (!workspace_make())
		BN_TEST_SKIP("keys: %s is not built", program());
	bn_free(shell("data generate %s --rows 500 -q", "jobs"));
	for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
		snprintf(line, sizeof line,
			"run start --trainer ridge --data jobs --target node_power_consumption "
			"--features num_nodes_alloc,cpu_user,gpu_utilization --set alpha=%s --name "
			"%%s --wait -q",
			alphas[i]);
		bn_free(shell(line, i == 3 ? "one" : i == 2 ? "two" : i == 1 ? "three" : "four"));
	}
	for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
		pid_t pid = workbench_start(&fd);
		if (pid < 0)
			BN_TEST_SKIP("keys: no pseudo-terminal here");
		ck_assert(wait_for(fd, "Overview"));
		int n = keys_send(fd, &jobs[i]) - (jobs[i].value != NULL);
		ck_assert_msg(!jobs[i].shows || wait_for(fd, jobs[i].shows), "%s: no '%s'",
			jobs[i].what, jobs[i].shows);
		printf("NOTE: %s: %d keys\n", jobs[i].what, n);
		ck_assert_int_le(n, jobs[i].most);
		ck_assert_int_eq(write(fd, "Q", 1), 1);
		ck_assert(wait_for(fd, "\033[?1049l"));
		wait_for_end(pid, &status);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		close(fd);
	}
	bn_free(shell("run watch %s", "one-2"));
	workspace_remove();
}
END_TEST

/* Sends the keys of one task to the existing workspace. False: there is no pseudo-terminal. */
static bool job_play(const job *j)
{
	int fd, status;
	pid_t pid = workbench_start(&fd);
	if (pid < 0)
		return false;
	ck_assert(wait_for(fd, "Overview"));
	int n = keys_send(fd, j);
	ck_assert_msg(wait_for(fd, j->shows), "%s: no '%s'", j->what, j->shows);
	printf("NOTE: %s: %d keys\n", j->what, n);
	ck_assert_int_le(n, j->most);
	ck_assert_int_eq(write(fd, "Q", 1), 1);
	ck_assert(wait_for(fd, "\033[?1049l"));
	wait_for_end(pid, &status);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(fd);
	return true;
}

/* In the workspace that the demo makes, which has a failed check and a pending request. */
START_TEST(test_workbench_data_models_monitor_and_audit_take_few_keys)
{
	static const job failing = {"failing rows", {"!", "\r", "\r"}, 3, NULL, "fails '"};
	static const job approve = {
		"approve", {"4", "\r", "A", "\t", "\r"}, 5, NULL, "approved and signed"};
	static const job drifted = {"drifted histogram", {"6", "\r"}, 2, NULL, "more in reference"};
	static const job decided = {"who approved what", {"9"}, 4, NULL, "approved"};
	static const char suite[] =
		"{\"name\": \"strict\", \"expectations\": [{\"type\": "
		"\"expect_column_values_to_not_be_null\", \"kwargs\": {\"column\": "
		"\"node_power_consumption\"}}]}";
	char path[300], line[400];
	if (!workspace_make())
		BN_TEST_SKIP("keys: %s is not built", program());
	snprintf(line, sizeof line, "demo %.200s/tour --no-workbench", workspace);
	bn_free(shell("%s", line));
	snprintf(path, sizeof path, "%.200s/tour/.binnacle", workspace);
	if (access(path, F_OK) != 0)
		BN_TEST_SKIP("keys: the demo made no workspace");
	snprintf(path, sizeof path, "%.200s/suite.json", workspace);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(suite, f);
	fclose(f);
	size_t n = strlen(workspace);
	snprintf(workspace + n, sizeof workspace - n, "/tour");
	bn_free(shell("tour --script %s", "/dev/null")); /* otherwise it would be offered */
	if (!job_play(&approve)) {
		workspace[n] = '\0';
		workspace_remove();
		BN_TEST_SKIP("keys: no pseudo-terminal here");
	}
	bn_free(shell("data check jobs --suite %s", path));
	ck_assert(job_play(&failing));
	ck_assert(job_play(&drifted));
	ck_assert(job_play(&decided));
	workspace[n] = '\0';
	workspace_remove();
}
END_TEST

START_TEST(test_workbench_without_a_terminal_names_the_commands)
{
	if (!workspace_make())
		BN_TEST_SKIP("no terminal: %s is not built", program());
	char *text = shell("workbench %s </dev/null", "");
	ck_assert_msg(strstr(text, "binnacle run ls") != NULL, "%s", text);
	bn_free(text);
	workspace_remove();
}
END_TEST

START_TEST(test_workbench_script_saves_screens)
{
	if (!workspace_make())
		BN_TEST_SKIP("script: %s is not built", program());
	char path[256], first[256] = "", *text;
	snprintf(path, sizeof path, "%s/keys", workspace);
	FILE *f = fopen(path, "w");
	fprintf(f, "# the audit screen, small\n:size 60x15\n9\n:save-screen audit\n");
	fclose(f);
	snprintf(path, sizeof path, "--script %s/keys --save-dir %s", workspace, workspace);
	text = shell("workbench %s", path);
	snprintf(path, sizeof path, "%s/audit.screen", workspace);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", text);
	ck_assert_ptr_nonnull(fgets(first, sizeof first, f));
	ck_assert_ptr_nonnull(strstr(first, "Audit"));
	ck_assert_int_eq(first[strlen(first) - 2], '|');
	fclose(f);
	bn_free(text);
	workspace_remove();
}
END_TEST

BN_TEST_MAIN("tui/term/workbench", test_workbench_jobs_take_few_keys,
	test_workbench_data_models_monitor_and_audit_take_few_keys,
	test_workbench_opens_and_leaves_when_told, test_workbench_takes_the_mouse_when_asked,
	test_workbench_follows_a_resize_and_stays_quiet,
	test_workbench_is_gone_when_the_line_is_cut_and_the_run_goes_on,
	test_workbench_without_a_terminal_names_the_commands, test_workbench_script_saves_screens)
