/* canvas.c - see _canvas.h. */
#include "tui/ui/_canvas.h"

#include "core/base/mem.h"

#include <math.h>

int bn_canvas_init(bn_canvas *v, bn_area area)
{
	static const int sub[3][2] = {{1, 1}, {1, 2}, {2, 4}};
	size_t n = (size_t)area.rows * (size_t)area.cols;
	v->area = area;
	v->sub_cols = sub[area.s->alphabet][0];
	v->sub_rows = sub[area.s->alphabet][1];
	v->cols = area.cols * v->sub_cols;
	v->rows = area.rows * v->sub_rows;
	v->dots = bn_alloc_zeroed(3 * n, 1);
	v->role = v->dots ? v->dots + n : NULL;
	v->style = v->dots ? v->dots + 2 * n : NULL;
	return v->dots ? 0 : -1;
}

void bn_canvas_dot(bn_canvas *v, int x, int y, bn_ink role, int style)
{
	static const uint8_t braille[4][2] = {
		{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	if (x < 0 || y < 0 || x >= v->cols || y >= v->rows)
		return;
	size_t at = (size_t)(y / v->sub_rows) * (size_t)v->area.cols + (size_t)(x / v->sub_cols);
	int bit = v->sub_rows == 4 ? braille[y % 4][x % 2] : 1 << (y % v->sub_rows);
	v->dots[at] = (uint8_t)(v->dots[at] | bit);
	v->role[at] = (uint8_t)role;
	v->style[at] = (uint8_t)style;
}

void bn_canvas_line(bn_canvas *v, int x0, int y0, int x1, int y1, bn_ink role, int style)
{
	int dx = x1 > x0 ? x1 - x0 : x0 - x1, dy = y1 > y0 ? y1 - y0 : y0 - y1;
	int steps = dx > dy ? dx : dy;
	for (int i = 0; i <= steps; i++) {
		double f = steps ? (double)i / steps : 0;
		bn_canvas_dot(v, x0 + (int)lround(f * (x1 - x0)), y0 + (int)lround(f * (y1 - y0)),
			role, style);
	}
}

void bn_canvas_paint(const bn_canvas *v)
{
	static const uint32_t half[4] = {' ', 0x2580, 0x2584, 0x2588};
	for (int r = 0; r < v->area.rows; r++) {
		for (int c = 0; c < v->area.cols; c++) {
			size_t at = (size_t)r * (size_t)v->area.cols + (size_t)c;
			uint32_t cp;
			if (!v->dots[at])
				continue;
			if (v->sub_rows == 4)
				cp = 0x2800 + v->dots[at];
			else if (v->sub_rows == 2)
				cp = half[v->dots[at] & 3];
			else if (v->style[at] > 31)
				cp = v->style[at];
			else if (v->role[at] == BN_INK_SERIES_RAW)
				cp = '.';
			else
				cp = bn_glyph_series(BN_ALPHABET_ASCII, v->style[at]);
			bn_area_cp(v->area, r, c, (bn_ink)v->role[at], cp);
		}
	}
}
