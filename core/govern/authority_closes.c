/* authority_closes.c - what link 0 of an upgrade closes, as rows, and who is judged anew when they change. See
 * closed.h. */
#include "core/base/hash.h"
#include "core/govern/_authority.h"
#include "core/govern/authority.h"

#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

typedef enum state {
	MISSING, /* as authority_close.state */
	CLOSED,
	OTHER,
} state;

/* What the log holds at the closing point of the writer. */
static int state_find(
	state *out, bn_fold *f, int64_t writer_no, const bn_chain_head *h, bn_err *err)
{
	uint8_t found[ID];
	int rc = bn_signed_is_forked(bn_fold_db(f), writer_no, h->seq, err);
	*out = OTHER;
	if (rc)
		return rc < 0 ? rc
			      : 0; /* which history was folded depends on the order of arrival */
	if ((rc = bn_fold_chain_at(found, f, h->writer, h->seq, err)) < 0)
		return rc;
	bool is_here = rc > 0;
	if (!is_here)
		*out = MISSING;
	else if (!memcmp(found, h->after, ID))
		*out = CLOSED;
	return 0;
}

static int close_store(bn_fold *f, const bn_chain_head *h, bool *changed, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int64_t writer;
	state now;
	int rc = bn_fold_name(f, BN_NAME_WRITER, h->writer, &writer, err);
	if (rc < 0)
		return rc;
	int64_t was = bn_sql_int(
		db, -1, "SELECT state FROM authority_close WHERE writer = ?", "i", writer);
	if (was > MISSING)
		return 0;
	if ((rc = state_find(&now, f, writer, h, err)) < 0 || was == (int64_t)now)
		return rc;
	*changed = true;
	return bn_sql_run(db, err,
		"INSERT OR REPLACE INTO authority_close (writer, seq, after, state) VALUES (?, ?, "
		"?, ?)",
		"iibi", writer, (int64_t)h->seq, h->after, (size_t)ID, (int64_t)now);
}

static int forget(sqlite3 *db, bn_err *err)
{
	int rc = bn_sql_run(db, err, "DELETE FROM authority_upgrade", "");
	return rc < 0 ? rc : bn_sql_run(db, err, "DELETE FROM authority_close", "");
}

static int upgrade_store(sqlite3 *db, const bn_founded *founded, bn_err *err)
{
	char person[2 * ID + 1];
	bn_hex(founded->founder, ID, person);
	return bn_sql_run(db, err,
		"INSERT INTO authority_upgrade (founder, uid, person, user) VALUES (nullif(?, -1), "
		"?, ?, ?)",
		"iiss", founded->old_founder, founded->uid, person, founded->user);
}

int bn_authority_closes_store(bn_fold *f, const bn_authority_tree *t, bool *changed, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	bool was = bn_sql_int(db, 0, "SELECT 1 FROM authority_upgrade", "") == 1;
	bool is = t->chain && t->founded->is_upgrade;
	int rc;
	*changed = was != is;
	if (!is)
		return was ? forget(db, err) : 0;
	if (was && !bn_sql_int(db, 0, "SELECT 1 FROM authority_close WHERE state = 0 LIMIT 1", ""))
		return 0;
	rc = was ? 0 : upgrade_store(db, t->founded, err);
	for (size_t i = 0; rc >= 0 && i < t->founded->n_closes; i++)
		rc = close_store(f, &t->founded->closes[i], changed, err);
	return rc;
}

int64_t bn_authority_closes_due(sqlite3 *db)
{
	return bn_sql_int(db, 0,
		"SELECT a.no FROM authority_close c JOIN index_tail t ON t.writer = c.writer JOIN "
		"authority_entity a WHERE c.state = 0 AND t.last_seq >= c.seq LIMIT 1",
		"");
}
