/*
 * dir.h - directory handles, and files below them that are reached without following links.
 *
 * A workspace is in a directory that others may write to. At any moment a name in it may be replaced
 * by a link to a private key, or by a pipe that has no writer. So everything below such a directory
 * is opened, renamed, linked, listed and removed through a directory handle: the path is relative to
 * it ("log/ann@node-1a2b-0/open.seg"), no component may be a symbolic link or lead out of the
 * directory, and only regular files are opened as files. A link gives BN_EREFUSED.
 *
 * Paths that the user named (a CSV file, an export's target) may be links: core/base/fs.h.
 *
 * The caller that opened a handle owns it; any thread may use it. The env must outlive it.
 */
#ifndef BN_BASE_DIR_H
#define BN_BASE_DIR_H
#include "core/base/fs.h"

struct bn_dir {
	const bn_env *env;
	int fd;     /* opened with O_RDONLY | O_DIRECTORY */
	char *path; /* the path it was opened by, for messages and for libraries that need a path */
};

/* Opens a directory that the user named; links in path are followed. BN_ENOTFOUND. The caller owns
 * *out. */
int bn_dir_open(bn_dir **out, const bn_env *env, const char *path, bn_err *err);
/* Opens a directory below another. BN_ENOTFOUND; BN_EREFUSED when a component is a link. */
int bn_dir_open_below(bn_dir **out, const bn_dir *at, const char *name, bn_err *err);
void bn_dir_close(bn_dir *d); /* NULL is fine */
/* The path of a name below the directory, for messages. The caller frees it with bn_free; NULL if
 * out of memory. */
char *bn_dir_join(const bn_dir *at, const char *name);
bool bn_dir_is_network(const bn_dir *d); /* as bn_fs_is_network, for the handle's file system */
/* BN_EREFUSED unless this user owns the directory and nobody else may write to it. */
int bn_dir_check_private(const bn_dir *d, bn_err *err);
/* The free space for this user on that file system. False if it is not known. */
bool bn_dir_free_bytes(const bn_dir *d, uint64_t *bytes);

/* ---- files ---------------------------------------------------------------------------------- */

/* Opens a regular file; never blocks, even on a pipe. flags as in open(2); a file created by O_CREAT has
 * exactly this mode, regardless of the umask. BN_ENOTFOUND, BN_EREFUSED for a link, BN_ECORRUPT for
 * anything else that is not a regular file. */
int bn_dir_open_file(
	int *fd, const bn_dir *at, const char *name, int flags, mode_t mode, bn_err *err);
/* The same, and what it is, as when it was opened. */
int bn_dir_open_look(int *fd, struct stat *st, const bn_dir *at, const char *name, int flags,
	mode_t mode, bn_err *err);
int bn_dir_read_file(
	const bn_dir *at, const char *name, bn_buf *b, bn_err *err); /* appends; 1 GiB at most */
/* Durable and atomic, as bn_fs_write_file; mode is set regardless of the umask. */
int bn_dir_write_file(
	const bn_dir *at, const char *name, const void *bytes, size_t n, mode_t mode, bn_err *err);

/*
 * For an open file: at and name, as given when it was opened, are for the message, which names the whole path.
 * With at NULL, name is a path that the user named.
 */
/* "DOING 'path': why", as the functions here report it; errnum > 0. BN_EREFUSED for a link,
 * BN_ENOTFOUND for a missing file, otherwise BN_EIO. */
int bn_dir_error(bn_err *err, int errnum, const char *doing, const bn_dir *at, const char *name);
int bn_dir_write_all(const bn_env *env, const bn_dir *at, const char *name, int fd,
	const void *bytes, size_t n, bn_err *err); /* as bn_fs_write_all */
int bn_dir_read_at(const bn_env *env, const bn_dir *at, const char *name, int fd, void *bytes,
	size_t n, off_t from, size_t *got, bn_err *err); /* as bn_fs_read_at */
int bn_dir_sync_file(
	const bn_env *env, const bn_dir *at, const char *name, int fd, bn_err *err); /* fsync */

/* ---- names ---------------------------------------------------------------------------------- */

/* Does not follow a link. BN_ENOTFOUND. */
int bn_dir_stat(const bn_dir *at, const char *name, struct stat *st, bn_err *err);
/* What the name is (core/base/fs.h); BN_EREFUSED if any component is a link. */
int bn_dir_look(bn_path_kind *out, const bn_dir *at, const char *name, bn_err *err);
/* Also returns false when the system cannot tell. */
bool bn_dir_has(const bn_dir *at, const char *name);
/* Creates a directory and its missing parents, durably. Directories created by this call get
 * exactly this mode, regardless of the umask. An existing directory is fine. */
int bn_dir_make(const bn_dir *at, const char *name, mode_t mode, bn_err *err);
int bn_dir_rename(
	const bn_dir *at, const char *from, const bn_dir *to_at, const char *to, bn_err *err);
/* Creates a second name for a file that is never changed, durably: a hard link, or a copy (with the limit of
 * bn_dir_read_file) if the file system does not support links. */
int bn_dir_link(
	const bn_dir *at, const char *from, const bn_dir *to_at, const char *to, bn_err *err);
/* The target of a symbolic link, as text: nothing is followed. False if it is none, or too long for target[size]. */
bool bn_dir_read_link(const bn_dir *at, const char *name, char *target, size_t size);
/* Creates a symbolic link with that target. BN_ECONFLICT if something has the name. */
int bn_dir_symlink(const bn_dir *at, const char *name, const char *target, bn_err *err);
int bn_dir_unlink(const bn_dir *at, const char *name, bn_err *err); /* a missing one is fine */
/* fsync of the directory `name` below at; name NULL means at itself. */
int bn_dir_sync(const bn_dir *at, const char *name, bn_err *err);
/* Adds the entries of directory `name` (NULL: at itself) in byte order. BN_ENOTFOUND. */
int bn_dir_list(const bn_dir *at, const char *name, bn_names *names, bn_err *err);
/* Removes a file, a link, or a whole tree; a missing one is fine. */
int bn_dir_remove_tree(const bn_dir *at, const char *name, bn_err *err);

#endif
