/*
 * repo.h - a DVC repository: a directory that has ".dvc", opened for reading or, locked, for writing.
 *
 * A repository is somebody else's text: its files may name any path. Everything in it is reached below the handle of
 * its directory, so that no link in it leads elsewhere (core/base/dir.h). Outside of it only the cache (cache.h) and a
 * remote are written to.
 *
 * While DVC's lock is held (.dvc/tmp/lock), no DVC process of this host changes the repository, and no other of ours.
 * An output that a command of `dvc repro` is at work on (.dvc/tmp/rwlock) is busy. A repository with hardlink locks
 * (core.hardlink_lock) is only read.
 */
#ifndef BN_DVC_REPO_H
#define BN_DVC_REPO_H
#include "core/base/dir.h"
#include "core/base/progress.h"
#include "core/dvc/config.h"
#include "core/dvc/git.h"
#include "core/dvc/pointer.h"

typedef struct bn_dvc_repo {
	const bn_env *env;
	bn_dir *root; /* its path is absolute */
	bn_dvc_config config;
	bn_dvc_git *git; /* NULL: none */
	int lock;        /* -1: not locked */
} bn_dvc_repo;

/* path: of a file or directory in it, which need not exist. BN_ENOTFOUND if no directory above it has ".dvc";
 * BN_EINVAL for a wrong configuration. The caller owns *out. */
int bn_dvc_repo_open(bn_dvc_repo **out, const bn_env *env, const char *path, bn_err *err);
void bn_dvc_repo_close(bn_dvc_repo *r); /* unlocks; NULL is fine */

/* A path that the user named, relative to the repository; "" is its root. BN_EINVAL if it is not in it. */
int bn_dvc_repo_relative(char **out, const bn_dvc_repo *r, const char *path, bn_err *err);

/* Waits some seconds. BN_ECONFLICT if another process keeps it; BN_EUNSUPPORTED for hardlink locks. */
int bn_dvc_repo_lock(bn_dvc_repo *r, bn_err *err);
/* BN_ECONFLICT, with the command, if a process of this host is at work on path or on something in it. */
int bn_dvc_repo_check_free(const bn_dvc_repo *r, const char *path, bn_err *err);

/* ---- what is tracked -------------------------------------------------------------------------- */

/* A file that could not be read as what it is. */
typedef struct bn_dvc_problem {
	char *file;
	bn_err why;
} bn_dvc_problem;

typedef struct bn_dvc_tracked {
	bn_dvc_outs outs; /* by path */
	bn_dvc_problem *problems;
	size_t problem_count, problem_cap;
} bn_dvc_tracked;

/* Everything that .dvc and dvc.lock files of the repository name, except in files and directories that .dvcignore
 * or Git ignores, and inside of outputs. A file that is wrong is a problem, and does not stop the others. */
int bn_dvc_repo_tracked(
	bn_dvc_tracked *t, bn_dvc_repo *r, const bn_progress *progress, bn_err *err);
void bn_dvc_tracked_release(bn_dvc_tracked *t);
/* The output at path, or the directory output that path is in; NULL: not tracked. */
const bn_dvc_out *bn_dvc_tracked_at(const bn_dvc_tracked *t, const char *path);

#endif
