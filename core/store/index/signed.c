/* signed.c - see signed.h. */
#include "core/store/index/signed.h"

#include "core/store/log/sign.h"

/* ---- verdicts --------------------------------------------------------------------------------- */

/* Only who writes the index anyway, which is the fold, keeps a verdict: a reader that wrote would wait for
 * the fold of others. */
static bool keeps_verdicts(sqlite3 *db)
{
	return sqlite3_txn_state(db, "main") == SQLITE_TXN_WRITE;
}

/* 1 good, 0 bad, of what a verification answered. */
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

/* The row of the record with all that its signature speaks of. */
static const char record_sql[] =
	"SELECT (SELECT value FROM index_meta WHERE key = 'workspace'), w.name, s.clock, "
	"s.version, s.seq, s.before, t.entity, k.name, s.scheme, s.key, s.epoch, s.signature, "
	"e.payload FROM signed_record s JOIN event e ON e.entity = s.entity AND e.clock = s.clock "
	"AND e.writer = s.writer AND e.seq = s.seq JOIN index_name w ON w.no = s.writer "
	"JOIN index_name k ON k.no = s.kind JOIN index_entity_text t ON t.no = s.entity "
	"WHERE s.writer = ? AND s.seq = ?";

/* Without a row, which is that of a commuting kind, there is no verdict to keep. */
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
