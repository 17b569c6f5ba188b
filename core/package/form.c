/* form.c - see form.h: choosing, staging and recording. */
#include "core/package/form.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/package/_form.h"
#include "core/package/package_log.h"

#include <string.h>

/* write NULL: the layout itself is the result. */
static const struct {
	const char *name, *suffix;
	int (*write)(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err);
} forms[BN_PACKAGE_FORMATS] = {
	[BN_PACKAGE_OCI] = {"oci", ".oci", NULL},
	[BN_PACKAGE_OCI_ARCHIVE] = {"oci-archive", ".oci.tar", bn_form_oci_archive},
	[BN_PACKAGE_DOCKER_ARCHIVE] = {"docker-archive", ".docker.tar", bn_form_docker_archive},
	[BN_PACKAGE_DIR] = {"dir", ".rootfs", bn_form_dir},
	[BN_PACKAGE_SIF_DEF] = {"sif-def", ".sif-def", bn_form_sif_def},
	[BN_PACKAGE_CONTAINERFILE] = {"containerfile", ".container", bn_form_containerfile},
};

const char *bn_package_format_name(bn_package_format f)
{
	return forms[f].name;
}

int bn_package_format_parse(bn_package_format *out, const char *name, bn_err *err)
{
	bn_nearest near = bn_nearest_to(name, BN_NEAREST_CLOSE);
	bn_buf all = BN_BUF_INIT;
	for (int f = 0; f < BN_PACKAGE_FORMATS; f++) {
		if (!strcmp(forms[f].name, name)) {
			*out = (bn_package_format)f;
			bn_buf_release(&all);
			return 0;
		}
		bn_nearest_offer(&near, forms[f].name);
		bn_buf_addf(&all, "%s%s", f ? ", " : "", forms[f].name);
	}
	bn_err_set(err, BN_EINVAL, "no format '%.60s': there are %s", name, all.ptr);
	bn_nearest_hint(&near, err);
	bn_buf_release(&all);
	return BN_EINVAL;
}

/* "power-3.oci.tar"; the caller frees it. */
static char *default_path(bn_package_format f, const bn_image *image)
{
	return bn_strf("%s-%lld%s", image->model, (long long)image->version, forms[f].suffix);
}

/* ---- writing -------------------------------------------------------------------------------- */

/* The default path needs the version, which is known when the image is built: until then the layout is at a
 * temporary name in the same directory. */
static int staging_path(char **out, const bn_env *env, const char *path, bn_err *err)
{
	uint64_t tag = 0;
	int rc = bn_env_random(env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	const char *base = path ? bn_path_base(path) : "";
	*out = bn_strf("%.*s.package-%016llx", path ? (int)(base - path) : 0, path ? path : "",
		(unsigned long long)tag);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

static int choose_path(bn_package_made *made, const bn_package_making *making, bn_err *err)
{
	char *own = NULL;
	int rc;
	if (!making->path && !(own = default_path(making->format, &made->image)))
		return bn_err_nomem(err, "a file name");
	rc = bn_path_absolute(&made->path, own ? own : making->path, err);
	bn_free(own);
	return rc;
}

/* A path that was given is looked at first, so that nothing is built in vain. */
static int check_free(const bn_env *env, const char *path, bool force, bn_err *err)
{
	bn_path_kind kind;
	int rc = bn_fs_look(&kind, env, path, err);
	if (rc < 0 || kind == BN_PATH_ABSENT || force)
		return rc;
	bn_err_set(err, BN_ECONFLICT, "'%s' exists already", path);
	bn_err_hint(err, "--force replaces an earlier package there");
	return BN_ECONFLICT;
}

/* An OCI layout is written where it stays; its path is only known before if it was given. */
static int make_layout(
	bn_package_made *made, bn_workspace *ws, const bn_package_making *making, bn_err *err)
{
	const bn_layout_making how = {.force = making->force};
	bn_layout *l = NULL;
	int rc;
	if (!making->path &&
		((rc = bn_image_build(&made->image, NULL, ws, &making->image, err)) < 0 ||
			(rc = choose_path(made, making, err)) < 0 ||
			(rc = check_free(bn_workspace_env(ws), made->path, making->force, err)) <
				0))
		return rc;
	if ((rc = bn_layout_create(&l, bn_workspace_env(ws),
		     making->path ? making->path : made->path, &how, err)) < 0)
		return rc;
	bn_image_release(&made->image);
	if ((rc = bn_image_build(&made->image, l, ws, &making->image, err)) < 0 ||
		(rc = bn_layout_finish(l, err)) < 0)
		goto out;
	made->bytes = made->image.bytes;
	if (!made->path)
		rc = choose_path(made, making, err);
out:
	bn_layout_close(l);
	return rc;
}

static int make_other(
	bn_package_made *made, bn_workspace *ws, const bn_package_making *making, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	const bn_layout_making how = {.force = false};
	bn_layout *l = NULL;
	char *staging = NULL;
	int rc;
	if ((rc = staging_path(&staging, env, making->path, err)) < 0 ||
		(rc = bn_layout_create(&l, env, staging, &how, err)) < 0 ||
		(rc = bn_image_build(&made->image, l, ws, &making->image, err)) < 0 ||
		(rc = choose_path(made, making, err)) < 0 ||
		(rc = check_free(env, made->path, making->force, err)) < 0)
		goto out;
	const bn_form_input in = {env, l, &made->image, making->force};
	rc = forms[making->format].write(&made->bytes, &in, made->path, err);
out:
	bn_layout_close(l); /* it is not finished, so it is removed */
	bn_free(staging);
	return rc;
}

static int record(const bn_package_made *made, bn_workspace *ws, bn_package_format f, bn_err *err)
{
	const bn_image *image = &made->image;
	const bn_package_built built = {.digest = image->manifest.digest,
		.model = image->model,
		.version = image->version,
		.model_digest = image->model_digest,
		.format = forms[f].name,
		.path = made->path,
		.bytes = made->bytes,
		.is_unapproved = image->is_unapproved};
	bn_err append = BN_ERR_INIT;
	int rc = bn_package_write_built(ws, &built, &append);
	int committed = bn_workspace_commit(ws, rc < 0 ? NULL : &append);
	if (rc >= 0 && committed >= 0)
		return 0;
	bn_err_move(err, &append);
	bn_err_hint(err, "the package is complete at %.180s, but not recorded", made->path);
	return rc < 0 ? rc : committed;
}

int bn_package_make(
	bn_package_made *out, bn_workspace *ws, const bn_package_making *making, bn_err *err)
{
	bn_package_made made = {.path = NULL};
	int rc;
	*out = made;
	if (making->path &&
		(rc = check_free(bn_workspace_env(ws), making->path, making->force, err)) < 0)
		goto out;
	if (making->dry_run) {
		if ((rc = bn_image_build(&made.image, NULL, ws, &making->image, err)) < 0 ||
			(rc = choose_path(&made, making, err)) < 0)
			goto out;
		made.bytes = made.image.bytes;
	} else if ((rc = (forms[making->format].write ? make_other : make_layout)(
			    &made, ws, making, err)) < 0 ||
		   (rc = record(&made, ws, making->format, err)) < 0) {
		goto out;
	}
	*out = made;
	made = (bn_package_made){.path = NULL};
out:
	bn_package_made_release(&made);
	return rc;
}

void bn_package_made_release(bn_package_made *made)
{
	bn_image_release(&made->image);
	bn_free(made->path);
	made->path = NULL;
}
