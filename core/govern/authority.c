/* authority.c - what holds in an epoch, and the standing of a signed record, from the tables written by
 * the fold of class "authority" (authority_fold.c). See authority.h. */
#include "core/govern/authority.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/bot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ID_BYTES = BN_SHA256_BYTES, SHOWN_DIGITS = 12 };

bn_outcome bn_standing_outcome(bn_standing_kind kind)
{
	return kind == BN_STANDING_LATE ? BN_OUTCOME_LATE : BN_OUTCOME_REFUSED;
}

bool bn_authority_is_founded(sqlite3 *db)
{
	/* The version of a UUID is its 15th character. */
	return bn_sql_int(db, 0,
		       "SELECT EXISTS (SELECT 1 FROM authority_link WHERE n = 0) OR EXISTS "
		       "(SELECT 1 FROM index_meta WHERE key = 'founding' AND value <> '') OR "
		       "(EXISTS "
		       "(SELECT 1 "
		       "FROM index_meta WHERE key = 'workspace' AND substr(value, 15, 1) = '8') "
		       "AND NOT "
		       "EXISTS (SELECT 1 FROM workspace_founder WHERE uid >= 0))",
		       "") == 1;
}

int64_t bn_authority_newest(sqlite3 *db, uint8_t id[ID_BYTES])
{
	sqlite3_stmt *st = NULL;
	int64_t n = -1;
	if (bn_sql_cached(&st, db, NULL,
		    "SELECT n, id FROM authority_link WHERE n IS NOT NULL ORDER BY n DESC LIMIT 1",
		    "") < 0)
		return -1;
	if (bn_sql_step(st, NULL) == 1 && (!id || bn_sql_bytes(st, 1, id, ID_BYTES)))
		n = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return n;
}

/* ---- standing of a record ------------------------------------------------------------------ */

static int worth(bn_standing *s, bn_standing_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int worth(bn_standing *s, bn_standing_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	s->kind = kind;
	vsnprintf(s->words, sizeof s->words, fmt, ap);
	va_end(ap);
	return 1;
}

static const char *shown(const uint8_t *bytes, char hex[2 * ID_BYTES + 1])
{
	bn_hex(bytes, ID_BYTES, hex);
	hex[SHOWN_DIGITS] = '\0';
	return hex;
}

/* Each of these returns 0 to continue, 1 if the record's standing is decided, or a negative
 * code. */

static int judge_epoch(bn_standing *s, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	char hex[2 * ID_BYTES + 1];
	sqlite3_stmt *st = NULL;
	if (!ev->sig->epoch)
		return worth(s, BN_STANDING_HOLE, "it names no link of the chain of authority");
	int rc = bn_sql_cached(&st, db, err, "SELECT n, words FROM authority_link WHERE id = ?",
		"b", ev->sig->epoch, (size_t)ID_BYTES);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 0)
		rc = worth(s, BN_STANDING_HOLE, "it names link %s, which is not in the log",
			shown(ev->sig->epoch, hex));
	else if (rc == 1 && sqlite3_column_type(st, 0) == SQLITE_NULL)
		rc = worth(s, BN_STANDING_BESIDE, "it names link %s, which does not count: %s",
			shown(ev->sig->epoch, hex), (const char *)sqlite3_column_text(st, 1));
	else if (rc == 1) {
		s->epoch = sqlite3_column_int64(st, 0);
		rc = 0;
	}
	sqlite3_reset(st);
	return rc;
}

int bn_authority_person(
	char person[BN_PERSON_TEXT], sqlite3 *db, int64_t epoch, const uint8_t key[32], bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT person FROM authority_key WHERE key = ?1 AND from_n <= ?2 AND (to_n IS "
		"NULL "
		"OR to_n > ?2)",
		"bi", key, (size_t)ID_BYTES, epoch);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		snprintf(person, BN_PERSON_TEXT, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return rc;
}

int bn_authority_owned(
	sqlite3 *db, int64_t epoch, const char *person, const uint8_t key[32], bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT 1 FROM authority_key WHERE key = ?1 AND person = ?2 AND from_n <= ?3 UNION "
		"ALL SELECT 1 FROM authority_bot WHERE key = ?1 AND person = ?2 AND from_n <= ?3",
		"bsi", key, (size_t)ID_BYTES, person, epoch);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc;
}

int bn_key_person(char person[BN_PERSON_TEXT], bool *is_bot, sqlite3 *db, int64_t epoch,
	const uint8_t key[32], bn_err *err)
{
	int rc = bn_authority_person(person, db, epoch, key, err);
	*is_bot = false;
	if (rc != 0)
		return rc;
	rc = bn_bot_person(person, db, epoch, key, err);
	*is_bot = rc == 1;
	return rc;
}

static int judge_key(bn_standing *s, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	char hex[2 * ID_BYTES + 1];
	int rc = bn_key_person(s->person, &s->is_bot, db, s->epoch, ev->sig->key, err);
	if (rc < 0)
		return rc;
	return rc == 1 ? 0
		       : worth(s, BN_STANDING_NOBODY, "key %s belongs to nobody under link %lld",
				 shown(ev->sig->key, hex), (long long)s->epoch);
}

static int judge_signature(bn_standing *s, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	int rc = bn_signed_verify(db, ev->writer_no, ev->key.seq, err);
	if (rc < 0)
		return rc;
	bool is_good = rc == 1;
	if (!is_good)
		return worth(s, BN_STANDING_BAD, "its signature does not fit");
	if ((rc = bn_signed_is_forked(db, ev->writer_no, ev->key.seq, err)) < 0)
		return rc;
	return rc ? worth(s, BN_STANDING_FORKED, "its writer has signed two histories") : 0;
}

static int judge_void(bn_standing *s, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err, "SELECT n FROM authority_void WHERE id = ?", "b",
		ev->sig->id, (size_t)ID_BYTES);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		rc = worth(s, BN_STANDING_VOID, "link %lld says that it does not count",
			(long long)sqlite3_column_int64(st, 0));
	sqlite3_reset(st);
	return rc;
}

static int judge_bot(bn_standing *s, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	if (!s->is_bot)
		return 0;
	int rc = bn_bot_is_ended(db, ev->sig->key, ev->writer_no, ev->key.seq, err);
	return rc <= 0 ? rc
		       : worth(s, BN_STANDING_CUT,
				 "its bot was ended before it: who ended it did not know it");
}

/* Several cuts of one key: each applies. */
static int judge_cut(bn_standing *s, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT n, max(CASE WHEN writer = ?2 THEN seq ELSE 0 END) AS seq FROM "
		"authority_cut "
		"WHERE key = ?1 GROUP BY n ORDER BY seq, n LIMIT 1",
		"bi", ev->sig->key, (size_t)ID_BYTES, ev->writer_no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1 && (uint64_t)sqlite3_column_int64(st, 1) < ev->key.seq)
		rc = worth(s, BN_STANDING_CUT, "link %lld cuts its key before it",
			(long long)sqlite3_column_int64(st, 0));
	else if (rc == 1)
		rc = 0;
	sqlite3_reset(st);
	return rc;
}

/* Whether the record at the horizon is the one that the link's signer knew. 1: yes; 0: s says why
 * not. */
static int horizon_holds(bn_standing *s, sqlite3 *db, const bn_event *ev, uint64_t seq,
	const uint8_t *after, bn_err *err)
{
	uint8_t found[ID_BYTES];
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT after FROM signed_record WHERE writer = ? AND seq = ?", "ii", ev->writer_no,
		(int64_t)seq);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 0)
		worth(s, BN_STANDING_HOLE,
			"link %lld names record %llu of its writer, which the log lacks",
			(long long)s->epoch + 1, (unsigned long long)seq);
	else if (rc == 1 && (!bn_sql_bytes(st, 0, found, sizeof found) ||
				    memcmp(found, after, sizeof found) != 0)) {
		worth(s, BN_STANDING_LATE, "link %lld knew another history of its writer",
			(long long)s->epoch + 1);
		rc = 0;
	}
	sqlite3_reset(st);
	return rc;
}

static int judge_horizon(bn_standing *s, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	uint8_t after[ID_BYTES];
	sqlite3_stmt *st = NULL;
	if (bn_authority_newest(db, NULL) == s->epoch)
		return 0;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT seq, after FROM authority_horizon WHERE writer = ? AND n <= ? ORDER BY n "
		"DESC "
		"LIMIT 1",
		"ii", ev->writer_no, s->epoch + 1);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	uint64_t seq = rc == 1 ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
	bool whole = rc == 1 && bn_sql_bytes(st, 1, after, sizeof after);
	sqlite3_reset(st);
	if (rc < 0)
		return rc;
	if (!whole || seq < ev->key.seq)
		return worth(s, BN_STANDING_LATE,
			"who signed link %lld did not know it; it has to be repeated",
			(long long)s->epoch + 1);
	rc = horizon_holds(s, db, ev, seq, after, err);
	return rc < 0 ? rc : !rc;
}

bool bn_authority_is_beyond_closing(sqlite3 *db, const bn_event *ev)
{
	return !ev->sig &&
	       bn_sql_int(db, 0, "SELECT 1 FROM authority_close WHERE writer = ? AND seq < ?", "ii",
		       ev->writer_no, (int64_t)ev->key.seq) == 1;
}

int bn_authority_judge(bn_standing *out, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	static int (*const steps[])(
		bn_standing * s, sqlite3 * db, const bn_event *ev, bn_err *err) = {judge_epoch,
		judge_key, judge_signature, judge_void, judge_cut, judge_bot, judge_horizon};
	*out = (bn_standing){.kind = BN_STANDING_COUNTS, .epoch = -1};
	if (bn_authority_is_beyond_closing(db, ev)) {
		worth(out, BN_STANDING_LATE,
			"who upgraded the workspace did not know it; it has to be repeated, "
			"signed");
		return bn_sql_failed(db, err);
	}
	if (!ev->sig || !ev->sig->key) {
		worth(out, BN_STANDING_UNSIGNED,
			ev->sig ? "it is signed in an unknown form" : "it is not signed");
		return 0;
	}
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		int rc = steps[i](out, db, ev, err);
		if (rc < 0)
			return rc;
		if (rc)
			break;
	}
	return bn_sql_failed(db, err);
}

/* ---- what holds in an epoch ------------------------------------------------------------------- */

int bn_authority_policy(bn_policy **out, sqlite3 *db, int64_t epoch, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	json_t *doc = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT document FROM authority_policy WHERE from_n <= ? ORDER BY from_n DESC "
		"LIMIT 1",
		"i", epoch);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) < 0)
		goto out;
	const char *text = rc == 1 ? (const char *)sqlite3_column_text(st, 0) : NULL;
	if (!text) {
		rc = bn_sql_damaged(err, "an epoch without a policy");
		goto out;
	}
	if ((rc = bn_json_parse(&doc, text, strlen(text), "policy", err)) < 0)
		goto out;
	rc = bn_policy_parse(out, doc, "policy", err);
out:
	json_decref(doc);
	sqlite3_reset(st);
	return rc;
}

static bool is_person(sqlite3 *db, int64_t epoch, const char *person)
{
	return bn_sql_int(db, 0,
		       "SELECT 1 FROM authority_person WHERE person = ?1 AND from_n <= ?2 AND "
		       "(to_n "
		       "IS NULL OR to_n > ?2)",
		       "si", person, epoch) == 1;
}

static int granted(unsigned *roles, sqlite3 *db, int64_t epoch, const char *person, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_role role;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT role FROM authority_role WHERE person = ?1 AND from_n <= ?2 AND (to_n IS "
		"NULL "
		"OR to_n > ?2)",
		"si", person, epoch);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if (bn_role_parse(&role, (const char *)sqlite3_column_text(st, 0), NULL) == 0)
			*roles |= 1u << role;
	sqlite3_reset(st);
	return rc;
}

static int roles_by(unsigned *out, sqlite3 *db, int64_t epoch, const char *person,
	const bn_policy *p, bn_err *err)
{
	*out = 0;
	if (!is_person(db, epoch, person))
		return 0;
	*out = 1u << p->default_role;
	return granted(out, db, epoch, person, err);
}

int bn_authority_roles(unsigned *out, sqlite3 *db, int64_t epoch, const char *person, bn_err *err)
{
	bn_policy *p = NULL;
	int rc = bn_authority_policy(&p, db, epoch, err);
	if (rc >= 0 && (rc = roles_by(out, db, epoch, person, p, err)) >= 0)
		rc = bn_sql_failed(db, err);
	bn_policy_free(p);
	return rc;
}

int bn_authority_allows(sqlite3 *db, int64_t epoch, const char *person, bool is_bot,
	const char *user, bn_act act, bn_err *err)
{
	bn_policy *p = NULL;
	unsigned roles;
	char have[80], need[80];
	if (!person[0]) {
		bn_err_set(
			err, BN_EREFUSED, "the key of %s is not admitted to this workspace", user);
		bn_err_hint(err,
			"ask with: binnacle user request; an admin admits you with: binnacle user "
			"accept %s",
			user);
		return BN_EREFUSED;
	}
	int rc = bn_authority_policy(&p, db, epoch, err);
	if (rc < 0)
		return rc;
	if ((rc = roles_by(&roles, db, epoch, person, p, err)) < 0 ||
		(rc = bn_sql_failed(db, err)) < 0)
		goto out;
	if (is_bot && (act == BN_ACT_APPROVE || act == BN_ACT_POLICY)) {
		rc = bn_err_set(err, BN_EREFUSED, "a bot of %s may not %s: that takes a person",
			user, act == BN_ACT_POLICY ? "change policy or roles" : bn_act_name(act));
		goto out;
	}
	if (!(roles & p->allow[act])) {
		bn_roles_text(roles, have, sizeof have);
		bn_roles_text(p->allow[act], need, sizeof need);
		rc = bn_err_set(err, BN_EREFUSED, "%s (%s) may not %s: that needs one of %s", user,
			have, act == BN_ACT_POLICY ? "change policy or roles" : bn_act_name(act),
			need);
		bn_err_hint(err, "an admin can grant it: binnacle role grant %s ROLE", user);
	}
out:
	bn_policy_free(p);
	return rc;
}

void bn_authority_name(sqlite3 *db, int64_t epoch, const char *person, char *out, size_t size)
{
	sqlite3_stmt *st = NULL;
	snprintf(out, size, "%.*s", SHOWN_DIGITS, person);
	if (bn_sql_cached(&st, db, NULL,
		    "SELECT name FROM authority_person WHERE person = ? AND from_n <= ? ORDER BY "
		    "from_n DESC LIMIT 1",
		    "si", person, epoch) < 0)
		return;
	if (bn_sql_step(st, NULL) == 1 && sqlite3_column_text(st, 0))
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
}
