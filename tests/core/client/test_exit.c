/* Programs that exit without closing their runs. */
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "share/include/binnacle.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POINTS 100

static track_world w;
static bn_err err = BN_ERR_INIT;
static int told[2]; /* ids of runs, from the program to the test */

static void make_world(void)
{
	unsetenv("BINNACLE_RUN_ID");
	track_make(&w);
	ck_assert_int_eq(pipe(told), 0);
}

static void tell(binnacle_run *run)
{
	if (write(told[1], binnacle_run_id(run), BN_RUN_ID_TEXT) != BN_RUN_ID_TEXT)
		_exit(90);
}

/* Reads an id. If the program has exited or sends nothing, the test fails instead of waiting forever. */
static void hear(char id[BN_RUN_ID_TEXT])
{
	struct pollfd from = {told[0], POLLIN, 0};
	siginfo_t ended = {0};
	for (int tries = 0; poll(&from, 1, 100) == 0; tries++) {
		if (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT | WNOHANG) == 0 && ended.si_pid &&
			poll(&from, 1, 0) == 0)
			ck_abort_msg("the program ended early: status %d", ended.si_status);
		ck_assert_msg(tries < 600, "the program opens no run");
	}
	ck_assert_int_eq(read(told[0], id, BN_RUN_ID_TEXT), BN_RUN_ID_TEXT);
}

/* In the program: opens a run (NULL: a new one), logs points, and sends its id. */
static binnacle_run *open_and_log(const char *id)
{
	binnacle_options opt = {.workspace = w.dir.path, .run_id = id};
	binnacle_run *run = binnacle_run_open(&opt);
	if (!run)
		_exit(91);
	for (int i = 0; i < POINTS; i++)
		if (binnacle_log_metric(run, "x", i, i) != 0)
			_exit(92);
	tell(run);
	return run;
}

/* The exit status of the program. */
static int status_of(pid_t pid)
{
	int status = -1;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "status %x", (unsigned)status);
	return WEXITSTATUS(status);
}

static void check_run(const char *id, bn_run_status status, int64_t exit_code, int64_t points)
{
	bn_run_info *r = NULL;
	bn_series_list l;
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
	ck_assert_int_eq(r->status, status);
	if (status == BN_RUN_FINISHED || status == BN_RUN_FAILED)
		ck_assert_int_eq(r->exit_code, exit_code);
	bn_run_info_free(r);
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, id, &err), &err);
	ck_assert_int_eq(l.count ? l.items[0].count : 0, points);
	bn_series_list_release(&l);
}

/* Forks a program that logs and then calls `end`. */
static int program(void (*end)(binnacle_run *run), char id[BN_RUN_ID_TEXT])
{
	pid_t pid = fork();
	if (pid == 0) {
		end(open_and_log(NULL));
		_exit(93);
	}
	hear(id);
	return status_of(pid);
}

static void end_well(binnacle_run *run)
{
	(void)run;
	exit(0);
}

static void end_badly(binnacle_run *run)
{
	(void)run;
	exit(3);
}

START_TEST(test_exit_ends_a_run_that_was_left_open_with_the_exit_status)
{
	char id[BN_RUN_ID_TEXT];
	make_world();
	ck_assert_int_eq(program(end_well, id), 0);
	check_run(id, BN_RUN_FINISHED, 0, POINTS);
	ck_assert_int_eq(program(end_badly, id), 3);
	check_run(id, BN_RUN_FAILED, 3, POINTS);
	track_remove(&w);
}
END_TEST

static void end_at_once(binnacle_run *run)
{
	(void)run;
	_exit(0);
}

START_TEST(test_exit_does_nothing_after__exit_and_the_run_is_lost_in_words)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_info *r = NULL;
	make_world();
	ck_assert_int_eq(program(end_at_once, id), 0);
	for (int k = 0; k < 300; k++) { /* until the kernel has released its lock */
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_reconcile(w.ws, NULL, &err), &err);
		bn_run_info_free(r);
		ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
		if (r->status == BN_RUN_LOST)
			break;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	ck_assert_int_eq(r->status, BN_RUN_LOST);
	ck_assert_ptr_nonnull(strstr(r->reason, "its program (pid "));
	ck_assert_ptr_nonnull(
		strstr(r->reason, "without closing it: it was killed, or called _exit"));
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_exit_of_a_rank_writes_what_it_logged_and_does_not_end_the_run)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_created created = {.name = "x", .kind = "command", .title = "x"};
	make_world();
	ck_assert_bn_ok(bn_runlog_created(w.ws, track_id(1), &created, &err), &err);
	ck_assert_bn_ok(bn_runlog_started(w.ws, track_id(1), 5000, &err), &err);
	ck_assert_bn_ok(bn_run_clock_leave(w.ws, track_id(1), &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	pid_t pid = fork();
	if (pid == 0) {
		open_and_log(track_id(1));
		exit(3);
	}
	hear(id);
	ck_assert_int_eq(status_of(pid), 3);
	check_run(track_id(1), BN_RUN_RUNNING, 0, POINTS);
	track_remove(&w);
}
END_TEST

static void fork_and_end(binnacle_run *run)
{
	pid_t pid = fork();
	if (pid == 0)
		exit(7);
	if (status_of(pid) != 7 || binnacle_log_metric(run, "x", 1, POINTS) != 0)
		_exit(95);
	exit(0);
}

START_TEST(test_exit_of_a_forked_child_leaves_its_parents_run_alone)
{
	char id[BN_RUN_ID_TEXT];
	make_world();
	ck_assert_int_eq(program(fork_and_end, id), 0);
	check_run(id, BN_RUN_FINISHED, 0, POINTS + 1);
	track_remove(&w);
}
END_TEST

static void open_another_and_end(binnacle_run *run)
{
	(void)run;
	open_and_log(NULL);
	exit(2);
}

START_TEST(test_exit_ends_all_runs_that_are_open)
{
	char id[BN_RUN_ID_TEXT], other[BN_RUN_ID_TEXT];
	make_world();
	ck_assert_int_eq(program(open_another_and_end, id), 2);
	hear(other);
	check_run(id, BN_RUN_FAILED, 2, POINTS);
	check_run(other, BN_RUN_FAILED, 2, POINTS);
	track_remove(&w);
}
END_TEST

static void *log_for_ever(void *run)
{
	for (int64_t i = 0;; i++) {
		binnacle_log_metric(run, "y", 1, i);
		if (i % 100 == 0)
			binnacle_run_flush(run);
	}
	return NULL;
}

static void end_while_logging(binnacle_run *run)
{
	pthread_t thread;
	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, log_for_ever, run) != 0)
			_exit(96);
	nanosleep(&(struct timespec){0, 50000000}, NULL);
	exit(0);
}

START_TEST(test_exit_while_threads_log_and_flush)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_info *r = NULL;
	make_world();
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(program(end_while_logging, id), 0);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
		ck_assert_int_eq(r->status, BN_RUN_FINISHED);
		bn_run_info_free(r);
	}
	track_remove(&w);
}
END_TEST

static void *close_now(void *run)
{
	binnacle_run_close(run, 0);
	return NULL;
}

static long end_after_us;

static void end_while_another_closes(binnacle_run *run)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, close_now, run) != 0 || pthread_detach(thread) != 0)
		_exit(96);
	nanosleep(&(struct timespec){0, end_after_us * 1000}, NULL);
	exit(5);
}

START_TEST(test_exit_while_another_thread_closes_the_run_waits_for_its_end)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_info *r = NULL;
	make_world();
	for (int i = 0; i < 40; i++) {
		end_after_us = i * 100;
		ck_assert_int_eq(program(end_while_another_closes, id), 5);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
		/* Closed before, or ended by exit. */
		ck_assert_msg(r->status == BN_RUN_FINISHED ||
				      (r->status == BN_RUN_FAILED && r->exit_code == 5),
			"%s after %d us", bn_run_status_name(r->status), i * 100);
		int64_t code = r->status == BN_RUN_FINISHED ? 0 : 5;
		check_run(id, r->status, code, POINTS);
		bn_run_info_free(r);
	}
	track_remove(&w);
}
END_TEST

static void *open_and_close_for_ever(void *unused)
{
	(void)unused;
	for (;;) {
		binnacle_options opt = {.workspace = w.dir.path};
		binnacle_run_close(binnacle_run_open(&opt), 0);
	}
	return NULL;
}

static void end_while_others_open(binnacle_run *run)
{
	pthread_t thread;
	(void)run;
	for (int i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, open_and_close_for_ever, NULL) != 0)
			_exit(96);
	nanosleep(&(struct timespec){0, end_after_us * 1000}, NULL);
	exit(0);
}

START_TEST(test_exit_while_threads_open_and_close_runs_leaves_none_open)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_counts c;
	make_world();
	for (int i = 0; i < 10; i++) {
		end_after_us = 20000 + i * 700;
		ck_assert_int_eq(program(end_while_others_open, id), 0);
	}
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_count(&c, w.ws, &err), &err);
	ck_assert_int_gt(c.by_status[BN_RUN_FINISHED], 10);
	ck_assert_int_eq(c.by_status[BN_RUN_RUNNING] + c.by_status[BN_RUN_LOST] +
				 c.by_status[BN_RUN_SCHEDULED],
		0);
	track_remove(&w);
}
END_TEST

static binnacle_run *late;

static void log_and_close(void)
{
	if (binnacle_log_metric(late, "x", 1, POINTS) != 0 || binnacle_run_close(late, 5) != 0)
		_exit(97);
}

/* Like the destructor of a C++ object created before the first run was opened. */
START_TEST(test_exit_leaves_a_run_usable_for_those_who_run_later)
{
	char id[BN_RUN_ID_TEXT];
	make_world();
	pid_t pid = fork();
	if (pid == 0) {
		atexit(log_and_close);
		late = open_and_log(NULL);
		exit(0);
	}
	hear(id);
	ck_assert_int_eq(status_of(pid), 0);
	check_run(id, BN_RUN_FINISHED, 0, POINTS + 1);
	track_remove(&w);
}
END_TEST

static void end_on_a_full_disk(binnacle_run *run)
{
	if (binnacle_run_flush(run) != 0)
		_exit(98);
	binnacle_log_metric(run, "x", 1, POINTS);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){16, 16});
	if (dup2(told[1], STDERR_FILENO) < 0)
		_exit(99);
	exit(4);
}

START_TEST(test_exit_says_what_a_full_disk_refuses)
{
	char id[BN_RUN_ID_TEXT], said[1000] = "";
	make_world();
	ck_assert_int_eq(program(end_on_a_full_disk, id), 4);
	ck_assert_int_gt(read(told[0], said, sizeof said - 1), 0);
	ck_assert_msg(strstr(said, "not everything logged is on disk") != NULL, "%s", said);
	track_remove(&w);
}
END_TEST

/* Reads the pipe until all writers have closed it; closes this process's end for writing first. */
static void hear_all(char *said, size_t size)
{
	size_t n = 0;
	ssize_t got;
	close(told[1]);
	while (n + 1 < size && (got = read(told[0], said + n, size - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	close(told[0]);
}

/* The number of times the program reports on stderr that something is not on disk. Any other output fails the test. */
static int times_told(void (*end)(binnacle_run *run), int status, const char *why)
{
	char id[BN_RUN_ID_TEXT], said[2000];
	int times = 0;
	make_world();
	ck_assert_int_eq(program(end, id), status);
	hear_all(said, sizeof said);
	for (const char *at = said; (at = strstr(at, "not everything logged is on disk")); at++)
		times++;
	ck_assert_msg(times == 0 ? !said[0] : strstr(said, why) != NULL, "%s", said);
	track_remove(&w);
	return times;
}

static void stderr_to_test(void)
{
	if (dup2(told[1], STDERR_FILENO) < 0)
		_exit(99);
}

static void end_after_a_refusal(binnacle_run *run)
{
	stderr_to_test();
	binnacle_log_metric(run, "", 1, 1);
	binnacle_run_flush(run);
	exit(6);
}

static void end_after_asking(binnacle_run *run)
{
	stderr_to_test();
	binnacle_log_metric(run, "", 1, 1);
	if (!strstr(binnacle_run_error(run), "empty key"))
		_exit(98);
	exit(6);
}

/* Logs more than fits in memory while nothing can be written; then the disk has space again. */
static void drop_some(binnacle_run *run)
{
	char key[20];
	stderr_to_test();
	signal(SIGXFSZ, SIG_IGN);
	if (binnacle_run_flush(run) != 0)
		_exit(98);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){16, RLIM_INFINITY});
	for (int i = 0; i < (1 << 16) + 100; i++) {
		snprintf(key, sizeof key, "k%d", i);
		binnacle_log_tag(run, key, "v");
		if (i == 10 && binnacle_run_flush(run) == 0)
			_exit(97);
	}
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
}

static void end_after_drops(binnacle_run *run)
{
	drop_some(run);
	exit(6);
}

static void end_after_drops_that_were_told(binnacle_run *run)
{
	drop_some(run);
	if (binnacle_run_flush(run) == 0 || binnacle_run_flush(run) != 0)
		_exit(96);
	if (!binnacle_run_error(run)[0])
		_exit(95);
	exit(6);
}

static void end_while_a_close_fails(binnacle_run *run)
{
	pthread_t thread;
	stderr_to_test();
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){16, RLIM_INFINITY});
	if (pthread_create(&thread, NULL, close_now, run) != 0 || pthread_detach(thread) != 0)
		_exit(96);
	nanosleep(&(struct timespec){0, end_after_us * 1000}, NULL);
	exit(6);
}

START_TEST(test_exit_tells_once_what_was_refused_or_dropped_unless_that_was_asked_for)
{
	ck_assert_int_eq(times_told(end_after_a_refusal, 6, "an empty key"), 1);
	ck_assert_int_eq(times_told(end_after_asking, 6, ""), 0);
	ck_assert_int_eq(times_told(end_after_drops, 6, "File too large"), 1);
	ck_assert_int_eq(times_told(end_after_drops_that_were_told, 6, ""), 0);
}
END_TEST

/* A close that returned before exit has already reported the error to its caller. */
START_TEST(test_exit_tells_at_most_once_of_a_close_in_another_thread_that_fails)
{
	int told_of = 0;
	for (int i = 0; i < 12; i++) {
		end_after_us = i * 40;
		int times = times_told(end_while_a_close_fails, 6, "File too large");
		ck_assert_int_le(times, 1);
		told_of += times;
	}
	ck_assert_int_gt(told_of, 0);
}
END_TEST

static void open_late(void)
{
	open_and_log(NULL);
}

START_TEST(test_exit_ends_a_run_that_is_opened_while_the_program_exits)
{
	char id[BN_RUN_ID_TEXT], other[BN_RUN_ID_TEXT];
	make_world();
	pid_t pid = fork();
	if (pid == 0) {
		atexit(open_late);
		open_and_log(NULL);
		exit(3);
	}
	hear(id);
	ck_assert_int_eq(status_of(pid), 3);
	hear(other);
	check_run(id, BN_RUN_FAILED, 3, POINTS);
	check_run(other, BN_RUN_FAILED, 3, POINTS);
	track_remove(&w);
}
END_TEST

static int flags_of_own;

/* A file of the program is opened with the descriptor number of the stderr that it closed. */
static void end_with_an_own_file_as_stderr(binnacle_run *run)
{
	char path[300];
	snprintf(path, sizeof path, "%s/own", w.dir.path);
	close(STDERR_FILENO);
	if (open(path, O_WRONLY | O_CREAT | flags_of_own, 0600) != STDERR_FILENO ||
		write(STDERR_FILENO, "data\n", 5) != 5)
		_exit(94);
	binnacle_log_metric(run, "", 1, 1);
	exit(6);
}

static void check_own_file(int flags, const char *wanted)
{
	char id[BN_RUN_ID_TEXT], path[300], bytes[400] = "";
	make_world();
	flags_of_own = flags;
	ck_assert_int_eq(program(end_with_an_own_file_as_stderr, id), 6);
	snprintf(path, sizeof path, "%s/own", w.dir.path);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(bytes, 1, sizeof bytes - 1, f), 0);
	fclose(f);
	ck_assert_msg(strstr(bytes, wanted) && strncmp(bytes, "data\n", 5) == 0, "%s", bytes);
	ck_assert_msg(flags || strcmp(bytes, "data\n") == 0, "%s", bytes);
	track_remove(&w);
}

START_TEST(test_exit_says_nothing_into_a_file_of_the_program_but_into_its_log)
{
	check_own_file(0, "data");
	check_own_file(O_APPEND, "not everything logged is on disk");
}
END_TEST

static void end_with_nobody_at_stderr(binnacle_run *run)
{
	int ends[2];
	if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
		_exit(94);
	close(ends[0]);
	signal(SIGPIPE, SIG_DFL);
	binnacle_log_metric(run, "", 1, 1);
	exit(6);
}

START_TEST(test_exit_survives_a_stderr_that_nobody_reads)
{
	char id[BN_RUN_ID_TEXT];
	make_world();
	ck_assert_int_eq(program(end_with_nobody_at_stderr, id), 6);
	check_run(id, BN_RUN_FAILED, 6, POINTS);
	track_remove(&w);
}
END_TEST

#ifndef __SANITIZE_THREAD__ /* it does not support exit in a handler */
static void exit_in_handler(int signal)
{
	exit(signal == SIGALRM ? 0 : 1);
}

/* Runs after the library's exit handler. Destructors of linked libraries that a logging program does not have free
 * memory, and could wait for the malloc that the signal interrupted. */
static void leave(void)
{
	_exit(0);
}

static void log_until_the_handler_exits(binnacle_run *run)
{
	signal(SIGALRM, exit_in_handler);
	ualarm(30000, 0);
	for (int64_t i = 0;; i++)
		binnacle_log_metric(run, "y", 1, i);
}

/* The signal may arrive while any lock of the library is held. */
START_TEST(test_exit_from_a_signal_handler_ends)
{
	char id[BN_RUN_ID_TEXT];
	make_world();
	pid_t pid = fork();
	if (pid == 0) {
		atexit(leave);
		log_until_the_handler_exits(open_and_log(NULL));
	}
	hear(id);
	ck_assert_int_eq(status_of(pid), 0);
	track_remove(&w);
}
END_TEST
#endif

BN_TEST_MAIN("core/client/exit",
#ifndef __SANITIZE_THREAD__
	test_exit_from_a_signal_handler_ends,
#endif
	test_exit_ends_a_run_that_was_left_open_with_the_exit_status,
	test_exit_does_nothing_after__exit_and_the_run_is_lost_in_words,
	test_exit_of_a_rank_writes_what_it_logged_and_does_not_end_the_run,
	test_exit_of_a_forked_child_leaves_its_parents_run_alone,
	test_exit_ends_all_runs_that_are_open, test_exit_while_threads_log_and_flush,
	test_exit_while_another_thread_closes_the_run_waits_for_its_end,
	test_exit_while_threads_open_and_close_runs_leaves_none_open,
	test_exit_leaves_a_run_usable_for_those_who_run_later,
	test_exit_says_what_a_full_disk_refuses,
	test_exit_tells_once_what_was_refused_or_dropped_unless_that_was_asked_for,
	test_exit_tells_at_most_once_of_a_close_in_another_thread_that_fails,
	test_exit_ends_a_run_that_is_opened_while_the_program_exits,
	test_exit_says_nothing_into_a_file_of_the_program_but_into_its_log,
	test_exit_survives_a_stderr_that_nobody_reads)
