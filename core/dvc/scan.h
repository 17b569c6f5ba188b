/*
 * scan.h - what is in the working tree at an output's path, by hash.
 *
 * Only what changed since it was last hashed is read (state.h), by several threads. A symbolic link into the cache,
 * as DVC makes with cache.type symlink, has the hash that it names. Other links are not followed: their files have no
 * hash (an empty md5). In a directory, what .dvcignore says is left out; empty directories do not count.
 */
#ifndef BN_DVC_SCAN_H
#define BN_DVC_SCAN_H
#include "core/dvc/session.h"

/* OTHER: a device or the like, or a link leads to the path. */
typedef enum bn_dvc_kind { BN_DVC_ABSENT, BN_DVC_FILE, BN_DVC_DIR, BN_DVC_OTHER } bn_dvc_kind;

typedef struct bn_dvc_scan {
	bn_dvc_kind kind;
	bool is_exec;         /* of a file */
	bn_dvc_listing files; /* in order, relative to the path; of a file: one, whose path is "" */
} bn_dvc_scan;

typedef enum bn_dvc_scan_how {
	BN_DVC_SCAN,
	BN_DVC_SCAN_DOS2UNIX, /* hashed as by DVC 2 */
	/* What the cache lacks is copied to it while it is hashed; BN_ECONFLICT for a file that changes meanwhile. */
	BN_DVC_SCAN_STORE,
} bn_dvc_scan_how;

/* path: relative to the repository. Released by the caller, also after a failure. BN_EINVAL for a .dvcignore inside of
 * a directory output, as DVC has it. */
int bn_dvc_scan_path(bn_dvc_scan *out, const bn_dvc_session *s, const char *path,
	bn_dvc_scan_how how, bn_err *err);
void bn_dvc_scan_release(bn_dvc_scan *scan);

#endif
