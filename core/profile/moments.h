/*
 * moments.h - count, sum, mean, spread and skew of a stream of doubles, mergeable.
 *
 * The stream is cut into blocks of BN_MOMENTS_BLOCK values by their places in it, so how it is handed over (in which
 * batches) changes no bit. A block's central moments are taken about its own mean, in two passes, and joined by the
 * formulas of Chan, Golub, LeVeque (1979) and Pebay, "Formulas for robust, one-pass parallel computation of covariances
 * and arbitrary-order statistical moments" (Sandia SAND2008-6212), so that nothing cancels for data far from 0. The sum
 * is compensated (Ogita, Rump, Oishi, "Accurate sum and dot product", 2005, algorithm Sum2), and the mean is that sum
 * by n: of n equal values it is that value.
 *
 * Within a block each of BN_MOMENTS_LANES lanes takes every BN_MOMENTS_LANES-th value, and the lanes are joined in one
 * order, so that the compiler may use vectors of any width for the same bits.
 *
 * NaN must not be added. With an infinity among the values mean, sum and spread are what IEEE says of them (inf or
 * NaN). Merging is joining two streams: exact in n, and as good in the rest, but not the bits of the stream as one.
 */
#ifndef BN_PROFILE_MOMENTS_H
#define BN_PROFILE_MOMENTS_H
#include <stddef.h>
#include <stdint.h>

#define BN_MOMENTS_LANES 8
#define BN_MOMENTS_BLOCK 128

typedef struct bn_moments {
	uint64_t n;      /* all values, those that wait included */
	uint64_t joined; /* of them in what follows */
	double mean,
		mean_low; /* the mean is mean + mean_low: its last bit may be as wide as the spread */
	double m2, m3;
	double sum, sum_low;              /* the sum is sum + sum_low */
	double waiting[BN_MOMENTS_BLOCK]; /* the n - joined last ones */
} bn_moments;

#define BN_MOMENTS_INIT \
	{ \
		.n = 0 \
	}

void bn_moments_add(bn_moments *m, const double *values, size_t n);
void bn_moments_merge(bn_moments *m, const bn_moments *other);

/* NaN when there are too few values (1, 2, 3). */
double bn_moments_mean(const bn_moments *m);
double bn_moments_sum(const bn_moments *m); /* 0 of no values */
double bn_moments_std(const bn_moments *m); /* divides by n - 1, as pandas */
/* Adjusted Fisher-Pearson G1, as pandas.Series.skew and scipy.stats.skew(bias=False); 0 when all
 * values are equal. */
double bn_moments_skew(const bn_moments *m);

#endif
