/* extent.c - see extent.h. */
#include "core/track/extent.h"

#include "core/track/ticks.h"

#include <math.h>

enum { ROUND_STEPS = 10 };

static double unit_of(const bn_extent *e)
{
	return e->unit > 0 ? e->unit : 1;
}

double bn_extent_y(const bn_extent *e, double y)
{
	if (!isfinite(y) || (e->log_y && y <= 0))
		return NAN;
	return e->log_y ? log10(y / unit_of(e)) : y / unit_of(e);
}

bool bn_extent_has(const bn_extent *e, double x)
{
	return !(e->to > e->from) || (x >= e->from && x <= e->to);
}

void bn_extent_add_unit(bn_extent *e, const double *y, size_t n)
{
	e->unit = unit_of(e);
	for (size_t i = 0; e->is_bytes && i < n; i++)
		while (isfinite(y[i]) && y[i] >= 1024 * e->unit)
			e->unit *= 1024;
}

static void include(bn_extent *e, double x, double y)
{
	if (!e->any) {
		e->x0 = e->x1 = x;
		e->y0 = e->y1 = y;
		e->any = true;
		return;
	}
	e->x0 = fmin(e->x0, x);
	e->x1 = fmax(e->x1, x);
	e->y0 = fmin(e->y0, y);
	e->y1 = fmax(e->y1, y);
}

void bn_extent_add(bn_extent *e, const double *x, const double *y, size_t n, int64_t gaps)
{
	size_t seen = 0;
	e->unit = unit_of(e);
	for (size_t i = 0; i < n; i++) {
		double at = x ? x[i] : (double)i, v = bn_extent_y(e, y[i]);
		if (!bn_extent_has(e, at))
			continue;
		if (!isnan(v)) {
			include(e, at, v);
		} else {
			seen += !isfinite(y[i]);
			e->hidden += isfinite(y[i]) != 0;
		}
	}
	e->gaps += gaps > (int64_t)seen ? (size_t)gaps : seen;
}

void bn_extent_add_y(bn_extent *e, double y)
{
	double v = bn_extent_y(e, y);
	if (!isnan(v))
		include(e, e->x0, v);
}

void bn_extent_close(bn_extent *e, bool x_is_time)
{
	bool is_part = e->to > e->from;
	e->unit = unit_of(e);
	if (!(e->y1 > e->y0)) {
		double pad = e->y0 == 0 ? 1 : fabs(e->y0) * 0.1;
		e->y0 -= pad;
		e->y1 += pad;
	}
	if (is_part) {
		e->x0 = e->from;
		e->x1 = e->to;
	}
	if (!(e->x1 > e->x0))
		e->x1 = e->x0 + 1;
	if (!x_is_time && !is_part)
		bn_ticks_widen(&e->x0, &e->x1, ROUND_STEPS);
	if (!e->log_y)
		bn_ticks_widen(&e->y0, &e->y1, ROUND_STEPS);
}

double bn_axis_share(double v, double lo, double hi)
{
	if (!(hi > lo))
		return 0.5;
	if (lo > 0 && hi / lo > 20)
		return log(v / lo) / log(hi / lo);
	return (v - lo) / (hi - lo);
}
