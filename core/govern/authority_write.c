/* authority_write.c - founding a workspace, signing under its chain, and adding links to it. See authority.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/_turn.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/govern/link.h"
#include "core/store/appended.h"
#include "core/store/founding.h"

#include <stdio.h>
#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

/* ---- founding -------------------------------------------------------------------------------- */

static int founded_text(bn_buf *out, const bn_env *env, const bn_signer *signer,
	const bn_authority_start *how, bn_err *err)
{
	char user[128];
	bn_buf document = BN_BUF_INIT;
	bn_founded f = {.host = env->host(env), .uid = (int64_t)env->uid(env), .user = user};
	bn_policy *parsed = NULL;
	json_t *empty = how->policy ? NULL : json_object();
	const json_t *policy = how->policy ? how->policy : empty;
	env->user_name(env, env->uid(env), user, sizeof user);
	f.name = how->name ? how->name : user;
	memcpy(f.founder, signer->key, ID);
	if ((f.has_recovery = how->recovery != NULL))
		memcpy(f.recovery, how->recovery, ID);
	int rc = bn_policy_parse(&parsed, policy, "policy", err);
	if (rc < 0)
		goto out;
	f.signers = (uint32_t)parsed->link_signers;
	if ((rc = bn_json_canonical(policy, &document, err)) < 0 ||
		(rc = bn_env_random(env, f.nonce, sizeof f.nonce, err)) < 0)
		goto out;
	f.policy = document.ptr;
	rc = bn_founded_encode(out, &f, err);
out:
	json_decref(empty);
	bn_policy_free(parsed);
	bn_buf_release(&document);
	return rc;
}

int bn_authority_init(const bn_env *env, const char *dir, const bn_authority_start *how,
	bool *made_key, bn_err *err)
{
	static const bn_authority_start plain;
	bn_key *key = NULL;
	bn_signer signer;
	bn_buf text = BN_BUF_INIT;
	int rc = bn_key_open(&key, env, made_key, err);
	if (rc < 0)
		return rc;
	if (!how)
		how = &plain;
	bn_key_signer(&signer, key);
	if ((rc = founded_text(&text, env, &signer, how, err)) < 0)
		goto out;
	const bn_founder founder = {.kind = BN_AUTHORITY_FOUNDED,
		.entity = BN_AUTHORITY_ENTITY,
		.payload = text.ptr,
		.n = text.len,
		.signer = &signer};
	const bn_workspace_making making = {
		.founder = &founder, .access = how->access, .group = how->group};
	rc = bn_workspace_make(env, dir, &making, err);
out:
	bn_buf_release(&text);
	bn_key_free(key);
	return rc;
}

/* ---- signing --------------------------------------------------------------------------------- */

int bn_authority_sign(bn_workspace *ws, bn_err *err)
{
	bn_key *key = NULL;
	bn_signer signer;
	if (bn_workspace_signs(ws))
		return 0;
	int rc = bn_key_open(&key, bn_workspace_env(ws), NULL, err);
	if (rc < 0)
		return rc;
	bn_key_signer(&signer, key);
	if ((rc = bn_workspace_set_signer(ws, &signer, err)) < 0)
		bn_key_free(key);
	return rc;
}

int bn_authority_append(bn_workspace *ws, unsigned version, const char *kind, const char *entity,
	const json_t *payload, bn_err *err)
{
	uint8_t epoch[ID];
	sqlite3 *db = bn_workspace_index(ws);
	if (!db || bn_authority_newest(db, epoch) < 0)
		return bn_err_set(
			err, BN_EREFUSED, "this workspace has no chain of authority to sign under");
	int rc = bn_authority_sign(ws, err);
	return rc < 0 ? rc
		      : bn_workspace_append_signed(ws, version, kind, entity, payload, epoch, err);
}

/* ---- how far writers are known ----------------------------------------------------------------- */

/* The newest record of a writer up to `most` by a key that the chain knows, or that was verified for another
 * reason: its seq, or -1. To avoid walking over strangers' records, the last one is checked first, then the
 * records of each known key in the index by key. */
static int64_t candidate(sqlite3 *db, int64_t writer_no, int64_t most)
{
	int64_t last = bn_sql_int(db, -1,
		"SELECT s.seq FROM signed_record s WHERE s.writer = ?1 AND s.seq = (SELECT "
		"max(seq) FROM signed_record WHERE writer = ?1 AND seq <= ?2) AND (EXISTS (SELECT "
		"1 FROM authority_key k WHERE k.key = s.key) OR EXISTS (SELECT 1 FROM "
		"authority_bot b WHERE b.key = s.key))",
		"ii", writer_no, most);
	if (last >= 0)
		return last;
	return bn_sql_int(db, -1,
		"SELECT max(seq) FROM (SELECT (SELECT s.seq FROM signed_record s WHERE s.key = "
		"k.key AND s.writer = ?1 AND s.seq <= ?2 ORDER BY s.seq DESC LIMIT 1) AS seq FROM "
		"(SELECT key FROM authority_key UNION SELECT key FROM authority_bot) k UNION ALL "
		"SELECT (SELECT v.seq FROM index_signed_verdict v CROSS JOIN signed_record s ON "
		"s.writer = v.writer AND s.seq = v.seq WHERE v.writer = ?1 AND v.seq <= ?2 AND "
		"v.good AND s.kind <> ?3 ORDER BY v.seq DESC LIMIT 1))",
		"iii", writer_no, most, bn_index_name(db, BN_NAME_KIND, BN_WRITER_OPENED));
}

/* The newest good record of a writer by a signer that the chain knows: a link or a decision can name it
 * without depending on strangers, who may remove their records or fill the log. 1, or 0 for none. */
static int head_find(
	bn_chain_head *out, sqlite3 *db, const char *writer, int64_t writer_no, bn_err *err)
{
	for (int64_t seq = INT64_MAX; (seq = candidate(db, writer_no, seq)) >= 0; seq--) {
		int rc = bn_signed_verify(db, writer_no, (uint64_t)seq, err);
		if (rc < 0)
			return rc;
		out->seq = (uint64_t)seq;
		if (rc == 1)
			return bn_signed_after(out->after, db, writer, seq, err);
	}
	return bn_sql_failed(db, err);
}

/* Writers by name: those with records beyond the horizon of the newest link, or all of them. */
static int heads_read(bn_chain_head **out, size_t *count, bn_arena *arena, sqlite3 *db,
	bool all_of_them, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	bn_chain_head h;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.no, w.name, (SELECT x.seq FROM authority_horizon x WHERE x.writer = w.no "
		"ORDER BY x.n DESC LIMIT 1) FROM index_name w WHERE w.class = ? ORDER BY w.name",
		"i", (int64_t)BN_NAME_WRITER);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		uint64_t horizon = (uint64_t)sqlite3_column_int64(st, 2);
		const char *writer = (const char *)sqlite3_column_text(st, 1);
		if ((rc = head_find(&h, db, writer, sqlite3_column_int64(st, 0), err)) < 0)
			break;
		if (rc < 1 || (!all_of_them && h.seq <= horizon))
			continue;
		h.writer = bn_arena_strdup(arena, writer);
		if (!h.writer || bn_grow(out, &cap, *count + 1, sizeof **out)) {
			rc = bn_err_nomem(err, "how far writers are known");
			break;
		}
		(*out)[(*count)++] = h;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

int bn_authority_seen(json_t **out, sqlite3 *db, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	bn_chain_head *heads = NULL;
	size_t count = 0;
	char hex[2 * ID + 1];
	json_t *seen = json_object();
	int rc = seen ? heads_read(&heads, &count, &arena, db, false, err)
		      : bn_err_nomem(err, "what was seen");
	for (size_t i = 0; i < count && rc >= 0; i++) {
		bn_hex(heads[i].after, ID, hex);
		if (json_object_set_new(seen, heads[i].writer,
			    json_pack("[I, s]", (json_int_t)heads[i].seq, hex)) < 0)
			rc = bn_err_nomem(err, "what was seen");
	}
	bn_free(heads);
	bn_arena_release(&arena);
	if (rc < 0)
		json_decref(seen);
	else
		*out = seen;
	return rc;
}

/* ---- links ----------------------------------------------------------------------------------- */

/* words: of its standing, or NULL. A beaten link is valid as such, and was made at the same time. */
static int not_taken(const char *words, bn_err *err)
{
	if (!words || !bn_link_words_are_lost(words))
		return bn_err_set(err, BN_EREFUSED, "the chain of authority does not accept it: %s",
			words ? words : "it is not a link");
	bn_err_set(err, BN_ECONFLICT, "recorded, but another link was made at the same time: %s",
		words);
	bn_err_hint(err, "see what holds now (binnacle trust log), and repeat it");
	return BN_ECONFLICT;
}

/* The result for a link: BN_LINK_TAKEN, BN_LINK_WAITS; BN_EREFUSED, and why. */
static int link_confirm(sqlite3 *db, const uint8_t id[ID], bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT n IS NOT NULL, lacks, words FROM authority_link WHERE id = ?", "b", id,
		(size_t)ID);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1 && sqlite3_column_int(st, 0))
		rc = BN_LINK_TAKEN;
	else if (rc == 1 && sqlite3_column_int(st, 1))
		rc = BN_LINK_WAITS;
	else if (rc >= 0)
		rc = not_taken(rc == 1 ? (const char *)sqlite3_column_text(st, 2) : NULL, err);
	sqlite3_finalize(st);
	return rc;
}

/* The id of the link that this process has just written. */
static int newest_own(uint8_t id[ID], bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	const char *writer;
	uint64_t seq;
	if (!bn_workspace_appended(ws, &writer, &seq))
		return bn_err_set(err, BN_EIO, "no link was written");
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT l.id FROM authority_link l JOIN index_name w ON w.no = l.writer WHERE "
		"w.name = ? AND l.seq = ?",
		"si", writer, (int64_t)seq);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 0)
		rc = not_taken(NULL, err);
	else if (rc == 1 && !bn_sql_bytes(st, 0, id, ID))
		rc = bn_sql_damaged(err, "a link without an id");
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Other hosts see only sealed records, and the next link must continue from this one. A committed link is done
 * even if it cannot be sealed yet: reporting a failure would make the user sign it again. */
static int publish(bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_commit(ws, err);
	if (rc < 0)
		return rc;
	bn_workspace_seal(ws, NULL); /* otherwise at the end of the process, or by the next one */
	return bn_workspace_refresh(ws, NULL, err);
}

int bn_authority_change(bn_workspace *ws, const bn_link *what, uint8_t id[ID], bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	bn_buf text = BN_BUF_INIT;
	bn_chain_head *horizon = NULL;
	bn_link link = *what;
	json_t *payload = NULL;
	sqlite3 *db;
	bn_turn turn = {0};
	int rc;
	if ((rc = bn_authority_sign(ws, err)) < 0 || (rc = bn_turn_take(&turn, ws, err)) < 0 ||
		(rc = bn_workspace_read(&db, ws, err)) < 0)
		goto out;
	int64_t newest = bn_authority_newest(db, link.prev);
	if (newest < 0) {
		rc = bn_err_set(
			err, BN_EREFUSED, "this workspace has no chain of authority to add to");
		goto out;
	}
	link.n = (uint32_t)(newest + 1);
	link.n_horizon = 0;
	if ((rc = heads_read(&horizon, &link.n_horizon, &arena, db, true, err)) < 0)
		goto out;
	link.horizon = horizon;
	if ((rc = bn_link_encode(&text, &link, err)) < 0 ||
		(rc = bn_json_parse(&payload, text.ptr, text.len, "link", err)) < 0 ||
		(rc = bn_workspace_append_signed(ws, 1, BN_AUTHORITY_LINK, BN_AUTHORITY_ENTITY,
			 payload, link.prev, err)) < 0 ||
		(rc = publish(ws, err)) < 0)
		goto out;
	if ((rc = newest_own(id, ws, db, err)) == 0)
		rc = link_confirm(db, id, err);
out:
	bn_turn_give(&turn);
	json_decref(payload);
	bn_free(horizon);
	bn_buf_release(&text);
	bn_arena_release(&arena);
	return rc;
}

int bn_authority_cosign(bn_workspace *ws, const uint8_t id[ID], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	json_t *payload = NULL;
	uint8_t prev[ID];
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	bn_turn turn = {0};
	int rc;
	if ((rc = bn_authority_sign(ws, err)) < 0 || (rc = bn_turn_take(&turn, ws, err)) < 0 ||
		(rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err, "SELECT prev FROM authority_link WHERE id = ?",
			 "b", id, (size_t)ID)) < 0)
		goto out;
	if ((rc = bn_sql_step(st, err)) < 0)
		goto out;
	if (rc < 1 || !bn_sql_bytes(st, 0, prev, ID)) {
		rc = bn_err_set(err, BN_ENOTFOUND, "there is no such link to sign");
		goto out;
	}
	sqlite3_reset(st);
	if ((rc = bn_link_signed_encode(&text, id, err)) < 0 ||
		(rc = bn_json_parse(&payload, text.ptr, text.len, "link", err)) < 0 ||
		(rc = bn_workspace_append_signed(ws, 1, BN_AUTHORITY_SIGNED, BN_AUTHORITY_ENTITY,
			 payload, prev, err)) < 0 ||
		(rc = publish(ws, err)) < 0)
		goto out;
	rc = link_confirm(db, id, err);
out:
	bn_turn_give(&turn);
	sqlite3_finalize(st);
	json_decref(payload);
	bn_buf_release(&text);
	return rc;
}
