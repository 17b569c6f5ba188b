/*
 * frame_mouse.c - the mouse, where it is asked for (:mouse on). What is clicked is a key: that of a tab, of an entry
 * of the key bar, of a button. A click on a row selects it, on the selected row opens it, and on a column's title
 * sorts; the wheel moves the selection. Drawing notes where that is (bn_mouse_spot).
 */
#include "tui/ui/_frame.h"
#include "tui/ui/key.h"

#include <string.h>

enum {
	WHEEL_ROWS = 3,
	ITEM = BN_KEY_MOUSE, /* + i: an item of the open list, in place of a key */
};

void bn_mouse_spot(bn_frame *f, bn_area a, int row, int from, int to, int key)
{
	if (f->spot_count < BN_SPOTS && to > from)
		f->spots[f->spot_count++] = (bn_spot){a.row + row, a.col + from, to - from, key};
}

void bn_mouse_spot_item(bn_frame *f, bn_area a, int row, int i)
{
	bn_mouse_spot(f, a, row, 0, a.cols, ITEM + i);
}

int bn_mouse_set(bn_frame *f, const char *arg, bn_err *err)
{
	bool on = arg && !strcmp(arg, "on");
	if (!on && (!arg || strcmp(arg, "off") != 0))
		return bn_err_set(err, BN_EINVAL, "the mouse is on or off, not '%s'", arg ? arg : "");
	int rc = f->opt.host.set_mouse ? f->opt.host.set_mouse(f->opt.host.user, on, err) : 0;
	if (rc == 0)
		bn_frame_message(f,
			on ? "the mouse is on; to select text, hold Shift while you drag"
			   : "the mouse is the terminal's again");
	return rc;
}

static const bn_spot *spot_find(const bn_frame *f, int row, int col)
{
	for (int i = 0; i < f->spot_count; i++) {
		const bn_spot *s = &f->spots[i];
		if (row == s->row && col >= s->col && col < s->col + s->cols)
			return s;
	}
	return NULL;
}

static void grid_click(bn_frame *f, int row, int col)
{
	bn_grid *t = bn_frame_table(f);
	int64_t position;
	int column;
	if (!t || !bn_grid_at(t, row, col, &position, &column))
		return;
	bool again = position == t->selected;
	if (column >= 0)
		t->column = column;
	if (position >= 0 && !again)
		bn_grid_select(t, position);
	else if (again || column >= 0)
		bn_frame_key(f, again ? BN_KEY_ENTER : 's');
}

static void click(bn_frame *f, int row, int col)
{
	const bn_spot *s = spot_find(f, row, col);
	if (!s && f->modal == BN_MODAL_NONE) {
		grid_click(f, row, col);
	} else if (s && s->key >= ITEM && s->key - ITEM != f->list_selected) {
		f->list_selected = s->key - ITEM;
	} else if (s) {
		bn_frame_key(f, s->key >= ITEM ? BN_KEY_ENTER : s->key);
	}
}

static void wheel(bn_frame *f, int key)
{
	bool in_list = f->modal == BN_MODAL_LIST || f->modal == BN_MODAL_COLUMNS;
	bool in_view = f->modal == BN_MODAL_NONE &&
		       bn_command_for_key(key, bn_frame_kind(f)) != BN_CMD_NONE;
	for (int i = 0; i < WHEEL_ROWS && (in_list || in_view); i++)
		bn_frame_key(f, key);
}

void bn_mouse_key(bn_frame *f, int key)
{
	int row = key >> BN_MOUSE_ROW_AT & BN_MOUSE_MOST, col = key & BN_MOUSE_MOST;
	if (bn_view_takes_text(f) || bn_frame_is_waiting(f))
		return;
	switch (key >> BN_MOUSE_WHAT_AT & 3) {
	case BN_MOUSE_CLICK:
		click(f, row, col);
		break;
	case BN_MOUSE_WHEEL_UP:
		wheel(f, BN_KEY_UP);
		break;
	case BN_MOUSE_WHEEL_DOWN:
		wheel(f, BN_KEY_DOWN);
		break;
	default:
		break;
	}
}
