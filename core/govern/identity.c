/* identity.c - see identity.h. */
#include "core/govern/identity.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/closed.h"

#include <stdio.h>
#include <string.h>

void bn_identity_entity(uid_t uid, char *out, size_t size)
{
	snprintf(out, size, "user/%lu", (unsigned long)uid);
}

/* What is signed: see identity.h. */
static int signed_bytes(bn_buf *out, const char *workspace_id, const char *kind, const char *entity,
	uid_t uid, const json_t *payload, bn_err *err)
{
	json_t *bare = json_copy((json_t *)payload);
	json_object_del(bare, "signature");
	json_t *body = json_pack("{s:s, s:s, s:s, s:I, s:o*}", "workspace", workspace_id, "kind",
		kind, "entity", entity, "uid", (json_int_t)uid, "payload", bare);
	if (!body || !bare) {
		json_decref(body);
		return bn_err_nomem(err, "a signature");
	}
	int rc = bn_json_canonical(body, out, err);
	json_decref(body);
	return rc;
}

static int payload_sign(bn_workspace *ws, const bn_key *key, const char *kind, const char *entity,
	json_t *payload, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char value[BN_KEY_SIGNATURE_HEX + 1];
	bn_buf bytes = BN_BUF_INIT;
	int rc = signed_bytes(
		&bytes, bn_workspace_id(ws), kind, entity, env->uid(env), payload, err);
	if (rc < 0)
		goto out;
	bn_key_sign(key, bytes.ptr, bytes.len, value);
	if (json_object_set_new(payload, "signature",
		    json_pack("{s:s, s:s}", "public_key", bn_key_public(key), "value", value)) < 0)
		rc = bn_err_nomem(err, "a signature");
out:
	bn_buf_release(&bytes);
	return rc;
}

static int key_publish(bn_workspace *ws, const bn_key *key, const char *entity, bn_err *err)
{
	json_t *payload = json_pack("{s:s}", "public_key", bn_key_public(key));
	int rc = payload ? payload_sign(ws, key, "user.key", entity, payload, err)
			 : bn_err_nomem(err, "a key");
	if (rc < 0)
		goto out;
	rc = bn_workspace_append(ws, "user.key", entity, payload, err);
out:
	json_decref(payload);
	return rc;
}

int bn_identity_ready(bn_workspace *ws, bool *created, bn_err *err)
{
	bn_key *key = NULL;
	int rc = bn_key_open(&key, bn_workspace_env(ws), created, err);
	bn_key_free(key);
	return rc;
}

int bn_identity_append_signed(
	bn_workspace *ws, const char *kind, const char *entity, json_t *payload, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	uid_t uid = env->uid(env);
	bn_key *key = NULL;
	char me[40];
	bn_identity_entity(uid, me, sizeof me);
	int rc = bn_key_open(&key, env, NULL, err);
	if (rc < 0)
		return rc;
	sqlite3 *db = bn_workspace_index(ws);
	if ((!db || !bn_identity_has_key(db, uid, bn_key_public(key), NULL)) &&
		(rc = key_publish(ws, key, me, err)) < 0)
		goto out;
	if ((rc = payload_sign(ws, key, kind, entity, payload, err)) < 0)
		goto out;
	rc = bn_workspace_append(ws, kind, entity, payload, err);
out:
	bn_key_free(key);
	return rc;
}

bool bn_identity_has_key(sqlite3 *db, uid_t uid, const char *public_hex, const bn_event_key *at)
{
	return bn_sql_int(db, 0,
		       "SELECT 1 FROM user_key WHERE uid = ? AND public_key = ?"
		       " AND (clock, writer, seq) < (?, ?, ?) LIMIT 1",
		       "isisi", (int64_t)uid, public_hex, at ? (int64_t)at->clock : INT64_MAX,
		       at ? at->writer : "", at ? (int64_t)at->seq : (int64_t)0) != 0;
}

int bn_identity_check_bytes(const char *workspace_id, const char *kind, const char *entity,
	uid_t uid, const json_t *payload, bn_err *err)
{
	const json_t *s = json_object_get(payload, "signature");
	const char *public_hex = bn_json_str(s, "public_key", NULL);
	const char *value = bn_json_str(s, "value", NULL);
	if (!public_hex || !value)
		return bn_err_set(err, BN_EREFUSED, "the event is not signed");
	bn_buf bytes = BN_BUF_INIT;
	int rc = signed_bytes(&bytes, workspace_id, kind, entity, uid, payload, err);
	if (rc < 0)
		goto out;
	rc = bn_key_verify(public_hex, value, bytes.ptr, bytes.len, err);
out:
	bn_buf_release(&bytes);
	return rc;
}

int bn_identity_check(sqlite3 *db, const char *workspace_id, const bn_event *ev, bn_err *err)
{
	int rc = bn_identity_check_bytes(
		workspace_id, ev->kind, ev->entity, ev->uid, ev->payload, err);
	if (rc < 0)
		return rc;
	const char *public_hex =
		bn_json_str(json_object_get(ev->payload, "signature"), "public_key", "");
	if (bn_identity_has_key(db, ev->uid, public_hex, &ev->key))
		return 0;
	char print[25], who[BN_UID_TEXT];
	bn_key_fingerprint(public_hex, print);
	return bn_err_set(err, BN_EREFUSED,
		"signed with key %s, which %s had not published by then", print,
		bn_uid_text(ev->uid, who));
}

/* ---- fold ----------------------------------------------------------------------------------- */

static int user_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	char me[40], print[25];
	bn_identity_entity(ev->uid, me, sizeof me);
	const char *public_hex = bn_json_str(ev->payload, "public_key", "");
	const char *signed_by =
		bn_json_str(json_object_get(ev->payload, "signature"), "public_key", "");
	if (strlen(public_hex) != BN_KEY_PUBLIC_HEX || !bn_is_hex(public_hex)) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "public_key is not %d hex digits",
			BN_KEY_PUBLIC_HEX);
		return 0;
	}
	if (bn_fold_founding(f)[0] && !bn_closed_by_uid(bn_fold_db(f), ev)) {
		bn_closed_refuse(f, ev);
		return 0;
	}
	if (strcmp(ev->entity, me) != 0) {
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "only the user may publish a key for %s",
			ev->entity);
		return 0;
	}
	if (strcmp(signed_by, public_hex) != 0 ||
		bn_identity_check_bytes(bn_fold_workspace_id(f), ev->kind, ev->entity, ev->uid,
			ev->payload, NULL) < 0) {
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "no proof that the user has this key");
		return 0;
	}
	int rc = bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO user_key (uid, public_key, clock, writer, seq) VALUES (?, ?, ?, ?, ?)",
		"isisi", (int64_t)ev->uid, public_hex, (int64_t)ev->key.clock, ev->key.writer,
		(int64_t)ev->key.seq);
	if (rc < 0)
		return rc;
	bn_key_fingerprint(public_hex, print);
	bn_fold_outcome(f, BN_OUTCOME_APPLIED, "key %s", print);
	return 0;
}

static int user_clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(
		bn_fold_db(f), err, "DELETE FROM user_key WHERE 'user/' || uid = ?", "s", entity);
}

static const bn_fold_kind kinds[] = {
	{"user.key", .fields = BN_FIELDS("public_key", BN_SIGNATURE_FIELDS)},
	{0},
};

const bn_fold_class bn_user_class = {
	.name = "user",
	.kinds = kinds,
	.schema = "share/sql/0005_govern.sql",
	.place = bn_closed_place,
	.apply = user_apply,
	.clear = user_clear,
};
