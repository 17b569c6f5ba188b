/*
 * local.c - the objects of a workspace as files: objects/ab/cdef..., mode 0444, and a user's private ones (_private.h).
 *
 * I1: bytes go to tmp/ first, are made read-only and synced, and only then renamed to their name;
 * the directory is synced before a put returns (I3). Storing an existing object renews its
 * modification time, from which gc measures the retention, so that gc does not remove what an event
 * is about to name (I6).
 *
 * A put of unknown hash uses tmp/object-RANDOM. One of known hash uses tmp/put-HASH, with flock
 * held until it is named or abandoned; a process that finds it unlocked continues it. A file that
 * cannot be locked, or belongs to another user, is left alone, and the put uses a new file.
 *
 * Everything is reached through a handle of the workspace's directory and without following links.
 * Another user's object that cannot be touched (a sticky directory) is accepted once its bytes are
 * verified.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"
#include "core/store/object/_local.h"
#include "core/store/object/_object.h"
#include "core/store/object/_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { PUBLISH_TRIES = 8 }; /* retries while others put and remove the same object */

const char *bn_object_name(const char *hash, char buf[BN_OBJECT_NAME])
{
	snprintf(buf, BN_OBJECT_NAME, "objects/%.2s/%.62s", hash, hash + 2);
	return buf;
}

static const char *fan_name(const char *hash, char buf[BN_PRIVATE_DIR])
{
	snprintf(buf, BN_PRIVATE_DIR, "objects/%.2s", hash);
	return buf;
}

/* Where a put creates it. */
static const char *put_name(const local_store *s, const char *hash, char buf[BN_OBJECT_NAME])
{
	return s->is_private ? bn_private_name(s->env, hash, buf) : bn_object_name(hash, buf);
}

static const char *put_dir(const local_store *s, const char *hash, char buf[BN_PRIVATE_DIR])
{
	return s->is_private ? bn_private_dir(s->env, buf) : fan_name(hash, buf);
}

/* Where this user finds it. again: what was remembered of private objects does not count. */
static const char *get_name(
	local_store *s, const char *hash, bool again, char buf[BN_OBJECT_NAME])
{
	if (again)
		atomic_store(&s->no_private.none_ns, 0);
	return bn_private_has(s->root, hash, &s->no_private)
		       ? bn_private_name(s->env, hash, buf)
		       : bn_object_name(hash, buf);
}

static int not_here(const local_store *s, const char *hash, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (err && s->ws->forgotten && s->ws->forgotten(s->ws, hash, &why))
		return bn_err_set(err, BN_ENOTFOUND, "object %.12s %s", hash, why.msg);
	return bn_err_set(err, BN_ENOTFOUND, "object %.12s is not in this workspace", hash);
}

/* Converts an error about one object: absence is reported in its terms, anything else unchanged. */
static int object_error(const local_store *s, const char *hash, bn_err *caught, bn_err *err)
{
	if (caught->code == BN_ENOTFOUND)
		return not_here(s, hash, err);
	return bn_err_move(err, caught);
}

static int64_t modified_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

/* ---- asking --------------------------------------------------------------------------------- */

static int head_at(
	const local_store *s, const char *hash, const char *name, bn_object_info *out, bn_err *err)
{
	struct stat st;
	bn_err e = BN_ERR_INIT;
	if (bn_dir_stat(s->root, name, &st, &e) < 0)
		return object_error(s, hash, &e, err);
	if (!S_ISREG(st.st_mode))
		return bn_err_set(err, BN_ECORRUPT, "object %.12s is not a regular file (%s/%s)",
			hash, s->root->path, name);
	*out = (bn_object_info){.bytes = (uint64_t)st.st_size, .stored_ms = modified_ms(&st)};
	return 0;
}

static int local_head(bn_object_store *base, const char *hash, bn_object_info *out, bn_err *err)
{
	char name[BN_OBJECT_NAME];
	local_store *s = (local_store *)base;
	bn_err e = BN_ERR_INIT;
	int rc = head_at(s, hash, get_name(s, hash, false, name), out, &e);
	if (rc != BN_ENOTFOUND || !atomic_load(&s->no_private.none_ns))
		return rc < 0 ? bn_err_move(err, &e) : 0;
	bn_err_clear(&e);
	return head_at(s, hash, get_name(s, hash, true, name), out, err);
}

/* Lists a directory whose files are named by their hashes without the prefix `fan`: "ab", or "". */
static int list_dir(local_store *s, const char *dir, const char *fan, bn_object_each *each,
	void *ctx, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	char hash[65], name[BN_OBJECT_NAME];
	bn_err e = BN_ERR_INIT;
	int rc = bn_dir_list(s->root, dir, &names, &e);
	if (rc == BN_ENOTFOUND) /* gone since it was listed */
		rc = 0;
	else if (rc < 0)
		rc = bn_err_move(err, &e);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		bn_object_info info;
		if (strlen(fan) + strlen(names.items[i]) != BN_SHA256_HEX ||
			!bn_is_hex(names.items[i]))
			continue;
		snprintf(hash, sizeof hash, "%s%s", fan, names.items[i]);
		snprintf(name, sizeof name, "%s/%s", dir, names.items[i]);
		bn_err_clear(&e);
		rc = head_at(s, hash, name, &info, &e);
		info.is_private = !fan[0];
		if (rc >= 0)
			rc = each(ctx, hash, &info, err);
		else if (rc == BN_ENOTFOUND || rc == BN_ECORRUPT) /* removed; a foreign link */
			rc = 0;
		else
			rc = bn_err_move(err, &e);
	}
	bn_names_release(&names);
	return rc;
}

static int local_list(bn_object_store *base, bn_object_each *each, void *ctx, bn_err *err)
{
	local_store *s = (local_store *)base;
	bn_names fans = BN_NAMES_INIT;
	struct stat st;
	char dir[BN_PRIVATE_DIR];
	int rc = bn_dir_list(s->root, "objects", &fans, err);
	for (size_t i = 0; rc == 0 && i < fans.count; i++) {
		const char *fan = fans.items[i];
		if (strlen(fan) == 2 && bn_is_hex(fan) &&
			bn_dir_stat(s->root, fan_name(fan, dir), &st, NULL) == 0 &&
			S_ISDIR(st.st_mode))
			rc = list_dir(s, dir, fan, each, ctx, err);
	}
	bn_names_release(&fans);
	if (rc || !bn_private_is_here(s->root))
		return rc;
	return list_dir(s, bn_private_dir(s->env, dir), "", each, ctx, err);
}

/* ---- put ------------------------------------------------------------------------------------ */

/* Writeback starts after this many bytes, so that the final sync has little left to do. */
#define HINT_BYTES ((off_t)8 << 20)

typedef struct local_put {
	local_store *s;
	int fd;
	char name[BN_OBJECT_NAME];
	bool named; /* it has become the object, or was removed */
	off_t written,
		hinted; /* of the file; writeback of what is before `hinted` may have started */
} local_put;

/* True if the object exists with that size, and was renewed. Another user's is not renewed, even if its mode
 * would allow it: its owner may have put other bytes there before these were stored. Our own copy replaces it
 * where that is allowed. One that gc has just set aside has lost its name. */
static bool object_touch(const local_store *s, const char *name, uint64_t size)
{
	struct stat st;
	int fd = -1;
	if (bn_dir_open_file(&fd, s->root, name, O_RDONLY, 0, NULL) < 0)
		return false;
	bool ok = s->env->fs->fstat(s->env, fd, &st) == 0 && (uint64_t)st.st_size == size &&
		  st.st_uid == s->env->uid(s->env) && futimens(fd, NULL) == 0 &&
		  s->env->fs->stat(s->env, s->root, name, &st) == 0;
	s->env->fs->close(s->env, fd);
	return ok;
}

/* The same, and makes its name durable, which the process that put it may not have done yet. */
bool bn_local_renew(local_store *s, const char *hash, uint64_t size)
{
	char dir[BN_PRIVATE_DIR], name[BN_OBJECT_NAME];
	return (!s->is_private || bn_private_is_here(s->root)) &&
	       object_touch(s, put_name(s, hash, name), size) &&
	       bn_dir_sync(s->root, put_dir(s, hash, dir), NULL) == 0;
}

/* Tells every gc that the object is about to be named (_object.h). */
static int object_keep(local_store *s, const char *hash, bn_err *err)
{
	char name[8 + BN_KEEP_NAME];
	uint64_t tag;
	int fd = -1, rc = bn_env_random(s->env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	snprintf(name, sizeof name, "tmp/" BN_KEEP "%.64s-%016llx", hash, (unsigned long long)tag);
	if ((rc = bn_dir_open_file(&fd, s->root, name, O_WRONLY | O_CREAT | O_EXCL, 0444, err)) < 0)
		return rc;
	s->env->fs->close(s->env, fd);
	return bn_dir_sync(s->root, "tmp", err);
}

/* Another user's object is in the way of the file tmp and cannot be replaced: it is accepted if its bytes are
 * right. 1 if it has disappeared. */
static int object_adopt(local_store *s, const char *tmp, const char *hash, int failed, bn_err *err)
{
	char name[BN_OBJECT_NAME];
	bn_err e = BN_ERR_INIT;
	int rc = object_keep(s, hash, err);
	if (rc < 0)
		return rc;
	switch (bn_object_verify(s->ws, hash, &e)) {
	case 0:
		return bn_dir_unlink(s->root, tmp, err);
	case BN_ENOTFOUND:
		return 1;
	case BN_ECORRUPT:
		return bn_err_move(err, &e);
	default:
		break;
	}
	return bn_err_sys(err, BN_EIO, -failed, "cannot rename '%s/%s' to '%s/%s'", s->root->path,
		tmp, s->root->path, bn_object_name(hash, name));
}

static int make_put_dir(const local_store *s, const char *dir, bn_err *err)
{
	struct stat st;
	if (s->is_private)
		return bn_private_make(s->root, err);
	int rc = bn_dir_stat(s->root, "objects", &st, err);
	return rc < 0 ? rc : bn_dir_make(s->root, dir, st.st_mode & 07777, err);
}

/* Gives the finished file of that name in tmp/, already synced and read-only, its final name. */
int bn_local_publish(local_store *s, const char *tmp, const char *hash, bn_err *err)
{
	char name[BN_OBJECT_NAME], dir[BN_PRIVATE_DIR];
	int rc = make_put_dir(s, put_dir(s, hash, dir), err);
	if (rc < 0)
		return rc;
	/* Another process may have made it and died before syncing objects/. */
	if ((rc = bn_dir_sync(s->root, "objects", err)) < 0)
		return rc;
	for (int tries = 0; tries < PUBLISH_TRIES; tries++) {
		int failed =
			s->env->fs->rename(s->env, s->root, tmp, s->root, put_name(s, hash, name));
		if (failed == 0) {
			snprintf(s->ws->stored, sizeof s->ws->stored, "%s", hash);
			return bn_dir_sync(s->root, dir, err);
		}
		if (s->is_private || (failed != -EPERM && failed != -EACCES))
			return bn_err_sys(err, BN_EIO, -failed, "cannot rename '%s/%s' to '%s/%s'",
				s->root->path, tmp, s->root->path, name);
		if ((rc = object_adopt(s, tmp, hash, failed, err)) <= 0)
			return rc;
	}
	return bn_err_set(err, BN_EREFUSED, "cannot create '%s/%s'", s->root->path, name);
}

int bn_local_tmp_name(local_store *s, char name[BN_OBJECT_NAME], bn_err *err)
{
	uint64_t tag[2];
	int rc = bn_env_random(s->env, tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	snprintf(name, BN_OBJECT_NAME, "tmp/object-%016llx%016llx", (unsigned long long)tag[0],
		(unsigned long long)tag[1]);
	return 0;
}

/* Feeds the existing bytes to the hasher. */
static int hash_kept(local_put *p, bn_hasher *h, uint64_t *have, bn_err *err)
{
	const bn_env *env = p->s->env;
	size_t got = BN_OBJECT_BLOCK;
	int rc = 0;
	uint8_t *block = bn_alloc(BN_OBJECT_BLOCK);
	if (!block)
		return bn_err_nomem(err, "a put");
	for (*have = 0; rc == 0 && got == BN_OBJECT_BLOCK; *have += got) {
		rc = bn_dir_read_at(env, p->s->root, p->name, p->fd, block, BN_OBJECT_BLOCK,
			(off_t)*have, &got, err);
		if (rc < 0)
			break;
		bn_hasher_add(h, block, got);
	}
	bn_free(block);
	return rc;
}

/* Opens tmp/put-HASH if it is ours and not in use: 1, else 0. */
static int open_kept(local_put *p, const char *hash)
{
	const bn_env *env = p->s->env;
	struct stat st, now;
	int fd = -1;
	snprintf(p->name, sizeof p->name, "tmp/put-%.64s", hash);
	if (bn_dir_open_file(&fd, p->s->root, p->name, O_RDWR | O_CREAT | O_APPEND, 0600, NULL) < 0)
		return 0;
	/* After locking, the name must still be this file: its last owner may have renamed it. */
	if (env->fs->flock(env, fd, LOCK_EX | LOCK_NB) < 0 || env->fs->fstat(env, fd, &st) < 0 ||
		env->fs->stat(env, p->s->root, p->name, &now) < 0 || st.st_ino != now.st_ino ||
		st.st_dev != now.st_dev || st.st_uid != env->uid(env) || st.st_nlink != 1) {
		env->fs->close(env, fd);
		return 0;
	}
	p->fd = fd;
	return 1;
}

static void local_put_end(void *put, bool keep);

static int local_put_begin(void **out, bn_object_store *base, const char *hash, bn_hasher *h,
	uint64_t *have, bn_err *err)
{
	local_put *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "a put");
	p->s = (local_store *)base;
	p->fd = -1;
	*have = 0;
	int rc = bn_workspace_need_writable(p->s->ws, err);
	if (rc < 0) {
		bn_free(p);
		return rc;
	}
	if (hash && open_kept(p, hash)) {
		rc = hash_kept(p, h, have, err);
		p->written = p->hinted = (off_t)*have;
	} else if ((rc = bn_local_tmp_name(p->s, p->name, err)) == 0)
		rc = bn_dir_open_file(
			&p->fd, p->s->root, p->name, O_WRONLY | O_CREAT | O_EXCL, 0600, err);
	if (rc < 0) {
		p->named = p->fd < 0; /* no file of ours exists */
		local_put_end(p, true);
		return rc;
	}
	*out = p;
	return 0;
}

static int local_put_write(void *put, const void *bytes, size_t n, bn_err *err)
{
	local_put *p = put;
	const bn_env *env = p->s->env;
	int rc = bn_dir_write_all(env, p->s->root, p->name, p->fd, bytes, n, err);
	if (rc < 0)
		return rc;
	p->written += (off_t)n;
	if (p->written - p->hinted >= HINT_BYTES && env->fs->will_sync) {
		env->fs->will_sync(env, p->fd, p->hinted, p->written - p->hinted);
		p->hinted = p->written;
	}
	return 0;
}

/* Makes it read-only and durable. */
int bn_local_finish(local_store *s, int fd, const char *name, bn_err *err)
{
	int e = s->env->fs->fchmod(s->env, fd, s->is_private ? BN_PRIVATE_FILE : 0444);
	if (e < 0)
		return bn_dir_error(err, -e, "cannot set the mode of", s->root, name);
	return bn_dir_sync_file(s->env, s->root, name, fd, err);
}

static int local_put_commit(void *put, const char *hash, uint64_t bytes, bn_err *err)
{
	local_put *p = put;
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (p->s->ws->forgotten && p->s->ws->forgotten(p->s->ws, hash, &why)) {
		bn_err_set(err, BN_EREFUSED, "these bytes hold rows that must not be kept: the object %s", why.msg);
		bn_err_hint(err, "take those rows out of the file, and add it again");
		return BN_EREFUSED;
	}
	if (bn_local_renew(p->s, hash, bytes)) {
		bn_dir_unlink(p->s->root, p->name, NULL);
		p->named = true;
		return 0;
	}
	/* Closing the descriptor releases the lock: not before the file is named. */
	if ((rc = bn_local_finish(p->s, p->fd, p->name, err)) < 0)
		return rc;
	if ((rc = bn_local_publish(p->s, p->name, hash, err)) == 0)
		p->named = true;
	return rc;
}

static void local_put_end(void *put, bool keep)
{
	local_put *p = put;
	if (!p->named && !(keep && bn_str_starts(p->name, "tmp/put-")))
		bn_dir_unlink(p->s->root, p->name, NULL);
	if (p->fd >= 0)
		p->s->env->fs->close(p->s->env, p->fd);
	bn_free(p);
}

/* ---- get ------------------------------------------------------------------------------------ */

typedef struct local_get {
	local_store *s;
	int fd;
	char hash[65];
} local_get;

static int local_get_begin(
	void **out, bn_object_store *base, const char *hash, uint64_t *size, bn_err *err)
{
	local_store *s = (local_store *)base;
	char name[BN_OBJECT_NAME];
	bn_err e = BN_ERR_INIT;
	struct stat st;
	local_get *g = bn_alloc_zeroed(1, sizeof *g);
	if (!g)
		return bn_err_nomem(err, "a get");
	g->s = s;
	snprintf(g->hash, sizeof g->hash, "%s", hash);
	int rc = bn_dir_open_look(
		&g->fd, &st, s->root, get_name(s, hash, false, name), O_RDONLY, 0, &e);
	if (rc == BN_ENOTFOUND && atomic_load(&s->no_private.none_ns)) {
		bn_err_clear(&e);
		rc = bn_dir_open_look(
			&g->fd, &st, s->root, get_name(s, hash, true, name), O_RDONLY, 0, &e);
	}
	if (rc < 0) {
		bn_free(g);
		return object_error(s, hash, &e, err);
	}
	*size = (uint64_t)st.st_size;
	*out = g;
	return 0;
}

static int local_get_read(void *get, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err)
{
	local_get *g = get;
	char what[32];
	snprintf(what, sizeof what, "object %.12s", g->hash);
	return bn_fs_read_at(g->s->env, g->fd, bytes, n, (off_t)at, got, what, err);
}

static void local_get_end(void *get)
{
	local_get *g = get;
	g->s->env->fs->close(g->s->env, g->fd);
	bn_free(g);
}

/* ---- renewing -------------------------------------------------------------------------------- */

/* Replaces another user's object by our own copy. */
static int copy_anew(bn_object_store *base, const char *hash, bn_err *err)
{
	bn_object_reader *r = NULL;
	bn_object_writer *w = NULL;
	char found[65];
	size_t got = 1;
	uint8_t *block = bn_alloc(BN_OBJECT_BLOCK);
	int rc = block ? 0 : bn_err_nomem(err, "an object");
	if (rc < 0 || (rc = bn_object_reader_new(&r, base, hash, 0, UINT64_MAX, err)) < 0 ||
		(rc = bn_object_writer_new(&w, base, NULL, err)) < 0)
		goto out;
	while (got)
		if ((rc = bn_object_read(r, block, BN_OBJECT_BLOCK, &got, err)) < 0 ||
			(rc = bn_object_write(w, block, got, err)) < 0)
			goto out;
	rc = bn_object_commit(w, found, NULL, err);
out:
	bn_object_writer_free(w);
	bn_object_reader_free(r);
	bn_free(block);
	return rc;
}

/* Both, if it exists twice: a row does not say which of them it needs. */
static int local_renew(bn_object_store *base, const char *hash, bn_err *err)
{
	local_store *s = (local_store *)base;
	char name[BN_OBJECT_NAME];
	bn_object_info info;
	bn_err e = BN_ERR_INIT;
	int rc = bn_workspace_need_writable(s->ws, err);
	if (rc < 0)
		return rc;
	bool is_private = bn_private_is_here(s->root) &&
			  head_at(s, hash, bn_private_name(s->env, hash, name), &info, NULL) == 0 &&
			  object_touch(s, name, info.bytes);
	rc = head_at(s, hash, bn_object_name(hash, name), &info, &e);
	if (rc == BN_ENOTFOUND && is_private)
		return 0;
	if (rc < 0)
		return bn_err_move(err, &e);
	return object_touch(s, name, info.bytes) ? 0 : copy_anew(s->ws->objects, hash, err);
}

/* ---- the store ------------------------------------------------------------------------------ */

static void local_free(bn_object_store *base)
{
	bn_free(base);
}

static const bn_object_store_ops local_ops = {
	.name = "local",
	.head = local_head,
	.list = local_list,
	.renew = local_renew,
	.put_begin = local_put_begin,
	.put_write = local_put_write,
	.put_commit = local_put_commit,
	.put_end = local_put_end,
	.get_begin = local_get_begin,
	.get_read = local_get_read,
	.get_end = local_get_end,
	.free = local_free,
};

/* The shared and the private store, in one allocation. */
static int make_stores(bn_workspace *ws, bn_err *err)
{
	const local_store all = {
		.base.ops = &local_ops, .ws = ws, .env = ws->env, .root = bn_workspace_at(ws)};
	local_store *two = bn_alloc(2 * sizeof *two);
	if (!two)
		return bn_err_nomem(err, "a store");
	two[0] = two[1] = all;
	two[1].is_private = true;
	ws->objects = &two[0].base;
	ws->private_objects = &two[1].base;
	ws->objects_free = local_free;
	return 0;
}

int bn_workspace_objects(bn_object_store **out, bn_workspace *ws, bn_err *err)
{
	int rc = ws->objects ? 0 : make_stores(ws, err);
	*out = ws->objects;
	return rc;
}

int bn_workspace_private_objects(bn_object_store **out, bn_workspace *ws, bn_err *err)
{
	int rc = ws->objects ? 0 : make_stores(ws, err);
	*out = ws->private_objects;
	return rc;
}

/* ---- the workspace's calls ------------------------------------------------------------------ */

int bn_object_put(bn_workspace *ws, const void *bytes, size_t n, char hash[65], bn_err *err)
{
	bn_object_store *s = NULL;
	int rc = bn_workspace_objects(&s, ws, err);
	return rc < 0 ? rc : bn_object_put_in(s, bytes, n, hash, err);
}

int bn_object_put_in(bn_object_store *s, const void *bytes, size_t n, char hash[65], bn_err *err)
{
	bn_object_writer *w = NULL;
	int rc = bn_workspace_need_writable(((local_store *)s)->ws, err);
	if (rc < 0)
		return rc;
	bn_sha256_hex(bytes, n, hash);
	if (bn_local_renew((local_store *)s, hash, n))
		return 0;
	if ((rc = bn_object_writer_new(&w, s, NULL, err)) < 0 ||
		(rc = bn_object_write(w, bytes, n, err)) < 0)
		goto out;
	rc = bn_object_commit(w, hash, NULL, err);
out:
	bn_object_writer_free(w);
	return rc;
}

int bn_object_file(bn_workspace *ws, const char *hash, char name[BN_OBJECT_NAME], bn_err *err)
{
	bn_object_store *s = NULL;
	bn_object_info info;
	int rc = bn_workspace_objects(&s, ws, err);
	if (rc < 0 || (rc = bn_object_head(s, hash, &info, err)) < 0)
		return rc;
	get_name((local_store *)s, hash, false, name);
	return 0;
}

bool bn_object_is_here(bn_workspace *ws, const char *hash)
{
	bn_object_store *s = NULL;
	bn_object_info info;
	return bn_workspace_objects(&s, ws, NULL) == 0 && bn_object_head(s, hash, &info, NULL) == 0;
}
