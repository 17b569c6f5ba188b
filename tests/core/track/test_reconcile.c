/* Runs that are gone: never started, supervised on other hosts or before a reboot; and readers
 * without write access. With real processes: tests/core/launch/test_exec.c. */
#include "core/track/reconcile.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/launch/launch.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/track.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

/* Sets the clock that many seconds ahead of the real one. */
static void set_clock(int64_t seconds)
{
	w.env.clock_ns = bn_env_now_ns(bn_env_real()) + seconds * 1000000000;
	w.env.clock_step_ns = 1000000;
}

static bn_run_info *reconcile(int n, size_t want_lost)
{
	bn_run_info *r = NULL;
	size_t lost = 99;
	ck_assert_bn_ok(bn_run_reconcile(w.ws, &lost, &err), &err);
	ck_assert_uint_eq(lost, want_lost);
	ck_assert_bn_ok(bn_run_get(&r, w.ws, track_id(n), &err), &err);
	return r;
}

/* Writes a supervisor's file as by another host, or by this one before a reboot. */
static void write_supervisor(int n, const char *host, const char *boot)
{
	bn_dir *dir = NULL;
	char *text = bn_strf("{\"host\":\"%s\",\"boot_id\":\"%s\",\"pid\":4000000,\"sid\":4000000,"
			     "\"start\":1,\"child\":0,\"since_ms\":1}\n",
		host, boot);
	ck_assert_bn_ok(bn_run_dir_make(&dir, w.ws, track_id(n), &err), &err);
	ck_assert_bn_ok(bn_dir_write_file(dir, "supervisor", text, strlen(text), 0644, &err), &err);
	bn_free(text);
	bn_dir_close(dir);
}

START_TEST(test_reconcile_leaves_a_run_alone_that_another_executor_may_start)
{
	track_make(&w);
	for (int n = 1; n <= 3; n++)
		track_run(&w, n, "one", NULL, NULL, "SCHEDULED");
	ck_assert_bn_ok(bn_runlog_submitted(w.ws, track_id(1), "slurm", NULL, &err), &err);
	ck_assert_bn_ok(bn_runlog_submitted(w.ws, track_id(1), "slurm", "4711_3", &err), &err);
	ck_assert_bn_ok(bn_runlog_submitted(w.ws, track_id(2), "local", track_id(2), &err), &err);
	track_sync(&w);
	set_clock(7 * 86400);
	bn_run_info *r = reconcile(1, 2);
	ck_assert_int_eq(r->status, BN_RUN_SCHEDULED);
	ck_assert_str_eq(r->executor, "slurm");
	ck_assert_str_eq(r->job_id, "4711_3");
	bn_run_info_free(r);
	for (int n = 2; n <= 3; n++) {
		r = reconcile(n, 0);
		ck_assert_int_eq(r->status, BN_RUN_LOST);
		ck_assert_str_eq(r->reason, "it was never started");
		bn_run_info_free(r);
	}
	track_remove(&w);
}
END_TEST

START_TEST(test_reconcile_gives_a_run_a_minute_to_start)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "SCHEDULED");
	track_sync(&w);
	bn_run_info *r = reconcile(1, 0);
	ck_assert_int_eq(r->status, BN_RUN_SCHEDULED);
	bn_run_info_free(r);
	set_clock(61);
	r = reconcile(1, 1);
	ck_assert_int_eq(r->status, BN_RUN_LOST);
	ck_assert_ptr_nonnull(strstr(r->reason, "never started"));
	bn_run_info_free(r);
	bn_run_info_free(reconcile(1, 0));
	track_remove(&w);
}
END_TEST

START_TEST(test_reconcile_leaves_other_hosts_alone_until_they_are_long_silent)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	write_supervisor(1, "some-other-node", "x");
	track_sync(&w);
	bn_run_info_free(reconcile(1, 0));
	set_clock(200);
	bn_run_info_free(reconcile(1, 0));
	ck_assert_bn_ok(bn_runlog_heartbeat(w.ws, track_id(1), 5000, &err), &err);
	track_sync(&w);
	set_clock(400);
	bn_run_info_free(reconcile(1, 0)); /* the last heartbeat was 200 s ago */
	set_clock(501);
	bn_run_info *r = reconcile(1, 1);
	ck_assert_int_eq(r->status, BN_RUN_LOST);
	ck_assert_ptr_nonnull(strstr(r->reason, "no sign of life"));
	bn_run_info_free(r);
	/* A late heartbeat does not change the verdict, but a later end does. */
	ck_assert_bn_ok(bn_runlog_finished(w.ws, track_id(1), "FINISHED", 0, 0, NULL, &err), &err);
	track_sync(&w);
	r = reconcile(1, 0);
	ck_assert_int_eq(r->status, BN_RUN_FINISHED);
	ck_assert_ptr_null(r->reason);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_reconcile_hears_the_heartbeat_of_a_run_without_a_directory)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	track_sync(&w);
	set_clock(100);
	bn_run_info_free(reconcile(1, 0));
	set_clock(301);
	bn_run_info *r = reconcile(1, 1);
	ck_assert_int_eq(r->status, BN_RUN_LOST);
	ck_assert_ptr_nonnull(strstr(r->reason, "no sign of life"));
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_reconcile_knows_that_a_reboot_ends_everything)
{
	track_make(&w);
	const bn_env *env = &w.env.env;
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	write_supervisor(1, env->host(env), "another-boot");
	track_sync(&w);
	bn_run_info *r = reconcile(1, 1);
	ck_assert_int_eq(r->status, BN_RUN_LOST);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_reconcile_sees_a_held_lock_as_life)
{
	bn_supervisor_lock lock;
	bn_supervisor s;
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	track_sync(&w);
	ck_assert_bn_ok(bn_supervisor_take(&lock, w.ws, track_id(1), &err), &err);
	bn_run_info_free(reconcile(1, 0));
	ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, track_id(1), geteuid(), &err), &err);
	ck_assert_int_eq(s.state, BN_SUPERVISOR_ALIVE);
	bn_supervisor_release(&lock);
	bn_run_info *r = reconcile(1, 1);
	ck_assert_int_eq(r->status, BN_RUN_LOST);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

static int refuse_mkdir(const bn_env *env, const bn_dir *at, const char *path, mode_t mode)
{
	(void)at;
	(void)env;
	(void)path;
	(void)mode;
	return -EACCES;
}

START_TEST(test_stop_signals_no_process_that_a_file_makes_up)
{
	bn_supervisor_lock lock;
	bn_supervisor s;
	bn_cancel signalled = BN_CANCEL_SIGNALLED;
	track_make(&w);
	const bn_env *env = &w.env.env;
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	track_sync(&w);
	ck_assert_bn_ok(bn_supervisor_take(&lock, w.ws, track_id(1), &err), &err);
	char *text = bn_strf("{\"host\":\"%s\",\"boot_id\":\"%s\",\"pid\":-1}", env->host(env),
		env->boot_id(env));
	ck_assert_int_eq(ftruncate(lock.fd, 0), 0);
	ck_assert_int_eq(pwrite(lock.fd, text, strlen(text), 0), (ssize_t)strlen(text));
	ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, track_id(1), geteuid(), &err), &err);
	ck_assert_int_eq(s.state, BN_SUPERVISOR_UNKNOWN);
	if (s.state == BN_SUPERVISOR_UNKNOWN) /* otherwise this would signal the user's processes */
		ck_assert_bn_ok(bn_launch_stop(w.ws, track_id(1), &signalled, &err), &err);
	ck_assert_int_eq(signalled, BN_CANCEL_ASKED);
	bn_supervisor_release(&lock);
	bn_free(text);
	track_remove(&w);
}
END_TEST

START_TEST(test_reconcile_by_somebody_who_may_not_write_is_no_error)
{
	bn_run_info *r = NULL;
	bn_fs_ops ops = bn_fs_real;
	ops.mkdir = refuse_mkdir;
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "SCHEDULED");
	track_sync(&w);
	bn_workspace_close(w.ws);
	w.ws = track_open(&w);
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	set_clock(61);
	w.env.env.fs = &ops; /* a writer's directory cannot be created */
	r = reconcile(1, 0);
	ck_assert_int_eq(r->status, BN_RUN_SCHEDULED);
	bn_run_info_free(r);
	w.env.env.fs = &bn_fs_real;
	track_remove(&w);
}
END_TEST

START_TEST(test_who_waits_for_a_run_hears_that_a_full_disk_hides_its_end)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "SCHEDULED");
	track_run(&w, 2, "two", NULL, NULL, "SCHEDULED");
	track_sync(&w);
	set_clock(30);
	w.env.env.fs = &faultfs_ops;
	faultfs_arm(FAULTFS_FULL, 1);
	ck_assert_bn_ok(bn_run_reconcile_one(w.ws, track_id(1), &err), &err); /* not lost yet */
	set_clock(61);
	ck_assert_int_eq(bn_run_reconcile_one(w.ws, track_id(1), &err), BN_EIO);
	ck_assert_ptr_nonnull(strstr(err.msg, "it was never started, and that cannot be recorded"));
	ck_assert_ptr_nonnull(strstr(err.msg, "No space left on device"));
	bn_err_clear(&err);
	bn_run_info_free(reconcile(1, 0));
	/* With free space the verdict is written, although the failed attempt lost its writer. */
	faultfs_arm(FAULTFS_NONE, 0);
	ck_assert_bn_ok(bn_run_reconcile_one(w.ws, track_id(1), &err), &err);
	bn_run_info *r = reconcile(1, 1); /* the second run */
	ck_assert_int_eq(r->status, BN_RUN_LOST);
	bn_run_info_free(r);
	w.env.env.fs = &bn_fs_real;
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/reconcile",
	test_reconcile_leaves_a_run_alone_that_another_executor_may_start,
	test_reconcile_gives_a_run_a_minute_to_start,
	test_reconcile_leaves_other_hosts_alone_until_they_are_long_silent,
	test_reconcile_hears_the_heartbeat_of_a_run_without_a_directory,
	test_reconcile_knows_that_a_reboot_ends_everything, test_reconcile_sees_a_held_lock_as_life,
	test_stop_signals_no_process_that_a_file_makes_up,
	test_reconcile_by_somebody_who_may_not_write_is_no_error,
	test_who_waits_for_a_run_hears_that_a_full_disk_hides_its_end)
