/*
 * rows.c - the rows of one dataset version, of any size.
 *
 * The view holds an order (which rows, from the SCAN lane; the table as it lies needs none) and a
 * window of some hundred rows around what is on screen (from the QUICK lane). Rows outside the
 * window show as '…' until they come. Filter and sort are scans that can be stopped; typing another
 * letter stops the scan of the one before.
 */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/_list.h"
#include "tui/views/rows/filter.h"

#include <stdio.h>
#include <string.h>

enum { KIND_ORDER, KIND_WINDOW };

typedef struct rows_view {
	bn_list list; /* page: the order */
	bn_page *window;
	bn_grid_column *columns;
	char **titles, **names;
	size_t column_count;
	int64_t *fixed; /* given row numbers, or NULL */
	int64_t fixed_count;
	char title[128];
	char focus[128]; /* column to begin at */
	char own[128]; /* the filter that these rows were opened with: Esc does not take it away */
	int64_t asked_first; /* of the window on its way; -1 none */
} rows_view;

static const bn_order *order_of(const rows_view *v)
{
	return bn_list_data(&v->list);
}

static int64_t rows_count(void *ctx)
{
	const rows_view *v = ctx;
	const bn_order *o = order_of(v);
	return !o ? 0 : v->fixed ? v->fixed_count : o->count;
}

static int64_t row_number(const rows_view *v, int64_t position)
{
	const bn_order *o = order_of(v);
	return v->fixed ? v->fixed[position] : o && o->rows ? o->rows[position] : position;
}

/* Column 0 is the row's number, as in the table. */
static void rows_cell(void *ctx, int64_t position, int col, bn_grid_cell *out)
{
	const rows_view *v = ctx;
	const bn_window *w = v->window ? v->window->data : NULL;
	if (col == 0) {
		out->number = (double)row_number(v, position);
		out->ink = BN_INK_DIM;
		return;
	}
	if (!w || position < w->first || position >= w->first + w->count ||
		(size_t)col > w->columns) {
		out->pending = true;
		return;
	}
	out->text = w->cells[(size_t)(position - w->first) * w->columns + (size_t)col - 1];
}

static const bn_grid_source rows_source = {.rows = rows_count, .cell = rows_cell};
static const bn_grid_column row_column[1] = {
	{.title = "row", .form = BN_COLUMN_COUNT, .frozen = true}};

static bn_order_arg order_arg(const rows_view *v)
{
	const bn_grid *g = &v->list.grid;
	bn_order_arg arg = {.sorts = 0};
	memcpy(arg.ref, v->list.ref, sizeof arg.ref);
	snprintf(arg.filter, sizeof arg.filter, "%s", v->list.grid.filter);
	for (int k = 0; k < g->sort_count; k++) /* column 0 is the number of the row */
		arg.sort[arg.sorts++] =
			(bn_order_key){g->sort[k].column - 1, g->sort[k].descending};
	return arg;
}

static void order_ask(rows_view *v)
{
	bn_order_arg arg = order_arg(v);
	bn_view_load(&v->list.view, BN_LANE_SCAN, KIND_ORDER, bn_view_source(&v->list.view)->order,
		&arg, sizeof arg);
}

/* Asks for the window around what is on screen, unless it is here or on its way. */
static void window_ask(rows_view *v)
{
	const bn_window *w = v->window ? v->window->data : NULL;
	const bn_grid *g = &v->list.grid;
	int64_t n = rows_count(v), first = g->top - BN_WINDOW_ROWS / 4;
	bn_window_arg arg = {.count = 0};
	if (!n || (w && g->top >= w->first && g->top + g->page_rows <= w->first + w->count) ||
		(w && w->first + w->count == n && g->top >= w->first))
		return;
	first = first < 0 ? 0 : first;
	if (v->asked_first == first)
		return;
	memcpy(arg.ref, v->list.ref, sizeof arg.ref);
	arg.first = first;
	while (arg.count < BN_WINDOW_ROWS && first + arg.count < n) {
		arg.rows[arg.count] = row_number(v, first + arg.count);
		arg.count++;
	}
	v->asked_first = first;
	bn_view_load(&v->list.view, BN_LANE_QUICK, KIND_WINDOW,
		bn_view_source(&v->list.view)->window, &arg, sizeof arg);
}

static void rows_draw(bn_view *view, bn_area a, bool focused)
{
	rows_view *v = (rows_view *)view;
	char total[BN_FORMAT_BYTES], shown[BN_FORMAT_BYTES];
	const bn_order *o = order_of(v);
	bn_area body = a;
	bool part = o && (v->fixed || o->rows);
	if (part && a.rows > 4)
		body = bn_area_sub(a, 0, 0, a.rows - 1, a.cols);
	bn_list_draw(view, body, focused);
	if (part && a.rows > 4) {
		bn_format_count(shown, rows_count(v));
		bn_format_count(total, o->total);
		bn_area_textf(a, a.rows - 1, 1, BN_INK_DIM, "%s of %s rows  %s", shown, total,
			v->fixed ? v->title : v->list.grid.filter);
	}
	window_ask(v);
}

static void columns_release(rows_view *v)
{
	for (size_t i = 0; v->titles && i < v->column_count; i++)
		bn_free(v->titles[i]);
	for (size_t i = 0; v->names && i < v->column_count; i++)
		bn_free(v->names[i]);
	bn_free(v->titles);
	bn_free(v->names);
	bn_free(v->columns);
	v->titles = v->names = NULL;
	v->columns = NULL;
	v->column_count = 0;
}

static int columns_make(rows_view *v, const bn_order *o)
{
	v->columns = bn_alloc_zeroed(o->columns + 1, sizeof *v->columns);
	v->titles = bn_alloc_zeroed(o->columns + 1, sizeof *v->titles);
	v->names = bn_alloc_zeroed(o->columns + 1, sizeof *v->names);
	if (!v->columns || !v->titles || !v->names)
		return -1;
	v->columns[0] = row_column[0];
	v->column_count = o->columns;
	for (size_t i = 0; i < o->columns; i++) {
		v->titles[i] = o->units[i] ? bn_strf("%s [%s]", o->names[i], o->units[i])
					   : bn_strdup(o->names[i]);
		v->names[i] = bn_strdup(o->names[i]);
		if (!v->titles[i] || !v->names[i])
			return -1;
		v->columns[i + 1] = (bn_grid_column){.title = v->titles[i],
			.form = o->is_number[i] ? BN_COLUMN_NUMBER : BN_COLUMN_TEXT,
			.name = v->names[i],
			.max = 40,
			.priority = 1 + (int)i};
	}
	if (bn_grid_set_columns(&v->list.grid, v->columns, (int)o->columns + 1, NULL))
		return -1;
	for (size_t i = 0; v->focus[0] && i < o->columns; i++)
		if (strcmp(o->names[i], v->focus) == 0)
			v->list.grid.column = (int)i + 1;
	return 0;
}

static void rows_page(bn_view *view, bn_page *p)
{
	rows_view *v = (rows_view *)view;
	if (!p->data) {
		v->asked_first = -1;
		bn_page_free(p);
		return;
	}
	if (p->kind == KIND_WINDOW) {
		bn_page_free(v->window);
		v->window = p;
		v->asked_first = -1;
		return;
	}
	const bn_order *o = p->data;
	if (!v->columns && columns_make(v, o)) {
		bn_frame_message(view->frame, "no memory for %zu columns", o->columns);
		bn_page_free(p);
		return;
	}
	bn_page_free(v->window); /* positions mean other rows now */
	v->window = NULL;
	v->asked_first = -1;
	bn_page_free(v->list.page);
	v->list.page = p;
	bn_grid_reload(&v->list.grid);
}

/* Of chosen rows there is no text that says which they are. */
static const char *filter_of(const rows_view *v)
{
	return v->fixed ? "" : v->list.grid.filter;
}

/* All rows that the filter leaves, in the order shown; the screen may be left meanwhile. */
static void export_start(rows_view *v, const char *path)
{
	bn_frame *f = v->list.view.frame;
	bn_export_arg arg;
	bn_export_as as;
	bn_err err = BN_ERR_INIT;
	if (bn_export_as_of(&as, path, &err) < 0 || as == BN_EXPORT_JSON) {
		bn_err_clear(&err);
		bn_err_set(&err, BN_EINVAL,
			"the rows of a dataset are written as .csv or .tsv, not %.80s", path);
		bn_frame_error(f, &err);
		return;
	}
	char title[BN_REF_BYTES + 200];
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	arg.rows = order_arg(v);
	bn_frame_path(f, path, arg.path, sizeof arg.path);
	snprintf(title, sizeof title, "export %s to %.180s", v->list.ref, path);
	bn_frame_start(f, &(bn_job_spec){.title = title,
				  .fn = bn_view_source(&v->list.view)->export_rows,
				  .arg = &arg,
				  .arg_bytes = sizeof arg});
}

/* Rows that were opened from a number are that screen: Esc goes back to the number. */
static bool back(rows_view *v)
{
	bn_frame *f = v->list.view.frame;
	if (strcmp(v->list.grid.filter, v->own) == 0)
		bn_frame_pop(f);
	else
		bn_frame_filter(f, v->own);
	return true;
}

static bool rows_command(bn_view *view, bn_command_id id, const char *arg)
{
	rows_view *v = (rows_view *)view;
	const bn_order *o = order_of(v);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	int col = v->list.grid.column - 1;
	if (id == BN_CMD_EXPORT && !v->fixed && arg && *arg) {
		export_start(v, arg);
		return true;
	}
	if (id == BN_CMD_BACK)
		return back(v);
	if (id == BN_CMD_DESCRIBE)
		return bn_view_open(view->frame,
			bn_view_profile_new(&made, view->frame, v->list.ref, filter_of(v), &err),
			&made, &err);
	if (id == BN_CMD_CHECKS)
		return bn_view_open(view->frame,
			bn_view_checks_new(&made, view->frame, v->list.ref, &err), &made, &err);
	if (id == BN_CMD_FREQUENCY && o && col >= 0)
		return bn_view_open(view->frame,
			bn_view_frequency_new(
				&made, view->frame, v->list.ref, filter_of(v), o->names[col], &err),
			&made, &err);
	if (id != BN_CMD_OPEN || !o)
		return false;
	bn_buf text = BN_BUF_INIT;
	int64_t row = bn_grid_selected_row(&v->list.grid);
	for (size_t c = 0; row >= 0 && c < o->columns; c++) {
		bn_grid_cell cell;
		bn_grid_get_cell(&v->list.grid, row, (int)c + 1, &cell);
		bn_buf_addf(&text, "%-24s %s\n", v->titles[c],
			cell.text      ? cell.text
			: cell.pending ? "..."
				       : "-");
	}
	char crumb[64];
	snprintf(crumb, sizeof crumb, "row %lld", row >= 0 ? (long long)row_number(v, row) : -1LL);
	int rc = bn_view_text_new(&made, view->frame, crumb, text.ptr, &err);
	bn_buf_release(&text);
	return bn_view_open(view->frame, rc, &made, &err);
}

static bool rows_refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const rows_view *v = (const rows_view *)view;
	if (id == BN_CMD_FREQUENCY && v->list.grid.column == 0) {
		snprintf(why, size, "choose a column first: Right or l");
		return true;
	}
	bool orders = id == BN_CMD_FILTER || id == BN_CMD_SORT || id == BN_CMD_SORT_UP ||
		      id == BN_CMD_SORT_DOWN;
	if (v->fixed && orders) {
		snprintf(why, size,
			"these are chosen rows; filter and sort work on the whole table");
		return true;
	}
	if (id == BN_CMD_EXPORT && v->fixed && v->fixed_count > BN_WINDOW_ROWS) {
		snprintf(why, size, "of chosen rows at most %d can be written", BN_WINDOW_ROWS);
		return true;
	}
	return false;
}

static void rows_ordered(bn_view *view)
{
	order_ask((rows_view *)view);
}

static void rows_refresh(bn_view *view)
{
	rows_view *v = (rows_view *)view;
	if (!v->list.page) /* a version never changes */
		order_ask(v);
}

static void rows_crumb(const bn_view *view, bn_buf *out)
{
	const rows_view *v = (const rows_view *)view;
	bn_buf_adds(out, v->list.ref);
	if (v->fixed)
		bn_buf_addf(out, ": %s", v->title);
}

static void rows_cli(const bn_view *view, bn_buf *out)
{
	const char *where = bn_row_filter_expression(filter_of((const rows_view *)view));
	bn_buf_addf(out, "binnacle data head %s", ((const bn_list *)view)->ref);
	if (where)
		bn_shell_option_add(out, "where", where);
}

static void rows_free(bn_view *view)
{
	rows_view *v = (rows_view *)view;
	bn_page_free(v->window);
	columns_release(v);
	bn_free(v->fixed);
	bn_list_free(view);
}

static const bn_view_class rows_class = {
	.name = "rows of",
	.kind = BN_ON(ROWS),
	.draw = rows_draw,
	.command = rows_command,
	.refuses = rows_refuses,
	.page = rows_page,
	.refresh = rows_refresh,
	.crumb = rows_crumb,
	.cli = rows_cli,
	.table = bn_list_grid,
	.ordered = rows_ordered,
	.free = rows_free,
};

int bn_view_rows_new(bn_view **out, bn_frame *f, const char *ref, const char *filter,
	const char *column, bn_err *err)
{
	rows_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &rows_class, f, &rows_source, row_column, 1, ref, err);
	if (rc)
		return rc;
	v->asked_first = -1;
	snprintf(v->focus, sizeof v->focus, "%s", column ? column : "");
	v->list.grid.external = true;
	bn_grid_filter(&v->list.grid, filter);
	memcpy(v->own, v->list.grid.filter, sizeof v->own);
	*out = &v->list.view;
	return 0;
}

int bn_view_some_rows_new(bn_view **out, bn_frame *f, const char *ref, const char *title,
	const char *column, const int64_t *rows, size_t count, bn_err *err)
{
	int rc = bn_view_rows_new(out, f, ref, "", column, err);
	if (rc)
		return rc;
	rows_view *v = (rows_view *)*out;
	v->fixed = bn_alloc((count + 1) * sizeof *rows);
	if (!v->fixed) {
		bn_view_free(*out);
		*out = NULL;
		return bn_err_nomem(err, "row numbers");
	}
	memcpy(v->fixed, rows, count * sizeof *rows);
	v->fixed_count = (int64_t)count;
	snprintf(v->title, sizeof v->title, "%s", title);
	return 0;
}
