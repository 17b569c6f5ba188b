/* Scans: selected rows of a table, in several parts, as a table; equal at any number of threads. */
#include "core/table/scan.h"

#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/table/expr/eval.h"
#include "core/table/stats.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PARTS = 3, BATCHES = 4, BATCH = 9000, ROWS = PARTS * BATCHES * BATCH };

static bn_err err = BN_ERR_INIT;
static char paths[PARTS][64];
static bn_table_reader *table;

static const char *const states[] = {"DONE", "FAILED", "LOST"};

/* Row r has i = r, x = r % 100 / 10 and a state; every 7th state is absent. */
static void make(void)
{
	bn_schema schema = BN_SCHEMA_INIT;
	const char *names[PARTS];
	ck_assert_bn_ok(bn_schema_add(&schema, "i", BN_TYPE_INT64, false, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&schema, "x", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&schema, "state", BN_TYPE_CATEGORY, true, NULL, &err), &err);
	for (int p = 0; p < PARTS; p++) {
		bn_table_writer *w = NULL;
		snprintf(paths[p], sizeof paths[p], "/tmp/bn-scan-%d-%d.arrow", (int)getpid(), p);
		names[p] = paths[p];
		ck_assert_bn_ok(
			bn_table_create(&w, bn_env_real(), NULL, paths[p], &schema, &err), &err);
		for (int k = 0; k < BATCHES * BATCH; k++) {
			int64_t r = p * BATCHES * BATCH + k;
			const char *s = states[r / 5 % 3];
			bn_table_row_i64(w, 0, r);
			bn_table_row_f64(w, 1, (double)(r % 100) / 10);
			if (r % 7)
				bn_table_row_text(w, 2, s, strlen(s));
			ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
		}
		ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
		bn_table_writer_free(w);
	}
	bn_schema_release(&schema);
	ck_assert_bn_ok(bn_table_open_parts(&table, bn_env_real(), NULL, names, PARTS, &err), &err);
	ck_assert_uint_eq(bn_table_rows(table), ROWS);
}

static void finish(void)
{
	bn_table_reader_free(table);
	for (int p = 0; p < PARTS; p++)
		unlink(paths[p]);
}

static bn_expr *filter(const char *text)
{
	bn_expr *e = NULL;
	int rc = bn_expr_of_rows(&e, text, "--where", bn_table_schema(table), BN_EXPR_BOOL, &err);
	ck_assert_msg(rc == 0, "%s: %s", text, err.msg);
	return e;
}

/* The values of `i`, which equal the row numbers; yours. */
static int64_t *numbers(bn_table_reader *r, size_t *n)
{
	int64_t *out = bn_alloc((ROWS + 1) * sizeof *out);
	bn_batch b = BN_BATCH_INIT;
	const size_t columns[] = {2, 0};
	*n = 0;
	for (size_t k = 0; k < bn_table_batches(r); k++) {
		ck_assert_bn_ok(bn_table_read(r, k, columns, 2, &b, &err), &err);
		ck_assert_uint_eq(b.first_row, *n);
		ck_assert_uint_eq(b.rows, bn_table_batch_rows(r, k));
		ck_assert_ptr_eq(b.columns[0].dict, bn_table_dict(r, 2));
		for (size_t i = 0; i < b.rows; i++)
			out[(*n)++] = b.columns[1].i64[i];
		bn_table_forget(r, &b);
	}
	ck_assert_uint_eq(*n, bn_table_rows(r));
	bn_batch_release(&b);
	return out;
}

static bool holds(int64_t r)
{
	return r % 7 && r / 5 % 3 == 1 && r % 100 > 20;
}

START_TEST(test_scan_keeps_the_rows_that_match_at_any_number_of_threads)
{
	static const size_t threads[] = {0, 1, 6};
	make();
	bn_expr *where = filter("state = FAILED AND x > 2");
	for (size_t t = 0; t < 3; t++) {
		bn_crew *crew = NULL;
		bn_table_reader *r = NULL;
		size_t n;
		ck_assert_bn_ok(bn_crew_new(&crew, threads[t], &err), &err);
		const bn_scan scan = {.where = where, .crew = crew};
		ck_assert_bn_ok(bn_table_scan(&r, table, &scan, &err), &err);
		int64_t *rows = numbers(r, &n);
		size_t k = 0;
		for (int64_t i = 0; i < ROWS; i++)
			if (holds(i))
				ck_assert_int_eq(rows[k++], i);
		ck_assert_uint_eq(k, n);
		for (k = 0; k < n; k += 997) {
			size_t batch, at;
			ck_assert_uint_eq(bn_table_origin(r, k), (uint64_t)rows[k]);
			ck_assert_bn_ok(bn_table_locate(r, k, &batch, &at, &err), &err);
			ck_assert_uint_eq(bn_table_batch_start(r, batch) + at, k);
		}
		bn_free(rows);
		bn_table_reader_free(r);
		bn_crew_free(crew);
	}
	bn_expr_free(where);
	finish();
}
END_TEST

START_TEST(test_scan_takes_a_range_of_rows_and_a_scan_of_a_scan)
{
	bn_table_reader *r = NULL, *again = NULL;
	size_t n;
	make();
	const bn_scan range = {.first_row = BATCH - 3, .row_count = 2 * BATCH + 10};
	ck_assert_bn_ok(bn_table_scan(&r, table, &range, &err), &err);
	int64_t *rows = numbers(r, &n);
	ck_assert_uint_eq(n, 2 * BATCH + 10);
	ck_assert_int_eq(rows[0], BATCH - 3);
	ck_assert_int_eq(rows[n - 1], 3 * BATCH + 6);
	bn_free(rows);
	bn_expr *where = filter("i % 1000 = 0");
	const bn_scan some = {.where = where};
	ck_assert_bn_ok(bn_table_scan(&again, r, &some, &err), &err);
	rows = numbers(again, &n);
	ck_assert_uint_eq(n, 19);
	ck_assert_int_eq(rows[0], 9000);
	ck_assert_uint_eq(bn_table_origin(again, 18), 27000);
	bn_free(rows);
	bn_table_reader_free(again);
	bn_expr_free(where);
	where = filter("i < 0");
	ck_assert_bn_ok(bn_table_scan_own(&r, &(bn_scan){.where = where}, &err), &err);
	ck_assert_uint_eq(bn_table_batches(r), 0);
	ck_assert_uint_eq(bn_table_rows(r), 0);
	bn_expr_free(where);
	bn_table_reader_free(r);
	finish();
}
END_TEST

START_TEST(test_scan_does_not_read_parts_that_cannot_match)
{
	bn_table_reader *r = NULL;
	size_t n;
	make();
	for (size_t p = 0; p < PARTS; p++) {
		bn_part_stats *s = bn_part_stats_new(1, BATCHES * BATCH);
		int64_t low = (int64_t)p * BATCHES * BATCH;
		s->columns[0].min = (bn_expr_value){BN_EXPR_INT, {.i = low}};
		s->columns[0].max = (bn_expr_value){BN_EXPR_INT, {.i = low + BATCHES * BATCH - 1}};
		s->columns[0].missing = 0;
		/* The statistics of part 1 are wrong on purpose, which shows whether they are
		 * used. */
		if (p == 1)
			s->columns[0].max.i = low;
		bn_table_take_stats(table, p, s);
	}
	bn_expr *where = filter("i > 40000 AND i < 80000");
	ck_assert_bn_ok(bn_table_scan(&r, table, &(bn_scan){.where = where}, &err), &err);
	int64_t *rows = numbers(r, &n);
	ck_assert_int_eq(rows[0], 72000);
	ck_assert_uint_eq(n, 8000);
	bn_free(rows);
	bn_table_reader_free(r);
	bn_expr_free(where);
	finish();
}
END_TEST

START_TEST(test_scan_names_the_row_of_the_table_that_overflows)
{
	bn_table_reader *r = NULL;
	bn_err e = BN_ERR_INIT;
	make();
	bn_expr *where = filter("(i - 50000) * 9223372036854775807 >= 0 OR i < 49999");
	ck_assert_int_eq(bn_table_scan(&r, table, &(bn_scan){.where = where}, &e), BN_EINVAL);
	ck_assert_msg(strstr(e.msg, "--where:1:13: row 50002: *"), "%s", e.msg);
	bn_expr_free(where);
	finish();
}
END_TEST

BN_TEST_MAIN("core/table/scan", test_scan_keeps_the_rows_that_match_at_any_number_of_threads,
	test_scan_takes_a_range_of_rows_and_a_scan_of_a_scan,
	test_scan_does_not_read_parts_that_cannot_match,
	test_scan_names_the_row_of_the_table_that_overflows)
