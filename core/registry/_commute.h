/*
 * _commute.h - records of a model whose place among the others does not matter, so that a model with a long
 * history is not judged anew for each of them (_chained.h has the order).
 *
 * By their depth registrations, requests, evidence and tags come before the decisions of their epoch. When they arrive
 * behind those they change none of them:
 *	- a registration of a number that nobody has: nobody answers it yet
 *	- a request that answers what is last about its version
 *	- evidence of the newest epoch: who decided had not seen it, and who says that he had waits for it (_seen.h);
 *	  but for a policy that rechecks
 *	- a tag whose key nobody set behind what it answers
 * and their own outcome hangs on nothing but the version: a removed one is another matter.
 */
#ifndef BN_REGISTRY_COMMUTE_H
#define BN_REGISTRY_COMMUTE_H
#include "core/store/index/fold.h"

/* Of a signed event that counts and that no other waits for; epoch: its own. 1 yes, 0 no, or negative. */
int bn_model_commutes(sqlite3 *db, const bn_event *ev, int64_t epoch, bn_err *err);

#endif
