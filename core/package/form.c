/* form.c - see form.h: choosing, staging and recording. */
#include "core/package/form.h"

#include "core/base/dir.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/utf8.h"
#include "core/package/_form.h"
#include "core/package/package_log.h"
#include "core/registry/registry.h"

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

/* ---- writing -------------------------------------------------------------------------------- */

/* Where it goes: as given, or named after the version. *spec: the version that it was named after, so that the image
 * is of no other; yours. */
static int choose_path(
	char **path, char **spec, bn_workspace *ws, const bn_package_making *making, bn_err *err)
{
	char exact[BN_VERSION_SPEC], *own = NULL;
	bn_version *v = NULL;
	int rc = 0;
	if (making->path) {
		rc = bn_path_absolute(path, making->path, err);
		goto out;
	}
	if ((rc = bn_version_get(&v, ws, making->image.spec, err)) < 0)
		goto out;
	*spec = bn_strdup(bn_version_spec(v, exact));
	own = bn_strf("%s-%lld%s", v->name, (long long)v->version, forms[making->format].suffix);
	rc = *spec && own ? bn_path_absolute(path, own, err) : bn_err_nomem(err, "a file name");
out:
	for (size_t n = *path ? strlen(*path) : 0; n > 1 && (*path)[n - 1] == '/'; n--)
		(*path)[n - 1] = '\0';
	bn_free(own);
	bn_version_free(v);
	return rc;
}

/* Nothing is built in vain: the path is free, or may be replaced if it is a package (each form looks). */
static int check_place(const bn_env *env, const char *path, bool force, bn_err *err)
{
	struct stat st;
	bn_dir *parent = NULL;
	const char *base = bn_path_base(path);
	char *above = bn_strndup(path, (size_t)(base - path));
	int rc = above ? bn_dir_open(&parent, env, above, err) : bn_err_nomem(err, "a file name");
	if (rc < 0)
		goto out;
	if (!bn_utf8_is_valid(path, strlen(path))) /* the record of it could not be written */
		rc = bn_err_set(err, BN_EINVAL, "'%s' is not UTF-8", path);
	else if (*base && !force && env->fs->stat(env, parent, base, &st) == 0)
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' exists already", path);
	if (rc == BN_ECONFLICT)
		bn_err_hint(err, "--force replaces an earlier package there");
out:
	bn_dir_close(parent);
	bn_free(above);
	return rc;
}

/* An OCI layout is written where it stays. */
static int make_layout(bn_package_made *made, bn_workspace *ws, const bn_image_making *image,
	bool force, bn_err *err)
{
	const bn_layout_making how = {.force = force};
	bn_layout *l = NULL;
	int rc;
	if ((rc = bn_layout_create(&l, bn_workspace_env(ws), made->path, &how, err)) < 0 ||
		(rc = bn_image_build(&made->image, l, ws, image, err)) < 0 ||
		(rc = bn_layout_finish(l, err)) < 0)
		goto out;
	made->bytes = made->image.bytes;
out:
	bn_layout_close(l);
	return rc;
}

/* The other forms are made from a layout beside the path, which is never finished, so it is removed. */
static int make_other(bn_package_made *made, bn_workspace *ws, const bn_package_making *making,
	const bn_image_making *image, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	const bn_layout_making how = {.force = false};
	bn_layout *l = NULL;
	uint64_t tag = 0;
	char *staging = NULL;
	int rc = bn_env_random(env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	if (!(staging = bn_strf("%s.%016llx", made->path, (unsigned long long)tag)))
		return bn_err_nomem(err, "a file name");
	if ((rc = bn_layout_create(&l, env, staging, &how, err)) < 0 ||
		(rc = bn_image_build(&made->image, l, ws, image, err)) < 0)
		goto out;
	const bn_form_input in = {env, l, &made->image, making->force};
	rc = forms[making->format].write(&made->bytes, &in, made->path, err);
out:
	bn_layout_close(l);
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
	bn_image_making image = making->image;
	char *spec = NULL;
	int rc;
	*out = made;
	if ((rc = choose_path(&made.path, &spec, ws, making, err)) < 0 ||
		(rc = check_place(bn_workspace_env(ws), made.path, making->force, err)) < 0)
		goto out;
	image.spec = spec ? spec : image.spec;
	if (making->dry_run)
		rc = bn_image_build(&made.image, NULL, ws, &image, err);
	else if (forms[making->format].write)
		rc = make_other(&made, ws, making, &image, err);
	else
		rc = make_layout(&made, ws, &image, making->force, err);
	if (rc < 0)
		goto out;
	if (making->dry_run)
		made.bytes = made.image.bytes;
	else if ((rc = record(&made, ws, making->format, err)) < 0)
		goto out;
	*out = made;
	made = (bn_package_made){.path = NULL};
out:
	bn_free(spec);
	bn_package_made_release(&made);
	return rc;
}

void bn_package_made_release(bn_package_made *made)
{
	bn_image_release(&made->image);
	bn_free(made->path);
	made->path = NULL;
}
