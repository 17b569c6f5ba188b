/* cmd_run_start.c - binnacle run start, binnacle run resume, binnacle exec. */
#include "core/base/json.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/shared_parts.h"
#include "core/launch/about_target.h"
#include "core/launch/exec.h"
#include "core/launch/launch.h"
#include "core/launch/queue_supervisor.h"
#include "core/launch/resolve.h"
#include "core/learn/trainer.h"
#include "core/pipeline/fold_classes.h"
#include "core/track/experiment.h"
#include "core/track/resume.h"
#include "core/track/run.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/run_spec.h"
#include "tui/cli/run_sweep.h"
#include "tui/cli/verbs.h"

#include <stdlib.h>
#include <string.h>

#define TRAINER_WORD(name) #name ", "
static const bn_opt start_options[] = {
	{"trainer", 't', "NAME", "one of " BN_TRAINERS(TRAINER_WORD) "with its --set"},
	{"data", 'd', "[ALIAS=]NAME@V",
		"dataset version; repeat with suffix :val or :test, or prefix ALIAS= for a "
		"command"},
	{"target", 0, "COLUMN", "what to predict"},
	{"features", 0, "A,B", "columns to predict from; default: all but target and excluded"},
	{"exclude", 0, "A,B", "columns to leave out"},
	{"where", 0, "EXPR",
		"train and test on the rows that satisfy it: 'nodes > 1 and state = done'"},
	{"set", 's', "KEY=VALUE", "a hyper-parameter; may be repeated"},
	{"sweep", 0, "KEY=VALUES",
		"a run for each of 0.1,0.01, of 0..4, of 0.001..0.1 log 5 (five values); may be "
		"repeated"},
	{"runs", 0, "N", "of a sweep: so many of the combinations, at random; default: all"},
	{"task", 0, "TASK", "auto, regression or classification"},
	{"impute", 0, "HOW", "mean, median or most_frequent"},
	{"no-standardise", 0, NULL, "do not standardise numbers"},
	{"split", 0, "KIND", "random or order: how rows are taken for validation and test"},
	{"valid", 0, "SHARE", "share of rows for validation (0.15)"},
	{"test", 0, "SHARE", "share of rows for the test (0.15)"},
	{"seed", 0, "N", "seed of all random numbers (0)"},
	{"threads", 0, "N", "threads; 0: as many as there are cores"},
	{"spec", 0, "FILE", "a spec as JSON; other options override it"},
	{"again", 0, "RUN", "use the spec of that run; other options override it"},
	{"workdir", 0, "DIR", "where the command runs; default: here, or with --again where RUN did"},
	{"name", 'n', "NAME", "readable name of the run"},
	{"experiment", 'e', "NAME", "experiment it belongs to (default)"},
	{"note", 0, "TEXT", "a note"},
	{"tag", 0, "KEY=VALUE", "a tag; may be repeated"},
	{"time-limit", 0, "TIME", "end it after this time (1h30m); 0: no limit"},
	{"grace", 0, "TIME", "between SIGTERM and SIGKILL (10s)"},
	{"log-limit", 0, "SIZE", "how much of its output is kept, start and end (64M)"},
	{"retries", 0, "N", "restart a failed command, at most N times"},
	{"input", 0, "FILE", "a file that the command reads, hashed now; may be repeated"},
	{"output", 0, "PATTERN",
		"files below here to keep as artifacts ('out/*.png'); may be repeated"},
	{"secret", 0, "NAME=REF", "a variable for the command, from env:VARIABLE or file:/PATH"},
	{"queue", 0, NULL, "queue it on this host; see queue ls"},
	{"executor", 0, "NAME", "executor: local (immediately) or queue; default: as in the spec"},
	{"cores", 0, "N", "cores it needs (1); a trainer's threads"},
	{"memory", 0, "SIZE", "memory it needs (4G)"},
	{"wait", 'w', NULL, "wait until it ends; exit status 1 if it fails, 5 if the disk is full"},
	{"watch", 'W', NULL, "wait, and show its output and metrics"},
	{0},
};

static const bn_opt resume_options[] = {
	{"set", 's', "KEY=VALUE", "raise the limit of steps: epochs, max_iterations"},
	{"threads", 0, "N", "threads; 0: as many as there are cores"},
	{"name", 'n', "NAME", "readable name of the new run"},
	{"experiment", 'e', "NAME", "experiment it belongs to; default: that of RUN"},
	{"note", 0, "TEXT", "a note"},
	{"tag", 0, "KEY=VALUE", "a tag, besides those of RUN; may be repeated"},
	{"time-limit", 0, "TIME", "end it after this time (1h30m); 0: no limit; default: as RUN"},
	{"grace", 0, "TIME", "between SIGTERM and SIGKILL (10s)"},
	{"log-limit", 0, "SIZE", "how much of its output is kept, start and end (64M)"},
	{"queue", 0, NULL, "queue it on this host; see queue ls"},
	{"executor", 0, "NAME", "executor: local (immediately) or queue; default: as RUN"},
	{"cores", 0, "N", "cores it needs; its threads"},
	{"memory", 0, "SIZE", "memory it needs (4G)"},
	{"wait", 'w', NULL, "wait until it ends; exit status 1 if it fails, 5 if the disk is full"},
	{"watch", 'W', NULL, "wait, and show its output and metrics"},
	{0},
};

/* ---- run start ------------------------------------------------------------------------------ */

static int show_started(bn_cli *cli, bn_workspace *ws, const char *id, bn_err *err)
{
	static const bn_col fields[] = {{"id", "run", BN_AS_TEXT}, {"name", "name", BN_AS_TEXT},
		{"status", "status", BN_AS_TEXT}, {"title", "runs", BN_AS_TEXT}, {0}};
	json_t *o = NULL;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0 || (rc = bn_run_to_json(&o, ws, id, err)) < 0)
		return rc;
	return bn_cli_object(cli, o, fields, err);
}

/* *name: NULL for that of the spec. */
static int executor_name(const char **name, bn_cli *cli, bn_err *err)
{
	const char *queue = bn_executor_queue.name;
	*name = bn_cli_opt(cli, "executor");
	if (!bn_cli_flag(cli, "queue"))
		return 0;
	if (*name && strcmp(*name, queue) != 0) {
		bn_err_set(
			err, BN_EINVAL, "--queue and --executor %s contradict each other", *name);
		bn_err_hint(err, "--queue is --executor %s", queue);
		return BN_EINVAL;
	}
	*name = queue;
	return 0;
}

static int show_spec(bn_cli *cli, bn_workspace *ws, const bn_spec *given,
	const bn_launch_options *opt, bn_err *err)
{
	const bn_executor *by;
	bn_spec *spec = NULL;
	bn_buf what = BN_BUF_INIT;
	json_t *json = NULL;
	int rc;
	if ((rc = bn_launch_spec(&spec, &by, ws, given, opt, err)) < 0)
		goto out;
	if ((rc = by->describe(&what, ws, spec, err)) < 0)
		goto out;
	if (bn_cli_is_text(cli))
		bn_cli_say(cli, "%s", what.ptr);
	if ((rc = bn_spec_to_json(&json, spec, err)) < 0)
		goto out;
	rc = bn_cli_document(cli, json, err);
out:
	bn_buf_release(&what);
	bn_spec_free(spec);
	return rc;
}

/* Waits if requested, and shows the run afterwards. */
static int follow_started(bn_cli *cli, bn_workspace *ws, const char *id, bool queued, bn_err *err)
{
	bool watch = bn_cli_flag(cli, "watch");
	bn_err shown = BN_ERR_INIT;
	int rc = 0;
	if (bn_cli_is_text(cli))
		bn_cli_say(cli, "run %.8s %s; binnacle run watch %.8s follows it", id,
			queued ? "queued" : "started", id);
	if (watch || bn_cli_flag(cli, "wait"))
		rc = bn_run_follow(cli, ws, id,
			watch && bn_cli_is_text(cli) ? BN_FOLLOW_LOG | BN_FOLLOW_METRICS
						     : BN_FOLLOW_QUIET,
			err);
	int show = rc == BN_EINTR ? 0 : show_started(cli, ws, id, &shown);
	if (rc < 0)
		return rc;
	return show < 0 ? bn_err_move(err, &shown) : 0;
}

/* Words after -- belong to the program, even options meant for us. */
static void say_behind(bn_cli *cli)
{
	static const char *const ours[] = {"wait", "watch"};
	size_t n = 0;
	const char *const *rest = bn_cli_rest(cli, &n);
	if (bn_cli_flag(cli, "wait") || bn_cli_flag(cli, "watch"))
		return;
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
			if (bn_str_starts(rest[i], "--") && !strcmp(rest[i] + 2, ours[k]))
				bn_cli_say(cli,
					"%s is after -- and goes to the program; before -- it "
					"makes this command wait",
					rest[i]);
}

/* Reports a task chosen by default: 0 and 1 may have been intended as classes. */
static void say_task(bn_cli *cli, bn_workspace *ws, const bn_spec *spec)
{
	const char *task = NULL;
	if (!bn_cli_is_text(cli) || bn_spec_task_by_target(&task, ws, spec, NULL) < 0 || !task)
		return;
	if (!strcmp(task, "regression"))
		bn_cli_say(cli,
			"task regression because target '%s' is a number; --task classification "
			"treats its values as classes",
			spec->target);
	else
		bn_cli_say(cli, "task classification because target '%s' is not a number",
			spec->target);
}

static void say_target(void *cli, bool warns, const char *text)
{
	if (warns)
		bn_cli_warn(cli, "%s", text);
	else
		bn_cli_say(cli, "%s", text);
}

static int fetch_recipe(char hash[65], bn_workspace *ws, const char *id)
{
	bn_run_info *run = NULL;
	bn_spec *spec = NULL;
	int rc = bn_run_get(&run, ws, id, NULL);
	if (rc == 0)
		rc = bn_spec_fetch(&spec, ws, run->spec_hash, NULL);
	if (rc == 0)
		rc = bn_spec_recipe_hash(spec, hash, NULL);
	bn_spec_free(spec);
	bn_run_info_free(run);
	return rc;
}

/* --again with settings that the run had: nothing will differ, which is rarely what was meant. */
static void say_same(bn_cli *cli, bn_workspace *ws, const char *id, const char *again)
{
	char recipe[65], before[65];
	if (!again || !bn_cli_opt_nth(cli, "set", 0) || fetch_recipe(recipe, ws, id) < 0 ||
		fetch_recipe(before, ws, again) < 0 || strcmp(recipe, before) != 0)
		return;
	bn_cli_warn(
		cli, "%.8s has the settings of %.8s: what --set says is what it had", id, again);
}

static void warn_shared(void *cli, const char *text)
{
	bn_cli_warn(cli, "%s", text);
}

/* --experiment names one as it is called now. *own is yours. */
static int experiment_option(
	char **own, bn_launch_options *opt, bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	const char *name = bn_cli_opt(cli, "experiment");
	int rc = 0;
	if (!name || bn_cli_dry_run(cli))
		return 0;
	if (!*name)
		return bn_err_set(err, BN_EINVAL,
			"--experiment '' is no name: without it a run is in 'default'");
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0 ||
		(rc = bn_experiment_for_run(own, ws, name, err)) < 0)
		return rc;
	opt->experiment = *own;
	return 0;
}

static int launch_options(bn_launch_options *opt, bn_cli *cli, bn_err *err)
{
	*opt = (bn_launch_options){.name = bn_cli_opt(cli, "name"),
		.note = bn_cli_opt(cli, "note"),
		.parent = bn_env_get(bn_cli_env(cli), "BINNACLE_RUN_ID"),
		.program = bn_cli_program(cli)};
	if (opt->name && !*opt->name)
		return bn_err_set(
			err, BN_EINVAL, "--name '' is no name: without it a run gets one");
	return executor_name(&opt->executor, cli, err);
}

/* According to its executor: of the options, else of the spec. */
static bool is_queued(const bn_launch_options *opt, const bn_spec *spec)
{
	const char *by = opt->executor ? opt->executor : spec->executor;
	return by && !strcmp(by, bn_executor_queue.name);
}

/* Says so if a command runs in another directory than the current one. */
static void say_place(bn_cli *cli, const bn_spec *spec)
{
	char *here = NULL;
	if (!spec->workdir || !bn_spec_is_command(spec) || !bn_cli_is_text(cli))
		return;
	if (bn_path_absolute(&here, ".", NULL) == 0 && strcmp(here, spec->workdir) != 0)
		bn_cli_say(cli, "in %s; --workdir . runs it here", spec->workdir);
	bn_free(here);
}

static int sweep_launch(json_t *items, bn_workspace *ws, bn_spec *spec, const bn_run_sweep *s,
	size_t i, const bn_launch_options *opt, bn_err *err)
{
	bn_launch_options one = *opt;
	bn_buf name = BN_BUF_INIT, text = BN_BUF_INIT;
	char id[BN_RUN_ID_TEXT];
	if (opt->name)
		bn_buf_adds(&name, opt->name);
	int rc = bn_run_sweep_apply(s, i, spec, &name, &text, err);
	if (rc < 0)
		goto out;
	one.name = opt->name ? name.ptr : NULL;
	if ((rc = bn_launch(ws, spec, &one, id, err)) < 0)
		goto out;
	json_t *item = json_pack("{s:s, s:s?, s:s}", "id", id, "name", one.name, "settings",
		text.ptr ? text.ptr : "");
	rc = json_array_append_new(items, item) ? bn_err_nomem(err, "a sweep") : 0;
out:
	bn_buf_release(&name);
	bn_buf_release(&text);
	return rc;
}

/* One run after the other, through the queue unless an executor is named. */
static int sweep_start(bn_cli *cli, bn_workspace *ws, bn_spec *spec, const bn_run_sweep *s,
	bn_launch_options *opt, bn_err *err)
{
	static const bn_col cols[] = {{"id", "run", BN_AS_TEXT}, {"name", "name", BN_AS_TEXT},
		{"settings", "settings", BN_AS_WORDS}, {0}};
	size_t combinations, runs = bn_run_sweep_runs(s, &combinations);
	bn_buf name = BN_BUF_INIT, text = BN_BUF_INIT;
	int rc = 0;
	opt->executor = opt->executor ? opt->executor : bn_executor_queue.name;
	if (bn_cli_is_text(cli))
		bn_cli_say(cli, "%zu run%s of %zu combination%s", runs, runs == 1 ? "" : "s",
			combinations, combinations == 1 ? "" : "s");
	if (bn_cli_dry_run(cli)) { /* the first one */
		if ((rc = bn_run_sweep_apply(s, 0, spec, &name, &text, err)) == 0)
			rc = show_spec(cli, ws, spec, opt, err);
		bn_buf_release(&name);
		bn_buf_release(&text);
		return rc;
	}
	json_t *items = json_array();
	for (size_t i = 0; i < runs && rc == 0; i++) {
		bn_err why = BN_ERR_INIT;
		if ((rc = sweep_launch(items, ws, spec, s, i, opt, &why)) < 0) {
			if (i > 0)
				bn_err_prefix(&why, "%zu of %zu were started", i, runs);
			bn_err_move(err, &why);
		}
	}
	if (rc < 0) {
		json_decref(items);
		return rc;
	}
	return bn_cli_list(cli, items, cols, "", err);
}

static int run_start(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_spec *spec = NULL;
	bn_run_sweep *sweep = NULL;
	bn_launch_options opt;
	char id[BN_RUN_ID_TEXT], again[BN_RUN_ID_TEXT], *experiment = NULL;
	int rc;
	if ((rc = launch_options(&opt, cli, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0)
		return rc;
	if ((rc = bn_run_spec_read(&spec, cli, ws, again, err)) < 0 ||
		(rc = experiment_option(&experiment, &opt, cli, ws, err)) < 0)
		goto out;
	opt.again = again[0] ? again : NULL;
	if ((rc = bn_run_sweep_read(&sweep, cli, spec, err)) < 0)
		goto out;
	if (sweep) {
		rc = sweep_start(cli, ws, spec, sweep, &opt, err);
		goto out;
	}
	if (bn_cli_dry_run(cli)) {
		if ((rc = show_spec(cli, ws, spec, &opt, err)) == 0)
			bn_shared_parts_tell(ws, spec, warn_shared, cli);
		goto out;
	}
	if ((rc = bn_launch(ws, spec, &opt, id, err)) < 0)
		goto out;
	say_task(cli, ws, spec);
	bn_target_tell(ws, spec, say_target, cli);
	if (opt.again && !bn_cli_opt(cli, "workdir"))
		say_place(cli, spec);
	say_same(cli, ws, id, opt.again);
	say_behind(cli);
	bn_shared_parts_tell(ws, spec, warn_shared, cli);
	rc = follow_started(cli, ws, id, is_queued(&opt, spec), err);
out:
	bn_run_sweep_free(sweep);
	bn_spec_free(spec);
	bn_free(experiment);
	return rc;
}

/* ---- run resume ----------------------------------------------------------------------------- */

static int resume_change(bn_resume *r, bn_cli *cli, bn_err *err)
{
	const char *text, *value;
	char *key = NULL;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && (text = bn_cli_opt_nth(cli, "set", i)); i++) {
		if ((rc = bn_cli_pair(&key, &value, text, "set", err)) < 0)
			return rc;
		rc = bn_resume_set(r, key, value, err);
		bn_free(key);
	}
	return rc < 0 ? rc : bn_run_spec_surround(r->spec, cli, err);
}

static void say_resumed(bn_cli *cli, const bn_resume *r)
{
	const char *name;
	int64_t limit = bn_resume_limit(r, &name);
	if (!bn_cli_is_text(cli))
		return;
	bn_cli_say(cli, "continues run %.8s (%s), which was %s, after %lld step%s; %s: %lld",
		r->run->id, r->run->name, bn_run_status_name(r->run->status),
		(long long)r->checkpoint.steps, r->checkpoint.steps == 1 ? "" : "s",
		name ? name : "limit", (long long)limit);
}

static int run_resume(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_resume *r = NULL;
	bn_launch_options opt;
	char of[BN_RUN_ID_TEXT], id[BN_RUN_ID_TEXT], *experiment = NULL;
	int rc;
	if ((rc = launch_options(&opt, cli, err)) < 0 ||
		(rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, 0), of, err)) < 0 ||
		(rc = bn_resume_open(&r, ws, of, err)) < 0)
		return rc;
	if ((rc = resume_change(r, cli, err)) < 0 ||
		(rc = experiment_option(&experiment, &opt, cli, ws, err)) < 0)
		goto out;
	bn_resume_options(r, &opt);
	if (bn_cli_dry_run(cli)) {
		if ((rc = bn_resume_check(r, err)) < 0)
			goto out;
		say_resumed(cli, r);
		rc = show_spec(cli, ws, r->spec, &opt, err);
		goto out;
	}
	if ((rc = bn_resume_launch(r, &opt, id, err)) < 0)
		goto out;
	say_resumed(cli, r);
	rc = follow_started(cli, ws, id, is_queued(&opt, r->spec), err);
out:
	bn_resume_free(r);
	bn_free(experiment);
	return rc;
}

/* ---- exec ----------------------------------------------------------------------------------- */

static const bn_opt exec_options[] = {
	{"lock-fd", 0, "N", "the run's lock, which is already held"},
	{"queued", 0, NULL, "the run was started by the queue"},
	{"spec", 0, "HASH", "the spec's hash in the log"},
	{0},
};

static int run_exec(bn_cli *cli, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	const char *dir = bn_cli_start_dir(cli), *id = bn_cli_arg(cli, 0);
	const char *spec = bn_cli_opt(cli, "spec");
	int64_t lock_fd = -1;
	int status = 0, rc = bn_cli_opt_int(cli, "lock-fd", 3, 1 << 20, &lock_fd, err);
	if (rc < 0)
		return rc;
	rc = bn_cli_flag(cli, "queued")
		     ? bn_queue_supervise(env, bn_fold_classes, dir, id, spec, (int)lock_fd,
			       bn_cli_program(cli), &status, err)
		     : bn_exec_run(env, bn_fold_classes, dir, id, spec, (int)lock_fd, &status, err);
	if (rc < 0 || status == 0)
		return rc;
	return bn_err_set(err, status == 130 || status == 143 ? BN_EINTR : BN_EFAILED,
		"the run ended with status %d", status);
}

const bn_verb bn_verbs_run_start[] = {
	{"run", "start", "[-- COMMAND ARG...]", 0, 0, "train a model, or run any program, as a run",
		"The run is a separate process: it continues when this shell ends. Everything "
		"needed to\n"
		"repeat it is kept: data versions, code with uncommitted changes, environment.\n"
		"A command finds BINNACLE_RUN_ID, BINNACLE_RUN_DIR and BINNACLE_DATA_<NAME> (or "
		"_<ALIAS>,\n"
		"and BINNACLE_DATA, all as JSON) in its environment; metrics.json, and files in\n"
		"$BINNACLE_RUN_DIR/artifacts, are collected.",
		{"binnacle run start --trainer ridge --data jobs@v1 --target power --wait",
			"binnacle run start --queue --cores 4 --memory 8G -- python train.py",
			"binnacle run start --again 7f3a --sweep 'learning_rate=0.001..0.1 log 5'"},
		start_options, BN_VERB_REST | BN_VERB_DRY_RUN, run_start},
	{"run", "resume", "RUN", 1, 1, "continue a stopped or failed training run in a new run",
		"For trainers that work in steps (mlp, logistic): the new run takes the "
		"checkpoint of RUN, and\n"
		"the metrics up to it, and gives the bytes of a run that was never interrupted. It "
		"has the data,\n"
		"the settings and the seed of RUN; only the limit of steps may be raised. RUN "
		"stays "
		"as it ended.",
		{"binnacle run resume 7f3a --watch",
			"binnacle run resume 7f3a --set epochs=80 --time-limit 2h --queue"},
		resume_options, BN_VERB_DRY_RUN, run_resume},
	{"exec", NULL, "RUN", 1, 1, "supervise a run that was prepared (internal)",
		"Started by `binnacle run start`; not for direct use.",
		{"binnacle exec 0123456789abcdef0123456789abcdef", "binnacle help run start"},
		exec_options, BN_VERB_HIDDEN | BN_VERB_UNJUDGED, run_exec},
	{0},
};
