/*
 * doubts.h - warns about parts of an expression over a table's rows that are probably mistakes: a comparison with
 * null, which is never true, and a category that the table does not have. These are not errors, since the next table
 * may have the category.
 */
#ifndef BN_TABLE_EXPR_DOUBTS_H
#define BN_TABLE_EXPR_DOUBTS_H
#include "core/table/expr/expr.h"
#include "core/table/table.h"

typedef void (*bn_expr_tell)(void *ctx, const char *text);

/* e: bound to the table's columns (bn_expr_of_rows). Calls tell once for each doubt, ten at most. */
void bn_expr_doubts(const bn_expr *e, const bn_table_reader *table, bn_expr_tell tell, void *ctx);

#endif
