/* runs_table.c - what the list of runs shows: state and name, the metrics and parameters of the page, and
 * what else is known of a run; how rows compare. See _runs.h. */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/_queue.h"
#include "tui/views/_runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COL_STATE, COL_NAME, COL_TITLE, COL_FIELDS }; /* then the fields, then these: */
enum { END_DURATION, END_CREATED, END_EXPERIMENT, END_USER, END_HOST, END_ID, END_COLUMNS };

static int64_t grid_rows(void *ctx)
{
	const bn_run_page *p = bn_runs_page(ctx);
	return !p ? 0 : bn_runs_is_window(ctx) ? p->total : (int64_t)p->count;
}

static int64_t duration_of(const bn_runs_view *v, const bn_run_row *r)
{
	int64_t end = r->finished_ms > 0 ? r->finished_ms : bn_frame_now_ms(v->list.view.frame);
	bool unknown_end = r->finished_ms <= 0 && !bn_run_status_is_live(r->status);
	return r->started_ms > 0 && !unknown_end ? end - r->started_ms : -1;
}

static void end_cell(const bn_runs_view *v, const bn_run_row *r, int end, bn_grid_cell *out)
{
	int64_t ms;
	switch (end) {
	case END_DURATION:
		ms = duration_of(v, r);
		if (r->status == BN_RUN_QUEUED &&
			(ms = bn_queue_place(bn_runs_queue(v), r->id)) > 0) {
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
	const bn_runs_view *v = ctx;
	const bn_run_row *r = bn_runs_row(v, row);
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
	const bn_runs_view *v = ctx;
	const bn_run_row *x = bn_runs_row(v, a), *y = bn_runs_row(v, b);
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
	const bn_run_row *r = bn_runs_row(ctx, row);
	char half[17];
	if (!r)
		return 0;
	memcpy(half, r->id, 16);
	half[16] = '\0';
	return strtoull(half, NULL, 16);
}

const bn_grid_source bn_runs_source = {
	.rows = grid_rows, .cell = grid_cell, .compare = grid_compare, .key = grid_key};

const bn_grid_column bn_runs_first_columns[COL_FIELDS] = {
	[COL_STATE] = {.title = "state", .min = 10},
	[COL_NAME] = {.title = "run", .min = 12, .max = 36, .wish = 24, .flexible = true},
	[COL_TITLE] = {.title = "what", .min = 6, .max = 24, .priority = 4},
};
const int bn_runs_first_count = COL_FIELDS;

static const bn_grid_column end_columns[END_COLUMNS] = {
	[END_DURATION] = {.title = "time", .right = true, .min = 6, .priority = 1},
	[END_CREATED] = {.title = "started", .min = 8, .priority = 3},
	[END_EXPERIMENT] = {.title = "experiment", .min = 6, .max = 20, .priority = 5},
	[END_USER] = {.title = "by", .min = 4, .max = 12, .priority = 7},
	[END_HOST] = {.title = "host", .min = 4, .max = 16, .priority = 8},
	[END_ID] = {.title = "id", .min = 8, .priority = 6},
};

void bn_runs_columns_release(bn_runs_view *v)
{
	for (size_t i = 0; v->fields && i < v->field_count; i++)
		bn_free(v->fields[i]);
	bn_free(v->fields);
	bn_free(v->columns);
	v->fields = NULL;
	v->columns = NULL;
	v->field_count = 0;
}

bool bn_runs_columns_fit(const bn_runs_view *v, const bn_runs *d)
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

int bn_runs_columns_set(bn_runs_view *v, const bn_runs *d)
{
	size_t total = COL_FIELDS + d->columns + END_COLUMNS;
	bn_grid *g = &v->list.grid;
	char sorted[128] = "";
	bool descending = g->sort_descending;
	if (v->columns && g->sort_column >= 0)
		snprintf(sorted, sizeof sorted, "%s", g->columns[g->sort_column].title);
	bn_runs_columns_release(v);
	v->fields = bn_alloc_zeroed(d->columns + 1, sizeof *v->fields);
	v->columns = bn_alloc_zeroed(total, sizeof *v->columns);
	if (!v->fields || !v->columns)
		return -1;
	memcpy(v->columns, bn_runs_first_columns, sizeof bn_runs_first_columns);
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

void bn_runs_sort_text(const bn_runs_view *v, char *out, size_t size)
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
