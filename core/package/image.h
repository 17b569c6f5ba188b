/*
 * image.h - the container image of a model version: what is in it, and its documents.
 *
 * Four layers, each a tar file without compression, the one that changes most at the top:
 *	directories  what runtimes bind or look into: /dev /proc /sys /tmp /home, /etc/{passwd,group,hosts,
 *	             resolv.conf,nsswitch.conf}
 *	libraries    the loader and the shared libraries of this program (closure.h)
 *	program      /usr/bin/binnacle, this program without debugging information
 *	model        /model, the version's files
 * It has no shell and no package manager. It runs `binnacle serve /model --as MODEL/VERSION` as user 65534, on port
 * 8420, on a processor: the CUDA plug-in is not in it, nor OpenBLAS, which only training opens.
 *
 * Nothing in it depends on a clock, a path, a host or the order of a directory: the same version with the same
 * program and libraries gives the same digest.
 */
#ifndef BN_PACKAGE_IMAGE_H
#define BN_PACKAGE_IMAGE_H
#include "core/base/progress.h"
#include "core/package/layout.h"
#include "core/store/workspace.h"

#define BN_IMAGE_PROGRAM "/usr/bin/binnacle"
#define BN_IMAGE_MODEL "/model"
#define BN_IMAGE_PORT 8420
#define BN_IMAGE_USER 65534 /* nobody */

enum {
	BN_IMAGE_DIRECTORIES,
	BN_IMAGE_LIBRARIES,
	BN_IMAGE_PROGRAM_LAYER,
	BN_IMAGE_MODEL_LAYER,
	BN_IMAGE_LAYERS
};
const char *bn_image_layer_name(int layer); /* "libraries" */

typedef struct bn_image_making {
	const char *spec; /* "power/3", "power@champion" */
	bool unapproved;  /* a version that is not approved may be packaged; it is labelled */
	const bn_progress *progress; /* NULL: none */
} bn_image_making;

typedef struct bn_image {
	char *model; /* "power" */
	int64_t version;
	char *model_digest; /* 64 hex digits */
	char *run;          /* 32 hex digits; NULL: registered without one */
	char *commit;       /* of the run's code; NULL: unknown */
	bool is_unapproved;
	char *reference; /* "power:3": the name to give it in an index or a runtime */
	bn_oci_descriptor manifest, config, layers[BN_IMAGE_LAYERS];
	uint64_t bytes; /* of all blobs */
} bn_image;

/* Loads the version as the server in the image will: an image of a model that another program made would not start.
 * BN_EUNSUPPORTED with the reason; BN_ENOTFOUND, BN_EREFUSED as bn_predictor_open. */
int bn_image_check_model(bn_workspace *ws, const char *spec, bn_err *err);

/* Adds the image's blobs and its index to l, or with l NULL only computes digests and sizes. The version is proven
 * first (core/registry/proof.h). BN_EREFUSED if it is not approved, without unapproved; BN_ENOTFOUND. */
int bn_image_build(
	bn_image *out, bn_layout *l, bn_workspace *ws, const bn_image_making *making, bn_err *err);
void bn_image_release(bn_image *image);

/* The model's name and version that an image's labels give; *model is yours, NULL if they give none. config: the
 * config's JSON. */
int bn_image_labels(char **model, int64_t *version, const char *config, size_t n, bn_err *err);

#endif
