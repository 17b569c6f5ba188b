/*
 * upgrade.h - what an upgrade changes in workspace.json: {"chain": true, "format": 3, "founding": id, ...}.
 *
 * A workspace whose id names no link 0 gets one that workspace.json names instead ("founding": the hex of the
 * record's id). So whoever may replace workspace.json says who founded the workspace, as of any other, and no record in
 * the log does, whatever its clock. Format 3 keeps programs from writing that know nothing of it.
 *
 *	bn_upgrade_begin   takes the lock, makes .binnacle sticky where others may write to it, and writes format 3:
 *	                   from here on no older program begins to write
 *	...                the caller writes link 0
 *	bn_upgrade_name    names it, in one rename: from here on the chain of authority holds, for every reader
 *	bn_upgrade_end
 *
 * A process that dies before the name leaves a workspace of uids, of format 3; what it wrote is named by nothing.
 */
#ifndef BN_STORE_UPGRADE_H
#define BN_STORE_UPGRADE_H
#include "core/store/workspace.h"

/* The hex of the link 0 that workspace.json names; "" for none. Borrowed. */
const char *bn_workspace_founding(const bn_workspace *ws);
/* Who owns .binnacle: who made the workspace. workspace.json is no sign of it: the first member who writes with a newer
 * program replaces it, and owns it then. */
int bn_workspace_owner(uid_t *uid, const bn_workspace *ws, bn_err *err);

typedef struct bn_upgrade_lock {
	int fd; /* -1: nobody else upgrades, or there are no locks */
} bn_upgrade_lock;

/* BN_ECONFLICT when a link 0 is named already, or another process of this user is upgrading. */
int bn_upgrade_begin(bn_upgrade_lock *lock, bn_workspace *ws, bn_err *err);
/* Durable when it returns. BN_ECONFLICT when one is named already. Where there are no locks, a file keeps others from
 * naming one at the same moment; who finds it for five seconds takes its maker for dead. */
int bn_upgrade_name(
	const bn_upgrade_lock *lock, bn_workspace *ws, const char *id, bn_err *err);
void bn_upgrade_end(bn_upgrade_lock *lock, bn_workspace *ws);

#endif
