/*
 * shape.h - Great Expectations' result_format: how much of what a check found its result shows.
 *
 * BOOLEAN_ONLY: an empty result. BASIC: the counts and partial_unexpected_list. SUMMARY: also
 * partial_unexpected_counts and partial_unexpected_index_list. COMPLETE: also unexpected_list and
 * unexpected_index_list, of the rows that were kept (BN_EXPECT_ROWS a check). A check's own
 * result_format in its kwargs is preferred.
 */
#ifndef BN_CHECK_SHAPE_H
#define BN_CHECK_SHAPE_H
#include "core/check/expect.h"

typedef enum bn_shape {
	BN_SHAPE_BOOLEAN_ONLY,
	BN_SHAPE_BASIC,
	BN_SHAPE_SUMMARY,
	BN_SHAPE_COMPLETE,
} bn_shape;

/* BN_EINVAL with the four names. */
int bn_shape_parse(bn_shape *out, const char *name, bn_err *err);
/* Changes r->document. table: the one that was checked. */
int bn_shape_apply(bn_expect_result *r, bn_table_reader *table, bn_shape shape, bn_err *err);

#endif
