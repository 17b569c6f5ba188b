/* Tables: a reader returns what the writer took, for every type, including absent values. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/table/arrow_read.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/bn-table-XXXXXX";
static char path[64];
static const bn_env *env;
static bn_err err;

static void begin(void)
{
	env = bn_env_real();
	bn_err_clear(&err);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/t.arrow", dir);
}

static void end(void)
{
	bn_fs_remove_tree(env, dir, NULL);
}

enum { ROW_TYPES = BN_TYPE_STRING + 1 }; /* types that are set cell by cell */

static void all_types(bn_schema *s)
{
	const char *const names[ROW_TYPES] = {
		"f64", "f32", "i64", "i32", "i8", "flag", "at", "host", "note"};

	for (int t = 0; t < ROW_TYPES; t++)
		ck_assert_bn_ok(
			bn_schema_add(s, names[t], (bn_type)t, true, t ? NULL : "W", &err), &err);
}

/* Row r of the tests' table; every seventh value is absent. */
static void put_row(bn_table_writer *w, int r)
{
	char text[40];

	for (size_t c = 0; c < ROW_TYPES; c++) {
		if ((r + (int)c) % 7 == 0)
			continue;
		switch ((bn_type)c) {
		case BN_TYPE_FLOAT64:
		case BN_TYPE_FLOAT32:
			bn_table_row_f64(w, c, r * 0.5);
			break;
		case BN_TYPE_BOOL:
			bn_table_row_bool(w, c, r % 3 == 0);
			break;
		case BN_TYPE_CATEGORY:
			snprintf(text, sizeof text, "node%03d", r % 100);
			bn_table_row_text(w, c, text, strlen(text));
			break;
		case BN_TYPE_STRING:
			snprintf(text, sizeof text, "r\xc3\xa9sum\xc3\xa9 %d", r);
			bn_table_row_text(w, c, text, strlen(text));
			break;
		default:
			bn_table_row_i64(w, c, c == BN_TYPE_INT8 ? r % 100 - 50 : r);
		}
	}
	ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
}

static void check_row(const bn_batch *b, size_t at, int r)
{
	char text[40];

	for (size_t c = 0; c < ROW_TYPES; c++) {
		const bn_column *col = &b->columns[c];
		bool absent = (r + (int)c) % 7 == 0;
		bn_text t = bn_column_text(col, at);
		ck_assert_int_eq(bn_column_is_null(col, at), absent);
		if (absent) {
			ck_assert(isnan(bn_column_number(col, at)));
			ck_assert_ptr_null(t.ptr);
			continue;
		}
		switch ((bn_type)c) {
		case BN_TYPE_FLOAT64:
		case BN_TYPE_FLOAT32:
			ck_assert_double_eq(bn_column_number(col, at), r * 0.5);
			break;
		case BN_TYPE_BOOL:
			ck_assert_double_eq(bn_column_number(col, at), r % 3 == 0);
			break;
		case BN_TYPE_CATEGORY:
		case BN_TYPE_STRING:
			snprintf(text, sizeof text,
				c == BN_TYPE_CATEGORY ? "node%03d" : "r\xc3\xa9sum\xc3\xa9 %d",
				c == BN_TYPE_CATEGORY ? r % 100 : r);
			ck_assert_uint_eq(t.len, strlen(text));
			ck_assert_mem_eq(t.ptr, text, t.len);
			break;
		default:
			ck_assert_double_eq(
				bn_column_number(col, at), c == BN_TYPE_INT8 ? r % 100 - 50 : r);
		}
	}
}

static void write_rows(const char *to, int rows)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;

	all_types(&s);
	ck_assert_bn_ok(bn_schema_set_meta(&s, "origin", "test", &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, env, NULL, to, &s, &err), &err);
	for (int r = 0; r < rows; r++)
		put_row(w, r);
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
}

START_TEST(test_every_type_reads_back_as_written)
{
	bn_table_reader *r = NULL;
	bn_batch b = BN_BATCH_INIT;
	const int rows = BN_BATCH_ROWS + 1001;
	int seen = 0;

	begin();
	write_rows(path, rows);
	ck_assert_bn_ok(bn_table_open(&r, env, path, &err), &err);
	ck_assert_uint_eq(bn_table_rows(r), rows);
	ck_assert_uint_eq(bn_table_batches(r), 2);
	ck_assert_str_eq(bn_table_schema(r)->fields[0].unit, "W");
	ck_assert_str_eq(bn_schema_get_meta(bn_table_schema(r), "origin"), "test");
	ck_assert_uint_eq(bn_table_dict(r, BN_TYPE_CATEGORY)->count, 100);
	for (size_t i = 0; i < bn_table_batches(r); i++) {
		for (int twice = 0; twice < 2; twice++)
			ck_assert_bn_ok(bn_table_read(r, i, NULL, 0, &b, &err), &err);
		ck_assert_uint_eq(b.first_row, seen);
		for (size_t k = 0; k < b.rows; k++)
			check_row(&b, k, seen++);
	}
	ck_assert_int_eq(seen, rows);
	bn_batch_release(&b);
	bn_table_reader_free(r);
	end();
}
END_TEST

START_TEST(test_projection_gives_the_columns_asked_for_in_that_order)
{
	const size_t want[] = {BN_TYPE_STRING, BN_TYPE_FLOAT64};
	bn_table_reader *r = NULL;
	bn_batch b = BN_BATCH_INIT;
	size_t batch, row;

	begin();
	write_rows(path, 100);
	ck_assert_bn_ok(bn_table_open(&r, env, path, &err), &err);
	ck_assert_bn_ok(bn_table_locate(r, 99, &batch, &row, &err), &err);
	ck_assert_uint_eq(row, 99);
	ck_assert_bn_ok(bn_table_read(r, batch, want, 2, &b, &err), &err);
	ck_assert_uint_eq(b.column_count, 2);
	ck_assert_int_eq(b.columns[0].type, BN_TYPE_STRING);
	ck_assert_double_eq(bn_column_number(&b.columns[1], 99), 49.5);
	ck_assert_int_eq(bn_table_locate(r, 100, &batch, &row, &err), BN_EINVAL);
	bn_batch_release(&b);
	bn_table_reader_free(r);
	end();
}
END_TEST

START_TEST(test_same_rows_give_same_bytes_and_empty_tables_are_tables)
{
	bn_buf a = BN_BUF_INIT, b = BN_BUF_INIT;
	bn_table_reader *r = NULL;

	begin();
	write_rows(path, 5000);
	ck_assert_bn_ok(bn_fs_read_file(env, path, &a, &err), &err);
	write_rows(path, 5000);
	ck_assert_bn_ok(bn_fs_read_file(env, path, &b, &err), &err);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.ptr, b.ptr, a.len);
	write_rows(path, 0);
	ck_assert_bn_ok(bn_table_open(&r, env, path, &err), &err);
	ck_assert_uint_eq(bn_table_rows(r), 0);
	ck_assert_uint_eq(bn_table_schema(r)->count, ROW_TYPES);
	bn_table_reader_free(r);
	bn_buf_release(&a);
	bn_buf_release(&b);
	end();
}
END_TEST

START_TEST(test_rows_of_a_batch_can_be_picked_and_batches_copied)
{
	bn_table_reader *r = NULL, *again = NULL;
	bn_table_writer *w = NULL;
	bn_batch b = BN_BATCH_INIT;
	char copy[80];
	uint32_t rows[] = {40, 3, 3, 69000 - BN_BATCH_ROWS};

	begin();
	snprintf(copy, sizeof copy, "%s/copy.arrow", dir);
	write_rows(path, 70000);
	ck_assert_bn_ok(bn_table_open(&r, env, path, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, env, NULL, copy, bn_table_schema(r), &err), &err);
	ck_assert_bn_ok(bn_table_read(r, 1, NULL, 0, &b, &err), &err);
	ck_assert_bn_ok(bn_table_write_rows(w, &b, rows, 4, &err), &err);
	rows[0] = 70000;
	ck_assert_int_eq(bn_table_write_rows(w, &b, rows, 1, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_table_write_batch(w, &b, &err), &err);
	ck_assert_bn_ok(bn_table_read(r, 0, NULL, 0, &b, &err), &err);
	ck_assert_bn_ok(bn_table_write_batch(w, &b, &err), &err);
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	ck_assert_bn_ok(bn_table_open(&again, env, copy, &err), &err);
	ck_assert_uint_eq(bn_table_rows(again), 70004);
	ck_assert_bn_ok(bn_table_read(again, 0, NULL, 0, &b, &err), &err);
	check_row(&b, 0, BN_BATCH_ROWS + 40);
	check_row(&b, 2, BN_BATCH_ROWS + 3);
	check_row(&b, 3, 69000);
	check_row(&b, 4, BN_BATCH_ROWS);
	ck_assert_bn_ok(bn_table_read(again, 1, NULL, 0, &b, &err), &err);
	for (int k = 0; k < 1000; k++)
		check_row(&b, (size_t)k, k);
	bn_batch_release(&b);
	bn_table_writer_free(w);
	bn_table_reader_free(r);
	bn_table_reader_free(again);
	end();
}
END_TEST

START_TEST(test_a_row_that_does_not_fit_is_refused_and_forgotten)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;

	begin();
	ck_assert_bn_ok(bn_schema_add(&s, "n", BN_TYPE_INT8, false, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "s", BN_TYPE_STRING, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, env, NULL, path, &s, &err), &err);
	bn_table_row_i64(w, 0, 300);
	bn_table_row_text(w, 1, "gone", 4);
	ck_assert_int_eq(bn_table_row_end(w, &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "column 'n', row 0: the integer does not fit the type exactly");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_table_row_end(w, &err), BN_EINVAL); /* n is not nullable */
	bn_err_clear(&err);
	bn_table_row_f64(w, 0, 2.5);
	ck_assert_int_eq(bn_table_row_end(w, &err), BN_EINVAL);
	bn_err_clear(&err);
	bn_table_row_i64(w, 0, 1);
	bn_table_row_text(w, 1, "\xff", 1);
	ck_assert_int_eq(bn_table_row_end(w, &err), BN_EINVAL);
	bn_err_clear(&err);
	bn_table_row_f64(w, 0, -128);
	ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	ck_assert_uint_eq(bn_table_written_rows(w), 1);
	bn_table_writer_free(w); /* it was not finished, so there is no file */
	ck_assert(!bn_fs_exists(env, path));
	bn_schema_release(&s);
	end();
}
END_TEST

START_TEST(test_schema_of_many_columns_finds_each_by_name)
{
	bn_schema s = BN_SCHEMA_INIT, copy = BN_SCHEMA_INIT;
	char name[32];
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "c%d", i * 7);
		ck_assert_bn_ok(bn_schema_add(&s, name, BN_TYPE_INT8, true, NULL, &err), &err);
		ck_assert_int_eq(bn_schema_add(&s, name, BN_TYPE_INT8, true, NULL, NULL), BN_ECONFLICT);
	}
	ck_assert_bn_ok(bn_schema_copy(&copy, &s, &err), &err);
	bn_schema_release(&s);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "c%d", i * 7);
		ck_assert_uint_eq(bn_schema_find(&copy, name), (size_t)i);
		snprintf(name, sizeof name, "c%d", i * 7 + 1);
		ck_assert(bn_schema_find(&copy, name) == BN_SCHEMA_NONE);
	}
	ck_assert_int_eq(bn_schema_add(&copy, "c7", BN_TYPE_INT8, true, NULL, NULL), BN_ECONFLICT);
	ck_assert_bn_ok(bn_schema_add(&copy, "c8", BN_TYPE_INT8, true, NULL, &err), &err);
	ck_assert_uint_eq(bn_schema_find(&copy, "c8"), 3000);
	bn_schema_release(&copy);
}
END_TEST

START_TEST(test_schema_names_are_unique_and_near_misses_are_named)
{
	bn_schema s = BN_SCHEMA_INIT, t = BN_SCHEMA_INIT;
	bn_buf a = BN_BUF_INIT, b = BN_BUF_INIT, canonical = BN_BUF_INIT;
	json_t *tree = NULL;
	size_t at;

	all_types(&s);
	ck_assert_int_eq(bn_schema_add(&s, "f64", BN_TYPE_BOOL, true, NULL, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_schema_need(&s, "hots", &at, &err), BN_ENOTFOUND);
	ck_assert_str_eq(err.hint, "did you mean 'host'?");
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_schema_copy(&t, &s, &err), &err);
	ck_assert(bn_schema_equal(&s, &t));
	ck_assert_bn_ok(bn_schema_json(&a, &s, &err), &err);
	t.fields[2].nullable = false;
	ck_assert(!bn_schema_equal(&s, &t));
	ck_assert_bn_ok(bn_schema_json(&b, &t, &err), &err);
	ck_assert_str_ne(a.ptr, b.ptr);
	ck_assert_bn_ok(bn_json_parse(&tree, b.ptr, b.len, "schema", &err), &err);
	ck_assert_bn_ok(bn_json_canonical(tree, &canonical, &err), &err);
	ck_assert_str_eq(canonical.ptr, b.ptr);
	json_decref(tree);
	bn_buf_release(&a);
	bn_buf_release(&b);
	bn_buf_release(&canonical);
	bn_schema_release(&s);
	bn_schema_release(&t);
}
END_TEST

START_TEST(test_every_cut_and_every_flipped_byte_is_survived)
{
	bn_buf file = BN_BUF_INIT;
	bn_batch b = BN_BATCH_INIT;
	size_t opened = 0;

	begin();
	write_rows(path, 40);
	ck_assert_bn_ok(bn_fs_read_file(env, path, &file, &err), &err);
	void *copy = aligned_alloc(64, (file.len + 63) / 64 * 64);
	for (size_t i = 0; i < 2 * file.len; i++) {
		bn_table_reader *r = NULL;
		size_t n = i < file.len ? i : file.len;
		memcpy(copy, file.ptr, file.len);
		if (i >= file.len)
			((char *)copy)[i - file.len] ^= (char)(1 + i % 255);
		bn_err_clear(&err);
		int rc = bn_arrow_open_bytes(&r, copy, n, "x", &err);
		ck_assert(i >= file.len || rc == BN_ECORRUPT);
		for (size_t k = 0; !rc && k < bn_table_batches(r); k++)
			opened += !bn_table_read(r, k, NULL, 0, &b, &err);
		bn_batch_release(&b);
		bn_table_reader_free(r);
	}
	printf("NOTE: %zu cuts and flips of an Arrow file, %zu of them still a table\n",
		2 * file.len, opened);
	free(copy);
	bn_buf_release(&file);
	end();
}
END_TEST

BN_TEST_MAIN("core/table/table", test_every_type_reads_back_as_written,
	test_projection_gives_the_columns_asked_for_in_that_order,
	test_same_rows_give_same_bytes_and_empty_tables_are_tables,
	test_rows_of_a_batch_can_be_picked_and_batches_copied,
	test_a_row_that_does_not_fit_is_refused_and_forgotten,
	test_schema_of_many_columns_finds_each_by_name,
	test_schema_names_are_unique_and_near_misses_are_named,
	test_every_cut_and_every_flipped_byte_is_survived)
