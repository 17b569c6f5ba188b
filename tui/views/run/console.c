/*
 * console.c - the console of a run: its last lines, which follow the output or stay; the error in it; search for words.
 * See _run.h.
 */
#include "core/base/utf8.h"
#include "tui/views/run/_run.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- errors and warnings ------------------------------------------------------------------------- */

static bool has_word(const char *line, const char *word)
{
	return strcasestr(line, word) != NULL;
}

int bn_run_error_line(const bn_run_detail *d)
{
	static const char *const strong[] = {
		"error", "exception", "fatal", "panic", "segmentation"};
	static const char *const weak[] = {"killed", "failed", "abort", "cannot", "no such"};
	for (int pass = 0; pass < 2; pass++)
		for (int i = (int)d->log_count - 1; i >= 0; i--)
			for (size_t w = 0; w < sizeof strong / sizeof *strong; w++)
				if (has_word(d->log[i], pass ? weak[w] : strong[w]))
					return i;
	return -1;
}

bool bn_run_has_failed(const bn_run_detail *d)
{
	return bn_run_state(d->info->status) == BN_STATE_FAIL;
}

/* ---- search -------------------------------------------------------------------------------------- */

static bool is_match(const bn_run_view *v, const bn_run_detail *d, int line)
{
	return v->find[0] && has_word(d->log[line], v->find);
}

int bn_run_match_count(const bn_run_view *v, const bn_run_detail *d, int *place)
{
	int n = 0;
	*place = 0;
	for (int i = 0; i < (int)d->log_count; i++) {
		n += is_match(v, d, i);
		*place = i == v->match ? n : *place;
	}
	return n;
}

/* Lines below the visible ones. */
static int lines_below(const bn_run_view *v)
{
	return v->top + v->behind;
}

/* Centres a line, unless it is visible. */
static void line_show(bn_run_view *v, const bn_run_detail *d, int line)
{
	int end = (int)d->log_count - lines_below(v), from = end - v->page_rows;
	if (line >= from && line < end)
		return;
	v->behind = 0;
	v->top = (int)d->log_count - line - 1 - v->page_rows / 2;
	v->top = v->top < 0 ? 0 : v->top;
}

void bn_run_find(bn_run_view *v, const bn_run_detail *d, const char *words)
{
	snprintf(v->find, sizeof v->find, "%s", words);
	v->match = -1;
	for (int i = d ? (int)d->log_count - 1 : -1; i >= 0 && v->match < 0; i--)
		v->match = is_match(v, d, i) ? i : -1;
	if (v->match >= 0)
		line_show(v, d, v->match);
}

bool bn_run_find_step(bn_run_view *v, const bn_run_detail *d, int step)
{
	int n = (int)d->log_count, at = v->match;
	if (!v->find[0]) { /* without words: the error */
		at = bn_run_error_line(d);
	} else {
		at = at < 0 && step < 0 ? n : at;
		do
			at += step;
		while (at >= 0 && at < n && !is_match(v, d, at));
	}
	if (at < 0 || at >= n)
		return false;
	v->match = v->find[0] ? at : v->match;
	line_show(v, d, at);
	return true;
}

/* ---- following ----------------------------------------------------------------------------------- */

bool bn_run_follows(const bn_run_view *v)
{
	return !v->holds && lines_below(v) == 0;
}

void bn_run_follow_turn(bn_run_view *v)
{
	v->holds = bn_run_follows(v);
	if (!v->holds)
		v->top = v->behind = 0;
}

void bn_run_log_keep(bn_run_view *v, const bn_run_detail *old, const bn_run_detail *d)
{
	int64_t more = d->log_bytes - old->log_bytes;
	int added = 0;
	for (size_t i = d->log_count; more > 0 && i > 0 && d->log_end - d->log[i - 1] <= more; i--)
		added++;
	int gone =
		(int)old->log_count + added - (int)d->log_count; /* left the window on the text */
	if (!bn_run_follows(v) && v->pane != BN_RUN_FACTS)
		v->behind += added;
	if (v->match >= 0)
		v->match = v->match >= gone ? v->match - gone : -1;
}

/* ---- drawing ------------------------------------------------------------------------------------- */

/* Highlights the matching words. */
static void match_draw(const bn_run_view *v, bn_area a, int row, int col, const char *line)
{
	const char *hit = strcasestr(line, v->find);
	char before[600];
	if (!hit || (size_t)(hit - line) >= sizeof before)
		return;
	snprintf(before, sizeof before, "%.*s", (int)(hit - line), line);
	bn_area_textf(a, row, col + (int)bn_utf8_width(before), BN_INK_MARKED, "%.*s",
		(int)strlen(v->find), hit);
}

void bn_run_log_draw(bn_run_view *v, const bn_run_detail *d, bn_area a, bool scrolled)
{
	int n = (int)d->log_count, from = n - a.rows,
	    error = bn_run_has_failed(d) ? bn_run_error_line(d) : -1;
	v->page_rows = a.rows > 1 ? a.rows : 1;
	if (scrolled) { /* top and behind count lines from the end */
		int below = lines_below(v);
		below = below > from ? from : below;
		below = below < 0 ? 0 : below;
		v->behind = v->behind > below ? below : v->behind;
		v->top = below - v->behind;
		from -= below;
	} else if (error >= 0 && error < from) {
		from = error - a.rows / 2;
	} else {
		from -= v->behind;
	}
	from = from < 0 ? 0 : from;
	for (int r = 0; r < a.rows && from + r < n; r++) {
		const char *line = d->log[from + r];
		bool here = from + r == error, at = from + r == v->match && v->find[0];
		bn_ink ink = here ? BN_INK_FAIL : BN_INK_TEXT;
		int col = error >= 0 || v->find[0];
		if (at)
			bn_area_glyph(a, r, 0, BN_INK_KEY, BN_GLYPH_FOLDED);
		else if (here)
			bn_area_text(a, r, 0, ink, "!");
		bn_area_text(a, r, col, ink, line);
		if (v->find[0])
			match_draw(v, a, r, col, line);
		if (col + (int)bn_utf8_width(line) > a.cols) /* cut: i and Enter show all of it */
			bn_area_glyph(a, r, a.cols - 1, BN_INK_DIM, BN_GLYPH_MORE_RIGHT);
	}
	const char *nothing = "it printed nothing";
	if (bn_run_status_is_live(d->info->status))
		nothing = "nothing on the console yet";
	if (d->info->reported) /* nothing of ours watched it */
		nothing = "what it printed was not recorded";
	if (!n)
		bn_area_text(a, 0, 0, BN_INK_DIM, nothing);
}

void bn_run_console_words(const bn_run_view *v, const bn_run_detail *d, char *out, size_t size)
{
	int place, n = v->find[0] ? bn_run_match_count(v, d, &place) : 0;
	out[0] = '\0';
	if (v->find[0])
		snprintf(out, size, "%d of %d: %.40s", n ? place : 0, n, v->find);
	else if (bn_run_status_is_live(d->info->status) && !v->is_beside)
		snprintf(out, size, "%s", bn_run_follows(v) ? "following; f stops" : "f follows");
	else if (bn_run_has_failed(d) && bn_run_error_line(d) >= 0)
		snprintf(out, size, "! says why");
}

int bn_run_console_draw(bn_run_view *v, const bn_run_detail *d, bn_area a, int rows)
{
	char title[40], aside[80];
	if (rows < 2)
		return 0;
	snprintf(title, sizeof title, "console: %zu line%s", d->log_count,
		d->log_count == 1 ? "" : "s");
	bn_run_console_words(v, d, aside, sizeof aside);
	bn_run_rule_draw(a, 0, title, aside);
	bn_run_log_draw(v, d, bn_area_sub(a, 1, 0, rows - 1, a.cols), false);
	return rows;
}
