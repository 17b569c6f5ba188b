/* exec.c - see exec.h: a run from its spec to its process, and around it. */
#include "core/launch/exec.h"

#include "core/base/hash.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/govern/rights.h"
#include "core/launch/_child.h"
#include "core/launch/_exec.h"
#include "core/launch/_guard.h"
#include "core/launch/_leftovers.h"
#include "core/launch/_signals.h"
#include "core/launch/data_env.h"
#include "core/launch/queue_environ.h"
#include "core/launch/resolve.h"
#include "core/launch/secret.h"
#include "core/run/run_dir.h"
#include "core/run/run_pack.h"
#include "core/run/runlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEAT_MS 5000
#define BEAT_LEAST_MS 10
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS 16000

int64_t bn_exec_now_ms(const bn_exec *x)
{
	return bn_env_monotonic_ns(x->env) / 1000000;
}

void bn_exec_complain(const char *what, const bn_err *err)
{
	char line[sizeof err->msg + 80];
	snprintf(line, sizeof line, "binnacle: %s: %s", what, err->msg);
	bn_child_log(line);
}

int64_t bn_exec_limit_s(const bn_exec *x)
{
	/* The CPUs available, limited by the request to the executor. */
	int64_t a = x->spec->time_limit_s, b = x->spec->resources.time_s;
	if (a > 0 && b > 0)
		return a < b ? a : b;
	return a > b ? a : b;
}

/* ---- before the fork ------------------------------------------------------------------------ */

static int read_hash(char hash[65], const bn_dir *run_dir, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc = bn_dir_read_file(run_dir, BN_RUN_SPEC_FILE, &b, err);
	if (rc < 0)
		goto out;
	if (b.len != BN_SHA256_HEX || !bn_is_hex(b.ptr))
		rc = bn_err_set(err, BN_ECORRUPT, "'%s/spec' names no spec", run_dir->path);
	else
		snprintf(hash, 65, "%s", b.ptr);
out:
	bn_buf_release(&b);
	return rc;
}

int bn_exec_spec(
	bn_spec **out, bn_workspace *ws, const bn_dir *run_dir, const char *hash, bn_err *err)
{
	char there[65];
	int rc = read_hash(there, run_dir, err);
	if (rc < 0)
		return rc;
	if (hash && strcmp(hash, there) != 0) {
		rc = bn_err_set(err, BN_EREFUSED,
			"'%s/spec' names the spec %.12s, the log says %.12s: it is not run",
			run_dir->path, there, hash);
		bn_err_hint(err, "has somebody exchanged the directories of runs?");
		return rc;
	}
	return bn_spec_fetch(out, ws, there, err);
}

bool bn_exec_may_pass(int code)
{
	return code == BN_EIO || code == BN_ENOMEM || code == BN_ECONFLICT || code == BN_EINTR;
}

/* A run that was not claimed must have been prepared: otherwise nothing is recorded. */
static int open_run(bn_exec *x, bool claimed, bn_err *err)
{
	int rc = bn_run_dir_open_own(&x->run_dir, x->ws, x->id, err);
	if (rc >= 0 && !claimed && !bn_dir_has(x->run_dir, BN_RUN_SPEC_FILE))
		rc = bn_err_set(err, BN_ENOTFOUND, "'%s/spec' is not there", x->run_dir->path);
	if (rc == BN_ENOTFOUND)
		bn_err_hint(err, "exec is called by `binnacle run start`; it does not start a run "
				 "by itself");
	return rc;
}

static void say_changed(const bn_exec *x)
{
	char line[sizeof x->code.changed + 80];
	snprintf(line, sizeof line, "binnacle: the code has changed since the run was queued: %s",
		x->code.changed);
	bn_child_log(line);
}

static bool go_on(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_exec *x = ctx;
	(void)what;
	(void)done;
	(void)total;
	return !x->asked && !bn_exec_look_for_stop(x);
}

/* The spec may have been written by another version some time ago. */
static int load_spec(bn_exec *x, bool waited, bn_err *err)
{
	const bn_progress progress = {go_on, x};
	int rc = bn_exec_spec(&x->spec, x->ws, x->run_dir, x->spec_hash, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_spec_check_complete(x->spec, "stored spec", err)) < 0)
		return rc;
	if ((rc = bn_spec_can_run(x->spec, err)) < 0)
		return rc;
	if ((rc = bn_spec_hash_inputs(x->spec, x->env, &progress, err)) < 0)
		return rc;
	/* A resumed run has the recipe of the run that it resumes, including the code, which trainers do not run. */
	if (waited && !bn_run_resumes(x->run_dir) &&
		(rc = bn_code_look_again(&x->code, x->ws, x->spec, err)) < 0)
		return rc;
	if (x->code.changed[0])
		say_changed(x);
	return bn_spec_is_command(x->spec) ? bn_data_env_make(&x->data_env, x->ws, x->spec, err)
					   : 0;
}

/* ---- the child ------------------------------------------------------------------------------ */

static void child_main(bn_exec *x, int gate, pid_t parent) __attribute__((noreturn));
static void child_main(bn_exec *x, int gate, pid_t parent)
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
	sigaction(SIGHUP, &sa, NULL);
	sigemptyset(&none);
	bn_child_task task = {x->env, x->classes, bn_workspace_dir(x->ws), x->run_dir, x->id,
		x->spec, x->data_env, x->secrets, x->attempt,
		/* Files it leaves in its directory would be writable by the group. */
		bn_workspace_access(x->ws) == BN_ACCESS_GROUP ? 022 : 0, x->why};
	if (bn_spec_is_command(x->spec))
		_exit(bn_child_command(&task));
	bn_child_train_signals();
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(bn_child_train(&task));
}

/* Shared memory for the child's error: the disk may be full. */
static int share_why(bn_exec *x, bn_err *err)
{
	if (!x->why) {
		void *page = mmap(NULL, sizeof *x->why, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return bn_err_nomem(err, "a page");
		x->why = page;
	}
	bn_err_clear(x->why);
	return 0;
}

/* Holds the child at a gate until the log says that the run has started. At the first attempt nothing has
 * been appended before the fork; later the child finds its parent's writer, and leaves it alone. */
static int start_child(bn_exec *x, int *gate, bn_err *err)
{
	int fd[2], rc = share_why(x, err);
	if (rc < 0)
		return rc;
	if (pipe2(fd, O_CLOEXEC) != 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
	pid_t me = getpid();
	x->ended = false;
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

/* The child waits at the gate: it is recorded, then released. */
static int let_go(bn_exec *x, int gate, bn_err *err)
{
	int rc = bn_supervisor_set_child(&x->lock, x->child, err);
	if (rc < 0)
		return rc;
	if (x->attempt == 1 && (rc = bn_runlog_started_with(x->ws, x->id, x->beat_ms, x->code.code,
					x->code.changed, err)) < 0)
		return rc;
	if ((rc = bn_workspace_commit(x->ws, err)) < 0)
		return rc;
	if (x->attempt == 1)
		bn_queue_forget(x->ws, x->id);
	return write(gate, "g", 1) == 1
		       ? 0
		       : bn_err_sys(err, BN_EIO, errno, "cannot let the run's process go");
}

/* One attempt, from the fork to the last of its processes. */
static int attempt(bn_exec *x, bn_err *err)
{
	x->attempt_ms = bn_env_now_ms(x->env);
	int gate = -1, rc = bn_secrets_read(&x->secrets, x->spec, x->env, err);
	if (rc < 0)
		return rc;
	rc = start_child(x, &gate, err);
	bn_secrets_free(x->secrets);
	x->secrets = NULL;
	if (rc < 0)
		return rc;
	rc = let_go(x, gate, err);
	close(gate);
	if (rc < 0) {
		kill(x->child, SIGKILL);
		waitpid(x->child, NULL, 0);
		return rc;
	}
	bn_exec_watch(x);
	bn_exec_end_leftovers(x);
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void say_again(const bn_exec *x, int64_t most)
{
	char line[120], name[24];
	if (WIFSIGNALED(x->status))
		snprintf(line, sizeof line, "binnacle: attempt %d of %lld was killed by %s",
			x->attempt, (long long)most, bn_signal_name(WTERMSIG(x->status), name));
	else
		snprintf(line, sizeof line,
			"binnacle: attempt %d of %lld ended with exit status %d", x->attempt,
			(long long)most, WEXITSTATUS(x->status));
	bn_child_log(line);
}

static int supervise(bn_exec *x, bn_err *err)
{
	int64_t retries = x->spec->retries > 0 ? x->spec->retries : 0;
	int64_t wait_ms = RETRY_FIRST_MS;
	int rc;
	x->start_ms = bn_exec_now_ms(x);
	for (x->attempt = 1;; x->attempt++) {
		if ((rc = attempt(x, err)) < 0) {
			bn_exec_fail(x, err);
			return rc;
		}
		if (!bn_exec_has_failed(x) || x->attempt > retries)
			break;
		say_again(x, retries + 1);
		bn_exec_pause(x, wait_ms);
		if (x->kill_ms)
			break;
		bn_leftovers_forget(x->run_dir);
		wait_ms = wait_ms * 2 < RETRY_MOST_MS ? wait_ms * 2 : RETRY_MOST_MS;
	}
	return bn_exec_finish(x, err);
}

/* The run is ours: its directory is open and its lock taken. */
static int begin(bn_exec *x, const char *dir, int lock_fd, bn_err *err)
{
	bool claimed = lock_fd >= 0;
	bn_err why = BN_ERR_INIT;
	int rc = bn_workspace_open(&x->ws, x->env, NULL, dir, err);
	if (rc < 0)
		return rc;
	bn_rights_seal(x->ws);
	bn_run_clock_follow(x->ws, x->id);
	if ((rc = open_run(x, claimed, err)) < 0)
		return rc;
	if (claimed)
		return bn_supervisor_adopt(&x->lock, x->ws, x->id, lock_fd, err);
	if ((rc = bn_supervisor_take(&x->lock, x->ws, x->id, &why)) >= 0)
		return 0;
	/* No space for a supervisor: the space reserved for the record of the end is enough for one that
	 * fails. */
	if (bn_err_is_full(&why) && bn_run_reserve_release(x->run_dir) &&
		bn_supervisor_take(&x->lock, x->ws, x->id, NULL) >= 0)
		bn_exec_fail(x, &why);
	return bn_err_move(err, &why);
}

/* A run that could not start records why; for a claimed one the queue counts retriable failures. */
static void fail_to_start(bn_exec *x, int lock_fd, const bn_err *why)
{
	if (x->asked || lock_fd < 0 || !bn_exec_may_pass(why->code))
		bn_exec_fail(x, why);
}

/* The supervisor's half. */
static int run(bn_exec *x, const char *dir, int lock_fd, int *exit_status, bn_err *err)
{
	int rc = begin(x, dir, lock_fd, err);
	if (rc < 0)
		return rc;
	x->lock.guard = getppid();
	if ((rc = bn_run_reserve_make(x->run_dir, err)) < 0 ||
		(rc = load_spec(x, lock_fd >= 0, err)) < 0) {
		fail_to_start(x, lock_fd, err);
		return rc;
	}
	if (x->spec->log_limit_bytes > 0)
		atomic_store(&x->pump.shared->limit, (uint64_t)x->spec->log_limit_bytes);
	if ((rc = supervise(x, err)) < 0)
		return rc;
	*exit_status = WIFSIGNALED(x->status) ? 128 + WTERMSIG(x->status) : WEXITSTATUS(x->status);
	return 0;
}

static void exec_release(bn_exec *x)
{
	bn_data_env_free(x->data_env);
	bn_metric_set_release(&x->metrics);
	bn_code_again_release(&x->code);
	bn_spec_free(x->spec);
	bn_log_writer_close(&x->writer);
	if (x->run_dir && x->lock.fd >= 0) /* otherwise it belongs to another supervisor */
		bn_run_reserve_release(x->run_dir);
	bn_dir_close(x->run_dir);
	bn_workspace_close(x->ws);
	bn_supervisor_release(&x->lock);
	if (x->why)
		munmap(x->why, sizeof *x->why);
}

/* The guard's part. Without the run's directory the supervisor writes the log, as far as it can. */
static int guard_run(bn_guard *guard, bn_exec *x, const char *dir, int *exit_status, bn_err *err)
{
	bn_log_writer writer = {.fd = -1};
	bn_workspace *ws = NULL;
	bn_dir *run_dir = NULL;
	bool writes = bn_workspace_open(&ws, x->env, NULL, dir, NULL) >= 0 &&
		      bn_run_dir_open_own(&run_dir, ws, x->id, NULL) >= 0 &&
		      bn_log_writer_open(&writer, run_dir, NULL) >= 0;
	bn_workspace_close(ws);
	atomic_store(&x->pump.shared->is_left, !writes);
	bn_log_pump_leave(&x->pump);
	int rc = bn_guard_wait(guard, x->id, &x->pump, writes ? &writer : NULL, exit_status, err);
	bn_log_writer_close(&writer);
	/* The end is recorded and sealed. What cannot be packed now is packed by gc. */
	if (rc >= 0 && writes)
		bn_run_dir_pack(run_dir, x->id, &(bn_run_pack){.has_lock = false}, NULL);
	bn_dir_close(run_dir);
	return rc;
}

/* There is no second process: record that instead of the supervisor. */
static int not_supervised(bn_exec *x, const char *dir, int lock_fd, bn_err *why, bn_err *err)
{
	bn_log_pump_release(&x->pump);
	if (begin(x, dir, lock_fd, NULL) >= 0)
		fail_to_start(x, lock_fd, why);
	exec_release(x);
	return bn_err_move(err, why);
}

int bn_exec_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, const char *spec_hash, int lock_fd, int *exit_status, bn_err *err)
{
	bn_exec x = {.env = env,
		.classes = classes,
		.id = id,
		.spec_hash = spec_hash,
		.lock = {.fd = -1},
		.beat_ms = bn_env_get_ms(env, "BINNACLE_HEARTBEAT", BEAT_LEAST_MS, BEAT_MS),
		.metrics = BN_METRIC_SET_INIT,
		.pump = {.in = -1, .out = -1},
		.writer = {.fd = -1}};
	bn_guard guard;
	bn_err why = BN_ERR_INIT;
	int status = 0, rc = bn_log_pump_make(&x.pump, &why);
	if (rc < 0 || (rc = bn_guard_fork(&guard, &why)) < 0)
		return not_supervised(&x, dir, lock_fd, &why, err);
	if (!guard.is_supervisor && lock_fd >= 0)
		close(lock_fd); /* only for the supervisor */
	if (!guard.is_supervisor)
		return guard_run(&guard, &x, dir, exit_status, err);
	bn_log_pump_enter(&x.pump);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rc = run(&x, dir, lock_fd, &status, &why);
	exec_release(&x);
	bn_guard_report(&guard, rc, status, &why);
}
