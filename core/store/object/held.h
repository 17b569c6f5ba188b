/*
 * held.h - an open object whose bytes were hashed and that nobody else can change afterwards.
 *
 * A file in objects/ is owned by the member who stored it first, who can write to it at any time: other bytes
 * between the hash and the use, and the old ones before the next hash. So data that is judged, trained on or
 * signed is read from a held object. A file owned by this user and writable by nobody else is used in place.
 * Another user's file is copied, and hashed during the copy, into an unlinked file in a private directory
 * (bn_index_place_files, "held"). The copy disappears with its last descriptor and mapping.
 *
 * A file on disk rather than memory: its pages can be written back when memory is short, while a job's memory
 * limit counts allocations.
 */
#ifndef BN_STORE_HELD_H
#define BN_STORE_HELD_H
#include "core/store/cache.h"
#include "core/store/object/object.h"

/* *The caller owns *fd, open for reading from its start. cache, progress, what: as for
 * bn_object_verify_once. BN_ECORRUPT when the bytes are not what the hash says, BN_ENOTFOUND, BN_EIO
 * if there is no space. */
int bn_object_hold(int *fd, bn_workspace *ws, bn_cache *cache, const char *hash,
	const bn_progress *progress, const char *what, bn_err *err);

#endif
