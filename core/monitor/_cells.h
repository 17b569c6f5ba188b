/*
 * _cells.h - Kolmogorov-Smirnov and Wasserstein of two large samples without sorting them.
 *
 * The range of both is divided into cells of equal width. The number of values of each sample in a cell, and
 * the sum of their positions in it, give the difference of the distribution functions at the cell's borders,
 * bounds of it inside, and, if they do not cross there, the integral of their difference. Only the values of
 * cells that may contain the largest difference, or where the functions may cross, are sorted. So nothing is
 * approximate: the Kolmogorov-Smirnov statistic has the same bits as with sorting, the integral differs in the
 * last digits (it is summed in another order).
 */
#ifndef BN_MONITOR_CELLS_H
#define BN_MONITOR_CELLS_H
#include "core/monitor/_samples.h"

#include <stdbool.h>

/* Whether it is worthwhile, and the range has a finite width. */
bool bn_cells_fit(const bn_range *a, const bn_range *b);
/* ks or wasserstein may be NULL. Non-finite values are skipped. BN_ENOMEM. */
int bn_cells_measure(double *ks, double *wasserstein, const double *a, size_t n_a,
	const bn_range *range_a, const double *b, size_t n_b, const bn_range *range_b, bn_err *err);

#endif
