/* _form.h - shared by form.c, form_archive.c and form_folder.c. */
#ifndef BN_PACKAGE__FORM_H
#define BN_PACKAGE__FORM_H
#include "core/package/form.h"

/* What the forms are made of: a complete layout, which is removed afterwards. */
typedef struct bn_form_input {
	const bn_env *env;
	const bn_layout *layout;
	const bn_image *image;
	bool force;
} bn_form_input;

/* Each writes its form to path; *bytes: what was written. */
int bn_form_oci_archive(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err);
int bn_form_docker_archive(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err);
int bn_form_dir(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err);
int bn_form_sif_def(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err);
int bn_form_containerfile(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err);

#endif
