/*
 * correlate.h - Pearson's correlation of every pair of number columns, in one pass.
 *
 * For each pair, rows count in which both values are present and finite, as in pandas'
 * DataFrame.corr() (pairwise complete observations). Sums are of distances from a value near the
 * mean (the mean of the first batch), so that large offsets lose no digits.
 */
#ifndef BN_PROFILE_CORRELATE_H
#define BN_PROFILE_CORRELATE_H
#include "core/base/progress.h"
#include "core/table/table.h"

#define BN_CORRELATE_COLUMNS 256 /* the first ones, if a table has more */

typedef struct bn_correlate_pair {
	size_t a, b;   /* columns of the table, a < b */
	uint64_t rows; /* rows in which both are present */
	double r; /* -1 to 1; NaN: one of them is constant there, or there are fewer than two rows */
} bn_correlate_pair;

typedef struct bn_correlate {
	bn_correlate_pair *pairs; /* the largest |r| first, those without one last; ties by
				   * column */
	size_t count;
	size_t columns; /* number of compared columns */
	size_t numbers; /* number of numeric columns: more, if there are over BN_CORRELATE_COLUMNS */
} bn_correlate;

/* Only integer, float, decimal and bool columns. watch: NULL is fine. */
int bn_correlate_count(
	bn_correlate *out, bn_table_reader *table, const bn_progress *watch, bn_err *err);
void bn_correlate_release(bn_correlate *c);

#endif
