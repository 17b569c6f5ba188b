/* report_json.c - a report as JSON: report.h documents the shape. */
#include "core/ci/report.h"

#include "core/base/json.h"
#include "core/base/timestamp.h"
#include "core/base/utf8.h"

#include <string.h>

/* JSON holds any text that is UTF-8; another one loses the bytes that are not. */
static json_t *text_json(const char *s)
{
	bn_buf b = BN_BUF_INIT;
	size_t n = s ? strlen(s) : 0, used;
	if (!s)
		return json_null();
	if (bn_utf8_is_valid(s, n))
		return json_string(s);
	for (size_t i = 0; i < n; i += used) {
		uint32_t cp;
		used = bn_utf8_decode(s + i, n - i, &cp);
		if (cp == BN_UTF8_BAD)
			bn_buf_addch(&b, '?');
		else
			bn_buf_add(&b, s + i, used);
	}
	json_t *out = b.failed ? NULL : json_string(b.ptr);
	bn_buf_release(&b);
	return out;
}

static json_t *case_json(const bn_ci_case *c)
{
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o}", "name", text_json(c->name), "verdict",
		bn_ci_verdict_name(c->verdict), "severity", c->warns ? "warn" : "block", "message",
		text_json(c->message), "details", text_json(c->details), "seconds",
		c->duration_ns < 0 ? json_null() : json_real((double)c->duration_ns / 1e9));
}

static json_t *suites_json(const bn_ci_report *r)
{
	json_t *suites = json_array();
	for (size_t i = 0; suites && i < r->n_suites; i++) {
		json_t *cases = json_array();
		for (size_t k = 0; cases && k < r->suites[i].count; k++)
			json_array_append_new(cases, case_json(&r->suites[i].cases[k]));
		json_array_append_new(
			suites, json_pack("{s:o, s:o}", "name", text_json(r->suites[i].name),
					"cases", cases));
	}
	return suites;
}

static json_t *metrics_json(const bn_ci_report *r)
{
	static const char *const trends[] = {"worse", "equal", "better"};
	static const char *const better[] = {"lower", NULL, "higher"};
	json_t *metrics = json_array();
	for (size_t i = 0; metrics && i < r->n_metrics; i++) {
		const bn_ci_metric *m = &r->metrics[i];
		double change = bn_ci_metric_change(m);
		int trend = bn_ci_metric_trend(m);
		bool is_known = trend || change == 0;
		json_array_append_new(metrics,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:s?, s:s?}", "part",
				text_json(m->part), "name", text_json(m->name), "value",
				bn_json_real_or_null(m->value), "baseline",
				bn_json_real_or_null(m->baseline), "change",
				bn_json_real_or_null(change), "better", better[m->direction + 1],
				"verdict", is_known ? trends[trend + 1] : NULL));
	}
	return metrics;
}

static json_t *lines_json(const char *text)
{
	json_t *lines = json_array();
	while (lines && *text) {
		size_t n = strcspn(text, "\n");
		char *line = bn_strndup(text, n);
		json_array_append_new(lines, line ? text_json(line) : NULL);
		bn_free(line);
		text += n + (text[n] == '\n');
	}
	return lines;
}

static json_t *charts_json(const bn_ci_report *r)
{
	json_t *charts = json_array();
	for (size_t i = 0; charts && i < r->n_charts; i++)
		json_array_append_new(
			charts, json_pack("{s:o, s:o}", "title", text_json(r->charts[i].title),
					"lines", lines_json(r->charts[i].text)));
	return charts;
}

static json_t *counts_json(const bn_ci_report *r)
{
	json_t *counts = json_object();
	for (int v = 0; v < BN_CI_VERDICTS; v++)
		json_object_set_new(counts, bn_ci_verdict_name((bn_ci_verdict)v),
			json_integer((json_int_t)bn_ci_report_count(r, (bn_ci_verdict)v)));
	return counts;
}

int bn_ci_report_json(const bn_ci_report *r, json_t **out, bn_err *err)
{
	char when[BN_TIMESTAMP_TEXT];
	bn_ci_verdict v = bn_ci_report_verdict(r);
	json_t *base = r->has_baseline
			       ? json_pack("{s:o, s:o}", "commit", text_json(r->base_commit), "ref",
					 text_json(r->base_ref))
			       : json_null();
	*out = json_pack("{s:s, s:i, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, "
			 "s:o, s:O?, s:o, s:o}",
		"kind", "binnacle.ci.report", "format", 1, "verdict", bn_ci_verdict_name(v),
		"blocks", (int)(v != BN_CI_PASS), "commit", text_json(r->commit), "ref",
		text_json(r->ref), "pipeline_url", text_json(r->pipeline_url), "model",
		text_json(r->model), "run", text_json(r->run), "run_name", text_json(r->run_name),
		"dataset", text_json(r->dataset), "time",
		bn_timestamp_iso(r->time_ms * 1000000, when), "cases", counts_json(r), "suites",
		suites_json(r), "metrics", metrics_json(r), "data", r->data, "baseline", base,
		"charts", charts_json(r));
	return *out ? bn_ci_report_finish(r, err) : bn_err_nomem(err, "a report");
}
