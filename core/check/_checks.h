/*
 * _checks.h - the table of checks, one row each. Everything else about all checks is derived from
 * it: the declarations of their functions (_check_run.h), the arguments in suites (check.c), `data
 * check --list`.
 *
 * X(NAME, type, help, arguments...): bn_check_NAME runs it; type is Great Expectations'; help
 * completes "checks that". Arguments are macros of check.c: NEED and MAY with a name and a kind of
 * check.h (required, optional), COLUMN, COLUMNS, PAIR (column_A, column_B), MOSTLY, IGNORE
 * (ignore_row_if), RANGE(kind) (min_value, max_value, strict_min, strict_max) and DATES (an
 * argument of old suites without effect).
 *
 * Functions are in check_table.c (of a table and its types), check_map.c (of each value of a
 * column), check_aggregate.c (of a column as a whole), check_distinct.c, check_kl.c (of which values a column
 * has), check_multi.c (of several columns of a row), check_whole.c (of rows and columns that repeat
 * one another, and of a query), check_series.c (of times, and beside another table).
 */
#ifndef BN_CHECK_CHECKS_H
#define BN_CHECK_CHECKS_H

/* clang-format off */
#define BN_CHECKS(X) \
	X(row_count_between, "expect_table_row_count_to_be_between", \
		"number of rows within a range", RANGE(INT)) \
	X(row_count_equal, "expect_table_row_count_to_equal", "number of rows", \
		NEED("value", INT)) \
	X(row_count_other, "expect_table_row_count_to_equal_other_table", \
		"number of rows is that of another dataset", NEED("other_table_name", TEXT)) \
	X(schema_compatible, "expect_table_schema_to_be_compatible", \
		"columns changed from another dataset's only as a policy allows (ours)", \
		NEED("other_table_name", TEXT), MAY("policy", TEXT)) \
	X(duplicate_rows, "expect_table_duplicate_row_count_to_be_between", \
		"rows that repeat an earlier one, within a range (Evidently's)", RANGE(INT)) \
	X(constant_columns, "expect_table_constant_column_count_to_be_between", \
		"columns of one value at most, within a range (Evidently's)", RANGE(INT)) \
	X(almost_constant, "expect_table_almost_constant_column_count_to_be_between", \
		"columns of which one value has at least a share (0.95), within a range", \
		RANGE(INT), MAY("share", SHARE)) \
	X(duplicate_columns, "expect_table_duplicate_column_count_to_be_between", \
		"columns that repeat an earlier one, within a range (Evidently's)", RANGE(INT)) \
	X(column_count_between, "expect_table_column_count_to_be_between", \
		"number of columns within a range", RANGE(INT)) \
	X(column_count_equal, "expect_table_column_count_to_equal", "number of columns", \
		NEED("value", INT)) \
	X(columns_ordered, "expect_table_columns_to_match_ordered_list", \
		"these columns in this order", COLUMNS) \
	X(columns_set, "expect_table_columns_to_match_set", "these columns in any order", \
		NEED("column_set", TEXTS), MAY("exact_match", BOOL)) \
	X(column_exists, "expect_column_to_exist", "a column is there", COLUMN, \
		MAY("column_index", INT)) \
	X(of_type, "expect_column_values_to_be_of_type", "type of a column", COLUMN, \
		NEED("type_", TEXT), MOSTLY) \
	X(type_is, "expect_column_type_to_be", "type of a column", COLUMN, \
		NEED("type_", TEXT)) \
	X(in_type_list, "expect_column_values_to_be_in_type_list", \
		"type of a column is one of several", COLUMN, NEED("type_list", TEXTS), MOSTLY) \
	X(not_null, "expect_column_values_to_not_be_null", "no value is missing", COLUMN, \
		MOSTLY) \
	X(null, "expect_column_values_to_be_null", "every value is missing", COLUMN, MOSTLY) \
	X(non_null_share, "expect_column_proportion_of_non_null_values_to_be_between", \
		"share of values that are not missing", COLUMN, RANGE(NUMBER)) \
	X(finite, "expect_column_values_to_be_finite", \
		"no value is NaN or infinite (ours, after TFDV's FLOAT_TYPE_HAS_NAN and _INF)", \
		COLUMN, MOSTLY) \
	X(between, "expect_column_values_to_be_between", "values within a range", COLUMN, \
		RANGE(BOUND), MOSTLY, DATES, MAY("allow_cross_type_comparisons", BOOL)) \
	X(in_set, "expect_column_values_to_be_in_set", "values are of a set", COLUMN, \
		NEED("value_set", VALUES), MOSTLY, DATES) \
	X(not_in_set, "expect_column_values_to_not_be_in_set", "values are none of a set", \
		COLUMN, NEED("value_set", VALUES), MOSTLY, DATES) \
	X(unique, "expect_column_values_to_be_unique", "no value twice", COLUMN, MOSTLY) \
	X(times_complete, "expect_column_times_to_be_complete", \
		"no expected instant is missing, for each value of a key (ours)", COLUMN, \
		NEED("interval", TEXT), MAY("key", TEXT), MAY("tolerance", NUMBER), \
		MAY("own_span", BOOL), MOSTLY) \
	X(times_recent, "expect_column_times_to_be_recent", \
		"the latest time, for each value of a key, is not older than an age (ours)", COLUMN, \
		NEED("max_age", TEXT), MAY("key", TEXT)) \
	X(regex, "expect_column_values_to_match_regex", "texts match an expression", COLUMN, \
		NEED("regex", TEXT), MOSTLY) \
	X(not_regex, "expect_column_values_to_not_match_regex", \
		"texts do not match an expression", COLUMN, NEED("regex", TEXT), MOSTLY) \
	X(regex_list, "expect_column_values_to_match_regex_list", \
		"texts match any or all of several", COLUMN, NEED("regex_list", TEXTS), \
		MAY("match_on", TEXT), MOSTLY) \
	X(not_regex_list, "expect_column_values_to_not_match_regex_list", \
		"texts match none of several", COLUMN, NEED("regex_list", TEXTS), \
		MAY("match_on", TEXT), MOSTLY) \
	X(like, "expect_column_values_to_match_like_pattern", "texts match an SQL LIKE pattern", \
		COLUMN, NEED("like_pattern", TEXT), MOSTLY) \
	X(not_like, "expect_column_values_to_not_match_like_pattern", \
		"texts do not match a LIKE pattern", COLUMN, NEED("like_pattern", TEXT), MOSTLY) \
	X(like_list, "expect_column_values_to_match_like_pattern_list", \
		"texts match any or all of several LIKE patterns", COLUMN, \
		NEED("like_pattern_list", TEXTS), MAY("match_on", TEXT), MOSTLY) \
	X(not_like_list, "expect_column_values_to_not_match_like_pattern_list", \
		"texts match none of several LIKE patterns", COLUMN, \
		NEED("like_pattern_list", TEXTS), MOSTLY) \
	X(strftime, "expect_column_values_to_match_strftime_format", \
		"texts are times of a format, as Python's strptime reads them", COLUMN, \
		NEED("strftime_format", TEXT), MOSTLY) \
	X(json, "expect_column_values_to_be_json_parseable", "texts are JSON", COLUMN, MOSTLY) \
	X(lengths_between, "expect_column_value_lengths_to_be_between", \
		"lengths of texts within a range", COLUMN, RANGE(INT), MOSTLY) \
	X(length_equal, "expect_column_value_lengths_to_equal", "length of texts", COLUMN, \
		NEED("value", INT), MOSTLY) \
	X(z_scores, "expect_column_value_z_scores_to_be_less_than", \
		"distance from the mean, in standard deviations, is below a threshold", COLUMN, \
		NEED("threshold", NUMBER), MAY("double_sided", BOOL), MOSTLY) \
	X(increasing, "expect_column_values_to_be_increasing", "values rise from row to row", \
		COLUMN, MAY("strictly", BOOL), MOSTLY, DATES) \
	X(decreasing, "expect_column_values_to_be_decreasing", "values fall from row to row", \
		COLUMN, MAY("strictly", BOOL), MOSTLY, DATES) \
	X(min, "expect_column_min_to_be_between", "smallest value within a range", COLUMN, \
		RANGE(BOUND), DATES) \
	X(max, "expect_column_max_to_be_between", "largest value within a range", COLUMN, \
		RANGE(BOUND), DATES) \
	X(mean, "expect_column_mean_to_be_between", "mean within a range", COLUMN, \
		RANGE(BOUND)) \
	X(median, "expect_column_median_to_be_between", "median within a range", COLUMN, \
		RANGE(BOUND)) \
	X(stdev, "expect_column_stdev_to_be_between", \
		"standard deviation (n - 1) within a range", COLUMN, RANGE(BOUND)) \
	X(sum, "expect_column_sum_to_be_between", "sum within a range", COLUMN, RANGE(BOUND)) \
	X(quantiles, "expect_column_quantile_values_to_be_between", "quantiles within ranges", \
		COLUMN, NEED("quantile_ranges", OBJECT), MAY("allow_relative_error", ANY)) \
	X(unique_count, "expect_column_unique_value_count_to_be_between", \
		"number of different values", COLUMN, RANGE(NUMBER)) \
	X(unique_share, "expect_column_proportion_of_unique_values_to_be_between", \
		"share of different values among those present", COLUMN, RANGE(NUMBER)) \
	X(distinct_in_set, "expect_column_distinct_values_to_be_in_set", \
		"different values are of a set", COLUMN, NEED("value_set", VALUES), MOSTLY, \
		DATES) \
	X(distinct_contain_set, "expect_column_distinct_values_to_contain_set", \
		"every value of a set occurs", COLUMN, NEED("value_set", VALUES), MOSTLY, DATES) \
	X(distinct_equal_set, "expect_column_distinct_values_to_equal_set", \
		"different values are a set", COLUMN, NEED("value_set", VALUES), MOSTLY, DATES) \
	X(most_common, "expect_column_most_common_value_to_be_in_set", \
		"the most frequent value is of a set", COLUMN, NEED("value_set", VALUES), \
		MAY("ties_okay", BOOL)) \
	X(kl, "expect_column_kl_divergence_to_be_less_than", \
		"divergence from an expected distribution is at most a threshold", COLUMN, \
		NEED("partition_object", OBJECT), MAY("threshold", NUMBER), \
		MAY("tail_weight_holdout", SHARE), MAY("internal_weight_holdout", SHARE), \
		MAY("bucketize_data", BOOL)) \
	X(pair_equal, "expect_column_pair_values_to_be_equal", "two columns are equal", PAIR, \
		IGNORE, MOSTLY) \
	X(pair_greater, "expect_column_pair_values_a_to_be_greater_than_b", \
		"one column is above another", PAIR, MAY("or_equal", BOOL), IGNORE, MOSTLY) \
	X(pair_in_set, "expect_column_pair_values_to_be_in_set", \
		"pairs of values of two columns are of a set", PAIR, \
		NEED("value_pairs_set", PAIRS), IGNORE, MOSTLY) \
	X(record_unique, "expect_select_column_values_to_be_unique_within_record", \
		"no two columns of a row are equal", COLUMNS, IGNORE, MOSTLY) \
	X(multicolumn_sum, "expect_multicolumn_sum_to_equal", \
		"the sum of several columns is a number", COLUMNS, NEED("sum_total", NUMBER), \
		IGNORE, MOSTLY) \
	X(compound_unique, "expect_compound_columns_to_be_unique", \
		"no combination of values twice", COLUMNS, IGNORE, MOSTLY) \
	X(multicolumn_equal, "expect_multicolumn_values_to_be_equal", \
		"all columns of a row are equal", COLUMNS, IGNORE, MOSTLY) \
	X(multicolumn_unique, "expect_multicolumn_values_to_be_unique", \
		"no two columns of a row are equal (the old name)", COLUMNS, IGNORE, MOSTLY) \
	X(unexpected_rows, "unexpected_rows_expectation", \
		"a SELECT over {batch} returns no row", NEED("unexpected_rows_query", TEXT))
/* clang-format on */

#endif
