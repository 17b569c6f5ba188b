/* bots.c - see bots.h. */
#include "core/govern/bots.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/_bot.h"
#include "core/govern/key.h"
#include "core/govern/key_heads.h"
#include "core/govern/rights.h"

#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

/* ---- the list ----------------------------------------------------------------------------------- */

void bn_bots_free(bn_bot_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].name);
		bn_free(l->items[i].person);
		bn_free(l->items[i].verbs);
		bn_free(l->items[i].patterns);
	}
	bn_free(l->items);
	bn_free(l);
}

/* "a, b" of a JSON list. */
static char *words_join(const char *text)
{
	bn_buf b = BN_BUF_INIT;
	json_t *list = NULL;
	if (text && bn_json_parse(&list, text, strlen(text), "bot", NULL) == 0)
		for (size_t i = 0; i < json_array_size(list); i++)
			bn_buf_addf(&b, "%s%s", i ? ", " : "",
				json_string_value(json_array_get(list, i)));
	json_decref(list);
	return b.len ? bn_buf_take(&b, NULL) : bn_strdup("");
}

static int row_fill(bn_bot_row *row, sqlite3 *db, sqlite3_stmt *st, const bn_self *me, bn_err *err)
{
	char name[128], hex[2 * ID + 1];
	const char *person = (const char *)sqlite3_column_text(st, 1);
	bn_authority_name(db, me->epoch, person, name, sizeof name);
	*row = (bn_bot_row){.name = bn_sql_text(st, 2),
		.person = bn_strdup(name),
		.verbs = words_join((const char *)sqlite3_column_text(st, 3)),
		.patterns = words_join((const char *)sqlite3_column_text(st, 4)),
		.until_ms = sqlite3_column_int64(st, 5),
		.is_ended = sqlite3_column_int(st, 6),
		.is_mine = !me->is_bot && !strcmp(person, me->person)};
	if (!bn_sql_bytes(st, 0, row->key, ID))
		return bn_sql_damaged(err, "a bot without a key");
	bn_hex(row->key, ID, hex);
	bn_key_fingerprint(hex, row->print);
	return row->name && row->person && row->verbs && row->patterns ? 0
								       : bn_err_nomem(err, "bots");
}

int bn_bots_read(bn_bot_list **out, bn_workspace *ws, bn_err *err)
{
	bn_self me;
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc;
	bn_bot_list *l = bn_alloc_zeroed(1, sizeof *l);
	if (!l)
		return bn_err_nomem(err, "bots");
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_self_read(&me, ws, db, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT key, person, name, verbs, patterns, coalesce(until_ms, -1), "
			 "EXISTS (SELECT "
			 "1 FROM authority_bot_end e WHERE e.key = b.key) FROM authority_bot b "
			 "ORDER BY "
			 "name, key",
			 "")) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&l->items, &cap, l->count + 1, sizeof *l->items)) {
			rc = bn_err_nomem(err, "bots");
			goto out;
		}
		if ((rc = row_fill(&l->items[l->count++], db, st, &me, err)) < 0)
			goto out;
	}
	if (rc < 0)
		goto out;
	*out = l;
	l = NULL;
out:
	sqlite3_finalize(st);
	bn_bots_free(l);
	return rc;
}

/* ---- making ------------------------------------------------------------------------------------- */

/* Appends an encoded record of authority, and commits. */
static int write_record(bn_workspace *ws, const char *kind, const bn_buf *text, bn_err *err)
{
	json_t *payload = NULL;
	int rc = bn_json_parse(&payload, text->ptr, text->len, "bot", err);
	if (rc < 0 ||
		(rc = bn_authority_append(ws, 1, kind, BN_AUTHORITY_ENTITY, payload, err)) < 0)
		goto out;
	rc = bn_workspace_sync(ws, err);
out:
	json_decref(payload);
	return rc;
}

static int wish_check(const bn_bot_wish *w, bn_err *err)
{
	static const bn_act acts[] = {BN_ACT_REGISTER, BN_ACT_REQUEST, BN_ACT_ALIAS, BN_ACT_TAG,
		BN_ACT_ATTEST, BN_ACT_REMOVE};
	for (const char *const *v = w->verbs; *v; v++) {
		bool found = false;
		for (size_t i = 0; i < sizeof acts / sizeof *acts && !found; i++)
			found = !strcmp(*v, bn_act_name(acts[i]));
		if (!found)
			return bn_err_set(err, BN_EINVAL,
				"'%s': a bot may register, request, alias, tag, attest or remove",
				*v);
	}
	return 0;
}

/* Checks that I am a person, and have no active bot of that name. */
static int may_add(bn_self *me, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_bot_list *l = NULL;
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 || (rc = bn_self_read(me, ws, db, err)) < 0)
		return rc;
	if (!me->is_chained || !me->person[0] || me->is_bot)
		return bn_err_set(err, BN_EREFUSED,
			me->is_bot ? "a bot cannot create bots"
				   : "only a person who is admitted here can have bots");
	if ((rc = bn_bots_read(&l, ws, err)) < 0)
		return rc;
	for (size_t i = 0; i < l->count && rc == 0; i++)
		if (l->items[i].is_mine && !l->items[i].is_ended && !strcmp(l->items[i].name, name))
			rc = bn_err_set(err, BN_ECONFLICT, "you already have a bot '%s'", name);
	bn_bots_free(l);
	return rc;
}

int bn_bot_check(bn_workspace *ws, const bn_bot_wish *w, bn_err *err)
{
	bn_self me;
	int rc = wish_check(w, err);
	return rc < 0 ? rc : may_add(&me, ws, w->name, err);
}

int bn_bot_add(bn_workspace *ws, const bn_key *key, const bn_bot_wish *w, bn_err *err)
{
	bn_self me;
	bn_signer signer;
	bn_buf proof = BN_BUF_INIT, text = BN_BUF_INIT;
	bn_bot bot = {.name = w->name,
		.verbs = w->verbs,
		.patterns = w->patterns,
		.until_ms = w->until_ms};
	int rc;
	if ((rc = wish_check(w, err)) < 0 || (rc = may_add(&me, ws, w->name, err)) < 0)
		return rc;
	bn_key_signer(&signer, (bn_key *)(uintptr_t)key);
	memcpy(bot.key, signer.key, ID);
	bn_bot_proof_text(&proof, bn_workspace_id(ws), me.person, bot.key);
	if ((rc = bn_buf_check(&proof, err, "a bot")) < 0 ||
		(rc = signer.sign(signer.ctx, proof.ptr, proof.len, bot.proof, err)) < 0 ||
		(rc = bn_bot_encode(&text, &bot, err)) < 0 ||
		(rc = write_record(ws, BN_AUTHORITY_BOT, &text, err)) < 0)
		goto out;
	if (!bn_sql_int(bn_workspace_index(ws), 0,
		    "SELECT 1 FROM authority_bot WHERE key = ? AND person = ?", "bs", bot.key,
		    (size_t)ID, me.person))
		rc = bn_err_set(err, BN_ECONFLICT, "that key already belongs to someone");
out:
	bn_buf_release(&proof);
	bn_buf_release(&text);
	return rc;
}

/* ---- ending ------------------------------------------------------------------------------------- */

/* As far as the key's records are known here, or were signed before the bot's end. */
static int end_one(bn_workspace *ws, const bn_bot_row *bot, bool at_until, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_key_heads known = {0};
	bn_bot_ending e = {0};
	int rc = bn_key_heads_read(
		&known, bn_workspace_index(ws), bot->key, at_until ? bot->until_ms + 1 : -1, err);
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < known.count; i++)
		if (known.items[i].seq) /* nothing of other writers counts */
			known.items[e.n_horizon++] = known.items[i];
	memcpy(e.key, bot->key, ID);
	e.horizon = known.items;
	if ((rc = bn_bot_ending_encode(&text, &e, err)) < 0)
		goto out;
	rc = write_record(ws, BN_AUTHORITY_BOT_ENDED, &text, err);
out:
	bn_buf_release(&text);
	bn_key_heads_release(&known);
	return rc;
}

int bn_bot_end(bn_workspace *ws, const char *name, bn_err *err)
{
	bn_bot_list *l = NULL;
	const bn_bot_row *found = NULL;
	int rc = bn_bots_read(&l, ws, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].is_mine && !strcmp(l->items[i].name, name) &&
			(!found || found->is_ended))
			found = &l->items[i];
	if (!found)
		rc = bn_err_set(err, BN_ENOTFOUND, "you have no bot '%s'", name);
	else if (found->is_ended)
		rc = bn_err_set(err, BN_ECONFLICT, "bot '%s' has ended", name);
	else
		rc = end_one(ws, found, false, err);
	bn_bots_free(l);
	return rc;
}

int bn_bots_end_due(bn_workspace *ws, size_t *ended, bn_err *err)
{
	bn_bot_list *l = NULL;
	*ended = 0;
	sqlite3 *db = bn_workspace_index(ws);
	int64_t now = bn_env_now_ms(bn_workspace_env(ws));
	if (!db || !bn_sql_int(db, 0, "SELECT 1 FROM authority_bot WHERE until_ms < ? LIMIT 1", "i",
			   now))
		return 0;
	int rc = bn_bots_read(&l, ws, err);
	for (size_t i = 0; rc >= 0 && i < l->count; i++) {
		const bn_bot_row *b = &l->items[i];
		if (!b->is_mine || b->is_ended || b->until_ms < 0 || b->until_ms >= now)
			continue;
		if ((rc = end_one(ws, b, true, err)) >= 0)
			++*ended;
	}
	bn_bots_free(l);
	return rc;
}
