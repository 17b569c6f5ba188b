/* _object.h - what the files of this folder share. */
#ifndef BN_STORE__OBJECT_H
#define BN_STORE__OBJECT_H
#include "core/base/dir.h"
#include "core/store/object/object.h"

enum { BN_OBJECT_BLOCK = 1 << 18 }; /* bytes that a stream has in memory at a time */

/* "objects/ab/cdef...", for a handle of the workspace. */
const char *bn_object_name(const char *hash, char buf[BN_OBJECT_NAME]);

#endif
