/* hyper.c - see hyper.h. */
#include "core/learn/hyper.h"

#include "core/base/buf.h"
#include "core/base/str.h"

#include <math.h>
#include <string.h>

enum { LIST_MAX = 32, WORDS_MAX = 64 };

static const char *type_name(bn_hyper_type type)
{
	static const char *const names[] = {
		"an integer", "a number", "true or false", "a list of integers such as 64,32"};
	return (unsigned)type < 4 ? names[type] : "of a known type";
}

static const bn_hyper_def *find_def(const bn_hyper_def *defs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(defs[i].name, name) == 0)
			return &defs[i];
	return NULL;
}

static int unknown_name(const bn_hyper_def *defs, size_t count, const char *name, bn_err *err)
{
	const char *words[WORDS_MAX + 1];
	size_t n = count < WORDS_MAX ? count : WORDS_MAX;
	for (size_t i = 0; i < n; i++)
		words[i] = defs[i].name;
	words[n] = NULL;
	const char *near = bn_nearest_word(name, words);
	int rc = bn_err_set(err, BN_EINVAL, "no hyper-parameter '%s'", name);
	if (near) {
		bn_err_hint(err, "did you mean '%s'?", near);
		return rc;
	}
	bn_buf all = BN_BUF_INIT;
	for (size_t i = 0; i < n; i++)
		bn_buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
	if (all.len)
		bn_err_hint(err, "there are: %s", all.ptr);
	bn_buf_release(&all);
	return rc;
}

static int out_of_range(const bn_hyper_def *def, const char *text, bn_err *err)
{
	char low[BN_FMT], high[BN_FMT];
	return bn_err_set(err, BN_EINVAL, "hyper-parameter %s is %s, must be %s from %s to %s",
		def->name, text, type_name(def->type), bn_fmt_f64(def->min, low),
		bn_fmt_f64(def->max, high));
}

static int check_number(const bn_hyper_def *def, double v, bool whole, bn_err *err)
{
	char text[BN_FMT];
	if (!(v >= def->min && v <= def->max) || (whole && v != floor(v)))
		return out_of_range(def, bn_fmt_f64(v, text), err);
	return 0;
}

/* A JSON value of the right type and range, or BN_EINVAL. */
static int check_value(const bn_hyper_def *def, const json_t *value, bn_err *err)
{
	const char *need = type_name(def->type);
	switch (def->type) {
	case BN_HYPER_INT:
	case BN_HYPER_REAL:
		if (json_is_number(value))
			return check_number(
				def, json_number_value(value), def->type == BN_HYPER_INT, err);
		break;
	case BN_HYPER_BOOL:
		if (json_is_boolean(value))
			return 0;
		break;
	case BN_HYPER_INT_LIST:
		if (!json_is_array(value))
			break;
		if (json_array_size(value) > LIST_MAX)
			return bn_err_set(err, BN_EINVAL, "hyper-parameter %s has over %d elements",
				def->name, LIST_MAX);
		for (size_t i = 0; i < json_array_size(value); i++) {
			const json_t *item = json_array_get(value, i);
			if (!json_is_number(item))
				return bn_err_set(err, BN_EINVAL,
					"hyper-parameter %s must be a list of integers", def->name);
			int rc = check_number(def, json_number_value(item), true, err);
			if (rc)
				return rc;
		}
		return 0;
	}
	return bn_err_set(err, BN_EINVAL, "hyper-parameter %s must be %s", def->name, need);
}

static json_t *parse_int(const char *text, size_t n)
{
	int64_t v;
	return bn_parse_i64(text, n, &v) ? json_integer(v) : NULL;
}

static json_t *parse_list(const char *text)
{
	json_t *list = json_array();
	const char *p = text;
	while (*p) {
		size_t n = strcspn(p, ",");
		json_t *item = parse_int(p, n);
		if (!item || json_array_append_new(list, item) != 0) {
			json_decref(list);
			return NULL;
		}
		p += n;
		if (*p == ',')
			p++;
	}
	return list;
}

/* NULL if the text is not of the type. */
static json_t *parse_text(bn_hyper_type type, const char *text)
{
	double v;
	switch (type) {
	case BN_HYPER_INT:
		return parse_int(text, strlen(text));
	case BN_HYPER_REAL:
		if (bn_parse_f64(text, strlen(text), &v) && isfinite(v))
			return json_real(v);
		return NULL;
	case BN_HYPER_BOOL:
		if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || strcmp(text, "yes") == 0)
			return json_true();
		if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0 || strcmp(text, "no") == 0)
			return json_false();
		return NULL;
	case BN_HYPER_INT_LIST:
		return parse_list(text);
	}
	return NULL;
}

int bn_hyper_set_text(json_t *into, const bn_hyper_def *defs, size_t count, const char *name,
	const char *text, bn_err *err)
{
	const bn_hyper_def *def = find_def(defs, count, name);
	if (!def)
		return unknown_name(defs, count, name, err);
	json_t *value = parse_text(def->type, text);
	if (!value)
		return bn_err_set(err, BN_EINVAL, "hyper-parameter %s is '%.40s', must be %s", name,
			text, type_name(def->type));
	int rc = check_value(def, value, err);
	if (rc == 0 && json_object_set(into, name, value) != 0)
		rc = bn_err_nomem(err, "hyper-parameters");
	json_decref(value);
	return rc;
}

int bn_hyper_resolve(
	json_t **out, const bn_hyper_def *defs, size_t count, const json_t *given, bn_err *err)
{
	int rc = 0;
	const char *key;
	json_t *value;
	json_t *all = json_object();
	if (!all)
		return bn_err_nomem(err, "hyper-parameters");
	json_object_foreach((json_t *)given, key, value)
	{
		if (!find_def(defs, count, key)) {
			rc = unknown_name(defs, count, key, err);
			goto out;
		}
	}
	for (size_t i = 0; i < count && rc == 0; i++) {
		value = json_object_get(given, defs[i].name);
		if (!value) {
			rc = bn_hyper_set_text(
				all, defs, count, defs[i].name, defs[i].default_text, err);
			continue;
		}
		rc = check_value(&defs[i], value, err);
		/* One form per type, so that equal settings have equal hashes: 1 given for a number
		 * is 1.0. */
		json_t *same = defs[i].type == BN_HYPER_REAL ? json_real(json_number_value(value))
			       : defs[i].type == BN_HYPER_INT
				       ? json_integer((json_int_t)json_number_value(value))
				       : json_deep_copy(value);
		if (json_object_set_new(all, defs[i].name, same) != 0 && rc == 0)
			rc = bn_err_nomem(err, "hyper-parameters");
	}
out:
	if (rc == 0)
		*out = all;
	else
		json_decref(all);
	return rc;
}

long bn_hyper_int(const json_t *hyper, const char *name)
{
	return (long)json_number_value(json_object_get(hyper, name));
}

double bn_hyper_real(const json_t *hyper, const char *name)
{
	return json_number_value(json_object_get(hyper, name));
}

bool bn_hyper_bool(const json_t *hyper, const char *name)
{
	return json_is_true(json_object_get(hyper, name));
}

size_t bn_hyper_int_list(const json_t *hyper, const char *name, long *out, size_t max)
{
	const json_t *list = json_object_get(hyper, name);
	size_t n = json_array_size(list);
	for (size_t i = 0; i < n && i < max; i++)
		out[i] = (long)json_number_value(json_array_get(list, i));
	return n;
}
