/*
 * faultfs.h - a file system that fails, dies or loses power at the n-th change.
 *
 * faultfs_ops wraps bn_fs_real and counts every call that changes the disk: creating a file, write,
 * fsync, ftruncate, rename, link, unlink, mkdir, rmdir, fchmod, sync_dir. One fault can be armed for
 * the n-th of them. There is one fault at a time in a process; where several of its threads write, the n-th change
 * is whoever comes n-th, and only the kinds of a full or failing disk are for them. Crash tests arm it
 * in a forked child and look at what is left from the parent.
 *
 * Power loss: with a journal (shared memory made before the fork) every change under `root` is
 * recorded, and faultfs_replay builds a directory as a disk may show it after the power came back.
 * The model is the pessimistic one that POSIX allows: bytes are safe once their file was synced,
 * names once their directory was.
 */
#ifndef BN_TEST_FAULTFS_H
#define BN_TEST_FAULTFS_H
#include "core/base/fs.h"

typedef enum faultfs_kind {
	FAULTFS_NONE,   /* only count */
	FAULTFS_KILL,   /* SIGKILL instead of the call */
	FAULTFS_TEAR,   /* half of the write, then SIGKILL; other calls: do it, then SIGKILL */
	FAULTFS_ENOSPC, /* the call returns -ENOSPC; a write writes half first */
	FAULTFS_EIO,    /* the call returns -EIO and changes nothing */
	FAULTFS_LOST,   /* the call is done and returns -EIO: its reply was lost */
	FAULTFS_FULL,   /* this and every later call that needs space returns -ENOSPC */
	FAULTFS_FILLED, /* the same, but what is unlinked from then on gives its bytes back */
} faultfs_kind;

extern const bn_fs_ops faultfs_ops;

/* Counts from 1 again; at 0 arms nothing. */
void faultfs_arm(faultfs_kind kind, long at);
long faultfs_count(void);
/* Before a fork: from now on both processes, and what they fork, count as one, and find one disk full. */
void faultfs_share(void);
/* From now on the kind of the n-th change is put in kinds[n - 1], n <= most: a number for the chain of
 * calls that led to it. Alike in processes that were forked from one another. */
void faultfs_note_kinds(uint32_t *kinds, long most);

typedef struct faultfs_journal faultfs_journal;
/* Journals changes under root from now on; before the fork, so that parent and child share it. */
faultfs_journal *faultfs_journal_new(const char *root, size_t bytes);
void faultfs_journal_free(faultfs_journal *j);

typedef enum faultfs_loss {
	FAULTFS_LOSE_ALL,   /* nothing that was not synced is there */
	FAULTFS_LOSE_DATA,  /* names are as they were, files have only their synced bytes */
	FAULTFS_LOSE_ZEROS, /* names and sizes are as they were, bytes not synced are zeros */
	FAULTFS_LOSE_NAMES, /* bytes are as they were, names only if their directory was synced */
	FAULTFS_LOSE_ADDED, /* as LOSE_NAMES, but unlinking reached the disk at once: out of order */
	FAULTFS_LOSSES
} faultfs_loss;

/* Makes the new directory `to` hold what root would hold. 0, or -1 when the journal overflowed. */
int faultfs_replay(const faultfs_journal *j, faultfs_loss loss, const char *to);

#endif
