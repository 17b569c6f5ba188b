/*
 * route_predict.c - the small routes: /, health, version, and /predict, the native form.
 *
 * POST /predict takes
 *	{"feature": value, ..}          -> {"prediction": 12.3, "model": "power", "version": "3"}
 *	[{..}, {..}]                    -> {"prediction": [12.3, 4.5], ..}
 *	[v1, v2, ..] or [[..], [..]]    the model's inputs in order
 * and CSV with a header line (text/csv). A classifier adds "probabilities": {"label": p, ..}, one
 * object per row. Categories unseen in training are accepted (as unknown) with "warnings", unless
 * the server is strict.
 */
#include "core/base/json.h"
#include "core/serve/_server.h"

#include <string.h>

int bn_route_health(bn_call *c, bn_err *err)
{
	(void)err;
	bn_buf_adds(&c->response->body, "{\"status\":\"ok\"}\n");
	return 0;
}

int bn_route_version(bn_call *c, bn_err *err)
{
	(void)err;
	bn_buf_adds(&c->response->body, "{\"name\":\"binnacle\",\"version\":\"" BN_VERSION "\"}\n");
	return 0;
}

int bn_route_root(bn_call *c, bn_err *err)
{
	const bn_server *s = c->server;
	bn_buf *b = &c->response->body;
	(void)err;
	bn_buf_adds(b, "{\"name\":\"binnacle\",\"version\":\"" BN_VERSION "\",\"models\":[");
	for (size_t i = 0; i < s->model_count; i++) {
		bn_buf_adds(b, i ? ",{\"name\":" : "{\"name\":");
		bn_answer_string(b, bn_predictor_name(s->models[i]));
		bn_buf_adds(b, ",\"version\":");
		bn_answer_string(b, bn_predictor_version(s->models[i]));
		bn_buf_adds(b, ",\"sha256\":");
		bn_answer_string(b, bn_predictor_digest(s->models[i]));
		bn_buf_addch(b, '}');
	}
	bn_buf_adds(b, "],\"routes\":[\"POST /predict\",\"POST /invocations\",\"POST "
		       "/v2/models/NAME/infer\",\"GET /v2/models/NAME\",\"GET /metrics\",\"GET "
		       "/openapi.json\",\"GET "
		       "/healthz\"]}\n");
	return 0;
}

/* ---- /predict ------------------------------------------------------------------------------- */

static void write_probabilities(bn_buf *b, const bn_session *s, size_t row)
{
	const bn_model *m = bn_predictor_model(bn_session_predictor(s));
	const double *p = bn_session_outputs(s, row);
	bn_buf_addch(b, '{');
	for (size_t k = 0; k < bn_model_outputs(m); k++) {
		if (k)
			bn_buf_addch(b, ',');
		bn_answer_string(b, bn_features_class(bn_model_features(m), k));
		bn_buf_addch(b, ':');
		bn_answer_number(b, p[k]);
	}
	bn_buf_addch(b, '}');
}

typedef void (*write_row)(bn_buf *b, const bn_session *s, size_t row);

static void write_rows(bn_buf *b, const bn_session *s, bool many, write_row write)
{
	size_t n = bn_session_rows(s);
	if (many)
		bn_buf_addch(b, '[');
	for (size_t r = 0; r < n; r++) {
		if (r)
			bn_buf_addch(b, ',');
		write(b, s, r);
	}
	if (many)
		bn_buf_addch(b, ']');
}

#define MAX_WARNINGS 10

/* Names the cells that the model could not use. */
static void write_warnings(bn_buf *b, const bn_session *s)
{
	const bn_features *f = bn_model_features(bn_predictor_model(bn_session_predictor(s)));
	size_t inputs = bn_features_input_count(f), written = 0;
	bn_buf text = BN_BUF_INIT;
	bn_buf_adds(b, ",\"warnings\":[");
	for (size_t at = 0; at < bn_session_rows(s) * inputs && written < MAX_WARNINGS; at++) {
		size_t row = at / inputs, i = at % inputs;
		if (!bn_session_cell_is_unknown(s, row, i))
			continue;
		bn_buf_clear(&text);
		bn_buf_addf(&text, "row %zu: field '%s': unknown category '%.80s'", row + 1,
			bn_features_input(f, i)->name, bn_session_cell_text(s, row, i));
		bn_buf_adds(b, written++ ? "," : "");
		bn_answer_string(b, text.ptr);
	}
	size_t row, input, infinite = bn_session_infinite(s, &row, &input);
	if (infinite) {
		bn_buf_clear(&text);
		bn_buf_addf(&text, "row %zu: field '%s': infinite, taken as missing", row + 1,
			bn_features_input(f, input)->name);
		if (infinite > 1)
			bn_buf_addf(&text, " (%zu cells)", infinite);
		bn_buf_adds(b, written ? "," : "");
		bn_answer_string(b, text.ptr);
	}
	bn_buf_addch(b, ']');
	b->failed |= text.failed;
	bn_buf_release(&text);
}

static void write_answer(bn_call *c, bool many)
{
	bn_buf *b = &c->response->body;
	const bn_predictor *p = bn_session_predictor(c->session);
	bn_buf_adds(b, "{\"prediction\":");
	write_rows(b, c->session, many, bn_answer_prediction);
	if (bn_session_label(c->session, 0)) {
		bn_buf_adds(b, ",\"probabilities\":");
		write_rows(b, c->session, many, write_probabilities);
	}
	bn_buf_adds(b, ",\"model\":");
	bn_answer_string(b, bn_predictor_name(p));
	bn_buf_adds(b, ",\"version\":");
	bn_answer_string(b, bn_predictor_version(p));
	size_t row, input;
	if (bn_session_unknown(c->session) || bn_session_infinite(c->session, &row, &input))
		write_warnings(b, c->session);
	bn_buf_adds(b, "}\n");
}

static int rows_from_json(bn_call *c, const json_t *body, bool *many, bn_err *err)
{
	const json_t *first = json_array_get(body, 0);
	*many = true;
	if (json_is_object(body)) {
		*many = false;
		int rc = bn_call_begin(c, 1, err);
		return rc ? rc : bn_session_set_object(c->session, 0, body, err);
	}
	if (!json_is_array(body) || !first)
		return bn_err_set(err, BN_EINVAL,
			"expected an object of fields, or an array of such objects");
	if (json_is_object(first))
		return bn_rows_from_objects(c, body, err);
	if (json_is_array(first))
		return bn_rows_from_arrays(c, NULL, body, "body", err);
	*many = false;
	json_t *one = json_pack("[O]", body);
	if (!one)
		return bn_err_nomem(err, "a row");
	int rc = bn_rows_from_arrays(c, NULL, one, "body", err);
	json_decref(one);
	return rc;
}

/* Reads rows through a tree, which also gives the error messages. */
static int rows_from_body(bn_call *c, bool *many, bn_err *err)
{
	json_t *body = NULL;
	int rc = bn_call_json(&body, c, err);
	if (rc < 0)
		return rc;
	rc = rows_from_json(c, body, many, err);
	bn_call_free_json(body, c);
	return rc;
}

static int read_rows(bn_call *c, bool *many, bn_err *err)
{
	if (bn_call_has_type(c, "text/csv", false))
		return bn_rows_from_csv(c, err);
	if (!bn_call_has_type(c, "application/json", true))
		return bn_call_wrong_type(c, "application/json or text/csv", err);
	return bn_rows_quick(c, many) ? 0 : rows_from_body(c, many, err);
}

int bn_route_predict(bn_call *c, bn_err *err)
{
	int rc = 0;
	bool many = true;
	size_t n = c->match.param_count;
	if ((rc = bn_call_use_model(c, n > 0 ? c->match.params[0] : NULL,
		     n > 1 ? c->match.params[1] : NULL, err)) < 0)
		return rc;
	if ((rc = read_rows(c, &many, err)) < 0)
		return rc;
	if ((rc = bn_call_run(c, err)) < 0)
		return rc;
	write_answer(c, many);
	return 0;
}
