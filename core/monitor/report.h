/*
 * report.h - compares the inputs a model received with those it was trained on.
 *
 * A report takes a window of the prediction log and compares each input with the model's reference:
 * the training table of the dataset version named in the model if this workspace has it (rows, so
 * every test is exact), else the reference statistics inside the model. With statistics only
 * category inputs can be tested (their shares are known exactly); a number input is then
 * inconclusive.
 *
 * The result is kept: the details (tests, verdicts, bins for the charts) as a JSON object in
 * objects/, and an event `monitor.report` of entity `monitor/<model>` with the summary. Reports are
 * immutable; repeating a window creates another report.
 *
 * JSON of the details (binnacle monitor show --json prints it):
 *	{"id", "model", "version", "time",
 *	 "reference": {"kind": "table"|"statistics", "dataset", "rows"},
 *	 "window": {"from", "to", "rows"},
 *	 "dataset": {"verdict", "share", "threshold", "columns", "drifted", "inconclusive", "why"},
 *	 "features": [{"name", "kind", "test", "title", "statistic", "p", "score", "operator",
 *	   "threshold", "verdict", "why", "n_ref", "n_cur", "infinity_norm", "jensen_shannon_divergence",
 *	   "bins": {"edges": [...] or "labels": [...], "ref": [...], "cur": [...]}}]}
 */
#ifndef BN_MONITOR_REPORT_H
#define BN_MONITOR_REPORT_H
#include "core/base/progress.h"
#include "core/monitor/drift.h"
#include "core/monitor/prediction_log.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

#include <jansson.h>

typedef struct bn_monitor_options {
	bn_prediction_window window; /* model and version are set from the model argument */
	bn_drift_options drift;      /* min_rows 0 means 30 here */
	double share_threshold;      /* NaN or 0: 0.5 */
	bool dry_run;                /* compute, store nothing */
	const bn_progress *progress; /* NULL: none */
} bn_monitor_options;

typedef struct bn_monitor_feature {
	char *name;
	char *kind; /* "number", "boolean", "category" */
	bn_drift_result result;
	/* TFDV's skew comparators (core/check/tfdv_compare.h); NaN: not known, and the norm of a number. */
	double infinity_norm, jensen_shannon_divergence;
	size_t bins;
	double *edges;     /* bins + 1, or NULL for categories */
	char **labels;     /* bins, or NULL for numbers */
	double *ref, *cur; /* bins shares each */
} bn_monitor_feature;

typedef struct bn_monitor_report {
	char *id;              /* 16 hex digits */
	char *model, *version; /* version may be NULL */
	int64_t time_ms, from_ms, to_ms;
	int64_t rows;         /* of the window */
	char *reference_kind; /* "table" or "statistics" */
	char *reference;      /* "jobs@v3", or NULL */
	int64_t reference_rows;
	uid_t uid;       /* of a listed one: its owner */
	bool is_private; /* the reference is private data: only its user can read the features */
	bn_drift_dataset dataset;
	bn_monitor_feature *features; /* in the order of the model's inputs; NULL in a listing */
	size_t feature_count;
	char *object; /* hash of the details, or NULL for a dry run */
} bn_monitor_report;

/* model: as for bn_predictor_open. BN_ENOTFOUND if nothing was logged for it in the window. A
 * verdict of drift is a result, not an error. */
int bn_monitor_report_make(bn_monitor_report **out, bn_workspace *ws, const char *model,
	const bn_monitor_options *options, bn_err *err);
/* id: any unique prefix, or "latest" (of model if not NULL); among the listed ones. */
int bn_monitor_report_load(
	bn_monitor_report **out, bn_workspace *ws, const char *id, const char *model, bn_err *err);
/* The newest readable report of a model. Anyone may create reports: one whose object is missing, damaged or
 * another report's is reported to unreadable (may be NULL) and skipped. BN_ENOTFOUND if none is left. */
typedef void bn_monitor_unreadable(void *ctx, const bn_monitor_report *row, const bn_err *why);
int bn_monitor_report_newest(bn_monitor_report **out, bn_workspace *ws, const char *model,
	bn_monitor_unreadable *unreadable, void *ctx, bn_err *err);
int bn_monitor_report_json(json_t **out, const bn_monitor_report *r, bn_err *err);
void bn_monitor_report_free(bn_monitor_report *r);

typedef struct bn_monitor_reports {
	bn_monitor_report **items; /* newest first, without features */
	size_t count;
} bn_monitor_reports;

/* model NULL: of all. limit 0: all. Only those of members or the reader (core/govern/members.h) that are not
 * dated a day or more ahead. */
int bn_monitor_report_list(
	bn_monitor_reports *out, bn_workspace *ws, const char *model, size_t limit, bn_err *err);
void bn_monitor_reports_release(bn_monitor_reports *l);

extern const bn_fold_class bn_monitor_class;

#endif
