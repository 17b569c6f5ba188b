/* What screens count over any rows of a table: bins, rows of a value or a bin, correlations, order, derived columns,
 * selected rows; each against a plain implementation. */
#include "core/base/fs.h"
#include "core/base/rng.h"
#include "core/profile/alike.h"
#include "core/profile/bins.h"
#include "core/profile/correlate.h"
#include "core/profile/frequencies.h"
#include "core/source/ingest.h"
#include "core/source/rows_write.h"
#include "core/table/derive.h"
#include "core/table/order.h"
#include "core/table/scan.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

enum { ROWS = BN_BATCH_ROWS + 4000 }; /* two batches */

static char dir[] = "/tmp/bn-counted-XXXXXX";
static bn_err err = BN_ERR_INIT;

static bn_table_reader *table_of(const char *text)
{
	char in[96], out[96];
	bn_table_reader *t = NULL;
	snprintf(in, sizeof in, "%s/t.csv", dir);
	snprintf(out, sizeof out, "%s/t.arrow", dir);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), in, text, strlen(text), 0644, &err), &err);
	ck_assert_bn_ok(bn_ingest(bn_env_real(), "csv", in, NULL, NULL, out, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), out, &err), &err);
	return t;
}

/* n: integers; x: with gaps; y: correlated with x; s: text, few values; u: text, all distinct. */
static bn_table_reader *many_rows(void)
{
	bn_buf text = BN_BUF_INIT;
	bn_rng r;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	bn_rng_init(&r, 11, "counted", 0);
	bn_buf_adds(&text, "n,x,y,s,u\n");
	for (int i = 0; i < ROWS; i++) {
		uint64_t n = bn_rng_below(&r, 100000), k = bn_rng_below(&r, 20);
		double x = (double)bn_rng_below(&r, 1000) / 7;
		bn_buf_addf(&text, "%lld,", (long long)n - 50000);
		if (k)
			bn_buf_addf(&text, "%.17g", x);
		bn_buf_addf(&text, ",%.17g,%c,u%d\n", 3 * x + (double)k, "xyz"[n % 3],
			(i * 7919) % ROWS);
	}
	bn_table_reader *t = table_of(text.ptr);
	bn_buf_release(&text);
	return t;
}

static void finish(bn_table_reader *t)
{
	bn_table_reader_free(t);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
	strcpy(dir, "/tmp/bn-counted-XXXXXX");
}

static bn_batch *batches_of(bn_table_reader *t)
{
	static bn_batch b[2];
	for (size_t i = 0; i < 2; i++) {
		b[i] = (bn_batch)BN_BATCH_INIT;
		ck_assert_bn_ok(bn_table_read(t, i, NULL, 0, &b[i], &err), &err);
	}
	return b;
}

static double number_at(const bn_batch *b, size_t column, int64_t row)
{
	size_t i = row >= (int64_t)b[0].rows;
	return bn_column_number(&b[i].columns[column], (size_t)row - i * b[0].rows);
}

static void batches_release(bn_batch *b)
{
	bn_batch_release(&b[0]);
	bn_batch_release(&b[1]);
}

START_TEST(test_order_is_stable_and_has_what_is_absent_last)
{
	bn_table_reader *t = many_rows();
	bn_batch *b = batches_of(t);
	int64_t *rows = bn_alloc(ROWS * sizeof *rows);
	for (int down = 0; down < 2; down++) {
		for (size_t column = 0; column < 3; column++) {
			for (int64_t i = 0; i < ROWS; i++)
				rows[i] = i;
			ck_assert_bn_ok(
				bn_table_order(rows, ROWS, t, column, down, NULL, &err), &err);
			for (int64_t i = 1; i < ROWS; i++) {
				double p = number_at(b, column, rows[i - 1]);
				double q = number_at(b, column, rows[i]);
				ck_assert(isnan(q) || (down ? p >= q : p <= q));
				if (p == q || (isnan(p) && isnan(q)))
					ck_assert_int_lt(rows[i - 1], rows[i]);
			}
		}
	}
	/* By two columns: sort by the less important one first. */
	ck_assert_bn_ok(bn_table_order(rows, ROWS, t, 4, false, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_order(rows, ROWS, t, 3, false, NULL, &err), &err);
	for (int64_t i = 1; i < ROWS; i++) {
		size_t x = rows[i - 1] >= (int64_t)b[0].rows, y = rows[i] >= (int64_t)b[0].rows;
		size_t rx = (size_t)rows[i - 1] - x * b[0].rows,
		       ry = (size_t)rows[i] - y * b[0].rows;
		bn_text sx = bn_column_text(&b[x].columns[3], rx),
			sy = bn_column_text(&b[y].columns[3], ry);
		bn_text ux = bn_column_text(&b[x].columns[4], rx),
			uy = bn_column_text(&b[y].columns[4], ry);
		int s = memcmp(sx.ptr, sy.ptr, 1);
		size_t n = ux.len < uy.len ? ux.len : uy.len;
		int u = memcmp(ux.ptr, uy.ptr, n);
		ck_assert(s < 0 || (s == 0 && (u < 0 || (u == 0 && ux.len <= uy.len))));
	}
	bn_free(rows);
	batches_release(b);
	finish(t);
}
END_TEST

static bool stop_at_once(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	(void)done;
	(void)total;
	return --*(int *)ctx > 0;
}

START_TEST(test_order_that_is_stopped_changes_nothing)
{
	bn_table_reader *t = many_rows();
	for (int steps = 1; steps < 6; steps++) {
		for (size_t column = 0; column < 5; column += 4) {
			int left = steps;
			bn_progress p = {stop_at_once, &left};
			bn_err own = BN_ERR_INIT;
			int64_t rows[] = {5, 3, 9};
			int rc = bn_table_order(rows, 3, t, column, false, &p, &own);
			ck_assert(rc == 0 || rc == BN_EINTR);
			if (rc)
				ck_assert(rows[0] == 5 && rows[1] == 3 && rows[2] == 9);
		}
	}
	finish(t);
}
END_TEST

START_TEST(test_bins_count_what_their_bounds_say)
{
	bn_table_reader *t = many_rows();
	bn_batch *b = batches_of(t);
	for (size_t column = 0; column < 2; column++) {
		bn_bins bins;
		ck_assert_bn_ok(bn_bins_count(&bins, t, column, NULL, &err), &err);
		ck_assert_int_eq(bins.is_whole, column == 0);
		uint64_t want[BN_BINS_MAX] = {0}, missing = 0;
		for (int64_t i = 0; i < ROWS; i++) {
			double v = number_at(b, column, i);
			missing += isnan(v);
			for (size_t k = 0; k < bins.count; k++)
				want[k] += v >= bins.bound[k] &&
					   (k + 1 == bins.count ? v <= bins.bound[k + 1]
								: v < bins.bound[k + 1]);
		}
		ck_assert_uint_eq(bins.missing, missing);
		ck_assert_mem_eq(bins.rows, want, sizeof want);
		for (size_t k = 0; k < bins.count; k++) {
			int64_t *rows = NULL;
			size_t n = 0;
			bn_interval in = {.lo = bins.bound[k],
				.hi = bins.bound[k + 1],
				.closed = k + 1 == bins.count};
			ck_assert_bn_ok(bn_rows_within(&rows, &n, t, column, in, NULL, &err), &err);
			ck_assert_uint_eq(n, bins.rows[k]);
			bn_free(rows);
		}
	}
	batches_release(b);
	finish(t);
}
END_TEST

START_TEST(test_correlation_is_that_of_the_rows_with_both)
{
	bn_table_reader *t = many_rows();
	bn_batch *b = batches_of(t);
	bn_correlate c;
	ck_assert_bn_ok(bn_correlate_count(&c, t, NULL, &err), &err);
	ck_assert_uint_eq(c.columns, 3);
	ck_assert_uint_eq(c.count, 3);
	for (size_t p = 0; p < c.count; p++) {
		long double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;
		uint64_t n = 0;
		for (int64_t i = 0; i < ROWS; i++) {
			double x = number_at(b, c.pairs[p].a, i), y = number_at(b, c.pairs[p].b, i);
			if (isnan(x) || isnan(y))
				continue;
			sx += x;
			sy += y;
			n++;
		}
		long double mx = sx / (long double)n, my = sy / (long double)n;
		for (int64_t i = 0; i < ROWS; i++) {
			double x = number_at(b, c.pairs[p].a, i), y = number_at(b, c.pairs[p].b, i);
			if (isnan(x) || isnan(y))
				continue;
			xx += (x - mx) * (x - mx);
			yy += (y - my) * (y - my);
			xy += (x - mx) * (y - my);
		}
		ck_assert_uint_eq(c.pairs[p].rows, n);
		ck_assert_double_eq_tol(c.pairs[p].r, (double)(xy / sqrtl(xx * yy)), 1e-12);
		ck_assert(!p || fabs(c.pairs[p].r) <= fabs(c.pairs[p - 1].r));
	}
	bn_correlate_release(&c);
	batches_release(b);
	finish(t);
}
END_TEST

START_TEST(test_chosen_rows_are_a_table_of_them)
{
	bn_table_reader *t = many_rows(), *some = NULL, *fewer = NULL;
	int64_t rows[700], numbers[700];
	for (int i = 0; i < 700; i++)
		rows[i] = 97 * i + 5;
	ck_assert_bn_ok(bn_table_pick(&some, t, rows, 700, &err), &err);
	ck_assert_uint_eq(bn_table_rows(some), 700);
	ck_assert_bn_ok(bn_table_origins(numbers, some, &err), &err);
	ck_assert_mem_eq(numbers, rows, sizeof rows);
	const int64_t of_some[] = {0, 1, 699};
	ck_assert_bn_ok(bn_table_pick(&fewer, some, of_some, 3, &err), &err);
	ck_assert_bn_ok(bn_table_origins(numbers, fewer, &err), &err);
	ck_assert(numbers[0] == rows[0] && numbers[1] == rows[1] && numbers[2] == rows[699]);
	bn_table_reader_free(fewer);
	bn_table_reader_free(some);
	const int64_t back[] = {3, 2}, far[] = {1, ROWS};
	ck_assert_int_eq(bn_table_pick(&some, t, back, 2, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_table_pick(&some, t, far, 2, &err), BN_EINVAL);
	bn_err_clear(&err);
	finish(t);
}
END_TEST

START_TEST(test_derived_columns_are_read_as_if_they_were_there)
{
	bn_table_reader *t = many_rows();
	const char *wrong[] = {"n = x + 1", "z", "z = ", "z = nothing + 1", "z = n + 's'"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_table_reader *before = t;
		bn_err own = BN_ERR_INIT;
		ck_assert_msg(bn_table_derive(&t, wrong[i], &own) == BN_EINVAL, "%s", wrong[i]);
		ck_assert_ptr_eq(t, before);
	}
	ck_assert_bn_ok(bn_table_derive(&t,
				"twice = 2 * n; `a b` = twice + 1; t = if(n > 0, s, 'n;')", &err),
		&err);
	ck_assert_uint_eq(bn_table_schema(t)->count, 8);
	bn_batch *b = batches_of(t);
	for (int64_t i = 0; i < ROWS; i++)
		ck_assert(number_at(b, 5, i) == 2 * number_at(b, 0, i) &&
			  number_at(b, 6, i) == 2 * number_at(b, 0, i) + 1);
	batches_release(b);
	/* Some columns, in another order, counted as selected. */
	size_t columns[] = {7, 1, 6, 7};
	bn_batch some = BN_BATCH_INIT;
	ck_assert_bn_ok(bn_table_read(t, 1, columns, 4, &some, &err), &err);
	ck_assert_uint_eq(some.column_count, 4);
	ck_assert_int_eq(some.columns[0].type, BN_TYPE_STRING);
	ck_assert_int_eq(some.columns[1].type, BN_TYPE_FLOAT64);
	bn_batch_release(&some);
	bn_frequencies f;
	ck_assert_bn_ok(bn_frequencies_count(&f, t, 7, 10, NULL, &err), &err);
	ck_assert_uint_eq(f.distinct, 4);
	bn_frequencies_release(&f);
	finish(t);
}
END_TEST

static int gather(void *ctx, const char *bytes, size_t n, bn_err *e)
{
	(void)e;
	bn_buf_add(ctx, bytes, n);
	return 0;
}

START_TEST(test_rows_are_written_as_json_and_arrow_in_the_order_asked)
{
	const char *csv =
		"a,b,t\n1,x,2026-01-31T00:00:00Z\n,\"q \"\"\",\n-3,z,2026-02-01T00:00:00Z\n";
	ck_assert_ptr_nonnull(mkdtemp(dir));
	bn_table_reader *t = table_of(csv), *back = NULL;
	const int64_t rows[] = {2, 1, 0};
	const size_t columns[] = {1, 0};
	bn_csv_part part = {rows, 3, columns, 2}, all = {NULL, 0, NULL, 0};
	bn_buf out = BN_BUF_INIT, before = BN_BUF_INIT, after = BN_BUF_INIT;
	ck_assert_bn_ok(bn_json_export_rows(t, &part, NULL, gather, &out, &err), &err);
	ck_assert_str_eq(out.ptr, "[\n{\"b\":\"z\",\"a\":-3},\n{\"b\":\"q \\\"\",\"a\":null},\n"
				  "{\"b\":\"x\",\"a\":1}\n]\n");
	bn_buf_clear(&out);
	ck_assert_bn_ok(bn_arrow_export_rows(t, &part, NULL, gather, &out, &err), &err);
	char path[96];
	snprintf(path, sizeof path, "%s/out.arrow", dir);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), path, out.ptr, out.len, 0644, &err), &err);
	ck_assert_bn_ok(bn_table_open(&back, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_csv_export_rows(t, &part, ',', NULL, gather, &before, &err), &err);
	ck_assert_bn_ok(bn_csv_export_rows(back, &all, ',', NULL, gather, &after, &err), &err);
	ck_assert_str_eq(before.ptr, after.ptr);
	bn_table_reader_free(back);
	bn_buf_release(&out);
	bn_buf_release(&before);
	bn_buf_release(&after);
	finish(t);
}
END_TEST

BN_TEST_MAIN("core/profile/counted", test_order_is_stable_and_has_what_is_absent_last,
	test_order_that_is_stopped_changes_nothing, test_bins_count_what_their_bounds_say,
	test_correlation_is_that_of_the_rows_with_both, test_chosen_rows_are_a_table_of_them,
	test_derived_columns_are_read_as_if_they_were_there,
	test_rows_are_written_as_json_and_arrow_in_the_order_asked)
