/*
 * frame_tour.c - shows the guided tour in a band above the message line, and continues when a part is
 * done. See tour.h.
 *
 * If the first part of a step is done already, it is shown and ends with its command; later parts are
 * skipped, so that a shorter way to the same screen works.
 */
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tui/ui/_frame.h"

#include <stdio.h>
#include <string.h>

int bn_tour_find(const bn_tour_part *parts, int count, int step)
{
	for (int i = 0; i < count; i++)
		if (parts[i].step == step)
			return i;
	return -1;
}

const char *bn_tour_title(const bn_tour_part *parts, int part)
{
	while (part > 0 && !parts[part].title)
		part--;
	return parts[part].title;
}

static const bn_tour_part *part_now(const bn_frame *f)
{
	return &f->opt.tour[f->tour.part];
}

static int steps(const bn_frame *f)
{
	return f->opt.tour_count ? f->opt.tour[f->opt.tour_count - 1].step : 0;
}

/* ---- continuing ---------------------------------------------------------------------------------- */

static bool takes_keys(const bn_frame *f)
{
	return f->modal == BN_MODAL_NONE && !bn_view_takes_text(f);
}

static bool is_in_state(const bn_frame *f, bn_tour_state state)
{
	char why[256];
	switch (state) {
	case BN_TOUR_SHOWN:
		return takes_keys(f);
	case BN_TOUR_DONE:
		return f->tour.did && takes_keys(f);
	case BN_TOUR_MARKED:
		return bn_frame_table(f) && bn_grid_mark_count(bn_frame_table(f)) >= 2;
	case BN_TOUR_REFUSED:
		return takes_keys(f) && !bn_frame_is_waiting(f) &&
		       bn_frame_refuses(
			       (bn_frame *)(uintptr_t)f, part_now(f)->press, why, sizeof why);
	case BN_TOUR_LISTED:
		return f->modal == BN_MODAL_LIST;
	}
	return false;
}

/* Whether the path or the command line of the screen contains the words. */
static bool screen_says(const bn_frame *f, const char *words)
{
	const bn_view *v = bn_frame_top(f);
	bn_buf line = BN_BUF_INIT;
	bn_frame_crumb(v, &line);
	bn_buf_addch(&line, '\n');
	bn_frame_cli(f, v, &line);
	bool says = line.len && strstr(line.ptr, words);
	bn_buf_release(&line);
	return says;
}

static bool part_holds(const bn_frame *f)
{
	const bn_tour_part *p = part_now(f);
	return bn_frame_kind(f) & p->at && is_in_state(f, p->state) &&
	       (!p->says || screen_says(f, p->says));
}

static void part_enter(bn_frame *f, int part)
{
	f->tour.part = part;
	f->tour.did = false;
	f->tour.held = part_holds(f);
}

static void part_next(bn_frame *f)
{
	int step = part_now(f)->step;
	do
		part_enter(f, f->tour.part + 1);
	while (f->tour.held && part_now(f)->step == step && f->tour.part + 1 < f->opt.tour_count);
}

void bn_tour_did(bn_frame *f, bn_command_id id, bn_view_set where)
{
	if (f->tour.is_on && id == part_now(f)->press && where & part_now(f)->from)
		f->tour.did = true;
}

void bn_tour_look(bn_frame *f)
{
	if (!f->tour.is_on || f->tour.part + 1 == f->opt.tour_count)
		return;
	bool holds = part_holds(f);
	if (holds && (!f->tour.held || f->tour.did))
		part_next(f);
	else
		f->tour.held = holds;
}

/* ---- commands ------------------------------------------------------------------------------------ */

bool bn_tour_refuses(const bn_frame *f, bn_command_id id, char *why, size_t size)
{
	if (id < BN_CMD_TOUR || id > BN_CMD_TOUR_END)
		return false;
	if (!f->opt.tour_count)
		snprintf(why, size,
			"the tour shows a demo's workspace: binnacle demo makes one, binnacle tour "
			"opens it");
	else if (id != BN_CMD_TOUR && !f->tour.is_on)
		snprintf(why, size, "no tour is shown; :tour shows it");
	else
		return false;
	return true;
}

void bn_tour_hint(const bn_frame *f, bn_command_id id, char *why, size_t size)
{
	size_t n = strlen(why);
	if (f->tour.is_on && id == part_now(f)->press && n < size)
		snprintf(why + n, size - n, "; :tour-skip passes over it");
}

/* Saves the answer, since the offer is made once. */
static void answered(bn_frame *f)
{
	if (f->opt.host.remember)
		f->opt.host.remember(f->opt.host.user, BN_KEPT_TOUR, "answered\n", NULL);
}

static int tour_start(bn_frame *f, const char *arg, bn_err *err)
{
	int64_t step = f->tour.part ? part_now(f)->step : 1;
	if (arg && *arg && !bn_parse_i64(arg, strlen(arg), &step))
		step = -1;
	int part = step > 0 && step <= steps(f)
			   ? bn_tour_find(f->opt.tour, f->opt.tour_count, (int)step)
			   : -1;
	if (part < 0)
		return bn_err_set(
			err, BN_EINVAL, "the tour has steps 1 to %d, not '%.20s'", steps(f), arg);
	f->tour.is_on = true;
	answered(f);
	part_enter(f, part);
	return 0;
}

static void tour_back(bn_frame *f)
{
	const bn_tour_part *p = part_now(f);
	int first = bn_tour_find(f->opt.tour, f->opt.tour_count, p->step);
	if (first == f->tour.part && p->step > 1)
		first = bn_tour_find(f->opt.tour, f->opt.tour_count, p->step - 1);
	part_enter(f, first);
}

/* If left before its end, it is continued later. */
static void tour_end(bn_frame *f)
{
	f->tour.is_on = false;
	if (f->tour.part + 1 < f->opt.tour_count) {
		bn_frame_message(f, ":tour goes on with step %d", part_now(f)->step);
		return;
	}
	f->tour.part = 0;
	bn_frame_message(f, ":tour shows it again");
}

bool bn_tour_command(bn_frame *f, bn_command_id id, const char *arg, int *rc, bn_err *err)
{
	switch (id) {
	case BN_CMD_TOUR:
		*rc = tour_start(f, arg, err);
		return true;
	case BN_CMD_TOUR_BACK:
		tour_back(f);
		return true;
	case BN_CMD_TOUR_SKIP:
		if (f->tour.part + 1 < f->opt.tour_count)
			part_enter(f, f->tour.part + 1);
		return true;
	case BN_CMD_TOUR_END:
		tour_end(f);
		return true;
	default:
		return false;
	}
}

void bn_frame_tour_offer(bn_frame *f)
{
	char *before = f->opt.tour_count ? bn_frame_recall(f, BN_KEPT_TOUR) : NULL;
	if (f->opt.tour_count && !before)
		bn_frame_confirm(f, NULL, BN_CMD_TOUR, "Take the tour?",
			"Ten steps through this workspace, a few minutes: each says what is on the "
			"screen, why it matters, and which key to press. Z goes back a step, E "
			"leaves. "
			"This is asked once; :tour shows it at any time.",
			"show it");
	bn_free(before);
}

void bn_tour_answer(bn_frame *f, bool yes)
{
	bn_err err = BN_ERR_INIT;
	if (yes && bn_frame_do(f, BN_CMD_TOUR, NULL, &err))
		bn_frame_error(f, &err);
	else if (!yes)
		bn_frame_message(f, ":tour shows it at any time");
	answered(f);
}

/* ---- drawing ------------------------------------------------------------------------------------- */

enum {
	FULL_BODY = 6,
	TIGHT_BODY = 3,
	TIGHT_ROWS = 20
}; /* rows left to the screen; on a low terminal */

/* "Press F: how often each value occurs"; on another screen, the way back. */
static int press_draw(const bn_frame *f, bn_area a, int row)
{
	const bn_tour_part *p = part_now(f);
	char key[16];
	bool is_away = !(bn_frame_kind(f) & p->from);
	int col = bn_area_glyph(a, row, 1, BN_INK_KEY, BN_GLYPH_ARROW) + 1;
	if (is_away)
		return bn_area_paragraph(a, row, col, BN_INK_KEY_HELP, p->back);
	if (bn_command_first_key(p->press, key))
		col = bn_area_text(a, row, col, BN_INK_KEY, key) + 1;
	return bn_area_paragraph(a, row, col, BN_INK_KEY_HELP, p->does);
}

static void rule_draw(const bn_frame *f, bn_area a)
{
	char back[16], end[16], keys[64] = "";
	bn_area_hline(a, 0, 0, a.cols, BN_INK_BORDER);
	int col = bn_area_textf(a, 0, 1, BN_INK_HEADER, " tour %d/%d  %s ", part_now(f)->step,
		steps(f), bn_tour_title(f->opt.tour, f->tour.part));
	if (bn_command_first_key(BN_CMD_TOUR_BACK, back) &&
		bn_command_first_key(BN_CMD_TOUR_END, end))
		snprintf(keys, sizeof keys, " %s back  %s leave ", back, end);
	int at = a.cols - 1 - (int)strlen(keys);
	if (at > col)
		bn_area_text(a, 0, at, BN_INK_DIM, keys);
}

static int band_draw(const bn_frame *f, bn_area a, bool is_full)
{
	int row = 1;
	rule_draw(f, a);
	if (is_full)
		row += bn_area_paragraph(bn_area_sub(a, row, 0, a.rows - row, a.cols - 1), 0, 1,
			BN_INK_TEXT, part_now(f)->text);
	row += press_draw(f, bn_area_sub(a, row, 0, a.rows - row, a.cols - 1), 0);
	return row;
}

int bn_tour_draw(const bn_frame *f, bn_area body)
{
	if (!f->tour.is_on)
		return 0;
	bn_area probe = {body.s, 0, 0, 0, body.cols}; /* measures without drawing */
	bool is_full = f->modal == BN_MODAL_NONE || f->rows >= TIGHT_ROWS;
	int rows = band_draw(f, probe, is_full);
	if (body.rows - rows < FULL_BODY && is_full)
		rows = band_draw(f, probe, is_full = false);
	if (body.rows - rows < TIGHT_BODY)
		return 0;
	band_draw(f, bn_area_sub(body, body.rows - rows, 0, rows, body.cols), is_full);
	return rows;
}
