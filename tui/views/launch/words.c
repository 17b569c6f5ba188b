/* words.c - from fields to command lines: ranges and lists of values make a sweep with numbered
 * combinations. See _launch.h. */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/str.h"
#include "tui/ui/shell_word.h"
#include "tui/views/launch/_launch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values of a range; ranges up to WHOLE_MOST are listed in full. */
enum { POINTS = 5, WHOLE_MOST = 16 };

/* ---- values -------------------------------------------------------------------------------------- */

static bool is_list(const bn_hyper_def *def)
{
	return def && def->type == BN_HYPER_INT_LIST;
}

static bool is_int(const bn_hyper_def *def)
{
	return !def || def->type == BN_HYPER_INT; /* no definition: the seed */
}

/* "LO..HI", "LO..HI log". */
typedef struct range {
	double lo, hi;
	const char *hi_text; /* the ends as typed: lo's is the beginning of the text */
	size_t lo_bytes, hi_bytes;
	bool is_log;
} range;

/* false: it is not a range. */
static bool range_read(const char *text, range *r)
{
	const char *dots = strstr(text, "..");
	if (!dots)
		return false;
	r->hi_text = dots + 2;
	r->lo_bytes = (size_t)(dots - text);
	r->hi_bytes = strcspn(r->hi_text, " ");
	const char *end = r->hi_text + r->hi_bytes;
	r->is_log = strcmp(end, " log") == 0;
	return (r->is_log || !*end) && bn_parse_f64(text, r->lo_bytes, &r->lo) &&
	       bn_parse_f64(r->hi_text, r->hi_bytes, &r->hi);
}

/* The same number in any notation: 1, 1.0 and 1e0. */
static bool is_same_value(const char *a, const char *b)
{
	int64_t i, k;
	double x, y;
	if (bn_parse_i64(a, strlen(a), &i) && bn_parse_i64(b, strlen(b), &k))
		return i == k;
	if (bn_parse_f64(a, strlen(a), &x) && bn_parse_f64(b, strlen(b), &y))
		return x == y;
	return strcmp(a, b) == 0;
}

/* The count with out[n], which is added unless it is a duplicate. */
static int value_keep(char out[BN_SWEEP_VALUES][BN_FORM_VALUE], int n)
{
	for (int i = 0; i < n; i++)
		if (is_same_value(out[i], out[n]))
			return n;
	return n + 1;
}

/* The number of digits that distinguishes the points of a range. */
static int range_digits(const range *r)
{
	double largest = fmax(fabs(r->lo), fabs(r->hi));
	int digits = 4 + (int)floor(log10(largest / (r->hi - r->lo)));
	if (digits < 4)
		return 4;
	return digits > 17 ? 17 : digits;
}

/* The ends are as typed; points between them are rounded. */
static int range_values(const bn_hyper_def *def, const char *text, const range *r,
	char out[BN_SWEEP_VALUES][BN_FORM_VALUE], char wrong[BN_FORM_WRONG])
{
	int points = POINTS, n = 0;
	if (!(r->lo < r->hi) || (r->is_log && r->lo <= 0)) {
		snprintf(wrong, BN_FORM_WRONG, "%s",
			r->lo < r->hi ? "a logarithmic range begins above 0"
				      : "a range goes upwards");
		return -1;
	}
	if (is_int(def) && (r->lo != floor(r->lo) || r->hi != floor(r->hi))) {
		snprintf(wrong, BN_FORM_WRONG, "a range of whole numbers has whole ends");
		return -1;
	}
	if (is_int(def) && !r->is_log && r->hi - r->lo < WHOLE_MOST)
		points = (int)(r->hi - r->lo) + 1;
	for (int i = 0; i < points; i++) {
		double f = (double)i / (points - 1);
		double x = r->is_log ? exp(log(r->lo) + f * (log(r->hi) - log(r->lo)))
				     : r->lo + f * (r->hi - r->lo);
		if (i == 0)
			snprintf(out[n], BN_FORM_VALUE, "%.*s", (int)r->lo_bytes, text);
		else if (i == points - 1)
			snprintf(out[n], BN_FORM_VALUE, "%.*s", (int)r->hi_bytes, r->hi_text);
		else if (is_int(def))
			snprintf(out[n], BN_FORM_VALUE, "%.0f", x);
		else
			snprintf(out[n], BN_FORM_VALUE, "%.*g", range_digits(r), x);
		n = value_keep(out, n);
	}
	return n;
}

int bn_sweep_values(const bn_hyper_def *def, const char *text,
	char out[BN_SWEEP_VALUES][BN_FORM_VALUE], char wrong[BN_FORM_WRONG])
{
	range r;
	const char between[] = {is_list(def) ? ';' : ',', '\0'};
	int n = 0;
	if (!is_list(def) && range_read(text, &r))
		return range_values(def, text, &r, out, wrong);
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, between), whole = length;
		const char *next = at + whole;
		while (length && at[length - 1] == ' ')
			length--;
		while (length && *at == ' ') {
			at++;
			length--;
		}
		if (n == BN_SWEEP_VALUES) {
			snprintf(wrong, BN_FORM_WRONG, "at most %d values", BN_SWEEP_VALUES);
			return -1;
		}
		snprintf(out[n], BN_FORM_VALUE, "%.*s", (int)length, at);
		n = value_keep(out, n);
		at = next;
		if (!*at)
			return n;
	}
}

void bn_sweep_words(const bn_hyper_def *def, const char *text, char *out, size_t size)
{
	char values[BN_SWEEP_VALUES][BN_FORM_VALUE], wrong[BN_FORM_WRONG] = "";
	int n = bn_sweep_values(def, text, values, wrong);
	range r;
	out[0] = '\0';
	if (n < 2)
		return;
	bool is_range = !is_list(def) && range_read(text, &r);
	const char *comma = is_list(def) ? "; " : ", ";
	int at = snprintf(out, size, "%d", n);
	if (is_range && is_int(def) && r.hi - r.lo + 1 > n)
		at += snprintf(out + at, size - (size_t)at, " of %.0f", r.hi - r.lo + 1);
	at += snprintf(out + at, size - (size_t)at, " values: ");
	for (int i = 0; i < n && (size_t)at < size; i++)
		at += snprintf(out + at, size - (size_t)at, "%s%s", i ? comma : "", values[i]);
}

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

static int values_of(const bn_launch_view *v, int field, char out[BN_SWEEP_VALUES][BN_FORM_VALUE])
{
	char wrong[BN_FORM_WRONG];
	return bn_sweep_values(def_of(v, field), v->fields[field].value, out, wrong);
}

static sweep sweep_of(const bn_launch_view *v)
{
	sweep s = {.combinations = 1};
	char values[BN_SWEEP_VALUES][BN_FORM_VALUE];
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

/* The number of combination i: all in order, or random ones without repetition. */
static size_t combination(const sweep *s, size_t runs, size_t i)
{
	bn_rng rng;
	size_t chosen[BN_SWEEP_MOST];
	if (runs >= s->combinations)
		return i;
	bn_rng_init(&rng, 1, "launch.sweep", 0);
	for (size_t k = 0; k <= i; k++) {
		bool again = true;
		while (again) {
			chosen[k] = (size_t)(bn_rng_u64(&rng) % s->combinations);
			again = false;
			for (size_t j = 0; j < k; j++)
				again |= chosen[j] == chosen[k];
		}
	}
	return chosen[i];
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

/* Those of one combination, named by `name`. */
static void setting_words(
	const bn_launch_view *v, words *w, const sweep *s, size_t at, bn_buf *name)
{
	for (int i = BN_LAUNCH_SEED; i < BN_LAUNCH_WHERE; i++) {
		char values[BN_SWEEP_VALUES][BN_FORM_VALUE];
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
		values_of(v, i, values);
		size_t chosen = at % (size_t)s->count[k];
		at /= (size_t)s->count[k];
		value_word(w, v, i, values[chosen]);
		bn_buf_addf(name, "-%.2s%s", v->fields[i].name, values[chosen]);
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
		setting_words(v, w, &s, runs ? combination(&s, runs, i) : 0, &suffix);
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

void bn_launch_line(const bn_launch_view *v, size_t i, bool dry, bn_buf *out)
{
	line_words(v, &(words){out, true}, i, dry);
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
