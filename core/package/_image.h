/* _image.h - shared by image.c and image_config.c. */
#ifndef BN_PACKAGE__IMAGE_H
#define BN_PACKAGE__IMAGE_H
#include "core/package/image.h"
#include "core/registry/registry.h"

/* Appends the config: how the image runs, and its labels. Layers and names of image must be set. */
int bn_image_config(bn_buf *out, const bn_image *image, const bn_version *v, bn_err *err);
/* The labels of org.opencontainers.image, for the manifest; a new reference. */
int bn_image_annotations(json_t **out, const bn_image *image, bn_err *err);

#endif
