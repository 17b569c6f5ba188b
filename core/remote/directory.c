/*
 * directory.c - a remote that is a directory, perhaps on NFS, CephFS or Lustre, perhaps shared by a group.
 *
 * A put writes ".binnacle-tmp/NAME", syncs it, and then names it by link(2), which decides between two that put the
 * same key, or by rename where links are not supported or the key is replaced; then the key's directory is synced. So
 * a key never shows a part of its bytes, and a client that was killed leaves at most a file in ".binnacle-tmp".
 *
 * A put of known SHA-256 writes to "put-SHA256", locked, and what an interrupted one left there is continued: its bytes
 * are hashed, not sent again. A file that is locked, or another user's, is left alone, and the put uses a name of its own.
 * After the lock was taken the name must still lead to the locked file: else it has been named meanwhile, and writing
 * to it would write to what is kept.
 *
 * Files are reached through a handle of the directory, without following links below it (core/base/dir.h).
 */
#include "core/base/dir.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/remote/_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define BLOCK ((size_t)1 << 20)
#define HINT_BYTES ((uint64_t)8 << 20) /* writeback starts after so many */
#define LEFTOVER_MS ((int64_t)7 * 86400 * 1000)
#define DEPTH_MAX 64

typedef struct directory {
	bn_remote_store base;
	bn_dir *at;
	mode_t dir_mode, file_mode;
	bool tmp_ready;
} directory;

static const bn_remote_ops directory_ops;

static void directory_close(bn_remote_store *base)
{
	directory *d = (directory *)base;
	bn_dir_close(d->at);
	bn_remote_store_free(base);
}

static int open_at(directory **out, const bn_env *env, const char *path, bn_err *err)
{
	directory *d = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_remote_store_new(&d, sizeof *d, &directory_ops, env, path, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_dir_open(&d->at, env, path, &why)) < 0) {
		bn_err_hint(&why, "make the directory first, or mount its file system");
		bn_err_move(err, &why);
		directory_close(&d->base);
		return rc;
	}
	*out = d;
	return 0;
}

int bn_remote_directory_open(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *o, bn_err *err)
{
	directory *d = NULL;
	struct stat st;
	char *path = NULL;
	int rc = bn_path_absolute(&path, bn_str_starts(url, "file://") ? url + 7 : url, err);
	if (rc < 0 || (rc = open_at(&d, env, path, err)) < 0)
		goto out;
	int e = env->fs->fstat(env, d->at->fd, &st);
	if (e < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", path);
		directory_close(&d->base);
		goto out;
	}
	d->dir_mode = o->dir_mode ? o->dir_mode : (st.st_mode & 0777) | 0700;
	d->file_mode = o->file_mode ? o->file_mode : (st.st_mode & 0444) | 0400;
	*out = &d->base;
out:
	bn_free(path);
	return rc;
}

static int directory_again(bn_remote_store **out, const bn_remote_store *s, bn_err *err)
{
	const directory *from = (const directory *)s;
	directory *d = NULL;
	int rc = open_at(&d, s->env, s->place, err);
	if (rc < 0)
		return rc;
	d->dir_mode = from->dir_mode;
	d->file_mode = from->file_mode;
	*out = &d->base;
	return 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void info_of(bn_remote_info *out, const struct stat *st)
{
	out->bytes = (uint64_t)st->st_size;
	out->modified_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

/* A missing file is a missing key; a missing directory, one whose file system is gone, is not. */
static int absent(const directory *d, const char *key, bn_err *why, bn_err *err)
{
	if (why->code != BN_ENOTFOUND && why->cause != ENOTDIR)
		return bn_err_move(err, why);
	if (!bn_dir_has(d->at, ".")) {
		bn_err_set(err, BN_EIO, "the directory '%s' is gone", d->base.place);
		bn_err_hint(err, "mount its file system again");
		return BN_EIO;
	}
	return bn_remote_no_key(&d->base, key, err);
}

static int directory_stat(bn_remote_store *s, const char *key, bn_remote_info *out, bn_err *err)
{
	const directory *d = (const directory *)s;
	struct stat st;
	bn_err why = BN_ERR_INIT;
	if (bn_dir_stat(d->at, key, &st, &why) < 0)
		return absent(d, key, &why, err);
	if (S_ISDIR(st.st_mode))
		return bn_remote_no_key(s, key, err);
	if (!S_ISREG(st.st_mode))
		return bn_err_set(err, BN_EREFUSED, "'%s/%s' is not a regular file", s->place, key);
	info_of(out, &st);
	return 0;
}

static int send_file(const directory *d, const char *key, int fd, uint64_t end,
	const bn_remote_sink *sink, uint64_t *to, const bn_progress *progress, bn_err *err)
{
	const bn_env *env = d->base.env;
	size_t got = 1;
	int rc = 0;
	char *block = bn_alloc(BLOCK);
	if (!block)
		return bn_err_nomem(err, "a block of a file");
	while (*to < end && got) {
		size_t n = end - *to < BLOCK ? (size_t)(end - *to) : BLOCK;
		if ((rc = bn_dir_read_at(env, d->at, key, fd, block, n, (off_t)*to, &got, err)) < 0)
			goto out;
		if (got && (rc = sink->write(sink->user, block, got, err)) < 0)
			goto out;
		*to += got;
		if ((rc = bn_progress_step(progress, "copying", *to, end, err)) < 0)
			goto out;
	}
out:
	bn_free(block);
	return rc;
}

static int directory_get(bn_remote_store *s, const char *key, uint64_t from, uint64_t count,
	const bn_remote_sink *sink, uint64_t *to, const bn_progress *progress, bn_err *err)
{
	const directory *d = (const directory *)s;
	struct stat st;
	bn_err why = BN_ERR_INIT;
	int fd = -1, rc = bn_dir_open_file(&fd, d->at, key, O_RDONLY, 0, &why);
	if (rc == BN_ECORRUPT && bn_dir_stat(d->at, key, &st, NULL) >= 0 && S_ISDIR(st.st_mode))
		return bn_remote_no_key(s, key, err);
	if (rc < 0)
		return absent(d, key, &why, err);
	int e = s->env->fs->fstat(s->env, fd, &st);
	if (e < 0) {
		rc = bn_dir_error(err, -e, "cannot stat", d->at, key);
		goto out;
	}
	uint64_t size = (uint64_t)st.st_size;
	if (from > size) {
		rc = bn_err_set(err, BN_ECONFLICT, "%s at %s has %llu bytes, fewer than before",
			key, s->place, (unsigned long long)size);
		goto out;
	}
	rc = send_file(
		d, key, fd, count < size - from ? from + count : size, sink, to, progress, err);
out:
	s->env->fs->close(s->env, fd);
	return rc;
}

/* ---- listing -------------------------------------------------------------------------------- */

typedef struct entry {
	char *key;
	bool is_dir;
	bn_remote_info info;
} entry;

typedef struct listing {
	directory *d;
	const char *prefix;
	bn_remote_each_key *each;
	void *ctx;
} listing;

/* In the order of keys: a directory counts as its name with a '/'. */
static int by_key(const void *a, const void *b)
{
	const entry *x = a, *y = b;
	size_t i = 0;
	while (x->key[i] && x->key[i] == y->key[i])
		i++;
	int p = (unsigned char)x->key[i], q = (unsigned char)y->key[i];
	if (!p && x->is_dir)
		p = '/';
	if (!q && y->is_dir)
		q = '/';
	return p - q;
}

/* Whether keys below this one, or the key itself, may begin with the prefix. */
static bool may_match(const char *key, bool is_dir, const char *prefix)
{
	if (!is_dir)
		return bn_str_starts(key, prefix);
	size_t n = strlen(key);
	if (strlen(prefix) <= n)
		return bn_str_starts(key, prefix);
	return bn_str_starts(prefix, key) && prefix[n] == '/';
}

/* Reads what is in the directory `key` (NULL: the top) that can be a key. Links, devices and names that are no
 * keys are passed over. */
static int read_entries(const listing *l, const char *key, entry **out, size_t *count, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	entry *items = NULL;
	size_t n = 0;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dir_list(l->d->at, key, &names, &why);
	if (rc == BN_ENOTFOUND && key)
		rc = 0; /* removed meanwhile */
	else if (rc < 0)
		rc = bn_err_move(err, &why);
	if (rc < 0 || !names.count)
		goto out;
	if (!(items = bn_alloc_zeroed(names.count, sizeof *items))) {
		rc = bn_err_nomem(err, "a listing");
		goto out;
	}
	for (size_t i = 0; i < names.count; i++) {
		struct stat st;
		entry *e = &items[n];
		e->key = key ? bn_path_join(key, names.items[i]) : bn_strdup(names.items[i]);
		if (!e->key) {
			rc = bn_err_nomem(err, "a listing");
			goto out;
		}
		e->is_dir = true; /* until it is looked at */
		if (bn_remote_key_check(e->key, NULL) < 0 ||
			!(may_match(e->key, true, l->prefix) ||
				may_match(e->key, false, l->prefix)) ||
			bn_dir_stat(l->d->at, e->key, &st, NULL) < 0 ||
			!(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) ||
			!may_match(e->key, S_ISDIR(st.st_mode), l->prefix)) {
			bn_free(e->key);
			e->key = NULL;
			continue;
		}
		e->is_dir = S_ISDIR(st.st_mode);
		info_of(&e->info, &st);
		n++;
	}
	qsort(items, n, sizeof *items, by_key);
out:
	*out = items;
	*count = n;
	bn_names_release(&names);
	return rc;
}

static int list_below(const listing *l, const char *key, unsigned depth, bn_err *err)
{
	entry *items = NULL;
	size_t n = 0;
	int rc = read_entries(l, key, &items, &n, err);
	for (size_t i = 0; i < n && rc == BN_OK; i++) {
		if (!items[i].is_dir)
			rc = l->each(l->ctx, items[i].key, &items[i].info, err);
		else if (depth < DEPTH_MAX)
			rc = list_below(l, items[i].key, depth + 1, err);
	}
	for (size_t i = 0; i < n; i++)
		bn_free(items[i].key);
	bn_free(items);
	return rc;
}

static int directory_list(
	bn_remote_store *s, const char *prefix, bn_remote_each_key *each, void *ctx, bn_err *err)
{
	listing l = {(directory *)s, prefix, each, ctx};
	const char *slash = strrchr(prefix, '/');
	if (!slash)
		return list_below(&l, NULL, 0, err);
	char *dir = bn_strndup(prefix, (size_t)(slash - prefix));
	if (!dir)
		return bn_err_nomem(err, "a listing");
	int rc = bn_remote_key_check(dir, err);
	if (rc == BN_OK && bn_dir_has(l.d->at, dir))
		rc = list_below(&l, dir, 1, err);
	else if (rc == BN_OK && !bn_dir_has(l.d->at, "."))
		rc = bn_err_set(err, BN_EIO, "the directory '%s' is gone", s->place);
	bn_free(dir);
	return rc;
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct writing {
	directory *d;
	const bn_remote_source *source;
	const bn_progress *progress;
	char tmp[96]; /* its name; "" once it is gone */
	bool resumes; /* it stays for the next put if this one is interrupted */
	int fd;
	uint64_t have, hinted;
} writing;

/* Removes what this user's puts have left there long ago. */
static void clear_leftovers(directory *d)
{
	const bn_env *env = d->base.env;
	bn_names names = BN_NAMES_INIT;
	struct stat st;
	char path[300];
	if (bn_dir_list(d->at, BN_REMOTE_TMP, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		snprintf(path, sizeof path, "%s/%.255s", BN_REMOTE_TMP, names.items[i]);
		if (bn_dir_stat(d->at, path, &st, NULL) == 0 && S_ISREG(st.st_mode) &&
			st.st_uid == env->uid(env) &&
			(int64_t)st.st_mtim.tv_sec * 1000 < bn_env_now_ms(env) - LEFTOVER_MS)
			bn_dir_unlink(d->at, path, NULL);
	}
	bn_names_release(&names);
}

static int tmp_make(directory *d, bn_err *err)
{
	if (d->tmp_ready)
		return 0;
	int rc = bn_dir_make(d->at, BN_REMOTE_TMP, d->dir_mode, err);
	if (rc < 0)
		return rc;
	clear_leftovers(d);
	d->tmp_ready = true;
	return 0;
}

/* Opens "put-SHA256" and takes its lock. False: another one is at it, or it is not ours. */
static bool open_known(writing *w)
{
	directory *d = w->d;
	const bn_env *env = d->base.env;
	struct stat here, named;
	int fd = -1;
	snprintf(w->tmp, sizeof w->tmp, "%s/put-%.64s", BN_REMOTE_TMP, w->source->sha256);
	if (bn_dir_open_file(&fd, d->at, w->tmp, O_RDWR | O_CREAT, 0600, NULL) < 0)
		return false;
	if (env->fs->flock(env, fd, LOCK_EX | LOCK_NB) < 0 || env->fs->fstat(env, fd, &here) < 0 ||
		bn_dir_stat(d->at, w->tmp, &named, NULL) < 0 || here.st_ino != named.st_ino ||
		here.st_dev != named.st_dev || here.st_nlink != 1 || here.st_uid != env->uid(env)) {
		env->fs->close(env, fd);
		return false;
	}
	w->fd = fd;
	w->resumes = true;
	w->have = (uint64_t)here.st_size;
	return true;
}

static int writing_open(writing *w, bn_err *err)
{
	uint64_t tag = 0;
	int rc = tmp_make(w->d, err);
	if (rc < 0)
		return rc;
	if (w->source->sha256 && w->source->n >= BLOCK && open_known(w))
		return 0;
	if ((rc = bn_env_random(w->d->base.env, &tag, sizeof tag, err)) < 0)
		return rc;
	snprintf(w->tmp, sizeof w->tmp, "%s/%016llx", BN_REMOTE_TMP, (unsigned long long)tag);
	rc = bn_dir_open_file(&w->fd, w->d->at, w->tmp, O_RDWR | O_CREAT | O_EXCL, 0600, err);
	if (rc < 0)
		w->tmp[0] = '\0';
	return rc;
}

/* keep: leave it for the next put of the same bytes. */
static void writing_end(writing *w, bool keep)
{
	const bn_env *env = w->d->base.env;
	if (w->tmp[0] && !(keep && w->resumes))
		bn_dir_unlink(w->d->at, w->tmp, NULL);
	if (w->fd >= 0)
		env->fs->close(env, w->fd);
}

/* Continues at `have`: what is before it is hashed only. */
static int write_rest(writing *w, bn_hasher *h, char *block, bn_err *err)
{
	const bn_env *env = w->d->base.env;
	const bn_remote_source *source = w->source;
	size_t got = 0;
	int rc;
	for (uint64_t at = 0; at < source->n;) {
		bool known = at < w->have;
		uint64_t left = (known ? w->have : source->n) - at;
		size_t n = left < BLOCK ? (size_t)left : BLOCK;
		if (known)
			rc = bn_dir_read_at(
				env, w->d->at, w->tmp, w->fd, block, n, (off_t)at, &got, err);
		else
			rc = bn_remote_source_read(env, source, at, block, n, err);
		if (rc < 0)
			return rc;
		if (known && got != n)
			return bn_err_set(err, BN_ECONFLICT, "'%s/%s' became shorter",
				w->d->base.place, w->tmp);
		bn_hasher_add(h, block, n);
		if (!known &&
			(rc = bn_dir_write_all(env, w->d->at, w->tmp, w->fd, block, n, err)) < 0)
			return rc;
		at += n;
		if (at > w->hinted + HINT_BYTES) {
			env->fs->will_sync(env, w->fd, (off_t)w->hinted, (off_t)(at - w->hinted));
			w->hinted = at;
		}
		if ((rc = bn_progress_step(w->progress, "copying", at, source->n, err)) < 0)
			return rc;
	}
	return 0;
}

/* Fills the file. *right: whether its bytes have the hash that was said. */
static int fill(writing *w, bool *right, bn_err *err)
{
	const bn_env *env = w->d->base.env;
	uint8_t digest[BN_SHA256_BYTES];
	char hex[BN_SHA256_HEX + 1];
	bn_hasher *h = NULL;
	char *block = bn_alloc(BLOCK);
	int e, rc = block ? bn_hasher_new(&h, err) : bn_err_nomem(err, "a block of a file");
	if (rc < 0)
		goto out;
	if (w->have > w->source->n)
		w->have = 0;
	if ((e = env->fs->ftruncate(env, w->fd, (off_t)w->have)) < 0 ||
		lseek(w->fd, (off_t)w->have, SEEK_SET) < 0) {
		rc = bn_dir_error(err, e < 0 ? -e : errno, "cannot position in", w->d->at, w->tmp);
		goto out;
	}
	if ((rc = write_rest(w, h, block, err)) < 0)
		goto out;
	bn_hasher_finish(h, digest);
	bn_hex(digest, sizeof digest, hex);
	*right = !w->source->sha256 || !strcmp(hex, w->source->sha256);
out:
	bn_hasher_free(h);
	bn_free(block);
	return rc;
}

/* Gives the file its name. *put: false if the key was there. */
static int give_name(writing *w, const char *key, bn_remote_when when, bool *put, bn_err *err)
{
	directory *d = w->d;
	const bn_env *env = d->base.env;
	const char *slash = strrchr(key, '/');
	char *parent = slash ? bn_strndup(key, (size_t)(slash - key)) : NULL;
	int rc = 0;
	if (slash && !parent)
		return bn_err_nomem(err, "a file name");
	if (parent && (rc = bn_dir_make(d->at, parent, d->dir_mode, err)) < 0)
		goto out;
	*put = true;
	int e = when == BN_REMOTE_IF_ABSENT ? env->fs->link(env, d->at, w->tmp, d->at, key)
					    : -EPERM;
	if (e == -EEXIST) {
		*put = false;
		goto out;
	}
	if (e < 0) { /* replaced, or no links here: then it is asked for before */
		if (when == BN_REMOTE_IF_ABSENT && bn_dir_has(d->at, key)) {
			*put = false;
			goto out;
		}
		if ((rc = bn_dir_rename(d->at, w->tmp, d->at, key, err)) < 0)
			goto out;
		w->tmp[0] = '\0';
	}
	rc = bn_dir_sync(d->at, parent, err);
out:
	bn_free(parent);
	return rc;
}

static int write_once(
	writing *w, const char *key, bn_remote_when when, bool *put, bool *right, bn_err *err)
{
	const bn_env *env = w->d->base.env;
	int e, rc = fill(w, right, err);
	if (rc < 0 || !*right)
		return rc;
	if ((e = env->fs->fchmod(env, w->fd, w->d->file_mode)) < 0)
		return bn_dir_error(err, -e, "cannot set the mode of", w->d->at, w->tmp);
	if ((rc = bn_dir_sync_file(env, w->d->at, w->tmp, w->fd, err)) < 0)
		return rc;
	return give_name(w, key, when, put, err);
}

static int directory_put(bn_remote_store *s, const char *key, const bn_remote_source *source,
	bn_remote_when when, bool *put, const bn_progress *progress, bn_err *err)
{
	directory *d = (directory *)s;
	writing w = {.d = d, .source = source, .progress = progress, .fd = -1};
	bn_err why = BN_ERR_INIT;
	struct stat st;
	bool right = false;
	if (when == BN_REMOTE_IF_ABSENT && bn_dir_stat(d->at, key, &st, NULL) == 0 &&
		S_ISREG(st.st_mode))
		return 0; /* *put is false */
	int rc = writing_open(&w, &why);
	if (rc < 0)
		goto out;
	bool resumed = w.have > 0;
	rc = write_once(&w, key, when, put, &right, &why);
	if (rc == BN_OK && !right && resumed) { /* what was left there is damaged */
		w.have = w.hinted = 0;
		rc = write_once(&w, key, when, put, &right, &why);
	}
	if (rc == BN_OK && !right)
		rc = bn_err_set(&why, BN_ECORRUPT,
			"what was to be %s does not match its SHA-256 %.12s...", key,
			source->sha256);
out:
	writing_end(&w, rc < 0 && rc != BN_ECORRUPT && !bn_err_is_full(&why));
	if (rc < 0)
		bn_err_move(err, &why);
	return rc;
}

static int directory_remove(bn_remote_store *s, const char *key, bn_err *err)
{
	const directory *d = (const directory *)s;
	return bn_dir_unlink(d->at, key, err);
}

static const bn_remote_ops directory_ops = {
	.kind = "directory",
	.writes = true,
	.lists = true,
	.again = directory_again,
	.close = directory_close,
	.stat = directory_stat,
	.get = directory_get,
	.list = directory_list,
	.put = directory_put,
	.remove = directory_remove,
};
