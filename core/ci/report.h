/*
 * report.h - the result of a project's gate, and its forms that other programs read.
 *
 * A report has suites of cases ("data", "candidate", "gates", "target branch"), the metrics of the candidate
 * beside those of the target branch, and text charts. core/ci/check.h fills one; the renderers below are pure
 * functions of it:
 *
 *	JUnit XML    test results of GitLab, Jenkins, GitHub actions
 *	OpenMetrics  GitLab's metrics report (artifacts:reports:metrics), Prometheus
 *	Markdown     the note on a merge request or pull request (GitHub's and GitLab's dialect)
 *	JSON         for programs; a report of the target branch is read from it (the baseline)
 *
 * Every text may come from a file, a column, a branch's name: no text can add markup, a mention, a test case or
 * a sample. Characters that a form cannot hold, and those that are not shown (core/base/shown.h), become '?'.
 *
 * The JSON, also of the file that CI keeps as an artifact for the next pipeline (BN_CI_REPORT_FILE):
 *	{"kind": "binnacle.ci.report", "format": 1, "verdict", "blocks": bool, "commit", "ref", "pipeline_url",
 *	 "model", "run", "run_name", "dataset", "time": RFC 3339,
 *	 "cases": {"pass", "fail", "inconclusive", "skipped"},
 *	 "suites": [{"name", "cases": [{"name", "verdict", "severity": "block"|"warn", "message", "details",
 *	   "seconds"}]}],
 *	 "metrics": [{"part", "name", "value", "baseline", "change", "better": "lower"|"higher", "verdict":
 *	   "better"|"worse"|"equal"}],
 *	 "data": [{"name", "version", "digest", "rows", "columns": [{"name", "type", "missing": share, "mean", "std"}]}],
 *	 "baseline": {"commit", "ref"} | null, "charts": [{"title", "lines": [...]}]}
 * Unknown values are null or absent.
 *
 * Ownership: texts given are copied; everything lives until bn_ci_report_free. Running out of memory while
 * adding is remembered, and is BN_ENOMEM of bn_ci_report_finish. Not thread-safe.
 */
#ifndef BN_CI_REPORT_H
#define BN_CI_REPORT_H
#include "core/base/buf.h"
#include "core/base/mem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What the job "evaluate" of a written pipeline keeps, relative to the project. */
#define BN_CI_DIR "ci-report"
#define BN_CI_REPORT_FILE BN_CI_DIR "/report.json"
#define BN_CI_JUNIT_FILE BN_CI_DIR "/junit.xml"
#define BN_CI_METRICS_FILE BN_CI_DIR "/metrics.txt"
#define BN_CI_NOTE_FILE BN_CI_DIR "/note.md"
#define BN_CI_BASELINE_FILE BN_CI_DIR "/baseline.json"

typedef enum bn_ci_verdict {
	BN_CI_PASS,
	BN_CI_FAIL,
	BN_CI_INCONCLUSIVE, /* what is needed to decide is missing */
	BN_CI_SKIPPED, /* not decided here: a person decides it later, or there is nothing to compare with */
	BN_CI_VERDICTS
} bn_ci_verdict;

const char *bn_ci_verdict_name(bn_ci_verdict v); /* "pass", "fail", "inconclusive", "skipped" */
bool bn_ci_verdict_parse(bn_ci_verdict *out, const char *name);

#define BN_CI_NOTHING_ASKED "nothing was asked of the data or the model (no suite, no policy)"

typedef struct bn_ci_case {
	const char *name;
	bn_ci_verdict verdict;
	bool warns; /* does not decide the report's verdict */
	const char *
		message; /* one line: the claim and what was found; "" if there is nothing to add */
	const char *details; /* lines, or NULL */
	int64_t duration_ns; /* -1: unknown */
} bn_ci_case;

typedef struct bn_ci_suite {
	const char *name;
	bn_ci_case *cases;
	size_t count, cap;
} bn_ci_suite;

typedef struct bn_ci_metric {
	const char *part, *name;
	double value;    /* NaN: not defined */
	double baseline; /* of the target branch; NaN: unknown */
	int direction;   /* -1: lower is better, 1: higher, 0: unknown */
} bn_ci_metric;

typedef struct bn_ci_chart {
	const char *title;
	const char *text; /* lines, each with its line feed */
} bn_ci_chart;

typedef struct bn_ci_report {
	const char *title; /* of the JUnit form; NULL: "binnacle ci check" */
	/* Where it was made; NULL: unknown. */
	const char *commit, *ref, *pipeline_url;
	/* What was checked; NULL: there is none. run: its id. */
	const char *model, *run, *run_name, *dataset;
	int64_t time_ms;
	const char *base_commit, *base_ref; /* of the baseline; NULL: unknown */
	bool has_baseline;
	bool asks_nothing; /* no suite, no gate and no margin: a pass says nothing of data and model */
	bn_ci_suite *suites;
	size_t n_suites, cap_suites;
	bn_ci_metric *metrics;
	size_t n_metrics, cap_metrics;
	json_t *data, *base_data; /* as in the JSON; NULL: unknown */
	bn_ci_chart *charts;
	size_t n_charts, cap_charts;
	bn_arena arena;
	bool failed;        /* memory ran out while adding */
	bn_ci_case nowhere; /* what could not be added */
} bn_ci_report;

/* ---- filling -------------------------------------------------------------------------------- */

int bn_ci_report_new(bn_ci_report **out, bn_err *err);
void bn_ci_report_free(bn_ci_report *r);
/* A copy that lives as long as the report; NULL for NULL. */
const char *bn_ci_report_keep(bn_ci_report *r, const char *text);
/* Adds a case to the suite of that name, which is made if it is new (at the end). The pointer is valid until the next
 * case is added; never NULL: without memory it is a case that is not in the report. */
bn_ci_case *bn_ci_report_add(bn_ci_report *r, const char *suite, const char *name,
	bn_ci_verdict verdict, const char *message_fmt, ...) __attribute__((format(printf, 5, 6)));
void bn_ci_report_add_metric(
	bn_ci_report *r, const char *part, const char *name, double value, int direction);
void bn_ci_report_add_chart(bn_ci_report *r, const char *title, const char *text);
/* A dataset version that was checked; reference taken. */
void bn_ci_report_add_data(bn_ci_report *r, json_t *table);
/* Takes metrics and data of another report (its JSON) as the baseline, and adds metrics that only it has. source names it
 * in errors: BN_EINVAL with the field. */
int bn_ci_report_compare(bn_ci_report *r, const json_t *other, const char *source, bn_err *err);
/* Orders suites, and the cases of each, by what a reader looks for: what fails, is inconclusive, warns, passes, was
 * skipped; else as they were added. */
void bn_ci_report_sort(bn_ci_report *r);
/* BN_ENOMEM if something could not be added. */
int bn_ci_report_finish(const bn_ci_report *r, bn_err *err);

/* ---- reading -------------------------------------------------------------------------------- */

size_t bn_ci_report_count(const bn_ci_report *r, bn_ci_verdict v); /* cases */
size_t bn_ci_report_blocks(
	const bn_ci_report *r, bn_ci_verdict v); /* of these, those that do not only warn */
/* Of all cases that do not only warn: fail if one fails, else inconclusive if one is, else pass. */
bn_ci_verdict bn_ci_report_verdict(const bn_ci_report *r);
const bn_ci_metric *bn_ci_report_metric(const bn_ci_report *r, const char *part, const char *name);
/* value - baseline; NaN if one is unknown. */
double bn_ci_metric_change(const bn_ci_metric *m);
/* 1: better than the baseline, -1: worse, 0: equal or unknown. */
int bn_ci_metric_trend(const bn_ci_metric *m);

/* ---- forms: each appends to out; BN_ENOMEM ---------------------------------------------------- */

int bn_ci_report_junit(const bn_ci_report *r, bn_buf *out, bn_err *err);
int bn_ci_report_openmetrics(const bn_ci_report *r, bn_buf *out, bn_err *err);
int bn_ci_report_markdown(const bn_ci_report *r, bn_buf *out, bn_err *err);
int bn_ci_report_json(const bn_ci_report *r, json_t **out, bn_err *err);

#endif
