/*
 * decimal.h - exact decimal numbers: an integer of 128 bits and the number of digits behind its point.
 *
 * The integer lies as Arrow and Parquet have it: two's complement, little-endian. Here it is aligned to 8 bytes
 * only, as in a mapped file, so it is no __int128.
 */
#ifndef BN_BASE_DECIMAL_H
#define BN_BASE_DECIMAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_DECIMAL_DIGITS 38 /* that always fit */

typedef struct bn_decimal {
	uint64_t low;
	int64_t high;
} bn_decimal;

#define BN_DECIMAL_TEXT 48

bn_decimal bn_decimal_of(int64_t x); /* the integer x, whatever the scale */
/* 12.30 for 1230 and scale 2: always `scale` digits behind the point. scale <= 38. */
const char *bn_decimal_format(bn_decimal x, unsigned scale, char buf[BN_DECIMAL_TEXT]);
/* [+-]digits[.digits][e[+-]digits]. False when it is no such number, has more digits behind the point than scale (other
 * than zeros), or more than precision in all. */
bool bn_decimal_parse(bn_decimal *out, const char *s, size_t n, unsigned precision, unsigned scale);
/* Has it at most so many digits? */
bool bn_decimal_fits(bn_decimal x, unsigned precision);
/* The nearest double of x / 10^scale. */
double bn_decimal_number(bn_decimal x, unsigned scale);
/* x / 10^scale when that is an int64; false otherwise. */
bool bn_decimal_int(bn_decimal x, unsigned scale, int64_t *out);
/* x * 10^(to - from) when that has at most precision digits and loses none; false otherwise. */
bool bn_decimal_rescale(bn_decimal *x, unsigned from, unsigned to, unsigned precision);
int bn_decimal_compare(bn_decimal a, bn_decimal b); /* of equal scale: < 0, 0, > 0 */

#endif
