/*
 * exact_sum.h - an exact sum of doubles, independent of their order.
 *
 * The sum is an integer in units of 2^-1074, the smallest double, in two's complement: 34 words
 * hold 2^64 numbers of any size. It is rounded once, when read. Infinities are counted; the
 * caller must leave out NaN.
 *
 * Packed form: varint first byte, varint bytes, the bytes that are neither low zeros nor copies of
 * the sign, varint infinities above, varint infinities below. One sum has one packed form.
 */
#ifndef BN_TRACK_EXACT_SUM_H
#define BN_TRACK_EXACT_SUM_H
#include "core/base/buf.h"
#include "core/run/varint.h"

#include <stdint.h>

#define BN_EXACT_SUM_WORDS 34

typedef struct bn_exact_sum {
	uint64_t word[BN_EXACT_SUM_WORDS]; /* lowest first */
	uint64_t above, below;             /* how many +inf and -inf */
} bn_exact_sum;

void bn_exact_sum_add(bn_exact_sum *s, double x); /* x is not NaN */
void bn_exact_sum_join(bn_exact_sum *s, const bn_exact_sum *more);
/* The sum over n, rounded to nearest; NaN when n is 0 or infinities of both signs were added. */
double bn_exact_sum_mean(const bn_exact_sum *s, uint64_t n);
void bn_exact_sum_put(bn_buf *out, const bn_exact_sum *s);
void bn_exact_sum_get(bn_exact_sum *s, bn_cursor *c); /* sets c->bad */

#endif
