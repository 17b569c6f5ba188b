/* bot.c - see bot.h; reads the rows written by authority_bots.c. */
#include "core/govern/bot.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/_bot.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

void bn_bot_proof_text(
	bn_buf *out, const char *workspace_id, const char *person, const uint8_t key[ID])
{
	char hex[2 * ID + 1];
	bn_hex(key, ID, hex);
	bn_buf_addf(out, "binnacle bot 1\n%s\n%s\n%s", workspace_id, person, hex);
}

/* ---- what holds --------------------------------------------------------------------------------- */

int bn_bot_person(char *person, sqlite3 *db, int64_t epoch, const uint8_t key[ID], bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT b.person FROM authority_bot b JOIN authority_person p ON p.person = "
		"b.person AND "
		"p.from_n <= ?2 AND (p.to_n IS NULL OR p.to_n > ?2) WHERE b.key = ?1 AND b.from_n "
		"<= ?2 "
		"AND NOT EXISTS (SELECT 1 FROM authority_person g WHERE g.person = b.person AND "
		"g.to_n > "
		"b.from_n AND g.to_n <= ?2)",
		"bi", key, (size_t)ID, epoch);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		snprintf(person, 2 * ID + 1, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return rc;
}

int bn_bot_is_ended(
	sqlite3 *db, const uint8_t key[ID], int64_t writer_no, uint64_t seq, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT 1 FROM authority_bot_end WHERE key = ?1 GROUP BY id HAVING max(CASE WHEN "
		"writer = "
		"?2 THEN seq ELSE 0 END) < ?3 LIMIT 1",
		"bii", key, (size_t)ID, writer_no, (int64_t)seq);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc;
}

static bool has_word(const char *list_text, const char *word, bool as_pattern)
{
	json_t *list = NULL;
	bool found = false;
	if (!list_text || bn_json_parse(&list, list_text, strlen(list_text), "bot", NULL) < 0)
		return false;
	for (size_t i = 0; i < json_array_size(list) && !found; i++) {
		const char *item = json_string_value(json_array_get(list, i));
		found = as_pattern ? fnmatch(item, word, 0) == 0 : !strcmp(item, word);
	}
	json_decref(list);
	return found;
}

int bn_bot_allows(sqlite3 *db, const uint8_t key[ID], bn_act act, const char *entity, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	const char *slash = entity ? strchr(entity, '/') : NULL;
	const char *name = slash ? slash + 1 : entity;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT name, verbs, patterns FROM authority_bot WHERE key = ?", "b", key,
		(size_t)ID);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) != 1) {
		rc = rc < 0 ? rc : bn_err_set(err, BN_EREFUSED, "the key is not a bot's");
		goto out;
	}
	const char *bot = (const char *)sqlite3_column_text(st, 0);
	if (!has_word((const char *)sqlite3_column_text(st, 1), bn_act_name(act), false))
		rc = bn_err_set(err, BN_EREFUSED, "bot %s may not %s", bot, bn_act_name(act));
	else if (name && !has_word((const char *)sqlite3_column_text(st, 2), name, true))
		rc = bn_err_set(err, BN_EREFUSED, "bot %s is not set up for '%s'", bot, name);
	else
		rc = 0;
out:
	sqlite3_reset(st);
	return rc;
}
