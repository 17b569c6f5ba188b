/* dataset.c - see dataset.h: opening versions, and changes of the catalogue. dataset_publish.c makes
 * versions. */
#include "core/data/dataset.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_dataset.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"
#include "core/store/object/held.h"
#include "core/store/object/object.h"
#include "core/store/workspace.h"
#include "core/table/table.h"

#include <stdio.h>
#include <string.h>

int bn_dataset_need_rows_kept(const bn_dataset_version *v, bn_err *err)
{
	char name[192];
	if (!v->forgotten)
		return 0;
	bn_err_set(err, BN_EREFUSED, "dataset %s %s", bn_dataset_version_name(v, name, sizeof name), v->forgotten);
	bn_err_hint(err, "rows that it held had to be erased: they are in no version any more");
	return BN_EREFUSED;
}

int bn_dataset_need_rows(bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char name[192];
	if (v->forgotten)
		return bn_dataset_need_rows_kept(v, err);
	if (!v->is_private || v->uid == env->uid(env))
		return 0;
	return bn_err_set(err, BN_EREFUSED, "dataset %s is private: only %s can read its rows",
		bn_dataset_version_name(v, name, sizeof name), v->user);
}

int bn_dataset_open_whole(bn_table_reader **out, bn_workspace *ws,
	const bn_dataset_version *v, const bn_progress *progress, bn_err *err)
{
	char name[192];
	int rc = bn_dataset_need_rows(ws, v, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_dataset_open_parts(out, ws, v->hash, progress, err)) < 0)
		bn_err_prefix(err, "dataset %s", bn_dataset_version_name(v, name, sizeof name));
	return rc;
}

/* Closes the file descriptors. */
static int open_held_parts(bn_table_reader **out, bn_workspace *ws, const bn_manifest *m,
	const bn_progress *progress, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_cache *cache = NULL;
	char what[64];
	size_t n = 0;
	int rc = 0, *fds = bn_alloc(m->count * sizeof *fds);
	const char **names = bn_alloc(m->count * sizeof *names);
	if (bn_cache_open(&cache, ws, NULL) < 0)
		cache = NULL; /* then hashed each time */
	if (!fds || !names) {
		rc = bn_err_nomem(err, "the parts of a dataset");
		goto out;
	}
	for (; n < m->count; n++) {
		bn_err why = BN_ERR_INIT;
		names[n] = m->parts[n].hash;
		snprintf(what, sizeof what, "hashing part %zu of %zu", n + 1, m->count);
		rc = bn_object_hold(&fds[n], ws, cache, names[n], progress, what, &why);
		if (rc < 0) {
			bn_dataset_part_failed(err, ws, m, n, &why);
			goto out;
		}
	}
	if ((rc = bn_table_open_files(out, env, fds, names, n, err)) < 0)
		goto out;
	bn_dataset_attach_stats(*out, m);
out:
	while (n)
		env->fs->close(env, fds[--n]);
	bn_cache_close(cache);
	bn_free(names);
	bn_free(fds);
	return rc;
}

int bn_dataset_open_held(bn_table_reader **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_progress *progress, bn_err *err)
{
	bn_manifest m;
	char name[192];
	int rc = bn_dataset_need_rows(ws, v, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_dataset_parts(&m, ws, v->hash, err)) < 0)
		goto out;
	rc = open_held_parts(out, ws, &m, progress, err);
out:
	bn_manifest_release(&m);
	if (rc < 0)
		bn_err_prefix(err, "dataset %s", bn_dataset_version_name(v, name, sizeof name));
	return rc;
}

int bn_dataset_verify(
	bn_workspace *ws, const bn_dataset_version *v, const bn_progress *progress, bn_err *err)
{
	char **paths = NULL, name[192];
	size_t n = 0;
	int rc = bn_dataset_need_rows(ws, v, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_dataset_paths(&paths, &n, ws, v->hash, progress, err)) < 0)
		bn_err_prefix(err, "dataset %s", bn_dataset_version_name(v, name, sizeof name));
	bn_dataset_paths_free(paths, n);
	return rc;
}

int bn_dataset_open_other(void *workspace, const char *ref, bn_table_reader **out, bn_err *err)
{
	bn_dataset_version *v = NULL;
	int rc = bn_dataset_resolve(&v, workspace, ref, BN_DATASET_LIVE, err);
	if (rc < 0)
		return rc;
	rc = bn_dataset_open_whole(out, workspace, v, NULL, err);
	bn_dataset_version_free(v);
	return rc;
}

int bn_dataset_load_json(
	json_t **out, bn_workspace *ws, const bn_dataset_version *v, const char *hash, bn_err *err)
{
	int rc = bn_dataset_need_rows(ws, v, err);
	return rc < 0 ? rc : bn_object_load_json(out, ws, hash, err);
}

/* ---- events -------------------------------------------------------------------------------- */

int bn_dataset_event(bn_workspace *ws, bool needs_right, unsigned version, const char *kind,
	const char *name, const json_t *payload, bn_err *err)
{
	char *entity = bn_strf("dataset/%s", name);
	int rc;
	if (!entity || !payload) {
		rc = bn_err_nomem(err, "an event");
		goto out;
	}
	if ((rc = (needs_right ? bn_rights_append : bn_workspace_append_version)(
		     ws, version, kind, entity, payload, err)) < 0)
		goto out;
	rc = bn_workspace_sync(ws, err);
out:
	bn_free(entity);
	return rc;
}

int bn_dataset_act(
	bn_workspace *ws, const char *kind, const char *name, const json_t *payload, bn_err *err)
{
	return bn_dataset_event(ws, true, 1, kind, name, payload, err);
}

int bn_dataset_check_name(const char *name, bn_err *err)
{
	if (bn_name_is_valid(name))
		return 0;
	bn_err_set(err, BN_EINVAL, "'%s' cannot be the name of a dataset", name);
	bn_err_hint(err, "letters, digits, '_', '.', '-'; at most 128; not '.' or '-' first");
	return BN_EINVAL;
}

/* ---- other changes ------------------------------------------------------------------------- */

/* Checks of severity warning and info decide nothing. */
static bool is_success(const json_t *result)
{
	const json_t *results = json_object_get(result, "results");
	size_t lesser = 0, failed = 0;
	for (size_t i = 0; i < json_array_size(results); i++) {
		const json_t *one = json_array_get(results, i);
		const char *severity = bn_json_str(
			json_object_get(one, "expectation_config"), "severity", "critical");
		bool fails = !bn_json_bool(one, "success", false);
		failed += fails;
		lesser += fails && strcmp(severity, "critical") != 0;
	}
	return failed ? failed == lesser : bn_json_bool(result, "success", false);
}

int bn_dataset_keep_check(bn_workspace *ws, const bn_dataset_version *v, const json_t *suite,
	const json_t *result, bn_err *err)
{
	char suite_hash[65], result_hash[65];
	const json_t *statistics = json_object_get(result, "statistics");
	bn_object_store *to = NULL;
	int rc = bn_dataset_need_rows(ws, v, err);
	if (rc < 0 ||
		(rc = (v->is_private ? bn_workspace_private_objects : bn_workspace_objects)(
			 &to, ws, err)) < 0 ||
		(rc = bn_object_put_json_in(to, suite, suite_hash, err)) < 0 ||
		(rc = bn_object_put_json_in(to, result, result_hash, err)) < 0)
		return rc;
	json_t *payload = json_pack("{s:I, s:s, s:s?, s:s, s:b, s:I, s:I}", "version",
		(json_int_t)v->version, "suite", suite_hash, "suite_name",
		bn_json_str(result, "suite_name", NULL), "result", result_hash, "success",
		(int)is_success(result), "evaluated",
		(json_int_t)bn_json_int(statistics, "evaluated_expectations", 0), "failed",
		(json_int_t)bn_json_int(statistics, "unsuccessful_expectations", 0));
	rc = bn_dataset_event(ws, false, 1, "dataset.checked", v->name, payload, err);
	json_decref(payload);
	return rc;
}

int bn_dataset_tag(bn_workspace *ws, const bn_dataset_version *v, const char *key,
	const char *value, bn_err *err)
{
	char name[192];
	if (!bn_name_is_valid(key)) {
		bn_err_set(err, BN_EINVAL, "'%s' cannot be the key of a tag", key);
		bn_err_hint(
			err, "letters, digits, '_', '.', '-'; at most 128; not '.' or '-' first");
		return BN_EINVAL;
	}
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc)
		return rc;
	if (!value &&
		bn_sql_int(bn_workspace_index(ws), 0,
			"SELECT 1 FROM dataset_tag WHERE name = ? AND version = ? AND key = ?",
			"sis", v->name, v->version, key) == 0)
		return bn_err_set(err, BN_ENOTFOUND, "dataset %s has no tag '%s'",
			bn_dataset_version_name(v, name, sizeof name), key);
	rc = bn_rights_may(ws, BN_ACT_TAG, err);
	if (rc)
		return rc;
	json_t *payload = json_pack(
		"{s:I, s:s, s:s?}", "version", (json_int_t)v->version, "key", key, "value", value);
	rc = bn_dataset_act(ws, "dataset.tag", v->name, payload, err);
	json_decref(payload);
	return rc;
}

/* The number of versions that a removal or restoration would change; BN_ENOTFOUND if none matches
 * at all. */
