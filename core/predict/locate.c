/*
 * locate.c - see predictor.h: finding a model's files by name.
 *
 * A registered version or a run's model is stored in the workspace as objects. It is checked out once into this
 * user's state directory (or beside the index, if the home is read-only) and reused as long as its digest is
 * right.
 */
#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/predict/_predictor.h"
#include "core/predict/predictor.h"
#include "core/registry/proof.h"
#include "core/registry/proof_kept.h"
#include "core/registry/registry.h"
#include "core/store/index/place.h"
#include "core/store/object/manifest.h"
#include "core/store/object/verify_once.h"
#include "core/track/run.h"
#include "core/track/run_files.h"

#include <string.h>

typedef int (*checkout_fn)(bn_workspace *ws, const char *what, const char *dir, bn_err *err);

static int checkout_version(bn_workspace *ws, const char *what, const char *dir, bn_err *err)
{
	return bn_version_checkout(ws, what, dir, err);
}

static int checkout_run(bn_workspace *ws, const char *what, const char *dir, bn_err *err)
{
	return bn_run_export(ws, what, "model", dir, err);
}

static bool is_intact(const bn_env *env, const char *path, const char *digest)
{
	char have[BN_MODEL_DIGEST_HEX + 1];
	bool known = digest && strlen(digest) >= BN_MODEL_DIGEST_HEX;
	return known && bn_fs_is_dir(env, path) && !bn_model_digest(have, env, NULL, path, NULL) &&
	       strstr(digest, have);
}

/* Replaces path by fresh. Others may be doing the same: it does not matter whose copy wins. */
static int put_in_place(
	const bn_env *env, const char *fresh, const char *path, const char *digest, bn_err *err)
{
	int e = env->fs->rename(env, NULL, fresh, NULL, path);
	if (e == 0 || is_intact(env, path, digest))
		return 0;
	int rc = bn_fs_remove_tree(env, path, err);
	if (rc)
		return rc;
	e = env->fs->rename(env, NULL, fresh, NULL, path);
	return e == 0 || is_intact(env, path, digest)
		       ? 0
		       : bn_err_sys(err, BN_EIO, -e, "cannot rename '%s' to '%s'", fresh, path);
}

/* Checks out `what` under key unless it exists (*found) with that digest. *dir is yours. */
static int cached_dir(char **dir, bool *found, bn_workspace *ws, const char *key,
	const char *digest, checkout_fn checkout, const char *what, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char uuid[BN_UUID_TEXT], *fresh = NULL, *path = NULL, *parent = NULL;
	int rc = bn_index_place_files(
		&parent, env, bn_workspace_root(ws), bn_workspace_id(ws), "models", err);
	if (rc < 0)
		goto out;
	if (!(path = bn_path_join(parent, key))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((*found = is_intact(env, path, digest)) || (rc = bn_uuid_new(env, uuid, err)) < 0)
		goto out;
	if (!(fresh = bn_strf("%s.%s", path, uuid))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = checkout(ws, what, fresh, err)) < 0)
		goto out;
	rc = put_in_place(env, fresh, path, digest, err);
out:
	if (fresh)
		bn_fs_remove_tree(env, fresh, NULL);
	bn_free(parent);
	bn_free(fresh);
	if (rc < 0)
		bn_free(path);
	else
		*dir = path;
	return rc;
}

/* ---- the bytes in the workspace ----------------------------------------------------------------- */

/* Checks one original file of the user's copy; the first problem is kept in why. */
static void look_at_file(
	bn_workspace *ws, bn_cache *cache, const char *path, const char *hash, bn_err *why)
{
	bn_err one = BN_ERR_INIT;
	if (why->code || bn_object_verify_once(ws, cache, hash, NULL, "hashing", NULL, &one) >= 0)
		return;
	bn_err_prefix(&one, "file %s", path);
	bn_err_move(why, &one);
}

/* An existing copy hides damage to the files in the workspace: it is reported with the predictions, but does
 * not prevent them. */
static void note_damage(bn_predictor *p, const bn_err *why)
{
	if (why->code)
		p->damage = bn_strf("%s is damaged in the workspace (%s); the predictions come "
				    "from your own copy, which is intact",
			p->source, why->msg);
}

static void look_at_version(bn_predictor *p, bn_workspace *ws, const char *manifest)
{
	bn_manifest m;
	bn_cache *cache = NULL;
	bn_err why = BN_ERR_INIT;
	if (bn_cache_open(&cache, ws, NULL) < 0)
		cache = NULL; /* then hashed each time */
	if (bn_manifest_load(&m, ws, manifest, &why) >= 0)
		for (size_t i = 0; i < m.count; i++)
			look_at_file(ws, cache, m.parts[i].path, m.parts[i].hash, &why);
	bn_manifest_release(&m);
	bn_cache_close(cache);
	note_damage(p, &why);
}

static void look_at_run(bn_predictor *p, bn_workspace *ws, const char *id)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	bn_err why = BN_ERR_INIT;
	if (bn_run_artifacts(&all, ws, id, NULL) < 0)
		return;
	for (size_t i = 0; i < all.count; i++)
		if (bn_str_starts(all.items[i].path, "model/"))
			look_at_file(ws, NULL, all.items[i].path, all.items[i].hash, &why);
	bn_artifacts_release(&all);
	note_damage(p, &why);
}

typedef struct version_names {
	char *number, *exact, *key; /* "3", "power/3", "power-3" */
} version_names;

static void names_release(version_names *n)
{
	bn_free(n->number);
	bn_free(n->exact);
	bn_free(n->key);
}

static int names_make(version_names *n, const bn_version *v, bn_err *err)
{
	long long number = (long long)v->version;
	n->number = bn_strf("%lld", number);
	n->exact = bn_strf("%s/%lld", v->name, number);
	n->key = bn_strf("%s-%lld", v->name, number);
	return n->number && n->exact && n->key ? 0 : bn_err_nomem(err, "a name");
}

/* The files of a version read from ws. */
static int open_version_from(bn_predictor **out, bn_workspace *ws, const bn_version *v, bn_err *err)
{
	version_names n = {0};
	char *dir = NULL;
	bool found = false;
	int rc = names_make(&n, v, err);
	if (rc < 0)
		goto out;
	if (v->state == BN_MODEL_REMOVED) {
		rc = bn_err_set(err, BN_ENOTFOUND, "model version %s was removed", n.exact);
		goto out;
	}
	if ((rc = cached_dir(&dir, &found, ws, n.key, v->digest, checkout_version, n.exact, err)) <
			0 ||
		(rc = bn_predictor_open_dir(
			 out, bn_workspace_env(ws), dir, v->name, n.number, n.exact, err)) < 0)
		goto out;
	if (found)
		look_at_version(*out, ws, v->manifest);
out:
	bn_free(dir);
	names_release(&n);
	return rc;
}

/* A previously proven version, if its files still exist with that digest. 1, 0. */
static int open_proven(bn_predictor **out, bn_workspace *ws, const bn_kept_proof *kept, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	version_names n = {0};
	bn_version *v = NULL;
	char *parent = NULL, *dir = NULL;
	int rc = bn_kept_proof_get(&v, kept, err);
	if (rc != 1)
		return rc;
	if ((rc = names_make(&n, v, err)) < 0 ||
		(rc = bn_index_place_files(&parent, env, bn_workspace_root(ws), bn_workspace_id(ws),
			 "models", err)) < 0)
		goto out;
	if (!(dir = bn_path_join(parent, n.key))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if (!is_intact(env, dir, v->digest) ||
		(rc = bn_predictor_open_dir(out, env, dir, v->name, n.number, n.exact, err)) < 0)
		goto out;
	look_at_version(*out, ws, v->manifest);
	rc = 1;
out:
	bn_free(dir);
	bn_free(parent);
	names_release(&n);
	bn_version_free(v);
	return rc;
}

/* With a chain of authority, as proven by the segments, now or earlier if nothing has changed. */
static int open_version(bn_predictor **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_kept_proof kept;
	bn_model_view *proven = NULL;
	bn_version *v = NULL;
	bn_kept_proof_open(&kept, ws, spec);
	int rc = open_proven(out, ws, &kept, err);
	if (rc != 0)
		goto out;
	if ((rc = bn_version_demand(&proven, ws, spec, err)) < 0)
		goto out;
	bn_workspace *from = proven ? bn_model_view_workspace(proven) : ws;
	if ((rc = bn_version_get(&v, from, spec, err)) < 0 ||
		(rc = open_version_from(out, from, v, err)) < 0)
		goto out;
	if (proven)
		bn_kept_proof_put(&kept, ws, v);
out:
	bn_version_free(v);
	bn_model_view_close(proven);
	bn_kept_proof_release(&kept);
	return rc < 0 ? rc : 0;
}

static int open_run(bn_predictor **out, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *run = NULL;
	char *dir = NULL;
	int rc = bn_run_get(&run, ws, id, err);
	if (rc < 0)
		return rc;
	bool found = false;
	char *key = bn_strf("run-%s", id), short_id[9];
	memcpy(short_id, id, 8);
	short_id[8] = '\0';
	if (!key) {
		rc = bn_err_nomem(err, "a name");
		goto out;
	}
	rc = cached_dir(&dir, &found, ws, key, run->model_digest, checkout_run, id, err);
	if (rc == BN_ENOTFOUND)
		bn_err_hint(err, "this run stored no model: binnacle run show %s", short_id);
	if (rc < 0 || (rc = bn_predictor_open_dir(
			       out, bn_workspace_env(ws), dir, NULL, short_id, id, err)) < 0)
		goto out;
	if (found)
		look_at_run(*out, ws, id);
out:
	bn_free(dir);
	bn_free(key);
	bn_run_info_free(run);
	return rc;
}

static bool is_model_dir(const bn_env *env, const char *path)
{
	char *file = bn_path_join(path, "MLmodel");
	bool is = file && bn_fs_exists(env, file);
	bn_free(file);
	return is;
}

/* Not the name of a model, with or without a version: probably a directory. */
static bool is_path(const char *spec)
{
	const char *slash = strchr(spec, '/');
	return *spec == '/' || *spec == '.' || (slash && strchr(slash + 1, '/'));
}

static int no_model_dir(const bn_env *env, const char *path, bn_err *err)
{
	if (!bn_fs_is_dir(env, path))
		return bn_err_set(err, BN_ENOTFOUND, "no directory '%s'", path);
	return bn_err_set(
		err, BN_ENOTFOUND, "'%s' is not a model directory (no MLmodel in it)", path);
}

int bn_predictor_open(bn_predictor **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	char run[BN_RUN_ID_TEXT];
	bn_err first = BN_ERR_INIT, second = BN_ERR_INIT;
	const bn_env *env = ws ? bn_workspace_env(ws) : bn_env_real();
	if (is_model_dir(env, spec))
		return bn_predictor_open_dir(out, env, spec, NULL, NULL, NULL, err);
	if (is_path(spec))
		return no_model_dir(env, spec, err);
	if (!ws) {
		bn_err_set(err, BN_ENOTFOUND, "'%s' is not a model directory (no MLmodel in it)",
			spec);
		bn_err_hint(
			err, "names such as power@champion need a workspace: binnacle init, or -C");
		return BN_ENOTFOUND;
	}
	int rc = open_version(out, ws, spec, &first);
	if (rc != BN_ENOTFOUND)
		return rc < 0 ? bn_err_move(err, &first) : 0;
	if (!strpbrk(spec, "/@") && bn_run_resolve(ws, spec, run, &second) == 0)
		return open_run(out, ws, run, err);
	/* Several matching runs, or one with a similar name, if no model has a similar name. */
	if ((second.code && second.code != BN_ENOTFOUND) ||
		(second.code && !bn_model_is_near(ws, spec) && bn_run_is_near(ws, spec)))
		return bn_err_move(err, &second);
	bn_err_hint(&first, "binnacle model ls shows what is registered");
	return bn_err_move(err, &first);
}
