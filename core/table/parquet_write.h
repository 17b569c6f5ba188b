/*
 * parquet_write.h - a table as a Parquet file (format version 2.6 of apache/parquet-format): flat columns, PLAIN
 * values, zstd, with number of nulls, minimum and maximum of each column of each row group.
 *
 *	FLOAT64 FLOAT32 INT64 INT32 BOOL   their own types
 *	INT8 INT16 UINT8 .. UINT64         integers with their width and sign
 *	TIMESTAMP TIME                     nanoseconds; a timestamp is adjusted to UTC unless it is naive
 *	DATE, DECIMAL                      the same; decimals in 16 bytes
 *	DURATION                           int64 nanoseconds: the format has no type for it
 *	CATEGORY STRING, BINARY            byte arrays, of UTF-8
 *	LIST FIXED                         BN_EUNSUPPORTED names the column
 *
 * NaN stays NaN and differs from null. Each batch is a row group. Equal calls write equal bytes.
 */
#ifndef BN_TABLE_PARQUET_WRITE_H
#define BN_TABLE_PARQUET_WRITE_H
#include "core/table/table.h"

typedef struct bn_parquet_writer bn_parquet_writer;

/* The file at path, which the user named, appears when it is finished. The schema is copied. */
int bn_parquet_create(bn_parquet_writer **out, const bn_env *env, const char *path,
	const bn_schema *schema, bn_err *err);
/* All columns of the schema, in order. BN_EINVAL names a column that does not fit. */
int bn_parquet_write_batch(bn_parquet_writer *w, const bn_batch *b, bn_err *err);
int bn_parquet_finish(bn_parquet_writer *w, bn_err *err);
void bn_parquet_free(bn_parquet_writer *w); /* an unfinished file is removed; NULL is fine */

#endif
