/* gc in a workspace that others may write to: links, pipes and files of other users are not touched; objects named in
 * JSON objects are kept. (Which rows keep objects: test_verify.c, test_dataset.c.) */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/object/gc.h"
#include "core/store/object/live.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
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
	ck_assert_uint_eq(r.failed, 3); /* the link, the pipe, the directory with a link */
	ck_assert_uint_eq(r.leftovers, 0);
	ck_assert(bn_fs_exists(&env.env, secret) && bn_fs_exists(&env.env, deep));
	ck_assert_int_eq(access(file, F_OK), -1); /* the regular file was removed */
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
	/* a fan-out directory was moved away, with a link in its place */
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
	/* one that was abandoned long ago is removed */
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

/* Row -> JSON object -> JSON object -> bytes; and bytes that only contain a hash. */
START_TEST(test_gc_keeps_what_named_json_objects_name)
{
	bn_workspace *ws = make();
	char leaf[65], inner[65], outer[65], loose[65], *text;
	put_old(ws, "leaf", leaf);
	put_old(ws, "loose", loose);
	text = bn_strf("{\"a\":\"%s\"}", leaf);
	put_old(ws, text, inner);
	bn_free(text);
	/* the name crosses the boundary of two blocks */
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
	/* damaged: the names in it are unknown, so gc removes nothing */
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

/* ---- objects that become live while gc runs ---------------------------------------------------- */

static bn_fs_ops hooked;
static bn_workspace *second; /* stands for another process */
static char target[65];
static bool done, renews, keeps;

/* After gc has selected the object and before it removes it, an event names it again. */
static int rename_after_event(
	const bn_env *e, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	if (!done && !strncmp(to, "trash/", 6) && strstr(to, "/gc-")) {
		done = true;
		if (keeps) {
			char keep[160];
			snprintf(keep, sizeof keep, "tmp/keep-%s-0123456789abcdef", target);
			ck_assert_bn_ok(
				bn_dir_write_file(bn_workspace_at(second), keep, "", 0, 0444, &err),
				&err);
			return bn_fs_real.rename(e, at, from, to_at, to);
		}
		if (renews)
			ck_assert_bn_ok(bn_object_renew(second, target, &err), &err);
		name_object(second, target);
	}
	return bn_fs_real.rename(e, at, from, to_at, to);
}

/* with_renewal: as this program does; the first version, and users who do not own the object, cannot. */
static void become_live_meanwhile(bool with_renewal)
{
	bn_workspace *ws = make();
	char leaf[65], loose[65], *text;
	bn_gc_report r;
	put_old(ws, "leaf", leaf);
	put_old(ws, "loose", loose);
	text = bn_strf("{\"a\":\"%s\"}", leaf);
	put_old(ws, text, target);
	bn_free(text);
	ck_assert_bn_ok(bn_workspace_open(&second, &env.env, toy_classes, dir.path, &err), &err);
	renews = with_renewal;
	done = false;
	hooked = *env.env.fs;
	hooked.rename = rename_after_event;
	const bn_fs_ops *before = env.env.fs;
	env.env.fs = &hooked;
	r = collect(ws);
	env.env.fs = before;
	ck_assert(done);
	ck_assert_uint_eq(r.objects, 1);
	ck_assert_uint_eq(r.failed, 0);
	ck_assert(bn_object_is_here(ws, target) && bn_object_is_here(ws, leaf));
	ck_assert(!bn_object_is_here(ws, loose));
	bn_names left = BN_NAMES_INIT;
	char trash[32];
	snprintf(trash, sizeof trash, "trash/%lu", (unsigned long)env.env.uid(&env.env));
	ck_assert_bn_ok(bn_dir_list(bn_workspace_at(ws), trash, &left, &err), &err);
	ck_assert_uint_eq(left.count, 0);
	bn_names_release(&left);
	bn_workspace_close(second);
	finish(ws);
}

START_TEST(test_gc_keeps_what_becomes_live_while_it_runs)
{
	become_live_meanwhile(true);
}
END_TEST

START_TEST(test_gc_keeps_what_becomes_live_without_renewal)
{
	become_live_meanwhile(false);
}
END_TEST

/* A user who may not renew the object of another user announces that he will name it. */
START_TEST(test_gc_keeps_what_another_user_is_about_to_name)
{
	bn_workspace *ws = make();
	char loose[65];
	put_old(ws, "loose", loose);
	put_old(ws, "wanted", target);
	ck_assert_bn_ok(bn_workspace_open(&second, &env.env, toy_classes, dir.path, &err), &err);
	keeps = true;
	done = false;
	hooked = *env.env.fs;
	hooked.rename = rename_after_event;
	const bn_fs_ops *before = env.env.fs;
	env.env.fs = &hooked;
	bn_gc_report r = collect(ws);
	env.env.fs = before;
	keeps = false;
	ck_assert(done);
	ck_assert_uint_eq(r.objects, 1);
	ck_assert_uint_eq(r.young, 1);
	ck_assert(bn_object_is_here(ws, target));
	ck_assert(!bn_object_is_here(ws, loose));
	bn_workspace_close(second);
	finish(ws);
}
END_TEST

static int stat_of_a_stranger(const bn_env *e, const bn_dir *at, const char *path, struct stat *st)
{
	int rc = bn_fs_real.stat(e, at, path, st);
	if (rc == 0 && at && !strncmp(path, "trash/gc-", 9))
		st->st_uid = 4711;
	return rc;
}

/* A file of another user in trash/, with the name of an object that gc set aside, is ignored. */
START_TEST(test_gc_puts_back_nothing_that_another_has_laid_into_the_trash)
{
	bn_workspace *ws = make();
	char hash[65];
	memset(hash, 'c', 64);
	hash[64] = '\0';
	char *planted = bn_workspace_path(ws, "trash/gc-%s-0123456789abcdef", hash);
	FILE *f = fopen(planted, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	hooked = *env.env.fs;
	hooked.stat = stat_of_a_stranger;
	env.env.fs = &hooked;
	collect(ws);
	ck_assert(!bn_object_is_here(ws, hash));
	ck_assert_int_eq(access(planted, F_OK), 0);
	bn_free(planted);
	finish(ws);
}
END_TEST

/* An object that gc has set aside cannot be renewed. */
START_TEST(test_gc_renewal_of_what_is_gone_is_an_error)
{
	bn_workspace *ws = make();
	char hash[65], other[65];
	bn_err e = BN_ERR_INIT;
	put_old(ws, "old", hash);
	char *home = bn_workspace_path(ws, "objects/%.2s/%s", hash, hash + 2);
	char *aside = bn_workspace_path(ws, "trash/gc-%s-0123456789abcdef", hash);
	ck_assert_int_eq(rename(home, aside), 0);
	ck_assert_int_eq(bn_object_renew(ws, hash, &e), BN_ENOTFOUND);
	put_old(ws, "other", other);
	collect(ws); /* the next gc restores what a killed one set aside, and decides again */
	ck_assert_int_eq(access(aside, F_OK), -1);
	ck_assert(!bn_object_is_here(ws, hash));
	bn_free(home);
	bn_free(aside);
	finish(ws);
}
END_TEST

/* Over NFS an exclusive lock requires a writable descriptor. */
static int nfs_flock(const bn_env *e, int fd, int operation)
{
	if ((operation & LOCK_EX) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	return bn_fs_real.flock(e, fd, operation);
}

START_TEST(test_gc_over_nfs_leaves_a_put_that_goes_on)
{
	bn_workspace *ws = make();
	bn_object_store *s = NULL;
	bn_object_writer *w = NULL;
	char hash[65];
	memset(hash, 'a', 64);
	hash[64] = '\0';
	hooked = *env.env.fs;
	hooked.flock = nfs_flock;
	env.env.fs = &hooked;
	ck_assert_bn_ok(bn_workspace_objects(&s, ws, &err), &err);
	ck_assert_bn_ok(bn_object_writer_new(&w, s, hash, &err), &err);
	ck_assert_bn_ok(bn_object_write(w, "x", 1, &err), &err);
	char *kept = bn_workspace_path(ws, "tmp/put-%s", hash);
	make_old(kept);
	ck_assert_uint_eq(collect(ws).failed, 1);
	ck_assert_int_eq(access(kept, F_OK), 0);
	bn_object_writer_free(w);
	ck_assert_uint_eq(collect(ws).leftovers, 1);
	bn_free(kept);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/store/gc", test_gc_follows_no_link_out_of_tmp,
	test_gc_follows_no_link_in_objects, test_gc_leaves_a_put_that_goes_on,
	test_gc_keeps_what_named_json_objects_name, test_gc_keeps_what_becomes_live_while_it_runs,
	test_gc_keeps_what_becomes_live_without_renewal,
	test_gc_keeps_what_another_user_is_about_to_name,
	test_gc_puts_back_nothing_that_another_has_laid_into_the_trash,
	test_gc_renewal_of_what_is_gone_is_an_error, test_gc_over_nfs_leaves_a_put_that_goes_on)
