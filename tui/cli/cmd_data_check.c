/* cmd_data_check.c - binnacle data check and infer: suites of checks, and their results. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/check/expect.h"
#include "core/check/found.h"
#include "core/check/infer.h"
#include "core/check/shape.h"
#include "core/check/tfdv_schema.h"
#include "core/ci/suite_cases.h"
#include "core/data/suite_gate.h"
#include "tui/cli/data_json.h"
#include "tui/cli/target.h"
#include "tui/cli/unmask.h"
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

/* FAIL decides; WARN and INFO are checks of that severity that do not. */
static const char *verdict_word(const bn_expect_item *item, bn_severity least)
{
	if (item->success)
		return "pass";
	if (item->raised)
		return "ERROR";
	if (item->severity >= least)
		return "FAIL";
	return item->severity == BN_SEVERITY_INFO ? "INFO" : "WARN";
}

/* One line per check; the suite's order is kept. */
static json_t *lines_json(const bn_expect_result *r, bn_severity least)
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
			items, json_pack("{s:s, s:I, s:s, s:s?, s:s}", "verdict",
				       verdict_word(&r->items[i], least), "number", (json_int_t)i + 1, "type",
				       bn_str_starts(type, "expect_") ? type + 7 : type, "column",
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

/* What `data check` was asked for. */
typedef struct asked {
	bn_severity least; /* a failing check of it, or above, is exit status 1 */
	const char *junit, *shape;
	bn_shape as;
	bn_dataset_version *v;
	char ref[192];
	json_t *documents; /* of several suites */
	bn_ci_report *report;
} asked;

/* How to see the rows of the first check that fails. */
static void hint_rows(bn_cli *cli, const bn_expect_result *r, const asked *a, const char *name, bn_err *err)
{
	size_t i = 0;
	while (i < r->count && (r->items[i].success || !r->items[i].row_count || r->items[i].severity < a->least))
		i++;
	if (i < r->count && !bn_cli_dry_run(cli))
		bn_err_hint(err, "the rows: binnacle data head %s --failing %s%s%zu", a->ref, name ? name : "",
			name ? ":" : "", i + 1);
}

/* Ending in an error is neither passing nor failing. */
static int tell_verdict(bn_cli *cli, const bn_expect_result *r, const asked *a, const char *name,
	bn_err *err)
{
	char what[320];
	snprintf(what, sizeof what, "%s%s%s", a->ref, name ? ", suite " : "", name ? name : "");
	if (r->success)
		bn_cli_say(cli, "%s: all %zu checks passed", what, r->count);
	int rc = bn_expect_verdict(r, a->least, what, err);
	if (rc < 0)
		hint_rows(cli, r, a, name, err);
	if (rc < 0 || r->success)
		return rc;
	bn_cli_say(cli, "%s: %zu of %zu checks failed, none of severity %s", what, r->failed,
		r->count, bn_severity_name(a->least));
	return 0;
}

static int show_result(bn_cli *cli, const bn_expect_result *r, const asked *a, const char *name,
	bn_err *err)
{
	static const bn_col cols[] = {{"verdict", "VERDICT", BN_AS_TEXT}, {"number", "NO", BN_AS_COUNT},
		{"column", "COLUMN", BN_AS_TEXT}, {"type", "CHECK", BN_AS_TEXT},
		{"found", "FOUND", BN_AS_TEXT}, {0}};
	static const bn_col fields[] = {{"verdict", "VERDICT", BN_AS_TEXT}, {"column", "COLUMN", BN_AS_TEXT},
		{"type", "CHECK", BN_AS_TEXT}, {"found", "FOUND", BN_AS_TEXT},
		{"number", "NO", BN_AS_COUNT}, {0}}; /* scripts count them */
	int rc = 0;
	if (!bn_cli_is_json(cli)) {
		if (name && bn_cli_is_text(cli))
			bn_cli_print(cli, "suite %s\n", name);
		rc = bn_cli_list(
			cli, lines_json(r, a->least), bn_cli_is_text(cli) ? cols : fields, "the suite has no checks", err);
	} else if (a->documents) {
		if (json_array_append(a->documents, r->document))
			rc = bn_err_nomem(err, "the results of suites");
	} else {
		rc = bn_cli_document(cli, json_incref(r->document), err);
	}
	return rc < 0 ? rc : tell_verdict(cli, r, a, name, err);
}

/* The document as it is printed: the recorded one has everything but the failing rows. */
static int shape_result(bn_cli *cli, bn_expect_result *r, bn_workspace *ws, const asked *a, bn_err *err)
{
	bn_table_reader *table = NULL;
	int rc = 0;
	if (bn_cli_is_json(cli) && bn_cli_flag(cli, "rows"))
		failing_rows_json(r->document, r);
	if (!bn_cli_is_json(cli) || !a->shape)
		return 0;
	if ((rc = bn_dataset_open_table(&table, ws, a->v, err)) < 0)
		return rc;
	rc = bn_shape_apply(r, table, a->as, err);
	bn_table_reader_free(table);
	return rc;
}

/* Keeps the worst verdict so far, and says the other one; another error is returned. */
static int keep_verdict(bn_cli *cli, bn_err *verdict, bn_err *why, int rc, bn_err *err)
{
	if (rc != BN_EFAILED && rc != BN_EINCONCLUSIVE)
		return rc < 0 ? bn_err_move(err, why) : 0;
	if (verdict->code == 0 || (verdict->code != BN_EFAILED && rc == BN_EFAILED)) {
		bn_err former = *verdict;
		*verdict = *why;
		*why = former;
	}
	if (why->code)
		bn_cli_say(cli, "%s", why->msg);
	return 0;
}

/* name: of an attached suite; NULL: the only one. */
static int check_one(bn_cli *cli, bn_workspace *ws, const bn_suite *suite, const char *name,
	asked *a, bn_err *verdict, bn_err *err)
{
	bn_expect_result *r = NULL;
	bn_err why = BN_ERR_INIT;
	const bn_expect_progress progress = {.report = check_progress, .ctx = cli};
	const bn_progress watch = bn_cli_watch(cli);
	int rc = bn_dataset_run_suite(
		&r, ws, a->v, suite, !bn_cli_dry_run(cli), &progress, &watch, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		return rc;
	if (a->report)
		bn_ci_report_add_checks(a->report, a->ref, name ? name : suite->name, r);
	if ((rc = shape_result(cli, r, ws, a, err)) < 0)
		goto out;
	rc = keep_verdict(cli, verdict, &why, show_result(cli, r, a, name, &why), err);
out:
	bn_expect_result_free(r);
	return rc;
}

static int check_file(bn_cli *cli, bn_workspace *ws, const char *path, asked *a, bn_err *verdict,
	bn_err *err)
{
	bn_suite *suite = NULL;
	if (!bn_fs_exists(bn_cli_env(cli), path)) {
		bn_err_set(err, BN_ENOTFOUND, "there is no suite '%s'", path);
		bn_err_hint(
			err, "to create one: binnacle data infer %s >%s", bn_cli_arg(cli, 0), path);
		return BN_ENOTFOUND;
	}
	int rc = bn_suite_load(&suite, bn_cli_env(cli), path, err);
	if (rc < 0)
		return rc;
	rc = check_one(cli, ws, suite, NULL, a, verdict, err);
	bn_suite_free(suite);
	return rc;
}

static int no_suite(const char *name, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "%s has no suite", name);
	bn_err_hint(err,
		"--suite FILE names one, binnacle suite add %s FILE attaches one; binnacle data "
		"infer %s proposes one",
		name, name);
	return BN_EINVAL;
}

/* Without --suite: those that are attached. */
static int check_attached(bn_cli *cli, bn_workspace *ws, asked *a, bn_err *verdict, bn_err *err)
{
	bn_suites l;
	int rc = bn_suites_load(&l, ws, a->v->name, err);
	if (rc < 0 || (!l.count && (rc = no_suite(a->v->name, err)) < 0))
		goto out;
	if (bn_cli_is_json(cli) && !(a->documents = json_array())) {
		rc = bn_err_nomem(err, "the results of suites");
		goto out;
	}
	for (size_t i = 0; i < l.count; i++) {
		bn_suite *suite = NULL;
		if ((rc = bn_suite_attached_read(&suite, ws, &l.items[i], err)) < 0)
			goto out;
		rc = check_one(cli, ws, suite, l.items[i].name, a, verdict, err);
		bn_suite_free(suite);
		if (rc < 0)
			goto out;
	}
	if (a->documents)
		rc = bn_cli_document(cli, json_incref(a->documents), err);
out:
	json_decref(a->documents);
	bn_suites_release(&l);
	return rc;
}

static int write_junit(bn_cli *cli, const asked *a, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc;
	if ((rc = bn_ci_report_finish(a->report, err)) < 0 ||
		(rc = bn_ci_report_junit(a->report, &text, err)) < 0)
		goto out;
	rc = bn_fs_write_file(bn_cli_env(cli), a->junit, text.ptr, text.len, 0644, err);
out:
	bn_buf_release(&text);
	return rc;
}

static int read_asked(asked *a, bn_cli *cli, bn_err *err)
{
	const char *least = bn_cli_opt(cli, "fail-on");
	int rc = 0;
	a->least = BN_SEVERITY_CRITICAL;
	a->junit = bn_cli_opt(cli, "junit");
	a->shape = bn_cli_opt(cli, "result-format");
	if (least && (rc = bn_severity_parse(&a->least, least, err)) < 0)
		return rc;
	if (a->shape && (rc = bn_shape_parse(&a->as, a->shape, err)) < 0)
		return rc;
	if (!a->junit)
		return 0;
	if ((rc = bn_cli_target(cli, a->junit, NULL, err)) < 0 ||
		(rc = bn_ci_report_new(&a->report, err)) < 0)
		return rc;
	a->report->title = "binnacle data check";
	a->report->time_ms = bn_env_now_ms(bn_cli_env(cli));
	return 0;
}

static int run_check(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	asked a = {.v = NULL};
	bn_err verdict = BN_ERR_INIT;
	const char *path = bn_cli_opt(cli, "suite");
	if (bn_cli_flag(cli, "list"))
		return list_kinds(cli, err);
	if (!bn_cli_arg(cli, 0)) {
		bn_err_set(err, BN_EINVAL, "name a dataset and a suite");
		bn_err_hint(err, "binnacle data check NAME --suite FILE; binnacle data infer NAME "
				 "proposes one");
		return BN_EINVAL;
	}
	int rc = read_asked(&a, cli, err);
	if (rc < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&a.v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err)) < 0)
		goto out;
	if (bn_cli_opt(cli, "unmask") && (rc = bn_cli_unmask(cli, ws, a.v, err)) < 0)
		goto out;
	bn_dataset_version_name(a.v, a.ref, sizeof a.ref);
	rc = path ? check_file(cli, ws, path, &a, &verdict, err)
		  : check_attached(cli, ws, &a, &verdict, err);
	if (rc < 0 || (a.report && (rc = write_junit(cli, &a, err)) < 0))
		goto out;
	if (verdict.code)
		rc = bn_err_move(err, &verdict);
out:
	bn_ci_report_free(a.report);
	bn_dataset_version_free(a.v);
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

/* --ranges, or --quantiles LOW,HIGH. */
static int read_ranges(bn_infer_ranges *r, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "quantiles"), *comma = text ? strchr(text, ',') : NULL;
	*r = (bn_infer_ranges){text || bn_cli_flag(cli, "ranges"), 0, 1};
	if (!text)
		return 0;
	if (comma && bn_parse_f64(text, (size_t)(comma - text), &r->low) &&
		bn_parse_f64(comma + 1, strlen(comma + 1), &r->high) && r->low >= 0 &&
		r->low < r->high && r->high <= 1)
		return 0;
	bn_err_set(err, BN_EINVAL, "--quantiles %.40s is not LOW,HIGH with 0 <= LOW < HIGH <= 1", text);
	bn_err_hint(err, "such as --quantiles 0.01,0.99");
	return BN_EINVAL;
}

/* A schema of TensorFlow Data Validation. */
static int write_schema(bn_cli *cli, bn_table_reader *table, const bn_profile *profile, bn_err *err)
{
	const char *path = bn_cli_opt(cli, "output");
	bn_buf text = BN_BUF_INIT;
	int rc = bn_tfdv_schema_infer(&text, table, profile, err);
	if (rc < 0)
		goto out;
	if (!path || !strcmp(path, "-")) {
		bn_cli_begin_text(cli);
		bn_cli_write_data(cli, text.ptr, text.len);
	} else if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would write a schema of %zu features to %s", profile->column_count, path);
	} else if ((rc = bn_fs_write_file(
			    bn_cli_env(cli), path, text.ptr, text.len, 0644, err)) == 0) {
		bn_cli_say(cli, "%s: %zu features; review them before you rely on them", path,
			profile->column_count);
	}
out:
	bn_buf_release(&text);
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
	bn_infer_ranges ranges;
	int rc = bn_cli_target(cli, bn_cli_opt(cli, "output"), NULL, err);
	rc = rc < 0 ? rc : read_ranges(&ranges, cli, err);
	if (!rc)
		rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err);
	rc = rc < 0 ? rc : bn_cli_unmask(cli, ws, v, err);
	if (!rc)
		rc = bn_dataset_open_whole(&table, ws, v, &watch, err);
	if (!rc)
		rc = bn_dataset_load_profile(&profile, ws, v, err);
	if (bn_cli_flag(cli, "tfdv")) {
		rc = rc < 0 ? rc : bn_cli_need_unmasked(ws, v, "", err);
		rc = rc < 0 ? rc : write_schema(cli, table, profile, err);
		rc = rc < 0 ? rc : bn_cli_tell_personal(cli, ws, v, profile, err);
		goto out;
	}
	if (!rc)
		rc = bn_infer_suite(&suite, v->name, bn_dataset_version_name(v, ref, sizeof ref), table,
			profile, &ranges, err);
	if (!rc)
		rc = write_suite(cli, suite, err);
	rc = rc < 0 ? rc : bn_cli_tell_personal(cli, ws, v, profile, err);
out:
	bn_suite_free(suite);
	bn_profile_free(profile);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt check_opts[] = {
	{"suite", 's', "FILE",
		"the suite, in Great Expectations' format (1.x or 0.x JSON); the attached ones"},
	BN_OPT_UNMASK, {"fail-on", 0, "SEVERITY",
		"the least severity that fails: critical, warning or info (critical)"},
	{"rows", 0, NULL, "with --json: the numbers of all failing rows kept (10 000 a check)"},
	{"result-format", 0, "FORM",
		"with --json: BOOLEAN_ONLY, BASIC, SUMMARY or COMPLETE, as in Great Expectations"},
	{"junit", 0, "FILE", "also write the results there as JUnit XML"}, BN_OPT_FORCE,
	{"list", 0, NULL, "list the available checks"}, {0}};
static const bn_opt infer_opts[] = {{"ranges", 0, NULL, "also the observed ranges of numbers"},
	{"quantiles", 0, "LOW,HIGH", "the same between two quantiles, for most values (0.01,0.99)"},
	{"tfdv", 0, NULL, "a schema of TensorFlow Data Validation (schema.pbtxt) instead of a suite"},
	{"output", 'o', "FILE", "write the suite there (stdout)"}, BN_OPT_UNMASK, BN_OPT_FORCE, {0}};

const bn_verb bn_verbs_data_check[] = {
	{"data", "check", "NAME[@vN] [--suite FILE]", 0, 1, "check a version with a suite",
		"Without --suite: with every suite that is attached (binnacle suite add). The "
		"result is\n"
		"stored with the version. Exit status 1 if a critical check fails, 7 if none\n"
		"does but one ends in an error; checks of severity warning and info do not decide,\n"
		"unless --fail-on says so. --dry-run does not store the result.",
		{"binnacle data check jobs --suite jobs.json", "binnacle data check --list",
			"binnacle data check jobs --fail-on warning --junit checks.xml"},
		check_opts, BN_VERB_DRY_RUN, run_check},
	{"data", "infer", "NAME[@vN]", 1, 1, "propose a suite from the data of a version",
		"Conservative: columns, types, missing values and small sets of texts; no numeric\n"
		"ranges unless requested.",
		{"binnacle data infer jobs -o jobs.json", "binnacle data infer jobs --ranges"},
		infer_opts, BN_VERB_DRY_RUN, run_infer},
	{0},
};
