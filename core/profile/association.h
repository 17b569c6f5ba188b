/*
 * association.h - how strongly one quantity follows another, over a few to some thousands of observations.
 *
 * Rank correlation finds what rises or falls throughout; mutual information finds any dependence, also of a quantity
 * without an order. Compared with SciPy and scikit-learn in tests/core/profile/test_association.c.
 */
#ifndef BN_PROFILE_ASSOCIATION_H
#define BN_PROFILE_ASSOCIATION_H
#include "core/base/err.h"

#include <stddef.h>

#define BN_ASSOCIATION_NEIGHBOURS 3 /* as scikit-learn's default */

/* Spearman's rho: Pearson's correlation of the ranks, equal values sharing the mean rank. NaN below three
 * observations, or if either is constant. x, y: finite. BN_ENOMEM. */
int bn_rank_correlation(double *out, const double *x, const double *y, size_t n, bn_err *err);

/* Mutual information of two continuous quantities, in nats, at least 0: the estimator of Kraskov, Stoegbauer,
 * Grassberger (2004), its first, with distances in units of each one's standard deviation, as scikit-learn's
 * mutual_info_regression, but without noise. NaN below BN_ASSOCIATION_NEIGHBOURS + 2. Time grows as n^2. */
double bn_mutual_information(const double *x, const double *y, size_t n);

/* The same of a category (any numbers as names) and a continuous quantity: the estimator of Ross ("Mutual Information
 * between Discrete and Continuous Data Sets", 2014), as scikit-learn's. Categories that occur once are left out; NaN
 * if fewer than two observations are left. BN_ENOMEM. */
int bn_mutual_information_of_category(
	double *out, const size_t *category, const double *y, size_t n, bn_err *err);

#endif
