/*
 * git.h - what DVC asks Git: whether a file is ignored, and which commit is checked out. Read only, through libgit2.
 */
#ifndef BN_DVC_GIT_H
#define BN_DVC_GIT_H
#include "core/base/err.h"

#include <stdbool.h>

typedef struct bn_dvc_git bn_dvc_git;

/* root: of the DVC repository, which may be below Git's. *out is NULL if there is no Git repository, or none that this
 * user trusts (it belongs to another user). The caller owns *out. */
int bn_dvc_git_open(bn_dvc_git **out, const char *root, bn_err *err);
void bn_dvc_git_close(bn_dvc_git *g); /* NULL is fine */

/* path: below the root of the DVC repository. False with g NULL. */
bool bn_dvc_git_ignores(bn_dvc_git *g, const char *path, bool is_dir);
/* Whether Git tracks the path, or something in it. */
bool bn_dvc_git_tracks(bn_dvc_git *g, const char *path);
/* The commit that HEAD names, in hex; false: there is none. */
bool bn_dvc_git_head(bn_dvc_git *g, char hex[65]);

#endif
