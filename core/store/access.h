/*
 * access.h - who may use a workspace.
 *
 * init records it in workspace.json ("access"). What is created below .binnacle later gets its mode from that,
 * never from the current umask (core/store/modes.h has the modes).
 */
#ifndef BN_STORE_ACCESS_H
#define BN_STORE_ACCESS_H
#include "core/base/dir.h"

typedef enum bn_access {
	BN_ACCESS_OWNER, /* its user writes; everyone who can reach the directory may read: 0755 */
	BN_ACCESS_PRIVATE, /* its user only: 0700 */
	BN_ACCESS_GROUP, /* members of a group read and write, others see nothing; nobody can remove, rename
			    * or replace another member's files: 0770, sticky and set-group-ID */
} bn_access;

const char *bn_access_name(bn_access access); /* "owner", "private", "group" */
/* Mode of a directory to which all writers of the workspace add. */
mode_t bn_access_dir_mode(bn_access access);
/* The value in workspace.json (name; NULL if absent or unknown), else derived from the mode of root, as in
 * workspaces of earlier versions. */
int bn_access_find(bn_access *out, const bn_dir *root, const char *name, bn_err *err);

#endif
