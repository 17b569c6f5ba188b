/* chart_svg.c - see chart_svg.h: line charts, one or more in a picture, with a common legend. */
#include "core/track/chart_svg.h"

#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/track/_svg.h"
#include "core/track/extent.h"
#include "core/track/styles.h"
#include "core/track/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of one chart, in px, and of its plot within it. */
enum {
	WIDTH = 640,
	HEIGHT = 330,
	LEFT = 70,
	RIGHT = 18,
	TOP = 34,
	BOTTOM = 44,
	PLOT_WIDTH = WIDTH - LEFT - RIGHT,
	PLOT_HEIGHT = HEIGHT - TOP - BOTTOM,
};

typedef struct plot {
	bn_buf *out;
	const bn_svg_chart *chart;
	bn_extent e;
	double x, y; /* of the chart's corner */
} plot;

static double x_px(const plot *p, double x)
{
	return p->x + LEFT + (x - p->e.x0) / (p->e.x1 - p->e.x0) * PLOT_WIDTH;
}

/* y in axis space */
static double y_px(const plot *p, double y)
{
	return p->y + TOP + (p->e.y1 - y) / (p->e.y1 - p->e.y0) * PLOT_HEIGHT;
}

static void extent_find(plot *p)
{
	const bn_svg_chart *c = p->chart;
	p->e = (bn_extent){.log_y = c->log_y, .is_bytes = c->is_bytes, .from = c->from, .to = c->to};
	for (size_t i = 0; i < c->count; i++)
		bn_extent_add_unit(&p->e, c->series[i].curve.y, c->series[i].curve.n);
	for (size_t i = 0; i < c->count; i++) {
		const bn_curve *s = &c->series[i].curve;
		bn_extent_add(&p->e, s->x, s->y, s->n, s->gaps);
	}
	bn_extent_close(&p->e, c->axis == BN_RUN_BY_TIME);
}

/* ---- axes --------------------------------------------------------------------------------------- */

/* 0 for what is left of it after adding steps. */
static double without_dust(double x, double range)
{
	return fabs(x) < 1e-12 * range ? 0 : x;
}

static void y_label(const plot *p, double y, char out[32])
{
	static const char *const units[] = {"", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
	int unit = (int)fmax(0, fmin(6, round(log2(p->e.unit) / 10)));
	snprintf(out, 32, "%.6g%s",
		p->e.log_y ? pow(10, y) : without_dust(y, p->e.y1 - p->e.y0), units[unit]);
}

static void y_axis(const plot *p)
{
	double ticks[BN_TICKS_MOST];
	char label[32];
	int n = bn_ticks_find(ticks, p->e.y0, p->e.y1, p->e.log_y, 6);
	for (int i = 0; i < n; i++) {
		double y = y_px(p, ticks[i]);
		bn_buf_addf(p->out, "<path class=\"bn-g\" d=\"M%.1f %.1fh%d\"/>\n", p->x + LEFT, y,
			PLOT_WIDTH);
		y_label(p, ticks[i], label);
		bn_svg_text(p->out, p->x + LEFT - 6, y + 4, "bn-d bn-end", label, 0);
	}
}

static void x_label(const plot *p, double x, char out[BN_TIMESTAMP_TEXT])
{
	if (p->chart->axis == BN_RUN_BY_TIME && fabs(x) < 9e12)
		bn_timestamp_short((int64_t)x * 1000000, true, out);
	else
		snprintf(out, BN_TIMESTAMP_TEXT, "%.6g", without_dust(x, p->e.x1 - p->e.x0));
}

static void x_axis(const plot *p)
{
	double ticks[BN_TICKS_MOST];
	static const char *const anchors[] = {"bn-d bn-mid", "bn-d", "bn-d bn-end"};
	char label[BN_TIMESTAMP_TEXT];
	bool is_time = p->chart->axis == BN_RUN_BY_TIME;
	int n = 2;
	double bottom = p->y + TOP + PLOT_HEIGHT;
	if (is_time) { /* its round values are not those of decimals: both ends */
		ticks[0] = p->e.x0;
		ticks[1] = p->e.x1;
	} else {
		n = bn_ticks_find(ticks, p->e.x0, p->e.x1, false, 6);
	}
	for (int i = 0; i < n; i++) {
		x_label(p, ticks[i], label);
		bn_buf_addf(p->out, "<path class=\"bn-a\" d=\"M%.1f %.1fv4\"/>\n", x_px(p, ticks[i]),
			bottom);
		bn_svg_text(p->out, x_px(p, ticks[i]), bottom + 17,
			anchors[is_time ? 1 + i : 0], label, 0);
	}
	bn_buf_addf(p->out, "<path class=\"bn-a\" d=\"M%.1f %.1fv%dh%d\"/>\n", p->x + LEFT, p->y + TOP,
		PLOT_HEIGHT, PLOT_WIDTH);
	bn_svg_text(p->out, p->x + LEFT + PLOT_WIDTH / 2.0, bottom + 33, "bn-d bn-mid",
		is_time ? "time (UTC)" : bn_run_axis_title(p->chart->axis), 0);
}

/* What the chart leaves out, and how it is drawn. */
static void notes(const plot *p)
{
	char text[160] = "";
	int n = 0;
	if (p->e.gaps)
		n += snprintf(text + n, sizeof text - (size_t)n, "%zu gap%s  ", p->e.gaps,
			p->e.gaps == 1 ? "" : "s");
	if (p->e.hidden)
		n += snprintf(text + n, sizeof text - (size_t)n, "%zu not above 0  ", p->e.hidden);
	if (p->e.log_y)
		n += snprintf(text + n, sizeof text - (size_t)n, "logarithmic  ");
	if (p->chart->smoothing > 0)
		snprintf(text + n, sizeof text - (size_t)n, "smoothed %.2g", p->chart->smoothing);
	if (text[0])
		bn_svg_text(p->out, p->x + WIDTH - RIGHT, p->y + 20, "bn-d bn-end", text, 0);
}

/* ---- lines -------------------------------------------------------------------------------------- */

static void line(const plot *p, const double *x, const double *y, size_t n, int style, const char *more)
{
	bool joined = false, begun = false;
	for (size_t i = 0; i < n; i++) {
		double v = bn_extent_y(&p->e, y[i]);
		bool inside = bn_extent_has(&p->e, x[i]);
		if (isnan(v) || !inside) {
			joined = joined && !inside; /* only a gap breaks a line */
			continue;
		}
		if (!begun)
			bn_buf_addf(p->out, "<path class=\"bn-l bn-c%d%s\" d=\"", bn_style_colour(style), more);
		begun = true;
		bn_buf_addf(p->out, "%c%.1f %.1f", joined ? 'L' : 'M', x_px(p, x[i]), y_px(p, v));
		joined = true;
	}
	if (begun)
		bn_buf_adds(p->out, "\"/>\n");
}

/* At the last point, and three along the line, each series at another place. */
static void markers(const plot *p, const double *x, const double *y, size_t n, int style, size_t offset)
{
	size_t every = n / 3 > 0 ? n / 3 : 1, last = n;
	for (size_t i = 0; i < n; i++) {
		double v = bn_extent_y(&p->e, y[i]);
		if (isnan(v) || !bn_extent_has(&p->e, x[i]))
			continue;
		last = i;
		if (n > 8 && (i + offset * every / 7) % every == every / 2)
			bn_svg_marker(p->out, x_px(p, x[i]), y_px(p, v), style);
	}
	if (last < n)
		bn_svg_marker(p->out, x_px(p, x[last]), y_px(p, bn_extent_y(&p->e, y[last])), style);
}

static int series(const plot *p, size_t at, bn_err *err)
{
	const bn_svg_series *s = &p->chart->series[at];
	const bn_curve *c = &s->curve;
	double smoothing = p->chart->smoothing;
	if (!c->n)
		return 0;
	if (smoothing <= 0) {
		line(p, c->x, c->y, c->n, s->style, "");
		markers(p, c->x, c->y, c->n, s->style, at);
		return 0;
	}
	const double *y = c->mean_y ? c->mean_y : c->y, *x = c->mean_y ? c->mean_x : c->x;
	size_t n = c->mean_y ? c->mean_n : c->n;
	double *smooth = bn_alloc(n * sizeof *smooth);
	if (!smooth)
		return bn_err_nomem(err, "a chart");
	bn_curve_smooth(y, n, smoothing, smooth);
	line(p, c->x, c->y, c->n, s->style, " bn-raw");
	line(p, x, smooth, n, s->style, "");
	markers(p, x, smooth, n, s->style, at);
	bn_free(smooth);
	return 0;
}

/* ---- rows of shades ----------------------------------------------------------------------------- */

enum { CELLS = 160, ROW_MOST = 26 };

static void row_add(const plot *p, size_t at, double lo, double hi, double height)
{
	const bn_svg_series *s = &p->chart->series[at];
	double cells[CELLS], width = (double)PLOT_WIDTH / CELLS, y = p->y + TOP + (double)at * height;
	bn_curve_cells(cells, CELLS, &s->curve, p->e.x0, p->e.x1);
	for (int i = 0; i < CELLS; i++) {
		int n = 1;
		if (isnan(cells[i]))
			continue;
		while (i + n < CELLS && cells[i + n] == cells[i])
			n++;
		bn_buf_addf(p->out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" class=\"bn-c%d bn-f%d\" "
			"stroke-width=\"0\" fill-opacity=\"%.2f\"/>\n",
			p->x + LEFT + i * width, y, n * width + 0.3, height - 1, bn_style_colour(s->style), bn_style_colour(s->style),
			0.08 + 0.92 * (hi > lo ? (cells[i] - lo) / (hi - lo) : 0.5));
		i += n - 1;
	}
	bn_svg_text(p->out, p->x + LEFT - 6, y + height / 2 + 4, "bn-d bn-end", s->label, 9);
}

static void rows_add(const plot *p)
{
	double lo = 0, hi = -INFINITY, height = (double)PLOT_HEIGHT / (double)p->chart->count;
	char text[80];
	for (size_t i = 0; i < p->chart->count; i++)
		for (size_t k = 0; k < p->chart->series[i].curve.n; k++)
			if (isfinite(p->chart->series[i].curve.y[k])) {
				lo = fmin(lo, p->chart->series[i].curve.y[k]);
				hi = fmax(hi, p->chart->series[i].curve.y[k]);
			}
	height = height > ROW_MOST ? ROW_MOST : height;
	snprintf(text, sizeof text, "%.4g (light) to %.4g", lo, hi);
	bn_svg_text(p->out, p->x + WIDTH - RIGHT, p->y + 20, "bn-d bn-end", text, 0);
	for (size_t i = 0; i < p->chart->count; i++)
		row_add(p, i, lo, hi, height);
}

/* ---- a chart ------------------------------------------------------------------------------------ */

static int chart_add(plot *p, bn_err *err)
{
	int rc = 0;
	extent_find(p);
	bn_svg_text(p->out, p->x + LEFT, p->y + 20, "bn-h", p->chart->title, 60);
	if (!p->e.any) {
		bn_svg_text(p->out, p->x + LEFT, p->y + TOP + 20, "bn-d", "no points to draw", 0);
		return 0;
	}
	if (p->chart->is_rows) {
		rows_add(p);
		x_axis(p);
		return 0;
	}
	notes(p);
	y_axis(p);
	x_axis(p);
	for (size_t i = 0; rc >= 0 && i < p->chart->count; i++)
		rc = series(p, i, err);
	return rc;
}

/* ---- legend ------------------------------------------------------------------------------------- */

/* Wraps; draw false: only measures. Returns the height. */
static double legend(bn_buf *out, const bn_svg_chart *c, double y, double width, bool draw)
{
	double x = LEFT, row = 0;
	for (size_t i = 0; i < c->count; i++) {
		char text[80];
		const char *label = c->series[i].label;
		bool last = i == BN_SVG_LEGEND_MOST;
		if (last) {
			snprintf(text, sizeof text, "and %zu more", c->count - i);
			label = text;
		}
		double w = bn_svg_entry_width(label);
		if (x > LEFT && x + w > width - RIGHT) {
			x = LEFT;
			row += BN_SVG_LINE;
		}
		if (draw && last)
			bn_svg_text(out, x, y + row, "bn-d", label, 0);
		else if (draw)
			bn_svg_entry(out, x, y + row, c->series[i].style, label);
		if (last)
			break;
		x += w;
	}
	return row + BN_SVG_LINE;
}

int bn_svg_add_charts(
	bn_buf *out, const bn_svg_chart *charts, size_t count, size_t across, bool embedded, bn_err *err)
{
	if (count == 0)
		return bn_err_set(err, BN_EINVAL, "a picture needs a chart");
	across = across > count ? count : across;
	across = across < 1 ? 1 : across;
	size_t down = (count + across - 1) / across;
	double width = (double)across * WIDTH, height = (double)down * HEIGHT;
	double below = legend(out, &charts[0], 0, width, false);
	int rc = 0;
	bn_svg_begin(out, width, height + below + BN_SVG_MARGIN, charts[0].title, embedded);
	for (size_t i = 0; rc >= 0 && i < count; i++) {
		plot p = {.out = out,
			.chart = &charts[i],
			.x = (double)(i % across) * WIDTH,
			.y = (double)(i / across) * HEIGHT};
		rc = chart_add(&p, err);
	}
	legend(out, &charts[0], height + BN_SVG_LINE - 4, width, true);
	bn_svg_end(out);
	return rc < 0 ? rc : bn_buf_check(out, err, "a chart");
}
