/*
 * The start of a queued run when something prevents it, with the real program: every attempt ends in a record, runs
 * behind it are not forgotten, and the environment saved when it was queued is deleted when the wait ends.
 */
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/launch/launch.h"
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/run/supervisor.h"
#include "core/track/reconcile.h"
#include "tests/support/check_main.h"
#include "tests/support/queued.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;

/* ---- what is in the way --------------------------------------------------------------------- */

static void take_away(const char *id, const char *name)
{
	char *path = queued_path(id, name);
	ck_assert_int_eq(unlink(path), 0);
	bn_free(path);
}

/* Adds a run with the existing file `input`. */
static void add_reader(const char *program, char id[BN_RUN_ID_TEXT])
{
	char *path = queued_path(NULL, "input");
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("numbers\n", f);
	fclose(f);
	bn_free(path);
	json_t *j = queued_spec("echo >>\"$BINNACLE_RUN_DIR/times\"", 1);
	json_object_set_new(j, "inputs", json_pack("[{ss}]", "path", "input"));
	ck_assert_bn_ok(queued_try_add_json(queued.ws, program, j, id, &err), &err);
}

/* A link to itself cannot be opened now, but may be later. */
static void block_input(void)
{
	char *path = queued_path(NULL, "input");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(path, path), 0);
	bn_free(path);
}

static void unblock_input(void)
{
	char *path = queued_path(NULL, "input");
	ck_assert_int_eq(remove(path), 0);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("numbers\n", f);
	fclose(f);
	bn_free(path);
}

static size_t lines_of(const char *id, const char *name)
{
	bn_buf b = BN_BUF_INIT;
	bn_dir *dir = NULL;
	size_t n = 0;
	if (bn_run_dir_open(&dir, queued.ws, id, NULL) == 0 &&
		bn_dir_read_file(dir, name, &b, NULL) == 0)
		for (size_t i = 0; i < b.len; i++)
			n += b.ptr[i] == '\n';
	bn_dir_close(dir);
	bn_buf_release(&b);
	return n;
}

static void wait_status(const char *id, bn_run_status status)
{
	bn_run_status now = queued_status(id, NULL);
	for (int i = 0; i < 1500 && now != status; i++) {
		queued_pause_ms(20);
		now = queued_status(id, NULL);
	}
	ck_assert_str_eq(bn_run_status_name(now), bn_run_status_name(status));
}

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(test_queue_forgets_no_run_that_waits_behind_more_than_it_reads_at_once)
{
	enum { AHEAD = 66 };
	NEED_PROGRAM();
	char id[BN_RUN_ID_TEXT], first[BN_RUN_ID_TEXT], second[BN_RUN_ID_TEXT];
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	queued_limit(2, 0, 0);
	/* Above the lowered limit, so skipped, but still in line. */
	for (int i = 0; i < AHEAD; i++)
		queued_add(program, "true", 2, id);
	queued_limit(1, 0, 0);
	add_reader(program, first);
	queued_add(program, "echo >>\"$BINNACLE_RUN_DIR/times\"", 1, second);
	block_input();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	ck_assert_bn_ok(bn_queue_wake_blind(queued.ws, program, true, &err), &err);
	for (int i = 0; i < 500 && !queued_has(first, "unstarted"); i++)
		queued_pause_ms(5);
	ck_assert(queued_has(first, "unstarted"));
	ck_assert(queued_has(first, BN_QUEUE_ENVIRON));
	queued_pause_ms(60);
	unblock_input();
	wait_status(first, BN_RUN_FINISHED);
	wait_status(second, BN_RUN_FINISHED);
	ck_assert_uint_eq(lines_of(first, "times"), 1);
	ck_assert_uint_eq(lines_of(second, "times"), 1);
	/* One line for each attempt, and not more attempts than allowed. */
	ck_assert_uint_lt(lines_of(first, BN_RUN_LOG_FILE), BN_QUEUE_TRIES);
	ck_assert(queued_has(id, BN_QUEUE_ENVIRON));
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_QUEUED);
	queued_limit(2, 0, 0);
	queued_wait_empty(program, 60);
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_FINISHED);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_fails_at_once_what_no_try_could_start_and_goes_on)
{
	NEED_PROGRAM();
	char none[BN_RUN_ID_TEXT], bare[BN_RUN_ID_TEXT], odd[BN_RUN_ID_TEXT], next[BN_RUN_ID_TEXT];
	char reason[200];
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	queued_add(program, "true", 1, none);
	queued_add(program, "true", 1, bare);
	add_reader(program, odd);
	queued_add(program, "true", 1, next);
	take_away(none, "spec");
	take_away(bare, BN_QUEUE_ENVIRON);
	take_away(NULL, "input");
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	queued_wait_empty(program, 60);
	ck_assert_int_eq(queued_status(none, reason), BN_RUN_FAILED);
	ck_assert_ptr_nonnull(strstr(reason, "spec"));
	ck_assert_int_eq(queued_status(bare, reason), BN_RUN_FAILED);
	ck_assert_ptr_nonnull(strstr(reason, "the environment that it was queued in"));
	ck_assert_int_eq(queued_status(odd, reason), BN_RUN_FAILED);
	ck_assert_ptr_nonnull(strstr(reason, "input"));
	ck_assert_int_eq(queued_status(next, NULL), BN_RUN_FINISHED);
	ck_assert(!queued_has(none, BN_QUEUE_ENVIRON) && !queued_has(odd, BN_QUEUE_ENVIRON));
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_says_why_the_next_does_not_start_and_gives_it_up_after_so_many_tries)
{
	NEED_PROGRAM();
	char id[BN_RUN_ID_TEXT], next[BN_RUN_ID_TEXT], reason[200], want[40];
	bool said = false;
	queued_make();
	queued_limit(64, 0, 1);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	add_reader(program, id);
	queued_add(program, "true", 1, next);
	block_input();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	ck_assert_bn_ok(bn_queue_wake_blind(queued.ws, program, true, &err), &err);
	while (queued_status(id, reason) == BN_RUN_QUEUED) {
		bn_queue *q = queued_read();
		if (q->waiting == 2)
			said = said || strstr(q->items[0].reason, "could not be started yet: ");
		bn_queue_free(q);
		queued_pause_ms(5);
	}
	ck_assert(said);
	ck_assert_int_eq(queued_status(id, reason), BN_RUN_FAILED);
	snprintf(want, sizeof want, "it could not be started, %d times: ", BN_QUEUE_TRIES);
	ck_assert_msg(strstr(reason, want) && strstr(reason, "input"), "%s", reason);
	ck_assert(!queued_has(id, BN_QUEUE_ENVIRON) && !queued_has(id, "unstarted"));
	queued_wait_empty(program, 60);
	ck_assert_int_eq(queued_status(next, NULL), BN_RUN_FINISHED);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_starts_a_run_again_whose_supervisor_is_killed_before_it_started)
{
	enum { AHEAD = 70 };
	NEED_PROGRAM();
	char id[BN_RUN_ID_TEXT];
	bn_supervisor s = {.pid = 0};
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	queued_limit(2, 0, 0);
	for (int i = 0; i < AHEAD; i++)
		queued_add(program, "true", 2, id);
	queued_limit(1, 0, 0);
	add_reader(program, id);
	/* Hashing a sparse file of 1 TiB takes long enough. */
	char *path = queued_path(NULL, "input");
	ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	ck_assert_bn_ok(bn_queue_wake_blind(queued.ws, program, true, &err), &err);
	for (int i = 0; i < 1000 && s.state != BN_SUPERVISOR_ALIVE; i++) {
		queued_pause_ms(10);
		ck_assert_bn_ok(bn_supervisor_find(&s, queued.ws, id, geteuid(), &err), &err);
	}
	ck_assert_int_eq(s.state, BN_SUPERVISOR_ALIVE);
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_QUEUED);
	ck_assert_int_eq(kill(s.pid, SIGKILL), 0);
	unblock_input();
	bn_free(path);
	wait_status(id, BN_RUN_FINISHED);
	ck_assert_uint_eq(lines_of(id, "times"), 1);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_ends_a_run_that_is_stopped_while_its_inputs_are_hashed)
{
	NEED_PROGRAM();
	char id[BN_RUN_ID_TEXT], next[BN_RUN_ID_TEXT], reason[200];
	bn_supervisor s = {.pid = 0};
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	add_reader(program, id);
	queued_add(program, "true", 1, next);
	/* Hashing a sparse file of 1 TiB takes long enough. */
	char *path = queued_path(NULL, "input");
	ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0);
	bn_free(path);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	ck_assert_bn_ok(bn_queue_wake_blind(queued.ws, program, true, &err), &err);
	for (int i = 0; i < 1000 && s.state != BN_SUPERVISOR_ALIVE; i++) {
		queued_pause_ms(10);
		ck_assert_bn_ok(bn_supervisor_find(&s, queued.ws, id, geteuid(), &err), &err);
	}
	ck_assert_int_eq(s.state, BN_SUPERVISOR_ALIVE);
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_QUEUED);
	ck_assert_bn_ok(bn_launch_stop(queued.ws, id, NULL, &err), &err);
	wait_status(id, BN_RUN_KILLED);
	queued_status(id, reason);
	ck_assert_str_eq(reason, "stopped on request, before it started");
	ck_assert_uint_eq(lines_of(id, "times"), 0);
	ck_assert(!queued_has(id, BN_QUEUE_ENVIRON));
	wait_status(next, BN_RUN_FINISHED);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_keeps_an_environment_without_secrets_and_only_while_the_run_waits)
{
	NEED_PROGRAM();
	char ran[BN_RUN_ID_TEXT], failed[BN_RUN_ID_TEXT], cancelled[BN_RUN_ID_TEXT];
	char lost[BN_RUN_ID_TEXT];
	bn_buf text = BN_BUF_INIT;
	bn_supervisor s = {.pid = 0};
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	setenv("DB_PASSWORD", "hunter2", 1);
	setenv("DB_PASSWORD_HINT", "animals", 1);
	char *path = queued_path(NULL, "secret");
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "other\n", 6), 6);
	close(fd);
	char *ref = bn_strf("file:%s", path);
	json_t *j = queued_spec("test \"$DB_PASSWORD $DB_PASSWORD_HINT\" = 'other animals'", 1);
	json_object_set_new(j, "secrets", json_pack("{ss}", "DB_PASSWORD", ref));
	ck_assert_bn_ok(queued_try_add_json(queued.ws, program, j, ran, &err), &err);
	bn_free(ref);
	bn_free(path);
	queued_add(program, "exit 3", 1, failed);
	queued_add(program, "true", 1, cancelled);
	queued_add(program, "sleep 60", 1, lost);
	path = queued_path(ran, BN_QUEUE_ENVIRON);
	ck_assert_bn_ok(bn_fs_read_file(&queued.env.env, path, &text, &err), &err);
	ck_assert_ptr_null(memmem(text.ptr, text.len, "hunter2", 7));
	ck_assert_ptr_nonnull(memmem(text.ptr, text.len, "DB_PASSWORD_HINT=animals", 24));
	bn_buf_release(&text);
	bn_free(path);
	ck_assert_bn_ok(bn_launch_stop(queued.ws, cancelled, NULL, &err), &err);
	ck_assert(!queued_has(cancelled, BN_QUEUE_ENVIRON));
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	ck_assert_bn_ok(bn_queue_wake_blind(queued.ws, program, true, &err), &err);
	wait_status(lost, BN_RUN_RUNNING);
	ck_assert_bn_ok(bn_supervisor_find(&s, queued.ws, lost, geteuid(), &err), &err);
	ck_assert_int_eq(kill(s.pid, SIGKILL), 0);
	queued_wait_empty(program, 60);
	ck_assert_int_eq(queued_status(ran, NULL), BN_RUN_FINISHED);
	ck_assert_int_eq(queued_status(failed, NULL), BN_RUN_FAILED);
	ck_assert_int_eq(queued_status(lost, NULL), BN_RUN_LOST);
	ck_assert(!queued_has(ran, BN_QUEUE_ENVIRON) && !queued_has(failed, BN_QUEUE_ENVIRON) &&
		  !queued_has(lost, BN_QUEUE_ENVIRON));
	unsetenv("DB_PASSWORD");
	unsetenv("DB_PASSWORD_HINT");
	track_remove(&queued);
}
END_TEST

BN_TEST_MAIN("core/launch/queue_start",
	test_queue_forgets_no_run_that_waits_behind_more_than_it_reads_at_once,
	test_queue_fails_at_once_what_no_try_could_start_and_goes_on,
	test_queue_says_why_the_next_does_not_start_and_gives_it_up_after_so_many_tries,
	test_queue_starts_a_run_again_whose_supervisor_is_killed_before_it_started,
	test_queue_keeps_an_environment_without_secrets_and_only_while_the_run_waits,
	test_queue_ends_a_run_that_is_stopped_while_its_inputs_are_hashed)
