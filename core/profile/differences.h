/*
 * differences.h - in how many rows two tables of equally many rows differ, column by column, by value.
 *
 * A row's values are compared at the same place of both tables, so this is for versions whose rows stand in the same order;
 * tables that were sorted differ in nearly every row. Values are equal as SQL and people have it: numbers by number,
 * whatever their types, with no rounding (-0 is 0, NaN is NaN); texts by bytes; absent is absent.
 */
#ifndef BN_PROFILE_DIFFERENCES_H
#define BN_PROFILE_DIFFERENCES_H
#include "core/base/progress.h"
#include "core/table/table.h"

/* The numbers of columns that are compared with each other, and what came out. */
typedef struct bn_column_pair {
	size_t a, b;
	uint64_t different;
} bn_column_pair;

/* BN_EINVAL unless both have as many rows. watch: NULL is fine. */
int bn_differences_count(bn_column_pair *pairs, size_t n, bn_table_reader *a, bn_table_reader *b,
	const bn_progress *watch, bn_err *err);
/* The numbers of the rows that differ in one pair of columns, rising: *rows, yours (bn_free), *count of them. The same
 * error. */
int bn_differences_rows(int64_t **rows, size_t *count, size_t column_a, size_t column_b,
	bn_table_reader *a, bn_table_reader *b, const bn_progress *watch, bn_err *err);

#endif
