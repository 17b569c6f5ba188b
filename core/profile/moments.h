/*
 * moments.h - count, mean, spread and skew of a stream of doubles, mergeable.
 *
 * Central moments are updated by blocks and merged by the formulas of Chan, Golub, LeVeque (1979)
 * and Pebay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
 * statistical moments" (Sandia SAND2008-6212), so that nothing cancels for data far from 0.
 *
 * NaN must not be added. With an infinity among the values mean, sum and spread are what IEEE says
 * of them (inf or NaN).
 */
#ifndef BN_PROFILE_MOMENTS_H
#define BN_PROFILE_MOMENTS_H
#include <stddef.h>
#include <stdint.h>

typedef struct bn_moments {
	uint64_t n;
	double mean, m2, m3;
	double sum, sum_low; /* compensated (Neumaier) */
} bn_moments;

#define BN_MOMENTS_INIT \
	{ \
		0, 0, 0, 0, 0, 0 \
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
