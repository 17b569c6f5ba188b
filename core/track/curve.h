/*
 * curve.h - a metric of a run prepared for a chart: points along an axis, few enough to draw.
 *
 * A short series has all of its points. A long one is reduced to the least and the largest value of each of
 * BN_CURVE_BUCKETS parts of the axis (bn_series_envelope), so that a single point of a million is still seen. A value
 * that is not finite is a gap: the curve is broken there, and `gaps` counts the points. Smoothing is done over the
 * means of the parts.
 */
#ifndef BN_TRACK_CURVE_H
#define BN_TRACK_CURVE_H
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/track/series.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_CURVE_POINTS 2000 /* a series of more is reduced */
#define BN_CURVE_BUCKETS 1000

#define BN_EPOCH_METRIC "epoch"

/* The x axis of a run's points. */
typedef enum bn_run_axis {
	BN_RUN_BY_STEP,
	BN_RUN_BY_SECONDS, /* since it started */
	BN_RUN_BY_TIME,    /* ms since 1970 */
	BN_RUN_BY_EPOCH,   /* the value of BN_EPOCH_METRIC at the step, for runs that log it */
	BN_RUN_AXES,
} bn_run_axis;

const char *bn_run_axis_name(bn_run_axis axis);  /* "step", "relative", "time", "epoch": what is typed */
const char *bn_run_axis_title(bn_run_axis axis); /* "seconds since the start" */
int bn_run_axis_find(bn_run_axis *out, const char *name, bn_err *err); /* BN_EINVAL names the words */

/* In an arena. */
typedef struct bn_curve {
	const char *run, *key;
	const double *x, *y; /* increasing x; of a reduced series min and max of each part in turn, NaN a gap */
	size_t n;
	int64_t points, nan_count; /* of the whole series */
	int64_t gaps;              /* points of the visible part that are not finite */
	const double *mean_x, *mean_y; /* what is smoothed, of a reduced series; NULL: x and y */
	size_t mean_n;
} bn_curve;

/* The visible part of a series, and its axis. */
typedef struct bn_curve_part {
	bn_run_axis axis;
	double from, to; /* in units of the axis; to <= from: all of it */
	int64_t started_ms;
	const bn_points *epochs; /* values of BN_EPOCH_METRIC, for the axis of epochs */
} bn_curve_part;

/* info: of the series. Zero points: out->n is 0. */
int bn_curve_read(bn_curve *out, bn_arena *arena, bn_workspace *ws, const char *run,
	const bn_series_info *info, const bn_curve_part *part, bn_err *err);

/* What is charted unless something else is asked for: the series with the most points, before others of as many a known
 * measure of quality; never the supervisor's measurements. Borrowed; NULL: there is none. */
const bn_series_info *bn_series_main(const bn_series_list *list);
int64_t bn_series_interest(const bn_series_info *s); /* the order behind that; 0: never */

/* Exponential moving average with bias correction, as in TensorBoard: m = s*m + (1-s)*y, shown m / (1 - s^k).
 * Values that are not finite are unchanged and do not count. out[n] */
void bn_curve_smooth(const double *y, size_t n, double smoothing, double *out);

#endif
