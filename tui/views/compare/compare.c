/*
 * compare.c - runs side by side: one column a run, the baseline first named, only what differs
 * unless asked; numbers with their difference to the baseline; one metric of all of them as a chart.
 */
#include "core/base/mem.h"
#include "core/track/best.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct compare_view {
	bn_list list;
	bn_compare_arg runs;
	bn_grid_column columns[2 + BN_COMPARE_MAX];
	char titles[BN_COMPARE_MAX][64];
	int64_t *shown; /* rows of the comparison that are shown */
	int64_t shown_count;
	bool all_rows;
	bool chart_only; /* where there is no room for both */
	bool log_y;
	int smoothing;
} compare_view;

#define LAST_RANK 7
static const double smoothing_steps[] = {0, 0.6, 0.9, 0.98};

static const bn_compare_page *data_of(const compare_view *v)
{
	return bn_list_data(&v->list);
}

static int64_t grid_rows(void *ctx)
{
	return ((const compare_view *)ctx)->shown_count;
}

/* Is cell r the best of a metric whose direction is known, and not the only one? */
static bool is_best(const bn_comparison *c, const bn_compare_row *row, size_t r)
{
	bool beats = false;
	if (row->better == 0 || isnan(row->cells[r].number))
		return false;
	for (size_t i = 0; i < c->runs; i++) {
		double own = row->cells[r].number, other = row->cells[i].number;
		if (bn_metric_beats(row->better, other, own))
			return false;
		beats |= !isnan(other) && bn_metric_beats(row->better, own, other);
	}
	return beats;
}

static void value_cell(
	const bn_comparison *c, const bn_compare_row *row, size_t r, bn_grid_cell *out)
{
	const bn_compare_cell *cell = &row->cells[r];
	char number[BN_FORMAT_BYTES];
	out->text = cell->text;
	out->number = cell->text ? cell->number : NAN;
	if (!cell->text)
		return;
	if (is_best(c, row, r))
		out->ink = BN_INK_BEST;
	bool is_measured = row->group == BN_COMPARE_METRIC || row->group == BN_COMPARE_RUN;
	if (is_measured && !isnan(cell->number))
		out->text = bn_format_number(out->buf, cell->number);
	if (r == c->baseline || isnan(cell->delta) || cell->delta == 0)
		return;
	snprintf(number, sizeof number, "%.30s", out->text);
	if (!isnan(cell->percent) && fabs(cell->percent) < 1e5)
		snprintf(out->buf, sizeof out->buf, "%s %+.1f%%", number, cell->percent);
	else
		snprintf(out->buf, sizeof out->buf, "%s %+.4g", number, cell->delta);
	out->text = out->buf;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const compare_view *v = ctx;
	const bn_comparison *c = data_of(v)->table;
	const bn_compare_row *r = &c->rows[v->shown[row]];
	if (col == 0) {
		out->text = r->key;
		out->ink = r->differs ? BN_INK_STRONG : BN_INK_TEXT;
	} else if (col == 1) {
		out->text = bn_compare_group_name(r->group);
		out->ink = BN_INK_DIM;
	} else {
		value_cell(c, r, (size_t)col - 2, out);
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	return (uint64_t)((const compare_view *)ctx)->shown[row];
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

/* What people look for first: how good, from which settings, on what data; what the supervisor
 * measured comes last. */
static int group_rank(const bn_compare_row *r)
{
	static const int ranks[BN_COMPARE_GROUPS] = {[BN_COMPARE_METRIC] = 1,
		[BN_COMPARE_PARAM] = 2,
		[BN_COMPARE_DATA] = 3,
		[BN_COMPARE_CODE] = 4,
		[BN_COMPARE_RUN] = 5,
		[BN_COMPARE_ENVIRONMENT] = 6};
	if (strncmp(r->key, "system/", 7) == 0)
		return LAST_RANK;
	return r->group == BN_COMPARE_METRIC && strstr(r->key, "test") ? 0 : ranks[r->group];
}

static void rows_choose(compare_view *v)
{
	const bn_compare_page *d = data_of(v);
	bn_free(v->shown);
	v->shown_count = 0;
	v->shown = d ? bn_alloc((d->table->count + 1) * sizeof *v->shown) : NULL;
	for (int rank = 0; v->shown && rank <= LAST_RANK; rank++)
		for (size_t i = 0; i < d->table->count; i++)
			if (group_rank(&d->table->rows[i]) == rank &&
				(v->all_rows || d->table->rows[i].differs))
				v->shown[v->shown_count++] = (int64_t)i;
	bn_grid_reload(&v->list.grid);
}

static void columns_make(compare_view *v, const bn_comparison *c)
{
	v->columns[0] = (bn_grid_column){.title = "what", .frozen = true, .min = 10, .max = 26};
	v->columns[1] = (bn_grid_column){.title = "of", .min = 4, .max = 11, .priority = 9};
	for (size_t i = 0; i < c->runs; i++) {
		snprintf(v->titles[i], sizeof v->titles[i], "%.40s%s", c->names[i],
			i == c->baseline ? " (base)" : "");
		v->columns[2 + i] = (bn_grid_column){.title = v->titles[i],
			.form = BN_COLUMN_NUMBER,
			.min = 12,
			.max = 24,
			.flexible = true,
			.priority = i == c->baseline ? 0 : 1};
	}
	bn_grid_set_columns(&v->list.grid, v->columns, (int)(2 + c->runs), NULL);
}

static void page(bn_view *view, bn_page *p)
{
	compare_view *v = (compare_view *)view;
	const bn_compare_page *d = p->data;
	if (!d) {
		bn_page_free(p);
		return;
	}
	bn_page_free(v->list.page);
	v->list.page = p;
	columns_make(v, d->table);
	rows_choose(v);
}

/* ---- drawing ------------------------------------------------------------------------------------- */

static void chart_draw(const compare_view *v, bn_area a)
{
	const bn_compare_page *d = data_of(v);
	bn_chart_series series[BN_COMPARE_MAX];
	if (!d || d->metric >= d->metric_count) {
		bn_area_text(a, 0, 0, BN_INK_DIM, "these runs have no metric in common");
		return;
	}
	bn_area_textf(a, 0, 0, BN_INK_STRONG, "%s", d->metrics[d->metric]);
	int shown = 0;
	for (size_t i = 0; i < d->table->runs && shown < BN_SERIES_COUNT; i++) {
		const bn_curve *c = &d->curves[i];
		if (c->n)
			series[shown++] = (bn_chart_series){.label = d->table->names[i],
				.x = c->x,
				.y = c->y,
				.n = c->n,
				.style = (int)i % BN_SERIES_COUNT};
	}
	bn_chart chart = {.series = series,
		.count = shown,
		.log_y = v->log_y,
		.smoothing = smoothing_steps[v->smoothing],
		.x_title = "step"};
	bn_chart_draw(bn_area_sub(a, 1, 0, a.rows - 1, a.cols), &chart);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	compare_view *v = (compare_view *)view;
	const bn_compare_page *d = data_of(v);
	int cut = a.rows * 11 / 20;
	if (a.rows >= 28) { /* runs are columns, so the chart goes below at any width */
		bn_list_draw(view, bn_area_sub(a, 0, 0, cut, a.cols), focused);
		bn_area_hline(a, cut, 0, a.cols, BN_INK_BORDER);
		chart_draw(v, bn_area_sub(a, cut + 1, 0, a.rows - cut - 1, a.cols));
		return;
	}
	if (v->chart_only) {
		chart_draw(v, a);
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	if (a.rows > 6 && d) {
		bn_area_textf(a, a.rows - 1, 1, BN_INK_DIM,
			"%lld of %zu rows%s; Tab shows the chart", (long long)v->shown_count,
			d->table->count, v->all_rows ? "" : " differ (d shows all)");
		a.rows--;
	}
	bn_list_draw(view, a, focused);
}

/* ---- commands ------------------------------------------------------------------------------------ */

static void metric_step(compare_view *v, int step)
{
	const bn_compare_page *d = data_of(v);
	if (!d || !d->metric_count)
		return;
	size_t n = d->metric_count, at = d->metric < n ? d->metric : 0;
	snprintf(v->runs.metric, sizeof v->runs.metric, "%s",
		d->metrics[(at + n + (size_t)(step + (int)n)) % n]);
	v->list.view.cls->refresh(&v->list.view);
}

/* To the next row that differs; false: there is none. */
static bool difference_step(compare_view *v, int step)
{
	const bn_compare_page *d = data_of(v);
	bn_grid *g = &v->list.grid;
	for (int64_t at = g->selected + step; d && at >= 0 && at < bn_grid_count(g); at += step) {
		if (!d->table->rows[v->shown[bn_grid_row(g, at)]].differs)
			continue;
		bn_grid_select(g, at);
		return true;
	}
	return false;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	compare_view *v = (compare_view *)view;
	int run = v->list.grid.column - 2;
	(void)arg;
	switch (id) {
	case BN_CMD_DIFFERENCES:
		v->all_rows = !v->all_rows;
		rows_choose(v);
		return true;
	case BN_CMD_NEXT:
	case BN_CMD_PREVIOUS:
		return difference_step(v, id == BN_CMD_NEXT ? 1 : -1);
	case BN_CMD_NEXT_PANE:
		v->chart_only = !v->chart_only;
		return true;
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
		metric_step(v, id == BN_CMD_NEXT_METRIC ? 1 : -1);
		return true;
	case BN_CMD_LOG_SCALE:
		v->log_y = !v->log_y;
		return true;
	case BN_CMD_SMOOTH:
		v->smoothing = (v->smoothing + 1) % (int)(sizeof smoothing_steps / sizeof(double));
		return true;
	case BN_CMD_PIN:
		v->runs.baseline = (size_t)run;
		view->cls->refresh(view);
		return true;
	case BN_CMD_OPEN: {
		bn_err err = BN_ERR_INIT;
		bn_view *made = NULL;
		int rc = bn_view_run_new(&made, view->frame, v->runs.ids[run], &err);
		return bn_view_open(view->frame, rc, &made, &err);
	}
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const compare_view *v = (const compare_view *)view;
	int run = v->list.grid.column - 2;
	if ((id != BN_CMD_PIN && id != BN_CMD_OPEN) || (run >= 0 && (size_t)run < v->runs.count))
		return false;
	snprintf(why, size, "go to the column of a run first: Right or l");
	return true;
}

static void refresh(bn_view *view)
{
	const compare_view *v = (const compare_view *)view;
	bn_view_load(
		view, BN_LANE_QUICK, 0, bn_view_source(view)->compare, &v->runs, sizeof v->runs);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "%zu runs", ((const compare_view *)view)->runs.count);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const compare_view *v = (const compare_view *)view;
	bn_buf_adds(out, "binnacle run compare");
	for (size_t i = 0; i < v->runs.count; i++)
		bn_buf_addf(out, " %.8s", v->runs.ids[i]);
	bn_buf_adds(out, " --json");
}

static void view_free(bn_view *view)
{
	bn_free(((compare_view *)view)->shown);
	bn_list_free(view);
}

static const bn_view_class compare_class = {
	.name = "Compare",
	.kind = BN_ON(COMPARE),
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

int bn_view_compare_new(bn_view **out, bn_frame *f, const bn_compare_arg *runs, bn_err *err)
{
	static const bn_grid_column none[1] = {{.title = "what"}};
	compare_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &compare_class, f, &source, none, 1, NULL, err);
	if (rc)
		return rc;
	v->runs = *runs;
	v->list.grid.empty = "no differences; d shows every row";
	*out = &v->list.view;
	return 0;
}
