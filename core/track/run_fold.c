/*
 * run_fold.c - events of runs and experiments become rows (see run.h and train/runlog.h).
 *
 * A run belongs to who created it: what it is made of (parameters, artifacts, how it ended) is
 * taken from its owner alone; tags, notes, the trash and stopping also from those whom the policy
 * allows; anybody may say that it is LOST, which its owner's word overrules.
 */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/govern/policy.h"
#include "core/store/index/ref.h"
#include "core/track/_fold.h"
#include "core/track/run.h"

#include <math.h>
#include <string.h>

static const char *const status_names[] = {
	"SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED", "LOST"};

const char *bn_run_status_name(bn_run_status status)
{
	return status_names[status];
}

bool bn_run_status_parse(bn_run_status *out, const char *name)
{
	for (int i = 0; name && i < (int)(sizeof status_names / sizeof *status_names); i++)
		if (!strcmp(name, status_names[i])) {
			*out = (bn_run_status)i;
			return true;
		}
	return false;
}

bool bn_run_status_is_live(bn_run_status status)
{
	return status == BN_RUN_SCHEDULED || status == BN_RUN_RUNNING;
}

const char *bn_run_entity_id(const char *entity)
{
	if (!bn_str_starts(entity, "run/"))
		return NULL;
	const char *id = entity + 4;
	return strlen(id) == BN_RUN_ID_TEXT - 1 && bn_is_hex(id) ? id : NULL;
}

/* ---- what is known of the run so far -------------------------------------------------------- */

typedef struct run_state {
	bool exists, removed;
	uid_t uid;
	bn_run_status status;
} run_state;

static int state_get(run_state *out, sqlite3 *db, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	memset(out, 0, sizeof *out);
	int rc = bn_sql_prepare(
		&st, db, err, "SELECT uid, status, removed FROM run WHERE id = ?", "s", id);
	if (rc == 0 && (rc = bn_sql_step(st, err)) == 1) {
		out->exists = true;
		out->uid = (uid_t)sqlite3_column_int64(st, 0);
		if (!bn_run_status_parse(&out->status, (const char *)sqlite3_column_text(st, 1)))
			out->status = BN_RUN_LOST;
		out->removed = sqlite3_column_int(st, 2) != 0;
		rc = 0;
	}
	sqlite3_finalize(st);
	return rc;
}

/* 1 allowed, 0 refused (and said so), negative an error of the index. */
static int owner_only(bn_fold *f, const bn_event *ev, const run_state *s)
{
	if (ev->uid == s->uid)
		return 1;
	bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%s is not the owner of the run", ev->user);
	return 0;
}

static int owner_or_act(bn_fold *f, const bn_event *ev, const run_state *s, bn_act act, bn_err *err)
{
	if (ev->uid == s->uid)
		return 1;
	int rc = bn_fold_depends(f, "policy", err);
	if (rc != 0)
		return rc;
	bn_err why = BN_ERR_INIT;
	rc = bn_policy_allows(
		bn_fold_workspace(f), bn_fold_db(f), ev->uid, ev->user, act, &ev->key, &why);
	if (rc == 0)
		return 1;
	if (rc != BN_EREFUSED)
		return bn_err_set(err, rc, "%s", why.msg);
	bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%s", why.msg);
	return 0;
}

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

static int apply_created(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *name = bn_json_str(p, "name", NULL);
	const char *experiment = bn_json_str(p, "experiment", NULL);
	if (!name || !name[0] || !experiment || !experiment[0])
		return invalid(f, "a run needs a name and an experiment");
	static const char *const objects[] = {"spec", "diff"};
	int rc = 0;
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		const char *hash = bn_json_str(p, objects[i], NULL);
		if (hash && (strlen(hash) != BN_SHA256_HEX || !bn_is_hex(hash)))
			return invalid(f, "spec and diff name objects by their hash");
		if (hash)
			rc = bn_fold_object_ref(f, hash, objects[i], err);
	}
	if (rc != 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO run (id, name, experiment, uid, user, status, kind, title, "
		"host, created_ms, spec, dataset, parent, again, note) VALUES "
		"(?, ?, ?, ?, ?, 'SCHEDULED', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"sssissssisssss", id, name, experiment, (int64_t)ev->uid, ev->user,
		bn_json_str(p, "kind", NULL), bn_json_str(p, "title", NULL),
		bn_json_str(p, "host", NULL), bn_event_time_ms(ev), bn_json_str(p, "spec", NULL),
		bn_json_str(p, "dataset", NULL), bn_json_str(p, "parent", NULL),
		bn_json_str(p, "again", NULL), bn_json_str(p, "note", NULL));
}

static int apply_started(
	bn_fold *f, const bn_event *ev, const char *id, const run_state *s, bn_err *err)
{
	if (s->status != BN_RUN_SCHEDULED && s->status != BN_RUN_LOST)
		return invalid(f, s->status == BN_RUN_RUNNING ? "started already" : "over already");
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET status = 'RUNNING', host = ?, boot_id = ?, pid = nullif(?, -1), "
		"interval_ms = nullif(?, -1), started_ms = coalesce(started_ms, ?), "
		"finished_ms = NULL, reason = NULL WHERE id = ?",
		"ssiiis", bn_json_str(ev->payload, "host", NULL),
		bn_json_str(ev->payload, "boot_id", NULL), bn_json_int(ev->payload, "pid", -1),
		bn_json_int(ev->payload, "interval_ms", -1), bn_event_time_ms(ev), id);
}

static int apply_finished(
	bn_fold *f, const bn_event *ev, const char *id, const run_state *s, bn_err *err)
{
	bn_run_status to;
	if (!bn_run_status_parse(&to, bn_json_str(ev->payload, "status", NULL)) ||
		bn_run_status_is_live(to))
		return invalid(f, "status is none of FINISHED, FAILED, KILLED, LOST");
	if (to != BN_RUN_LOST && !owner_only(f, ev, s))
		return 0;
	if (!bn_run_status_is_live(s->status) && (s->status != BN_RUN_LOST || to == BN_RUN_LOST))
		return invalid(f, "over already");
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET status = ?, exit_code = nullif(?, -1), signal = nullif(?, 0), "
		"reason = ?, finished_ms = ? WHERE id = ?",
		"siisis", bn_run_status_name(to), bn_json_int(ev->payload, "exit_code", -1),
		bn_json_int(ev->payload, "signal", 0), bn_json_str(ev->payload, "reason", NULL),
		bn_event_time_ms(ev), id);
}

static int apply_removed(bn_fold *f, const bn_event *ev, const char *id, const run_state *s,
	bool removed, bn_err *err)
{
	int rc = owner_or_act(f, ev, s, BN_ACT_REMOVE, err);
	if (rc != 1)
		return rc;
	if (s->removed == removed)
		return invalid(f, removed ? "removed already" : "not removed");
	return bn_sql_run(bn_fold_db(f), err, "UPDATE run SET removed = ? WHERE id = ?", "is",
		(int64_t)removed, id);
}

static int apply_stop(
	bn_fold *f, const bn_event *ev, const char *id, const run_state *s, bn_err *err)
{
	int rc = owner_or_act(f, ev, s, BN_ACT_REMOVE, err);
	return rc != 1 ? rc
		       : bn_sql_run(bn_fold_db(f), err, "UPDATE run SET stop_ms = ? WHERE id = ?",
				 "is", bn_event_time_ms(ev), id);
}

/* ---- words ---------------------------------------------------------------------------------- */

static int apply_params(
	bn_fold *f, const bn_event *ev, const char *id, const run_state *s, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	json_t *params = json_object_get(ev->payload, "params"), *value;
	const char *key;
	if (!json_is_object(params))
		return invalid(f, "no params");
	if (!owner_only(f, ev, s))
		return 0;
	int rc = 0;
	json_object_foreach(params, key, value)
	{
		const char *text = json_string_value(value);
		double number;
		if (rc != 0 || !text)
			continue;
		if (bn_sql_int(db, 0,
			    "SELECT count(*) FROM run_param WHERE run_id = ? AND key = ? "
			    "AND value <> ?",
			    "sss", id, key, text) > 0) {
			bn_fold_outcome(
				f, BN_OUTCOME_INVALID, "parameter '%s' has another value", key);
			continue;
		}
		if (!bn_parse_f64(text, strlen(text), &number))
			number = NAN;
		rc = bn_sql_run(db, err, "INSERT OR IGNORE INTO run_param VALUES (?, ?, ?, ?)",
			"sssd", id, key, text, number);
	}
	return rc;
}

static int apply_tags(
	bn_fold *f, const bn_event *ev, const char *id, const run_state *s, bn_err *err)
{
	json_t *tags = json_object_get(ev->payload, "tags"), *value;
	const char *key;
	if (!json_is_object(tags))
		return invalid(f, "no tags");
	int rc = owner_or_act(f, ev, s, BN_ACT_TAG, err);
	if (rc != 1)
		return rc;
	rc = 0;
	json_object_foreach(tags, key, value)
	{
		if (rc == 0 && json_is_string(value))
			rc = bn_sql_run(bn_fold_db(f), err,
				"INSERT OR REPLACE INTO run_tag VALUES (?, ?, ?)", "sss", id, key,
				json_string_value(value));
		else if (rc == 0 && json_is_null(value))
			rc = bn_sql_run(bn_fold_db(f), err,
				"DELETE FROM run_tag WHERE run_id = ? AND key = ?", "ss", id, key);
	}
	return rc;
}

static int apply_note(
	bn_fold *f, const bn_event *ev, const char *id, const run_state *s, bn_err *err)
{
	const char *note = bn_json_str(ev->payload, "note", NULL);
	if (!note)
		return invalid(f, "no note");
	int rc = owner_or_act(f, ev, s, BN_ACT_TAG, err);
	return rc != 1 ? rc
		       : bn_sql_run(bn_fold_db(f), err,
				 "UPDATE run SET note = nullif(?, '') WHERE id = ?", "ss", note,
				 id);
}

static bool artifact_path_ok(const char *path)
{
	size_t len = path ? strlen(path) : 0;
	if (len == 0 || len > 4096 || path[0] == '/' || path[len - 1] == '/' || strstr(path, "//"))
		return false;
	for (const char *at = path; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
		if ((at[0] == '.' && (at[1] == '/' || !at[1])) ||
			(at[0] == '.' && at[1] == '.' && (at[2] == '/' || !at[2])))
			return false;
	return true;
}

static int apply_artifacts(
	bn_fold *f, const bn_event *ev, const char *id, const run_state *s, bn_err *err)
{
	json_t *list = json_object_get(ev->payload, "artifacts"), *a;
	const char *model = bn_json_str(ev->payload, "model", NULL);
	size_t i;
	if (!json_is_array(list))
		return invalid(f, "no artifacts");
	if (!owner_only(f, ev, s))
		return 0;
	json_array_foreach(list, i, a)
	{
		const char *hash = bn_json_str(a, "hash", "");
		if (!artifact_path_ok(bn_json_str(a, "path", NULL)) ||
			strlen(hash) != BN_SHA256_HEX || !bn_is_hex(hash) ||
			bn_json_int(a, "size", -1) < 0)
			return invalid(f, "an artifact without a path, hash or size");
	}
	int rc = 0;
	json_array_foreach(list, i, a)
	{
		if (rc == 0)
			rc = bn_sql_run(bn_fold_db(f), err,
				"INSERT OR REPLACE INTO run_artifact VALUES (?, ?, ?, ?, ?)",
				"sssii", id, bn_json_str(a, "path", NULL),
				bn_json_str(a, "hash", NULL), bn_json_int(a, "size", 0),
				bn_event_time_ms(ev));
		if (rc == 0)
			rc = bn_fold_object_ref(f, bn_json_str(a, "hash", NULL), "artifact", err);
	}
	if (rc == 0 && model)
		rc = bn_sql_run(bn_fold_db(f), err, "UPDATE run SET model = ? WHERE id = ?", "ss",
			model, id);
	return rc;
}

/* ---- the classes ---------------------------------------------------------------------------- */

static int run_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *id = bn_run_entity_id(ev->entity), *kind = ev->kind;
	run_state s;
	if (!id)
		return invalid(f, "not the id of a run");
	if (!strcmp(kind, "run.metrics"))
		return bn_series_apply(f, ev, id, err);
	if (!strcmp(kind, "run.heartbeat"))
		return bn_liveness_apply_heartbeat(f, ev, id, err);
	if (!strcmp(kind, "run.resources"))
		return bn_liveness_apply_resources(f, ev, id, err);
	if (!ev->payload)
		return invalid(f, "not a JSON object");
	int rc = state_get(&s, bn_fold_db(f), id, err);
	if (rc != 0)
		return rc;
	if (!strcmp(kind, "run.created"))
		return s.exists ? invalid(f, "created already") : apply_created(f, ev, id, err);
	if (!s.exists)
		return invalid(f, "no such run");
	if (!strcmp(kind, "run.started"))
		return owner_only(f, ev, &s) ? apply_started(f, ev, id, &s, err) : 0;
	if (!strcmp(kind, "run.finished"))
		return apply_finished(f, ev, id, &s, err);
	if (!strcmp(kind, "run.param"))
		return apply_params(f, ev, id, &s, err);
	if (!strcmp(kind, "run.tag"))
		return apply_tags(f, ev, id, &s, err);
	if (!strcmp(kind, "run.note"))
		return apply_note(f, ev, id, &s, err);
	if (!strcmp(kind, "run.artifact"))
		return apply_artifacts(f, ev, id, &s, err);
	if (!strcmp(kind, "run.removed") || !strcmp(kind, "run.restored"))
		return apply_removed(f, ev, id, &s, !strcmp(kind, "run.removed"), err);
	if (!strcmp(kind, "run.stop"))
		return apply_stop(f, ev, id, &s, err);
	return invalid(f, "no such kind of event");
}

static int run_clear(bn_fold *f, const char *entity, bn_err *err)
{
	const char *id = bn_run_entity_id(entity);
	sqlite3 *db = bn_fold_db(f);
	if (!id)
		return 0;
	int rc = bn_sql_run(db, err, "DELETE FROM run WHERE id = ?", "s", id);
	if (rc == 0)
		rc = bn_sql_run(db, err, "DELETE FROM run_param WHERE run_id = ?", "s", id);
	if (rc == 0)
		rc = bn_sql_run(db, err, "DELETE FROM run_tag WHERE run_id = ?", "s", id);
	if (rc == 0)
		rc = bn_sql_run(db, err, "DELETE FROM run_artifact WHERE run_id = ?", "s", id);
	return rc;
}

static const char *const run_commuting[] = {"run.metrics", "run.heartbeat", "run.resources", NULL};
const bn_fold_class bn_run_fold_class = {
	.name = "run",
	.commuting_kinds = run_commuting,
	.apply = run_apply,
	.clear = run_clear,
};

/* experiment.created {note}, experiment.note {note}, experiment.removed, experiment.restored. An
 * experiment also exists by being named in a run. */
static int experiment_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *name = ev->entity + strlen("experiment/");
	sqlite3 *db = bn_fold_db(f);
	int rc = bn_sql_run(db, err,
		"INSERT OR IGNORE INTO experiment (name, user, created_ms) VALUES (?, ?, ?)", "ssi",
		name, ev->user, bn_event_time_ms(ev));
	if (rc != 0)
		return rc;
	if (!strcmp(ev->kind, "experiment.created") || !strcmp(ev->kind, "experiment.note"))
		return bn_sql_run(db, err,
			"UPDATE experiment SET note = coalesce(?, note) WHERE name = ?", "ss",
			bn_json_str(ev->payload, "note", NULL), name);
	if (!strcmp(ev->kind, "experiment.removed") || !strcmp(ev->kind, "experiment.restored"))
		return bn_sql_run(db, err, "UPDATE experiment SET removed = ? WHERE name = ?", "is",
			(int64_t)!strcmp(ev->kind, "experiment.removed"), name);
	return invalid(f, "no such kind of event");
}

static int experiment_clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM experiment WHERE name = ?", "s",
		entity + strlen("experiment/"));
}

const bn_fold_class bn_experiment_fold_class = {
	.name = "experiment",
	.apply = experiment_apply,
	.clear = experiment_clear,
};
