/*
 * Runs as processes, with the real program: what is recorded when a command ends well, badly or by a signal, when
 * its supervisor or all of its processes are killed with SIGKILL, and when it is asked to stop.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/launch/launch.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/launched.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static launched_run run;
static bn_err err = BN_ERR_INIT;

START_TEST(test_exec_records_a_good_end_with_metrics_and_artifacts)
{
	NEED_PROGRAM();
	bn_series_list l;
	bn_artifacts a;
	bn_pairs p;
	launched_shell(&run,
		"\"$BINNACLE\" log metric loss=0.5 --step 3 && \"$BINNACLE\" log param lr=0.1 && "
		"mkdir $BINNACLE_RUN_DIR/artifacts && echo x > $BINNACLE_RUN_DIR/artifacts/x.txt "
		"&& "
		"echo '{\"rmse\": 2.5, \"test\": {\"mae\": 1}, \"note\": \"no number\"}' "
		"> metrics.json",
		10, 0);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert_int_eq(r->exit_code, 0);
	ck_assert_int_gt(r->peak_rss_bytes, 0);
	ck_assert_bn_ok(bn_series_find_all(&l, run.w.ws, run.id, &err), &err);
	ck_assert_double_eq(bn_series_list_get(&l, "loss")->last, 0.5);
	ck_assert_double_eq(bn_series_list_get(&l, "rmse")->last, 2.5);
	ck_assert_double_eq(bn_series_list_get(&l, "test_mae")->last, 1);
	ck_assert_bn_ok(bn_run_params(&p, run.w.ws, run.id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&p, "lr"), "0.1");
	ck_assert_bn_ok(bn_run_artifacts(&a, run.w.ws, run.id, &err), &err);
	ck_assert_int_eq(a.count, 1);
	ck_assert_str_eq(a.items[0].path, "x.txt");
	bn_series_list_release(&l);
	bn_artifacts_release(&a);
	bn_pairs_release(&p);
	launched_end(&run, r);
}
END_TEST

/* As on a host that has folded records of another host whose clock is ahead. */
START_TEST(test_exec_comes_after_the_creation_whose_clock_was_ahead)
{
	NEED_PROGRAM();
	bn_pairs p;
	launched_make(&run);
	run.w.env.clock_ns = bn_env_now_ns(bn_env_real()) + 3600 * (int64_t)1000000000;
	run.w.env.clock_step_ns = 1000000;
	launched_shell(&run, "\"$BINNACLE\" log param lr=0.1", 10, 0);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert_bn_ok(bn_run_params(&p, run.w.ws, run.id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&p, "lr"), "0.1");
	bn_pairs_release(&p);
	launched_end(&run, r);
}
END_TEST

/* A link could lead to a file that another user, or readers of the artifact, may not see. */
START_TEST(test_exec_stores_nothing_that_a_link_leads_to)
{
	NEED_PROGRAM();
	bn_series_list l;
	bn_artifacts a;
	bn_buf log = BN_BUF_INIT;
	launched_shell(&run,
		"mkdir $BINNACLE_RUN_DIR/artifacts && cd $BINNACLE_RUN_DIR/artifacts && "
		"echo secret > ../../../secret && ln -s ../../../secret b.txt && "
		"ln -s ../../.. c && echo x > a.txt && mkfifo d && echo y > e.txt && "
		"echo '{\"rmse\": 2.5}' > ../other.json && ln -s other.json ../metrics.json",
		10, 0);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert_bn_ok(bn_run_artifacts(&a, run.w.ws, run.id, &err), &err);
	ck_assert_int_eq(a.count, 2);
	ck_assert_str_eq(a.items[0].path, "a.txt");
	ck_assert_str_eq(a.items[1].path, "e.txt");
	ck_assert_bn_ok(bn_series_find_all(&l, run.w.ws, run.id, &err), &err);
	ck_assert_ptr_null(bn_series_list_get(&l, "rmse"));
	char *path = bn_workspace_path(run.w.ws, "runs/%s/log.txt", run.id);
	ck_assert_bn_ok(bn_fs_read_file(&run.w.env.env, path, &log, &err), &err);
	ck_assert_msg(strstr(log.ptr, "artifacts/b.txt"), "log: %s", log.ptr);
	ck_assert_msg(strstr(log.ptr, "link"), "log: %s", log.ptr);
	bn_free(path);
	bn_buf_release(&log);
	bn_series_list_release(&l);
	bn_artifacts_release(&a);
	launched_end(&run, r);
}
END_TEST

/* If runs/<id> has become a link, nothing is started, read or written through it. */
START_TEST(test_exec_does_not_enter_a_run_directory_that_is_a_link)
{
	bn_supervisor s;
	bn_dir *dir = NULL;
	bn_run_log log;
	bn_err e = BN_ERR_INIT;
	const char *planted = "0123456789abcdef0123456789abcdef";
	launched_make(&run);
	char *link_path = bn_workspace_path(run.w.ws, "runs/%s", planted);
	char *outside = bn_workspace_path(run.w.ws, "../outside");
	char *secret = bn_path_join(outside, "log.txt");
	ck_assert_bn_ok(bn_fs_make_dirs(&run.w.env.env, outside, 0755, &err), &err);
	ck_assert_bn_ok(bn_fs_write_file(&run.w.env.env, secret, "secret", 6, 0644, &err), &err);
	ck_assert_int_eq(symlink(outside, link_path), 0);
	ck_assert_int_eq(bn_run_dir_make(&dir, run.w.ws, planted, &e), BN_EREFUSED);
	bn_err_clear(&e);
	ck_assert_int_eq(bn_run_log_open(&log, run.w.ws, planted, geteuid(), &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "link"));
	ck_assert_bn_ok(bn_supervisor_find(&s, run.w.ws, planted, geteuid(), &err), &err);
	ck_assert_int_eq(s.state, BN_SUPERVISOR_UNKNOWN);
	bn_free(link_path);
	bn_free(outside);
	bn_free(secret);
	launched_end(&run, NULL);
}
END_TEST

START_TEST(test_exec_records_exit_status_and_signal_by_name)
{
	NEED_PROGRAM();
	launched_shell(&run, "exit 3", 10, 0);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->exit_code, 3);
	launched_end(&run, r);
	launched_shell(&run, "kill -SEGV $$", 10, 0);
	r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->signal, SIGSEGV);
	ck_assert_ptr_nonnull(strstr(r->reason, "SIGSEGV"));
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_says_when_the_command_cannot_be_run)
{
	NEED_PROGRAM();
	launched_make(&run);
	launched_start(&run,
		json_pack("{s[s] ss}", "command", "/no/such/program", "workdir", run.w.dir.path));
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->exit_code, 127);
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_kill_9_of_the_command_is_failed_with_the_signal)
{
	NEED_PROGRAM();
	launched_shell(&run, "echo $$ > pid; exec sleep 100", 10, 0);
	kill(launched_pid(&run, "pid"), SIGKILL);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->signal, SIGKILL);
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_kill_9_of_the_supervisor_is_lost_and_leaves_no_orphan)
{
	NEED_PROGRAM();
	bn_supervisor s;
	launched_shell(&run, "sleep 100 & echo $! > grandchild; echo $$ > pid; wait", 10, 0);
	pid_t child = launched_pid(&run, "pid"), grandchild = launched_pid(&run, "grandchild");
	ck_assert_bn_ok(bn_supervisor_find(&s, run.w.ws, run.id, geteuid(), &err), &err);
	ck_assert_int_eq(s.state, BN_SUPERVISOR_ALIVE);
	ck_assert_int_eq(s.child, child);
	kill(s.pid, SIGKILL);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "LOST");
	ck_assert_ptr_nonnull(strstr(r->reason, "supervisor"));
	ck_assert_msg(launched_wait_dead(child), "the command outlives its supervisor");
	ck_assert_msg(
		launched_wait_dead(grandchild), "the command's child outlives the reconciliation");
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_kill_9_of_both_is_lost)
{
	NEED_PROGRAM();
	bn_supervisor s;
	launched_shell(&run, "echo $$ > pid; exec sleep 100", 10, 0);
	pid_t child = launched_pid(&run, "pid");
	ck_assert_bn_ok(bn_supervisor_find(&s, run.w.ws, run.id, geteuid(), &err), &err);
	kill(s.pid, SIGKILL);
	kill(child, SIGKILL);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "LOST");
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_kill_9_of_the_supervisor_at_any_moment_ends_in_a_state)
{
	NEED_PROGRAM();
	int by_status[BN_RUN_STATUSES] = {0}, killed = 0;
	for (int i = 0; i < 24; i++) {
		bn_supervisor s = {.state = BN_SUPERVISOR_NONE};
		launched_shell(&run, "exit 0", 1, 0);
		for (int k = 0; k < 500 && s.state == BN_SUPERVISOR_NONE; k++) {
			launched_pause_ms(1);
			ck_assert_bn_ok(
				bn_supervisor_find(&s, run.w.ws, run.id, geteuid(), &err), &err);
		}
		launched_pause_ms(i);
		killed += s.state == BN_SUPERVISOR_ALIVE && kill(s.pid, SIGKILL) == 0;
		bn_run_info *r = launched_wait_end(&run);
		by_status[r->status]++;
		ck_assert_msg(r->status == BN_RUN_FINISHED || r->status == BN_RUN_LOST,
			"%s after %d ms: %s", bn_run_status_name(r->status), i, r->reason);
		launched_end(&run, r);
	}
	printf("NOTE: supervisor killed at %d moments: %d LOST, %d FINISHED, none left RUNNING\n",
		killed, by_status[BN_RUN_LOST], by_status[BN_RUN_FINISHED]);
}
END_TEST

START_TEST(test_exec_survives_the_death_of_its_launcher_and_hangups)
{
	NEED_PROGRAM();
	bn_supervisor s;
	launched_shell(&run, "echo $$ > pid; until [ -e go ]; do sleep 0.05; done", 10, 0);
	pid_t child = launched_pid(&run, "pid");
	ck_assert_bn_ok(bn_supervisor_find(&s, run.w.ws, run.id, geteuid(), &err), &err);
	ck_assert_int_ne(getsid(s.pid), getsid(0));
	kill(s.pid, SIGHUP);
	kill(s.pid, SIGHUP);
	launched_pause_ms(200);
	ck_assert(bn_process_is_alive(s.pid, 0) && bn_process_is_alive(child, 0));
	char *go = bn_path_join(run.w.dir.path, "go");
	ck_assert_bn_ok(bn_fs_write_file(&run.w.env.env, go, "", 0, 0644, &err), &err);
	bn_free(go);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_stop_ends_politely_and_kills_what_does_not_listen)
{
	NEED_PROGRAM();
	bn_cancel signalled = BN_CANCEL_ASKED;
	launched_shell(&run,
		"trap 'echo bye > bye; exit 0' TERM; echo $$ > pid; "
		"while :; do sleep 0.05; done",
		10, 0);
	launched_pid(&run, "pid");
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, &signalled, &err), &err);
	ck_assert_int_eq(signalled, BN_CANCEL_SIGNALLED);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "KILLED");
	char *bye = bn_path_join(run.w.dir.path, "bye");
	ck_assert_msg(bn_fs_exists(&run.w.env.env, bye), "SIGTERM did not reach the command");
	bn_free(bye);
	/* The end is recorded a moment before the supervisor exits. */
	bn_supervisor s = {.state = BN_SUPERVISOR_ALIVE};
	for (int i = 0; i < 500 && s.state == BN_SUPERVISOR_ALIVE; i++) {
		ck_assert_bn_ok(bn_supervisor_find(&s, run.w.ws, run.id, geteuid(), &err), &err);
		launched_pause_ms(10);
	}
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_launch_stop(run.w.ws, run.id, NULL, &e), BN_ECONFLICT);
	launched_end(&run, r);

	launched_shell(&run, "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done", 0, 0);
	pid_t child = launched_pid(&run, "pid");
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, NULL, &err), &err);
	r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "KILLED");
	ck_assert_int_eq(r->signal, SIGKILL);
	ck_assert(launched_wait_dead(child));
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_stop_by_file_reaches_a_supervisor_that_no_signal_can)
{
	NEED_PROGRAM();
	bn_cancel signalled = BN_CANCEL_SIGNALLED;
	launched_make(&run);
	bn_spec *spec = launched_spec(json_pack("{s[ss] si ss}", "command", "sleep", "100",
		"grace_s", 1, "workdir", run.w.dir.path));
	bn_launch_options opt = {.program = run.program};
	ck_assert_bn_ok(bn_launch_prepare(run.w.ws, spec, &opt, run.id, &err), &err);
	/* It has no supervisor here, as if that ran on another host. */
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, &signalled, &err), &err);
	ck_assert_int_eq(signalled, BN_CANCEL_ASKED);
	const char *argv[] = {run.program, "-C", run.w.dir.path, "exec", run.id, NULL};
	bn_buf out = BN_BUF_INIT;
	int status = 0;
	ck_assert_bn_ok(bn_process_capture(argv, 30000, 4096, &out, &status, &err), &err);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "KILLED");
	bn_buf_release(&out);
	bn_spec_free(spec);
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_stop_ends_a_run_whose_inputs_are_being_hashed)
{
	NEED_PROGRAM();
	bn_supervisor s = {.pid = 0};
	launched_make(&run);
	launched_write_file(&run, "input");
	bn_spec *spec = launched_spec(json_pack("{s[ss] s[{ss}] ss}", "command", "touch", "ran",
		"inputs", "path", "input", "workdir", run.w.dir.path));
	bn_launch_options opt = {.program = run.program};
	ck_assert_bn_ok(bn_launch_prepare(run.w.ws, spec, &opt, run.id, &err), &err);
	bn_spec_free(spec);
	/* Hashing a sparse file of 1 TiB takes long enough. */
	char *path = bn_path_join(run.w.dir.path, "input");
	ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0);
	bn_free(path);
	const char *argv[] = {run.program, "-C", run.w.dir.path, "exec", run.id, NULL};
	ck_assert_bn_ok(
		bn_process_spawn_detached(NULL, argv, NULL, NULL, STDERR_FILENO, &err), &err);
	for (int i = 0; i < 1000 && s.state != BN_SUPERVISOR_ALIVE; i++) {
		launched_pause_ms(10);
		ck_assert_bn_ok(bn_supervisor_find(&s, run.w.ws, run.id, geteuid(), &err), &err);
	}
	launched_pause_ms(100);
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, NULL, &err), &err);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "KILLED");
	ck_assert_str_eq(r->reason, "stopped on request, before it started");
	ck_assert(!launched_has_file(&run, "ran"));
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_ends_a_run_over_its_time_limit)
{
	NEED_PROGRAM();
	launched_shell(&run, "exec sleep 100", 1, 1);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_ptr_nonnull(strstr(r->reason, "time limit"));
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_ends_what_the_command_left_running)
{
	NEED_PROGRAM();
	launched_shell(&run, "sleep 100 & echo $! > grandchild; exit 0", 10, 0);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert(launched_wait_dead(launched_pid(&run, "grandchild")));
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_does_not_supervise_a_run_twice)
{
	NEED_PROGRAM();
	launched_shell(&run, "echo $$ > pid; exec sleep 100", 1, 0);
	launched_pid(&run, "pid");
	const char *argv[] = {run.program, "-C", run.w.dir.path, "exec", run.id, NULL};
	bn_buf out = BN_BUF_INIT;
	int status = 0;
	ck_assert_bn_ok(bn_process_capture(argv, 20000, 4096, &out, &status, &err), &err);
	ck_assert_int_eq(status, 6);
	bn_buf_release(&out);
	bn_run_info *r = launched_look(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "RUNNING");
	bn_run_info_free(r);
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, NULL, &err), &err);
	launched_end(&run, launched_wait_end(&run));
}
END_TEST

BN_TEST_MAIN("core/launch/exec", test_exec_records_a_good_end_with_metrics_and_artifacts,
	test_exec_comes_after_the_creation_whose_clock_was_ahead,
	test_exec_stores_nothing_that_a_link_leads_to,
	test_exec_does_not_enter_a_run_directory_that_is_a_link,
	test_exec_records_exit_status_and_signal_by_name,
	test_exec_says_when_the_command_cannot_be_run,
	test_exec_kill_9_of_the_command_is_failed_with_the_signal,
	test_exec_kill_9_of_the_supervisor_is_lost_and_leaves_no_orphan,
	test_exec_kill_9_of_both_is_lost,
	test_exec_kill_9_of_the_supervisor_at_any_moment_ends_in_a_state,
	test_exec_survives_the_death_of_its_launcher_and_hangups,
	test_exec_stop_ends_politely_and_kills_what_does_not_listen,
	test_exec_stop_by_file_reaches_a_supervisor_that_no_signal_can,
	test_exec_stop_ends_a_run_whose_inputs_are_being_hashed,
	test_exec_ends_a_run_over_its_time_limit, test_exec_ends_what_the_command_left_running,
	test_exec_does_not_supervise_a_run_twice)
