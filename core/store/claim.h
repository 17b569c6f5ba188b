/*
 * claim.h - reading a claim (taking one is in workspace.h).
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

#endif
