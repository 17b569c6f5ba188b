/* authority_rows.c - the chain of authority as rows, and the records whose standing has changed since the
 * last update. See _authority.h. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/_authority.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/store/founding.h"

#include <stdio.h>
#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES, NOT_ON_CHAIN = -1 };

/* ---- requesting replays
 * --------------------------------------------------------------------------- */

/* The keys that are or were a person's or a bot's. */
#define KNOWN_KEYS "(SELECT key FROM authority_key UNION SELECT key FROM authority_bot)"

/* Entities, except "authority" itself, of the signed records that satisfy a condition. */
#define ENTITIES_WHERE(condition) \
	"SELECT DISTINCT s.entity FROM signed_record s, authority_entity a WHERE s.entity <> " \
	"a.no AND " condition

/* Requests a replay of the entities listed by a cached statement. */
static int replay_those(bn_fold *f, sqlite3_stmt *st, bn_err *err)
{
	int64_t *found = NULL;
	size_t count = 0, cap = 0;
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&found, &cap, count + 1, sizeof *found)) {
			rc = bn_err_nomem(err, "the fold's entities");
			break;
		}
		found[count++] = sqlite3_column_int64(st, 0);
	}
	sqlite3_reset(st);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		rc = bn_fold_replay_entity(f, found[i], err);
	bn_free(found);
	return rc < 0 ? rc : 0;
}

static int replay_by_id(bn_fold *f, const char *sql, const uint8_t id[ID], bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, bn_fold_db(f), err, sql, "b", id, (size_t)ID);
	return rc < 0 ? rc : replay_those(f, st, err);
}

/* Everything signed under a link. */
static int replay_epoch(bn_fold *f, const uint8_t id[ID], bn_err *err)
{
	return replay_by_id(f, ENTITIES_WHERE("s.epoch = ?"), id, err);
}

int bn_authority_replay_key(bn_fold *f, const uint8_t key[ID], bn_err *err)
{
	return replay_by_id(f, ENTITIES_WHERE("s.key = ?"), key, err);
}

static int replay_record(bn_fold *f, const uint8_t id[ID], bn_err *err)
{
	return replay_by_id(f, ENTITIES_WHERE("s.id = ?"), id, err);
}

static int replay_writer(bn_fold *f, int64_t writer_no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(
		&st, bn_fold_db(f), err, ENTITIES_WHERE("s.writer = ?"), "i", writer_no);
	return rc < 0 ? rc : replay_those(f, st, err);
}

/* Everything judged by the rules for uids, which depends on entity "policy" (policy.h). */
static int replay_judged_by_uid(bn_fold *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, bn_fold_db(f), err,
		"SELECT entity FROM depends WHERE on_entity = ?", "i",
		bn_index_entity(bn_fold_db(f), "policy"));
	return rc < 0 ? rc : replay_those(f, st, err);
}

/* Records signed under link n - 1 beyond the horizon of link n. The standing of records signed with unknown
 * keys does not change, so they are skipped. */
static int replay_beyond(bn_fold *f, const uint8_t id[ID], int64_t n, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, bn_fold_db(f), err,
		ENTITIES_WHERE(
			"s.key IN " KNOWN_KEYS
			" AND +s.epoch = ?1 AND NOT EXISTS (SELECT 1 FROM authority_horizon h JOIN "
			"signed_record at ON at.writer = h.writer AND at.seq = h.seq AND at.after "
			"= "
			"h.after WHERE h.writer = s.writer AND h.seq >= s.seq AND h.n = (SELECT "
			"max(n) FROM authority_horizon WHERE writer = s.writer AND n <= ?2))"),
		"bi", id, (size_t)ID, n);
	return rc < 0 ? rc : replay_those(f, st, err);
}

/* ---- the previous rows
 * ---------------------------------------------------------------------------- */

/* A link as stored in the previous rows. */
typedef struct old_link {
	uint8_t id[ID];
	int64_t n; /* NOT_ON_CHAIN */
	char *words;
	bool is_there; /* still present and unchanged */
} old_link;

/* A key that link n cuts, or a record that it voids. */
typedef struct touched {
	uint8_t id[ID];
	int64_t n;
} touched;

typedef struct touched_list {
	touched *items;
	size_t count, cap;
} touched_list;

/* Before and after. */
typedef struct change {
	bn_fold *f;
	sqlite3 *db;
	bn_arena arena;
	old_link *old;
	size_t n_old, cap_old;
	int64_t old_newest;
	touched_list cuts, voids; /* of the previous state, then those of the new state too */
} change;

static int old_links_read(change *c, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, c->db, err, "SELECT id, n, words FROM authority_link", "");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&c->old, &c->cap_old, c->n_old + 1, sizeof *c->old)) {
			rc = bn_err_nomem(err, "the links of before");
			break;
		}
		old_link *o = &c->old[c->n_old++];
		*o = (old_link){.n = NOT_ON_CHAIN};
		bn_sql_bytes(st, 0, o->id, ID);
		if (sqlite3_column_type(st, 1) != SQLITE_NULL)
			o->n = sqlite3_column_int64(st, 1);
		if (o->n > c->old_newest)
			c->old_newest = o->n;
		const char *words = (const char *)sqlite3_column_text(st, 2);
		if (!(o->words = bn_arena_strdup(&c->arena, words ? words : ""))) {
			rc = bn_err_nomem(err, "the links of before");
			break;
		}
	}
	sqlite3_finalize(st);
	return rc;
}

static int touched_read(touched_list *l, sqlite3 *db, const char *sql, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err, sql, "");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items)) {
			rc = bn_err_nomem(err, "what links cut");
			break;
		}
		touched *t = &l->items[l->count];
		t->n = sqlite3_column_int64(st, 1);
		l->count += bn_sql_bytes(st, 0, t->id, ID);
	}
	sqlite3_finalize(st);
	return rc;
}

static int all_touched_read(change *c, bn_err *err)
{
	int rc = touched_read(&c->cuts, c->db, "SELECT DISTINCT key, n FROM authority_cut", err);
	return rc < 0 ? rc
		      : touched_read(&c->voids, c->db, "SELECT id, n FROM authority_void", err);
}

static void change_release(change *c)
{
	bn_free(c->old);
	bn_free(c->cuts.items);
	bn_free(c->voids.items);
	bn_arena_release(&c->arena);
}

static int change_read(change *c, bn_fold *f, bn_err *err)
{
	*c = (change){.f = f, .db = bn_fold_db(f), .arena = BN_ARENA_INIT, .old_newest = -1};
	int rc = old_links_read(c, err);
	return rc < 0 ? rc : all_touched_read(c, err);
}

/* ---- writing ----------------------------------------------------------------------------------- */

static int rows_clear(sqlite3 *db, bn_err *err)
{
	static const char *const tables[] = {"DELETE FROM authority_link",
		"DELETE FROM authority_person", "DELETE FROM authority_key",
		"DELETE FROM authority_role", "DELETE FROM authority_policy",
		"DELETE FROM authority_horizon", "DELETE FROM authority_cut",
		"DELETE FROM authority_void", "DELETE FROM authority_request",
		"DELETE FROM authority_bot", "DELETE FROM authority_bot_end",
		"DELETE FROM authority_entity"};
	int rc = 0;
	for (size_t i = 0; i < sizeof tables / sizeof *tables && rc >= 0; i++)
		rc = bn_sql_run(db, err, tables[i], "");
	return rc;
}

/* A person's name when admitted on the chain; "" if there is none. */
static const char *name_of(const bn_authority_tree *t, const uint8_t person[ID])
{
	const bn_chain *c = t->chain;
	for (size_t i = 0; i < c->n_facts; i++)
		if (c->facts[i].kind == BN_FACT_PERSON &&
			memcmp(c->facts[i].person, person, ID) == 0)
			return c->facts[i].change ? c->facts[i].change->text : t->founded->name;
	return "";
}

/* A change in words, with names and fingerprints. */
static void summary_add(bn_buf *b, const bn_authority_tree *t, const bn_change *c)
{
	char hex[2 * ID + 1], key[25], person[25];
	bn_hex(c->key, ID, hex);
	bn_key_fingerprint(hex, key);
	bn_hex(c->person, ID, hex);
	bn_key_fingerprint(hex, person);
	const char *name = name_of(t, c->person), *who = name[0] ? name : person;
	if (b->len)
		bn_buf_adds(b, "; ");
	switch (c->kind) {
	case BN_CHANGE_POLICY:
		bn_buf_adds(b, "policy");
		return;
	case BN_CHANGE_PERSON:
		bn_buf_addf(b, "admits %s (%s)", c->text, key);
		return;
	case BN_CHANGE_KEY:
		bn_buf_addf(b, "a further key for %s (%s)", who, key);
		return;
	case BN_CHANGE_ROLE:
		bn_buf_addf(
			b, "%s %s %s", c->grant ? "grants" : "revokes", bn_role_name(c->role), who);
		return;
	case BN_CHANGE_REVOKE:
		bn_buf_addf(b, "revokes key %s", key);
		return;
	case BN_CHANGE_REMOVE:
		bn_buf_addf(b, "removes %s (%s)", who, person);
		return;
	case BN_CHANGE_RESTORED:
		bn_buf_addf(b, "restored: %s", c->text);
		return;
	}
}

static bool is_restored(const bn_link *link)
{
	for (size_t i = 0; link && i < link->n_changes; i++)
		if (link->changes[i].kind == BN_CHANGE_RESTORED)
			return true;
	return false;
}

/* link NULL: link 0. */
static int link_row(sqlite3 *db, const bn_event *ev, int64_t n, const bn_link *link,
	const char *summary, const char *words, bool lacks, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"INSERT OR IGNORE INTO authority_link (id, n, prev, author, writer, seq, time_ms, "
		"restored, summary, words, lacks) VALUES (?, nullif(?, -1), nullif(?, x''), ?, ?, "
		"?, ?, ?, ?, ?, ?)",
		"bibbiiiissi", ev->sig->id, (size_t)ID, n, link ? link->prev : (const uint8_t *)"",
		link ? (size_t)ID : (size_t)0, ev->sig->key, (size_t)ID, ev->writer_no,
		(int64_t)ev->key.seq, bn_event_time_ms(ev), (int64_t)is_restored(link), summary,
		words, (int64_t)lacks);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc;
}

static int links_store(const bn_authority_tree *t, sqlite3 *db, bn_err *err)
{
	bn_buf summary = BN_BUF_INIT, words = BN_BUF_INIT;
	bn_buf_addf(&summary, "%s by %s", t->founded->is_upgrade ? "upgraded" : "founded",
		t->founded->name);
	int rc = bn_buf_check(&summary, err, "a link");
	if (rc >= 0)
		rc = link_row(db, t->root, 0, NULL, summary.ptr, NULL, false, err);
	for (size_t k = 0; rc >= 0 && k < t->n_links; k++) {
		const bn_link *link = t->links[k].link;
		bool on = t->chain->standings[k] == BN_CHAIN_CHOSEN;
		bn_buf_clear(&summary);
		bn_buf_clear(&words);
		for (size_t i = 0; i < link->n_changes; i++)
			summary_add(&summary, t, &link->changes[i]);
		bn_chain_words(t->chain, k, &words);
		if ((rc = bn_buf_check(&summary, err, "a link")) < 0 ||
			(rc = bn_buf_check(&words, err, "a link")) < 0)
			break;
		rc = link_row(db, &t->events[t->event_of[k]], on ? (int64_t)link->n : NOT_ON_CHAIN,
			link, summary.ptr ? summary.ptr : "", on ? NULL : words.ptr,
			bn_chain_lacks_signers(t->chain, k), err);
	}
	bn_buf_release(&summary);
	bn_buf_release(&words);
	return rc;
}

/* Bound as NULL if the fact still holds. */
static int64_t end_of(const bn_chain_fact *fact)
{
	return fact->to == BN_CHAIN_OPEN ? -1 : (int64_t)fact->to;
}

static int policy_row(sqlite3 *db, int64_t from, const char *document, bn_err *err)
{
	char hash[BN_SHA256_HEX + 1];
	bn_sha256_hex(document, strlen(document), hash);
	return bn_sql_run(db, err,
		"INSERT INTO authority_policy (from_n, hash, document) VALUES (?, ?, ?)", "iss",
		from, hash, document);
}

static int fact_store(
	const bn_authority_tree *t, sqlite3 *db, const bn_chain_fact *fact, bn_err *err)
{
	char person[2 * ID + 1];
	bn_hex(fact->person, ID, person);
	switch (fact->kind) {
	case BN_FACT_PERSON:
		return bn_sql_run(db, err,
			"INSERT INTO authority_person (person, from_n, to_n, name) VALUES (?, ?, "
			"nullif(?, -1), ?)",
			"siis", person, (int64_t)fact->from, end_of(fact),
			fact->change ? fact->change->text : t->founded->name);
	case BN_FACT_KEY:
		return bn_sql_run(db, err,
			"INSERT INTO authority_key (key, from_n, to_n, person) VALUES (?, ?, "
			"nullif(?, "
			"-1), ?)",
			"biis", fact->key, (size_t)ID, (int64_t)fact->from, end_of(fact), person);
	case BN_FACT_ROLE:
		return bn_sql_run(db, err,
			"INSERT INTO authority_role (person, role, from_n, to_n, seniority) VALUES "
			"(?, "
			"?, ?, nullif(?, -1), nullif(?, -1))",
			"ssiii", person, bn_role_name(fact->role), (int64_t)fact->from,
			end_of(fact),
			fact->role == BN_ROLE_ADMIN ? (int64_t)fact->rank : (int64_t)-1);
	case BN_FACT_POLICY:
		return policy_row(db, (int64_t)fact->from,
			fact->change ? fact->change->policy : t->founded->policy, err);
	}
	return 0;
}

static int horizon_store(bn_fold *f, int64_t n, const bn_chain_head *h, bn_err *err)
{
	int64_t writer;
	int rc = bn_fold_name(f, BN_NAME_WRITER, h->writer, &writer, err);
	if (rc < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT OR REPLACE INTO authority_horizon (writer, n, seq, after) VALUES (?, ?, ?, "
		"?)",
		"iiib", writer, n, (int64_t)h->seq, h->after, (size_t)ID);
}

/* writer "" of a cut in the rows: everything the key signed, except what the cut names. */
static int cut_store(bn_fold *f, int64_t n, const bn_chain_cut *cut, bn_err *err)
{
	int64_t writer;
	int rc = bn_fold_name(f, BN_NAME_WRITER, cut->writer, &writer, err);
	if (rc < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO authority_cut (key, n, writer, seq) VALUES (?, ?, ?, ?)", "biii",
		cut->key, (size_t)ID, n, writer, (int64_t)cut->seq);
}

/* What the links of the chain state about records. */
static int chain_store(bn_fold *f, const bn_authority_tree *t, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < t->chain->n_facts; i++)
		rc = fact_store(t, db, &t->chain->facts[i], err);
	for (int64_t n = 1; rc >= 0 && n <= t->chain->newest; n++) {
		const bn_link *link = t->links[t->chain->on[n - 1]].link;
		for (size_t i = 0; rc >= 0 && i < link->n_horizon; i++)
			rc = horizon_store(f, n, &link->horizon[i], err);
		for (size_t i = 0; rc >= 0 && i < link->n_cuts; i++)
			rc = cut_store(f, n, &link->cuts[i], err);
		for (size_t i = 0; rc >= 0 && i < link->n_voids; i++)
			rc = bn_sql_run(db, err,
				"INSERT OR IGNORE INTO authority_void (id, n) VALUES (?, ?)", "bi",
				link->voids[i], (size_t)ID, n);
	}
	return rc;
}

/* Requests to admit keys, as they are; their signatures are not verified. */
static int requests_store(bn_fold *f, const bn_authority_tree *t, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < t->n_events; i++) {
		const bn_event *ev = &t->events[i];
		const bn_key_request *r;
		bn_err why = BN_ERR_INIT;
		if (ev->kind_no != BN_AUTHORITY_KIND_REQUEST || !ev->sig || !ev->sig->key)
			continue;
		rc = bn_key_request_decode(&r, &arena, ev->raw, ev->raw_len, &why);
		if (rc >= 0 && memcmp(r->key, ev->sig->key, ID) != 0)
			rc = bn_err_set(&why, BN_EINVAL, "it is signed with another key");
		if (rc == BN_EINVAL || rc == BN_EUNSUPPORTED) {
			bn_fold_outcome_of(f, i,
				rc == BN_EINVAL ? BN_OUTCOME_INVALID : BN_OUTCOME_NEWER, "%s",
				why.msg);
			rc = 0;
			continue;
		}
		if (rc < 0) {
			bn_err_move(err, &why);
			break;
		}
		rc = bn_sql_run(bn_fold_db(f), err,
			"INSERT OR IGNORE INTO authority_request (id, key, name, host, user, uid, "
			"owner, time_ms, writer, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"bbsssiiiii", ev->sig->id, (size_t)ID, r->key, (size_t)ID, r->name, r->host,
			r->user, r->uid, (int64_t)ev->uid, bn_event_time_ms(ev), ev->writer_no,
			(int64_t)ev->key.seq);
	}
	bn_arena_release(&arena);
	return rc;
}

/* ---- what has changed -------------------------------------------------------------------------- */

static int old_compare(const void *a, const void *b)
{
	return memcmp(((const old_link *)a)->id, ((const old_link *)b)->id, ID);
}

/* The links whose position or text has changed, and those that were added or removed. first: the lowest
 * position in the chain, old or new, that differs. */
static int links_compare(change *c, int64_t *first, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*first = INT64_MAX;
	if (c->n_old)
		qsort(c->old, c->n_old, sizeof *c->old, old_compare);
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT id, coalesce(n, -1), coalesce(words, '') FROM authority_link", "");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		old_link now = {.n = sqlite3_column_int64(st, 1)};
		bn_sql_bytes(st, 0, now.id, ID);
		old_link *was =
			c->n_old ? bsearch(&now, c->old, c->n_old, sizeof now, old_compare) : NULL;
		if (was && was->n == now.n &&
			!strcmp(was->words, (const char *)sqlite3_column_text(st, 2))) {
			was->is_there = true;
			continue;
		}
		if (now.n >= 0 && now.n < *first)
			*first = now.n;
		if ((rc = replay_epoch(c->f, now.id, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	for (size_t i = 0; rc >= 0 && i < c->n_old; i++) {
		if (c->old[i].is_there)
			continue;
		if (c->old[i].n >= 0 && c->old[i].n < *first)
			*first = c->old[i].n;
		rc = replay_epoch(c->f, c->old[i].id, err);
	}
	return rc;
}

/* The epoch before the first changed position has a new or different horizon. */
static int horizon_compare(change *c, int64_t first, bn_err *err)
{
	uint8_t id[ID];
	sqlite3_stmt *st = NULL;
	if (first == INT64_MAX || first == 0)
		return 0;
	int rc = bn_sql_prepare(
		&st, c->db, err, "SELECT id FROM authority_link WHERE n = ?", "i", first - 1);
	if (rc < 0)
		return rc;
	bool found = (rc = bn_sql_step(st, err)) == 1 && bn_sql_bytes(st, 0, id, ID);
	sqlite3_finalize(st);
	if (rc < 0 || !found)
		return rc;
	return c->old_newest < first ? replay_beyond(c->f, id, first, err)
				     : replay_epoch(c->f, id, err);
}

/* Records that links from `first` on cut or void, now or before. */
static int touched_compare(change *c, int64_t first, bn_err *err)
{
	int rc = all_touched_read(c, err);
	for (size_t i = 0; rc >= 0 && i < c->cuts.count; i++)
		if (c->cuts.items[i].n >= first)
			rc = bn_authority_replay_key(c->f, c->cuts.items[i].id, err);
	for (size_t i = 0; rc >= 0 && i < c->voids.count; i++)
		if (c->voids.items[i].n >= first)
			rc = replay_record(c->f, c->voids.items[i].id, err);
	return rc;
}

/* With a founding record that the workspace's id does not name, there is no founder by uid either
 * (bn_policy_founder). */
static int replay_policy(bn_fold *f, bn_err *err)
{
	int64_t policy = bn_index_entity(bn_fold_db(f), BN_FOUNDING_ENTITY);
	return policy > 0 ? bn_fold_replay_entity(f, policy, err) : 0;
}

/* Closed records are judged by keys, roles and policy that are closed too: replay all of these, and what
 * depends on them. */
static int replay_closed(bn_fold *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = replay_policy(f, err)) < 0 || (rc = replay_judged_by_uid(f, err)) < 0 ||
		(rc = bn_sql_cached(&st, bn_fold_db(f), err,
			 "SELECT no FROM index_entity_text WHERE class = 'user'", "")) < 0)
		return rc;
	return replay_those(f, st, err);
}

int bn_authority_store(bn_fold *f, const bn_authority_tree *t, bn_err *err)
{
	change c;
	bn_authority_bots bots = {0};
	int64_t first;
	bool closes_changed;
	int rc = change_read(&c, f, err);
	if (rc < 0 || (rc = bn_authority_bots_read(&bots, c.db, err)) < 0 ||
		(rc = rows_clear(c.db, err)) < 0)
		goto out;
	if ((rc = bn_sql_run(c.db, err, "INSERT INTO authority_entity (no, has_fork) VALUES (?, ?)",
		     "ii", t->events[0].entity_no, (int64_t)(t->chain && t->chain->has_fork))) < 0)
		goto out;
	if (!t->chain && (rc = replay_policy(f, err)) < 0)
		goto out;
	if (t->chain && ((rc = links_store(t, c.db, err)) < 0 || (rc = chain_store(f, t, err)) < 0))
		goto out;
	if ((rc = bn_authority_closes_store(f, t, &closes_changed, err)) < 0 ||
		(closes_changed && (rc = replay_closed(f, err)) < 0))
		goto out;
	if ((rc = requests_store(f, t, err)) < 0 || (rc = links_compare(&c, &first, err)) < 0)
		goto out;
	if (t->chain && c.old_newest < 0 && (rc = replay_judged_by_uid(f, err)) < 0)
		goto out;
	if (first != INT64_MAX && ((rc = horizon_compare(&c, first, err)) < 0 ||
					  (rc = touched_compare(&c, first, err)) < 0))
		goto out;
	if (t->chain && (rc = bn_authority_bots_store(f, t, err)) < 0)
		goto out;
	rc = bn_authority_bots_compare(f, &bots, err);
out:
	bn_authority_bots_release(&bots);
	change_release(&c);
	return rc;
}

/* ---- new records ------------------------------------------------------------------------- */

/* A record at a position named by a link's horizon decides whether the earlier records of its writer
 * count. */
static int fills_horizon(bn_fold *f, const bn_signed_new *r, bn_err *err)
{
	if (!bn_sql_int(bn_fold_db(f), 0,
		    "SELECT 1 FROM authority_horizon WHERE writer = ? AND seq = ? LIMIT 1", "ii",
		    r->writer_no, (int64_t)r->seq))
		return 0;
	int rc = bn_authority_bots_of_writer(f, r->writer_no, err);
	return rc < 0 ? rc : replay_writer(f, r->writer_no, err);
}

int bn_authority_before_replay(bn_fold *f, bn_err *err)
{
	size_t n;
	const bn_signed_new *new = bn_fold_signed_new(f, &n);
	sqlite3 *db = bn_fold_db(f);
	int64_t forked = bn_sql_int(db, 0, "SELECT no FROM authority_entity WHERE has_fork", "");
	int rc = 0;
	/* The links under which an admin has worked affect the choice of a branch. */
	if (n && forked)
		rc = bn_fold_replay_entity(f, forked, err);
	int64_t closes = rc < 0 ? 0 : bn_authority_closes_due(db);
	if (closes > 0)
		rc = bn_fold_replay_entity(f, closes, err);
	for (size_t i = 0; rc >= 0 && i < n; i++)
		rc = fills_horizon(f, &new[i], err);
	return rc;
}
