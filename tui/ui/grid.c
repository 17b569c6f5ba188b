/* grid.c - the state of a table: order, selection, marks. See grid.h; drawing is grid_draw.c. */
#include "tui/ui/grid.h"

#include "core/base/hash_key.h"
#include "core/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int bn_grid_init(bn_grid *t, const bn_grid_source *source, const bn_grid_column *columns,
	int column_count, bn_err *err)
{
	*t = (bn_grid){.source = *source, .page_rows = 1, .group = -1};
	return bn_grid_set_columns(t, columns, column_count, err);
}

void bn_grid_release(bn_grid *t)
{
	bn_free(t->order);
	bn_free(t->shapes);
	bn_free(t->marks);
	bn_free(t->groups);
	bn_free(t->members);
	bn_free(t->folded);
	*t = (bn_grid){.first_column = -1, .group = -1};
}

static uint64_t name_hash(const bn_grid_column *c)
{
	return bn_hash_key(bn_grid_column_name(c));
}

/* Keeps the user's settings of the old columns that remain. */
static void shapes_take(bn_grid *t, bn_grid_shape *shapes, int count)
{
	bn_grid_sort_key sort[BN_GRID_SORTS];
	int sorts = 0, current = 0, group = -1;
	for (int c = 0; t->group >= 0 && c < count; c++)
		if (t->shapes[t->group].name == shapes[c].name)
			group = c;
	t->group = group;
	for (int k = 0; k < t->sort_count; k++)
		for (int c = 0; c < count; c++)
			if (t->shapes[t->sort[k].column].name == shapes[c].name) {
				sort[sorts++] = (bn_grid_sort_key){c, t->sort[k].descending};
				break;
			}
	for (int c = 0; c < count; c++)
		for (int old = 0; old < t->column_count; old++)
			if (t->shapes[old].name == shapes[c].name) {
				bool chose = t->shapes[old].chosen || t->shapes[old].hidden;
				shapes[c].wanted = t->shapes[old].wanted;
				shapes[c].hidden = chose ? t->shapes[old].hidden : shapes[c].hidden;
				shapes[c].chosen = t->shapes[old].chosen;
				current = old == t->column ? c : current;
				break;
			}
	t->column = current;
	t->sort_count = sorts;
	memcpy(t->sort, sort, (size_t)sorts * sizeof *sort);
}

int bn_grid_set_columns(bn_grid *t, const bn_grid_column *columns, int column_count, bn_err *err)
{
	bn_grid_shape *shapes = bn_alloc_zeroed((size_t)column_count + 1, sizeof *shapes);
	if (!shapes)
		return bn_err_nomem(err, "the columns of a table");
	for (int c = 0; c < column_count; c++)
		shapes[c] = (bn_grid_shape){
			.name = name_hash(&columns[c]), .hidden = columns[c].hidden};
	shapes_take(t, shapes, column_count);
	bn_free(t->shapes);
	t->shapes = shapes;
	t->columns = columns;
	t->column_count = column_count;
	t->places = 0;
	t->first_column = -1;
	return 0;
}

void bn_grid_get_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out)
{
	bn_grid_cell_clear(out);
	if (bn_grid_is_group(row)) {
		bn_grid_group_cell(t, row, col, out);
		return;
	}
	t->source.cell(t->source.ctx, row, col, out);
	bn_grid_cell_show(out, &t->columns[col], t->clock);
}

static uint64_t row_key(const bn_grid *t, int64_t row)
{
	if (bn_grid_is_group(row))
		return t->groups[-2 - row].key;
	return t->source.key ? t->source.key(t->source.ctx, row) : (uint64_t)row;
}

int64_t bn_grid_total(const bn_grid *t)
{
	return t->source.rows ? t->source.rows(t->source.ctx) : 0;
}

int64_t bn_grid_count(const bn_grid *t)
{
	int64_t lines = t->external ? (int64_t)t->group_count : 0;
	return t->order ? t->order_count : bn_grid_total(t) + lines;
}

int64_t bn_grid_row(const bn_grid *t, int64_t position)
{
	if (position < 0 || position >= bn_grid_count(t))
		return -1;
	if (t->external && t->group_count)
		return bn_grid_group_row(t, position);
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
	/* The key of a row that is not loaded yet is unknown; then the position is kept. */
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
			hit = (cell.text && text_contains(cell.text, word, n)) ||
			      (cell.full && text_contains(cell.full, word, n));
		}
		if (!hit)
			return false;
		word += n;
	}
}

/* The sort keys of a row, the most significant first. */
typedef struct sort_item {
	int64_t row;
	int rank;
	bn_grid_sort_value keys[BN_GRID_SORTS];
} sort_item;

static int item_compare(const void *pa, const void *pb, void *arg)
{
	const sort_item *a = pa, *b = pb;
	const bn_grid *t = arg;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	for (int k = 0; k < t->sort_count; k++) {
		int c = bn_grid_column_compare(&t->columns[t->sort[k].column], &a->keys[k],
			&b->keys[k], t->sort[k].descending);
		if (c)
			return c;
	}
	return a->row < b->row ? -1 : a->row > b->row;
}

static void item_fill(const bn_grid *t, bn_arena *texts, sort_item *item)
{
	bool ranks = t->source.rank && (!t->sort_count || t->group >= 0);
	item->rank = ranks ? t->source.rank(t->source.ctx, item->row) : 0;
	for (int k = 0; k < t->sort_count; k++) {
		bn_grid_cell cell;
		bn_grid_get_cell(t, item->row, t->sort[k].column, &cell);
		bn_grid_cell_sort_value(&item->keys[k], &cell, texts);
	}
}

static void order_sort(bn_grid *t)
{
	bn_arena texts = BN_ARENA_INIT;
	sort_item *items = bn_alloc_zeroed((size_t)t->order_count + 1, sizeof *items);
	if (!items)
		return; /* unsorted is still valid */
	for (int64_t i = 0; i < t->order_count; i++) {
		items[i].row = t->order[i];
		item_fill(t, &texts, &items[i]);
	}
	qsort_r(items, (size_t)t->order_count, sizeof *items, item_compare, t);
	for (int64_t i = 0; i < t->order_count; i++)
		t->order[i] = items[i].row;
	bn_free(items);
	bn_arena_release(&texts);
}

static void order_build(bn_grid *t)
{
	bn_free(t->order);
	t->order = NULL;
	t->order_count = 0;
	t->group_count = 0;
	if (t->external && t->group >= 0)
		bn_grid_group_take(t);
	if (t->external || (!t->filter[0] && !t->sort_count && t->group < 0 && !t->source.rank))
		return;
	int64_t n = bn_grid_total(t);
	int64_t *order = bn_alloc_zeroed((size_t)n + 1, sizeof *order);
	if (!order)
		return;
	for (int64_t i = 0; i < n; i++)
		if (!t->filter[0] || row_matches(t, i))
			order[t->order_count++] = i;
	t->order = order;
	if (t->sort_count || t->source.rank)
		order_sort(t);
	if (t->group >= 0)
		bn_grid_group_build(t);
}

/* Moves the selection to the row with the key, otherwise to the nearest position. */
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
	t->refused[0] = '\0';
	t->asking = t->external;
	order_build(t);
	selection_restore(t);
}

void bn_grid_refuse_filter(bn_grid *t, const char *shown)
{
	t->asking = false;
	memcpy(t->refused, t->filter, sizeof t->refused);
	snprintf(t->filter, sizeof t->filter, "%s", shown);
}

const char *bn_grid_filter_text(const bn_grid *t)
{
	return t->refused[0] ? t->refused : t->filter;
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
	if (t->mark_count && row >= 0)
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

int bn_grid_place_of(const bn_grid *t, int column)
{
	for (int i = 0; i < t->places; i++)
		if (t->shapes[i].at == column)
			return i;
	return -1;
}

/* Moves to the next visible column as they stand from left to right, or the last one in that direction. */
static void column_step(bn_grid *t, int step, bool to_end)
{
	int place = bn_grid_place_of(t, t->column);
	int from = place < 0 ? t->column : place, count = place < 0 ? t->column_count : t->places;
	for (int i = from + step; i >= 0 && i < count; i += step) {
		int c = place < 0 ? i : t->shapes[i].at;
		if (!bn_grid_is_shown(t, c))
			continue;
		t->column = c;
		if (!to_end)
			return;
	}
}

bool bn_grid_is_rule(const bn_grid *t, int64_t position)
{
	int64_t row = bn_grid_row(t, position);
	bool rule = false;
	if (t->source.across && row >= 0)
		t->source.across(t->source.ctx, row, &rule);
	return rule;
}

/* The nearest position that is not a rule, in that direction, otherwise in the other. */
static int64_t past_rules(const bn_grid *t, int64_t at, int step)
{
	int64_t n = bn_grid_count(t), to;
	at = at >= n ? n - 1 : at;
	at = at < 0 ? 0 : at;
	for (to = at; to >= 0 && to < n && bn_grid_is_rule(t, to);)
		to += step;
	if (to >= 0 && to < n)
		return to;
	for (to = at; to > 0 && to < n && bn_grid_is_rule(t, to);)
		to -= step;
	return to;
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
		column_step(t, -1, false);
		return true;
	case BN_CMD_RIGHT:
		column_step(t, 1, false);
		return true;
	case BN_CMD_FIRST_COLUMN:
		column_step(t, -1, true);
		return true;
	case BN_CMD_LAST_COLUMN:
		column_step(t, 1, true);
		return true;
	default:
		return false;
	}
	bn_grid_select(t, t->source.across ? past_rules(t, at, at < t->selected ? -1 : 1) : at);
	return true;
}

/* Ascending, descending, then unsorted: the previous sort applies again. */
static void sort_cycle(bn_grid *t)
{
	bool falls = t->columns[t->column].falls;
	if (bn_grid_sorted(t) != t->column)
		bn_grid_sort(t, t->column, falls);
	else if (t->sort[0].descending == falls)
		bn_grid_sort(t, t->column, !falls);
	else {
		memmove(&t->sort[0], &t->sort[1], (size_t)(--t->sort_count) * sizeof t->sort[0]);
		bn_grid_reload(t);
	}
}

enum { WIDTH_STEP = 2, WIDTH_LEAST = 3, WIDTH_MOST = 200 };

static void width_step(bn_grid *t, int step)
{
	bn_grid_shape *s = &t->shapes[t->column];
	int width = (s->wanted ? s->wanted : s->width) + step;
	width = width < WIDTH_LEAST ? WIDTH_LEAST : width;
	s->wanted = width > WIDTH_MOST ? WIDTH_MOST : width;
}

bool bn_grid_command(bn_grid *t, bn_command_id id, const char *arg)
{
	if (table_motion(t, id))
		return true;
	int64_t row = bn_grid_selected_row(t);
	switch (id) {
	case BN_CMD_OPEN:
		return bn_grid_fold(t);
	case BN_CMD_MARK:
		if (row >= 0)
			mark_toggle(t, row);
		bn_grid_select(t, t->selected + 1);
		return true;
	case BN_CMD_INVERT:
		for (int64_t i = 0; i < bn_grid_count(t); i++)
			if (bn_grid_row(t, i) >= 0)
				mark_toggle(t, bn_grid_row(t, i));
		return true;
	case BN_CMD_UNMARK:
		t->mark_count = 0;
		return true;
	case BN_CMD_WIDER:
	case BN_CMD_NARROWER:
		width_step(t, id == BN_CMD_WIDER ? WIDTH_STEP : -WIDTH_STEP);
		return true;
	case BN_CMD_SORT:
		if (!arg || !*arg)
			sort_cycle(t);
		else
			bn_grid_sort_by(t, arg, NULL);
		return true;
	case BN_CMD_SORT_UP:
	case BN_CMD_SORT_DOWN:
		bn_grid_sort(t, t->column, id == BN_CMD_SORT_DOWN);
		return true;
	default:
		return false;
	}
}

static bool row_is_odd(const bn_grid *t, int64_t row)
{
	for (int c = 0; c < t->column_count; c++) {
		bn_grid_cell cell;
		bn_grid_get_cell(t, row, c, &cell);
		if (cell.ink == BN_INK_WARN || cell.ink == BN_INK_FAIL || cell.ink == BN_INK_ERROR)
			return true;
	}
	return false;
}

bool bn_grid_step_odd(bn_grid *t, int step)
{
	for (int64_t at = t->selected + step; at >= 0 && at < bn_grid_count(t); at += step) {
		if (bn_grid_row(t, at) < 0 || !row_is_odd(t, bn_grid_row(t, at)))
			continue;
		bn_grid_select(t, at);
		return true;
	}
	return false;
}

/* ---- text out ------------------------------------------------------------------------------------ */

static void row_write(const bn_grid *t, int64_t row, bn_export_as as, bn_buf *out)
{
	const char *between = "";
	for (int c = 0; c < t->column_count; c++) {
		bn_grid_cell cell;
		if (!bn_grid_is_shown(t, c))
			continue;
		bn_grid_get_cell(t, row, c, &cell);
		bn_buf_adds(out, between);
		if (as == BN_EXPORT_JSON) {
			bn_grid_column_write_name(out, &t->columns[c], as);
			bn_buf_addch(out, ':');
		}
		bn_grid_column_write(out, &t->columns[c], &cell, as);
		between = as == BN_EXPORT_TSV ? "\t" : ",";
	}
}

static void header_write(const bn_grid *t, bn_export_as as, bn_buf *out)
{
	const char *between = "";
	for (int c = 0; c < t->column_count; c++) {
		if (!bn_grid_is_shown(t, c))
			continue;
		bn_buf_adds(out, between);
		bn_grid_column_write_name(out, &t->columns[c], as);
		between = as == BN_EXPORT_TSV ? "\t" : ",";
	}
	bn_buf_adds(out, as == BN_EXPORT_CSV ? "\r\n" : "\n");
}

static void json_rows_write(const bn_grid *t, bn_buf *out)
{
	const char *between = "";
	bn_buf_adds(out, "[\n");
	for (int64_t i = 0; i < bn_grid_count(t); i++) {
		if (bn_grid_row(t, i) < 0 || bn_grid_is_rule(t, i))
			continue;
		bn_buf_addf(out, "%s{", between);
		row_write(t, bn_grid_row(t, i), BN_EXPORT_JSON, out);
		bn_buf_addch(out, '}');
		between = ",\n";
	}
	bn_buf_adds(out, *between ? "\n]\n" : "]\n");
}

void bn_grid_write(const bn_grid *t, bn_export_as as, bn_buf *out)
{
	if (as == BN_EXPORT_JSON) {
		json_rows_write(t, out);
		return;
	}
	header_write(t, as, out);
	for (int64_t i = 0; i < bn_grid_count(t); i++) {
		if (bn_grid_row(t, i) < 0 || bn_grid_is_rule(t, i))
			continue;
		row_write(t, bn_grid_row(t, i), as, out);
		bn_buf_adds(out, as == BN_EXPORT_CSV ? "\r\n" : "\n");
	}
}

void bn_grid_write_row(const bn_grid *t, int64_t row, bn_buf *out)
{
	const char *between = "";
	for (int c = 0; c < t->column_count; c++) {
		bn_grid_cell cell;
		if (!bn_grid_is_shown(t, c))
			continue;
		bn_grid_get_cell(t, row, c, &cell);
		bn_buf_adds(out, between);
		for (const char *s = cell.text ? cell.text : ""; *s; s++)
			bn_buf_addch(out, strchr("\t\n\r", *s) ? ' ' : *s);
		between = "\t";
	}
	bn_buf_addch(out, '\n');
}
