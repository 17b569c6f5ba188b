/*
 * _model_folder.h - the model in an image, as the folder that `binnacle model export` would write.
 */
#ifndef BN_PACKAGE_MODEL_FOLDER_INTERNAL_H
#define BN_PACKAGE_MODEL_FOLDER_INTERNAL_H
#include "core/package/layout.h"

/* Unpacks the top layer of an image of `binnacle package` (image.h), which must hold the directory model and nothing
 * else; its content appears at path as a whole. BN_ECONFLICT if path exists; BN_EUNSUPPORTED for a compressed layer;
 * BN_EINVAL for another image. */
int bn_model_folder_unpack(const bn_env *env, const bn_layout *l, const bn_oci_manifest *m,
	const char *path, bn_err *err);

#endif
