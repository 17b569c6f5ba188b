/*
 * report_forms.c - a report as JUnit XML and as OpenMetrics.
 *
 * JUnit: the elements that GitLab, Jenkins and the readers on PyPI agree on. Inconclusive is <error>, since
 * nothing was found wrong, and a test that could not run is one; a case that only warns stays a passed test
 * with its finding in <system-out>, so that no system shows a red pipeline for it.
 *
 * OpenMetrics 1.0: gauges, label values escaped, "# EOF" at the end. An unknown number has no sample.
 */
#include "core/ci/report.h"

#include "core/base/markup.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/net/exposition.h"

#include <math.h>
#include <string.h>

/* ---- XML ------------------------------------------------------------------------------------ */

static void attribute_add(bn_buf *b, const char *name, const char *value)
{
	bn_buf_addf(b, " %s=\"", name);
	bn_markup_add_xml(b, value, BN_SHOWN_LINE);
	bn_buf_addch(b, '"');
}

static void seconds_add(bn_buf *b, int64_t ns)
{
	if (ns >= 0)
		bn_buf_addf(b, " time=\"%.6f\"", (double)ns / 1e9);
}

/* How a case appears: the element inside it, NULL for none. */
static const char *outcome(const bn_ci_case *c)
{
	if (c->verdict == BN_CI_SKIPPED)
		return "skipped";
	if (c->warns || c->verdict == BN_CI_PASS)
		return NULL;
	return c->verdict == BN_CI_FAIL ? "failure" : "error";
}

static size_t outcome_count(const bn_ci_suite *s, const char *element)
{
	size_t n = 0;
	for (size_t i = 0; i < s->count; i++) {
		const char *is = outcome(&s->cases[i]);
		n += is && !strcmp(is, element);
	}
	return n;
}

static int64_t suite_ns(const bn_ci_suite *s)
{
	int64_t sum = -1;
	for (size_t i = 0; i < s->count; i++)
		if (s->cases[i].duration_ns >= 0)
			sum = (sum < 0 ? 0 : sum) + s->cases[i].duration_ns;
	return sum;
}

static void case_add(bn_buf *b, const char *suite, const bn_ci_case *c)
{
	const char *element = outcome(c);
	bn_buf_adds(b, "    <testcase");
	attribute_add(b, "classname", suite);
	attribute_add(b, "name", c->name);
	seconds_add(b, c->duration_ns);
	bool has_text = c->details && c->details[0];
	if (!element && !c->message[0] && !has_text) {
		bn_buf_adds(b, "/>\n");
		return;
	}
	bn_buf_adds(b, ">\n      <");
	bn_buf_adds(b, element ? element : "system-out");
	if (element)
		attribute_add(b, "message", c->message);
	if (element && strcmp(element, "skipped"))
		attribute_add(b, "type", bn_ci_verdict_name(c->verdict));
	bn_buf_addch(b, '>');
	if (!element && c->verdict != BN_CI_PASS)
		bn_buf_addf(b, "%s (warns): ", bn_ci_verdict_name(c->verdict));
	if (!element)
		bn_markup_add_xml(b, c->message, BN_SHOWN_LINES);
	if (has_text) {
		bn_buf_adds(b, element ? "" : "\n");
		bn_markup_add_xml(b, c->details, BN_SHOWN_LINES);
	}
	bn_buf_addf(b, "</%s>\n    </testcase>\n", element ? element : "system-out");
}

static void counts_add(bn_buf *b, size_t tests, size_t failures, size_t errors, size_t skipped)
{
	bn_buf_addf(b, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", tests,
		failures, errors, skipped);
}

int bn_ci_report_junit(const bn_ci_report *r, bn_buf *out, bn_err *err)
{
	char when[BN_TIMESTAMP_TEXT];
	size_t n[4] = {0};
	for (size_t i = 0; i < r->n_suites; i++) {
		n[0] += r->suites[i].count;
		n[1] += outcome_count(&r->suites[i], "failure");
		n[2] += outcome_count(&r->suites[i], "error");
		n[3] += outcome_count(&r->suites[i], "skipped");
	}
	bn_timestamp_iso(r->time_ms / 1000 * 1000000000, when);
	when[strcspn(when, "Z")] = '\0'; /* the form of JUnit's schema has no zone */
	bn_buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	attribute_add(out, "name", r->title ? r->title : "binnacle ci check");
	counts_add(out, n[0], n[1], n[2], n[3]);
	bn_buf_adds(out, ">\n");
	for (size_t i = 0; i < r->n_suites; i++) {
		const bn_ci_suite *s = &r->suites[i];
		bn_buf_adds(out, "  <testsuite");
		attribute_add(out, "name", s->name);
		counts_add(out, s->count, outcome_count(s, "failure"), outcome_count(s, "error"),
			outcome_count(s, "skipped"));
		seconds_add(out, suite_ns(s));
		attribute_add(out, "timestamp", when);
		bn_buf_adds(out, ">\n");
		for (size_t k = 0; k < s->count; k++)
			case_add(out, s->name, &s->cases[k]);
		bn_buf_adds(out, "  </testsuite>\n");
	}
	bn_buf_adds(out, "</testsuites>\n");
	return bn_buf_check(out, err, "a JUnit report");
}

/* ---- OpenMetrics ---------------------------------------------------------------------------- */

static void label_add(bn_buf *b, const char *name, const char *value, bool first)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add(&shown, value, strlen(value), BN_SHOWN_LINE);
	if (!first)
		bn_buf_addch(b, ',');
	bn_exposition_label(b, name, shown.ptr);
	b->failed = b->failed || shown.failed;
	bn_buf_release(&shown);
}

static void family_add(bn_buf *b, const char *name, const char *help)
{
	bn_buf_addf(b, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help);
}

static void number_add(bn_buf *b, double x)
{
	char text[BN_FMT];
	const char *infinity = x > 0 ? "+Inf" : "-Inf";
	bn_buf_addf(b, "} %s\n", isinf(x) ? infinity : bn_fmt_f64(x, text));
}

static void metrics_add(bn_buf *b, const bn_ci_report *r, const char *name, const char *help,
	double (*get)(const bn_ci_metric *m))
{
	family_add(b, name, help);
	for (size_t i = 0; i < r->n_metrics; i++) {
		double x = get(&r->metrics[i]);
		if (isnan(x))
			continue;
		bn_buf_addf(b, "%s{", name);
		label_add(b, "part", r->metrics[i].part, true);
		label_add(b, "metric", r->metrics[i].name, false);
		number_add(b, x);
	}
}

static double value_get(const bn_ci_metric *m)
{
	return m->value;
}

static double baseline_get(const bn_ci_metric *m)
{
	return m->baseline;
}

int bn_ci_report_openmetrics(const bn_ci_report *r, bn_buf *out, bn_err *err)
{
	static const char cases[] = "binnacle_ci_cases", verdict[] = "binnacle_ci_verdict";
	metrics_add(out, r, "binnacle_ci_metric", "Metric of the candidate model.", value_get);
	metrics_add(out, r, "binnacle_ci_metric_baseline", "The same metric of the target branch.",
		baseline_get);
	family_add(out, cases, "Cases of the gate, by suite and verdict.");
	for (size_t i = 0; i < r->n_suites; i++)
		for (int v = 0; v < BN_CI_VERDICTS; v++) {
			size_t n = 0;
			for (size_t k = 0; k < r->suites[i].count; k++)
				n += r->suites[i].cases[k].verdict == (bn_ci_verdict)v;
			bn_buf_addf(out, "%s{", cases);
			label_add(out, "suite", r->suites[i].name, true);
			label_add(out, "verdict", bn_ci_verdict_name((bn_ci_verdict)v), false);
			number_add(out, (double)n);
		}
	family_add(out, verdict, "1 for the verdict of the gate, 0 for the others.");
	for (int v = 0; v <= BN_CI_INCONCLUSIVE; v++) {
		bn_buf_addf(out, "%s{", verdict);
		label_add(out, "verdict", bn_ci_verdict_name((bn_ci_verdict)v), true);
		number_add(out, bn_ci_report_verdict(r) == (bn_ci_verdict)v);
	}
	bn_buf_adds(out, "# EOF\n");
	return bn_buf_check(out, err, "metrics");
}
