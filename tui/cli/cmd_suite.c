/* cmd_suite.c - binnacle suite: suites of checks that are attached to datasets, and what they found of
 * each version. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/checks.h"
#include "core/data/dataset.h"
#include "core/data/suite_history.h"
#include "core/data/suites.h"
#include "tui/cli/suites.h"
#include "tui/cli/unmask.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>

void bn_cli_tell_suites(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v)
{
	bn_suites attached;
	bn_dataset_checks checks = {NULL, 0};
	if (bn_suites_load(&attached, ws, v->name, NULL) < 0 || !attached.count ||
		bn_dataset_checks_history(&checks, ws, v->name, v->version, NULL, NULL) < 0)
		goto out;
	for (size_t i = 0; i < attached.count; i++) {
		const char *name = attached.items[i].name;
		const bn_dataset_check *c = NULL;
		for (size_t k = 0; k < checks.count && !c; k++)
			if (!strcmp(checks.items[k].suite, name))
				c = &checks.items[k];
		if (!c)
			bn_cli_warn(cli, "suite '%s' did not run: binnacle data check %s says why", name,
				v->name);
		else if (c->failed)
			bn_cli_warn(cli,
				"suite '%s': %lld of %lld checks failed%s (binnacle data check %s)", name,
				(long long)c->failed, (long long)c->evaluated,
				c->success ? ", none of them critical" : "", v->name);
		else
			bn_cli_say(cli, "suite '%s': all %lld checks passed", name,
				(long long)c->evaluated);
	}
out:
	bn_dataset_checks_release(&checks);
	bn_suites_release(&attached);
}

/* ---- attaching ------------------------------------------------------------------------------ */

static int run_add(bn_cli *cli, bn_err *err)
{
	const char *dataset = bn_cli_arg(cli, 0), *path = bn_cli_arg(cli, 1);
	const char *name = bn_cli_opt(cli, "name");
	bool required = bn_cli_flag(cli, "require");
	bn_workspace *ws = NULL;
	bn_suite *suite = NULL;
	bn_dataset_version *v = NULL;
	int rc;
	if ((rc = bn_suite_load(&suite, bn_cli_env(cli), path, err)) < 0 ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0)
		goto out;
	if (bn_dataset_resolve(&v, ws, dataset, BN_DATASET_REMOVED_TOO, NULL) < 0)
		bn_cli_warn(cli, "there is no dataset '%s' yet: its first version will be checked",
			dataset);
	bn_dataset_version_free(v);
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would attach %zu checks to %s", suite->count, dataset);
		goto out;
	}
	if ((rc = bn_suite_attach(ws, dataset, suite, name, required, bn_cli_flag(cli, "shared"),
		     err)) < 0)
		goto out;
	bn_cli_say(cli, "%s: suite '%s' with %zu checks %s", dataset, name ? name : suite->name,
		suite->count,
		required ? "keeps out versions that fail it" : "runs at each new version");
out:
	bn_suite_free(suite);
	return rc;
}

static int run_rm(bn_cli *cli, bn_err *err)
{
	const char *dataset = bn_cli_arg(cli, 0), *name = bn_cli_arg(cli, 1);
	bn_workspace *ws = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc < 0)
		return rc;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would detach suite '%s' from %s", name, dataset);
		return 0;
	}
	if ((rc = bn_suite_detach(ws, dataset, name, err)) < 0)
		return rc;
	bn_cli_say(cli, "%s: suite '%s' is detached; its results are kept", dataset, name);
	return 0;
}

/* ---- looking -------------------------------------------------------------------------------- */

static json_t *check_json(const bn_dataset_check *c, const char *dataset)
{
	char ref[192];
	snprintf(ref, sizeof ref, "%.128s@v%lld", dataset, (long long)c->version);
	return json_pack("{s:s, s:I, s:s, s:b, s:I, s:I, s:I, s:s, s:s, s:s, s:s}", "ref", ref,
		"version", (json_int_t)c->version, "suite", c->suite, "success", (int)c->success,
		"evaluated", (json_int_t)c->evaluated, "failed", (json_int_t)c->failed, "checked_ms",
		(json_int_t)c->checked_ms, "user", c->user, "suite_hash", c->suite_hash, "result_hash",
		c->result_hash, "verdict",
		!c->failed   ? "pass"
		: c->success ? "WARN"
			     : "FAIL");
}

static int run_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"dataset", "DATASET", BN_AS_TEXT}, {"name", "SUITE", BN_AS_TEXT},
		{"policy", "POLICY", BN_AS_TEXT}, {"hash", "HASH", BN_AS_ID},
		{"newest.ref", "CHECKED", BN_AS_TEXT}, {"newest.verdict", "VERDICT", BN_AS_TEXT},
		{"newest.failed", "FAILED", BN_AS_INT}, {"attached_ms", "ATTACHED", BN_AS_TIME_MS},
		{"user", "BY", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	bn_suites l = {NULL, 0};
	json_t *items = json_array();
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_suites_load(&l, ws, bn_cli_arg(cli, 0), err)) < 0)
		goto out;
	for (size_t i = 0; i < l.count; i++) {
		const bn_suite_attached *a = &l.items[i];
		bn_dataset_checks checks;
		if ((rc = bn_dataset_checks_history(&checks, ws, a->dataset, 0, a->name, err)) < 0) {
			bn_dataset_checks_release(&checks);
			goto out;
		}
		json_array_append_new(items,
			json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "dataset", a->dataset, "name",
				a->name, "policy", a->required ? "require" : "warn", "hash", a->hash,
				"attached_ms", (json_int_t)a->attached_ms, "user", a->user, "newest",
				checks.count ? check_json(&checks.items[0], a->dataset) : json_null()));
		bn_dataset_checks_release(&checks);
	}
	rc = bn_cli_list(cli, json_incref(items), cols,
		"no suite is attached; attach one with: binnacle suite add NAME FILE", err);
out:
	json_decref(items);
	bn_suites_release(&l);
	return rc;
}

/* An inferred set of a column that was marked later is its values. */
static int mask_suite(json_t *doc, bn_cli *cli, bn_workspace *ws, const char *dataset, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_resolve(&v, ws, dataset, BN_DATASET_LIVE, &why);
	if (rc == BN_ENOTFOUND) /* it may be attached before the first version */
		return 0;
	if (rc < 0)
		return bn_err_move(err, &why);
	if ((rc = bn_cli_unmask(cli, ws, v, err)) >= 0)
		rc = bn_protect_suite(doc, ws, v, err);
	bn_dataset_version_free(v);
	return rc;
}

static int run_show(bn_cli *cli, bn_err *err)
{
	const char *dataset = bn_cli_arg(cli, 0), *name = bn_cli_arg(cli, 1);
	bn_workspace *ws = NULL;
	bn_suites l = {NULL, 0};
	bn_suite *suite = NULL;
	json_t *doc = NULL;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_suites_load(&l, ws, dataset, err)) < 0)
		goto out;
	const bn_suite_attached *a = bn_suites_find(&l, name);
	if (!a) {
		rc = bn_err_set(err, BN_ENOTFOUND, "%s has no suite '%.100s'", dataset, name);
		bn_err_hint(err, "binnacle suite ls %s lists them", dataset);
		goto out;
	}
	if ((rc = bn_suite_attached_read(&suite, ws, a, err)) < 0 ||
		(rc = bn_suite_to_json(&doc, suite, err)) < 0 ||
		(rc = mask_suite(doc, cli, ws, dataset, err)) < 0)
		goto out;
	rc = bn_cli_document(cli, json_incref(doc), err);
out:
	json_decref(doc);
	bn_suite_free(suite);
	bn_suites_release(&l);
	return rc;
}

/* ---- checks by versions --------------------------------------------------------------------- */

enum { VERSIONS_SHOWN = 6 };

/* {"v3": {"verdict": "FAIL", "failing": 3, "text": "FAIL 3"}}; versions without a verdict are left out. */
static json_t *cells_json(const bn_suite_history *h, const bn_suite_line *l)
{
	json_t *cells = json_object();
	for (size_t i = 0; i < h->version_count; i++) {
		const bn_suite_cell *c = &l->cells[i];
		char version[32], text[48];
		if (c->verdict == BN_CHECK_SKIPPED)
			continue;
		snprintf(version, sizeof version, "v%lld", (long long)h->versions[i]);
		snprintf(text, sizeof text, c->failing > 0 ? "%s %lld" : "%s", bn_check_verdict_name(c->verdict),
			(long long)c->failing);
		json_t *one = json_pack("{s:s, s:s}", "verdict", bn_check_verdict_name(c->verdict), "text", text);
		json_object_set_new(one, "failing", c->failing >= 0 ? json_integer(c->failing) : json_null());
		if (c->result[0])
			json_object_set_new(one, "result_hash", json_string(c->result));
		json_object_set_new(cells, version, one);
	}
	return cells;
}

static json_t *line_json(const bn_suite_history *h, const bn_suite_line *l)
{
	const char *type = bn_json_str(l->config, "type", NULL);
	json_t *columns = type ? bn_check_columns(type, json_object_get(l->config, "kwargs")) : NULL;
	json_t *first = json_array_get(columns, 0);
	json_t *o = json_pack("{s:s, s:s?, s:O?, s:s, s:o}", "suite", l->suite, "check", type, "column", first,
		"severity", bn_json_str(l->config, "severity", "critical"), "cells", cells_json(h, l));
	const char *policy = l->required ? "require" : "warn";
	if (!type)
		json_object_set_new(o, "policy", l->attached ? json_string(policy) : json_null());
	json_decref(columns);
	return o;
}

static int show_checks(bn_cli *cli, const bn_suite_history *h, const char *suite, bn_err *err)
{
	bn_col cols[3 + VERSIONS_SHOWN + 1] = {{"suite", "SUITE", BN_AS_TEXT}, {"check", "CHECK", BN_AS_TEXT},
		{"column", "COLUMN", BN_AS_TEXT}};
	char paths[VERSIONS_SHOWN][48], titles[VERSIONS_SHOWN][32];
	json_t *items = json_array();
	for (size_t i = 0; i < h->version_count && i < VERSIONS_SHOWN; i++) {
		snprintf(titles[i], sizeof titles[i], "v%lld", (long long)h->versions[i]);
		snprintf(paths[i], sizeof paths[i], "cells.%s.text", titles[i]);
		cols[3 + i] = (bn_col){paths[i], titles[i], BN_AS_TEXT};
	}
	for (size_t i = 0; i < h->line_count; i++)
		if (!suite || !strcmp(suite, h->lines[i].suite))
			json_array_append_new(items, line_json(h, &h->lines[i]));
	return bn_cli_list(
		cli, items, cols, "no suite is attached; attach one with: binnacle suite add NAME FILE", err);
}

static int run_checks_history(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_suite_history h = BN_SUITE_HISTORY_INIT;
	const char *dataset = bn_cli_arg(cli, 0);
	int rc;
	if (strchr(dataset, '@'))
		return bn_err_set(err, BN_EINVAL, "--checks shows all versions: name the dataset without @");
	if ((rc = bn_cli_workspace(cli, &ws, err)) >= 0 &&
		(rc = bn_suite_history_load(&h, ws, dataset, BN_SUITE_HISTORY_VERSIONS, err)) >= 0)
		rc = show_checks(cli, &h, bn_cli_arg(cli, 1), err);
	bn_suite_history_release(&h);
	return rc;
}

static int run_history(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"ref", "VERSION", BN_AS_TEXT}, {"suite", "SUITE", BN_AS_TEXT},
		{"verdict", "VERDICT", BN_AS_TEXT}, {"failed", "FAILED", BN_AS_INT},
		{"evaluated", "CHECKS", BN_AS_INT}, {"checked_ms", "CHECKED", BN_AS_TIME_MS},
		{"user", "BY", BN_AS_TEXT}, {0}};
	const char *dataset = bn_cli_arg(cli, 0);
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_dataset_checks checks = {NULL, 0};
	if (bn_cli_flag(cli, "checks"))
		return run_checks_history(cli, err);
	json_t *items = json_array();
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, dataset, BN_DATASET_REMOVED_TOO, err)) < 0 ||
		(rc = bn_dataset_checks_history(&checks, ws, v->name,
			 strchr(dataset, '@') ? v->version : 0, bn_cli_arg(cli, 1), err)) < 0)
		goto out;
	for (size_t i = 0; i < checks.count; i++)
		json_array_append_new(items, check_json(&checks.items[i], v->name));
	rc = bn_cli_list(cli, json_incref(items), cols, "not checked yet", err);
out:
	json_decref(items);
	bn_dataset_checks_release(&checks);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt add_opts[] = {
	{"require", 0, NULL, "a version that fails a critical check is not added"},
	{"name", 0, "NAME", "its name from now on (the suite's own)"},
	{"shared", 0, NULL, "attach it to a private dataset: everybody can read the suite"}, {0}};

static const bn_opt show_opts[] = {BN_OPT_UNMASK, {0}};
static const bn_opt history_opts[] = {
	{"checks", 0, NULL, "a line for each check, with its verdict in each version"}, {0}};

const bn_verb bn_verbs_suite[] = {
	{"suite", "add", "DATASET FILE", 2, 2, "let a suite run at each new version of a dataset",
		"data add, append, transform, split and generate then run it and record the result "
		"with\n"
		"the version. It warns of checks that fail; with --require such a version is not added "
		"and\n"
		"the command exits with 1. Checks of severity warning and info keep nothing out. A "
		"suite\n"
		"of the same name is replaced.",
		{"binnacle suite add jobs jobs.json",
			"binnacle suite add jobs jobs.json --name limits --require"},
		add_opts, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_add},
	{"suite", "ls", "[DATASET]", 0, 1, "attached suites, with the newest result of each", NULL,
		{"binnacle suite ls", "binnacle suite ls jobs --json"}, NULL, BN_VERB_LISTS, run_ls},
	{"suite", "show", "DATASET SUITE", 2, 2, "print an attached suite",
		"Checks of columns that are marked as personal show no values, unless --unmask says so.",
		{"binnacle suite show jobs limits", "binnacle suite show jobs limits >limits.json"}, show_opts,
		0, run_show},
	{"suite", "history", "DATASET[@vN] [SUITE]", 1, 2,
		"what suites found, version by version",
		"With --checks each check is a line and each version a column, the newest first: its\n"
		"verdict, and how many rows failed it. A check whose limits were changed keeps its line.",
		{"binnacle suite history jobs", "binnacle suite history jobs limits --json",
			"binnacle suite history jobs --checks"},
		history_opts, BN_VERB_LISTS, run_history},
	{"suite", "rm", "DATASET SUITE", 2, 2, "detach a suite; its results are kept", NULL,
		{"binnacle suite rm jobs limits", "binnacle suite rm jobs limits --dry-run"}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_rm},
	{0},
};
