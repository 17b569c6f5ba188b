/* prediction_table.c - see _prediction_log.h: waiting rows, and the Arrow file written from them. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/monitor/_prediction_log.h"
#include "core/table/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- taking rows ---------------------------------------------------------------------------- */

static const bn_feature_input *input_of(const bn_predictor *p, size_t i)
{
	return bn_features_input(bn_model_features(bn_predictor_model(p)), i);
}

/* The part kept of a text unseen in training, truncated between characters. */
static size_t kept_bytes(const char *text)
{
	size_t n = text ? strnlen(text, BN_PREDICTION_TEXT + 1) : 0;
	return n <= BN_PREDICTION_TEXT
		       ? n
		       : BN_PREDICTION_TEXT - bn_utf8_tail(text, BN_PREDICTION_TEXT);
}

static size_t unknown_text_bytes(const bn_session *s, size_t rows, size_t inputs)
{
	size_t n = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < inputs; i++)
			if (bn_session_cell_is_unknown(s, r, i))
				n += kept_bytes(bn_session_cell_text(s, r, i)) + 1;
	return n;
}

bn_parcel *bn_parcel_new(const bn_served *served)
{
	const bn_session *s = served->session;
	const bn_predictor *p = bn_session_predictor(s);
	size_t rows = bn_session_rows(s);
	size_t inputs = bn_features_input_count(bn_model_features(bn_predictor_model(p)));
	size_t cells = rows * inputs, text = unknown_text_bytes(s, rows, inputs);
	size_t bytes =
		sizeof(bn_parcel) + (cells + rows) * (sizeof(double) + sizeof(char *)) + text;
	bn_parcel *q = bn_alloc(bytes);
	if (!q)
		return NULL;
	memset(q, 0, sizeof *q);
	q->predictor = p;
	q->time_ns = served->time_ns;
	q->latency_us = served->latency_us;
	q->rows = rows;
	q->inputs = inputs;
	q->bytes = bytes;
	q->source = served->source;
	snprintf(q->request_id, sizeof q->request_id, "%s", served->request_id);
	q->cells = (double *)(q + 1);
	q->predictions = q->cells + cells;
	q->texts = (const char **)(q->predictions + rows);
	q->labels = q->texts + cells;
	char *copy = (char *)(q->labels + rows);
	for (size_t r = 0; r < rows; r++) {
		q->predictions[r] = bn_session_prediction(s, r);
		q->labels[r] = bn_session_label(s, r);
		for (size_t i = 0; i < inputs; i++) {
			size_t at = r * inputs + i;
			q->cells[at] = bn_session_cell_number(s, r, i);
			q->texts[at] = bn_session_cell_text(s, r, i);
			if (bn_session_cell_is_unknown(
				    s, r, i)) { /* its text is freed with the request */
				size_t n = kept_bytes(q->texts[at]);
				if (n)
					memcpy(copy, q->texts[at], n);
				q->texts[at] = copy;
				copy[n] = '\0';
				copy += n + 1;
			}
		}
	}
	return q;
}

/* ---- one Arrow file ------------------------------------------------------------------------- */

enum { COL_TIME, COL_REQUEST, COL_LATENCY, COL_PREDICTION, COL_INPUTS };

static bn_type type_of(bn_input_kind kind)
{
	switch (kind) {
	case BN_INPUT_CATEGORY:
		return BN_TYPE_CATEGORY;
	case BN_INPUT_BOOL:
		return BN_TYPE_BOOL;
	default:
		return BN_TYPE_FLOAT64;
	}
}

static int build_schema(bn_schema *s, const bn_parcel *q, bn_err *err)
{
	bn_type answer = q->labels[0] ? BN_TYPE_CATEGORY : BN_TYPE_FLOAT64;
	int rc;
	if ((rc = bn_schema_add(s, "_time", BN_TYPE_TIMESTAMP, false, NULL, err)) < 0 ||
		(rc = bn_schema_add(s, "_request", BN_TYPE_STRING, false, NULL, err)) < 0 ||
		(rc = bn_schema_add(s, "_latency_us", BN_TYPE_FLOAT64, true, "us", err)) < 0 ||
		(rc = bn_schema_add(s, "_prediction", answer, true, NULL, err)) < 0)
		return rc;
	for (size_t i = 0; i < q->inputs; i++) {
		const bn_feature_input *in = input_of(q->predictor, i);
		if (bn_schema_find(s, in->name) < COL_INPUTS)
			return bn_err_set(err, BN_EINVAL,
				"the model has an input '%s', which is the name of a column of the "
				"log",
				in->name);
		if ((rc = bn_schema_add(s, in->name, type_of(in->kind), true, NULL, err)) < 0)
			return rc;
	}
	if ((rc = bn_schema_set_meta(s, "model", bn_predictor_name(q->predictor), err)) < 0)
		return rc;
	return bn_schema_set_meta(s, "version", bn_predictor_version(q->predictor), err);
}

static int write_row(bn_table_writer *w, const bn_parcel *q, size_t r, bn_err *err)
{
	bn_table_row_i64(w, COL_TIME, q->time_ns);
	bn_table_row_text(w, COL_REQUEST, q->request_id, strlen(q->request_id));
	bn_table_row_f64(w, COL_LATENCY, q->latency_us);
	if (q->labels[r])
		bn_table_row_text(w, COL_PREDICTION, q->labels[r], strlen(q->labels[r]));
	else
		bn_table_row_f64(w, COL_PREDICTION, q->predictions[r]);
	for (size_t i = 0; i < q->inputs; i++) {
		size_t at = r * q->inputs + i;
		double x = q->cells[at];
		switch (input_of(q->predictor, i)->kind) {
		case BN_INPUT_CATEGORY:
			if (q->texts[at])
				bn_table_row_text(
					w, COL_INPUTS + i, q->texts[at], strlen(q->texts[at]));
			break;
		case BN_INPUT_BOOL:
			if (!isnan(x))
				bn_table_row_bool(w, COL_INPUTS + i, x != 0);
			break;
		case BN_INPUT_NUMBER:
			bn_table_row_f64(w, COL_INPUTS + i, x);
			break;
		}
	}
	return bn_table_row_end(w, err);
}

static void note_time(bn_parcels_written *out, int64_t ns)
{
	out->from_ns = !out->rows || ns < out->from_ns ? ns : out->from_ns;
	out->to_ns = !out->rows || ns > out->to_ns ? ns : out->to_ns;
}

static void set_aside(bn_parcels_written *out, uint64_t rows, const bn_parcel *q, const bn_err *why)
{
	out->set_aside += rows;
	snprintf(out->why, sizeof out->why, "request %s: %.200s", q->request_id, why->msg);
}

/* A row that the table refuses is dropped and does not block the others. */
static int write_rows(bn_parcels_written *out, bn_table_writer *w, const bn_parcel *q, bn_err *err)
{
	for (size_t r = 0; r < q->rows; r++) {
		bn_err why = BN_ERR_INIT;
		int rc = write_row(w, q, r, &why);
		if (rc == BN_EINVAL) {
			set_aside(out, 1, q, &why);
			continue;
		}
		if (rc < 0)
			return bn_err_move(err, &why);
		note_time(out, q->time_ns);
		out->rows++;
	}
	return 0;
}

int bn_parcels_write(bn_parcels_written *out, bn_workspace *ws, const char *path,
	const bn_parcel *list, bn_err *err)
{
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	*out = (bn_parcels_written){0};
	if ((rc = build_schema(&schema, list, &why)) < 0 ||
		(rc = bn_table_create(
			 &w, bn_workspace_env(ws), bn_workspace_at(ws), path, &schema, &why)) < 0)
		goto out;
	for (const bn_parcel *q = list; q; q = q->next)
		if ((rc = write_rows(out, w, q, &why)) < 0)
			goto out;
	if (out->rows)
		rc = bn_table_writer_finish(w, &why);
out:
	bn_table_writer_free(w); /* removes the file, unless it is finished */
	bn_schema_release(&schema);
	if (rc == BN_EINVAL) { /* no table can hold rows of this model */
		*out = (bn_parcels_written){0};
		for (const bn_parcel *q = list; q; q = q->next)
			set_aside(out, q->rows, q, &why);
		return 0;
	}
	return rc < 0 ? bn_err_move(err, &why) : 0;
}
