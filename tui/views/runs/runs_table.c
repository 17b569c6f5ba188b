/* runs_table.c - what the list of runs shows: state and name, the metrics and parameters of the page, and
 * what else is known of a run; how rows compare. See _runs.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/views/runs/_queue.h"
#include "tui/views/runs/_runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COL_STATE, COL_NAME, COL_TITLE, COL_FIELDS }; /* then the fields, then these: */
enum {
	END_CURVE,
	END_DURATION,
	END_CREATED,
	END_EXPERIMENT,
	END_USER,
	END_HOST,
	END_ID,
	END_COLUMNS
};

enum { CURVE = 10 }; /* columns of a curve */

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
	const bn_spark *curve;
	switch (end) {
	case END_CURVE:
		curve = bn_runs_curve(v, r->id);
		if (!curve || !curve->key)
			return;
		out->number = curve->last;
		out->text =
			bn_spark_text(out->buf, curve->y, curve->count, CURVE, v->list.alphabet);
		out->ink = BN_INK_REFERENCE;
		return;
	case END_DURATION:
		ms = duration_of(v, r);
		out->number = (double)ms;
		if (r->status == BN_RUN_QUEUED &&
			(ms = bn_queue_place(bn_runs_queue(v), r->id)) > 0) {
			snprintf(out->buf, sizeof out->buf, "#%lld", (long long)ms);
			out->text = out->buf;
		}
		return;
	case END_CREATED:
		out->number = (double)r->created_ms;
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
		out->full = r->id;
		snprintf(out->buf, sizeof out->buf, "%.8s", r->id);
		out->text = out->buf;
		out->ink = BN_INK_DIM;
		return;
	}
}

/* Parameters are texts of numbers. */
static void field_cell(const bn_cell *c, bn_grid_cell *out)
{
	if (c->kind == BN_CELL_TEXT) {
		out->text = c->text;
		if (!bn_parse_f64(c->text, strlen(c->text), &out->number))
			out->number = NAN;
	} else if (c->kind == BN_CELL_NUMBER) {
		out->number = c->number;
		out->text = isnan(c->number) ? "nan" : NULL;
	}
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
		out->number = (double)r->status;
		return;
	case COL_NAME:
		out->full = r->name ? r->name : r->id;
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

const bn_grid_source bn_runs_source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

const bn_grid_column bn_runs_first_columns[COL_FIELDS] = {
	[COL_STATE] = {.title = "state", .name = "status", .form = BN_COLUMN_STATE, .min = 10},
	[COL_NAME] = {.title = "run",
		.name = "name",
		.min = 12,
		.max = 36,
		.wish = 24,
		.flexible = true},
	[COL_TITLE] = {.title = "what", .name = "title", .min = 6, .max = 24, .priority = 4},
};
const int bn_runs_first_count = COL_FIELDS;

static const bn_grid_column end_columns[END_COLUMNS] = {
	[END_CURVE] = {.title = "curve",
		.form = BN_COLUMN_BARS,
		.min = CURVE,
		.max = CURVE,
		.priority = 1},
	[END_DURATION] = {.title = "time",
		.name = "duration",
		.form = BN_COLUMN_DURATION,
		.falls = true,
		.min = 6,
		.priority = 1},
	[END_CREATED] = {.title = "started",
		.name = "created",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 3},
	[END_EXPERIMENT] = {.title = "experiment", .min = 6, .max = 20, .priority = 5},
	[END_USER] = {.title = "by", .name = "user", .min = 4, .max = 12, .priority = 7},
	[END_HOST] = {.title = "host", .min = 4, .max = 16, .priority = 8},
	[END_ID] = {.title = "id", .min = 8, .priority = 6},
};

static void columns_free(bn_grid_column *columns, char **fields, bool *folded, size_t count)
{
	bn_free(folded);
	for (size_t i = 0; fields && i < count; i++)
		bn_free(fields[i]);
	bn_free(fields);
	bn_free(columns);
}

void bn_runs_columns_release(bn_runs_view *v)
{
	columns_free(v->columns, v->fields, v->folded, v->field_count);
	v->fields = NULL;
	v->folded = NULL;
	v->columns = NULL;
	v->field_count = 0;
}

bool bn_runs_columns_fit(const bn_runs_view *v, const bn_runs *d)
{
	if (!v->columns || v->field_count != d->columns)
		return false;
	for (size_t i = 0; i < d->columns; i++)
		if (v->folded[i] != d->folded[i] || strcmp(v->fields[i], d->fields[i]) != 0)
			return false;
	return true;
}

/* "metrics.rmse" is shown as rmse, "params.lr" as lr. */
static const char *short_name(const char *field)
{
	const char *dot = strchr(field, '.');
	return dot && dot[1] ? dot + 1 : field;
}

/* Of the metrics that are shown the first matters most, of the parameters the first two. */
static bool shown_first(const bn_runs *d, size_t field)
{
	bool is_param = strncmp(d->fields[field], "params.", 7) == 0;
	int before = 0;
	for (size_t i = 0; i < field; i++)
		before += !d->folded[i] && is_param == (strncmp(d->fields[i], "params.", 7) == 0);
	return !d->folded[field] && before < (is_param ? 2 : 1);
}

int bn_runs_columns_set(bn_runs_view *v, const bn_runs *d)
{
	size_t total = COL_FIELDS + d->columns + END_COLUMNS, count = 0;
	char **fields = bn_alloc_zeroed(d->columns + 1, sizeof *fields);
	bool *folded = bn_alloc_zeroed(d->columns + 1, sizeof *folded);
	bn_grid_column *columns = bn_alloc_zeroed(total, sizeof *columns);
	if (!fields || !columns || !folded)
		goto failed;
	memcpy(columns, bn_runs_first_columns, sizeof bn_runs_first_columns);
	for (size_t i = 0; i < d->columns; i++) {
		if (!(fields[i] = bn_strdup(d->fields[i])))
			goto failed;
		count = i + 1;
		folded[i] = d->folded[i];
		columns[COL_FIELDS + i] = (bn_grid_column){.title = short_name(fields[i]),
			.name = fields[i],
			.form = BN_COLUMN_NUMBER,
			.hidden = folded[i],
			.min = 6,
			.max = 14,
			.priority = shown_first(d, i) ? 1 : 2 + (int)i};
	}
	memcpy(columns + COL_FIELDS + d->columns, end_columns, sizeof end_columns);
	if (bn_grid_set_columns(&v->list.grid, columns, (int)total, NULL))
		goto failed;
	bn_runs_columns_release(v);
	v->columns = columns;
	v->fields = fields;
	v->folded = folded;
	v->field_count = d->columns;
	return 0;
failed:
	columns_free(columns, fields, folded, count);
	return -1;
}

static bool is_field(const bn_runs_view *v, int col)
{
	return col >= COL_FIELDS && col < COL_FIELDS + (int)v->field_count;
}

static void field_add(bn_buf *out, const bn_runs_view *v, int col)
{
	const char *field = bn_grid_column_name(&v->list.grid.columns[col]);
	if (is_field(v, col))
		bn_run_field_write(out, field);
	else
		bn_buf_adds(out, field);
}

void bn_runs_columns_text(const bn_runs_view *v, bn_buf *out)
{
	const bn_grid *g = &v->list.grid;
	for (int c = 0; c < g->column_count; c++) {
		if (!is_field(v, c) || !bn_grid_is_shown(g, c))
			continue;
		bn_buf_adds(out, out->len ? "," : "");
		field_add(out, v, c);
	}
}

void bn_runs_sort_text(const bn_runs_view *v, char *out, size_t size)
{
	const bn_grid *g = &v->list.grid;
	bn_buf text = BN_BUF_INIT;
	for (int k = 0; k < g->sort_count; k++) {
		bool is_age = g->columns[g->sort[k].column].form == BN_COLUMN_AGE;
		/* the smallest age first */
		bn_buf_addf(
			&text, "%s%s", k ? "," : "", g->sort[k].descending != is_age ? "-" : "");
		field_add(&text, v, g->sort[k].column);
	}
	snprintf(out, size, "%s", text.len && text.len < size ? text.ptr : "");
	bn_buf_release(&text);
}
