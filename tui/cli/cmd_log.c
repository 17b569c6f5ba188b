/* cmd_log.c - binnacle log metric, param, tag, artifact: from inside a run, in any language. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/track/admit.h"
#include "core/track/run.h"
#include "tui/cli/verbs.h"

#include <math.h>
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

/* The name of the run, as it was given. */
static int run_name(bn_cli *cli, const char **name, bn_err *err)
{
	*name = bn_cli_opt(cli, "run");
	if (!*name)
		*name = bn_env_get(bn_cli_env(cli), "BINNACLE_RUN_ID");
	if (*name && **name)
		return 0;
	bn_err_set(err, BN_EINVAL, "which run?");
	bn_err_hint(err, "inside `binnacle run start -- ...` BINNACLE_RUN_ID is set; else give "
			 "--run RUN");
	return BN_EINVAL;
}

/* The run as the index knows it. */
static int find_run(bn_workspace *ws, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	int rc = bn_workspace_refresh(ws, NULL, err);
	return rc < 0 ? rc : bn_run_resolve(ws, name, id, err);
}

/* The run, whose owner this user is. A full id needs no index, so that a loop of a thousand calls does not fold a
 * thousand times. */
static int own_run(bn_cli *cli, bn_workspace **ws, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	const char *name;
	int rc;
	if ((rc = run_name(cli, &name, err)) < 0 || (rc = bn_cli_workspace(cli, ws, err)) < 0)
		return rc;
	if (bn_run_id_is_valid(name)) {
		memcpy(id, name, BN_RUN_ID_TEXT);
		bn_run_clock_follow(*ws, id);
		return bn_run_is_own(*ws, id, err);
	}
	if ((rc = find_run(*ws, name, id, err)) < 0)
		return rc;
	return bn_run_admits_owner(*ws, id, err);
}

static void words_release(bn_pairs *words)
{
	for (size_t i = 0; i < words->count; i++)
		bn_free(words->items[i].key);
	bn_free(words->items);
}

/* All arguments; values are borrowed from the command line. In the order in which they were given. */
static int words_read(bn_pairs *out, bn_cli *cli, bn_err *err)
{
	int n = bn_cli_nargs(cli), rc;
	if (bn_grow(&out->items, &out->cap, (size_t)n, sizeof *out->items) != 0)
		return bn_err_nomem(err, "arguments");
	for (int i = 0; i < n; i++) {
		bn_pair *p = &out->items[out->count];
		const char *value = NULL;
		if ((rc = bn_cli_pair(&p->key, &value, bn_cli_arg(cli, i), NULL, err)) < 0)
			return rc;
		p->value = (char *)(uintptr_t)value;
		out->count++;
	}
	return 0;
}

/* A metric is a float64: reports a number that it does not hold exactly. */
static void warn_lost(bn_cli *cli, const char *key, const char *value, double x)
{
	size_t mantissa = strcspn(value, "eE");
	int64_t whole;
	bool vanished = x == 0 && strcspn(value, "123456789") < mantissa;
	bool is_whole = bn_parse_i64(value, strlen(value), &whole);
	char kept[BN_FMT];
	if (!vanished && (!is_whole || (fabs(x) < 0x1p63 && (int64_t)x == whole)))
		return;
	bn_cli_warn(cli, "metric '%s': %s is kept as %s, the nearest float64", key, value,
		bn_fmt_f64(x, kept));
}

static int number_of(double *out, bn_cli *cli, const char *key, const char *value, bn_err *err)
{
	int rc = bn_run_key_check("metric", key, err);
	if (rc < 0)
		return rc;
	size_t n = strlen(value);
	if (bn_parse_f64(value, n, out)) {
		warn_lost(cli, key, value, *out);
		return 0;
	}
	if (!bn_is_beyond_f64(value, n))
		return bn_err_set(err, BN_EINVAL, "metric '%s': '%s' is not a number", key, value);
	bn_err_set(err, BN_EINVAL, "metric '%s': '%s' is beyond the largest number, 1.8e308", key,
		value);
	bn_err_hint(err, "if it is infinite: %s=%sinf", key, *value == '-' ? "-" : "");
	return BN_EINVAL;
}

static int log_metric(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int64_t step = 0, now = bn_env_now_ms(bn_cli_env(cli));
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_pairs words = BN_PAIRS_INIT;
	int rc;
	if ((rc = bn_cli_opt_int(cli, "step", INT64_MIN, INT64_MAX, &step, err)) < 0)
		goto out;
	if ((rc = words_read(&words, cli, err)) < 0)
		goto out;
	for (size_t i = 0; i < words.count; i++) {
		double number;
		if ((rc = number_of(&number, cli, words.items[i].key, words.items[i].value, err)) <
			0)
			goto out;
		if (bn_metric_set_add(&set, words.items[i].key, step, now, number) != 0) {
			rc = bn_err_nomem(err, "metrics");
			goto out;
		}
	}
	if ((rc = own_run(cli, &ws, id, err)) < 0)
		goto out;
	if ((rc = bn_runlog_metrics(ws, id, &set, err)) < 0)
		goto out;
	rc = bn_workspace_commit(ws, err);
out:
	words_release(&words);
	bn_metric_set_release(&set);
	return rc;
}

/* Checks that none has another value, in the run or in this call. */
static int check_params(bn_workspace *ws, const char *id, const bn_pairs *words, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < words->count; i++) {
		const bn_pair *p = &words->items[i];
		for (size_t k = 0; k < i; k++)
			if (strcmp(words->items[k].key, p->key) == 0 &&
				strcmp(words->items[k].value, p->value) != 0)
				return bn_run_param_conflict(p->key, words->items[k].value, err);
		if ((rc = bn_run_admits_param(ws, id, p->key, p->value, err)) < 0)
			return rc;
	}
	return 0;
}

static int log_param(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	bn_pairs words = BN_PAIRS_INIT;
	int rc;
	if ((rc = words_read(&words, cli, err)) < 0)
		goto out;
	if ((rc = own_run(cli, &ws, id, err)) < 0)
		goto out;
	/* Values already logged are in the index. */
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0)
		goto out;
	if ((rc = check_params(ws, id, &words, err)) < 0)
		goto out;
	for (size_t i = 0; i < words.count; i++)
		if ((rc = bn_runlog_param(ws, id, words.items[i].key, words.items[i].value, err)) <
			0)
			goto out;
	rc = bn_workspace_commit(ws, err);
out:
	words_release(&words);
	return rc;
}

/* The run, if this user may tag it. The policy decides for runs of others. */
static int tagged_run(bn_cli *cli, bn_workspace **ws, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	bn_err theirs = BN_ERR_INIT;
	const char *name;
	int rc = own_run(cli, ws, id, &theirs);
	if (rc != BN_EREFUSED)
		return rc < 0 ? bn_err_move(err, &theirs) : rc;
	if ((rc = run_name(cli, &name, err)) < 0 || (rc = find_run(*ws, name, id, err)) < 0)
		return rc;
	return bn_run_admits_act(*ws, id, BN_ACT_TAG, err);
}

static int log_tag(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	bn_pairs words = BN_PAIRS_INIT;
	int rc;
	if ((rc = words_read(&words, cli, err)) < 0)
		goto out;
	if ((rc = tagged_run(cli, &ws, id, err)) < 0)
		goto out;
	for (size_t i = 0; i < words.count; i++)
		if ((rc = bn_runlog_tag(ws, id, words.items[i].key, words.items[i].value, err)) < 0)
			goto out;
	rc = bn_workspace_commit(ws, err);
out:
	words_release(&words);
	return rc;
}

static int log_artifact(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	const char *as = bn_cli_opt(cli, "as");
	int rc;
	if (as && bn_cli_nargs(cli) > 1)
		return bn_err_set(
			err, BN_EINVAL, "--as names one artifact, not %d", bn_cli_nargs(cli));
	if ((rc = own_run(cli, &ws, id, err)) < 0)
		return rc;
	for (int i = 0; i < bn_cli_nargs(cli); i++)
		if ((rc = bn_runlog_artifact(ws, id, bn_cli_arg(cli, i), as, err)) < 0)
			return rc;
	return bn_workspace_commit(ws, err);
}

const bn_verb bn_verbs_log[] = {
	{"log", "metric", "KEY=VALUE...", 1, -1, "log numbers to the current run",
		"Exit status 0 means that the numbers are on disk.",
		{"binnacle log metric loss=0.31 acc=0.9 --step 12",
			"binnacle log metric rmse=3.2 --run 7f3a"},
		metric_options, BN_VERB_UNJUDGED, log_metric},
	{"log", "param", "KEY=VALUE...", 1, -1, "log parameters to the current run",
		"A parameter is written once: another value for it is refused (exit status 6).",
		{"binnacle log param lr=0.1", "binnacle log param depth=3 --run 7f3a"}, run_options,
		BN_VERB_UNJUDGED, log_param},
	{"log", "tag", "KEY=VALUE...", 1, -1, "set tags of the current run",
		"Also of another user's run, if the policy lets you tag; nothing else can be "
		"changed there.",
		{"binnacle log tag phase=warmup", "binnacle log tag team=ops --run 7f3a"},
		run_options, BN_VERB_UNJUDGED, log_tag},
	{"log", "artifact", "FILE...", 1, -1, "store files or directories in the current run", NULL,
		{"binnacle log artifact plot.png", "binnacle log artifact out/ --as results"},
		artifact_options, BN_VERB_UNJUDGED, log_artifact},
	{0},
};
