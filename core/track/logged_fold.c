/* logged_fold.c - the fold of logged models (see logged_model.h). */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/run/run_id.h"
#include "core/store/index/ref.h"
#include "core/track/_fold.h"
#include "core/track/_run_fold.h"
#include "core/track/logged_model.h"

#include <math.h>
#include <string.h>

static const char *const status_names[] = {"PENDING", "READY", "FAILED"};

const char *bn_logged_status_name(bn_logged_status status)
{
	return status_names[status];
}

bool bn_logged_status_parse(bn_logged_status *out, const char *name)
{
	for (int i = 0; name && i < (int)(sizeof status_names / sizeof *status_names); i++)
		if (!strcmp(name, status_names[i])) {
			*out = (bn_logged_status)i;
			return true;
		}
	return false;
}

bool bn_logged_id_is_valid(const char *id)
{
	return bn_str_starts(id, "m-") && bn_run_id_is_valid(id + 2);
}

enum { CREATED, STATUS, PARAM, TAG, METRICS, ARTIFACT, ARTIFACT_REMOVED, REMOVED, RESTORED };

static const bn_fold_kind kinds[] = {
	[CREATED] = {"logged.created",
		.fields = BN_FIELDS("name", "experiment", "run", "type", "artifact_location",
			"created_ms", "nonce", "params.*", "tags.*")},
	[STATUS] = {"logged.status", .fields = BN_FIELDS("status", "message")},
	[PARAM] = {"logged.param", .fields = BN_FIELDS("params.*")},
	[TAG] = {"logged.tag", .fields = BN_FIELDS("tags.*")},
	[METRICS] = {"logged.metrics", .fields = BN_FIELDS("metrics.key", "metrics.value",
					       "metrics.time_ms", "metrics.step", "metrics.run",
					       "metrics.dataset_name", "metrics.dataset_digest")},
	[ARTIFACT] = {"logged.artifact",
		.fields = BN_FIELDS("artifacts.path", "artifacts.hash", "artifacts.size")},
	[ARTIFACT_REMOVED] = {"logged.artifact_removed", .fields = BN_FIELDS("paths")},
	[REMOVED] = {.name = "logged.removed"},
	[RESTORED] = {.name = "logged.restored"},
	{0},
};

/* ---- words ---------------------------------------------------------------------------------- */

static int add_params(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	json_t *value;
	const char *key;
	int rc;
	json_object_foreach(json_object_get(ev->payload, "params"), key, value)
	{
		if (!json_is_string(value))
			continue;
		if ((rc = bn_sql_run(db, err,
			     "INSERT OR IGNORE INTO logged_pair VALUES (?, 0, ?, ?)", "iss",
			     ev->entity_no, key, json_string_value(value))) < 0)
			return rc;
		if (sqlite3_changes(db) == 0 &&
			bn_sql_int(db, 0,
				"SELECT 1 FROM logged_pair WHERE model = ? AND tag = 0 AND key = ? "
				"AND value <> ?",
				"iss", ev->entity_no, key, json_string_value(value)) == 1)
			bn_fold_outcome(
				f, BN_OUTCOME_INVALID, "parameter '%.80s' has another value", key);
	}
	return 0;
}

static int add_tags(bn_fold *f, const bn_event *ev, bn_err *err)
{
	json_t *value;
	const char *key;
	int rc = 0;
	json_object_foreach(json_object_get(ev->payload, "tags"), key, value)
	{
		if (json_is_string(value))
			rc = bn_sql_run(bn_fold_db(f), err,
				"REPLACE INTO logged_pair VALUES (?, 1, ?, ?)", "iss",
				ev->entity_no, key, json_string_value(value));
		else if (json_is_null(value))
			rc = bn_sql_run(bn_fold_db(f), err,
				"DELETE FROM logged_pair WHERE model = ? AND tag = 1 AND key = ?",
				"is", ev->entity_no, key);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- its creation --------------------------------------------------------------------------- */

static int apply_created(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *id = ev->entity + strlen("logged/"), *name = bn_json_str(p, "name", "");
	const char *experiment = bn_json_str(p, "experiment", ""),
		   *run = bn_json_str(p, "run", NULL);
	int64_t created = bn_json_int(p, "created_ms", -1), in;
	int rc;
	if (!name[0] || !experiment[0] || (run && !bn_run_id_is_valid(run)))
		return bn_run_invalid(
			f, "a logged model needs a name, an experiment, and the id of a run");
	if (bn_run_id_maker(id + 2, ev->key.writer, bn_json_str(p, "nonce", NULL)) ==
		BN_RUN_MAKER_OTHER) {
		bn_fold_outcome(f, BN_OUTCOME_REFUSED,
			"the model's id names another writer than %s", ev->key.writer);
		return 0;
	}
	if (created < 0)
		created = bn_event_time_ms(ev);
	if ((rc = bn_fold_name(f, BN_NAME_EXPERIMENT, experiment, &in, err)) < 0 ||
		(rc = bn_sql_run(bn_fold_db(f), err,
			 "INSERT INTO logged_model (no, id, name, experiment, owner, run, type, "
			 "artifact_location, status, created_ms, updated_ms) VALUES (?1, ?2, ?3, "
			 "?4, ?5, "
			 "?6, ?7, ?8, 'PENDING', ?9, ?9)",
			 "issiisssi", ev->entity_no, id, name, in, (int64_t)ev->uid, run,
			 bn_json_str(p, "type", NULL), bn_json_str(p, "artifact_location", NULL),
			 created)) < 0)
		return rc;
	rc = add_params(f, ev, err);
	return rc < 0 ? rc : add_tags(f, ev, err);
}

/* ---- its content ---------------------------------------------------------------------------- */

static int apply_status(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bn_logged_status status;
	if (!bn_logged_status_parse(&status, bn_json_str(ev->payload, "status", NULL)))
		return bn_run_invalid(f, "status must be PENDING, READY or FAILED");
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE logged_model SET status = ?, message = ?, updated_ms = ? WHERE no = ?",
		"ssii", bn_logged_status_name(status), bn_json_str(ev->payload, "message", NULL),
		bn_event_time_ms(ev), ev->entity_no);
}

/* false: not a value. */
static bool value_of(const json_t *v, double *out)
{
	static const struct {
		const char *word;
		double value;
	} words[] = {{"nan", (double)NAN}, {"inf", (double)INFINITY}, {"-inf", -(double)INFINITY}};
	if (json_is_number(v)) {
		*out = json_number_value(v);
		return true;
	}
	for (size_t i = 0; json_is_string(v) && i < sizeof words / sizeof *words; i++)
		if (!strcmp(json_string_value(v), words[i].word)) {
			*out = words[i].value;
			return true;
		}
	return false;
}

static int apply_metrics(bn_fold *f, const bn_event *ev, bn_err *err)
{
	json_t *list = json_object_get(ev->payload, "metrics"), *m;
	double value;
	size_t i;
	int rc;
	json_array_foreach(list, i, m)
	{
		if (!bn_json_str(m, "key", "")[0] || !value_of(json_object_get(m, "value"), &value))
			return bn_run_invalid(f, "a metric without a key or a value");
	}
	json_array_foreach(list, i, m)
	{
		value_of(json_object_get(m, "value"), &value);
		if ((rc = bn_sql_run(bn_fold_db(f), err,
			     "REPLACE INTO logged_metric VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			     "isiisdss", ev->entity_no, bn_json_str(m, "key", ""),
			     bn_json_int(m, "time_ms", 0), bn_json_int(m, "step", 0),
			     bn_json_str(m, "run", ""), value, bn_json_str(m, "dataset_name", NULL),
			     bn_json_str(m, "dataset_digest", NULL))) < 0)
			return rc;
	}
	return 0;
}

static int apply_artifacts(bn_fold *f, const bn_event *ev, bn_err *err)
{
	json_t *list = json_object_get(ev->payload, "artifacts"), *a;
	size_t i;
	int rc;
	json_array_foreach(list, i, a)
	{
		const char *hash = bn_json_str(a, "hash", "");
		if (!bn_artifact_path_is_valid(bn_json_str(a, "path", NULL)) ||
			strlen(hash) != BN_SHA256_HEX || !bn_is_hex(hash) ||
			bn_json_int(a, "size", -1) < 0)
			return bn_run_invalid(f, "an artifact without a path, hash or size");
	}
	json_array_foreach(list, i, a)
	{
		const char *hash = bn_json_str(a, "hash", "");
		if ((rc = bn_sql_run(bn_fold_db(f), err,
			     "REPLACE INTO logged_artifact VALUES (?, ?, ?, ?, ?)", "issii",
			     ev->entity_no, bn_json_str(a, "path", ""), hash,
			     bn_json_int(a, "size", 0), bn_event_time_ms(ev))) < 0 ||
			(rc = bn_fold_object_ref(f, hash, "artifact", err)) < 0)
			return rc;
	}
	return 0;
}

/* The model names no object of the removed rows any more, unless another of its rows does. */
static int unref(bn_fold *f, int64_t no, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_fold_object_unref(f, NULL, "artifact", err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT hash FROM logged_artifact WHERE model = ?", "i", no)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = bn_fold_object_ref(
			     f, (const char *)sqlite3_column_text(st, 0), "artifact", err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

static int apply_artifacts_removed(bn_fold *f, const bn_event *ev, bn_err *err)
{
	json_t *paths = json_object_get(ev->payload, "paths"), *path;
	size_t i;
	int rc;
	json_array_foreach(paths, i, path)
	{
		if (!bn_artifact_path_is_valid(json_string_value(path)))
			return bn_run_invalid(f, "not the path of an artifact");
	}
	json_array_foreach(paths, i, path)
	{
		if ((rc = bn_sql_run(bn_fold_db(f), err,
			     "DELETE FROM logged_artifact WHERE model = ?1 AND (path = ?2 OR "
			     "substr(path, "
			     "1, length(?2) + 1) = ?2 || '/')",
			     "is", ev->entity_no, json_string_value(path))) < 0)
			return rc;
	}
	return unref(f, ev->entity_no, err);
}

static int apply_removed(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bool removed = ev->kind_no == REMOVED;
	if (bn_sql_int(bn_fold_db(f), 0, "SELECT removed FROM logged_model WHERE no = ?", "i",
		    ev->entity_no) == (int64_t)removed)
		return bn_run_invalid(f, removed ? "removed already" : "not removed");
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE logged_model SET removed = ?, removed_ms = ?, updated_ms = ? WHERE no = ?",
		"iiii", (int64_t)removed, removed ? bn_event_time_ms(ev) : (int64_t)0,
		bn_event_time_ms(ev), ev->entity_no);
}

/* ---- the class ------------------------------------------------------------------------------ */

static int (*const actions[])(bn_fold *, const bn_event *, bn_err *) = {
	[STATUS] = apply_status,
	[PARAM] = add_params,
	[TAG] = add_tags,
	[METRICS] = apply_metrics,
	[ARTIFACT] = apply_artifacts,
	[ARTIFACT_REMOVED] = apply_artifacts_removed,
	[REMOVED] = apply_removed,
	[RESTORED] = apply_removed,
};

/* The field without which an event of the kind says nothing, and its type. */
static const struct {
	const char *key;
	json_type type;
} needs[] = {
	[PARAM] = {"params", JSON_OBJECT},
	[TAG] = {"tags", JSON_OBJECT},
	[METRICS] = {"metrics", JSON_ARRAY},
	[ARTIFACT] = {"artifacts", JSON_ARRAY},
	[ARTIFACT_REMOVED] = {"paths", JSON_ARRAY},
	[RESTORED] = {NULL, JSON_NULL},
};

static const char *fault(const bn_event *ev)
{
	const char *key = needs[ev->kind_no].key;
	if (!bn_logged_id_is_valid(ev->entity + strlen("logged/")))
		return "not the id of a logged model";
	if (!ev->payload && ev->kind_no != REMOVED && ev->kind_no != RESTORED)
		return "not a JSON object";
	if (!key)
		return NULL;
	const json_t *value = json_object_get(ev->payload, key);
	return value && json_typeof(value) == needs[ev->kind_no].type ? NULL
								      : "its content is missing";
}

static int logged_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *why = fault(ev);
	if (why)
		return bn_run_invalid(f, why);
	int64_t owner = bn_sql_int(bn_fold_db(f), -1, "SELECT owner FROM logged_model WHERE no = ?",
		"i", ev->entity_no);
	if (ev->kind_no == CREATED)
		return owner >= 0 ? bn_run_invalid(f, "created already")
				  : apply_created(f, ev, err);
	if (owner < 0)
		return bn_run_invalid(f, "no such logged model");
	const bn_run_state s = {.uid = (uid_t)owner};
	bool hides = ev->kind_no == REMOVED || ev->kind_no == RESTORED;
	int may = hides || ev->kind_no == TAG
			  ? bn_run_owner_or_act(f, ev, &s, hides ? BN_ACT_REMOVE : BN_ACT_TAG, err)
			  : bn_run_owner_only(f, ev, &s);
	return may == 1 ? actions[ev->kind_no](f, ev, err) : may;
}

static int logged_clear(bn_fold *f, const char *entity, bn_err *err)
{
	static const char *const deletes[] = {"DELETE FROM logged_model WHERE no = ?",
		"DELETE FROM logged_pair WHERE model = ?",
		"DELETE FROM logged_metric WHERE model = ?",
		"DELETE FROM logged_artifact WHERE model = ?"};
	int64_t no;
	int rc = bn_fold_entity(f, entity, &no, err);
	for (size_t i = 0; i < sizeof deletes / sizeof *deletes && rc >= 0; i++)
		rc = bn_sql_run(bn_fold_db(f), err, deletes[i], "i", no);
	return rc;
}

/* The id of a logged model in a dump view. */
#define OF_REMOVED(id) \
	id " IN (SELECT m.id FROM dump_logged_model m WHERE m.removed <> 0 AND m.removed_ms <= " \
	   "?1)"

static const bn_fold_gone gone[] = {
	{"object_ref",
		"entity GLOB 'logged/*' AND commuting = 0 AND " OF_REMOVED("substr(entity, 8)")},
	{"logged_model", "removed <> 0 AND removed_ms <= ?1"},
	{"logged_pair", OF_REMOVED("logged_pair.model_id")},
	{"logged_metric", OF_REMOVED("logged_metric.model_id")},
	{"logged_artifact", OF_REMOVED("logged_artifact.model_id")},
	{NULL, NULL},
};

const bn_fold_class bn_logged_fold_class = {.name = "logged",
	.kinds = kinds,
	.schema = "share/sql/0025_logged.sql",
	.gone = gone,
	.apply = logged_apply,
	.clear = logged_clear};
