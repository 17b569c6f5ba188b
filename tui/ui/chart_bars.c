/* chart_bars.c - histograms, shades and bars. See chart.h. */
#include "core/base/utf8.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Mean of the values in column c of width; NaN if none is finite. */
static double group_mean(const double *v, size_t n, int c, int width)
{
	size_t from = n * (size_t)c / (size_t)width, to = n * ((size_t)c + 1) / (size_t)width;
	double sum = 0;
	size_t count = 0;
	for (size_t i = from; i < (to > from ? to : from + 1) && i < n; i++) {
		if (isfinite(v[i])) {
			sum += v[i];
			count++;
		}
	}
	return count ? sum / (double)count : NAN;
}

void bn_chart_heat(bn_area a, int row, int col, int width, bn_ink role, const double *v, size_t n)
{
	static const uint32_t shades[2][5] = {
		{' ', '.', ':', '*', '#'}, {' ', 0x2591, 0x2592, 0x2593, 0x2588}};
	if (n < (size_t)width)
		width = (int)n;
	for (int c = 0; c < width; c++) {
		double m = group_mean(v, n, c, width);
		int level = isfinite(m) ? (int)lround(4 * fmin(fmax(m, 0), 1)) : 0;
		bn_area_cp(
			a, row, col + c, role, shades[a.s->alphabet != BN_ALPHABET_ASCII][level]);
	}
}

void bn_chart_bar(bn_area a, int row, int col, int width, bn_ink role, double fraction)
{
	if (!isfinite(fraction) || width < 1)
		return;
	double cells = fmin(fmax(fraction, 0), 1) * width;
	int whole = (int)cells;
	uint32_t full = a.s->alphabet == BN_ALPHABET_ASCII ? '#' : 0x2588;
	for (int c = 0; c < whole; c++)
		bn_area_cp(a, row, col + c, role, full);
	int eighths = (int)((cells - whole) * 8);
	if (whole < width && fraction > 0 && a.s->alphabet == BN_ALPHABET_BRAILLE &&
		(eighths || !whole))
		bn_area_cp(a, row, col + whole, role, 0x2590 - (uint32_t)(eighths ? eighths : 1));
	else if (!whole && fraction > 0)
		bn_area_cp(a, row, col, role, a.s->alphabet == BN_ALPHABET_ASCII ? '.' : 0x258c);
}

enum {
	TALLEST = 40, /* rows of a histogram; more add no information */
	WIDEST = 8,   /* columns per bin */
	AXIS = 7      /* columns for labels */
};

typedef struct bar_look {
	bn_ink ink;
	uint32_t ascii, block;
} bar_look;

static const bar_look look_reference = {BN_INK_REFERENCE, 'r', 0x2591};
static const bar_look look_current = {BN_INK_CURRENT, 'c', 0x2592};
static const bar_look look_alone = {BN_INK_CURRENT, '#', 0x2588};
static const bar_look look_overlap = {BN_INK_OVERLAP, '#', 0x2588};

static uint32_t look_cp(bn_area a, const bar_look *l)
{
	return a.s->alphabet == BN_ALPHABET_ASCII ? l->ascii : l->block;
}

static double bin_value(const double *v, size_t i)
{
	return v && isfinite(v[i]) && v[i] > 0 ? v[i] : 0;
}

static double bins_top(const double *reference, const double *current, size_t bins)
{
	double top = 0;
	for (size_t i = 0; i < bins; i++)
		top = fmax(top, fmax(bin_value(reference, i), bin_value(current, i)));
	return top;
}

static void legend_draw(bn_area a, bool reference, bool current)
{
	int col = 0;
	if (reference && current) {
		bn_area_cp(a, 0, col, look_overlap.ink, look_cp(a, &look_overlap));
		col = bn_area_text(a, 0, col + 2, BN_INK_TEXT, "both") + 2;
	}
	if (reference) {
		bn_area_cp(a, 0, col, look_reference.ink, look_cp(a, &look_reference));
		col = bn_area_text(a, 0, col + 2, BN_INK_TEXT, "more in reference") + 2;
	}
	if (current) {
		const bar_look *l = reference ? &look_current : &look_alone;
		bn_area_cp(a, 0, col, l->ink, look_cp(a, l));
		bn_area_text(a, 0, col + 2, BN_INK_TEXT,
			reference ? "more in current" : "share of rows");
	}
}

/* The glyph of a bin at a height. */
static const bar_look *look_of(
	const double *reference, const double *current, size_t i, double level)
{
	bool r = bin_value(reference, i) >= level, c = bin_value(current, i) >= level;
	if (!reference)
		return c ? &look_alone : NULL;
	return r && c ? &look_overlap : r ? &look_reference : c ? &look_current : NULL;
}

static double bins_least(const bn_histogram *h)
{
	double least = INFINITY;
	for (size_t i = 0; i < h->bins; i++) {
		double r = bin_value(h->reference, i), c = bin_value(h->current, i);
		least = r > 0 && r < least ? r : least;
		least = c > 0 && c < least ? c : least;
	}
	return least;
}

/* The share at a height from 0 to 1; on a logarithmic axis the smallest non-empty bin is still
 * visible. */
static double share_at(const bn_histogram *h, double top, double height)
{
	double least = bins_least(h) * 0.9;
	if (!h->log_y || !(least < top))
		return top * height;
	return least * pow(top / least, height);
}

static void histogram_rows(bn_area a, bn_area plot, const bn_histogram *h, double top, int wide)
{
	for (int r = 0; r < plot.rows; r++) {
		double level = share_at(h, top, (plot.rows - r - 0.5) / plot.rows);
		if (h->log_y && r == plot.rows - 1)
			level = share_at(h, top, 0);
		bn_area_glyph(a, 1 + r, AXIS, BN_INK_AXIS, BN_GLYPH_VLINE);
		for (int c = 0; c < wide * (int)h->bins && c < plot.cols; c++) {
			const bar_look *l =
				look_of(h->reference, h->current, (size_t)(c / wide), level);
			if (l)
				bn_area_cp(plot, r, c, l->ink, look_cp(a, l));
		}
	}
}

void bn_chart_histogram(bn_area a, const bn_histogram *h)
{
	double top = bins_top(h->reference, h->current, h->bins);
	char label[BN_FORMAT_BYTES];
	int rows = a.rows - 2 > TALLEST ? TALLEST : a.rows - 2;
	a = bn_area_sub(a, 0, 0, rows + 2, a.cols);
	if (bn_area_is_empty(a))
		return;
	legend_draw(a, h->reference, h->current);
	if (top <= 0 || h->bins == 0 || rows < 1 || a.cols < AXIS + 4) {
		bn_area_text(a, 1, 0, BN_INK_DIM, "nothing counted yet");
		return;
	}
	bn_area plot = bn_area_sub(a, 1, AXIS + 1, rows, a.cols - AXIS - 1);
	int wide = plot.cols / (int)h->bins > 0 ? plot.cols / (int)h->bins : 1;
	wide = wide > WIDEST ? WIDEST : wide;
	histogram_rows(a, plot, h, top, wide);
	if (h->log_y)
		bn_area_text(a, 0, a.cols - 5, BN_INK_AXIS, "log y");
	bn_area_field_right(a, 1, 0, AXIS, BN_INK_AXIS, bn_format_percent(label, top));
	if (h->log_y)
		bn_format_percent(label, share_at(h, top, 0));
	else
		snprintf(label, sizeof label, "0 %%");
	bn_area_field_right(a, rows, 0, AXIS, BN_INK_AXIS, rows < 2 ? "" : label);
	bn_area_text(a, a.rows - 1, AXIS + 1, BN_INK_AXIS, bn_format_number(label, h->lo));
	bn_format_number(label, h->hi);
	int end = AXIS + 1 + wide * (int)h->bins - (int)strlen(label);
	bn_area_text(a, a.rows - 1, end, BN_INK_AXIS, label);
}

void bn_chart_categories(bn_area a, const char *const *names, const double *reference,
	const double *current, size_t bins)
{
	double top = bins_top(reference, current, bins);
	int name_width = 4, at, width;
	if (bn_area_is_empty(a))
		return;
	legend_draw(a, reference, current);
	for (size_t i = 0; i < bins; i++) {
		int w = (int)bn_utf8_width(names[i]);
		name_width = w > name_width ? w : name_width;
	}
	name_width = name_width > a.cols / 3 ? a.cols / 3 : name_width;
	at = name_width + 1;
	width = a.cols - at - 18;
	for (size_t i = 0; i < bins && (int)i + 1 < a.rows; i++) {
		int r = 1 + (int)i;
		char p[BN_FORMAT_BYTES], q[BN_FORMAT_BYTES];
		bn_area_name(a, r, 0, name_width, BN_INK_TEXT, names[i]);
		for (int c = 0; c < width && top > 0; c++) {
			const bar_look *l = look_of(reference, current, i, top * (c + 0.5) / width);
			if (l)
				bn_area_cp(a, r, at + c, l->ink, look_cp(a, l));
		}
		if (reference)
			bn_area_field_right(a, r, a.cols - 17, 8, BN_INK_REFERENCE,
				bn_format_percent(p, reference[i]));
		if (current)
			bn_area_field_right(a, r, a.cols - 8, 8, BN_INK_CURRENT,
				bn_format_percent(q, current[i]));
	}
}
