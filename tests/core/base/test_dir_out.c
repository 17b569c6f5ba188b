/* Directories that appear as a whole or not at all, and never in place of something else. */
#include "core/base/dir_out.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static toy_dir dir;
static char path[400];
static bn_err err = BN_ERR_INIT;
static const char *const known[] = {"a", "b", NULL};
static const bn_dir_out_how fresh = {.what = "a pair"};
static const bn_dir_out_how replacing = {.replaces = known, .what = "a pair"};
static const bn_dir_out_how resuming = {.what = "a pair", .resumes = true};

static void start(void)
{
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/out", dir.path);
}

static void put(const bn_dir *at, const char *name, const char *text)
{
	ck_assert_bn_ok(bn_dir_write_file(at, name, text, strlen(text), 0644, &err), &err);
}

static void holds(const char *name, const char *text)
{
	bn_buf b = BN_BUF_INIT;
	char *file = bn_path_join(path, name);
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), file, &b, &err), &err);
	ck_assert_str_eq(b.ptr, text);
	bn_buf_release(&b);
	free(file);
}

static size_t entries(void)
{
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir.path, &names, &err), &err);
	size_t n = names.count;
	bn_names_release(&names);
	return n;
}

static int write_pair(const bn_env *env, const bn_dir_out_how *how, const char *a, bn_err *e)
{
	bn_dir_out *d = NULL;
	int rc = bn_dir_out_open(&d, env, path, how, e);
	if (!rc)
		rc = bn_dir_write_file(bn_dir_out_at(d), "a", a, strlen(a), 0644, e);
	if (!rc)
		rc = bn_dir_out_finish(d, e);
	bn_dir_out_free(d);
	return rc;
}

START_TEST(test_dir_out_appears_when_it_is_finished)
{
	start();
	bn_dir_out *d;
	ck_assert_bn_ok(bn_dir_out_open(&d, bn_env_real(), path, &fresh, &err), &err);
	put(bn_dir_out_at(d), "a", "1");
	ck_assert(!bn_fs_exists(bn_env_real(), path));
	ck_assert_bn_ok(bn_dir_out_finish(d, &err), &err);
	bn_dir_out_free(d);
	holds("a", "1");
	strcat(path, "2///");
	ck_assert_bn_ok(bn_dir_out_open(&d, bn_env_real(), path, &fresh, &err), &err);
	put(bn_dir_out_at(d), "a", "1");
	bn_dir_out_free(d); /* unfinished: nothing stays */
	ck_assert_uint_eq(entries(), 1);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_dir_out_replaces_only_what_it_knows)
{
	start();
	ck_assert_bn_ok(write_pair(bn_env_real(), &fresh, "1", &err), &err);
	ck_assert_int_eq(write_pair(bn_env_real(), &fresh, "2", NULL), BN_ECONFLICT);
	holds("a", "1");
	ck_assert_bn_ok(write_pair(bn_env_real(), &replacing, "2", &err), &err);
	holds("a", "2");
	ck_assert_uint_eq(entries(), 1);
	char *other = bn_path_join(path, "thesis.tex");
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), other, "x", 1, 0644, &err), &err);
	ck_assert_int_eq(write_pair(bn_env_real(), &replacing, "3", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "thesis.tex"));
	bn_err_clear(&err);
	holds("a", "2");
	holds("thesis.tex", "x");
	free(other);
	/* a file, and a link to a directory, are something else too */
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), path, "x", 1, 0644, &err), &err);
	ck_assert_int_eq(write_pair(bn_env_real(), &replacing, "3", NULL), BN_EREFUSED);
	ck_assert_int_eq(write_pair(bn_env_real(), &fresh, "3", NULL), BN_ECONFLICT);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(dir.path, path), 0);
	ck_assert_int_eq(write_pair(bn_env_real(), &replacing, "3", NULL), BN_EREFUSED);
	ck_assert_uint_eq(entries(), 1);
	snprintf(path, sizeof path, "%s/no/such", dir.path);
	ck_assert_int_eq(write_pair(bn_env_real(), &fresh, "3", NULL), BN_ENOTFOUND);
	snprintf(path, sizeof path, "%s/..", dir.path);
	ck_assert_int_eq(write_pair(bn_env_real(), &fresh, "3", NULL), BN_EINVAL);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_dir_out_resumes_what_was_interrupted)
{
	start();
	bn_dir_out *d, *second = NULL;
	char partial[500];
	snprintf(partial, sizeof partial, "%s.partial", path);
	ck_assert_bn_ok(bn_dir_out_open(&d, bn_env_real(), path, &resuming, &err), &err);
	put(bn_dir_out_at(d), "a", "1");
	pid_t child =
		fork(); /* flock distinguishes open files, not processes, but a user has two */
	if (!child)
		_exit(bn_dir_out_open(&second, bn_env_real(), path, &resuming, NULL) !=
			BN_ECONFLICT);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	bn_dir_out_free(d);
	ck_assert_bn_ok(bn_dir_out_open(&d, bn_env_real(), path, &resuming, &err), &err);
	ck_assert(bn_dir_has(bn_dir_out_at(d), "a"));
	ck_assert_bn_ok(bn_dir_out_finish(d, &err), &err);
	bn_dir_out_free(d);
	holds("a", "1");
	ck_assert_uint_eq(entries(), 1);
	/* one that others may write to is not continued */
	ck_assert_int_eq(mkdir(partial, 0700), 0);
	ck_assert_int_eq(chmod(partial, 0777), 0);
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	ck_assert_int_eq(bn_dir_out_open(&d, bn_env_real(), path, &resuming, NULL), BN_EREFUSED);
	ck_assert_int_eq(rmdir(partial), 0);
	ck_assert_int_eq(symlink(dir.path, partial), 0);
	ck_assert_int_eq(bn_dir_out_open(&d, bn_env_real(), path, &resuming, NULL), BN_EREFUSED);
	toy_dir_remove(&dir);
}
END_TEST

/* After a failure at any change of the disk there is the old directory, or the whole new one. */
START_TEST(test_dir_out_is_whole_after_every_fault)
{
	start();
	bn_env env = *bn_env_real();
	env.fs = &faultfs_ops;
	long at = 1;
	for (int rc = -1; rc < 0; at++) {
		ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
		ck_assert_bn_ok(write_pair(bn_env_real(), &fresh, "old", &err), &err);
		faultfs_arm(FAULTFS_EIO, at);
		rc = write_pair(&env, &replacing, "new", NULL);
		faultfs_arm(FAULTFS_NONE, 0);
		bn_buf b = BN_BUF_INIT;
		char *file = bn_path_join(path, "a");
		ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), file, &b, &err), &err);
		ck_assert_msg(!strcmp(b.ptr, "new") || (rc < 0 && !strcmp(b.ptr, "old")),
			"call %ld: '%s'", at, b.ptr);
		bn_buf_release(&b);
		free(file);
		ck_assert_int_lt(at, 30);
	}
	ck_assert_int_gt(at, 8);
	holds("a", "new");
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/base/dir_out", test_dir_out_appears_when_it_is_finished,
	test_dir_out_replaces_only_what_it_knows, test_dir_out_resumes_what_was_interrupted,
	test_dir_out_is_whole_after_every_fault)
