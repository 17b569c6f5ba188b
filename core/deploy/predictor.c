/*
 * predictor.c - see predictor.h: from a name to a loaded model.
 *
 * A registered version or a run's model lies in the workspace as objects. It is checked out once
 * into this user's state directory, under its digest, and found there again; loading checks every
 * byte that matters anyway.
 */
#include "core/deploy/predictor.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/deploy/_predictor.h"
#include "core/registry/provenance.h"
#include "core/registry/registry.h"
#include "core/track/run.h"

#include <math.h>
#include <string.h>

const char *bn_predictor_name(const bn_predictor *p)
{
	return p->name;
}

const char *bn_predictor_version(const bn_predictor *p)
{
	return p->version;
}

const char *bn_predictor_source(const bn_predictor *p)
{
	return p->source;
}

const char *bn_predictor_digest(const bn_predictor *p)
{
	return p->digest;
}

const char *bn_predictor_dir(const bn_predictor *p)
{
	return p->dir;
}

const bn_model *bn_predictor_model(const bn_predictor *p)
{
	return p->model;
}

void bn_predictor_free(bn_predictor *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->categories && i < p->input_count; i++)
		bn_name_map_release(&p->categories[i]);
	bn_name_map_release(&p->inputs);
	bn_free(p->categories);
	bn_free(p->input_names);
	bn_model_free(p->model);
	bn_free(p->name);
	bn_free(p->version);
	bn_free(p->source);
	bn_free(p->dir);
	bn_free(p);
}

static int index_inputs(bn_predictor *p, bn_err *err)
{
	p->features = bn_model_features(p->model);
	p->input_count = bn_features_input_count(p->features);
	p->outputs = bn_model_outputs(p->model);
	p->is_classifier = bn_model_task(p->model) == BN_TASK_CLASSIFICATION;
	size_t n = p->input_count ? p->input_count : 1;
	p->input_names = bn_alloc_zeroed(n, sizeof *p->input_names);
	p->categories = bn_alloc_zeroed(n, sizeof *p->categories);
	if (!p->input_names || !p->categories)
		return bn_err_nomem(err, "the inputs of a model");
	int rc = 0;
	for (size_t i = 0; i < p->input_count && !rc; i++) {
		const bn_feature_input *in = bn_features_input(p->features, i);
		p->input_names[i] = in->name;
		if (in->kind == BN_VIEW_CATEGORY)
			rc = bn_name_map_init(
				&p->categories[i], in->categories, in->category_count, err);
	}
	p->numeric_classes = p->is_classifier;
	for (size_t i = 0; i < bn_features_class_count(p->features); i++) {
		const char *label = bn_features_class(p->features, i);
		char text[BN_FMT];
		double x;
		p->numeric_classes &= bn_parse_f64(label, strlen(label), &x) && isfinite(x) &&
				      !strcmp(bn_fmt_f64(x, text), label);
	}
	return rc ? rc : bn_name_map_init(&p->inputs, p->input_names, p->input_count, err);
}

/* Takes dir over (bn_free) in every case. */
static int open_dir(bn_predictor **out, char *dir, const char *name, const char *version,
	const char *source, bn_err *err)
{
	bn_predictor *p = bn_alloc_zeroed(1, sizeof *p);
	int rc = 0;
	if (!p || !dir) {
		bn_free(dir);
		bn_free(p);
		return bn_err_nomem(err, "a predictor");
	}
	p->dir = dir;
	rc = bn_model_load(&p->model, dir, err);
	if (!rc)
		rc = bn_model_digest(p->digest, dir, err);
	if (rc)
		goto out;
	const char *own = bn_model_name(p->model);
	p->name = bn_strdup(name ? name : *own ? own : bn_path_base(dir));
	p->version = bn_strdup(version);
	p->source = bn_strdup(source);
	rc = p->name && p->version && p->source ? index_inputs(p, err)
						: bn_err_nomem(err, "a predictor");
	if (!rc && !p->input_count)
		rc = bn_err_set(err, BN_EINVAL, "model '%s' has no inputs", source);
out:
	if (rc)
		bn_predictor_free(p);
	else
		*out = p;
	return rc;
}

/* Where checked-out models of this workspace are kept: yours, NULL without memory. */
static char *cache_path(bn_workspace *ws, const char *key)
{
	char *state = bn_env_state_dir(bn_workspace_env(ws));
	char *path = state ? bn_strf("%s/%s/models/%s", state, bn_workspace_id(ws), key) : NULL;
	bn_free(state);
	return path;
}

typedef int (*checkout_fn)(bn_workspace *ws, const char *what, const char *dir, bn_err *err);

static int checkout_version(bn_workspace *ws, const char *what, const char *dir, bn_err *err)
{
	return bn_version_checkout(ws, what, dir, err);
}

static int checkout_run(bn_workspace *ws, const char *what, const char *dir, bn_err *err)
{
	return bn_run_export(ws, what, "model", dir, err);
}

/* Checks `what` out under key unless it is there and still has that digest. *dir is yours. */
static int cached_dir(char **dir, bn_workspace *ws, const char *key, const char *digest,
	checkout_fn checkout, const char *what, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *path = cache_path(ws, key), *parent = cache_path(ws, "");
	int rc = path && parent ? 0 : bn_err_nomem(err, "a path");
	if (rc)
		goto out;
	if (bn_fs_is_dir(env, path)) {
		char have[BN_MODEL_DIGEST_HEX + 1];
		bool known = digest && strlen(digest) >= BN_MODEL_DIGEST_HEX;
		if (known && !bn_model_digest(have, path, NULL) && strstr(digest, have))
			goto out;
		rc = bn_fs_remove_tree(env, path, err);
	}
	if (!rc)
		rc = bn_fs_make_dirs(env, parent, 0700, err);
	if (!rc)
		rc = checkout(ws, what, path, err);
out:
	bn_free(parent);
	if (rc)
		bn_free(path);
	else
		*dir = path;
	return rc;
}

static int open_version(bn_predictor **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_version *v = NULL;
	char *dir = NULL;
	int rc = bn_version_get(&v, ws, spec, err);
	if (rc)
		return rc;
	char *number = bn_strf("%lld", (long long)v->version);
	char *exact = bn_strf("%s/%lld", v->name, (long long)v->version);
	char *key = bn_strf("%s-%lld", v->name, (long long)v->version);
	rc = number && exact && key ? 0 : bn_err_nomem(err, "a name");
	if (!rc && v->state == BN_MODEL_REMOVED)
		rc = bn_err_set(err, BN_ENOTFOUND, "model version %s was removed", exact);
	if (!rc)
		rc = cached_dir(&dir, ws, key, v->digest, checkout_version, exact, err);
	if (!rc)
		rc = open_dir(out, dir, v->name, number, exact, err);
	bn_free(number);
	bn_free(exact);
	bn_free(key);
	bn_version_free(v);
	return rc;
}

static int open_run(bn_predictor **out, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *run = NULL;
	char *dir = NULL;
	int rc = bn_run_get(&run, ws, id, err);
	if (rc)
		return rc;
	char *key = bn_strf("run-%s", id), short_id[9];
	memcpy(short_id, id, 8);
	short_id[8] = '\0';
	rc = key ? cached_dir(&dir, ws, key, run->model_digest, checkout_run, id, err)
		 : bn_err_nomem(err, "a name");
	if (rc == BN_ENOTFOUND)
		bn_err_hint(err, "this run stored no model: binnacle run show %s", short_id);
	if (!rc)
		rc = open_dir(out, dir, NULL, short_id, id, err);
	bn_free(key);
	bn_run_info_free(run);
	return rc;
}

static bool is_model_dir(const char *path)
{
	char *file = bn_path_join(path, "MLmodel");
	bool is = file && bn_fs_exists(bn_env_real(), file);
	bn_free(file);
	return is;
}

int bn_predictor_open(bn_predictor **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	char run[BN_RUN_ID_TEXT];
	bn_err first = BN_ERR_INIT;
	if (is_model_dir(spec))
		return open_dir(out, bn_path_absolute(spec), NULL, "1", spec, err);
	if (!ws) {
		bn_err_set(
			err, BN_ENOTFOUND, "'%s' is no model directory (no MLmodel in it)", spec);
		bn_err_hint(
			err, "names such as power@champion need a workspace: binnacle init, or -C");
		return BN_ENOTFOUND;
	}
	int rc = open_version(out, ws, spec, &first);
	if (rc != BN_ENOTFOUND) {
		if (rc)
			bn_err_set(err, rc, "%s", first.msg);
		if (rc && first.hint[0])
			bn_err_hint(err, "%s", first.hint);
		return rc;
	}
	if (!strpbrk(spec, "/@") && bn_run_resolve(ws, spec, run, NULL) == 0)
		return open_run(out, ws, run, err);
	bn_err_set(err, rc, "%s", first.msg);
	bn_err_hint(err, "%s",
		first.hint[0] ? first.hint : "binnacle model ls shows what is registered");
	return rc;
}
