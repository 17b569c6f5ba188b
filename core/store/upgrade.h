/*
 * upgrade.h - the changes of an upgrade to workspace.json: {"chain": true, "format": 3, "founding": id,
 * ...}.
 *
 * A workspace whose id names no link 0 gets one named by workspace.json instead ("founding": the hex id of the
 * record). So whoever can replace workspace.json determines the founder, as in any workspace, and no record in
 * the log does, whatever its clock. Format 3 prevents writing by programs that do not know this.
 *
 *	bn_upgrade_begin   takes the lock, makes .binnacle sticky where others may write to it, and writes format 3:
 *	                   from here on no older program begins to write
 *	...                the caller writes link 0
 *	bn_upgrade_name    names it, in one rename: from here on the chain of authority applies to every reader
 *	bn_upgrade_end
 *
 * A process that dies before naming leaves a workspace based on uids, of format 3; what it wrote has no effect.
 */
#ifndef BN_STORE_UPGRADE_H
#define BN_STORE_UPGRADE_H
#include "core/store/workspace.h"

/* The hex id of the link 0 named by workspace.json; "" for none. Borrowed. */
const char *bn_workspace_founding(const bn_workspace *ws);
/* The owner of .binnacle, who created the workspace. The owner of workspace.json does not tell: the first
 * member who writes with a newer program replaces it, and owns it then. */
int bn_workspace_owner(uid_t *uid, const bn_workspace *ws, bn_err *err);

typedef struct bn_upgrade_lock {
	int fd; /* -1: no other upgrade, or there are no locks */
} bn_upgrade_lock;

/* BN_ECONFLICT when a link 0 is named already, or another process of this user is upgrading. */
int bn_upgrade_begin(bn_upgrade_lock *lock, bn_workspace *ws, bn_err *err);
/* Durable on return. BN_ECONFLICT if one is already named. Without locks, a file prevents concurrent naming;
 * after five seconds its creator is presumed dead. */
int bn_upgrade_name(const bn_upgrade_lock *lock, bn_workspace *ws, const char *id, bn_err *err);
void bn_upgrade_end(bn_upgrade_lock *lock, bn_workspace *ws);

#endif
