/* _functions.c - see _functions.h. */
#include "core/store/index/_functions.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/store/index/_sql.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 64 };

/* A lookup in the user database may cost a round trip to a directory server, so each name is
 * cached. */
typedef struct user_names {
	const bn_env *env;
	size_t count; /* only grows; the slot is count % USERS */
	struct {
		uid_t uid;
		char name[64];
	} items[USERS];
} user_names;

static const char *user_name(user_names *u, uid_t uid)
{
	size_t have = u->count < USERS ? u->count : USERS;
	for (size_t i = 0; i < have; i++)
		if (u->items[i].uid == uid)
			return u->items[i].name;
	size_t at = u->count++ % USERS;
	u->items[at].uid = uid;
	u->env->user_name(u->env, uid, u->items[at].name, sizeof u->items[at].name);
	return u->items[at].name;
}

const char *bn_uid_text(uid_t uid, char buf[BN_UID_TEXT])
{
	snprintf(buf, BN_UID_TEXT, "uid-%lu", (unsigned long)uid);
	return buf;
}

static void sql_user(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	if (sqlite3_value_type(v[0]) == SQLITE_NULL) {
		sqlite3_result_null(c);
		return;
	}
	const char *name = user_name(sqlite3_user_data(c), (uid_t)sqlite3_value_int64(v[0]));
	sqlite3_result_text(c, name, -1, SQLITE_TRANSIENT);
}

/* The digits of a "uid-N" that starts at s as a separate word, or NULL. */
static const char *uid_at(const char *text, const char *s)
{
	if (strncmp(s, "uid-", 4) || !isdigit((unsigned char)s[4]))
		return NULL;
	return s == text || !isalnum((unsigned char)s[-1]) ? s + 4 : NULL;
}

static void sql_reason(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	const char *text = (const char *)sqlite3_value_text(v[0]);
	bn_buf b = BN_BUF_INIT;
	if (!text) {
		sqlite3_result_null(c);
		return;
	}
	for (const char *s = text; *s;) {
		const char *digits = uid_at(text, s);
		if (digits) {
			char *end;
			unsigned long uid = strtoul(digits, &end, 10);
			bn_buf_adds(&b, user_name(sqlite3_user_data(c), (uid_t)uid));
			s = end;
		} else {
			bn_buf_addch(&b, *s++);
		}
	}
	if (b.failed)
		sqlite3_result_error_nomem(c);
	else
		sqlite3_result_text(c, b.ptr, (int)b.len, SQLITE_TRANSIENT);
	bn_buf_release(&b);
}

int bn_functions_register(sqlite3 *db, const bn_env *env, bn_err *err)
{
	const int flags = SQLITE_UTF8;
	/* One cache each, so that SQLite may free each with its function. */
	user_names *u = bn_alloc_zeroed(1, sizeof *u), *r = bn_alloc_zeroed(1, sizeof *r);
	if (!u || !r) {
		bn_free(u);
		bn_free(r);
		return bn_err_nomem(err, "the index's functions");
	}
	u->env = r->env = env;
	int a = sqlite3_create_function_v2(
		db, "bn_user", 1, flags, u, sql_user, NULL, NULL, bn_free);
	int b = sqlite3_create_function_v2(
		db, "bn_reason", 1, flags, r, sql_reason, NULL, NULL, bn_free);
	return a || b ? bn_sql_error(db, err, "adding functions") : 0;
}
