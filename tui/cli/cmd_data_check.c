/* cmd_data_check.c - binnacle data check and infer: suites of checks, and their results. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/check/expect.h"
#include "core/check/found.h"
#include "core/check/infer.h"
#include "tui/cli/data_json.h"
#include "tui/cli/target.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* ---- check ---------------------------------------------------------------------------------- */

static bool check_progress(void *ctx, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, "checking", done, total, "checks");
	return !bn_cli_interrupted();
}

static int list_kinds(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {
		{"type", "TYPE", BN_AS_TEXT}, {"help", "CHECKS THAT", BN_AS_TEXT}, {0}};
	json_t *items = json_array();
	for (size_t i = 0; i < bn_check_count(); i++) {
		const bn_check_def *d = bn_check_get(i);
		json_t *args = json_array();
		for (const bn_check_arg *a = d->args; a->name; a++)
			json_array_append_new(args, json_pack("{s:s, s:b}", "name", a->name,
							    "required", (int)a->required));
		json_array_append_new(items, json_pack("{s:s, s:s, s:o}", "type", d->type, "help",
						     d->help, "args", args));
	}
	return bn_cli_list(cli, items, cols, NULL, err);
}

/* "a, b"; takes the list. */
static void add_names(bn_buf *b, json_t *names)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		bn_buf_addf(b, "%s%s", i ? ", " : "", json_string_value(json_array_get(names, i)));
	json_decref(names);
}

/* One line per check; the suite's order is kept. */
static json_t *lines_json(const bn_expect_result *r)
{
	const json_t *results = json_object_get(r->document, "results");
	json_t *items = json_array();
	bn_buf b = BN_BUF_INIT, columns = BN_BUF_INIT;
	for (size_t i = 0; i < r->count; i++) {
		const json_t *one = json_array_get(results, i);
		const json_t *config = json_object_get(one, "expectation_config");
		const json_t *kwargs = json_object_get(config, "kwargs");
		const char *type = bn_json_str(config, "type", "");
		bn_buf_clear(&columns);
		add_names(&columns, bn_check_columns(type, kwargs));
		bn_buf_clear(&b);
		bn_expect_found(&b, one);
		json_array_append_new(
			items, json_pack("{s:s, s:s, s:s?, s:s}", "verdict",
				       r->items[i].success  ? "pass"
				       : r->items[i].raised ? "ERROR"
							    : "FAIL",
				       "type", type + strlen("expect_"), "column",
				       columns.len ? columns.ptr : NULL, "found", b.ptr));
	}
	bn_buf_release(&b);
	bn_buf_release(&columns);
	return items;
}

static void failing_rows_json(json_t *document, const bn_expect_result *r)
{
	json_t *results = json_object_get(document, "results");
	for (size_t i = 0; i < r->count; i++) {
		const bn_expect_item *item = &r->items[i];
		json_t *rows = json_array();
		for (size_t k = 0; k < item->row_count; k++)
			json_array_append_new(rows, json_integer((json_int_t)item->rows[k]));
		json_object_set_new(json_object_get(json_array_get(results, i), "result"),
			"unexpected_index_list", rows);
	}
}

/* A check that ended in an error neither passes nor fails. */
static int tell_verdict(bn_cli *cli, const bn_expect_result *r, const char *ref, bn_err *err)
{
	size_t failed = r->failed - r->raised;
	if (r->success)
		bn_cli_say(cli, "%s: all %zu checks passed", ref, r->count);
	else if (r->raised == 0)
		bn_err_set(err, BN_EFAILED, "%s: %zu of %zu checks failed", ref, failed, r->count);
	else if (failed == 0)
		bn_err_set(err, BN_EINCONCLUSIVE,
			"%s: none of %zu checks failed, but %zu ended in an error", ref, r->count,
			r->raised);
	else
		bn_err_set(err, BN_EFAILED, "%s: %zu of %zu checks failed, %zu ended in an error",
			ref, failed, r->count, r->raised);
	return err->code;
}

static int show_result(
	bn_cli *cli, const bn_expect_result *r, const bn_dataset_version *v, bn_err *err)
{
	static const bn_col cols[] = {{"verdict", "VERDICT", BN_AS_TEXT},
		{"column", "COLUMN", BN_AS_TEXT}, {"type", "CHECK", BN_AS_TEXT},
		{"found", "FOUND", BN_AS_TEXT}, {0}};
	char ref[192];
	int rc;
	bn_dataset_version_name(v, ref, sizeof ref);
	if (bn_cli_is_json(cli)) {
		if (bn_cli_flag(cli, "rows"))
			failing_rows_json(r->document, r);
		rc = bn_cli_document(cli, json_incref(r->document), err);
	} else {
		rc = bn_cli_list(cli, lines_json(r), cols, "the suite has no checks", err);
	}
	return rc < 0 ? rc : tell_verdict(cli, r, ref, err);
}

static void add_meta(const bn_expect_result *r, const bn_dataset_version *v)
{
	json_t *meta = json_object_get(r->document, "meta");
	json_object_set_new(meta, "binnacle",
		json_pack("{s:s, s:I, s:s}", "dataset", v->name, "version", (json_int_t)v->version,
			"hash", v->hash));
}

static int run_check(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_suite *suite = NULL;
	bn_expect_result *result = NULL;
	json_t *doc = NULL;
	const char *path = bn_cli_opt(cli, "suite");
	bn_expect_progress progress = {check_progress, cli};
	const bn_progress watch = bn_cli_watch(cli);
	if (bn_cli_flag(cli, "list"))
		return list_kinds(cli, err);
	if (!bn_cli_arg(cli, 0) || !path) {
		bn_err_set(err, BN_EINVAL, "name a dataset and a suite");
		bn_err_hint(err, "binnacle data check NAME --suite FILE; binnacle data infer NAME "
				 "proposes one");
		return BN_EINVAL;
	}
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc < 0 ||
		(rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err)) < 0)
		goto out;
	if (!bn_fs_exists(bn_cli_env(cli), path)) {
		rc = bn_err_set(err, BN_ENOTFOUND, "there is no suite '%s'", path);
		bn_err_hint(
			err, "to create one: binnacle data infer %s >%s", bn_cli_arg(cli, 0), path);
		goto out;
	}
	if ((rc = bn_suite_load(&suite, bn_cli_env(cli), path, err)) < 0 ||
		(rc = bn_dataset_open_held(&table, ws, v, &watch, err)) < 0)
		goto out;
	rc = bn_expect_run(&result, table, suite, &progress, err);
	bn_cli_progress_end(cli);
	if (rc < 0 || (rc = bn_suite_to_json(&doc, suite, err)) < 0)
		goto out;
	add_meta(result, v);
	if (!bn_cli_dry_run(cli) &&
		(rc = bn_dataset_record_check(ws, v, doc, result->document, err)) < 0)
		goto out;
	rc = show_result(cli, result, v, err);
out:
	json_decref(doc);
	bn_expect_result_free(result);
	bn_suite_free(suite);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- infer ---------------------------------------------------------------------------------- */

static int write_suite(bn_cli *cli, const bn_suite *suite, bn_err *err)
{
	const char *path = bn_cli_opt(cli, "output");
	if (path && !strcmp(path, "-"))
		path = NULL;
	json_t *doc = NULL;
	bn_buf text = BN_BUF_INIT;
	int rc = bn_suite_to_json(&doc, suite, err);
	if (!rc && !path)
		return bn_cli_document(cli, doc, err);
	if (!rc)
		rc = bn_json_pretty(doc, &text, err);
	if (!rc && bn_cli_dry_run(cli))
		bn_cli_say(cli, "would write %zu checks to %s", suite->count, path);
	else if (!rc)
		rc = bn_fs_write_file(bn_cli_env(cli), path, text.ptr, text.len, 0644, err);
	if (!rc)
		bn_cli_say(cli, "%s: %zu checks; review them before you rely on them", path,
			suite->count);
	bn_buf_release(&text);
	json_decref(doc);
	return rc;
}

static int run_infer(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_profile *profile = NULL;
	bn_suite *suite = NULL;
	char ref[192];
	const bn_progress watch = bn_cli_watch(cli);
	int rc = bn_cli_target(cli, bn_cli_opt(cli, "output"), NULL, err);
	if (!rc)
		rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err);
	if (!rc)
		rc = bn_dataset_open_table_watched(&table, ws, v, &watch, err);
	if (!rc)
		rc = bn_dataset_load_profile(&profile, ws, v, err);
	if (!rc)
		rc = bn_infer_suite(&suite, bn_dataset_version_name(v, ref, sizeof ref), table,
			profile, bn_cli_flag(cli, "ranges"), err);
	if (!rc)
		rc = write_suite(cli, suite, err);
	bn_suite_free(suite);
	bn_profile_free(profile);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt check_opts[] = {
	{"suite", 's', "FILE", "the suite, in Great Expectations' format (1.x or 0.x JSON)"},
	{"rows", 0, NULL, "with --json: the numbers of all failing rows kept (10 000 a check)"},
	{"list", 0, NULL, "list the available checks"}, {0}};
static const bn_opt infer_opts[] = {{"ranges", 0, NULL, "also the observed ranges of numbers"},
	{"output", 'o', "FILE", "write the suite there (stdout)"}, BN_OPT_FORCE, {0}};

const bn_verb bn_verbs_data_check[] = {
	{"data", "check", "NAME[@vN] --suite FILE", 0, 1, "check a version with a suite",
		"The result is stored with the version. Exit status 1 if a check fails, 7 if none\n"
		"does but one ends in an error; --dry-run does not store it.",
		{"binnacle data check jobs --suite jobs.json", "binnacle data check --list"},
		check_opts, BN_VERB_DRY_RUN, run_check},
	{"data", "infer", "NAME[@vN]", 1, 1, "propose a suite from the data of a version",
		"Conservative: columns, types, missing values and small sets of texts; no numeric\n"
		"ranges unless requested.",
		{"binnacle data infer jobs -o jobs.json", "binnacle data infer jobs --ranges"},
		infer_opts, BN_VERB_DRY_RUN, run_infer},
	{0},
};
