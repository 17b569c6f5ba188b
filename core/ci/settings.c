/* settings.c - see settings.h. One table of fields drives reading, checking and the nearest words. */
#include "core/ci/settings.h"

#include "core/base/fs.h"
#include "core/base/nearest.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/base/yaml.h"
#include "core/ci/branch.h"
#include "core/ci/stage_name.h"
#include "core/learn/trainer.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum field_kind {
	FIELD_TEXT,
	FIELD_NAME, /* of a model */
	FIELD_BRANCH,
	FIELD_CRON,    /* "0 6 * * *" */
	FIELD_TEXTS,   /* a text, or a list of texts */
	FIELD_SECRETS, /* the same: names of variables */
	FIELD_SHARE,   /* 0 .. 1 */
	FIELD_SEED,
	FIELD_OBJECT,
	FIELD_MARGINS, /* an object of numbers that are not negative */
	FIELD_TAGS,    /* an object of lists of texts, by stage */
	FIELD_TRAINER,
	FIELD_WORD,     /* one of `words` */
	FIELD_DURATION, /* "1d" */
	FIELD_DATA,
} field_kind;

typedef struct field {
	const char *section; /* "" for ci itself */
	const char *name;
	field_kind kind;
	size_t at;
	const char *const *words;
} field;

static const char *const splits[] = {"random", "order", NULL};
static const char *const formats[] = {"oci", "oci-archive", "docker-archive", "dir", NULL};
static const char *const parts[] = {"valid", "test", NULL};

#define AT(member) offsetof(bn_ci_settings, member)
static const field fields[] = {
	{"", "model", FIELD_NAME, AT(model), NULL},
	{"", "image", FIELD_TEXT, AT(image), NULL},
	{"", "branch", FIELD_BRANCH, AT(branch), NULL},
	{"", "data", FIELD_DATA, AT(data), NULL},
	{"", "lint", FIELD_TEXTS, AT(lint), NULL},
	{"", "unit", FIELD_TEXTS, AT(unit), NULL},
	{"", "cache", FIELD_TEXTS, AT(cache), NULL},
	{"", "tags", FIELD_TAGS, AT(tags), NULL},
	{"train", "trainer", FIELD_TRAINER, AT(train.trainer), NULL},
	{"train", "target", FIELD_TEXT, AT(train.target), NULL},
	{"train", "features", FIELD_TEXTS, AT(train.features), NULL},
	{"train", "exclude", FIELD_TEXTS, AT(train.exclude), NULL},
	{"train", "where", FIELD_TEXT, AT(train.where), NULL},
	{"train", "valid", FIELD_SHARE, AT(train.valid), NULL},
	{"train", "test", FIELD_SHARE, AT(train.test), NULL},
	{"train", "split", FIELD_WORD, AT(train.split), splits},
	{"train", "seed", FIELD_SEED, AT(train.seed), NULL},
	{"train", "set", FIELD_OBJECT, AT(train.set), NULL},
	{"train", "command", FIELD_TEXTS, AT(train.command), NULL},
	{"evaluate", "policy", FIELD_TEXT, AT(evaluate.policy), NULL},
	{"evaluate", "margin", FIELD_MARGINS, AT(evaluate.margin), NULL},
	{"package", "format", FIELD_WORD, AT(package.format), formats},
	{"deploy", "command", FIELD_TEXTS, AT(deploy.command), NULL},
	{"deploy", "environment", FIELD_TEXT, AT(deploy.environment), NULL},
	{"deploy", "url", FIELD_TEXT, AT(deploy.url), NULL},
	{"deploy", "secrets", FIELD_SECRETS, AT(deploy.secrets), NULL},
	{"smoke", "command", FIELD_TEXTS, AT(smoke.command), NULL},
	{"smoke", "endpoint", FIELD_TEXT, AT(smoke.endpoint), NULL},
	{"smoke", "rows", FIELD_TEXT, AT(smoke.rows), NULL},
	{"smoke", "secrets", FIELD_SECRETS, AT(smoke.secrets), NULL},
	{"monitor", "command", FIELD_TEXTS, AT(monitor.command), NULL},
	{"monitor", "model", FIELD_TEXT, AT(monitor.model), NULL},
	{"monitor", "window", FIELD_DURATION, AT(monitor.window), NULL},
	{"monitor", "cron", FIELD_CRON, AT(monitor.cron), NULL},
	{"monitor", "secrets", FIELD_SECRETS, AT(monitor.secrets), NULL},
};
enum { FIELDS = sizeof fields / sizeof *fields };
static const field data_fields[] = {
	{"", "name", FIELD_NAME, offsetof(bn_ci_data, name), NULL},
	{"", "file", FIELD_TEXT, offsetof(bn_ci_data, file), NULL},
	{"", "suite", FIELD_TEXT, offsetof(bn_ci_data, suite), NULL},
	{"", "part", FIELD_WORD, offsetof(bn_ci_data, part), parts},
};
enum { WHERE_TEXT = 200 }; /* "ci.data[0].file" */
enum { DATA_FIELDS = sizeof data_fields / sizeof *data_fields };

typedef struct reading {
	bn_ci_settings *s;
	const char *text, *name;
	size_t n;
	bn_err *err;
} reading;

/* ---- errors --------------------------------------------------------------------------------- */

/* "binnacle.yaml:7: ci.train.seed: what" */
static int bad(const reading *r, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int bad(const reading *r, const char *where, const char *fmt, ...)
{
	char what[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	size_t line = bn_yaml_line(r->text, r->n, where);
	return bn_err_set(r->err, BN_EINVAL, "%s:%zu: %s: %s", r->name, line, where, what);
}

static int bad_word(const reading *r, const char *where, const char *given, const char *is_no,
	const char *const *words)
{
	bn_nearest n = bn_nearest_to(given, BN_NEAREST_CLOSE);
	bad(r, where, "'%.80s' is no %s", given, is_no);
	for (; *words; words++)
		bn_nearest_offer(&n, *words);
	bn_nearest_hint(&n, r->err);
	return BN_EINVAL;
}

/* ---- values --------------------------------------------------------------------------------- */

static int text_read(const char **out, const reading *r, const char *where, const json_t *v)
{
	const char *s = json_string_value(v);
	char number[BN_FMT];
	if (json_is_integer(v)) /* a name made of digits */
		s = bn_fmt_i64(json_integer_value(v), number);
	if (!s || !*s)
		return bad(r, where, "must be a text");
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return bad(r, where, "must be one line without control characters");
	*out = bn_arena_strdup(&r->s->arena, s);
	return *out ? 0 : bn_err_nomem(r->err, r->name);
}

static int texts_read(bn_ci_texts *out, const reading *r, const char *where, const json_t *v)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	char item[WHERE_TEXT];
	int rc;
	if (!n)
		return bad(r, where, "must not be empty");
	if (!(out->items = bn_arena_alloc(&r->s->arena, n * sizeof *out->items)))
		return bn_err_nomem(r->err, r->name);
	for (size_t i = 0; i < n; i++) {
		snprintf(item, sizeof item, json_is_array(v) ? "%.100s[%zu]" : "%.100s", where, i);
		if ((rc = text_read(&out->items[i], r, item,
			     json_is_array(v) ? json_array_get(v, i) : v)) < 0)
			return rc;
	}
	out->count = n;
	return 0;
}

static bool is_variable(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	return n && !s[n] && !(*s >= '0' && *s <= '9');
}

static int secrets_read(bn_ci_texts *out, const reading *r, const char *where, const json_t *v)
{
	int rc = texts_read(out, r, where, v);
	for (size_t i = 0; rc >= 0 && i < out->count; i++)
		if (!is_variable(out->items[i])) /* not shown: it may be the secret itself */
			rc = bad(r, where,
				"must be names of variables, such as DEPLOY_TOKEN, and never "
				"values");
	return rc;
}

static int number_read(
	double *out, const reading *r, const char *where, const json_t *v, double most)
{
	*out = json_is_number(v) ? json_number_value(v) : NAN;
	if (*out >= 0 && *out <= most)
		return 0;
	return most == 1 ? bad(r, where, "must be a share from 0 to 1")
			 : bad(r, where, "must be a number that is not negative");
}

static int margins_read(const reading *r, const char *where, const json_t *v)
{
	const char *metric;
	json_t *margin;
	double x;
	char item[WHERE_TEXT];
	int rc;
	json_object_foreach((json_t *)(uintptr_t)v, metric, margin)
	{
		snprintf(item, sizeof item, "%.100s.%.80s", where, metric);
		if ((rc = number_read(&x, r, item, margin, INFINITY)) < 0)
			return rc;
	}
	return 0;
}

static int tags_read(const reading *r, const char *where, const json_t *v)
{
	const char *words[BN_CI_STAGES + 2] = {"all"};
	const char *key;
	json_t *list;
	char item[WHERE_TEXT];
	bn_ci_texts texts;
	int rc;
	for (int i = 0; i < BN_CI_STAGES; i++)
		words[i + 1] = bn_ci_stage_name((bn_ci_stage_id)i);
	json_object_foreach((json_t *)(uintptr_t)v, key, list)
	{
		bn_ci_stage_id id;
		snprintf(item, sizeof item, "%.100s.%.80s", where, key);
		if (strcmp(key, "all") && !bn_ci_stage_find(&id, key))
			return bad_word(r, item, key, "stage", words);
		if ((rc = texts_read(&texts, r, item, list)) < 0)
			return rc;
	}
	return 0;
}

static int object_read(
	const json_t **out, const reading *r, const field *f, const char *where, const json_t *v)
{
	*out = v;
	if (!json_is_object(v))
		return bad(r, where, "must be a mapping");
	if (f->kind == FIELD_MARGINS)
		return margins_read(r, where, v);
	return f->kind == FIELD_TAGS ? tags_read(r, where, v) : 0;
}

/* Five fields, as far as characters go; the system that reads it says the rest. */
static bool is_cron(const char *s)
{
	int n_fields = 0;
	for (size_t n; *s; s += n + strspn(s + n, " "), n_fields++)
		if (!(n = strspn(s, "0123456789*,/-ABCDEFGHIJLMNOPRSTUVWYabcdefghijlmnoprstuvwy")))
			return false;
	return n_fields == 5;
}

static int word_read(
	const char **out, const reading *r, const field *f, const char *where, const json_t *v)
{
	int64_t ns;
	bn_err why = BN_ERR_INIT;
	const bn_trainer *t;
	int rc = text_read(out, r, where, v);
	if (rc < 0)
		return rc;
	if (f->kind == FIELD_NAME && !bn_name_is_valid(*out))
		return bad(r, where, "'%.80s' cannot be a name: letters, digits, _ . -", *out);
	if (f->kind == FIELD_BRANCH && !bn_ci_branch_is_plain(*out))
		return bad(
			r, where, "'%.80s' cannot be a branch: letters, digits, _ . / - +", *out);
	if (f->kind == FIELD_CRON && !is_cron(*out))
		return bad(r, where, "'%.80s' is no time of cron: five fields such as 0 6 * * *",
			*out);
	if (f->kind == FIELD_DURATION && !bn_parse_duration_ns(*out, &ns))
		return bad(r, where, "'%.80s' is no time such as 12h or 1d", *out);
	if (f->kind == FIELD_TRAINER && bn_trainer_find(&t, *out, &why) < 0) {
		bad(r, where, "%.150s", why.msg);
		bn_err_hint(r->err, "%s", why.hint);
		return BN_EINVAL;
	}
	for (const char *const *w = f->words; w; w++) {
		if (!*w)
			return bad_word(r, where, *out, f->name, f->words);
		if (!strcmp(*w, *out))
			break;
	}
	return 0;
}

static int data_read(const reading *r, const char *where, const json_t *v);

/* base: of the struct that the field is in. */
static int field_read(
	void *base, const reading *r, const field *f, const char *where, const json_t *v)
{
	void *at = (char *)base + f->at;
	int64_t *seed = at;
	switch (f->kind) {
	case FIELD_TEXTS:
		return texts_read(at, r, where, v);
	case FIELD_SECRETS:
		return secrets_read(at, r, where, v);
	case FIELD_SHARE:
		return number_read(at, r, where, v, 1);
	case FIELD_SEED:
		*seed = json_is_integer(v) ? json_integer_value(v) : -1;
		return *seed >= 0 ? 0 : bad(r, where, "must be a whole number from 0");
	case FIELD_OBJECT:
	case FIELD_MARGINS:
	case FIELD_TAGS:
		return object_read(at, r, f, where, v);
	case FIELD_DATA:
		return data_read(r, where, v);
	default:
		return word_read(at, r, f, where, v);
	}
}

/* ---- sections ------------------------------------------------------------------------------- */

static bool is_section(const char *name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].section[0] && !strcmp(fields[i].section, name))
			return true;
	return false;
}

/* The fields of a section, for an error that no near word explains. */
static void fields_hint(bn_err *err, const char *section, const field *table, size_t n)
{
	char words[240] = "";
	const char *last = "";
	for (size_t i = 0; i < n; i++) {
		const char *word =
			strcmp(table[i].section, section) ? table[i].section : table[i].name;
		size_t at = strlen(words);
		if ((word == table[i].section && *section) || !strcmp(word, last))
			continue;
		snprintf(words + at, sizeof words - at, "%s%s", at ? ", " : "", word);
		last = word;
	}
	bn_err_hint(err, "fields: %s", words);
}

static int unknown(const reading *r, const char *where, const char *key, const char *section,
	const field *table, size_t n)
{
	bn_nearest near = bn_nearest_to(key, BN_NEAREST_CLOSE);
	bad(r, where, "there is no such field");
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(table[i].section, section))
			bn_nearest_offer(&near, table[i].name);
		else if (!*section)
			bn_nearest_offer(&near, table[i].section);
	}
	if (near.best)
		bn_nearest_hint(&near, r->err);
	else
		fields_hint(r->err, section, table, n);
	return BN_EINVAL;
}

static int section_read(void *base, const reading *r, const char *section, const char *where,
	const json_t *map, const field *table, size_t n)
{
	const char *key;
	json_t *v;
	char item[WHERE_TEXT];
	int rc;
	if (!json_is_object(map))
		return bad(r, where, "must be a mapping");
	json_object_foreach((json_t *)(uintptr_t)map, key, v)
	{
		const field *f = table;
		snprintf(item, sizeof item, "%.100s.%.80s", where, key);
		if (json_is_null(v)) /* `train:` without anything below it */
			continue;
		while (f < table + n && (strcmp(f->section, section) || strcmp(f->name, key)))
			f++;
		if (f < table + n)
			rc = field_read(base, r, f, item, v);
		else if (table == fields && !*section && is_section(key))
			rc = section_read(base, r, key, item, v, table, n);
		else
			rc = unknown(r, item, key, section, table, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int data_read(const reading *r, const char *where, const json_t *v)
{
	bn_ci_settings *s = r->s;
	size_t n = json_array_size(v);
	char item[WHERE_TEXT];
	int rc;
	if (!n)
		return bad(r, where, "must be a list of {name, file, suite, part}");
	if (!(s->data = bn_arena_alloc(&s->arena, n * sizeof *s->data)))
		return bn_err_nomem(r->err, r->name);
	for (size_t i = 0; i < n; i++) {
		bn_ci_data *d = &s->data[i];
		snprintf(item, sizeof item, "%.100s[%zu]", where, i);
		if ((rc = section_read(
			     d, r, "", item, json_array_get(v, i), data_fields, DATA_FIELDS)) < 0)
			return rc;
		if (!d->name || !d->file)
			return bad(r, item, "needs a name and a file");
		for (size_t k = 0; k < i; k++)
			if (!strcmp(s->data[k].name, d->name))
				return bad(r, item, "'%.80s' is named twice", d->name);
	}
	if (s->data[0].part)
		return bad(r, "ci.data[0]", "the first is the training data, and takes no part");
	s->n_data = n;
	return 0;
}

/* What belongs together. */
static int whole_check(const reading *r)
{
	const bn_ci_settings *s = r->s;
	bool has_trainer = s->train.trainer || s->train.target;
	if (has_trainer && s->train.command.count)
		return bad(r, "ci.train", "takes a trainer or a command, not both");
	if (s->train.trainer && !s->train.target)
		return bad(r, "ci.train", "a trainer needs a target: the column to predict");
	if (s->train.target && !s->train.trainer)
		return bad(
			r, "ci.train", "a target needs a trainer: ridge, logistic, mlp, baseline");
	if (has_trainer && !s->n_data)
		return bad(r, "ci.train", "a trainer needs data: ci.data");
	if (s->package.format && !s->model)
		return bad(r, "ci.package", "needs ci.model, the name to register under");
	if (s->smoke.endpoint && !s->smoke.rows)
		return bad(r, "ci.smoke", "an endpoint needs rows: a file to predict");
	return 0;
}

int bn_ci_settings_parse(
	bn_ci_settings **out, const char *text, size_t n, const char *name, bn_err *err)
{
	static const char *const tops[] = {"ci", NULL};
	const char *key;
	json_t *v;
	bn_ci_settings *s = bn_alloc_zeroed(1, sizeof *s);
	reading r = {s, text, name, n, err};
	int rc = 0;
	if (!s) {
		rc = bn_err_nomem(err, name);
		goto out;
	}
	s->train.valid = s->train.test = NAN;
	s->train.seed = -1;
	if ((rc = bn_yaml_parse(&s->document, text, n, name, err)) < 0)
		goto out;
	if (!json_is_object(s->document)) {
		rc = bn_err_set(
			err, BN_EINVAL, "%s:1: must be a mapping with the section ci", name);
		goto out;
	}
	json_object_foreach(s->document, key, v) if (strcmp(key, "ci"))
	{
		rc = bad_word(&r, key, key, "section of this file", tops);
		goto out;
	}
	const json_t *ci = json_object_get(s->document, "ci");
	if (ci && !json_is_null(ci) &&
		((rc = section_read(s, &r, "", "ci", ci, fields, FIELDS)) < 0 ||
			(rc = whole_check(&r)) < 0))
		goto out;
	*out = s;
	s = NULL;
out:
	bn_ci_settings_free(s);
	return rc;
}

void bn_ci_settings_free(bn_ci_settings *s)
{
	if (!s)
		return;
	json_decref(s->document);
	bn_free(s->path);
	bn_free(s->dir);
	bn_arena_release(&s->arena);
	bn_free(s);
}

bool bn_ci_is_url(const char *file)
{
	return bn_str_starts(file, "https://") || bn_str_starts(file, "http://");
}

/* ---- finding the file ----------------------------------------------------------------------- */

/* *dir, an absolute path, becomes the nearest directory with the file; *path is yours. */
static int file_find(char **path, char *dir, const bn_env *env, bn_err *err)
{
	for (;;) {
		char *git = bn_path_join(dir, ".git"), *slash = strrchr(dir, '/');
		bn_free(*path);
		*path = bn_path_join(dir, BN_CI_SETTINGS_FILE);
		bool is_root = git && bn_fs_exists(env, git);
		bn_free(git);
		if (!*path)
			return bn_err_nomem(err, "a path");
		if (bn_fs_exists(env, *path))
			return 0;
		if (is_root || !slash || slash == dir)
			break;
		*slash = '\0';
	}
	bn_err_set(err, BN_ENOTFOUND, "there is no %s here, nor above in this project",
		BN_CI_SETTINGS_FILE);
	bn_err_hint(err, "binnacle ci init writes one from what it finds");
	return BN_ENOTFOUND;
}

int bn_ci_settings_load(bn_ci_settings **out, const bn_env *env, const char *start, bn_err *err)
{
	char *path = NULL, *dir = NULL;
	bn_buf text = BN_BUF_INIT;
	int rc;
	if ((rc = bn_path_absolute(&dir, start ? start : ".", err)) < 0 ||
		(rc = file_find(&path, dir, env, err)) < 0 ||
		(rc = bn_fs_read_file(env, path, &text, err)) < 0 ||
		(rc = bn_ci_settings_parse(out, text.ptr, text.len, BN_CI_SETTINGS_FILE, err)) < 0)
		goto out;
	(*out)->path = path;
	(*out)->dir = dir;
	path = dir = NULL;
out:
	bn_buf_release(&text);
	bn_free(path);
	bn_free(dir);
	return rc;
}
