/* chart_parallel.c - parallel coordinates. See chart.h. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/track/extent.h"
#include "core/track/styles.h"
#include "tui/ui/_canvas.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"

#include <math.h>
#include <string.h>

enum { FEW = 3 }; /* runs that can each have a colour */

static void range_of(const bn_parallel *p, int axis, double *lo, double *hi)
{
	*lo = INFINITY;
	*hi = (double)-INFINITY;
	for (int r = 0; r < p->count; r++) {
		double v = p->values[r * p->axis_count + axis];
		if (isfinite(v)) {
			*lo = fmin(*lo, v);
			*hi = fmax(*hi, v);
		}
	}
}

static void run_draw(bn_canvas *v, const bn_parallel *p, int run, bn_ink ink)
{
	int before_x = -1, before_y = 0;
	for (int a = 0; a < p->axis_count; a++) {
		double lo, hi, value = p->values[run * p->axis_count + a];
		range_of(p, a, &lo, &hi);
		int x = a * (v->cols - 1) / (p->axis_count - 1);
		if (!isfinite(value)) {
			before_x = -1;
			continue;
		}
		int y = (int)lround((1 - bn_axis_share(value, lo, hi)) * (v->rows - 1));
		if (before_x >= 0)
			bn_canvas_line(v, before_x, before_y, x, y, ink, bn_style_shape(p->styles[run]));
		else
			bn_canvas_dot(v, x, y, ink, bn_style_shape(p->styles[run]));
		before_x = x;
		before_y = y;
	}
}

/* A text centred at a column, within the area and clear of the one before, which ended at `from`. */
static int centred(bn_area a, int row, int at, int from, bn_ink ink, const char *text, int most)
{
	int width = (int)bn_utf8_width(text);
	width = width > most ? most : width;
	int col = at - width / 2;
	col = col + width > a.cols ? a.cols - width : col;
	col = col < from ? from : col;
	return bn_area_name(a, row, col, width, ink, text) + 1;
}

static void axes_draw(bn_area a, bn_area plot, const bn_parallel *p)
{
	char text[BN_FORMAT_BYTES];
	int title = 0, high = 0, low = 0, most = plot.cols / p->axis_count;
	for (int i = 0; i < p->axis_count; i++) {
		double lo, hi;
		int at = plot.col - a.col + i * (plot.cols - 1) / (p->axis_count - 1);
		range_of(p, i, &lo, &hi);
		title = centred(a, 0, at, title, BN_INK_STRONG, p->axes[i], most);
		for (int r = 0; r < plot.rows; r++)
			bn_area_glyph(plot, r, at - (plot.col - a.col), BN_INK_AXIS, BN_GLYPH_VLINE);
		if (!(lo <= hi))
			continue;
		high = centred(a, 1, at, high, BN_INK_AXIS, bn_format_number(text, hi), most);
		low = centred(a, a.rows - 1, at, low, BN_INK_AXIS, bn_format_number(text, lo), most);
	}
}

void bn_chart_parallel(bn_area a, const bn_parallel *p)
{
	bn_canvas v;
	if (a.rows < 5 || a.cols < 12 || p->axis_count < 2)
		return;
	bn_area plot = bn_area_sub(a, 2, 4, a.rows - 3, a.cols - 8);
	if (bn_canvas_init(&v, plot))
		return;
	axes_draw(a, plot, p);
	for (int front = 0; front < 2; front++)
		for (int r = 0; r < p->count; r++) {
			bool told = p->count <= FEW || r == p->selected || r == p->base;
			if (told == front)
				run_draw(&v, p, r, told ? bn_chart_ink(p->styles[r]) : BN_INK_SERIES_RAW);
		}
	bn_canvas_paint(&v);
	bn_free(v.dots);
}
