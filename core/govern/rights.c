/* rights.c - see rights.h. */
#include "core/govern/rights.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/bot.h"
#include "core/govern/closed.h"
#include "core/govern/key.h"

#include <stdio.h>
#include <string.h>

/* ---- who I am -------------------------------------------------------------------------------- */

/* A bot past its end has no rights: what it would sign counts for nothing, or soon will. */
static void bot_check(bn_self *me, sqlite3 *db, int64_t now_ms)
{
	if (!bn_sql_int(db, 0,
		    "SELECT 1 FROM authority_bot b WHERE key = ?1 AND (until_ms < ?2 OR EXISTS "
		    "(SELECT 1 "
		    "FROM authority_bot_end e WHERE e.key = b.key))",
		    "bi", me->key, (size_t)BN_CHAIN_ID_BYTES, now_ms))
		return;
	me->person[0] = '\0';
	snprintf(me->key_fault, sizeof me->key_fault, "the bot of this key has ended");
}

/* Whose the key is. */
static int person_read(bn_self *me, sqlite3 *db, int64_t now_ms, bn_err *err)
{
	int rc = bn_key_person(me->person, &me->is_bot, db, me->epoch, me->key, err);
	if (me->is_bot)
		bot_check(me, db, now_ms);
	if (rc == 1)
		bn_authority_name(db, me->epoch, me->person, me->name, sizeof me->name);
	return rc < 0 ? rc : 0;
}

static int key_read(bn_self *me, const bn_env *env, bn_err *err)
{
	bn_key *key = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_key_find(&key, env, &why);
	if (rc == BN_EREFUSED)
		snprintf(me->key_fault, sizeof me->key_fault, "%.199s", why.msg);
	if (rc == BN_ENOTFOUND || rc == BN_EREFUSED) {
		bn_err_clear(&why);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	rc = bn_unhex(bn_key_public(key), sizeof me->key, me->key);
	bn_key_free(key);
	me->has_key = rc == 0;
	return rc < 0 ? bn_err_set(err, BN_ECORRUPT, "the user's key is invalid") : 0;
}

static bool is_in_job(const bn_env *env)
{
	static const char *const names[] = {"CI", "GITLAB_CI", "GITHUB_ACTIONS", "JENKINS_URL"};
	const char *key = bn_env_get(env, "BINNACLE_KEY");
	for (size_t i = 0; !(key && *key) && i < sizeof names / sizeof *names; i++) {
		const char *value = bn_env_get(env, names[i]);
		if (value && *value)
			return true;
	}
	return false;
}

static int self_find(bn_self *out, bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	*out = (bn_self){.uid = env->uid(env), .epoch = bn_authority_newest(db, NULL)};
	out->is_chained = bn_authority_is_founded(db);
	out->in_job = is_in_job(env);
	env->user_name(env, out->uid, out->name, sizeof out->name);
	if (!out->is_chained) {
		out->has_key = true;
		bn_uid_text(out->uid, out->person);
		return bn_sql_failed(db, err);
	}
	int rc = key_read(out, env, err);
	if (rc >= 0 && out->has_key)
		rc = person_read(out, db, bn_env_now_ms(env), err);
	return rc < 0 ? rc : bn_sql_failed(db, err);
}

int bn_self_read(bn_self *out, bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	const bn_self *kept = bn_workspace_snapshot_kept(ws);
	if (kept) {
		*out = *kept;
		return 0;
	}
	int rc = self_find(out, ws, db, err);
	if (rc >= 0)
		bn_workspace_snapshot_keep(ws, out, sizeof *out);
	return rc;
}

int bn_self_need(const bn_self *me, bn_err *err)
{
	char hex[2 * BN_CHAIN_ID_BYTES + 1], print[25];
	if (me->person[0])
		return 0;
	if (me->key_fault[0])
		return bn_err_set(err, BN_EREFUSED, "%s", me->key_fault);
	if (!me->has_key) {
		bn_err_set(err, BN_EREFUSED, "%s has no key in this workspace", me->name);
	} else {
		bn_hex(me->key, sizeof me->key, hex);
		bn_key_fingerprint(hex, print);
		bn_err_set(err, BN_EREFUSED, "the key of %s (%s) is not admitted to this workspace",
			me->name, print);
	}
	if (!me->has_key && me->in_job)
		bn_err_hint(
			err, "give the job a key: BINNACLE_KEY, the path of its file (docs/ci.md)");
	else
		bn_err_hint(err,
			"ask with: binnacle user request; an admin admits you with: binnacle user "
			"accept %s",
			me->name);
	return BN_EREFUSED;
}

/* ---- what I may do ---------------------------------------------------------------------------- */

int bn_rights_policy(bn_policy **out, bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	(void)ws;
	int64_t epoch = bn_authority_newest(db, NULL);
	int rc = bn_sql_failed(db, err);
	if (rc < 0)
		return rc;
	return epoch < 0 ? bn_policy_get(out, db, NULL, err)
			 : bn_authority_policy(out, db, epoch, err);
}

const char *bn_rights_founding_fault(const char *workspace_id, sqlite3 *db)
{
	return bn_authority_newest(db, NULL) >= 0 ? NULL
						  : bn_policy_founding_fault(workspace_id, db);
}

/* The event of link 0. */
#define FOUNDING_EVENT \
	"FROM authority_link l JOIN signed_record s ON s.id = l.id JOIN event e ON e.entity = " \
	"s.entity AND e.clock = s.clock AND e.writer = s.writer AND e.seq = s.seq WHERE l.n = 0"

uid_t bn_rights_founder_uid(const char *workspace_id, sqlite3 *db)
{
	int64_t uid = bn_sql_int(db, -1, "SELECT e.owner " FOUNDING_EVENT, "");
	return uid >= 0 ? (uid_t)uid : bn_policy_founder(workspace_id, db);
}

bool bn_rights_is_recovery(sqlite3 *db, const uint8_t key[BN_CHAIN_ID_BYTES])
{
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	bn_hex(key, BN_CHAIN_ID_BYTES, hex);
	return bn_sql_int(db, 0, "SELECT json_extract(e.payload, '$.recovery') = ? " FOUNDING_EVENT,
		       "s", hex) == 1;
}

int bn_rights_may(bn_workspace *ws, bn_act act, bn_err *err)
{
	bn_self me;
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 || (rc = bn_self_read(&me, ws, db, err)) < 0)
		return rc;
	if (!me.is_chained)
		return bn_policy_allows(bn_workspace_id(ws), db, me.uid, me.name, act, NULL, err);
	bool recovers = act == BN_ACT_POLICY && me.has_key && bn_rights_is_recovery(db, me.key);
	if ((rc = bn_sql_failed(db, err)) < 0 || recovers)
		return rc;
	if ((rc = bn_self_need(&me, err)) < 0)
		return rc;
	rc = bn_authority_allows(db, me.epoch, me.person, me.is_bot, me.name, act, err);
	return rc < 0 || !me.is_bot ? rc : bn_bot_allows(db, me.key, act, NULL, err);
}

/* ---- in the fold ------------------------------------------------------------------------------ */

static int admits_person(bn_fold *f, const bn_event *ev, bn_act act, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	bn_standing s;
	bn_err why = BN_ERR_INIT;
	char name[128];
	int rc = bn_authority_judge(&s, db, ev, err);
	if (rc < 0)
		return rc;
	if (s.kind != BN_STANDING_COUNTS) {
		bn_fold_outcome(f, bn_standing_outcome(s.kind), "%s", s.words);
		return 0;
	}
	bn_authority_name(db, s.epoch, s.person, name, sizeof name);
	rc = bn_authority_allows(db, s.epoch, s.person, s.is_bot, name, act, &why);
	if (rc >= 0 && s.is_bot)
		rc = bn_bot_allows(db, ev->sig->key, act, ev->entity, &why);
	if (rc >= 0)
		return 1;
	if (rc != BN_EREFUSED)
		return bn_err_move(err, &why);
	bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%s", why.msg);
	bn_err_clear(&why);
	return 0;
}

int bn_rights_admits(bn_fold *f, const bn_event *ev, bn_act act, bn_err *err)
{
	/* Without link 0 (yet), the founding record decides which rules apply; entities that depend on the
	 * policy are replayed when either arrives. */
	sqlite3 *db = bn_fold_db(f);
	bool is_old = !ev->sig && bn_closed_is_upgraded(db);
	int rc = bn_authority_newest(db, NULL) >= 0 && !is_old ? 0
							       : bn_fold_depends(f, "policy", err);
	if (rc < 0)
		return rc;
	return bn_closed_by_uid(db, ev) ? bn_policy_admits(f, ev, act, err)
					: admits_person(f, ev, act, err);
}

int bn_rights_append(bn_workspace *ws, unsigned version, const char *kind, const char *entity,
	const json_t *payload, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	if (db && bn_authority_is_founded(db)) /* refused if the founding record is hidden */
		return bn_authority_append(ws, version, kind, entity, payload, err);
	return bn_workspace_append_version(ws, version, kind, entity, payload, err);
}

int bn_rights_begin(bn_workspace *ws, bn_err *err)
{
	uint8_t epoch[BN_CHAIN_ID_BYTES];
	sqlite3 *db = bn_workspace_index(ws);
	if (!db || bn_authority_newest(db, epoch) < 0)
		return 0;
	int rc = bn_authority_sign(ws, err);
	return rc < 0 ? rc : bn_workspace_set_epoch(ws, epoch, err);
}

void bn_rights_end(bn_workspace *ws)
{
	bn_workspace_set_epoch(ws, NULL, NULL);
}

/* ---- seals ------------------------------------------------------------------------------------- */

/* An unreadable key seals nothing; an operation that must sign reports why. */
static void own_signer(bn_signer *out, const bn_env *env)
{
	bn_key *key = NULL;
	if (bn_key_find(&key, env, NULL) == 0)
		bn_key_signer(out, key);
}

void bn_rights_seal(bn_workspace *ws)
{
	bn_workspace_set_signer_source(ws, own_signer);
}
