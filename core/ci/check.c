/* check.c - see check.h: puts a check together. */
#include "core/ci/check.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/ci/_check.h"
#include "core/ci/check_log.h"
#include "core/govern/rights.h"
#include "core/run/environment.h"

#include <string.h>

/* ---- where it runs --------------------------------------------------------------------------- */

/* The first variable of the list that is set and not empty. */
static const char *variable(const bn_env *env, const char *const *names)
{
	for (; *names; names++) {
		const char *value = bn_env_get(env, *names);
		if (value && *value)
			return value;
	}
	return NULL;
}

/* The commit as git has it, else as CI says it; the branch the other way round: a merge request is checked out
 * without one. */
static int context_read(bn_ci_checking *c, bn_err *err)
{
	static const char *const commits[] = {"CI_COMMIT_SHA", "GITHUB_SHA", "GIT_COMMIT", NULL};
	static const char *const refs[] = {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
		"CI_COMMIT_REF_NAME", "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CHANGE_BRANCH",
		"BRANCH_NAME", NULL};
	static const char *const urls[] = {"BINNACLE_CI_URL", "CI_PIPELINE_URL", "BUILD_URL", NULL};
	const bn_env *env = bn_workspace_env(c->ws);
	bn_ci_report *r = c->report;
	json_t *code = NULL;
	char *diff = NULL;
	bn_err why = BN_ERR_INIT;
	if (bn_code_describe(&code, &diff, c->s->dir ? c->s->dir : ".", &why) < 0) {
		if (why.code == BN_ENOMEM)
			return bn_err_move(err, &why);
		bn_err_clear(&why); /* a repository that cannot be read says nothing */
	}
	const char *commit = bn_json_str(code, "commit", NULL),
		   *ref = bn_json_str(code, "branch", NULL);
	r->commit = bn_ci_report_keep(r, commit ? commit : variable(env, commits));
	r->ref = bn_ci_report_keep(r, variable(env, refs));
	if (!r->ref)
		r->ref = bn_ci_report_keep(r, ref);
	r->pipeline_url = bn_ci_report_keep(r, variable(env, urls));
	r->time_ms = bn_env_now_ms(env);
	json_decref(code);
	bn_free(diff);
	return bn_ci_report_finish(r, err);
}

/* ---- policy and candidate ---------------------------------------------------------------------- */

static int policy_read(bn_policy **out, bn_ci_checking *c, bn_err *err)
{
	const bn_env *env = bn_workspace_env(c->ws);
	const char *name = c->s->evaluate.policy;
	c->policy_name = name ? name : "the workspace's policy";
	if (!name)
		return bn_rights_policy(out, c->ws, bn_workspace_index(c->ws), err);
	char *path = bn_ci_project_path(c, name);
	json_t *doc = NULL;
	int rc = path ? bn_json_load(&doc, env, path, err) : bn_err_nomem(err, "a path");
	if (rc >= 0)
		rc = bn_policy_parse(out, doc, name, err);
	json_decref(doc);
	bn_free(path);
	return rc;
}

static int candidate_judge(bn_ci_checking *c, const char *run, bn_err *err)
{
	bn_ci_report *r = c->report;
	int rc = bn_workspace_refresh(c->ws, NULL, err);
	if (rc < 0 || (rc = bn_candidate_judge(&c->candidate, c->ws, run ? run : "latest",
			       c->s->model, c->policy, c->progress, err)) < 0)
		return rc;
	r->model = bn_ci_report_keep(r, c->s->model);
	r->run = bn_ci_report_keep(r, c->candidate->run->id);
	r->run_name = bn_ci_report_keep(r, c->candidate->run->name);
	return 0;
}

/* ---- baseline -------------------------------------------------------------------------------- */

static int baseline_compare(bn_ci_checking *c, const char *path, bn_err *err)
{
	const bn_env *env = bn_workspace_env(c->ws);
	char *usual = bn_ci_project_path(c, BN_CI_BASELINE_FILE);
	json_t *doc = NULL;
	int rc = usual ? 0 : bn_err_nomem(err, "a path");
	const char *file = path ? path : usual;
	if (rc < 0 || (!path && !bn_fs_exists(env, usual)))
		goto out;
	if ((rc = bn_json_load(&doc, env, file, err)) < 0)
		goto out;
	rc = bn_ci_report_compare(c->report, doc, path ? path : BN_CI_BASELINE_FILE, err);
out:
	json_decref(doc);
	bn_free(usual);
	return rc;
}

/* ---- together ---------------------------------------------------------------------------------- */

static int record(bn_ci_checking *c, bn_err *err)
{
	int rc = bn_ci_write_checked(c->ws, c->report, err);
	int committed = bn_workspace_commit(c->ws, rc < 0 ? NULL : err);
	return rc < 0 ? rc : committed;
}

int bn_ci_check(bn_ci_report **out, bn_workspace *ws, const bn_ci_settings *settings,
	const bn_ci_check_options *options, bn_err *err)
{
	bn_ci_checking c = {.ws = ws, .s = settings, .progress = options->progress};
	bn_policy *policy = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc;
	if ((rc = bn_ci_report_new(&c.report, err)) < 0 || (rc = context_read(&c, err)) < 0 ||
		(rc = policy_read(&policy, &c, err)) < 0)
		goto out;
	c.policy = policy;
	int64_t began = bn_env_monotonic_ns(env);
	if ((rc = candidate_judge(&c, options->run, err)) < 0)
		goto out;
	int64_t judge_ns = bn_env_monotonic_ns(env) - began;
	if ((rc = bn_ci_check_data(&c, err)) < 0 ||
		(rc = bn_ci_check_model(&c, judge_ns, err)) < 0 ||
		(rc = baseline_compare(&c, options->baseline, err)) < 0)
		goto out;
	bn_ci_check_margins(&c);
	bn_ci_report_sort(c.report);
	if ((rc = bn_ci_check_curves(&c, err)) < 0 ||
		(rc = bn_ci_report_finish(c.report, err)) < 0 ||
		(!options->dry_run && (rc = record(&c, err)) < 0))
		goto out;
	*out = c.report;
	c.report = NULL;
out:
	bn_candidate_free(c.candidate);
	bn_policy_free(policy);
	bn_ci_report_free(c.report);
	return rc;
}
