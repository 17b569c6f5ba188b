/*
 * _contested.h - numbers that were registered twice, under the chain of authority.
 *
 * A number belongs to the registration of the lower epoch; within one epoch to the one that the first counting
 * approval names, until then to the first in order. The others are kept, with their requests, decisions and
 * evidence, as versions with a negative key of their own (bn_entry_number): they are found by their UUID, can be
 * asked for and decided, and no alias points to them. Claims only keep honest writers apart and have no part in it.
 *
 * What an act is about says the record that it answers (`answers`), not the number alone: each record that counted
 * is remembered with the registration that it is about.
 */
#ifndef BN_REGISTRY_CONTESTED_H
#define BN_REGISTRY_CONTESTED_H
#include "core/registry/_entry.h"

/* The keys that contested versions of a number have: low <= key <= high. */
void bn_contested_keys(int64_t number, int64_t *low, int64_t *high);
/* Sets a->version, the payload's number, to the key of the version that the act is about, or that a registration
 * gets. BN_EINVAL: it answers nothing that counts. */
int bn_contested_target(bn_entry *e, bn_entry_act *a, bn_err *err);
/* Whether an approval may give the version its number; 0 for one that holds it. BN_EREFUSED in words. */
int bn_contested_check(bn_entry *e, const bn_entry_act *a, bn_err *err);
/* After an act was stored: what an approval named gets the number. remark: for the audit log, "" for none. */
int bn_contested_settle(bn_entry *e, const bn_entry_act *a, char *remark, size_t size, bn_err *err);
/* Remembers the record as one about the version's registration. */
int bn_contested_remember(bn_entry *e, const bn_entry_act *a, const char *id, bn_err *err);

#endif
