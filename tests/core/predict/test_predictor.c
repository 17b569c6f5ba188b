/* A predictor gives the answers of its model, and exact errors about a row. */
#include "core/base/env.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/predict/predictor.h"
#include "tests/support/check_main.h"
#include "tests/support/matrix.h"
#include "tests/support/tiny_model.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>

static bn_predictor *open_model(const char *trainer, const char *target)
{
	bn_predictor *p = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_predictor_open_dir(&p, bn_env_real(),
				tiny_model("power", trainer, target), NULL, NULL, NULL, &err),
		&err);
	return p;
}

static int ask(bn_session *s, const char *text, bn_err *err)
{
	json_t *row = json_loads(text, JSON_DECODE_ANY, NULL);
	ck_assert_ptr_nonnull(row);
	bn_err_clear(err);
	int rc = bn_session_begin(s, 1, err);
	if (!rc)
		rc = bn_session_set_object(s, 0, row, err);
	if (!rc)
		rc = bn_session_run(s, err);
	json_decref(row);
	return rc;
}

#define GOOD "\"x0\":0.5,\"x1\":-1,\"x2\":2,\"x3\":0.25"

START_TEST(test_predictor_names_model_and_version)
{
	bn_predictor *p = open_model("ridge", "y_number");
	ck_assert_str_eq(bn_predictor_name(p), "power");
	ck_assert_str_eq(bn_predictor_version(p), "1");
	ck_assert_uint_eq(strlen(bn_predictor_digest(p)), 64);
	bn_predictor_free(p);
	bn_predictor_free(NULL);
}
END_TEST

START_TEST(test_predictor_says_when_there_is_no_model)
{
	bn_predictor *p = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(
		bn_predictor_open_dir(&p, bn_env_real(), "/nonexistent", NULL, NULL, NULL, &err),
		BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "/nonexistent"));
	ck_assert_ptr_null(p);
}
END_TEST

START_TEST(test_session_answers_equal_the_model_on_the_whole_test_part)
{
	train_data *d = train_data_get();
	bn_predictor *p = open_model("logistic", "y_three");
	bn_session *s = NULL;
	bn_err err = BN_ERR_INIT;
	size_t n = d->test.batch.rows, k = bn_model_outputs(bn_predictor_model(p));
	double *want = bn_alloc(n * k * sizeof *want);
	bn_batch all = BN_BATCH_INIT;
	double *scratch = bn_alloc(bn_model_scratch(bn_predictor_model(p)) * sizeof *scratch);
	matrix_batch(&all, bn_predictor_features(p), &d->test);
	bn_model_answer(bn_predictor_model(p), &all, scratch, want);
	matrix_batch_release(&all);
	bn_free(scratch);
	ck_assert_bn_ok(bn_session_new(&s, p, NULL, &err), &err);
	ck_assert_bn_ok(bn_session_begin(s, n, &err), &err);
	for (size_t i = 0; i < bn_features_input_count(bn_model_features(bn_predictor_model(p)));
		i++) {
		const bn_feature_input *in =
			bn_features_input(bn_model_features(bn_predictor_model(p)), i);
		const bn_column *c = named_columns_find(&d->test, in->name);
		for (size_t r = 0; r < n; r++) {
			bn_text t = bn_column_text(c, r);
			ck_assert_int_eq(in->kind == BN_INPUT_CATEGORY
						 ? bn_session_set_text(s, r, i, t.ptr, t.len, &err)
						 : bn_session_set_number(s, r, i,
							   bn_column_number(c, r), &err),
				0);
		}
	}
	ck_assert_bn_ok(bn_session_run(s, &err), &err);
	for (size_t r = 0; r < n; r++) {
		size_t best = 0;
		for (size_t j = 0; j < k; j++) {
			ck_assert_double_eq(bn_session_outputs(s, r)[j], want[r * k + j]);
			best = want[r * k + j] > want[r * k + best] ? j : best;
		}
		ck_assert_uint_eq((size_t)bn_session_prediction(s, r), best);
		ck_assert_ptr_nonnull(strchr("abc", bn_session_label(s, r)[0]));
	}
	bn_session_free(s);
	bn_predictor_free(p);
	bn_free(want);
}
END_TEST

/* Extended by one row at a time, like a reader that does not know the number of rows. */
START_TEST(test_a_session_that_is_extended_keeps_its_rows)
{
	bn_predictor *p = open_model("ridge", "y_number");
	bn_session *s = NULL;
	bn_err err = BN_ERR_INIT;
	bn_session_policy policy = {.allow_unknown = true};
	int number = bn_predictor_find_input(p, "x0", 2);
	int colour = bn_predictor_find_input(p, "colour", 6);
	ck_assert_bn_ok(bn_session_new(&s, p, &policy, &err), &err);
	for (int round = 0; round < 2; round++) {
		ck_assert_bn_ok(bn_session_begin(s, 0, &err), &err);
		for (size_t r = 0; r < 1000; r++) {
			ck_assert_bn_ok(bn_session_extend(s, r + 1, &err), &err);
			ck_assert_uint_eq(bn_session_rows(s), r + 1);
			ck_assert(isnan(bn_session_cell_number(s, r, (size_t)number)));
			ck_assert_ptr_null(bn_session_cell_text(s, r, (size_t)colour));
			bn_session_set_number(s, r, (size_t)number, (double)r, &err);
			if (r % 3 == 0)
				bn_session_set_text(s, r, (size_t)colour, "mauve", 5, &err);
		}
		for (size_t r = 0; r < 1000; r++) {
			ck_assert_double_eq(
				bn_session_cell_number(s, r, (size_t)number), (double)r);
			ck_assert_int_eq(
				bn_session_cell_is_unknown(s, r, (size_t)colour), r % 3 == 0);
		}
		ck_assert_uint_eq(bn_session_unknown(s), 334);
	}
	ck_assert_int_eq(bn_session_extend(s, BN_SESSION_MAX_ROWS + 1, &err), BN_EINVAL);
	bn_session_free(s);
	bn_predictor_free(p);
}
END_TEST

START_TEST(test_session_names_what_is_wrong_with_a_row)
{
	static const struct {
		const char *row, *says;
	} bad[] = {
		{"{" GOOD ",\"flag\":true}", "missing field 'colour'"},
		{"{" GOOD "}", "missing field 'colour' and 1 more"},
		{"{" GOOD ",\"colour\":\"red\",\"flag\":\"maybe\"}",
			"field 'flag': expected true or false, got string \"maybe\""},
		{"{" GOOD ",\"colour\":\"red\",\"flag\":2}",
			"field 'flag': expected true or false, got 2"},
		{"{\"x0\":\"tall\",\"x1\":1,\"x2\":1,\"x3\":1,\"colour\":\"red\",\"flag\":true}",
			"field 'x0': expected a number, got string \"tall\""},
		{"{\"x0\":[1],\"x1\":1,\"x2\":1,\"x3\":1,\"colour\":\"red\",\"flag\":true}",
			"field 'x0': expected a number, got an array"},
		{"{\"x0\":true,\"x1\":1,\"x2\":1,\"x3\":1,\"colour\":\"red\",\"flag\":true}",
			"field 'x0': expected a number, got true"},
		{"{" GOOD ",\"colour\":\"mauve\",\"flag\":true}",
			"field 'colour': unknown category 'mauve'"},
		{"{" GOOD ",\"colour\":\"red\",\"flag\":true,\"hue\":1}", "unknown field 'hue'"},
		{"[1]", "expected an object"},
	};
	bn_predictor *p = open_model("ridge", "y_number");
	bn_session *s = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_session_new(&s, p, NULL, &err), &err);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(ask(s, bad[i].row, &err) == BN_EINVAL, "%s", bad[i].row);
		ck_assert_msg(
			strstr(err.msg, bad[i].says) != NULL, "'%s' for %s", err.msg, bad[i].row);
	}
	bn_session_free(s);
	bn_predictor_free(p);
}
END_TEST

START_TEST(test_session_fills_null_as_training_did)
{
	bn_predictor *p = open_model("ridge", "y_number");
	bn_session *s = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_session_new(&s, p, NULL, &err), &err);
	ck_assert_bn_ok(ask(s, "{" GOOD ",\"colour\":null,\"flag\":null}", &err), &err);
	ck_assert(isfinite(bn_session_prediction(s, 0)));
	ck_assert_ptr_null(bn_session_cell_text(s, 0,
		(size_t)bn_predictor_find_input(
			bn_session_predictor(s), "colour", strlen("colour"))));
	ck_assert(isnan(bn_session_cell_number(s, 0,
		(size_t)bn_predictor_find_input(bn_session_predictor(s), "flag", strlen("flag")))));
	bn_session_free(s);
	bn_predictor_free(p);
}
END_TEST

START_TEST(test_session_can_be_told_to_take_what_it_does_not_know)
{
	bn_predictor *p = open_model("ridge", "y_number");
	bn_session_policy lenient = {true, true};
	bn_session *s = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_session_new(&s, p, &lenient, &err), &err);
	ck_assert_bn_ok(
		ask(s, "{" GOOD ",\"colour\":\"mauve\",\"flag\":false,\"more\":[]}", &err), &err);
	ck_assert_str_eq(bn_session_cell_text(s, 0,
				 (size_t)bn_predictor_find_input(
					 bn_session_predictor(s), "colour", strlen("colour"))),
		"mauve");
	ck_assert_bn_ok(ask(s, "{" GOOD ",\"colour\":\"red\",\"flag\":false}", &err), &err);
	ck_assert_str_eq(bn_session_cell_text(s, 0,
				 (size_t)bn_predictor_find_input(
					 bn_session_predictor(s), "colour", strlen("colour"))),
		"red");
	bn_session_free(s);
	bn_predictor_free(p);
}
END_TEST

START_TEST(test_session_refuses_too_many_rows)
{
	bn_predictor *p = open_model("ridge", "y_number");
	bn_session *s = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_session_new(&s, p, NULL, &err), &err);
	ck_assert_int_eq(bn_session_begin(s, BN_SESSION_MAX_ROWS + 1, &err), BN_EINVAL);
	ck_assert_uint_eq(bn_session_rows(s), 0);
	bn_session_free(s);
	bn_predictor_free(p);
}
END_TEST

BN_TEST_MAIN("core/predict/predictor", test_predictor_names_model_and_version,
	test_predictor_says_when_there_is_no_model,
	test_session_answers_equal_the_model_on_the_whole_test_part,
	test_a_session_that_is_extended_keeps_its_rows, test_session_names_what_is_wrong_with_a_row,
	test_session_fills_null_as_training_did,
	test_session_can_be_told_to_take_what_it_does_not_know, test_session_refuses_too_many_rows)
