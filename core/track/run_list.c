/* run_list.c - see run.h: counts, and a run as one JSON object. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/track/_fold.h"
#include "core/track/logged_model.h"
#include "core/track/run.h"
#include "core/track/run_links.h"
#include "core/track/series.h"

#include <math.h>
#include <string.h>

int bn_run_count(bn_run_counts *out, bn_workspace *ws, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	memset(out, 0, sizeof *out);
	int rc;
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT status, removed, sum(runs) FROM index_count GROUP BY status, removed",
		     "")) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		bn_run_status status;
		int64_t n = sqlite3_column_int64(st, 2);
		if (sqlite3_column_int(st, 1)) {
			out->removed += n;
		} else if (bn_run_status_parse(&status, (const char *)sqlite3_column_text(st, 0))) {
			out->by_status[status] += n;
			out->total += n;
		}
	}
	sqlite3_finalize(st);
	return rc;
}

/* ---- as JSON -------------------------------------------------------------------------------- */

static void set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, text ? json_string(text) : json_null());
}

static void set_int(json_t *o, const char *key, int64_t value, int64_t unknown)
{
	json_object_set_new(o, key, value == unknown ? json_null() : json_integer(value));
}

static json_t *info_json(const bn_run_info *r, int64_t now_ms)
{
	json_t *o = json_object();
	if (!o)
		return NULL;
	set_text(o, "id", r->id);
	set_text(o, "name", r->name);
	set_text(o, "experiment", r->experiment);
	set_text(o, "user", r->user);
	set_text(o, "source", r->source);
	set_text(o, "reported_user", r->reported_user);
	set_text(o, "status", bn_run_status_name(r->status));
	set_text(o, "reason", r->reason);
	set_int(o, "exit_code", r->exit_code, -1);
	set_int(o, "signal", r->signal, 0);
	set_text(o, "kind", r->kind);
	set_text(o, "title", r->title);
	set_text(o, "host", r->host);
	set_int(o, "pid", r->pid, -1);
	set_int(o, "created_ms", r->created_ms, -1);
	set_int(o, "started_ms", r->started_ms, -1);
	set_int(o, "finished_ms", r->finished_ms, -1);
	int64_t duration = bn_run_duration_ms(r, now_ms);
	set_int(o, "duration_ns", duration < 0 ? -1 : duration * 1000000, -1);
	set_text(o, "spec", r->spec_hash);
	set_text(o, "model_digest", r->model_digest);
	set_text(o, "dataset", r->dataset);
	set_text(o, "parent", r->parent);
	set_text(o, "resumes", r->resumes);
	set_int(o, "resumed_step", r->resumed_step, -1);
	set_text(o, "resumed_by", r->resumed_by);
	set_text(o, "note", r->note);
	set_text(o, "executor", r->executor);
	set_text(o, "job_id", r->job_id);
	set_text(o, "code_changed", r->code_changed);
	json_object_set_new(o, "removed", json_boolean(r->removed));
	json_object_set_new(o, "bytes_gone", json_boolean(r->bytes_gone));
	set_int(o, "heartbeat_ms", r->heartbeat_ms, -1);
	set_int(o, "rss_bytes", r->rss_bytes, -1);
	set_int(o, "peak_rss_bytes", r->peak_rss_bytes, -1);
	set_int(o, "cpu_ms", r->cpu_ms, -1);
	set_int(o, "read_bytes", r->read_bytes, -1);
	set_int(o, "write_bytes", r->write_bytes, -1);
	json_object_set_new(o, "energy_joules", bn_json_real_or_null(r->energy_joules));
	return o;
}

static json_t *pairs_json(const bn_pairs *p)
{
	json_t *o = json_object();
	for (size_t i = 0; o && i < p->count; i++)
		json_object_set_new(o, p->items[i].key, json_string(p->items[i].value));
	return o;
}

/* NaN: there are no values, or all are NaN, so it is null; infinity is kept. */
static json_t *value_json(double x)
{
	return isnan(x) ? json_null() : bn_json_number(x);
}

static json_t *series_json(const bn_series_list *l)
{
	json_t *o = json_object();
	for (size_t i = 0; o && i < l->count; i++) {
		const bn_series_info *s = &l->items[i];
		json_t *m = json_pack("{sI sI so so so so so sI sI}", "count", (json_int_t)s->count,
			"nan_count", (json_int_t)s->nan_count, "first", bn_json_number(s->first),
			"last", bn_json_number(s->last), "min", value_json(s->min), "max",
			value_json(s->max), "mean", value_json(s->mean), "first_step",
			(json_int_t)s->first_step, "last_step", (json_int_t)s->last_step);
		if (m && !isnan(s->min)) {
			json_object_set_new(m, "min_step", json_integer(s->min_step));
			json_object_set_new(m, "max_step", json_integer(s->max_step));
		}
		json_object_set_new(o, s->key, m);
	}
	return o;
}

static json_t *artifacts_json(const bn_artifacts *l)
{
	json_t *a = json_array();
	for (size_t i = 0; a && i < l->count; i++)
		json_array_append_new(
			a, json_pack("{ss ss sI}", "path", l->items[i].path, "hash",
				   l->items[i].hash, "size", (json_int_t)l->items[i].size_bytes));
	return a;
}

static json_t *models_json(
	bn_workspace *ws, const bn_model_link *list, size_t count, bool has_step)
{
	json_t *a = json_array();
	for (size_t i = 0; a && i < count; i++) {
		bn_logged_model *m = NULL; /* one that is not here has no name */
		if (bn_logged_get(&m, ws, list[i].model, NULL) < 0)
			m = NULL;
		json_t *o = json_pack("{ss ss? ss?}", "model", list[i].model, "model_name",
			m ? m->name : NULL, "model_status", m ? bn_logged_status_name(m->status) : NULL);
		bn_logged_free(m);
		if (o && has_step)
			set_int(o, "step", list[i].step, -1);
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *datasets_json(const bn_run_links *l)
{
	json_t *a = json_array();
	for (size_t i = 0; a && i < l->dataset_count; i++) {
		const bn_dataset_input *d = &l->datasets[i];
		json_array_append_new(a, json_pack("{ss ss ss ss so}", "name", d->name, "digest",
						 d->digest, "source_type", d->source_type, "source",
						 d->source, "tags", pairs_json(&d->tags)));
	}
	return a;
}

/* Absent where there are none. */
static void set_links(json_t *o, bn_workspace *ws, const bn_run_links *l)
{
	if (l->dataset_count)
		json_object_set_new(o, "dataset_inputs", datasets_json(l));
	if (l->input_count)
		json_object_set_new(
			o, "model_inputs", models_json(ws, l->inputs, l->input_count, false));
	if (l->output_count)
		json_object_set_new(
			o, "model_outputs", models_json(ws, l->outputs, l->output_count, true));
}

int bn_run_to_json(json_t **out, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *r = NULL;
	bn_pairs params = BN_PAIRS_INIT, tags = BN_PAIRS_INIT;
	bn_series_list series = BN_SERIES_LIST_INIT;
	bn_artifacts artifacts = BN_ARTIFACTS_INIT;
	bn_run_links links = BN_RUN_LINKS_INIT;
	int rc;
	if ((rc = bn_run_get(&r, ws, id, err)) < 0 ||
		(rc = bn_run_params(&params, ws, id, err)) < 0 ||
		(rc = bn_run_tags(&tags, ws, id, err)) < 0 ||
		(rc = bn_series_find_all(&series, ws, id, err)) < 0 ||
		(rc = bn_run_artifacts(&artifacts, ws, id, err)) < 0 ||
		(rc = bn_run_links_load(&links, ws, id, err)) < 0)
		goto out;
	json_t *o = info_json(r, bn_env_now_ms(bn_workspace_env(ws)));
	if (!o || json_object_set_new(o, "params", pairs_json(&params)) != 0 ||
		json_object_set_new(o, "metrics", series_json(&series)) != 0 ||
		json_object_set_new(o, "tags", pairs_json(&tags)) != 0 ||
		json_object_set_new(o, "artifacts", artifacts_json(&artifacts)) != 0) {
		json_decref(o);
		rc = bn_err_nomem(err, "a run");
	} else {
		set_links(o, ws, &links);
		*out = o;
	}
out:
	bn_run_info_free(r);
	bn_pairs_release(&params);
	bn_pairs_release(&tags);
	bn_series_list_release(&series);
	bn_artifacts_release(&artifacts);
	bn_run_links_release(&links);
	return rc;
}
