/*
 * taken.h - which approvals a link takes: those of a key behind the place where it cuts it, and those that it voids.
 */
#ifndef BN_GOVERN_TAKEN_H
#define BN_GOVERN_TAKEN_H
#include "core/govern/chain.h"
#include "core/store/index/fold.h"

#include <stdbool.h>

enum { BN_TAKEN_NAMED = 5 };

/* "the approvals of power/1, power/2 and 3 more"; NULL when it takes none. counting: of those alone that count now, for
 * a link that is not signed yet. *out is yours. */
int bn_taken_text(char **out, sqlite3 *db, const bn_link *link, bool counting, bn_err *err);

#endif
