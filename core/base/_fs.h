/* _fs.h - shared by fs.c, dir.c and settings.c. */
#ifndef BN_BASE__FS_H
#define BN_BASE__FS_H
#include "core/base/fs.h"

/* "DOING 'path': why". A forbidden symbolic link gives BN_EREFUSED, ENOENT gives BN_ENOTFOUND. */
int bn_fs_error(bn_err *err, int errnum, const char *doing, const char *path);
/* The same for a path that the user named, where links are followed and may form a loop. */
int bn_fs_error_named(bn_err *err, int errnum, const char *doing, const char *path);
/* The bodies of bn_fs_write_all and bn_fs_read_at; 0 or -errno. */
int bn_fs_put(const bn_env *env, int fd, const void *bytes, size_t n);
int bn_fs_get(const bn_env *env, int fd, void *bytes, size_t n, off_t at, size_t *got);
/* Appends the content of an open regular file from its start, up to a limit even if the file grows
 * meanwhile. BN_EINVAL if it is larger, or not a regular file (which may never end). */
int bn_fs_read_rest(
	const bn_env *env, int fd, const char *path, uint64_t most, bn_buf *b, bn_err *err);
/* The body of bn_fs_write_file and bn_dir_write_file; exact: a mode to set, or NULL to leave it to
 * the umask. */
int bn_fs_write_durable(const bn_env *env, const bn_dir *at, const char *path, const char *shown,
	const void *bytes, size_t n, const mode_t *exact, mode_t mode, bn_err *err);
/* Renames, and 0 or -errno. Over NFS the reply may be lost and the retry answered with ENOENT, or the server cut off
 * after doing the work: it is not an error if the file that was at `from` is now at `to`. at and to_at may be NULL. */
int bn_fs_put_in_place(
	const bn_env *env, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to);
/* Maps what stat returned (0 or -errno) to the result of bn_fs_look and bn_dir_look. */
int bn_fs_look_at(bn_path_kind *out, int e, const struct stat *st, const char *path, bn_err *err);
/* Takes ownership of fd, a directory, even on failure. */
int bn_fs_list_open(int fd, const char *path, bn_names *names, bn_err *err);
void bn_names_sort(bn_names *names, size_t first); /* from items[first] on, in byte order */
bool bn_fs_is_network_open(int fd);
/* The rule of bn_fs_distrust for a file that may be owned by root and the n others. */
const char *bn_fs_distrust_owners(const bn_env *env, int fd, const uid_t *others, size_t n);
char *bn_path_dir(const char *path); /* its directory part; caller frees */

/* fs_real.c: what the system answers. */
unsigned long bn_fs_magic(const char *path); /* of the file system there; 0 unknown */
unsigned long bn_fs_magic_open(int fd);
int bn_fs_working_dir(char *path, size_t size);      /* 0 or -errno */
int bn_fs_real_path(const char *path, char *out);    /* PATH_MAX bytes; 0 or -errno */
ssize_t bn_fs_program_path(char *path, size_t size); /* bytes, or -errno */

#endif
