/* people.c - see people.h: the lists, and look-up by name. */
#include "core/govern/people.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/key.h"
#include "core/govern/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ID = BN_CHAIN_ID_BYTES, DIGITS_LEAST = 6 };
#define SCHEME "ed25519:" /* the prefix of a fingerprint */

void bn_people_free(bn_people *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		bn_free(p->persons[i].name);
		bn_free(p->persons[i].keys);
	}
	for (size_t i = 0; i < p->n_requests; i++) {
		bn_free(p->requests[i].name);
		bn_free(p->requests[i].user);
		bn_free(p->requests[i].host);
	}
	bn_free(p->persons);
	bn_free(p->requests);
	bn_free(p);
}

static void key_set(bn_people_key *out, const uint8_t key[ID])
{
	bn_hex(key, ID, out->hex);
	bn_key_fingerprint(out->hex, out->print);
}

/* ---- persons ---------------------------------------------------------------------------------- */

static int keys_read(bn_person_row *row, sqlite3 *db, int64_t epoch, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	uint8_t key[ID];
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT key FROM authority_key WHERE person = ?1 AND from_n <= ?2 AND (to_n IS "
		"NULL OR to_n > ?2) ORDER BY from_n, key",
		"si", row->person, epoch);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&row->keys, &cap, row->n_keys + 1, sizeof *row->keys)) {
			rc = bn_err_nomem(err, "the people");
			break;
		}
		if (bn_sql_bytes(st, 0, key, ID))
			key_set(&row->keys[row->n_keys++], key);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Its seniority as stored in the table. */
static int rank_read(bn_person_row *row, sqlite3 *db, int64_t epoch, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT seniority FROM authority_role WHERE person = ?1 AND role = 'admin' AND "
		"from_n <= ?2 AND (to_n IS NULL OR to_n > ?2)",
		"si", row->person, epoch);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		row->rank = 1 + sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

static int person_fill(
	bn_person_row *row, sqlite3 *db, int64_t epoch, const bn_self *me, bn_err *err)
{
	int rc = bn_authority_roles(&row->roles, db, epoch, row->person, err);
	row->is_me = !strcmp(row->person, me->person);
	if (rc < 0 || (rc = keys_read(row, db, epoch, err)) < 0)
		return rc;
	return rank_read(row, db, epoch, err);
}

static int person_compare(const void *a, const void *b)
{
	const bn_person_row *x = a, *y = b;
	if (!x->rank != !y->rank)
		return x->rank ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	int by_name = strcmp(x->name, y->name);
	return by_name ? by_name : strcmp(x->person, y->person);
}

static int persons_read(bn_people *p, sqlite3 *db, const bn_self *me, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT p.person, p.name, p.from_n, l.time_ms FROM authority_person p JOIN "
		"authority_link l ON l.n = p.from_n WHERE p.from_n <= ?1 AND (p.to_n IS NULL OR "
		"p.to_n > ?1)",
		"i", p->epoch);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&p->persons, &cap, p->count + 1, sizeof *p->persons)) {
			rc = bn_err_nomem(err, "the people");
			break;
		}
		bn_person_row *row = &p->persons[p->count++];
		*row = (bn_person_row){.name = bn_sql_text(st, 1),
			.since_link = sqlite3_column_int64(st, 2),
			.since_ms = sqlite3_column_int64(st, 3)};
		snprintf(row->person, sizeof row->person, "%s",
			(const char *)sqlite3_column_text(st, 0));
		rc = row->name ? person_fill(row, db, p->epoch, me, err)
			       : bn_err_nomem(err, "the people");
		if (rc < 0)
			break;
	}
	sqlite3_finalize(st);
	if (rc < 0)
		return rc;
	if (p->count)
		qsort(p->persons, p->count, sizeof *p->persons, person_compare);
	for (size_t i = 0; i < p->count && p->persons[i].rank; i++)
		p->persons[i].rank = (int64_t)i + 1;
	return 0;
}

/* ---- requests --------------------------------------------------------------------------------- */

static int request_fill(bn_request_row *row, sqlite3_stmt *st, const bn_self *me, bn_err *err)
{
	uint8_t key[ID];
	*row = (bn_request_row){.name = bn_sql_text(st, 2),
		.user = bn_sql_text(st, 3),
		.host = bn_sql_text(st, 4),
		.uid = (uid_t)sqlite3_column_int64(st, 5),
		.owner = (uid_t)sqlite3_column_int64(st, 6),
		.time_ms = sqlite3_column_int64(st, 7)};
	if (!bn_sql_bytes(st, 0, row->id, ID) || !bn_sql_bytes(st, 1, key, ID))
		return bn_sql_damaged(err, "a request without an id");
	key_set(&row->key, key);
	row->is_mine = me->has_key && !memcmp(key, me->key, ID);
	return row->name && row->user && row->host ? 0 : bn_err_nomem(err, "the requests");
}

static bool is_listed(const bn_people *p, const char *key_hex)
{
	for (size_t i = 0; i < p->n_requests; i++)
		if (!strcmp(p->requests[i].key.hex, key_hex))
			return true;
	return false;
}

static void request_release(bn_request_row *row)
{
	bn_free(row->name);
	bn_free(row->user);
	bn_free(row->host);
}

static int request_compare(const void *a, const void *b)
{
	const bn_request_row *x = a, *y = b;
	if (x->time_ms != y->time_ms)
		return x->time_ms > y->time_ms ? -1 : 1;
	return memcmp(x->id, y->id, ID);
}

static bool request_is(const bn_request_row *row, const char *word);

/* Takes the row of st if its signature is good and its key not yet listed. word: only matches of it; NULL:
 * all. */
static int request_take(bn_people *p, size_t *cap, sqlite3 *db, sqlite3_stmt *st, const bn_self *me,
	const char *word, bn_err *err)
{
	int rc;
	if (bn_grow(&p->requests, cap, p->n_requests + 1, sizeof *p->requests))
		return bn_err_nomem(err, "the requests");
	bn_request_row *row = &p->requests[p->n_requests];
	if ((rc = request_fill(row, st, me, err)) < 0)
		goto out;
	if ((word && !request_is(row, word)) || is_listed(p, row->key.hex))
		goto out;
	if ((rc = bn_signed_verify(db, sqlite3_column_int64(st, 8),
		     (uint64_t)sqlite3_column_int64(st, 9), err)) <= 0)
		goto out;
	p->n_requests++;
	return 0;
out:
	request_release(row);
	return rc < 0 ? rc : 0;
}

/* Accounts take turns, so that a million requests of one account do not hide those of others. With a word,
 * requests beyond the limit are searched too, and only the signatures of matches are verified. */
static int requests_read(
	bn_people *p, sqlite3 *db, const bn_self *me, const char *word, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = p->n_requests, seen = 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT id, key, name, user, host, uid, owner, time_ms, writer, seq FROM (SELECT "
		"*, "
		"row_number() OVER (PARTITION BY owner ORDER BY time_ms DESC, id) AS turn FROM "
		"authority_request r WHERE NOT EXISTS (SELECT 1 FROM authority_key k WHERE k.key = "
		"r.key)) ORDER BY turn, time_ms DESC, id",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (!word && (p->has_more = seen++ == BN_PEOPLE_REQUESTS_MOST))
			break;
		if ((rc = request_take(p, &cap, db, st, me, word, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	if (rc >= 0 && p->n_requests)
		qsort(p->requests, p->n_requests, sizeof *p->requests, request_compare);
	return rc < 0 ? rc : 0;
}

int bn_people_add_request(bn_people *p, bn_workspace *ws, const char *word, bn_err *err)
{
	bn_self me;
	sqlite3 *db;
	int rc;
	if (!p->has_more)
		return 0;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 || (rc = bn_self_read(&me, ws, db, err)) < 0)
		return rc;
	return requests_read(p, db, &me, word, err);
}

int bn_people_read(bn_people **out, bn_workspace *ws, bn_err *err)
{
	bn_self me;
	sqlite3 *db;
	int rc;
	bn_people *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "the people");
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 || (rc = bn_self_read(&me, ws, db, err)) < 0)
		goto out;
	if (!me.is_chained) {
		rc = bn_err_set(err, BN_EREFUSED, "this workspace has no chain of authority");
		goto out;
	}
	p->epoch = me.epoch;
	if ((rc = persons_read(p, db, &me, err)) < 0 ||
		(rc = requests_read(p, db, &me, NULL, err)) < 0)
		goto out;
	*out = p;
	p = NULL;
out:
	bn_people_free(p);
	return rc;
}

/* ---- finding ---------------------------------------------------------------------------------- */

/* Digits of a key, or a fingerprint or its beginning. */
static bool key_has(const bn_people_key *key, const char *word)
{
	size_t n = strlen(word);
	if (!strncmp(word, SCHEME, sizeof SCHEME - 1))
		return n >= sizeof SCHEME - 1 + DIGITS_LEAST && !strncmp(key->print, word, n);
	return n >= DIGITS_LEAST && (!strncasecmp(key->hex, word, n) ||
					    !strncasecmp(key->print + sizeof SCHEME - 1, word, n));
}

static bool person_has(const bn_person_row *row, const char *word)
{
	bool found = !strcmp(row->person, word);
	for (size_t i = 0; i < row->n_keys && !found; i++)
		found = key_has(&row->keys[i], word);
	return found;
}

static int several(const char *what, const char *word, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "'%s' means several %s", word, what);
	bn_err_hint(err, "give the fingerprint of the key: binnacle user ls");
	return BN_EINVAL;
}

/* A fingerprint is never a name, since people choose their names and could choose another person's
 * fingerprint. */
static bool is_key_word(const char *word)
{
	return !strncmp(word, SCHEME, sizeof SCHEME - 1);
}

static bool person_is(const bn_person_row *row, const char *word)
{
	return (!is_key_word(word) && !strcmp(row->name, word)) || person_has(row, word);
}

static bool request_is(const bn_request_row *row, const char *word)
{
	return (!is_key_word(word) && !strcmp(row->name, word)) || key_has(&row->key, word);
}

int bn_people_find(const bn_person_row **out, const bn_people *p, const char *word, bn_err *err)
{
	const bn_person_row *found = NULL;
	for (size_t i = 0; i < p->count; i++) {
		if (!person_is(&p->persons[i], word))
			continue;
		if (found)
			return several("persons", word, err);
		found = &p->persons[i];
	}
	if (found) {
		*out = found;
		return 0;
	}
	bn_err_set(err, BN_ENOTFOUND, "nobody here is called '%s'", word);
	bn_err_hint(err, "for people and requests see: binnacle user ls");
	return BN_ENOTFOUND;
}

int bn_people_find_request(
	const bn_request_row **out, const bn_people *p, const char *word, bn_err *err)
{
	const bn_request_row *found = NULL;
	for (size_t i = 0; i < p->n_requests; i++) {
		if (!request_is(&p->requests[i], word))
			continue;
		if (found)
			return several("requests", word, err);
		found = &p->requests[i];
	}
	if (found) {
		*out = found;
		return 0;
	}
	bn_err_set(err, BN_ENOTFOUND, "no key of '%s' asks to be admitted", word);
	bn_err_hint(
		err, "for requests see: binnacle user ls; to ask, they run: binnacle user request");
	return BN_ENOTFOUND;
}
