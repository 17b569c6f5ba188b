/* model_metrics.h - the metrics of a request that are of a logged model, too. */
#ifndef BN_API_MODEL_METRICS_H
#define BN_API_MODEL_METRICS_H
#include "core/api/run_state.h"

/* Appends those of `metrics` (objects of a checked request) that name a model to that model. run: the run that logs. */
int bn_api_log_model_metrics(bn_api_call *c, const bn_api_run *run, const json_t *const *metrics,
	size_t count, bn_err *err);

#endif
