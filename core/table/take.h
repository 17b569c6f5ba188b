/*
 * take.h - values of columns put together anew: some rows of a batch as a batch of their own (what a filter leaves,
 * for a profile or a check), rows of a column by number, columns one behind the other.
 *
 * What comes out is copied into an arena; dictionaries stay those of the column that was taken from.
 */
#ifndef BN_TABLE_TAKE_H
#define BN_TABLE_TAKE_H
#include "core/table/table.h"

/* Rows rows[0 .. n-1] of in, in that order; a row may be named twice. *out is initialised; an earlier content is
 * released. BN_EINVAL for a row that is not there. */
int bn_batch_take(bn_batch *out, const bn_batch *in, const uint32_t *rows, size_t n, bn_err *err);

#define BN_TAKE_ABSENT UINT32_MAX /* in the place of a row: an absent value */

/* The same of one column; rows are those of c, or BN_TAKE_ABSENT. BN_EUNSUPPORTED when text or lists of one column
 * then have more than 2^31 - 1 bytes or values. */
int bn_column_take(bn_column *out, const bn_column *c, const uint32_t *rows, size_t n,
	bn_arena *arena, bn_err *err);

/* The n columns, of one type (categories: and dictionary), one behind the other; n >= 1. The same error. */
int bn_column_join(bn_column *out, const bn_column *c, size_t n, bn_arena *arena, bn_err *err);

#endif
