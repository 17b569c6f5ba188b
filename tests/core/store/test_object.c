/* Objects as streams: written and read in blocks, resumed after an interruption, verified by the last byte, in constant
 * memory. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BLOCK = 1 << 16 };

static toy_dir dir;
static toy_env env;

static bn_workspace *make(bn_object_store **s)
{
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_objects(s, ws, &err), &err);
	return ws;
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

/* Block i of a generated file. */
static void fill(unsigned char block[BLOCK], uint64_t i)
{
	for (size_t k = 0; k < BLOCK; k += 8) {
		uint64_t x = (i * BLOCK + k) * UINT64_C(0x9e3779b97f4a7c15);
		memcpy(block + k, &x, 8);
	}
}

static void hash_of(uint64_t blocks, char hash[65])
{
	unsigned char block[BLOCK], raw[BN_SHA256_BYTES];
	bn_hasher *h = NULL;
	ck_assert_int_eq(bn_hasher_new(&h, NULL), 0);
	for (uint64_t i = 0; i < blocks; i++) {
		fill(block, i);
		bn_hasher_add(h, block, BLOCK);
	}
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, hash);
	bn_hasher_free(h);
}

/* Writes blocks from .. to-1. */
static void write_blocks(bn_object_writer *w, uint64_t from, uint64_t to)
{
	unsigned char block[BLOCK];
	bn_err err = BN_ERR_INIT;
	for (uint64_t i = from; i < to; i++) {
		fill(block, i);
		ck_assert_bn_ok(bn_object_write(w, block, BLOCK, &err), &err);
	}
}

static size_t count_tmp(bn_workspace *ws)
{
	bn_names names = BN_NAMES_INIT;
	char *tmp = bn_workspace_path(ws, "tmp");
	ck_assert_int_eq(bn_fs_list_dir(&env.env, tmp, &names, NULL), 0);
	size_t n = names.count;
	bn_names_release(&names);
	bn_free(tmp);
	return n;
}

START_TEST(test_object_put_as_a_stream_is_got_as_a_stream)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_writer *w = NULL;
	bn_object_reader *r = NULL;
	bn_object_info info;
	bn_err err = BN_ERR_INIT;
	unsigned char block[BLOCK], want[BLOCK];
	char hash[65], expect[65];
	uint64_t bytes = 0, seen = 0;
	size_t got = 1;
	hash_of(5, expect);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, NULL, &err), &err);
	write_blocks(w, 0, 5);
	ck_assert_uint_eq(bn_object_writer_offset(w), 5 * BLOCK);
	ck_assert_bn_ok(bn_object_commit(w, hash, &bytes, &err), &err);
	bn_object_writer_free(w);
	ck_assert_str_eq(hash, expect);
	ck_assert_uint_eq(bytes, 5 * BLOCK);
	ck_assert_uint_eq(count_tmp(ws), 0);
	ck_assert_bn_ok(bn_object_head(s, hash, &info, &err), &err);
	ck_assert_uint_eq(info.bytes, 5 * BLOCK);
	ck_assert_bn_ok(bn_object_reader_new(&r, s, hash, 0, UINT64_MAX, &err), &err);
	ck_assert_uint_eq(bn_object_reader_bytes(r), 5 * BLOCK);
	while (got) {
		ck_assert_bn_ok(bn_object_read(r, block, BLOCK, &got, &err), &err);
		if (got) {
			fill(want, seen / BLOCK);
			ck_assert_mem_eq(block, want, BLOCK);
		}
		seen += got;
	}
	ck_assert_uint_eq(seen, 5 * BLOCK);
	bn_object_reader_free(r);
	finish(ws);
}
END_TEST

START_TEST(test_object_ranges_and_edges)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_reader *r = NULL;
	bn_err err = BN_ERR_INIT, e = BN_ERR_INIT;
	char hash[65], empty[65], buf[16];
	size_t got = 0;
	ck_assert_bn_ok(bn_object_put(ws, "0123456789", 10, hash, &err), &err);
	ck_assert_bn_ok(bn_object_put(ws, "", 0, empty, &err), &err);
	ck_assert_bn_ok(bn_object_reader_new(&r, s, hash, 3, 4, &err), &err);
	ck_assert_bn_ok(bn_object_read(r, buf, sizeof buf, &got, &err), &err);
	ck_assert_uint_eq(got, 4);
	ck_assert_mem_eq(buf, "3456", 4);
	ck_assert_bn_ok(bn_object_read(r, buf, sizeof buf, &got, &err), &err);
	ck_assert_uint_eq(got, 0);
	bn_object_reader_free(r);
	ck_assert_bn_ok(bn_object_reader_new(&r, s, hash, 10, UINT64_MAX, &err), &err);
	ck_assert_uint_eq(bn_object_reader_bytes(r), 0);
	bn_object_reader_free(r);
	ck_assert_int_eq(bn_object_reader_new(&r, s, hash, 11, 1, &e), BN_EINVAL);
	ck_assert_bn_ok(bn_object_reader_new(&r, s, empty, 0, UINT64_MAX, &err), &err);
	ck_assert_bn_ok(bn_object_read(r, buf, sizeof buf, &got, &err), &err);
	ck_assert_uint_eq(got, 0);
	bn_object_reader_free(r);
	hash[0] = hash[0] == '0' ? '1' : '0';
	bn_err_clear(&e);
	ck_assert_int_eq(bn_object_reader_new(&r, s, hash, 0, 1, &e), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(e.msg, "is not in this workspace"));
	ck_assert_int_eq(bn_object_reader_new(&r, s, "../../etc/passwd", 0, 1, NULL), BN_EINVAL);
	finish(ws);
}
END_TEST

static void damage(bn_workspace *ws, const char *hash, off_t at)
{
	char *path = NULL;
	ck_assert_int_eq(object_path(ws, hash, &path, NULL), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "x", 1, at), 1);
	close(fd);
	bn_free(path);
}

START_TEST(test_object_reader_keeps_the_last_bytes_of_a_damaged_object)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_reader *r = NULL;
	bn_err err = BN_ERR_INIT;
	bn_buf all = BN_BUF_INIT;
	char hash[65], buf[8];
	size_t got = 0, seen = 0;
	int rc = 0;
	ck_assert_bn_ok(bn_object_put(ws, "01234567890123456789", 20, hash, &err), &err);
	damage(ws, hash, 2);
	ck_assert_bn_ok(bn_object_reader_new(&r, s, hash, 0, UINT64_MAX, &err), &err);
	while ((rc = bn_object_read(r, buf, sizeof buf, &got, &err)) == 0 && got)
		seen += got;
	ck_assert_int_eq(rc, BN_ECORRUPT);
	ck_assert_uint_eq(seen, 16);
	ck_assert_uint_eq(got, 0);
	bn_object_reader_free(r);
	ck_assert_int_eq(bn_object_load(&all, ws, hash, 100, NULL), BN_ECORRUPT);
	ck_assert_uint_eq(all.len, 0);
	ck_assert_int_eq(bn_object_load(&all, ws, hash, 10, NULL), BN_EINVAL);
	bn_buf_release(&all);
	char *to = bn_strf("%s/out", dir.path);
	ck_assert_int_eq(bn_object_export(ws, hash, to, NULL), BN_ECORRUPT);
	ck_assert_int_eq(access(to, F_OK), -1);
	bn_free(to);
	finish(ws);
}
END_TEST

START_TEST(test_object_put_of_a_known_hash_is_resumed)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_writer *w = NULL;
	bn_err err = BN_ERR_INIT;
	char hash[65], found[65];
	hash_of(6, hash);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	ck_assert_uint_eq(bn_object_writer_offset(w), 0);
	write_blocks(w, 0, 4);
	bn_object_writer_free(w); /* interrupted */
	ck_assert_int_eq(bn_object_is_here(ws, hash), 0);
	ck_assert_uint_eq(count_tmp(ws), 1);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	ck_assert_uint_eq(bn_object_writer_offset(w), 4 * BLOCK);
	write_blocks(w, 4, 6);
	ck_assert_bn_ok(bn_object_commit(w, found, NULL, &err), &err);
	bn_object_writer_free(w);
	ck_assert_str_eq(found, hash);
	ck_assert_bn_ok(bn_object_verify(ws, hash, &err), &err);
	ck_assert_uint_eq(count_tmp(ws), 0);
	finish(ws);
}
END_TEST

START_TEST(test_object_kept_bytes_that_are_wrong_are_not_named)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_writer *w = NULL;
	bn_err err = BN_ERR_INIT, e = BN_ERR_INIT;
	char hash[65], found[65];
	hash_of(2, hash);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	write_blocks(w, 1, 2); /* as after a power cut that lost bytes */
	bn_object_writer_free(w);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	ck_assert_uint_eq(bn_object_writer_offset(w), BLOCK);
	write_blocks(w, 1, 2);
	ck_assert_int_eq(bn_object_commit(w, found, NULL, &e), BN_ECORRUPT);
	bn_object_writer_free(w);
	ck_assert_uint_eq(count_tmp(ws), 0);
	ck_assert(!bn_object_is_here(ws, hash));
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	ck_assert_uint_eq(bn_object_writer_offset(w), 0); /* starts again */
	write_blocks(w, 0, 2);
	ck_assert_bn_ok(bn_object_commit(w, found, NULL, &err), &err);
	bn_object_writer_free(w);
	finish(ws);
}
END_TEST

START_TEST(test_object_two_puts_of_one_hash_do_not_share_a_file)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_writer *a = NULL, *b = NULL;
	bn_err err = BN_ERR_INIT;
	char hash[65], found[65];
	hash_of(3, hash);
	ck_assert_bn_ok(bn_object_writer_new(&a, s, hash, &err), &err);
	write_blocks(a, 0, 1);
	ck_assert_bn_ok(bn_object_writer_new(&b, s, hash, &err), &err);
	ck_assert_uint_eq(bn_object_writer_offset(b), 0);
	write_blocks(b, 0, 2);
	write_blocks(a, 1, 3);
	write_blocks(b, 2, 3);
	ck_assert_bn_ok(bn_object_commit(b, found, NULL, &err), &err);
	ck_assert_bn_ok(bn_object_commit(a, found, NULL, &err), &err);
	bn_object_writer_free(a);
	bn_object_writer_free(b);
	ck_assert_bn_ok(bn_object_verify(ws, hash, &err), &err);
	ck_assert_uint_eq(count_tmp(ws), 0);
	finish(ws);
}
END_TEST

/* Links in place of a partial put, an object or the fan-out directory are not followed. */
START_TEST(test_object_links_are_not_followed)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_writer *w = NULL;
	bn_err err = BN_ERR_INIT;
	char hash[65], found[65], secret[300];
	snprintf(secret, sizeof secret, "%s/secret", dir.path);
	ck_assert_int_eq(bn_fs_write_file(&env.env, secret, "secret", 6, 0600, NULL), 0);
	hash_of(1, hash);
	char *kept = bn_workspace_path(ws, "tmp/put-%s", hash);
	ck_assert_int_eq(symlink(secret, kept), 0);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	ck_assert_uint_eq(bn_object_writer_offset(w), 0);
	write_blocks(w, 0, 1);
	ck_assert_bn_ok(bn_object_commit(w, found, NULL, &err), &err);
	bn_object_writer_free(w);
	char *object = NULL;
	ck_assert_bn_ok(object_path(ws, hash, &object, &err), &err);
	ck_assert_int_eq(unlink(object), 0);
	ck_assert_int_eq(symlink(secret, object), 0);
	ck_assert_int_ne(bn_object_verify(ws, hash, NULL), 0);
	bn_buf text = BN_BUF_INIT;
	ck_assert_int_ne(bn_object_load(&text, ws, hash, 100, NULL), 0);
	ck_assert_uint_eq(text.len, 0);
	bn_buf_release(&text);
	bn_free(object);
	bn_free(kept);
	finish(ws);
}
END_TEST

typedef struct listing {
	size_t count;
	char last[65];
	uint64_t bytes;
	size_t stop_at;
} listing;

static int list_one(void *ctx, const char *hash, const bn_object_info *info, bn_err *err)
{
	listing *l = ctx;
	ck_assert_int_lt(strcmp(l->last, hash), 0);
	snprintf(l->last, sizeof l->last, "%s", hash);
	l->bytes += info->bytes;
	return ++l->count == l->stop_at ? bn_err_set(err, BN_EINTR, "enough") : 0;
}

START_TEST(test_object_list_is_in_order_and_skips_what_is_none)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_err err = BN_ERR_INIT;
	char text[16], hash[65];
	uint64_t bytes = 0;
	listing l = {.stop_at = 0};
	for (int i = 0; i < 40; i++) {
		int n = snprintf(text, sizeof text, "object %d", i);
		bytes += (uint64_t)n;
		ck_assert_bn_ok(bn_object_put(ws, text, (size_t)n, hash, &err), &err);
	}
	char *odd = bn_workspace_path(ws, "objects/README");
	char *odd_below = bn_workspace_path(ws, "objects/%.2s/x", hash);
	ck_assert_int_eq(bn_fs_write_file(&env.env, odd, "x", 1, 0600, NULL), 0);
	ck_assert_int_eq(bn_fs_write_file(&env.env, odd_below, "x", 1, 0600, NULL), 0);
	ck_assert_bn_ok(bn_object_list(s, list_one, &l, &err), &err);
	ck_assert_uint_eq(l.count, 40);
	ck_assert_uint_eq(l.bytes, bytes);
	l = (listing){.stop_at = 3};
	ck_assert_int_eq(bn_object_list(s, list_one, &l, NULL), BN_EINTR);
	bn_free(odd);
	bn_free(odd_below);
	finish(ws);
}
END_TEST

static int foreign_fstat(const bn_env *e, int fd, struct stat *st)
{
	char link[64], path[512] = "";
	int rc = bn_fs_real.fstat(e, fd, st);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/objects/"))
		st->st_uid += 1;
	return rc;
}

/* The object's path is a file of another user, writable for all, with other bytes of the same size. */
START_TEST(test_object_of_another_user_is_not_taken_for_what_is_put)
{
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_err err = BN_ERR_INIT;
	bn_fs_ops ops = bn_fs_real;
	char hash[65], *path = NULL, *source = bn_strf("%s/source", dir.path);
	ck_assert_bn_ok(bn_object_put(ws, "the right bytes", 15, hash, &err), &err);
	ck_assert_bn_ok(object_path(ws, hash, &path, &err), &err);
	for (int by_name = 0; by_name < 2; by_name++) {
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(
			bn_fs_write_file(&env.env, path, "the wrong bytes", 15, 0666, NULL), 0);
		ops.fstat = foreign_fstat;
		env.env.fs = &ops;
		if (by_name) {
			ck_assert_int_eq(bn_fs_write_file(&env.env, source, "the right bytes", 15,
						 0600, NULL),
				0);
			ck_assert_bn_ok(
				bn_object_put_file(ws, source, true, hash, NULL, &err), &err);
		} else {
			ck_assert_bn_ok(bn_object_put(ws, "the right bytes", 15, hash, &err), &err);
		}
		env.env.fs = &bn_fs_real;
		ck_assert_bn_ok(bn_object_verify(ws, hash, &err), &err);
	}
	bn_free(path);
	bn_free(source);
	finish(ws);
}
END_TEST

/* 300 MB through put, verify and get: memory grows by a few blocks only. */
START_TEST(test_object_of_300_mb_passes_in_flat_memory)
{
	enum { BLOCKS = 300 * 1024 * 1024 / BLOCK };
	bn_object_store *s = NULL;
	bn_workspace *ws = make(&s);
	bn_object_writer *w = NULL;
	bn_err err = BN_ERR_INIT;
	struct rusage before, after;
	char hash[65];
	uint64_t bytes = 0;
	getrusage(RUSAGE_SELF, &before);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, NULL, &err), &err);
	write_blocks(w, 0, BLOCKS);
	ck_assert_bn_ok(bn_object_commit(w, hash, &bytes, &err), &err);
	bn_object_writer_free(w);
	ck_assert_uint_eq(bytes, (uint64_t)BLOCKS * BLOCK);
	ck_assert_bn_ok(bn_object_verify(ws, hash, &err), &err);
	char *to = bn_strf("%s/out", dir.path);
	ck_assert_bn_ok(bn_object_export(ws, hash, to, &err), &err);
	bn_free(to);
	getrusage(RUSAGE_SELF, &after);
	printf("NOTE: 300 MB through an object: %ld KiB more resident\n",
		after.ru_maxrss - before.ru_maxrss);
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 8 * 1024);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/store/object", test_object_put_as_a_stream_is_got_as_a_stream,
	test_object_ranges_and_edges, test_object_reader_keeps_the_last_bytes_of_a_damaged_object,
	test_object_put_of_a_known_hash_is_resumed,
	test_object_kept_bytes_that_are_wrong_are_not_named,
	test_object_two_puts_of_one_hash_do_not_share_a_file, test_object_links_are_not_followed,
	test_object_list_is_in_order_and_skips_what_is_none,
	test_object_of_another_user_is_not_taken_for_what_is_put,
	test_object_of_300_mb_passes_in_flat_memory)
