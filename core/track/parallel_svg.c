/* parallel_svg.c - parallel coordinates as SVG: see chart_svg.h. */
#include "core/track/chart_svg.h"

#include "core/track/_svg.h"
#include "core/track/extent.h"
#include "core/track/styles.h"

#include <math.h>
#include <stdio.h>

enum { AXIS_GAP = 130, HEIGHT = 300, LEFT = 60, TOP = 44 };

static double value(const bn_svg_parallel *p, size_t run, size_t axis)
{
	return p->values[run * p->axis_count + axis];
}

static void range_of(const bn_svg_parallel *p, size_t axis, double *lo, double *hi)
{
	*lo = INFINITY;
	*hi = -INFINITY;
	for (size_t r = 0; r < p->count; r++) {
		double v = value(p, r, axis);
		if (isfinite(v)) {
			*lo = fmin(*lo, v);
			*hi = fmax(*hi, v);
		}
	}
}

static void axis_add(bn_buf *out, const bn_svg_parallel *p, size_t axis)
{
	double lo, hi, x = LEFT + (double)axis * AXIS_GAP;
	char text[32];
	range_of(p, axis, &lo, &hi);
	bn_buf_addf(out, "<path class=\"bn-a\" d=\"M%.1f %dv%d\"/>\n", x, TOP, HEIGHT);
	bn_svg_text(out, x, TOP - 26, "bn-t bn-mid", p->axes[axis], 18);
	if (!(lo <= hi))
		return;
	snprintf(text, sizeof text, "%.4g", hi);
	bn_svg_text(out, x, TOP - 8, "bn-d bn-mid", text, 0);
	snprintf(text, sizeof text, "%.4g", lo);
	bn_svg_text(out, x, TOP + HEIGHT + 16, "bn-d bn-mid", text, 0);
}

/* The share of runs that are not better in the last axis: 1 of the best. */
static double standing(const bn_svg_parallel *p, size_t run)
{
	double own = value(p, run, p->axis_count - 1);
	size_t worse = 0;
	for (size_t r = 0; r < p->count; r++) {
		double other = value(p, r, p->axis_count - 1);
		worse += isnan(other) || (p->better < 0 ? other >= own : other <= own);
	}
	return isnan(own) ? 0 : (double)worse / (double)p->count;
}

static void line_begin(bn_buf *out, const bn_svg_parallel *p, size_t run)
{
	bool named = p->count <= BN_SVG_PARALLEL_NAMED, front = (int)run == p->highlighted;
	if (named)
		bn_buf_addf(out, "<path class=\"bn-l bn-c%d%s\" d=\"", bn_style_colour(p->styles[run]),
			front ? " bn-hi" : "");
	else
		bn_buf_addf(out, "<path class=\"bn-l bn-c%d%s\" stroke-opacity=\"%.2f\" d=\"", front ? 1 : 0,
			front ? " bn-hi" : "", front ? 1 : 0.06 + 0.8 * pow(standing(p, run), 3));
}

static void run_add(bn_buf *out, const bn_svg_parallel *p, size_t run)
{
	bool joined = false, begun = false;
	for (size_t a = 0; a < p->axis_count; a++) {
		double lo, hi, v = value(p, run, a);
		range_of(p, a, &lo, &hi);
		if (!isfinite(v)) {
			joined = false;
			continue;
		}
		if (!begun)
			line_begin(out, p, run);
		begun = true;
		bn_buf_addf(out, "%c%.1f %.1f", joined ? 'L' : 'M', LEFT + (double)a * AXIS_GAP,
			TOP + (1 - bn_axis_share(v, lo, hi)) * HEIGHT);
		joined = true;
	}
	if (begun)
		bn_buf_adds(out, "\"/>\n");
}

/* Wraps; draw false: only measures. Returns the last line's place. */
static double legend(bn_buf *out, const bn_svg_parallel *p, double width, bool draw)
{
	double x = LEFT / 2.0, y = TOP + HEIGHT + 42;
	char text[160];
	for (size_t r = 0; r < p->count && p->count <= BN_SVG_PARALLEL_NAMED; r++) {
		double w = bn_svg_entry_width(p->labels[r]);
		if (x > LEFT / 2.0 && x + w > width) {
			x = LEFT / 2.0;
			y += BN_SVG_LINE;
		}
		if (draw)
			bn_svg_entry(out, x, y, p->styles[r], p->labels[r]);
		x += w;
	}
	if (p->count > BN_SVG_PARALLEL_NAMED && draw) {
		snprintf(text, sizeof text, "%zu runs; darker: %s %.100s", p->count,
			p->better < 0 ? "smaller" : "larger", p->axes[p->axis_count - 1]);
		bn_svg_text(out, x, y, "bn-d", text, 0);
	}
	return y;
}

int bn_svg_add_parallel(bn_buf *out, const bn_svg_parallel *p, bool embedded, bn_err *err)
{
	if (p->axis_count < 2 || p->count == 0)
		return bn_err_set(err, BN_EINVAL, "parallel coordinates need two axes and a run");
	double width = 2 * LEFT + (double)(p->axis_count - 1) * AXIS_GAP;
	width = width < 380 ? 380 : width;
	bn_svg_begin(out, width, legend(out, p, width, false) + BN_SVG_MARGIN, "parallel coordinates", embedded);
	for (size_t r = 0; r < p->count; r++)
		run_add(out, p, r);
	if (p->highlighted >= 0)
		run_add(out, p, (size_t)p->highlighted);
	for (size_t a = 0; a < p->axis_count; a++)
		axis_add(out, p, a);
	legend(out, p, width, true);
	bn_svg_end(out);
	return bn_buf_check(out, err, "parallel coordinates");
}
