/* Decimal text to float64: correctly rounded on every code path. */
#include "core/base/rng.h"
#include "core/source/_csv_parts.h"
#include "core/source/csv.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_text(const char *text)
{
	int64_t i = 0;
	double f = 0, want = strtod(text, NULL);
	csv_token token = bn_csv_parse_number(text, strlen(text), &i, &f);

	ck_assert_msg(token != CSV_NOT_NUMBER, "%s is a number", text);
	ck_assert_msg(memcmp(&f, &want, sizeof f) == 0, "%s: %a, not %a", text, f, want);
}

/* As the only field of one column, through the converters of every instruction set. */
static void check_plain(const char *text)
{
	char line[128] = {0};
	uint32_t start = 0, end = (uint32_t)strlen(text);
	double want = strtod(text, NULL);

	memcpy(line + 64, text, end);
	line[64 + end] = '\n';
	csv_fields f = {line + 64, &end, 1, &start, true, '.'};
	for (int level = 0; level < 3; level++) {
		double got = 0;
		int64_t whole = 0;
		bn_csv_limit_isa(level);
		if (bn_csv_plain_floats(&f, &got, 0, 1) == 1)
			ck_assert_msg(memcmp(&got, &want, sizeof got) == 0, "%s: %a, not %a", text,
				got, want);
		if (bn_csv_plain_ints(&f, &whole, 0, 1) == 1)
			ck_assert_msg((double)whole == want, "%s: %lld", text, (long long)whole);
	}
	bn_csv_limit_isa(0);
}

START_TEST(test_known_hard_numbers)
{
	static const char *const texts[] = {"0", "0.0", "-0.0", "1", "9007199254740993",
		"9007199254740992.9", "9007199254740993.0000000000000000000001", "1e22", "1e23",
		"8.5e22", "123456789012345678", "0.30000000000000004", "2.2250738585072011e-308",
		"2.2250738585072014e-308", "4.9e-324", "2.4e-324", "1.7976931348623157e308",
		"179769313486231580793e288", "0.000000000000000000000000000123456789",
		"6.631236846766476e-316", "3.2378839133029012895883524125015321748630e-319",
		"7.3177701707893310e+15", "5e-20", "67e+14", "985e+15", "93e-234",
		"36028797018963967.5", "18014398509481986.000000001", "0.1e-6", "1.e3", ".5",
		"5e+3", "18446744073709551615.5", "18446744073709551616.5",
		"99999999999999999999.5"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_text(texts[i]);
}
END_TEST

START_TEST(test_what_is_no_number)
{
	static const char *const texts[] = {"", "-", "+", ".", "e5", "1e", "1e+", "--1", "1.2.3",
		"0x10", "007", "-01.5", "00", "1_000", "1,5", "12a", " 1", "1 ", "nan", "NaN",
		"infinit", "1d5"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int64_t n;
		double f;
		ck_assert_msg(
			bn_csv_parse_number(texts[i], strlen(texts[i]), &n, &f) == CSV_NOT_NUMBER,
			"'%s' is no number", texts[i]);
	}
}
END_TEST

/* Numbers that our types would change. */
START_TEST(test_numbers_that_our_types_would_change)
{
	static const struct {
		const char *text;
		csv_token token;
	} cases[] = {{"1e400", CSV_HUGE}, {"-1e400", CSV_HUGE},
		{"9223372036854775808", CSV_HUGE_INT}, {"-9223372036854775809", CSV_HUGE_INT},
		{"123456789012345678901234567890", CSV_HUGE_INT}, {"1e-400", CSV_LOSSY},
		{"-2.5e-330", CSV_LOSSY}, {"9007199254740993.0", CSV_LOSSY},
		{"-9007199254740993.00", CSV_LOSSY}, {"36028797018963971.0", CSV_LOSSY},
		{"1234567890123456789.0", CSV_LOSSY}, {"9007199254740993.5", CSV_LOSSY},
		{"12345678901234567890.25", CSV_LOSSY}, {"90071992547409935e-1", CSV_LOSSY},
		/* numbers that keep their digits before the point, or are 0 */
		{"9007199254740992.0", CSV_FLOAT}, {"9007199254740994.0", CSV_FLOAT},
		{"1152921504606847000.0", CSV_FLOAT}, {"1e300", CSV_FLOAT}, {"5e-324", CSV_FLOAT},
		{"0e-999", CSV_FLOAT}, {"0.1234567890123456789", CSV_FLOAT},
		{"100000000000000000000.0", CSV_FLOAT}, {"9.007199254740993e-3", CSV_FLOAT},
		{"9007199254740994.25", CSV_FLOAT}, {"9007199254740991.7", CSV_FLOAT},
		/* as printed from a float64 by repr, %.18e (numpy.savetxt) and %f */
		{"1.1529215046068470e+18", CSV_FLOAT}, {"1.152921504606846976e+18", CSV_FLOAT},
		{"12345678901234567168.0", CSV_FLOAT}, {"123456789012345685803008.000000", CSV_FLOAT},
		/* with more digits, or an exponent */
		{"99999999999999999999.0", CSV_LOSSY}, {"12345678901234567890123.00", CSV_LOSSY},
		{"9007199254740993e0", CSV_LOSSY}, {"9.007199254740993e15", CSV_LOSSY},
		{"90071992547409930e-1", CSV_LOSSY}, {"-9007199254740993E0", CSV_LOSSY}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t n;
		double f;
		ck_assert_msg(bn_csv_parse_number(cases[i].text, strlen(cases[i].text), &n, &f) ==
				      cases[i].token,
			"'%s'", cases[i].text);
	}
}
END_TEST

START_TEST(test_random_numbers_are_rounded_as_strtod_rounds_them)
{
	char text[64];
	bn_rng r;
	long n = 0;

	bn_rng_init(&r, 11, "test.csv.number", 0);
	for (int i = 0; i < 50000; i++) {
		uint64_t bits = bn_rng_u64(&r);
		double x;
		memcpy(&x, &bits, sizeof x);
		if (!isfinite(x))
			continue;
		snprintf(text, sizeof text, "%.17g", x);
		if (!strpbrk(text, ".e")) /* integers follow another rule */
			continue;
		check_text(text);
		/* Close to a halfway case. */
		snprintf(text, sizeof text, "%.*f", (int)bn_rng_below(&r, 18) + 1,
			(double)bn_rng_below(&r, 1u << 30) * 1.0000000001);
		check_text(text);
		n += 2;
	}
	for (int i = 0; i < 50000; i++) {
		snprintf(text, sizeof text, "%s%.*f", bn_rng_below(&r, 2) ? "-" : "",
			(int)bn_rng_below(&r, 14),
			bn_rng_uniform(&r) * pow(10, (int)bn_rng_below(&r, 9)));
		check_plain(text);
		snprintf(text, sizeof text, "%lld",
			(long long)(bn_rng_u64(&r) >> bn_rng_below(&r, 64)));
		check_plain(text);
		n += 2;
	}
	printf("NOTE: %ld random decimals rounded as strtod does, on every path\n", n);
}
END_TEST

START_TEST(test_plain_fields_that_are_not_plain_are_left_alone)
{
	static const char *const texts[] = {"", "-", ".", "-.", "1.2.3", "007", "-00", "01.5",
		"1e5", "12345678901234567", "9007199254740993", "1 ", "1,", "abc", "\"1\"", "0x1"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char line[128] = {0};
		uint32_t start = 0, end = (uint32_t)strlen(texts[i]);
		double got;
		memcpy(line + 64, texts[i], end);
		line[64 + end] = '\n';
		csv_fields f = {line + 64, &end, 1, &start, false, '.'};
		for (int level = 0; level < 3; level++) {
			bn_csv_limit_isa(level);
			ck_assert_msg(bn_csv_plain_floats(&f, &got, 0, 1) == 0, "'%s'", texts[i]);
		}
		bn_csv_limit_isa(0);
	}
}
END_TEST

/* A random field: mostly numbers, of any length, sign and position of the point; sometimes malformed ones. */
static size_t random_field(bn_rng *r, char *s)
{
	static const char *const odd[] = {"", "-", ".", "-.", "+1", "1.2.3", "00", "-0", "-0.0",
		"0.", "-.5", "1e5", "--1", "1-2", "-1-", "9007199254740993", "9007199254740993.0",
		"9007199254740992", "-9007199254740991", "0.10000000000000000000", "nan", "5 "};
	size_t n = 0, digits = 1 + bn_rng_below(r, bn_rng_below(r, 4) ? 9 : 34);
	size_t point = bn_rng_below(r, 3) ? bn_rng_below(r, (uint32_t)digits + 1) : digits + 1;

	if (bn_rng_below(r, 25) == 0) {
		const char *o = odd[bn_rng_below(r, sizeof odd / sizeof *odd)];
		memcpy(s, o, strlen(o));
		return strlen(o);
	}
	if (bn_rng_below(r, 3) == 0)
		s[n++] = '-';
	for (size_t i = 0; i < digits; i++) {
		if (i == point)
			s[n++] = '.';
		s[n++] = (char)('0' + bn_rng_below(r, bn_rng_below(r, 5) ? 10 : 1));
	}
	if (point == digits)
		s[n++] = '.';
	if (bn_rng_below(r, 200) == 0)
		s[bn_rng_below(r, (uint32_t)n)] = (char)bn_rng_below(r, 256);
	return n;
}

/* A converter of a column gives the results of bn_csv_parse_number for each field; returns their number. */
static size_t check_column(const csv_fields *f, size_t rows, double *floats, int64_t *ints)
{
	size_t taken = 0;

	for (size_t r = 0, end; r < rows; r = end + 1) {
		end = bn_csv_plain_floats(f, floats, r, rows);
		ck_assert_uint_le(end, rows);
		for (size_t i = r; i < end; i++) {
			const uint32_t *sep = f->seps + i * f->stride;
			const char *s = f->text + (f->starts ? f->starts[i] : sep[-1] + 1);
			size_t n = (size_t)(f->text + *sep - s);
			int64_t whole;
			double want = 0;
			n -= f->trim_cr && n && s[n - 1] == '\r';
			csv_token token = bn_csv_parse_number(s, n, &whole, &want);
			ck_assert_msg(token == CSV_FLOAT || token == CSV_INT, "%.*s", (int)n, s);
			ck_assert_msg(memcmp(&want, &floats[i], sizeof want) == 0,
				"%.*s: %a, not %a", (int)n, s, floats[i], want);
			taken++;
		}
	}
	for (size_t r = 0, end; r < rows; r = end + 1) {
		end = bn_csv_plain_ints(f, ints, r, rows);
		ck_assert_uint_le(end, rows);
		for (size_t i = r; i < end; i++) {
			const uint32_t *sep = f->seps + i * f->stride;
			const char *s = f->text + (f->starts ? f->starts[i] : sep[-1] + 1);
			size_t n = (size_t)(f->text + *sep - s);
			int64_t want = 0;
			double x;
			n -= f->trim_cr && n && s[n - 1] == '\r';
			ck_assert_msg(
				bn_csv_parse_number(s, n, &want, &x) == CSV_INT, "%.*s", (int)n, s);
			ck_assert_int_eq(ints[i], want);
			taken++;
		}
	}
	return taken;
}

/* The memory of each table ends where its text ends, so the sanitizer detects reads beyond it. */
START_TEST(test_columns_of_random_fields_are_what_each_field_is)
{
	enum { COLUMNS = 3, ROWS = 41, TABLES = 3000, HEAD = 64 };
	static char text[COLUMNS * ROWS * 48];
	uint32_t seps[COLUMNS * ROWS], starts[ROWS];
	double floats[ROWS];
	int64_t ints[ROWS];
	size_t taken[3] = {0};
	bn_rng r;

	bn_rng_init(&r, 12, "test.csv.columns", 0);
	for (int table = 0; table < TABLES; table++) {
		bool plain = bn_rng_below(&r, 2), cr = bn_rng_below(&r, 2);
		size_t n = 0, rows = 1 + bn_rng_below(&r, ROWS);
		for (size_t i = 0; i < rows * COLUMNS; i++) {
			bool last = i % COLUMNS + 1 == COLUMNS;
			if (i % COLUMNS == 0)
				starts[i / COLUMNS] = (uint32_t)n;
			n += plain ? (size_t)sprintf(text + n, "%.*f", (int)bn_rng_below(&r, 8),
					     bn_rng_normal(&r) * 1000)
				   : random_field(&r, text + n);
			if (last && cr)
				text[n++] = '\r';
			seps[i] = (uint32_t)n;
			text[n++] = last ? '\n' : ',';
		}
		char *memory = malloc(HEAD + n);
		ck_assert_ptr_nonnull(memory);
		memset(memory, 0, HEAD);
		memcpy(memory + HEAD, text, n);
		for (size_t c = 0; c < COLUMNS; c++) {
			csv_fields f = {memory + HEAD, seps + c, COLUMNS, c ? NULL : starts,
				c + 1 == COLUMNS, '.'};
			for (int level = 0; level < 3; level++) {
				bn_csv_limit_isa(level);
				taken[level] += check_column(&f, rows, floats, ints);
			}
		}
		free(memory);
	}
	bn_csv_limit_isa(0);
	ck_assert_uint_ge(taken[2], TABLES * ROWS / 2);
	printf("NOTE: of %d random fields the instruction sets take %zu, %zu and %zu\n",
		TABLES * ROWS * COLUMNS / 2, taken[0], taken[1], taken[2]);
}
END_TEST

BN_TEST_MAIN("core/source/csv_number", test_known_hard_numbers, test_what_is_no_number,
	test_numbers_that_our_types_would_change,
	test_random_numbers_are_rounded_as_strtod_rounds_them,
	test_plain_fields_that_are_not_plain_are_left_alone,
	test_columns_of_random_fields_are_what_each_field_is)
