/*
 * prune.h - what a filter can keep of rows of which only bounds are known: interval arithmetic over its nodes, with the
 * three values of SQL and the errors of rows.
 *
 * A part that is NONE has no row that bn_expr_select returns, and none that it fails for; one that is ALL has nothing but
 * such rows. SOME is always true.
 */
#ifndef BN_TABLE_EXPR_PRUNE_H
#define BN_TABLE_EXPR_PRUNE_H
#include "core/table/expr/expr.h"
#include "core/table/stats.h"

typedef enum bn_prune { BN_PRUNE_NONE, BN_PRUNE_SOME, BN_PRUNE_ALL } bn_prune;

bn_prune bn_expr_prune(const bn_expr *e, const bn_part_stats *stats);

#endif
