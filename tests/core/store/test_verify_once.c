/* Bytes are hashed once while the file stays as it is, and again after any change to it. */
#include "core/base/mem.h"
#include "core/store/object/verify_once.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LARGE = 3 << 20 };

static toy_dir dir;
static toy_env env;
static bn_workspace *ws;
static bn_cache *cache;
static bn_err err = BN_ERR_INIT;
static char hash[65];
static char path[500];

/* An object of LARGE bytes, as old as it must be to be remembered. */
static void make(void)
{
	char name[BN_OBJECT_NAME];
	char *bytes = bn_alloc_zeroed(1, LARGE);
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	ck_assert_bn_ok(bn_cache_open(&cache, ws, &err), &err);
	ck_assert_bn_ok(bn_object_put(ws, bytes, LARGE, hash, &err), &err);
	ck_assert_bn_ok(bn_object_file(ws, hash, name, &err), &err);
	snprintf(path, sizeof path, "%s/%s", bn_workspace_root(ws), name);
	bn_free(bytes);
	/* The clock of the test is ahead of the file's by more than the time to settle. */
	env.clock_step_ns = 1;
	env.clock_ns = (int64_t)time(NULL) * 1000000000 + 60 * INT64_C(1000000000);
}

static void finish(void)
{
	bn_cache_close(cache);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static bool hashed_now(void)
{
	bool hashed = false;
	ck_assert_bn_ok(
		bn_object_verify_once(ws, cache, hash, NULL, "hashing", &hashed, &err), &err);
	return hashed;
}

START_TEST(test_verify_once_hashes_the_first_time_only)
{
	make();
	ck_assert(hashed_now());
	ck_assert(!hashed_now());
	ck_assert(!hashed_now());
	finish();
}
END_TEST

START_TEST(test_verify_once_hashes_again_after_any_touch_and_finds_damage)
{
	make();
	ck_assert(hashed_now());
	ck_assert_int_eq(chmod(path, 0644), 0); /* a change time alone */
	ck_assert(hashed_now());
	ck_assert(!hashed_now());
	/* Other bytes of the same size, and the old modification time. */
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	int fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "x", 1, LARGE / 2), 1);
	close(fd);
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_int_eq(
		bn_object_verify_once(ws, cache, hash, NULL, "hashing", NULL, NULL), BN_ECORRUPT);
	ck_assert_int_eq(
		bn_object_verify_once(ws, cache, hash, NULL, "hashing", NULL, NULL), BN_ECORRUPT);
	finish();
}
END_TEST

START_TEST(test_verify_once_does_not_remember_a_file_that_was_just_written)
{
	make();
	env.clock_ns -= 60 * INT64_C(1000000000); /* now */
	ck_assert(hashed_now());
	ck_assert(hashed_now());
	finish();
}
END_TEST

START_TEST(test_verify_once_without_a_cache_hashes_each_time)
{
	make();
	bn_cache_close(cache);
	cache = NULL;
	ck_assert(hashed_now());
	ck_assert(hashed_now());
	finish();
}
END_TEST

static bool stop(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	(void)done;
	(void)total;
	return ++*(int *)ctx < 2;
}

START_TEST(test_verify_once_stops_between_two_blocks)
{
	int asked = 0;
	bn_progress p = {stop, &asked};
	make();
	char *bytes = bn_alloc_zeroed(1, 64 << 20);
	ck_assert_bn_ok(bn_object_put(ws, bytes, 64 << 20, hash, &err), &err);
	bn_free(bytes);
	ck_assert_int_eq(
		bn_object_verify_once(ws, cache, hash, &p, "hashing", NULL, &err), BN_EINTR);
	ck_assert_int_eq(asked, 2);
	bn_err_clear(&err);
	ck_assert(hashed_now()); /* half of it was not remembered */
	finish();
}
END_TEST

BN_TEST_MAIN("core/store/verify_once", test_verify_once_hashes_the_first_time_only,
	test_verify_once_hashes_again_after_any_touch_and_finds_damage,
	test_verify_once_does_not_remember_a_file_that_was_just_written,
	test_verify_once_without_a_cache_hashes_each_time,
	test_verify_once_stops_between_two_blocks)
