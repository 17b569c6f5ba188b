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

/* The artifacts of a run under "model/" as a manifest. */
static int manifest_of_run(bn_manifest *m, bn_workspace *ws, const bn_run_info *run, bn_err *err)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	int rc = bn_run_artifacts(&all, ws, run->id, err);
	for (size_t i = 0; !rc && i < all.count; i++)
		if (!strncmp(all.items[i].path, "model/", 6))
			rc = manifest_add_artifact(
				m, ws, &all.items[i], all.items[i].path + 6, err);
	bn_artifacts_release(&all);
	if (!rc && !m->count) {
		rc = bn_err_set(err, BN_ENOTFOUND, "run %.8s (%s) stored no model", run->id,
			bn_run_status_name(run->status));
		bn_err_hint(err, "a model consists of the artifacts below model/");
	}
	if (!rc)
		rc = bn_manifest_seal(m, err);
	if (!rc && run->model_digest && strcmp(run->model_digest, m->content) != 0)
		rc = bn_err_set(err, BN_ECORRUPT,
			"run %.8s reported model %.12s, but its artifacts give %.12s", run->id,
			run->model_digest, m->content);
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
	bn_run_info_free(r->run);
}

int bn_of_run_read(bn_of_run *out, bn_workspace *ws, const char *text, bn_err *err)
{
	char id[BN_RUN_ID_TEXT];
	int rc;
	*out = (bn_of_run){0};
	bn_manifest_init(&out->files, BN_MANIFEST_MODEL);
	if ((rc = bn_run_resolve(ws, text, id, err)) < 0 ||
		(rc = bn_run_get(&out->run, ws, id, err)) < 0)
		return rc;
	if (bn_run_status_is_live(out->run->status))
		return bn_err_set(err, BN_ECONFLICT, "run %.8s is %s: its model is not final", id,
			bn_run_status_name(out->run->status));
	if ((rc = bn_run_need_bytes(out->run, err)) < 0 ||
		(rc = manifest_of_run(&out->files, ws, out->run, err)) < 0 ||
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
