/* trust_view.c - the workspace as shown by the index, for memory.h. See _trust.h. */
#include "core/govern/_trust.h"

#include "core/base/hash.h"
#include "core/govern/authority.h"
#include "core/store/log/sign.h"

#include <stdlib.h>
#include <string.h>

enum {
	ID = BN_SHA256_BYTES,
	CARDS_MOST = 2000, /* signatures of cards verified at a time; the others follow next time */
};

static int link_at(void *user, uint32_t n, uint8_t id[ID], bn_err *err)
{
	const bn_trust_view *v = user;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(
		&st, v->db, err, "SELECT id FROM authority_link WHERE n = ?", "i", (int64_t)n);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1 && bn_sql_bytes(st, 0, id, ID))
		rc = 0;
	else if (rc >= 0)
		rc = bn_sql_damaged(err, "the chain of authority has a gap");
	sqlite3_reset(st);
	return rc;
}

/* The memory has a signed record. Another record at its position has no hash here: zeros, which match
 * nothing. */
static int after_at(void *user, const char *writer, uint64_t seq, uint8_t after[ID], bn_err *err)
{
	const bn_trust_view *v = user;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, v->db, err,
		"SELECT s.after FROM index_name w JOIN index_tail t ON t.writer = w.no LEFT JOIN "
		"signed_record s ON s.writer = w.no AND s.seq = ?3 WHERE w.class = ?1 AND w.name = "
		"?2 "
		"AND t.last_seq >= ?3",
		"isi", (int64_t)BN_NAME_WRITER, writer, (int64_t)seq);
	if (rc < 0)
		return rc;
	memset(after, 0, ID);
	if ((rc = bn_sql_step(st, err)) == 1)
		bn_sql_bytes(st, 0, after, ID);
	sqlite3_reset(st);
	return rc;
}

int bn_trust_view_open(bn_trust_view *v, sqlite3 *db, const char *workspace_id, bn_err *err)
{
	*v = (bn_trust_view){.db = db, .texts = BN_ARENA_INIT};
	if (sqlite3_get_autocommit(db)) {
		int rc = bn_sql_run(db, err, "BEGIN", "");
		if (rc < 0)
			return rc;
		v->in_transaction = true;
	}
	int64_t newest = bn_authority_newest(db, NULL);
	v->view = (bn_memory_view){.workspace_id = workspace_id,
		.has_chain = newest >= 0,
		.newest = newest >= 0 ? (uint32_t)newest : 0,
		.restored = (uint32_t)bn_sql_int(db, 0,
			"SELECT max(n) FROM authority_link WHERE restored AND n IS NOT NULL", ""),
		.link_at = link_at,
		.after_at = after_at,
		.user = v};
	return 0;
}

void bn_trust_view_close(bn_trust_view *v)
{
	if (v->in_transaction)
		bn_sql_run(v->db, NULL, "COMMIT", "");
	bn_free(v->heads);
	bn_arena_release(&v->texts);
	*v = (bn_trust_view){0};
}

/* ---- heads ------------------------------------------------------------------------------------ */

static int writer_order(const void *key, const void *item)
{
	return strcmp(key, ((const bn_memory_head *)item)->writer);
}

static const bn_memory_head *remembered(const bn_memory *m, const char *writer)
{
	size_t n = 0;
	const bn_memory_head *heads = m ? bn_memory_heads(m, &n) : NULL;
	return n ? bsearch(writer, heads, n, sizeof *heads, writer_order) : NULL;
}

static bool is_news(const bn_memory_head *old, const bn_memory_head *h, uint32_t restored)
{
	return !old || old->since != restored || h->seq > old->seq || (h->acts && !old->acts);
}

/* Hash and key of a signed record, if the key belongs to someone in some epoch and its writer has one history.
 * 1, 0. */
static int record_read(bn_memory_head *h, sqlite3 *db, int64_t writer_no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT after, key FROM signed_record s WHERE writer = ? AND seq = ? AND EXISTS "
		"(SELECT 1 FROM authority_key k WHERE k.key = s.key)",
		"ii", writer_no, (int64_t)h->seq);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		rc = bn_sql_bytes(st, 0, h->after, ID) && bn_sql_bytes(st, 1, h->key, ID);
	sqlite3_reset(st);
	if (rc != 1)
		return rc;
	rc = bn_signed_is_forked(db, writer_no, h->seq, err);
	return rc < 0 ? rc : !rc;
}

/* The newest card as a head, if it is good. 1, 0. */
static int card_read(bn_memory_head *h, sqlite3 *db, int64_t writer_no, bn_err *err)
{
	int rc = record_read(h, db, writer_no, err);
	return rc == 1 ? bn_signed_verify(db, writer_no, h->seq, err) : rc;
}

/* A writer, how far its verified acts reach, and its newest card. */
static int writer_add(
	bn_trust_view *v, sqlite3_stmt *st, const bn_memory *m, size_t *cards, bn_err *err)
{
	int64_t no = sqlite3_column_int64(st, 0);
	const char *writer = (const char *)sqlite3_column_text(st, 1);
	const bn_memory_head *old = remembered(m, writer);
	bn_memory_head act = {.seq = (uint64_t)sqlite3_column_int64(st, 2), .acts = true};
	bn_memory_head card = {.seq = (uint64_t)sqlite3_column_int64(st, 3)};
	bn_memory_head *best = NULL;
	int rc;
	if (act.seq && is_news(old, &act, v->view.restored)) {
		if ((rc = record_read(&act, v->db, no, err)) < 0)
			return rc;
		best = rc ? &act : NULL;
	}
	card.acts = best != NULL;
	if (*cards && card.seq > act.seq && is_news(old, &card, v->view.restored)) {
		if ((rc = card_read(&card, v->db, no, err)) < 0)
			return rc;
		--*cards;
		best = rc ? &card : best;
	}
	if (!best)
		return 0;
	if (!(best->writer = bn_arena_strdup(&v->texts, writer)) ||
		bn_grow(&v->heads, &v->cap_heads, v->view.n_heads + 1, sizeof *v->heads))
		return bn_err_nomem(err, "heads of writers");
	v->heads[v->view.n_heads++] = *best;
	v->view.heads = v->heads;
	return 0;
}

int bn_trust_view_add_heads(bn_trust_view *v, const bn_memory *m, bool with_cards, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cards = with_cards ? CARDS_MOST : 0;
	int rc = bn_sql_prepare(&st, v->db, err,
		"SELECT no, name, act, card FROM (SELECT w.no AS no, w.name AS name, (SELECT v.seq "
		"FROM index_signed_verdict v JOIN signed_record s ON s.writer = v.writer AND s.seq "
		"= v.seq WHERE v.writer = w.no AND v.good AND s.kind <> ?1 ORDER BY v.seq DESC "
		"LIMIT 1) AS act, (SELECT c.seq FROM writer_card c WHERE c.writer = w.no ORDER BY "
		"c.seq DESC LIMIT 1) AS card FROM index_name w WHERE w.class = ?2) WHERE act IS "
		"NOT "
		"NULL OR card IS NOT NULL",
		"ii", bn_index_name(v->db, BN_NAME_KIND, BN_WRITER_OPENED),
		(int64_t)BN_NAME_WRITER);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = writer_add(v, st, m, &cards, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}
