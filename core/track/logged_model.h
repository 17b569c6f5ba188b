/*
 * logged_model.h - logged models (MLflow 3): a model that a run made, before anybody registers it.
 *
 * The entity is logged/<id>, the id "m-" and 32 hex digits. All events are ordered:
 *
 *	logged.created  {"name","experiment","run","type","artifact_location","created_ms","nonce",
 *	                "params": {key: text},"tags": {key: text}}   experiment: first name of the experiment;
 *	                nonce: that of the id (core/run/run_id.h), which proves its creator; absent in an id that
 *	                another program made
 *	logged.status   {"status","message"}   "PENDING", "READY" or "FAILED"
 *	logged.param    {"params": {key: text}}   a parameter is written once
 *	logged.tag      {"tags": {key: text or null}}
 *	logged.metrics  {"metrics": [{"key","value","time_ms","step","run","dataset_name","dataset_digest"}]}
 *	                value: a number, or "nan", "inf", "-inf". A point is known by key, time, step and run
 *	logged.artifact {"artifacts": [{"path","hash","size"}]}   objects
 *	logged.artifact_removed {"paths": [path]}   each a file or a directory
 *	logged.removed, logged.restored {}
 *
 * A logged model belongs to its creator, as a run does, and only the creator writes its content; tags, removing and
 * restoring are also for users allowed by the policy. gc keeps its objects until it has been removed long enough.
 */
#ifndef BN_TRACK_LOGGED_MODEL_H
#define BN_TRACK_LOGGED_MODEL_H
#include "core/run/runlog.h"
#include "core/track/run.h"

#define BN_LOGGED_ID_TEXT (2 + BN_RUN_ID_TEXT) /* with its NUL */

extern const bn_fold_class bn_logged_fold_class; /* "logged" */

typedef enum bn_logged_status {
	BN_LOGGED_PENDING,
	BN_LOGGED_READY,
	BN_LOGGED_FAILED,
} bn_logged_status;

const char *bn_logged_status_name(bn_logged_status status); /* "READY" */
bool bn_logged_status_parse(bn_logged_status *out, const char *name);

typedef struct bn_logged_metric {
	char *key;
	double value;
	int64_t time_ms, step;
	char *run;                           /* id of the run that logged it, or "" */
	char *dataset_name, *dataset_digest; /* or NULL */
} bn_logged_metric;

typedef struct bn_logged_metrics {
	bn_logged_metric *items; /* by key, time, step */
	size_t count, cap;
} bn_logged_metrics;

typedef struct bn_logged_model {
	char id[BN_LOGGED_ID_TEXT];
	char *name;
	char *experiment; /* the name that it shows now */
	char experiment_id[65];
	char *run, *type;        /* or NULL */
	char *artifact_location; /* or NULL: the server's default */
	char *message;           /* of its status, or NULL */
	char *user;
	uid_t uid;
	bn_logged_status status;
	int64_t created_ms, updated_ms;
	bool removed;
	bn_pairs params, tags;
	bn_logged_metrics metrics;
} bn_logged_model;

typedef struct bn_logged_models {
	bn_logged_model *items; /* newest first, then by id (MLflow's default order) */
	size_t count, cap;
} bn_logged_models;
#define BN_LOGGED_MODELS_INIT \
	{ \
		NULL, 0, 0 \
	}

/* "m-" and 32 hex digits. */
bool bn_logged_id_is_valid(const char *id);

/* These read the index of the last refresh. Removed ones are found too. BN_ENOTFOUND. *out is yours. */
int bn_logged_get(bn_logged_model **out, bn_workspace *ws, const char *id, bn_err *err);
void bn_logged_free(bn_logged_model *m);
/* Those of the experiments with these ids (count 0: all) that are not removed, with all that a filter may name. Release
 * *out also after an error. */
int bn_logged_list(bn_logged_models *out, bn_workspace *ws, const char *const *experiment_ids,
	size_t count, bn_err *err);
/* Those that the run made. */
int bn_logged_of_run(bn_logged_models *out, bn_workspace *ws, const char *run, bn_err *err);
void bn_logged_models_release(bn_logged_models *l);
/* Its artifacts, by path. */
int bn_logged_artifacts(bn_artifacts *out, bn_workspace *ws, const char *id, bn_err *err);

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct bn_logged_made {
	const char *name;
	const char *experiment;                     /* first name; NULL: "default" */
	const char *run, *type, *artifact_location; /* or NULL */
	int64_t created_ms;                         /* negative: now */
	const char *nonce;                          /* of bn_logged_id_make; NULL: a foreign id */
	const bn_run_word *params, *tags;
	size_t param_count, tag_count;
} bn_logged_made;

typedef struct bn_logged_id {
	char id[BN_LOGGED_ID_TEXT];
	char nonce[BN_RUN_ID_TEXT];
} bn_logged_id;

/* A point for bn_logged_write_metrics. */
typedef struct bn_logged_point {
	const char *key;
	double value;
	int64_t time_ms, step;
	const char *run, *dataset_name, *dataset_digest; /* or NULL */
} bn_logged_point;

typedef struct bn_logged_file {
	const char *path; /* relative, without '..' */
	const char *hash; /* of an object of the workspace */
	int64_t size_bytes;
} bn_logged_file;

/* A new id for this process's writer, which is opened. */
int bn_logged_id_make(bn_logged_id *out, bn_workspace *ws, bn_err *err);
/* Each appends an event; a commit makes it durable. They do not look at the index: whether the model exists and is this
 * user's is the caller's check (the fold refuses what is not). BN_EINVAL for bad ids, names, keys and values. */
int bn_logged_create(bn_workspace *ws, const char *id, const bn_logged_made *made, bn_err *err);
int bn_logged_set_status(bn_workspace *ws, const char *id, bn_logged_status status,
	const char *message, bn_err *err);
int bn_logged_write_params(
	bn_workspace *ws, const char *id, const bn_run_word *params, size_t count, bn_err *err);
/* A value NULL removes the tag. */
int bn_logged_write_tags(
	bn_workspace *ws, const char *id, const bn_run_word *tags, size_t count, bn_err *err);
/* Adds to the tag mlflow.modelVersions of the logged model that the version was registered from it. */
int bn_logged_tell_version(bn_workspace *ws, const bn_logged_model *m, const char *name,
	int64_t version, bn_err *err);
int bn_logged_write_metrics(
	bn_workspace *ws, const char *id, const bn_logged_point *points, size_t count, bn_err *err);
int bn_logged_write_artifacts(
	bn_workspace *ws, const char *id, const bn_logged_file *files, size_t count, bn_err *err);
int bn_logged_remove_artifacts(
	bn_workspace *ws, const char *id, const char *const *paths, size_t count, bn_err *err);
/* Restoring first renews what it names, in the index of the last refresh (I6): BN_EREFUSED if some of it is gone. */
int bn_logged_remove(bn_workspace *ws, const char *id, bool removed, bn_err *err);

#endif
