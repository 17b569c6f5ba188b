/* model.c - a model's directory: writes it, reads it, computes its digest; see model.h. */
#include "core/learn/model.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/yaml.h"
#include "core/learn/_model.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FORMAT "binnacle.model/1"
#define TENSORS_FILE "model.safetensors"
#define FEATURES_FILE "features.json"
#define METRICS_FILE "metrics.json"
#define CARD_FILE "model_card.md"
#define MLMODEL_FILE "MLmodel"

static const char *task_name(bn_task task)
{
	return task == BN_TASK_REGRESSION ? "regression" : "classification";
}

/* ---- MLmodel -------------------------------------------------------------------------------- */

static int put_text(json_t *o, const char *key, const char *text)
{
	return text ? json_object_set_new(o, key, json_string(text)) : 0;
}

static json_t *schema_column(const char *type, const char *name)
{
	return json_pack("{s:s, s:s, s:b}", "type", type, "name", name, "required", 1);
}

/* MLflow stores a schema as a JSON string inside the YAML. */
static json_t *schema_text(json_t *columns)
{
	char *text = json_dumps(columns, JSON_COMPACT);
	json_t *s = text ? json_string(text) : NULL;
	free(text);
	json_decref(columns);
	return s;
}

static json_t *input_schema(const bn_features *f)
{
	static const char *const types[] = {"double", "boolean", "string"};
	json_t *columns = json_array();
	for (size_t i = 0; i < bn_features_source_count(f); i++) {
		const bn_feature_source *s = bn_features_source(f, i);
		const char *type = types[bn_features_input(f, s->first)->kind];
		json_t *column = schema_column(s->elements ? "array" : type, s->name);
		if (s->elements)
			json_object_set_new(column, "items", json_pack("{s:s}", "type", type));
		json_array_append_new(columns, column);
	}
	return schema_text(columns);
}

static json_t *output_schema(const bn_features *f)
{
	json_t *columns = json_array();
	char name[300];
	bool regression = bn_features_task(f) == BN_TASK_REGRESSION;
	json_array_append_new(
		columns, schema_column(regression ? "double" : "string", "prediction"));
	for (size_t k = 0; k < bn_features_class_count(f); k++) {
		snprintf(name, sizeof name, "probability_%s", bn_features_class(f, k));
		json_array_append_new(columns, schema_column("double", name));
	}
	return schema_text(columns);
}

static json_t *flavour(const bn_estimator *e)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "format", FORMAT, "version",
		BN_VERSION, "trainer", e->trainer->name, "task", task_name(e->task), "tensors",
		TENSORS_FILE, "features", FEATURES_FILE, "metrics", METRICS_FILE);
}

static json_t *metadata(const bn_model_about *a)
{
	json_t *o = json_object();
	json_t *hyper = a->hyper ? json_deep_copy(a->hyper) : json_object();
	int bad = put_text(o, "name", a->name) || put_text(o, "dataset", a->dataset) ||
		  put_text(o, "dataset_digest", a->dataset_digest) ||
		  put_text(o, "where", a->where) || put_text(o, "split", a->split) ||
		  json_object_set_new(o, "seed", json_integer((json_int_t)a->seed));
	bad = json_object_set_new(o, "hyper_parameters", hyper) || bad;
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int build_mlmodel(json_t **out, const bn_estimator *e, const bn_features *f,
	const bn_model_about *about, bn_err *err)
{
	json_t *doc = json_object(), *flavours = json_object(), *signature = json_object();
	int bad = put_text(doc, "run_id", about->run_id) ||
		  json_object_set_new(flavours, "binnacle", flavour(e)) ||
		  json_object_set_new(doc, "metadata", metadata(about)) ||
		  json_object_set_new(signature, "inputs", input_schema(f)) ||
		  json_object_set_new(signature, "outputs", output_schema(f));
	bad = json_object_set_new(doc, "flavors", flavours) || bad;
	bad = json_object_set_new(doc, "signature", signature) || bad;
	if (bad) {
		json_decref(doc);
		return bn_err_nomem(err, MLMODEL_FILE);
	}
	*out = doc;
	return 0;
}

/* ---- saving --------------------------------------------------------------------------------- */

/* Writes a file of the model from b, which is cleared. */
static int write_file(const bn_dir *dir, const char *name, bn_buf *b, bn_err *err)
{
	int rc = bn_buf_check(b, err, name);
	if (rc < 0)
		return rc;
	rc = bn_dir_write_file(dir, name, b->ptr, b->len, 0644, err);
	bn_buf_clear(b);
	return rc;
}

static int write_files(const bn_dir *dir, const bn_estimator *e, const bn_features *f,
	const bn_model_about *about, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	json_t *features = NULL, *mlmodel = NULL, *empty = json_object();
	int rc = bn_safetensors_write(&b, e->tensors, err);
	if (rc < 0 || (rc = write_file(dir, TENSORS_FILE, &b, err)) < 0)
		goto out;
	if ((rc = bn_features_to_json(&features, f, err)) < 0)
		goto out;
	if ((rc = bn_json_pretty(features, &b, err)) < 0)
		goto out;
	if ((rc = write_file(dir, FEATURES_FILE, &b, err)) < 0)
		goto out;
	if ((rc = bn_json_pretty(about->metrics ? about->metrics : empty, &b, err)) < 0)
		goto out;
	if ((rc = write_file(dir, METRICS_FILE, &b, err)) < 0)
		goto out;
	if ((rc = bn_model_card(&b, e, f, about, err)) < 0)
		goto out;
	if ((rc = write_file(dir, CARD_FILE, &b, err)) < 0)
		goto out;
	if ((rc = build_mlmodel(&mlmodel, e, f, about, err)) < 0)
		goto out;
	if ((rc = bn_yaml_write(&b, mlmodel, err)) < 0)
		goto out;
	rc = write_file(dir, MLMODEL_FILE, &b, err);
out:
	json_decref(features);
	json_decref(mlmodel);
	json_decref(empty);
	bn_buf_release(&b);
	return rc;
}

/* Below `at`: written under a temporary name, then renamed. */
static int save_below(const bn_dir *at, const char *name, const bn_estimator *e,
	const bn_features *f, const bn_model_about *about, bn_err *err)
{
	bn_dir *dir = NULL;
	bn_path_kind there;
	int rc = 0;
	char *partial = bn_strf("%s.partial", name);
	if (!partial)
		return bn_err_nomem(err, "model");
	if ((rc = bn_dir_look(&there, at, name, err)) < 0)
		goto out;
	if (there != BN_PATH_ABSENT) {
		rc = bn_err_set(err, BN_ECONFLICT, "%s/%s exists already", at->path, name);
		goto out;
	}
	if ((rc = bn_dir_remove_tree(at, partial, err)) < 0)
		goto out;
	if ((rc = bn_dir_make(at, partial, 0755, err)) < 0)
		goto out;
	if ((rc = bn_dir_open_below(&dir, at, partial, err)) < 0)
		goto out;
	if ((rc = write_files(dir, e, f, about, err)) < 0)
		goto out;
	if ((rc = bn_dir_rename(at, partial, at, name, err)) < 0)
		goto out;
	rc = bn_dir_sync(at, NULL, err);
out:
	bn_dir_close(dir);
	if (rc < 0)
		bn_dir_remove_tree(at, partial, NULL);
	bn_free(partial);
	return rc;
}

int bn_model_save(const bn_env *env, const bn_dir *at, const char *dir, const bn_estimator *e,
	const bn_features *f, const bn_model_about *about, bn_err *err)
{
	bn_dir *parent = NULL;
	const char *name = bn_path_base(dir);
	int rc = 0;
	if (at)
		return save_below(at, dir, e, f, about, err);
	char *up = name == dir ? bn_strdup(".") : bn_strndup(dir, (size_t)(name - dir));
	if (!up)
		return bn_err_nomem(err, "model");
	if ((rc = bn_dir_open(&parent, env, up, err)) < 0)
		goto out;
	rc = save_below(parent, name, e, f, about, err);
out:
	bn_dir_close(parent);
	bn_free(up);
	return rc;
}

static int open_dir(bn_dir **out, const bn_env *env, const bn_dir *at, const char *dir, bn_err *err)
{
	return at ? bn_dir_open_below(out, at, dir, err) : bn_dir_open(out, env, dir, err);
}

static int file_hash(char hex[BN_SHA256_HEX + 1], const bn_dir *d, const char *name, bn_err *err)
{
	int fd, rc = bn_dir_open_file(&fd, d, name, O_RDONLY, 0, err);
	if (rc < 0)
		return rc;
	rc = bn_sha256_open_file(d->env, fd, name, hex, NULL, err);
	d->env->fs->close(d->env, fd);
	return rc;
}

int bn_model_digest(char hex[BN_MODEL_DIGEST_HEX + 1], const bn_env *env, const bn_dir *at,
	const char *dir, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_buf lines = BN_BUF_INIT;
	bn_dir *d = NULL;
	char one[BN_SHA256_HEX + 1];
	int rc = open_dir(&d, env, at, dir, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_dir_list(d, NULL, &names, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++) {
		bn_path_kind kind;
		if ((rc = bn_dir_look(&kind, d, names.items[i], err)) < 0)
			goto out;
		if (kind == BN_PATH_DIR) /* Python's, in an exported folder (pyfunc.h) */
			continue;
		if ((rc = file_hash(one, d, names.items[i], err)) < 0)
			goto out;
		bn_buf_addf(&lines, "%s  %s\n", one, names.items[i]);
	}
	if ((rc = bn_buf_check(&lines, err, "model digest")) < 0)
		goto out;
	bn_sha256_hex(lines.ptr, lines.len, hex);
out:
	bn_dir_close(d);
	bn_names_release(&names);
	bn_buf_release(&lines);
	return rc;
}

/* ---- loading -------------------------------------------------------------------------------- */

/* Reads a file of the model into b, replacing its content. path is for messages; yours. */
static int read_file(const bn_dir *dir, const char *name, bn_buf *b, char **path, bn_err *err)
{
	bn_buf_clear(b);
	bn_free(*path);
	*path = bn_dir_join(dir, name);
	if (!*path)
		return bn_err_nomem(err, name);
	return bn_dir_read_file(dir, name, b, err);
}

static int read_flavour(const json_t *mlmodel, const char *path, const bn_trainer **trainer,
	bn_task *task, bn_err *err)
{
	const char *format = NULL, *name = NULL, *task_text = NULL;
	json_t *flavours = NULL, *ours = NULL;
	int rc = bn_json_need_object(mlmodel, "flavors", &flavours, path, err);
	if (rc == 0 && !json_object_get(flavours, "binnacle"))
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%s: no binnacle flavour", path);
	if (rc || (rc = bn_json_need_object(flavours, "binnacle", &ours, path, err)) != 0 ||
		(rc = bn_json_need_str(ours, "format", &format, path, err)) != 0 ||
		(rc = bn_json_need_str(ours, "trainer", &name, path, err)) != 0 ||
		(rc = bn_json_need_str(ours, "task", &task_text, path, err)) != 0)
		return rc;
	if (strcmp(format, FORMAT) != 0)
		return bn_err_set(err, BN_EUNSUPPORTED, "%s: format '%.40s', this build reads %s",
			path, format, FORMAT);
	*task = strcmp(task_text, "regression") == 0 ? BN_TASK_REGRESSION : BN_TASK_CLASSIFICATION;
	if (strcmp(task_text, task_name(*task)) != 0)
		return bn_err_set(err, BN_EINVAL, "%s: no task '%.40s'", path, task_text);
	return bn_trainer_find(trainer, name, err);
}

static int load_numbers(bn_model *m, const bn_trainer *trainer, bn_task task, const bn_buf *b,
	const char *path, bn_err *err)
{
	bn_tensors *tensors = NULL;
	const bn_features *f = m->features;
	size_t outputs = task == BN_TASK_CLASSIFICATION ? bn_features_class_count(f) : 1;
	if (bn_features_task(f) != task)
		return bn_err_set(err, BN_EINVAL, "%s: features are for a %s, the model does %s",
			path, task_name(bn_features_task(f)), task_name(task));
	int rc = bn_safetensors_parse(&tensors, b->ptr, b->len, path, err);
	if (rc == 0)
		rc = bn_estimator_from_tensors(
			&m->estimator, trainer, task, bn_features_width(f), outputs, tensors, err);
	if (rc)
		bn_tensors_free(tensors);
	return rc;
}

static int load(bn_model *m, const bn_dir *dir, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	char *path = NULL;
	const bn_trainer *trainer = NULL;
	bn_task task = BN_TASK_AUTO;
	json_t *features = NULL;
	int rc = read_file(dir, MLMODEL_FILE, &b, &path, err);
	if (rc < 0 || (rc = bn_yaml_parse(&m->mlmodel, b.ptr, b.len, path, err)) < 0)
		goto out;
	if ((rc = read_flavour(m->mlmodel, path, &trainer, &task, err)) < 0)
		goto out;
	if ((rc = read_file(dir, FEATURES_FILE, &b, &path, err)) < 0)
		goto out;
	if ((rc = bn_json_parse(&features, b.ptr, b.len, path, err)) < 0)
		goto out;
	if ((rc = bn_features_from_json(&m->features, features, err)) < 0)
		goto out;
	if ((rc = read_file(dir, METRICS_FILE, &b, &path, err)) < 0)
		goto out;
	if ((rc = bn_json_parse(&m->metrics, b.ptr, b.len, path, err)) < 0)
		goto out;
	if ((rc = read_file(dir, TENSORS_FILE, &b, &path, err)) < 0)
		goto out;
	rc = load_numbers(m, trainer, task, &b, path, err);
out:
	json_decref(features);
	bn_free(path);
	bn_buf_release(&b);
	return rc;
}

int bn_model_load(bn_model **out, const bn_env *env, const bn_dir *at, const char *dir, bn_err *err)
{
	bn_dir *d = NULL;
	int rc = 0;
	bn_model *m = bn_alloc_zeroed(1, sizeof *m);
	if (!m)
		return bn_err_nomem(err, "model");
	if ((rc = open_dir(&d, env, at, dir, err)) < 0)
		goto out;
	if ((rc = load(m, d, err)) < 0)
		goto out;
	*out = m;
	m = NULL;
out:
	bn_dir_close(d);
	bn_model_free(m);
	return rc;
}

void bn_model_free(bn_model *m)
{
	if (!m)
		return;
	bn_estimator_free(m->estimator);
	bn_features_free(m->features);
	json_decref(m->metrics);
	json_decref(m->mlmodel);
	bn_free(m);
}

const char *bn_model_name(const bn_model *m)
{
	return bn_json_str(json_object_get(m->mlmodel, "metadata"), "name", "");
}

const char *bn_model_trainer(const bn_model *m)
{
	return m->estimator->trainer->name;
}

const bn_features *bn_model_features(const bn_model *m)
{
	return m->features;
}

bn_task bn_model_task(const bn_model *m)
{
	return m->estimator->task;
}

size_t bn_model_outputs(const bn_model *m)
{
	return m->estimator->outputs;
}

const json_t *bn_model_mlmodel(const bn_model *m)
{
	return m->mlmodel;
}
