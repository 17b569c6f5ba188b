/* foot.c - aggregates of the displayed rows, above those of all rows of the version, so that a
 * cause is visible: the number of missing values, the mean or the most frequent value. */
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/views/rows/_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROOM_FROM = 12 }; /* rows of the area from which on there is a footer */

/* Rounded to as many digits as fit, never cut: a cut number would be another one. "-": nothing fits. */
static void number_fit(double value, int width, char *out, size_t size)
{
	snprintf(out, size, "%.*g", 4, value);
	for (int digits = 4; digits > 0 && (int)strlen(out) > width; digits--)
		snprintf(out, size, "%.*g", digits, value);
	if ((int)strlen(out) > width)
		snprintf(out, size, "-");
}

/* At most six digits, as many as fit; fewer than four only if they do not fit. */
static void mean_text(double mean, int width, char *out, size_t size)
{
	snprintf(out, size, "%.0f", mean);
	if (fabs(mean) >= 1e5 && fabs(mean) < 1e12 && (int)strlen(out) <= width)
		return;
	for (int digits = 6; digits >= 4; digits--) {
		snprintf(out, size, "%.*g", digits, mean);
		if ((int)strlen(out) <= width && !strchr(out, 'e'))
			return;
	}
	number_fit(mean, width, out, size);
}

/* A time to the second, the minute or the day, whichever fits. "-": none fits. */
static void time_fit(const char *time, int width, char *out, size_t size)
{
	static const int lengths[] = {20, 16, 10};
	int n = (int)strlen(time);
	for (size_t i = 0; n > width && i < sizeof lengths / sizeof *lengths; i++)
		n = lengths[i] < n ? lengths[i] : n;
	snprintf(out, size, "%.*s", n, n > width ? "-" : time);
}

/* "710.2", "batch 71 %", or a mean time. If the share does not fit it is left out, and a value that does not fit is cut
 * by the field. */
static void middle_text(const bn_total *t, int width, char *out, size_t size)
{
	char share[16];
	out[0] = '\0';
	if (!isnan(t->middle)) {
		mean_text(t->middle, width, out, size);
		return;
	}
	if (!t->common)
		return;
	if (isnan(t->share)) {
		time_fit(t->common, width, out, size);
		return;
	}
	snprintf(share, sizeof share, " %.0f %%", 100 * t->share);
	bool has_share = (int)(bn_utf8_width(t->common) + strlen(share)) <= width;
	snprintf(
		out, size, "%.*s%s", (int)(size - sizeof share), t->common, has_share ? share : "");
}

static void line_draw(const bn_rows_view *v, bn_area a, int row, const char *name,
	const bn_total *totals, size_t count, bool missing)
{
	const bn_grid *g = &v->list.grid;
	bn_area_text(a, row, 1, BN_INK_DIM, name);
	for (int i = 0; i < g->placed_count; i++) {
		const bn_grid_placed *p = &g->placed[i];
		char text[96], number[BN_FORMAT_BYTES];
		if (p->column < 1 || (size_t)p->column > count)
			continue;
		const bn_total *t = &totals[p->column - 1];
		if (missing)
			snprintf(text, sizeof text, "%s", bn_format_count(number, t->missing));
		else
			middle_text(t, p->width, text, sizeof text);
		if (missing && (int)bn_utf8_width(text) > p->width)
			number_fit((double)t->missing, p->width, text, sizeof text);
		bn_ink ink = missing && t->missing > 0 ? BN_INK_WARN : BN_INK_TEXT;
		if (bn_grid_column_is_right(&g->columns[p->column]))
			bn_area_field_right(a, row, p->at, p->width, ink, text[0] ? text : "-");
		else
			bn_area_field(a, row, p->at, p->width, ink, text[0] ? text : "-");
	}
}

static void ask(bn_rows_view *v)
{
	bn_rows_of of = bn_rows_view_of(v);
	if (v->totals_asked || !bn_rows_order(v))
		return;
	v->totals_asked = true;
	bn_view_load(&v->list.view, BN_LANE_SCAN, BN_KIND_TOTALS,
		bn_view_source(&v->list.view)->totals, &of, sizeof of);
}

int bn_rows_foot_draw(bn_rows_view *v, bn_area a, bool draw)
{
	bool some = bn_rows_are_some(v);
	int rows = some ? 4 : 3, at = a.rows - rows;
	const bn_order *o = bn_rows_order(v);
	const bn_totals *t = v->totals ? v->totals->data : NULL;
	char n[BN_FORMAT_BYTES];
	if (a.rows < ROOM_FROM || !o || o->count == 0)
		return 0;
	if (!draw)
		return rows;
	ask(v);
	bn_area_hline(a, at, 0, a.cols, BN_INK_BORDER);
	bn_area_textf(a, at, 1, BN_INK_HEADER,
		some ? " of these %s rows: the mean, of texts the most frequent "
		     : " of all %s rows: the mean, of texts the most frequent ",
		bn_format_count(n, o->count));
	if (!t) {
		bn_area_glyph(a, at + 1, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return rows;
	}
	line_draw(v, a, at + 1, "missing", t->some, t->columns, true);
	line_draw(v, a, at + 2, "mean/top", t->some, t->columns, false);
	if (some && t->all)
		line_draw(v, a, at + 3, "of all", t->all, t->all_columns, false);
	return rows;
}
