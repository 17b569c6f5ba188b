/*
 * table_sql.h - one SELECT over a table, for unexpected_rows_expectation. SQLite reads the table
 * through a virtual table, batch by batch and only the columns that the query uses, in a database in
 * memory that holds nothing else.
 *
 * The query is untrusted: it can only select (an authoriser refuses everything else, also PRAGMA,
 * ATTACH and load_extension), is at most BN_TABLE_SQL_TEXT bytes, makes no value over
 * BN_TABLE_SQL_VALUE bytes, and ends after BN_TABLE_SQL_SECONDS.
 *
 * Values: integers and bool are INTEGER (uint64 above 2^63 - 1: REAL, the nearest), floats and
 * decimals REAL (NaN: NULL), text TEXT, dates, times and timestamps TEXT in the form of SQLite's
 * date functions ("2026-01-31 09:05:07.5", UTC), durations REAL in seconds, binary BLOB, lists TEXT
 * of JSON. rowid is the number of the row, from 0. Names of columns are compared without case, as
 * always in SQLite: a table with "Power" and "power" is refused.
 */
#ifndef BN_CHECK_TABLE_SQL_H
#define BN_CHECK_TABLE_SQL_H
#include "core/base/err.h"
#include "core/table/table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define BN_TABLE_SQL_TEXT 65536
#define BN_TABLE_SQL_VALUE 16000000
#define BN_TABLE_SQL_SECONDS 60

/* {batch} in the query stands for the table, {{ for a brace, as in Great Expectations. *count: all rows that it
 * returns; the first `keep` of them are appended to `rows` as objects. cancelled may be NULL.
 * BN_EINVAL: the query, with SQLite's message and the byte; BN_EUNSUPPORTED: a limit, or a table
 * that SQLite cannot hold; BN_EINTR. */
int bn_table_select(uint64_t *count, json_t *rows, size_t keep, bn_table_reader *table,
	const char *query, bool (*cancelled)(void *ctx), void *ctx, bn_err *err);

#endif
