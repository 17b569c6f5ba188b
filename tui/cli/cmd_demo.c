/*
 * cmd_demo.c - `binnacle demo [DIR]`: takes one model through its life cycle with the commands
 * that a user would type. Nothing here calls the engine: each step runs this program with the
 * printed command line, so the demo is also a tutorial and a test.
 *
 * All numbers come from the commands' --json output. The server that the demo starts is stopped at
 * its end, even if a step fails.
 */
#include "core/base/buf.h"
#include "core/base/embedded.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/cli/cli.h"
#include "tui/cli/verbs.h"
#include "tui/ui/app.h"
#include "tui/ui/shell_word.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORDS = 40, SHOW_LINES = 12 };

typedef struct demo {
	bn_cli *cli;
	const char *program;
	char *dir; /* absolute: the directory of the workspace */
	pid_t server;
	char url[128];
	char best[64], second[64]; /* names of the runs with the smallest test errors */
} demo;

/* ---- running our own commands
 * ------------------------------------------------------------------ */

/* Splits a command line at spaces; 'single quotes' keep spaces. Words point into text. */
static size_t split_words(char *text, const char *words[MAX_WORDS])
{
	size_t n = 0;
	for (char *p = text; *p && n < MAX_WORDS - 1;) {
		p += strspn(p, " ");
		if (!*p)
			break;
		char stop = *p == '\'' ? *p++ : ' ';
		words[n++] = p;
		p += strcspn(p, (char[2]){stop, '\0'});
		if (*p)
			*p++ = '\0';
	}
	words[n] = NULL;
	return n;
}

/* In the child: executes the program in the demo's directory. */
static void become(const demo *d, char *command, int out_fd, int err_fd)
{
	const char *words[MAX_WORDS];
	split_words(command, words);
	dup2(out_fd, STDOUT_FILENO);
	int null_fd = open("/dev/null", O_RDWR);
	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(err_fd >= 0 ? err_fd : null_fd, STDERR_FILENO);
	}
	if (chdir(d->dir) == 0)
		execv(d->program, (char *const *)words);
	_exit(127);
}

static void show_output(const demo *d, const char *text)
{
	size_t lines = 0, hidden = 0;
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (lines++ < SHOW_LINES)
			bn_cli_print(d->cli, "  %.*s\n", (int)n, text);
		else
			hidden++;
		text += n + (text[n] == '\n');
	}
	if (hidden)
		bn_cli_print(d->cli, "  ... and %zu more lines\n", hidden);
}

/* Runs the words (which begin with "binnacle"), collects stdout, and stderr when asked to. */
static int run_words(
	const demo *d, const char *command, bool with_stderr, bn_buf *out, int *status, bn_err *err)
{
	int fds[2];
	char *text = bn_strdup(command);
	if (!text || pipe2(fds, O_CLOEXEC) != 0) {
		bn_free(text);
		return bn_err_sys(err, BN_EIO, errno, "cannot start '%s'", command);
	}
	pid_t pid = fork();
	if (pid == 0)
		become(d, text, fds[1], with_stderr ? fds[1] : -1);
	close(fds[1]);
	char chunk[4096];
	for (ssize_t n; pid > 0 && (n = read(fds[0], chunk, sizeof chunk)) != 0;) {
		if (n > 0)
			bn_buf_add(out, chunk, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	close(fds[0]);
	bn_free(text);
	int raw = 0;
	if (pid < 0 || waitpid(pid, &raw, 0) < 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot start '%s'", command);
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return bn_buf_check(out, err, "a command's output");
}

static void vformat(bn_buf *b, const char *fmt, va_list ap)
{
	bn_buf_clear(b);
	bn_buf_vaddf(b, fmt, ap);
}

/* One step: shows the command and the start of its output. Any status but `want` fails. */
static int step(demo *d, bn_err *err, int want, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int step(demo *d, bn_err *err, int want, const char *fmt, ...)
{
	bn_buf command = BN_BUF_INIT, out = BN_BUF_INIT;
	int rc = 0, status = 0;
	va_list ap;
	va_start(ap, fmt);
	vformat(&command, fmt, ap);
	va_end(ap);
	bn_cli_print_in(d->cli, "bold", "$ %s\n", command.ptr);
	rc = run_words(d, command.ptr, true, &out, &status, err);
	if (!rc)
		show_output(d, out.ptr);
	if (!rc && status != want)
		rc = bn_err_set(err, BN_EFAILED, "'%s' ended with status %d instead of %d: %.*s",
			command.ptr, status, want, 200, out.ptr);
	if (bn_cli_interrupted())
		rc = bn_err_set(err, BN_EINTR, "interrupted");
	bn_buf_release(&command);
	bn_buf_release(&out);
	return rc;
}

/* Asks quietly with --json; *out is yours. */
static int ask(demo *d, json_t **out, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int ask(demo *d, json_t **out, bn_err *err, const char *fmt, ...)
{
	bn_buf command = BN_BUF_INIT, text = BN_BUF_INIT;
	int status = 0;
	va_list ap;
	va_start(ap, fmt);
	vformat(&command, fmt, ap);
	va_end(ap);
	int rc = run_words(d, command.ptr, false, &text, &status, err);
	if (!rc)
		rc = bn_json_parse(out, text.ptr, text.len, command.ptr, err);
	bn_buf_release(&command);
	bn_buf_release(&text);
	return rc;
}

static void station(const demo *d, const char *name, const char *what)
{
	bn_cli_print_in(d->cli, "good", "\n%s", name);
	bn_cli_print(d->cli, "  %s\n", what);
}

/* ---- stations ------------------------------------------------------------------------------- */

static int write_embedded(const demo *d, const char *path, const char *name, bn_err *err)
{
	const bn_embedded_file *f = bn_embedded_get(path);
	BN_BUG(!f);
	char *to = bn_path_join(d->dir, name);
	int rc = to ? bn_fs_write_file(bn_cli_env(d->cli), to, f->data, f->len, 0644, err)
		    : bn_err_nomem(err, "a file name");
	bn_free(to);
	return rc;
}

static int prepare_data(demo *d, bn_err *err)
{
	int rc = 0;
	station(d, "ingest", "this node's own counters, and jobs from a CSV file");
	if ((rc = step(d, err, 0, "binnacle data add node proc: --for 2s --every 100ms")) ||
		(rc = step(d, err, 0,
			 "binnacle data generate jobs-synthetic --rows 20000 --seed 7")) ||
		(rc = step(d, err, 0, "binnacle data export jobs-synthetic jobs.csv")) ||
		(rc = step(d, err, 0, "binnacle data add jobs jobs.csv")))
		return rc;
	station(d, "profile", "the profile from one pass over the table");
	if ((rc = step(d, err, 0, "binnacle data describe jobs")))
		return rc;
	station(d, "validate", "checks of a Great Expectations suite");
	if ((rc = write_embedded(d, "share/embed/jobs_suite.json", "jobs_suite.json", err)) ||
		(rc = step(d, err, 0, "binnacle data check jobs --suite jobs_suite.json")))
		return rc;
	station(d, "split", "seeded; no row in two parts");
	return step(d, err, 0,
		"binnacle data split jobs --parts train=0.7,val=0.15,test=0.15 --seed 1");
}

static const char inputs[] = "num_nodes_alloc,num_cores_alloc,num_gpus_alloc,mem_alloc,time_limit,"
			     "cpu_user,gpu_utilization,ambient,partition,qos";

static int choose_best(demo *d, bn_err *err)
{
	json_t *runs = NULL;
	const json_t *items;
	const char *best, *second;
	int rc;
	if ((rc = step(d, err, 0,
		     "binnacle run ls --sort metrics.test_rmse --columns "
		     "metrics.test_rmse,metrics.test_r2")) < 0 ||
		(rc = ask(d, &runs, err,
			 "binnacle run ls --sort metrics.test_rmse --limit 2 --json")) < 0)
		goto out;
	items = json_object_get(runs, "items");
	best = bn_json_str(json_array_get(items, 0), "name", NULL);
	second = bn_json_str(json_array_get(items, 1), "name", NULL);
	if (!best || !second) {
		rc = bn_err_set(err, BN_EFAILED, "no two runs have a test error");
		goto out;
	}
	snprintf(d->best, sizeof d->best, "%s", best);
	snprintf(d->second, sizeof d->second, "%s", second);
out:
	json_decref(runs);
	return rc;
}

static int train_models(demo *d, bn_err *err)
{
	static const char *const models[][2] = {
		{"ridge", "--trainer ridge --set alpha=1"},
		{"mlp-narrow", "--trainer mlp --set hidden=8 --set epochs=15"},
		{"mlp-wide", "--trainer mlp --set hidden=64,32 --set epochs=100"},
	};
	int rc = 0;
	station(d, "train", "three models on the same data, each in a separate process");
	for (size_t i = 0; !rc && i < sizeof models / sizeof *models; i++)
		rc = step(d, err, 0,
			"binnacle run start --name %s %s --data jobs.train --data jobs.val:valid "
			"--data jobs.test:test --target node_power_consumption --features %s "
			"--seed 1 --wait",
			models[i][0], models[i][1], inputs);
	if (rc)
		return rc;
	station(d, "evaluate", "side by side: only the differences");
	if ((rc = step(d, err, 0, "binnacle run compare ridge mlp-narrow mlp-wide")))
		return rc;
	return choose_best(d, err);
}

/* A request left for the user of the workbench. */
static int ask_for_second(demo *d, bn_err *err)
{
	int rc;
	bn_cli_print(d->cli, "\nA second version waits for your decision in the workbench.\n");
	if ((rc = step(d, err, 0, "binnacle model register %s --name power", d->second)) ||
		(rc = step(d, err, 0, "binnacle run reproduce %s --threads 1 --attest", d->second)))
		return rc;
	return step(
		d, err, 0, "binnacle model request power/2 --reason 'fits the training data best'");
}

static int approve_model(demo *d, bn_err *err)
{
	int rc = 0;
	station(d, "approve",
		"a gate, a signature, a reason; you are alone here, so the policy lets an author "
		"approve their own model, on their own figures");
	if ((rc = write_embedded(d, "share/embed/demo_policy.json", "policy.json", err)) ||
		(rc = step(d, err, 0,
			 "binnacle policy set policy.json --reason 'a demo has one person'")) ||
		(rc = step(d, err, 0, "binnacle model register %s --name power", d->best)) ||
		(rc = step(d, err, 0, "binnacle run reproduce %s --threads 1 --attest", d->best)) ||
		(rc = step(d, err, 0,
			 "binnacle model request power/1 --reason 'smallest test error'")) ||
		(rc = step(d, err, 0,
			 "binnacle model approve power/1 --reason 'gates pass, card read'")) ||
		(rc = step(d, err, 0, "binnacle model alias power/1 champion")) ||
		(rc = step(d, err, 0, "binnacle model verify power@champion")))
		return rc;
	return ask_for_second(d, err);
}

/* Starts the server and reads the line with its address. Its log goes to serve.log. */
static int start_server(demo *d, bn_err *err)
{
	static const char command[] = "binnacle serve power@champion --port 0";
	char *log = bn_path_join(d->dir, "serve.log"), *text = bn_strdup(command);
	bn_buf seen = BN_BUF_INIT;
	int rc = 0, fd = log ? open(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	bn_cli_print_in(d->cli, "bold", "$ %s &\n", command);
	if (fd < 0 || !text) {
		rc = bn_err_sys(err, BN_EIO, errno, "cannot write '%s'", log ? log : "serve.log");
		goto out;
	}
	d->server = fork();
	if (d->server == 0)
		become(d, text, fd, fd);
	for (int tries = 0; !d->url[0] && tries < 200; tries++) {
		poll(NULL, 0, 50);
		bn_buf_clear(&seen);
		if (bn_fs_read_file(bn_cli_env(d->cli), log, &seen, NULL))
			continue;
		const char *http = strstr(seen.ptr, "http://");
		if (http && http[strcspn(http, " \n")])
			snprintf(d->url, sizeof d->url, "%.*s",
				(int)strcspn(http, " \n/") + (int)strcspn(http + 7, " \n/") + 2,
				http);
		if (waitpid(d->server, NULL, WNOHANG) == d->server) {
			d->server = 0;
			break;
		}
	}
	show_output(d, seen.ptr);
	if (!d->url[0])
		rc = bn_err_set(err, BN_EIO, "the server did not start: %.200s", seen.ptr);
out:
	if (fd >= 0)
		close(fd);
	bn_buf_release(&seen);
	bn_free(log);
	bn_free(text);
	return rc;
}

static void stop_server(demo *d)
{
	if (d->server <= 0)
		return;
	kill(d->server, SIGTERM);
	waitpid(d->server, NULL, 0);
	d->server = 0;
}

/* The server answers first and logs within a second: waits until that many rows are in the log. */
static int wait_logged(demo *d, int64_t rows, bn_err *err)
{
	for (int tries = 0; tries < 100; tries++) {
		json_t *report = NULL;
		bn_err not_yet = BN_ERR_INIT;
		ask(d, &report, &not_yet,
			"binnacle monitor report power@champion --dry-run --json");
		int64_t logged = bn_json_int(json_object_get(report, "window"), "rows", 0);
		json_decref(report);
		if (logged >= rows)
			return 0;
		if (bn_cli_interrupted())
			return bn_err_set(err, BN_EINTR, "interrupted");
		poll(NULL, 0, 100);
	}
	return bn_err_set(
		err, BN_EIO, "the server logged fewer than %lld predictions", (long long)rows);
}

static int serve_and_watch(demo *d, bn_err *err)
{
	int rc = 0;
	uint8_t secret[16];
	char token[2 * sizeof secret + 1];
	if ((rc = bn_env_random(bn_cli_env(d->cli), secret, sizeof secret, err)))
		return rc;
	bn_hex(secret, sizeof secret, token);
	setenv("BINNACLE_TOKEN", token, 1); /* for the server and those who ask it */
	station(d, "serve", "over HTTP on loopback, with a token from BINNACLE_TOKEN");
	if ((rc = start_server(d, err)))
		return rc;
	station(d, "monitor", "requests like the training data, then data that has drifted");
	if ((rc = step(d, err, 0, "binnacle data export jobs.test usual.csv")) ||
		(rc = step(d, err, 0,
			 "binnacle predict --endpoint %s usual.csv --out usual-answers.csv",
			 d->url)) ||
		(rc = wait_logged(d, 3000, err)) ||
		(rc = step(d, err, 0, "binnacle monitor report power@champion --last 3000")) ||
		(rc = step(d, err, 0,
			 "binnacle data generate jobs-later --rows 3000 --seed 8 --drift 1")) ||
		(rc = step(d, err, 1, "binnacle data check jobs-later --suite jobs_suite.json")) ||
		(rc = step(d, err, 0, "binnacle data export jobs-later later.csv")) ||
		(rc = step(d, err, 0,
			 "binnacle predict --endpoint %s later.csv --out later-answers.csv",
			 d->url)) ||
		(rc = wait_logged(d, 6000, err)) ||
		(rc = step(d, err, 1, "binnacle monitor report power@champion --last 3000")))
		return rc;
	stop_server(d);
	station(d, "log", "it contains everything above, unchanged");
	return step(d, err, 0, "binnacle audit verify");
}

/* ---- closing lines -------------------------------------------------------------------------- */

/* Whether the shell finds this program by its name. */
static bool is_on_path(const demo *d)
{
	const char *path = getenv("PATH");
	struct stat own, other;
	bool found = false;
	if (!path || stat(d->program, &own) != 0)
		return false;
	for (size_t n; !found && *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		char *file = bn_strf("%.*s/binnacle", (int)n, path);
		found = file && access(file, X_OK) == 0;
		if (found && (stat(file, &other) != 0 || other.st_ino != own.st_ino ||
				     other.st_dev != own.st_dev)) {
			bn_free(file);
			return false;
		}
		bn_free(file);
	}
	return found;
}

/* A line to paste: the command and the workspace's directory. */
static void next_print(const demo *d, const char *title, const char *words)
{
	bn_buf line = BN_BUF_INIT;
	bn_shell_word_add(&line, is_on_path(d) ? "binnacle" : d->program);
	bn_buf_addf(&line, " %s ", words);
	bn_shell_word_add(&line, d->dir);
	bn_cli_print(d->cli, "  %-14s %s\n", title, line.ptr ? line.ptr : "");
	bn_buf_release(&line);
}

static int summarise(demo *d, double seconds, bn_err *err)
{
	json_t *runs = NULL, *model = NULL, *reports = NULL;
	int rc = 0;
	if ((rc = ask(d, &runs, err, "binnacle run ls --json")) ||
		(rc = ask(d, &model, err, "binnacle model show power@champion --json")) ||
		(rc = ask(d, &reports, err, "binnacle monitor ls --json")))
		goto out;
	bn_cli_print_in(d->cli, "bold", "\nThe life cycle of one model in %.1f s\n", seconds);
	char rmse[BN_FMT];
	bn_fmt_sig(bn_json_num(
			   json_object_get(json_object_get(model, "metrics"), "test"), "rmse", NAN),
		4, rmse);
	bn_cli_print(d->cli, "  %lld runs, champion power/%lld with test rmse %s W\n",
		(long long)bn_json_int(runs, "count", 0),
		(long long)bn_json_int(model, "version", 0), rmse);
	size_t i;
	json_t *r;
	json_array_foreach(json_object_get(reports, "items"), i, r)
		bn_cli_print(d->cli, "  report %s: %s\n", bn_json_str(r, "id", "-"),
			bn_json_str(json_object_get(r, "dataset"), "verdict", "-"));
	bn_cli_print(d->cli, "  %-14s %s\n", "the workspace:", d->dir);
	next_print(d, "look around:", "-C");
	next_print(d, "next:", "tour");
out:
	json_decref(runs);
	json_decref(model);
	json_decref(reports);
	return rc;
}

/* On a terminal the demo ends in the workbench, which replaces this process. */
static int open_workbench(demo *d, bn_err *err)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || bn_cli_flag(d->cli, "no-workbench"))
		return 0;
	bn_cli_print(d->cli, "\nEnter opens the workbench, Ctrl-C leaves. ");
	fflush(stdout);
	char line[16];
	if (!fgets(line, sizeof line, stdin))
		return 0;
	const char *words[] = {"binnacle", "-C", d->dir, NULL};
	execv(d->program, (char *const *)words);
	return bn_err_sys(err, BN_EIO, errno, "cannot open the workbench");
}

/* A separate directory: the demo never writes into an existing workspace. */
static int make_place(demo *d, bn_err *err)
{
	const bn_env *env = bn_cli_env(d->cli);
	const char *dir = bn_cli_arg(d->cli, 0) ? bn_cli_arg(d->cli, 0) : "binnacle-demo";
	int rc = bn_path_absolute(&d->dir, dir, err);
	if (rc < 0)
		return rc;
	char *state = bn_path_join(d->dir, ".binnacle"), *mark = bn_path_join(d->dir, BN_DEMO_MARK);
	if (!state || !mark)
		rc = bn_err_nomem(err, "a file name");
	else if (bn_fs_exists(env, state) && !bn_fs_exists(env, mark))
		rc = bn_err_set(err, BN_ECONFLICT,
			"'%s' contains a workspace that was not made by a demo", d->dir);
	else if (bn_fs_exists(env, mark)) {
		bn_cli_say(d->cli, "replacing the demo that was in %s", d->dir);
		rc = bn_fs_remove_tree(env, d->dir, err);
	}
	if (!rc)
		rc = bn_fs_make_dirs(env, d->dir, 0755, err);
	if (!rc)
		rc = bn_fs_write_file(env, mark, "", 0, 0644, err);
	if (!rc)
		rc = step(d, err, 0, "binnacle init");
	bn_free(state);
	bn_free(mark);
	return rc;
}

static int run_demo(bn_cli *cli, bn_err *err)
{
	demo d = {.cli = cli, .program = bn_cli_program(cli)};
	int64_t started = bn_env_monotonic_ns(bn_cli_env(cli));
	int rc = 0;
	setvbuf(stdout, NULL, _IOLBF, 0); /* a demo is watched while it runs */
	if (!(rc = make_place(&d, err)) && !(rc = prepare_data(&d, err)) &&
		!(rc = train_models(&d, err)) && !(rc = approve_model(&d, err)))
		rc = serve_and_watch(&d, err);
	stop_server(&d);
	if (!rc) {
		double seconds = (double)(bn_env_monotonic_ns(bn_cli_env(cli)) - started) / 1e9;
		rc = summarise(&d, seconds, err);
	}
	if (!rc)
		rc = open_workbench(&d, err);
	bn_free(d.dir);
	return rc;
}

static const bn_opt demo_options[] = {
	{"no-workbench", 0, NULL, "do not open the workbench at the end"},
	{0},
};

const bn_verb bn_verbs_demo[] = {
	{"demo", NULL, "[DIR]", 0, 1, "take one model through its whole life cycle",
		"Samples this node, generates synthetic HPC jobs, checks, splits, trains three "
		"models,\n"
		"approves one, serves it, and detects drift, with the commands that you would "
		"type.\n"
		"A check fails and a second version waits for approval, for `binnacle tour` to "
		"show.\n"
		"Creates DIR (binnacle-demo); an earlier demo in it is replaced.",
		{"binnacle demo", "binnacle demo /tmp/demo --no-workbench"}, demo_options,
		BN_VERB_NO_WORKSPACE | BN_VERB_UNJUDGED, run_demo},
	{0},
};
