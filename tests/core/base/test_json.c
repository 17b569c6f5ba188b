/* JSON: positions in errors, canonical form, typed fields. */
#include "core/base/json.h"
#include "core/base/json_tokens.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

static json_t *parsed(const char *text)
{
	bn_err e = BN_ERR_INIT;
	json_t *v = NULL;
	ck_assert_bn_ok(bn_json_parse(&v, text, strlen(text), "text", &e), &e);
	return v;
}

START_TEST(test_json_error_names_source_line_and_column)
{
	bn_err e = BN_ERR_INIT;
	json_t *v = NULL;
	const char *text = "{\n  \"a\": 1,\n  \"b\": ?\n}";
	ck_assert_int_eq(bn_json_parse(&v, text, strlen(text), "spec.json", &e), BN_EINVAL);
	ck_assert_msg(!strncmp(e.msg, "spec.json:3:", 12), "%s", e.msg);
	ck_assert_ptr_null(v);
}
END_TEST

START_TEST(test_json_refuses_duplicate_keys_and_trailing_text)
{
	json_t *v = NULL;
	ck_assert_int_eq(bn_json_parse(&v, "{\"a\":1,\"a\":2}", 13, "x", NULL), BN_EINVAL);
	ck_assert_int_eq(bn_json_parse(&v, "{} {}", 5, "x", NULL), BN_EINVAL);
}
END_TEST

START_TEST(test_json_canonical_form_does_not_depend_on_order_or_spaces)
{
	json_t *a = parsed("{\"b\": [1, 2.0, null], \"a\": {\"z\": true, \"y\": \"\\u00e9\"}}");
	json_t *b = parsed("{\"a\":{\"y\":\"\xc3\xa9\",\"z\":true},\"b\":[1,2.0,null]}");
	char ha[65], hb[65];
	ck_assert_int_eq(bn_json_hash(a, ha, NULL), 0);
	ck_assert_int_eq(bn_json_hash(b, hb, NULL), 0);
	ck_assert_str_eq(ha, hb);
	bn_buf text = BN_BUF_INIT;
	ck_assert_int_eq(bn_json_canonical(a, &text, NULL), 0);
	ck_assert_str_eq(text.ptr, "{\"a\":{\"y\":\"\xc3\xa9\",\"z\":true},\"b\":[1,2.0,null]}");
	bn_buf_clear(&text); /* with a field that is text already */
	ck_assert_int_eq(bn_json_canonical_with(a, "aa", "[{\"b\":1}]", &text, NULL), 0);
	ck_assert_str_eq(text.ptr,
		"{\"a\":{\"y\":\"\xc3\xa9\",\"z\":true},\"aa\":[{\"b\":1}],\"b\":[1,2.0,null]}");
	bn_buf_release(&text);
	json_decref(a);
	json_decref(b);
}
END_TEST

START_TEST(test_json_pretty_reads_back_equal)
{
	json_t *a =
		parsed("{\"list\":[{\"x\":1},{\"x\":2}],\"flat\":[1,2,3],\"empty\":{},\"n\":0.1}");
	bn_buf text = BN_BUF_INIT;
	ck_assert_int_eq(bn_json_pretty(a, &text, NULL), 0);
	json_t *b = parsed(text.ptr);
	ck_assert(json_equal(a, b));
	bn_buf_release(&text);
	json_decref(a);
	json_decref(b);
}
END_TEST

START_TEST(test_json_missing_field_is_named_with_what_is_wanted)
{
	bn_err e = BN_ERR_INIT;
	const char *s;
	json_t *v = parsed("{\"seed\": \"x\"}");
	int64_t n;
	ck_assert_int_eq(bn_json_need_int(v, "seed", &n, "spec.json", &e), BN_EINVAL);
	ck_assert_str_eq(e.msg, "spec.json: field 'seed' must be an integer, not a string");
	bn_err_clear(&e);
	ck_assert_int_eq(bn_json_need_str(v, "trainer", &s, "spec.json", &e), BN_EINVAL);
	ck_assert_str_eq(e.msg, "spec.json: field 'trainer' is missing (a string)");
	json_decref(v);
}
END_TEST

START_TEST(test_json_unknown_field_suggests_the_nearest)
{
	static const char *const keys[] = {"learning_rate", "epochs", NULL};
	bn_err e = BN_ERR_INIT;
	json_t *v = parsed("{\"learning_rte\": 0.1}");
	ck_assert_int_eq(bn_json_only_keys(v, keys, "params", &e), BN_EINVAL);
	ck_assert_str_eq(
		e.msg, "params: unknown field 'learning_rte', did you mean 'learning_rate'?");
	json_decref(v);
}
END_TEST

/* A diverged loss that Python's json.dump wrote as NaN makes that number unusable, and no other. */
START_TEST(test_json_numbers_of_python_are_numbers)
{
	static const char text[] = "{\"a\":NaN,\"b\":[Infinity,-Infinity,1.5],\"NaN\":\"NaN\","
				   "\"q\":\"\\\"NaN Infinity\",\"t\":true}";
	bn_err err = BN_ERR_INIT;
	json_t *o = NULL;
	double x = 0;
	ck_assert_bn_ok(bn_json_parse_numbers(&o, text, strlen(text), "m.json", &err), &err);
	ck_assert(bn_json_number_of(json_object_get(o, "a"), &x) && isnan(x));
	const json_t *b = json_object_get(o, "b");
	ck_assert(bn_json_number_of(json_array_get(b, 0), &x) && isinf(x) && x > 0);
	ck_assert(bn_json_number_of(json_array_get(b, 1), &x) && isinf(x) && x < 0);
	ck_assert(bn_json_number_of(json_array_get(b, 2), &x) && x == 1.5);
	ck_assert_str_eq(json_string_value(json_object_get(o, "NaN")), "NaN");
	ck_assert_str_eq(json_string_value(json_object_get(o, "q")), "\"NaN Infinity");
	ck_assert(!bn_json_number_of(json_object_get(o, "NaN"), &x));
	ck_assert(!bn_json_number_of(json_object_get(o, "t"), &x));
	ck_assert(!bn_json_number_of(NULL, &x));
	json_decref(o);
	/* integers of any size are numbers; one beyond the range of doubles does not affect
	 * others */
	static const char large[] = "{\"a\":12345678901234567890123,\"b\":-9223372036854775809,"
				    "\"c\":1e999,\"d\":-1e400,\"e\":[1e-999,5],\"f\":\"1e999\"}";
	ck_assert_bn_ok(bn_json_parse_numbers(&o, large, strlen(large), "m.json", &err), &err);
	ck_assert(bn_json_number_of(json_object_get(o, "a"), &x) && x == 12345678901234567890123.0);
	ck_assert(bn_json_number_of(json_object_get(o, "b"), &x) && x == -9223372036854775809.0);
	ck_assert(!bn_json_number_of(json_object_get(o, "c"), &x));
	ck_assert_str_eq(bn_json_beyond_of(json_object_get(o, "c")), "1e999");
	ck_assert_str_eq(bn_json_beyond_of(json_object_get(o, "d")), "-1e400");
	ck_assert(bn_json_number_of(json_array_get(json_object_get(o, "e"), 0), &x) && x == 0);
	ck_assert_ptr_null(bn_json_beyond_of(json_object_get(o, "f")));
	ck_assert_ptr_null(bn_json_beyond_of(json_object_get(o, "a")));
	json_decref(o);
	/* errors give the position in the text */
	static const char *const wrong[][2] = {{"{\"a\":NaN,\n\"b\":NaN x}", "m.json:2:9"},
		{"{\"a\":nan}", "m.json:1:"}, {"{\"a\":NaNN}", "m.json:1:9"},
		{"{\"a\":+Infinity}", "m.json:1:"}, {"[NaN", "m.json:1:"}};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err_clear(&err);
		o = NULL;
		ck_assert_int_lt(
			bn_json_parse_numbers(&o, wrong[i][0], strlen(wrong[i][0]), "m.json", &err),
			0);
		ck_assert_msg(strstr(err.msg, wrong[i][1]) != NULL, "%s: %s", wrong[i][0], err.msg);
	}
}
END_TEST

START_TEST(test_json_integers_beyond_int64_are_their_digits)
{
	static const struct {
		const char *text, *want; /* canonical; NULL: an error */
	} cases[] = {{"[9223372036854775808,18446744073709551615]",
			     "[\"9223372036854775808\",\"18446744073709551615\"]"},
		{"{\"a\":9223372036854775808,\"b\":\"9223372036854775808\"}",
			"{\"a\":\"9223372036854775808\",\"b\":\"9223372036854775808\"}"},
		{"[9223372036854775807,-9223372036854775808]",
			"[9223372036854775807,-9223372036854775808]"},
		{"[\"\\\"9223372036854775808\",9223372036854775808]",
			"[\"\\\"9223372036854775808\",\"9223372036854775808\"]"},
		{"[9223372036854775808.0]", "[9.223372036854776e+18]"},
		{"[18446744073709551616]", NULL}, {"[-9223372036854775809]", NULL},
		{"[9223372036854775808", NULL}};
	bn_err err = BN_ERR_INIT;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_buf out = BN_BUF_INIT;
		json_t *o = NULL;
		bn_err_clear(&err);
		int rc = bn_json_parse_wide(
			&o, cases[i].text, strlen(cases[i].text), "wide.json", &err);
		ck_assert_msg(
			(rc == 0) == (cases[i].want != NULL), "%s: %s", cases[i].text, err.msg);
		if (rc == 0) {
			ck_assert_bn_ok(bn_json_canonical(o, &out, &err), &err);
			ck_assert_str_eq(out.ptr, cases[i].want);
		} else {
			ck_assert_ptr_nonnull(strstr(err.msg, "wide.json:1:"));
		}
		json_decref(o);
		bn_buf_release(&out);
	}
}
END_TEST

START_TEST(test_json_unknown_numbers_are_null_not_zero)
{
	json_t *v = bn_json_real_or_null(NAN);
	ck_assert(json_is_null(v));
	json_decref(v);
	v = parsed("{\"x\": null}");
	ck_assert(isnan(bn_json_num(v, "x", NAN)));
	json_decref(v);
}
END_TEST

BN_TEST_MAIN("core/base/json", test_json_error_names_source_line_and_column,
	test_json_refuses_duplicate_keys_and_trailing_text,
	test_json_canonical_form_does_not_depend_on_order_or_spaces,
	test_json_pretty_reads_back_equal, test_json_missing_field_is_named_with_what_is_wanted,
	test_json_unknown_field_suggests_the_nearest, test_json_numbers_of_python_are_numbers,
	test_json_integers_beyond_int64_are_their_digits,
	test_json_unknown_numbers_are_null_not_zero)
