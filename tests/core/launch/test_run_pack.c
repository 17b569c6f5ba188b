/* Packing the directory of a run that is over: what goes, what stays, and every step at which it may be killed. */
#include "core/base/mem.h"
#include "core/launch/_log_writer.h"
#include "core/run/run_dir.h"
#include "core/run/run_pack.h"
#include "core/run/supervisor.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef"
#define LIMIT 65536

enum { STEPS_MOST = 64 };

static toy_dir place;
static toy_env env;
static bn_workspace *ws;
static bn_dir *dir;
static bn_err err = BN_ERR_INIT;

static const char *const ours[] = {"spec", "clock", "supervisor", "stop", "resumes", "reserve"};
static const char *const theirs[] = {"metrics.json", "model.checkpoint", "artifacts/plot.svg"};

static void put(const char *name, const char *text)
{
	ck_assert_bn_ok(bn_dir_write_file(dir, name, text, strlen(text), 0644, &err), &err);
}

/* A run's directory as it is when the run has just ended, with so many lines of output. */
static void place_make(int lines)
{
	bn_log_writer w;
	char text[16];
	toy_dir_make(&place);
	toy_env_init(&env, &place);
	env.env.fs = &faultfs_ops;
	faultfs_arm(FAULTFS_NONE, 0);
	ck_assert_bn_ok(bn_workspace_init(&env.env, place.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, NULL, place.path, &err), &err);
	ck_assert_bn_ok(bn_run_dir_make(&dir, ws, ID, &err), &err);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		put(ours[i], "{}");
	ck_assert_bn_ok(bn_dir_make(dir, "artifacts", 0755, &err), &err);
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		put(theirs[i], "kept");
	ck_assert_bn_ok(bn_log_writer_open(&w, dir, &err), &err);
	for (int i = 1; i <= lines; i++)
		bn_log_writer_add(
			&w, text, (size_t)snprintf(text, sizeof text, "%09d\n", i), LIMIT);
	bn_log_writer_close(&w);
}

static void place_remove(void)
{
	bn_dir_close(dir);
	bn_workspace_close(ws);
	toy_dir_remove(&place);
}

/* The output as a reader gets it in pieces of n bytes, with the gaps in words. */
static char *output(size_t n)
{
	bn_run_log l;
	bn_buf text = BN_BUF_INIT;
	uint64_t at = 0, left_out;
	char bytes[4096], words[120];
	size_t got;
	ck_assert_uint_le(n, sizeof bytes);
	ck_assert_bn_ok(bn_run_log_open(&l, ws, ID, env.env.uid(&env.env), &err), &err);
	do {
		ck_assert_bn_ok(bn_run_log_read(&l, &at, bytes, n, &got, &left_out, &err), &err);
		if (left_out) {
			bn_run_log_gap_words(words, left_out);
			bn_buf_add(&text, words, strlen(words));
		}
		bn_buf_add(&text, bytes, got);
	} while (got);
	ck_assert_uint_eq(at, l.printed);
	bn_run_log_close(&l);
	bn_buf_addch(&text, '\0');
	return bn_buf_take(&text, NULL);
}

static size_t file_count(void)
{
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_dir_list(dir, NULL, &names, &err), &err);
	size_t n = names.count;
	bn_names_release(&names);
	return n;
}

static void check_theirs(void)
{
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
		bn_buf b = BN_BUF_INIT;
		ck_assert_bn_ok(bn_dir_read_file(dir, theirs[i], &b, &err), &err);
		ck_assert_str_eq(b.ptr, "kept");
		bn_buf_release(&b);
	}
}

static bool is_due(const bn_run_pack *how)
{
	bool due;
	ck_assert_bn_ok(bn_run_pack_is_due(&due, dir, how, &err), &err);
	return due;
}

START_TEST(test_pack_leaves_the_output_and_what_the_run_left)
{
	const bn_run_pack how = {.keep_clock = false};
	place_make(100);
	char *before = output(4096);
	ck_assert(is_due(&how));
	ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &how, &err), &err);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		ck_assert_msg(!bn_dir_has(dir, ours[i]), "%s is still there", ours[i]);
	ck_assert_uint_eq(file_count(), 4); /* log.txt, metrics.json, model.checkpoint, artifacts */
	check_theirs();
	char *after = output(4096);
	ck_assert_str_eq(before, after);
	ck_assert(!is_due(&how));
	ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &how, &err), &err); /* again: nothing to do */
	ck_assert_uint_eq(file_count(), 4);
	bn_free(before);
	bn_free(after);
	place_remove();
}
END_TEST

START_TEST(test_pack_keeps_the_clock_of_a_run_that_others_may_continue)
{
	const bn_run_pack how = {.keep_clock = true};
	place_make(0);
	ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &how, &err), &err);
	ck_assert(bn_dir_has(dir, "clock"));
	ck_assert(!bn_dir_has(dir, "supervisor"));
	ck_assert(!is_due(&how));
	ck_assert(is_due(&(bn_run_pack){.keep_clock = false}));
	place_remove();
}
END_TEST

START_TEST(test_pack_makes_one_file_of_a_long_output_that_reads_the_same)
{
	static const size_t sizes[] = {4096, 1000, 17};
	char *before[3];
	place_make(50000);
	for (int i = 0; i < 3; i++)
		before[i] = output(sizes[i]);
	ck_assert_ptr_nonnull(strstr(before[0], "left out here"));
	ck_assert_ptr_nonnull(strstr(before[0], "\n000050000\n"));
	ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &(bn_run_pack){.keep_clock = false}, &err), &err);
	ck_assert_uint_eq(file_count(), 4);
	ck_assert(!bn_dir_has(dir, BN_RUN_LOG_FILE));
	for (int i = 0; i < 3; i++) {
		char *after = output(sizes[i]);
		ck_assert_str_eq(before[i], after);
		bn_free(after);
		bn_free(before[i]);
	}
	place_remove();
}
END_TEST

/* Kills the packing at each change of the disk, and in the middle of each write. */
static void pack_killed(faultfs_kind kind, int lines)
{
	const bn_run_pack how = {.keep_clock = false};
	int step = 1;
	for (; step < STEPS_MOST; step++) {
		int status;
		place_make(lines);
		char *before = output(4096);
		pid_t pid = fork();
		if (pid == 0) {
			faultfs_arm(kind, step);
			_exit(bn_run_dir_pack(dir, ID, &how, NULL) < 0);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		char *after = output(4096);
		ck_assert_msg(!strcmp(before, after), "killed at %d: another output", step);
		check_theirs();
		/* A claim does not take it for a run that never started. */
		bn_supervisor_lock lock = {.fd = -1};
		bool fresh = true;
		ck_assert_bn_ok(bn_supervisor_claim(&lock, &fresh, ws, ID, &err), &err);
		ck_assert_msg(!fresh, "killed at %d: it looks as if it never started", step);
		bn_supervisor_release(&lock);
		ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &how, &err), &err);
		bn_free(after);
		after = output(4096);
		ck_assert_str_eq(before, after);
		ck_assert_uint_eq(file_count(), 4);
		bn_free(before);
		bn_free(after);
		place_remove();
		if (WIFEXITED(status)) {
			ck_assert_int_eq(WEXITSTATUS(status), 0);
			break;
		}
	}
	ck_assert_int_gt(step, 6);
	ck_assert_int_lt(step, STEPS_MOST);
}

START_TEST(test_pack_killed_at_any_step_loses_nothing)
{
	pack_killed(FAULTFS_KILL, 50000);
	pack_killed(FAULTFS_TEAR, 50000);
	pack_killed(FAULTFS_KILL, 10);
}
END_TEST

/* The spec is gone before the file of the supervisor. */
START_TEST(test_pack_that_fails_reports_it_and_loses_nothing)
{
	static const faultfs_kind kinds[] = {FAULTFS_EIO, FAULTFS_ENOSPC, FAULTFS_FULL};
	const bn_run_pack how = {.keep_clock = false};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		int failed = 0;
		for (int step = 1; step < STEPS_MOST; step++) {
			bn_err e = BN_ERR_INIT;
			place_make(50000);
			char *before = output(4096);
			faultfs_arm(kinds[k], step);
			int rc = bn_run_dir_pack(dir, ID, &how, &e);
			bool all = faultfs_count() < step;
			faultfs_arm(FAULTFS_NONE, 0);
			ck_assert(rc == 0 || e.msg[0]);
			failed += rc < 0;
			char *after = output(4096);
			ck_assert_str_eq(before, after);
			check_theirs();
			ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &how, &err), &err);
			ck_assert_uint_eq(file_count(), 4);
			bn_free(before);
			bn_free(after);
			place_remove();
			if (all)
				break;
		}
		ck_assert_int_gt(failed, 2);
	}
}
END_TEST

START_TEST(test_pack_is_refused_while_another_process_has_the_lock)
{
	const bn_run_pack how = {.keep_clock = false};
	bn_supervisor_lock lock = {.fd = -1};
	bn_err e = BN_ERR_INIT;
	bool fresh;
	place_make(10);
	size_t files = file_count();
	ck_assert_bn_ok(bn_supervisor_claim(&lock, &fresh, ws, ID, &err), &err);
	ck_assert_int_eq(bn_run_dir_pack(dir, ID, &how, &e), BN_ECONFLICT);
	ck_assert_uint_eq(file_count(), files);
	bn_supervisor_release(&lock);
	ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &how, &err), &err);
	place_remove();
}
END_TEST

/* Two that claim a packed run get the same file, and so exclude each other. */
START_TEST(test_pack_removes_no_lock_that_somebody_waits_for)
{
	bn_supervisor_lock a = {.fd = -1}, b = {.fd = -1};
	bn_err e = BN_ERR_INIT;
	bool fresh;
	place_make(10);
	ck_assert_bn_ok(bn_run_dir_pack(dir, ID, &(bn_run_pack){.keep_clock = false}, &err), &err);
	ck_assert_bn_ok(bn_supervisor_claim(&a, &fresh, ws, ID, &err), &err);
	ck_assert(!fresh);
	ck_assert_int_eq(bn_supervisor_claim(&b, &fresh, ws, ID, &e), BN_ECONFLICT);
	bn_supervisor_release(&a);
	place_remove();
}
END_TEST

START_TEST(test_log_ignores_packed_files_that_are_not_whole_or_not_ours)
{
	static const char *const names[] = {"log.packed.", "log.packed.0", "log.packed.0-",
		"log.packed.0-5.3-2", "log.packed.0-99", "log.packed.0-1.1-1.2-1.3-1.4-1",
		"log.packed.-1-2", "log.packed.0-5x", "log.packed.99999999999999999999-1",
		"log.packed.0-18446744073709551615"};
	bn_run_log_part parts[BN_RUN_LOG_PARTS];
	size_t count;
	place_make(10);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		put(names[i], "12345");
	ck_assert_bn_ok(bn_run_log_list(parts, BN_RUN_LOG_PARTS, &count, dir, &err), &err);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(parts[0].name, BN_RUN_LOG_FILE);
	put("log.packed.0-2.7-3", "12345");
	ck_assert_bn_ok(bn_run_log_list(parts, BN_RUN_LOG_PARTS, &count, dir, &err), &err);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(parts[1].from, 7);
	ck_assert_uint_eq(parts[1].at, 2);
	char *text = output(4096);
	ck_assert_ptr_nonnull(strstr(text, "12\nbinnacle: 5 bytes are left out"));
	ck_assert_str_eq(text + strlen(text) - 4, "\n345");
	bn_free(text);
	place_remove();
}
END_TEST

BN_TEST_MAIN("core/launch/run_pack", test_pack_leaves_the_output_and_what_the_run_left,
	test_pack_keeps_the_clock_of_a_run_that_others_may_continue,
	test_pack_makes_one_file_of_a_long_output_that_reads_the_same,
	test_pack_killed_at_any_step_loses_nothing,
	test_pack_that_fails_reports_it_and_loses_nothing,
	test_pack_is_refused_while_another_process_has_the_lock,
	test_pack_removes_no_lock_that_somebody_waits_for,
	test_log_ignores_packed_files_that_are_not_whole_or_not_ours)
