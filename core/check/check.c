/* check.c - see check.h: the table. */
#include "core/check/check.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/check/_check_run.h"
#include "core/check/row_condition.h"

#include <math.h>
#include <string.h>

#define COLUMN \
	{ \
		"column", BN_ARG_COLUMN, true \
	}
#define MOSTLY \
	{ \
		"mostly", BN_ARG_SHARE, false \
	}
#define RANGE(kind) \
	{"min_value", kind, false}, {"max_value", kind, false}, \
		{"strict_min", BN_ARG_BOOL, false}, \
	{ \
		"strict_max", BN_ARG_BOOL, false \
	}
#define END \
	{ \
		NULL, BN_ARG_ANY, false \
	}

static const bn_check_arg args_count_range[] = {{"min_value", BN_ARG_INT, false},
	{"max_value", BN_ARG_INT, false}, {"strict_min", BN_ARG_BOOL, false},
	{"strict_max", BN_ARG_BOOL, false}, END};
static const bn_check_arg args_count[] = {{"value", BN_ARG_INT, true}, END};
static const bn_check_arg args_list[] = {{"column_list", BN_ARG_TEXTS, true}, END};
static const bn_check_arg args_columns[] = {
	{"column_set", BN_ARG_TEXTS, true}, {"exact_match", BN_ARG_BOOL, false}, END};
static const bn_check_arg args_exists[] = {COLUMN, {"column_index", BN_ARG_INT, false}, END};
static const bn_check_arg args_type[] = {COLUMN, {"type_", BN_ARG_TEXT, true}, MOSTLY, END};
static const bn_check_arg args_types[] = {COLUMN, {"type_list", BN_ARG_TEXTS, true}, MOSTLY, END};
static const bn_check_arg args_column[] = {COLUMN, MOSTLY, END};
static const bn_check_arg args_between[] = {COLUMN, RANGE(BN_ARG_BOUND), MOSTLY,
	{"parse_strings_as_datetimes", BN_ARG_BOOL, false},
	{"allow_cross_type_comparisons", BN_ARG_BOOL, false}, END};
static const bn_check_arg args_set[] = {COLUMN, {"value_set", BN_ARG_VALUES, true}, MOSTLY,
	{"parse_strings_as_datetimes", BN_ARG_BOOL, false}, END};
static const bn_check_arg args_regex[] = {COLUMN, {"regex", BN_ARG_TEXT, true}, MOSTLY, END};
static const bn_check_arg args_regexes[] = {
	COLUMN, {"regex_list", BN_ARG_TEXTS, true}, {"match_on", BN_ARG_TEXT, false}, MOSTLY, END};
static const bn_check_arg args_like[] = {COLUMN, {"like_pattern", BN_ARG_TEXT, true}, MOSTLY, END};
static const bn_check_arg args_lengths[] = {COLUMN, RANGE(BN_ARG_INT), MOSTLY, END};
static const bn_check_arg args_length[] = {COLUMN, {"value", BN_ARG_INT, true}, MOSTLY, END};
static const bn_check_arg args_order[] = {COLUMN, {"strictly", BN_ARG_BOOL, false}, MOSTLY,
	{"parse_strings_as_datetimes", BN_ARG_BOOL, false}, END};
static const bn_check_arg args_aggregate[] = {
	COLUMN, RANGE(BN_ARG_BOUND), {"parse_strings_as_datetimes", BN_ARG_BOOL, false}, END};
static const bn_check_arg args_number[] = {COLUMN, RANGE(BN_ARG_NUMBER), END};
static const bn_check_arg args_quantiles[] = {COLUMN, {"quantile_ranges", BN_ARG_OBJECT, true},
	{"allow_relative_error", BN_ARG_ANY, false}, END};
static const bn_check_arg args_pair[] = {{"column_A", BN_ARG_COLUMN, true},
	{"column_B", BN_ARG_COLUMN, true}, {"ignore_row_if", BN_ARG_TEXT, false}, MOSTLY, END};
static const bn_check_arg args_greater[] = {{"column_A", BN_ARG_COLUMN, true},
	{"column_B", BN_ARG_COLUMN, true}, {"or_equal", BN_ARG_BOOL, false},
	{"ignore_row_if", BN_ARG_TEXT, false}, MOSTLY, END};
static const bn_check_arg args_compound[] = {
	{"column_list", BN_ARG_TEXTS, true}, {"ignore_row_if", BN_ARG_TEXT, false}, MOSTLY, END};

static const bn_check_def table[] = {
	{"expect_table_row_count_to_be_between", "number of rows within a range", args_count_range,
		bn_check_row_count_between},
	{"expect_table_row_count_to_equal", "number of rows", args_count, bn_check_row_count_equal},
	{"expect_table_column_count_to_be_between", "number of columns within a range",
		args_count_range, bn_check_column_count_between},
	{"expect_table_column_count_to_equal", "number of columns", args_count,
		bn_check_column_count_equal},
	{"expect_table_columns_to_match_ordered_list", "these columns in this order", args_list,
		bn_check_columns_ordered},
	{"expect_table_columns_to_match_set", "these columns in any order", args_columns,
		bn_check_columns_set},
	{"expect_column_to_exist", "a column is there", args_exists, bn_check_column_exists},
	{"expect_column_values_to_be_of_type", "type of a column", args_type, bn_check_of_type},
	{"expect_column_values_to_be_in_type_list", "type of a column is one of several",
		args_types, bn_check_in_type_list},
	{"expect_column_values_to_not_be_null", "no value is missing", args_column,
		bn_check_not_null},
	{"expect_column_values_to_be_null", "every value is missing", args_column, bn_check_null},
	{"expect_column_values_to_be_between", "values within a range", args_between,
		bn_check_between},
	{"expect_column_values_to_be_in_set", "values are of a set", args_set, bn_check_in_set},
	{"expect_column_values_to_not_be_in_set", "values are none of a set", args_set,
		bn_check_not_in_set},
	{"expect_column_values_to_be_unique", "no value twice", args_column, bn_check_unique},
	{"expect_column_values_to_match_regex", "texts match an expression", args_regex,
		bn_check_regex},
	{"expect_column_values_to_not_match_regex", "texts do not match an expression", args_regex,
		bn_check_not_regex},
	{"expect_column_values_to_match_regex_list", "texts match any or all of several",
		args_regexes, bn_check_regex_list},
	{"expect_column_values_to_not_match_regex_list", "texts match none of several",
		args_regexes, bn_check_not_regex_list},
	{"expect_column_values_to_match_like_pattern", "texts match an SQL LIKE pattern", args_like,
		bn_check_like},
	{"expect_column_values_to_not_match_like_pattern", "texts do not match a LIKE pattern",
		args_like, bn_check_not_like},
	{"expect_column_value_lengths_to_be_between", "lengths of texts within a range",
		args_lengths, bn_check_lengths_between},
	{"expect_column_value_lengths_to_equal", "length of texts", args_length,
		bn_check_length_equal},
	{"expect_column_values_to_be_increasing", "values rise from row to row", args_order,
		bn_check_increasing},
	{"expect_column_values_to_be_decreasing", "values fall from row to row", args_order,
		bn_check_decreasing},
	{"expect_column_min_to_be_between", "smallest value within a range", args_aggregate,
		bn_check_min},
	{"expect_column_max_to_be_between", "largest value within a range", args_aggregate,
		bn_check_max},
	{"expect_column_mean_to_be_between", "mean within a range", args_number, bn_check_mean},
	{"expect_column_median_to_be_between", "median within a range", args_number,
		bn_check_median},
	{"expect_column_stdev_to_be_between", "standard deviation (n - 1) within a range",
		args_number, bn_check_stdev},
	{"expect_column_sum_to_be_between", "sum within a range", args_number, bn_check_sum},
	{"expect_column_quantile_values_to_be_between", "quantiles within ranges", args_quantiles,
		bn_check_quantiles},
	{"expect_column_unique_value_count_to_be_between", "number of different values",
		args_number, bn_check_unique_count},
	{"expect_column_proportion_of_unique_values_to_be_between",
		"share of different values among those present", args_number,
		bn_check_unique_share},
	{"expect_column_distinct_values_to_be_in_set", "different values are of a set", args_set,
		bn_check_distinct_in_set},
	{"expect_column_distinct_values_to_contain_set", "every value of a set occurs", args_set,
		bn_check_distinct_contain_set},
	{"expect_column_distinct_values_to_equal_set", "different values are a set", args_set,
		bn_check_distinct_equal_set},
	{"expect_column_pair_values_to_be_equal", "two columns are equal", args_pair,
		bn_check_pair_equal},
	{"expect_column_pair_values_a_to_be_greater_than_b", "one column is above another",
		args_greater, bn_check_pair_greater},
	{"expect_compound_columns_to_be_unique", "no combination of values twice", args_compound,
		bn_check_compound_unique},
};

#define COUNT (sizeof table / sizeof *table)

/* GX arguments of every check that change how results are shown, not what is checked. */
static const char *const shared_args[] = {"result_format", "catch_exceptions", "include_config",
	"meta", "batch_id", "auto", "profiler_config", "severity", NULL};

size_t bn_check_count(void)
{
	return COUNT;
}

const bn_check_def *bn_check_get(size_t i)
{
	return i < COUNT ? &table[i] : NULL;
}

int bn_check_find(const bn_check_def **out, const char *type, bn_err *err)
{
	const char *words[COUNT + 1];
	for (size_t i = 0; i < COUNT; i++) {
		words[i] = table[i].type;
		if (!strcmp(table[i].type, type)) {
			*out = &table[i];
			return 0;
		}
	}
	words[COUNT] = NULL;
	bn_err_set(err, BN_EINVAL, "no check of type '%.100s'", type);
	/* types are long: the nearest one is a hint however far */
	size_t best = 0;
	int least = 1 << 20;
	for (size_t i = 0; strlen(type) < 200 && i < COUNT; i++) {
		int d = bn_edit_distance(type, words[i]);
		if (d < least) {
			least = d;
			best = i;
		}
	}
	if (least < 1 << 20)
		bn_err_hint(err, "the nearest is '%s'; binnacle data check --list shows them all",
			words[best]);
	return BN_EINVAL;
}

static bool texts_only(const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!json_is_string(json_array_get(v, i)))
			return false;
	return json_is_array(v);
}

static bool scalars_only(const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *x = json_array_get(v, i);
		if (json_is_array(x) || json_is_object(x))
			return false;
	}
	return json_is_array(v);
}

static const char *arg_wants(bn_check_arg_kind kind, const json_t *v)
{
	double x = json_number_value(v);
	switch (kind) {
	case BN_ARG_COLUMN:
	case BN_ARG_TEXT:
		return json_is_string(v) ? NULL : "a string";
	case BN_ARG_NUMBER:
		return json_is_number(v) ? NULL : "a number";
	case BN_ARG_BOUND:
		return json_is_number(v) || json_is_string(v) ? NULL : "a number or a string";
	case BN_ARG_INT:
		return json_is_number(v) && x == floor(x) && fabs(x) < 0x1p62 ? NULL
									      : "a whole number";
	case BN_ARG_SHARE:
		return json_is_number(v) && x >= 0 && x <= 1 ? NULL : "a number from 0 to 1";
	case BN_ARG_BOOL:
		return json_is_boolean(v) ? NULL : "true or false";
	case BN_ARG_VALUES:
		return scalars_only(v) ? NULL : "an array of numbers and strings";
	case BN_ARG_TEXTS:
		return texts_only(v) ? NULL : "an array of strings";
	case BN_ARG_OBJECT:
		return json_is_object(v) ? NULL : "an object";
	case BN_ARG_ANY:
		return NULL;
	}
	return NULL;
}

static const bn_check_arg *arg_find(const bn_check_def *def, const char *name)
{
	for (const bn_check_arg *a = def->args; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

static bool is_shared(const char *name)
{
	for (size_t i = 0; shared_args[i]; i++)
		if (!strcmp(shared_args[i], name))
			return true;
	return false;
}

/* Which rows are looked at: of every check that looks at rows. */
static bool is_condition(const bn_check_def *def, const char *name)
{
	bool of_columns = strstr(def->type, "_table_column") || strstr(def->type, "_to_exist");
	return !of_columns && (!strcmp(name, "row_condition") || !strcmp(name, "condition_parser"));
}

static int unknown_arg(const bn_check_def *def, const char *name, const char *where, bn_err *err)
{
	const char *words[16];
	size_t n = 0;
	for (const bn_check_arg *a = def->args; a->name && n < 15; a++)
		words[n++] = a->name;
	words[n] = NULL;
	bn_err_set(err, BN_EINVAL, "%s: %s takes no '%.60s'", where, def->type, name);
	const char *near = bn_nearest_word(name, words);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	return BN_EINVAL;
}

int bn_check_validate(const bn_check_def *def, const json_t *kwargs, const char *where, bn_err *err)
{
	const char *name;
	json_t *value;
	for (const bn_check_arg *a = def->args; a->name; a++) {
		const json_t *v = json_object_get(kwargs, a->name);
		if (a->required && (!v || json_is_null(v)))
			return bn_err_set(
				err, BN_EINVAL, "%s: %s needs '%s'", where, def->type, a->name);
	}
	json_object_foreach((json_t *)kwargs, name, value)
	{
		const bn_check_arg *a = arg_find(def, name);
		if (json_is_null(value) || (!a && is_shared(name)))
			continue;
		if (is_condition(def, name) && json_is_string(value))
			continue;
		if (!a)
			return unknown_arg(def, name, where, err);
		const char *wants = arg_wants(a->kind, value);
		if (wants)
			return bn_err_set(err, BN_EINVAL, "%s: %s: '%s' must be %s", where,
				def->type, name, wants);
	}
	return bn_row_condition_check(kwargs, where, err);
}
