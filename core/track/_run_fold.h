/*
 * _run_fold.h - the files that fold ordered events of runs: run_fold.c and run_reported_fold.c. Not for other
 * modules.
 */
#ifndef BN_TRACK__RUN_FOLD_H
#define BN_TRACK__RUN_FOLD_H
#include "core/govern/rights.h"
#include "core/store/index/fold.h"
#include "core/track/run.h"

/* What is known about a run so far. */
typedef struct bn_run_state {
	int64_t no, experiment;
	bool exists;
	bool trashed; /* removed by an event of its own */
	bool removed; /* that, or its experiment is */
	bool reported;
	uid_t uid;
	bn_run_status status;
} bn_run_state;

/* The run is counted as another one from now on. */
int bn_run_recount(
	bn_fold *f, const bn_run_state *s, bool removed, bn_run_status status, bn_err *err);
/* 1: allowed, 0: refused (and reported), negative: an error of the index. */
int bn_run_owner_only(bn_fold *f, const bn_event *ev, const bn_run_state *s);
int bn_run_owner_or_act(
	bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_act act, bn_err *err);
int bn_run_invalid(bn_fold *f, const char *why); /* 0 */
bool bn_artifact_path_is_valid(const char *path);

/* run_reported_fold.c. The fields of run.created beyond those of our own runs. */
int bn_run_apply_reported(bn_fold *f, const bn_event *ev, bn_err *err);
int bn_run_apply_status(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err);
int bn_run_apply_renamed(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err);
int bn_run_apply_artifact_removed(
	bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err);
/* run_links_fold.c */
int bn_run_apply_inputs(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err);
int bn_run_apply_outputs(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err);

/* experiment_names.c. Whether runs of the experiment (index_name.no) count as removed, as of the end of the last batch: a
 * batch ends by bringing all runs in line with what it changed. */
bool bn_experiment_is_removed(sqlite3 *db, int64_t experiment);
/* Derives table index_experiment and what depends on it. At the end of a batch in which an experiment got an event, or
 * appeared. */
int bn_experiments_derive(bn_fold *f, bn_err *err);

#endif
