/*
 * decimal.h - exact decimal numbers: a 128-bit integer and the number of digits after the decimal
 * point.
 *
 * The integer is stored as in Arrow and Parquet: two's complement, little-endian. It is aligned to 8 bytes
 * only, as in a mapped file, and therefore not an __int128.
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

bn_decimal bn_decimal_of(int64_t x); /* the integer x, regardless of scale */
/* 12.30 for 1230 and scale 2: always `scale` digits after the point. scale <= 38. */
const char *bn_decimal_format(bn_decimal x, unsigned scale, char buf[BN_DECIMAL_TEXT]);
/* [+-]digits[.digits][e[+-]digits]. False if the text is not such a number, has more than `scale` digits after
 * the point (other than zeros), or more than `precision` digits in all. */
bool bn_decimal_parse(bn_decimal *out, const char *s, size_t n, unsigned precision, unsigned scale);
/* Whether it has at most that many digits. */
bool bn_decimal_fits(bn_decimal x, unsigned precision);
/* The nearest double of x / 10^scale. */
double bn_decimal_number(bn_decimal x, unsigned scale);
/* x / 10^scale when that is an int64; false otherwise. */
bool bn_decimal_int(bn_decimal x, unsigned scale, int64_t *out);
/* x * 10^(to - from) if that is exact and has at most `precision` digits; false otherwise. */
bool bn_decimal_rescale(bn_decimal *x, unsigned from, unsigned to, unsigned precision);
int bn_decimal_compare(bn_decimal a, bn_decimal b); /* of equal scale: < 0, 0, > 0 */

#endif
