/*
 * Arrow files and streams by other writers, cell by cell: those in tests/fuzz/corpus/arrow made by
 * tests/peers/arrow_forms.py, which also has their expected contents.
 */
#include "core/base/str.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"

#include <string.h>

static bn_err err = BN_ERR_INIT;

/* Adds a line "name type: cell | cell" for each column; '-' is an absent cell. */
static void cells(bn_buf *out, const char *name)
{
	char path[120], type[BN_TYPE_TEXT];
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;

	snprintf(path, sizeof path, "tests/fuzz/corpus/arrow/%s", name);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	for (size_t c = 0; c < bn_table_schema(t)->count; c++) {
		const bn_field *f = &bn_table_schema(t)->fields[c];
		bn_buf_addf(out, "%s %s%s%s:", f->name, bn_field_type_text(f, type),
			f->zone ? " " : "", f->zone ? (*f->zone ? f->zone : "naive") : "");
		for (size_t i = 0; i < bn_table_batches(t); i++) {
			ck_assert_bn_ok(bn_table_read(t, i, &c, 1, &b, &err), &err);
			for (size_t r = 0; r < b.rows; r++) {
				bn_buf_adds(out, i || r ? " | " : " ");
				if (!bn_column_format(&b.columns[0], r, out))
					bn_buf_adds(out, "-");
			}
		}
		bn_buf_adds(out, "\n");
	}
	bn_batch_release(&b);
	bn_table_reader_free(t);
}

static void ck_cells(const char *name, const char *want)
{
	bn_buf got = BN_BUF_INIT;
	cells(&got, name);
	ck_assert_str_eq(got.ptr, want);
	bn_buf_release(&got);
}

#define LONG "longer than twelve bytes"
#define FIVE "threethreethreethreethree"

START_TEST(test_streams_are_read_with_the_dictionaries_that_hold_at_each_batch)
{
	ck_cells("stream_codes", "d category: x | - | z | -\n");
	ck_cells("stream_replaced", "d category: b | a | c | a | c | a\n");
	ck_cells("stream_deltas", "d category: a | a | b | a\n");
}
END_TEST

START_TEST(test_packed_buffers_are_unpacked)
{
	const char *const want = "x int64: 1 | - | 3\n"
				 "s string: one | - | " FIVE FIVE FIVE FIVE "\n";
	ck_cells("packed_lz4", want);
	ck_cells("packed_zstd", want);
}
END_TEST

START_TEST(test_numbers_and_times_of_all_widths_keep_their_values)
{
	ck_cells("widths",
		"u8 uint8: 0 | 255 | -\nu16 uint16: 0 | 65535 | -\nu32 uint32: 0 | 4294967295 | -\n"
		"u64 uint64: 0 | 18446744073709551615 | -\ni16 int16: -32768 | 32767 | -\n"
		"half float32: 0.5 | -65504 | -\nsmall decimal(4,2): -1.25 | 99.99 | -\n"
		"large decimal(38,0): -1 | 10000000000000000000000000000000000000 | -\n");
	ck_cells("hundreds",
		"d decimal(5,0): -12300 | 99900 | -\nwide decimal(38,0): 100 | 0 | -\n");
	ck_cells("times",
		"s timestamp: 1970-01-01T00:00:00Z | 1969-12-31T23:59:59Z | -\n"
		"naive timestamp naive: 1970-01-01T00:00:00.001 | 1970-01-01T00:00:00.002 | -\n"
		"rome timestamp Europe/Rome: 1970-01-01T00:00:00.000001Z | "
		"1970-01-01T00:00:00.000002Z | -\n"
		"day date: 1970-01-01 | 1969-12-31 | -\nday64 date: 1970-01-01 | 1970-01-02 | -\n"
		"clock time: 00:00:00 | 23:59:59 | -\ntook duration: PT1M30S | -PT1S | -\n");
}
END_TEST

START_TEST(test_views_are_gathered)
{
	ck_cells("views", "s string:  | short | " LONG " | -\n"
			  "b binary: 00 | 78787878787878787878787878 | - | \n"
			  "l list<int32>: [3,null] | [1,2] | [] | [1]\n");
	ck_cells("views_lz4",
		"s string: " LONG LONG LONG LONG LONG LONG LONG LONG LONG " | x | - | " LONG "\n");
}
END_TEST

START_TEST(test_structs_are_columns_by_path_and_lists_of_them_share_their_ends)
{
	ck_cells("nested",
		"p.x int16: 1 | - | -\np.a\\.b string: u | - | w\n"
		"l.x list<int16>: [1,null] | [] | -\nl.a\\.b list<string>: [\"u\",null] | [] | -\n"
		"m.key list<string>: [\"k\"] | [] | -\nm.value list<float64>: [1.5] | [] | -\n"
		"f fixed<uint8,2>: [1,2] | - | [3,4]\n"
		"g list<string>: [\"a\"] | - | [null,\"b\"]\n"
		"c list<string>: [\"b\",\"a\"] | [] | [\"b\"]\nn category: 5 | - | 5\n"
		"id binary: 30313233343536373839616263646566 | - | "
		"66656463626139383736353433323130\n");
}
END_TEST

START_TEST(test_rows_of_nulls_alone_come_in_batches_of_usual_size)
{
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	uint64_t rows = 0, nulls = 0;

	ck_assert_bn_ok(
		bn_table_open(&t, bn_env_real(), "tests/fuzz/corpus/arrow/nulls_alone", &err),
		&err);
	for (size_t i = 0; i < bn_table_batches(t); i++) {
		ck_assert_bn_ok(bn_table_read(t, i, NULL, 0, &b, &err), &err);
		ck_assert_uint_le(b.rows, BN_BATCH_ROWS);
		ck_assert_uint_eq(b.first_row, rows);
		rows += b.rows;
		nulls += b.columns[0].nulls + b.columns[1].nulls;
	}
	ck_assert_uint_eq(rows, 2000003);
	ck_assert_uint_eq(rows, bn_table_rows(t));
	ck_assert_uint_eq(nulls, 2 * rows);
	bn_batch_release(&b);
	bn_table_reader_free(t);
}
END_TEST

START_TEST(test_a_time_beyond_nanoseconds_is_named_and_never_wrapped)
{
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	ck_assert_bn_ok(
		bn_table_open(&t, bn_env_real(), "tests/fuzz/corpus/arrow/too_far", &err), &err);
	ck_assert_int_eq(bn_table_read(t, 0, NULL, 0, &b, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "column 'at': row 2: 9999-12-31 is not between"));
	bn_err_clear(&err);
	bn_table_reader_free(t);
}
END_TEST

BN_TEST_MAIN("core/table/arrow_forms",
	test_streams_are_read_with_the_dictionaries_that_hold_at_each_batch,
	test_packed_buffers_are_unpacked, test_numbers_and_times_of_all_widths_keep_their_values,
	test_views_are_gathered,
	test_structs_are_columns_by_path_and_lists_of_them_share_their_ends,
	test_rows_of_nulls_alone_come_in_batches_of_usual_size,
	test_a_time_beyond_nanoseconds_is_named_and_never_wrapped)
