/*
 * Runs as processes, with the real program: what is recorded when a command ends well, badly or by
 * a signal, when its supervisor or everything is killed with SIGKILL, and when it is asked to stop.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/launch/launch.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/spec.h"
#include "core/run/supervisor.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static track_world w;
static bn_err err = BN_ERR_INIT;
static char id[BN_RUN_ID_TEXT];
static int64_t launcher_ahead_ns; /* of the real clock, which the supervisor has */

#define NEED_PROGRAM() \
	const char *program = getenv("BINNACLE"); \
	if (!program || access(program, X_OK) != 0) \
	BN_TEST_SKIP("launching runs: BINNACLE names no program")

/* Takes the reference over. */
static bn_spec *spec_take(json_t *json)
{
	bn_spec *spec = NULL;
	ck_assert_bn_ok(bn_spec_from_json(&spec, json, "spec", &err), &err);
	json_decref(json);
	return spec;
}

static void launch(const char *program, json_t *json)
{
	bn_launch_options opt = {.program = program};
	bn_spec *spec = spec_take(json);
	ck_assert_bn_ok(bn_launch(w.ws, spec, &opt, id, &err), &err);
	bn_spec_free(spec);
}

/* Starts a shell command as a run. */
static void start_with(const char *program, const char *script, int grace_s, int limit_s)
{
	track_make(&w);
	if (launcher_ahead_ns) {
		w.env.clock_ns = bn_env_now_ns(bn_env_real()) + launcher_ahead_ns;
		w.env.clock_step_ns = 1000000;
	}
	setenv("BINNACLE_HEARTBEAT", "100ms", 1);
	setenv("BINNACLE", program, 1);
	unsetenv("BINNACLE_RUN_ID");
	json_t *spec = json_pack("{s[sss] si ss}", "command", "sh", "-c", script, "grace_s",
		grace_s, "workdir", w.dir.path);
	if (limit_s)
		json_object_set_new(spec, "time_limit_s", json_integer(limit_s));
	launch(program, spec);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static bn_run_info *look(void)
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_reconcile(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
	return r;
}

/* Waits, as a reader does, until the run has left the state. Yours. */
static bn_run_info *wait_while(bn_run_status a, bn_run_status b)
{
	for (int i = 0; i < 1500; i++) {
		bn_run_info *r = look();
		if (r->status != a && r->status != b)
			return r;
		bn_run_info_free(r);
		pause_ms(20);
	}
	ck_abort_msg("the run stays in its state for 30 s");
	return NULL;
}

static bn_run_info *wait_end(void)
{
	return wait_while(BN_RUN_SCHEDULED, BN_RUN_RUNNING);
}

/* Waits until the script has written its pids to a file: the last word on the line n. */
static pid_t wait_pid_file(const char *name)
{
	char *path = bn_path_join(w.dir.path, name);
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < 1500; i++) {
		bn_buf_clear(&b);
		if (bn_fs_read_file(&w.env.env, path, &b, NULL) == 0 && strchr(b.ptr, '\n'))
			break;
		pause_ms(20);
	}
	pid_t pid = (pid_t)atoi(b.ptr);
	ck_assert_int_gt(pid, 1);
	bn_buf_release(&b);
	bn_free(path);
	return pid;
}

static bool wait_dead(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (!bn_process_is_alive(pid, 0))
			return true;
		pause_ms(20);
	}
	return false;
}

static void end_test(bn_run_info *r)
{
	bn_run_info_free(r);
	track_remove(&w);
}

START_TEST(test_exec_records_a_good_end_with_metrics_and_artifacts)
{
	NEED_PROGRAM();
	bn_series_list l;
	bn_artifacts a;
	bn_pairs p;
	start_with(program,
		"\"$BINNACLE\" log metric loss=0.5 --step 3 && \"$BINNACLE\" log param lr=0.1 && "
		"mkdir $BINNACLE_RUN_DIR/artifacts && echo x > $BINNACLE_RUN_DIR/artifacts/x.txt "
		"&& "
		"echo '{\"rmse\": 2.5, \"test\": {\"mae\": 1}, \"note\": \"no number\"}' "
		"> metrics.json",
		10, 0);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert_int_eq(r->exit_code, 0);
	ck_assert_int_gt(r->peak_rss_bytes, 0);
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, id, &err), &err);
	ck_assert_double_eq(bn_series_list_get(&l, "loss")->last, 0.5);
	ck_assert_double_eq(bn_series_list_get(&l, "rmse")->last, 2.5);
	ck_assert_double_eq(bn_series_list_get(&l, "test_mae")->last, 1);
	ck_assert_bn_ok(bn_run_params(&p, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&p, "lr"), "0.1");
	ck_assert_bn_ok(bn_run_artifacts(&a, w.ws, id, &err), &err);
	ck_assert_int_eq(a.count, 1);
	ck_assert_str_eq(a.items[0].path, "x.txt");
	bn_series_list_release(&l);
	bn_artifacts_release(&a);
	bn_pairs_release(&p);
	end_test(r);
}
END_TEST

/* As on a host that has folded what another one, whose clock is ahead, has written. */
START_TEST(test_exec_comes_after_the_creation_whose_clock_was_ahead)
{
	NEED_PROGRAM();
	bn_pairs p;
	launcher_ahead_ns = 3600 * (int64_t)1000000000;
	start_with(program, "\"$BINNACLE\" log param lr=0.1", 10, 0);
	launcher_ahead_ns = 0;
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert_bn_ok(bn_run_params(&p, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&p, "lr"), "0.1");
	bn_pairs_release(&p);
	end_test(r);
}
END_TEST

/* A link could lead to what another user, or the reader of an artifact, must not see. */
START_TEST(test_exec_stores_nothing_that_a_link_leads_to)
{
	NEED_PROGRAM();
	bn_series_list l;
	bn_artifacts a;
	bn_buf log = BN_BUF_INIT;
	start_with(program,
		"mkdir $BINNACLE_RUN_DIR/artifacts && cd $BINNACLE_RUN_DIR/artifacts && "
		"echo secret > ../../../secret && ln -s ../../../secret b.txt && "
		"ln -s ../../.. c && echo x > a.txt && mkfifo d && echo y > e.txt && "
		"echo '{\"rmse\": 2.5}' > ../other.json && ln -s other.json ../metrics.json",
		10, 0);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert_bn_ok(bn_run_artifacts(&a, w.ws, id, &err), &err);
	ck_assert_int_eq(a.count, 2);
	ck_assert_str_eq(a.items[0].path, "a.txt");
	ck_assert_str_eq(a.items[1].path, "e.txt");
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, id, &err), &err);
	ck_assert_ptr_null(bn_series_list_get(&l, "rmse"));
	char *path = bn_workspace_path(w.ws, "runs/%s/log.txt", id);
	ck_assert_bn_ok(bn_fs_read_file(&w.env.env, path, &log, &err), &err);
	ck_assert_msg(strstr(log.ptr, "artifacts/b.txt"), "log: %s", log.ptr);
	ck_assert_msg(strstr(log.ptr, "link"), "log: %s", log.ptr);
	bn_free(path);
	bn_buf_release(&log);
	bn_series_list_release(&l);
	bn_artifacts_release(&a);
	end_test(r);
}
END_TEST

/* runs/<id> that has become a link: nothing is started, read or written behind it. */
START_TEST(test_exec_does_not_enter_a_run_directory_that_is_a_link)
{
	bn_supervisor s;
	bn_dir *dir = NULL;
	int fd;
	bn_err e = BN_ERR_INIT;
	const char *planted = "0123456789abcdef0123456789abcdef";
	track_make(&w);
	char *link_path = bn_workspace_path(w.ws, "runs/%s", planted);
	char *outside = bn_workspace_path(w.ws, "../outside");
	char *secret = bn_path_join(outside, "log.txt");
	ck_assert_bn_ok(bn_fs_make_dirs(&w.env.env, outside, 0755, &err), &err);
	ck_assert_bn_ok(bn_fs_write_file(&w.env.env, secret, "secret", 6, 0644, &err), &err);
	ck_assert_int_eq(symlink(outside, link_path), 0);
	ck_assert_int_eq(bn_run_dir_make(&dir, w.ws, planted, &e), BN_EREFUSED);
	bn_err_clear(&e);
	ck_assert_int_eq(bn_run_log_open(&fd, w.ws, planted, &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "link"));
	ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, planted, &err), &err);
	ck_assert_int_eq(s.state, BN_SUPERVISOR_UNKNOWN);
	bn_free(link_path);
	bn_free(outside);
	bn_free(secret);
	track_remove(&w);
}
END_TEST

START_TEST(test_exec_records_exit_status_and_signal_by_name)
{
	NEED_PROGRAM();
	start_with(program, "exit 3", 10, 0);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->exit_code, 3);
	end_test(r);
	start_with(program, "kill -SEGV $$", 10, 0);
	r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->signal, SIGSEGV);
	ck_assert_ptr_nonnull(strstr(r->reason, "SIGSEGV"));
	end_test(r);
}
END_TEST

START_TEST(test_exec_says_when_the_command_cannot_be_run)
{
	NEED_PROGRAM();
	track_make(&w);
	launch(program,
		json_pack("{s[s] ss}", "command", "/no/such/program", "workdir", w.dir.path));
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->exit_code, 127);
	end_test(r);
}
END_TEST

START_TEST(test_exec_kill_9_of_the_command_is_failed_with_the_signal)
{
	NEED_PROGRAM();
	start_with(program, "echo $$ > pid; exec sleep 100", 10, 0);
	kill(wait_pid_file("pid"), SIGKILL);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->signal, SIGKILL);
	end_test(r);
}
END_TEST

START_TEST(test_exec_kill_9_of_the_supervisor_is_lost_and_leaves_no_orphan)
{
	NEED_PROGRAM();
	bn_supervisor s;
	start_with(program, "sleep 100 & echo $! > grandchild; echo $$ > pid; wait", 10, 0);
	pid_t child = wait_pid_file("pid"), grandchild = wait_pid_file("grandchild");
	ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, id, &err), &err);
	ck_assert_int_eq(s.state, BN_SUPERVISOR_ALIVE);
	ck_assert_int_eq(s.child, child);
	kill(s.pid, SIGKILL);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "LOST");
	ck_assert_ptr_nonnull(strstr(r->reason, "supervisor"));
	ck_assert_msg(wait_dead(child), "the command outlives its supervisor");
	ck_assert_msg(wait_dead(grandchild), "the command's child outlives the reconciliation");
	end_test(r);
}
END_TEST

START_TEST(test_exec_kill_9_of_both_is_lost)
{
	NEED_PROGRAM();
	bn_supervisor s;
	start_with(program, "echo $$ > pid; exec sleep 100", 10, 0);
	pid_t child = wait_pid_file("pid");
	ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, id, &err), &err);
	kill(s.pid, SIGKILL);
	kill(child, SIGKILL);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "LOST");
	end_test(r);
}
END_TEST

START_TEST(test_exec_kill_9_of_the_supervisor_at_any_moment_ends_in_a_state)
{
	NEED_PROGRAM();
	int by_status[6] = {0}, killed = 0;
	for (int i = 0; i < 24; i++) {
		bn_supervisor s = {.state = BN_SUPERVISOR_NONE};
		start_with(program, "exit 0", 1, 0);
		for (int k = 0; k < 500 && s.state == BN_SUPERVISOR_NONE; k++) {
			pause_ms(1);
			ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, id, &err), &err);
		}
		pause_ms(i);
		killed += s.state == BN_SUPERVISOR_ALIVE && kill(s.pid, SIGKILL) == 0;
		bn_run_info *r = wait_end();
		by_status[r->status]++;
		ck_assert_msg(r->status == BN_RUN_FINISHED || r->status == BN_RUN_LOST,
			"%s after %d ms: %s", bn_run_status_name(r->status), i, r->reason);
		end_test(r);
	}
	printf("NOTE: supervisor killed at %d moments: %d LOST, %d FINISHED, none left RUNNING\n",
		killed, by_status[BN_RUN_LOST], by_status[BN_RUN_FINISHED]);
}
END_TEST

START_TEST(test_exec_survives_the_death_of_its_launcher_and_hangups)
{
	NEED_PROGRAM();
	bn_supervisor s;
	start_with(program, "echo $$ > pid; until [ -e go ]; do sleep 0.05; done", 10, 0);
	pid_t child = wait_pid_file("pid");
	ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, id, &err), &err);
	ck_assert_int_ne(getsid(s.pid), getsid(0));
	kill(s.pid, SIGHUP);
	kill(s.pid, SIGHUP);
	pause_ms(200);
	ck_assert(bn_process_is_alive(s.pid, 0) && bn_process_is_alive(child, 0));
	char *go = bn_path_join(w.dir.path, "go");
	ck_assert_bn_ok(bn_fs_write_file(&w.env.env, go, "", 0, 0644, &err), &err);
	bn_free(go);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	end_test(r);
}
END_TEST

START_TEST(test_exec_stop_ends_politely_and_kills_what_does_not_listen)
{
	NEED_PROGRAM();
	bool signalled = false;
	start_with(program,
		"trap 'echo bye > bye; exit 0' TERM; echo $$ > pid; "
		"while :; do sleep 0.05; done",
		10, 0);
	wait_pid_file("pid");
	ck_assert_bn_ok(bn_launch_stop(w.ws, id, &signalled, &err), &err);
	ck_assert(signalled);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "KILLED");
	char *bye = bn_path_join(w.dir.path, "bye");
	ck_assert_msg(bn_fs_exists(&w.env.env, bye), "SIGTERM did not reach the command");
	bn_free(bye);
	/* The end is on record a moment before the supervisor is gone. */
	bn_supervisor s = {.state = BN_SUPERVISOR_ALIVE};
	for (int i = 0; i < 500 && s.state == BN_SUPERVISOR_ALIVE; i++) {
		ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, id, &err), &err);
		pause_ms(10);
	}
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_launch_stop(w.ws, id, NULL, &e), BN_ECONFLICT);
	end_test(r);

	start_with(program, "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done", 0, 0);
	pid_t child = wait_pid_file("pid");
	ck_assert_bn_ok(bn_launch_stop(w.ws, id, NULL, &err), &err);
	r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "KILLED");
	ck_assert_int_eq(r->signal, SIGKILL);
	ck_assert(wait_dead(child));
	end_test(r);
}
END_TEST

START_TEST(test_exec_stop_by_file_reaches_a_supervisor_that_no_signal_can)
{
	NEED_PROGRAM();
	bool signalled = true;
	track_make(&w);
	bn_spec *spec = spec_take(json_pack(
		"{s[ss] si ss}", "command", "sleep", "100", "grace_s", 1, "workdir", w.dir.path));
	bn_launch_options opt = {.program = program};
	ck_assert_bn_ok(bn_launch_prepare(w.ws, spec, &opt, id, &err), &err);
	/* It has no supervisor yet, as if that were on another host. */
	ck_assert_bn_ok(bn_launch_stop(w.ws, id, &signalled, &err), &err);
	ck_assert(!signalled);
	const char *argv[] = {program, "-C", w.dir.path, "exec", id, NULL};
	bn_buf out = BN_BUF_INIT;
	int status = 0;
	ck_assert_bn_ok(bn_process_capture(argv, 30000, 4096, &out, &status, &err), &err);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "KILLED");
	bn_buf_release(&out);
	bn_spec_free(spec);
	end_test(r);
}
END_TEST

START_TEST(test_exec_ends_a_run_over_its_time_limit)
{
	NEED_PROGRAM();
	start_with(program, "exec sleep 100", 1, 1);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_ptr_nonnull(strstr(r->reason, "time limit"));
	end_test(r);
}
END_TEST

START_TEST(test_exec_ends_what_the_command_left_running)
{
	NEED_PROGRAM();
	start_with(program, "sleep 100 & echo $! > grandchild; exit 0", 10, 0);
	bn_run_info *r = wait_end();
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert(wait_dead(wait_pid_file("grandchild")));
	end_test(r);
}
END_TEST

START_TEST(test_exec_does_not_supervise_a_run_twice)
{
	NEED_PROGRAM();
	start_with(program, "echo $$ > pid; exec sleep 100", 1, 0);
	wait_pid_file("pid");
	const char *argv[] = {program, "-C", w.dir.path, "exec", id, NULL};
	bn_buf out = BN_BUF_INIT;
	int status = 0;
	ck_assert_bn_ok(bn_process_capture(argv, 20000, 4096, &out, &status, &err), &err);
	ck_assert_int_eq(status, 6);
	bn_buf_release(&out);
	bn_run_info *r = look();
	ck_assert_str_eq(bn_run_status_name(r->status), "RUNNING");
	bn_run_info_free(r);
	ck_assert_bn_ok(bn_launch_stop(w.ws, id, NULL, &err), &err);
	end_test(wait_end());
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
	test_exec_ends_a_run_over_its_time_limit, test_exec_ends_what_the_command_left_running,
	test_exec_does_not_supervise_a_run_twice)
