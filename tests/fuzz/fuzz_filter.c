/*
 * Any text as a filter: an error with a position in it, or SQL that SQLite prepares. The text
 * itself never becomes part of the SQL.
 */
#include "core/base/embedded.h"
#include "core/track/_filter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void user(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	sqlite3_result_value(c, v[0]);
}

static sqlite3 *database(void)
{
	static sqlite3 *db;
	if (db)
		return db;
	const bn_embedded_file *store = bn_embedded_get("share/sql/0001_store.sql");
	const bn_embedded_file *sql = bn_embedded_get("share/sql/0020_track.sql");
	if (!store || !sql || sqlite3_open(":memory:", &db) != SQLITE_OK ||
		sqlite3_create_function(db, "bn_user", 1, SQLITE_UTF8, NULL, user, NULL, NULL) !=
			SQLITE_OK ||
		bn_sql_piece_attach(db, NULL) != 0 ||
		sqlite3_exec(db, store->data, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(db, sql->data, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(db, "INSERT INTO index_name VALUES (7, 3, 'params.lr')", NULL, NULL,
			NULL) != SQLITE_OK)
		abort();
	return db;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bn_filter_world world = {.db = database(), .now_ms = 1700000000000, .source = "filter"};
	bn_sql_piece p;
	bn_err err = BN_ERR_INIT;
	size_t at = 0;
	memcpy(text, data, size);
	text[size] = '\0';
	bn_sql_piece_init(&p);
	if (bn_filter_compile(&p, &world, text, &at, &err) != 0) {
		if (err.code == 0 || at > strlen(text))
			abort();
	} else {
		bn_buf sql = BN_BUF_INIT;
		sqlite3_stmt *st = NULL;
		int number = 1;
		bn_buf_addf(&sql, "SELECT r.no FROM run r WHERE %s", p.sql.ptr);
		if (sqlite3_prepare_v2(world.db, sql.ptr, -1, &st, NULL) != SQLITE_OK ||
			bn_sql_piece_bind(&p, st, &number, &err) != 0 ||
			sqlite3_bind_parameter_count(st) != number - 1)
			abort();
		sqlite3_step(st);
		sqlite3_finalize(st);
		bn_buf_release(&sql);
	}
	bn_sql_piece_release(&p);
	free(text);
	return 0;
}
