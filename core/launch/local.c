/*
 * local.c - executor "local": `binnacle exec RUN`, detached, on this host and immediately.
 *
 * It has a new session, stdin /dev/null, output in runs/<id>/log.txt: it is independent of its
 * launcher.
 */
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/launch/created.h"
#include "core/launch/executor.h"
#include "core/launch/resolve.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* There is no waiting here, so what it needs must be available. */
static int local_check(bn_workspace *ws, bn_spec *spec, bn_err *err)
{
	const bn_spec_resources *r = &spec->resources;
	int64_t cpus = bn_process_cpus(), bytes = bn_process_machine_bytes();
	char want[BN_FMT], have[BN_FMT];
	int rc = bn_spec_can_run(spec, err);
	(void)ws;
	if (rc < 0 || (rc = bn_executor_check_host(spec, err)) < 0)
		return rc;
	if (r->cpus > cpus)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"spec: resources: cpus: it needs %lld, this process may use %lld",
			(long long)r->cpus, (long long)cpus);
	if (bytes > 0 && r->memory_bytes > bytes)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"spec: resources: memory_bytes: it needs %s, this host has %s",
			bn_fmt_bytes((uint64_t)r->memory_bytes, want),
			bn_fmt_bytes((uint64_t)bytes, have));
	return 0;
}

static int start(bn_workspace *ws, const bn_submission *s, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char run_id[64], mark[64], *home = NULL, *set_home = NULL;
	bn_dir *dir = NULL;
	int log_fd = -1, rc = 0;
	if ((rc = bn_path_absolute(&home, bn_workspace_dir(ws), err)) < 0)
		goto out;
	if (!(set_home = bn_strf("BINNACLE_HOME=%s", home))) {
		rc = bn_err_nomem(err, "an environment");
		goto out;
	}
	if ((rc = bn_run_dir_open_own(&dir, ws, s->id, err)) < 0 ||
		(rc = bn_run_log_append(&log_fd, dir, err)) < 0)
		goto out;
	snprintf(run_id, sizeof run_id, "BINNACLE_RUN_ID=%s", s->id);
	snprintf(mark, sizeof mark, BN_RUN_MARK "=%s", s->id);
	const char *argv[] = {s->program, "-C", home, "exec", s->id, "--spec", s->spec_hash, NULL};
	const char *set[] = {run_id, mark, set_home, NULL};
	rc = bn_process_spawn_detached(NULL, argv, set, NULL, log_fd, err);
out:
	if (log_fd >= 0)
		env->fs->close(env, log_fd);
	bn_dir_close(dir);
	bn_free(home);
	bn_free(set_home);
	return rc;
}

static int local_submit(bn_workspace *ws, const bn_submission *s, bn_err *err)
{
	/* The supervisor's file has the rest. */
	int rc = bn_runlog_submitted(ws, s->id, bn_executor_local.name, s->id, err);
	if (rc < 0 || (rc = bn_run_clock_leave(ws, s->id, err)) < 0)
		return rc;
	/* Sealed, not only committed: other hosts see the supervisor's events as soon as it seals, and
	 * must see the creation of the run by then. */
	if ((rc = bn_workspace_seal(ws, err)) < 0)
		return rc;
	return start(ws, s, err);
}

/* *out: the run's supervisor, according to its owner; for a run not in the index, this user. */
static int find_supervisor(
	bn_supervisor *out, bn_created *made, bn_workspace *ws, const char *id, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	if (bn_created_find(made, ws, id, NULL) < 0)
		made->owner = env->uid(env);
	return bn_supervisor_find(out, ws, id, made->owner, err);
}

static int local_poll(bn_workspace *ws, bn_sched_job *jobs, size_t count, bn_err *err)
{
	for (size_t i = 0; i < count; i++) {
		bn_sched_job *j = &jobs[i];
		bn_supervisor s;
		bn_created made;
		int rc = find_supervisor(&s, &made, ws, j->run, err);
		if (rc < 0)
			return rc;
		j->state = s.state == BN_SUPERVISOR_ALIVE ? BN_SCHED_RUNNING : BN_SCHED_UNKNOWN;
		if (s.state == BN_SUPERVISOR_DEAD)
			j->state = BN_SCHED_OVER;
		j->position = 0;
		j->expected_ms = -1;
		j->reason[0] = '\0';
		if (j->state == BN_SCHED_RUNNING)
			snprintf(j->reason, sizeof j->reason, "process %d on %s", (int)s.pid,
				s.host);
	}
	return 0;
}

/* A supervisor looks for the request in the directory it has open: that is not this one if it belongs to
 * another run, or if the run is running and this directory never had a supervisor. */
static int check_hearing(bn_workspace *ws, const char *id, const bn_supervisor *s,
	const bn_created *made, bn_err *err)
{
	if (!s->of_another && !(s->state == BN_SUPERVISOR_NONE && made->running))
		return 0;
	bn_err_set(err, BN_ECONFLICT,
		"run %.8s: '%s/.binnacle/runs/%.32s' is %s: a request to end would not be found "
		"there",
		id, bn_workspace_dir(ws), id,
		s->of_another ? "the directory of another run" : "not where its supervisor is");
	bn_err_hint(err,
		"has somebody exchanged the directories of runs? Its processes have " BN_RUN_MARK
		"=%.32s in their environment",
		id);
	return BN_ECONFLICT;
}

static int ask_by_file(bn_workspace *ws, const char *id, bn_err *err)
{
	int rc = bn_runlog_stop(ws, id, err);
	if (rc < 0 || (rc = bn_workspace_commit(ws, err)) < 0)
		return rc;
	return bn_run_stop_ask(ws, id, err);
}

static int local_cancel(bn_workspace *ws, const char *id, bn_cancel *how, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_supervisor s;
	bn_created made;
	int rc = find_supervisor(&s, &made, ws, id, err);
	*how = BN_CANCEL_ASKED;
	if (rc < 0)
		return rc;
	/* Its directory may have been packed since the log was read. */
	if (s.state == BN_SUPERVISOR_NONE && made.running &&
		((rc = bn_workspace_refresh(ws, NULL, err)) < 0 ||
			(rc = find_supervisor(&s, &made, ws, id, err)) < 0))
		return rc;
	if (s.state == BN_SUPERVISOR_NONE && made.over)
		return bn_err_set(err, BN_ECONFLICT, "run %.8s has ended already", id);
	if (s.state == BN_SUPERVISOR_DEAD)
		return bn_err_set(err, BN_ECONFLICT, "run %.8s: its supervisor (pid %d) is gone",
			id, (int)s.pid);
	if ((rc = check_hearing(ws, id, &s, &made, err)) < 0)
		return rc;
	if (s.state != BN_SUPERVISOR_ALIVE)
		return ask_by_file(ws, id, err);
	/* Anyone who can write a file can name any process in it: its author must own that process, and be
	 * this user, unless this is root. */
	uid_t me = env->uid(env);
	if ((s.uid != me && me != 0) || !bn_process_belongs_to(s.pid, s.uid))
		return bn_err_set(err, BN_EREFUSED, "run %.8s belongs to another user", id);
	if (kill(s.pid, SIGTERM) != 0)
		return errno == EPERM
			       ? bn_err_set(
					 err, BN_EREFUSED, "run %.8s belongs to another user", id)
			       : bn_err_sys(err, BN_EIO, errno,
					 "run %.8s: cannot signal process %d", id, (int)s.pid);
	/* A stopped process gets it only then. */
	kill(s.pid, SIGCONT);
	if (s.guard > 1 && bn_process_belongs_to(s.guard, s.uid))
		kill(s.guard, SIGCONT);
	*how = BN_CANCEL_SIGNALLED;
	return 0;
}

static int local_describe(bn_buf *out, bn_workspace *ws, const bn_spec *spec, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *title = bn_spec_title(spec);
	if (!title)
		return bn_err_nomem(err, "a description");
	bn_buf_addf(out, "starts at once on %s: %s", env->host(env), title);
	bn_free(title);
	return bn_buf_check(out, err, "a description");
}

const bn_executor bn_executor_local = {
	"local", local_check, local_submit, local_poll, local_cancel, local_describe};
