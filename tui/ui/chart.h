/*
 * chart.h - charts as pure functions that draw into an area.
 *
 * Line charts draw 2x4 braille dots, half blocks or ASCII marks, depending on the surface's
 * alphabet. Series differ by marker and label, not only by colour. Axis labels are numbers. A value
 * that is not finite is a gap and is counted; one that a logarithmic axis cannot show is counted
 * too.
 *
 * Down-sampling keeps the envelope: every dot column shows the least and the largest value that
 * fall into it, so a spike of one point in a million is never lost.
 */
#ifndef BN_TUI_UI_CHART_H
#define BN_TUI_UI_CHART_H
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_chart_series {
	const char *label; /* borrowed during the call */
	const double *x;   /* increasing; NULL: 0, 1, 2, ... */
	const double *y;
	size_t n;
	int64_t gaps;                  /* points that are not finite; 0: those of y are counted */
	const double *mean_x, *mean_y; /* what is smoothed of a reduced series (core/track/curve.h); NULL: x and y */
	size_t mean_n;
	int style; /* 0 to BN_RUN_STYLES - 1 (core/track/styles.h): colour and marker; below 6 they are of one number */
	char mark; /* a letter instead of the style's marker; 0: none */
	bool dim;  /* one of many: without a colour */
} bn_chart_series;

typedef struct bn_chart {
	const bn_chart_series *series;
	int count;
	bool log_y;
	bool y_is_bytes;     /* the axis is in KiB, MiB, ..., depending on the largest value */
	double smoothing;    /* 0: none; weight of the past in the moving average, below 1 */
	const char *x_title; /* "step"; NULL: none */
	bool x_is_time, utc; /* x is in ms since 1970: axis labels are times */
	bool has_cursor;
	double cursor; /* x position of the cursor's value */
	bool has_line;
	double line; /* a horizontal threshold */
	const char *title; /* before the legend; NULL: none */
	double from, to;   /* the shown part of x, for charts that share an axis; to <= from: what the series need */
} bn_chart;

void bn_chart_draw(bn_area a, const bn_chart *c);
/* The colour and the marker of a style, also for legends. */
bn_ink bn_chart_ink(int style);
uint32_t bn_chart_marker(bn_alphabet alphabet, int style);

/* One letter per point. */
typedef struct bn_scatter {
	const double *x, *y; /* NaN: not drawn */
	const char *marks;
	int count;
	int selected, base; /* highlighted; -1: none */
	const char *x_title, *y_title;
} bn_scatter;

/* Ticks of y are round values, and each value of x stands below its points if there is room. x is
 * logarithmic if its values are above 0 and span more than a factor of 20. */
void bn_chart_scatter(bn_area a, const bn_scatter *s);

/* A line per run through its values on parallel axes, each from its least (below) to its largest value. */
typedef struct bn_parallel {
	const char *const *axes;
	int axis_count, count; /* at least two axes */
	const double *values;  /* [run][axis]; NaN: the line is broken there */
	const int *styles;     /* of the runs */
	int selected, base;    /* in colour; -1: none. The others are dim, if there are many */
} bn_parallel;

void bn_chart_parallel(bn_area a, const bn_parallel *p);

/* Shares of a whole per bin: reference against current over the same bins, as overlaid bars that differ by glyph,
 * filling the area's height. Either may be NULL. lo and hi label the ends of the axis. */
typedef struct bn_histogram {
	const double *reference, *current;
	size_t bins;
	double lo, hi;
	bool log_y; /* logarithmic heights: for bins of very different sizes */
} bn_histogram;
void bn_chart_histogram(bn_area a, const bn_histogram *h);
/* As above for categories: one row per bin. */
void bn_chart_categories(bn_area a, const char *const *names, const double *reference,
	const double *current, size_t bins);
/* width cells, values 0 to 1 as shades; NaN is blank. */
void bn_chart_heat(bn_area a, int row, int col, int width, bn_ink role, const double *v, size_t n);
/* A bar of fraction (0 to 1) of width. */
void bn_chart_bar(bn_area a, int row, int col, int width, bn_ink role, double fraction);

#endif
