/* Drift statistics compared with Evidently and SciPy (tests/reference/drift_oracle.json), default
 * tests, mixed operators, missing values, and inconclusive verdicts. */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/monitor/_samples.h"
#include "core/monitor/drift.h"
#include "tests/support/check_main.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define ORACLE "tests/reference/drift_oracle.json"

static json_t *oracle(void)
{
	json_error_t e;
	json_t *doc = json_load_file(ORACLE, 0, &e);
	ck_assert_msg(doc != NULL, "%s: %s", ORACLE, e.text);
	return doc;
}

static double number(const json_t *o, const char *key, double fallback)
{
	const json_t *v = json_object_get(o, key);
	return json_is_number(v) ? json_number_value(v) : fallback;
}

static double uniform(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (double)(*x >> 11) * (1.0 / 9007199254740992.0);
}

/* A column as drift_oracle.py generates it. */
static double *column(const json_t *spec, size_t *n)
{
	*n = (size_t)number(spec, "n", 0);
	double a = number(spec, "a", 1), b = number(spec, "b", 0);
	size_t nan_every = (size_t)number(spec, "nan_every", 0);
	size_t inf_every = (size_t)number(spec, "inf_every", 0);
	uint64_t x = (uint64_t)number(spec, "seed", 0);
	const char *kind = json_string_value(json_object_get(spec, "kind"));
	double *v = bn_alloc((*n + 1) * sizeof *v);
	ck_assert_ptr_nonnull(v);
	for (size_t i = 0; i < *n; i++) {
		double u = uniform(&x);
		if (!strcmp(kind, "u")) {
			v[i] = a * u + b;
		} else if (!strcmp(kind, "sum3")) {
			double s = u + uniform(&x);
			s = s + uniform(&x);
			v[i] = a * s + b;
		} else if (!strcmp(kind, "cube")) {
			v[i] = a * (u * u * u) + b;
		} else if (!strcmp(kind, "steps")) {
			v[i] = floor(a * u) + b;
		} else if (!strcmp(kind, "cents")) {
			v[i] = floor(100 * (a * u + b)) / 100;
		} else {
			ck_abort_msg("kind %s", kind);
		}
		if (nan_every && i % nan_every == 0)
			v[i] = NAN;
		if (inf_every && i % inf_every == 1)
			v[i] = -INFINITY;
	}
	return v;
}

/* Counts of small integers by value, sorted as text (single digits). */
static void count_values(double counts[10], const double *v, size_t n)
{
	memset(counts, 0, 10 * sizeof *counts);
	for (size_t i = 0; i < n; i++)
		counts[(int)v[i]]++;
}

static bn_drift_result run(const json_t *c, bn_drift_test test)
{
	size_t n1, n2;
	double *ref = column(json_object_get(c, "ref"), &n1);
	double *cur = column(json_object_get(c, "cur"), &n2);
	bn_drift_result r;
	bn_err err = BN_ERR_INIT;
	bn_drift_options o = {.test = test};
	if (json_is_true(json_object_get(c, "category"))) {
		double a[10], b[10];
		count_values(a, ref, n1);
		count_values(b, cur, n2);
		ck_assert_bn_ok(bn_drift_counts(&r, a, b, 10, &o, &err), &err);
	} else {
		ck_assert_bn_ok(bn_drift_numbers(&r, ref, n1, cur, n2, &o, &err), &err);
	}
	bn_free(ref);
	bn_free(cur);
	return r;
}

static double error_of(double got, double want)
{
	double e = fabs(got - want);
	return want != 0 && e / fabs(want) < e ? e / fabs(want) : e;
}

START_TEST(test_drift_every_statistic_equals_evidently)
{
	json_t *doc = oracle(), *c;
	size_t i, compared = 0;
	double worst = 0;
	json_array_foreach(json_object_get(doc, "cases"), i, c)
	{
		const char *name = json_string_value(json_object_get(c, "name")), *key;
		json_t *want;
		json_object_foreach(json_object_get(c, "tests"), key, want)
		{
			bn_drift_test test;
			ck_assert_msg(bn_drift_test_parse(key, &test), "%s", key);
			bn_drift_result r = run(c, test);
			double score = number(want, "score", NAN), e = error_of(r.score, score);
			ck_assert_msg(e <= 1e-9, "%s: %s is %.17g, Evidently says %.17g", name, key,
				r.score, score);
			const json_t *drift = json_object_get(want, "drift");
			if (drift)
				ck_assert_msg((r.verdict == BN_DRIFT_FOUND) == json_is_true(drift),
					"%s: %s: verdict %s", name, key,
					bn_drift_verdict_name(r.verdict));
			worst = e > worst ? e : worst;
			compared++;
		}
	}
	printf("NOTE: %zu drift statistics equal Evidently's, largest difference %.1e\n", compared,
		worst);
	ck_assert_uint_ge(compared, 200);
	json_decref(doc);
}
END_TEST

START_TEST(test_drift_default_choice_and_verdict_equal_evidently)
{
	json_t *doc = oracle(), *c;
	size_t i;
	json_array_foreach(json_object_get(doc, "cases"), i, c)
	{
		const json_t *want = json_object_get(c, "auto");
		const char *name = json_string_value(json_object_get(c, "name"));
		bn_drift_result r = run(c, BN_DRIFT_AUTO);
		ck_assert_str_eq(bn_drift_test_name(r.test),
			json_string_value(json_object_get(want, "test")));
		ck_assert_msg(error_of(r.score, number(want, "score", NAN)) <= 1e-9, "%s", name);
		ck_assert_msg((r.verdict == BN_DRIFT_FOUND) ==
				      json_is_true(json_object_get(want, "drift")),
			"%s: %s", name, bn_drift_verdict_name(r.verdict));
	}
	ck_assert_uint_ge(i, 40);
	json_decref(doc);
}
END_TEST

START_TEST(test_drift_choice_changes_at_its_limits)
{
	ck_assert_int_eq(bn_drift_choose(true, 1000, 6), BN_DRIFT_KS);
	ck_assert_int_eq(bn_drift_choose(true, 1000, 5), BN_DRIFT_CHI_SQUARE);
	ck_assert_int_eq(bn_drift_choose(true, 1000, 2), BN_DRIFT_Z);
	ck_assert_int_eq(bn_drift_choose(true, 1001, 6), BN_DRIFT_WASSERSTEIN);
	ck_assert_int_eq(bn_drift_choose(true, 1001, 5), BN_DRIFT_JENSEN_SHANNON);
	ck_assert_int_eq(bn_drift_choose(false, 1000, 3), BN_DRIFT_CHI_SQUARE);
	ck_assert_int_eq(bn_drift_choose(false, 1000, 2), BN_DRIFT_Z);
	ck_assert_int_eq(bn_drift_choose(false, 1001, 2), BN_DRIFT_JENSEN_SHANNON);
}
END_TEST

START_TEST(test_drift_operators_differ_by_test)
{
	/* p is exactly 1 and the threshold 1: `<=` finds drift, `<` does not */
	const double same[] = {1, 2, 3, 4, 5, 6, 7};
	bn_drift_options o = {.threshold = 1};
	bn_drift_result r;
	ck_assert_int_eq(bn_drift_numbers(&r, same, 7, same, 7, &o, NULL), 0);
	ck_assert_int_eq(r.test, BN_DRIFT_KS);
	ck_assert_int_eq(r.op, BN_DRIFT_P_AT_MOST);
	ck_assert_int_eq(r.verdict, BN_DRIFT_FOUND);
	ck_assert_int_eq(bn_drift_numbers(&r, same, 5, same, 5, &o, NULL), 0);
	ck_assert_int_eq(r.test, BN_DRIFT_CHI_SQUARE);
	ck_assert_int_eq(r.op, BN_DRIFT_P_BELOW);
	ck_assert_double_eq(r.p, 1);
	ck_assert_int_eq(r.verdict, BN_DRIFT_NONE);
	const double a[] = {50, 50}, b[] = {60, 40};
	o = (bn_drift_options){.test = BN_DRIFT_TVD, .threshold = 0.1};
	ck_assert_int_eq(bn_drift_counts(&r, a, b, 2, &o, NULL), 0);
	ck_assert_double_eq_tol(r.score, 0.1, 1e-15);
	o.threshold = r.score; /* a distance equal to the threshold is drift */
	ck_assert_int_eq(bn_drift_counts(&r, a, b, 2, &o, NULL), 0);
	ck_assert_int_eq(r.verdict, BN_DRIFT_FOUND);
}
END_TEST

START_TEST(test_drift_missing_and_infinite_values_are_dropped_and_counted)
{
	const double ref[] = {1, NAN, 2, INFINITY, 3, 4, 5, 6},
		     cur[] = {-INFINITY, 1, 2, 3, 4, 5, 6};
	bn_drift_result r;
	ck_assert_int_eq(bn_drift_numbers(&r, ref, 8, cur, 7, NULL, NULL), 0);
	ck_assert_uint_eq(r.n_ref, 6);
	ck_assert_uint_eq(r.n_cur, 6);
	ck_assert_uint_eq(r.ref_dropped, 2);
	ck_assert_uint_eq(r.cur_dropped, 1);
	ck_assert_double_eq(r.statistic, 0);
	ck_assert_double_eq(r.p, 1);
	ck_assert_int_eq(r.verdict, BN_DRIFT_NONE);
}
END_TEST

START_TEST(test_drift_says_which_evidence_is_missing)
{
	const double some[] = {1, 2, 3, 4, 5, 6, 7}, none[] = {NAN, NAN}, flat[] = {2, 2, 2};
	bn_drift_result r;
	ck_assert_int_eq(bn_drift_numbers(&r, none, 2, some, 7, NULL, NULL), 0);
	ck_assert_int_eq(r.verdict, BN_DRIFT_INCONCLUSIVE);
	ck_assert_str_eq(r.why, "empty: no values in the reference");
	ck_assert(isnan(r.score));
	ck_assert_int_eq(bn_drift_numbers(&r, some, 7, NULL, 0, NULL, NULL), 0);
	ck_assert_str_eq(r.why, "empty: no values in the current window");
	bn_drift_options o = {.min_rows = 30};
	ck_assert_int_eq(bn_drift_numbers(&r, some, 7, some, 7, &o, NULL), 0);
	ck_assert_int_eq(r.verdict, BN_DRIFT_INCONCLUSIVE);
	ck_assert_str_eq(r.why, "too few: 7 values in the reference, at least 30 needed");
	o = (bn_drift_options){.test = BN_DRIFT_CHI_SQUARE};
	ck_assert_int_eq(bn_drift_numbers(&r, flat, 3, flat, 3, &o, NULL), 0);
	ck_assert_int_eq(r.verdict, BN_DRIFT_INCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(r.why, "constant"));
}
END_TEST

START_TEST(test_drift_a_value_the_reference_never_had_is_drift_and_says_so)
{
	const double ref[] = {50, 50, 0}, cur[] = {50, 50, 1};
	bn_drift_result r;
	ck_assert_int_eq(bn_drift_counts(&r, ref, cur, 3, NULL, NULL), 0);
	ck_assert_int_eq(r.test, BN_DRIFT_CHI_SQUARE);
	ck_assert_double_eq(r.p, 0);
	ck_assert_int_eq(r.verdict, BN_DRIFT_FOUND);
	ck_assert_ptr_nonnull(strstr(r.why, "reference does not have"));
}
END_TEST

START_TEST(test_drift_refuses_a_test_of_numbers_on_categories)
{
	const double a[] = {1, 2};
	bn_drift_options o = {.test = BN_DRIFT_KS};
	bn_drift_result r;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_drift_counts(&r, a, a, 2, &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "'ks'"));
}
END_TEST

START_TEST(test_drift_dataset_share_at_half_is_drift)
{
	bn_drift_result r[4] = {{.verdict = BN_DRIFT_FOUND}, {.verdict = BN_DRIFT_NONE},
		{.verdict = BN_DRIFT_FOUND}, {.verdict = BN_DRIFT_NONE}};
	bn_drift_dataset d;
	bn_drift_sum_up(&d, r, 4, NAN);
	ck_assert_int_eq(d.verdict, BN_DRIFT_FOUND);
	ck_assert_double_eq(d.share, 0.5);
	r[2].verdict = BN_DRIFT_NONE;
	bn_drift_sum_up(&d, r, 4, 0);
	ck_assert_int_eq(d.verdict, BN_DRIFT_NONE);
	r[2].verdict = BN_DRIFT_INCONCLUSIVE; /* it might be the second drifted column */
	bn_drift_sum_up(&d, r, 4, 0.5);
	ck_assert_int_eq(d.verdict, BN_DRIFT_INCONCLUSIVE);
	bn_drift_sum_up(&d, r, 0, 0.5);
	ck_assert_int_eq(d.verdict, BN_DRIFT_INCONCLUSIVE);
	ck_assert(isnan(d.share));
}
END_TEST

START_TEST(test_drift_extreme_numbers_do_not_break_bins)
{
	static const double wild[] = {-1.7e308, 1.7e308, 5e-324, -0.0, 0.0, 1, 2, 3, 4, 5, 6, 7, 8,
		9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};
	size_t n = sizeof wild / sizeof *wild;
	for (int t = BN_DRIFT_KS; t < BN_DRIFT_TESTS; t++) {
		bn_drift_options o = {.test = (bn_drift_test)t};
		bn_drift_result r;
		ck_assert_int_eq(bn_drift_numbers(&r, wild, n, wild + 1, n - 1, &o, NULL), 0);
	}
	bn_drift_bins bins;
	bn_drift_bin_numbers(&bins, wild, n, wild, n);
	ck_assert_uint_eq(bins.count, 0); /* the range overflows */
	bn_drift_bin_numbers(&bins, wild + 3, n - 3, wild + 3, n - 3);
	ck_assert_uint_ge(bins.count, 5);
	double sum = 0;
	for (size_t i = 0; i < bins.count; i++)
		sum += bins.ref[i];
	ck_assert_double_eq_tol(sum, 1, 1e-12);
}
END_TEST

START_TEST(test_drift_a_million_rows_a_side)
{
	size_t n = 1000000;
	double *a = bn_alloc(n * sizeof *a), *b = bn_alloc(n * sizeof *b);
	ck_assert(a && b);
	uint64_t x = 1;
	for (size_t i = 0; i < n; i++) {
		a[i] = uniform(&x) + uniform(&x) - 1;
		b[i] = uniform(&x) + uniform(&x) - 1;
	}
	static const bn_drift_test which[] = {BN_DRIFT_AUTO, BN_DRIFT_KS, BN_DRIFT_PSI};
	for (size_t t = 0; t < 3; t++) {
		bn_drift_options o = {.test = which[t]};
		bn_drift_result r;
		int64_t begin = bn_env_monotonic_ns(bn_env_real());
		ck_assert_int_eq(bn_drift_numbers(&r, a, n, b, n, &o, NULL), 0);
		int64_t took = bn_env_monotonic_ns(bn_env_real()) - begin;
		ck_assert_int_eq(r.verdict, BN_DRIFT_NONE);
		printf("NOTE: %s of 1M x 1M rows: %.0f ms\n", bn_drift_test_name(r.test),
			(double)took / 1e6);
	}
	bn_free(a);
	bn_free(b);
}
END_TEST

START_TEST(test_drift_out_of_memory_is_an_error_not_a_crash)
{
	double v[100];
	for (int i = 0; i < 100; i++)
		v[i] = i;
	for (long at = 1; at < 6; at++) {
		bn_drift_options o = {.test = BN_DRIFT_PSI};
		bn_drift_result r;
		bn_err err = BN_ERR_INIT;
		bn_alloc_fail_at(at);
		int rc = bn_drift_numbers(&r, v, 100, v, 100, &o, &err);
		bn_alloc_fail_at(0);
		ck_assert(rc == 0 || rc == BN_ENOMEM);
	}
}
END_TEST

/* For numbers at any distance from 0, in any order. */
START_TEST(test_deviation_does_not_cancel)
{
	const double far[] = {INFINITY, 1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3, 1e15 + 4};
	const double near[] = {0, 1, 2, 3, 4}, one[] = {7}, none[] = {INFINITY};
	double a[1000], b[1000];

	ck_assert_double_eq_tol(bn_values_deviation(far, 6), bn_values_deviation(near, 5), 1e-15);
	ck_assert_double_eq(bn_values_deviation(one, 1), 0);
	ck_assert(isnan(bn_values_deviation(none, 1)));
	ck_assert(isnan(bn_values_deviation(none, 0)));
	for (int i = 0; i < 1000; i++) {
		a[i] = (i * 37 % 101) / 8.0;
		b[i] = a[i] + 1e12;
	}
	ck_assert_double_eq_tol(
		bn_values_deviation(b, 1000) / bn_values_deviation(a, 1000), 1, 1e-13);
}
END_TEST

BN_TEST_MAIN("core/monitor/drift", test_deviation_does_not_cancel,
	test_drift_every_statistic_equals_evidently,
	test_drift_default_choice_and_verdict_equal_evidently,
	test_drift_choice_changes_at_its_limits, test_drift_operators_differ_by_test,
	test_drift_missing_and_infinite_values_are_dropped_and_counted,
	test_drift_says_which_evidence_is_missing,
	test_drift_a_value_the_reference_never_had_is_drift_and_says_so,
	test_drift_refuses_a_test_of_numbers_on_categories,
	test_drift_dataset_share_at_half_is_drift, test_drift_extreme_numbers_do_not_break_bins,
	test_drift_a_million_rows_a_side, test_drift_out_of_memory_is_an_error_not_a_crash)
