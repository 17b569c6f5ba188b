/*
 * dir.h - directory handles, and files below them that are reached without following links.
 *
 * A workspace lies in a directory that others may write to. A name in it may have become a link to
 * somebody's private key a moment ago, or a pipe that nobody writes to. So everything below such a
 * directory is opened, renamed, linked, listed and removed through a handle of the directory: the
 * path is relative to it ("log/ann@node-1a2b-0/open.seg"), no component may be a symbolic link, none
 * leads out of the directory, and what is opened as a file is a regular file. A link is BN_EREFUSED.
 *
 * Paths that the user named (a CSV file, an export's target) may be links: core/base/fs.h.
 *
 * A handle belongs to whoever opened it; any thread may use it. The env must outlive it.
 */
#ifndef BN_BASE_DIR_H
#define BN_BASE_DIR_H
#include "core/base/fs.h"

struct bn_dir {
	const bn_env *env;
	int fd;     /* opened with O_RDONLY | O_DIRECTORY */
	char *path; /* as it was opened: for messages, and for libraries that want a path */
};

/* Opens a directory that the user named; links in path are followed. BN_ENOTFOUND. *out is yours. */
int bn_dir_open(bn_dir **out, const bn_env *env, const char *path, bn_err *err);
/* Opens a directory below another. BN_ENOTFOUND; BN_EREFUSED when a component is a link. */
int bn_dir_open_below(bn_dir **out, const bn_dir *at, const char *name, bn_err *err);
void bn_dir_close(bn_dir *d); /* NULL is fine */
/* The path of something below, for messages; yours (bn_free), NULL without memory. */
char *bn_dir_join(const bn_dir *at, const char *name);
bool bn_dir_is_network(const bn_dir *d); /* as bn_fs_is_network, of what the handle holds */
/* 0, or BN_EREFUSED unless the directory is this user's and nobody else may write to it. */
int bn_dir_check_private(const bn_dir *d, bn_err *err);
/* What this user may still write to that file system. False when it does not say. */
bool bn_dir_free_bytes(const bn_dir *d, uint64_t *bytes);

/* ---- files ---------------------------------------------------------------------------------- */

/* Opens a regular file; never waits (for a pipe's other end) while opening. flags as open(2);
 * what O_CREAT makes has mode whatever the umask is. BN_ENOTFOUND, BN_EREFUSED for a link, BN_ECORRUPT for
 * anything else that is no regular file. */
int bn_dir_open_file(
	int *fd, const bn_dir *at, const char *name, int flags, mode_t mode, bn_err *err);
int bn_dir_read_file(
	const bn_dir *at, const char *name, bn_buf *b, bn_err *err); /* appends; 1 GiB at most */
/* Durable and all or nothing, as bn_fs_write_file; mode is set whatever the umask is. */
int bn_dir_write_file(
	const bn_dir *at, const char *name, const void *bytes, size_t n, mode_t mode, bn_err *err);

/*
 * Of a file that is open: at and name, which were given when it was opened, are for the message, which names the
 * whole path. With at NULL, name is a path that the user named.
 */
/* "DOING 'path': why", as the functions here say it; errnum > 0. A link is BN_EREFUSED, what is gone
 * BN_ENOTFOUND, anything else BN_EIO. */
int bn_dir_error(bn_err *err, int errnum, const char *doing, const bn_dir *at, const char *name);
int bn_dir_write_all(const bn_env *env, const bn_dir *at, const char *name, int fd,
	const void *bytes, size_t n, bn_err *err); /* as bn_fs_write_all */
int bn_dir_read_at(const bn_env *env, const bn_dir *at, const char *name, int fd, void *bytes,
	size_t n, off_t from, size_t *got, bn_err *err); /* as bn_fs_read_at */
int bn_dir_sync_file(
	const bn_env *env, const bn_dir *at, const char *name, int fd, bn_err *err); /* fsync */

/* ---- names ---------------------------------------------------------------------------------- */

/* Of the thing itself, not of what a link leads to. BN_ENOTFOUND. */
int bn_dir_stat(const bn_dir *at, const char *name, struct stat *st, bn_err *err);
/* What lies there (core/base/fs.h); a link, or one on the way, is BN_EREFUSED. */
int bn_dir_look(bn_path_kind *out, const bn_dir *at, const char *name, bn_err *err);
/* Answers no as well when the system cannot tell. */
bool bn_dir_has(const bn_dir *at, const char *name);
/* Makes a directory and those above it that are missing; durable; mode is set, whatever the umask
 * is, on what this call made. A directory that is there already is fine. */
int bn_dir_make(const bn_dir *at, const char *name, mode_t mode, bn_err *err);
int bn_dir_rename(
	const bn_dir *at, const char *from, const bn_dir *to_at, const char *to, bn_err *err);
int bn_dir_unlink(const bn_dir *at, const char *name, bn_err *err); /* a missing one is fine */
/* fsync of the directory `name` below at; NULL is at itself. */
int bn_dir_sync(const bn_dir *at, const char *name, bn_err *err);
/* Adds the entries of directory `name` (NULL: of at itself), sorted by bytes. BN_ENOTFOUND. */
int bn_dir_list(const bn_dir *at, const char *name, bn_names *names, bn_err *err);
/* Removes a file, a link, or a whole tree; a missing one is fine. */
int bn_dir_remove_tree(const bn_dir *at, const char *name, bn_err *err);

#endif
