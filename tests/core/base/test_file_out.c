/* Files written piece by piece: complete or absent, in place of another file, and without a name. */
#include "core/base/file_out.h"
#include "core/base/fs.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static char path[400];
static bn_err err = BN_ERR_INIT;

static void start(void)
{
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/out.csv", dir.path);
}

static void holds(const char *text)
{
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path, &b, &err), &err);
	ck_assert_str_eq(b.ptr, text);
	bn_buf_release(&b);
}

static size_t entries(void)
{
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir.path, &names, &err), &err);
	size_t n = names.count;
	bn_names_release(&names);
	return n;
}

START_TEST(test_file_out_appears_when_it_is_finished)
{
	start();
	bn_file_out *f;
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), path, "old", 3, 0666, &err), &err);
	ck_assert_bn_ok(bn_file_out_open(&f, bn_env_real(), path, 0666, &err), &err);
	ck_assert_bn_ok(bn_file_out_add(f, "void", 4, &err), &err);
	ck_assert_bn_ok(bn_file_out_restart(f, &err), &err);
	ck_assert_bn_ok(bn_file_out_add(f, "ab", 2, &err), &err);
	ck_assert_bn_ok(bn_file_out_add(f, "c", 1, &err), &err);
	holds("old");
	ck_assert_bn_ok(bn_file_out_finish(f, &err), &err);
	bn_file_out_free(f);
	holds("abc");
	ck_assert_bn_ok(bn_file_out_open(&f, bn_env_real(), path, 0666, &err), &err);
	ck_assert_bn_ok(bn_file_out_add(f, "never", 5, &err), &err);
	bn_file_out_free(f);
	holds("abc");
	ck_assert_uint_eq(entries(), 1);
	snprintf(path, sizeof path, "%s/no/such/place", dir.path);
	ck_assert_int_eq(bn_file_out_open(&f, bn_env_real(), path, 0666, &err), BN_ENOTFOUND);
	toy_dir_remove(&dir);
}
END_TEST

static int write_abc(const bn_env *env)
{
	bn_file_out *f = NULL;
	int rc;
	if ((rc = bn_file_out_open(&f, env, path, 0666, NULL)) < 0)
		return rc;
	if ((rc = bn_file_out_add(f, "void", 4, NULL)) < 0)
		goto out;
	if ((rc = bn_file_out_restart(f, NULL)) < 0)
		goto out;
	if ((rc = bn_file_out_add(f, "abc", 3, NULL)) < 0)
		goto out;
	rc = bn_file_out_finish(f, NULL);
out:
	bn_file_out_free(f);
	return rc;
}

START_TEST(test_file_out_fails_whole_at_every_call)
{
	start();
	bn_env env = *bn_env_real();
	env.fs = &faultfs_ops;
	int rc = -1;
	for (long at = 1; rc < 0; at++) {
		ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), path, "old", 3, 0666, &err), &err);
		faultfs_arm(at % 2 ? FAULTFS_EIO : FAULTFS_ENOSPC, at);
		rc = write_abc(&env);
		bool last = at == 7; /* syncing the directory failed: the new file may be there */
		if (rc < 0 && !last)
			holds("old");
		ck_assert_uint_eq(entries(), 1);
		ck_assert_int_lt(at, 20);
	}
	holds("abc");
	toy_dir_remove(&dir);
}
END_TEST

static int gather(void *user, const void *bytes, size_t n, bn_err *e)
{
	if (n > 300000)
		return bn_err_set(e, BN_EFAILED, "a large piece");
	bn_buf_add(user, bytes, n);
	return 0;
}

START_TEST(test_file_out_without_a_name_is_read_back_and_leaves_nothing)
{
	start();
	bn_file_out *f;
	bn_buf all = BN_BUF_INIT, back = BN_BUF_INIT;
	toy_env e;
	toy_env_init(&e, &dir);
	size_t before = entries();
	ck_assert_bn_ok(bn_file_out_open(&f, &e.env, NULL, 0666, &err), &err);
	for (int i = 0; i < 100000; i++)
		bn_buf_addf(&all, "%d\n", i);
	ck_assert_bn_ok(bn_file_out_add(f, all.ptr, all.len, &err), &err);
	ck_assert_bn_ok(bn_file_out_add(f, "end", 3, &err), &err);
	bn_buf_adds(&all, "end");
	ck_assert_bn_ok(bn_file_out_read(f, gather, &back, &err), &err);
	ck_assert_uint_eq(back.len, all.len);
	ck_assert_mem_eq(back.ptr, all.ptr, all.len);
	bn_file_out_free(f);
	bn_file_out_free(NULL);
	ck_assert_uint_eq(entries(), before);
	bn_buf_release(&all);
	bn_buf_release(&back);
	toy_dir_remove(&dir);
}
END_TEST

/* Symbolic links at the path, and at a predictable name of the unfinished file. */
START_TEST(test_file_out_follows_no_link_that_lies_in_its_way)
{
	start();
	char secret[420], tmp[420];
	bn_file_out *f;
	bn_buf b = BN_BUF_INIT;
	snprintf(secret, sizeof secret, "%s/secret", dir.path);
	snprintf(tmp, sizeof tmp, "%s.tmp", path);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), secret, "secret", 6, 0600, &err), &err);
	ck_assert_int_eq(symlink(secret, path), 0);
	ck_assert_int_eq(symlink(secret, tmp), 0);
	ck_assert_bn_ok(bn_file_out_open(&f, bn_env_real(), path, 0666, &err), &err);
	ck_assert_bn_ok(bn_file_out_add(f, "answers", 7, &err), &err);
	ck_assert_bn_ok(bn_file_out_finish(f, &err), &err);
	bn_file_out_free(f);
	holds("answers");
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), secret, &b, &err), &err);
	ck_assert_str_eq(b.ptr, "secret");
	bn_buf_release(&b);
	toy_dir_remove(&dir);
}
END_TEST

static uid_t another(const bn_env *env)
{
	(void)env;
	return getuid() + 1;
}

START_TEST(test_file_out_writes_to_ones_own_pipe_and_to_nobody_elses)
{
	start();
	bn_file_out *f = NULL;
	char got[8] = "";
	bn_env env = *bn_env_real();
	ck_assert_int_eq(mkfifo(path, 0666), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_bn_ok(bn_file_out_open(&f, &env, path, 0666, &err), &err);
	ck_assert_bn_ok(bn_file_out_add(f, "abc", 3, &err), &err);
	ck_assert_bn_ok(bn_file_out_finish(f, &err), &err);
	bn_file_out_free(f);
	ck_assert_int_eq(read(reader, got, sizeof got), 3);
	ck_assert_str_eq(got, "abc");
	ck_assert_uint_eq(entries(), 1);
	if (getuid() == 0) /* pipes of root are accepted from everybody */
		ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
	else
		env.uid = another;
	ck_assert_int_eq(bn_file_out_open(&f, &env, path, 0666, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "a pipe owned by"));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_fs_write_file(&env, path, "abc", 3, 0666, &err), BN_EREFUSED);
	close(reader);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/base/file_out", test_file_out_follows_no_link_that_lies_in_its_way,
	test_file_out_writes_to_ones_own_pipe_and_to_nobody_elses,
	test_file_out_appears_when_it_is_finished, test_file_out_fails_whole_at_every_call,
	test_file_out_without_a_name_is_read_back_and_leaves_nothing)
