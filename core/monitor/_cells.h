/*
 * _cells.h - Kolmogorov-Smirnov and Wasserstein of two large samples without sorting them.
 *
 * The range of both is cut into cells of equal width. How many values of each sample a cell has, and the sum of their
 * places in it, say by how much the distribution functions differ at the cell's borders, between which bounds they
 * differ inside, and, where they do not cross there, the integral of their difference. Only the values of cells in
 * which the largest difference may lie, or the functions may cross, are sorted. So nothing is approximate: the
 * Kolmogorov-Smirnov statistic has the bits that sorting gives, the integral differs in the last digits (it is added in
 * another order).
 */
#ifndef BN_MONITOR_CELLS_H
#define BN_MONITOR_CELLS_H
#include "core/monitor/_samples.h"

#include <stdbool.h>

/* Whether it is worth while, and the range has a width that is a number. */
bool bn_cells_fit(const bn_range *a, const bn_range *b);
/* ks or wasserstein may be NULL. Values that are not finite are left out. BN_ENOMEM. */
int bn_cells_measure(double *ks, double *wasserstein, const double *a, size_t n_a,
	const bn_range *range_a, const double *b, size_t n_b, const bn_range *range_b, bn_err *err);

#endif
