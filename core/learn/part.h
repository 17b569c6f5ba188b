/*
 * part.h - the rows of a table that belong to one part, for training or held out: a feature
 * pipeline is fitted on it and a row source reads it. Nothing is copied: a part is read batch by
 * batch, and a predicate says which rows belong.
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
	uint64_t rows;         /* number of rows that do */
	const size_t *columns; /* columns that training may use, in the order of the table */
	size_t column_count;
} bn_part;

static inline bool bn_part_has(const bn_part *p, uint64_t row)
{
	return !p->part_of || p->part_of[row] == p->which;
}

/* b: one column of a record batch, including rows that do not belong to the part. */
typedef int (*bn_part_fn)(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err);

/* Calls fn for all batches of a column of the table, in row order; stops at the first failure.
 * Different columns may be read at once. */
int bn_part_walk(const bn_part *p, size_t column, bn_part_fn fn, void *ctx, bn_err *err);

/* Rows [from, from + n) of c as doubles; NaN if the value is absent or infinite, which learning
 * treats as absent. c has numbers, times or booleans. */
int bn_part_numbers(const bn_column *c, size_t from, size_t n, double *out, bn_err *err);
/* Number of rows converted at once. */
#define BN_PART_CHUNK 4096

#endif
