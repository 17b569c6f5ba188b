/*
 * order.h - sorting numbers, fast and stable: radix sort on the bits of a double.
 */
#ifndef BN_LEARN_ORDER_H
#define BN_LEARN_ORDER_H
#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* order[n] becomes the permutation that sorts values ascending; equal values keep their order.
 * -0 sorts as 0. Values must not be NaN. n < 2^32. BN_ENOMEM. */
int bn_order_f64(uint32_t *order, const double *values, size_t n, bn_err *err);

/* Quantile q in [0, 1] of values through their order, linear between neighbours (numpy's default).
 * n >= 1. */
double bn_quantile_ordered(const uint32_t *order, const double *values, size_t n, double q);

#endif
