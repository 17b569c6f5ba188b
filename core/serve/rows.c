/*
 * rows.c - reading several rows into a session: objects, arrays, columns, and CSV text.
 *
 * Messages name row and field, counted from 1 as people count.
 */
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/utf8.h"
#include "core/serve/_server.h"
#include "core/source/cell.h"

#include <stdio.h>
#include <string.h>

#define MAX_COLUMNS 4096

int bn_rows_from_objects(bn_call *c, const json_t *array, bn_err *err)
{
	size_t n = json_array_size(array);
	int rc = bn_call_begin(c, n, err);
	for (size_t i = 0; i < n && !rc; i++)
		rc = bn_session_set_object(c->session, i, json_array_get(array, i), err);
	return rc;
}

/* ---- which column is which input ------------------------------------------------------------ */

typedef struct columns {
	int inputs[MAX_COLUMNS];  /* -1: not one of the model's */
	int vectors[MAX_COLUMNS]; /* sources that are vectors; else -1 */
	size_t count;
	uint8_t *given;
	char unknown[4][64]; /* the first names that the model does not have */
	size_t unknown_count;
} columns;

static int add_column(bn_call *c, columns *cols, const char *name, size_t len, bn_err *err)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	if (cols->count == MAX_COLUMNS)
		return bn_err_set(err, BN_EINVAL, "more than %d columns", MAX_COLUMNS);
	int input = bn_predictor_find_input(p, name, len);
	int vector = input < 0 ? bn_predictor_find_vector(p, name, len) : -1;
	const bn_feature_source *v =
		vector < 0 ? NULL : bn_features_source(bn_predictor_features(p), (size_t)vector);
	size_t first = v ? v->first : (size_t)input, count = v ? v->count : 1;
	for (size_t i = first; (v || input >= 0) && i < first + count; i++)
		if (cols->given[i]++)
			return bn_err_set(
				err, BN_EINVAL, "column '%.*s' is given twice", (int)len, name);
	if (input < 0 && !v && !c->server->o.policy.allow_extra)
		return bn_err_set(
			err, BN_EINVAL, "unknown column '%.*s'", (int)(len < 80 ? len : 80), name);
	if (input < 0 && !v && cols->unknown_count < 4)
		snprintf(cols->unknown[cols->unknown_count++], sizeof *cols->unknown, "%.*s",
			(int)(len < 63 ? len : 63), name);
	cols->vectors[cols->count] = vector;
	cols->inputs[cols->count++] = input;
	return 0;
}

/* A cell of column k, which may be none of the model's. */
static int set_cell(
	bn_call *c, const columns *cols, size_t row, size_t k, const json_t *value, bn_err *err)
{
	if (cols->vectors[k] >= 0)
		return bn_session_set_vector(c->session, row, (size_t)cols->vectors[k], value, err);
	return cols->inputs[k] < 0
		       ? 0
		       : bn_session_set_value(c->session, row, (size_t)cols->inputs[k], value, err);
}

static int missing_column(const bn_predictor *p, const columns *cols, const char *name, bn_err *err)
{
	bn_nearest near = bn_nearest_to(name, BN_NEAREST_CLOSE);
	for (size_t i = 0; i < cols->unknown_count; i++)
		bn_nearest_offer(&near, cols->unknown[i]);
	bn_err_set(err, BN_EINVAL, "missing column '%s'", name);
	if (near.best)
		bn_err_hint(
			err, "there is a column '%s', which the model does not know", near.best);
	bn_err_hint(err, "the model has %zu fields; GET /v2/models/%s lists them",
		bn_predictor_input_count(p), bn_predictor_name(p));
	return BN_EINVAL;
}

static int check_columns(const bn_call *c, const columns *cols, bn_err *err)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	for (size_t i = 0; i < bn_predictor_input_count(p); i++)
		if (!cols->given[i])
			return missing_column(p, cols, bn_predictor_input_name(p, i), err);
	return 0;
}

static int new_columns(columns **out, const bn_call *c, bn_err *err)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	columns *cols = bn_alloc_zeroed(1, sizeof *cols);
	if (cols)
		cols->given = bn_alloc_zeroed(bn_predictor_input_count(p), 1);
	if (!cols || !cols->given) {
		bn_free(cols);
		return bn_err_nomem(err, "columns");
	}
	*out = cols;
	return 0;
}

static void free_columns(columns *cols)
{
	if (cols)
		bn_free(cols->given);
	bn_free(cols);
}

static int name_columns(bn_call *c, columns *cols, const json_t *names, bn_err *err)
{
	size_t i;
	json_t *name;
	int rc = 0;
	json_array_foreach((json_t *)names, i, name)
	{
		if (!json_is_string(name))
			return bn_err_set(
				err, BN_EINVAL, "columns: name %zu is not a string", i + 1);
		rc = add_column(c, cols, json_string_value(name), json_string_length(name), err);
		if (rc)
			return rc;
	}
	return check_columns(c, cols, err);
}

int bn_rows_from_arrays(
	bn_call *c, const json_t *names, const json_t *rows, const char *where, bn_err *err)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	columns *cols = NULL;
	size_t n = json_array_size(rows);
	int rc = bn_call_begin(c, n, err);
	if (!rc)
		rc = new_columns(&cols, c, err);
	if (!rc && names)
		rc = name_columns(c, cols, names, err);
	const bn_features *f = bn_predictor_features(p);
	for (size_t i = 0; !names && !rc && i < bn_features_source_count(f); i++) {
		const char *name = bn_features_source(f, i)->name;
		rc = add_column(c, cols, name, strlen(name), err);
	}
	for (size_t r = 0; r < n && !rc; r++) {
		const json_t *row = json_array_get(rows, r);
		if (!json_is_array(row))
			rc = bn_err_set(
				err, BN_EINVAL, "%s: row %zu is not an array", where, r + 1);
		else if (json_array_size(row) != cols->count)
			rc = bn_err_set(err, BN_EINVAL, "%s: row %zu has %zu values, expected %zu",
				where, r + 1, json_array_size(row), cols->count);
		for (size_t k = 0; k < cols->count && !rc; k++)
			rc = set_cell(c, cols, r, k, json_array_get(row, k), err);
	}
	free_columns(cols);
	return rc;
}

int bn_rows_from_columns(bn_call *c, const json_t *object, bn_err *err)
{
	columns *cols = NULL;
	const char *key;
	json_t *values;
	size_t n = 0;
	bool first = true;
	int rc = new_columns(&cols, c, err);
	json_object_foreach((json_t *)object, key, values)
	{
		if (rc)
			break;
		if (!json_is_array(values))
			rc = bn_err_set(err, BN_EINVAL, "column '%.80s' is not an array", key);
		else if (!first && json_array_size(values) != n)
			rc = bn_err_set(err, BN_EINVAL,
				"column '%.80s' has %zu values, others have %zu", key,
				json_array_size(values), n);
		else
			rc = add_column(c, cols, key, strlen(key), err);
		n = json_array_size(values);
		first = false;
	}
	if (!rc)
		rc = check_columns(c, cols, err);
	if (!rc)
		rc = bn_call_begin(c, n, err);
	size_t k = 0;
	json_object_foreach((json_t *)object, key, values)
	{
		for (size_t r = 0; r < n && !rc; r++)
			rc = set_cell(c, cols, r, k, json_array_get(values, r), err);
		if (rc)
			break;
		k++;
	}
	free_columns(cols);
	return rc;
}

/* ---- CSV ------------------------------------------------------------------------------------ */

typedef struct csv {
	const char *at, *end;
	size_t line;
	bn_buf cell;     /* of a quoted field */
	const char *ptr; /* the field */
	size_t len;
	bool quoted, last; /* last of its line */
} csv;

/* A field that starts with a quote, up to the closing quote. */
static int read_quoted(csv *t, bn_err *err)
{
	size_t line = t->line;
	bn_buf_clear(&t->cell);
	for (t->at++; t->at < t->end; t->at++) {
		if (*t->at == '"') {
			if (t->at + 1 == t->end || t->at[1] != '"')
				break;
			t->at++;
		}
		t->line += *t->at == '\n';
		bn_buf_addch(&t->cell, *t->at);
	}
	if (t->at == t->end)
		return bn_err_set(err, BN_EINVAL, "body:%zu: a quote is not closed", line);
	t->at++;
	if (t->at < t->end && *t->at != ',' && *t->at != '\n' && *t->at != '\r')
		return bn_err_set(err, BN_EINVAL, "body:%zu: text after a closing quote", t->line);
	t->ptr = t->cell.ptr;
	t->len = t->cell.len;
	return bn_buf_check(&t->cell, err, "a CSV field");
}

/* The next field; consumes the end of the line (\n or \r\n). */
static int read_field(csv *t, bn_err *err)
{
	t->quoted = t->at < t->end && *t->at == '"';
	if (t->quoted) {
		int rc = read_quoted(t, err);
		if (rc)
			return rc;
	} else {
		t->ptr = t->at;
		while (t->at < t->end && *t->at != ',' && *t->at != '\n' && *t->at != '\r')
			t->at++;
		t->len = (size_t)(t->at - t->ptr);
	}
	t->last = t->at == t->end || *t->at != ',';
	if (t->at < t->end && *t->at == ',')
		t->at++;
	else if (t->last && t->at < t->end) {
		t->at += *t->at == '\r' && t->at + 1 < t->end && t->at[1] == '\n';
		t->at++;
		t->line++;
	}
	return 0;
}

/* Line ends outside quotes, plus one for an unterminated last line: an upper bound of the rows. */
static size_t count_lines(const char *at, const char *end)
{
	size_t n = 0;
	bool quoted = false;
	for (const char *p = at; p < end; p++) {
		quoted ^= *p == '"';
		n += !quoted && (*p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n')));
	}
	return n + (end > at && (quoted || (end[-1] != '\n' && end[-1] != '\r')));
}

static int set_text(bn_call *c, const csv *t, const columns *cols, size_t row, size_t k,
	size_t line, bn_err *err)
{
	int input = cols->inputs[k], vector = cols->vectors[k], rc = 0;
	if (vector >= 0)
		rc = bn_session_set_vector_text(
			c->session, row, (size_t)vector, t->ptr, t->len, err);
	else if (input >= 0) /* as in a file */
		rc = bn_session_set_cell(
			c->session, row, (size_t)input, t->ptr, t->len, t->quoted, err);
	if (rc)
		bn_err_prefix(err, "body:%zu", line);
	return rc;
}

static int read_row(bn_call *c, csv *t, const columns *cols, size_t row, bn_err *err)
{
	size_t line = t->line;
	for (size_t k = 0;; k++) {
		int rc = read_field(t, err);
		if (!rc && k >= cols->count)
			rc = bn_err_set(err, BN_EINVAL,
				"body:%zu: more than the header's %zu fields", line, cols->count);
		if (!rc)
			rc = set_text(c, t, cols, row, k, line, err);
		if (rc)
			return rc;
		if (t->last && k + 1 < cols->count)
			return bn_err_set(err, BN_EINVAL,
				"body:%zu: %zu fields, the header has %zu", line, k + 1,
				cols->count);
		if (t->last)
			return 0;
	}
}

/* A name or a category that is not UTF-8 could be neither returned nor logged. */
static int check_csv_text(const bn_call *c, bn_err *err)
{
	const char *body = c->request->body, *end = body + c->request->body_len;
	size_t line = 1;
	int rc = bn_call_check_text(c, "CSV with a header line", err);
	if (rc < 0 || bn_utf8_is_valid(body, c->request->body_len))
		return rc;
	for (const char *at = body; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		if (!bn_utf8_is_valid(at, (size_t)(stop - at)))
			break;
		at = stop + 1;
	}
	bn_err_set(err, BN_EINVAL, "body:%zu: bytes that are not UTF-8", line);
	bn_err_hint(err, "convert it: iconv -f LATIN1 -t UTF-8");
	return BN_EINVAL;
}

int bn_rows_from_csv(bn_call *c, bn_err *err)
{
	const char *body = c->request->body;
	csv t = {.at = body, .end = body + c->request->body_len, .line = 1, .cell = BN_BUF_INIT};
	columns *cols = NULL;
	if (c->request->body_len >= 3 && !memcmp(body, "\xef\xbb\xbf", 3))
		t.at += 3;
	int rc = check_csv_text(c, err);
	if (!rc)
		rc = new_columns(&cols, c, err);
	if (!rc && t.at == t.end)
		rc = bn_err_set(
			err, BN_EINVAL, "the body is empty, CSV with a header line was expected");
	do {
		if (!rc)
			rc = read_field(&t, err);
		if (!rc)
			rc = add_column(c, cols, t.ptr, t.len, err);
	} while (!rc && !t.last);
	if (!rc)
		rc = check_columns(c, cols, err);
	if (!rc)
		rc = bn_call_begin(c, count_lines(t.at, t.end), err);
	size_t rows = rc ? 0 : bn_session_rows(c->session);
	for (size_t r = 0; r < rows && !rc; r++) {
		if (t.at == t.end)
			rc = bn_err_set(err, BN_EINVAL, "body:%zu: a row was expected", t.line);
		else
			rc = read_row(c, &t, cols, r, err);
	}
	if (!rc && t.at != t.end)
		rc = bn_err_set(err, BN_EINVAL, "body:%zu: quotes that do not match", t.line);
	free_columns(cols);
	bn_buf_release(&t.cell);
	return rc;
}
