/*
 * route_oip.c - Open Inference Protocol v2 (kserve/open-inference-protocol, inference_rest.md).
 *
 * Each input of the model is a separate tensor: [n] (or [n, 1]) of FP64 for numbers, BOOL for booleans, BYTES
 * for categories, and [n, elements] for a column of vectors; its metadata give the type used in training under
 * parameters. One tensor [n, inputs] of
 * numbers, under any other name, is read as rows of all inputs in order. Outputs: "prediction" [n], and for a
 * classifier "probabilities" [n, classes]; its parameters name the classes as one record of CSV, so a name may
 * hold a comma. `data` may be nested or flat, row-major. Tensors with bytes after the JSON (the binary
 * extension) and elements in another coding (content_type base64) get a 415 that says what to send instead.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/serve/_server.h"
#include "core/source/csv_write.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

int bn_route_oip_server(bn_call *c, bn_err *err)
{
	(void)err;
	bn_buf_adds(&c->response->body,
		"{\"name\":\"binnacle\",\"version\":\"" BN_VERSION "\",\"extensions\":[]}\n");
	return 0;
}

int bn_route_oip_live(bn_call *c, bn_err *err)
{
	(void)err;
	bn_buf_adds(&c->response->body, "{\"live\":true}\n");
	return 0;
}

int bn_route_oip_ready(bn_call *c, bn_err *err)
{
	(void)err;
	bn_buf_adds(&c->response->body, "{\"ready\":true}\n");
	return 0;
}

/* The model of v2/models/NAME[/versions/V][/..]. */
static int use_model(bn_call *c, bn_err *err)
{
	return bn_call_use_model(
		c, c->match.params[0], c->match.param_count > 1 ? c->match.params[1] : NULL, err);
}

int bn_route_oip_model_ready(bn_call *c, bn_err *err)
{
	int rc = use_model(c, err);
	if (rc)
		return rc;
	bn_buf_adds(&c->response->body, "{\"name\":");
	bn_answer_string(&c->response->body, c->match.params[0]);
	bn_buf_adds(&c->response->body, ",\"ready\":true}\n");
	return 0;
}

/* ---- metadata ------------------------------------------------------------------------------- */

static const char *datatype_of(bn_input_kind kind)
{
	return kind == BN_INPUT_NUMBER ? "FP64" : kind == BN_INPUT_BOOL ? "BOOL" : "BYTES";
}

static void write_versions(bn_buf *b, const bn_server *s, const char *name)
{
	bool any = false;
	bn_buf_adds(b, ",\"versions\":[");
	for (size_t i = 0; i < s->model_count; i++)
		if (!strcmp(bn_predictor_name(s->models[i]), name)) {
			if (any)
				bn_buf_addch(b, ',');
			bn_answer_string(b, bn_predictor_version(s->models[i]));
			any = true;
		}
	bn_buf_addch(b, ']');
}

static const char *prediction_datatype(const bn_predictor *p)
{
	return bn_predictor_is_classifier(p) && !bn_predictor_has_numeric_classes(p) ? "BYTES"
										     : "FP64";
}

static void write_class_list(bn_buf *b, const bn_predictor *p)
{
	bn_buf list = BN_BUF_INIT;
	for (size_t k = 0; k < bn_features_class_count(bn_predictor_features(p)); k++) {
		const char *name = bn_features_class(bn_predictor_features(p), k);
		bn_buf_adds(&list, k ? "," : "");
		bn_csv_add_field(&list, name, strlen(name), ',');
	}
	bn_buf_adds(b, ",\"parameters\":{\"classes\":");
	bn_answer_string(b, list.ptr ? list.ptr : "");
	bn_buf_addch(b, '}');
	b->failed |= list.failed;
	bn_buf_release(&list);
}

static void write_input(bn_buf *b, const bn_predictor *p, const bn_feature_source *s)
{
	bn_buf_adds(b, "{\"name\":");
	bn_answer_string(b, s->name);
	bn_buf_addf(b, ",\"datatype\":\"%s\",\"shape\":[-1",
		datatype_of(bn_predictor_input_kind(p, s->first)));
	if (s->elements)
		bn_buf_addf(b, ",%zu],\"parameters\":{\"type\":\"fixed<%s,%zu>\"}}", s->elements,
			bn_type_name(s->type), s->elements);
	else
		bn_buf_addf(b, "],\"parameters\":{%s%s%s\"type\":\"%s\"}}",
			s->read ? "\"read\":" : "", s->read ? s->read : "", s->read ? "," : "",
			bn_type_name(s->type));
}

int bn_route_oip_model(bn_call *c, bn_err *err)
{
	bn_buf *b = &c->response->body;
	int rc = use_model(c, err);
	if (rc)
		return rc;
	const bn_predictor *p = c->server->models[c->model];
	bn_buf_adds(b, "{\"name\":");
	bn_answer_string(b, bn_predictor_name(p));
	write_versions(b, c->server, bn_predictor_name(p));
	bn_buf_addf(b, ",\"platform\":\"binnacle_%s\",\"inputs\":[",
		bn_model_trainer(bn_predictor_model(p)));
	for (size_t i = 0; i < bn_features_source_count(bn_predictor_features(p)); i++) {
		bn_buf_adds(b, i ? "," : "");
		write_input(b, p, bn_features_source(bn_predictor_features(p), i));
	}
	bn_buf_addf(b,
		"],\"outputs\":[{\"name\":\"prediction\",\"datatype\":\"%s\",\"shape\":[-1]}",
		prediction_datatype(p));
	if (bn_predictor_is_classifier(p)) {
		bn_buf_addf(b,
			",{\"name\":\"probabilities\",\"datatype\":\"FP64\",\"shape\":[-1,%zu]",
			bn_predictor_output_count(p));
		write_class_list(b, p);
		bn_buf_addch(b, '}');
	}
	bn_buf_adds(b, "]}\n");
	return 0;
}

/* ---- a tensor of a request ------------------------------------------------------------------ */

typedef struct datatype {
	const char *name;
	enum { IS_BOOL, IS_BYTES, IS_FLOAT, IS_INTEGER } is;
	double least, most; /* range of numbers; the upper bound of 64-bit types is exclusive */
} datatype;

static const datatype datatypes[] = {{"BOOL", IS_BOOL, 0, 1}, {"BYTES", IS_BYTES, 0, 0},
	{"UINT8", IS_INTEGER, 0, UINT8_MAX}, {"UINT16", IS_INTEGER, 0, UINT16_MAX},
	{"UINT32", IS_INTEGER, 0, UINT32_MAX}, {"UINT64", IS_INTEGER, 0, 0x1p64},
	{"INT8", IS_INTEGER, INT8_MIN, INT8_MAX}, {"INT16", IS_INTEGER, INT16_MIN, INT16_MAX},
	{"INT32", IS_INTEGER, INT32_MIN, INT32_MAX}, {"INT64", IS_INTEGER, -0x1p63, 0x1p63},
	{"FP16", IS_FLOAT, -65504, 65504}, {"FP32", IS_FLOAT, -FLT_MAX, FLT_MAX},
	{"FP64", IS_FLOAT, -DBL_MAX, DBL_MAX}};

static const datatype *datatype_find(const char *name)
{
	for (size_t i = 0; name && i < sizeof datatypes / sizeof *datatypes; i++)
		if (!strcmp(datatypes[i].name, name))
			return &datatypes[i];
	return NULL;
}

typedef struct tensor {
	const char *name;
	const datatype *type;
	size_t rows, columns; /* columns 1 for a one-dimensional shape */
	size_t count;         /* elements, now in worker->flat */
} tensor;

static int flatten(
	bn_server_worker *w, json_t *data, size_t want, size_t *n, int depth, bn_err *err)
{
	size_t i;
	json_t *v;
	if (depth > 8)
		return bn_err_set(err, BN_EINVAL, "data is nested too deeply");
	json_array_foreach(data, i, v)
	{
		if (json_is_array(v)) {
			int rc = flatten(w, v, want, n, depth + 1, err);
			if (rc)
				return rc;
			continue;
		}
		if (*n == want)
			return bn_err_set(err, BN_EINVAL,
				"data holds more than the %zu values of its shape", want);
		w->flat[(*n)++] = v;
	}
	return 0;
}

static int read_shape(tensor *t, const json_t *shape, size_t max_rows, bn_err *err)
{
	size_t dims = json_array_size(shape);
	json_int_t d[2] = {0, 1};
	if (!json_is_array(shape) || dims < 1 || dims > 2)
		return bn_err_set(err, BN_EINVAL, "shape: expected [n] or [n, m]");
	for (size_t i = 0; i < dims; i++) {
		const json_t *v = json_array_get(shape, i);
		if (!json_is_integer(v) || json_integer_value(v) < 1 ||
			json_integer_value(v) > 100000000)
			return bn_err_set(err, BN_EINVAL,
				"shape: dimension %zu is not a positive integer", i + 1);
		d[i] = json_integer_value(v);
	}
	t->rows = (size_t)d[0];
	t->columns = (size_t)d[1];
	if (t->rows > max_rows || t->columns > 100000)
		return bn_err_set(err, BN_EINVAL,
			"shape: [%zu, %zu] is too large, at most %zu rows", t->rows, t->columns,
			max_rows);
	return 0;
}

/* Whether this JSON value has that datatype. null is a missing value of any. */
static bool value_fits(const json_t *v, const datatype *d)
{
	if (json_is_null(v))
		return true;
	if (d->is == IS_BOOL)
		return json_is_boolean(v);
	if (d->is == IS_BYTES)
		return json_is_string(v);
	double x;
	if (bn_json_wide_number(v, &x))
		return true;
	if (!json_is_number(v))
		return false;
	x = json_number_value(v);
	return d->is == IS_FLOAT || json_is_integer(v) || x == floor(x);
}

static bool value_is_within(const json_t *v, const datatype *d)
{
	double x;
	if (d->is != IS_BYTES && bn_json_wide_number(v, &x))
		return x <= d->most && (d->is == IS_FLOAT || d->least == 0);
	if (!json_is_number(v))
		return true;
	x = json_number_value(v);
	if (json_is_integer(v)) /* has 64 bits with a sign */
		return d->least < 0 ? d->most >= 0x1p63 || (x >= d->least && x <= d->most)
				    : json_integer_value(v) >= 0 && x <= d->most;
	return x >= d->least &&
	       (d->most >= 0x1p63 && d->is == IS_INTEGER ? x < d->most : x <= d->most);
}

static int check_value(const json_t *v, size_t i, const datatype *d, bn_err *err)
{
	char text[BN_FMT];
	const char *shown = json_string_value(v);
	if (!value_fits(v, d))
		return bn_err_set(
			err, BN_EINVAL, "data: value %zu is not a valid %s", i + 1, d->name);
	if (value_is_within(v, d))
		return 0;
	if (!shown)
		shown = bn_fmt_f64(json_number_value(v), text);
	if (d->is == IS_INTEGER && d->most < 0x1p63)
		return bn_err_set(err, BN_EINVAL,
			"data: value %zu, %.40s, is outside of %s (%.0f to %.0f)", i + 1, shown,
			d->name, d->least, d->most);
	return bn_err_set(
		err, BN_EINVAL, "data: value %zu, %.40s, is outside of %s", i + 1, shown, d->name);
}

static int binary_tensor(bn_call *c, bn_err *err)
{
	c->status = 415;
	/* Its clients show the error alone, not the hint. */
	return bn_err_set(err, BN_EINVAL,
		"tensors as bytes behind the JSON are not taken here: send them as JSON, as "
		"set_data_from_numpy(x, binary_data=False) of tritonclient and of KServe does");
}

/* Elements that are not what they look like. */
static int look_at_parameters(bn_call *c, const json_t *of, bn_err *err)
{
	static const char *const plain[] = {"np", "pd", "str", "datetime"};
	const json_t *parameters = json_object_get(of, "parameters");
	const char *coding = json_string_value(json_object_get(parameters, "content_type"));
	if (json_object_get(parameters, "binary_data_size"))
		return binary_tensor(c, err);
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (!coding || !strcmp(coding, plain[i]))
			return 0;
	c->status = 415;
	return bn_err_set(err, BN_EINVAL,
		"content_type '%.40s' is not supported: send texts as they are (content_type str) "
		"and numbers as JSON (content_type np)",
		coding);
}

static int read_tensor(tensor *t, bn_call *c, const json_t *in, bn_err *err)
{
	bn_server_worker *w = c->worker;
	json_t *data = json_object_get(in, "data");
	t->name = json_string_value(json_object_get(in, "name"));
	const char *type = json_string_value(json_object_get(in, "datatype"));
	t->type = datatype_find(type);
	t->count = 0;
	int rc = 0;
	if (!t->name)
		return bn_err_set(err, BN_EINVAL, "an input has no name");
	if ((rc = look_at_parameters(c, in, err)) < 0)
		goto out;
	if ((rc = read_shape(t, json_object_get(in, "shape"), c->server->o.max_rows, err)) < 0)
		goto out;
	if (!t->type) {
		rc = bn_err_set(err, BN_EINVAL, "datatype '%.20s' is not one of the protocol's",
			type ? type : "(none)");
		goto out;
	}
	if (!json_is_array(data)) {
		rc = bn_err_set(err, BN_EINVAL, "data: expected an array");
		goto out;
	}
	size_t want = t->rows * t->columns;
	if (want > json_array_size(data) * t->columns) {
		rc = bn_err_set(err, BN_EINVAL, "data holds fewer values than its shape says");
		goto out;
	}
	if (bn_grow(&w->flat, &w->flat_cap, want, sizeof *w->flat)) {
		rc = bn_err_nomem(err, "a tensor");
		goto out;
	}
	if ((rc = flatten(w, data, want, &t->count, 0, err)) < 0)
		goto out;
	if (t->count != want) {
		rc = bn_err_set(err, BN_EINVAL, "data holds %zu values, its shape says %zu",
			t->count, want);
		goto out;
	}
	for (size_t i = 0; i < t->count; i++)
		if ((rc = check_value(w->flat[i], i, t->type, err)) < 0)
			goto out;
out:
	if (rc < 0)
		bn_err_prefix(err, "input '%.80s'", t->name);
	return rc;
}

/* ---- infer ---------------------------------------------------------------------------------- */

/* One tensor that is no column's own: rows of all columns in order, vectors by their elements. */
static bool is_matrix(const bn_call *c, const json_t *inputs)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	const json_t *only = json_array_get(inputs, 0);
	const char *name = json_string_value(json_object_get(only, "name"));
	return json_array_size(inputs) == 1 && name &&
	       bn_predictor_find_input(p, name, strlen(name)) < 0 &&
	       bn_predictor_find_vector(p, name, strlen(name)) < 0;
}

static size_t matrix_columns(const bn_features *f)
{
	size_t n = 0;
	for (size_t k = 0; k < bn_features_source_count(f); k++) {
		size_t elements = bn_features_source(f, k)->elements;
		n += elements ? elements : 1;
	}
	return n;
}

/* The inputs of a source from a tensor of which it begins in column `first`. */
static int fill_source(
	bn_call *c, const bn_feature_source *s, const tensor *t, size_t first, bn_err *err)
{
	const bn_features *f = bn_predictor_features(bn_session_predictor(c->session));
	int rc;
	for (size_t r = 0; r < t->rows; r++)
		for (size_t i = s->first; i < s->first + s->count; i++) {
			size_t at = first + bn_features_input(f, i)->element;
			if ((rc = bn_session_set_value(c->session, r, i,
				     c->worker->flat[r * t->columns + at], err)) < 0)
				return rc;
		}
	return 0;
}

static int fill_matrix(bn_call *c, const json_t *in, bn_err *err)
{
	const bn_features *f = bn_predictor_features(bn_session_predictor(c->session));
	size_t want = matrix_columns(f), at = 0;
	tensor t;
	int rc = read_tensor(&t, c, in, err);
	if (rc < 0)
		return rc;
	if (t.columns != want)
		return bn_err_set(err, BN_EINVAL,
			"input '%.80s': the model takes [n, %zu], got [%zu, %zu]", t.name, want,
			t.rows, t.columns);
	if ((rc = bn_call_begin(c, t.rows, err)) < 0)
		return rc;
	for (size_t k = 0; k < bn_features_source_count(f); k++) {
		const bn_feature_source *s = bn_features_source(f, k);
		if ((rc = fill_source(c, s, &t, at, err)) < 0)
			return rc;
		at += s->elements ? s->elements : 1;
	}
	return 0;
}

static int fill_one(bn_call *c, const json_t *in, size_t *rows, uint8_t *given, bn_err *err)
{
	tensor t;
	int rc = read_tensor(&t, c, in, err);
	if (rc)
		return rc;
	const bn_predictor *p = bn_session_predictor(c->session);
	int input = bn_predictor_find_input(p, t.name, strlen(t.name));
	int vector = input < 0 ? bn_predictor_find_vector(p, t.name, strlen(t.name)) : -1;
	bn_feature_source one = {.first = (size_t)input, .count = 1};
	const bn_feature_source *s =
		vector < 0 ? &one : bn_features_source(bn_predictor_features(p), (size_t)vector);
	if (input < 0 && vector < 0 && c->server->o.policy.allow_extra)
		return 0;
	if (input < 0 && vector < 0)
		return bn_err_set(err, BN_EINVAL, "unknown input '%.80s'", t.name);
	if (vector < 0 && t.columns != 1)
		return bn_err_set(
			err, BN_EINVAL, "input '%s': expected shape [n] or [n, 1]", t.name);
	if (vector >= 0 && t.columns != s->elements)
		return bn_err_set(
			err, BN_EINVAL, "input '%s': expected shape [n, %zu]", t.name, s->elements);
	for (size_t i = s->first; i < s->first + s->count; i++)
		if (given[i]++)
			return bn_err_set(err, BN_EINVAL, "input '%s' is given twice", t.name);
	if (!*rows) {
		*rows = t.rows;
		rc = bn_call_begin(c, t.rows, err);
	} else if (*rows != t.rows) {
		rc = bn_err_set(err, BN_EINVAL, "input '%s' has %zu rows, others have %zu", t.name,
			t.rows, *rows);
	}
	return rc < 0 ? rc : fill_source(c, s, &t, 0, err);
}

static int fill_inputs(bn_call *c, const json_t *inputs, bn_err *err)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	size_t i, rows = 0;
	json_t *in;
	uint8_t *given = bn_alloc_zeroed(bn_predictor_input_count(p), 1);
	if (!given)
		return bn_err_nomem(err, "inputs");
	int rc = 0;
	json_array_foreach((json_t *)inputs, i, in)
	{
		rc = fill_one(c, in, &rows, given, err);
		if (rc)
			break;
	}
	for (i = 0; !rc && i < bn_predictor_input_count(p); i++)
		if (!given[i])
			rc = bn_err_set(err, BN_EINVAL, "missing input '%s'",
				bn_predictor_input_name(p, i));
	bn_free(given);
	return rc;
}

/* Which outputs are wanted: all when none is named. */
static int choose_outputs(const bn_predictor *p, const json_t *outputs, bool *prediction,
	bool *probabilities, bn_err *err)
{
	size_t i;
	json_t *o;
	*prediction = *probabilities = !json_array_size(outputs);
	json_array_foreach((json_t *)outputs, i, o)
	{
		const char *name = json_string_value(json_object_get(o, "name"));
		if (name && !strcmp(name, "prediction"))
			*prediction = true;
		else if (name && bn_predictor_is_classifier(p) && !strcmp(name, "probabilities"))
			*probabilities = true;
		else
			return bn_err_set(err, BN_EINVAL, "no output '%.80s': there is %s",
				name ? name : "(none)",
				bn_predictor_is_classifier(p) ? "prediction and probabilities"
							      : "prediction");
	}
	*probabilities &= bn_predictor_is_classifier(p);
	return 0;
}

static void write_outputs(bn_call *c, bool prediction, bool probabilities)
{
	const bn_session *s = c->session;
	const bn_predictor *p = bn_session_predictor(s);
	size_t n = bn_session_rows(s);
	bn_buf *b = &c->response->body;
	if (prediction) {
		bn_buf_addf(b,
			"{\"name\":\"prediction\",\"shape\":[%zu],\"datatype\":\"%s\",\"data\":[",
			n, prediction_datatype(p));
		for (size_t r = 0; r < n; r++) {
			if (r)
				bn_buf_addch(b, ',');
			bn_answer_prediction(b, s, r);
		}
		bn_buf_adds(b, "]}");
	}
	if (!probabilities)
		return;
	bn_buf_addf(b, "%s{\"name\":\"probabilities\",\"shape\":[%zu,%zu],\"datatype\":\"FP64\"",
		prediction ? "," : "", n, bn_predictor_output_count(p));
	write_class_list(b, p);
	bn_buf_adds(b, ",\"data\":[");
	for (size_t i = 0; i < n * bn_predictor_output_count(p); i++) {
		if (i)
			bn_buf_addch(b, ',');
		bn_answer_number(
			b, bn_session_outputs(s, i / bn_predictor_output_count(
							     p))[i % bn_predictor_output_count(p)]);
	}
	bn_buf_adds(b, "]}");
}

static void write_answer(bn_call *c, const json_t *id, bool prediction, bool probabilities)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	bn_buf *b = &c->response->body;
	bn_buf_adds(b, "{\"model_name\":");
	bn_answer_string(b, bn_predictor_name(p));
	bn_buf_adds(b, ",\"model_version\":");
	bn_answer_string(b, bn_predictor_version(p));
	bn_buf_adds(b, ",\"id\":");
	bn_answer_string(b, json_is_string(id) ? json_string_value(id) : c->request_id);
	bn_buf_adds(b, ",\"outputs\":[");
	write_outputs(c, prediction, probabilities);
	bn_buf_adds(b, "]}\n");
}

int bn_route_oip_infer(bn_call *c, bn_err *err)
{
	json_t *body = NULL;
	bool prediction = true, probabilities = true;
	int rc;
	if ((rc = use_model(c, err)) < 0)
		return rc;
	if (bn_http_request_header(c->request, "Inference-Header-Content-Length"))
		return binary_tensor(c, err);
	if (!bn_call_has_type(c, "application/json", true))
		return bn_call_wrong_type(c, "application/json", err);
	if ((rc = bn_call_json(&body, c, err)) < 0)
		return rc;
	const json_t *inputs = json_object_get(body, "inputs");
	if ((rc = look_at_parameters(c, body, err)) < 0)
		goto out;
	if (!json_array_size(inputs)) {
		rc = bn_err_set(err, BN_EINVAL, "inputs: expected an array of tensors");
		goto out;
	}
	if ((rc = choose_outputs(bn_session_predictor(c->session), json_object_get(body, "outputs"),
		     &prediction, &probabilities, err)) < 0)
		goto out;
	rc = is_matrix(c, inputs) ? fill_matrix(c, json_array_get(inputs, 0), err)
				  : fill_inputs(c, inputs, err);
	if (rc < 0 || (rc = bn_call_run(c, err)) < 0)
		goto out;
	write_answer(c, json_object_get(body, "id"), prediction, probabilities);
out:
	bn_call_free_json(body, c);
	return rc;
}
