/*
 * rows.c - some rows of one dataset version, of any size. See _rows.h.
 *
 * The view holds an order (row numbers, from the SCAN lane; the table's own order needs none) and a
 * window of some hundred rows around the visible ones (from the QUICK lane). Rows outside the
 * window show as '…' until they arrive. Filter and sort are scans that can be cancelled; typing
 * another letter cancels the previous scan.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/rows/_rows.h"
#include "tui/views/rows/filter.h"

#include <stdio.h>
#include <string.h>

_Static_assert(BN_GRID_FILTER == BN_FILTER_BYTES, "a grid's filter is one of rows");

bn_rows_of bn_rows_view_of(const bn_rows_view *v)
{
	bn_rows_of of = v->of;
	memset(of.filter, 0, sizeof of.filter);
	snprintf(of.filter, sizeof of.filter, "%s", v->list.grid.filter);
	return of;
}

bool bn_rows_are_some(const bn_rows_view *v)
{
	return v->of.bases || v->list.grid.filter[0];
}

static int64_t rows_count(void *ctx)
{
	const bn_order *o = bn_rows_order(ctx);
	return o ? o->count : 0;
}

static int64_t row_number(const bn_rows_view *v, int64_t position)
{
	const bn_order *o = bn_rows_order(v);
	return o && o->rows ? o->rows[position] : position;
}

/* Column 0 is the row's number, as in the table. */
static void rows_cell(void *ctx, int64_t position, int col, bn_grid_cell *out)
{
	const bn_rows_view *v = ctx;
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
	{.title = "row", .form = BN_COLUMN_COUNT, .frozen = true, .min = 7}};

static bn_order_arg order_arg(const bn_rows_view *v)
{
	const bn_grid *g = &v->list.grid;
	bn_order_arg arg;
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	arg.of = bn_rows_view_of(v);
	for (int k = 0; k < g->sort_count; k++) { /* column 0 is the number of the row */
		arg.sort[arg.sorts].column = g->sort[k].column - 1;
		arg.sort[arg.sorts++].descending = g->sort[k].descending;
	}
	return arg;
}

static void totals_forget(bn_rows_view *v)
{
	bn_view *view = &v->list.view;
	view->pending -= bn_loader_cancel(bn_frame_loader(view->frame), view->id, BN_KIND_TOTALS);
	bn_page_free(v->totals);
	v->totals = NULL;
	v->totals_asked = false;
}

static void order_ask(bn_rows_view *v)
{
	bn_order_arg arg = order_arg(v);
	bn_view_load(&v->list.view, BN_LANE_SCAN, BN_KIND_ORDER,
		bn_view_source(&v->list.view)->order, &arg, sizeof arg);
}

/* Requests the window around the visible rows, unless it is here or requested. */
static void window_ask(bn_rows_view *v)
{
	const bn_window *w = v->window ? v->window->data : NULL;
	const bn_grid *g = &v->list.grid;
	int64_t n = rows_count(v), first = g->top - BN_WINDOW_ROWS / 4;
	bn_window_arg arg;
	if (!n || (w && g->top >= w->first && g->top + g->page_rows <= w->first + w->count) ||
		(w && w->first + w->count == n && g->top >= w->first))
		return;
	first = first < 0 ? 0 : first;
	if (v->asked_first == first)
		return;
	memset(&arg, 0, sizeof arg);
	memcpy(arg.ref, v->of.ref, sizeof arg.ref);
	memcpy(arg.derived, v->of.derived, sizeof arg.derived);
	arg.first = first;
	while (arg.count < BN_WINDOW_ROWS && first + arg.count < n) {
		arg.rows[arg.count] = row_number(v, first + arg.count);
		arg.count++;
	}
	v->asked_first = first;
	bn_view_load(&v->list.view, BN_LANE_QUICK, BN_KIND_WINDOW,
		bn_view_source(&v->list.view)->window, &arg, sizeof arg);
}

static void rows_draw(bn_view *view, bn_area a, bool focused)
{
	bn_rows_view *v = (bn_rows_view *)view;
	char total[BN_FORMAT_BYTES], shown[BN_FORMAT_BYTES];
	const bn_order *o = bn_rows_order(v);
	bool part = o && (v->of.bases || v->shown[0]) && a.rows > 4;
	bn_area body = part ? bn_area_sub(a, 1, 0, a.rows - 1, a.cols) : a;
	int foot = bn_rows_foot_draw(v, body, false);
	bn_list_draw(view, bn_area_sub(body, 0, 0, body.rows - foot, body.cols), focused);
	if (part) {
		int col = bn_area_textf(a, 0, 1, BN_INK_STRONG, "%s of %s rows",
			bn_format_count(shown, o->count), bn_format_count(total, o->total));
		col = bn_area_text(a, 0, col + 2, BN_INK_TEXT, v->of.title);
		bn_area_field(a, 0, col + 2, a.cols - col - 3, BN_INK_DIM, v->shown);
	}
	if (foot)
		bn_rows_foot_draw(v, body, true);
	window_ask(v);
}

/* ---- columns ------------------------------------------------------------------------------------- */

static void columns_release(bn_rows_view *v)
{
	for (size_t i = 0; v->titles && i < v->column_count; i++)
		bn_free(v->titles[i]);
	for (size_t i = 0; v->names && i < v->column_count; i++)
		bn_free(v->names[i]);
	for (size_t i = 0; v->units && i < v->column_count; i++)
		bn_free(v->units[i]);
	bn_free(v->titles);
	bn_free(v->names);
	bn_free(v->units);
	bn_free(v->columns);
	v->titles = v->names = v->units = NULL;
	v->columns = NULL;
	v->column_count = 0;
}

/* Below the name: the unit, or what the values are if they are not numbers. */
static const char *unit_of(const bn_order *o, size_t i)
{
	if (o->units[i])
		return o->units[i];
	if (bn_type_is_time(o->types[i]))
		return "time";
	if (o->types[i] == BN_TYPE_BOOL)
		return "yes/no";
	return o->types[i] == BN_TYPE_CATEGORY ? "class" : NULL;
}

static int columns_fill(bn_rows_view *v, const bn_order *o)
{
	v->columns = bn_alloc_zeroed(o->columns + 1, sizeof *v->columns);
	v->titles = bn_alloc_zeroed(o->columns + 1, sizeof *v->titles);
	v->names = bn_alloc_zeroed(o->columns + 1, sizeof *v->names);
	v->units = bn_alloc_zeroed(o->columns + 1, sizeof *v->units);
	if (!v->columns || !v->titles || !v->names || !v->units)
		return -1;
	v->columns[0] = row_column[0];
	v->column_count = o->columns;
	bool any_unit = false;
	for (size_t i = 0; i < o->columns; i++)
		any_unit = any_unit || o->units[i];
	for (size_t i = 0; i < o->columns; i++) {
		v->titles[i] = o->units[i] ? bn_strf("%s [%s]", o->names[i], o->units[i])
					   : bn_strdup(o->names[i]);
		v->names[i] = bn_strdup(o->names[i]);
		const char *unit = any_unit ? unit_of(o, i) : NULL;
		v->units[i] = unit ? bn_strdup(unit) : NULL;
		if (!v->titles[i] || !v->names[i] || (unit && !v->units[i]))
			return -1;
		v->columns[i + 1] = (bn_grid_column){.title = v->names[i],
			.unit = v->units[i],
			.form = bn_type_is_number(o->types[i]) ? BN_COLUMN_NUMBER : BN_COLUMN_TEXT,
			.name = v->names[i],
			.max = 40,
			.priority = 1 + (int)i};
	}
	return bn_grid_set_columns(&v->list.grid, v->columns, (int)o->columns + 1, NULL);
}

static void column_go(bn_rows_view *v, const char *name)
{
	for (size_t i = 0; name && i < v->column_count; i++)
		if (strcmp(v->names[i], name) == 0)
			v->list.grid.column = (int)i + 1;
}

/* The grid borrows the previous ones until the new ones are here. */
static int columns_make(bn_rows_view *v, const bn_order *o)
{
	bn_rows_view old = *v;
	v->columns = NULL;
	v->titles = v->names = v->units = NULL;
	if (columns_fill(v, o)) {
		columns_release(v);
		v->columns = old.columns;
		v->titles = old.titles;
		v->names = old.names;
		v->units = old.units;
		v->column_count = old.column_count;
		return -1;
	}
	for (size_t i = 0; old.columns && i <= old.column_count && i <= v->column_count; i++)
		v->columns[i].frozen = old.columns[i].frozen;
	if (old.columns && v->column_count > old.column_count)
		column_go(v, v->names[v->column_count - 1]);
	else if (!old.columns)
		column_go(v, v->focus);
	columns_release(&old);
	return 0;
}

/* Columns up to the current one stay when the others are scrolled; on the last of those: only the
 * number stays. */
static void pin(bn_rows_view *v)
{
	bn_grid *g = &v->list.grid;
	int last = 0, to = g->column;
	for (int i = 1; i <= (int)v->column_count; i++)
		last = v->columns[i].frozen ? i : last;
	if (to == last)
		to = 0;
	for (int i = 1; i <= (int)v->column_count; i++)
		v->columns[i].frozen = i <= to && bn_grid_is_shown(g, i);
	/* A hidden column among them would end the frozen ones, so it is shown. */
	for (int i = 1; i < to; i++)
		v->columns[i].frozen = true;
	g->first_column = -1;
	if (to)
		bn_frame_message(v->list.view.frame, "columns up to %s stay; p on it again: none",
			v->titles[to - 1]);
	else
		bn_frame_message(v->list.view.frame, "no column stays");
}

static void derive(bn_rows_view *v, const char *arg)
{
	bn_frame *f = v->list.view.frame;
	size_t at = strlen(v->of.derived);
	if (!arg || !*arg) {
		bn_frame_prompt(f, "derive ");
		bn_frame_message(f, "NAME = EXPRESSION, such as per_node = power / num_nodes");
		return;
	}
	memcpy(v->derived_before, v->of.derived, sizeof v->derived_before);
	if (strcmp(arg, "none") == 0) {
		memset(v->of.derived, 0, sizeof v->of.derived);
	} else if (snprintf(v->of.derived + at, sizeof v->of.derived - at, "%s%s", at ? "; " : "",
			   arg) >= (int)(sizeof v->of.derived - at)) {
		memcpy(v->of.derived, v->derived_before, sizeof v->of.derived);
		bn_frame_message(f, "the derived columns would be longer than %d bytes",
			BN_DERIVED_BYTES - 1);
		return;
	}
	v->derives = true;
	totals_forget(v);
	order_ask(v);
	bn_frame_line_asked(&v->list.view);
}

/* ---- pages --------------------------------------------------------------------------------------- */

static void order_take(bn_rows_view *v, bn_page *p)
{
	bn_view *view = &v->list.view;
	const bn_order *o = p->data;
	if ((!v->columns || o->columns != v->column_count) && columns_make(v, o)) {
		bn_frame_message(view->frame, "no memory for %zu columns", o->columns);
		bn_page_free(p);
		return;
	}
	v->derives = false;
	bn_page_free(v->window); /* positions mean other rows now */
	v->window = NULL;
	v->asked_first = -1;
	bn_page_free(v->list.page);
	v->list.page = p;
	memcpy(v->shown, v->list.grid.filter, sizeof v->shown);
	v->list.grid.asking = false;
	bn_grid_reload(&v->list.grid);
	bn_frame_line_answered(view, false);
}

/* The requested rows are not shown; the message has the reason. */
static void order_failed(bn_rows_view *v)
{
	if (v->derives)
		memcpy(v->of.derived, v->derived_before, sizeof v->of.derived);
	v->derives = false;
	if (v->list.page && strcmp(v->list.grid.filter, v->shown) != 0) {
		totals_forget(v);
		bn_frame_filter_refused(v->list.view.frame, &v->list.view, v->shown);
	}
	v->list.grid.asking = false;
	bn_frame_line_answered(&v->list.view, true);
}

static void rows_page(bn_view *view, bn_page *p)
{
	bn_rows_view *v = (bn_rows_view *)view;
	if (!p->data) {
		v->asked_first = p->kind == BN_KIND_WINDOW ? -1 : v->asked_first;
		if (p->kind == BN_KIND_ORDER)
			order_failed(v);
		bn_page_free(p);
		return;
	}
	switch (p->kind) {
	case BN_KIND_WINDOW:
		bn_page_free(v->window);
		v->window = p;
		v->asked_first = -1;
		return;
	case BN_KIND_TOTALS:
		bn_page_free(v->totals);
		v->totals = p;
		return;
	default:
		order_take(v, p);
		return;
	}
}

/* ---- export -------------------------------------------------------------------------------------- */

static int kind_of_file(bn_export_kind *out, const char *path, bn_err *err)
{
	static const char *const endings[] = {".csv", ".tsv", ".arrow", ".feather", ".json", NULL};
	static const bn_export_kind kinds[] = {BN_EXPORT_FILE_CSV, BN_EXPORT_FILE_TSV,
		BN_EXPORT_FILE_ARROW, BN_EXPORT_FILE_ARROW, BN_EXPORT_FILE_JSON};
	int n = bn_export_ending(path, endings, err);
	if (n < 0)
		return n;
	*out = kinds[n];
	return 0;
}

/* The visible columns; none if that is all of them. False: there are too many to list. */
static bool export_columns(const bn_rows_view *v, bn_export_arg *arg)
{
	int n = 0, most = (int)(sizeof arg->column / sizeof *arg->column);
	bool all = true;
	for (int i = 1; i <= (int)v->column_count; i++)
		all = all && bn_grid_is_shown(&v->list.grid, i);
	for (int i = 1; !all && i <= (int)v->column_count; i++) {
		if (!bn_grid_is_shown(&v->list.grid, i))
			continue;
		if (n == most)
			return false;
		arg->column[n++] = (uint32_t)(i - 1);
	}
	arg->columns = n;
	return true;
}

/* All displayed rows, in their order, of any number; the screen may be left meanwhile. */
static void export_start(bn_rows_view *v, const char *path)
{
	bn_frame *f = v->list.view.frame;
	bn_export_arg arg;
	bn_err err = BN_ERR_INIT;
	char title[BN_REF_BYTES + 200];
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	arg.rows = order_arg(v);
	if (kind_of_file(&arg.kind, path, &err) < 0) {
		bn_frame_error(f, &err);
		return;
	}
	if (!export_columns(v, &arg)) {
		bn_frame_message(f, "at most %zu columns can be chosen; :columns all writes all",
			sizeof arg.column / sizeof *arg.column);
		return;
	}
	if (!bn_frame_may_write(f, path))
		return;
	if (bn_frame_path(f, path, arg.path, &err) < 0) {
		bn_frame_error(f, &err);
		return;
	}
	snprintf(title, sizeof title, "export %s to %.180s", v->of.ref, path);
	bn_frame_start(f, &(bn_job_spec){.title = title,
				  .fn = bn_view_source(&v->list.view)->export_rows,
				  .arg = &arg,
				  .arg_bytes = sizeof arg});
}

/* ---- commands ------------------------------------------------------------------------------------ */

/* Rows opened from a number are a screen of their own: Esc returns to the number. */
static bool back(bn_rows_view *v)
{
	bn_frame *f = v->list.view.frame;
	if (strcmp(v->list.grid.filter, v->own) == 0)
		bn_frame_pop(f);
	else
		bn_frame_filter(f, v->own);
	return true;
}

/* Typed as a key there is no argument: the prompt opens with the current filter. */
static void where_set(bn_rows_view *v, const char *arg)
{
	char line[BN_FILTER_BYTES + 8];
	if (arg) {
		bn_frame_filter(v->list.view.frame, arg);
		bn_frame_line_asked(&v->list.view);
		return;
	}
	snprintf(line, sizeof line, "where %s", bn_grid_filter_text(&v->list.grid));
	bn_frame_prompt(v->list.view.frame, line);
}

/* One row, one column per line. */
static bool record_open(bn_rows_view *v)
{
	bn_view *view = &v->list.view, *made = NULL;
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	char crumb[64];
	int64_t row = bn_grid_selected_row(&v->list.grid);
	int wide = 12;
	for (size_t c = 0; c < v->column_count; c++)
		wide = bn_record_name_cols(wide, v->titles[c]);
	for (size_t c = 0; row >= 0 && c < v->column_count; c++) {
		bn_grid_cell cell;
		bn_grid_get_cell(&v->list.grid, row, (int)c + 1, &cell);
		bn_record_write(&text, wide, v->titles[c], cell.pending ? "..." : cell.text);
	}
	snprintf(crumb, sizeof crumb, "row %lld", row >= 0 ? (long long)row_number(v, row) : -1LL);
	int rc = bn_view_text_new(&made, view->frame, crumb, text.ptr ? text.ptr : "", &err);
	bn_buf_release(&text);
	return bn_view_open(view->frame, rc, &made, &err);
}

static bool rows_command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_rows_view *v = (bn_rows_view *)view;
	const bn_order *o = bn_rows_order(v);
	bn_rows_of of = bn_rows_view_of(v);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	int col = v->list.grid.column - 1, rc;
	switch (id) {
	case BN_CMD_EXPORT:
		if (!arg || !*arg)
			return false;
		export_start(v, arg);
		return true;
	case BN_CMD_BACK:
		return back(v);
	case BN_CMD_WHERE:
		where_set(v, arg);
		return true;
	case BN_CMD_PIN:
		pin(v);
		return true;
	case BN_CMD_DERIVE:
		derive(v, arg);
		return true;
	case BN_CMD_DESCRIBE:
		rc = bn_view_profile_new(&made, view->frame, &of, &err);
		break;
	case BN_CMD_CORRELATIONS:
		rc = bn_view_correlations_new(&made, view->frame, &of, &err);
		break;
	case BN_CMD_CHECKS:
		rc = bn_view_checks_new(&made, view->frame, v->of.ref, &err);
		break;
	case BN_CMD_FREQUENCY:
	case BN_CMD_HISTOGRAM:
		if (!o)
			return false;
		if (!(arg && *arg) && col < 0) { /* of which column? */
			bn_frame_prompt(view->frame,
				id == BN_CMD_FREQUENCY ? "frequency " : "histogram ");
			return true;
		}
		if (arg && *arg && (rc = bn_grid_go(&v->list.grid, arg, &err)) < 0)
			break;
		col = v->list.grid.column - 1;
		if (col < 0) {
			bn_frame_message(view->frame, "the number of a row is no column of the data");
			return true;
		}
		rc = bn_view_frequency_new(&made, view->frame, &of, col, o->names[col], &err);
		if (rc >= 0 && id == BN_CMD_HISTOGRAM)
			bn_view_frequency_by_value(made);
		break;
	case BN_CMD_OPEN:
		return o ? record_open(v) : false;
	default:
		return false;
	}
	return bn_view_open(view->frame, rc, &made, &err);
}

static bool rows_refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_rows_view *v = (const bn_rows_view *)view;
	if (id == BN_CMD_PIN && v->list.grid.column == 0) {
		snprintf(why, size, "choose a column first: Right or l");
		return true;
	}
	if (id == BN_CMD_OPEN && rows_count((void *)(uintptr_t)v) == 0) {
		snprintf(why, size, "%s",
			v->list.grid.filter[0] ? "no row matches the filter; Esc shows all"
					       : "there is no row");
		return true;
	}
	return false;
}

static void rows_ordered(bn_view *view)
{
	bn_rows_view *v = (bn_rows_view *)view;
	totals_forget(v);
	order_ask(v);
}

static void rows_refresh(bn_view *view)
{
	bn_rows_view *v = (bn_rows_view *)view;
	if (!v->list.page) /* a version never changes */
		order_ask(v);
}

static void rows_crumb(const bn_view *view, bn_buf *out)
{
	const bn_rows_view *v = (const bn_rows_view *)view;
	bn_buf_adds(out, v->of.ref);
	if (v->of.title[0])
		bn_buf_addf(out, ": %s", v->of.title);
}

static int rows_words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	const bn_rows_view *v = (const bn_rows_view *)view;
	bool names = id == BN_CMD_WHERE || id == BN_CMD_DERIVE || id == BN_CMD_FILTER;
	int n = 0;
	for (size_t i = 0; names && i < v->column_count && n < most; i++)
		out[n++] = v->names[i];
	return n;
}

static void rows_words_scope(const bn_view *view, char out[BN_WORDS_SCOPE])
{
	snprintf(out, BN_WORDS_SCOPE, "%s", ((const bn_rows_view *)view)->of.ref);
}

/* The command that makes a dataset with the derived columns. */
static void transform_cli(const bn_rows_view *v, const char *where, bn_buf *out)
{
	char derived[sizeof v->of.derived];
	size_t name = strcspn(v->of.ref, "@");
	memcpy(derived, v->of.derived, sizeof derived);
	bn_buf_addf(out, "binnacle data transform %.*s-derived %s", (int)name, v->of.ref, v->of.ref);
	for (char *rest = derived, *one; (one = strsep(&rest, ";"));)
		bn_shell_option_add(out, "column", one + strspn(one, " "));
	if (where)
		bn_shell_option_add(out, "where", where);
}

static void rows_cli(const bn_view *view, bn_buf *out)
{
	const bn_rows_view *v = (const bn_rows_view *)view;
	const char *where = bn_row_filter_expression(v->list.grid.filter);
	bool failing = v->of.bases == 1 && v->of.base[0].kind == BN_ROWS_FAILING && !v->of.derived[0];
	if ((v->of.bases && !failing) || (v->list.grid.filter[0] && !where))
		return; /* no command prints these */
	if (v->of.derived[0]) {
		transform_cli(v, where, out);
		return;
	}
	bn_buf_addf(out, "binnacle data head %s", v->of.ref);
	if (failing)
		bn_buf_addf(out, " --failing %d", v->of.base[0].at + 1);
	if (failing && bn_rows_order(v))
		bn_buf_addf(out, " --rows %lld", (long long)bn_rows_order(v)->count);
	if (where)
		bn_shell_option_add(out, "where", where);
}

static void rows_free(bn_view *view)
{
	bn_rows_view *v = (bn_rows_view *)view;
	bn_page_free(v->window);
	bn_page_free(v->totals);
	columns_release(v);
	bn_free(v->focus);
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
	.words = rows_words,
	.words_scope = rows_words_scope,
	.table = bn_list_grid,
	.ordered = rows_ordered,
	.free = rows_free,
};

int bn_view_rows_new(
	bn_view **out, bn_frame *f, const bn_rows_of *of, const char *column, bn_err *err)
{
	bn_rows_view *v = NULL;
	int rc = bn_list_new(
		&v, sizeof *v, &rows_class, f, &rows_source, row_column, 1, of->ref, err);
	if (rc)
		return rc;
	v->asked_first = -1;
	if (column && !(v->focus = bn_strdup(column))) {
		bn_view_free(&v->list.view);
		return bn_err_nomem(err, "rows");
	}
	v->of = *of;
	memset(v->of.filter, 0, sizeof v->of.filter);
	v->list.grid.external = true;
	bn_grid_filter(&v->list.grid, of->filter);
	memcpy(v->own, v->list.grid.filter, sizeof v->own);
	*out = &v->list.view;
	return 0;
}

int bn_view_all_rows_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err)
{
	bn_rows_of of = bn_rows_of_version(ref, "");
	return bn_view_rows_new(out, f, &of, NULL, err);
}
