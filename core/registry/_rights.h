/*
 * _rights.h - permissions on a model, by uids: the roles and the policy at the time of the act
 * (core/govern/policy.h), and the signature of a key that the user had published.
 */
#ifndef BN_REGISTRY_RIGHTS_H
#define BN_REGISTRY_RIGHTS_H
#include "core/registry/_entry.h"

typedef struct bn_uid_rights {
	const char *workspace_id;
	sqlite3 *db;
	bn_fold *f;             /* NULL: asked by a reader or a writer, as of now */
	bn_policy *policy;      /* the last one requested */
	bn_entry_rights rights; /* borrow this */
} bn_uid_rights;

void bn_uid_rights_init(bn_uid_rights *r, const char *workspace_id, sqlite3 *db, bn_fold *f);
void bn_uid_rights_release(bn_uid_rights *r);

#endif
