/*
 * runlog_reported.c - see runlog.h: what a protocol or a format of another tool says of a run beyond what our own
 * programs write: its state, its name, inputs, outputs, artifacts that are gone.
 */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/run/runlog.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

/* A longer schema or profile is an object. */
#define INLINE_BYTES 4096
/* An event of inputs is closed after so many bytes: a source may have 64 KiB, and there may be 1000 of them. */
#define EVENT_BYTES (1 << 20)
#define ARTIFACT_NAME_MAX 1024

/* Takes the payload's reference. */
static int append_take(
	bn_workspace *ws, const char *kind, const char *id, json_t *payload, bn_err *err)
{
	char entity[8 + BN_RUN_ID_TEXT];
	if (!payload)
		return bn_err_nomem(err, "an event");
	snprintf(entity, sizeof entity, "run/%.32s", id);
	int rc = bn_workspace_append(ws, kind, entity, payload, err);
	json_decref(payload);
	return rc;
}

/* ---- state and name ------------------------------------------------------------------------- */

int bn_runlog_status(bn_workspace *ws, const char *id, const bn_run_report *report, bn_err *err)
{
	static const char *const known[] = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
	bool is_known = !report->status;
	for (size_t i = 0; !is_known && i < sizeof known / sizeof *known; i++)
		is_known = !strcmp(report->status, known[i]);
	if (!is_known)
		return bn_err_set(err, BN_EINVAL,
			"status '%.40s': RUNNING, SCHEDULED, FINISHED, FAILED or KILLED",
			report->status);
	json_t *p = json_object();
	if (p && report->status)
		json_object_set_new(p, "status", json_string(report->status));
	if (p && report->start_ms >= 0)
		json_object_set_new(p, "start_ms", json_integer(report->start_ms));
	if (p && report->end_ms >= 0)
		json_object_set_new(p, "end_ms", json_integer(report->end_ms));
	return append_take(ws, "run.status", id, p, err);
}

int bn_runlog_renamed(bn_workspace *ws, const char *id, const char *name, bn_err *err)
{
	size_t n = strlen(name);
	if (n == 0 || n > BN_RUN_NAME_MAX || !bn_utf8_is_valid(name, n))
		return bn_err_set(err, BN_EINVAL, "a run's name is UTF-8 text of 1 to %d bytes",
			BN_RUN_NAME_MAX);
	return append_take(ws, "run.renamed", id, json_pack("{ss}", "name", name), err);
}

/* Each segment is a name, so that it means the same below any directory. */
static bool is_artifact_name(const char *name)
{
	size_t n = strlen(name);
	if (n >= ARTIFACT_NAME_MAX || !bn_utf8_is_valid(name, n))
		return false;
	for (const char *p = name;; p++) {
		size_t k = strcspn(p, "/");
		if (!k || (k == 1 && p[0] == '.') || (k == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += k;
		if (!*p)
			return true;
	}
}

int bn_runlog_artifact_stored(bn_workspace *ws, const char *id, const char *name, const char *hash,
	uint64_t bytes, bn_err *err)
{
	if (!is_artifact_name(name))
		return bn_err_set(err, BN_EINVAL,
			"artifact name '%.200s': a relative path without '..', of less than %d bytes", name,
			ARTIFACT_NAME_MAX);
	if (strlen(hash) != BN_SHA256_HEX || !bn_is_hex(hash) || bytes > INT64_MAX)
		return bn_err_set(err, BN_EINVAL, "an object is named by its SHA-256");
	return append_take(ws, "run.artifact", id,
		json_pack("{s[{ss ss sI}]}", "artifacts", "path", name, "hash", hash, "size",
			(json_int_t)bytes),
		err);
}

int bn_runlog_artifact_removed(
	bn_workspace *ws, const char *id, const char *const *paths, size_t count, bn_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < count; i++)
		if (json_array_append_new(list, json_string(paths[i])) != 0) {
			json_decref(list);
			return bn_err_set(err, BN_EINVAL, "an artifact's path is UTF-8 text");
		}
	return append_take(ws, "run.artifact_removed", id, json_pack("{so}", "paths", list), err);
}

/* ---- inputs and outputs --------------------------------------------------------------------- */

static int text_check(const char *what, const char *text, bool needed, bn_err *err)
{
	if (!text && !needed)
		return 0;
	if (!text || (needed && !text[0]))
		return bn_err_set(err, BN_EINVAL, "a dataset needs a %s", what);
	if (!bn_utf8_is_valid(text, strlen(text)))
		return bn_err_set(err, BN_EINVAL, "the %s of a dataset is not UTF-8", what);
	return 0;
}

static int dataset_check(const bn_run_dataset *d, bn_err *err)
{
	int rc;
	if ((rc = text_check("name", d->name, true, err)) < 0 ||
		(rc = text_check("digest", d->digest, true, err)) < 0 ||
		(rc = text_check("source_type", d->source_type, true, err)) < 0 ||
		(rc = text_check("source", d->source, true, err)) < 0 ||
		(rc = text_check("schema", d->schema, false, err)) < 0 ||
		(rc = text_check("profile", d->profile, false, err)) < 0)
		return rc;
	for (size_t i = 0; i < d->tag_count; i++)
		if (!d->tags[i].key || !d->tags[i].value ||
			!bn_utf8_is_valid(d->tags[i].key, strlen(d->tags[i].key)) ||
			!bn_utf8_is_valid(d->tags[i].value, strlen(d->tags[i].value)))
			return bn_err_set(err, BN_EINVAL,
				"a tag of dataset '%.80s' is not UTF-8 text", d->name);
	return 0;
}

/* A schema or profile: in the payload, or by hash if it is long. */
static int set_long(bn_workspace *ws, json_t *o, const char *key, const char *hash_key,
	const char *text, bn_err *err)
{
	char hash[65];
	int rc;
	if (!text || !text[0])
		return 0;
	if (strlen(text) <= INLINE_BYTES)
		return json_object_set_new(o, key, json_string(text))
			       ? bn_err_nomem(err, "a dataset")
			       : 0;
	char *whole = bn_strf(BN_RUN_TEXT_OBJECT "%s", text);
	rc = whole ? bn_object_put(ws, whole, strlen(whole), hash, err)
		   : bn_err_nomem(err, "a dataset");
	bn_free(whole);
	if (rc < 0)
		return rc;
	return json_object_set_new(o, hash_key, json_string(hash)) ? bn_err_nomem(err, "a dataset")
								   : 0;
}

static int dataset_json(json_t **out, bn_workspace *ws, const bn_run_dataset *d, bn_err *err)
{
	int rc = dataset_check(d, err);
	if (rc < 0)
		return rc;
	json_t *o = json_pack("{ss ss ss ss}", "name", d->name, "digest", d->digest, "source_type",
		d->source_type, "source", d->source);
	json_t *tags = json_object();
	if (!o || !tags || (d->tag_count && json_object_set(o, "tags", tags) != 0)) {
		rc = bn_err_nomem(err, "a dataset");
		goto out;
	}
	for (size_t i = 0; i < d->tag_count; i++)
		json_object_set_new(tags, d->tags[i].key, json_string(d->tags[i].value));
	if ((rc = set_long(ws, o, "schema", "schema_hash", d->schema, err)) < 0 ||
		(rc = set_long(ws, o, "profile", "profile_hash", d->profile, err)) < 0)
		goto out;
	*out = o;
	o = NULL;
out:
	json_decref(o);
	json_decref(tags);
	return rc;
}

static size_t dataset_bytes(const bn_run_dataset *d)
{
	size_t n = strlen(d->source) + 2 * INLINE_BYTES;
	for (size_t i = 0; i < d->tag_count; i++)
		n += strlen(d->tags[i].key) + strlen(d->tags[i].value);
	return n;
}

int bn_runlog_inputs(bn_workspace *ws, const char *id, const bn_run_dataset *datasets,
	size_t dataset_count, const char *const *models, size_t model_count, bn_err *err)
{
	json_t *list = NULL, *ids = json_array(), *one = NULL;
	size_t bytes = 0;
	int rc = 0;
	for (size_t i = 0; ids && i < model_count; i++)
		json_array_append_new(ids, json_string(models[i]));
	if (!ids || json_array_size(ids) != model_count || !(list = json_array())) {
		rc = bn_err_nomem(err, "the inputs of a run");
		goto out;
	}
	for (size_t i = 0; i < dataset_count; i++) {
		if ((rc = dataset_json(&one, ws, &datasets[i], err)) < 0)
			goto out;
		json_array_append_new(list, one);
		if ((bytes += dataset_bytes(&datasets[i])) < EVENT_BYTES)
			continue;
		if ((rc = append_take(
			     ws, "run.inputs", id, json_pack("{sO}", "datasets", list), err)) < 0)
			goto out;
		bytes = 0;
		json_decref(list);
		if (!(list = json_array())) {
			rc = bn_err_nomem(err, "the inputs of a run");
			goto out;
		}
	}
	if (json_array_size(list) || model_count)
		rc = append_take(ws, "run.inputs", id,
			json_pack("{sO sO}", "datasets", list, "models", ids), err);
out:
	json_decref(list);
	json_decref(ids);
	return rc;
}

int bn_runlog_outputs(
	bn_workspace *ws, const char *id, const bn_run_output *models, size_t count, bn_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < count; i++)
		if (json_array_append_new(list, json_pack("{ss sI}", "id", models[i].model, "step",
							(json_int_t)models[i].step)) != 0) {
			json_decref(list);
			return bn_err_set(err, BN_EINVAL, "the id of a logged model is text");
		}
	return append_take(ws, "run.outputs", id, json_pack("{so}", "models", list), err);
}
