/* host_files.c - see _host_files.h. The text of a file is host_file_text.c. */
#include "core/govern/_host_files.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_TRIES = 40, STALE_READS = 8, READ_TRIES = 3, LOCK_REOPENS = 3, PRUNE_MOST = 200 };
#define LOCK_PAUSE_NS ((int64_t)50 * 1000000) /* BN_MEMORY_WAIT_MS in all */

#define PRUNE_AGE_NS ((int64_t)86400 * 1000000000)

static int64_t mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* ---- the directory -------------------------------------------------------------------------- */

/* A valid file name without a dot, since a dot marks other files. */
static void own_name(char out[BN_HOST_NAME], const bn_env *env)
{
	const char *host = env->host(env);
	size_t n = 0;
	for (; host && host[n] && n < BN_HOST_NAME - 1; n++) {
		char c = host[n];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '_';
		out[n] = c;
		if (!plain)
			out[n] = '_';
	}
	out[n] = '\0';
	if (!n)
		snprintf(out, BN_HOST_NAME, "localhost");
}

/* Opens each directory on the path and requires that only this user may write to it. */
static int dir_open(bn_host_files *f, const char *folder, bool make, bn_err *err)
{
	char *state = NULL;
	bn_dir *at = NULL, *next = NULL;
	char name[128];
	bn_err e = BN_ERR_INIT;
	int rc = bn_env_state_dir(&state, f->env, &e);
	if (rc < 0) /* no home differs from an empty one */
		return bn_err_recode(err, &e, rc == BN_ENOTFOUND ? BN_EIO : rc);
	if (make && (rc = bn_fs_make_dirs(f->env, state, 0700, err)) < 0)
		goto out;
	if ((rc = bn_dir_open(&at, f->env, state, err)) < 0)
		goto out;
	if ((rc = bn_dir_check_private(at, err)) < 0)
		goto out;
	for (const char *s = folder; *s; s += strspn(s, "/")) {
		size_t n = strcspn(s, "/");
		snprintf(name, sizeof name, "%.*s", (int)n, s);
		s += n;
		if (make && (rc = bn_dir_make(at, name, 0700, err)) < 0)
			goto out;
		if ((rc = bn_dir_open_below(&next, at, name, err)) < 0)
			goto out;
		bn_dir_close(at);
		at = next;
		next = NULL;
		if ((rc = bn_dir_check_private(at, err)) < 0)
			goto out;
	}
	f->dir = at;
	at = NULL;
out:
	bn_dir_close(at);
	bn_free(state);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Checks that an open file is writable only by us; records its identity. */
static int file_trust(bn_host_file *file, const bn_dir *dir, int fd, bn_err *err)
{
	const bn_env *env = dir->env;
	struct stat st;
	char owner[64];
	int e = env->fs->fstat(env, fd, &st);
	if (e < 0)
		return bn_dir_error(err, -e, "cannot stat", dir, file->host);
	file->inode = (uint64_t)st.st_ino;
	file->bytes = (uint64_t)st.st_size;
	file->mtime_ns = mtime_of(&st);
	if (st.st_uid != env->uid(env)) {
		env->user_name(env, st.st_uid, owner, sizeof owner);
		return bn_err_set(err, BN_EREFUSED, "'%s/%s' belongs to %s, not to you", dir->path,
			file->host, owner);
	}
	if (st.st_mode & 022) {
		bn_err_set(err, BN_EREFUSED, "group or others may write to '%s/%s'", dir->path,
			file->host);
		bn_err_hint(err, "chmod 600 '%s/%s' if you know that nobody changed it", dir->path,
			file->host);
		return BN_EREFUSED;
	}
	if (st.st_size > BN_HOST_FILE_BYTES)
		return bn_err_set(err, BN_ECORRUPT, "'%s/%s' is larger than %d MiB", dir->path,
			file->host, BN_HOST_FILE_BYTES >> 20);
	return 0;
}

static int file_read(bn_host_file *file, const bn_host_files *f, bn_err *err)
{
	const bn_env *env = f->env;
	size_t got = 0;
	int fd, rc = bn_dir_open_file(&fd, f->dir, file->host, O_RDONLY, 0, err);
	if (rc < 0)
		return rc;
	if ((rc = file_trust(file, f->dir, fd, err)) < 0)
		goto out;
	if (bn_buf_reserve(&file->text, (size_t)file->bytes + 1) < 0) {
		rc = bn_err_nomem(err, "what is remembered");
		goto out;
	}
	if ((rc = bn_dir_read_at(env, f->dir, file->host, fd, file->text.ptr, (size_t)file->bytes,
		     0, &got, err)) < 0)
		goto out;
	file->text.len = got;
	file->text.ptr[got] = '\0';
	if ((rc = bn_host_file_check(&file->body, &file->n, f->kind, file->text.ptr, got, err)) < 0)
		bn_err_prefix(err, "'%s/%s'", f->dir->path, file->host);
out:
	env->fs->close(env, fd);
	return rc;
}

static void file_release(bn_host_file *file)
{
	bn_buf_release(&file->text);
	*file = (bn_host_file){0};
}

/* Whether this host's own file covers that one: it is unchanged since that was written. */
static bool is_covered(const bn_host_files *f, bn_host_file *file)
{
	const bn_host_file *own = f->count && f->items[0].own ? &f->items[0] : NULL;
	struct stat st;
	bn_host_line l;
	int64_t inode, bytes, mtime;
	if (!own || own->state != BN_HOST_FILE_READ ||
		bn_dir_stat(f->dir, file->host, &st, NULL) < 0)
		return false;
	for (const char *at = own->text.ptr;
		at < own->body && bn_host_line_next(&l, &at, own->body) == 1;) {
		if (!bn_host_line_is(&l, "seen", 5) || l.len[4] != strlen(file->host) ||
			memcmp(l.at[4], file->host, l.len[4]))
			continue;
		file->inode = (uint64_t)st.st_ino;
		file->bytes = (uint64_t)st.st_size;
		file->mtime_ns = mtime_of(&st);
		return S_ISREG(st.st_mode) && bn_host_line_number(&l, 1, INT64_MAX, &inode) &&
		       bn_host_line_number(&l, 2, INT64_MAX, &bytes) &&
		       bn_host_line_number(&l, 3, INT64_MAX, &mtime) &&
		       (uint64_t)inode == file->inode && (uint64_t)bytes == file->bytes &&
		       mtime == file->mtime_ns;
	}
	return false;
}

/* Adds the file of a host, if it (still) exists. */
static int files_add(bn_host_files *f, const char *host, bool own, bn_err *err)
{
	if (bn_grow(&f->items, &f->cap, f->count + 1, sizeof *f->items) < 0)
		return bn_err_nomem(err, "what is remembered");
	bn_host_file *file = &f->items[f->count];
	*file = (bn_host_file){.own = own, .text = BN_BUF_INIT};
	snprintf(file->host, sizeof file->host, "%s", host);
	if (!own && is_covered(f, file)) {
		file->state = BN_HOST_FILE_COVERED;
		f->count++;
		return 0;
	}
	int rc = BN_EIO;
	for (int tries = 0; tries < READ_TRIES && rc == BN_EIO; tries++) {
		bn_err_clear(&file->why);
		bn_buf_clear(&file->text);
		rc = file_read(file, f, &file->why); /* NFS: it was replaced in between */
	}
	if (rc == BN_ENOTFOUND || rc == BN_ENOMEM) {
		if (rc == BN_ENOMEM)
			bn_err_nomem(err, "what is remembered");
		file_release(file);
		return rc == BN_ENOMEM ? rc : 0;
	}
	file->state = BN_HOST_FILE_READ;
	if (rc < 0)
		file->state = rc == BN_EUNSUPPORTED ? BN_HOST_FILE_NEWER : BN_HOST_FILE_BAD;
	f->count++;
	return 0;
}

/* This host's file first, since it lists others that need not be read. */
static int files_read(bn_host_files *f, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(f->dir, NULL, &names, err);
	if (rc < 0)
		goto out;
	if ((rc = files_add(f, f->own, true, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if (strchr(name, '.') || strlen(name) >= BN_HOST_NAME || !strcmp(name, f->own))
			continue; /* a lock, a leftover, or a file set aside */
		if ((rc = files_add(f, name, false, err)) < 0)
			goto out;
	}
out:
	bn_names_release(&names);
	return rc;
}

static int open_and_read(bn_host_files *f, const char *folder, bn_err *err)
{
	int rc = dir_open(f, folder, false, err);
	return rc < 0 ? rc : files_read(f, err);
}

int bn_host_files_open(
	bn_host_files *f, const bn_env *env, const char *folder, const char *kind, bn_err *err)
{
	*f = (bn_host_files){.env = env, .kind = kind, .lock = -1};
	own_name(f->own, env);
	switch (open_and_read(f, folder, &f->why)) {
	case 0:
		f->state = BN_HOST_FILES_THERE;
		break;
	case BN_ENOMEM:
		return bn_err_move(err, &f->why);
	case BN_ENOTFOUND:
		f->state = BN_HOST_FILES_ABSENT;
		bn_err_clear(&f->why);
		break;
	case BN_EREFUSED:
		f->state = BN_HOST_FILES_DISTRUSTED;
		break;
	default:
		f->state = BN_HOST_FILES_UNREADABLE;
		break;
	}
	return 0;
}

void bn_host_files_close(bn_host_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		file_release(&f->items[i]);
	bn_free(f->items);
	if (f->lock >= 0)
		f->env->fs->close(f->env, f->lock);
	bn_dir_close(f->dir);
	*f = (bn_host_files){.lock = -1};
}

bool bn_host_files_are_stale(const bn_host_files *f)
{
	size_t reads = 0;
	for (size_t i = 0; i < f->count; i++) {
		if (f->items[i].own && f->items[i].state == BN_HOST_FILE_BAD)
			return true;
		reads += !f->items[i].own && f->items[i].state == BN_HOST_FILE_READ;
	}
	return reads > STALE_READS;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Opens the lock of a host and takes it. A lock file that was removed meanwhile is useless and opened again.
 * 0 or -errno; *fd is open in either case, or -1. */
static int lock_once(int *fd, const bn_host_files *f, const char *name, int tries)
{
	struct stat held, named;
	int e = -EWOULDBLOCK;
	*fd = -1;
	for (int i = 0; i < LOCK_REOPENS; i++) {
		if (*fd >= 0)
			f->env->fs->close(f->env, *fd);
		*fd = f->env->fs->open(f->env, f->dir, name, O_RDWR | O_CREAT | O_NONBLOCK, 0600);
		if (*fd < 0)
			return *fd;
		if ((e = bn_fs_lock(f->env, *fd, tries, LOCK_PAUSE_NS)) < 0)
			return e;
		if (f->env->fs->fstat(f->env, *fd, &held) == 0 &&
			f->env->fs->stat(f->env, f->dir, name, &named) == 0 &&
			held.st_ino == named.st_ino)
			return 0;
		e = -EWOULDBLOCK;
	}
	return e;
}

/* Without locks go on: the file is replaced atomically anyway. */
static int lock_take(bn_host_files *f, bn_err *err)
{
	char name[BN_HOST_NAME + 8];
	snprintf(name, sizeof name, "%s.lock", f->own);
	int e = lock_once(&f->lock, f, name, LOCK_TRIES);
	if (e == -EWOULDBLOCK) {
		bn_err_set(err, BN_ECONFLICT, "another process keeps the lock '%s/%s'",
			f->dir->path, name);
		bn_err_hint(err, "the next command will record it");
		return BN_ECONFLICT;
	}
	if (f->lock >= 0 && (e == -ENOSYS || e == -EOPNOTSUPP || e == -ENOLCK || e == -EINVAL)) {
		f->env->fs->close(f->env, f->lock);
		f->lock = -1;
		return 0;
	}
	return e < 0 ? bn_dir_error(err, -e, "cannot lock", f->dir, name) : 0;
}

/* Under the lock, a temporary file of this host belongs to a dead process. */
static void leftovers_remove(const bn_host_files *f)
{
	bn_names names = BN_NAMES_INIT;
	size_t n = strlen(f->own);
	if (f->lock < 0 || bn_dir_list(f->dir, NULL, &names, NULL) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++)
		if (!strncmp(names.items[i], f->own, n) && names.items[i][n] == '.' &&
			bn_str_ends(names.items[i], ".tmp"))
			bn_dir_unlink(f->dir, names.items[i], NULL);
out:
	bn_names_release(&names);
}

int bn_host_files_open_locked(
	bn_host_files *f, const bn_env *env, const char *folder, const char *kind, bn_err *err)
{
	*f = (bn_host_files){.env = env, .kind = kind, .lock = -1};
	own_name(f->own, env);
	f->state = BN_HOST_FILES_THERE;
	int rc;
	if ((rc = dir_open(f, folder, true, err)) < 0)
		return rc;
	if ((rc = lock_take(f, err)) < 0)
		return rc;
	leftovers_remove(f);
	return files_read(f, err);
}

static void seen_add(bn_buf *text, const bn_host_file *file)
{
	bn_buf_addf(text, "seen %llu %llu %lld %s\n", (unsigned long long)file->inode,
		(unsigned long long)file->bytes, (long long)file->mtime_ns, file->host);
}

/* ---- files of vanished hosts ------------------------------------------------------------ */

/* Newest first. */
static int by_age(const void *a, const void *b)
{
	const bn_host_file *x = *(const bn_host_file *const *)a;
	const bn_host_file *y = *(const bn_host_file *const *)b;
	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns > y->mtime_ns ? -1 : 1;
	return strcmp(x->host, y->host);
}

/* Removes a file covered by this host's, unless its host is writing or has written. */
static void prune_one(const bn_host_files *f, const bn_host_file *file)
{
	char lock[BN_HOST_NAME + 8];
	struct stat st;
	int fd;
	snprintf(lock, sizeof lock, "%s.lock", file->host);
	if (lock_once(&fd, f, lock, 1) == 0 && bn_dir_stat(f->dir, file->host, &st, NULL) == 0 &&
		(uint64_t)st.st_ino == file->inode && mtime_of(&st) == file->mtime_ns) {
		bn_dir_unlink(f->dir, file->host, NULL);
		bn_dir_unlink(f->dir, lock, NULL);
	}
	if (fd >= 0)
		f->env->fs->close(f->env, fd);
}

/* After this host's file was written. Only times of the file server are compared. */
static void prune(const bn_host_files *f)
{
	size_t n = 0;
	const bn_host_file **held = bn_alloc_zeroed(f->count + 1, sizeof(void *));
	if (!held || f->lock < 0)
		goto out;
	for (size_t i = 0; i < f->count; i++)
		if (!f->items[i].own && (f->items[i].state == BN_HOST_FILE_READ ||
						f->items[i].state == BN_HOST_FILE_COVERED))
			held[n++] = &f->items[i];
	if (n <= BN_HOST_FILES_KEPT)
		goto out;
	qsort(held, n, sizeof *held, by_age);
	size_t from = n - BN_HOST_FILES_KEPT > PRUNE_MOST ? n - PRUNE_MOST : BN_HOST_FILES_KEPT;
	for (size_t i = from; i < n; i++)
		if (held[0]->mtime_ns - held[i]->mtime_ns > PRUNE_AGE_NS)
			prune_one(f, held[i]);
out:
	bn_free(held);
}

int bn_host_files_write(bn_host_files *f, const char *body, size_t n, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	bn_buf_addf(&text, "binnacle %s 1\n", f->kind);
	for (size_t i = 0; i < f->count; i++) {
		const bn_host_file *file = &f->items[i];
		if (file->own && file->state == BN_HOST_FILE_NEWER) {
			rc = bn_err_set(err, BN_EREFUSED, "not remembered: %s", file->why.msg);
			goto out;
		}
		if (!file->own && file->mtime_ns >= 0 &&
			(file->state == BN_HOST_FILE_READ || file->state == BN_HOST_FILE_COVERED))
			seen_add(&text, file);
	}
	bn_buf_add(&text, body, n);
	bn_host_file_finish(&text);
	if ((rc = bn_buf_check(&text, err, "what is remembered")) < 0)
		goto out;
	if (text.len > BN_HOST_FILE_BYTES) {
		rc = bn_err_set(
			err, BN_EREFUSED, "more than %d MiB to remember", BN_HOST_FILE_BYTES >> 20);
		goto out;
	}
	if ((rc = bn_dir_write_file(f->dir, f->own, text.ptr, text.len, 0600, err)) < 0)
		goto out;
	prune(f);
out:
	bn_buf_release(&text);
	return rc;
}

void bn_host_files_set_aside(bn_host_files *f)
{
	char name[BN_HOST_NAME + 16];
	for (size_t i = 0; i < f->count; i++) {
		const bn_host_file *file = &f->items[i];
		if (file->state != BN_HOST_FILE_BAD || file->own)
			continue;
		snprintf(name, sizeof name, "%s.damaged", file->host);
		bn_dir_rename(f->dir, file->host, f->dir, name, NULL);
	}
	bn_dir_sync(f->dir, NULL, NULL);
}
