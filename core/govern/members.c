/* members.c - see members.h. */
#include "core/govern/members.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/store/index/signed.h"

/* Limit of cards checked per account: for a member the first is nearly always enough; a stranger can create any
 * number of cards that name a member's key, and each costs a verification. */
enum { CARDS_MOST = 8 };

/* 1: the record's key belongs to someone now, 0: not. */
static int is_vouched(sqlite3 *db, int64_t epoch, int64_t writer, int64_t seq, bn_err *err)
{
	uint8_t key[BN_CHAIN_ID_BYTES];
	char person[BN_PERSON_TEXT];
	bool is_bot;
	int rc = bn_writer_author(key, db, writer, (uint64_t)seq, err);
	return rc <= 0 ? rc : bn_key_person(person, &is_bot, db, epoch, key, err);
}

/* Accounts, and their cards that name a key of a current person, or of any bot. */
static const char cards[] =
	"SELECT w.owner, c.writer, c.seq FROM writer_card c JOIN writer w ON w.no = c.writer "
	"WHERE c.uid = w.owner AND w.owner <> ?1 AND (c.key IN (SELECT key FROM authority_key "
	"WHERE "
	"to_n IS NULL) OR c.key IN (SELECT key FROM authority_bot)) ORDER BY w.owner, c.writer, "
	"c.seq DESC";

static int accounts_add(bn_buf *out, sqlite3 *db, int64_t epoch, uid_t me, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int64_t account = -1;
	int looked = 0, rc = bn_sql_prepare(&st, db, err, cards, "i", (int64_t)me);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		int64_t owner = sqlite3_column_int64(st, 0);
		looked = owner == account ? looked : 0;
		account = owner;
		if (looked++ >= CARDS_MOST)
			continue;
		rc = is_vouched(
			db, epoch, sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2), err);
		if (rc == 1) {
			bn_buf_addf(out, ",%lld", (long long)owner);
			looked = CARDS_MOST;
		}
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

int bn_member_accounts(char **json, sqlite3 *db, uid_t me, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int64_t epoch = bn_authority_newest(db, NULL);
	int rc = 0;
	*json = NULL;
	if (!bn_authority_is_founded(db))
		return 0;
	bn_buf_addf(&text, "[%lu", (unsigned long)me);
	if (epoch >= 0 && (rc = accounts_add(&text, db, epoch, me, err)) < 0)
		goto out;
	bn_buf_addch(&text, ']');
	if ((rc = bn_buf_check(&text, err, "a list of accounts")) < 0)
		goto out;
	*json = bn_buf_take(&text, NULL);
out:
	bn_buf_release(&text);
	return rc;
}
