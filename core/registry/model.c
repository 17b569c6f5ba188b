/* model.c - see model.h: acts on registered models. Those of one version's approval are in registry.c. */
#include "core/registry/model.h"

#include "core/base/env.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/_action.h"
#include "core/registry/_model.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

/* ---- models --------------------------------------------------------------------------------- */

/* 1, 0, or negative. */
static int exists(bn_workspace *ws, const char *name, bn_err *err)
{
	bn_registered_model *m = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_registered_model_get(&m, ws, name, &why);
	bn_registered_model_free(m);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	return rc < 0 ? 0 : 1;
}

int bn_model_create_for(
	bn_workspace *ws, const char *name, const char *description, const char *from, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_CREATED, name, NULL, err);
	if (rc < 0)
		goto out;
	if ((rc = exists(ws, name, err)) < 0)
		goto out;
	if (rc == 1) {
		rc = bn_err_set(err, BN_ECONFLICT, "there is a model '%s' already", name);
		goto out;
	}
	rc = bn_action_take(&d, false,
		json_pack("{s:s*, s:s*}", "description", description, "renamed_from", from), err);
out:
	bn_action_end(&d);
	return rc;
}

int bn_model_create(bn_workspace *ws, const char *name, const char *description, bn_err *err)
{
	return bn_model_create_for(ws, name, description, NULL, err);
}

int bn_model_describe(bn_workspace *ws, const char *name, const char *description, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_DESCRIBED, name, NULL, err);
	if (rc >= 0)
		rc = bn_action_take(&d, false, json_pack("{s:s}", "description", description), err);
	bn_action_end(&d);
	return rc;
}

int bn_version_describe(bn_workspace *ws, const char *spec, const char *description, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_DESCRIBED, NULL, spec, err);
	if (rc >= 0)
		rc = bn_action_take(&d, false,
			json_pack("{s:I, s:s}", "version",
				(json_int_t)bn_entry_number(d.act.version), "description",
				description),
			err);
	bn_action_end(&d);
	return rc;
}

int bn_model_set_tag(
	bn_workspace *ws, const char *name, const char *key, const char *value, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_TAG, name, NULL, err);
	if (rc >= 0)
		rc = bn_action_take(
			&d, false, json_pack("{s:s, s:s?}", "key", key, "value", value), err);
	bn_action_end(&d);
	return rc;
}

/* ---- stages --------------------------------------------------------------------------------- */

static int stage_one(bn_workspace *ws, const char *spec, const char *stage, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_STAGE, NULL, spec, err);
	if (rc >= 0)
		rc = bn_action_take(&d, true,
			json_pack("{s:I, s:s}", "version",
				(json_int_t)bn_entry_number(d.act.version), "stage", stage),
			err);
	bn_action_end(&d);
	return rc;
}

int bn_version_set_stage(
	bn_workspace *ws, const char *spec, const char *stage, bool archive, bn_err *err)
{
	bn_version *v = NULL;
	bn_version_page *all = NULL;
	int rc = stage_one(ws, spec, stage, err);
	if (rc < 0 || !archive)
		return rc;
	if ((rc = bn_version_get(&v, ws, spec, err)) < 0 ||
		(rc = bn_registered_model_versions(&all, ws, v->name, err)) < 0)
		goto out;
	for (size_t i = 0; i < all->count; i++) {
		char other[BN_VERSION_SPEC];
		if (all->items[i].key == v->key || strcmp(all->items[i].stage, stage) != 0)
			continue;
		if ((rc = stage_one(ws, bn_version_spec(&all->items[i], other), "Archived", err)) <
			0)
			goto out;
	}
out:
	bn_version_free(v);
	bn_version_page_free(all);
	return rc;
}

/* ---- deleting ------------------------------------------------------------------------------- */

int bn_version_delete(bn_workspace *ws, const char *spec, const char *reason, bn_err *err)
{
	bn_version *v = NULL;
	char exact[BN_VERSION_SPEC];
	int rc = bn_version_get(&v, ws, spec, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < v->n_aliases; i++)
		if ((rc = bn_model_remove_alias(ws, v->name, v->aliases[i], err)) < 0)
			goto out;
	rc = bn_version_remove(ws, bn_version_spec(v, exact), reason, err);
out:
	bn_version_free(v);
	return rc;
}

int bn_model_delete(bn_workspace *ws, const char *name, const char *reason, bn_err *err)
{
	bn_action d = {.ws = NULL};
	bn_version_page *all = NULL;
	int rc = exists(ws, name, err);
	if (rc <= 0)
		return rc < 0 ? rc : bn_err_set(err, BN_ENOTFOUND, "no model '%s'", name);
	if ((rc = bn_registered_model_versions(&all, ws, name, err)) < 0)
		return rc;
	for (size_t i = 0; i < all->count; i++) {
		char spec[BN_VERSION_SPEC];
		if ((rc = bn_version_delete(
			     ws, bn_version_spec(&all->items[i], spec), reason, err)) < 0)
			goto out;
	}
	if ((rc = bn_action_begin(&d, ws, BN_ENTRY_DELETED, name, NULL, err)) >= 0)
		rc = bn_action_take(&d, true, json_pack("{s:s*}", "reason", reason), err);
	bn_action_end(&d);
out:
	bn_version_page_free(all);
	return rc;
}

/* ---- versions ------------------------------------------------------------------------------- */

int bn_version_need_files(const bn_version *v, bn_err *err)
{
	if (!v->is_external)
		return 0;
	bn_err_set(err, BN_EREFUSED,
		"the files of %s/%lld are not in this workspace, but at '%.120s'", v->name,
		(long long)v->version, v->source ? v->source : "");
	bn_err_hint(err, "an external version is shown and decided, not served; register its files "
			 "to use it");
	return BN_EREFUSED;
}

int bn_version_register_external(
	int64_t *version, bn_workspace *ws, const bn_registration *given, bn_err *err)
{
	bn_registration r = *given;
	bn_manifest m;
	bn_buf text = BN_BUF_INIT;
	char hash[65], manifest[65];
	json_t *o = json_pack("{s:s*}", "source", r.source);
	int rc = 0;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	if (!r.source || !r.source[0] || !o) {
		rc = bn_err_set(err, BN_EINVAL, "an external version names its source, in UTF-8");
		goto out;
	}
	if ((rc = bn_json_canonical(o, &text, err)) < 0 ||
		(rc = bn_object_put(ws, text.ptr, text.len, hash, err)) < 0 ||
		(rc = bn_manifest_add_file(&m, BN_EXTERNAL_FILE, hash, text.len, err)) < 0 ||
		(rc = bn_manifest_seal(&m, err)) < 0 ||
		(rc = bn_manifest_store(ws, &m, manifest, err)) < 0)
		goto out;
	r.manifest = manifest;
	r.is_external = true;
	rc = bn_version_register_manifest(version, ws, &r, err);
out:
	json_decref(o);
	bn_buf_release(&text);
	bn_manifest_release(&m);
	return rc;
}

int bn_version_register_artifacts(int64_t *version, bn_workspace *ws, const bn_registration *given,
	const bn_artifacts *files, const char *prefix, bn_err *err)
{
	bn_registration r = *given;
	bn_manifest m;
	char manifest[65];
	size_t n = strlen(prefix);
	int rc;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	for (size_t i = 0; i < files->count; i++) {
		const bn_artifact *a = &files->items[i];
		if (n && (strncmp(a->path, prefix, n) != 0 || a->path[n] != '/'))
			continue;
		if ((rc = bn_manifest_add_file(&m, a->path + (n ? n + 1 : 0), a->hash,
			     (uint64_t)a->size_bytes, err)) < 0)
			goto out;
	}
	if (!m.count) {
		rc = bn_err_set(err, BN_ENOTFOUND, "there is no file below '%s'", prefix);
		goto out;
	}
	if ((rc = bn_manifest_seal(&m, err)) < 0 ||
		(rc = bn_manifest_store(ws, &m, manifest, err)) < 0)
		goto out;
	r.manifest = manifest;
	rc = bn_version_register_manifest(version, ws, &r, err);
out:
	bn_manifest_release(&m);
	return rc;
}
