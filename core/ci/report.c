/* report.c - see report.h: filling a report, and what follows from its cases and metrics. */
#include "core/ci/report.h"

#include "core/base/json.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[BN_CI_VERDICTS] = {
	[BN_CI_PASS] = "pass",
	[BN_CI_FAIL] = "fail",
	[BN_CI_INCONCLUSIVE] = "inconclusive",
	[BN_CI_SKIPPED] = "skipped",
};

const char *bn_ci_verdict_name(bn_ci_verdict v)
{
	return verdict_names[v];
}

bool bn_ci_verdict_parse(bn_ci_verdict *out, const char *name)
{
	for (int v = 0; v < BN_CI_VERDICTS; v++)
		if (!strcmp(name, verdict_names[v])) {
			*out = (bn_ci_verdict)v;
			return true;
		}
	return false;
}

/* ---- filling -------------------------------------------------------------------------------- */

int bn_ci_report_new(bn_ci_report **out, bn_err *err)
{
	bn_ci_report *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r)
		return bn_err_nomem(err, "a report");
	*out = r;
	return 0;
}

void bn_ci_report_free(bn_ci_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_suites; i++)
		bn_free(r->suites[i].cases);
	bn_free(r->suites);
	bn_free(r->metrics);
	bn_free(r->charts);
	json_decref(r->data);
	json_decref(r->base_data);
	bn_arena_release(&r->arena);
	bn_free(r);
}

const char *bn_ci_report_keep(bn_ci_report *r, const char *text)
{
	const char *copy = text ? bn_arena_strdup(&r->arena, text) : NULL;
	r->failed = r->failed || (text && !copy);
	return copy;
}

/* The same for a text that is always there. */
static const char *keep_word(bn_ci_report *r, const char *text)
{
	const char *copy = bn_ci_report_keep(r, text);
	return copy ? copy : "";
}

static bn_ci_suite *suite_get(bn_ci_report *r, const char *name)
{
	for (size_t i = 0; i < r->n_suites; i++)
		if (!strcmp(r->suites[i].name, name))
			return &r->suites[i];
	if (bn_grow(&r->suites, &r->cap_suites, r->n_suites + 1, sizeof *r->suites))
		return NULL;
	r->suites[r->n_suites] = (bn_ci_suite){.name = keep_word(r, name)};
	return &r->suites[r->n_suites++];
}

bn_ci_case *bn_ci_report_add(bn_ci_report *r, const char *suite, const char *name,
	bn_ci_verdict verdict, const char *fmt, ...)
{
	bn_buf message = BN_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	bn_buf_vaddf(&message, fmt, ap);
	va_end(ap);
	bn_ci_suite *s = suite_get(r, suite);
	r->failed = r->failed || message.failed;
	bn_ci_case *c = &r->nowhere;
	if (s && !bn_grow(&s->cases, &s->cap, s->count + 1, sizeof *s->cases))
		c = &s->cases[s->count++];
	else
		r->failed = true;
	*c = (bn_ci_case){.name = keep_word(r, name),
		.verdict = verdict,
		.message = keep_word(r, message.ptr),
		.duration_ns = -1};
	bn_buf_release(&message);
	return c;
}

static bn_ci_metric *metric_find(const bn_ci_report *r, const char *part, const char *name)
{
	for (size_t i = 0; i < r->n_metrics; i++)
		if (!strcmp(r->metrics[i].part, part) && !strcmp(r->metrics[i].name, name))
			return &r->metrics[i];
	return NULL;
}

static bn_ci_metric *metric_get(bn_ci_report *r, const char *part, const char *name)
{
	bn_ci_metric *m = metric_find(r, part, name);
	if (m)
		return m;
	if (bn_grow(&r->metrics, &r->cap_metrics, r->n_metrics + 1, sizeof *r->metrics)) {
		r->failed = true;
		return NULL;
	}
	m = &r->metrics[r->n_metrics++];
	*m = (bn_ci_metric){.part = keep_word(r, part),
		.name = keep_word(r, name),
		.value = NAN,
		.baseline = NAN};
	return m;
}

void bn_ci_report_add_metric(
	bn_ci_report *r, const char *part, const char *name, double value, int direction)
{
	bn_ci_metric *m = metric_get(r, part, name);
	if (!m)
		return;
	m->value = value;
	m->direction = direction;
}

void bn_ci_report_add_chart(bn_ci_report *r, const char *title, const char *text)
{
	if (bn_grow(&r->charts, &r->cap_charts, r->n_charts + 1, sizeof *r->charts)) {
		r->failed = true;
		return;
	}
	r->charts[r->n_charts++] = (bn_ci_chart){keep_word(r, title), keep_word(r, text)};
}

void bn_ci_report_add_data(bn_ci_report *r, json_t *table)
{
	if (!r->data)
		r->data = json_array();
	if (json_array_append_new(r->data, table) < 0)
		r->failed = true;
}

static int direction_parse(const json_t *m)
{
	const char *better = bn_json_str(m, "better", "");
	return !strcmp(better, "higher") - !strcmp(better, "lower");
}

int bn_ci_report_compare(bn_ci_report *r, const json_t *other, const char *source, bn_err *err)
{
	const char *kind = bn_json_str(other, "kind", "");
	json_t *metrics, *m;
	size_t i;
	int rc;
	if (!json_is_object(other) || strcmp(kind, "binnacle.ci.report"))
		return bn_err_set(err, BN_EINVAL,
			"%s: not a report of `binnacle ci check` (no \"kind\": "
			"\"binnacle.ci.report\")",
			source);
	if ((rc = bn_json_need_array(other, "metrics", &metrics, source, err)) < 0)
		return rc;
	json_array_foreach(metrics, i, m)
	{
		char where[300];
		const char *part, *name;
		double value;
		snprintf(where, sizeof where, "%.200s: metrics[%zu]", source, i);
		if ((rc = bn_json_need_str(m, "part", &part, where, err)) < 0 ||
			(rc = bn_json_need_str(m, "name", &name, where, err)) < 0)
			return rc;
		if (!bn_json_number_of(json_object_get(m, "value"), &value))
			continue; /* not defined there, or only known to its own baseline */
		bn_ci_metric *mine = metric_get(r, part, name);
		if (!mine)
			return bn_err_nomem(err, "a report");
		mine->baseline = value;
		if (!mine->direction)
			mine->direction = direction_parse(m);
	}
	const json_t *data = json_object_get(other, "data");
	json_decref(r->base_data);
	r->base_data = json_is_array(data) ? json_deep_copy(data) : NULL;
	r->has_baseline = true;
	r->base_commit = bn_ci_report_keep(r, bn_json_str(other, "commit", NULL));
	r->base_ref = bn_ci_report_keep(r, bn_json_str(other, "ref", NULL));
	return bn_ci_report_finish(r, err);
}

static int rank(const bn_ci_case *c)
{
	static const int ranks[] = {
		[BN_CI_FAIL] = 0, [BN_CI_INCONCLUSIVE] = 1, [BN_CI_PASS] = 4, [BN_CI_SKIPPED] = 5};
	return ranks[c->verdict] + (c->warns && ranks[c->verdict] < 2 ? 2 : 0);
}

/* Of the first case, once they are sorted; suites without a finding keep their order. */
static int suite_rank(const bn_ci_suite *s)
{
	int first = s->count ? rank(&s->cases[0]) : 4;
	return first < 4 ? first : 4;
}

/* By insertion, since equal ones must stay in order, and lists are short. */
void bn_ci_report_sort(bn_ci_report *r)
{
	for (size_t i = 0; i < r->n_suites; i++) {
		const bn_ci_suite *s = &r->suites[i];
		for (size_t k = 1; k < s->count; k++) {
			bn_ci_case c = s->cases[k];
			size_t at = k;
			for (; at && rank(&s->cases[at - 1]) > rank(&c); at--)
				s->cases[at] = s->cases[at - 1];
			s->cases[at] = c;
		}
	}
	for (size_t i = 1; i < r->n_suites; i++) {
		bn_ci_suite s = r->suites[i];
		size_t at = i;
		for (; at && suite_rank(&r->suites[at - 1]) > suite_rank(&s); at--)
			r->suites[at] = r->suites[at - 1];
		r->suites[at] = s;
	}
}

int bn_ci_report_finish(const bn_ci_report *r, bn_err *err)
{
	return r->failed ? bn_err_nomem(err, "a report") : 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static size_t count(const bn_ci_report *r, bn_ci_verdict v, bool blocking_alone)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_suites; i++)
		for (size_t k = 0; k < r->suites[i].count; k++) {
			const bn_ci_case *c = &r->suites[i].cases[k];
			n += c->verdict == v && !(blocking_alone && c->warns);
		}
	return n;
}

size_t bn_ci_report_count(const bn_ci_report *r, bn_ci_verdict v)
{
	return count(r, v, false);
}

size_t bn_ci_report_blocks(const bn_ci_report *r, bn_ci_verdict v)
{
	return count(r, v, true);
}

bn_ci_verdict bn_ci_report_verdict(const bn_ci_report *r)
{
	if (bn_ci_report_blocks(r, BN_CI_FAIL))
		return BN_CI_FAIL;
	return bn_ci_report_blocks(r, BN_CI_INCONCLUSIVE) ? BN_CI_INCONCLUSIVE : BN_CI_PASS;
}

const bn_ci_metric *bn_ci_report_metric(const bn_ci_report *r, const char *part, const char *name)
{
	return metric_find(r, part, name);
}

double bn_ci_metric_change(const bn_ci_metric *m)
{
	return m->value == m->baseline ? 0 : m->value - m->baseline; /* inf - inf is no NaN here */
}

int bn_ci_metric_trend(const bn_ci_metric *m)
{
	double change = bn_ci_metric_change(m);
	if (isnan(change) || change == 0)
		return 0;
	return (change > 0) == (m->direction > 0) ? abs(m->direction) : -abs(m->direction);
}
