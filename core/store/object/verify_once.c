/* verify_once.c - see verify_once.h. */
#include "core/store/object/verify_once.h"

#include <stdio.h>
#include <string.h>

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

int bn_object_verify_once(bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bool *hashed, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(ws);
	char name[BN_OBJECT_NAME];
	struct stat before, after;
	bn_buf none = BN_BUF_INIT;
	bn_cache_key key;
	int rc = bn_object_file(ws, hash, name, err);
	if (hashed)
		*hashed = false;
	if (rc < 0 || (rc = bn_dir_stat(at, name, &before, err)) < 0)
		return rc;
	bool worth = cache && before.st_size >= BN_VERIFY_ONCE_BYTES;
	key_make(&key, hash, &before);
	if (worth && bn_cache_get(cache, &key, &none))
		goto out;
	if (hashed)
		*hashed = true;
	int64_t begun_ms = bn_env_now_ms(bn_workspace_env(ws));
	if ((rc = bn_object_verify_watched(ws, hash, progress, what, err)) < 0)
		goto out;
	int64_t changed_ms =
		(int64_t)before.st_ctim.tv_sec * 1000 + before.st_ctim.tv_nsec / 1000000;
	if (worth && begun_ms - changed_ms > BN_VERIFY_ONCE_SETTLED_MS &&
		bn_dir_stat(at, name, &after, NULL) == 0 && is_same(&before, &after))
		bn_cache_put(cache, &key, "", 0, NULL); /* not kept: hashed again next time */
out:
	bn_cache_key_release(&key);
	bn_buf_release(&none);
	return rc;
}
