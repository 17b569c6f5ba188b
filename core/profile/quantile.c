/* quantile.c - see quantile.h. */
#include "core/profile/quantile.h"

#include "core/base/mem.h"
#include "core/profile/sort.h"

#include <math.h>
#include <string.h>

#define LEVEL_MIN 8

/* ---- the sketch ---------------------------------------------------------------------------- */

void bn_quantile_init(bn_quantile *q)
{
	memset(q, 0, sizeof *q);
	q->level_count = 1;
	q->min = q->max = NAN;
}

static void cache_drop(bn_quantile *q)
{
	bn_free(q->sorted);
	bn_free(q->ranks);
	q->sorted = NULL;
	q->ranks = NULL;
	q->sorted_count = 0;
}

void bn_quantile_release(bn_quantile *q)
{
	for (size_t h = 0; h < q->level_cap; h++)
		bn_free(q->levels[h].items);
	bn_free(q->levels);
	bn_free(q->scratch);
	cache_drop(q);
	bn_quantile_init(q);
}

static bool is_exact(const bn_quantile *q)
{
	return q->level_count == 1;
}

/* The top level holds k; each lower one two thirds of the next. The bottom is kept at 2 k, so that
 * its sort is long enough to be cheap and small streams stay exact. */
static size_t level_limit(const bn_quantile *q, int h)
{
	if (h == 0)
		return 2 * BN_QUANTILE_K;
	double limit = BN_QUANTILE_K;
	for (int i = h; i < q->level_count - 1; i++)
		limit = limit * 2 / 3;
	return limit < LEVEL_MIN ? LEVEL_MIN : (size_t)limit;
}

/* Allocates that many levels: a column with exact counts needs none. */
static int levels_make(bn_quantile *q, int count, bn_err *err)
{
	size_t before = q->level_cap;

	if (count > BN_QUANTILE_LEVELS)
		return bn_err_set(err, BN_EINVAL, "too many values for a quantile sketch");
	if (bn_grow(&q->levels, &q->level_cap, (size_t)count, sizeof *q->levels))
		return bn_err_nomem(err, "a quantile sketch");
	if (q->level_cap > before)
		memset(q->levels + before, 0, (q->level_cap - before) * sizeof *q->levels);
	return 0;
}

static int level_reserve(bn_quantile_level *l, size_t more, bn_err *err)
{
	if (bn_grow(&l->items, &l->cap, l->count + more, sizeof *l->items))
		return bn_err_nomem(err, "a quantile sketch");
	return 0;
}

static uint32_t coin(int level, uint32_t compactions)
{
	uint64_t z = ((uint64_t)level << 32 | compactions) + 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 63);
}

/* Merges the sorted runs a[0..n) and a[n..n+m) through scratch. */
static void merge_runs(double *a, size_t n, size_t m, double *scratch)
{
	if (!n) /* there may be no scratch then */
		return;
	memcpy(scratch, a, n * sizeof *a);
	size_t i = 0, j = n, at = 0;
	while (i < n && j < n + m)
		a[at++] = scratch[i] <= a[j] ? scratch[i++] : a[j++];
	memcpy(a + at, scratch + i, (n - i) * sizeof *a);
}

/* Extends the range by the values of level 0, which is sorted. */
static void widen_range(bn_quantile *q, const bn_quantile_level *l)
{
	if (!l->count)
		return;
	q->min = fmin(q->min, l->items[0]);
	q->max = fmax(q->max, l->items[l->count - 1]);
}

/* Halves level h into h + 1. Levels above 0 are always sorted. */
static int level_compact(bn_quantile *q, int h, bn_err *err)
{
	int rc = levels_make(q, h + 2, err);
	if (rc < 0)
		return rc;
	bn_quantile_level *l = &q->levels[h], *up = &q->levels[h + 1];
	if (level_reserve(up, l->count / 2, err))
		return BN_ENOMEM;
	/* scratch is used for the sort of this level and the merge into the next. */
	size_t need = l->count > up->count ? l->count : up->count;
	double *scratch = bn_realloc(q->scratch, (need ? need : 1) * sizeof *scratch);
	if (!scratch)
		return bn_err_nomem(err, "a quantile sketch");
	q->scratch = scratch;
	if (h == 0) {
		bn_sort_doubles(l->items, l->count, scratch);
		widen_range(q, l);
	}
	size_t keep = l->count & 1; /* an odd item stays: the first */
	size_t pick = keep + coin(h, l->compactions++);
	size_t moved = 0;
	for (size_t i = pick; i < l->count; i += 2)
		up->items[up->count + moved++] = l->items[i];
	merge_runs(up->items, up->count, moved, scratch);
	up->count += moved;
	l->count = keep;
	if (q->level_count < h + 2)
		q->level_count = h + 2;
	return 0;
}

static int compress(bn_quantile *q, bn_err *err)
{
	for (int h = 0; h < q->level_count; h++) {
		if (q->levels[h].count < level_limit(q, h))
			continue;
		int rc = level_compact(q, h, err);
		if (rc)
			return rc;
	}
	return 0;
}

int bn_quantile_add(bn_quantile *q, const double *values, size_t n, bn_err *err)
{
	BN_BUG(q->n && !q->levels); /* a result of bn_quantile_set_counted cannot be added to */
	if (!n)
		return 0;
	cache_drop(q);
	int rc = levels_make(q, 1, err);
	size_t limit = level_limit(q, 0);
	for (size_t i = 0; !rc && i < n;) {
		if (q->levels[0].count >= limit && (rc = compress(q, err)) < 0)
			break;
		bn_quantile_level *l = &q->levels[0]; /* compress may move them */
		size_t take = limit - l->count < n - i ? limit - l->count : n - i;
		if ((rc = level_reserve(l, take, err)) < 0)
			break;
		memcpy(l->items + l->count, values + i, take * sizeof *values);
		l->count += take;
		i += take;
	}
	if (rc < 0)
		return rc;
	q->n += n;
	return 0;
}

int bn_quantile_add_counted(
	bn_quantile *q, const double *values, const uint64_t *counts, size_t n, bn_err *err)
{
	BN_BUG(q->n && !q->levels);
	if (!n)
		return 0;
	cache_drop(q);
	uint64_t weights = 0;
	for (size_t i = 0; i < n; i++)
		weights |= counts[i];
	for (int h = 0; weights >> h; h++) { /* a count is a sum of the levels' weights */
		int rc = levels_make(q, h + 1, err);
		if (rc < 0)
			return rc;
		bn_quantile_level *l = &q->levels[h];
		size_t before = l->count;
		for (size_t i = 0; i < n; i++) {
			if (!(counts[i] >> h & 1))
				continue;
			if (level_reserve(l, 1, err) < 0)
				return BN_ENOMEM;
			l->items[l->count++] = values[i];
		}
		if (l->count == before)
			continue;
		q->level_count = q->level_count < h + 1 ? h + 1 : q->level_count;
		if (h == 0)
			continue;
		size_t need = l->count > before ? l->count : before;
		double *scratch = bn_realloc(q->scratch, need * sizeof *scratch);
		if (!scratch)
			return bn_err_nomem(err, "a quantile sketch");
		q->scratch = scratch;
		merge_runs(l->items, before, l->count - before, scratch);
	}
	for (size_t i = 0; i < n; i++)
		q->n += counts[i];
	q->min = fmin(q->min, values[0]);
	q->max = fmax(q->max, values[n - 1]);
	return 0;
}

int bn_quantile_set_counted(
	bn_quantile *q, const double *values, const uint64_t *counts, size_t n, bn_err *err)
{
	BN_BUG(q->n || q->sorted);
	if (!n)
		return 0;
	q->sorted = bn_alloc(n * sizeof *q->sorted);
	q->ranks = bn_alloc(n * sizeof *q->ranks);
	if (!q->sorted || !q->ranks) {
		cache_drop(q);
		return bn_err_nomem(err, "the results of a quantile sketch");
	}
	memcpy(q->sorted, values, n * sizeof *values);
	for (size_t i = 0; i < n; i++)
		q->ranks[i] = q->n += counts[i];
	q->sorted_count = n;
	q->min = values[0];
	q->max = values[n - 1];
	return 0;
}

int bn_quantile_merge(bn_quantile *q, const bn_quantile *other, bn_err *err)
{
	BN_BUG((other->n && !other->levels) || (q->n && !q->levels));
	if (!other->n)
		return 0;
	cache_drop(q);
	int rc = levels_make(q, other->level_count, err);
	if (rc < 0)
		return rc;
	for (int h = 1; h < other->level_count; h++) {
		const bn_quantile_level *from = &other->levels[h];
		bn_quantile_level *to = &q->levels[h];
		size_t need = to->count;
		double *scratch = bn_realloc(q->scratch, (need ? need : 1) * sizeof *scratch);
		if (!scratch || level_reserve(to, from->count, err))
			return bn_err_nomem(err, "a quantile sketch");
		q->scratch = scratch;
		if (from->count)
			memcpy(to->items + to->count, from->items, from->count * sizeof(double));
		merge_runs(to->items, to->count, from->count, scratch);
		to->count += from->count;
	}
	if (q->level_count < other->level_count)
		q->level_count = other->level_count;
	double lo = fmin(q->min, other->min), hi = fmax(q->max, other->max); /* NaN is replaced */
	uint64_t total = q->n + other->n;
	rc = compress(q, err);
	if (!rc)
		rc = bn_quantile_add(q, other->levels[0].items, other->levels[0].count, err);
	q->min = fmin(q->min, lo);
	q->max = fmax(q->max, hi);
	q->n = total;
	return rc;
}

/* ---- results ------------------------------------------------------------------------------- */

/* Takes the smallest head of all levels repeatedly: there are few levels, so no heap. */
int bn_quantile_prepare(bn_quantile *q, bn_err *err)
{
	if (q->sorted || !q->n)
		return 0;
	size_t total = 0, at[BN_QUANTILE_LEVELS] = {0};
	for (int h = 0; h < q->level_count; h++)
		total += q->levels[h].count;
	double *scratch = bn_realloc(q->scratch, (total ? total : 1) * sizeof *scratch);
	double *sorted = bn_alloc(total * sizeof *sorted);
	uint64_t *ranks = bn_alloc(total * sizeof *ranks);
	if (scratch)
		q->scratch = scratch;
	if (!scratch || !sorted || !ranks) {
		bn_free(sorted);
		bn_free(ranks);
		return bn_err_nomem(err, "the results of a quantile sketch");
	}
	bn_sort_doubles(q->levels[0].items, q->levels[0].count, scratch);
	widen_range(q, &q->levels[0]);
	uint64_t weight = 0;
	for (size_t i = 0; i < total; i++) {
		int least = -1;
		for (int h = 0; h < q->level_count; h++)
			if (at[h] < q->levels[h].count &&
				(least < 0 || q->levels[h].items[at[h]] <
						      q->levels[least].items[at[least]]))
				least = h;
		sorted[i] = q->levels[least].items[at[least]++];
		weight += (uint64_t)1 << least;
		ranks[i] = weight;
	}
	q->sorted = sorted;
	q->ranks = ranks;
	q->sorted_count = total;
	return 0;
}

/* The value at index i of the sorted stream, from 0. */
static double value_at(const bn_quantile *q, uint64_t i)
{
	size_t lo = 0, hi = q->sorted_count - 1;
	if (q->sorted_count == q->n) /* each counts once */
		return q->sorted[i < hi ? i : hi];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (q->ranks[mid] > i)
			hi = mid;
		else
			lo = mid + 1;
	}
	return q->sorted[lo];
}

double bn_quantile_at(const bn_quantile *q, double p)
{
	if (!q->n || !q->sorted)
		return NAN;
	if (p <= 0)
		return q->min;
	if (p >= 1)
		return q->max;
	if (is_exact(q)) {
		double h = (double)(q->n - 1) * p;
		uint64_t i = (uint64_t)h;
		double t = h - (double)i, a = value_at(q, i), b = value_at(q, i + 1);
		/* numpy's lerp: from the nearer end */
		return t == 0 || a == b ? a : t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
	}
	double want = p * (double)q->ranks[q->sorted_count - 1];
	size_t lo = 0, hi = q->sorted_count - 1;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if ((double)q->ranks[mid] >= want)
			hi = mid;
		else
			lo = mid + 1;
	}
	return q->sorted[lo];
}

double bn_quantile_rank(const bn_quantile *q, double x)
{
	if (!q->n || !q->sorted || x < q->min)
		return 0;
	if (x >= q->max)
		return (double)q->n;
	size_t lo = 0, hi = q->sorted_count; /* number of sorted items <= x */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (q->sorted[mid] <= x)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return 0;
	double share = (double)q->ranks[lo - 1] / (double)q->ranks[q->sorted_count - 1];
	return share * (double)q->n;
}
