/* pages.c - models, the approval sheet, the audit log, and the deeds that change things. */
#include "core/launch/launch.h"
#include "core/registry/recompute.h"
#include "tui/views/_source.h"

#include <string.h>

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

/* Each is tried; what was done goes into text, and the first reason why one was not. */
static int stop_several(bn_reader *r, const bn_deed_arg *a, char *text, size_t size, bn_err *err)
{
	size_t asked = 0, cancelled = 0, over = 0, refused = 0;
	bn_err why = BN_ERR_INIT;
	int rc = bn_reader_refresh(r, err);
	for (size_t i = 0; rc >= 0 && i < a->stop_count; i++) {
		char id[BN_RUN_ID_TEXT];
		bn_run_info *run = NULL;
		bn_cancel how;
		if ((rc = bn_run_resolve(r->ws, a->stop[i], id, err)) < 0 ||
			(rc = bn_run_get(&run, r->ws, id, err)) < 0)
			return rc;
		bool live = bn_run_status_is_live(run->status);
		bn_run_info_free(run);
		if (!live)
			over++;
		else if (bn_launch_stop(r->ws, id, &how, &why) < 0)
			refused++;
		else if (how == BN_CANCEL_DONE)
			cancelled++;
		else
			asked++;
	}
	snprintf(text, size, "asked %zu to end", asked);
	if (cancelled && !asked)
		snprintf(text, size, "cancelled %zu, before they had started", cancelled);
	else if (cancelled)
		snprintf(text + strlen(text), size - strlen(text), ", cancelled %zu", cancelled);
	if (over)
		snprintf(text + strlen(text), size - strlen(text), ", %zu were over", over);
	if (refused)
		snprintf(text + strlen(text), size - strlen(text), ", %zu not: %.150s", refused,
			why.msg);
	return rc;
}

/* What the gates ask for is measured first; where it cannot be, the gates say so. */
static int approve(bn_workspace *ws, const bn_deed_arg *a, bn_err *err)
{
	bn_recomputed_list *measured = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_version_recompute(&measured, ws, a->ref, NULL, &why);
	bn_recomputed_list_free(measured);
	if (rc < 0 && rc != BN_EREFUSED)
		return bn_err_move(err, &why);
	return bn_version_approve(ws, a->ref, a->reason[0] ? a->reason : NULL, a->override, err);
}

int bn_source_deed(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_deed_arg *a = arg;
	bn_cancel how = BN_CANCEL_ASKED;
	int rc = 0;
	char text[256];
	(void)job;
	switch (a->deed) {
	case BN_DEED_APPROVE:
		if ((rc = bn_reader_need_trust(r, err)) < 0)
			break;
		rc = approve(r->ws, a, err);
		break;
	case BN_DEED_REJECT:
		if ((rc = bn_reader_need_trust(r, err)) < 0)
			break;
		rc = bn_version_reject(r->ws, a->ref, a->reason, err);
		break;
	case BN_DEED_STOP:
		rc = a->stop_count ? stop_several(r, a, text, sizeof text, err)
				   : bn_launch_stop(r->ws, a->ref, &how, err);
		break;
	case BN_DEED_QUEUE_PAUSE:
	case BN_DEED_QUEUE_RESUME:
		rc = bn_queue_pause(r->ws, a->deed == BN_DEED_QUEUE_PAUSE, err);
		break;
	case BN_DEED_REQUEST:
	case BN_DEED_ACCEPT:
	case BN_DEED_GRANT:
	case BN_DEED_REVOKE:
	case BN_DEED_REMOVE:
	case BN_DEED_SIGN:
		rc = bn_reader_authority_deed(r, a, text, sizeof text, err);
		break;
	case BN_DEED_RUN_TAG:
	case BN_DEED_RUN_NOTE:
	case BN_DEED_RUN_REMOVE:
	case BN_DEED_RUN_RESTORE:
		rc = bn_reader_run_act(r, a, text, sizeof text, err);
		break;
	}
	if (!rc)
		rc = bn_workspace_sync(r->ws, err);
	r->generation++; /* what the sync has folded, the next refresh does not see */
	if (rc)
		return rc;
	if (a->deed == BN_DEED_QUEUE_RESUME)
		bn_reader_wake_queue(r);
	if (a->deed == BN_DEED_QUEUE_PAUSE || a->deed == BN_DEED_QUEUE_RESUME)
		snprintf(text, sizeof text, "the queue %s",
			a->deed == BN_DEED_QUEUE_PAUSE ? "starts nothing more" : "goes on");
	else if (a->deed == BN_DEED_STOP && !a->stop_count)
		snprintf(text, sizeof text,
			how == BN_CANCEL_DONE ? "run %.8s cancelled, before it had started%s"
					      : "asked run %.8s to end%s",
			a->ref,
			how == BN_CANCEL_ASKED ? ", through the log: it is on another host" : "");
	else if (a->deed == BN_DEED_APPROVE || a->deed == BN_DEED_REJECT)
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
