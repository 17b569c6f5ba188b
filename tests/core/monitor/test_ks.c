/* The distributions behind the p-values, compared with a table of SciPy's values. */
#include "core/monitor/drift.h"
#include "tests/support/check_main.h"

#include <jansson.h>
#include <math.h>

#define ORACLE "tests/reference/drift_oracle.json"

static json_t *oracle(void)
{
	json_error_t e;
	json_t *doc = json_load_file(ORACLE, 0, &e);
	ck_assert_msg(doc != NULL, "%s: %s", ORACLE, e.text);
	return doc;
}

static double cell(const json_t *row, size_t i)
{
	return json_number_value(json_array_get(row, i));
}

START_TEST(test_ks_two_samples_equal_scipy_for_small_and_large_sizes)
{
	json_t *doc = oracle(), *row;
	size_t i;
	double worst = 0;
	json_array_foreach(json_object_get(doc, "ks_2samp"), i, row)
	{
		double d = cell(row, 2), want = cell(row, 3);
		double got = bn_ks_2samp_sf(d, (size_t)cell(row, 0), (size_t)cell(row, 1));
		double e = fabs(got - want);
		ck_assert_msg(e <= 1e-9, "n1 %g n2 %g d %.17g: %.17g, SciPy says %.17g",
			cell(row, 0), cell(row, 1), d, got, want);
		worst = e > worst ? e : worst;
	}
	printf("NOTE: %zu two-sample KS p-values equal SciPy's, largest difference %.1e\n", i,
		worst);
	ck_assert_uint_ge(i, 250);
	json_decref(doc);
}
END_TEST

START_TEST(test_ks_one_sample_tail_equals_scipy_in_every_region)
{
	json_t *doc = oracle(), *row;
	size_t i;
	double worst = 0;
	json_array_foreach(json_object_get(doc, "kstwo_sf"), i, row)
	{
		double want = cell(row, 2), got = bn_kstwo_sf(cell(row, 1), cell(row, 0));
		double e = fabs(got - want);
		ck_assert_msg(e <= 1e-9, "n %g d %.17g: %.17g, SciPy says %.17g", cell(row, 0),
			cell(row, 1), got, want);
		worst = e > worst ? e : worst;
	}
	printf("NOTE: %zu one-sample KS tails equal SciPy's, largest difference %.1e\n", i, worst);
	ck_assert_uint_ge(i, 500);
	json_decref(doc);
}
END_TEST

START_TEST(test_chi_square_tail_equals_scipy)
{
	json_t *doc = oracle(), *row;
	size_t i;
	json_array_foreach(json_object_get(doc, "chi2_sf"), i, row)
	{
		double want = cell(row, 2), got = bn_chi2_sf(cell(row, 0), cell(row, 1));
		ck_assert_msg(
			fabs(got - want) <= 1e-11 * want + 1e-300 || fabs(got - want) <= 1e-15,
			"x %g df %g: %.17g, SciPy says %.17g", cell(row, 0), cell(row, 1), got,
			want);
	}
	ck_assert_uint_ge(i, 100);
	json_decref(doc);
}
END_TEST

START_TEST(test_ks_edges)
{
	ck_assert_double_eq(bn_kstwo_sf(0, 10), 1);
	ck_assert_double_eq(bn_kstwo_sf(1, 10), 0);
	ck_assert(isnan(bn_kstwo_sf(0.5, 0)));
	ck_assert(isnan(bn_kstwo_sf(NAN, 10)));
	ck_assert_double_eq(bn_ks_2samp_sf(0, 5, 7), 1);
	ck_assert(isnan(bn_ks_2samp_sf(0.5, 0, 7)));
	ck_assert_double_eq_tol(bn_ks_2samp_sf(1, 3, 3), 0.1, 1e-15); /* 2 / C(6, 3) */
	ck_assert_double_eq(bn_chi2_sf(0, 3), 1);
	ck_assert_double_eq(bn_chi2_sf(INFINITY, 3), 0);
	ck_assert(isnan(bn_chi2_sf(1, 0)));
}
END_TEST

BN_TEST_MAIN("core/monitor/ks", test_ks_two_samples_equal_scipy_for_small_and_large_sizes,
	test_ks_one_sample_tail_equals_scipy_in_every_region, test_chi_square_tail_equals_scipy,
	test_ks_edges)
