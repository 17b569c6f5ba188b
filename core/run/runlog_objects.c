/* runlog_objects.c - see runlog.h: artifacts of a run whose bytes are objects already. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/store/object/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_path(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	return strcmp(bn_json_str(*x, "path", ""), bn_json_str(*y, "path", ""));
}

/* The list as a manifest, which is stored (I4: before the event that names it). */
static int artifact_manifest(bn_workspace *ws, const json_t *list, char hash[65], bn_err *err)
{
	bn_manifest m;
	size_t n = json_array_size(list);
	const json_t **sorted = bn_alloc(n * sizeof *sorted);
	int rc = 0;
	if (!sorted)
		return bn_err_nomem(err, "a list of artifacts");
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(list, i);
	qsort(sorted, n, sizeof *sorted, by_path);
	bn_manifest_init(&m, BN_MANIFEST_ARTIFACTS);
	for (size_t i = 0; i < n; i++)
		if ((rc = bn_manifest_add_file(&m, bn_json_str(sorted[i], "path", ""),
			     bn_json_str(sorted[i], "hash", ""),
			     (uint64_t)bn_json_int(sorted[i], "size", 0), err)) < 0)
			goto out;
	if ((rc = bn_manifest_seal(&m, err)) < 0)
		goto out;
	rc = bn_manifest_store(ws, &m, hash, err);
out:
	bn_manifest_release(&m);
	bn_free(sorted);
	return rc;
}

int bn_runlog_artifact_objects(
	bn_workspace *ws, const char *id, json_t *artifacts, const char *model, bn_err *err)
{
	char entity[8 + BN_RUN_ID_TEXT], manifest[65];
	int rc = artifact_manifest(ws, artifacts, manifest, err);
	if (rc < 0)
		return rc;
	json_t *p = json_pack("{sO ss}", "artifacts", artifacts, "manifest", manifest);
	if (!p || (model && json_object_set_new(p, "model", json_string(model)) < 0)) {
		json_decref(p);
		return bn_err_nomem(err, "an event");
	}
	snprintf(entity, sizeof entity, "run/%.32s", id);
	rc = bn_workspace_append(ws, "run.artifact", entity, p, err);
	json_decref(p);
	return rc;
}
