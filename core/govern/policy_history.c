/* policy_history.c - the policy and roles in force as of an event; the fold of entity "policy"; the
 * acts that change it. See policy.h. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/closed.h"
#include "core/govern/identity.h"
#include "core/govern/policy.h"
#include "core/store/founding.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define BIT(role) (1u << (role))

/* "Before this position"; without one, before the end of time. */
static int64_t at_clock(const bn_event_key *at)
{
	return at ? (int64_t)at->clock : INT64_MAX;
}

static const char *at_writer(const bn_event_key *at)
{
	return at ? at->writer : "";
}

static int64_t at_seq(const bn_event_key *at)
{
	return at ? (int64_t)at->seq : 0;
}

/* ---- lookups -------------------------------------------------------------------------------- */

int bn_policy_get(bn_policy **out, sqlite3 *db, const bn_event_key *at, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	json_t *doc = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT document FROM policy_version WHERE (clock, writer, seq) < (?, ?, ?)"
		" ORDER BY clock DESC, writer DESC, seq DESC LIMIT 1",
		"isi", at_clock(at), at_writer(at), at_seq(at));
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) < 0)
		goto out;
	if (rc == 1) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		rc = bn_json_parse(&doc, text ? text : "", text ? strlen(text) : 0, "policy", err);
	} else if (!(doc = json_object())) {
		rc = bn_err_nomem(err, "a policy");
	}
	if (rc < 0)
		goto out;
	rc = bn_policy_parse(out, doc, "policy", err);
out:
	json_decref(doc);
	sqlite3_reset(st);
	return rc;
}

/* A founding record in the log of an id that names none: workspace.json does not belong to this log,
 * or a record was planted. Then there is no founder. */
static bool founding_is_claimed(sqlite3 *db)
{
	return bn_sql_int(db, 0, "SELECT 1 FROM workspace_founder WHERE uid < 0", "") == 1 ||
	       bn_sql_int(db, 0,
		       "SELECT 1 FROM authority_entity a JOIN event e ON e.entity = a.no JOIN "
		       "index_name k ON k.no = e.kind WHERE k.name = 'authority.founded' AND "
		       "json_extract(e.payload, '$.upgrade') IS NULL LIMIT 1",
		       "") == 1;
}

uid_t bn_policy_founder(const char *workspace_id, sqlite3 *db)
{
	uid_t first = BN_NOBODY;
	if (bn_closed_is_upgraded(db))
		return bn_closed_founder(db);
	int64_t uid = bn_sql_int(db, -1, "SELECT uid FROM workspace_founder WHERE uid >= 0", "");
	if (uid >= 0)
		return (uid_t)uid;
	if (!bn_founding_is_named(workspace_id) && !founding_is_claimed(db))
		bn_index_first_uid(db, &first);
	return first;
}

const char *bn_policy_founding_fault(const char *workspace_id, sqlite3 *db)
{
	if (bn_founding_is_named(workspace_id))
		return bn_policy_founder(workspace_id, db) == BN_NOBODY
			       ? "the founding record that the workspace's id names is not in the "
				 "log"
			       : NULL;
	return founding_is_claimed(db)
		       ? "the log has a founding record that the workspace's id does not name"
		       : NULL;
}

/* Whether the role was revoked after `at`, by an admin who did not know of the event at `at`. */
static bool revoked_unseen(sqlite3 *db, uid_t uid, bn_role role, const bn_event_key *at)
{
	sqlite3_stmt *st = NULL;
	bool found = false;
	if (bn_sql_cached(&st, db, NULL,
		    "SELECT seen FROM role_change WHERE uid = ? AND role = ? AND granted = 0"
		    " AND seen IS NOT NULL AND (clock, writer, seq) > (?, ?, ?)",
		    "isisi", (int64_t)uid, bn_role_name(role), (int64_t)at->clock, at->writer,
		    (int64_t)at->seq))
		return false;
	while (!found && bn_sql_step(st, NULL) == 1) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		json_t *seen = NULL;
		if (text && !bn_json_parse(&seen, text, strlen(text), "seen", NULL))
			found = bn_json_int(seen, at->writer, 0) < (int64_t)at->seq;
		json_decref(seen);
	}
	sqlite3_reset(st);
	return found;
}

/* 1: granted, 0: revoked, -1: never mentioned. */
static int role_state(sqlite3 *db, uid_t uid, bn_role role, const bn_event_key *at)
{
	if (at && revoked_unseen(db, uid, role, at))
		return 0;
	return (int)bn_sql_int(db, -1,
		"SELECT granted FROM role_change WHERE uid = ? AND role = ?"
		" AND (clock, writer, seq) < (?, ?, ?)"
		" ORDER BY clock DESC, writer DESC, seq DESC LIMIT 1",
		"isisi", (int64_t)uid, bn_role_name(role), at_clock(at), at_writer(at), at_seq(at));
}

static unsigned granted_roles(sqlite3 *db, uid_t uid, uid_t founder, const bn_event_key *at)
{
	unsigned roles = 0;
	for (int r = 0; r < BN_ROLES; r++) {
		int state = role_state(db, uid, (bn_role)r, at);
		if (state == 1 || (state < 0 && r == BN_ROLE_ADMIN && uid == founder))
			roles |= BIT(r);
	}
	return roles;
}

int bn_policy_roles(unsigned *out, const char *workspace_id, sqlite3 *db, uid_t uid,
	const bn_event_key *at, bn_err *err)
{
	uid_t founder = bn_policy_founder(workspace_id, db);
	bn_policy *p = NULL;
	int rc = bn_policy_get(&p, db, at, err);
	if (rc < 0)
		return rc;
	*out = granted_roles(db, uid, founder, at) | BIT(p->default_role);
	bn_policy_free(p);
	return 0;
}

int bn_policy_allows(const char *workspace_id, sqlite3 *db, uid_t uid, const char *user, bn_act act,
	const bn_event_key *at, bn_err *err)
{
	uid_t founder = bn_policy_founder(workspace_id, db);
	bn_policy *p = NULL;
	char have[80], need[80];
	int rc = bn_policy_get(&p, db, at, err);
	if (rc < 0)
		goto out;
	/* The log's first event is not in the index yet while it is applied. */
	if (founder == BN_NOBODY && at && !bn_founding_is_named(workspace_id) &&
		!bn_closed_is_upgraded(db) && !founding_is_claimed(db))
		founder = uid;
	unsigned roles = granted_roles(db, uid, founder, at) | BIT(p->default_role);
	if (!(roles & p->allow[act])) {
		bn_roles_text(roles, have, sizeof have);
		bn_roles_text(p->allow[act], need, sizeof need);
		rc = bn_err_set(err, BN_EREFUSED, "%s (%s) may not %s: that needs one of %s",
			user ? user : "this user", have,
			act == BN_ACT_POLICY ? "change policy or roles" : bn_act_name(act), need);
		bn_err_hint(err, "an admin can grant it: binnacle role grant %s ROLE",
			user ? user : "USER");
	}
out:
	bn_policy_free(p);
	return rc;
}

int bn_policy_admits(bn_fold *f, const bn_event *ev, bn_act act, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char who[BN_UID_TEXT];
	int rc = bn_fold_depends(f, "policy", err);
	if (rc < 0)
		return rc;
	rc = bn_policy_allows(bn_fold_workspace_id(f), bn_fold_db(f), ev->uid,
		bn_uid_text(ev->uid, who), act, &ev->key, &why);
	if (rc >= 0)
		return 1;
	if (rc != BN_EREFUSED)
		return bn_err_move(err, &why);
	bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%s", why.msg);
	return 0;
}

/* For the user of this process, now. */
static int may(bn_workspace *ws, bn_act act, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	sqlite3 *db = bn_workspace_index(ws);
	char user[128];
	if (!db)
		return bn_err_set(err, BN_EIO, "the index cannot be opened");
	env->user_name(env, env->uid(env), user, sizeof user);
	return bn_policy_allows(bn_workspace_id(ws), db, env->uid(env), user, act, NULL, err);
}

/* ---- fold ----------------------------------------------------------------------------------- */

static int policy_set_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bn_policy *p = NULL;
	bn_err e = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	const json_t *doc = json_object_get(ev->payload, "policy");
	int rc = doc ? bn_policy_parse(&p, doc, "policy", &e)
		     : bn_err_set(&e, BN_EINVAL, "no field 'policy'");
	if (rc == BN_EINVAL) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", e.msg);
		rc = 0;
		goto out;
	}
	if (rc < 0 || (rc = bn_json_canonical(doc, &text, &e)) < 0) {
		bn_err_move(err, &e);
		goto out;
	}
	rc = bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO policy_version (clock, writer, seq, uid, hash, document, reason)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)",
		"isiisss", (int64_t)ev->key.clock, ev->key.writer, (int64_t)ev->key.seq,
		(int64_t)ev->uid, p->hash, text.ptr, bn_json_str(ev->payload, "reason", NULL));
out:
	bn_buf_release(&text);
	bn_policy_free(p);
	return rc;
}

/* Whether there is an admin as of `at` other than uid: another user with a grant, or the
 * founder. */
static bool admin_remains(sqlite3 *db, uid_t uid, uid_t founder, const bn_event_key *at)
{
	if (founder != uid && (granted_roles(db, founder, founder, at) & BIT(BN_ROLE_ADMIN)))
		return true;
	return bn_sql_int(db, 0,
		       "SELECT 1 FROM role_change a WHERE role = 'admin' AND granted = 1 AND uid "
		       "!= ?1"
		       " AND (clock, writer, seq) < (?2, ?3, ?4) AND NOT EXISTS (SELECT 1"
		       " FROM role_change b WHERE b.uid = a.uid AND b.role = a.role"
		       " AND (b.clock, b.writer, b.seq) > (a.clock, a.writer, a.seq)"
		       " AND (b.clock, b.writer, b.seq) < (?2, ?3, ?4)) LIMIT 1",
		       "iisi", (int64_t)uid, at_clock(at), at_writer(at), at_seq(at)) != 0;
}

/* What is wrong with granting or revoking, as of `at`: BN_EINVAL or BN_EREFUSED in e. */
static int role_check(const char *workspace_id, sqlite3 *db, bool grant, uid_t uid,
	const char *user, bn_role role, const bn_event_key *at, bn_err *e)
{
	uid_t founder = bn_policy_founder(workspace_id, db);
	bool has = (granted_roles(db, uid, founder, at) & BIT(role)) != 0;
	if (grant && has)
		return bn_err_set(e, BN_ECONFLICT, "%s is %s already", user, bn_role_name(role));
	if (!grant && !has)
		return bn_err_set(
			e, BN_ECONFLICT, "%s was not granted %s", user, bn_role_name(role));
	if (!grant && role == BN_ROLE_ADMIN && !admin_remains(db, uid, founder, at))
		return bn_err_set(e, BN_EREFUSED,
			"%s is the last admin: grant it to another user first", user);
	return 0;
}

static int role_apply(bn_fold *f, const bn_event *ev, bool grant, bn_err *err)
{
	int64_t uid = bn_json_int(ev->payload, "uid", -1);
	const char *user = bn_json_str(ev->payload, "user", NULL);
	char number[40];
	bn_role role;
	bn_err e = BN_ERR_INIT;
	snprintf(number, sizeof number, "uid-%lld", (long long)uid);
	if (uid < 0 || uid > UINT_MAX ||
		bn_role_parse(&role, bn_json_str(ev->payload, "role", ""), &e)) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", e.msg[0] ? e.msg : "no uid");
		return 0;
	}
	int rc = role_check(bn_fold_workspace_id(f), bn_fold_db(f), grant, (uid_t)uid,
		user ? user : number, role, &ev->key, &e);
	if (rc == BN_ECONFLICT || rc == BN_EREFUSED) {
		bn_fold_outcome(f, rc == BN_EREFUSED ? BN_OUTCOME_REFUSED : BN_OUTCOME_INVALID,
			"%s", e.msg);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &e);
	const json_t *known = json_object_get(ev->payload, "seen");
	bn_buf seen = BN_BUF_INIT;
	if (json_is_object(known) && (rc = bn_json_canonical(known, &seen, err)) < 0)
		goto out;
	rc = bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO role_change (uid, role, clock, writer, seq, granted, user, "
		"by_uid,"
		" reason, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"isisiisiss", uid, bn_role_name(role), (int64_t)ev->key.clock, ev->key.writer,
		(int64_t)ev->key.seq, (int64_t)grant, user, (int64_t)ev->uid,
		bn_json_str(ev->payload, "reason", NULL), seen.len && !grant ? seen.ptr : NULL);
out:
	bn_buf_release(&seen);
	return rc;
}

static int founded_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bool named = bn_founding_matches(
		bn_fold_workspace_id(f), ev->key.writer, ev->key.seq, ev->raw, ev->raw_len);
	if (!named)
		bn_fold_outcome(f, BN_OUTCOME_REFUSED,
			"it is not the record that the workspace's id names");
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO workspace_founder (uid, clock, writer, seq) VALUES (?, ?, ?, ?)",
		"iisi", named ? (int64_t)ev->uid : (int64_t)-1, (int64_t)ev->key.clock,
		ev->key.writer, (int64_t)ev->key.seq);
}

enum { FOUNDED, POLICY_SET, ROLE_GRANT, ROLE_REVOKE };
static const bn_fold_kind kinds[] = {
	[FOUNDED] = {BN_FOUNDING_KIND, .fields = BN_FIELDS("host", "nonce", "uid", "user")},
	/* bn_policy_parse checks the content of a policy. */
	[POLICY_SET] = {"policy.set",
		.fields = BN_FIELDS("policy.*", "reason", BN_SIGNATURE_FIELDS)},
	[ROLE_GRANT] = {"role.grant",
		.fields = BN_FIELDS("uid", "user", "role", "reason", BN_SIGNATURE_FIELDS)},
	[ROLE_REVOKE] = {"role.revoke", .fields = BN_FIELDS("uid", "user", "role", "reason",
						"seen.*", BN_SIGNATURE_FIELDS)},
	{0},
};

static int policy_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	char signer[40];
	bn_err e = BN_ERR_INIT;
	bn_identity_entity(ev->uid, signer, sizeof signer);
	/* For an upgrade from the rules for uids: it names the founder, so a later record has no effect. */
	if (bn_fold_founding(f)[0] && !bn_closed_by_uid(bn_fold_db(f), ev)) {
		bn_closed_refuse(f, ev);
		return 0;
	}
	if (ev->kind_no == FOUNDED && !strcmp(ev->entity, "policy"))
		return founded_apply(f, ev, err);
	if (strcmp(ev->entity, "policy") != 0 || !ev->payload) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "unknown entity or payload");
		return 0;
	}
	int rc = bn_fold_depends(f, signer, err);
	if (rc < 0 || (rc = bn_policy_admits(f, ev, BN_ACT_POLICY, err)) != 1)
		return rc;
	rc = bn_identity_check(bn_fold_db(f), bn_fold_workspace_id(f), ev, &e);
	if (rc == BN_EREFUSED || rc == BN_ECORRUPT) {
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%s", e.msg);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &e);
	return ev->kind_no == POLICY_SET ? policy_set_apply(f, ev, err)
					 : role_apply(f, ev, ev->kind_no == ROLE_GRANT, err);
}

static int policy_clear(bn_fold *f, const char *entity, bn_err *err)
{
	if (strcmp(entity, "policy") != 0)
		return 0;
	int rc = bn_sql_run(bn_fold_db(f), err, "DELETE FROM policy_version", "");
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_run(bn_fold_db(f), err, "DELETE FROM role_change", "")) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM workspace_founder", "");
}

const bn_fold_class bn_policy_class = {
	.name = "policy",
	.kinds = kinds,
	.schema = "share/sql/0005_govern.sql",
	.nameless = true,
	.follows_first = "policy",
	.place = bn_closed_place,
	.apply = policy_apply,
	.clear = policy_clear,
};

/* ---- acts ----------------------------------------------------------------------------------- */

/* Records the act regardless of the verdict, since attempts belong in the audit log; then returns
 * the verdict. payload: reference taken. */
static int act_record(bn_workspace *ws, const char *kind, json_t *payload, int verdict, bn_err *err)
{
	if (!payload)
		return bn_err_nomem(err, "an event");
	bn_err e = BN_ERR_INIT;
	int rc = bn_identity_append_signed(ws, kind, "policy", payload, &e);
	if (rc < 0)
		goto out;
	rc = bn_workspace_sync(ws, &e);
out:
	json_decref(payload);
	if (verdict < 0)
		return verdict;
	return rc < 0 ? bn_err_move(err, &e) : 0;
}

int bn_policy_set(bn_workspace *ws, const json_t *document, const char *reason, bn_err *err)
{
	bn_policy *p = NULL;
	int rc = bn_policy_parse(&p, document, "policy", err);
	bn_policy_free(p);
	if (rc < 0 || (rc = bn_workspace_refresh(ws, NULL, err)) < 0)
		return rc;
	rc = may(ws, BN_ACT_POLICY, err);
	if (rc < 0 && rc != BN_EREFUSED)
		return rc;
	return act_record(ws, "policy.set",
		json_pack("{s:O, s:s*}", "policy", document, "reason", reason), rc, err);
}

/* How far the user's logs are known here: {writer: last sequence number}. */
static json_t *known_writers(sqlite3 *db, uid_t uid)
{
	sqlite3_stmt *st = NULL;
	json_t *seen = json_object();
	if (!bn_sql_prepare(&st, db, NULL, "SELECT name, events FROM dump_writer WHERE uid = ?",
		    "i", (int64_t)uid))
		while (bn_sql_step(st, NULL) == 1)
			json_object_set_new(seen, (const char *)sqlite3_column_text(st, 0),
				json_integer(sqlite3_column_int64(st, 1)));
	sqlite3_finalize(st);
	return seen;
}

static int role_change(bn_workspace *ws, bool grant, uid_t uid, const char *user, bn_role role,
	const char *reason, bn_err *err)
{
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0)
		return rc;
	char number[40];
	snprintf(number, sizeof number, "uid-%lu", (unsigned long)uid);
	rc = may(ws, BN_ACT_POLICY, err);
	if (rc >= 0)
		rc = role_check(bn_workspace_id(ws), bn_workspace_index(ws), grant, uid,
			user ? user : number, role, NULL, err);
	if (rc < 0 && rc != BN_EREFUSED)
		return rc;
	json_t *seen = grant ? NULL : known_writers(bn_workspace_index(ws), uid);
	if (!grant && !seen)
		return bn_err_nomem(err, "an event");
	return act_record(ws, grant ? "role.grant" : "role.revoke",
		json_pack("{s:I, s:s*, s:s, s:s*, s:o*}", "uid", (json_int_t)uid, "user", user,
			"role", bn_role_name(role), "reason", reason, "seen", seen),
		rc, err);
}

int bn_role_grant(bn_workspace *ws, uid_t uid, const char *user, bn_role role, const char *reason,
	bn_err *err)
{
	return role_change(ws, true, uid, user, role, reason, err);
}

int bn_role_revoke(bn_workspace *ws, uid_t uid, const char *user, bn_role role, const char *reason,
	bn_err *err)
{
	return role_change(ws, false, uid, user, role, reason, err);
}
