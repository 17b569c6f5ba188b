/*
 * export.c - see export.h. What is shown is read first, since the samples of a family must be together.
 */
#include "core/monitor/export.h"

#include "core/base/mem.h"
#include "core/data/checks.h"
#include "core/data/dataset.h"
#include "core/monitor/_export.h"
#include "core/net/exposition.h"
#include "core/track/newest.h"
#include "core/track/series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The newest finished run of an experiment. */
typedef struct shown_run {
	bn_run_info *info;
	bn_series_list metrics;
} shown_run;

typedef struct shown_dataset {
	const bn_dataset_version *newest; /* of datasets */
	bn_dataset_checks checks;
} shown_dataset;

typedef struct left_out {
	size_t models, features, experiments, metrics, datasets, suites;
} left_out;

typedef struct export {
	bn_buf *out;
	bn_workspace *ws;
	const char *workspace;
	bn_export_warn *warn;
	void *ctx;
	left_out left;
	bn_run_counts counts;
	int64_t ends_ms[BN_RUN_STATUSES];
	shown_run *runs;
	size_t run_count;
	bn_dataset_list *datasets;
	shown_dataset *shown;
	size_t shown_count;
	bn_monitor_report **reports;
	size_t report_count;
} export;

static size_t within(size_t n, size_t most, size_t *left)
{
	*left += n > most ? n - most : 0;
	return n > most ? most : n;
}

/* ---- reading: runs -------------------------------------------------------------------------- */

static int read_runs(export *x, bn_err *err)
{
	bn_newest_runs l;
	int rc = 0;
	if ((rc = bn_run_count(&x->counts, x->ws, err)) < 0 ||
		(rc = bn_run_newest_ends(x->ends_ms, x->ws, err)) < 0)
		return rc;
	if ((rc = bn_newest_runs_load(&l, x->ws, BN_EXPORT_EXPERIMENTS, err)) < 0)
		goto out;
	x->left.experiments = l.left_out;
	if (!(x->runs = bn_alloc_zeroed(l.count + 1, sizeof *x->runs))) {
		rc = bn_err_nomem(err, "runs");
		goto out;
	}
	for (size_t i = 0; i < l.count; i++) {
		shown_run *r = &x->runs[x->run_count++];
		if ((rc = bn_run_get(&r->info, x->ws, l.items[i].id, err)) < 0 ||
			(rc = bn_series_find_all(&r->metrics, x->ws, l.items[i].id, err)) < 0)
			goto out;
	}
out:
	bn_newest_runs_release(&l);
	return rc;
}

/* ---- reading: data -------------------------------------------------------------------------- */

static int read_datasets(export *x, bn_err *err)
{
	int rc = 0;
	if ((rc = bn_dataset_list_load(&x->datasets, x->ws, BN_DATASET_LIVE, err)) < 0)
		return rc;
	size_t n = x->datasets->count;
	if (!(x->shown = bn_alloc_zeroed(n + 1, sizeof *x->shown)))
		return bn_err_nomem(err, "datasets");
	for (size_t i = 0; i < n; i++) {
		const bn_dataset_row *row = &x->datasets->rows[i];
		if (!row->latest)
			continue;
		if (x->shown_count == BN_EXPORT_DATASETS) {
			x->left.datasets++;
			continue;
		}
		shown_dataset *d = &x->shown[x->shown_count++];
		d->newest = row->latest;
		if ((rc = bn_dataset_checks_load(&d->checks, x->ws, row->name, err)) < 0)
			return rc;
	}
	return 0;
}

/* ---- reading: drift ------------------------------------------------------------------------- */

static void tell_unreadable(void *ctx, const bn_monitor_report *row, const bn_err *why)
{
	export *x = ctx;
	char line[400 + sizeof why->msg];
	if (!x->warn)
		return;
	snprintf(line, sizeof line, "drift report %.32s of %.256s cannot be read: %s", row->id,
		row->model, why->msg);
	x->warn(x->ctx, line);
}

static bool is_read(const export *x, const char *model)
{
	for (size_t i = 0; i < x->report_count; i++)
		if (!strcmp(x->reports[i]->model, model))
			return true;
	return false;
}

/* The newest readable report of a model. Of one on private data only the summary, which the listing has. */
static int read_report(export *x, bn_monitor_report **row, bn_err *err)
{
	bn_monitor_report *r = NULL;
	bn_err why = BN_ERR_INIT;
	if ((*row)->is_private) {
		r = *row;
		*row = NULL;
	} else {
		int rc = bn_monitor_report_newest(
			&r, x->ws, (*row)->model, tell_unreadable, x, &why);
		if (rc < 0 && rc != BN_ENOTFOUND)
			return bn_err_move(err, &why);
	}
	if (!r)
		return 0;
	x->reports[x->report_count++] = r;
	if (!r->is_private)
		within(r->feature_count, BN_EXPORT_FEATURES, &x->left.features);
	return 0;
}

static int read_reports(export *x, bn_err *err)
{
	bn_monitor_reports l = {NULL, 0};
	int rc = bn_monitor_report_list(&l, x->ws, NULL, 0, err);
	if (rc < 0)
		return rc;
	if (!(x->reports = bn_alloc_zeroed(l.count + 1, sizeof *x->reports)))
		rc = bn_err_nomem(err, "reports");
	for (size_t i = 0; rc == 0 && i < l.count; i++) {
		if (is_read(x, l.items[i]->model))
			continue;
		if (x->report_count == BN_EXPORT_MODELS)
			x->left.models++;
		else
			rc = read_report(x, &l.items[i], err);
	}
	bn_monitor_reports_release(&l);
	return rc;
}

static void release(export *x)
{
	for (size_t i = 0; i < x->run_count; i++) {
		bn_run_info_free(x->runs[i].info);
		bn_series_list_release(&x->runs[i].metrics);
	}
	for (size_t i = 0; i < x->shown_count; i++)
		bn_dataset_checks_release(&x->shown[i].checks);
	for (size_t i = 0; i < x->report_count; i++)
		bn_monitor_report_free(x->reports[i]);
	bn_dataset_list_free(x->datasets);
	bn_free(x->runs);
	bn_free(x->shown);
	bn_free(x->reports);
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct family {
	const char *name, *help;
} family;

static void head(export *x, const family *f)
{
	bn_exposition_head(x->out, f->name, "gauge", f->help);
}

/* With up to three labels beside the workspace's; a NULL name ends them. A value that is NaN because it is unknown must
 * not come here. */
static void sample(export *x, const char *name, bn_exposition_pair a, bn_exposition_pair b,
	bn_exposition_pair c, double value)
{
	const bn_exposition_pair labels[] = {{"workspace", x->workspace}, a, b, c};
	bn_exposition_sample(x->out, name, labels, sizeof labels / sizeof *labels, value);
}

#define NO_LABEL ((bn_exposition_pair){NULL, NULL})
#define LABEL(name, value) ((bn_exposition_pair){name, value})

static void one(export *x, const char *name, const char *help, double value)
{
	bn_exposition_head(x->out, name, "gauge", help);
	sample(x, name, NO_LABEL, NO_LABEL, NO_LABEL, value);
}

static void write_left_out(export *x)
{
	const struct {
		const char *kind;
		size_t n;
	} all[] = {{"models", x->left.models}, {"features", x->left.features},
		{"experiments", x->left.experiments}, {"metrics", x->left.metrics},
		{"datasets", x->left.datasets}, {"suites", x->left.suites}};
	static const family f = {"binnacle_export_left_out",
		"How many names are beyond the limits of the export."};
	head(x, &f);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sample(x, f.name, LABEL("kind", all[i].kind), NO_LABEL, NO_LABEL,
			(double)all[i].n);
}

static void write_states(export *x)
{
	static const family runs = {"binnacle_runs", "Runs in each state."},
			    ends = {"binnacle_run_last_end_time_seconds",
				    "When the newest run in each state ended."};
	bool any = false;
	head(x, &runs);
	for (int i = 0; i < BN_RUN_STATUSES; i++)
		sample(x, runs.name, LABEL("state", bn_run_status_name((bn_run_status)i)),
			NO_LABEL, NO_LABEL, (double)x->counts.by_status[i]);
	for (int i = 0; i < BN_RUN_STATUSES; i++) {
		if (x->ends_ms[i] < 0)
			continue;
		if (!any)
			head(x, &ends);
		any = true;
		sample(x, ends.name, LABEL("state", bn_run_status_name((bn_run_status)i)),
			NO_LABEL, NO_LABEL, (double)x->ends_ms[i] / 1000);
	}
}

typedef enum run_fact { RUN_END, RUN_DURATION, RUN_CPU, RUN_MEMORY, RUN_FACTS } run_fact;

static const family run_facts[RUN_FACTS] = {
	[RUN_END] = {"binnacle_run_end_time_seconds",
		"When the newest finished run of the experiment ended."},
	[RUN_DURATION] = {"binnacle_run_duration_seconds",
		"How long the newest finished run of the experiment took."},
	[RUN_CPU] = {"binnacle_run_cpu_seconds",
		"CPU time of the newest finished run of the experiment."},
	[RUN_MEMORY] = {"binnacle_run_peak_memory_bytes",
		"Largest resident memory of the newest finished run of the experiment."},
};

/* NaN: unknown. */
static double run_fact_of(run_fact k, const bn_run_info *r)
{
	int64_t ms = 0;
	switch (k) {
	case RUN_END:
		ms = r->finished_ms;
		break;
	case RUN_DURATION:
		ms = bn_run_duration_ms(r, r->finished_ms);
		break;
	case RUN_CPU:
		ms = r->cpu_ms;
		break;
	default:
		return r->peak_rss_bytes < 0 ? NAN : (double)r->peak_rss_bytes;
	}
	return ms < 0 ? NAN : (double)ms / 1000;
}

static void write_run_facts(export *x)
{
	for (int k = 0; k < RUN_FACTS; k++) {
		bool any = false;
		for (size_t i = 0; i < x->run_count; i++) {
			const bn_run_info *r = x->runs[i].info;
			double value = run_fact_of((run_fact)k, r);
			if (isnan(value))
				continue;
			if (!any)
				head(x, &run_facts[k]);
			any = true;
			sample(x, run_facts[k].name, LABEL("experiment", r->experiment), NO_LABEL,
				NO_LABEL, value);
		}
	}
}

static void write_energy(export *x)
{
	static const family f = {"binnacle_run_energy_joules",
		"Energy of the newest finished run of the experiment, where it was measured."};
	bool any = false;
	for (size_t i = 0; i < x->run_count; i++) {
		const bn_run_info *r = x->runs[i].info;
		const bn_series_info *logged =
			bn_series_list_get(&x->runs[i].metrics, "energy_joules");
		double joules = r->energy_joules;
		const char *source = "run";
		if (isnan(joules) && logged) {
			joules = logged->last;
			source = "metric";
		}
		if (isnan(joules))
			continue;
		if (!any)
			head(x, &f);
		any = true;
		sample(x, f.name, LABEL("experiment", r->experiment), LABEL("source", source),
			NO_LABEL, joules);
	}
}

static void write_runs(export *x)
{
	static const family info = {"binnacle_run_info",
				    "The newest finished run of the experiment; always 1."},
			    metric = {"binnacle_run_metric",
				    "Last value of a metric of the newest finished run of the "
				    "experiment."};
	bool any = false;
	for (size_t i = 0; i < x->run_count; i++) {
		const bn_run_info *r = x->runs[i].info;
		if (!i)
			head(x, &info);
		sample(x, info.name, LABEL("experiment", r->experiment), LABEL("run", r->id),
			LABEL("name", r->name), 1);
	}
	write_run_facts(x);
	write_energy(x);
	for (size_t i = 0; i < x->run_count; i++) {
		const bn_series_list *l = &x->runs[i].metrics;
		size_t n = within(l->count, BN_EXPORT_METRICS, &x->left.metrics);
		for (size_t k = 0; k < n; k++) {
			if (!any)
				head(x, &metric);
			any = true;
			sample(x, metric.name, LABEL("experiment", x->runs[i].info->experiment),
				LABEL("metric", l->items[k].key), NO_LABEL, l->items[k].last);
		}
	}
}

typedef enum data_fact { DATA_VERSION, DATA_ROWS, DATA_REJECTED, DATA_TIME, DATA_FACTS } data_fact;

static void write_datasets(export *x)
{
	static const family facts[DATA_FACTS] = {
		[DATA_VERSION] = {"binnacle_dataset_version", "Newest version of the dataset."},
		[DATA_ROWS] = {"binnacle_dataset_rows", "Rows of the newest version."},
		[DATA_REJECTED] = {"binnacle_dataset_rejected_rows",
			"Rows of its source that the newest version left out."},
		[DATA_TIME] = {"binnacle_dataset_time_seconds",
			"When the newest version was added."},
	};
	for (int k = 0; k < DATA_FACTS && x->shown_count; k++) {
		head(x, &facts[k]);
		for (size_t i = 0; i < x->shown_count; i++) {
			const bn_dataset_version *v = x->shown[i].newest;
			const double values[DATA_FACTS] = {
				[DATA_VERSION] = (double)v->version,
				[DATA_ROWS] = (double)v->rows,
				[DATA_REJECTED] = (double)v->rejected,
				[DATA_TIME] = (double)v->created_ms / 1000,
			};
			sample(x, facts[k].name, LABEL("dataset", v->name), NO_LABEL, NO_LABEL,
				values[k]);
		}
	}
}

typedef enum check_fact {
	CHECK_SUCCESS,
	CHECK_EVALUATED,
	CHECK_FAILED,
	CHECK_TIME,
	CHECK_FACTS
} check_fact;

static void write_checks_of(export *x, const family *f, check_fact k, bool *any)
{
	for (size_t i = 0; i < x->shown_count; i++) {
		const bn_dataset_checks *l = &x->shown[i].checks;
		for (size_t c = 0; c < l->count && c < BN_EXPORT_SUITES; c++) {
			const bn_dataset_check *check = &l->items[c];
			const double values[CHECK_FACTS] = {
				[CHECK_SUCCESS] = check->success,
				[CHECK_EVALUATED] = (double)check->evaluated,
				[CHECK_FAILED] = (double)check->failed,
				[CHECK_TIME] = (double)check->checked_ms / 1000,
			};
			if (!*any)
				head(x, f);
			*any = true;
			sample(x, f->name, LABEL("dataset", x->shown[i].newest->name),
				LABEL("suite", check->suite), NO_LABEL, values[k]);
		}
	}
}

static void write_checks(export *x)
{
	static const family facts[CHECK_FACTS] = {
		[CHECK_SUCCESS] = {"binnacle_data_check_success",
			"1 when the newest check of the dataset with the suite passed."},
		[CHECK_EVALUATED] = {"binnacle_data_check_evaluated",
			"Expectations that the check evaluated."},
		[CHECK_FAILED] = {"binnacle_data_check_failed", "Expectations that failed."},
		[CHECK_TIME] = {"binnacle_data_check_time_seconds", "When the check was made."},
	};
	for (size_t i = 0; i < x->shown_count; i++)
		within(x->shown[i].checks.count, BN_EXPORT_SUITES, &x->left.suites);
	for (int k = 0; k < CHECK_FACTS; k++) {
		bool any = false;
		write_checks_of(x, &facts[k], (check_fact)k, &any);
	}
}

int bn_monitor_export(bn_buf *out, bn_workspace *ws, const char *workspace, bn_export_warn *warn,
	void *ctx, bn_err *err)
{
	int rc = 0;
	export x = {.out = out, .ws = ws, .workspace = workspace, .warn = warn, .ctx = ctx};
	if ((rc = read_runs(&x, err)) < 0 || (rc = read_datasets(&x, err)) < 0 ||
		(rc = read_reports(&x, err)) < 0)
		goto out;
	one(&x, "binnacle_export_time_seconds", "When this text was made.",
		(double)bn_env_now_ms(bn_workspace_env(ws)) / 1000);
	write_states(&x);
	write_runs(&x);
	write_datasets(&x);
	write_checks(&x);
	bn_drift_families_write(
		out, workspace, x.reports, x.report_count, BN_EXPORT_FEATURES);
	write_left_out(&x);
	rc = bn_buf_check(out, err, "an export");
out:
	release(&x);
	return rc;
}
