/*
 * _actor.h - the user of this process in the registry's rules: a uid, or a person of the chain of authority.
 */
#ifndef BN_REGISTRY_ACTOR_H
#define BN_REGISTRY_ACTOR_H
#include "core/govern/rights.h"
#include "core/registry/_chained.h"
#include "core/registry/_rights.h"

typedef struct bn_actor {
	bool is_chained; /* the workspace has a chain of authority */
	bn_self self;
	uid_t uid;
	char who[BN_WHO_TEXT]; /* "" for an unknown key, or none */
	char user[128];
	bn_uid_rights by_uid;
	bn_person_rights by_person;
	const bn_entry_rights *rights; /* borrow this */
} bn_actor;

int bn_actor_init(bn_actor *me, bn_workspace *ws, sqlite3 *db, bn_err *err);
void bn_actor_release(bn_actor *me);

#endif
