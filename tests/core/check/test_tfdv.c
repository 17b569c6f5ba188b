/* TFDV's comparators by their definitions (tests/reference/tfdv.json), and reading schema.pbtxt: what is kept, what is
 * refused and where. */
#include "core/base/json.h"
#include "core/check/pbtxt.h"
#include "core/check/tfdv_compare.h"
#include "core/check/tfdv_schema.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define ORACLE "tests/reference/tfdv.json"

static bn_err err = BN_ERR_INIT;

static bn_table_reader *table_of(bn_type type, const json_t *values)
{
	char path[64];
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_table_reader *t = NULL;
	snprintf(path, sizeof path, "/tmp/bn-tfdv-%ld.arrow", (long)getpid());
	ck_assert_bn_ok(bn_schema_add(&s, "x", type, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	/* Batches as such, since a NaN set row by row is absent. */
	size_t n = json_array_size(values);
	double *numbers = calloc(n + 1, sizeof *numbers);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(values, i);
		const char *text = json_string_value(v);
		if (type == BN_TYPE_STRING) {
			bn_table_row_text(w, 0, text, strlen(text));
			ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
		} else {
			numbers[i] = text ? strtod(text, NULL) : json_number_value(v);
		}
	}
	if (type != BN_TYPE_STRING && n) {
		bn_column c = {.type = type, .rows = n, .f64 = numbers};
		const bn_batch b = {.rows = n, .column_count = 1, .columns = &c};
		ck_assert_bn_ok(bn_table_write_batch(w, &b, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
	free(numbers);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	unlink(path);
	return t;
}

static bool same(double x, const json_t *want)
{
	return json_is_number(want) ? fabs(x - json_number_value(want)) <= 1e-12 : isnan(x);
}

START_TEST(test_tfdv_comparators_equal_their_definitions)
{
	json_t *doc = NULL;
	ck_assert_bn_ok(bn_json_load(&doc, bn_env_real(), ORACLE, &err), &err);
	const json_t *cases = json_object_get(doc, "cases");
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *c = json_array_get(cases, i);
		bn_type type;
		bn_tfdv_distances d;
		ck_assert_bn_ok(bn_type_parse(&type, bn_json_str(c, "type", ""), &err), &err);
		bn_table_reader *a = table_of(type, json_object_get(c, "a"));
		bn_table_reader *b = table_of(type, json_object_get(c, "b"));
		ck_assert_bn_ok(bn_tfdv_compare(&d, a, 0, b, 0, NULL, &err), &err);
		ck_assert_msg(same(d.infinity_norm, json_object_get(c, "infinity_norm")) &&
				      same(d.normalized_abs_difference,
					      json_object_get(c, "normalized_abs_difference")) &&
				      same(d.jensen_shannon_divergence,
					      json_object_get(c, "jensen_shannon_divergence")),
			"%s: %.17g %.17g %.17g", bn_json_str(c, "name", ""), d.infinity_norm,
			d.normalized_abs_difference, d.jensen_shannon_divergence);
		bn_table_reader_free(a);
		bn_table_reader_free(b);
	}
	ck_assert_uint_eq(json_array_size(cases), 18);
	json_decref(doc);
}
END_TEST

static int parse(bn_tfdv_schema **s, const char *text, bn_err *e)
{
	return bn_tfdv_schema_parse(s, text, strlen(text), "s.pbtxt", e);
}

START_TEST(test_tfdv_schema_is_read_in_every_form_of_the_text)
{
	static const char text[] =
		"# a comment\n"
		"feature { name: \"st\" 'ate' type: BYTES, domain: \"states\"; presence: < min_fraction: 1.0 "
		"min_count: 1 > not_in_environment: [\"SERVING\", \"TEST\"]\n"
		"  drift_comparator { infinity_norm { threshold: 1e-2 } } shape { dim { size: 1 } } }\n"
		"feature { name: \"w\" type: FLOAT float_domain { min: -0.5 max: 3 disallow_nan: true }\n"
		"  url_domain { } lifecycle_stage: ALPHA }\n"
		"string_domain { name: \"states\" value: \"OK\" value: \"F\\303\\251\\n\\x41\" }\n"
		"default_environment: \"TRAINING\" default_environment: \"SERVING\"\n"
		"dataset_constraints { min_examples_count: 10 }\n";
	bn_tfdv_schema *s = NULL;
	ck_assert_bn_ok(parse(&s, text, &err), &err);
	ck_assert_uint_eq(s->count, 2);
	const bn_tfdv_feature *f = &s->features[0];
	ck_assert_str_eq(f->name, "state");
	ck_assert_int_eq(f->type, BN_TFDV_BYTES);
	ck_assert_uint_eq(f->strings->count, 2);
	ck_assert_str_eq(f->strings->items[1], "F\xc3\xa9\nA");
	ck_assert(f->min_fraction == 1 && f->drift.infinity_norm == 0.01 && isnan(f->skew.infinity_norm));
	ck_assert(!bn_tfdv_feature_is_in(s, f, "SERVING") && bn_tfdv_feature_is_in(s, f, "TRAINING"));
	ck_assert(bn_tfdv_feature_is_in(s, f, NULL) && !bn_tfdv_feature_is_in(s, f, "OTHER"));
	ck_assert(s->features[1].min == -0.5 && s->features[1].disallow_nan && s->features[1].is_idle);
	ck_assert(s->min_examples == 10 && isnan(s->max_examples));
	ck_assert_uint_eq(s->ignored.count, 1);
	ck_assert_str_eq(s->ignored.items[0], "feature.url_domain");
	bn_tfdv_schema_free(s);
}
END_TEST

START_TEST(test_tfdv_schema_errors_name_line_and_column)
{
	static const struct {
		const char *text, *says;
	} bad[] = {{"feature {", "s.pbtxt:1:10: a message that nothing closes"},
		{"feature {\n  name \"x\" }", "s.pbtxt:2:8: ':' or '{' is expected"},
		{"feature {\n  name: \"x }", "s.pbtxt:2:13: a string that nothing closes"},
		{"feature { name: \"x\" type: WORD }", "s.pbtxt:1:27: 'type' must be BYTES"},
		{"feature { type: INT }", "s.pbtxt:1:9: a feature without a name"},
		{"feature { name: \"x\" presence { min_count: many } }",
			"s.pbtxt:1:43: 'min_count' must be a number"},
		{"feature { name: \"x\" domain: \"nope\" }", "'domain' must be the name of a string_domain"},
		{"feature: 3", "'feature' must be a message"}, {"[ext.x]: 3", "extensions are not read"},
		{"feature { name: \"a\\q\" }", "an unknown escape"},
		{"feature { name: \"x\" not_in_environment: [\"A\" \"B\" }", "',' or ']' is expected"},
		{"a: ", "s.pbtxt:1:4: a value is missing"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err e = BN_ERR_INIT;
		bn_tfdv_schema *s = NULL;
		ck_assert_int_eq(parse(&s, bad[i].text, &e), BN_EINVAL);
		ck_assert_msg(strstr(e.msg, bad[i].says) != NULL, "%zu: %s", i, e.msg);
	}
}
END_TEST

START_TEST(test_tfdv_schema_nested_without_end_is_refused)
{
	bn_err e = BN_ERR_INIT;
	bn_tfdv_schema *s = NULL;
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < 100000; i++)
		bn_buf_adds(&b, "a{");
	ck_assert_int_eq(bn_tfdv_schema_parse(&s, b.ptr, b.len, "s", &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "nested too deep"));
	bn_buf_release(&b);
}
END_TEST

BN_TEST_MAIN("core/check/tfdv", test_tfdv_comparators_equal_their_definitions,
	test_tfdv_schema_is_read_in_every_form_of_the_text,
	test_tfdv_schema_errors_name_line_and_column, test_tfdv_schema_nested_without_end_is_refused)
