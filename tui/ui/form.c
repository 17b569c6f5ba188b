/* form.c - see form.h. */
#include "tui/ui/form.h"

#include "core/base/utf8.h"
#include "tui/ui/key.h"

#include <stdio.h>
#include <string.h>

static bool can_stand(const bn_form *f, int at)
{
	const bn_form_field *x = &f->fields[at];
	return !x->is_rule && !x->is_folded;
}

static void step(bn_form *f, int by)
{
	for (int at = f->selected + by; at >= 0 && at < f->count; at += by)
		if (can_stand(f, at)) {
			f->selected = at;
			return;
		}
}

void bn_form_select(bn_form *f, int at)
{
	f->selected = at - 1;
	step(f, 1);
	if (f->selected < 0 || f->selected >= f->count || !can_stand(f, f->selected))
		f->selected = 0;
}

static void keep(bn_form *f, const char *text)
{
	bn_form_field *x = &f->fields[f->selected];
	char before[BN_FORM_VALUE];
	memcpy(before, x->value, sizeof before);
	snprintf(x->value, sizeof x->value, "%s", text);
	x->wrong[0] = '\0';
	if (f->check)
		f->check(f->ctx, f->selected, x->value, x->wrong);
	if (f->kept && strcmp(before, x->value) != 0)
		f->kept(f->ctx, f->selected, before);
}

static bool choice_step(bn_form *f, int by)
{
	const bn_form_field *x = &f->fields[f->selected];
	int n = 0, at = -1;
	if (!x->choices || x->is_fixed || x->is_list)
		return false;
	for (; x->choices[n]; n++)
		if (strcmp(x->choices[n], x->value) == 0)
			at = n;
	if (n == 0)
		return false;
	if (at < 0)
		at = by > 0 ? n - 1 : 0; /* none yet: the first, or the last */
	at = (at + n + by) % n;
	keep(f, x->choices[at]);
	return true;
}

static void edit_begin(bn_form *f)
{
	bn_form_field *x = &f->fields[f->selected];
	if (x->is_fixed)
		return;
	memset(&f->input, 0, sizeof f->input);
	bn_input_set(&f->input, x->value);
	f->editing = true;
}

bool bn_form_command(bn_form *f, bn_command_id id)
{
	switch (id) {
	case BN_CMD_OPEN:
		if (!f->fields[f->selected].is_switch || !choice_step(f, 1))
			edit_begin(f);
		return true;
	case BN_CMD_UP:
	case BN_CMD_DOWN:
		step(f, id == BN_CMD_UP ? -1 : 1);
		return true;
	case BN_CMD_PAGE_UP:
	case BN_CMD_HALF_UP:
	case BN_CMD_TOP:
		bn_form_select(f, 0);
		return true;
	case BN_CMD_PAGE_DOWN:
	case BN_CMD_HALF_DOWN:
	case BN_CMD_BOTTOM:
		f->selected = f->count;
		step(f, -1);
		return true;
	case BN_CMD_MARK:
		return choice_step(f, 1);
	case BN_CMD_LEFT:
	case BN_CMD_RIGHT:
		choice_step(f, id == BN_CMD_LEFT ? -1 : 1);
		return true;
	case BN_CMD_NEXT_PANE:
		step(f, 1);
		return true;
	default:
		return false;
	}
}

static bool find_in(bn_form *f, const char *words, int from, int by, bool in_value)
{
	for (int at = from; at >= 0 && at < f->count; at += by) {
		const bn_form_field *x = &f->fields[at];
		if (can_stand(f, at) && strcasestr(in_value ? x->value : x->name, words)) {
			f->selected = at;
			return true;
		}
	}
	return false;
}

bool bn_form_find(bn_form *f, const char *words, int by)
{
	int from = by ? f->selected + by : 0, step = by ? by : 1;
	return find_in(f, words, from, step, false) || find_in(f, words, from, step, true);
}

bool bn_form_step_wrong(bn_form *f, int by)
{
	for (int at = f->selected + by; at >= 0 && at < f->count; at += by)
		if (can_stand(f, at) && f->fields[at].wrong[0]) {
			f->selected = at;
			return true;
		}
	return false;
}

/* ---- editing ------------------------------------------------------------------------------------- */

/* The word to complete: the whole text, or in a list the part after the last comma. */
static const char *word_of(const bn_form *f)
{
	const char *comma = f->fields[f->selected].is_list ? strrchr(f->input.text, ',') : NULL;
	return comma ? comma + 1 : f->input.text;
}

static bool is_choice(const char *choice, const char *word)
{
	return strncmp(choice, word, strlen(word)) == 0;
}

/* The longest common prefix of all choices that match. */
static void complete(bn_form *f)
{
	const bn_form_field *x = &f->fields[f->selected];
	const char *word = word_of(f), *first = NULL;
	char line[BN_INPUT_BYTES];
	size_t same = 0;
	for (int i = 0; x->choices && x->choices[i]; i++) {
		if (!is_choice(x->choices[i], word))
			continue;
		size_t k = 0;
		while (first && k < same && x->choices[i][k] == first[k])
			k++;
		same = first ? k : strlen(x->choices[i]);
		first = first ? first : x->choices[i];
	}
	if (!first)
		return;
	snprintf(line, sizeof line, "%.*s%.*s", (int)(word - f->input.text), f->input.text,
		(int)same, first);
	bn_input_set(&f->input, line);
}

void bn_form_key(bn_form *f, int key)
{
	bn_form_field *x = &f->fields[f->selected];
	switch (key) {
	case BN_KEY_ENTER:
		f->editing = false;
		keep(f, f->input.text);
		return;
	case BN_KEY_ESC:
	case BN_KEY_CTRL('C'):
		f->editing = false;
		x->wrong[0] = '\0';
		if (f->check)
			f->check(f->ctx, f->selected, x->value, x->wrong);
		return;
	case BN_KEY_TAB:
		complete(f);
		break;
	default:
		bn_input_key(&f->input, key, NULL);
		if (f->input.len >= BN_FORM_VALUE) {
			f->input.text[BN_FORM_VALUE - 1] = '\0';
			bn_input_set(&f->input, f->input.text);
		}
		break;
	}
	x->wrong[0] = '\0';
	if (f->check)
		f->check(f->ctx, f->selected, f->input.text, x->wrong);
}

/* ---- drawing ------------------------------------------------------------------------------------- */

static void rule_draw(const bn_form_field *x, bn_area a, int row)
{
	bn_area_hline(a, row, 0, a.cols, BN_INK_BORDER);
	bn_area_textf(a, row, 1, BN_INK_HEADER, " %s ", x->name);
	int aside = (int)bn_utf8_width(x->aside);
	if (aside && aside + 4 < a.cols)
		bn_area_textf(a, row, a.cols - aside - 3, BN_INK_DIM, " %s ", x->aside);
}

static void field_draw(const bn_form *f, bn_area a, int row, int at, bool focused)
{
	const bn_form_field *x = &f->fields[at];
	bool here = at == f->selected, edited = here && f->editing;
	int value = 1 + f->name_cols + 1, width = f->value_cols;
	if (value + width > a.cols)
		width = a.cols - value;
	bool plain = !here || edited, given = x->value[0] != '\0';
	bn_ink chosen = focused ? BN_INK_SELECTED : BN_INK_SELECTED_IDLE;
	bn_ink ink = plain ? BN_INK_TEXT : chosen, more = plain ? BN_INK_DIM : chosen;
	if (!plain)
		bn_area_fill(a, row, 0, 1, a.cols, ink);
	bn_ink name = edited ? BN_INK_STRONG : plain && x->is_fixed ? BN_INK_DIM : ink;
	bn_area_name(a, row, 1, f->name_cols, name, x->name);
	const char *aside = x->wrong[0] ? x->wrong : x->aside;
	if (plain && x->wrong[0])
		more = BN_INK_FAIL;
	if (plain && (!given || x->is_set))
		ink = given ? BN_INK_STRONG : BN_INK_DIM;
	int col = value + width + 1;
	if (edited)
		bn_input_draw(&f->input, bn_area_sub(a, row, value, 1, width), 0, 0, BN_INK_SELECTED);
	else
		bn_area_field(a, row, value, width, ink, given ? x->value : "-");
	if (x->wrong[0] && col < a.cols)
		col = bn_area_glyph(a, row, col, more, BN_GLYPH_STATE_FAIL) + 1;
	else if (x->is_set && col < a.cols)
		col = bn_area_glyph(a, row, col, ink, BN_GLYPH_MARK) + 1;
	else
		col += 2;
	if (col < a.cols - 1)
		bn_area_field(a, row, col, a.cols - 1 - col, more, aside);
	if (here && !edited && focused)
		bn_area_cursor(a, row, 0, false);
}

static int shown_count(const bn_form *f, int before)
{
	int n = 0;
	for (int i = 0; i < before; i++)
		n += !f->fields[i].is_folded;
	return n;
}

void bn_form_draw(bn_form *f, bn_area a, bool focused)
{
	int at = shown_count(f, f->selected), all = shown_count(f, f->count), row = 0;
	if (f->top > all - a.rows)
		f->top = all - a.rows;
	if (at >= f->top + a.rows)
		f->top = at - a.rows + 1;
	/* The rule above the first field of a part is kept visible with it, if there is room for both. */
	int before = a.rows > 1;
	if (at - before < f->top)
		f->top = at - before;
	if (f->top < 0)
		f->top = 0;
	for (int i = 0; i < f->count && row - f->top < a.rows; i++) {
		if (f->fields[i].is_folded)
			continue;
		if (row >= f->top && f->fields[i].is_rule)
			rule_draw(&f->fields[i], a, row - f->top);
		else if (row >= f->top)
			field_draw(f, a, row - f->top, i, focused);
		row++;
	}
}

void bn_form_draw_choices(const bn_form *f, bn_area a, int row)
{
	const bn_form_field *x = &f->fields[f->selected];
	const char *word = f->editing ? word_of(f) : "";
	int col = 1;
	for (int i = 0; x->choices && x->choices[i]; i++) {
		if (!is_choice(x->choices[i], word))
			continue;
		if (col + (int)bn_utf8_width(x->choices[i]) > a.cols - 2) { /* whole or not at all */
			bn_area_glyph(a, row, col < a.cols - 1 ? col : a.cols - 1, BN_INK_DIM,
				BN_GLYPH_ELLIPSIS);
			return;
		}
		col = bn_area_text(a, row, col, BN_INK_KEY_HELP, x->choices[i]) + 2;
	}
}
