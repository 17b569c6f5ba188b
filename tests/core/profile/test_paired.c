/* Paired tests, intervals, corrections and dependence, compared with SciPy, statsmodels and scikit-learn
 * (tests/reference/paired.json). */
#include "core/profile/paired.h"

#include "core/base/mem.h"
#include "core/profile/association.h"
#include "tests/support/check_main.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define ORACLE "tests/reference/paired.json"

static bn_err err = BN_ERR_INIT;

static json_t *oracle(const char *part)
{
	json_error_t e;
	json_t *doc = json_load_file(ORACLE, 0, &e);
	ck_assert_msg(doc != NULL, "%s: %s", ORACLE, e.text);
	json_t *list = json_object_get(doc, part);
	ck_assert_uint_gt(json_array_size(list), 0);
	return list; /* the test's process ends soon */
}

static double number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static double *numbers(const json_t *o, const char *key, size_t *n)
{
	const json_t *list = json_object_get(o, key);
	*n = json_array_size(list);
	double *x = bn_alloc((*n + 1) * sizeof *x);
	for (size_t i = 0; i < *n; i++)
		x[i] = json_number_value(json_array_get(list, i));
	return x;
}

static void near(const char *what, double ours, double theirs, double relative)
{
	ck_assert_msg(isnan(ours) == isnan(theirs), "%s: %.17g, not %.17g", what, ours, theirs);
	if (!isnan(ours))
		ck_assert_msg(fabs(ours - theirs) <= relative * fabs(theirs) + 1e-15,
			"%s: %.17g, not %.17g", what, ours, theirs);
}

START_TEST(test_paired_student_agrees_with_scipy)
{
	size_t i;
	json_t *c;
	json_array_foreach(oracle("student"), i, c)
	{
		char what[80];
		snprintf(what, sizeof what, "t %g, df %g", number(c, "t"), number(c, "df"));
		near(what, bn_student_two_sided(number(c, "t"), number(c, "df")), number(c, "p"), 1e-9);
	}
	ck_assert(isnan(bn_student_two_sided((double)NAN, 3)) && isnan(bn_student_two_sided(1, 0)));
	ck_assert_double_eq(bn_student_two_sided((double)-INFINITY, 3), 0);
}
END_TEST

START_TEST(test_paired_tests_agree_with_scipy)
{
	size_t i, ranked = 0;
	json_t *c;
	json_array_foreach(oracle("paired"), i, c)
	{
		const char *name = json_string_value(json_object_get(c, "name"));
		size_t n;
		double *d = numbers(c, "d", &n), t, p, w, wp;
		bool equal = strcmp(name, "five equal") == 0; /* SciPy's t is infinite there */
		bn_paired_t(&t, &p, d, n);
		if (!equal)
			near(name, t, number(c, "t"), 1e-9);
		near(name, p, equal ? 0 : number(c, "t_p"), 1e-9);
		ck_assert_bn_ok(bn_signed_rank(&w, &wp, d, n, &err), &err);
		if (!isnan(number(c, "w"))) {
			near(name, w, number(c, "w"), 1e-12);
			near(name, wp, number(c, "w_p"), 1e-9);
			ranked++;
		}
		bn_free(d);
	}
	ck_assert_uint_ge(ranked, 11);
}
END_TEST

/* The draws are others than SciPy's: the bounds agree to a share of the standard error. */
START_TEST(test_paired_interval_is_that_of_scipy)
{
	size_t i, compared = 0;
	json_t *c;
	json_array_foreach(oracle("paired"), i, c)
	{
		size_t n;
		double *d = numbers(c, "d", &n), low, high, again[2], error = number(c, "error");
		ck_assert_bn_ok(bn_bootstrap_mean(&low, &high, d, n, 0.95, 20000, 7, &err), &err);
		ck_assert_bn_ok(
			bn_bootstrap_mean(&again[0], &again[1], d, n, 0.95, 20000, 7, &err), &err);
		ck_assert_double_eq(low, again[0]);
		ck_assert_double_eq(high, again[1]);
		if (!isnan(error)) {
			compared++;
			ck_assert_msg(fabs(low - number(c, "low")) < 0.1 * error &&
					      fabs(high - number(c, "high")) < 0.1 * error,
				"%s: %g to %g, not %g to %g",
				json_string_value(json_object_get(c, "name")), low, high,
				number(c, "low"), number(c, "high"));
		}
		bn_free(d);
	}
	ck_assert_uint_ge(compared, 8);
}
END_TEST

START_TEST(test_paired_has_no_number_where_there_is_none)
{
	static const double zeros[] = {0, 0, 0}, one[] = {2.5}, same[] = {2, 2, 2};
	double a, b;
	bn_paired_t(&a, &b, one, 1);
	ck_assert(isnan(a) && isnan(b));
	bn_paired_t(&a, &b, zeros, 3);
	ck_assert(isnan(a) && isnan(b));
	ck_assert_bn_ok(bn_signed_rank(&a, &b, zeros, 3, &err), &err);
	ck_assert(isnan(a) && isnan(b));
	ck_assert_bn_ok(bn_signed_rank(&a, &b, one, 1, &err), &err);
	ck_assert_double_eq(a, 0);
	ck_assert_double_eq(b, 1);
	ck_assert_bn_ok(bn_bootstrap_mean(&a, &b, one, 1, 0.95, 100, 1, &err), &err);
	ck_assert(isnan(a) && isnan(b));
	ck_assert_bn_ok(bn_bootstrap_mean(&a, &b, same, 3, 0.95, 100, 1, &err), &err);
	ck_assert_double_eq(a, 2);
	ck_assert_double_eq(b, 2);
}
END_TEST

START_TEST(test_paired_holm_agrees_with_statsmodels)
{
	size_t i;
	json_t *c;
	json_array_foreach(oracle("holm"), i, c)
	{
		size_t n, m;
		double *p = numbers(c, "p", &n), *adjusted = numbers(c, "adjusted", &m);
		ck_assert_bn_ok(bn_holm_adjust(p, n, &err), &err);
		for (size_t k = 0; k < n; k++)
			near("holm", p[k], adjusted[k], 1e-12);
		bn_free(p);
		bn_free(adjusted);
	}
	double some[] = {0.02, (double)NAN, 0.03};
	ck_assert_bn_ok(bn_holm_adjust(some, 3, &err), &err);
	ck_assert_double_eq_tol(some[0], 0.04, 1e-15);
	ck_assert(isnan(some[1]));
	ck_assert_double_eq_tol(some[2], 0.04, 1e-15);
	ck_assert_bn_ok(bn_holm_adjust(NULL, 0, &err), &err);
}
END_TEST

START_TEST(test_paired_dependence_agrees_with_scikit_learn)
{
	size_t i, m;
	json_t *c;
	json_array_foreach(oracle("relations"), i, c)
	{
		const char *name = json_string_value(json_object_get(c, "name"));
		size_t n;
		double *x = numbers(c, "x", &n), *y = numbers(c, "y", &n), rho, mi;
		ck_assert_bn_ok(bn_rank_correlation(&rho, x, y, n, &err), &err);
		near(name, rho, number(c, "rho"), 1e-12);
		double *named = numbers(c, "category", &m);
		if (m == 0) {
			near(name, bn_mutual_information(x, y, n), number(c, "mi"), 1e-6);
		} else {
			size_t *category = bn_alloc(n * sizeof *category);
			for (size_t k = 0; k < n; k++)
				category[k] = (size_t)named[k];
			ck_assert_bn_ok(
				bn_mutual_information_of_category(&mi, category, y, n, &err), &err);
			near(name, mi, number(c, "mi_category"), 1e-6);
			bn_free(category);
		}
		bn_free(named);
		bn_free(x);
		bn_free(y);
	}
}
END_TEST

START_TEST(test_paired_dependence_of_little_is_absent)
{
	static const double x[] = {1, 2, 3, 4}, flat[] = {5, 5, 5, 5};
	static const size_t alone[] = {1, 2, 3, 4};
	double out;
	ck_assert_bn_ok(bn_rank_correlation(&out, x, x, 2, &err), &err);
	ck_assert(isnan(out));
	ck_assert_bn_ok(bn_rank_correlation(&out, x, flat, 4, &err), &err);
	ck_assert(isnan(out));
	ck_assert(isnan(bn_mutual_information(x, x, 4)));
	ck_assert_bn_ok(bn_mutual_information_of_category(&out, alone, x, 4, &err), &err);
	ck_assert(isnan(out));
}
END_TEST

START_TEST(test_paired_says_so_when_memory_is_short)
{
	static const double x[] = {1, 2, 4, 3, 7};
	static const size_t category[] = {1, 1, 2, 2, 2};
	double a, b, p[] = {0.1, 0.2};
	int calls = 0;
	for (long at = 1; at <= 3; at++) {
		bn_alloc_fail_at(at);
		calls += bn_signed_rank(&a, &b, x, 5, NULL) == BN_ENOMEM;
		bn_alloc_fail_at(0);
	}
	ck_assert_int_eq(calls, 3);
	bn_alloc_fail_at(1);
	ck_assert_int_eq(bn_bootstrap_mean(&a, &b, x, 5, 0.95, 100, 1, NULL), BN_ENOMEM);
	ck_assert_int_eq(bn_holm_adjust(p, 2, NULL), BN_ENOMEM);
	ck_assert_int_eq(bn_rank_correlation(&a, x, x, 5, NULL), BN_ENOMEM);
	ck_assert_int_eq(bn_mutual_information_of_category(&a, category, x, 5, NULL), BN_ENOMEM);
	bn_alloc_fail_at(0);
}
END_TEST

BN_TEST_MAIN("core/profile/paired", test_paired_student_agrees_with_scipy,
	test_paired_tests_agree_with_scipy, test_paired_interval_is_that_of_scipy,
	test_paired_has_no_number_where_there_is_none, test_paired_holm_agrees_with_statsmodels,
	test_paired_dependence_agrees_with_scikit_learn, test_paired_dependence_of_little_is_absent,
	test_paired_says_so_when_memory_is_short)
