/* frequency.c - how often each value of a column occurs; Enter opens the rows that have it. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"
#include "tui/views/rows/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR 20

enum { COL_VALUE, COL_COUNT, COL_SHARE, COL_BAR, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_VALUE] = {.title = "value",
		.frozen = true,
		.min = 18,
		.max = 48,
		.wish = 22,
		.flexible = true},
	[COL_COUNT] = {.title = "rows",
		.name = "count",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 6},
	[COL_SHARE] = {.title = "share", .form = BN_COLUMN_SHARE, .falls = true, .min = 6},
	[COL_BAR] = {.title = "",
		.name = "bar",
		.form = BN_COLUMN_BARS,
		.min = BAR,
		.max = BAR,
		.priority = 1},
};

typedef struct frequency_view {
	bn_list list;
	char *column; /* its name */
	int at;       /* its number in the table */
	bn_rows_of of;
} frequency_view;

enum { KIND_KEPT, KIND_MADE };

static bn_frequency_arg arg_of(const frequency_view *v)
{
	bn_frequency_arg arg;
	memset(&arg, 0, sizeof arg);
	arg.of = v->of;
	arg.column = v->at;
	return arg;
}

static int64_t grid_rows(void *ctx)
{
	const bn_frequency *d = bn_list_data(ctx);
	return d ? (int64_t)d->count + (d->others > 0) : 0;
}

static int64_t count_of(const bn_frequency *d, int64_t row)
{
	return row < (int64_t)d->count ? d->counts[row] : d->others;
}

/* Rows without a value, and the sum of other values, have no bar: it would dwarf the others. */
static bool has_bar(const bn_frequency *d, int64_t row)
{
	return row < (int64_t)d->count && d->values[row];
}

/* The longest bar. Values are descending, but bins of a continuous column are in their own
 * order. */
static int64_t largest(const bn_frequency *d)
{
	int64_t most = 0;
	for (size_t i = 0; i < d->count; i++)
		if (has_bar(d, (int64_t)i) && d->counts[i] > most)
			most = d->counts[i];
	return most;
}

static void bar_cell(const bn_list *l, double fraction, bn_grid_cell *out)
{
	int cells = (int)(fraction * BAR + 0.5);
	size_t at = 0;
	uint32_t full = l->alphabet == BN_ALPHABET_ASCII ? '#' : 0x2588;
	for (int i = 0; i < cells && i < BAR; i++)
		at += bn_utf8_encode(full, out->buf + at);
	out->buf[at] = '\0';
	out->text = out->buf;
}

/* Numbers, and bins by where they begin, sort by value; texts as such. */
static void value_cell(const bn_frequency *d, int64_t row, bn_grid_cell *out)
{
	char *end;
	const char *text = row < (int64_t)d->count ? d->values[row] : NULL;
	if (!text || !bn_type_is_number(d->column.type))
		return;
	double x = strtod(text, &end);
	if (end != text)
		out->number = x;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_frequency *d = bn_list_data(ctx);
	int64_t n = count_of(d, row), most;
	switch (col) {
	case COL_VALUE:
		if (row < (int64_t)d->count) {
			out->text = out->full =
				d->values[row]; /* an empty text is exported as such */
		} else {
			out->text = "(all others)";
			out->ink = BN_INK_DIM;
		}
		value_cell(d, row, out);
		return;
	case COL_COUNT:
		out->number = (double)n;
		return;
	case COL_SHARE:
		if (d->total)
			out->number = (double)n / (double)d->total;
		return;
	default:
		if (has_bar(d, row) && (most = largest(d)) > 0)
			bar_cell(ctx, (double)n / (double)most, out);
		return;
	}
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

bool bn_frequency_rows_of(bn_rows_of *of, const bn_frequency *d, int64_t row)
{
	char title[BN_ROWS_TITLE], name[BN_FORMAT_NAME_BYTES], value[BN_FORMAT_NAME_BYTES];
	if (row < 0 || row >= (int64_t)d->count)
		return false;
	const bn_rows_base *base = d->rows[row].base;
	if (base && (base->kind == BN_ROWS_ABSENT || base->kind == BN_ROWS_INFINITE))
		return bn_rows_of_state(of, base->kind, &d->column);
	bn_format_name(name, d->column.name, BN_ROWS_NAME);
	snprintf(title, sizeof title, "%s is %s", name,
		bn_format_name(value, d->values[row], BN_ROWS_NAME));
	return bn_rows_of_narrow(of, d->rows[row].filter, base, title);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	frequency_view *v = (frequency_view *)view;
	const bn_frequency *d = bn_list_data(&v->list);
	int64_t row = bn_grid_selected_row(&v->list.grid);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	(void)arg;
	if (id == BN_CMD_DESCRIBE)
		return bn_view_open(view->frame,
			bn_view_profile_new(&made, view->frame, &v->of, &err), &made, &err);
	if (id != BN_CMD_OPEN || !d || row < 0 || row >= (int64_t)d->count)
		return false;
	bn_rows_of of = v->of;
	if (!bn_frequency_rows_of(&of, d, row)) {
		bn_frame_message(view->frame, "these rows are narrowed too often already");
		return true;
	}
	return bn_view_open(view->frame, bn_view_rows_new(&made, view->frame, &of, v->column, &err),
		&made, &err);
}

/* A number with few values has a shape only in the order of its values. */
static const char *order_words(const bn_list *l, const bn_frequency *d)
{
	if (l->grid.sort_count && l->grid.sort[0].column == COL_VALUE)
		return ", by value";
	return bn_type_is_number(d->column.type) ? "; s on value: by value" : "";
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_frequency *d = bn_list_data((bn_list *)view);
	char n[BN_FORMAT_BYTES], rows[BN_FORMAT_BYTES];
	((bn_list *)view)->grid.empty =
		d && d->total == 0 ? "no row matches: there is nothing to count" : NULL;
	if (d && a.rows > 4) {
		bn_format_count(rows, d->total);
		if (d->distinct >= 0)
			bn_area_textf(a, 0, 1, BN_INK_DIM,
				"%s different values in %s rows, counted%s",
				bn_format_count(n, d->distinct), rows, order_words((const bn_list *)view, d));
		else
			bn_area_textf(a, 0, 1, BN_INK_DIM,
				"bins of equal width, of %s rows, counted", rows);
		a = bn_area_sub(a, 1, 0, a.rows - 1, a.cols);
	}
	bn_list_draw(view, a, focused);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_list *l = (const bn_list *)view;
	const bn_frequency *d = bn_list_data(l);
	int64_t row = bn_grid_selected_row(&l->grid);
	if (id != BN_CMD_OPEN || (d && row >= 0 && row < (int64_t)d->count))
		return false;
	const char *text =
		d ? "no row matches: there is nothing to count" : "nothing is counted yet";
	if (d && row >= 0)
		text = "these are all values that are not listed";
	snprintf(why, size, "%s", text);
	return true;
}

static void refresh(bn_view *view)
{
	frequency_view *v = (frequency_view *)view;
	bn_frequency_arg arg = arg_of(v);
	if (!bn_list_data(&v->list) && !view->job)
		bn_view_load(view, BN_LANE_SCAN, KIND_KEPT, bn_view_source(view)->frequency, &arg,
			sizeof arg);
}

static int open_frequency(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	const bn_frequency_arg *a = arg;
	const bn_frequency *d = page->data;
	int rc = bn_view_frequency_new(out, f, &a->of, a->column, d->column.name, err);
	if (rc < 0)
		return rc;
	bn_list_page(*out, bn_page_ref(page));
	return 0;
}

static void page(bn_view *view, bn_page *p)
{
	bn_frequency_arg arg = arg_of((const frequency_view *)view);
	char title[sizeof arg.of.filter + sizeof arg.of.title + BN_REF_BYTES + 200 +
		   BN_FORMAT_NAME_BYTES];
	char name[BN_FORMAT_NAME_BYTES], words[sizeof arg.of.filter + sizeof arg.of.title + 8];
	if (p->kind != KIND_KEPT || p->data || p->err.code) {
		bn_list_page(view, p);
		return;
	}
	bn_page_free(p);
	bn_rows_of_words(&arg.of, words, sizeof words);
	snprintf(title, sizeof title, "values of %s in %s%s%s",
		bn_format_name(name, ((frequency_view *)view)->column, 2 * BN_ROWS_NAME),
		arg.of.ref, words[0] ? " " : "", words);
	bn_view_start(view, &(bn_job_spec){.title = title,
				    .fn = bn_view_source(view)->make_frequency,
				    .arg = &arg,
				    .arg_bytes = sizeof arg,
				    .kind = KIND_MADE,
				    .open = open_frequency});
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const frequency_view *v = (const frequency_view *)view;
	char words[sizeof v->of.filter + sizeof v->of.title + 8];
	bn_rows_of_words(&v->of, words, sizeof words);
	bn_buf_addf(out, "%s%s%s", v->column, words[0] ? " " : "", words);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const frequency_view *v = (const frequency_view *)view;
	const bn_frequency *d = bn_list_data(&v->list);
	if (d && d->distinct >= 0)
		bn_rows_of_cli(&v->of, "freq", v->column, out);
}

static void frequency_free(bn_view *view)
{
	bn_free(((frequency_view *)view)->column);
	bn_list_free(view);
}

static const bn_view_class frequency_class = {
	.name = "values of",
	.kind = BN_ON(FREQUENCY),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = frequency_free,
};

void bn_view_frequency_by_value(bn_view *view)
{
	bn_grid_sort(&((bn_list *)view)->grid, COL_VALUE, false);
}

int bn_view_frequency_new(
	bn_view **out, bn_frame *f, const bn_rows_of *of, int at, const char *column, bn_err *err)
{
	frequency_view *v = NULL;
	int rc = bn_list_new(
		&v, sizeof *v, &frequency_class, f, &source, columns, COLUMNS, of->ref, err);
	if (rc)
		return rc;
	v->at = at;
	v->of = *of;
	if (!(v->column = bn_strdup(column))) {
		bn_view_free(&v->list.view);
		return bn_err_nomem(err, "the values of a column");
	}
	*out = &v->list.view;
	return 0;
}
