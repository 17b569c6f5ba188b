/*
 * live.h - which objects are named: what gc keeps, and what may be missing without a fault.
 *
 * "Names" is interpreted literally and conservatively (I6). Every 64-digit hex word counts
 *  - in any text of any class's tables, except in rows that the class declares gone (bn_fold_gone:
 *    removed before a given moment);
 *  - in payloads of events that this program does not understand;
 *  - in every JSON object (a text that begins with '{') that is itself named: so a manifest names its
 *    parts and its groups, and a spec the versions that it ran on.
 *
 * Another user's private objects are invisible to this user, and his gc does not touch them. A manifest that did not come
 * along into a copy (core/store/copy.h) names nothing.
 *
 * A damaged named JSON object, or a missing manifest, hides what it names: the result is BN_EINCONCLUSIVE, and
 * gc removes nothing, unless the judge finds that only records that count for nobody name it
 * (core/govern/object_faults.h).
 */
#ifndef BN_STORE_LIVE_H
#define BN_STORE_LIVE_H
#include "core/store/workspace.h"

#include <stdbool.h>

typedef struct bn_live bn_live;

/* An object that hides what it names. */
typedef struct bn_live_hidden {
	char hash[65];
	char entity[160]; /* that names it; "" if unknown */
	char what[200];   /* the fault */
	bool counts_for_nobody;
} bn_live_hidden;

/* Sets counts_for_nobody where it applies. */
typedef struct bn_live_judge {
	int (*judge)(void *ctx, bn_workspace *ws, bn_live_hidden *items, size_t count, bn_err *err);
	void *ctx;
} bn_live_judge;

/* Uses the index as folded. Rows removed at or before removed_ms name nothing. judge NULL: all records count.
 * The caller owns *out. */
int bn_live_find(bn_live **out, bn_workspace *ws, int64_t removed_ms, const bn_live_judge *judge,
	bn_err *err);
/* Only what was erased on request (bn_live_is_forgotten): nothing is live. */
int bn_live_find_forgotten(bn_live **out, bn_workspace *ws, bn_err *err);
/* What belongs together: the objects that the entities' events name ("run/7f3a..."), the given ones, and all that these name
 * through JSON objects. What cannot be read names nothing. The caller owns *out. */
int bn_live_of(bn_live **out, bn_workspace *ws, const char *const *entities, size_t entity_count,
	const char *const *hashes, size_t hash_count, bn_err *err);
bool bn_live_has(const bn_live *live, const char *hash);
/* Erased on request (forgotten.h): not live, whatever names it. */
bool bn_live_is_forgotten(const bn_live *live, const char *hash);
void bn_live_free(bn_live *live);

/* Whether an object named by the entity's ordered events is no longer in the workspace. For a removed
 * entity gc has freed it; a restored one would name missing objects. Uses the index as folded. */
int bn_object_refs_gone(bool *gone, bn_workspace *ws, const char *entity, bn_err *err);

/* Renews the object and all present objects that it names through JSON objects. Call it before the event
 * that makes a row live again. BN_ENOTFOUND if the object, or a part of a manifest, is missing. */
int bn_object_renew(bn_workspace *ws, const char *hash, bn_err *err);
/* The same for everything that the entity names; BN_ENOTFOUND if bn_object_refs_gone is true. */
int bn_object_refs_renew(bn_workspace *ws, const char *entity, bn_err *err);

#endif
