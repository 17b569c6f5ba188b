/* grid_draw.c - column layout and drawing of a table. See grid.h. */
#include "core/base/utf8.h"
#include "tui/ui/grid.h"

#include <stdio.h>
#include <string.h>

#define MAX_SHOWN BN_GRID_PLACED
#define GAP 2
#define MARK 2 /* width of the mark */
#define TITLE_COLS 32 /* a longer title does not widen its column */

typedef struct layout {
	int count;
	int column[MAX_SHOWN], at[MAX_SHOWN], width[MAX_SHOWN];
	bool more_left, more_right;
} layout;

/* Rank of a column in the sort, from 1; 0: not sorted by. */
static int sort_place(const bn_grid *t, int c)
{
	for (int k = 0; k < t->sort_count; k++)
		if (t->sort[k].column == c)
			return k + 1;
	return 0;
}

/* Space after a title: for the arrow and, if several sort, its rank. */
static int sort_room(const bn_grid *t, int c)
{
	return 1 + (t->sort_count > 1 && sort_place(t, c));
}

/* The width of a column from the visible rows, and whether they fill it. */
static void column_look(bn_grid *t, int c, int rows)
{
	const bn_grid_column *col = &t->columns[c];
	bn_grid_shape *seen = &t->shapes[c];
	int title = (int)bn_utf8_width(col->title) + sort_room(t, c);
	int unit = col->unit ? (int)bn_utf8_width(col->unit) : 0;
	title = title > unit ? title : unit;
	title = title < TITLE_COLS ? title : TITLE_COLS;
	int most = col->max > title ? col->max : title;
	int w = seen->width > title ? seen->width : title, known = 0, filled = 0;
	for (int r = 0; r < rows; r++) {
		int64_t row = bn_grid_row(t, t->top + r);
		bn_grid_cell cell;
		bool rule;
		if (row == -1)
			break;
		if (t->source.across && row >= 0 && t->source.across(t->source.ctx, row, &rule))
			continue;
		bn_grid_get_cell(t, row, c, &cell);
		int need = cell.text ? (int)bn_utf8_width(cell.text) : 1;
		if (cell.glyph >= 0)
			need += need > 0 ? 2 : 1;
		w = need > w ? need : w;
		known += !cell.pending && row >= 0;
		filled += row >= 0 && cell.text && cell.text[0] && !cell.stands_in;
	}
	w = w < col->min ? col->min : w;
	seen->width = col->max && w > most ? most : w;
	if (seen->wanted)
		seen->width = seen->wanted;
	seen->useful = seen->useful || 4 * filled >= known;
}

static bool stays(const bn_grid *t, int c)
{
	return t->columns[c].frozen || t->columns[c].stays;
}

/* The places of the columns that stay, which come first. */
static int places_frozen(const bn_grid *t)
{
	int n = 0;
	while (n < t->places && stays(t, t->shapes[n].at))
		n++;
	return n;
}

static int layout_width(const layout *l)
{
	int w = MARK;
	for (int i = 0; i < l->count; i++)
		w += l->width[i] + (i ? GAP : 0);
	return w;
}

static void layout_remove(layout *l, int i)
{
	for (int k = i + 1; k < l->count; k++) {
		l->column[k - 1] = l->column[k];
		l->width[k - 1] = l->width[k];
	}
	l->count--;
	l->more_right = true;
}

/* Shrinks the widest flexible column, one cell at a time, until the row fits; if `kept`, none below
 * its preferred width. */
static bool layout_narrow(const bn_grid *t, layout *l, int cols, bool kept)
{
	for (int over = layout_width(l) - cols; over > 0; over--) {
		int widest = -1;
		for (int i = 0; i < l->count; i++) {
			const bn_grid_column *c = &t->columns[l->column[i]];
			int least = c->min ? c->min : 4;
			if (kept && c->wish)
				least = c->wish;
			bool can = c->flexible && l->width[i] > least &&
				   !t->shapes[l->column[i]].wanted;
			if (can && (widest < 0 || l->width[i] > l->width[widest]))
				widest = i;
		}
		if (widest < 0)
			return false;
		l->width[widest]--;
	}
	return true;
}

/* A column requested by the user is as important as a name. */
static int priority_of(const bn_grid *t, int c)
{
	const bn_grid_shape *s = &t->shapes[c];
	return s->chosen || s->wanted || sort_place(t, c) ? 0 : t->columns[c].priority;
}

/* The least important column of at least that priority, or -1. */
static int layout_worst(const bn_grid *t, const layout *l, int priority)
{
	int worst = -1;
	for (int i = 0; i < l->count; i++) {
		int p = priority_of(t, l->column[i]);
		if (p >= priority && (worst < 0 || p >= priority_of(t, l->column[worst])))
			worst = i;
	}
	return worst;
}

/* The least important nearly empty column of at least that priority, if names need its space; or
 * -1. */
static int layout_sparse(const bn_grid *t, const layout *l, int priority)
{
	int worst = -1;
	bool names = false;
	for (int i = 0; i < l->count; i++)
		names = names || t->columns[l->column[i]].wish;
	if (!names)
		return -1;
	for (int i = 0; i < l->count; i++) {
		int c = l->column[i], p = priority_of(t, c);
		bool sparse = p >= priority && !t->shapes[c].useful;
		if (sparse && (worst < 0 || p >= priority_of(t, l->column[worst])))
			worst = i;
	}
	return worst;
}

/* Leaves a column out; columns that were narrowed may grow again. */
static void layout_leave(const bn_grid *t, layout *l, int i)
{
	for (int k = 0; k < l->count; k++)
		l->width[k] = t->shapes[l->column[k]].width;
	layout_remove(l, i);
}

/* Leaves out columns that are nearly empty and less important, then narrows flexible columns to
 * their preferred width, alternating with leaving out less important ones; then nearly empty ones;
 * then the remaining ones. */
static void layout_shrink(const bn_grid *t, layout *l, int cols)
{
	int i;
	while (layout_width(l) > cols && (i = layout_sparse(t, l, 2)) >= 0)
		layout_leave(t, l, i);
	while (!layout_narrow(t, l, cols, true) && (i = layout_worst(t, l, 2)) >= 0)
		layout_leave(t, l, i);
	while (!layout_narrow(t, l, cols, true) && (i = layout_sparse(t, l, 1)) >= 0)
		layout_leave(t, l, i);
	while (!layout_narrow(t, l, cols, false) && l->count > 1) {
		i = layout_worst(t, l, 1);
		layout_leave(t, l, i >= 0 ? i : l->count - 1);
	}
}

/* Flexible columns share the remaining width, up to their maximum. */
static void layout_place(const bn_grid *t, layout *l, int cols)
{
	int at = MARK, grown = 1;
	for (int spare = cols - layout_width(l); spare > 0 && grown;) {
		grown = 0;
		for (int i = 0; i < l->count && spare > 0; i++) {
			const bn_grid_column *c = &t->columns[l->column[i]];
			if (!c->flexible || (c->max && l->width[i] >= c->max) ||
				t->shapes[l->column[i]].wanted)
				continue;
			l->width[i]++;
			spare--;
			grown++;
		}
	}
	for (int i = 0; i < l->count; i++) {
		l->at[i] = at;
		at += l->width[i] + GAP;
	}
}

/* The screen column after the last title. */
static int layout_title_end(const bn_grid *t, const layout *l)
{
	int i = l->count - 1;
	const bn_grid_column *c = &t->columns[l->column[i]];
	int title = (int)bn_utf8_width(c->title) +
		    (sort_place(t, l->column[i]) ? sort_room(t, l->column[i]) : 0);
	return l->at[i] + (bn_grid_column_is_right(c) || title > l->width[i] ? l->width[i] : title);
}

/* Reserves space for the mark of further columns, which must not hide a title; returns its width.
 * It is taken from columns above their preferred width, otherwise from the space after the last
 * title, otherwise by narrowing a column. No column is left out for it. */
static int layout_reserve(const bn_grid *t, layout *l, int cols)
{
	layout tight;
	for (int kept = 1; kept >= 0; kept--) {
		for (int room = GAP; room > 0; room--) {
			tight = *l;
			if (!layout_narrow(t, &tight, cols - room, kept))
				continue;
			*l = tight;
			return room;
		}
		tight = *l;
		layout_place(t, &tight, cols);
		if (layout_title_end(t, &tight) <= cols - GAP)
			return 0;
	}
	return 0;
}

static bool layout_has(const layout *l, int column)
{
	for (int i = 0; i < l->count; i++)
		if (l->column[i] == column)
			return true;
	return false;
}

/* Fixes the places: what is shown, then what was left out. */
static void places_set(bn_grid *t, const layout *l)
{
	t->places = 0;
	for (int i = 0; i < l->count; i++)
		t->shapes[t->places++].at = l->column[i];
	for (int c = 0; c < t->column_count; c++) {
		t->shapes[c].shown = 0;
		if (bn_grid_is_shown(t, c) && !layout_has(l, c))
			t->shapes[t->places++].at = c;
	}
	for (int i = 0; i < l->count; i++)
		t->shapes[l->column[i]].shown = l->width[i];
}

static void layout_add(layout *l, int column, int width)
{
	if (l->count == MAX_SHOWN)
		return;
	l->column[l->count] = column;
	l->width[l->count++] = width;
}

/* By importance. */
static void layout_make(bn_grid *t, layout *l, int cols)
{
	*l = (layout){0};
	for (int c = 0; c < t->column_count; c++)
		if (bn_grid_is_shown(t, c))
			layout_add(l, c, t->shapes[c].width);
	layout_shrink(t, l, cols);
	if (l->more_right)
		cols -= layout_reserve(t, l, cols);
	layout_place(t, l, cols);
	places_set(t, l);
}

/* The frozen columns, and those from place `first` on; as wide as they were. */
static void layout_scrolled(const bn_grid *t, layout *l, int first, int cols)
{
	int at = MARK, frozen = places_frozen(t);
	*l = (layout){.more_left = first > frozen};
	for (int i = 0; i < t->places; i++) {
		int c = t->shapes[i].at, width = t->shapes[c].width;
		if (!bn_grid_is_shown(t, c) || (i < first && i >= frozen))
			continue;
		if (i < frozen && t->shapes[c].shown)
			width = t->shapes[c].shown;
		layout_add(l, c, width);
	}
	while (l->count > frozen + 1 && layout_width(l) > cols)
		layout_remove(l, l->count - 1);
	for (int i = 0; i < l->count; i++) {
		l->at[i] = at;
		at += l->width[i] + GAP;
	}
}

/* Makes the current column visible with the least scrolling. */
static void column_show(bn_grid *t, layout *l, int cols)
{
	int place = t->first_column < 0 ? -1 : bn_grid_place_of(t, t->column);
	int frozen = places_frozen(t);
	if (place <= frozen) { /* at the left end */
		t->first_column = -1;
		layout_make(t, l, cols);
		if (layout_has(l, t->column))
			return;
		place = bn_grid_place_of(t, t->column);
		t->first_column = frozen = places_frozen(t);
	}
	if (t->first_column > place)
		t->first_column = place;
	layout_scrolled(t, l, t->first_column, cols);
	while (!layout_has(l, t->column) && t->first_column < place)
		layout_scrolled(t, l, ++t->first_column, cols);
}

static void title_draw(const bn_grid *t, bn_area a, int column, int at, int width, bool current)
{
	const bn_grid_column *c = &t->columns[column];
	int place = sort_place(t, column), title = (int)bn_utf8_width(c->title);
	int room = place ? width - sort_room(t, column) : width;
	bn_ink role = current ? BN_INK_TAB_ACTIVE : BN_INK_HEADER;
	at += bn_grid_column_is_right(c) && title < room ? room - title : 0;
	title = title < room ? title : room;
	bn_area_name(a, 0, at, title, role, c->title);
	if (!place)
		return;
	at = bn_area_glyph(a, 0, at + title, role,
		t->sort[place - 1].descending ? BN_GLYPH_SORT_DOWN : BN_GLYPH_SORT_UP);
	if (t->sort_count > 1)
		bn_area_textf(a, 0, at, role, "%d", place);
}

static void units_draw(const bn_grid *t, const layout *l, bn_area a, int row)
{
	for (int i = 0; i < l->count; i++) {
		const bn_grid_column *c = &t->columns[l->column[i]];
		if (c->unit && bn_grid_column_is_right(c))
			bn_area_field_right(a, row, l->at[i], l->width[i], BN_INK_DIM, c->unit);
		else if (c->unit)
			bn_area_field(a, row, l->at[i], l->width[i], BN_INK_DIM, c->unit);
	}
}

static void header_draw(const bn_grid *t, const layout *l, bn_area a, bool focused)
{
	bn_area_fill(a, 0, 0, 1, a.cols, BN_INK_HEADER);
	for (int i = 0; i < l->count; i++)
		title_draw(t, a, l->column[i], l->at[i], l->width[i],
			focused && l->column[i] == t->column);
	if (l->more_left)
		bn_area_glyph(a, 0, 0, BN_INK_HEADER, BN_GLYPH_MORE_LEFT);
	if (l->more_right)
		bn_area_glyph(a, 0, a.cols - 1, BN_INK_HEADER, BN_GLYPH_MORE_RIGHT);
}

static void cell_draw(
	const bn_grid *t, bn_area a, int r, int at, int width, int64_t row, int col, int row_role)
{
	bn_grid_cell cell;
	bn_grid_get_cell(t, row, col, &cell);
	bn_ink role = row_role >= 0 ? (bn_ink)row_role : cell.ink;
	bool right = bn_grid_column_is_right(&t->columns[col]);
	if (cell.pending) {
		bn_area_glyph(a, r, right ? at + width - 1 : at, role, BN_GLYPH_ELLIPSIS);
		return;
	}
	if (!cell.text && bn_grid_is_group(row))
		return;
	if (!cell.text) {
		bn_area_text(
			a, r, right ? at + width - 1 : at, row_role >= 0 ? role : BN_INK_DIM, "-");
		return;
	}
	if (cell.glyph >= 0 && (width > 2 || !cell.text[0])) {
		bn_area_glyph(a, r, at, role, (bn_glyph_id)cell.glyph);
		at += 2;
		width -= 2;
	}
	if (right)
		bn_area_field_right(a, r, at, width, role, cell.text);
	else if (t->columns[col].prose)
		bn_area_field(a, r, at, width, role, cell.text);
	else
		bn_grid_name_draw(t, a, r, at, width, role, col, &cell);
}

/* False: the row consists of cells. */
static bool across_draw(const bn_grid *t, bn_area a, int r, int64_t row, int role)
{
	bool rule = false;
	const char *text =
		t->source.across && row >= 0 ? t->source.across(t->source.ctx, row, &rule) : NULL;
	if (!text)
		return false;
	if (rule) {
		bn_area_hline(a, r, 0, a.cols, BN_INK_BORDER);
		bn_area_textf(a, r, 1, BN_INK_HEADER, " %s ", text);
	} else {
		bn_ink ink = role >= 0 ? (bn_ink)role : BN_INK_DIM;
		bn_area_glyph(a, r, MARK, ink, BN_GLYPH_FOLDED);
		bn_area_field(a, r, MARK + 2, a.cols - MARK - 3, ink, text);
	}
	return true;
}

static void row_draw(
	const bn_grid *t, const layout *l, bn_area a, int r, int64_t position, bool focused)
{
	int64_t row = bn_grid_row(t, position);
	bool selected = position == t->selected, marked = bn_grid_is_marked(t, row);
	int role = selected ? (int)(focused ? BN_INK_SELECTED : BN_INK_SELECTED_IDLE)
		   : marked ? (int)BN_INK_MARKED
			    : -1;
	if (selected)
		bn_area_fill(a, r, 0, 1, a.cols, (bn_ink)role);
	if (marked)
		bn_area_glyph(a, r, 0, (bn_ink)role, BN_GLYPH_MARK);
	bool whole = across_draw(t, a, r, row, role);
	for (int i = 0; i < l->count && !whole; i++)
		cell_draw(t, a, r, l->at[i], l->width[i], row, l->column[i], role);
	if (selected && focused)
		bn_area_cursor(a, r, 0, false);
}

enum { UNITS_FROM = 8 }; /* the area needs this many rows for a line of units */

static bool has_units(const bn_grid *t)
{
	for (int c = 0; c < t->column_count; c++)
		if (t->columns[c].unit)
			return true;
	return false;
}

void bn_grid_draw(bn_grid *t, bn_area a, bool focused)
{
	layout l;
	int64_t n = bn_grid_count(t);
	if (bn_area_is_empty(a) || t->column_count < 1)
		return;
	t->alphabet = a.s->alphabet;
	int head = 1 + (a.rows >= UNITS_FROM && has_units(t));
	int body = a.rows > head ? a.rows - head : 0;
	t->page_rows = body > 0 ? body : 1;
	if (t->selected >= n)
		bn_grid_select(t, t->selected);
	if (t->top > n - t->page_rows)
		t->top = n - t->page_rows;
	if (t->selected < t->top)
		t->top = t->selected;
	if (t->selected >= t->top + t->page_rows)
		t->top = t->selected - t->page_rows + 1;
	if (t->top < 0)
		t->top = 0;
	for (int c = 0; c < t->column_count; c++)
		if (bn_grid_is_shown(t, c))
			column_look(t, c, body);
	column_show(t, &l, a.cols);
	t->placed_count = l.count;
	for (int i = 0; i < l.count; i++)
		t->placed[i] = (bn_grid_placed){l.column[i], l.at[i], l.width[i]};
	header_draw(t, &l, a, focused);
	if (head > 1)
		units_draw(t, &l, a, 1);
	bn_area rows = t->body = bn_area_sub(a, head, 0, body, a.cols);
	t->title_row = a.row;
	for (int r = 0; r < body && t->top + r < n; r++)
		row_draw(t, &l, rows, r, t->top + r, focused);
	if (n == 0 && body > 0)
		bn_area_paragraph(rows, 0, 1, BN_INK_DIM,
			t->filter[0] ? "nothing matches the filter; Esc shows all"
			: t->empty   ? t->empty
				     : "nothing here yet");
}

bool bn_grid_at(const bn_grid *t, int row, int col, int64_t *position, int *column)
{
	int r = row - t->body.row, c = col - t->body.col;
	bool is_title = row == t->title_row;
	*position = is_title ? -1 : t->top + r;
	*column = -1;
	for (int i = 0; i < t->placed_count; i++)
		if (c >= t->placed[i].at && c < t->placed[i].at + t->placed[i].width)
			*column = t->placed[i].column;
	if (c < 0 || c >= t->body.cols)
		return false;
	return is_title || (r >= 0 && r < t->body.rows && *position < bn_grid_count(t) &&
				   !bn_grid_is_rule(t, *position));
}
