/* inbox.c - open requests, and what this process's user may decide about them. See registry.h. */
#include "core/registry/_actor.h"
#include "core/registry/_entry.h"
#include "core/registry/_read.h"

#include <string.h>

static void item_release(bn_inbox_item *i)
{
	bn_version_free(i->version);
	bn_version_free(i->champion);
	bn_gate_report_free(i->gates);
	bn_free(i->why_not);
}

void bn_inbox_item_free(bn_inbox_item *i)
{
	if (i)
		item_release(i);
	bn_free(i);
}

void bn_inbox_free(bn_inbox *i)
{
	if (!i)
		return;
	for (size_t k = 0; k < i->count; k++)
		item_release(&i->items[k]);
	bn_free(i->items);
	bn_free(i);
}

/* A refusal is a valid result here; anything else is an error. */
static bool is_refusal(int rc)
{
	return rc == BN_EREFUSED || rc == BN_ECONFLICT || rc == BN_EINVAL || rc == BN_ENOTFOUND;
}

/* What a decision would do now. found may be NULL. */
static int decision_try(bn_entry_finding *found, bn_entry *e, const bn_entry_version *v,
	const bn_entry_rights *r, bn_entry_act *a, const char *reason, bool override, bn_err *why)
{
	bn_entry_finding unasked;
	json_t *draft = bn_entry_decision_draft(v, reason, override);
	if (!draft)
		return bn_err_nomem(why, "an approval sheet");
	a->payload = draft;
	int rc = bn_entry_check(found ? found : &unasked, e, r, a, why);
	if (!found)
		bn_entry_finding_release(&unasked);
	json_decref(draft);
	return rc;
}

/* How many gates approving must measure first; 0 if others stay open. */
static size_t open_gates_to_measure(const bn_gate_report *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++) {
		const bn_gate_result *g = &r->items[i];
		bool is_open =
			g->severity == BN_GATE_BLOCK &&
			(g->verdict == BN_VERDICT_FAIL || g->verdict == BN_VERDICT_INCONCLUSIVE);
		if (is_open && !g->recomputes)
			return 0;
		n += is_open;
	}
	return n;
}

static int item_judge_with(bn_inbox_item *i, bn_entry *e, const bn_entry_version *v,
	const bn_entry_rights *r, bn_entry_act *a, bn_err *err)
{
	bn_entry_finding found, again;
	bn_err why = BN_ERR_INIT, unheard = BN_ERR_INIT;
	a->kind = BN_ENTRY_APPROVED;
	int rc = decision_try(&found, e, v, r, a, NULL, false, &why);
	i->gates = found.gates;
	if (rc < 0 && !is_refusal(rc))
		return bn_err_move(err, &why);
	bool rejected_by_gates = rc < 0 && found.by_gates;
	i->recomputes = rejected_by_gates ? open_gates_to_measure(found.gates) : 0;
	i->can_approve = rc >= 0 || i->recomputes;
	if (!i->can_approve && !(i->why_not = bn_strdup(why.msg)))
		return bn_err_nomem(err, "an approval sheet");
	if (rc < 0 && i->gates && i->gates->blocked) {
		rc = decision_try(&again, e, v, r, a, "reason", true, &unheard);
		i->override_allowed = rc >= 0 && again.overridden;
		bn_entry_finding_release(&again);
	}
	a->kind = BN_ENTRY_REJECTED;
	i->can_reject = decision_try(NULL, e, v, r, a, "reason", false, NULL) >= 0;
	i->waits_for_me =
		i->can_approve || i->override_allowed || (rejected_by_gates && i->can_reject);
	return 0;
}

static int item_judge(bn_inbox_item *i, bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	const char *name = i->version->name;
	bn_actor me;
	bn_entry e;
	bn_entry_version *v;
	int rc = bn_entry_open(&e, db, name, err);
	if (rc < 0)
		return rc;
	e.names_users = true;
	if ((rc = bn_actor_init(&me, ws, db, err)) < 0)
		goto out;
	e.is_chained = me.is_chained;
	bn_entry_act a = {
		.version = i->version->key, .who = me.who, .uid = me.uid, .user = me.user};
	rc = bn_entry_find(&v, &e, a.version, err);
	if (rc >= 0)
		rc = v ? item_judge_with(i, &e, v, me.rights, &a, err)
		       : bn_sql_damaged(err, "a request without its version");
out:
	bn_actor_release(&me);
	bn_entry_release(&e);
	if (rc < 0)
		return rc;
	int64_t champion = bn_version_of_alias(db, name, "champion");
	return champion && champion != i->version->version
		       ? bn_version_load(&i->champion, db, name, champion, err)
		       : 0;
}

int bn_inbox_item_read(bn_inbox_item **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_inbox_item *i = bn_alloc_zeroed(1, sizeof *i);
	if (!i)
		return bn_err_nomem(err, "an approval sheet");
	int rc = bn_version_get(&i->version, ws, spec, err);
	if (!rc)
		rc = item_judge(i, ws, bn_workspace_index(ws), err);
	if (rc)
		bn_inbox_item_free(i);
	else
		*out = i;
	return rc;
}

int bn_inbox_read(bn_inbox **out, bn_workspace *ws, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	bn_version_page *p = NULL;
	bn_inbox *box = bn_alloc_zeroed(1, sizeof *box);
	int rc = box ? bn_workspace_read(&db, ws, err) : bn_err_nomem(err, "requests");
	if (!rc)
		rc = bn_sql_prepare(&st, db, err,
			"SELECT " BN_VERSION_COLUMNS " FROM model_version WHERE state = 1"
			" ORDER BY requested_ms, name, version",
			"");
	if (!rc)
		rc = bn_version_page_read(&p, db, st, err);
	if (!rc && !(box->items = bn_alloc_zeroed(p->count ? p->count : 1, sizeof *box->items)))
		rc = bn_err_nomem(err, "requests");
	for (size_t i = 0; !rc && i < p->count; i++) {
		bn_inbox_item *item = &box->items[box->count];
		if (!(item->version = bn_alloc(sizeof *item->version))) {
			rc = bn_err_nomem(err, "requests");
			break;
		}
		box->count++;
		*item->version = p->items[i];
		memset(&p->items[i], 0, sizeof p->items[i]);
		rc = item_judge(item, ws, db, err);
		box->for_me += item->waits_for_me;
	}
	bn_version_page_free(p);
	if (rc)
		bn_inbox_free(box);
	else
		*out = box;
	return rc;
}
