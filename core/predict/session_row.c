/*
 * session_row.c - a row as an object of fields into a session; see predictor.h.
 *
 * A struct is an object inside of the row, whose fields are those that its path names: {"power": {"gpu": 1}} is
 * {"power.gpu": 1}, as in a table (core/table/table.h). null in its place is null in all of them.
 */
#include "core/base/nearest.h"
#include "core/predict/_session.h"

#include <string.h>

#define MOST_DEEP 16 /* structs inside each other */

/* The fields of a source that the row does not have: a vector is one field, unless some of its elements are there. */
static size_t missing_of(const bn_session *s, const bn_feature_source *v, const char **first)
{
	size_t missing = 0;
	for (size_t i = v->first; i < v->first + v->count; i++) {
		if (s->given[i])
			continue;
		if (!missing++)
			*first = s->p->input_names[i];
	}
	if (!v->elements || missing < v->count)
		return missing;
	*first = v->name;
	return 1;
}

/* A field of the row that the model does not have, and that may be a misspelt input. */
static void hint_near(const bn_session *s, const char *missing, const json_t *object, bn_err *err)
{
	bn_nearest near = bn_nearest_to(missing, BN_NEAREST_CLOSE);
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (bn_predictor_find_input(s->p, key, strlen(key)) < 0)
			bn_nearest_offer(&near, key);
	}
	if (near.best)
		bn_err_hint(err, "the row has '%.40s', which the model does not know", near.best);
}

/* The first field that the row does not have, and how many more. */
static int missing_fields(const bn_session *s, size_t row, const json_t *object, bn_err *err)
{
	const char *first = NULL, *name = NULL;
	size_t missing = 0;
	for (size_t k = 0; k < bn_features_source_count(s->p->features); k++) {
		missing += missing_of(s, bn_features_source(s->p->features, k), &name);
		first = first ? first : name;
	}
	if (!missing)
		return 0;
	if (missing > 1)
		bn_err_set(err, BN_EINVAL, "missing field '%s' and %zu more", first, missing - 1);
	else
		bn_err_set(err, BN_EINVAL, "missing field '%s'", first);
	bn_session_name_row(s, row, err);
	hint_near(s, first, object, err);
	bn_err_hint(err,
		"the model takes %zu fields (GET /v2/models/%s lists them); null is a missing "
		"value",
		bn_features_source_count(s->p->features), s->p->name);
	return BN_EINVAL;
}

static int extra_field(const bn_session *s, size_t row, const char *key, bn_err *err)
{
	bn_nearest near = bn_nearest_to(key, BN_NEAREST_CLOSE);
	for (size_t i = 0; i < s->p->input_count; i++)
		bn_nearest_offer(&near, s->p->input_names[i]);
	bn_err_set(err, BN_EINVAL, "unknown field '%.*s'", BN_SESSION_SHOWN, key);
	bn_session_name_row(s, row, err);
	bn_nearest_hint(&near, err);
	return BN_EINVAL;
}

static int twice(const bn_session *s, size_t row, const char *name, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "field '%.*s' is there twice", BN_SESSION_SHOWN, name);
	bn_session_name_row(s, row, err);
	return BN_EINVAL;
}

static int set_input(bn_session *s, size_t row, size_t input, const json_t *value, bn_err *err)
{
	if (s->given[input]++)
		return twice(s, row, s->p->input_names[input], err);
	return bn_session_set_value(s, row, input, value, err);
}

static int set_vector(bn_session *s, size_t row, size_t vector, const json_t *value, bn_err *err)
{
	const bn_feature_source *v = bn_features_source(s->p->features, vector);
	for (size_t i = v->first; i < v->first + v->count; i++)
		if (s->given[i]++)
			return twice(s, row, s->p->input_names[i], err);
	return bn_session_set_vector(s, row, vector, value, err);
}

/* null for a struct: its fields have no value. False: there is no such struct. */
static bool forget_struct(bn_session *s, const bn_buf *path)
{
	bool any = false;
	for (size_t i = 0; i < s->p->input_count; i++) {
		const bn_feature_input *in = bn_features_input(s->p->features, i);
		const char *name = in->elements ? in->column : in->name;
		if (strncmp(name, path->ptr, path->len) || name[path->len] != '.')
			continue;
		s->given[i] = 1;
		any = true;
	}
	return any;
}

/* A step of a path: "a.b" is "a\\.b". */
static void add_step(bn_buf *path, const char *step)
{
	for (; *step; step++) {
		if (*step == '.' || *step == '\\')
			bn_buf_addch(path, '\\');
		bn_buf_addch(path, *step);
	}
}

static int set_field(
	bn_session *s, size_t row, bn_buf *path, const json_t *value, int depth, bn_err *err);

/* The fields of a struct, or of none. */
static int set_struct(
	bn_session *s, size_t row, bn_buf *path, const json_t *value, int depth, bn_err *err)
{
	size_t len = path->len;
	const char *key;
	json_t *inner;
	int rc;
	json_object_foreach((json_t *)(uintptr_t)value, key, inner)
	{
		bn_buf_addch(path, '.');
		add_step(path, key);
		if ((rc = bn_buf_check(path, err, "the name of a field")) < 0)
			return rc;
		if ((rc = set_field(s, row, path, inner, depth + 1, err)) < 0)
			return rc;
		bn_buf_truncate(path, len);
	}
	return 0;
}

static int set_field(
	bn_session *s, size_t row, bn_buf *path, const json_t *value, int depth, bn_err *err)
{
	int input = bn_predictor_find_input(s->p, path->ptr, path->len);
	int vector = input < 0 ? bn_predictor_find_vector(s->p, path->ptr, path->len) : -1;
	bn_buf outer = BN_BUF_INIT;
	int rc = 0;
	if (input >= 0)
		return set_input(s, row, (size_t)input, value, err);
	if (vector >= 0)
		return set_vector(s, row, (size_t)vector, value, err);
	if (depth == 0) { /* which may be written as a path itself */
		add_step(&outer, path->ptr);
		if ((rc = bn_buf_check(&outer, err, "the name of a field")) < 0)
			goto out;
		path = &outer;
	}
	if (json_is_null(value) && forget_struct(s, path))
		goto out;
	if (json_object_size(value) && depth < MOST_DEEP)
		rc = set_struct(s, row, path, value, depth, err);
	else if (!s->policy.allow_extra)
		rc = extra_field(s, row, path->ptr, err);
out:
	bn_buf_release(&outer);
	return rc;
}

int bn_session_set_object(bn_session *s, size_t row, const json_t *object, bn_err *err)
{
	const char *key;
	json_t *value;
	bn_buf path = BN_BUF_INIT;
	int rc = 0;
	if (!json_is_object(object))
		return bn_err_set(err, BN_EINVAL, "row %zu: expected an object of fields", row + 1);
	memset(s->given, 0, s->p->input_count);
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		bn_buf_clear(&path);
		bn_buf_adds(&path, key);
		if ((rc = bn_buf_check(&path, err, "the name of a field")) < 0)
			goto out;
		if ((rc = set_field(s, row, &path, value, 0, err)) < 0)
			goto out;
	}
	rc = missing_fields(s, row, object, err);
out:
	bn_buf_release(&path);
	return rc;
}
