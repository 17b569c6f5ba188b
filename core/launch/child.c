/*
 * child.c - see _child.h: training, and commands, inside a supervised child.
 *
 * The trainer's child has its own writer in the event log: what it has committed is durable even
 * if it crashes in the next instruction. The model is stored and recorded before it exits, so
 * before the supervisor can record the end of the run.
 */
#include "core/base/dir.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/govern/rights.h"
#include "core/launch/_child.h"
#include "core/learn/evaluate.h"
#include "core/learn/fit.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define FLUSH_NS 500000000
#define MODEL_DIR BN_RUN_MODEL_DIR

/* How long a trainer may continue after SIGTERM before it checks whether to stop (an epoch, reading a table). After
 * that it exits at once: like a kill, which the data on disk survives, but within the grace time. If its steps are
 * short enough it may finish one within the grace time, and then write a checkpoint, for which WRITING_MS are
 * reserved. */
#define PATIENCE_MS 800
#define WRITING_MS 2000

static volatile sig_atomic_t stop_wanted, stop_noticed;
static volatile sig_atomic_t step_ms,
	finish_ms; /* duration of the last step, 0: none yet; time allowed to finish one */

static void on_stop(int signal)
{
	int ms = step_ms > 0 && step_ms < finish_ms ? finish_ms : PATIENCE_MS;
	const struct itimerval soon = {.it_value = {ms / 1000, ms % 1000 * 1000}};
	(void)signal;
	stop_wanted = 1;
	setitimer(ITIMER_REAL, &soon, NULL);
}

static void on_patience_over(int signal)
{
	(void)signal;
	if (!stop_noticed)
		_exit(130);
}

void bn_child_log(const char *line)
{
	size_t n = strlen(line);
	while (n > 0) {
		ssize_t w = write(1, line, n);
		if (w <= 0)
			return;
		line += w;
		n -= (size_t)w;
	}
	if (write(1, "\n", 1) < 0)
		return;
}

/* ---- training ------------------------------------------------------------------------------- */

typedef struct trainee {
	bn_workspace *ws;
	const char *id;
	bn_metric_set metrics;
	int64_t flushed_ns, asked_ns;
	bn_err err; /* from a write to the log: ends the fit */
} trainee;

static int flush(trainee *t)
{
	int rc = bn_runlog_metrics(t->ws, t->id, &t->metrics, &t->err);
	if (rc >= 0)
		rc = bn_workspace_commit(t->ws, &t->err);
	if (rc >= 0)
		rc = bn_workspace_tick(t->ws, &t->err);
	bn_metric_set_clear(&t->metrics);
	t->flushed_ns = bn_env_monotonic_ns(bn_workspace_env(t->ws));
	return rc;
}

static int on_metric(void *user, const char *name, int64_t step, double value)
{
	trainee *t = user;
	const bn_env *env = bn_workspace_env(t->ws);
	if (bn_metric_set_add(&t->metrics, name, step, bn_env_now_ms(env), value) != 0)
		return bn_err_nomem(&t->err, "metrics");
	if (t->metrics.points >= BN_METRIC_CHUNK_POINTS ||
		bn_env_monotonic_ns(env) - t->flushed_ns >= FLUSH_NS)
		return flush(t);
	return 0;
}

/* Sealed, not only committed: a run on another host may resume this one, and needs its curve. */
static int on_settle(void *user)
{
	trainee *t = user;
	int rc = flush(t);
	return rc < 0 ? rc : bn_workspace_seal(t->ws, &t->err);
}

static void on_log(void *user, const char *line)
{
	(void)user;
	bn_child_log(line);
}

/* The fit calls it after each step. */
static bool is_cancelled(void *user)
{
	trainee *t = user;
	int64_t now = bn_env_monotonic_ns(bn_workspace_env(t->ws));
	int64_t ms = (now - t->asked_ns) / 1000000 + 1;
	step_ms = ms < INT_MAX ? (sig_atomic_t)ms : INT_MAX;
	t->asked_ns = now;
	if (stop_wanted)
		stop_noticed = 1;
	return stop_wanted != 0;
}

/* {"test": {"rmse": 1.5}} becomes the metric test_rmse at the last step; those of validation
 * begin with val_, like the trainers' val_loss. Counts of rows are not scores. */
static int add_scores(trainee *t, const json_t *metrics, int64_t step)
{
	const char *part, *name;
	json_t *scores, *value;
	int64_t now = bn_env_now_ms(bn_workspace_env(t->ws));
	json_object_foreach((json_t *)(uintptr_t)metrics, part, scores)
	{
		json_object_foreach(scores, name, value)
		{
			char key[128];
			if (!json_is_number(value) || !bn_metric_find(name))
				continue;
			snprintf(key, sizeof key, "%.32s_%.80s",
				strcmp(part, "valid") ? part : "val", name);
			if (bn_metric_set_add(
				    &t->metrics, key, step, now, json_number_value(value)) != 0)
				return bn_err_nomem(&t->err, "metrics");
		}
	}
	return 0;
}

/* 0: as many as there are. */
static int threads_of(const bn_spec *spec, const bn_env *env)
{
	const char *given = bn_env_get(env, "BINNACLE_CORES");
	int64_t cores;
	char line[80];
	if (spec->threads > 0)
		return (int)spec->threads;
	if (spec->resources.cpus > 0)
		return (int)spec->resources.cpus;
	if (!given || !bn_parse_i64(given, strlen(given), &cores) || cores < 1 || cores > INT_MAX)
		return 0;
	snprintf(line, sizeof line, "%lld core%s: all that the queue has to give", (long long)cores,
		cores == 1 ? "" : "s");
	bn_child_log(line);
	return (int)cores;
}

static int train(const bn_child_task *task, trainee *t, bn_err *err)
{
	bn_fit_hooks hooks = {.user = t,
		.metric = on_metric,
		.log = on_log,
		.is_cancelled = is_cancelled,
		.settle = on_settle,
		.resumes = true,
		.must_resume = bn_run_resumes(task->run_dir)};
	bn_fit_report report = {.metrics = NULL};
	bn_err why = BN_ERR_INIT;
	char line[128];
	int rc = bn_dir_remove_tree(task->run_dir, MODEL_DIR, &why);
	if (rc < 0)
		goto out;
	rc = bn_fit_run(&report, t->ws, task->spec, task->run_dir, MODEL_DIR,
		threads_of(task->spec, task->env), &hooks, &why);
	if (rc < 0) {
		/* A failed write to the log ends the fit with its code and more specific
		 * message. */
		if (t->err.code == rc)
			bn_err_clear(&why);
		goto out;
	}
	if ((rc = add_scores(t, report.metrics, report.iterations > 0 ? report.iterations : 0)) < 0)
		goto out;
	if ((rc = flush(t)) < 0)
		goto out;
	if ((rc = bn_runlog_model(t->ws, t->id, task->run_dir, MODEL_DIR, report.digest, &why)) < 0)
		goto out;
	if ((rc = bn_workspace_commit(t->ws, &why)) < 0)
		goto out;
	snprintf(line, sizeof line, "model %.12s written", report.digest);
	bn_child_log(line);
	bn_dir_remove_tree(task->run_dir, MODEL_DIR, NULL);
	bn_fit_forget(task->run_dir, MODEL_DIR, NULL);
out:
	bn_fit_report_release(&report);
	return rc < 0 ? bn_err_move(err, why.code ? &why : &t->err) : 0;
}

void bn_child_train_signals(void)
{
	struct sigaction sa = {.sa_handler = on_patience_over};
	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = on_stop;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	/* A trainer ignores these. */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
}

int bn_child_train(const bn_child_task *task)
{
	trainee t = {.id = task->id, .metrics = BN_METRIC_SET_INIT};
	bn_err err = BN_ERR_INIT;
	int rc = bn_workspace_open(&t.ws, task->env, task->classes, task->workspace_dir, &err);
	if (rc < 0)
		goto out;
	bn_rights_seal(t.ws);
	bn_run_clock_follow(t.ws, t.id);
	t.flushed_ns = t.asked_ns = bn_env_monotonic_ns(task->env);
	int64_t finish = bn_spec_grace_s(task->spec) * 1000 - WRITING_MS;
	finish_ms = finish < INT_MAX ? (sig_atomic_t)finish : INT_MAX;
	rc = train(task, &t, &err);
out:
	bn_metric_set_release(&t.metrics);
	bn_workspace_close(t.ws);
	if (rc >= 0)
		return 0;
	char line[sizeof err.msg + sizeof err.hint + 32];
	snprintf(line, sizeof line, "error: %s%s%s", err.msg, err.hint[0] ? "; " : "", err.hint);
	bn_child_log(line);
	*task->why = err;
	return rc == BN_EINTR ? 130 : 1;
}

/* ---- commands ------------------------------------------------------------------------------- */

static size_t count_of(char **list)
{
	size_t n = 0;
	while (list && list[n])
		n++;
	return n;
}

/* PATH with our own directory last, so that the command finds `binnacle`, but another one in the user's PATH
 * takes precedence. NULL: nothing to set. */
static const char *path_with_program(const bn_env *env)
{
	const char *path = bn_env_get(env, "PATH");
	char *program = NULL, *set = NULL;
	if (bn_process_program(&program, NULL) < 0)
		return NULL;
	char *slash = strrchr(program, '/');
	if (slash && slash > program && strcmp(slash + 1, "binnacle") == 0) {
		*slash = '\0';
		set = bn_strf("PATH=%s%s%s", path ? path : "/usr/local/bin:/usr/bin:/bin",
			path && !*path ? "" : ":", program);
	}
	bn_free(program);
	return set;
}

/* Values of this run and its machine, in addition to the inherited environment. NULL if out of
 * memory; never freed, since the process calls exec. */
static const char **command_environment(const bn_child_task *t)
{
	size_t data = count_of(t->data_env), secrets = count_of(t->secrets), n = 0;
	const char **set = bn_alloc_zeroed(data + secrets + 8, sizeof *set);
	if (!set)
		return NULL;
	set[n++] = bn_strf("BINNACLE_RUN_ID=%s", t->id);
	set[n++] = bn_strf(BN_RUN_MARK "=%s", t->id);
	set[n++] = bn_strf("BINNACLE_HOME=%s", t->workspace_dir);
	set[n++] = bn_strf("BINNACLE_RUN_DIR=%s", t->run_dir->path);
	set[n++] =
		bn_strf("BINNACLE_SEED=%lld", (long long)(t->spec->seed < 0 ? 0 : t->spec->seed));
	set[n++] = bn_strf("BINNACLE_ATTEMPT=%d", t->attempt);
	for (size_t i = 0; i < n; i++)
		if (!set[i])
			return NULL;
	for (size_t i = 0; i < data; i++)
		set[n++] = t->data_env[i];
	for (size_t i = 0; i < secrets; i++)
		set[n++] = t->secrets[i];
	set[n] = path_with_program(t->env);
	return set;
}

int bn_child_command(const bn_child_task *t)
{
	bn_err err = BN_ERR_INIT;
	const char **set = command_environment(t);
	/* Variables of an enclosing run do not name our data. */
	bn_process_forget_variables("BINNACLE_DATA");
	umask(umask(077) | t->masked);
	if (set)
		bn_process_become(t->spec->command.items, set, t->spec->workdir, &err);
	else
		bn_err_nomem(&err, "an environment");
	char line[sizeof err.msg + 16];
	snprintf(line, sizeof line, "error: %s", err.msg);
	bn_child_log(line);
	return 127;
}
