/*
 * order.h - sorts the rows of a table by a column without moving the rows: sorts their numbers.
 *
 * Numbers, times and bools are sorted by the digits of an integer with the same order (O(n));
 * integers and times exactly, decimals and floats as doubles; the texts of a category once for its
 * dictionary, other texts by merging. Absent values come last in both directions, and equal rows
 * keep the order in which they were given, so sorting by a less important column first sorts by
 * several. Lists and bytes are ordered by their text (bn_column_format).
 *
 * Memory: 32 bytes per sorted row, and 8 per row of the table if the given rows are not increasing.
 */
#ifndef BN_TABLE_ORDER_H
#define BN_TABLE_ORDER_H
#include "core/base/progress.h"
#include "core/table/table.h"

/* rows[0 .. n-1], row numbers of the table. On failure they are unchanged. progress: NULL is fine;
 * BN_EINTR. */
int bn_table_order(int64_t *rows, size_t n, bn_table_reader *table, size_t column, bool descending,
	const bn_progress *progress, bn_err *err);

#endif
