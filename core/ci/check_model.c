/* check_model.c - the candidate, the gates and the margins of a check. See _check.h. */
#include "core/ci/_check.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/learn/evaluate.h"
#include "core/track/best.h"
#include "core/track/series.h"

#include <math.h>
#include <string.h>

enum { CURVES_MOST = 4, CURVE_WIDTH = 60, RUN_METRICS_MOST = 30 };

/* ---- candidate ------------------------------------------------------------------------------ */

static void finished_add(bn_ci_checking *c)
{
	const bn_run_info *run = c->candidate->run;
	bool is_good = run->status == BN_RUN_FINISHED;
	bn_ci_report_add(c->report, "candidate", "run finished", is_good ? BN_CI_PASS : BN_CI_FAIL,
		"run %.8s is %s%s%s", run->id, bn_run_status_name(run->status),
		run->reason ? ": " : "", run->reason ? run->reason : "");
}

/* The candidate was trained by the code that is judged here. Only CI knows that for sure (a developer may check an older
 * run), so it warns. */
static void commit_add(bn_ci_checking *c)
{
	const json_t *code = c->candidate->code;
	const char *commit = bn_json_str(code, "commit", NULL), *here = c->report->commit;
	bool is_dirty = bn_json_bool(code, "dirty", false);
	bn_ci_verdict v = BN_CI_PASS;
	bn_ci_case *added;
	if (!here || !commit) {
		added = bn_ci_report_add(c->report, "candidate", "of this commit", BN_CI_SKIPPED,
			"%s", !here ? "this is no git repository" : "the run recorded no commit");
	} else {
		bool is_same = !strcmp(commit, here);
		v = is_same && !is_dirty ? BN_CI_PASS : BN_CI_FAIL;
		added = bn_ci_report_add(c->report, "candidate", "of this commit", v,
			"trained at %.12s%s, checked at %.12s", commit,
			is_dirty ? " with uncommitted changes" : "", here);
	}
	added->warns = true;
}

/* Whether two numbers are the same measurement: the same bits, but for the kernels of another processor. */
static bool is_near(double a, double b)
{
	return a == b || fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b)) || (isnan(a) && isnan(b));
}

static void differences_add(
	bn_buf *b, const char *part, const json_t *measured, const json_t *reported)
{
	const char *name;
	json_t *v;
	char one[BN_FMT], other[BN_FMT];
	json_object_foreach((json_t *)(uintptr_t)measured, name, v)
	{
		double x = bn_json_num(measured, name, NAN), y = bn_json_num(reported, name, NAN);
		if (json_object_get(reported, name) && !is_near(x, y))
			bn_buf_addf(b, "%s %s is %s, reported %s\n", part, name,
				bn_fmt_sig(x, 9, one), bn_fmt_sig(y, 9, other));
	}
}

static void measured_add(bn_ci_checking *c, int64_t judge_ns)
{
	const bn_candidate *m = c->candidate;
	const char *part, *problem = NULL;
	json_t *numbers;
	bn_buf differs = BN_BUF_INIT;
	bn_ci_case *added;
	json_object_foreach(m->measured, part, numbers)
		differences_add(&differs, part, numbers, json_object_get(m->reported, part));
	json_object_foreach(m->problems, part, numbers) problem = json_string_value(numbers);
	if (differs.len) {
		added = bn_ci_report_add(c->report, "candidate", "scores what it reports",
			BN_CI_FAIL, "%s", "the model does not score what its run reports");
		added->details = bn_ci_report_keep(c->report, differs.ptr);
	} else if (!json_object_size(m->measured)) {
		added = bn_ci_report_add(c->report, "candidate", "scores what it reports",
			BN_CI_SKIPPED, "not measured here, as reported%s%s", problem ? ": " : "",
			problem ? problem : "");
	} else {
		added = bn_ci_report_add(c->report, "candidate", "scores what it reports",
			BN_CI_PASS, "%s", "measured again on the rows that its run held out");
	}
	added->duration_ns = judge_ns;
	c->report->failed = c->report->failed || differs.failed;
	bn_buf_release(&differs);
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void part_metrics_add(
	bn_ci_checking *c, const char *part, const json_t *numbers, bool known_alone)
{
	const char *name;
	json_t *v;
	size_t n = 0;
	json_object_foreach((json_t *)(uintptr_t)numbers, name, v)
	{
		bool is_kept = known_alone ? bn_metric_find(name) != NULL
					   : strncmp(name, "system/", 7) && n++ < RUN_METRICS_MOST;
		if (is_kept && (json_is_number(v) || json_is_null(v)))
			bn_ci_report_add_metric(c->report, part, name,
				bn_json_num(numbers, name, NAN), bn_metric_direction(name));
	}
}

/* What was measured, what is only reported, and the series of a program that is no trainer of ours. */
static void metrics_add(bn_ci_checking *c)
{
	static const char *const parts[] = {"test", "valid", "train"};
	const bn_candidate *m = c->candidate;
	for (int i = 0; i < 3; i++) {
		const json_t *numbers = json_object_get(m->measured, parts[i]);
		part_metrics_add(c, parts[i],
			numbers ? numbers : json_object_get(m->reported, parts[i]), true);
	}
	if (!c->report->n_metrics)
		part_metrics_add(c, "run", json_object_get(m->reported, "run"), false);
}

/* ---- gates ---------------------------------------------------------------------------------- */

static bool is_for_person(const bn_policy_gate *g)
{
	return !g->metric && strcmp(g->check, "data") && strcmp(g->check, "signature") &&
	       strcmp(g->check, "card");
}

static void gate_add(bn_ci_checking *c, size_t i)
{
	const bn_policy_gate *g = &c->policy->gates[i];
	const bn_gate_result *r = &c->candidate->gates->items[i];
	char place[24];
	static const bn_ci_verdict verdicts[] = {
		[BN_VERDICT_PASS] = BN_CI_PASS,
		[BN_VERDICT_FAIL] = BN_CI_FAIL,
		[BN_VERDICT_INCONCLUSIVE] = BN_CI_INCONCLUSIVE,
		[BN_VERDICT_NOT_APPLICABLE] = BN_CI_SKIPPED,
	};
	bn_ci_case *added;
	snprintf(place, sizeof place, "%zu", i);
	const char *why = bn_json_str(c->candidate->gate_problems, place, NULL);
	bool is_open = r->verdict == BN_VERDICT_INCONCLUSIVE && why;
	if (is_for_person(g))
		added = bn_ci_report_add(c->report, "gates", r->name, BN_CI_SKIPPED,
			"a person attests '%s' before the approval: binnacle model attest",
			g->check);
	else
		added = bn_ci_report_add(c->report, "gates", r->name, verdicts[r->verdict],
			"%s: %s", r->claim, is_open ? why : r->evidence);
	added->warns = g->severity == BN_GATE_WARN;
}

static bool asks_nothing(const bn_ci_checking *c)
{
	bool has_suite = false;
	for (size_t i = 0; i < c->s->n_data; i++)
		has_suite = has_suite || c->s->data[i].suite;
	return !has_suite && !c->candidate->gates->count &&
	       !json_object_size(c->s->evaluate.margin);
}

static void gates_add(bn_ci_checking *c)
{
	const bn_gate_report *r = c->candidate->gates;
	c->report->asks_nothing = asks_nothing(c);
	for (size_t i = 0; i < r->count; i++)
		gate_add(c, i);
	if (c->report->asks_nothing)
		bn_ci_report_add(
			c->report, "gates", "gates", BN_CI_SKIPPED, "%s", BN_CI_NOTHING_ASKED);
	else if (!r->count)
		bn_ci_report_add(c->report, "gates", "gates", BN_CI_SKIPPED, "%s has no gates",
			c->policy_name);
}

int bn_ci_check_model(bn_ci_checking *c, int64_t judge_ns, bn_err *err)
{
	finished_add(c);
	commit_add(c);
	measured_add(c, judge_ns);
	metrics_add(c);
	gates_add(c);
	return bn_ci_report_finish(c->report, err);
}

/* ---- target branch ----------------------------------------------------------------------------- */

static void margin_add(bn_ci_checking *c, const char *name, double margin)
{
	char change[BN_FMT], most[BN_FMT];
	const bn_ci_metric *m = bn_ci_report_metric(c->report, "test", name);
	const char *suite = "target branch";
	if (!c->report->has_baseline) {
		bn_ci_report_add(c->report, suite, name, BN_CI_SKIPPED, "%s",
			"there are no metrics of the target branch to compare with");
	} else if (m && !isnan(m->value) && isnan(m->baseline)) {
		bn_ci_report_add(c->report, suite, name, BN_CI_SKIPPED,
			"the target branch has no test %s", name);
	} else if (!m || isnan(m->value)) {
		bn_ci_report_add(c->report, suite, name, BN_CI_INCONCLUSIVE,
			"the candidate has no test %s", name);
	} else if (!m->direction) {
		bn_ci_report_add(c->report, suite, name, BN_CI_INCONCLUSIVE,
			"it is not known whether a lower or a higher %s is better", name);
	} else {
		double worse = -m->direction * bn_ci_metric_change(m);
		bn_ci_report_add(c->report, suite, name, worse <= margin ? BN_CI_PASS : BN_CI_FAIL,
			"test %s is %s by %s, at most %s worse", name,
			worse > 0 ? "worse" : "better or equal", bn_fmt_sig(fabs(worse), 6, change),
			bn_fmt_sig(margin, 6, most));
	}
}

void bn_ci_check_margins(bn_ci_checking *c)
{
	const char *name;
	json_t *margin;
	json_object_foreach((json_t *)(uintptr_t)c->s->evaluate.margin, name, margin)
		margin_add(c, name, json_number_value(margin));
}

/* ---- curves --------------------------------------------------------------------------------- */

static void curve_line(bn_buf *b, const bn_series_info *s, const bn_bucket *buckets, size_t n)
{
	static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	char low[BN_FMT], high[BN_FMT], last[BN_FMT];
	for (size_t i = 0; i < n; i++) {
		double share = (buckets[i].last - s->min) / (s->max - s->min);
		bool is_gap = !buckets[i].count || !(share >= 0 && share <= 1);
		bn_buf_adds(b, is_gap ? " " : levels[(int)(share * 7 + 0.5)]);
	}
	bn_buf_addf(b, "\n%s to %s, last %s, steps %lld to %lld\n", bn_fmt_sig(s->min, 5, low),
		bn_fmt_sig(s->max, 5, high), bn_fmt_sig(s->last, 5, last), (long long)s->first_step,
		(long long)s->last_step);
}

static int curve_add(bn_ci_checking *c, const bn_series_info *s, bn_err *err)
{
	bn_bucket buckets[CURVE_WIDTH];
	bn_buf b = BN_BUF_INIT;
	size_t n = s->count < CURVE_WIDTH ? (size_t)s->count : CURVE_WIDTH;
	int rc = bn_series_envelope(
		buckets, n, NULL, c->ws, c->candidate->run->id, s->key, BN_AXIS_STEP, 1, 0, err);
	if (rc < 0)
		return rc;
	curve_line(&b, s, buckets, n);
	bn_ci_report_add_chart(c->report, s->key, b.ptr);
	c->report->failed = c->report->failed || b.failed;
	bn_buf_release(&b);
	return 0;
}

int bn_ci_check_curves(bn_ci_checking *c, bn_err *err)
{
	bn_series_list l = BN_SERIES_LIST_INIT;
	size_t said = 0;
	int rc = bn_series_find_all(&l, c->ws, c->candidate->run->id, err);
	for (size_t i = 0; rc >= 0 && i < l.count && said < CURVES_MOST; i++) {
		const bn_series_info *s = &l.items[i];
		bool is_curve = s->count >= 5 && s->max > s->min && !isinf(s->max - s->min) &&
				strncmp(s->key, "system/", 7);
		if (is_curve && (rc = curve_add(c, s, err)) >= 0)
			said++;
	}
	bn_series_list_release(&l);
	return rc < 0 ? rc : 0;
}
