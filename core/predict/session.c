/*
 * session.c - see predictor.h: one thread's rows on their way through a model.
 *
 * Cells are kept as they were given until bn_session_run, because the prediction log wants them
 * afterwards: a double per cell (for a category its code, CELL_MISSING or CELL_UNKNOWN), and the
 * text of categories that training never saw.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/evaluate.h"
#include "core/predict/_predictor.h"
#include "core/source/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELL_MISSING (-1.0)
#define CELL_UNKNOWN (-2.0)
#define SHOWN 80 /* bytes of a value in a message */

struct bn_session {
	const bn_predictor *p;
	bn_session_policy policy;
	size_t rows, room;  /* rows asked for, and allocated */
	double *cells;      /* room * inputs */
	char **texts;       /* the same shape; NULL unless unknown */
	uint8_t *given;     /* inputs: set in the row at hand */
	double *outputs;    /* room * outputs */
	size_t unknown;     /* cells with a text */
	uint64_t first_row; /* for messages */
	bn_arena arena;     /* texts */
	bn_model_batch *batch;
};

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
	int rc = s->given ? bn_model_batch_new(&s->batch, p->model, BN_PREDICT_ROWS, err)
			  : bn_err_nomem(err, "a session");
	if (rc)
		bn_session_free(s);
	else
		*out = s;
	return rc;
}

void bn_session_free(bn_session *s)
{
	if (!s)
		return;
	bn_model_batch_free(s->batch);
	bn_arena_release(&s->arena);
	bn_free(s->cells);
	bn_free(s->texts);
	bn_free(s->given);
	bn_free(s->outputs);
	bn_free(s);
}

const bn_predictor *bn_session_predictor(const bn_session *s)
{
	return s->p;
}

size_t bn_session_rows(const bn_session *s)
{
	return s->rows;
}

static bool is_category(const bn_session *s, size_t input)
{
	return bn_features_input(s->p->features, input)->kind == BN_VIEW_CATEGORY;
}

/* Those of s->rows stay. */
static int make_room(bn_session *s, size_t rows, bn_err *err)
{
	if (rows <= s->room)
		return 0;
	size_t kept = s->rows * s->p->input_count;
	size_t cells = rows * s->p->input_count;
	double *numbers = bn_alloc(cells * sizeof *numbers);
	char **texts = bn_alloc_zeroed(cells, sizeof *texts);
	double *outputs = bn_alloc(rows * s->p->outputs * sizeof *outputs);
	if (!numbers || !texts || !outputs) {
		bn_free(numbers);
		bn_free(texts);
		bn_free(outputs);
		return bn_err_set(err, BN_ENOMEM, "no memory for %zu rows of %zu inputs", rows,
			s->p->input_count);
	}
	if (kept) {
		memcpy(numbers, s->cells, kept * sizeof *numbers);
		memcpy(texts, s->texts, kept * sizeof *texts);
	}
	bn_free(s->cells);
	bn_free(s->texts);
	bn_free(s->outputs);
	s->cells = numbers;
	s->texts = texts;
	s->outputs = outputs;
	s->room = rows;
	return 0;
}

static int too_many(size_t rows, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "%zu rows at once, at most %d are taken", rows,
		BN_SESSION_MAX_ROWS);
}

/* The rows from s->rows on: they have no texts already. */
static void add_missing(bn_session *s, size_t rows)
{
	size_t n = s->p->input_count;
	for (size_t i = 0; i < n; i++) {
		double none = is_category(s, i) ? CELL_MISSING : NAN;
		for (size_t r = s->rows; r < rows; r++)
			s->cells[r * n + i] = none;
	}
	s->rows = rows;
}

int bn_session_begin(bn_session *s, size_t rows, bn_err *err)
{
	if (rows > BN_SESSION_MAX_ROWS)
		return too_many(rows, err);
	s->rows = 0;
	s->first_row = 0;
	int rc = make_room(s, rows, err);
	if (rc)
		return rc;
	if (s->unknown)
		memset(s->texts, 0, s->room * s->p->input_count * sizeof *s->texts);
	s->unknown = 0;
	bn_arena_release(&s->arena);
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
}

/* "row 7: " in front of a message, unless there is only one. */
static void name_row(const bn_session *s, size_t row, bn_err *err)
{
	if (s->rows > 1 || s->first_row)
		bn_err_prefix(err, "row %llu", (unsigned long long)s->first_row + row + 1);
}

/* ---- one cell ------------------------------------------------------------------------------- */

static const char *kind_article(bn_view_kind kind)
{
	switch (kind) {
	case BN_VIEW_NUMBER:
		return "a number";
	case BN_VIEW_BOOL:
		return "true or false";
	case BN_VIEW_CATEGORY:
		return "a string";
	}
	return "?";
}

static int wrong_type(const bn_session *s, size_t row, size_t input, const char *got, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	bn_err_set(err, BN_EINVAL, "field '%s': expected %s, got %s", in->name,
		kind_article(in->kind), got);
	name_row(s, row, err);
	return BN_EINVAL;
}

static int set_category(
	bn_session *s, size_t row, size_t input, const char *text, size_t len, bn_err *err)
{
	size_t at = row * s->p->input_count + input;
	int32_t code = bn_name_map_find(&s->p->categories[input], text, len);
	if (code < 0 && len == 0) /* no text, unless training had that very one */
		return 0;
	if (code >= 0) {
		s->cells[at] = code;
		return 0;
	}
	if (s->policy.allow_unknown) {
		s->texts[at] = bn_arena_strndup(&s->arena, text, len);
		if (!s->texts[at])
			return bn_err_nomem(err, "a category");
		s->unknown++;
		s->cells[at] = CELL_UNKNOWN;
		return 0;
	}
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	bn_err_set(err, BN_EINVAL, "field '%s': unknown category '%.*s'%s", in->name,
		(int)(len < SHOWN ? len : SHOWN), text, len > SHOWN ? "..." : "");
	name_row(s, row, err);
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
	case BN_VIEW_CATEGORY:
		if (isnan(value))
			return 0;
		bn_fmt_f64(value, text);
		return set_category(s, row, input, text, strlen(text), err);
	case BN_VIEW_BOOL:
		if (!isnan(value) && value != 0 && value != 1)
			return wrong_type(s, row, input, bn_fmt_sig(value, 6, text), err);
		break;
	case BN_VIEW_NUMBER:
		if (isinf(value))
			return wrong_type(s, row, input, "infinity", err);
		break;
	}
	if (in->type == BN_TYPE_FLOAT32) /* as training saw it */
		value = (double)(float)value;
	s->cells[row * s->p->input_count + input] = value;
	return 0;
}

int bn_session_set_text(
	bn_session *s, size_t row, size_t input, const char *text, size_t len, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	double value = NAN;
	char shown[SHOWN + 3];
	if (in->kind == BN_VIEW_CATEGORY)
		return set_category(s, row, input, text, len, err);
	if (len == 0)
		return 0;
	if (bn_cell_number(in->type, text, len, &value))
		return bn_session_set_number(s, row, input, value, err);
	snprintf(shown, sizeof shown, "'%.*s'", (int)(len < SHOWN ? len : SHOWN), text);
	return wrong_type(s, row, input, shown, err);
}

static int set_codes(bn_session *s, size_t input, const bn_column *c, size_t from, size_t n,
	const int32_t *codes, bn_err *err)
{
	size_t inputs = s->p->input_count;
	double *to = s->cells + input;
	for (size_t r = 0; r < n; r++, to += inputs) {
		if (bn_column_is_null(c, from + r))
			continue;
		int32_t code = codes[c->codes[from + r]];
		if (code >= 0) {
			*to = code;
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
	size_t inputs = s->p->input_count;
	double *to = s->cells + input;
	bool narrow = bn_features_input(s->p->features, input)->type == BN_TYPE_FLOAT32;
	if (c->type == BN_TYPE_CATEGORY)
		return set_codes(s, input, c, from, n, codes, err);
	for (size_t r = 0; r < n; r++, to += inputs) {
		double x = bn_column_number(c, from + r);
		*to = narrow ? (double)(float)x : x;
	}
	return 0;
}

int bn_session_set_value(bn_session *s, size_t row, size_t input, const json_t *value, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(s->p->features, input);
	bn_view_kind kind = in->kind;
	char shown[SHOWN + 16];
	double instant = NAN;
	switch (json_typeof(value)) {
	case JSON_NULL:
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		if (kind == BN_VIEW_BOOL)
			return bn_session_set_number(s, row, input, json_is_true(value), err);
		if (kind == BN_VIEW_CATEGORY)
			return bn_session_set_text(s, row, input,
				json_is_true(value) ? "true" : "false", json_is_true(value) ? 4 : 5,
				err);
		return wrong_type(s, row, input, json_is_true(value) ? "true" : "false", err);
	case JSON_INTEGER:
		snprintf(shown, sizeof shown, "%lld", (long long)json_integer_value(value));
		if (kind == BN_VIEW_CATEGORY) /* all its digits */
			return bn_session_set_text(s, row, input, shown, strlen(shown), err);
		return bn_session_set_number(s, row, input, json_number_value(value), err);
	case JSON_REAL:
		return bn_session_set_number(s, row, input, json_number_value(value), err);
	case JSON_STRING:
		if (kind == BN_VIEW_CATEGORY)
			return bn_session_set_text(s, row, input, json_string_value(value),
				json_string_length(value), err);
		/* Times have no form of their own in JSON; a number in quotes stays a mistake. */
		if (in->type == BN_TYPE_TIMESTAMP &&
			!bn_parse_f64(
				json_string_value(value), json_string_length(value), &instant) &&
			bn_cell_number(in->type, json_string_value(value),
				json_string_length(value), &instant))
			return bn_session_set_number(s, row, input, instant, err);
		snprintf(shown, sizeof shown, "string \"%.*s\"", SHOWN, json_string_value(value));
		return wrong_type(s, row, input, shown, err);
	case JSON_ARRAY:
		return wrong_type(s, row, input, "an array", err);
	case JSON_OBJECT:
		return wrong_type(s, row, input, "an object", err);
	}
	return 0;
}

/* ---- one row -------------------------------------------------------------------------------- */

/* The first input that the row does not have, and how many more. */
static int missing_fields(const bn_session *s, size_t row, bn_err *err)
{
	size_t first = SIZE_MAX, more = 0;
	for (size_t i = 0; i < s->p->input_count; i++)
		if (!s->given[i]) {
			if (first == SIZE_MAX)
				first = i;
			else
				more++;
		}
	if (first == SIZE_MAX)
		return 0;
	if (more)
		bn_err_set(err, BN_EINVAL, "missing field '%s' and %zu more",
			s->p->input_names[first], more);
	else
		bn_err_set(err, BN_EINVAL, "missing field '%s'", s->p->input_names[first]);
	name_row(s, row, err);
	bn_err_hint(err,
		"the model takes %zu fields (GET /v2/models/%s lists them); null is a missing "
		"value",
		s->p->input_count, s->p->name);
	return BN_EINVAL;
}

static int extra_field(const bn_session *s, size_t row, const char *key, bn_err *err)
{
	const char *best = NULL;
	int distance = 4;
	for (size_t i = 0; i < s->p->input_count && strlen(key) < 64; i++) {
		int d = bn_edit_distance(key, s->p->input_names[i]);
		if (d < distance) {
			distance = d;
			best = s->p->input_names[i];
		}
	}
	bn_err_set(err, BN_EINVAL, "unknown field '%.*s'", SHOWN, key);
	name_row(s, row, err);
	if (best)
		bn_err_hint(err, "did you mean '%s'?", best);
	return BN_EINVAL;
}

int bn_session_set_object(bn_session *s, size_t row, const json_t *object, bn_err *err)
{
	const char *key;
	json_t *value;
	if (!json_is_object(object))
		return bn_err_set(err, BN_EINVAL, "row %zu: expected an object of fields", row + 1);
	memset(s->given, 0, s->p->input_count);
	json_object_foreach((json_t *)object, key, value)
	{
		int input = bn_predictor_find_input(bn_session_predictor(s), key, strlen(key));
		if (input < 0) {
			if (s->policy.allow_extra)
				continue;
			return extra_field(s, row, key, err);
		}
		s->given[input] = 1;
		int rc = bn_session_set_value(s, row, (size_t)input, value, err);
		if (rc)
			return rc;
	}
	return missing_fields(s, row, err);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void fill_block(bn_session *s, size_t first, size_t rows)
{
	size_t n = s->p->input_count;
	for (size_t i = 0; i < n; i++) {
		const bn_feature_input *in = bn_features_input(s->p->features, i);
		bool category = in->kind == BN_VIEW_CATEGORY;
		for (size_t r = 0; r < rows; r++) {
			size_t at = (first + r) * n + i;
			double x = s->cells[at];
			if (category) {
				const char *text =
					x >= 0 ? in->categories[(size_t)x] : s->texts[at];
				if (x >= 0 || x == CELL_UNKNOWN)
					bn_model_batch_set_text(s->batch, r, i, text, strlen(text));
			} else if (!isnan(x)) {
				bn_model_batch_set_number(s->batch, r, i, x);
			}
		}
	}
}

/* The number of a row that lies furthest from what training saw: what to look at first. */
static void hint_largest(const bn_session *s, size_t row, bn_err *err)
{
	const bn_feature_input *worst = NULL;
	double most = 1, value = 0;
	char text[3][BN_FMT];
	for (size_t i = 0; i < s->p->input_count; i++) {
		const bn_feature_input *in = bn_features_input(s->p->features, i);
		double x = s->cells[row * s->p->input_count + i];
		double usual = fmax(fabs(in->ref_min), fabs(in->ref_max));
		if (in->kind != BN_VIEW_NUMBER || !(fabs(x) / fmax(usual, 1) > most))
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

static int check_finite(const bn_session *s, size_t first, size_t rows, bn_err *err)
{
	size_t k = s->p->outputs;
	for (size_t i = first * k; i < (first + rows) * k; i++)
		if (!isfinite(s->outputs[i])) {
			bn_err_set(err, BN_EINVAL,
				"row %llu: the answer is no finite number (the model's arithmetic "
				"overflows)",
				(unsigned long long)s->first_row + i / k + 1);
			hint_largest(s, i / k, err);
			return BN_EINVAL;
		}
	return 0;
}

int bn_session_run(bn_session *s, bn_err *err)
{
	int rc = 0;
	size_t k = s->p->outputs;
	for (size_t first = 0; first < s->rows; first += BN_PREDICT_ROWS) {
		size_t rows = s->rows - first < BN_PREDICT_ROWS ? s->rows - first : BN_PREDICT_ROWS;
		if ((rc = bn_model_batch_set_rows(s->batch, rows, err)) < 0)
			return rc;
		fill_block(s, first, rows);
		bn_model_batch_predict(s->batch);
		for (size_t r = 0; r < rows; r++)
			memcpy(s->outputs + (first + r) * k, bn_model_batch_output(s->batch, r),
				k * sizeof *s->outputs);
		if ((rc = check_finite(s, first, rows, err)) < 0)
			return rc;
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
	return s->cells[row * s->p->input_count + input];
}

bool bn_session_cell_is_unknown(const bn_session *s, size_t row, size_t input)
{
	return is_category(s, input) && bn_session_cell_number(s, row, input) == CELL_UNKNOWN;
}

const char *bn_session_cell_text(const bn_session *s, size_t row, size_t input)
{
	double x = bn_session_cell_number(s, row, input);
	if (!is_category(s, input) || x == CELL_MISSING)
		return NULL;
	if (x == CELL_UNKNOWN)
		return s->texts[row * s->p->input_count + input];
	return bn_features_input(s->p->features, input)->categories[(size_t)x];
}
