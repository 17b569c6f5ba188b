/*
 * object.h - the bytes of a file that Git LFS keeps elsewhere: from the repository's own store, from that of a remote
 * that is a directory, or from a server through the batch API
 * (https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md, basic transfers).
 *
 * Whatever they come from, they are hashed before they are used. What a server sends is put into the store, as git lfs
 * does, if this user may write there, and else into a nameless file.
 *
 * Credentials: http.extraHeader, the user and password of the URL, ~/.netrc, or, when the server asks, `git credential
 * fill` (without a terminal, with the configuration of the user and the system alone). They are sent to the server of the API alone; a server that the API names for the download
 * gets the headers that the API gives, and none of ours unless it is the same server. Nothing shows them.
 */
#ifndef BN_LFS_OBJECT_H
#define BN_LFS_OBJECT_H
#include "core/base/env.h"
#include "core/base/progress.h"
#include "core/lfs/pointer.h"

typedef struct bn_lfs_object {
	int fd;       /* -1: none; the caller closes it, or takes it */
	char *from;   /* for messages: "the local store", "https://host/a.git/info/lfs" */
	char *path;   /* of the file in its repository; NULL: unknown */
	char rev[65]; /* the commit that is checked out; or empty */
} bn_lfs_object;

/* path: of the file that holds the pointer. BN_ENOTFOUND if the bytes are nowhere; BN_EREFUSED if the server wants
 * other credentials; BN_ECORRUPT if they are not those of the pointer. */
int bn_lfs_object_open(bn_lfs_object *out, const bn_env *env, const char *path,
	const bn_lfs_pointer *p, const bn_progress *progress, bn_err *err);
void bn_lfs_object_close(bn_lfs_object *o);

#endif
