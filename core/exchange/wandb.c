/*
 * wandb.c - W&B's offline directories as a source of runs: see _source.h and wandb_log.h.
 *
 *	wandb/offline-run-TIME_ID-ID/run-ID.wandb   the log (wandb/run-... for those that were online)
 *	wandb/offline-run-TIME_ID-ID/files/         the run's files: its artifacts
 *
 * A run that was resumed has a log for each session; they are one run. Its identity is its id and project. Numbers of the
 * history are points of step _step and time _timestamp; numbers of the summary that no history has are a point at the
 * last step, other values of the summary are tags (wandb.summary.KEY). The configuration is its parameters, nested keys
 * joined by dots. Statistics of the machine are metrics system/KEY, whose steps count the measurements. Group, job type,
 * sweep and tags are tags (wandb.group, ...). Without an exit record a run is RUNNING.
 */
#include "core/exchange/_source.h"
#include "core/exchange/wandb_log.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct wandb_log {
	char *path, *dir; /* below the root; dir "" for the root itself */
	char *id;         /* from its name: "run-ID.wandb" */
} wandb_log;

typedef struct wandb {
	bn_src base;
	bn_dir *dir;
	wandb_log *logs; /* sorted by id, then by path: the sessions of a run in order */
	size_t count, cap;
} wandb;

/* One run from all its logs. */
typedef struct wandb_run {
	wandb *w;
	const wandb_log *logs;
	size_t count;
	bn_metric_set set;
	json_t *run, *params, *summary, *tags;
	int64_t start_ms, end_ms, last_step, stats;
	bool ended;
	int64_t exit_code;
	bn_wandb_reader *reader;
} wandb_run;

/* ---- records ------------------------------------------------------------------------------------ */

/* Leaves of nested objects, keys joined by dots. */
static int flatten(json_t *out, const char *prefix, const json_t *v, bn_err *err)
{
	const char *key;
	json_t *item;
	int rc = 0;
	if (!json_is_object(v))
		return json_object_set(out, prefix, (json_t *)(uintptr_t)v) < 0
			       ? bn_err_nomem(err, "values")
			       : 0;
	json_object_foreach((json_t *)(uintptr_t)v, key, item)
	{
		char *path = *prefix ? bn_strf("%s.%s", prefix, key) : bn_strdup(key);
		rc = path && strlen(path) < 4096 ? flatten(out, path, item, err) : 0;
		bn_free(path);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* W&B writes an infinity as text. */
static bool is_number(const json_t *v, double *out)
{
	const char *text = json_string_value(v);
	if (text && strcmp(text, "NaN") && strcmp(text, "Infinity") && strcmp(text, "-Infinity") &&
		!bn_json_number_of(v, out))
		return false;
	return bn_mlflow_number(v, out);
}

static int add_history(wandb_run *r, const bn_wandb_record *record, bn_err *err)
{
	json_t *flat = json_object(), *v;
	const char *key;
	double x, time_s = 0;
	int64_t step = record->step;
	int rc = flat ? flatten(flat, "", record->update, err) : bn_err_nomem(err, "a history");
	if (is_number(json_object_get(flat, "_step"), &x) && fabs(x) < 9e15)
		step = (int64_t)x;
	step = step < 0 ? r->last_step + 1 : step;
	is_number(json_object_get(flat, "_timestamp"), &time_s);
	int64_t ms = time_s > 0 && time_s < 1e12 ? (int64_t)llround(time_s * 1000) : r->start_ms;
	r->last_step = step;
	r->end_ms = ms > r->end_ms ? ms : r->end_ms;
	json_object_foreach(flat, key, v)
	{
		if (key[0] == '_' || rc < 0)
			continue;
		if (is_number(v, &x) || json_is_boolean(v)) {
			x = json_is_boolean(v) ? json_is_true(v) : x;
			if (bn_metric_set_add(&r->set, key, step, ms < 0 ? 0 : ms, x) < 0)
				rc = bn_err_nomem(err, "points");
		} else if (!strchr(key, '.') || bn_str_ends(key, "._type")) {
			bn_exchange_leave_out(r->w->base.report, "value of a history",
				"only numbers are points", "run %s: '%s'", r->logs->id, key);
		}
	}
	json_decref(flat);
	return rc;
}

static int add_stats(wandb_run *r, const bn_wandb_record *record, bn_err *err)
{
	const char *key;
	json_t *v;
	double x;
	int64_t step = r->stats++;
	json_object_foreach(record->update, key, v)
	{
		char *name = bn_strf("system/%s", key);
		bool bad =
			!name || (is_number(v, &x) &&
					 bn_metric_set_add(&r->set, name, step,
						 record->time_ms < 0 ? 0 : record->time_ms, x) < 0);
		bn_free(name);
		if (bad)
			return bn_err_nomem(err, "points");
	}
	return 0;
}

static void change(json_t *to, const bn_wandb_record *record)
{
	size_t i;
	json_t *key;
	json_object_update(to, record->update);
	json_array_foreach(record->remove, i, key) json_object_del(to, json_string_value(key));
}

static int on_record(void *user, const bn_wandb_record *record, bn_err *err)
{
	wandb_run *r = user;
	switch (record->kind) {
	case BN_WANDB_RUN:
		json_object_update(r->run, record->run);
		json_object_update(r->params, record->update);
		if (r->start_ms < 0)
			r->start_ms = record->time_ms;
		return 0;
	case BN_WANDB_CONFIG:
		change(r->params, record);
		return 0;
	case BN_WANDB_SUMMARY:
		change(r->summary, record);
		return 0;
	case BN_WANDB_HISTORY:
		return add_history(r, record, err);
	case BN_WANDB_STATS:
		return add_stats(r, record, err);
	case BN_WANDB_EXIT:
		r->ended = true;
		r->exit_code = record->exit_code;
		return 0;
	}
	return 0;
}

/* ---- what becomes of them ------------------------------------------------------------------------ */

static int set_text(json_t *out, const char *key, const json_t *v, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if (json_is_string(v))
		rc = json_object_set(out, key, (json_t *)(uintptr_t)v) < 0
			     ? bn_err_nomem(err, "values")
			     : 0;
	else if ((rc = bn_json_canonical(v, &text, err)) >= 0)
		json_object_set_new(out, key, json_string(text.ptr));
	bn_buf_release(&text);
	return rc;
}

static int read_params(json_t **out, const wandb_run *r, bn_err *err)
{
	json_t *flat = json_object(), *v;
	const char *key;
	int rc = flat && (*out = json_object()) ? flatten(flat, "", r->params, err)
						: bn_err_nomem(err, "parameters");
	json_object_foreach(flat, key,
		v) if (rc >= 0 && strcmp(key, "_wandb") && strncmp(key, "_wandb.", 7) != 0) rc =
		set_text(*out, key, v, err);
	json_decref(flat);
	return rc;
}

static int read_summary(wandb_run *r, bn_err *err)
{
	json_t *flat = json_object(), *v;
	const char *key;
	double x;
	int rc = flat ? flatten(flat, "", r->summary, err) : bn_err_nomem(err, "a summary");
	json_object_foreach(flat, key, v)
	{
		if (rc < 0 || key[0] == '_' || bn_metric_set_find(&r->set, key) < r->set.count)
			continue;
		char *tag = bn_strf("wandb.summary.%s", key);
		if (!tag)
			rc = bn_err_nomem(err, "a tag");
		else if (!is_number(v, &x))
			rc = strstr(key, "._type") || json_is_array(v)
				     ? 0
				     : set_text(r->tags, tag, v, err);
		else if (bn_metric_set_add(&r->set, key, r->last_step < 0 ? 0 : r->last_step,
				 r->end_ms < 0 ? 0 : r->end_ms, x) < 0)
			rc = bn_err_nomem(err, "points");
		bn_free(tag);
	}
	json_decref(flat);
	return rc;
}

static void read_tags(wandb_run *r)
{
	static const char *const fields[][2] = {{"run_id", "wandb.id"},
		{"project", "wandb.project"}, {"entity", "wandb.entity"},
		{"run_group", "wandb.group"}, {"job_type", "wandb.job_type"},
		{"sweep_id", "wandb.sweep"}, {"host", "wandb.host"}};
	size_t i;
	json_t *v;
	for (i = 0; i < sizeof fields / sizeof *fields; i++)
		if (*bn_json_str(r->run, fields[i][0], ""))
			json_object_set(
				r->tags, fields[i][1], json_object_get(r->run, fields[i][0]));
	json_array_foreach(json_object_get(r->run, "tags"), i, v)
	{
		char *key =
			bn_strf("wandb.tag.%s", json_string_value(v) ? json_string_value(v) : "");
		if (key)
			json_object_set_new(r->tags, key, json_string("true"));
		bn_free(key);
	}
}

static int yield(wandb_run *r, bn_src_each_run *each, void *user, bn_err *err)
{
	json_t *params = NULL;
	const char *id = bn_json_str(r->run, "run_id", r->logs->id),
		   *dir = r->logs[r->count - 1].dir, *project = bn_json_str(r->run, "project", "");
	char *identity = bn_strf("%s\n%s", id, project);
	char *files = *dir ? bn_strf("%s/files", dir) : bn_strdup("files");
	int rc = identity && files ? 0 : bn_err_nomem(err, "a run");
	if (rc < 0 || (rc = read_params(&params, r, err)) < 0 || (rc = read_summary(r, err)) < 0)
		goto out;
	read_tags(r);
	const char *done = r->exit_code ? "FAILED" : "FINISHED";
	const bn_src_run run = {.id = id,
		.identity = identity,
		.experiment = *project ? project : "wandb",
		.name = bn_json_str(r->run, "display_name", id),
		.user = bn_json_str(r->run, "entity", NULL),
		.note = bn_json_str(r->run, "notes", NULL),
		.status = r->ended ? done : "RUNNING",
		.start_ms = r->start_ms,
		.end_ms = r->ended ? r->end_ms : -1,
		.params = params,
		.tags = r->tags,
		.files = files,
		.own = r};
	rc = each(user, &run, err);
out:
	json_decref(params);
	bn_free(identity);
	bn_free(files);
	return rc;
}

/* ---- runs --------------------------------------------------------------------------------------- */

static int on_bytes(void *user, const void *bytes, size_t n, bn_err *err)
{
	wandb_run *r = user;
	return bn_wandb_feed(r->reader, bytes, n, on_record, r, err);
}

static int read_log(wandb_run *r, const wandb_log *log, bn_err *err)
{
	bn_wandb_reader reader;
	bn_err why = BN_ERR_INIT;
	bn_wandb_reader_init(&reader);
	r->reader = &reader;
	int rc = bn_src_copy(r->w->dir, log->path, on_bytes, r, &why);
	bn_wandb_reader_release(&reader);
	if (rc < 0 && bn_exchange_ends(rc))
		return bn_err_move(err, &why);
	if (rc < 0)
		bn_exchange_unreadable(
			r->w->base.report, "log", &why, "%s/%s", r->w->dir->path, log->path);
	return 0;
}

static int read_run(
	wandb *w, size_t from, size_t count, bn_src_each_run *each, void *user, bn_err *err)
{
	wandb_run r = {.w = w,
		.logs = &w->logs[from],
		.count = count,
		.set = BN_METRIC_SET_INIT,
		.run = json_object(),
		.params = json_object(),
		.summary = json_object(),
		.tags = json_object(),
		.start_ms = -1,
		.end_ms = -1,
		.last_step = -1};
	int rc = r.run && r.params && r.summary && r.tags ? 0 : bn_err_nomem(err, "a run");
	for (size_t i = 0; rc == 0 && i < count; i++) {
		r.ended = false; /* a session that was resumed ended differently */
		rc = read_log(&r, &w->logs[from + i], err);
	}
	if (rc >= 0 && json_object_size(r.run))
		rc = yield(&r, each, user, err);
	bn_metric_set_release(&r.set);
	json_decref(r.run);
	json_decref(r.params);
	json_decref(r.summary);
	json_decref(r.tags);
	return rc;
}

static int wandb_runs(bn_src *s, bn_src_each_run *each, void *user, bn_err *err)
{
	wandb *w = (wandb *)s;
	int rc = 0;
	for (size_t i = 0, n; rc == 0 && i < w->count; i += n) {
		for (n = 1; i + n < w->count && !strcmp(w->logs[i + n].id, w->logs[i].id);)
			n++;
		rc = read_run(w, i, n, each, user, err);
	}
	return rc;
}

static int64_t wandb_count(bn_src *s)
{
	wandb *w = (wandb *)s;
	int64_t n = 0;
	for (size_t i = 0; i < w->count; i++)
		n += !i || strcmp(w->logs[i].id, w->logs[i - 1].id) != 0;
	return n;
}

static int wandb_series(
	bn_src *s, const bn_src_run *run, bn_src_each_series *each, void *user, bn_err *err)
{
	wandb_run *r = run->own;
	int rc = 0;
	(void)s;
	for (size_t i = 0; rc == 0 && i < r->set.count; i++)
		rc = each(user, &r->set.items[i], err);
	return rc;
}

static int wandb_files(
	bn_src *s, const char *files, bn_src_each_file *each, void *user, bn_err *err)
{
	return bn_src_walk(((wandb *)s)->dir, files, s->report, each, user, err);
}

static int wandb_read(bn_src *s, const char *files, const char *path, bn_src_write *write,
	void *user, bn_err *err)
{
	char *name = bn_strf("%s/%s", files, path);
	int rc = name ? bn_src_copy(((wandb *)s)->dir, name, write, user, err)
		      : bn_err_nomem(err, "a path");
	bn_free(name);
	return rc;
}

/* ---- the source --------------------------------------------------------------------------------- */

static void wandb_close(bn_src *s)
{
	wandb *w = (wandb *)s;
	for (size_t i = 0; i < w->count; i++) {
		bn_free(w->logs[i].path);
		bn_free(w->logs[i].dir);
		bn_free(w->logs[i].id);
	}
	bn_free(w->logs);
	bn_dir_close(w->dir);
	bn_free(w);
}

static const bn_src_ops wandb_ops = {
	.kind = "wandb",
	.source = "wandb",
	.count = wandb_count,
	.runs = wandb_runs,
	.series = wandb_series,
	.files = wandb_files,
	.read = wandb_read,
	.close = wandb_close,
};

static bool is_log(const char *name)
{
	return bn_str_starts(name, "run-") && bn_str_ends(name, ".wandb");
}

/* Adds the log NAME in dir ("": the root). */
static int add_log(wandb *w, const char *dir, const char *name, bn_err *err)
{
	wandb_log log = {*dir ? bn_strf("%s/%s", dir, name) : bn_strdup(name), bn_strdup(dir),
		bn_strndup(name + 4, strlen(name) - 4 - 6)};
	if (log.path && log.dir && log.id &&
		bn_grow(&w->logs, &w->cap, w->count + 1, sizeof *w->logs) == 0) {
		w->logs[w->count++] = log;
		return 0;
	}
	bn_free(log.path);
	bn_free(log.dir);
	bn_free(log.id);
	return bn_err_nomem(err, "a log");
}

/* Logs in dir and, down to depth, below it. */
static int find_logs(wandb *w, const char *dir, int depth, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	struct stat st;
	int rc = bn_dir_list(w->dir, *dir ? dir : NULL, &names, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		char *path =
			*dir ? bn_strf("%s/%s", dir, names.items[i]) : bn_strdup(names.items[i]);
		if (!path)
			rc = bn_err_nomem(err, "a path");
		else if (bn_dir_stat(w->dir, path, &st, NULL) < 0) {
			/* gone meanwhile */
		} else if (S_ISREG(st.st_mode) && is_log(names.items[i])) {
			rc = add_log(w, dir, names.items[i], err);
		} else if (S_ISDIR(st.st_mode) && depth > 0) {
			rc = find_logs(w, path, depth - 1, err);
		}
		bn_free(path);
	}
	bn_names_release(&names);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const wandb_log *x = a, *y = b;
	int order = strcmp(x->id, y->id);
	return order ? order : strcmp(x->path, y->path);
}

/* A project's directory has its logs in wandb/run-.../. */
enum { DEPTH = 2 };

static int wandb_is(const bn_src_place *place, bn_err *err)
{
	wandb w = {.dir = place->dir};
	if (place->kind == BN_PATH_FILE)
		return bn_wandb_is(place->head, place->head_bytes);
	int rc = find_logs(&w, "", DEPTH, err);
	size_t n = w.count;
	for (size_t i = 0; i < n; i++) {
		bn_free(w.logs[i].path);
		bn_free(w.logs[i].dir);
		bn_free(w.logs[i].id);
	}
	bn_free(w.logs);
	return rc < 0 ? rc : n > 0;
}

static int wandb_open(bn_src **out, bn_src_place *place, const bn_import_options *options,
	bn_exchange_report *report, bn_err *err)
{
	wandb *w = bn_alloc_zeroed(1, sizeof *w);
	int rc;
	if (!w)
		return bn_err_nomem(err, "a source");
	w->base = (bn_src){&wandb_ops, place->env, report, options};
	w->dir = place->dir;
	place->dir = NULL;
	if (place->kind == BN_PATH_FILE && is_log(place->name))
		rc = add_log(w, "", place->name, err);
	else if (place->kind == BN_PATH_FILE)
		rc = bn_err_set(
			err, BN_EINVAL, "'%s': a log of W&B is named run-ID.wandb", place->path);
	else
		rc = find_logs(w, "", DEPTH, err);
	if (rc < 0) {
		wandb_close(&w->base);
		return rc;
	}
	if (w->count)
		qsort(w->logs, w->count, sizeof *w->logs, by_id);
	*out = &w->base;
	return 0;
}

const bn_src_kind bn_src_wandb = {"a W&B directory", wandb_is, wandb_open};
