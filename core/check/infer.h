/*
 * infer.h - proposes a first suite of checks from a table.
 *
 * Conservative like TensorFlow Data Validation (infer_schema): the columns and their types;
 * not-null where no value is missing; the set of values where a text column has at most
 * BN_INFER_MAX_DOMAIN different ones that repeat. Numeric ranges are not inferred, since a new
 * maximum tomorrow is not an error. With `ranges` they are, from the observed values, and marked so
 * in meta.
 */
#ifndef BN_CHECK_INFER_H
#define BN_CHECK_INFER_H
#include "core/profile/profile.h"
#include "core/check/suite.h"

#define BN_INFER_MAX_DOMAIN 100

/* name: of the suite. profile: of this table. *out is yours. */
int bn_infer_suite(bn_suite **out, const char *name, bn_table_reader *table,
	const bn_profile *profile, bool ranges, bn_err *err);

#endif
