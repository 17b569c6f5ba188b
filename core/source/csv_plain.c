/*
 * csv_plain.c - plain decimal fields to numbers, column by column of a tile.
 *
 * Plain: [-]digits[.digits] (or the dialect's comma for the point) of at most 16 characters behind the sign, no superfluous zero in front.
 * The digits are an integer m; when m <= 2^53, m / 10^k is one correctly rounded division of two
 * exact doubles. Whatever is not plain is left to bn_csv_parse_number, which gives the same result for
 * what is: so it does not matter which of the two variants below takes how much.
 *
 * The wide variant loads the 16 bytes that end with the field, drops the point with one shuffle, and
 * multiplies digits pairwise: 10 and 1, 100 and 1, 10000 and 1. SSE4.1 would do, but it is compiled
 * for AVX2: instructions in the old encoding wait for the upper halves of registers that the scanner
 * has used (three times slower when measured).
 */
#include "core/source/_csv_parts.h"

#include <string.h>

static const double p10[] = {
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};

#define INLINE static inline __attribute__((always_inline))
#define EXACT_MAX (1ull << 53)

INLINE void get_field(const csv_fields *f, size_t r, const char **s, const char **e)
{
	const uint32_t *sep = f->seps + r * f->stride;

	*s = f->text + (f->starts ? f->starts[r] : sep[-1] + 1);
	*e = f->text + *sep;
	if (f->trim_cr && *e > *s && (*e)[-1] == '\r')
		--*e;
}

/* s .. e without the sign: too long, nothing at all, or a superfluous zero? Signs and zeros come as
 * they like, so this has no branch to guess. One byte behind e can be read. */
INLINE bool is_odd_start(const char *s, const char *e, char point)
{
	size_t n = (size_t)(e - s);

	return (n - 1 > 15) | ((*s == '0') & (n > 1) & (s[1] != point));
}

INLINE double with_sign(double x, bool negative)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	bits |= (uint64_t)negative << 63;
	memcpy(&x, &bits, sizeof bits);
	return x;
}

/* ---- portable ------------------------------------------------------------------------------- */

/* Digits of s .. e with at most one point; *scale gets how many stand behind it, -1 without one. */
static inline bool plain_digits(const char *s, const char *e, char dot, uint64_t *m, int *scale)
{
	const char *point = NULL;

	*m = 0;
	for (const char *p = s; p < e; p++) {
		unsigned digit = (unsigned)(*p - '0');
		if (digit > 9) {
			if (*p != dot || point || e - s == 1)
				return false;
			point = p;
			continue;
		}
		*m = *m * 10 + digit;
	}
	*scale = point ? (int)(e - point) - 1 : -1;
	return *m <= EXACT_MAX;
}

static size_t floats_portable(const csv_fields *f, double *out, size_t from, size_t to)
{
	const char *s, *e;
	uint64_t m;
	int scale;

	for (size_t r = from; r < to; r++) {
		get_field(f, r, &s, &e);
		bool negative = *s == '-';
		s += negative;
		if (is_odd_start(s, e, f->point) || !plain_digits(s, e, f->point, &m, &scale))
			return r;
		double x = (double)m / p10[scale < 0 ? 0 : scale];
		out[r] = with_sign(x, negative);
	}
	return to;
}

static size_t ints_portable(const csv_fields *f, int64_t *out, size_t from, size_t to)
{
	const char *s, *e;
	uint64_t m;
	int scale;

	for (size_t r = from; r < to; r++) {
		get_field(f, r, &s, &e);
		bool negative = *s == '-';
		s += negative;
		if (is_odd_start(s, e, f->point) || e - s > 15 ||
			!plain_digits(s, e, f->point, &m, &scale) || scale >= 0 || (negative && !m))
			return r;
		out[r] = negative ? -(int64_t)m : (int64_t)m;
	}
	return to;
}

/* ---- wide --------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx2,bmi")))

/* 16 zeros, then 16 ones: at 16 - n begins a mask of the last n bytes. */
static const uint8_t tails[32] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

/* Shuffle j: without byte j, what stands before moves up by one. Shuffle 16 changes nothing. */
#define Z 0x80
static const uint8_t drops[17][16] = {
	{Z, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15},
	{Z, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14},
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
};
#undef Z

/* As plain_digits, of the n <= 16 bytes before e; *point gets its place in the 16, or 16. */
WIDE INLINE bool wide_digits(const char *e, size_t n, char dot, uint64_t *m, unsigned *point)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(e - 16));
	__m128i tail = _mm_loadu_si128((const __m128i *)(const void *)(tails + n));
	__m128i d = _mm_and_si128(_mm_sub_epi8(v, _mm_set1_epi8('0')), tail);
	__m128i is_point = _mm_and_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(dot)), tail);
	__m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d);
	unsigned points = (unsigned)_mm_movemask_epi8(is_point);
	unsigned digits = (unsigned)_mm_movemask_epi8(is_digit); /* and all before the field */

	bool odd = ((points | digits) != 0xffff) | ((points & (points - 1)) != 0);
	if (odd | ((n == 1) & (points != 0)))
		return false;
	unsigned at = (unsigned)__builtin_ctz(points | 1u << 16);
	d = _mm_andnot_si128(is_point, d);
	d = _mm_shuffle_epi8(d, _mm_loadu_si128((const __m128i *)(const void *)drops[at]));
	d = _mm_maddubs_epi16(d, _mm_set1_epi16(0x010a));
	d = _mm_madd_epi16(d, _mm_set1_epi32(0x00010064));
	d = _mm_packus_epi32(d, d);
	d = _mm_madd_epi16(d, _mm_set1_epi32(0x00012710));
	uint64_t halves = (uint64_t)_mm_cvtsi128_si64(d);
	*m = (halves & 0xffffffff) * 100000000 + (halves >> 32);
	*point = at;
	return *m <= EXACT_MAX;
}

/* 10 to the digits behind a point there. */
static const double by_point[17] = {
	1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1, 1};

WIDE static size_t floats_wide(const csv_fields *f, double *out, size_t from, size_t to)
{
	const char *s, *e;
	uint64_t m;
	unsigned point;

	for (size_t r = from; r < to; r++) {
		get_field(f, r, &s, &e);
		bool negative = *s == '-';
		s += negative;
		if (is_odd_start(s, e, f->point) ||
			!wide_digits(e, (size_t)(e - s), f->point, &m, &point))
			return r;
		double x = (double)(int64_t)m / by_point[point];
		out[r] = with_sign(x, negative);
	}
	return to;
}

WIDE static size_t ints_wide(const csv_fields *f, int64_t *out, size_t from, size_t to)
{
	const char *s, *e;
	uint64_t m;
	unsigned point;

	for (size_t r = from; r < to; r++) {
		get_field(f, r, &s, &e);
		bool negative = *s == '-';
		s += negative;
		if (is_odd_start(s, e, f->point) || e - s > 15 ||
			!wide_digits(e, (size_t)(e - s), f->point, &m, &point) || point < 16 ||
			(negative && !m))
			return r;
		out[r] = negative ? -(int64_t)m : (int64_t)m;
	}
	return to;
}

size_t bn_csv_plain_floats(const csv_fields *f, double *out, size_t from, size_t to)
{
	return bn_csv_isa_level() < 2 ? floats_wide(f, out, from, to)
				      : floats_portable(f, out, from, to);
}

size_t bn_csv_plain_ints(const csv_fields *f, int64_t *out, size_t from, size_t to)
{
	return bn_csv_isa_level() < 2 ? ints_wide(f, out, from, to)
				      : ints_portable(f, out, from, to);
}

#else

size_t bn_csv_plain_floats(const csv_fields *f, double *out, size_t from, size_t to)
{
	return floats_portable(f, out, from, to);
}

size_t bn_csv_plain_ints(const csv_fields *f, int64_t *out, size_t from, size_t to)
{
	return ints_portable(f, out, from, to);
}

#endif
