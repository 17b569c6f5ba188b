/*
 * split_group.c - group splits: rows of one value stay together, and parts get their shares of the
 * rows.
 *
 * The exact problem is bin packing, so this is a heuristic: groups are assigned by size, the large
 * ones first (in random order among those of similar size), each to a part drawn with the weight of
 * its missing rows, among the parts where it fits; if it fits nowhere, to the part that misses
 * most. Then single groups are moved and pairs exchanged as long as that brings the parts closer to
 * their shares. A part without a group gets one at the end, if possible.
 */
#include "core/data/_split.h"

#include "core/base/mem.h"
#include "core/profile/tally.h"

#include <math.h>
#include <stdlib.h>

#define ROUNDS_MAX 1000
#define STEPS_MAX 1e9 /* of groups and pairs of parts, in all rounds */
#define EXCHANGED_MAX 20000 /* groups; with more of them the shares are met without exchanges */

typedef struct group {
	uint64_t key, rows; /* rows 0: an empty slot of the table */
	uint64_t order;     /* of the seed */
	uint32_t part;
} group;

typedef struct grouping {
	const bn_split_options *options;
	uint8_t *part_of;
	group *slots; /* a hash table */
	size_t used, cap;
	group **list;                      /* the used ones: large ones first */
	double excess[BN_SPLIT_MAX_PARTS]; /* rows beyond the share */
	size_t members[BN_SPLIT_MAX_PARTS];
} grouping;

/* ---- counting --------------------------------------------------------------------------------- */

static group *find_slot(group *slots, size_t cap, uint64_t key)
{
	size_t i = bn_hash_bits(key) & (cap - 1);

	while (slots[i].rows && slots[i].key != key)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int grow(grouping *g, bn_err *err)
{
	size_t cap = g->cap ? 2 * g->cap : 1024;
	group *slots = bn_alloc_zeroed(cap, sizeof *slots);

	if (!slots)
		return bn_err_nomem(err, "the groups of a split");
	for (size_t i = 0; i < g->cap; i++)
		if (g->slots[i].rows)
			*find_slot(slots, cap, g->slots[i].key) = g->slots[i];
	bn_free(g->slots);
	g->slots = slots;
	g->cap = cap;
	return 0;
}

static int count_groups(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	grouping *g = ctx;
	int rc;

	(void)first_row;
	for (size_t r = 0; r < c->rows; r++) {
		if (2 * (g->used + 1) > g->cap && (rc = grow(g, err)) < 0)
			return rc;
		uint64_t key = bn_split_key(c, r);
		group *slot = find_slot(g->slots, g->cap, key);
		g->used += !slot->rows;
		slot->key = key;
		slot->rows++;
	}
	return 0;
}

static int assign_rows(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	grouping *g = ctx;

	(void)err;
	for (size_t r = 0; r < c->rows; r++)
		g->part_of[first_row + r] =
			(uint8_t)find_slot(g->slots, g->cap, bn_split_key(c, r))->part;
	return 0;
}

/* ---- assigning ------------------------------------------------------------------------------- */

static int size_class(uint64_t rows)
{
	return 64 - __builtin_clzll(rows);
}

static int by_size(const void *a, const void *b)
{
	const group *x = *(group *const *)a, *y = *(group *const *)b;
	int cx = size_class(x->rows), cy = size_class(y->rows);

	if (cx != cy)
		return cx < cy ? 1 : -1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static int make_list(grouping *g, bn_err *err)
{
	size_t n = 0;
	bn_rng r;

	if (!(g->list = bn_alloc((g->used + 1) * sizeof *g->list)))
		return bn_err_nomem(err, "the groups of a split");
	for (size_t i = 0; i < g->cap; i++) {
		if (!g->slots[i].rows)
			continue;
		bn_rng_init(&r, g->options->seed, "data.split.group", g->slots[i].key);
		g->slots[i].order = bn_rng_below(&r, UINT64_MAX);
		g->list[n++] = &g->slots[i];
	}
	qsort(g->list, n, sizeof *g->list, by_size);
	return 0;
}

static void put(grouping *g, group *x, size_t part)
{
	x->part = (uint32_t)part;
	g->excess[part] += (double)x->rows;
	g->members[part]++;
}

static void move(grouping *g, group *x, size_t part)
{
	g->excess[x->part] -= (double)x->rows;
	g->members[x->part]--;
	put(g, x, part);
}

/* Drawn by missing rows, among the parts where it fits; otherwise the one that misses most. */
static size_t choose_part(const grouping *g, const group *x, bn_rng *r)
{
	size_t parts = g->options->part_count, most = 0;
	double room = 0, u;

	for (size_t p = 0; p < parts; p++) {
		most = g->excess[p] < g->excess[most] ? p : most;
		room += -g->excess[p] >= (double)x->rows ? -g->excess[p] : 0;
	}
	if (room <= 0)
		return most;
	u = bn_rng_uniform(r) * room;
	for (size_t p = 0; p < parts; p++) {
		if (-g->excess[p] < (double)x->rows)
			continue;
		if ((u += g->excess[p]) < 0)
			return p;
	}
	return most;
}

/* ---- improving ------------------------------------------------------------------------------- */

/* The gain from moving x rows from a to b: the decrease of the sum of squares, halved. */
static double gain_of(const grouping *g, size_t a, size_t b, double x)
{
	return x * (g->excess[a] - g->excess[b] - x);
}

typedef struct exchange {
	group *out, *in; /* in: NULL if only one group moves */
	double gain;
} exchange;

static int by_rows(const void *a, const void *b)
{
	const group *x = *(group *const *)a, *y = *(group *const *)b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static void consider(const grouping *g, size_t a, size_t b, group *out, group *in, exchange *best)
{
	double gain = gain_of(g, a, b, (double)out->rows - (in ? (double)in->rows : 0));

	if (gain > best->gain + 0.25) /* counts are integers: anything less is rounding */
		*best = (exchange){out, in, gain};
}

/* The best move or exchange between two parts; sorted: all groups by rows. Two indices scan the
 * sizes of both parts upwards, at most the best difference apart. */
static exchange find_exchange(
	const grouping *g, group *const *sorted, size_t a, size_t b, group **of_a, group **of_b)
{
	double best_rows = (g->excess[a] - g->excess[b]) / 2;
	exchange best = {.gain = 0};
	size_t na = 0, nb = 0, k = 0;

	for (size_t i = 0; i < g->used; i++) {
		if (sorted[i]->part == a)
			of_a[na++] = sorted[i];
		else if (sorted[i]->part == b)
			of_b[nb++] = sorted[i];
	}
	for (size_t i = 0; i < na; i++) {
		if (na > 1)
			consider(g, a, b, of_a[i], NULL, &best);
		while (k < nb && (double)of_b[k]->rows < (double)of_a[i]->rows - best_rows)
			k++;
		if (k < nb)
			consider(g, a, b, of_a[i], of_b[k], &best);
		if (k)
			consider(g, a, b, of_a[i], of_b[k - 1], &best);
	}
	return best;
}

static bool mend_once(grouping *g, group *const *sorted, group **of_a, group **of_b)
{
	size_t parts = g->options->part_count;
	exchange best = {.gain = 0};
	size_t from = 0, to = 0;

	for (size_t a = 0; a < parts; a++)
		for (size_t b = 0; b < parts; b++) {
			if (g->excess[a] - g->excess[b] < 1 || a == b)
				continue;
			exchange x = find_exchange(g, sorted, a, b, of_a, of_b);
			if (x.gain > best.gain) {
				best = x;
				from = a;
				to = b;
			}
		}
	if (!best.out)
		return false;
	move(g, best.out, to);
	if (best.in)
		move(g, best.in, from);
	return true;
}

static int mend(grouping *g, bn_err *err)
{
	group **sorted = bn_alloc((g->used + 1) * sizeof *sorted);
	group **of_a = bn_alloc((g->used + 1) * sizeof *of_a);
	group **of_b = bn_alloc((g->used + 1) * sizeof *of_b);
	int rc = 0;

	if (!sorted || !of_a || !of_b) {
		rc = bn_err_nomem(err, "the groups of a split");
		goto out;
	}
	for (size_t i = 0; i < g->used; i++)
		sorted[i] = g->list[i];
	qsort(sorted, g->used, sizeof *sorted, by_rows);
	double steps = (double)g->used * (double)(g->options->part_count * g->options->part_count);
	int rounds = steps * ROUNDS_MAX > STEPS_MAX ? (int)(STEPS_MAX / steps) : ROUNDS_MAX;
	for (int i = 0; i < rounds && mend_once(g, sorted, of_a, of_b); i++) {
	}
out:
	bn_free(sorted);
	bn_free(of_a);
	bn_free(of_b);
	return rc;
}

/* A part without a group gets the cheapest one from a part that keeps another. */
static void fill_empty_parts(grouping *g)
{
	for (size_t p = 0; p < g->options->part_count; p++) {
		group *best = NULL;
		double best_gain = -INFINITY;
		for (size_t i = 0; i < g->used && !g->members[p]; i++) {
			group *x = g->list[i];
			double gain = gain_of(g, x->part, p, (double)x->rows);
			if (g->members[x->part] < 2 || gain <= best_gain)
				continue;
			best = x;
			best_gain = gain;
		}
		if (best)
			move(g, best, p);
	}
}

int bn_split_groups(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, const bn_split_options *o, bn_err *err)
{
	grouping g = {.options = o, .part_of = part_of};
	bn_rng r;
	int rc;

	if ((rc = bn_split_each(table, column, count_groups, &g, o->progress, err)) < 0 ||
		(rc = make_list(&g, err)) < 0)
		goto out;
	for (size_t p = 0; p < o->part_count; p++)
		g.excess[p] = -o->parts[p].share * (double)bn_table_rows(table);
	bn_rng_init(&r, o->seed, "data.split.deal", 0);
	for (size_t i = 0; i < g.used; i++)
		put(&g, g.list[i], choose_part(&g, g.list[i], &r));
	fill_empty_parts(&g);
	if (g.used <= EXCHANGED_MAX && (rc = mend(&g, err)) < 0)
		goto out;
	outcome->groups = g.used;
	rc = bn_split_each(table, column, assign_rows, &g, o->progress, err);
out:
	bn_free(g.list);
	bn_free(g.slots);
	return rc;
}
