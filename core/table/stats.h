/*
 * stats.h - statistics of a part of a table: for each column the minimum, the maximum and the number of absent
 * values. Stored in manifests of dataset versions; scans use them to skip parts.
 */
#ifndef BN_TABLE_STATS_H
#define BN_TABLE_STATS_H
#include "core/table/expr/expr.h"
#include "core/table/table.h"

typedef struct bn_column_stats {
	bn_expr_value min,
		max;     /* bounds of the present values; type NULL: unknown. Times are INT */
	int64_t missing; /* -1: not known */
	bool no_max;     /* a value is beyond int64 */
	char *text;      /* space for two texts; NULL: not needed */
} bn_column_stats;

#define BN_STATS_TEXT 36 /* bytes kept of a text's prefix */

typedef struct bn_part_stats {
	uint64_t rows;
	size_t count; /* the table's first columns; others have no statistics */
	bn_column_stats *columns;
} bn_part_stats;

bn_part_stats *bn_part_stats_new(
	size_t columns, uint64_t rows);    /* nothing known; NULL if out of memory */
void bn_part_stats_free(bn_part_stats *s); /* NULL is fine */

/* Adds the column's rows; the caller counts rows. Different columns may be added by different threads
 * concurrently. */
int bn_part_stats_add(bn_part_stats *s, size_t column, const bn_column *c, bn_err *err);
/* The space for one of the column's texts, 0: minimum, 1: maximum; NULL if out of memory. */
char *bn_column_stats_room(bn_column_stats *s, int which);

/* Gives the reader the statistics of its part number `part`, which it then owns. */
void bn_table_take_stats(bn_table_reader *r, size_t part, bn_part_stats *stats);
/* The statistics of the batch's part; NULL if unknown. */
const bn_part_stats *bn_table_batch_stats(const bn_table_reader *r, size_t batch);

#endif
