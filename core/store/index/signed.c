/* signed.c - see signed.h. */
#include "core/store/index/signed.h"

#include "core/store/log/sign.h"

#include <string.h>

/* ---- verdicts --------------------------------------------------------------------------------- */

/* Only the fold, which writes the index anyway, stores a verdict: a reader that wrote would have to wait
 * for other processes' folds. */
static bool keeps_verdicts(sqlite3 *db)
{
	return sqlite3_txn_state(db, "main") == SQLITE_TXN_WRITE;
}

/* Maps the result of a verification: 1 good, 0 bad. */
static int verdict_of(int rc, bn_err *why, bn_err *err)
{
	bool bad = rc == BN_ECORRUPT || rc == BN_EUNSUPPORTED;
	if (rc < 0 && !bad)
		return bn_err_move(err, why);
	bn_err_clear(why);
	return !bad;
}

/* ---- records ---------------------------------------------------------------------------------- */

static int row_verify(sqlite3_stmt *st, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	uint8_t before[BN_SHA256_BYTES] = {0};
	bn_sql_bytes(st, 5, before, sizeof before);
	const bn_log_identity who = {
		(const char *)sqlite3_column_text(st, 0), (const char *)sqlite3_column_text(st, 1)};
	const bn_record r = {.type = BN_RECORD_SIGNED,
		.clock = (uint64_t)sqlite3_column_int64(st, 2),
		.version = (uint32_t)sqlite3_column_int64(st, 3),
		.seq = (uint64_t)sqlite3_column_int64(st, 4),
		.entity = (const char *)sqlite3_column_text(st, 6),
		.kind = (const char *)sqlite3_column_text(st, 7),
		.payload = sqlite3_column_blob(st, 12),
		.payload_len = (size_t)sqlite3_column_bytes(st, 12),
		.signature = {.scheme = (uint8_t)sqlite3_column_int(st, 8),
			.key = sqlite3_column_blob(st, 9),
			.key_bytes = (uint16_t)sqlite3_column_bytes(st, 9),
			.epoch = sqlite3_column_blob(st, 10),
			.epoch_bytes = (uint16_t)sqlite3_column_bytes(st, 10),
			.bytes = sqlite3_column_blob(st, 11),
			.signature_bytes = (uint16_t)sqlite3_column_bytes(st, 11)}};
	return verdict_of(bn_verify_record(&r, &who, before, &why), &why, err);
}

/* The row of the record with everything its signature covers. */
static const char record_sql[] =
	"SELECT (SELECT value FROM index_meta WHERE key = 'workspace'), w.name, s.clock, "
	"s.version, s.seq, s.before, t.entity, k.name, s.scheme, s.key, s.epoch, s.signature, "
	"e.payload FROM signed_record s JOIN event e ON e.entity = s.entity AND e.clock = s.clock "
	"AND e.writer = s.writer AND e.seq = s.seq JOIN index_name w ON w.no = s.writer "
	"JOIN index_name k ON k.no = s.kind JOIN index_entity_text t ON t.no = s.entity "
	"WHERE s.writer = ? AND s.seq = ?";

/* A commuting kind has no row in which to keep a verdict. */
static int record_verify(sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err, record_sql, "ii", writer_no, (int64_t)seq), good;
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) != 1)
		goto out;
	if ((rc = good = row_verify(st, err)) < 0 || !keeps_verdicts(db))
		goto out;
	if ((rc = bn_sql_run(db, err, "INSERT INTO index_signed_verdict VALUES (?, ?, ?)", "iii",
		     writer_no, (int64_t)seq, (int64_t)good)) < 0)
		goto out;
	rc = good;
out:
	sqlite3_reset(st);
	return rc;
}

int bn_signed_verify(sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err)
{
	int64_t kept = bn_sql_int(db, -1,
		"SELECT good FROM index_signed_verdict WHERE writer = ? AND seq = ?", "ii",
		writer_no, (int64_t)seq);
	return kept >= 0 ? (int)kept : record_verify(db, writer_no, seq, err);
}

int bn_signed_after(
	uint8_t after[BN_SHA256_BYTES], sqlite3 *db, const char *writer, int64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT s.after FROM index_name w JOIN signed_record s ON s.writer = w.no WHERE "
		"w.class = ? AND w.name = ? AND s.seq = ?",
		"isi", (int64_t)BN_NAME_WRITER, writer, seq);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	if (rc == 1 && !bn_sql_bytes(st, 0, after, BN_SHA256_BYTES))
		rc = bn_sql_damaged(err, "a signed record without its chain hash");
	sqlite3_reset(st);
	return rc;
}

int bn_signed_is_forked(sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT 1 FROM writer_fork WHERE writer = ? AND seq <= ?", "ii", writer_no,
		(int64_t)seq);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc;
}

/* ---- who wrote ---------------------------------------------------------------------------------- */

static int seal_check(sqlite3_stmt *st, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	const bn_log_identity who = {
		(const char *)sqlite3_column_text(st, 0), (const char *)sqlite3_column_text(st, 1)};
	bn_seg_trailer t = {.last_seq = (uint64_t)sqlite3_column_int64(st, 2),
		.last_clock = (uint64_t)sqlite3_column_int64(st, 3),
		.signature = {.scheme = BN_SIGNATURE_ED25519,
			.key = sqlite3_column_blob(st, 5),
			.key_bytes = (uint16_t)sqlite3_column_bytes(st, 5),
			.epoch = sqlite3_column_blob(st, 6),
			.epoch_bytes = (uint16_t)sqlite3_column_bytes(st, 6),
			.bytes = sqlite3_column_blob(st, 7),
			.signature_bytes = (uint16_t)sqlite3_column_bytes(st, 7)}};
	bn_sql_bytes(st, 4, t.chain, sizeof t.chain);
	return verdict_of(bn_verify_trailer(&t, &who, &why), &why, err);
}

/* Whether the writer's newest signed trailer is good. */
static int seal_verify(sqlite3 *db, int64_t writer_no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int64_t kept = bn_sql_int(
		db, -1, "SELECT good FROM index_seal_verdict WHERE writer = ?", "i", writer_no);
	if (kept >= 0)
		return (int)kept;
	int good, rc = bn_sql_cached(&st, db, err,
			  "SELECT (SELECT value FROM index_meta WHERE key = 'workspace'), w.name, "
			  "s.seq, "
			  "s.clock, s.chain, s.key, s.epoch, s.signature FROM writer_seal s "
			  "JOIN index_name w ON w.no = s.writer WHERE s.writer = ?",
			  "i", writer_no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) != 1)
		goto out;
	if ((rc = good = seal_check(st, err)) < 0 || !keeps_verdicts(db))
		goto out;
	if ((rc = bn_sql_run(db, err, "INSERT INTO index_seal_verdict VALUES (?, ?)", "ii",
		     writer_no, (int64_t)good)) < 0)
		goto out;
	rc = good;
out:
	sqlite3_reset(st);
	return rc;
}

/* 1: the newest card at or before seq, whose key is the seal's, with the seal not before seq. */
static int card_find(
	uint8_t key[32], uint64_t *card, sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT c.seq, c.key, s.key = c.key AND s.seq >= ?2 FROM writer_card c "
		"JOIN writer_seal s ON s.writer = c.writer WHERE c.writer = ?1 AND c.seq <= ?2 "
		"ORDER BY c.seq DESC LIMIT 1",
		"ii", writer_no, (int64_t)seq);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		*card = (uint64_t)sqlite3_column_int64(st, 0);
		rc = sqlite3_column_int(st, 2) == 1 && bn_sql_bytes(st, 1, key, 32);
	}
	sqlite3_reset(st);
	return rc;
}

int bn_writer_author(uint8_t key[32], sqlite3 *db, int64_t writer_no, uint64_t seq, bn_err *err)
{
	uint8_t found[32];
	uint64_t card = 0;
	int rc = card_find(found, &card, db, writer_no, seq, err);
	if (rc != 1)
		return rc;
	if ((rc = bn_signed_verify(db, writer_no, card, err)) != 1)
		return rc;
	if ((rc = seal_verify(db, writer_no, err)) == 1)
		memcpy(key, found, sizeof found);
	return rc;
}
