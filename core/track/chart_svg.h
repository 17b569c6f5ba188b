/*
 * chart_svg.h - charts as SVG: for papers, wikis and reports.
 *
 * A picture stands alone: no script, no font, no other file. Its own style sheet has colours for a light and for a dark
 * background (prefers-color-scheme), each at least 3:1 against it. Series differ by colour and by marker (styles.h).
 * Names are untrusted text: they can add no markup.
 */
#ifndef BN_TRACK_CHART_SVG_H
#define BN_TRACK_CHART_SVG_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/track/charts.h"
#include "core/track/curve.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_svg_series {
	const char *label;
	bn_curve curve; /* n 0: without points; the legend says so */
	int style;
} bn_svg_series;

typedef struct bn_svg_chart {
	const char *title; /* the metric */
	const bn_svg_series *series;
	size_t count;
	bn_run_axis axis;
	bool is_rows; /* each series is a row of shades (lighter: less), as of the devices of a node */
	bool log_y, is_bytes;
	double smoothing; /* 0: none; the raw line stays behind */
	double from, to;  /* the visible part of x; to <= from: all of it */
} bn_svg_chart;

/* Appends an <svg> element with the charts, `across` beside each other, and one legend below. embedded: in an HTML page
 * that has the style sheet; else a file, with an XML declaration. */
int bn_svg_add_charts(
	bn_buf *out, const bn_svg_chart *charts, size_t count, size_t across, bool embedded, bn_err *err);

/* The charts of some runs, as bn_svg_add_charts; query: the one that they were read with. */
int bn_charts_add_svg(bn_buf *out, const bn_charts *c, const bn_charts_query *query, bool log_y, double smoothing,
	size_t across, bool embedded, bn_err *err);

/* One line per run through its values on parallel axes, each from its least to its largest value. */
typedef struct bn_svg_parallel {
	const char *const *axes; /* titles */
	size_t axis_count, count;
	const double *values;      /* [run][axis]; NaN: the line is broken there */
	const char *const *labels; /* of runs */
	const int *styles;
	int highlighted; /* a run; -1: none */
	int better;      /* of the last axis: -1 smaller, +1 larger, 0 unknown */
} bn_svg_parallel;

/* Up to so many runs have their colours and a legend; of more, the better ones are darker. */
#define BN_SVG_PARALLEL_NAMED 12

int bn_svg_add_parallel(bn_buf *out, const bn_svg_parallel *p, bool embedded, bn_err *err);

#endif
