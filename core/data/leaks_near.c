/*
 * leaks_near.c - rows of different parts that are equal but for small differences of their numbers: see leaks.h
 * for the rule.
 *
 * u = asinh((x - median) / s) of the real columns is projected on random directions, whose coordinates are
 * normal; a projection in units of CELL * sqrt(columns), with a random offset, rounded down, is a cell. Rows
 * with equal cells in PROJECTIONS directions, and equal in all other columns, are candidates; this is done TABLES
 * times. Distances are computed of the candidates (of a sample, if there are many) by reading their numbers again.
 *
 * Neighbours by nature: within a distance r there are r^D of them, where D is the dimension of the data near
 * a row; with D >= 1 there are at least as many between r and 2 r as below r. That is the bound for clustered
 * data. Where no pair is near by nature, the count below r follows from the distances of random pairs, whose 1 %
 * and 10 % quantiles give D. Distances are examined from BN_LEAKS_NEAR down, each half of the one before, since copies in
 * dense data of few columns only stand out at small ones. If there are so many candidates that only a sample
 * of them is compared, the search is repeated with cells, and distances, of a quarter.
 */
#include "core/base/mem.h"
#include "core/data/_leaks.h"
#include "core/profile/tally.h"

#include <stdlib.h>
#include <string.h>

#define TABLES 4
#define PROJECTIONS 5
#define ALL (TABLES * PROJECTIONS)
#define CELL 0.16
#define AT_ONCE ((size_t)2 << 20) /* rows of a pass: 128 MB for four tables */
#define PAIRS 20000               /* candidates whose distance is computed */
#define PAIR_CELLS ((size_t)4 << 20)
#define PARTNERS 4 /* of a row in a bucket */
#define LEVELS 4 /* of cells */
#define FINER 4
#define HALVES 10 /* distances that are examined: BN_LEAKS_NEAR / 2^i */
#define UNLIKELY 2e-4
#define DIMMER 2.5
#define RANDOM_PAIRS 20000

typedef struct candidate {
	uint64_t a, b; /* rows, a < b */
	double distance;
} candidate;

typedef struct nearing {
	bn_leaks_search *l;
	const size_t *columns;
	size_t n;
	size_t *numbers, number_count; /* indices of columns[] */
	float *directions;             /* number_count * ALL */
	float offsets[ALL]; /* of a width of 1 */
	float width;
	uint64_t pass, passes;
	bn_leaks_item *items[TABLES], *spare;
	size_t used[TABLES], cap[TABLES];
	bn_rng rng;
	candidate *pairs;
	size_t pair_count, pair_most;
	uint64_t met; /* candidates, of which pairs is a sample */
	/* the numbers of the candidates' rows */
	uint64_t *rows;
	size_t row_count, next_row;
	size_t *at; /* the numbers' columns */
	float *values;
} nearing;

/* asinh of the distance from the middle, 0 if absent. Single precision is exact to 1e-7, and four times faster. */
static float scaled(const bn_leaks_column *c, double x)
{
	double by = (x - c->middle) / c->scale;
	float t = (float)(fabs(by) < 1e15 ? fabs(by) : 1e15), u = logf(t + sqrtf(t * t + 1));

	if (isnan(x))
		return 0;
	return by < 0 ? -u : u;
}

/* ---- cells ---------------------------------------------------------------------------------------------- */

static bool is_number(const nearing *g, size_t column)
{
	return g->l->columns[column].role == BN_LEAKS_NUMBER;
}

/* keys: one of each table; then room for a column. The projections are in memory of the task. */
static int project(const nearing *g, const bn_leaks_slot *s, size_t i, const double *x, float *u, float *sums)
{
	const bn_leaks_column *c = &g->l->columns[g->columns[g->numbers[i]]];
	size_t rows = s->batch.rows;

	for (size_t r = 0; r < rows; r++)
		u[r] = scaled(c, x[r]);
	for (size_t t = 0; t < ALL; t++) {
		const float by = g->directions[i * ALL + t];
		float *to = sums + t * rows;
		for (size_t r = 0; r < rows; r++)
			to[r] += by * u[r];
	}
	return 0;
}

static void add_cells(const nearing *g, bn_leaks_slot *s, const float *sums, const uint64_t *exact)
{
	size_t rows = s->batch.rows;

	for (size_t t = 0; t < TABLES; t++)
		memcpy(s->keys + t * rows, exact, rows * sizeof *exact);
	for (size_t p = 0; p < ALL; p++) {
		uint64_t *to = s->keys + p / PROJECTIONS * rows;
		const float *from = sums + p * rows;
		for (size_t r = 0; r < rows; r++)
			to[r] += bn_leaks_mix(
				(uint64_t)(int64_t)floorf(from[r] / g->width + g->offsets[p]), 1000003 + p);
	}
}

static int hash_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	nearing *g = ctx;
	size_t rows = s->batch.rows, number = 0;
	uint64_t *exact = s->keys + TABLES * rows, *one = exact + rows;
	float *sums = bn_alloc_zeroed((ALL + 1) * rows + 1, sizeof *sums);
	double *x = bn_alloc((rows + 1) * sizeof *x);
	int rc = 0;

	if (!sums || !x) {
		rc = bn_err_nomem(err, "projections of rows");
		goto out;
	}
	memset(exact, 0, rows * sizeof *exact);
	for (size_t i = 0; i < g->n; i++) {
		const bn_column *c = &s->batch.columns[i];
		if (!is_number(g, g->columns[i])) {
			bn_leaks_keys(one, c, g->l->columns[g->columns[i]].dict_keys[s->table]);
			for (size_t r = 0; r < rows; r++)
				exact[r] += bn_leaks_mix(one[r], g->columns[i]);
			continue;
		}
		if ((rc = bn_column_numbers(c, 0, rows, x, err)) < 0)
			goto out;
		for (size_t r = 0; r < rows; r++) /* absent values only match absent ones */
			exact[r] += bn_leaks_mix(isnan(x[r]), g->columns[i]);
		project(g, s, number++, x, sums + ALL * rows, sums);
	}
	add_cells(g, s, sums, exact);
out:
	bn_free(sums);
	bn_free(x);
	return rc;
}

static int keep_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	nearing *g = ctx;
	size_t rows = s->batch.rows;

	for (size_t t = 0; t < TABLES; t++) {
		if (bn_grow(&g->items[t], &g->cap[t], g->used[t] + rows, sizeof *g->items[t]))
			return bn_err_nomem(err, "keys of rows");
		for (size_t r = 0; r < rows; r++) {
			uint64_t key = s->keys[t * rows + r], row = s->first + r;
			if ((g->passes > 1 && (key >> 44) % g->passes != g->pass) ||
				(g->l->repeated[row >> 3] >> (row & 7) & 1) ||
				bn_leaks_part_at(g->l, s, r) == BN_LEAKS_NO_PART)
				continue;
			g->items[t][g->used[t]++] = (bn_leaks_item){key, row};
		}
	}
	return 0;
}

/* ---- candidates ------------------------------------------------------------------------------------------- */

/* Reservoir sampling: each candidate is kept with equal probability. */
static void meet(nearing *g, uint64_t x, uint64_t y)
{
	size_t at = g->pair_count;

	if (bn_leaks_part_of(g->l, x) == bn_leaks_part_of(g->l, y))
		return;
	g->met++;
	if (g->pair_count < g->pair_most)
		g->pair_count++;
	else if ((at = (size_t)bn_rng_below(&g->rng, g->met)) >= g->pair_most)
		return;
	g->pairs[at] = (candidate){x < y ? x : y, x < y ? y : x, NAN};
}

/* Every pair of a small bucket; of a large one some partners of each row. */
static void meet_bucket(nearing *g, const bn_leaks_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (n <= PARTNERS + 1) {
			for (size_t k = i + 1; k < n; k++)
				meet(g, items[i].row, items[k].row);
			continue;
		}
		for (uint64_t k = 0; k < PARTNERS; k++) {
			size_t other = (i + 1 + (size_t)bn_rng_below(&g->rng, n - 1)) % n;
			meet(g, items[i].row, items[other].row);
		}
	}
}

static int meet_table(nearing *g, size_t t, bn_err *err)
{
	bn_leaks_item *items;

	if (!(g->spare = bn_alloc((g->used[t] + 1) * sizeof *g->spare)))
		return bn_err_nomem(err, "keys of rows");
	bn_leaks_sort(&g->items[t], &g->spare, g->used[t]);
	items = g->items[t];
	for (size_t i = 0, end; i < g->used[t]; i = end) {
		for (end = i + 1; end < g->used[t] && items[end].key == items[i].key;)
			end++;
		meet_bucket(g, items + i, end - i);
	}
	bn_free(g->spare);
	bn_free(g->items[t]);
	g->spare = g->items[t] = NULL;
	g->used[t] = g->cap[t] = 0;
	return 0;
}

static int find_candidates(nearing *g, bn_err *err)
{
	const bn_leaks_walk walk = {.columns = g->columns,
		.count = g->n,
		.width = TABLES + 2,
		.what = "looking for near rows",
		.compute = hash_rows,
		.take = keep_rows,
		.ctx = g};
	int rc;

	for (; g->pass < g->passes; g->pass++) {
		if ((rc = bn_leaks_go(g->l, &walk, err)) < 0)
			return rc;
		for (size_t t = 0; t < TABLES; t++)
			if ((rc = meet_table(g, t, err)) < 0)
				return rc;
	}
	return 0;
}

/* ---- distances -------------------------------------------------------------------------------------------- */

static int by_rows(const void *a, const void *b)
{
	const candidate *x = a, *y = b;

	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return x->a < y->a ? -1 : x->a > y->a;
}

static int by_row(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t unique_rows(uint64_t *rows, size_t n)
{
	size_t m = 0;

	qsort(rows, n, sizeof *rows, by_row);
	for (size_t i = 0; i < n; i++)
		if (!i || rows[i] != rows[m - 1])
			rows[m++] = rows[i];
	return m;
}

static int take_values(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	nearing *g = ctx;

	(void)err;
	for (; g->next_row < g->row_count && g->rows[g->next_row] < s->first + s->batch.rows; g->next_row++)
		for (size_t i = 0; i < g->number_count; i++)
			g->values[g->next_row * g->number_count + i] =
				scaled(&g->l->columns[g->at[i]],
					bn_column_number(
						&s->batch.columns[i], (size_t)(g->rows[g->next_row] - s->first)));
	return 0;
}

static double rms(const float *x, const float *y, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
	return sqrt(sum / (double)n);
}

static const float *values_of(const nearing *g, uint64_t row)
{
	size_t lo = 0, hi = g->row_count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		if (g->rows[mid] <= row)
			lo = mid;
		else
			hi = mid;
	}
	return g->values + lo * g->number_count;
}

/* A pair that was found in several tables is one. */
static int measure(nearing *g, bn_err *err)
{
	const bn_leaks_walk walk = {.columns = g->at,
		.count = g->number_count,
		.what = "comparing near rows",
		.take = take_values,
		.ctx = g};
	size_t n = 0;
	int rc;

	qsort(g->pairs, g->pair_count, sizeof *g->pairs, by_rows);
	for (size_t i = 0; i < g->pair_count; i++)
		if (!i || by_rows(&g->pairs[i], &g->pairs[n - 1]) != 0)
			g->pairs[n++] = g->pairs[i];
	/* of all candidates as many are repetitions as in the sample */
	g->met = (uint64_t)((double)g->met * (double)n / (double)(g->pair_count ? g->pair_count : 1));
	g->pair_count = n;
	if (!(g->rows = bn_alloc((2 * n + 1) * sizeof *g->rows)) ||
		!(g->values = bn_alloc((2 * n * g->number_count + 1) * sizeof *g->values)))
		return bn_err_nomem(err, "near rows");
	for (size_t i = 0; i < n; i++) {
		g->rows[2 * i] = g->pairs[i].a;
		g->rows[2 * i + 1] = g->pairs[i].b;
	}
	g->row_count = unique_rows(g->rows, 2 * n);
	if ((rc = bn_leaks_go(g->l, &walk, err)) < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		g->pairs[i].distance = rms(values_of(g, g->pairs[i].a), values_of(g, g->pairs[i].b),
			g->number_count);
	return 0;
}

/* ---- by chance --------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Quantiles of the distances of random pairs of the sample, and the probability that their other columns are equal. */
typedef struct farness {
	double low, dim, equal; /* dim 0: unknown */
} farness;

static int far_measure(farness *f, nearing *g, bn_err *err)
{
	bn_leaks_search *l = g->l;
	double *d = bn_alloc(RANDOM_PAIRS * sizeof *d), high;
	size_t n = l->sampled;

	*f = (farness){.equal = 1};
	if (!d)
		return bn_err_nomem(err, "distances");
	for (size_t i = 0; i < RANDOM_PAIRS && n > 1; i++) {
		size_t x = (size_t)bn_rng_below(&g->rng, n);
		size_t y = (x + 1 + (size_t)bn_rng_below(&g->rng, n - 1)) % n;
		double sum = 0;
		for (size_t k = 0; k < g->number_count; k++) {
			const bn_leaks_column *c = &l->columns[g->at[k]];
			double by = (double)scaled(c, c->numbers[x]) - (double)scaled(c, c->numbers[y]);
			sum += by * by;
		}
		d[i] = sqrt(sum / (double)g->number_count);
	}
	if (n > 1) {
		qsort(d, RANDOM_PAIRS, sizeof *d, by_number);
		f->low = d[RANDOM_PAIRS / 100];
		high = d[RANDOM_PAIRS / 10];
		f->dim = f->low > 0 && high > f->low ? log(10) / log(high / f->low) : 0;
	}
	for (size_t i = 0; i < g->n; i++)
		if (!is_number(g, g->columns[i]))
			f->equal *= l->columns[g->columns[i]].match;
	bn_free(d);
	return 0;
}

/* The probability that two random rows are within that distance. */
static double far_chance(const farness *f, double distance)
{
	if (!(f->dim > 0) || f->low <= distance)
		return f->equal;
	return 0.01 * pow(distance / f->low, f->dim) * f->equal;
}

static size_t within(const nearing *g, double from, double to)
{
	size_t n = 0;

	for (size_t i = 0; i < g->pair_count; i++)
		n += g->pairs[i].distance > from && g->pairs[i].distance <= to;
	return n;
}

/* Pairs in different parts. */
static double all_pairs(const bn_leaks_search *l)
{
	double pairs = 0;

	for (size_t a = 0; a < l->parts->count; a++)
		for (size_t b = a + 1; b < l->parts->count; b++)
			pairs += (double)l->part_rows[a] * (double)l->part_rows[b];
	return pairs;
}

/* A low estimate of the dimension of the data around a row: from the pairs beyond the distance, within `farthest` and half
 * of it, less two standard errors; of few pairs, a fraction of that of random pairs. */
static double dimension(const nearing *g, double distance, double farthest, const farness *far)
{
	double half = (double)within(g, distance, farthest / 2), all = (double)within(g, distance, farthest);
	double dim = half >= 10 ? (log(all / half) - 2 / sqrt(half)) / log(2) : far->dim / DIMMER;

	dim = dim < (double)g->number_count ? dim : (double)g->number_count;
	return dim > 1 ? dim : 1;
}

/* Whether more pairs are that near than by nature, as estimated from random pairs, from those at one to two times the
 * distance, and from those up to `farthest`, the largest distance that pairs are found at: within r there are
 * (r / farthest)^D of these. */
static bool is_more(const nearing *g, double distance, double farthest, const farness *far, double *by_chance)
{
	double each = g->pair_count ? (double)g->met / (double)g->pair_count : 1;
	double here = (double)within(g, -1, distance), around = (double)within(g, distance, 2 * distance);
	double dim = dimension(g, distance, farthest, far);
	double nature = far_chance(far, distance) * all_pairs(g->l) / each;
	double below = ((double)within(g, distance, farthest) + 2) * pow(distance / farthest, dim);

	nature = around > nature ? around : nature;
	nature = below > nature ? below : nature;
	*by_chance = nature * each;
	return here >= 2 && here >= 3 * around && bn_leaks_poisson_tail(here, 2 * nature) < UNLIKELY;
}

static int add_near(nearing *g, double distance, double by_chance, bn_err *err)
{
	bn_leaks_search *l = g->l;
	size_t parts = l->parts->count, best = SIZE_MAX, n = 0;
	uint64_t *rows = bn_alloc((g->pair_count + 1) * sizeof *rows);
	double each = g->pair_count ? (double)g->met / (double)g->pair_count : 1;
	bn_leak *x = rows ? bn_leaks_add(l, BN_LEAK_NEAR, NULL, NULL, err) : NULL;

	if (!x) {
		bn_free(rows);
		return bn_err_nomem(err, "near rows");
	}
	for (size_t i = 0; i < g->pair_count; i++) {
		const candidate *p = &g->pairs[i];
		if (p->distance > distance)
			continue;
		bool later = bn_leaks_part_of(l, p->a) > bn_leaks_part_of(l, p->b);
		rows[n++] = later ? p->a : p->b;
		if (best == SIZE_MAX || p->distance < g->pairs[best].distance)
			best = i;
	}
	x->rows = (uint64_t)((double)unique_rows(rows, n) * each + 0.5);
	x->is_estimate = each > 1;
	bn_free(rows);
	uint64_t a = g->pairs[best].a, b = g->pairs[best].b;
	if (bn_leaks_part_of(l, a) > bn_leaks_part_of(l, b)) {
		uint64_t t = a;
		a = b;
		b = t;
	}
	x->a = bn_leaks_part_of(l, a);
	x->b = bn_leaks_part_of(l, b);
	for (size_t p = 0; p < parts; p++)
		x->of += parts == 2 && p != x->b ? 0 : l->part_rows[p];
	x->rows = x->rows > x->of ? x->of : x->rows;
	x->strength = (double)x->rows / (double)x->of;
	x->by_chance = (uint64_t)(by_chance + 0.5);
	x->has_example = true;
	x->row_a = bn_leaks_row_in_table(l, a);
	x->row_b = bn_leaks_row_in_table(l, b);
	return 0;
}

/* ---- all steps --------------------------------------------------------------------------------------------- */

static int near_open(nearing *g, bn_err *err)
{
	size_t n = g->number_count;

	g->pair_most = PAIR_CELLS / n < PAIRS ? PAIR_CELLS / n : PAIRS;
	g->passes = 1 + g->l->out->rows / bn_leaks_at_once(g->l, AT_ONCE);
	bn_rng_init(&g->rng, 1, "data.leaks.near", 0);
	if (!(g->directions = bn_alloc(n * ALL * sizeof *g->directions)) ||
		!(g->pairs = bn_alloc((g->pair_most + 1) * sizeof *g->pairs)) ||
		!(g->at = bn_alloc(n * sizeof *g->at)))
		return bn_err_nomem(err, "near rows");
	for (size_t i = 0; i < n * ALL; i++)
		g->directions[i] = (float)bn_rng_normal(&g->rng);
	for (size_t i = 0; i < ALL; i++)
		g->offsets[i] = (float)bn_rng_uniform(&g->rng);
	for (size_t i = 0; i < n; i++)
		g->at[i] = g->columns[g->numbers[i]];
	return 0;
}

static void near_release(nearing *g)
{
	for (size_t t = 0; t < TABLES; t++)
		bn_free(g->items[t]);
	bn_free(g->spare);
	bn_free(g->numbers);
	bn_free(g->directions);
	bn_free(g->pairs);
	bn_free(g->rows);
	bn_free(g->values);
	bn_free(g->at);
}

/* With cells of one size: *done if there is a finding, or all pairs were compared. */
static int search_level(nearing *g, int level, bool *done, bn_err *err)
{
	farness far;
	double by_chance, scale = pow(FINER, -level);
	int rc;

	g->width = (float)(CELL * scale * sqrt((double)g->number_count));
	g->pair_count = 0;
	g->met = g->pass = g->next_row = 0;
	bn_free(g->rows);
	bn_free(g->values);
	g->rows = NULL;
	g->values = NULL;
	if ((rc = find_candidates(g, err)) < 0)
		return rc;
	bool all = g->met <= g->pair_most;
	*done = all;
	if (!g->pair_count)
		return 0;
	if ((rc = measure(g, err)) < 0 || (rc = far_measure(&far, g, err)) < 0)
		return rc;
	double distance = BN_LEAKS_NEAR * scale;
	for (int i = 0; i < HALVES && (all || i < 3); i++, distance /= 2) {
		if (!is_more(g, distance, 2 * BN_LEAKS_NEAR * scale, &far, &by_chance))
			continue;
		*done = true;
		return add_near(g, distance, by_chance, err);
	}
	return 0;
}

int bn_leaks_near_rows(bn_leaks_search *l, const size_t *columns, size_t n, bn_err *err)
{
	nearing g = {.l = l, .columns = columns, .n = n};
	bool done = false;
	int rc = 0;

	if (!(g.numbers = bn_alloc((n + 1) * sizeof *g.numbers)))
		return bn_err_nomem(err, "near rows");
	for (size_t i = 0; i < n; i++)
		if (l->columns[columns[i]].role == BN_LEAKS_NUMBER)
			g.numbers[g.number_count++] = i;
	if (!g.number_count)
		goto out;
	if ((rc = near_open(&g, err)) < 0)
		goto out;
	for (int level = 0; level < LEVELS && !done; level++)
		if ((rc = search_level(&g, level, &done, err)) < 0)
			goto out;
out:
	near_release(&g);
	return rc;
}
