/* source.c - the workspace as a source of pages. See source.h; page functions are in
 * NAME/pages.c. */
#include "tui/views/source.h"

#include "core/data/protect_marks.h"
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/govern/rights.h"
#include "core/mlflow/mirror.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/workspace.h"
#include "core/table/derive.h"
#include "core/track/reconcile.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

int bn_source_take(void **context, bn_workspace *ws, bn_trust *trust, bn_err *err)
{
	bn_reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r) {
		bn_trust_free(trust);
		bn_workspace_close(ws);
		return bn_err_nomem(err, "a reader of the workspace");
	}
	r->ws = ws;
	r->trust = trust;
	r->looked_ns = bn_env_monotonic_ns(bn_workspace_env(ws));
	r->generation = 1;
	*context = r;
	return 0;
}

int bn_source_open(void **context, const bn_env *env, const char *dir, bn_err *err)
{
	bn_workspace *ws = NULL;
	int rc = bn_workspace_open(&ws, env, bn_fold_classes, dir, err);
	if (rc < 0)
		return rc;
	bn_rights_seal(ws);
	return bn_source_take(context, ws, NULL, err);
}

void bn_source_close(void *context)
{
	bn_reader *r = context;
	if (!r)
		return;
	bn_table_reader_free(r->table);
	bn_terms_memory_free(r->terms);
	bn_run_memory_free(r->runs);
	bn_trust_free(r->trust);
	if (r->mirror)
		bn_mirror_close(r->mirror);
	else
		bn_workspace_close(r->ws);
	bn_free(r);
}

#define LOOK_EVERY_NS (10 * INT64_C(1000000000))

/* The directory is given explicitly: the command line has checked how it was found. */
static int trust_look(bn_reader *r, bn_memory_allows need, bn_err *err)
{
	const bn_trust_options opt = {.start = bn_workspace_dir(r->ws), .need = need};
	bn_trust *t = NULL;
	int rc = bn_trust_look(&t, r->ws, &opt, err);
	if (rc < 0)
		return rc;
	bn_trust_free(r->trust);
	r->trust = t;
	r->looked_ns = bn_env_monotonic_ns(bn_workspace_env(r->ws));
	return 0;
}

int bn_reader_need_trust(bn_reader *r, bn_err *err)
{
	if (r->mirror)
		return bn_err_set(err, BN_EREFUSED, "a store elsewhere has nothing that could be trusted");
	int rc = trust_look(r, BN_ALLOWS_ALL, err);
	return rc < 0 ? rc : bn_trust_require(r->trust, BN_ALLOWS_ALL, err);
}

int bn_reader_refresh(bn_reader *r, bn_err *err)
{
	bool changed = false;
	size_t lost = 0;
	int rc = 0;
	if (r->mirror) { /* written by this user alone; its runs are watched elsewhere */
		/* Not by what this handle folds: another one, or another call, may have folded it. */
		int64_t turn = bn_mirror_turn(r->mirror);
		rc = bn_workspace_refresh(r->ws, &changed, err);
		r->generation += !rc && turn != r->turn;
		r->turn = rc ? r->turn : turn;
		return rc;
	}
	int64_t now = bn_env_monotonic_ns(bn_workspace_env(r->ws));
	if (!r->trust || now - r->looked_ns > LOOK_EVERY_NS)
		rc = trust_look(r, BN_ALLOWS_READING, err);
	if (rc < 0 || (rc = bn_trust_require(r->trust, BN_ALLOWS_READING, err)) < 0)
		return rc;
	rc = bn_workspace_refresh(r->ws, &changed, err);
	/* A run whose supervisor is gone must not stay RUNNING on the screen. */
	if (!rc)
		rc = bn_run_reconcile(r->ws, &lost, err);
	r->generation += !rc && (changed || lost);
	return rc;
}

static int table_open(
	bn_table_reader **out, bn_reader *r, const char *ref, const char *derived, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	int rc = bn_dataset_resolve(&v, r->ws, ref, BN_DATASET_REMOVED_TOO, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_dataset_open_table(&table, r->ws, v, err)) < 0)
		goto out;
	if ((rc = bn_table_derive(&table, derived, err)) < 0)
		bn_table_reader_free(table);
	else
		*out = table;
out:
	bn_dataset_version_free(v);
	return rc;
}

int bn_reader_table(
	bn_table_reader **out, bn_reader *r, const char *ref, const char *derived, bn_err *err)
{
	int64_t masks = bn_protect_settings(r->ws);
	if (!r->table || r->masks != masks || strcmp(r->ref, ref) != 0 || strcmp(r->derived, derived) != 0) {
		bn_table_reader_free(r->table);
		r->table = NULL;
		int rc = table_open(&r->table, r, ref, derived, err);
		if (rc < 0)
			return rc;
		r->masks = masks;
		snprintf(r->ref, sizeof r->ref, "%s", ref);
		snprintf(r->derived, sizeof r->derived, "%s", derived);
	}
	*out = r->table;
	return 0;
}

static bool profile_report(void *job, uint64_t done, uint64_t total)
{
	bn_job_step(job, "profiling", NULL, (int64_t)done, (int64_t)total);
	return !bn_job_is_cancelled(job);
}

bn_profile_progress bn_job_profile_watch(bn_job *job)
{
	return (bn_profile_progress){profile_report, job};
}

static bool check_report(void *job, uint64_t done, uint64_t total)
{
	bn_job_step(job, "checking", "checks", (int64_t)done, (int64_t)total);
	return !bn_job_is_cancelled(job);
}

bn_expect_progress bn_job_check_watch(bn_job *job)
{
	return (bn_expect_progress){.report = check_report, .ctx = job};
}

const bn_page_source *bn_source_workspace(void)
{
	static const bn_page_source source = {
		.status = bn_source_status,
		.overview = bn_source_overview,
		.datasets = bn_source_datasets,
		.versions = bn_source_versions,
		.version = bn_source_data_answer,
		.changes = bn_source_changes,
		.row_changes = bn_source_row_changes,
		.changed_rows = bn_source_changed_rows,
		.order = bn_source_order,
		.window = bn_source_window,
		.totals = bn_source_totals,
		.correlations = bn_source_correlations,
		.profile = bn_source_profile,
		.frequency = bn_source_frequency,
		.checks = bn_source_checks,
		.suites = bn_source_suites,
		.protection = bn_source_protection,
		.protect = bn_source_protect,
		.runs = bn_source_runs,
		.curves = bn_source_curves,
		.run = bn_source_run,
		.origin = bn_source_origin,
		.find = bn_source_objects_find,
		.words = bn_source_words,
		.launch = bn_source_launch,
		.warnings = bn_source_warnings,
		.start = bn_source_start,
		.split_form = bn_source_split_form,
		.split_plan = bn_source_split_plan,
		.compare = bn_source_compare,
		.charts = bn_source_charts,
		.statistics = bn_source_statistics,
		.object = bn_source_object,
		.code = bn_source_code,
		.models = bn_source_models,
		.sheet = bn_source_sheet,
		.card = bn_source_card,
		.action = bn_source_action,
		.reports = bn_source_reports,
		.report = bn_source_report,
		.endpoints = bn_source_endpoints,
		.remotes = bn_source_remotes,
		.share = bn_source_share,
		.audit = bn_source_audit,
		.authority = bn_source_authority,
		.make_profile = bn_source_make_profile,
		.make_frequency = bn_source_make_frequency,
		.verify_log = bn_source_verify_log,
		.verify_model = bn_source_verify_model,
		.make_skew = bn_source_make_skew,
		.make_report = bn_source_make_report,
		.reproduce = bn_source_reproduce,
		.export_rows = bn_source_export_rows,
		.export_runs = bn_source_export_runs,
		.add_data = bn_source_add_data,
		.make_split = bn_source_make_split,
		.check = bn_source_check,
	};
	return &source;
}
