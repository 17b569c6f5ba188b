/*
 * core/remote on a directory: complete or absent at every kill and full disk, continued, verified, in order of keys, and
 * never outside of the directory.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/remote/each.h"
#include "core/remote/store.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE ((size_t)5 << 20)

static toy_dir dir;
static toy_env own;
static bn_remote_store *s;
static bn_err err;
static char *large, large_hash[65], path[400];

static const char *path_of(const char *name)
{
	snprintf(path, sizeof path, "%s/place/%s", dir.path, name);
	return path;
}

static void setup(void)
{
	toy_dir_make(&dir);
	toy_env_init(&own, &dir);
	err = (bn_err)BN_ERR_INIT;
	ck_assert_int_eq(mkdir(path_of(""), 0750), 0);
	ck_assert_bn_ok(bn_remote_store_open(&s, &own.env, path_of(""), NULL, &err), &err);
	large = malloc(LARGE);
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i * 2654435761u >> 13);
	bn_sha256_hex(large, LARGE, large_hash);
}

static void teardown(void)
{
	bn_remote_store_close(s);
	free(large);
	toy_dir_remove(&dir);
}

static void put(const char *key, const char *text)
{
	ck_assert_bn_ok(bn_remote_store_put_bytes(
				s, key, text, strlen(text), BN_REMOTE_REPLACE, NULL, &err),
		&err);
}

static const char *text_at(const char *key)
{
	static bn_buf b = BN_BUF_INIT;
	bn_buf_clear(&b);
	int rc = bn_remote_store_load(&b, s, key, LARGE, NULL, &err);
	ck_assert_msg(rc == 0, "%s", err.msg);
	return b.ptr;
}

static int put_large(void)
{
	bn_remote_source source = {.bytes = large, .fd = -1, .n = LARGE, .sha256 = large_hash};
	return bn_remote_store_put(
		s, "objects/large", &source, BN_REMOTE_IF_ABSENT, NULL, NULL, &err);
}

static int leftovers(void)
{
	bn_names names = BN_NAMES_INIT;
	bn_fs_list_dir(&own.env, path_of(".binnacle-tmp"), &names, NULL);
	int n = (int)names.count;
	bn_names_release(&names);
	return n;
}

START_TEST(test_directory_keeps_and_gives_back)
{
	bn_buf b = BN_BUF_INIT;
	bool new = true;
	struct stat st;
	setup();
	put("a/b/c", "first");
	put("a/b/c", "second");
	ck_assert_str_eq(text_at("a/b/c"), "second");
	ck_assert_bn_ok(
		bn_remote_store_put_bytes(s, "a/b/c", "third", 5, BN_REMOTE_IF_ABSENT, &new, &err),
		&err);
	ck_assert(!new);
	ck_assert_str_eq(text_at("a/b/c"), "second");
	ck_assert_bn_ok(bn_remote_store_read(&b, s, "a/b/c", 2, 3, &err), &err);
	ck_assert_str_eq(b.ptr, "con");
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_remote_store_read(&b, s, "a/b/c", 4, 30, &err), &err);
	ck_assert_str_eq(b.ptr, "nd");
	ck_assert_int_eq(bn_remote_store_read(&b, s, "a/b/c", 7, 1, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	/* Modes follow the directory's own, whatever the umask. */
	ck_assert_int_eq(stat(path_of("a/b"), &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0750);
	ck_assert_int_eq(stat(path_of("a/b/c"), &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0440);
	ck_assert_int_eq(leftovers(), 0);
	ck_assert_bn_ok(bn_remote_store_remove(s, "a/b/c", &err), &err);
	ck_assert_bn_ok(bn_remote_store_remove(s, "a/b/c", &err), &err);
	ck_assert_int_eq(bn_remote_store_load(&b, s, "a/b/c", 9, NULL, &err), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "a/b/c is not at "));
	bn_buf_release(&b);
	teardown();
}
END_TEST

START_TEST(test_directory_verifies_hashes)
{
	bn_buf b = BN_BUF_INIT;
	char hash[65];
	bn_remote_source wrong = {.bytes = "bytes", .fd = -1, .n = 5, .sha256 = hash};
	setup();
	bn_sha256_hex("other", 5, hash);
	ck_assert_int_eq(bn_remote_store_put(s, "k", &wrong, BN_REMOTE_REPLACE, NULL, NULL, &err),
		BN_ECORRUPT);
	bn_err_clear(&err);
	ck_assert_int_eq(leftovers(), 0);
	put("k", "bytes");
	ck_assert_int_eq(bn_remote_store_load(&b, s, "k", 9, hash, &err), BN_ECORRUPT);
	bn_err_clear(&err);
	int fd = open(path_of("../out"), O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(bn_remote_store_get_file(s, "k", fd, "out", 0, hash, NULL, NULL, &err),
		BN_ECORRUPT);
	bn_err_clear(&err);
	bn_sha256_hex("bytes", 5, hash);
	ck_assert_int_eq(write(fd, "by-wrong", 8), 8);
	uint64_t n = 0;
	ck_assert_bn_ok(bn_remote_store_get_file(s, "k", fd, "out", 2, hash, &n, NULL, &err), &err);
	ck_assert_int_eq(n, 5);
	close(fd);
	bn_buf_release(&b);
	teardown();
}
END_TEST

START_TEST(test_directory_refuses_keys_and_links)
{
	static const char *const bad[] = {"", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b",
		"a\nb", "\xff", ".binnacle-tmp/x", ".binnacle-tmp"};
	bn_buf b = BN_BUF_INIT;
	setup();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(bn_remote_store_load(&b, s, bad[i], 9, NULL, &err) == BN_EINVAL,
			"'%s'", bad[i]);
		bn_err_clear(&err);
	}
	put("in/file", "x");
	ck_assert_int_eq(symlink("..", path_of("up")), 0);
	ck_assert_int_eq(symlink("in/file", path_of("link")), 0);
	ck_assert_int_eq(bn_remote_store_load(&b, s, "link", 9, NULL, &err), BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_remote_store_put_bytes(s, "up/out", "x", 1, BN_REMOTE_REPLACE, NULL, &err),
		BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_remote_store_load(&b, s, "in", 9, NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	bn_remote_store *none = NULL;
	ck_assert_int_eq(bn_remote_store_open(&none, &own.env, path_of("nowhere"), NULL, &err),
		BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_remote_store_open(&none, &own.env, "ftp://x/y", NULL, &err), BN_EINVAL);
	bn_buf_release(&b);
	teardown();
}
END_TEST

static int add_key(void *ctx, const char *key, const bn_remote_info *info, bn_err *e)
{
	(void)e;
	bn_buf_addf(ctx, "%s:%llu ", key, (unsigned long long)info->bytes);
	return 0;
}

START_TEST(test_directory_lists_in_order_of_keys)
{
	bn_buf b = BN_BUF_INIT;
	setup();
	put("a/z", "1");
	put("a-b", "22");
	put("a.c/d", "333");
	put("b/\xc3\xa4", "");
	ck_assert_int_eq(symlink("a", path_of("c")), 0);
	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	ck_assert_bn_ok(bn_remote_store_list(s, "", add_key, &b, &err), &err);
	ck_assert_str_eq(b.ptr, "a-b:2 a.c/d:3 a/z:1 b/\xc3\xa4:0 ");
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_remote_store_list(s, "a/", add_key, &b, &err), &err);
	ck_assert_str_eq(b.ptr, "a/z:1 ");
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_remote_store_list(s, "a.c/d", add_key, &b, &err), &err);
	ck_assert_bn_ok(bn_remote_store_list(s, "none/x", add_key, &b, &err), &err);
	ck_assert_bn_ok(bn_remote_store_list(s, "a-", add_key, &b, &err), &err);
	ck_assert_str_eq(b.ptr, "a.c/d:3 a-b:2 ");
	bn_buf_release(&b);
	teardown();
}
END_TEST

/* Kills a put at each change of the disk: the key is absent or whole, and the next put ends well. */
START_TEST(test_directory_put_survives_every_kill)
{
	setup();
	own.env.fs = &faultfs_ops;
	for (long at = 1; at < 200; at++) {
		bn_fs_remove_tree(bn_env_real(), path_of("objects"), NULL);
		pid_t pid = fork();
		if (pid == 0) {
			faultfs_arm(at % 2 ? FAULTFS_KILL : FAULTFS_TEAR, at / 2 + 1);
			_exit(put_large() == 0 ? 0 : 1);
		}
		int status = 0;
		waitpid(pid, &status, 0);
		bool done = WIFEXITED(status);
		ck_assert(!done || WEXITSTATUS(status) == 0);
		struct stat st;
		if (stat(path_of("objects/large"), &st) == 0)
			ck_assert_int_eq((size_t)st.st_size, LARGE);
		ck_assert_bn_ok(put_large(), &err);
		ck_assert(!memcmp(text_at("objects/large"), large, LARGE));
		if (done)
			break;
		ck_assert_int_lt(at, 198);
	}
	teardown();
}
END_TEST

START_TEST(test_directory_continues_a_put)
{
	struct stat st;
	char name[128];
	setup();
	snprintf(name, sizeof name, ".binnacle-tmp/put-%s", large_hash);
	mkdir(path_of(".binnacle-tmp"), 0700);
	FILE *f = fopen(path_of(name), "w");
	fwrite(large, 1, 3 << 20, f);
	fclose(f);
	stat(path_of(name), &st);
	ino_t inode = st.st_ino;
	ck_assert_bn_ok(put_large(), &err);
	stat(path_of("objects/large"), &st);
	ck_assert(st.st_ino == inode); /* the same file, continued */
	ck_assert(!memcmp(text_at("objects/large"), large, LARGE));
	/* What is left there may be damaged: then it is written anew. */
	ck_assert_bn_ok(bn_remote_store_remove(s, "objects/large", &err), &err);
	f = fopen(path_of(name), "w");
	fwrite(large + 1, 1, 3 << 20, f);
	fclose(f);
	ck_assert_bn_ok(put_large(), &err);
	ck_assert(!memcmp(text_at("objects/large"), large, LARGE));
	ck_assert_int_eq(leftovers(), 0);
	teardown();
}
END_TEST

START_TEST(test_directory_says_that_the_disk_is_full)
{
	setup();
	own.env.fs = &faultfs_ops;
	faultfs_arm(FAULTFS_FULL, 4);
	ck_assert_int_lt(put_large(), 0);
	ck_assert(bn_err_is_full(&err));
	ck_assert_ptr_nonnull(strstr(err.msg, "No space left"));
	faultfs_arm(FAULTFS_NONE, 0);
	ck_assert_int_eq(leftovers(), 0);
	teardown();
}
END_TEST

/* ---- many at once --------------------------------------------------------------------------- */

static char many_key[400][24];

static int put_number(
	void *ctx, bn_remote_store *own_store, size_t i, const bn_progress *progress, bn_err *e)
{
	bn_remote_source source = {.bytes = many_key[i], .fd = -1, .n = strlen(many_key[i])};
	(void)ctx;
	return bn_remote_store_put(
		own_store, many_key[i], &source, BN_REMOTE_IF_ABSENT, NULL, progress, e);
}

static int fail_at_7(
	void *ctx, bn_remote_store *own_store, size_t i, const bn_progress *progress, bn_err *e)
{
	(void)ctx;
	(void)own_store;
	(void)progress;
	return i >= 7 ? bn_err_set(e, BN_EIO, "number %zu", i) : 0;
}

static bool never(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)what;
	(void)done;
	(void)total;
	return false;
}

START_TEST(test_each_works_at_once_and_stops)
{
	bn_remote_work work = {.task = put_number, .count = 400, .what = "putting"};
	const char *keys[402];
	uint64_t sizes[402];
	bn_progress stop = {never, NULL};
	setup();
	for (int i = 0; i < 400; i++)
		snprintf(many_key[i], sizeof many_key[i], "o/%02x/%04d", i / 2, i);
	ck_assert_bn_ok(bn_remote_each(s, &work, NULL, &err), &err);
	for (int i = 0; i < 400; i++)
		keys[i] = many_key[i];
	keys[400] = "o/ff/1";
	keys[401] = "o/ff/2";
	/* By asking for each, and (a part of what is there would do) by listing. */
	ck_assert_bn_ok(bn_remote_sizes(sizes, s, "o/", keys + 380, 22, 0, NULL, &err), &err);
	ck_assert_int_eq(sizes[0], 9);
	ck_assert(sizes[20] == BN_REMOTE_MISSING && sizes[21] == BN_REMOTE_MISSING);
	ck_assert_bn_ok(bn_remote_sizes(sizes, s, "o/", keys, 402, 0, NULL, &err), &err);
	for (int i = 0; i < 400; i++)
		ck_assert_int_eq(sizes[i], 9);
	ck_assert(sizes[400] == BN_REMOTE_MISSING && sizes[401] == BN_REMOTE_MISSING);
	work.task = fail_at_7;
	ck_assert_int_eq(bn_remote_each(s, &work, NULL, &err), BN_EIO);
	ck_assert_str_eq(err.msg, "number 7");
	bn_err_clear(&err);
	work.task = put_number;
	ck_assert_int_eq(bn_remote_each(s, &work, &stop, &err), BN_EINTR);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/remote/directory", test_directory_keeps_and_gives_back,
	test_directory_verifies_hashes, test_directory_refuses_keys_and_links,
	test_directory_lists_in_order_of_keys, test_directory_put_survives_every_kill,
	test_directory_continues_a_put, test_directory_says_that_the_disk_is_full,
	test_each_works_at_once_and_stops)
