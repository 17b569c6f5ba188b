/*
 * csv_number.c - decimal text to int64 and float64, correctly rounded.
 *
 * A decimal of at most 19 significant digits is an integer m < 2^64 times a power of ten. If m <=
 * 2^53 and the power is at most 10^22, both are exact doubles and one multiplication or division
 * rounds once (Clinger, "How to read floating point numbers accurately", PLDI 1990). If long double
 * has 64 bits of precision, the same holds for every m < 2^64 and powers up to 10^27, rounded to 64
 * bits; rounding that to 53 is right unless it is exactly half-way between two doubles. The rest is
 * passed to strtod in the C locale, which is correctly rounded in glibc.
 */
#include "core/base/str.h"
#include "core/source/_csv_parts.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double p10[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
	1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

typedef struct decimal {
	uint64_t mantissa; /* of the first 19 significant digits */
	int digits;        /* count of significant digits */
	int exponent;      /* of ten */
	bool negative, fraction, leading_zero;
	bool dropped; /* a digit other than 0 after the first 19 */
} decimal;

/* Reads the exponent at *s (after the e). */
static bool read_exponent(const char **s, const char *e, int *exponent)
{
	bool negative = false;
	int x = 0;

	if (*s < e && (**s == '+' || **s == '-'))
		negative = *(*s)++ == '-';
	if (*s == e)
		return false;
	for (; *s < e; ++*s) {
		if (**s < '0' || **s > '9')
			return false;
		x = x < 100000 ? x * 10 + (**s - '0') : x;
	}
	*exponent += negative ? -x : x;
	return true;
}

/* The value of eight digits, or false. In memory order the first digit is the lowest byte. */
static bool eight_digits(const char *s, uint64_t *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t w;

	memcpy(&w, s, sizeof w);
	/* Above '9' adding 6 changes the upper half of a byte; below '0' the upper half differs. */
	if ((w & 0xf0f0f0f0f0f0f0f0u) != 0x3030303030303030u ||
		((w + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) != 0x3030303030303030u)
		return false;
	w -= 0x3030303030303030u;
	w = w * 10 + (w >> 8); /* pairs, in every other byte */
	w = ((w & 0x000000ff000000ffu) * (100 + (UINT64_C(1000000) << 32)) +
		    (w >> 16 & 0x000000ff000000ffu) * (1 + (UINT64_C(10000) << 32))) >>
	    32;
	*value = w;
	return true;
#else
	(void)s;
	(void)value;
	return false;
#endif
}

static bool read_decimal(decimal *d, const char *s, const char *e)
{
	bool any = false;
	uint64_t eight;

	if (s < e && (*s == '-' || *s == '+'))
		d->negative = *s++ == '-';
	d->leading_zero = e - s > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9';
	for (; s < e; s++) {
		while (d->digits && d->digits <= 11 && e - s >= 8 && eight_digits(s, &eight)) {
			d->mantissa = d->mantissa * 100000000 + eight;
			d->digits += 8;
			d->exponent -= 8 * d->fraction;
			s += 8;
		}
		if (s == e)
			break;
		unsigned digit = (unsigned)(*s - '0');
		if (digit > 9) {
			if (*s != '.' || d->fraction)
				break;
			d->fraction = true;
			continue;
		}
		any = true;
		d->digits += d->digits || digit;
		if (d->digits <= 19)
			d->mantissa = d->mantissa * 10 + digit;
		d->dropped |= d->digits > 19 && digit;
		d->exponent += (d->digits > 19) - d->fraction;
	}
	if (!any)
		return false;
	if (s < e && (*s == 'e' || *s == 'E')) {
		s++;
		d->fraction = true;
		return read_exponent(&s, e, &d->exponent);
	}
	return s == e;
}

bool bn_csv_scale(uint64_t m, int exponent, double *out)
{
#if LDBL_MANT_DIG == 64
	static const long double p10l[] = {1e0L, 1e1L, 1e2L, 1e3L, 1e4L, 1e5L, 1e6L, 1e7L, 1e8L,
		1e9L, 1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
		1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
	if (exponent >= -27 && exponent <= 27) {
		long double y = (long double)m;
		uint64_t bits;
		y = exponent < 0 ? y / p10l[-exponent] : y * p10l[exponent];
		memcpy(&bits, &y, sizeof bits);
		*out = (double)y;
		return (bits & 0x7ff) != 0x400;
	}
#else
	(void)m;
	(void)exponent;
	(void)out;
#endif
	return false;
}

static bool round_exactly(const decimal *d, double *out)
{
	double x;

	if (d->digits > 19)
		return false;
	if (!d->mantissa) {
		*out = d->negative ? -0.0 : 0.0;
		return true;
	}
	if (d->mantissa <= 1ull << 53 && d->exponent >= -22 && d->exponent <= 22) {
		x = (double)d->mantissa;
		x = d->exponent < 0 ? x / p10[-d->exponent] : x * p10[d->exponent];
	} else if (!bn_csv_scale(d->mantissa, d->exponent, &x)) {
		return false;
	}
	*out = d->negative ? -x : x;
	return true;
}

static bool is_infinity(const char *s, size_t n)
{
	static const char *const words[] = {"inf", "Inf", "INF", "infinity", "Infinity"};

	if (n && (*s == '-' || *s == '+'))
		s++, n--;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strlen(words[i]) == n && !memcmp(words[i], s, n))
			return true;
	}
	return false;
}

/* Whether the float64 f of a number beyond 2^53 has other digits before the point: an identifier or a count that a
 * column of fractions would change. Digits after the point are rounded as usual. Digits that an exponent or zeros before
 * ".0" leave unwritten do not count, so a number printed from a float64 never loses any. */
static bool loses_digits(const decimal *d, const char *s, size_t n, double f)
{
	enum { MOST = 40 }; /* longer ones are not counts */
	char written[MOST + 1], kept[MOST + 16];
	int exponent = d->digits > 19 ? d->exponent - (d->digits - 19) : d->exponent;
	int whole = d->digits + (exponent < 0 ? exponent : 0), digits = 0;

	if ((d->mantissa <= 1ull << 53 && !d->dropped) || whole <= 15 || whole > MOST)
		return false;
	for (; n && digits < whole; s++, n--)
		if (*s >= '0' && *s <= '9' && (digits || *s != '0'))
			written[digits++] = *s;
	if (exponent < 0 && whole == 16 && memcmp(written, "9007199254740992", 16) < 0)
		return false;
	/* The zeros before ".0" may stand for digits that a float64 was printed without. */
	for (; n && (*s == '.' || *s == '0'); s++)
		n--;
	bool is_whole = !n || *s == 'e' || *s == 'E';
	while (is_whole && digits && written[digits - 1] == '0')
		digits--;
	if (digits <= 15)
		return false;
	snprintf(kept, sizeof kept, "%.*e", digits - 1, fabs(f));
	return kept[0] != written[0] || strncmp(kept + 2, written + 1, (size_t)digits - 1) != 0;
}

csv_token bn_csv_parse_number(const char *s, size_t n, int64_t *i, double *f)
{
	decimal d = {.digits = 0};

	if (!read_decimal(&d, s, s + n)) {
		if (!is_infinity(s, n))
			return CSV_NOT_NUMBER;
		*f = *s == '-' ? -INFINITY : INFINITY;
		return CSV_FLOAT;
	}
	if (d.leading_zero)
		return CSV_NOT_NUMBER;
	if (!d.fraction) {
		uint64_t limit = (uint64_t)INT64_MAX + d.negative;
		if (d.digits > 19 || d.mantissa > limit)
			return bn_parse_f64(s, n, f) ? CSV_HUGE_INT : CSV_HUGE;
		*i = (int64_t)(d.negative ? 0 - d.mantissa : d.mantissa);
		*f = d.negative && !*i ? -0.0 : (double)*i; /* a column of reals keeps the sign */
		return d.mantissa > 1ull << 53 ? CSV_BIG_INT : CSV_INT;
	}
	if (!round_exactly(&d, f) && !bn_parse_f64(s, n, f))
		return CSV_HUGE;
	return (*f == 0 && d.mantissa) || loses_digits(&d, s, n, *f) ? CSV_LOSSY : CSV_FLOAT;
}
