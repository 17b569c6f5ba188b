/*
 * transfer.h - whole images between an OCI layout and a registry.
 *
 * A push sends what the registry lacks: the layers, the config, and at the end the manifest with its tag, so
 * nobody finds an image without its parts. Each blob is hashed before it is sent. A pull writes a new layout; of an index it takes the image for Linux on this machine. Docker's manifests are
 * kept as they are, since their digest is the image's name.
 */
#ifndef BN_PACKAGE_TRANSFER_H
#define BN_PACKAGE_TRANSFER_H
#include "core/package/distribution.h"
#include "core/package/layout.h"

typedef enum bn_blob_state {
	BN_BLOB_PRESENT, /* it is there already */
	BN_BLOB_MOUNTED, /* taken from another repository of the registry */
	BN_BLOB_SENT,
	BN_BLOB_MISSING, /* a dry run: it would be sent */
} bn_blob_state;

typedef struct bn_transfer_blob {
	bn_oci_descriptor blob;
	bool is_config;
	bn_blob_state state; /* of a push */
} bn_transfer_blob;

typedef struct bn_transfer {
	bn_oci_descriptor manifest;
	bn_transfer_blob *blobs; /* each once, layers first */
	size_t count;
	/* Of a push: of the blobs that are sent, or would be; of a pull: of those in it. */
	uint64_t bytes;
	char *model;     /* by the image's labels (image.h); NULL: they name none */
	int64_t version; /* 0: none */
} bn_transfer;

void bn_transfer_release(bn_transfer *t);

typedef struct bn_push_options {
	const char *tag;
	const char
		*mount_from; /* a repository of the registry that may have the blobs; NULL: none */
	bool dry_run;        /* asks what is missing, and sends nothing */
	const bn_progress *progress;
} bn_push_options;

/* *out is valid only after success. */
int bn_image_push(bn_transfer *out, bn_distribution *d, const bn_layout *l,
	const bn_oci_descriptor *manifest, const bn_push_options *options, bn_err *err);

typedef struct bn_pull_options {
	const bn_env *env;
	const char *path;            /* of what is written */
	const char *name;            /* of the image in the layout; NULL: none */
	bool force;                  /* replaces a layout that is there */
	const bn_progress *progress; /* of hashing what is there already; NULL: none */
	/* Writes the model's folder in place of a layout, and receives only the config and the top layer, which holds
	 * it. Nothing is replaced. */
	bool model_alone;
} bn_pull_options;

/* BN_ECONFLICT if the path exists without force; BN_EINVAL with model_alone for an image that `binnacle package` did not
 * make. An interrupted pull leaves "PATH.partial", and the next one goes on there. */
int bn_image_pull(bn_transfer *out, bn_distribution *d, const char *tag_or_digest,
	const bn_pull_options *options, bn_err *err);

#endif
