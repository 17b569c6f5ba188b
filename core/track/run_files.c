/* run_files.c - see run_files.h. */
#include "core/track/run_files.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/object/object.h"
#include "core/track/_run_fold.h"
#include "core/track/run_links.h"

#include <stdlib.h>
#include <string.h>

void bn_run_files_release(bn_run_files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		bn_free(f->models[i].dir);
		bn_logged_free(f->models[i].model);
	}
	bn_free(f->models);
	bn_artifacts_release(&f->all);
	*f = (bn_run_files)BN_RUN_FILES_INIT;
}

const bn_run_file_model *bn_run_files_model(const bn_run_files *f, const char *dir)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->models[i].dir, dir) || !strcmp(f->models[i].model->id, dir))
			return &f->models[i];
	return NULL;
}

/* Whether a file or a directory has that name. */
static bool is_taken(const bn_artifacts *all, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < all->count; i++)
		if (!strncmp(all->items[i].path, name, n) &&
			(!all->items[i].path[n] || all->items[i].path[n] == '/'))
			return true;
	return false;
}

static int files_add(bn_run_files *f, const char *dir, const bn_artifacts *files, bn_err *err)
{
	for (size_t i = 0; i < files->count; i++) {
		const bn_artifact *a = &files->items[i];
		bn_artifact *to;
		if (bn_grow(&f->all.items, &f->all.cap, f->all.count + 1, sizeof *to) != 0)
			return bn_err_nomem(err, "artifacts");
		to = &f->all.items[f->all.count];
		*to = *a;
		if (!(to->path = bn_strf("%s/%s", dir, a->path)))
			return bn_err_nomem(err, "a path");
		f->all.count++;
	}
	return 0;
}

/* Takes model. */
static int model_add(bn_run_files *f, bn_workspace *ws, bn_logged_model *model, bn_err *err)
{
	bn_artifacts files = BN_ARTIFACTS_INIT;
	bn_run_file_model *m;
	int rc = bn_logged_artifacts(&files, ws, model->id, err);
	if (rc < 0 || files.count == 0)
		goto out;
	if (bn_grow(&f->models, &f->cap, f->count + 1, sizeof *m) != 0) {
		rc = bn_err_nomem(err, "logged models");
		goto out;
	}
	m = &f->models[f->count];
	bool is_name = bn_artifact_path_is_valid(model->name) && !strchr(model->name, '/') &&
		       !is_taken(&f->all, model->name);
	if (!(m->dir = bn_strdup(is_name ? model->name : model->id))) {
		rc = bn_err_nomem(err, "a name");
		goto out;
	}
	m->model = model;
	model = NULL;
	f->count++;
	rc = files_add(f, m->dir, &files, err);
out:
	bn_artifacts_release(&files);
	bn_logged_free(model);
	return rc < 0 ? rc : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const bn_artifact *)a)->path, ((const bn_artifact *)b)->path);
}

static int models_add(
	bn_run_files *f, bn_workspace *ws, const bn_run_links *links, uid_t uid, bn_err *err)
{
	for (size_t i = 0; i < links->output_count; i++) {
		bn_err why = BN_ERR_INIT;
		bn_logged_model *model = NULL;
		int rc = bn_run_files_model(f, links->outputs[i].model)
				 ? BN_ENOTFOUND /* an output at another step, too */
				 : bn_logged_get(&model, ws, links->outputs[i].model, &why);
		if (rc == BN_ENOTFOUND)
			continue;
		if (rc < 0)
			return bn_err_move(err, &why);
		if (model->removed || model->uid != uid) {
			bn_logged_free(model);
			continue;
		}
		if ((rc = model_add(f, ws, model, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_run_files_read(bn_run_files *out, bn_workspace *ws, const char *run, bn_err *err)
{
	bn_run_links links = BN_RUN_LINKS_INIT;
	bn_run_info *info = NULL;
	*out = (bn_run_files)BN_RUN_FILES_INIT;
	int rc = bn_run_artifacts(&out->all, ws, run, err);
	if (rc < 0 || (rc = bn_run_links_load(&links, ws, run, err)) < 0 || !links.output_count)
		goto out;
	if ((rc = bn_run_get(&info, ws, run, err)) < 0 ||
		(rc = models_add(out, ws, &links, info->uid, err)) < 0)
		goto out;
	if (out->all.count)
		qsort(out->all.items, out->all.count, sizeof *out->all.items, by_path);
out:
	bn_run_info_free(info);
	bn_run_links_release(&links);
	return rc < 0 ? rc : 0;
}

/* ---- copies --------------------------------------------------------------------------------- */

/* The rest of path below prefix, or NULL. */
static const char *below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);
	if (n == 0)
		return path;
	if (strncmp(path, prefix, n) != 0)
		return NULL;
	if (path[n] == '\0')
		return bn_path_base(path);
	return path[n] == '/' ? path + n + 1 : NULL;
}

static int export_one(bn_workspace *ws, const bn_artifact *a, const char *to, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *dir = bn_strdup(to);
	if (!dir)
		return bn_err_nomem(err, "a path");
	dir[strlen(dir) - strlen(bn_path_base(to)) - 1] = '\0';
	int rc;
	if ((rc = bn_fs_make_dirs(env, dir, 0777, err)) < 0)
		goto out;
	if ((rc = bn_object_export(ws, a->hash, to, err)) < 0)
		bn_err_prefix(err, "artifact '%s'", a->path);
out:
	bn_free(dir);
	return rc;
}

int bn_run_export(
	bn_workspace *ws, const char *id, const char *prefix, const char *dir, bn_err *err)
{
	bn_run_files files = BN_RUN_FILES_INIT;
	const bn_artifacts *all = &files.all;
	size_t found = 0;
	if (bn_fs_exists(bn_workspace_env(ws), dir))
		return bn_err_set(err, BN_ECONFLICT, "'%s' already exists", dir);
	int rc;
	if ((rc = bn_run_files_read(&files, ws, id, err)) < 0)
		goto out;
	for (size_t i = 0; i < all->count; i++) {
		const char *rest = below(all->items[i].path, prefix);
		if (!rest)
			continue;
		char *to = bn_path_join(dir, rest);
		rc = to ? export_one(ws, &all->items[i], to, err) : bn_err_nomem(err, "a path");
		bn_free(to);
		if (rc < 0)
			goto out;
		found++;
	}
	if (found == 0)
		rc = bn_err_set(
			err, BN_ENOTFOUND, "run %.8s has no artifact under '%s'", id, prefix);
out:
	bn_run_files_release(&files);
	return rc;
}
