/*
 * dump.h - compares two logical dumps of an index (bn_index_dump) made by different versions.
 *
 * A dump is text: "table NAME: COLUMN COLUMN..." followed by one row per line. Columns are compared
 * by name; those that only the newer dump has are ignored, as are its new tables.
 */
#ifndef BN_TEST_DUMP_H
#define BN_TEST_DUMP_H
#include "core/base/buf.h"

/* What the newer version omits on purpose. column NULL: the whole table. */
typedef struct dump_dropped {
	const char *table, *column;
	const char *instead; /* a column that must exist instead; NULL for none */
} dump_dropped;

/* 0 if every table, column and row of older is in newer and nothing else is in those tables and
 * columns; else 1, and why describes the first difference. dropped ends with {NULL}. */
int dump_compare(bn_buf *why, const char *older, const char *newer, const dump_dropped *dropped);

#endif
