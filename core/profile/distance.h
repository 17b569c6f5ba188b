/*
 * distance.h - whether two columns have the same distribution, from all of their rows.
 *
 * For tables with different numbers of rows, whose deviations and quantiles always differ a little:
 * a difference counts if chance explains it once in a thousand times or less. A column has that risk once: each of its
 * tests gets a third of it.
 *
 *	missing   the shares of missing values (two-proportion z test)
 *	numbers   Kolmogorov and Smirnov's distance D of the cumulative shares, and the number of values of one
 *	          table beyond all values of the other (few rows with other values hardly move D)
 *	texts     the counts of all values: chi-square, values that are too rare for it as one
 *
 * Few rows prove little by these tests; so columns without any value in common (ranges that do not
 * overlap, no common text) differ in any case, and so do those of a table without rows and of one with some. Nothing is sampled: counts are exact (paired_counts.h). Rows that both
 * tables have make the tests careful, not wrong: a change of few rows is found by a key (matched.h).
 */
#ifndef BN_PROFILE_DISTANCE_H
#define BN_PROFILE_DISTANCE_H
#include "core/base/progress.h"
#include "core/profile/profile.h"

typedef enum bn_distance_kind {
	BN_DISTANCE_NONE, /* no difference beyond chance */
	BN_DISTANCE_MISSING,
	BN_DISTANCE_VALUES, /* the shares of the values */
	BN_DISTANCE_RANGE,  /* values beyond the other's smallest or largest */
	BN_DISTANCE_APART,  /* no value in common */
} bn_distance_kind;

/* "missing", "values", "range", "apart"; NULL for NONE. */
const char *bn_distance_name(bn_distance_kind k);

typedef struct bn_distance {
	bn_distance_kind kind;
	double shares; /* the largest difference of cumulative shares (numbers), or half the sum of
			* all differences of shares (texts); 0 to 1, NaN: unknown */
} bn_distance;

/* One of the columns. */
typedef struct bn_distance_side {
	const bn_profile_column *profile; /* of these rows */
	bn_table_reader *table;
	size_t column; /* in the table */
} bn_distance_side;

/* a, b: columns of the same type. added: b has the rows of a and others, which are compared with
 * those of a, unless the values rise from row to row or fall (running numbers); `shares` is the difference between a
 * and b all the same. watch: NULL is fine. */
int bn_distance_of(bn_distance *out, const bn_distance_side *a, const bn_distance_side *b, bool added,
	const bn_progress *watch, bn_err *err);

#endif
