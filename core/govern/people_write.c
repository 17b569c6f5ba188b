/* people_write.c - see people.h: the acts, each a link or a request. */
#include "core/govern/people.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/key.h"
#include "core/govern/key_heads.h"
#include "core/govern/rights.h"
#include "core/govern/taken.h"

#include <stdio.h>
#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

/* ---- asking ----------------------------------------------------------------------------------- */

/* Whether the key was ever a person's, or has already requested with that name. BN_ECONFLICT, BN_EREFUSED; 1:
 * it has. */
static int request_check(const bn_self *me, sqlite3 *db, const char *name, bn_err *err)
{
	if (me->person[0])
		return bn_err_set(err, BN_ECONFLICT, "you are already admitted, as %s", me->name);
	if (!me->has_key)
		return 0;
	if (bn_sql_int(
		    db, 0, "SELECT 1 FROM authority_key WHERE key = ?", "b", me->key, (size_t)ID)) {
		bn_err_set(err, BN_EREFUSED, "your key was revoked here, and cannot come back");
		bn_err_hint(err, "move identity.pem away and ask with a new key");
		return BN_EREFUSED;
	}
	return (int)bn_sql_int(db, 0, "SELECT 1 FROM authority_request WHERE key = ? AND name = ?",
		"bs", me->key, (size_t)ID, name);
}

int bn_people_request(bn_workspace *ws, const char *name, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_self me;
	char user[128];
	bn_buf text = BN_BUF_INIT;
	json_t *payload = NULL;
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 || (rc = bn_self_read(&me, ws, db, err)) < 0)
		return rc;
	env->user_name(env, me.uid, user, sizeof user);
	bn_key_request r = {.name = name ? name : user,
		.host = env->host(env),
		.user = user,
		.uid = (int64_t)me.uid};
	if ((rc = request_check(&me, db, r.name, err)) != 0)
		return rc < 0 ? rc : 0;
	if ((rc = bn_authority_sign(ws, err)) < 0)
		return rc;
	memcpy(r.key, bn_workspace_key(ws), ID);
	if ((rc = bn_key_request_encode(&text, &r, err)) < 0 ||
		(rc = bn_json_parse(&payload, text.ptr, text.len, "request", err)) < 0 ||
		(rc = bn_authority_append(
			 ws, 1, BN_AUTHORITY_REQUEST, BN_AUTHORITY_ENTITY, payload, err)) < 0 ||
		(rc = bn_workspace_sync(ws, err)) < 0)
		goto out;
	rc = 1;
out:
	json_decref(payload);
	bn_buf_release(&text);
	return rc;
}

/* ---- links ------------------------------------------------------------------------------------ */

/* Signs the link with these changes, if the user may sign links. */
static int change(
	bn_workspace *ws, const bn_link *what, const char *reason, uint8_t id[ID], bn_err *err)
{
	bn_link link = *what;
	link.reason = reason && *reason ? reason : NULL;
	int rc = bn_rights_may(ws, BN_ACT_POLICY, err);
	return rc < 0 ? rc : bn_authority_change(ws, &link, id, err);
}

static int person_bytes(uint8_t out[ID], const char *hex, bn_err *err)
{
	return strlen(hex) == 2 * ID && bn_unhex(hex, ID, out) == 0
		       ? 0
		       : bn_err_set(err, BN_EINVAL, "'%s' is not a person's key", hex);
}

/* A second person of that name would be mistaken for the first. */
static int name_is_free(bn_workspace *ws, const char *name, bn_err *err)
{
	bn_people *p = NULL;
	int rc = bn_people_read(&p, ws, err);
	for (size_t i = 0; rc >= 0 && i < p->count; i++)
		if (!strcmp(p->persons[i].name, name)) {
			rc = bn_err_set(
				err, BN_ECONFLICT, "'%s' is the name of another person here", name);
			bn_err_hint(err,
				"give another with --name, or, for a further key of the "
				"same person, --for '%s'",
				name);
		}
	bn_people_free(p);
	return rc;
}

int bn_people_admit(bn_workspace *ws, const bn_request_row *request, const char *name,
	unsigned roles, const char *reason, uint8_t id[ID], bn_err *err)
{
	bn_change changes[1 + BN_ROLES] = {{.kind = BN_CHANGE_PERSON,
		.text = name ? name : request->name,
		.has_request = true}};
	bn_link link = {.changes = changes, .n_changes = 1};
	int rc;
	if ((rc = person_bytes(changes[0].key, request->key.hex, err)) < 0 ||
		(rc = name_is_free(ws, changes[0].text, err)) < 0)
		return rc;
	memcpy(changes[0].request, request->id, ID);
	for (int r = 0; r < BN_ROLES; r++)
		if (roles & (1u << r)) {
			bn_change *c = &changes[link.n_changes++];
			*c = (bn_change){.kind = BN_CHANGE_ROLE, .role = (bn_role)r, .grant = true};
			memcpy(c->person, changes[0].key, ID);
		}
	return change(ws, &link, reason, id, err);
}

int bn_people_add_key(bn_workspace *ws, const bn_request_row *request, const char *person,
	const char *reason, uint8_t id[ID], bn_err *err)
{
	bn_change c = {.kind = BN_CHANGE_KEY, .has_request = true};
	const bn_link link = {.changes = &c, .n_changes = 1};
	int rc;
	if ((rc = person_bytes(c.key, request->key.hex, err)) < 0 ||
		(rc = person_bytes(c.person, person, err)) < 0)
		return rc;
	memcpy(c.request, request->id, ID);
	return change(ws, &link, reason, id, err);
}

int bn_people_set_role(bn_workspace *ws, const char *person, bn_role role, bool grant,
	const char *reason, uint8_t id[ID], bn_err *err)
{
	bn_change c = {.kind = BN_CHANGE_ROLE, .role = role, .grant = grant};
	const bn_link link = {.changes = &c, .n_changes = 1};
	char name[128];
	int rc;
	sqlite3 *db;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = person_bytes(c.person, person, err)) < 0)
		return rc;
	int64_t epoch = bn_authority_newest(db, NULL);
	bool has = bn_sql_int(db, 0,
		"SELECT 1 FROM authority_role WHERE person = ?1 AND role = ?2 AND from_n <= ?3 AND "
		"(to_n IS NULL OR to_n > ?3)",
		"ssi", person, bn_role_name(role), epoch);
	if ((rc = bn_sql_failed(db, err)) < 0)
		return rc;
	bn_authority_name(db, epoch, person, name, sizeof name);
	if (has == grant)
		return bn_err_set(err, BN_ECONFLICT, "%s %s role %s", name,
			grant ? "has already" : "was not granted", bn_role_name(role));
	return change(ws, &link, reason, id, err);
}

int bn_people_remove(
	bn_workspace *ws, const char *person, const char *reason, uint8_t id[ID], bn_err *err)
{
	bn_change c = {.kind = BN_CHANGE_REMOVE};
	const bn_link link = {.changes = &c, .n_changes = 1};
	int rc = person_bytes(c.person, person, err);
	return rc < 0 ? rc : change(ws, &link, reason, id, err);
}

/* ---- revoking a key ---------------------------------------------------------------------------- */

/* The link that revokes it: each of its writers counts to the last record before since_ms. cuts: release it, also
 * after a failure. */
static int revocation_make(bn_link *link, bn_change *c, bn_key_heads *cuts, sqlite3 *db,
	const char *key_hex, int64_t since_ms, bn_err *err)
{
	int rc;
	*c = (bn_change){.kind = BN_CHANGE_REVOKE};
	*link = (bn_link){.changes = c, .n_changes = 1};
	if ((rc = person_bytes(c->key, key_hex, err)) < 0)
		return rc;
	if (since_ms >= 0 && (rc = bn_key_heads_read(cuts, db, c->key, since_ms, err)) < 0)
		return rc;
	link->cuts = cuts->items;
	link->n_cuts = cuts->count;
	return 0;
}

int bn_people_revoke_preview(
	char **takes, bn_workspace *ws, const char *key_hex, int64_t since_ms, bn_err *err)
{
	bn_change c;
	bn_link link;
	bn_key_heads cuts = {0};
	sqlite3 *db;
	int rc;
	*takes = NULL;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = revocation_make(&link, &c, &cuts, db, key_hex, since_ms, err)) < 0)
		goto out;
	rc = bn_taken_text(takes, db, &link, true, err);
out:
	bn_key_heads_release(&cuts);
	return rc;
}

int bn_people_revoke_key(bn_workspace *ws, const char *key_hex, int64_t since_ms,
	const char *reason, uint8_t id[ID], bn_err *err)
{
	bn_change c;
	bn_link link;
	bn_key_heads cuts = {0};
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = revocation_make(&link, &c, &cuts, db, key_hex, since_ms, err)) < 0)
		goto out;
	rc = change(ws, &link, reason, id, err);
out:
	bn_key_heads_release(&cuts);
	return rc;
}

/* ---- policy ------------------------------------------------------------------------------------ */

int bn_people_set_policy(
	bn_workspace *ws, const json_t *document, const char *reason, uint8_t id[ID], bn_err *err)
{
	bn_policy *p = NULL;
	bn_buf text = BN_BUF_INIT;
	bn_change c = {.kind = BN_CHANGE_POLICY};
	const bn_link link = {.changes = &c, .n_changes = 1};
	int rc = bn_policy_parse(&p, document, "policy", err);
	if (rc < 0 || (rc = bn_json_canonical(document, &text, err)) < 0)
		goto out;
	c.policy = text.ptr;
	c.signers = (uint32_t)p->link_signers;
	rc = change(ws, &link, reason, id, err);
out:
	bn_policy_free(p);
	bn_buf_release(&text);
	return rc;
}
