/* What differs between two versions: by value, by a key, and by distributions that are those of all rows. */
#include "core/base/fs.h"
#include "core/base/rng.h"
#include "core/profile/changes.h"
#include "core/profile/paired_counts.h"
#include "core/profile/profiler.h"
#include "core/source/ingest.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char dir[] = "/tmp/bn-changes-XXXXXX";

typedef struct version {
	bn_table_reader *table;
	bn_profile *profile;
} version;

static version version_of(const char *name, const char *text)
{
	char in[96], out[96];
	bn_err err = BN_ERR_INIT;
	version v = {NULL, NULL};

	snprintf(in, sizeof in, "%s/%s.csv", dir, name);
	snprintf(out, sizeof out, "%s/%s.arrow", dir, name);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), in, text, strlen(text), 0644, &err), &err);
	ck_assert_bn_ok(bn_ingest(bn_env_real(), "csv", in, NULL, NULL, out, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_open(&v.table, bn_env_real(), out, &err), &err);
	ck_assert_bn_ok(bn_profile_table(&v.profile, v.table, 1, NULL, &err), &err);
	return v;
}

static void version_free(version *v)
{
	bn_profile_free(v->profile);
	bn_table_reader_free(v->table);
}

static void begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void end(void)
{
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

static bn_column_changes compare(const version *a, const version *b, const char *key)
{
	bn_err err = BN_ERR_INIT;
	bn_column_changes c;
	bn_row_key k = {NULL, 0};

	if (key)
		ck_assert_bn_ok(bn_row_key_read(&k, key, bn_table_schema(a->table), &err), &err);
	ck_assert_bn_ok(bn_column_changes_find(&c, a->profile, b->profile, a->table, b->table,
				key ? &k : NULL, NULL, &err),
		&err);
	bn_row_key_release(&k);
	return c;
}

/* The error of a key. */
static int refused(const version *a, const version *b, const char *key, bn_err *err)
{
	bn_column_changes c;
	bn_row_key k = {NULL, 0};
	int rc = bn_row_key_read(&k, key, bn_table_schema(a->table), err);

	if (rc == 0)
		rc = bn_column_changes_find(
			&c, a->profile, b->profile, a->table, b->table, &k, NULL, err);
	bn_row_key_release(&k);
	return rc;
}

/* ---- columns ---------------------------------------------------------------------------------- */

/* n columns "c0", "c1" .. of three values, from the last to the first if `turned`; one differs. */
static version columns_of(const char *name, size_t n, bool turned, size_t differs)
{
	bn_buf text = BN_BUF_INIT;

	for (size_t i = 0; i < n; i++)
		bn_buf_addf(&text, "%sc%zu", i ? "," : "", turned ? n - 1 - i : i);
	for (int row = 0; row < 3; row++)
		for (size_t i = 0; i < n; i++)
			bn_buf_addf(&text, "%s%d", i ? "," : "\n", 1 << row | (i == differs) << 4);
	bn_buf_addch(&text, '\n');
	version v = version_of(name, text.ptr);
	bn_buf_release(&text);
	return v;
}

START_TEST(test_changes_pair_columns_by_name)
{
	enum { FEW = 1000, MORE = 1003 };
	begin();
	version a = columns_of("a", FEW, false, FEW), b = columns_of("b", MORE, true, MORE),
		other = columns_of("o", MORE, true, 100);
	bn_column_changes c = compare(&a, &b, NULL);
	ck_assert_uint_eq(c.count, 3);
	for (size_t i = 0; i < c.count; i++)
		ck_assert_int_eq(c.items[i].kind, BN_COLUMN_CHANGE_ADDED);
	ck_assert_str_eq(c.items[0].b->name, "c1002");
	bn_column_changes_release(&c);
	c = compare(&other, &a, NULL);
	ck_assert_uint_eq(c.count, 4);
	ck_assert_int_eq(c.items[0].kind, BN_COLUMN_CHANGE_REMOVED);
	ck_assert_int_eq(c.items[3].kind, BN_COLUMN_CHANGE_VALUES);
	ck_assert_str_eq(c.items[3].a->name, "c902");
	ck_assert_str_eq(c.items[3].b->name, "c902");
	ck_assert_int_eq(c.items[3].rows, 3);
	bn_column_changes_release(&c);
	version_free(&a);
	version_free(&b);
	version_free(&other);
	end();
}
END_TEST

/* ---- distributions ---------------------------------------------------------------------------- */

enum { ROWS = 60000 };

/* Rows id, grp, x, word; x is `add` more in each row that `every` divides, and each row that `drop` divides is left
 * out. */
static version measured(const char *name, int every, double add, int drop)
{
	bn_buf text = BN_BUF_INIT;
	bn_rng r;

	bn_rng_init(&r, 11, "changes", 0);
	bn_buf_adds(&text, "id,grp,x,word\n");
	for (int i = 0; i < ROWS; i++) {
		double x = 100 * bn_rng_uniform(&r);
		uint64_t word = bn_rng_below(&r, 30000);
		if (drop && i % drop == 0)
			continue;
		bn_buf_addf(&text, "%d,%c,%.3f,w%llu\n", i, "abcd"[i % 4],
			every && i % every == 0 ? x + add : x, (unsigned long long)word);
	}
	version v = version_of(name, text.ptr);
	bn_buf_release(&text);
	return v;
}

START_TEST(test_change_of_a_quarter_of_the_rows_is_found_though_rows_were_dropped)
{
	begin();
	version a = measured("a", 0, 0, 0), b = measured("b", 4, 5, 1000), same = measured("s", 0, 0, 1000),
		few = measured("f", 700, 1000, 1000);
	bn_column_changes c = compare(&a, &same, NULL);
	ck_assert_uint_eq(c.count, 0);
	bn_column_changes_release(&c);
	c = compare(&a, &b, NULL);
	ck_assert_uint_eq(c.count, 1);
	ck_assert_str_eq(c.items[0].a->name, "x");
	ck_assert_int_eq(c.items[0].distance.kind, BN_DISTANCE_VALUES);
	ck_assert(c.items[0].distance.shares > 0.011 && c.items[0].distance.shares < 0.015);
	bn_column_changes_release(&c);
	/* One row in 700: no test of shares sees that, but no value was as large before. */
	for (int turned = 0; turned < 2; turned++) {
		c = turned ? compare(&few, &a, NULL) : compare(&a, &few, NULL);
		ck_assert_uint_eq(c.count, 1);
		ck_assert_int_eq(c.items[0].distance.kind, BN_DISTANCE_RANGE);
		ck_assert_str_eq(bn_distance_name(c.items[0].distance.kind), "range");
		bn_column_changes_release(&c);
	}
	version_free(&a);
	version_free(&b);
	version_free(&same);
	version_free(&few);
	end();
}
END_TEST

/* 400 tables that are the same but for chance, of different sizes: with three columns each, 1.2 false alarms of a
 * thousandth are expected, and more than 6 have a probability below 1e-3. */
START_TEST(test_chance_is_found_once_in_a_thousand_times)
{
	size_t alarms = 0;
	begin();
	for (uint64_t t = 0; t < 200; t++) {
		version v[2];
		bn_rng r;
		bn_rng_init(&r, t, "chance", 0);
		for (int side = 0; side < 2; side++) {
			bn_buf text = BN_BUF_INIT;
			bn_buf_adds(&text, "x,k,t\n");
			for (int i = 0; i < 400 + 150 * side; i++)
				bn_buf_addf(&text, "%.4f,%d,%c\n", bn_rng_uniform(&r), (int)bn_rng_below(&r, 7),
					'a' + (int)bn_rng_below(&r, 12));
			v[side] = version_of(side ? "b" : "a", text.ptr);
			bn_buf_release(&text);
		}
		bn_column_changes c = compare(&v[0], &v[1], NULL);
		alarms += c.count;
		bn_column_changes_release(&c);
		version_free(&v[0]);
		version_free(&v[1]);
	}
	ck_assert_uint_le(alarms, 5);
	end();
}
END_TEST

typedef struct seen {
	uint64_t n, m, distinct, sum; /* sum: a digest of the counts in their order */
} seen;

static void see(void *ctx, uint64_t in_a, uint64_t in_b)
{
	seen *s = ctx;
	s->n += in_a;
	s->m += in_b;
	s->distinct++;
	s->sum = s->sum * 1000003 + in_a * 31 + in_b;
}

START_TEST(test_values_are_counted_alike_in_any_number_of_passes)
{
	begin();
	version a = measured("a", 3, 1e6, 0), b = measured("b", 4, -1e-6, 17);
	for (size_t column = 0; column < 4; column++) {
		seen first = {0, 0, 0, 0};
		for (size_t limit = 0; limit < 3; limit++) {
			static const size_t limits[] = {0, 9000, 700};
			bn_err err = BN_ERR_INIT;
			seen s = {0, 0, 0, 0};
			bn_paired_rows x = {a.table, column, 0}, y = {b.table, column, 100};
			ck_assert_bn_ok(bn_paired_counts(&x, &y, limits[limit], see, &s, NULL, &err), &err);
			ck_assert_uint_eq(s.n, a.profile->rows);
			ck_assert_uint_eq(s.m, b.profile->rows - 100);
			if (!limit)
				first = s;
			ck_assert_uint_eq(s.distinct, first.distinct);
			ck_assert_uint_eq(s.sum, first.sum);
		}
	}
	version_free(&a);
	version_free(&b);
	end();
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------- */

START_TEST(test_rows_of_a_key_are_compared_wherever_they_are)
{
	bn_err err = BN_ERR_INIT;
	begin();
	version a = measured("a", 0, 0, 0), b = measured("b", 4, 5, 1000);
	ck_assert_str_eq(bn_column_changes_key(a.profile, b.profile), "id");
	bn_column_changes c = compare(&a, &b, "id");
	ck_assert(c.by_value && c.by_key);
	ck_assert_uint_eq(c.rows_removed, 60);
	ck_assert_uint_eq(c.rows_added, 0);
	ck_assert_uint_eq(c.count, 1);
	ck_assert_str_eq(c.items[0].a->name, "x");
	/* every fourth row, less those that were dropped: 1000 is divisible by 4 */
	ck_assert_int_eq(c.items[0].rows, 15000 - 60);
	ck_assert_uint_eq(c.rows_changed, 15000 - 60);
	bn_column_changes_release(&c);
	c = compare(&b, &a, "grp,id");
	ck_assert_uint_eq(c.rows_added, 60);
	ck_assert_uint_eq(c.rows_removed, 0);
	ck_assert_int_eq(c.items[0].rows, 15000 - 60);
	bn_column_changes_release(&c);
	ck_assert_int_eq(refused(&a, &b, "grp", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "rows 1 and 5 of the first version have the same 'grp'");
	version_free(&a);
	version_free(&b);
	end();
}
END_TEST

START_TEST(test_keys_in_another_order_and_of_several_columns)
{
	bn_err err = BN_ERR_INIT;
	begin();
	version a = version_of("a", "h,\"t,z\",v,w\na,1,1.5,x\na,2,2.5,y\nb,1,3.5,\nb,2,4.5,z\n");
	version b = version_of("b", "w,h,\"t,z\",v\nq,c,9,0\n,b,1,3.5\nx,a,1,7\nz,b,2,4.5\n");
	bn_column_changes c = compare(&a, &b, "h,t,z");
	ck_assert_uint_eq(c.rows_removed, 1); /* a, 2 */
	ck_assert_uint_eq(c.rows_added, 1);   /* c, 9 */
	ck_assert_uint_eq(c.rows_changed, 1); /* a, 1 */
	ck_assert_uint_eq(c.count, 1);
	ck_assert_str_eq(c.items[0].a->name, "v");
	ck_assert_int_eq(c.items[0].rows, 1);
	bn_column_changes_release(&c);

	bn_row_key k;
	bn_matched m;
	bn_column_pair pair = {.a = 2, .b = 3};
	int64_t *rows = NULL;
	size_t count = 0;
	ck_assert_bn_ok(bn_row_key_read(&k, "h,t,z", bn_table_schema(a.table), &err), &err);
	ck_assert_uint_eq(k.count, 2);
	ck_assert_bn_ok(bn_matched_find(&m, a.table, b.table, &k, NULL, &err), &err);
	ck_assert_bn_ok(bn_matched_differing(&rows, &count, &m, &pair, a.table, b.table, NULL, &err), &err);
	ck_assert(count == 1 && rows[0] == 2);
	bn_free(rows);
	ck_assert_bn_ok(bn_matched_added(&rows, &count, &m, &err), &err);
	ck_assert(count == 1 && rows[0] == 0);
	bn_free(rows);
	ck_assert_bn_ok(bn_matched_removed(&rows, &count, &m, &err), &err);
	ck_assert(count == 1 && rows[0] == 1);
	bn_free(rows);
	bn_matched_release(&m);
	bn_row_key_release(&k);

	ck_assert_int_eq(refused(&a, &b, "w", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "column 'w' is missing in row 3 of the first version: a key names every row");
	bn_err_clear(&err);
	ck_assert_int_eq(refused(&a, &b, "h,h", &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(refused(&a, &b, "h,u", &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_int_eq(refused(&a, &b, "", &err), BN_EINVAL);
	version_free(&a);
	version_free(&b);
	end();
}
END_TEST

BN_TEST_MAIN("core/profile/changes", test_changes_pair_columns_by_name,
	test_change_of_a_quarter_of_the_rows_is_found_though_rows_were_dropped,
	test_chance_is_found_once_in_a_thousand_times,
	test_values_are_counted_alike_in_any_number_of_passes,
	test_rows_of_a_key_are_compared_wherever_they_are, test_keys_in_another_order_and_of_several_columns)
