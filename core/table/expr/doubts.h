/*
 * doubts.h - what an expression over a table's rows asks that cannot be meant: a comparison with null, which is true of no
 * row, and a category that the table does not have. It is no error, as the next table may have it; it is said.
 */
#ifndef BN_TABLE_EXPR_DOUBTS_H
#define BN_TABLE_EXPR_DOUBTS_H
#include "core/table/expr/expr.h"
#include "core/table/table.h"

typedef void (*bn_expr_tell)(void *ctx, const char *text);

/* e: bound to the table's columns (bn_expr_of_rows). Calls tell once for each doubt, ten at most. */
void bn_expr_doubts(const bn_expr *e, const bn_table_reader *table, bn_expr_tell tell, void *ctx);

#endif
