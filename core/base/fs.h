/*
 * fs.h - files that a user named, and the table of system calls that change the disk.
 *
 * bn_fs_ops exists so that tests can fail, tear or kill at the n-th write, fsync or rename
 * (tests/support/faultfs.h) and can say who owns a file. Plain reads go through it too. All
 * functions in it return >= 0, or -errno.
 *
 * A function with `at` acts on a path below that directory handle (core/base/dir.h): the path is
 * relative, no component may be a symbolic link (-ELOOP) or lead out of the directory (-EXDEV).
 * With at NULL the path is one that the user named, and links in it are followed.
 *
 * The bn_fs_* functions below take paths that the user named; bn_dir_* of core/base/dir.h are their
 * twins for what lies below a directory that others may write to. "Durable" means: the data and the
 * directory entry have been fsynced, so they survive kill -9 and power loss.
 */
#ifndef BN_BASE_FS_H
#define BN_BASE_FS_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef struct bn_dir bn_dir; /* core/base/dir.h */

typedef struct bn_fs_ops {
	/* O_CLOEXEC is added */
	int (*open)(const bn_env *, const bn_dir *at, const char *path, int flags, mode_t mode);
	int (*close)(const bn_env *, int fd);
	ssize_t (*pread)(const bn_env *, int fd, void *bytes, size_t n, off_t at);
	ssize_t (*write)(const bn_env *, int fd, const void *bytes, size_t n);
	int (*fsync)(const bn_env *, int fd);
	/* A hint: bytes from .. from+n-1 will be synced, so writeback may start now. */
	void (*will_sync)(const bn_env *, int fd, off_t from, off_t n);
	int (*fchmod)(const bn_env *, int fd, mode_t mode);
	int (*fchown)(const bn_env *, int fd, uid_t uid, gid_t gid); /* -1: unchanged */
	int (*ftruncate)(const bn_env *, int fd, off_t size);
	int (*rename)(const bn_env *, const bn_dir *at, const char *from, const bn_dir *to_at,
		const char *to);
	int (*link)(const bn_env *, const bn_dir *at, const char *from, const bn_dir *to_at,
		const char *to);
	int (*unlink)(const bn_env *, const bn_dir *at, const char *path);
	int (*mkdir)(const bn_env *, const bn_dir *at, const char *path, mode_t mode);
	int (*rmdir)(const bn_env *, const bn_dir *at, const char *path);
	int (*sync_dir)(
		const bn_env *, const bn_dir *at, const char *path); /* fsync of a directory */
	/* lstat below a handle, stat for a path that the user named. */
	int (*stat)(const bn_env *, const bn_dir *at, const char *path, struct stat *st);
	int (*fstat)(const bn_env *, int fd, struct stat *st);
	int (*flock)(const bn_env *, int fd, int operation);
} bn_fs_ops;

extern const bn_fs_ops bn_fs_real;

/* For main: opens a placeholder for each closed standard stream, so that no other descriptor (a socket, a
 * pipe, one of a library) gets its number and receives what is printed. Reads and writes fail as before; a
 * program that we start finds the stream closed. */
void bn_fs_hold_streams(void);
/* Whether fd is such a placeholder: the stream was closed when the program started. */
bool bn_fs_is_held(int fd);

/* ---- whole files ---------------------------------------------------------------------------- */

/* Appends the file's bytes to b. BN_ENOTFOUND if it does not exist, BN_EINVAL if it is not a regular
 * file (a pipe, a device) or is larger than 64 MiB. */
int bn_fs_read_file(const bn_env *env, const char *path, bn_buf *b, bn_err *err);
/* Why an open file that decides for a user is not trusted, or NULL: it must be a regular file of at most
 * BN_FS_TRUSTED_BYTES that belongs to root or, unless roots_alone, to this user, and to which neither group nor
 * others may write. */
#define BN_FS_TRUSTED_BYTES (1 << 20)
const char *bn_fs_distrust(const bn_env *env, int fd, bool roots_alone);
/* Durable and atomic: temporary file beside path, fsync, rename over path, fsync of the
 * directory. An interrupted call leaves the old file (and perhaps a *.tmp). A device or a pipe is
 * written to directly. */
int bn_fs_write_file(
	const bn_env *env, const char *path, const void *bytes, size_t n, mode_t mode, bn_err *err);
/* Writes all n bytes at the file's position, handling short writes and EINTR. path is for the
 * message. */
int bn_fs_write_all(
	const bn_env *env, int fd, const void *bytes, size_t n, const char *path, bn_err *err);
/* Reads up to n bytes at offset; *got < n only at the end of the file. */
int bn_fs_read_at(const bn_env *env, int fd, void *bytes, size_t n, off_t at, size_t *got,
	const char *path, bn_err *err);

/* Takes an exclusive flock, retrying up to that many times with a pause, since readers hold a shared one only
 * briefly. 0, or -errno: -EWOULDBLOCK if another process keeps it. */
int bn_fs_lock(const bn_env *env, int fd, int tries, int64_t pause_ns);

/* ---- names and directories ------------------------------------------------------------------ */

/* What a path leads to. Absent means that the system says "no such file or directory"; a dead
 * mount, a disk error or a directory that may not be searched is an error instead. */
typedef enum bn_path_kind { BN_PATH_ABSENT, BN_PATH_FILE, BN_PATH_DIR, BN_PATH_OTHER } bn_path_kind;

/* Links in path are followed. BN_EIO with a hint when the system cannot tell. */
int bn_fs_look(bn_path_kind *out, const bn_env *env, const char *path, bn_err *err);
/* These also return false when the system cannot tell; use them only where a later call reports the
 * error. */
bool bn_fs_exists(const bn_env *env, const char *path);
bool bn_fs_is_dir(const bn_env *env, const char *path);
bool bn_fs_is_same(const bn_env *env, const char *a, const char *b); /* two names of one file */
/* Exists and is neither file nor directory: a device, a pipe, a socket; or a name of an open
 * descriptor (/dev/stdout, /dev/fd/3), whatever that refers to. */
bool bn_fs_is_device(const bn_env *env, const char *path);
/* Opens such a path for writing in place. BN_EREFUSED for a pipe or socket of another user, which may be a trap
 * that collects the output or blocks the writer. */
int bn_fs_open_device(int *fd, const bn_env *env, const char *path, bn_err *err);
int bn_fs_make_dirs(
	const bn_env *env, const char *path, mode_t mode, bn_err *err); /* mkdir -p, durable */
int bn_fs_sync_dir(const bn_env *env, const char *path, bn_err *err);
/* Removes a file or a whole tree; a missing path is fine. Does not follow symbolic links. */
int bn_fs_remove_tree(const bn_env *env, const char *path, bn_err *err);

typedef struct bn_names {
	char **items;
	size_t count, cap;
} bn_names;

#define BN_NAMES_INIT \
	{ \
		NULL, 0, 0 \
	}
void bn_names_release(bn_names *n);
int bn_names_add(bn_names *n, const char *name); /* copies; -1 if out of memory */
/* Adds the entries of a directory (without . and ..) in byte order. BN_ENOTFOUND if missing. */
int bn_fs_list_dir(const bn_env *env, const char *path, bn_names *names, bn_err *err);

/* The type of the file system that holds path, by statfs magic: "ext4", "nfs", "lustre", "ceph",
 * "fuse", "0x1234" ... The result is static, except for the last form, which is in buf. */
const char *bn_fs_type(const char *path, char buf[24]);
bool bn_fs_is_network(
	const char *path); /* NFS, CephFS, Lustre, GPFS, BeeGFS, SMB, AFS, FUSE, ... */

char *bn_path_join(const char *dir,
	const char *name); /* caller frees; an absolute name is kept; NULL if out of memory */
/* Relative to the working directory, without resolving links. The caller frees *out.
 * BN_ENOTFOUND if the working directory has been removed, BN_EIO if it cannot be reached. */
int bn_path_absolute(char **out, const char *path, bn_err *err);
/* The canonical path: absolute, with all links resolved. The caller frees *out. BN_ENOTFOUND; BN_EIO if
 * the system cannot tell. */
int bn_path_real(char **out, const char *path, bn_err *err);
const char *bn_path_base(const char *path); /* after the last '/', borrowed */

#endif
