/* Bytes are hashed once as long as the file is unchanged, and again after any change. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/object/held.h"
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

/* An object of LARGE bytes, old enough for the result to be cached. */
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
	/* The test's clock is ahead of the file's time by more than the required age. */
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
	ck_assert_int_eq(chmod(path, 0644), 0); /* changes only the change time */
	ck_assert(hashed_now());
	ck_assert(!hashed_now());
	/* Other bytes of the same size, with the old modification time. */
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
	env.clock_ns -= 60 * INT64_C(1000000000); /* the file is new */
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
	ck_assert(hashed_now()); /* the first half was not remembered */
	finish();
}
END_TEST

enum { SEVERAL = 6 };

/* Several objects of some MiB each. */
static void make_several(char hashes[SEVERAL][65], const char *names[SEVERAL])
{
	make();
	char *bytes = bn_alloc_zeroed(1, SEVERAL * LARGE);
	for (int i = 0; i < SEVERAL; i++) {
		bytes[0] = (char)i;
		ck_assert_bn_ok(
			bn_object_put(ws, bytes, (size_t)(SEVERAL - i) * LARGE, hashes[i], &err),
			&err);
		names[i] = hashes[i];
	}
	bn_free(bytes);
}

static void damage(const char *of)
{
	char name[BN_OBJECT_NAME], file[500];
	ck_assert_bn_ok(bn_object_file(ws, of, name, &err), &err);
	snprintf(file, sizeof file, "%s/%s", bn_workspace_root(ws), name);
	ck_assert_int_eq(chmod(file, 0644), 0);
	FILE *f = fopen(file, "r+");
	fseek(f, 1000, SEEK_SET);
	fputc('x', f);
	fclose(f);
}

START_TEST(test_several_objects_are_hashed_side_by_side_and_each_once)
{
	char hashes[SEVERAL][65];
	const char *names[SEVERAL];
	size_t failed = 99;
	bool hashed;
	make_several(hashes, names);
	ck_assert_bn_ok(
		bn_object_verify_once(ws, cache, hashes[2], NULL, "hashing", NULL, &err), &err);
	ck_assert_bn_ok(
		bn_object_verify_each(ws, cache, names, SEVERAL, NULL, "hashing", &failed, &err),
		&err);
	for (int i = 0; i < SEVERAL; i++) {
		ck_assert_bn_ok(
			bn_object_verify_once(ws, cache, hashes[i], NULL, "hashing", &hashed, &err),
			&err);
		ck_assert_msg(!hashed, "number %d was not remembered", i);
	}
	ck_assert_bn_ok(
		bn_object_verify_each(ws, NULL, names, SEVERAL, NULL, "hashing", NULL, &err), &err);
	ck_assert_bn_ok(
		bn_object_verify_each(ws, cache, names, 0, NULL, "hashing", NULL, &err), &err);
	finish();
}
END_TEST

START_TEST(test_damage_among_several_is_named_and_none_that_was_not_hashed_is_remembered)
{
	char hashes[SEVERAL][65];
	const char *names[SEVERAL];
	size_t failed = 99;
	make_several(hashes, names);
	damage(hashes[1]);
	damage(hashes[4]);
	ck_assert_int_eq(
		bn_object_verify_each(ws, cache, names, SEVERAL, NULL, "hashing", &failed, &err),
		BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, "is damaged"));
	bn_err_clear(&err);
	ck_assert(failed == 1 || failed == 4);
	ck_assert_int_eq(bn_object_verify_once(ws, cache, hashes[4], NULL, "hashing", NULL, NULL),
		BN_ECORRUPT);
	ck_assert_int_eq(bn_object_verify_once(ws, cache, hashes[1], NULL, "hashing", NULL, NULL),
		BN_ECORRUPT);
	finish();
}
END_TEST

START_TEST(test_several_stop_when_they_are_told_to)
{
	char hashes[SEVERAL][65];
	const char *names[SEVERAL];
	int asked = 1; /* the first call continues */
	bn_progress p = {stop, &asked};
	make_several(hashes, names);
	ck_assert_int_eq(
		bn_object_verify_each(ws, cache, names, SEVERAL, &p, "hashing", NULL, &err),
		BN_EINTR);
	bn_err_clear(&err);
	finish();
}
END_TEST

/* A user who may rename in objects/ swaps two files of the same owner: the wrong one is at the path when it is opened,
 * the right one while that is hashed, and then the wrong one again. */
static struct bn_fs_ops swapping;
static char name_of_both[500], aside[520], other[500];
static int opened;

static void give_name(const char *file)
{
	unlink(name_of_both);
	ck_assert_int_eq(link(file, name_of_both), 0);
}

static int swapped_open(const bn_env *e, const bn_dir *at, const char *file, int flags, mode_t mode)
{
	const char *slash = strrchr(name_of_both, '/');
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	if (strcmp(base, slash + 1) != 0)
		return bn_fs_real.open(e, at, file, flags, mode);
	give_name(++opened % 2 ? other : aside);
	int fd = bn_fs_real.open(e, at, file, flags, mode);
	give_name(other);
	return fd;
}

START_TEST(test_what_is_held_is_what_was_hashed_whoever_gives_names_to_other_files)
{
	char second[65], name[BN_OBJECT_NAME];
	int fd = -1;
	make();
	ck_assert_bn_ok(bn_object_put(ws, "other", 5, second, &err), &err);
	ck_assert_bn_ok(bn_object_file(ws, second, name, &err), &err);
	snprintf(other, sizeof other, "%s/%s", bn_workspace_root(ws), name);
	snprintf(name_of_both, sizeof name_of_both, "%s", path);
	snprintf(aside, sizeof aside, "%s.aside", path);
	ck_assert_int_eq(rename(path, aside), 0);
	give_name(aside);
	swapping = *env.env.fs;
	swapping.open = swapped_open;
	env.env.fs = &swapping;
	ck_assert_int_eq(bn_object_hold(&fd, ws, cache, hash, NULL, "hashing", &err), BN_ECORRUPT);
	ck_assert_int_ge(opened, 1);
	bn_err_clear(&err);
	env.env.fs = &bn_fs_real;
	give_name(aside);
	ck_assert_bn_ok(bn_object_hold(&fd, ws, cache, hash, NULL, "hashing", &err), &err);
	close(fd);
	finish();
}
END_TEST

BN_TEST_MAIN("core/store/verify_once", test_verify_once_hashes_the_first_time_only,
	test_verify_once_hashes_again_after_any_touch_and_finds_damage,
	test_verify_once_does_not_remember_a_file_that_was_just_written,
	test_verify_once_without_a_cache_hashes_each_time,
	test_several_objects_are_hashed_side_by_side_and_each_once,
	test_damage_among_several_is_named_and_none_that_was_not_hashed_is_remembered,
	test_several_stop_when_they_are_told_to, test_verify_once_stops_between_two_blocks,
	test_what_is_held_is_what_was_hashed_whoever_gives_names_to_other_files)
