/*
 * form.h - a package of a model version: its image (image.h) in one of several forms, in a file or directory.
 *
 *	oci             an OCI image layout                             skopeo copy oci:OUT, umoci
 *	oci-archive     the same as a tar file                          podman load, apptainer build
 *	docker-archive  what `docker save` writes                       docker load, podman load
 *	dir             the unpacked root directory                     ch-run, apptainer, systemd-nspawn
 *	sif-def         rootfs/, binnacle.def and serve.sh              apptainer build model.sif binnacle.def
 *	containerfile   rootfs/, Containerfile and serve.sh             podman build, docker build
 *
 * The output appears as a whole or not at all. The image's digest is the same in each form.
 */
#ifndef BN_PACKAGE_FORM_H
#define BN_PACKAGE_FORM_H
#include "core/package/image.h"

typedef enum bn_package_format {
	BN_PACKAGE_OCI,
	BN_PACKAGE_OCI_ARCHIVE,
	BN_PACKAGE_DOCKER_ARCHIVE,
	BN_PACKAGE_DIR,
	BN_PACKAGE_SIF_DEF,
	BN_PACKAGE_CONTAINERFILE,
	BN_PACKAGE_FORMATS
} bn_package_format;

const char *bn_package_format_name(bn_package_format f); /* "oci-archive" */
/* BN_EINVAL with all names, and the nearest one as the hint. */
int bn_package_format_parse(bn_package_format *out, const char *name, bn_err *err);

typedef struct bn_package_making {
	bn_image_making image;
	bn_package_format format;
	const char *
		path; /* NULL: named after the version, in the working directory ("power-3.oci.tar") */
	bool force; /* replaces an earlier package of this form at the path, by the names in it */
	bool dry_run; /* writes nothing; digests and sizes are computed */
} bn_package_making;

typedef struct bn_package_made {
	bn_image image;
	char *path;     /* absolute */
	uint64_t bytes; /* of what was written; in a dry run of the image's blobs */
} bn_package_made;

/* Writes the package and records it (package_log.h). BN_ECONFLICT if the path exists, without force; BN_EREFUSED
 * if it is something else, or the version is not approved. If only the record fails the package remains, and the
 * hint says so. */
int bn_package_make(
	bn_package_made *out, bn_workspace *ws, const bn_package_making *making, bn_err *err);
void bn_package_made_release(bn_package_made *made);

/* Unpacks an image's layers below at, an empty directory: files and directories only, and no layer may change
 * what a lower one has (BN_EREFUSED). BN_EUNSUPPORTED for compressed layers. */
int bn_image_unpack(const bn_dir *at, const bn_layout *l, const bn_oci_manifest *m, bn_err *err);

#endif
