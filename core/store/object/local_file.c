/*
 * local_file.c - storing a whole file in the local back end: moved in if requested and possible, else copied.
 * See local.c for what applies to both.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/object/_local.h"
#include "core/store/object/_object.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int open_source(int *fd, const bn_env *env, const bn_dir *at, const char *src, bn_err *err)
{
	if (at)
		return bn_dir_open_file(fd, at, src, O_RDONLY, 0, err);
	*fd = env->fs->open(env, NULL, src, O_RDONLY, 0);
	if (*fd >= 0)
		return 0;
	return bn_err_sys(
		err, *fd == -ENOENT ? BN_ENOTFOUND : BN_EIO, -*fd, "cannot open '%s'", src);
}

static int hash_file(const bn_env *env, const bn_dir *at, const char *name, int fd, char hash[65],
	uint64_t *size, bn_err *err)
{
	bn_hasher *h = NULL;
	uint8_t raw[BN_SHA256_BYTES];
	uint8_t *block = bn_alloc(BN_OBJECT_BLOCK);
	int rc = block ? bn_hasher_new(&h, err) : bn_err_nomem(err, "an object");
	*size = 0;
	if (rc < 0)
		goto out;
	for (size_t got = BN_OBJECT_BLOCK; got == BN_OBJECT_BLOCK; *size += got) {
		rc = bn_dir_read_at(
			env, at, name, fd, block, BN_OBJECT_BLOCK, (off_t)*size, &got, err);
		if (rc < 0)
			goto out;
		bn_hasher_add(h, block, got);
	}
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, hash);
out:
	bn_hasher_free(h);
	bn_free(block);
	return rc;
}

/* Through a second hard link, or as its owner, someone could change the bytes afterwards. */
static bool may_move_in(const local_store *s, const struct stat *st)
{
	struct stat top;
	return s->env->fs->stat(s->env, s->root, ".", &top) == 0 && S_ISREG(st->st_mode) &&
	       st->st_nlink == 1 && st->st_dev == top.st_dev && st->st_uid == s->env->uid(s->env);
}

/* Whether the file of that name in tmp/ is the open one. */
static bool is_same_file(const local_store *s, const char *tmp, const struct stat *open)
{
	struct stat st;
	return s->env->fs->stat(s->env, s->root, tmp, &st) == 0 && st.st_ino == open->st_ino &&
	       st.st_dev == open->st_dev;
}

/* Moves src itself in. 1 if that is not possible and it must be copied. */
static int put_by_rename(local_store *s, const bn_dir *at, const char *src, char hash[65],
	uint64_t *size, bn_err *err)
{
	const bn_env *env = s->env;
	struct stat st;
	char tmp[BN_OBJECT_NAME];
	int fd = -1, rc = open_source(&fd, env, at, src, err);
	if (rc < 0)
		return rc;
	if (env->fs->fstat(env, fd, &st) < 0 || !may_move_in(s, &st)) {
		rc = 1;
		goto out;
	}
	if ((rc = bn_local_tmp_name(s, tmp, err)) < 0)
		goto out;
	if (env->fs->rename(env, at, src, s->root, tmp) < 0) {
		rc = 1;
		goto out;
	}
	if (!is_same_file(s, tmp, &st))
		rc = bn_err_set(err, BN_ECONFLICT, "'%s%s%s' changed while it was stored",
			at ? at->path : "", at ? "/" : "", src);
	else if ((rc = hash_file(env, s->root, tmp, fd, hash, size, err)) == 0) {
		if (bn_local_renew(s, hash, *size))
			bn_dir_unlink(s->root, tmp, NULL);
		else if ((rc = bn_local_finish(s, fd, tmp, err)) == 0)
			rc = bn_local_publish(s, tmp, hash, err);
	}
	if (rc < 0)
		env->fs->rename(env, s->root, tmp, at, src);
out:
	env->fs->close(env, fd);
	return rc;
}

static int put_by_copy(local_store *s, const bn_dir *at, const char *src, char hash[65],
	uint64_t *size, bn_err *err)
{
	const bn_env *env = s->env;
	bn_object_writer *w = NULL;
	size_t got = BN_OBJECT_BLOCK;
	uint8_t *block = NULL;
	int fd = -1, rc = open_source(&fd, env, at, src, err);
	if (rc < 0)
		return rc;
	if (!(block = bn_alloc(BN_OBJECT_BLOCK)))
		rc = bn_err_nomem(err, "copying a file");
	if (rc < 0 || (rc = bn_object_writer_new(&w, &s->base, NULL, err)) < 0)
		goto out;
	for (off_t from = 0; got == BN_OBJECT_BLOCK; from += (off_t)got) {
		rc = bn_dir_read_at(env, at, src, fd, block, BN_OBJECT_BLOCK, from, &got, err);
		if (rc < 0 || (rc = bn_object_write(w, block, got, err)) < 0)
			goto out;
	}
	rc = bn_object_commit(w, hash, size, err);
out:
	bn_object_writer_free(w);
	bn_free(block);
	env->fs->close(env, fd);
	return rc;
}

int bn_object_put_file(
	bn_workspace *ws, const char *src, bool take, char hash[65], uint64_t *size, bn_err *err)
{
	return bn_object_put_below(ws, NULL, src, take, hash, size, err);
}

int bn_object_put_below(bn_workspace *ws, const bn_dir *at, const char *src, bool take,
	char hash[65], uint64_t *size, bn_err *err)
{
	bn_object_store *s = NULL;
	int rc = bn_workspace_objects(&s, ws, err);
	return rc < 0 ? rc : bn_object_put_below_in(s, at, src, take, hash, size, err);
}

int bn_object_put_below_in(bn_object_store *s, const bn_dir *at, const char *src, bool take,
	char hash[65], uint64_t *size, bn_err *err)
{
	const bn_env *env = ((local_store *)s)->env;
	uint64_t bytes = 0;
	int rc = bn_workspace_need_writable(((local_store *)s)->ws, err);
	if (rc < 0)
		return rc;
	rc = take ? put_by_rename((local_store *)s, at, src, hash, &bytes, err) : 1;
	if (rc == 1) {
		rc = put_by_copy((local_store *)s, at, src, hash, &bytes, err);
		if (rc >= 0 && take)
			env->fs->unlink(env, at, src);
	}
	if (rc < 0)
		return rc;
	if (size)
		*size = bytes;
	return 0;
}
