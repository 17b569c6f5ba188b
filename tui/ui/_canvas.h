/*
 * _canvas.h - dots finer than cells, which become braille, half blocks or ASCII marks: what charts draw lines with. Not
 * for views.
 */
#ifndef BN_TUI_UI__CANVAS_H
#define BN_TUI_UI__CANVAS_H
#include "tui/ui/surface.h"

#include <stdint.h>

/* Dots, in the resolution of the alphabet, that are converted to cells at the end. */
typedef struct bn_canvas {
	bn_area area;
	int sub_cols, sub_rows; /* dots per cell */
	int cols, rows;         /* dots */
	uint8_t *dots;          /* one byte of bits per cell */
	uint8_t *role, *style;
} bn_canvas;

/* -1: out of memory. dots: to be freed. */
int bn_canvas_init(bn_canvas *v, bn_area area);
/* style: the marker of ASCII lines (0 to 5), or above 31 a character. A dot outside is left out. */
void bn_canvas_dot(bn_canvas *v, int x, int y, bn_ink role, int style);
void bn_canvas_line(bn_canvas *v, int x0, int y0, int x1, int y1, bn_ink role, int style);
void bn_canvas_paint(const bn_canvas *v); /* into its area, over what is there */

#endif
