/* queue_supervisor.c - see _queue_supervisor.h. */
#include "core/launch/queue_supervisor.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/govern/rights.h"
#include "core/launch/_child.h"
#include "core/launch/_queue_supervisor.h"
#include "core/launch/exec.h"
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void say(const bn_err *err)
{
	char line[sizeof err->msg + sizeof err->hint + 32];
	snprintf(line, sizeof line, "binnacle: %s%s%s", err->msg, err->hint[0] ? "; " : "",
		err->hint);
	bn_child_log(line);
}

/* A trainer's libraries read the environment at process start, so it gets a new process image.
 * Returns only on failure. */
static int become_trainer(
	const bn_queue_task *t, const char *home, const bn_queue_turn *turn, int fd, bn_err *err)
{
	char given[40], lock[16], run_id[64], mark[64];
	char *set_home = bn_strf("BINNACLE_HOME=%s", home);
	int flags = fcntl(fd, F_GETFD);
	if (!set_home)
		return bn_err_nomem(err, "an environment");
	if (flags < 0 || fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) < 0) {
		bn_free(set_home);
		return bn_err_sys(err, BN_EIO, errno, "cannot pass on the run's lock");
	}
	snprintf(lock, sizeof lock, "%d", fd);
	snprintf(given, sizeof given, "BINNACLE_CORES=%lld", (long long)turn->cores);
	snprintf(run_id, sizeof run_id, "BINNACLE_RUN_ID=%.32s", turn->id);
	snprintf(mark, sizeof mark, BN_RUN_MARK "=%.32s", turn->id);
	const char *argv[] = {t->program, "-C", home, "exec", turn->id, "--spec", turn->spec_hash,
		"--lock-fd", lock, "--queued", NULL};
	const char *set[] = {run_id, mark, set_home, given, NULL};
	int rc = bn_process_become(argv, set, NULL, err);
	bn_free(set_home);
	return rc;
}

int bn_queue_supervise(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, const char *spec_hash, int lock_fd, const char *program, int *status,
	bn_err *err)
{
	bn_workspace *ws = NULL;
	pid_t runner = getppid();
	int rc = bn_exec_run(env, classes, dir, id, spec_hash, lock_fd, status, err);
	if (bn_workspace_open(&ws, env, NULL, dir, NULL) == 0) {
		bn_rights_seal(ws);
		if (rc < 0 && err)
			bn_queue_note_failure(ws, id, err->msg);
		/* A living parent notices by itself. */
		bn_queue_wake_blind(ws, program, getppid() != runner, NULL);
	}
	bn_workspace_close(ws);
	return rc;
}

/* It is not supervised, because of err. Recorded here if a retry is pointless; the runner counts the
 * other attempts. */
static void conclude(bn_workspace *ws, const char *id, const bn_err *err)
{
	say(err);
	if (bn_exec_may_pass(err->code)) {
		bn_queue_note_failure(ws, id, err->msg);
		return;
	}
	bn_queue_forget(ws, id);
	bn_run_clock_follow(ws, id);
	bn_runlog_failed(ws, id, err, NULL);
	bn_workspace_commit(ws, NULL);
}

/* In the forked process, which supervises the run and holds its lock, fd. */
int bn_queue_be_supervisor(
	const bn_queue_task *t, const char *home, const bn_queue_turn *turn, int fd)
{
	const char *id = turn->id;
	bn_err err = BN_ERR_INIT, unread = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	bn_spec *spec = NULL;
	bn_dir *dir = NULL;
	int status = 0;
	int rc = bn_workspace_open(&ws, t->env, NULL, home, &err);
	if (ws)
		bn_rights_seal(ws);
	if (rc < 0) {
		say(&err);
		return 1;
	}
	if ((rc = bn_run_dir_open_own(&dir, ws, id, &err)) < 0 ||
		(rc = bn_queue_environ_restore(dir, id, &err)) < 0)
		goto out;
	/* An unreadable spec is reported by the supervisor. */
	bool trainer = bn_exec_spec(&spec, ws, dir, turn->spec_hash, &unread) == 0 && spec->trainer;
	bn_spec_free(spec);
	if (trainer) {
		rc = become_trainer(t, home, turn, fd, &err);
		goto out;
	}
	bn_dir_close(dir);
	bn_workspace_close(ws);
	rc = bn_queue_supervise(
		t->env, t->classes, home, id, turn->spec_hash, fd, t->program, &status, &err);
	if (rc < 0)
		say(&err);
	return rc < 0 ? 1 : status;
out:
	conclude(ws, id, &err);
	bn_dir_close(dir);
	bn_workspace_close(ws);
	return 1;
}
