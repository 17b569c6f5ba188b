/*
 * _source.h - what a source of runs is to the importer (import.c).
 *
 * A source yields experiments, then runs; while a run is yielded, its series and files are read through it. Everything
 * handed to a callback is borrowed until the callback returns. What a source has to leave out, it notes
 * (bn_exchange_leave_out, bn_exchange_unreadable) and goes on; it returns an error only if going on makes no sense: the
 * disk, the network, memory, or the user's Ctrl-C.
 */
#ifndef BN_EXCHANGE_SOURCE_H
#define BN_EXCHANGE_SOURCE_H
#include "core/base/dir.h"
#include "core/base/id.h"
#include "core/exchange/exchange.h"
#include "core/run/metric_chunk.h"

#define BN_IMPORT_TAG "binnacle.import" /* 16 hex digits: what the source said last */
#define BN_MODEL_ID_TAG "binnacle.model_id" /* the id of a logged model that could not keep it */

typedef struct bn_src_experiment {
	const char *id, *name;
	const char *artifact_location;  /* or NULL */
	int64_t created_ms, updated_ms; /* -1: unknown */
	bool removed;
	const json_t *tags; /* {key: text}; may be NULL */
} bn_src_experiment;

typedef struct bn_src_run {
	const char *id;         /* as the source names it, for messages */
	const char *identity;   /* what the id here is made of; NULL: id, which is 32 hex digits */
	const char *experiment; /* its name */
	const char *name, *user, *note; /* or NULL */
	const char *status;             /* "FINISHED" ... as in bn_run_report */
	const char *parent;             /* id of the run it is nested in, 32 hex digits; or NULL */
	const char *title;              /* what was run, or NULL */
	int64_t start_ms, end_ms;       /* -1: unknown */
	bool removed;
	const json_t *params, *tags; /* {key: text} */
	/* [{"name","digest","source_type","source","schema","profile","tags": {}}]; may be NULL */
	const json_t *datasets;
	const json_t *input_models;  /* [id]; may be NULL */
	const json_t *output_models; /* [{"id","step"}]; may be NULL */
	const char *files;           /* where its artifacts are, for ops->files; NULL: none */
	void *own;                   /* the source's */
} bn_src_run;

/* A logged model of MLflow 3. */
typedef struct bn_src_logged_model {
	const char *id;                                                 /* "m-..." */
	const char *name, *experiment, *status, *type, *run, *location; /* may be NULL */
	int64_t created_ms, updated_ms;
	bool removed;
	const json_t *params, *tags;
	/* [{"key","value","timestamp","step","run_id","dataset_name","dataset_digest"}] */
	const json_t *metrics;
	const char *files;
} bn_src_logged_model;

typedef struct bn_src_version {
	const char *name;
	int64_t version;
	const char *description, *user, *stage, *source, *run, *run_link, *status; /* may be NULL */
	int64_t created_ms, updated_ms;
	const json_t *tags;
	const char *files; /* where its files are; NULL: they are not within reach */
} bn_src_version;

typedef struct bn_src_model {
	const char *name, *description;
	int64_t created_ms, updated_ms;
	const json_t *tags;    /* {key: text} */
	const json_t *aliases; /* {alias: version} */
} bn_src_model;

typedef struct bn_src_file {
	const char *path; /* "model/MLmodel", relative */
	uint64_t bytes;
	int64_t modified_ms; /* -1: unknown */
} bn_src_file;

typedef struct bn_src bn_src;
typedef int bn_src_each_experiment(void *user, const bn_src_experiment *e, bn_err *err);
typedef int bn_src_each_run(void *user, const bn_src_run *r, bn_err *err);
typedef int bn_src_each_series(
	void *user, const bn_metric_series *s, bn_err *err); /* in any order */
typedef int bn_src_each_file(void *user, const bn_src_file *f, bn_err *err);
typedef int bn_src_write(void *user, const void *bytes, size_t n, bn_err *err);
typedef int bn_src_each_logged_model(void *user, const bn_src_logged_model *m, bn_err *err);
typedef int bn_src_each_model(void *user, const bn_src_model *m, bn_err *err);
typedef int bn_src_each_version(void *user, const bn_src_version *v, bn_err *err);

/* Functions may be NULL: the source has none of these. */
typedef struct bn_src_ops {
	const char *kind;   /* "mlruns": for the report */
	const char *source; /* "mlflow": of run.created */
	/* How many runs there are, for progress; -1: not known before they are read. */
	int64_t (*count)(bn_src *s);
	int (*experiments)(bn_src *s, bn_src_each_experiment *each, void *user, bn_err *err);
	int (*runs)(bn_src *s, bn_src_each_run *each, void *user, bn_err *err);
	int (*series)(
		bn_src *s, const bn_src_run *r, bn_src_each_series *each, void *user, bn_err *err);
	int (*files)(bn_src *s, const char *files, bn_src_each_file *each, void *user, bn_err *err);
	int (*read)(bn_src *s, const char *files, const char *path, bn_src_write *write, void *user,
		bn_err *err);
	int (*logged_models)(bn_src *s, bn_src_each_logged_model *each, void *user, bn_err *err);
	/* Each model, followed by its versions in ascending order. */
	int (*models)(bn_src *s, bn_src_each_model *each, bn_src_each_version *version, void *user,
		bn_err *err);
	void (*close)(bn_src *s);
} bn_src_ops;

/* The first member of every source's struct. */
struct bn_src {
	const bn_src_ops *ops;
	const bn_env *env;
	bn_exchange_report *report;
	const bn_import_options *options;
};

/* What the path of a source is; looked at once, in sources.c. */
typedef struct bn_src_place {
	const bn_env *env;
	const char *path; /* as given */
	bn_path_kind kind;
	bn_dir *dir;      /* of a directory: its handle. Otherwise of the file's directory */
	const char *name; /* of a file: below dir */
	uint8_t head[16]; /* of a file */
	size_t head_bytes;
} bn_src_place;

/* A kind of source. open takes place->dir over only if it sets it NULL. */
typedef struct bn_src_kind {
	const char *name; /* for messages: "an MLflow directory (mlruns)" */
	/* 1: it is one, 0: it is not, or the error. */
	int (*is)(const bn_src_place *place, bn_err *err);
	int (*open)(bn_src **out, bn_src_place *place, const bn_import_options *options,
		bn_exchange_report *report, bn_err *err);
} bn_src_kind;

extern const bn_src_kind bn_src_mlruns, bn_src_mlflow_db, bn_src_mlflow_server, bn_src_wandb,
	bn_src_tensorboard;

/* BN_EUNSUPPORTED if no kind knows it, BN_ENOTFOUND if there is nothing. */
int bn_src_open(bn_src **out, const bn_env *env, const char *source,
	const bn_import_options *options, bn_exchange_report *report, bn_err *err);
void bn_src_close(bn_src *s); /* NULL is fine */

/* ---- notes (report.c) ------------------------------------------------------------------------- */

/* Not kept, by design: what ("tag"), why, and where it was. */
void bn_exchange_leave_out(bn_exchange_report *r, const char *what, const char *why,
	const char *where, ...) __attribute__((format(printf, 4, 5)));
/* Damaged: the error's message is the reason; clears it. */
void bn_exchange_unreadable(bn_exchange_report *r, const char *what, bn_err *why, const char *where,
	...) __attribute__((format(printf, 4, 5)));
/* Whether the import should end with such an error: memory, the user's Ctrl-C. Others concern one thing in the
 * source. */
bool bn_exchange_ends(int rc);

/* ---- files of a source (files.c) -------------------------------------------------------------- */

/* Calls each() for the regular files below directory `root` of the handle, which need not exist. Links and other things
 * are noted; nesting is bounded. */
int bn_src_walk(const bn_dir *at, const char *root, bn_exchange_report *report,
	bn_src_each_file *each, void *user, bn_err *err);
/* Copies a file below the handle to write(). */
int bn_src_copy(const bn_dir *at, const char *name, bn_src_write *write, void *user, bn_err *err);
/* Appends a small text file; BN_EINVAL above limit bytes. */
int bn_src_read_text(bn_buf *out, const bn_dir *at, const char *name, size_t limit, bn_err *err);

#endif
