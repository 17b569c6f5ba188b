/* run_links_fold.c - the fold of a run's inputs and outputs: datasets and logged models (see core/run/runlog.h). */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/store/index/ref.h"
#include "core/track/_fold.h"
#include "core/track/_run_fold.h"

#include <string.h>

static bool hash_ok(const char *hash)
{
	return !hash || (strlen(hash) == BN_SHA256_HEX && bn_is_hex(hash));
}

static bool dataset_ok(const json_t *d)
{
	return bn_json_str(d, "name", "")[0] && bn_json_str(d, "digest", "")[0] &&
	       hash_ok(bn_json_str(d, "schema_hash", NULL)) &&
	       hash_ok(bn_json_str(d, "profile_hash", NULL));
}

static int apply_dataset(bn_fold *f, const bn_run_state *s, const json_t *d, bn_err *err)
{
	static const char *const objects[] = {"schema_hash", "profile_hash"};
	const char *name = bn_json_str(d, "name", ""), *digest = bn_json_str(d, "digest", ""), *key;
	json_t *value;
	sqlite3 *db = bn_fold_db(f);
	int rc = bn_sql_run(db, err,
		"INSERT OR IGNORE INTO run_dataset SELECT ?1, ?2, ?3, (SELECT count(*) FROM "
		"run_dataset "
		"WHERE run = ?1), ?4, ?5, ?6, ?7, ?8, ?9",
		"issssssss", s->no, name, digest, bn_json_str(d, "source_type", ""),
		bn_json_str(d, "source", ""), bn_json_str(d, "schema", NULL),
		bn_json_str(d, "schema_hash", NULL), bn_json_str(d, "profile", NULL),
		bn_json_str(d, "profile_hash", NULL));
	if (rc < 0)
		return rc;
	bool is_new = sqlite3_changes(db) > 0;
	for (size_t i = 0; is_new && i < 2; i++) {
		const char *hash = bn_json_str(d, objects[i], NULL);
		if (hash && (rc = bn_fold_object_ref(f, hash, "dataset input", err)) < 0)
			return rc;
	}
	json_object_foreach(json_object_get(d, "tags"), key, value)
	{
		if (json_is_string(value) &&
			(rc = bn_sql_run(db, err,
				 "REPLACE INTO run_dataset_tag VALUES (?, ?, ?, ?, ?)", "issss",
				 s->no, name, digest, key, json_string_value(value))) < 0)
			return rc;
	}
	return 0;
}

static int apply_model(
	bn_fold *f, const bn_run_state *s, const char *id, bool output, int64_t step, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err,
		"REPLACE INTO run_model SELECT ?1, ?2, ?3, coalesce((SELECT place FROM run_model "
		"WHERE "
		"run = ?1 AND output = ?2 AND model = ?3), (SELECT count(*) FROM run_model WHERE "
		"run = ?1 "
		"AND output = ?2)), nullif(?4, -1)",
		"iisi", s->no, (int64_t)output, id, output ? step : (int64_t)-1);
}

int bn_run_apply_inputs(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err)
{
	json_t *datasets = json_object_get(ev->payload, "datasets"), *one;
	json_t *models = json_object_get(ev->payload, "models");
	size_t i;
	int rc;
	if ((datasets && !json_is_array(datasets)) || (models && !json_is_array(models)))
		return bn_run_invalid(f, "datasets and models are lists");
	json_array_foreach(datasets, i, one)
	{
		if (!dataset_ok(one))
			return bn_run_invalid(f, "a dataset without a name or digest");
	}
	json_array_foreach(models, i, one)
	{
		if (!json_is_string(one))
			return bn_run_invalid(f, "a model is named by its id");
	}
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	json_array_foreach(datasets, i, one)
	{
		if ((rc = apply_dataset(f, s, one, err)) < 0)
			return rc;
	}
	json_array_foreach(models, i, one)
	{
		if ((rc = apply_model(f, s, json_string_value(one), false, -1, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_run_apply_outputs(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err)
{
	json_t *models = json_object_get(ev->payload, "models"), *one;
	size_t i;
	int rc;
	if (!json_is_array(models))
		return bn_run_invalid(f, "no models");
	json_array_foreach(models, i, one)
	{
		if (!bn_json_str(one, "id", "")[0])
			return bn_run_invalid(f, "a model is named by its id");
	}
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	json_array_foreach(models, i, one)
	{
		if ((rc = apply_model(f, s, bn_json_str(one, "id", ""), true,
			     bn_json_int(one, "step", 0), err)) < 0)
			return rc;
	}
	return 0;
}
