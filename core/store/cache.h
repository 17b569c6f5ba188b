/*
 * cache.h - reproducible results, cached for this user on this host.
 *
 * An entry is some bytes under a key: the SHA-256 of the operation's name, its version, and
 * everything the result depends on (hashes of inputs, parameters). Equal keys mean equal bytes, so
 * an entry never becomes stale: changed inputs, changed parameters and a changed operation (with a
 * new version) have other keys.
 *
 *	bn_cache *cache = NULL;
 *	bn_cache_key key;
 *	bn_cache_open(&cache, ws, NULL);        // without a place: NULL, and every get misses
 *	bn_cache_key_init(&key, "profile", 1);
 *	bn_cache_key_add(&key, "content", version->content);
 *	if (!bn_cache_get(cache, &key, &bytes)) { ... make them ...; bn_cache_put(cache, &key, ...); }
 *
 * Location: directory cache/ beside the index, by the same rules (core/store/index/place.h): on a local
 * disk, mode 0700, owned by this user. Never in the workspace, where others may write and forge entries.
 * For the same reason an entry is not evidence: what a signature, a gate or `verify` relies on is computed
 * from the objects each time, and entries are never sent to another host. It does record what may be
 * *used* as long as no file it was read from has changed (verify_once.h, core/registry/proof_kept.h).
 *
 * An entry is one file named by its key:
 *
 *	"bn-cache 1\n" key "\n" SHA-256 of the bytes "\n" their number "\n" bytes
 *
 * Invariants
 *  1. get returns the bytes given to put, or misses. A file that is truncated, altered, renamed,
 *     owned by another user, writable by others or of another format is a miss, and is removed.
 *  2. A file gets its name last (written beside, synced, renamed). Any number of processes may use the
 *     directory; a second one writes the same bytes again.
 *  3. After each put at most `limit` bytes in BN_CACHE_ENTRIES files are kept; the least recently used
 *     are removed first. Reading counts as use.
 *  4. Nothing depends on it: it may be removed at any time, even while in use.
 *
 * On a full or read-only disk, or without a usable place, put fails, and its caller still has the
 * result. A bn_cache is used by one thread.
 */
#ifndef BN_STORE_CACHE_H
#define BN_STORE_CACHE_H
#include "core/base/buf.h"
#include "core/store/workspace.h"

#define BN_CACHE_BYTES ((int64_t)256 << 20) /* unless $BINNACLE_CACHE sets another size */
#define BN_CACHE_ENTRIES 4096

typedef struct bn_cache bn_cache;

/* $BINNACLE_CACHE: a size ("1GiB"), or 0 for none. BN_ENOTFOUND if it is disabled, or no place is
 * private; BN_EINVAL for an invalid size. The caller owns *out; ws must outlive it. */
int bn_cache_open(bn_cache **out, const bn_workspace *ws, bn_err *err);
void bn_cache_close(bn_cache *c); /* NULL is fine */

/* ---- keys ----------------------------------------------------------------------------------- */

typedef struct bn_cache_key {
	bn_buf text; /* each part with its length, so that different lists of parts give different texts */
} bn_cache_key;

/* version: of the operation and of the format of its result; raise it when either changes. */
void bn_cache_key_init(bn_cache_key *k, const char *operation, unsigned version);
/* The order in which parts are added is part of the key. value NULL differs from "". */
void bn_cache_key_add(bn_cache_key *k, const char *name, const char *value);
void bn_cache_key_release(bn_cache_key *k);

/* ---- entries -------------------------------------------------------------------------------- */

/* Appends the bytes to out. False: a miss. c NULL: always one. */
bool bn_cache_get(bn_cache *c, const bn_cache_key *k, bn_buf *out);
/* Durable on return. BN_EINVAL for more than a quarter of the limit. c NULL: stores nothing,
 * returns 0. */
int bn_cache_put(bn_cache *c, const bn_cache_key *k, const void *bytes, size_t n, bn_err *err);

typedef struct bn_cache_status {
	char *path; /* of the directory */
	uint64_t entries, bytes, limit;
} bn_cache_status;

/* Release the result, also after a failure. */
int bn_cache_status_get(bn_cache_status *out, bn_cache *c, bn_err *err);
void bn_cache_status_release(bn_cache_status *s);
/* Removes all entries and reports their number and size (both may be NULL). */
int bn_cache_clear(bn_cache *c, uint64_t *entries, uint64_t *bytes, bn_err *err);

#endif
