/*
 * live.h - which objects something names: what gc keeps, and what may be missing without a fault.
 *
 * "Names" is taken literally and on the safe side (I6). Every 64-digit hex word counts
 *  - in any text of any class's tables, but in rows that the class says are gone (bn_fold_gone:
 *    removed before a given moment);
 *  - in the payloads of events that this program does not understand;
 *  - in every JSON object (a text that begins with '{') that is itself named: so a manifest names its
 *    parts and its groups, and a spec the versions that it was run on.
 *
 * What lies among another user's private objects is not there for this user, and his gc does not touch it.
 *
 * A named JSON object that is damaged, or a manifest that is not there, hides what it names: that is
 * BN_EINCONCLUSIVE, and gc removes nothing, unless somebody who knows whose records count says that only such records
 * name it as count for nobody (core/govern/object_faults.h).
 */
#ifndef BN_STORE_LIVE_H
#define BN_STORE_LIVE_H
#include "core/store/workspace.h"

#include <stdbool.h>

typedef struct bn_live bn_live;

/* An object that hides what it names. */
typedef struct bn_live_hidden {
	char hash[65];
	char entity[160]; /* that names it; "" where that is not known */
	char what[200];   /* is wrong with it */
	bool counts_for_nobody;
} bn_live_hidden;

/* Sets counts_for_nobody of those where it is so. */
typedef struct bn_live_judge {
	int (*judge)(void *ctx, bn_workspace *ws, bn_live_hidden *items, size_t count, bn_err *err);
	void *ctx;
} bn_live_judge;

/* Of the index as it is folded. Rows removed at or before removed_ms name nothing. judge: NULL, then each counts.
 * *out is yours. */
int bn_live_find(bn_live **out, bn_workspace *ws, int64_t removed_ms, const bn_live_judge *judge,
	bn_err *err);
bool bn_live_has(const bn_live *live, const char *hash);
void bn_live_free(bn_live *live);

/* Whether an object that the entity's ordered events name is not in the workspace any more. Of a removed
 * entity gc has freed it then; restored, it would name what is not there. Of the index as it is folded. */
int bn_object_refs_gone(bool *gone, bn_workspace *ws, const char *entity, bn_err *err);

/* Renews the object and, through JSON objects, everything that it names and that is here: before the event
 * that makes a row live again. BN_ENOTFOUND when it is not here, or when it is a manifest and a part of it
 * is not. */
int bn_object_renew(bn_workspace *ws, const char *hash, bn_err *err);
/* Of everything that the entity names; BN_ENOTFOUND when bn_object_refs_gone would say so. */
int bn_object_refs_renew(bn_workspace *ws, const char *entity, bn_err *err);

#endif
