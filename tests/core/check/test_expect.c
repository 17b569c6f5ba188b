/* Checks compared with Great Expectations (tests/reference/expect.json, or the file of the same shape in
 * BINNACLE_EXPECT_TABLE), reading suites, and error messages. */
#include "core/base/json.h"
#include "core/base/timestamp.h"
#include "core/check/expect.h"
#include "core/check/infer.h"
#include "core/profile/profiler.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define ORACLE "tests/reference/expect.json"

static const char *test_path(void)
{
	static char path[64];
	snprintf(path, sizeof path, "/tmp/bn-expect-%ld.arrow", (long)getpid());
	return path;
}

static void set_cell(bn_table_writer *w, size_t c, bn_type type, const json_t *v)
{
	int64_t ns = 0;
	const char *s = json_string_value(v);
	if (json_is_null(v))
		return;
	if (type == BN_TYPE_FLOAT64 && s)
		bn_table_row_f64(w, c, !strcmp(s, "inf") ? INFINITY : -INFINITY);
	else if (type == BN_TYPE_FLOAT64)
		bn_table_row_f64(w, c, json_number_value(v));
	else if (type == BN_TYPE_INT64)
		bn_table_row_i64(w, c, json_integer_value(v));
	else if (type == BN_TYPE_BOOL)
		bn_table_row_bool(w, c, json_is_true(v));
	else if (type == BN_TYPE_TIMESTAMP && bn_timestamp_parse(s, strlen(s), &ns))
		bn_table_row_i64(w, c, ns);
	else
		bn_table_row_text(w, c, s, strlen(s));
}

/* columns: [{"name", "type", "values"}]. The reader stays valid after the file is unlinked. */
static bn_table_reader *table_of(const json_t *columns)
{
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_table_reader *t = NULL;
	size_t n = json_array_size(columns);
	size_t rows = json_array_size(json_object_get(json_array_get(columns, 0), "values"));
	for (size_t c = 0; c < n; c++) {
		const json_t *column = json_array_get(columns, c);
		bn_type type;
		ck_assert_bn_ok(bn_type_parse(&type, bn_json_str(column, "type", ""), &err), &err);
		ck_assert_bn_ok(
			bn_schema_add(&s, bn_json_str(column, "name", ""), type, true, NULL, &err),
			&err);
	}
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, test_path(), &s, &err), &err);
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < n; c++)
			set_cell(w, c, s.fields[c].type,
				json_array_get(
					json_object_get(json_array_get(columns, c), "values"), r));
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), test_path(), &err), &err);
	unlink(test_path());
	return t;
}

static bool same_number(const json_t *got, const json_t *want)
{
	if (json_is_null(want) || !want)
		return json_is_null(got) || !got;
	if (!json_is_number(want) || !json_is_number(got))
		return json_equal((json_t *)got, (json_t *)want);
	double a = json_number_value(got), b = json_number_value(want);
	return json_is_number(got) && fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

static void note_if(bn_buf *out, bool bad, const char *what, const json_t *got, const json_t *want)
{
	if (!bad)
		return;
	char *g = got ? json_dumps(got, JSON_ENCODE_ANY) : NULL;
	char *w = want ? json_dumps(want, JSON_ENCODE_ANY) : NULL;
	bn_buf_addf(out, " %s is %s, GX says %s;", what, g ? g : "-", w ? w : "-");
	free(g);
	free(w);
}

/* Differences from GX in one case, as text; empty if there are none. */
static void compare(bn_buf *out, const bn_expect_result *r, const json_t *gx)
{
	static const char *const keys[] = {"element_count", "unexpected_count", "missing_count",
		"unexpected_percent", "unexpected_percent_total", "missing_percent"};
	const json_t *one = json_array_get(json_object_get(r->document, "results"), 0);
	const json_t *result = json_object_get(one, "result");
	const json_t *rows = json_object_get(gx, "rows");
	const json_t *want = json_object_get(gx, "success");
	note_if(out, r->success != json_is_true(want), "success",
		r->success ? json_true() : json_false(), want);
	if (json_is_true(json_object_get(gx, "raised"))) {
		if (!r->items[0].raised)
			bn_buf_adds(out, " GX could not run it;");
		return;
	}
	if (r->items[0].raised)
		bn_buf_addf(out, " could not run: %s;",
			bn_json_str(
				json_object_get(one, "exception_info"), "exception_message", ""));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (json_object_get(gx, keys[i]) && json_object_get(result, "element_count"))
			note_if(out,
				!same_number(json_object_get(result, keys[i]),
					json_object_get(gx, keys[i])),
				keys[i], json_object_get(result, keys[i]),
				json_object_get(gx, keys[i]));
	if (rows && json_object_get(result, "element_count")) {
		bool same = json_array_size(rows) == r->items[0].row_count;
		for (size_t i = 0; same && i < r->items[0].row_count; i++)
			same = (json_int_t)r->items[0].rows[i] ==
			       json_integer_value(json_array_get(rows, i));
		note_if(out, !same, "rows",
			json_object_get(result, "partial_unexpected_index_list"), rows);
	}
	const json_t *observed = json_object_get(gx, "observed");
	if (observed)
		note_if(out, !same_number(json_object_get(result, "observed_value"), observed),
			"observed", json_object_get(result, "observed_value"), observed);
	const json_t *modes = json_object_get(gx, "modes");
	const json_t *shown = json_object_get(result, "observed_value");
	note_if(out, modes && json_array_size(shown) != json_array_size(modes), "observed", shown,
		modes);
	for (size_t i = 0; i < json_array_size(modes); i++)
		note_if(out, !same_number(json_array_get(shown, i), json_array_get(modes, i)),
			"observed", shown, modes);
	const json_t *q = json_object_get(gx, "quantiles");
	const json_t *mine = json_object_get(json_object_get(result, "observed_value"), "values");
	for (size_t i = 0; i < json_array_size(q); i++)
		note_if(out, !same_number(json_array_get(mine, i), json_array_get(q, i)),
			"quantile", json_array_get(mine, i), json_array_get(q, i));
}

static bn_suite *suite_of(const char *type, const json_t *kwargs)
{
	bn_err err = BN_ERR_INIT;
	bn_suite *s = NULL;
	json_t *doc = json_pack("{s:s, s:[{s:s, s:O}]}", "name", "t", "expectations", "type", type,
		"kwargs", kwargs);
	ck_assert_bn_ok(bn_suite_from_json(&s, doc, "t", &err), &err);
	json_decref(doc);
	return s;
}

START_TEST(test_expect_agrees_with_great_expectations)
{
	bn_err err = BN_ERR_INIT;
	json_t *doc = NULL, *cases;
	const char *path = getenv("BINNACLE_EXPECT_TABLE");
	bn_buf wrong = BN_BUF_INIT;
	size_t bad = 0, run = 0, refused = 0;
	ck_assert_bn_ok(bn_json_load(&doc, bn_env_real(), path ? path : ORACLE, &err), &err);
	cases = json_object_get(doc, "cases");
	const json_t *tables = json_object_get(doc, "tables");
	for (void *it = json_object_iter((json_t *)tables); it;
		it = json_object_iter_next((json_t *)tables, it)) {
		bn_table_reader *t = table_of(json_object_iter_value(it));
		for (size_t i = 0; i < json_array_size(cases); i++) {
			const json_t *c = json_array_get(cases, i), *gx = json_object_get(c, "gx");
			const char *type = bn_json_str(c, "type", "");
			bn_expect_result *r = NULL;
			if (strcmp(bn_json_str(c, "table", ""), json_object_iter_key(it)) != 0)
				continue;
			if (json_object_get(gx, "refused")) {
				refused++;
				continue;
			}
			bn_suite *s = suite_of(type, json_object_get(c, "kwargs"));
			ck_assert_bn_ok(bn_expect_run(&r, t, s, NULL, &err), &err);
			bn_buf_clear(&wrong);
			compare(&wrong, r, gx);
			run++;
			if (wrong.len) {
				char *kwargs = json_dumps(json_object_get(c, "kwargs"), 0);
				printf("table %s: %s %s:%s\n", json_object_iter_key(it), type,
					kwargs, wrong.ptr);
				free(kwargs);
				bad++;
			}
			bn_expect_result_free(r);
			bn_suite_free(s);
		}
		bn_table_reader_free(t);
	}
	printf("NOTE: checks: %zu cases agree with Great Expectations %s (%zu it refuses)\n",
		run - bad, bn_json_str(json_object_get(doc, "made_by"), "great_expectations", "?"),
		refused);
	bn_buf_release(&wrong);
	json_decref(doc);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

static int parse(bn_suite **out, const char *text, bn_err *err)
{
	return bn_suite_parse(out, text, strlen(text), "s.json", err);
}

START_TEST(test_suite_reads_both_spellings_and_parameters)
{
	static const char text[] =
		"{\"expectation_suite_name\": \"old\", \"evaluation_parameters\": {\"top\": 5},"
		" \"data_asset_type\": null, \"expectations\": [{\"expectation_type\":"
		" \"expect_column_values_to_be_between\", \"kwargs\": {\"column\": \"a\","
		" \"min_value\": 1, \"max_value\": {\"$PARAMETER\": \"top\"},"
		" \"result_format\": \"BASIC\"}, \"severity\": \"warning\"}]}";
	bn_err err = BN_ERR_INIT;
	bn_suite *s = NULL;
	json_t *doc = NULL;
	ck_assert_bn_ok(parse(&s, text, &err), &err);
	ck_assert_str_eq(s->name, "old");
	ck_assert_int_eq(bn_json_int(s->items[0].kwargs, "max_value", 0), 5);
	ck_assert_bn_ok(bn_suite_to_json(&doc, s, &err), &err);
	ck_assert_str_eq(bn_json_str(doc, "name", ""), "old");
	const json_t *item = json_array_get(json_object_get(doc, "expectations"), 0);
	ck_assert_str_eq(bn_json_str(item, "type", ""), "expect_column_values_to_be_between");
	ck_assert_str_eq(bn_json_str(item, "severity", ""), "warning");
	json_decref(doc);
	bn_suite_free(s);
}
END_TEST

START_TEST(test_suite_errors_name_the_check_and_help)
{
	static const struct {
		const char *item, *says, *hints;
		int code;
	} bad[] = {{"{\"type\":\"expect_column_values_to_be_betwen\"}", "check 1: no check of type",
			   "'expect_column_values_to_be_between'", BN_EINVAL},
		{"{\"type\":\"expect_column_to_exist\",\"kwargs\":{\"colum\":\"a\"}}",
			"needs 'column'", "", BN_EINVAL},
		{"{\"type\":\"expect_column_to_exist\",\"kwargs\":{\"column\":\"a\",\"colun_"
		 "index\":"
		 "1}}",
			"takes no 'colun_index'", "'column_index'", BN_EINVAL},
		{"{\"type\":\"expect_column_values_to_not_be_null\",\"kwargs\":{\"column\":\"a\","
		 "\"mostly\":3}}",
			"'mostly' must be a number from 0 to 1", "", BN_EINVAL},
		{"{\"type\":\"expect_column_pair_values_to_be_in_set\",\"kwargs\":{\"column_A\":"
		 "\"a\","
		 "\"column_B\":\"b\",\"value_pairs_set\":[[1,2],[3]]}}",
			"'value_pairs_set' must be an array of arrays of two", "", BN_EINVAL},
		{"{\"type\":\"expect_column_to_exist\",\"kwargs\":{\"column\":\"a\","
		 "\"row_condition\":\"x>1\"}}",
			"takes no 'row_condition'", "", BN_EINVAL},
		{"{\"type\":\"expect_column_to_exist\",\"kwargs\":{\"column\":{\"$PARAMETER\":"
		 "\"p\"}}}",
			"no suite parameter 'p'", "", BN_EINVAL},
		{"[]", "no \"type\"", "", BN_EINVAL}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err err = BN_ERR_INIT;
		bn_suite *s = NULL;
		char text[512];
		snprintf(text, sizeof text, "{\"name\":\"x\",\"expectations\":[%s]}", bad[i].item);
		ck_assert_int_eq(parse(&s, text, &err), bad[i].code);
		ck_assert_msg(strstr(err.msg, bad[i].says) != NULL, "%s", err.msg);
		ck_assert_msg(strstr(err.hint, bad[i].hints) != NULL, "%s", err.hint);
	}
}
END_TEST

START_TEST(test_expect_row_condition_looks_at_some_rows_and_names_them_by_the_table)
{
	static const char suite[] =
		"{\"name\":\"s\",\"expectations\":["
		"{\"type\":\"expect_column_values_to_be_between\",\"kwargs\":{\"column\":\"x\","
		"\"min_value\":0,\"row_condition\":\"i % 5 == 1 and i > 10\","
		"\"condition_parser\":\"pandas\"}},"
		"{\"type\":\"expect_table_row_count_to_equal\",\"kwargs\":{\"value\":18,"
		"\"row_condition\":\"i % 5 == 1 and i > 10\"}},"
		"{\"type\":\"expect_column_max_to_be_between\",\"kwargs\":{\"column\":\"i\","
		"\"max_value\":20,\"row_condition\":\"x = 1 and i < 21\"}},"
		"{\"type\":\"expect_column_values_to_not_be_null\",\"kwargs\":{\"column\":\"x\","
		"\"row_condition\":\"nope > 1\"}},"
		"{\"type\":\"expect_column_values_to_not_be_null\",\"kwargs\":{\"column\":\"x\","
		"\"row_condition\":\"x >\"}},"
		"{\"type\":\"expect_column_values_to_not_be_null\",\"kwargs\":{\"column\":\"x\","
		"\"row_condition\":\"x > 1\",\"condition_parser\":\"spark\"}},"
		"{\"type\":\"expect_column_values_to_not_be_null\",\"kwargs\":{\"column\":\"x\"}}]"
		"}";
	static const char *const reasons[] = {"row_condition:1:1: no column 'nope'",
		"row_condition:1:4: expected a value at the end",
		"condition_parser 'spark' is not supported; write \"x > 5"};
	bn_err err = BN_ERR_INIT;
	bn_expect_result *r = NULL;
	bn_suite *s = NULL;
	json_t *x = json_array(), *n = json_array();
	for (int i = 0; i < 100; i++) {
		json_array_append_new(n, json_integer(i));
		json_array_append_new(x, json_integer(i == 41 || i == 42 || i == 91 ? -1 : 1));
	}
	json_t *columns = json_pack("[{s:s, s:s, s:o}, {s:s, s:s, s:o}]", "name", "x", "type",
		"int64", "values", x, "name", "i", "type", "int64", "values", n);
	bn_table_reader *table = table_of(columns);
	json_decref(columns);
	ck_assert_bn_ok(parse(&s, suite, &err), &err);
	ck_assert_bn_ok(bn_expect_run(&r, table, s, NULL, &err), &err);
	ck_assert(!r->items[0].success);
	ck_assert_uint_eq(r->items[0].unexpected, 2);
	ck_assert_uint_eq(r->items[0].rows[0], 41);
	ck_assert_uint_eq(r->items[0].rows[1], 91);
	const json_t *result = json_object_get(
		json_array_get(json_object_get(r->document, "results"), 0), "result");
	const json_t *index = json_object_get(result, "partial_unexpected_index_list");
	ck_assert_int_eq(json_integer_value(json_object_get(result, "element_count")), 18);
	ck_assert_int_eq(json_integer_value(json_array_get(index, 1)), 91);
	ck_assert(r->items[1].success);
	ck_assert(r->items[2].success);
	for (size_t k = 0; k < 3; k++) {
		const json_t *why = json_object_get(
			json_array_get(json_object_get(r->document, "results"), 3 + k),
			"exception_info");
		ck_assert(r->items[3 + k].raised);
		ck_assert_ptr_nonnull(
			strstr(bn_json_str(why, "exception_message", ""), reasons[k]));
	}
	ck_assert(r->items[6].success);
	bn_expect_result_free(r);
	bn_suite_free(s);
	bn_table_reader_free(table);
}
END_TEST

START_TEST(test_expect_keeps_failing_rows_bounded_and_counts_exact)
{
	bn_err err = BN_ERR_INIT;
	bn_expect_result *r = NULL;
	json_t *values = json_array();
	for (int i = 0; i < 70000; i++)
		json_array_append_new(values, json_integer(i % 7 ? 1 : -1));
	json_t *columns =
		json_pack("[{s:s, s:s, s:o}]", "name", "x", "type", "int64", "values", values);
	bn_table_reader *t = table_of(columns);
	json_t *kwargs = json_pack("{s:s, s:i}", "column", "x", "max_value", 0);
	bn_suite *s = suite_of("expect_column_values_to_be_between", kwargs);
	ck_assert_bn_ok(bn_expect_run(&r, t, s, NULL, &err), &err);
	ck_assert_uint_eq(r->items[0].unexpected, 60000);
	ck_assert_uint_eq(r->items[0].row_count, BN_EXPECT_ROWS);
	ck_assert_uint_eq(r->items[0].rows[0], 1);
	ck_assert_uint_eq(r->items[0].rows[6], 8);
	ck_assert_uint_eq(r->failed, 1);
	/* What another suite found is taken over: of these rows none would fail. */
	bn_expect_result *again = NULL, *other = NULL;
	bn_expect_known known[] = {{s, NULL}, {s, r}};
	bn_expect_progress progress = {.known = known, .known_count = 2};
	json_t *none = json_pack("[{s:s, s:s, s:[]}]", "name", "x", "type", "int64", "values");
	bn_table_reader *empty = table_of(none);
	ck_assert_bn_ok(bn_expect_run(&again, empty, s, &progress, &err), &err);
	ck_assert(json_equal(again->document, r->document));
	ck_assert_uint_eq(again->items[0].unexpected, 60000);
	ck_assert_mem_eq(again->items[0].rows, r->items[0].rows, BN_EXPECT_ROWS * sizeof(uint64_t));
	json_object_set_new(kwargs, "max_value", json_integer(2));
	bn_suite *wider = suite_of("expect_column_values_to_be_between", kwargs);
	ck_assert_bn_ok(bn_expect_run(&other, empty, wider, &progress, &err), &err);
	ck_assert_uint_eq(other->failed, 0);
	bn_expect_result_free(other);
	bn_expect_result_free(again);
	bn_suite_free(wider);
	bn_table_reader_free(empty);
	json_decref(none);
	bn_expect_result_free(r);
	bn_suite_free(s);
	bn_table_reader_free(t);
	json_decref(kwargs);
	json_decref(columns);
}
END_TEST

START_TEST(test_infer_is_careful_and_its_suite_passes_on_its_table)
{
	bn_err err = BN_ERR_INIT;
	bn_profile *p = NULL;
	bn_suite *s = NULL;
	bn_expect_result *r = NULL;
	json_t *columns = json_loads(
		"[{\"name\":\"state\",\"type\":\"string\",\"values\":[\"OK\",\"BAD\",\"OK\"]},"
		"{\"name\":\"id\",\"type\":\"string\",\"values\":[\"a\",\"b\",\"c\"]},"
		"{\"name\":\"w\",\"type\":\"float64\",\"values\":[1.5,null,9]}]",
		0, NULL);
	bn_table_reader *t = table_of(columns);
	ck_assert_bn_ok(bn_profile_table(&p, t, 1, NULL, &err), &err);
	for (int ranges = 0; ranges < 2; ranges++) {
		size_t sets = 0, between = 0, not_null = 0;
		ck_assert_bn_ok(bn_infer_suite(&s, "x", "x@v1", t, p, &(bn_infer_ranges){ranges > 0, 0, 1}, &err), &err);
		for (size_t i = 0; i < s->count; i++) {
			sets += strstr(s->items[i].def->type, "to_be_in_set") != NULL;
			between += strstr(s->items[i].def->type, "be_between") != NULL;
			not_null += strstr(s->items[i].def->type, "not_be_null") != NULL;
		}
		ck_assert_uint_eq(sets, 1); /* none for id, whose values are unique */
		ck_assert_uint_eq(between, (size_t)ranges);
		ck_assert_uint_eq(not_null, 2);
		ck_assert_bn_ok(bn_expect_run(&r, t, s, NULL, &err), &err);
		ck_assert(r->success);
		bn_expect_result_free(r);
		bn_suite_free(s);
	}
	bn_profile_free(p);
	bn_table_reader_free(t);
	json_decref(columns);
}
END_TEST

START_TEST(test_expect_out_of_memory_is_an_error_at_every_allocation)
{
	static const char text[] =
		"{\"name\":\"m\",\"expectations\":["
		"{\"type\":\"expect_column_values_to_be_unique\",\"kwargs\":{\"column\":\"s\"}},"
		"{\"type\":\"expect_column_values_to_match_regex\",\"kwargs\":{\"column\":\"s\","
		"\"regex\":\"^[a\\\\d]\"}},"
		"{\"type\":\"expect_column_values_to_be_in_set\",\"kwargs\":{\"column\":\"i\","
		"\"value_set\":[1,2]}},"
		"{\"type\":\"expect_column_median_to_be_between\",\"kwargs\":{\"column\":\"i\","
		"\"min_value\":0}},"
		"{\"type\":\"expect_compound_columns_to_be_unique\",\"kwargs\":{\"column_list\":"
		"[\"s\",\"i\"]}},"
		"{\"type\":\"expect_column_most_common_value_to_be_in_set\",\"kwargs\":{\"column\":"
		"\"s\",\"value_set\":[\"a\"]}},"
		"{\"type\":\"expect_column_pair_values_to_be_in_set\",\"kwargs\":{\"column_A\":"
		"\"s\","
		"\"column_B\":\"i\",\"value_pairs_set\":[[\"a\",1],[\"b\",2],[null,4]]}}]}";
	json_t *columns = json_loads(
		"[{\"name\":\"s\",\"type\":\"string\",\"values\":[\"a\",\"b\",\"a\",null]},"
		"{\"name\":\"i\",\"type\":\"int64\",\"values\":[1,2,3,4]}]",
		0, NULL);
	bn_table_reader *t = table_of(columns);
	long n = 1;
	for (;; n++) {
		bn_err err = BN_ERR_INIT;
		bn_suite *s = NULL;
		bn_expect_result *r = NULL;
		bn_alloc_fail_at(n);
		int rc = parse(&s, text, &err);
		if (!rc)
			rc = bn_expect_run(&r, t, s, NULL, &err);
		bn_alloc_fail_at(0);
		bn_suite_free(s);
		if (!rc) {
			ck_assert_uint_eq(r->failed, 4);
			bn_expect_result_free(r);
			break;
		}
		ck_assert_msg(rc == BN_ENOMEM && err.code == BN_ENOMEM, "%ld: %s", n, err.msg);
	}
	printf("NOTE: checks: %ld failing allocations tried\n", n - 1);
	bn_table_reader_free(t);
	json_decref(columns);
}
END_TEST

BN_TEST_MAIN("core/check/expect", test_expect_agrees_with_great_expectations,
	test_suite_reads_both_spellings_and_parameters, test_suite_errors_name_the_check_and_help,
	test_expect_row_condition_looks_at_some_rows_and_names_them_by_the_table,
	test_expect_keeps_failing_rows_bounded_and_counts_exact,
	test_infer_is_careful_and_its_suite_passes_on_its_table,
	test_expect_out_of_memory_is_an_error_at_every_allocation)
