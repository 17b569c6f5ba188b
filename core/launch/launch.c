/* launch.c - see launch.h. */
#include "core/launch/launch.h"

#include "core/base/account.h"
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/utf8.h"
#include "core/launch/created.h"
#include "core/launch/executor.h"
#include "core/launch/resolve.h"
#include "core/launch/secret.h"
#include "core/launch/site_limits.h"
#include "core/run/run_dir.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"

#include <stdio.h>
#include <string.h>

/* ---- preparing ------------------------------------------------------------------------------ */

static int write_created(bn_workspace *ws, const bn_spec *spec, const bn_launch_options *opt,
	const bn_run_id *made, const char *spec_hash, bn_err *err)
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
		.note = opt->note,
		.resumes = opt->resumed ? opt->resumed->run : NULL,
		.resumed_step = opt->resumed ? opt->resumed->step : 0,
		.nonce = made->nonce};
	int rc = title && (dataset || !data) ? bn_runlog_created(ws, made->id, &created, err)
					     : bn_err_nomem(err, "a run");
	bn_free(title);
	bn_free(dataset);
	return rc;
}

/* A trainer's spec as parameters of the run. */
static int write_hyper(bn_workspace *ws, const bn_spec *spec, const char *id, bn_err *err)
{
	json_t *params = json_copy(spec->hyper);
	int rc = BN_ENOMEM;
	if (params && json_object_set_new(params, "seed", json_integer(spec->seed)) == 0 &&
		json_object_set_new(params, "target", json_string(spec->target)) == 0 &&
		(!spec->where ||
			json_object_set_new(params, "where", json_string(spec->where)) == 0) &&
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

/* The marker last: with a marker but no checkpoint the run would fail. */
static int take_checkpoint(const bn_dir *dir, const bn_launch_resumed *from, bn_err *err)
{
	int rc = bn_dir_link(from->dir, from->checkpoint, dir, from->checkpoint, err);
	return rc < 0 ? rc : bn_run_resumes_leave(dir, from->run, err);
}

/* runs/<id>/spec holds the hash, so that the supervisor needs no index. A waiting run needs no reserved space
 * until it has its turn. */
static int fill_run_dir(const bn_dir *dir, const char *spec_hash, const bn_launch_options *opt,
	const bn_executor *by, bn_err *err)
{
	int rc = bn_dir_write_file(dir, BN_RUN_SPEC_FILE, spec_hash, strlen(spec_hash), 0644, err);
	if (rc >= 0 && opt->resumed)
		rc = take_checkpoint(dir, opt->resumed, err);
	if (rc >= 0 && by == &bn_executor_local)
		rc = bn_run_reserve_make(dir, err);
	return rc;
}

static int find_executor(const bn_executor **by, bn_workspace *ws, const bn_spec *given,
	const bn_launch_options *opt, bn_err *err)
{
	bn_settings *s = NULL;
	const char *name = opt->executor ? opt->executor : given->executor;
	int rc = bn_settings_load(&s, bn_workspace_env(ws), bn_workspace_at(ws), err);
	if (rc < 0 || (rc = bn_site_executor(&name, s, name, err)) < 0)
		goto out;
	rc = bn_executor_find(by, name, err);
out:
	bn_settings_free(s);
	return rc;
}

static int apply_limits(bn_spec *spec, bn_workspace *ws, bn_err *err)
{
	bn_settings *s = NULL;
	int rc = bn_settings_load(&s, bn_workspace_env(ws), bn_workspace_at(ws), err);
	if (rc < 0)
		return rc;
	rc = bn_site_limits(spec, s, bn_workspace_env(ws), err);
	bn_settings_free(s);
	return rc;
}

/* A spec is JSON: without the directory it would run wherever its supervisor is, which may be elsewhere. */
static int check_workdir(const bn_spec *spec, const bn_env *env, bn_err *err)
{
	if (!bn_utf8_is_valid(spec->workdir, strlen(spec->workdir))) {
		bn_err_set(err, BN_EINVAL,
			"the working directory '%s' has a name that is not UTF-8, which a spec cannot hold",
			spec->workdir);
		bn_err_hint(err, "start the run from a directory with another name");
		return BN_EINVAL;
	}
	if (bn_fs_is_dir(env, spec->workdir))
		return 0;
	bn_err_set(err, BN_ENOTFOUND, "the command's working directory '%s' does not exist here",
		spec->workdir);
	bn_err_hint(err, "--workdir DIR names another one");
	return BN_ENOTFOUND;
}

/* Resolved and checked: refuses what cannot be run, or what the executor cannot satisfy. */
static int settle(bn_spec **out, bn_workspace *ws, const bn_spec *given, const char *workdir,
	const bn_executor *by, bn_err *err)
{
	bn_spec *spec = NULL;
	int rc = bn_spec_resolve(&spec, ws, given, err);
	if (rc < 0)
		return rc;
	/* The stored spec names it, for repeating or stopping the run. */
	if (by != &bn_executor_local || spec->executor)
		spec->executor = by->name;
	if ((rc = apply_limits(spec, ws, err)) < 0)
		goto out;
	if ((rc = by->check(ws, spec, err)) < 0)
		goto out;
	if ((rc = bn_secrets_check(spec, bn_workspace_env(ws), err)) < 0)
		goto out;
	if (bn_spec_is_command(spec) && !spec->workdir &&
		!(spec->workdir = bn_spec_text(spec, workdir))) {
		rc = bn_err_nomem(err, "a spec");
		goto out;
	}
	if (bn_spec_is_command(spec) && (rc = check_workdir(spec, bn_workspace_env(ws), err)) < 0)
		goto out;
	*out = spec;
	spec = NULL;
out:
	bn_spec_free(spec);
	return rc;
}

/* *here is yours: the result may point to it. */
static const char *find_workdir(char **here, const bn_workspace *ws, const bn_launch_options *opt)
{
	*here = NULL;
	if (opt->workdir)
		return opt->workdir;
	return bn_path_absolute(here, ".", NULL) == 0 ? *here : bn_workspace_dir(ws);
}

/* The spec as it will be run, with its dependencies. */
static int complete(bn_spec **out, bn_workspace *ws, const bn_spec *given,
	const bn_launch_options *opt, const bn_executor *by, bn_err *err)
{
	bn_spec *spec = NULL;
	char *here;
	const char *workdir = find_workdir(&here, ws, opt);
	int rc = settle(&spec, ws, given, workdir, by, err);
	if (rc < 0)
		goto out;
	/* the code is part of the recipe, so a resumed run keeps the old one's */
	rc = opt->resumed ? bn_spec_add_environment(spec, ws, err)
			  : bn_spec_add_provenance(
				    spec, ws, spec->workdir ? spec->workdir : workdir, err);
	if (rc < 0)
		goto out;
	*out = spec;
	spec = NULL;
out:
	bn_free(here);
	bn_spec_free(spec);
	return rc;
}

int bn_launch_spec(bn_spec **out, const bn_executor **by, bn_workspace *ws, const bn_spec *given,
	const bn_launch_options *opt, bn_err *err)
{
	bn_spec *spec = NULL;
	char *here;
	const char *workdir = find_workdir(&here, ws, opt);
	int rc;
	if ((rc = find_executor(by, ws, given, opt, err)) < 0)
		goto out;
	if ((rc = settle(&spec, ws, given, workdir, *by, err)) < 0)
		goto out;
	if ((rc = bn_spec_hash_inputs(spec, bn_workspace_env(ws), NULL, err)) < 0)
		goto out;
	*out = spec;
	spec = NULL;
out:
	bn_free(here);
	bn_spec_free(spec);
	return rc;
}

/* Nobody else will record the end of what was appended. On a full disk the reserved space is used. */
static void end_unstarted(bn_workspace *ws, const char *id, const bn_err *why)
{
	bn_dir *dir = NULL;
	bn_err unwritten = BN_ERR_INIT;
	if (bn_run_dir_open_own(&dir, ws, id, NULL) >= 0)
		bn_run_reserve_release(dir);
	bn_dir_close(dir);
	bn_runlog_failed(ws, id, why, &unwritten);
	bn_workspace_commit(ws, &unwritten);
	if (unwritten.code == 0)
		return;
	/* After a failure the writer starts over. */
	bn_runlog_failed(ws, id, why, NULL);
	bn_workspace_commit(ws, NULL);
}

/* Appends the whole run without committing. *out is yours. */
static int append_run(bn_spec **out, bn_workspace *ws, const bn_spec *given,
	const bn_launch_options *opt, const bn_executor *by, char id[BN_RUN_ID_TEXT], char hash[65],
	bn_err *err)
{
	bn_spec *spec = NULL;
	bn_dir *dir = NULL;
	bn_run_id made;
	bn_err why = BN_ERR_INIT;
	int rc = complete(&spec, ws, given, opt, by, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_run_id_make(&made, ws, err)) < 0)
		goto out;
	memcpy(id, made.id, sizeof made.id);
	if ((rc = bn_spec_store(ws, spec, hash, err)) < 0)
		goto out;
	if ((rc = bn_run_dir_make(&dir, ws, id, err)) < 0)
		goto out;
	if ((rc = fill_run_dir(dir, hash, opt, by, err)) < 0) {
		bn_run_dir_remove(ws, id, NULL); /* the log does not have the run */
		goto out;
	}
	if ((rc = write_created(ws, spec, opt, &made, hash, err)) < 0)
		goto out;
	if ((rc = write_params(ws, spec, id, &why)) < 0 ||
		(opt->resumed &&
			(rc = bn_runlog_metrics(ws, id, opt->resumed->metrics, &why)) < 0)) {
		end_unstarted(ws, id, &why);
		bn_err_move(err, &why);
		goto out;
	}
	*out = spec;
	spec = NULL;
out:
	bn_dir_close(dir);
	bn_spec_free(spec);
	return rc;
}

int bn_launch_prepare(bn_workspace *ws, const bn_spec *given, const bn_launch_options *opt,
	char id[BN_RUN_ID_TEXT], bn_err *err)
{
	const bn_executor *by;
	bn_spec *spec = NULL;
	char hash[65];
	int rc = find_executor(&by, ws, given, opt, err);
	if (rc < 0)
		return rc;
	rc = append_run(&spec, ws, given, opt, by, id, hash, err);
	bn_spec_free(spec);
	if (rc < 0 || (rc = bn_run_clock_leave(ws, id, err)) < 0)
		return rc;
	return bn_workspace_seal(ws, err);
}

int bn_launch(bn_workspace *ws, const bn_spec *given, const bn_launch_options *opt,
	char id[BN_RUN_ID_TEXT], bn_err *err)
{
	const bn_executor *by;
	bn_err why = BN_ERR_INIT;
	bn_spec *spec = NULL;
	char *self = NULL, hash[65];
	int rc = find_executor(&by, ws, given, opt, err);
	if (rc < 0)
		return rc;
	if (!opt->program && (rc = bn_process_program(&self, err)) < 0)
		return rc;
	if ((rc = append_run(&spec, ws, given, opt, by, id, hash, err)) < 0)
		goto out;
	const bn_submission what = {id, spec, hash, self ? self : opt->program};
	if ((rc = by->submit(ws, &what, &why)) < 0) {
		end_unstarted(ws, id, &why);
		bn_err_move(err, &why);
	}
out:
	bn_spec_free(spec);
	bn_free(self);
	return rc;
}

/* ---- stopping ------------------------------------------------------------------------------- */

static int refuse_stop(const char *id, uid_t owner, bn_err *err)
{
	char who[64];

	bn_err_set(err, BN_EREFUSED, "run %.8s belongs to another user", id);
	if (bn_account_name(owner, who, sizeof who))
		bn_err_hint(err, "%s, whose run it is, can stop it, and so can root", who);
	else
		bn_err_hint(err, "user %u, whose run it is, can stop it, and so can root",
			(unsigned)owner);
	return BN_EREFUSED;
}

int bn_launch_stop(bn_workspace *ws, const char *id, bn_cancel *how, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	const bn_executor *by;
	bn_created made;
	bn_cancel unused;
	/* For any other user: neither a signal nor a file gets there, and an event would have no
	 * effect. */
	if (bn_created_find(&made, ws, id, NULL) >= 0 && made.owner != env->uid(env) &&
		env->uid(env) != 0)
		return refuse_stop(id, made.owner, err);
	int rc = bn_executor_of(&by, ws, id, err);
	return rc < 0 ? rc : by->cancel(ws, id, how ? how : &unused, err);
}
