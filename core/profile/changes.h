/*
 * changes.h - the differences between two versions of a table, column by column.
 *
 * Versions with the same number of rows are compared by value, row by row (differences.h): a column
 * is equal if all its values are, regardless of rounding in its statistics. If one has more rows, a
 * column is equal if its distribution is (distance.h), as far as chance does not explain the
 * difference: quantiles and deviations of more rows always differ a little. With a key (matched.h) rows are
 * compared with those of the same key, wherever they are, and a column is equal if it is in all rows that both have.
 * A column that only one of them has, or that has another type, is a difference.
 */
#ifndef BN_PROFILE_CHANGES_H
#define BN_PROFILE_CHANGES_H
#include "core/base/progress.h"
#include "core/profile/distance.h"
#include "core/profile/matched.h"
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
	const bn_profile_column *a, *b; /* borrowed from the profiles; NULL if there is none */
	int64_t rows;                   /* number of different rows; -1: not compared by value */
	double mean_a,
		mean_b;       /* of numbers, or of the values of lists; equal if they differ only by
			 * rounding; NaN: none */
	double shift;         /* mean_b - mean_a in standard deviations of the first; NaN: none */
	bn_distance distance; /* of columns with different numbers of rows; else NONE and NaN */
} bn_column_change;

typedef struct bn_column_changes {
	bn_column_change *items; /* in the order of the first's columns, then those only in the
				  * second */
	size_t count;
	bool by_value;      /* row by row: equally many, or of the same key */
	bool by_key;
	uint64_t rows_added, rows_removed, rows_changed; /* by_key: changed: in any common column */
	uint64_t same_rows; /* of different numbers of rows: so many first ones are equal in all
			     * common columns; 0: not all of the shorter one */
} bn_column_changes;

/* table_a, table_b: the tables of the profiles. key: NULL: rows are those of the same number. watch: NULL is fine. The profiles must outlive *out. Errors of a key
 * are those of bn_matched_find. */
int bn_column_changes_find(bn_column_changes *out, const bn_profile *a, const bn_profile *b,
	bn_table_reader *table_a, bn_table_reader *table_b, const bn_row_key *key, const bn_progress *watch, bn_err *err);
/* A column that could be a key of both, as far as their profiles tell: different in every row, never missing, and no
 * measured number. NULL: none. Borrowed from a. */
const char *bn_column_changes_key(const bn_profile *a, const bn_profile *b);
void bn_column_changes_release(bn_column_changes *c);

#endif
