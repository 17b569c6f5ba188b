/* access_file.c - see _access_file.h. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/serve/_access_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>

#define PIECE ((size_t)4096) /* POSIX's pipes take so much at once or nothing */
#define POLL_MS 100
#define FLAGS (O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK)

/* ---- opening -------------------------------------------------------------------------------- */

static int refuse(const bn_access_file *f, const char *why, const char *hint, bn_err *err)
{
	bn_err_set(err, BN_EREFUSED, "access log '%s': %s", f->path, why);
	bn_err_hint(err, "%s", hint);
	return BN_EREFUSED;
}

/* Whether an existing file may be continued. */
static int judge(const bn_access_file *f, const struct stat *st, bn_err *err)
{
	if (!S_ISREG(st->st_mode))
		return refuse(f, "it is neither a file nor a device",
			"name a file, or - for standard output", err);
	if (st->st_uid != f->env->uid(f->env))
		return refuse(f, "the file belongs to another user", "name another file", err);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return refuse(f, "others may write to the file", "chmod go-w makes it yours", err);
	return 0;
}

static int take(bn_access_file *f, int fd, bool is_new, bn_err *err)
{
	struct stat st;
	const bn_env *env = f->env;
	int e = is_new ? env->fs->fchmod(env, fd, 0600) : 0, rc = 0;
	if (e >= 0)
		e = env->fs->fstat(env, fd, &st);
	if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot open access log '%s'", f->path);
	else
		rc = judge(f, &st, err);
	if (rc < 0) {
		env->fs->close(env, fd);
		return rc;
	}
	f->fd = fd;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->size = st.st_size;
	return 0;
}

/* first: the path is the user's, and may be a link. Later, something else may have taken the place of the file. */
static int open_path(bn_access_file *f, bool first, bn_err *err)
{
	const bn_env *env = f->env;
	int fd = env->fs->open(env, NULL, f->path, FLAGS | O_CREAT | O_EXCL, 0600);
	bool is_new = fd >= 0;
	if (fd == -EEXIST)
		fd = env->fs->open(env, NULL, f->path, FLAGS | (first ? 0 : O_NOFOLLOW), 0);
	if (fd < 0)
		return bn_err_sys(err, fd == -ENOENT ? BN_ENOTFOUND : BN_EIO, -fd,
			"cannot open access log '%s'", f->path);
	return take(f, fd, is_new, err);
}

int bn_access_file_open(bn_access_file *f, const char *path, bn_err *err)
{
	f->is_device = f->is_borrowed = !path;
	if (!path)
		return 0;
	f->fd = -1;
	if (!(f->path = bn_strdup(path)))
		return bn_err_nomem(err, "a path");
	f->is_device = bn_fs_is_device(f->env, f->path);
	if (f->is_device)
		return bn_fs_open_device(&f->fd, f->env, f->path, err);
	return open_path(f, true, err);
}

void bn_access_file_forget(bn_access_file *f)
{
	if (f->is_device || f->fd < 0)
		return;
	f->env->fs->close(f->env, f->fd);
	f->fd = -1;
}

void bn_access_file_release(bn_access_file *f)
{
	if (f->fd >= 0 && !f->is_borrowed)
		f->env->fs->close(f->env, f->fd);
	f->fd = -1;
	bn_free(f->path);
	f->path = NULL;
}

/* ---- rotating ------------------------------------------------------------------------------- */

static int rename_kept(const bn_access_file *f, int from)
{
	const bn_env *env = f->env;
	char *old = from ? bn_strf("%s.%d", f->path, from) : bn_strdup(f->path);
	char *new = bn_strf("%s.%d", f->path, from + 1);
	int e = old && new ? env->fs->rename(env, NULL, old, NULL, new) : -ENOMEM;
	bn_free(old);
	bn_free(new);
	return e == -ENOENT ? 0 : e;
}

static int rotate(bn_access_file *f, bn_err *err)
{
	const bn_env *env = f->env;
	int e = 0;
	for (int i = f->keep - 1; i >= 0 && e >= 0; i--)
		e = rename_kept(f, i);
	if (!f->keep)
		e = env->fs->unlink(env, NULL, f->path);
	if (e < 0 && e != -ENOENT)
		return bn_err_sys(err, BN_EIO, -e, "cannot rotate access log '%s'", f->path);
	bn_access_file_forget(f);
	return open_path(f, false, err);
}

/* Opens the path again if it no longer leads to the open file; its size may have shrunk. */
static int look_at_path(bn_access_file *f, bn_err *err)
{
	struct stat st;
	const bn_env *env = f->env;
	if (f->fd >= 0 && (env->fs->stat(env, NULL, f->path, &st) < 0 || st.st_dev != f->dev ||
				  st.st_ino != f->ino))
		bn_access_file_forget(f);
	if (f->fd < 0)
		return open_path(f, false, err);
	f->size = st.st_size;
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static uint64_t count_lines(const char *text, size_t n)
{
	uint64_t lines = 0;
	for (const char *end = text + n; text < end; text++)
		lines += *text == '\n';
	return lines;
}

/* The bytes of as many whole lines as fit into `most`, but at least of one. */
static size_t whole_lines(const char *lines, size_t n, size_t most)
{
	const char *end = n > most ? memrchr(lines, '\n', most) : lines + n - 1;
	if (!end)
		end = memchr(lines, '\n', n);
	return end ? (size_t)(end - lines) + 1 : n;
}

static int write_failed(const bn_access_file *f, int e, bn_err *err)
{
	return bn_err_sys(err, BN_EIO, -e, "cannot write access log '%s'",
		f->path ? f->path : "standard output");
}

/* A file: what a failed write leaves of a line is cut off again. */
static int put_file(
	bn_access_file *f, const char *lines, size_t n, uint64_t *done, bn_err *err)
{
	const bn_env *env = f->env;
	size_t at = 0;
	ssize_t put = 0;
	while (at < n) {
		put = env->fs->write(env, f->fd, lines + at, n - at);
		if (put == -EINTR)
			continue;
		if (put <= 0)
			break;
		at += (size_t)put;
	}
	const char *end = at ? memrchr(lines, '\n', at) : NULL;
	size_t whole = end ? (size_t)(end - lines) + 1 : 0;
	*done += count_lines(lines, whole);
	f->size += (int64_t)whole;
	if (at == n)
		return 0;
	struct stat st;
	if (env->fs->fstat(env, f->fd, &st) == 0 && st.st_size > f->size)
		env->fs->ftruncate(env, f->fd, f->size);
	return write_failed(f, put ? (int)put : -EIO, err);
}

static int put_rotated(
	bn_access_file *f, const char *lines, size_t n, uint64_t *done, bn_err *err)
{
	int rc = look_at_path(f, err);
	while (rc == 0 && n) {
		int64_t room = f->max_bytes ? f->max_bytes - f->size : INT64_MAX;
		size_t some = whole_lines(lines, n, room > 0 ? (size_t)room : 0);
		if ((int64_t)some > room && f->size > 0) {
			rc = rotate(f, err);
			continue;
		}
		rc = put_file(f, lines, some, done, err);
		lines += some;
		n -= some;
	}
	return rc;
}

static bool is_over(const bn_access_file *f)
{
	int64_t end = atomic_load(f->give_up_ns);
	return end && bn_env_monotonic_ns(f->env) > end;
}

/* 0 when it takes bytes; -errno. */
static int wait_for_device(const bn_access_file *f)
{
	for (;;) {
		struct pollfd p = {f->fd, POLLOUT, 0};
		int n = poll(&p, 1, POLL_MS);
		if (n > 0)
			return p.revents & POLLOUT ? 0 : -EPIPE;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (is_over(f))
			return -ETIMEDOUT;
	}
}

/* A pipe may be full, and its reader slow. What a failed write left of a line is ended before the next one. */
static int put_device(
	bn_access_file *f, const char *lines, size_t n, uint64_t *done, bn_err *err)
{
	size_t at = 0;
	int e = 0;
	while (at < n && (e = wait_for_device(f)) >= 0) {
		bool mend = f->is_torn && at == 0;
		size_t some = mend ? 1 : whole_lines(lines + at, n - at, PIECE);
		ssize_t put = f->env->fs->write(f->env, f->fd, mend ? "\n" : lines + at, some);
		if (put == -EINTR || put == -EAGAIN)
			continue;
		if (put <= 0) {
			e = put ? (int)put : -EIO;
			break;
		}
		if (mend)
			f->is_torn = false;
		else
			at += (size_t)put;
	}
	*done = count_lines(lines, at);
	if (at)
		f->is_torn = lines[at - 1] != '\n';
	return at < n ? write_failed(f, e, err) : 0;
}

int bn_access_file_put(
	bn_access_file *f, const char *lines, size_t n, uint64_t *done, bn_err *err)
{
	*done = 0;
	return f->is_device ? put_device(f, lines, n, done, err)
			    : put_rotated(f, lines, n, done, err);
}
