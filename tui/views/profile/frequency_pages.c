/*
 * frequency_pages.c - the counts of each value of a column in some rows, or of the numbers in each
 * of its bins: exact, never estimated. Each line has what selects the counted rows: an expression
 * if one does so exactly, otherwise a base (tui/views/rows/pages.h).
 */
#include "core/base/timestamp.h"
#include "core/profile/bins.h"
#include "core/profile/frequencies.h"
#include "core/table/expr/expr.h"
#include "core/table/scan.h"
#include "tui/views/rows/some.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MOST 10000 /* for a column of numbers; with more it gets bins */
#define COMMON \
	20                /* values that must make up half of the rows; otherwise it gets bins as
			   * well */
#define TEXT_MOST 200     /* bytes of a value in an expression */
#define AT_ONCE (20 * 1000 * 1000) /* rows counted synchronously; for more it is a job */

typedef struct lines {
	bn_arena *arena;
	const bn_field *field;
	size_t column;
	const char **values;
	bn_frequency_rows *rows;
	int64_t *counts;
	size_t count;
} lines;

static int lines_new(
	lines *l, bn_page *page, const bn_field *f, size_t column, size_t most, bn_err *err)
{
	*l = (lines){.arena = &page->arena, .field = f, .column = column};
	l->values = bn_arena_alloc(l->arena, (most + 1) * sizeof *l->values);
	l->rows = bn_arena_alloc(l->arena, (most + 1) * sizeof *l->rows);
	l->counts = bn_arena_alloc(l->arena, (most + 1) * sizeof *l->counts);
	return l->values && l->rows && l->counts ? 0 : bn_err_nomem(err, "frequencies");
}

static void line_add(lines *l, const char *value, bn_frequency_rows rows, uint64_t count)
{
	l->values[l->count] = value;
	l->rows[l->count] = rows;
	l->counts[l->count++] = (int64_t)count;
}

/* ---- expressions ------------------------------------------------------------------------------ */

static void put_quoted(bn_buf *b, const char *text, char quote)
{
	bn_expr_put_quoted(b, text, strlen(text), quote);
}

/* "`name` OP " */
static void put_test(bn_buf *b, const lines *l, const char *op)
{
	put_quoted(b, l->field->name, '`');
	bn_buf_addf(b, " %s ", op);
}

/* The expression in test, stored in the arena, or the base if it does not fit into a filter. */
static bn_frequency_rows rows_of(const lines *l, bn_buf *test, bn_rows_base base)
{
	bn_rows_base *copy = bn_arena_alloc(l->arena, sizeof *copy);
	bn_frequency_rows rows = {NULL, copy};
	base.at = (int)l->column;
	if (copy)
		*copy = base;
	if (test->len && !test->failed && test->len < BN_FILTER_BYTES)
		rows.filter = bn_arena_strndup(l->arena, test->ptr, test->len);
	bn_buf_release(test);
	return rows;
}

static bn_rows_column column_of(const lines *l)
{
	return (bn_rows_column){(int)l->column, l->field->type, l->field->name};
}

static bool has_tests(const lines *l)
{
	bn_rows_column c = column_of(l);
	return bn_rows_column_has_tests(&c);
}

static bool is_plain_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20)
			return false;
	return n <= TEXT_MOST;
}

static bn_frequency_rows state_rows(const lines *l, bn_rows_kind state)
{
	bn_buf none = BN_BUF_INIT;
	return rows_of(l, &none, (bn_rows_base){.kind = state});
}

static bn_frequency_rows value_rows(
	const lines *l, const bn_frequency_value *v, const bn_table_reader *table)
{
	bn_buf b = BN_BUF_INIT;
	bn_type t = l->field->type;
	bn_rows_base alike = {
		.kind = BN_ROWS_ALIKE, .row = (int64_t)bn_table_origin(table, v->first_row)};
	if (!has_tests(l) || t == BN_TYPE_DECIMAL || !is_plain_text(v->text, v->bytes))
		return rows_of(l, &b, alike);
	put_test(&b, l, "=");
	if (t == BN_TYPE_FLOAT32) /* its shortest text is not its value */
		bn_buf_addf(&b, "%.17g", (double)strtof(v->text, NULL));
	else if (t == BN_TYPE_FLOAT64)
		bn_buf_adds(&b, v->text);
	else
		put_quoted(&b, v->text, '\'');
	return rows_of(l, &b, alike);
}

/* A bound of integers as in an expression: a time if it is one. */
static void put_whole(bn_buf *b, bn_type type, int64_t x)
{
	char text[BN_TIMESTAMP_TEXT];
	if (type == BN_TYPE_TIMESTAMP)
		put_quoted(b, bn_timestamp_iso(x, text), '\'');
	else if (type == BN_TYPE_DATE)
		put_quoted(b, bn_date_iso((int32_t)x, text), '\'');
	else if (type == BN_TYPE_TIME || type == BN_TYPE_DURATION)
		put_quoted(b, bn_duration_iso(x, text), '\'');
	else
		bn_buf_addf(b, "%lld", (long long)x);
}

static void put_bound(bn_buf *b, const lines *l, const bn_bins *bins, size_t at)
{
	if (bins->is_whole)
		put_whole(b, l->field->type, bins->whole[at]);
	else
		bn_buf_addf(b, "%.17g", bins->bound[at]);
}

static bn_frequency_rows bin_rows(const lines *l, const bn_bins *bins, size_t at)
{
	bn_buf b = BN_BUF_INIT;
	bool last = at + 1 == bins->count;
	bn_rows_base within = {.kind = BN_ROWS_WITHIN,
		.lo = bins->bound[at],
		.hi = bins->bound[at + 1],
		.closed = last,
		.is_whole = bins->is_whole};
	if (bins->is_whole) {
		within.whole_lo = bins->whole[at];
		within.whole_hi = bins->whole[at + 1];
	}
	if (!has_tests(l))
		return rows_of(l, &b, within);
	put_test(&b, l, ">=");
	put_bound(&b, l, bins, at);
	bn_buf_adds(&b, " AND ");
	put_test(&b, l, last ? "<=" : "<");
	put_bound(&b, l, bins, at + 1);
	return rows_of(l, &b, within);
}

/* ---- lines ------------------------------------------------------------------------------------ */

static const char *whole_label(const lines *l, int64_t lo, int64_t hi)
{
	char from[BN_TIMESTAMP_TEXT], to[BN_TIMESTAMP_TEXT];
	switch (l->field->type) {
	case BN_TYPE_DATE:
		bn_date_iso((int32_t)lo, from);
		bn_date_iso((int32_t)hi, to);
		break;
	case BN_TYPE_TIME:
	case BN_TYPE_DURATION:
		bn_duration_iso(lo, from);
		bn_duration_iso(hi, to);
		break;
	case BN_TYPE_TIMESTAMP:
		bn_timestamp_short(lo, true, from);
		bn_timestamp_short(hi, true, to);
		break;
	default:
		if (lo == hi)
			return bn_arena_strf(l->arena, "%lld", (long long)lo);
		return bn_arena_strf(l->arena, "%lld to %lld", (long long)lo, (long long)hi);
	}
	return bn_arena_strf(l->arena, "%s to %s", from, to);
}

static const char *bin_label(const lines *l, const bn_bins *b, size_t at)
{
	if (b->is_whole)
		return whole_label(l, b->whole[at], b->whole[at + 1]);
	return bn_arena_strf(l->arena, "%.6g to %.6g", b->bound[at], b->bound[at + 1]);
}

static void lines_of_bins(lines *l, const bn_bins *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->rows[i])
			line_add(l, bin_label(l, b, i), bin_rows(l, b, i), b->rows[i]);
	if (b->infinite)
		line_add(l, "infinite", state_rows(l, BN_ROWS_INFINITE), b->infinite);
}

static void absent_line(lines *l, uint64_t missing)
{
	if (missing)
		line_add(l, NULL, state_rows(l, BN_ROWS_ABSENT), missing);
}

static bool is_nan(const bn_field *f, const bn_frequency_value *v)
{
	return (f->type == BN_TYPE_FLOAT32 || f->type == BN_TYPE_FLOAT64) &&
	       strcmp(v->text, "nan") == 0;
}

/* NaN is absent, as everywhere. Returns the rows without a value. */
static uint64_t lines_of_values(
	lines *l, const bn_frequencies *f, size_t most, const bn_table_reader *table)
{
	uint64_t missing = f->missing;
	for (size_t i = 0; i < f->count; i++) {
		const bn_frequency_value *v = &f->values[i];
		if (is_nan(l->field, v))
			missing += v->count;
		else if (v->text && l->count < most)
			line_add(l, bn_arena_strdup(l->arena, v->text), value_rows(l, v, table),
				v->count);
	}
	return missing;
}

/* Whether a few values make up most of the column. */
static bool has_common(const bn_frequencies *f)
{
	uint64_t listed = 0;
	for (size_t i = 0; i < f->count && i < COMMON; i++)
		listed += f->values[i].count;
	return 2 * listed >= f->rows - f->missing;
}

static void settle(
	bn_frequency *out, const lines *l, const bn_table_reader *table, int64_t distinct)
{
	int64_t listed = 0;
	for (size_t i = 0; i < l->count; i++)
		listed += l->counts[i];
	*out = (bn_frequency){.column = column_of(l),
		.rows = l->rows,
		.values = l->values,
		.counts = l->counts,
		.count = l->count,
		.total = (int64_t)bn_table_rows(table),
		.others = (int64_t)bn_table_rows(table) - listed,
		.distinct = distinct};
}

static int by_bins(bn_frequency *out, bn_page *page, bn_table_reader *table, size_t column,
	const bn_progress *watch, bn_err *err)
{
	bn_bins b;
	lines l;
	int rc;
	if ((rc = lines_new(&l, page, &bn_table_schema(table)->fields[column], column,
		     BN_BINS_MAX + 2, err)) < 0 ||
		(rc = bn_bins_count(&b, table, column, watch, err)) < 0)
		return rc;
	lines_of_bins(&l, &b);
	absent_line(&l, b.missing);
	settle(out, &l, table, -1);
	return 0;
}

static int count_column(bn_frequency *out, bn_page *page, bn_table_reader *table, size_t column,
	const bn_progress *watch, bn_err *err)
{
	const bn_field *field = &bn_table_schema(table)->fields[column];
	bool numbers = bn_type_is_scalar(field->type) && field->type != BN_TYPE_BOOL, many = false;
	bn_frequencies f = {.values = NULL};
	lines l;
	uint64_t missing;
	int rc;
	if (numbers) {
		rc = bn_frequencies_few(&f, &many, table, column, VALUES_MOST, watch, err);
		if (rc < 0)
			return rc;
		if (many || !has_common(&f)) {
			bn_frequencies_release(&f);
			return by_bins(out, page, table, column, watch, err);
		}
	} else if ((rc = bn_frequencies_count(&f, table, column, BN_FREQUENCY_LISTED, watch, err)) <
		   0) {
		return rc;
	}
	if ((rc = lines_new(&l, page, field, column, BN_FREQUENCY_LISTED + 2, err)) < 0)
		goto out;
	missing = lines_of_values(&l, &f, BN_FREQUENCY_LISTED, table);
	absent_line(&l, missing);
	settle(out, &l, table, (int64_t)f.distinct - (missing > f.missing));
out:
	bn_frequencies_release(&f);
	return rc;
}

/* at_once: only if that is quick; otherwise the page stays without data. */
static int frequency_page(bn_page *page, bn_reader *r, const bn_frequency_arg *a, bool at_once,
	bn_job *job, bn_err *err)
{
	bn_progress watch = bn_job_watch(job);
	bn_table_reader *table = NULL;
	bn_some_rows some = {.rows = NULL};
	size_t column = (size_t)a->column;
	bn_frequency *f = bn_arena_alloc(&page->arena, sizeof *f);
	int rc = f ? bn_reader_refresh(r, err) : bn_err_nomem(err, "frequencies");
	if (rc < 0 || (rc = bn_reader_table(&table, r, a->of.ref, a->of.derived, err)) < 0)
		return rc;
	if (at_once && bn_table_rows(table) > AT_ONCE)
		return 0;
	if ((rc = bn_some_rows_find(&some, r, &a->of, job, err)) < 0 ||
		(rc = bn_some_rows_table(&table, &some, err)) < 0 ||
		(rc = bn_some_rows_column(table, a->column, err)) < 0 ||
		(rc = count_column(f, page, table, column, &watch, err)) < 0)
		goto out;
	if (!(f->column.name = bn_arena_strdup(&page->arena, f->column.name))) {
		rc = bn_err_nomem(err, "frequencies");
		goto out;
	}
	page->data = f;
out:
	bn_some_rows_release(&some);
	return rc;
}

int bn_source_frequency(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	return frequency_page(page, context, arg, true, job, err);
}

int bn_source_make_frequency(
	void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	return frequency_page(page, context, arg, false, job, err);
}
