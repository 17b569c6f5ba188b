/* runs_table.c - the rows of the list of runs: state and name, the metrics and parameters of the page, and other
 * properties of a run; how rows compare. See _runs.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/track/best.h"
#include "tui/ui/format.h"
#include "tui/views/runs/_queue.h"
#include "tui/views/runs/_runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 64, NAME_SHOWN = 128 }; /* columns of names at most, and what they have to show */

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

void bn_runs_curve_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	const bn_spark *curve = bn_runs_curve(v, r->id);
	if (!curve || !curve->key)
		return;
	out->number = curve->last;
	out->text = bn_spark_text(out->buf, curve->y, curve->count, BN_RUNS_CURVE_COLS, v->list.alphabet);
}

/* Its duration; for a running one its progress, for a queued one its position. */
static void duration_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	int64_t ms = duration_of(v, r), place;
	const bn_spark *curve = bn_runs_curve(v, r->id);
	out->number = (double)ms;
	if (r->status == BN_RUN_QUEUED && (place = bn_queue_place(bn_runs_queue(v), r->id)) > 0) {
		snprintf(out->buf, sizeof out->buf, "#%lld", (long long)place);
		out->text = out->buf;
	} else if (r->status == BN_RUN_RUNNING && curve && curve->total > 0) {
		snprintf(out->buf, sizeof out->buf, "%lld/%lld", (long long)curve->last_step,
			(long long)curve->total);
		out->text = out->buf;
	} else if (ms >= 60 * 1000 && ms < 60 * 60 * 1000) { /* seconds are not significant there */
		snprintf(out->buf, sizeof out->buf, "%lld min", (long long)(ms / 60000));
		out->text = out->buf;
	}
}

static void parent_cell(const bn_cell *parent, const bn_cell *name, bn_grid_cell *out)
{
	if (parent->kind != BN_CELL_TEXT)
		return;
	out->full = parent->text;
	out->text = name->kind == BN_CELL_TEXT ? name->text : parent->text;
	out->ink = BN_INK_DIM;
}

static void end_cell(const bn_runs_view *v, const bn_run_row *r, int end, bn_grid_cell *out)
{
	const bn_cell *note;
	switch (end) {
	case BN_RUNS_END_CURVE:
		bn_runs_curve_cell(v, r, out);
		return;
	case BN_RUNS_END_DURATION:
		duration_cell(v, r, out);
		return;
	case BN_RUNS_END_NOTE:
		note = &r->cells[v->field_count + BN_RUN_NOTE];
		if (note->kind == BN_CELL_TEXT)
			bn_grid_cell_lines(out, note->text);
		return;
	case BN_RUNS_END_PARENT:
		parent_cell(&r->cells[v->field_count + BN_RUN_PARENT],
			&r->cells[v->field_count + BN_RUN_PARENT_NAME], out);
		return;
	case BN_RUNS_END_CREATED:
		out->number = (double)r->created_ms;
		return;
	case BN_RUNS_END_EXPERIMENT:
		out->text = r->experiment;
		return;
	case BN_RUNS_END_USER:
		out->text = r->user;
		return;
	case BN_RUNS_END_HOST:
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

void bn_runs_field_cell(const bn_cell *c, bn_grid_cell *out)
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

#define BEST " best"

/* The first metric marks the best, and a run without a number shows its state. */
static void word_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	char text[BN_FORMAT_BYTES];
	if (!isnan(out->number)) {
		bool best = out->number == v->best;
		snprintf(out->buf, sizeof out->buf, "%s%*s", bn_format_number(text, out->number),
			isnan(v->best) ? 0 : (int)sizeof BEST - 1, best ? BEST : "");
		out->text = out->buf;
		out->ink = best ? BN_INK_BEST : out->ink;
	} else if (!out->text && r->status != BN_RUN_FINISHED) {
		out->text = bn_run_status_name(r->status);
		out->ink = bn_state_ink(bn_run_state(r->status));
		out->stands_in = true;
	}
}

/* A sign instead of the word in a column of numbers. */
static void state_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	bn_state_cell(out, bn_run_state(r->status), bn_run_status_name(r->status));
	out->number = (double)r->status;
	if (v->word_field < 0)
		return;
	out->full = out->text;
	out->text = "";
}

/* The name, in brackets if the filter leaves it out, its place in a tree before it, and what stays whole if it is shortened behind it. */
static void name_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	char label[BN_RUN_LABEL_BYTES], front[BN_RUNS_TREE_BYTES], back[BN_RUNS_TREE_BYTES];
	const char *name = bn_run_label(label, r->name, r->title, r->id);
	const char *base = strcmp(r->id, v->baseline) == 0 ? " (base)" : "";
	bn_runs_tree_front(v, r, front);
	bn_runs_tree_back(r, back);
	out->full = r->name ? r->name : r->id;
	snprintf(out->buf, sizeof out->buf, "%s%s%.*s%s%s%s", front, r->is_context ? "(" : "",
		(int)bn_utf8_head(name, strlen(name), NAME_SHOWN), name, r->is_context ? ")" : "", back, base);
	out->tail = strlen(back) + strlen(base);
	out->text = out->buf;
}

static bool is_starred(const bn_runs_view *v, const bn_run_row *r)
{
	return r->cells[v->field_count + BN_RUN_STAR].kind != BN_CELL_ABSENT;
}

static void star_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	out->text = "";
	if (!is_starred(v, r))
		return;
	out->text = bn_glyph_text(out->buf, v->list.alphabet, BN_GLYPH_STAR);
	out->full = "yes";
}

static void row_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_runs_view *v = ctx;
	const bn_run_row *r = bn_runs_row(v, row);
	if (!r) {
		out->pending = true;
		return;
	}
	switch (col) {
	case BN_RUNS_STATE:
		state_cell(v, r, out);
		return;
	case BN_RUNS_STAR:
		star_cell(v, r, out);
		return;
	case BN_RUNS_NAME:
		name_cell(v, r, out);
		return;
	case BN_RUNS_TITLE:
		out->text = r->title;
		out->ink = BN_INK_DIM;
		return;
	default:
		if (col - BN_RUNS_FIELDS >= (int)v->field_count) {
			end_cell(v, r, col - BN_RUNS_FIELDS - (int)v->field_count, out);
			return;
		}
		bn_runs_field_cell(&r->cells[col - BN_RUNS_FIELDS], out);
		bn_runs_tree_best(v, r, (size_t)(col - BN_RUNS_FIELDS), out);
		if (col - BN_RUNS_FIELDS == v->word_field && !out->stands_in)
			word_cell(v, r, out);
		return;
	}
}

/* Those that only show where others belong stand back. */
static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_run_row *r = bn_runs_row(ctx, row);
	row_cell(ctx, row, col, out);
	if (r && r->is_context)
		out->ink = BN_INK_DIM;
}

static int grid_rank(void *ctx, int64_t row)
{
	const bn_run_row *r = bn_runs_row(ctx, row);
	return !r || !bn_run_status_is_live(r->status);
}

/* ---- common to all rows ---------------------------------------------------------------------- */

/* Names have room for the longest of them, if there is any. */
static void names_look(bn_runs_view *v, const bn_run_page *p)
{
	size_t most = BN_RUNS_NAME_COLS;
	for (size_t i = 0; p && i < p->count && most < NAME_MOST; i++) {
		size_t own = p->rows[i].name ? bn_utf8_width(p->rows[i].name) + 2 * (size_t)p->rows[i].depth : 0;
		most = own > most ? own : most;
	}
	if (v->columns)
		v->columns[BN_RUNS_NAME].max = most < NAME_MOST ? (int)most : NAME_MOST;
}

void bn_runs_look(bn_runs_view *v)
{
	const bn_runs *d = bn_list_data(&v->list);
	const bn_run_page *p = d && d->all ? d->all : bn_runs_page(v);
	v->best = NAN;
	v->best_id[0] = '\0';
	names_look(v, p);
	if (!p || (bn_runs_is_window(v) && !d->all))
		return;
	size_t beaten = 0;
	if (d->mixed)
		return;
	for (size_t i = 0; v->best_better && v->word_field >= 0 && i < p->count; i++) {
		const bn_cell *c = &p->rows[i].cells[v->word_field];
		if (c->kind != BN_CELL_NUMBER || isnan(c->number))
			continue;
		beaten++;
		if (isnan(v->best) || bn_metric_beats(v->best_better, c->number, v->best)) {
			v->best = c->number;
			memcpy(v->best_id, p->rows[i].id, sizeof v->best_id);
		}
	}
	if (beaten < 2) {
		v->best = NAN;
		v->best_id[0] = '\0';
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

const bn_grid_source bn_runs_source = {.rows = grid_rows,
	.cell = grid_cell,
	.key = grid_key,
	.rank = grid_rank,
	.group_cell = bn_runs_group_cell,
	.group = bn_runs_group_get,
	.line_cell = bn_runs_line_cell};

