/*
 * tensorboard.c - a directory of TensorBoard's event files as a source of runs: see _source.h and event_file.h.
 *
 * As in TensorBoard, every directory with event files is a run, named by its path below the root. Its identity is the
 * name of its first file and the time of that file's first event, so that it is found again wherever it lies. Steps and
 * wall times are kept; start and end are the first and last event's time. Nothing says whether a training has ended, but
 * the hparams plugin, whose parameters are kept too; without it a run is FINISHED.
 */
#include "core/exchange/_source.h"
#include "core/exchange/event_file.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 32
#define MARK "tfevents"

typedef struct tensorboard {
	bn_src base;
	bn_dir *dir;
	char *name; /* of the root: the experiment */
} tensorboard;

/* What the files of one directory say. */
typedef struct tb_run {
	tensorboard *t;
	const char *dir;  /* "." for the root */
	const char *file; /* that is read */
	bn_metric_set set;
	json_t *params;
	double first_time; /* of the first event of the first file, s */
	int64_t start_ms, end_ms, session_end_ms;
	const char *status;
	bn_buf rest;
} tb_run;

static int64_t ms_of(double s)
{
	return s > 0 && s < 1e12 ? (int64_t)llround(s * 1000) : -1;
}

static int on_value(void *user, const bn_event_value *v, bn_err *err)
{
	tb_run *r = user;
	int64_t ms = ms_of(v->wall_time);
	if (ms >= 0 && (r->start_ms < 0 || ms < r->start_ms))
		r->start_ms = ms;
	if (ms > r->end_ms)
		r->end_ms = ms;
	if (v->kind != BN_EVENT_SCALAR) {
		bn_exchange_leave_out(r->t->base.report, v->what,
			"only scalars and hparams are kept", "run %s tag '%s'", r->dir, v->tag);
		return 0;
	}
	if (!*v->tag) {
		bn_exchange_leave_out(r->t->base.report, "scalar",
			"its tag is no UTF-8 text below 1024 bytes", "run %s", r->dir);
		return 0;
	}
	if (bn_metric_set_add(&r->set, v->tag, v->step, ms < 0 ? 0 : ms, v->value) < 0)
		return bn_err_nomem(err, "points");
	return 0;
}

static int on_session(void *user, const bn_event_session *s, bn_err *err)
{
	tb_run *r = user;
	(void)err;
	if (s->params)
		json_object_update(r->params, s->params);
	if (s->start_ms >= 0 && (r->start_ms < 0 || s->start_ms < r->start_ms))
		r->start_ms = s->start_ms;
	if (s->end_ms >= 0)
		r->session_end_ms = s->end_ms;
	if (s->status)
		r->status = s->status;
	return 0;
}

static int on_bytes(void *user, const void *bytes, size_t n, bn_err *err)
{
	tb_run *r = user;
	const bn_event_sink sink = {on_value, on_session, r};
	size_t used = 0;
	bn_buf_add(&r->rest, bytes, n);
	int rc = bn_buf_check(&r->rest, err, "records");
	if (rc < 0 || (rc = bn_event_file_feed(&used, (const uint8_t *)r->rest.ptr, r->rest.len,
			       &sink, &r->first_time, err)) < 0)
		return rc;
	memmove(r->rest.ptr, r->rest.ptr + used, r->rest.len - used);
	bn_buf_truncate(&r->rest, r->rest.len - used);
	return 0;
}

/* ---- the files of a directory ----------------------------------------------------------------------- */

static char *below(const char *dir, const char *name)
{
	return strcmp(dir, ".") != 0 ? bn_strf("%s/%s", dir, name) : bn_strdup(name);
}

static int read_file(tb_run *r, const char *name, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char *path = below(r->dir, name);
	int rc = path ? bn_src_copy(r->t->dir, path, on_bytes, r, &why)
		      : bn_err_nomem(&why, "a path");
	bn_buf_clear(&r->rest);
	if (rc < 0 && bn_exchange_ends(rc))
		bn_err_move(err, &why);
	else if (rc < 0) {
		bn_exchange_unreadable(
			r->t->base.report, "event file", &why, "%s/%s", r->t->dir->path, path);
		rc = 0;
	}
	bn_free(path);
	return rc;
}

static int yield(tb_run *r, const char *first, bn_src_each_run *each, void *user, bn_err *err)
{
	json_t *tags = json_object();
	char *identity = bn_strf("%s\n%.9f", first, r->first_time);
	int rc = identity && tags ? 0 : bn_err_nomem(err, "a run");
	if (rc < 0)
		goto out;
	const bn_src_run run = {.id = r->dir,
		.identity = identity,
		.experiment = r->t->name,
		.name = strcmp(r->dir, ".") != 0 ? r->dir : r->t->name,
		.status = r->status ? r->status : "FINISHED",
		.start_ms = r->start_ms,
		.end_ms = r->session_end_ms >= 0 ? r->session_end_ms : r->end_ms,
		.params = r->params,
		.tags = tags,
		.own = r};
	rc = each(user, &run, err);
out:
	json_decref(tags);
	bn_free(identity);
	return rc;
}

/* Event files in the order of their names, which begin with their time. */
static int read_dir(tensorboard *t, const char *dir, const bn_names *names, bn_src_each_run *each,
	void *user, bn_err *err)
{
	tb_run r = {.t = t,
		.dir = dir,
		.set = BN_METRIC_SET_INIT,
		.params = json_object(),
		.start_ms = -1,
		.end_ms = -1,
		.session_end_ms = -1,
		.rest = BN_BUF_INIT};
	const char *first = NULL;
	int rc = r.params ? 0 : bn_err_nomem(err, "a run");
	for (size_t i = 0; rc == 0 && i < names->count; i++) {
		if (!strstr(names->items[i], MARK))
			continue;
		first = first ? first : names->items[i];
		rc = read_file(&r, names->items[i], err);
	}
	if (rc >= 0 && first && r.first_time != 0)
		rc = yield(&r, first, each, user, err);
	bn_metric_set_release(&r.set);
	json_decref(r.params);
	bn_buf_release(&r.rest);
	return rc;
}

static int walk(
	tensorboard *t, const char *dir, int depth, bn_src_each_run *each, void *user, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dir_list(t->dir, strcmp(dir, ".") ? dir : NULL, &names, &why);
	if (rc < 0) {
		if (bn_exchange_ends(rc))
			return bn_err_move(err, &why);
		bn_exchange_unreadable(
			t->base.report, "directory", &why, "%s/%s", t->dir->path, dir);
		return 0;
	}
	rc = read_dir(t, dir, &names, each, user, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		struct stat st;
		char *path = below(dir, names.items[i]);
		if (!path)
			rc = bn_err_nomem(err, "a path");
		else if (bn_dir_stat(t->dir, path, &st, NULL) >= 0 && S_ISDIR(st.st_mode)) {
			if (depth < DEPTH_MAX)
				rc = walk(t, path, depth + 1, each, user, err);
			else
				bn_exchange_leave_out(t->base.report, "directory",
					"directories are nested too deep", "%s", path);
		}
		bn_free(path);
	}
	bn_names_release(&names);
	return rc;
}

static int tensorboard_runs(bn_src *s, bn_src_each_run *each, void *user, bn_err *err)
{
	return walk((tensorboard *)s, ".", 0, each, user, err);
}

static int tensorboard_series(
	bn_src *s, const bn_src_run *run, bn_src_each_series *each, void *user, bn_err *err)
{
	tb_run *r = run->own;
	int rc = 0;
	(void)s;
	for (size_t i = 0; rc == 0 && i < r->set.count; i++)
		rc = each(user, &r->set.items[i], err);
	return rc;
}

/* ---- the source --------------------------------------------------------------------------------- */

static void tensorboard_close(bn_src *s)
{
	tensorboard *t = (tensorboard *)s;
	bn_dir_close(t->dir);
	bn_free(t->name);
	bn_free(t);
}

static const bn_src_ops tensorboard_ops = {
	.kind = "tensorboard",
	.source = "tensorboard",
	.runs = tensorboard_runs,
	.series = tensorboard_series,
	.close = tensorboard_close,
};

static bool has_events(const bn_dir *at, const char *dir, int depth)
{
	bn_names names = BN_NAMES_INIT;
	bool has = false;
	if (bn_dir_list(at, strcmp(dir, ".") ? dir : NULL, &names, NULL) < 0)
		return false;
	for (size_t i = 0; !has && i < names.count; i++)
		has = strstr(names.items[i], MARK) != NULL;
	for (size_t i = 0; !has && depth < 4 && i < names.count; i++) {
		struct stat st;
		char *path = below(dir, names.items[i]);
		has = path && bn_dir_stat(at, path, &st, NULL) >= 0 && S_ISDIR(st.st_mode) &&
		      has_events(at, path, depth + 1);
		bn_free(path);
	}
	bn_names_release(&names);
	return has;
}

static int tensorboard_is(const bn_src_place *place, bn_err *err)
{
	(void)err;
	return place->kind == BN_PATH_DIR && has_events(place->dir, ".", 0);
}

static int tensorboard_open(bn_src **out, bn_src_place *place, const bn_import_options *options,
	bn_exchange_report *report, bn_err *err)
{
	char *real = NULL;
	int rc = bn_path_real(&real, place->path, err);
	tensorboard *t = bn_alloc_zeroed(1, sizeof *t);
	if (rc < 0 || !t) {
		bn_free(real);
		bn_free(t);
		return rc < 0 ? rc : bn_err_nomem(err, "a source");
	}
	t->base = (bn_src){&tensorboard_ops, place->env, report, options};
	t->name = bn_strdup(*bn_path_base(real) ? bn_path_base(real) : "tensorboard");
	bn_free(real);
	if (!t->name) {
		bn_free(t);
		return bn_err_nomem(err, "a name");
	}
	t->dir = place->dir;
	place->dir = NULL;
	*out = &t->base;
	return 0;
}

const bn_src_kind bn_src_tensorboard = {
	"a directory of TensorBoard's event files", tensorboard_is, tensorboard_open};
