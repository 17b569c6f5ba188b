/* pages.c - drift reports, and servers. */
#include "core/base/mem.h"
#include "core/monitor/report.h"
#include "tui/views/_source.h"

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
	bn_monitor_report_free(data);
}

int bn_source_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_monitor_report *report = NULL;
	(void)job;
	int rc = bn_reader_refresh(r, err);
	if (!rc)
		rc = bn_monitor_report_load(&report, r->ws, a->ref, NULL, err);
	return rc ? rc : BN_PAGE_TAKE(page, report, report_release);
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
