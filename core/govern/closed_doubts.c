/* closed_doubts.c - describes what an upgrade could not vouch for. See closed.h. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/closed.h"
#include "core/govern/key.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Condition on an event e: it is closed, or will be by an upgrade. */
#define IS_CLOSED \
	"e.signed IS NULL AND (NOT EXISTS (SELECT 1 FROM authority_upgrade) OR EXISTS (SELECT 1 " \
	"FROM authority_close c WHERE c.writer = e.writer AND c.state = 1 AND c.seq >= e.seq))"
#define OF_MODELS \
	"FROM event e JOIN index_name k ON k.no = e.kind JOIN index_entity_text t ON t.no = " \
	"e.entity WHERE t.class = 'model' AND " IS_CLOSED

static int add(bn_names *out, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int add(bn_names *out, bn_err *err, const char *fmt, ...)
{
	char words[500];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	if (out->count > BN_DOUBTS_MAX)
		return 0;
	if (out->count == BN_DOUBTS_MAX)
		snprintf(words, sizeof words, "and more, not listed");
	return bn_names_add(out, words) < 0 ? bn_err_nomem(err, "what nobody vouches for") : 0;
}

static const char *text_at(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	return text ? text : "";
}

/* Decisions that count: signed, with a key from the account's own file. */
static int decision_add(bn_names *out, sqlite3_stmt *st, bn_err *err)
{
	const char *key = text_at(st, 3);
	char print[25] = "no key";
	if (strlen(key) == BN_KEY_PUBLIC_HEX && bn_is_hex(key))
		bn_key_fingerprint(key, print);
	return add(out, err,
		"%s/%lld was %s by %s with %s, which that account had published itself%s",
		text_at(st, 0), (long long)sqlite3_column_int64(st, 1),
		!strcmp(text_at(st, 4), "model.approved") ? "approved" : "rejected", text_at(st, 2),
		print,
		sqlite3_column_int(st, 5) ? "; its gates went by numbers that the author reported, "
					    "and by what an account attested"
					  : "");
}

static int decisions_add(bn_names *out, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT t.id, json_extract(e.payload, '$.version'), bn_user(e.owner), "
		"json_extract(e.payload, '$.signature.public_key'), k.name, "
		"coalesce(json_array_length(e.payload, '$.gates'), 0) > 0 " OF_MODELS
		" AND k.name IN ('model.approved', 'model.rejected') AND e.outcome = 0 ORDER BY "
		"t.id, 2, e.clock, e.seq",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = decision_add(out, st, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Totals of what was never signed. */
static int unsigned_add(bn_names *out, sqlite3 *db, bn_err *err)
{
	static const struct {
		const char *one, *many, *sql;
	} sums[] = {{"registration of a model version is", "registrations of model versions are",
			    "SELECT count(*) " OF_MODELS
			    " AND e.outcome = 0 AND k.name = 'model.registered'"},
		{"request for approval is", "requests for approval are",
			"SELECT count(*) " OF_MODELS
			" AND e.outcome = 0 AND k.name = 'model.requested'"},
		{"attested check is", "attested checks are",
			"SELECT count(*) " OF_MODELS
			" AND e.outcome = 0 AND k.name = 'model.attested'"},
		{"tag of a model is", "tags of models are",
			"SELECT count(*) " OF_MODELS
			" AND e.outcome = 0 AND k.name = 'model.tag'"}};
	int rc = 0;
	for (size_t i = 0; i < sizeof sums / sizeof *sums && rc >= 0; i++) {
		int64_t n = bn_sql_int(db, 0, sums[i].sql, "");
		if (n)
			rc = add(out, err,
				"%lld %s not signed: the word of whoever could write as that "
				"account",
				(long long)n, n == 1 ? sums[i].one : sums[i].many);
	}
	int64_t refused = bn_sql_int(db, 0,
		"SELECT count(*) " OF_MODELS
		" AND e.outcome <> 0 AND k.name IN ('model.approved', 'model.rejected')",
		"");
	if (rc >= 0 && refused)
		rc = add(out, err,
			"%lld decision%s had no effect, such as those without a signature, and %s "
			"none now",
			(long long)refused, refused == 1 ? "" : "s", refused == 1 ? "has" : "have");
	return rc;
}

/* Requests with some but not enough approvals: persons do not inherit those. */
static int unfinished_add(bn_names *out, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT t.id, json_extract(e.payload, '$.version'), bn_user(e.owner) " OF_MODELS
		" AND k.name = 'model.approved' AND e.outcome = 0 AND e.reason GLOB "
		"'[0-9]* of [0-9]* approvals' ORDER BY t.id, 2, e.clock, e.seq",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = add(out, err,
			     "the request for %s/%lld is open: the approval by %s has to be "
			     "repeated",
			     text_at(st, 0), (long long)sqlite3_column_int64(st, 1),
			     text_at(st, 2))) < 0)
			break;
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Logs that differ from what was closed. */
static int logs_add(bn_names *out, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, c.seq, c.state FROM authority_close c JOIN index_name w ON w.no = "
		"c.writer WHERE c.state <> 1 ORDER BY w.name",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = add(out, err,
			     "log/%s %s record %lld, up to which it was closed: nothing counts "
			     "that "
			     "was done there before the upgrade",
			     text_at(st, 0),
			     sqlite3_column_int(st, 2) ? "has another history up to" : "lacks",
			     (long long)sqlite3_column_int64(st, 1))) < 0)
			break;
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

int bn_closed_doubts(bn_names *out, sqlite3 *db, bn_err *err)
{
	int rc;
	if ((rc = logs_add(out, db, err)) < 0 || (rc = decisions_add(out, db, err)) < 0 ||
		(rc = unfinished_add(out, db, err)) < 0)
		return rc;
	return unsigned_add(out, db, err);
}

/* ---- owners of the files -------------------------------------------------------------------- */

/* Another user's record that was copied into one's own log exists beside the original. */
int bn_closed_moved(bn_names *out, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"WITH closed AS (SELECT e.owner AS owner, k.name AS kind, t.class AS class, t.id "
		"AS "
		"id FROM event e JOIN authority_close c ON c.writer = e.writer AND c.state = 1 AND "
		"c.seq >= e.seq JOIN index_name k ON k.no = e.kind JOIN index_entity_text t ON "
		"t.no = e.entity WHERE e.signed IS NULL), published AS (SELECT id, owner FROM "
		"closed WHERE class = 'user' AND kind = 'user.key') "
		"SELECT 'user/' || id FROM published GROUP BY id HAVING "
		"total(owner = CAST(id AS INTEGER)) = 0 "
		"UNION SELECT 'user/' || founder FROM authority_upgrade WHERE founder IS NOT NULL "
		"AND "
		"NOT EXISTS (SELECT 1 FROM authority_close WHERE state <> 1) AND EXISTS (SELECT 1 "
		"FROM closed) AND NOT EXISTS (SELECT 1 FROM closed WHERE owner = founder) ORDER BY "
		"1",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if (bn_names_add(out, text_at(st, 0)) < 0) {
			rc = bn_err_nomem(err, "accounts");
			break;
		}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}
