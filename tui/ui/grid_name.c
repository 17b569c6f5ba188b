/* grid_name.c - names in a table that have to be shortened: two rows with different names do not look the same. See
 * grid.h. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/grid.h"

#include <stdio.h>
#include <string.h>

enum { TAIL = 64, TRIES = 12 };

/* Another name that is shortened, too. */
typedef struct other {
	const char *text;
	int width;
} other;

typedef struct names {
	bn_arena arena;
	other *items;
	size_t count, cap;
} names;

/* Takes the tail off the text; its columns. */
static int tail_split(bn_grid_cell *cell, char tail[TAIL])
{
	size_t n = cell->text ? strlen(cell->text) : 0;
	tail[0] = '\0';
	if (cell->text != cell->buf || !cell->tail || cell->tail >= n || cell->tail >= TAIL)
		return 0;
	memcpy(tail, cell->buf + n - cell->tail, cell->tail + 1);
	cell->buf[n - cell->tail] = '\0';
	return (int)bn_utf8_width(tail);
}

static bool parts_are_same(const char *a, const bn_name_parts *p, const char *b, const bn_name_parts *q)
{
	return p->fits == q->fits && p->cut == q->cut && p->head == q->head && p->n == q->n &&
	       memcmp(a, b, p->head) == 0 && memcmp(a + p->from, b + q->from, p->n) == 0;
}

/* How many other names look like this one if they are shown from there on. */
static size_t alike(const names *all, const char *name, int width, size_t keeps)
{
	const bn_name_parts own = bn_name_shorten(name, width, keeps);
	size_t n = 0;
	for (size_t i = 0; i < all->count; i++) {
		const bn_name_parts p = bn_name_shorten(all->items[i].text, all->items[i].width, keeps);
		n += parts_are_same(name, &own, all->items[i].text, &p);
	}
	return n;
}

/* The other names of the visible rows that are too long for their column. */
static void names_collect(names *out, const bn_grid *t, int col, int width, const char *name)
{
	for (int r = 0; r < t->page_rows; r++) {
		int64_t row = bn_grid_row(t, t->top + r);
		bn_grid_cell cell;
		char tail[TAIL];
		if (row == -1)
			continue;
		bn_grid_get_cell(t, row, col, &cell);
		int room = width - tail_split(&cell, tail) - (cell.glyph >= 0 ? 2 : 0);
		if (!cell.text || room < 1 || strcmp(cell.text, name) == 0 ||
			(int)bn_utf8_width(cell.text) <= room)
			continue;
		const char *kept = bn_arena_strdup(&out->arena, cell.text);
		if (!kept || bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items) != 0)
			return;
		out->items[out->count++] = (other){kept, room};
	}
}

/* The beginning of the word in which two names differ; of the character if there are no words. */
static size_t differ_at(const char *a, const char *b, bool word)
{
	size_t at = 0;
	while (a[at] && a[at] == b[at])
		at++;
	while (at > 0 && (((unsigned char)a[at] & 0xc0) == 0x80 || (word && !strchr("-_/ ,", a[at - 1]))))
		at--;
	return at;
}

/* A place is tried once. */
static bool is_new(size_t *tried, size_t *count, size_t keeps)
{
	for (size_t i = 0; i < *count; i++)
		if (tried[i] == keeps)
			return false;
	if (*count == TRIES)
		return false;
	tried[(*count)++] = keeps;
	return true;
}

/* From where on the name has to be shown (bn_area_name_from), because without its middle it would look like another. */
static size_t name_keeps(const names *all, const char *name, int width)
{
	size_t tried[TRIES] = {0}, count = 1, best = 0, least = alike(all, name, width, 0);
	for (size_t i = 0; least > 0 && i < 2 * all->count + 1; i++) {
		size_t keeps = i == 2 * all->count ? BN_NAME_END : differ_at(name, all->items[i / 2].text, i % 2 == 0);
		if (!is_new(tried, &count, keeps))
			continue;
		size_t n = alike(all, name, width, keeps);
		if (n < least) {
			least = n;
			best = keeps;
		}
	}
	return best;
}

void bn_grid_name_draw(const bn_grid *t, bn_area a, int r, int at, int width, bn_ink role, int col, bn_grid_cell *cell)
{
	char tail[TAIL];
	bool fits = (int)bn_utf8_width(cell->text) <= width;
	int room = width - (fits ? 0 : tail_split(cell, tail));
	names all = {.arena = BN_ARENA_INIT};
	if (fits || room < 1) {
		bn_area_name(a, r, at, width, role, cell->text);
		return;
	}
	names_collect(&all, t, col, width, cell->text);
	bn_area_name_from(a, r, at, room, role, cell->text, name_keeps(&all, cell->text, room));
	bn_area_field(a, r, at + room, width - room, role, tail);
	bn_free(all.items);
	bn_arena_release(&all.arena);
}
