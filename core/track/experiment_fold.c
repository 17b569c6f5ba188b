/* experiment_fold.c - the fold of experiments (see experiment.h). What they show is derived in experiment_names.c. */
#include "core/base/json.h"
#include "core/govern/rights.h"
#include "core/run/runlog.h"
#include "core/track/_fold.h"
#include "core/track/_run_fold.h"
#include "core/track/experiment.h"

#include <string.h>

enum { CREATED, NOTE, REMOVED, RESTORED, RENAMED, TAG };
static const bn_fold_kind kinds[] = {
	[CREATED] = {"experiment.created",
		.fields = BN_FIELDS("note", "id", "artifact_location", "created_ms")},
	[NOTE] = {"experiment.note", .fields = BN_FIELDS("note")},
	[REMOVED] = {.name = "experiment.removed"},
	[RESTORED] = {.name = "experiment.restored"},
	[RENAMED] = {"experiment.renamed", .fields = BN_FIELDS("name")},
	[TAG] = {"experiment.tag", .fields = BN_FIELDS("tags.*")},
	{0},
};

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

/* The first one with something to say of it counts. */
static int apply_created(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	const json_t *p = ev->payload;
	int64_t created = bn_json_int(p, "created_ms", -1);
	if (bn_sql_int(bn_fold_db(f), 0, "SELECT is_made FROM experiment WHERE name = ?", "s",
		    name) == 1)
		return invalid(f, "created already");
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE experiment SET is_made = 1, id = ?1, artifact_location = ?2, created_ms = ?3, "
		"updated_ms = coalesce(nullif(?4, -1), updated_ms), note = coalesce(?5, note) "
		"WHERE name = ?6",
		"ssiiss", bn_json_str(p, "id", NULL), bn_json_str(p, "artifact_location", NULL),
		created < 0 ? bn_event_time_ms(ev) : created, created < 0 ? (int64_t)-1 : created,
		bn_json_str(p, "note", NULL), name);
}

static int apply_tags(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	json_t *value;
	const char *key;
	int rc = 0;
	json_object_foreach(json_object_get(ev->payload, "tags"), key, value)
	{
		if (json_is_string(value))
			rc = bn_sql_run(bn_fold_db(f), err,
				"REPLACE INTO experiment_tag VALUES (?, ?, ?)", "sss", name, key,
				json_string_value(value));
		else if (json_is_null(value))
			rc = bn_sql_run(bn_fold_db(f), err,
				"DELETE FROM experiment_tag WHERE experiment = ? AND key = ?", "ss",
				name, key);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What is malformed, or NULL. */
static const char *fault(const bn_event *ev)
{
	const char *id = bn_json_str(ev->payload, "id", NULL);
	const char *name = bn_json_str(ev->payload, "name", "");
	if (ev->kind_no == CREATED && id && !bn_experiment_id_is_valid(id))
		return "an id has letters, digits, _ and -";
	if (ev->kind_no == RENAMED && (!name[0] || strlen(name) > BN_RUN_NAME_MAX))
		return "an experiment needs a name";
	if (ev->kind_no == TAG && !json_is_object(json_object_get(ev->payload, "tags")))
		return "no tags";
	return NULL;
}

static int act(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	switch (ev->kind_no) {
	case CREATED:
		return apply_created(f, ev, name, err);
	case TAG:
		return apply_tags(f, ev, name, err);
	case RENAMED:
		return bn_sql_run(db, err,
			"UPDATE experiment SET renamed = ?, renamed_clock = ?, updated_ms = ? "
			"WHERE name = ?",
			"siis", bn_json_str(ev->payload, "name", NULL), (int64_t)ev->key.clock,
			bn_event_time_ms(ev), name);
	case REMOVED:
	case RESTORED:
		return bn_sql_run(db, err,
			"UPDATE experiment SET removed = ?, updated_ms = ? WHERE name = ?", "iis",
			(int64_t)(ev->kind_no == REMOVED), bn_event_time_ms(ev), name);
	default:
		return bn_sql_run(db, err,
			"UPDATE experiment SET note = coalesce(?, note) WHERE name = ?", "ss",
			bn_json_str(ev->payload, "note", NULL), name);
	}
}

/* Its name or id may be another now, and so may those of others. */
static int note_change(bn_fold *f, bn_err *err)
{
	bn_track_batch *b = NULL;
	int rc = bn_track_batch_get(&b, f, err);
	if (rc < 0)
		return rc;
	b->experiments_changed = true;
	return 0;
}

static int experiment_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *name = ev->entity + strlen("experiment/"), *why = fault(ev);
	bool hides = ev->kind_no == REMOVED || ev->kind_no == RESTORED;
	int rc;
	if (why)
		return invalid(f, why);
	if ((rc = bn_rights_admits(f, ev, hides ? BN_ACT_REMOVE : BN_ACT_TAG, err)) != 1)
		return rc;
	if ((rc = note_change(f, err)) < 0 ||
		(rc = bn_sql_run(bn_fold_db(f), err,
			 /* a note or a new name tells not when the experiment began */
			 "INSERT OR IGNORE INTO experiment (name, uid, created_ms, updated_ms, "
			 "first_clock) VALUES (?1, ?2, nullif(?3, -1), ?4, ?5)",
			 "siiii", name, (int64_t)ev->uid,
			 ev->kind_no == CREATED ? bn_event_time_ms(ev) : (int64_t)-1,
			 bn_event_time_ms(ev), (int64_t)ev->key.clock)) < 0)
		return rc;
	return act(f, ev, name, err);
}

static int experiment_clear(bn_fold *f, const char *entity, bn_err *err)
{
	const char *name = entity + strlen("experiment/");
	int rc = note_change(f, err);
	if (rc < 0 || (rc = bn_sql_run(bn_fold_db(f), err,
			       "DELETE FROM experiment_tag WHERE experiment = ?", "s", name)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM experiment WHERE name = ?", "s", name);
}

/* The batch is that of runs, whose rows depend on their experiment. */
static int experiment_batch_end(bn_fold *f, bn_err *err)
{
	return bn_track_batch_end(f, err);
}

const bn_fold_class bn_experiment_fold_class = {.name = "experiment",
	.kinds = kinds,
	.schema = "share/sql/0020_track.sql",
	.apply = experiment_apply,
	.clear = experiment_clear,
	.batch_end = experiment_batch_end};
