/* _points.h - which points one side has and the other lacks. */
#ifndef BN_EXCHANGE_POINTS_H
#define BN_EXCHANGE_POINTS_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_points_view {
	const int64_t *step, *time_ms;
	const double *value;
	size_t count;
} bn_points_view;

typedef int bn_exchange_each_point(
	void *user, int64_t step, int64_t time_ms, double value, bn_err *err);

/* Calls each(), in order of step and time, for the points of `of` that `have` lacks. Points are equal by step, time and
 * bits of the value, all NaN alike; n equal ones are n points. as_mlflow: as MLflow's database has them, where equal
 * points are one and an infinity is the largest double. */
int bn_exchange_missing(const bn_points_view *of, const bn_points_view *have, bool as_mlflow,
	bn_exchange_each_point *each, void *user, bn_err *err);

#endif
