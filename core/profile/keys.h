/*
 * keys.h - doubles as integers with the same order; selecting and sorting them in place.
 *
 * Radix exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm R) on the highest bit
 * in which the keys of a range differ, without a second array and without a branch on the data.
 * Selecting a few ranks leaves the ranges without them unsorted. To sort everything with a second
 * array use bn_sort_doubles (sort.h), which uses the same keys.
 */
#ifndef BN_PROFILE_KEYS_H
#define BN_PROFILE_KEYS_H
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

void bn_keys_sort(uint64_t *keys, size_t n);

#define BN_QUANTILES_MAX 16
/* out[i] = quantile q[i] in [0, 1], linear between neighbours (numpy's default). q is increasing; k
 * is at most BN_QUANTILES_MAX, n at least 1. The keys are reordered. */
void bn_keys_quantiles(double *out, uint64_t *keys, size_t n, const double *q, size_t k);

#endif
