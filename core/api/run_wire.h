/*
 * run_wire.h - a run of the index as an answer has it: info, data, inputs, outputs.
 */
#ifndef BN_API_RUN_WIRE_H
#define BN_API_RUN_WIRE_H
#include "core/api/_api.h"
#include "core/track/experiment.h"
#include "core/track/run.h"

/* One request's knowledge of experiments: ids and locations by name, read once. */
typedef struct bn_api_places {
	bn_experiments all;
	bool is_read;
	size_t last; /* most runs of an answer are of one */
} bn_api_places;
#define BN_API_PLACES_INIT \
	{ \
		BN_EXPERIMENTS_INIT, false, 0 \
	}
void bn_api_places_release(bn_api_places *p);
int bn_api_places_read(bn_api_places *p, bn_workspace *ws, bn_err *err);
/* By present name; borrowed. */
int bn_api_place_of(const bn_experiment **out, bn_api_places *p, bn_workspace *ws, const char *name,
	bn_err *err);

/* The whole run. RESOURCE_DOES_NOT_EXIST. */
int bn_api_put_run(bn_wire *w, const char *name, bn_api_call *c, bn_api_places *places,
	const char *id, bn_err *err);
/* {"key", "value", "timestamp", "step"}, with infinities as MLflow's SQL store keeps them. */
void bn_api_put_metric(bn_wire *w, const char *key, double value, int64_t time_ms, int64_t step);
void bn_api_put_metric_value(bn_wire *w, double value);

#endif
