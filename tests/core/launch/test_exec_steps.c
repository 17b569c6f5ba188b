/*
 * The supervisor at each change of the disk that it makes: killed before it, killed half-way through it, or with
 * the change failing. The run ends in a state, the command is never started twice, and no process is left.
 *
 * The supervisor is the program's code (bn_exec_run) in a fork of the test, with a file system that counts
 * changes; its guard is another fork.
 */
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/launch/exec.h"
#include "core/launch/launch.h"
#include "core/run/runlog.h"
#include "core/store/object/object.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/launched.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* Replaces the C library's fork: fails when the test asks for it. */
static bool forks_fail;

pid_t fork(void)
{
	static pid_t (*next)(void);
	if (forks_fail) {
		errno = EAGAIN;
		return -1;
	}
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "fork");
	return next();
}

static launched_run run;
static bn_err err = BN_ERR_INIT;
static long *changes; /* made by the supervisor, shared with it */

#define SCRIPT \
	"echo $$ >> ran; mkdir $BINNACLE_RUN_DIR/artifacts; " \
	"echo a > $BINNACLE_RUN_DIR/artifacts/a; echo '{\"m\": 1}' > " \
	"$BINNACLE_RUN_DIR/metrics.json; " \
	"setsid sleep 100 & sleep 0.3"

static void prepare(void)
{
	bn_launch_options opt = {.program = "/bin/false", .workdir = run.w.dir.path};
	bn_spec *spec = launched_spec(
		json_pack("{s[sss] si}", "command", "sh", "-c", SCRIPT, "grace_s", 1));
	char *ran = bn_path_join(run.w.dir.path, "ran");
	unlink(ran);
	bn_free(ran);
	ck_assert_bn_ok(bn_launch_prepare(run.w.ws, spec, &opt, run.id, &err), &err);
	bn_spec_free(spec);
}

static int count_and_fail(const bn_env *env, int fd)
{
	int rc = faultfs_ops.close(env, fd);
	/* The guard, which writes the log, makes fewer changes. */
	if (faultfs_count() > *changes)
		*changes = faultfs_count();
	return rc;
}

/* Supervises the run in a separate process with that fault. Waits for guard and supervisor. */
static void supervise(faultfs_kind kind, long at)
{
	static bn_fs_ops ops;
	int status;
	*changes = 0;
	pid_t pid = fork();
	if (pid == 0) {
		ops = faultfs_ops;
		ops.close = count_and_fail;
		run.w.env.env.fs = &ops;
		faultfs_arm(kind, at);
		bn_exec_run(&run.w.env.env, NULL, run.w.dir.path, run.id, NULL, -1, &status, NULL);
		_exit(0);
	}
	launched_wait_child(pid, 60, "the guard");
}

static int lines_of_ran(void)
{
	char *path = bn_path_join(run.w.dir.path, "ran");
	FILE *f = fopen(path, "r");
	int n = 0;
	for (int c; f && (c = getc(f)) != EOF;)
		n += c == '\n';
	if (f)
		fclose(f);
	bn_free(path);
	return n;
}

/* The output of the command is stored, exactly once. */
static void check_whole(const char *what, long at)
{
	bn_artifacts a;
	bn_points m;
	ck_assert_bn_ok(bn_run_artifacts(&a, run.w.ws, run.id, &err), &err);
	ck_assert_msg(a.count == 1, "%s %ld: FINISHED with %zu artifacts", what, at, a.count);
	ck_assert_msg(bn_object_verify(run.w.ws, a.items[0].hash, &err) == 0, "%s %ld: %s", what,
		at, err.msg);
	bn_artifacts_release(&a);
	ck_assert_bn_ok(bn_series_read(&m, run.w.ws, run.id, "m", &err), &err);
	ck_assert_msg(m.count == 1, "%s %ld: FINISHED with %zu numbers", what, at, (size_t)m.count);
	bn_points_release(&m);
}

/* After the fault the run has ended, or it never started and another supervisor can take it. */
static bn_run_status settle(const char *what, long at)
{
	bn_run_info *r = launched_look(&run);
	if (r->status == BN_RUN_SCHEDULED) {
		ck_assert_msg(
			lines_of_ran() == 0, "%s %ld: the command ran, and is scheduled", what, at);
		bn_run_info_free(r);
		supervise(FAULTFS_NONE, 0);
		r = launched_look(&run);
		ck_assert_msg(r->status == BN_RUN_FINISHED, "%s %ld: again: %s", what, at,
			r->reason ? r->reason : bn_run_status_name(r->status));
	}
	bn_run_status status = r->status;
	ck_assert_msg(
		!bn_run_status_is_live(status), "%s %ld: %s", what, at, bn_run_status_name(status));
	ck_assert_msg(lines_of_ran() <= 1, "%s %ld: started %d times", what, at, lines_of_ran());
	ck_assert_msg(status != BN_RUN_FINISHED || lines_of_ran() == 1,
		"%s %ld: FINISHED without having run", what, at);
	if (status == BN_RUN_FINISHED)
		check_whole(what, at);
	if (status == BN_RUN_FAILED && strstr(what, "full"))
		ck_assert_msg(r->failure && !strcmp(r->failure, BN_RUN_NO_SPACE) &&
				      strstr(r->reason, "No space left on device"),
			"%s %ld: %s", what, at, r->reason ? r->reason : "no reason");
	ck_assert_msg(launched_wait_none(&run) == 0, "%s %ld: a process is left", what, at);
	bn_run_info_free(r);
	return status;
}

static long count_changes(void)
{
	prepare();
	supervise(FAULTFS_NONE, 0);
	long n = *changes;
	ck_assert_int_eq(settle("no fault", 0), BN_RUN_FINISHED);
	ck_assert_int_gt(n, 20);
	return n;
}

static void make(void)
{
	changes = mmap(
		NULL, sizeof *changes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(changes, MAP_FAILED);
	launched_make(&run);
}

/* Tries every step-th change, from a random one on. */
static void try_each(faultfs_kind kind, const char *what, long step)
{
	long n, by_status[16] = {0}, tried = 0;
	make();
	n = count_changes();
	long first = 1 + (long)(bn_env_now_ns(bn_env_real()) / 1000 % step);
	for (long at = first; at <= n; at += step, tried++) {
		prepare();
		supervise(kind, at);
		by_status[settle(what, at)]++;
	}
	printf("NOTE: %s at %ld of %ld changes of the disk: %ld FINISHED, %ld FAILED, %ld LOST\n",
		what, tried, n, by_status[BN_RUN_FINISHED], by_status[BN_RUN_FAILED],
		by_status[BN_RUN_LOST]);
	ck_assert_int_eq(
		by_status[BN_RUN_FINISHED] + by_status[BN_RUN_FAILED] + by_status[BN_RUN_LOST],
		tried);
	launched_end(&run, NULL);
}

static long stride(long usual)
{
	const char *text = getenv("BINNACLE_CRASH_STRIDE");
	return text && atol(text) > 0 ? atol(text) : usual;
}

START_TEST(test_exec_supervisor_killed_at_each_change_of_the_disk)
{
	try_each(FAULTFS_KILL, "killed", stride(2));
}
END_TEST

START_TEST(test_exec_supervisor_killed_amid_each_change_of_the_disk)
{
	try_each(FAULTFS_TEAR, "torn", stride(4));
}
END_TEST

START_TEST(test_exec_each_change_of_the_disk_fails)
{
	try_each(FAULTFS_EIO, "EIO", stride(4));
}
END_TEST

START_TEST(test_exec_each_change_of_the_disk_finds_it_full)
{
	try_each(FAULTFS_ENOSPC, "full once", stride(4));
}
END_TEST

START_TEST(test_exec_disk_stays_full_from_each_change_on)
{
	faultfs_share();
	try_each(FAULTFS_FILLED, "full", stride(4));
}
END_TEST

START_TEST(test_exec_without_a_process_for_the_supervisor_ends_the_run)
{
	int status = 0;
	make();
	prepare();
	pid_t pid = fork();
	if (pid == 0) {
		forks_fail = true;
		int rc = bn_exec_run(
			&run.w.env.env, NULL, run.w.dir.path, run.id, NULL, -1, &status, NULL);
		_exit(rc == BN_EIO ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	bn_run_info *r = launched_look(&run);
	ck_assert_int_eq(r->status, BN_RUN_FAILED);
	ck_assert_ptr_nonnull(strstr(r->reason, "cannot start the supervisor"));
	bn_run_info_free(r);
	launched_end(&run, NULL);
}
END_TEST

BN_TEST_MAIN("core/launch/exec_steps", test_exec_supervisor_killed_at_each_change_of_the_disk,
	test_exec_supervisor_killed_amid_each_change_of_the_disk,
	test_exec_each_change_of_the_disk_fails, test_exec_each_change_of_the_disk_finds_it_full,
	test_exec_disk_stays_full_from_each_change_on,
	test_exec_without_a_process_for_the_supervisor_ends_the_run)
