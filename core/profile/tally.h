/*
 * tally.h - the number of distinct values and the most frequent ones, in constant memory.
 *
 * Up to BN_TALLY_EXACT distinct values everything is exact: each value has its count. Beyond that
 *  - distinct is a HyperLogLog estimate (Flajolet et al. 2007; 2^14 registers, so a standard error
 *    of 1.04 / sqrt(2^14) = 0.81 %; estimator of Ertl, "New cardinality estimation algorithms for
 *    HyperLogLog sketches", arXiv 1702.01284, algorithm 6);
 *  - frequent values are kept as in the "frequent items" sketch (Anderson et al., IMC 2017): when
 *    the table is full its median count is subtracted from every value, and those that reach 0 are
 *    removed. A count is then too low by at most bn_tally.purged. If more than half of the values
 *    seen at the first overflow were distinct, nothing is frequent, and the table is dropped: `top`
 *    is absent.
 *
 * Numbers are identified by their bits (callers make -0 to 0), texts by a 64-bit hash: among 10 000
 * texts two share one with probability 3e-12. Text is kept up to BN_TALLY_TEXT bytes for display.
 * Merging equals adding, except for the purges. Used by one thread.
 */
#ifndef BN_PROFILE_TALLY_H
#define BN_PROFILE_TALLY_H
#include "core/base/err.h"
#include "core/base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_TALLY_EXACT 10000
#define BN_TALLY_TEXT 200
#define BN_TALLY_HLL_BITS 14
#define BN_TALLY_DISTINCT_ERROR 0.0081 /* relative standard error of estimates */

typedef struct bn_tally_slot {
	uint64_t hash, count; /* count 0: empty */
	union {
		uint64_t bits;
		const char *text; /* NUL-terminated, cut at BN_TALLY_TEXT, in the arena */
	};
} bn_tally_slot;

typedef struct bn_tally {
	bool is_text;
	bool exact;   /* slots hold every value and its count */
	bool has_top; /* slots hold at least the frequent ones */
	bn_tally_slot *slots;
	size_t used, cap; /* cap: a power of two, or 0 */
	uint64_t n;       /* values added */
	uint64_t purged;
	uint8_t *registers; /* NULL while exact */
	bn_arena texts;
	/* Called once, with all counts, when they can no longer all be kept; NULL: not wanted. */
	int (*overflow)(void *ctx, const struct bn_tally *t, bn_err *err);
	void *overflow_ctx;
} bn_tally;

void bn_tally_init(bn_tally *t, bool is_text);
void bn_tally_release(bn_tally *t);

int bn_tally_add_bits(bn_tally *t, uint64_t bits, uint64_t count, bn_err *err);
/* Each of them once; *counted: the number of values added while it was exact. */
int bn_tally_add_all(bn_tally *t, const uint64_t *bits, size_t n, size_t *counted, bn_err *err);
int bn_tally_add_text(bn_tally *t, const char *text, size_t n, uint64_t count, bn_err *err);
int bn_tally_merge(bn_tally *t, const bn_tally *other, bn_err *err);

uint64_t bn_tally_distinct(const bn_tally *t);
/* The k most frequent, count descending, then by bits (in the caller's order: see below) or text.
 * Borrowed until the tally changes. Returns their number; 0 if has_top is false. less(a, b) orders
 * bits of numbers; NULL: as unsigned integers. */
size_t bn_tally_top(const bn_tally *t, size_t k, bool (*less)(uint64_t a, uint64_t b),
	const bn_tally_slot **out);

uint64_t bn_hash_bits(uint64_t bits); /* a bijection of 64-bit integers (splitmix64's finaliser) */
uint64_t bn_hash_text(const char *text, size_t n);

#endif
