/* bn_mlruns_models.c - logged models and the registry of an MLflow directory: see _mlruns.h. */
#include "core/exchange/_mlruns.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/runlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- logged models ---------------------------------------------------------------------------- */

typedef struct logged_reader {
	mlruns *m;
	const mlruns_experiment *experiment;
	bn_src_each_logged_model *each;
	void *user;
	const char *dir;
	const char *key; /* of the metric that is read */
	json_t *metrics;
} logged_reader;

static int add_metric(void *user, const bn_metric_line *l, bn_err *err)
{
	logged_reader *r = user;
	json_t *o = json_pack("{ss so sI sI ss}", "key", r->key, "value",
		bn_mlflow_number_json(l->value), "timestamp", (json_int_t)l->time_ms, "step",
		(json_int_t)l->step, "run_id", l->run);
	if (o && l->dataset[0]) {
		json_object_set_new(o, "dataset_name", json_string(l->dataset));
		json_object_set_new(o, "dataset_digest", json_string(l->digest));
	}
	return o && json_array_append_new(r->metrics, o) == 0 ? 0 : bn_err_nomem(err, "a metric");
}

static int read_metric(void *user, const bn_src_file *f, bn_err *err)
{
	logged_reader *r = user;
	char *path = bn_strf("%s/metrics/%s", r->dir, f->path);
	bn_err why = BN_ERR_INIT;
	if (!path)
		return bn_err_nomem(err, "a path");
	r->key = f->path;
	int rc = bn_mlruns_read_points(r->m, path, true, add_metric, r, &why);
	bn_free(path);
	if (rc < 0 && bn_exchange_ends(rc))
		return bn_err_move(err, &why);
	if (rc < 0)
		bn_exchange_unreadable(
			r->m->base.report, "metric", &why, "%s metric %s", r->dir, f->path);
	return 0;
}

static const char *logged_status(const json_t *meta)
{
	static const char *const names[] = {NULL, "PENDING", "READY", "FAILED"};
	int64_t n = bn_mlruns_int(meta, "status");
	return n >= 1 && n <= 3 ? names[n] : "PENDING";
}

static int yield_logged(logged_reader *r, const char *id, const json_t *meta, bn_err *err)
{
	json_t *params = NULL, *tags = NULL;
	char *metrics = bn_strf("%s/metrics", r->dir), *files = bn_strf("0:%s/artifacts", r->dir);
	char buf[32];
	int rc = metrics && files && (r->metrics = json_array()) ? 0 : bn_err_nomem(err, "a path");
	if (rc < 0 || (rc = bn_mlruns_read_words(&params, r->m, r->dir, "params", err)) < 0 ||
		(rc = bn_mlruns_read_words(&tags, r->m, r->dir, "tags", err)) < 0 ||
		(rc = bn_src_walk(r->m->dir, metrics, r->m->base.report, read_metric, r, err)) < 0)
		goto out;
	const bn_src_logged_model m = {.id = id,
		.name = bn_mlruns_text(meta, "name", buf),
		.experiment = bn_json_str(r->experiment->meta, "name", ""),
		.status = logged_status(meta),
		.type = bn_json_str(meta, "model_type", NULL),
		.run = bn_json_str(meta, "source_run_id", NULL),
		.location = bn_json_str(meta, "artifact_location", NULL),
		.created_ms = bn_mlruns_int(meta, "creation_timestamp"),
		.updated_ms = bn_mlruns_int(meta, "last_updated_timestamp"),
		.removed = !strcmp(bn_json_str(meta, "lifecycle_stage", "active"), "deleted"),
		.params = params,
		.tags = tags,
		.metrics = r->metrics,
		.files = files};
	rc = r->each(r->user, &m, err);
out:
	json_decref(params);
	json_decref(tags);
	json_decref(r->metrics);
	r->metrics = NULL;
	bn_free(metrics);
	bn_free(files);
	return rc;
}

static int read_logged(void *user, const char *dir, const char *name, bn_err *err)
{
	logged_reader *r = user;
	json_t *meta = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_mlruns_read_meta(&meta, r->m, dir, &why);
	if (rc >= 0 && strcmp(bn_json_str(meta, "model_id", ""), name) != 0)
		rc = bn_err_set(&why, BN_EINVAL,
			"field 'model_id' of its meta.yaml is not the directory's name");
	if (rc < 0) {
		json_decref(meta);
		if (bn_exchange_ends(rc))
			return bn_err_move(err, &why);
		bn_exchange_unreadable(
			r->m->base.report, "logged model", &why, "%s/%s", r->m->dir->path, dir);
		return 0;
	}
	r->dir = dir;
	rc = yield_logged(r, name, meta, err);
	json_decref(meta);
	return rc;
}

int bn_mlruns_logged_models(bn_src *s, bn_src_each_logged_model *each, void *user, bn_err *err)
{
	mlruns *m = (mlruns *)s;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < m->count; i++) {
		logged_reader r = {
			.m = m, .experiment = &m->experiments[i], .each = each, .user = user};
		char *dir = bn_strf("%s/models", m->experiments[i].dir);
		rc = dir ? bn_mlruns_list_dirs(m, dir, read_logged, &r, err)
			 : bn_err_nomem(err, "a path");
		bn_free(dir);
	}
	return rc;
}

/* ---- the registry ------------------------------------------------------------------------------- */

typedef struct registry_reader {
	mlruns *m;
	bn_src_each_model *each;
	bn_src_each_version *version;
	void *user;
	json_t *versions; /* [{"dir", "meta"}] of the model that is read */
} registry_reader;

/* "models:/m-ID" names a logged model. */
static char *logged_files(const mlruns *m, const char *source)
{
	const char *id = source + strlen("models:/");
	if (strchr(id, '/') || strncmp(id, "m-", 2) != 0)
		return NULL;
	for (size_t i = 0; i < m->count; i++) {
		char *dir = bn_strf("0:%s/models/%s/artifacts", m->experiments[i].dir, id);
		if (dir && bn_dir_has(m->dir, dir + 2))
			return dir;
		bn_free(dir);
	}
	return NULL;
}

static char *version_files(const mlruns *m, const json_t *meta)
{
	const char *source = bn_json_str(meta, "source", NULL);
	if (source && bn_str_starts(source, "models:/")) {
		char *files = logged_files(m, source);
		source = files ? NULL : bn_json_str(meta, "storage_location", NULL);
		if (files)
			return files;
	}
	return bn_src_roots_find(&m->roots, source, NULL);
}

static int yield_version(
	registry_reader *r, const char *name, const char *dir, const json_t *meta, bn_err *err)
{
	json_t *tags = NULL;
	char *files = NULL;
	int rc = bn_mlruns_read_words(&tags, r->m, dir, "tags", err);
	if (rc < 0)
		return rc;
	files = version_files(r->m, meta);
	const bn_src_version v = {.name = name,
		.version = bn_mlruns_int(meta, "version"),
		.description = bn_json_str(meta, "description", NULL),
		.user = bn_json_str(meta, "user_id", NULL),
		.stage = bn_json_str(meta, "current_stage", NULL),
		.source = bn_json_str(meta, "source", NULL),
		.run = bn_json_str(meta, "run_id", NULL),
		.run_link = bn_json_str(meta, "run_link", NULL),
		.status = bn_json_str(meta, "status", NULL),
		.created_ms = bn_mlruns_int(meta, "creation_timestamp"),
		.updated_ms = bn_mlruns_int(meta, "last_updated_timestamp"),
		.tags = tags,
		.files = files};
	rc = r->version(r->user, &v, err);
	bn_free(files);
	json_decref(tags);
	return rc;
}

static int collect_version(void *user, const char *dir, const char *name, bn_err *err)
{
	registry_reader *r = user;
	json_t *meta = NULL;
	bn_err why = BN_ERR_INIT;
	if (strncmp(name, "version-", 8) != 0)
		return 0;
	int rc = bn_mlruns_read_meta(&meta, r->m, dir, &why);
	if (rc >= 0 && bn_mlruns_int(meta, "version") < 1)
		rc = bn_err_set(&why, BN_EINVAL, "field 'version' of its meta.yaml is no number");
	if (rc >= 0) {
		json_array_append_new(r->versions, json_pack("{ss so}", "dir", dir, "meta", meta));
		return 0;
	}
	json_decref(meta);
	if (bn_exchange_ends(rc))
		return bn_err_move(err, &why);
	bn_exchange_unreadable(
		r->m->base.report, "model version", &why, "%s/%s", r->m->dir->path, dir);
	return 0;
}

static int64_t number_of(const json_t *version)
{
	return bn_mlruns_int(json_object_get(version, "meta"), "version");
}

static int by_number(const void *a, const void *b)
{
	int64_t x = number_of(*(json_t *const *)a), y = number_of(*(json_t *const *)b);
	return x < y ? -1 : x > y;
}

static int yield_versions(registry_reader *r, const char *name, bn_err *err)
{
	size_t n = json_array_size(r->versions);
	json_t **sorted = bn_alloc(n * sizeof *sorted);
	int rc = 0;
	if (!sorted)
		return bn_err_nomem(err, "versions");
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(r->versions, i);
	qsort(sorted, n, sizeof *sorted, by_number);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = yield_version(r, name, bn_json_str(sorted[i], "dir", ""),
			json_object_get(sorted[i], "meta"), err);
	bn_free(sorted);
	return rc;
}

/* Aliases are files in 2.x, and in the mapping of meta.yaml besides. */
static int read_aliases(json_t **out, mlruns *m, const char *dir, const json_t *meta, bn_err *err)
{
	const char *alias;
	json_t *v, *in_meta = json_object_get(meta, "aliases");
	int rc = bn_mlruns_read_words(out, m, dir, "aliases", err);
	if (rc < 0 || json_object_size(*out))
		return rc;
	json_object_foreach(in_meta, alias, v)
	{
		char buf[32];
		const char *text = bn_mlruns_text(in_meta, alias, buf);
		json_object_set_new(*out, alias, json_string(text ? text : ""));
	}
	return 0;
}

static int read_model(void *user, const char *dir, const char *name, bn_err *err)
{
	registry_reader *r = user;
	json_t *meta = NULL, *tags = NULL, *aliases = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_mlruns_read_meta(&meta, r->m, dir, &why);
	if (rc < 0) {
		if (bn_exchange_ends(rc))
			return bn_err_move(err, &why);
		bn_exchange_unreadable(
			r->m->base.report, "model", &why, "%s/%s", r->m->dir->path, dir);
		return 0;
	}
	r->versions = json_array();
	if ((rc = bn_mlruns_read_words(&tags, r->m, dir, "tags", err)) < 0 ||
		(rc = read_aliases(&aliases, r->m, dir, meta, err)) < 0 ||
		(rc = bn_mlruns_list_dirs(r->m, dir, collect_version, r, err)) < 0)
		goto out;
	const bn_src_model model = {.name = bn_json_str(meta, "name", name),
		.description = bn_json_str(meta, "description", NULL),
		.created_ms = bn_mlruns_int(meta, "creation_timestamp"),
		.updated_ms = bn_mlruns_int(meta, "last_updated_timestamp"),
		.tags = tags,
		.aliases = aliases};
	if ((rc = r->each(r->user, &model, err)) == 0)
		rc = yield_versions(r, model.name, err);
out:
	json_decref(r->versions);
	json_decref(meta);
	json_decref(tags);
	json_decref(aliases);
	return rc;
}

int bn_mlruns_models(
	bn_src *s, bn_src_each_model *each, bn_src_each_version *version, void *user, bn_err *err)
{
	registry_reader r = {.m = (mlruns *)s, .each = each, .version = version, .user = user};
	return bn_mlruns_list_dirs(r.m, "models", read_model, &r, err);
}
