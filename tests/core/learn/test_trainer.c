/*
 * Ridge and logistic regression compared with scikit-learn (tests/reference/train.json), equal bytes at any
 * thread count, and invalid input.
 */
#include "core/base/mem.h"
#include "core/learn/evaluate.h"
#include "core/learn/model.h"
#include "core/learn/trainer.h"
#include "tests/support/check_main.h"
#include "tests/support/matrix.h"
#include "tests/support/reference.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>

static const char *const inputs[] = {"x0", "x1", "x2", "x3", "colour", "flag"};

typedef struct fitted {
	bn_features *f;
	matrix train, test;
	bn_estimator *e;
	double *out; /* predictions for the test part */
	bn_err err;
} fitted;

static void fitted_release(fitted *s)
{
	bn_estimator_free(s->e);
	bn_features_free(s->f);
	matrix_release(&s->train);
	matrix_release(&s->test);
	bn_free(s->out);
}

static int fit(fitted *s, const char *trainer, const char *target, bn_impute impute, json_t *hyper,
	bool weighted, int threads)
{
	static double weights[TRAIN_DATA_TRAIN];
	train_data *d = train_data_get();
	const bn_trainer *t = NULL;
	bn_features_options opt = {
		.target = target, .inputs = inputs, .input_count = 6, .impute = impute};
	*s = (fitted){.e = NULL};
	for (size_t i = 0; i < TRAIN_DATA_TRAIN; i++)
		weights[i] = 1.0 + (double)(i % 3);
	int rc = bn_trainer_find(&t, trainer, &s->err) ||
		 named_columns_learn(&s->f, &d->train, &opt, &s->err) ||
		 matrix_build(&s->train, s->f, &d->train, &s->err) ||
		 matrix_build(&s->test, s->f, &d->test, &s->err);
	if (rc == 0) {
		bn_fit_request r = {.task = bn_features_task(s->f),
			.classes = bn_features_class_count(s->f),
			.hyper = hyper,
			.seed = 42,
			.threads = threads};
		s->train.view.weights = weighted ? weights : NULL;
		rc = matrix_fit(&s->e, t, &r, &s->train.view, &s->err);
	}
	json_decref(hyper);
	if (rc)
		return s->err.code;
	double *scratch = bn_alloc(bn_estimator_scratch(s->e) * sizeof *scratch);
	s->out = bn_alloc(s->test.view.rows * s->e->outputs * sizeof *s->out);
	bn_estimator_predict(s->e, s->test.view.x, s->test.view.rows, s->out, scratch);
	bn_free(scratch);
	return 0;
}

/* Every metric in the reference, within the tolerance. */
static void check_metrics(const fitted *s, const json_t *want, double tolerance)
{
	json_t *got = NULL;
	bn_err err = BN_ERR_INIT;
	const char *key;
	json_t *value;
	ck_assert_bn_ok(
		bn_evaluate(&got, s->f, s->test.view.rows, s->test.view.y, s->out, &err), &err);
	json_object_foreach((json_t *)want, key, value)
	{
		if (strcmp(key, "confusion") == 0) {
			ck_assert_msg(json_equal(json_object_get(got, key), value), "confusion");
			continue;
		}
		double a = json_number_value(json_object_get(got, key)),
		       b = json_number_value(value);
		ck_assert_msg(
			fabs(a - b) <= tolerance, "%s: %.12g, scikit-learn has %.12g", key, a, b);
	}
	json_decref(got);
}

START_TEST(test_ridge_agrees_with_scikit_learn)
{
	json_t *doc = reference_load("train"), *row;
	size_t i;
	double worst = 0;
	json_array_foreach(json_object_get(doc, "ridge"), i, row)
	{
		fitted s;
		const char *impute = json_string_value(json_object_get(row, "impute"));
		bn_impute how = strcmp(impute, "mean") == 0     ? BN_IMPUTE_MEAN
				: strcmp(impute, "median") == 0 ? BN_IMPUTE_MEDIAN
								: BN_IMPUTE_MOST_FREQUENT;
		json_t *hyper = json_pack("{s:O}", "alpha", json_object_get(row, "alpha"));
		ck_assert_bn_ok(fit(&s, "ridge", "y_number", how, hyper,
					json_is_true(json_object_get(row, "weighted")), 1),
			&s.err);
		const bn_feature_input *x3 = bn_features_find(s.f, "x3");
		const double facts[] = {x3->fill, x3->mean, x3->scale};
		ck_assert_double_eq_tol(
			facts[0], json_number_value(json_object_get(row, "fill_x3")), 1e-12);
		ck_assert_double_eq_tol(
			facts[1], json_number_value(json_object_get(row, "mean_x3")), 1e-12);
		ck_assert_double_eq_tol(
			facts[2], json_number_value(json_object_get(row, "scale_x3")), 1e-12);
		const double *coef = bn_tensors_find(s.e->tensors, "coef")->data;
		const double *b = bn_tensors_find(s.e->tensors, "intercept")->data;
		worst = fmax(worst, reference_distance(json_object_get(row, "coef"), coef));
		worst = fmax(worst, reference_distance(json_object_get(row, "intercept"), b));
		worst = fmax(worst, reference_distance(json_object_get(row, "predictions"), s.out));
		check_metrics(&s, json_object_get(row, "metrics"), 1e-8);
		fitted_release(&s);
	}
	printf("NOTE: ridge: largest difference to %s is %.1e\n",
		json_string_value(json_object_get(doc, "made_with")), worst);
	ck_assert_double_lt(worst, 1e-8);
	json_decref(doc);
}
END_TEST

START_TEST(test_logistic_agrees_with_scikit_learn)
{
	json_t *doc = reference_load("train"), *row;
	size_t i;
	double worst = 0;
	json_array_foreach(json_object_get(doc, "logistic"), i, row)
	{
		fitted s;
		json_t *hyper =
			json_pack("{s:O, s:f}", "C", json_object_get(row, "C"), "tolerance", 1e-10);
		ck_assert_bn_ok(
			fit(&s, "logistic", json_string_value(json_object_get(row, "target")),
				BN_IMPUTE_MEAN, hyper,
				json_is_true(json_object_get(row, "weighted")), 1),
			&s.err);
		ck_assert(s.e->converged);
		const double *coef = bn_tensors_find(s.e->tensors, "coef")->data;
		const double *b = bn_tensors_find(s.e->tensors, "intercept")->data;
		worst = fmax(worst, reference_distance(json_object_get(row, "coef"), coef));
		worst = fmax(worst, reference_distance(json_object_get(row, "intercept"), b));
		worst = fmax(
			worst, reference_distance(json_object_get(row, "probabilities"), s.out));
		check_metrics(&s, json_object_get(row, "metrics"), 1e-6);
		fitted_release(&s);
	}
	printf("NOTE: logistic: largest difference to %s is %.1e\n",
		json_string_value(json_object_get(doc, "made_with")), worst);
	ck_assert_double_lt(worst, 1e-5);
	json_decref(doc);
}
END_TEST

/* As DummyRegressor and DummyClassifier: every row has the same answer. */
START_TEST(test_baseline_agrees_with_scikit_learn)
{
	json_t *doc = reference_load("train"), *row;
	size_t i;
	double worst = 0;
	json_array_foreach(json_object_get(doc, "baseline"), i, row)
	{
		fitted s;
		json_t *hyper = json_pack("{s:O}", "robust", json_object_get(row, "robust"));
		ck_assert_bn_ok(
			fit(&s, "baseline", json_string_value(json_object_get(row, "target")),
				BN_IMPUTE_MEAN, hyper, false, 1),
			&s.err);
		const json_t *value = json_object_get(row, "value");
		worst = fmax(worst,
			reference_distance(value, bn_tensors_find(s.e->tensors, "value")->data));
		for (size_t r = 0; r < s.test.view.rows; r++)
			worst = fmax(
				worst, reference_distance(value, s.out + r * s.e->outputs));
		check_metrics(&s, json_object_get(row, "metrics"), 1e-9);
		fitted_release(&s);
	}
	ck_assert_uint_eq(i, 6);
	printf("NOTE: baseline: largest difference to %s is %.1e\n",
		json_string_value(json_object_get(doc, "made_with")), worst);
	ck_assert_double_lt(worst, 1e-12);
	json_decref(doc);
}
END_TEST

static double metric(const fitted *s, const char *name)
{
	json_t *got = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(
		bn_evaluate(&got, s->f, s->test.view.rows, s->test.view.y, s->out, &err), &err);
	double v = json_number_value(json_object_get(got, name));
	json_decref(got);
	return v;
}

START_TEST(test_mlp_learns_all_three_tasks)
{
	fitted s;
	ck_assert_bn_ok(
		fit(&s, "mlp", "y_number", BN_IMPUTE_MEAN,
			json_pack("{s:i, s:f}", "batch_size", 32, "learning_rate", 0.01), false, 0),
		&s.err);
	ck_assert_double_gt(metric(&s, "r2"), 0.95);
	fitted_release(&s);
	ck_assert_bn_ok(
		fit(&s, "mlp", "y_binary", BN_IMPUTE_MEAN,
			json_pack("{s:i, s:f}", "batch_size", 32, "learning_rate", 0.01), true, 0),
		&s.err);
	ck_assert_double_gt(metric(&s, "roc_auc"), 0.8);
	fitted_release(&s);
	ck_assert_bn_ok(fit(&s, "mlp", "y_three", BN_IMPUTE_MEAN,
				json_pack("{s:i, s:[i], s:b}", "batch_size", 64, "hidden", 16,
					"early_stopping", 0),
				false, 0),
		&s.err);
	ck_assert_int_eq(s.e->iterations, 100);
	ck_assert_double_gt(metric(&s, "accuracy"), 0.55);
	fitted_release(&s);
}
END_TEST

/* The complete safetensors file of a fit. */
static void fit_bytes(
	bn_buf *out, const char *trainer, const char *target, json_t *hyper, int threads)
{
	fitted s;
	ck_assert_bn_ok(fit(&s, trainer, target, BN_IMPUTE_MEAN, hyper, false, threads), &s.err);
	ck_assert_bn_ok(bn_safetensors_write(out, s.e->tensors, &s.err), &s.err);
	bn_buf_add(out, s.out, s.test.view.rows * s.e->outputs * sizeof(double));
	fitted_release(&s);
}

START_TEST(test_models_and_predictions_are_equal_at_1_2_and_7_threads)
{
	static const struct {
		const char *trainer, *target;
	} cases[] = {{"baseline", "y_number"}, {"baseline", "y_three"}, {"ridge", "y_number"},
		{"logistic", "y_binary"}, {"logistic", "y_three"},
		{"mlp", "y_number"}, {"mlp", "y_three"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_buf one = BN_BUF_INIT, other = BN_BUF_INIT;
		fit_bytes(&one, cases[i].trainer, cases[i].target, NULL, 1);
		for (int threads = 2; threads <= 7; threads += 5) {
			bn_buf_clear(&other);
			fit_bytes(&other, cases[i].trainer, cases[i].target, NULL, threads);
			ck_assert_uint_eq(one.len, other.len);
			ck_assert_mem_eq(one.ptr, other.ptr, one.len);
		}
		bn_buf_release(&one);
		bn_buf_release(&other);
	}
}
END_TEST

/* Enough rows and columns that every operation has several shards. */
START_TEST(test_large_fits_are_equal_at_1_2_and_7_threads)
{
	enum { ROWS = 50000, COLS = 12 };
	static const char *const trainers[] = {"ridge", "logistic", "mlp"};
	double *x = bn_alloc(ROWS * COLS * sizeof *x), *y = bn_alloc(ROWS * sizeof *y);
	uint64_t state = 5;
	for (size_t i = 0; i < ROWS; i++) {
		double sum = 0;
		for (size_t j = 0; j < COLS; j++) {
			x[i * COLS + j] = train_data_uniform(&state) * 2 - 1;
			sum += (double)(j % 3) * x[i * COLS + j];
		}
		y[i] = sum + train_data_uniform(&state) > 0.5;
	}
	for (size_t t = 0; t < 3; t++) {
		bn_buf bytes[3] = {BN_BUF_INIT, BN_BUF_INIT, BN_BUF_INIT};
		static const int threads[] = {1, 2, 7};
		for (size_t k = 0; k < 3; k++) {
			bn_err err = BN_ERR_INIT;
			const bn_trainer *trainer = NULL;
			bn_estimator *e = NULL;
			json_t *hyper =
				t == 2 ? json_pack("{s:i, s:i}", "epochs", 2, "batch_size", 16384)
				       : NULL;
			bn_fit_request r = {
				.task = t == 0 ? BN_TASK_REGRESSION : BN_TASK_CLASSIFICATION,
				.classes = 2,
				.hyper = hyper,
				.seed = 3,
				.threads = threads[k]};
			ck_assert_bn_ok(bn_trainer_find(&trainer, trainers[t], &err), &err);
			ck_assert_bn_ok(matrix_fit(&e, trainer, &r,
						&(bn_design){ROWS, COLS, x, y, NULL, 0}, &err),
				&err);
			ck_assert_bn_ok(bn_safetensors_write(&bytes[k], e->tensors, &err), &err);
			bn_estimator_free(e);
			json_decref(hyper);
			ck_assert_mem_eq(bytes[0].ptr, bytes[k].ptr, bytes[0].len);
		}
		for (size_t k = 0; k < 3; k++)
			bn_buf_release(&bytes[k]);
	}
	bn_free(x);
	bn_free(y);
}
END_TEST

/* ---- invalid input
 * ------------------------------------------------------------------------------- */

static int fit_raw(bn_estimator **out, const char *trainer, size_t rows, size_t cols,
	const double *x, const double *y, json_t *hyper, bn_err *err)
{
	const bn_trainer *t = NULL;
	bn_fit_request r = {.hyper = hyper, .seed = 1};
	bn_design d = {rows, cols, x, y, NULL, 0};
	ck_assert_bn_ok(bn_trainer_find(&t, trainer, err), err);
	bool regression = t->tasks & 1u << BN_TASK_REGRESSION;
	r.task = regression ? BN_TASK_REGRESSION : BN_TASK_CLASSIFICATION;
	r.classes = 2;
	int rc = matrix_fit(out, t, &r, &d, err);
	json_decref(hyper);
	return rc;
}

static double predict_one(const bn_estimator *e, const double *x)
{
	double out[2], *scratch = bn_alloc(bn_estimator_scratch(e) * sizeof *scratch);
	bn_estimator_predict(e, x, 1, out, scratch);
	bn_free(scratch);
	return out[0];
}

START_TEST(test_constant_target_gives_a_model_that_says_so)
{
	const double x[] = {1, 2, 3, 4, 5, 7}, y[] = {5, 5, 5};
	static const char *const trainers[] = {"ridge", "mlp"};
	for (size_t i = 0; i < 2; i++) {
		bn_estimator *e = NULL;
		bn_err err = BN_ERR_INIT;
		ck_assert_bn_ok(fit_raw(&e, trainers[i], 3, 2, x, y, NULL, &err), &err);
		ck_assert_double_eq_tol(predict_one(e, x), 5, i ? 2.5 : 1e-9);
		bn_estimator_free(e);
	}
}
END_TEST

START_TEST(test_one_class_is_refused)
{
	const double x[] = {1, 2, 3}, y[] = {1, 1, 1};
	bn_estimator *e = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(fit_raw(&e, "logistic", 3, 1, x, y, NULL, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "one class"));
}
END_TEST

START_TEST(test_not_a_number_is_refused_with_its_place)
{
	const double x[] = {1, 2, NAN, 4}, y[] = {1, NAN}, fine[] = {1, 2, 3, 4};
	bn_estimator *e = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(fit_raw(&e, "ridge", 2, 2, x, fine, NULL, &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "training features: element 2 is not a finite number");
	bn_err_clear(&err);
	ck_assert_int_eq(fit_raw(&e, "ridge", 2, 2, fine, y, NULL, &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "training target: element 1 is not a finite number");
}
END_TEST

START_TEST(test_one_row_is_a_constant_for_regression_and_refused_for_classes)
{
	const double x[] = {1, 2}, y[] = {7};
	bn_estimator *e = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(fit_raw(&e, "ridge", 1, 2, x, y, NULL, &err), &err);
	ck_assert_double_eq_tol(predict_one(e, x), 7, 1e-12);
	bn_estimator_free(e);
	ck_assert_int_eq(fit_raw(&e, "logistic", 1, 2, x, x, NULL, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(fit_raw(&e, "ridge", 0, 2, x, y, NULL, &err), BN_EINVAL);
}
END_TEST

START_TEST(test_more_features_than_rows_needs_a_penalty)
{
	double x[3 * 10], y[] = {1, 2, 4};
	uint64_t state = 9;
	bn_estimator *e = NULL;
	bn_err err = BN_ERR_INIT;
	for (size_t i = 0; i < 30; i++)
		x[i] = train_data_uniform(&state);
	ck_assert_bn_ok(fit_raw(&e, "ridge", 3, 10, x, y, NULL, &err), &err);
	ck_assert_double_gt(predict_one(e, x), 0);
	bn_estimator_free(e);
	ck_assert_int_eq(fit_raw(&e, "ridge", 3, 10, x, y, json_pack("{s:f}", "alpha", 0.0), &err),
		BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, "alpha"));
}
END_TEST

START_TEST(test_separable_classes_converge)
{
	const double x[] = {-3, -2, -1, 1, 2, 3}, y[] = {0, 0, 0, 1, 1, 1};
	bn_estimator *e = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(
		fit_raw(&e, "logistic", 6, 1, x, y, json_pack("{s:f}", "C", 1e6), &err), &err);
	ck_assert(e->converged);
	ck_assert_double_lt(predict_one(e, x + 5), 1e-3);
	bn_estimator_free(e);
}
END_TEST

START_TEST(test_hyper_parameters_are_checked_and_names_suggested)
{
	bn_estimator *e = NULL;
	bn_err err = BN_ERR_INIT;
	const double x[] = {1, 2}, y[] = {1, 2};
	ck_assert_int_eq(fit_raw(&e, "ridge", 2, 1, x, y, json_pack("{s:f}", "alhpa", 1.0), &err),
		BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, "'alpha'"));
	bn_err_clear(&err);
	ck_assert_int_eq(fit_raw(&e, "ridge", 2, 1, x, y, json_pack("{s:f}", "alpha", -1.0), &err),
		BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "from 0 to"));
	bn_err_clear(&err);
	const bn_trainer *t = NULL;
	ck_assert_int_eq(bn_trainer_find(&t, "rigde", &err), BN_ENOTFOUND);
	ck_assert_str_eq(err.hint, "did you mean 'ridge'?");
}
END_TEST

static bool yes(void *user)
{
	(*(int *)user)++;
	return true;
}

START_TEST(test_cancelling_ends_every_fit)
{
	const double x[] = {-3, -2, -1, 1, 2, 3}, y[] = {0, 0, 1, 0, 1, 1};
	for (size_t i = 0; i < bn_trainer_count(); i++) {
		int asked = 0;
		bn_err err = BN_ERR_INIT;
		bn_estimator *e = NULL;
		const bn_trainer *t = bn_trainer_get(i);
		bn_fit_request r = {.task = t->tasks & 1u << BN_TASK_REGRESSION
						    ? BN_TASK_REGRESSION
						    : BN_TASK_CLASSIFICATION,
			.classes = 2,
			.hooks = {.user = &asked, .is_cancelled = yes}};
		ck_assert_int_eq(
			matrix_fit(&e, t, &r, &(bn_design){6, 1, x, y, NULL, 0}, &err), BN_EINTR);
		ck_assert_int_gt(asked, 0);
	}
}
END_TEST

BN_TEST_MAIN("core/learn/trainer", test_ridge_agrees_with_scikit_learn,
	test_logistic_agrees_with_scikit_learn,
	test_baseline_agrees_with_scikit_learn, test_mlp_learns_all_three_tasks,
	test_models_and_predictions_are_equal_at_1_2_and_7_threads,
	test_large_fits_are_equal_at_1_2_and_7_threads,
	test_constant_target_gives_a_model_that_says_so, test_one_class_is_refused,
	test_not_a_number_is_refused_with_its_place,
	test_one_row_is_a_constant_for_regression_and_refused_for_classes,
	test_more_features_than_rows_needs_a_penalty, test_separable_classes_converge,
	test_hyper_parameters_are_checked_and_names_suggested, test_cancelling_ends_every_fit)
