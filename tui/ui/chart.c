/* chart.c - line charts. See chart.h; bars and histograms are chart_bars.c. */
#include "tui/ui/chart.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/track/curve.h"
#include "core/track/extent.h"
#include "core/track/styles.h"
#include "core/track/ticks.h"
#include "tui/ui/_canvas.h"
#include "tui/ui/format.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef bn_canvas canvas;
typedef bn_extent bounds;

bn_ink bn_chart_ink(int style)
{
	return (bn_ink)(BN_INK_SERIES_1 + bn_style_colour(style));
}

uint32_t bn_chart_marker(bn_alphabet alphabet, int style)
{
	return bn_glyph_series(alphabet, bn_style_shape(style));
}

static bn_ink series_ink(const bn_chart_series *s)
{
	return s->dim ? BN_INK_SERIES_RAW : bn_chart_ink(s->style);
}

/* The character of a cell if lines consist of their marker; above 31 a letter. */
static int series_style(const bn_chart_series *s)
{
	return s->mark ? s->mark : bn_style_shape(s->style);
}

static uint32_t series_marker(const bn_chart_series *s, bn_alphabet alphabet)
{
	return s->mark ? (uint32_t)s->mark : bn_chart_marker(alphabet, s->style);
}

static double series_x(const bn_chart_series *s, size_t i)
{
	return s->x ? s->x[i] : (double)i;
}

static void bounds_find(const bn_chart *c, bounds *b)
{
	*b = (bounds){.log_y = c->log_y, .is_bytes = c->y_is_bytes, .from = c->from, .to = c->to};
	for (int i = 0; i < c->count; i++)
		bn_extent_add_unit(b, c->series[i].y, c->series[i].n);
	for (int i = 0; i < c->count; i++) {
		const bn_chart_series *s = &c->series[i];
		bn_extent_add(b, s->x, s->y, s->n, s->gaps);
	}
	if (b->any && c->has_line)
		bn_extent_add_y(b, c->line);
	bn_extent_close(b, c->x_is_time);
}

static int dot_x(const canvas *v, const bounds *b, double x)
{
	return (int)lround((x - b->x0) / (b->x1 - b->x0) * (v->cols - 1));
}

static int dot_y(const canvas *v, const bounds *b, double y)
{
	return (int)lround((b->y1 - y) / (b->y1 - b->y0) * (v->rows - 1));
}

/* The envelope: within a dot column from least to largest, between columns from last to first. */
static void series_draw(
	canvas *v, const bounds *b, const bn_chart_series *s, bn_ink role)
{
	int column = -1, low = 0, high = 0, last = 0;
	bool joined = false;
	for (size_t i = 0; i < s->n; i++) {
		double value = bn_extent_y(b, s->y[i]);
		if (isnan(value)) {
			joined = false;
			continue;
		}
		int cx = dot_x(v, b, series_x(s, i)), cy = dot_y(v, b, value);
		if (cx != column) {
			if (column >= 0)
				bn_canvas_line(v, column, low, column, high, role, series_style(s));
			if (joined)
				bn_canvas_line(v, column, last, cx, cy, role, series_style(s));
			column = cx;
			low = high = cy;
		}
		low = cy < low ? cy : low;
		high = cy > high ? cy : high;
		last = cy;
		joined = true;
	}
	if (column >= 0)
		bn_canvas_line(v, column, low, column, high, role, series_style(s));
}

/* Draws the marker of a series at its last point and along it, so that lines differ without
 * colour. */
static void series_mark(
	const canvas *v, const bounds *b, const bn_chart_series *s, int count)
{
	if (v->sub_rows == 1)
		return; /* ASCII lines consist of their marker */
	int every = v->area.cols / 3 > 8 ? v->area.cols / 3 : v->area.cols;
	int offset = count > 1 ? every * s->style / count : 0, previous = -1;
	for (size_t i = 0; i < s->n; i++) {
		double value = bn_extent_y(b, s->y[i]);
		if (isnan(value))
			continue;
		int c = dot_x(v, b, series_x(s, i)) / v->sub_cols;
		bool is_last = i + 1 == s->n;
		bool on_grid = count > 1 && c != previous && (c + offset) % every == every / 2;
		previous = c;
		if (is_last || on_grid)
			bn_area_cp(v->area, dot_y(v, b, value) / v->sub_rows, c, series_ink(s),
				series_marker(s, v->area.s->alphabet));
	}
}

static void tick_label(const bounds *b, double y, char *out)
{
	double tiny = 1e-12 * (b->y1 - b->y0);
	bn_format_number(out, b->log_y ? pow(10, y) : fabs(y) < tiny ? 0 : y);
}

static int ticks_find(const bounds *b, int rows, double out[BN_TICKS_MOST])
{
	return bn_ticks_find(out, b->y0, b->y1, b->log_y, rows / 2);
}

static int axis_width(const bounds *b, int rows)
{
	char label[BN_FORMAT_BYTES];
	double ticks[BN_TICKS_MOST];
	int widest = 1, n = ticks_find(b, rows, ticks);
	for (int i = 0; i < n; i++) {
		tick_label(b, ticks[i], label);
		int w = (int)strlen(label);
		widest = w > widest ? w : widest;
	}
	return widest;
}

static void x_label(const bn_chart *c, double x, char *out)
{
	if (c->x_is_time)
		bn_format_clock(out, (int64_t)x, c->utc);
	else
		bn_format_number(out, x);
}

static void axis_draw(bn_area a, const canvas *v, const bounds *b, int left, const bn_chart *c)
{
	char label[BN_FORMAT_BYTES], end[BN_FORMAT_BYTES];
	double ticks[BN_TICKS_MOST];
	int top = v->area.row - a.row, bottom = top + v->area.rows, last = -1;
	int n = ticks_find(b, v->area.rows, ticks);
	for (int r = top; r < bottom; r++)
		bn_area_glyph(a, r, left, BN_INK_AXIS, BN_GLYPH_VLINE);
	for (int i = 0; i < n; i++) {
		int r = top + dot_y(v, b, ticks[i]) / v->sub_rows;
		if (r == last)
			continue;
		last = r;
		tick_label(b, ticks[i], label);
		bn_area_field_right(a, r, 0, left, BN_INK_AXIS, label);
		bn_area_glyph(a, r, left, BN_INK_AXIS, BN_GLYPH_TICK_LEFT);
	}
	x_label(c, b->x0, label);
	x_label(c, b->x1, end);
	int from = left + 1, to = a.cols - (int)strlen(end);
	bn_area_text(a, bottom, from, BN_INK_AXIS, label);
	bn_area_text(a, bottom, to, BN_INK_AXIS, end);
	if (c->x_title) {
		int w = (int)bn_utf8_width(c->x_title), at = from + (a.cols - from - w) / 2;
		if (at > from + (int)strlen(label) && at + w < to)
			bn_area_text(a, bottom, at, BN_INK_AXIS, c->x_title);
	}
}

/* Index of the point nearest to x, or n. */
static size_t series_nearest(const bn_chart_series *s, double x)
{
	size_t best = s->n;
	double distance = INFINITY;
	for (size_t i = 0; i < s->n; i++) {
		double d = fabs(series_x(s, i) - x);
		if (isfinite(s->y[i]) && d < distance) {
			distance = d;
			best = i;
		}
	}
	return best;
}

/* The value of a series at the cursor, or its last one; NaN: it has none. */
static double series_value(const bn_chart_series *s, const bn_chart *c, const bounds *b)
{
	size_t at = s->n;
	if (c->has_cursor)
		at = series_nearest(s, c->cursor);
	else
		for (at = s->n; at > 0 && (!isfinite(s->y[at - 1]) || !bn_extent_has(b, series_x(s, at - 1))); at--)
			;
	at -= !c->has_cursor && at > 0;
	return at < s->n && isfinite(s->y[at]) ? s->y[at] : NAN;
}

/* A note is whole or left out. */
static int note_draw(bn_area a, int col, bn_ink ink, const char *text)
{
	return col + (int)strlen(text) <= a.cols ? bn_area_text(a, 0, col, ink, text) + 2 : col;
}

/* The notes behind the values: what is missing, and how the chart is drawn. */
static void notes_draw(bn_area a, int col, const bn_chart *c, const bounds *b)
{
	char text[40];
	if (b->gaps) {
		snprintf(text, sizeof text, "%zu gap%s", b->gaps, b->gaps == 1 ? "" : "s");
		col = note_draw(a, col, BN_INK_WARN, text);
	}
	if (b->hidden) {
		snprintf(text, sizeof text, "%zu not above 0", b->hidden);
		col = note_draw(a, col, BN_INK_WARN, text);
	}
	if (c->log_y)
		col = note_draw(a, col, BN_INK_DIM, "log y");
	if (c->smoothing > 0) {
		snprintf(text, sizeof text, "smooth %.2g", c->smoothing);
		note_draw(a, col, BN_INK_DIM, text);
	}
}

static int notes_width(const bn_chart *c, const bounds *b)
{
	return (b->gaps ? 11 : 0) + (b->hidden ? 17 : 0) + (c->log_y ? 7 : 0) +
	       (c->smoothing > 0 ? 11 : 0);
}

static void legend_draw(bn_area a, const bn_chart *c, const bounds *b)
{
	int col = 0;
	char number[BN_FORMAT_BYTES];
	if (c->title)
		col = bn_area_text(a, 0, 0, BN_INK_STRONG, c->title) + 2;
	if (c->has_cursor && c->x_title) {
		x_label(c, c->cursor, number);
		col = bn_area_textf(a, 0, col, BN_INK_STRONG, "%s %s  ", c->x_title, number);
	}
	int room = a.cols - notes_width(c, b) - 3; /* the ellipsis */
	for (int i = 0; i < c->count; i++) {
		const bn_chart_series *s = &c->series[i];
		bn_ink role = series_ink(s);
		double value = series_value(s, c, b);
		if (c->y_is_bytes)
			bn_format_bytes(number, fabs(value) < 0x1p62 ? (int64_t)value : -1);
		else
			bn_format_number(number, value);
		int width = 4 + (int)strlen(number) + (s->label[0] ? 1 + (int)bn_utf8_width(s->label) : 0);
		if (i > 0 && col + width - 2 > room) { /* no number is cut */
			col = bn_area_glyph(a, 0, col, BN_INK_DIM, BN_GLYPH_ELLIPSIS) + 2;
			break;
		}
		bn_area_cp(a, 0, col++, role, series_marker(s, a.s->alphabet));
		if (s->label[0])
			col = bn_area_text(a, 0, col + 1, role, s->label);
		col = bn_area_textf(a, 0, col, BN_INK_STRONG, " %s  ", number);
	}
	notes_draw(a, col, c, b);
}

/* The smoothed series in *out, in *room (to be freed); the series itself without smoothing or memory. */
static void smoothed(bn_chart_series *out, double **room, const bn_chart_series *s, double smoothing)
{
	*out = *s;
	*room = NULL;
	if (smoothing <= 0 || !s->n)
		return;
	const double *y = s->mean_y ? s->mean_y : s->y;
	size_t n = s->mean_y ? s->mean_n : s->n;
	if (!(*room = bn_alloc_zeroed(n, sizeof **room)))
		return;
	bn_curve_smooth(y, n, smoothing, *room);
	out->x = s->mean_y ? s->mean_x : s->x;
	out->y = *room;
	out->n = n;
}

static void all_series_draw(canvas *v, const bounds *b, const bn_chart *c)
{
	for (int i = 0; c->smoothing > 0 && i < c->count; i++)
		series_draw(v, b, &c->series[i], BN_INK_SERIES_RAW);
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < c->count; i++) {
			bn_chart_series s;
			double *room;
			smoothed(&s, &room, &c->series[i], c->smoothing);
			if (pass == 0)
				series_draw(v, b, &s, series_ink(&s));
			else
				series_mark(v, b, &s, c->count);
			bn_free(room);
		}
		if (pass == 0)
			bn_canvas_paint(v);
	}
}

void bn_chart_draw(bn_area a, const bn_chart *c)
{
	bounds b;
	canvas v;
	bounds_find(c, &b);
	if (bn_area_is_empty(a))
		return;
	legend_draw(a, c, &b);
	if (!b.any) {
		bn_area_text(a, 1, 0, BN_INK_DIM, "no points to draw yet");
		return;
	}
	int plot_rows = a.rows - 2, left = axis_width(&b, plot_rows);
	if (plot_rows < 1 || a.cols - left - 1 < 2)
		return;
	if (bn_canvas_init(&v, bn_area_sub(a, 1, left + 1, plot_rows, a.cols - left - 1)))
		return;
	axis_draw(a, &v, &b, left, c);
	if (c->has_line && !isnan(bn_extent_y(&b, c->line)))
		bn_area_hline(v.area, dot_y(&v, &b, bn_extent_y(&b, c->line)) / v.sub_rows, 0,
			v.area.cols, BN_INK_WARN);
	if (c->has_cursor)
		for (int r = 0; r < v.area.rows; r++)
			bn_area_glyph(v.area, r, dot_x(&v, &b, c->cursor) / v.sub_cols, BN_INK_AXIS,
				BN_GLYPH_VLINE);
	all_series_draw(&v, &b, c);
	bn_free(v.dots);
}
