/* of_run.c - see _of_run.h. */
#include "core/registry/_of_run.h"

#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/_tensors.h"
#include "core/store/index/place.h"
#include "core/store/object/object.h"
#include "core/track/series.h"

#include <stdio.h>
#include <string.h>

/* A file of the model; the manifest lists name, type and shape of its tensors. */
static int manifest_add_artifact(
	bn_manifest *m, bn_workspace *ws, const bn_artifact *a, const char *path, bn_err *err)
{
	bn_manifest_part p = {
		.bytes = (uint64_t)a->size_bytes, .path = (char *)(uintptr_t)path, .whole = true};
	int rc = 0;
	snprintf(p.hash, sizeof p.hash, "%s", a->hash);
	if (bn_str_ends(path, ".safetensors"))
		rc = bn_tensors_list(&p.tensors, ws, a->hash, p.bytes, err);
	if (rc == 0)
		rc = bn_manifest_add(m, &p, err);
	json_decref(p.tensors);
	return rc;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return !strncmp(path, dir, n) && path[n] == '/';
}

/* ---- which model ------------------------------------------------------------------------------ */

/* The models of a run while one is chosen. */
typedef struct choice {
	char *dir;
	size_t found;
	bn_buf names;
} choice;

static int choice_add(choice *c, const char *dir, size_t n, bn_err *err)
{
	if (c->found++)
		bn_buf_adds(&c->names, ", ");
	bn_buf_addf(&c->names, "%.*s", (int)n, dir);
	bn_free(c->dir);
	c->dir = bn_strndup(dir, n);
	return c->dir ? bn_buf_check(&c->names, err, "names") : bn_err_nomem(err, "a name");
}

/* The logged models, and directories among the artifacts that MLflow's older clients wrote. */
static int choice_look(choice *c, const bn_run_files *kept, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < kept->count; i++)
		rc = choice_add(c, kept->models[i].dir, strlen(kept->models[i].dir), err);
	for (size_t i = 0; rc >= 0 && i < kept->all.count; i++) {
		const char *path = kept->all.items[i].path, *end = strrchr(path, '/');
		bool is_logged = false;
		if (!end || strcmp(end, "/MLmodel") != 0)
			continue;
		for (size_t j = 0; j < kept->count; j++)
			is_logged |= is_below(path, kept->models[j].dir);
		if (!is_logged)
			rc = choice_add(c, path, (size_t)(end - path), err);
	}
	return rc < 0 ? rc : 0;
}

static bool has_files(const bn_run_files *kept, const char *dir)
{
	for (size_t i = 0; i < kept->all.count; i++)
		if (is_below(kept->all.items[i].path, dir))
			return true;
	return false;
}

static int choice_check(const choice *c, const bn_run_info *run, bn_err *err)
{
	if (c->found == 1)
		return 0;
	if (c->found) {
		bn_err_set(err, BN_EINVAL, "run %.8s has logged %zu models: %.160s", run->id,
			c->found, c->names.ptr);
		bn_err_hint(err, "--path PATH names one");
		return BN_EINVAL;
	}
	if (bn_run_status_is_live(run->status))
		return bn_err_set(err, BN_ECONFLICT, "run %.8s is %s: its model is not final", run->id,
			bn_run_status_name(run->status));
	bn_err_set(err, BN_ENOTFOUND, "run %.8s (%s) stored no model", run->id,
		bn_run_status_name(run->status));
	bn_err_hint(err, "a model is a logged one, or consists of the artifacts below model/");
	return BN_ENOTFOUND;
}

/* The directory that path means, or the only one. */
static int model_choose(bn_of_run *of, const char *path, bn_err *err)
{
	choice c = {.names = BN_BUF_INIT};
	const bn_run_file_model *m = path ? bn_run_files_model(&of->kept, path) : NULL;
	int rc = 0;
	if (m || path || has_files(&of->kept, "model")) {
		if (!path)
			path = "model";
		of->dir = bn_strdup(m ? m->dir : path);
		rc = of->dir ? 0 : bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = choice_look(&c, &of->kept, err)) < 0 || (rc = choice_check(&c, of->run, err)) < 0)
		goto out;
	of->dir = c.dir;
	c.dir = NULL;
out:
	bn_free(c.dir);
	bn_buf_release(&c.names);
	return rc;
}

static int model_find(bn_of_run *of, const char *path, bn_err *err)
{
	int rc = model_choose(of, path, err);
	if (rc < 0)
		return rc;
	const bn_run_file_model *m = bn_run_files_model(&of->kept, of->dir);
	of->logged = m ? m->model : NULL;
	if (!has_files(&of->kept, of->dir)) {
		bn_err_set(err, BN_ENOTFOUND, "run %.8s has no files below '%.200s'", of->run->id,
			of->dir);
		bn_err_hint(err, "binnacle run artifacts %.8s lists them", of->run->id);
		return BN_ENOTFOUND;
	}
	if (of->logged && of->logged->status != BN_LOGGED_READY)
		return bn_err_set(err, BN_ECONFLICT, "logged model %s is %s: its files are not final",
			of->logged->id, bn_logged_status_name(of->logged->status));
	if (!of->logged && bn_run_status_is_live(of->run->status))
		return bn_err_set(err, BN_ECONFLICT, "run %.8s is %s: its model is not final",
			of->run->id, bn_run_status_name(of->run->status));
	return 0;
}

/* ---- what it has ------------------------------------------------------------------------------ */

static int manifest_make(bn_of_run *of, bn_workspace *ws, bn_err *err)
{
	const bn_run_info *run = of->run;
	size_t n = strlen(of->dir) + 1;
	int rc = 0;
	for (size_t i = 0; !rc && i < of->kept.all.count; i++) {
		const bn_artifact *a = &of->kept.all.items[i];
		if (is_below(a->path, of->dir))
			rc = manifest_add_artifact(&of->files, ws, a, a->path + n, err);
	}
	if (!rc)
		rc = bn_manifest_seal(&of->files, err);
	if (!rc && !of->logged && run->model_digest && !strcmp(of->dir, "model") &&
		strcmp(run->model_digest, of->files.content) != 0)
		rc = bn_err_set(err, BN_ECORRUPT,
			"run %.8s reported model %.12s, but its artifacts give %.12s", run->id,
			run->model_digest, of->files.content);
	return rc;
}

/* The metrics of the model directory (metrics.json: {"test": {...}, ...}), and under "run" the
 * last value of every metric series. */
static int metrics_of_run(
	json_t **out, bn_workspace *ws, const bn_manifest *m, const char *run_id, bn_err *err)
{
	int rc = 0;
	const bn_manifest_part *file = bn_manifest_find(m, "metrics.json");
	json_t *metrics = NULL, *last = json_object();
	bn_series_list series = BN_SERIES_LIST_INIT;
	if (file)
		rc = bn_object_load_json(&metrics, ws, file->hash, err);
	if (!rc && !json_is_object(metrics)) {
		json_decref(metrics);
		metrics = json_object();
	}
	if (!rc)
		rc = bn_series_find_all(&series, ws, run_id, err);
	for (size_t i = 0; !rc && i < series.count; i++)
		json_object_set_new(
			last, series.items[i].key, bn_json_real_or_null(series.items[i].last));
	if (!rc &&
		(!metrics || !last || (series.count && json_object_set(metrics, "run", last) < 0)))
		rc = bn_err_nomem(err, "metrics");
	bn_series_list_release(&series);
	json_decref(last);
	if (rc)
		json_decref(metrics);
	else
		*out = metrics;
	return rc;
}

void bn_of_run_release(bn_of_run *r)
{
	json_decref(r->metrics);
	json_decref(r->spec_json);
	bn_spec_free(r->spec);
	bn_manifest_release(&r->files);
	bn_free(r->dir);
	bn_run_files_release(&r->kept);
	bn_run_info_free(r->run);
}

int bn_of_run_read(
	bn_of_run *out, bn_workspace *ws, const char *text, const char *path, bn_err *err)
{
	char id[BN_RUN_ID_TEXT];
	int rc;
	*out = (bn_of_run){0};
	bn_manifest_init(&out->files, BN_MANIFEST_MODEL);
	if ((rc = bn_run_resolve(ws, text, id, err)) < 0 ||
		(rc = bn_run_get(&out->run, ws, id, err)) < 0)
		return rc;
	if ((rc = bn_run_need_bytes(out->run, err)) < 0 ||
		(rc = bn_run_files_read(&out->kept, ws, id, err)) < 0 ||
		(rc = model_find(out, path, err)) < 0 || (rc = manifest_make(out, ws, err)) < 0 ||
		(rc = metrics_of_run(&out->metrics, ws, &out->files, id, err)) < 0)
		return rc;
	if (!out->run->spec_hash)
		return 0;
	if ((rc = bn_spec_fetch(&out->spec, ws, out->run->spec_hash, err)) < 0)
		return rc;
	return bn_spec_to_json(&out->spec_json, out->spec, err);
}

int bn_scratch_model_dir(char **out, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char uuid[BN_UUID_TEXT], *parent = NULL;
	int rc = bn_uuid_new(env, uuid, err);
	if (rc < 0 || (rc = bn_index_place_files(&parent, env, bn_workspace_root(ws),
			       bn_workspace_id(ws), "models", err)) < 0)
		return rc;
	if (!(*out = bn_strf("%s/check-%s", parent, uuid)))
		rc = bn_err_nomem(err, "a path");
	bn_free(parent);
	return rc;
}
