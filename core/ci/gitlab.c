/* gitlab.c - the pipeline as .gitlab-ci.yml: see pipeline.h. */
#include "core/ci/_form.h"

#include <string.h>

static json_t *rule(const char *condition, const char *when)
{
	return when ? json_pack("{s:s*, s:s}", "if", condition, "when", when)
		    : json_pack("{s:s}", "if", condition);
}

static const char scheduled[] = "$CI_PIPELINE_SOURCE == \"schedule\"";
static const char on_branch[] = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH";

/* Merge requests, and the branch that deploys; schedules run on it too. */
static json_t *workflow_json(void)
{
	return json_pack("{s:[o, o]}", "rules",
		rule("$CI_PIPELINE_SOURCE == \"merge_request_event\"", NULL),
		rule(on_branch, NULL));
}

static json_t *rules_json(const bn_ci_stage *s)
{
	json_t *rules = json_array();
	json_array_append_new(rules, rule(scheduled, s->scheduled ? "on_success" : "never"));
	if (!s->only_branch) {
		json_array_append_new(rules, json_pack("{s:s}", "when", "on_success"));
		return rules;
	}
	json_t *branch = rule(on_branch, s->manual ? "manual" : NULL);
	if (s->may_fail)
		json_object_set_new(branch, "allow_failure", json_true());
	json_array_append_new(rules, branch);
	return rules;
}

/* The stage before it may be missing in a pipeline (a schedule has one job), which must not be an error. */
static json_t *needs_json(const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	bn_ci_stage_id id;
	if (!s->needs || !bn_ci_stage_find(&id, s->needs))
		return json_array();
	return json_pack("[{s:s, s:b, s:b}]", "job", s->needs, "artifacts",
		(int)(s->state && p->stages[id].state), "optional", 1);
}

static json_t *artifacts_json(const bn_ci_stage *s)
{
	if (!s->artifacts.count)
		return NULL;
	json_t *a = json_pack("{s:o, s:s, s:s*}", "paths", bn_ci_list_json(&s->artifacts),
		"expire_in", "1 week", "when", s->keeps_on_failure ? "always" : NULL);
	if (s->junit && s->openmetrics)
		json_object_set_new(a, "reports",
			json_pack("{s:s, s:s}", "junit", s->junit, "metrics", s->openmetrics));
	return a;
}

static json_t *cache_json(const bn_ci_stage *s)
{
	return s->cache.count
		       ? json_pack("{s:s, s:[s], s:o}", "key", "$CI_JOB_NAME-$CI_COMMIT_REF_SLUG",
				 "fallback_keys", "$CI_JOB_NAME-$CI_DEFAULT_BRANCH", "paths",
				 bn_ci_list_json(&s->cache))
		       : NULL;
}

static json_t *job_json(const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	json_t *environment =
		s->environment ? json_pack("{s:s, s:s*}", "name", s->environment, "url", s->url)
			       : NULL;
	json_t *tags = s->tags.count ? bn_ci_list_json(&s->tags) : NULL;
	return json_pack("{s:s, s:o, s:o, s:o*, s:o*, s:s*, s:o*, s:b, s:o, s:o*, s:o*}", "stage",
		s->name, "needs", needs_json(p, s), "rules", rules_json(s), "tags", tags, "cache",
		cache_json(s), "resource_group", s->alone ? "$CI_PROJECT_PATH_SLUG" : NULL,
		"environment", environment, "interruptible", (int)s->interruptible, "script",
		bn_ci_script_json(s), "after_script",
		s->finally.count ? bn_ci_list_json(&s->finally) : NULL, "artifacts",
		artifacts_json(s));
}

static int gitlab_write(const bn_ci_pipeline *p, bn_buf *out, bn_err *err)
{
	json_t *doc = json_object(), *stages = json_array();
	json_object_set_new(doc, "stages", stages);
	json_object_set_new(doc, "workflow", workflow_json());
	if (p->image)
		json_object_set_new(doc, "image", json_string(p->image));
	json_object_set_new(doc, "variables",
		json_pack("{s:s, s:s, s:s, s:s}", "BINNACLE_HOME", "$CI_PROJECT_DIR",
			"XDG_STATE_HOME", "$CI_PROJECT_DIR/" BN_CI_STATE_DIR, "BINNACLE_CI_RUN",
			"ci-$CI_COMMIT_SHA", "BINNACLE_CI_URL", "$CI_PIPELINE_URL"));
	for (int i = 0; i < BN_CI_STAGES; i++) {
		const bn_ci_stage *s = &p->stages[i];
		if (s->missing)
			continue;
		json_array_append_new(stages, json_string(s->name));
		json_object_set_new(doc, s->name, job_json(p, s));
	}
	bn_ci_head_add(out, p, "gitlab", "#");
	bn_buf_adds(out,
		"# Variables of the project (Settings > CI/CD) take precedence over those below:\n"
		"#   BINNACLE_HOME   the team's workspace on the runners' file system; then also\n"
		"#   BINNACLE_TRUST  its invitation (bn1:...)\n"
		"#   BINNACLE_FORGE_TOKEN  a project access token, for the note on a merge "
		"request\n"
		"#   BINNACLE_KEY    of type File: the key of a bot that registers and "
		"requests\n\n");
	int rc = bn_ci_yaml_add(out, doc, err);
	json_decref(doc);
	return rc;
}

const bn_ci_form bn_ci_gitlab = {"gitlab", ".gitlab-ci.yml", gitlab_write};
