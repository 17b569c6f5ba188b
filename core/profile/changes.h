/*
 * changes.h - what differs between two versions of a table, column by column.
 *
 * Versions with the same number of rows are compared by value, row by row (differences.h): a column is equal if all its
 * values are, regardless of rounding in its statistics. Others are compared by the statistics of their profiles, within
 * rounding. A column that is in one of them alone, or has another type, is among what differs.
 */
#ifndef BN_PROFILE_CHANGES_H
#define BN_PROFILE_CHANGES_H
#include "core/base/progress.h"
#include "core/profile/profile.h"

typedef enum bn_column_change_kind {
	BN_COLUMN_CHANGE_VALUES,
	BN_COLUMN_CHANGE_TYPE,
	BN_COLUMN_CHANGE_ADDED,   /* only the second has it */
	BN_COLUMN_CHANGE_REMOVED, /* only the first has it */
} bn_column_change_kind;

/* "changed", "retyped", "added", "removed" */
const char *bn_column_change_name(bn_column_change_kind k);

typedef struct bn_column_change {
	bn_column_change_kind kind;
	const bn_profile_column *a, *b; /* borrowed from the profiles; NULL where there is none */
	int64_t rows;                   /* that differ; -1: not compared by value */
	double mean_a,
		mean_b; /* of numbers, or of the values of lists; equal when they differ by rounding alone; NaN: none */
	double shift; /* mean_b - mean_a in standard deviations of the first; NaN: none */
} bn_column_change;

typedef struct bn_column_changes {
	bn_column_change
		*items; /* in the order of the first's columns, then those of the second alone */
	size_t count;
	bool by_value;
} bn_column_changes;

/* table_a, table_b: of the same rows as the profiles, read when they have as many; NULL: never by value. watch: NULL is
 * fine. The profiles must outlive *out. */
int bn_column_changes_find(bn_column_changes *out, const bn_profile *a, const bn_profile *b,
	bn_table_reader *table_a, bn_table_reader *table_b, const bn_progress *watch, bn_err *err);
void bn_column_changes_release(bn_column_changes *c);

#endif
