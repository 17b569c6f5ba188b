/*
 * claim.h - reading claims (taking one is in workspace.h).
 */
#ifndef BN_STORE_CLAIM_H
#define BN_STORE_CLAIM_H
#include "core/base/buf.h"
#include "core/store/workspace.h"

#include <sys/types.h>

/* Appends the value stored with a claimed name. BN_ENOTFOUND if it is not claimed. */
int bn_claim_get(bn_workspace *ws, const char *name, bn_buf *value, bn_err *err);
/* The owner of the claim's file, likewise. For display only: the owner of the directory may have put it
 * there. */
int bn_claim_owner(bn_workspace *ws, const char *name, uid_t *owner, bn_err *err);

/* The number after the highest one claimed under prefix. If a later bn_claim_take of it succeeds, no other was
 * taken in between. */
int bn_claim_ahead(bn_workspace *ws, const char *prefix, int64_t *n, bn_err *err);

#endif
