/* The feature pipeline: what it learns, how it treats unseen cells, and invalid input. */
#include "core/base/json.h"
#include "core/learn/features.h"
#include "tests/support/check_main.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>

static const char *const colours[] = {"red", "blue"}, *const names[] = {"a", "b", "c", "y", "gone"};

/* Four rows: a number, a boolean and a category, each with an absent value; target y. */
static const double a_values[] = {1, NAN, 3, 5}, y_values[] = {1, 2, NAN, 4};
static const uint8_t b_bits = 0x06, three = 0x07; /* no, yes, yes, absent */
static const int32_t c_codes[] = {0, 1, 1, 0};

static bn_column numbers_of(const double *values)
{
	return (bn_column){.type = BN_TYPE_FLOAT64, .rows = 4, .f64 = values};
}

static bn_column category_of(const int32_t *codes, const uint8_t *validity, const bn_dict *dict)
{
	return (bn_column){.type = BN_TYPE_CATEGORY,
		.rows = 4,
		.nulls = validity ? 1 : 0,
		.validity = validity,
		.codes = codes,
		.dict = dict};
}

static void small_columns(bn_column c[4], named_columns *t)
{
	static named_dict room;
	c[0] = numbers_of(a_values);
	c[1] = (bn_column){
		.type = BN_TYPE_BOOL, .rows = 4, .nulls = 1, .validity = &three, .bits = &b_bits};
	c[2] = category_of(c_codes, &three, named_dict_of(&room, colours, 2));
	c[3] = numbers_of(y_values);
	*t = (named_columns){names, {.rows = 4, .column_count = 4, .columns = c}};
}

static bn_features *fit_small(bool raw)
{
	bn_column c[4];
	named_columns t;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	bn_features_options opt = {.target = "y", .no_standardise = raw};
	small_columns(c, &t);
	ck_assert_bn_ok(named_columns_learn(&f, &t, &opt, &err), &err);
	return f;
}

START_TEST(test_missing_cells_are_filled_and_categories_spread)
{
	bn_column c[4];
	named_columns t;
	bn_features *f = fit_small(true);
	double x[4 * 4];
	small_columns(c, &t);
	ck_assert_uint_eq(bn_features_width(f), 4);
	matrix_design(x, f, &t);
	const double want[] = {/* a b c=blue c=red */
		1, 0, 0, 1, 3, 1, 1, 0, 3, 1, 1, 0, 5, 1, 1, 0};
	for (size_t i = 0; i < 16; i++)
		ck_assert_double_eq(x[i], want[i]);
	char name[32];
	bn_features_column_name(f, 2, name, sizeof name);
	ck_assert_str_eq(name, "c=blue");
	ck_assert_uint_eq(bn_features_target_missing(f), 1);
	bn_features_free(f);
}
END_TEST

START_TEST(test_rows_without_target_are_dropped_and_counted)
{
	bn_column c[4];
	named_columns t;
	bn_err err = BN_ERR_INIT;
	matrix m = {.x = NULL};
	bn_features *f = fit_small(true);
	small_columns(c, &t);
	ck_assert_bn_ok(matrix_build(&m, f, &t, &err), &err);
	ck_assert_uint_eq(m.view.rows, 3);
	ck_assert_uint_eq(m.dropped, 1);
	ck_assert_double_eq(m.view.y[2], 4);
	ck_assert_double_eq(m.view.x[2 * 4], 5);
	matrix_release(&m);
	bn_features_free(f);
}
END_TEST

START_TEST(test_rows_of_a_class_unseen_in_training_are_counted_apart)
{
	static const char *const seen[] = {"no", "yes"}, *const later[] = {"no", "maybe", "yes"};
	static const int32_t then[] = {0, 1, 1, 0}, now[] = {2, 1, 0, 1};
	static const uint8_t but_third = 0x0b;
	named_dict one, other;
	bn_column c[4];
	named_columns t;
	bn_err err = BN_ERR_INIT;
	matrix m = {.x = NULL};
	bn_features *f = NULL;
	bn_features_options opt = {.target = "y"};
	small_columns(c, &t);
	c[3] = category_of(then, NULL, named_dict_of(&one, seen, 2));
	ck_assert_bn_ok(named_columns_learn(&f, &t, &opt, &err), &err);
	c[3] = category_of(now, &but_third, named_dict_of(&other, later, 3));
	ck_assert_bn_ok(matrix_build(&m, f, &t, &err), &err);
	ck_assert_uint_eq(m.view.rows, 1);
	ck_assert_double_eq(m.view.y[0], 1);
	ck_assert_uint_eq(m.dropped, 1);
	ck_assert_uint_eq(m.unseen, 2);
	matrix_release(&m);
	bn_features_free(f);
}
END_TEST

START_TEST(test_unknown_categories_are_all_zero)
{
	static const char *const other[] = {"green", "red"};
	const int32_t codes[] = {0, 1, 0, 1};
	named_dict room;
	bn_column c[4];
	named_columns t;
	bn_features *f = fit_small(false);
	double x[4 * 4];
	small_columns(c, &t);
	c[2] = category_of(codes, &three, named_dict_of(&room, other, 2));
	matrix_design(x, f, &t);
	ck_assert_double_eq(x[2], 0);
	ck_assert_double_eq(x[3], 0);
	ck_assert_double_eq(x[4 + 3], 1);
	bn_features_free(f);
}
END_TEST

START_TEST(test_what_is_null_nan_or_infinite_is_absent)
{
	const double values[] = {1, 2, NAN, INFINITY};
	const uint8_t valid = 0x0d; /* all but row 1 */
	bn_column c = numbers_of(values);
	double out[4];
	bn_err err = BN_ERR_INIT;
	c.validity = &valid;
	c.nulls = 1;
	ck_assert_bn_ok(bn_part_numbers(&c, 0, 4, out, &err), &err);
	ck_assert_double_eq(out[0], 1);
	for (size_t r = 0; r < 4; r++) {
		ck_assert_int_eq(isnan(out[r]), r != 0);
		ck_assert_int_eq(bn_features_has_target(&c, r), r == 0);
	}
}
END_TEST

START_TEST(test_empty_and_crowded_columns_are_left_out_with_a_reason)
{
	const double nothing[] = {NAN, INFINITY, NAN, -INFINITY};
	bn_column c[5];
	named_columns t;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	bn_features_options opt = {.target = "y", .max_categories = 1};
	small_columns(c, &t);
	c[4] = numbers_of(nothing);
	t.batch.column_count = 5;
	ck_assert_bn_ok(named_columns_learn(&f, &t, &opt, &err), &err);
	ck_assert_uint_eq(bn_features_input_count(f), 2);
	ck_assert_uint_eq(bn_features_skipped_count(f), 2);
	ck_assert_str_eq(bn_features_skipped(f, 0), "c: 2 categories, the limit is 1");
	ck_assert_str_eq(bn_features_skipped(f, 1), "gone: no value in the 4 training rows");
	bn_features_free(f);
}
END_TEST

START_TEST(test_a_constant_column_keeps_scale_one)
{
	const double same[] = {0.1, 0.1, 0.1, 0.1};
	bn_column c[4];
	named_columns t;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	bn_features_options opt = {.target = "y"};
	small_columns(c, &t);
	c[0].f64 = same;
	ck_assert_bn_ok(named_columns_learn(&f, &t, &opt, &err), &err);
	ck_assert_double_eq(bn_features_find(f, "a")->scale, 1);
	ck_assert_double_eq_tol(bn_features_find(f, "a")->mean, 0.1, 1e-16);
	bn_features_free(f);
}
END_TEST

static void refuses(const named_columns *t, const bn_features_options *opt, const char *text)
{
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(named_columns_learn(&f, t, opt, &err), BN_EINVAL);
	ck_assert_msg(strstr(err.msg, text) != NULL, "'%s' lacks '%s'", err.msg, text);
}

START_TEST(test_rubbish_targets_are_refused)
{
	const double nothing[] = {NAN, NAN, NAN, NAN}, same[] = {3, 3, 3, 3};
	bn_column c[4];
	named_columns t;
	small_columns(c, &t);
	refuses(&t, &(bn_features_options){.target = "z"}, "no target column 'z'");
	refuses(&t, &(bn_features_options){.target = "c", .task = BN_TASK_REGRESSION},
		"target 'c' is text");
	c[3].f64 = nothing;
	refuses(&t, &(bn_features_options){.target = "y"}, "no value in the 4 training rows");
	c[3].f64 = same;
	refuses(&t, &(bn_features_options){.target = "y", .task = BN_TASK_CLASSIFICATION},
		"one class only ('3')");
	static const char *const missing[] = {"q"};
	refuses(&t, &(bn_features_options){.target = "y", .inputs = missing, .input_count = 1},
		"no input column 'q'");
	named_columns lone = {names + 3, {.rows = 4, .column_count = 1, .columns = c + 3}};
	refuses(&lone, &(bn_features_options){.target = "y"}, "no usable input column");
	named_columns empty = {names, {.rows = 0, .column_count = 4, .columns = c}};
	for (size_t i = 0; i < 4; i++)
		c[i].rows = c[i].nulls = 0;
	refuses(&empty, &(bn_features_options){.target = "y"}, "0 rows");
}
END_TEST

START_TEST(test_number_classes_are_sorted_by_value)
{
	const double y[] = {10, 2, 10, -1};
	bn_column c[4];
	named_columns t;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	double k[4];
	small_columns(c, &t);
	c[3].f64 = y;
	ck_assert_bn_ok(
		named_columns_learn(&f, &t,
			&(bn_features_options){.target = "y", .task = BN_TASK_CLASSIFICATION},
			&err),
		&err);
	ck_assert_uint_eq(bn_features_class_count(f), 3);
	ck_assert_str_eq(bn_features_class(f, 0), "-1");
	ck_assert_str_eq(bn_features_class(f, 2), "10");
	ck_assert_bn_ok(bn_features_target_of(f, &c[3], 0, 4, k, &err), &err);
	ck_assert_double_eq(k[0], 2);
	ck_assert_double_eq(k[1], 1);
	ck_assert_double_eq(k[3], 0);
	bn_features_free(f);
}
END_TEST

START_TEST(test_json_reads_back_to_the_same_pipeline)
{
	train_data *d = train_data_get();
	bn_features *f = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	json_t *one = NULL, *two = NULL;
	bn_buf a = BN_BUF_INIT, b = BN_BUF_INIT;
	bn_features_options opt = {.target = "y_three", .impute = BN_IMPUTE_MEDIAN};
	ck_assert_bn_ok(named_columns_learn(&f, &d->train, &opt, &err), &err);
	ck_assert_bn_ok(bn_features_to_json(&one, f, &err), &err);
	ck_assert_bn_ok(bn_features_from_json(&back, one, &err), &err);
	ck_assert_bn_ok(bn_features_to_json(&two, back, &err), &err);
	ck_assert_bn_ok(bn_json_pretty(one, &a, &err), &err);
	ck_assert_bn_ok(bn_json_pretty(two, &b, &err), &err);
	ck_assert_str_eq(a.ptr, b.ptr);
	size_t n = bn_features_width(f) * d->test.batch.rows;
	double *x = malloc(n * sizeof *x), *z = malloc(n * sizeof *z);
	matrix_design(x, f, &d->test);
	matrix_design(z, back, &d->test);
	ck_assert_mem_eq(x, z, n * sizeof *x);
	free(x);
	free(z);
	bn_features_free(f);
	bn_features_free(back);
	json_decref(one);
	json_decref(two);
	bn_buf_release(&a);
	bn_buf_release(&b);
}
END_TEST

/* Fields that an older or another writer may omit. */
START_TEST(test_reference_statistics_are_optional)
{
	static const char text[] =
		"{\"format\":\"binnacle.features/1\",\"task\":\"regression\",\"target\":{\"name\":"
		"\"y\",\"kind\":\"number\"},\"impute\":\"mean\",\"inputs\":[{\"name\":\"a\","
		"\"kind\":"
		"\"category\",\"categories\":[\"b\"],\"fill_category\":0},{\"name\":\"n\",\"kind\":"
		"\"number\",\"fill\":0,\"mean\":0,\"scale\":1}]}";
	json_t *doc = json_loads(text, 0, NULL), *again = NULL;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_features_from_json(&f, doc, &err), &err);
	ck_assert_ptr_null(bn_features_find(f, "a")->category_shares);
	ck_assert(isnan(bn_features_find(f, "n")->ref_mean));
	ck_assert_bn_ok(bn_features_to_json(&again, f, &err), &err);
	bn_features_free(f);
	json_decref(doc);
	json_decref(again);
}
END_TEST

START_TEST(test_hostile_json_is_refused)
{
	static const char *const docs[] = {"{}", "[]", "{\"format\":\"x\"}",
		"{\"format\":\"binnacle.features/"
		"1\",\"task\":\"regression\",\"target\":{\"name\":\"y\","
		"\"kind\":\"number\"},\"impute\":\"mean\",\"inputs\":[]}",
		"{\"format\":\"binnacle.features/"
		"1\",\"task\":\"regression\",\"target\":{\"name\":\"y\","
		"\"kind\":\"number\"},\"impute\":\"mean\",\"inputs\":[{\"name\":\"a\",\"kind\":"
		"\"number\",\"fill\":0,\"mean\":0,\"scale\":0}]}",
		"{\"format\":\"binnacle.features/"
		"1\",\"task\":\"regression\",\"target\":{\"name\":\"y\","
		"\"kind\":\"number\"},\"impute\":\"mean\",\"inputs\":[{\"name\":\"a\",\"kind\":"
		"\"category\",\"categories\":[\"b\",\"a\"],\"fill_category\":0}]}",
		"{\"format\":\"binnacle.features/"
		"1\",\"task\":\"regression\",\"target\":{\"name\":\"y\","
		"\"kind\":\"number\"},\"impute\":\"mean\",\"inputs\":[{\"name\":\"a\",\"kind\":"
		"\"category\",\"categories\":[\"a\"],\"fill_category\":9}]}",
		"{\"format\":\"binnacle.features/"
		"1\",\"task\":\"classification\",\"target\":{\"name\":"
		"\"y\",\"kind\":\"number\",\"classes\":[\"a\",\"b\"]},\"impute\":\"mean\","
		"\"inputs\":[{"
		"\"name\":\"a\",\"kind\":\"number\",\"fill\":0,\"mean\":0,\"scale\":1}]}"};
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		bn_features *f = NULL;
		bn_err err = BN_ERR_INIT;
		json_t *doc = json_loads(docs[i], 0, NULL);
		ck_assert_int_lt(bn_features_from_json(&f, doc, &err), 0);
		ck_assert_ptr_null(f);
		ck_assert_ptr_nonnull(strstr(err.msg, "features.json"));
		json_decref(doc);
	}
}
END_TEST

BN_TEST_MAIN("core/learn/features", test_missing_cells_are_filled_and_categories_spread,
	test_rows_without_target_are_dropped_and_counted,
	test_rows_of_a_class_unseen_in_training_are_counted_apart,
	test_unknown_categories_are_all_zero, test_what_is_null_nan_or_infinite_is_absent,
	test_empty_and_crowded_columns_are_left_out_with_a_reason,
	test_a_constant_column_keeps_scale_one, test_rubbish_targets_are_refused,
	test_number_classes_are_sorted_by_value, test_json_reads_back_to_the_same_pipeline,
	test_reference_statistics_are_optional, test_hostile_json_is_refused)
