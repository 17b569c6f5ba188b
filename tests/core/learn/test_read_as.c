/*
 * A part whose types differ from training is read with the types that the model knows, and the message for what
 * does not fit. That it gives the same answers as every other way: tests/core/serve/test_same_answers.c.
 */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/learn/rows.h"
#include "tests/support/check_main.h"
#include "tests/support/named_columns.h"
#include "tests/support/tiny_model.h"

#include <string.h>

static const char *path_of(const char *name)
{
	static char path[300];
	snprintf(path, sizeof path, "%.200s/%.60s", tiny_dir(), name);
	return path;
}

/* A table with a category of these texts in turn and a number. */
static void write_texts(const char *name, const bn_text *texts, size_t count, size_t rows)
{
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	ck_assert_bn_ok(bn_schema_add(&s, "k", BN_TYPE_CATEGORY, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "number", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path_of(name), &s, &err), &err);
	for (size_t r = 0; r < rows; r++) {
		bn_table_row_text(w, 0, texts[r % count].ptr, texts[r % count].len);
		bn_table_row_f64(w, 1, (double)(r % count));
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
}

/* "a\0b" is not "a": no model knows it, and it is not treated as "a". */
START_TEST(test_a_text_with_a_nul_is_no_category)
{
	static const bn_text plain[] = {{"a", 1}, {"c", 1}}, odd[] = {{"a\0b", 3}, {"c", 1}};
	const bn_features_options opt = {.target = "number"};
	bn_err err = BN_ERR_INIT;
	bn_part p = {.columns = (const size_t[]){0, 1}, .column_count = 2};
	bn_features *f = NULL;
	bn_rows *rows = NULL;
	bn_block block;
	write_texts("odd.arrow", odd, 2, 8);
	write_texts("plain.arrow", plain, 2, 8);
	for (int k = 0; k < 2; k++) {
		const char *path = path_of(k ? "plain.arrow" : "odd.arrow");
		bn_err_clear(&err);
		ck_assert_bn_ok(bn_table_open(&p.table, bn_env_real(), path, &err), &err);
		p.rows = bn_table_rows(p.table);
		int rc = bn_features_learn(&f, &p, &opt, 1, &err);
		bn_table_reader_free(p.table);
		if (!k) {
			ck_assert_int_eq(rc, BN_EINVAL);
			ck_assert_str_eq(err.msg,
				"column 'k' has a text with a NUL byte, which a request cannot contain");
		}
	}
	ck_assert_ptr_nonnull(f);
	ck_assert_bn_ok(bn_table_open(&p.table, bn_env_real(), path_of("odd.arrow"), &err), &err);
	ck_assert_bn_ok(bn_rows_open(&rows, &p, f, "test", NULL, 1, &err), &err);
	ck_assert_int_eq(bn_rows_next(rows, &block, &err), 1);
	ck_assert_double_eq(block.f64[0], 0); /* neither "a" nor "c" */
	ck_assert_double_eq(block.f64[1], 0);
	ck_assert_double_eq(block.f64[3], 1);
	bn_rows_free(rows);
	bn_features_free(f);
	bn_table_reader_free(p.table);
}
END_TEST

/* The expected message for a test part whose column "k" has that type and one text. */
static void expect(const bn_features *f, const char *type, const char *text, const char *words)
{
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_field k = {.nullable = true};
	bn_part p = {.columns = (const size_t[]){0, 1}, .column_count = 2};
	bn_rows *rows = NULL;
	bn_block block;
	ck_assert_bn_ok(bn_field_parse_type(&k, type, &err), &err);
	ck_assert_bn_ok(bn_schema_add_field(&s, &k, "k", &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "number", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(
		bn_table_create(&w, bn_env_real(), NULL, path_of("part.arrow"), &s, &err), &err);
	for (int r = 0; r < 3; r++) {
		if (r == 2 && text)
			bn_table_row_text(w, 0, text, strlen(text));
		bn_table_row_f64(w, 1, r);
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	ck_assert_bn_ok(bn_table_open(&p.table, bn_env_real(), path_of("part.arrow"), &err), &err);
	p.rows = 3;
	int rc = bn_rows_open(&rows, &p, f, "test", NULL, 1, &err);
	if (rc == 0)
		rc = bn_rows_next(rows, &block, &err);
	if (words)
		ck_assert_msg(strstr(err.msg, words), "%s: %s", type, err.msg);
	else
		ck_assert_msg(rc == 1, "%s: %s", type, err.msg);
	bn_rows_free(rows);
	bn_table_reader_free(p.table);
	bn_field_release(&k);
	bn_schema_release(&s);
}

START_TEST(test_what_is_no_value_of_an_input_has_words)
{
	static const double numbers[] = {1, 2, 4, 3};
	static const int32_t days[] = {1, 2, 4, 3};
	static const char *const names[] = {"k", "number"};
	const bn_features_options opt = {.target = "number"};
	bn_column columns[] = {{.type = BN_TYPE_DATE, .rows = 4, .i32 = days},
		{.type = BN_TYPE_FLOAT64, .rows = 4, .f64 = numbers}};
	const named_columns t = {names, {.rows = 4, .column_count = 2, .columns = columns}};
	bn_err err = BN_ERR_INIT;
	bn_features *f = NULL;
	ck_assert_bn_ok(named_columns_learn(&f, &t, &opt, &err), &err);
	expect(f, "category", "2026-01-31", NULL);
	expect(f, "string", "2026-01-31", NULL);
	expect(f, "string", "31 January",
		"test: row 3: column 'k': \"31 January\" is not a date (2026-01-31)");
	expect(f, "category", "x", "test: row 3: column 'k': \"x\" is not a date");
	expect(f, "binary", "x", "test: column 'k' is binary, which models cannot learn from");
	bn_features_free(f);
}
END_TEST

BN_TEST_MAIN("core/learn/read_as", test_a_text_with_a_nul_is_no_category,
	test_what_is_no_value_of_an_input_has_words)
