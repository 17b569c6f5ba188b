/*
 * cmd_data_diff.c - binnacle data diff: the differences between two versions
 * (core/profile/changes.h).
 */
#include "core/base/json.h"
#include "core/check/schema_change.h"
#include "core/data/dataset.h"
#include "core/profile/changes.h"
#include "core/profile/row_changes.h"
#include "core/table/hide.h"
#include "core/table/table.h"
#include "tui/cli/data_look.h"
#include "tui/cli/unmask.h"
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

/* Rows that only one of them has, of rows matched by a key. */
static json_t *rows_json(const char *what, uint64_t rows)
{
	return json_pack("{s:n, s:s, s:I}", "column", "what", what, "rows_different", (json_int_t)rows);
}

static json_t *changes_json(const bn_column_changes *c)
{
	json_t *items = json_array();

	if (c->rows_removed)
		json_array_append_new(items, rows_json("rows removed", c->rows_removed));
	if (c->rows_added)
		json_array_append_new(items, rows_json("rows added", c->rows_added));
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

/* Masked values are all equal: by them no row could be found. */
static int need_key_shown(bn_workspace *ws, const bn_dataset_version *va, const bn_dataset_version *vb,
	const bn_row_key *key, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < key->count && rc >= 0; i++)
		if ((rc = bn_cli_need_unmasked(ws, va, key->names[i], err)) >= 0)
			rc = bn_cli_need_unmasked(ws, vb, key->names[i], err);
	return rc;
}

static int find_changes(bn_column_changes *out, bn_cli *cli, bn_workspace *ws, const bn_profile *a,
	const bn_dataset_version *va, const bn_profile *b, const bn_dataset_version *vb,
	bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	const char *text = bn_cli_opt(cli, "key");
	bn_row_key key = {NULL, 0};
	bn_table_reader *x = NULL, *y = NULL;
	int rc = 0;

	if ((rc = open_rows(&x, cli, ws, va, err)) < 0 ||
		(rc = open_rows(&y, cli, ws, vb, err)) < 0 ||
		(text && ((rc = bn_row_key_read(&key, text, bn_table_schema(x), err)) < 0 ||
				 (rc = need_key_shown(ws, va, vb, &key, err)) < 0)))
		goto out;
	rc = bn_column_changes_find(out, a, b, x, y, text ? &key : NULL, &watch, err);
	bn_cli_progress_end(cli);
out:
	bn_row_key_release(&key);
	bn_table_reader_free(x);
	bn_table_reader_free(y);
	return rc;
}

/* How rows were compared, and what would compare them better. */
static void tell_rows(bn_cli *cli, const bn_profile *a, const bn_profile *b,
	const bn_column_changes *c, bool same_schema)
{
	const char *key = c->by_value ? NULL : bn_column_changes_key(a, b);
	char same[128] = "";

	if (c->same_rows)
		snprintf(same, sizeof same, ", of which the first %lld are equal",
			(long long)c->same_rows);
	if (c->by_key)
		snprintf(same, sizeof same, ", of the same %.40s: %lld removed, %lld added, %lld changed",
			bn_cli_opt(cli, "key"), (long long)c->rows_removed, (long long)c->rows_added,
			(long long)c->rows_changed);
	bn_cli_say(cli, "rows %lld and %lld%s; schema %s", (long long)a->rows, (long long)b->rows,
		same, same_schema ? "the same" : "differs");
	if (key && !c->same_rows)
		bn_cli_say(cli, "distributions are compared; --key '%s' would compare the rows", key);
}

static const char *nothing(const bn_column_changes *c)
{
	if (c->by_key)
		return "no row was added or removed, and no value differs";
	return c->by_value ? "no value differs" : "no distribution differs";
}

static int run_rows(bn_cli *cli, bn_err *err)
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
	rc = bn_cli_list(cli, changes_json(&c), cols, nothing(&c), err);
out:
	bn_column_changes_release(&c);
	bn_profile_free(a);
	bn_profile_free(b);
	bn_dataset_version_free(va);
	bn_dataset_version_free(vb);
	return rc;
}

/* ---- the rows themselves -------------------------------------------------------------------- */

enum { ROWS_AT_ONCE = 1000, ROWS_IN_TEXT = 100 };

typedef struct diffed {
	bn_table_reader *a, *b;
	bn_row_key key;
	bn_shared_column *columns;
	size_t column_count;
	bn_row_changes changes;
} diffed;

static void diffed_release(diffed *d)
{
	bn_row_changes_release(&d->changes);
	bn_row_key_release(&d->key);
	bn_free(d->columns);
	bn_table_reader_free(d->a);
	bn_table_reader_free(d->b);
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* {"what", "row_a", "row_b", "key": {column: value}, "cells": {column: value or [before, now]}} */
static json_t *row_change_json(const diffed *d, const bn_row_change *r, const bn_changed_cell *cells)
{
	json_t *key = json_object(), *values = json_object();
	bn_buf key_text = BN_BUF_INIT, text = BN_BUF_INIT;
	for (size_t c = 0; c < d->column_count; c++) {
		const bn_shared_column *column = &d->columns[c];
		const bn_changed_cell *x = &cells[c];
		const char *one = r->kind == BN_ROW_REMOVED ? x->before : x->now;
		if (column->of_key) {
			json_object_set_new(key, column->name, text_json(one));
			bn_buf_addf(&key_text, "%s%s", key_text.len ? ", " : "", one ? one : "-");
		} else if (x->differs) {
			json_object_set_new(values, column->name, json_pack("[o, o]", text_json(x->before), text_json(x->now)));
			bn_buf_addf(&text, "%s%s %s -> %s", text.len ? ", " : "", column->name, x->before ? x->before : "-",
				x->now ? x->now : "-");
		} else if (r->kind != BN_ROW_CHANGED) {
			json_object_set_new(values, column->name, text_json(one));
			if (one)
				bn_buf_addf(&text, "%s%s %s", text.len ? ", " : "", column->name, one);
		}
	}
	json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:o, s:s?, s:s?}", "what", bn_row_change_name(r->kind), "row_a",
		r->a >= 0 ? json_integer(r->a) : json_null(), "row_b", r->b >= 0 ? json_integer(r->b) : json_null(), "key",
		key, "cells", values, "key_text", key_text.ptr, "cells_text", text.ptr);
	bn_buf_release(&key_text);
	bn_buf_release(&text);
	return o;
}

static int diff_open(diffed *d, bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	bn_dataset_version *v[2] = {NULL, NULL};
	bn_table_reader **tables[] = {&d->a, &d->b};
	const bn_progress watch = bn_cli_watch(cli);
	int rc = 0;
	for (int i = 0; i < 2 && rc >= 0; i++)
		if ((rc = bn_dataset_resolve(&v[i], ws, bn_cli_arg(cli, i), BN_DATASET_LIVE, err)) >= 0 &&
			(rc = bn_cli_unmask(cli, ws, v[i], err)) >= 0)
			rc = open_rows(tables[i], cli, ws, v[i], err);
	if (rc < 0 || (rc = bn_row_key_read(&d->key, bn_cli_opt(cli, "key"), bn_table_schema(d->a), err)) < 0 ||
		(rc = need_key_shown(ws, v[0], v[1], &d->key, err)) < 0)
		goto out;
	const bn_schema *a = bn_table_schema(d->a), *b = bn_table_schema(d->b);
	if (!(d->columns = bn_alloc((a->count + b->count + 1) * sizeof *d->columns))) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	d->column_count = bn_row_changes_columns(d->columns, a, b, &d->key);
	rc = bn_row_changes_find(&d->changes, d->a, d->b, &d->key, &watch, err);
	bn_cli_progress_end(cli);
out:
	bn_dataset_version_free(v[0]);
	bn_dataset_version_free(v[1]);
	return rc;
}

static int diff_read(json_t *items, const diffed *d, size_t most, bn_err *err)
{
	int rc = 0;
	for (size_t first = 0; first < d->changes.count && first < most && rc >= 0; first += ROWS_AT_ONCE) {
		bn_arena arena = BN_ARENA_INIT;
		bn_changed_cell *cells = NULL;
		size_t n = d->changes.count < most ? d->changes.count : most;
		n = n - first < ROWS_AT_ONCE ? n - first : ROWS_AT_ONCE;
		rc = bn_row_changes_read(
			&cells, &d->changes.items[first], n, d->columns, d->column_count, d->a, d->b, &arena, err);
		for (size_t i = 0; i < n && rc >= 0; i++)
			json_array_append_new(
				items, row_change_json(d, &d->changes.items[first + i], &cells[i * d->column_count]));
		bn_arena_release(&arena);
	}
	return rc;
}

static int run_row_changes(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"what", "WHAT", BN_AS_TEXT}, {"key_text", "KEY", BN_AS_TEXT},
		{"cells_text", "VALUES", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	diffed d = {.a = NULL};
	json_t *items = json_array();
	size_t most = bn_cli_is_text(cli) ? ROWS_IN_TEXT : SIZE_MAX;
	int rc = 0;
	if (!bn_cli_opt(cli, "key")) {
		rc = bn_err_set(err, BN_EINVAL, "--rows needs --key: the columns that tell rows apart");
		goto out;
	}
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 || (rc = diff_open(&d, cli, ws, err)) < 0 ||
		(rc = diff_read(items, &d, most, err)) < 0)
		goto out;
	bn_cli_say(cli, "%llu rows removed, %llu added, %llu changed", (unsigned long long)d.changes.removed,
		(unsigned long long)d.changes.added, (unsigned long long)d.changes.changed);
	rc = bn_cli_list(cli, json_incref(items), cols, "no row differs", err);
	if (rc >= 0 && d.changes.count > most)
		bn_cli_say(cli, "the first %zu; --tsv and --json have all %zu", most, d.changes.count);
out:
	json_decref(items);
	diffed_release(&d);
	return rc;
}

/* ---- the schema alone ----------------------------------------------------------------------- */

static json_t *schema_json(const bn_schema_changes *l, bn_schema_policy policy, size_t *bad)
{
	json_t *items = json_array();
	for (size_t i = 0; i < l->count; i++) {
		const bn_schema_change *c = &l->items[i];
		bool fits = bn_schema_change_is_compatible(c->kind, policy);
		json_t *values = json_array();
		bn_buf text = BN_BUF_INIT;
		for (size_t k = 0; k < BN_SCHEMA_VALUES && c->values[k]; k++) {
			json_array_append_new(values, json_string(c->values[k]));
			bn_buf_addf(&text, "%s%s", k ? ", " : "", c->values[k]);
		}
		if (c->count > BN_SCHEMA_VALUES)
			bn_buf_addf(&text, ", ... (%llu)", (unsigned long long)c->count);
		if (c->count && !c->values[0]) {
			bn_buf_clear(&text);
			bn_buf_addf(&text, BN_HIDDEN_TEXT " (%llu)", (unsigned long long)c->count);
		}
		*bad += !fits;
		json_array_append_new(items,
			json_pack("{s:s, s:s, s:s*, s:s*, s:I, s:o, s:s*, s:b}", "column", c->column,
				"change", bn_schema_change_name(c->kind), "from",
				c->from[0] ? c->from : NULL, "to", c->to[0] ? c->to : NULL, "count",
				(json_int_t)c->count, "values", values, "values_text",
				text.len ? text.ptr : NULL, "compatible", (int)fits));
		bn_buf_release(&text);
	}
	return items;
}

static int open_version(
	bn_table_reader **out, bn_dataset_version **v, bn_cli *cli, bn_workspace *ws, int arg, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	int rc = bn_dataset_resolve(v, ws, bn_cli_arg(cli, arg), BN_DATASET_LIVE, err);
	rc = rc < 0 ? rc : bn_cli_unmask(cli, ws, *v, err);
	return rc < 0 ? rc : bn_dataset_open_whole(out, ws, *v, &watch, err);
}

static int run_schema(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"column", "COLUMN", BN_AS_TEXT}, {"change", "CHANGE", BN_AS_TEXT},
		{"from", "FROM", BN_AS_TEXT}, {"to", "TO", BN_AS_TEXT},
		{"compatible", "COMPATIBLE", BN_AS_BOOL}, {"values_text", "VALUES", BN_AS_TEXT}, {0}};
	const char *name = bn_cli_opt(cli, "policy");
	bn_schema_policy policy = BN_SCHEMA_ADDITIVE;
	bn_workspace *ws = NULL;
	bn_dataset_version *va = NULL, *vb = NULL;
	bn_table_reader *a = NULL, *b = NULL;
	bn_schema_changes l = {NULL, 0};
	size_t bad = 0;
	int rc;
	if ((name && (rc = bn_schema_policy_parse(&policy, name, err)) < 0) ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = open_version(&a, &va, cli, ws, 0, err)) < 0 ||
		(rc = open_version(&b, &vb, cli, ws, 1, err)) < 0 ||
		(rc = bn_schema_changes_find(&l, a, b, err)) < 0 ||
		(rc = bn_protect_schema_changes(&l, ws, va, err)) < 0 ||
		(rc = bn_protect_schema_changes(&l, ws, vb, err)) < 0 ||
		(rc = bn_cli_list(cli, schema_json(&l, policy, &bad), cols,
			 "no column, type, unit or category differs", err)) < 0)
		goto out;
	if (name && bad)
		rc = bn_err_set(err, BN_EFAILED, "%zu of %zu changes are not compatible (policy %s)", bad,
			l.count, name);
out:
	bn_schema_changes_release(&l);
	bn_table_reader_free(a);
	bn_table_reader_free(b);
	bn_dataset_version_free(va);
	bn_dataset_version_free(vb);
	return rc;
}

static int run_diff(bn_cli *cli, bn_err *err)
{
	if (bn_cli_flag(cli, "schema") || bn_cli_opt(cli, "policy"))
		return run_schema(cli, err);
	if (bn_cli_flag(cli, "rows"))
		return run_row_changes(cli, err);
	return run_rows(cli, err);
}

static const bn_opt diff_opts[] = {BN_OPT_WHERE, BN_OPT_UNMASK,
	{"schema", 0, NULL, "only how columns, types, units and categories changed"},
	{"policy", 0, "POLICY",
		"with --schema: exit status 1 if a change is not compatible: additive, closed or same"},
	{"key", 0, "COLUMN[,COLUMN]", "compare rows in which these columns are equal, wherever they are"},
	{"rows", 0, NULL, "with --key: the rows themselves, with values before and now"}, {0}};

const bn_verb bn_verbs_data_diff[] = {
	{"data", "diff", "A[@vN] B[@vN]", 2, 2, "what differs: schema, rows and statistics",
		"With --key, rows are found by the values of these columns, which must be different in "
		"every row:\nrows removed and added, and in how many of the others a column differs "
		"(ROWS).\n"
		"Otherwise versions with the same number of rows are compared by value, row by row.\nIf "
		"one has more rows, columns differ whose distribution does, by more than chance explains\n"
		"once in a thousand times (WHY: missing; values; range: values beyond the other's; apart: no\n"
		"value in common. DISTANCE: of the distributions, 0 to 1). All rows are read.\n"
		"--schema reads no rows. additive: columns and values may be added and types widened;\n"
		"closed: the same, but categories gain no values; same: only values may be lost.",
		{"binnacle data diff jobs@v1 jobs@v2", "binnacle data diff jobs@v1 jobs@v2 --key job_id",
			"binnacle data diff jobs@v1 jobs@v2 --policy additive"},
		diff_opts, 0, run_diff},
	{0},
};
