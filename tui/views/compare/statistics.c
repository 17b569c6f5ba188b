/* statistics.c - significance over seeds and the importance of parameters, as text. See _compare.h. */
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/views/compare/_compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_COLS = 11, LABEL_MOST = 44 };

static void number_draw(bn_area a, int row, int col, double x)
{
	char text[BN_FORMAT_BYTES];
	bn_area_field_right(a, row, col, NUMBER_COLS - 1, BN_INK_NUMBER, bn_format_number(text, x));
}

/* Titles of columns, as many as fit; returns how many. */
static int heads_draw(bn_area a, int row, int left, const char *const *heads, int count)
{
	int n = 0;
	for (; n < count && left + (n + 1) * NUMBER_COLS <= a.cols; n++)
		bn_area_field_right(a, row, left + n * NUMBER_COLS, NUMBER_COLS - 1, BN_INK_HEADER, heads[n]);
	return n;
}

static int label_width(const bn_area a, const char *label, int width)
{
	int own = (int)bn_utf8_width(label), most = a.cols / 2 < LABEL_MOST ? a.cols / 2 : LABEL_MOST;
	own = own > most ? most : own;
	return own > width ? own : width;
}

static int seeds_draw(const bn_seeds *s, bn_area a)
{
	static const char *const heads[] = {"seeds", "mean", "difference", "t, Holm", "rank, Holm", "from", "to",
		"sd", "t, p", "rank, p", "pairs"};
	static const char *const better[] = {", smaller is better", "", ", larger is better"};
	int left = 7, row = 0;
	char text[BN_SEEDS_TEXT];
	bn_area_textf(a, row++, 0, BN_INK_HEADER, "over seeds: %s%s", s->metric, better[s->better + 1]);
	if (!bn_seeds_have_pairs(s)) {
		bn_area_text(a, row++, 0, BN_INK_DIM,
			s->seed ? "no setting has two seeds of the baseline's; p makes another run the baseline"
				: "no parameter is a seed: nothing can be paired");
		return row;
	}
	for (size_t i = 0; i < s->count; i++)
		left = label_width(a, s->settings[i].label, left);
	bn_area_text(a, row, 0, BN_INK_HEADER, "setting");
	int n = heads_draw(a, row++, left, heads, sizeof heads / sizeof *heads);
	for (size_t i = 0; i < s->count && row < a.rows; i++, row++) {
		const bn_seed_setting *o = &s->settings[i];
		const double numbers[] = {(double)o->seeds, o->mean, o->difference, o->t_p_holm, o->w_p_holm,
			o->difference_low, o->difference_high, o->deviation, o->t_p, o->w_p,
			i ? (double)o->pairs : (double)NAN};
		bn_area_name(a, row, 0, left, i ? BN_INK_TEXT : BN_INK_STRONG, o->label);
		for (int k = 0; k < n; k++)
			number_draw(a, row, left + k * NUMBER_COLS, numbers[k]);
	}
	if (bn_seeds_are_repeated(s) && row < a.rows)
		bn_area_text(a, row++, 0, BN_INK_DIM,
			"several runs of a setting with one seed count once, with their mean");
	if (s->left_out && row < a.rows)
		bn_area_text(a, row++, 0, BN_INK_DIM, bn_seeds_left_out(text, s));
	return row;
}

static void importance_draw(const bn_importance *m, bn_area a)
{
	static const char *const heads[] = {"info, nats", "rank corr.", "values", "runs"};
	int left = 9, row = 0;
	if (!m->count)
		return;
	bn_area_textf(a, row++, 0, BN_INK_HEADER, "parameters that %s depends on", m->metric);
	for (size_t i = 0; i < m->count; i++)
		left = label_width(a, m->items[i].key, left);
	bn_area_text(a, row, 0, BN_INK_HEADER, "parameter");
	int n = heads_draw(a, row++, left + 2, heads, sizeof heads / sizeof *heads);
	for (size_t i = 0; i < m->count && row < a.rows; i++, row++) {
		const bn_param_importance *p = &m->items[i];
		const double numbers[] = {
			p->information, p->correlation, (double)p->values, (double)p->runs};
		bn_area_name(a, row, 0, left, BN_INK_TEXT, p->key);
		for (int k = 0; k < n; k++)
			number_draw(a, row, left + 2 + k * NUMBER_COLS, numbers[k]);
	}
}

void bn_compare_statistics_draw(const bn_compare_view *v, bn_area a)
{
	const bn_statistics_page *p = v->statistics ? v->statistics->data : NULL;
	a = bn_area_sub(a, 0, 1, a.rows, a.cols - 1);
	if (!p) {
		if (v->statistics && v->statistics->err.code)
			bn_area_paragraph(a, 0, 0, BN_INK_ERROR, v->statistics->err.msg);
		else
			bn_area_glyph(a, 0, 0, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	if (!p->seeds) {
		bn_area_text(a, 0, 0, BN_INK_DIM,
			p->is_partial ? "reading the points of these runs" : "these runs have no metric");
		return;
	}
	int row = seeds_draw(p->seeds, a) + 1;
	if (row < a.rows)
		importance_draw(&p->importance, bn_area_sub(a, row, 0, a.rows - row, a.cols));
}
