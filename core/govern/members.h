/*
 * members.h - whose word is taken where no right is asked for.
 *
 * Anybody who may write to the workspace's directory may add to its log, whom no admin has admitted too. What he adds
 * is kept, and is his own. But what a name without a number means ("jobs", the latest drift report of a model), and
 * what is put together out of everybody's records (the rows in which drift is looked for), is made of what members
 * have written, and of what the reader has.
 *
 * A member's account is one whose records a key vouches for (store/index/signed.h) that is somebody's in the
 * newest epoch, a bot's included. What such an account wrote and no key has sealed yet is taken as well: the file's owner
 * says whose it is. In a workspace without a chain of authority everybody is taken.
 */
#ifndef BN_GOVERN_MEMBERS_H
#define BN_GOVERN_MEMBERS_H
#include "core/govern/authority.h"

/* *json: the uids as a JSON array, for `uid IN (SELECT value FROM json_each(?))`; NULL where everybody is taken.
 * me: the reader, who is always among them. Yours (bn_free). */
int bn_member_accounts(char **json, sqlite3 *db, uid_t me, bn_err *err);

#endif
