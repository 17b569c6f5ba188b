/*
 * tree.h - sums of numbered tiles, added in one fixed binary tree over their numbers.
 *
 * The tree is that of the tiles 0 .. 2^k - 1 with those beyond the last one left out: node (level, number) is the sum
 * of node (level - 1, 2 number) and node (level - 1, 2 number + 1), in that order. So the total has the same bits
 * whichever blocks, parts, threads and ranks the tiles came from. A stream keeps at most log2(tiles) + 1 partial sums;
 * a range of tiles that does not begin at 0 (a rank, what stood in a checkpoint) at most twice as many.
 */
#ifndef BNK_TREE_H
#define BNK_TREE_H
#include <stddef.h>
#include <stdint.h>

#define BNK_TREE_NODES 130

typedef struct bnk_tree_node {
	unsigned level;
	uint64_t number;
	double *sums;
} bnk_tree_node;

/* Tiles first .. next - 1, as the fewest nodes, in order. */
typedef struct bnk_tree {
	size_t width; /* numbers of each sum */
	uint64_t first, next;
	size_t count;
	bnk_tree_node nodes[BNK_TREE_NODES];
} bnk_tree;

void bnk_tree_init(bnk_tree *t, size_t width, uint64_t first);
void bnk_tree_release(bnk_tree *t);
/* The next tile's sums, copied. BNK_ENOMEM. */
int bnk_tree_add(bnk_tree *t, const double *sums);
/* Takes over all nodes of a tree whose tiles follow; that one is empty afterwards. BNK_EINVAL when they do not. */
int bnk_tree_join(bnk_tree *t, bnk_tree *after);
/* The sum of all; zeros without a tile. BNK_EINVAL when they do not begin at tile 0. */
int bnk_tree_total(const bnk_tree *t, double *out);

#endif
