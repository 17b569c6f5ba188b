/* prove_about.c - see prove.h: who vouches for a proof, and what it did not see. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/closed.h"
#include "core/govern/prove.h"
#include "core/store/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ID = BN_SHA256_BYTES };

static const char *text_at(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

void bn_proof_about_release(bn_proof_about *a)
{
	bn_free(a->founder);
	bn_free(a->persons);
	bn_names_release(&a->before);
	bn_names_release(&a->unseen);
	*a = (bn_proof_about){0};
}

static int persons_read(bn_proof_about *a, sqlite3 *db, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT p.name, (SELECT group_concat(role, ', ') FROM (SELECT role FROM "
		"authority_role WHERE person = p.person AND from_n <= ?1 AND (to_n IS NULL OR to_n "
		"> "
		"?1) ORDER BY role)) FROM authority_person p WHERE p.from_n <= ?1 AND (p.to_n IS "
		"NULL "
		"OR p.to_n > ?1) ORDER BY p.from_n, p.name",
		"i", a->epoch);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		bn_buf_addf(&text, "%s%s", text.len ? ", " : "", text_at(st, 0));
		if (text_at(st, 1))
			bn_buf_addf(&text, " (%s)", text_at(st, 1));
	}
	sqlite3_finalize(st);
	if (rc < 0 || (rc = bn_buf_check(&text, err, "the persons")) < 0) {
		bn_buf_release(&text);
		return rc;
	}
	a->persons = bn_buf_take(&text, NULL);
	return 0;
}

static int unseen_add(bn_proof_about *a, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int unseen_add(bn_proof_about *a, bn_err *err, const char *fmt, ...)
{
	char words[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return bn_names_add(&a->unseen, words) < 0 ? bn_err_nomem(err, "a report") : 0;
}

/* What could not be folded, and what was not checked. */
static int unseen_read(bn_proof_about *a, bn_workspace *view, bn_err *err)
{
	bn_index_status status;
	sqlite3 *db = bn_workspace_index(view);
	int64_t n;
	int rc = bn_index_status_get(&status, view, err);
	for (size_t i = 0; rc >= 0 && i < status.gap_count; i++)
		rc = unseen_add(a, err, "log/%s from record %lld on: %s", status.gaps[i].writer,
			(long long)status.gaps[i].folded + 1, status.gaps[i].why);
	bn_index_status_release(&status);
	if (rc < 0)
		return rc;
	n = bn_sql_int(db, 0,
		"SELECT count(*) FROM signed_record s WHERE NOT EXISTS (SELECT 1 FROM "
		"authority_key k WHERE k.key = s.key) AND NOT EXISTS (SELECT 1 FROM authority_bot "
		"b "
		"WHERE b.key = s.key)",
		"");
	if (n &&
		(rc = unseen_add(a, err,
			 "%lld records signed with keys that nobody has admitted: their signatures",
			 (long long)n)) < 0)
		return rc;
	n = bn_sql_int(db, 0,
		"SELECT count(*) FROM index_tail t WHERE EXISTS (SELECT 1 FROM writer_card c WHERE "
		"c.writer = t.writer) AND NOT EXISTS (SELECT 1 FROM writer_seal s WHERE s.writer = "
		"t.writer AND s.seq = t.last_seq)",
		"");
	return n ? unseen_add(a, err, "the ends of %lld writers, which are not sealed yet",
			   (long long)n)
		 : 0;
}

int bn_proof_about_read(bn_proof_about *out, bn_workspace *view, bn_err *err)
{
	uint8_t id[ID];
	char founder[200];
	sqlite3 *db = bn_workspace_index(view);
	*out = (bn_proof_about){.epoch = -1};
	if (!db)
		return bn_err_set(err, BN_EIO, "the index cannot be opened");
	out->epoch = bn_authority_newest(db, id);
	if (out->epoch < 0)
		return unseen_read(out, view, err);
	bn_hex(id, ID, out->link);
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(
		&st, db, err, "SELECT name FROM authority_person WHERE from_n = 0 LIMIT 1", "");
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	snprintf(founder, sizeof founder, "%s", rc == 1 ? text_at(st, 0) : "");
	sqlite3_reset(st);
	if (rc >= 0 && !(out->founder = bn_strdup(founder)))
		rc = bn_err_nomem(err, "the founder");
	if (rc < 0 || (rc = persons_read(out, db, err)) < 0)
		return rc;
	out->is_upgraded = bn_closed_is_upgraded(db);
	if (out->is_upgraded && (rc = bn_closed_doubts(&out->before, db, err)) < 0)
		return rc;
	return unseen_read(out, view, err);
}
