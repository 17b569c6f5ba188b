/*
 * verify_once.h - hashes data once per user and host before it is used.
 *
 * Data must match its name before it is used, but hashing a terabyte before each use would be wasteful. So, as
 * git does with its index, the cache (core/store/cache.h, private to this user and host) records for a hashed
 * object: device, inode, size, modification time and change time. While all of these are the same nobody has
 * written to the file; only root can set a change time.
 *
 * A change within the same tick of the file system's clock cannot be detected. So a recently changed file is
 * hashed but not recorded ("racy" in git's terms). On a local file system that clock is this kernel's and ticks
 * at least every 10 ms: BN_VERIFY_ONCE_LOCAL_MS. A change time without a fraction of a second means a file
 * system with whole seconds, and a network file system has its own clock: there the time given to a file
 * created now, if one can be created, and BN_VERIFY_ONCE_SETTLED_MS apply; else a day.
 *
 * A record means "these bytes may be used" and is not proof: `verify`, gates and signatures always hash
 * (bn_object_verify). On CephFS a client sets the change time by its own clock: root on a node can forge
 * it there (see root in docs/governance.md).
 */
#ifndef BN_STORE_VERIFY_ONCE_H
#define BN_STORE_VERIFY_ONCE_H
#include "core/store/cache.h"
#include "core/store/object/object.h"

#define BN_VERIFY_ONCE_BYTES (1 << 20) /* smaller ones are faster to hash than to look up */
#define BN_VERIFY_ONCE_SETTLED_MS 3000
#define BN_VERIFY_ONCE_LOCAL_MS 20

/* As bn_object_verify_watched. cache NULL: hashed each time. *hashed (may be NULL): whether it was. */
int bn_object_verify_once(bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bool *hashed, bn_err *err);

/* The same for n objects, hashed where needed by one thread per processor: SHA-256 of one object is sequential,
 * but several run in parallel. progress is called in the caller's thread. *failed (may be NULL): the first
 * object that failed. */
int bn_object_verify_each(bn_workspace *ws, bn_cache *cache, const char *const *hashes, size_t n,
	const bn_progress *progress, const char *what, size_t *failed, bn_err *err);

/* The same for an open file, regardless of the file now at the object's name. */
int bn_object_verify_open(bn_workspace *ws, bn_cache *cache, const char *hash, int fd,
	const bn_progress *progress, const char *what, bn_err *err);

/* For a caller that has just put the object: if this process named the file, and so hashed its bytes, its state
 * is recorded, and the first use costs nothing. Waits until the file has settled, on a local file system only.
 * True: it needs no hashing. False: it existed before, or is hashed at its first use. */
bool bn_object_remember(bn_workspace *ws, bn_cache *cache, const char *hash);

#endif
