/* Counts of values are exact for any number of values, and tables with different values are
 * reported as different. */
#include "core/base/fs.h"
#include "core/base/rng.h"
#include "core/profile/differences.h"
#include "core/profile/frequencies.h"
#include "core/source/ingest.h"
#include "tests/support/check_main.h"

#include <string.h>

static char dir[] = "/tmp/bn-freq-XXXXXX";

static bn_table_reader *table_of(const char *name, const char *text)
{
	char in[96], out[96];
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = NULL;

	snprintf(in, sizeof in, "%s/%s.csv", dir, name);
	snprintf(out, sizeof out, "%s/%s.arrow", dir, name);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), in, text, strlen(text), 0644, &err), &err);
	ck_assert_bn_ok(bn_ingest(bn_env_real(), "csv", in, NULL, NULL, out, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), out, &err), &err);
	return t;
}

static void begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void end(void)
{
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

START_TEST(test_counts_are_exact_in_any_number_of_passes)
{
	static uint64_t want[3000];
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_rng r;

	begin();
	bn_rng_init(&r, 7, "test", 0);
	bn_buf_adds(&text, "v\n");
	for (int i = 0; i < 60000; i++) {
		uint64_t a = bn_rng_below(&r, 3000), b = bn_rng_below(&r, 3000), v = a < b ? a : b;
		want[v]++;
		bn_buf_addf(&text, "x%llu\n", (unsigned long long)v);
	}
	bn_buf_adds(&text, "NA\nNA\n");
	bn_table_reader *t = table_of("many", text.ptr);
	for (size_t limit = 40; limit <= 400000; limit *= 10) {
		bn_frequencies f;
		bn_frequencies_limit(limit <= 4000 ? limit : 40, limit > 4000);
		ck_assert_bn_ok(bn_frequencies_count(&f, t, 0, 50, NULL, &err), &err);
		uint64_t distinct = 0;
		for (int i = 0; i < 3000; i++)
			distinct += want[i] > 0;
		ck_assert_uint_eq(f.distinct, distinct);
		ck_assert_uint_eq(f.missing, 2);
		ck_assert_uint_eq(f.count, 50);
		for (size_t i = 0; i < f.count; i++) {
			ck_assert_uint_eq(f.values[i].count, want[atoi(f.values[i].text + 1)]);
			ck_assert(i == 0 || f.values[i].count < f.values[i - 1].count ||
				  (f.values[i].count == f.values[i - 1].count &&
					  strcmp(f.values[i - 1].text, f.values[i].text) < 0));
		}
		uint64_t beyond = 0;
		for (int i = 0; i < 3000; i++)
			beyond += want[i] > f.values[49].count;
		ck_assert_uint_le(beyond, 49);
		bn_frequencies_release(&f);
	}
	bn_frequencies_limit(0, true);
	bn_table_reader_free(t);
	bn_buf_release(&text);
	end();
}
END_TEST

START_TEST(test_zeros_infinities_and_missing_values_are_counted_as_what_they_are)
{
	bn_err err = BN_ERR_INIT;
	bn_frequencies f;

	begin();
	bn_table_reader *t = table_of("odd", "v\n-0\n0.0\n0\ninf\n-inf\n-inf\nNA\n");
	ck_assert_bn_ok(bn_frequencies_count(&f, t, 0, 10, NULL, &err), &err);
	ck_assert_uint_eq(f.count, 3);
	ck_assert_str_eq(f.values[0].text, "0");
	ck_assert_uint_eq(f.values[0].count, 3);
	ck_assert_str_eq(f.values[1].text, "-inf");
	ck_assert_str_eq(f.values[2].text, "inf");
	ck_assert_uint_eq(f.missing, 1);
	bn_frequencies_release(&f);
	bn_table_reader_free(t);
	end();
}
END_TEST

START_TEST(test_tables_differ_where_their_values_do)
{
	bn_err err = BN_ERR_INIT;
	bn_column_pair p[3] = {{0, 0, 9}, {1, 1, 9}, {2, 2, 9}};

	begin();
	bn_table_reader *a =
		table_of("a", "i,x,t\n1,0,p\n9007199254740993,inf,q\n,NA,\"\"\n4,1.5,NA\n");
	bn_table_reader *b =
		table_of("b", "i,x,t\n1.0,-0,p\n,inf,q\n,NA,NA\n4.0,1.5000000000000002,NA\n");
	ck_assert_bn_ok(bn_differences_count(p, 3, a, b, 4, false, NULL, &err), &err);
	ck_assert_uint_eq(p[0].different, 1);
	ck_assert_uint_eq(p[1].different, 1);
	ck_assert_uint_eq(p[2].different, 1);
	bn_table_reader *c = table_of("c", "i,x,t\n1,0,p\n");
	ck_assert_bn_ok(
		bn_differences_count(p, 3, a, c, 1, true, NULL, &err), &err); /* the rows of both */
	ck_assert_uint_eq(p[0].different + p[1].different + p[2].different, 0);
	int64_t *rows = NULL;
	size_t count = 0;
	ck_assert_int_eq(bn_differences_rows(&rows, &count, 0, 0, a, c, NULL, &err), BN_EINVAL);
	bn_table_reader_free(a);
	bn_table_reader_free(b);
	bn_table_reader_free(c);
	end();
}
END_TEST

BN_TEST_MAIN("core/profile/frequencies", test_counts_are_exact_in_any_number_of_passes,
	test_zeros_infinities_and_missing_values_are_counted_as_what_they_are,
	test_tables_differ_where_their_values_do)
