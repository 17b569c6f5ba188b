/*
 * exchange.h - runs from other trackers, and to them: MLflow directories, databases and servers, W&B's offline logs,
 * TensorBoard's event files.
 *
 * Import. A source is recognised by what is in it (_source.h has the table). Runs keep their ids where those are 32 hex
 * digits (MLflow); others get one derived from the kind of source and the run's identity there, so that a second import
 * finds them. Times, parameters, every point, tags, inputs and artifacts are kept. An imported run is `reported`
 * (core/run/runlog.h) by the importing user, and names the kind of its source.
 *
 * Twice. A run that is there is compared with the source, and only what is missing is added: parameters, points (by
 * step, time and value, counted), artifacts (by path, size and hash). Name, tags, state and trash follow the source when
 * they changed there since the last import (tag binnacle.import has a hash of them), so that what was changed here
 * meanwhile is not undone by an import that brings nothing new. Nothing is removed.
 * So an import may be killed at any time and be run again; a run is complete when its binnacle.import is written, and
 * that is the last event of it.
 *
 * What cannot be kept is in the report, with the reason. What could not be read at all is counted apart (unreadable).
 *
 * Trust. A source may be anybody's. No link in it is followed, no file outside of its directory is read unless a caller
 * names a root for it, sizes are bounded, and a run that belongs to another user of the workspace is left alone.
 */
#ifndef BN_EXCHANGE_EXCHANGE_H
#define BN_EXCHANGE_EXCHANGE_H
#include "core/base/progress.h"
#include "core/mlflow/client.h"
#include "core/store/workspace.h"

#include <jansson.h>

typedef struct bn_import_options {
	const char *experiment; /* every run goes there; NULL: the source's names */
	/* Names or ids of experiments, runs, logged models or registered models; the others are skipped, and logged models
	 * come with their runs. count 0: all. */
	const char *const *only;
	size_t only_count;
	/* Directories that artifacts outside of the source may be read from ("file:" and plain paths below one), and where
	 * "mlflow-artifacts:/PATH" is looked for. */
	const char *const *artifact_roots;
	size_t artifact_root_count;
	bool no_artifacts;
	bool dry_run;                   /* appends nothing; counts what would be */
	const bn_mlflow_access *access; /* of a server; may be NULL */
	const bn_progress *progress;    /* done and total: runs; may be NULL */
} bn_import_options;

/* Counts of things that the import added (or would add). */
typedef struct bn_exchange_counts {
	int64_t experiments, runs_seen, runs_new, runs_grown, runs_same;
	int64_t params, points, tags, inputs, artifacts, artifact_bytes;
	int64_t logged_models, models, versions, aliases;
} bn_exchange_counts;

typedef struct bn_exchange_note {
	char *what;    /* "tag", "artifact", "run" */
	char *where;   /* the first one: "run 7f3a... tag 'a b'" */
	char *why;     /* "a key may not contain '#'" */
	int64_t count; /* how many of the same what and why */
	bool unreadable;
} bn_exchange_note;

typedef struct bn_exchange_report {
	const char *kind; /* of the source: "mlruns"; static */
	bn_exchange_counts added;
	bn_exchange_note *notes; /* what was not kept, in order of appearance */
	size_t note_count, note_cap;
	int64_t unreadable; /* runs, files or entries that are damaged */
} bn_exchange_report;

#define BN_EXCHANGE_REPORT_INIT \
	{ \
		NULL, {0}, NULL, 0, 0, 0 \
	}
void bn_exchange_report_release(bn_exchange_report *r);
/* As `run import --json` prints it. New reference; NULL if out of memory. */
json_t *bn_exchange_report_json(const bn_exchange_report *r);

/* Commits and refreshes the index. out is filled in whatever is returned; the caller releases it. BN_EUNSUPPORTED: no
 * source of any kind known here. After an error what was imported before it is kept. */
int bn_import(bn_exchange_report *out, bn_workspace *ws, const char *source,
	const bn_import_options *options, bn_err *err);

/* ---- export ----------------------------------------------------------------------------------- */

typedef struct bn_export_options {
	bool no_artifacts;
	bool dry_run; /* writes and sends nothing; counts what would be */
	bool only_news; /* skips runs that are as they were when they were last sent there (_sent.h) */
	const bn_mlflow_access *access; /* of a server; may be NULL */
	const bn_progress *progress;    /* done and total: runs; may be NULL */
} bn_export_options;

/* Adds to an MLflow directory or server what it lacks of the runs: parameters, points, tags, inputs, artifacts, state.
 * A directory gets the runs' ids. A server chooses ids: a run that it has under our id is completed, another is made with
 * a tag binnacle.run_id, by which the next export finds it. ids: full ids. Runs in the trash are left out. out is filled
 * in whatever is returned. */
int bn_export(bn_exchange_report *out, bn_workspace *ws, const char *const *ids, size_t count,
	const char *to, const bn_export_options *options, bn_err *err);

#endif
