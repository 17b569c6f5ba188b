/*
 * moments.h - count, sum, mean, spread and skew of a stream of doubles, mergeable.
 *
 * The stream is divided into blocks of BN_MOMENTS_BLOCK values by position, so the batches in which
 * it arrives do not change a bit. A block's central moments are computed about its own mean, in two
 * passes, and joined by the formulas of Chan, Golub, LeVeque (1979) and Pebay, "Formulas for
 * robust, one-pass parallel computation of covariances and arbitrary-order statistical moments"
 * (Sandia SAND2008-6212), so that nothing cancels for data far from 0. The sum is compensated
 * (Ogita, Rump, Oishi, "Accurate sum and dot product", 2005, algorithm Sum2), and the mean is that
 * sum divided by n: for n equal values it is that value.
 *
 * Within a block each of BN_MOMENTS_LANES lanes takes every BN_MOMENTS_LANES-th value, and the
 * lanes are joined in a fixed order, so that the compiler may use vectors of any width with the
 * same bits.
 *
 * Integers are added with their int64 keys, and their sum is exact. If the first one is 2^52 or more, it is
 * subtracted from all of them before the conversion to double, so a spread below the double's resolution is kept.
 *
 * NaN must not be added. With an infinity among the values mean, sum and spread follow IEEE 754
 * (inf or NaN). Merging joins two streams: exact in n, equally accurate in the rest, but not the
 * bits of one single stream.
 */
#ifndef BN_PROFILE_MOMENTS_H
#define BN_PROFILE_MOMENTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_MOMENTS_LANES 8
#define BN_MOMENTS_BLOCK 128

typedef struct bn_moments {
	uint64_t n;      /* all values, including pending ones */
	uint64_t joined; /* of these, the joined ones */
	double mean,
		mean_low; /* the mean is mean + mean_low: its last bit may be as large as the spread */
	double m2, m3;
	double sum, sum_low;              /* the sum is sum + sum_low */
	bool whole;                       /* integers: the next two fields are used */
	__int128 total;                   /* their sum */
	__int128 shift;                   /* subtracted from each value before mean and sum */
	double waiting[BN_MOMENTS_BLOCK]; /* the last n - joined values */
} bn_moments;

#define BN_MOMENTS_INIT \
	{ \
		.n = 0 \
	}

void bn_moments_add(bn_moments *m, const double *values, size_t n);
/* Adds the integers keys[i] + bias; values[i] is the nearest double. Do not mix with bn_moments_add. */
void bn_moments_add_ints(
	bn_moments *m, const double *values, const int64_t *keys, size_t n, uint64_t bias);
void bn_moments_merge(bn_moments *m, const bn_moments *other);

/* NaN if there are too few values (1, 2, 3). */
double bn_moments_mean(const bn_moments *m);
double bn_moments_sum(
	const bn_moments *m); /* 0 without values; of integers exact, rounded once */
double bn_moments_std(const bn_moments *m); /* divides by n - 1, as pandas */
/* The mean in parts, for distances from it that do not cancel: shift + high + low. */
typedef struct bn_centre {
	__int128 shift;
	double high, low;
} bn_centre;
bn_centre bn_moments_centre(const bn_moments *m);
/* x - mean, of a stream of doubles, and key + bias - mean, of one of integers. */
static inline double bn_centre_distance(const bn_centre *c, double x)
{
	return x - c->high - c->low;
}
static inline double bn_centre_distance_int(const bn_centre *c, int64_t key, uint64_t bias)
{
	return (double)((__int128)key + bias - c->shift) - c->high - c->low;
}
/* Adjusted Fisher-Pearson G1, as pandas.Series.skew and scipy.stats.skew(bias=False); 0 if all
 * values are equal. */
double bn_moments_skew(const bn_moments *m);

#endif
