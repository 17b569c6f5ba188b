/*
 * _samples.h - a column of numbers, cleaned and sorted, and comparisons of two.
 */
#ifndef BN_MONITOR_SAMPLES_H
#define BN_MONITOR_SAMPLES_H
#include "core/base/err.h"

#include <stddef.h>

/* Finite values in ascending order (-0 counts as 0). */
typedef struct bn_sample {
	double *sorted;
	size_t n, dropped;
} bn_sample;

#define BN_SAMPLE_INIT \
	{ \
		NULL, 0, 0 \
	}
int bn_sample_make(bn_sample *out, const double *values, size_t n, bn_err *err);
void bn_sample_release(bn_sample *s);

/* What binning needs to know of an unsorted column: the range of its finite values, and the number
 * of distinct ones, counted up to BN_DISTINCT_MOST. */
#define BN_DISTINCT_MOST 21
typedef struct bn_range {
	double low, high;
	size_t n, dropped, distinct;
} bn_range;

void bn_range_of(bn_range *out, const double *values, size_t n);
/* As bn_sample_histogram, without sorting; all finite values are within the edges. */
void bn_values_histogram(
	double *counts, const double *values, size_t n, const double *edges, size_t bins);

double bn_values_deviation(const double *values,
	size_t n); /* population, of the finite values; NaN if there are none */
size_t bn_sample_distinct(const bn_sample *s);
size_t bn_sample_distinct_union(const bn_sample *a, const bn_sample *b);

double bn_sample_ks(const bn_sample *a, const bn_sample *b);          /* sup |F - G| */
double bn_sample_wasserstein(const bn_sample *a, const bn_sample *b); /* integral |F - G| */

#define BN_STURGES_MAX 128 /* 2^64 values need 65 */
/* numpy.histogram_bin_edges(..., "sturges") over a range and a number of values: how many bins. */
size_t bn_sturges_bins(double low, double high, double n);
/* numpy.linspace(low, high, bins + 1). */
void bn_linear_edges(double *edges, double low, double high, size_t bins);
/* counts[i]: values in [edges[i], edges[i+1]), the last bin with its upper edge. */
void bn_sample_histogram(double *counts, const bn_sample *s, const double *edges, size_t bins);
/* Counts of each distinct value of the union, ascending: both have room for that many. */
void bn_sample_value_counts(
	double *a_counts, double *b_counts, double *values, const bn_sample *a, const bn_sample *b);

#endif
