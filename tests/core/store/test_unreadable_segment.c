/* test_unreadable_segment.c - a segment that the disk cannot read, and late events of an unknown class. */
#include "core/base/fs.h"
#include "core/store/index/report.h"
#include "core/store/inspect.h"
#include "core/store/workspace.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static toy_env here, there;
static bn_workspace *reader, *writer;
static bool is_bad;
static int bad_fd = -1;

static const char *another_boot(const bn_env *env)
{
	(void)env;
	return "ffffffff";
}

/* Notes the descriptor of the other writer's second segment, which begins with record 2. */
static int open_noted(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	int fd = bn_fs_real.open(env, at, path, flags, mode);
	const char *name = strrchr(path, '/');
	if (fd >= 0 && strstr(path, "ffffffff-") && name && strstr(name, "2-"))
		bad_fd = fd;
	else if (fd == bad_fd)
		bad_fd = -1;
	return fd;
}

static ssize_t pread_bad(const bn_env *env, int fd, void *bytes, size_t n, off_t at)
{
	return is_bad && fd == bad_fd ? -EIO : bn_fs_real.pread(env, fd, bytes, n, at);
}

static bn_workspace *open_at(const toy_env *env)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env->env, toy_classes, dir.path, &err), &err);
	return ws;
}

static void setup(void)
{
	toy_dir_make(&dir);
	toy_env_init(&here, &dir);
	toy_env_init(&there, &dir);
	there.env.boot_id = another_boot;
	ck_assert_bn_ok(bn_workspace_init(&here.env, dir.path, &err), &err);
	reader = open_at(&here);
	writer = open_at(&there);
}

static void teardown(void)
{
	bn_workspace_close(writer);
	bn_workspace_close(reader);
	toy_dir_remove(&dir);
}

START_TEST(test_a_segment_that_cannot_be_read_leaves_its_writer_out_and_names_it)
{
	bn_index_status s;
	bn_fs_ops ops = bn_fs_real;
	setup();
	toy_append_set(writer, "toy/a", 5);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	toy_append_set(writer, "toy/c", 7);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	ops.open = open_noted;
	ops.pread = pread_bad;
	here.env.fs = &ops;
	is_bad = true;
	toy_append_set(reader, "toy/b", 6);
	ck_assert_bn_ok(bn_workspace_sync(reader, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/b"), 6);
	ck_assert_int_eq(toy_value(reader, "toy/a"), 5);
	ck_assert_int_eq(toy_value(reader, "toy/c"), -1);
	ck_assert_bn_ok(bn_index_status_get(&s, reader, &err), &err);
	ck_assert_uint_eq(s.gap_count, 1);
	ck_assert_msg(strstr(s.gaps[0].why, "nput/output error"), "%s", s.gaps[0].why);
	ck_assert_msg(strstr(s.gaps[0].writer, "ffffffff"), "%s", s.gaps[0].writer);
	bn_index_status_release(&s);
	/* readable again */
	is_bad = false;
	ck_assert_bn_ok(bn_workspace_sync(reader, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/c"), 7);
	ck_assert_bn_ok(bn_index_status_get(&s, reader, &err), &err);
	ck_assert_uint_eq(s.gap_count, 0);
	bn_index_status_release(&s);
	teardown();
}
END_TEST

START_TEST(test_late_events_of_a_class_that_is_not_known_are_kept_and_stop_nothing)
{
	bn_index_status s;
	setup();
	here.clock_step_ns = there.clock_step_ns = 1000000;
	here.clock_ns = 9000000000;
	there.clock_ns = 1000000000; /* its events are dated before those folded already */
	ck_assert_bn_ok(bn_workspace_append(reader, "other.x", "other/b", NULL, &err), &err);
	toy_append_set(reader, "toy/b", 6);
	ck_assert_bn_ok(bn_workspace_sync(reader, &err), &err);
	for (int i = 0; i < 3; i++)
		ck_assert_bn_ok(
			bn_workspace_append(writer, "other.y", "other/b", NULL, &err), &err);
	toy_append_set(writer, "toy/c", 7);
	ck_assert_bn_ok(bn_workspace_seal(writer, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(reader, &err), &err);
	ck_assert_int_eq(toy_value(reader, "toy/b"), 6);
	ck_assert_int_eq(toy_value(reader, "toy/c"), 7);
	ck_assert_bn_ok(bn_index_status_get(&s, reader, &err), &err);
	ck_assert_int_eq(s.newer, 5); /* these four and the founding record */
	bn_index_status_release(&s);
	ck_assert_bn_ok(bn_workspace_append(reader, "other.x", "other/b", NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(reader, &err), &err);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/store/unreadable_segment",
	test_a_segment_that_cannot_be_read_leaves_its_writer_out_and_names_it,
	test_late_events_of_a_class_that_is_not_known_are_kept_and_stop_nothing)
