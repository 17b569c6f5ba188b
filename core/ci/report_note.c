/*
 * report_note.c - a report as Markdown, for a note on a merge request or a pull request.
 *
 * Untrusted text appears only as code or in fenced blocks (core/base/markup.h). Forges ignore mentions and references
 * in both.
 */
#include "core/ci/_report.h"

#include "core/base/markup.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CASES_MOST = 50, DETAILS_MOST = 20, DETAIL_LINES_MOST = 40 };

/* ---- the verdict ---------------------------------------------------------------------------- */

static const char *const heads[] = {
	[BN_CI_PASS] = "✅ passed",
	[BN_CI_FAIL] = "❌ failed",
	[BN_CI_INCONCLUSIVE] = "❔ inconclusive",
	[BN_CI_SKIPPED] = "➖ skipped",
};

static void about_add(bn_buf *b, const char *what, const char *value, size_t most, bool *first)
{
	char cut[130];
	if (!value)
		return;
	snprintf(cut, sizeof cut, "%.*s", (int)most, value);
	bn_buf_adds(b, *first ? "" : " · ");
	bn_buf_addf(b, "%s ", what);
	bn_markup_add_code(b, cut);
	*first = false;
}

static void head_add(bn_buf *b, const bn_ci_report *r)
{
	bool first = true;
	bool is_empty = r->asks_nothing && bn_ci_report_verdict(r) == BN_CI_PASS;
	bn_buf_addf(b, "### Gate: %s%s%s\n\n", heads[bn_ci_report_verdict(r)], is_empty ? ": " : "",
		is_empty ? BN_CI_NOTHING_ASKED : "");
	about_add(b, "model", r->model, 128, &first);
	about_add(b, "run", r->run_name ? r->run_name : r->run, 128, &first);
	about_add(b, "data", r->dataset, 128, &first);
	about_add(b, "commit", r->commit, 12, &first);
	about_add(b, "on", r->ref, 128, &first);
	bn_buf_adds(b, first ? "" : "\n\n");
	bn_buf_addf(b, "%zu passed, %zu failed, %zu inconclusive, %zu skipped\n",
		bn_ci_report_count(r, BN_CI_PASS), bn_ci_report_count(r, BN_CI_FAIL),
		bn_ci_report_count(r, BN_CI_INCONCLUSIVE), bn_ci_report_count(r, BN_CI_SKIPPED));
}

/* ---- what did not pass ---------------------------------------------------------------------- */

static void finding_add(bn_buf *b, const char *suite, const bn_ci_case *c)
{
	bn_buf_addf(b, "| %s%s | ", heads[c->verdict], c->warns ? " (warns)" : "");
	bn_markup_add_code(b, suite);
	bn_buf_adds(b, " | ");
	bn_markup_add_code(b, c->name);
	bn_buf_adds(b, " | ");
	bn_markup_add_code(b, c->message);
	bn_buf_adds(b, " |\n");
}

static void findings_add(bn_buf *b, const bn_ci_report *r)
{
	size_t said = 0, all = 0;
	for (size_t i = 0; i < r->n_suites; i++)
		for (size_t k = 0; k < r->suites[i].count; k++) {
			const bn_ci_case *c = &r->suites[i].cases[k];
			if (c->verdict == BN_CI_PASS || all++ >= CASES_MOST)
				continue;
			if (!said++)
				bn_buf_adds(b, "\n| | suite | case | found |\n|---|---|---|---|\n");
			finding_add(b, r->suites[i].name, c);
		}
	if (all > said)
		bn_buf_addf(b, "\n%zu more are in the job's test report.\n", all - said);
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void number_add(bn_buf *b, double x, bool sign)
{
	char text[BN_FMT];
	if (isnan(x)) {
		bn_buf_adds(b, "-");
		return;
	}
	bn_fmt_sig(x, 6, text);
	bn_buf_adds(b, sign && x > 0 ? "+" : "");
	bn_buf_adds(b, text);
}

static void metrics_add(bn_buf *b, const bn_ci_report *r)
{
	static const char *const trends[] = {" ⚠ worse", "", " better"};
	static const char *const arrows[] = {" ↓", "", " ↑"};
	if (!r->n_metrics)
		return;
	bn_buf_adds(b, "\n#### Metrics");
	if (r->has_baseline && r->base_ref) {
		bn_buf_adds(b, " against ");
		bn_markup_add_code(b, r->base_ref);
	}
	bn_buf_adds(b, r->has_baseline ? "\n\n| part | metric | target branch | this | change |\n"
					 "|---|---|---:|---:|---|\n"
				       : "\n\n| part | metric | this |\n|---|---|---:|\n");
	for (size_t i = 0; i < r->n_metrics; i++) {
		const bn_ci_metric *m = &r->metrics[i];
		bn_buf_adds(b, "| ");
		bn_markup_add_code(b, m->part);
		bn_buf_adds(b, " | ");
		bn_markup_add_code(b, m->name);
		bn_buf_addf(b, "%s | ", arrows[m->direction + 1]);
		if (r->has_baseline) {
			number_add(b, m->baseline, false);
			bn_buf_adds(b, " | ");
		}
		number_add(b, m->value, false);
		if (r->has_baseline) {
			bn_buf_adds(b, " | ");
			number_add(b, bn_ci_metric_change(m), true);
			bn_buf_adds(b, trends[bn_ci_metric_trend(m) + 1]);
		}
		bn_buf_adds(b, " |\n");
	}
	if (!r->has_baseline)
		bn_buf_adds(b, "\nThere are no metrics of the target branch to compare with.\n");
}

/* ---- what is folded away ------------------------------------------------------------------------ */

static void details_add(bn_buf *b, const char *title, const char *text)
{
	bn_buf_adds(b, "\n<details><summary>");
	bn_markup_add_code(b, title);
	bn_buf_adds(b, "</summary>\n\n");
	bn_markup_add_block(b, text, "text");
	bn_buf_adds(b, "\n</details>\n");
}

/* The first lines of a text; yours, NULL without memory. */
static char *first_lines(const char *text)
{
	const char *end = text;
	for (int i = 0; i < DETAIL_LINES_MOST && *end; i++) {
		end += strcspn(end, "\n");
		end += *end == '\n';
	}
	return *end ? bn_strf("%.*s...\n", (int)(end - text), text) : bn_strdup(text);
}

static void case_details_add(bn_buf *b, const bn_ci_report *r)
{
	size_t said = 0;
	for (size_t i = 0; i < r->n_suites; i++)
		for (size_t k = 0; k < r->suites[i].count; k++) {
			const bn_ci_case *c = &r->suites[i].cases[k];
			if (!c->details || !c->details[0] || said++ >= DETAILS_MOST)
				continue;
			char *text = first_lines(c->details);
			if (text)
				details_add(b, c->name, text);
			b->failed = b->failed || !text;
			bn_free(text);
		}
}

static void data_add(bn_buf *b, const bn_ci_report *r)
{
	bn_buf diff = BN_BUF_INIT;
	if (r->has_baseline && r->base_data)
		bn_ci_data_diff(&diff, r);
	if (diff.len) {
		bn_buf_adds(b, "\n#### Data against the target branch\n\n");
		bn_markup_add_block(b, diff.ptr, "text");
	}
	b->failed = b->failed || diff.failed;
	bn_buf_release(&diff);
}

int bn_ci_report_markdown(const bn_ci_report *r, bn_buf *out, bn_err *err)
{
	head_add(out, r);
	findings_add(out, r);
	metrics_add(out, r);
	data_add(out, r);
	case_details_add(out, r);
	for (size_t i = 0; i < r->n_charts; i++)
		details_add(out, r->charts[i].title, r->charts[i].text);
	bn_buf_adds(out, "\n<sub>written by <code>binnacle ci check</code>; a person approves a "
			 "model, the pipeline does not</sub>\n");
	return bn_buf_check(out, err, "a note");
}
