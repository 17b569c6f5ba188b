/*
 * leaks_chance.c - how many pairs of equal rows in different parts chance explains.
 *
 * A table of few values has equal rows by nature. Whether it does is seen next to them: in the pairs that
 * differ in one column i alone (C_i of them) and in two, i and j, alone (C_ij). If, given that the rest is equal,
 * columns i and j are equal independently of each other, then the pairs that are equal throughout are
 * C_i C_j / C_ij: the estimate of Lincoln and Petersen for a population that is caught twice. It needs no model of the
 * other columns, however they depend on each other. Copies of rows add nothing to C_i and C_ij.
 *
 * Where C_ij is too small, equality in column i is taken to be as frequent as between any two rows, m_i:
 * then C_i m_i / (1 - m_i). The largest estimate counts. If no C_i is large enough, its upper bound, with C_i + 3, is
 * used for the column that gives the least; and nothing is expected, if in three columns at least no rows of the sample
 * are equal but those that are equal throughout.
 *
 * Pairs are counted between a sample of rows (probes) and all rows of other parts.
 */
#include "core/base/mem.h"
#include "core/data/_leaks.h"
#include "core/profile/tally.h"

#include <stdlib.h>
#include <string.h>

#define PROBES 65536
#define SINGLE 12 /* columns with a C_i */
#define DOUBLE 5  /* of these, in pairs */
#define ENOUGH 5  /* pairs */

double bn_leaks_poisson_tail(double n, double mean)
{
	double term = exp(-mean), below = 0;

	if (n <= 0)
		return 1;
	if (mean > 200) { /* normal, with the correction for continuity */
		double z = (n - 0.5 - mean) / sqrt(mean);
		return 0.5 * erfc(z / sqrt(2));
	}
	for (double k = 0; k < n && k < 2000; k++) {
		below += term;
		term *= mean / (k + 1);
	}
	return below < 1 ? 1 - below : 0;
}

/* Numbers of probes by key, of all parts and by part. */
typedef struct count {
	uint64_t key;
	uint32_t rows;
} count;

typedef struct probing {
	size_t columns[2], n; /* left out of the hash */
	count *counts;        /* a hash table of 4 * PROBES slots */
	uint64_t pairs;       /* found: in other parts, and different in each of the columns */
} probing;

typedef struct chance {
	bn_leaks_search *l;
	const size_t *columns;
	size_t n;
	size_t chosen[SINGLE], chosen_count; /* indices of columns[] */
	size_t stride;                       /* each stride-th row is a probe */
	probing *list;
	size_t list_count;
	bool collecting;
} chance;

static count *slot_of(count *counts, uint64_t key)
{
	size_t mask = 4 * (size_t)PROBES - 1, i = key & mask;

	while (counts[i].rows && counts[i].key != key)
		i = (i + 1) & mask;
	return &counts[i];
}

static uint64_t of_part(uint64_t key, uint16_t part)
{
	return bn_hash_bits(key ^ (uint64_t)(part + 1) << 40);
}

/* keys: the sum, then the share of each chosen column. */
static int hash_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	chance *g = ctx;
	size_t rows = s->batch.rows;
	uint64_t *sum = s->keys, *rest = s->keys + (1 + g->chosen_count) * rows;

	(void)err;
	memset(sum, 0, rows * sizeof *sum);
	for (size_t i = 0; i < g->n; i++) {
		uint64_t *one = rest;
		for (size_t k = 0; k < g->chosen_count; k++)
			if (g->chosen[k] == i)
				one = s->keys + (1 + k) * rows;
		bn_leaks_keys(one, &s->batch.columns[i], g->l->columns[g->columns[i]].dict_keys[s->table]);
		for (size_t r = 0; r < rows; r++)
			sum[r] += one[r] = bn_leaks_mix(one[r], g->columns[i]);
	}
	return 0;
}

static uint64_t rest_of(const bn_leaks_slot *s, const probing *p, size_t r)
{
	uint64_t key = s->keys[r];

	for (size_t i = 0; i < p->n; i++)
		key -= s->keys[(1 + p->columns[i]) * s->batch.rows + r];
	return bn_hash_bits(key);
}

/* Probes with that rest in other parts. */
static uint64_t others(const probing *p, uint64_t key, uint16_t part)
{
	return slot_of(p->counts, key)->rows - slot_of(p->counts, of_part(key, part))->rows;
}

/* The pairs with that rest are those that differ in the columns, in some, or in none of them: the latter are
 * subtracted, by the same counts with fewer columns left out. */
static int meet_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	chance *g = ctx;

	(void)err;
	for (size_t i = 0; i < g->list_count; i++) {
		probing *p = &g->list[i];
		for (size_t r = 0; r < s->batch.rows; r++) {
			uint16_t part = bn_leaks_part_at(g->l, s, r);
			if (part == BN_LEAKS_NO_PART || (g->collecting && (s->first + r) % g->stride))
				continue;
			uint64_t key = rest_of(s, p, r);
			if (!g->collecting) {
				p->pairs += others(p, key, part);
				continue;
			}
			count *all = slot_of(p->counts, key);
			all->key = key;
			all->rows++;
			key = of_part(key, part);
			all = slot_of(p->counts, key);
			all->key = key;
			all->rows++;
		}
	}
	return 0;
}

/* Two walks: the probes, then all rows. */
static int count_pairs(chance *g, bn_err *err)
{
	const bn_leaks_walk walk = {.columns = g->columns,
		.count = g->n,
		.width = 2 + g->chosen_count,
		.what = "counting chance",
		.compute = hash_rows,
		.take = meet_rows,
		.ctx = g};
	int rc;

	for (size_t i = 0; i < g->list_count; i++) {
		bn_free(g->list[i].counts);
		if (!(g->list[i].counts = bn_alloc_zeroed(4 * (size_t)PROBES, sizeof(count))))
			return bn_err_nomem(err, "counts of rows");
	}
	g->collecting = true;
	if ((rc = bn_leaks_go(g->l, &walk, err)) < 0)
		return rc;
	g->collecting = false;
	return bn_leaks_go(g->l, &walk, err);
}

/* ---- which columns ------------------------------------------------------------------------------------ */

static double variety(const chance *g, size_t i)
{
	double m = g->l->columns[g->columns[i]].match;

	return m * (1 - m);
}

/* Two columns with the fewest equal values, and those whose equality varies most. */
static void choose_columns(chance *g)
{
	for (size_t k = 0; k < SINGLE && k < g->n; k++) {
		size_t best = SIZE_MAX;
		for (size_t i = 0; i < g->n; i++) {
			bool taken = false;
			double m = g->l->columns[g->columns[i]].match;
			for (size_t c = 0; c < g->chosen_count; c++)
				taken |= g->chosen[c] == i;
			if (taken || m >= 1)
				continue;
			if (best == SIZE_MAX ||
				(k < 2 ? m < g->l->columns[g->columns[best]].match
				       : variety(g, i) > variety(g, best)))
				best = i;
		}
		if (best != SIZE_MAX)
			g->chosen[g->chosen_count++] = best;
	}
}

/* ---- the estimate -------------------------------------------------------------------------------------- */

static double odds_of(const chance *g, size_t chosen)
{
	double m = g->l->columns[g->columns[g->chosen[chosen]]].match;

	return m / (1 - m);
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Whether rows of the sample are equal in none of three columns, but for those that are equal throughout. */
static int is_singular(bool *out, const chance *g, bn_err *err)
{
	const bn_leaks_search *l = g->l;
	size_t n = l->sampled, singular = 0;
	uint64_t *sums = bn_alloc_zeroed(n + 1, sizeof *sums);
	double equal = 0, pairs = (double)n * (double)(n ? n - 1 : 0);

	if (!sums)
		return bn_err_nomem(err, "a sample of rows");
	for (size_t i = 0; i < g->n; i++)
		for (size_t r = 0; r < n; r++)
			sums[r] += bn_leaks_mix(l->columns[g->columns[i]].keys[r], g->columns[i]);
	qsort(sums, n, sizeof *sums, by_hash);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && sums[end] == sums[i];)
			end++;
		equal += (double)(end - i) * (double)(end - i - 1);
	}
	for (size_t i = 0; i < g->n; i++)
		singular += l->columns[g->columns[i]].match * pairs < equal + 0.5;
	*out = singular >= 3;
	bn_free(sums);
	return 0;
}

static double by_singles(const chance *g, const double *single, double per_pair, bool singular)
{
	double most = 0, least = INFINITY;

	for (size_t k = 0; k < g->chosen_count; k++) {
		double seen = single[k] / per_pair; /* pairs that were counted */
		double bound = (seen + 3) * per_pair * odds_of(g, k);
		if (seen >= ENOUGH && single[k] * odds_of(g, k) > most)
			most = single[k] * odds_of(g, k);
		least = bound < least ? bound : least;
	}
	if (!isfinite(least))
		return INFINITY; /* no column has different values: every two rows are equal */
	if (singular && !(most > 0))
		return 0;
	return most > least ? most : least;
}

static int by_doubles(double *most, chance *g, const double *single, double equal, double per_pair, bn_err *err)
{
	size_t order[SINGLE], n = g->chosen_count < DOUBLE ? g->chosen_count : DOUBLE;
	int rc;

	for (size_t k = 0; k < g->chosen_count; k++) {
		size_t i = k;
		for (; i > 0 && single[order[i - 1]] < single[k]; i--)
			order[i] = order[i - 1];
		order[i] = k;
	}
	g->list_count = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			probing *p = &g->list[g->list_count++];
			p->columns[0] = order[i];
			p->columns[1] = order[k];
			p->n = 2;
			p->pairs = 0;
		}
	if (!g->list_count)
		return 0;
	if ((rc = count_pairs(g, err)) < 0)
		return rc;
	for (size_t i = 0; i < g->list_count; i++) {
		const probing *p = &g->list[i];
		double a = single[p->columns[0]], b = single[p->columns[1]];
		double both = (double)p->pairs * per_pair - a - b - equal;
		if (both >= ENOUGH * per_pair && a > 0 && b > 0 && a * b / both > *most)
			*most = a * b / both;
	}
	return 0;
}

int bn_leaks_by_chance(double *out, bn_leaks_search *l, const size_t *columns, size_t n, bn_err *err)
{
	chance g = {.l = l, .columns = columns, .n = n, .stride = 1 + l->out->rows / PROBES};
	double single[SINGLE], equal;
	/* each pair is met by either of its rows that is a probe */
	const double per_pair = (double)g.stride / 2;
	bool singular = false;
	int rc;

	choose_columns(&g);
	if (!(g.list = bn_alloc_zeroed(SINGLE + DOUBLE * DOUBLE + 1, sizeof *g.list)))
		return bn_err_nomem(err, "counts of rows");
	g.list_count = 1 + g.chosen_count;
	for (size_t k = 0; k < g.chosen_count; k++) {
		g.list[1 + k].columns[0] = k;
		g.list[1 + k].n = 1;
	}
	if ((rc = count_pairs(&g, err)) < 0)
		goto out;
	equal = (double)g.list[0].pairs * per_pair;
	for (size_t k = 0; k < g.chosen_count; k++)
		single[k] = (double)(g.list[1 + k].pairs - g.list[0].pairs) * per_pair;
	if ((rc = is_singular(&singular, &g, err)) < 0)
		goto out;
	*out = by_singles(&g, single, per_pair, singular);
	rc = by_doubles(out, &g, single, equal, per_pair, err);
out:
	for (size_t i = 0; i < SINGLE + DOUBLE * DOUBLE + 1; i++)
		bn_free(g.list[i].counts);
	bn_free(g.list);
	return rc;
}
