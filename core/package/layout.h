/*
 * layout.h - an OCI image layout: a directory of blobs named by their SHA-256, and index.json.
 *
 *	oci-layout               {"imageLayoutVersion": "1.0.0"}
 *	index.json               the manifest of each image, with its name
 *	blobs/sha256/<64 hex>    manifests, configs, layers
 *
 * An image is written to a new layout, which appears as a whole when it is finished (core/base/dir_out.h). A
 * finished one is only read; it may be anybody's, so nothing in it is believed: links are not followed, sizes
 * and digests are compared, documents are limited (oci.h). A layout can also be read from an oci-archive, which is
 * a tar file of the same files.
 *
 * A bn_layout is used by one thread. The env must outlive it.
 */
#ifndef BN_PACKAGE_LAYOUT_H
#define BN_PACKAGE_LAYOUT_H
#include "core/base/env.h"
#include "core/base/progress.h"
#include "core/package/oci.h"

#include <sys/types.h>

typedef struct bn_layout bn_layout;

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct bn_layout_making {
	bool force; /* replaces a layout that is at the path */
	bool resumes; /* written below "PATH.partial", which stays when it is not finished, and is continued */
} bn_layout_making;

/* BN_ECONFLICT if the path exists without force; BN_EREFUSED if it is not a layout; BN_ENOTFOUND without its
 * parent. */
int bn_layout_create(bn_layout **out, const bn_env *env, const char *path,
	const bn_layout_making *how, bn_err *err);
/* Makes the layout durable at its path. Its index must have been set. */
int bn_layout_finish(bn_layout *l, bn_err *err);
/* Closes it; one that was created and is not finished is removed, unless it resumes. NULL is fine. */
void bn_layout_close(bn_layout *l);

/* Adds a blob; a present one is fine. *out gets digest and size, and keeps its media type. */
int bn_layout_put(bn_oci_descriptor *out, bn_layout *l, const void *bytes, size_t n, bn_err *err);

/* A blob written in pieces. It gets its name only when it is complete. */
typedef struct bn_layout_blob_in bn_layout_blob_in;
/* expected: digest and size that the bytes must have, or NULL: any. In a layout that resumes, a blob that is
 * expected continues with the bytes of an interrupted attempt, and stays for the next one if it is freed
 * unfinished; bn_layout_blob_in_have says where to continue. */
int bn_layout_blob_begin(
	bn_layout_blob_in **out, bn_layout *l, const bn_oci_descriptor *expected, bn_err *err);
uint64_t bn_layout_blob_in_have(const bn_layout_blob_in *b); /* bytes */
/* Discards all bytes, for a sender that cannot continue. */
int bn_layout_blob_in_restart(bn_layout_blob_in *b, bn_err *err);
/* BN_ECORRUPT for more bytes than expected. */
int bn_layout_blob_in_add(bn_layout_blob_in *b, const void *bytes, size_t n, bn_err *err);
/* BN_ECORRUPT if the bytes are not those expected: they are discarded, unless only some are missing. */
int bn_layout_blob_in_finish(bn_layout_blob_in *b, bn_oci_descriptor *out, bn_err *err);
void bn_layout_blob_in_free(bn_layout_blob_in *b); /* NULL is fine */

/* Writes index.json for one image: its manifest (a blob that is there), and its name or NULL. */
int bn_layout_set_index(
	bn_layout *l, const bn_oci_descriptor *manifest, const char *name, bn_err *err);

/* ---- reading -------------------------------------------------------------------------------- */

/* path: a directory, or an oci-archive. BN_EINVAL with the reason if it is neither. */
int bn_layout_open(bn_layout **out, const bn_env *env, const char *path, bn_err *err);
/* Of a layout that is open or being written. index.json as it is. */
int bn_layout_index(bn_oci_index *out, const bn_layout *l, bn_err *err);
/* The image of that name, or the only one; of an index in the index, the one for this machine. BN_ENOTFOUND,
 * BN_EINVAL as bn_oci_index_pick. */
int bn_layout_find(bn_oci_descriptor *out, const bn_layout *l, const char *name, bn_err *err);
/* Its manifest and, if text is not NULL, its exact bytes, which its digest is of. */
int bn_layout_manifest(bn_oci_manifest *out, bn_buf *text, const bn_layout *l,
	const bn_oci_descriptor *manifest, bn_err *err);

/* Whether a complete blob of that digest and size is there; its content is not looked at. */
bool bn_layout_has(const bn_layout *l, const bn_oci_descriptor *d);

typedef struct bn_layout_blob {
	int fd;        /* owned: bn_layout_blob_close */
	off_t from;    /* of the blob's first byte in the file */
	uint64_t size; /* bytes, as in the descriptor */
} bn_layout_blob;

/* BN_ENOTFOUND if it is not there, BN_ECORRUPT if its size is not the descriptor's. The content is not
 * verified. */
int bn_layout_blob_open(
	bn_layout_blob *out, const bn_layout *l, const bn_oci_descriptor *d, bn_err *err);
/* Reads up to n bytes at an offset within the blob; *got < n only at its end. */
int bn_layout_blob_read(const bn_layout *l, const bn_layout_blob *b, void *bytes, size_t n,
	uint64_t at, size_t *got, bn_err *err);
void bn_layout_blob_close(const bn_layout *l, bn_layout_blob *b);
/* Appends a whole blob of at most BN_OCI_DOCUMENT_MAX bytes, verified. */
int bn_layout_blob_get(bn_buf *out, const bn_layout *l, const bn_oci_descriptor *d, bn_err *err);
/* Hashes a blob: BN_ECORRUPT if it is not what its digest says. */
int bn_layout_blob_verify(
	const bn_layout *l, const bn_oci_descriptor *d, const bn_progress *progress, bn_err *err);

#endif
