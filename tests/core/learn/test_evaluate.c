/* Metrics compared with scikit-learn's, and cases in which they are undefined. */
#include "core/base/mem.h"
#include "core/learn/evaluate.h"
#include "tests/support/check_main.h"
#include "tests/support/reference.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>

/* Scores with ties, as in tests/reference/train.py. */
static void make_case(const json_t *row, double **y, double **p)
{
	size_t n = (size_t)json_integer_value(json_object_get(row, "rows"));
	size_t classes = (size_t)json_integer_value(json_object_get(row, "classes"));
	double ties = json_number_value(json_object_get(row, "ties"));
	uint64_t state = (uint64_t)json_integer_value(json_object_get(row, "seed"));
	*y = bn_alloc(n * sizeof **y);
	*p = bn_alloc(n * classes * sizeof **p);
	for (size_t i = 0; i < n; i++) {
		double total = 0, *to = *p + i * classes;
		(*y)[i] = floor(train_data_uniform(&state) * (double)classes);
		for (size_t k = 0; k < classes; k++) {
			to[k] = floor(train_data_uniform(&state) * ties) + 1.0;
			total += to[k];
		}
		for (size_t k = 0; k < classes; k++)
			to[k] /= total;
	}
}

static double value_of(const bn_classification_metrics *m, const char *name)
{
	const struct {
		const char *name;
		double value;
	} all[] = {{"accuracy", m->accuracy}, {"precision", m->precision}, {"recall", m->recall},
		{"f1", m->f1}, {"precision_macro", m->precision_macro},
		{"recall_macro", m->recall_macro}, {"f1_macro", m->f1_macro},
		{"roc_auc", m->roc_auc}, {"log_loss", m->log_loss}};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].value;
	ck_abort_msg("no metric '%s'", name);
	return NAN;
}

START_TEST(test_classification_agrees_with_scikit_learn_where_scores_tie)
{
	json_t *doc = reference_load("train"), *row, *value;
	size_t i;
	const char *key;
	json_array_foreach(json_object_get(doc, "metrics"), i, row)
	{
		double *y, *p;
		bn_classification_metrics m;
		bn_err err = BN_ERR_INIT;
		make_case(row, &y, &p);
		ck_assert_bn_ok(bn_evaluate_classification(&m,
					(size_t)json_integer_value(json_object_get(row, "rows")),
					(size_t)json_integer_value(json_object_get(row, "classes")),
					y, p, &err),
			&err);
		json_object_foreach(json_object_get(row, "metrics"), key, value)
		{
			if (strcmp(key, "confusion") == 0) {
				for (size_t k = 0; k < m.classes * m.classes; k++)
					ck_assert_uint_eq(m.confusion[k],
						(uint64_t)json_integer_value(json_array_get(
							json_array_get(value, k / m.classes),
							k % m.classes)));
				continue;
			}
			double a = value_of(&m, key), b = json_number_value(value);
			ck_assert_msg(fabs(a - b) < 1e-12, "case %zu %s: %.15g, scikit-learn %.15g",
				i, key, a, b);
		}
		bn_classification_metrics_release(&m);
		bn_free(y);
		bn_free(p);
	}
	json_decref(doc);
}
END_TEST

START_TEST(test_regression_metrics_by_hand)
{
	const double y[] = {3, -0.5, 2, 7}, p[] = {2.5, 0.0, 2, 8};
	bn_regression_metrics m;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_evaluate_regression(&m, 4, y, p, &err), &err);
	/* The examples in scikit-learn's documentation. */
	ck_assert_double_eq_tol(m.rmse, sqrt(0.375), 1e-15);
	ck_assert_double_eq_tol(m.mae, 0.5, 1e-15);
	ck_assert_double_eq_tol(m.r2, 0.9486081370449679, 1e-15);
	ck_assert_double_eq_tol(m.median_ae, 0.5, 1e-15);
	ck_assert_double_eq_tol(m.mape, 0.3273809523809524, 1e-15);
	ck_assert_double_eq_tol(m.max_error, 1, 1e-15);
}
END_TEST

START_TEST(test_what_is_not_defined_is_absent)
{
	const double flat[] = {2, 2, 2}, p[] = {1, 2, 3}, zero[] = {0, 0, 0};
	bn_regression_metrics m;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_evaluate_regression(&m, 3, flat, p, &err), &err);
	ck_assert(isnan(m.r2) && !isnan(m.rmse));
	ck_assert_bn_ok(bn_evaluate_regression(&m, 3, zero, p, &err), &err);
	ck_assert(isnan(m.mape));
	ck_assert_bn_ok(bn_evaluate_regression(&m, 0, zero, p, &err), &err);
	ck_assert(isnan(m.rmse) && isnan(m.mae));
	ck_assert_bn_ok(bn_evaluate_regression(&m, 1, flat, p, &err), &err);
	ck_assert(isnan(m.r2));
	bn_classification_metrics c;
	const double q[] = {0.9, 0.1, 0.8, 0.2};
	ck_assert_bn_ok(bn_evaluate_classification(&c, 2, 2, zero, q, &err), &err);
	ck_assert(isnan(c.roc_auc) && isnan(c.recall) && isnan(c.precision));
	ck_assert_double_eq(c.accuracy, 1);
	bn_classification_metrics_release(&c);
	ck_assert_bn_ok(bn_evaluate_classification(&c, 0, 2, zero, q, &err), &err);
	ck_assert(isnan(c.accuracy) && isnan(c.log_loss));
	bn_classification_metrics_release(&c);
}
END_TEST

START_TEST(test_predictions_that_are_no_numbers_are_refused)
{
	const double y[] = {1, 2}, p[] = {1, NAN};
	bn_regression_metrics m;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_evaluate_regression(&m, 2, y, p, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "row 1"));
}
END_TEST

BN_TEST_MAIN("core/learn/evaluate", test_classification_agrees_with_scikit_learn_where_scores_tie,
	test_regression_metrics_by_hand, test_what_is_not_defined_is_absent,
	test_predictions_that_are_no_numbers_are_refused)
