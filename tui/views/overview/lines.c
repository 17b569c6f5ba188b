/* lines.c - draws a line of the queue: its state, its subject, its message and its age; for a
 * running run its progress and curve. See _overview.h. */
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/ui/glyph.h"
#include "tui/views/overview/_overview.h"
#include "tui/views/views.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *bn_line_part_title(bn_line_part part)
{
	static const char *const titles[BN_LINE_PARTS] = {[BN_LINE_NEED] = "needs you",
		[BN_LINE_RUN] = "running",
		[BN_LINE_BEST] = "best so far, on the test part, and against the next",
		[BN_LINE_USE] = "in use",
		[BN_LINE_STEP] = "begin with"};
	return titles[part];
}

enum { SPARK_LEAST = 4 }; /* widths */

typedef struct line_shape {
	int word, subject, detail, aside; /* start columns; aside: its width, at the right end */
} line_shape;

static line_shape shape_of(const bn_line *l, int cols)
{
	int aside = cols >= 60 ? 11 : 0;
	if (l->part == BN_LINE_BEST)
		return (line_shape){1, cols >= 60 ? 19 : 13, cols >= 60 ? 36 : 25, aside};
	if (l->part == BN_LINE_STEP)
		return (line_shape){1, 8, cols >= 60 ? 28 : 22, 0};
	if (l->part == BN_LINE_RUN)
		return (line_shape){3, 3, cols >= 60 ? 21 : 17, aside};
	return (line_shape){3, cols >= 60 ? 13 : 12, cols >= 60 ? 32 : 24, aside};
}

static int bar_draw(const bn_line *l, bn_area a, int row, int col, int width, bn_ink ink)
{
	int full = (int)((double)width * (double)l->step / (double)l->steps);
	bool ascii = a.s->alphabet == BN_ALPHABET_ASCII;
	uint32_t done = ascii ? '#' : 0x2588, rest = ascii ? '.' : 0xb7;
	for (int i = 0; i < width; i++)
		bn_area_cp(a, row, col + i, ink, i < full ? done : rest);
	return col + width;
}

/* "382/1500 ####....  loss 0.119 ▇▅▃▂" up to a column; what does not fit is omitted from the
 * end. */
static void progress_draw(const bn_line *l, bn_area a, int row, int col, int end, int role)
{
	bn_ink text = role >= 0 ? (bn_ink)role : BN_INK_TEXT;
	bn_ink bar = role >= 0 ? (bn_ink)role : BN_INK_RUNNING;
	char words[80], value[BN_FORMAT_BYTES];
	if (l->steps > 0)
		snprintf(words, sizeof words, "%lld/%lld", (long long)l->step, (long long)l->steps);
	else
		snprintf(words, sizeof words, "step %lld", (long long)l->step);
	col = bn_area_text(a, row, col, text, words) + 1;
	int width = end - col > 50 ? 20 : 10;
	if (l->steps > 0 && col + width < end)
		col = bar_draw(l, a, row, col, width, bar) + 2;
	snprintf(words, sizeof words, "%.40s %s", l->metric, bn_format_number(value, l->value));
	if (col + (int)bn_utf8_width(words) >= end)
		return;
	col = bn_area_text(a, row, col, text, words) + 1;
	char spark[BN_SPARK_TEXT];
	if (end - col >= SPARK_LEAST)
		bn_area_text(a, row, col, role >= 0 ? (bn_ink)role : BN_INK_TEXT,
			bn_spark_text(spark, l->spark, l->spark_count, end - col, a.s->alphabet));
}

static void aside_words(const bn_line *l, int64_t now_ms, char *out, size_t size)
{
	char text[BN_FORMAT_BYTES];
	if (l->aside)
		snprintf(out, size, "%s", l->aside);
	else if (l->left_ms >= 0)
		snprintf(out, size, "%s", bn_format_age(text, now_ms + l->left_ms + 1000, now_ms));
	else if (l->time_ms > 0)
		snprintf(out, size, "%s", bn_format_age(text, l->time_ms, now_ms));
	else
		out[0] = '\0';
}

void bn_line_draw(const bn_line *l, bn_area a, int row, int64_t now_ms, int role)
{
	line_shape s = shape_of(l, a.cols);
	bn_ink text = role >= 0 ? (bn_ink)role : BN_INK_TEXT;
	bn_ink dim = role >= 0 ? (bn_ink)role : BN_INK_DIM;
	bn_ink state = role >= 0 ? (bn_ink)role : bn_state_ink(l->state);
	int end = a.cols - 1 - (s.aside ? s.aside + 1 : 0);
	char aside[BN_FORMAT_BYTES + 8];
	if (role >= 0)
		bn_area_fill(a, row, 0, 1, a.cols, (bn_ink)role);
	if (s.word == 3)
		bn_area_glyph(a, row, 1, state, (bn_glyph_id)bn_state_glyph(l->state));
	if (l->word && s.subject > s.word)
		bn_area_name(a, row, s.word, s.subject - s.word - 1,
			l->part == BN_LINE_NEED ? state : dim, l->word);
	bn_area_name(a, row, s.subject, s.detail - s.subject - 1,
		role >= 0 ? (bn_ink)role : BN_INK_STRONG, l->subject ? l->subject : "");
	aside_words(l, now_ms, aside, sizeof aside);
	if (s.aside)
		bn_area_field_right(a, row, end + 1, s.aside, dim, aside);
	bn_ink detail = l->part == BN_LINE_STEP && role < 0 ? BN_INK_KEY : text;
	bool fits = !l->brief || (l->detail && (int)bn_utf8_width(l->detail) <= end - s.detail);
	if (l->detail)
		bn_area_field(
			a, row, s.detail, end - s.detail, detail, fits ? l->detail : l->brief);
	else if (l->metric)
		progress_draw(l, a, row, s.detail, end, role);
}
