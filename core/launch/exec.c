/* exec.c - see exec.h. */
#include "core/launch/exec.h"

#include "core/base/buf.h"
#include "core/base/dir.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/launch/_child.h"
#include "core/launch/_leftovers.h"
#include "core/launch/data_env.h"
#include "core/launch/launch.h"
#include "core/launch/resolve.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BEAT_FIRST_MS 1000
#define BEAT_MS 5000
#define LEFTOVER_GRACE_MS 2000
#define LEFTOVER_GIVE_UP_MS 20000 /* a process that even SIGKILL does not end hangs in the kernel */
#define WRITE_TRIES 30

typedef struct exec {
	const bn_env *env;
	const bn_fold_class *const *classes;
	const char *id;
	bn_workspace *ws;
	bn_supervisor_lock lock;
	bn_spec *spec;
	bn_dir *run_dir;
	char **data_env;
	pid_t child;
	int64_t beat_ms;           /* heartbeat interval once settled */
	int64_t start_ms, kill_ms; /* monotonic; kill_ms 0: not stopping */
	int64_t peak_rss;
	bool asked, timed_out, killed; /* told to stop, over the time limit, had to be killed */
	bool ended;
	int status; /* of wait */
	bn_metric_set metrics;
} exec;

static int64_t now_ms(const exec *x)
{
	return bn_env_monotonic_ns(x->env) / 1000000;
}

/* ---- before the fork ------------------------------------------------------------------------ */

static int load_spec(exec *x, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc = bn_run_dir_open(&x->run_dir, x->ws, x->id, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_dir_read_file(x->run_dir, "spec", &b, err)) < 0)
		goto out;
	if (b.len != BN_SHA256_HEX || !bn_is_hex(b.ptr)) {
		rc = bn_err_set(err, BN_ECORRUPT, "'%s/spec' names no spec", x->run_dir->path);
		goto out;
	}
	if ((rc = bn_spec_fetch(&x->spec, x->ws, b.ptr, err)) < 0)
		goto out;
	if ((rc = bn_spec_check_complete(x->spec, "stored spec", err)) < 0)
		goto out;
	rc = bn_launch_check(x->spec, err);
out:
	if (rc == BN_ENOTFOUND)
		bn_err_hint(
			err, "exec is what `binnacle run start` calls; it starts no run itself");
	bn_buf_release(&b);
	return rc;
}

static int64_t beat_interval(const bn_env *env)
{
	int64_t ns;
	const char *text = bn_env_get(env, "BINNACLE_HEARTBEAT");
	return text && bn_parse_duration_ns(text, &ns) && ns >= 10000000 ? ns / 1000000 : BEAT_MS;
}

/* ---- the child ------------------------------------------------------------------------------ */

static void child_main(exec *x, int gate, pid_t parent) __attribute__((noreturn));
static void child_main(exec *x, int gate, pid_t parent)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;
	char byte;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	close(x->lock.fd);
	/* The parent may have died before prctl. Its end of the gate then gives nothing to read. */
	if (getppid() != parent || read(gate, &byte, 1) != 1)
		_exit(125);
	close(gate);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	bn_child_task task = {x->env, x->classes, bn_workspace_dir(x->ws), x->run_dir, x->id,
		x->spec, x->data_env};
	_exit(bn_spec_is_command(x->spec) ? bn_child_command(&task) : bn_child_train(&task));
}

/* Forks before anything is appended, so that the child shares no writer with us, and holds it at
 * the gate until the log says that the run has started. */
static int start_child(exec *x, int *gate, bn_err *err)
{
	int fd[2];
	if (pipe(fd) != 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
	pid_t me = getpid();
	x->child = fork();
	if (x->child == 0) {
		close(fd[1]);
		child_main(x, fd[0], me);
	}
	close(fd[0]);
	if (x->child < 0) {
		close(fd[1]);
		return bn_err_sys(err, BN_EIO, errno, "cannot start the run's process");
	}
	setpgid(x->child, x->child);
	*gate = fd[1];
	return 0;
}

/* ---- watching ------------------------------------------------------------------------------- */

static void complain(const exec *x, const char *what, const bn_err *err)
{
	char line[sizeof err->msg + 80];
	(void)x;
	snprintf(line, sizeof line, "binnacle: %s: %s", what, err->msg);
	bn_child_log(line);
}

static void add_metric(exec *x, const char *key, int64_t step, double value)
{
	if (value >= 0)
		bn_metric_set_add(&x->metrics, key, step, bn_env_now_ms(x->env), value);
}

static void measure(exec *x, bn_err *err)
{
	bn_process_usage u;
	if (bn_process_tree_usage(&u, getpid(), false, NULL) != 0)
		return;
	int64_t step = (now_ms(x) - x->start_ms) / 1000;
	x->peak_rss = u.rss_bytes > x->peak_rss ? u.rss_bytes : x->peak_rss;
	add_metric(x, "system/rss_bytes", step, (double)u.rss_bytes);
	add_metric(x, "system/cpu_seconds", step, (double)u.cpu_ms / 1000);
	add_metric(x, "system/read_bytes", step, (double)u.read_bytes);
	add_metric(x, "system/write_bytes", step, (double)u.write_bytes);
	bn_runlog_resources(x->ws, x->id, &u, x->peak_rss, err);
}

/* A failure to write is no reason to end the run: the next beat tries again. */
static void beat(exec *x, int64_t next_ms)
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
		complain(x, "heartbeat", &err);
}

static void signal_tree(exec *x, int signal)
{
	kill(-x->child, signal);
	bn_process_tree_signal(getpid(), signal);
}

static int64_t grace_s(const exec *x)
{
	return x->spec->grace_s == BN_SPEC_ABSENT ? 10 : x->spec->grace_s;
}

/* What the user allows and what was asked of the executor both bound it; below 1: nothing does. */
static int64_t limit_s(const exec *x)
{
	int64_t a = x->spec->time_limit_s, b = x->spec->resources.time_s;
	if (a > 0 && b > 0)
		return a < b ? a : b;
	return a > b ? a : b;
}

static void begin_stop(exec *x)
{
	if (x->kill_ms)
		return;
	x->kill_ms = now_ms(x) + grace_s(x) * 1000 + 1;
	signal_tree(x, SIGTERM);
}

/* The stop file counts when it is ours: its owner is who may stop the run. */
static void look_for_stop(exec *x)
{
	struct stat st;
	if (!x->asked && x->env->fs->stat(x->env, x->run_dir, "stop", &st) == 0 &&
		S_ISREG(st.st_mode) && (st.st_uid == x->env->uid(x->env) || st.st_uid == 0)) {
		x->asked = true;
		begin_stop(x);
	}
	int64_t limit = limit_s(x);
	if (limit > 0 && !x->kill_ms && now_ms(x) - x->start_ms >= limit * 1000) {
		x->timed_out = true;
		begin_stop(x);
	}
	if (x->kill_ms && now_ms(x) >= x->kill_ms && !x->killed) {
		x->killed = true;
		signal_tree(x, SIGKILL);
	}
}

static void reap(exec *x)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == x->child) {
			x->status = status;
			x->ended = true;
		}
}

static void watch(exec *x, const sigset_t *set)
{
	int64_t interval = x->beat_ms < BEAT_FIRST_MS ? x->beat_ms : BEAT_FIRST_MS;
	int64_t next_beat = now_ms(x);
	while (!x->ended) {
		int64_t now = now_ms(x);
		if (now >= next_beat) {
			beat(x, interval);
			next_beat = now + interval;
			interval = interval * 2 < x->beat_ms ? interval * 2 : x->beat_ms;
		}
		look_for_stop(x);
		int64_t wait = next_beat - now_ms(x);
		wait = x->kill_ms && wait > 100 ? 100 : wait > 1000 ? 1000 : wait < 1 ? 1 : wait;
		struct timespec ts = {wait / 1000, wait % 1000 * 1000000};
		int signal = sigtimedwait(set, NULL, &ts);
		if (signal == SIGTERM || signal == SIGINT) {
			x->asked = true;
			begin_stop(x);
		}
		reap(x);
	}
}

/* What the run's process has left running ends with the run. */
static void end_leftovers(exec *x)
{
	int64_t deadline = now_ms(x) + LEFTOVER_GRACE_MS;
	if (bn_process_tree_signal(getpid(), SIGTERM) == 0)
		return;
	bn_child_log("binnacle: ending processes that the run left behind");
	for (;;) {
		reap(x);
		if (bn_process_tree_signal(getpid(), 0) == 0 ||
			now_ms(x) >= deadline + LEFTOVER_GIVE_UP_MS)
			return;
		if (now_ms(x) >= deadline)
			bn_process_tree_signal(getpid(), SIGKILL);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
}

/* ---- how it ended --------------------------------------------------------------------------- */

typedef struct verdict {
	const char *status;
	int exit_code, signal;
	char reason[600];
} verdict;

/* The trainer's own words, when it left some. */
static void add_why(const exec *x, verdict *v)
{
	bn_buf b = BN_BUF_INIT;
	if (bn_dir_read_file(x->run_dir, "why", &b, NULL) == 0 && b.len)
		snprintf(v->reason, sizeof v->reason, "%.500s", b.ptr);
	bn_buf_release(&b);
}

static verdict judge(const exec *x)
{
	verdict v = {"FINISHED", -1, 0, ""};
	char name[24];
	if (WIFSIGNALED(x->status)) {
		v.signal = WTERMSIG(x->status);
		v.status = "FAILED";
		snprintf(v.reason, sizeof v.reason, "killed by %s%s",
			bn_signal_name(v.signal, name),
			v.signal == SIGKILL && !x->killed ? " (out of memory, or somebody's hand)"
							  : "");
	} else {
		v.exit_code = WEXITSTATUS(x->status);
		if (v.exit_code != 0) {
			v.status = "FAILED";
			snprintf(v.reason, sizeof v.reason, "exit status %d", v.exit_code);
			add_why(x, &v);
		}
	}
	if (x->timed_out) {
		v.status = "FAILED";
		snprintf(v.reason, sizeof v.reason, "over its time limit of %lld s",
			(long long)limit_s(x));
	} else if (x->asked) {
		v.status = "KILLED";
		snprintf(v.reason, sizeof v.reason, "%s",
			x->killed ? "stopped on request: had to be killed" : "stopped on request");
	}
	return v;
}

/* The end of a run is worth waiting for: a full disk may get room again. */
static int write_end(exec *x, const verdict *v, bn_err *err)
{
	bool told = false;
	int rc = BN_EIO;
	for (int i = 0; i < WRITE_TRIES && rc != 0; i++) {
		bn_err_clear(err);
		if (i > 0)
			nanosleep(&(struct timespec){1, 0}, NULL);
		rc = told ? 0
			  : bn_runlog_finished(x->ws, x->id, v->status, v->exit_code, v->signal,
				    v->reason[0] ? v->reason : NULL, err);
		int done = bn_workspace_commit(x->ws, err); /* also behind a failed append */
		rc = rc ? rc : done;
		told = rc == 0;
		if (rc == 0)
			rc = bn_workspace_seal(x->ws, err);
	}
	return rc;
}

/* What all of it used, as the kernel summed it up for those who have ended. The largest single
 * process is a lower bound of the peak, which counts for runs shorter than a beat. */
static void measure_all(exec *x, bn_err *err)
{
	struct rusage r;
	if (getrusage(RUSAGE_CHILDREN, &r) != 0)
		return;
	int64_t cpu = ((int64_t)r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
		      (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
	int64_t largest = (int64_t)r.ru_maxrss * 1024;
	bn_process_usage u = {
		-1, -1, -1, cpu, (int64_t)r.ru_inblock * 512, (int64_t)r.ru_oublock * 512};
	x->peak_rss = largest > x->peak_rss ? largest : x->peak_rss;
	bn_runlog_resources(x->ws, x->id, &u, x->peak_rss, err);
}

static int finish(exec *x, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	verdict v = judge(x);
	measure_all(x, &why);
	if (bn_leftovers_store(
		    x->ws, x->id, x->spec, x->run_dir, x->lock.since_ms, &x->metrics, &why) != 0)
		complain(x, "what the run left behind", &why);
	bn_err_clear(&why);
	if (bn_runlog_metrics(x->ws, x->id, &x->metrics, &why) != 0)
		complain(x, "metrics", &why);
	bn_err_clear(&why);
	/* Of its own, so that the end can be tried again without them. */
	if (bn_workspace_commit(x->ws, &why) != 0)
		complain(x, "what the run left behind", &why);
	return write_end(x, &v, err);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void block_signals(sigset_t *set)
{
	struct sigaction sa = {.sa_handler = SIG_IGN};
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGCHLD);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static int prepare(exec *x, const char *dir, bn_err *err)
{
	int rc = bn_workspace_open(&x->ws, x->env, NULL, dir, err);
	if (rc < 0)
		return rc;
	bn_run_clock_follow(x->ws, x->id);
	if ((rc = load_spec(x, err)) < 0)
		return rc;
	if ((rc = bn_supervisor_take(&x->lock, x->ws, x->id, err)) < 0)
		return rc;
	if ((rc = bn_spec_hash_inputs(x->spec, x->env, err)) < 0)
		return rc;
	return bn_spec_is_command(x->spec) ? bn_data_env_make(&x->data_env, x->ws, x->spec, err)
					   : 0;
}

static int supervise(exec *x, const sigset_t *set, bn_err *err)
{
	int gate = -1;
	x->start_ms = now_ms(x);
	int rc = start_child(x, &gate, err);
	if (rc != 0)
		return rc;
	rc = bn_supervisor_set_child(&x->lock, x->child, err);
	if (rc == 0)
		rc = bn_runlog_started(x->ws, x->id, x->beat_ms, err);
	if (rc == 0)
		rc = bn_workspace_commit(x->ws, err);
	if (rc == 0 && write(gate, "g", 1) != 1)
		rc = bn_err_sys(err, BN_EIO, errno, "cannot let the run's process go");
	close(gate);
	if (rc != 0) {
		kill(x->child, SIGKILL);
		waitpid(x->child, NULL, 0);
		return rc;
	}
	watch(x, set);
	end_leftovers(x);
	return finish(x, err);
}

int bn_exec_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, int *exit_status, bn_err *err)
{
	exec x = {.env = env,
		.classes = classes,
		.id = id,
		.lock = {.fd = -1},
		.beat_ms = beat_interval(env),
		.metrics = BN_METRIC_SET_INIT};
	sigset_t set;
	block_signals(&set);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	int rc = prepare(&x, dir, err);
	if (rc == 0)
		rc = supervise(&x, &set, err);
	/* A run that could not even start says why; unless another supervisor has it. */
	if (rc != 0 && rc != BN_ECONFLICT && x.lock.fd >= 0 && !x.ended && err) {
		verdict v = {"FAILED", -1, 0, ""};
		snprintf(v.reason, sizeof v.reason, "%s", err->msg);
		write_end(&x, &v, &(bn_err)BN_ERR_INIT);
	}
	if (rc == 0)
		*exit_status =
			WIFSIGNALED(x.status) ? 128 + WTERMSIG(x.status) : WEXITSTATUS(x.status);
	bn_data_env_free(x.data_env);
	bn_metric_set_release(&x.metrics);
	bn_spec_free(x.spec);
	bn_dir_close(x.run_dir);
	bn_workspace_close(x.ws);
	bn_supervisor_release(&x.lock);
	return rc;
}
