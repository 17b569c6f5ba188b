/*
 * launch.h - starting a run in a separate process, and stopping it.
 *
 * bn_launch writes the spec and the event run.created, then starts `binnacle exec RUN` detached
 * (new session, stdin /dev/null, output in runs/<id>/log.txt) and returns. From then on the run
 * is independent: the supervisor (exec.h) writes its events, regardless of the launcher.
 *
 * Everything is durable before anything is started: after a crash in between, the run is
 * SCHEDULED and reconciliation (core/track/reconcile.h) turns it into LOST.
 */
#ifndef BN_LAUNCH_LAUNCH_H
#define BN_LAUNCH_LAUNCH_H
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/launch/executor.h"
#include "core/run/metric_chunk.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <sys/types.h>

/* What a run takes over from the run that it resumes (core/track/resume.h decides whether that is possible). */
typedef struct bn_launch_resumed {
	const char *run;              /* its id */
	const bn_dir *dir;            /* its directory, with the checkpoint */
	const char *checkpoint;       /* the file's name, also in the new directory */
	int64_t step;                 /* steps done there */
	const bn_metric_set *metrics; /* of those steps */
} bn_launch_resumed;

typedef struct bn_launch_options {
	const char *name;                 /* readable; NULL: derived from the id */
	const char *experiment; /* its first name (core/track/experiment.h); NULL: "default" */
	const char *note;                 /* may be NULL */
	const char *parent;               /* id of the parent run, or NULL */
	const char *again;                /* id of the run this one repeats, or NULL */
	const bn_launch_resumed *resumed; /* the resumed run; NULL: a new run */
	const char *workdir;  /* where code is searched and a command runs; NULL: current */
	const char *program;  /* the binnacle executable; NULL: this program */
	const char *executor; /* its name; NULL: as in the spec */
} bn_launch_options;

/* given: a spec as the user wrote it (bn_spec_resolve and bn_spec_add_provenance are done here).
 * id gets the run's 32 hex digits. What this version cannot run, or the executor cannot satisfy,
 * is refused before anything is written. */
int bn_launch(bn_workspace *ws, const bn_spec *given, const bn_launch_options *opt,
	char id[BN_RUN_ID_TEXT], bn_err *err);
/* The first half alone: everything but starting the process. */
int bn_launch_prepare(bn_workspace *ws, const bn_spec *given, const bn_launch_options *opt,
	char id[BN_RUN_ID_TEXT], bn_err *err);

/* The spec that bn_launch would run, except for code and environment, and its executor. Refuses what bn_launch
 * would refuse; writes nothing. *out is yours. */
int bn_launch_spec(bn_spec **out, const bn_executor **by, bn_workspace *ws, const bn_spec *given,
	const bn_launch_options *opt, bn_err *err);

/* Requests a run to end: SIGTERM to its supervisor on this host, which forwards it and kills after the spec's
 * grace time. On another host, or before it has a supervisor: an event run.stop for the record and the file
 * runs/<id>/stop, which its supervisor checks for. One that waits in this user's queue on this host is
 * cancelled. *how (may be NULL) tells which. BN_EREFUSED if it is another user's, BN_ECONFLICT if its
 * supervisor is gone. */
int bn_launch_stop(bn_workspace *ws, const char *id, bn_cancel *how, bn_err *err);

#endif
