/* Text typed after / on the rows of a table: words, an expression, or both. */
#include "tui/views/rows/filter.h"

#include "tests/support/check_main.h"

#include <string.h>

static const struct {
	const char *filter;
	size_t words;
	bool where;
} cases[] = {{"", 0, false}, {"  ", 0, false}, {"gpu", 1, false}, {"gpu  failed", 2, false},
	{"x > 3", 0, true}, {"x>3 AND s = FAILED", 0, true}, {"s IS NULL", 0, true},
	{"s like 'a%'", 0, true}, {"`s` = 'a; b'", 0, true}, {"gpu; x > 3", 1, true},
	{"gpu failed;x > 3", 2, true}, {"gpu;", 1, false}, {"not found", 2, false},
	{"fan-17", 1, false}};

START_TEST(test_row_filter_tells_words_from_expressions)
{
	bn_schema schema = BN_SCHEMA_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_schema_add(&schema, "x", BN_TYPE_INT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&schema, "s", BN_TYPE_STRING, true, NULL, &err), &err);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_row_filter f;
		int rc = bn_row_filter_read(&f, cases[i].filter, &schema, &err);
		ck_assert_msg(rc == 0, "%s: %s", cases[i].filter, err.msg);
		ck_assert_msg(f.count == cases[i].words && (f.where != NULL) == cases[i].where,
			"'%s' has %zu words", cases[i].filter, f.count);
		bool alone = cases[i].where && !cases[i].words;
		ck_assert((bn_row_filter_expression(cases[i].filter) != NULL) == alone);
		bn_row_filter_release(&f);
	}
	bn_row_filter f;
	ck_assert_int_eq(bn_row_filter_read(&f, "x > ", &schema, &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "filter:1:5: expected a value at the end");
	bn_row_filter_release(&f);
	bn_schema_release(&schema);
}
END_TEST

START_TEST(test_row_filter_narrows_by_one_more_expression)
{
	static const char *const pairs[][2] = {{"", "x = 1"}, {"gpu", "gpu; x = 1"},
		{"x > 3 OR x < 0", "(x > 3 OR x < 0) AND x = 1"},
		{"gpu; x > 3 OR x < 0", "gpu;(x > 3 OR x < 0) AND x = 1"}};
	char out[64];
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		ck_assert(bn_row_filter_and(out, sizeof out, pairs[i][0], "x = 1"));
		ck_assert_str_eq(out, pairs[i][1]);
	}
	ck_assert(!bn_row_filter_and(out, 10, "x > 3", "x = 1"));
}
END_TEST

BN_TEST_MAIN("tui/views/row_filter", test_row_filter_tells_words_from_expressions,
	test_row_filter_narrows_by_one_more_expression)
