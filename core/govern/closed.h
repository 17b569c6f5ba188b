/*
 * closed.h - what an upgrade closed: unsigned records up to its horizon, judged by the rules for uids for
 * ever.
 *
 * Link 0 of an upgraded workspace (upgrade.h) names for every writer how far its log was known, and the chain
 * hash there. An unsigned record is *closed* when its writer's log still has that hash at that place and the
 * record lies at or before it. Closed records keep their meaning; all other unsigned ones are refused where a
 * right is needed, whatever their clock, as in any workspace with a chain. A log that was truncated before that
 * point, or differs there, has no closed records: its owner can revoke what he did, but add nothing.
 *
 * So that signed records can refer to them, closed records have an id too: SHA-256 of "binnacle closed 1\n"
 * writer "\n" sequence number in digits "\n" kind "\n" entity "\n" and the payload's bytes. These ids are
 * permanently in logs.
 */
#ifndef BN_GOVERN_CLOSED_H
#define BN_GOVERN_CLOSED_H
#include "core/base/fs.h"
#include "core/store/index/fold.h"

/* The outcome of an unsigned record that is not closed, where only closed ones count: late if link 0 closes its
 * writer's log (an account that continued writing), else refused. */
void bn_closed_refuse(bn_fold *f, const bn_event *ev);
/* place() of a class whose unsigned records count only if closed, once there is link 0 of an upgrade: other
 * ones have no place, so a stranger's record causes no replay. */
int bn_closed_place(bn_fold *f, bn_event *ev, bn_err *err);
/* Whether link 0 is an upgrade. */
bool bn_closed_is_upgraded(sqlite3 *db);
/* Whether a record is closed; uses ev->writer_no, key.seq and sig. */
bool bn_closed_has(sqlite3 *db, const bn_event *ev);
/* Whether a record is judged by the rules for uids: it is closed, or there is no chain. */
bool bn_closed_by_uid(sqlite3 *db, const bn_event *ev);
/* The founder of an upgraded workspace by the rules for uids; or BN_NOBODY. */
uid_t bn_closed_founder(sqlite3 *db);
/* 1 if the account is the person's: one of his keys up to that epoch was published for it before the upgrade,
 * or he upgraded from it. 0 if not, or not known. */
int bn_closed_owns(sqlite3 *db, int64_t epoch, const char *person, uid_t uid, bn_err *err);

enum { BN_DOUBTS_MAX = 1000 };
/* Describes what is closed, or will be by an upgrade, without a person's signature; adds to out. Empty for a
 * workspace that began with a chain. */
int bn_closed_doubts(bn_names *out, sqlite3 *db, bn_err *err);

/* The accounts whose closed records are in files of other owners here, as "user/UID", sorted: in a copy that
 * did not keep owners nothing they did before the upgrade counts. Derived from their published keys, each of
 * which names its account, and from the founder's account named by link 0. */
int bn_closed_moved(bn_names *out, sqlite3 *db, bn_err *err);

enum { BN_CLOSED_EPOCH = -1 }; /* of closed records: below link 0 */

/* The id of a closed record; hex. */
int bn_closed_id(char id[65], const bn_event *ev, bn_err *err);
/* In place() or apply(): stores the id as one of the entity's records. */
int bn_closed_add(bn_fold *f, const bn_event *ev, bn_err *err);
/* Whether it is the id of a closed record that was added; entity_no -1: of any. */
bool bn_closed_is_id(sqlite3 *db, int64_t entity_no, const uint8_t id[32]);

#endif
