/*
 * sort.h - sorting doubles and 64-bit keys: n of them in O(n), without comparing each with log n others.
 */
#ifndef BN_PROFILE_SORT_H
#define BN_PROFILE_SORT_H
#include <stddef.h>
#include <stdint.h>

/* Ascending; infinities are ordered like numbers, NaN is not allowed. -0 comes before 0. scratch: n
 * doubles. */
void bn_sort_doubles(double *values, size_t n, double *scratch);
/* Ascending, n < 2^32. scratch: n keys. Returns the sorted keys: keys or scratch. */
uint64_t *bn_sort_keys(uint64_t *keys, size_t n, uint64_t *scratch);

#endif
