/* grid_group.c - groups of a table's rows below lines with their aggregates. See grid.h. */
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/ui/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bn_grid_is_group(int64_t row)
{
	return row < -1;
}

static int64_t line_row(size_t group)
{
	return -2 - (int64_t)group;
}

const int64_t *bn_grid_group_rows(const bn_grid *t, int64_t row, int64_t *count)
{
	const bn_grid_group *g = &t->groups[-2 - row];
	*count = g->count;
	return t->external ? NULL : t->members + g->first;
}

/* The grouping key of a row: equal texts, and all rows without a value, are one group. A line's key
 * differs from those of rows: rows' keys are ids, or small numbers. */
static uint64_t group_key(const bn_grid *t, int64_t row)
{
	bn_grid_cell cell;
	bn_grid_get_cell(t, row, t->group, &cell);
	const char *text = cell.full ? cell.full : cell.text;
	return bn_hash_key(text && !cell.stands_in ? text : "");
}

/* Whether a group differs from the default: folded, or open in an external grid. */
static bool is_turned(const bn_grid *t, uint64_t key)
{
	for (size_t i = 0; i < t->folded_count; i++)
		if (t->folded[i] == key)
			return true;
	return false;
}

/* The group with that key, created if it is new; -1 if out of memory. */
static int64_t group_find(bn_grid *t, uint64_t key)
{
	for (size_t g = 0; g < t->group_count; g++)
		if (t->groups[g].key == key)
			return (int64_t)g;
	if (bn_grow(&t->groups, &t->group_cap, t->group_count + 1, sizeof *t->groups) != 0)
		return -1;
	t->groups[t->group_count] = (bn_grid_group){.key = key, .folded = is_turned(t, key)};
	return (int64_t)t->group_count++;
}

/* The group of each row, -1: none; false if out of memory. */
static bool groups_count(bn_grid *t, int64_t *of)
{
	for (int64_t i = 0; i < t->order_count; i++) {
		int64_t row = t->order[i];
		of[i] = -1;
		if (t->source.rank && t->source.rank(t->source.ctx, row) == 0)
			continue;
		if ((of[i] = group_find(t, group_key(t, row))) < 0)
			return false;
		t->groups[of[i]].count++;
	}
	return true;
}

/* The rows of each group, in the order that is shown. */
static void members_set(bn_grid *t, const int64_t *of)
{
	int64_t at = 0;
	for (size_t g = 0; g < t->group_count; at += t->groups[g++].count)
		t->groups[g].first = at;
	for (int64_t i = 0; i < t->order_count; i++)
		if (of[i] >= 0)
			t->members[t->groups[of[i]].first++] = t->order[i];
	for (size_t g = 0; g < t->group_count; g++)
		t->groups[g].first -= t->groups[g].count;
}

/* A group in the sort: what its line shows in columns of numbers, otherwise the values of its first row. */
typedef struct group_item {
	bn_grid_group group;
	size_t place;
	bn_grid_sort_value keys[BN_GRID_SORTS];
} group_item;

static int group_compare(const void *pa, const void *pb, void *grid)
{
	const group_item *a = pa, *b = pb;
	const bn_grid *t = grid;
	for (int k = 0; k < t->sort_count; k++) {
		int c = bn_grid_column_compare(&t->columns[t->sort[k].column], &a->keys[k], &b->keys[k],
			t->sort[k].descending);
		if (c)
			return c;
	}
	return a->place < b->place ? -1 : a->place > b->place;
}

static void group_item_fill(const bn_grid *t, bn_arena *texts, size_t place, group_item *item)
{
	item->group = t->groups[place];
	item->place = place;
	for (int k = 0; k < t->sort_count; k++) {
		int col = t->sort[k].column;
		bool shown = t->columns[col].form == BN_COLUMN_NUMBER && col != t->group;
		bn_grid_cell cell;
		bn_grid_get_cell(t, shown ? line_row(place) : t->members[item->group.first], col, &cell);
		bn_grid_cell_sort_value(&item->keys[k], &cell, texts);
	}
}

static void groups_sort(bn_grid *t)
{
	bn_arena texts = BN_ARENA_INIT;
	group_item *items = t->sort_count ? bn_alloc_zeroed(t->group_count + 1, sizeof *items) : NULL;
	if (!items)
		return; /* in the order of their first rows */
	for (size_t g = 0; g < t->group_count; g++)
		group_item_fill(t, &texts, g, &items[g]);
	qsort_r(items, t->group_count, sizeof *items, group_compare, t);
	for (size_t g = 0; g < t->group_count; g++)
		t->groups[g] = items[g].group;
	bn_free(items);
	bn_arena_release(&texts);
}

/* Rows without a group come first. */
static void groups_lay_out(bn_grid *t, const int64_t *of, int64_t *order)
{
	int64_t n = 0;
	members_set(t, of);
	groups_sort(t);
	for (int64_t i = 0; i < t->order_count; i++)
		if (of[i] < 0)
			order[n++] = t->order[i];
	for (size_t g = 0; g < t->group_count; g++) {
		bn_grid_group *group = &t->groups[g];
		group->at = n;
		order[n++] = line_row(g);
		for (int64_t i = 0; i < group->count && !group->folded; i++)
			order[n++] = t->members[group->first + i];
	}
	t->order_count = n;
}

void bn_grid_group_build(bn_grid *t)
{
	size_t rows = (size_t)t->order_count + 1;
	int64_t *of = bn_alloc(rows * sizeof *of), *order = NULL;
	bn_free(t->members);
	t->members = bn_alloc(rows * sizeof *t->members);
	t->group_count = 0;
	if (of && t->members && groups_count(t, of))
		order = bn_alloc((rows + t->group_count) * sizeof *order);
	if (order) {
		groups_lay_out(t, of, order);
		bn_free(t->order);
		t->order = order;
	} else {
		t->group_count = 0; /* ungrouped is still valid */
	}
	bn_free(of);
}

/* ---- of an external grid --------------------------------------------------------------------- */

void bn_grid_group_take(bn_grid *t)
{
	int64_t at = bn_grid_total(t);
	bn_grid_group g;
	if (!t->source.group)
		return;
	for (size_t i = 0; t->source.group(t->source.ctx, i, &g); i++) {
		if (bn_grow(&t->groups, &t->group_cap, i + 1, sizeof *t->groups) != 0)
			return;
		t->groups[i] = g;
		t->group_count = i + 1;
		at -= g.folded ? 0 : g.count;
	}
	for (size_t i = 0; i < t->group_count;
		i++) { /* from the first one after the rows without a group */
		t->groups[i].at = at++;
		at += t->groups[i].folded ? 0 : t->groups[i].count;
	}
}

/* The number of lines of groups before a position. */
static size_t lines_before(const bn_grid *t, int64_t position)
{
	size_t lo = 0, hi = t->group_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->groups[mid].at < position)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum { RULES_LOOKED_AT = 5000 }; /* positions searched for a rule */

int64_t bn_grid_rows_before(const bn_grid *t, int64_t position)
{
	int64_t n = position - (int64_t)lines_before(t, position);
	for (int64_t i = 0; t->source.across && position <= RULES_LOOKED_AT && i < position; i++)
		n -= bn_grid_is_rule(t, i);
	return n;
}

int64_t bn_grid_group_row(const bn_grid *t, int64_t position)
{
	size_t lines = lines_before(t, position);
	if (lines < t->group_count && t->groups[lines].at == position)
		return line_row(lines);
	const bn_grid_group *in = lines ? &t->groups[lines - 1] : NULL;
	return in ? in->first + position - in->at - 1 : position;
}

void bn_grid_group_by(bn_grid *t, int column)
{
	t->group = column;
	t->folded_count = 0;
	bn_grid_reload(t);
}

void bn_grid_turn_add(bn_grid *t, uint64_t key)
{
	if (bn_grow(&t->folded, &t->folded_cap, t->folded_count + 1, sizeof *t->folded) == 0)
		t->folded[t->folded_count++] = key;
}

bool bn_grid_fold(bn_grid *t)
{
	int64_t row = bn_grid_selected_row(t);
	if (!bn_grid_is_group(row))
		return false;
	const bn_grid_group *g = &t->groups[-2 - row];
	if (!is_turned(t, g->key)) {
		bn_grid_turn_add(t, g->key);
	} else {
		size_t kept = 0;
		for (size_t i = 0; i < t->folded_count; i++)
			if (t->folded[i] != g->key)
				t->folded[kept++] = t->folded[i];
		t->folded_count = kept;
	}
	bn_grid_reload(t);
	return true;
}

void bn_grid_sum_show(bn_grid_cell *out, const bn_grid_sum *sum, bn_alphabet alphabet)
{
	char text[BN_FORMAT_BYTES], spread[32] = "", part[64] = "";
	out->number = sum->value;
	if (isnan(sum->value) || (isnan(sum->deviation) && sum->count == sum->of))
		return;
	if (!isnan(sum->deviation))
		snprintf(spread, sizeof spread, " %s %.2g", alphabet == BN_ALPHABET_ASCII ? "+-" : "±",
			sum->deviation);
	if (sum->count != sum->of)
		snprintf(part, sizeof part, ", %lld of %lld", (long long)sum->count, (long long)sum->of);
	snprintf(out->buf, sizeof out->buf, "%s%s%s", bn_format_number(text, sum->value), spread, part);
	out->text = out->buf;
}

/* The mean of the rows that have a number, with the deviation of a sample: "48.91 ± 0.35". */
static void mean_cell(const bn_grid *t, const int64_t *rows, int64_t n, int col, bn_grid_cell *out)
{
	double sum = 0, mean, squares = 0;
	int64_t numbers = 0;
	bn_grid_cell cell;
	for (int pass = 0; pass < 2; pass++) {
		mean = numbers ? sum / (double)numbers : NAN;
		for (int64_t i = 0; i < n; i++) {
			bn_grid_cell_clear(&cell);
			t->source.cell(t->source.ctx, rows[i], col, &cell);
			if (isnan(cell.number))
				continue;
			numbers += pass == 0;
			sum += pass == 0 ? cell.number : 0;
			squares += pass == 1 ? (cell.number - mean) * (cell.number - mean) : 0;
		}
	}
	if (!numbers)
		return;
	const bn_grid_sum s = {mean, numbers > 1 ? sqrt(squares / (double)(numbers - 1)) : (double)NAN, numbers, n};
	bn_grid_sum_show(out, &s, t->alphabet);
}

void bn_grid_group_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out)
{
	int64_t n;
	const int64_t *rows = bn_grid_group_rows(t, row, &n);
	bool own = rows && t->source.group_cell &&
		   t->source.group_cell(t->source.ctx, rows, n, col, out);
	if (!own && t->columns[col].form == BN_COLUMN_STATE) {
		out->glyph = t->groups[-2 - row].folded ? BN_GLYPH_FOLDED : BN_GLYPH_OPEN;
		out->text = "";
	} else if (!rows) {
		t->source.line_cell(t->source.ctx, (size_t)(-2 - row), col, out);
	} else if (!own && col != t->group && t->columns[col].form == BN_COLUMN_NUMBER) {
		mean_cell(t, rows, n, col, out);
	}
	bn_grid_cell_show(out, &t->columns[col], t->clock);
}
