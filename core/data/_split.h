/* _split.h - shared by the kinds of splits: see split.h. */
#ifndef BN_DATA_SPLIT_PRIVATE_H
#define BN_DATA_SPLIT_PRIVATE_H
#include "core/base/rng.h"
#include "core/data/split.h"

typedef int (*bn_split_fn)(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err);

/* Calls fn for the column's part of every batch, in order. */
int bn_split_each(bn_table_reader *table, size_t column, bn_split_fn fn, void *ctx,
	const bn_progress *progress, bn_err *err);
/* The same key for equal values of a column, in any batch; absent values share one. */
uint64_t bn_split_key(const bn_column *c, size_t row);
/* Draws a part with probability (rows left for it) / (rows left), and takes one row from it. */
uint8_t bn_split_draw(bn_rng *r, uint64_t *left, size_t parts, uint64_t left_in_all);
/* The value in that row of the table, formatted for people. */
int bn_split_value_text(
	char *out, size_t n, bn_table_reader *table, size_t column, uint64_t row, bn_err *err);

/* Assigns a part to every row; fills *outcome except for the counts. */
int bn_split_strata(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, const bn_split_options *o, bn_err *err);
int bn_split_groups(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, const bn_split_options *o, bn_err *err);

#endif
