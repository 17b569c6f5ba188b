/* sort.c - see sort.h. */
#include "core/profile/sort.h"

#include "core/base/radix.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FEW 48                /* so many values are sorted by insertion */
#define WIDE_DIGITS_FROM 1024 /* fewer values do not justify counting 2 x 2048 digits */
#define WIDE_BITS 22          /* of two digits */
#define TIE_INSERT 32

/* The bits of doubles, in place. */
typedef uint64_t __attribute__((may_alias)) sort_key;

/*
 * Radix sort of keys by `digits` digits of `bits` bits, the lowest of which begins at bit `low`;
 * least significant digit first, a digit that all keys share is skipped. Returns the array with the
 * result: keys or scratch.
 */
#define DIGIT_BITS_MAX 11
static sort_key *sort_digits(
	sort_key *keys, sort_key *scratch, size_t n, unsigned low, unsigned digits, unsigned bits)
{
	uint32_t counts[8 << DIGIT_BITS_MAX];

	bn_radix_count(counts, keys, n, sizeof *keys, low, digits, bits);
	for (unsigned d = 0; d < digits; d++) {
		if (!bn_radix_pass(scratch, keys, n, sizeof *keys, counts + ((size_t)d << bits),
			    low + d * bits, bits))
			continue;
		sort_key *swap = keys;
		keys = scratch;
		scratch = swap;
	}
	return keys;
}

static void insert_keys(sort_key *k, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = k[i];
		size_t j = i;
		for (; j > 0 && k[j - 1] > x; j--)
			k[j] = k[j - 1];
		k[j] = x;
	}
}

/* Sorted by the bits above the lower ones: few neighbours are out of order, and those have equal
 * upper bits. */
static void sort_ties(sort_key *k, sort_key *scratch, size_t n, unsigned lower)
{
	for (size_t i = 1; i < n; i++) {
		if (k[i - 1] <= k[i])
			continue;
		size_t from = i - 1, to = i + 1;
		while (from > 0 && k[from - 1] >> lower == k[i] >> lower)
			from--;
		while (to < n && k[to] >> lower == k[i] >> lower)
			to++;
		if (to - from <= TIE_INSERT)
			insert_keys(k + from, to - from);
		else if (sort_digits(k + from, scratch, to - from, 0, 8, 8) != k + from)
			memcpy(k + from, scratch, (to - from) * sizeof *k);
		i = to - 1;
	}
}

/*
 * Two digits of 11 bits sort the distances from the least key by their first 22 bits, and the few
 * that are equal in those are ordered by the remaining bits: a quarter of the work of sorting by
 * all 64 bits.
 */
static sort_key *sort_by_first_bits(sort_key *keys, sort_key *scratch, size_t n, uint64_t greatest)
{
	const unsigned width = 64 - (unsigned)__builtin_clzll(greatest);
	const unsigned lower = width > WIDE_BITS ? width - WIDE_BITS : 0;
	sort_key *sorted = sort_digits(keys, scratch, n, lower, 2, WIDE_BITS / 2);

	if (lower)
		sort_ties(sorted, sorted == keys ? scratch : keys, n, lower);
	return sorted;
}

static void sort_by_keys(double *values, size_t n, double *scratch)
{
	sort_key *keys = (sort_key *)(void *)values, *other = (sort_key *)(void *)scratch, *sorted;
	uint64_t least = UINT64_MAX, greatest = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t key = bn_key_of_bits(keys[i]);
		least = key < least ? key : least;
		greatest = key > greatest ? key : greatest;
		keys[i] = key;
	}
	greatest -= least;
	for (size_t i = 0; i < n; i++)
		keys[i] -= least;
	sorted = keys;
	if (n < FEW)
		insert_keys(keys, n);
	else if (greatest && n < WIDE_DIGITS_FROM)
		sorted = sort_digits(keys, other, n, 0, 8, 8);
	else if (greatest)
		sorted = sort_by_first_bits(keys, other, n, greatest);
	for (size_t i = 0; i < n; i++)
		keys[i] = bn_key_bits(sorted[i] + least);
}

/* ---- by distance --------------------------------------------------------------------------- */

#define PLACES (1 << WIDE_BITS)
#define DIGIT (WIDE_BITS / 2)
#define DIGIT_MASK ((1 << DIGIT) - 1)

/* One of PLACES equidistant places; monotonic in the value. */
static inline int place_of(double x, double least, double scale)
{
	return (int)((x - least) * scale);
}

static void starts_of(uint16_t counts[1 << DIGIT])
{
	uint16_t at = 0;

	for (size_t d = 0; d < 1 << DIGIT; d++) {
		uint16_t here = counts[d];
		counts[d] = at;
		at = (uint16_t)(at + here);
	}
}

/* Sorted by place: values that share one are not in order yet. */
static void sort_places(double *v, double *scratch, size_t n, double least, double scale)
{
	for (size_t i = 1; i < n; i++) {
		if (v[i - 1] <= v[i])
			continue;
		const int place = place_of(v[i], least, scale);
		size_t from = i - 1, to = i + 1;
		while (from > 0 && place_of(v[from - 1], least, scale) == place)
			from--;
		while (to < n && place_of(v[to], least, scale) == place)
			to++;
		sort_by_keys(v + from, to - from, scratch);
		i = to - 1;
	}
}

/* Zeros of both signs are equal; ordered by bits, negative zeros come first. */
static void order_zeros(double *v, size_t n)
{
	size_t from = 0, signs = 0;

	while (from < n && v[from] < 0)
		from++;
	for (size_t i = from; i < n && v[i] == 0; i++)
		signs += signbit(v[i]) != 0;
	for (size_t i = from; i < n && v[i] == 0; i++)
		v[i] = i - from < signs ? -0.0 : 0.0;
}

/* Four of each at a time, to avoid dependent operations. n >= 1. */
static void range_of(const double *v, size_t n, double *least, double *greatest)
{
	enum { LANES = 4 };
	double low[LANES] = {v[0], v[0], v[0], v[0]}, high[LANES] = {v[0], v[0], v[0], v[0]};
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		for (size_t k = 0; k < LANES; k++) {
			low[k] = v[i + k] < low[k] ? v[i + k] : low[k];
			high[k] = v[i + k] > high[k] ? v[i + k] : high[k];
		}
	}
	for (; i < n; i++) {
		low[0] = v[i] < low[0] ? v[i] : low[0];
		high[0] = v[i] > high[0] ? v[i] : high[0];
	}
	*least = low[0];
	*greatest = high[0];
	for (size_t k = 1; k < LANES; k++) {
		*least = low[k] < *least ? low[k] : *least;
		*greatest = high[k] > *greatest ? high[k] : *greatest;
	}
}

/*
 * Two digits of 11 bits sort values by their distances from the least, few of which are equal if
 * values have a typical distribution. Returns false and changes nothing if distances are not
 * finite, or all are equal.
 */
static bool sort_by_distance(double *v, size_t n, double *scratch)
{
	uint16_t low[1 << DIGIT] = {0}, high[1 << DIGIT] = {0};
	double least, greatest;
	size_t signed_zeros = 0;

	range_of(v, n, &least, &greatest);
	const double scale = (PLACES - 1) / (greatest - least);
	if (!(scale > 0 && scale <= DBL_MAX))
		return false;
	for (size_t i = 0; i < n; i++) {
		const int place = place_of(v[i], least, scale);
		signed_zeros += v[i] == 0;
		low[place & DIGIT_MASK]++;
		high[place >> DIGIT]++;
	}
	starts_of(low);
	starts_of(high);
	for (size_t i = 0; i < n; i++)
		scratch[low[place_of(v[i], least, scale) & DIGIT_MASK]++] = v[i];
	for (size_t i = 0; i < n; i++)
		v[high[place_of(scratch[i], least, scale) >> DIGIT]++] = scratch[i];
	sort_places(v, scratch, n, least, scale);
	if (signed_zeros > 1)
		order_zeros(v, n);
	return true;
}

void bn_sort_doubles(double *values, size_t n, double *scratch)
{
	if (n < 2)
		return;
	if (n < WIDE_DIGITS_FROM || n > UINT16_MAX || !sort_by_distance(values, n, scratch))
		sort_by_keys(values, n, scratch);
}

uint64_t *bn_sort_keys(uint64_t *keys, size_t n, uint64_t *scratch)
{
	return n < 2 ? keys : sort_digits(keys, scratch, n, 0, 6, DIGIT_BITS_MAX);
}
