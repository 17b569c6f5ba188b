/*
 * scan.h - some rows of a table as a table: those that a filter keeps, within a range of rows.
 *
 * A scan is a reader (bn_table_reader) over another one, so whoever reads tables reads filtered ones too. Making it
 * evaluates the filter once, over the columns that it names alone, and keeps a bit for each row; parts whose
 * statistics say that no row can match are not read, neither then nor later, and batches that keep no row are not
 * among its batches. Reading a batch copies the rows that are kept. Row numbers are those of the scan;
 * bn_table_origin says which row of the table it is.
 *
 * What is kept depends on the table, the filter and the range alone, not on threads.
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
	bn_crew *crew;                 /* who may help; NULL: nobody */
	const bn_progress *progress;   /* NULL: nobody asks */
} bn_scan;

/* The table is borrowed, and must outlive *out, which is yours (bn_table_reader_free). BN_EINVAL: a value of the filter
 * overflows; it names the row. BN_EINTR. */
int bn_table_scan(bn_table_reader **out, bn_table_reader *table, const bn_scan *scan, bn_err *err);
/* The same in place of *table, which the scan owns from now on. On failure *table is as it was. */
int bn_table_scan_own(bn_table_reader **table, const bn_scan *scan, bn_err *err);
/* The row's number in the table that was opened; of a reader that is no scan, the row itself. */
uint64_t bn_table_origin(const bn_table_reader *r, uint64_t row);

#endif
