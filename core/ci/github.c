/*
 * github.c - the pipeline as a workflow of GitHub: see pipeline.h.
 *
 * Each command is a step, so that the page of a run shows which one failed. A person starts the manual stage by
 * running the workflow from the page (workflow_dispatch); reviewers can be required for its environment.
 */
#include "core/ci/_form.h"

#include "core/base/mem.h"

#include <string.h>

/* Text of a command: GitHub would read "${{" in it as an expression. Yours. */
static json_t *literal(const char *text)
{
	static const char open[] = "${{", as_text[] = "${{ '${{' }}";
	bn_buf b = BN_BUF_INIT;
	for (const char *p; (p = strstr(text, open)); text = p + 3) {
		bn_buf_add(&b, text, (size_t)(p - text));
		bn_buf_adds(&b, as_text);
	}
	bn_buf_adds(&b, text);
	json_t *out = b.failed ? NULL : json_string(b.ptr);
	bn_buf_release(&b);
	return out;
}

static void run_add(json_t *steps, const char *name, const char *command)
{
	json_array_append_new(steps, json_pack("{s:s*, s:s}", "name", name, "run", command));
}

/* ---- steps ---------------------------------------------------------------------------------- */

/* Paths in a container differ from those of the runner, so a step finds them. */
static void set_up_add(json_t *steps)
{
	run_add(steps, "Set up",
		"echo \"BINNACLE_HOME=${BINNACLE_HOME:-$PWD}\" >>\"$GITHUB_ENV\"; "
		"echo \"XDG_STATE_HOME=$PWD/" BN_CI_STATE_DIR "\" >>\"$GITHUB_ENV\"");
}

static void key_add(json_t *steps)
{
	json_array_append_new(
		steps, json_pack("{s:s, s:{s:s}, s:s}", "name", "Key that signs, if there is one",
			       "env", "KEY", "${{ secrets.BINNACLE_KEY }}", "run",
			       "[ -z \"$KEY\" ] || { (umask 077; printf '%s\\n' \"$KEY\" "
			       ">\"$RUNNER_TEMP/key.pem\"); "
			       "echo \"BINNACLE_KEY=$RUNNER_TEMP/key.pem\" >>\"$GITHUB_ENV\"; }"));
}

/* Lines of one text, as `path` takes them. */
static json_t *lines_json(const bn_ci_list *l)
{
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < l->count; i++)
		bn_buf_addf(&b, "%s%s", i ? "\n" : "", l->items[i]);
	json_t *out = b.failed ? NULL : json_string(b.ptr);
	bn_buf_release(&b);
	return out;
}

static void cache_add(json_t *steps, const bn_ci_stage *s)
{
	json_array_append_new(
		steps, json_pack("{s:s, s:{s:o, s:s, s:s}}", "uses", "actions/cache@v4", "with",
			       "path", lines_json(&s->cache), "key",
			       "${{ runner.os }}-${{ github.job }}-${{ github.ref_name }}-${{ "
			       "github.sha }}",
			       "restore-keys", "${{ runner.os }}-${{ github.job }}-"));
}

static void download_add(json_t *steps, const char *stage)
{
	json_array_append_new(
		steps, json_pack("{s:s, s:b, s:{s:s}}", "uses", "actions/download-artifact@v4",
			       "continue-on-error", 1, "with", "name", stage));
}

static void upload_add(json_t *steps, const bn_ci_stage *s)
{
	json_array_append_new(steps, json_pack("{s:s*, s:s, s:{s:s, s:o, s:i, s:s}}", "if",
					     s->keeps_on_failure ? "always()" : NULL, "uses",
					     "actions/upload-artifact@v4", "with", "name", s->name,
					     "path", lines_json(&s->artifacts), "retention-days", 7,
					     "if-no-files-found", "ignore"));
}

static json_t *secrets_json(const bn_ci_stage *s)
{
	json_t *env = s->secrets.count ? json_object() : NULL;
	for (size_t i = 0; i < s->secrets.count; i++) {
		char *value = bn_strf("${{ secrets.%s }}", s->secrets.items[i]);
		json_object_set_new(env, s->secrets.items[i], value ? json_string(value) : NULL);
		bn_free(value);
	}
	return env;
}

static void commands_add(json_t *steps, const bn_ci_stage *s)
{
	json_t *all = bn_ci_script_json(s), *command;
	size_t i;
	json_array_foreach(all, i, command)
	{
		json_t *step = json_pack("{s:o}", "run", literal(json_string_value(command)));
		json_array_append_new(steps, step);
	}
	json_decref(all);
}

/* Also when the gate fails; a token that may not write (a pull request from a fork) fails the step alone. The workflow's
 * own token is enough with the permissions below. */
static void finally_add(json_t *steps, const bn_ci_stage *s)
{
	for (size_t i = 0; i < s->finally.count; i++)
		json_array_append_new(
			steps, json_pack("{s:s, s:b, s:{s:s}, s:o}", "if", "always()",
				       "continue-on-error", 1, "env", "BINNACLE_FORGE_TOKEN",
				       "${{ secrets.BINNACLE_FORGE_TOKEN || github.token }}", "run",
				       literal(s->finally.items[i])));
}

/* Only the job that tells the pull request may write to it. */
static json_t *permissions_json(const bn_ci_stage *s)
{
	return s->finally.count ? json_pack("{s:s, s:s, s:s}", "contents", "read", "pull-requests",
					  "write", "statuses", "write")
				: NULL;
}

static json_t *steps_json(const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	json_t *steps = json_array();
	bn_ci_stage_id id;
	json_array_append_new(steps, json_pack("{s:s}", "uses", "actions/checkout@v4"));
	if (s->state)
		set_up_add(steps);
	if (s->signs)
		key_add(steps);
	if (s->cache.count)
		cache_add(steps, s);
	if (s->state && s->needs && bn_ci_stage_find(&id, s->needs) && p->stages[id].state)
		download_add(steps, s->needs);
	commands_add(steps, s);
	if (s->junit)
		json_array_append_new(
			steps, json_pack("{s:s, s:s}", "if", "always()", "run",
				       "cat ci-report/note.md >>\"$GITHUB_STEP_SUMMARY\""));
	finally_add(steps, s);
	if (s->artifacts.count)
		upload_add(steps, s);
	return steps;
}

/* ---- jobs ----------------------------------------------------------------------------------- */

/* When a job runs; an expression. Yours. */
static char *condition(const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	if (!s->only_branch)
		return bn_strdup("github.event_name != 'schedule'");
	if (s->scheduled && !s->needs)
		return bn_strf("github.ref_name == '%s'", p->branch);
	if (s->scheduled)
		return bn_strf("!cancelled() && github.ref_name == '%s' && (github.event_name == "
			       "'schedule' || needs.%s.result == 'success')",
			p->branch, s->needs);
	return bn_strf("github.ref_name == '%s' && github.event_name %s", p->branch,
		s->manual ? "== 'workflow_dispatch'" : "!= 'schedule'");
}

/* A runner by labels; GitHub's own without any. */
static json_t *runs_on_json(const bn_ci_stage *s)
{
	if (!s->tags.count)
		return json_string("ubuntu-latest");
	json_t *labels = bn_ci_list_json(&s->tags);
	json_array_insert_new(labels, 0, json_string("self-hosted"));
	return labels;
}

static json_t *job_json(const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	char *when = condition(p, s);
	json_t *environment =
		s->environment ? json_pack("{s:s, s:s*}", "name", s->environment, "url", s->url)
			       : NULL;
	json_t *alone = s->alone ? json_pack("{s:s, s:b}", "group", "binnacle-deploy",
					   "cancel-in-progress", 0)
				 : NULL;
	json_t *job = json_pack("{s:s, s:o*, s:o*, s:s, s:o, s:s*, s:s*, s:o*, s:o*, s:o*, s:o}",
		"name", s->title, "permissions", permissions_json(s), "needs",
		s->needs ? json_pack("[s]", s->needs) : NULL, "if", when ? when : "", "runs-on",
		runs_on_json(s), "container", p->image, "continue-on-error",
		s->may_fail ? "${{ github.event_name != 'schedule' }}" : NULL, "environment",
		environment, "concurrency", alone, "env", secrets_json(s), "steps",
		steps_json(p, s));
	bn_free(when);
	return job;
}

static json_t *triggers_json(const bn_ci_pipeline *p)
{
	json_t *on = json_pack("{s:{s:[s]}, s:{}, s:{}}", "push", "branches", p->branch,
		"pull_request", "workflow_dispatch");
	if (p->cron)
		json_object_set_new(on, "schedule", json_pack("[{s:s}]", "cron", p->cron));
	return on;
}

static int github_write(const bn_ci_pipeline *p, bn_buf *out, bn_err *err)
{
	json_t *jobs = json_object();
	for (int i = 0; i < BN_CI_STAGES; i++)
		if (!p->stages[i].missing)
			json_object_set_new(jobs, p->stages[i].name, job_json(p, &p->stages[i]));
	json_t *doc = json_pack("{s:s, s:o, s:{s:s}, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s}, s:o}",
		"name", "binnacle", "on", triggers_json(p), "permissions", "contents", "read",
		"concurrency", "group", "${{ github.workflow }}-${{ github.ref }}",
		"cancel-in-progress", "${{ github.event_name == 'pull_request' }}", "env",
		"BINNACLE_HOME", "${{ vars.BINNACLE_HOME }}", "BINNACLE_TRUST",
		"${{ vars.BINNACLE_TRUST }}", "BINNACLE_CI_RUN", "ci-${{ github.sha }}",
		"BINNACLE_CI_URL",
		"${{ github.server_url }}/${{ github.repository }}/actions/runs/${{ github.run_id "
		"}}",
		"jobs", jobs);
	bn_ci_head_add(out, p, "github", "#");
	bn_buf_adds(out,
		"# Variables and secrets of the repository (Settings > Secrets and variables):\n"
		"#   vars.BINNACLE_HOME     the team's workspace on the runners' file system; then "
		"also\n"
		"#   vars.BINNACLE_TRUST    its invitation (bn1:...)\n"
		"#   secrets.BINNACLE_FORGE_TOKEN  a token for the note on a pull request, instead "
		"of the workflow's own\n"
		"#   secrets.BINNACLE_KEY   the key (PEM) of a bot that registers and "
		"requests\n\n");
	int rc = bn_ci_yaml_add(out, doc, err);
	json_decref(doc);
	return rc;
}

const bn_ci_form bn_ci_github = {"github", ".github/workflows/binnacle.yml", github_write};
