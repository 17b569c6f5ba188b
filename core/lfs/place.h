/*
 * place.h - where a Git repository keeps its files of Git LFS, and which servers have them, as Git is configured
 * (https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md).
 *
 * The store is lfs/ in the repository's common directory (worktrees share it), or lfs.storage. The server is, in this
 * order: lfs.url, remote.NAME.lfsurl, and the URL of the remote with "/info/lfs"; the first two also from .lfsconfig,
 * which comes with the repository and cannot set the store. NAME is remote.lfsdefault, else origin, else the only
 * remote. A remote that is a directory of this host has its store there. Nothing is written.
 */
#ifndef BN_LFS_PLACE_H
#define BN_LFS_PLACE_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/lfs/url.h"

#include <stdbool.h>

typedef struct bn_lfs_place {
	char *worktree;  /* absolute */
	char *store;     /* its objects are in "objects/ab/cd/abcd..."; absolute */
	bn_lfs_url api;  /* its text is NULL if no server is known */
	char *directory; /* the store of a remote that is a directory; or NULL */
	char *path; /* of the file that was asked for, in the working tree; NULL: it is elsewhere */
	char *header; /* http.extraHeader for that URL: "Authorization: ..."; or NULL */
	char rev[65]; /* the commit that HEAD names; or empty */
} bn_lfs_place;

/* path: of a file in the working tree. BN_ENOTFOUND if it is in no Git repository, or in one that this user does not
 * trust. The caller releases it, also after a failure. */
int bn_lfs_place_find(bn_lfs_place *out, const bn_env *env, const char *path, bn_err *err);
void bn_lfs_place_release(bn_lfs_place *p); /* overwrites the secrets */

#endif
