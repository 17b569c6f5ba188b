/* accumulate_numbers.c - adds numbers to an accumulator: in chunks, without absent values, in loops
 * of known length that vectorise. */
#include "core/profile/_accumulator.h"

#include <math.h>
#include <stdlib.h>

#define CHUNK 4096

static uint64_t double_bits(double x)
{
	uint64_t u;
	x = x == 0 ? 0 : x; /* -0 is 0 */
	memcpy(&u, &x, sizeof u);
	return u;
}

/* ---- from counts to ranks ------------------------------------------------------------------ */

typedef struct counted {
	double value;
	uint64_t count;
} counted;

static int by_counted_value(const void *a, const void *b)
{
	double x = ((const counted *)a)->value, y = ((const counted *)b)->value;
	return x < y ? -1 : x > y;
}

#define FEW_COUNTS 64 /* on the stack: a wide table has many columns with few values */

int bn_accumulator_with_counts(const bn_accumulator *a,
	int (*take)(void *ctx, const double *values, const uint64_t *counts, size_t n, bn_err *err),
	void *ctx, bn_err *err)
{
	int rc = 0;
	size_t n = 0, used = a->tally.used;
	counted few_pairs[FEW_COUNTS], *pairs = few_pairs;
	double few_values[FEW_COUNTS] = {0}, *values = few_values;
	uint64_t few_counts[FEW_COUNTS] = {0}, *counts = few_counts;
	if (used > FEW_COUNTS) {
		pairs = bn_alloc(used * (sizeof *pairs + sizeof *values + sizeof *counts));
		if (!pairs)
			return bn_err_nomem(err, "the ranks of a column");
		values = (double *)(pairs + used);
		counts = (uint64_t *)(values + used);
	}
	for (size_t i = 0; i < a->tally.cap; i++) {
		const bn_tally_slot *s = &a->tally.slots[i];
		if (!s->count)
			continue;
		counted next = {bn_accumulator_slot_number(a, s), s->count};
		size_t at = n++;
		for (; at && used <= FEW_COUNTS && pairs[at - 1].value > next.value; at--)
			pairs[at] = pairs[at - 1];
		pairs[at] = next;
	}
	if (used > FEW_COUNTS)
		qsort(pairs, n, sizeof *pairs, by_counted_value);
	for (size_t i = 0; i < n; i++) {
		values[i] = pairs[i].value;
		counts[i] = pairs[i].count;
	}
	rc = take(ctx, values, counts, n, err);
	if (pairs != few_pairs)
		bn_free(pairs);
	return rc;
}

static int sketch_counted(
	void *ctx, const double *values, const uint64_t *counts, size_t n, bn_err *err)
{
	return bn_quantile_add_counted(ctx, values, counts, n, err);
}

int bn_accumulator_counts_to_sketch(void *ctx, const bn_tally *t, bn_err *err)
{
	bn_accumulator *a = ctx;
	BN_BUG(t != &a->tally);
	return bn_accumulator_with_counts(a, sketch_counted, &a->quantile, err);
}

/* ---- numbers of a run ---------------------------------------------------------------------- */

void bn_accumulator_finite_range(bn_accumulator *a, double lo, double hi)
{
	a->fmin = isnan(a->fmin) || lo < a->fmin ? lo : a->fmin;
	a->fmax = isnan(a->fmax) || hi > a->fmax ? hi : a->fmax;
}

typedef struct run_facts {
	uint64_t zeros, negatives;
	double min, max;
} run_facts;

/* A stride of values at once: loops of known length with one operation each become vector
 * instructions. */
#define STRIDE 64
static void stride_facts(run_facts *f, const double *restrict v, uint64_t *restrict bits)
{
	double plain[STRIDE], lo[2] = {f->min, f->min}, hi[2] = {f->max, f->max};
	uint64_t zeros = 0, negatives = 0;

	for (size_t i = 0; i < STRIDE; i++)
		plain[i] = v[i] + 0.0; /* -0 is 0 */
	memcpy(bits, plain, sizeof plain);
	for (size_t i = 0; i < STRIDE; i++)
		negatives += bits[i] >> 63;
	for (size_t i = 0; i < STRIDE; i++)
		zeros += bits[i] == 0;
	for (size_t i = 0; i < STRIDE; i += 2)
		for (size_t l = 0; l < 2; l++)
			lo[l] = v[i + l] < lo[l] ? v[i + l] : lo[l];
	for (size_t i = 0; i < STRIDE; i += 2)
		for (size_t l = 0; l < 2; l++)
			hi[l] = v[i + l] > hi[l] ? v[i + l] : hi[l];
	f->zeros += zeros;
	f->negatives += negatives;
	f->min = lo[0] < lo[1] ? lo[0] : lo[1];
	f->max = hi[0] > hi[1] ? hi[0] : hi[1];
}

/* n values, none is NaN; bits[i] identifies value i. */
static run_facts run_facts_of(const double *v, uint64_t *bits, size_t n)
{
	run_facts f = {0, 0, v[0], v[0]};
	size_t i = 0;

	for (; i + STRIDE <= n; i += STRIDE)
		stride_facts(&f, v + i, bits + i);
	for (; i < n; i++) {
		bits[i] = double_bits(v[i]);
		f.zeros += bits[i] == 0;
		f.negatives += bits[i] >> 63;
		f.min = v[i] < f.min ? v[i] : f.min;
		f.max = v[i] > f.max ? v[i] : f.max;
	}
	return f;
}

static void add_finite_range(bn_accumulator *a, const double *v, size_t n)
{
	double lo = INFINITY, hi = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		if (isinf(v[i])) {
			a->infinities++;
			continue;
		}
		lo = v[i] < lo ? v[i] : lo;
		hi = v[i] > hi ? v[i] : hi;
	}
	if (lo <= hi)
		bn_accumulator_finite_range(a, lo, hi);
}

/* n present values in order, at least one; none is NaN. bits: what the tally compares. */
static void add_doubles(bn_accumulator *a, const double *v, uint64_t *bits, size_t n, bool first)
{
	const run_facts f = run_facts_of(v, bits, n);
	if (first) {
		a->min = f.min;
		a->max = f.max;
		a->first = v[0];
	}
	for (size_t i = 0; i < n && (a->increasing || a->decreasing); i++) {
		double before = i ? v[i - 1] : a->last;
		if (first && !i)
			continue;
		a->increasing &= v[i] > before;
		a->decreasing &= v[i] < before;
	}
	a->last = v[n - 1];
	a->min = f.min < a->min ? f.min : a->min;
	a->max = f.max > a->max ? f.max : a->max;
	a->zeros += f.zeros;
	a->negatives += f.negatives;
	if (isfinite(f.min) && isfinite(f.max))
		bn_accumulator_finite_range(a, f.min, f.max);
	else
		add_finite_range(a, v, n);
}

static void add_integers(bn_accumulator *a, const int64_t *v, size_t n, bool first)
{
	int64_t min = first ? v[0] : a->imin, max = first ? v[0] : a->imax;
	int64_t zero = bn_accumulator_key(a->type, 0);
	uint64_t zeros = 0, negatives = 0;
	for (size_t i = 0; i < n; i++) {
		zeros += v[i] == zero;
		negatives += v[i] < zero;
		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
	}
	for (size_t i = 0; i < n && (a->increasing || a->decreasing); i++) {
		int64_t before = i ? v[i - 1] : a->ilast;
		if (first && !i)
			continue;
		a->increasing &= v[i] > before;
		a->decreasing &= v[i] < before;
	}
	if (first)
		a->ifirst = v[0];
	a->ilast = v[n - 1];
	a->imin = min;
	a->imax = max;
	a->zeros += zeros;
	a->negatives += negatives;
	bn_accumulator_finite_range(
		a, bn_accumulator_number(a->type, min), bn_accumulator_number(a->type, max));
}

/* Moves up the values of n that are numbers, and their keys if there are any. Returns their number.
 * No branch: one absent in a hundred would be mispredicted. */
static size_t keep_numbers(double *v, int64_t *keys, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n && !keys; i++) {
		v[kept] = v[i];
		kept += v[i] == v[i];
	}
	for (size_t i = 0; i < n && keys; i++) {
		v[kept] = v[i];
		keys[kept] = keys[i];
		kept += v[i] == v[i];
	}
	return kept;
}

/* As bn_column_numbers and keep_numbers, for a column of doubles. */
static size_t keep_doubles(const bn_column *c, size_t from, size_t n, double *out)
{
	const double *v = c->f64 + from;
	size_t kept = 0;

	if (!c->nulls || !c->validity) {
		for (size_t i = 0; i < n; i++) {
			out[kept] = v[i];
			kept += v[i] == v[i];
		}
		return kept;
	}
	for (size_t i = 0; i < n; i++) {
		const size_t at = from + i;
		out[kept] = v[i];
		kept += (c->validity[at >> 3] >> (at & 7) & 1) & (v[i] == v[i]);
	}
	return kept;
}

/* n present values, at least one. exact: the same as integers, or space for as many if they are
 * floats. */
static int add_present(bn_accumulator *a, const double *v, int64_t *exact, size_t n, bn_err *err)
{
	size_t in_counts;
	uint64_t *bits = (uint64_t *)exact;
	bool first = bn_accumulator_present(a) == 0;
	if (bn_accumulates_doubles(a->type))
		add_doubles(a, v, bits, n, first);
	else
		add_integers(a, exact, n, first);
	int rc = bn_tally_add_all(&a->tally, bits, n, &in_counts, err);
	if (rc < 0 || (rc = bn_quantile_add(&a->quantile, v + in_counts, n - in_counts, err)) < 0)
		return rc;
	if (bn_accumulates_doubles(a->type))
		bn_moments_add(&a->moments, v, n);
	else
		bn_moments_add_ints(&a->moments, v, exact, n, bn_accumulator_bias(a->type));
	return 0;
}

/* The keys of n rows; undefined for absent ones. */
static void read_keys(const bn_column *c, size_t from, size_t n, int64_t *keys)
{
	if (c->type != BN_TYPE_UINT64) {
		bn_column_ints(c, from, n, keys);
		return;
	}
	for (size_t i = 0; i < n; i++)
		keys[i] = bn_accumulator_key(c->type, (int64_t)c->u64[from + i]);
}

/* Passes the values of rows from .. to - 1 in chunks, without the absent ones. */
int bn_accumulator_add_numbers(
	bn_accumulator *a, const bn_column *c, size_t from, size_t to, bn_err *err)
{
	double values[CHUNK];
	int64_t keys[CHUNK];
	bool floats = bn_accumulates_doubles(a->type);
	uint64_t nulls = bn_column_count_nulls(c, from, to - from), holes = 0;
	for (size_t at = from; at < to; at += CHUNK) {
		size_t n = to - at < CHUNK ? to - at : CHUNK, kept;
		int rc = 0;
		if (c->type == BN_TYPE_FLOAT64) {
			kept = keep_doubles(c, at, n, values);
		} else if ((rc = bn_column_numbers(c, at, n, values, err)) < 0) {
			return rc;
		} else {
			if (!floats)
				read_keys(c, at, n, keys);
			kept = keep_numbers(values, floats ? NULL : keys, n);
		}
		if (kept && (rc = add_present(a, values, keys, kept, err)) < 0)
			return rc;
		a->rows += n;
		a->missing += n - kept;
		holes += n - kept;
	}
	a->nan += holes - nulls;
	return 0;
}
