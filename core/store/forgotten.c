/* forgotten.c - see forgotten.h. */
#include "core/store/forgotten.h"

#include "core/base/hash.h"
#include "core/store/_workspace.h"
#include "core/store/index/fold.h"
#include "core/store/index/index.h"

#include <sqlite3.h>

/* 1 with the words in err; 0; negative. The index is not folded and not opened here. */
static int ask_class(const bn_fold_class *c, sqlite3 *db, const uint8_t *raw, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_err e = BN_ERR_INIT;
	char *sql = sqlite3_mprintf("SELECT min(words) FROM (%s) WHERE hash = ?", c->forgotten);
	int rc = sql ? bn_sql_prepare(&st, db, &e, sql, "b", raw, (size_t)BN_SHA256_BYTES) : -1;
	sqlite3_free(sql);
	if (rc >= 0 && (rc = bn_sql_step(st, &e)) == 1 && (rc = sqlite3_column_type(st, 0) != SQLITE_NULL))
		bn_err_set(err, BN_ENOTFOUND, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return rc == 1;
}

int bn_object_forgotten(bn_workspace *ws, const char *hash, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	sqlite3 *db = ws->index ? bn_index_db(ws->index) : NULL;
	if (!db || !ws->classes || bn_unhex(hash, sizeof raw, raw) < 0)
		return 0;
	for (const bn_fold_class *const *c = ws->classes; *c; c++)
		if ((*c)->forgotten && ask_class(*c, db, raw, err))
			return 1;
	return 0;
}

static int list_class(const bn_fold_class *c, sqlite3 *db, bn_forgotten_each *each, void *ctx, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err, c->forgotten, "");
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		char hash[BN_SHA256_HEX + 1];
		if (sqlite3_column_bytes(st, 0) != BN_SHA256_BYTES)
			continue;
		bn_hex(sqlite3_column_blob(st, 0), BN_SHA256_BYTES, hash);
		if ((rc = each(ctx, hash, err)))
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

int bn_object_forgotten_list(bn_workspace *ws, bn_forgotten_each *each, void *ctx, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	int rc = 0;
	for (const bn_fold_class *const *c = ws->classes; db && ws->classes && rc == 0 && *c; c++)
		if ((*c)->forgotten)
			rc = list_class(*c, db, each, ctx, err);
	return rc;
}
