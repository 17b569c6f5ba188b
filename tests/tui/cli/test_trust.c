/*
 * test_trust.c - first use, invitations and stops as users see them: the real program, run by several accounts if
 * the test runs as root, else by one user with several homes; with and without a terminal.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/govern/authority.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MOST = 12, OUTPUT = 1 << 16 };

typedef struct user {
	const char *name;
	uid_t uid;
} user;

static user ann = {"ann", 5001}, bob = {"bob", 5002}, mal = {"mal", 5003};
static char dir[200], team[260];
static bool real_users;
static char output[OUTPUT]; /* of the last command, both streams */

static void shell(const char *fmt, ...)
{
	char command[1200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* ---- users ------------------------------------------------------------------------------------- */

/* In a child: switches to that user. */
static void become(const user *u)
{
	char home[300], path[340];
	snprintf(home, sizeof home, "%s/home-%s", dir, u->name);
	if (real_users && (setgid(u->uid) != 0 || setuid(u->uid) != 0))
		_exit(99);
	setenv("HOME", home, 1);
	setenv("USER", u->name, 1);
	snprintf(path, sizeof path, "%s/state", home);
	setenv("XDG_STATE_HOME", path, 1);
	snprintf(path, sizeof path, "%s/config", home);
	setenv("XDG_CONFIG_HOME", path, 1);
	snprintf(path, sizeof path, "%s/index", home);
	setenv("BINNACLE_INDEX", path, 1);
	unsetenv("BINNACLE_HOME");
	umask(022);
}

static void home_make(const user *u)
{
	char home[300];
	snprintf(home, sizeof home, "%s/home-%s", dir, u->name);
	ck_assert_int_eq(mkdir(home, 0700), 0);
	if (real_users)
		ck_assert_int_eq(chown(home, u->uid, u->uid), 0);
}

/* A path in u's home; valid until the next call. */
static const char *in_home(const user *u, const char *name)
{
	static char path[400];
	snprintf(path, sizeof path, "%s/home-%s/%s", dir, u->name, name);
	return path;
}

/* Creates a workspace of u with a chain of authority. */
static void found(const user *u, const char *where)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		bn_err err = BN_ERR_INIT;
		become(u);
		const bn_authority_start how = {.name = u->name};
		int rc = bn_authority_init(bn_env_real(), where, &how, NULL, &err);
		if (rc < 0)
			fprintf(stderr, "%s\n", err.msg);
		_exit(rc < 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	/* All users may log, without a common group. */
	shell("find %s/.binnacle -type d -exec chmod 1777 {} +", where);
}

static void setup(void)
{
	real_users = geteuid() == 0;
	const char *tmp = getenv("TMPDIR");
	/* Other users need access. */
	snprintf(dir, sizeof dir, "%s/binnacle-trust-XXXXXX", tmp && !real_users ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	home_make(&ann);
	home_make(&bob);
	home_make(&mal);
	snprintf(team, sizeof team, "%s/team", dir);
	ck_assert_int_eq(mkdir(team, 0777), 0);
	ck_assert_int_eq(chmod(team, 01777), 0);
	unsetenv("BINNACLE_TRUST");
	found(&ann, team);
}

static void teardown(void)
{
	shell("rm -rf %s", dir);
}

/* ---- commands ---------------------------------------------------------------------------------- */

static int open_terminal(char slave[64])
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(grantpt(fd), 0);
	ck_assert_int_eq(unlockpt(fd), 0);
	snprintf(slave, 64, "%s", ptsname(fd));
	if (real_users)
		ck_assert_int_eq(chmod(slave, 0666), 0);
	return fd;
}

static void child_run(const user *u, const char *cwd, const char *slave, int out, char **argv)
{
	become(u);
	int fd = slave ? -1 : open("/dev/null", O_RDONLY);
	if (slave) {
		setsid();
		fd = out = open(slave, O_RDWR);
		ioctl(fd, TIOCSCTTY, 0);
	}
	dup2(fd, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (chdir(cwd) != 0)
		_exit(98);
	execv(argv[0], argv);
	_exit(97);
}

/* Reads until the child closes the terminal; types the answer at the question. */
static void listen_to(int fd, const char *answer)
{
	size_t n = 0;
	ssize_t got;
	bool answered = false;
	while (n < OUTPUT - 1 && ((got = read(fd, output + n, OUTPUT - 1 - n)) > 0)) {
		n += (size_t)got;
		output[n] = '\0';
		if (answer && !answered && strstr(output, "[y/N")) {
			answered = true;
			ck_assert_int_eq(
				write(fd, answer, strlen(answer)), (ssize_t)strlen(answer));
			ck_assert_int_eq(write(fd, "\n", 1), 1);
		}
	}
	output[n] = '\0';
}

static int run_with(const user *u, const char *cwd, const char *answer, va_list words)
{
	const char *program = getenv("BINNACLE");
	char *argv[ARGS_MOST + 2] = {(char *)(uintptr_t)(program ? program : "build/binnacle")};
	char slave[64], absolute[4096];
	int pipes[2] = {-1, -1}, status = -1;
	for (size_t i = 1; i <= ARGS_MOST; i++)
		if (!(argv[i] = va_arg(words, char *)))
			break;
	ck_assert_ptr_nonnull(realpath(argv[0], absolute));
	argv[0] = absolute;
	if (answer)
		pipes[0] = open_terminal(slave);
	else
		ck_assert_int_eq(pipe(pipes), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		child_run(u, cwd, answer ? slave : NULL, pipes[1], argv);
	if (pipes[1] >= 0)
		close(pipes[1]);
	output[0] = '\0';
	listen_to(pipes[0], answer);
	close(pipes[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%s", output);
	return WEXITSTATUS(status);
}

/* Runs `binnacle WORDS...` in the team's directory without a terminal; returns its exit status. */
static int run(const user *u, ...)
{
	va_list ap;
	va_start(ap, u);
	int status = run_with(u, team, NULL, ap);
	va_end(ap);
	return status;
}

static int run_in(const user *u, const char *cwd, ...)
{
	va_list ap;
	va_start(ap, cwd);
	int status = run_with(u, cwd, NULL, ap);
	va_end(ap);
	return status;
}

static int run_answering(const user *u, const char *cwd, const char *answer, ...)
{
	va_list ap;
	va_start(ap, answer);
	int status = run_with(u, cwd, answer, ap);
	va_end(ap);
	return status;
}

#define expect(want, call) \
	do { \
		int got_ = (call); \
		ck_assert_msg( \
			got_ == (want), "%s: exit %d, not %d: %s", #call, got_, (want), output); \
	} while (0)
#define says(text) ck_assert_msg(strstr(output, text) != NULL, "'%s' is not in: %s", text, output)
#define is_silent_on(text) \
	ck_assert_msg(strstr(output, text) == NULL, "'%s' is in: %s", text, output)

/* A member of the output of `trust show --json`, as text. */
static void shown(char *out, size_t size, const user *u, const char *member)
{
	json_t *o = NULL;
	bn_err err = BN_ERR_INIT;
	expect(0, run(u, "trust", "show", "--json", NULL));
	ck_assert_bn_ok(bn_json_parse(&o, output, strlen(output), "show", &err), &err);
	const json_t *v = json_object_get(o, member);
	if (json_is_integer(v))
		snprintf(out, size, "%lld", (long long)json_integer_value(v));
	else
		snprintf(out, size, "%s", json_is_string(v) ? json_string_value(v) : "null");
	json_decref(o);
}

static void ck_shown(const user *u, const char *member, const char *want)
{
	char text[200];
	shown(text, sizeof text, u, member);
	ck_assert_str_eq(text, want);
}

/* ---- tests ------------------------------------------------------------------------------------- */

START_TEST(test_without_a_terminal_reading_works_and_the_rest_says_what_mends_it)
{
	char invitation[200];
	setup();
	expect(0, run(&bob, "run", "ls", NULL));
	says("is new to you: reading, and runs and data of your own");
	expect(0, run(&bob, "model", "ls", "--quiet", NULL));
	is_silent_on("is new to you");
	static const char *const refused[][4] = {{"model", "approve", "power/1"},
		{"model", "verify", "power/1"}, {"serve", "power/1"},
		{"predict", "power/1", "rows.csv"}, {"model", "export", "power/1", "out"},
		{"role", "grant", "bob", "admin"}, {"gc"}};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		expect(4, run(&bob, refused[i][0], refused[i][1], refused[i][2], refused[i][3],
				  NULL));
		says("is new to you");
		says("binnacle trust accept INVITATION");
	}
	expect(4, run(&bob, "audit", "verify", NULL)); /* intact, but not yet trusted */
	ck_shown(&bob, "allows", "reading");
	shown(invitation, sizeof invitation, &ann, "invitation");
	expect(0, run(&bob, "trust", "accept", invitation, NULL));
	says("remembered: workspace");
	expect(0, run(&bob, "audit", "verify", NULL));
	expect(3, run(&bob, "model", "verify", "power/1", NULL));
	ck_shown(&bob, "allows", "all");
	ck_shown(&bob, "memory", "known");
	teardown();
}
END_TEST

START_TEST(test_invitation_answers_by_option_variable_and_file)
{
	char invitation[200], path[400];
	setup();
	shown(invitation, sizeof invitation, &ann, "invitation");
	expect(0, run(&bob, "--trust", invitation, "run", "ls", NULL));
	is_silent_on("is new to you");
	says("asked to be admitted with key");
	expect(0, run(&bob, "--trust", invitation, "run", "ls", NULL));
	is_silent_on("asked");
	expect(0, run(&bob, "gc", "--dry-run", NULL));
	setenv("BINNACLE_TRUST", invitation, 1);
	expect(0, run(&mal, "gc", "--dry-run", NULL));
	unsetenv("BINNACLE_TRUST");
	expect(0, run(&mal, "trust", "forget", "--yes", NULL));
	expect(4, run(&mal, "gc", "--dry-run", NULL));
	snprintf(path, sizeof path, "%s/home-mal/config/binnacle", dir);
	shell("mkdir -p %s && echo '%s # by ann' >%s/trusted", path, invitation, path);
	if (real_users)
		shell("chown -R 5003:5003 %s/home-mal/config", dir);
	expect(0, run(&mal, "gc", "--dry-run", NULL));
	expect(2, run(&bob, "--trust", "bn1:rubbish", "run", "ls", NULL));
	expect(6, run(&bob, "--trust",
			  "bn1:0f8b1c2d00008000800000000000000a.0."
			  "5e884898da28047151d0e56f8dc62927",
			  "run", "ls", NULL));
	says("the invitation is for");
	teardown();
}
END_TEST

START_TEST(test_terminal_asks_once_and_no_is_the_default)
{
	char invitation[200];
	setup();
	shown(invitation, sizeof invitation, &ann, "invitation");
	expect(0, run_answering(&bob, team, "", "run", "ls", NULL));
	says("is new to you");
	says("founded by");
	says("key ed25519:");
	says("admins");
	says(invitation);
	says("reading, and runs and data of your own");
	expect(4, run_answering(&bob, team, "n", "model", "verify", "power/1", NULL));
	expect(0, run_answering(&bob, team, "y", "--json", "run", "ls", NULL));
	is_silent_on("[y/N");
	expect(6, run_answering(&bob, team,
			  "bn1:0f8b1c2d00008000800000000000000a.0."
			  "5e884898da28047151d0e56f8dc62927",
			  "run", "ls", NULL));
	says("the invitation is for workspace");
	expect(0, run_answering(&bob, team, invitation, "run", "ls", NULL));
	says("Recorded.");
	expect(0, run_answering(&bob, team, "", "gc", "--dry-run", NULL));
	is_silent_on("[y/N");
	expect(0, run_answering(&mal, team, "y", "run", "ls", "--yes", NULL));
	says("Recorded.");
	teardown();
}
END_TEST

START_TEST(test_another_workspace_in_its_place_stops_all_but_trust)
{
	char invitation[200];
	setup();
	expect(0, run(&bob, "trust", "accept", "--yes", NULL));
	shell("mv %s/.binnacle %s/aside", team, team);
	expect(3, run(&bob, "run", "ls", NULL));
	says("and is gone");
	expect(3, run(&mal, "run", "ls", NULL));
	says("binnacle init");
	is_silent_on("and is gone");
	found(&mal, team);
	expect(6, run(&bob, "run", "ls", NULL));
	says("contains another workspace than before");
	expect(6, run(&bob, "gc", "--dry-run", NULL));
	expect(6, run_answering(&bob, team, "y", "run", "ls", NULL));
	is_silent_on("[y/N");
	ck_shown(&bob, "allows", "trust");
	run(&bob, "doctor", NULL);
	says("contains another workspace than before");
	expect(0, run(&bob, "trust", "show", NULL));
	says("STOPS");
	expect(4, run(&bob, "trust", "accept", NULL)); /* needs confirmation */
	shown(invitation, sizeof invitation, &mal, "invitation");
	expect(4, run(&bob, "trust", "accept", invitation, NULL)); /* only for a first use */
	expect(6, run(&bob, "run", "ls", NULL));
	expect(0, run(&bob, "trust", "accept", "--yes", NULL));
	expect(0, run(&bob, "gc", "--dry-run", NULL));
	shell("rm -rf %s/.binnacle && mv %s/aside %s/.binnacle", team, team, team);
	expect(6, run(&bob, "run", "ls", NULL));
	teardown();
}
END_TEST

START_TEST(test_planted_workspaces_are_not_used_unasked)
{
	char below[400], work[400];
	setup();
	snprintf(work, sizeof work, "%s/work", team);
	snprintf(below, sizeof below, "%s/planted", team);
	shell("mkdir %s %s && chmod 777 %s %s", work, below, work, below);
	if (real_users) {
		expect(4, run_in(&bob, work, "run", "ls", NULL));
		says("above the current directory");
		expect(0, run_in(&bob, work, "-C", team, "run", "ls", NULL));
		expect(0, run_answering(&bob, work, "y", "run", "ls", NULL));
		expect(0, run_in(&bob, work, "gc", "--dry-run", NULL));
	} else {
		printf("SKIP: workspaces of other users: only root can make them\n");
		expect(0, run(&bob, "trust", "accept", "--yes", NULL));
	}
	found(&mal, below);
	expect(6, run_in(&bob, below, "run", "ls", NULL));
	says("is within");
	expect(0, run_in(&bob, team, "run", "ls", NULL));
	teardown();
}
END_TEST

START_TEST(test_restore_signs_a_link_for_an_admin_and_nobody_else)
{
	setup();
	expect(0, run(&ann, "trust", "accept", "--yes", NULL));
	expect(0, run(&bob, "trust", "accept", "--yes", NULL));
	ck_shown(&bob, "newest_link", "0");
	expect(2, run(&ann, "trust", "restore", "--yes", NULL));
	expect(4, run(&bob, "trust", "restore", "--reason", "a disk died", "--yes", NULL));
	expect(6, run(&ann, "trust", "restore", "--reason", "a disk died", "--yes", NULL));
	says("nothing that you have seen is lost");
	ck_shown(&ann, "newest_link", "0");
	expect(0, run(&ann, "data", "generate", "jobs", "--rows", "50", NULL));
	expect(0, run(&ann, "run", "ls", NULL));
	shell("rm $(ls -t %s/.binnacle/log/*/*.seg | head -n 1)", team);
	expect(4, run(&ann, "trust", "restore", "--reason", "a disk died", NULL));
	expect(0, run(&ann, "trust", "restore", "--reason", "a disk died", "--yes", NULL));
	ck_shown(&ann, "newest_link", "1");
	ck_shown(&bob, "newest_link", "1");
	expect(0, run(&bob, "gc", "--dry-run", NULL));
	teardown();
}
END_TEST

START_TEST(test_workbench_asks_before_it_draws_and_says_that_it_only_reads)
{
	char keys[400], screen[4000] = "";
	setup();
	snprintf(keys, sizeof keys, "%s/keys", dir);
	shell("echo ':save-screen first' >%s; chmod 644 %s", keys, keys);
	expect(0, run_answering(&bob, team, "n", "--script", keys, "--save-dir", in_home(&bob, ""),
			  NULL));
	says("Use this workspace?");
	says("reading, and runs and data of your own");
	FILE *f = fopen(in_home(&bob, "first.screen"), "r");
	ck_assert_ptr_nonnull(f);
	screen[fread(screen, 1, sizeof screen - 1, f)] = '\0';
	fclose(f);
	ck_assert_msg(strstr(screen, "not trusted: reading only") != NULL, "%s", screen);
	expect(0, run(&bob, "trust", "accept", "--yes", NULL));
	shell("mv %s/.binnacle %s/aside", team, team);
	found(&mal, team);
	expect(6, run(&bob, "--script", keys, NULL));
	says("contains another workspace than before");
	teardown();
}
END_TEST

START_TEST(test_workspace_without_a_chain_is_used_as_it_always_was)
{
	char old[300], sub[320];
	int status = -1;
	setup();
	snprintf(old, sizeof old, "%s/old", dir);
	snprintf(sub, sizeof sub, "%s/sub", old);
	shell("mkdir -p %s && chmod 755 %s && chown -R %u %s", sub, old,
		real_users ? (unsigned)ann.uid : (unsigned)geteuid(), old);
	pid_t pid = fork();
	if (pid == 0) {
		become(&ann);
		_exit(bn_workspace_init(bn_env_real(), old, NULL) < 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	expect(0, run_in(&bob, sub, "gc", "--dry-run", NULL));
	expect(0, run_answering(&bob, sub, "", "run", "ls", NULL));
	is_silent_on("warning");
	is_silent_on("[y/N");
	teardown();
}
END_TEST

BN_TEST_MAIN("tui/cli/trust", test_without_a_terminal_reading_works_and_the_rest_says_what_mends_it,
	test_invitation_answers_by_option_variable_and_file,
	test_terminal_asks_once_and_no_is_the_default,
	test_another_workspace_in_its_place_stops_all_but_trust,
	test_planted_workspaces_are_not_used_unasked,
	test_restore_signs_a_link_for_an_admin_and_nobody_else,
	test_workbench_asks_before_it_draws_and_says_that_it_only_reads,
	test_workspace_without_a_chain_is_used_as_it_always_was)
