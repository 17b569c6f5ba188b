/*
 * pointer.h - the text that Git keeps in place of a file of Git LFS
 * (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md):
 *
 *	version https://git-lfs.github.com/spec/v1
 *	oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
 *	size 12345
 */
#ifndef BN_LFS_POINTER_H
#define BN_LFS_POINTER_H
#include "core/base/err.h"
#include "core/base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_LFS_POINTER_MAX 1024 /* bytes: a longer file is no pointer */

typedef struct bn_lfs_pointer {
	char oid[BN_SHA256_HEX + 1]; /* the SHA-256 of the file */
	uint64_t size;
} bn_lfs_pointer;

/* Whether a file that begins so is a pointer, of whatever version. */
bool bn_lfs_is_pointer(const char *head, size_t n);
/* The whole text. BN_EINVAL with name and line; BN_EUNSUPPORTED for another version, hash, or extensions. */
int bn_lfs_pointer_parse(
	bn_lfs_pointer *p, const char *text, size_t n, const char *name, bn_err *err);

#endif
