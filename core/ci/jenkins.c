/*
 * jenkins.c - the pipeline as a declarative Jenkinsfile: see pipeline.h.
 *
 * All stages share the workspace of one agent, unless one has tags of its own: then it gets an agent by these labels,
 * and what a stage hands on is stashed.
 */
#include "core/ci/_form.h"

#include <string.h>

/* In single quotes, where Groovy replaces nothing. */
static void quoted_add(bn_buf *b, const char *s)
{
	bn_buf_addch(b, '\'');
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			bn_buf_addch(b, '\\');
		bn_buf_addch(b, *s);
	}
	bn_buf_addch(b, '\'');
}

static void line_add(bn_buf *b, int depth, const char *before, const char *text, const char *after)
{
	for (int i = 0; i < depth; i++)
		bn_buf_adds(b, "  ");
	bn_buf_adds(b, before);
	if (text)
		quoted_add(b, text);
	bn_buf_adds(b, after);
	bn_buf_addch(b, '\n');
}

/* "a, b" or "gpu && slurm". */
static void joined_add(bn_buf *b, const bn_ci_list *l, const char *between)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_buf_adds(b, i ? between : "");
		bn_buf_adds(b, l->items[i]);
	}
}

/* ---- agents --------------------------------------------------------------------------------- */

static bool has_own_agent(const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	return s->tags.count > p->n_common_tags;
}

static bool are_agents_many(const bn_ci_pipeline *p)
{
	for (int i = 0; i < BN_CI_STAGES; i++)
		if (!p->stages[i].missing && has_own_agent(p, &p->stages[i]))
			return true;
	return false;
}

static void agent_add(bn_buf *b, int depth, const bn_ci_pipeline *p, const bn_ci_list *tags)
{
	bn_buf label = BN_BUF_INIT;
	joined_add(&label, tags, " && ");
	if (p->image) {
		line_add(b, depth, "agent {", NULL, "");
		line_add(b, depth + 1, "docker {", NULL, "");
		line_add(b, depth + 2, "image ", p->image, "");
		if (tags->count)
			line_add(b, depth + 2, "label ", label.ptr, "");
		line_add(b, depth + 1, "}", NULL, "");
		line_add(b, depth, "}", NULL, "");
	} else if (tags->count) {
		line_add(b, depth, "agent { label ", label.ptr, " }");
	} else {
		line_add(b, depth, "agent any", NULL, "");
	}
	b->failed = b->failed || label.failed;
	bn_buf_release(&label);
}

/* ---- stages --------------------------------------------------------------------------------- */

static void when_add(bn_buf *b, const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	bool by_timer = p->cron && !s->scheduled;
	if (!s->only_branch && !by_timer)
		return;
	line_add(b, 3, "when {", NULL, "");
	if (s->manual)
		line_add(b, 4, "beforeInput true", NULL, "");
	if (s->only_branch)
		line_add(b, 4, "branch ", p->branch, "");
	if (by_timer)
		line_add(b, 4, "not { triggeredBy ", "TimerTrigger", " }");
	line_add(b, 3, "}", NULL, "");
}

static void secrets_add(bn_buf *b, const bn_ci_stage *s)
{
	if (!s->secrets.count)
		return;
	line_add(b, 3, "environment {", NULL, "");
	for (size_t i = 0; i < s->secrets.count; i++) {
		bn_buf_addf(b, "        %s = credentials(", s->secrets.items[i]);
		quoted_add(b, s->secrets.items[i]);
		bn_buf_adds(b, ")\n");
	}
	line_add(b, 3, "}", NULL, "");
}

static void steps_add(bn_buf *b, const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	const bn_ci_list *const parts[] = {&s->before, &s->commands, &s->after};
	bool stashes = s->state && are_agents_many(p);
	int depth = s->may_fail ? 5 : 4;
	line_add(b, 3, "steps {", NULL, "");
	if (s->may_fail)
		line_add(b, 4, "catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE') {",
			NULL, "");
	if (stashes && s->before.count)
		line_add(b, depth, "unstash 'state'", NULL, "");
	for (int i = 0; i < 3; i++)
		for (size_t k = 0; k < parts[i]->count; k++)
			line_add(b, depth, "sh ", parts[i]->items[k], "");
	if (stashes)
		line_add(b, depth,
			"stash name: 'state', allowEmpty: true, includes: ", BN_CI_STATE_FILE, "");
	if (s->may_fail)
		line_add(b, 4, "}", NULL, "");
	line_add(b, 3, "}", NULL, "");
}

static void post_add(bn_buf *b, const bn_ci_stage *s)
{
	bn_buf paths = BN_BUF_INIT;
	for (size_t i = 0; i < s->artifacts.count; i++)
		if (strcmp(s->artifacts.items[i], BN_CI_STATE_FILE))
			bn_buf_addf(&paths, "%s%s, %s/**", paths.len ? ", " : "",
				s->artifacts.items[i], s->artifacts.items[i]);
	if (paths.len || s->junit) {
		line_add(b, 3, "post {", NULL, "");
		line_add(b, 4, s->keeps_on_failure ? "always {" : "success {", NULL, "");
		for (size_t i = 0; i < s->finally.count; i++)
			line_add(b, 5, "sh returnStatus: true, script: ", s->finally.items[i], "");
		if (s->junit)
			line_add(
				b, 5, "junit allowEmptyResults: true, testResults: ", s->junit, "");
		if (paths.len)
			line_add(b, 5,
				"archiveArtifacts allowEmptyArchive: true, artifacts: ", paths.ptr,
				"");
		line_add(b, 4, "}", NULL, "");
		line_add(b, 3, "}", NULL, "");
	}
	b->failed = b->failed || paths.failed;
	bn_buf_release(&paths);
}

/* A person starts the stage. */
static void input_add(bn_buf *b, const bn_ci_stage *s)
{
	bn_buf question = BN_BUF_INIT;
	bn_buf_addf(&question, "Deploy to %s?", s->environment);
	line_add(b, 3, "input {", NULL, "");
	line_add(b, 4, "message ", question.ptr, "");
	line_add(b, 3, "}", NULL, "");
	b->failed = b->failed || question.failed;
	bn_buf_release(&question);
}

static void stage_add(bn_buf *b, const bn_ci_pipeline *p, const bn_ci_stage *s)
{
	line_add(b, 2, "stage(", s->name, ") {");
	if (has_own_agent(p, s))
		agent_add(b, 3, p, &s->tags);
	when_add(b, p, s);
	if (s->manual)
		input_add(b, s);
	secrets_add(b, s);
	steps_add(b, p, s);
	post_add(b, s);
	line_add(b, 2, "}", NULL, "");
}

static int jenkins_write(const bn_ci_pipeline *p, bn_buf *out, bn_err *err)
{
	const bn_ci_list common = {p->stages[0].tags.items, p->n_common_tags, 0};
	bn_ci_head_add(out, p, "jenkins", "//");
	bn_buf_adds(out,
		"// Variables of the node or the folder:\n"
		"//   BINNACLE_HOME   the team's workspace on the agents' file system; then also\n"
		"//   BINNACLE_TRUST  its invitation (bn1:...)\n"
		"//   BINNACLE_FORGE_TOKEN  a token, for the note on a merge or pull request\n"
		"//   BINNACLE_KEY    path of the key of a bot that registers and requests\n\n");
	line_add(out, 0, "pipeline {", NULL, "");
	agent_add(out, 1, p, &common);
	bn_buf_adds(out, "  options {\n    disableConcurrentBuilds()\n"
			 "    buildDiscarder(logRotator(artifactDaysToKeepStr: '7'))\n  }\n");
	if (p->cron)
		line_add(out, 1, "triggers { cron(", p->cron, ") }");
	bn_buf_adds(out, "  environment {\n"
			 "    BINNACLE_HOME = \"${env.BINNACLE_HOME ?: env.WORKSPACE}\"\n"
			 "    XDG_STATE_HOME = \"${env.WORKSPACE}/" BN_CI_STATE_DIR "\"\n"
			 "    BINNACLE_CI_RUN = \"ci-${env.GIT_COMMIT}\"\n"
			 "    BINNACLE_CI_URL = \"${env.BUILD_URL}\"\n"
			 "  }\n  stages {\n");
	for (int i = 0; i < BN_CI_STAGES; i++)
		if (!p->stages[i].missing)
			stage_add(out, p, &p->stages[i]);
	bn_buf_adds(out, "  }\n}\n");
	return bn_buf_check(out, err, "a pipeline");
}

const bn_ci_form bn_ci_jenkins = {"jenkins", "Jenkinsfile", jenkins_write};
