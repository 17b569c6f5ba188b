/* mirror_run.c - the differences between a run of a server and its mirror, written as events: see mirror.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/mlflow/_mirror.h"
#include "core/run/runlog.h"
#include "core/track/run.h"
#include "core/track/series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOTE_TAG "mlflow.note.content"

typedef struct difference {
	bn_mirror *m;
	const json_t *info, *data;
	char id[BN_RUN_ID_TEXT];
	bn_run_info *was; /* NULL: the mirror does not have it yet */
} difference;

/* ---- texts that fit ---------------------------------------------------------------------------- */

static bool is_key(difference *d, const char *key)
{
	bn_err why = BN_ERR_INIT;
	bool good = key && bn_run_key_check("key", key, &why) >= 0;
	d->m->left_out += !good;
	return good;
}

/* A value of at most `most` bytes, ended between characters; yours. */
static char *fitting(difference *d, const char *text, size_t most)
{
	size_t n = strlen(text);
	if (n > most) {
		d->m->left_out++;
		for (n = most; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	}
	return bn_strndup(text, n);
}

/* Lists of {"key", "value"} as one object {key: value}. Of one key the last value counts. */
static int pairs_read(json_t **out, difference *d, const char *list, bn_err *err)
{
	const json_t *items = json_object_get(d->data, list);
	size_t i;
	json_t *item;
	if (!(*out = json_object()))
		return bn_err_nomem(err, "a run");
	json_array_foreach((json_t *)(uintptr_t)items, i, item)
	{
		const char *key = bn_json_str(item, "key", NULL), *value = bn_json_str(item, "value", NULL);
		if (!value || !is_key(d, key))
			continue;
		char *text = fitting(d, value, BN_RUN_VALUE_MAX);
		if (!text || json_object_set_new(*out, key, json_string(text)) < 0) {
			bn_free(text);
			return bn_err_nomem(err, "a run");
		}
		bn_free(text);
	}
	return 0;
}

static const char *tag_of(const json_t *data, const char *key)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(data, "tags"), i, item)
	{
		if (!strcmp(bn_json_str(item, "key", ""), key))
			return bn_json_str(item, "value", NULL);
	}
	return NULL;
}

/* ---- the run itself ---------------------------------------------------------------------------- */

static int64_t time_of(const json_t *info, const char *key)
{
	int64_t ms;
	return bn_mlflow_integer(json_object_get(info, key), &ms) && ms > 0 ? ms : -1;
}

static const char *name_of(const difference *d)
{
	const char *name = bn_json_str(d->info, "run_name", "");
	if (!*name)
		name = tag_of(d->data, "mlflow.runName");
	return name && *name ? name : d->id;
}

static const char *status_of(const difference *d)
{
	static const char *const known[] = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
	const char *s = bn_json_str(d->info, "status", "");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(s, known[i]))
			return known[i];
	return "RUNNING";
}

static int append_created(difference *d, bn_err *err)
{
	char *experiment = NULL, *title = NULL, *name = NULL, *below = NULL;
	char parent[BN_RUN_ID_TEXT];
	const char *of = bn_json_str(d->info, "experiment_id", "0");
	const char *user = bn_json_str(d->info, "user_id", ""), *source, *up;
	int rc = bn_mirror_experiment(&experiment, d->m, of, err);
	if (rc < 0)
		return rc;
	if (!*user)
		user = tag_of(d->data, "mlflow.user");
	source = tag_of(d->data, "mlflow.source.name");
	up = tag_of(d->data, "mlflow.parentRunId");
	if (up && *up)
		bn_mirror_id(parent, up);
	title = fitting(d, source ? source : "", BN_RUN_VALUE_MAX);
	name = fitting(d, name_of(d), BN_RUN_NAME_MAX);
	below = fitting(d, experiment && *experiment ? experiment : of, BN_RUN_NAME_MAX);
	if (!title || !name || !below) {
		rc = bn_err_nomem(err, "a run");
		goto out;
	}
	const bn_run_created created = {.name = name,
		.experiment = below,
		.kind = "api",
		.title = *title ? title : NULL,
		.parent = up && *up ? parent : NULL,
		.reported = true,
		.start_ms = time_of(d->info, "start_time"),
		.user = user && *user ? user : NULL,
		.source = "mlflow",
		.is_mirrored = true};
	rc = bn_runlog_created(d->m->ws, d->id, &created, err);
out:
	bn_free(experiment);
	bn_free(title);
	bn_free(name);
	bn_free(below);
	return rc;
}

static int put_state(difference *d, bn_err *err)
{
	const bn_run_info *was = d->was;
	const char *status = status_of(d);
	int64_t start = time_of(d->info, "start_time"), end = time_of(d->info, "end_time");
	const char *before = was ? bn_run_status_name(was->status) : "RUNNING";
	int64_t start_before = was ? was->started_ms : start, end_before = was ? was->finished_ms : -1;
	if (!strcmp(status, before) && start == start_before && (end < 0 || end == end_before))
		return 0;
	const bn_run_report report = {.status = status, .start_ms = start, .end_ms = end};
	return bn_runlog_status(d->m->ws, d->id, &report, err);
}

static int put_name(difference *d, bn_err *err)
{
	char *name;
	int rc = 0;
	if (!d->was)
		return 0;
	if (!(name = fitting(d, name_of(d), BN_RUN_NAME_MAX)))
		return bn_err_nomem(err, "a run");
	if (!d->was->name || strcmp(d->was->name, name) != 0)
		rc = bn_runlog_renamed(d->m->ws, d->id, name, err);
	bn_free(name);
	return rc;
}

static int put_stage(difference *d, bn_err *err)
{
	bool removed = !strcmp(bn_json_str(d->info, "lifecycle_stage", "active"), "deleted");
	bool was = d->was && d->was->trashed;
	if (removed == was)
		return 0;
	return removed ? bn_runlog_removed(d->m->ws, d->id, err)
		       : bn_runlog_restored(d->m->ws, d->id, err);
}

/* ---- parameters, tags, note -------------------------------------------------------------------- */

static int put_params(difference *d, bn_err *err)
{
	bn_pairs was = BN_PAIRS_INIT;
	json_t *now = NULL;
	int rc = pairs_read(&now, d, "params", err);
	if (rc < 0 || (d->was && (rc = bn_run_params(&was, d->m->ws, d->id, err)) < 0))
		goto out;
	for (size_t i = 0; i < was.count; i++) /* written once */
		json_object_del(now, was.items[i].key);
	if (json_object_size(now))
		rc = bn_runlog_params(d->m->ws, d->id, now, err);
out:
	bn_pairs_release(&was);
	json_decref(now);
	return rc;
}

static int put_tags(difference *d, bn_err *err)
{
	bn_pairs was = BN_PAIRS_INIT;
	json_t *now = NULL, *value;
	const char *key;
	int rc = pairs_read(&now, d, "tags", err);
	if (rc < 0 || (d->was && (rc = bn_run_tags(&was, d->m->ws, d->id, err)) < 0))
		goto out;
	for (size_t i = 0; i < was.count && rc >= 0; i++)
		if (!json_object_get(now, was.items[i].key))
			rc = bn_runlog_tag(d->m->ws, d->id, was.items[i].key, NULL, err);
	json_object_foreach(now, key, value)
	{
		const char *before = bn_pairs_get(&was, key);
		if (rc >= 0 && (!before || strcmp(before, json_string_value(value)) != 0))
			rc = bn_runlog_tag(d->m->ws, d->id, key, json_string_value(value), err);
	}
	const char *note = json_string_value(json_object_get(now, NOTE_TAG));
	const char *noted = d->was && d->was->note ? d->was->note : "";
	if (rc >= 0 && strcmp(note ? note : "", noted) != 0)
		rc = bn_runlog_note(d->m->ws, d->id, note ? note : "", err);
out:
	bn_pairs_release(&was);
	json_decref(now);
	return rc;
}

/* ---- last points ------------------------------------------------------------------------------- */

/* MLflow's order of the points of a metric: step, time, value. */
static bool is_later(const bn_series_info *s, int64_t step, int64_t time_ms, double value)
{
	if (step != s->last_step)
		return step > s->last_step;
	if (time_ms != s->last_time_ms)
		return time_ms > s->last_time_ms;
	return value > s->last || (!isnan(value) && isnan(s->last));
}

static int put_metrics(difference *d, bn_err *err)
{
	bn_series_list was = BN_SERIES_LIST_INIT;
	bn_metric_set set = BN_METRIC_SET_INIT;
	size_t i;
	json_t *item;
	int rc = 0;
	if (d->was && (rc = bn_series_find_all(&was, d->m->ws, d->id, err)) < 0)
		goto out;
	json_array_foreach(json_object_get(d->data, "metrics"), i, item)
	{
		const char *key = bn_json_str(item, "key", NULL);
		int64_t step = 0, time_ms = 0;
		double value;
		if (!bn_mlflow_number(json_object_get(item, "value"), &value) || !is_key(d, key))
			continue;
		bn_mlflow_integer(json_object_get(item, "step"), &step);
		bn_mlflow_integer(json_object_get(item, "timestamp"), &time_ms);
		const bn_series_info *s = bn_series_list_get(&was, key);
		if ((!s || is_later(s, step, time_ms, value)) &&
			bn_metric_set_add(&set, key, step, time_ms, value) < 0) {
			rc = bn_err_nomem(err, "metrics");
			goto out;
		}
	}
	if (set.points)
		rc = bn_runlog_metrics(d->m->ws, d->id, &set, err);
out:
	bn_metric_set_release(&set);
	bn_series_list_release(&was);
	return rc;
}

/* ---- inputs and outputs ------------------------------------------------------------------------ */

static int put_dataset(difference *d, const json_t *input, bn_err *err)
{
	bn_run_word tags[32];
	const json_t *set = json_object_get(input, "dataset");
	size_t i;
	json_t *tag;
	bn_run_dataset one = {.name = bn_json_str(set, "name", ""),
		.digest = bn_json_str(set, "digest", ""),
		.source_type = bn_json_str(set, "source_type", ""),
		.source = bn_json_str(set, "source", ""),
		.schema = bn_json_str(set, "schema", NULL),
		.profile = bn_json_str(set, "profile", NULL),
		.tags = tags};
	json_array_foreach(json_object_get(input, "tags"), i, tag)
	{
		const char *key = bn_json_str(tag, "key", NULL), *value = bn_json_str(tag, "value", NULL);
		if (key && value && one.tag_count < sizeof tags / sizeof *tags)
			tags[one.tag_count++] = (bn_run_word){key, value};
	}
	bn_err why = BN_ERR_INIT;
	int rc = bn_runlog_inputs(d->m->ws, d->id, &one, 1, NULL, 0, &why);
	if (rc != BN_EINVAL)
		return rc < 0 ? bn_err_move(err, &why) : 0;
	d->m->left_out++;
	return 0;
}

/* Inputs are only added, and known by name and digest: repeating them changes nothing, so they are written when the run
 * is new, and when the number of them has changed. */
static int put_inputs(difference *d, const json_t *run, bool changed, bn_err *err)
{
	size_t i;
	json_t *item;
	int rc = 0;
	if (!changed)
		return 0;
	json_array_foreach(
		json_object_get(json_object_get(run, "inputs"), "dataset_inputs"), i, item)
	{
		if ((rc = put_dataset(d, item, err)) < 0)
			return rc;
	}
	return 0;
}

static int64_t inputs_count(const json_t *run)
{
	return (int64_t)json_array_size(
		json_object_get(json_object_get(run, "inputs"), "dataset_inputs"));
}

/* ---- what is known of it ----------------------------------------------------------------------- */

static int hash_of(char out[BN_MIRROR_HASH], const json_t *run, bn_err *err)
{
	char whole[65];
	int rc = bn_json_hash(run, whole, err);
	snprintf(out, BN_MIRROR_HASH, "%.32s", rc < 0 ? "" : whole);
	return rc;
}

/* *same: the run was described so before; *inputs: the number of its inputs then, -1 unknown. Counts it in m->fresh. */
static int known_read(
	bool *same, int64_t *inputs, bn_mirror *m, const char *id, const char *hash, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int64_t walk = -1;
	*same = false;
	*inputs = -1;
	int rc = bn_sql_prepare(&st, m->db, err, "SELECT hash = ?, inputs, walk FROM run WHERE id = ?",
		"ss", hash, id);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		*same = sqlite3_column_int(st, 0) != 0;
		*inputs = sqlite3_column_type(st, 1) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, 1);
		walk = sqlite3_column_int64(st, 2);
		rc = 0;
	}
	sqlite3_finalize(st);
	m->fresh += walk != m->walk;
	return rc;
}

static int known_write(
	difference *d, const char *remote, const char *hash, int64_t inputs, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, d->m->db, err,
		"INSERT INTO run (id, remote, hash, walk, artifacts, inputs) VALUES (?, ?, ?, ?, ?, ?) "
		"ON CONFLICT (id) DO UPDATE SET remote = excluded.remote, hash = excluded.hash, "
		"walk = excluded.walk, artifacts = excluded.artifacts, inputs = excluded.inputs",
		"sssisi", d->id, strcmp(d->id, remote) ? remote : NULL, hash, d->m->walk,
		bn_json_str(d->info, "artifact_uri", NULL), inputs);
	if (rc >= 0)
		rc = bn_sql_step(st, err);
	sqlite3_finalize(st);
	return rc;
}

static int seen_again(const difference *d, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, d->m->db, err, "UPDATE run SET walk = ? WHERE id = ?", "is",
		d->m->walk, d->id);
	if (rc >= 0)
		rc = bn_sql_step(st, err);
	sqlite3_finalize(st);
	return rc;
}

static int differences_write(difference *d, const json_t *run, bool new_inputs, bn_err *err)
{
	bn_err none = BN_ERR_INIT;
	int rc = bn_run_get(&d->was, d->m->ws, d->id, &none);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &none);
	if ((rc < 0 && (rc = append_created(d, err)) < 0) || (rc = put_state(d, err)) < 0 ||
		(rc = put_name(d, err)) < 0 || (rc = put_params(d, err)) < 0 ||
		(rc = put_tags(d, err)) < 0 || (rc = put_metrics(d, err)) < 0 ||
		(rc = put_inputs(d, run, new_inputs, err)) < 0)
		return rc;
	return put_stage(d, err);
}

int bn_mirror_run_apply(bn_mirror *m, const json_t *run, bn_err *err)
{
	difference d = {
		.m = m, .info = json_object_get(run, "info"), .data = json_object_get(run, "data")};
	const char *remote = bn_json_str(d.info, "run_id", bn_json_str(d.info, "run_uuid", ""));
	char hash[BN_MIRROR_HASH];
	bool same;
	int64_t inputs, count = inputs_count(run);
	int rc;
	if (!*remote) { /* it does not hide the others of its page */
		m->left_out++;
		return 0;
	}
	bn_mirror_id(d.id, remote);
	if ((rc = hash_of(hash, run, err)) < 0 ||
		(rc = known_read(&same, &inputs, m, d.id, hash, err)) < 0)
		return rc;
	if (same)
		return seen_again(&d, err);
	m->wrote = true;
	if ((rc = differences_write(&d, run, inputs != count, err)) < 0)
		goto out;
	rc = known_write(&d, remote, hash, count, err);
out:
	bn_run_info_free(d.was);
	return rc;
}
