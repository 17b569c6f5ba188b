/* cmd_data_look.c - binnacle data describe, freq: inspecting versions. For the rows see
 * cmd_data_table.c, for differences cmd_data_diff.c. */
#include "core/base/timestamp.h"
#include "core/base/str.h"
#include "core/base/json.h"
#include "core/base/nearest.h"
#include "core/data/left_out.h"
#include "core/profile/frequencies.h"
#include "core/profile/profiler.h"
#include "core/table/table.h"
#include "tui/cli/data_json.h"
#include "tui/cli/data_look.h"
#include "tui/cli/unmask.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <math.h>
#include <inttypes.h>
#include <string.h>

/* ---- describe ------------------------------------------------------------------------------- */

static bool profile_progress(void *cli, uint64_t done, uint64_t total)
{
	bn_cli_progress(cli, "profiling", done, total, "columns");
	return !bn_cli_interrupted();
}

/* The profile of the rows that --where keeps, computed now. */
static int make_profile(
	bn_profile **p, bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	const bn_profile_progress progress = {profile_progress, cli};
	bn_table_reader *table = NULL;
	int rc;
	if ((rc = bn_dataset_open_table_watched(&table, ws, v, &watch, err)) < 0 ||
		(rc = bn_cli_where(&table, cli, err)) < 0)
		goto out;
	rc = bn_profile_table(p, table, 0, &progress, err);
	bn_cli_progress_end(cli);
out:
	bn_table_reader_free(table);
	return rc;
}

int bn_cli_load_profile(bn_dataset_version **v, bn_profile **p, bn_cli *cli, bn_workspace *ws,
	const char *ref, bn_err *err)
{
	int rc;
	if ((rc = bn_dataset_resolve(v, ws, ref, BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_cli_unmask(cli, ws, *v, err)) < 0)
		return rc;
	return bn_cli_opt(cli, "where") ? make_profile(p, cli, ws, *v, err)
					: bn_dataset_load_profile(p, ws, *v, err);
}

static void warn_text(void *cli, const char *text)
{
	bn_cli_warn(cli, "%s", text);
}

void bn_cli_tell_left_out(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v)
{
	bn_dataset_left_out(ws, v, warn_text, cli);
}

/* A hint with the nearest name. */
static int hint_columns(const bn_cli *cli, bn_err *err)
{
	if (!err->hint[0])
		bn_err_hint(err, "binnacle data describe %s lists them", bn_cli_arg(cli, 0));
	return err->code;
}

/* A text that looks like a missing value is shown in quotes. */
static bool reads_as_missing(const char *text)
{
	return !*text || !strcmp(text, "-") || !strcmp(text, "(missing)");
}

/* Times are summarised in nanoseconds: shows the mean as an instant or duration, and the deviation as a duration. */
static void times_shown(json_t *numeric, const bn_profile_column *c)
{
	char text[BN_TIMESTAMP_TEXT], length[BN_FMT];
	bool instants = c->type == BN_TYPE_TIMESTAMP;
	if ((!instants && c->type != BN_TYPE_DURATION && c->type != BN_TYPE_TIME) ||
		isnan(c->mean) || fabs(c->mean) >= 9.2e18)
		return;
	int64_t mean = (int64_t)c->mean;
	if (instants) {
		mean = mean / 1000000000 * 1000000000; /* a double is not more precise */
		json_object_set_new(numeric, "mean", json_string(bn_timestamp_iso(mean, text)));
	} else {
		json_object_set_new(numeric, "mean", json_string(bn_fmt_duration(mean, length)));
	}
	if (!isnan(c->std) && c->std < 9.2e18)
		json_object_set_new(numeric, "std",
			json_string(bn_fmt_duration((int64_t)c->std, length)));
}

/* Everything the profile knows of one column, as it is stored. */
static int describe_column(bn_cli *cli, const bn_profile *p, const char *name, bn_err *err)
{
	static const bn_col fields[] = {{"name", "Column", BN_AS_TEXT},
		{"type", "Type", BN_AS_TEXT}, {"unit", "Unit", BN_AS_TEXT},
		{"rows", "Rows", BN_AS_COUNT}, {"missing", "Missing", BN_AS_COUNT},
		{"nan", "  NaN", BN_AS_COUNT}, {"distinct", "Distinct", BN_AS_COUNT},
		{"distinct_exact", "  exact", BN_AS_BOOL}, {"constant", "Constant", BN_AS_BOOL},
		{"unique", "Unique", BN_AS_BOOL}, {"numeric.min_text", "Min", BN_AS_TEXT},
		{"numeric.max_text", "Max", BN_AS_TEXT}, {"numeric.mean", "Mean", BN_AS_NUM},
		{"numeric.std", "Std", BN_AS_NUM}, {"numeric.skew", "Skew", BN_AS_NUM},
		{"numeric.zeros", "Zeros", BN_AS_COUNT},
		{"numeric.negatives", "Negative", BN_AS_COUNT},
		{"numeric.infinities", "Infinite", BN_AS_COUNT},
		{"text.length_min", "Shortest", BN_AS_COUNT},
		{"text.length_max", "Longest", BN_AS_COUNT},
		{"top_text", "Most frequent", BN_AS_TEXT}, {0}};
	const bn_profile_column *c = bn_profile_find(p, name);
	json_t *doc = NULL;
	bn_buf top = BN_BUF_INIT;
	if (!c) {
		bn_nearest near = bn_nearest_to(name, BN_NEAREST_CLOSE);
		for (size_t i = 0; i < p->column_count; i++)
			bn_nearest_offer(&near, p->columns[i].name);
		bn_err_set(err, BN_ENOTFOUND, "no column '%s'", name);
		bn_nearest_hint(&near, err);
		return hint_columns(cli, err);
	}
	int rc = bn_profile_to_json(&doc, p, err);
	if (rc)
		return rc;
	json_t *o = json_incref(
		json_array_get(json_object_get(doc, "columns"), (size_t)(c - p->columns)));
	for (size_t i = 0; i < c->top_count && i < 5; i++) {
		const char *quote = reads_as_missing(c->top[i].text) ? "\"" : "";
		bn_buf_addf(&top, "%s%s%.40s%s (%s%" PRIu64 ")", i ? ", " : "", quote,
			c->top[i].text, quote, c->top_error ? "~" : "", c->top[i].count);
	}
	json_t *numeric = json_object_get(o, "numeric");
	if (json_is_object(numeric) &&
		bn_type_is_number(c->type)) { /* whole ones by all their digits */
		json_object_set_new(numeric, "min", bn_data_extreme_json(c, c->min, c->min_text));
		json_object_set_new(numeric, "max", bn_data_extreme_json(c, c->max, c->max_text));
	}
	if (json_is_object(numeric) && bn_cli_is_text(cli))
		times_shown(numeric, c);
	json_object_set_new(o, "top_text", top.len ? json_string(top.ptr) : json_null());
	bn_buf_release(&top);
	json_decref(doc);
	return bn_cli_object(cli, o, fields, err);
}

static int run_describe(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"name", "COLUMN", BN_AS_TEXT}, {"type", "TYPE", BN_AS_TEXT},
		{"unit", "UNIT", BN_AS_TEXT}, {"missing_share", "MISSING", BN_AS_PERCENT},
		{"distinct", "DISTINCT", BN_AS_COUNT}, {"mean", "MEAN", BN_AS_NUM},
		{"std", "STD", BN_AS_NUM}, {"min", "MIN", BN_AS_NUM}, {"p50", "MEDIAN", BN_AS_NUM},
		{"max", "MAX", BN_AS_NUM}, {"notes", "NOTES", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_profile *p = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_cli_load_profile(&v, &p, cli, ws, bn_cli_arg(cli, 0), err);
	if (!rc && bn_cli_arg(cli, 1)) {
		rc = describe_column(cli, p, bn_cli_arg(cli, 1), err);
	} else if (!rc) {
		json_t *items = json_array();
		for (size_t i = 0; i < p->column_count; i++)
			json_array_append_new(items, bn_data_column_json(&p->columns[i]));
		rc = bn_cli_list(cli, items, cols, "no columns", err);
		rc = rc < 0 ? rc : bn_cli_tell_personal(cli, ws, v, p, err);
	}
	bn_profile_free(p);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- freq ----------------------------------------------------------------------------------- */

/* What a value of the type is, so that -- without people's quotes -- the number inf differs from the
 * text "inf", and nothing from an empty text. */
static const char *freq_kind(bn_type type)
{
	if (bn_type_is_text(type))
		return "text";
	if (bn_type_is_number(type))
		return "number";
	return bn_type_is_list(type) ? "list" : bn_type_name(type);
}

static json_t *freq_item(bn_cli *cli, bn_type type, const char *value, uint64_t count, uint64_t all)
{
	json_t *shown = value ? json_string(value) : json_null();
	if (!value && bn_cli_is_text(cli))
		shown = json_string("(missing)");
	else if (value && strcmp(value, "-") != 0 && reads_as_missing(value) && bn_cli_is_text(cli))
		shown = json_sprintf("\"%s\"", value);
	return json_pack("{s:o, s:I, s:f, s:s}", "value", shown, "count", (json_int_t)count,
		"share", (double)count / (double)all, "kind", value ? freq_kind(type) : "missing");
}

static int show_freq(bn_cli *cli, bn_type type, const bn_frequencies *f, bn_err *err)
{
	static const bn_col all[] = {{"value", "VALUE", BN_AS_TEXT},
		{"count", "COUNT", BN_AS_COUNT}, {"share", "SHARE", BN_AS_PERCENT},
		{"kind", "KIND", BN_AS_TEXT}, {0}};
	const bn_col people[] = {all[0], all[1], all[2], {0}};
	json_t *items = json_array();

	if (!items)
		return bn_err_nomem(err, "frequencies");
	for (size_t i = 0; i < f->count; i++)
		json_array_append_new(items,
			freq_item(cli, type, f->values[i].text, f->values[i].count, f->rows));
	if (f->missing)
		json_array_append_new(items, freq_item(cli, type, NULL, f->missing, f->rows));
	bn_cli_say(cli, "%" PRIu64 " different values", f->distinct);
	return bn_cli_list(cli, items, bn_cli_is_text(cli) ? people : all, "no values", err);
}

static int run_freq(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_frequencies f = {.values = NULL};
	const bn_progress watch = bn_cli_watch(cli);
	int64_t k = 20;
	size_t column = 0;
	int rc;

	if ((rc = bn_cli_opt_int(cli, "top", 1, BN_FREQUENCIES_SORTED, &k, err)) < 0 ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_cli_unmask(cli, ws, v, err)) < 0 ||
		(rc = bn_cli_need_unmasked(ws, v, bn_cli_arg(cli, 1), err)) < 0 ||
		(rc = bn_dataset_open_table_watched(&table, ws, v, &watch, err)) < 0 ||
		(rc = bn_cli_where(&table, cli, err)) < 0)
		goto out;
	if ((rc = bn_schema_need(bn_table_schema(table), bn_cli_arg(cli, 1), &column, err)) < 0) {
		rc = hint_columns(cli, err);
		goto out;
	}
	if ((rc = bn_frequencies_count(&f, table, column, (size_t)k, &watch, err)) < 0)
		goto out;
	bn_cli_progress_end(cli);
	rc = show_freq(cli, bn_table_schema(table)->fields[column].type, &f, err);
out:
	bn_frequencies_release(&f);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt freq_opts[] = {{"top", 'n', "N", "how many values (20)"}, BN_OPT_WHERE, BN_OPT_UNMASK, {0}};
static const bn_opt where_opts[] = {BN_OPT_WHERE, BN_OPT_UNMASK, {0}};

const bn_verb bn_verbs_data_look[] = {
	{"data", "describe", "NAME[@vN] [COLUMN]", 1, 2, "statistics of the columns",
		"From the profile made with the version: missing, distinct, mean, spread, "
		"quantiles;\n"
		"with --where only of those rows, computed now.\n"
		"With a column, everything known about it.",
		{"binnacle data describe jobs", "binnacle data describe jobs run_time --json",
			"binnacle data describe jobs --where \"partition = gpu\""},
		where_opts, BN_VERB_LISTS, run_describe},
	{"data", "freq", "NAME[@vN] COLUMN", 2, 2, "the most frequent values of a column",
		"With --json and --tsv KIND tells a missing value from an empty text, and the "
		"number "
		"inf from\nthe text.",
		{"binnacle data freq jobs job_state", "binnacle data freq jobs user_id -n 5",
			"binnacle data freq jobs job_state --where \"run_time < 60\""},
		freq_opts, BN_VERB_LISTS, run_freq},
	{0},
};
