/*
 * eval.h - evaluating expressions over the columns of a table: the rows that a filter keeps, the values of a
 * derived column.
 *
 * A bound expression is evaluated in vectors of 1024 rows, node by node. A subexpression of a single
 * category column is evaluated once for each text of its dictionary, and looked up by code. Results depend
 * only on the row, not on the batch, the vector or the thread.
 *
 * Columns: all types but binary, list and fixed. Integers read as int64 (a uint64 above it can be compared, and
 * is an error in its row otherwise), floats and decimals as double, a time of day as the duration since midnight.
 *
 * Threads: the expression may be shared, a scratch is for one thread.
 */
#ifndef BN_TABLE_EXPR_EVAL_H
#define BN_TABLE_EXPR_EVAL_H
#include "core/table/expr/expr.h"
#include "core/table/table.h"

typedef struct bn_expr_scratch bn_expr_scratch;

/* Parsed and bound to a table's columns. name: "--where", for messages. want as for bn_expr_bind. *out is yours; NULL on
 * failure. */
int bn_expr_of_rows(bn_expr **out, const char *text, const char *name, const bn_schema *schema,
	bn_expr_type want, bn_err *err);
/* The columns it reads, ascending, each once; writes at most `most`. Returns their number. */
size_t bn_expr_columns(const bn_expr *e, size_t *out, size_t most);
/* The type of a column of its values: text is a category if it only comes from categories and
 * constants. */
bn_type bn_expr_column_type(const bn_expr *e);

/* For batches that have the columns columns[0 .. n-1] of the table, in that order; NULL: all of them. Both are
 * borrowed. */
int bn_expr_scratch_new(
	bn_expr_scratch **out, const bn_expr *e, const size_t *columns, size_t n, bn_err *err);
void bn_expr_scratch_free(bn_expr_scratch *s); /* NULL is fine */

/* The rows of the batch that a filter keeps; room for b->rows of them. BN_EINVAL names the row (of the table) whose
 * value overflows. */
int bn_expr_select(bn_expr_scratch *s, const bn_batch *b, uint32_t *rows, size_t *n, bn_err *err);
/* Its value in every row, of type bn_expr_column_type; the arrays are in the arena. */
int bn_expr_eval(
	bn_expr_scratch *s, const bn_batch *b, bn_column *out, bn_arena *arena, bn_err *err);

#endif
