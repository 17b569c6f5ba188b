/*
 * model_listing.h - which files a pushed model has: "binnacle.json", the last file of its package.
 *
 *	{"kind": "binnacle.model.package", "format": 1, "model": "power", "version": 3, "run": ID, "digest": H,
 *	 "files": [{"path": "model.safetensors", "sha256": H, "bytes": n}]}
 *
 * Files are in byte order of their paths; digest is the model's (core/learn/model.h), which follows from
 * them; version and run are absent where they are not known. A file is stored under its path, or under "sha256-H" where the
 * path is no name for a package's file. A package without binnacle.json is an interrupted push.
 */
#ifndef BN_CI_MODEL_LISTING_H
#define BN_CI_MODEL_LISTING_H
#include "core/store/object/manifest.h"

#define BN_MODEL_LISTING_FILE "binnacle.json"
#define BN_MODEL_LISTING_BYTES (16 << 20)
#define BN_MODEL_FILE_NAME 256

typedef struct bn_model_listing {
	char *model;       /* NULL: not known */
	int64_t version;   /* 0: not known */
	char *run;         /* id, or NULL */
	bn_manifest files; /* sealed: content is the model's digest; each part is a whole file */
} bn_model_listing;

void bn_model_listing_init(bn_model_listing *l);
void bn_model_listing_release(bn_model_listing *l);

/* The name of a file in the package. */
void bn_model_file_name(char name[BN_MODEL_FILE_NAME], const char *path, const char *sha256);

int bn_model_listing_format(bn_buf *out, const bn_model_listing *l, bn_err *err);
/* Strict: it may be anybody's. source is for messages. BN_ECORRUPT names the field: a path that leads out of the folder, a
 * digest that does not follow from the files; BN_EUNSUPPORTED for a newer format. *out is initialised by this. */
int bn_model_listing_parse(
	bn_model_listing *out, const char *text, size_t n, const char *source, bn_err *err);

#endif
