/*
 * oci.h - the documents of an OCI image: descriptors, manifests and indexes, read and written.
 *
 * Format: OCI image specification 1.1 (image manifest, image index, descriptor). Docker's "image manifest
 * version 2, schema 2" and its manifest list have the same fields and are read as well. Reading is strict,
 * since a layout or a registry may be anybody's: a digest is "sha256:" and 64 lower-case hex digits (so it can
 * be a file name), a size is below 2^53, each document has at most BN_OCI_DOCUMENT_MAX bytes and at most
 * BN_OCI_ENTRIES_MAX entries. A faulty document is BN_EINVAL with its source and the field, one of a form that
 * is not supported here BN_EUNSUPPORTED.
 */
#ifndef BN_PACKAGE_OCI_H
#define BN_PACKAGE_OCI_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define BN_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define BN_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define BN_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define BN_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define BN_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"

#define BN_OCI_DIGEST_TEXT 72            /* "sha256:", 64 hex digits and a NUL */
#define BN_OCI_MEDIA_TYPE_TEXT 256       /* RFC 6838: 127 + '/' + 127, and a NUL */
#define BN_OCI_NAME_TEXT 256             /* of a reference */
#define BN_OCI_DOCUMENT_MAX (4ull << 20) /* the distribution specification's limit */
#define BN_OCI_ENTRIES_MAX 1000

typedef struct bn_oci_descriptor {
	char media_type[BN_OCI_MEDIA_TYPE_TEXT];
	char digest[BN_OCI_DIGEST_TEXT];
	uint64_t size; /* bytes */
} bn_oci_descriptor;

typedef struct bn_oci_manifest {
	char media_type[BN_OCI_MEDIA_TYPE_TEXT];
	char artifact_type[BN_OCI_MEDIA_TYPE_TEXT]; /* "": an image */
	bn_oci_descriptor config;
	bn_oci_descriptor *layers; /* the lowest first */
	size_t layer_count;
	json_t *annotations; /* an object of strings, or NULL */
} bn_oci_manifest;

typedef struct bn_oci_index_entry {
	bn_oci_descriptor manifest;    /* or another index */
	char name[BN_OCI_NAME_TEXT];   /* org.opencontainers.image.ref.name; "": none */
	char os[32], architecture[32]; /* "": not said */
} bn_oci_index_entry;

typedef struct bn_oci_index {
	bn_oci_index_entry *items;
	size_t count;
} bn_oci_index;

/* The digest of the bytes. */
void bn_oci_digest(const void *bytes, size_t n, char out[BN_OCI_DIGEST_TEXT]);
bool bn_oci_digest_is_valid(const char *digest);
/* Whether a name may be a reference's name (org.opencontainers.image.ref.name): letters, digits and -._:@/+ */
bool bn_oci_name_is_valid(const char *name);
/* What the specification calls the machine that this program was built for: "amd64", "arm64", "ppc64le". */
const char *bn_oci_architecture(void);
bool bn_oci_is_index(const char *media_type); /* of OCI or Docker */

/* source names the document in messages ("out/index.json"). Release *out also after a failure of the
 * caller; it is empty after one of these. */
int bn_oci_manifest_parse(
	bn_oci_manifest *out, const char *text, size_t n, const char *source, bn_err *err);
int bn_oci_index_parse(
	bn_oci_index *out, const char *text, size_t n, const char *source, bn_err *err);
void bn_oci_manifest_release(bn_oci_manifest *m);
void bn_oci_index_release(bn_oci_index *x);

/* Adds canonical JSON. */
int bn_oci_manifest_format(bn_buf *out, const bn_oci_manifest *m, bn_err *err);
int bn_oci_index_format(bn_buf *out, const bn_oci_index *x, bn_err *err);

/* The entry to use: of that name (NULL: any), and of several the one for Linux on this machine. Borrowed.
 * BN_ENOTFOUND if none fits; BN_EINVAL if several do, with their names. */
int bn_oci_index_pick(const bn_oci_index_entry **out, const bn_oci_index *x, const char *name,
	const char *source, bn_err *err);

#endif
