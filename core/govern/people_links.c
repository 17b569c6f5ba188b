/* people_links.c - see people.h: the links of the log as a list. */
#include "core/govern/people.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/rights.h"
#include "core/govern/taken.h"

#include <string.h>
#include <strings.h>

enum { ID = BN_CHAIN_ID_BYTES, DIGITS_LEAST = 6 };

void bn_links_free(bn_link_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].author);
		bn_free(l->items[i].summary);
		bn_free(l->items[i].words);
	}
	bn_free(l->items);
	bn_free(l);
}

/* The author's name before the link. */
static char *author_name(sqlite3 *db, int64_t n, const uint8_t key[ID])
{
	char person[BN_PERSON_TEXT], name[128];
	if (bn_rights_is_recovery(db, key))
		return bn_strdup("the recovery key");
	int64_t before = n < 0 ? bn_authority_newest(db, NULL) : n - (n > 0);
	if (bn_authority_person(person, db, before, key, NULL) != 1)
		bn_hex(key, ID, person);
	bn_authority_name(db, before, person, name, sizeof name);
	return bn_strdup(name);
}

/* "; takes the approval of power/1" after the summary, for payloads with cuts or voids. */
static int takes_add(char **summary, sqlite3 *db, const char *payload, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	const bn_link *link = NULL;
	char *takes = NULL;
	int rc = bn_link_decode(&link, &arena, 1, payload, strlen(payload), NULL, NULL);
	if (rc < 0 || link->is_newer) {
		rc = rc == BN_ENOMEM ? bn_err_nomem(err, "the links") : 0;
		goto out;
	}
	if ((rc = bn_taken_text(&takes, db, link, false, err)) < 0 || !takes)
		goto out;
	char *longer = bn_strf("%s; takes %s", *summary, takes);
	if (!longer) {
		rc = bn_err_nomem(err, "the links");
		goto out;
	}
	bn_free(*summary);
	*summary = longer;
out:
	bn_free(takes);
	bn_arena_release(&arena);
	return rc;
}

static int link_fill(
	bn_link_row *row, sqlite3 *db, sqlite3_stmt *st, const bn_self *me, bn_err *err)
{
	uint8_t author[ID], newest[ID], prev[ID];
	*row = (bn_link_row){.n = sqlite3_column_int64(st, 1),
		.summary = bn_sql_text(st, 3),
		.words = bn_sql_text(st, 4),
		.time_ms = sqlite3_column_int64(st, 5)};
	if (!bn_sql_bytes(st, 0, row->id, ID) || !bn_sql_bytes(st, 2, author, ID))
		return bn_sql_damaged(err, "a link without an id");
	row->author = author_name(db, row->n, author);
	if (!row->author || !row->summary)
		return bn_err_nomem(err, "the links");
	const char *payload = (const char *)sqlite3_column_text(st, 8);
	int rc = payload ? takes_add(&row->summary, db, payload, err) : 0;
	if (rc < 0)
		return rc;
	row->waits = sqlite3_column_int(st, 6) && bn_sql_bytes(st, 7, prev, ID) &&
		     bn_authority_newest(db, newest) >= 0 && !memcmp(prev, newest, ID);
	row->mine = me->has_key &&
		    (!memcmp(author, me->key, ID) ||
			    bn_sql_int(db, 0,
				    "SELECT 1 FROM signed_record s JOIN event e ON e.entity = "
				    "s.entity AND e.clock = s.clock AND e.writer = s.writer AND "
				    "e.seq = s.seq JOIN index_name k ON k.no = s.kind WHERE s.key "
				    "= ? AND k.name = ? AND "
				    "e.payload ->> '$.id' = lower(hex(?))",
				    "bsb", me->key, (size_t)ID, BN_AUTHORITY_SIGNED, row->id,
				    (size_t)ID));
	return 0;
}

int bn_links_read(bn_link_list **out, bn_workspace *ws, bn_err *err)
{
	bn_self me;
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc;
	bn_link_list *l = bn_alloc_zeroed(1, sizeof *l);
	if (!l)
		return bn_err_nomem(err, "the links");
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_self_read(&me, ws, db, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT l.id, coalesce(l.n, -1), l.author, l.summary, l.words, l.time_ms, "
			 "l.lacks, l.prev, CASE WHEN (l.n IS NOT NULL OR l.lacks) AND (e.payload "
			 "->> '$.cuts' IS NOT NULL OR "
			 "e.payload ->> '$.void' IS NOT NULL) THEN e.payload END FROM "
			 "authority_link l LEFT JOIN signed_record s ON s.writer = l.writer AND "
			 "s.seq = l.seq LEFT JOIN event e ON e.entity = s.entity AND e.clock = "
			 "s.clock AND e.writer = s.writer AND e.seq = s.seq ORDER BY l.lacks DESC, "
			 "l.n IS NULL, l.n DESC, l.time_ms DESC, l.id",
			 "")) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&l->items, &cap, l->count + 1, sizeof *l->items)) {
			rc = bn_err_nomem(err, "the links");
			goto out;
		}
		if ((rc = link_fill(&l->items[l->count++], db, st, &me, err)) < 0)
			goto out;
	}
	if (rc < 0)
		goto out;
	*out = l;
	l = NULL;
out:
	sqlite3_finalize(st);
	bn_links_free(l);
	return rc;
}

int bn_links_find(const bn_link_row **out, const bn_link_list *l, const char *word, bn_err *err)
{
	const bn_link_row *found = NULL;
	char hex[2 * ID + 1];
	int64_t n = -1;
	size_t digits = strlen(word);
	if (digits < DIGITS_LEAST && !bn_parse_i64(word, digits, &n))
		return bn_err_set(err, BN_EINVAL,
			"'%s' is not a link: give its number, or 6 or more digits of its id", word);
	for (size_t i = 0; i < l->count; i++) {
		bn_hex(l->items[i].id, ID, hex);
		if (n >= 0 ? l->items[i].n != n : strncasecmp(hex, word, digits) != 0)
			continue;
		if (found)
			return bn_err_set(err, BN_EINVAL, "'%s' means several links", word);
		found = &l->items[i];
	}
	if (!found)
		return bn_err_set(err, BN_ENOTFOUND, "no link '%s'", word);
	*out = found;
	return 0;
}
