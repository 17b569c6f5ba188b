/*
 * sort.h - sorting doubles: n of them in O(n), without comparing each with log n others.
 */
#ifndef BN_PROFILE_SORT_H
#define BN_PROFILE_SORT_H
#include <stddef.h>

/* Ascending; infinities order as numbers do, NaN must not be there. -0 comes before 0.
 * scratch: n doubles. */
void bn_sort_doubles(double *values, size_t n, double *scratch);

#endif
