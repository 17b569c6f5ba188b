/*
 * order.h - sorting the rows of a table by a column, without moving the rows: their numbers are put in order.
 *
 * Numbers, times and bools are sorted by the digits of an integer that orders as they do (O(n)); integers and times
 * exactly, decimals and floats as doubles; the texts of a category once for its dictionary, other texts by merging. What is
 * absent comes last either way, and rows that are equal stay in the order in which they were given, so sorting by a less
 * important column first sorts by several. Lists and bytes are ordered by their text (bn_column_format).
 *
 * Memory: 32 bytes a row that is sorted, and 8 a row of the table when the rows given do not rise.
 */
#ifndef BN_TABLE_ORDER_H
#define BN_TABLE_ORDER_H
#include "core/base/progress.h"
#include "core/table/table.h"

/* rows[0 .. n-1], numbers of rows of the table. On failure they are as they were. progress: NULL is fine; BN_EINTR. */
int bn_table_order(int64_t *rows, size_t n, bn_table_reader *table, size_t column, bool descending,
	const bn_progress *progress, bn_err *err);

#endif
