/*
 * A slot with a damaged or missing segment is abandoned (L9), since readers would not see records written after the
 * damage. What is acknowledged after a reader found the damage is folded, whatever happens to the process that found it.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/inspect.h"
#include "core/store/log/slot.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;
static toy_dir d;
static toy_env env;

static bn_workspace *open_workspace(const bn_fold_class *const *classes)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, classes, d.path, &err), &err);
	return ws;
}

static void append(bn_workspace *ws, int v)
{
	ck_assert_int_eq(toy_append_set(ws, "toy/a", v), 0);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
}

static void append_and_seal(bn_workspace *ws, int v)
{
	append(ws, v);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
}

/* A workspace with three sealed segments of one event each. */
static bn_workspace *make(void)
{
	toy_dir_make(&d);
	toy_env_init(&env, &d);
	ck_assert_bn_ok(bn_workspace_init(&env.env, d.path, &err), &err);
	bn_workspace *ws = open_workspace(toy_classes);
	for (int i = 1; i <= 3; i++)
		append_and_seal(ws, i);
	return ws;
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}

/* Removes the third segment, or changes a byte in the middle of it. (The first one has the founding record.) */
static void damage(const bn_workspace *ws, const char *writer, bool remove)
{
	char *path = bn_workspace_path(ws, "log/%s/0000000003-0000000003.seg", writer);
	if (remove) {
		ck_assert_int_eq(unlink(path), 0);
	} else {
		struct stat st;
		char byte;
		int fd = open(path, O_RDWR);
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_int_eq(pread(fd, &byte, 1, st.st_size - 130), 1);
		byte ^= 1;
		ck_assert_int_eq(pwrite(fd, &byte, 1, st.st_size - 130), 1);
		close(fd);
	}
	bn_free(path);
}

static bool is_given_up(const bn_workspace *ws, const char *writer)
{
	char *dir = bn_path_join("log", writer);
	bool is = bn_slot_is_given_up(ws->at, dir);
	bn_free(dir);
	return is;
}

static int64_t events(bn_workspace *ws)
{
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	return bn_sql_int(bn_workspace_index(ws), -1,
		"SELECT count(*) FROM dump_event WHERE kind = 'toy.set'", "");
}

static void check_moves_on(bool remove)
{
	char first[BN_WRITER_NAME_MAX + 1];
	bn_workspace *ws = make();
	snprintf(first, sizeof first, "%s", ws->writer->name);
	damage(ws, first, remove);
	ck_assert_int_eq(events(ws), 1);
	ck_assert_uint_eq(bn_workspace_left_out(ws), 1);
	ck_assert(is_given_up(ws, first));
	append(ws, 4);
	ck_assert_str_ne(ws->writer->name, first);
	ck_assert_int_eq(events(ws), 2);
	bn_workspace_close(ws);
	ws = open_workspace(toy_classes); /* other processes use another slot, too */
	append(ws, 5);
	ck_assert_str_ne(ws->writer->name, first);
	ck_assert_int_eq(events(ws), 3);
	finish(ws);
}

START_TEST(test_open_writer_leaves_a_slot_of_which_a_segment_is_missing)
{
	check_moves_on(true);
}
END_TEST

START_TEST(test_open_writer_leaves_a_slot_of_which_a_segment_is_damaged)
{
	check_moves_on(false);
}
END_TEST

START_TEST(test_taking_writer_gives_up_a_slot_of_which_a_segment_is_missing)
{
	char first[BN_WRITER_NAME_MAX + 1];
	bn_workspace *ws = make();
	snprintf(first, sizeof first, "%s", ws->writer->name);
	bn_workspace_close(ws);
	ws = open_workspace(NULL); /* a process that never reads */
	damage(ws, first, true);
	append(ws, 4);
	ck_assert_str_ne(ws->writer->name, first);
	ck_assert(is_given_up(ws, first));
	bn_workspace_close(ws);
	ws = open_workspace(toy_classes);
	ck_assert_int_eq(events(ws), 2);
	finish(ws);
}
END_TEST

START_TEST(test_writer_that_never_reads_moves_on_with_its_next_segment)
{
	char first[BN_WRITER_NAME_MAX + 1];
	bn_workspace *reader = make();
	snprintf(first, sizeof first, "%s", reader->writer->name);
	bn_writer_free(reader->writer);
	reader->writer = NULL;
	bn_workspace *ws = open_workspace(NULL);
	append(ws, 4);
	ck_assert_str_eq(ws->writer->name, first);
	damage(ws, first, false);
	events(reader);
	append(ws, 5); /* in the open segment */
	ck_assert_str_eq(ws->writer->name, first);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	append(ws, 6);
	ck_assert_str_ne(ws->writer->name, first);
	ck_assert_int_eq(events(reader), 2);
	bn_workspace_close(ws);
	finish(reader);
}
END_TEST

START_TEST(test_what_waits_for_a_commit_stays_together)
{
	char first[BN_WRITER_NAME_MAX + 1];
	bn_workspace *ws = make();
	snprintf(first, sizeof first, "%s", ws->writer->name);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 4), 0);
	damage(ws, first, true);
	events(ws);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 5), 0);
	ck_assert_str_eq(ws->writer->name, first);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	append(ws, 6);
	ck_assert_str_ne(ws->writer->name, first);
	ck_assert_int_eq(events(ws), 2);
	finish(ws);
}
END_TEST

static ssize_t fail_read(const bn_env *e, int fd, void *bytes, size_t n, off_t at)
{
	(void)e, (void)fd, (void)bytes, (void)n, (void)at;
	return -EIO;
}

START_TEST(test_disk_that_does_not_answer_is_no_damage)
{
	char first[BN_WRITER_NAME_MAX + 1];
	bn_workspace *ws = make();
	bn_fs_ops ops = bn_fs_real;
	ops.pread = fail_read;
	snprintf(first, sizeof first, "%s", ws->writer->name);
	env.env.fs = &ops;
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_uint_ge(bn_workspace_left_out(ws), 1);
	env.env.fs = &bn_fs_real;
	ck_assert(!is_given_up(ws, first));
	ck_assert_int_eq(events(ws), 3);
	ck_assert_uint_eq(bn_workspace_left_out(ws), 0);
	append(ws, 4);
	ck_assert_str_eq(ws->writer->name, first);
	finish(ws);
}
END_TEST

/* In a child: finds the damage, and returns the number of events acknowledged afterwards. */
static int find_and_write(faultfs_kind kind, long at)
{
	pid_t child = fork();
	int status;
	if (child == 0) {
		int acknowledged = 0;
		env.env.fs = &faultfs_ops;
		bn_workspace *ws = open_workspace(toy_classes);
		faultfs_arm(kind, at);
		if (bn_workspace_refresh(ws, NULL, NULL) == 0)
			for (int i = 0; i < 3; i++)
				acknowledged += toy_append_set(ws, "toy/a", 4) == 0 &&
						bn_workspace_commit(ws, NULL) == 0;
		bn_workspace_close(ws);
		_exit(faultfs_count() < at ? 100 : acknowledged);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void check_faults(faultfs_kind kind)
{
	char first[BN_WRITER_NAME_MAX + 1];
	for (long at = 1, acknowledged = 0; acknowledged < 100; at++) {
		bn_workspace *ws = make();
		snprintf(first, sizeof first, "%s", ws->writer->name);
		bn_workspace_close(ws);
		ws = open_workspace(toy_classes);
		damage(ws, first, true);
		acknowledged = find_and_write(kind, at);
		if (acknowledged < 100)
			ck_assert_int_ge(events(ws), 1 + acknowledged);
		append(ws, 5);
		ck_assert_str_ne(ws->writer->name, first);
		finish(ws);
	}
}

START_TEST(test_slot_is_left_whatever_the_disk_does_to_who_finds_it)
{
	static const faultfs_kind kinds[] = {FAULTFS_KILL, FAULTFS_TEAR, FAULTFS_ENOSPC,
		FAULTFS_EIO, FAULTFS_LOST, FAULTFS_FULL};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		check_faults(kinds[i]);
}
END_TEST

BN_TEST_MAIN("core/store/damaged_slot",
	test_open_writer_leaves_a_slot_of_which_a_segment_is_missing,
	test_open_writer_leaves_a_slot_of_which_a_segment_is_damaged,
	test_taking_writer_gives_up_a_slot_of_which_a_segment_is_missing,
	test_writer_that_never_reads_moves_on_with_its_next_segment,
	test_what_waits_for_a_commit_stays_together, test_disk_that_does_not_answer_is_no_damage,
	test_slot_is_left_whatever_the_disk_does_to_who_finds_it)
