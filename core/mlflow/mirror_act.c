/* mirror_act.c - changes on the server: see mirror.h. Each is one request; then what the server has is read. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/mlflow/_mirror.h"

#include <stdio.h>
#include <string.h>

#define NOTE_TAG "mlflow.note.content"
#define HISTORY_TAG "mlflow.log-model.history"

/* Sends the body and discards the answer. */
static int tell(bn_mirror *m, const char *method, const char *path, json_t *body, bool repeatable,
	bn_err *err)
{
	json_t *answer = NULL;
	if (!body)
		return bn_err_nomem(err, "a request");
	int rc = bn_mirror_ask(&answer, m, method, path, NULL, body, repeatable, err);
	json_decref(answer);
	return rc;
}

/* ---- runs -------------------------------------------------------------------------------------- */

int bn_mirror_tag(bn_mirror *m, const char *run, const char *key, const char *value, bn_err *err)
{
	char *id = NULL;
	int rc = bn_mirror_remote_id(&id, m, run, err);
	if (rc < 0)
		return rc;
	if (value)
		rc = tell(m, NULL, "runs/set-tag",
			json_pack("{s:s s:s s:s s:s}", "run_id", id, "run_uuid", id, "key", key,
				"value", value),
			true, err);
	else
		rc = tell(m, NULL, "runs/delete-tag",
			json_pack("{s:s s:s}", "run_id", id, "key", key), false, err);
	if (rc >= 0)
		rc = bn_mirror_pull_run(m, id, false, err);
	bn_free(id);
	return rc;
}

int bn_mirror_note(bn_mirror *m, const char *run, const char *text, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (*text)
		return bn_mirror_tag(m, run, NOTE_TAG, text, err);
	int rc = bn_mirror_tag(m, run, NOTE_TAG, NULL, &why);
	if (rc == BN_ENOTFOUND) /* there was none */
		return bn_mirror_pull_run(m, run, false, err);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

int bn_mirror_rename(bn_mirror *m, const char *run, const char *name, bn_err *err)
{
	char *id = NULL;
	int rc = bn_mirror_remote_id(&id, m, run, err);
	if (rc >= 0 && (rc = tell(m, NULL, "runs/update",
				json_pack("{s:s s:s s:s}", "run_id", id, "run_uuid", id, "run_name",
					name),
				true, err)) >= 0)
		rc = bn_mirror_pull_run(m, id, false, err);
	bn_free(id);
	return rc;
}

int bn_mirror_remove(bn_mirror *m, const char *run, bool removed, bn_err *err)
{
	char *id = NULL;
	int rc = bn_mirror_remote_id(&id, m, run, err);
	if (rc >= 0 && (rc = tell(m, NULL, removed ? "runs/delete" : "runs/restore",
				json_pack("{s:s}", "run_id", id), false, err)) >= 0)
		rc = bn_mirror_pull_run(m, id, false, err);
	bn_free(id);
	return rc;
}

/* ---- registration ------------------------------------------------------------------------------ */

/* A model that a run logged: where it is, and its id as a logged model of MLflow 3 ("" if it is none). */
typedef struct logged {
	char source[1024], model_id[80];
	size_t found;
	bn_buf names; /* of all that were found */
} logged;

static void logged_add(logged *l, const char *source, const char *model_id, const char *name)
{
	snprintf(l->source, sizeof l->source, "%s", source);
	snprintf(l->model_id, sizeof l->model_id, "%s", model_id);
	bn_buf_addf(&l->names, "%s%s", l->found++ ? ", " : "", name);
}

/* Those of MLflow 2 are in a tag of the run: a JSON list of {"artifact_path"}. */
static void history_look(logged *l, const json_t *run, const char *root)
{
	size_t i, k;
	json_t *tag, *model;
	json_array_foreach(json_object_get(json_object_get(run, "data"), "tags"), i, tag)
	{
		const char *text = bn_json_str(tag, "value", "");
		json_t *list = NULL;
		if (strcmp(bn_json_str(tag, "key", ""), HISTORY_TAG) != 0 ||
			bn_json_parse(&list, text, strlen(text), HISTORY_TAG, NULL) < 0)
			continue;
		json_array_foreach(list, k, model)
		{
			const char *path = bn_json_str(model, "artifact_path", NULL);
			char source[1024];
			if (!path)
				continue;
			snprintf(source, sizeof source, "%s/%s", root, path);
			logged_add(l, source, bn_json_str(model, "model_id", ""), path);
		}
		json_decref(list);
	}
}

static void outputs_look(logged *l, const json_t *run)
{
	size_t i;
	json_t *output;
	json_array_foreach(
		json_object_get(json_object_get(run, "outputs"), "model_outputs"), i, output)
	{
		const char *id = bn_json_str(output, "model_id", NULL);
		char source[128];
		if (!id)
			continue;
		snprintf(source, sizeof source, "models:/%.100s", id);
		logged_add(l, source, id, id);
	}
}

/* A directory that holds MLmodel, at the top of the artifacts. */
static int artifacts_look(logged *l, bn_mirror *m, const char *run, const char *root, bn_err *err)
{
	bn_mirror_files files = BN_MIRROR_FILES_INIT;
	bn_err why = BN_ERR_INIT;
	int rc = bn_mirror_artifacts(&files, m, run, NULL, &why);
	for (size_t i = 0; rc >= 0 && i < files.count; i++) {
		const char *path = files.items[i].path, *end = strrchr(path, '/');
		char source[1024];
		if (!end || strcmp(end, "/MLmodel") != 0)
			continue;
		snprintf(source, sizeof source, "%s/%.*s", root, (int)(end - path), path);
		char *name = bn_strndup(path, (size_t)(end - path));
		logged_add(l, source, "", name ? name : "-");
		bn_free(name);
	}
	bn_mirror_files_release(&files);
	return rc < 0 && rc != BN_EUNSUPPORTED && rc != BN_ENOTFOUND ? bn_err_move(err, &why) : 0;
}

static int logged_find(
	logged *l, bn_mirror *m, const char *id, const char *path, bn_err *err)
{
	json_t *answer = NULL;
	json_t *query = json_pack("{s:s s:s}", "run_id", id, "run_uuid", id);
	int rc = query ? bn_mirror_ask(&answer, m, NULL, "runs/get", query, NULL, true, err)
		       : bn_err_nomem(err, "a request");
	if (rc < 0)
		return rc;
	const json_t *run = json_object_get(answer, "run");
	const char *root = bn_json_str(json_object_get(run, "info"), "artifact_uri", "");
	if (path) {
		char source[1024];
		snprintf(source, sizeof source, "%s/%s", root, path);
		logged_add(l, source, "", path);
		goto out;
	}
	outputs_look(l, run);
	if (!l->found)
		history_look(l, run, root);
	if (!l->found)
		rc = artifacts_look(l, m, id, root, err);
out:
	json_decref(answer);
	return rc;
}

static int logged_check(const logged *l, const char *run, bn_err *err)
{
	if (l->found == 1)
		return 0;
	if (!l->found) {
		bn_err_set(err, BN_ENOTFOUND, "run %.8s has logged no model", run);
		bn_err_hint(err, "--path PATH names one among its artifacts");
		return BN_ENOTFOUND;
	}
	bn_err_set(err, BN_EINVAL, "run %.8s has logged %zu models: %.160s", run, l->found,
		l->names.ptr);
	bn_err_hint(err, "--path PATH names one");
	return BN_EINVAL;
}

static int model_make(bn_mirror *m, const char *name, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = tell(m, NULL, "registered-models/create", json_pack("{s:s}", "name", name), false, &why);
	return rc < 0 && rc != BN_ECONFLICT ? bn_err_move(err, &why) : 0;
}

int bn_mirror_register(int64_t *version, bn_mirror *m, const char *name, const char *run,
	const char *path, bn_err *err)
{
	logged l = {.names = BN_BUF_INIT};
	char *id = NULL;
	json_t *answer = NULL;
	int rc = bn_mirror_remote_id(&id, m, run, err);
	if (rc < 0 || (rc = logged_find(&l, m, id, path, err)) < 0 ||
		(rc = logged_check(&l, run, err)) < 0 || (rc = model_make(m, name, err)) < 0)
		goto out;
	json_t *body = json_pack(
		"{s:s s:s s:s}", "name", name, "source", l.source, "run_id", id);
	rc = body ? 0 : bn_err_nomem(err, "a request");
	if (rc >= 0 && l.model_id[0])
		rc = bn_json_set(body, "model_id", json_string(l.model_id), err);
	if (rc < 0) {
		json_decref(body);
		goto out;
	}
	if ((rc = bn_mirror_ask(&answer, m, NULL, "model-versions/create", NULL, body, false, err)) < 0)
		goto out;
	*version = -1;
	bn_mlflow_version(
		json_object_get(json_object_get(answer, "model_version"), "version"), version);
	if (*version < 1) {
		rc = bn_err_set(err, BN_EIO, "%s answered without the number of the version",
			m->address);
		goto out;
	}
	rc = bn_mirror_pull_models(m, err);
out:
	json_decref(answer);
	bn_buf_release(&l.names);
	bn_free(id);
	return rc;
}

/* ---- versions ---------------------------------------------------------------------------------- */

int bn_mirror_alias(bn_mirror *m, const char *name, int64_t version, const char *alias, bn_err *err)
{
	char text[BN_FMT];
	int rc;
	if (!version)
		rc = tell(m, "DELETE", "registered-models/alias",
			json_pack("{s:s s:s}", "name", name, "alias", alias), false, err);
	else if ((rc = bn_mirror_version_text(text, m, name, version, err)) >= 0)
		rc = tell(m, NULL, "registered-models/alias",
			json_pack("{s:s s:s s:s}", "name", name, "alias", alias, "version", text), true,
			err);
	return rc < 0 ? rc : bn_mirror_pull_models(m, err);
}

int bn_mirror_version_tag(bn_mirror *m, const char *name, int64_t version, const char *key,
	const char *value, bn_err *err)
{
	char text[BN_FMT];
	int rc = bn_mirror_version_text(text, m, name, version, err);
	if (rc >= 0)
		rc = tell(m, value ? NULL : "DELETE",
			value ? "model-versions/set-tag" : "model-versions/delete-tag",
			json_pack("{s:s s:s s:s s:s*}", "name", name, "version", text, "key", key, "value",
				value),
			value != NULL, err);
	return rc < 0 ? rc : bn_mirror_pull_models(m, err);
}

int bn_mirror_version_remove(bn_mirror *m, const char *name, int64_t version, bn_err *err)
{
	char text[BN_FMT];
	int rc = bn_mirror_version_text(text, m, name, version, err);
	if (rc >= 0)
		rc = tell(m, "DELETE", "model-versions/delete",
			json_pack("{s:s s:s}", "name", name, "version", text), false, err);
	return rc < 0 ? rc : bn_mirror_pull_models(m, err);
}
