/* Summaries kept open by the fold: with more runs than it keeps, and with runs larger than it
 * keeps. */
#include "core/track/series.h"
#include "core/track/series_cache.h"
#include "tests/support/check_main.h"

static sqlite3 *db;
static bn_series_cache cache;
static bn_err err = BN_ERR_INIT;

static void make(void)
{
	bn_series_cache_init(&cache);
	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	ck_assert_bn_ok(bn_sql_run(db, &err,
				"CREATE TABLE metric_series (run INTEGER, owner INTEGER, data "
				"BLOB, PRIMARY KEY (run, owner)) WITHOUT ROWID",
				""),
		&err);
}

static void take_down(void)
{
	bn_series_cache_release(&cache);
	sqlite3_close_v2(db);
}

static bn_series_open *get(int64_t run, int64_t owner)
{
	bn_series_open *o = NULL;
	ck_assert_bn_ok(bn_series_cache_get(&o, &cache, db, run, owner, &err), &err);
	ck_assert(o->run == run && o->owner == owner);
	return o;
}

static void put(int64_t run, int64_t owner, int64_t key, double value)
{
	bn_series_open *o = get(run, owner);
	bool found;
	size_t at = bn_series_place(&o->list, key, &found);
	ck_assert(!found);
	bn_series_summary *s = bn_series_insert(&o->list, at);
	const bn_series_point p = {1, 2, value};
	*s = (bn_series_summary){.key = key, .points = 1, .first = p, .last = p, .loose = true};
	cache.series++;
	o->dirty = true;
}

START_TEST(test_series_cache_gives_back_what_it_closed)
{
	enum { RUNS = 3 * BN_SERIES_CACHE_RUNS };
	make();
	for (int key = 0; key < 2; key++)
		for (int64_t i = 0; i < RUNS; i++) {
			put(i * 7 % RUNS, 1000 + i % 2, key, (double)i);
			ck_assert_uint_le(cache.count, BN_SERIES_CACHE_RUNS);
		}
	ck_assert_bn_ok(bn_series_cache_flush(&cache, db, &err), &err);
	bn_series_cache_release(&cache);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM metric_series", ""), RUNS);
	for (int64_t i = 0; i < RUNS; i++) {
		const bn_series_open *o = get(i * 7 % RUNS, 1000 + i % 2);
		ck_assert_uint_eq(o->list.count, 2);
		ck_assert_double_eq(o->list.items[1].last.value, (double)i);
	}
	take_down();
}
END_TEST

START_TEST(test_series_cache_keeps_two_runs_that_take_turns_open_whatever_their_size)
{
	make();
	for (int64_t key = 0; key <= BN_SERIES_CACHE_SERIES; key++)
		put(1, 1000, key, 0);
	put(2, 1000, 0, 0);
	const bn_series_open *large = get(1, 1000), *small = get(2, 1000);
	for (int i = 0; i < 100; i++) {
		ck_assert_ptr_eq(get(1, 1000), large);
		ck_assert_ptr_eq(get(2, 1000), small);
	}
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM metric_series", ""), 0);
	put(3, 1000, 0, 0); /* the large one was used before the small one */
	ck_assert_uint_eq(cache.count, 2);
	ck_assert_uint_eq(cache.series, 2);
	ck_assert_uint_eq(get(1, 1000)->list.count, BN_SERIES_CACHE_SERIES + 1);
	take_down();
}
END_TEST

/* The supervisor counts its measurements, which are more or fewer than the steps of the run. */
START_TEST(test_progress_of_a_run_is_that_of_what_it_logged)
{
	bn_series_info items[] = {{.key = (char *)"system/cpu_seconds", .last_step = 9000},
		{.key = (char *)"train/loss", .last_step = 299}, {.key = (char *)"valid/loss", .last_step = 290}};
	bn_series_list list = {items, 3, 3};
	ck_assert_int_eq(bn_series_newest_step(&list), 299);
	list.count = 1;
	ck_assert_int_eq(bn_series_newest_step(&list), -1);
}
END_TEST

BN_TEST_MAIN("core/track/series_cache", test_progress_of_a_run_is_that_of_what_it_logged,
	test_series_cache_gives_back_what_it_closed,
	test_series_cache_keeps_two_runs_that_take_turns_open_whatever_their_size)
