/* chart_item.c - see chart_item.h. */
#include "tui/ui/chart_item.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_COLS = 24, ROW_LABEL = 14, MORE_COLS = 10 };

/* ---- lines -------------------------------------------------------------------------------------- */

static bool shows_part(const bn_charts_item *item, const bn_chart_look *look)
{
	bool own = item->is_system && (look->axis == BN_RUN_BY_STEP || look->axis == BN_RUN_BY_EPOCH);
	return look->to > look->from && !own;
}

static void lines_draw(bn_area a, const bn_charts *c, const bn_charts_item *item, const bn_chart_look *look)
{
	bn_chart_series *s = bn_alloc_zeroed(item->count + 1, sizeof *s);
	int n = 0;
	for (int front = 0; s && front < 2; front++) /* the selected run is drawn last, over the others */
		for (size_t i = 0; i < item->count; i++) {
			const bn_curve *v = &item->series[i].curve;
			bool is_front = look->selected < 0 || (size_t)look->selected == item->series[i].run;
			if (!v->n || is_front != front)
				continue;
			s[n++] = (bn_chart_series){.label = "",
				.x = v->x,
				.y = v->y,
				.n = v->n,
				.gaps = v->gaps,
				.mean_x = v->mean_x,
				.mean_y = v->mean_y,
				.mean_n = v->mean_n,
				.style = c->styles[item->series[i].run],
				.dim = !is_front};
		}
	bool part = shows_part(item, look);
	bn_chart chart = {.series = s,
		.count = n,
		.title = item->title,
		.log_y = look->log_y,
		.y_is_bytes = bn_str_ends(item->title, "_bytes"),
		.smoothing = look->smoothing,
		.x_title = look->has_cursor ? NULL : bn_run_axis_title(look->axis),
		.x_is_time = look->axis == BN_RUN_BY_TIME,
		.utc = look->utc,
		.from = part ? look->from : 0,
		.to = part ? look->to : 0,
		.has_cursor = look->has_cursor,
		.cursor = look->cursor};
	if (s)
		bn_chart_draw(a, &chart);
	bn_free(s);
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* The axis of the rows: the visible part, or all points of the chart. */
static bool rows_axis(double *x0, double *x1, const bn_charts_item *item, const bn_chart_look *look)
{
	*x0 = look->from;
	*x1 = look->to;
	if (shows_part(item, look))
		return true;
	*x0 = INFINITY;
	*x1 = (double)-INFINITY;
	for (size_t i = 0; i < item->count; i++) {
		const bn_curve *v = &item->series[i].curve;
		if (v->n) {
			*x0 = fmin(*x0, v->x[0]);
			*x1 = fmax(*x1, v->x[v->n - 1]);
		}
	}
	if (*x0 == *x1)
		*x1 = *x0 + 1;
	return *x0 < *x1;
}

static void rows_draw(bn_area a, const bn_charts *c, const bn_charts_item *item, const bn_chart_look *look)
{
	double lo, hi, x0, x1, cells[512];
	char low[BN_FORMAT_BYTES], high[BN_FORMAT_BYTES];
	int col = bn_area_text(a, 0, 0, BN_INK_STRONG, item->title) + 2;
	if (!bn_charts_range(&lo, &hi, item) || !rows_axis(&x0, &x1, item, look)) {
		bn_area_text(a, 1, 0, BN_INK_DIM, "no points to draw yet");
		return;
	}
	bn_area_textf(a, 0, col, BN_INK_DIM, "%s to %s", bn_format_number(low, lo),
		bn_format_number(high, hi));
	int left = a.cols / 3 < ROW_LABEL ? a.cols / 3 : ROW_LABEL, width = a.cols - left - 1;
	width = width > 512 ? 512 : width;
	if (width < 1)
		return;
	size_t fits = a.rows > 1 ? (size_t)a.rows - 1 : 0, n = item->count;
	for (size_t i = 0; i < n && i < fits; i++) {
		int row = 1 + (int)i;
		if (i + 1 == fits && n > fits) {
			bn_area_textf(a, row, 0, BN_INK_DIM, "%zu more rows: Enter shows all", n - i);
			break;
		}
		const bn_charts_series *s = &item->series[i];
		bn_ink ink = bn_chart_ink(c->styles[s->run]);
		bn_area_cp(a, row, 0, ink, bn_chart_marker(a.s->alphabet, c->styles[s->run]));
		bn_area_name(a, row, 2, left - 2, BN_INK_TEXT, s->label);
		bn_curve_cells(cells, (size_t)width, &s->curve, x0, x1);
		for (int k = 0; k < width; k++) /* NaN stays */
			cells[k] = hi > lo ? (cells[k] - lo) / (hi - lo) : cells[k] - lo + 0.5;
		bn_chart_heat(a, row, left + 1, width, ink, cells, (size_t)width);
	}
}

void bn_chart_item_draw(bn_area a, const bn_charts *c, const bn_charts_item *item, const bn_chart_look *look)
{
	if (bn_area_is_empty(a))
		return;
	if (item->kind == BN_CHART_LINES)
		lines_draw(a, c, item, look);
	else
		rows_draw(a, c, item, look);
}

/* ---- legend ------------------------------------------------------------------------------------- */

int bn_chart_legend_draw(bn_area a, const bn_charts *c, int selected)
{
	int row = 0, col = 0;
	for (size_t i = 0; i < c->run_count; i++) {
		int width = (int)bn_utf8_width(c->names[i]);
		width = width > NAME_COLS ? NAME_COLS : width;
		bool is_last_row = row + 1 >= a.rows, is_last = i + 1 == c->run_count;
		int room = a.cols - (is_last_row && !is_last ? MORE_COLS : 0);
		if (col > 0 && col + width + 2 > room && is_last_row) {
			bn_area_textf(a, row, col, BN_INK_DIM, "%zu more", c->run_count - i);
			break;
		}
		if (col > 0 && col + width + 2 > room) {
			row++;
			col = 0;
		}
		bool dim = selected >= 0 && (size_t)selected != i;
		bn_ink ink = dim ? BN_INK_SERIES_RAW : bn_chart_ink(c->styles[i]);
		bn_area_cp(a, row, col, ink, bn_chart_marker(a.s->alphabet, c->styles[i]));
		bn_area_name(a, row, col + 2, width, dim ? BN_INK_DIM : BN_INK_TEXT, c->names[i]);
		col += width + 4;
	}
	return c->run_count ? row + 1 : 0;
}
