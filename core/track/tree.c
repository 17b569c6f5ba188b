/* tree.c - see _tree.h. Every step is in proportion to the runs of the list, but for the sort. */
#include "core/track/_tree.h"

#include "core/track/best.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

/* By held run. */
typedef struct links {
	const bn_run_memory *m;
	int32_t *first, *last, *next; /* listed runs directly below it; its next sibling */
	uint8_t *listed, *matched;    /* sets */
	int32_t top, bottom;          /* runs without a parent */
	size_t count;                 /* listed ones */
} links;

/* ---- the order of the list ------------------------------------------------------------------ */

static int row_cmp(const void *a, const void *b, void *list)
{
	return bn_run_list_cmp(list, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* Rows in the list's order. Without a sort it is the public order, live runs first. */
static int rows_order(uint32_t **out, bn_run_list *l, bn_err *err)
{
	uint32_t *order = bn_alloc((l->count + 1) * sizeof *order);
	size_t n = 0;
	if (!order)
		return bn_err_nomem(err, "a tree of runs");
	bool lead_only = l->key_count == 1 && l->keys[0].is_lead;
	for (int others = 0; others < 2; others++)
		for (size_t i = 0; i < l->count; i++)
			if (lead_only ? (l->keys[0].number[i] != 0) == others : !others)
				order[n++] = (uint32_t)i;
	if (l->key_count && !lead_only)
		qsort_r(order, n, sizeof *order, row_cmp, l);
	*out = order;
	return 0;
}

/* ---- who is below whom ---------------------------------------------------------------------- */

static void below_add(links *k, int32_t run)
{
	int32_t parent = k->m->parent[run];
	int32_t *first = parent < 0 ? &k->top : &k->first[parent];
	int32_t *last = parent < 0 ? &k->bottom : &k->last[parent];
	if (*last < 0)
		*first = run;
	else
		k->next[*last] = run;
	*last = run;
}

/* The run, and all above it that are not listed yet: each comes where its first run comes. */
static void list_up(links *k, int32_t run)
{
	bn_set_add(k->matched, (size_t)run);
	for (; run >= 0 && !bn_set_has(k->listed, (size_t)run); run = k->m->parent[run]) {
		bn_set_add(k->listed, (size_t)run);
		k->count++;
		below_add(k, run);
	}
}

static int links_build(links *k, bn_run_list *l, const uint32_t *held, bn_err *err)
{
	const bn_run_memory *m = k->m;
	size_t n = m->count + 1;
	uint32_t *order = NULL;
	int rc;
	k->first = bn_alloc(n * sizeof *k->first);
	k->last = bn_alloc(n * sizeof *k->last);
	k->next = bn_alloc(n * sizeof *k->next);
	k->listed = bn_alloc_zeroed(n / 8 + 1, 1);
	k->matched = bn_alloc_zeroed(n / 8 + 1, 1);
	if (!k->first || !k->last || !k->next || !k->listed || !k->matched)
		return bn_err_nomem(err, "a tree of runs");
	if ((rc = rows_order(&order, l, err)) < 0)
		return rc;
	for (size_t i = 0; i < m->count; i++)
		k->first[i] = k->last[i] = k->next[i] = NONE;
	for (size_t i = 0; i < l->count; i++)
		list_up(k, (int32_t)held[order[i]]);
	bn_free(order);
	return 0;
}

static void links_release(links *k)
{
	bn_free(k->first);
	bn_free(k->last);
	bn_free(k->next);
	bn_free(k->listed);
	bn_free(k->matched);
}

/* ---- nodes and rows ------------------------------------------------------------------------- */

static bool is_turned(const bn_run_query *q, const bn_held_run *run)
{
	uint64_t key = 0;
	for (size_t i = 0; q->open_count && i < 8; i++)
		key = key << 8 | run->id[i];
	for (size_t i = 0; i < q->open_count; i++)
		if (q->open[i] == key)
			return true;
	return false;
}

/* From top to bottom, children right after their parent. */
static void nodes_lay_out(bn_run_tree *t, const links *k, const bn_run_query *q)
{
	int32_t depth = 0;
	for (int32_t run = k->top; run >= 0;) {
		const bn_held_run *held = &k->m->runs[run];
		bn_tree_node *node = &t->nodes[t->count++];
		*node = (bn_tree_node){.run = (uint32_t)run,
			.depth = depth,
			.is_context = !bn_set_has(k->matched, (size_t)run)};
		for (int32_t child = k->first[run]; child >= 0; child = k->next[child])
			node->children++;
		if (node->children) {
			node->is_open = q->unfolded != is_turned(q, held);
			depth++;
			run = k->first[run];
			continue;
		}
		while (run >= 0 && k->next[run] < 0) {
			run = k->m->parent[run];
			depth--;
		}
		run = run < 0 ? run : k->next[run];
	}
}

/* Counts from the bottom up: when a node is met, those below it have been. */
static int below_count(bn_run_tree *t, const links *k, bn_err *err)
{
	uint32_t *below = bn_alloc_zeroed(k->m->count + 1, sizeof *below);
	if (!below)
		return bn_err_nomem(err, "a tree of runs");
	for (size_t i = t->count; i-- > 0;) {
		bn_tree_node *n = &t->nodes[i];
		int32_t parent = k->m->parent[n->run];
		n->below = below[n->run];
		if (parent >= 0)
			below[parent] += n->below + !n->is_context;
	}
	bn_free(below);
	return 0;
}

/* The end of what is below a node. */
static size_t below_end(const bn_run_tree *t, size_t node)
{
	size_t end = node + 1;
	while (end < t->count && t->nodes[end].depth > t->nodes[node].depth)
		end++;
	return end;
}

static void rows_lay_out(bn_run_list *l, const bn_run_memory *m, bn_run_tree *t)
{
	l->count = 0;
	for (size_t i = 0; i < t->count;) {
		const bn_tree_node *n = &t->nodes[i];
		t->rows[l->count] = (uint32_t)i;
		l->no[l->count++] = m->runs[n->run].no;
		i = n->children && !n->is_open ? below_end(t, i) : i + 1;
	}
}

/* Whether a run of the list is below another one that is not in the trash. */
static bool is_nested(const bn_run_list *l, const bn_run_memory *m, const uint32_t *held)
{
	for (size_t i = 0; m->nested && i < l->count; i++)
		if (m->parent[held[i]] >= 0)
			return true;
	return false;
}

int bn_run_list_tree(bn_run_list *l, const uint32_t *held, bn_err *err)
{
	bn_run_memory *m = l->q->memory;
	links k = {.m = m, .top = NONE, .bottom = NONE};
	bn_run_tree *t = NULL;
	int rc = bn_memory_nest(m, err);
	if (rc < 0 || !is_nested(l, m, held))
		return rc;
	if ((rc = links_build(&k, l, held, err)) < 0)
		goto out;
	t = bn_arena_alloc(&l->arena, sizeof *t);
	if (t) {
		t->nodes = bn_arena_alloc(&l->arena, (k.count + 1) * sizeof *t->nodes);
		t->rows = bn_arena_alloc(&l->arena, (k.count + 1) * sizeof *t->rows);
	}
	if (!t || !t->nodes || !t->rows) {
		rc = bn_err_nomem(err, "a tree of runs");
		goto out;
	}
	nodes_lay_out(t, &k, l->q);
	if ((rc = below_count(t, &k, err)) < 0)
		goto out;
	rows_lay_out(l, m, t);
	l->tree = t;
out:
	links_release(&k);
	return rc;
}

double bn_run_tree_best(
	const bn_run_tree *t, const bn_run_memory *m, size_t node, const bn_column *c, int better)
{
	double best = (double)NAN;
	for (size_t i = node + 1, end = below_end(t, node); i < end; i++) {
		size_t run = (size_t)m->runs[t->nodes[i].run].no;
		if (t->nodes[i].is_context || run >= c->count || !bn_set_has(c->has, run) ||
			isnan(c->number[run]))
			continue;
		if (isnan(best) || bn_metric_beats(better, c->number[run], best))
			best = c->number[run];
	}
	return best;
}
