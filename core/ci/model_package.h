/*
 * model_package.h - a model in GitLab's generic package registry: pushed file by file, pulled as a folder.
 *
 * Push. Files that are there with the right digest are skipped, so an interrupted push continues; "binnacle.json"
 * (model_listing.h) is sent last, so a package without it is not taken for a model. A version that is complete is never
 * changed: pushing the same model again does nothing, another one is refused.
 *
 * Pull. Every digest is verified, and the folder appears as a whole: files are fetched below "DIR.partial"
 * (core/base/dir_out.h), where an interrupted pull continues. The folder's digest is that of the version that was
 * pushed. Files may be at another server (an object storage): the token does not go there.
 */
#ifndef BN_CI_MODEL_PACKAGE_H
#define BN_CI_MODEL_PACKAGE_H
#include "core/ci/forge.h"
#include "core/ci/model_source.h"

/* "gitlab", "gitlab:PACKAGE" or "gitlab:PACKAGE/VERSION"; a version N means N.0.0. */
typedef struct bn_package_target {
	char *package, *version; /* yours; NULL: not said */
} bn_package_target;

int bn_package_target_parse(bn_package_target *out, const char *text, bn_err *err);
void bn_package_target_release(bn_package_target *t);

typedef struct bn_model_transfer {
	const char *package, *version; /* borrowed */
	bool dry_run;                  /* looks, and changes nothing */
	const bn_progress *progress;   /* bytes; may be NULL */
} bn_model_transfer;

typedef struct bn_model_transferred {
	char digest[65];    /* of the model */
	char listing[65];   /* SHA-256 of binnacle.json */
	size_t files, sent; /* sent, or to be sent in a dry run; in a pull: fetched */
	uint64_t bytes, sent_bytes;
	bool was_there; /* the package was complete before */
} bn_model_transferred;

/* BN_ECONFLICT if that version of the package is another model. */
int bn_model_push(bn_model_transferred *out, bn_forge *f, bn_model_source *source,
	const bn_model_transfer *how, bn_err *err);
/* To dir, which must not exist. BN_ENOTFOUND if there is no such package, or its push was not finished; BN_ECORRUPT if it
 * does not hold what it lists. listing (initialised by this, yours): what it is. */
int bn_model_pull(bn_model_transferred *out, bn_model_listing *listing, bn_forge *f,
	const char *dir, const bn_model_transfer *how, bn_err *err);

/* Records a push of a registered version in the workspace (package.pushed), and commits. The digest is that of
 * binnacle.json. */
int bn_model_push_record(bn_workspace *ws, const bn_forge_place *place,
	const bn_model_listing *listing, const bn_model_transfer *how,
	const bn_model_transferred *done, bn_err *err);

#endif
