/* fs.c - see fs.h. */
#include "core/base/fs.h"

#include "core/base/_fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define MOST_NAMED \
	((uint64_t)64 << 20) /* limit for a file named by the user: specs, suites, keys, tokens */

/* ---- whole files ---------------------------------------------------------------------------- */

int bn_fs_read_at(const bn_env *env, int fd, void *bytes, size_t n, off_t at, size_t *got,
	const char *path, bn_err *err)
{
	int e = bn_fs_get(env, fd, bytes, n, at, got);
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot read '%s'", path) : 0;
}

int bn_fs_get(const bn_env *env, int fd, void *bytes, size_t n, off_t at, size_t *got)
{
	*got = 0;
	while (*got < n) {
		ssize_t k =
			env->fs->pread(env, fd, (char *)bytes + *got, n - *got, at + (off_t)*got);
		if (k == -EINTR)
			continue;
		if (k < 0)
			return (int)k;
		if (k == 0)
			break;
		*got += (size_t)k;
	}
	return 0;
}

const char *bn_fs_distrust_owners(const bn_env *env, int fd, const uid_t *others, size_t n)
{
	struct stat st;
	if (env->fs->fstat(env, fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "it is not a regular file";
	bool owned = st.st_uid == 0;
	for (size_t i = 0; i < n; i++)
		owned |= st.st_uid == others[i];
	if (!owned)
		return n ? "it belongs to another user" : "it does not belong to root";
	if (st.st_mode & 022)
		return "group or others may write to it (chmod go-w)";
	return st.st_size > BN_FS_TRUSTED_BYTES ? "it is larger than 1 MiB" : NULL;
}

const char *bn_fs_distrust(const bn_env *env, int fd, bool roots_alone)
{
	const uid_t own = env->uid(env);
	return bn_fs_distrust_owners(env, fd, &own, roots_alone ? 0 : 1);
}

static int too_large(const char *path, uint64_t most, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "'%s' is larger than %llu MiB", path,
		(unsigned long long)(most >> 20));
}

/* Only a regular file of at most that size may be read whole. */
static int check_whole(
	struct stat *st, const bn_env *env, int fd, const char *path, uint64_t most, bn_err *err)
{
	int e = env->fs->fstat(env, fd, st);
	if (e == 0 && S_ISDIR(st->st_mode))
		e = -EISDIR;
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot read '%s'", path);
	if (!S_ISREG(st->st_mode))
		return bn_err_set(err, BN_EINVAL, "'%s' is not a regular file", path);
	return (uint64_t)st->st_size > most ? too_large(path, most, err) : 0;
}

int bn_fs_read_rest(
	const bn_env *env, int fd, const char *path, uint64_t most, bn_buf *b, bn_err *err)
{
	struct stat st = {0};
	int rc = check_whole(&st, env, fd, path, most, err);
	if (rc < 0)
		return rc;
	for (off_t at = 0;;) {
		size_t want = at == 0 && st.st_size > 0 ? (size_t)st.st_size + 1 : 65536, got;
		if ((uint64_t)at > most)
			return too_large(path, most, err);
		if (bn_buf_reserve(b, want))
			return bn_err_nomem(err, path);
		rc = bn_fs_read_at(env, fd, b->ptr + b->len, want, at, &got, path, err);
		b->len += got;
		b->ptr[b->len] = '\0';
		at += (off_t)got;
		if (rc < 0 || got < want)
			return rc;
	}
}

int bn_fs_read_file(const bn_env *env, const char *path, bn_buf *b, bn_err *err)
{
	/* open() would block on a FIFO without a writer */
	int fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return bn_fs_error_named(err, -fd, "cannot open", path);
	int rc = bn_fs_read_rest(env, fd, path, MOST_NAMED, b, err);
	env->fs->close(env, fd);
	return rc;
}

int bn_fs_write_all(
	const bn_env *env, int fd, const void *bytes, size_t n, const char *path, bn_err *err)
{
	int e = bn_fs_put(env, fd, bytes, n);
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot write '%s'", path) : 0;
}

int bn_fs_put(const bn_env *env, int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	while (n) {
		ssize_t put = env->fs->write(env, fd, p, n);
		if (put == -EINTR)
			continue;
		if (put <= 0)
			return put ? (int)put : -EIO;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

int bn_fs_error(bn_err *err, int errnum, const char *doing, const char *path)
{
	if (errnum == ELOOP || errnum == EXDEV) {
		bn_err_set(err, BN_EREFUSED, "%s '%s': a component of the path is a symbolic link",
			doing, path);
		bn_err_hint(err, "links are not followed there: check who made it and remove it");
		return BN_EREFUSED;
	}
	return bn_fs_error_named(err, errnum, doing, path);
}

int bn_fs_error_named(bn_err *err, int errnum, const char *doing, const char *path)
{
	return bn_err_sys(err, errnum == ENOENT || errnum == ENOTDIR ? BN_ENOTFOUND : BN_EIO,
		errnum, "%s '%s'", doing, path);
}

char *bn_path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return bn_strdup(".");
	return slash == path ? bn_strdup("/") : bn_strndup(path, (size_t)(slash - path));
}

/* These name descriptors that are already open; a file behind one must not be replaced. */
static bool is_descriptor(const char *path)
{
	return bn_str_starts(path, "/dev/std") || bn_str_starts(path, "/dev/fd/") ||
	       bn_str_starts(path, "/proc/");
}

bool bn_fs_is_device(const bn_env *env, const char *path)
{
	struct stat st;
	if (is_descriptor(path))
		return true;
	return env->fs->stat(env, NULL, path, &st) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

int bn_fs_open_device(int *fd, const bn_env *env, const char *path, bn_err *err)
{
	struct stat st;
	if (!is_descriptor(path) && env->fs->stat(env, NULL, path, &st) == 0 &&
		(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) && st.st_uid != 0 &&
		st.st_uid != env->uid(env)) {
		char owner[64];
		env->user_name(env, st.st_uid, owner, sizeof owner);
		bn_err_set(
			err, BN_EREFUSED, "'%s' is not a file but a pipe owned by %s", path, owner);
		bn_err_hint(err, "its owner would receive the output: name another file");
		return BN_EREFUSED;
	}
	*fd = env->fs->open(env, NULL, path, O_WRONLY | O_APPEND, 0);
	return *fd < 0 ? bn_err_sys(err, BN_EIO, -*fd, "cannot open '%s'", path) : 0;
}

/* A device or a pipe must be written to: a rename would replace it with a file. */
static int write_in_place(
	const bn_env *env, const char *path, const void *bytes, size_t n, bn_err *err)
{
	int fd = -1, rc = bn_fs_open_device(&fd, env, path, err);
	if (rc < 0)
		return rc;
	rc = bn_fs_write_all(env, fd, bytes, n, path, err);
	int e = env->fs->close(env, fd);
	if (rc < 0)
		return rc;
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot close '%s'", path) : 0;
}

/* Writes, sets the mode if it must be exact, syncs and closes. Takes fd, even on failure. */
static int fill(const bn_env *env, int fd, const char *shown, const void *bytes, size_t n,
	const mode_t *exact, bn_err *err)
{
	int e, rc = bn_fs_write_all(env, fd, bytes, n, shown, err);
	if (rc < 0)
		goto out;
	if (exact && (e = env->fs->fchmod(env, fd, *exact)) < 0) {
		rc = bn_fs_error(err, -e, "cannot set the mode of", shown);
		goto out;
	}
	if ((e = env->fs->fsync(env, fd)) < 0)
		rc = bn_fs_error(err, -e, "cannot sync", shown);
out:
	e = env->fs->close(env, fd);
	if (rc < 0)
		return rc;
	return e < 0 ? bn_fs_error(err, -e, "cannot close", shown) : 0;
}

int bn_fs_put_in_place(
	const bn_env *env, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	struct stat was, is;
	bool known = env->fs->stat(env, at, from, &was) == 0;
	int e = env->fs->rename(env, at, from, to_at, to);
	if (e < 0 && known && env->fs->stat(env, to_at, to, &is) == 0 && is.st_ino == was.st_ino &&
		is.st_dev == was.st_dev)
		return 0;
	return e;
}

int bn_fs_write_durable(const bn_env *env, const bn_dir *at, const char *path, const char *shown,
	const void *bytes, size_t n, const mode_t *exact, mode_t mode, bn_err *err)
{
	int e, fd, rc = 0;
	uint64_t tag = 0;
	bool made = false;
	char *tmp = NULL, *dir = bn_path_dir(path);
	if ((rc = bn_env_random(env, &tag, sizeof tag, err)) < 0)
		goto out;
	tmp = bn_strf("%s.%016llx.tmp", path, (unsigned long long)tag);
	if (!tmp || !dir) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	fd = env->fs->open(env, at, tmp, O_WRONLY | O_CREAT | O_EXCL, mode);
	if (fd < 0) {
		rc = bn_fs_error(err, -fd, "cannot create", shown);
		goto out;
	}
	made = true;
	if ((rc = fill(env, fd, shown, bytes, n, exact, err)) < 0)
		goto out;
	if ((e = bn_fs_put_in_place(env, at, tmp, at, path)) < 0) {
		rc = bn_fs_error(err, -e, "cannot put in place", shown);
		goto out;
	}
	made = false;
	if ((e = env->fs->sync_dir(env, at, dir)) < 0)
		rc = bn_fs_error(err, -e, "cannot sync the directory of", shown);
out:
	if (made)
		env->fs->unlink(env, at, tmp);
	bn_free(tmp);
	bn_free(dir);
	return rc;
}

int bn_fs_write_file(
	const bn_env *env, const char *path, const void *bytes, size_t n, mode_t mode, bn_err *err)
{
	if (bn_fs_is_device(env, path))
		return write_in_place(env, path, bytes, n, err);
	return bn_fs_write_durable(env, NULL, path, path, bytes, n, NULL, mode, err);
}

/* ---- names and directories ------------------------------------------------------------------ */

int bn_fs_look_at(bn_path_kind *out, int e, const struct stat *st, const char *path, bn_err *err)
{
	if (e == -ENOENT || e == -ENOTDIR) {
		*out = BN_PATH_ABSENT;
		return 0;
	}
	if (e < 0)
		return bn_fs_error(err, -e, "cannot look at", path);
	*out = BN_PATH_OTHER;
	if (S_ISREG(st->st_mode))
		*out = BN_PATH_FILE;
	else if (S_ISDIR(st->st_mode))
		*out = BN_PATH_DIR;
	return 0;
}

int bn_fs_lock(const bn_env *env, int fd, int tries, int64_t pause_ns)
{
	int e = -EWOULDBLOCK;
	for (int i = 0; i < tries && (e == -EWOULDBLOCK || e == -EINTR); i++) {
		if (i > 0)
			nanosleep(&(struct timespec){0, pause_ns}, NULL);
		e = env->fs->flock(env, fd, LOCK_EX | LOCK_NB);
	}
	return e;
}

int bn_fs_look(bn_path_kind *out, const bn_env *env, const char *path, bn_err *err)
{
	struct stat st;
	int e = env->fs->stat(env, NULL, path, &st);
	if (e == -ELOOP) /* a loop of links; this function refuses no link otherwise */
		return bn_err_sys(err, BN_EIO, ELOOP, "cannot look at '%s'", path);
	return bn_fs_look_at(out, e, &st, path, err);
}

bool bn_fs_exists(const bn_env *env, const char *path)
{
	struct stat st;
	return env->fs->stat(env, NULL, path, &st) == 0;
}

bool bn_fs_is_dir(const bn_env *env, const char *path)
{
	struct stat st;
	return env->fs->stat(env, NULL, path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool bn_fs_is_same(const bn_env *env, const char *a, const char *b)
{
	struct stat x, y;
	return env->fs->stat(env, NULL, a, &x) == 0 && env->fs->stat(env, NULL, b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int bn_fs_sync_dir(const bn_env *env, const char *path, bn_err *err)
{
	int e = env->fs->sync_dir(env, NULL, path);
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot sync directory '%s'", path) : 0;
}

int bn_fs_make_dirs(const bn_env *env, const char *path, mode_t mode, bn_err *err)
{
	if (bn_fs_is_dir(env, path))
		return 0;
	char *parent = bn_path_dir(path);
	if (!parent)
		return bn_err_nomem(err, "a file name");
	int e, rc = 0;
	if (strcmp(parent, path) && !bn_fs_is_dir(env, parent) &&
		(rc = bn_fs_make_dirs(env, parent, mode, err)) < 0)
		goto out;
	e = env->fs->mkdir(env, NULL, path, mode);
	if (e < 0 && !(e == -EEXIST && bn_fs_is_dir(env, path))) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot make directory '%s'", path);
		goto out;
	}
	rc = bn_fs_sync_dir(env, parent, err);
out:
	bn_free(parent);
	return rc;
}

void bn_names_release(bn_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		bn_free(n->items[i]);
	bn_free(n->items);
	*n = (bn_names)BN_NAMES_INIT;
}

int bn_names_add(bn_names *n, const char *name)
{
	char *copy = bn_strdup(name);
	if (!copy || bn_grow(&n->items, &n->cap, n->count + 1, sizeof *n->items)) {
		bn_free(copy);
		return -1;
	}
	n->items[n->count++] = copy;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void bn_names_sort(bn_names *names, size_t first)
{
	if (names->count > first)
		qsort(names->items + first, names->count - first, sizeof *names->items,
			compare_names);
}

int bn_fs_list_dir(const bn_env *env, const char *path, bn_names *names, bn_err *err)
{
	int fd = env->fs->open(env, NULL, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return bn_fs_error_named(err, -fd, "cannot list", path);
	return bn_fs_list_open(fd, path, names, err);
}

static const struct {
	unsigned long magic;
	const char *name;
	bool network;
} fs_types[] = {
	{0xef53, "ext4", false},
	{0x58465342, "xfs", false},
	{0x9123683e, "btrfs", false},
	{0x01021994, "tmpfs", false},
	{0x794c7630, "overlay", false},
	{0x2fc12fc1, "zfs", false},
	{0xf2f52010, "f2fs", false},
	{0x858458f6, "ramfs", false},
	{0x6969, "nfs", true},
	{0x00c36400, "ceph", true},
	{0x0bd00bd0, "lustre", true},
	{0x47504653, "gpfs", true},
	{0x19830326, "beegfs", true},
	{0xff534d42, "cifs", true},
	{0xfe534d42, "smb2", true},
	{0x5346414f, "afs", true},
	{0x65735546, "fuse", true},
	{0x01021997, "9p", true},
	{0x20030528, "pvfs2", true},
};

static size_t type_of_magic(unsigned long magic)
{
	size_t n = sizeof fs_types / sizeof *fs_types;
	for (size_t i = 0; i < n; i++)
		if (fs_types[i].magic == magic)
			return i;
	return n;
}

bool bn_fs_is_network_open(int fd)
{
	size_t i = type_of_magic(bn_fs_magic_open(fd));
	return i < sizeof fs_types / sizeof *fs_types && fs_types[i].network;
}

const char *bn_fs_type(const char *path, char buf[24])
{
	unsigned long magic = bn_fs_magic(path);
	size_t i = type_of_magic(magic);
	if (i < sizeof fs_types / sizeof *fs_types)
		return fs_types[i].name;
	snprintf(buf, 24, "0x%lx", magic);
	return buf;
}

bool bn_fs_is_network(const char *path)
{
	size_t i = type_of_magic(bn_fs_magic(path));
	return i < sizeof fs_types / sizeof *fs_types && fs_types[i].network;
}

char *bn_path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);
	if (name[0] == '/' || n == 0)
		return bn_strdup(name);
	return bn_strf("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

int bn_path_absolute(char **out, const char *path, bn_err *err)
{
	char cwd[PATH_MAX] = "", *text = NULL;
	if (path[0] != '/') {
		int e = bn_fs_working_dir(cwd, sizeof cwd);
		if (e == -ENOENT) {
			bn_err_set(err, BN_ENOTFOUND, "the working directory is gone");
			bn_err_hint(err, "it was removed or moved out of reach: cd to another one");
			return BN_ENOTFOUND;
		}
		if (e < 0)
			return bn_err_sys(err, BN_EIO, -e, "cannot find the working directory");
	}
	text = strcmp(path, ".") ? bn_path_join(cwd, path) : bn_strdup(cwd);
	if (!text)
		return bn_err_nomem(err, "a file name");
	*out = text;
	return 0;
}

int bn_path_real(char **out, const char *path, bn_err *err)
{
	char real[PATH_MAX];
	int e = bn_fs_real_path(path, real);
	if (e < 0)
		return bn_fs_error_named(err, -e, "cannot resolve", path);
	*out = bn_strdup(real);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

const char *bn_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}
