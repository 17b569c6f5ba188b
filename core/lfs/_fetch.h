/* _fetch.h - from a server, for object.c. Internal. */
#ifndef BN_LFS_FETCH_H
#define BN_LFS_FETCH_H
#include "core/base/progress.h"
#include "core/lfs/place.h"
#include "core/lfs/pointer.h"

/* Writes the bytes of the pointer to fd, an empty file of read and write access. Not verified. */
int bn_lfs_fetch(int fd, const bn_env *env, const bn_lfs_place *place, const bn_lfs_pointer *p,
	const bn_progress *progress, bn_err *err);

#endif
