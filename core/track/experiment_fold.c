/*
 * experiment_fold.c - experiments: experiment.created {note}, experiment.note {note},
 * experiment.removed, experiment.restored. An experiment also exists by being named in a run. It has no owner:
 * notes need the right to tag, hiding it the right to remove.
 */
#include "core/base/json.h"
#include "core/govern/rights.h"
#include "core/track/run.h"

#include <string.h>

enum { CREATED, NOTE, REMOVED, RESTORED };
static const bn_fold_kind kinds[] = {
	[CREATED] = {"experiment.created", .fields = BN_FIELDS("note")},
	[NOTE] = {"experiment.note", .fields = BN_FIELDS("note")},
	[REMOVED] = {.name = "experiment.removed"},
	[RESTORED] = {.name = "experiment.restored"},
	{0},
};

static int experiment_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *name = ev->entity + strlen("experiment/");
	bool hides = ev->kind_no == REMOVED || ev->kind_no == RESTORED;
	sqlite3 *db = bn_fold_db(f);
	int rc;
	if ((rc = bn_rights_admits(f, ev, hides ? BN_ACT_REMOVE : BN_ACT_TAG, err)) != 1)
		return rc;
	rc = bn_sql_run(db, err,
		"INSERT OR IGNORE INTO experiment (name, uid, created_ms) VALUES (?, ?, ?)", "sii",
		name, (int64_t)ev->uid, bn_event_time_ms(ev));
	if (rc < 0)
		return rc;
	if (hides)
		return bn_sql_run(db, err, "UPDATE experiment SET removed = ? WHERE name = ?", "is",
			(int64_t)(ev->kind_no == REMOVED), name);
	return bn_sql_run(db, err, "UPDATE experiment SET note = coalesce(?, note) WHERE name = ?",
		"ss", bn_json_str(ev->payload, "note", NULL), name);
}

static int experiment_clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err,
		"DELETE FROM experiment WHERE 'experiment/' || name = ?", "s", entity);
}

const bn_fold_class bn_experiment_fold_class = {.name = "experiment",
	.kinds = kinds,
	.schema = "share/sql/0020_track.sql",
	.apply = experiment_apply,
	.clear = experiment_clear};
