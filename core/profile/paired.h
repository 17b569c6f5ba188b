/*
 * paired.h - whether paired differences have a mean other than 0: tests, an interval, a correction for many.
 *
 * For results of two settings over the same seeds, folds or days. No normal distribution is assumed by the
 * signed-rank test and the interval; the t test has the most power where there are few pairs without outliers.
 * Two-sided throughout. tests/core/profile/test_paired.c compares all of it with SciPy (tests/reference/paired.py).
 */
#ifndef BN_PROFILE_PAIRED_H
#define BN_PROFILE_PAIRED_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Student's paired t test: t = mean / (sd / sqrt n) with n - 1 degrees of freedom, as scipy.stats.ttest_rel.
 * *t and *p are NaN below two differences, or if all are 0. d: differences, all finite. */
void bn_paired_t(double *t, double *p, const double *d, size_t n);

/*
 * Wilcoxon's signed-rank test. Differences of 0 are dropped (Wilcoxon's own rule, SciPy's zero_method="wilcox");
 * equal ones share the mean of their ranks. *w is the smaller of the sums of positive and of negative ranks. Up to
 * BN_SIGNED_RANK_EXACT differences p is exact, given the ranks: the share of all 2^n signs with a sum at most as
 * large, doubled. Above that it is the normal approximation with the correction for ties and none for continuity.
 * Both are NaN if no difference other than 0 is left. BN_ENOMEM.
 */
#define BN_SIGNED_RANK_EXACT 50
int bn_signed_rank(double *w, double *p, const double *d, size_t n, bn_err *err);

/*
 * Interval of the mean at `level` (0.95) by the bootstrap: bias-corrected and accelerated (Efron, "Better Bootstrap
 * Confidence Intervals", 1987), `resamples` draws, which depend on `seed` only (core/base/rng.h). Below two values
 * the bounds are NaN; of equal values both are that value. BN_ENOMEM.
 */
int bn_bootstrap_mean(double *low, double *high, const double *x, size_t n, double level, size_t resamples,
	uint64_t seed, bn_err *err);

/* Holm's step-down correction ("A Simple Sequentially Rejective Multiple Test Procedure", 1979), in place: the
 * adjusted p of each test, as statsmodels' multipletests(method="holm"). A NaN stays, and is not counted as a test.
 * BN_ENOMEM. */
int bn_holm_adjust(double *p, size_t n, bn_err *err);

/* P(|T| >= |t|) of Student's distribution with df > 0 degrees of freedom. */
double bn_student_two_sided(double t, double df);

#endif
