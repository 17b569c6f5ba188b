/*
 * _private.h - the place of a user's private objects: objects/private-UID, a directory of mode 0700 owned by
 * the user, with files of mode 0400 named by their full digest.
 *
 * A name in objects/ab is a digest and says nothing about who may read it. A file of mode 0400 there would
 * block another member who stores the same bytes, and its name would reveal that they are present. So there are
 * two places: a get searches the user's private one first, where nobody else can put a file, and then the
 * shared one. The same bytes may be in both, and in those of several users.
 */
#ifndef BN_STORE__PRIVATE_H
#define BN_STORE__PRIVATE_H
#include "core/base/dir.h"
#include "core/store/object/object.h"

enum { BN_PRIVATE_DIR = 32, BN_PRIVATE_FILE = 0400 };

/* "objects/private-UID" of the user of this process, for a handle of the workspace. */
const char *bn_private_dir(const bn_env *env, char buf[BN_PRIVATE_DIR]);
/* The object's name there, whether it exists or not. */
const char *bn_private_name(const bn_env *env, const char *hash, char buf[BN_OBJECT_NAME]);
/* Whether the directory exists and is owned by the user: one that another user has created under this name is
 * ignored. */
bool bn_private_is_here(const bn_dir *root);
/* When a user had no such directory (monotonic; 0: had one, or not known), and who. */
typedef struct bn_private_memory {
	_Atomic int64_t none_ns;
	_Atomic uid_t uid;
} bn_private_memory;

/* Whether the user has that object there. Most users have no such directory: that is remembered for a second, since a page
 * of the workbench reads dozens of objects. A caller that then does not find the object among the shared ones sets none_ns
 * to 0 and asks again. */
bool bn_private_has(const bn_dir *root, const char *hash, bn_private_memory *m);
/* Creates it, and corrects the mode of one that others can read. BN_EREFUSED if another user owns it. */
int bn_private_make(const bn_dir *root, bn_err *err);

#endif
