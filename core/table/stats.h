/*
 * stats.h - what is known of a part of a table without reading it: of each column the least and the greatest value, and
 * how many are absent. Manifests of dataset versions have them; scans skip parts by them.
 */
#ifndef BN_TABLE_STATS_H
#define BN_TABLE_STATS_H
#include "core/table/expr/expr.h"
#include "core/table/table.h"

typedef struct bn_column_stats {
	bn_expr_value min,
		max; /* bounds of the values that are there; type NULL: not known. Times are INT */
	int64_t missing; /* -1: not known */
	bool no_max;     /* a value is beyond int64 */
	char *text;      /* room of two texts; NULL: none was needed */
} bn_column_stats;

#define BN_STATS_TEXT 36 /* bytes kept of a text's beginning */

typedef struct bn_part_stats {
	uint64_t rows;
	size_t count; /* columns, of the table's first ones; of others nothing is known */
	bn_column_stats *columns;
} bn_part_stats;

bn_part_stats *bn_part_stats_new(
	size_t columns, uint64_t rows);    /* nothing known; NULL without memory */
void bn_part_stats_free(bn_part_stats *s); /* NULL is fine */

/* The column's rows join those that were added before; rows is the caller's to count. Different columns may be added by
 * different threads at once. */
int bn_part_stats_add(bn_part_stats *s, size_t column, const bn_column *c, bn_err *err);
/* The room of one of the column's texts, 0 the least, 1 the greatest; NULL without memory. */
char *bn_column_stats_room(bn_column_stats *s, int which);

/* Gives the reader what is known of its part number `part`, which it owns from now on. */
void bn_table_take_stats(bn_table_reader *r, size_t part, bn_part_stats *stats);
/* Of the part in which the batch lies; NULL when nothing is known. */
const bn_part_stats *bn_table_batch_stats(const bn_table_reader *r, size_t batch);

#endif
