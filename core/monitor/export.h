/*
 * export.h - the state of a workspace as Prometheus text, for the textfile collector of a node exporter: drift, runs,
 * energy and checks of data, without a server.
 *
 * Every sample has the label workspace. Families, with their other labels:
 *
 *	binnacle_export_time_seconds                   when this text was made
 *	binnacle_export_left_out {kind}                beyond the limits below: "models", "features", "experiments",
 *	                                               "metrics", "datasets", "suites"
 *	binnacle_runs {state}                          number of runs, for each of the seven states
 *	binnacle_run_last_end_time_seconds {state}     when the newest run in that state ended
 *    of the newest finished run of each experiment:
 *	binnacle_run_info {experiment, run, name}      1
 *	binnacle_run_end_time_seconds, _duration_seconds, _cpu_seconds, _peak_memory_bytes {experiment}
 *	binnacle_run_energy_joules {experiment, source}   source "run": measured with its resources; "metric": what it
 *	                                               logged as energy_joules
 *	binnacle_run_metric {experiment, metric}       last value
 *    of each dataset's newest version:
 *	binnacle_dataset_version, _rows, _rejected_rows, _time_seconds {dataset}
 *    of the newest check with each suite:
 *	binnacle_data_check_success, _evaluated, _failed, _time_seconds {dataset, suite}
 *    of each model's newest drift report, as /metrics of a server has them:
 *	binnacle_drift_... {model, version[, feature, test]}
 *
 * What is not known is absent. Ages are times, so that a text that is no longer renewed grows old. Names are those of
 * the workspace's users, so their number is limited (BN_EXPORT_...), newest first. Reports on private data, which the
 * file would show to others, have no features.
 */
#ifndef BN_MONITOR_EXPORT_H
#define BN_MONITOR_EXPORT_H
#include "core/base/buf.h"
#include "core/store/workspace.h"

enum {
	BN_EXPORT_MODELS = 100,
	BN_EXPORT_FEATURES = 500, /* of a model */
	BN_EXPORT_EXPERIMENTS = 50,
	BN_EXPORT_METRICS = 50, /* of a run */
	BN_EXPORT_DATASETS = 200,
	BN_EXPORT_SUITES = 20, /* of a dataset */
};

/* Appends to out. workspace: the label. warn (may be NULL) is called for a report that cannot be read. */
typedef void bn_export_warn(void *ctx, const char *line);
int bn_monitor_export(bn_buf *out, bn_workspace *ws, const char *workspace, bn_export_warn *warn,
	void *ctx, bn_err *err);

#endif
