/*
 * part.h - the rows of a table that belong to one part, training or what is kept back: what a feature pipeline is fitted
 * on and a row source reads. Nothing is copied: a part is walked batch by batch, and each row of a batch says whether it
 * belongs.
 */
#ifndef BN_LEARN_PART_H
#define BN_LEARN_PART_H
#include "core/table/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_part {
	bn_table_reader *table;
	const uint8_t *part_of; /* by row of the table; NULL: all rows belong to it */
	uint8_t which;
	uint64_t rows;         /* of the table that do */
	const size_t *columns; /* that training may look at, in the order of the table */
	size_t column_count;
} bn_part;

static inline bool bn_part_has(const bn_part *p, uint64_t row)
{
	return !p->part_of || p->part_of[row] == p->which;
}

/* b: one column of a record batch, with rows that do not belong to the part. */
typedef int (*bn_part_fn)(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err);

/* Calls fn for all batches of a column of the table, in row order; stops at the first failure. Different columns may be
 * walked at once. */
int bn_part_walk(const bn_part *p, size_t column, bn_part_fn fn, void *ctx, bn_err *err);

/* Rows [from, from + n) of c as doubles; NaN where the value is absent or infinite, which learning takes for absent. c
 * has numbers, times or booleans. */
int bn_part_numbers(const bn_column *c, size_t from, size_t n, double *out, bn_err *err);
/* Rows that are converted at once. */
#define BN_PART_CHUNK 4096

#endif
