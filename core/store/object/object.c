/*
 * object.c - content-addressed blobs: objects/ab/cdef..., named by their SHA-256.
 *
 * Invariant 1: what has a name under objects/ is complete and hashes to that name. Bytes go to
 * tmp/ first, are synced, made read-only, and only then renamed; the directory is synced before a
 * put returns. Storing something that is there already renews its modification time, from which gc
 * measures its retention, so that gc does not remove what an event is about to name.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 18 };

static char *object_dir(bn_workspace *ws, const char *hash)
{
	return bn_workspace_path(ws, "objects/%.2s", hash);
}

static char *object_name(bn_workspace *ws, const char *hash)
{
	return bn_workspace_path(ws, "objects/%.2s/%s", hash, hash + 2);
}

static int check_hash(const char *hash, bn_err *err)
{
	if (strlen(hash) == BN_SHA256_HEX && bn_is_hex(hash))
		return 0;
	return bn_err_set(err, BN_EINVAL, "'%.80s' is not the hash of an object", hash);
}

/* True when the object is there with that size; then it is durable and young again. */
static bool object_renew(bn_workspace *ws, const char *hash, const char *path, uint64_t size)
{
	struct stat st;
	bool ok = false;
	char *dir = object_dir(ws, hash);
	if (!dir || ws->env->fs->stat(ws->env, NULL, path, &st) < 0 || (uint64_t)st.st_size != size)
		goto out;
	/* Someone else's: a copy of our own replaces it, where that is allowed. Just removed by gc: it is
	 * stored anew. */
	if (utimensat(AT_FDCWD, path, NULL, 0) != 0 && (errno == ENOENT || access(dir, W_OK) == 0))
		goto out;
	ok = ws->env->fs->stat(ws->env, NULL, path, &st) == 0 &&
	     bn_fs_sync_dir(ws->env, dir, NULL) == 0;
out:
	bn_free(dir);
	return ok;
}

static int make_read_only(const bn_env *env, const char *file)
{
	int fd = env->fs->open(env, NULL, file, O_RDONLY, 0);
	if (fd < 0)
		return fd;
	int e = env->fs->fchmod(env, fd, 0444);
	env->fs->close(env, fd);
	return e;
}

/* Gives a finished file its name. It is synced already. */
static int object_publish(bn_workspace *ws, const char *file, const char *hash, bn_err *err)
{
	const bn_env *env = ws->env;
	char *dir = object_dir(ws, hash), *path = object_name(ws, hash);
	int rc = dir && path ? bn_fs_make_dirs(env, dir, 0777, err)
			     : bn_err_nomem(err, "a file name");
	if (!rc) {
		/* Another process may have made it and died before syncing objects/. */
		char *top = bn_workspace_path(ws, "objects");
		rc = top ? bn_fs_sync_dir(env, top, err) : bn_err_nomem(err, "a file name");
		bn_free(top);
	}
	int e = rc ? 0 : make_read_only(env, file);
	if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot make '%s' read-only", file);
	if (!rc && (e = env->fs->rename(env, NULL, file, NULL, path)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot rename '%s' to '%s'", file, path);
	if (!rc)
		rc = bn_fs_sync_dir(env, dir, err);
	bn_free(dir);
	bn_free(path);
	return rc;
}

static int sync_and_close(const bn_env *env, int fd, const char *path, int rc, bn_err *err)
{
	int e = rc ? 0 : env->fs->fsync(env, fd);
	if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", path);
	e = env->fs->close(env, fd);
	if (!rc && e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot close '%s'", path);
	return rc;
}

int bn_object_put(bn_workspace *ws, const void *bytes, size_t n, char hash[65], bn_err *err)
{
	const bn_env *env = ws->env;
	char *path = NULL, *tmp = NULL;
	int rc = 0;
	bn_sha256_hex(bytes, n, hash);
	if (!(path = object_name(ws, hash))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if (object_renew(ws, hash, path, n))
		goto out;
	if (!(tmp = bn_workspace_tmp_name(ws, "object", err))) {
		rc = BN_ENOMEM;
		goto out;
	}
	int fd = env->fs->open(env, NULL, tmp, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0) {
		rc = bn_err_sys(err, BN_EIO, -fd, "cannot create '%s'", tmp);
		goto out;
	}
	rc = bn_fs_write_all(env, fd, bytes, n, tmp, err);
	rc = sync_and_close(env, fd, tmp, rc, err);
	if (!rc)
		rc = object_publish(ws, tmp, hash, err);
	if (rc)
		env->fs->unlink(env, NULL, tmp);
out:
	bn_free(path);
	bn_free(tmp);
	return rc;
}

/* Copies in to out (either may be -1: then nothing is written), hashing on the way. */
static int copy_hash(const bn_env *env, int in, int out, const char *src, const char *tmp,
	char hash[65], uint64_t *size, bn_err *err)
{
	bn_hasher *h = NULL;
	uint8_t raw[BN_SHA256_BYTES];
	uint8_t *chunk = bn_alloc(CHUNK);
	int rc = chunk ? bn_hasher_new(&h, err) : bn_err_nomem(err, "copying a file");
	*size = 0;
	for (size_t got = CHUNK; !rc && got == CHUNK;) {
		rc = bn_fs_read_at(env, in, chunk, CHUNK, (off_t)*size, &got, src, err);
		if (rc)
			break;
		bn_hasher_add(h, chunk, got);
		*size += got;
		if (out >= 0)
			rc = bn_fs_write_all(env, out, chunk, got, tmp, err);
	}
	if (!rc) {
		bn_hasher_finish(h, raw);
		bn_hex(raw, sizeof raw, hash);
	}
	bn_hasher_free(h);
	bn_free(chunk);
	return rc;
}

/* Moves src itself in. 1 when that cannot be done and it must be copied. */
static int put_by_rename(
	bn_workspace *ws, const char *src, char hash[65], uint64_t *size, bn_err *err)
{
	const bn_env *env = ws->env;
	struct stat st, top;
	char *path = NULL, *tmp = NULL;
	int e, rc = 1, fd = env->fs->open(env, NULL, src, O_RDONLY, 0);
	if (fd < 0)
		return bn_err_sys(
			err, fd == -ENOENT ? BN_ENOTFOUND : BN_EIO, -fd, "cannot open '%s'", src);
	/* A second hard link, or another owner, could change the bytes afterwards. */
	if (env->fs->fstat(env, fd, &st) < 0 || env->fs->stat(env, NULL, ws->root, &top) < 0 ||
		!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_dev != top.st_dev ||
		st.st_uid != env->uid(env))
		goto out;
	if (!(tmp = bn_workspace_tmp_name(ws, "object", err))) {
		rc = BN_ENOMEM;
		goto out;
	}
	if (env->fs->rename(env, NULL, src, NULL, tmp) < 0)
		goto out;
	rc = copy_hash(env, fd, -1, tmp, tmp, hash, size, err);
	if (!rc && (e = env->fs->fsync(env, fd)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", src);
	if (!rc && !(path = object_name(ws, hash)))
		rc = bn_err_nomem(err, "a file name");
	if (!rc && object_renew(ws, hash, path, *size))
		env->fs->unlink(env, NULL, tmp);
	else if (!rc)
		rc = object_publish(ws, tmp, hash, err);
	if (rc)
		env->fs->rename(env, NULL, tmp, NULL, src);
out:
	env->fs->close(env, fd);
	bn_free(path);
	bn_free(tmp);
	return rc;
}

static int put_by_copy(
	bn_workspace *ws, const char *src, char hash[65], uint64_t *size, bn_err *err)
{
	const bn_env *env = ws->env;
	int rc = 0, in = -1, out = -1;
	char *path = NULL, *tmp = bn_workspace_tmp_name(ws, "object", err);
	if (!tmp)
		return BN_ENOMEM;
	if ((in = env->fs->open(env, NULL, src, O_RDONLY, 0)) < 0) {
		rc = bn_err_sys(
			err, in == -ENOENT ? BN_ENOTFOUND : BN_EIO, -in, "cannot open '%s'", src);
		goto out;
	}
	if ((out = env->fs->open(env, NULL, tmp, O_WRONLY | O_CREAT | O_EXCL, 0644)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -out, "cannot create '%s'", tmp);
		goto out;
	}
	rc = copy_hash(env, in, out, src, tmp, hash, size, err);
	rc = sync_and_close(env, out, tmp, rc, err);
	if (!rc && !(path = object_name(ws, hash)))
		rc = bn_err_nomem(err, "a file name");
	if (!rc && object_renew(ws, hash, path, *size))
		env->fs->unlink(env, NULL, tmp);
	else if (!rc)
		rc = object_publish(ws, tmp, hash, err);
	if (rc)
		env->fs->unlink(env, NULL, tmp);
out:
	if (in >= 0)
		env->fs->close(env, in);
	bn_free(path);
	bn_free(tmp);
	return rc;
}

int bn_object_put_file(
	bn_workspace *ws, const char *src, bool take, char hash[65], uint64_t *size, bn_err *err)
{
	uint64_t bytes = 0;
	int rc = take ? put_by_rename(ws, src, hash, &bytes, err) : 1;
	if (rc == 1) {
		rc = put_by_copy(ws, src, hash, &bytes, err);
		if (!rc && take)
			ws->env->fs->unlink(ws->env, NULL, src);
	}
	if (!rc && size)
		*size = bytes;
	return rc;
}

int bn_object_path(bn_workspace *ws, const char *hash, char **path, bn_err *err)
{
	int rc = check_hash(hash, err);
	if (rc)
		return rc;
	char *name = object_name(ws, hash);
	if (!name)
		return bn_err_nomem(err, "a file name");
	if (!bn_fs_exists(ws->env, name)) {
		bn_free(name);
		return bn_err_set(err, BN_ENOTFOUND, "object %.12s is not in this workspace", hash);
	}
	*path = name;
	return 0;
}

int bn_object_verify(bn_workspace *ws, const char *hash, bn_err *err)
{
	char found[65], *path = NULL;
	int rc = bn_object_path(ws, hash, &path, err);
	if (!rc)
		rc = bn_sha256_file(ws->env, path, found, NULL, err);
	if (!rc && strcmp(found, hash))
		rc = bn_err_set(err, BN_ECORRUPT, "object %.12s: its bytes hash to %.12s (%s)",
			hash, found, path);
	bn_free(path);
	return rc;
}
