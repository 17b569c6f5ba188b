/*
 * chart_item.h - the charts of some runs (core/track/charts.h) drawn into an area: on the screen of charts, and for
 * `run chart`.
 */
#ifndef BN_TUI_UI_CHART_ITEM_H
#define BN_TUI_UI_CHART_ITEM_H
#include "core/track/charts.h"
#include "tui/ui/surface.h"

/* How all charts of a page are drawn. */
typedef struct bn_chart_look {
	bn_run_axis axis;
	double from, to; /* the visible part of the axis; to <= from: all of it */
	bool log_y, utc;
	double smoothing;
	bool has_cursor;
	double cursor;
	int selected; /* the run in front of the others, which are dim; -1: none */
} bn_chart_look;

/* Its title, the values of the runs (at the cursor), and lines or rows of shades; few or no cells are fine. */
void bn_chart_item_draw(bn_area a, const bn_charts *c, const bn_charts_item *item, const bn_chart_look *look);
/* The markers and names of the runs, on as many rows as they need, at most a.rows; returns these. */
int bn_chart_legend_draw(bn_area a, const bn_charts *c, int selected);

#endif
