/*
 * quantile.h - quantiles of a stream in constant memory: a deterministic, mergeable KLL sketch.
 *
 * Karnin, Lang, Liberty: "Optimal Quantile Approximation in Streams" (FOCS 2016), with level
 * capacities k (2/3)^depth. The coin of each compaction is a hash of (level, number of compactions
 * of that level), so the same stream gives the same sketch, and merging in the same order the same
 * result. Before the first compaction (about 2 k values) everything is exact, and quantiles
 * interpolate as numpy and pandas do by default.
 *
 * Error: with k = 2048 the rank of a result is within 0.24 % of n of the requested one, with 99 %
 * confidence (single rank, bound 2.296 / k^0.9021 of Apache DataSketches' analysis; a test measures
 * ours). Minimum and maximum are always exact.
 *
 * NaN must not be added. Infinities are ordered like numbers. Used by one thread.
 */
#ifndef BN_PROFILE_QUANTILE_H
#define BN_PROFILE_QUANTILE_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_QUANTILE_K 2048
#define BN_QUANTILE_LEVELS 52
#define BN_QUANTILE_RANK_ERROR 0.0024 /* of n, once the sketch is no longer exact */

typedef struct bn_quantile_level {
	double *items;
	size_t count, cap;
	uint32_t compactions;
} bn_quantile_level;

typedef struct bn_quantile {
	bn_quantile_level *levels; /* an item of level h stands for 2^h values; NULL: none yet */
	size_t level_cap;
	int level_count; /* at least 1 */
	uint64_t n;
	double min, max; /* after prepare; NaN while empty */
	double *scratch; /* of the sort */
	double *sorted;  /* cache for queries: values ... */
	uint64_t *ranks; /* ... and cumulative weights; NULL when stale */
	size_t sorted_count;
} bn_quantile;

void bn_quantile_init(bn_quantile *q);
void bn_quantile_release(bn_quantile *q);
int bn_quantile_add(bn_quantile *q, const double *values, size_t n, bn_err *err);
/* values[i], ascending and distinct, counts[i] times each. */
int bn_quantile_add_counted(
	bn_quantile *q, const double *values, const uint64_t *counts, size_t n, bn_err *err);
/* Fills an empty q so that it is exact, from all values; nothing may be added to it then. */
int bn_quantile_set_counted(
	bn_quantile *q, const double *values, const uint64_t *counts, size_t n, bn_err *err);
/* Merges other into q; other is unchanged. */
int bn_quantile_merge(bn_quantile *q, const bn_quantile *other, bn_err *err);

/* Queries need one sort after the last addition; BN_ENOMEM. */
int bn_quantile_prepare(bn_quantile *q, bn_err *err);
/* Call after prepare. p in [0, 1]; NaN if empty. */
double bn_quantile_at(const bn_quantile *q, double p);
/* Call after prepare. The number of values <= x (an estimate unless exact). */
double bn_quantile_rank(const bn_quantile *q, double x);

#endif
