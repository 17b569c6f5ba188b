/* tree.c - see tree.h. */
#include "core/learn/tree.h"

#include "core/base/mem.h"

#include <stdlib.h>

static void add_elements(const void *shape, double *left, const double *right)
{
	size_t n = *(const size_t *)shape;
	for (size_t i = 0; i < n; i++)
		left[i] += right[i];
}

void bn_tree_init(bn_tree *t, size_t size, bn_tree_join join, const void *shape)
{
	*t = (bn_tree){.size = size, .join = join, .shape = shape};
}

/* Frees a slot that is no longer a node. There is always space: bn_tree_room allocated it with each
 * slot. */
void bn_tree_give_back(bn_tree *t, double *room)
{
	t->spare[t->spare_count++] = room;
}

void bn_tree_clear(bn_tree *t)
{
	while (t->count)
		bn_tree_give_back(t, t->nodes[--t->count].sum);
}

void bn_tree_release(bn_tree *t)
{
	bn_tree_clear(t);
	for (size_t i = 0; i < t->spare_count; i++)
		bn_free(t->spare[i]);
	bn_free(t->spare);
	bn_free(t->nodes);
	*t = (bn_tree){0};
}

double *bn_tree_room(bn_tree *t)
{
	if (t->spare_count)
		return t->spare[--t->spare_count];
	double **places = bn_realloc(t->spare, (t->spare_cap + 1) * sizeof *places);
	if (!places)
		return NULL;
	t->spare = places;
	double *room = bn_alloc(t->size * sizeof *room);
	t->spare_cap += room != NULL;
	return room;
}

static bn_tree_node *find(bn_tree *t, unsigned level, uint64_t index)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->nodes[i].level == level && t->nodes[i].index == index)
			return &t->nodes[i];
	return NULL;
}

/* left becomes the sum; right's slot is free. */
static void join(bn_tree *t, double *left, double *right)
{
	if (t->join)
		t->join(t->shape, left, right);
	else
		add_elements(&t->size, left, right);
	bn_tree_give_back(t, right);
}

int bn_tree_add(bn_tree *t, unsigned level, uint64_t index, double *room, bn_err *err)
{
	bn_tree_node *other;
	if (t->count == t->cap) {
		bn_tree_node *more = bn_realloc(t->nodes, (t->cap + 64) * sizeof *more);
		if (!more) {
			bn_tree_give_back(t, room);
			return bn_err_nomem(err, "sums of tiles");
		}
		t->nodes = more;
		t->cap += 64;
	}
	while ((other = find(t, level, index ^ 1))) {
		double *left = index & 1 ? other->sum : room;
		double *right = index & 1 ? room : other->sum;
		*other = t->nodes[--t->count];
		join(t, left, right);
		room = left;
		level++;
		index >>= 1;
	}
	t->nodes[t->count++] = (bn_tree_node){room, index, level};
	return 0;
}

static int by_first_tile(const void *a, const void *b)
{
	const bn_tree_node *l = a, *r = b;
	uint64_t x = l->index << l->level, y = r->index << r->level;
	return (x > y) - (x < y);
}

/* Adjacent complete nodes decrease in size, like the ones of a binary number: the tree above them
 * joins from the right. */
const double *bn_tree_root(bn_tree *t)
{
	if (!t->count)
		return NULL;
	qsort(t->nodes, t->count, sizeof *t->nodes, by_first_tile);
	while (t->count > 1) {
		t->count--;
		join(t, t->nodes[t->count - 1].sum, t->nodes[t->count].sum);
	}
	return t->nodes[0].sum;
}
