/* gc and a workspace that others may write to: links, pipes and other people's files stay as they are;
 * what JSON objects name is kept. (What gc keeps and frees of rows: test_verify.c, test_dataset.c.) */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/object/gc.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_err err;

static bn_workspace *make(void)
{
	bn_workspace *ws = NULL;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	return ws;
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static void make_old(const char *path)
{
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, AT_SYMLINK_NOFOLLOW), 0);
}

static bn_gc_report collect(bn_workspace *ws)
{
	bn_gc_report r;
	bn_gc_options o = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	ck_assert_bn_ok(bn_gc_run(&r, ws, &o, &err), &err);
	return r;
}

static void put_old(bn_workspace *ws, const char *text, char hash[65])
{
	char *path = NULL;
	ck_assert_bn_ok(bn_object_put(ws, text, strlen(text), hash, &err), &err);
	ck_assert_bn_ok(object_path(ws, hash, &path, &err), &err);
	make_old(path);
	bn_free(path);
}

static void write_file(const char *path, const char *text)
{
	ck_assert_bn_ok(bn_fs_write_file(&env.env, path, text, strlen(text), 0644, &err), &err);
}

START_TEST(test_gc_follows_no_link_out_of_tmp)
{
	bn_workspace *ws = make();
	char *secret = bn_strf("%s/secret", dir.path), *mine = bn_strf("%s/mine", dir.path);
	char *link = bn_workspace_path(ws, "tmp/link"), *sub = bn_workspace_path(ws, "tmp/sub");
	char *inner = bn_workspace_path(ws, "tmp/sub/dir"),
	     *file = bn_workspace_path(ws, "tmp/sub/f");
	char *pipe = bn_workspace_path(ws, "tmp/pipe"), *deep = bn_strf("%s/deep", mine);
	write_file(secret, "secret");
	ck_assert_int_eq(mkdir(mine, 0755), 0);
	write_file(deep, "deep");
	ck_assert_int_eq(symlink(secret, link), 0);
	ck_assert_int_eq(mkdir(sub, 0755), 0);
	ck_assert_int_eq(symlink(mine, inner), 0);
	write_file(file, "x");
	ck_assert_int_eq(mkfifo(pipe, 0644), 0);
	make_old(secret);
	make_old(deep);
	make_old(link);
	make_old(inner);
	make_old(file);
	make_old(sub);
	make_old(pipe);
	bn_gc_report r = collect(ws);
	ck_assert_uint_eq(r.failed, 3); /* the link, the pipe, the directory that holds a link */
	ck_assert_uint_eq(r.leftovers, 0);
	ck_assert(bn_fs_exists(&env.env, secret) && bn_fs_exists(&env.env, deep));
	ck_assert_int_eq(access(file, F_OK), -1); /* a regular file went */
	bn_free(secret);
	bn_free(mine);
	bn_free(link);
	bn_free(sub);
	bn_free(inner);
	bn_free(file);
	bn_free(pipe);
	bn_free(deep);
	finish(ws);
}
END_TEST

START_TEST(test_gc_follows_no_link_in_objects)
{
	bn_workspace *ws = make();
	char hash[65], other[65];
	char *secret = bn_strf("%s/secret", dir.path), *outside = bn_strf("%s/outside", dir.path);
	put_old(ws, "old", hash);
	put_old(ws, "other", other);
	write_file(secret, "old");
	make_old(secret);
	char *object = bn_workspace_path(ws, "objects/%.2s/%s", hash, hash + 2);
	ck_assert_int_eq(unlink(object), 0);
	ck_assert_int_eq(symlink(secret, object), 0);
	/* a whole fan-out directory moved away, with a link in its place */
	char *fan = bn_workspace_path(ws, "objects/%.2s", other);
	ck_assert_int_eq(rename(fan, outside), 0);
	ck_assert_int_eq(symlink(outside, fan), 0);
	bn_gc_report r = collect(ws);
	ck_assert_uint_eq(r.objects, 0);
	ck_assert(bn_fs_exists(&env.env, secret));
	char *moved = bn_strf("%s/%s", outside, other + 2);
	ck_assert(bn_fs_exists(&env.env, moved));
	bn_free(moved);
	bn_free(fan);
	bn_free(object);
	bn_free(secret);
	bn_free(outside);
	finish(ws);
}
END_TEST

START_TEST(test_gc_leaves_a_put_that_goes_on)
{
	bn_workspace *ws = make();
	bn_object_store *s = NULL;
	bn_object_writer *w = NULL;
	static const char hash[] =
		"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
	char found[65];
	ck_assert_bn_ok(bn_workspace_objects(&s, ws, &err), &err);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	ck_assert_bn_ok(bn_object_write(w, "hel", 3, &err), &err);
	char *kept = bn_workspace_path(ws, "tmp/put-%s", hash);
	make_old(kept);
	ck_assert_uint_eq(collect(ws).failed, 1);
	ck_assert_int_eq(access(kept, F_OK), 0);
	ck_assert_bn_ok(bn_object_write(w, "lo", 2, &err), &err);
	ck_assert_bn_ok(bn_object_commit(w, found, NULL, &err), &err);
	bn_object_writer_free(w);
	ck_assert_bn_ok(bn_object_verify(ws, hash, &err), &err);
	/* one that was given up long ago goes */
	char other[65];
	memset(other, 'a', 64);
	other[64] = '\0';
	ck_assert_bn_ok(bn_object_writer_new(&w, s, other, &err), &err);
	ck_assert_bn_ok(bn_object_write(w, "x", 1, &err), &err);
	bn_object_writer_free(w);
	char *given_up = bn_workspace_path(ws, "tmp/put-%s", other);
	make_old(given_up);
	ck_assert_uint_eq(collect(ws).leftovers, 1);
	ck_assert_int_eq(access(given_up, F_OK), -1);
	bn_free(given_up);
	bn_free(kept);
	finish(ws);
}
END_TEST

static void name_object(bn_workspace *ws, const char *hash)
{
	json_t *payload = json_pack("{s:s}", "hash", hash);
	ck_assert_bn_ok(bn_workspace_append(ws, "toy.object", "toy/o", payload, &err), &err);
	json_decref(payload);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
}

/* Row -> JSON object -> JSON object -> bytes; and a text that only looks like a name in other bytes. */
START_TEST(test_gc_keeps_what_named_json_objects_name)
{
	bn_workspace *ws = make();
	char leaf[65], inner[65], outer[65], loose[65], *text;
	put_old(ws, "leaf", leaf);
	put_old(ws, "loose", loose);
	text = bn_strf("{\"a\":\"%s\"}", leaf);
	put_old(ws, text, inner);
	bn_free(text);
	/* the name lies across the border of two blocks */
	bn_buf b = BN_BUF_INIT;
	bn_buf_adds(&b, "{\"pad\":\"");
	while (b.len < (1 << 18) - 30)
		bn_buf_addch(&b, '-');
	bn_buf_addf(&b, "\",\"b\":\"%s\"}", inner);
	put_old(ws, b.ptr, outer);
	bn_buf_release(&b);
	name_object(ws, outer);
	bn_gc_report r = collect(ws);
	ck_assert_uint_eq(r.objects, 1);
	ck_assert_uint_eq(r.live, 3);
	ck_assert(!bn_object_is_here(ws, loose));
	ck_assert(bn_object_is_here(ws, leaf));
	/* damaged: what it names is not known, and nothing goes */
	char *path = NULL;
	bn_gc_report none;
	bn_err e = BN_ERR_INIT;
	bn_gc_options o = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	ck_assert_bn_ok(object_path(ws, inner, &path, &err), &err);
	ck_assert_int_eq(chmod(path, 0644), 0);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "x", 1, 10), 1);
	close(fd);
	ck_assert_int_eq(bn_gc_run(&none, ws, &o, &e), BN_EINCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(e.msg, "is not known"));
	bn_free(path);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/store/gc", test_gc_follows_no_link_out_of_tmp,
	test_gc_follows_no_link_in_objects, test_gc_leaves_a_put_that_goes_on,
	test_gc_keeps_what_named_json_objects_name)
