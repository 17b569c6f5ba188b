/* check.c - see check.h: the table. */
#include "core/check/check.h"

#include "core/base/json.h"
#include "core/base/nearest.h"
#include "core/base/str.h"
#include "core/check/_check_run.h"
#include "core/check/_checks.h"

#include <math.h>
#include <string.h>

/* The macros of _checks.h. */
/* clang-format off */
#define NEED(name, kind) {name, BN_ARG_##kind, true}
#define MAY(name, kind) {name, BN_ARG_##kind, false}
#define COLUMN NEED("column", COLUMN)
#define COLUMNS NEED("column_list", TEXTS)
#define PAIR NEED("column_A", COLUMN), NEED("column_B", COLUMN)
#define MOSTLY MAY("mostly", SHARE)
#define IGNORE MAY("ignore_row_if", TEXT)
#define DATES MAY("parse_strings_as_datetimes", BOOL)
#define RANGE(kind) MAY("min_value", kind), MAY("max_value", kind), MAY("strict_min", BOOL), MAY("strict_max", BOOL)
/* clang-format on */

#define ENTRY(name, type, help, ...) \
	{type, help, (const bn_check_arg[]){__VA_ARGS__, {NULL, BN_ARG_ANY, false}}, \
		bn_check_##name},
static const bn_check_def table[] = {BN_CHECKS(ENTRY)};

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

/* Known types that are not supported, and why. */
static const struct {
	const char *type, *why;
} refused[] = {
	{"expect_column_values_to_be_dateutil_parseable",
		"dateutil guesses; expect_column_values_to_match_strftime_format names the format"},
	{"expect_column_values_to_match_json_schema",
		"JSON Schema is not evaluated; expect_column_values_to_be_json_parseable checks the form"},
	{"expect_column_values_to_not_be_outliers",
		"expect_column_value_z_scores_to_be_less_than finds values far from the mean"},
	{"expect_query_results_to_match_comparison",
		"it compares two data sources; unexpected_rows_expectation queries one dataset"},
	{"expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
		"Great Expectations itself does not implement it"},
	{"expect_column_chisquare_test_p_value_to_be_greater_than",
		"Great Expectations itself does not implement it"},
	{"expect_column_pair_cramers_phi_value_to_be_less_than",
		"Great Expectations itself does not implement it"},
	{"expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
		"Great Expectations itself does not implement it"},
};

int bn_check_find(const bn_check_def **out, const char *type, bn_err *err)
{
	/* Types are long: suggest the nearest one at any distance. */
	bn_nearest near = bn_nearest_to(type, BN_NEAREST_ANY);
	for (size_t i = 0; i < COUNT; i++) {
		if (!strcmp(table[i].type, type)) {
			*out = &table[i];
			return 0;
		}
		bn_nearest_offer(&near, table[i].type);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (!strcmp(refused[i].type, type)) {
			bn_err_set(err, BN_EUNSUPPORTED, "'%s' is not supported", type);
			bn_err_hint(err, "%s", refused[i].why);
			return BN_EUNSUPPORTED;
		}
	bn_err_set(err, BN_EINVAL, "no check of type '%.100s'", type);
	if (near.distance < (int)strlen(type))
		bn_err_hint(err, "the nearest is '%s'; binnacle data check --list shows them all",
			near.best);
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

static bool pairs_only(const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++)
		if (json_array_size(json_array_get(v, i)) != 2 ||
			!scalars_only(json_array_get(v, i)))
			return false;
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
	case BN_ARG_PAIRS:
		return pairs_only(v) ? NULL : "an array of arrays of two numbers or strings";
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

/* Which rows are checked: for every check of rows. */
static bool is_condition(const bn_check_def *def, const char *name)
{
	bool of_columns = strstr(def->type, "_table_column") || strstr(def->type, "_to_exist") ||
			  !strcmp(def->type, "expect_column_type_to_be");
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
	return 0;
}

json_t *bn_check_columns(const char *type, const json_t *kwargs)
{
	static const char *const keys[] = {"column", "column_A", "column_B"};
	json_t *names = json_array();
	if (!names || !strncmp(type, "expect_table_", strlen("expect_table_")))
		return names;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *name = json_object_get(kwargs, keys[i]);
		if (json_is_string(name) && json_array_append(names, name))
			goto nomem;
	}
	json_t *list = json_object_get(kwargs, "column_list");
	if (!json_is_array(list) || !json_array_extend(names, list))
		return names;
nomem:
	json_decref(names);
	return NULL;
}
