/* fields.c - the fields of the launch form: initial values, valid values, and which are shown. See
 * _launch.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/table/expr/eval.h"
#include "tui/ui/shell_word.h"
#include "tui/views/launch/_launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char command_word[] = "command";
static const char *const executors[] = {"local", "queue", NULL};
static const char *const yes_no[] = {"true", "false", "true,false", NULL}; /* both: a sweep */

/* Every trainer, then "command"; built once. */
static const char *const *trainers(void)
{
	static const char *names[32];
	size_t n = bn_trainer_count();
	n = n < 30 ? n : 30;
	for (size_t i = 0; i < n && !names[n]; i++)
		names[i] = bn_trainer_get(i)->name;
	names[n] = command_word;
	return names;
}

const bn_trainer *bn_launch_trainer(const bn_launch_view *v)
{
	const bn_trainer *t = NULL;
	const char *name = v->fields[BN_LAUNCH_TRAINER].value;
	return *name && bn_trainer_find(&t, name, NULL) == 0 ? t : NULL;
}

const bn_hyper_def *bn_launch_hyper(const bn_launch_view *v, int field)
{
	const bn_trainer *t = bn_launch_trainer(v);
	int at = field - BN_LAUNCH_HYPER;
	bool is_one = t && at >= 0 && at < BN_LAUNCH_HYPERS && (size_t)at < t->hyper_count;
	return is_one ? &t->hyper[at] : NULL;
}

/* ---- initial values -------------------------------------------------------------------------- */

static void set(bn_launch_view *v, int field, const char *value)
{
	snprintf(v->fields[field].value, BN_FORM_VALUE, "%s", value ? value : "");
}

static void base(bn_launch_view *v, int field, const char *value)
{
	set(v, field, value);
	memcpy(v->base[field], v->fields[field].value, BN_FORM_VALUE);
}

/* As a user would type it. */
static void json_text(const json_t *value, char out[BN_FORM_VALUE])
{
	size_t i, n = 0;
	json_t *item;
	if (json_is_integer(value)) {
		snprintf(out, BN_FORM_VALUE, "%lld", (long long)json_integer_value(value));
	} else if (json_is_number(value)) {
		char text[BN_FMT];
		snprintf(out, BN_FORM_VALUE, "%s", bn_fmt_f64(json_number_value(value), text));
	} else if (json_is_boolean(value)) {
		snprintf(out, BN_FORM_VALUE, "%s", json_is_true(value) ? "true" : "false");
	}
	json_array_foreach(value, i, item)
	{
		if (n < BN_FORM_VALUE - 24)
			n += (size_t)snprintf(out + n, BN_FORM_VALUE - n, "%s%lld", i ? "," : "",
				(long long)json_integer_value(item));
	}
}

/* The values of a sweep, otherwise the setting's default. */
static void aside_fill(bn_launch_view *v, int field)
{
	const bn_hyper_def *def = bn_launch_hyper(v, field);
	bn_form_field *x = &v->fields[field];
	bn_sweep_words(def, x->value, x->aside, sizeof x->aside);
	if (x->aside[0] || !def)
		return;
	if (strcmp(v->base[field], def->default_text) != 0)
		snprintf(x->aside, sizeof x->aside, "base %.36s, default %.36s", v->base[field],
			def->default_text);
	else
		snprintf(x->aside, sizeof x->aside, "default %.60s", def->default_text);
}

static void hypers_fill(bn_launch_view *v, const bn_spec *spec)
{
	const bn_trainer *t = bn_launch_trainer(v);
	bool own = spec && spec->trainer && t && strcmp(spec->trainer, t->name) == 0;
	for (int i = BN_LAUNCH_HYPER; i < BN_LAUNCH_WHERE; i++) {
		const bn_hyper_def *def = bn_launch_hyper(v, i);
		bn_form_field *x = &v->fields[i];
		char text[BN_FORM_VALUE] = "";
		*x = (bn_form_field){.is_folded = !def};
		v->base[i][0] = '\0';
		if (!def)
			continue;
		x->name = def->name;
		x->choices = def->type == BN_HYPER_BOOL ? yes_no : NULL;
		x->is_switch = x->choices != NULL;
		const json_t *value = own ? json_object_get(spec->hyper, def->name) : NULL;
		if (value)
			json_text(value, text);
		base(v, i, value ? text : def->default_text);
	}
}

static bool is_listed(const char *const *list, const char *word)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* "jobs.train@v1" has siblings jobs.val@v1 and jobs.test@v1. */
static void siblings_fill(bn_launch_view *v, const char *const *data)
{
	static const struct {
		int field;
		const char *part;
	} parts[] = {
		{BN_LAUNCH_VALID, "val"}, {BN_LAUNCH_VALID, "valid"}, {BN_LAUNCH_TEST, "test"}};
	const char *train = v->fields[BN_LAUNCH_TRAIN].value, *dot = strstr(train, ".train@");
	for (size_t i = 0; dot && i < sizeof parts / sizeof *parts; i++) {
		char name[BN_FORM_VALUE];
		snprintf(name, sizeof name, "%.*s.%s%s", (int)(dot - train), train, parts[i].part,
			strchr(dot, '@'));
		if (is_listed(data, name) && !v->fields[parts[i].field].value[0])
			set(v, parts[i].field, name);
	}
}

static void data_fill(bn_launch_view *v, const bn_launch_page *d)
{
	const bn_spec *spec = d->spec;
	for (size_t i = 0; spec && i < spec->data_count; i++) {
		const bn_spec_data *x = &spec->data[i];
		char ref[BN_FORM_VALUE];
		int field = BN_LAUNCH_TRAIN;
		if (x->part && strcmp(x->part, "valid") == 0)
			field = BN_LAUNCH_VALID;
		else if (x->part && strcmp(x->part, "test") == 0)
			field = BN_LAUNCH_TEST;
		snprintf(ref, sizeof ref, "%.200s@v%lld", x->name ? x->name : "",
			(long long)x->version);
		base(v, field, ref);
	}
	if (!v->of.data[0])
		return;
	set(v, BN_LAUNCH_TRAIN, v->of.data);
	siblings_fill(v, d->data);
}

static void texts_fill(bn_launch_view *v, int field, const bn_spec_texts *texts, bool as_words)
{
	bn_buf line = BN_BUF_INIT;
	for (size_t i = 0; i < texts->count; i++) {
		if (i > 0)
			bn_buf_addch(&line, as_words ? ' ' : ',');
		if (as_words)
			bn_shell_word_add(&line, texts->items[i]);
		else
			bn_buf_adds(&line, texts->items[i]);
	}
	if (line.len < BN_FORM_VALUE)
		base(v, field, line.ptr);
	bn_buf_release(&line);
}

static void number_fill(bn_launch_view *v, int field, int64_t n, const char *unit)
{
	char text[40];
	snprintf(text, sizeof text, "%lld%s", (long long)n, unit);
	base(v, field, n > 0 ? text : "");
}

static void fields_name(bn_launch_view *v)
{
	static const struct {
		int field;
		const char *name, *aside;
		bool is_rule, is_list;
	} names[] = {{BN_LAUNCH_WHAT, "what", "", true, false},
		{BN_LAUNCH_TRAINER, "trainer", "left and right choose", false, false},
		{BN_LAUNCH_COMMAND, "command", "as in a shell", false, false},
		{BN_LAUNCH_NAME, "name", "", false, false},
		{BN_LAUNCH_DATA, "data", "", true, false},
		{BN_LAUNCH_TRAIN, "train", "", false, false},
		{BN_LAUNCH_VALID, "valid", "", false, false},
		{BN_LAUNCH_TEST, "test", "", false, false},
		{BN_LAUNCH_TARGET, "target", "what is predicted", false, false},
		{BN_LAUNCH_FEATURES, "features", "none: all other columns", false, true},
		{BN_LAUNCH_ROWS, "rows where", "none: all rows", false, false},
		{BN_LAUNCH_SETTINGS, "settings",
			"0.01,0.1 or 0.001..0.1 log 5 makes a sweep", true, false},
		{BN_LAUNCH_SEED, "seed", "", false, false},
		{BN_LAUNCH_WHERE, "where", "", true, false},
		{BN_LAUNCH_EXECUTOR, "executor", "local starts at once", false, false},
		{BN_LAUNCH_CORES, "cores", "", false, false},
		{BN_LAUNCH_MEMORY, "memory", "4G", false, false},
		{BN_LAUNCH_TIME, "time limit", "1h30m", false, false},
		{BN_LAUNCH_RUNS, "runs", "so many of the combinations, at random; none: all", false,
			false},
		{BN_LAUNCH_DRY, "dry run", "Enter says what would be started", false, false}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		bn_form_field *x = &v->fields[names[i].field];
		x->name = names[i].name;
		x->is_rule = names[i].is_rule;
		x->is_list = names[i].is_list;
		snprintf(x->aside, sizeof x->aside, "%s", names[i].aside);
	}
}

static void choices_set(bn_launch_view *v, const bn_launch_page *d)
{
	v->fields[BN_LAUNCH_TRAINER].choices = trainers();
	v->fields[BN_LAUNCH_EXECUTOR].choices = executors;
	v->fields[BN_LAUNCH_EXECUTOR].is_switch = true;
	for (int i = BN_LAUNCH_TRAIN; i <= BN_LAUNCH_TEST; i++)
		v->fields[i].choices = d->data;
	v->fields[BN_LAUNCH_TARGET].choices = v->fields[BN_LAUNCH_FEATURES].choices = d->columns;
}

/* The only setting that may change when a run is resumed. */
static bool is_limit(const bn_launch_view *v, int field)
{
	const bn_launch_page *d = bn_launch_data(v);
	const bn_hyper_def *def = bn_launch_hyper(v, field);
	return d && d->limit && def && strcmp(def->name, d->limit) == 0;
}

/* The field where editing most likely begins. */
static int first_field(const bn_launch_view *v)
{
	for (int i = BN_LAUNCH_HYPER; v->of.resumes && i < BN_LAUNCH_WHERE; i++)
		if (is_limit(v, i))
			return i;
	for (int i = BN_LAUNCH_HYPER; v->of.again[0] && i < BN_LAUNCH_WHERE; i++)
		if (bn_launch_hyper(v, i) && strcmp(v->fields[i].name, "learning_rate") == 0)
			return i;
	if (bn_launch_trainer(v) && v->of.again[0])
		return BN_LAUNCH_HYPER;
	if (!bn_launch_trainer(v))
		return v->of.again[0] ? BN_LAUNCH_COMMAND : BN_LAUNCH_TRAINER;
	return v->fields[BN_LAUNCH_TRAIN].value[0] ? BN_LAUNCH_TARGET : BN_LAUNCH_TRAIN;
}

void bn_launch_fill(bn_launch_view *v)
{
	const bn_launch_page *d = bn_launch_data(v);
	const bn_spec *spec = d->spec;
	choices_set(v, d);
	if (v->form.count) { /* another dataset was selected: its columns are new */
		bn_launch_show(v);
		return;
	}
	v->form.count = BN_LAUNCH_FIELDS;
	v->form.name_cols = 20;
	fields_name(v);
	base(v, BN_LAUNCH_TRAINER, spec && spec->trainer ? spec->trainer : "");
	if (!spec)
		set(v, BN_LAUNCH_TRAINER, trainers()[0]);
	else if (!spec->trainer)
		base(v, BN_LAUNCH_TRAINER, command_word);
	hypers_fill(v, spec);
	data_fill(v, d);
	base(v, BN_LAUNCH_EXECUTOR, spec && spec->executor ? spec->executor : "local");
	set(v, BN_LAUNCH_NAME, d->next);
	if (spec) {
		char seed[40];
		base(v, BN_LAUNCH_TARGET, spec->target);
		base(v, BN_LAUNCH_ROWS, spec->where);
		texts_fill(v, BN_LAUNCH_FEATURES, &spec->features, false);
		texts_fill(v, BN_LAUNCH_COMMAND, &spec->command, true);
		number_fill(v, BN_LAUNCH_CORES, spec->resources.cpus, "");
		number_fill(v, BN_LAUNCH_MEMORY, spec->resources.memory_bytes / (1 << 20), "M");
		number_fill(v, BN_LAUNCH_TIME, spec->time_limit_s, "s");
		snprintf(seed, sizeof seed, "%lld", (long long)(spec->seed > 0 ? spec->seed : 0));
		base(v, BN_LAUNCH_SEED, seed);
	} else {
		base(v, BN_LAUNCH_SEED, "0");
	}
	if (v->of.resumes)
		snprintf(v->fields[BN_LAUNCH_SETTINGS].aside,
			sizeof v->fields[BN_LAUNCH_SETTINGS].aside,
			"the others are as they were, and so are data and seed");
	snprintf(v->fields[BN_LAUNCH_CORES].aside, sizeof v->fields[0].aside, "this machine has %d",
		d->cores);
	bn_launch_show(v);
	bn_form_select(&v->form, first_field(v));
}

/* ---- valid values ---------------------------------------------------------------------------- */

static void check_data(const bn_launch_page *d, int field, const char *text, char *wrong)
{
	if (!*text && field == BN_LAUNCH_TRAIN)
		snprintf(wrong, BN_FORM_WRONG, "a version of a dataset is wanted");
	else if (*text && d && !is_listed(d->data, text))
		snprintf(wrong, BN_FORM_WRONG, "no such version; Tab completes");
}

static void check_column(const bn_launch_page *d, const char *text, size_t n, char *wrong)
{
	char name[BN_FORM_VALUE];
	snprintf(name, sizeof name, "%.*s", (int)n, text);
	if (d && d->columns && d->columns[0] && !is_listed(d->columns, name))
		snprintf(wrong, BN_FORM_WRONG, "no column '%.60s'; Tab completes", name);
}

static void check_columns(const bn_launch_page *d, const char *text, char *wrong)
{
	while (*text && !wrong[0]) {
		size_t n = strcspn(text, ",");
		check_column(d, text, n, wrong);
		text += n + (text[n] == ',');
	}
}

static void check_rows(const bn_launch_page *d, const char *text, char *wrong)
{
	bn_err err = BN_ERR_INIT;
	bn_expr *e = NULL;
	if (!*text || !d || !d->schema)
		return;
	if (bn_expr_of_rows(&e, text, "rows where", d->schema, BN_EXPR_BOOL, &err) < 0)
		snprintf(wrong, BN_FORM_WRONG, "%.150s", err.msg);
	bn_expr_free(e);
}

/* Validates each of the text's values. */
static void check_values(const bn_launch_view *v, int field, const char *text, char *wrong)
{
	bn_sweep_value values[BN_SWEEP_VALUES];
	bn_err why = BN_ERR_INIT;
	const bn_hyper_def *def = bn_launch_hyper(v, field);
	const bn_trainer *t = bn_launch_trainer(v);
	int n = bn_sweep_values(def, text, values, &why);
	if (n < 0)
		snprintf(wrong, BN_FORM_WRONG, "%.150s", why.msg);
	json_t *into = json_object();
	if (v->of.resumes && n > 1)
		snprintf(wrong, BN_FORM_WRONG, "one value: a run is continued once");
	else if (v->of.resumes && n == 1 && strtod(values[0], NULL) < strtod(v->base[field], NULL))
		snprintf(wrong, BN_FORM_WRONG, "it was %.40s, and can only be raised",
			v->base[field]);
	for (int i = 0; i < n && !wrong[0]; i++) {
		bn_err err = BN_ERR_INIT;
		int64_t seed;
		if (def && bn_hyper_set_text(
				   into, t->hyper, t->hyper_count, def->name, values[i], &err) < 0)
			snprintf(wrong, BN_FORM_WRONG, "%.150s", err.msg);
		if (!def && (!bn_parse_i64(values[i], strlen(values[i]), &seed) || seed < 0))
			snprintf(wrong, BN_FORM_WRONG, "a whole number from 0 on is wanted");
	}
	json_decref(into);
}

static void check_where(int field, const char *text, char *wrong)
{
	int64_t n;
	if (!*text)
		return;
	if (field == BN_LAUNCH_MEMORY && !bn_parse_bytes(text, &n))
		snprintf(wrong, BN_FORM_WRONG, "a size such as 4G is wanted");
	else if (field == BN_LAUNCH_EXECUTOR && !is_listed(executors, text))
		snprintf(wrong, BN_FORM_WRONG, "local or queue");
	else if ((field == BN_LAUNCH_CORES || field == BN_LAUNCH_RUNS) &&
		 (!bn_parse_i64(text, strlen(text), &n) || n < 1))
		snprintf(wrong, BN_FORM_WRONG, "a whole number from 1 on is wanted");
}

void bn_launch_check(void *ctx, int field, const char *text, char wrong[BN_FORM_WRONG])
{
	const bn_launch_view *v = ctx;
	const bn_launch_page *d = bn_launch_data(v);
	bool trains = bn_launch_trainer(v) != NULL;
	switch (field) {
	case BN_LAUNCH_TRAINER:
		if (!is_listed(trainers(), text))
			snprintf(wrong, BN_FORM_WRONG, "no such trainer; Tab completes");
		return;
	case BN_LAUNCH_COMMAND:
		if (!trains && !*text)
			snprintf(wrong, BN_FORM_WRONG, "a command line is wanted");
		return;
	case BN_LAUNCH_TRAIN:
	case BN_LAUNCH_VALID:
	case BN_LAUNCH_TEST:
		if (trains || *text)
			check_data(d, field, text, wrong);
		return;
	case BN_LAUNCH_TARGET:
		if (trains && !*text)
			snprintf(wrong, BN_FORM_WRONG, "what is predicted? Tab completes");
		else if (trains)
			check_column(d, text, strlen(text), wrong);
		return;
	case BN_LAUNCH_FEATURES:
		check_columns(d, text, wrong);
		return;
	case BN_LAUNCH_ROWS:
		if (trains)
			check_rows(d, text, wrong);
		return;
	default:
		if (trains && (field == BN_LAUNCH_SEED || bn_launch_hyper(v, field)))
			check_values(v, field, text, wrong);
		else if (field > BN_LAUNCH_WHERE)
			check_where(field, text, wrong);
		return;
	}
}

void bn_launch_kept(void *ctx, int field, const char *before)
{
	bn_launch_view *v = ctx;
	bn_launch_arg arg = v->of;
	const bn_launch_page *d = bn_launch_data(v);
	(void)before;
	if (field == BN_LAUNCH_TRAINER)
		hypers_fill(v, d ? d->spec : NULL);
	bn_launch_show(v);
	if (field != BN_LAUNCH_TRAIN || v->fields[field].wrong[0])
		return;
	siblings_fill(v, d ? d->data : NULL);
	snprintf(arg.data, sizeof arg.data, "%.150s", v->fields[field].value);
	bn_view_load(
		&v->view, BN_LANE_QUICK, 0, bn_view_source(&v->view)->launch, &arg, sizeof arg);
}

/* ---- visible fields -------------------------------------------------------------------------- */

size_t bn_launch_changes(const bn_launch_view *v)
{
	size_t n = 0;
	for (int i = 0; i < BN_LAUNCH_FIELDS; i++)
		n += v->fields[i].is_set && i != BN_LAUNCH_NAME;
	return n;
}

static bool is_part(const bn_launch_view *v, int field)
{
	bool trains = bn_launch_trainer(v) != NULL;
	size_t combinations;
	if (v->of.resumes)
		return field == BN_LAUNCH_NAME || field == BN_LAUNCH_SETTINGS ||
		       is_limit(v, field) || (field >= BN_LAUNCH_WHERE && field != BN_LAUNCH_RUNS);
	if (field == BN_LAUNCH_COMMAND)
		return !trains;
	if (field >= BN_LAUNCH_TARGET && field <= BN_LAUNCH_SEED)
		return trains;
	if (field >= BN_LAUNCH_HYPER && field < BN_LAUNCH_WHERE)
		return bn_launch_hyper(v, field) != NULL;
	if (field == BN_LAUNCH_RUNS)
		return bn_launch_runs(v, &combinations) != 1;
	return true;
}

void bn_launch_show(bn_launch_view *v)
{
	for (int i = 0; i < BN_LAUNCH_FIELDS; i++) {
		bn_form_field *x = &v->fields[i];
		x->is_set = strcmp(x->value, v->base[i]) != 0;
		x->is_folded =
			!is_part(v, i) || (v->only_changed && !x->is_set && !x->is_rule &&
						  i != BN_LAUNCH_DRY && i != v->form.selected);
		x->wrong[0] = '\0';
		bn_launch_check(v, i, x->value, x->wrong);
		if (i >= BN_LAUNCH_SEED && i < BN_LAUNCH_WHERE && bn_launch_trainer(v))
			aside_fill(v, i);
		if (i == BN_LAUNCH_VALID || i == BN_LAUNCH_TEST)
			snprintf(x->aside, sizeof x->aside, "%s",
				x->value[0] ? "" : "none: a share of the training rows");
	}
}
