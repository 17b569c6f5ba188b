/*
 * rename.c - renaming a model: its versions are registered under the new name, then the old one is deleted.
 *
 * That is many records, each with its own commit. Invariants:
 *	R1 the new model's creation names the old one, before anything else of it is there
 *	R2 nothing of the old model is removed before everything is under the new name
 *	R3 each step leaves out what an earlier try of the same user has done
 * So after a crash everything is under the old name, the new one, or both, and the same rename again goes on to its end.
 */
#include "core/registry/_model.h"

#include "core/base/str.h"
#include "core/store/log/clock.h"

#include <stdio.h>
#include <string.h>

/* Whether records about the model exist that would not go with it. */
static int check_unnamed(sqlite3 *db, const char *name, bn_err *err)
{
	int64_t decided = bn_sql_int(db, 0,
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM model_version WHERE name = ?1 AND request_no "
		"> 0) OR "
		"EXISTS (SELECT 1 FROM model_decision WHERE name = ?1) OR EXISTS (SELECT 1 FROM "
		"model_attestation WHERE name = ?1) OR EXISTS (SELECT 1 FROM model_evidence WHERE "
		"name = ?1) "
		"OR EXISTS (SELECT 1 FROM model_version WHERE name = ?1 AND version < 0)",
		"s", name);
	int rc = bn_sql_failed(db, err);
	if (rc < 0 || !decided)
		return rc;
	bn_err_set(err, BN_EREFUSED,
		"model '%s' cannot be renamed: its versions were requested, decided or "
		"measured, and those records name it",
		name);
	bn_err_hint(err, "register the versions that you need under the new name");
	return BN_EREFUSED;
}

/* 0: the new name is free; 1: this user has begun the same rename before. BN_ECONFLICT: it is in use. */
static int check_target(
	bn_workspace *ws, sqlite3 *db, const char *name, const char *to, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	int64_t used = bn_sql_int(db, 0,
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM registered_model WHERE name = ?1) OR EXISTS "
		"(SELECT 1 FROM model_version WHERE name = ?1)",
		"s", to);
	/* The old model was not deleted after the new one was made: that would be an earlier one of that name. */
	int64_t begun = bn_sql_int(db, 0,
		"SELECT 1 FROM registered_model t JOIN registered_model f ON f.name = "
		"t.renamed_from "
		"WHERE t.name = ?1 AND f.name = ?2 AND t.uid = ?3 AND t.deleted < t.appeared "
		"AND f.deleted >> ?4 < t.created_ms",
		"ssii", to, name, (int64_t)env->uid(env), (int64_t)BN_CLOCK_SHIFT);
	int rc = bn_sql_failed(db, err);
	if (rc < 0)
		return rc;
	if (used && !begun)
		return bn_err_set(err, BN_ECONFLICT, "the name '%s' is or was in use", to);
	return begun == 1;
}

static int tags_move(bn_workspace *ws, const char *spec, const char *model, const json_t *tags,
	const json_t *there, bn_err *err)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)tags, key, value)
	{
		const char *text = json_string_value(value);
		int rc = 0;
		if (!json_equal(json_object_get(there, key), value))
			rc = spec ? bn_version_set_tag(ws, spec, key, text, err)
				  : bn_model_set_tag(ws, model, key, text, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int version_register(
	bn_workspace *ws, const bn_version *v, const char *to, bool again, bn_err *err)
{
	int64_t version;
	const bn_registration r = {.name = to,
		.run_id = v->run_id,
		.author_uid = v->author_uid,
		.author = v->author,
		.manifest = v->manifest,
		.trainer = v->trainer,
		.description = v->description,
		.data = v->data,
		.metrics = v->metrics,
		.source = v->source,
		.run_link = v->run_link,
		.logged_model = v->logged_model,
		.is_external = v->is_external,
		.number = v->version,
		.resumes = again};
	return bn_version_register_manifest(&version, ws, &r, err);
}

static bool has_alias(const bn_version *v, const char *alias)
{
	for (size_t i = 0; i < v->n_aliases; i++)
		if (!strcmp(v->aliases[i], alias))
			return true;
	return false;
}

/* The version of that number under the new name, registered now or by an earlier try. */
static int version_find(bn_version **out, bn_workspace *ws, const bn_version *v, const char *spec,
	const char *to, bool again, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = again ? bn_version_get(out, ws, spec, &why) : BN_ENOTFOUND;
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	if (rc >= 0 && strcmp((*out)->manifest, v->manifest) != 0)
		return bn_err_set(err, BN_ECONFLICT, "%s is another version than %s/%lld", spec,
			v->name, (long long)v->version);
	if (rc >= 0)
		return 0;
	if ((rc = version_register(ws, v, to, again, err)) < 0)
		return rc;
	return bn_version_get(out, ws, spec, err);
}

static int version_move(
	bn_workspace *ws, const bn_version *v, const char *to, bool again, bn_err *err)
{
	bn_version *there = NULL;
	char spec[BN_VERSION_SPEC];
	snprintf(spec, sizeof spec, "%s/%lld", to, (long long)v->version);
	int rc = version_find(&there, ws, v, spec, to, again, err);
	if (rc < 0 || (rc = tags_move(ws, spec, NULL, v->tags, there->tags, err)) < 0)
		goto out;
	for (size_t i = 0; i < v->n_aliases; i++)
		if (!has_alias(there, v->aliases[i]) &&
			(rc = bn_version_set_alias(ws, spec, v->aliases[i], err)) < 0)
			goto out;
	if (strcmp(v->stage, there->stage) != 0)
		rc = bn_version_set_stage(ws, spec, v->stage, false, err);
out:
	bn_version_free(there);
	return rc;
}

/* The new model, with the old one's description and tags. */
static int model_move(
	bn_workspace *ws, const bn_registered_model *m, const char *to, bool again, bn_err *err)
{
	bn_registered_model *there = NULL;
	int rc = 0;
	if ((!again && (rc = bn_model_create_for(ws, to, m->description, m->name, err)) < 0) ||
		(rc = bn_registered_model_get(&there, ws, to, err)) < 0)
		return rc;
	rc = tags_move(ws, NULL, to, m->tags, there->tags, err);
	bn_registered_model_free(there);
	return rc;
}

int bn_model_rename(bn_workspace *ws, const char *name, const char *to, bn_err *err)
{
	bn_registered_model *m = NULL;
	bn_version_page *all = NULL;
	sqlite3 *db = NULL;
	char reason[200];
	int rc, again = 0;
	if (!bn_model_name_is_valid(to))
		return bn_err_set(err, BN_EINVAL,
			"'%.200s' cannot name a model: text without / : @, at most %d bytes", to,
			BN_NAME_MAX);
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_registered_model_get(&m, ws, name, err)) < 0 ||
		(rc = again = check_target(ws, db, name, to, err)) < 0 ||
		(rc = check_unnamed(db, name, err)) < 0 ||
		(rc = bn_registered_model_versions(&all, ws, name, err)) < 0 ||
		(rc = model_move(ws, m, to, again, err)) < 0)
		goto out;
	for (size_t i = all->count; i-- > 0;)
		if ((rc = version_move(ws, &all->items[i], to, again, err)) < 0)
			goto out;
	snprintf(reason, sizeof reason, "renamed to %s", to);
	rc = bn_model_delete(ws, name, reason, err);
out:
	bn_registered_model_free(m);
	bn_version_page_free(all);
	return rc;
}
