/* The values of a sweep's settings as text, and which combinations are run. */
#include "core/launch/sweep.h"
#include "tests/support/check_main.h"

#include <string.h>

static const bn_hyper_def real = {.name = "rate", .type = BN_HYPER_REAL, .min = 0, .max = 10};
static const bn_hyper_def whole = {.name = "n", .type = BN_HYPER_INT, .min = 0, .max = 1e6};
static const bn_hyper_def list = {.name = "hidden", .type = BN_HYPER_INT_LIST, .min = 1, .max = 1e6};

/* The values, separated by blanks. */
static const char *values(const bn_hyper_def *def, const char *text)
{
	static char out[BN_SWEEP_VALUES * BN_SWEEP_TEXT];
	static bn_sweep_value found[BN_SWEEP_VALUES];
	bn_err err = BN_ERR_INIT;
	int n = bn_sweep_values(def, text, found, &err);
	if (n < 0)
		return strcpy(out, err.msg);
	out[0] = '\0';
	for (int i = 0; i < n; i++)
		strcat(strcat(out, i ? " " : ""), found[i]);
	return out;
}

START_TEST(test_sweep_values_are_lists_and_ranges)
{
	ck_assert_str_eq(values(&real, "0.1, 0.01,1e-1"), "0.1 0.01");
	ck_assert_str_eq(values(&list, "64,32; 16"), "64,32 16");
	ck_assert_str_eq(values(&whole, "0..4"), "0 1 2 3 4");
	ck_assert_str_eq(values(NULL, "7..9"), "7 8 9");
	ck_assert_str_eq(values(&whole, "0..99"), "0 25 50 74 99");
	ck_assert_str_eq(values(&real, "0..1"), "0 0.25 0.5 0.75 1");
	ck_assert_str_eq(values(&real, "0.001..0.1 log"), "0.001 0.003162 0.01 0.03162 0.1");
}
END_TEST

START_TEST(test_sweep_a_range_says_how_many)
{
	ck_assert_str_eq(values(&real, "0.001..0.1 log 3"), "0.001 0.01 0.1");
	ck_assert_str_eq(values(&real, "0..1 3"), "0 0.5 1");
	ck_assert_str_eq(values(&whole, "0..100 3"), "0 50 100");
	ck_assert_str_eq(values(&whole, "0..2 9"), "0 1 2"); /* there are no more */
	ck_assert_str_eq(values(&real, "0..1 1"), "a range has 2 to 32 values, not 1");
	ck_assert_str_eq(values(&real, "0..1 33"), "a range has 2 to 32 values, not 33");
	ck_assert_str_eq(values(&real, "0..1 log"), "a logarithmic range begins above 0");
	ck_assert_str_eq(values(&real, "1..0"), "a range goes upwards");
	ck_assert_str_eq(values(&whole, "0.5..3"), "a range of whole numbers has whole ends");
	ck_assert_str_eq(values(&real, "0..1 logs"), "0..1 logs"); /* no range: the setting refuses it */
	ck_assert_str_eq(values(&real, "0..1 x"), "0..1 x");
}
END_TEST

START_TEST(test_sweep_words_tell_the_values)
{
	char words[64];
	bn_sweep_words(&whole, "0..99 3", words, sizeof words);
	ck_assert_str_eq(words, "3 of 100 values: 0, 50, 99");
	bn_sweep_words(&real, "0.5", words, sizeof words);
	ck_assert_str_eq(words, "");
}
END_TEST

START_TEST(test_sweep_fewer_runs_are_different_combinations)
{
	bool seen[50] = {false};
	for (size_t i = 0; i < 20; i++) {
		size_t at = bn_sweep_combination(50, 20, i);
		ck_assert_uint_lt(at, 50);
		ck_assert(!seen[at]);
		seen[at] = true;
		ck_assert_uint_eq(at, bn_sweep_combination(50, 20, i));
	}
	for (size_t i = 0; i < 50; i++)
		ck_assert_uint_eq(bn_sweep_combination(50, 50, i), i);
}
END_TEST

BN_TEST_MAIN("core/launch/sweep", test_sweep_values_are_lists_and_ranges, test_sweep_a_range_says_how_many,
	test_sweep_words_tell_the_values, test_sweep_fewer_runs_are_different_combinations)
