/* watch.c - see _exec.h: a run's process while it is alive. */
#include "core/base/process.h"
#include "core/launch/_child.h"
#include "core/launch/_exec.h"
#include "core/launch/_signals.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BEAT_FIRST_MS 250 /* run.started counts as a heartbeat: a short run needs no other */
#define BEAT_SECOND_MS 1000
#define LEFTOVER_GRACE_MS 2000
#define LOG_FLUSH_MS 5000
#define PRINT_MS 20               /* between reads of the output, if that is ours to do */
#define LEFTOVER_GIVE_UP_MS 20000 /* a process that even SIGKILL does not end hangs in the kernel */

/* ---- beats ---------------------------------------------------------------------------------- */

static void add_metric(bn_exec *x, const char *key, int64_t step, double value)
{
	if (value >= 0)
		bn_metric_set_add(&x->metrics, key, step, bn_env_now_ms(x->env), value);
}

static void measure(bn_exec *x, bn_err *err)
{
	bn_process_usage u;
	if (bn_process_tree_usage(&u, getpid(), false, NULL) < 0)
		return;
	int64_t step = (bn_exec_now_ms(x) - x->start_ms) / 1000;
	x->peak_rss = u.rss_bytes > x->peak_rss ? u.rss_bytes : x->peak_rss;
	add_metric(x, "system/rss_bytes", step, (double)u.rss_bytes);
	add_metric(x, "system/cpu_seconds", step, (double)u.cpu_ms / 1000);
	add_metric(x, "system/read_bytes", step, (double)u.read_bytes);
	add_metric(x, "system/write_bytes", step, (double)u.write_bytes);
	bn_runlog_resources(x->ws, x->id, &u, x->peak_rss, err);
}

/* A failed write does not end the run: the next heartbeat tries again. */
static void beat(bn_exec *x, int64_t next_ms)
{
	bn_err err = BN_ERR_INIT;
	bn_runlog_heartbeat(x->ws, x->id, next_ms, &err);
	measure(x, &err);
	if (err.code == 0)
		bn_runlog_metrics(x->ws, x->id, &x->metrics, &err);
	bn_workspace_commit(x->ws, &err);
	if (err.code == 0)
		bn_metric_set_clear(&x->metrics);
	bn_workspace_tick(x->ws, &err);
	if (err.code)
		bn_exec_complain("heartbeat", &err);
}

/* ---- ending it ------------------------------------------------------------------------------ */

/* Every descendant except runs that it has started, which have their own supervisors. Returns their
 * number. */
static int signal_tree(const bn_exec *x, int signal)
{
	return bn_process_tree_signal_marked(
		getpid(), (bn_process_mark){BN_RUN_MARK, x->id}, signal);
}

static void begin_stop(bn_exec *x)
{
	if (x->kill_ms)
		return;
	x->kill_ms = bn_exec_now_ms(x) + bn_spec_grace_s(x->spec) * 1000 + 1;
	/* A child that has not yet called exec carries the mark of the process that forked the
	 * supervisor. */
	if (signal_tree(x, SIGTERM) == 0 && x->child > 0)
		kill(x->child, SIGTERM);
	/* A stopped process gets it only now. */
	signal_tree(x, SIGCONT);
}

static void look_for_stop(bn_exec *x)
{
	int64_t now = bn_exec_now_ms(x), limit = bn_exec_limit_s(x);
	if (!x->asked && bn_run_stop_asked(x->run_dir, x->id)) {
		x->asked = true;
		begin_stop(x);
	}
	if (limit > 0 && !x->kill_ms && now - x->start_ms >= limit * 1000) {
		x->timed_out = true;
		begin_stop(x);
	}
	if (x->kill_ms && now >= x->kill_ms && !x->killed) {
		x->killed = true;
		signal_tree(x, SIGKILL);
	}
}

static void reap(bn_exec *x)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == x->child) {
			x->status = status;
			x->ended = true;
		}
}

static void handle(bn_exec *x, int signal)
{
	if (bn_signal_is_stop(signal)) {
		x->asked = true;
		begin_stop(x);
	} else if (bn_signal_is_for_one(signal) && x->child > 0) {
		kill(x->child, signal);
	} else if (bn_signal_is_for_group(signal) && x->child > 0) {
		kill(-x->child, signal);
	}
}

/* ---- its output --------------------------------------------------------------------------- */

/* If the guard is gone, or cannot do it. We also hold its end of the pipe, so nothing got SIGPIPE. */
static bool writes_log(bn_exec *x)
{
	if (getppid() == x->lock.guard && !atomic_load(&x->pump.shared->is_left))
		return false;
	if (x->writer.fd < 0 && bn_log_writer_open(&x->writer, x->run_dir, NULL) < 0)
		return false;
	bn_log_pump_step(&x->pump, &x->writer);
	return true;
}

void bn_exec_flush_log(bn_exec *x)
{
	int64_t end = bn_exec_now_ms(x) + LOG_FLUSH_MS;
	while (!bn_log_pump_is_empty(&x->pump) && bn_exec_now_ms(x) < end)
		if (!writes_log(x))
			nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* One signal, or a timeout. */
static void wait_signal(bn_exec *x, int64_t ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
	sigset_t all;
	sigfillset(&all);
	int signal = sigtimedwait(&all, NULL, &ts);
	if (signal > 0)
		handle(x, signal);
}

bool bn_exec_look_for_stop(bn_exec *x)
{
	bool asked = false;
	sigset_t all;
	int signal;
	sigfillset(&all);
	while ((signal = sigtimedwait(&all, NULL, &(struct timespec){0, 0})) > 0)
		asked = asked || bn_signal_is_stop(signal);
	asked = asked || (!x->asked && bn_run_stop_asked(x->run_dir, x->id));
	x->asked = x->asked || asked;
	return asked;
}

static int64_t clamp(int64_t v, int64_t least, int64_t most)
{
	if (v < least)
		return least;
	return v > most ? most : v;
}

void bn_exec_watch(bn_exec *x)
{
	int64_t interval = clamp(BEAT_SECOND_MS, 1, x->beat_ms);
	int64_t next_beat = bn_exec_now_ms(x) + clamp(BEAT_FIRST_MS, 1, x->beat_ms);
	while (!x->ended) {
		int64_t now = bn_exec_now_ms(x);
		if (now >= next_beat) {
			beat(x, interval);
			next_beat = now + interval;
			interval = clamp(interval * 2, 1, x->beat_ms);
		}
		look_for_stop(x);
		/* Signals are delayed only by reading the files. */
		int64_t most = x->kill_ms ? 100 : 1000;
		if (writes_log(x))
			most = PRINT_MS;
		wait_signal(x, clamp(next_beat - bn_exec_now_ms(x), 1, most));
		reap(x);
	}
}

/* Every descendant of a subreaper is its child, or becomes so when its parents are gone. */
static bool has_children(void)
{
	siginfo_t info;
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

void bn_exec_end_leftovers(bn_exec *x)
{
	int64_t deadline = bn_exec_now_ms(x) + LEFTOVER_GRACE_MS;
	if (!has_children() || signal_tree(x, SIGTERM) == 0)
		return;
	signal_tree(x, SIGCONT);
	bn_child_log("binnacle: ending processes that the run left behind");
	for (;;) {
		reap(x);
		if (signal_tree(x, 0) == 0 || bn_exec_now_ms(x) >= deadline + LEFTOVER_GIVE_UP_MS)
			return;
		if (bn_exec_now_ms(x) >= deadline)
			signal_tree(x, SIGKILL);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
}

void bn_exec_pause(bn_exec *x, int64_t ms)
{
	int64_t end = bn_exec_now_ms(x) + ms, now;
	x->child = 0;
	while ((now = bn_exec_now_ms(x)) < end && !x->kill_ms) {
		look_for_stop(x);
		wait_signal(x, clamp(end - now, 1, 1000));
	}
}
