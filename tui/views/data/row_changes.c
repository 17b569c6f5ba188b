/*
 * row_changes.c - the rows in which two versions differ, found by a key: removed, added, and changed ones, of which each
 * changed cell shows its value before and now. Values are read for a window around the rows that are shown.
 */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <string.h>

enum { KIND_CHANGES, KIND_ROWS };
enum { COL_WHAT, COL_FIRST };

typedef struct row_changes_view {
	bn_list list;
	bn_changes_arg of;
	bn_page *window; /* bn_changed_rows; NULL: none yet */
	int64_t asked;   /* first row of the requested one; -1: none */
	bn_grid_column *columns;
} row_changes_view;

static const bn_grid_column what_column = {
	.title = "what", .form = BN_COLUMN_STATE, .frozen = true, .min = 9};

static const bn_row_change *item(const bn_list *l, int64_t row)
{
	const bn_row_changes_page *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->changes.count ? &d->changes.items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_row_changes_page *d = bn_list_data(ctx);
	return d ? (int64_t)d->changes.count : 0;
}

/* NULL: its window is not here. */
static const bn_changed_cell *cells_of(const row_changes_view *v, int64_t row)
{
	const bn_changed_rows *w = v->window ? v->window->data : NULL;
	if (!w || row < w->first || row >= w->first + w->count)
		return NULL;
	return &w->cells[(size_t)(row - w->first) * w->columns];
}

static const char *arrow(bn_alphabet alphabet)
{
	return alphabet == BN_ALPHABET_ASCII ? "->" : "\xe2\x86\x92";
}

static void value_cell(const row_changes_view *v, const bn_row_change *r, const bn_changed_cell *c, bn_grid_cell *out)
{
	const char *before = c->before ? c->before : "-", *now = c->now ? c->now : "-";
	if (c->differs) {
		snprintf(out->buf, sizeof out->buf, "%.80s %s %.80s", before, arrow(v->list.alphabet), now);
		out->text = out->buf;
		out->ink = BN_INK_WARN;
		return;
	}
	out->text = r->kind == BN_ROW_REMOVED ? c->before : c->now;
	out->ink = r->kind == BN_ROW_CHANGED ? BN_INK_DIM : BN_INK_TEXT;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	static const int glyphs[] = {[BN_ROW_REMOVED] = BN_GLYPH_STATE_FAIL,
		[BN_ROW_ADDED] = BN_GLYPH_STATE_OK,
		[BN_ROW_CHANGED] = BN_GLYPH_STATE_WARN};
	const row_changes_view *v = ctx;
	const bn_row_change *r = item(ctx, row);
	const bn_changed_cell *cells = cells_of(v, row);
	if (col == COL_WHAT) {
		out->text = bn_row_change_name(r->kind);
		out->glyph = glyphs[r->kind];
	} else if (!cells) {
		out->pending = true;
	} else {
		value_cell(v, r, &cells[col - COL_FIRST], out);
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	(void)ctx;
	return (uint64_t)row + 1;
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

/* ---- windows ------------------------------------------------------------------------------------- */

static void window_ask(row_changes_view *v)
{
	const bn_grid *g = &v->list.grid;
	const bn_changed_rows *w = v->window ? v->window->data : NULL;
	int64_t n = grid_rows(v), first = g->top - BN_CHANGED_ROWS / 4, end = g->top + g->page_rows;
	bn_changed_rows_arg arg;
	end = end < n ? end : n;
	if (!n || (w && g->top >= w->first && end <= w->first + w->count))
		return;
	first = first < 0 ? 0 : first;
	if (v->asked == first)
		return;
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	arg.of = v->of;
	arg.first = v->asked = first;
	for (; arg.count < BN_CHANGED_ROWS && first + arg.count < n; arg.count++)
		arg.items[arg.count] = *item(&v->list, first + arg.count);
	bn_view_load(
		&v->list.view, BN_LANE_SCAN, KIND_ROWS, bn_view_source(&v->list.view)->changed_rows, &arg, sizeof arg);
}

static int set_columns(row_changes_view *v, const bn_row_changes_page *d, bn_err *err)
{
	bn_grid_column *columns = bn_alloc_zeroed(d->column_count + COL_FIRST, sizeof *columns);
	if (!columns)
		return bn_err_nomem(err, "columns");
	columns[COL_WHAT] = what_column;
	for (size_t i = 0; i < d->column_count; i++)
		columns[COL_FIRST + i] = (bn_grid_column){.title = d->columns[i].name,
			.frozen = d->columns[i].of_key,
			.min = 6,
			.max = 36,
			.priority = d->columns[i].of_key ? 0 : 1};
	int rc = bn_grid_set_columns(&v->list.grid, columns, COL_FIRST + (int)d->column_count, err);
	bn_free(rc < 0 ? columns : v->columns);
	v->columns = rc < 0 ? v->columns : columns;
	return rc;
}

/* ---- the screen ---------------------------------------------------------------------------------- */

static void draw(bn_view *view, bn_area a, bool focused)
{
	row_changes_view *v = (row_changes_view *)view;
	const bn_row_changes_page *d = bn_list_data(&v->list);
	char removed[BN_FORMAT_BYTES], added[BN_FORMAT_BYTES], changed[BN_FORMAT_BYTES];
	if (d && a.rows > 4) {
		bn_area_textf(a, 0, 1, BN_INK_TEXT, "%s rows removed, %s added, %s changed; found by %.80s",
			bn_format_count(removed, (int64_t)d->changes.removed),
			bn_format_count(added, (int64_t)d->changes.added),
			bn_format_count(changed, (int64_t)d->changes.changed), v->of.key);
		a = bn_area_sub(a, 1, 0, a.rows - 1, a.cols);
	}
	bn_list_draw(view, a, focused);
	if (d)
		window_ask(v);
}

/* All columns of the row, changed ones first. */
static bool open_row(row_changes_view *v, int64_t row)
{
	const bn_row_changes_page *d = bn_list_data(&v->list);
	const bn_row_change *r = item(&v->list, row);
	const bn_changed_cell *cells = cells_of(v, row);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_buf text = BN_BUF_INIT;
	for (int differ = 1; differ >= 0; differ--)
		for (size_t c = 0; c < d->column_count; c++) {
			const bn_changed_cell *x = &cells[c];
			const char *one = r->kind == BN_ROW_REMOVED ? x->before : x->now;
			if (x->differs != differ)
				continue;
			bn_buf_addf(&text, "%s%s: ", differ ? "* " : "  ", d->columns[c].name);
			if (differ)
				bn_buf_addf(&text, "%s %s %s\n", x->before ? x->before : "-",
					arrow(v->list.alphabet), x->now ? x->now : "-");
			else
				bn_buf_addf(&text, "%s\n", one ? one : "-");
		}
	int rc = bn_buf_check(&text, &err, "a row");
	rc = rc < 0 ? rc : bn_view_text_new(&made, v->list.view.frame, bn_row_change_name(r->kind), text.ptr, &err);
	bn_buf_release(&text);
	if (rc >= 0)
		bn_view_text_wrap(made);
	return bn_view_open(v->list.view.frame, rc, &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	row_changes_view *v = (row_changes_view *)view;
	(void)arg;
	if (id != BN_CMD_OPEN)
		return false;
	return open_row(v, bn_grid_selected_row(&v->list.grid));
}

/* Values of other rows are not here, so nothing can be sorted, found or written by them. */
static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	row_changes_view *v = (row_changes_view *)view;
	const bn_row_changes_page *d = bn_list_data(&v->list);
	bool sorts = id == BN_CMD_SORT || id == BN_CMD_SORT_UP || id == BN_CMD_SORT_DOWN;
	const char *reason = NULL;
	if (id == BN_CMD_OPEN && !cells_of(v, bn_grid_selected_row(&v->list.grid)))
		reason = d && !d->changes.count ? "no row differs" : "it is being read";
	else if (sorts || id == BN_CMD_FILTER || id == BN_CMD_WHERE)
		reason = "rows stay in the order of the versions; Enter on a column, one screen back, opens those that "
			 "differ in it";
	else if (id == BN_CMD_EXPORT)
		reason = "Y copies the command that writes them all";
	if (reason)
		snprintf(why, size, "%s", reason);
	return reason != NULL;
}

static void page(bn_view *view, bn_page *p)
{
	row_changes_view *v = (row_changes_view *)view;
	bn_err err = BN_ERR_INIT;
	if (p->kind == KIND_ROWS) {
		v->asked = p->data ? -1 : v->asked; /* one that failed is not asked again */
		if (p->data) {
			bn_page_free(v->window);
			v->window = p;
			bn_grid_reload(&v->list.grid);
			return;
		}
		bn_frame_error(view->frame, &p->err);
		bn_page_free(p);
		return;
	}
	if (p->data && set_columns(v, p->data, &err) < 0) {
		bn_frame_error(view->frame, &err);
		bn_page_free(p);
		return;
	}
	bn_list_page(view, p);
}

static void refresh(bn_view *view)
{
	row_changes_view *v = (row_changes_view *)view;
	if (!v->list.page) /* versions never change */
		bn_view_load(
			view, BN_LANE_SCAN, KIND_CHANGES, bn_view_source(view)->row_changes, &v->of, sizeof v->of);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "rows");
}

static void cli(const bn_view *view, bn_buf *out)
{
	const row_changes_view *v = (const row_changes_view *)view;
	bn_buf_addf(out, "binnacle data diff %s %s", v->of.a, v->of.b);
	bn_shell_option_add(out, "key", v->of.key);
	bn_buf_adds(out, " --rows --json");
}

static void view_free(bn_view *view)
{
	row_changes_view *v = (row_changes_view *)view;
	bn_grid_column *columns = v->columns;
	bn_page_free(v->window);
	bn_list_free(view); /* frees v, whose grid has the columns */
	bn_free(columns);
}

static const bn_view_class row_changes_class = {
	.name = "",
	.kind = BN_ON(ROW_CHANGES),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.table = bn_list_grid,
	.free = view_free,
};

int bn_view_row_changes_new(bn_view **out, bn_frame *f, const bn_changes_arg *of, bn_err *err)
{
	row_changes_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &row_changes_class, f, &source, &what_column, COL_FIRST, of->b, err);
	if (rc < 0)
		return rc;
	v->of = *of;
	v->asked = -1;
	v->list.grid.external = true;
	v->list.grid.empty = "no row differs";
	*out = &v->list.view;
	return 0;
}
