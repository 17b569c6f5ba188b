/*
 * hide.h - texts of a column replaced by others: a mask, or pseudonyms.
 *
 * A replaced column is text: a category stays one if its dictionary is replaced, and every other type becomes a string.
 * Absent values stay absent, so their number is still known.
 */
#ifndef BN_TABLE_HIDE_H
#define BN_TABLE_HIDE_H
#include "core/table/table.h"

#define BN_HIDDEN_TEXT "***" /* what a masked value is shown as */

/* Appends the text that stands for the n bytes of a value (its bn_column_format). The same bytes give the same text. */
typedef int bn_text_replace(void *ctx, const char *text, size_t n, bn_buf *out, bn_err *err);

/* The type of a column of that type after its texts are replaced. */
bn_type bn_column_replaced_type(bn_type type);
/* *out is the column with its texts replaced, of that type; its buffers are the arena's, or those of c. BN_EUNSUPPORTED above
 * 2^31 - 1 bytes in a batch. */
int bn_column_replace(bn_column *out, const bn_column *c, bn_text_replace *replace, void *ctx,
	bn_arena *arena, bn_err *err);

/* *table becomes the same table in which these columns are strings, each value BN_HIDDEN_TEXT. It owns the former one,
 * which is unchanged on failure. A filter over it sees what is shown. */
int bn_table_hide(bn_table_reader **table, const size_t *columns, size_t n, bn_err *err);

#endif
