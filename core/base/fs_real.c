/*
 * fs_real.c - the table of fs.h implemented by system calls, and a few related queries (directory
 * listing, file system type, working directory, the program's own path). It is the only file of
 * core/ that opens, renames, links and lists; tests/lint/files.sh enforces that.
 *
 * Paths below a directory handle are resolved with openat2(2) and RESOLVE_BENEATH |
 * RESOLVE_NO_SYMLINKS, so the kernel refuses a link that is planted between two calls. On kernels
 * before 5.6 (and under filters that hide the call) the components are opened one by one with
 * O_NOFOLLOW, which is equally strict.
 */
#include "core/base/_fs.h"
#include "core/base/dir.h"
#include "core/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OR_ERRNO(call) ((call) < 0 ? -errno : 0)

/* If the standard streams are closed, the next file opened gets their numbers, and printed text would end
 * up in a segment. */
static int above_streams(int fd)
{
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int saved = errno;
	close(fd);
	errno = saved;
	return moved;
}

void bn_fs_hold_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH | O_CLOEXEC) != fd)
			return; /* out of descriptors: no other file can get one either */
}

bool bn_fs_is_held(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && flags & O_PATH;
}

/* ---- below a handle ------------------------------------------------------------------------- */

/* Opens one path component below fd. A link gives -ELOOP, regardless of flags. */
static int open_component(int fd, const char *name, int flags, mode_t mode)
{
	struct stat st;
	if (!strcmp(name, ".."))
		return -EXDEV;
	int got = above_streams(openat(fd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode));
	int e = got < 0 ? -errno : 0;
	if (got >= 0 && (flags & O_PATH) && fstat(got, &st) == 0 && S_ISLNK(st.st_mode)) {
		close(got);
		return -ELOOP;
	}
	if (e == -ENOTDIR && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISLNK(st.st_mode))
		return -ELOOP;
	return e ? e : got;
}

static int open_walking(int at, const char *path, int flags, mode_t mode)
{
	char name[256];
	int fd = at;
	for (const char *p = path;;) {
		size_t n = strcspn(p, "/");
		const char *next = p + n + strspn(p + n, "/");
		if (n >= sizeof name || n == 0) {
			if (fd != at)
				close(fd);
			if (n)
				return -ENAMETOOLONG;
			return *path == '/' ? -EXDEV : -ENOENT;
		}
		memcpy(name, p, n);
		name[n] = '\0';
		int got = *next ? open_component(fd, name, O_PATH | O_DIRECTORY, 0)
				: open_component(fd, name, flags, mode);
		if (fd != at)
			close(fd);
		if (got < 0 || !*next)
			return got;
		fd = got;
		p = next;
	}
}

static int open_below(int at, const char *path, int flags, mode_t mode)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode & 07777 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	long fd;
	do
		fd = syscall(SYS_openat2, at, path, &how, sizeof how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR)); /* a rename raced with the look-up */
	if (fd >= 0 && (fd = above_streams((int)fd)) >= 0)
		return (int)fd;
	return errno == ENOSYS || errno == EPERM ? open_walking(at, path, flags, mode) : -errno;
}

/* Splits a path into the directory of its last component and that component. Close *fd with
 * place_close. */
typedef struct place {
	int fd;
	bool opened;
	const char *name;
} place;

static int place_find(place *p, const bn_dir *at, const char *path)
{
	char parent[4096];
	*p = (place){.fd = AT_FDCWD, .name = path};
	if (!at)
		return 0;
	p->fd = at->fd;
	const char *slash = strrchr(path, '/');
	if (slash) {
		if ((size_t)(slash - path) >= sizeof parent)
			return -ENAMETOOLONG;
		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		int fd = open_below(at->fd, parent, O_PATH | O_DIRECTORY, 0);
		if (fd < 0)
			return fd;
		*p = (place){.fd = fd, .opened = true, .name = slash + 1};
	}
	if (!p->name[0] || !strcmp(p->name, "..")) {
		if (p->opened)
			close(p->fd);
		return -EXDEV;
	}
	return 0;
}

static int place_close(const place *p, int rc)
{
	if (p->opened)
		close(p->fd);
	return rc;
}

int bn_fs_working_dir(char *path, size_t size)
{
	if (!getcwd(path, size))
		return -errno;
	return path[0] == '/' ? 0 : -ENOENT; /* "(unreachable)...": not below this root */
}

int bn_fs_real_path(const char *path, char *out)
{
	return realpath(path, out) ? 0 : -errno;
}

ssize_t bn_fs_program_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	path[n > 0 ? n : 0] = '\0';
	return n < 0 ? -errno : n;
}

int bn_fs_list_open(int fd, const char *path, bn_names *names, bn_err *err)
{
	int rc = 0;
	size_t first = names->count;
	DIR *d = fdopendir(fd);
	if (!d) {
		rc = bn_err_sys(err, BN_EIO, errno, "cannot list '%s'", path);
		close(fd);
		return rc;
	}
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(d);
		if (!e && errno) { /* a network error, not a short listing */
			rc = bn_err_sys(err, BN_EIO, errno, "cannot list '%s'", path);
			goto out;
		}
		if (!e)
			goto out;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (bn_names_add(names, e->d_name)) {
			rc = bn_err_nomem(err, "a directory listing");
			goto out;
		}
	}
out:
	closedir(d);
	bn_names_sort(names, first);
	return rc;
}

static unsigned long magic_of(int rc, const struct statfs *s)
{
	return rc == 0 ? (unsigned long)s->f_type & 0xffffffffUL : 0;
}

unsigned long bn_fs_magic(const char *path)
{
	struct statfs s;
	return magic_of(statfs(path, &s), &s);
}

unsigned long bn_fs_magic_open(int fd)
{
	struct statfs s;
	return magic_of(fstatfs(fd, &s), &s);
}

bool bn_dir_read_link(const bn_dir *at, const char *name, char *target, size_t size)
{
	place p;
	if (place_find(&p, at, name) < 0)
		return false;
	ssize_t n = readlinkat(p.fd, p.name, target, size);
	if (n >= 0 && (size_t)n < size)
		target[n] = '\0';
	place_close(&p, 0);
	return n > 0 && (size_t)n < size;
}

int bn_dir_symlink(const bn_dir *at, const char *name, const char *target, bn_err *err)
{
	place p;
	int e = place_find(&p, at, name);
	if (e == 0)
		e = place_close(&p, OR_ERRNO(symlinkat(target, p.fd, p.name)));
	if (e == -EEXIST)
		return bn_err_set(err, BN_ECONFLICT, "'%s/%s' exists already", at->path, name);
	return e < 0 ? bn_dir_error(err, -e, "cannot make the link", at, name) : 0;
}

bool bn_dir_free_bytes(const bn_dir *d, uint64_t *bytes)
{
	struct statfs s;
	if (fstatfs(d->fd, &s) != 0)
		return false;
	*bytes = (uint64_t)s.f_bavail * (uint64_t)s.f_bsize;
	return true;
}

/* ---- the table ------------------------------------------------------------------------------ */

static int real_open(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	(void)env;
	if (at)
		return open_below(at->fd, path, flags, mode);
	int fd = above_streams(open(path, flags | O_CLOEXEC, mode));
	return fd < 0 ? -errno : fd;
}

static int real_close(const bn_env *env, int fd)
{
	(void)env;
	return OR_ERRNO(close(fd));
}

static ssize_t real_pread(const bn_env *env, int fd, void *bytes, size_t n, off_t at)
{
	(void)env;
	ssize_t got = pread(fd, bytes, n, at);
	return got < 0 ? -errno : got;
}

static ssize_t real_write(const bn_env *env, int fd, const void *bytes, size_t n)
{
	(void)env;
	ssize_t put = write(fd, bytes, n);
	return put < 0 ? -errno : put;
}

static int real_fsync(const bn_env *env, int fd)
{
	(void)env;
	return OR_ERRNO(fsync(fd));
}

static void real_will_sync(const bn_env *env, int fd, off_t from, off_t n)
{
	(void)env;
	(void)sync_file_range(fd, from, n, SYNC_FILE_RANGE_WRITE);
}

static int real_fchmod(const bn_env *env, int fd, mode_t mode)
{
	(void)env;
	return OR_ERRNO(fchmod(fd, mode));
}

static int real_fchown(const bn_env *env, int fd, uid_t uid, gid_t gid)
{
	(void)env;
	return OR_ERRNO(fchown(fd, uid, gid));
}

static int real_ftruncate(const bn_env *env, int fd, off_t size)
{
	(void)env;
	return OR_ERRNO(ftruncate(fd, size));
}

static int real_rename(
	const bn_env *env, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	(void)env;
	place a, b;
	int rc = place_find(&a, at, from);
	if (rc)
		return rc;
	if ((rc = place_find(&b, to_at, to)))
		return place_close(&a, rc);
	rc = OR_ERRNO(renameat(a.fd, a.name, b.fd, b.name));
	return place_close(&a, place_close(&b, rc));
}

static int real_link(
	const bn_env *env, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	(void)env;
	place a, b;
	int rc = place_find(&a, at, from);
	if (rc)
		return rc;
	if ((rc = place_find(&b, to_at, to)))
		return place_close(&a, rc);
	rc = OR_ERRNO(linkat(a.fd, a.name, b.fd, b.name, 0));
	return place_close(&a, place_close(&b, rc));
}

static int real_unlink(const bn_env *env, const bn_dir *at, const char *path)
{
	(void)env;
	place p;
	int rc = place_find(&p, at, path);
	return rc ? rc : place_close(&p, OR_ERRNO(unlinkat(p.fd, p.name, 0)));
}

static int real_mkdir(const bn_env *env, const bn_dir *at, const char *path, mode_t mode)
{
	(void)env;
	place p;
	int rc = place_find(&p, at, path);
	return rc ? rc : place_close(&p, OR_ERRNO(mkdirat(p.fd, p.name, mode)));
}

static int real_rmdir(const bn_env *env, const bn_dir *at, const char *path)
{
	(void)env;
	place p;
	int rc = place_find(&p, at, path);
	return rc ? rc : place_close(&p, OR_ERRNO(unlinkat(p.fd, p.name, AT_REMOVEDIR)));
}

static int real_sync_dir(const bn_env *env, const bn_dir *at, const char *path)
{
	int fd = real_open(env, at, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	int rc = OR_ERRNO(fsync(fd));
	close(fd);
	/* Some network file systems cannot sync a directory; there the rename itself is
	 * synchronous. */
	return rc == -EINVAL ? 0 : rc;
}

static int real_stat(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	(void)env;
	place p;
	int rc = place_find(&p, at, path);
	if (rc)
		return rc;
	rc = OR_ERRNO(fstatat(p.fd, p.name, st, at ? AT_SYMLINK_NOFOLLOW : 0));
	return place_close(&p, rc);
}

static int real_fstat(const bn_env *env, int fd, struct stat *st)
{
	(void)env;
	return OR_ERRNO(fstat(fd, st));
}

static int real_flock(const bn_env *env, int fd, int operation)
{
	(void)env;
	return OR_ERRNO(flock(fd, operation));
}

const bn_fs_ops bn_fs_real = {
	.open = real_open,
	.close = real_close,
	.pread = real_pread,
	.write = real_write,
	.fsync = real_fsync,
	.will_sync = real_will_sync,
	.fchmod = real_fchmod,
	.fchown = real_fchown,
	.ftruncate = real_ftruncate,
	.rename = real_rename,
	.link = real_link,
	.unlink = real_unlink,
	.mkdir = real_mkdir,
	.rmdir = real_rmdir,
	.sync_dir = real_sync_dir,
	.stat = real_stat,
	.fstat = real_fstat,
	.flock = real_flock,
};
