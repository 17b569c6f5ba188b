/* queue_fold.c - see queue_fold.h. */
#include "core/launch/queue_fold.h"

#include "core/base/json.h"
#include "core/base/str.h"

#include <string.h>

/* ---- entries -------------------------------------------------------------------------------- */

int bn_queue_fold_queued(bn_fold *f, const bn_event *ev, bool *fine, bn_err *err)
{
	const char *queue = bn_json_str(ev->payload, "queue", "");
	int64_t cores = bn_json_int(ev->payload, "cores", 1), in;
	int64_t memory = bn_json_int(ev->payload, "memory_bytes", 0);
	int rc;
	*fine = queue[0] && strlen(queue) < 256 && cores >= 0 && memory >= 0;
	if (!*fine) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID,
			"no queue is named, or cores or memory make no sense");
		return 0;
	}
	if ((rc = bn_fold_name(f, BN_NAME_TEXT, queue, &in, err)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT OR REPLACE INTO queue_entry (run, queue, owner, clock, writer, seq, cores, "
		"memory_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"iiiiiiii", ev->entity_no, in, (int64_t)ev->uid, (int64_t)ev->key.clock,
		ev->writer_no, (int64_t)ev->key.seq, cores, memory);
}

int bn_queue_fold_started(bn_fold *f, int64_t run, bn_err *err)
{
	return bn_sql_run(
		bn_fold_db(f), err, "UPDATE queue_entry SET started = 1 WHERE run = ?", "i", run);
}

int bn_queue_fold_stop(bn_fold *f, int64_t run, bn_err *err)
{
	return bn_sql_run(
		bn_fold_db(f), err, "UPDATE queue_entry SET stop = 1 WHERE run = ?", "i", run);
}

int bn_queue_fold_left(bn_fold *f, int64_t run, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM queue_entry WHERE run = ?", "i", run);
}

/* ---- class queue ---------------------------------------------------------------------------- */

/* The name after "queue/". */
static const char *name_of(const char *entity)
{
	return bn_str_starts(entity, "queue/") ? entity + 6 : "";
}

/* *value: a number of 1 or more; NULL if the field is null. False for anything else. */
static bool limit_of(const json_t *field, int64_t *value)
{
	*value = json_is_integer(field) ? json_integer_value(field) : -1;
	return !field || json_is_null(field) || *value >= 1;
}

static int apply_set(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	static const struct {
		const char *field, *sql;
	} limits[] = {{"cores", "UPDATE queue_setting SET cores = nullif(?, -1) "
				"WHERE queue = ? AND owner = ?"},
		{"memory_bytes", "UPDATE queue_setting SET memory_bytes = nullif(?, -1) "
				 "WHERE queue = ? AND owner = ?"},
		{"at_once", "UPDATE queue_setting SET at_once = nullif(?, -1) "
			    "WHERE queue = ? AND owner = ?"}};
	const size_t n = sizeof limits / sizeof *limits;
	int64_t value;
	int rc = 0;
	for (size_t i = 0; i < n; i++)
		if (!limit_of(json_object_get(ev->payload, limits[i].field), &value)) {
			bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s: a number above 0, or null",
				limits[i].field);
			return 0;
		}
	for (size_t i = 0; i < n; i++) {
		const json_t *field = json_object_get(ev->payload, limits[i].field);
		limit_of(field, &value);
		if (field && (rc = bn_sql_run(bn_fold_db(f), err, limits[i].sql, "isi", value, name,
				      (int64_t)ev->uid)) < 0)
			return rc;
	}
	return 0;
}

enum { SET, PAUSED, RESUMED };
static const bn_fold_kind kinds[] = {
	[SET] = {"queue.set", .fields = BN_FIELDS("cores", "memory_bytes", "at_once")},
	[PAUSED] = {.name = "queue.paused"},
	[RESUMED] = {.name = "queue.resumed"},
	{0},
};

static int queue_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const char *name = name_of(ev->entity);
	int rc;
	if (!ev->payload) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "not a JSON object");
		return 0;
	}
	if ((rc = bn_sql_run(db, err,
		     "INSERT OR IGNORE INTO queue_setting (queue, owner) VALUES (?, ?)", "si", name,
		     (int64_t)ev->uid)) < 0)
		return rc;
	if (ev->kind_no == SET)
		return apply_set(f, ev, name, err);
	return bn_sql_run(db, err,
		"UPDATE queue_setting SET paused_ms = nullif(?, -1) WHERE queue = ? AND owner = ?",
		"isi", ev->kind_no == PAUSED ? bn_event_time_ms(ev) : (int64_t)-1, name,
		(int64_t)ev->uid);
}

static int queue_clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM queue_setting WHERE queue = ?", "s",
		name_of(entity));
}

const bn_fold_class bn_queue_fold_class = {.name = "queue",
	.kinds = kinds,
	.schema = "share/sql/0018_queue.sql",
	.apply = queue_apply,
	.clear = queue_clear};
