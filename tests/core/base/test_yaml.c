/* YAML to and from JSON trees. */
#include "core/base/yaml.h"
#include "tests/support/check_main.h"

#include <string.h>

static json_t *parse(const char *text)
{
	json_t *v = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_yaml_parse(&v, text, strlen(text), "t.yaml", &err), &err);
	return v;
}

static void parses_as(const char *yaml, const char *json)
{
	json_error_t e;
	json_t *got = parse(yaml), *want = json_loads(json, JSON_DECODE_ANY, &e);
	ck_assert_msg(want != NULL, "%s: %s", json, e.text);
	char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
	ck_assert_msg(json_equal(got, want), "%s gave %s, not %s", yaml, text, json);
	free(text);
	json_decref(got);
	json_decref(want);
}

static void refuses(const char *yaml, const char *message)
{
	json_t *v = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_yaml_parse(&v, yaml, strlen(yaml), "t.yaml", &err), BN_EINVAL);
	ck_assert_ptr_null(v);
	ck_assert_msg(strstr(err.msg, message) != NULL, "'%s' lacks '%s'", err.msg, message);
}

START_TEST(test_scalars_follow_the_core_schema)
{
	parses_as("a: 1\nb: -2.5\nc: true\nd: ~\ne: text\nf: \"1\"\ng: '~'\nh: 1e3\ni:\n",
		"{\"a\":1,\"b\":-2.5,\"c\":true,\"d\":null,\"e\":\"text\",\"f\":\"1\",\"g\":\"~\","
		"\"h\":1000.0,\"i\":null}");
	parses_as("[1e999, 1234e56789]", "[\"1e999\",\"1234e56789\"]");
	parses_as("[.inf, .nan, +7, 1.2.3, 0x10, yes]", "[null,null,7,\"1.2.3\",\"0x10\",\"yes\"]");
	parses_as("", "null");
	parses_as("- {a: [1, 2]}\n- |\n  two\n  lines\n", "[{\"a\":[1,2]},\"two\\nlines\\n\"]");
}
END_TEST

START_TEST(test_errors_name_line_and_column)
{
	refuses("a: 1\na: 2\n", "t.yaml:2:1: duplicate key");
	refuses("a: [1, 2\nb: 3\n", "t.yaml:2:");
	refuses("a: &x 1\nb: *x\n", "anchors are not supported");
	refuses("a: !!python/object:os.system 1\n", "t.yaml:1:");
	refuses("a: !mine 1\n", "tags are not supported");
	refuses("a: 1\n---\nb: 2\n", "more than one document");
	refuses("? [1]\n: 2\n", "a key must be");
	refuses("a: \"\\0\"\n", "NUL");
	refuses("a: b: c\n", "t.yaml:1:5");
}
END_TEST

START_TEST(test_depth_is_limited)
{
	char deep[300];
	memset(deep, '[', sizeof deep);
	deep[299] = '\0';
	refuses(deep, "nested over 64");
	json_t *v = json_array(), *inner = v;
	for (int i = 0; i < 70; i++) {
		json_t *next = json_array();
		json_array_append_new(inner, next);
		inner = next;
	}
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_yaml_write(&b, v, &err), BN_EINVAL);
	json_decref(v);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_what_is_written_reads_back_equal)
{
	static const char *const docs[] = {
		"{\"a\":1,\"b\":[],\"c\":{},\"d\":[1,[2,3],{\"e\":null}]}",
		("[\"\",\"null\",\"true\",\"yes\",\"1\",\"1.5\",\"~\",\"a: b\",\"- x\",\"#c\",\" "
		 "lead\","
		 "\"trail "
		 "\",\"new\\nline\",\"quo\\\"te\",\"\\u00e9\\u4e2d\",\"a\\\\b\",\"@x\",\"!t\"]"),
		"{\"key with space\":1,\"no\":2,\"1\":3,\"\":4}",
		("[\"\\u0085x\",\"a\\u2028\",\"\\ufeff\",\"\\u0007\",\"\\ud83d\\ude00\","
		 "\"\\u007f\"]"),
		"[1e20,1.5e-300,0.1,3.0,-7,true,false,null]", "\"text\"", "3", "[]",
		"{\"signature\":\"[{\\\"name\\\": \\\"x\\\", \\\"type\\\": \\\"double\\\"}]\"}"};
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		bn_buf b = BN_BUF_INIT;
		bn_err err = BN_ERR_INIT;
		json_t *v = json_loads(docs[i], JSON_DECODE_ANY, NULL);
		ck_assert_ptr_nonnull(v);
		ck_assert_bn_ok(bn_yaml_write(&b, v, &err), &err);
		parses_as(b.ptr, docs[i]);
		bn_buf_release(&b);
		json_decref(v);
	}
}
END_TEST

START_TEST(test_layout_is_what_people_write)
{
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	json_t *v = json_loads(
		"{\"name\":\"power\",\"list\":[1,{\"a\":\"b c\",\"no\":1}],\"m\":{\"x\":1e20}}", 0,
		NULL);
	ck_assert_bn_ok(bn_yaml_write(&b, v, &err), &err);
	ck_assert_str_eq(b.ptr, "name: power\n"
				"list:\n"
				"  - 1\n"
				"  - a: \"b c\"\n"
				"    \"no\": 1\n"
				"m:\n"
				"  x: 1.0e+20\n");
	bn_buf_release(&b);
	json_decref(v);
}
END_TEST

START_TEST(test_line_of_a_field_is_found)
{
	static const char text[] = "# head\n"
				   "ci:\n"
				   "  data:\n"
				   "    - name: a\n"
				   "      file: b\n"
				   "    - {name: c,\n"
				   "       file: d}\n"
				   "  \"train\": {x: [1,\n"
				   "    {y: 2}]}\n";
	static const struct {
		const char *field;
		size_t line;
	} cases[] = {{"ci", 2}, {"ci.data", 3}, {"ci.data[0].file", 5}, {"ci.data[1]", 6},
		{"ci.data[1].file", 7}, {"ci.data[2]", 3}, {"ci.data[0].none", 4}, {"ci.train.x[1].y", 9},
		{"ci.trai", 2}, {"other", 0}, {"", 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(bn_yaml_line(text, strlen(text), cases[i].field) == cases[i].line, "%s",
			cases[i].field);
	ck_assert_uint_eq(bn_yaml_line("a: [", 4, "a[0]"), 1);
	ck_assert_uint_eq(bn_yaml_line("", 0, "a"), 0);
}
END_TEST

BN_TEST_MAIN("core/base/yaml", test_scalars_follow_the_core_schema,
	test_errors_name_line_and_column, test_depth_is_limited,
	test_what_is_written_reads_back_equal, test_layout_is_what_people_write,
	test_line_of_a_field_is_found)
