/* svg.c - see _svg.h. */
#include "core/track/_svg.h"

#include "core/base/markup.h"
#include "core/base/utf8.h"
#include "core/track/styles.h"

#include <string.h>

enum { LABEL_MOST = 40 };
static const double char_width = 6.6; /* on average, at 12 px */

void bn_svg_add_style(bn_buf *out)
{
	static const char *const light[BN_STYLE_COLOURS] = {
		"#0b62a4", "#b45309", "#047857", "#a21caf", "#b91c1c", "#0e7490"};
	static const char *const dark[BN_STYLE_COLOURS] = {
		"#6cb2f0", "#f5a742", "#4ade80", "#e879f9", "#f87171", "#22d3ee"};
	bn_buf_adds(out, ".bn-svg{--bg:#fff;--ink:#1a1a1a;--dim:#5c5c5c;--grid:#dcdcdc;");
	for (int i = 0; i < BN_STYLE_COLOURS; i++)
		bn_buf_addf(out, "--s%d:%s;", i, light[i]);
	bn_buf_adds(out, "}\n@media (prefers-color-scheme:dark){"
			 ".bn-svg{--bg:#161616;--ink:#ededed;--dim:#a8a8a8;--grid:#3a3a3a;");
	for (int i = 0; i < BN_STYLE_COLOURS; i++)
		bn_buf_addf(out, "--s%d:%s;", i, dark[i]);
	bn_buf_adds(out, "}}\n"
			 ".bn-bg{fill:var(--bg)}"
			 ".bn-t{font:12px sans-serif;fill:var(--ink)}"
			 ".bn-h{font:bold 13px sans-serif;fill:var(--ink)}"
			 ".bn-d{font:11px sans-serif;fill:var(--dim)}"
			 ".bn-end{text-anchor:end}.bn-mid{text-anchor:middle}"
			 ".bn-g{stroke:var(--grid);stroke-width:1;fill:none}"
			 ".bn-a{stroke:var(--dim);stroke-width:1;fill:none}"
			 ".bn-l{fill:none;stroke-width:1.5;stroke-linejoin:round}"
			 ".bn-raw{opacity:.35;stroke-width:1}.bn-hi{stroke-width:3}\n");
	for (int i = 0; i < BN_STYLE_COLOURS; i++)
		bn_buf_addf(out,
			".bn-c%d{stroke:var(--s%d)}.bn-f%d{fill:var(--s%d);stroke:var(--s%d)}"
			".bn-o%d{fill:var(--bg);stroke:var(--s%d);stroke-width:1.5}\n",
			i, i, i, i, i, i, i);
}

void bn_svg_begin(bn_buf *out, double width, double height, const char *title, bool embedded)
{
	if (!embedded)
		bn_buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	bn_buf_addf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"bn-svg\" role=\"img\" width=\"%.0f\" "
		"height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<title>",
		width, height, width, height);
	bn_markup_add_xml(out, title, BN_SHOWN_LINE);
	bn_buf_adds(out, "</title>\n");
	if (!embedded) {
		bn_buf_adds(out, "<style>\n");
		bn_svg_add_style(out);
		bn_buf_adds(out, "</style>\n");
	}
	bn_buf_adds(out, "<rect class=\"bn-bg\" width=\"100%\" height=\"100%\"/>\n");
}

void bn_svg_end(bn_buf *out)
{
	bn_buf_adds(out, "</svg>\n");
}

void bn_svg_text(bn_buf *out, double x, double y, const char *class, const char *text, size_t most)
{
	size_t n = strlen(text), fits = most ? bn_utf8_head(text, n, most) : n;
	char cut[256];
	bn_buf_addf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	if (fits < n && fits < sizeof cut) {
		memcpy(cut, text, fits);
		cut[fits] = '\0';
		bn_markup_add_xml(out, cut, BN_SHOWN_LINE);
		bn_buf_adds(out, "…");
	} else {
		bn_markup_add_xml(out, text, BN_SHOWN_LINE);
	}
	bn_buf_adds(out, "</text>\n");
}

/* An estimate, in the font of the style sheet. */
static double text_width(const char *text)
{
	return char_width * (double)bn_utf8_width(text);
}

void bn_svg_marker(bn_buf *out, double x, double y, int style)
{
	int c = bn_style_colour(style);
	switch (bn_style_shape(style)) {
	case 0:
		bn_buf_addf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" class=\"bn-f%d\"/>\n", x, y, c);
		return;
	case 1:
		bn_buf_addf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" class=\"bn-o%d\"/>\n", x, y, c);
		return;
	case 2:
		bn_buf_addf(out, "<path d=\"M%.1f %.1fl4.5 8h-9z\" class=\"bn-f%d\"/>\n", x, y - 5, c);
		return;
	case 3:
		bn_buf_addf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\" class=\"bn-o%d\"/>\n",
			x - 3.5, y - 3.5, c);
		return;
	case 4:
		bn_buf_addf(out, "<path d=\"M%.1f %.1fl5 5-5 5-5-5z\" class=\"bn-f%d\"/>\n", x, y - 5, c);
		return;
	default:
		bn_buf_addf(out, "<path d=\"M%.1f %.1fl8 8m0-8l-8 8\" class=\"bn-l bn-c%d\"/>\n", x - 4,
			y - 4, c);
	}
}

double bn_svg_entry_width(const char *label)
{
	double text = text_width(label), most = LABEL_MOST * char_width;
	return 26 + (text < most ? text : most + char_width);
}

double bn_svg_entry(bn_buf *out, double x, double y, int style, const char *label)
{
	bn_svg_marker(out, x + 5, y - 4, style);
	bn_svg_text(out, x + 14, y, "bn-t", label, LABEL_MOST);
	return x + bn_svg_entry_width(label);
}
