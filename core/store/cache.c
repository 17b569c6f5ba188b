/* cache.c - see cache.h. */
#include "core/store/cache.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/index/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "cache"
#define MAGIC "bn-cache 1\n"
#define LEFTOVER_MS ((int64_t)3600 * 1000) /* left by a process that was killed while writing */

struct bn_cache {
	bn_dir *dir;
	int64_t limit;
};

/* ---- opening -------------------------------------------------------------------------------- */

static int limit_read(int64_t *out, const bn_env *env, bn_err *err)
{
	const char *text = bn_env_get(env, "BINNACLE_CACHE");
	*out = BN_CACHE_BYTES;
	if (!text || !*text)
		return 0;
	if (!bn_parse_bytes(text, out) || *out < 0)
		return bn_err_set(err, BN_EINVAL,
			"BINNACLE_CACHE must be a size such as 1GiB, not '%.40s'", text);
	return 0;
}

/* The private directory for this workspace, at the first usable place. */
static int place_open(bn_dir **out, const bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_index_place place = {0};
	bn_err e = BN_ERR_INIT;
	int rc;
	for (;;) {
		if ((rc = bn_index_place_next(
			     &place, env, bn_workspace_root(ws), bn_workspace_id(ws), err)) < 0)
			break;
		if (!place.dir) {
			rc = bn_err_set(err, BN_ENOTFOUND, "no cache: %s", place.why);
			break;
		}
		bn_err_clear(&e);
		if ((rc = bn_index_place_open(out, &place, env, &e)) == 0)
			break;
		if (rc == BN_ENOMEM) {
			rc = bn_err_move(err, &e);
			break;
		}
		bn_index_place_failed(&place, e.msg);
	}
	bn_index_place_release(&place);
	return rc;
}

int bn_cache_open(bn_cache **out, const bn_workspace *ws, bn_err *err)
{
	bn_dir *at = NULL;
	bn_cache *c = NULL;
	int64_t limit;
	int rc = limit_read(&limit, bn_workspace_env(ws), err);
	if (rc < 0)
		return rc;
	if (!limit)
		return bn_err_set(err, BN_ENOTFOUND, "no cache: BINNACLE_CACHE is 0");
	if ((rc = place_open(&at, ws, err)) < 0)
		return rc;
	if (!(c = bn_alloc_zeroed(1, sizeof *c))) {
		rc = bn_err_nomem(err, "the cache");
		goto out;
	}
	c->limit = limit;
	if ((rc = bn_dir_make(at, FOLDER, 0700, err)) < 0 ||
		(rc = bn_dir_open_below(&c->dir, at, FOLDER, err)) < 0 ||
		(rc = bn_dir_check_private(c->dir, err)) < 0)
		goto out;
	*out = c;
	c = NULL;
out:
	bn_cache_close(c);
	bn_dir_close(at);
	return rc;
}

void bn_cache_close(bn_cache *c)
{
	if (!c)
		return;
	bn_dir_close(c->dir);
	bn_free(c);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void key_part(bn_cache_key *k, const char *text)
{
	if (text)
		bn_buf_addf(&k->text, "%zu:%s\n", strlen(text), text);
	else
		bn_buf_adds(&k->text, "-\n");
}

void bn_cache_key_init(bn_cache_key *k, const char *operation, unsigned version)
{
	bn_buf_init(&k->text);
	key_part(k, operation);
	bn_buf_addf(&k->text, "%u\n", version);
}

void bn_cache_key_add(bn_cache_key *k, const char *name, const char *value)
{
	key_part(k, name);
	key_part(k, value);
}

void bn_cache_key_release(bn_cache_key *k)
{
	bn_buf_release(&k->text);
}

/* False if out of memory for the key's text: the key is then invalid. */
static bool key_name(const bn_cache_key *k, char name[BN_SHA256_HEX + 1])
{
	if (k->text.failed)
		return false;
	bn_sha256_hex(k->text.ptr, k->text.len, name);
	return true;
}

static bool is_entry(const char *name)
{
	return strlen(name) == BN_SHA256_HEX && bn_is_hex(name);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The payload of an entry's text, or NULL if put did not write it under that name. */
static const char *entry_bytes(const bn_buf *text, const char *name, size_t *n)
{
	char head[sizeof MAGIC + 2 * (BN_SHA256_HEX + 1) + 24], hash[BN_SHA256_HEX + 1];
	size_t fixed = sizeof MAGIC - 1 + 2 * (BN_SHA256_HEX + 1);
	const char *at = text->ptr;
	if (text->failed || text->len <= fixed)
		return NULL;
	const char *end = memchr(at + fixed, '\n', text->len - fixed);
	if (!end)
		return NULL;
	*n = (size_t)(at + text->len - end - 1);
	bn_sha256_hex(end + 1, *n, hash);
	int len = snprintf(head, sizeof head, MAGIC "%s\n%s\n%zu\n", name, hash, *n);
	bool same = len == end + 1 - at && memcmp(at, head, (size_t)len) == 0;
	return same ? end + 1 : NULL;
}

/* Reads a whole file of ours and marks it as most recently used. */
static int file_read(bn_cache *c, const char *name, bn_buf *text)
{
	const bn_env *env = c->dir->env;
	struct stat st;
	int fd, rc = bn_dir_open_file(&fd, c->dir, name, O_RDONLY, 0, NULL);
	if (rc < 0)
		return rc;
	size_t got = 0, size = 0;
	rc = BN_ECORRUPT;
	if (env->fs->fstat(env, fd, &st) < 0 || st.st_uid != env->uid(env) || (st.st_mode & 022) ||
		st.st_size > c->limit)
		goto out;
	size = (size_t)st.st_size;
	if (bn_buf_reserve(text, size + 1) < 0 ||
		bn_fs_read_at(env, fd, text->ptr, size, 0, &got, name, NULL) < 0 || got != size)
		goto out;
	text->len = size;
	text->ptr[size] = '\0';
	futimens(fd, NULL);
	rc = 0;
out:
	env->fs->close(env, fd);
	return rc;
}

bool bn_cache_get(bn_cache *c, const bn_cache_key *k, bn_buf *out)
{
	char name[BN_SHA256_HEX + 1];
	bn_buf text = BN_BUF_INIT;
	size_t n = 0;
	if (!c || !key_name(k, name))
		return false;
	int rc = file_read(c, name, &text);
	const char *bytes = rc ? NULL : entry_bytes(&text, name, &n);
	bool hit = bytes != NULL;
	if (hit)
		bn_buf_add(out, bytes, n);
	else if (rc != BN_ENOTFOUND && !text.failed)
		bn_dir_unlink(c->dir, name, NULL); /* damaged: recreated when needed */
	bn_buf_release(&text);
	return hit && !out->failed;
}

/* ---- keeping it small ----------------------------------------------------------------------- */

typedef struct entry {
	char *name; /* borrowed from the list */
	uint64_t bytes;
	int64_t used_ms;
	bool leftover;
} entry;

typedef struct entries {
	bn_names names;
	entry *items;
	size_t count;
	uint64_t bytes;
} entries;

static void entries_release(entries *e)
{
	bn_free(e->items);
	bn_names_release(&e->names);
}

static int entries_load(entries *e, bn_cache *c, bn_err *err)
{
	struct stat st;
	int64_t now_ms = bn_env_now_ms(c->dir->env);
	*e = (entries){.names = BN_NAMES_INIT};
	int rc = bn_dir_list(c->dir, NULL, &e->names, err);
	if (rc < 0)
		return rc;
	if (!(e->items = bn_alloc_zeroed(e->names.count + 1, sizeof *e->items)))
		return bn_err_nomem(err, "the cache's entries");
	for (size_t i = 0; i < e->names.count; i++) {
		entry *at = &e->items[e->count];
		if (bn_dir_stat(c->dir, e->names.items[i], &st, NULL) < 0)
			continue; /* another process was faster */
		at->name = e->names.items[i];
		at->bytes = (uint64_t)st.st_size;
		at->used_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
		at->leftover = !is_entry(at->name);
		if (at->leftover && now_ms - at->used_ms < LEFTOVER_MS)
			continue; /* being written */
		e->bytes += at->bytes;
		e->count++;
	}
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const entry *x = a, *y = b;
	if (x->leftover != y->leftover)
		return x->leftover ? -1 : 1;
	if (x->used_ms != y->used_ms)
		return x->used_ms < y->used_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Down to three quarters, so that not every put has to evict. */
static int evict(bn_cache *c, const char *keep, bn_err *err)
{
	entries e;
	int rc = entries_load(&e, c, err);
	if (rc < 0)
		goto out;
	size_t left = e.count;
	bool over = e.bytes > (uint64_t)c->limit || e.count > BN_CACHE_ENTRIES;
	uint64_t bytes_to = (uint64_t)c->limit / 4 * 3;
	qsort(e.items, e.count, sizeof *e.items, by_use);
	for (size_t i = 0; i < e.count; i++) {
		bool wanted = e.bytes <= bytes_to && left <= BN_CACHE_ENTRIES / 4 * 3;
		if (!e.items[i].leftover && (!over || wanted))
			break;
		if (strcmp(e.items[i].name, keep) == 0)
			continue;
		if ((rc = bn_dir_unlink(c->dir, e.items[i].name, err)) < 0)
			goto out;
		e.bytes -= e.items[i].bytes;
		left--;
	}
out:
	entries_release(&e);
	return rc;
}

int bn_cache_put(bn_cache *c, const bn_cache_key *k, const void *bytes, size_t n, bn_err *err)
{
	char name[BN_SHA256_HEX + 1], hash[BN_SHA256_HEX + 1];
	bn_buf text = BN_BUF_INIT;
	if (!c)
		return 0;
	if (!key_name(k, name))
		return bn_err_nomem(err, "a key of the cache");
	if (n > (uint64_t)c->limit / 4)
		return bn_err_set(err, BN_EINVAL, "%zu bytes are too many for a cache of %lld", n,
			(long long)c->limit);
	bn_sha256_hex(bytes, n, hash);
	bn_buf_addf(&text, MAGIC "%s\n%s\n%zu\n", name, hash, n);
	bn_buf_add(&text, bytes, n);
	int rc = bn_buf_check(&text, err, "an entry of the cache");
	if (rc < 0)
		goto out;
	if ((rc = bn_dir_write_file(c->dir, name, text.ptr, text.len, 0600, err)) < 0)
		goto out;
	rc = evict(c, name, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- reporting on it
 * -------------------------------------------------------------------------- */

int bn_cache_status_get(bn_cache_status *out, bn_cache *c, bn_err *err)
{
	entries e;
	*out = (bn_cache_status){.limit = (uint64_t)c->limit};
	if (!(out->path = bn_strdup(c->dir->path)))
		return bn_err_nomem(err, "a path");
	int rc = entries_load(&e, c, err);
	out->entries = e.count;
	out->bytes = e.bytes;
	entries_release(&e);
	return rc;
}

void bn_cache_status_release(bn_cache_status *s)
{
	bn_free(s->path);
	*s = (bn_cache_status){0};
}

int bn_cache_clear(bn_cache *c, uint64_t *removed, uint64_t *bytes, bn_err *err)
{
	entries e;
	uint64_t count = 0, sum = 0;
	int rc = entries_load(&e, c, err);
	for (size_t i = 0; rc == 0 && i < e.count; i++) {
		rc = bn_dir_unlink(c->dir, e.items[i].name, err);
		count += rc == 0;
		sum += rc == 0 ? e.items[i].bytes : 0;
	}
	if (removed)
		*removed = count;
	if (bytes)
		*bytes = sum;
	entries_release(&e);
	return rc;
}
