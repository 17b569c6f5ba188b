/*
 * cmd_data_diff.c - binnacle data diff: what differs between two versions.
 *
 * Versions with the same number of rows are compared by value, row by row: a column is equal if all its values
 * are, regardless of rounding in its statistics. Others are compared by statistics, within rounding.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/profile/differences.h"
#include "core/table/table.h"
#include "tui/cli/data_look.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <math.h>
#include <string.h>

#define ROUNDING 1e-12 /* of sums over the same values in another order, relative */

typedef struct differ {
	bn_profile *a, *b;
	bn_column_pair *pairs; /* of each column of a; NULL: not compared by value */
} differ;

static double missing_share(const bn_profile_column *c)
{
	return c->rows ? (double)c->missing / (double)c->rows : NAN;
}

/* Equal except for rounding, for numbers as large as scale. */
static bool is_close(double x, double y, double scale)
{
	if (isnan(x) || isnan(y))
		return isnan(x) && isnan(y);
	return x == y || fabs(x - y) <= ROUNDING * fmax(scale, fmax(fabs(x), fabs(y)));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_statistics(const bn_profile_column *a, const bn_profile_column *b)
{
	double scale = isnan(a->std) ? 0 : a->std;

	if (a->missing != b->missing || a->rows != b->rows || a->distinct != b->distinct)
		return false;
	if (a->values && b->values && !same_statistics(a->values, b->values))
		return false;
	if (!a->is_numeric)
		return a->length_min == b->length_min && a->length_max == b->length_max &&
		       is_close(a->length_mean, b->length_mean, 0);
	for (size_t q = 0; q < BN_PROFILE_QUANTILES && a->quantiles_exact && b->quantiles_exact;
		q++)
		if (!is_close(a->quantiles[q], b->quantiles[q], 0))
			return false;
	return is_close(a->mean, b->mean, scale) && is_close(a->std, b->std, scale) &&
	       same_text(a->min_text, b->min_text) && same_text(a->max_text, b->max_text);
}

/* Of the values of lists. */
static double mean_of(const bn_profile_column *c)
{
	if (!c)
		return NAN;
	return c->values ? c->values->mean : c->mean;
}

static double std_of(const bn_profile_column *c)
{
	if (!c)
		return NAN;
	return c->values ? c->values->std : c->std;
}

static const char *what_of(const bn_profile_column *a, const bn_profile_column *b)
{
	if (!a)
		return "added";
	if (!b)
		return "removed";
	return bn_field_same_type(&a->field, &b->field) ? "changed" : "retyped";
}

/* What changed of one column; NULL when nothing did. pair: NULL when values were not compared. */
static json_t *diff_column(
	const bn_profile_column *a, const bn_profile_column *b, const bn_column_pair *pair)
{
	const bn_profile_column *any = a ? a : b;
	const char *what = what_of(a, b);

	if (!strcmp(what, "changed") && (pair ? pair->different == 0 : same_statistics(a, b)))
		return NULL;
	double x = mean_of(a), y = mean_of(b), s = std_of(a);
	char ta[BN_TYPE_TEXT], tb[BN_TYPE_TEXT];
	if (is_close(x, y, isnan(s) ? 0 : s))
		y = x;
	bool times = bn_type_is_time(any->type);
	json_t *o = json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "column",
		any->name, "what", what, "type_a", a ? bn_field_type_text(&a->field, ta) : NULL,
		"type_b", b ? bn_field_type_text(&b->field, tb) : NULL, "mean_a",
		bn_json_real_or_null(times ? NAN : x), "mean_b",
		bn_json_real_or_null(times ? NAN : y), "shift_std",
		bn_json_real_or_null(s > 0 ? (y - x) / s : NAN), "missing_a",
		bn_json_real_or_null(a ? missing_share(a) : NAN), "missing_b",
		bn_json_real_or_null(b ? missing_share(b) : NAN), "distinct_a",
		a ? json_integer((json_int_t)a->distinct) : json_null(), "distinct_b",
		b ? json_integer((json_int_t)b->distinct) : json_null());
	if (o)
		json_object_set_new(o, "rows_different",
			pair ? json_integer((json_int_t)pair->different) : json_null());
	return o;
}

/* ---- by value --------------------------------------------------------------------------------- */

static int open_rows(bn_table_reader **out, bn_cli *cli, bn_workspace *ws,
	const bn_dataset_version *v, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	int rc = bn_dataset_open_table_watched(out, ws, v, &watch, err);

	return rc < 0 ? rc : bn_cli_where_again(out, cli, err);
}

/* Fills in d->pairs: of the columns that both have. */
static int compare_values(
	differ *d, bn_cli *cli, bn_table_reader *a, bn_table_reader *b, bn_err *err)
{
	const bn_schema *sa = bn_table_schema(a), *sb = bn_table_schema(b);
	const bn_progress watch = bn_cli_watch(cli);
	bn_column_pair *both = bn_alloc_zeroed(sa->count + 1, sizeof *both);
	size_t n = 0;
	int rc = 0;

	d->pairs = bn_alloc_zeroed(sa->count + 1, sizeof *d->pairs);
	if (!both || !d->pairs) {
		rc = bn_err_nomem(err, "the columns of a comparison");
		goto out;
	}
	for (size_t i = 0; i < sa->count; i++) {
		size_t k = bn_schema_find(sb, sa->fields[i].name);
		if (k != BN_SCHEMA_NONE)
			both[n++] = (bn_column_pair){.a = i, .b = k};
	}
	rc = bn_differences_count(both, n, a, b, &watch, err);
	bn_cli_progress_end(cli);
	for (size_t i = 0; i < n; i++)
		d->pairs[both[i].a] = both[i];
out:
	bn_free(both);
	return rc;
}

static int compare_rows(differ *d, bn_cli *cli, bn_workspace *ws, const bn_dataset_version *va,
	const bn_dataset_version *vb, bn_err *err)
{
	bn_table_reader *a = NULL, *b = NULL;
	int rc = 0;

	if (d->a->rows != d->b->rows)
		return 0;
	if ((rc = open_rows(&a, cli, ws, va, err)) < 0 ||
		(rc = open_rows(&b, cli, ws, vb, err)) < 0)
		goto out;
	rc = compare_values(d, cli, a, b, err);
out:
	bn_table_reader_free(a);
	bn_table_reader_free(b);
	return rc;
}

/* ---- the verb --------------------------------------------------------------------------------- */

static json_t *differences_json(const differ *d)
{
	json_t *items = json_array(), *o;

	for (size_t i = 0; i < d->a->column_count; i++) {
		const bn_profile_column *a = &d->a->columns[i], *b = bn_profile_find(d->b, a->name);
		if ((o = diff_column(a, b, d->pairs && b ? &d->pairs[i] : NULL)))
			json_array_append_new(items, o);
	}
	for (size_t i = 0; i < d->b->column_count; i++)
		if (!bn_profile_find(d->a, d->b->columns[i].name) &&
			(o = diff_column(NULL, &d->b->columns[i], NULL)))
			json_array_append_new(items, o);
	return items;
}

static int run_diff(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"column", "COLUMN", BN_AS_TEXT},
		{"what", "WHAT", BN_AS_TEXT}, {"rows_different", "ROWS", BN_AS_COUNT},
		{"type_a", "TYPE A", BN_AS_TEXT}, {"type_b", "TYPE B", BN_AS_TEXT},
		{"mean_a", "MEAN A", BN_AS_NUM}, {"mean_b", "MEAN B", BN_AS_NUM},
		{"shift_std", "SHIFT/STD", BN_AS_NUM}, {"missing_a", "MISSING A", BN_AS_PERCENT},
		{"missing_b", "MISSING B", BN_AS_PERCENT},
		{"distinct_a", "DISTINCT A", BN_AS_COUNT},
		{"distinct_b", "DISTINCT B", BN_AS_COUNT}, {0}};
	bn_workspace *ws = NULL;
	bn_dataset_version *va = NULL, *vb = NULL;
	differ d = {.a = NULL};
	int rc;

	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_cli_load_profile(&va, &d.a, cli, ws, bn_cli_arg(cli, 0), err)) < 0 ||
		(rc = bn_cli_load_profile(&vb, &d.b, cli, ws, bn_cli_arg(cli, 1), err)) < 0 ||
		(rc = compare_rows(&d, cli, ws, va, vb, err)) < 0)
		goto out;
	bn_cli_say(cli, "rows %lld and %lld; schema %s", (long long)d.a->rows, (long long)d.b->rows,
		strcmp(va->schema_hash, vb->schema_hash) ? "differs" : "the same");
	rc = bn_cli_list(cli, differences_json(&d), cols,
		d.pairs ? "no value differs" : "no difference in any column's statistics", err);
out:
	bn_free(d.pairs);
	bn_profile_free(d.a);
	bn_profile_free(d.b);
	bn_dataset_version_free(va);
	bn_dataset_version_free(vb);
	return rc;
}

static const bn_opt diff_opts[] = {BN_OPT_WHERE, {0}};

const bn_verb bn_verbs_data_diff[] = {
	{"data", "diff", "A[@vN] B[@vN]", 2, 2, "what differs: schema and statistics",
		"Versions with the same number of rows are compared by value, row by row (ROWS: in "
		"how\n"
		"many rows a column differs); others by their statistics, within rounding.",
		{"binnacle data diff jobs@v1 jobs@v2", "binnacle data diff jobs.train jobs.test"},
		diff_opts, 0, run_diff},
	{0},
};
