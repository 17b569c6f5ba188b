/*
 * state.h - which MD5 a file had when it was last hashed, so that an unchanged file is not read again.
 *
 * One file per repository in the user's state directory, never in the repository: "dvc/<SHA-256 of its path>". An entry
 * names a path by inode, size, time of modification and of change (ctime, which no program can set back), and counts
 * only while all four are the same. A file that was changed so shortly before it was hashed that a later change may
 * have the same times is not kept (the granularity of times: 20 ms, where they have whole seconds 1.1 s, on network
 * file systems 2.5 s). The state is a cache: a damaged or missing one costs time alone.
 */
#ifndef BN_DVC_STATE_H
#define BN_DVC_STATE_H
#include "core/base/dir.h"
#include "core/dvc/md5.h"

typedef struct bn_dvc_state bn_dvc_state;

/* Of the repository at root, an absolute path that others name differently only through links. */
int bn_dvc_state_open(bn_dvc_state **out, const bn_dir *root, bn_err *err);
/* Writes what is new; a failure is not an error. Frees it. NULL is fine. */
void bn_dvc_state_close(bn_dvc_state *s);

/* The MD5 of a file with that path ("a/b", relative to the repository) and stat; false: it must be hashed. Any thread,
 * while nothing is put. */
bool bn_dvc_state_get(
	const bn_dvc_state *s, const char *path, const struct stat *st, char md5[BN_MD5_HEX + 1]);
/* st: from before hashing began; began_ns: the clock then. */
void bn_dvc_state_put(bn_dvc_state *s, const char *path, const struct stat *st, int64_t began_ns,
	const char *md5);

#endif
