/*
 * split_group_strata.c - splits by groups that also give each part its share of every class.
 *
 * Groups are dealt by size, the large ones first (ties at random), each to the part where it costs least: the sum
 * over parts of (rows - wanted rows)^2, for each class in units of its rows, and for all rows together. Then single groups
 * are moved, and exchanged with some others, as long as that costs less. The exact problem is bin packing in
 * several dimensions; scikit-learn's StratifiedGroupKFold deals in the same way, without the second step.
 */
#include "core/base/mem.h"
#include "core/data/_split.h"
#include "core/data/numbering.h"
#include "core/profile/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Puts each of the n groups into one of `parts` parts so that counts[g * classes + c], the rows of its classes, meet
 * share[p] of each class and of the rows. */
typedef struct group_counts {
	size_t groups, classes, parts;
	const uint32_t *counts;
	const uint64_t *order; /* random numbers: a tie goes to the smaller one */
	const double *share;
	uint32_t *part; /* out: of each group */
} group_counts;

#define CLASSES_MAX 1000
#define COUNTS_MAX ((size_t)64 << 20) /* groups times classes: 256 MB */
#define ROUNDS 20
#define STEPS_MAX 2e9
#define PARTNERS 24 /* with which a group is exchanged */
#define ROWS_WEIGH 4

/* ---- dealing ------------------------------------------------------------------------------------- */

typedef struct dealing {
	const group_counts *g;
	double *excess;      /* [p * classes + c]: rows beyond the share */
	double *rows_excess; /* [p] */
	double *weight;      /* of a class */
	double rows_weight;
	double *rows; /* of a group */
	size_t *members;
	size_t *order;
} dealing;

/* The change of the cost if the group's rows are added to the part (by 1) or taken from it (-1). */
static double cost_of(const dealing *d, size_t group, size_t part, double by)
{
	size_t classes = d->g->classes;
	const uint32_t *n = d->g->counts + group * classes;
	const double *excess = d->excess + part * classes;
	double cost = d->rows_weight * d->rows[group] * (2 * by * d->rows_excess[part] + d->rows[group]);

	for (size_t c = 0; c < classes; c++)
		if (n[c])
			cost += d->weight[c] * n[c] * (2 * by * excess[c] + n[c]);
	return cost;
}

static void add_group(dealing *d, size_t group, size_t part, double by)
{
	size_t classes = d->g->classes;

	for (size_t c = 0; c < classes; c++)
		d->excess[part * classes + c] += by * d->g->counts[group * classes + c];
	d->rows_excess[part] += by * d->rows[group];
	d->members[part] += by > 0 ? 1 : SIZE_MAX;
	if (by > 0)
		d->g->part[group] = (uint32_t)part;
}

static void move_group(dealing *d, size_t group, size_t part)
{
	add_group(d, group, d->g->part[group], -1);
	add_group(d, group, part, 1);
}

/* ---- order ------------------------------------------------------------------------------------------ */

typedef struct ranked {
	uint64_t rows, order;
	size_t group;
} ranked;

static int by_size(const void *a, const void *b)
{
	const ranked *x = a, *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? 1 : -1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

static int rank_groups(dealing *d, bn_err *err)
{
	const group_counts *g = d->g;
	ranked *list = bn_alloc((g->groups + 1) * sizeof *list);

	if (!list)
		return bn_err_nomem(err, "the groups of a split");
	for (size_t i = 0; i < g->groups; i++)
		list[i] = (ranked){(uint64_t)d->rows[i], g->order[i], i};
	qsort(list, g->groups, sizeof *list, by_size);
	for (size_t i = 0; i < g->groups; i++)
		d->order[i] = list[i].group;
	bn_free(list);
	return 0;
}

static int dealing_open(dealing *d, bn_err *err)
{
	const group_counts *g = d->g;
	double all = 0;

	d->excess = bn_alloc_zeroed(g->parts * g->classes + 1, sizeof *d->excess);
	d->rows_excess = bn_alloc_zeroed(g->parts + 1, sizeof *d->rows_excess);
	d->weight = bn_alloc_zeroed(g->classes + 1, sizeof *d->weight);
	d->rows = bn_alloc_zeroed(g->groups + 1, sizeof *d->rows);
	d->members = bn_alloc_zeroed(g->parts + 1, sizeof *d->members);
	d->order = bn_alloc((g->groups + 1) * sizeof *d->order);
	if (!d->excess || !d->rows_excess || !d->weight || !d->rows || !d->members || !d->order)
		return bn_err_nomem(err, "the groups of a split");
	for (size_t i = 0; i < g->groups; i++)
		for (size_t c = 0; c < g->classes; c++) {
			d->rows[i] += g->counts[i * g->classes + c];
			d->weight[c] += g->counts[i * g->classes + c];
			all += g->counts[i * g->classes + c];
		}
	for (size_t p = 0; p < g->parts; p++) {
		d->rows_excess[p] = -g->share[p] * all;
		for (size_t c = 0; c < g->classes; c++)
			d->excess[p * g->classes + c] = -g->share[p] * d->weight[c];
	}
	for (size_t c = 0; c < g->classes; c++)
		d->weight[c] = d->weight[c] > 0 ? 1 / d->weight[c] : 0;
	d->rows_weight = all > 0 ? ROWS_WEIGH / all : 0;
	return rank_groups(d, err);
}

static void dealing_release(dealing *d)
{
	bn_free(d->excess);
	bn_free(d->rows_excess);
	bn_free(d->weight);
	bn_free(d->rows);
	bn_free(d->members);
	bn_free(d->order);
}

/* ---- improving --------------------------------------------------------------------------------------- */

static bool move_one(dealing *d, size_t group)
{
	size_t from = d->g->part[group], best = from;
	double off = cost_of(d, group, from, -1), least = -1e-9;

	if (d->members[from] < 2)
		return false;
	for (size_t p = 0; p < d->g->parts; p++) {
		double cost = p == from ? 0 : off + cost_of(d, group, p, 1);
		if (cost < least) {
			least = cost;
			best = p;
		}
	}
	if (best == from)
		return false;
	move_group(d, group, best);
	return true;
}

static bool exchange_one(dealing *d, size_t group, size_t other)
{
	size_t a = d->g->part[group], b = d->g->part[other];
	double cost;

	if (a == b)
		return false;
	cost = cost_of(d, group, a, -1);
	add_group(d, group, a, -1);
	cost += cost_of(d, other, b, -1);
	add_group(d, other, b, -1);
	cost += cost_of(d, group, b, 1);
	add_group(d, group, b, 1);
	cost += cost_of(d, other, a, 1);
	add_group(d, other, a, 1);
	if (cost < -1e-9)
		return true;
	move_group(d, group, a);
	move_group(d, other, b);
	return false;
}

/* Groups are exchanged with those of about their size, which are next to them in the order. */
static void improve(dealing *d)
{
	const group_counts *g = d->g;
	double steps = (double)g->groups * (double)(g->classes + 1) * (double)(g->parts + 4 * PARTNERS);
	int rounds = steps * ROUNDS > STEPS_MAX ? (int)(STEPS_MAX / steps) : ROUNDS;
	bool any = true;

	for (int round = 0; any && round < rounds; round++) {
		any = false;
		for (size_t i = 0; i < g->groups; i++) {
			any |= move_one(d, d->order[i]);
			for (size_t k = 1; k <= PARTNERS && i + k < g->groups; k++)
				any |= exchange_one(d, d->order[i], d->order[i + k]);
		}
	}
}

/* A part without a group gets the one that costs least, from a part that keeps another. */
static void fill_empty_parts(dealing *d)
{
	for (size_t p = 0; p < d->g->parts; p++) {
		size_t best = SIZE_MAX;
		double least = INFINITY;
		for (size_t i = 0; i < d->g->groups && !d->members[p]; i++) {
			size_t from = d->g->part[i];
			double cost = cost_of(d, i, from, -1) + cost_of(d, i, p, 1);
			if (d->members[from] < 2 || cost >= least)
				continue;
			least = cost;
			best = i;
		}
		if (best != SIZE_MAX)
			move_group(d, best, p);
	}
}

static int deal_classes(const group_counts *g, bn_err *err)
{
	dealing d = {.g = g};
	int rc = dealing_open(&d, err);

	for (size_t i = 0; rc >= 0 && i < g->groups; i++) {
		size_t group = d.order[i], best = 0;
		double least = INFINITY;
		for (size_t p = 0; p < g->parts; p++) {
			double cost = cost_of(&d, group, p, 1);
			if (cost < least) {
				least = cost;
				best = p;
			}
		}
		add_group(&d, group, best, 1);
	}
	if (rc >= 0) {
		fill_empty_parts(&d);
		improve(&d);
	}
	dealing_release(&d);
	return rc;
}

/* ---- counting ------------------------------------------------------------------------------------------ */

typedef struct counting {
	const bn_split_options *o;
	bn_numbering groups, classes;
	uint32_t *of_row[2]; /* the group and the class of each row */
} counting;

static int number_rows(counting *g, bn_table_reader *table, const size_t columns[2], bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < bn_table_batches(table); i++) {
		uint64_t first = bn_table_batch_start(table, i);
		if ((rc = bn_table_read(table, i, columns, 2, &b, err)) < 0)
			break;
		for (size_t r = 0; rc >= 0 && r < b.rows; r++)
			if ((rc = bn_number_of(&g->of_row[0][first + r], &g->groups, bn_split_key(&b.columns[0], r),
				     err)) >= 0)
				rc = bn_number_of(&g->of_row[1][first + r], &g->classes,
					bn_split_key(&b.columns[1], r), err);
		if (rc >= 0 && g->classes.used > CLASSES_MAX) {
			rc = bn_err_set(err, BN_EINVAL, "column '%s' has more than %d different values: too many classes",
				g->o->column, CLASSES_MAX);
			bn_err_hint(err, "stratify by a category, a class or a bool");
		}
		if (rc >= 0)
			rc = bn_progress_step(g->o->progress, "reading", first, bn_table_rows(table), err);
		bn_table_forget(table, &b);
	}
	bn_batch_release(&b);
	return rc;
}

static int deal_rows(counting *g, uint8_t *part_of, uint64_t rows, bn_err *err)
{
	size_t groups = g->groups.used, classes = g->classes.used;
	uint32_t *counts = bn_alloc_zeroed(groups * classes + 1, sizeof *counts);
	uint64_t *order = bn_alloc_zeroed(groups + 1, sizeof *order);
	uint32_t *part = bn_alloc_zeroed(groups + 1, sizeof *part);
	double share[BN_SPLIT_MAX_PARTS];
	bn_rng random;
	int rc;

	if (!counts || !order || !part) {
		rc = bn_err_nomem(err, "the groups of a split");
		goto out;
	}
	for (uint64_t r = 0; r < rows; r++)
		counts[g->of_row[0][r] * classes + g->of_row[1][r]]++;
	for (size_t i = 0; i < g->groups.cap; i++)
		if (g->groups.numbers[i]) {
			bn_rng_init(&random, g->o->seed, "data.split.group", g->groups.keys[i]);
			order[g->groups.numbers[i] - 1] = bn_rng_u64(&random);
		}
	for (size_t p = 0; p < g->o->part_count; p++)
		share[p] = g->o->parts[p].share;
	const group_counts deal = {.groups = groups,
		.classes = classes,
		.parts = g->o->part_count,
		.counts = counts,
		.order = order,
		.share = share,
		.part = part};
	if ((rc = deal_classes(&deal, err)) < 0)
		goto out;
	for (uint64_t r = 0; r < rows; r++)
		part_of[r] = (uint8_t)part[g->of_row[0][r]];
out:
	bn_free(counts);
	bn_free(order);
	bn_free(part);
	return rc;
}

int bn_split_group_strata(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table, size_t column,
	const bn_split_options *o, bn_err *err)
{
	uint64_t rows = bn_table_rows(table);
	counting g = {.o = o};
	size_t columns[2] = {0, column};
	int rc;

	if ((rc = bn_schema_need(bn_table_schema(table), o->group, &columns[0], err)) < 0)
		return rc;
	g.of_row[0] = bn_alloc((rows + 1) * sizeof **g.of_row);
	g.of_row[1] = bn_alloc((rows + 1) * sizeof **g.of_row);
	if (!g.of_row[0] || !g.of_row[1]) {
		rc = bn_err_nomem(err, "the groups of a split");
		goto out;
	}
	if ((rc = number_rows(&g, table, columns, err)) < 0)
		goto out;
	if (g.groups.used > COUNTS_MAX / (g.classes.used + 1)) {
		rc = bn_err_set(err, BN_EINVAL, "%zu groups of '%s' and %zu classes of '%s' are too many to be dealt together",
			g.groups.used, o->group, g.classes.used, o->column);
		bn_err_hint(err, "--how group --by %s, or a column with fewer classes", o->group);
		goto out;
	}
	outcome->groups = g.groups.used;
	rc = deal_rows(&g, part_of, rows, err);
out:
	bn_free(g.of_row[0]);
	bn_free(g.of_row[1]);
	bn_numbering_release(&g.groups);
	bn_numbering_release(&g.classes);
	return rc;
}
