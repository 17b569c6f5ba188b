/* pages.c - drift reports, and servers. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/newer.h"
#include "core/monitor/report.h"
#include "tui/views/_source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void reports_release(void *data)
{
	bn_monitor_reports_release(data);
}

int bn_source_reports(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	(void)arg;
	(void)job;
	bn_monitor_reports *list = bn_arena_alloc(&page->arena, sizeof *list);
	int rc = list ? bn_reader_refresh(r, err) : bn_err_nomem(err, "reports");
	if (!rc)
		rc = bn_monitor_report_list(list, r->ws, NULL, 1000, err);
	return rc ? rc : BN_PAGE_TAKE(page, list, reports_release);
}

static void report_release(void *data)
{
	bn_monitor_report_free(((bn_report_page *)data)->report);
}

static const bn_monitor_feature *feature_of(const bn_monitor_report *r, const char *name)
{
	for (size_t i = 0; i < r->feature_count; i++)
		if (strcmp(r->features[i].name, name) == 0)
			return &r->features[i];
	return NULL;
}

static bool same_version(const bn_monitor_report *a, const bn_monitor_report *b)
{
	const char *x = a->version ? a->version : "", *y = b->version ? b->version : "";
	return strcmp(a->model, b->model) == 0 && strcmp(x, y) == 0;
}

static void window_fill(bn_report_page *p, const bn_monitor_report *of, size_t at)
{
	p->times_ms[at] = (double)of->time_ms;
	for (size_t i = 0; i < p->report->feature_count; i++) {
		const bn_monitor_feature *f = feature_of(of, p->report->features[i].name);
		p->severities[i * BN_WINDOWS + at] = f ? bn_drift_severity(&f->result) : NAN;
	}
}

/* Reads the earlier reports; those that cannot be read (private ones of others) are left out. */
static int windows_read(bn_report_page *p, bn_reader *r, bn_err *err)
{
	bn_monitor_reports list = {NULL, 0};
	size_t which[BN_WINDOWS], n = 0;
	int rc = bn_monitor_report_list(&list, r->ws, p->report->model, 0, err);
	for (size_t i = 0; rc >= 0 && i < list.count && n + 1 < BN_WINDOWS; i++)
		if (same_version(list.items[i], p->report) &&
			list.items[i]->time_ms < p->report->time_ms)
			which[n++] = i;
	while (rc >= 0 && n-- > 0) {
		bn_monitor_report *one = NULL;
		bn_err own = BN_ERR_INIT;
		if (bn_monitor_report_load(&one, r->ws, list.items[which[n]]->id, NULL, &own) == 0)
			window_fill(p, one, p->windows++);
		bn_monitor_report_free(one);
	}
	bn_monitor_reports_release(&list);
	window_fill(p, p->report, p->windows++);
	return rc;
}

/* The row filter of the run, which the reference was read with. */
static int where_read(bn_report_page *p, bn_arena *arena, bn_reader *r, bn_err *err)
{
	bn_run_terms terms;
	bn_err own = BN_ERR_INIT;
	if (!p->run[0] || bn_reader_terms(&terms, r, p->run, &own) < 0 || !terms.where)
		return 0;
	p->where = bn_arena_strdup(arena, terms.where);
	return p->where ? 0 : bn_err_nomem(err, "a report");
}

/* The newest version of the data that the model was trained on. */
static int train_read(bn_report_page *p, bn_reader *r, const bn_version *v, bn_err *err)
{
	for (size_t i = 0; i < json_array_size(v->data); i++) {
		const json_t *d = json_array_get(v->data, i);
		const char *role = bn_json_str(d, "role", "train"), *name = bn_json_str(d, "name", NULL);
		char ref[BN_REF_BYTES];
		bn_newer newer;
		if (strcmp(role, "train") != 0 || !name)
			continue;
		bn_ref_format(ref, name, "@v", json_integer_value(json_object_get(d, "version")));
		int rc = bn_newer_find(&newer, r->ws, ref, err);
		if (rc == 1 && !newer.is_parent)
			snprintf(p->train, sizeof p->train, "%s", newer.ref);
		return rc < 0 ? rc : 0;
	}
	return 0;
}

/* Reads the server and the run; the model of a report may be unregistered. */
static int in_use_read(bn_report_page *p, bn_arena *arena, bn_reader *r, bn_err *err)
{
	char spec[BN_REF_BYTES];
	bn_endpoints list = {NULL, 0};
	const bn_endpoint *e = NULL;
	bn_version *v = NULL;
	bn_err own = BN_ERR_INIT;
	int rc = bn_endpoint_list(&list, r->ws, err);
	if (rc < 0)
		return rc;
	snprintf(spec, sizeof spec, "%.130s%s%.20s", p->report->model,
		p->report->version ? "/" : "", p->report->version ? p->report->version : "");
	p->p99_ms = NAN;
	rc = 0;
	if (bn_endpoint_find(&e, &list, spec, &own) == 0 && e->state == BN_ENDPOINT_RUNNING) {
		p->port = e->port;
		p->requests = e->requests;
		p->errors = e->errors;
		p->p99_ms = e->p99_ms;
	}
	bn_endpoints_release(&list);
	bn_err_clear(&own);
	if (bn_version_get(&v, r->ws, spec, &own) == 0 && v->run_id) {
		snprintf(p->run, sizeof p->run, "%s", v->run_id);
		rc = train_read(p, r, v, err);
	}
	bn_version_free(v);
	if (rc < 0)
		return rc;
	return where_read(p, arena, r, err);
}

int bn_source_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	(void)job;
	bn_report_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int rc = p ? bn_reader_refresh(r, err) : bn_err_nomem(err, "a report");
	if (rc < 0 || (rc = bn_monitor_report_load(&p->report, r->ws, a->ref, NULL, err)) < 0)
		return rc;
	p->severities = bn_arena_alloc(
		&page->arena, (p->report->feature_count * BN_WINDOWS + 1) * sizeof *p->severities);
	if (!p->severities)
		rc = bn_err_nomem(err, "a report");
	if (rc < 0 || (rc = windows_read(p, r, err)) < 0 ||
		(rc = in_use_read(p, &page->arena, r, err)) < 0) {
		report_release(p);
		return rc;
	}
	return BN_PAGE_TAKE(page, p, report_release);
}

static void endpoints_release(void *data)
{
	bn_endpoints_release(data);
}

int bn_source_endpoints(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	int rc = 0;
	bn_reader *r = context;
	(void)arg;
	(void)job;
	bn_endpoints *list = bn_arena_alloc(&page->arena, sizeof *list);
	if (!list)
		return bn_err_nomem(err, "servers");
	*list = (bn_endpoints){NULL, 0};
	if ((rc = bn_reader_refresh(r, err)) < 0)
		return rc;
	if ((rc = bn_endpoint_list(list, r->ws, err)) < 0)
		return rc;
	return BN_PAGE_TAKE(page, list, endpoints_release);
}
