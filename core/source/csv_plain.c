/*
 * csv_plain.c - converts plain decimal fields to numbers, column by column of a tile.
 *
 * Plain: [-]digits[.digits] (or the dialect's comma for the point) of at most 16 characters,
 * without a superfluous leading zero. The digits are an integer m; if m <= 2^53, m / 10^k is one
 * correctly rounded division of two exact doubles. Other fields are left to bn_csv_parse_number,
 * which gives the same result for plain ones: so it does not matter how many fields each of the two
 * variants below converts.
 *
 * The wide variant processes four fields at a time, two in a register. It loads the 16 bytes that
 * end with a field, drops the point with one shuffle, and multiplies digits pairwise: 10 and 1, 100
 * and 1, 10000 and 1. Irregularities of a field are bits of a mask, so that signs, points and
 * lengths need no branch. One field at a time took twice as long.
 *
 * Long: a fraction of 17 to 32 characters, as programs print numbers that read back equal. Its up
 * to 19 digits are divided in the 64 bits of a long double, as in csv_number.c; uncertain cases are
 * left to it.
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

/* Whether s .. e without the sign is too long, empty, or has a superfluous zero. */
INLINE bool is_odd_start(const char *s, const char *e, char point)
{
	size_t n = (size_t)(e - s);

	return n - 1 > 15 || (n > 1 && *s == '0' && s[1] != point);
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

/* Digits of s .. e with at most one point; *scale gets the number of digits after it, -1 without
 * one. */
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
#define WIDE __attribute__((target("avx2,bmi,bmi2")))

/* 32 zeros, then 32 ones: offset 32 - n is a mask of the last n bytes. */
#define ONES 255, 255, 255, 255, 255, 255, 255, 255
#define ZEROS 0, 0, 0, 0, 0, 0, 0, 0
static const uint8_t tails[64] = {ZEROS, ZEROS, ZEROS, ZEROS, ONES, ONES, ONES, ONES};

/* Shuffle j drops byte j and moves the bytes before it up by one. Shuffle 16 changes nothing. */
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

/* 10 to the number of digits after a point at that position. */
static const double by_point[17] = {
	1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1, 1};

/* Fields of a column from one row on. */
typedef struct places {
	const char *text;
	const uint32_t *ends, *befores; /* ends of these fields and of those before them */
	size_t stride, before_stride;
	uint32_t gap; /* from the end of the previous field to the first byte */
} places;

INLINE places places_of(const csv_fields *f, size_t r)
{
	places p = {f->text, f->seps + r * f->stride, NULL, f->stride, f->stride, 1};

	p.befores = p.ends - 1;
	if (f->starts) {
		p.befores = f->starts + r;
		p.before_stride = 1;
		p.gap = 0;
	}
	return p;
}

/* The end of field i, and its length including the sign. */
INLINE const char *field_end(const places *p, size_t i, bool trim_cr, uint32_t *n)
{
	const uint32_t end = p->ends[i * p->stride];
	const uint32_t bytes = end - p->befores[i * p->before_stride] - p->gap;
	const uint32_t cr = trim_cr && bytes && p->text[end - 1] == '\r';

	*n = bytes - cr;
	return p->text + end - cr;
}

WIDE INLINE __m256i two_halves(const void *low, const void *high)
{
	return _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128(low)), _mm_loadu_si128(high), 1);
}

WIDE INLINE __m256i all_bytes(char c)
{
	return _mm256_set1_epi64x((int64_t)((uint8_t)c * UINT64_C(0x0101010101010101)));
}

/* Bytes of the field, and the values of its digits: all other bytes are 0. */
typedef struct bytes_of {
	__m256i point, minus, zero;
	__m256i digit; /* and all bytes before the field */
	__m256i values;
} bytes_of;

WIDE INLINE bytes_of look_at(__m256i v, __m256i tail, __m256i dot)
{
	const __m256i d = _mm256_and_si256(_mm256_sub_epi8(v, all_bytes('0')), tail);
	const __m256i digit = _mm256_cmpeq_epi8(_mm256_min_epu8(d, all_bytes(9)), d);

	return (bytes_of){.point = _mm256_cmpeq_epi8(v, dot),
		.minus = _mm256_cmpeq_epi8(v, all_bytes('-')),
		.zero = _mm256_cmpeq_epi8(v, all_bytes('0')),
		.digit = digit,
		.values = _mm256_and_si256(d, digit)};
}

WIDE INLINE uint32_t bits_of(__m256i v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}

WIDE INLINE uint64_t bits_of_two(__m256i a, __m256i b)
{
	return bits_of(a) | (uint64_t)bits_of(b) << 32;
}

/* Joins the digits of each half to two numbers of eight digits: its first two 32-bit integers. */
WIDE INLINE __m256i join_digits(__m256i d)
{
	d = _mm256_maddubs_epi16(d, _mm256_set1_epi64x(0x010a010a010a010a));
	d = _mm256_madd_epi16(d, _mm256_set1_epi64x(0x0001006400010064));
	d = _mm256_packus_epi32(d, d);
	return _mm256_madd_epi16(d, _mm256_set1_epi64x(0x0001271000012710));
}

/* Four fields of at most 16 characters: 0 and 2 in the halves of a, 1 and 3 in those of b. Their
 * masks have 16 bits each in 64, in the order 0, 2, 1, 3. */
typedef struct four_fields {
	__m256i a, b;      /* joined digits */
	__m256i positive;  /* all bits of fields without a sign, in the order 0, 1, 2, 3 */
	unsigned point[4]; /* its position in the 16, or 16 */
} four_fields;

#define EACH UINT64_C(0x0001000100010001)
#define LAST (EACH << 15) /* bytes of fields */
#define MASK UINT64_C(0xffff)

/* Whether all are plain. For integers: without a point, at most 15 digits. */
WIDE INLINE bool read_four(
	four_fields *out, const places *at, bool trim_cr, __m256i dot, bool integers)
{
	const char *e[4];
	uint32_t n[4], lengths = 0;

#pragma GCC unroll 4
	for (size_t i = 0; i < 4; i++) {
		e[i] = field_end(at, i, trim_cr, &n[i]);
		lengths |= n[i] - 1;
	}
	if (lengths > 15)
		return false;
	const bytes_of a = look_at(two_halves(e[0] - 16, e[2] - 16),
		two_halves(tails + 16 + n[0], tails + 16 + n[2]), dot);
	const bytes_of b = look_at(two_halves(e[1] - 16, e[3] - 16),
		two_halves(tails + 16 + n[1], tails + 16 + n[3]), dot);
	const uint64_t begin = (uint64_t)(0x10000u >> n[0]) | (uint64_t)(0x10000u >> n[2]) << 16 |
			       (uint64_t)(0x10000u >> n[1]) << 32 |
			       (uint64_t)(0x10000u >> n[3]) << 48;
	const uint64_t minuses = bits_of_two(a.minus, b.minus) & begin;
	const uint64_t points = integers ? 0 : bits_of_two(a.point, b.point) & ~(begin - EACH);
	const uint64_t first = begin + minuses; /* digits, or points */
	uint64_t odd = ~(points | minuses | bits_of_two(a.digit, b.digit)) | (minuses & LAST);

	odd |= bits_of_two(a.zero, b.zero) & first & ~LAST & ~(points >> 1); /* superfluous */
	out->positive = _mm256_cmpeq_epi64(_mm256_setzero_si256(),
		_mm256_and_si256(_mm256_set1_epi64x((int64_t)minuses),
			_mm256_set_epi64x((int64_t)(MASK << 48), (int64_t)(MASK << 16),
				(int64_t)(MASK << 32), (int64_t)MASK)));
	if (integers) {
		odd |= begin & ~minuses & EACH;
		out->a = join_digits(a.values);
		out->b = join_digits(b.values);
		return odd == 0;
	}
	odd |= points & first & LAST; /* only a point */
#pragma GCC unroll 4
	for (size_t i = 0; i < 4; i++) {
		const uint32_t p = (uint32_t)(points >> (i & 1) * 32 >> (i >> 1) * 16) & 0xffff;
		odd |= p & (p - 1);
		out->point[i] = (unsigned)__builtin_ctz(p | 0x10000u);
	}
	out->a = join_digits(_mm256_shuffle_epi8(
		a.values, two_halves(drops[out->point[0]], drops[out->point[2]])));
	out->b = join_digits(_mm256_shuffle_epi8(
		b.values, two_halves(drops[out->point[1]], drops[out->point[3]])));
	return odd == 0;
}

WIDE INLINE bool four_floats(double *out, const places *at, bool trim_cr, __m256i dot)
{
	four_fields k;

	if (!read_four(&k, at, trim_cr, dot, false))
		return false;
	const __m256d u =
		_mm256_cvtepi32_pd(_mm256_castsi256_si128(_mm256_permute4x64_epi64(k.a, 0x08)));
	const __m256d v =
		_mm256_cvtepi32_pd(_mm256_castsi256_si128(_mm256_permute4x64_epi64(k.b, 0x08)));
	/* Below 2^53 none of these steps rounds. */
	const __m256d m =
		_mm256_add_pd(_mm256_mul_pd(_mm256_unpacklo_pd(u, v), _mm256_set1_pd(1e8)),
			_mm256_unpackhi_pd(u, v));
	const __m256d exact = _mm256_cmp_pd(m, _mm256_set1_pd((double)EXACT_MAX), _CMP_LT_OQ);
	const __m256d by = _mm256_set_pd(by_point[k.point[3]], by_point[k.point[2]],
		by_point[k.point[1]], by_point[k.point[0]]);
	const __m256d sign =
		_mm256_andnot_pd(_mm256_castsi256_pd(k.positive), _mm256_set1_pd(-0.0));

	_mm256_storeu_pd(out, _mm256_or_pd(_mm256_div_pd(m, by), sign));
	return _mm256_movemask_pd(exact) == 15;
}

WIDE INLINE bool four_ints(int64_t *out, const places *at, bool trim_cr, __m256i dot)
{
	four_fields k;

	if (!read_four(&k, at, trim_cr, dot, true))
		return false;
	const __m256i both = _mm256_unpacklo_epi64(k.a, k.b);
	const __m256i m = _mm256_add_epi64(
		_mm256_mul_epu32(both, _mm256_set1_epi64x(100000000)), _mm256_srli_epi64(both, 32));
	const __m256i minus_zero =
		_mm256_andnot_si256(k.positive, _mm256_cmpeq_epi64(m, _mm256_setzero_si256()));
	const __m256i minus_m = _mm256_sub_epi64(_mm256_setzero_si256(), m);
	const __m256i x = _mm256_blendv_epi8(minus_m, m, k.positive);

	_mm256_storeu_si256((__m256i *)(void *)out, x);
	return _mm256_testz_si256(minus_zero, minus_zero);
}

/* A fraction of 17 to 32 characters below 2^53: its digits are an integer below 2^63, and the last one is not 0. The
 * others, which may lose digits before the point, are handled elsewhere. */
WIDE static bool long_float(double *out, const char *e, uint32_t n, char point)
{
	const __m256i dot = all_bytes(point);

	if (n - 17 > 15)
		return false;
	const bytes_of k = look_at(_mm256_loadu_si256((const __m256i *)(const void *)(e - 32)),
		_mm256_loadu_si256((const __m256i *)(const void *)(tails + n)), dot);
	/* The same, shifted by one byte. */
	const bytes_of on = look_at(_mm256_loadu_si256((const __m256i *)(const void *)(e - 33)),
		_mm256_loadu_si256((const __m256i *)(const void *)(tails + n - 1)), dot);
	const uint32_t begin = (uint32_t)(UINT64_C(1) << (32 - n)), zeros = bits_of(k.zero);
	const uint32_t points = bits_of(k.point) & ~(begin - 1), minuses = bits_of(k.minus) & begin;
	uint32_t odd = ~(points | minuses | bits_of(k.digit)) | (points & (points - 1));
	uint32_t eights[8];
	double x;

	odd |= zeros & (begin + minuses) & ~(points >> 1);
	odd |= (zeros | points) >> 31;
	if (odd || !points)
		return false;
	const unsigned at = (unsigned)__builtin_ctz(points);
	const __m256i behind = _mm256_loadu_si256((const __m256i *)(const void *)(tails + 31 - at));
	_mm256_storeu_si256((__m256i *)(void *)eights,
		join_digits(_mm256_blendv_epi8(on.values, k.values, behind)));
	const uint64_t m = (eights[1] * UINT64_C(100000000) + eights[4]) * 100000000 + eights[5];
	if (eights[0] || eights[1] >= 922 || !bn_csv_scale(m, -(int)(31 - at), &x) || x >= 0x1p53)
		return false;
	*out = with_sign(x, minuses != 0);
	return true;
}

/* One field, processed as four. */
WIDE static bool one_float(double *out, const csv_fields *f, size_t r, __m256i dot)
{
	places at = places_of(f, r);
	double four[4];
	uint32_t n;
	const char *e = field_end(&at, 0, f->trim_cr, &n);

	at.stride = at.before_stride = 0;
	if (n > 16)
		return long_float(out, e, n, f->point);
	if (!four_floats(four, &at, f->trim_cr, dot))
		return false;
	*out = four[0];
	return true;
}

WIDE static bool one_int(int64_t *out, const csv_fields *f, size_t r, __m256i dot)
{
	places at = places_of(f, r);
	int64_t four[4];

	at.stride = at.before_stride = 0;
	if (!four_ints(four, &at, f->trim_cr, dot))
		return false;
	*out = four[0];
	return true;
}

/* Groups of four as long as they are plain, then the fields of the first other group one by one. */
#define CONVERT(four, one, trim_cr) \
	for (size_t r = from; r < to;) { \
		places at = places_of(f, r); \
		for (; r + 4 <= to && four(out + r, &at, trim_cr, dot); r += 4) { \
			at.ends += 4 * at.stride; \
			at.befores += 4 * at.before_stride; \
		} \
		for (size_t end = to - r < 4 ? to : r + 4; r < end; r++) \
			if (!one(out + r, f, r, dot)) \
				return r; \
	} \
	return to

WIDE static size_t floats_wide(const csv_fields *f, double *out, size_t from, size_t to)
{
	const __m256i dot = all_bytes(f->point);

	if (f->trim_cr) {
		CONVERT(four_floats, one_float, true);
	}
	CONVERT(four_floats, one_float, false);
}

WIDE static size_t ints_wide(const csv_fields *f, int64_t *out, size_t from, size_t to)
{
	const __m256i dot = all_bytes(f->point);

	if (f->trim_cr) {
		CONVERT(four_ints, one_int, true);
	}
	CONVERT(four_ints, one_int, false);
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
