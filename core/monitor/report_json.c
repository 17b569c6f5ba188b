/* report_json.c - a report as the JSON of its details, and back (see report.h for the shape). */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/monitor/_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- out ------------------------------------------------------------------------------------ */

static json_t *numbers_json(const double *x, size_t n)
{
	json_t *a = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, bn_json_real_or_null(x[i]));
	return a;
}

static json_t *bins_json(const bn_monitor_feature *f)
{
	json_t *b = json_object();
	if (f->edges) {
		json_object_set_new(b, "edges", numbers_json(f->edges, f->bins ? f->bins + 1 : 0));
	} else {
		json_t *labels = json_array();
		for (size_t i = 0; i < f->bins; i++)
			json_array_append_new(labels, json_string(f->labels[i]));
		json_object_set_new(b, "labels", labels);
	}
	json_object_set_new(b, "ref", numbers_json(f->ref, f->bins));
	json_object_set_new(b, "cur", numbers_json(f->cur, f->bins));
	return b;
}

static json_t *feature_json(const bn_monitor_feature *f)
{
	const bn_drift_result *r = &f->result;
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:f, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
		"name", f->name, "kind", f->kind, "test", bn_drift_test_name(r->test), "title",
		bn_drift_test_title(r->test), "statistic", bn_json_real_or_null(r->statistic), "p",
		bn_json_real_or_null(r->p), "score", bn_json_real_or_null(r->score), "operator",
		bn_drift_operator_text(r->op), "threshold", r->threshold, "verdict",
		bn_drift_verdict_name(r->verdict), "why", r->why, "n_ref", (json_int_t)r->n_ref,
		"n_cur", (json_int_t)r->n_cur, "missing_ref", (json_int_t)r->ref_dropped,
		"missing_cur", (json_int_t)r->cur_dropped, "bins", bins_json(f), "infinity_norm",
		bn_json_real_or_null(f->infinity_norm), "jensen_shannon_divergence",
		bn_json_real_or_null(f->jensen_shannon_divergence));
}

int bn_monitor_report_json(json_t **out, const bn_monitor_report *r, bn_err *err)
{
	json_t *features = json_array();
	for (size_t i = 0; r->features && i < r->feature_count; i++)
		json_array_append_new(features, feature_json(&r->features[i]));
	const bn_drift_dataset *d = &r->dataset;
	*out = json_pack(
		"{s:s, s:s, s:s?, s:I, s:{s:s, s:s?, s:I}, s:{s:I, s:I, s:I}, s:{s:s, s:o, s:f, "
		"s:I, s:I, s:I, s:s}, s:o}",
		"id", r->id, "model", r->model, "version", r->version, "time",
		(json_int_t)r->time_ms, "reference", "kind", r->reference_kind, "dataset",
		r->reference, "rows", (json_int_t)r->reference_rows, "window", "from",
		(json_int_t)r->from_ms, "to", (json_int_t)r->to_ms, "rows", (json_int_t)r->rows,
		"dataset", "verdict", bn_drift_verdict_name(d->verdict), "share",
		bn_json_real_or_null(d->share), "threshold", d->threshold, "columns",
		(json_int_t)d->columns, "drifted", (json_int_t)d->drifted, "inconclusive",
		(json_int_t)d->inconclusive, "why", d->why, "features", features);
	if (!*out)
		return bn_err_nomem(err, "a report");
	if (r->features)
		return 0;
	json_object_del(*out, "features"); /* a summary has none to show */
	return 0;
}

/* ---- in ------------------------------------------------------------------------------------- */

static bn_drift_verdict verdict_of(const json_t *o)
{
	const char *name = bn_json_str(o, "verdict", "");
	for (int v = BN_DRIFT_NONE; v <= BN_DRIFT_INCONCLUSIVE; v++)
		if (!strcmp(name, bn_drift_verdict_name((bn_drift_verdict)v)))
			return (bn_drift_verdict)v;
	return BN_DRIFT_INCONCLUSIVE;
}

/* A new array of n doubles from JSON; NULL if out of memory or if the length differs. */
static double *numbers_of(const json_t *array, size_t n)
{
	double *x = json_array_size(array) == n ? bn_alloc((n + 1) * sizeof *x) : NULL;
	for (size_t i = 0; x && i < n; i++) {
		const json_t *v = json_array_get(array, i);
		x[i] = json_is_number(v) ? json_number_value(v) : NAN;
	}
	return x;
}

static int parse_bins(bn_monitor_feature *f, const json_t *bins, bn_err *err)
{
	const json_t *edges = json_object_get(bins, "edges"),
		     *labels = json_object_get(bins, "labels");
	size_t n = json_array_size(json_object_get(bins, "ref"));
	f->ref = numbers_of(json_object_get(bins, "ref"), n);
	f->cur = numbers_of(json_object_get(bins, "cur"), n);
	bool ok = f->ref && f->cur;
	if (edges)
		f->edges = numbers_of(edges, n ? n + 1 : 0);
	else
		f->labels = json_array_size(labels) == n ? bn_alloc_zeroed(n + 1, sizeof *f->labels)
							 : NULL;
	if (!ok || (!f->edges && !f->labels))
		return bn_err_set(err, BN_ECORRUPT, "a report's bins do not fit together");
	f->bins = n;
	for (size_t i = 0; f->labels && i < n; i++) {
		const char *label = json_string_value(json_array_get(labels, i));
		f->labels[i] = bn_strdup(label ? label : "?");
		if (!f->labels[i])
			return bn_err_nomem(err, "a report");
	}
	return 0;
}

static int parse_feature(bn_monitor_feature *f, const json_t *o, bn_err *err)
{
	bn_drift_result *r = &f->result;
	bn_drift_test test = BN_DRIFT_AUTO;
	if (!bn_drift_test_parse(bn_json_str(o, "test", ""), &test))
		return bn_err_set(err, BN_ECORRUPT, "a report names the test '%s'",
			bn_json_str(o, "test", ""));
	f->name = bn_strdup(bn_json_str(o, "name", "?"));
	f->kind = bn_strdup(bn_json_str(o, "kind", "?"));
	if (!f->name || !f->kind)
		return bn_err_nomem(err, "a report");
	r->test = test;
	r->op = bn_drift_test_operator(test);
	r->verdict = verdict_of(o);
	r->statistic = bn_json_num(o, "statistic", NAN);
	r->p = bn_json_num(o, "p", NAN);
	r->score = bn_json_num(o, "score", NAN);
	r->threshold = bn_json_num(o, "threshold", NAN);
	f->infinity_norm = bn_json_num(o, "infinity_norm", NAN);
	f->jensen_shannon_divergence = bn_json_num(o, "jensen_shannon_divergence", NAN);
	r->n_ref = (size_t)bn_json_int(o, "n_ref", 0);
	r->n_cur = (size_t)bn_json_int(o, "n_cur", 0);
	r->ref_dropped = (size_t)bn_json_int(o, "missing_ref", 0);
	r->cur_dropped = (size_t)bn_json_int(o, "missing_cur", 0);
	snprintf(r->why, sizeof r->why, "%s", bn_json_str(o, "why", ""));
	return parse_bins(f, json_object_get(o, "bins"), err);
}

static int parse_head(bn_monitor_report *r, const json_t *doc, bn_err *err)
{
	const json_t *ref = json_object_get(doc, "reference"),
		     *window = json_object_get(doc, "window");
	const json_t *d = json_object_get(doc, "dataset");
	r->id = bn_strdup(bn_json_str(doc, "id", ""));
	r->model = bn_strdup(bn_json_str(doc, "model", ""));
	r->version = bn_strdup(bn_json_str(doc, "version", NULL));
	r->reference_kind = bn_strdup(bn_json_str(ref, "kind", ""));
	r->reference = bn_strdup(bn_json_str(ref, "dataset", NULL));
	if (!r->id || !r->model || !r->reference_kind)
		return bn_err_nomem(err, "a report");
	r->time_ms = bn_json_int(doc, "time", 0);
	r->reference_rows = bn_json_int(ref, "rows", 0);
	r->from_ms = bn_json_int(window, "from", 0);
	r->to_ms = bn_json_int(window, "to", 0);
	r->rows = bn_json_int(window, "rows", 0);
	r->dataset.verdict = verdict_of(d);
	r->dataset.share = bn_json_num(d, "share", NAN);
	r->dataset.threshold = bn_json_num(d, "threshold", NAN);
	r->dataset.columns = (size_t)bn_json_int(d, "columns", 0);
	r->dataset.drifted = (size_t)bn_json_int(d, "drifted", 0);
	r->dataset.inconclusive = (size_t)bn_json_int(d, "inconclusive", 0);
	snprintf(r->dataset.why, sizeof r->dataset.why, "%s", bn_json_str(d, "why", ""));
	return 0;
}

int bn_monitor_report_parse(bn_monitor_report **out, const json_t *doc, bn_err *err)
{
	const json_t *features = json_object_get(doc, "features");
	size_t n = json_array_size(features);
	bn_monitor_report *r = bn_alloc_zeroed(1, sizeof *r);
	int rc = 0;
	if (!r)
		return bn_err_nomem(err, "a report");
	if ((rc = parse_head(r, doc, err)) < 0)
		goto out;
	if (!(r->features = bn_alloc_zeroed(n + 1, sizeof *r->features))) {
		rc = bn_err_nomem(err, "a report");
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		r->feature_count = i + 1;
		if ((rc = parse_feature(&r->features[i], json_array_get(features, i), err)) < 0)
			goto out;
	}
	*out = r;
	r = NULL;
out:
	bn_monitor_report_free(r);
	return rc;
}
