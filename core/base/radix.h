/*
 * radix.h - integers with the order of doubles, and the passes of a radix sort by such keys.
 *
 * Items are keys, or begin with one: 8 bytes or more. Least significant digit first: count once, then one pass
 * per digit. Everything is inline, so that item_bytes is a constant in each use.
 */
#ifndef BN_BASE_RADIX_H
#define BN_BASE_RADIX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* These integers have the order of the doubles: the sign bit of positive ones is inverted, and all
 * bits of negative ones. */
static inline uint64_t bn_key_of_bits(uint64_t bits)
{
	return bits ^ ((uint64_t)((int64_t)bits >> 63) | UINT64_C(1) << 63);
}

static inline uint64_t bn_key_bits(uint64_t key)
{
	return key ^ ((uint64_t)((int64_t)~key >> 63) | UINT64_C(1) << 63);
}

/* -0 becomes 0. The value must not be NaN. */
static inline uint64_t bn_key_of(double value)
{
	uint64_t bits;
	value += 0.0;
	memcpy(&bits, &value, sizeof bits);
	return bn_key_of_bits(bits);
}

static inline double bn_key_value(uint64_t key)
{
	uint64_t bits = bn_key_bits(key);
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

#define BN_RADIX_INLINE static inline __attribute__((always_inline))

BN_RADIX_INLINE uint64_t bn_radix_key(const void *items, size_t i, size_t item_bytes)
{
	uint64_t key;
	memcpy(&key, (const char *)items + i * item_bytes, sizeof key);
	return key;
}

/* counts[d << bits | v] is the number of items whose digit d has the value v. Digit 0 begins at bit `low` of the key;
 * each has `bits` bits. n < 2^32. */
BN_RADIX_INLINE void bn_radix_count(uint32_t *counts, const void *items, size_t n, size_t item_bytes,
	unsigned low, unsigned digits, unsigned bits)
{
	const uint64_t mask = (UINT64_C(1) << bits) - 1;

	memset(counts, 0, sizeof *counts * ((size_t)digits << bits));
	for (size_t i = 0; i < n; i++) {
		uint64_t u = bn_radix_key(items, i, item_bytes) >> low;
		for (unsigned d = 0; d < digits; d++, u >>= bits)
			counts[((size_t)d << bits) + (u & mask)]++;
	}
}

/* Moves the items to `to`, sorted by the digit that begins at bit `shift`; items with equal digits keep their order.
 * counts: of this digit; overwritten. False if all items share the digit: nothing was moved. n >= 1. */
BN_RADIX_INLINE bool bn_radix_pass(void *to, const void *items, size_t n, size_t item_bytes,
	uint32_t *counts, unsigned shift, unsigned bits)
{
	const uint64_t mask = (UINT64_C(1) << bits) - 1;
	uint32_t at = 0;

	if (counts[bn_radix_key(items, 0, item_bytes) >> shift & mask] == n)
		return false;
	for (size_t v = 0; v <= mask; v++) {
		uint32_t here = counts[v];
		counts[v] = at;
		at += here;
	}
	for (size_t i = 0; i < n; i++) {
		size_t place = counts[bn_radix_key(items, i, item_bytes) >> shift & mask]++;
		memcpy((char *)to + place * item_bytes, (const char *)items + i * item_bytes, item_bytes);
	}
	return true;
}

#endif
