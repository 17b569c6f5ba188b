/*
 * alike.h - the rows of a count: those with one value of a column, or with a number in a bin.
 *
 * Consistent with the counts: values are equal as in frequencies.h, but NaN is absent, and a bin
 * has bounds as in bins.h for doubles. Row numbers are those of the reader, increasing.
 */
#ifndef BN_PROFILE_ALIKE_H
#define BN_PROFILE_ALIKE_H
#include "core/base/progress.h"
#include "core/table/table.h"

/* Rows with the value that row `row` of `of` has in that column, or without any if that has none.
 * `of` has the same columns. *rows is yours (bn_free). watch: NULL is fine. */
int bn_rows_alike(int64_t **rows, size_t *count, bn_table_reader *table, size_t column,
	bn_table_reader *of, uint64_t row, const bn_progress *watch, bn_err *err);

typedef enum bn_value_state {
	BN_VALUE_ABSENT,
	BN_VALUE_FINITE, /* present, and of reals neither infinite nor NaN */
	BN_VALUE_INFINITE,
} bn_value_state;
/* Rows whose cell in the column is in that state; for columns of any type. */
int bn_rows_in_state(int64_t **rows, size_t *count, bn_table_reader *table, size_t column,
	bn_value_state state, const bn_progress *watch, bn_err *err);

/* lo <= x < hi; closed: x <= hi. For integers whole_lo and whole_hi, if is_whole. */
typedef struct bn_interval {
	double lo, hi;
	bool closed, is_whole;
	int64_t whole_lo, whole_hi;
} bn_interval;
/* Rows whose number (bn_column_number, or, of integers, bn_column_int) is in the interval.
 * BN_EUNSUPPORTED for a column without numbers. */
int bn_rows_within(int64_t **rows, size_t *count, bn_table_reader *table, size_t column,
	bn_interval in, const bn_progress *watch, bn_err *err);

#endif
