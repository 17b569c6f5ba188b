/* dir.c - see dir.h. fs_real.c makes sure that no link is followed. */
#include "core/base/dir.h"

#include "core/base/_fs.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MOST_BELOW \
	((uint64_t)1 << 30) /* limit for a file that is read whole: weights of a model, segments */

/* ---- handles -------------------------------------------------------------------------------- */

static int dir_new(bn_dir **out, const bn_env *env, const bn_dir *at, const char *path, bn_err *err)
{
	int rc = 0;
	bn_dir *d = bn_alloc_zeroed(1, sizeof *d);
	if (!d || !(d->path = at ? bn_path_join(at->path, path) : bn_strdup(path))) {
		bn_free(d);
		return bn_err_nomem(err, "a directory handle");
	}
	d->env = env;
	d->fd = env->fs->open(env, at, path, O_RDONLY | O_DIRECTORY, 0);
	if (d->fd < 0) {
		rc = at ? bn_fs_error(err, -d->fd, "cannot open the directory", d->path)
			: bn_fs_error_named(err, -d->fd, "cannot open the directory", d->path);
		bn_dir_close(d);
		return rc;
	}
	*out = d;
	return 0;
}

int bn_dir_open(bn_dir **out, const bn_env *env, const char *path, bn_err *err)
{
	return dir_new(out, env, NULL, path, err);
}

int bn_dir_open_below(bn_dir **out, const bn_dir *at, const char *name, bn_err *err)
{
	return dir_new(out, at->env, at, name, err);
}

void bn_dir_close(bn_dir *d)
{
	if (!d)
		return;
	if (d->fd >= 0)
		d->env->fs->close(d->env, d->fd);
	bn_free(d->path);
	bn_free(d);
}

char *bn_dir_join(const bn_dir *at, const char *name)
{
	return bn_path_join(at->path, name);
}

bool bn_dir_is_network(const bn_dir *d)
{
	return bn_fs_is_network_open(d->fd);
}

int bn_dir_check_private(const bn_dir *d, bn_err *err)
{
	const bn_env *env = d->env;
	struct stat st;
	int e = env->fs->fstat(env, d->fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", d->path);
	if (st.st_uid == env->uid(env) && !(st.st_mode & 022))
		return 0;
	bn_err_set(err, BN_EREFUSED, "'%s' is not a directory that only you can write to", d->path);
	if (st.st_uid == env->uid(env))
		bn_err_hint(err, "chmod go-w '%s'", d->path);
	return BN_EREFUSED;
}

int bn_dir_error(bn_err *err, int errnum, const char *doing, const bn_dir *at, const char *name)
{
	if (!at)
		return bn_fs_error_named(err, errnum, doing, name);
	char *path = bn_dir_join(at, name ? name : ".");
	int rc = bn_fs_error(err, errnum, doing, path ? path : name);
	bn_free(path);
	return rc;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Opens a file; if O_CREAT creates it, it gets exactly that mode. 1 if created, 0 if it existed, or
 * -errno. */
static int open_or_make(int *fd, const bn_dir *at, const char *name, int flags, mode_t mode)
{
	const bn_env *env = at->env;
	int tries = 100; /* another process keeps removing it */
	*fd = -ENOENT;
	if (!(flags & O_CREAT)) {
		*fd = env->fs->open(env, at, name, flags, 0);
		return *fd < 0 ? *fd : 0;
	}
	while (tries-- > 0) {
		if (!(flags & O_EXCL) &&
			(*fd = env->fs->open(env, at, name, flags & ~O_CREAT, 0)) != -ENOENT)
			return *fd < 0 ? *fd : 0;
		*fd = env->fs->open(env, at, name, flags | O_EXCL, mode);
		if (*fd >= 0)
			return 1;
		if (*fd != -EEXIST || (flags & O_EXCL))
			return *fd;
	}
	return *fd;
}

int bn_dir_open_file(
	int *fd, const bn_dir *at, const char *name, int flags, mode_t mode, bn_err *err)
{
	struct stat st;
	return bn_dir_open_look(fd, &st, at, name, flags, mode, err);
}

int bn_dir_open_look(int *fd, struct stat *st, const bn_dir *at, const char *name, int flags,
	mode_t mode, bn_err *err)
{
	const bn_env *env = at->env;
	int e, got, made = open_or_make(&got, at, name, flags | O_NONBLOCK, mode);
	if (made < 0)
		return bn_dir_error(
			err, -made, flags & O_CREAT ? "cannot create" : "cannot open", at, name);
	if ((e = env->fs->fstat(env, got, st)) < 0) {
		env->fs->close(env, got);
		return bn_dir_error(err, -e, "cannot stat", at, name);
	}
	if (!S_ISREG(st->st_mode)) {
		env->fs->close(env, got);
		return bn_err_set(
			err, BN_ECORRUPT, "'%s/%s' is not a regular file", at->path, name);
	}
	if (made && (st->st_mode & 07777) != mode && (e = env->fs->fchmod(env, got, mode)) < 0) {
		env->fs->close(env, got);
		env->fs->unlink(env, at, name);
		return bn_dir_error(err, -e, "cannot set the mode of", at, name);
	}
	*fd = got;
	return 0;
}

int bn_dir_write_all(const bn_env *env, const bn_dir *at, const char *name, int fd,
	const void *bytes, size_t n, bn_err *err)
{
	int e = bn_fs_put(env, fd, bytes, n);
	return e < 0 ? bn_dir_error(err, -e, "cannot write", at, name) : 0;
}

int bn_dir_read_at(const bn_env *env, const bn_dir *at, const char *name, int fd, void *bytes,
	size_t n, off_t from, size_t *got, bn_err *err)
{
	int e = bn_fs_get(env, fd, bytes, n, from, got);
	return e < 0 ? bn_dir_error(err, -e, "cannot read", at, name) : 0;
}

int bn_dir_sync_file(const bn_env *env, const bn_dir *at, const char *name, int fd, bn_err *err)
{
	int e = env->fs->fsync(env, fd);
	return e < 0 ? bn_dir_error(err, -e, "cannot sync", at, name) : 0;
}

int bn_dir_read_file(const bn_dir *at, const char *name, bn_buf *b, bn_err *err)
{
	int fd, rc = bn_dir_open_file(&fd, at, name, O_RDONLY, 0, err);
	if (rc)
		return rc;
	char *path = bn_dir_join(at, name);
	rc = path ? bn_fs_read_rest(at->env, fd, path, MOST_BELOW, b, err)
		  : bn_err_nomem(err, "a file name");
	bn_free(path);
	at->env->fs->close(at->env, fd);
	return rc;
}

int bn_dir_write_file(
	const bn_dir *at, const char *name, const void *bytes, size_t n, mode_t mode, bn_err *err)
{
	char *path = bn_dir_join(at, name);
	if (!path)
		return bn_err_nomem(err, "a file name");
	int rc = bn_fs_write_durable(at->env, at, name, path, bytes, n, &mode, mode, err);
	bn_free(path);
	return rc;
}

/* ---- names ---------------------------------------------------------------------------------- */

int bn_dir_stat(const bn_dir *at, const char *name, struct stat *st, bn_err *err)
{
	int e = at->env->fs->stat(at->env, at, name, st);
	return e < 0 ? bn_dir_error(err, -e, "cannot stat", at, name) : 0;
}

int bn_dir_look(bn_path_kind *out, const bn_dir *at, const char *name, bn_err *err)
{
	struct stat st;
	char *path = bn_dir_join(at, name);
	if (!path)
		return bn_err_nomem(err, "a file name");
	int e = at->env->fs->stat(at->env, at, name, &st);
	int rc = bn_fs_look_at(out, e < 0 || !S_ISLNK(st.st_mode) ? e : -ELOOP, &st, path, err);
	bn_free(path);
	return rc;
}

bool bn_dir_has(const bn_dir *at, const char *name)
{
	struct stat st;
	return at->env->fs->stat(at->env, at, name, &st) == 0;
}

/* Sets the mode of a newly created directory if the umask cleared some bits. */
static int mode_set(const bn_dir *at, const char *name, mode_t mode)
{
	const bn_env *env = at->env;
	struct stat st;
	int e = env->fs->stat(env, at, name, &st);
	if (e < 0 || (st.st_mode & 01777) == (mode & 01777))
		return e;
	int fd = env->fs->open(env, at, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	/* A set-group-ID bit inherited from the parent is kept. */
	e = env->fs->fchmod(env, fd, (mode & 01777) | (st.st_mode & 06000));
	env->fs->close(env, fd);
	return e;
}

static int is_dir_already(const bn_dir *at, const char *name)
{
	struct stat st;
	int e = at->env->fs->stat(at->env, at, name, &st);
	if (e < 0)
		return e;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int bn_dir_make(const bn_dir *at, const char *name, mode_t mode, bn_err *err)
{
	const bn_env *env = at->env;
	int e = is_dir_already(at, name);
	if (e == 0)
		return 0;
	if (e != -ENOENT)
		return e == -ENOTDIR
			       ? bn_err_set(err, BN_ECORRUPT,
					 "'%s/%s' is in the way of a directory", at->path, name)
			       : bn_dir_error(err, -e, "cannot make the directory", at, name);
	const char *slash = strrchr(name, '/');
	char *parent = slash ? bn_strndup(name, (size_t)(slash - name)) : NULL;
	if (slash && !parent)
		return bn_err_nomem(err, "a file name");
	int rc = parent ? bn_dir_make(at, parent, mode, err) : 0;
	if (rc < 0)
		goto out;
	e = env->fs->mkdir(env, at, name, mode);
	if (e == 0)
		e = mode_set(at, name, mode);
	else if (e == -EEXIST)
		e = is_dir_already(at, name);
	if (e < 0) {
		rc = bn_dir_error(err, -e, "cannot make the directory", at, name);
		goto out;
	}
	rc = bn_dir_sync(at, parent, err);
out:
	bn_free(parent);
	return rc;
}

int bn_dir_rename(
	const bn_dir *at, const char *from, const bn_dir *to_at, const char *to, bn_err *err)
{
	int e = bn_fs_put_in_place(at->env, at, from, to_at, to);
	return e < 0 ? bn_dir_error(err, -e, "cannot rename", at, from) : 0;
}

static int file_copy(
	const bn_dir *at, const char *from, const bn_dir *to_at, const char *to, bn_err *err)
{
	bn_buf bytes = BN_BUF_INIT;
	struct stat st;
	int rc;
	if ((rc = bn_dir_stat(at, from, &st, err)) < 0 ||
		(rc = bn_dir_read_file(at, from, &bytes, err)) < 0)
		goto out;
	rc = bn_dir_write_file(to_at, to, bytes.ptr, bytes.len, st.st_mode & 0777, err);
out:
	bn_buf_release(&bytes);
	return rc;
}

int bn_dir_link(
	const bn_dir *at, const char *from, const bn_dir *to_at, const char *to, bn_err *err)
{
	int e = at->env->fs->link(at->env, at, from, to_at, to);
	if (e == -EPERM || e == -EOPNOTSUPP || e == -ENOSYS || e == -EMLINK || e == -EXDEV)
		return file_copy(at, from, to_at, to, err);
	return e < 0 ? bn_dir_error(err, -e, "cannot link", at, from)
		     : bn_dir_sync(to_at, NULL, err);
}

int bn_dir_unlink(const bn_dir *at, const char *name, bn_err *err)
{
	int e = at->env->fs->unlink(at->env, at, name);
	return e < 0 && e != -ENOENT ? bn_dir_error(err, -e, "cannot remove", at, name) : 0;
}

int bn_dir_sync(const bn_dir *at, const char *name, bn_err *err)
{
	int e = at->env->fs->sync_dir(at->env, at, name ? name : ".");
	return e < 0 ? bn_dir_error(err, -e, "cannot sync the directory", at, name) : 0;
}

int bn_dir_list(const bn_dir *at, const char *name, bn_names *names, bn_err *err)
{
	int fd = at->env->fs->open(at->env, at, name ? name : ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return bn_dir_error(err, -fd, "cannot list", at, name);
	char *path = bn_dir_join(at, name ? name : ".");
	if (!path) {
		at->env->fs->close(at->env, fd);
		return bn_err_nomem(err, "a file name");
	}
	int rc = bn_fs_list_open(fd, path, names, err);
	bn_free(path);
	return rc;
}

static int tree_below(const bn_dir *at, const char *name, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_dir *d = NULL;
	int e, rc = bn_dir_open_below(&d, at, name, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_dir_list(d, NULL, &names, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++)
		if ((rc = bn_dir_remove_tree(d, names.items[i], err)) < 0)
			goto out;
	e = at->env->fs->rmdir(at->env, at, name);
	if (e < 0 && e != -ENOENT)
		rc = bn_dir_error(err, -e, "cannot remove", at, name);
out:
	bn_names_release(&names);
	bn_dir_close(d);
	return rc;
}

int bn_dir_remove_tree(const bn_dir *at, const char *name, bn_err *err)
{
	struct stat st;
	int e = at->env->fs->stat(at->env, at, name, &st);
	if (e == -ENOENT)
		return 0;
	if (e < 0)
		return bn_dir_error(err, -e, "cannot stat", at, name);
	return S_ISDIR(st.st_mode) ? tree_below(at, name, err) : bn_dir_unlink(at, name, err);
}

/* Declared in fs.h because the user named the path; the tree below it is removed through
 * handles. */
int bn_fs_remove_tree(const bn_env *env, const char *path, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_dir *at = NULL;
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	char *bare = bn_strndup(path, n), *parent = bare ? bn_path_dir(bare) : NULL;
	int rc = parent ? bn_dir_open(&at, env, parent, &why) : bn_err_nomem(&why, "a file name");
	if (rc == BN_ENOTFOUND)
		rc = 0;
	else if (rc < 0)
		rc = bn_err_move(err, &why);
	else
		rc = bn_dir_remove_tree(at, bn_path_base(bare), err);
	bn_dir_close(at);
	bn_free(parent);
	bn_free(bare);
	return rc;
}
