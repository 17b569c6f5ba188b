/* bn_mlflow_db_models.c - logged models and the registry of MLflow's SQLite database: see _mlflow_db.h. */
#include "core/exchange/_mlflow_db.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

/* ---- logged models ---------------------------------------------------------------------------- */

static int read_metrics(json_t **out, mlflow_db *m, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, "
		"logged_model_metrics.dataset_name?, logged_model_metrics.dataset_digest? "
		"FROM logged_model_metrics WHERE model_id = ? ORDER BY 1, 4, 3",
		"s", id);
	*out = json_array();
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0) {
		const char *key = bn_mlflow_db_text(st, 0), *run = bn_mlflow_db_text(st, 4),
			   *name = bn_mlflow_db_text(st, 5), *digest = bn_mlflow_db_text(st, 6);
		if (!key)
			continue;
		json_t *o = json_pack("{ss so sI sI ss}", "key", key, "value",
			bn_mlflow_number_json(sqlite3_column_double(st, 1)), "timestamp",
			(json_int_t)sqlite3_column_int64(st, 2), "step",
			(json_int_t)sqlite3_column_int64(st, 3), "run_id", run ? run : "");
		if (name && digest) {
			json_object_set_new(o, "dataset_name", json_string(name));
			json_object_set_new(o, "dataset_digest", json_string(digest));
		}
		json_array_append_new(*out, o);
	}
	sqlite3_finalize(st);
	return rc;
}

static int yield_logged(
	mlflow_db *m, sqlite3_stmt *st, bn_src_each_logged_model *each, void *user, bn_err *err)
{
	static const char *const statuses[] = {"PENDING", "PENDING", "READY", "FAILED"};
	json_t *params = NULL, *tags = NULL, *metrics = NULL;
	const char *id = bn_mlflow_db_text(st, 0), *stage = bn_mlflow_db_text(st, 6),
		   *uri = bn_mlflow_db_text(st, 2);
	int64_t status = bn_mlflow_db_int(st, 5);
	char *experiment = bn_mlflow_db_name(bn_mlflow_db_text(st, 9), bn_mlflow_db_text(st, 10));
	char *files = id ? bn_src_roots_find(&m->roots, uri, id) : NULL;
	int rc = id && experiment ? 0
				  : bn_err_set(err, BN_ECORRUPT,
					    "'%s': a logged model without an id", m->path);
	if (rc < 0 ||
		(rc = bn_mlflow_db_words(&params, m, "parameter", err,
			 "SELECT param_key, param_value FROM logged_model_params WHERE model_id = "
			 "?",
			 "s", id)) < 0 ||
		(rc = bn_mlflow_db_words(&tags, m, "tag", err,
			 "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?", "s",
			 id)) < 0 ||
		(rc = read_metrics(&metrics, m, id, err)) < 0)
		goto out;
	if (!files)
		bn_src_roots_note(&m->roots, &m->base, uri, "logged model", id);
	const bn_src_logged_model model = {.id = id,
		.name = bn_mlflow_db_text(st, 1),
		.experiment = experiment,
		.status = statuses[status >= 0 && status <= 3 ? status : 0],
		.type = bn_mlflow_db_text(st, 7),
		.run = bn_mlflow_db_text(st, 8),
		.location = uri,
		.created_ms = bn_mlflow_db_int(st, 3),
		.updated_ms = bn_mlflow_db_int(st, 4),
		.removed = stage && !strcmp(stage, "deleted"),
		.params = params,
		.tags = tags,
		.metrics = metrics,
		.files = files};
	rc = each(user, &model, err);
out:
	json_decref(params);
	json_decref(tags);
	json_decref(metrics);
	bn_free(experiment);
	bn_free(files);
	return rc;
}

int bn_mlflow_db_logged_models(bn_src *s, bn_src_each_logged_model *each, void *user, bn_err *err)
{
	mlflow_db *m = (mlflow_db *)s;
	sqlite3_stmt *st = NULL;
	if (!bn_mlflow_db_has(m, "logged_models") || !bn_mlflow_db_has(m, "logged_model_metrics"))
		return 0; /* before MLflow 3 */
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT model_id, logged_models.name, logged_models.artifact_location, "
		"creation_timestamp_ms, "
		"last_updated_timestamp_ms, status, logged_models.lifecycle_stage?, model_type, "
		"source_run_id, "
		"experiments.name, experiments.workspace? FROM logged_models LEFT JOIN experiments "
		"USING "
		"(experiment_id) ORDER BY creation_timestamp_ms, model_id",
		"");
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0)
		rc = yield_logged(m, st, each, user, err);
	sqlite3_finalize(st);
	return rc;
}

/* ---- the registry ------------------------------------------------------------------------------- */

static char *version_files(const mlflow_db *m, const char *source, const char *storage)
{
	char *files = source && !bn_str_starts(source, "models:")
			      ? bn_src_roots_find(&m->roots, source, NULL)
			      : NULL;
	return files ? files : bn_src_roots_find(&m->roots, storage, NULL);
}

static int yield_version(mlflow_db *m, sqlite3_stmt *st, const char *shown, const char *name,
	const char *workspace, bn_src_each_version *version, void *user, bn_err *err)
{
	json_t *tags = NULL;
	const char *number = bn_mlflow_db_text(st, 0);
	char *files = version_files(m, bn_mlflow_db_text(st, 5), bn_mlflow_db_text(st, 8));
	int rc = bn_mlflow_db_words(&tags, m, "tag", err,
		"SELECT key, value FROM model_version_tags WHERE name = ? AND version = ? AND "
		"coalesce(model_version_tags.workspace?, 'default') = ?",
		"sss", name, number, workspace);
	if (rc < 0)
		goto out;
	const bn_src_version v = {.name = shown,
		.version = bn_mlflow_db_int(st, 0),
		.created_ms = bn_mlflow_db_int(st, 1),
		.updated_ms = bn_mlflow_db_int(st, 2),
		.description = bn_mlflow_db_text(st, 3),
		.user = bn_mlflow_db_text(st, 4),
		.source = bn_mlflow_db_text(st, 5),
		.run = bn_mlflow_db_text(st, 6),
		.run_link = bn_mlflow_db_text(st, 7),
		.stage = bn_mlflow_db_text(st, 9),
		.status = bn_mlflow_db_text(st, 10),
		.tags = tags,
		.files = files};
	rc = version(user, &v, err);
out:
	json_decref(tags);
	bn_free(files);
	return rc;
}

static int yield_versions(mlflow_db *m, const char *shown, const char *name, const char *workspace,
	bn_src_each_version *version, void *user, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT version, creation_time, last_updated_time, description, user_id, source, "
		"run_id, "
		"model_versions.run_link?, model_versions.storage_location?, current_stage, status "
		"FROM model_versions WHERE name = ? AND coalesce(model_versions.workspace?, "
		"'default') = ? "
		"ORDER BY version",
		"ss", name, workspace);
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0)
		rc = yield_version(m, st, shown, name, workspace, version, user, err);
	sqlite3_finalize(st);
	return rc;
}

static int yield_model(mlflow_db *m, sqlite3_stmt *st, bn_src_each_model *each,
	bn_src_each_version *version, void *user, bn_err *err)
{
	json_t *tags = NULL, *aliases = NULL;
	const char *name = bn_mlflow_db_text(st, 0), *workspace = bn_mlflow_db_text(st, 4);
	workspace = workspace ? workspace : "default";
	char *shown = bn_mlflow_db_name(name, workspace);
	int rc = name && shown
			 ? 0
			 : bn_err_set(err, BN_ECORRUPT, "'%s': a model without a name", m->path);
	if (rc < 0 ||
		(bn_mlflow_db_has(m, "registered_model_tags") &&
			(rc = bn_mlflow_db_words(&tags, m, "tag", err,
				 "SELECT key, value FROM registered_model_tags WHERE name = ? AND "
				 "coalesce(registered_model_tags.workspace?, 'default') = ?",
				 "ss", name, workspace)) < 0))
		goto out;
	if (bn_mlflow_db_has(m, "registered_model_aliases") &&
		(rc = bn_mlflow_db_words(&aliases, m, "alias", err,
			 "SELECT alias, version FROM registered_model_aliases WHERE name = ? AND "
			 "coalesce(registered_model_aliases.workspace?, 'default') = ?",
			 "ss", name, workspace)) < 0)
		goto out;
	const bn_src_model model = {.name = shown,
		.created_ms = bn_mlflow_db_int(st, 1),
		.updated_ms = bn_mlflow_db_int(st, 2),
		.description = bn_mlflow_db_text(st, 3),
		.tags = tags,
		.aliases = aliases};
	if ((rc = each(user, &model, err)) == 0)
		rc = yield_versions(m, shown, name, workspace, version, user, err);
out:
	json_decref(tags);
	json_decref(aliases);
	bn_free(shown);
	return rc;
}

int bn_mlflow_db_models(
	bn_src *s, bn_src_each_model *each, bn_src_each_version *version, void *user, bn_err *err)
{
	mlflow_db *m = (mlflow_db *)s;
	sqlite3_stmt *st = NULL;
	if (!bn_mlflow_db_has(m, "registered_models") || !bn_mlflow_db_has(m, "model_versions") ||
		!bn_mlflow_db_has(m, "model_version_tags"))
		return 0;
	int rc = bn_mlflow_db_query(&st, m, err,
		"SELECT name, creation_time, last_updated_time, registered_models.description?, "
		"registered_models.workspace? FROM registered_models ORDER BY name",
		"");
	while (rc >= 0 && (rc = bn_mlflow_db_step(m, st, err)) > 0)
		rc = yield_model(m, st, each, version, user, err);
	sqlite3_finalize(st);
	return rc;
}
