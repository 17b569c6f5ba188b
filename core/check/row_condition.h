/*
 * row_condition.h - a check of some rows: Great Expectations' row_condition, an expression (core/table/expr/expr.h) that is
 * true of the rows that are looked at.
 *
 * What pandas' query() takes and ours are the same for comparisons, and, or, not: "x > 5 and state == 'FAILED'". What
 * a check then counts are these rows; the numbers of failing rows are those of the table.
 */
#ifndef BN_CHECK_ROW_CONDITION_H
#define BN_CHECK_ROW_CONDITION_H
#include "core/check/expect_item.h"
#include "core/table/table.h"

#include <jansson.h>

/* *out: the rows of the table that it is true of, yours; NULL without a row_condition. BN_EINVAL with the place in it, also
 * for columns that are not there, BN_EUNSUPPORTED for another condition_parser: the check's own fault, the suite's other
 * checks run. */
int bn_row_condition_open(
	bn_table_reader **out, bn_table_reader *table, const json_t *kwargs, bn_err *err);
/* What a check found among the rows of such a reader, by the rows' numbers in the table. */
int bn_row_condition_renumber(
	bn_expect_item *item, json_t *result, const bn_table_reader *some, bn_err *err);

#endif
