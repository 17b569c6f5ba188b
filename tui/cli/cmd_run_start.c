/* cmd_run_start.c - binnacle run start, binnacle exec. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/launch/exec.h"
#include "core/launch/launch.h"
#include "core/launch/spec.h"
#include "core/learn/trainer.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/runlog.h"
#include "core/track/run.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/verbs.h"

#include <stdlib.h>
#include <string.h>

static const bn_opt start_options[] = {
	{"trainer", 't', "NAME", "ridge, logistic, mlp; see --set"},
	{"data", 'd', "NAME@V",
		"dataset version to train on; repeat with :val or :test at its end"},
	{"target", 0, "COLUMN", "what to predict"},
	{"features", 0, "A,B", "columns to predict from; default: all but target and excluded"},
	{"exclude", 0, "A,B", "columns to leave out"},
	{"set", 's', "KEY=VALUE", "a hyper-parameter; may be repeated"},
	{"task", 0, "TASK", "auto, regression or classification"},
	{"impute", 0, "HOW", "mean, median or most_frequent"},
	{"no-standardise", 0, NULL, "keep numbers as they are"},
	{"split", 0, "KIND", "random or order: how rows are taken for validation and test"},
	{"valid", 0, "SHARE", "share of rows for validation (0.15)"},
	{"test", 0, "SHARE", "share of rows for the test (0.15)"},
	{"seed", 0, "N", "seed of everything random (0)"},
	{"threads", 0, "N", "threads; 0: as many as there are"},
	{"spec", 0, "FILE", "a spec as JSON; the other options change it"},
	{"again", 0, "RUN", "the spec of that run; the other options change it"},
	{"name", 'n', "NAME", "readable name of the run"},
	{"experiment", 'e', "NAME", "experiment it belongs to (default)"},
	{"note", 0, "TEXT", "a note"},
	{"tag", 0, "KEY=VALUE", "a tag; may be repeated"},
	{"time-limit", 0, "TIME", "end it after this long (1h30m)"},
	{"grace", 0, "TIME", "between SIGTERM and SIGKILL (10s)"},
	{"wait", 'w', NULL, "wait until it is over; exit 1 when it fails"},
	{"watch", 'W', NULL, "wait, and show what it prints and its metrics"},
	{0},
};

/* ---- the spec from options ------------------------------------------------------------------ */

static int split_pair(
	const char *text, const char *option, char **key, const char **value, bn_err *err)
{
	const char *eq = strchr(text, '=');
	if (!eq || eq == text)
		return bn_err_set(err, BN_EINVAL, "--%s '%s': KEY=VALUE is wanted", option, text);
	*key = bn_strndup(text, (size_t)(eq - text));
	*value = eq + 1;
	return *key ? 0 : bn_err_nomem(err, "an option");
}

static void set_list(json_t *spec, const char *key, const char *text)
{
	if (!text)
		return;
	json_t *list = json_array();
	for (const char *at = text; *at;) {
		size_t n = strcspn(at, ",");
		if (n)
			json_array_append_new(list, json_stringn(at, n));
		at += n + (at[n] == ',');
	}
	json_object_set_new(spec, key, list);
}

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

/* ":val" is what people write, and what data split calls it in its examples. */
static const char *part_of(const char *colon)
{
	static const struct {
		const char *text, *part;
	} parts[] = {
		{":train", "train"}, {":valid", "valid"}, {":val", "valid"}, {":test", "test"}};
	for (size_t i = 0; colon && i < sizeof parts / sizeof *parts; i++)
		if (!strcmp(colon, parts[i].text))
			return parts[i].part;
	return NULL;
}

static int set_data(bn_cli *cli, json_t *spec)
{
	const char *text;
	json_t *list = json_array();
	for (size_t i = 0; (text = bn_cli_opt_nth(cli, "data", i)); i++) {
		const char *colon = strrchr(text, ':');
		const char *part = part_of(colon);
		if (part)
			json_array_append_new(list,
				json_pack("{so ss}", "name",
					json_stringn(text, (size_t)(colon - text)), "part", part));
		else
			json_array_append_new(list, json_string(text));
	}
	if (json_array_size(list))
		json_object_set(spec, "data", list);
	json_decref(list);
	return 0;
}

static int set_hyper(bn_cli *cli, json_t *spec, bn_err *err)
{
	const bn_trainer *trainer;
	const char *text, *value;
	const char *name = bn_json_str(spec, "trainer", NULL);
	json_t *hyper = json_object_get(spec, "hyper");
	if (!bn_cli_opt_nth(cli, "set", 0))
		return 0;
	if (!name)
		return bn_err_set(err, BN_EINVAL, "--set needs --trainer");
	int rc = bn_trainer_find(&trainer, name, err);
	if (!hyper) {
		hyper = json_object();
		json_object_set_new(spec, "hyper", hyper);
	}
	for (size_t i = 0; rc == 0 && (text = bn_cli_opt_nth(cli, "set", i)); i++) {
		char *key = NULL;
		rc = split_pair(text, "set", &key, &value, err);
		if (rc == 0)
			rc = bn_hyper_set_text(
				hyper, trainer->hyper, trainer->hyper_count, key, value, err);
		bn_free(key);
	}
	return rc;
}

static int set_tags(bn_cli *cli, json_t *spec, bn_err *err)
{
	const char *text, *value;
	json_t *tags = json_object_get(spec, "tags");
	int rc = 0;
	for (size_t i = 0; rc == 0 && (text = bn_cli_opt_nth(cli, "tag", i)); i++) {
		char *key = NULL;
		if (!tags) {
			tags = json_object();
			json_object_set_new(spec, "tags", tags);
		}
		rc = split_pair(text, "tag", &key, &value, err);
		if (rc == 0)
			rc = bn_run_key_check("tag", key, err);
		if (rc == 0)
			json_object_set_new(tags, key, json_string(value));
		bn_free(key);
	}
	return rc;
}

/* Rounded up: half a second of grace is not none. */
static int64_t whole_seconds(int64_t ns)
{
	return ns / 1000000000 + (ns % 1000000000 > 0);
}

static int set_numbers(bn_cli *cli, json_t *spec, bn_err *err)
{
	json_t *split = json_object_get(spec, "split");
	bool own = bn_cli_opt(cli, "split") || bn_cli_opt(cli, "valid") || bn_cli_opt(cli, "test");
	int64_t seed = -1, threads = -1, limit = -1, grace = -1;
	double valid = -1, test = -1;
	int rc = bn_cli_opt_int(cli, "seed", 0, INT64_MAX, &seed, err);
	if (rc == 0)
		rc = bn_cli_opt_int(cli, "threads", 0, 4096, &threads, err);
	if (rc == 0)
		rc = bn_cli_opt_num(cli, "valid", 0, 0.99, &valid, err);
	if (rc == 0)
		rc = bn_cli_opt_num(cli, "test", 0, 0.99, &test, err);
	if (rc == 0)
		rc = bn_cli_opt_duration(cli, "time-limit", &limit, err);
	if (rc == 0)
		rc = bn_cli_opt_duration(cli, "grace", &grace, err);
	if (rc != 0)
		return rc;
	if (seed >= 0)
		json_object_set_new(spec, "seed", json_integer(seed));
	if (threads >= 0)
		json_object_set_new(spec, "threads", json_integer(threads));
	if (limit >= 0)
		json_object_set_new(spec, "time_limit_s", json_integer(whole_seconds(limit)));
	if (grace >= 0)
		json_object_set_new(spec, "grace_s", json_integer(whole_seconds(grace)));
	if (own && !split) {
		split = json_object();
		json_object_set_new(spec, "split", split);
	}
	set_text(split, "kind", bn_cli_opt(cli, "split"));
	if (valid >= 0)
		json_object_set_new(split, "valid", json_real(valid));
	if (test >= 0)
		json_object_set_new(split, "test", json_real(test));
	return 0;
}

/* The spec to begin with: of a file, of another run, or nothing. *again gets that run's id. */
static int base_spec(
	json_t **out, bn_cli *cli, bn_workspace *ws, char again[BN_RUN_ID_TEXT], bn_err *err)
{
	static const char *const not_again[] = {"code", "environment", "workdir", "tags"};
	const char *file = bn_cli_opt(cli, "spec"), *run = bn_cli_opt(cli, "again");
	bn_run_info *r = NULL;
	again[0] = '\0';
	if (file && run)
		return bn_err_set(err, BN_EINVAL, "--spec and --again: give one of them");
	if (file)
		return bn_spec_load(out, bn_cli_env(cli), file, err);
	if (!run) {
		*out = json_object();
		return *out ? 0 : bn_err_nomem(err, "a spec");
	}
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc == 0)
		rc = bn_run_resolve(ws, run, again, err);
	if (rc == 0)
		rc = bn_run_get(&r, ws, again, err);
	if (rc == 0 && !r->spec_hash)
		rc = bn_err_set(
			err, BN_EINVAL, "run %.8s has no spec: it came from the API", again);
	if (rc == 0)
		rc = bn_spec_fetch(out, ws, r->spec_hash, err);
	for (size_t i = 0; rc == 0 && i < sizeof not_again / sizeof *not_again; i++)
		json_object_del(*out, not_again[i]);
	bn_run_info_free(r);
	return rc;
}

static int spec_of(json_t *spec, bn_cli *cli, bn_err *err)
{
	size_t n = 0;
	const char *const *rest = bn_cli_rest(cli, &n);
	const char *trainer = bn_cli_opt(cli, "trainer");
	if (n) {
		json_t *command = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(command, json_string(rest[i]));
		json_object_set_new(spec, "command", command);
	}
	/* Another trainer has other hyper-parameters. */
	if (trainer && strcmp(trainer, bn_json_str(spec, "trainer", trainer)) != 0)
		json_object_del(spec, "hyper");
	set_text(spec, "trainer", trainer);
	set_text(spec, "target", bn_cli_opt(cli, "target"));
	set_text(spec, "task", bn_cli_opt(cli, "task"));
	set_text(spec, "impute", bn_cli_opt(cli, "impute"));
	if (bn_cli_flag(cli, "no-standardise"))
		json_object_set_new(spec, "standardise", json_false());
	set_list(spec, "features", bn_cli_opt(cli, "features"));
	set_list(spec, "exclude", bn_cli_opt(cli, "exclude"));
	int rc = set_data(cli, spec);
	if (rc == 0)
		rc = set_numbers(cli, spec, err);
	if (rc == 0)
		rc = set_hyper(cli, spec, err);
	if (rc == 0)
		rc = set_tags(cli, spec, err);
	if (rc == 0 && !json_object_get(spec, "trainer") && !json_object_get(spec, "command")) {
		rc = bn_err_set(err, BN_EINVAL,
			"nothing to run: give --trainer NAME, or a command "
			"after --");
		bn_err_hint(err, "binnacle run start -- python train.py");
	}
	return rc;
}

/* ---- run start ------------------------------------------------------------------------------ */

static int show_started(bn_cli *cli, bn_workspace *ws, const char *id, bn_err *err)
{
	static const bn_col fields[] = {{"id", "run", BN_AS_TEXT}, {"name", "name", BN_AS_TEXT},
		{"status", "status", BN_AS_TEXT}, {"title", "runs", BN_AS_TEXT}, {0}};
	json_t *o = NULL;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc == 0)
		rc = bn_run_to_json(&o, ws, id, err);
	return rc == 0 ? bn_cli_object(cli, o, fields, err) : rc;
}

static int run_start(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	json_t *spec = NULL;
	char id[BN_RUN_ID_TEXT], again[BN_RUN_ID_TEXT];
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc == 0)
		rc = base_spec(&spec, cli, ws, again, err);
	if (rc == 0)
		rc = spec_of(spec, cli, err);
	if (rc == 0 && bn_cli_dry_run(cli)) {
		json_t *resolved = NULL;
		rc = bn_spec_resolve(&resolved, ws, spec, err);
		json_decref(spec);
		return rc == 0 ? bn_cli_document(cli, resolved, err) : rc;
	}
	bn_launch_options opt = {.name = bn_cli_opt(cli, "name"),
		.experiment = bn_cli_opt(cli, "experiment"),
		.note = bn_cli_opt(cli, "note"),
		.parent = bn_env_get(bn_cli_env(cli), "BINNACLE_RUN_ID"),
		.again = again[0] ? again : NULL,
		.program = bn_cli_program(cli)};
	if (rc == 0)
		rc = bn_launch(ws, spec, &opt, id, err);
	json_decref(spec);
	if (rc != 0)
		return rc;
	bool watch = bn_cli_flag(cli, "watch");
	if (bn_cli_is_text(cli))
		bn_cli_say(cli, "run %.8s started; binnacle run watch %.8s follows it", id, id);
	if (watch || bn_cli_flag(cli, "wait"))
		rc = bn_run_follow(cli, ws, id,
			watch && bn_cli_is_text(cli) ? BN_FOLLOW_LOG | BN_FOLLOW_METRICS
						     : BN_FOLLOW_QUIET,
			err);
	bn_err shown = BN_ERR_INIT;
	int show = rc == BN_EINTR ? 0 : show_started(cli, ws, id, &shown);
	if (rc != 0)
		return rc;
	return show < 0 ? bn_err_move(err, &shown) : 0;
}

/* ---- exec ----------------------------------------------------------------------------------- */

static int run_exec(bn_cli *cli, bn_err *err)
{
	int status = 0;
	int rc = bn_exec_run(bn_cli_env(cli), bn_fold_classes, bn_cli_start_dir(cli),
		bn_cli_arg(cli, 0), &status, err);
	if (rc == 0 && status != 0)
		rc = bn_err_set(err, status == 130 || status == 143 ? BN_EINTR : BN_EFAILED,
			"the run ended with status %d", status);
	return rc;
}

const bn_verb bn_verbs_run_start[] = {
	{"run", "start", "[-- COMMAND ARG...]", 0, 0, "train a model, or run any program, as a run",
		"The run is a process of its own: it goes on when this shell ends. What it needs "
		"to\n"
		"be made again is kept: data versions, code with uncommitted changes, "
		"environment.\n"
		"A command finds BINNACLE_RUN_ID, BINNACLE_RUN_DIR and BINNACLE_DATA_<NAME> in "
		"its\n"
		"environment; metrics.json, and files in $BINNACLE_RUN_DIR/artifacts, are picked "
		"up.",
		{"binnacle run start --trainer ridge --data jobs@v1 --target power --wait",
			"binnacle run start --again 7f3a --set learning_rate=0.01 --watch",
			"binnacle run start --data jobs -- python train.py --lr 0.1"},
		start_options, BN_VERB_REST | BN_VERB_DRY_RUN, run_start},
	{"exec", NULL, "RUN", 1, 1, "supervise a run that was prepared (internal)",
		"`binnacle run start` starts it; it is not for people.",
		{"binnacle exec 0123456789abcdef0123456789abcdef", "binnacle help run start"}, NULL,
		BN_VERB_HIDDEN, run_exec},
	{0},
};
