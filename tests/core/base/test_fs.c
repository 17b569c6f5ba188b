/* Files: reading whole files, durable replacement, lists, trees, names, and types of file
 * systems. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static char path[400];
static bn_err err = BN_ERR_INIT;

static const bn_env *start(void)
{
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/file", dir.path);
	return bn_env_real();
}

START_TEST(test_fs_reads_back_what_it_wrote)
{
	const bn_env *env = start();
	bn_buf b = BN_BUF_INIT;
	char *big = bn_alloc(300000);
	memset(big, 'q', 300000);
	ck_assert_bn_ok(bn_fs_write_file(env, path, big, 300000, 0640, &err), &err);
	ck_assert_bn_ok(bn_fs_read_file(env, path, &b, &err), &err);
	ck_assert_uint_eq(b.len, 300000);
	ck_assert_mem_eq(b.ptr, big, 300000);
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_fs_write_file(env, path, "", 0, 0640, &err), &err);
	ck_assert_bn_ok(bn_fs_read_file(env, path, &b, &err), &err);
	ck_assert_uint_eq(b.len, 0);
	bn_buf_release(&b);
	bn_free(big);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_fs_read_names_what_is_missing_or_no_file)
{
	const bn_env *env = start();
	bn_err e = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	ck_assert_int_eq(bn_fs_read_file(env, path, &b, &e), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(e.msg, path));
	ck_assert_int_eq(bn_fs_read_file(env, dir.path, &b, NULL), BN_EIO);
	bn_buf_release(&b);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_fs_reads_nothing_that_has_no_end)
{
	const bn_env *env = start();
	bn_buf b = BN_BUF_INIT;
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(bn_fs_read_file(env, path, &b, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "is not a regular file"));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_fs_read_file(env, "/dev/zero", &b, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_bn_ok(bn_fs_write_file(env, path, "x", 1, 0600, &err), &err);
	ck_assert_int_eq(truncate(path, (64 << 20) + 1), 0); /* sparse */
	ck_assert_int_eq(bn_fs_read_file(env, path, &b, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "is larger than 64 MiB"));
	bn_err_clear(&err);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_bn_ok(bn_fs_read_file(env, "/proc/self/status", &b, &err), &err);
	ck_assert_uint_gt(b.len, 0);
	bn_buf_release(&b);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_fs_replaces_a_file_whole_or_not_at_all)
{
	bn_env env = *start();
	bn_buf b = BN_BUF_INIT;
	bn_names names = BN_NAMES_INIT;
	ck_assert_int_eq(bn_fs_write_file(&env, path, "old", 3, 0644, NULL), 0);
	env.fs = &faultfs_ops;
	int failures = 0;
	for (long at = 1;; at++) {
		faultfs_arm(FAULTFS_ENOSPC, at);
		int rc = bn_fs_write_file(&env, path, "newer", 5, 0644, NULL);
		bool reached = faultfs_count() >= at;
		faultfs_arm(FAULTFS_NONE, 0);
		bn_buf_clear(&b);
		ck_assert_int_eq(bn_fs_read_file(&env, path, &b, NULL), 0);
		ck_assert_str_eq(b.ptr, rc ? "old" : "newer");
		failures += rc != 0;
		if (!rc)
			ck_assert_int_eq(bn_fs_write_file(&env, path, "old", 3, 0644, NULL), 0);
		if (!reached)
			break;
	}
	ck_assert_int_ge(failures, 3); /* create, write, rename */
	ck_assert_int_eq(bn_fs_list_dir(&env, dir.path, &names, NULL), 0);
	ck_assert_uint_eq(names.count, 1); /* no leftovers */
	bn_names_release(&names);
	bn_buf_release(&b);
	toy_dir_remove(&dir);
}
END_TEST

static ssize_t short_write(const bn_env *env, int fd, const void *bytes, size_t n)
{
	static int calls;
	if (++calls % 3 == 0)
		return -EINTR;
	return bn_fs_real.write(env, fd, bytes, n > 7 ? 7 : n);
}

START_TEST(test_fs_writes_all_through_short_writes_and_signals)
{
	bn_env env = *start();
	bn_fs_ops ops = bn_fs_real;
	bn_buf b = BN_BUF_INIT;
	ops.write = short_write;
	env.fs = &ops;
	char text[100];
	memset(text, 'w', sizeof text);
	ck_assert_bn_ok(bn_fs_write_file(&env, path, text, sizeof text, 0644, &err), &err);
	ck_assert_bn_ok(bn_fs_read_file(&env, path, &b, &err), &err);
	ck_assert_uint_eq(b.len, sizeof text);
	bn_buf_release(&b);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_fs_lists_sorted_and_removes_trees_but_not_what_links_point_to)
{
	const bn_env *env = start();
	bn_names names = BN_NAMES_INIT;
	char *deep = bn_strf("%s/t/b/c", dir.path), *top = bn_strf("%s/t", dir.path);
	char *link_name = bn_strf("%s/t/link", dir.path);
	ck_assert_int_eq(bn_fs_write_file(env, path, "x", 1, 0644, NULL), 0);
	ck_assert_bn_ok(bn_fs_make_dirs(env, deep, 0755, &err), &err);
	ck_assert_bn_ok(bn_fs_make_dirs(env, deep, 0755, &err), &err); /* no error if it exists */
	ck_assert_int_eq(symlink(dir.path, link_name), 0);
	ck_assert_bn_ok(bn_fs_list_dir(env, top, &names, &err), &err);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.items[0], "b");
	ck_assert_bn_ok(bn_fs_remove_tree(env, top, &err), &err);
	ck_assert(!bn_fs_exists(env, top) && bn_fs_exists(env, path));
	ck_assert_bn_ok(bn_fs_remove_tree(env, top, &err), &err); /* no error if it is missing */
	ck_assert_int_eq(bn_fs_list_dir(env, top, &names, NULL), BN_ENOTFOUND);
	ck_assert_int_ne(bn_fs_make_dirs(env, "/proc/nowhere/x", 0755, NULL), 0);
	bn_names_release(&names);
	bn_free(deep);
	bn_free(top);
	bn_free(link_name);
	toy_dir_remove(&dir);
}
END_TEST

/* Replaces the function of the C library: it fails when the test asks for it. */
static int readdir_fails_after = -1;

struct dirent *readdir(DIR *d)
{
	if (readdir_fails_after == 0) {
		errno = ESTALE;
		return NULL;
	}
	if (readdir_fails_after > 0)
		readdir_fails_after--;
	return (struct dirent *)readdir64(d);
}

/* A listing that NFS interrupts must not be taken for a shorter one: the store would treat the
 * missing part of a log as removed. */
START_TEST(test_fs_listing_that_breaks_off_is_an_error)
{
	const bn_env *env = start();
	bn_names names = BN_NAMES_INIT;
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_fs_write_file(env, path, "x", 1, 0644, NULL), 0);
	readdir_fails_after = 2;
	int rc = bn_fs_list_dir(env, dir.path, &names, &e);
	readdir_fails_after = -1;
	ck_assert_int_eq(rc, BN_EIO);
	ck_assert_ptr_nonnull(strstr(e.msg, dir.path));
	bn_names_release(&names);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_paths_join_and_become_absolute)
{
	char *p = bn_path_join("/a/", "b");
	ck_assert_str_eq(p, "/a/b");
	bn_free(p);
	p = bn_path_join("/a", "/b");
	ck_assert_str_eq(p, "/b");
	bn_free(p);
	ck_assert_int_eq(bn_path_absolute(&p, "x", NULL), 0);
	ck_assert_int_eq(p[0], '/');
	ck_assert_str_eq(bn_path_base(p), "x");
	bn_free(p);
	ck_assert_str_eq(bn_path_base("plain"), "plain");
}
END_TEST

START_TEST(test_a_working_directory_that_is_gone_is_named)
{
	const bn_env *env = start();
	bn_err e = BN_ERR_INIT;
	char *gone = bn_path_join(dir.path, "gone"), *p = NULL, here[4096];
	ck_assert_ptr_nonnull(getcwd(here, sizeof here));
	ck_assert_int_eq(bn_fs_make_dirs(env, gone, 0755, NULL), 0);
	ck_assert_int_eq(chdir(gone), 0);
	ck_assert_int_eq(rmdir(gone), 0);
	ck_assert_int_eq(bn_path_absolute(&p, "x", &e), BN_ENOTFOUND);
	ck_assert_str_eq(e.msg, "the working directory is gone");
	ck_assert(e.hint[0]);
	ck_assert_ptr_null(p);
	ck_assert_int_eq(bn_path_absolute(&p, "/x", NULL), 0);
	ck_assert_str_eq(p, "/x");
	ck_assert_int_eq(chdir(here), 0);
	bn_free(p);
	bn_free(gone);
	toy_dir_remove(&dir);
}
END_TEST

static int stat_error;
static int stat_fails(const bn_env *env, const bn_dir *at, const char *name, struct stat *st)
{
	(void)env, (void)at, (void)name, (void)st;
	return -stat_error;
}

START_TEST(test_look_tells_absent_from_unknown)
{
	const bn_env *env = start();
	char *file = bn_path_join(dir.path, "file"), *below = bn_path_join(file, "x");
	bn_path_kind look;
	ck_assert_int_eq(bn_fs_write_file(env, file, "x", 1, 0644, NULL), 0);
	ck_assert_int_eq(bn_fs_look(&look, env, file, NULL), 0);
	ck_assert_int_eq(look, BN_PATH_FILE);
	ck_assert_int_eq(bn_fs_look(&look, env, dir.path, NULL), 0);
	ck_assert_int_eq(look, BN_PATH_DIR);
	ck_assert_int_eq(bn_fs_look(&look, env, "/dev/null", NULL), 0);
	ck_assert_int_eq(look, BN_PATH_OTHER);
	ck_assert_int_eq(bn_fs_look(&look, env, below, NULL), 0);
	ck_assert_int_eq(look, BN_PATH_ABSENT);

	const int unknown[] = {EIO, ENOTCONN, ESTALE, EACCES};
	bn_fs_ops ops = *env->fs;
	bn_env broken = *env;
	ops.stat = stat_fails;
	broken.fs = &ops;
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		bn_err e = BN_ERR_INIT;
		stat_error = unknown[i];
		ck_assert_int_eq(bn_fs_look(&look, &broken, file, &e), BN_EIO);
		ck_assert_ptr_nonnull(strstr(e.msg, file));
		ck_assert_msg(e.hint[0], "no hint: %s", e.msg);
	}
	bn_free(file);
	bn_free(below);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_fs_knows_what_kind_of_disk_it_is)
{
	char buf[24];
	const bn_env *env = start();
	(void)env;
	ck_assert_uint_gt(strlen(bn_fs_type(dir.path, buf)), 0);
	ck_assert(!bn_fs_is_network("/nonexistent"));
	ck_assert(!bn_fs_is_network("/proc"));
	ck_assert_str_eq(bn_fs_type("/proc", buf), "0x9fa0");
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/base/fs", test_fs_reads_back_what_it_wrote,
	test_fs_read_names_what_is_missing_or_no_file, test_fs_reads_nothing_that_has_no_end,
	test_fs_replaces_a_file_whole_or_not_at_all,
	test_fs_writes_all_through_short_writes_and_signals,
	test_fs_lists_sorted_and_removes_trees_but_not_what_links_point_to,
	test_fs_listing_that_breaks_off_is_an_error, test_paths_join_and_become_absolute,
	test_a_working_directory_that_is_gone_is_named, test_look_tells_absent_from_unknown,
	test_fs_knows_what_kind_of_disk_it_is)
