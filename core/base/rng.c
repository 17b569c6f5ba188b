/* rng.c - see rng.h. */
#include "core/base/rng.h"

#include <math.h>

#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define PHILOX_ROUNDS 10
#define TWO_PI 6.283185307179586476925286766559

void bn_philox4x32(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
	uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];
	for (int round = 0; round < PHILOX_ROUNDS; round++) {
		uint64_t p0 = (uint64_t)PHILOX_M0 * c0, p1 = (uint64_t)PHILOX_M1 * c2;
		c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)p1;
		c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)p0;
		k0 += PHILOX_W0;
		k1 += PHILOX_W1;
	}
	out[0] = c0;
	out[1] = c1;
	out[2] = c2;
	out[3] = c3;
}

static uint32_t purpose_hash(const char *purpose)
{
	uint32_t h = 2166136261u;
	for (const unsigned char *p = (const unsigned char *)purpose; *p; p++)
		h = (h ^ *p) * 16777619u;
	return h;
}

void bn_rng_init(bn_rng *r, uint64_t seed, const char *purpose, uint64_t index)
{
	*r = (bn_rng){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
		.counter = {0, purpose_hash(purpose), (uint32_t)index, (uint32_t)(index >> 32)},
		.used = 4};
}

uint32_t bn_rng_u32(bn_rng *r)
{
	if (r->used == 4) {
		bn_philox4x32(r->block, r->counter, r->key);
		r->counter[0]++;
		r->used = 0;
	}
	return r->block[r->used++];
}

uint64_t bn_rng_u64(bn_rng *r)
{
	uint64_t low = bn_rng_u32(r);
	return low | (uint64_t)bn_rng_u32(r) << 32;
}

double bn_rng_uniform(bn_rng *r)
{
	return (double)(bn_rng_u64(r) >> 11) * 0x1p-53;
}

uint64_t bn_rng_below(bn_rng *r, uint64_t n)
{
	/* Reject the low part of the range that would bias some remainders. */
	uint64_t reject = (0 - n) % n;
	uint64_t x;
	do
		x = bn_rng_u64(r);
	while (x < reject);
	return x % n;
}

double bn_rng_normal(bn_rng *r)
{
	double u = 1.0 - bn_rng_uniform(r); /* (0, 1], so the logarithm is finite */
	double v = bn_rng_uniform(r);
	return sqrt(-2.0 * log(u)) * cos(TWO_PI * v);
}

/* Fisher-Yates from the end. */
static void shuffle(bn_rng *r, uint32_t *items, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)bn_rng_below(r, i);
		uint32_t t = items[i - 1];
		items[i - 1] = items[j];
		items[j] = t;
	}
}

void bn_rng_permutation(bn_rng *r, uint32_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint32_t)i;
	shuffle(r, out, n);
}
