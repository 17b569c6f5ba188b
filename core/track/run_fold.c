/*
 * run_fold.c - turns events of runs into rows (see run.h and core/run/runlog.h).
 *
 * A run belongs to its creator, which its id proves (core/run/run_id.h), or, if an older program made the id,
 * to the first creation, those closed by an upgrade preceding all others. Its content (parameters, artifacts,
 * its end) is accepted only from its owner; tags, notes, the trash and stopping also from users allowed by the
 * policy; anyone may declare it LOST, which an event of the owner overrides.
 */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/govern/closed.h"
#include "core/govern/rights.h"
#include "core/launch/queue_fold.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"
#include "core/store/index/ref.h"
#include "core/track/_fold.h"
#include "core/track/_run_fold.h"
#include "core/track/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {
	"SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED", "LOST", "QUEUED"};

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
	return status == BN_RUN_SCHEDULED || status == BN_RUN_RUNNING || status == BN_RUN_QUEUED;
}

int64_t bn_run_number(sqlite3 *db, const char *id)
{
	char entity[8 + BN_RUN_ID_TEXT];
	snprintf(entity, sizeof entity, "run/%.32s", id);
	return strlen(id) == BN_RUN_ID_TEXT - 1 ? bn_index_entity(db, entity) : -1;
}

/* The id of an entity "run/<32 hex>"; NULL when it is not one. Borrowed from entity. */
static const char *entity_id(const char *entity)
{
	if (!bn_str_starts(entity, "run/"))
		return NULL;
	const char *id = entity + 4;
	return strlen(id) == BN_RUN_ID_TEXT - 1 && bn_is_hex(id) ? id : NULL;
}

/* ---- what is known about the run so far
 * -------------------------------------------------------- */

typedef bn_run_state run_state;

static int state_get(run_state *out, sqlite3 *db, int64_t no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = (run_state){.no = no};
	int rc = bn_sql_cached(&st, db, err,
		"SELECT owner, status, removed, experiment, trashed, reported FROM run WHERE no = "
		"?",
		"i", no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		out->exists = true;
		out->uid = (uid_t)sqlite3_column_int64(st, 0);
		if (!bn_run_status_parse(&out->status, (const char *)sqlite3_column_text(st, 1)))
			out->status = BN_RUN_LOST;
		out->removed = sqlite3_column_int(st, 2) != 0;
		out->experiment = sqlite3_column_int64(st, 3);
		out->trashed = sqlite3_column_int(st, 4) != 0;
		out->reported = sqlite3_column_int(st, 5) != 0;
		rc = 0;
	}
	sqlite3_reset(st);
	return rc;
}

int bn_run_recount(bn_fold *f, const run_state *s, bool removed, bn_run_status status, bn_err *err)
{
	int rc = bn_track_count(
		f, s->experiment, s->removed, bn_run_status_name(s->status), -1, err);
	return rc < 0 ? rc
		      : bn_track_count(
				f, s->experiment, removed, bn_run_status_name(status), 1, err);
}

int bn_run_owner_only(bn_fold *f, const bn_event *ev, const run_state *s)
{
	if (ev->uid == s->uid)
		return 1;
	char who[BN_UID_TEXT];
	bn_fold_outcome(
		f, BN_OUTCOME_REFUSED, "%s is not the owner of the run", bn_uid_text(ev->uid, who));
	return 0;
}

int bn_run_owner_or_act(bn_fold *f, const bn_event *ev, const run_state *s, bn_act act, bn_err *err)
{
	if (ev->uid == s->uid)
		return 1;
	return bn_rights_admits(f, ev, act, err);
}

int bn_run_invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

/* Objects named by hash in a run. */
static int created_objects(bn_fold *f, const bn_event *ev, bool *fine, bn_err *err)
{
	static const char *const objects[] = {"spec", "diff"};
	int rc = 0;
	*fine = true;
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		const char *hash = bn_json_str(ev->payload, objects[i], NULL);
		if (hash && (strlen(hash) != BN_SHA256_HEX || !bn_is_hex(hash))) {
			*fine = false;
			return bn_run_invalid(f, "spec and diff name objects by their hash");
		}
		if (hash)
			rc = bn_fold_object_ref(f, hash, objects[i], err);
	}
	return rc;
}

/* An id of an older program does not tell its creator. Such runs not closed by an upgrade are recorded. */
static int unclosed_note(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int rc;
	if (!bn_fold_founding(f)[0])
		return 0;
	/* What is closed may only become known later. */
	if ((rc = bn_fold_depends(f, "policy", err)) < 0)
		return rc;
	if (!bn_closed_is_upgraded(db) || bn_closed_has(db, ev))
		return 0;
	return bn_sql_run(
		db, err, "INSERT OR IGNORE INTO run_unclosed (run) VALUES (?)", "i", ev->entity_no);
}

static int apply_created(
	bn_fold *f, const bn_event *ev, const char *id, bool is_mirror, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *name = bn_json_str(p, "name", NULL);
	const char *experiment = bn_json_str(p, "experiment", NULL);
	uint8_t raw[(BN_RUN_ID_TEXT - 1) / 2];
	int64_t in;
	const char *resumes = bn_json_str(p, "resumes", NULL);
	bool fine;
	int rc;
	if (!name || !name[0] || !experiment || !experiment[0])
		return bn_run_invalid(f, "a run needs a name and an experiment");
	int64_t step = resumes ? bn_json_int(p, "resumed_step", -1) : -1;
	if (resumes && (!bn_run_id_is_valid(resumes) || strcmp(resumes, id) == 0 || step < 1))
		return bn_run_invalid(
			f, "what it resumes is not another run after some of its steps");
	bn_run_maker maker = bn_run_id_maker(id, ev->key.writer, bn_json_str(p, "nonce", NULL));
	if (maker == BN_RUN_MAKER_OTHER && !is_mirror) {
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "the run's id names another writer than %s",
			ev->key.writer);
		return 0;
	}
	if ((rc = created_objects(f, ev, &fine, err)) < 0 || !fine)
		return rc;
	if (maker == BN_RUN_MAKER_UNSAID && (rc = unclosed_note(f, ev, err)) < 0)
		return rc;
	bn_unhex(id, sizeof raw, raw);
	if ((rc = bn_fold_name(f, BN_NAME_EXPERIMENT, experiment, &in, err)) < 0)
		return rc;
	if ((rc = bn_sql_run(bn_fold_db(f), err,
		     "INSERT INTO run (no, id, name, experiment, owner, status, kind, title, "
		     "host, created_ms, spec, dataset, parent, again, resumes, resumed_step, note) "
		     "VALUES (?, ?, ?, ?, ?, 'SCHEDULED', ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, "
		     "-1), "
		     "?)",
		     "ibsiisssisssssis", ev->entity_no, raw, sizeof raw, name, in, (int64_t)ev->uid,
		     bn_json_str(p, "kind", NULL), bn_json_str(p, "title", NULL),
		     bn_json_str(p, "host", NULL), bn_event_time_ms(ev),
		     bn_json_str(p, "spec", NULL), bn_json_str(p, "dataset", NULL),
		     bn_json_str(p, "parent", NULL), bn_json_str(p, "again", NULL), resumes, step,
		     bn_json_str(p, "note", NULL))) < 0)
		return rc;
	if ((rc = bn_run_apply_reported(f, ev, err)) < 0)
		return rc;
	bool removed = bn_experiment_is_removed(bn_fold_db(f), in);
	if (removed && (rc = bn_sql_run(bn_fold_db(f), err,
				"UPDATE run SET removed = 1 WHERE no = ?", "i", ev->entity_no)) < 0)
		return rc;
	if ((rc = bn_track_count(f, in, removed,
		     bn_json_bool(p, "reported", false) ? "RUNNING" : "SCHEDULED", 1, err)) < 0)
		return rc;
	return bn_track_touch(f, ev->entity_no, (int64_t)ev->uid, BN_TOUCH_ADDED, err);
}

static int apply_submitted(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	const char *executor = bn_json_str(ev->payload, "executor", NULL);
	if (!executor || !executor[0])
		return bn_run_invalid(f, "no executor is named");
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET executor = ?, job = coalesce(?, job) WHERE no = ?", "ssi", executor,
		bn_json_str(ev->payload, "job", NULL), s->no);
}

/* A run declared lost by a reader that does not know queues is still waiting. */
static int apply_queued(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	bool fine;
	int rc;
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	if (s->status != BN_RUN_SCHEDULED && s->status != BN_RUN_LOST)
		return bn_run_invalid(
			f, s->status == BN_RUN_QUEUED ? "queued already" : "started already");
	if ((rc = bn_queue_fold_queued(f, ev, &fine, err)) < 0 || !fine)
		return rc;
	if ((rc = bn_run_recount(f, s, s->removed, BN_RUN_QUEUED, err)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET status = 'QUEUED', finished_ms = NULL, reason = NULL, "
		"failure = NULL WHERE no = ?",
		"i", s->no);
}

static int apply_started(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	const char *boot = bn_json_str(ev->payload, "boot_id", NULL);
	const char *diff = bn_json_str(json_object_get(ev->payload, "code"), "diff", NULL);
	int64_t boot_no = -1;
	int rc;
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	if (s->status != BN_RUN_SCHEDULED && s->status != BN_RUN_QUEUED && s->status != BN_RUN_LOST)
		return bn_run_invalid(
			f, s->status == BN_RUN_RUNNING ? "started already" : "over already");
	if (diff && (strlen(diff) != BN_SHA256_HEX || !bn_is_hex(diff)))
		return bn_run_invalid(f, "a diff is named by its hash");
	if (diff && (rc = bn_fold_object_ref(f, diff, "diff at start", err)) < 0)
		return rc;
	if (boot && (rc = bn_fold_name(f, BN_NAME_TEXT, boot, &boot_no, err)) < 0)
		return rc;
	if ((rc = bn_run_recount(f, s, s->removed, BN_RUN_RUNNING, err)) < 0 ||
		(rc = bn_queue_fold_started(f, s->no, err)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET status = 'RUNNING', host = ?, boot = nullif(?, -1), "
		"pid = nullif(?, -1), interval_ms = nullif(?, -1), "
		"started_ms = coalesce(started_ms, ?), finished_ms = NULL, reason = NULL, "
		"failure = NULL, "
		"code_changed = ? WHERE no = ?",
		"siiiisi", bn_json_str(ev->payload, "host", NULL), boot_no,
		bn_json_int(ev->payload, "pid", -1), bn_json_int(ev->payload, "interval_ms", -1),
		bn_event_time_ms(ev), bn_json_str(ev->payload, "changed", NULL), s->no);
}

static int apply_finished(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	bn_run_status to;
	int rc;
	if (!bn_run_status_parse(&to, bn_json_str(ev->payload, "status", NULL)) ||
		bn_run_status_is_live(to))
		return bn_run_invalid(f, "status must be FINISHED, FAILED, KILLED or LOST");
	if (to != BN_RUN_LOST && !bn_run_owner_only(f, ev, s))
		return 0;
	if (s->status == BN_RUN_QUEUED && to == BN_RUN_LOST)
		return bn_run_invalid(f, "it waits in a queue");
	if (!bn_run_status_is_live(s->status) && (s->status != BN_RUN_LOST || to == BN_RUN_LOST))
		return bn_run_invalid(f, "over already");
	if ((rc = bn_run_recount(f, s, s->removed, to, err)) < 0 ||
		(rc = bn_queue_fold_left(f, s->no, err)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET status = ?, exit_code = nullif(?, -1), signal = nullif(?, 0), "
		"reason = ?, failure = ?, finished_ms = ? WHERE no = ?",
		"siissii", bn_run_status_name(to), bn_json_int(ev->payload, "exit_code", -1),
		bn_json_int(ev->payload, "signal", 0), bn_json_str(ev->payload, "reason", NULL),
		bn_json_str(ev->payload, "failure", NULL), bn_event_time_ms(ev), s->no);
}

static int apply_removed(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	bool removed = !strcmp(ev->kind, "run.removed");
	int rc = bn_run_owner_or_act(f, ev, s, BN_ACT_REMOVE, err);
	if (rc != 1)
		return rc;
	if (s->trashed == removed)
		return bn_run_invalid(f, removed ? "removed already" : "not removed");
	bool hidden = removed || bn_experiment_is_removed(bn_fold_db(f), s->experiment);
	if ((rc = bn_run_recount(f, s, hidden, s->status, err)) < 0 ||
		(rc = bn_track_touch(f, s->no, (int64_t)s->uid, BN_TOUCH_ANEW, err)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET removed = ?, trashed = ?, removed_ms = ? WHERE no = ?", "iiii",
		(int64_t)hidden, (int64_t)removed, removed ? bn_event_time_ms(ev) : (int64_t)0,
		s->no);
}

static int apply_stop(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	int rc = bn_run_owner_or_act(f, ev, s, BN_ACT_REMOVE, err);
	if (rc != 1 || (rc = bn_queue_fold_stop(f, s->no, err)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err, "UPDATE run SET stop_ms = ? WHERE no = ?", "ii",
		bn_event_time_ms(ev), s->no);
}

/* ---- words ---------------------------------------------------------------------------------- */

static int apply_param(bn_fold *f, int64_t run, const char *key, const char *text, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	sqlite3_stmt *st = NULL;
	double number;
	int64_t no;
	bool other = false;
	int rc;
	if ((rc = bn_fold_key(f, BN_KEY_PARAM, key, &no, err)) < 0)
		return rc;
	if (!bn_parse_f64(text, strlen(text), &number))
		number = NAN;
	if ((rc = bn_sql_run(db, err, "INSERT OR IGNORE INTO run_param VALUES (?, ?, ?, ?)", "iisd",
		     run, no, text, number)) < 0 ||
		sqlite3_changes(db) > 0)
		return rc;
	if ((rc = bn_sql_cached(&st, db, err,
		     "SELECT 1 FROM run_param WHERE run = ? AND key = ? AND value <> ?", "iis", run,
		     no, text)) < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		other = true;
		rc = 0;
	}
	sqlite3_reset(st);
	if (other)
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "parameter '%s' has another value", key);
	return rc;
}

static int apply_params(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	json_t *params = json_object_get(ev->payload, "params"), *value;
	const char *key;
	if (!json_is_object(params))
		return bn_run_invalid(f, "no params");
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	int rc;
	json_object_foreach(params, key, value)
	{
		if (json_is_string(value) &&
			(rc = apply_param(f, s->no, key, json_string_value(value), err)) < 0)
			return rc;
	}
	return bn_track_touch(f, s->no, (int64_t)s->uid, BN_TOUCH_ADDED, err);
}

static int apply_tag(
	bn_fold *f, const run_state *s, const char *key, const json_t *value, bn_err *err)
{
	int64_t no;
	int rc;
	if (!json_is_string(value) && !json_is_null(value))
		return 0;
	if ((rc = bn_fold_key(f, BN_KEY_TAG, key, &no, err)) < 0)
		return rc;
	if (json_is_string(value))
		rc = bn_sql_run(bn_fold_db(f), err, "REPLACE INTO run_tag VALUES (?, ?, ?)", "iis",
			s->no, no, json_string_value(value));
	else
		rc = bn_sql_run(bn_fold_db(f), err, "DELETE FROM run_tag WHERE run = ? AND key = ?",
			"ii", s->no, no);
	return rc < 0 ? rc
		      : bn_track_touch(f, s->no, (int64_t)s->uid,
				json_is_null(value) ? BN_TOUCH_ANEW : BN_TOUCH_ADDED, err);
}

static int apply_tags(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	json_t *tags = json_object_get(ev->payload, "tags"), *value;
	const char *key;
	if (!json_is_object(tags))
		return bn_run_invalid(f, "no tags");
	int rc = bn_run_owner_or_act(f, ev, s, BN_ACT_TAG, err);
	if (rc != 1)
		return rc;
	json_object_foreach(tags, key, value)
	{
		if ((rc = apply_tag(f, s, key, value, err)) < 0)
			return rc;
	}
	return 0;
}

static int apply_note(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	const char *note = bn_json_str(ev->payload, "note", NULL);
	if (!note)
		return bn_run_invalid(f, "no note");
	int rc = bn_run_owner_or_act(f, ev, s, BN_ACT_TAG, err);
	return rc != 1 ? rc
		       : bn_sql_run(bn_fold_db(f), err,
				 "UPDATE run SET note = nullif(?, '') WHERE no = ?", "si", note,
				 s->no);
}

bool bn_artifact_path_is_valid(const char *path)
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

static int apply_artifacts(bn_fold *f, const bn_event *ev, const run_state *s, bn_err *err)
{
	json_t *list = json_object_get(ev->payload, "artifacts"), *a;
	const char *model = bn_json_str(ev->payload, "model", NULL);
	const char *manifest = bn_json_str(ev->payload, "manifest", NULL);
	size_t i;
	if (!json_is_array(list))
		return bn_run_invalid(f, "no artifacts");
	if (manifest && (strlen(manifest) != BN_SHA256_HEX || !bn_is_hex(manifest)))
		return bn_run_invalid(f, "a manifest is named by its hash");
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	json_array_foreach(list, i, a)
	{
		const char *hash = bn_json_str(a, "hash", "");
		if (!bn_artifact_path_is_valid(bn_json_str(a, "path", NULL)) ||
			strlen(hash) != BN_SHA256_HEX || !bn_is_hex(hash) ||
			bn_json_int(a, "size", -1) < 0)
			return bn_run_invalid(f, "an artifact without a path, hash or size");
	}
	int rc;
	json_array_foreach(list, i, a)
	{
		if ((rc = bn_sql_run(bn_fold_db(f), err,
			     "INSERT OR REPLACE INTO run_artifact VALUES (?, ?, ?, ?, ?)", "issii",
			     s->no, bn_json_str(a, "path", NULL), bn_json_str(a, "hash", NULL),
			     bn_json_int(a, "size", 0), bn_event_time_ms(ev))) < 0)
			return rc;
		if ((rc = bn_fold_object_ref(f, bn_json_str(a, "hash", NULL), "artifact", err)) < 0)
			return rc;
	}
	if (manifest && (rc = bn_fold_object_ref(f, manifest, "artifact manifest", err)) < 0)
		return rc;
	if (!model)
		return 0;
	return bn_sql_run(
		bn_fold_db(f), err, "UPDATE run SET model = ? WHERE no = ?", "si", model, s->no);
}

/* ---- the class ------------------------------------------------------------------------------ */

enum {
	METRICS,
	HEARTBEAT,
	RESOURCES,
	CREATED,
	SUBMITTED,
	QUEUED,
	STARTED,
	FINISHED,
	REMOVED,
	RESTORED,
	PARAM,
	TAG,
	NOTE,
	ARTIFACT,
	STOP,
	STATUS,
	RENAMED,
	ARTIFACT_REMOVED,
	INPUTS,
	OUTPUTS,
};

/* See core/run/runlog.h. */
static const bn_fold_kind kinds[] = {
	[METRICS] = {"run.metrics", .commuting = true},
	[HEARTBEAT] = {"run.heartbeat", .fields = BN_FIELDS("interval_ms"), .commuting = true},
	[RESOURCES] = {"run.resources",
		.fields = BN_FIELDS("processes", "threads", "rss_bytes", "peak_rss_bytes", "cpu_ms",
			"read_bytes", "write_bytes", "energy_joules"),
		.commuting = true},
	[CREATED] = {"run.created",
		.fields = BN_FIELDS("name", "experiment", "kind", "title", "host", "spec", "diff",
			"dataset", "parent", "again", "resumes", "resumed_step", "note", "nonce",
			"user", "start_ms", "reported", "source")},
	[SUBMITTED] = {"run.submitted", .fields = BN_FIELDS("executor", "job")},
	[QUEUED] = {"run.queued", .fields = BN_FIELDS("queue", "cores", "memory_bytes")},
	/* code: as in a spec, which has its own table. */
	[STARTED] = {"run.started",
		.fields = BN_FIELDS("host", "boot_id", "pid", "interval_ms", "changed", "code.*")},
	[FINISHED] = {"run.finished",
		.fields = BN_FIELDS("status", "exit_code", "signal", "reason", "failure")},
	[REMOVED] = {.name = "run.removed"},
	[RESTORED] = {.name = "run.restored"},
	[PARAM] = {"run.param", .fields = BN_FIELDS("params.*")},
	[TAG] = {"run.tag", .fields = BN_FIELDS("tags.*")},
	[NOTE] = {"run.note", .fields = BN_FIELDS("note")},
	[ARTIFACT] = {"run.artifact", .fields = BN_FIELDS("artifacts.path", "artifacts.hash",
					      "artifacts.size", "model", "manifest")},
	[STOP] = {.name = "run.stop"},
	[STATUS] = {"run.status", .fields = BN_FIELDS("status", "start_ms", "end_ms")},
	[RENAMED] = {"run.renamed", .fields = BN_FIELDS("name")},
	[ARTIFACT_REMOVED] = {"run.artifact_removed", .fields = BN_FIELDS("paths")},
	[INPUTS] = {"run.inputs",
		.fields = BN_FIELDS("datasets.name", "datasets.digest", "datasets.source_type",
			"datasets.source", "datasets.schema", "datasets.schema_hash",
			"datasets.profile", "datasets.profile_hash", "datasets.tags.*", "models")},
	[OUTPUTS] = {"run.outputs", .fields = BN_FIELDS("models.id", "models.step")},
	{0},
};

/* Ordered kinds of a run that exists. */
static int (*const actions[])(bn_fold *, const bn_event *, const run_state *, bn_err *) = {
	[SUBMITTED] = apply_submitted,
	[QUEUED] = apply_queued,
	[STARTED] = apply_started,
	[FINISHED] = apply_finished,
	[REMOVED] = apply_removed,
	[RESTORED] = apply_removed,
	[PARAM] = apply_params,
	[TAG] = apply_tags,
	[NOTE] = apply_note,
	[ARTIFACT] = apply_artifacts,
	[STOP] = apply_stop,
	[STATUS] = bn_run_apply_status,
	[RENAMED] = bn_run_apply_renamed,
	[ARTIFACT_REMOVED] = bn_run_apply_artifact_removed,
	[INPUTS] = bn_run_apply_inputs,
	[OUTPUTS] = bn_run_apply_outputs,
};

/* What a supervisor or a queue says. The state of a reported run is what its own program reports. */
static bool is_supervised(size_t kind)
{
	return kind == SUBMITTED || kind == QUEUED || kind == STARTED || kind == FINISHED;
}

/* The batch changes rows of table run that lists may show. */
static int rows_change(bn_fold *f, bn_err *err)
{
	bn_track_batch *b = NULL;
	int rc = bn_track_batch_get(&b, f, err);
	if (rc < 0)
		return rc;
	b->runs_changed = true;
	return 0;
}

/* Summaries, points and heartbeats come from commuting events: they stay. */
static int run_clear(bn_fold *f, const char *entity, bn_err *err)
{
	static const char *const deletes[] = {"DELETE FROM run WHERE no = ?",
		"DELETE FROM run_param WHERE run = ?", "DELETE FROM run_tag WHERE run = ?",
		"DELETE FROM run_artifact WHERE run = ?", "DELETE FROM run_unclosed WHERE run = ?",
		"DELETE FROM run_dataset WHERE run = ?",
		"DELETE FROM run_dataset_tag WHERE run = ?", "DELETE FROM run_model WHERE run = ?"};
	sqlite3 *db = bn_fold_db(f);
	run_state s;
	int64_t no;
	int rc;
	if (!entity_id(entity))
		return 0;
	if ((rc = rows_change(f, err)) < 0 || (rc = bn_fold_entity(f, entity, &no, err)) < 0 ||
		(rc = state_get(&s, db, no, err)) < 0)
		return rc;
	if (s.exists && (rc = bn_track_count(f, s.experiment, s.removed,
				 bn_run_status_name(s.status), -1, err)) < 0)
		return rc;
	if ((rc = bn_track_touch(f, no, (int64_t)s.uid, BN_TOUCH_ANEW, err)) < 0)
		return rc;
	for (size_t i = 0; i < sizeof deletes / sizeof *deletes; i++)
		if ((rc = bn_sql_run(db, err, deletes[i], "i", no)) < 0)
			return rc;
	return bn_queue_fold_left(f, no, err);
}

/* 1: a creation closed by an upgrade replaces one that is not, regardless of clocks; 0: not. */
static int takes_over(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int rc;
	if (!bn_fold_founding(f)[0] || !bn_closed_has(db, ev) ||
		bn_sql_int(db, 0, "SELECT 1 FROM run_unclosed WHERE run = ?", "i", ev->entity_no) !=
			1)
		return 0;
	if ((rc = run_clear(f, ev->entity, err)) < 0 ||
		(rc = bn_fold_overrule_earlier(f, ev,
			 "the run is that of an older creation, which an upgrade closed", err)) < 0)
		return rc;
	return 1;
}

static int apply_ordered(
	bn_fold *f, const bn_event *ev, const char *id, bool is_mirror, bn_err *err)
{
	run_state s;
	int rc;
	if (!id)
		return bn_run_invalid(f, "not the id of a run");
	if (!ev->payload)
		return bn_run_invalid(f, "not a JSON object");
	if ((rc = state_get(&s, bn_fold_db(f), ev->entity_no, err)) < 0 ||
		(ev->kind_no != PARAM && ev->kind_no != ARTIFACT &&
			ev->kind_no != ARTIFACT_REMOVED && ev->kind_no != INPUTS &&
			ev->kind_no != OUTPUTS && (rc = rows_change(f, err)) < 0))
		return rc;
	if (ev->kind_no == CREATED) {
		if (s.exists && (rc = takes_over(f, ev, err)) <= 0)
			return rc < 0 ? rc : bn_run_invalid(f, "created already");
		return apply_created(f, ev, id, is_mirror, err);
	}
	if (s.reported && is_supervised(ev->kind_no))
		return bn_run_invalid(f, "its own program reports its state");
	return s.exists ? actions[ev->kind_no](f, ev, &s, err) : bn_run_invalid(f, "no such run");
}

static int apply_any(bn_fold *f, const bn_event *ev, bool is_mirror, bn_err *err)
{
	static int (*const commuting[])(bn_fold *, const bn_event *, bn_err *) = {
		[METRICS] = bn_series_apply,
		[HEARTBEAT] = bn_liveness_apply_heartbeat,
		[RESOURCES] = bn_liveness_apply_resources,
	};
	const char *id = entity_id(ev->entity);
	if (!kinds[ev->kind_no].commuting)
		return apply_ordered(f, ev, id, is_mirror, err);
	return id ? commuting[ev->kind_no](f, ev, err) : 0;
}

static int run_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	return apply_any(f, ev, false, err);
}

static int mirror_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	return apply_any(f, ev, true, err);
}

/* The id of a run in a dump view, or in an entity's name. */
#define OF_REMOVED_RUN(id) \
	id " IN (SELECT r.id FROM dump_run r WHERE r.trashed <> 0 AND r.removed_ms <= ?1)"

static const bn_fold_gone gone[] = {
	{"object_ref",
		"entity GLOB 'run/*' AND commuting = 0 AND " OF_REMOVED_RUN("substr(entity, 5)")},
	{"run", "trashed <> 0 AND removed_ms <= ?1"},
	{"run_artifact", OF_REMOVED_RUN("run_artifact.run_id")},
	{"run_dataset", OF_REMOVED_RUN("run_dataset.run_id")},
	{"run_dataset_tag", OF_REMOVED_RUN("run_dataset_tag.run_id")},
	{"run_model", OF_REMOVED_RUN("run_model.run_id")},
	{"run_param", OF_REMOVED_RUN("run_param.run_id")},
	{"run_tag", OF_REMOVED_RUN("run_tag.run_id")},
	{"run_unclosed", OF_REMOVED_RUN("run_unclosed.run_id")},
	{NULL, NULL},
};

#define RUN_CLASS(fn, of) \
	{ \
		.name = "run", .variant_of = (of), \
		.kinds = kinds, \
		.schema = "share/sql/0020_track.sql", \
		.gone = gone, \
		.apply = (fn), \
		.clear = run_clear, \
		.batch_end = bn_track_batch_end, \
		.batch_free = bn_track_batch_free, \
		.attach = bn_track_attach \
	}

const bn_fold_class bn_run_fold_class = RUN_CLASS(run_apply, NULL);
const bn_fold_class bn_run_mirror_class = RUN_CLASS(mirror_apply, &bn_run_fold_class);
