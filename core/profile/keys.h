/*
 * keys.h - selecting and sorting doubles in place, by their keys (core/base/radix.h).
 *
 * Radix exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm R) on the highest bit
 * in which the keys of a range differ, without a second array and without a branch on the data.
 * Selecting a few ranks leaves the ranges without them unsorted. To sort everything with a second
 * array use bn_sort_doubles (sort.h), which uses the same keys.
 */
#ifndef BN_PROFILE_KEYS_H
#define BN_PROFILE_KEYS_H
#include "core/base/radix.h"

void bn_keys_sort(uint64_t *keys, size_t n);

#define BN_QUANTILES_MAX 16
/* out[i] = quantile q[i] in [0, 1], linear between neighbours (numpy's default). q is increasing; k
 * is at most BN_QUANTILES_MAX, n at least 1. The keys are reordered. */
void bn_keys_quantiles(double *out, uint64_t *keys, size_t n, const double *q, size_t k);

#endif
