/*
 * verify_once.h - bytes that are about to be used are hashed once by this user on this host.
 *
 * Nothing may run on bytes that are not what their name says; hashing a terabyte before each use would be
 * waste. So, as git does with its index, the cache (core/store/cache.h, private to this user and host) remembers of an
 * object that was hashed: device, inode, size, modification time and change time. While all of these are the same
 * nobody has written to the file since; nobody but root can set a change time.
 *
 * A change within one tick of the clock that stamps files could not be told from the state before. So what was
 * changed a moment ago is hashed, and not remembered ("racy", as git calls it). On a local file system that clock is this
 * kernel's and ticks every 10 ms at the slowest: BN_VERIFY_ONCE_LOCAL_MS. A change time without a fraction of a second
 * comes from a file system that keeps seconds, and a network file system has a clock of its own: there what counts is
 * the time that the file system itself gives to a file made now, where one can be made, and
 * BN_VERIFY_ONCE_SETTLED_MS; else a day.
 *
 * What is remembered says "these bytes may be used", and is no proof: `verify`, gates and signatures hash
 * (bn_object_verify). On CephFS a client writes the change time by its own clock: who is root on a node
 * can forge it there, as docs/governance.md says of root everywhere.
 */
#ifndef BN_STORE_VERIFY_ONCE_H
#define BN_STORE_VERIFY_ONCE_H
#include "core/store/cache.h"
#include "core/store/object/object.h"

#define BN_VERIFY_ONCE_BYTES (1 << 20) /* smaller ones are hashed faster than looked up */
#define BN_VERIFY_ONCE_SETTLED_MS 3000
#define BN_VERIFY_ONCE_LOCAL_MS 20

/* As bn_object_verify_watched. cache NULL: hashed each time. *hashed (may be NULL): whether it was. */
int bn_object_verify_once(bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bool *hashed, bn_err *err);

/* The same of n objects, those that have to be hashed by as many threads as this process has processors: one object
 * is one stream of SHA-256, which waits for itself, and several are not. progress is asked in the caller's thread. *failed
 * (may be NULL): the first object that the error is about. */
int bn_object_verify_each(bn_workspace *ws, bn_cache *cache, const char *const *hashes, size_t n,
	const bn_progress *progress, const char *what, size_t *failed, bn_err *err);

/* The same of a file that is open, whatever lies at the object's name by now. */
int bn_object_verify_open(bn_workspace *ws, bn_cache *cache, const char *hash, int fd,
	const bn_progress *progress, const char *what, bn_err *err);

/* For who has just put the object: when this process gave the file its name, and so has hashed its bytes, what
 * it is now is remembered, and the first use costs nothing. Waits until the file has settled, on a local file system
 * alone. True: its bytes need no look. False: it was there before, or is hashed at its first use. */
bool bn_object_remember(bn_workspace *ws, bn_cache *cache, const char *hash);

#endif
