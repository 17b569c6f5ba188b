/* source_models.c - models, the approval sheet, the audit log, and the deeds that change things. */
#include "core/launch/launch.h"
#include "tui/views/_source.h"

#include <stdio.h>

static void models_release(void *data)
{
	bn_models *m = data;
	bn_inbox_free(m->inbox);
	bn_version_page_free(m->versions);
}

int bn_source_models(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	(void)arg;
	(void)job;
	bn_models *m = bn_arena_alloc(&page->arena, sizeof *m);
	int rc = m ? bn_reader_refresh(r, err) : bn_err_nomem(err, "models");
	if (!rc)
		rc = bn_inbox_read(&m->inbox, r->ws, err);
	if (!rc)
		rc = bn_version_list(&m->versions, r->ws, NULL, false, err);
	if (rc) {
		if (m)
			models_release(m);
		return rc;
	}
	return BN_PAGE_TAKE(page, m, models_release);
}

static void sheet_release(void *data)
{
	bn_inbox_item_free(data);
}

int bn_source_sheet(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_inbox_item *item = NULL;
	(void)job;
	int rc = bn_reader_refresh(r, err);
	if (!rc)
		rc = bn_inbox_item_read(&item, r->ws, a->ref, err);
	return rc ? rc : BN_PAGE_TAKE(page, item, sheet_release);
}

int bn_source_deed(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_deed_arg *a = arg;
	bn_cancel how = BN_CANCEL_ASKED;
	int rc = 0;
	(void)job;
	switch (a->deed) {
	case BN_DEED_APPROVE:
		rc = bn_version_approve(
			r->ws, a->ref, a->reason[0] ? a->reason : NULL, a->override, err);
		break;
	case BN_DEED_REJECT:
		rc = bn_version_reject(r->ws, a->ref, a->reason, err);
		break;
	case BN_DEED_STOP:
		rc = bn_launch_stop(r->ws, a->ref, &how, err);
		break;
	case BN_DEED_QUEUE_PAUSE:
	case BN_DEED_QUEUE_RESUME:
		rc = bn_queue_pause(r->ws, a->deed == BN_DEED_QUEUE_PAUSE, err);
		break;
	}
	if (!rc)
		rc = bn_workspace_sync(r->ws, err);
	r->generation++; /* what the sync has folded, the next refresh does not see */
	if (rc)
		return rc;
	if (a->deed == BN_DEED_QUEUE_RESUME)
		bn_reader_wake_queue(r);
	char text[256];
	if (a->deed == BN_DEED_QUEUE_PAUSE || a->deed == BN_DEED_QUEUE_RESUME)
		snprintf(text, sizeof text, "the queue %s",
			a->deed == BN_DEED_QUEUE_PAUSE ? "starts nothing more" : "goes on");
	else if (a->deed == BN_DEED_STOP)
		snprintf(text, sizeof text,
			how == BN_CANCEL_DONE ? "run %.8s cancelled, before it had started%s"
					      : "asked run %.8s to end%s",
			a->ref,
			how == BN_CANCEL_ASKED ? ", through the log: it is on another host" : "");
	else
		snprintf(text, sizeof text, "%s and signed: %.150s",
			a->deed == BN_DEED_APPROVE ? "approved" : "rejected", a->ref);
	page->data = bn_arena_strdup(&page->arena, text);
	return page->data ? 0 : bn_err_nomem(err, "a message");
}

static void audit_release(void *data)
{
	bn_audit_page_free(data);
}

int bn_source_audit(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_audit_page *log = NULL;
	bn_audit_filter all = {.outcome = -1, .limit = 5000};
	(void)arg;
	(void)job;
	int rc = bn_reader_refresh(r, err);
	if (!rc)
		rc = bn_audit_read(&log, r->ws, &all, err);
	return rc ? rc : BN_PAGE_TAKE(page, log, audit_release);
}
