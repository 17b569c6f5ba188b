/*
 * held.h - an object that is open, whose bytes were hashed, and that nobody else can change from then on.
 *
 * A file of objects/ belongs to the member who stored it first, and he can write to it at any time: other bytes for the
 * moment between the hash and the use, and the old ones again before the next hash. So what is judged, trained on or
 * signed about is read from a held object. A file of this user that nobody else may write to is held as it lies.
 * Another's is copied, and hashed while it is copied, into a file without a name in a directory of this user alone
 * (bn_index_place_files, "held"). The copy goes when the last descriptor and mapping of it does.
 *
 * A file on disk rather than memory: its pages can be written back when memory is short, where a limit of a job
 * counts what is allocated.
 */
#ifndef BN_STORE_HELD_H
#define BN_STORE_HELD_H
#include "core/store/cache.h"
#include "core/store/object/object.h"

/* *fd, open for reading from its start, is yours. cache, progress, what: as for bn_object_verify_once.
 * BN_ECORRUPT when the bytes are not what the hash says, BN_ENOTFOUND, BN_EIO when there is no room. */
int bn_object_hold(int *fd, bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bn_err *err);

#endif
