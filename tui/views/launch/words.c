/* words.c - from fields to command lines; ranges and lists of values make a sweep, one line for each of its runs. See
 * _launch.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/ui/shell_word.h"
#include "tui/views/launch/_launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- combinations -------------------------------------------------------------------------------- */

typedef struct sweep {
	int field[BN_LAUNCH_HYPERS + 1];
	int count[BN_LAUNCH_HYPERS + 1];
	int fields;
	size_t combinations; /* 0: too many */
} sweep;

static const bn_hyper_def *def_of(const bn_launch_view *v, int field)
{
	return field == BN_LAUNCH_SEED ? NULL : bn_launch_hyper(v, field);
}

static bool is_swept(const bn_launch_view *v, int field)
{
	return field == BN_LAUNCH_SEED || bn_launch_hyper(v, field);
}

static int values_of(const bn_launch_view *v, int field, bn_sweep_value out[BN_SWEEP_VALUES])
{
	return bn_sweep_values(def_of(v, field), v->fields[field].value, out, NULL);
}

static sweep sweep_of(const bn_launch_view *v)
{
	sweep s = {.combinations = 1};
	bn_sweep_value values[BN_SWEEP_VALUES];
	for (int i = BN_LAUNCH_SEED; bn_launch_trainer(v) && i < BN_LAUNCH_WHERE; i++) {
		int n = is_swept(v, i) ? values_of(v, i, values) : 1;
		if (n < 2)
			continue;
		s.field[s.fields] = i;
		s.count[s.fields++] = n;
		s.combinations *= (size_t)n;
		if (s.combinations > 1000000)
			return (sweep){.combinations = 0};
	}
	return s;
}

size_t bn_launch_runs(const bn_launch_view *v, size_t *combinations)
{
	sweep s = sweep_of(v);
	long wanted = strtol(v->fields[BN_LAUNCH_RUNS].value, NULL, 10);
	*combinations = s.combinations;
	size_t runs = s.combinations;
	if (wanted > 0 && (size_t)wanted < runs)
		runs = (size_t)wanted;
	return runs <= BN_SWEEP_MOST ? runs : 0;
}

/* ---- words --------------------------------------------------------------------------------------- */

/* Words of one line, and the terminator of each. */
typedef struct words {
	bn_buf *out;
	bool as_text; /* quoted, separated by blanks */
} words;

static void word(words *w, const char *text)
{
	if (w->as_text) {
		bn_buf_adds(w->out, w->out->len ? " " : "");
		bn_shell_word_add(w->out, text);
	} else {
		bn_buf_add(w->out, text, strlen(text) + 1);
	}
}

static void option(words *w, const char *name, const char *value)
{
	if (!value[0])
		return;
	word(w, name);
	word(w, value);
}

static bool is_new(const bn_launch_view *v, int field)
{
	return strcmp(v->fields[field].value, v->base[field]) != 0;
}

/* 0 removes what the repeated run requests. */
static const char *asked_for(const bn_launch_view *v, int field)
{
	const char *value = v->fields[field].value;
	return !value[0] && v->base[field][0] && field >= BN_LAUNCH_CORES ? "0" : value;
}

/* The parts are given together: --data replaces all of them. */
static void data_words(const bn_launch_view *v, words *w)
{
	static const char *const parts[] = {"", ":valid", ":test"};
	bool again = v->of.again[0] != '\0';
	bool any = false;
	for (int i = 0; i < 3; i++)
		any |= is_new(v, BN_LAUNCH_TRAIN + i);
	for (int i = 0; (any || !again) && i < 3; i++) {
		char text[BN_FORM_VALUE + 16];
		const char *value = v->fields[BN_LAUNCH_TRAIN + i].value;
		if (!value[0])
			continue;
		snprintf(text, sizeof text, "%s%s", value, parts[i]);
		option(w, "--data", text);
	}
}

static void value_word(words *w, const bn_launch_view *v, int field, const char *value)
{
	const bn_hyper_def *def = def_of(v, field);
	char text[BN_FORM_VALUE + 80];
	if (!def) {
		option(w, "--seed", value);
		return;
	}
	snprintf(text, sizeof text, "%.60s=%s", def->name, value);
	option(w, "--set", text);
}

static void sweep_word(words *w, const bn_launch_view *v, int field)
{
	const bn_hyper_def *def = def_of(v, field);
	char text[BN_FORM_VALUE + 80];
	snprintf(text, sizeof text, "%.60s=%s", def ? def->name : "seed", v->fields[field].value);
	option(w, "--sweep", text);
}

/* Those of one combination, named by `name`; as text those of all of them. */
static void setting_words(
	const bn_launch_view *v, words *w, const sweep *s, size_t at, bn_buf *name)
{
	for (int i = BN_LAUNCH_SEED; i < BN_LAUNCH_WHERE; i++) {
		bn_sweep_value values[BN_SWEEP_VALUES];
		int k = 0;
		if (!is_swept(v, i))
			continue;
		while (k < s->fields && s->field[k] != i)
			k++;
		if (k == s->fields) {
			/* "1,1.0" is one value. */
			if (is_new(v, i) && values_of(v, i, values) == 1)
				value_word(w, v, i, values[0]);
			continue;
		}
		if (w->as_text) { /* the whole sweep in one line */
			sweep_word(w, v, i);
			continue;
		}
		values_of(v, i, values);
		size_t chosen = at % (size_t)s->count[k];
		at /= (size_t)s->count[k];
		value_word(w, v, i, values[chosen]);
		bn_sweep_name_add(name, v->fields[i].name, values[chosen]);
	}
}

static void command_words(const bn_launch_view *v, words *w)
{
	const char *at = v->fields[BN_LAUNCH_COMMAND].value;
	if (bn_launch_trainer(v) || !at[0] || (v->of.again[0] && !is_new(v, BN_LAUNCH_COMMAND)))
		return;
	word(w, "--");
	while (*at) {
		char one[BN_FORM_VALUE];
		size_t n = 0;
		char quote = '\0';
		for (at += strspn(at, " "); *at && (quote || *at != ' '); at++) {
			if (quote ? *at == quote : *at == '\'' || *at == '"')
				quote = quote ? '\0' : *at;
			else
				one[n++] = *at;
		}
		one[n] = '\0';
		if (n)
			word(w, one);
	}
}

static void line_words(const bn_launch_view *v, words *w, size_t i, bool dry)
{
	static const struct {
		int field;
		const char *option;
	} plain[] = {{BN_LAUNCH_TARGET, "--target"}, {BN_LAUNCH_FEATURES, "--features"},
		{BN_LAUNCH_ROWS, "--where"}, {BN_LAUNCH_CORES, "--cores"},
		{BN_LAUNCH_MEMORY, "--memory"}, {BN_LAUNCH_TIME, "--time-limit"}};
	sweep s = sweep_of(v);
	size_t combinations, runs = bn_launch_runs(v, &combinations);
	const bn_trainer *t = bn_launch_trainer(v);
	bn_buf suffix = BN_BUF_INIT, name = BN_BUF_INIT;
	word(w, "binnacle");
	word(w, "run");
	char id[12]; /* names may be those of several runs */
	snprintf(id, sizeof id, "%.8s", bn_launch_data(v)->run ? bn_launch_data(v)->run : "");
	word(w, v->of.resumes ? "resume" : "start");
	if (v->of.resumes)
		word(w, id);
	else
		option(w, "--again", id);
	if (t && (!v->of.again[0] || is_new(v, BN_LAUNCH_TRAINER)))
		option(w, "--trainer", t->name);
	data_words(v, w);
	if (t && v->base[BN_LAUNCH_ROWS][0] && !v->fields[BN_LAUNCH_ROWS].value[0]) {
		word(w, "--where"); /* "": all rows again */
		word(w, "");
	}
	for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
		/* The filter is repeated, so that the command line is complete. */
		if ((is_new(v, plain[k].field) || plain[k].field == BN_LAUNCH_ROWS) &&
			(t || plain[k].field >= BN_LAUNCH_CORES))
			option(w, plain[k].option, asked_for(v, plain[k].field));
	if (t)
		setting_words(v, w, &s, runs ? bn_sweep_combination(s.combinations, runs, i) : 0, &suffix);
	if (w->as_text && s.fields && runs < s.combinations)
		option(w, "--runs", v->fields[BN_LAUNCH_RUNS].value);
	bn_buf_addf(&name, "%s%s", v->fields[BN_LAUNCH_NAME].value, suffix.ptr ? suffix.ptr : "");
	if (v->fields[BN_LAUNCH_NAME].value[0])
		option(w, "--name", name.ptr);
	if (s.fields || is_new(v, BN_LAUNCH_EXECUTOR))
		option(w, "--executor", s.fields ? "queue" : v->fields[BN_LAUNCH_EXECUTOR].value);
	if (dry)
		word(w, "--dry-run");
	command_words(v, w);
	bn_buf_release(&suffix);
	bn_buf_release(&name);
}

void bn_launch_line(const bn_launch_view *v, bn_buf *out)
{
	line_words(v, &(words){out, true}, 0, false);
}

int bn_launch_words(bn_start_arg **out, const bn_launch_view *v, bool dry, bn_err *err)
{
	size_t combinations, runs = bn_launch_runs(v, &combinations);
	bn_buf all = BN_BUF_INIT;
	int rc;
	if (dry)
		runs = 1;
	for (size_t i = 0; i < runs; i++) {
		line_words(v, &(words){&all, false}, i, dry);
		bn_buf_add(&all, "", 1);
	}
	if ((rc = bn_buf_check(&all, err, "command lines")) < 0)
		goto out;
	bn_start_arg *arg = bn_alloc_zeroed(1, sizeof *arg + all.len);
	if (!arg) {
		rc = bn_err_nomem(err, "command lines");
		goto out;
	}
	arg->lines = runs;
	arg->bytes = all.len;
	memcpy(arg->words, all.ptr, all.len);
	*out = arg;
out:
	bn_buf_release(&all);
	return rc;
}
