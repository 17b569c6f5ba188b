/* Processes: identified by pid and start time, started detached, measured and signalled as
 * trees. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

START_TEST(test_process_is_named_by_pid_and_start_time)
{
	uint64_t start = bn_process_start_ticks(getpid());
	ck_assert_uint_gt(start, 0);
	ck_assert(bn_process_is_alive(getpid(), start));
	ck_assert(bn_process_is_alive(getpid(), 0));
	ck_assert(!bn_process_is_alive(getpid(), start + 1));
	ck_assert(!bn_process_is_alive(0, 0) && !bn_process_is_alive(-1, 0));
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	siginfo_t info;
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	ck_assert(!bn_process_is_alive(pid, 0)); /* it is a zombie */
	waitpid(pid, NULL, 0);
	ck_assert_uint_eq(bn_process_start_ticks(pid), 0);
}
END_TEST

START_TEST(test_process_spawned_detached_is_in_its_own_session_and_logs)
{
	char dir[] = "/tmp/bn-process-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(dir));
	char *log = bn_path_join(dir, "log.txt");
	const char *argv[] = {
		"sh", "-c", "echo $WORD; pwd; cat; ls /proc/self/fd | wc -l; sleep 100", NULL};
	const char *set[] = {"WORD=hello", NULL};
	pid_t pid = 0;
	int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	ck_assert_int_ge(log_fd, 0);
	ck_assert_bn_ok(bn_process_spawn_detached(&pid, argv, set, dir, log_fd, &err), &err);
	close(log_fd);
	ck_assert_int_gt(pid, 1);
	ck_assert_int_ne(getsid(pid), getsid(0));
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < 500; i++) {
		bn_buf_clear(&b);
		bn_fs_read_file(bn_env_real(), log, &b, NULL);
		if (strstr(b.ptr, dir) && strchr(strstr(b.ptr, dir) + strlen(dir) + 1, '\n'))
			break;
		pause_ms(10);
	}
	ck_assert_msg(!strncmp(b.ptr, "hello\n", 6), "log: %s", b.ptr);
	/* stdin, stdout, stderr and the directory read by ls: no other descriptor was inherited. */
	ck_assert_msg(strstr(b.ptr, "\n4\n"), "log: %s", b.ptr);
	bn_process_mark other = {"WORD", "other"}, hello = {"WORD", "hello"};
	ck_assert_int_eq(bn_process_marked_signal(other, 0, 0), 0);
	ck_assert_int_ge(bn_process_marked_signal(hello, 0, 0), 1);
	ck_assert_int_ge(bn_process_marked_signal(hello, 0, SIGKILL), 1);
	bn_buf_release(&b);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
	bn_free(log);
}
END_TEST

START_TEST(test_process_spawn_says_what_cannot_be_run)
{
	const char *argv[] = {"/no/such/program", NULL};
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(
		bn_process_spawn_detached(NULL, argv, NULL, NULL, STDERR_FILENO, &e), BN_EIO);
	ck_assert_ptr_nonnull(strstr(e.msg, "/no/such/program"));
}
END_TEST

START_TEST(test_process_capture_collects_output_status_and_time_outs)
{
	const char *good[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	const char *slow[] = {"sleep", "100", NULL};
	const char *none[] = {"no-such-program-here", NULL};
	const char *flood[] = {"sh", "-c", "yes | head -c 100000", NULL};
	bn_buf b = BN_BUF_INIT;
	bn_err e = BN_ERR_INIT;
	int status = 0;
	ck_assert_bn_ok(bn_process_capture(good, 10000, 100, &b, &status, &err), &err);
	ck_assert_int_eq(status, 3);
	ck_assert_str_eq(b.ptr, "out\n");
	bn_buf_clear(&b);
	ck_assert_int_eq(bn_process_capture(slow, 50, 100, &b, &status, &e), BN_EIO);
	ck_assert_ptr_nonnull(strstr(e.msg, "50 ms"));
	bn_err_clear(&e);
	ck_assert_int_eq(bn_process_capture(none, 10000, 100, &b, &status, &e), BN_EIO);
	ck_assert_bn_ok(bn_process_capture(flood, 10000, 10, &b, &status, &err), &err);
	ck_assert_uint_eq(b.len, 10);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_process_tree_is_measured_and_signalled_whole)
{
	bn_process_usage u;
	int fd[2];
	char byte;
	ck_assert_int_eq(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			volatile char *memory = malloc(8 << 20);
			for (int i = 0; i < 8 << 20; i += 512)
				memory[i] = 1;
			if (write(fd[1], "x", 1) != 1)
				_exit(1);
			pause();
		}
		pause();
		_exit(0);
	}
	ck_assert_int_eq(read(fd[0], &byte, 1), 1);
	ck_assert_bn_ok(bn_process_tree_usage(&u, pid, true, &err), &err);
	ck_assert_int_eq(u.processes, 2);
	ck_assert_int_ge(u.threads, 2);
	ck_assert_int_ge(u.rss_bytes, 8 << 20);
	ck_assert_int_ge(u.cpu_ms, 0);
	ck_assert_bn_ok(bn_process_tree_usage(&u, pid, false, &err), &err);
	ck_assert_int_eq(u.processes, 1);
	bn_process_mark none = {"BN_TEST_NO_SUCH_MARK", "x"}, other = {"PATH", "another"};
	ck_assert_int_eq(bn_process_tree_signal_marked(pid, other, SIGKILL), 0);
	ck_assert_int_eq(bn_process_tree_signal_marked(pid, none, SIGKILL), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_process_tree_usage(&u, pid, true, &e), BN_ENOTFOUND);
}
END_TEST

START_TEST(test_process_reads_what_proc_says_about_itself)
{
	bn_process_self before, after;
	bn_process_read_self(&before, bn_env_real());
	ck_assert(before.cpu_seconds >= 0);
	ck_assert_int_ge(before.threads, 1);
	ck_assert_int_gt(before.rss_bytes, 100000);
	ck_assert_int_gt(before.virtual_bytes, before.rss_bytes);
	ck_assert_int_gt(before.max_descriptors, before.descriptors);
	double now = (double)bn_env_now_ms(bn_env_real()) / 1000;
	ck_assert(before.start_seconds <= now + 1 && before.start_seconds > now - 3600);
	int fd = open("/dev/null", O_RDONLY);
	volatile uint64_t sum = 0;
	do { /* until the clock of ticks has moved */
		for (int i = 0; i < 1000000; i++)
			sum += (uint64_t)i;
		bn_process_read_self(&after, bn_env_real());
	} while (after.cpu_seconds <= before.cpu_seconds);
	ck_assert_int_eq(after.descriptors, before.descriptors + 1);
	ck_assert_double_eq(after.start_seconds, before.start_seconds);
	close(fd);
}
END_TEST

static int open_nothing(
	const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	(void)env, (void)at, (void)path, (void)flags, (void)mode;
	return -EACCES;
}

START_TEST(test_process_that_may_not_read_proc_knows_nothing)
{
	bn_fs_ops blind = bn_fs_real;
	bn_env env = *bn_env_real();
	bn_process_self p;
	blind.open = open_nothing;
	env.fs = &blind;
	bn_process_read_self(&p, &env);
	ck_assert(isnan(p.cpu_seconds) && isnan(p.start_seconds));
	ck_assert_int_eq(p.rss_bytes, -1);
	ck_assert_int_eq(p.virtual_bytes, -1);
	ck_assert_int_eq(p.max_virtual_bytes, -1);
	ck_assert_int_eq(p.threads, -1);
	ck_assert_int_eq(p.descriptors, -1);
	ck_assert_int_eq(p.max_descriptors, -1);
}
END_TEST

START_TEST(test_process_signals_have_names)
{
	char buf[24];
	ck_assert_str_eq(bn_signal_name(SIGKILL, buf), "SIGKILL");
	ck_assert_str_eq(bn_signal_name(SIGSEGV, buf), "SIGSEGV");
	ck_assert_str_eq(bn_signal_name(77, buf), "signal 77");
}
END_TEST

BN_TEST_MAIN("core/base/process", test_process_is_named_by_pid_and_start_time,
	test_process_spawned_detached_is_in_its_own_session_and_logs,
	test_process_spawn_says_what_cannot_be_run,
	test_process_capture_collects_output_status_and_time_outs,
	test_process_tree_is_measured_and_signalled_whole,
	test_process_reads_what_proc_says_about_itself,
	test_process_that_may_not_read_proc_knows_nothing, test_process_signals_have_names)
