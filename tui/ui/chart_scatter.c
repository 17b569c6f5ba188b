/* chart_scatter.c - points of two numbers, one letter each. See chart.h. */
#include "core/base/utf8.h"
#include "core/track/ticks.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"

#include <math.h>
#include <string.h>

typedef struct axis {
	double lo, hi; /* in axis space */
	bool is_log;
} axis;

static double place(const axis *x, double v)
{
	return x->is_log ? log10(v) : v;
}

/* False: there is nothing to draw. */
static bool axis_find(axis *out, const double *v, const double *other, int n, bool may_log)
{
	double lo = INFINITY, hi = -INFINITY;
	for (int i = 0; i < n; i++)
		if (isfinite(v[i]) && isfinite(other[i])) {
			lo = fmin(lo, v[i]);
			hi = fmax(hi, v[i]);
		}
	if (!(lo <= hi))
		return false;
	*out = (axis){.is_log = may_log && lo > 0 && hi / lo > 20};
	double pad = hi > lo ? (hi - lo) * 0.05 : fabs(lo) * 0.1;
	pad = pad > 0 ? pad : 1;
	out->lo = out->is_log ? log10(lo) - 0.1 : lo - pad;
	out->hi = out->is_log ? log10(hi) + 0.1 : hi + pad;
	return true;
}

static int at_of(const axis *x, double v, int cells)
{
	return (int)lround((place(x, v) - x->lo) / (x->hi - x->lo) * (cells - 1));
}

/* Values of x below their points, unless they overlap. */
static void x_labels(bn_area a, int row, int left, const axis *x, const bn_scatter *s)
{
	char label[BN_FORMAT_BYTES];
	int width = a.cols - left;
	char taken[512] = {0};
	for (int i = 0; i < s->count; i++) {
		if (!isfinite(s->x[i]) || !isfinite(s->y[i]))
			continue;
		bn_format_number(label, s->x[i]);
		int n = (int)strlen(label), at = at_of(x, s->x[i], width) - n / 2;
		at = at + n > width ? width - n : at;
		at = at < 0 ? 0 : at;
		bool free = at >= 0 && at + n < (int)sizeof taken - 1;
		for (int k = at > 0 ? at - 1 : 0; free && k <= at + n; k++)
			free = !taken[k];
		if (!free)
			continue;
		memset(taken + at, 1, (size_t)n);
		bn_area_text(a, row, left + at, BN_INK_AXIS, label);
	}
}

/* Ticks at round values, every second row at most. */
static void y_labels(bn_area plot, int left, const axis *y)
{
	char label[BN_FORMAT_BYTES];
	double step = bn_ticks_step(y->hi - y->lo, plot.rows > 4 ? plot.rows / 2 : 2);
	bn_area a = {plot.s, plot.row, plot.col - left, plot.rows, left};
	for (int r = 0; r < plot.rows; r++)
		bn_area_glyph(a, r, left - 1, BN_INK_AXIS, BN_GLYPH_VLINE);
	for (double at = ceil(y->lo / step - 1e-9) * step; at <= y->hi + step * 1e-9; at += step) {
		int r = plot.rows - 1 - at_of(y, at, plot.rows);
		if (r < 0 || r >= plot.rows)
			continue;
		bn_area_field_right(a, r, 0, left - 1, BN_INK_AXIS,
			bn_format_number(label, fabs(at) < step * 1e-9 ? 0 : at));
		bn_area_glyph(a, r, left - 1, BN_INK_AXIS, BN_GLYPH_TICK_LEFT);
	}
}

enum { Y_AXIS = 9 };

void bn_chart_scatter(bn_area a, const bn_scatter *s)
{
	axis x, y;
	bn_area_textf(a, 0, 0, BN_INK_STRONG, "%s against %s", s->y_title, s->x_title);
	if (!axis_find(&x, s->x, s->y, s->count, true) ||
		!axis_find(&y, s->y, s->x, s->count, false)) {
		bn_area_text(a, 1, 0, BN_INK_DIM, "no run has both numbers");
		return;
	}
	bn_ticks_widen(&y.lo, &y.hi, 10);
	bn_area plot = bn_area_sub(a, 1, Y_AXIS, a.rows - 2, a.cols - Y_AXIS);
	if (plot.rows < 1 || plot.cols < 2)
		return;
	y_labels(plot, Y_AXIS, &y);
	x_labels(a, a.rows - 1, Y_AXIS, &x, s);
	for (int i = 0; i < s->count; i++) {
		if (!isfinite(s->x[i]) || !isfinite(s->y[i]))
			continue;
		int c = at_of(&x, s->x[i], plot.cols),
		    r = plot.rows - 1 - at_of(&y, s->y[i], plot.rows);
		/* Letters at the same position are drawn next to each other. */
		while (c + 1 < plot.cols &&
			plot.s->cells[(plot.row + r) * plot.s->cols + plot.col + c].cp != ' ')
			c++;
		bn_ink ink = i == s->base ? BN_INK_SERIES_2 : BN_INK_STRONG;
		bn_area_cp(plot, r, c, i == s->selected ? BN_INK_SERIES_1 : ink,
			(uint32_t)s->marks[i]);
	}
}
