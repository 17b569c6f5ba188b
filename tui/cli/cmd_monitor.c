/* cmd_monitor.c - binnacle monitor: whether the inputs of a model have drifted from its training
 * data. */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/monitor/report.h"
#include "core/serve/endpoint.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *verdict_color(bn_drift_verdict v)
{
	return v == BN_DRIFT_FOUND ? "bad" : v == BN_DRIFT_NONE ? "good" : "warn";
}

/* The exit status of a verdict: a failed or an inconclusive check. */
static int verdict_code(const bn_monitor_report *r, bn_err *err)
{
	const bn_drift_dataset *d = &r->dataset;
	if (d->verdict == BN_DRIFT_NONE)
		return 0;
	if (d->verdict == BN_DRIFT_FOUND)
		return bn_err_set(err, BN_EFAILED, "drift: %zu of %zu inputs of %s/%s have drifted",
			d->drifted, d->columns, r->model, r->version ? r->version : "-");
	return bn_err_set(err, BN_EINCONCLUSIVE, "inconclusive: %s", d->why);
}

static const char *score_text(const bn_drift_result *r, char text[80])
{
	char a[BN_FMT], b[BN_FMT];
	if (isnan(r->score))
		return "-";
	snprintf(text, 80, "%s = %s %s %s", r->op == BN_DRIFT_DISTANCE_AT_LEAST ? "distance" : "p",
		bn_fmt_sig(r->score, 4, a),
		r->verdict == BN_DRIFT_FOUND          ? (r->op == BN_DRIFT_DISTANCE_AT_LEAST ? ">="
								: r->op == BN_DRIFT_P_BELOW  ? "<"
											     : "<=")
		: r->op == BN_DRIFT_DISTANCE_AT_LEAST ? "<"
		: r->op == BN_DRIFT_P_BELOW           ? ">="
						      : ">",
		bn_fmt_sig(r->threshold, 4, b));
	return text;
}

static void print_head(bn_cli *cli, const bn_monitor_report *r)
{
	char from[BN_FMT], rows[BN_FMT], share[BN_FMT];
	bool table = !strcmp(r->reference_kind, "table");
	const bn_drift_dataset *d = &r->dataset;
	bn_cli_print_in(cli, verdict_color(d->verdict), "%s", bn_drift_verdict_name(d->verdict));
	bn_cli_print(cli, "  %s/%s, report %s\n", r->model, r->version ? r->version : "-", r->id);
	bn_cli_print(cli, "%zu of %zu inputs drifted (share %s, threshold %g), %zu inconclusive\n",
		d->drifted, d->columns, isnan(d->share) ? "-" : bn_fmt_sig(d->share, 3, share),
		d->threshold, d->inconclusive);
	bn_cli_print(cli, "window: %s rows; reference: %s (%s%s)\n\n",
		bn_fmt_count((uint64_t)r->rows, from), r->reference ? r->reference : "the model's",
		table ? bn_fmt_count((uint64_t)r->reference_rows, rows) : "statistics in the model",
		table ? " rows" : "");
}

static int show(bn_cli *cli, const bn_monitor_report *r, bn_err *err)
{
	static const bn_col cols[] = {{"name", "INPUT", BN_AS_TEXT},
		{"verdict", "VERDICT", BN_AS_TEXT}, {"title", "TEST", BN_AS_TEXT},
		{"text", "SCORE", BN_AS_TEXT}, {"n_ref", "REFERENCE", BN_AS_COUNT},
		{"n_cur", "CURRENT", BN_AS_COUNT}, {"why", "REMARK", BN_AS_TEXT}, {0}};
	json_t *doc = NULL;
	int rc = bn_monitor_report_json(&doc, r, err);
	if (rc)
		return rc;
	if (bn_cli_is_json(cli))
		return bn_cli_document(cli, doc, err);
	print_head(cli, r);
	json_t *features = json_incref(json_object_get(doc, "features"));
	for (size_t i = 0; i < r->feature_count; i++) {
		char text[80];
		json_object_set_new(json_array_get(features, i), "text",
			json_string(score_text(&r->features[i].result, text)));
	}
	json_decref(doc);
	return bn_cli_list(cli, features, cols, "no inputs", err);
}

/* ---- monitor report ------------------------------------------------------------------------- */

static int read_options(bn_cli *cli, bn_monitor_options *o, bn_err *err)
{
	int64_t window_ns = 0, last = 0, rows = 0;
	const char *test = bn_cli_opt(cli, "test");
	int rc = bn_cli_opt_duration(cli, "window", &window_ns, err);
	if (!rc)
		rc = bn_cli_opt_int(cli, "last", 1, INT64_MAX, &last, err);
	if (!rc)
		rc = bn_cli_opt_int(cli, "min-rows", 1, INT64_MAX, &rows, err);
	if (!rc)
		rc = bn_cli_opt_num(cli, "threshold", 1e-300, 1e9, &o->drift.threshold, err);
	if (!rc)
		rc = bn_cli_opt_num(cli, "share", 1e-9, 1, &o->share_threshold, err);
	if (!rc && test && !bn_drift_test_parse(test, &o->drift.test)) {
		rc = bn_err_set(err, BN_EINVAL, "--test: no test '%s'", test);
		bn_err_hint(err, "ks, wasserstein, psi, kl_div, jensenshannon, chisquare, z, tvd, "
				 "hellinger, linf or auto");
	}
	if (!rc && window_ns && last)
		rc = bn_err_set(err, BN_EINVAL, "give --window or --last, not both");
	if (window_ns)
		o->window.from_ms = bn_env_now_ms(bn_cli_env(cli)) - window_ns / 1000000;
	o->window.last = (size_t)last;
	o->drift.min_rows = (size_t)rows;
	o->dry_run = bn_cli_dry_run(cli);
	return rc;
}

static bool show_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "");
	return !bn_cli_interrupted();
}

/* A server that answers for the model logs a second later; id: of it, or empty. */
static void find_server(char id[BN_ENDPOINT_ID_TEXT], bn_workspace *ws, const char *model)
{
	const bn_endpoint *e = NULL;
	bn_endpoints all = {NULL, 0};
	char name[256];

	id[0] = '\0';
	snprintf(name, sizeof name, "%.*s", (int)strcspn(model, "@"), model);
	if (bn_endpoint_list(&all, ws, NULL) == 0 &&
		bn_endpoint_find(&e, &all, name, NULL) == 0 && e->state == BN_ENDPOINT_RUNNING)
		snprintf(id, BN_ENDPOINT_ID_TEXT, "%s", e->id);
	bn_endpoints_release(&all);
}

/* The report is made: predictions that are still on their way into the log are not in it. */
static void tell_server(bn_cli *cli, bn_workspace *ws, const bn_monitor_report *r)
{
	char id[BN_ENDPOINT_ID_TEXT], name[256];

	snprintf(name, sizeof name, "%s%s%s", r->model, r->version ? "/" : "",
		r->version ? r->version : "");
	find_server(id, ws, name);
	if (id[0])
		bn_cli_note(cli,
			"%s is being served (endpoint %s): what was answered in the last second is "
			"on its way into the log, and not in this report",
			name, id);
}

static int run_report(bn_cli *cli, bn_err *err)
{
	bn_progress progress = {show_progress, cli};
	bn_monitor_options o = {.progress = &progress};
	bn_monitor_report *r = NULL;
	bn_workspace *ws = NULL;
	bn_err why = BN_ERR_INIT;
	char id[BN_ENDPOINT_ID_TEXT];
	int rc = read_options(cli, &o, err);
	if (!rc)
		rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_monitor_report_make(&r, ws, bn_cli_arg(cli, 0), &o, &why);
	bn_cli_progress_end(cli);
	if (rc == BN_ENOTFOUND && ws) {
		find_server(id, ws, bn_cli_arg(cli, 0));
		if (id[0]) {
			why.hint[0] = '\0';
			bn_err_hint(&why,
				"endpoint %s is answering, and logs within a second: make it once "
				"more",
				id);
		}
	}
	if (rc < 0)
		rc = why.code ? bn_err_move(err, &why) : rc;
	else if ((rc = show(cli, r, err)) == 0) {
		tell_server(cli, ws, r);
		rc = verdict_code(r, err);
	}
	bn_monitor_report_free(r);
	return rc;
}

/* ---- monitor show, ls ----------------------------------------------------------------------- */

static int run_show(bn_cli *cli, bn_err *err)
{
	bn_monitor_report *r = NULL;
	bn_workspace *ws = NULL;
	const char *id = bn_cli_arg(cli, 0);
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_monitor_report_load(
			&r, ws, id ? id : "latest", bn_cli_opt(cli, "model"), err);
	if (!rc)
		rc = show(cli, r, err);
	bn_monitor_report_free(r);
	return rc;
}

static int run_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"id", "REPORT", BN_AS_WHOLE}, {"spec", "MODEL", BN_AS_TEXT},
		{"dataset.verdict", "VERDICT", BN_AS_TEXT},
		{"dataset.drifted", "DRIFTED", BN_AS_COUNT},
		{"dataset.columns", "INPUTS", BN_AS_COUNT}, {"window.rows", "ROWS", BN_AS_COUNT},
		{"reference.dataset", "REFERENCE", BN_AS_TEXT}, {"time", "TIME", BN_AS_TIME_MS},
		{0}};
	bn_monitor_reports l = {NULL, 0};
	bn_workspace *ws = NULL;
	int64_t limit = 0;
	int rc = bn_cli_opt_int(cli, "limit", 1, 1000000, &limit, err);
	if (!rc)
		rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_monitor_report_list(&l, ws, bn_cli_arg(cli, 0), (size_t)limit, err);
	json_t *items = json_array();
	for (size_t i = 0; i < l.count && !rc; i++) {
		json_t *doc = NULL;
		char spec[200];
		rc = bn_monitor_report_json(&doc, l.items[i], err);
		if (rc)
			break;
		snprintf(spec, sizeof spec, "%.150s/%.40s", l.items[i]->model,
			l.items[i]->version ? l.items[i]->version : "-");
		json_object_set_new(doc, "spec", json_string(spec));
		json_array_append_new(items, doc);
	}
	bn_monitor_reports_release(&l);
	if (rc) {
		json_decref(items);
		return rc;
	}
	return bn_cli_list(cli, items, cols,
		"no drift report yet; make one with: binnacle monitor report MODEL", err);
}

static const bn_opt report_options[] = {
	{"window", 'w', "TIME", "predictions of the last TIME (1h, 7d); default: all"},
	{"last", 0, "N", "the last N predictions"},
	{"test", 0, "NAME", "one test for all inputs, instead of a choice by type and size"},
	{"threshold", 0, "X", "its threshold"},
	{"share", 0, "X", "share of drifted inputs that makes a drift (default 0.5)"},
	{"min-rows", 0, "N", "inconclusive with fewer values (default 30)"}, {0}};

static const bn_opt show_options[] = {{"model", 0, "NAME", "the newest report of this model"}, {0}};
static const bn_opt ls_options[] = {{"limit", 'n', "N", "at most N, newest first"}, {0}};

const bn_verb bn_verbs_monitor[] = {
	{"monitor", "report", "MODEL", 1, 1, "Compare logged inputs with the training data",
		"Tests every input as Evidently does (by type and size) and stores the report. "
		"Exit "
		"status "
		"0: no\ndrift, 1: drift, 7: inconclusive.",
		{"binnacle monitor report power@champion --window 1h",
			"binnacle monitor report power/3 --last 5000 --test psi --json"},
		report_options, BN_VERB_DRY_RUN, run_report},
	{"monitor", "ls", "[MODEL]", 0, 1, "List drift reports", NULL,
		{"binnacle monitor ls", "binnacle monitor ls power --json"}, ls_options,
		BN_VERB_LISTS, run_ls},
	{"monitor", "show", "[REPORT]", 0, 1, "Show a drift report (default: the newest)", NULL,
		{"binnacle monitor show", "binnacle monitor show 3f2a --json"}, show_options, 0,
		run_show},
	{0}};
