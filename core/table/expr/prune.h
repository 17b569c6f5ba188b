/*
 * prune.h - what a filter can keep of rows with known bounds: interval arithmetic over its nodes, with SQL's
 * three-valued logic and row errors.
 *
 * In a part that is NONE bn_expr_select returns no row and fails for none; in one that is ALL it returns every
 * row. SOME is always a valid answer.
 */
#ifndef BN_TABLE_EXPR_PRUNE_H
#define BN_TABLE_EXPR_PRUNE_H
#include "core/table/expr/expr.h"
#include "core/table/stats.h"

typedef enum bn_prune { BN_PRUNE_NONE, BN_PRUNE_SOME, BN_PRUNE_ALL } bn_prune;

bn_prune bn_expr_prune(const bn_expr *e, const bn_part_stats *stats);

#endif
