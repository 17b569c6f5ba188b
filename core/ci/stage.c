/* stage.c - see stage.h: what each stage runs. */
#include "core/ci/stage.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/ci/branch.h"
#include "core/ci/report.h"
#include "core/ci/settings.h"

#include <math.h>
#include <string.h>

/* ---- building ------------------------------------------------------------------------------- */

typedef struct building {
	bn_ci_pipeline *p;
	const bn_ci_settings *s;
	bool failed; /* out of memory */
} building;

static void list_add(building *b, bn_ci_list *l, const char *text)
{
	if (!text || bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items)) {
		b->failed = true;
		return;
	}
	l->items[l->count++] = text;
}

static void texts_add(building *b, bn_ci_list *l, const bn_ci_texts *t)
{
	for (size_t i = 0; i < t->count; i++)
		list_add(b, l, t->items[i]);
}

/* One word of the shell: quoted where needed. */
static void word_add(bn_buf *text, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=@:,+%";
	bn_buf_adds(text, text->len ? " " : "");
	if (*word && !word[strspn(word, plain)]) {
		bn_buf_adds(text, word);
		return;
	}
	bn_buf_addch(text, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			bn_buf_adds(text, "'\\''");
		else
			bn_buf_addch(text, *word);
	}
	bn_buf_addch(text, '\'');
}

/* A file, which may begin like an option. */
static void path_add(bn_buf *text, const char *path)
{
	char *below = *path == '-' ? bn_strf("./%s", path) : bn_strdup(path);
	word_add(text, below ? below : "");
	text->failed = text->failed || !below;
	bn_free(below);
}

static void option_add(bn_buf *text, const char *name, const char *value)
{
	if (!value)
		return;
	word_add(text, name);
	word_add(text, value);
}

static void line_end(building *b, bn_ci_list *commands, bn_buf *text)
{
	b->failed = b->failed || text->failed;
	list_add(b, commands, bn_arena_strndup(&b->p->arena, text->ptr, text->len));
	bn_buf_clear(text);
}

/* ---- stages of the project itself ------------------------------------------------------------ */

static void project_stage(
	building *b, bn_ci_stage *s, const bn_ci_texts *commands, const char *missing)
{
	s->missing = commands->count ? NULL : missing;
	texts_add(b, &s->commands, commands);
	texts_add(b, &s->cache, &b->s->cache);
	s->interruptible = true;
}

/* ---- data ----------------------------------------------------------------------------------- */

/* The name under which a download is kept: the dataset's, with the address' suffix, which tells its format. */
static const char *downloaded(building *b, const bn_ci_data *d)
{
	const char *dot = strrchr(d->file, '.');
	size_t n = dot ? strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
	bool is_suffix = n && n <= 8 && !dot[1 + n];
	return bn_arena_strf(
		&b->p->arena, "%s/%s%s", BN_CI_DATA_DIR, d->name, is_suffix ? dot : "");
}

static void data_commands(building *b, bn_ci_stage *s)
{
	bn_buf text = BN_BUF_INIT;
	for (size_t i = 0; i < b->s->n_data; i++) {
		const bn_ci_data *d = &b->s->data[i];
		const char *file = bn_ci_is_url(d->file) ? downloaded(b, d) : d->file;
		if (!file) {
			b->failed = true;
			break;
		}
		if (file != d->file) {
			bn_buf_adds(&text, "curl --fail --silent --show-error --location --retry 3 "
					   "--create-dirs");
			option_add(&text, "--output", file);
			word_add(&text, d->file);
			line_end(b, &s->commands, &text);
		}
		bn_buf_adds(&text, "binnacle data add");
		word_add(&text, d->name);
		path_add(&text, file);
		line_end(b, &s->commands, &text);
	}
	for (size_t i = 0; i < b->s->n_data; i++) {
		if (!b->s->data[i].suite)
			continue;
		bn_buf_adds(&text, "binnacle data check");
		word_add(&text, b->s->data[i].name);
		bn_buf_adds(&text, " --suite");
		path_add(&text, b->s->data[i].suite);
		line_end(b, &s->commands, &text);
	}
	bn_buf_release(&text);
}

static void data_stage(building *b, bn_ci_stage *s)
{
	s->state = true;
	s->signs = true; /* the founding of the clone's workspace */
	s->interruptible = true;
	s->missing = b->s->n_data ? NULL : "no data: ci.data";
	list_add(b, &s->commands,
		"[ -d \"$BINNACLE_HOME/.binnacle\" ] || binnacle init --quiet \"$BINNACLE_HOME\"");
	data_commands(b, s);
}

/* ---- training ------------------------------------------------------------------------------- */

static void names_option(bn_buf *text, building *b, const char *option, const bn_ci_texts *t)
{
	bn_buf joined = BN_BUF_INIT;
	for (size_t i = 0; i < t->count; i++)
		bn_buf_addf(&joined, "%s%s", i ? "," : "", t->items[i]);
	if (t->count)
		option_add(text, option, joined.ptr);
	b->failed = b->failed || joined.failed;
	bn_buf_release(&joined);
}

static void number_option(bn_buf *text, const char *option, double x)
{
	char number[BN_FMT];
	if (!isnan(x))
		option_add(text, option, bn_fmt_f64(x, number));
}

static void set_options(bn_buf *text, building *b)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)b->s->train.set, key, v)
	{
		bn_buf pair = BN_BUF_INIT;
		char *value = json_is_string(v) ? bn_strdup(json_string_value(v))
						: json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		bn_buf_addf(&pair, "%s=%s", key, value ? value : "");
		option_add(text, "--set", pair.ptr);
		b->failed = b->failed || pair.failed || !value;
		bn_buf_release(&pair);
		free(value);
	}
}

static void data_options(bn_buf *text, building *b)
{
	for (size_t i = 0; i < b->s->n_data; i++) {
		const bn_ci_data *d = &b->s->data[i];
		const char *name =
			!d->part ? d->name : bn_arena_strf(&b->p->arena, "%s:%s", d->name, d->part);
		b->failed = b->failed || !name;
		option_add(text, "--data", name);
	}
}

static void seed_option(bn_buf *text, building *b)
{
	char number[BN_FMT];
	if (b->s->train.seed >= 0)
		option_add(text, "--seed", bn_fmt_i64(b->s->train.seed, number));
}

/* A program is run by a shell, as its author wrote the line; several are one script that ends at the first failure. */
static void program_words(bn_buf *text, building *b)
{
	bn_buf script = BN_BUF_INIT;
	const bn_ci_texts *t = &b->s->train.command;
	for (size_t i = 0; i < t->count; i++)
		bn_buf_addf(&script, "%s%s", i ? " && " : "", t->items[i]);
	bn_buf_adds(text, " -- sh -c");
	word_add(text, script.ptr);
	b->failed = b->failed || script.failed;
	bn_buf_release(&script);
}

static void train_stage(building *b, bn_ci_stage *s)
{
	const bn_ci_settings *c = b->s;
	bn_buf text = BN_BUF_INIT;
	bool is_program = c->train.command.count > 0;
	s->state = true;
	s->interruptible = true;
	texts_add(b, &s->cache, &c->cache);
	if (!c->train.trainer && !is_program)
		s->missing = "no trainer and target, and no command: ci.train";
	else if (!c->n_data)
		s->missing = "no data: ci.data";
	bn_buf_adds(&text, "binnacle run start");
	option_add(&text, "--trainer", c->train.trainer);
	data_options(&text, b);
	option_add(&text, "--target", c->train.target);
	names_option(&text, b, "--features", &c->train.features);
	names_option(&text, b, "--exclude", &c->train.exclude);
	option_add(&text, "--where", c->train.where);
	option_add(&text, "--split", c->train.split);
	number_option(&text, "--valid", c->train.valid);
	number_option(&text, "--test", c->train.test);
	seed_option(&text, b);
	set_options(&text, b);
	bn_buf_adds(&text, " --name \"$BINNACLE_CI_RUN\" --wait");
	if (is_program)
		program_words(&text, b);
	line_end(b, &s->commands, &text);
	bn_buf_release(&text);
}

/* ---- the gate and after ---------------------------------------------------------------------- */

static void evaluate_stage(building *b, bn_ci_stage *s, const bn_ci_stage *train)
{
	s->missing = train->missing ? "there is no stage train" : NULL;
	s->state = true;
	s->interruptible = true;
	/* A report that was committed is not that of the target branch. */
	list_add(b, &s->commands, "git ls-files -z " BN_CI_DIR " | xargs -0r rm -f");
	list_add(b, &s->commands,
		"if [ -n \"${BINNACLE_FORGE_TOKEN:-}\" ] && [ -n \"${GITLAB_CI:-}\" ]; then "
		"binnacle "
		"ci baseline --force; fi");
	list_add(b, &s->commands,
		"binnacle ci check --run \"$BINNACLE_CI_RUN@latest\" --reports " BN_CI_DIR);
	list_add(b, &s->artifacts, BN_CI_DIR);
	list_add(b, &s->finally,
		"[ -z \"${BINNACLE_FORGE_TOKEN:-${GITHUB_TOKEN:-}}\" ] || binnacle ci note");
	s->keeps_on_failure = true;
	s->junit = BN_CI_JUNIT_FILE;
	s->openmetrics = BN_CI_METRICS_FILE;
}

static void package_stage(building *b, bn_ci_stage *s, const bn_ci_stage *evaluate)
{
	const bn_ci_settings *c = b->s;
	bn_buf text = BN_BUF_INIT;
	const char *latest = bn_arena_strf(&b->p->arena, "%s@latest", c->model ? c->model : "");
	const char *format = c->package.format;
	bool is_dir = format && (!strcmp(format, "oci") || !strcmp(format, "dir"));
	const char *image = bn_arena_strf(
		&b->p->arena, "%s-image%s", c->model ? c->model : "", is_dir ? "" : ".tar");
	s->state = s->signs = s->alone = s->only_branch = true;
	if (evaluate->missing)
		s->missing = "there is no stage evaluate";
	else if (!c->model)
		s->missing = "no name of a model: ci.model";
	if (!latest || !image) {
		b->failed = true;
		return;
	}
	list_add(b, &s->commands,
		"[ ! -d .binnacle ] || echo 'package: what is requested in this clone cannot be "
		"approved: set BINNACLE_HOME and BINNACLE_TRUST (docs/ci.md)' >&2");
	bn_buf_adds(&text, "binnacle model register \"$BINNACLE_CI_RUN@latest\"");
	option_add(&text, "--name", c->model);
	line_end(b, &s->commands, &text);
	bn_buf_adds(&text, "binnacle model request");
	word_add(&text, latest);
	bn_buf_adds(&text, " --reason \"gate passed: $BINNACLE_CI_URL\"");
	line_end(b, &s->commands, &text);
	if (format) {
		bn_buf_adds(&text, "binnacle package");
		word_add(&text, latest);
		option_add(&text, "--format", format);
		option_add(&text, "--out", image);
		bn_buf_adds(&text, " --unapproved");
		line_end(b, &s->commands, &text);
		list_add(b, &s->artifacts, image);
	}
	bn_buf_release(&text);
}

static void deploy_stage(building *b, bn_ci_stage *s)
{
	s->missing = b->s->deploy.command.count ? NULL : "no command: ci.deploy.command";
	texts_add(b, &s->commands, &b->s->deploy.command);
	texts_add(b, &s->secrets, &b->s->deploy.secrets);
	s->state = s->manual = s->alone = s->only_branch = true;
	s->environment = b->s->deploy.environment ? b->s->deploy.environment : "production";
	s->url = b->s->deploy.url;
}

static void smoke_stage(building *b, bn_ci_stage *s)
{
	const bn_ci_settings *c = b->s;
	bn_buf text = BN_BUF_INIT;
	s->only_branch = true;
	s->state = true;
	texts_add(b, &s->commands, &c->smoke.command);
	texts_add(b, &s->secrets, &c->smoke.secrets);
	if (c->smoke.endpoint) {
		bn_buf_adds(&text, "binnacle predict");
		word_add(&text, c->model ? c->model : "");
		path_add(&text, c->smoke.rows);
		option_add(&text, "--endpoint", c->smoke.endpoint);
		bn_buf_adds(&text, " --out /dev/null");
		line_end(b, &s->commands, &text);
	}
	if (!s->commands.count)
		s->missing = "no endpoint with rows, and no command: ci.smoke";
	else if (c->smoke.endpoint && !c->model)
		s->missing = "no name of a model: ci.model";
	bn_buf_release(&text);
}

static void monitor_stage(building *b, bn_ci_stage *s)
{
	const bn_ci_settings *c = b->s;
	bn_buf text = BN_BUF_INIT;
	s->only_branch = s->scheduled = s->may_fail = s->state = true;
	if (c->monitor.model) /* a schedule has no stage that made a workspace */
		list_add(b, &s->commands,
			"[ -d \"$BINNACLE_HOME/.binnacle\" ] || { echo 'monitor needs the "
			"team'\\''s "
			"workspace: set BINNACLE_HOME and BINNACLE_TRUST (docs/ci.md)' >&2; exit "
			"1; }");
	texts_add(b, &s->commands, &c->monitor.command);
	texts_add(b, &s->secrets, &c->monitor.secrets);
	if (c->monitor.model) {
		bn_buf_adds(&text, "binnacle monitor report");
		word_add(&text, c->monitor.model);
		option_add(&text, "--window", c->monitor.window);
		line_end(b, &s->commands, &text);
	}
	s->missing = s->commands.count ? NULL : "no model, and no command: ci.monitor";
	bn_buf_release(&text);
}

static void tags_set(building *b, bn_ci_stage *s)
{
	const char *const keys[] = {"all", s->name};
	for (int k = 0; k < 2; k++) {
		const json_t *list = json_object_get(b->s->tags, keys[k]);
		if (json_is_string(list))
			list_add(b, &s->tags, json_string_value(list));
		for (size_t i = 0; i < json_array_size(list); i++)
			list_add(b, &s->tags, json_string_value(json_array_get(list, i)));
		if (k == 0)
			b->p->n_common_tags = s->tags.count;
	}
}

/* The stages that are there follow each other, and those with state hand it on. */
static void stages_connect(building *b)
{
	const bn_ci_stage *before = NULL, *state = NULL;
	for (int i = 0; i < BN_CI_STAGES; i++) {
		bn_ci_stage *s = &b->p->stages[i];
		if (s->missing)
			continue;
		s->needs = before ? before->name : NULL;
		if (s->state && state)
			list_add(b, &s->before,
				"[ ! -f " BN_CI_STATE_FILE " ] || tar -xf " BN_CI_STATE_FILE);
		if (s->signs)
			list_add(b, &s->before,
				"[ -z \"${BINNACLE_KEY:-}\" ] || chmod 600 \"$BINNACLE_KEY\"");
		if (s->state) {
			list_add(b, &s->after,
				"[ ! -d .binnacle ] || tar -cf " BN_CI_STATE_FILE
				" .binnacle " BN_CI_STATE_DIR);
			list_add(b, &s->artifacts, BN_CI_STATE_FILE);
			state = s;
		}
		before = s;
	}
}

/* As the settings say, else as the repository does. */
static void branch_set(building *b)
{
	char *found = b->s->branch || !b->s->dir ? NULL : bn_ci_branch_find(b->s->dir);
	b->p->branch = b->s->branch ? b->s->branch : BN_CI_BRANCH_USUAL;
	if (found && !(b->p->branch = bn_arena_strdup(&b->p->arena, found)))
		b->failed = true;
	bn_free(found);
}

void bn_ci_pipeline_free(bn_ci_pipeline *p)
{
	if (!p)
		return;
	for (int i = 0; i < BN_CI_STAGES; i++) {
		bn_ci_stage *s = &p->stages[i];
		bn_ci_list *const lists[] = {&s->before, &s->commands, &s->after, &s->finally,
			&s->artifacts, &s->cache, &s->tags, &s->secrets};
		for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
			bn_free(lists[k]->items);
	}
	bn_arena_release(&p->arena);
	bn_free(p);
}

int bn_ci_pipeline_new(bn_ci_pipeline **out, const bn_ci_settings *settings, bn_err *err)
{
	bn_ci_pipeline *p = bn_alloc_zeroed(1, sizeof *p);
	building b = {p, settings, false};
	if (!p)
		return bn_err_nomem(err, "a pipeline");
	bn_ci_stage *s = p->stages;
	for (int i = 0; i < BN_CI_STAGES; i++) {
		s[i].name = bn_ci_stage_name((bn_ci_stage_id)i);
		s[i].title = bn_ci_stage_title((bn_ci_stage_id)i);
	}
	p->image = settings->image;
	branch_set(&b);
	p->cron = settings->monitor.cron;
	p->model = settings->model;
	project_stage(&b, &s[BN_CI_LINT], &settings->lint, "no command: ci.lint");
	project_stage(&b, &s[BN_CI_UNIT], &settings->unit, "no command: ci.unit");
	data_stage(&b, &s[BN_CI_DATA_CHECK]);
	train_stage(&b, &s[BN_CI_TRAIN]);
	evaluate_stage(&b, &s[BN_CI_EVALUATE], &s[BN_CI_TRAIN]);
	package_stage(&b, &s[BN_CI_PACKAGE], &s[BN_CI_EVALUATE]);
	deploy_stage(&b, &s[BN_CI_DEPLOY]);
	smoke_stage(&b, &s[BN_CI_SMOKE]);
	monitor_stage(&b, &s[BN_CI_MONITOR]);
	for (int i = 0; i < BN_CI_STAGES; i++)
		tags_set(&b, &s[i]);
	stages_connect(&b);
	if (b.failed) {
		bn_ci_pipeline_free(p);
		return bn_err_nomem(err, "a pipeline");
	}
	*out = p;
	return 0;
}
