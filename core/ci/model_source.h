/*
 * model_source.h - the files of a model that is pushed: of a registered version, read from the workspace's objects,
 * or of a model folder.
 *
 * A registered version is proven first (core/registry/proof.h), and its bytes are checked against their digests while they
 * are read. Of a folder, every file is hashed; it may hold no directories, which do not belong to a model's digest.
 */
#ifndef BN_CI_MODEL_SOURCE_H
#define BN_CI_MODEL_SOURCE_H
#include "core/base/progress.h"
#include "core/ci/model_listing.h"
#include "core/net/client.h"
#include "core/store/workspace.h"

typedef struct bn_model_source bn_model_source;

/* spec: as bn_version_get. BN_EREFUSED if it cannot be proven. ws is borrowed. */
int bn_model_source_of_version(
	bn_model_source **out, bn_workspace *ws, const char *spec, bn_err *err);
/* BN_ENOTFOUND, BN_EINVAL for a directory that is not a model folder. */
int bn_model_source_of_folder(bn_model_source **out, const bn_env *env, const char *dir,
	const bn_progress *progress, bn_err *err);
void bn_model_source_free(bn_model_source *s); /* NULL is fine */

const bn_model_listing *bn_model_source_listing(const bn_model_source *s); /* borrowed */

/* Opens file i of the listing as a request body, which is valid until the next call or bn_model_source_free. */
int bn_model_source_open(bn_http_upload *out, bn_model_source *s, size_t i, bn_err *err);

#endif
