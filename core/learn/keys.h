/*
 * keys.h - doubles as integers that compare the way they do; selecting and sorting them in place.
 *
 * Radix exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm R) on the highest bit in which
 * the keys of a range differ, without a second array and without a branch on the data. Selecting a few ranks
 * leaves the ranges that hold none of them unsorted.
 */
#ifndef BN_LEARN_KEYS_H
#define BN_LEARN_KEYS_H
#include <stddef.h>
#include <stdint.h>

/* -0 becomes 0. The value must not be NaN. */
uint64_t bn_key_of(double value);
double bn_key_value(uint64_t key);

void bn_keys_sort(uint64_t *keys, size_t n);

#define BN_QUANTILES_MAX 16
/* out[i] = quantile q[i] in [0, 1], linear between neighbours (numpy's default). q rises; k is at most
 * BN_QUANTILES_MAX, n at least 1. The keys are moved. */
void bn_keys_quantiles(double *out, uint64_t *keys, size_t n, const double *q, size_t k);

#endif
