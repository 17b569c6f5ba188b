/* decimal.c - see decimal.h. */
#include "core/base/decimal.h"

#include "core/base/str.h"

#include <string.h>

typedef unsigned __int128 wide;

static wide load(bn_decimal x, bool *negative)
{
	wide v = (wide)(uint64_t)x.high << 64 | x.low;

	*negative = x.high < 0;
	return *negative ? -v : v;
}

static bn_decimal make(wide v, bool negative)
{
	v = negative ? -v : v;
	return (bn_decimal){(uint64_t)v, (int64_t)(uint64_t)(v >> 64)};
}

/* 10^n, n <= 38. */
static wide power(unsigned n)
{
	wide p = 1;

	while (n--)
		p *= 10;
	return p;
}

/* v * 10 if that is below most (most <= 10^38). */
static bool times_ten(wide *v, wide most)
{
	if (*v > (most - 1) / 10)
		return false;
	*v *= 10;
	return true;
}

bn_decimal bn_decimal_of(int64_t x)
{
	return (bn_decimal){(uint64_t)x, x < 0 ? -1 : 0};
}

const char *bn_decimal_format(bn_decimal x, unsigned scale, char buf[BN_DECIMAL_TEXT])
{
	char digits[BN_DECIMAL_TEXT];
	bool negative;
	wide v = load(x, &negative);
	unsigned n = 0;
	char *to = buf;

	do {
		digits[n++] = (char)('0' + (int)(v % 10));
		v /= 10;
	} while (v || n <= scale);
	if (negative)
		*to++ = '-';
	while (n) {
		if (n-- == scale)
			*to++ = '.';
		*to++ = digits[n];
	}
	*to = '\0';
	return buf;
}

/* The exponent after an e, at most 4 digits; false if there is none. */
static bool parse_exponent(const char *s, const char *end, int *out)
{
	bool negative = s < end && *s == '-';
	int e = 0;

	if (s < end && (*s == '-' || *s == '+'))
		s++;
	if (s == end || end - s > 4)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9')
			return false;
		e = e * 10 + (*s - '0');
	}
	*out = negative ? -e : e;
	return true;
}

bool bn_decimal_parse(bn_decimal *out, const char *s, size_t n, unsigned precision, unsigned scale)
{
	const char *end = s + n, *e = memchr(s, 'e', n);
	bool negative = n && *s == '-', point = false, any = false;
	int exponent = 0, zeros = 0; /* zeros: not yet in v */
	wide v = 0, most = power(precision);

	e = e ? e : memchr(s, 'E', n);
	if (e && !parse_exponent(e + 1, end, &exponent))
		return false;
	end = e ? e : end;
	if (s < end && (*s == '-' || *s == '+'))
		s++;
	for (; s < end; s++) {
		if (*s == '.' && !point) {
			point = true;
			continue;
		}
		if (*s < '0' || *s > '9')
			return false;
		any = true;
		exponent -= point;
		zeros++;
		if (*s == '0')
			continue;
		for (; zeros > 1 && v; zeros--)
			if (!times_ten(&v, most))
				return false;
		zeros = 0;
		if (!times_ten(&v, most))
			return false;
		v += (wide)(*s - '0');
	}
	/* The value is v * 10^(exponent + zeros); wanted is the integer v * 10^(that + scale). */
	int shift = exponent + zeros + (int)scale;
	if (!any || (v && shift < 0))
		return false;
	for (; v && shift > 0; shift--)
		if (!times_ten(&v, most))
			return false;
	*out = make(v, negative);
	return true;
}

bool bn_decimal_fits(bn_decimal x, unsigned precision)
{
	bool negative;

	return load(x, &negative) < power(precision);
}

double bn_decimal_number(bn_decimal x, unsigned scale)
{
	char text[BN_DECIMAL_TEXT];
	bool negative;
	wide v = load(x, &negative);
	double number = 0, divisor = 1;

	/* Both exact, so that one division rounds once. */
	if (v <= (wide)1 << 53 && scale <= 22) {
		for (unsigned i = 0; i < scale; i++)
			divisor *= 10;
		number = (double)(uint64_t)v / divisor;
		return negative ? -number : number;
	}
	bn_decimal_format(x, scale, text);
	bn_parse_f64(text, strlen(text), &number);
	return number;
}

bool bn_decimal_int(bn_decimal x, unsigned scale, int64_t *out)
{
	bool negative;
	wide v = load(x, &negative), unit = power(scale);

	if (v % unit)
		return false;
	v /= unit;
	if (v > (wide)INT64_MAX + negative)
		return false;
	*out = (int64_t)(negative ? -(uint64_t)v : (uint64_t)v);
	return true;
}

bool bn_decimal_rescale(bn_decimal *x, unsigned from, unsigned to, unsigned precision)
{
	bool negative;
	wide v = load(*x, &negative), most = power(precision);

	for (; from < to && v; from++) {
		if (!times_ten(&v, most))
			return false;
	}
	for (; from > to && v; from--) {
		if (v % 10)
			return false;
		v /= 10;
	}
	if (v >= most)
		return false;
	*x = make(v, negative);
	return true;
}

int bn_decimal_compare(bn_decimal a, bn_decimal b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return a.low < b.low ? -1 : a.low > b.low;
}
