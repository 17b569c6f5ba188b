/*
 * verify_once.h - bytes that are about to be used are hashed once by this user on this host.
 *
 * Training, profiles, checks and exports must not run on bytes that are not what their name says; hashing
 * a terabyte before each of them would be waste. So, as git does with its index, the cache
 * (core/store/cache.h) remembers of an object that was hashed: device, inode, size, modification time and
 * change time. While all of these are the same nobody has written to the file since; nobody but root can
 * set a change time. A file that was changed within the last seconds is hashed and not remembered, as it
 * could be changed again within one tick of its clock.
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

/* As bn_object_verify_watched. cache NULL: hashed each time. *hashed (may be NULL): whether it was. */
int bn_object_verify_once(bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bool *hashed, bn_err *err);

#endif
