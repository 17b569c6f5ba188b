/*
 * runlog.h - writing a run: the events of entity run/<id>.
 *
 * Here because runs are started and supervised in this module; core/track folds and shows them. Each
 * function appends to the workspace's log; bn_workspace_commit makes it durable.
 *
 *	run.created   {"name","experiment","kind","title","host","spec","diff","dataset",
 *	              "parent","again","resumes","resumed_step","note","nonce","user","start_ms","reported",
 *	              "source"}   nonce: that of the id (run_id.h);
 *	              resumes: the id of the run whose fit it continues, after so many of its steps
 *	              reported: true if its own program reports its state through a protocol: it has no
 *	              supervisor and no heartbeat, and is RUNNING at once, since start_ms; user: text given by
 *	              its client; source: the protocol or format it came through ("mlflow", "wandb")
 *	run.status    {"status","start_ms","end_ms"}   only of a reported run: RUNNING, SCHEDULED, FINISHED,
 *	              FAILED or KILLED, in any order; what is absent stays as it is
 *	run.submitted {"executor","job"}   submitted to that executor (core/launch/executor.h), as that job;
 *	              without a job: about to be submitted, the job's id follows in another event
 *	run.queued    {"queue","cores","memory_bytes"}   it waits in that queue (core/launch/queue.h); cores 0:
 *	              for all its cores when the run starts
 *	run.started   {"host","boot_id","pid","interval_ms","code","changed"}   changed: how the code differed
 *	              from the spec when a queued run started; code: what it was, as in a spec; diff names an
 *	              object. Absent: no difference
 *	run.param     {"params": {key: text}}
 *	run.tag       {"tags": {key: text or null}}
 *	run.artifact  {"artifacts": [{"path","hash","size"}], "model": digest or absent,
 *	              "manifest": hash of the manifest (kind artifacts) of the list}
 *	run.artifact_removed {"paths": [path]}   each a file or a directory
 *	run.inputs    {"datasets": [{"name","digest","source_type","source","schema","schema_hash","profile",
 *	              "profile_hash","tags": {key: text}}], "models": [id of a logged model]}   a long schema or
 *	              profile is an object, named by its hash. Inputs are only added; a dataset is known by name
 *	              and digest
 *	run.outputs   {"models": [{"id","step"}]}
 *	run.renamed   {"name": text}
 *	run.note      {"note": text}
 *	run.finished  {"status","exit_code","signal","reason","failure"}   failure: what kept Binnacle from
 *	              continuing it, "no_space" or the name of an error's code; absent: the run's own process
 *	              ended
 *	run.stop      {} requests the supervisor to end the run
 *	run.removed, run.restored {}
 *	run.metrics   raw: metric_chunk.h            commuting
 *	run.heartbeat {"interval_ms"}                commuting
 *	run.resources {"rss_bytes","cpu_ms",...}     commuting
 */
#ifndef BN_RUN_RUNLOG_H
#define BN_RUN_RUNLOG_H
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/base/process.h"
#include "core/base/progress.h"
#include "core/run/metric_chunk.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define BN_RUN_KEY_CHARS 250   /* characters of a param, metric or tag key (MLflow's limit), */
#define BN_RUN_KEY_MAX 1000    /* and what they can take in bytes */
#define BN_RUN_VALUE_MAX 32000 /* bytes of a param or tag value: MLflow's 8000 characters of a tag */
#define BN_RUN_NAME_MAX 500   /* bytes of the name of a run or an experiment (MLflow's limit of the latter) */

typedef struct bn_run_created {
	const char *name;       /* NULL: derived from the id */
	const char *experiment; /* NULL: "default" */
	const char *kind;       /* "trainer", "command", "api" */
	const char *title;
	const char *spec_hash; /* the rest may be NULL */
	const char *diff_hash; /* uncommitted changes of the code */
	const char *dataset, *parent, *again, *note;
	const char *resumes;  /* id of the run whose fit it continues, */
	int64_t resumed_step; /* after so many steps; only with resumes */
	const char *nonce; /* of bn_run_id_make; NULL: the id has another form */
	bool reported; /* its own program reports its state (bn_runlog_status) */
	int64_t start_ms;   /* of a reported run, since 1970 UTC; negative: unknown */
	const char *user;   /* text given by the client, or NULL */
	const char *source; /* "mlflow", "wandb", "tensorboard", or NULL */
	bool is_mirrored; /* in a mirror (core/mlflow/mirror.h): its id may be of any writer */
} bn_run_created;

/* What the program of a reported run says of it. */
typedef struct bn_run_report {
	const char *status; /* "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"; NULL: unchanged */
	int64_t start_ms, end_ms; /* since 1970 UTC; negative: unchanged */
} bn_run_report;
#define BN_RUN_REPORT_INIT \
	{ \
		NULL, -1, -1 \
	}

typedef struct bn_run_word {
	const char *key, *value;
} bn_run_word;

/* How the object of a long schema or profile begins: gc reads objects that begin with '{' as JSON, which these need
 * not be. */
#define BN_RUN_TEXT_OBJECT "binnacle text\n"

/* A dataset that a run used, in MLflow's terms. schema and profile may be NULL. */
typedef struct bn_run_dataset {
	const char *name, *digest, *source_type, *source;
	const char *schema, *profile;
	const bn_run_word *tags;
	size_t tag_count;
} bn_run_dataset;

/* A logged model that a run made. */
typedef struct bn_run_output {
	const char *model; /* "m-" and 32 hex digits */
	int64_t step;
} bn_run_output;

/* 32 hex digits. */
bool bn_run_id_is_valid(const char *id);
/* Letters, digits and _ / . - : space, characters beyond ASCII; no leading or double '/', and no part ".." between them:
 * what MLflow accepts, and a little more. Everything that writes or folds a metric, a parameter or a tag of a run asks
 * this. BN_EINVAL. */
int bn_run_key_check(const char *what, const char *key, bn_err *err);
/* Only that it is UTF-8 with at most BN_RUN_KEY_CHARS characters: the rule of a logged model's parameters and tags. */
int bn_run_key_length_check(const char *what, const char *key, bn_err *err);
/* A parameter is written once. Returns BN_ECONFLICT with a message: it already has another
 * value. */
int bn_run_param_conflict(const char *key, const char *is, bn_err *err);

/* BN_EINVAL when a name has more than BN_RUN_NAME_MAX bytes; bn_run_id_check. */
int bn_runlog_created(bn_workspace *ws, const char *id, const bn_run_created *created, bn_err *err);
/* job: NULL if not yet known. */
int bn_runlog_submitted(
	bn_workspace *ws, const char *id, const char *executor, const char *job, bn_err *err);
/* queue: "ann@node1". memory_bytes 0: none asked for. */
int bn_runlog_queued(bn_workspace *ws, const char *id, const char *queue, int64_t cores,
	int64_t memory_bytes, bn_err *err);
int bn_runlog_started(bn_workspace *ws, const char *id, int64_t interval_ms, bn_err *err);
/* changed: how the code differs from the spec ("" or NULL: it does not); code may be NULL. */
int bn_runlog_started_with(bn_workspace *ws, const char *id, int64_t interval_ms, json_t *code,
	const char *changed, bn_err *err);
int bn_runlog_param(
	bn_workspace *ws, const char *id, const char *key, const char *value, bn_err *err);
/* params: {key: text, number, boolean or anything}; non-texts are written as JSON. One event, or several as below. */
int bn_runlog_params(bn_workspace *ws, const char *id, const json_t *params, bn_err *err);
/* value NULL removes the tag. */
int bn_runlog_tag(
	bn_workspace *ws, const char *id, const char *key, const char *value, bn_err *err);
/* tags: {key: text, or null to remove it}; one event, or several for more than 2 MiB. Nothing if there are none. */
int bn_runlog_tags(bn_workspace *ws, const char *id, const json_t *tags, bn_err *err);
int bn_runlog_note(bn_workspace *ws, const char *id, const char *note, bn_err *err);
/* Stores the file as an object, then appends the event. name: NULL for its base name ("." uses that
 * of the working directory); a directory is stored with everything below it, under name. */
int bn_runlog_artifact(
	bn_workspace *ws, const char *id, const char *src, const char *name, bn_err *err);
/* The same for files below the handle `at`: only regular files of this user, reached without
 * links; BN_EREFUSED for others. */
int bn_runlog_artifact_below(bn_workspace *ws, const char *id, const bn_dir *at, const char *src,
	const char *name, const bn_progress *progress, bn_err *err);
/* artifacts: [{"path","hash","size"}] of objects that are stored, each path relative, without '..', shorter than 1024 bytes,
 * and once. model: digest of the model below "model", or NULL. */
int bn_runlog_artifact_objects(
	bn_workspace *ws, const char *id, json_t *artifacts, const char *model, bn_err *err);
/* The model directory dir below `at` under "model", with the model's digest. */
int bn_runlog_model(bn_workspace *ws, const char *id, const bn_dir *at, const char *dir,
	const char *digest, bn_err *err);
/* status: "FINISHED", "FAILED", "KILLED", "LOST". exit_code -1 and signal 0: unknown or none. */
int bn_runlog_finished(bn_workspace *ws, const char *id, const char *status, int exit_code,
	int signal, const char *reason, bn_err *err);
#define BN_RUN_NO_SPACE "no_space"
typedef struct bn_run_end {
	const char *status;
	int exit_code, signal;
	const char *reason;  /* or NULL */
	const char *failure; /* or NULL */
} bn_run_end;
int bn_runlog_ended(bn_workspace *ws, const char *id, const bn_run_end *end, bn_err *err);
/* FAILED outside its process, with that error. */
int bn_runlog_failed(bn_workspace *ws, const char *id, const bn_err *why, bn_err *err);
/* Its failure: BN_RUN_NO_SPACE, or the name of its code. Static. */
const char *bn_run_failure(const bn_err *why);
int bn_runlog_removed(bn_workspace *ws, const char *id, bn_err *err);
/* First renews what the run names (I6). BN_EREFUSED if some of it no longer exists. */
int bn_runlog_restored(bn_workspace *ws, const char *id, bn_err *err);
int bn_runlog_stop(bn_workspace *ws, const char *id, bn_err *err);
/* BN_EINVAL for another status. Readers ignore it for a run that is not reported. */
int bn_runlog_status(bn_workspace *ws, const char *id, const bn_run_report *report, bn_err *err);
int bn_runlog_renamed(bn_workspace *ws, const char *id, const char *name, bn_err *err);
/* A file that is an object already, under that name; an earlier one of that name is replaced. BN_EINVAL for a name that
 * is not a relative path without '..', and for what is no hash. */
int bn_runlog_artifact_stored(bn_workspace *ws, const char *id, const char *name, const char *hash,
	uint64_t bytes, bn_err *err);
/* paths: files or directories, as named by bn_runlog_artifact. */
int bn_runlog_artifact_removed(
	bn_workspace *ws, const char *id, const char *const *paths, size_t count, bn_err *err);
/* Stores long schemas and profiles as objects first (I4). models: ids of logged models. BN_EINVAL for a
 * dataset without name, digest, source_type or source. */
int bn_runlog_inputs(bn_workspace *ws, const char *id, const bn_run_dataset *datasets,
	size_t dataset_count, const char *const *models, size_t model_count, bn_err *err);
int bn_runlog_outputs(
	bn_workspace *ws, const char *id, const bn_run_output *models, size_t count, bn_err *err);
/* Appends the points of set, if any, as events below the payload limit. The caller clears the set after
 * the commit has succeeded. BN_EINVAL, and nothing is appended, if a key is none: the fold would pass over its points. */
int bn_runlog_metrics(bn_workspace *ws, const char *id, const bn_metric_set *set, bn_err *err);
int bn_runlog_heartbeat(bn_workspace *ws, const char *id, int64_t interval_ms, bn_err *err);
int bn_runlog_resources(bn_workspace *ws, const char *id, const bn_process_usage *u,
	int64_t peak_rss_bytes, bn_err *err);

#endif
