/*
 * tfdv_compare.h - distances between the values of two columns, by TFDV's formulas (its
 * anomalies/metrics.cc, as described in the public documentation of the comparators):
 *
 *  - infinity norm: max over values v of |n_a(v)/N_a - n_b(v)/N_b|;
 *  - normalized absolute difference: max over v of |n_a(v) - n_b(v)| / (N_a + N_b);
 *  - Jensen-Shannon divergence (not its root), base 2, at most 1: of text by its values; of numbers by
 *    histograms of BN_TFDV_BUCKETS equal widths between each column's smallest and largest finite
 *    value, rebucketed to the union of their boundaries with the mass of a bucket spread evenly. A
 *    column of one value is a bucket of its own, and so are NaN and each infinity.
 */
#ifndef BN_CHECK_TFDV_COMPARE_H
#define BN_CHECK_TFDV_COMPARE_H
#include "core/base/err.h"
#include "core/base/progress.h"
#include "core/table/table.h"

#define BN_TFDV_BUCKETS 10
#define BN_TFDV_VALUES 1000000 /* different texts of a column */

typedef struct bn_tfdv_distances {
	double infinity_norm, normalized_abs_difference; /* NaN: numbers have none */
	double jensen_shannon_divergence;
} bn_tfdv_distances;

/* Both columns are text, or both are numbers or times: else BN_EINVAL. All are NaN if one of them has no
 * value. BN_EUNSUPPORTED: too many different texts. watch: NULL is fine. */
int bn_tfdv_compare(bn_tfdv_distances *out, bn_table_reader *a, size_t column_a, bn_table_reader *b,
	size_t column_b, const bn_progress *watch, bn_err *err);

/* The same of numbers and of counts in memory; NaN is a missing value here. NaN if a side has no value. */
double bn_tfdv_divergence_of_numbers(const double *a, size_t n_a, const double *b, size_t n_b);
void bn_tfdv_compare_counts(bn_tfdv_distances *out, const double *a, const double *b, size_t values);

#endif
