/* cmd_log.c - binnacle log metric, param, tag, artifact: from inside a run, in any language. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/track/run.h"
#include "tui/cli/verbs.h"

#include <string.h>

#define RUN_OPTION \
	{ \
		"run", 'r', "RUN", "which run; default: $BINNACLE_RUN_ID" \
	}

static const bn_opt run_options[] = {RUN_OPTION, {0}};
static const bn_opt metric_options[] = {
	RUN_OPTION, {"step", 's', "N", "step of the values (0)"}, {0}};
static const bn_opt artifact_options[] = {RUN_OPTION,
	{"as", 0, "PATH", "name among the run's artifacts; default: the file's own"}, {0}};

/* A full id needs no index, so that a loop of a thousand calls does not fold a thousand times. */
static int which_run(bn_cli *cli, bn_workspace **ws, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	const char *name = bn_cli_opt(cli, "run");
	if (!name)
		name = bn_env_get(bn_cli_env(cli), "BINNACLE_RUN_ID");
	if (!name || !name[0]) {
		bn_err_set(err, BN_EINVAL, "which run?");
		bn_err_hint(err, "inside `binnacle run start -- ...` BINNACLE_RUN_ID tells; "
				 "else give --run RUN");
		return BN_EINVAL;
	}
	int rc = bn_cli_workspace(cli, ws, err);
	if (rc == 0 && bn_run_id_is_valid(name)) {
		memcpy(id, name, BN_RUN_ID_TEXT);
		bn_run_clock_follow(*ws, id);
		return bn_run_is_own(*ws, id, err);
	}
	if (rc == 0)
		rc = bn_workspace_refresh(*ws, NULL, err);
	return rc == 0 ? bn_run_resolve(*ws, name, id, err) : rc;
}

/* KEY=VALUE; *key is yours. */
static int pair(const char *text, char **key, const char **value, bn_err *err)
{
	const char *eq = strchr(text, '=');
	if (!eq || eq == text)
		return bn_err_set(err, BN_EINVAL, "'%s': KEY=VALUE is wanted", text);
	*value = eq + 1;
	*key = bn_strndup(text, (size_t)(eq - text));
	return *key ? 0 : bn_err_nomem(err, "an argument");
}

static int log_metric(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int64_t step = 0;
	bn_metric_set set = BN_METRIC_SET_INIT;
	int rc = bn_cli_opt_int(cli, "step", INT64_MIN, INT64_MAX, &step, err);
	for (int i = 0; rc == 0 && i < bn_cli_nargs(cli); i++) {
		char *key = NULL;
		const char *value;
		double number = 0;
		rc = pair(bn_cli_arg(cli, i), &key, &value, err);
		if (rc == 0)
			rc = bn_run_key_check("metric", key, err);
		if (rc == 0 && !bn_parse_f64(value, strlen(value), &number))
			rc = bn_err_set(
				err, BN_EINVAL, "metric '%s': '%s' is not a number", key, value);
		if (rc == 0 && bn_metric_set_add(&set, key, step, bn_env_now_ms(bn_cli_env(cli)),
				       number) != 0)
			rc = bn_err_nomem(err, "metrics");
		bn_free(key);
	}
	if (rc == 0)
		rc = which_run(cli, &ws, id, err);
	if (rc == 0)
		rc = bn_runlog_metrics(ws, id, &set, err);
	if (rc == 0)
		rc = bn_workspace_commit(ws, err);
	bn_metric_set_release(&set);
	return rc;
}

static int log_words(bn_cli *cli,
	int (*write)(bn_workspace *, const char *, const char *, const char *, bn_err *),
	bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int rc = which_run(cli, &ws, id, err);
	for (int i = 0; rc == 0 && i < bn_cli_nargs(cli); i++) {
		char *key = NULL;
		const char *value;
		rc = pair(bn_cli_arg(cli, i), &key, &value, err);
		if (rc == 0)
			rc = write(ws, id, key, value, err);
		bn_free(key);
	}
	return rc == 0 ? bn_workspace_commit(ws, err) : rc;
}

static int log_param(bn_cli *cli, bn_err *err)
{
	return log_words(cli, bn_runlog_param, err);
}

static int log_tag(bn_cli *cli, bn_err *err)
{
	return log_words(cli, bn_runlog_tag, err);
}

static int log_artifact(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	const char *as = bn_cli_opt(cli, "as");
	int rc = which_run(cli, &ws, id, err);
	if (rc == 0 && as && bn_cli_nargs(cli) > 1)
		rc = bn_err_set(
			err, BN_EINVAL, "--as names one artifact, not %d", bn_cli_nargs(cli));
	for (int i = 0; rc == 0 && i < bn_cli_nargs(cli); i++)
		rc = bn_runlog_artifact(ws, id, bn_cli_arg(cli, i), as, err);
	return rc == 0 ? bn_workspace_commit(ws, err) : rc;
}

const bn_verb bn_verbs_log[] = {
	{"log", "metric", "KEY=VALUE...", 1, -1, "log numbers to the run we are in",
		"Exit status 0 means that the numbers are on disk.",
		{"binnacle log metric loss=0.31 acc=0.9 --step 12",
			"binnacle log metric rmse=3.2 --run 7f3a"},
		metric_options, 0, log_metric},
	{"log", "param", "KEY=VALUE...", 1, -1, "log parameters to the run we are in",
		"A parameter is written once; another value for it later is refused.",
		{"binnacle log param lr=0.1", "binnacle log param depth=3 --run 7f3a"}, run_options,
		0, log_param},
	{"log", "tag", "KEY=VALUE...", 1, -1, "set tags of the run we are in", NULL,
		{"binnacle log tag phase=warmup", "binnacle log tag team=ops --run 7f3a"},
		run_options, 0, log_tag},
	{"log", "artifact", "FILE...", 1, -1, "store files or directories with the run we are in",
		NULL, {"binnacle log artifact plot.png", "binnacle log artifact out/ --as results"},
		artifact_options, 0, log_artifact},
	{0},
};
