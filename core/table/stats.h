/*
 * stats.h - what is known of a part of a table without reading it: of each column the least and the greatest value, and
 * how many are absent. Manifests of dataset versions have them; scans skip parts by them.
 */
#ifndef BN_TABLE_STATS_H
#define BN_TABLE_STATS_H
#include "core/table/expr/expr.h"
#include "core/table/table.h"

typedef struct bn_column_stats {
	bn_expr_value min, max; /* bounds of the values that are there; type NULL: not known */
	int64_t missing;        /* -1: not known */
} bn_column_stats;

typedef struct bn_part_stats {
	uint64_t rows;
	size_t count; /* columns, of the table's first ones; of others nothing is known */
	bn_column_stats *columns;
	bn_arena texts; /* of the bounds */
} bn_part_stats;

bn_part_stats *bn_part_stats_new(
	size_t columns, uint64_t rows);    /* nothing known; NULL without memory */
void bn_part_stats_free(bn_part_stats *s); /* NULL is fine */

/* Gives the reader what is known of its part number `part`, which it owns from now on. */
void bn_table_take_stats(bn_table_reader *r, size_t part, bn_part_stats *stats);
/* Of the part in which the batch lies; NULL when nothing is known. */
const bn_part_stats *bn_table_batch_stats(const bn_table_reader *r, size_t batch);

#endif
