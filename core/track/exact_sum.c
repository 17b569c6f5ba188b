/* exact_sum.c - see exact_sum.h. */
#include "core/track/exact_sum.h"

#include <math.h>

enum { BYTES = BN_EXACT_SUM_WORDS * 8, MANTISSA = 53, UNIT = -1074 };

/* Adds value << shift, propagating the carry. */
static void words_add(uint64_t *word, size_t at, uint64_t low, uint64_t high)
{
	bool carry = __builtin_add_overflow(word[at], low, &word[at]);
	for (size_t i = at + 1; i < BN_EXACT_SUM_WORDS && (high || carry); i++) {
		bool first = __builtin_add_overflow(word[i], (uint64_t)carry, &word[i]);
		carry = __builtin_add_overflow(word[i], high, &word[i]) || first;
		high = 0;
	}
}

static void words_subtract(uint64_t *word, size_t at, uint64_t low, uint64_t high)
{
	bool borrow = __builtin_sub_overflow(word[at], low, &word[at]);
	for (size_t i = at + 1; i < BN_EXACT_SUM_WORDS && (high || borrow); i++) {
		bool first = __builtin_sub_overflow(word[i], (uint64_t)borrow, &word[i]);
		borrow = __builtin_sub_overflow(word[i], high, &word[i]) || first;
		high = 0;
	}
}

void bn_exact_sum_add(bn_exact_sum *s, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	uint64_t exponent = bits >> 52 & 0x7ff, mantissa = bits & ((1ull << 52) - 1);
	bool negative = bits >> 63;
	if (exponent == 0x7ff) {
		s->above += !negative;
		s->below += negative;
		return;
	}
	mantissa |= exponent ? 1ull << 52 : 0;
	size_t shift = exponent ? (size_t)exponent - 1 : 0, off = shift % 64;
	uint64_t low = mantissa << off, high = off ? mantissa >> (64 - off) : 0;
	if (negative)
		words_subtract(s->word, shift / 64, low, high);
	else
		words_add(s->word, shift / 64, low, high);
}

void bn_exact_sum_join(bn_exact_sum *s, const bn_exact_sum *more)
{
	bool carry = false;
	for (size_t i = 0; i < BN_EXACT_SUM_WORDS; i++) {
		bool first = __builtin_add_overflow(s->word[i], (uint64_t)carry, &s->word[i]);
		carry = __builtin_add_overflow(s->word[i], more->word[i], &s->word[i]) || first;
	}
	s->above += more->above;
	s->below += more->below;
}

/* The magnitude; true if the sum is negative. */
static bool magnitude(uint64_t out[BN_EXACT_SUM_WORDS], const bn_exact_sum *s)
{
	bool negative = s->word[BN_EXACT_SUM_WORDS - 1] >> 63, carry = negative;
	for (size_t i = 0; i < BN_EXACT_SUM_WORDS; i++) {
		uint64_t w = negative ? ~s->word[i] : s->word[i];
		carry = __builtin_add_overflow(w, (uint64_t)carry, &out[i]);
	}
	return negative;
}

/* Bits at..at+63 of the words; at may begin anywhere. */
static uint64_t bits_at(const uint64_t *word, size_t at)
{
	size_t i = at / 64, off = at % 64;
	uint64_t low = word[i] >> off;
	return off && i + 1 < BN_EXACT_SUM_WORDS ? low | word[i + 1] << (64 - off) : low;
}

static bool any_below(const uint64_t *word, size_t bit)
{
	for (size_t i = 0; i < bit / 64; i++)
		if (word[i])
			return true;
	return bit % 64 && word[bit / 64] << (64 - bit % 64);
}

double bn_exact_sum_mean(const bn_exact_sum *s, uint64_t n)
{
	uint64_t word[BN_EXACT_SUM_WORDS];
	if (n == 0 || (s->above && s->below))
		return (double)NAN;
	if (s->above || s->below)
		return s->above ? (double)INFINITY : -(double)INFINITY;
	bool negative = magnitude(word, s);
	size_t top = BN_EXACT_SUM_WORDS;
	while (top > 0 && !word[top - 1])
		top--;
	if (top == 0)
		return 0;
	size_t bits = top * 64 - (size_t)__builtin_clzll(word[top - 1]);
	size_t cut = bits > MANTISSA ? bits - MANTISSA : 0; /* bits removed by rounding */
	uint64_t q = bits_at(word, cut) & ((1ull << MANTISSA) - 1);
	if (cut) {
		bool half = bits_at(word, cut - 1) & 1;
		q += half && (q & 1 || any_below(word, cut - 1));
	}
	double mean = ldexp((double)q / (double)n, (int)cut + UNIT);
	return negative ? -mean : mean;
}

/* Byte i of the number. */
static unsigned char byte_at(const bn_exact_sum *s, size_t i)
{
	return (unsigned char)(s->word[i / 8] >> (i % 8 * 8));
}

void bn_exact_sum_put(bn_buf *out, const bn_exact_sum *s)
{
	const bool negative = s->word[BN_EXACT_SUM_WORDS - 1] >> 63;
	const uint64_t fill = negative ? UINT64_MAX : 0;
	const unsigned char sign = negative ? 0xff : 0;
	size_t low = 0, high = BN_EXACT_SUM_WORDS;
	while (low < BN_EXACT_SUM_WORDS && !s->word[low])
		low++;
	/* Whole words first. The top bit of the last byte kept must be the sign. */
	while (high > low + 1 && s->word[high - 1] == fill && s->word[high - 2] >> 63 == negative)
		high--;
	size_t from = low * 8, end = high * 8;
	while (from < end && byte_at(s, from) == 0)
		from++;
	while (end > from + 1 && byte_at(s, end - 1) == sign &&
		((byte_at(s, end - 2) ^ sign) & 0x80) == 0)
		end--;
	if (low == BN_EXACT_SUM_WORDS)
		from = end = 0; /* the sum is 0 */
	bn_varint_put(out, from);
	bn_varint_put(out, end - from);
	for (size_t i = from; i < end; i++)
		bn_buf_addch(out, (char)byte_at(s, i));
	bn_varint_put(out, s->above);
	bn_varint_put(out, s->below);
}

void bn_exact_sum_get(bn_exact_sum *s, bn_cursor *c)
{
	uint64_t from = bn_cursor_varint(c), n = bn_cursor_varint(c);
	memset(s, 0, sizeof *s);
	if (c->bad || from > BYTES || n > BYTES - from || n > bn_cursor_left(c)) {
		c->bad = true;
		return;
	}
	size_t end = (size_t)(from + n);
	for (size_t i = (size_t)from; i < end; i++)
		s->word[i / 8] |= (uint64_t)c->at[i - from] << (i % 8 * 8);
	if (n && c->at[n - 1] & 0x80 && end < BYTES) {
		size_t i = end / 8;
		s->word[i] |= end % 8 ? UINT64_MAX << (end % 8 * 8) : UINT64_MAX;
		for (i++; i < BN_EXACT_SUM_WORDS; i++)
			s->word[i] = UINT64_MAX;
	}
	c->at += n;
	s->above = bn_cursor_varint(c);
	s->below = bn_cursor_varint(c);
}
