/* logged_write.c - see logged_model.h: the events of logged models. */
#include "core/base/env.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/run/run_id.h"
#include "core/store/object/live.h"
#include "core/track/_run_fold.h"
#include "core/track/logged_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An event of metrics is closed after so many points. */
#define EVENT_POINTS 4096

/* Takes the payload's reference. */
static int append_take(
	bn_workspace *ws, const char *kind, const char *id, json_t *payload, bn_err *err)
{
	char entity[16 + BN_LOGGED_ID_TEXT];
	int rc = payload ? 0 : bn_err_nomem(err, "an event");
	if (rc < 0)
		return rc;
	if (!bn_logged_id_is_valid(id)) {
		rc = bn_err_set(
			err, BN_EINVAL, "logged model '%.80s': an id is m- and 32 hex digits", id);
		goto out;
	}
	snprintf(entity, sizeof entity, "logged/%s", id);
	rc = bn_workspace_append(ws, kind, entity, payload, err);
out:
	json_decref(payload);
	return rc;
}

static int set_text(json_t *o, const char *key, const char *text, bn_err *err)
{
	if (!text || !o)
		return 0;
	if (json_object_set_new(o, key, json_string(text)) != 0)
		return bn_err_set(err, BN_EINVAL, "the %s of a logged model is not UTF-8", key);
	return 0;
}

int bn_logged_id_make(bn_logged_id *out, bn_workspace *ws, bn_err *err)
{
	bn_run_id id;
	int rc = bn_run_id_make(&id, ws, err);
	if (rc < 0)
		return rc;
	snprintf(out->id, sizeof out->id, "m-%s", id.id);
	memcpy(out->nonce, id.nonce, sizeof out->nonce);
	return 0;
}

/* *out is yours; a value NULL is JSON's null where that is allowed. */
static int words_json(json_t **out, const char *what, const bn_run_word *words, size_t count,
	bool may_remove, bn_err *err)
{
	json_t *o = json_object();
	int rc = o ? 0 : bn_err_nomem(err, "an event");
	for (size_t i = 0; i < count && rc == 0; i++) {
		const char *value = words[i].value;
		if ((rc = bn_run_key_length_check(what, words[i].key, err)) < 0)
			break;
		if (!value && may_remove)
			json_object_set_new(o, words[i].key, json_null());
		else if (!value || json_object_set_new(o, words[i].key, json_string(value)) != 0)
			rc = bn_err_set(err, BN_EINVAL, "%s '%.80s': the value is not UTF-8", what,
				words[i].key);
	}
	if (rc < 0) {
		json_decref(o);
		return rc;
	}
	*out = o;
	return 0;
}

int bn_logged_create(bn_workspace *ws, const char *id, const bn_logged_made *m, bn_err *err)
{
	json_t *p = json_object(), *params = NULL, *tags = NULL;
	const struct {
		const char *key, *text;
	} texts[] = {{"name", m->name}, {"experiment", m->experiment ? m->experiment : "default"},
		{"run", m->run}, {"type", m->type}, {"artifact_location", m->artifact_location},
		{"nonce", m->nonce}};
	int rc = 0;
	if (!m->name || !m->name[0] || strlen(m->name) > BN_RUN_NAME_MAX) {
		rc = bn_err_set(
			err, BN_EINVAL, "a logged model's name has 1 to %d bytes", BN_RUN_NAME_MAX);
		goto out;
	}
	if (m->run && !bn_run_id_is_valid(m->run)) {
		rc = bn_err_set(err, BN_EINVAL, "'%.80s' is not the id of a run", m->run);
		goto out;
	}
	if (bn_logged_id_is_valid(id) && (rc = bn_run_id_check(id + 2, m->nonce, ws, err)) < 0)
		goto out;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if ((rc = set_text(p, texts[i].key, texts[i].text, err)) < 0)
			goto out;
	if ((rc = words_json(&params, "parameter", m->params, m->param_count, false, err)) < 0 ||
		(rc = words_json(&tags, "tag", m->tags, m->tag_count, false, err)) < 0)
		goto out;
	if (p && m->created_ms >= 0)
		json_object_set_new(p, "created_ms", json_integer(m->created_ms));
	if (p && m->param_count)
		json_object_set(p, "params", params);
	if (p && m->tag_count)
		json_object_set(p, "tags", tags);
	rc = append_take(ws, "logged.created", id, json_incref(p), err);
out:
	json_decref(p);
	json_decref(params);
	json_decref(tags);
	return rc;
}

int bn_logged_set_status(
	bn_workspace *ws, const char *id, bn_logged_status status, const char *message, bn_err *err)
{
	json_t *p = json_pack("{ss}", "status", bn_logged_status_name(status));
	int rc = set_text(p, "message", message, err);
	if (rc < 0) {
		json_decref(p);
		return rc;
	}
	return append_take(ws, "logged.status", id, p, err);
}

int bn_logged_write_params(
	bn_workspace *ws, const char *id, const bn_run_word *params, size_t count, bn_err *err)
{
	json_t *o;
	int rc = words_json(&o, "parameter", params, count, false, err);
	return rc < 0 ? rc
		      : append_take(ws, "logged.param", id, json_pack("{so}", "params", o), err);
}

int bn_logged_write_tags(
	bn_workspace *ws, const char *id, const bn_run_word *tags, size_t count, bn_err *err)
{
	json_t *o;
	int rc = words_json(&o, "tag", tags, count, true, err);
	return rc < 0 ? rc : append_take(ws, "logged.tag", id, json_pack("{so}", "tags", o), err);
}

static int point_json(json_t **out, const bn_logged_point *p, bn_err *err)
{
	int rc = bn_run_key_check("metric", p->key, err);
	if (rc < 0)
		return rc;
	json_t *o = json_pack("{ss so sI sI}", "key", p->key, "value", bn_json_number(p->value),
		"time_ms", (json_int_t)p->time_ms, "step", (json_int_t)p->step);
	if ((rc = set_text(o, "run", p->run, err)) < 0 ||
		(rc = set_text(o, "dataset_name", p->dataset_name, err)) < 0 ||
		(rc = set_text(o, "dataset_digest", p->dataset_digest, err)) < 0) {
		json_decref(o);
		return rc;
	}
	*out = o;
	return o ? 0 : bn_err_nomem(err, "metrics");
}

int bn_logged_write_metrics(
	bn_workspace *ws, const char *id, const bn_logged_point *points, size_t count, bn_err *err)
{
	int rc = 0;
	for (size_t from = 0; from < count && rc == 0; from += EVENT_POINTS) {
		json_t *list = json_array(), *one;
		for (size_t i = from; i < count && i < from + EVENT_POINTS; i++) {
			if ((rc = point_json(&one, &points[i], err)) < 0) {
				json_decref(list);
				return rc;
			}
			json_array_append_new(list, one);
		}
		rc = append_take(ws, "logged.metrics", id, json_pack("{so}", "metrics", list), err);
	}
	return rc;
}

int bn_logged_write_artifacts(
	bn_workspace *ws, const char *id, const bn_logged_file *files, size_t count, bn_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		if (!bn_artifact_path_is_valid(files[i].path) ||
			json_array_append_new(list,
				json_pack("{ss ss sI}", "path", files[i].path, "hash",
					files[i].hash, "size", (json_int_t)files[i].size_bytes)) !=
				0) {
			json_decref(list);
			return bn_err_set(err, BN_EINVAL,
				"artifact '%.200s': a relative UTF-8 path without '..'",
				files[i].path);
		}
	return append_take(ws, "logged.artifact", id, json_pack("{so}", "artifacts", list), err);
}

int bn_logged_remove_artifacts(
	bn_workspace *ws, const char *id, const char *const *paths, size_t count, bn_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(list, json_string(paths[i])) != 0) {
			json_decref(list);
			return bn_err_set(err, BN_EINVAL, "an artifact's path is UTF-8 text");
		}
	return append_take(
		ws, "logged.artifact_removed", id, json_pack("{so}", "paths", list), err);
}

int bn_logged_remove(bn_workspace *ws, const char *id, bool removed, bn_err *err)
{
	char entity[16 + BN_LOGGED_ID_TEXT];
	bn_err e = BN_ERR_INIT;
	int rc;
	if (removed)
		return append_take(ws, "logged.removed", id, json_object(), err);
	snprintf(entity, sizeof entity, "logged/%.*s", BN_LOGGED_ID_TEXT - 1, id);
	if ((rc = bn_object_refs_renew(ws, entity, &e)) < 0)
		return bn_err_recode(err, &e, rc == BN_ENOTFOUND ? BN_EREFUSED : rc);
	return append_take(ws, "logged.restored", id, json_object(), err);
}

#define VERSIONS_TAG "mlflow.modelVersions"

int bn_logged_tell_version(bn_workspace *ws, const bn_logged_model *m, const char *name,
	int64_t version, bn_err *err)
{
	const char *before = bn_pairs_get(&m->tags, VERSIONS_TAG);
	json_t *list = before ? json_loads(before, 0, NULL) : NULL;
	if (!json_is_array(list)) {
		json_decref(list);
		list = json_array();
	}
	json_array_append_new(
		list, json_pack("{s:s, s:I}", "name", name, "version", (json_int_t)version));
	char *text = json_dumps(list, 0);
	json_decref(list);
	if (!text)
		return bn_err_nomem(err, "a tag");
	const bn_run_word tag = {VERSIONS_TAG, text};
	int rc = bn_logged_write_tags(ws, m->id, &tag, 1, err);
	free(text);
	return rc < 0 ? rc : bn_workspace_sync(ws, err);
}
