/*
 * closed.h - what an upgrade left behind its horizon: unsigned records, judged by the rules of uids for ever.
 *
 * Link 0 of an upgraded workspace (upgrade.h) names of every writer how far its log was known, and the chain hash
 * there. An unsigned record is *closed* when its writer's log still has that hash at that place and the record lies at
 * or before it. Closed records mean what they meant; all other unsigned ones are refused where a right is needed,
 * whatever their clock says, as in any workspace with a chain. A log that was cut before the place, or says something
 * else there, is closed nowhere: whoever owns it can take back what he did, and add nothing.
 *
 * So that signed records can answer them, closed ones have an id too: SHA-256 of "binnacle closed 1\n" writer "\n"
 * sequence number in digits "\n" kind "\n" entity "\n" and the payload's bytes. These ids lie in logs for ever.
 */
#ifndef BN_GOVERN_CLOSED_H
#define BN_GOVERN_CLOSED_H
#include "core/base/fs.h"
#include "core/store/index/fold.h"

/* The outcome of an unsigned record that is not closed, where only closed ones have a say: late when its writer's log is one
 * that link 0 closes (an account that went on in it), refused otherwise. */
void bn_closed_refuse(bn_fold *f, const bn_event *ev);
/* place() of a class whose unsigned records count only where they are closed, once there is link 0 of an upgrade: what is not
 * closed stands nowhere, so nobody is judged anew because a stranger wrote it. */
int bn_closed_place(bn_fold *f, bn_event *ev, bn_err *err);
/* Whether link 0 is an upgrade. */
bool bn_closed_is_upgraded(sqlite3 *db);
/* Whether a record is closed; ev->writer_no, key.seq and sig are looked at. */
bool bn_closed_has(sqlite3 *db, const bn_event *ev);
/* Whether a record is judged by the rules of uids: it is closed, or there is no chain at all. */
bool bn_closed_by_uid(sqlite3 *db, const bn_event *ev);
/* The account that had founded an upgraded workspace by the rules of uids; BN_NOBODY. */
uid_t bn_closed_founder(sqlite3 *db);
/* 1 when the account is the person's: one of his keys up to that epoch was published for it before the upgrade, or
 * he upgraded from it. 0 when not, or when nobody knows. */
int bn_closed_owns(sqlite3 *db, int64_t epoch, const char *person, uid_t uid, bn_err *err);

enum { BN_DOUBTS_MAX = 1000 };
/* What is closed, or will be when somebody upgrades, and what no signature of a person stands for, in words; adds to
 * out. Empty for a workspace that began with a chain. */
int bn_closed_doubts(bn_names *out, sqlite3 *db, bn_err *err);

/* The accounts whose closed records lie in files of others here, as "user/UID", sorted: a copy that did not keep owners,
 * where nothing counts that they did before the upgrade. Told by the keys that they had published, of which each names its
 * account, and by the founder's account, which link 0 names. */
int bn_closed_moved(bn_names *out, sqlite3 *db, bn_err *err);

enum { BN_CLOSED_EPOCH = -1 }; /* of closed records: below link 0 */

/* The id of a closed record; hex. */
int bn_closed_id(char id[65], const bn_event *ev, bn_err *err);
/* In place() or apply(): remembers the id as one of the entity's records. */
int bn_closed_add(bn_fold *f, const bn_event *ev, bn_err *err);
/* Whether it is the id of a closed record that was added; entity_no -1: of any. */
bool bn_closed_is_id(sqlite3 *db, int64_t entity_no, const uint8_t id[32]);

#endif
