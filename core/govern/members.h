/*
 * members.h - whose records are used where no right is required.
 *
 * Anyone who can write to the workspace's directory can add to its log, even if no admin has admitted them.
 * Such records are kept as their own. But what a name without a number means ("jobs", the latest drift report
 * of a model), and what is collected from the records of several users (the rows checked for drift), comes only
 * from records of members and of the reader.
 *
 * A member's account is one whose records are vouched for (store/index/signed.h) by a key that belongs to a
 * person or a bot in the newest epoch. Its records that no key has sealed yet are used as well: the file's
 * owner identifies it. Without a chain of authority all accounts are members.
 */
#ifndef BN_GOVERN_MEMBERS_H
#define BN_GOVERN_MEMBERS_H
#include "core/govern/authority.h"

/* *json: the uids as a JSON array, for `uid IN (SELECT value FROM json_each(?))`; NULL if all are members. me:
 * the reader, who is always among them. Yours (bn_free). */
int bn_member_accounts(char **json, sqlite3 *db, uid_t me, bn_err *err);

#endif
