/*
 * The outcome of a run when each of its processes is killed, stopped or signalled at any moment: the state is
 * right, and no process of the run is left.
 *
 *	guard ── supervisor ── command ── near (in its process group)
 *	                          |------ far (setsid: in a session of its own; it logs to another run)
 *	                          `------ bare (the same, and without the run's environment)
 */
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/launch/launch.h"
#include "core/launch/stopping.h"
#include "tests/support/check_main.h"
#include "tests/support/launched.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static launched_run run;
static bn_err err = BN_ERR_INIT;

/* A child, a child in another session, and a daemon: without its parent, in another session, with another
 * environment. */
#define FAMILY \
	"sleep 100 & echo $! > near; BINNACLE_RUN_ID=other setsid sh -c 'echo $$ > far; exec " \
	"sleep 100' & " \
	"env -i setsid sh -c \"sh -c 'echo \\$\\$ > bare; exec sleep 100' & exit 0\" & " \
	"until [ -s far ] && [ -s bare ]; do sleep 0.01; done; "

static const char *const family[] = {"near", "far", "bare"};

static char state_of(pid_t pid)
{
	char path[40], text[300];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	const char *p = strrchr(text, ')');
	return p ? p[2] : '-';
}

static bool wait_state(pid_t pid, const char *states)
{
	for (int i = 0; i < 500; i++) {
		if (strchr(states, state_of(pid)))
			return true;
		launched_pause_ms(10);
	}
	return false;
}

static void family_pids(pid_t pids[3])
{
	for (int i = 0; i < 3; i++)
		pids[i] = launched_pid(&run, family[i]);
}

/* Waits for the end of the run in that state; none of its processes may be left. */
static void end_as(const char *status, const pid_t pids[3])
{
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_msg(!strcmp(bn_run_status_name(r->status), status), "%s, not %s: %s",
		bn_run_status_name(r->status), status, r->reason ? r->reason : "");
	for (int i = 0; pids && i < 3; i++)
		ck_assert_msg(launched_wait_dead(pids[i]), "%s outlives the run", family[i]);
	ck_assert_msg(launched_wait_none(&run) == 0, "a process of the run is left");
	launched_end(&run, r);
}

/* ---- signals -------------------------------------------------------------------------------- */

#define TRAPS \
	"trap 'echo > usr1' USR1; trap 'echo > usr2' USR2; trap 'echo > quit' QUIT; " \
	"trap 'echo > cont' CONT; echo $$ > pid; until [ -e go ]; do sleep 0.05; done; exit 0"

/* to_guard: signals go to the guard, which handles them like the supervisor. */
static void check_forwarding(bool to_guard)
{
	static const struct {
		int signal;
		const char *file;
	} passed[] = {{SIGUSR1, "usr1"}, {SIGUSR2, "usr2"}, {SIGQUIT, "quit"}, {SIGCONT, "cont"}};
	launched_shell(&run, TRAPS, 10, 0);
	pid_t child = launched_pid(&run, "pid");
	bn_supervisor s = launched_supervisor(&run);
	pid_t to = to_guard ? s.guard : s.pid;
	ck_assert_int_gt(to, 1);
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
		ck_assert_int_eq(kill(to, passed[i].signal), 0);
		ck_assert_msg(launched_wait_file(&run, passed[i].file), "%s did not arrive",
			passed[i].file);
	}
	ck_assert_int_eq(kill(to, SIGTSTP), 0);
	ck_assert_msg(wait_state(child, "T"), "SIGTSTP did not stop the command");
	ck_assert_msg(strchr("SR", state_of(s.pid)), "SIGTSTP stopped the supervisor");
	ck_assert_int_eq(kill(to, SIGCONT), 0);
	ck_assert_msg(wait_state(child, "SR"), "SIGCONT did not continue the command");
	launched_write_file(&run, "go");
	end_as("FINISHED", NULL);
}

START_TEST(test_exec_signals_reach_the_command)
{
	NEED_PROGRAM();
	check_forwarding(false);
	check_forwarding(true);
}
END_TEST

START_TEST(test_exec_no_signal_but_kill_is_fatal_to_the_supervisor)
{
	NEED_PROGRAM();
	static const int others[] = {SIGKILL, SIGSTOP, SIGTERM, SIGINT, SIGSEGV, SIGBUS, SIGFPE,
		SIGILL, SIGTRAP, SIGABRT, SIGSYS};
	launched_shell(&run, TRAPS, 10, 0);
	launched_pid(&run, "pid");
	bn_supervisor s = launched_supervisor(&run);
	for (int signal = 1; signal <= SIGRTMAX; signal++) {
		bool other = signal > SIGSYS && signal < SIGRTMIN; /* reserved by libc */
		for (size_t i = 0; i < sizeof others / sizeof *others; i++)
			other = other || others[i] == signal;
		if (other)
			continue;
		kill(s.guard, signal);
		kill(s.pid, signal);
	}
	launched_pause_ms(300);
	kill(s.pid, SIGCONT); /* after SIGTSTP */
	ck_assert(bn_process_is_alive(s.pid, 0) && bn_process_is_alive(s.guard, 0));
	launched_write_file(&run, "go");
	end_as("FINISHED", NULL);
}
END_TEST

/* ---- stopped -------------------------------------------------------------------------------- */

START_TEST(test_exec_supervisor_that_is_stopped_can_be_asked_to_end)
{
	NEED_PROGRAM();
	pid_t pids[3];
	bn_cancel signalled = BN_CANCEL_ASKED;
	launched_shell(&run, FAMILY "wait", 5, 0);
	family_pids(pids);
	bn_supervisor s = launched_supervisor(&run);
	kill(s.guard, SIGSTOP);
	kill(s.pid, SIGSTOP);
	ck_assert(wait_state(s.pid, "T"));
	bn_run_info *r = launched_look(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "RUNNING");
	bn_run_info_free(r);
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, &signalled, &err), &err);
	ck_assert_int_eq(signalled, BN_CANCEL_SIGNALLED);
	ck_assert_msg(launched_wait_dead(s.guard), "the guard stays, stopped");
	end_as("KILLED", pids);
}
END_TEST

START_TEST(test_exec_end_of_the_command_waits_for_a_supervisor_that_is_stopped)
{
	NEED_PROGRAM();
	launched_shell(&run, "echo $$ > pid; until [ -e go ]; do sleep 0.05; done; exit 3", 5, 0);
	pid_t child = launched_pid(&run, "pid");
	bn_supervisor s = launched_supervisor(&run);
	kill(s.pid, SIGSTOP);
	launched_write_file(&run, "go");
	ck_assert(launched_wait_dead(child)); /* it is a zombie */
	kill(s.pid, SIGCONT);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_int_eq(r->exit_code, 3);
	ck_assert_int_eq(launched_wait_none(&run), 0);
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_supervisor_that_is_stopped_and_killed_is_lost)
{
	NEED_PROGRAM();
	pid_t pids[3];
	launched_shell(&run, FAMILY "wait", 5, 0);
	family_pids(pids);
	bn_supervisor s = launched_supervisor(&run);
	kill(s.guard, SIGSTOP);
	kill(s.pid, SIGSTOP);
	kill(s.pid, SIGKILL);
	end_as("LOST", pids);
}
END_TEST

START_TEST(test_exec_command_that_is_stopped_can_be_asked_to_end)
{
	NEED_PROGRAM();
	launched_shell(&run,
		"trap 'echo > bye; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done", 20,
		0);
	pid_t child = launched_pid(&run, "pid");
	kill(child, SIGSTOP);
	ck_assert(wait_state(child, "T"));
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, NULL, &err), &err);
	ck_assert_msg(launched_wait_file(&run, "bye"), "SIGTERM did not reach the command");
	end_as("KILLED", NULL);
}
END_TEST

/* ---- sessions of their own ------------------------------------------------------------------ */

START_TEST(test_exec_children_in_sessions_of_their_own_end_with_the_run)
{
	NEED_PROGRAM();
	pid_t pids[3];
	launched_shell(&run, FAMILY "exit 0", 5, 0);
	family_pids(pids);
	end_as("FINISHED", pids);
	launched_shell(&run, FAMILY "wait", 5, 0);
	family_pids(pids);
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, NULL, &err), &err);
	end_as("KILLED", pids);
	launched_shell(&run, FAMILY "wait", 1, 1);
	family_pids(pids);
	end_as("FAILED", pids);
}
END_TEST

START_TEST(test_exec_kill_9_of_each_process_leaves_no_orphan)
{
	NEED_PROGRAM();
	static const char *const status[] = {"LOST", "LOST", "FAILED", "FAILED"};
	pid_t pids[3];
	for (int i = 0; i < 4; i++) {
		launched_shell(&run, FAMILY "wait", 5, 0);
		family_pids(pids);
		bn_supervisor s = launched_supervisor(&run);
		pid_t victims[] = {s.pid, -getpgid(s.pid), s.child, -s.child};
		ck_assert_int_eq(kill(victims[i], SIGKILL), 0);
		end_as(status[i], pids);
	}
}
END_TEST

START_TEST(test_exec_kill_9_of_the_guard_does_not_matter)
{
	NEED_PROGRAM();
	pid_t pids[3];
	launched_shell(&run, FAMILY "until [ -e go ]; do sleep 0.05; done", 5, 0);
	family_pids(pids);
	bn_supervisor s = launched_supervisor(&run);
	kill(s.guard, SIGKILL);
	ck_assert(launched_wait_dead(s.guard));
	launched_pause_ms(200);
	ck_assert(bn_process_is_alive(s.pid, 0) && bn_process_is_alive(s.child, 0));
	launched_write_file(&run, "go");
	end_as("FINISHED", pids);
}
END_TEST

/* A reader that finds the run LOST then kills the processes that still carry its id. */
START_TEST(test_exec_kill_9_of_guard_and_supervisor_leaves_no_marked_orphan)
{
	NEED_PROGRAM();
	pid_t pids[3];
	launched_shell(&run, FAMILY "wait", 5, 0);
	family_pids(pids);
	bn_supervisor s = launched_supervisor(&run);
	kill(s.guard, SIGSTOP);
	kill(s.pid, SIGKILL);
	kill(s.guard, SIGKILL);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "LOST");
	ck_assert(launched_wait_dead(pids[0]) && launched_wait_dead(pids[1]));
	ck_assert_int_eq(launched_wait_none(&run), 0);
	kill(pids[2], SIGKILL); /* bare: nothing identifies it as part of the run */
	launched_end(&run, r);
}
END_TEST

/* ---- at each moment ------------------------------------------------------------------------- */

enum { SUPERVISOR, SUPERVISOR_GROUP, COMMAND, COMMAND_GROUP, GUARD, VICTIMS };

static pid_t victim_of(const bn_supervisor *s, int which)
{
	switch (which) {
	case SUPERVISOR:
		return s->pid;
	case SUPERVISOR_GROUP:
		return s->pid > 1 && getpgid(s->pid) > 1 ? -getpgid(s->pid) : 0;
	case COMMAND:
		return s->child;
	case COMMAND_GROUP:
		return -s->child;
	default:
		return s->guard;
	}
}

/* Kills it `ms` after its pid is known; false if it had ended before. */
static bool kill_after(int which, int ms)
{
	bn_supervisor s = {.state = BN_SUPERVISOR_NONE};
	for (int i = 0; i < 1000; i++) {
		ck_assert_bn_ok(bn_supervisor_find(&s, run.w.ws, run.id, geteuid(), &err), &err);
		if (s.state == BN_SUPERVISOR_ALIVE && victim_of(&s, which) != 0)
			break;
		if (s.state == BN_SUPERVISOR_DEAD)
			return false;
		launched_pause_ms(1);
	}
	launched_pause_ms(ms);
	pid_t victim = victim_of(&s, which);
	return victim != 0 && kill(victim, SIGKILL) == 0;
}

START_TEST(test_exec_kill_9_at_each_moment_ends_in_a_state_and_leaves_nothing)
{
	NEED_PROGRAM();
	static const int moments[] = {0, 1, 2, 4, 7, 11, 16, 25};
	int by_status[16] = {0}, killed = 0;
	for (int which = 0; which < VICTIMS; which++)
		for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
			launched_shell(&run, "setsid sleep 100 & sleep 0.01", 1, 0);
			killed += kill_after(which, moments[i]);
			bn_run_info *r = launched_wait_end(&run);
			by_status[r->status]++;
			ck_assert_msg(r->status == BN_RUN_FINISHED || r->status == BN_RUN_FAILED ||
					      r->status == BN_RUN_LOST,
				"victim %d, %d ms: %s", which, moments[i],
				bn_run_status_name(r->status));
			ck_assert_msg(launched_wait_none(&run) == 0,
				"victim %d, %d ms: a process of the run is left", which,
				moments[i]);
			launched_end(&run, r);
		}
	printf("NOTE: %d of %zu killed in time: %d FINISHED, %d FAILED, %d LOST, nothing left\n",
		killed, VICTIMS * sizeof moments / sizeof *moments, by_status[BN_RUN_FINISHED],
		by_status[BN_RUN_FAILED], by_status[BN_RUN_LOST]);
}
END_TEST

/* ---- runs within runs ----------------------------------------------------------------------- */

START_TEST(test_exec_run_that_was_started_inside_a_run_goes_on_without_it)
{
	NEED_PROGRAM();
	launched_shell(&run,
		"\"$BINNACLE\" run start -q -- sh -c 'echo $$ > nested; "
		"until [ -e go ]; do sleep 0.05; done; echo > done'; "
		"until [ -s nested ]; do sleep 0.01; done; echo $$ > pid; setsid sleep 100 & ",
		5, 0);
	pid_t nested = launched_pid(&run, "nested");
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert_int_eq(launched_wait_none(&run), 0);
	ck_assert(bn_process_is_alive(nested, 0));
	launched_write_file(&run, "go");
	ck_assert(launched_wait_file(&run, "done"));
	ck_assert(launched_wait_dead(nested));
	launched_pause_ms(500); /* its supervisor writes into the directory that is removed next */
	launched_end(&run, r);
}
END_TEST

/* A debugger holds the supervisor, so SIGCONT has no effect; waiting for the end of the run is bounded nevertheless. */
START_TEST(test_exec_supervisor_that_stays_stopped_is_killed_for_who_waits_for_its_end)
{
	bn_stopping stopping;
	bn_err e = BN_ERR_INIT;
	bool killed = false;
	pid_t pids[3];
	NEED_PROGRAM();
	launched_shell(&run, FAMILY "sleep 100", 1, 0);
	bn_supervisor s = launched_supervisor(&run);
	family_pids(pids);
	if (ptrace(PTRACE_SEIZE, s.pid, NULL, NULL) != 0 ||
		ptrace(PTRACE_INTERRUPT, s.pid, NULL, NULL) != 0) {
		kill(s.pid, SIGKILL);
		launched_end(&run, launched_wait_end(&run));
		BN_TEST_SKIP("a stopped supervisor: no debugging here");
	}
	ck_assert(wait_state(s.pid, "tT"));
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, NULL, &err), &err);
	bn_stopping_begin(&stopping, run.w.ws, run.id);
	ck_assert_int_eq(stopping.grace_s, 1);
	for (int i = 0; i < 300 && !killed; i++) {
		ck_assert_bn_ok(bn_stopping_look(&stopping, run.w.ws, run.id, &killed, &err), &err);
		launched_pause_ms(50);
	}
	ck_assert(killed);
	ck_assert_int_eq(waitpid(s.pid, NULL, __WALL), s.pid); /* so its parent is notified */
	for (int i = 0; i < 3; i++)
		ck_assert_msg(launched_wait_dead(pids[i]), "%s outlives it", family[i]);
	stopping.begun_ms -= (1 + BN_STOPPING_LONGEST_S) * 1000;
	ck_assert_int_eq(bn_stopping_look(&stopping, run.w.ws, run.id, &killed, &e), BN_ECONFLICT);
	launched_end(&run, launched_wait_end(&run));
}
END_TEST

BN_TEST_MAIN("core/launch/exec_crash", test_exec_signals_reach_the_command,
	test_exec_no_signal_but_kill_is_fatal_to_the_supervisor,
	test_exec_supervisor_that_is_stopped_can_be_asked_to_end,
	test_exec_end_of_the_command_waits_for_a_supervisor_that_is_stopped,
	test_exec_supervisor_that_is_stopped_and_killed_is_lost,
	test_exec_command_that_is_stopped_can_be_asked_to_end,
	test_exec_children_in_sessions_of_their_own_end_with_the_run,
	test_exec_kill_9_of_each_process_leaves_no_orphan,
	test_exec_kill_9_of_the_guard_does_not_matter,
	test_exec_kill_9_of_guard_and_supervisor_leaves_no_marked_orphan,
	test_exec_kill_9_at_each_moment_ends_in_a_state_and_leaves_nothing,
	test_exec_run_that_was_started_inside_a_run_goes_on_without_it,
	test_exec_supervisor_that_stays_stopped_is_killed_for_who_waits_for_its_end)
