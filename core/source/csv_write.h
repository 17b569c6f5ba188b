/*
 * csv_write.h - writes a table as CSV that reads back equal, for export.
 *
 * RFC 4180 with LF line ends. Text is quoted if needed, and if it would read back as absent (the
 * empty string, "NA"); an absent value is an empty field. Numbers are the shortest that read back
 * equal, timestamps ISO 8601 in UTC. A float64 without a fraction is written as 3.0, so that the
 * column stays float64.
 */
#ifndef BN_SOURCE_CSV_WRITE_H
#define BN_SOURCE_CSV_WRITE_H
#include "core/source/part_rows.h"

/* One field, quoted if it contains the delimiter, a quote, a line end, or blanks at its ends. */
void bn_csv_add_field(bn_buf *out, const char *s, size_t n, char delimiter);

/* Header and rows [from, to) of the table (to is limited to the number of rows); columns NULL: all.
 * The sink gets pieces of about a MiB; a nonzero return ends the export. */
int bn_csv_export(bn_table_reader *r, const size_t *columns, size_t n, uint64_t from, uint64_t to,
	char delimiter, bn_csv_sink sink, void *ctx, bn_err *err);
/* Header and the selection. All batches stay open, so that each is read once in any order. */
int bn_csv_export_rows(bn_table_reader *r, const bn_csv_part *part, char delimiter,
	const bn_progress *progress, bn_csv_sink sink, void *ctx, bn_err *err);

#endif
