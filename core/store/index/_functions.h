/*
 * _functions.h - the SQL functions of the index's handle: names of users, for display only.
 */
#ifndef BN_STORE_INDEX__FUNCTIONS_H
#define BN_STORE_INDEX__FUNCTIONS_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <sqlite3.h>

/* Registers bn_user and bn_reason (fold.h). env must outlive the handle. */
int bn_functions_register(sqlite3 *db, const bn_env *env, bn_err *err);

#endif
