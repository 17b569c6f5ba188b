/*
 * _commute.h - records of a model whose position does not matter, so that a model with a long history is
 * not replayed for each of them (_chained.h defines the order).
 *
 * By their depth registrations, requests, evidence and tags come before the decisions of their epoch. When they
 * arrive after those they change none of them:
 *	- a registration of an unused number: nothing refers to it yet
 *	- a request that refers to the last record about its version
 *	- evidence of the newest epoch: the decider had not seen it, or the decision names it and waits for it
 *	  (_seen.h); except if the policy rechecks
 *	- a tag whose key was not set after what it refers to
 * and their own outcome depends only on the version, unless that was removed.
 */
#ifndef BN_REGISTRY_COMMUTE_H
#define BN_REGISTRY_COMMUTE_H
#include "core/store/index/fold.h"

/* For a signed event that counts and that no other waits for; epoch: its own. 1: yes, 0: no, or
 * negative. */
int bn_model_commutes(sqlite3 *db, const bn_event *ev, int64_t epoch, bn_err *err);

#endif
