/* verify_once.c - see verify_once.h. */
#include "core/store/object/verify_once.h"

#include "core/base/crew.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/object/_object.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS ((int64_t)86400 * 1000)
#define EACH_BYTES (4 << 20) /* less than this is hashed before threads are started */

static void key_make(bn_cache_key *k, const char *hash, const struct stat *st)
{
	char text[160];
	bn_cache_key_init(k, "object hashed", 1);
	bn_cache_key_add(k, "hash", hash);
	snprintf(text, sizeof text, "%llu %llu %lld %lld.%09ld %lld.%09ld",
		(unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
		(long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		(long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
	bn_cache_key_add(k, "file", text);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int64_t changed_ms(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * 1000 + st->st_ctim.tv_nsec / 1000000;
}

/* Whether the file system's timestamps come from this kernel, with fractions of a second. */
static bool is_local(const bn_workspace *ws, const struct stat *st)
{
	return st->st_ctim.tv_nsec != 0 && !bn_dir_is_network(bn_workspace_at(ws));
}

/* The time the file system gives to a file created now; false if none can be created. */
static bool file_system_now(int64_t *ms, const bn_workspace *ws)
{
	const bn_dir *at = bn_workspace_at(ws);
	char name[40];
	uint64_t tag;
	struct stat st;
	int fd = -1;
	if (bn_env_random(at->env, &tag, sizeof tag, NULL) < 0)
		return false;
	snprintf(name, sizeof name, "tmp/clock-%016" PRIx64, tag);
	if (bn_dir_open_file(&fd, at, name, O_WRONLY | O_CREAT | O_EXCL, 0600, NULL) < 0)
		return false;
	bool ok = at->env->fs->fstat(at->env, fd, &st) == 0;
	at->env->fs->close(at->env, fd);
	bn_dir_unlink(at, name, NULL);
	*ms = ok ? changed_ms(&st) : 0;
	return ok;
}

/* Whether a change from `now` on would change the file's change time. */
static bool is_settled(const bn_workspace *ws, const struct stat *st, int64_t now_ms)
{
	int64_t theirs;
	if (is_local(ws, st))
		return now_ms - changed_ms(st) > BN_VERIFY_ONCE_LOCAL_MS;
	if (now_ms - changed_ms(st) > DAY_MS) /* no working clock is that wrong */
		return true;
	return file_system_now(&theirs, ws) && theirs - changed_ms(st) > BN_VERIFY_ONCE_SETTLED_MS;
}

/* What is examined: the file at the object's name, or the open file, regardless of its name. */
typedef struct subject {
	bn_workspace *ws;
	const char *hash;
	int fd; /* -1: the name */
	const bn_progress *progress;
	const char *what;
} subject;

static int subject_stat(struct stat *out, const subject *s, bn_err *err)
{
	const bn_env *env = bn_workspace_env(s->ws);
	char name[BN_OBJECT_NAME];
	int rc;
	if (s->fd < 0)
		return (rc = bn_object_file(s->ws, s->hash, name, err)) < 0
			       ? rc
			       : bn_dir_stat(bn_workspace_at(s->ws), name, out, err);
	rc = env->fs->fstat(env, s->fd, out);
	return rc < 0 ? bn_err_sys(err, BN_EIO, -rc, "cannot look at object %.12s", s->hash) : 0;
}

static int open_hash(const subject *s, bn_hasher *h, uint8_t *block, off_t size, bn_err *err)
{
	const bn_env *env = bn_workspace_env(s->ws);
	int rc = 0;
	for (off_t at = 0; at < size && rc >= 0;) {
		ssize_t got = env->fs->pread(env, s->fd, block, BN_OBJECT_BLOCK, at);
		if (got <= 0)
			return got < 0 ? bn_err_sys(err, BN_EIO, (int)-got,
						 "cannot read object %.12s", s->hash)
				       : bn_err_set(err, BN_ECORRUPT,
						 "object %.12s ends before its size", s->hash);
		bn_hasher_add(h, block, (size_t)got);
		at += got;
		if (at / (64 * BN_OBJECT_BLOCK) != (at - got) / (64 * BN_OBJECT_BLOCK))
			rc = bn_progress_step(
				s->progress, s->what, (uint64_t)at, (uint64_t)size, err);
	}
	return rc;
}

/* Hashes all of it. */
static int subject_verify(const subject *s, off_t size, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	char found[BN_SHA256_HEX + 1];
	bn_hasher *h = NULL;
	if (s->fd < 0)
		return bn_object_verify_watched(s->ws, s->hash, s->progress, s->what, err);
	uint8_t *block = bn_alloc(BN_OBJECT_BLOCK);
	int rc = block ? bn_hasher_new(&h, err) : bn_err_nomem(err, "an object");
	if (rc < 0 || (rc = open_hash(s, h, block, size, err)) < 0)
		goto out;
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, found);
	if (strcmp(found, s->hash) != 0)
		rc = bn_err_set(err, BN_ECORRUPT,
			"object %.12s is damaged: its bytes hash to %.12s", s->hash, found);
out:
	bn_hasher_free(h);
	bn_free(block);
	return rc;
}

static int verify_once(const subject *s, bn_cache *cache, bool *hashed, bn_err *err)
{
	struct stat before, after;
	bn_buf none = BN_BUF_INIT;
	bn_cache_key key;
	int rc = subject_stat(&before, s, err);
	if (hashed)
		*hashed = false;
	if (rc < 0)
		return rc;
	bool worth = cache && before.st_size >= BN_VERIFY_ONCE_BYTES;
	key_make(&key, s->hash, &before);
	if (worth && bn_cache_get(cache, &key, &none))
		goto out;
	if (hashed)
		*hashed = true;
	worth = worth && is_settled(s->ws, &before, bn_env_now_ms(bn_workspace_env(s->ws)));
	if ((rc = subject_verify(s, before.st_size, err)) < 0)
		goto out;
	if (worth && subject_stat(&after, s, NULL) == 0 && is_same(&before, &after))
		bn_cache_put(cache, &key, "", 0, NULL); /* not recorded: hashed again next time */
out:
	bn_cache_key_release(&key);
	bn_buf_release(&none);
	return rc;
}

int bn_object_verify_once(bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bool *hashed, bn_err *err)
{
	const subject s = {ws, hash, -1, progress, what};
	return verify_once(&s, cache, hashed, err);
}

int bn_object_verify_open(bn_workspace *ws, bn_cache *cache, const char *hash, int fd,
	const bn_progress *progress, const char *what, bn_err *err)
{
	const subject s = {ws, hash, fd, progress, what};
	return verify_once(&s, cache, NULL, err);
}

/* ---- several ------------------------------------------------------------------------------------ */

typedef struct pending {
	size_t number; /* of the object */
	struct stat before;
	int rc;
	bool is_good; /* was hashed; after a failure some are not */
} pending;

typedef struct each {
	bn_workspace *ws;
	const char *const *hashes;
	pending *items;
	size_t count;
	uint64_t total; /* bytes */
	const bn_progress *progress;
	const char *what;
	pthread_t caller;
	_Atomic uint64_t done;
	_Atomic bool is_stopped;
} each;

/* Progress of one of the objects; done: its bytes. */
typedef struct each_one {
	each *of;
	uint64_t done;
} each_one;

static bool each_report(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	each_one *one = ctx;
	each *e = one->of;
	uint64_t sum = atomic_fetch_add(&e->done, done - one->done) + done - one->done;
	(void)total;
	one->done = done;
	if (e->progress && e->progress->report && pthread_equal(pthread_self(), e->caller) &&
		!e->progress->report(e->progress->ctx, what, sum, e->total))
		atomic_store(&e->is_stopped, true);
	return !atomic_load(&e->is_stopped);
}

static int each_hash(void *ctx, size_t i, bn_err *err)
{
	each *e = ctx;
	each_one one = {e, 0};
	const bn_progress watch = {each_report, &one};
	pending *p = &e->items[i];
	p->rc = bn_object_verify_watched(e->ws, e->hashes[p->number], &watch, e->what, err);
	p->is_good = p->rc >= 0;
	return p->rc;
}

/* Finds those that are not known yet. */
static int each_find(each *e, bn_cache *cache, size_t n, size_t *failed, bn_err *err)
{
	bn_buf none = BN_BUF_INIT;
	for (size_t i = 0; i < n; i++) {
		const subject s = {e->ws, e->hashes[i], -1, NULL, e->what};
		pending *p = &e->items[e->count];
		bn_cache_key key;
		int rc = subject_stat(&p->before, &s, err);
		if (rc < 0) {
			*failed = i;
			bn_buf_release(&none);
			return rc;
		}
		key_make(&key, e->hashes[i], &p->before);
		if (!cache || p->before.st_size < BN_VERIFY_ONCE_BYTES ||
			!bn_cache_get(cache, &key, &none)) {
			p->number = i;
			e->total += (uint64_t)p->before.st_size;
			e->count++;
		}
		bn_cache_key_release(&key);
		bn_buf_clear(&none);
	}
	bn_buf_release(&none);
	return 0;
}

static void each_remember(const each *e, bn_cache *cache, int64_t began_ms)
{
	for (size_t i = 0; cache && i < e->count; i++) {
		const pending *p = &e->items[i];
		const subject s = {e->ws, e->hashes[p->number], -1, NULL, e->what};
		struct stat after;
		bn_cache_key key;
		if (!p->is_good || p->before.st_size < BN_VERIFY_ONCE_BYTES ||
			!is_settled(e->ws, &p->before, began_ms) ||
			subject_stat(&after, &s, NULL) < 0 || !is_same(&p->before, &after))
			continue;
		key_make(&key, e->hashes[p->number], &p->before);
		bn_cache_put(cache, &key, "", 0, NULL);
		bn_cache_key_release(&key);
	}
}

int bn_object_verify_each(bn_workspace *ws, bn_cache *cache, const char *const *hashes, size_t n,
	const bn_progress *progress, const char *what, size_t *failed, bn_err *err)
{
	each e = {.ws = ws,
		.hashes = hashes,
		.progress = progress,
		.what = what,
		.caller = pthread_self()};
	bn_object_store *objects;
	bn_crew *crew = NULL;
	size_t unused;
	int64_t began_ms = bn_env_now_ms(bn_workspace_env(ws));
	int rc = bn_workspace_objects(&objects, ws, err); /* before threads are started */
	failed = failed ? failed : &unused;
	*failed = 0;
	if (rc < 0)
		return rc;
	if (!(e.items = bn_alloc_zeroed(n + 1, sizeof *e.items)))
		return bn_err_nomem(err, "objects");
	if ((rc = each_find(&e, cache, n, failed, err)) < 0)
		goto out;
	if (e.count && (rc = bn_progress_step(progress, what, 0, e.total, err)) < 0)
		goto out;
	if (e.count > 1 && e.total >= EACH_BYTES && (rc = bn_crew_new_default(&crew, err)) < 0)
		goto out;
	rc = bn_crew_fan(crew, e.count, each_hash, &e, err);
	for (size_t i = e.count; rc < 0 && i-- > 0;)
		if (e.items[i].rc < 0)
			*failed = e.items[i].number;
	each_remember(&e, cache, began_ms);
out:
	bn_crew_free(crew);
	bn_free(e.items);
	return rc;
}

/* ---- stored just now ------------------------------------------------------------------------------ */

bool bn_object_remember(bn_workspace *ws, bn_cache *cache, const char *hash)
{
	const bn_env *env = bn_workspace_env(ws);
	char name[BN_OBJECT_NAME];
	struct stat st;
	bn_cache_key key;
	if (strcmp(ws->stored, hash) != 0)
		return false;
	if (!cache || bn_object_file(ws, hash, name, NULL) < 0 ||
		bn_dir_stat(bn_workspace_at(ws), name, &st, NULL) < 0 ||
		st.st_size < BN_VERIFY_ONCE_BYTES || st.st_uid != env->uid(env) ||
		!is_local(ws, &st))
		return true;
	int64_t left = changed_ms(&st) + BN_VERIFY_ONCE_LOCAL_MS + 1 - bn_env_now_ms(env);
	if (left > BN_VERIFY_ONCE_LOCAL_MS + 1)
		return true; /* its clock is ahead of ours */
	if (left > 0)
		nanosleep(&(struct timespec){.tv_nsec = left * 1000000}, NULL);
	key_make(&key, hash, &st);
	bn_cache_put(cache, &key, "", 0, NULL);
	bn_cache_key_release(&key);
	return true;
}
