/*
 * taken.h - the approvals that a link cancels: those signed by a key after the point where it is cut, and those
 * voided.
 */
#ifndef BN_GOVERN_TAKEN_H
#define BN_GOVERN_TAKEN_H
#include "core/govern/chain.h"
#include "core/store/index/fold.h"

#include <stdbool.h>

enum { BN_TAKEN_NAMED = 5 };

/* "the approvals of power/1, power/2 and 3 more"; NULL if none. counting: only those that count now, for a link
 * not yet signed. *out is yours. */
int bn_taken_text(char **out, sqlite3 *db, const bn_link *link, bool counting, bn_err *err);

#endif
