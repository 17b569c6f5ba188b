/* Any bytes as a project's settings: an error with a message, or a pipeline whose YAML forms read back with the stages and
 * commands of its table. */
#include "core/base/json.h"
#include "core/base/yaml.h"
#include "core/ci/pipeline.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void gitlab_check(const bn_ci_pipeline *p)
{
	bn_buf b = BN_BUF_INIT;
	json_t *doc = NULL;
	if (bn_ci_gitlab.render(p, &b, NULL) < 0 ||
		bn_yaml_parse(&doc, b.ptr, b.len, "gitlab", NULL) < 0)
		abort();
	for (int i = 0; i < BN_CI_STAGES; i++) {
		const bn_ci_stage *s = &p->stages[i];
		const json_t *job = json_object_get(doc, s->name);
		const json_t *script = json_object_get(job, "script");
		if ((job != NULL) == (s->missing != NULL))
			abort();
		for (size_t k = 0; job && k < s->commands.count; k++) {
			const char *line = json_string_value(json_array_get(script, s->before.count + k));
			if (!line || strcmp(line, s->commands.items[k]) != 0)
				abort();
		}
	}
	json_decref(doc);
	bn_buf_release(&b);
}

static void github_check(const bn_ci_pipeline *p)
{
	bn_buf b = BN_BUF_INIT;
	json_t *doc = NULL;
	if (bn_ci_github.render(p, &b, NULL) < 0 ||
		bn_yaml_parse(&doc, b.ptr, b.len, "github", NULL) < 0)
		abort();
	for (int i = 0; i < BN_CI_STAGES; i++)
		if ((json_object_get(json_object_get(doc, "jobs"), p->stages[i].name) != NULL) ==
			(p->stages[i].missing != NULL))
			abort();
	json_decref(doc);
	bn_buf_release(&b);
}

/* Outside of strings braces match, and every string ends on its line. */
static void jenkins_check(const bn_ci_pipeline *p)
{
	bn_buf b = BN_BUF_INIT;
	int depth = 0;
	if (bn_ci_jenkins.render(p, &b, NULL) < 0)
		abort();
	for (const char *c = strstr(b.ptr, "pipeline {"); *c; c++) {
		if (*c == '\'' || *c == '"') {
			for (char quote = *c++; *c != quote; c++) {
				if (!*c || *c == '\n')
					abort();
				c += *c == '\\';
			}
			continue;
		}
		depth += (*c == '{') - (*c == '}');
	}
	if (depth)
		abort();
	bn_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_ci_settings *s = NULL;
	bn_ci_pipeline *p = NULL;
	bn_err err = BN_ERR_INIT;
	if (bn_ci_settings_parse(&s, (const char *)data, size, "fuzz", &err) < 0) {
		if (!err.code || !err.msg[0])
			abort();
		return 0;
	}
	if (bn_ci_pipeline_new(&p, s, &err) < 0)
		abort();
	gitlab_check(p);
	github_check(p);
	jenkins_check(p);
	bn_ci_pipeline_free(p);
	bn_ci_settings_free(s);
	return 0;
}
