/*
 * frame_modal.c - modes that take keys before the view: the prompts (frame_prompt.c), the list of commands that runs
 * the selected one, and dialogs whose default is No.
 */
#include "tui/ui/_frame.h"

#include "core/base/utf8.h"
#include "tui/ui/key.h"

#include <stdio.h>
#include <string.h>

void bn_modal_open(bn_frame *f, bn_modal modal, const char *text)
{
	f->modal = modal;
	memset(&f->input, 0, sizeof f->input);
	bn_input_set(&f->input, text);
	f->list_selected = f->list_top = 0;
	size_t word = strcspn(text, " ");
	if (modal == BN_MODAL_COMMAND && text[word])
		f->input.floor = word + 1;
	if (modal == BN_MODAL_FILTER)
		bn_filter_begin(f);
}

static void dialog_open(bn_frame *f, bn_modal modal, bn_view *v, bn_command_id command,
	const char *title, const char *body, const char *yes)
{
	bn_modal_open(f, modal, "");
	f->dialog_view = v;
	f->dialog_command = command;
	f->dialog_on_yes = f->dialog_has_reason = f->dialog_on_line = f->dialog_typed = false;
	snprintf(f->dialog_title, sizeof f->dialog_title, "%s", title);
	snprintf(f->dialog_body, sizeof f->dialog_body, "%s", body);
	snprintf(f->dialog_yes, sizeof f->dialog_yes, "%s", yes);
}

void bn_frame_confirm(bn_frame *f, bn_view *v, bn_command_id command, const char *title,
	const char *body, const char *yes)
{
	dialog_open(f, BN_MODAL_CONFIRM, v, command, title, body, yes);
}

void bn_frame_confirm_reason(bn_frame *f, bn_view *v, bn_command_id command, const char *title,
	const char *body, const char *yes)
{
	dialog_open(f, BN_MODAL_CONFIRM, v, command, title, body, yes);
	f->dialog_has_reason = f->dialog_on_line = true;
}

void bn_frame_ask(bn_frame *f, bn_view *v, bn_command_id command, const char *title,
	const char *body, const char *yes)
{
	dialog_open(f, BN_MODAL_ASK, v, command, title, body, yes);
}

/* ---- '?' and ^P ---------------------------------------------------------------------------------- */

bn_command_id bn_modal_list_item(const bn_frame *f, int i)
{
	const unsigned acts = BN_CMD_WRITES | BN_CMD_DESTRUCTIVE | BN_CMD_ACT;
	for (int c = 0; c < BN_CMD_COUNT; c++) {
		const bn_command *command = bn_command_get((bn_command_id)c);
		bool here = (command->views & bn_frame_kind(f)) != 0;
		if (f->list_is_acts && !(command->flags & acts))
			continue;
		if ((here || f->list_is_all) &&
			bn_command_matches((bn_command_id)c, f->input.text) && i-- == 0)
			return (bn_command_id)c;
	}
	return BN_CMD_NONE;
}

void bn_modal_acts_open(bn_frame *f)
{
	f->list_is_all = false;
	f->list_is_acts = true;
	bn_find_forget(f);
	bn_modal_open(f, BN_MODAL_LIST, "");
	f->list_selected = -1;
}

/* Objects found, followed by commands. */
static int list_count(const bn_frame *f)
{
	int n = 0;
	while (bn_modal_list_item(f, n) != BN_CMD_NONE)
		n++;
	return bn_find_count(f) + n;
}

static void list_pick(bn_frame *f)
{
	bn_found object;
	bool is_object = bn_find_item(f, f->list_selected, &object);
	bn_command_id id = bn_modal_list_item(f, f->list_selected - bn_find_count(f));
	bn_err err = BN_ERR_INIT;
	if (is_object)
		bn_find_open(f, &object);
	if (is_object || id == BN_CMD_NONE)
		return;
	f->modal = BN_MODAL_NONE;
	const bn_command *c = bn_command_get(id);
	if ((c->flags & BN_CMD_ARGUMENT) && !*c->keys) {
		char line[64];
		snprintf(line, sizeof line, "%s ", c->name);
		bn_modal_open(f, BN_MODAL_COMMAND, line);
	} else if (bn_frame_do(f, id, id == BN_CMD_START ? BN_FROM_MENU : NULL, &err)) {
		bn_frame_error(f, &err);
	}
}

/* The menu of actions takes no text: a letter selects the action with that key, which then asks or opens a form.
 * Words that were meant for another place never do more: at first nothing is selected, only arrows select, and Enter
 * without a selection does nothing. */
static bool acts_key(bn_frame *f, int key)
{
	bn_command_id id = bn_command_for_key(key, bn_frame_kind(f));
	if (key == 'q')
		f->modal = BN_MODAL_NONE;
	if (key == BN_KEY_ENTER && f->list_selected < 0) {
		bn_frame_message(f, "choose with the arrows, or press its letter");
		return true;
	}
	for (int i = 0; id != BN_CMD_NONE && bn_modal_list_item(f, i) != BN_CMD_NONE; i++) {
		if (bn_modal_list_item(f, i) != id)
			continue;
		f->list_selected = i;
		list_pick(f);
		return true;
	}
	return key == 'q' || (key >= ' ' && key < 127);
}

static void list_key(bn_frame *f, int key)
{
	int n = list_count(f), page = f->rows > 8 ? f->rows - 8 : 1;
	if (f->list_is_acts && acts_key(f, key))
		return;
	switch (key) {
	case BN_KEY_ENTER:
		list_pick(f);
		return;
	case BN_KEY_UP:
	case BN_KEY_CTRL('K'):
		f->list_selected--;
		break;
	case BN_KEY_DOWN:
	case BN_KEY_CTRL('J'):
	case BN_KEY_TAB:
		f->list_selected++;
		break;
	case BN_KEY_PAGE_UP:
		f->list_selected -= page;
		break;
	case BN_KEY_PAGE_DOWN:
		f->list_selected += page;
		break;
	default:
		if (f->list_is_acts)
			return;
		if (bn_input_key(&f->input, key, NULL)) {
			f->list_selected = 0;
			bn_find_ask(f);
		}
		n = list_count(f);
		break;
	}
	f->list_selected = f->list_selected >= n ? n - 1 : f->list_selected;
	f->list_selected = f->list_selected < 0 ? 0 : f->list_selected;
}

/* ---- dialogs ------------------------------------------------------------------------------------- */

/* The words of an answer were refused: the question stays, with them and the error, to be corrected. */
static void dialog_again(bn_frame *f, bn_view *v, bn_modal modal, const char *text)
{
	char refused[BN_INPUT_BYTES];
	if (v != bn_frame_top(f) || f->modal != BN_MODAL_NONE || !f->message[0] || !f->message_is_error)
		return;
	snprintf(refused, sizeof refused, "%s", text);
	f->modal = modal;
	f->dialog_view = v;
	bn_input_set(&f->input, refused);
}

static void dialog_answer(bn_frame *f, const char *text)
{
	bn_view *v = f->dialog_view;
	bn_modal modal = f->modal;
	char copy[BN_INPUT_BYTES] = "";
	f->message[0] = '\0';
	if (text)
		snprintf(copy, sizeof copy, "%s", text);
	f->modal = BN_MODAL_NONE;
	f->dialog_view = NULL;
	if (v && v->cls->answer) {
		v->cls->answer(v, f->dialog_command, text ? copy : NULL);
		if (text)
			dialog_again(f, v, modal, copy);
	} else if (!v && f->dialog_command == BN_CMD_QUIT)
		f->done = true;
	else if (!v && f->dialog_command == BN_CMD_UNDO)
		bn_undo_do(f);
	else if (!v && f->dialog_command == BN_CMD_EXPORT)
		bn_frame_export_over(f);
	else if (!v && f->dialog_command == BN_CMD_TOUR)
		bn_tour_answer(f, true);
}

bool bn_frame_is_asking(const bn_frame *f, const bn_view *v)
{
	return v && f->dialog_view == v;
}

static void dialog_close(bn_frame *f)
{
	bool is_offer = !f->dialog_view && f->dialog_command == BN_CMD_TOUR;
	f->modal = BN_MODAL_NONE;
	f->dialog_view = NULL;
	if (is_offer)
		bn_tour_answer(f, false);
	else
		bn_frame_message(f, "nothing was changed");
}

/* The reason; NULL: none was typed. */
static const char *dialog_reason(const bn_frame *f)
{
	const char *text = f->input.text + strspn(f->input.text, " ");
	return f->dialog_has_reason && *text ? text : NULL;
}

/* Enter on the line: a reason is an answer, and so are the words for yes and no. */
static void reason_enter(bn_frame *f)
{
	const char *reason = dialog_reason(f);
	if (!reason)
		bn_frame_message(f, "type a reason, or Tab and Enter: without one");
	else if (strcmp(reason, "n") == 0 || strcmp(reason, "no") == 0)
		dialog_close(f);
	else if (strcmp(reason, "y") == 0 || strcmp(reason, "yes") == 0)
		dialog_answer(f, NULL);
	else
		dialog_answer(f, reason);
}

/* From the line to Yes, to No, and back to the line, if there is one. */
static void focus_step(bn_frame *f, bool forward)
{
	if (!f->dialog_has_reason) {
		f->dialog_on_yes = !f->dialog_on_yes;
		return;
	}
	int places = 3, at = f->dialog_on_yes ? 1 : 2;
	at = ((f->dialog_on_line ? 0 : at) + (forward ? 1 : places - 1)) % places;
	f->dialog_on_line = at == 0;
	f->dialog_on_yes = at == 1;
}

/* Keys of the line; false: the buttons may take it. */
static bool reason_key(bn_frame *f, int key)
{
	bool arrow = key == BN_KEY_LEFT || key == BN_KEY_RIGHT;
	if (!f->dialog_on_line || key == BN_KEY_TAB || key == BN_KEY_SHIFT_TAB || (arrow && !f->input.len))
		return false;
	if (key == BN_KEY_ENTER)
		reason_enter(f);
	else
		bn_input_key(&f->input, key, NULL);
	return true;
}

static void confirm_key(bn_frame *f, int key)
{
	if (reason_key(f, key))
		return;
	switch (key) {
	case BN_KEY_ENTER:
		if (f->dialog_on_yes)
			dialog_answer(f, dialog_reason(f));
		else
			dialog_close(f);
		return;
	case 'y':
		if (f->dialog_typed)
			bn_frame_message(f, "Tab and Enter answer yes, Esc no");
		else
			dialog_answer(f, dialog_reason(f));
		return;
	case 'n':
	case 'q':
		dialog_close(f);
		return;
	case BN_KEY_TAB:
	case BN_KEY_SHIFT_TAB:
	case BN_KEY_LEFT:
	case BN_KEY_RIGHT:
		focus_step(f, key != BN_KEY_SHIFT_TAB && (key != BN_KEY_LEFT || !f->dialog_has_reason));
		return;
	default:
		f->dialog_typed |= key > ' ' && key < 127;
		return;
	}
}

static void ask_key(bn_frame *f, int key)
{
	if (key != BN_KEY_ENTER)
		bn_input_key(&f->input, key, NULL);
	else if (f->input.text[strspn(f->input.text, " ")])
		dialog_answer(f, f->input.text);
}

bool bn_modal_has_row(const bn_frame *f)
{
	return f->modal == BN_MODAL_LIST || f->modal == BN_MODAL_COLUMNS || f->modal == BN_MODAL_CONFIRM;
}

bool bn_modal_takes_text(const bn_frame *f)
{
	return f->modal != BN_MODAL_NONE && (f->modal != BN_MODAL_CONFIRM || f->dialog_on_line);
}

void bn_modal_key(bn_frame *f, int key)
{
	if (key == BN_KEY_ESC || key == BN_KEY_CTRL('C') || key == BN_KEY_CTRL('G')) {
		if (f->modal == BN_MODAL_CONFIRM || f->modal == BN_MODAL_ASK)
			dialog_close(f);
		if (f->modal == BN_MODAL_FILTER)
			bn_filter_give_up(f);
		if (f->modal == BN_MODAL_FILTER || f->modal == BN_MODAL_COMMAND)
			f->message[0] = '\0'; /* removes the error of the deleted text */
		f->modal = BN_MODAL_NONE;
		return;
	}
	switch (f->modal) {
	case BN_MODAL_COMMAND:
	case BN_MODAL_FILTER:
		bn_prompt_key(f, key);
		break;
	case BN_MODAL_LIST:
		list_key(f, key);
		break;
	case BN_MODAL_COLUMNS:
		bn_columns_key(f, key);
		break;
	case BN_MODAL_CONFIRM:
		confirm_key(f, key);
		break;
	case BN_MODAL_ASK:
		ask_key(f, key);
		break;
	case BN_MODAL_NONE:
		break;
	}
}

/* ---- drawing ------------------------------------------------------------------------------------- */

bn_area bn_modal_box(bn_area all, int rows, int cols, bn_ink role, bn_ink border)
{
	rows = rows > all.rows ? all.rows : rows;
	cols = cols > all.cols ? all.cols : cols;
	bn_area box = bn_area_sub(all, (all.rows - rows) / 2, (all.cols - cols) / 2, rows, cols);
	/* A blank column on either side keeps what is behind from running into the frame. */
	bn_area_fill(all, (all.rows - rows) / 2, (all.cols - cols) / 2 - 1, rows, cols + 2, role);
	if (rows < 4 || cols < 12)
		return box;
	bn_area_box(box, border);
	return bn_area_sub(box, 1, 2, rows - 2, cols - 4);
}

static void line_draw(bn_frame *f, bn_area a, int row, bool active)
{
	bn_area_text(a, row, 0, BN_INK_DIALOG_STRONG, "> ");
	if (active)
		bn_input_draw(&f->input, a, row, 2, BN_INK_SELECTED_IDLE);
	else
		bn_area_field(a, row, 2, a.cols - 2, BN_INK_DIALOG, f->input.text);
}

static void buttons_draw(bn_frame *f, bn_area a, int last)
{
	bool no_is_on = !f->dialog_on_yes && !f->dialog_on_line;
	bn_ink no = no_is_on ? BN_INK_BUTTON_ACTIVE : BN_INK_BUTTON;
	bn_ink yes = f->dialog_on_yes ? BN_INK_BUTTON_ACTIVE : BN_INK_BUTTON;
	int col = bn_area_text(a, last, 0, no, "[ No ]");
	int end = bn_area_textf(a, last, col + 3, yes, "[ Yes, %s ]", f->dialog_yes);
	/* A click on Yes does not pass the line by: it first goes there, as Tab does. */
	bn_mouse_spot(f, a, last, 0, col, f->dialog_has_reason ? BN_KEY_ESC : 'n');
	int there = f->dialog_on_yes ? BN_KEY_ENTER : BN_KEY_TAB;
	bn_mouse_spot(f, a, last, col + 3, end, f->dialog_has_reason ? there : 'y');
	if (f->dialog_on_line)
		bn_area_text(a, last, end + 2, BN_INK_DIALOG, "Tab");
	else
		bn_area_cursor(a, last, f->dialog_on_yes ? col + 5 : 2, false);
}

/* Below a line for an answer. */
static void foot_draw(const bn_frame *f, bn_area a, int line, int last)
{
	char foot[96];
	if (!f->input.text[strspn(f->input.text, " ")])
		bn_area_text(a, last - 1 > line ? last - 1 : last, 2, BN_INK_DIALOG, "an answer is required");
	snprintf(foot, sizeof foot, "Enter: %s    Esc: leave it as it is", f->dialog_yes);
	if ((int)bn_utf8_width(foot) > a.cols)
		snprintf(foot, sizeof foot, "Enter: %s    Esc: no", f->dialog_yes);
	bn_area_field(a, last, 0, a.cols, BN_INK_DIALOG, foot);
}

static void dialog_draw(bn_frame *f, bn_area all)
{
	int width = all.cols < 72 ? all.cols : 72;
	bn_area probe = {all.s, 0, 0, 0, width - 4}; /* measures, draws nothing */
	int body = bn_area_paragraph(probe, 0, 0, BN_INK_DIALOG, f->dialog_body);
	bool ask = f->modal == BN_MODAL_ASK, line = ask || f->dialog_has_reason;
	bn_area a = bn_modal_box(all, body + (line ? 8 : 6), width, BN_INK_DIALOG, BN_INK_DIALOG);
	int row = 0, last = a.rows - 1;
	bn_area_text(a, row++, 0, BN_INK_DIALOG_STRONG, f->dialog_title);
	row += a.rows > body + 3;
	bn_area text = bn_area_sub(a, row, 0, last - row, a.cols);
	bn_area_paragraph(text, 0, 0, BN_INK_DIALOG, f->dialog_body);
	int at = last - 2 > 0 ? last - 2 : 0;
	if (line)
		line_draw(f, a, at, ask || f->dialog_on_line);
	if (ask)
		foot_draw(f, a, at, last);
	else
		buttons_draw(f, a, last);
}

/* Help that depends on the screen; else that of the table of commands. */
static const char *help_here(const bn_frame *f, bn_command_id id)
{
	if (id == BN_CMD_WHERE && bn_frame_kind(f) == BN_ON(ROWS))
		return "only rows that match: power > 250 AND state = FAILED; nothing: all";
	if (id == BN_CMD_WHERE && bn_frame_kind(f) == BN_ON(AUDIT))
		return "only records that match: who=ada what=approved; nothing: all";
	return bn_command_get(id)->help;
}

/* What a command does, and where when that is not here: "on Runs (3): compare the marked runs". */
static void list_row_words(const bn_frame *f, bn_command_id id, char *out, size_t size)
{
	const bn_command *c = bn_command_get(id);
	bn_buf where = BN_BUF_INIT;
	if (!(c->views & bn_frame_kind(f)))
		bn_command_where(id, &where);
	const char *more = where.len ? strchr(where.ptr, ',') : NULL;
	int n = more ? (int)(more - where.ptr) : (int)where.len;
	snprintf(out, size, "%s%.*s%s%s%s", where.len ? "on " : "", n, where.len ? where.ptr : "",
		more ? " and others" : "", where.len ? ": " : "", help_here(f, id));
	bn_buf_release(&where);
}

/* The full help of the selected row, which the list may cut. */
static void list_detail_draw(const bn_frame *f, bn_area a)
{
	char text[512], why[256];
	bn_found object;
	bn_command_id id = bn_modal_list_item(f, f->list_selected - bn_find_count(f));
	bn_area_hline(a, 0, 0, a.cols, BN_INK_BORDER);
	if (id == BN_CMD_NONE || bn_find_item(f, f->list_selected, &object))
		return;
	list_row_words(f, id, text, sizeof text);
	size_t n = strlen(text);
	if ((bn_command_get(id)->views & bn_frame_kind(f)) &&
		bn_frame_refuses((bn_frame *)(uintptr_t)f, id, why, sizeof why))
		snprintf(text + n, sizeof text - n, ". Not now: %s", why);
	bn_area_paragraph(bn_area_sub(a, 1, 0, a.rows - 1, a.cols), 0, 0, BN_INK_DIALOG, text);
}

static void list_row_draw(const bn_frame *f, bn_area a, int r, bn_command_id id, bool selected)
{
	const bn_command *c = bn_command_get(id);
	char why[256];
	bool off = bn_frame_refuses((bn_frame *)f, id, why, sizeof why);
	if (!off || !(c->views & bn_frame_kind(f)))
		list_row_words(f, id, why, sizeof why);
	bn_ink role = selected ? BN_INK_SELECTED : off ? BN_INK_DIM : BN_INK_DIALOG;
	int keys = 16, name = 17;
	bn_area_fill(a, r, 0, 1, a.cols, role);
	bn_area_field(a, r, 0, keys, selected || off ? role : BN_INK_DIALOG_STRONG, c->keys);
	int col = bn_area_textf(a, r, keys, role, ":%s", c->name);
	col = col < keys + name ? keys + name : col + 1;
	bn_area_field(a, r, col, a.cols - col, role, why);
	if (selected)
		bn_area_cursor(a, r, 0, false);
}

static void list_item_draw(const bn_frame *f, bn_area a, int r, int i)
{
	bn_found object;
	if (bn_find_item(f, i, &object))
		bn_find_row_draw(&object, a, r, i == f->list_selected);
	else
		list_row_draw(f, a, r, bn_modal_list_item(f, i - bn_find_count(f)),
			i == f->list_selected);
}

enum { DETAIL = 4, ACTS_BESIDE = DETAIL + 4 }; /* rows of the box other than actions */

static void list_draw(bn_frame *f, bn_area all)
{
	int n = list_count(f), wide = all.cols > 104 ? 100 : all.cols - 4;
	int high = all.rows > 8 ? all.rows - 2 : all.rows;
	if (f->list_is_acts && n + ACTS_BESIDE < high) /* the menu is as high as its actions need */
		high = n + ACTS_BESIDE;
	bn_area a = bn_modal_box(all, high, wide, BN_INK_DIALOG, BN_INK_BORDER);
	bool fits = a.rows >= 14 || (f->list_is_acts && a.rows >= n + 2 + DETAIL);
	int detail = fits ? DETAIL : 0, rows = a.rows - 2 - detail;
	const char *title = f->list_is_acts ? "Acts" : "What can be done here";
	bn_area_text(a, 0, 0, BN_INK_DIALOG_STRONG,
		f->list_is_all ? "Find a run, data, a version, a command" : title);
	int col = bn_area_text(a, a.rows - 1, 0, BN_INK_DIALOG,
		f->list_is_acts ? "a letter does it, or arrows and Enter; Esc closes"
				: "Enter runs it, Esc closes. Search: ");
	if (rows < 1)
		return;
	int at = f->list_selected < 0 ? 0 : f->list_selected;
	if (at < f->list_top)
		f->list_top = at;
	if (at >= f->list_top + rows)
		f->list_top = at - rows + 1;
	bn_area list = bn_area_sub(a, 1, 0, rows, a.cols);
	for (int r = 0; r < rows && f->list_top + r < n; r++) {
		list_item_draw(f, list, r, f->list_top + r);
		bn_mouse_spot_item(f, list, r, f->list_top + r);
	}
	if (detail)
		list_detail_draw(f, bn_area_sub(a, 1 + rows, 0, detail, a.cols));
	if (n == 0)
		bn_area_text(list, 0, 0, BN_INK_DIM, "nothing has all of these words");
	if (!f->list_is_acts)
		bn_input_draw(&f->input, a, a.rows - 1, col, BN_INK_SELECTED_IDLE);
}

void bn_modal_draw(bn_frame *f, bn_area all, bn_area message_row)
{
	bn_area body = bn_area_sub(all, 1, 0, all.rows - 2, all.cols);
	if (all.rows < 8)
		body = all;
	if (f->modal != BN_MODAL_NONE)
		f->spot_count = 0; /* nothing behind it can be clicked */
	switch (f->modal) {
	case BN_MODAL_COMMAND:
	case BN_MODAL_FILTER:
		bn_area_fill(message_row, 0, 0, 1, message_row.cols, BN_INK_PROMPT);
		bn_area_text(
			message_row, 0, 0, BN_INK_PROMPT, f->modal == BN_MODAL_COMMAND ? ":" : "/");
		bn_input_draw(&f->input, message_row, 0, 1, BN_INK_PROMPT);
		break;
	case BN_MODAL_LIST:
		list_draw(f, body);
		break;
	case BN_MODAL_COLUMNS:
		bn_columns_draw(f, body);
		break;
	case BN_MODAL_CONFIRM:
	case BN_MODAL_ASK:
		dialog_draw(f, body);
		break;
	case BN_MODAL_NONE:
		break;
	}
}
