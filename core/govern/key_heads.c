/* key_heads.c - see key_heads.h. */
#include "core/govern/key_heads.h"

#include <string.h>

void bn_key_heads_release(bn_key_heads *h)
{
	bn_free(h->items);
	bn_arena_release(&h->texts);
	*h = (bn_key_heads){0};
}

static int head_add(bn_key_heads *h, sqlite3_stmt *st, const uint8_t key[BN_CHAIN_ID_BYTES])
{
	const char *writer = bn_arena_strdup(&h->texts, (const char *)sqlite3_column_text(st, 0));
	if (!writer || bn_grow(&h->items, &h->cap, h->count + 1, sizeof *h->items) != 0)
		return -1;
	bn_chain_cut *c = &h->items[h->count++];
	*c = (bn_chain_cut){.writer = writer, .seq = (uint64_t)sqlite3_column_int64(st, 1)};
	memcpy(c->key, key, sizeof c->key);
	return 0;
}

int bn_key_heads_read(
	bn_key_heads *out, sqlite3 *db, const uint8_t key[32], int64_t before_ms, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = (bn_key_heads){0};
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, max(CASE WHEN ?2 < 0 OR s.clock >> 16 < ?2 THEN s.seq ELSE 0 END) "
		"FROM signed_record s JOIN index_name w ON w.no = s.writer WHERE s.key = ?1 GROUP "
		"BY w.name",
		"bi", key, (size_t)BN_CHAIN_ID_BYTES, before_ms);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if (head_add(out, st, key) < 0) {
			rc = bn_err_nomem(err, "the records of a key");
			break;
		}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}
