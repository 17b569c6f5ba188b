/*
 * add.h - tracks a file or a directory, as `dvc add` does: its bytes go to the cache, PATH.dvc names them, and Git
 * ignores the path.
 */
#ifndef BN_DVC_ADD_H
#define BN_DVC_ADD_H
#include "core/dvc/session.h"

typedef struct bn_dvc_added {
	char *path, *file; /* "data/jobs.csv", "data/jobs.csv.dvc": in the repository */
	char md5[BN_MD5_HEX + 1];
	bool is_dir, is_new;  /* is_new: it was not tracked before */
	bool changed;         /* the .dvc file has other contents now */
	bool ignored;         /* a line was added to .gitignore */
	int64_t size, nfiles; /* nfiles: -1 for a file */
} bn_dvc_added;

/* word: as the user named it. The session was opened to write. BN_EREFUSED for a path that Git tracks, that is an output
 * of a stage or an import, in another output or around one, or ignored by .dvcignore; BN_EINVAL for a link, a device,
 * or a name that is not UTF-8; BN_ECONFLICT if it changes meanwhile or is in use. On failure nothing is tracked that was
 * not before. */
int bn_dvc_add(bn_dvc_added *added, bn_dvc_session *s, const char *word, bn_err *err);
void bn_dvc_added_release(bn_dvc_added *added);

#endif
