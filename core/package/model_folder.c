/* model_folder.c - see _model_folder.h. */
#include "core/package/_model_folder.h"

#include "core/base/dir_out.h"
#include "core/base/mem.h"
#include "core/package/form.h"

#include <string.h>

#define FOLDER (&BN_IMAGE_MODEL[1]) /* without the slash */
#define ASIDE ".model"              /* no file of a model is called so */

static int not_ours(bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "the top layer of the image is not the folder of a model");
	bn_err_hint(
		err, "an image that `binnacle package` made has one; pull others as --format oci");
	return BN_EINVAL;
}

/* Moves what is in the unpacked directory up, next to where that was. */
static int move_up(const bn_dir *at, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	char *from = NULL;
	int rc;
	if ((rc = bn_dir_list(at, NULL, &names, err)) < 0)
		goto out;
	if (names.count != 1 || strcmp(names.items[0], FOLDER) != 0) {
		rc = not_ours(err);
		goto out;
	}
	bn_names_release(&names);
	names = (bn_names)BN_NAMES_INIT;
	if ((rc = bn_dir_rename(at, FOLDER, at, ASIDE, err)) < 0 ||
		(rc = bn_dir_list(at, ASIDE, &names, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++) {
		bn_free(from);
		if (!(from = bn_path_join(ASIDE, names.items[i]))) {
			rc = bn_err_nomem(err, "a file name");
			goto out;
		}
		if ((rc = bn_dir_rename(at, from, at, names.items[i], err)) < 0)
			goto out;
	}
	rc = bn_dir_remove_tree(at, ASIDE, err);
out:
	bn_free(from);
	bn_names_release(&names);
	return rc;
}

int bn_model_folder_unpack(const bn_env *env, const bn_layout *l, const bn_oci_manifest *m,
	const char *path, bn_err *err)
{
	const bn_dir_out_how how = {.what = "a model's folder"};
	bn_dir_out *d = NULL;
	int rc;
	if (!m->layer_count)
		return not_ours(err);
	bn_oci_manifest top = *m;
	top.layers = &m->layers[m->layer_count - 1];
	top.layer_count = 1;
	if ((rc = bn_dir_out_open(&d, env, path, &how, err)) < 0 ||
		(rc = bn_image_unpack(bn_dir_out_at(d), l, &top, err)) < 0 ||
		(rc = move_up(bn_dir_out_at(d), err)) < 0)
		goto out;
	rc = bn_dir_out_finish(d, err);
out:
	bn_dir_out_free(d);
	return rc;
}
