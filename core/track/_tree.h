/*
 * _tree.h - the runs of a list below their parents (bn_run_query.tree). Internal.
 *
 * A node is a held run. It is listed if it is in the list or has one below it that is. Siblings, and the runs without
 * a parent, are in the order of their first listed runs by the list's sort, as groups are: a run with the best run of
 * all below it comes first. Runs in a circle of parents have none: the one with the smallest id is on top.
 */
#ifndef BN_TRACK__TREE_H
#define BN_TRACK__TREE_H
#include "core/track/_memory.h"

typedef struct bn_tree_node {
	uint32_t run;      /* index in the memory */
	int32_t depth;     /* 0: no parent */
	uint32_t children; /* listed runs directly below it */
	uint32_t below;    /* those of the list below it, at any depth */
	bool is_context;   /* not in the list, but one below it is */
	bool is_open;
} bn_tree_node;

typedef struct bn_run_tree {
	bn_tree_node *nodes; /* every node, from top to bottom with everything unfolded */
	size_t count;
	uint32_t *rows; /* which of them are rows of the list */
} bn_run_tree;

/* Orders the list, whose row i is the held run held[i], as a tree: l->tree (in the list's arena), l->no and l->count. If no run of it has a
 * parent, the list stays. */
int bn_run_list_tree(bn_run_list *l, const uint32_t *held, bn_err *err);
/* The best value of a column by a direction (-1, 1) among the runs of the list below a node; NaN: none. */
double bn_run_tree_best(
	const bn_run_tree *t, const bn_run_memory *m, size_t node, const bn_column *c, int better);

/* held_nest.c: m->parent, for the index state of the last refresh. */
int bn_memory_nest(bn_run_memory *m, bn_err *err);

#endif
