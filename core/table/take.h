/*
 * take.h - reassembling values of columns: some rows of a batch as a new batch (the result of a filter, for a
 * profile or a check), rows of a column by number, concatenated columns.
 *
 * Results are copied into an arena; dictionaries are those of the source column.
 */
#ifndef BN_TABLE_TAKE_H
#define BN_TABLE_TAKE_H
#include "core/table/table.h"

/* Rows rows[0 .. n-1] of in, in that order; rows may repeat. *out is initialised; its previous content is
 * released. BN_EINVAL for a row out of range. */
int bn_batch_take(bn_batch *out, const bn_batch *in, const uint32_t *rows, size_t n, bn_err *err);

#define BN_TAKE_ABSENT UINT32_MAX /* instead of a row: an absent value */

/* The same of one column; rows are those of c, or BN_TAKE_ABSENT. BN_EUNSUPPORTED if text or lists of one
 * column then have more than 2^31 - 1 bytes or values. */
int bn_column_take(bn_column *out, const bn_column *c, const uint32_t *rows, size_t n,
	bn_arena *arena, bn_err *err);

/* Concatenates n columns of the same type (categories: and dictionary); n >= 1. The same error. */
int bn_column_join(bn_column *out, const bn_column *c, size_t n, bn_arena *arena, bn_err *err);

#endif
