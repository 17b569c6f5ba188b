/* Changes to open.seg by the same process through another descriptor. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"
#include "core/store/log/verify.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;

static void append_one(bn_workspace *ws)
{
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
}

/* A workspace with one acknowledged event, so open.seg exists. */
static bn_workspace *start_and_commit(void)
{
	bn_workspace *ws = NULL;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	append_one(ws);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	return ws;
}

/* Checks that all acknowledged events exist and the log has no fault. */
static void check_whole(bn_workspace *ws, int64_t events)
{
	bn_log_report report;
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(ws), -1, "SELECT sum(events) - 1 FROM writer", ""),
		events);
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
	ck_assert_uint_eq(report.fault_count, 0);
	bn_log_report_release(&report);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static const char *slot_of_now(bn_workspace *ws, const char *file)
{
	static char path[300];
	snprintf(path, sizeof path, "%s/%s", ws->writer->dir, file);
	return path;
}

static void expect_failure(int rc, int code, const char *words)
{
	ck_assert_int_eq(rc, code);
	ck_assert_msg(strstr(err.msg, words) && strstr(err.msg, "open.seg"), "%s", err.msg);
	bn_err_clear(&err);
}

START_TEST(test_writer_fails_a_commit_behind_foreign_bytes_and_loses_nothing)
{
	bn_workspace *ws = start_and_commit();
	ck_assert_int_eq(write(ws->writer->fd, "a line of the program\n", 22), 22);
	append_one(ws);
	expect_failure(bn_workspace_commit(ws, &err), BN_EIO, "other code in this process writes");
	for (int i = 0; i < 2; i++) {
		append_one(ws);
		ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	}
	check_whole(ws, 3);
}
END_TEST

START_TEST(test_writer_does_not_seal_foreign_bytes)
{
	bn_workspace *ws = start_and_commit();
	ck_assert_int_eq(write(ws->writer->fd, "x", 1), 1);
	expect_failure(bn_workspace_seal(ws, &err), BN_EIO, "other code in this process writes");
	append_one(ws);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	check_whole(ws, 2);
}
END_TEST

START_TEST(test_writer_says_that_acknowledged_bytes_were_cut_and_takes_another_slot)
{
	bn_workspace *ws = start_and_commit();
	ck_assert_int_eq(ftruncate(ws->writer->fd, (off_t)ws->writer->durable_size - 1), 0);
	expect_failure(bn_workspace_seal(ws, &err), BN_ECORRUPT, "something else has cut it");
	ck_assert(bn_dir_has(bn_workspace_at(ws), slot_of_now(ws, "damaged")));
	append_one(ws);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert(!bn_dir_has(bn_workspace_at(ws), slot_of_now(ws, "damaged")));
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_writer_leaves_a_file_alone_that_has_the_number_of_its_own)
{
	bn_workspace *ws = start_and_commit();
	char *path = bn_strf("%s/mine", dir.path);
	int number = ws->writer->fd, fd = open(path, O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(dup2(fd, number), number);
	ck_assert_int_eq(write(number, "mine", 4), 4);
	append_one(ws);
	expect_failure(bn_workspace_commit(ws, &err), BN_EIO, "has closed its descriptor");
	append_one(ws);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_int_eq(write(number, "!", 1), 1);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 5);
	close(fd);
	close(number);
	bn_free(path);
	check_whole(ws, 2);
}
END_TEST

START_TEST(test_commit_that_could_not_seal_in_passing_is_told_by_the_next_tick)
{
	enum { BYTES = 60000 };
	static char payload[BYTES];
	bn_workspace *ws = start_and_commit();
	char *name = NULL;
	int n = 1;
	memset(payload, 'x', sizeof payload);
	for (; ws->writer->durable_size < (8 << 20) - 2 * BYTES; n++) {
		ck_assert_bn_ok(
			bn_workspace_append_raw(ws, "toy.raw", "toy/b", payload, BYTES, &err),
			&err);
		ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	}
	for (int i = 0; i < 3; i++, n++)
		ck_assert_bn_ok(
			bn_workspace_append_raw(ws, "toy.raw", "toy/b", payload, BYTES, &err),
			&err);
	name = bn_strf("%s/.binnacle/%s/%010d-%010d.seg", dir.path, ws->writer->dir,
		(int)ws->writer->start.seq + 1, (int)ws->writer->start.seq + n);
	ck_assert_int_eq(mkdir(name, 0700), 0); /* at the path of the sealed segment */
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_int_eq(bn_workspace_tick(ws, &err), BN_EIO);
	ck_assert_msg(strstr(err.msg, "cannot rename") != NULL, "%s", err.msg);
	bn_err_clear(&err);
	ck_assert_int_eq(rmdir(name), 0);
	bn_free(name);
	ck_assert_bn_ok(bn_workspace_tick(ws, &err), &err);
	ck_assert(bn_workspace_is_sealed(ws));
	check_whole(ws, n);
}
END_TEST

BN_TEST_MAIN("core/store/open_segment",
	test_writer_fails_a_commit_behind_foreign_bytes_and_loses_nothing,
	test_writer_does_not_seal_foreign_bytes,
	test_writer_says_that_acknowledged_bytes_were_cut_and_takes_another_slot,
	test_writer_leaves_a_file_alone_that_has_the_number_of_its_own,
	test_commit_that_could_not_seal_in_passing_is_told_by_the_next_tick)
