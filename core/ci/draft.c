/* draft.c - see draft.h. */
#include "core/ci/draft.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/ci/_form.h"
#include "core/ci/branch.h"
#include "core/ci/settings.h"
#include "core/govern/policy.h"

#include <string.h>

#define JSON_BYTES_MOST (4 << 20)

typedef struct drafting {
	const bn_env *env;
	const char *dir;
	const bn_ci_wishes *w;
	bn_names tables, suites, policies; /* relative to dir */
	bn_buf *out;
} drafting;

/* ---- looking -------------------------------------------------------------------------------- */

/* A text file of the project; empty if there is none. */
static void text_read(bn_buf *b, const drafting *d, const char *name)
{
	char *path = bn_path_join(d->dir, name);
	if (path)
		bn_fs_read_file(d->env, path, b, NULL);
	bn_free(path);
}

static bool is_table(const char *name)
{
	static const char *const suffixes[] = {".csv", ".tsv", ".arrow", ".feather"};
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (bn_str_ends(name, suffixes[i]))
			return true;
	return false;
}

/* A suite has expectations, a policy is one that parses and has gates or rights. */
static void json_sort(drafting *d, const char *name)
{
	bn_buf text = BN_BUF_INIT;
	json_t *doc = NULL;
	bn_policy *policy = NULL;
	text_read(&text, d, name);
	if (!text.len || text.len > JSON_BYTES_MOST ||
		bn_json_parse(&doc, text.ptr, text.len, name, NULL) < 0)
		goto out;
	if (json_is_array(json_object_get(doc, "expectations")))
		bn_names_add(&d->suites, name);
	else if ((json_object_get(doc, "gates") || json_object_get(doc, "allow")) &&
		 bn_policy_parse(&policy, doc, name, NULL) >= 0)
		bn_names_add(&d->policies, name);
out:
	bn_policy_free(policy);
	json_decref(doc);
	bn_buf_release(&text);
}

/* A name that a setting can have: one line of text. */
static bool is_name(const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return *s && *s != '.' && bn_utf8_is_valid(s, strlen(s));
}

static void dir_look(drafting *d, const char *sub, bool has_tables)
{
	bn_names names = BN_NAMES_INIT;
	char *path = bn_path_join(d->dir, sub);
	if (path && bn_fs_list_dir(d->env, path, &names, NULL) >= 0)
		for (size_t i = 0; i < names.count && i < BN_CI_ENTRIES_MOST; i++) {
			const char *base = names.items[i];
			char *name = strcmp(sub, ".") ? bn_path_join(sub, base) : bn_strdup(base);
			bool is_good = name && is_name(base);
			if (is_good && has_tables && is_table(base))
				bn_names_add(&d->tables, name);
			else if (is_good && bn_str_ends(base, ".json"))
				json_sort(d, name);
			bn_free(name);
		}
	bn_names_release(&names);
	bn_free(path);
}

/* Whether a Makefile has that target. */
static bool has_target(const char *makefile, const char *target)
{
	size_t n = strlen(target);
	for (const char *p = makefile; (p = strstr(p, target)); p += n)
		if ((p == makefile || p[-1] == '\n') && p[n] == ':' && p[n + 1] != '=')
			return true;
	return false;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void scalar_add(const drafting *d, const char *text)
{
	json_t *value = json_string(text);
	if (!value || bn_ci_scalar_add(d->out, value, NULL) < 0)
		d->out->failed = true;
	json_decref(value);
}

static void field_add(const drafting *d, const char *before, const char *value)
{
	bn_buf_adds(d->out, before);
	scalar_add(d, value);
	bn_buf_addch(d->out, '\n');
}

/* A file that was given, or the only one found; else a comment that names the candidates. */
static const char *file_choose(const char *wish, const bn_names *found)
{
	if (wish)
		return wish;
	return found->count == 1 ? found->items[0] : NULL;
}

static void file_comment(
	const drafting *d, const char *before, const char *what, const bn_names *found)
{
	bn_buf_addf(d->out, "%s%s", before, what);
	for (size_t i = 0; i < found->count && i < 10; i++) {
		bn_buf_adds(d->out, i ? ", " : "; found: ");
		scalar_add(d, found->items[i]);
	}
	bn_buf_adds(d->out, found->count > 10 ? ", ...\n" : "\n");
}

/* "data/my jobs.csv" gives "my_jobs"; yours. */
static char *dataset_name(const char *file)
{
	char *name = bn_strdup(bn_path_base(file));
	if (!name)
		return NULL;
	name[strcspn(name, ".?")] = '\0';
	for (char *p = name; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
			!(*p >= '0' && *p <= '9') && *p != '-' && *p != '_')
			*p = '_';
	if (bn_name_is_valid(name))
		return name;
	bn_free(name);
	return bn_strdup("data");
}

static void data_draft(const drafting *d)
{
	const char *file = file_choose(d->w->data, &d->tables);
	const char *suite = file_choose(d->w->suite, &d->suites);
	if (!file) {
		file_comment(d, "  # data:\n  #   - name: NAME\n",
			"  #     file: FILE or https://...", &d->tables);
		file_comment(d, "", "  #     suite: SUITE.json", &d->suites);
		return;
	}
	char *own = d->w->data_name ? NULL : dataset_name(file);
	const char *name = d->w->data_name ? d->w->data_name : own;
	bn_buf_adds(d->out, "  data:\n");
	field_add(d, "    - name: ", name ? name : "");
	field_add(d, "      file: ", file);
	if (suite)
		field_add(d, "      suite: ", suite);
	else
		file_comment(d, "", "      # suite: SUITE.json   binnacle data infer proposes one",
			&d->suites);
	bn_free(own);
}

static void project_draft(const drafting *d)
{
	bn_buf makefile = BN_BUF_INIT, pyproject = BN_BUF_INIT, cmake = BN_BUF_INIT;
	const char *lint = d->w->lint, *unit = d->w->unit;
	text_read(&makefile, d, "Makefile");
	text_read(&pyproject, d, "pyproject.toml");
	text_read(&cmake, d, "CMakeLists.txt");
	if (!lint && has_target(makefile.ptr, "lint"))
		lint = "make lint";
	else if (!lint && strstr(pyproject.ptr, "[tool.ruff"))
		lint = "ruff check .";
	if (!unit && has_target(makefile.ptr, "test"))
		unit = "make test";
	else if (!unit && has_target(makefile.ptr, "check"))
		unit = "make check";
	else if (!unit && strstr(pyproject.ptr, "pytest"))
		unit = "python3 -m pytest";
	if (lint)
		field_add(d, "  lint: ", lint);
	else
		bn_buf_adds(d->out, "  # lint: COMMAND   that checks the code's form\n");
	if (unit)
		field_add(d, "  unit: ", unit);
	else if (cmake.len)
		bn_buf_adds(d->out, "  unit:\n    - cmake -B build\n    - cmake --build build\n"
				    "    - ctest --test-dir build --output-on-failure\n");
	else
		bn_buf_adds(d->out, "  # unit: COMMAND   that runs the code's tests\n");
	bn_buf_release(&makefile);
	bn_buf_release(&pyproject);
	bn_buf_release(&cmake);
}

static void train_draft(const drafting *d)
{
	const bn_ci_wishes *w = d->w;
	bool has_both = w->trainer && w->target;
	bn_buf_adds(d->out, has_both ? "  train:\n" : "  # train:\n");
	if (w->trainer)
		field_add(d, has_both ? "    trainer: " : "  #   trainer: ", w->trainer);
	else
		bn_buf_adds(d->out,
			"  #   trainer: ridge, logistic, mlp or baseline; or command: PROGRAM\n");
	if (w->target)
		field_add(d, has_both ? "    target: " : "  #   target: ", w->target);
	else
		bn_buf_adds(d->out, "  #   target: COLUMN   to predict\n");
	bn_buf_addf(d->out, "%s  seed: %s\n", has_both ? "  " : "  # ", w->seed ? w->seed : "1");
}

static void evaluate_draft(const drafting *d)
{
	const char *policy = file_choose(d->w->policy, &d->policies);
	if (policy) {
		bn_buf_adds(d->out, "  evaluate:\n");
		field_add(d, "    policy: ", policy);
		bn_buf_adds(d->out,
			"    # margin: {rmse: 0.5}   how much worse than on the target branch\n");
		return;
	}
	file_comment(d, "  # evaluate:\n",
		"  #   policy: POLICY.json   its gates; without it, those of the workspace",
		&d->policies);
	bn_buf_adds(
		d->out, "  #   margin: {METRIC: 0.5}   how much worse than on the target branch\n");
}

static void rest_draft(const drafting *d)
{
	char *branch = bn_ci_branch_find(d->dir);
	bn_buf_adds(d->out,
		"  # package: {format: oci-archive}   an image beside the registered version\n"
		"  # deploy: {command: COMMAND, environment: production, secrets: "
		"[NAME_OF_A_VARIABLE]}\n"
		"  # smoke: {endpoint: URL, rows: FILE}   rows that the deployed model must "
		"answer\n"
		"  # monitor: {model: NAME@champion, window: 1d, cron: \"0 6 * * *\"}\n");
	if (d->w->image)
		field_add(d, "  image: ", d->w->image);
	else
		bn_buf_adds(d->out,
			"  # image: IMAGE   of container runners: share/ci/Containerfile\n");
	bn_buf_addf(
		d->out, "  # branch: %s   that deploys\n", branch ? branch : BN_CI_BRANCH_USUAL);
	bn_free(branch);
	bn_buf_adds(d->out, "  # tags: {all: [TAG], train: [gpu, slurm]}   of runners, by stage\n");
}

/* YAML holds text alone, and a setting is one line of it. */
static int wishes_check(const bn_ci_wishes *w, bn_err *err)
{
	const char *const texts[] = {w->model, w->data, w->data_name, w->suite, w->trainer,
		w->target, w->policy, w->lint, w->unit, w->image};
	static const char *const names[] = {"model", "data", "name", "suite", "trainer", "target",
		"policy", "lint", "unit", "image"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		bool is_good =
			!texts[i] || (*texts[i] && bn_utf8_is_valid(texts[i], strlen(texts[i])));
		for (const char *p = texts[i]; is_good && p && *p; p++)
			is_good = (unsigned char)*p >= 0x20 && *p != 0x7f;
		if (!is_good)
			return bn_err_set(err, BN_EINVAL,
				"--%s must be one line of text without control characters",
				names[i]);
	}
	return 0;
}

int bn_ci_draft(
	bn_buf *out, const bn_env *env, const char *dir, const bn_ci_wishes *wishes, bn_err *err)
{
	static const char *const subs[] = {"suites", "checks", "ci"};
	drafting d = {.env = env, .dir = dir, .w = wishes, .out = out};
	bn_ci_settings *check = NULL;
	size_t start = out->len;
	if (wishes_check(wishes, err) < 0)
		return BN_EINVAL;
	dir_look(&d, ".", true);
	dir_look(&d, "data", true);
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++)
		dir_look(&d, subs[i], false);
	bn_buf_adds(out,
		"# The pipeline of this project: binnacle ci gitlab, github or jenkins writes it "
		"from here,\n"
		"# and binnacle ci check runs its gate. A stage without settings is left out.\n"
		"ci:\n");
	if (wishes->model)
		field_add(&d, "  model: ", wishes->model);
	else
		bn_buf_adds(out, "  # model: NAME   to register the candidate under\n");
	data_draft(&d);
	project_draft(&d);
	train_draft(&d);
	evaluate_draft(&d);
	rest_draft(&d);
	int rc = bn_buf_check(out, err, "settings");
	if (rc >= 0)
		rc = bn_ci_settings_parse(
			&check, out->ptr + start, out->len - start, BN_CI_SETTINGS_FILE, err);
	bn_ci_settings_free(check);
	bn_names_release(&d.tables);
	bn_names_release(&d.suites);
	bn_names_release(&d.policies);
	return rc;
}
