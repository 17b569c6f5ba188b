/*
 * frame_columns.c - the chooser of columns: typed text narrows the list, Space shows or hides the
 * current column, Enter goes to it and shows it. Changes are visible behind the box at once.
 */
#include "core/base/utf8.h"
#include "tui/ui/_frame.h"
#include "tui/ui/key.h"

#include <string.h>
#include <strings.h>

static bool has_text(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return n == 0;
}

static bool column_matches(const bn_frame *f, const bn_grid_column *c)
{
	const char *typed = f->input.text;
	if (!c->title[0] && !bn_grid_column_name(c)[0])
		return false;
	return has_text(c->title, typed) || has_text(bn_grid_column_name(c), typed);
}

/* Column i of the list; -1 past the end. */
static int item(const bn_frame *f, const bn_grid *t, int i)
{
	for (int c = 0; c < t->column_count; c++)
		if (column_matches(f, &t->columns[c]) && i-- == 0)
			return c;
	return -1;
}

static int item_count(const bn_frame *f, const bn_grid *t)
{
	int n = 0;
	while (item(f, t, n) >= 0)
		n++;
	return n;
}

static void move(bn_frame *f, const bn_grid *t, int step)
{
	int n = item_count(f, t), to = f->list_selected + step;
	to = to >= n ? n - 1 : to;
	f->list_selected = to < 0 ? 0 : to;
}

static void toggle(bn_frame *f, bn_grid *t, int column)
{
	if (t->columns[column].frozen)
		bn_frame_message(
			f, "%s stays: it says which row is which", t->columns[column].title);
	else
		bn_grid_show_column(t, column, !bn_grid_is_shown(t, column));
}

void bn_columns_key(bn_frame *f, int key)
{
	bn_grid *t = bn_frame_table(f);
	int page = f->rows > 8 ? f->rows - 8 : 1;
	int column = t ? item(f, t, f->list_selected) : -1;
	if (!t) {
		f->modal = BN_MODAL_NONE;
		return;
	}
	switch (key) {
	case BN_KEY_ENTER:
		f->modal = BN_MODAL_NONE;
		if (column < 0)
			return;
		if (!bn_grid_is_shown(t, column))
			bn_grid_show_column(t, column, true);
		t->column = column;
		return;
	case ' ':
		if (column >= 0)
			toggle(f, t, column);
		return;
	case BN_KEY_UP:
		move(f, t, -1);
		return;
	case BN_KEY_DOWN:
	case BN_KEY_TAB:
		move(f, t, 1);
		return;
	case BN_KEY_PAGE_UP:
		move(f, t, -page);
		return;
	case BN_KEY_PAGE_DOWN:
		move(f, t, page);
		return;
	default:
		if (bn_input_key(&f->input, key, NULL))
			f->list_selected = 0;
		move(f, t, 0);
		return;
	}
}

static void row_draw(const bn_grid *t, bn_area a, int r, int column, bool selected)
{
	const bn_grid_column *c = &t->columns[column];
	bool shown = bn_grid_is_shown(t, column);
	const char *title = c->title[0] ? c->title : bn_grid_column_name(c);
	bn_ink role = selected ? BN_INK_SELECTED : shown ? BN_INK_DIALOG : BN_INK_DIM;
	int half = a.cols / 2;
	bn_area_fill(a, r, 0, 1, a.cols, role);
	bn_area_text(a, r, 0, role, shown ? "[x]" : "[ ]");
	bn_area_name(a, r, 4, half - 5, role, title);
	if (c->frozen)
		bn_area_field(a, r, half, a.cols - half, role, "always shown");
	else if (strcmp(title, bn_grid_column_name(c)) != 0)
		bn_area_field(a, r, half, a.cols - half, role, bn_grid_column_name(c));
	if (selected)
		bn_area_cursor(a, r, 0, false);
}

void bn_columns_draw(bn_frame *f, bn_area all)
{
	const bn_grid *t = bn_frame_table(f);
	int n = t ? item_count(f, t) : 0, wide = all.cols > 64 ? 60 : all.cols - 4;
	int high = n + 4 < all.rows ? n + 4 : all.rows;
	bn_area a = bn_modal_box(all, high < 7 ? 7 : high, wide, BN_INK_DIALOG, BN_INK_BORDER);
	int rows = a.rows - 2;
	bn_area_text(a, 0, 0, BN_INK_DIALOG_STRONG, "Which columns are shown");
	int col = bn_area_text(a, a.rows - 1, 0, BN_INK_DIALOG,
		wide >= 60 ? "Space shows or hides, Enter goes there. Find: "
			   : "Space, Enter. Find: ");
	if (rows < 1 || !t)
		return;
	if (f->list_selected < f->list_top)
		f->list_top = f->list_selected;
	if (f->list_selected >= f->list_top + rows)
		f->list_top = f->list_selected - rows + 1;
	bn_area list = bn_area_sub(a, 1, 0, rows, a.cols);
	for (int r = 0; r < rows && f->list_top + r < n; r++)
		row_draw(t, list, r, item(f, t, f->list_top + r),
			f->list_top + r == f->list_selected);
	if (n == 0)
		bn_area_text(list, 0, 0, BN_INK_DIM, "no column is called so");
	bn_input_draw(&f->input, a, a.rows - 1, col, BN_INK_SELECTED_IDLE);
}
