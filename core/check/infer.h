/*
 * infer.h - proposes a first suite of checks from a table.
 *
 * Conservative like TensorFlow Data Validation (infer_schema): the columns and their types;
 * not-null where no value is missing; the set of values where a text column has at most
 * BN_INFER_MAX_DOMAIN different ones that repeat. Numeric ranges are not inferred, since a new
 * maximum tomorrow is not an error. With `ranges` they are, from the observed values, and marked so
 * in meta: from the smallest to the largest one, or from one quantile to another, and then `mostly` is
 * the share of the values that lie between (less what the profile's quantiles may be off).
 */
#ifndef BN_CHECK_INFER_H
#define BN_CHECK_INFER_H
#include "core/profile/profile.h"
#include "core/check/suite.h"

#define BN_INFER_MAX_DOMAIN 100

typedef struct bn_infer_ranges {
	bool wanted;
	double low, high; /* quantiles, 0 <= low < high <= 1; 0 and 1: all values */
} bn_infer_ranges;

/* name: of the suite; from: the version, for its meta. profile: of this table. *out is yours. */
int bn_infer_suite(bn_suite **out, const char *name, const char *from, bn_table_reader *table,
	const bn_profile *profile, const bn_infer_ranges *ranges, bn_err *err);

#endif
