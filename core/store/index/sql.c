/*
 * sql.c - the small helpers over SQLite that fold.h declares.
 *
 * The statement cache is attached to the handle, so that there is no global state: the rollback
 * hook (which does nothing) carries it as its argument, and setting a hook returns the argument of
 * the one before. sqlite3_set_clientdata would be cleaner but needs SQLite 3.44.
 */
#include "core/store/index/_sql.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define BN_INDEX_REBUILD_HINT "`binnacle index rebuild` rebuilds the index from the log"

enum { CACHE_SLOTS = 512, CACHE_PROBES = 8 };

typedef struct sql_cache {
	struct {
		const char *key; /* the address used as the key */
		sqlite3_stmt *st;
	} slots[CACHE_SLOTS];
	bool unwritable; /* see bn_sql_is_unwritable */
	bn_err untold;   /* see bn_sql_failed */
} sql_cache;

static void hook_nothing(void *cache)
{
	(void)cache;
}

static sql_cache *cache_of(sqlite3 *db, bool make)
{
	sql_cache *c = sqlite3_rollback_hook(db, hook_nothing, NULL);
	if (!c && make)
		c = bn_alloc_zeroed(1, sizeof *c);
	sqlite3_rollback_hook(db, hook_nothing, c);
	return c;
}

int bn_sql_begin(sqlite3 *db, bn_err *err)
{
	return cache_of(db, true) ? 0 : bn_err_nomem(err, "the index's statements");
}

void bn_sql_forget(sqlite3 *db)
{
	sql_cache *c = db ? cache_of(db, false) : NULL;
	if (!c)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		sqlite3_finalize(c->slots[i].st);
		c->slots[i].st = NULL;
	}
	c->unwritable = false;
}

void bn_sql_close(sqlite3 *db)
{
	bn_sql_forget(db);
	bn_free(db ? sqlite3_rollback_hook(db, NULL, NULL) : NULL);
	sqlite3_close_v2(db);
}

/* Keeps a failure for a caller without an error object. */
static int untold(sqlite3 *db, int code, const char *words)
{
	sql_cache *c = cache_of(db, true);
	if (c)
		bn_err_set(&c->untold, code, "index: %s", words);
	return code;
}

int bn_sql_failed(sqlite3 *db, bn_err *err)
{
	sql_cache *c = db ? cache_of(db, false) : NULL;
	if (!c || !c->untold.code)
		return 0;
	int rc = bn_err_move(err, &c->untold);
	bn_err_clear(&c->untold);
	return rc;
}

int bn_sql_error(sqlite3 *db, bn_err *err, const char *doing)
{
	int code;
	sql_cache *c;
	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT: /* what was folded does not hold together */
		code = BN_ECORRUPT;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = BN_ECONFLICT;
		break;
	case SQLITE_NOMEM:
		code = BN_ENOMEM;
		break;
	case SQLITE_INTERRUPT: /* a function of a statement was asked to stop, and says while what */
		code = BN_EINTR;
		break;
	case SQLITE_FULL:
	case SQLITE_READONLY:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		if ((c = cache_of(db, true)))
			c->unwritable = true;
		code = BN_EIO;
		break;
	default:
		code = BN_EIO;
	}
	if (!err)
		return untold(db, code, sqlite3_errmsg(db));
	if (code == BN_EINTR)
		return bn_err_set(err, code, "%s", sqlite3_errmsg(db));
	bn_err_set(err, code, "index: %s: %s", doing, sqlite3_errmsg(db));
	if (code == BN_EIO)
		bn_err_hint(err, "is the disk full? BINNACLE_INDEX=DIR keeps the index elsewhere");
	if (code == BN_ECORRUPT)
		bn_err_hint(err, BN_INDEX_REBUILD_HINT);
	return code;
}

int bn_sql_damaged(bn_err *err, const char *what)
{
	bn_err_set(err, BN_ECORRUPT, "index: %s", what);
	bn_err_hint(err, BN_INDEX_REBUILD_HINT);
	return BN_ECORRUPT;
}

bool bn_sql_is_unwritable(sqlite3 *db)
{
	const sql_cache *c = cache_of(db, false);
	return c && c->unwritable;
}

int bn_sql_exec(sqlite3 *db, const char *sql, bn_err *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
								    : bn_sql_error(db, err, sql);
}

static int bind_all(sqlite3 *db, sqlite3_stmt *st, bn_err *err, const char *types,
	sqlite3_destructor_type life, va_list ap)
{
	int rc = SQLITE_OK;
	for (int i = 1; *types && rc == SQLITE_OK; types++, i++) {
		switch (*types) {
		case 's':
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, life);
			break;
		case 'i':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 'd': {
			double x = va_arg(ap, double);
			rc = isnan(x) ? sqlite3_bind_null(st, i) : sqlite3_bind_double(st, i, x);
			break;
		}
		case 'b': {
			const void *p = va_arg(ap, const void *);
			size_t n = va_arg(ap, size_t);
			rc = p ? sqlite3_bind_blob64(st, i, p, n, life)
			       : sqlite3_bind_zeroblob(st, i, 0);
			break;
		}
		case 'n':
			rc = sqlite3_bind_null(st, i);
			break;
		default:
			BN_BUG(*types);
		}
	}
	return rc == SQLITE_OK ? 0 : bn_sql_error(db, err, sqlite3_sql(st));
}

int bn_sql_prepare(
	sqlite3_stmt **out, sqlite3 *db, bn_err *err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return bn_sql_error(db, err, sql);
	va_list ap;
	va_start(ap, types);
	int rc = bind_all(db, st, err, types, SQLITE_TRANSIENT, ap);
	va_end(ap);
	if (rc) {
		sqlite3_finalize(st);
		return rc;
	}
	*out = st;
	return 0;
}

/* The cached statement for sql, not bound. */
static int cache_get(sqlite3_stmt **out, sqlite3 *db, bn_err *err, const char *sql)
{
	sql_cache *c = cache_of(db, true);
	if (!c)
		return bn_err_nomem(err, "the index's statements");
	size_t h = ((uintptr_t)sql * 0x9e3779b97f4a7c15u) >> 40, victim = CACHE_SLOTS;
	for (size_t i = 0; i < CACHE_PROBES; i++) {
		size_t at = (h + i) % CACHE_SLOTS;
		sqlite3_stmt *st = c->slots[at].st;
		if (st && c->slots[at].key == sql && !strcmp(sqlite3_sql(st), sql)) {
			*out = st;
			return 0;
		}
		if (victim == CACHE_SLOTS && !st)
			victim = at;
	}
	for (size_t i = 0; i < CACHE_PROBES && victim == CACHE_SLOTS; i++)
		if (!sqlite3_stmt_busy(c->slots[(h + i) % CACHE_SLOTS].st))
			victim = (h + i) % CACHE_SLOTS;
	if (victim == CACHE_SLOTS)
		return err ? bn_err_set(err, BN_EIO, "index: too many statements at once")
			   : untold(db, BN_EIO, "too many statements at once");
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		return bn_sql_error(db, err, sql);
	sqlite3_finalize(c->slots[victim].st);
	c->slots[victim].st = st;
	c->slots[victim].key = sql;
	*out = st;
	return 0;
}

static int cached_v(sqlite3_stmt **out, sqlite3 *db, bn_err *err, const char *sql,
	const char *types, va_list ap)
{
	sqlite3_stmt *st = NULL;
	int rc = cache_get(&st, db, err, sql);
	if (rc)
		return rc;
	sqlite3_reset(st);
	if ((rc = bind_all(db, st, err, types, SQLITE_STATIC, ap)))
		return rc;
	*out = st;
	return 0;
}

int bn_sql_cached(
	sqlite3_stmt **out, sqlite3 *db, bn_err *err, const char *sql, const char *types, ...)
{
	va_list ap;
	va_start(ap, types);
	int rc = cached_v(out, db, err, sql, types, ap);
	va_end(ap);
	return rc;
}

int bn_sql_run(sqlite3 *db, bn_err *err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	va_list ap;
	va_start(ap, types);
	int rc = cached_v(&st, db, err, sql, types, ap);
	va_end(ap);
	if (rc)
		return rc;
	int step;
	while ((step = sqlite3_step(st)) == SQLITE_ROW)
		; /* a pragma's answer */
	if (step != SQLITE_DONE)
		rc = bn_sql_error(db, err, sql);
	sqlite3_reset(st);
	return rc;
}

int bn_sql_step(sqlite3_stmt *st, bn_err *err)
{
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : bn_sql_error(sqlite3_db_handle(st), err, sqlite3_sql(st));
}

int64_t bn_sql_int(sqlite3 *db, int64_t fallback, const char *sql, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	int64_t v = fallback;
	va_list ap;
	va_start(ap, types);
	int rc = cached_v(&st, db, NULL, sql, types, ap);
	va_end(ap);
	if (rc)
		return fallback;
	if (bn_sql_step(st, NULL) == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL)
		v = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return v;
}

/* A column is empty: it is NULL, or SQLite ran out of memory. */
static void column_empty(sqlite3_stmt *st)
{
	sqlite3 *db = sqlite3_db_handle(st);
	if (sqlite3_errcode(db) == SQLITE_NOMEM)
		untold(db, BN_ENOMEM, "not enough memory for a column");
}

char *bn_sql_text(sqlite3_stmt *st, int column)
{
	const unsigned char *s = sqlite3_column_text(st, column);
	char *copy =
		s ? bn_strndup((const char *)s, (size_t)sqlite3_column_bytes(st, column)) : NULL;
	if (s && !copy)
		untold(sqlite3_db_handle(st), BN_ENOMEM, "not enough memory for a text");
	else if (!s)
		column_empty(st);
	return copy;
}

bool bn_sql_bytes(sqlite3_stmt *st, int column, void *out, size_t n)
{
	const void *bytes = sqlite3_column_blob(st, column);
	if (!bytes)
		column_empty(st);
	if (!bytes || (size_t)sqlite3_column_bytes(st, column) != n)
		return false;
	memcpy(out, bytes, n);
	return true;
}

double bn_sql_double(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? (double)NAN
							      : sqlite3_column_double(st, column);
}
