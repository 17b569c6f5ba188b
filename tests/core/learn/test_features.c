/* The feature pipeline: what it learns, what it does with cells it has not seen, and rubbish. */
#include "core/base/json.h"
#include "core/learn/features.h"
#include "tests/support/check_main.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>

static const char *const colours[] = {"red", "blue"};

/* Four rows: a number with a hole, a boolean, a category with a hole; target y. */
static const double a_values[] = {1, NAN, 3, 5}, y_values[] = {1, 2, NAN, 4};
static const int32_t b_values[] = {0, 1, 1, -1}, c_values[] = {0, 1, 1, -1};

static void small_frame(bn_column_view c[4], bn_frame_view *frame)
{
	c[0] = (bn_column_view){
		.name = "a", .kind = BN_VIEW_NUMBER, .rows = 4, .numbers = a_values};
	c[1] = (bn_column_view){.name = "b", .kind = BN_VIEW_BOOL, .rows = 4, .codes = b_values};
	c[2] = (bn_column_view){.name = "c",
		.kind = BN_VIEW_CATEGORY,
		.rows = 4,
		.codes = c_values,
		.dictionary = colours,
		.dictionary_size = 2};
	c[3] = (bn_column_view){
		.name = "y", .kind = BN_VIEW_NUMBER, .rows = 4, .numbers = y_values};
	*frame = (bn_frame_view){c, 4, 4};
}

static bn_features *fit_small(bool raw)
{
	bn_column_view c[4];
	bn_frame_view frame;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	bn_features_options opt = {.target = "y", .no_standardise = raw};
	small_frame(c, &frame);
	ck_assert_bn_ok(bn_features_fit(&f, &frame, &opt, &err), &err);
	return f;
}

START_TEST(test_missing_cells_are_filled_and_categories_spread)
{
	bn_column_view c[4];
	bn_frame_view frame;
	bn_features *f = fit_small(true);
	double x[4 * 4];
	small_frame(c, &frame);
	ck_assert_uint_eq(bn_features_width(f), 4);
	matrix_design(x, f, &frame);
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
	bn_column_view c[4];
	bn_frame_view frame;
	bn_err err = BN_ERR_INIT;
	matrix m = {.x = NULL};
	bn_features *f = fit_small(true);
	small_frame(c, &frame);
	ck_assert_bn_ok(matrix_build(&m, f, &frame, &err), &err);
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
	static const int32_t then[] = {0, 1, 1, 0}, now[] = {2, 1, -1, 1};
	bn_column_view c[4];
	bn_frame_view frame;
	bn_err err = BN_ERR_INIT;
	matrix m = {.x = NULL};
	bn_features *f = NULL;
	bn_features_options opt = {.target = "y"};
	small_frame(c, &frame);
	c[3] = (bn_column_view){.name = "y",
		.kind = BN_VIEW_CATEGORY,
		.rows = 4,
		.codes = then,
		.dictionary = seen,
		.dictionary_size = 2};
	ck_assert_bn_ok(bn_features_fit(&f, &frame, &opt, &err), &err);
	c[3].codes = now;
	c[3].dictionary = later;
	c[3].dictionary_size = 3;
	ck_assert_bn_ok(matrix_build(&m, f, &frame, &err), &err);
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
	bn_column_view c[4];
	bn_frame_view frame;
	bn_features *f = fit_small(false);
	double x[4 * 4];
	small_frame(c, &frame);
	c[2].dictionary = other;
	c[2].codes = codes;
	matrix_design(x, f, &frame);
	ck_assert_double_eq(x[2], 0);
	ck_assert_double_eq(x[3], 0);
	ck_assert_double_eq(x[4 + 3], 1);
	bn_features_free(f);
}
END_TEST

START_TEST(test_validity_bitmaps_mark_missing_cells)
{
	const uint8_t valid = 0x05; /* rows 0 and 2 */
	bn_column_view c = {.name = "a",
		.kind = BN_VIEW_NUMBER,
		.rows = 4,
		.numbers = y_values,
		.validity = &valid};
	ck_assert(!bn_column_is_missing(&c, 0));
	ck_assert(bn_column_is_missing(&c, 1));
	ck_assert(bn_column_is_missing(&c, 2)); /* NaN */
	ck_assert(bn_column_is_missing(&c, 3));
}
END_TEST

START_TEST(test_empty_and_crowded_columns_are_left_out_with_a_reason)
{
	const double nothing[] = {NAN, INFINITY, NAN, -INFINITY};
	bn_column_view c[5];
	bn_frame_view frame;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	bn_features_options opt = {.target = "y", .max_categories = 1};
	small_frame(c, &frame);
	c[4] = (bn_column_view){
		.name = "gone", .kind = BN_VIEW_NUMBER, .rows = 4, .numbers = nothing};
	frame.column_count = 5;
	ck_assert_bn_ok(bn_features_fit(&f, &frame, &opt, &err), &err);
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
	bn_column_view c[4];
	bn_frame_view frame;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	bn_features_options opt = {.target = "y"};
	small_frame(c, &frame);
	c[0].numbers = same;
	ck_assert_bn_ok(bn_features_fit(&f, &frame, &opt, &err), &err);
	ck_assert_double_eq(bn_features_find(f, "a")->scale, 1);
	ck_assert_double_eq_tol(bn_features_find(f, "a")->mean, 0.1, 1e-16);
	bn_features_free(f);
}
END_TEST

static void refuses(const bn_frame_view *frame, const bn_features_options *opt, const char *text)
{
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_features_fit(&f, frame, opt, &err), BN_EINVAL);
	ck_assert_msg(strstr(err.msg, text) != NULL, "'%s' lacks '%s'", err.msg, text);
}

START_TEST(test_rubbish_targets_are_refused)
{
	const double nothing[] = {NAN, NAN, NAN, NAN}, same[] = {3, 3, 3, 3};
	bn_column_view c[4];
	bn_frame_view frame;
	small_frame(c, &frame);
	refuses(&frame, &(bn_features_options){.target = "z"}, "no target column 'z'");
	refuses(&frame, &(bn_features_options){.target = "c", .task = BN_TASK_REGRESSION},
		"target 'c' is text");
	c[3].numbers = nothing;
	refuses(&frame, &(bn_features_options){.target = "y"}, "no value in the 4 training rows");
	c[3].numbers = same;
	refuses(&frame, &(bn_features_options){.target = "y", .task = BN_TASK_CLASSIFICATION},
		"one class only ('3')");
	static const char *const missing[] = {"q"};
	refuses(&frame, &(bn_features_options){.target = "y", .inputs = missing, .input_count = 1},
		"no input column 'q'");
	bn_frame_view lone = {c + 3, 1, 4};
	refuses(&lone, &(bn_features_options){.target = "y"}, "no usable input column");
	bn_frame_view empty = {c, 4, 0};
	refuses(&empty, &(bn_features_options){.target = "y"}, "0 rows");
}
END_TEST

START_TEST(test_number_classes_are_sorted_by_value)
{
	const double y[] = {10, 2, 10, -1};
	bn_column_view c[4];
	bn_frame_view frame;
	bn_features *f = NULL;
	bn_err err = BN_ERR_INIT;
	double k[4];
	small_frame(c, &frame);
	c[3].numbers = y;
	ck_assert_bn_ok(
		bn_features_fit(&f, &frame,
			&(bn_features_options){.target = "y", .task = BN_TASK_CLASSIFICATION},
			&err),
		&err);
	ck_assert_uint_eq(bn_features_class_count(f), 3);
	ck_assert_str_eq(bn_features_class(f, 0), "-1");
	ck_assert_str_eq(bn_features_class(f, 2), "10");
	ck_assert_bn_ok(bn_features_transform_target(f, &frame, k, &err), &err);
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
	ck_assert_bn_ok(bn_features_fit(&f, &d->train, &opt, &err), &err);
	ck_assert_bn_ok(bn_features_to_json(&one, f, &err), &err);
	ck_assert_bn_ok(bn_features_from_json(&back, one, &err), &err);
	ck_assert_bn_ok(bn_features_to_json(&two, back, &err), &err);
	ck_assert_bn_ok(bn_json_pretty(one, &a, &err), &err);
	ck_assert_bn_ok(bn_json_pretty(two, &b, &err), &err);
	ck_assert_str_eq(a.ptr, b.ptr);
	size_t n = bn_features_width(f) * d->test.rows;
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

/* What an older or a foreign writer may leave out. */
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
	test_unknown_categories_are_all_zero, test_validity_bitmaps_mark_missing_cells,
	test_empty_and_crowded_columns_are_left_out_with_a_reason,
	test_a_constant_column_keeps_scale_one, test_rubbish_targets_are_refused,
	test_number_classes_are_sorted_by_value, test_json_reads_back_to_the_same_pipeline,
	test_reference_statistics_are_optional, test_hostile_json_is_refused)
