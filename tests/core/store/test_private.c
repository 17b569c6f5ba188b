/* Private objects: stored beside the shared ones, readable only for their owner, and covered by gc and doctor. With
 * real accounts: tests/cli/files_matrix.sh. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/modes.h"
#include "core/store/object/gc.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_err err;

static bn_workspace *make(bn_object_store **own)
{
	bn_workspace *ws = NULL;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_private_objects(own, ws, &err), &err);
	return ws;
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static char *own_path(bn_workspace *ws, const char *hash)
{
	return bn_workspace_path(ws, "objects/private-%lu/%s", (unsigned long)geteuid(), hash);
}

static unsigned mode_of(const char *path)
{
	struct stat st;
	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void make_old(const char *path)
{
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, AT_SYMLINK_NOFOLLOW), 0);
}

static bool is_here(bn_workspace *ws, const char *hash, const char *text)
{
	bn_buf b = BN_BUF_INIT;
	int rc = bn_object_load(&b, ws, hash, 100, NULL);
	bool is = rc >= 0 && b.len == strlen(text) && !memcmp(b.ptr, text, b.len);
	bn_buf_release(&b);
	return is;
}

static uid_t somebody_else(const bn_env *e)
{
	(void)e;
	return geteuid() + 1;
}

/* Stored as bytes, as JSON, as a stream, and by moving a file. */
START_TEST(test_private_objects_are_their_owners_alone)
{
	bn_object_store *own = NULL;
	bn_workspace *ws = make(&own);
	bn_object_writer *w = NULL;
	char hash[4][65];
	json_t *json = json_pack("{s:i}", "max", 7);
	mode_t umask_before = umask(0);
	ck_assert_bn_ok(bn_object_put_in(own, "rows", 4, hash[0], &err), &err);
	ck_assert_bn_ok(bn_object_put_json_in(own, json, hash[1], &err), &err);
	ck_assert_bn_ok(bn_object_writer_new(&w, own, NULL, &err), &err);
	ck_assert_bn_ok(bn_object_write(w, "more", 4, &err), &err);
	ck_assert_bn_ok(bn_object_commit(w, hash[2], NULL, &err), &err);
	bn_object_writer_free(w);
	ck_assert_bn_ok(
		bn_dir_write_file(bn_workspace_at(ws), "tmp/x", "file", 4, 0644, &err), &err);
	ck_assert_bn_ok(bn_object_put_below_in(
				own, bn_workspace_at(ws), "tmp/x", true, hash[3], NULL, &err),
		&err);
	umask(umask_before);
	char *own_dir = own_path(ws, "");
	ck_assert_uint_eq(mode_of(own_dir), 0700);
	for (int i = 0; i < 4; i++) {
		char *path = own_path(ws, hash[i]), name[BN_OBJECT_NAME];
		ck_assert_uint_eq(mode_of(path), 0400);
		ck_assert_bn_ok(bn_object_file(ws, hash[i], name, &err), &err);
		ck_assert_bn_ok(bn_object_verify(ws, hash[i], &err), &err);
		bn_free(path);
	}
	ck_assert(is_here(ws, hash[0], "rows"));
	ck_assert(is_here(ws, hash[1], "{\"max\":7}"));
	env.env.uid = somebody_else;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(bn_object_verify(ws, hash[i], NULL), BN_ENOTFOUND);
	json_decref(json);
	bn_free(own_dir);
	finish(ws);
}
END_TEST

START_TEST(test_private_bytes_that_another_stores_are_an_object_of_his)
{
	bn_object_store *own = NULL;
	bn_workspace *ws = make(&own);
	char hash[65];
	ck_assert_bn_ok(bn_object_put_in(own, "rows", 4, hash, &err), &err);
	env.env.uid = somebody_else;
	ck_assert(!is_here(ws, hash, "rows"));
	ck_assert_bn_ok(bn_object_put(ws, "rows", 4, hash, &err), &err);
	ck_assert(is_here(ws, hash, "rows"));
	/* A damaged shared object of the same name does not affect the owner's private one. */
	char *shared = bn_workspace_path(ws, "objects/%.2s/%s", hash, hash + 2);
	ck_assert_uint_eq(mode_of(shared), 0444);
	ck_assert_int_eq(unlink(shared), 0);
	ck_assert_int_eq(bn_fs_write_file(&env.env, shared, "nows", 4, 0444, NULL), 0);
	ck_assert_int_eq(bn_object_verify(ws, hash, NULL), BN_ECORRUPT);
	toy_env now;
	toy_env_init(&now, &dir);
	env.env.uid = now.env.uid;
	ck_assert(is_here(ws, hash, "rows"));
	bn_free(shared);
	finish(ws);
}
END_TEST

START_TEST(test_private_place_made_by_another_is_refused_and_holds_nothing)
{
	bn_object_store *own = NULL;
	bn_workspace *ws = make(&own);
	char hash[65];
	ck_assert_bn_ok(bn_object_put_in(own, "rows", 4, hash, &err), &err);
	/* The directory of one user under the name of another. */
	char *is = own_path(ws, ""), *planted = bn_workspace_path(ws, "objects/private-%lu",
					     (unsigned long)somebody_else(NULL));
	is[strlen(is) - 1] = '\0';
	ck_assert_int_eq(rename(is, planted), 0);
	env.env.uid = somebody_else;
	ck_assert(!is_here(ws, hash, "rows"));
	ck_assert_int_eq(bn_object_put_in(own, "mine", 4, hash, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "private"));
	bn_free(is);
	bn_free(planted);
	finish(ws);
}
END_TEST

static int count_private(void *ctx, const char *hash, const bn_object_info *info, bn_err *e)
{
	(void)hash;
	(void)e;
	*(int *)ctx += info->is_private;
	return 0;
}

START_TEST(test_private_objects_are_collected_and_come_back_to_their_place)
{
	bn_object_store *own = NULL;
	bn_workspace *ws = make(&own);
	bn_gc_report r;
	bn_gc_options o = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	char young[65], old[65];
	int n = 0;
	ck_assert_bn_ok(bn_object_put_in(own, "young", 5, young, &err), &err);
	ck_assert_bn_ok(bn_object_put_in(own, "old", 3, old, &err), &err);
	ck_assert_bn_ok(bn_object_list(own, count_private, &n, &err), &err);
	ck_assert_int_eq(n, 2);
	/* A killed gc has set it aside. */
	char *path = own_path(ws, old);
	char *trash = bn_workspace_path(ws, "trash/%lu", (unsigned long)geteuid());
	char *aside = bn_strf("%s/private-%s-0123456789abcdef", trash, old);
	ck_assert_int_eq(mkdir(trash, 0700), 0);
	ck_assert_int_eq(rename(path, aside), 0);
	ck_assert_bn_ok(bn_gc_run(&r, ws, &o, &err), &err);
	ck_assert_uint_eq(r.objects, 0);
	ck_assert_uint_eq(mode_of(path), 0400);
	make_old(path);
	env.env.uid = somebody_else;
	ck_assert_bn_ok(bn_gc_run(&r, ws, &o, &err), &err);
	ck_assert_uint_eq(r.objects + r.young + r.failed, 0);
	toy_env now;
	toy_env_init(&now, &dir);
	env.env.uid = now.env.uid;
	ck_assert_bn_ok(bn_gc_run(&r, ws, &o, &err), &err);
	ck_assert_uint_eq(r.objects, 1);
	ck_assert_uint_eq(r.young, 1);
	ck_assert_int_ne(access(path, F_OK), 0);
	bn_free(path);
	bn_free(trash);
	bn_free(aside);
	finish(ws);
}
END_TEST

static const bn_mode_finding *finding_of(const bn_mode_findings *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->items[i].path, path))
			return &f->items[i];
	return NULL;
}

START_TEST(test_private_modes_are_looked_at)
{
	bn_object_store *own = NULL;
	bn_workspace *ws = make(&own);
	bn_mode_findings f;
	char hash[65];
	ck_assert_bn_ok(bn_object_put_in(own, "rows", 4, hash, &err), &err);
	char *path = own_path(ws, hash), *own_dir = own_path(ws, "");
	own_dir[strlen(own_dir) - 1] = '\0';
	char *planted =
		bn_workspace_path(ws, "objects/private-%lu", (unsigned long)somebody_else(NULL));
	ck_assert_bn_ok(bn_modes_look(&f, ws, geteuid(), &err), &err);
	ck_assert_ptr_null(finding_of(&f, path));
	ck_assert_ptr_null(finding_of(&f, own_dir));
	bn_modes_release(&f);
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(own_dir, 0755), 0);
	ck_assert_int_eq(mkdir(planted, 0755), 0);
	ck_assert_bn_ok(bn_modes_look(&f, ws, geteuid(), &err), &err);
	const bn_mode_finding *file = finding_of(&f, path), *shown = finding_of(&f, own_dir),
			      *foreign = finding_of(&f, planted);
	ck_assert(file && file->fault == BN_MODE_SHOWN && file->want == 0400);
	ck_assert(shown && shown->fault == BN_MODE_SHOWN && shown->want == 0700);
	ck_assert(foreign && foreign->fault == BN_MODE_FOREIGN);
	bn_modes_release(&f);
	/* Storing another object restores the directory's mode. */
	ck_assert_bn_ok(bn_object_put_in(own, "next", 4, hash, &err), &err);
	ck_assert_uint_eq(mode_of(own_dir), 0700);
	bn_free(path);
	bn_free(own_dir);
	bn_free(planted);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/store/private", test_private_objects_are_their_owners_alone,
	test_private_bytes_that_another_stores_are_an_object_of_his,
	test_private_place_made_by_another_is_refused_and_holds_nothing,
	test_private_objects_are_collected_and_come_back_to_their_place,
	test_private_modes_are_looked_at)
