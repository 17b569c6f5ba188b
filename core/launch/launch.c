/* launch.c - see launch.h. */
#include "core/launch/launch.h"

#include "core/base/dir.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/launch/resolve.h"
#include "core/launch/secret.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- what can be run ------------------------------------------------------------------------ */

static int cannot(const char *what, const char *why, bn_err *err)
{
	return bn_err_set(err, BN_EUNSUPPORTED, "spec: %s: %s", what, why);
}

/* What only a scheduler can give. */
static int check_local_resources(const bn_spec_resources *r, bn_err *err)
{
	static const char one_host[] = "executor 'local' starts one process, on this host";
	static const char no_scheduler[] = "executor 'local' has no scheduler to ask";
	const struct {
		const char *name, *given;
	} texts[] = {{"partition", r->partition}, {"account", r->account}, {"qos", r->qos},
		{"constraint", r->constraint}};
	if (r->nodes > 1)
		return cannot("resources: nodes", one_host, err);
	if (r->tasks > 1)
		return cannot("resources: tasks", one_host, err);
	if (r->gpus > 0)
		return cannot("resources: gpus", "executor 'local' hands out none", err);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].given) {
			char what[40];
			snprintf(what, sizeof what, "resources: %s", texts[i].name);
			return cannot(what, no_scheduler, err);
		}
	return 0;
}

int bn_launch_check(const bn_spec *spec, bn_err *err)
{
	const bn_spec_container *c = &spec->container;
	int rc = bn_spec_is_understood(spec, err);
	if (rc < 0)
		return rc;
	if (spec->executor && strcmp(spec->executor, "local") != 0)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"spec: executor '%s' is none that this version has: local", spec->executor);
	if (c->image || c->digest || c->runtime)
		return cannot("container", "this version runs no containers", err);
	return check_local_resources(&spec->resources, err);
}

/* ---- preparing ------------------------------------------------------------------------------ */

static int write_created(bn_workspace *ws, const bn_spec *spec, const bn_launch_options *opt,
	const char *id, const char *spec_hash, bn_err *err)
{
	const bn_spec_data *data = spec->data;
	char *title = bn_spec_title(spec);
	char *dataset = data ? bn_strf("%s@v%lld", data->name, (long long)data->version) : NULL;
	bn_run_created created = {.name = opt->name,
		.experiment = opt->experiment,
		.kind = bn_spec_is_command(spec) ? "command" : "trainer",
		.title = title,
		.spec_hash = spec_hash,
		.diff_hash = spec->code.diff,
		.dataset = dataset,
		.parent = opt->parent,
		.again = opt->again,
		.note = opt->note};
	int rc = title && (dataset || !data) ? bn_runlog_created(ws, id, &created, err)
					     : bn_err_nomem(err, "a run");
	bn_free(title);
	bn_free(dataset);
	return rc;
}

/* What a trainer's spec says, as parameters of the run. */
static int write_hyper(bn_workspace *ws, const bn_spec *spec, const char *id, bn_err *err)
{
	json_t *params = json_copy(spec->hyper);
	int rc = BN_ENOMEM;
	if (params && json_object_set_new(params, "seed", json_integer(spec->seed)) == 0 &&
		json_object_set_new(params, "target", json_string(spec->target)) == 0 &&
		json_object_set_new(params, "trainer", json_string(spec->trainer)) == 0)
		rc = bn_runlog_params(ws, id, params, err);
	else
		bn_err_nomem(err, "parameters");
	json_decref(params);
	return rc;
}

static int write_params(bn_workspace *ws, const bn_spec *spec, const char *id, bn_err *err)
{
	const char *key;
	json_t *value;
	int rc;
	if (spec->trainer && (rc = write_hyper(ws, spec, id, err)) < 0)
		return rc;
	json_object_foreach(spec->tags, key, value)
	{
		if ((rc = bn_runlog_tag(ws, id, key, json_string_value(value), err)) < 0)
			return rc;
	}
	return 0;
}

/* runs/<id>/spec holds the hash, so that the supervisor needs no index. */
static int write_spec_file(bn_workspace *ws, const char *id, const char *spec_hash, bn_err *err)
{
	bn_dir *dir = NULL;
	int rc = bn_run_dir_make(&dir, ws, id, err);
	if (rc < 0)
		return rc;
	rc = bn_dir_write_file(dir, "spec", spec_hash, strlen(spec_hash), 0644, err);
	bn_dir_close(dir);
	return rc;
}

/* The spec as it will be run: exact, and with what it depends on. */
static int complete(bn_spec **out, bn_workspace *ws, const bn_spec *given,
	const bn_launch_options *opt, bn_err *err)
{
	bn_spec *spec = NULL;
	char *here = NULL;
	const char *workdir = opt->workdir;
	int rc = bn_spec_resolve(&spec, ws, given, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_launch_check(spec, err)) < 0)
		goto out;
	if ((rc = bn_secrets_check(spec, bn_workspace_env(ws), err)) < 0)
		goto out;
	if (!workdir)
		workdir = bn_path_absolute(&here, ".", NULL) == 0 ? here : bn_workspace_dir(ws);
	if (bn_spec_is_command(spec) && !spec->workdir &&
		!(spec->workdir = bn_spec_text(spec, workdir))) {
		rc = bn_err_nomem(err, "a spec");
		goto out;
	}
	if ((rc = bn_spec_add_provenance(spec, ws, workdir, err)) < 0)
		goto out;
	*out = spec;
	spec = NULL;
out:
	bn_free(here);
	bn_spec_free(spec);
	return rc;
}

int bn_launch_prepare(bn_workspace *ws, const bn_spec *given, const bn_launch_options *opt,
	char id[BN_RUN_ID_TEXT], bn_err *err)
{
	bn_spec *spec = NULL;
	char hash[65];
	int rc = complete(&spec, ws, given, opt, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_run_id_new(bn_workspace_env(ws), id, err)) < 0)
		goto out;
	if ((rc = bn_spec_store(ws, spec, hash, err)) < 0)
		goto out;
	if ((rc = write_spec_file(ws, id, hash, err)) < 0)
		goto out;
	if ((rc = write_created(ws, spec, opt, id, hash, err)) < 0)
		goto out;
	if ((rc = write_params(ws, spec, id, err)) < 0)
		goto out;
	if ((rc = bn_run_clock_leave(ws, id, err)) < 0)
		goto out;
	/* Sealed, not only committed: other hosts see what the supervisor says as soon as it seals, and
	 * must find the run created by then. */
	rc = bn_workspace_seal(ws, err);
out:
	bn_spec_free(spec);
	return rc;
}

/* ---- starting ------------------------------------------------------------------------------- */

/* passive: idle threads sleep instead of spinning, since others use this node too (OpenMP 5.2, 21.7;
 * it is read when a process starts, so it is set for a trainer before it does). */
static int start(bn_workspace *ws, const char *program, const char *id, bool passive, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char run_id[64], *home = NULL, *set_home = NULL, *self = NULL;
	bn_dir *dir = NULL;
	int log_fd = -1, rc = 0;
	if ((rc = bn_path_absolute(&home, bn_workspace_dir(ws), err)) < 0)
		goto out;
	if (!program) {
		if ((rc = bn_process_program(&self, err)) < 0)
			goto out;
		program = self;
	}
	if (!(set_home = bn_strf("BINNACLE_HOME=%s", home))) {
		rc = bn_err_nomem(err, "an environment");
		goto out;
	}
	if ((rc = bn_run_dir_open(&dir, ws, id, err)) < 0)
		goto out;
	if ((rc = bn_dir_open_file(
		     &log_fd, dir, BN_RUN_LOG_FILE, O_WRONLY | O_CREAT | O_APPEND, 0644, err)) < 0)
		goto out;
	snprintf(run_id, sizeof run_id, "BINNACLE_RUN_ID=%s", id);
	const char *argv[] = {program, "-C", home, "exec", id, NULL};
	const char *set[] = {run_id, set_home, passive ? "OMP_WAIT_POLICY=passive" : NULL, NULL};
	rc = bn_process_spawn_detached(NULL, argv, set, NULL, log_fd, err);
out:
	if (log_fd >= 0)
		env->fs->close(env, log_fd);
	bn_dir_close(dir);
	bn_free(self);
	bn_free(home);
	bn_free(set_home);
	return rc;
}

int bn_launch(bn_workspace *ws, const bn_spec *given, const bn_launch_options *opt,
	char id[BN_RUN_ID_TEXT], bn_err *err)
{
	int rc = bn_launch_prepare(ws, given, opt, id, err);
	if (rc < 0)
		return rc;
	bool passive = given->trainer && !bn_env_get(bn_workspace_env(ws), "OMP_WAIT_POLICY");
	rc = start(ws, opt->program, id, passive, err);
	if (rc != 0) {
		/* Nobody else will say how it ended. */
		if (bn_runlog_finished(ws, id, "FAILED", -1, 0, err ? err->msg : NULL, NULL) == 0)
			bn_workspace_commit(ws, NULL);
	}
	return rc;
}

/* ---- stopping ------------------------------------------------------------------------------- */

static int ask_by_file(bn_workspace *ws, const char *id, bn_err *err)
{
	bn_dir *dir = NULL;
	int rc = bn_runlog_stop(ws, id, err);
	if (rc < 0 || (rc = bn_workspace_commit(ws, err)) < 0)
		return rc;
	if ((rc = bn_run_dir_open(&dir, ws, id, err)) < 0)
		return rc;
	rc = bn_dir_write_file(dir, "stop", "stop\n", 5, 0644, err);
	bn_dir_close(dir);
	return rc;
}

int bn_launch_stop(bn_workspace *ws, const char *id, bool *signalled, bn_err *err)
{
	bn_supervisor s;
	if (signalled)
		*signalled = false;
	int rc = bn_supervisor_find(&s, ws, id, err);
	if (rc != 0)
		return rc;
	if (s.state == BN_SUPERVISOR_DEAD)
		return bn_err_set(err, BN_ECONFLICT, "run %.8s: its supervisor (pid %d) is gone",
			id, (int)s.pid);
	if (s.state != BN_SUPERVISOR_ALIVE)
		return ask_by_file(ws, id, err);
	if (kill(s.pid, SIGTERM) != 0)
		return errno == EPERM
			       ? bn_err_set(
					 err, BN_EREFUSED, "run %.8s belongs to another user", id)
			       : bn_err_sys(err, BN_EIO, errno,
					 "run %.8s: cannot signal process %d", id, (int)s.pid);
	/* One that is stopped hears it only then. */
	kill(s.pid, SIGCONT);
	if (signalled)
		*signalled = true;
	return 0;
}
