/*
 * part_rows.h - reading a selection of a table row by row, and writing text in pieces: the common part of the
 * exports to CSV, Arrow and JSON.
 */
#ifndef BN_SOURCE_PART_ROWS_H
#define BN_SOURCE_PART_ROWS_H
#include "core/base/progress.h"
#include "core/table/table.h"

/* A selection of a table: the n rows numbered rows[0 .. n-1], in that order (rows NULL: all rows, and
 * n is ignored), with the columns columns[0 .. column_count - 1] (NULL: all). */
typedef struct bn_csv_part {
	const int64_t *rows;
	size_t n;
	const size_t *columns;
	size_t column_count;
} bn_csv_part;
typedef int (*bn_csv_sink)(void *ctx, const char *bytes, size_t n, bn_err *err);

/* The batches of the table, each read when one of its rows is first needed, then kept. */
typedef struct bn_part_rows {
	bn_table_reader *table; /* borrowed, like part and progress */
	const bn_csv_part *part;
	const bn_progress *progress;
	size_t count; /* rows of the part */
	bn_batch *batches;
	size_t batch_count;
} bn_part_rows;

/* Release it also after a failure. */
int bn_part_rows_init(bn_part_rows *p, bn_table_reader *table, const bn_csv_part *part,
	const bn_progress *progress, bn_err *err);
void bn_part_rows_release(bn_part_rows *p);
/* Row i of the part is row *row of batches[*batch]. Reports progress periodically; BN_EINTR. */
int bn_part_rows_get(bn_part_rows *p, size_t i, size_t *batch, size_t *row, bn_err *err);

#define BN_PIECE_BYTES ((size_t)1 << 20)
/* Passes the text on and clears it if it has more than `most` bytes. what: as in bn_buf_check. */
int bn_piece_drain(bn_buf *text, size_t most, bn_csv_sink sink, void *ctx, const char *what,
	bn_err *err);

#endif
