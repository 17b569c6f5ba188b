/*
 * extent.h - the part of the plane that a chart shows: where its axes begin and end, and what they leave out.
 *
 *	bn_extent e = {.log_y = ..., .is_bytes = ..., .from = ..., .to = ...};
 *	bn_extent_add_unit for each series, if is_bytes; bn_extent_add for each; then bn_extent_close
 */
#ifndef BN_TRACK_EXTENT_H
#define BN_TRACK_EXTENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_extent {
	bool log_y;            /* y is the decimal logarithm */
	bool is_bytes;         /* y is in the unit below */
	double from, to;       /* the visible part of x; to <= from: all of it */
	double x0, x1, y0, y1; /* y in axis space: logarithm, units */
	bool any;              /* there is something to show */
	size_t gaps, hidden;   /* points that are not finite; not above 0 where y is logarithmic */
	double unit;           /* of y: 1, or a power of 1024 */
} bn_extent;

/* The unit is the largest power of 1024 that is not above the largest value. */
void bn_extent_add_unit(bn_extent *e, const double *y, size_t n);
/* x NULL: 0, 1, 2, ... gaps: how many points are not finite, where it is more than y has (core/track/curve.h). */
void bn_extent_add(bn_extent *e, const double *x, const double *y, size_t n, int64_t gaps);
void bn_extent_add_y(bn_extent *e, double y); /* a threshold */
/* Rounds the bounds outward to values that an axis can name; x_is_time: not those of x, nor a visible part. */
void bn_extent_close(bn_extent *e, bool x_is_time);
/* y in axis space; NaN: it has no place there. */
double bn_extent_y(const bn_extent *e, double y);
/* The place of a value on an axis of its own, 0 to 1: by the logarithm where the values are above 0 and span more than a
 * factor of 20, as in a scatter plot. */
double bn_axis_share(double v, double lo, double hi);
bool bn_extent_has(const bn_extent *e, double x); /* in the visible part */

#endif
