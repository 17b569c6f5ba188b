/* correlations.c - pairs of number columns, most correlated first; Enter opens the rows in which
 * both have a value, which are the counted ones. */
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"
#include "tui/views/rows/filter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COL_A, COL_B, COL_R, COL_BAR, COL_ROWS, COLUMNS };

#define BAR 20

static const bn_grid_column columns[COLUMNS] = {
	[COL_A] = {.title = "column",
		.name = "a",
		.min = 10,
		.max = 40,
		.flexible = true,
		.wish = 20},
	[COL_B] =
		{.title = "with", .name = "b", .min = 10, .max = 40, .flexible = true, .wish = 20},
	[COL_R] = {.title = "r", .form = BN_COLUMN_NUMBER, .falls = true, .min = 7},
	[COL_BAR] = {.title = "-1 to 1",
		.name = "bar",
		.form = BN_COLUMN_BARS,
		.min = BAR + 1,
		.max = BAR + 1,
		.priority = 1},
	[COL_ROWS] = {.title = "rows", .form = BN_COLUMN_COUNT, .falls = true, .min = 7},
};

typedef struct correlations_view {
	bn_list list;
	bn_rows_of of;
} correlations_view;

static const bn_correlation *item(const bn_list *l, int64_t row)
{
	const bn_correlations *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->count ? &d->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_correlations *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

/* A mark on a line from -1 to 1, and a bar between it and the centre. */
static void bar_cell(const bn_list *l, double r, bn_grid_cell *out)
{
	bool ascii = l->alphabet == BN_ALPHABET_ASCII;
	uint32_t full = ascii ? '#' : 0x2588, line = ascii ? '|' : 0x2502;
	int middle = BAR / 2, end = middle + (int)lround(r * (BAR / 2));
	size_t at = 0;
	if (isnan(r))
		return;
	for (int i = 0; i <= BAR; i++) {
		bool inside = (i > middle && i <= end) || (i < middle && i >= end);
		uint32_t cp = inside ? full : ' ';
		at += bn_utf8_encode(i == middle ? line : cp, out->buf + at);
	}
	out->buf[at] = '\0';
	out->text = out->buf;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_correlation *c = item(ctx, row);
	switch (col) {
	case COL_A:
		out->text = c->a.name;
		return;
	case COL_B:
		out->text = c->b.name;
		return;
	case COL_R:
		out->number = c->r;
		if (!isnan(c->r)) {
			snprintf(out->buf, sizeof out->buf, "%+.3f", c->r);
			out->text = out->buf;
		}
		return;
	case COL_BAR:
		bar_cell(ctx, c->r, out);
		return;
	default:
		out->number = (double)c->rows;
		return;
	}
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_correlations *d = bn_list_data((bn_list *)view);
	char rows[BN_FORMAT_BYTES];
	if (d && a.rows > 4) {
		if (d->numbers > d->columns)
			bn_area_textf(a, 0, 1, BN_INK_WARN,
				"only the first %zu of %zu number columns, over the rows of %s "
				"where both are there",
				d->columns, d->numbers, bn_format_count(rows, d->rows));
		else
			bn_area_textf(a, 0, 1, BN_INK_DIM,
				"Pearson's r of %zu number columns, over the rows of %s where both "
				"are there",
				d->columns, bn_format_count(rows, d->rows));
		a = bn_area_sub(a, 1, 0, a.rows - 1, a.cols);
	}
	bn_list_draw(view, a, focused);
}

bool bn_correlation_rows_of(bn_rows_of *of, const bn_correlation *c)
{
	return bn_rows_of_state(of, BN_ROWS_FINITE, &c->a) &&
	       bn_rows_of_state(of, BN_ROWS_FINITE, &c->b);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	correlations_view *v = (correlations_view *)view;
	const bn_correlation *c = item(&v->list, bn_grid_selected_row(&v->list.grid));
	bn_rows_of of = v->of;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	(void)arg;
	if (id != BN_CMD_OPEN || !c)
		return false;
	if (!bn_correlation_rows_of(&of, c)) {
		bn_frame_message(view->frame, "these rows are narrowed too often already");
		return true;
	}
	return bn_view_open(view->frame, bn_view_rows_new(&made, view->frame, &of, c->b.name, &err),
		&made, &err);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_list *l = (bn_list *)view;
	if (id != BN_CMD_OPEN || item(l, bn_grid_selected_row(&l->grid)))
		return false;
	snprintf(why, size, "there are no two columns of numbers");
	return true;
}

static void refresh(bn_view *view)
{
	correlations_view *v = (correlations_view *)view;
	if (!v->list.page)
		bn_view_load(view, BN_LANE_SCAN, 0, bn_view_source(view)->correlations, &v->of,
			sizeof v->of);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const correlations_view *v = (const correlations_view *)view;
	char words[sizeof v->of.filter + sizeof v->of.title + 8];
	bn_rows_of_words(&v->of, words, sizeof words);
	bn_buf_addf(out, "%s%s%s", v->of.ref, words[0] ? " " : "", words);
}

static const bn_view_class correlations_class = {
	.name = "correlations of",
	.kind = BN_ON(CORRELATIONS),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = bn_list_page,
	.refresh = refresh,
	.crumb = crumb,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_correlations_new(bn_view **out, bn_frame *f, const bn_rows_of *of, bn_err *err)
{
	correlations_view *v = NULL;
	int rc = bn_list_new(
		&v, sizeof *v, &correlations_class, f, &source, columns, COLUMNS, of->ref, err);
	if (rc)
		return rc;
	v->of = *of;
	v->list.grid.empty = "there are no two columns of numbers";
	*out = &v->list.view;
	return 0;
}
