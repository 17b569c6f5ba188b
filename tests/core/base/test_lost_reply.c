/* test_lost_reply.c - a server that executed a request whose reply was lost. */
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const int errors[] = {-ENOENT, -EIO, -ESTALE, -ETIMEDOUT};
static toy_dir dir;
static toy_env env;
static bn_fs_ops ops;
static bn_err err = BN_ERR_INIT;
static int lost_error;
static bool is_done;

static int lost_rename(
	const bn_env *e, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	return is_done && bn_fs_real.rename(e, at, from, to_at, to) < 0 ? -EINVAL : lost_error;
}

static void setup(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ops = bn_fs_real;
	ops.rename = lost_rename;
	env.env.fs = &ops;
	is_done = true;
}

static const char *path_of(const char *name)
{
	static char path[400];
	snprintf(path, sizeof path, "%s/%s", dir.path, name);
	return path;
}

static void holds(const char *name, const char *text)
{
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path_of(name), &b, &err), &err);
	ck_assert_uint_eq(b.len, strlen(text));
	ck_assert_int_eq(memcmp(b.ptr, text, b.len), 0);
	bn_buf_release(&b);
}

static void expect_no_leftovers(void)
{
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir.path, &names, &err), &err);
	for (size_t i = 0; i < names.count; i++)
		ck_assert_msg(!strstr(names.items[i], ".tmp"), "%s", names.items[i]);
	bn_names_release(&names);
}

START_TEST(test_a_file_whose_rename_was_not_answered_is_written)
{
	bn_dir *at = NULL;
	setup();
	ck_assert_bn_ok(bn_dir_open(&at, &env.env, dir.path, &err), &err);
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		char text[20];
		lost_error = errors[i];
		snprintf(text, sizeof text, "%zu", i);
		ck_assert_bn_ok(
			bn_fs_write_file(&env.env, path_of("named"), text, 1, 0644, &err), &err);
		holds("named", text);
		ck_assert_bn_ok(bn_dir_write_file(at, "below", text, 1, 0644, &err), &err);
		holds("below", text);
	}
	expect_no_leftovers();
	bn_dir_close(at);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_a_directory_whose_rename_was_not_answered_is_moved)
{
	bn_dir *at = NULL;
	setup();
	lost_error = -ENOENT;
	ck_assert_bn_ok(bn_dir_open(&at, &env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_dir_make(at, "model.part", 0755, &err), &err);
	ck_assert_bn_ok(bn_dir_rename(at, "model.part", at, "model", &err), &err);
	ck_assert(bn_dir_has(at, "model") && !bn_dir_has(at, "model.part"));
	bn_dir_close(at);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_a_rename_that_failed_is_an_error_and_leaves_the_old_file)
{
	setup();
	lost_error = -EIO;
	ck_assert_bn_ok(bn_fs_write_file(&env.env, path_of("named"), "old", 3, 0644, &err), &err);
	is_done = false;
	ck_assert_int_eq(
		bn_fs_write_file(&env.env, path_of("named"), "new", 3, 0644, &err), BN_EIO);
	holds("named", "old");
	expect_no_leftovers();
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/base/lost_reply", test_a_file_whose_rename_was_not_answered_is_written,
	test_a_directory_whose_rename_was_not_answered_is_moved,
	test_a_rename_that_failed_is_an_error_and_leaves_the_old_file)
