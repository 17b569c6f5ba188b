/*
 * matched.h - the rows of two tables that belong together by a key: columns whose values name a row.
 *
 * So rows can be compared that are in another order, or between which others were added and removed. A key
 * is found by 128 bits of hash over its values; the values of the other columns are compared themselves
 * (bn_cells_equal). Takes 24 bytes a row of the first table and 8 of the second, and one column of the first in memory.
 */
#ifndef BN_PROFILE_MATCHED_H
#define BN_PROFILE_MATCHED_H
#include "core/base/progress.h"
#include "core/profile/differences.h"
#include "core/table/table.h"

/* The columns of a key. */
typedef struct bn_row_key {
	char **names; /* one or more */
	size_t count;
} bn_row_key;

/* Reads "id" or "host,time"; a comma may be part of a column's name. BN_EINVAL if it is empty or names one twice,
 * BN_ENOTFOUND for an unknown column. */
int bn_row_key_read(bn_row_key *out, const char *text, const bn_schema *s, bn_err *err);
void bn_row_key_release(bn_row_key *k);

typedef struct bn_matched {
	int64_t *row_a;   /* [rows_b]: the row of the first table with the same key; -1: none */
	uint64_t rows_a, rows_b;
	uint64_t both;    /* rows that both have */
	uint8_t *changed; /* bit r: some value of row r of the second differs, of those counted so far */
} bn_matched;

/* BN_ENOTFOUND for a column that one of them lacks; BN_EINVAL, with the
 * rows, if a value of the key is missing or two rows have the same, and for columns of other types. */
int bn_matched_find(bn_matched *out, bn_table_reader *a, bn_table_reader *b, const bn_row_key *key,
	const bn_progress *watch, bn_err *err);
void bn_matched_release(bn_matched *m);

/* pair->different: the rows in both whose values differ, which also marks them. */
int bn_matched_count(bn_matched *m, bn_column_pair *pair, bn_table_reader *a, bn_table_reader *b,
	const bn_progress *watch, bn_err *err);
uint64_t bn_matched_changed(const bn_matched *m); /* marked rows */

/* Numbers of rows, increasing; *rows is yours (bn_free). Those of the second table that the first lacks, or of the
 * first that the second lacks. */
int bn_matched_added(int64_t **rows, size_t *count, const bn_matched *m, bn_err *err);
int bn_matched_removed(int64_t **rows, size_t *count, const bn_matched *m, bn_err *err);
/* Those of the second in both whose values differ in the pair. */
int bn_matched_differing(int64_t **rows, size_t *count, bn_matched *m, bn_column_pair *pair, bn_table_reader *a,
	bn_table_reader *b, const bn_progress *watch, bn_err *err);

#endif
