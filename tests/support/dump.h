/*
 * dump.h - comparing two logical dumps of an index (bn_index_dump) that different versions made.
 *
 * A dump is text: "table NAME: COLUMN COLUMN..." and, below it, one row a line. Columns are compared by
 * name; those that only the newer dump has are ignored, as are its new tables.
 */
#ifndef BN_TEST_DUMP_H
#define BN_TEST_DUMP_H
#include "core/base/buf.h"

/* What the newer version leaves out on purpose. column NULL: the whole table. */
typedef struct dump_dropped {
	const char *table, *column;
	const char *instead; /* a column that must be there in its stead; NULL for none */
} dump_dropped;

/* 0 when every table, column and row of older is in newer and nothing else is in those tables and
 * columns; else 1, and why says what differs first. dropped ends with {NULL}. */
int dump_compare(bn_buf *why, const char *older, const char *newer, const dump_dropped *dropped);

#endif
