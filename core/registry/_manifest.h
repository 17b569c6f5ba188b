/*
 * _manifest.h - the list of a model's files: {"files": [{"path", "sha256", "size"}...]}, by path,
 * in canonical JSON, stored as an object.
 *
 * Its digest is that of the model directory (core/train/model.h): SHA-256 of the lines
 * "<sha256>  <path>\n" in the order of the paths.
 */
#ifndef BN_REGISTRY_MANIFEST_H
#define BN_REGISTRY_MANIFEST_H
#include "core/store/workspace.h"

#include <jansson.h>

typedef struct manifest_file {
	char *path;
	char sha256[65];
	uint64_t size;
} manifest_file;

typedef struct manifest {
	manifest_file *files;
	size_t count, cap;
	char digest[65];
} manifest;

#define MANIFEST_INIT \
	{ \
		NULL, 0, 0, "" \
	}

void bn_manifest_release(manifest *m);
/* path: relative, without "..", sorted after the one added before. */
int bn_manifest_add(manifest *m, const char *path, const char *sha256, uint64_t size, bn_err *err);
int bn_manifest_seal(manifest *m, bn_err *err); /* computes the digest; BN_EINVAL when empty */
int bn_manifest_store(bn_workspace *ws, const manifest *m, char hash[65], bn_err *err);
/* Reads, checks the form and seals. BN_ECORRUPT, BN_ENOTFOUND. Does not re-hash the object. */
int bn_manifest_load(manifest *out, bn_workspace *ws, const char *hash, bn_err *err);
const manifest_file *bn_manifest_find(const manifest *m, const char *path); /* or NULL */

#endif
