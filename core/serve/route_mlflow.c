/*
 * route_mlflow.c - POST /invocations, as mlflow/pyfunc/scoring_server answers it.
 *
 * JSON with exactly one of dataframe_split {columns, data, index?}, dataframe_records [{..}],
 * instances [..] and inputs (a dict of columns, or rows), or CSV with a header line; answers {"predictions":
 * [..]}; for a classifier, if requested by the header X-Binnacle-Probabilities: 1, also "classes" and
 * "probabilities". `params` is accepted if empty: our models have none.
 */
#include "core/serve/_server.h"

#include <stdio.h>
#include <string.h>

static int from_split(bn_call *c, const json_t *split, bn_err *err)
{
	const json_t *columns = json_object_get(split, "columns"),
		     *data = json_object_get(split, "data");
	if (!json_is_array(columns) || !json_is_array(data))
		return bn_err_set(err, BN_EINVAL,
			"dataframe_split: expected {\"columns\": [names], \"data\": [[values], "
			"..]}");
	return bn_rows_from_arrays(c, columns, data, "dataframe_split", err);
}

static int from_records(bn_call *c, const json_t *records, bn_err *err)
{
	if (!json_is_array(records))
		return bn_err_set(
			err, BN_EINVAL, "dataframe_records: expected an array of objects");
	return bn_rows_from_objects(c, records, err);
}

/* instances and inputs: rows as objects or arrays, or one object of columns. */
static int from_tensors(bn_call *c, const json_t *value, const char *what, bn_err *err)
{
	if (json_is_object(value))
		return bn_rows_from_columns(c, value, err);
	if (!json_is_array(value))
		return bn_err_set(
			err, BN_EINVAL, "%s: expected rows or an object of columns", what);
	if (json_is_object(json_array_get(value, 0)))
		return bn_rows_from_objects(c, value, err);
	return bn_rows_from_arrays(c, NULL, value, what, err);
}

static int from_json(bn_call *c, const json_t *body, bn_err *err)
{
	static const char *const keys[] = {
		"dataframe_split", "dataframe_records", "instances", "inputs"};
	const json_t *value = NULL, *params = json_object_get(body, "params");
	size_t which = 0, found = 0;
	for (size_t i = 0; i < 4; i++) {
		const json_t *v = json_object_get(body, keys[i]);
		if (v) {
			value = v;
			which = i;
			found++;
		}
	}
	if (found != 1)
		return bn_err_set(err, BN_EINVAL,
			"the JSON must have exactly one of dataframe_split, dataframe_records, "
			"instances and inputs; it has %zu",
			found);
	if (params && !json_is_null(params) &&
		!(json_is_object(params) && !json_object_size(params)))
		return bn_err_set(err, BN_EINVAL, "params: this model takes none");
	if (which == 0)
		return from_split(c, value, err);
	if (which == 1)
		return from_records(c, value, err);
	return from_tensors(c, value, keys[which], err);
}

/* MLflow's response does not say which of several models answered. */
static void name_model(bn_call *c)
{
	const bn_predictor *p = bn_session_predictor(c->session);
	char name[256];
	snprintf(name, sizeof name, "%s/%s", bn_predictor_name(p), bn_predictor_version(p));
	bn_http_response_add(c->response, "X-Binnacle-Model", name, NULL);
}

/* Nor has it room for warnings. */
static void count_unknown(bn_call *c)
{
	char cells[32];
	snprintf(cells, sizeof cells, "%zu", (size_t)bn_session_unknown(c->session));
	if (bn_session_unknown(c->session))
		bn_http_response_add(c->response, "X-Binnacle-Unknown-Categories", cells, NULL);
	size_t row, input, infinite = bn_session_infinite(c->session, &row, &input);
	snprintf(cells, sizeof cells, "%zu", infinite);
	if (infinite)
		bn_http_response_add(c->response, "X-Binnacle-Infinite-Cells", cells, NULL);
}

/* MLflow's response has no place for probabilities either: clients that know ours request them. */
static void write_probabilities(bn_call *c)
{
	const bn_session *s = c->session;
	const bn_features *f = bn_predictor_features(bn_session_predictor(s));
	const char *asked = bn_http_request_header(c->request, "X-Binnacle-Probabilities");
	size_t classes = bn_session_label(s, 0) ? bn_features_class_count(f) : 0;
	bn_buf *b = &c->response->body;
	if (!asked || strcmp(asked, "1") != 0 || !classes)
		return;
	bn_buf_adds(b, ", \"classes\": [");
	for (size_t k = 0; k < classes; k++) {
		bn_buf_adds(b, k ? ", " : "");
		bn_answer_string(b, bn_features_class(f, k));
	}
	bn_buf_adds(b, "], \"probabilities\": [");
	for (size_t r = 0; r < bn_session_rows(s); r++) {
		bn_buf_adds(b, r ? ", [" : "[");
		for (size_t k = 0; k < classes; k++) {
			bn_buf_adds(b, k ? ", " : "");
			bn_answer_number(b, bn_session_outputs(s, r)[k]);
		}
		bn_buf_addch(b, ']');
	}
	bn_buf_addch(b, ']');
}

int bn_route_invocations(bn_call *c, bn_err *err)
{
	json_t *body = NULL;
	bn_buf *b = &c->response->body;
	size_t n = c->match.param_count;
	int rc = bn_call_use_model(
		c, n > 0 ? c->match.params[0] : NULL, n > 1 ? c->match.params[1] : NULL, err);
	if (rc)
		return rc;
	name_model(c);
	if (bn_call_has_type(c, "text/csv", false)) {
		rc = bn_rows_from_csv(c, err);
	} else if (bn_call_has_type(c, "application/json", false)) {
		rc = bn_call_json(&body, c, err);
		if (!rc)
			rc = from_json(c, body, err);
	} else {
		rc = bn_call_wrong_type(c, "application/json or text/csv", err);
	}
	if (!rc)
		rc = bn_call_run(c, err);
	if (!rc) {
		count_unknown(c);
		bn_buf_adds(b, "{\"predictions\": [");
		for (size_t r = 0; r < bn_session_rows(c->session); r++) {
			if (r)
				bn_buf_adds(b, ", ");
			bn_answer_prediction(b, c->session, r);
		}
		bn_buf_addch(b, ']');
		write_probabilities(c);
		bn_buf_addch(b, '}');
	}
	bn_call_free_json(body, c);
	return rc;
}
