/* faultfs.c - see faultfs.h. */
#include "tests/support/faultfs.h"

#include "core/base/dir.h"
#include "core/base/hash.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static faultfs_kind armed;
static long armed_at;

/* Threads of a server write concurrently, and so may processes. */
typedef struct shared {
	_Atomic long count;
	_Atomic long long room; /* bytes freed on a full disk */
} shared;
static shared alone, *with = &alone;

static bool lost; /* the reply of the current call will be */

/* ---- the journal: a list of changes in shared memory ----------------------------------------- */

typedef enum entry_op {
	OP_CREATE,
	OP_OPEN,
	OP_WRITE,
	OP_FSYNC,
	OP_TRUNCATE,
	OP_RENAME,
	OP_LINK,
	OP_UNLINK,
	OP_MKDIR,
	OP_RMDIR,
	OP_CHMOD,
	OP_SYNC_DIR
} entry_op;

typedef struct entry {
	uint32_t size; /* of the whole entry, multiple of 8 */
	int32_t op, fd;
	uint32_t mode;
	uint64_t length; /* of the data or, for OP_TRUNCATE, the new size */
	char a[200], b[200];
	char data[];
} entry;

struct faultfs_journal {
	size_t bytes, used;
	bool overflow;
	char root[256];
	_Alignas(16) char entries[];
};

static faultfs_journal *journal;

faultfs_journal *faultfs_journal_new(const char *root, size_t bytes)
{
	faultfs_journal *j = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (j == MAP_FAILED)
		abort();
	j->bytes = bytes - sizeof *j;
	snprintf(j->root, sizeof j->root, "%s/", root);
	journal = j;
	return j;
}

void faultfs_journal_free(faultfs_journal *j)
{
	if (journal == j)
		journal = NULL;
	munmap(j, j->bytes + sizeof *j);
}

/* The path relative to root; NULL if it is outside. */
static const char *inside(const char *path)
{
	size_t n = strlen(journal->root);
	if (!strncmp(path, journal->root, n))
		return path + n;
	return strlen(path) == n - 1 && !strncmp(path, journal->root, n - 1) ? "" : NULL;
}

/* The journal's path of a file below a directory handle. */
static const char *full(const bn_dir *at, const char *path, char text[600])
{
	if (at && !strcmp(path, "."))
		return at->path;
	snprintf(text, 600, "%s%s%s", at ? at->path : "", at ? "/" : "", path);
	return text;
}

static void note(entry_op op, int fd, const char *a, const char *b, mode_t mode, const void *data,
	uint64_t length)
{
	if (!journal)
		return;
	const char *ra = a ? inside(a) : "", *rb = b ? inside(b) : "";
	if (!ra || !rb)
		return;
	size_t size = (sizeof(entry) + (data ? length : 0) + 7) & ~(size_t)7;
	if (journal->used + size > journal->bytes) {
		journal->overflow = true;
		return;
	}
	entry *e = (entry *)(journal->entries + journal->used);
	*e = (entry){.size = (uint32_t)size, .op = op, .fd = fd, .mode = mode, .length = length};
	snprintf(e->a, sizeof e->a, "%s", ra);
	snprintf(e->b, sizeof e->b, "%s", rb);
	if (data)
		memcpy(e->data, data, length);
	journal->used += size; /* last: the entry is complete now */
}

/* ---- the fault ------------------------------------------------------------------------------ */

void faultfs_arm(faultfs_kind kind, long at)
{
	armed = kind;
	armed_at = at;
	with->count = 0;
	with->room = 0;
}

void faultfs_share(void)
{
	if (with != &alone)
		return;
	with = mmap(NULL, sizeof *with, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (with == MAP_FAILED)
		abort();
}

long faultfs_count(void)
{
	return with->count;
}

static uint32_t *kinds;
static long kinds_most;

void faultfs_note_kinds(uint32_t *to, long most)
{
	kinds = to;
	kinds_most = most;
}

/* The innermost calls distinguish kinds: who writes which file. */
static void note_kind(long which)
{
	enum { CALLS = 5 };
	void *calls[CALLS];
	if (!kinds || which > kinds_most)
		return;
	int n = backtrace(calls, CALLS);
	kinds[which - 1] = bn_crc32c(0, calls, (size_t)n * sizeof *calls);
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Whether so many bytes are free by now. */
static bool take_room(long long bytes)
{
	if (atomic_fetch_sub(&with->room, bytes) >= bytes)
		return true;
	atomic_fetch_add(&with->room, bytes);
	return false;
}

/* The bytes of a new name, and of one that replaces another. */
enum { PAGE = 4096, NAME = 1 };

/* Called before each change. 0 to continue, or the error to return. *tear: die afterwards. space:
 * the bytes that it needs. */
static int before(bool *tear, long long space)
{
	bool needs_space = space > 0;
	*tear = false;
	long which = ++with->count;
	note_kind(which);
	if (armed == FAULTFS_FILLED && armed_at && which >= armed_at && needs_space &&
		!take_room(space))
		return -ENOSPC;
	if (armed == FAULTFS_FULL && armed_at && which >= armed_at && needs_space)
		return -ENOSPC;
	if (!armed_at || which != armed_at)
		return 0;
	switch (armed) {
	case FAULTFS_KILL:
		die();
		return 0;
	case FAULTFS_TEAR:
		*tear = true;
		return 0;
	case FAULTFS_ENOSPC:
		return needs_space ? -ENOSPC : 0;
	case FAULTFS_EIO:
		return -EIO;
	case FAULTFS_LOST:
		lost = true;
		return 0;
	default:
		return 0;
	}
}

static int after(int rc, bool tear)
{
	if (tear)
		die();
	if (!lost)
		return rc;
	lost = false;
	return -EIO;
}

/* ---- the wrapped calls ---------------------------------------------------------------------- */

static int fault_open(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	struct stat st;
	char text[600];
	bool tear = false, creates = (flags & O_CREAT) && bn_fs_real.stat(env, at, path, &st) != 0;
	int rc = creates ? before(&tear, PAGE) : 0;
	if (rc)
		return rc;
	int fd = bn_fs_real.open(env, at, path, flags, mode);
	if (fd >= 0)
		note(creates ? OP_CREATE : OP_OPEN, fd, full(at, path, text), NULL, mode, NULL, 0);
	int given = after(fd, tear);
	if (given < 0 && fd >= 0)
		bn_fs_real.close(env, fd);
	return given;
}

static int fault_close(const bn_env *env, int fd)
{
	return bn_fs_real.close(env, fd);
}

static ssize_t fault_pread(const bn_env *env, int fd, void *bytes, size_t n, off_t at)
{
	return bn_fs_real.pread(env, fd, bytes, n, at);
}

static ssize_t fault_write(const bn_env *env, int fd, const void *bytes, size_t n)
{
	bool tear;
	int rc = before(&tear, (long long)n);
	bool half = tear || (rc == -ENOSPC && armed == FAULTFS_ENOSPC);
	if (rc && !half)
		return rc;
	if (half)
		n /= 2;
	ssize_t put = n ? bn_fs_real.write(env, fd, bytes, n) : 0;
	if (put > 0)
		note(OP_WRITE, fd, NULL, NULL, 0, bytes, (uint64_t)put);
	int lost_reply = after(0, tear);
	if (lost_reply < 0)
		return lost_reply;
	return rc ? rc : put;
}

static int fault_fsync(const bn_env *env, int fd)
{
	bool tear;
	int rc = before(&tear, 0);
	if (!rc && (rc = bn_fs_real.fsync(env, fd)) == 0)
		note(OP_FSYNC, fd, NULL, NULL, 0, NULL, 0);
	return after(rc, tear);
}

static int fault_ftruncate(const bn_env *env, int fd, off_t size)
{
	bool tear;
	int rc = before(&tear, 0);
	if (!rc && (rc = bn_fs_real.ftruncate(env, fd, size)) == 0)
		note(OP_TRUNCATE, fd, NULL, NULL, 0, NULL, (uint64_t)size);
	return after(rc, tear);
}

static int fault_rename(
	const bn_env *env, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	char a[600], b[600];
	bool tear;
	int rc = before(&tear, NAME);
	if (!rc && (rc = bn_fs_real.rename(env, at, from, to_at, to)) == 0)
		note(OP_RENAME, -1, full(at, from, a), full(to_at, to, b), 0, NULL, 0);
	return after(rc, tear);
}

static int fault_link(
	const bn_env *env, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	char a[600], b[600];
	bool tear;
	int rc = before(&tear, NAME);
	if (!rc && (rc = bn_fs_real.link(env, at, from, to_at, to)) == 0)
		note(OP_LINK, -1, full(at, from, a), full(to_at, to, b), 0, NULL, 0);
	return after(rc, tear);
}

static int fault_unlink(const bn_env *env, const bn_dir *at, const char *path)
{
	char a[600];
	bool tear;
	struct stat st;
	long long freed =
		bn_fs_real.stat(env, at, path, &st) == 0 && st.st_nlink == 1 ? st.st_size : 0;
	int rc = before(&tear, 0);
	if (!rc && (rc = bn_fs_real.unlink(env, at, path)) == 0) {
		note(OP_UNLINK, -1, full(at, path, a), NULL, 0, NULL, 0);
		if (armed == FAULTFS_FILLED && armed_at && with->count >= armed_at)
			with->room += freed;
	}
	return after(rc, tear);
}

static int fault_mkdir(const bn_env *env, const bn_dir *at, const char *path, mode_t mode)
{
	char a[600];
	bool tear;
	int rc = before(&tear, PAGE);
	if (!rc && (rc = bn_fs_real.mkdir(env, at, path, mode)) == 0)
		note(OP_MKDIR, -1, full(at, path, a), NULL, mode, NULL, 0);
	return after(rc, tear);
}

static int fault_rmdir(const bn_env *env, const bn_dir *at, const char *path)
{
	char a[600];
	bool tear;
	int rc = before(&tear, 0);
	if (!rc && (rc = bn_fs_real.rmdir(env, at, path)) == 0)
		note(OP_RMDIR, -1, full(at, path, a), NULL, 0, NULL, 0);
	return after(rc, tear);
}

static int fault_fchmod(const bn_env *env, int fd, mode_t mode)
{
	bool tear;
	int rc = before(&tear, 0);
	if (!rc && (rc = bn_fs_real.fchmod(env, fd, mode)) == 0)
		note(OP_CHMOD, fd, NULL, NULL, mode, NULL, 0);
	return after(rc, tear);
}

static int fault_sync_dir(const bn_env *env, const bn_dir *at, const char *path)
{
	char a[600];
	bool tear;
	int rc = before(&tear, 0);
	if (!rc && (rc = bn_fs_real.sync_dir(env, at, path)) == 0)
		note(OP_SYNC_DIR, -1, full(at, path, a), NULL, 0, NULL, 0);
	return after(rc, tear);
}

static int fault_stat(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	return bn_fs_real.stat(env, at, path, st);
}

static int fault_fstat(const bn_env *env, int fd, struct stat *st)
{
	return bn_fs_real.fstat(env, fd, st);
}

static int fault_flock(const bn_env *env, int fd, int operation)
{
	return bn_fs_real.flock(env, fd, operation);
}

const bn_fs_ops faultfs_ops = {
	.open = fault_open,
	.close = fault_close,
	.pread = fault_pread,
	.write = fault_write,
	.fsync = fault_fsync,
	.fchmod = fault_fchmod,
	.ftruncate = fault_ftruncate,
	.rename = fault_rename,
	.link = fault_link,
	.unlink = fault_unlink,
	.mkdir = fault_mkdir,
	.rmdir = fault_rmdir,
	.sync_dir = fault_sync_dir,
	.stat = fault_stat,
	.fstat = fault_fstat,
	.flock = fault_flock,
};

/* ---- after the power loss -------------------------------------------------------------------- */

enum { NODES_MAX = 8192, NAMES_MAX = 16384, FDS_MAX = 1024 };

/* A file or directory, apart from its names. */
typedef struct node {
	bool is_dir;
	mode_t mode;
	char *now, *safe; /* content written, content synced */
	size_t now_size, safe_size;
} node;

/* A name of a node: in memory, on the disk, or both. */
typedef struct name {
	char path[200];
	int now, safe; /* node, or -1 */
	bool unlinked;
} name;

typedef struct disk {
	node nodes[NODES_MAX];
	name names[NAMES_MAX];
	int node_count, name_count;
	int fds[FDS_MAX];
} disk;

static name *name_get(disk *d, const char *path)
{
	for (int i = 0; i < d->name_count; i++)
		if (!strcmp(d->names[i].path, path))
			return &d->names[i];
	if (d->name_count == NAMES_MAX)
		abort();
	name *n = &d->names[d->name_count++];
	snprintf(n->path, sizeof n->path, "%s", path);
	n->now = n->safe = -1;
	return n;
}

static int node_new(disk *d, bool is_dir, mode_t mode)
{
	if (d->node_count == NODES_MAX)
		abort();
	d->nodes[d->node_count] = (node){.is_dir = is_dir, .mode = mode};
	return d->node_count++;
}

static void node_resize(node *n, size_t size)
{
	n->now = realloc(n->now, size + 1);
	if (!n->now)
		abort();
	if (size > n->now_size)
		memset(n->now + n->now_size, 0, size - n->now_size);
	n->now_size = size;
}

static void node_sync(node *n)
{
	n->safe = realloc(n->safe, n->now_size + 1);
	if (!n->safe)
		abort();
	if (n->now_size)
		memcpy(n->safe, n->now, n->now_size);
	n->safe_size = n->now_size;
}

static bool is_child(const char *dir, const char *path)
{
	size_t n = strlen(dir);
	if (n && (strncmp(path, dir, n) || path[n] != '/'))
		return false;
	return !strchr(path + n + (n > 0), '/') && path[0];
}

static void names_sync(disk *d, const char *dir)
{
	for (int i = 0; i < d->name_count; i++)
		if (is_child(dir, d->names[i].path))
			d->names[i].safe = d->names[i].now;
}

/* Moving a directory moves the names in it, which the store never does. */
static void disk_apply(disk *d, const entry *e)
{
	node *n = e->fd >= 0 && e->fd < FDS_MAX && d->fds[e->fd] >= 0 ? &d->nodes[d->fds[e->fd]]
								      : NULL;
	switch ((entry_op)e->op) {
	case OP_CREATE:
		name_get(d, e->a)->now = node_new(d, false, e->mode);
		/* fall through */
	case OP_OPEN:
		d->fds[e->fd] = name_get(d, e->a)->now;
		break;
	case OP_WRITE:
		if (n) {
			size_t at = n->now_size; /* the store only appends */
			node_resize(n, at + e->length);
			memcpy(n->now + at, e->data, e->length);
		}
		break;
	case OP_FSYNC:
		if (n)
			node_sync(n);
		break;
	case OP_TRUNCATE:
		if (n)
			node_resize(n, e->length);
		break;
	case OP_RENAME:
		name_get(d, e->b)->now = name_get(d, e->a)->now;
		name_get(d, e->a)->now = -1;
		break;
	case OP_LINK:
		name_get(d, e->b)->now = name_get(d, e->a)->now;
		break;
	case OP_UNLINK:
	case OP_RMDIR:
		name_get(d, e->a)->now = -1;
		name_get(d, e->a)->unlinked = true;
		break;
	case OP_MKDIR:
		name_get(d, e->a)->now = node_new(d, true, e->mode);
		break;
	case OP_CHMOD:
		if (n)
			n->mode = e->mode;
		break;
	case OP_SYNC_DIR:
		names_sync(d, e->a);
		break;
	}
}

static void put_file(const char *path, const node *n, const char *bytes, size_t size, size_t zeros)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || (size && write(fd, bytes, size) != (ssize_t)size) ||
		(zeros && ftruncate(fd, (off_t)(size + zeros))))
		abort();
	fchmod(fd, n->mode ? n->mode & 07777 : 0644);
	close(fd);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const name *)a)->path, ((const name *)b)->path);
}

/* Parents sort before their content. A file whose directory is lost is lost with it. */
static void disk_write(disk *d, faultfs_loss loss, const char *to)
{
	char path[600], parent[600];
	bool all_names = loss == FAULTFS_LOSE_DATA || loss == FAULTFS_LOSE_ZEROS;
	qsort(d->names, (size_t)d->name_count, sizeof *d->names, compare_paths);
	for (int i = 0; i < d->name_count; i++) {
		int at = all_names ? d->names[i].now : d->names[i].safe;
		if (at < 0 ||
			(loss == FAULTFS_LOSE_ADDED && d->names[i].unlinked && d->names[i].now < 0))
			continue;
		const node *n = &d->nodes[at];
		snprintf(path, sizeof path, "%s/%s", to, d->names[i].path);
		snprintf(parent, sizeof parent, "%s", path);
		*strrchr(parent, '/') = '\0';
		if (access(parent, F_OK))
			continue;
		if (n->is_dir)
			mkdir(path, 0777);
		else if (loss == FAULTFS_LOSE_NAMES || loss == FAULTFS_LOSE_ADDED)
			put_file(path, n, n->now, n->now_size, 0);
		else
			put_file(path, n, n->safe, n->safe_size,
				loss == FAULTFS_LOSE_ZEROS && n->now_size > n->safe_size
					? n->now_size - n->safe_size
					: 0);
	}
}

int faultfs_replay(const faultfs_journal *j, faultfs_loss loss, const char *to)
{
	disk *d = calloc(1, sizeof *d);
	if (!d)
		abort();
	for (int i = 0; i < FDS_MAX; i++)
		d->fds[i] = -1;
	for (size_t at = 0; at < j->used;) {
		const entry *e = (const entry *)(j->entries + at);
		disk_apply(d, e);
		at += e->size;
	}
	disk_write(d, loss, to);
	for (int i = 0; i < d->node_count; i++) {
		free(d->nodes[i].now);
		free(d->nodes[i].safe);
	}
	free(d);
	return j->overflow ? -1 : 0;
}
