/* mlruns.c - experiments and runs of an MLflow directory: see _mlruns.h. */
#include "core/exchange/_mlruns.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/base/yaml.h"
#include "core/run/runlog.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define META_MAX (16u << 20)
#define WORD_MAX \
	(1u << 20) /* of a parameter or tag; what is longer than a value may be is noted later */
#define BLOCK 262144

/* ---- pieces ----------------------------------------------------------------------------------- */

int bn_mlruns_read_meta(json_t **out, const mlruns *m, const char *dir, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char *path = bn_strf("%s/meta.yaml", dir);
	int rc;
	*out = NULL;
	if (!path)
		return bn_err_nomem(err, "a path");
	if ((rc = bn_src_read_text(&text, m->dir, path, META_MAX, err)) < 0 ||
		(rc = bn_yaml_parse(out, text.ptr, text.len, path, err)) < 0)
		goto out;
	if (!json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
		rc = bn_err_set(err, BN_EINVAL, "%s is no mapping", path);
	}
out:
	bn_free(path);
	bn_buf_release(&text);
	return rc;
}

int64_t bn_mlruns_int(const json_t *meta, const char *key)
{
	int64_t n;
	return bn_mlflow_integer(json_object_get(meta, key), &n) ? n : -1;
}

const char *bn_mlruns_text(const json_t *meta, const char *key, char buf[32])
{
	const json_t *v = json_object_get(meta, key);
	if (json_is_integer(v))
		snprintf(buf, 32, "%lld", (long long)json_integer_value(v));
	return json_is_integer(v) ? buf : json_string_value(v);
}

typedef struct words {
	mlruns *m;
	const char *dir; /* "0/RUN/params" */
	json_t *out;
} words;

static int add_word(void *user, const bn_src_file *f, bn_err *err)
{
	words *w = user;
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	char *path = bn_strf("%s/%s", w->dir, f->path);
	int rc = path ? bn_src_read_text(&text, w->m->dir, path, WORD_MAX, &why)
		      : bn_err_nomem(&why, "a path");
	bool is_text = bn_utf8_is_valid(text.ptr, text.len) && !memchr(text.ptr, '\0', text.len) &&
		       bn_utf8_is_valid(f->path, strlen(f->path));
	if (rc >= 0 && !is_text)
		rc = bn_err_set(&why, BN_EINVAL, "it is not UTF-8 text");
	if (rc >= 0 && json_object_set_new(w->out, f->path, json_stringn(text.ptr, text.len)) < 0)
		rc = bn_err_nomem(&why, "a value");
	bn_buf_release(&text);
	bn_free(path);
	if (rc >= 0)
		return 0;
	if (bn_exchange_ends(rc))
		return bn_err_move(err, &why);
	bn_exchange_unreadable(w->m->base.report, "value", &why, "%s/%s", w->dir, f->path);
	return 0;
}

int bn_mlruns_read_words(json_t **out, mlruns *m, const char *dir, const char *what, bn_err *err)
{
	char *path = bn_strf("%s/%s", dir, what);
	words w = {m, path, json_object()};
	int rc = path && w.out ? bn_src_walk(m->dir, path, m->base.report, add_word, &w, err)
			       : bn_err_nomem(err, "values");
	bn_free(path);
	if (rc < 0) {
		json_decref(w.out);
		w.out = NULL;
	}
	*out = w.out;
	return rc;
}

int bn_mlruns_list_dirs(mlruns *m, const char *dir, mlruns_each_dir *each, void *user, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_err why = BN_ERR_INIT;
	struct stat st;
	int rc = bn_dir_list(m->dir, dir, &names, &why);
	if (rc == BN_ENOTFOUND)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		char *path =
			dir ? bn_strf("%s/%s", dir, names.items[i]) : bn_strdup(names.items[i]);
		if (!path)
			rc = bn_err_nomem(err, "a path");
		else if (bn_dir_stat(m->dir, path, &st, NULL) >= 0 && S_ISDIR(st.st_mode))
			rc = each(user, path, names.items[i], err);
		else if (S_ISLNK(st.st_mode))
			bn_exchange_leave_out(m->base.report, "directory",
				"it is a link, and links are not followed", "%s", path);
		bn_free(path);
	}
	bn_names_release(&names);
	if (why.code && why.code != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	return rc;
}

/* ---- points ----------------------------------------------------------------------------------- */

typedef struct lines {
	mlruns *m;
	const char *path;
	bool of_model;
	mlruns_each_point *each;
	void *user;
	bn_buf rest; /* of a line that continues in the next block */
	int64_t number;
} lines;

static int take_line(lines *l, const char *s, size_t n, bn_err *err)
{
	bn_metric_line line;
	bn_err why = BN_ERR_INIT;
	l->number++;
	if (!n)
		return 0;
	if (bn_metric_line_parse(&line, s, n, l->of_model))
		return l->each(l->user, &line, err);
	bn_err_set(&why, BN_EINVAL, "a line is no point: time, value and step are");
	bn_exchange_unreadable(l->m->base.report, "point", &why, "%s/%s:%lld", l->m->dir->path,
		l->path, (long long)l->number);
	return 0;
}

static int take_block(void *user, const void *bytes, size_t n, bn_err *err)
{
	lines *l = user;
	const char *s = bytes, *end = s + n, *eol;
	int rc = 0;
	while (rc == 0 && (eol = memchr(s, '\n', (size_t)(end - s)))) {
		if (l->rest.len) {
			bn_buf_add(&l->rest, s, (size_t)(eol - s));
			rc = bn_buf_check(&l->rest, err, "a line");
			rc = rc < 0 ? rc : take_line(l, l->rest.ptr, l->rest.len, err);
			bn_buf_clear(&l->rest);
		} else {
			rc = take_line(l, s, (size_t)(eol - s), err);
		}
		s = eol + 1;
	}
	if (l->rest.len + (size_t)(end - s) > BLOCK * 2)
		return bn_err_set(err, BN_EINVAL, "'%s/%s' has a line above %d bytes",
			l->m->dir->path, l->path, BLOCK * 2);
	bn_buf_add(&l->rest, s, (size_t)(end - s));
	return rc < 0 ? rc : bn_buf_check(&l->rest, err, "a line");
}

int bn_mlruns_read_points(mlruns *m, const char *path, bool of_model, mlruns_each_point *each,
	void *user, bn_err *err)
{
	lines l = {m, path, of_model, each, user, BN_BUF_INIT, 0};
	int rc = bn_src_copy(m->dir, path, take_block, &l, err);
	if (rc >= 0 && l.rest.len)
		rc = take_line(&l, l.rest.ptr, l.rest.len, err);
	bn_buf_release(&l.rest);
	return rc;
}

typedef struct series_sink {
	mlruns *m;
	const char *dir, *run; /* "0/RUN/metrics", id */
	const char *key;
	bn_src_each_series *each;
	void *user;
	bn_metric_set set;
} series_sink;

static int add_point(void *user, const bn_metric_line *l, bn_err *err)
{
	series_sink *s = user;
	if (l->dataset[0])
		bn_exchange_leave_out(s->m->base.report, "dataset of a point",
			"points of a run have no dataset here; the point itself is kept",
			"run %s metric %s", s->run, s->key);
	if (bn_metric_set_add(&s->set, s->key, l->step, l->time_ms, l->value) < 0)
		return bn_err_nomem(err, "points");
	return 0;
}

static int read_series(void *user, const bn_src_file *f, bn_err *err)
{
	series_sink *s = user;
	bn_err why = BN_ERR_INIT;
	char *path = bn_strf("%s/%s", s->dir, f->path);
	if (!path)
		return bn_err_nomem(err, "a path");
	s->key = f->path;
	s->set = (bn_metric_set)BN_METRIC_SET_INIT;
	int rc = bn_mlruns_read_points(s->m, path, false, add_point, s, &why);
	bn_free(path);
	if (rc < 0 && !bn_exchange_ends(rc)) {
		bn_exchange_unreadable(
			s->m->base.report, "metric", &why, "run %s metric %s", s->run, f->path);
		rc = 0;
	}
	if (rc < 0)
		bn_err_move(err, &why);
	else if (s->set.count)
		rc = s->each(s->user, &s->set.items[0], err);
	bn_metric_set_release(&s->set);
	return rc;
}

static int mlruns_series(
	bn_src *s, const bn_src_run *r, bn_src_each_series *each, void *user, bn_err *err)
{
	mlruns *m = (mlruns *)s;
	char *dir = bn_strf("%s/metrics", (const char *)r->own);
	series_sink sink = {.m = m, .dir = dir, .run = r->id, .each = each, .user = user};
	int rc = dir ? bn_src_walk(m->dir, dir, s->report, read_series, &sink, err)
		     : bn_err_nomem(err, "a path");
	bn_free(dir);
	return rc;
}

/* ---- files ------------------------------------------------------------------------------------ */

static int mlruns_files(
	bn_src *s, const char *files, bn_src_each_file *each, void *user, bn_err *err)
{
	return bn_src_roots_files(&((mlruns *)s)->roots, s, files, each, user, err);
}

static int mlruns_read(bn_src *s, const char *files, const char *path, bn_src_write *write,
	void *user, bn_err *err)
{
	return bn_src_roots_read(&((mlruns *)s)->roots, files, path, write, user, err);
}

/* Its artifacts are beside its meta.yaml, unless its experiment has another location. */
static char *run_files(const mlruns *m, const char *dir, const char *id, const char *uri)
{
	char *own = bn_strf("0:%s/artifacts", dir);
	if (own && bn_dir_has(m->dir, own + 2))
		return own;
	bn_free(own);
	own = bn_src_roots_find(&m->roots, uri, id);
	if (!own)
		bn_src_roots_note(&m->roots, &m->base, uri, "run", id);
	return own;
}

/* ---- inputs and outputs ----------------------------------------------------------------------- */

typedef struct run_reader {
	mlruns *m;
	const mlruns_experiment *experiment;
	bn_src_each_run *each;
	void *user;
	const char *run; /* its id */
	json_t *datasets, *inputs, *outputs;
} run_reader;

static int add_dataset(run_reader *r, const char *id, json_t *tags, bn_err *err)
{
	json_t *meta = NULL;
	char *dir = NULL;
	int rc;
	if (strchr(id, '/') || id[0] == '.')
		return bn_err_set(err, BN_EINVAL, "'%.80s' is not the id of a dataset", id);
	if (!(dir = bn_strf("%s/datasets/%s", r->experiment->dir, id)))
		return bn_err_nomem(err, "a path");
	if ((rc = bn_mlruns_read_meta(&meta, r->m, dir, err)) < 0)
		goto out;
	if (json_is_object(tags))
		json_object_set(meta, "tags", tags);
	if (json_array_append(r->datasets, meta) < 0)
		rc = bn_err_nomem(err, "a dataset");
out:
	json_decref(meta);
	bn_free(dir);
	return rc;
}

static int read_input(void *user, const char *dir, const char *name, bn_err *err)
{
	run_reader *r = user;
	json_t *meta = NULL;
	bn_err why = BN_ERR_INIT;
	char buf[32];
	(void)name;
	int rc = bn_mlruns_read_meta(&meta, r->m, dir, &why);
	if (rc >= 0) {
		const char *type = bn_json_str(meta, "source_type", ""),
			   *id = bn_mlruns_text(meta, "source_id", buf);
		if (!id)
			rc = bn_err_set(&why, BN_EINVAL, "field 'source_id' is missing");
		else if (!strcmp(type, "MODEL"))
			json_array_append_new(r->inputs, json_string(id));
		else
			rc = add_dataset(r, id, json_object_get(meta, "tags"), &why);
	}
	json_decref(meta);
	if (rc < 0 && bn_exchange_ends(rc))
		return bn_err_move(err, &why);
	if (rc < 0)
		bn_exchange_unreadable(r->m->base.report, "input", &why, "run %s: %s", r->run, dir);
	return 0;
}

static int read_output(void *user, const char *dir, const char *name, bn_err *err)
{
	run_reader *r = user;
	json_t *meta = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_mlruns_read_meta(&meta, r->m, dir, &why);
	if (rc >= 0) {
		int64_t step = bn_mlruns_int(meta, "step");
		json_array_append_new(r->outputs,
			json_pack("{ss sI}", "id", bn_json_str(meta, "destination_id", name),
				"step", (json_int_t)(step < 0 ? 0 : step)));
	}
	json_decref(meta);
	if (rc < 0 && bn_exchange_ends(rc))
		return bn_err_move(err, &why);
	if (rc < 0)
		bn_exchange_unreadable(
			r->m->base.report, "output", &why, "run %s: %s", r->run, dir);
	return 0;
}

static int read_links(run_reader *r, const char *dir, bn_err *err)
{
	char *inputs = bn_strf("%s/inputs", dir), *outputs = bn_strf("%s/outputs", dir);
	int rc = inputs && outputs ? 0 : bn_err_nomem(err, "a path");
	if (rc < 0 || (rc = bn_mlruns_list_dirs(r->m, inputs, read_input, r, err)) < 0)
		goto out;
	rc = bn_mlruns_list_dirs(r->m, outputs, read_output, r, err);
out:
	bn_free(inputs);
	bn_free(outputs);
	return rc;
}

/* ---- runs --------------------------------------------------------------------------------------- */

static const char *status_name(const json_t *meta)
{
	static const char *const names[] = {
		NULL, "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
	int64_t n = bn_mlruns_int(meta, "status");
	return n >= 1 && n <= 5 ? names[n] : bn_json_str(meta, "status", "RUNNING");
}

static int yield_run(
	run_reader *r, const char *dir, const char *id, const json_t *meta, bn_err *err)
{
	json_t *params = NULL, *tags = NULL;
	char *files = run_files(r->m, dir, id, bn_json_str(meta, "artifact_uri", NULL));
	int rc;
	r->run = id;
	r->datasets = json_array();
	r->inputs = json_array();
	r->outputs = json_array();
	if ((rc = bn_mlruns_read_words(&params, r->m, dir, "params", err)) < 0 ||
		(rc = bn_mlruns_read_words(&tags, r->m, dir, "tags", err)) < 0 ||
		(rc = read_links(r, dir, err)) < 0)
		goto out;
	bn_src_run run = {.id = id,
		.experiment = bn_json_str(r->experiment->meta, "name", ""),
		.name = bn_json_str(meta, "run_name", bn_json_str(tags, "mlflow.runName", NULL)),
		.user = bn_json_str(meta, "user_id", NULL),
		.status = status_name(meta),
		.start_ms = bn_mlruns_int(meta, "start_time"),
		.end_ms = bn_mlruns_int(meta, "end_time"),
		.removed = !strcmp(bn_json_str(meta, "lifecycle_stage", "active"), "deleted"),
		.parent = bn_json_str(tags, "mlflow.parentRunId", NULL),
		.title = bn_json_str(tags, "mlflow.source.name", NULL),
		.note = bn_json_str(tags, "mlflow.note.content", NULL),
		.params = params,
		.tags = tags,
		.datasets = r->datasets,
		.input_models = r->inputs,
		.output_models = r->outputs,
		.files = files,
		.own = (void *)(uintptr_t)dir};
	if (!run.name || !*run.name)
		run.name = bn_json_str(tags, "mlflow.runName", NULL);
	rc = r->each(r->user, &run, err);
out:
	json_decref(params);
	json_decref(tags);
	json_decref(r->datasets);
	json_decref(r->inputs);
	json_decref(r->outputs);
	bn_free(files);
	return rc;
}

static int read_run(void *user, const char *dir, const char *name, bn_err *err)
{
	static const char *const others[] = {"tags", "datasets", "traces", "models"};
	run_reader *r = user;
	json_t *meta = NULL;
	bn_err why = BN_ERR_INIT;
	int rc;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (!strcmp(name, others[i]))
			return 0;
	if ((rc = bn_mlruns_read_meta(&meta, r->m, dir, &why)) < 0) {
		if (bn_exchange_ends(rc))
			return bn_err_move(err, &why);
		bn_exchange_unreadable(
			r->m->base.report, "run", &why, "%s/%s", r->m->dir->path, dir);
		return 0;
	}
	const json_t *id = json_object_get(meta, "run_id");
	id = id ? id : json_object_get(meta, "run_uuid");
	/* PyYAML leaves an id such as 73e2 without quotes, which YAML 1.2 reads as a number. */
	if (json_is_number(id) || (json_is_string(id) && !strcmp(json_string_value(id), name))) {
		rc = yield_run(r, dir, name, meta, err);
	} else {
		bn_err_set(&why, BN_EINVAL,
			"field 'run_id' of its meta.yaml is not the directory's name");
		bn_exchange_unreadable(
			r->m->base.report, "run", &why, "%s/%s", r->m->dir->path, dir);
	}
	json_decref(meta);
	return rc;
}

static int mlruns_runs(bn_src *s, bn_src_each_run *each, void *user, bn_err *err)
{
	mlruns *m = (mlruns *)s;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < m->count; i++) {
		run_reader r = {
			.m = m, .experiment = &m->experiments[i], .each = each, .user = user};
		rc = bn_mlruns_list_dirs(m, m->experiments[i].dir, read_run, &r, err);
	}
	return rc;
}

static int64_t mlruns_count(bn_src *s)
{
	mlruns *m = (mlruns *)s;
	int64_t n = 0;
	for (size_t i = 0; i < m->count; i++) {
		bn_names names = BN_NAMES_INIT;
		if (bn_dir_list(m->dir, m->experiments[i].dir, &names, NULL) >= 0)
			for (size_t k = 0; k < names.count; k++)
				n += bn_run_id_is_valid(names.items[k]);
		bn_names_release(&names);
	}
	return n;
}

/* ---- experiments -------------------------------------------------------------------------------- */

static int mlruns_experiments(bn_src *s, bn_src_each_experiment *each, void *user, bn_err *err)
{
	mlruns *m = (mlruns *)s;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < m->count; i++) {
		const json_t *meta = m->experiments[i].meta;
		json_t *tags = NULL;
		char id[32], name[32];
		if ((rc = bn_mlruns_read_words(&tags, m, m->experiments[i].dir, "tags", err)) < 0)
			return rc;
		const bn_src_experiment e = {.id = bn_mlruns_text(meta, "experiment_id", id),
			.name = bn_mlruns_text(meta, "name", name),
			.artifact_location = bn_json_str(meta, "artifact_location", NULL),
			.created_ms = bn_mlruns_int(meta, "creation_time"),
			.updated_ms = bn_mlruns_int(meta, "last_update_time"),
			.removed = m->experiments[i].removed ||
				   !strcmp(bn_json_str(meta, "lifecycle_stage", ""), "deleted"),
			.tags = tags};
		rc = each(user, &e, err);
		json_decref(tags);
	}
	return rc;
}

static int add_experiment(void *user, const char *dir, const char *name, bn_err *err)
{
	mlruns *m = user;
	json_t *meta = NULL;
	char *copy = NULL;
	bn_err why = BN_ERR_INIT;
	char buf[32];
	if (!strcmp(name, ".trash") || !strcmp(name, "models"))
		return 0;
	int rc = bn_mlruns_read_meta(&meta, m, dir, &why);
	if (rc == BN_ENOTFOUND) { /* some other directory */
		bn_exchange_leave_out(m->base.report, "directory",
			"it is no experiment: it has no meta.yaml", "%s/%s", m->dir->path, dir);
		return 0;
	}
	if (rc >= 0 &&
		(!bn_mlruns_text(meta, "experiment_id", buf) || !bn_mlruns_text(meta, "name", buf)))
		rc = bn_err_set(&why, BN_EINVAL, "its meta.yaml lacks experiment_id or name");
	if (rc < 0) {
		json_decref(meta);
		if (bn_exchange_ends(rc))
			return bn_err_move(err, &why);
		bn_exchange_unreadable(
			m->base.report, "experiment", &why, "%s/%s", m->dir->path, dir);
		return 0;
	}
	if (!(copy = bn_strdup(dir)) ||
		bn_grow(&m->experiments, &m->cap, m->count + 1, sizeof *m->experiments) != 0) {
		json_decref(meta);
		bn_free(copy);
		return bn_err_nomem(err, "an experiment");
	}
	m->experiments[m->count++] = (mlruns_experiment){copy, meta, bn_str_starts(dir, ".trash/")};
	return 0;
}

/* ---- the source --------------------------------------------------------------------------------- */

static void mlruns_close(bn_src *s)
{
	mlruns *m = (mlruns *)s;
	for (size_t i = 0; i < m->count; i++) {
		bn_free(m->experiments[i].dir);
		json_decref(m->experiments[i].meta);
	}
	bn_free(m->experiments);
	bn_src_roots_close(&m->roots);
	bn_free(m);
}

static const bn_src_ops mlruns_ops = {
	.kind = "mlruns",
	.source = "mlflow",
	.count = mlruns_count,
	.experiments = mlruns_experiments,
	.runs = mlruns_runs,
	.series = mlruns_series,
	.files = mlruns_files,
	.read = mlruns_read,
	.logged_models = bn_mlruns_logged_models,
	.models = bn_mlruns_models,
	.close = mlruns_close,
};

static int mlruns_is(const bn_src_place *place, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc, is = 0;
	if (place->kind != BN_PATH_DIR)
		return 0;
	if ((rc = bn_dir_list(place->dir, NULL, &names, err)) < 0)
		return rc;
	for (size_t i = 0; !is && i < names.count; i++) {
		bn_buf text = BN_BUF_INIT;
		char *path = bn_strf("%s/meta.yaml", names.items[i]);
		if (path && bn_src_read_text(&text, place->dir, path, META_MAX, NULL) >= 0)
			is = strstr(text.ptr, "experiment_id:") != NULL;
		bn_buf_release(&text);
		bn_free(path);
	}
	/* an empty one has only these */
	is = is || (bn_dir_has(place->dir, ".trash") && bn_dir_has(place->dir, "models"));
	bn_names_release(&names);
	return is;
}

static int mlruns_open(bn_src **out, bn_src_place *place, const bn_import_options *options,
	bn_exchange_report *report, bn_err *err)
{
	mlruns *m = bn_alloc_zeroed(1, sizeof *m);
	int rc;
	if (!m)
		return bn_err_nomem(err, "a source");
	m->base = (bn_src){&mlruns_ops, place->env, report, options};
	rc = bn_src_roots_open(&m->roots, place->env, place->dir, options, err);
	place->dir = NULL;
	if (rc < 0) {
		bn_free(m);
		return rc;
	}
	m->dir = m->roots.dirs[0];
	if ((rc = bn_mlruns_list_dirs(m, NULL, add_experiment, m, err)) < 0 ||
		(rc = bn_mlruns_list_dirs(m, ".trash", add_experiment, m, err)) < 0) {
		mlruns_close(&m->base);
		return rc;
	}
	*out = &m->base;
	return 0;
}

const bn_src_kind bn_src_mlruns = {"an MLflow directory", mlruns_is, mlruns_open};
