/*
 * run.h - experiments and runs as shown by the index.
 *
 * A run is defined by its events (written by core/run/runlog.h):
 *
 *	ordered     run.created, run.submitted, run.queued, run.started, run.param, run.tag, run.artifact, run.note,
 *	            run.finished, run.removed, run.restored, run.stop, run.renamed, run.status, run.inputs,
 *	            run.outputs, run.artifact_removed
 *	commuting   run.metrics, run.heartbeat, run.resources
 *
 * State machine: SCHEDULED -> RUNNING -> FINISHED | FAILED | KILLED, and LOST from either of the
 * first two if the supervisor has disappeared. A queued run is QUEUED between SCHEDULED and RUNNING,
 * without limit: it cannot be lost there, only cancelled (KILLED). A real end that arrives after LOST
 * wins; the first real end stays. A parameter is written once (MLflow's rule): another value for the
 * same key is kept in the audit log as invalid. Tags are last-writer-wins.
 *
 * The state of a reported run is what its own program says (run.status), in any order: MLflow's clients reopen
 * runs. It is RUNNING from its creation on and never LOST, as nothing of ours watches it. Its created_ms is its
 * start, where that is known. A run whose experiment is removed counts as removed, but keeps its bytes.
 *
 * Everything below reads the index of the last refresh. Unknown values are absent: NULL, NaN, or
 * -1 where documented.
 */
#ifndef BN_TRACK_RUN_H
#define BN_TRACK_RUN_H
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "core/track/artifacts.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

extern const bn_fold_class bn_run_fold_class;        /* "run" */
/* The same for a mirror (core/mlflow/mirror.h), which only its own user can write: a run may have an id that names
 * another writer, since it was created elsewhere. */
extern const bn_fold_class bn_run_mirror_class;
extern const bn_fold_class bn_experiment_fold_class; /* "experiment" */

typedef enum bn_run_status {
	BN_RUN_SCHEDULED = 0,
	BN_RUN_RUNNING,
	BN_RUN_FINISHED,
	BN_RUN_FAILED,
	BN_RUN_KILLED,
	BN_RUN_LOST,
	BN_RUN_QUEUED, /* in a queue; MLflow's word for it is SCHEDULED */
} bn_run_status;
#define BN_RUN_STATUSES 7

const char *bn_run_status_name(bn_run_status status); /* "RUNNING" */
bool bn_run_status_parse(bn_run_status *out, const char *name);
bool bn_run_status_is_live(bn_run_status status); /* SCHEDULED, QUEUED or RUNNING */

typedef struct bn_run_info {
	char id[BN_RUN_ID_TEXT];
	char *name, *experiment;
	char *experiment_first; /* its first name (experiment.h): for other runs in it */
	char *user; /* who created it */
	uid_t uid;  /* the same, by the owner of the segment */
	bn_run_status status;
	char *reason;  /* why it ended this way ("killed by SIGSEGV"), or NULL */
	char *failure; /* what kept Binnacle from continuing it (core/run/runlog.h), or NULL */
	int exit_code; /* -1 unknown */
	int signal;    /* 0 none or unknown */
	char *kind;    /* "trainer", "command" or "api" */
	char *title;   /* "ridge", or the command line */
	char *host;    /* where it ran, or NULL */
	int64_t pid;   /* of the supervisor or API process; -1 unknown */
	int64_t created_ms, started_ms, finished_ms; /* since 1970 UTC; -1 unknown */
	char *spec_hash;                             /* object; NULL for runs from the API */
	char *model_digest;                          /* digest of the model it stored, or NULL */
	char *dataset;                               /* "jobs@v3", or NULL */
	char *parent;                                /* run id or NULL */
	char *resumes;        /* id of the run that it resumes, or NULL */
	int64_t resumed_step; /* number of steps taken over, at least 1; -1: none */
	char *resumed_by;     /* id of the newest run of the same user that resumes it, or NULL */
	char *note;           /* or NULL */
	char *executor, *job_id; /* its executor, and its id there; NULL unknown */
	char *code_changed; /* how the code differed from the spec at its start; NULL: no difference */
	bool removed; /* in the trash, or its experiment is removed */
	bool trashed; /* in the trash */
	bool reported;       /* its own program reports its state */
	char *reported_user; /* text given by its client, or NULL */
	char *source;        /* the protocol or format it came through ("mlflow"), or NULL */
	bool bytes_gone; /* removed, and gc has freed what it names: it cannot be restored */
	/* last heartbeat and resources; -1 / NaN unknown */
	int64_t beat_ms; /* announced time between heartbeats */
	int64_t heartbeat_ms, rss_bytes, peak_rss_bytes, cpu_ms, read_bytes, write_bytes;
	double energy_joules;
} bn_run_info;

/* BN_ENOTFOUND. *out is yours. */
int bn_run_get(bn_run_info **out, bn_workspace *ws, const char *id, bn_err *err);
void bn_run_info_free(bn_run_info *r);
/* BN_EREFUSED, with the reason, if gc has freed what the run names. */
int bn_run_need_bytes(const bn_run_info *r, bn_err *err);
/* How lists call a run: by its name; without one by its title and the first digits of its id ("train.py 3fa91c02"),
 * without either by its whole id. Returns out, or one of the texts. */
#define BN_RUN_LABEL_BYTES 96
const char *bn_run_label(
	char out[BN_RUN_LABEL_BYTES], const char *name, const char *title, const char *id);
/* Time it ran (till now_ms while live); -1 unknown. */
int64_t bn_run_duration_ms(const bn_run_info *r, int64_t now_ms);
/* Between two times, which clients may choose; -1 if one is unknown (negative), they are in the wrong order, or the span
 * in nanoseconds is beyond 63 bits. */
int64_t bn_run_span_ms(int64_t start_ms, int64_t end_ms);

/* Time until step `steps` of a running one, at the pace of its own steps (those before resumed_step were done by
 * another run); -1: unknown. step: the newest one logged. */
int64_t bn_run_left_ms(const bn_run_info *r, int64_t step, int64_t steps, int64_t now_ms);

/* The tag with the id that a run has in another store, which it could not keep (core/exchange/exchange.h). */
#define BN_RUN_ID_TAG "binnacle.run_id"

/* A full id, a unique prefix of one (4 digits or more), a name, "latest", "NAME@latest": the newest of several runs
 * of one name; or the full id that a run has in its BN_RUN_ID_TAG. BN_ENOTFOUND with near names, BN_EINVAL lists the
 * matches of an ambiguous prefix or name. */
int bn_run_resolve(bn_workspace *ws, const char *text, char id[BN_RUN_ID_TEXT], bn_err *err);
/* A name for a run like that one: "mlp-2" after "mlp", "mlp-3" after "mlp-2", or a later number, so that no run has it
 * or one that begins with it and a dash (a sweep's). *out is yours. */
int bn_run_next_name(char **out, bn_workspace *ws, const char *name, bn_err *err);
/* Whether a run has a name similar to the text: the hint of BN_ENOTFOUND then names it. */
bool bn_run_is_near(bn_workspace *ws, const char *text);

typedef struct bn_pair {
	char *key, *value;
} bn_pair;

typedef struct bn_pairs {
	bn_pair *items; /* sorted by key */
	size_t count, cap;
} bn_pairs;

#define BN_PAIRS_INIT \
	{ \
		NULL, 0, 0 \
	}
void bn_pairs_release(bn_pairs *p);
const char *bn_pairs_get(const bn_pairs *p, const char *key); /* NULL when there is none */

int bn_run_params(bn_pairs *out, bn_workspace *ws, const char *id, bn_err *err);
int bn_run_tags(bn_pairs *out, bn_workspace *ws, const char *id, bn_err *err);

int bn_run_artifacts(bn_artifacts *out, bn_workspace *ws, const char *id, bn_err *err);

/* The tag that represents a star. */
#define BN_STAR_TAG "star"

/* The number of runs in each state, removed ones counted separately. */
typedef struct bn_run_counts {
	int64_t by_status[BN_RUN_STATUSES]; /* indexed by bn_run_status */
	int64_t total, removed;
} bn_run_counts;
int bn_run_count(bn_run_counts *out, bn_workspace *ws, bn_err *err);

/* The run as one JSON object, as printed by `run show --json`. *out is yours. */
int bn_run_to_json(json_t **out, bn_workspace *ws, const char *id, bn_err *err);

#endif
