/* pages.c - models, the approval page, the audit log, and the actions that change things. */
#include "core/launch/launch.h"
#include "core/registry/provenance.h"
#include "core/registry/recompute.h"
#include "tui/views/_source.h"

#include <string.h>

#include <stdio.h>

static void models_release(void *data)
{
	bn_models *m = data;
	bn_inbox_free(m->inbox);
	bn_version_page_free(m->versions);
	if (m->endpoints)
		bn_endpoints_release(m->endpoints);
	if (m->reports)
		bn_monitor_reports_release(m->reports);
}

/* Reads the servers of the versions, and the drift of their inputs. */
static int in_use_read(bn_models *m, bn_arena *arena, bn_reader *r, bn_err *err)
{
	bn_endpoints *endpoints = bn_arena_alloc(arena, sizeof *endpoints);
	bn_monitor_reports *reports = bn_arena_alloc(arena, sizeof *reports);
	int rc;
	if (!endpoints || !reports)
		return bn_err_nomem(err, "models");
	if ((rc = bn_endpoint_list(endpoints, r->ws, err)) < 0)
		return rc;
	m->endpoints = endpoints;
	if ((rc = bn_monitor_report_list(reports, r->ws, NULL, 1000, err)) < 0)
		return rc;
	m->reports = reports;
	return 0;
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
	if (!rc)
		rc = in_use_read(m, &page->arena, r, err);
	if (rc) {
		if (m)
			models_release(m);
		return rc;
	}
	return BN_PAGE_TAKE(page, m, models_release);
}

static void sheet_release(void *data)
{
	bn_sheet *s = data;
	bn_inbox_item_free(s->item);
	bn_evidence_list_free(s->evidence);
	bn_packages_release(&s->packages);
}

static bool has_signed(const bn_version *v, uid_t uid, const char *name)
{
	for (size_t i = 0; i < v->n_decisions; i++) {
		const bn_decision *d = &v->decisions[i];
		if (d->counts && d->approved &&
			(name ? d->user && strcmp(d->user, name) == 0 : d->uid == uid))
			return true;
	}
	return false;
}

/* "you, lin or 3 more" */
typedef struct names {
	char text[200];
	size_t at, count, more;
} names;

static void name_add(names *n, const char *name)
{
	if (n->count >= 4) {
		n->more++;
		return;
	}
	int k = snprintf(
		n->text + n->at, sizeof n->text - n->at, "%s%.40s", n->count ? " or " : "", name);
	n->at += k > 0 ? (size_t)k : 0;
	n->count++;
}

static void name_add_more(names *n)
{
	snprintf(n->text + n->at, sizeof n->text - n->at, " or %zu more", n->more);
}

/* Nobody can sign before: not even by measuring what is missing. */
static bool waits_for_gates(const bn_inbox_item *d)
{
	return d->gates && d->gates->blocked && !d->recomputes && !d->override_allowed;
}

/* Unsatisfied gates do not count: the user can still satisfy them. */
static bool i_could_sign(const bn_inbox_item *d)
{
	return d->can_approve || (d->gates && d->gates->blocked);
}

static int persons_add(
	names *n, bn_reader *r, const bn_policy *policy, const bn_inbox_item *d, bn_err *err)
{
	const bn_version *v = d->version;
	bn_people *people = NULL;
	int rc = bn_people_read(&people, r->ws, err);
	for (size_t i = 0; rc >= 0 && i < people->count; i++) {
		const bn_person_row *p = &people->persons[i];
		unsigned may = policy->allow[BN_ACT_APPROVE] | 1u << BN_ROLE_ADMIN;
		bool own = (v->author && strcmp(v->author, p->name) == 0) ||
			   (v->registrar && strcmp(v->registrar, p->name) == 0);
		if (!(p->roles & may) || (own && !policy->self_approval) ||
			has_signed(v, 0, p->name) || (p->is_me && !i_could_sign(d)))
			continue;
		name_add(n, p->is_me ? "you" : p->name);
	}
	bn_people_free(people);
	return rc;
}

static int users_add(names *n, bn_reader *r, const bn_policy *policy, const bn_inbox_item *d,
	uid_t me, bn_err *err)
{
	const bn_version *v = d->version;
	bn_user_list *users = NULL;
	int rc = bn_user_list_read(&users, r->ws, err);
	for (size_t i = 0; rc >= 0 && i < users->count; i++) {
		const bn_user_row *u = &users->items[i];
		unsigned may = policy->allow[BN_ACT_APPROVE] | 1u << BN_ROLE_ADMIN;
		bool own = u->uid == v->author_uid || u->uid == v->registrar_uid;
		if (!(u->roles & may) || (own && !policy->self_approval) ||
			has_signed(v, u->uid, NULL) || (u->uid == me && !i_could_sign(d)))
			continue;
		name_add(n, u->uid == me ? "you" : u->user);
	}
	bn_user_list_free(users);
	return rc;
}

/* Who may sign and has not, by the current roles and policy. */
static int signers_read(bn_sheet *s, bn_arena *arena, bn_reader *r, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(r->ws);
	bn_policy *policy = NULL;
	bn_self me;
	names n = {.at = 0};
	int rc;
	if (s->item->version->state != BN_MODEL_REQUESTED)
		return 0;
	if (!db)
		return 0;
	if ((rc = bn_self_read(&me, r->ws, db, err)) < 0 ||
		(rc = bn_rights_policy(&policy, r->ws, db, err)) < 0 ||
		(rc = me.is_chained ? persons_add(&n, r, policy, s->item, err)
				    : users_add(&n, r, policy, s->item, me.uid, err)) < 0)
		goto out;
	if (n.count && n.more)
		name_add_more(&n);
	if (n.count)
		s->signers = bn_arena_strf(arena, "%s may sign%s", n.text,
			waits_for_gates(s->item) ? " once the gates pass" : "");
out:
	bn_policy_free(policy);
	return rc;
}

int bn_source_sheet(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_err own = BN_ERR_INIT;
	(void)job;
	bn_sheet *s = bn_arena_alloc(&page->arena, sizeof *s);
	int rc = s ? bn_reader_refresh(r, err) : bn_err_nomem(err, "a sheet");
	if (rc < 0 || (rc = bn_inbox_item_read(&s->item, r->ws, a->ref, err)) < 0)
		return rc;
	/* These are additional: the sheet is shown without them. */
	if (bn_evidence_read(&s->evidence, r->ws, a->ref, &own) < 0)
		s->evidence = NULL;
	bn_err_clear(&own);
	if (signers_read(s, &page->arena, r, &own) < 0)
		s->signers = NULL;
	bn_err_clear(&own);
	const bn_version *v = s->item->version;
	if (v->key > 0) /* one that does not hold its number has none */
		bn_package_list(&s->packages, r->ws, v->name, v->version, BN_SHEET_IMAGES, &own);
	return BN_PAGE_TAKE(page, s, sheet_release);
}

int bn_source_card(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_buf card = BN_BUF_INIT;
	(void)job;
	int rc = bn_reader_refresh(r, err);
	if (rc >= 0 && (rc = bn_version_card(&card, r->ws, a->ref, err)) >= 0) {
		page->data = bn_arena_strndup(&page->arena, card.ptr, card.len);
		rc = page->data ? 0 : bn_err_nomem(err, "a card");
	}
	bn_buf_release(&card);
	return rc;
}

/* Replaces ref by the UUID of the shown version, since its name may refer to another one by now. */
static int shown_find(bn_action_arg *a, bn_workspace *ws, bn_err *err)
{
	bn_version *v = NULL;
	int rc = a->digest[0] ? bn_version_get(&v, ws, a->ref, err) : 0;
	if (rc < 0 || !v)
		return rc;
	if (!v->digest || strcmp(v->digest, a->digest) != 0) {
		rc = bn_err_set(err, BN_ECONFLICT,
			"%.100s has digest %.12s now, not %.12s as it was shown: nothing was done",
			a->ref, v->digest ? v->digest : "-", a->digest);
		bn_err_hint(err, "look at it again, then decide");
	} else if (v->uuid) {
		snprintf(a->ref, sizeof a->ref, "%s", v->uuid);
	}
	bn_version_free(v);
	return rc;
}

/* Actions on versions other than decisions; text: what was done. */
static int version_act(
	bn_reader *r, const bn_action_arg *asked, char *text, size_t size, bn_err *err)
{
	int64_t version = 0;
	bn_action_arg found = *asked;
	const bn_action_arg *a = &found;
	int rc = bn_reader_need_trust(r, err);
	if (rc < 0 || (rc = shown_find(&found, r->ws, err)) < 0)
		return rc;
	switch (a->action) {
	case BN_ACTION_REGISTER:
		rc = bn_version_register(&version, r->ws, a->ref, a->reason, NULL, err);
		snprintf(text, size, BN_REGISTERED "%.100s/%lld", a->ref, (long long)version);
		return rc;
	case BN_ACTION_ASK:
		snprintf(text, size, "asked for approval of %.100s", asked->ref);
		return bn_version_request(r->ws, a->ref, a->reason, err);
	case BN_ACTION_ALIAS:
		snprintf(text, size, "%.100s is %.60s now", asked->ref, a->reason);
		return bn_version_set_alias(r->ws, a->ref, a->reason, err);
	case BN_ACTION_ALIAS_REMOVE:
		snprintf(text, size, "%.100s has no %.60s any more", a->ref, a->reason);
		return bn_model_remove_alias(r->ws, a->ref, a->reason, err);
	default:
		snprintf(text, size, "withdrew %.100s", asked->ref);
		return bn_version_remove(r->ws, a->ref, a->reason, err);
	}
}

/* Tries all; a description is written to text, with the first reason why one failed. */
static int stop_several(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err)
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

/* Measures what the gates need first; if that fails, the gates say so. */
static int approve(bn_workspace *ws, const bn_action_arg *a, bn_job *job, bn_err *err)
{
	const bn_progress watch = bn_job_watch(job);
	bn_recomputed_list *measured = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_version_recompute(&measured, ws, a->ref, &watch, &why);
	bn_recomputed_list_free(measured);
	if (rc < 0 && rc != BN_EREFUSED)
		return bn_err_move(err, &why);
	return bn_version_approve(ws, a->ref, a->reason[0] ? a->reason : NULL, a->override, err);
}

int bn_source_action(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_action_arg *a = arg;
	bn_action_arg found = *a;
	bn_cancel how = BN_CANCEL_ASKED;
	int rc = 0;
	char text[256];
	switch (a->action) {
	case BN_ACTION_APPROVE:
		if ((rc = bn_reader_need_trust(r, err)) < 0)
			break;
		if ((rc = shown_find(&found, r->ws, err)) >= 0)
			rc = approve(r->ws, &found, job, err);
		break;
	case BN_ACTION_REJECT:
		if ((rc = bn_reader_need_trust(r, err)) < 0)
			break;
		if ((rc = shown_find(&found, r->ws, err)) >= 0)
			rc = bn_version_reject(r->ws, found.ref, a->reason, err);
		break;
	case BN_ACTION_STOP:
		rc = a->stop_count ? stop_several(r, a, text, sizeof text, err)
				   : bn_launch_stop(r->ws, a->ref, &how, err);
		break;
	case BN_ACTION_QUEUE_PAUSE:
	case BN_ACTION_QUEUE_RESUME:
		rc = bn_queue_pause(r->ws, a->action == BN_ACTION_QUEUE_PAUSE, err);
		break;
	case BN_ACTION_REQUEST:
	case BN_ACTION_ACCEPT:
	case BN_ACTION_GRANT:
	case BN_ACTION_REVOKE:
	case BN_ACTION_REMOVE:
	case BN_ACTION_SIGN:
		rc = bn_reader_authority_action(r, a, text, sizeof text, err);
		break;
	case BN_ACTION_REGISTER:
	case BN_ACTION_ASK:
	case BN_ACTION_ALIAS:
	case BN_ACTION_ALIAS_REMOVE:
	case BN_ACTION_WITHDRAW:
		rc = version_act(r, a, text, sizeof text, err);
		break;
	case BN_ACTION_SUITE_ATTACH:
	case BN_ACTION_SUITE_DETACH:
		rc = bn_reader_suite_act(r, a, text, sizeof text, err);
		break;
	case BN_ACTION_RUN_TAG:
	case BN_ACTION_RUN_NOTE:
	case BN_ACTION_RUN_REMOVE:
	case BN_ACTION_RUN_RESTORE:
		rc = bn_reader_run_act(r, a, text, sizeof text, err);
		break;
	}
	if (!rc)
		rc = bn_workspace_sync(r->ws, err);
	r->generation++; /* the next refresh does not see what the sync has folded */
	if (rc)
		return rc;
	if (a->action == BN_ACTION_QUEUE_RESUME)
		bn_reader_wake_queue(r);
	if (a->action == BN_ACTION_QUEUE_PAUSE || a->action == BN_ACTION_QUEUE_RESUME)
		snprintf(text, sizeof text, "the queue %s",
			a->action == BN_ACTION_QUEUE_PAUSE ? "starts nothing more" : "goes on");
	else if (a->action == BN_ACTION_STOP && !a->stop_count)
		snprintf(text, sizeof text,
			how == BN_CANCEL_DONE ? "run %.8s cancelled, before it had started%s"
					      : "asked run %.8s to end%s",
			a->ref,
			how == BN_CANCEL_ASKED ? ", through the log: it is on another host" : "");
	else if (a->action == BN_ACTION_APPROVE || a->action == BN_ACTION_REJECT)
		snprintf(text, sizeof text, "%s and signed: %.150s",
			a->action == BN_ACTION_APPROVE ? "approved" : "rejected", a->ref);
	bn_job_log(job, "%s", text);
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
	const bn_audit_arg *a = arg;
	bn_audit_filter f = {.user = a->user,
		.kind = a->kind,
		.entity = a->entity,
		.text = a->text,
		.outcome = a->outcome,
		.decisions = a->decisions,
		.limit = 5000};
	(void)job;
	int rc = bn_reader_refresh(r, err);
	if (!rc)
		rc = bn_audit_read(&log, r->ws, &f, err);
	return rc ? rc : BN_PAGE_TAKE(page, log, audit_release);
}
