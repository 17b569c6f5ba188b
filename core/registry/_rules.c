/* _rules.c - see _rules.h. Roles come first: who may not act at all learns nothing else. */
#include "core/registry/_rules.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_REASON_BYTES 4000

static const char *const state_names[] = {
	"registered", "requested", "approved", "rejected", "removed"};

const char *bn_model_state_name(bn_model_state s)
{
	return state_names[s];
}

/* An alias that can be told from a version: not "latest", not "v3". */
static bool alias_is_valid(const char *alias)
{
	if (!bn_name_is_valid(alias) || !strcmp(alias, "latest"))
		return false;
	size_t digits = alias[0] == 'v' ? 1 : 0;
	return alias[digits + strspn(alias + digits, "0123456789")] != '\0';
}

static int may(const rules_actor *a, bn_act act, bn_err *err)
{
	return bn_policy_allows(a->workspace_id, a->db, a->uid, a->user, act, a->at, err);
}

int bn_rules_find(rules_version *out, sqlite3 *db, const char *name, int64_t version, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT state, author_uid, registrar_uid, request_no, uuid, digest, "
		"coalesce(author, '')"
		" FROM model_version WHERE name = ? AND version = ?",
		"si", name, version);
	if (rc)
		return rc;
	rc = bn_sql_step(st, err);
	if (rc == 0) {
		rc = bn_err_set(
			err, BN_ENOTFOUND, "no model version '%s/%lld'", name, (long long)version);
	} else if (rc == 1) {
		out->state = (bn_model_state)sqlite3_column_int(st, 0);
		out->author_uid = (uid_t)sqlite3_column_int64(st, 1);
		out->registrar_uid = (uid_t)sqlite3_column_int64(st, 2);
		out->request_no = sqlite3_column_int64(st, 3);
		snprintf(out->uuid, sizeof out->uuid, "%s", sqlite3_column_text(st, 4));
		snprintf(out->digest, sizeof out->digest, "%s", sqlite3_column_text(st, 5));
		snprintf(out->author, sizeof out->author, "%s", sqlite3_column_text(st, 6));
		rc = out->state == BN_MODEL_REMOVED
			     ? bn_err_set(err, BN_ENOTFOUND, "%s/%lld was removed", name,
				       (long long)version)
			     : 0;
	}
	sqlite3_finalize(st);
	return rc;
}

static int reason_check(const char *reason, const char *what, bn_err *err)
{
	if (!reason || !reason[strspn(reason, " \t\n")])
		return bn_err_set(err, BN_EINVAL, "%s needs a reason", what);
	if (strlen(reason) > MAX_REASON_BYTES)
		return bn_err_set(
			err, BN_EINVAL, "the reason is longer than %d bytes", MAX_REASON_BYTES);
	return 0;
}

int bn_rules_request(const rules_actor *a, const char *name, int64_t version, bn_err *err)
{
	rules_version v;
	int rc = may(a, BN_ACT_REQUEST, err);
	if (!rc)
		rc = bn_rules_find(&v, a->db, name, version, err);
	if (rc)
		return rc;
	if (v.state == BN_MODEL_REQUESTED || v.state == BN_MODEL_APPROVED)
		return bn_err_set(err, BN_ECONFLICT, "%s/%lld is %s already", name,
			(long long)version, state_names[v.state]);
	return 0;
}

/* A decision needs an open request. */
static int decidable(
	const rules_actor *a, rules_version *v, const char *name, int64_t version, bn_err *err)
{
	int rc = bn_rules_find(v, a->db, name, version, err);
	if (!rc && v->state != BN_MODEL_REQUESTED) {
		rc = bn_err_set(err, BN_ECONFLICT,
			"%s/%lld is %s: there is no open request to decide", name,
			(long long)version, state_names[v->state]);
		if (v->state != BN_MODEL_APPROVED)
			bn_err_hint(err, "ask first: binnacle model request %s/%lld", name,
				(long long)version);
	}
	return rc;
}

static int four_eyes(const rules_actor *a, const bn_policy *p, const rules_version *v,
	const char *name, int64_t version, bn_err *err)
{
	if (p->self_approval || (a->uid != v->author_uid && a->uid != v->registrar_uid))
		return 0;
	bn_err_set(err, BN_EREFUSED, "%s %s %s/%lld: an author may not approve their own",
		a->user ? a->user : "this user",
		a->uid == v->author_uid ? "is the author of" : "registered", name,
		(long long)version);
	bn_err_hint(err, "somebody else with role reviewer or admin has to approve it");
	return BN_EREFUSED;
}

static int not_twice(const rules_actor *a, const rules_version *v, const char *name,
	int64_t version, bn_err *err)
{
	if (!bn_sql_int(a->db, 0,
		    "SELECT 1 FROM model_decision WHERE name = ? AND version = ?"
		    " AND request_no = ? AND uid = ?",
		    "siii", name, version, v->request_no, (int64_t)a->uid))
		return 0;
	return bn_err_set(err, BN_ECONFLICT, "%s has approved this request of %s/%lld already",
		a->user ? a->user : "this user", name, (long long)version);
}

static int gates_check(const bn_policy *p, const bn_gate_report *r, const char *reason,
	bool override, bool *overridden, bn_err *err)
{
	if (!r->blocked)
		return 0;
	const bn_gate_result *g = r->items;
	while (g->severity != BN_GATE_BLOCK ||
		(g->verdict != BN_VERDICT_FAIL && g->verdict != BN_VERDICT_INCONCLUSIVE))
		g++;
	if (!override || !p->gate_override) {
		bn_err_set(err, BN_EREFUSED, "gate '%s' is %s: %s (%s)%s", g->name,
			bn_verdict_name(g->verdict), g->claim, g->evidence,
			override ? "; the policy allows no override" : "");
		if (p->gate_override)
			bn_err_hint(err, "the policy allows --override, with a reason");
		return BN_EREFUSED;
	}
	int rc = reason_check(reason, "an override", err);
	if (!rc)
		*overridden = true;
	return rc;
}

int bn_rules_approve(const rules_actor *a, const char *name, int64_t version, const char *reason,
	bool override, bn_gate_report **gates, bool *overridden, bn_err *err)
{
	rules_version v;
	bn_policy *p = NULL;
	bn_gate_report *report = NULL;
	bn_err unheard = BN_ERR_INIT;
	*overridden = false;
	int rc = may(a, BN_ACT_APPROVE, err);
	if (rc && rc != BN_EREFUSED)
		return rc;
	int gate_rc = bn_policy_get(&p, a->db, a->at, rc ? &unheard : err);
	if (!gate_rc)
		gate_rc = bn_gate_evaluate(&report, a->db, p, name, version, rc ? &unheard : err);
	if (!rc)
		rc = gate_rc;
	if (!rc)
		rc = decidable(a, &v, name, version, err);
	if (!rc)
		rc = four_eyes(a, p, &v, name, version, err);
	if (!rc)
		rc = not_twice(a, &v, name, version, err);
	if (!rc && reason && strlen(reason) > MAX_REASON_BYTES)
		rc = reason_check(reason, "an approval", err);
	if (!rc)
		rc = gates_check(p, report, reason, override, overridden, err);
	bn_policy_free(p);
	if (gates)
		*gates = report;
	else
		bn_gate_report_free(report);
	return rc;
}

int bn_rules_reject(
	const rules_actor *a, const char *name, int64_t version, const char *reason, bn_err *err)
{
	rules_version v;
	int rc = may(a, BN_ACT_APPROVE, err);
	if (!rc)
		rc = decidable(a, &v, name, version, err);
	return rc ? rc : reason_check(reason, "a rejection", err);
}

int bn_rules_attest(const rules_actor *a, const char *name, int64_t version, const char *check,
	const char *verdict, bn_err *err)
{
	rules_version v;
	int rc = may(a, BN_ACT_ATTEST, err);
	if (!rc)
		rc = bn_rules_find(&v, a->db, name, version, err);
	if (!rc && !bn_name_is_valid(check))
		rc = bn_err_set(err, BN_EINVAL, "'%s' is no name for a check", check);
	if (!rc && strcmp(verdict, "pass") && strcmp(verdict, "fail") &&
		strcmp(verdict, "inconclusive"))
		rc = bn_err_set(err, BN_EINVAL, "verdict '%s' is none of pass, fail, inconclusive",
			verdict);
	return rc;
}

int bn_rules_alias(
	const rules_actor *a, const char *name, const char *alias, int64_t version, bn_err *err)
{
	rules_version v;
	bn_policy *p = NULL;
	int rc = may(a, BN_ACT_ALIAS, err);
	if (!rc && !alias_is_valid(alias))
		rc = bn_err_set(err, BN_EINVAL,
			"'%s' cannot be an alias: letters, digits, _ . -, and neither 'latest' nor "
			"a "
			"version number",
			alias);
	if (!rc)
		rc = bn_rules_find(&v, a->db, name, version, err);
	if (!rc)
		rc = bn_policy_get(&p, a->db, a->at, err);
	if (!rc && v.state != BN_MODEL_APPROVED && bn_policy_protects(p, alias)) {
		rc = bn_err_set(err, BN_EREFUSED,
			"alias '%s' is only for approved versions, and %s/%lld is %s", alias, name,
			(long long)version, state_names[v.state]);
		bn_err_hint(err, "see: binnacle model show %s/%lld", name, (long long)version);
	}
	bn_policy_free(p);
	return rc;
}

int bn_rules_remove_alias(const rules_actor *a, const char *name, const char *alias, bn_err *err)
{
	int rc = may(a, BN_ACT_ALIAS, err);
	if (!rc && !bn_sql_int(a->db, 0, "SELECT 1 FROM model_alias WHERE name = ? AND alias = ?",
			   "ss", name, alias))
		rc = bn_err_set(err, BN_ENOTFOUND, "model '%s' has no alias '%s'", name, alias);
	return rc;
}

int bn_rules_tag(const rules_actor *a, const char *name, int64_t version, const char *key,
	const char *value, bn_err *err)
{
	rules_version v;
	int rc = may(a, BN_ACT_TAG, err);
	if (!rc && version)
		rc = bn_rules_find(&v, a->db, name, version, err);
	if (!rc && (!key[0] || strlen(key) > 250))
		rc = bn_err_set(err, BN_EINVAL, "a tag's key has 1 to 250 bytes");
	if (!rc && value && strlen(value) > 100000)
		rc = bn_err_set(err, BN_EINVAL, "a tag's value has at most 100000 bytes");
	if (!rc && !value &&
		!bn_sql_int(a->db, 0,
			"SELECT 1 FROM model_tag WHERE name = ? AND version = ? AND"
			" key = ?",
			"sis", name, version, key))
		rc = bn_err_set(err, BN_ENOTFOUND, "%s/%lld has no tag '%s'", name,
			(long long)version, key);
	return rc;
}

int bn_rules_remove(const rules_actor *a, const char *name, int64_t version, bn_err *err)
{
	rules_version v;
	sqlite3_stmt *st = NULL;
	int rc = may(a, BN_ACT_REMOVE, err);
	if (!rc)
		rc = bn_rules_find(&v, a->db, name, version, err);
	if (!rc)
		rc = bn_sql_prepare(&st, a->db, err,
			"SELECT alias FROM model_alias WHERE name = ? AND version = ? ORDER BY "
			"alias",
			"si", name, version);
	if (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = bn_err_set(err, BN_EREFUSED, "alias '%s' points to %s/%lld",
			(const char *)sqlite3_column_text(st, 0), name, (long long)version);
		bn_err_hint(err, "move or remove the alias first");
	}
	sqlite3_finalize(st);
	return rc;
}
