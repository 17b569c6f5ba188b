/* keys.c - see keys.h. */
#include "core/profile/keys.h"

#include <stdbool.h>

enum { FEW = 24 }; /* smaller ranges are sorted by insertion */

static void insert_sorted(uint64_t *keys, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t v = keys[i];
		size_t j = i;
		for (; j && keys[j - 1] > v; j--)
			keys[j] = keys[j - 1];
		keys[j] = v;
	}
}

/* Bits in which any two of the keys differ. */
static uint64_t differing(const uint64_t *keys, size_t n)
{
	uint64_t bits = 0, first = keys[0];
	for (size_t i = 1; i < n; i++)
		bits |= keys[i] ^ first;
	return bits;
}

/* Moves keys whose bit is 0 to the front; returns their number. */
static size_t partition(uint64_t *keys, size_t n, unsigned bit)
{
	size_t zeros = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t v = keys[i];
		keys[i] = keys[zeros];
		keys[zeros] = v;
		zeros += ~v >> bit & 1;
	}
	return zeros;
}

/* keys are those of the ranks base to base + n - 1; `all`: every rank is wanted. The depth is at
 * most 64. */
static void arrange(uint64_t *keys, size_t n, size_t base, bool all, const size_t *ranks, size_t k)
{
	while (n > 1 && (all || k)) {
		if (n <= FEW) {
			insert_sorted(keys, n);
			return;
		}
		uint64_t bits = differing(keys, n);
		if (!bits)
			return;
		size_t zeros = partition(keys, n, 63u - (unsigned)__builtin_clzll(bits)), below = 0;
		while (below < k && ranks[below] < base + zeros)
			below++;
		arrange(keys, zeros, base, all, ranks, below);
		keys += zeros;
		n -= zeros;
		base += zeros;
		ranks = ranks ? ranks + below : NULL;
		k -= below;
	}
}

void bn_keys_sort(uint64_t *keys, size_t n)
{
	arrange(keys, n, 0, true, NULL, 0);
}

/* keys[r] becomes the key of rank r, for each of the k ranks; ranks are increasing and below n. */
static void keys_select(uint64_t *keys, size_t n, const size_t *ranks, size_t k)
{
	arrange(keys, n, 0, false, ranks, k);
}

void bn_keys_quantiles(double *out, uint64_t *keys, size_t n, const double *q, size_t k)
{
	size_t ranks[2 * BN_QUANTILES_MAX] = {0}, count = 0;
	for (size_t i = 0; i < k; i++) {
		size_t low = (size_t)(q[i] * (double)(n - 1));
		for (size_t r = low; r <= low + 1 && r < n; r++)
			if (!count || ranks[count - 1] < r)
				ranks[count++] = r;
	}
	keys_select(keys, n, ranks, count);
	for (size_t i = 0; i < k; i++) {
		double at = q[i] * (double)(n - 1);
		size_t low = (size_t)at;
		double a = bn_key_value(keys[low]);
		out[i] = a;
		if (low + 1 < n)
			out[i] = a + (bn_key_value(keys[low + 1]) - a) * (at - (double)low);
	}
}
