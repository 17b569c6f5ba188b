/* spec_field.c - see _spec.h: reading, writing and checking by a table of fields. */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/run/_spec.h"

#include <stdio.h>
#include <string.h>

#define PLACE 200

static char *slot(const void *base, const bn_field *f)
{
	return (char *)(uintptr_t)base + f->offset;
}

static bool is_word(const bn_field *f, const char *text)
{
	if (!f->words)
		return true;
	for (size_t i = 0; f->words[i]; i++)
		if (!strcmp(f->words[i], text))
			return true;
	return false;
}

static bool texts_fit(const bn_field *f, const json_t *v)
{
	json_t *item;
	size_t i;
	bool may_empty = (f->flags & BN_FIELD_MAY_EMPTY) != 0;
	if (!json_is_array(v) || (!may_empty && json_array_size(v) == 0))
		return false;
	json_array_foreach((json_t *)(uintptr_t)v, i, item)
	{
		if (!json_is_string(item) || (i == 0 && !may_empty && !json_string_length(item)))
			return false;
	}
	return true;
}

static bool map_fits(const json_t *v)
{
	const char *key;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)v, key, item)
	{
		if (!json_is_string(item))
			return false;
	}
	return json_is_object(v);
}

static bool list_fits(const bn_field *f, const json_t *v)
{
	json_t *item;
	size_t i;
	if (!json_is_array(v))
		return (f->flags & BN_FIELD_MAY_TEXT) && json_is_string(v);
	json_array_foreach((json_t *)(uintptr_t)v, i, item)
	{
		if (!json_is_string(item) && !json_is_object(item))
			return false;
	}
	return true;
}

/* Whether a value has the field's type and range, so that it fits the struct. */
static bool fits(const bn_field *f, const json_t *v)
{
	double x = json_number_value(v);
	switch (f->type) {
	case BN_FIELD_INT:
		return json_is_integer(v) && json_integer_value(v) >= f->min;
	case BN_FIELD_SHARE:
		return json_is_number(v) && x >= 0 && x < 1;
	case BN_FIELD_BOOL:
		return json_is_boolean(v);
	case BN_FIELD_TEXT:
		return json_string_length(v) > 0 && is_word(f, json_string_value(v)) &&
		       strlen(json_string_value(v)) == json_string_length(v);
	case BN_FIELD_TEXTS:
		return texts_fit(f, v);
	case BN_FIELD_MAP:
		return map_fits(v);
	case BN_FIELD_LIST:
		return list_fits(f, v);
	case BN_FIELD_OBJECT:
	case BN_FIELD_GROUP:
		break;
	}
	return json_is_object(v);
}

/* ---- clearing, reading ---------------------------------------------------------------------- */

static void clear(const bn_field *f, void *base)
{
	char *at = slot(base, f);
	switch (f->type) {
	case BN_FIELD_INT:
		*(int64_t *)(void *)at = BN_SPEC_ABSENT;
		break;
	case BN_FIELD_SHARE:
		*(double *)(void *)at = BN_SPEC_ABSENT;
		break;
	case BN_FIELD_BOOL:
		*(int *)(void *)at = BN_SPEC_ABSENT;
		break;
	case BN_FIELD_TEXT:
		*(const char **)(void *)at = NULL;
		break;
	case BN_FIELD_TEXTS:
		*(bn_spec_texts *)(void *)at = (bn_spec_texts){NULL, 0};
		break;
	case BN_FIELD_OBJECT:
	case BN_FIELD_MAP:
		*(json_t **)(void *)at = NULL;
		break;
	case BN_FIELD_GROUP:
		bn_fields_clear(f->of, at);
		break;
	case BN_FIELD_LIST:
		memset(at, 0, sizeof(void *));
		*(size_t *)(void *)((char *)base + f->count) = 0;
		break;
	}
}

void bn_fields_clear(const bn_field *fields, void *base)
{
	for (const bn_field *f = fields; f->name; f++)
		clear(f, base);
}

static int read_texts(bn_spec_texts *out, const json_t *v, bn_arena *arena)
{
	size_t n = json_array_size(v);
	const char **items = bn_arena_alloc(arena, (n + 1) * sizeof *items);
	if (!items)
		return BN_ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!(items[i] = bn_arena_strdup(arena, json_string_value(json_array_get(v, i)))))
			return BN_ENOMEM;
	*out = (bn_spec_texts){items, n};
	return 0;
}

/* An item that is a text has that as its first field. */
static int read_item(const bn_field *f, char *item, json_t *v, bn_arena *arena, bn_err *err)
{
	bn_fields_clear(f->of, item);
	memcpy(item + f->source, &v, sizeof v);
	if (json_is_object(v))
		return bn_fields_read(f->of, item, v, arena, err);
	const char *text = bn_arena_strdup(arena, json_string_value(v));
	memcpy(slot(item, f->of), &text, sizeof text);
	return text ? 0 : bn_err_nomem(err, "a spec");
}

static int read_list(const bn_field *f, void *base, json_t *v, bn_arena *arena, bn_err *err)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	char *items = bn_arena_alloc(arena, (n + 1) * f->size);
	int rc;
	if (!items)
		return bn_err_nomem(err, "a spec");
	for (size_t i = 0; i < n; i++)
		if ((rc = read_item(f, items + i * f->size,
			     json_is_array(v) ? json_array_get(v, i) : v, arena, err)) < 0)
			return rc;
	memcpy(slot(base, f), &items, sizeof items);
	memcpy((char *)base + f->count, &n, sizeof n);
	return 0;
}

static int read_one(const bn_field *f, void *base, json_t *v, bn_arena *arena, bn_err *err)
{
	char *at = slot(base, f);
	const char *text = NULL;
	switch (f->type) {
	case BN_FIELD_INT:
		*(int64_t *)(void *)at = json_integer_value(v);
		return 0;
	case BN_FIELD_SHARE:
		*(double *)(void *)at = json_number_value(v);
		return 0;
	case BN_FIELD_BOOL:
		*(int *)(void *)at = json_is_true(v);
		return 0;
	case BN_FIELD_TEXT:
		if (!(text = bn_arena_strdup(arena, json_string_value(v))))
			return bn_err_nomem(err, "a spec");
		*(const char **)(void *)at = text;
		return 0;
	case BN_FIELD_TEXTS:
		if (read_texts((bn_spec_texts *)(void *)at, v, arena) < 0)
			return bn_err_nomem(err, "a spec");
		return 0;
	case BN_FIELD_OBJECT:
	case BN_FIELD_MAP:
		*(json_t **)(void *)at = json_incref(v);
		return 0;
	case BN_FIELD_GROUP:
		return bn_fields_read(f->of, at, v, arena, err);
	case BN_FIELD_LIST:
		break;
	}
	return read_list(f, base, v, arena, err);
}

int bn_fields_read(
	const bn_field *fields, void *base, const json_t *object, bn_arena *arena, bn_err *err)
{
	int rc;
	for (const bn_field *f = fields; f->name; f++) {
		json_t *v = json_object_get(object, f->name);
		if (v && fits(f, v) && (rc = read_one(f, base, v, arena, err)) < 0)
			return rc;
	}
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *texts_json(const bn_spec_texts *l)
{
	if (!l->items)
		return NULL;
	json_t *list = json_array();
	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(list, json_string(l->items[i]));
	return list;
}

/* The struct's value as JSON; NULL: absent. A new reference. */
static json_t *leaf_json(const bn_field *f, const void *base)
{
	const void *at = slot(base, f);
	const char *text;
	switch (f->type) {
	case BN_FIELD_INT:
		return *(const int64_t *)at >= f->min ? json_integer(*(const int64_t *)at) : NULL;
	case BN_FIELD_SHARE:
		return *(const double *)at >= 0 ? json_real(*(const double *)at) : NULL;
	case BN_FIELD_BOOL:
		return *(const int *)at >= 0 ? json_boolean(*(const int *)at) : NULL;
	case BN_FIELD_TEXT:
		text = *(const char *const *)at;
		return text ? json_string(text) : NULL;
	case BN_FIELD_TEXTS:
		return texts_json(at);
	default:
		return json_deep_copy(*(json_t *const *)at);
	}
}

static bool is_same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

/* Sets value (takes the reference; NULL: absent) if it differs. */
static int put(const bn_field *f, json_t *object, json_t *value)
{
	const json_t *there = json_object_get(object, f->name);
	bool understood = there && fits(f, there);
	if (!value)
		return understood ? json_object_del(object, f->name) : 0;
	if (understood && is_same(there, value)) {
		json_decref(value);
		return 0;
	}
	return json_object_set_new(object, f->name, value);
}

static int write_group(const bn_field *f, const void *base, json_t *object, bn_err *err)
{
	json_t *there = json_object_get(object, f->name);
	json_t *group = json_is_object(there) ? json_deep_copy(there) : json_object();
	int rc = group ? bn_fields_write(f->of, slot(base, f), group, err)
		       : bn_err_nomem(err, "a spec");
	if (rc < 0)
		goto out;
	if ((json_is_object(there) || json_object_size(group) > 0) &&
		json_object_set(object, f->name, group) != 0)
		rc = bn_err_nomem(err, "a spec");
out:
	json_decref(group);
	return rc;
}

/* An item as read, with changes; a text stays a text while that is sufficient. */
static int write_item(json_t **out, const bn_field *f, const char *item, bn_err *err)
{
	json_t *source, *o, *first;
	memcpy(&source, item + f->source, sizeof source);
	o = json_is_object(source) ? json_deep_copy(source) : json_object();
	int rc = o ? bn_fields_write(f->of, item, o, err) : bn_err_nomem(err, "a spec");
	if (rc < 0)
		goto out;
	first = json_object_get(o, f->of->name);
	if (json_is_string(source) && json_object_size(o) == 1 && json_equal(first, source))
		*out = json_incref(source);
	else
		*out = json_incref(o);
out:
	json_decref(o);
	return rc;
}

static int write_list(const bn_field *f, const void *base, json_t *object, bn_err *err)
{
	const char *items;
	size_t n;
	json_t *one = NULL, *there = json_object_get(object, f->name);
	memcpy(&items, slot(base, f), sizeof items);
	memcpy(&n, (const char *)base + f->count, sizeof n);
	if (!items)
		return put(f, object, NULL) ? bn_err_nomem(err, "a spec") : 0;
	json_t *list = json_array();
	int rc = list ? 0 : bn_err_nomem(err, "a spec");
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		if ((rc = write_item(&one, f, items + i * f->size, err)) < 0)
			goto out;
		if (json_array_append_new(list, one) != 0)
			rc = bn_err_nomem(err, "a spec");
	}
	if (rc < 0)
		goto out;
	if (n == 1 && json_is_string(there) && json_equal(json_array_get(list, 0), there))
		goto out;
	if (put(f, object, json_incref(list)) != 0)
		rc = bn_err_nomem(err, "a spec");
out:
	json_decref(list);
	return rc;
}

int bn_fields_write(const bn_field *fields, const void *base, json_t *object, bn_err *err)
{
	int rc = 0;
	for (const bn_field *f = fields; f->name && rc >= 0; f++) {
		if (f->type == BN_FIELD_GROUP)
			rc = write_group(f, base, object, err);
		else if (f->type == BN_FIELD_LIST)
			rc = write_list(f, base, object, err);
		else if (put(f, object, leaf_json(f, base)) != 0)
			rc = bn_err_nomem(err, "a spec");
	}
	return rc;
}

/* ---- rules ---------------------------------------------------------------------------------- */

static void words_list(char *out, size_t size, const char *const *words)
{
	size_t n = 0;
	for (size_t i = 0; words[i] && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "one of ", words[i]);
}

static int must(const bn_field *f, const json_t *v, const char *where, bn_err *err)
{
	char text[160] = "an object";
	const char *near = NULL;
	if (f->type == BN_FIELD_INT)
		snprintf(text, sizeof text, "an integer of at least %lld", (long long)f->min);
	else if (f->type == BN_FIELD_SHARE)
		snprintf(text, sizeof text, "a share, at least 0 and below 1");
	else if (f->type == BN_FIELD_BOOL)
		snprintf(text, sizeof text, "true or false");
	else if (f->type == BN_FIELD_TEXT && f->words)
		words_list(text, sizeof text, f->words);
	else if (f->type == BN_FIELD_TEXT)
		snprintf(text, sizeof text, "a text");
	else if (f->type == BN_FIELD_TEXTS)
		snprintf(text, sizeof text, "a list of texts");
	else if (f->type == BN_FIELD_LIST)
		snprintf(text, sizeof text, "a list; an item is %s", f->what);
	bn_err_set(err, BN_EINVAL, "%s: field '%s' must be %s", where, f->name, text);
	if (f->words && json_is_string(v))
		near = bn_nearest_word(json_string_value(v), f->words);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	return BN_EINVAL;
}

static int check_unknown(
	const bn_field *fields, const json_t *object, const char *where, bn_err *err)
{
	const char *known[40], *key;
	json_t *child;
	size_t n = 0;
	bool is_root = fields == bn_spec_fields;
	for (const bn_field *f = fields; f->name; f++)
		known[n++] = f->name;
	known[n] = NULL;
	json_object_foreach((json_t *)(uintptr_t)object, key, child)
	{
		size_t i = 0;
		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (known[i] || (is_root && bn_str_starts(key, "x-")))
			continue;
		const char *near = bn_nearest_word(key, known);
		bn_err_set(err, BN_EINVAL, "%s: unknown field '%s'%s%s%s", where, key,
			near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
		if (is_root)
			bn_err_hint(err,
				"the name of a user-defined field must begin with x-: 'x-%.100s'",
				key);
		return BN_EINVAL;
	}
	return 0;
}

static int check_map(const bn_field *f, const json_t *v, const char *where, bn_err *err)
{
	const char *key;
	json_t *item;
	if (!json_is_object(v))
		return must(f, v, where, err);
	json_object_foreach((json_t *)(uintptr_t)v, key, item)
	{
		if (!json_is_string(item))
			return bn_err_set(
				err, BN_EINVAL, "%s: %s: '%s' must be a text", where, f->name, key);
	}
	return 0;
}

static int check_list(
	const bn_field *f, const json_t *v, bool unknown_too, const char *where, bn_err *err)
{
	char place[PLACE];
	json_t *item;
	size_t i;
	int rc;
	json_array_foreach((json_t *)(uintptr_t)v, i, item)
	{
		if (!json_is_object(item))
			continue;
		snprintf(place, sizeof place, "%.150s: %s[%zu]", where, f->name, i);
		if ((rc = bn_fields_check(f->of, item, unknown_too, place, err)) < 0)
			return rc;
		if (!json_object_get(item, f->of->name))
			return bn_err_set(
				err, BN_EINVAL, "%s: field '%s' is missing", place, f->of->name);
	}
	return 0;
}

static int check_one(
	const bn_field *f, const json_t *v, bool unknown_too, const char *where, bn_err *err)
{
	char place[PLACE];
	int rc = 0;
	snprintf(place, sizeof place, "%.150s: %s", where, f->name);
	if (f->type == BN_FIELD_MAP) {
		if ((rc = check_map(f, v, where, err)) < 0)
			return rc;
	} else if (f->type == BN_FIELD_GROUP && !json_is_object(v)) {
		return bn_err_set(err, BN_EINVAL, "%s must be an object", place);
	} else if (!fits(f, v)) {
		return must(f, v, where, err);
	}
	if (f->type == BN_FIELD_GROUP &&
		(rc = bn_fields_check(f->of, v, unknown_too, place, err)) < 0)
		return rc;
	if (f->type == BN_FIELD_LIST && (rc = check_list(f, v, unknown_too, where, err)) < 0)
		return rc;
	return f->rule ? f->rule(v, place, err) : 0;
}

int bn_fields_check(const bn_field *fields, const json_t *object, bool unknown_too,
	const char *where, bn_err *err)
{
	int rc;
	if (unknown_too && (rc = check_unknown(fields, object, where, err)) < 0)
		return rc;
	for (const bn_field *f = fields; f->name; f++) {
		const json_t *v = json_object_get(object, f->name);
		if (v && (rc = check_one(f, v, unknown_too, where, err)) < 0)
			return rc;
	}
	return 0;
}
