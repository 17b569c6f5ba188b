/* tree.c - see tree.h. */
#include "kernels/tree.h"

#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

void bnk_tree_init(bnk_tree *t, size_t width, uint64_t first)
{
	*t = (bnk_tree){.width = width, .first = first, .next = first};
}

void bnk_tree_release(bnk_tree *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->nodes[i].sums);
	t->count = 0;
}

/* left += right */
static void add(size_t n, double *restrict left, const double *restrict right)
{
	for (size_t i = 0; i < n; i++)
		left[i] += right[i];
}

/* Takes the node over; it becomes one with its sibling, and that with its own, where they are there. */
static void append(bnk_tree *t, bnk_tree_node node)
{
	t->nodes[t->count++] = node;
	t->next = (node.number + 1) << node.level;
	while (t->count > 1) {
		bnk_tree_node *left = &t->nodes[t->count - 2], *right = left + 1;
		if (left->level != right->level || left->number % 2 ||
			left->number + 1 != right->number)
			return;
		add(t->width, left->sums, right->sums);
		free(right->sums);
		left->level++;
		left->number /= 2;
		t->count--;
	}
}

int bnk_tree_add(bnk_tree *t, const double *sums)
{
	double *copy = malloc(t->width ? t->width * sizeof *copy : 1);
	if (!copy)
		return BNK_ENOMEM;
	memcpy(copy, sums, t->width * sizeof *copy);
	append(t, (bnk_tree_node){0, t->next, copy});
	return BNK_OK;
}

int bnk_tree_join(bnk_tree *t, bnk_tree *after)
{
	if (after->first != t->next || after->width != t->width)
		return BNK_EINVAL;
	for (size_t i = 0; i < after->count; i++)
		append(t, after->nodes[i]);
	after->count = 0;
	after->first = after->next;
	return BNK_OK;
}

/* What is left at the end are left siblings whose right ones lack their end: from the last to the first. */
int bnk_tree_total(const bnk_tree *t, double *out)
{
	if (t->first != 0)
		return BNK_EINVAL;
	memset(out, 0, t->width * sizeof *out);
	for (size_t i = t->count; i-- > 0;)
		for (size_t j = 0; j < t->width; j++)
			out[j] = i + 1 == t->count ? t->nodes[i].sums[j]
						   : t->nodes[i].sums[j] + out[j];
	return BNK_OK;
}
