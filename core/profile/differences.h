/*
 * differences.h - the number of rows in which two tables differ, per column, by value.
 *
 * Values in the same row of both tables are compared, so this is for versions whose rows are in the
 * same order; tables that were sorted differ in nearly every row (matched.h finds rows by a key). Equality is that of SQL: numbers
 * by value, whatever their types, without rounding (-0 is 0, NaN is NaN); texts by bytes; absent
 * equals absent.
 */
#ifndef BN_PROFILE_DIFFERENCES_H
#define BN_PROFILE_DIFFERENCES_H
#include "core/base/progress.h"
#include "core/table/table.h"

/* The values of two cells, of columns of any types. */
bool bn_cells_equal(const bn_column *a, size_t i, const bn_column *b, size_t k);

/* The indices of the two columns compared, and the result. */
typedef struct bn_column_pair {
	size_t a, b;
	uint64_t different;
} bn_column_pair;

/* The first `rows` rows, which both tables have. any: it is enough to know whether there is a
 * difference in each pair; the counts are then too low. watch: NULL is fine. */
int bn_differences_count(bn_column_pair *pairs, size_t n, bn_table_reader *a, bn_table_reader *b,
	uint64_t rows, bool any, const bn_progress *watch, bn_err *err);
/* The numbers of the rows that differ in one pair of columns, increasing: *rows, yours (bn_free),
 * *count of them. BN_EINVAL unless both tables have the same number of rows. */
int bn_differences_rows(int64_t **rows, size_t *count, size_t column_a, size_t column_b,
	bn_table_reader *a, bn_table_reader *b, const bn_progress *watch, bn_err *err);

#endif
