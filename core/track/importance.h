/*
 * importance.h - which parameters a metric depends on, over the runs of a comparison.
 *
 * Two measures (core/profile/association.h), both of one parameter at a time:
 *	mutual information   in nats; 0: the metric does not depend on it. Kraskov, Stoegbauer, Grassberger (2004) for
 *	                     numbers; Ross (2014) for texts, and for numbers with few values, as those of a grid (on
 *	                     average three runs or more per value)
 *	rank correlation     Spearman's rho, of numbers: the direction
 * They are about these runs: a parameter that hardly varied looks unimportant, and two that varied together look alike.
 * Runs without a number, or on other terms than the baseline, do not count.
 */
#ifndef BN_TRACK_IMPORTANCE_H
#define BN_TRACK_IMPORTANCE_H
#include "core/track/compare.h"

typedef struct bn_param_importance {
	const char *key; /* borrowed from the comparison */
	bool is_number;
	size_t runs, values; /* runs that have it and the metric; distinct values */
	double information, correlation; /* NaN: too few runs, or a text */
} bn_param_importance;

typedef struct bn_importance {
	const char *metric;
	bn_param_importance *items; /* the largest information first */
	size_t count;
} bn_importance;

/* Of the parameters that differ. metric: as in bn_seeds_compare. *out is filled, and yours to release. */
int bn_importance_measure(bn_importance *out, const bn_comparison *c, const char *metric, bn_err *err);
void bn_importance_release(bn_importance *i);
/* {"metric", "parameters": [{"key", "runs", "values", "information", "correlation"}]} */
int bn_importance_to_json(json_t **out, const bn_importance *i, bn_err *err);

#endif
