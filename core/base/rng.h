/*
 * rng.h - random numbers that are a function of (seed, purpose, index).
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11;
 * checked against the known answers of Random123). There is no hidden state to carry across
 * threads or restarts: the stream ("mlp.shuffle", epoch 7) of seed 42 has the same numbers on any
 * machine and with any number of threads.
 *
 * key = seed; counter = {block, FNV-1a of purpose, index low, index high}. One stream yields 2^34
 * 32-bit numbers before it repeats.
 *
 * Not for secrets: use the random bytes of bn_env.
 */
#ifndef BN_BASE_RNG_H
#define BN_BASE_RNG_H
#include <stddef.h>
#include <stdint.h>

typedef struct bn_rng {
	uint32_t key[2];
	uint32_t counter[4];
	uint32_t block[4];
	unsigned used; /* numbers of block already used; 4 = none left */
} bn_rng;

/* The bare function: 10 rounds. */
void bn_philox4x32(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

void bn_rng_init(bn_rng *r, uint64_t seed, const char *purpose, uint64_t index);
uint32_t bn_rng_u32(bn_rng *r);
uint64_t bn_rng_u64(bn_rng *r);
double bn_rng_uniform(bn_rng *r);             /* [0, 1), 53 bits */
uint64_t bn_rng_below(bn_rng *r, uint64_t n); /* 0 .. n-1 without bias; n >= 1 */
double bn_rng_normal(bn_rng *r);              /* mean 0, deviation 1 (Box-Muller, cosine half) */
void bn_rng_permutation(bn_rng *r, uint32_t *out, size_t n); /* 0 .. n-1, shuffled; n < 2^32 */

#endif
