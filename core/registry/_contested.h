/*
 * _contested.h - numbers registered twice, under the chain of authority.
 *
 * A number belongs to the registration of the lower epoch; within one epoch to the one named by the first
 * counting approval, until then to the first in order. The others are kept, with their requests, decisions and
 * evidence, as versions with a negative key (bn_entry_number): they are found by UUID, can be requested and
 * decided, and no alias points to them. Claims only prevent accidental conflicts and are not used here.
 *
 * The subject of an act follows from the record it refers to (`answers`), not only from the number: each record
 * that counted is stored with its registration.
 */
#ifndef BN_REGISTRY_CONTESTED_H
#define BN_REGISTRY_CONTESTED_H
#include "core/registry/_entry.h"

/* The keys of contested versions of a number: low <= key <= high. */
void bn_contested_keys(int64_t number, int64_t *low, int64_t *high);
/* Sets a->version, the payload's number, to the key of the version that the act is about, or that a registration
 * gets. BN_EINVAL: it refers to nothing that counts. */
int bn_contested_target(bn_entry *e, bn_entry_act *a, bn_err *err);
/* Whether an approval may give the version its number; 0 for one that holds it. BN_EREFUSED with the
 * reason. */
int bn_contested_check(bn_entry *e, const bn_entry_act *a, bn_err *err);
/* After an act was stored: gives the number to the version named by an approval. remark: for the audit log,
 * "" for none. */
int bn_contested_settle(bn_entry *e, const bn_entry_act *a, char *remark, size_t size, bn_err *err);
/* Stores the record as one about the version's registration. */
int bn_contested_remember(bn_entry *e, const bn_entry_act *a, const char *id, bn_err *err);

#endif
