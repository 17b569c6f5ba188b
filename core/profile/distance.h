/*
 * distance.h - whether two columns have the same distribution, from their profiles alone.
 *
 * For tables with different numbers of rows, whose deviations and quantiles always differ a little:
 * a difference counts if chance explains it once in a thousand times or less.
 *
 *	missing   the shares of missing values (two-proportion z test)
 *	numbers   Kolmogorov and Smirnov's distance D of the cumulative shares. They are exact if all
 *	          values are among the frequent ones (profile.h), else those of the 101 stored
 *	          quantiles, whose resolution of 1 % and rank error D must exceed
 *	texts     the frequent values that both profiles count, and the rest as one: chi-square,
 *	          values that are too rare for it among the rest
 *
 * Few rows prove little by these tests; so columns without any value in common (ranges that do not
 * overlap, texts all of which are known) differ in any case.
 */
#ifndef BN_PROFILE_DISTANCE_H
#define BN_PROFILE_DISTANCE_H
#include "core/profile/profile.h"

typedef enum bn_distance_kind {
	BN_DISTANCE_NONE, /* no difference beyond chance */
	BN_DISTANCE_MISSING,
	BN_DISTANCE_VALUES, /* the shares of the values */
	BN_DISTANCE_APART,  /* no value in common */
} bn_distance_kind;

/* "missing", "values", "apart"; NULL for NONE. */
const char *bn_distance_name(bn_distance_kind k);

typedef struct bn_distance {
	bn_distance_kind kind;
	double shares; /* the largest difference of cumulative shares (numbers), or half the sum of
			* all differences of shares (texts); 0 to 1, NaN: unknown */
} bn_distance;

/* a, b: columns of the same type. added: b has the rows of a and others, which are compared with
 * those of a, unless the values rise from row to row or fall (running numbers); `shares` is the difference between a and b all the same. */
bn_distance bn_distance_of(const bn_profile_column *a, const bn_profile_column *b, bool added);

#endif
