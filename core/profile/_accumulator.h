/*
 * _accumulator.h - the profiler's state of one column while rows are added; all of it can be
 * merged.
 *
 * Numbers are counted per value while few are distinct (tally.h), and all ranks follow from the
 * counts. When the tally is no longer exact, the counts go to the quantile sketch, and the sketch
 * takes the rest.
 *
 * Integers, bools and times are kept as int64 keys in the order of the values: the first bit of
 * unsigned ones is inverted. Decimals are doubles. Bytes and lists have a length and a hash that
 * identifies them, and the values of lists have an accumulator of their own, unless they are lists
 * again.
 */
#ifndef BN_PROFILE_ACCUMULATOR_H
#define BN_PROFILE_ACCUMULATOR_H
#include "core/base/crew.h"
#include "core/profile/moments.h"
#include "core/profile/profile.h"
#include "core/profile/quantile.h"
#include "core/profile/tally.h"

#include <string.h>

typedef struct bn_accumulator {
	bn_type type;
	uint64_t rows, missing, nan;
	bn_moments moments;
	bn_tally tally;
	bn_quantile quantile; /* empty while the tally is exact: counts give all ranks */
	uint64_t zeros, negatives, infinities;
	double min, max;    /* floats; valid when present > 0 */
	int64_t imin, imax; /* keys of integers, bools, times */
	double fmin, fmax;  /* of the finite values; NaN if there are none */
	bool increasing, decreasing;
	double first, last;                                       /* floats */
	int64_t ifirst, ilast;                                    /* keys */
	uint64_t length_min, length_max, length_sum, empty;       /* of texts, bytes, lists */
	char least[BN_PROFILE_BOUND], greatest[BN_PROFILE_BOUND]; /* texts; their first bytes */
	size_t least_bytes, greatest_bytes;
	uint32_t spelled;              /* as in bn_profile_column */
	struct bn_accumulator *values; /* of all lists; NULL: no lists, or lists of lists */
} bn_accumulator;

int bn_accumulator_init(bn_accumulator *a, const bn_field *f, bn_err *err);
void bn_accumulator_release(bn_accumulator *a);
int bn_accumulator_add(bn_accumulator *a, const bn_column *c, bn_err *err);
int bn_accumulator_merge(bn_accumulator *a, const bn_accumulator *b, bn_err *err);
int bn_accumulator_finish(bn_accumulator *a, bn_profile_column *c, const bn_field *f, bn_err *err);

/* Columns are finished and written in blocks of this size. */
#define BN_PROFILE_BLOCK ((size_t)256)
#define BN_PROFILE_BLOCKS(columns) (((columns) + BN_PROFILE_BLOCK - 1) / BN_PROFILE_BLOCK)
/* profiler.c: a thread pool for so many columns, *out is yours; NULL if they are too few. */
int bn_profile_crew(bn_crew **out, size_t columns, bn_err *err);

/* accumulate_numbers.c */
int bn_accumulator_add_numbers(
	bn_accumulator *a, const bn_column *c, size_t from, size_t to, bn_err *err);
/* The finite values so far are within lo .. hi. */
void bn_accumulator_finite_range(bn_accumulator *a, double lo, double hi);
/* For bn_tally.overflow: moves the counts of a, the tally's accumulator, to the sketch. */
int bn_accumulator_counts_to_sketch(void *a, const bn_tally *t, bn_err *err);
/* Passes to take the values of an exact tally of numbers, ascending, and the count of each. */
int bn_accumulator_with_counts(const bn_accumulator *a,
	int (*take)(void *ctx, const double *values, const uint64_t *counts, size_t n, bn_err *err),
	void *ctx, bn_err *err);
/* column_finish.c: quantiles and histogram of a column with exact counts: ascending, counts[i]
 * times values[i]. The column's type is known. */
int bn_profile_column_ranks(
	bn_profile_column *c, const double *values, const uint64_t *counts, size_t n, bn_err *err);

/* Whether its values are kept as doubles, not as keys. */
static inline bool bn_accumulates_doubles(bn_type type)
{
	return type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32 || type == BN_TYPE_DECIMAL;
}

/* The key of an integer, by its bits; the function is its own inverse. */
static inline int64_t bn_accumulator_key(bn_type type, int64_t bits)
{
	return type == BN_TYPE_UINT64 ? (int64_t)((uint64_t)bits ^ UINT64_C(1) << 63) : bits;
}

/* Added to a key to get the integer's value. */
static inline uint64_t bn_accumulator_bias(bn_type type)
{
	return type == BN_TYPE_UINT64 ? UINT64_C(1) << 63 : 0;
}

static inline double bn_accumulator_number(bn_type type, int64_t key)
{
	int64_t bits = bn_accumulator_key(type, key);

	return type == BN_TYPE_UINT64 ? (double)(uint64_t)bits : (double)bits;
}

static inline uint64_t bn_accumulator_present(const bn_accumulator *a)
{
	return a->rows - a->missing;
}

static inline double bn_bits_double(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* The number that a slot of the tally counts. */
static inline double bn_accumulator_slot_number(const bn_accumulator *a, const bn_tally_slot *s)
{
	return bn_accumulates_doubles(a->type) ? bn_bits_double(s->bits)
					       : bn_accumulator_number(a->type, (int64_t)s->bits);
}

#endif
