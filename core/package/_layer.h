/*
 * _layer.h - one layer of an image: a tar file that becomes a blob of a layout, or is only hashed.
 */
#ifndef BN_PACKAGE__LAYER_H
#define BN_PACKAGE__LAYER_H
#include "core/package/layout.h"
#include "core/package/tar.h"

typedef struct bn_hasher bn_hasher;

typedef struct bn_layer {
	bn_tar_writer tar;
	bn_layout_blob_in *blob; /* NULL: only hashed */
	bn_hasher *hasher;
	uint64_t bytes;
	char *directory; /* the last entry's, for its parents */
} bn_layer;

/* l NULL: nothing is kept. Release it after a failure too. */
int bn_layer_begin(bn_layer *layer, bn_layout *l, bn_err *err);
/* Directories above are added, of mode 0755. Paths ascend as tar.h requires. */
int bn_layer_dir(bn_layer *layer, const char *path, mode_t mode, bn_err *err);
int bn_layer_text(bn_layer *layer, const char *path, const char *text, bn_err *err);
/* The header of a file; its content follows with bn_tar_add(&layer->tar, ...). */
int bn_layer_begin_file(bn_layer *layer, const char *path, mode_t mode, uint64_t size, bn_err *err);
/* A file of this machine; loaded_part: only what is loaded of an ELF file (closure.h). */
int bn_layer_copy(bn_layer *layer, const char *path, mode_t mode, const bn_env *env,
	const char *from, bool loaded_part, const bn_progress *progress, bn_err *err);
/* Its descriptor, as a layer without compression. */
int bn_layer_end(bn_layer *layer, bn_oci_descriptor *out, bn_err *err);
void bn_layer_release(bn_layer *layer);

#endif
