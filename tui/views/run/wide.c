/*
 * wide.c - a run with curves on a large terminal: the curve, below it a grid of the others, and the console; on the
 * right settings, numbers, and the origin. See _run.h.
 */
#include "core/base/str.h"
#include "tui/ui/chart.h"
#include "tui/views/run/_run.h"

#include <stdio.h>

enum { WIDE_COLS = 120, WIDE_ROWS = 24, RIGHT_COLS = 50, CELL_COLS = 34, CELL_ROWS = 7 };

bool bn_run_is_wide(bn_area a)
{
	return a.cols >= WIDE_COLS && a.rows >= WIDE_ROWS;
}

/* A chart below its name and its last value, or the value at the cursor. */
static void cell_draw(const bn_run_view *v, const bn_run_detail *d, const bn_curve *c, bn_area a)
{
	bool has_cursor = v->has_cursor && v->cursor < d->curve.n;
	bn_chart_series s = bn_run_series(c, 0);
	bn_chart chart = {.series = &s,
		.count = 1,
		.log_y = v->log_y,
		.y_is_bytes = bn_str_ends(c->key, "_bytes"),
		.smoothing = bn_run_smoothing[v->smoothing],
		.x_is_time = v->arg.axis == BN_RUN_BY_TIME,
		.utc = bn_frame_is_utc(v->view.frame),
		.has_cursor = has_cursor,
		.cursor = has_cursor ? d->curve.x[v->cursor] : 0};
	bn_chart_draw(a, &chart);
}

/* One chart per metric; returns the rows used. */
static int grid_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a, int rows)
{
	char title[120], aside[80];
	int across = a.cols / CELL_COLS, down = (rows - 1) / CELL_ROWS;
	int n = (int)d->grid_count, fit = across * down;
	if (down < 1 || across < 1 || (n == 0 && !v->arg.words[0]))
		return 0;
	n = n > fit ? fit : n;
	down = (n + across - 1) / across;
	snprintf(title, sizeof title, v->arg.words[0] ? "charts with %.60s" : "other metrics",
		v->arg.words);
	snprintf(aside, sizeof aside,
		(int)d->grid_count > n ? "%d of %zu; / chooses by name" : "%d", n, d->grid_count);
	bn_run_rule_draw(a, 0, title, aside);
	if (n == 0) {
		bn_area_text(
			a, 1, 1, BN_INK_DIM, "no other metric's name holds this; Esc shows all");
		return 2;
	}
	int width = a.cols / across, height = (rows - 1) / down;
	height = height > 2 * CELL_ROWS ? 2 * CELL_ROWS : height;
	for (int i = 0; i < n; i++)
		cell_draw(v, d, &d->grid[i],
			bn_area_sub(
				a, 1 + i / across * height, i % across * width, height, width - 1));
	return 1 + down * height;
}

/* Settings, numbers by part, and the origin. */
static void right_draw(const bn_run_detail *d, bn_area a)
{
	int settings = (int)d->params.count + 2, numbers = bn_run_numbers_count(d) + 1;
	settings = settings > a.rows / 2 ? a.rows / 2 : settings;
	numbers = numbers > a.rows / 3 ? a.rows / 3 : numbers;
	a = bn_run_below(a, bn_run_settings_draw(d, a, settings));
	a = bn_run_below(a, bn_run_numbers_draw(d, a, numbers));
	bn_run_origin_draw(d, a, a.rows);
}

void bn_run_wide_draw(bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	bn_area right = bn_area_sub(a, 0, a.cols - RIGHT_COLS, a.rows, RIGHT_COLS);
	bn_area left = bn_area_sub(a, 0, 0, a.rows, a.cols - RIGHT_COLS - 1);
	int console = a.rows / 5 < 4 ? 4 : a.rows / 5, room = left.rows - console;
	bool grid = d->grid_count > 0 || v->arg.words[0];
	int chart = grid ? room * 2 / 5 : room;
	chart = chart < 8 ? 8 : chart;
	for (int r = 0; r < a.rows; r++)
		bn_area_glyph(a, r, a.cols - RIGHT_COLS - 1, BN_INK_BORDER, BN_GLYPH_VLINE);
	bn_run_chart_draw(v, d, bn_area_sub(left, 0, 0, chart, left.cols));
	left = bn_run_below(left, chart);
	left = bn_run_below(left, grid_draw(v, d, left, room - chart));
	bn_run_console_draw(v, d, left, left.rows);
	right_draw(d, right);
}
