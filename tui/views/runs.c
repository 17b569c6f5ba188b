/*
 * runs.c - the table of runs, live: state, name, parameters and metrics as columns; beside it, when
 * there is room, the selected run. Marked runs are compared with x.
 */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"
#include "tui/views/_queue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COL_STATE, COL_NAME, COL_TITLE, COL_FIELDS }; /* then the fields, then these: */
enum { END_DURATION, END_CREATED, END_EXPERIMENT, END_USER, END_HOST, END_ID, END_COLUMNS };

typedef struct runs_view {
	bn_list list;
	bn_grid_column *columns;
	char **fields; /* names of the columns in use */
	size_t field_count;
	bn_view *detail; /* made when there is room for it */
	bool in_detail;  /* it has the keys */
	bool is_split;
	char baseline[BN_RUN_ID_TEXT];
	char stopping[BN_RUN_ID_TEXT]; /* the run of the open question */
	bool stops_marked;             /* or all that are marked */
	char where[384];               /* in force */
	bool where_is_new;             /* asked for, not answered yet */
	/* While the page is a window on more runs: where it was asked to begin (-1 nothing is on its
	 * way), and where the grid was then. */
	int64_t asked_first, asked_top;
} runs_view;

static const bn_run_page *runs_of(const runs_view *v)
{
	const bn_runs *d = bn_list_data(&v->list);
	return d ? d->page : NULL;
}

static const bn_queue *queue_of(const runs_view *v)
{
	const bn_runs *d = bn_list_data(&v->list);
	return d ? d->queue : NULL;
}

/* Whether the page is a window on more runs than it holds; rows are places then. */
static bool is_window(const runs_view *v)
{
	return v->list.grid.external;
}

/* NULL outside of the window. */
static const bn_run_row *run_at(const runs_view *v, int64_t row)
{
	const bn_run_page *p = runs_of(v);
	row -= p && is_window(v) ? p->place : 0;
	return p && row >= 0 && (size_t)row < p->count ? &p->rows[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_run_page *p = runs_of(ctx);
	return !p ? 0 : is_window(ctx) ? p->total : (int64_t)p->count;
}

static int64_t duration_of(const runs_view *v, const bn_run_row *r)
{
	int64_t end = r->finished_ms > 0 ? r->finished_ms : bn_frame_now_ms(v->list.view.frame);
	bool unknown_end = r->finished_ms <= 0 && !bn_run_status_is_live(r->status);
	return r->started_ms > 0 && !unknown_end ? end - r->started_ms : -1;
}

static void end_cell(const runs_view *v, const bn_run_row *r, int end, bn_grid_cell *out)
{
	int64_t ms;
	switch (end) {
	case END_DURATION:
		ms = duration_of(v, r);
		if (r->status == BN_RUN_QUEUED && (ms = bn_queue_place(queue_of(v), r->id)) > 0) {
			snprintf(out->buf, sizeof out->buf, "#%lld", (long long)ms);
			out->text = out->buf;
		} else if (ms >= 0)
			out->text = bn_format_duration(out->buf, ms);
		return;
	case END_CREATED:
		out->text =
			bn_format_age(out->buf, r->created_ms, bn_frame_now_ms(v->list.view.frame));
		return;
	case END_EXPERIMENT:
		out->text = r->experiment;
		return;
	case END_USER:
		out->text = r->user;
		return;
	case END_HOST:
		out->text = r->host;
		return;
	default:
		snprintf(out->buf, sizeof out->buf, "%.8s", r->id);
		out->text = out->buf;
		out->ink = BN_INK_DIM;
		return;
	}
}

static void field_cell(const bn_cell *c, bn_grid_cell *out)
{
	if (c->kind == BN_CELL_TEXT)
		out->text = c->text;
	else if (c->kind == BN_CELL_NUMBER)
		out->text = isnan(c->number) ? "nan" : bn_format_number(out->buf, c->number);
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const runs_view *v = ctx;
	const bn_run_row *r = run_at(v, row);
	if (!r) {
		out->pending = true;
		return;
	}
	switch (col) {
	case COL_STATE:
		bn_state_cell(out, bn_run_state(r->status), bn_run_status_name(r->status));
		return;
	case COL_NAME:
		snprintf(out->buf, sizeof out->buf, "%.80s%s", r->name ? r->name : r->id,
			strcmp(r->id, v->baseline) == 0 ? " (baseline)" : "");
		out->text = out->buf;
		return;
	case COL_TITLE:
		out->text = r->title;
		out->ink = BN_INK_DIM;
		return;
	default:
		if (col - COL_FIELDS < (int)v->field_count)
			field_cell(&r->cells[col - COL_FIELDS], out);
		else
			end_cell(v, r, col - COL_FIELDS - (int)v->field_count, out);
		return;
	}
}

static int number_compare(double x, double y)
{
	return x < y ? -1 : x > y;
}

static int text_compare(const char *x, const char *y)
{
	return strcmp(x ? x : "", y ? y : "");
}

static int field_compare(const bn_cell *x, const bn_cell *y)
{
	char *end_x = NULL, *end_y = NULL;
	if (x->kind == BN_CELL_NUMBER && y->kind == BN_CELL_NUMBER)
		return number_compare(x->number, y->number);
	if (x->kind != BN_CELL_TEXT || y->kind != BN_CELL_TEXT)
		return (int)x->kind - (int)y->kind;
	double u = strtod(x->text, &end_x), w = strtod(y->text, &end_y);
	if (*x->text && *y->text && !*end_x && !*end_y) /* parameters are texts of numbers */
		return number_compare(u, w);
	return strcmp(x->text, y->text);
}

static int grid_compare(void *ctx, int64_t a, int64_t b, int col)
{
	const runs_view *v = ctx;
	const bn_run_row *x = run_at(v, a), *y = run_at(v, b);
	if (col == COL_STATE)
		return (int)x->status - (int)y->status;
	if (col == COL_NAME)
		return text_compare(x->name, y->name);
	if (col == COL_TITLE)
		return text_compare(x->title, y->title);
	if (col - COL_FIELDS < (int)v->field_count)
		return field_compare(&x->cells[col - COL_FIELDS], &y->cells[col - COL_FIELDS]);
	switch (col - COL_FIELDS - (int)v->field_count) {
	case END_DURATION:
		return number_compare((double)duration_of(v, x), (double)duration_of(v, y));
	case END_CREATED: /* smallest age first */
		return number_compare((double)y->created_ms, (double)x->created_ms);
	case END_EXPERIMENT:
		return text_compare(x->experiment, y->experiment);
	case END_USER:
		return text_compare(x->user, y->user);
	case END_HOST:
		return text_compare(x->host, y->host);
	default:
		return strcmp(x->id, y->id);
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_run_row *r = run_at(ctx, row);
	char half[17];
	if (!r)
		return 0;
	memcpy(half, r->id, 16);
	half[16] = '\0';
	return strtoull(half, NULL, 16);
}

static const bn_grid_source source = {
	.rows = grid_rows, .cell = grid_cell, .compare = grid_compare, .key = grid_key};

static const bn_grid_column first_columns[COL_FIELDS] = {
	[COL_STATE] = {.title = "state", .min = 10},
	[COL_NAME] = {.title = "run", .min = 12, .max = 36, .wish = 24, .flexible = true},
	[COL_TITLE] = {.title = "what", .min = 6, .max = 24, .priority = 4},
};
static const bn_grid_column end_columns[END_COLUMNS] = {
	[END_DURATION] = {.title = "time", .right = true, .min = 6, .priority = 1},
	[END_CREATED] = {.title = "started", .min = 8, .priority = 3},
	[END_EXPERIMENT] = {.title = "experiment", .min = 6, .max = 20, .priority = 5},
	[END_USER] = {.title = "by", .min = 4, .max = 12, .priority = 7},
	[END_HOST] = {.title = "host", .min = 4, .max = 16, .priority = 8},
	[END_ID] = {.title = "id", .min = 8, .priority = 6},
};

static void fields_release(runs_view *v)
{
	for (size_t i = 0; v->fields && i < v->field_count; i++)
		bn_free(v->fields[i]);
	bn_free(v->fields);
	bn_free(v->columns);
	v->fields = NULL;
	v->columns = NULL;
	v->field_count = 0;
}

static bool fields_equal(const runs_view *v, const bn_runs *d)
{
	if (!v->columns || v->field_count != d->columns)
		return false;
	for (size_t i = 0; i < d->columns; i++)
		if (strcmp(v->fields[i], d->fields[i]) != 0)
			return false;
	return true;
}

/* "metrics.rmse" is shown as rmse, "params.lr" as lr. */
static const char *short_name(const char *field)
{
	const char *dot = strchr(field, '.');
	return dot && dot[1] ? dot + 1 : field;
}

static int fields_set(runs_view *v, const bn_runs *d)
{
	size_t total = COL_FIELDS + d->columns + END_COLUMNS;
	bn_grid *g = &v->list.grid;
	char sorted[128] = "";
	bool descending = g->sort_descending;
	if (v->columns && g->sort_column >= 0)
		snprintf(sorted, sizeof sorted, "%s", g->columns[g->sort_column].title);
	fields_release(v);
	v->fields = bn_alloc_zeroed(d->columns + 1, sizeof *v->fields);
	v->columns = bn_alloc_zeroed(total, sizeof *v->columns);
	if (!v->fields || !v->columns)
		return -1;
	memcpy(v->columns, first_columns, sizeof first_columns);
	for (size_t i = 0; i < d->columns; i++) {
		v->fields[i] = bn_strdup(d->fields[i]);
		if (!v->fields[i])
			return -1;
		v->field_count = i + 1;
		v->columns[COL_FIELDS + i] = (bn_grid_column){.title = short_name(v->fields[i]),
			.right = true,
			.min = 6,
			.max = 14,
			.priority = i < 2 ? 1 : 2 + (int)i};
	}
	memcpy(v->columns + COL_FIELDS + d->columns, end_columns, sizeof end_columns);
	if (bn_grid_set_columns(g, v->columns, (int)total, NULL))
		return -1;
	for (size_t c = 0; *sorted && c < total; c++)
		if (strcmp(v->columns[c].title, sorted) == 0)
			bn_grid_sort(g, (int)c, descending);
	return 0;
}

/* ---- windows ------------------------------------------------------------------------------------- */

/* What a column is sorted by, as core/track/query.h has it. */
static void sort_text(const runs_view *v, char *out, size_t size)
{
	static const char *const first[COL_FIELDS] = {
		[COL_STATE] = "status", [COL_NAME] = "name", [COL_TITLE] = "title"};
	static const char *const end[END_COLUMNS] = {[END_DURATION] = "duration",
		[END_CREATED] = "created",
		[END_EXPERIMENT] = "experiment",
		[END_USER] = "user",
		[END_HOST] = "host",
		[END_ID] = "id"};
	const bn_grid *g = &v->list.grid;
	int col = g->sort_column, behind = col - COL_FIELDS - (int)v->field_count;
	out[0] = '\0';
	if (col < 0 || behind >= END_COLUMNS)
		return;
	bool down = g->sort_descending;
	if (behind == END_CREATED) /* smallest age first */
		down = !down;
	if (col >= COL_FIELDS && behind < 0) {
		const char *field = v->fields[col - COL_FIELDS], *dot = strchr(field, '.');
		snprintf(out, size, "%s%.*s.`%s`", down ? "-" : "", (int)(dot - field), field,
			dot + 1);
	} else {
		snprintf(out, size, "%s%s", down ? "-" : "", behind < 0 ? first[col] : end[behind]);
	}
}

static void runs_ask(runs_view *v, bn_runs_arg *arg, int64_t first)
{
	bn_view *view = &v->list.view;
	snprintf(arg->filter, sizeof arg->filter, "%s", v->where);
	if (is_window(v)) {
		sort_text(v, arg->sort, sizeof arg->sort);
		snprintf(arg->search, sizeof arg->search, "%s", v->list.grid.filter);
	}
	v->asked_first = first;
	v->asked_top = v->list.grid.top;
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->runs, arg, sizeof *arg);
}

/* The same rows again: those that came before them meanwhile move the window's place. */
static void ask_again(runs_view *v, bn_runs_arg *arg)
{
	const bn_run_page *p = runs_of(v);
	arg->at = BN_RUNS_FIRST;
	if (p && is_window(v) && p->place > 0 && p->count) {
		arg->at = BN_RUNS_FROM;
		snprintf(arg->mark, sizeof arg->mark, "%s", p->rows[0].mark);
	}
	runs_ask(v, arg, p && arg->at == BN_RUNS_FROM ? p->place : 0);
}

/* Asks for the window around what is on screen, unless it is here or on its way. */
static void window_ask(runs_view *v)
{
	const bn_run_page *p = runs_of(v);
	const bn_grid *g = &v->list.grid;
	bn_runs_arg arg = {.have = 0};
	if (!p || !is_window(v) || (v->asked_first >= 0 && v->asked_top == g->top))
		return;
	int64_t end = p->place + (int64_t)p->count, bottom = g->top + g->page_rows;
	bottom = bottom < p->total ? bottom : p->total;
	if (g->top >= p->place && bottom <= end)
		return;
	int64_t first = g->top - BN_RUNS_WINDOW / 4, last = p->total - BN_RUNS_WINDOW;
	first = first < 0 ? 0 : first;
	arg.at = first == 0 ? BN_RUNS_FIRST : BN_RUNS_PLACE;
	arg.place = first;
	if (first >= last) {
		arg.at = BN_RUNS_LAST;
		first = last;
	} else if (first > p->place && first < end) {
		arg.at = BN_RUNS_FROM;
		snprintf(arg.mark, sizeof arg.mark, "%s", p->rows[first - p->place].mark);
	} else if (first > 0 && first < p->place && first + BN_RUNS_WINDOW < end &&
		   first + BN_RUNS_WINDOW >= p->place) {
		arg.at = BN_RUNS_BEFORE;
		snprintf(arg.mark, sizeof arg.mark, "%s",
			p->rows[first + BN_RUNS_WINDOW - p->place].mark);
	}
	runs_ask(v, &arg, first);
}

/* A page came: is it a window now, and how far did its rows move? */
static void window_take(runs_view *v, const bn_run_page *p)
{
	bn_grid *g = &v->list.grid;
	bool was = is_window(v), more = p->total > (int64_t)p->count;
	bool chosen = g->filter[0] || g->sort_column >= 0;
	g->external = more || (was && chosen);
	int64_t moved = was && v->asked_first > 0 ? p->place - v->asked_first : 0;
	g->top += g->top + moved >= 0 ? moved : 0;
	g->selected += g->selected + moved >= 0 ? moved : 0;
	v->asked_first = -1;
	if (!was && g->external && chosen) { /* it was sorted here until now */
		bn_runs_arg arg = {.at = BN_RUNS_FIRST};
		runs_ask(v, &arg, 0);
	}
}

static void ordered(bn_view *view)
{
	runs_view *v = (runs_view *)view;
	bn_runs_arg arg = {.at = BN_RUNS_FIRST};
	if (!is_window(v))
		return;
	v->list.grid.top = 0;
	bn_grid_select(&v->list.grid, 0);
	v->list.grid.has_selected_key = false;
	runs_ask(v, &arg, 0);
}

static void page(bn_view *view, bn_page *p)
{
	runs_view *v = (runs_view *)view;
	const bn_runs *d = p->data;
	if (bn_view_deed_done(view, p))
		return;
	v->where_is_new = false;
	if (p->err.code == BN_EINVAL) /* the filter is wrong: the message says where */
		v->where[0] = '\0';
	if (!d)
		v->asked_first = -1;
	else
		window_take(v, d->page);
	if (d && !fields_equal(v, d)) {
		bn_page *old = v->list.page;
		v->list.page = p; /* columns are made of this page */
		if (fields_set(v, d)) {
			fields_release(v);
			bn_grid_set_columns(&v->list.grid, first_columns, COL_FIELDS, NULL);
		}
		bn_page_free(old);
		bn_grid_reload(&v->list.grid);
		return;
	}
	bn_list_page(view, p);
}

static void detail_follow(runs_view *v)
{
	const bn_run_row *r = run_at(v, bn_grid_selected_row(&v->list.grid));
	bn_err err = BN_ERR_INIT;
	if (!r)
		return;
	if (!v->detail && bn_view_run_new(&v->detail, v->list.view.frame, NULL, &err))
		bn_frame_error(v->list.view.frame, &err);
	if (v->detail)
		bn_view_run_show(v->detail, r->id);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	runs_view *v = (runs_view *)view;
	bn_area list, detail;
	v->is_split = bn_view_split(view, a, &list, &detail) && runs_of(v) && runs_of(v)->count;
	v->in_detail = v->in_detail && v->is_split;
	list = v->is_split ? list : a;
	const bn_run_page *p = runs_of(v);
	bn_queue_line(&list, queue_of(v));
	if (p && is_window(v) && list.rows > 4) {
		char at[BN_FORMAT_BYTES], total[BN_FORMAT_BYTES];
		bn_area_textf(list, list.rows - 1, 1, BN_INK_DIM, "run %s of %s",
			bn_format_count(at, v->list.grid.selected + (p->total > 0)),
			bn_format_count(total, p->total));
		list.rows--;
	}
	bn_list_draw(view, list, focused && !v->in_detail);
	window_ask(v);
	if (!v->is_split)
		return;
	detail_follow(v);
	if (v->detail)
		v->detail->cls->draw(v->detail, detail, focused && v->in_detail);
}

/* Marked runs that lie in no window: a mark is the beginning of the id, which the source knows. */
static void marked_elsewhere(const runs_view *v, bn_compare_arg *out)
{
	const bn_grid *g = &v->list.grid;
	for (size_t m = 0; m < g->mark_count && out->count < BN_COMPARE_MAX; m++) {
		char id[BN_RUN_ID_TEXT];
		bool there = false;
		snprintf(id, sizeof id, "%016llx", (unsigned long long)g->marks[m]);
		for (size_t i = 0; i < out->count && !there; i++)
			there = strncmp(out->ids[i], id, 16) == 0;
		if (there)
			continue;
		if (strncmp(v->baseline, id, 16) == 0)
			out->baseline = out->count;
		memcpy(out->ids[out->count++], id, sizeof id);
	}
}

static void marked_ids(const runs_view *v, bn_compare_arg *out)
{
	const bn_run_page *p = runs_of(v);
	const bn_grid *g = &v->list.grid;
	int64_t first = p && is_window(v) ? p->place : 0;
	size_t seen = 0;
	for (size_t i = 0; p && i < p->count && out->count < BN_COMPARE_MAX; i++) {
		bool base = strcmp(p->rows[i].id, v->baseline) == 0;
		bool marked = bn_grid_is_marked(g, first + (int64_t)i);
		seen += marked;
		if (!base && !marked)
			continue;
		if (base)
			out->baseline = out->count;
		memcpy(out->ids[out->count++], p->rows[i].id, BN_RUN_ID_TEXT);
	}
	if (is_window(v) && seen < g->mark_count)
		marked_elsewhere(v, out);
}

static bool compare_open(runs_view *v)
{
	bn_compare_arg arg = {.count = 0};
	bn_frame *f = v->list.view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	marked_ids(v, &arg);
	if (arg.count < 2) {
		bn_frame_message(f, "the baseline is the only run marked; mark another with Space");
		return true;
	}
	bn_view_open(f, bn_view_compare_new(&made, f, &arg, &err), &made, &err);
	if (bn_grid_mark_count(&v->list.grid) > BN_COMPARE_MAX)
		bn_frame_message(f, "%d runs fit side by side: the first %d of %zu marked",
			BN_COMPARE_MAX, BN_COMPARE_MAX, bn_grid_mark_count(&v->list.grid));
	return true;
}

/* From the key there is no argument: the prompt opens with the filter in force. */
static void where_set(runs_view *v, const char *arg)
{
	char line[512];
	if (!arg) {
		snprintf(line, sizeof line, "where %s", v->where);
		bn_frame_prompt(v->list.view.frame, line);
		return;
	}
	snprintf(v->where, sizeof v->where, "%s", arg);
	v->where_is_new = true;
	v->list.view.cls->refresh(&v->list.view);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	runs_view *v = (runs_view *)view;
	const bn_run_row *r = run_at(v, bn_grid_selected_row(&v->list.grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bool of_chart = id == BN_CMD_NEXT_METRIC || id == BN_CMD_PREVIOUS_METRIC ||
			id == BN_CMD_LOG_SCALE || id == BN_CMD_SMOOTH;
	if (id == BN_CMD_NEXT_PANE && v->is_split) {
		v->in_detail = !v->in_detail;
		return true;
	}
	if (v->detail && v->is_split && (v->in_detail || of_chart) && id != BN_CMD_OPEN &&
		v->detail->cls->command(v->detail, id, arg))
		return true;
	if (bn_queue_command(view, id))
		return true;
	if (id == BN_CMD_WHERE) {
		where_set(v, arg);
		return true;
	}
	if (!r)
		return false;
	switch (id) {
	case BN_CMD_OPEN:
		return bn_view_open(
			view->frame, bn_view_run_new(&made, view->frame, r->id, &err), &made, &err);
	case BN_CMD_COMPARE:
		return compare_open(v);
	case BN_CMD_PIN:
		if (strcmp(v->baseline, r->id) == 0)
			v->baseline[0] = '\0';
		else
			memcpy(v->baseline, r->id, sizeof v->baseline);
		return true;
	case BN_CMD_STOP:
		v->stops_marked = bn_grid_mark_count(&v->list.grid) > 0;
		if (v->stops_marked) {
			bn_view_ask_stop_marked(view, bn_grid_mark_count(&v->list.grid));
			return true;
		}
		memcpy(v->stopping, r->id, sizeof v->stopping);
		bn_view_ask_stop(view, r->id, r->name, r->title, r->status == BN_RUN_QUEUED);
		return true;
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	runs_view *v = (runs_view *)view;
	const bn_run_row *r = run_at(v, bn_grid_selected_row(&v->list.grid));
	if (bn_queue_refuses(queue_of(v), id, why, size))
		return true;
	switch (id) {
	case BN_CMD_OPEN:
	case BN_CMD_PIN:
		if (r)
			return false;
		snprintf(why, size, "there is no run yet: binnacle run start -- COMMAND");
		return true;
	case BN_CMD_STOP:
		if (bn_grid_mark_count(&v->list.grid) > BN_STOP_MAX) {
			snprintf(why, size, "more than %d runs are marked", BN_STOP_MAX);
			return true;
		}
		if (bn_grid_mark_count(&v->list.grid) > 0)
			return false;
		if (r && bn_run_status_is_live(r->status))
			return false;
		snprintf(why, size, "only a live run can be stopped%s%s", r ? "; this one is " : "",
			r ? bn_run_status_name(r->status) : "");
		return true;
	case BN_CMD_COMPARE:
		/* Asked with every picture, so it must not walk over all runs. */
		if (bn_grid_mark_count(&v->list.grid) + (v->baseline[0] != '\0') >= 2)
			return false;
		snprintf(why, size, "mark two runs or more first, with Space (p pins a baseline)");
		return true;
	case BN_CMD_INVERT:
	case BN_CMD_EXPORT:
		if (!is_window(v))
			return false;
		snprintf(why, size, "these are more than %d runs: %s", BN_RUNS_WINDOW,
			id == BN_CMD_EXPORT ? "binnacle run ls --json" : "w chooses");
		return true;
	case BN_CMD_NEXT_PANE:
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
	case BN_CMD_LOG_SCALE:
	case BN_CMD_SMOOTH:
		if (v->is_split)
			return false;
		snprintf(why, size, "no chart beside the list on this screen; Enter opens the run");
		return true;
	default:
		return false;
	}
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	runs_view *v = (runs_view *)view;
	(void)text;
	if (id == BN_CMD_STOP && v->stops_marked)
		bn_view_stop_marked(view, v->list.grid.marks, v->list.grid.mark_count);
	else if (id == BN_CMD_STOP)
		bn_view_do(view, BN_DEED_STOP, v->stopping, NULL, false);
}

static void refresh(bn_view *view)
{
	runs_view *v = (runs_view *)view;
	const bn_runs *d = bn_list_data(&v->list);
	bn_runs_arg arg = {.have = d && !v->where_is_new ? d->generation : 0};
	if (v->where_is_new)
		runs_ask(v, &arg, 0);
	else
		ask_again(v, &arg);
	if (v->detail && v->is_split)
		v->detail->cls->refresh(v->detail);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const runs_view *v = (const runs_view *)view;
	if (v->where[0])
		bn_buf_addf(out, "where %s", v->where);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const runs_view *v = (const runs_view *)view;
	bn_buf_adds(out, "binnacle run ls --json");
	if (v->where[0])
		bn_buf_addf(out, " --filter \"%s\"", v->where);
	char sort[160];
	sort_text(v, sort, sizeof sort);
	if (sort[0])
		bn_buf_addf(out, " --sort='%s'", sort);
}

static void view_free(bn_view *view)
{
	runs_view *v = (runs_view *)view;
	bn_view_free(v->detail);
	fields_release(v);
	bn_list_free(view);
}

static const bn_view_class runs_class = {
	.name = "Runs",
	.kind = BN_ON_RUNS,
	.refresh_ms = 1000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.table = bn_list_grid,
	.ordered = ordered,
	.free = view_free,
};

int bn_view_runs_new(bn_view **out, bn_frame *f, bn_err *err)
{
	runs_view *v = NULL;
	int rc = bn_list_new(
		&v, sizeof *v, &runs_class, f, &source, first_columns, COL_FIELDS, NULL, err);
	if (rc)
		return rc;
	v->asked_first = -1;
	v->list.grid.empty = "no runs yet: binnacle run start -- python train.py";
	*out = &v->list.view;
	return 0;
}
