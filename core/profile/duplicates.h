/*
 * duplicates.h - finds rows that repeat others: exact, in bounded memory.
 *
 * Rows are compared by 128 bits of hash over the values of the given columns (numbers by value,
 * text by bytes; two absent values are equal), so that among 10^9 different rows two are taken for
 * equal with probability 2e-21. Hashes are processed in as many passes over the columns as keep the
 * set below BN_DUPLICATES_SET entries; the result is one bit per row.
 */
#ifndef BN_PROFILE_DUPLICATES_H
#define BN_PROFILE_DUPLICATES_H
#include "core/base/err.h"
#include "core/table/table.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_DUPLICATES_SET (4u << 20) /* entries of one pass: 128 MB */

typedef enum bn_duplicates_skip {
	BN_SKIP_NONE = 0, /* a row without any value counts as one more value */
	BN_SKIP_ALL_MISSING,
	BN_SKIP_ANY_MISSING,
} bn_duplicates_skip;

typedef struct bn_duplicates {
	uint8_t *repeated;   /* bit r: row r equals another row (including the first of them) */
	uint64_t considered; /* rows that were not skipped */
	uint64_t distinct;   /* different values among them */
} bn_duplicates;

/* NaN counts as absent. cancelled (may be NULL) is called once per batch; true ends with
 * BN_EINTR. */
int bn_duplicates_find(bn_duplicates *out, bn_table_reader *table, const size_t *columns, size_t n,
	bn_duplicates_skip skip, bool (*cancelled)(void *ctx), void *ctx, bn_err *err);
void bn_duplicates_release(bn_duplicates *d);

static inline bool bn_duplicates_has(const bn_duplicates *d, uint64_t row)
{
	return d->repeated[row >> 3] >> (row & 7) & 1;
}

#endif
