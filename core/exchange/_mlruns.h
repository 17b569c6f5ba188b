/*
 * _mlruns.h - an MLflow directory ("mlruns", the FileStore of MLflow 1 to 3), for the files that read it.
 *
 *	EXP/meta.yaml                 experiment_id, name, artifact_location, lifecycle_stage, creation_time, ...
 *	EXP/tags/KEY                  text; a key with slashes is a path
 *	EXP/datasets/ID/meta.yaml     name, digest, source_type, source, schema, profile
 *	EXP/models/m-ID/              a logged model: meta.yaml, params/, tags/, metrics/, artifacts/
 *	EXP/RUN/meta.yaml             run_id, run_name, user_id, status (1 RUNNING, 2 SCHEDULED, 3 FINISHED, 4 FAILED,
 *	                              5 KILLED), start_time, end_time, lifecycle_stage, artifact_uri, ...
 *	EXP/RUN/params/KEY, tags/KEY  text
 *	EXP/RUN/metrics/KEY           lines: "TIME_MS VALUE", "TIME_MS VALUE STEP", or with two more fields, the name and
 *	                              digest of a dataset; in a logged model with the run's id after the step
 *	EXP/RUN/inputs/ID/meta.yaml   source_type DATASET or MODEL, source_id, tags
 *	EXP/RUN/outputs/m-ID/meta.yaml
 *	EXP/RUN/artifacts/
 *	.trash/EXP/                   an experiment that was removed
 *	models/NAME/                  the registry: meta.yaml, tags/, aliases/, version-N/meta.yaml, version-N/tags/
 *
 * Everything is read below one handle, so no link leads out of the directory.
 */
#ifndef BN_EXCHANGE_MLRUNS_H
#define BN_EXCHANGE_MLRUNS_H
#include "core/exchange/_roots.h"
#include "core/exchange/metric_line.h"

typedef struct mlruns_experiment {
	char *dir; /* below the root: "0", ".trash/12" */
	json_t *meta;
	bool removed;
} mlruns_experiment;

typedef struct mlruns {
	bn_src base;
	bn_src_roots roots;
	const bn_dir *dir; /* of its root: roots.dirs[0] */
	mlruns_experiment *experiments;
	size_t count, cap;
} mlruns;

/* *out: the object in DIR/meta.yaml. */
int bn_mlruns_read_meta(json_t **out, const mlruns *m, const char *dir, bn_err *err);
/* *out: {key: text} of the files in directory DIR/what, {} if there is none; yours. Files that are no text are noted. */
int bn_mlruns_read_words(json_t **out, mlruns *m, const char *dir, const char *what, bn_err *err);
/* Calls each() for every line of the file; noted and skipped: a line that is no point. */
typedef int mlruns_each_point(void *user, const bn_metric_line *l, bn_err *err);
int bn_mlruns_read_points(mlruns *m, const char *path, bool of_model, mlruns_each_point *each,
	void *user, bn_err *err);
/* A number of YAML: an integer, or text with one. */
int64_t bn_mlruns_int(const json_t *meta, const char *key);
/* A text, or a number as text in buf[32]; NULL if it is absent. */
const char *bn_mlruns_text(const json_t *meta, const char *key, char buf[32]);
/* Calls each() for the names of the directories in dir; user is mlruns_each_dir's. */
typedef int mlruns_each_dir(void *user, const char *dir, const char *name, bn_err *err);
int bn_mlruns_list_dirs(mlruns *m, const char *dir, mlruns_each_dir *each, void *user, bn_err *err);
int bn_mlruns_logged_models(bn_src *s, bn_src_each_logged_model *each, void *user, bn_err *err);
int bn_mlruns_models(
	bn_src *s, bn_src_each_model *each, bn_src_each_version *version, void *user, bn_err *err);

#endif
