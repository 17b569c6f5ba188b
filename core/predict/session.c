/*
 * session.c - see predictor.h: one thread's rows for a model.
 *
 * The rows are one batch in the model's encoding (bn_predictor_ops.predict): float64 with NaN for absent, and
 * codes of training's categories. It is filled in place and passed to the model. The texts of categories unseen
 * in training are kept separately, for the prediction log.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/evaluate.h"
#include "core/predict/_session.h"
#include "core/source/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELL_MISSING (-1.0)
#define CELL_UNKNOWN (-2.0)

static bool is_category(const bn_session *s, size_t input)
{
	return s->batch.columns[input].type == BN_TYPE_CATEGORY;
}

int bn_session_new(
	bn_session **out, const bn_predictor *p, const bn_session_policy *policy, bn_err *err)
{
	bn_session *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a session");
	s->p = p;
	if (policy)
		s->policy = *policy;
	s->given = bn_alloc_zeroed(p->input_count, 1);
	s->cells = bn_alloc_zeroed(p->input_count, sizeof *s->cells);
	s->batch.columns = bn_alloc_zeroed(p->input_count, sizeof *s->batch.columns);
	if (!s->given || !s->cells || !s->batch.columns) {
		bn_session_free(s);
		return bn_err_nomem(err, "a session");
	}
	s->batch.column_count = p->input_count;
	for (size_t i = 0; i < p->input_count; i++)
		s->batch.columns[i].type =
			bn_features_input(p->features, i)->kind == BN_INPUT_CATEGORY
				? BN_TYPE_CATEGORY
				: BN_TYPE_FLOAT64;
	*out = s;
	return 0;
}

static void free_cells(bn_session_cells *c)
{
	bn_free(c->numbers);
	bn_free(c->codes);
	bn_free(c->validity);
	bn_free(c->texts);
}

void bn_session_free(bn_session *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->cells && i < s->p->input_count; i++)
		free_cells(&s->cells[i]);
	bn_arena_release(&s->arena);
	bn_free(s->cells);
	bn_free(s->batch.columns);
	bn_free(s->given);
	bn_free(s->outputs);
	bn_free(s->scratch);
	bn_free(s);
}

const bn_predictor *bn_session_predictor(const bn_session *s)
{
	return s->p;
}

size_t bn_session_rows(const bn_session *s)
{
	return s->batch.rows;
}

/* *Grows *items to `count` of `bytes`; zeroes everything after `kept` bytes. */
static bool grow(void *items, size_t count, size_t bytes, size_t kept)
{
	void **p = items;
	void *bigger = bn_alloc_zeroed(count, bytes);
	if (!bigger)
		return false;
	if (kept)
		memcpy(bigger, *p, kept);
	bn_free(*p);
	*p = bigger;
	return true;
}

static bool grow_cells(bn_session *s, size_t input, size_t rows)
{
	bn_session_cells *c = &s->cells[input];
	bn_column *column = &s->batch.columns[input];
	size_t kept = s->batch.rows;
	if (!is_category(s, input)) {
		bool ok = grow(&c->numbers, rows, sizeof *c->numbers, kept * sizeof *c->numbers);
		column->f64 = c->numbers;
		return ok;
	}
	bool ok = grow(&c->codes, rows, sizeof *c->codes, kept * sizeof *c->codes) &&
		  grow(&c->texts, rows, sizeof *c->texts, kept * sizeof *c->texts) &&
		  grow(&c->validity, rows / 8 + 1, 1, (kept + 7) / 8);
	column->codes = c->codes;
	column->validity = c->validity;
	return ok;
}

/* The rows that there are stay. */
static int make_room(bn_session *s, size_t rows, bn_err *err)
{
	if (rows <= s->room)
		return 0;
	bool ok = grow(&s->outputs, rows * s->p->outputs, sizeof *s->outputs, 0) &&
		  grow(&s->scratch, s->p->ops->scratch_bytes(s->p, rows), 1, 0);
	for (size_t i = 0; i < s->p->input_count && ok; i++)
		ok = grow_cells(s, i, rows);
	if (!ok)
		return bn_err_set(err, BN_ENOMEM, "no memory for %zu rows of %zu inputs", rows,
			s->p->input_count);
	s->room = rows;
	return 0;
}

static int too_many(size_t rows, bn_err *err)
{
	return bn_err_set(
		err, BN_EINVAL, "%zu rows at once, the limit is %d", rows, BN_SESSION_MAX_ROWS);
}

/* New rows: they have no texts yet. */
static void add_missing(bn_session *s, size_t rows)
{
	for (size_t i = 0; i < s->p->input_count; i++) {
		bn_session_cells *c = &s->cells[i];
		for (size_t r = s->batch.rows; r < rows; r++)
			if (c->numbers)
				c->numbers[r] = NAN;
			else
				c->validity[r >> 3] =
					(uint8_t)(c->validity[r >> 3] & ~(1u << (r & 7)));
		s->batch.columns[i].rows = rows;
	}
	s->batch.rows = rows;
}

static void forget_texts(bn_session *s)
{
	for (size_t i = 0; s->unknown && i < s->p->input_count; i++)
		if (s->cells[i].texts)
			memset(s->cells[i].texts, 0, s->room * sizeof *s->cells[i].texts);
	s->unknown = s->infinite = 0;
	bn_arena_release(&s->arena);
}

int bn_session_begin(bn_session *s, size_t rows, bn_err *err)
{
	if (rows > BN_SESSION_MAX_ROWS)
		return too_many(rows, err);
	forget_texts(s);
	s->batch.rows = 0;
	s->first_row = 0;
	s->of_file = false;
	int rc = make_room(s, rows, err);
	if (rc)
		return rc;
	add_missing(s, rows);
	return 0;
}

int bn_session_extend(bn_session *s, size_t rows, bn_err *err)
{
	if (rows > BN_SESSION_MAX_ROWS)
		return too_many(rows, err);
	size_t room = rows > s->room && rows < 2 * s->room ? 2 * s->room : rows;
	int rc = make_room(s, room, err);
	if (rc)
		return rc;
	add_missing(s, rows);
	return 0;
}

void bn_session_set_first_row(bn_session *s, uint64_t first_row)
{
	s->first_row = first_row;
	s->of_file = true;
}

void bn_session_name_row(const bn_session *s, size_t row, bn_err *err)
{
	if (s->batch.rows > 1 || s->of_file)
		bn_err_prefix(err, "row %llu", (unsigned long long)s->first_row + row + 1);
}

/* ---- one cell ------------------------------------------------------------------------------- */

static const char *kind_article(bn_input_kind kind)
{
	switch (kind) {
	case BN_INPUT_NUMBER:
		return "a number";
	case BN_INPUT_BOOL:
		return "true or false";
	case BN_INPUT_CATEGORY:
		return "a string";
	}
	return "?";
}

const char *bn_session_field_word(const bn_session *s)
{
	return s->of_file ? "column" : "field";
}

static int wrong_type(const bn_session *s, size_t row, size_t input, const char *got, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	bool is_time = in->type == BN_TYPE_TIMESTAMP;
	bn_err_set(err, BN_EINVAL, "%s '%s': expected %s, got %s", bn_session_field_word(s),
		in->name, is_time ? "a time" : kind_article(in->kind), got);
	if (is_time)
		bn_err_hint(err,
			"a time is ISO 8601, such as \"2026-01-31T09:30:00Z\", or in JSON a "
			"number: nanoseconds since 1970");
	bn_session_name_row(s, row, err);
	return BN_EINVAL;
}

static int32_t unknown_code(const bn_session *s, size_t input)
{
	return (int32_t)bn_features_input(s->p->features, input)->category_count;
}

static void fill_code(bn_session *s, size_t row, size_t input, int32_t code)
{
	bn_session_cells *c = &s->cells[input];
	c->codes[row] = code;
	c->validity[row >> 3] = (uint8_t)(c->validity[row >> 3] | 1u << (row & 7));
}

static int set_category(
	bn_session *s, size_t row, size_t input, const char *text, size_t len, bn_err *err)
{
	int32_t code = bn_name_map_find(&s->p->categories[input], text, len);
	if (code < 0 && len == 0) /* no text, unless training had exactly that one */
		return 0;
	if (code >= 0) {
		fill_code(s, row, input, code);
		return 0;
	}
	if (s->policy.allow_unknown) {
		char *kept = bn_arena_strndup(&s->arena, text, len);
		if (!kept)
			return bn_err_nomem(err, "a category");
		s->cells[input].texts[row] = kept;
		s->unknown++;
		fill_code(s, row, input, unknown_code(s, input));
		return 0;
	}
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	bn_err_set(err, BN_EINVAL, "field '%s': unknown category '%.*s'%s", in->name,
		(int)(len < BN_SESSION_SHOWN ? len : BN_SESSION_SHOWN), text,
		len > BN_SESSION_SHOWN ? "..." : "");
	bn_session_name_row(s, row, err);
	char known[200] = "";
	size_t used = 0;
	for (size_t i = 0; i < in->category_count && used < sizeof known - 24; i++) {
		int n = snprintf(known + used, sizeof known - used, "%s%.40s", i ? ", " : "",
			in->categories[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	bn_err_hint(err, "training saw %zu: %.190s", in->category_count, known);
	return BN_EINVAL;
}

int bn_session_set_number(bn_session *s, size_t row, size_t input, double value, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	char text[BN_FMT];
	switch (in->kind) {
	case BN_INPUT_CATEGORY:
		if (isnan(value))
			return 0;
		bn_fmt_f64(value, text);
		return set_category(s, row, input, text, strlen(text), err);
	case BN_INPUT_BOOL:
		if (!isnan(value) && value != 0 && value != 1)
			return wrong_type(s, row, input, bn_fmt_sig(value, 6, text), err);
		break;
	case BN_INPUT_NUMBER:
		if (isinf(value))
			return wrong_type(s, row, input, "infinity", err);
		break;
	}
	if (in->type == BN_TYPE_FLOAT32) /* as training saw it */
		value = (double)(float)value;
	s->cells[input].numbers[row] = value;
	return 0;
}

int bn_session_set_text(
	bn_session *s, size_t row, size_t input, const char *text, size_t len, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	double value = NAN;
	char shown[BN_SESSION_SHOWN + 3];
	if (in->kind == BN_INPUT_CATEGORY)
		return set_category(s, row, input, text, len, err);
	if (len == 0)
		return 0;
	if (bn_cell_number(in->type, text, len, &value)) {
		/* An infinity is missing where training took it for that, as in a file of rows. */
		bool is_float = in->type == BN_TYPE_FLOAT64 || in->type == BN_TYPE_FLOAT32;
		if (isinf(value) && is_float) {
			bn_session_note_infinite(s, row, input);
			value = NAN;
		}
		return bn_session_set_number(s, row, input, value, err);
	}
	snprintf(shown, sizeof shown, "'%.*s'",
		(int)(len < BN_SESSION_SHOWN ? len : BN_SESSION_SHOWN), text);
	return wrong_type(s, row, input, shown, err);
}

int bn_session_set_cell(bn_session *s, size_t row, size_t input, const char *text, size_t len,
	bool quoted, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	const bn_cell_form *form = s->p->forms[input];
	bool is_text = in->kind == BN_INPUT_CATEGORY;
	char plain[BN_CELL_PLAIN], shown[BN_SESSION_SHOWN + 3];
	if (is_text && !quoted)
		bn_cell_form_trim(form, &text, &len);
	if (!(is_text && quoted) && bn_cell_form_is_absent(form, is_text, text, len))
		return 0;
	if (is_text)
		return bn_session_set_text(s, row, input, text, len, err);
	size_t bytes = len;
	const char *number = bn_cell_form_plain(form, in->type, text, &bytes, plain);
	if (number)
		return bn_session_set_text(s, row, input, number, bytes, err);
	snprintf(shown, sizeof shown, "'%.*s'",
		(int)(len < BN_SESSION_SHOWN ? len : BN_SESSION_SHOWN), text);
	return wrong_type(s, row, input, shown, err);
}

static int set_codes(bn_session *s, size_t input, const bn_column *c, size_t from, size_t n,
	const int32_t *codes, bn_err *err)
{
	for (size_t r = 0; r < n; r++) {
		if (bn_column_is_null(c, from + r))
			continue;
		int32_t code = codes[c->codes[from + r]];
		if (code >= 0) {
			fill_code(s, r, input, code);
			continue;
		}
		bn_text t = bn_column_text(c, from + r);
		int rc = set_category(s, r, input, t.ptr, t.len, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bn_session_set_column(bn_session *s, size_t input, const bn_column *c, size_t from, size_t n,
	const int32_t *codes, bn_err *err)
{
	double *to = s->cells[input].numbers;
	if (c->type == BN_TYPE_CATEGORY)
		return set_codes(s, input, c, from, n, codes, err);
	int rc = bn_column_numbers(c, from, n, to, err);
	bool narrow = bn_features_input(s->p->features, input)->type == BN_TYPE_FLOAT32;
	for (size_t r = 0; rc == 0 && r < n; r++) {
		to[r] = narrow ? (double)(float)to[r] : to[r];
		if (isinf(to[r])) {
			bn_session_note_infinite(s, r, input);
			to[r] = NAN;
		}
	}
	return rc;
}

int bn_session_set_value(bn_session *s, size_t row, size_t input, const json_t *value, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	bn_input_kind kind = in->kind;
	char shown[BN_SESSION_SHOWN + 16];
	double instant = NAN;
	switch (json_typeof(value)) {
	case JSON_NULL:
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		if (kind == BN_INPUT_BOOL)
			return bn_session_set_number(s, row, input, json_is_true(value), err);
		if (kind == BN_INPUT_CATEGORY)
			return bn_session_set_text(s, row, input,
				json_is_true(value) ? "true" : "false", json_is_true(value) ? 4 : 5,
				err);
		return wrong_type(s, row, input, json_is_true(value) ? "true" : "false", err);
	case JSON_INTEGER:
		snprintf(shown, sizeof shown, "%lld", (long long)json_integer_value(value));
		if (kind == BN_INPUT_CATEGORY) /* all its digits */
			return bn_session_set_text(s, row, input, shown, strlen(shown), err);
		return bn_session_set_number(s, row, input, json_number_value(value), err);
	case JSON_REAL:
		return bn_session_set_number(s, row, input, json_number_value(value), err);
	case JSON_STRING:
		if (kind == BN_INPUT_CATEGORY)
			return bn_session_set_text(s, row, input, json_string_value(value),
				json_string_length(value), err);
		if (kind == BN_INPUT_NUMBER && bn_json_wide_number(value, &instant))
			return bn_session_set_number(s, row, input, instant, err);
		/* JSON has no form for times; a number in quotes is still an error. */
		if (bn_type_is_time(in->type) &&
			!bn_parse_f64(
				json_string_value(value), json_string_length(value), &instant) &&
			bn_cell_number(in->type, json_string_value(value),
				json_string_length(value), &instant))
			return bn_session_set_number(s, row, input, instant, err);
		snprintf(shown, sizeof shown, "string \"%.*s\"", BN_SESSION_SHOWN,
			json_string_value(value));
		return wrong_type(s, row, input, shown, err);
	case JSON_ARRAY:
		return wrong_type(s, row, input, "an array", err);
	case JSON_OBJECT:
		return wrong_type(s, row, input, "an object", err);
	}
	return 0;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* The number in a row that is furthest from the training range: check it first. */
static void hint_largest(const bn_session *s, size_t row, bn_err *err)
{
	const bn_feature_input *worst = NULL;
	double most = 1, value = 0;
	char text[3][BN_FMT];
	for (size_t i = 0; i < s->p->input_count; i++) {
		const bn_feature_input *in = bn_features_input(s->p->features, i);
		double x = in->kind == BN_INPUT_NUMBER ? s->cells[i].numbers[row] : 0;
		double usual = fmax(fabs(in->ref_min), fabs(in->ref_max));
		if (in->kind != BN_INPUT_NUMBER || !(fabs(x) / fmax(usual, 1) > most))
			continue;
		most = fabs(x) / fmax(usual, 1);
		worst = in;
		value = x;
	}
	if (worst)
		bn_err_hint(err, "field '%.80s' is %s; training saw %s to %s", worst->name,
			bn_fmt_f64(value, text[0]), bn_fmt_f64(worst->ref_min, text[1]),
			bn_fmt_f64(worst->ref_max, text[2]));
}

int bn_session_run(bn_session *s, bn_err *err)
{
	size_t k = s->p->outputs;
	int rc = s->p->ops->predict(s->p, &s->batch, s->scratch, s->outputs, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->batch.rows * k; i++) {
		if (isfinite(s->outputs[i]))
			continue;
		bn_err_set(err, BN_EINVAL,
			"row %llu: the prediction is not finite (the model's arithmetic "
			"overflows)",
			(unsigned long long)s->first_row + i / k + 1);
		hint_largest(s, i / k, err);
		return BN_EINVAL;
	}
	return 0;
}

const double *bn_session_outputs(const bn_session *s, size_t row)
{
	return s->outputs + row * s->p->outputs;
}

double bn_session_prediction(const bn_session *s, size_t row)
{
	const double *out = bn_session_outputs(s, row);
	if (!s->p->is_classifier)
		return out[0];
	return (double)bn_argmax(out, s->p->outputs);
}

const char *bn_session_label(const bn_session *s, size_t row)
{
	if (!s->p->is_classifier)
		return NULL;
	return bn_features_class(s->p->features, (size_t)bn_session_prediction(s, row));
}

size_t bn_session_unknown(const bn_session *s)
{
	return s->unknown;
}

void bn_session_note_infinite(bn_session *s, size_t row, size_t input)
{
	if (!s->infinite++) {
		s->infinite_row = row;
		s->infinite_input = input;
	}
}

size_t bn_session_infinite(const bn_session *s, size_t *row, size_t *input)
{
	*row = s->infinite_row;
	*input = s->infinite_input;
	return s->infinite;
}

bool bn_session_label_is_number(const bn_session *s)
{
	return s->p->numeric_classes;
}

json_t *bn_session_json(const bn_session *s, size_t row)
{
	const char *label = bn_session_label(s, row);
	double x = bn_session_prediction(s, row);
	if (!label)
		return bn_json_real_or_null(x);
	if (!s->p->numeric_classes)
		return json_string(label);
	bn_parse_f64(label, strlen(label), &x);
	return x == floor(x) && fabs(x) < 1e15 ? json_integer((json_int_t)x) : json_real(x);
}

double bn_session_cell_number(const bn_session *s, size_t row, size_t input)
{
	if (!is_category(s, input))
		return s->cells[input].numbers[row];
	if (bn_column_is_null(&s->batch.columns[input], row))
		return CELL_MISSING;
	int32_t code = s->cells[input].codes[row];
	return code == unknown_code(s, input) ? CELL_UNKNOWN : code;
}

bool bn_session_cell_is_unknown(const bn_session *s, size_t row, size_t input)
{
	return is_category(s, input) && bn_session_cell_number(s, row, input) == CELL_UNKNOWN;
}

const char *bn_session_cell_text(const bn_session *s, size_t row, size_t input)
{
	double x = is_category(s, input) ? bn_session_cell_number(s, row, input) : CELL_MISSING;
	if (x == CELL_UNKNOWN)
		return s->cells[input].texts[row];
	return x == CELL_MISSING ? NULL
				 : bn_features_input(s->p->features, input)->categories[(size_t)x];
}
