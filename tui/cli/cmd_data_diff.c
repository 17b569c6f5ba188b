/*
 * cmd_data_diff.c - binnacle data diff: the differences between two versions
 * (core/profile/changes.h).
 */
#include "core/base/json.h"
#include "core/profile/changes.h"
#include "core/table/table.h"
#include "tui/cli/data_look.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <math.h>
#include <string.h>

static json_t *distinct_json(const bn_profile_column *c)
{
	return c ? json_integer((json_int_t)c->distinct) : json_null();
}

static json_t *change_json(const bn_column_change *c)
{
	char ta[BN_TYPE_TEXT], tb[BN_TYPE_TEXT];
	json_t *o = json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "column",
		(c->a ? c->a : c->b)->name, "what", bn_column_change_name(c->kind), "type_a",
		c->a ? bn_field_type_text(&c->a->field, ta) : NULL, "type_b",
		c->b ? bn_field_type_text(&c->b->field, tb) : NULL, "mean_a",
		bn_json_real_or_null(c->mean_a), "mean_b", bn_json_real_or_null(c->mean_b),
		"shift_std", bn_json_real_or_null(c->shift), "missing_a",
		bn_json_real_or_null(bn_profile_share_missing(c->a)), "missing_b",
		bn_json_real_or_null(bn_profile_share_missing(c->b)), "distinct_a", distinct_json(c->a),
		"distinct_b", distinct_json(c->b));
	if (!o)
		return NULL;
	const char *why = bn_distance_name(c->distance.kind);
	json_object_set_new(o, "rows_different",
		c->rows >= 0 ? json_integer((json_int_t)c->rows) : json_null());
	json_object_set_new(o, "why", why ? json_string(why) : json_null());
	json_object_set_new(o, "distance", bn_json_real_or_null(c->distance.shares));
	return o;
}

static json_t *changes_json(const bn_column_changes *c)
{
	json_t *items = json_array();

	for (size_t i = 0; i < c->count; i++)
		json_array_append_new(items, change_json(&c->items[i]));
	return items;
}

static int open_rows(bn_table_reader **out, bn_cli *cli, bn_workspace *ws,
	const bn_dataset_version *v, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	int rc = bn_dataset_open_table_watched(out, ws, v, &watch, err);

	return rc < 0 ? rc : bn_cli_where_again(out, cli, err);
}

static int find_changes(bn_column_changes *out, bn_cli *cli, bn_workspace *ws, const bn_profile *a,
	const bn_dataset_version *va, const bn_profile *b, const bn_dataset_version *vb,
	bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	bn_table_reader *x = NULL, *y = NULL;
	int rc = 0;

	if ((rc = open_rows(&x, cli, ws, va, err)) < 0 ||
		(rc = open_rows(&y, cli, ws, vb, err)) < 0)
		goto out;
	rc = bn_column_changes_find(out, a, b, x, y, &watch, err);
	bn_cli_progress_end(cli);
out:
	bn_table_reader_free(x);
	bn_table_reader_free(y);
	return rc;
}

static void tell_rows(bn_cli *cli, const bn_profile *a, const bn_profile *b,
	const bn_column_changes *c, bool same_schema)
{
	char same[64] = "";

	if (c->same_rows)
		snprintf(same, sizeof same, ", of which the first %lld are equal",
			(long long)c->same_rows);
	bn_cli_say(cli, "rows %lld and %lld%s; schema %s", (long long)a->rows, (long long)b->rows,
		same, same_schema ? "the same" : "differs");
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
		{"distinct_b", "DISTINCT B", BN_AS_COUNT}, {"why", "WHY", BN_AS_TEXT},
		{"distance", "DISTANCE", BN_AS_NUM}, {0}};
	bn_workspace *ws = NULL;
	bn_dataset_version *va = NULL, *vb = NULL;
	bn_profile *a = NULL, *b = NULL;
	bn_column_changes c = {.items = NULL};
	int rc;

	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_cli_load_profile(&va, &a, cli, ws, bn_cli_arg(cli, 0), err)) < 0 ||
		(rc = bn_cli_load_profile(&vb, &b, cli, ws, bn_cli_arg(cli, 1), err)) < 0 ||
		(rc = find_changes(&c, cli, ws, a, va, b, vb, err)) < 0)
		goto out;
	tell_rows(cli, a, b, &c, !strcmp(va->schema_hash, vb->schema_hash));
	rc = bn_cli_list(cli, changes_json(&c), cols,
		c.by_value ? "no value differs" : "no distribution differs", err);
out:
	bn_column_changes_release(&c);
	bn_profile_free(a);
	bn_profile_free(b);
	bn_dataset_version_free(va);
	bn_dataset_version_free(vb);
	return rc;
}

static const bn_opt diff_opts[] = {BN_OPT_WHERE, {0}};

const bn_verb bn_verbs_data_diff[] = {
	{"data", "diff", "A[@vN] B[@vN]", 2, 2, "what differs: schema and statistics",
		"Versions with the same number of rows are compared by value, row by row (ROWS: in "
		"how\n"
		"many rows a column differs). If one has more rows, columns differ whose "
		"distribution does, "
		"by\nmore than chance explains once in a thousand times (WHY: missing, values, or "
		"apart: "
		"no\nvalue in common; DISTANCE: of the distributions, 0 to 1).",
		{"binnacle data diff jobs@v1 jobs@v2", "binnacle data diff jobs.train jobs.test"},
		diff_opts, 0, run_diff},
	{0},
};
