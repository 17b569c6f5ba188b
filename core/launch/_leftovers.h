/*
 * _leftovers.h - what a command leaves behind and we pick up. Not for other modules.
 */
#ifndef BN_LAUNCH_LEFTOVERS_H
#define BN_LAUNCH_LEFTOVERS_H
#include "core/run/runlog.h"
#include "core/run/spec.h"

/*
 * For commands: metrics.json in runs/<id>/ or, when written since since_ms, in the working
 * directory: {"rmse": 1.5, "test": {"mae": 2}} becomes metrics rmse and test_mae (step 0), added to
 * `metrics`; and everything in runs/<id>/artifacts/ is stored. For trainers nothing. Appends, does
 * not commit. Below runs/<id> only regular files of this user count, reached without links; what is
 * not one, and a metrics.json that is no such object, is an error after everything else was done.
 */
int bn_leftovers_store(bn_workspace *ws, const char *id, const bn_spec *spec, const bn_dir *run_dir,
	int64_t since_ms, bn_metric_set *metrics, bn_err *err);

#endif
