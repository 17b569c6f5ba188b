/* grid.c - the state of a table: order, selection, marks. See grid.h; drawing is grid_draw.c. */
#include "tui/ui/grid.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int bn_grid_init(bn_grid *t, const bn_grid_source *source, const bn_grid_column *columns,
	int column_count, bn_err *err)
{
	*t = (bn_grid){.source = *source, .sort_column = -1, .page_rows = 1};
	return bn_grid_set_columns(t, columns, column_count, err);
}

void bn_grid_release(bn_grid *t)
{
	bn_free(t->order);
	bn_free(t->seen);
	bn_free(t->marks);
	*t = (bn_grid){.sort_column = -1};
}

int bn_grid_set_columns(bn_grid *t, const bn_grid_column *columns, int column_count, bn_err *err)
{
	bn_grid_seen *seen = bn_alloc_zeroed((size_t)column_count + 1, sizeof *seen);
	if (!seen)
		return bn_err_nomem(err, "the columns of a table");
	bn_free(t->seen);
	t->seen = seen;
	t->columns = columns;
	t->column_count = column_count;
	t->sort_column = -1;
	t->first_column = -1;
	t->column = t->column < column_count ? t->column : 0;
	return 0;
}

void bn_grid_get_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out)
{
	out->text = NULL;
	out->ink = BN_INK_TEXT;
	out->pending = false;
	out->glyph = -1;
	t->source.cell(t->source.ctx, row, col, out);
}

static uint64_t row_key(const bn_grid *t, int64_t row)
{
	return t->source.key ? t->source.key(t->source.ctx, row) : (uint64_t)row;
}

static int64_t source_rows(const bn_grid *t)
{
	return t->source.rows ? t->source.rows(t->source.ctx) : 0;
}

int64_t bn_grid_count(const bn_grid *t)
{
	return t->order ? t->order_count : source_rows(t);
}

int64_t bn_grid_row(const bn_grid *t, int64_t position)
{
	if (position < 0 || position >= bn_grid_count(t))
		return -1;
	return t->order ? t->order[position] : position;
}

int64_t bn_grid_selected_row(const bn_grid *t)
{
	return bn_grid_row(t, t->selected);
}

void bn_grid_select(bn_grid *t, int64_t position)
{
	int64_t n = bn_grid_count(t);
	position = position >= n ? n - 1 : position;
	t->selected = position < 0 ? 0 : position;
	int64_t row = bn_grid_selected_row(t);
	t->selected_key = row >= 0 ? row_key(t, row) : 0;
	/* Of a row that is not here yet the key is not known; the place is kept then. */
	t->has_selected_key = row >= 0 && (t->selected_key || !t->source.key);
}

/* ---- order: filter, then sort ------------------------------------------------------------------ */

static bool text_contains(const char *text, const char *word, size_t n)
{
	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

static bool row_matches(const bn_grid *t, int64_t row)
{
	const char *word = t->filter;
	while (true) {
		word += strspn(word, " ");
		size_t n = strcspn(word, " ");
		if (!n)
			return true;
		bool hit = false;
		for (int c = 0; c < t->column_count && !hit; c++) {
			bn_grid_cell cell;
			bn_grid_get_cell(t, row, c, &cell);
			hit = cell.text && text_contains(cell.text, word, n);
		}
		if (!hit)
			return false;
		word += n;
	}
}

typedef struct sort_item {
	int64_t row;
	bool absent;
} sort_item;

static int item_compare(const void *pa, const void *pb, void *arg)
{
	const sort_item *a = pa, *b = pb;
	const bn_grid *t = arg;
	if (a->absent != b->absent)
		return a->absent ? 1 : -1;
	int c = 0;
	if (!a->absent && t->source.compare) {
		c = t->source.compare(t->source.ctx, a->row, b->row, t->sort_column);
	} else if (!a->absent) {
		bn_grid_cell ca, cb;
		bn_grid_get_cell(t, a->row, t->sort_column, &ca);
		bn_grid_get_cell(t, b->row, t->sort_column, &cb);
		c = strcasecmp(ca.text ? ca.text : "", cb.text ? cb.text : "");
	}
	if (c)
		return t->sort_descending ? -c : c;
	return a->row < b->row ? -1 : a->row > b->row;
}

static void order_sort(bn_grid *t)
{
	sort_item *items = bn_alloc_zeroed((size_t)t->order_count + 1, sizeof *items);
	if (!items)
		return; /* unsorted is still right */
	for (int64_t i = 0; i < t->order_count; i++) {
		bn_grid_cell cell;
		bn_grid_get_cell(t, t->order[i], t->sort_column, &cell);
		items[i] = (sort_item){t->order[i], !cell.text};
	}
	qsort_r(items, (size_t)t->order_count, sizeof *items, item_compare, t);
	for (int64_t i = 0; i < t->order_count; i++)
		t->order[i] = items[i].row;
	bn_free(items);
}

static void order_build(bn_grid *t)
{
	bn_free(t->order);
	t->order = NULL;
	t->order_count = 0;
	if (t->external || (!t->filter[0] && t->sort_column < 0))
		return;
	int64_t n = source_rows(t);
	int64_t *order = bn_alloc_zeroed((size_t)n + 1, sizeof *order);
	if (!order)
		return;
	for (int64_t i = 0; i < n; i++)
		if (!t->filter[0] || row_matches(t, i))
			order[t->order_count++] = i;
	t->order = order;
	if (t->sort_column >= 0)
		order_sort(t);
}

/* Puts the selection back on the row that had the key, else as near as can be. */
static void selection_restore(bn_grid *t)
{
	int64_t n = bn_grid_count(t);
	uint64_t key = t->selected_key;
	if (t->has_selected_key && t->selected < n &&
		row_key(t, bn_grid_row(t, t->selected)) == key)
		return;
	for (int64_t i = 0; t->has_selected_key && i < n; i++) {
		if (row_key(t, bn_grid_row(t, i)) == key) {
			t->selected = i;
			return;
		}
	}
	bn_grid_select(t, t->selected);
}

void bn_grid_reload(bn_grid *t)
{
	order_build(t);
	selection_restore(t);
}

void bn_grid_filter(bn_grid *t, const char *words)
{
	size_t n = strlen(words);
	n = n < sizeof t->filter ? n : sizeof t->filter - 1;
	memmove(t->filter, words, n);
	t->filter[n] = '\0';
	order_build(t);
	selection_restore(t);
}

void bn_grid_sort(bn_grid *t, int column, bool descending)
{
	t->sort_column = column < t->column_count ? column : -1;
	t->sort_descending = descending;
	order_build(t);
	selection_restore(t);
}

/* ---- marks --------------------------------------------------------------------------------------- */

static size_t mark_find(const bn_grid *t, uint64_t key, bool *found)
{
	size_t lo = 0, hi = t->mark_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->marks[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = lo < t->mark_count && t->marks[lo] == key;
	return lo;
}

bool bn_grid_is_marked(const bn_grid *t, int64_t row)
{
	bool found = false;
	if (t->mark_count)
		mark_find(t, row_key(t, row), &found);
	return found;
}

size_t bn_grid_mark_count(const bn_grid *t)
{
	return t->mark_count;
}

static void mark_toggle(bn_grid *t, int64_t row)
{
	bool found;
	uint64_t key = row_key(t, row);
	size_t at = mark_find(t, key, &found);
	if (found) {
		memmove(&t->marks[at], &t->marks[at + 1], (--t->mark_count - at) * sizeof key);
	} else if (bn_grow(&t->marks, &t->mark_cap, t->mark_count + 1, sizeof key) == 0) {
		memmove(&t->marks[at + 1], &t->marks[at], (t->mark_count++ - at) * sizeof key);
		t->marks[at] = key;
	}
}

/* ---- commands ------------------------------------------------------------------------------------ */

int bn_grid_find_column(const bn_grid *t, const char *title)
{
	const char *dot = strchr(title, '.');
	for (int c = 0; c < t->column_count; c++)
		if (strcasecmp(t->columns[c].title, title) == 0)
			return c;
	return dot ? bn_grid_find_column(t, dot + 1) : -1;
}

static void sort_cycle(bn_grid *t, const char *arg)
{
	int column = t->column;
	if (arg && *arg) {
		bool down = *arg == '-';
		column = bn_grid_find_column(t, arg + down);
		if (column < 0)
			return;
		if (down) {
			bn_grid_sort(t, column, true);
			return;
		}
	}
	if (t->sort_column != column)
		bn_grid_sort(t, column, false);
	else if (!t->sort_descending)
		bn_grid_sort(t, column, true);
	else
		bn_grid_sort(t, -1, false);
}

static bool table_motion(bn_grid *t, bn_command_id id)
{
	int64_t page = t->page_rows > 1 ? t->page_rows - 1 : 1, half = (page + 1) / 2;
	int64_t at = t->selected;
	switch (id) {
	case BN_CMD_UP:
		at -= 1;
		break;
	case BN_CMD_DOWN:
		at += 1;
		break;
	case BN_CMD_PAGE_UP:
		at -= page;
		break;
	case BN_CMD_PAGE_DOWN:
		at += page;
		break;
	case BN_CMD_HALF_UP:
		at -= half;
		break;
	case BN_CMD_HALF_DOWN:
		at += half;
		break;
	case BN_CMD_TOP:
		at = 0;
		break;
	case BN_CMD_BOTTOM:
		at = bn_grid_count(t) - 1;
		break;
	case BN_CMD_LEFT:
		t->column -= t->column > 0;
		return true;
	case BN_CMD_RIGHT:
		t->column += t->column + 1 < t->column_count;
		return true;
	default:
		return false;
	}
	bn_grid_select(t, at);
	return true;
}

bool bn_grid_command(bn_grid *t, bn_command_id id, const char *arg)
{
	if (table_motion(t, id))
		return true;
	int64_t row = bn_grid_selected_row(t);
	switch (id) {
	case BN_CMD_MARK:
		if (row >= 0)
			mark_toggle(t, row);
		bn_grid_select(t, t->selected + 1);
		return true;
	case BN_CMD_INVERT:
		for (int64_t i = 0; i < bn_grid_count(t); i++)
			mark_toggle(t, bn_grid_row(t, i));
		return true;
	case BN_CMD_SORT:
		sort_cycle(t, arg);
		return true;
	case BN_CMD_SORT_UP:
	case BN_CMD_SORT_DOWN:
		bn_grid_sort(t, t->column, id == BN_CMD_SORT_DOWN);
		return true;
	default:
		return false;
	}
}

/* ---- text out ------------------------------------------------------------------------------------ */

void bn_grid_write_row(const bn_grid *t, int64_t row, bn_buf *out)
{
	for (int c = 0; c < t->column_count; c++) {
		bn_grid_cell cell;
		bn_grid_get_cell(t, row, c, &cell);
		if (c)
			bn_buf_addch(out, '\t');
		for (const char *s = cell.text ? cell.text : ""; *s; s++)
			bn_buf_addch(out, *s == '\t' || *s == '\n' || *s == '\r' ? ' ' : *s);
	}
	bn_buf_addch(out, '\n');
}

void bn_grid_write_tsv(const bn_grid *t, bn_buf *out)
{
	for (int c = 0; c < t->column_count; c++)
		bn_buf_addf(out, "%s%s", c ? "\t" : "", t->columns[c].title);
	bn_buf_addch(out, '\n');
	for (int64_t i = 0; i < bn_grid_count(t); i++)
		bn_grid_write_row(t, bn_grid_row(t, i), out);
}
