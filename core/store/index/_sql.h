/*
 * _sql.h - the statement cache behind the helpers of fold.h.
 */
#ifndef BN_STORE_INDEX__SQL_H
#define BN_STORE_INDEX__SQL_H
#include "core/store/index/fold.h"

/* Runs statements that bind and return nothing. */
int bn_sql_exec(sqlite3 *db, const char *sql, bn_err *err);
/* Call once after opening the handle: attaches the cache of statements and failures. */
int bn_sql_begin(sqlite3 *db, bn_err *err);
/* Finalises the handle's cached statements; bn_sql_close also closes it. */
void bn_sql_forget(sqlite3 *db);
void bn_sql_close(sqlite3 *db);
/* Turns the handle's last error into ours: BN_ECORRUPT, BN_ECONFLICT (busy), BN_ENOMEM or BN_EIO. With err NULL
 * it is kept for bn_sql_failed. */
int bn_sql_error(sqlite3 *db, bn_err *err, const char *doing);
/* Whether any error of the handle (until bn_sql_forget) was caused by a file that cannot be written: a full
 * disk, a quota, a read-only file system. */
bool bn_sql_is_unwritable(sqlite3 *db);

#endif
