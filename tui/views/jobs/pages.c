/* pages.c - jobs other than profiles: verifying, drift reports, exports, ingest, checks. See
 * _source.h; each checks for cancellation several times a second. */
#include "core/base/file_out.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/check/expect.h"
#include "core/data/add.h"
#include "core/data/profile_cache.h"
#include "core/data/suite_gate.h"
#include "core/monitor/skew.h"
#include "core/registry/provenance.h"
#include "core/source/rows_write.h"
#include "tui/views/_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int text_page(bn_page *page, const char *text, bn_err *err)
{
	page->data = bn_arena_strdup(&page->arena, text);
	return page->data ? 0 : bn_err_nomem(err, "a result");
}

/* ---- verifying ----------------------------------------------------------------------------------- */

static int findings_new(
	bn_findings **out, bn_page *page, const char *about, size_t most, bn_err *err)
{
	bn_findings *f = bn_arena_alloc(&page->arena, sizeof *f);
	bn_finding *items = bn_arena_alloc(&page->arena, (most + 1) * sizeof *items);
	if (!f || !items || !(f->about = bn_arena_strdup(&page->arena, about)))
		return bn_err_nomem(err, "findings");
	f->items = items;
	*out = f;
	return 0;
}

static void finding_add(bn_findings *f, bn_state state, const char *what, const char *found)
{
	((bn_finding *)(uintptr_t)f->items)[f->count++] = (bn_finding){state, what, found};
}

/* A count of objects, and how many of them are wrong. */
static void count_finding(
	bn_findings *f, bn_arena *arena, uint64_t bad, const char *what, uint64_t count)
{
	char n[BN_FMT];
	bn_fmt_count(count, n);
	if (bad)
		finding_add(f, BN_STATE_FAIL, what,
			bn_arena_strf(arena, "%" PRIu64 " of %s are wrong", bad, n));
	else
		finding_add(
			f, count ? BN_STATE_OK : BN_STATE_NONE, what, bn_arena_strdup(arena, n));
}

static void log_verdict(bn_findings *f, bn_arena *arena, const bn_audit_report *r)
{
	f->state = BN_STATE_OK;
	f->verdict = "whole: every record, signature and object is as it was written";
	if (r->newer) {
		f->state = BN_STATE_WARN;
		f->verdict = "whole, but for what a newer binnacle has written";
	}
	if (r->faults) {
		f->state = BN_STATE_FAIL;
		f->verdict = bn_arena_strf(
			arena, "%" PRIu64 " fault%s", r->faults, r->faults > 1 ? "s" : "");
	}
}

int bn_source_verify_log(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_arena *arena = &page->arena;
	bn_audit_report *report = NULL;
	bn_findings *f = NULL;
	bn_progress watch = bn_job_watch(job);
	(void)arg;
	bn_err why = BN_ERR_INIT;
	int rc = bn_audit_verify(&report, r->ws, &watch, err);
	if (rc < 0 || (rc = findings_new(&f, page, "the log", 10, err)) < 0)
		goto out;
	uint64_t other = report->faults - report->bad_signatures - report->bad_objects -
			 report->missing_objects;
	count_finding(f, arena, 0, "writers", report->writers);
	count_finding(f, arena, other, "records, in chains", report->records);
	count_finding(f, arena, report->bad_signatures, "signatures", report->signatures);
	count_finding(f, arena, report->bad_objects + report->missing_objects, "objects, hashed",
		report->objects);
	if (report->private_of)
		finding_add(f, BN_STATE_WARN, "private objects, only verified by who owns them",
			bn_arena_strdup(arena, report->private_of));
	if (report->newer)
		finding_add(f, BN_STATE_WARN, "records of a newer binnacle",
			"this version cannot check them");
	if (report->first_fault)
		finding_add(f, BN_STATE_FAIL, "first fault",
			bn_arena_strdup(arena, report->first_fault));
	log_verdict(f, arena, report);
	if (bn_reader_need_trust(r, &why) < 0) {
		finding_add(
			f, BN_STATE_FAIL, "what was seen before", bn_arena_strdup(arena, why.msg));
		f->state = BN_STATE_FAIL;
		f->verdict = "not trusted as it is";
	}
	bn_job_log(job, "%s", f->verdict ? f->verdict : "");
	page->data = f;
out:
	bn_audit_report_free(report);
	return rc;
}

int bn_source_verify_model(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_arena *arena = &page->arena;
	bn_verify_report *report = NULL;
	bn_findings *f = NULL;
	bn_progress watch = bn_job_watch(job);
	int rc = bn_reader_need_trust(r, err);
	if (rc < 0 || (rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_version_verify(&report, r->ws, a->ref, &watch, err)) < 0 ||
		(rc = findings_new(&f, page, a->ref, report->count, err)) < 0)
		goto out;
	for (size_t i = 0; i < report->count; i++) {
		const bn_verify_line *l = &report->items[i];
		finding_add(f, l->problem ? BN_STATE_FAIL : BN_STATE_OK,
			bn_arena_strdup(arena, l->what),
			l->problem ? bn_arena_strdup(arena, l->problem) : "");
	}
	f->state = report->problems ? BN_STATE_FAIL : BN_STATE_OK;
	f->verdict = report->problems
			     ? bn_arena_strf(arena, "%zu of %zu do not hold", report->problems,
				       report->count)
			     : "byte for byte and signature for signature what was registered";
	bn_job_log(job, "%s", f->verdict ? f->verdict : "");
	page->data = f;
out:
	bn_verify_report_free(report);
	return rc;
}

/* ---- drift --------------------------------------------------------------------------------------- */

int bn_source_make_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_monitor_report *report = NULL;
	bn_progress watch = bn_job_watch(job);
	bn_monitor_options options = {.progress = &watch};
	int rc = bn_reader_refresh(r, err);
	if (rc < 0 || (rc = bn_monitor_report_make(&report, r->ws, a->ref, &options, err)) < 0)
		return rc;
	bn_job_log(job, "%s: %zu of %zu inputs drifted, %" PRId64 " rows",
		bn_drift_verdict_name(report->dataset.verdict), report->dataset.drifted,
		report->dataset.columns, report->rows);
	rc = text_page(page, report->id, err);
	bn_monitor_report_free(report);
	return rc;
}

int bn_source_make_skew(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_progress watch = bn_job_watch(job);
	bn_skew_options o = BN_SKEW_OPTIONS_INIT;
	bn_skew s = {.checks = NULL};
	bn_buf text = BN_BUF_INIT;
	int rc = bn_reader_refresh(r, err);
	o.progress = &watch;
	if (rc < 0 || (rc = bn_skew_find(&s, r->ws, a->ref, &o, err)) < 0)
		goto out;
	bn_skew_write(&s, &text);
	bn_job_log(job, "%zu of %zu computed differently, %zu of %zu inputs skewed", s.differ, s.count, s.skewed,
		s.inputs->feature_count);
	rc = bn_buf_check(&text, err, "a skew");
	rc = rc < 0 ? rc : text_page(page, text.ptr, err);
out:
	bn_buf_release(&text);
	bn_skew_release(&s);
	return rc;
}

/* ---- export -------------------------------------------------------------------------------------- */

typedef struct target {
	bn_file_out *file;
	uint64_t bytes;
} target;

static int target_put(void *ctx, const char *bytes, size_t n, bn_err *err)
{
	target *t = ctx;
	t->bytes += n;
	return bn_file_out_add(t->file, bytes, n, err);
}

static int export_write(bn_table_reader *table, const bn_csv_part *part, const bn_export_arg *a,
	const bn_env *env, bn_job *job, uint64_t *bytes, bn_err *err)
{
	bn_progress watch = bn_job_watch(job);
	target t = {0};
	int rc = bn_file_out_open(&t.file, env, a->path, 0666, err);
	if (rc < 0)
		return rc;
	switch (a->kind) {
	case BN_EXPORT_FILE_CSV:
	case BN_EXPORT_FILE_TSV:
		rc = bn_csv_export_rows(table, part, a->kind == BN_EXPORT_FILE_TSV ? '\t' : ',',
			&watch, target_put, &t, err);
		break;
	case BN_EXPORT_FILE_ARROW:
		rc = bn_arrow_export_rows(table, part, &watch, target_put, &t, err);
		break;
	case BN_EXPORT_FILE_JSON:
		rc = bn_json_export_rows(table, part, &watch, target_put, &t, err);
		break;
	}
	if (rc >= 0)
		rc = bn_file_out_finish(t.file, err);
	*bytes = t.bytes;
	bn_file_out_free(t.file);
	return rc;
}

/* The requested columns; all of them if none are given. */
static int export_columns(
	bn_csv_part *part, size_t *room, const bn_export_arg *a, size_t count, bn_err *err)
{
	part->column_count = (size_t)a->columns;
	part->columns = a->columns ? room : NULL;
	for (int i = 0; i < a->columns; i++) {
		room[i] = a->column[i];
		if (room[i] >= count)
			return bn_err_set(err, BN_EINVAL, "there is no column number %zu", room[i]);
	}
	return 0;
}

int bn_source_export_rows(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_export_arg *a = arg;
	size_t columns[sizeof a->column / sizeof *a->column];
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_progress watch = bn_job_watch(job);
	bn_csv_part part = {.rows = NULL};
	int64_t *rows = NULL;
	uint64_t bytes = 0;
	char n[BN_FMT], size[BN_FMT];
	int rc = bn_reader_need_trust(r, err);
	if (rc < 0 || (rc = bn_reader_refresh(r, err)) < 0)
		return rc;
	if ((rc = bn_dataset_resolve(&v, r->ws, a->rows.of.ref, BN_DATASET_REMOVED_TOO, err)) < 0 ||
		(rc = bn_dataset_verify(r->ws, v, &watch, err)) < 0)
		goto out;
	bn_job_step(job, "filtering", "rows", 0, 0);
	if ((rc = bn_reader_order(&rows, &part.n, &table, r, &a->rows, job, err)) < 0 ||
		(rc = export_columns(&part, columns, a, bn_table_schema(table)->count, err)) < 0)
		goto out;
	part.rows = rows;
	if ((rc = export_write(table, &part, a, bn_workspace_env(r->ws), job, &bytes, err)) < 0)
		goto out;
	bn_job_log(job, "wrote %s %s, %s, to %s", bn_fmt_count(part.n, n),
		part.n == 1 ? "row" : "rows",
		bn_fmt_bytes(bytes, size), a->path);
	rc = text_page(page, a->path, err);
out:
	bn_free(rows);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- ingest -------------------------------------------------------------------------------------- */

static bool add_report(void *ctx, uint64_t done, uint64_t total, uint64_t rows)
{
	(void)rows;
	bn_job_step(ctx, "reading", "B", (int64_t)done, (int64_t)total);
	return !bn_job_is_cancelled(ctx);
}

int bn_source_add_data(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_add_arg *a = arg;
	bn_dataset_version *v = NULL;
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_ingest_report report = {0};
	bool added = false;
	char ref[BN_REF_BYTES], n[BN_FMT];
	o.progress = add_report;
	o.progress_ctx = job;
	bn_dataset_privacy privacy = a->is_private ? BN_DATASET_PRIVATE : BN_DATASET_AS_BEFORE;
	int rc = bn_reader_refresh(r, err);
	if (rc < 0 || (rc = bn_dataset_add(&v, &added, r->ws, a->name, privacy, NULL, a->uri, &o,
			       &report, err)) < 0)
		return rc;
	for (size_t i = 0; i < report.notes.count; i++)
		bn_job_log(job, "%s%s", report.notes.items[i].warning ? "warning: " : "",
			report.notes.items[i].text);
	bn_ingest_report_release(&report);
	bn_dataset_version_name(v, ref, sizeof ref);
	if (added)
		bn_job_log(job, "added %s, %s rows, %" PRId64 " columns", ref,
			bn_fmt_count((uint64_t)v->rows, n), v->columns);
	else
		bn_job_log(job, "nothing new: these are the bytes of %s", ref);
	rc = text_page(page, ref, err);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- checks -------------------------------------------------------------------------------------- */

static int suite_read(bn_suite **out, bn_workspace *ws, const bn_dataset_version *v,
	const char *path, bn_err *err)
{
	json_t *doc = NULL;
	int rc;
	if (path[0])
		return bn_suite_load(out, bn_workspace_env(ws), path, err);
	if (!v->check_suite[0]) {
		bn_err_set(err, BN_ENOTFOUND, "%s@v%" PRId64 " was never checked", v->name,
			v->version);
		bn_err_hint(err, "name a suite: :check SUITE.json");
		return BN_ENOTFOUND;
	}
	if ((rc = bn_dataset_load_json(&doc, ws, v, v->check_suite, err)) < 0)
		return rc;
	rc = bn_suite_from_json(out, doc, "the suite used last", err);
	json_decref(doc);
	return rc;
}

/* of: the name of an attached suite, for the log; NULL: the only one. */
static int check_with(bn_reader *r, const bn_dataset_version *v, const bn_suite *suite, const char *of, bn_job *job,
	bn_err *err)
{
	bn_expect_result *result = NULL;
	bn_progress watch = bn_job_watch(job);
	bn_expect_progress progress = bn_job_check_watch(job);
	int rc = bn_dataset_run_suite(&result, r->ws, v, suite, true, &progress, &watch, err);
	const char *colon = of ? ": " : "";
	of = of ? of : "";
	if (rc < 0)
		return rc;
	if (result->raised)
		bn_job_log(job, "%s%s%zu of %zu checks failed, %zu ended in an error", of, colon,
			result->failed - result->raised, result->count, result->raised);
	else if (result->failed)
		bn_job_log(job, "%s%s%zu of %zu checks failed", of, colon, result->failed, result->count);
	else
		bn_job_log(job, "%s%sall %zu checks passed", of, colon, result->count);
	bn_expect_result_free(result);
	return 0;
}

static int check_attached(bn_reader *r, const bn_dataset_version *v, bn_job *job, bn_err *err)
{
	bn_suites l;
	int rc = bn_suites_load(&l, r->ws, v->name, err);
	if (rc >= 0 && !l.count)
		rc = bn_err_set(err, BN_ENOTFOUND, "no suite is attached to %s", v->name);
	for (size_t i = 0; rc >= 0 && i < l.count; i++) {
		bn_suite *suite = NULL;
		if ((rc = bn_suite_attached_read(&suite, r->ws, &l.items[i], err)) >= 0)
			rc = check_with(r, v, suite, l.items[i].name, job, err);
		bn_suite_free(suite);
	}
	bn_suites_release(&l);
	return rc;
}

int bn_source_check(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_recheck_arg *a = arg;
	bn_dataset_version *v = NULL;
	bn_suite *suite = NULL;
	int rc = bn_reader_refresh(r, err);
	if (rc < 0 || (rc = bn_dataset_resolve(&v, r->ws, a->ref, BN_DATASET_LIVE, err)) < 0)
		return rc;
	if (a->attached)
		rc = check_attached(r, v, job, err);
	else if ((rc = suite_read(&suite, r->ws, v, a->suite, err)) >= 0)
		rc = check_with(r, v, suite, NULL, job, err);
	if (rc >= 0)
		rc = text_page(page, a->ref, err);
	bn_suite_free(suite);
	bn_dataset_version_free(v);
	return rc;
}
