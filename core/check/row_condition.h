/*
 * row_condition.h - Great Expectations' row_condition, an expression (core/table/expr/expr.h) that
 * selects the rows that a check applies to.
 *
 * pandas' query() and our expressions are the same for comparisons, and, or, not: "x > 5 and state
 * == 'FAILED'". A check counts only these rows; the numbers of failing rows are those of the table.
 */
#ifndef BN_CHECK_ROW_CONDITION_H
#define BN_CHECK_ROW_CONDITION_H
#include "core/check/expect_item.h"
#include "core/table/table.h"

#include <jansson.h>

/* *out: a reader of the rows for which the condition is true, yours; NULL without a row_condition.
 * BN_EINVAL with the position in it, also for missing columns; BN_EUNSUPPORTED for another
 * condition_parser. Such an error concerns only this check: the suite's other checks run. */
int bn_row_condition_open(
	bn_table_reader **out, bn_table_reader *table, const json_t *kwargs, bn_err *err);
/* Converts a check's result on such a reader to the row numbers of the table. */
int bn_row_condition_renumber(
	bn_expect_item *item, json_t *result, const bn_table_reader *some, bn_err *err);

#endif
