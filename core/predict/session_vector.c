/* session_vector.c - columns of vectors into a session, whose inputs are their elements; see predictor.h. */
#include "core/base/json.h"
#include "core/base/json_tokens.h"
#include "core/base/str.h"
#include "core/predict/_session.h"
#include "core/source/cell.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

static const bn_feature_source *source_of(const bn_session *s, size_t source)
{
	return bn_features_source(bn_predictor_features(bn_session_predictor(s)), source);
}

static size_t element_of(const bn_session *s, size_t input)
{
	return bn_features_input(bn_predictor_features(bn_session_predictor(s)), input)->element;
}

static int wrong_vector(
	const bn_session *s, size_t row, const bn_feature_source *v, const char *got, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "%s '%s': expected an array of %zu numbers, got %s",
		bn_session_field_word(s), v->name, v->elements, got);
	bn_session_name_row(s, row, err);
	return BN_EINVAL;
}

int bn_session_set_vector(
	bn_session *s, size_t row, size_t source, const json_t *value, bn_err *err)
{
	const bn_feature_source *v = source_of(s, source);
	char got[BN_SESSION_SHOWN + 16];
	int rc = 0;
	if (json_is_null(value))
		return 0;
	snprintf(got, sizeof got, "%zu", json_array_size(value));
	if (json_is_string(value))
		snprintf(got, sizeof got, "string \"%.*s\"", BN_SESSION_SHOWN,
			json_string_value(value));
	else if (!json_is_array(value))
		snprintf(got, sizeof got, "another value");
	if (!json_is_array(value) || json_array_size(value) != v->elements)
		return wrong_vector(s, row, v, got, err);
	for (size_t i = v->first; i < v->first + v->count && rc == 0; i++)
		rc = bn_session_set_value(s, row, i, json_array_get(value, element_of(s, i)), err);
	return rc;
}

/* NaN or an infinity, as in a cell of a number column, is a missing value. */
static bool replace_word(bn_buf *out, const char *token, size_t n)
{
	double x;
	bool is_word = n >= 3 && bn_parse_f64(token, n, &x) && !isfinite(x);
	if (is_word)
		bn_buf_adds(out, "null");
	return is_word;
}

/* The same for a word in quotes, as bn_column_format exports lists. */
static int forget_words(json_t *list, bn_err *err)
{
	double x;
	json_t *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		bool is_word =
			json_is_string(item) &&
			bn_parse_f64(json_string_value(item), json_string_length(item), &x) &&
			!isfinite(x);
		if (is_word && json_array_set_new(list, i, json_null()) < 0)
			return bn_err_nomem(err, "a vector");
	}
	return 0;
}

int bn_vector_parse(json_t **out, const char *text, size_t len, bn_err *err)
{
	bn_buf plain = BN_BUF_INIT;
	int rc;
	if (bn_json_parse_wide(out, text, len, "a vector", NULL) == 0)
		return forget_words(*out, err);
	bn_json_rewrite(&plain, text, len, replace_word);
	if ((rc = bn_buf_check(&plain, err, "a vector")) < 0)
		goto out;
	if ((rc = bn_json_parse_wide(
		     out, plain.ptr ? plain.ptr : "", plain.len, "a vector", NULL)) < 0)
		goto out;
	rc = forget_words(*out, err);
out:
	bn_buf_release(&plain);
	return rc;
}

/* Counts the infinities in a vector's text, whose only words are inf and nan. */
static void note_words(
	bn_session *s, size_t row, const bn_feature_source *v, const char *text, size_t len)
{
	size_t element = 0;
	for (size_t i = 0; i < len; i++) {
		element += text[i] == ',';
		if (len - i < 3 || strncasecmp(text + i, "inf", 3) != 0)
			continue;
		for (size_t k = v->first; k < v->first + v->count; k++)
			if (element_of(s, k) == element)
				bn_session_note_infinite(s, row, k);
	}
}

int bn_session_set_vector_text(
	bn_session *s, size_t row, size_t source, const char *text, size_t len, bn_err *err)
{
	const bn_feature_source *v = source_of(s, source);
	json_t *value = NULL;
	char shown[BN_SESSION_SHOWN + 3];
	if (bn_cell_is_absent(text, len))
		return 0;
	int rc = bn_vector_parse(&value, text, len, err);
	if (rc == BN_ENOMEM)
		return rc;
	if (rc < 0) {
		snprintf(shown, sizeof shown, "'%.*s'",
			(int)(len < BN_SESSION_SHOWN ? len : BN_SESSION_SHOWN), text);
		return wrong_vector(s, row, v, shown, err);
	}
	note_words(s, row, v, text, len);
	rc = bn_session_set_vector(s, row, source, value, err);
	json_decref(value);
	return rc;
}

/* A list of numbers; infinities are missing, as in a file of rows. */
static int set_list(bn_session *s, size_t row, const bn_feature_source *v, const bn_column *c,
	size_t at, bn_err *err)
{
	size_t from = 0, n = 0;
	char got[BN_SESSION_SHOWN];
	int rc = 0;
	if (!bn_column_list(c, at, &from, &n))
		return 0;
	snprintf(got, sizeof got, "%zu", n);
	if (n != v->elements || !bn_type_is_number(c->child->type))
		return wrong_vector(s, row, v, n != v->elements ? got : "other values", err);
	for (size_t i = v->first; i < v->first + v->count && rc == 0; i++) {
		double x = bn_column_number(c->child, from + element_of(s, i));
		if (isinf(x))
			bn_session_note_infinite(s, row, i);
		rc = bn_session_set_number(s, row, i, isfinite(x) ? x : NAN, err);
	}
	return rc;
}

int bn_session_set_vectors(
	bn_session *s, size_t source, const bn_column *c, size_t from, size_t n, bn_err *err)
{
	const bn_feature_source *v = source_of(s, source);
	int rc = 0;
	for (size_t r = 0; r < n && rc == 0; r++) {
		bn_text t = bn_column_text(c, from + r);
		if (bn_type_is_list(c->type))
			rc = set_list(s, r, v, c, from + r, err);
		else if (t.ptr)
			rc = bn_session_set_vector_text(s, r, source, t.ptr, t.len, err);
	}
	return rc;
}
