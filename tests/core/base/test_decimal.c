/* Exact decimals: parsing and formatting, digits that do not fit, the nearest double. */
#include "core/base/decimal.h"
#include "tests/support/check_main.h"

#include <string.h>

static bn_decimal read(const char *text, unsigned precision, unsigned scale)
{
	bn_decimal x = {0};
	ck_assert_msg(bn_decimal_parse(&x, text, strlen(text), precision, scale), "%s", text);
	return x;
}

START_TEST(test_decimals_are_read_and_written_with_all_their_digits)
{
	static const struct {
		const char *in;
		unsigned precision, scale;
		const char *out;
	} cases[] = {{"0", 1, 0, "0"}, {"-0.00", 3, 2, "0.00"}, {"12.3", 4, 2, "12.30"},
		{"+.5", 3, 2, "0.50"}, {"7.", 2, 1, "7.0"}, {"1e3", 4, 0, "1000"},
		{"12300e-2", 3, 0, "123"}, {"0.0010", 3, 3, "0.001"}, {"-1.50000", 2, 1, "-1.5"},
		{"0e9999", 1, 0, "0"}, {"00012", 2, 0, "12"},
		{"99999999999999999999999999999999999999", 38, 0,
			"99999999999999999999999999999999999999"},
		{"-0.99999999999999999999999999999999999999", 38, 38,
			"-0.99999999999999999999999999999999999999"},
		{"123456789012345678901234567890.12345678", 38, 8,
			"123456789012345678901234567890.12345678"}};
	char text[BN_DECIMAL_TEXT];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(
			bn_decimal_format(read(cases[i].in, cases[i].precision, cases[i].scale),
				cases[i].scale, text),
			cases[i].out);
}
END_TEST

START_TEST(test_what_is_no_decimal_of_that_size_is_refused)
{
	static const struct {
		const char *in;
		unsigned precision, scale;
	} cases[] = {{"", 5, 2}, {"-", 5, 2}, {".", 5, 2}, {"1.2.3", 5, 2}, {"1,5", 5, 2},
		{"0x10", 5, 2}, {" 1", 5, 2}, {"1e", 5, 2}, {"1e+", 5, 2}, {"1e99999", 5, 2},
		{"nan", 5, 2}, {"1.005", 5, 2}, {"1000", 5, 2}, {"999.995", 5, 2},
		{"100000000000000000000000000000000000000", 38, 0},
		{"400000000000000000000000000000000000000", 38, 0},
		{"9999999999999999999999999999999999999999999999", 38, 0}, {"1e38", 38, 0}};
	bn_decimal x;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(!bn_decimal_parse(&x, cases[i].in, strlen(cases[i].in),
				      cases[i].precision, cases[i].scale),
			"%s", cases[i].in);
}
END_TEST

START_TEST(test_a_decimal_is_the_nearest_double_and_an_integer_where_it_is_one)
{
	int64_t whole = 0;
	ck_assert(bn_decimal_number(read("0.1", 38, 20), 20) == 0.1);
	ck_assert(bn_decimal_number(read("-123456789012345678901234.5", 38, 10), 10) ==
		  -123456789012345678901234.5);
	ck_assert(bn_decimal_number(read("0.3", 38, 38), 38) == 0.3);
	ck_assert(bn_decimal_int(read("-42.00", 10, 2), 2, &whole) && whole == -42);
	ck_assert(!bn_decimal_int(read("42.01", 10, 2), 2, &whole));
	ck_assert(bn_decimal_int(read("-9223372036854775808", 20, 0), 0, &whole) &&
		  whole == INT64_MIN);
	ck_assert(!bn_decimal_int(read("9223372036854775808", 20, 0), 0, &whole));
	ck_assert(bn_decimal_of(-1).high == -1 && bn_decimal_of(1).high == 0);
}
END_TEST

START_TEST(test_rescaling_loses_no_digit_and_order_is_that_of_numbers)
{
	bn_decimal x = read("12.30", 4, 2);
	ck_assert(bn_decimal_rescale(&x, 2, 1, 3) && x.low == 123);
	ck_assert(!bn_decimal_rescale(&x, 1, 0, 3));
	ck_assert(bn_decimal_rescale(&x, 1, 4, 6) && x.low == 123000);
	ck_assert(!bn_decimal_rescale(&x, 4, 5, 6));
	x = read("99999999999999999999999999999999999999", 38, 0);
	ck_assert(!bn_decimal_rescale(&x, 0, 1, 38));
	ck_assert(bn_decimal_fits(x, 38) && !bn_decimal_fits(x, 37));
	ck_assert_int_lt(bn_decimal_compare(bn_decimal_of(-5), bn_decimal_of(3)), 0);
	ck_assert_int_gt(bn_decimal_compare(x, bn_decimal_of(INT64_MAX)), 0);
	ck_assert_int_eq(bn_decimal_compare(x, x), 0);
}
END_TEST

BN_TEST_MAIN("core/base/decimal", test_decimals_are_read_and_written_with_all_their_digits,
	test_what_is_no_decimal_of_that_size_is_refused,
	test_a_decimal_is_the_nearest_double_and_an_integer_where_it_is_one,
	test_rescaling_loses_no_digit_and_order_is_that_of_numbers)
