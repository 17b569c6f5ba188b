/*
 * faultfs.h - a file system that fails, dies or loses power at the n-th change.
 *
 * faultfs_ops wraps bn_fs_real and counts every call that changes the disk: creating a file, write,
 * fsync, ftruncate, rename, link, unlink, mkdir, rmdir, fchmod, sync_dir. One fault can be armed
 * for the n-th of them. There is one fault at a time in a process; if several of its threads write,
 * the n-th change is of an arbitrary one, and only the kinds of a full or failing disk are
 * suitable. Crash tests arm it in a forked child and examine the result in the parent.
 *
 * Power loss: with a journal (shared memory made before the fork) every change under `root` is
 * recorded, and faultfs_replay builds a directory as a disk may be after the power loss. The model
 * is the pessimistic one that POSIX allows: bytes are safe once their file was synced, names once
 * their directory was.
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
	FAULTFS_LOST,   /* the call is executed and returns -EIO: its reply was lost */
	FAULTFS_FULL,   /* this and every later call that needs space returns -ENOSPC */
	FAULTFS_FILLED, /* the same, but what is unlinked from then on frees its bytes */
} faultfs_kind;

extern const bn_fs_ops faultfs_ops;

/* Counts from 1 again; 0 arms nothing. */
void faultfs_arm(faultfs_kind kind, long at);
long faultfs_count(void);
/* Call before a fork: from now on both processes, and their children, share one count, and one full
 * disk. */
void faultfs_share(void);
/* From now on the kind of the n-th change is stored in kinds[n - 1], n <= most: a number for the
 * call chain that led to it. The same in processes forked from one another. */
void faultfs_note_kinds(uint32_t *kinds, long most);

typedef struct faultfs_journal faultfs_journal;
/* Journals changes under root from now on; call before the fork, so that parent and child share
 * it. */
faultfs_journal *faultfs_journal_new(const char *root, size_t bytes);
void faultfs_journal_free(faultfs_journal *j);

typedef enum faultfs_loss {
	FAULTFS_LOSE_ALL,   /* nothing that was not synced exists */
	FAULTFS_LOSE_DATA,  /* names exist, files have only their synced bytes */
	FAULTFS_LOSE_ZEROS, /* names and sizes are kept, bytes not synced are zeros */
	FAULTFS_LOSE_NAMES, /* bytes are kept, names only if their directory was synced */
	FAULTFS_LOSE_ADDED, /* like LOSE_NAMES, but unlinking reached the disk at once: out of order */
	FAULTFS_LOSSES
} faultfs_loss;

/* Fills the new directory `to` with what root would contain. 0, or -1 if the journal overflowed. */
int faultfs_replay(const faultfs_journal *j, faultfs_loss loss, const char *to);

#endif
