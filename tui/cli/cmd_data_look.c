/* cmd_data_look.c - binnacle data describe, freq, diff: looking into versions. The rows themselves
 * are in cmd_data_table.c. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/profile/profiler.h"
#include "core/profile/tally.h"
#include "core/table/table.h"
#include "tui/cli/data_json.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- describe ------------------------------------------------------------------------------- */

static bool profile_progress(void *cli, uint64_t done, uint64_t total)
{
	bn_cli_progress(cli, "profiling", done, total, "columns");
	return !bn_cli_interrupted();
}

/* Of the rows that --where keeps: made now. */
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

static int load_profile(bn_dataset_version **v, bn_profile **p, bn_cli *cli, bn_workspace *ws,
	const char *ref, bn_err *err)
{
	int rc = bn_dataset_resolve(v, ws, ref, BN_DATASET_LIVE, err);
	if (rc < 0)
		return rc;
	return bn_cli_opt(cli, "where") ? make_profile(p, cli, ws, *v, err)
					: bn_dataset_load_profile(p, ws, *v, err);
}

/* Everything the profile knows of one column, as it is stored. */
static int describe_column(bn_cli *cli, const bn_profile *p, const char *name, bn_err *err)
{
	static const bn_col fields[] = {{"name", "Column", BN_AS_TEXT},
		{"type", "Type", BN_AS_TEXT}, {"unit", "Unit", BN_AS_TEXT},
		{"rows", "Rows", BN_AS_COUNT}, {"missing", "Missing", BN_AS_COUNT},
		{"distinct", "Distinct", BN_AS_COUNT}, {"distinct_exact", "  exact", BN_AS_BOOL},
		{"constant", "Constant", BN_AS_BOOL}, {"unique", "Unique", BN_AS_BOOL},
		{"numeric.min_text", "Min", BN_AS_TEXT}, {"numeric.max_text", "Max", BN_AS_TEXT},
		{"numeric.mean", "Mean", BN_AS_NUM}, {"numeric.std", "Std", BN_AS_NUM},
		{"numeric.skew", "Skew", BN_AS_NUM}, {"numeric.zeros", "Zeros", BN_AS_COUNT},
		{"numeric.negatives", "Negative", BN_AS_COUNT},
		{"numeric.infinities", "Infinite", BN_AS_COUNT},
		{"text.length_min", "Shortest", BN_AS_COUNT},
		{"text.length_max", "Longest", BN_AS_COUNT},
		{"top_text", "Most frequent", BN_AS_TEXT}, {0}};
	const bn_profile_column *c = bn_profile_find(p, name);
	json_t *doc = NULL;
	bn_buf top = BN_BUF_INIT;
	if (!c)
		return bn_err_set(err, BN_ENOTFOUND, "no column '%s'", name);
	int rc = bn_profile_to_json(&doc, p, err);
	if (rc)
		return rc;
	json_t *o = json_incref(
		json_array_get(json_object_get(doc, "columns"), (size_t)(c - p->columns)));
	for (size_t i = 0; i < c->top_count && i < 5; i++)
		bn_buf_addf(&top, "%s%.40s (%" PRIu64 ")", i ? ", " : "", c->top[i].text,
			c->top[i].count);
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
		rc = load_profile(&v, &p, cli, ws, bn_cli_arg(cli, 0), err);
	if (!rc && bn_cli_arg(cli, 1)) {
		rc = describe_column(cli, p, bn_cli_arg(cli, 1), err);
	} else if (!rc) {
		json_t *items = json_array();
		for (size_t i = 0; i < p->column_count; i++)
			json_array_append_new(items, bn_data_column_json(&p->columns[i]));
		rc = bn_cli_list(cli, items, cols, "no columns", err);
	}
	bn_profile_free(p);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- freq ----------------------------------------------------------------------------------- */

/* Counts values by how they are written, so one table serves every type. */
static int count_values(bn_tally *t, uint64_t *missing, bn_cli *cli, bn_table_reader *table,
	size_t column, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	for (size_t b = 0; !rc && b < bn_table_batches(table); b++) {
		rc = bn_table_read(table, b, &column, 1, &batch, err);
		for (size_t r = 0; !rc && r < batch.rows; r++) {
			const bn_column *c = &batch.columns[0];
			bn_text s = bn_column_text(c, r);
			if (s.ptr) {
				rc = bn_tally_add_text(t, s.ptr, s.len, 1, err);
				continue;
			}
			bn_buf_clear(&text);
			if (bn_column_format(c, r, &text))
				rc = bn_tally_add_text(t, text.ptr, text.len, 1, err);
			else
				++*missing;
		}
		bn_table_forget(table, &batch);
		bn_cli_progress(cli, "counting", b + 1, bn_table_batches(table), "batches");
		if (!rc && bn_cli_interrupted())
			rc = bn_err_set(err, BN_EINTR, "counting was interrupted");
	}
	bn_cli_progress_end(cli);
	bn_batch_release(&batch);
	bn_buf_release(&text);
	return rc;
}

static int show_freq(bn_cli *cli, const bn_tally *t, uint64_t missing, int64_t k, bn_err *err)
{
	static const bn_col cols[] = {{"value", "VALUE", BN_AS_TEXT},
		{"count", "COUNT", BN_AS_COUNT}, {"share", "SHARE", BN_AS_PERCENT}, {0}};
	const bn_tally_slot **slots = bn_alloc((size_t)k * sizeof *slots);
	json_t *items = json_array();
	if (!slots || !items)
		return bn_err_nomem(err, "frequencies");
	double all = (double)(t->n + missing);
	size_t n = bn_tally_top(t, (size_t)k, NULL, slots);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, json_pack("{s:s, s:I, s:f}", "value", slots[i]->text,
						     "count", (json_int_t)slots[i]->count, "share",
						     (double)slots[i]->count / all));
	if (missing)
		json_array_append_new(
			items, json_pack("{s:n, s:I, s:f}", "value", "count", (json_int_t)missing,
				       "share", (double)missing / all));
	bn_free(slots);
	if (!t->has_top)
		bn_cli_say(cli, "about %" PRIu64 " different values: none is frequent",
			bn_tally_distinct(t));
	else if (!t->exact)
		bn_cli_say(cli,
			"about %" PRIu64 " different values; a count may be %" PRIu64 " too low",
			bn_tally_distinct(t), t->purged);
	else
		bn_cli_say(cli, "%" PRIu64 " different values", bn_tally_distinct(t));
	return bn_cli_list(cli, items, cols, "no values", err);
}

static int run_freq(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_tally t;
	const bn_progress watch = bn_cli_watch(cli);
	uint64_t missing = 0;
	int64_t k = 20;
	size_t column = 0;
	bn_tally_init(&t, true);
	int rc = bn_cli_opt_int(cli, "top", 1, BN_TALLY_EXACT, &k, err);
	if (!rc)
		rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err);
	if (!rc)
		rc = bn_dataset_open_table_watched(&table, ws, v, &watch, err);
	if (rc < 0 || (rc = bn_cli_where(&table, cli, err)) < 0 ||
		(rc = bn_schema_need(bn_table_schema(table), bn_cli_arg(cli, 1), &column, err)) < 0)
		goto out;
	if ((rc = count_values(&t, &missing, cli, table, column, err)) < 0)
		goto out;
	rc = show_freq(cli, &t, missing, k, err);
out:
	bn_tally_release(&t);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- diff ----------------------------------------------------------------------------------- */

static double missing_share(const bn_profile_column *c)
{
	return c->rows ? (double)c->missing / (double)c->rows : NAN;
}

/* What changed of one column; NULL when nothing did. */
static json_t *diff_column(const bn_profile_column *a, const bn_profile_column *b)
{
	const bn_profile_column *any = a ? a : b;
	const char *what = !a                   ? "added"
			   : !b                 ? "removed"
			   : a->type != b->type ? "retyped"
						: "changed";
	if (a && b && a->type == b->type && a->missing == b->missing && a->rows == b->rows &&
		a->distinct == b->distinct &&
		(a->mean == b->mean || (isnan(a->mean) && isnan(b->mean))) &&
		(a->std == b->std || (isnan(a->std) && isnan(b->std))))
		return NULL;
	double x = a ? a->mean : NAN, y = b ? b->mean : NAN, s = a ? a->std : NAN;
	bool times = any->type == BN_TYPE_TIMESTAMP;
	return json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "column",
		any->name, "what", what, "type_a", a ? bn_type_name(a->type) : NULL, "type_b",
		b ? bn_type_name(b->type) : NULL, "mean_a", bn_json_real_or_null(times ? NAN : x),
		"mean_b", bn_json_real_or_null(times ? NAN : y), "shift_std",
		bn_json_real_or_null(s > 0 ? (y - x) / s : NAN), "missing_a",
		bn_json_real_or_null(a ? missing_share(a) : NAN), "missing_b",
		bn_json_real_or_null(b ? missing_share(b) : NAN), "distinct_a",
		a ? json_integer((json_int_t)a->distinct) : json_null(), "distinct_b",
		b ? json_integer((json_int_t)b->distinct) : json_null());
}

static int run_diff(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"column", "COLUMN", BN_AS_TEXT},
		{"what", "WHAT", BN_AS_TEXT}, {"type_a", "TYPE A", BN_AS_TEXT},
		{"type_b", "TYPE B", BN_AS_TEXT}, {"mean_a", "MEAN A", BN_AS_NUM},
		{"mean_b", "MEAN B", BN_AS_NUM}, {"shift_std", "SHIFT/STD", BN_AS_NUM},
		{"missing_a", "MISSING A", BN_AS_PERCENT},
		{"missing_b", "MISSING B", BN_AS_PERCENT},
		{"distinct_a", "DISTINCT A", BN_AS_COUNT},
		{"distinct_b", "DISTINCT B", BN_AS_COUNT}, {0}};
	bn_workspace *ws = NULL;
	bn_dataset_version *va = NULL, *vb = NULL;
	bn_profile *a = NULL, *b = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = load_profile(&va, &a, cli, ws, bn_cli_arg(cli, 0), err);
	if (!rc)
		rc = load_profile(&vb, &b, cli, ws, bn_cli_arg(cli, 1), err);
	json_t *items = json_array();
	for (size_t i = 0; !rc && i < a->column_count; i++) {
		json_t *o = diff_column(&a->columns[i], bn_profile_find(b, a->columns[i].name));
		if (o)
			json_array_append_new(items, o);
	}
	for (size_t i = 0; !rc && i < b->column_count; i++)
		if (!bn_profile_find(a, b->columns[i].name))
			json_array_append_new(items, diff_column(NULL, &b->columns[i]));
	if (!rc) {
		bn_cli_say(cli, "rows %lld and %lld; schema %s", (long long)a->rows,
			(long long)b->rows,
			strcmp(va->schema_hash, vb->schema_hash) ? "differs" : "the same");
		rc = bn_cli_list(cli, items, cols, "no difference in any column's statistics", err);
	} else {
		json_decref(items);
	}
	bn_profile_free(a);
	bn_profile_free(b);
	bn_dataset_version_free(va);
	bn_dataset_version_free(vb);
	return rc;
}

static const bn_opt freq_opts[] = {{"top", 'n', "N", "how many values (20)"}, BN_OPT_WHERE, {0}};
static const bn_opt where_opts[] = {BN_OPT_WHERE, {0}};

const bn_verb bn_verbs_data_look[] = {
	{"data", "describe", "NAME[@vN] [COLUMN]", 1, 2, "statistics of the columns",
		"From the profile made with the version: missing, distinct, mean, spread, "
		"quantiles;\n"
		"with --where of those rows alone, made now.\n"
		"With a column, everything that is known of it.",
		{"binnacle data describe jobs", "binnacle data describe jobs run_time --json",
			"binnacle data describe jobs --where \"partition = gpu\""},
		where_opts, BN_VERB_LISTS, run_describe},
	{"data", "freq", "NAME[@vN] COLUMN", 2, 2, "the most frequent values of a column", NULL,
		{"binnacle data freq jobs job_state", "binnacle data freq jobs user_id -n 5",
			"binnacle data freq jobs job_state --where \"run_time < 60\""},
		freq_opts, BN_VERB_LISTS, run_freq},
	{"data", "diff", "A[@vN] B[@vN]", 2, 2, "what differs: schema and statistics", NULL,
		{"binnacle data diff jobs@v1 jobs@v2", "binnacle data diff jobs.train jobs.test"},
		where_opts, 0, run_diff},
	{0},
};
