/*
 * rows_write.h - writes some rows and columns of a table as an Arrow file or as JSON; for CSV see
 * csv_write.h.
 *
 * In any order and of any size: every batch stays open, so that each is read once.
 */
#ifndef BN_SOURCE_ROWS_WRITE_H
#define BN_SOURCE_ROWS_WRITE_H
#include "core/source/csv_write.h"

/* An Arrow IPC file with the columns' types, units and dictionaries. The sink gets its pieces. progress: NULL is fine. */
int bn_arrow_export_rows(bn_table_reader *r, const bn_csv_part *part, const bn_progress *progress,
	bn_csv_sink sink, void *ctx, bn_err *err);
/* An array with one object per row, each on its own line: numbers as they are written (infinities
 * as texts), times in ISO form, null for absent values. */
int bn_json_export_rows(bn_table_reader *r, const bn_csv_part *part, const bn_progress *progress,
	bn_csv_sink sink, void *ctx, bn_err *err);

#endif
