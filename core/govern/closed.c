/* closed.c - see closed.h. */
#include "core/govern/closed.h"

#include "core/base/hash.h"
#include "core/govern/authority.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool bn_closed_is_upgraded(sqlite3 *db)
{
	return bn_sql_int(db, 0, "SELECT 1 FROM authority_upgrade", "") == 1;
}

bool bn_closed_has(sqlite3 *db, const bn_event *ev)
{
	return !ev->sig && bn_sql_int(db, 0,
				   "SELECT 1 FROM authority_close WHERE writer = ? AND state = 1 "
				   "AND seq >= ?",
				   "ii", ev->writer_no, (int64_t)ev->key.seq) == 1;
}

void bn_closed_refuse(bn_fold *f, const bn_event *ev)
{
	bn_fold_outcome(f,
		bn_authority_is_beyond_closing(bn_fold_db(f), ev) ? BN_OUTCOME_LATE
								  : BN_OUTCOME_REFUSED,
		"it is not signed, and the upgrade of the workspace did not close it");
}

int bn_closed_place(bn_fold *f, bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	(void)err;
	if (!bn_closed_is_upgraded(db) || bn_closed_has(db, ev))
		return BN_PLACED;
	bn_closed_refuse(f, ev);
	return BN_PLACED_NOWHERE;
}

bool bn_closed_by_uid(sqlite3 *db, const bn_event *ev)
{
	return bn_authority_is_founded(db) ? bn_closed_has(db, ev) : true;
}

uid_t bn_closed_founder(sqlite3 *db)
{
	int64_t uid = bn_sql_int(db, -1, "SELECT founder FROM authority_upgrade", "");
	return uid < 0 ? BN_NOBODY : (uid_t)uid;
}

int bn_closed_owns(sqlite3 *db, int64_t epoch, const char *person, uid_t uid, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT 1 FROM authority_upgrade WHERE person = ?1 AND uid = ?2 UNION ALL SELECT 1 "
		"FROM user_key u JOIN authority_key k ON lower(hex(k.key)) = u.public_key WHERE "
		"u.uid = ?2 AND k.person = ?1 AND k.from_n <= ?3 AND EXISTS (SELECT 1 FROM "
		"authority_upgrade)",
		"sii", person, (int64_t)uid, epoch);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc;
}

/* ---- ids --------------------------------------------------------------------------------------- */

static void line_add(bn_hasher *h, const char *text)
{
	bn_hasher_add(h, text, strlen(text));
	bn_hasher_add(h, "\n", 1);
}

static int id_of(uint8_t id[BN_SHA256_BYTES], const bn_event *ev, bn_err *err)
{
	bn_hasher *h = NULL;
	char seq[24];
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	snprintf(seq, sizeof seq, "%" PRIu64, ev->key.seq);
	line_add(h, "binnacle closed 1");
	line_add(h, ev->key.writer);
	line_add(h, seq);
	line_add(h, ev->kind);
	line_add(h, ev->entity);
	bn_hasher_add(h, ev->raw, ev->raw_len);
	bn_hasher_finish(h, id);
	bn_hasher_free(h);
	return 0;
}

int bn_closed_id(char id[65], const bn_event *ev, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	int rc = id_of(raw, ev, err);
	if (rc < 0)
		return rc;
	bn_hex(raw, sizeof raw, id);
	return 0;
}

int bn_closed_add(bn_fold *f, const bn_event *ev, bn_err *err)
{
	uint8_t id[BN_SHA256_BYTES];
	int rc = id_of(id, ev, err);
	return rc < 0 ? rc
		      : bn_sql_run(bn_fold_db(f), err,
				"INSERT OR IGNORE INTO index_closed (id, entity) VALUES (?, ?)",
				"bi", id, sizeof id, ev->entity_no);
}

bool bn_closed_is_id(sqlite3 *db, int64_t entity_no, const uint8_t id[32])
{
	return bn_sql_int(db, 0,
		       "SELECT 1 FROM index_closed WHERE id = ?1 AND (entity = ?2 OR ?2 < 0)", "bi",
		       id, (size_t)BN_SHA256_BYTES, entity_no) == 1;
}
