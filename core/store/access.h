/*
 * access.h - for whom a workspace is.
 *
 * init says it and writes it down in workspace.json ("access"); what is made below .binnacle later gets its mode
 * from that, never from the umask of the moment (core/store/modes.h has the modes).
 */
#ifndef BN_STORE_ACCESS_H
#define BN_STORE_ACCESS_H
#include "core/base/dir.h"

typedef enum bn_access {
	BN_ACCESS_OWNER,   /* its user writes; who gets as far as the directory may read: 0755 */
	BN_ACCESS_PRIVATE, /* its user's alone: 0700 */
	BN_ACCESS_GROUP, /* members of a group write and read, others see nothing; nobody removes, renames or
			    * replaces another's: 0770, sticky, and what is made in it is the group's */
} bn_access;

const char *bn_access_name(bn_access access); /* "owner", "private", "group" */
/* Of a directory to which everybody adds who may write to the workspace. */
mode_t bn_access_dir_mode(bn_access access);
/* What workspace.json says (name; NULL when it says nothing, or something unknown), else what the mode of root
 * says, as workspaces of earlier versions have it. */
int bn_access_find(bn_access *out, const bn_dir *root, const char *name, bn_err *err);

#endif
