/*
 * metric_group.h - metrics whose names say that they belong into one picture: a row each.
 *
 *	system/gpu0/power, system/gpu1/power       "system/gpu*" and "power": a row for each device; also
 *	system/gpu_0_power_usage_watts (MLflow)    the other forms in which tools number them (gpu0, gpu.0, gpu_0, gpu/0)
 *	weights/hist/-0.5:0, weights/hist/0:0.5    a histogram over time: a bin for each metric, from LO to HI, whose
 *	                                           value is how many there are at the step; LO and HI may be inf
 */
#ifndef BN_TRACK_METRIC_GROUP_H
#define BN_TRACK_METRIC_GROUP_H
#include <stdbool.h>
#include <stddef.h>

#define BN_METRIC_GROUP_BYTES 256

typedef struct bn_metric_group {
	char name[BN_METRIC_GROUP_BYTES];  /* "system/gpu*<rest>", "weights" */
	char label[BN_METRIC_GROUP_BYTES]; /* of its row: "gpu1", "-0.5:0" */
	double place;                      /* rows are in this order: the device's number, the bin's LO */
	bool is_histogram;
} bn_metric_group;

/* False: the metric is alone. */
bool bn_metric_group_of(bn_metric_group *out, const char *key);

#endif
