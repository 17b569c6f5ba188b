/*
 * claim.h - reading claims (taking one is in workspace.h).
 */
#ifndef BN_STORE_CLAIM_H
#define BN_STORE_CLAIM_H
#include "core/base/buf.h"
#include "core/store/workspace.h"

#include <sys/types.h>

/* Appends the value stored with a claimed name. BN_ENOTFOUND when nobody has it. */
int bn_claim_get(bn_workspace *ws, const char *name, bn_buf *value, bn_err *err);
/* Who owns the claim's file, likewise. Only to look at: whoever owns the directory can have put it there. */
int bn_claim_owner(bn_workspace *ws, const char *name, uid_t *owner, bn_err *err);

/* The number behind all that are claimed under prefix. Whoever takes it later, by bn_claim_take, knows that no other was
 * taken in between. */
int bn_claim_ahead(bn_workspace *ws, const char *prefix, int64_t *n, bn_err *err);

#endif
