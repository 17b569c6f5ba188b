/* changes.c - the differences between two dataset versions: columns that were added, removed or
 * have another type, and the number of rows with another value. Enter opens these rows. */
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	COL_COLUMN,
	COL_WHAT,
	COL_ROWS,
	COL_MEAN_A,
	COL_MEAN_B,
	COL_SHIFT,
	COL_MISSING_A,
	COL_MISSING_B,
	COL_TYPE_A,
	COL_TYPE_B,
	COLUMNS
};

static const bn_grid_column columns[COLUMNS] = {
	[COL_COLUMN] = {.title = "column", .frozen = true, .min = 10, .max = 36},
	[COL_WHAT] = {.title = "what", .form = BN_COLUMN_STATE, .falls = true, .min = 8},
	[COL_ROWS] = {.title = "rows differ",
		.name = "rows_different",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 8},
	[COL_MEAN_A] = {.title = "mean before",
		.name = "mean_a",
		.form = BN_COLUMN_NUMBER,
		.min = 9,
		.priority = 1},
	[COL_MEAN_B] = {.title = "mean now",
		.name = "mean_b",
		.form = BN_COLUMN_NUMBER,
		.min = 9,
		.priority = 1},
	[COL_SHIFT] = {.title = "shift/std",
		.name = "shift_std",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 9,
		.priority = 2},
	[COL_MISSING_A] = {.title = "missing before",
		.name = "missing_a",
		.form = BN_COLUMN_SHARE,
		.min = 8,
		.priority = 3},
	[COL_MISSING_B] = {.title = "missing now",
		.name = "missing_b",
		.form = BN_COLUMN_SHARE,
		.min = 8,
		.priority = 3},
	[COL_TYPE_A] = {.title = "type before", .name = "type_a", .min = 8, .priority = 4},
	[COL_TYPE_B] = {.title = "type now", .name = "type_b", .min = 8, .priority = 4},
};

typedef struct changes_view {
	bn_list list;
	bn_changes_arg of;
} changes_view;

static const bn_column_change *item(const bn_list *l, int64_t row)
{
	const bn_changes_page *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->changes.count ? &d->changes.items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_changes_page *d = bn_list_data(ctx);
	return d ? (int64_t)d->changes.count : 0;
}

static void type_cell(const bn_profile_column *c, bn_grid_cell *out)
{
	if (c)
		out->text = bn_field_type_text(&c->field, out->buf);
	out->ink = BN_INK_DIM;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_column_change *c = item(ctx, row);
	switch (col) {
	case COL_COLUMN:
		out->text = (c->a ? c->a : c->b)->name;
		return;
	case COL_WHAT:
		out->number = (double)c->kind;
		out->text = bn_column_change_name(c->kind);
		out->ink = c->kind == BN_COLUMN_CHANGE_VALUES ? BN_INK_TEXT : BN_INK_WARN;
		return;
	case COL_ROWS:
		out->number = (double)c->rows;
		return;
	case COL_MEAN_A:
		out->number = c->mean_a;
		return;
	case COL_MEAN_B:
		out->number = c->mean_b;
		return;
	case COL_SHIFT:
		out->number = c->shift;
		return;
	case COL_MISSING_A:
		out->number = bn_profile_share_missing(c->a);
		return;
	case COL_MISSING_B:
		out->number = bn_profile_share_missing(c->b);
		return;
	default:
		type_cell(col == COL_TYPE_A ? c->a : c->b, out);
		return;
	}
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

static const char *how_compared(const bn_column_changes *c)
{
	if (c->by_value)
		return ", by value, row by row";
	return c->same_rows ? ", by distribution; rows were added at the end" : ", by distribution";
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_changes_page *d = bn_list_data((bn_list *)view);
	char before[BN_FORMAT_BYTES], now[BN_FORMAT_BYTES];
	if (d && a.rows > 4) {
		char text[200];
		snprintf(text, sizeof text, "%s rows before, %s now; %s; %zu of %zu differ%s",
			bn_format_count(before, d->rows_a), bn_format_count(now, d->rows_b),
			d->same_schema ? "the same columns" : "other columns", d->changes.count,
			d->columns_b, how_compared(&d->changes));
		bn_area_field(a, 0, 1, a.cols - 2, BN_INK_TEXT, text);
		a = bn_area_sub(a, 1, 0, a.rows - 1, a.cols);
	}
	bn_list_draw(view, a, focused);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	changes_view *v = (changes_view *)view;
	const bn_column_change *c = item(&v->list, bn_grid_selected_row(&v->list.grid));
	bn_rows_of of = bn_rows_of_version(v->of.b, "");
	bn_rows_base base;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	char title[BN_ROWS_TITLE], name[BN_FORMAT_NAME_BYTES];
	(void)arg;
	if (id != BN_CMD_OPEN || !c)
		return false;
	memset(&base, 0, sizeof base);
	base.kind = BN_ROWS_CHANGED;
	base.at = (int)(c->b - ((const bn_changes_page *)bn_list_data(&v->list))->columns_of_b);
	snprintf(base.other, sizeof base.other, "%s", v->of.a);
	snprintf(title, sizeof title, "%s is not as in %.*s",
		bn_format_name(name, c->a->name, BN_ROWS_NAME), BN_REF_BYTES, v->of.a);
	bn_rows_of_add(&of, &base, title);
	return bn_view_open(view->frame,
		bn_view_rows_new(&made, view->frame, &of, c->a->name, &err), &made, &err);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_list *l = (bn_list *)view;
	const bn_column_change *c = item(l, bn_grid_selected_row(&l->grid));
	if (id != BN_CMD_OPEN || (c && c->rows > 0))
		return false;
	if (c && c->rows < 0)
		snprintf(why, size,
			"rows were not compared: one version lacks the column, or has fewer rows");
	else
		snprintf(why, size, "%s", c ? "no row differs" : "nothing differs");
	return true;
}

static void refresh(bn_view *view)
{
	changes_view *v = (changes_view *)view;
	if (!v->list.page) /* versions never change */
		bn_view_load(
			view, BN_LANE_SCAN, 0, bn_view_source(view)->changes, &v->of, sizeof v->of);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const changes_view *v = (const changes_view *)view;
	bn_buf_addf(out, "%s against %s", v->of.b, v->of.a);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const changes_view *v = (const changes_view *)view;
	bn_buf_addf(out, "binnacle data diff %s %s --json", v->of.a, v->of.b);
}

static const bn_view_class changes_class = {
	.name = "",
	.kind = BN_ON(CHANGES),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = bn_list_page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_changes_new(bn_view **out, bn_frame *f, const char *a, const char *b, bn_err *err)
{
	changes_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &changes_class, f, &source, columns, COLUMNS, b, err);
	if (rc)
		return rc;
	snprintf(v->of.a, sizeof v->of.a, "%s", a);
	snprintf(v->of.b, sizeof v->of.b, "%s", b);
	v->list.grid.empty = "no column differs";
	*out = &v->list.view;
	return 0;
}
