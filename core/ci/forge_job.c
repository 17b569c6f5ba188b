/* forge_job.c - what GitLab CI, GitHub Actions and Jenkins say about a job in variables: see _forge_facts.h. */
#include "core/ci/_forge_facts.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

/* A variable that is set and not empty. */
static const char *get(const bn_env *env, const char *name)
{
	const char *value = bn_env_get(env, name);
	return value && *value ? value : NULL;
}

static int copy(char **out, const char *value, bn_err *err)
{
	if (value && !(*out = bn_strdup(value)))
		return bn_err_nomem(err, "a CI variable");
	return 0;
}

static int number(int64_t *out, const char *text, size_t n, const char *name, bn_err *err)
{
	if (!bn_parse_i64(text, n, out) || *out <= 0)
		return bn_err_set(err, BN_EINVAL, "%s: '%.*s' is not the number of a request", name,
			(int)(n < 40 ? n : 40), text);
	return 0;
}

/* ---- GitLab --------------------------------------------------------------------------------- */

/* "group/project!333,group/project!334": of a branch's pipeline. One of them is the request; several are none. */
static int open_request(bn_forge_place *p, const char *list, bn_err *err)
{
	const char *mark = strchr(list, '!');
	int rc;
	if (!mark || strchr(list, ','))
		return 0;
	if ((rc = number(&p->request, mark + 1, strlen(mark + 1), "CI_OPEN_MERGE_REQUESTS", err)) <
		0)
		return rc;
	if (!(p->request_project = bn_strndup(list, (size_t)(mark - list))))
		return bn_err_nomem(err, "a CI variable");
	return 0;
}

static int gitlab_request(bn_forge_place *p, const bn_env *env, bn_err *err)
{
	const char *iid = get(env, "CI_MERGE_REQUEST_IID");
	const char *open = get(env, "CI_OPEN_MERGE_REQUESTS");
	const char *page = get(env, "CI_MERGE_REQUEST_PROJECT_URL");
	int rc;
	if (!iid)
		return open ? open_request(p, open, err) : 0;
	if ((rc = number(&p->request, iid, strlen(iid), "CI_MERGE_REQUEST_IID", err)) < 0)
		return rc;
	if (page && !(p->request_page = bn_strf(
			      "%s/-/merge_requests/%lld", page, (long long)p->request)))
		return bn_err_nomem(err, "a CI variable");
	return copy(&p->request_project, get(env, "CI_MERGE_REQUEST_PROJECT_ID"), err);
}

static int read_gitlab(bn_forge_place *p, char **path, const bn_env *env, bn_err *err)
{
	const char *api = get(env, "CI_API_V4_URL"), *server = get(env, "CI_SERVER_URL");
	const char *id = get(env, "CI_PROJECT_ID"),
		   *branch = get(env, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
	int rc;
	p->kind = BN_FORGE_GITLAB;
	if (api)
		rc = copy(&p->api, api, err);
	else
		rc = server && !(p->api = bn_strf("%s/api/v4", server)) ? bn_err_nomem(err, "a URL")
									: 0;
	if (rc < 0 || (rc = copy(path, get(env, "CI_PROJECT_PATH"), err)) < 0 ||
		(rc = copy(&p->project, id ? id : *path, err)) < 0 ||
		(rc = copy(&p->commit, get(env, "CI_COMMIT_SHA"), err)) < 0 ||
		(rc = copy(&p->target_branch, branch ? branch : get(env, "CI_DEFAULT_BRANCH"),
			 err)) < 0 ||
		(rc = copy(&p->pipeline, get(env, "CI_PIPELINE_ID"), err)) < 0 ||
		(rc = copy(&p->pipeline_page, get(env, "CI_PIPELINE_URL"), err)) < 0)
		return rc;
	return gitlab_request(p, env, err);
}

/* ---- GitHub --------------------------------------------------------------------------------- */

/* The event that started the workflow: the merge commit of GITHUB_SHA shows no status on the pull request, the head of
 * its branch does. */
static int read_event(bn_forge_place *p, const bn_env *env, const char *path, bn_err *err)
{
	json_t *event = NULL;
	int rc = bn_json_load(&event, env, path, err);
	if (rc < 0) {
		bn_err_prefix(err, "GITHUB_EVENT_PATH");
		return rc;
	}
	const json_t *request = json_object_get(event, "pull_request");
	const json_t *issue = json_object_get(event, "issue");
	const json_t *run = json_object_get(event, "workflow_run");
	if (!request && json_object_get(issue, "pull_request"))
		request = issue;
	const char *head = bn_json_str(json_object_get(request, "head"), "sha", NULL);
	const char *page = bn_json_str(request, "html_url", NULL);
	const char *base = bn_json_str(
		json_object_get(json_object_get(request, "base"), "repo"), "full_name", NULL);
	if (run) {
		request = json_array_get(json_object_get(run, "pull_requests"), 0);
		head = bn_json_str(run, "head_sha", NULL);
	}
	int64_t n = bn_json_int(request, "number", 0);
	if (n > 0)
		p->request = n;
	if (head) {
		bn_free(p->commit);
		p->commit = NULL;
	}
	if ((rc = copy(&p->commit, head, err)) < 0 ||
		(rc = copy(&p->request_page, page, err)) < 0 ||
		(rc = copy(&p->request_project, base, err)) < 0)
		goto out;
out:
	json_decref(event);
	return rc;
}

static int read_github(bn_forge_place *p, const bn_env *env, bn_err *err)
{
	const char *api = get(env, "GITHUB_API_URL"), *server = get(env, "GITHUB_SERVER_URL");
	const char *project = get(env, "GITHUB_REPOSITORY"), *run = get(env, "GITHUB_RUN_ID");
	const char *ref = get(env, "GITHUB_REF"), *event = get(env, "GITHUB_EVENT_PATH");
	int rc;
	p->kind = BN_FORGE_GITHUB;
	if ((rc = copy(&p->api, api ? api : "https://api.github.com", err)) < 0 ||
		(rc = copy(&p->project, project, err)) < 0 ||
		(rc = copy(&p->commit, get(env, "GITHUB_SHA"), err)) < 0 ||
		(rc = copy(&p->target_branch, get(env, "GITHUB_BASE_REF"), err)) < 0)
		return rc;
	if (project && run &&
		!(p->pipeline_page = bn_strf("%s/%s/actions/runs/%s",
			  server ? server : "https://github.com", project, run)))
		return bn_err_nomem(err, "a URL");
	if (ref && bn_str_starts(ref, "refs/pull/")) {
		const char *digits = ref + strlen("refs/pull/");
		if ((rc = number(&p->request, digits, strcspn(digits, "/"), "GITHUB_REF", err)) < 0)
			return rc;
	}
	return event ? read_event(p, env, event, err) : 0;
}

/* ---- Jenkins -------------------------------------------------------------------------------- */

/* A multibranch pipeline. It does not say which forge: the repository's remote, or BINNACLE_FORGE_URL, does. */
static int read_jenkins(bn_forge_place *p, const bn_env *env, bn_err *err)
{
	const char *id = get(env, "CHANGE_ID");
	int rc;
	if (id && (rc = number(&p->request, id, strlen(id), "CHANGE_ID", err)) < 0)
		return rc;
	if ((rc = copy(&p->commit, get(env, "GIT_COMMIT"), err)) < 0 ||
		(rc = copy(&p->request_page, get(env, "CHANGE_URL"), err)) < 0 ||
		(rc = copy(&p->target_branch, get(env, "CHANGE_TARGET"), err)) < 0)
		return rc;
	return copy(&p->pipeline_page, get(env, "BUILD_URL"), err);
}

int bn_forge_read_job(bn_forge_place *out, char **path, const bn_env *env, bn_err *err)
{
	const char *github = get(env, "GITHUB_ACTIONS");
	*out = (bn_forge_place){0};
	*path = NULL;
	out->in_job = true;
	if (get(env, "GITLAB_CI"))
		return read_gitlab(out, path, env, err);
	if (github && !strcmp(github, "true"))
		return read_github(out, env, err);
	if (get(env, "JENKINS_URL"))
		return read_jenkins(out, env, err);
	out->in_job = false;
	return 0;
}
