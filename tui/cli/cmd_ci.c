/* cmd_ci.c - binnacle ci: a project's pipeline, written for a CI system, and its gate. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ci/check.h"
#include "core/ci/draft.h"
#include "core/ci/pipeline.h"
#include "tui/cli/target.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <string.h>

/* ---- init ----------------------------------------------------------------------------------- */

/* Writes to a file, or with "-" to standard output. */
static int text_write(bn_cli *cli, const char *path, const bn_buf *text, bn_err *err)
{
	if (!strcmp(path, "-")) {
		bn_cli_begin_text(cli);
		bn_cli_write_data(cli, text->ptr, text->len);
		return 0;
	}
	char *dir = bn_strndup(path, strrchr(path, '/') ? (size_t)(strrchr(path, '/') - path) : 0);
	int rc = dir ? 0 : bn_err_nomem(err, "a path");
	if (rc >= 0 && *dir)
		rc = bn_fs_make_dirs(bn_cli_env(cli), dir, 0777, err);
	if (rc >= 0)
		rc = bn_fs_write_file(bn_cli_env(cli), path, text->ptr, text->len, 0666, err);
	bn_free(dir);
	return rc;
}

/* The path of a file of the project's, as the user would name it; yours. */
static char *path_below(const char *dir, const char *name)
{
	return dir && strcmp(dir, ".") ? bn_path_join(dir, name) : bn_strdup(name);
}

static int run_init(bn_cli *cli, bn_err *err)
{
	const bn_ci_wishes wishes = {
		.model = bn_cli_opt(cli, "model"),
		.data = bn_cli_opt(cli, "data"),
		.data_name = bn_cli_opt(cli, "name"),
		.suite = bn_cli_opt(cli, "suite"),
		.trainer = bn_cli_opt(cli, "trainer"),
		.target = bn_cli_opt(cli, "target"),
		.seed = bn_cli_opt(cli, "seed"),
		.policy = bn_cli_opt(cli, "policy"),
		.lint = bn_cli_opt(cli, "lint"),
		.unit = bn_cli_opt(cli, "unit"),
		.image = bn_cli_opt(cli, "image"),
	};
	const char *start = bn_cli_start_dir(cli), *out = bn_cli_opt(cli, "out");
	char *usual = path_below(start, BN_CI_SETTINGS_FILE);
	const char *path = out ? out : usual;
	int64_t seed = 1;
	bn_buf text = BN_BUF_INIT;
	int rc = usual ? 0 : bn_err_nomem(err, "a path");
	if (rc < 0 || (rc = bn_cli_opt_int(cli, "seed", 0, INT64_MAX, &seed, err)) < 0 ||
		(rc = bn_cli_target(cli, path, NULL, err)) < 0 ||
		(rc = bn_ci_draft(&text, bn_cli_env(cli), start ? start : ".", &wishes, err)) < 0 ||
		(rc = text_write(cli, path, &text, err)) < 0)
		goto out;
	if (strcmp(path, "-"))
		bn_cli_say(cli,
			"wrote %s: read it, complete it, and commit it; next: binnacle ci gitlab",
			path);
	if (strcmp(path, "-") && !bn_cli_is_text(cli))
		rc = bn_cli_document(cli, json_pack("{s:s}", "path", path), err);
out:
	bn_buf_release(&text);
	bn_free(usual);
	return rc;
}

/* ---- gitlab, github, jenkins ------------------------------------------------------------------- */

static void say_left_out(bn_cli *cli, const bn_ci_pipeline *p)
{
	for (int i = 0; i < BN_CI_STAGES; i++)
		if (p->stages[i].missing)
			bn_cli_say(
				cli, "left out: %s (%s)", p->stages[i].name, p->stages[i].missing);
}

static json_t *pipeline_json(const bn_ci_pipeline *p, const char *path)
{
	json_t *stages = json_array(), *missing = json_object();
	for (int i = 0; i < BN_CI_STAGES; i++) {
		const bn_ci_stage *s = &p->stages[i];
		if (s->missing)
			json_object_set_new(missing, s->name, json_string(s->missing));
		else
			json_array_append_new(stages, json_string(s->name));
	}
	return json_pack("{s:s, s:o, s:o}", "path", path, "stages", stages, "left_out", missing);
}

/* These systems look for their file in the root of the repository, and run commands there. */
static void warn_if_below(bn_cli *cli, const bn_ci_settings *s)
{
	char *git = bn_path_join(s->dir, ".git");
	if (git && !bn_fs_exists(bn_cli_env(cli), git))
		bn_cli_warn(cli,
			"%s is not the root of a git repository, where CI looks for the pipeline "
			"and runs its commands",
			s->dir);
	bn_free(git);
}

static int write_pipeline(bn_cli *cli, const bn_ci_form *form, bn_err *err)
{
	bn_ci_settings *settings = NULL;
	bn_ci_pipeline *p = NULL;
	bn_buf text = BN_BUF_INIT;
	char *usual = NULL;
	const char *path = bn_cli_opt(cli, "out");
	int rc = bn_ci_settings_load(&settings, bn_cli_env(cli), bn_cli_start_dir(cli), err);
	if (rc < 0)
		goto out;
	if (!path && !(path = usual = bn_path_join(settings->dir, form->path))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = bn_cli_target(cli, path, NULL, err)) < 0 ||
		(rc = bn_ci_pipeline_new(&p, settings, err)) < 0 ||
		(rc = form->render(p, &text, err)) < 0)
		goto out;
	if (bn_cli_dry_run(cli))
		bn_cli_say(cli, "would write %zu bytes to %s", text.len, path);
	else if ((rc = text_write(cli, path, &text, err)) < 0)
		goto out;
	say_left_out(cli, p);
	warn_if_below(cli, settings);
	if (!p->image && form != &bn_ci_jenkins)
		bn_cli_warn(cli,
			"no image: the runner must have binnacle on its PATH; ci.image, or "
			"share/ci/Containerfile");
	if (bn_ci_home_note(p))
		bn_cli_say(cli, "%s", bn_ci_home_note(p));
	if (!bn_cli_dry_run(cli) && strcmp(path, "-"))
		bn_cli_say(cli, "wrote %s", path);
	if (strcmp(path, "-") && !bn_cli_is_text(cli))
		rc = bn_cli_document(cli, pipeline_json(p, path), err);
out:
	bn_buf_release(&text);
	bn_ci_pipeline_free(p);
	bn_ci_settings_free(settings);
	bn_free(usual);
	return rc;
}

static int run_gitlab(bn_cli *cli, bn_err *err)
{
	return write_pipeline(cli, &bn_ci_gitlab, err);
}

static int run_github(bn_cli *cli, bn_err *err)
{
	return write_pipeline(cli, &bn_ci_github, err);
}

static int run_jenkins(bn_cli *cli, bn_err *err)
{
	return write_pipeline(cli, &bn_ci_jenkins, err);
}

/* ---- check ---------------------------------------------------------------------------------- */

typedef int report_form(const bn_ci_report *r, bn_buf *out, bn_err *err);

static int json_form(const bn_ci_report *r, bn_buf *out, bn_err *err)
{
	json_t *doc = NULL;
	int rc = bn_ci_report_json(r, &doc, err);
	if (rc >= 0)
		rc = bn_json_pretty(doc, out, err);
	json_decref(doc);
	return rc;
}

/* The files that a check writes: an option each, and all of them below --reports DIR. */
static const struct {
	const char *option, *usual;
	report_form *render;
} outputs[] = {
	{"junit", BN_CI_JUNIT_FILE, bn_ci_report_junit},
	{"metrics", BN_CI_METRICS_FILE, bn_ci_report_openmetrics},
	{"note", BN_CI_NOTE_FILE, bn_ci_report_markdown},
	{"report", BN_CI_REPORT_FILE, json_form},
};
enum { OUTPUTS = sizeof outputs / sizeof *outputs };

static int file_write(bn_cli *cli, const bn_ci_report *r, size_t i, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = outputs[i].render(r, &text, err);
	if (rc >= 0)
		rc = text_write(cli, path, &text, err);
	bn_buf_release(&text);
	return rc;
}

static int files_write(bn_cli *cli, const bn_ci_report *r, bn_err *err)
{
	const char *dir = bn_cli_opt(cli, "reports");
	int rc = 0;
	for (size_t i = 0; i < OUTPUTS && rc >= 0; i++) {
		const char *path = bn_cli_opt(cli, outputs[i].option);
		char *below = dir ? bn_path_join(dir, bn_path_base(outputs[i].usual)) : NULL;
		if (dir && !below)
			rc = bn_err_nomem(err, "a path");
		if (rc >= 0 && below)
			rc = file_write(cli, r, i, below, err);
		if (rc >= 0 && path)
			rc = file_write(cli, r, i, path, err);
		bn_free(below);
	}
	return rc;
}

static void case_print(bn_cli *cli, const bn_ci_case *c)
{
	static const char *const roles[] = {
		[BN_CI_PASS] = "good",
		[BN_CI_FAIL] = "bad",
		[BN_CI_INCONCLUSIVE] = "warn",
		[BN_CI_SKIPPED] = "dim",
	};
	bool warns = c->warns && c->verdict != BN_CI_PASS && c->verdict != BN_CI_SKIPPED;
	bn_cli_print(cli, "  ");
	bn_cli_print_field(
		cli, warns ? "warn" : roles[c->verdict], bn_ci_verdict_name(c->verdict), 12);
	/* One line: a column's name must not begin another, which a runner could take for a command of its own. */
	bn_cli_print(cli, " ");
	bn_cli_print_field(cli, NULL, c->name, 0);
	if (c->message[0]) {
		bn_cli_print(cli, ": ");
		bn_cli_print_field(cli, NULL, c->message, 0);
	}
	bn_cli_print(cli, "%s\n", warns ? " (warns)" : "");
}

static void metrics_print(bn_cli *cli, const bn_ci_report *r)
{
	static const char *const trends[] = {"worse", "", "better"};
	char value[BN_FMT], base[BN_FMT], change[BN_FMT];
	if (r->n_metrics)
		bn_cli_print_in(cli, "bold", "\nMetrics%s\n",
			r->has_baseline ? ": here, on the target branch, change" : "");
	for (size_t i = 0; i < r->n_metrics; i++) {
		const bn_ci_metric *m = &r->metrics[i];
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, m->part, 6);
		bn_cli_print(cli, " ");
		bn_cli_print_field(cli, NULL, m->name, 20);
		bn_cli_print(cli, " %10s", bn_fmt_sig(m->value, 6, value));
		if (r->has_baseline)
			bn_cli_print(cli, " %10s %10s %s", bn_fmt_sig(m->baseline, 6, base),
				bn_fmt_sig(bn_ci_metric_change(m), 6, change),
				trends[bn_ci_metric_trend(m) + 1]);
		bn_cli_print(cli, "\n");
	}
}

static int report_show(bn_cli *cli, const bn_ci_report *r, bn_err *err)
{
	json_t *doc = NULL;
	if (!bn_cli_is_text(cli)) {
		int rc = bn_ci_report_json(r, &doc, err);
		return rc < 0 ? rc : bn_cli_document(cli, doc, err);
	}
	bn_cli_print(cli, "run %.8s%s%s%s%s%s\n", r->run, r->run_name ? " " : "",
		r->run_name ? r->run_name : "", r->dataset ? " on " : "",
		r->dataset ? r->dataset : "", r->has_baseline ? ", against the target branch" : "");
	for (size_t i = 0; i < r->n_suites; i++) {
		bn_cli_print_in(cli, "bold", "\n%s\n", r->suites[i].name);
		for (size_t k = 0; k < r->suites[i].count; k++)
			case_print(cli, &r->suites[i].cases[k]);
	}
	metrics_print(cli, r);
	return 0;
}

static int verdict_tell(bn_cli *cli, const bn_ci_report *r, bn_err *err)
{
	bn_ci_verdict v = bn_ci_report_verdict(r);
	if (v == BN_CI_FAIL)
		return bn_err_set(err, BN_EFAILED, "the gate fails: %zu of its cases",
			bn_ci_report_blocks(r, BN_CI_FAIL));
	if (v == BN_CI_INCONCLUSIVE)
		return bn_err_set(err, BN_EINCONCLUSIVE,
			"the gate is inconclusive: %zu of its cases",
			bn_ci_report_blocks(r, BN_CI_INCONCLUSIVE));
	if (r->asks_nothing) {
		bn_cli_say(cli, "the gate passes: %s", BN_CI_NOTHING_ASKED);
		return 0;
	}
	bn_cli_say(cli, "the gate passes: %zu cases, %zu skipped",
		bn_ci_report_count(r, BN_CI_PASS), bn_ci_report_count(r, BN_CI_SKIPPED));
	return 0;
}

static int run_check(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_ci_settings *settings = NULL;
	bn_ci_report *r = NULL;
	const bn_progress progress = bn_cli_watch(cli);
	const bn_ci_check_options options = {.run = bn_cli_opt(cli, "run"),
		.baseline = bn_cli_opt(cli, "baseline"),
		.dry_run = bn_cli_dry_run(cli),
		.progress = &progress};
	int rc;
	if ((rc = bn_ci_settings_load(&settings, bn_cli_env(cli), bn_cli_start_dir(cli), err)) <
			0 ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0)
		goto out;
	rc = bn_ci_check(&r, ws, settings, &options, err);
	bn_cli_progress_end(cli);
	if (rc < 0 || (rc = files_write(cli, r, err)) < 0 || (rc = report_show(cli, r, err)) < 0)
		goto out;
	rc = verdict_tell(cli, r, err);
out:
	bn_ci_report_free(r);
	bn_ci_settings_free(settings);
	return rc;
}

/* ---- verbs ---------------------------------------------------------------------------------- */

static const bn_opt init_options[] = {
	{"model", 'm', "NAME", "name to register the candidate under"},
	{"data", 'd', "FILE", "the training data: in the repository, on the runner, or a URL"},
	{"name", 'n', "NAME", "of that dataset; default: the file's"},
	{"suite", 's', "FILE", "suite of checks of the data"},
	{"trainer", 't', "NAME", "ridge, logistic, mlp or baseline"},
	{"target", 0, "COLUMN", "what to predict"},
	{"seed", 0, "N", "seed of all random numbers (1)"},
	{"policy", 'p', "FILE", "policy whose gates the candidate must pass"},
	{"lint", 0, "COMMAND", "checks the code's form"},
	{"unit", 0, "COMMAND", "runs the code's tests"},
	{"image", 0, "IMAGE", "of container runners"},
	{"out", 'o', "FILE", "another file, or - (binnacle.yaml)"}, BN_OPT_FORCE, {0}};
static const bn_opt write_options[] = {
	{"out", 'o', "FILE", "another file, or - for standard output"}, BN_OPT_FORCE, {0}};
static const bn_opt check_options[] = {
	{"run", 'r', "RUN", "the candidate; default: the newest run"},
	{"baseline", 'b', "FILE",
		"report.json of the target branch (" BN_CI_BASELINE_FILE ", if it exists)"},
	{"reports", 0, "DIR", "write junit.xml, metrics.txt, note.md and report.json there"},
	{"junit", 0, "FILE", "test results as JUnit XML"},
	{"metrics", 0, "FILE", "metrics as OpenMetrics"},
	{"note", 0, "FILE", "a note for a merge request, as Markdown"},
	{"report", 0, "FILE", "everything as JSON"}, {0}};

const bn_verb bn_verbs_ci[] = {
	{"ci", "init", "", 0, 0, "write binnacle.yaml, the settings of a project's pipeline",
		"From options, and from what is found here: tables, suites, a policy, a Makefile,\n"
		"pyproject.toml, CMakeLists.txt. What is missing is a commented line.\n"
		"All settings, below ci:\n"
		"  model: NAME; image: IMAGE; branch: BRANCH; cache: [PATH];\n"
		"  lint, unit: COMMAND, or a list of them;\n"
		"  data: [{name, file, suite, part: valid|test}], first the training data;\n"
		"  train: trainer, target, features, exclude, where, valid, test, seed,\n"
		"    split: random|order, set: {alpha: 0.1}; or command instead of a trainer;\n"
		"  evaluate: policy: FILE, margin: {rmse: 0.5};\n"
		"  package: format: oci|oci-archive|docker-archive|dir;\n"
		"  deploy: command, environment, url, secrets: [VARIABLE];\n"
		"  smoke: endpoint and rows, or command; secrets;\n"
		"  monitor: model, window: 1d, cron: \"0 6 * * *\", or command; secrets;\n"
		"  tags: {all: [TAG], train: [gpu, slurm]} of runners, by stage.",
		{"binnacle ci init --model power --trainer ridge --target node_power_consumption",
			"binnacle ci init --data data/jobs.csv --policy policy.json", NULL},
		init_options, BN_VERB_NO_WORKSPACE, run_init},
	{"ci", "gitlab", "", 0, 0, "write .gitlab-ci.yml from binnacle.yaml",
		"Stages: lint, unit, data-check, train, evaluate (the gate), package, deploy "
		"(started by\n"
		"a person), smoke, monitor. A stage without settings is left out.",
		{"binnacle ci gitlab", "binnacle ci gitlab --out - | less", NULL}, write_options,
		BN_VERB_NO_WORKSPACE | BN_VERB_DRY_RUN, run_gitlab},
	{"ci", "github", "", 0, 0, "write .github/workflows/binnacle.yml from binnacle.yaml",
		"The same stages; deploy runs when a person starts the workflow.",
		{"binnacle ci github", "binnacle ci github --force", NULL}, write_options,
		BN_VERB_NO_WORKSPACE | BN_VERB_DRY_RUN, run_github},
	{"ci", "jenkins", "", 0, 0, "write a Jenkinsfile from binnacle.yaml",
		"The same stages; deploy asks a person.",
		{"binnacle ci jenkins", "binnacle ci jenkins --out ci/Jenkinsfile", NULL},
		write_options, BN_VERB_NO_WORKSPACE | BN_VERB_DRY_RUN, run_jenkins},
	{"ci", "check", "", 0, 0, "run the gate on a candidate, exactly as the pipeline does",
		"Suites of the data, the policy's gates on metrics that are measured here, and "
		"the\n"
		"margins against the target branch. Records the verdict (not with --dry-run); "
		"signs,\n"
		"registers and approves nothing. Report files are replaced. Exit status 1 if the "
		"gate\n"
		"fails, 7 if it is inconclusive.",
		{"binnacle ci check",
			"binnacle ci check --run steady-heron-417 --reports ci-report",
			"binnacle ci check --baseline main.json --note note.md"},
		check_options, BN_VERB_DRY_RUN, run_check},
	{0},
};
