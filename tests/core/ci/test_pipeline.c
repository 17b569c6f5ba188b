/* The table of stages, and its three forms: the same stages and commands in each, whatever texts the settings have. */
#include "core/base/json.h"
#include "core/base/yaml.h"
#include "core/ci/pipeline.h"
#include "tests/support/check_main.h"

#include <string.h>

static bn_ci_settings *settings;

static bn_ci_pipeline *pipeline(const char *text)
{
	bn_ci_pipeline *p = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(
		bn_ci_settings_parse(&settings, text, strlen(text), "binnacle.yaml", &err), &err);
	ck_assert_bn_ok(bn_ci_pipeline_new(&p, settings, &err), &err);
	return p;
}

static void done(bn_ci_pipeline *p)
{
	bn_ci_pipeline_free(p);
	bn_ci_settings_free(settings);
}

static const char full[] =
	"ci:\n"
	"  model: power\n"
	"  image: registry.example.org/runner:1\n"
	"  cache: [.venv, .cache]\n"
	"  data:\n"
	"    - {name: jobs, file: data/my jobs.csv, suite: suite.json}\n"
	"    - {name: later, file: \"https://example.org/l.csv?x=1&y='2'\", part: test}\n"
	"  lint: \"echo \\\"${{ secrets.X }}\\\" 'it''s' # no\"\n"
	"  unit: [\"printf '%s\\\\\\\\n' \\\"$A\\\"\", \": yes\", \"- x\", \"true\", \"ünï\"]\n"
	"  train: {trainer: ridge, target: job's power, test: 0.2, seed: 1, where: \"a > 'b c'\", "
	"set: {alpha: 0.5}}\n"
	"  package: {format: oci-archive}\n"
	"  deploy: {command: ./deploy.sh, environment: it's, url: \"https://x.example.org\", "
	"secrets: [TOKEN]}\n"
	"  smoke: {endpoint: \"http://h:1\", rows: s.csv}\n"
	"  monitor: {model: power@champion, window: 1d, cron: \"0 6 * * *\"}\n"
	"  tags: {all: [linux], train: [gpu, slurm]}\n";

START_TEST(test_stages_follow_from_settings)
{
	bn_ci_pipeline *p = pipeline(full);
	const bn_ci_stage *s = p->stages;
	for (int i = 0; i < BN_CI_STAGES; i++) {
		ck_assert_ptr_null(s[i].missing);
		ck_assert_str_eq(s[i].name, bn_ci_stage_name((bn_ci_stage_id)i));
		ck_assert(i ? !strcmp(s[i].needs, s[i - 1].name) : !s[i].needs);
	}
	const char *const *data = s[BN_CI_DATA_CHECK].commands.items;
	ck_assert_str_eq(data[1], "binnacle data add jobs 'data/my jobs.csv'");
	ck_assert_ptr_nonnull(strstr(
		data[2], "--output .ci-data/later 'https://example.org/l.csv?x=1&y='\\''2'\\'''"));
	ck_assert_str_eq(data[3], "binnacle data add later .ci-data/later");
	ck_assert_str_eq(data[4], "binnacle data check jobs --suite suite.json");
	ck_assert_str_eq(s[BN_CI_TRAIN].commands.items[0],
		"binnacle run start --trainer ridge --data jobs --data later:test --target "
		"'job'\\''s power' --where 'a > '\\''b c'\\''' --test 0.2 --seed 1 --set alpha=0.5 "
		"--name \"$BINNACLE_CI_RUN\" --wait");
	ck_assert(s[BN_CI_DEPLOY].manual && s[BN_CI_DEPLOY].alone && s[BN_CI_DEPLOY].only_branch);
	ck_assert(s[BN_CI_MONITOR].scheduled && !s[BN_CI_TRAIN].scheduled);
	ck_assert_uint_eq(s[BN_CI_TRAIN].tags.count, 3);
	ck_assert_uint_eq(s[BN_CI_LINT].tags.count, 1);
	for (int i = 0; i < BN_CI_STAGES; i++) /* CI registers and requests, and never decides */
		for (size_t k = 0; k < s[i].commands.count; k++)
			ck_assert_msg(!strstr(s[i].commands.items[k], "approve ") &&
					      !strstr(s[i].commands.items[k], "attest"),
				"%s", s[i].commands.items[k]);
	done(p);
}
END_TEST

START_TEST(test_stages_without_settings_are_left_out_with_a_reason)
{
	bn_ci_pipeline *p = pipeline("ci:\n  unit: make test\n");
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	for (int i = 0; i < BN_CI_STAGES; i++)
		ck_assert((p->stages[i].missing == NULL) == (i == BN_CI_UNIT));
	ck_assert_bn_ok(bn_ci_gitlab.render(p, &b, &err), &err);
	ck_assert_ptr_nonnull(strstr(
		b.ptr, "# Left out: train (no trainer and target, and no command: ci.train)"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "# Left out: evaluate (there is no stage train)"));
	bn_buf_release(&b);
	done(p);
}
END_TEST

START_TEST(test_a_file_is_never_read_as_an_option)
{
	bn_ci_pipeline *p = pipeline("ci:\n  data: [{name: jobs, file: -x.csv, suite: --force}]\n");
	ck_assert_str_eq(
		p->stages[BN_CI_DATA_CHECK].commands.items[1], "binnacle data add jobs ./-x.csv");
	ck_assert_str_eq(p->stages[BN_CI_DATA_CHECK].commands.items[2],
		"binnacle data check jobs --suite ./--force");
	done(p);
}
END_TEST

START_TEST(test_a_program_is_trained_by_a_shell)
{
	bn_ci_pipeline *p =
		pipeline("ci:\n  data: [{name: jobs, file: jobs.csv}]\n"
			 "  train: {command: [make, \"python train.py --lr '0.1'\"]}\n");
	ck_assert_str_eq(p->stages[BN_CI_TRAIN].commands.items[0],
		"binnacle run start --data jobs --name \"$BINNACLE_CI_RUN\" --wait -- sh -c "
		"'make && python train.py --lr '\\''0.1'\\'''");
	done(p);
}
END_TEST

static json_t *yaml(const bn_ci_form *form, const bn_ci_pipeline *p)
{
	bn_buf b = BN_BUF_INIT;
	json_t *doc = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(form->render(p, &b, &err), &err);
	ck_assert_bn_ok(bn_yaml_parse(&doc, b.ptr, b.len, form->path, &err), &err);
	bn_buf_release(&b);
	return doc;
}

START_TEST(test_gitlab_has_every_command_as_it_is)
{
	bn_ci_pipeline *p = pipeline(full);
	json_t *doc = yaml(&bn_ci_gitlab, p);
	for (int i = 0; i < BN_CI_STAGES; i++) {
		const bn_ci_stage *s = &p->stages[i];
		const json_t *job = json_object_get(doc, s->name);
		const json_t *script = json_object_get(job, "script");
		ck_assert_str_eq(
			json_string_value(json_array_get(json_object_get(doc, "stages"), i)),
			s->name);
		ck_assert_uint_eq(json_array_size(script),
			s->before.count + s->commands.count + s->after.count);
		for (size_t k = 0; k < s->commands.count; k++)
			ck_assert_str_eq(
				json_string_value(json_array_get(script, s->before.count + k)),
				s->commands.items[k]);
		ck_assert_str_eq(bn_json_str(job, "stage", ""), s->name);
	}
	const json_t *deploy = json_object_get(doc, "deploy");
	ck_assert_ptr_nonnull(json_object_get(deploy, "resource_group"));
	ck_assert_str_eq(
		bn_json_str(json_array_get(json_object_get(deploy, "rules"), 1), "when", ""),
		"manual");
	const json_t *reports = json_object_get(
		json_object_get(json_object_get(doc, "evaluate"), "artifacts"), "reports");
	ck_assert_str_eq(bn_json_str(reports, "junit", ""), "ci-report/junit.xml");
	json_decref(doc);
	done(p);
}
END_TEST

START_TEST(test_github_has_every_command_and_no_expression_of_the_settings)
{
	bn_ci_pipeline *p = pipeline(full);
	json_t *doc = yaml(&bn_ci_github, p);
	json_t *jobs = json_object_get(doc, "jobs");
	ck_assert_uint_eq(json_object_size(jobs), BN_CI_STAGES);
	for (int i = 0; i < BN_CI_STAGES; i++) {
		const bn_ci_stage *s = &p->stages[i];
		const json_t *steps = json_object_get(json_object_get(jobs, s->name), "steps");
		size_t found = 0;
		for (size_t k = 0; k < json_array_size(steps) && found < s->commands.count; k++) {
			const char *run = bn_json_str(json_array_get(steps, k), "run", "");
			found += !strcmp(run, s->commands.items[found]) ||
				 strstr(run, "${{ '${{' }} secrets.X");
		}
		ck_assert_uint_eq(found, s->commands.count);
	}
	const json_t *env = json_object_get(json_object_get(jobs, "deploy"), "env");
	ck_assert_str_eq(bn_json_str(env, "TOKEN", ""), "${{ secrets.TOKEN }}");
	ck_assert_uint_eq(
		json_object_size(json_object_get(json_object_get(jobs, "train"), "env")), 0);
	json_t *step;
	const json_t *job = json_object_get(jobs, "evaluate"), *note = NULL;
	size_t i;
	json_array_foreach(json_object_get(job, "steps"), i,
		step) if (strstr(bn_json_str(step, "run", ""), "binnacle ci note")) note = step;
	ck_assert_str_eq(bn_json_str(note, "if", ""), "always()");
	ck_assert(json_is_true(json_object_get(note, "continue-on-error")));
	ck_assert_str_eq(bn_json_str(json_object_get(note, "env"), "BINNACLE_FORGE_TOKEN", ""),
		"${{ secrets.BINNACLE_FORGE_TOKEN || github.token }}");
	const json_t *may = json_object_get(job, "permissions");
	ck_assert_str_eq(bn_json_str(may, "contents", ""), "read");
	ck_assert_str_eq(bn_json_str(may, "pull-requests", ""), "write");
	ck_assert_str_eq(bn_json_str(may, "statuses", ""), "write");
	ck_assert_ptr_null(json_object_get(json_object_get(jobs, "train"), "permissions"));
	json_decref(doc);
	done(p);
}
END_TEST

/* The texts in single quotes after `sh `, as Groovy reads them. */
static size_t groovy_steps(const char *s, char steps[][400], size_t most)
{
	size_t n = 0;
	for (const char *p = s; (p = strstr(p, " sh '")) && n < most; n++) {
		char *to = steps[n];
		for (p += 5; *p != '\''; p++) {
			p += *p == '\\';
			*to++ = *p;
		}
		*to = '\0';
	}
	return n;
}

START_TEST(test_jenkins_has_every_stage_and_command)
{
	static char steps[80][400];
	bn_ci_pipeline *p = pipeline(full);
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_ci_jenkins.render(p, &b, &err), &err);
	size_t n = groovy_steps(b.ptr, steps, 80), at = 0;
	const char *where = b.ptr;
	for (int i = 0; i < BN_CI_STAGES; i++) {
		const bn_ci_stage *s = &p->stages[i];
		char head[60];
		snprintf(head, sizeof head, "stage('%s') {", s->name);
		where = strstr(where, head);
		ck_assert_msg(where != NULL, "%s is missing, or out of order", s->name);
		at += s->before.count;
		for (size_t k = 0; k < s->commands.count; k++, at++)
			ck_assert_str_eq(steps[at], s->commands.items[k]);
		at += s->after.count;
	}
	ck_assert_uint_eq(at, n);
	ck_assert_ptr_nonnull(strstr(b.ptr, "message 'Deploy to it\\'s?'"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "label 'linux && gpu && slurm'"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "unstash 'state'"));
	ck_assert_ptr_nonnull(
		strstr(b.ptr, "junit allowEmptyResults: true, testResults: 'ci-report/junit.xml'"));
	int depth = 0;
	for (const char *c = b.ptr; *c; c++)
		depth += (*c == '{') - (*c == '}');
	ck_assert_int_eq(depth, 0);
	bn_buf_release(&b);
	done(p);
}
END_TEST

START_TEST(test_jenkins_has_one_agent_unless_a_stage_has_tags)
{
	static const struct {
		const char *tags, *top, *own;
	} cases[] = {
		{"{}", "pipeline {\n  agent any\n", NULL},
		{"{all: [a, b]}", "pipeline {\n  agent { label 'a && b' }\n", NULL},
		{"{lint: x, unit: y}", "pipeline {\n  agent any\n", "      agent { label 'y' }\n"},
		{"{all: a, unit: y}", "pipeline {\n  agent { label 'a' }\n",
			"      agent { label 'a && y' }\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200];
		bn_buf b = BN_BUF_INIT;
		snprintf(text, sizeof text, "ci: {lint: l, unit: u, tags: %s}\n", cases[i].tags);
		bn_ci_pipeline *p = pipeline(text);
		ck_assert_int_eq(bn_ci_jenkins.render(p, &b, NULL), 0);
		ck_assert_msg(strstr(b.ptr, cases[i].top) != NULL, "%s", b.ptr);
		ck_assert_msg(cases[i].own ? strstr(b.ptr, cases[i].own) != NULL
					   : !strstr(b.ptr, "      agent"),
			"%s", b.ptr);
		bn_buf_release(&b);
		done(p);
	}
}
END_TEST

START_TEST(test_forms_are_the_same_bytes_each_time)
{
	const bn_ci_form *const forms[] = {&bn_ci_gitlab, &bn_ci_github, &bn_ci_jenkins};
	for (int i = 0; i < 3; i++) {
		bn_buf b[2] = {BN_BUF_INIT, BN_BUF_INIT};
		for (int k = 0; k < 2; k++) {
			bn_ci_pipeline *p = pipeline(full);
			ck_assert_int_eq(forms[i]->render(p, &b[k], NULL), 0);
			done(p);
		}
		ck_assert_str_eq(b[0].ptr, b[1].ptr);
		bn_buf_release(&b[0]);
		bn_buf_release(&b[1]);
	}
}
END_TEST

BN_TEST_MAIN("core/ci/pipeline", test_stages_follow_from_settings,
	test_a_file_is_never_read_as_an_option, test_a_program_is_trained_by_a_shell,
	test_stages_without_settings_are_left_out_with_a_reason,
	test_gitlab_has_every_command_as_it_is,
	test_github_has_every_command_and_no_expression_of_the_settings,
	test_jenkins_has_every_stage_and_command,
	test_jenkins_has_one_agent_unless_a_stage_has_tags, test_forms_are_the_same_bytes_each_time)
