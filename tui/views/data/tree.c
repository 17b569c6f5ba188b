/* tree.c - the order of the list of datasets: datasets made from another one, such as the parts of a split, are below
 * it. */
#include "core/base/mem.h"
#include "tui/views/data/_data.h"

#include <stdlib.h>
#include <string.h>

typedef struct tree {
	const bn_dataset_list *d;
	size_t *parent; /* of each row; `count`: none */
	bn_data_branch *out;
	size_t count;
} tree;

/* The row of that name; `count`: there is none. Rows are sorted by name. */
static size_t row_find(const bn_dataset_list *d, const char *name)
{
	size_t lo = 0, hi = d->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(d->rows[mid].name, name);
		if (order == 0)
			return mid;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return d->count;
}

/* The dataset from which its newest version was made, if it is in the list. */
static size_t parent_of(const bn_dataset_list *d, size_t row)
{
	const bn_dataset_version *v = d->rows[row].latest;
	size_t at = v && v->parent_count ? row_find(d, v->parents[0].name) : d->count;
	return at == row ? d->count : at;
}

enum { DEEPEST = 16 };

/* Whether following the parents ends: two datasets may be made from each other's versions. */
static bool has_root(const tree *t, size_t row)
{
	for (int steps = 0; steps <= DEEPEST; steps++) {
		if (t->parent[row] == t->d->count)
			return true;
		row = t->parent[row];
	}
	return false;
}

static int by_parent(const void *a, const void *b, void *ctx)
{
	const tree *t = ctx;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	if (t->parent[x] != t->parent[y])
		return t->parent[x] < t->parent[y] ? -1 : 1;
	return (x > y) - (x < y);
}

/* The first of the children of a row in `order`. */
static size_t children_at(const tree *t, const size_t *order, size_t row)
{
	size_t lo = 0, hi = t->d->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->parent[order[mid]] < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Adds a row and the datasets made from it; at most DEEPEST levels deep. */
static void add(tree *t, const size_t *order, size_t row, int glyph)
{
	size_t at = children_at(t, order, row);
	t->out[t->count++] = (bn_data_branch){row, glyph};
	for (; at < t->d->count && t->parent[order[at]] == row; at++) {
		bool last = at + 1 == t->d->count || t->parent[order[at + 1]] != row;
		add(t, order, order[at], last ? (int)BN_GLYPH_BRANCH_LAST : (int)BN_GLYPH_BRANCH);
	}
}

bn_data_branch *bn_data_tree(const bn_dataset_list *d)
{
	tree t = {.d = d,
		.parent = bn_alloc_zeroed(d->count + 1, sizeof *t.parent),
		.out = bn_alloc_zeroed(d->count + 1, sizeof *t.out)};
	size_t *order = bn_alloc_zeroed(d->count + 1, sizeof *order);
	if (!t.parent || !t.out || !order) {
		bn_free(t.out);
		t.out = NULL;
		goto out;
	}
	for (size_t i = 0; i < d->count; i++)
		t.parent[i] = parent_of(d, i);
	for (size_t i = 0; i < d->count; i++)
		if (!has_root(&t, i))
			t.parent[i] = d->count;
	for (size_t i = 0; i < d->count; i++)
		order[i] = i;
	if (d->count)
		qsort_r(order, d->count, sizeof *order, by_parent, &t);
	for (size_t i = 0; i < d->count; i++)
		if (t.parent[i] == d->count)
			add(&t, order, i, -1);
out:
	bn_free(t.parent);
	bn_free(order);
	return t.out;
}
