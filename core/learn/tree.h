/*
 * tree.h - sums of tiles, added in one fixed binary tree over the tiles' numbers.
 *
 * Node (level, index) is the sum of tiles index * 2^level to (index + 1) * 2^level - 1, as far as
 * they exist: the join of its two halves, the left one first. So the sum of all tiles depends only
 * on their number and their sums, not on the order in which they arrive, on who computed which, or
 * on the boundaries of blocks, parts, ranks and checkpoints. Tiles that arrive in order leave at
 * most log2(tiles) + 1 nodes in memory.
 */
#ifndef BN_LEARN_TREE_H
#define BN_LEARN_TREE_H
#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* left becomes the sum of both; shape describes a sum. */
typedef void (*bn_tree_join)(const void *shape, double *left, const double *right);

typedef struct bn_tree_node {
	double *sum;
	uint64_t index;
	unsigned level;
} bn_tree_node;

typedef struct bn_tree {
	size_t size; /* doubles of a sum */
	bn_tree_join join;
	const void *shape;
	bn_tree_node *nodes;
	size_t count, cap;
	double **spare; /* slots without a node */
	size_t spare_count, spare_cap;
} bn_tree;

/* join NULL: element by element. shape is borrowed. */
void bn_tree_init(bn_tree *t, size_t size, bn_tree_join join, const void *shape);
void bn_tree_clear(bn_tree *t); /* removes all nodes; keeps the memory */
void bn_tree_release(bn_tree *t);

/* A slot for a sum, with undefined content; passed to one of the next two. NULL if out of
 * memory. */
double *bn_tree_room(bn_tree *t);
void bn_tree_give_back(bn_tree *t, double *room);
/* Takes a slot with the sum of a new node. BN_ENOMEM. */
int bn_tree_add(bn_tree *t, unsigned level, uint64_t index, double *room, bn_err *err);
/* The sum of all, if no tile below the last one is missing. NULL: there are none. Borrowed until
 * the next call; the tree is one node afterwards, to be cleared. */
const double *bn_tree_root(bn_tree *t);

/* Combines the sums of several processes that each have some of the rows. NULL: there is one
 * process. */
typedef struct bn_reduce {
	void *self;
	/* Exchanges the nodes of all processes, into each one's tree. */
	int (*tree)(void *self, bn_tree *t, bn_err *err);
} bn_reduce;

#endif
