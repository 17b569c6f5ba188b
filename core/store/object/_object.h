/* _object.h - internal declarations of this folder. */
#ifndef BN_STORE__OBJECT_H
#define BN_STORE__OBJECT_H
#include "core/base/dir.h"
#include "core/store/object/object.h"

/*
 * A process that stores an object that another user already stored in a sticky directory can neither renew nor
 * replace it. It creates tmp/keep-HASH-TAG, and then checks for the object: gc checks for that file after it
 * has set the object aside, so one of them sees the other.
 */
#define BN_KEEP "keep-"
#define BN_KEEP_MS ((int64_t)86400 * 1000) /* lifetime of a leftover in tmp/ */
enum { BN_KEEP_NAME = 5 + 64 + 1 + 16 + 1 };

enum { BN_OBJECT_BLOCK = 1 << 18 }; /* bytes that a stream holds in memory */

/* "objects/ab/cdef...", for a handle of the workspace. */
const char *bn_object_name(const char *hash, char buf[BN_OBJECT_NAME]);

/* Reads and hashes the whole object, and writes it to fd unless that is -1 (path is for messages).
 * After BN_ECORRUPT the last block was not written. */
int bn_object_pass(bn_workspace *ws, const char *hash, int fd, const char *path,
	const bn_progress *progress, const char *what, bn_err *err);

#endif
