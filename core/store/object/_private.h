/*
 * _private.h - where a user's private objects lie: objects/private-UID, a directory of mode 0700 that is the user's,
 * with files of mode 0400 that are named by their whole digest.
 *
 * A name in objects/ab is a digest, and says nothing of who may read it. A file there of mode 0400 would keep its place
 * from another member who stores the same bytes, and would tell by its name that they are here. So there are two places:
 * a user's gets look into the private one first, where nobody else can put a file, and then among everybody's. The same
 * bytes may lie in both, and in those of several users.
 */
#ifndef BN_STORE__PRIVATE_H
#define BN_STORE__PRIVATE_H
#include "core/base/dir.h"
#include "core/store/object/object.h"

enum { BN_PRIVATE_DIR = 32, BN_PRIVATE_FILE = 0400 };

/* "objects/private-UID" of the user of this process, for a handle of the workspace. */
const char *bn_private_dir(const bn_env *env, char buf[BN_PRIVATE_DIR]);
/* The object's name there, whether it is there or not. */
const char *bn_private_name(const bn_env *env, const char *hash, char buf[BN_OBJECT_NAME]);
/* Whether the directory is there and the user's own: one that another user has made in his name holds nothing. */
bool bn_private_is_here(const bn_dir *root);
/* Makes it, and sets the mode of one that others may look into. BN_EREFUSED where it is another user's. */
int bn_private_make(const bn_dir *root, bn_err *err);

#endif
