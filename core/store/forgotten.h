/*
 * forgotten.h - objects that were erased on request, because they held rows that must not be kept (core/data/forgotten.h).
 *
 * The log names them for ever, so their names mean three things here: their bytes may be missing without a fault, gc removes
 * them at once whatever names them, and they are not stored again. Which objects those are is said by the classes of the
 * fold (bn_fold_class.forgotten); this file knows no class.
 */
#ifndef BN_STORE_FORGOTTEN_H
#define BN_STORE_FORGOTTEN_H
#include "core/store/workspace.h"

/* 1 if the index, as folded, says so, and *err "forgotten on 2026-12-01 by ann: use jobs@v7" (its code is BN_ENOTFOUND);
 * 0 if not. err may be NULL. */
int bn_object_forgotten(bn_workspace *ws, const char *hash, bn_err *err);

/* Calls each() for all of them; a non-zero return value stops and is returned. */
typedef int bn_forgotten_each(void *ctx, const char *hash, bn_err *err);
int bn_object_forgotten_list(bn_workspace *ws, bn_forgotten_each *each, void *ctx, bn_err *err);

#endif
