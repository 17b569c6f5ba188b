/*
 * charts.h - the metrics of some runs as charts: what the workbench, `run chart` and reports draw.
 *
 * A chart is a metric with a curve per run, or a group of metrics (metric_group.h) with a row per run and metric. All
 * charts share the x axis, except that steps of the supervisor's measurements (system/...) count measurements, and
 * so are an axis of their own.
 */
#ifndef BN_TRACK_CHARTS_H
#define BN_TRACK_CHARTS_H
#include "core/base/err.h"
#include "core/store/workspace.h"
#include "core/track/curve.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_charts_query {
	const char *const *ids; /* full ids, at least one */
	size_t run_count;
	const char *const *metrics; /* exactly these, in this order; 0: all with a curve */
	size_t metric_count;
	const char *words; /* only charts whose names contain every word; NULL or "": all */
	bn_run_axis axis;
	double from, to;    /* the visible part of the axis; to <= from: all of it */
	size_t first, most; /* the charts that are read: from the first on, at most so many; most 0: all */
} bn_charts_query;

typedef struct bn_charts_series {
	size_t run;        /* index */
	const char *key;   /* the metric */
	const char *label; /* of a row: "gpu1", "-0.5:0"; NULL: of a line */
	bn_curve curve;    /* n 0: the run has no points of it */
} bn_charts_series;

typedef enum bn_chart_kind { BN_CHART_LINES, BN_CHART_ROWS, BN_CHART_HISTOGRAM } bn_chart_kind;

typedef struct bn_charts_item {
	const char *title; /* the metric, or the name of the group */
	bn_chart_kind kind;
	const bn_charts_series *series; /* LINES: one per run, in their order */
	size_t count;
	bool is_system;
} bn_charts_item;

typedef struct bn_charts {
	size_t run_count;
	const char *const *ids, *const *names;
	const int *styles;         /* of runs (styles.h) */
	const char *const *titles; /* of all charts that match, read or not: by name, system metrics last */
	size_t title_count, unmatched; /* charts whose names do not contain the words */
	bn_charts_item *items;         /* those that were read */
	size_t count;
	double x0, x1;   /* the whole axis, of the runs' own series; x1 < x0: there are none */
	bool has_epochs; /* some run logs epochs */
	bool has_live;   /* some run is live: more points may come */
	bn_arena arena;
} bn_charts;

/* A run without any of the metrics is fine; BN_ENOTFOUND for a metric of the query that no run has, with the nearest
 * name. *out is yours. */
int bn_charts_read(bn_charts **out, bn_workspace *ws, const bn_charts_query *q, bn_err *err);
void bn_charts_free(bn_charts *c);

/* The means of a curve in `n` equal parts of x0 to x1, for a row of shades: NaN where it has no points. A part between
 * two points of a sparse curve has the value before it. */
void bn_curve_cells(double *out, size_t n, const bn_curve *c, double x0, double x1);
/* The range of the values of the items' series, for shades: from 0 if none is negative. False: there is none. */
bool bn_charts_range(double *lo, double *hi, const bn_charts_item *item);

#endif
