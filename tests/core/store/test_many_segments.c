/* The listing of a writer with many segments: which files are looked at, and when a replaced one is noticed. */
#include "core/base/mem.h"
#include "core/store/log/listing.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SEGMENTS = 400, FEW = 30 };

static toy_dir place;
static toy_env env;
static bn_dir *at;
static bn_fs_ops ops;
static int looks;
static bn_err err = BN_ERR_INIT;

static int counted_stat(const bn_env *e, const bn_dir *dir, const char *path, struct stat *st)
{
	looks += strstr(path, ".seg") != NULL;
	return bn_env_real()->fs->stat(e, dir, path, st);
}

static void add(int from, int to)
{
	char name[80];
	for (int i = from; i < to; i++) {
		snprintf(name, sizeof name, "log/ann@node-1-0/%010d-%010d.seg", 10 * i + 1,
			10 * i + 10);
		ck_assert_bn_ok(bn_dir_write_file(at, name, "x", 1, 0644, &err), &err);
	}
}

static void place_make(int segments)
{
	toy_dir_make(&place);
	toy_env_init(&env, &place);
	ops = *env.env.fs;
	ops.stat = counted_stat;
	env.env.fs = &ops;
	ck_assert_bn_ok(bn_dir_open(&at, &env.env, place.path, &err), &err);
	ck_assert_bn_ok(bn_dir_make(at, "log/ann@node-1-0", 0755, &err), &err);
	add(0, segments);
	looks = 0;
}

static void place_remove(bn_log *log)
{
	bn_log_release(log);
	bn_dir_close(at);
	toy_dir_remove(&place);
}

static bn_log_writer *scanned(bn_log *log)
{
	ck_assert_bn_ok(bn_log_scan(log, at, &err), &err);
	bn_log_writer *w = bn_log_find(log, "ann@node-1-0");
	ck_assert_ptr_nonnull(w);
	return w;
}

static void relist(bn_log_writer *w)
{
	looks = 0;
	ck_assert_bn_ok(bn_log_relist(w, at, &err), &err);
}

/* An earlier process has seen every file as inode 7. */
static bool all_known(void *ctx, const char *writer, bn_log_range *r)
{
	(void)ctx;
	ck_assert_str_eq(writer, "ann@node-1-0");
	r->inode = 7;
	r->changed_ns = 7;
	return true;
}

START_TEST(test_listing_looks_at_every_file_of_a_usual_log_each_time)
{
	bn_log log = {.known = all_known};
	place_make(FEW);
	bn_log_writer *w = scanned(&log);
	ck_assert_int_eq(looks, FEW);
	relist(w);
	ck_assert_int_eq(looks, FEW);
	for (size_t i = 0; i < w->sealed_count; i++)
		ck_assert_uint_ne(w->sealed[i].inode, 7);
	place_remove(&log);
}
END_TEST

START_TEST(test_listing_of_a_long_log_looks_at_the_new_and_at_some_in_turn)
{
	bn_log log = {.known = all_known};
	place_make(SEGMENTS);
	bn_log_writer *w = scanned(&log);
	ck_assert_int_le(looks, 16);
	ck_assert_uint_eq(w->sealed_count, SEGMENTS);
	ck_assert_uint_ne(w->sealed[SEGMENTS - 1].inode, 7); /* the newest are looked at */
	size_t left = SEGMENTS;
	for (int i = 0; i < SEGMENTS / 4 && left; i++) {
		add(SEGMENTS + i, SEGMENTS + i + 1);
		relist(w);
		ck_assert_int_le(looks, 18);
		left = 0;
		for (size_t k = 0; k < w->sealed_count; k++)
			left += w->sealed[k].inode == 7;
	}
	ck_assert_uint_eq(left, 0);
	place_remove(&log);
}
END_TEST

START_TEST(test_listing_without_an_earlier_one_looks_at_all)
{
	bn_log log = {.known = NULL};
	place_make(SEGMENTS);
	scanned(&log);
	ck_assert_int_eq(looks, SEGMENTS);
	place_remove(&log);
}
END_TEST

START_TEST(test_listing_of_the_same_names_looks_at_all_since_one_may_have_been_replaced)
{
	bn_log log = {.known = all_known};
	place_make(SEGMENTS);
	bn_log_writer *w = scanned(&log);
	add(100, 101); /* again: another inode under the same name */
	relist(w);
	ck_assert_int_eq(looks, SEGMENTS);
	ck_assert_uint_ne(w->sealed[100].inode, 7);
	place_remove(&log);
}
END_TEST

BN_TEST_MAIN("core/store/many_segments", test_listing_looks_at_every_file_of_a_usual_log_each_time,
	test_listing_of_a_long_log_looks_at_the_new_and_at_some_in_turn,
	test_listing_without_an_earlier_one_looks_at_all,
	test_listing_of_the_same_names_looks_at_all_since_one_may_have_been_replaced)
