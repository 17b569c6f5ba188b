/* file_out.c - see file_out.h. */
#include "core/base/file_out.h"

#include "core/base/_fs.h"
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE (256u << 10)

struct bn_file_out {
	const bn_env *env;
	char *path;    /* NULL: nameless */
	char *tmp;     /* NULL if there is no file of that name (any more) */
	bool in_place; /* path is a device or a pipe */
	int fd;
};

static const char *shown(const bn_file_out *f)
{
	return f->path ? f->path : "a temporary file";
}

static char *temporary_name(const bn_env *env, const char *path, uint64_t tag)
{
	const char *dir = bn_env_get(env, "TMPDIR");
	unsigned long long t = (unsigned long long)tag;
	if (path)
		return bn_strf("%s.%016llx.tmp", path, t);
	return bn_strf("%s/binnacle-%016llx", dir && *dir == '/' ? dir : "/tmp", t);
}

int bn_file_out_open(
	bn_file_out **out, const bn_env *env, const char *path, mode_t mode, bn_err *err)
{
	uint64_t tag = 0;
	int rc = 0;
	char *tmp = NULL;
	bn_file_out *f = bn_alloc_zeroed(1, sizeof *f);
	if (!f)
		return bn_err_nomem(err, "a file");
	f->env = env;
	f->fd = -1;
	if ((rc = bn_env_random(env, &tag, sizeof tag, err)) < 0)
		goto out;
	tmp = temporary_name(env, path, tag);
	if (!tmp || (path && !(f->path = bn_strdup(path)))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	f->in_place = path && bn_fs_is_device(env, path);
	if (f->in_place) {
		if ((rc = bn_fs_open_device(&f->fd, env, path, err)) < 0)
			goto out;
		*out = f;
		f = NULL;
		goto out;
	}
	int fd = env->fs->open(env, NULL, tmp, O_RDWR | O_CREAT | O_EXCL, path ? mode : 0600);
	if (fd < 0) {
		rc = bn_fs_error_named(err, -fd, "cannot create", path ? path : tmp);
		goto out;
	}
	f->fd = fd;
	if (path) {
		f->tmp = tmp;
		tmp = NULL;
	} else {
		env->fs->unlink(env, NULL, tmp);
	}
	*out = f;
	f = NULL;
out:
	bn_free(tmp);
	bn_file_out_free(f);
	return rc;
}

int bn_file_out_add(bn_file_out *f, const void *bytes, size_t n, bn_err *err)
{
	return bn_fs_write_all(f->env, f->fd, bytes, n, shown(f), err);
}

int bn_file_out_restart(bn_file_out *f, bn_err *err)
{
	if (f->in_place)
		return 0;
	int e = f->env->fs->ftruncate(f->env, f->fd, 0);
	if (e < 0)
		return bn_fs_error_named(err, -e, "cannot empty", shown(f));
	if (lseek(f->fd, 0, SEEK_SET) < 0)
		return bn_err_set(err, BN_EIO, "cannot rewrite '%s'", shown(f));
	return 0;
}

int bn_file_out_read(bn_file_out *f,
	int (*give)(void *user, const void *bytes, size_t n, bn_err *err), void *user, bn_err *err)
{
	char *piece = bn_alloc(PIECE);
	size_t got = 1;
	int rc = 0;
	if (!piece)
		return bn_err_nomem(err, "a file");
	for (off_t at = 0; got; at += (off_t)got) {
		if ((rc = bn_fs_read_at(f->env, f->fd, piece, PIECE, at, &got, shown(f), err)) < 0)
			goto out;
		if (got && (rc = give(user, piece, got, err)) < 0)
			goto out;
	}
out:
	bn_free(piece);
	return rc;
}

int bn_file_out_fd(const bn_file_out *f)
{
	return f->fd;
}

static int finish_named(bn_file_out *f, const char *dir, bn_err *err)
{
	const bn_env *env = f->env;
	int e = bn_fs_put_in_place(env, NULL, f->tmp, NULL, f->path);
	if (e < 0)
		return bn_fs_error_named(err, -e, "cannot put in place", f->path);
	bn_free(f->tmp);
	f->tmp = NULL;
	e = env->fs->sync_dir(env, NULL, dir);
	return e < 0 ? bn_fs_error_named(err, -e, "cannot sync the directory of", f->path) : 0;
}

int bn_file_out_finish(bn_file_out *f, bn_err *err)
{
	const bn_env *env = f->env;
	int e = env->fs->fsync(env, f->fd);
	if (e < 0 && !(f->in_place && e == -EINVAL)) /* a pipe cannot be synced */
		return bn_fs_error_named(err, -e, "cannot sync", f->path);
	e = env->fs->close(env, f->fd);
	f->fd = -1;
	if (e < 0)
		return bn_fs_error_named(err, -e, "cannot close", f->path);
	if (f->in_place)
		return 0;
	char *dir =
		bn_path_dir(f->path); /* allocate first, so that a failure leaves nothing behind */
	if (!dir)
		return bn_err_nomem(err, "a file name");
	int rc = finish_named(f, dir, err);
	bn_free(dir);
	return rc;
}

void bn_file_out_free(bn_file_out *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		f->env->fs->close(f->env, f->fd);
	if (f->tmp)
		f->env->fs->unlink(f->env, NULL, f->tmp);
	bn_free(f->tmp);
	bn_free(f->path);
	bn_free(f);
}
