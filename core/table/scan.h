/*
 * scan.h - a subset of a table's rows as a table: those that a filter keeps, within a range.
 *
 * A scan is a reader (bn_table_reader) over another one, so code that reads tables can read filtered ones too.
 * Creating it evaluates the filter once, reading only the columns it names, and stores a bit for each row;
 * parts that cannot match according to their statistics are never read, and batches without kept rows are not
 * among its batches. Reading a batch copies the rows that are kept. Row numbers are those of the scan;
 * bn_table_origin gives the row of the table.
 *
 * The result only depends on the table, the filter and the range, not on threads.
 */
#ifndef BN_TABLE_SCAN_H
#define BN_TABLE_SCAN_H
#include "core/base/crew.h"
#include "core/base/progress.h"
#include "core/table/expr/expr.h"
#include "core/table/table.h"

typedef struct bn_scan {
	const bn_expr *where; /* bound to the table's schema (expr/eval.h); NULL: all rows */
	uint64_t first_row, row_count; /* of the table, before `where`; row_count 0: to the end */
	bn_crew *crew;                 /* threads to use; NULL: none */
	const bn_progress *progress;   /* NULL: none */
} bn_scan;

/* The table is borrowed, and must outlive *out, which is yours (bn_table_reader_free). BN_EINVAL: a value of
 * the filter overflows; the message names the row. BN_EINTR. */
int bn_table_scan(bn_table_reader **out, bn_table_reader *table, const bn_scan *scan, bn_err *err);
/* The same, replacing *table, which the scan then owns. On failure *table is unchanged. */
int bn_table_scan_own(bn_table_reader **table, const bn_scan *scan, bn_err *err);
/* The n rows numbered rows[0 .. n-1], increasing, as a table; borrowed and freed as for
 * bn_table_scan. BN_EINVAL for a row that the table does not have, or that is not above the
 * previous one. */
int bn_table_pick(
	bn_table_reader **out, bn_table_reader *table, const int64_t *rows, size_t n, bn_err *err);
/* Writes bn_table_origin of each of the reader's rows to rows[0 .. bn_table_rows - 1], in one
 * pass. */
int bn_table_origins(int64_t *rows, const bn_table_reader *r, bn_err *err);
/* The row's number in the underlying table; for a reader that is not a scan, the row itself. */
uint64_t bn_table_origin(const bn_table_reader *r, uint64_t row);

#endif
