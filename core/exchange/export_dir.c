/*
 * export_dir.c - an MLflow directory (the layout is in _mlruns.h) as the target of an export.
 *
 * Runs and experiments keep their ids; an experiment of the same name that is there is used. Files are reached below a
 * handle of the directory, so that no link in it leads out, and each is complete or absent. A run's meta.yaml is written
 * last: before it, MLflow does not see the run.
 */
#include "core/exchange/_export.h"
#include "core/exchange/_points.h"
#include "core/exchange/metric_line.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/base/yaml.h"
#include "core/store/object/object.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define META_MAX (16u << 20)

typedef struct dst_dir {
	bn_dst base;
	const bn_env *env;
	char *path;          /* absolute, for artifact_uri */
	bn_dir *dir;         /* NULL: it does not exist yet, and nothing is written (dry run) */
	json_t *experiments; /* {name: directory} */
} dst_dir;

/* ---- files ---------------------------------------------------------------------------------------- */

/* Creates a directory and those above it, without syncing them (see write_text). */
static int make_dirs(const dst_dir *d, const char *dir, bn_err *err)
{
	for (size_t n = strcspn(dir, "/");; n += 1 + strcspn(dir + n + 1, "/")) {
		char *part = bn_strndup(dir, n);
		int e = part ? d->env->fs->mkdir(d->env, d->dir, part, 0755) : 0;
		int rc = !part ? bn_err_nomem(err, "a path") : 0;
		if (e < 0 && e != -EEXIST)
			rc = bn_dir_error(err, -e, "cannot make the directory", d->dir, part);
		bn_free(part);
		if (rc < 0 || !dir[n])
			return rc;
	}
}

/* Creates the directories above a file. */
static int make_parent(const dst_dir *d, const char *path, bn_err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? bn_strndup(path, (size_t)(slash - path)) : NULL;
	int rc = 0;
	if (slash && !dir)
		return bn_err_nomem(err, "a path");
	if (dir)
		rc = make_dirs(d, dir, err);
	bn_free(dir);
	return rc;
}

/* Complete or absent. Not synced: what a crash loses, the next export writes. */
static int write_text(const dst_dir *d, const char *path, const char *text, size_t n, bn_err *err)
{
	int fd = -1, e, rc;
	char *tmp = bn_strf("%s.binnacle.tmp", path);
	if (!tmp)
		return bn_err_nomem(err, "a path");
	if ((rc = make_parent(d, path, err)) < 0 || (rc = bn_dir_unlink(d->dir, tmp, err)) < 0 ||
		(rc = bn_dir_open_file(&fd, d->dir, tmp, O_WRONLY | O_CREAT | O_EXCL, 0644, err)) <
			0)
		goto out;
	rc = bn_dir_write_all(d->env, d->dir, tmp, fd, text, n, err);
	d->env->fs->close(d->env, fd);
	if (rc >= 0 && (e = d->env->fs->rename(d->env, d->dir, tmp, d->dir, path)) < 0)
		rc = bn_dir_error(err, -e, "cannot rename", d->dir, tmp);
out:
	bn_free(tmp);
	return rc;
}

/* Writes the file unless it has that text. 1: written. */
static int put_text(
	dst_dir *d, bn_exporter *x, const char *path, const char *text, size_t n, bn_err *err)
{
	bn_buf is = BN_BUF_INIT;
	bool same = d->dir && bn_src_read_text(&is, d->dir, path, META_MAX, NULL) >= 0 &&
		    is.len == n && !memcmp(is.ptr, text, n);
	bn_buf_release(&is);
	if (same)
		return 0;
	x->grew = true;
	if (x->options->dry_run)
		return 1;
	int rc = write_text(d, path, text, n, err);
	return rc < 0 ? rc : 1;
}

static int put_meta(dst_dir *d, bn_exporter *x, const char *dir, json_t *meta, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char *path = bn_strf("%s/meta.yaml", dir);
	int rc = path && meta ? bn_yaml_write(&text, meta, err) : bn_err_nomem(err, "a file");
	if (rc >= 0)
		rc = put_text(d, x, path, text.ptr, text.len, err);
	bn_buf_release(&text);
	bn_free(path);
	json_decref(meta);
	return rc;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *number_or_null(int64_t n)
{
	return n >= 0 ? json_integer(n) : json_null();
}

/* ---- experiments ---------------------------------------------------------------------------------- */

static int read_experiments(dst_dir *d, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(d->dir, NULL, &names, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		bn_buf text = BN_BUF_INIT;
		json_t *meta = NULL;
		char *path = bn_strf("%s/meta.yaml", names.items[i]);
		if (path && bn_src_read_text(&text, d->dir, path, META_MAX, NULL) >= 0 &&
			bn_yaml_parse(&meta, text.ptr, text.len, path, NULL) >= 0 &&
			*bn_json_str(meta, "name", ""))
			json_object_set_new(d->experiments, bn_json_str(meta, "name", ""),
				json_string(names.items[i]));
		json_decref(meta);
		bn_buf_release(&text);
		bn_free(path);
	}
	bn_names_release(&names);
	return rc;
}

static int make_experiment(
	dst_dir *d, bn_exporter *x, const bn_export_run *r, const char *dir, bn_err *err)
{
	const bn_experiment *e = r->experiment;
	char *uri = bn_strf("file://%s/%s", d->path, dir);
	int rc = uri ? 0 : bn_err_nomem(err, "an experiment");
	x->report->added.experiments++;
	for (size_t i = 0; rc >= 0 && i < e->tags.count; i++) {
		char *path = bn_strf("%s/tags/%s", dir, e->tags.items[i].key);
		rc = path ? put_text(d, x, path, e->tags.items[i].value,
				    strlen(e->tags.items[i].value), err)
			  : bn_err_nomem(err, "a path");
		bn_free(path);
	}
	if (rc >= 0)
		rc = put_meta(d, x, dir,
			json_pack("{ss so ss so ss ss}", "artifact_location", uri, "creation_time",
				number_or_null(e->created_ms), "experiment_id", dir,
				"last_update_time", number_or_null(e->updated_ms),
				"lifecycle_stage", "active", "name", r->experiment_name),
			err);
	bn_free(uri);
	return rc;
}

static int find_experiment(
	const char **out, dst_dir *d, bn_exporter *x, const bn_export_run *r, bn_err *err)
{
	char id[BN_EXPERIMENT_ID_TEXT];
	int rc;
	if ((*out = bn_json_str(d->experiments, r->experiment_name, NULL)))
		return 0;
	snprintf(id, sizeof id, "%s", r->experiment->id);
	if (d->dir && bn_dir_has(d->dir, id)) /* another one's there */
		bn_experiment_derive_id(id, r->experiment->first);
	if ((rc = make_experiment(d, x, r, id, err)) < 0)
		return rc;
	json_object_set_new(d->experiments, r->experiment_name, json_string(id));
	*out = bn_json_str(d->experiments, r->experiment_name, NULL);
	return *out ? 0 : bn_err_nomem(err, "an experiment");
}

/* ---- words ---------------------------------------------------------------------------------------- */

static int put_words(
	dst_dir *d, bn_exporter *x, const bn_export_run *r, const char *dir, bn_err *err)
{
	const char *key;
	json_t *v;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < r->params.count; i++) {
		const bn_pair *p = &r->params.items[i];
		char *path = bn_strf("%s/params/%s", dir, p->key);
		rc = path ? put_text(d, x, path, p->value, strlen(p->value), err)
			  : bn_err_nomem(err, "a path");
		x->report->added.params += rc > 0;
		bn_free(path);
	}
	json_object_foreach(r->tags, key, v)
	{
		char *path = rc >= 0 ? bn_strf("%s/tags/%s", dir, key) : NULL;
		if (rc < 0)
			break;
		rc = path ? put_text(d, x, path, json_string_value(v), json_string_length(v), err)
			  : bn_err_nomem(err, "a path");
		x->report->added.tags += rc > 0;
		bn_free(path);
	}
	return rc;
}

/* ---- points --------------------------------------------------------------------------------------- */

typedef struct line_sink {
	bn_exporter *x;
	bn_buf text;
} line_sink;

static void add_number(bn_buf *b, double x)
{
	char buf[BN_FMT];
	if (isnan(x))
		bn_buf_adds(b, "nan");
	else if (isinf(x))
		bn_buf_adds(b, x > 0 ? "inf" : "-inf");
	else
		bn_buf_adds(b, bn_fmt_f64(x, buf));
}

static int add_line(void *user, int64_t step, int64_t time_ms, double value, bn_err *err)
{
	line_sink *s = user;
	(void)err;
	bn_buf_addf(&s->text, "%lld ", (long long)time_ms);
	add_number(&s->text, value);
	bn_buf_addf(&s->text, " %lld\n", (long long)step);
	s->x->report->added.points++;
	s->x->grew = true;
	return 0;
}

/* The points of the file that is there; others of its lines stay and count as none. */
static int read_lines(bn_metric_set *have, const bn_buf *text, bn_err *err)
{
	const char *s = text->ptr, *end = s + text->len;
	while (s < end) {
		const char *eol = memchr(s, '\n', (size_t)(end - s));
		bn_metric_line l;
		size_t n = (size_t)((eol ? eol : end) - s);
		if (bn_metric_line_parse(&l, s, n, false) &&
			bn_metric_set_add(have, "", l.step, l.time_ms, l.value) < 0)
			return bn_err_nomem(err, "points");
		s += n + 1;
	}
	return 0;
}

static int put_series(dst_dir *d, bn_exporter *x, const bn_export_run *r, const char *dir,
	const char *key, bn_err *err)
{
	bn_points points = BN_POINTS_INIT;
	bn_metric_set have = BN_METRIC_SET_INIT;
	line_sink sink = {x, BN_BUF_INIT};
	char *path = bn_strf("%s/metrics/%s", dir, key);
	int rc = path ? bn_series_read(&points, x->ws, r->info->id, key, err)
		      : bn_err_nomem(err, "a path");
	if (rc < 0)
		goto out;
	if (d->dir && bn_dir_has(d->dir, path) &&
		((rc = bn_dir_read_file(d->dir, path, &sink.text, err)) < 0 ||
			(rc = read_lines(&have, &sink.text, err)) < 0))
		goto out;
	if (sink.text.len && sink.text.ptr[sink.text.len - 1] != '\n')
		bn_buf_addch(&sink.text, '\n');
	const bn_points_view of = {points.step, points.time_ms, points.value, points.count};
	bn_points_view has = {0};
	if (have.count)
		has = (bn_points_view){have.items[0].step, have.items[0].time_ms,
			have.items[0].value, have.items[0].count};
	int64_t before = x->report->added.points;
	if ((rc = bn_exchange_missing(&of, &has, false, add_line, &sink, err)) < 0 ||
		(rc = bn_buf_check(&sink.text, err, "points")) < 0)
		goto out;
	if (x->report->added.points > before && !x->options->dry_run)
		rc = write_text(d, path, sink.text.ptr, sink.text.len, err);
out:
	bn_points_release(&points);
	bn_metric_set_release(&have);
	bn_buf_release(&sink.text);
	bn_free(path);
	return rc;
}

/* ---- inputs and outputs --------------------------------------------------------------------------- */

static void id_of(char id[33], const char *a, const char *b)
{
	char hex[65];
	char *text = bn_strf("%s\n%s", a, b);
	bn_sha256_hex(text ? text : "", text ? strlen(text) : 0, hex);
	snprintf(id, 33, "%.32s", hex);
	bn_free(text);
}

static int put_input(dst_dir *d, bn_exporter *x, const char *dir, const char *id, const char *type,
	const char *source, const char *run, json_t *tags, bn_err *err)
{
	char *path = bn_strf("%s/inputs/%s", dir, id);
	int rc = path && tags ? put_meta(d, x, path,
					json_pack("{ss ss ss ss so}", "destination_id", run,
						"destination_type", "RUN", "source_id", source,
						"source_type", type, "tags", tags),
					err)
			      : bn_err_nomem(err, "an input");
	x->report->added.inputs += rc > 0;
	bn_free(path);
	return rc;
}

static int put_dataset(dst_dir *d, bn_exporter *x, const bn_export_run *r, const char *experiment,
	const char *dir, const bn_dataset_input *s, bn_err *err)
{
	char dataset[33], input[33];
	json_t *tags = json_object();
	id_of(dataset, s->name, s->digest);
	id_of(input, dataset, r->info->id);
	char *path = bn_strf("%s/datasets/%s", experiment, dataset);
	int rc = path ? put_meta(d, x, path,
				json_pack("{ss ss so so ss ss}", "digest", s->digest, "name",
					s->name, "profile", text_or_null(s->profile), "schema",
					text_or_null(s->schema), "source", s->source, "source_type",
					s->source_type),
				err)
		      : bn_err_nomem(err, "a dataset");
	for (size_t i = 0; i < s->tags.count; i++)
		json_object_set_new(
			tags, s->tags.items[i].key, json_string(s->tags.items[i].value));
	if (rc >= 0)
		rc = put_input(d, x, dir, input, "DATASET", dataset, r->info->id, tags, err);
	else
		json_decref(tags);
	bn_free(path);
	return rc;
}

static int put_links(dst_dir *d, bn_exporter *x, const bn_export_run *r, const char *experiment,
	const char *dir, bn_err *err)
{
	char id[33];
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < r->links.dataset_count; i++)
		rc = put_dataset(d, x, r, experiment, dir, &r->links.datasets[i], err);
	for (size_t i = 0; rc >= 0 && i < r->links.input_count; i++) {
		id_of(id, r->links.inputs[i].model, r->info->id);
		rc = put_input(d, x, dir, id, "MODEL", r->links.inputs[i].model, r->info->id,
			json_object(), err);
	}
	for (size_t i = 0; rc >= 0 && i < r->links.output_count; i++) {
		const bn_model_link *m = &r->links.outputs[i];
		char *path = bn_strf("%s/outputs/%s", dir, m->model);
		rc = path ? put_meta(d, x, path,
				    json_pack("{ss ss ss ss sI so}", "destination_id", m->model,
					    "destination_type", "MODEL_OUTPUT", "source_id",
					    r->info->id, "source_type", "RUN_OUTPUT", "step",
					    (json_int_t)(m->step < 0 ? 0 : m->step), "tags",
					    json_object()),
				    err)
			  : bn_err_nomem(err, "a path");
		x->report->added.inputs += rc > 0;
		bn_free(path);
	}
	return rc;
}

/* ---- artifacts ------------------------------------------------------------------------------------ */

static int copy_object(
	dst_dir *d, bn_exporter *x, const bn_artifact *a, const char *path, bn_err *err)
{
	int fd = -1, rc;
	const char *name = strrchr(path, '/'); /* a name of the greatest length leaves no room for more */
	char *tmp = bn_strf("%.*s/.binnacle.tmp", (int)(name - path), path);
	if (!tmp)
		return bn_err_nomem(err, "a path");
	if ((rc = make_parent(d, path, err)) < 0 || (rc = bn_dir_unlink(d->dir, tmp, err)) < 0 ||
		(rc = bn_dir_open_file(&fd, d->dir, tmp, O_WRONLY | O_CREAT | O_EXCL, 0644, err)) <
			0)
		goto out;
	rc = bn_object_copy(x->ws, a->hash, fd, path, err);
	d->env->fs->close(d->env, fd);
	if (rc >= 0)
		rc = bn_dir_rename(d->dir, tmp, d->dir, path, err);
	else
		bn_dir_unlink(d->dir, tmp, NULL);
out:
	bn_free(tmp);
	return rc;
}

/* A file of that size that is newer than the artifact is a copy of it. */
static bool has_file(const dst_dir *d, const char *path, const bn_artifact *a)
{
	struct stat st;
	return d->dir && bn_dir_stat(d->dir, path, &st, NULL) >= 0 && S_ISREG(st.st_mode) &&
	       st.st_size == a->size_bytes &&
	       (int64_t)st.st_mtim.tv_sec * 1000 + 1000 >= a->time_ms;
}

/* Whether a directory can have a file of that path. */
static bool is_possible(const char *path)
{
	for (const char *part = path; *part;) {
		size_t n = strcspn(part, "/");
		if (n > NAME_MAX)
			return false;
		part += n + (part[n] == '/');
	}
	return strlen(path) < PATH_MAX;
}

static int put_files(
	dst_dir *d, bn_exporter *x, const bn_export_run *r, const char *dir, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && !x->options->no_artifacts && i < r->files.count; i++) {
		const bn_artifact *a = &r->files.items[i];
		bn_err why = BN_ERR_INIT;
		char *path = bn_strf("%s/artifacts/%s", dir, a->path);
		if (!path)
			return bn_err_nomem(err, "a path");
		if (!is_possible(path)) {
			bn_exchange_leave_out(x->report, "artifact", "its name is too long for a file",
				"run %s: '%.80s...'", r->info->id, a->path);
		} else if (!has_file(d, path, a)) {
			rc = x->options->dry_run ? 0 : copy_object(d, x, a, path, &why);
			if (rc == BN_ENOTFOUND) {
				bn_exchange_unreadable(x->report, "artifact", &why, "run %s: '%s'",
					r->info->id, a->path);
				rc = 0;
			} else if (rc < 0) {
				bn_err_move(err, &why);
			} else {
				x->grew = true;
				x->report->added.artifacts++;
				x->report->added.artifact_bytes += a->size_bytes;
			}
		}
		bn_free(path);
	}
	return rc;
}

/* ---- a run ---------------------------------------------------------------------------------------- */

static int status_number(const char *status)
{
	static const char *const names[] = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
	for (int i = 0; i < 5; i++)
		if (!strcmp(status, names[i]))
			return i + 1;
	return 1;
}

static int put_run_meta(dst_dir *d, bn_exporter *x, const bn_export_run *r, const char *experiment,
	const char *dir, bn_err *err)
{
	char *uri = bn_strf("file://%s/%s/artifacts", d->path, dir);
	if (!uri)
		return bn_err_nomem(err, "a path");
	json_t *meta = json_pack("{ss so ss ss ss ss ss ss so si so ss}", "artifact_uri", uri,
		"end_time", number_or_null(r->info->finished_ms), "experiment_id", experiment,
		"lifecycle_stage", "active", "run_id", r->info->id, "run_uuid", r->info->id,
		"run_name", r->info->name, "source_version", "", "start_time",
		number_or_null(
			r->info->started_ms >= 0 ? r->info->started_ms : r->info->created_ms),
		"status", status_number(r->status), "tags", json_array(), "user_id",
		r->user ? r->user : "");
	if (meta) {
		json_object_set_new(meta, "entry_point_name", json_string(""));
		json_object_set_new(meta, "source_name", json_string(""));
		json_object_set_new(meta, "source_type", json_integer(4));
	}
	bn_free(uri);
	return put_meta(d, x, dir, meta, err);
}

static int dir_send(bn_dst *base, bn_exporter *x, const bn_export_run *r, bn_err *err)
{
	dst_dir *d = (dst_dir *)base;
	const char *experiment;
	char *dir = NULL, *meta = NULL;
	int rc = find_experiment(&experiment, d, x, r, err);
	if (rc < 0)
		return rc;
	dir = bn_strf("%s/%s", experiment, r->info->id);
	meta = bn_strf("%s/meta.yaml", dir ? dir : "");
	if (!dir || !meta) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if (!d->dir || !bn_dir_has(d->dir, meta))
		x->report->added.runs_new++;
	static const char *const parts[] = {"metrics", "params", "tags", "artifacts"};
	for (size_t i = 0; !x->options->dry_run && i < sizeof parts / sizeof *parts; i++) {
		char *part = bn_strf("%s/%s", dir, parts[i]); /* MLflow wants to find them */
		rc = part ? make_dirs(d, part, err) : bn_err_nomem(err, "a path");
		bn_free(part);
		if (rc < 0)
			goto out;
	}
	if ((rc = put_words(d, x, r, dir, err)) < 0 ||
		(rc = put_links(d, x, r, experiment, dir, err)) < 0)
		goto out;
	for (size_t i = 0; i < r->series.count; i++)
		if ((rc = put_series(d, x, r, dir, r->series.items[i].key, err)) < 0)
			goto out;
	if ((rc = put_files(d, x, r, dir, err)) >= 0)
		rc = put_run_meta(d, x, r, experiment, dir, err);
out:
	bn_free(dir);
	bn_free(meta);
	return rc < 0 ? rc : 0;
}

/* ---- the target ----------------------------------------------------------------------------------- */

static void dir_close(bn_dst *base)
{
	dst_dir *d = (dst_dir *)base;
	bn_dir_close(d->dir);
	json_decref(d->experiments);
	bn_free(d->path);
	bn_free(d);
}

static const bn_dst_ops dir_ops = {"mlruns", dir_send, dir_close};

int bn_dst_dir_open(
	bn_dst **out, const bn_env *env, const char *path, const bn_export_options *o, bn_err *err)
{
	bn_path_kind kind;
	if (!bn_utf8_is_valid(path, strlen(path)))
		return bn_err_set(err, BN_EINVAL, "the path of an MLflow directory is UTF-8 text");
	int rc = bn_fs_look(&kind, env, path, err);
	dst_dir *d = rc < 0 ? NULL : bn_alloc_zeroed(1, sizeof *d);
	if (rc < 0)
		return rc;
	if (!d)
		return bn_err_nomem(err, "a target");
	d->base.ops = &dir_ops;
	d->env = env;
	d->experiments = json_object();
	if ((rc = bn_path_absolute(&d->path, path, err)) < 0)
		goto out;
	if (!bn_utf8_is_valid(d->path, strlen(d->path))) { /* its files name it */
		rc = bn_err_set(err, BN_EINVAL, "'%s': the path of the directory is not UTF-8", path);
		goto out;
	}
	if (kind != BN_PATH_DIR && kind != BN_PATH_ABSENT) {
		rc = bn_err_set(err, BN_EINVAL, "'%s' is no directory", path);
		goto out;
	}
	if (kind == BN_PATH_ABSENT && !o->dry_run &&
		(rc = bn_fs_make_dirs(env, path, 0755, err)) < 0)
		goto out;
	if ((kind == BN_PATH_DIR || !o->dry_run) &&
		((rc = bn_dir_open(&d->dir, env, path, err)) < 0 ||
			(rc = read_experiments(d, err)) < 0))
		goto out;
	*out = &d->base;
	d = NULL;
out:
	if (d)
		dir_close(&d->base);
	return rc;
}
