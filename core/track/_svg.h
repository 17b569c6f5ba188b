/* _svg.h - what the pictures of this folder share: the frame of an <svg> element, text, markers. Not for other modules. */
#ifndef BN_TRACK__SVG_H
#define BN_TRACK__SVG_H
#include "core/base/buf.h"

#include <stdbool.h>

enum { BN_SVG_LINE = 18, BN_SVG_MARGIN = 12, BN_SVG_LEGEND_MOST = 60 };

/* The style sheet's rules, for a page with pictures in it. */
void bn_svg_add_style(bn_buf *out);
/* The element's start, with its style sheet and background unless the page has them. */
void bn_svg_begin(bn_buf *out, double width, double height, const char *title, bool embedded);
void bn_svg_end(bn_buf *out);
/* class: of the style sheet, with its text-anchor: "bn-t", "bn-t bn-end". Untrusted text, cut to `most` characters; 0:
 * whole. */
void bn_svg_text(bn_buf *out, double x, double y, const char *class, const char *text, size_t most);
/* The marker of a style around a point. */
void bn_svg_marker(bn_buf *out, double x, double y, int style);
/* A marker and a label at (x, y), to its right; returns where the next entry begins. */
double bn_svg_entry(bn_buf *out, double x, double y, int style, const char *label);
double bn_svg_entry_width(const char *label);

#endif
