/* model_metrics.h - the metrics of a request that are of a logged model, too. */
#ifndef BN_API_MODEL_METRICS_H
#define BN_API_MODEL_METRICS_H
#include "core/api/run_state.h"
#include "core/run/metric_chunk.h"

/* Whether the models that `metrics` (objects of a checked request) name exist, after a look at what was committed, if
 * they name any. BAD_REQUEST, as MLflow has it. Asked before anything of the request is appended. */
int bn_api_check_models(bn_api_call *c, const json_t *const *metrics, size_t count, bn_err *err);
/* After that: removes from `set`, the points of `metrics`, those that the run has already, of series with a metric that names a model:
 * log_model logs a run's metrics again, to say of which model they are. */
int bn_api_leave_out_logged(bn_metric_set *set, bn_api_call *c, const bn_api_run *run,
	const json_t *const *metrics, size_t count, bn_err *err);
/* Appends those of `metrics` that name a model to that model. run: the run that logs. */
int bn_api_log_model_metrics(bn_api_call *c, const bn_api_run *run, const json_t *const *metrics,
	size_t count, bn_err *err);

#endif
