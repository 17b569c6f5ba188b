/* authority_bots.c - the rows of bots (bot.h), part of the fold of class "authority". */
#include "core/base/ed25519.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/_authority.h"
#include "core/govern/_bot.h"
#include "core/govern/authority.h"

#include <stdlib.h>
#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

/* ---- the previous rows
 * ---------------------------------------------------------------------------- */

void bn_authority_bots_release(bn_authority_bots *b)
{
	for (size_t i = 0; i < b->count; i++)
		bn_free(b->items[i]);
	bn_free(b->items);
	*b = (bn_authority_bots){0};
}

/* Each begins with the 64 digits of its key. */
int bn_authority_bots_read(bn_authority_bots *out, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT hex(key) || '|' || from_n || '|' || person || '|' || hex(name) || '|' || "
		"verbs || '|' || "
		"patterns || coalesce((SELECT group_concat(hex(id) || writer || ' ' || seq) FROM "
		"(SELECT * FROM authority_bot_end e WHERE e.key = b.key ORDER BY id, writer)), '') "
		"FROM authority_bot b",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		char *text = bn_sql_text(st, 0);
		if (!text || bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
			bn_free(text);
			rc = bn_err_nomem(err, "the bots");
			break;
		}
		out->items[out->count++] = text;
	}
	sqlite3_finalize(st);
	return rc;
}

static bool has(const bn_authority_bots *b, const char *text)
{
	for (size_t i = 0; i < b->count; i++)
		if (!strcmp(b->items[i], text))
			return true;
	return false;
}

static int replay_others(
	bn_fold *f, const bn_authority_bots *a, const bn_authority_bots *b, bn_err *err)
{
	uint8_t key[ID];
	char hex[2 * ID + 1];
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < a->count; i++) {
		if (has(b, a->items[i]))
			continue;
		snprintf(hex, sizeof hex, "%s", a->items[i]);
		if (bn_unhex(hex, ID, key) == 0)
			rc = bn_authority_replay_key(f, key, err);
	}
	return rc;
}

int bn_authority_bots_compare(bn_fold *f, const bn_authority_bots *was, bn_err *err)
{
	bn_authority_bots is = {0};
	int rc = bn_authority_bots_read(&is, bn_fold_db(f), err);
	if (rc >= 0 && (rc = replay_others(f, was, &is, err)) >= 0)
		rc = replay_others(f, &is, was, err);
	bn_authority_bots_release(&is);
	return rc;
}

int bn_authority_bots_of_writer(bn_fold *f, int64_t writer_no, bn_err *err)
{
	int64_t authority = bn_sql_int(bn_fold_db(f), 0,
		"SELECT a.no FROM authority_entity a WHERE EXISTS (SELECT 1 FROM signed_record s "
		"JOIN index_name k ON k.no = s.kind WHERE s.writer = ? AND s.entity = a.no AND "
		"k.name IN (?, ?))",
		"iss", writer_no, BN_AUTHORITY_BOT, BN_AUTHORITY_BOT_ENDED);
	return authority ? bn_fold_replay_entity(f, authority, err) : 0;
}

/* ---- writing ----------------------------------------------------------------------------------- */

/* A record about a bot that counts, in order of effect. */
typedef struct counted {
	const bn_event *ev;
	size_t i;
	bn_standing s;
} counted;

static int counted_compare(const void *a, const void *b)
{
	const counted *x = a, *y = b;
	if (x->s.epoch != y->s.epoch)
		return x->s.epoch < y->s.epoch ? -1 : 1;
	const bn_event_key *p = &x->ev->key, *q = &y->ev->key;
	if (p->clock != q->clock)
		return p->clock < q->clock ? -1 : 1;
	int by_writer = strcmp(p->writer, q->writer);
	if (by_writer)
		return by_writer;
	return p->seq < q->seq ? -1 : p->seq > q->seq;
}

static void refuse(bn_fold *f, const counted *c, int rc, const char *why)
{
	bn_outcome outcome = BN_OUTCOME_REFUSED;
	if (rc == BN_EUNSUPPORTED)
		outcome = BN_OUTCOME_NEWER;
	else if (rc == BN_EINVAL)
		outcome = BN_OUTCOME_INVALID;
	bn_fold_outcome_of(f, c->i, outcome, "%s", why);
}

static bool is_taken(sqlite3 *db, const uint8_t key[ID])
{
	return bn_sql_int(db, 0,
		       "SELECT EXISTS (SELECT 1 FROM authority_key WHERE key = ?1) OR EXISTS "
		       "(SELECT 1 "
		       "FROM authority_bot WHERE key = ?1)",
		       "b", key, (size_t)ID) == 1;
}

static int words_text(bn_buf *out, const char *const *words, bn_err *err)
{
	json_t *list = json_array();
	for (; list && *words; words++)
		json_array_append_new(list, json_string(*words));
	int rc = list ? bn_json_canonical(list, out, err) : bn_err_nomem(err, "a bot");
	json_decref(list);
	return rc;
}

static int bot_store(bn_fold *f, const counted *c, const bn_bot *bot, bn_err *err)
{
	bn_buf verbs = BN_BUF_INIT, patterns = BN_BUF_INIT;
	int rc;
	if ((rc = words_text(&verbs, bot->verbs, err)) < 0 ||
		(rc = words_text(&patterns, bot->patterns, err)) < 0)
		goto out;
	rc = bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO authority_bot (key, from_n, person, name, verbs, patterns, until_ms) "
		"VALUES (?, ?, ?, ?, ?, ?, nullif(?, -1))",
		"bissssi", bot->key, (size_t)ID, c->s.epoch, c->s.person, bot->name, verbs.ptr,
		patterns.ptr, bot->until_ms);
out:
	bn_buf_release(&verbs);
	bn_buf_release(&patterns);
	return rc;
}

static int bot_apply(bn_fold *f, const counted *c, bn_arena *arena, bn_err *err)
{
	const bn_bot *bot;
	bn_err why = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc = bn_bot_decode(&bot, arena, c->ev->raw, c->ev->raw_len, &why);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc < 0) {
		refuse(f, c, rc, why.msg);
		return 0;
	}
	bn_bot_proof_text(&text, bn_fold_workspace_id(f), c->s.person, bot->key);
	if ((rc = bn_buf_check(&text, err, "a bot")) < 0)
		goto out;
	if (!bn_ed25519_verify(bot->key, bot->proof, text.ptr, text.len))
		refuse(f, c, BN_EREFUSED, "the bot's key did not sign for it");
	else if (is_taken(bn_fold_db(f), bot->key))
		refuse(f, c, BN_EREFUSED, "that key already belongs to a person or a bot");
	else
		rc = bot_store(f, c, bot, err);
out:
	bn_buf_release(&text);
	return rc;
}

static int end_store(bn_fold *f, const counted *c, const bn_bot_ending *e, bn_err *err)
{
	static const char sql[] = "INSERT OR IGNORE INTO authority_bot_end (key, id, writer, seq) "
				  "VALUES (?, ?, ?, ?)";
	int64_t writer;
	int rc = bn_sql_run(bn_fold_db(f), err, sql, "bbii", e->key, (size_t)ID, c->ev->sig->id,
		(size_t)ID, (int64_t)0, (int64_t)0);
	for (size_t i = 0; rc >= 0 && i < e->n_horizon; i++)
		if ((rc = bn_fold_name(f, BN_NAME_WRITER, e->horizon[i].writer, &writer, err)) >= 0)
			rc = bn_sql_run(bn_fold_db(f), err, sql, "bbii", e->key, (size_t)ID,
				c->ev->sig->id, (size_t)ID, writer, (int64_t)e->horizon[i].seq);
	return rc;
}

static int end_apply(bn_fold *f, const counted *c, bn_arena *arena, bn_err *err)
{
	const bn_bot_ending *e;
	bn_err why = BN_ERR_INIT;
	int rc = bn_bot_ending_decode(&e, arena, c->ev->raw, c->ev->raw_len, &why);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc < 0) {
		refuse(f, c, rc, why.msg);
		return 0;
	}
	bool is_own = bn_sql_int(bn_fold_db(f), 0,
			      "SELECT 1 FROM authority_bot WHERE key = ? AND person = ?", "bs",
			      e->key, (size_t)ID, c->s.person) == 1;
	if (!is_own) {
		refuse(f, c, BN_EREFUSED, "that key is not a bot of the signer");
		return 0;
	}
	return end_store(f, c, e, err);
}

/* The counting records about bots, signed by persons themselves. */
static int gather(counted **out, size_t *count, bn_fold *f, const bn_authority_tree *t, bn_err *err)
{
	size_t cap = 0;
	for (size_t i = 0; i < t->n_events; i++) {
		const bn_event *ev = &t->events[i];
		counted c = {.ev = ev, .i = i};
		if ((ev->kind_no != BN_AUTHORITY_KIND_BOT &&
			    ev->kind_no != BN_AUTHORITY_KIND_BOT_ENDED) ||
			!ev->sig || !ev->sig->key)
			continue;
		int rc = bn_authority_judge(&c.s, bn_fold_db(f), ev, err);
		if (rc < 0)
			return rc;
		if (c.s.kind != BN_STANDING_COUNTS || c.s.is_bot) {
			bn_fold_outcome_of(f, i,
				c.s.is_bot ? BN_OUTCOME_REFUSED : bn_standing_outcome(c.s.kind),
				"%s", c.s.is_bot ? "a bot cannot create bots" : c.s.words);
			continue;
		}
		if (bn_grow(out, &cap, *count + 1, sizeof **out))
			return bn_err_nomem(err, "the bots");
		(*out)[(*count)++] = c;
	}
	if (*count)
		qsort(*out, *count, sizeof **out, counted_compare);
	return 0;
}

int bn_authority_bots_store(bn_fold *f, const bn_authority_tree *t, bn_err *err)
{
	counted *all = NULL;
	size_t count = 0;
	bn_arena arena = BN_ARENA_INIT;
	int rc = gather(&all, &count, f, t, err);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		if (all[i].ev->kind_no == BN_AUTHORITY_KIND_BOT)
			rc = bot_apply(f, &all[i], &arena, err);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		if (all[i].ev->kind_no == BN_AUTHORITY_KIND_BOT_ENDED)
			rc = end_apply(f, &all[i], &arena, err);
	bn_free(all);
	bn_arena_release(&arena);
	return rc;
}
