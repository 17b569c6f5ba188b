/*
 * inspect.h - looking at a workspace's index as a thing: its state, its logical content, making it
 * anew. (Reading rows from it is bn_workspace_read and SQL.)
 */
#ifndef BN_STORE_INSPECT_H
#define BN_STORE_INSPECT_H
#include "core/store/index/report.h"
#include "core/store/workspace.h"

/* Refreshes first. Release the result, also after a failure. */
int bn_index_status_get(bn_index_status *out, bn_workspace *ws, bn_err *err);

/* Folds the whole log anew, in one transaction: readers see the old rows until it is done. */
int bn_index_rebuild(bn_workspace *ws, bn_err *err);

/* bn_index_print of the index as it is: does not refresh. */
int bn_index_dump(bn_workspace *ws, bn_dump_write write, void *ctx, bn_err *err);
/* SHA-256 of that text, in hex. */
int bn_index_dump_hash(bn_workspace *ws, char hash[65], bn_err *err);

/* What is wrong with a directory of the workspace. */
typedef enum bn_part_state {
	BN_PART_LOOSE, /* group or others may write to it, and it is not sticky: whoever may can put another user's
			    entries out of the way */
	BN_PART_SHARED,  /* the same, and it has entries of several users */
	BN_PART_FOREIGN, /* neither the founder's nor root's: its owner can do that, sticky or not */
	BN_PART_NONE,    /* no directory at all */
} bn_part_state;

typedef struct bn_part_fault {
	const char *name; /* "" is .binnacle itself, else "runs"; borrowed for ever */
	bn_part_state state;
	uid_t owner;
} bn_part_fault;

#define BN_PART_FAULTS 16

/* Returns how many there are, or a negative code. Not objects, whose names are their hashes, nor who owns queue,
 * whose files are judged one by one. founder: who may own them; (uid_t)-1 when that is not known. */
int bn_workspace_check_parts(
	bn_part_fault out[BN_PART_FAULTS], const bn_workspace *ws, uid_t founder, bn_err *err);

#endif
