/* held.c - see held.h. */
#include "core/store/object/held.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/index/place.h"
#include "core/store/object/_object.h"
#include "core/store/object/verify_once.h"

#include <fcntl.h>
#include <inttypes.h>

/* An unlinked file in a private directory of this user. *path is for messages; the caller frees it. */
static int nameless_file(int *fd, char **path, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *parent = NULL;
	uint64_t tag;
	int rc = bn_env_random(env, &tag, sizeof tag, err);
	if (rc < 0 || (rc = bn_index_place_files(&parent, env, bn_workspace_root(ws),
			       bn_workspace_id(ws), "held", err)) < 0)
		return rc;
	*path = bn_strf("%s/%016" PRIx64, parent, tag);
	bn_free(parent);
	if (!*path)
		return bn_err_nomem(err, "a path");
	*fd = env->fs->open(env, NULL, *path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (*fd < 0)
		return bn_err_sys(err, BN_EIO, -*fd, "cannot create '%s'", *path);
	int e = env->fs->unlink(env, NULL, *path);
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot unlink '%s'", *path) : 0;
}

static int copy_hold(int *fd, bn_workspace *ws, const char *hash, const bn_progress *progress,
	const char *what, bn_err *err)
{
	char *path = NULL;
	int rc = nameless_file(fd, &path, ws, err);
	if (rc < 0)
		goto out;
	rc = bn_object_pass(ws, hash, *fd, path, progress, what, err);
out:
	bn_free(path);
	return rc;
}

/* Whether this user owns the open file, and nobody else may write to it. */
static bool is_own(const bn_env *env, int fd)
{
	struct stat st;
	return env->fs->fstat(env, fd, &st) == 0 && st.st_uid == env->uid(env) &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

int bn_object_hold(int *out, bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(ws);
	const bn_env *env = bn_workspace_env(ws);
	char name[BN_OBJECT_NAME];
	int fd = -1, rc = bn_object_file(ws, hash, name, err);
	if (rc < 0 || (rc = bn_dir_open_file(&fd, at, name, O_RDONLY, 0, err)) < 0)
		return rc;
	/* Hashes the open file: a user who may rename there can swap the name to another file and back. */
	if (is_own(env, fd)) {
		rc = bn_object_verify_open(ws, cache, hash, fd, progress, what, err);
		goto out;
	}
	env->fs->close(env, fd);
	fd = -1;
	rc = copy_hold(&fd, ws, hash, progress, what, err);
out:
	if (rc >= 0)
		*out = fd;
	else if (fd >= 0)
		env->fs->close(env, fd);
	return rc;
}
