/* A workspace from outside: creating, finding, writing, reading back, claims and objects. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/claim.h"
#include "core/store/inspect.h"
#include "core/store/log/verify.h"
#include "core/store/object/object.h"
#include "core/store/recent.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;

static bn_workspace *reopen(void)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	return ws;
}

static bn_workspace *make(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	return reopen();
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

START_TEST(test_workspace_init_refuses_a_second_time)
{
	bn_workspace *ws = make();
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_workspace_init(&env.env, dir.path, &e), BN_ECONFLICT);
	ck_assert_int_eq(strlen(bn_workspace_id(ws)), 36);
	finish(ws);
}
END_TEST

START_TEST(test_workspace_is_found_by_walking_up)
{
	bn_workspace *ws = make(), *inner = NULL;
	char *deep = bn_strf("%s/a/b/c", dir.path);
	ck_assert_int_eq(bn_fs_make_dirs(&env.env, deep, 0755, NULL), 0);
	ck_assert_bn_ok(bn_workspace_open(&inner, &env.env, NULL, deep, &err), &err);
	ck_assert_str_eq(bn_workspace_dir(inner), dir.path);
	bn_workspace_close(inner);
	bn_free(deep);
	finish(ws);
}
END_TEST

START_TEST(test_workspace_that_is_not_there_hints_at_init)
{
	bn_err e = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_int_eq(bn_workspace_open(&ws, &env.env, NULL, dir.path, &e), BN_ENOTFOUND);
	ck_assert_ptr_null(ws);
	ck_assert_ptr_nonnull(strstr(e.hint, "binnacle init"));
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_workspace_shows_what_was_committed)
{
	bn_workspace *ws = make();
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 5), 0);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 7), 0);
	ck_assert_int_eq(toy_append_tick(ws, "toy/a", 3), 0);
	ck_assert_int_eq(toy_append_tick(ws, "toy/a", 4), 0);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5 * 31 + 7);
	ck_assert_int_eq(toy_ticks(ws, "toy/a"), 7);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
	ck_assert_int_eq(toy_append_tick(ws, "toy/a", 10), 0);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), (5 * 31 + 7) * 31 + 1);
	ck_assert_int_eq(toy_ticks(ws, "toy/a"), 17);
	finish(ws);
}
END_TEST

START_TEST(test_workspace_is_the_same_after_reopening)
{
	bn_workspace *ws = make();
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(toy_append_set(ws, "toy/a", i), 0);
		ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
		int64_t before = toy_value(ws, "toy/a");
		bn_workspace_close(ws);
		ws = reopen();
		ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
		ck_assert_int_eq(toy_value(ws, "toy/a"), before);
	}
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(ws), -1, "SELECT count(*) FROM event", ""), 11);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(ws), -1, "SELECT count(*) FROM writer", ""), 1);
	finish(ws);
}
END_TEST

START_TEST(test_workspace_refresh_says_whether_something_changed)
{
	bn_workspace *ws = make(), *other = reopen();
	bool changed = true;
	ck_assert_bn_ok(bn_workspace_refresh(other, NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(other, &changed, &err), &err);
	ck_assert(!changed);
	toy_append_set(ws, "toy/a", 1);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(other, &changed, &err), &err);
	ck_assert(changed);
	ck_assert_int_eq(toy_value(other, "toy/a"), 1);
	ck_assert_bn_ok(bn_workspace_refresh(other, &changed, &err), &err);
	ck_assert(!changed);
	toy_append_set(ws, "toy/a", 1);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err); /* folded by the other process */
	ck_assert_bn_ok(bn_workspace_refresh(other, &changed, &err), &err);
	ck_assert(changed);
	ck_assert_int_eq(toy_value(other, "toy/a"), 32);
	bn_workspace_close(other);
	finish(ws);
}
END_TEST

START_TEST(test_workspace_keeps_refused_events_with_their_reason)
{
	bn_workspace *ws = make();
	ck_assert_bn_ok(bn_workspace_append(ws, "toy.refuse", "toy/a", NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_append(ws, "toy.what", "toy/a", NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_append(ws, "alien.x", "alien/b", NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	sqlite3 *db = bn_workspace_index(ws);
	ck_assert_int_eq(bn_sql_int(db, 0,
				 "SELECT count(*) FROM dump_event WHERE outcome = 'refused' "
				 "AND reason LIKE '%may not'",
				 ""),
		1);
	ck_assert_int_eq(
		bn_sql_int(db, 0, "SELECT count(*) FROM dump_event WHERE outcome = 'newer'", ""),
		3); /* including the founding record: these tests fold no policy */
	ck_assert_int_eq(
		bn_sql_int(db, 0, "SELECT count(*) FROM dump_event WHERE entity = 'alien/b'", ""),
		1);
	finish(ws);
}
END_TEST

START_TEST(test_workspace_child_of_fork_takes_a_writer_of_its_own)
{
	bn_workspace *ws = make();
	toy_append_set(ws, "toy/a", 1); /* pending in the parent */
	pid_t child = fork();
	if (child == 0) {
		int rc = toy_append_set(ws, "toy/b", 2);
		_exit(rc || bn_workspace_commit(ws, NULL) ? 1 : 0);
	}
	int status = -1;
	waitpid(child, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	sqlite3 *db = bn_workspace_index(ws);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM event", ""), 3);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM writer", ""), 2);
	finish(ws);
}
END_TEST

/* What is dropped was never there: the events before and after it are, and the log's numbers have no gap. */
START_TEST(test_a_dropped_group_leaves_what_was_before_it)
{
	bn_log_report report;
	bn_workspace *ws = make();
	bn_workspace_group_begin(ws);
	ck_assert(!bn_workspace_group_drop(ws)); /* no writer yet */
	bn_workspace_group_begin(ws);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
	ck_assert(bn_workspace_group_drop(ws)); /* with the header of the segment */
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 2), 0);
	bn_workspace_group_begin(ws);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 3), 0);
	ck_assert_int_eq(toy_append_set(ws, "toy/b", 3), 0);
	ck_assert(bn_workspace_group_drop(ws));
	bn_workspace_group_begin(ws);
	ck_assert_int_eq(toy_append_set(ws, "toy/b", 4), 0);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_int_eq(toy_append_set(ws, "toy/b", 5), 0);
	ck_assert(bn_workspace_group_drop(ws)); /* what the commit has covered stays */
	bn_workspace_group_begin(ws);
	ck_assert_int_eq(toy_append_set(ws, "toy/c", 6), 0);
	ck_assert(bn_workspace_group_end(ws));
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 2);
	ck_assert_int_eq(toy_value(ws, "toy/b"), 4);
	ck_assert_int_eq(toy_value(ws, "toy/c"), 6);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
	ck_assert_uint_eq(report.fault_count, 0);
	bn_log_report_release(&report);
	finish(ws);
}
END_TEST

START_TEST(test_claims_of_absurd_numbers_are_nobodys)
{
	bn_workspace *ws = make();
	int64_t n = 0;
	bn_err e = BN_ERR_INIT;
	ck_assert_bn_ok(bn_claim_take(ws, "model/m/9223372036854775807", "x", &err), &err);
	ck_assert_bn_ok(bn_claim_next(ws, "model/m", "me", &n, &err), &err);
	ck_assert_int_eq(n, 1);
	ck_assert_bn_ok(bn_claim_take(ws, "model/m/1000000000", "x", &err), &err);
	ck_assert_int_eq(bn_claim_next(ws, "model/m", "me", &n, &e), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(e.msg, "claims/model/m/1000000000"));
	finish(ws);
}
END_TEST

START_TEST(test_claims_are_given_once_and_count_upwards)
{
	bn_workspace *ws = make();
	bn_err e = BN_ERR_INIT;
	bn_buf value = BN_BUF_INIT;
	int64_t n = 0;
	ck_assert_bn_ok(bn_claim_take(ws, "model/power/3", "me", &err), &err);
	ck_assert_int_eq(bn_claim_take(ws, "model/power/3", "you", &e), BN_ECONFLICT);
	ck_assert_bn_ok(bn_claim_next(ws, "model/power", "me", &n, &err), &err);
	ck_assert_int_eq(n, 4);
	ck_assert_bn_ok(bn_claim_next(ws, "dataset/jobs", "me", &n, &err), &err);
	ck_assert_int_eq(n, 1);
	ck_assert_bn_ok(bn_claim_get(ws, "model/power/3", &value, &err), &err);
	ck_assert_str_eq(value.ptr, "me");
	static const char *const bad[] = {"", "/a", "a/", "a//b", "../x", "a/../b", ".a", "a\nb"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(bn_claim_take(ws, bad[i], "", NULL), BN_EINVAL);
	bn_buf_release(&value);
	finish(ws);
}
END_TEST

START_TEST(test_objects_are_stored_once_read_only_and_verified)
{
	bn_workspace *ws = make();
	char hash[65], again[65], *path = NULL, *src = bn_strf("%s/src", dir.path);
	uint64_t size = 0;
	struct stat st;
	ck_assert_bn_ok(bn_object_put(ws, "hello", 5, hash, &err), &err);
	ck_assert_str_eq(hash, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	ck_assert_bn_ok(bn_object_put(ws, "hello", 5, again, &err), &err);
	ck_assert_bn_ok(object_path(ws, hash, &path, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0444);
	ck_assert_bn_ok(bn_object_verify(ws, hash, &err), &err);
	ck_assert_int_eq(bn_fs_write_file(&env.env, src, "hello", 5, 0644, NULL), 0);
	ck_assert_bn_ok(bn_object_put_file(ws, src, false, again, &size, &err), &err);
	ck_assert_str_eq(hash, again);
	ck_assert_uint_eq(size, 5);
	ck_assert(bn_fs_exists(&env.env, src));
	ck_assert_bn_ok(bn_object_put_file(ws, src, true, again, &size, &err), &err);
	ck_assert(!bn_fs_exists(&env.env, src));
	ck_assert_int_eq(bn_fs_write_file(&env.env, src, "other", 5, 0644, NULL), 0);
	ck_assert_bn_ok(bn_object_put_file(ws, src, true, again, &size, &err), &err);
	ck_assert(!bn_fs_exists(&env.env, src));
	ck_assert_bn_ok(bn_object_verify(ws, again, &err), &err);
	chmod(path, 0644);
	FILE *f = fopen(path, "w");
	fputs("hellO", f);
	fclose(f);
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_object_verify(ws, hash, &e), BN_ECORRUPT);
	ck_assert_int_eq(bn_object_verify(ws, "nohash", NULL), BN_EINVAL);
	hash[0] = hash[0] == '0' ? '1' : '0';
	ck_assert_int_eq(bn_object_verify(ws, hash, NULL), BN_ENOTFOUND);
	bn_free(path);
	bn_free(src);
	finish(ws);
}
END_TEST

/* Opens, writes, stores, claims and reads; returns the first error, with everything released. */
static int do_everything(void)
{
	bn_workspace *ws = NULL;
	bn_err e = BN_ERR_INIT;
	char hash[65];
	int64_t n;
	json_t *payload = json_pack("{s:i}", "v", 1);
	int rc = bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &e);
	if (!rc)
		rc = bn_workspace_append(ws, "toy.set", "toy/a", payload, &e);
	if (!rc)
		rc = bn_workspace_commit(ws, &e);
	if (!rc)
		rc = bn_object_put(ws, "bytes", 5, hash, &e);
	if (!rc)
		rc = bn_claim_next(ws, "model/m", "", &n, &e);
	if (!rc)
		rc = bn_workspace_refresh(ws, NULL, &e);
	if (!rc)
		rc = bn_workspace_seal(ws, &e);
	bn_workspace_close(ws);
	json_decref(payload);
	ck_assert_int_eq(rc != 0, e.code != 0);
	return rc;
}

START_TEST(test_workspace_runs_out_of_memory_at_every_allocation_without_harm)
{
	char before[65], after[65];
	long n = 1;
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	for (int rc = -1; rc; n++) {
		bn_workspace_close(make());
		bn_alloc_fail_at(n);
		rc = do_everything();
		bn_alloc_fail_at(0);
		ck_assert_msg(
			rc == 0 || rc == BN_ENOMEM || rc == BN_EIO, "allocation %ld: %d", n, rc);
		bn_workspace *ws = reopen();
		bn_log_report report;
		ck_assert_bn_ok(bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws),
					NULL, &err),
			&err);
		ck_assert_uint_eq(report.fault_count, 0);
		bn_log_report_release(&report);
		ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_index_dump_hash(ws, before, &err), &err);
		ck_assert_bn_ok(bn_index_rebuild(ws, &err), &err);
		ck_assert_bn_ok(bn_index_dump_hash(ws, after, &err), &err);
		ck_assert_str_eq(before, after);
		finish(ws);
	}
	printf("NOTE: allocations failed in turn: %ld\n", n - 2);
	ck_assert_int_gt(n, 50);
}
END_TEST

START_TEST(test_workspace_rejects_what_is_no_event)
{
	bn_workspace *ws = make();
	json_t *array = json_array();
	ck_assert_int_eq(bn_workspace_append(ws, "Bad Kind", "toy/a", NULL, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_workspace_append(ws, "", "toy/a", NULL, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_workspace_append(ws, "toy.set", "", NULL, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_workspace_append(ws, "toy.set", "toy/\n", NULL, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_workspace_append(ws, "toy.set", "toy/a", array, NULL), BN_EINVAL);
	json_decref(array);
	finish(ws);
}
END_TEST

/* ---- formats -------------------------------------------------------------------------------- */

static void write_format(const char *text)
{
	char *path = bn_strf("%s/.binnacle/workspace.json", dir.path);
	ck_assert_bn_ok(bn_fs_write_file(&env.env, path, text, strlen(text), 0644, &err), &err);
	bn_free(path);
}

static void expect_format(const char *want)
{
	bn_buf text = BN_BUF_INIT;
	char *path = bn_strf("%s/.binnacle/workspace.json", dir.path);
	ck_assert_bn_ok(bn_fs_read_file(&env.env, path, &text, &err), &err);
	ck_assert_msg(strstr(text.ptr, want) != NULL, "%s", text.ptr);
	bn_buf_release(&text);
	bn_free(path);
}

#define ID "\"id\": \"0f8b1c2d-0000-4000-8000-000000000001\""

START_TEST(test_new_workspace_has_format_2)
{
	bn_workspace *ws = make();
	expect_format("\"format\": 2");
	finish(ws);
}
END_TEST

START_TEST(test_workspace_of_format_1_becomes_2_before_the_first_event_that_needs_it)
{
	bn_workspace *ws = make();
	bn_workspace_close(ws);
	write_format("{\"format\": 1, " ID ", \"site\": \"kept\"}");
	ws = reopen();
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	expect_format("\"format\": 1");
	ck_assert_bn_ok(bn_workspace_append_version(ws, 2, "toy.set", "toy/a", NULL, &err), &err);
	expect_format("\"format\": 2"); /* before a record is written */
	expect_format("\"site\": \"kept\"");
	expect_format(ID);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	finish(ws);
}
END_TEST

static int no_space(
	const bn_env *e, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	return strcmp(to, "workspace.json") ? bn_fs_real.rename(e, at, from, to_at, to) : -EROFS;
}

static uid_t another_user(const bn_env *e)
{
	(void)e;
	return 4711;
}

START_TEST(test_event_waits_for_the_format_unless_the_file_is_somebody_elses)
{
	bn_workspace *ws = make();
	bn_fs_ops ops = bn_fs_real;
	bn_workspace_close(ws);
	write_format("{\"format\": 1, " ID "}");
	ws = reopen();
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0); /* opens the slot */
	ops.rename = no_space;
	env.env.fs = &ops;
	ck_assert_int_eq(
		bn_workspace_append_version(ws, 2, "toy.set", "toy/a", NULL, NULL), BN_EIO);
	env.env.uid = another_user;
	ck_assert_bn_ok(bn_workspace_append_version(ws, 2, "toy.set", "toy/a", NULL, &err), &err);
	env.env.uid = bn_env_real()->uid;
	env.env.fs = &bn_fs_real;
	expect_format("\"format\": 1");
	finish(ws);
}
END_TEST

START_TEST(test_workspace_of_a_later_format_is_read_and_not_written_to)
{
	bn_workspace *ws = make();
	bn_err e = BN_ERR_INIT;
	char hash[65];
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 5), 0);
	bn_workspace_close(ws);
	write_format("{\"format\": 4, " ID "}");
	ws = reopen();
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
	ck_assert_int_eq(bn_workspace_append(ws, "toy.set", "toy/a", NULL, &e), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(e.msg, "format 4"));
	ck_assert_ptr_nonnull(strstr(e.hint, "newer"));
	ck_assert_int_eq(bn_claim_take(ws, "model/m/1", "", NULL), BN_EUNSUPPORTED);
	ck_assert_int_eq(bn_object_put(ws, "x", 1, hash, NULL), BN_EUNSUPPORTED);
	ck_assert_ptr_null(ws->writer);
	finish(ws);
}
END_TEST

/* ---- a file system that does not answer ------------------------------------------------------- */

static int answer;

static int dead_stat(const bn_env *e, const bn_dir *at, const char *path, struct stat *st)
{
	return strstr(path, ".binnacle") ? answer : bn_fs_real.stat(e, at, path, st);
}

START_TEST(test_mount_that_has_died_is_no_missing_workspace)
{
	static const int answers[] = {-ENOTCONN, -ESTALE, -EIO, -EACCES, -ETIMEDOUT};
	bn_workspace *ws = make(), *none = NULL;
	bn_fs_ops ops = bn_fs_real;
	ops.stat = dead_stat;
	env.env.fs = &ops;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		bn_err e = BN_ERR_INIT;
		answer = answers[i];
		ck_assert_int_eq(
			bn_workspace_open(&none, &env.env, toy_classes, dir.path, &e), BN_EIO);
		ck_assert_ptr_nonnull(strstr(e.msg, dir.path));
		ck_assert_ptr_null(strstr(e.hint, "init"));
		ck_assert_uint_gt(strlen(e.hint), 0);
	}
	env.env.fs = &bn_fs_real;
	finish(ws);
}
END_TEST

/* A link in place of a part of the workspace is not followed. */
START_TEST(test_links_below_a_workspace_are_not_followed)
{
	bn_workspace *ws = make();
	bn_buf value = BN_BUF_INIT;
	char *outside = bn_strf("%s/outside", dir.path), *log = bn_workspace_path(ws, "log");
	char *claim = bn_workspace_path(ws, "claims/secret"), *aside = bn_strf("%s.old", log);
	ck_assert_bn_ok(bn_fs_make_dirs(&env.env, outside, 0755, &err), &err);
	ck_assert_int_eq(symlink(outside, claim), 0);
	ck_assert_int_eq(bn_claim_get(ws, "secret", &value, NULL), BN_EREFUSED);
	ck_assert_int_ne(bn_claim_take(ws, "secret/1", "", NULL), 0);
	ck_assert_int_eq(rename(log, aside), 0);
	ck_assert_int_eq(symlink(outside, log), 0);
	ck_assert_int_ne(toy_append_set(ws, "toy/a", 1), 0);
	ck_assert_int_ne(bn_workspace_refresh(ws, NULL, NULL), 0);
	ck_assert_int_eq(unlink(log), 0);
	ck_assert_int_eq(rename(aside, log), 0);
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_fs_list_dir(&env.env, outside, &names, &err), &err);
	ck_assert_uint_eq(names.count, 0);
	bn_names_release(&names);
	bn_buf_release(&value);
	bn_free(outside);
	bn_free(log);
	bn_free(aside);
	bn_free(claim);
	finish(ws);
}
END_TEST

/* Every verb refuses it, like init. */
START_TEST(test_workspace_that_is_itself_a_link_is_refused)
{
	bn_workspace *ws = make(), *linked = NULL;
	char *at = bn_strf("%s/elsewhere", dir.path), *link = bn_strf("%s/.binnacle", at);
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(mkdir(at, 0755), 0);
	ck_assert_int_eq(symlink(bn_workspace_root(ws), link), 0);
	ck_assert_int_eq(bn_workspace_open(&linked, &env.env, toy_classes, at, &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, link));
	ck_assert_ptr_nonnull(strstr(e.msg, "is a symbolic link"));
	bn_err_clear(&e);
	ck_assert_int_eq(bn_workspace_init(&env.env, at, &e), BN_EREFUSED);
	bn_free(link);
	/* A link on the path to the directory is the user's choice. */
	link = bn_strf("%s/by-link", dir.path);
	ck_assert_int_eq(symlink(bn_workspace_dir(ws), link), 0);
	ck_assert_bn_ok(bn_workspace_open(&linked, &env.env, toy_classes, link, &err), &err);
	bn_workspace_close(linked);
	bn_free(link);
	bn_free(at);
	finish(ws);
}
END_TEST

START_TEST(test_workspace_json_has_64_kib_at_most)
{
	enum { LIMIT = 64 << 10 };
	bn_workspace *ws = make(), *again = NULL;
	bn_err e = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	char *path = bn_workspace_path(ws, "workspace.json");
	ck_assert_bn_ok(bn_fs_read_file(&env.env, path, &text, &err), &err);
	while (text.len < LIMIT)
		bn_buf_addch(&text, ' ');
	ck_assert_bn_ok(bn_fs_write_file(&env.env, path, text.ptr, text.len, 0644, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&again, &env.env, toy_classes, dir.path, &err), &err);
	bn_workspace_close(again);
	bn_buf_addch(&text, ' ');
	ck_assert_bn_ok(bn_fs_write_file(&env.env, path, text.ptr, text.len, 0644, &err), &err);
	ck_assert_int_eq(
		bn_workspace_open(&again, &env.env, toy_classes, dir.path, &e), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(e.msg, "has 65537 bytes; the limit is 65536"));
	bn_buf_release(&text);
	bn_free(path);
	finish(ws);
}
END_TEST

static int64_t still_ns = 1000000000;

static int64_t still(const bn_env *e)
{
	(void)e;
	return still_ns;
}

START_TEST(
	test_recent_refresh_answers_the_next_one_alone_unless_something_is_written_or_time_goes_by)
{
	bn_workspace *ws = make(), *other = reopen();
	bool changed = false;
	env.env.monotonic_ns = still;
	for (int i = 0; i < 3; i++) {
		ck_assert_bn_ok(bn_workspace_refresh(other, NULL, &err), &err);
		bn_workspace_mark_recent(other, true);
		toy_append_set(ws, "toy/a", i);
		ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
		int64_t before = toy_value(other, "toy/a");
		if (i == 1)
			still_ns += 20000000;
		if (i == 2)
			toy_append_set(other, "toy/b", 1);
		ck_assert_bn_ok(bn_workspace_refresh(other, &changed, &err), &err);
		ck_assert(changed); /* includes what the read before folded */
		ck_assert_int_eq(toy_value(other, "toy/a") == before, i == 0);
		ck_assert_bn_ok(bn_workspace_refresh(other, &changed, &err), &err);
		ck_assert_int_eq(changed, i == 0);
	}
	bn_workspace_mark_recent(other, false);
	bn_workspace_unmark_recent(other);
	toy_append_set(ws, "toy/a", 9);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(other, &changed, &err), &err);
	ck_assert(changed);
	bn_workspace_close(other);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/store/workspace",
	test_recent_refresh_answers_the_next_one_alone_unless_something_is_written_or_time_goes_by,
	test_workspace_init_refuses_a_second_time, test_workspace_is_found_by_walking_up,
	test_workspace_that_is_not_there_hints_at_init, test_workspace_shows_what_was_committed,
	test_workspace_is_the_same_after_reopening,
	test_workspace_refresh_says_whether_something_changed,
	test_workspace_keeps_refused_events_with_their_reason,
	test_workspace_child_of_fork_takes_a_writer_of_its_own,
	test_a_dropped_group_leaves_what_was_before_it, test_claims_of_absurd_numbers_are_nobodys,
	test_claims_are_given_once_and_count_upwards,
	test_objects_are_stored_once_read_only_and_verified,
	test_workspace_runs_out_of_memory_at_every_allocation_without_harm,
	test_workspace_rejects_what_is_no_event, test_new_workspace_has_format_2,
	test_workspace_of_format_1_becomes_2_before_the_first_event_that_needs_it,
	test_event_waits_for_the_format_unless_the_file_is_somebody_elses,
	test_workspace_of_a_later_format_is_read_and_not_written_to,
	test_mount_that_has_died_is_no_missing_workspace,
	test_links_below_a_workspace_are_not_followed,
	test_workspace_that_is_itself_a_link_is_refused, test_workspace_json_has_64_kib_at_most)
