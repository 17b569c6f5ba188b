/*
 * What a queued run inherits from the shell that queued it, with the real program: umask, limits and nice value;
 * and which of them its log reports as not restored.
 */
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"
#include "core/launch/queue_limits.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "tests/support/check_main.h"
#include "tests/support/queued.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;

START_TEST(test_queue_gives_a_run_the_umask_and_the_limits_of_who_queued_it)
{
	NEED_PROGRAM();
	char id[BN_RUN_ID_TEXT];
	struct rlimit files, fewer;
	bn_buf got = BN_BUF_INIT;
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	fewer = (struct rlimit){100, files.rlim_max};
	mode_t mask = umask(0027);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &fewer), 0);
	queued_add(NOBODY, "(umask; ulimit -Sn) >got", 1, id);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	umask(mask);
	char *limits = queued_path(id, "limits"), *path = queued_path(NULL, "got");
	ck_assert_int_eq(access(limits, F_OK), 0);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	queued_wait_empty(program, 60);
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_FINISHED);
	ck_assert_bn_ok(bn_fs_read_file(&queued.env.env, path, &got, &err), &err);
	ck_assert_str_eq(got.ptr, "0027\n100\n");
	ck_assert_int_ne(access(limits, F_OK), 0);
	bn_buf_release(&got);
	bn_free(path);
	bn_free(limits);
	track_remove(&queued);
}
END_TEST

/* In another shell, with a higher nice value and this limit of open files: queues a run (script NULL: none), or starts
 * the runner of the queue (program NULL: none). */
static void in_a_shell(int nicer, rlim_t files, const char *script, const char *program)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit l = {files, files};
		char id[BN_RUN_ID_TEXT];
		if (setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nicer) != 0 ||
			setrlimit(RLIMIT_NOFILE, &l) != 0)
			_exit(90);
		bn_workspace *ws = queued_open();
		if (script && queued_try_add(ws, NOBODY, script, 1, 0, id, NULL) < 0)
			_exit(91);
		if (program && bn_queue_wake_blind(ws, program, true, NULL) < 0)
			_exit(92);
		bn_workspace_close(ws);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Queues a run in one shell and starts it from the runner of another; returns what the run saw and the text of its log
 * (both yours). */
static void run_between(int nicer, rlim_t files, int runner_nicer, rlim_t runner_files,
	const char *program, bn_buf *saw, bn_buf *log)
{
	char id[BN_RUN_ID_TEXT];
	bn_dir *dir = NULL;
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	in_a_shell(nicer, files, "(nice; ulimit -Hn) >got", NULL);
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, 1);
	snprintf(id, sizeof id, "%s", q->items[0].run);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	in_a_shell(runner_nicer, runner_files, NULL, program);
	for (int i = 0; i < 1500 && queued_status(id, NULL) != BN_RUN_FINISHED; i++)
		queued_pause_ms(20);
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_FINISHED);
	char *path = queued_path(NULL, "got");
	ck_assert_bn_ok(bn_fs_read_file(&queued.env.env, path, saw, &err), &err);
	bn_free(path);
	ck_assert_bn_ok(bn_run_dir_open(&dir, queued.ws, id, &err), &err);
	ck_assert_bn_ok(bn_dir_read_file(dir, BN_RUN_LOG_FILE, log, &err), &err);
	bn_dir_close(dir);
	track_remove(&queued);
}

START_TEST(test_queue_gives_a_run_the_nice_value_of_who_queued_it)
{
	NEED_PROGRAM();
	bn_buf saw = BN_BUF_INIT, log = BN_BUF_INIT;
	char want[40];
	int here = getpriority(PRIO_PROCESS, 0);
	if (here > 12)
		BN_TEST_SKIP("nice values: this process is too nice");
	run_between(5, 300, 0, 400, program, &saw, &log);
	snprintf(want, sizeof want, "%d\n300\n", here + 5);
	ck_assert_str_eq(saw.ptr, want);
	ck_assert_msg(!strstr(log.ptr, "limit") && !strstr(log.ptr, "nicer"), "%s", log.ptr);
	bn_buf_release(&saw);
	bn_buf_release(&log);
}
END_TEST

START_TEST(test_queue_says_in_the_log_which_limits_and_nice_value_could_not_be_given)
{
	NEED_PROGRAM();
	bn_buf saw = BN_BUF_INIT, log = BN_BUF_INIT;
	char want[40];
	int here = getpriority(PRIO_PROCESS, 0);
	if (here > 12)
		BN_TEST_SKIP("nice values: this process is too nice");
	run_between(5, 300, 7, 200, program, &saw, &log);
	snprintf(want, sizeof want, "%d\n200\n", here + 7);
	ck_assert_str_eq(saw.ptr, want);
	ck_assert_msg(
		strstr(log.ptr,
			"binnacle: limit NOFILE is lower than when the run was queued (ulimit of "
			"whoever started the queue)\n"
			"binnacle: the run is nicer than when it was queued: its runner is\n") !=
			NULL,
		"%s", log.ptr);
	bn_buf_release(&saw);
	bn_buf_release(&log);
}
END_TEST

BN_TEST_MAIN("core/launch/queue_shell",
	test_queue_gives_a_run_the_umask_and_the_limits_of_who_queued_it,
	test_queue_gives_a_run_the_nice_value_of_who_queued_it,
	test_queue_says_in_the_log_which_limits_and_nice_value_could_not_be_given)
