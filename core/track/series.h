/*
 * series.h - metric series: summaries without a chunk, points, and envelopes for charts.
 *
 * Points are returned sorted by (step, time, value), regardless of arrival. NaN and infinities are
 * kept and counted; summaries ignore NaN. Only what the run's owner logged is shown.
 */
#ifndef BN_TRACK_SERIES_H
#define BN_TRACK_SERIES_H
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_series_info {
	char *key;
	int64_t count, nan_count;
	int64_t first_step, last_step; /* smallest and largest step */
	int64_t first_time_ms, last_time_ms;
	int64_t last_point_ms;      /* time of `last` */
	double first, last;         /* at the smallest and largest (step, time, value) */
	double min, max;            /* NaN when every value is NaN */
	int64_t min_step, max_step; /* the first step where they occur; -1 when NaN */
	double mean;                /* of the values that are not NaN */
} bn_series_info;

typedef struct bn_series_list {
	bn_series_info *items; /* sorted by key */
	size_t count, cap;
} bn_series_list;

#define BN_SERIES_LIST_INIT \
	{ \
		NULL, 0, 0 \
	}
int bn_series_find_all(bn_series_list *out, bn_workspace *ws, const char *run_id, bn_err *err);
void bn_series_list_release(bn_series_list *l);
const bn_series_info *bn_series_list_get(const bn_series_list *l, const char *key);

typedef struct bn_points {
	int64_t *step, *time_ms;
	double *value;
	size_t count, cap;
} bn_points;

#define BN_POINTS_INIT \
	{ \
		NULL, NULL, NULL, 0, 0 \
	}
/* All points. An unknown key has none. */
int bn_series_read(
	bn_points *out, bn_workspace *ws, const char *run_id, const char *key, bn_err *err);
void bn_points_release(bn_points *p);

typedef enum bn_series_axis { BN_AXIS_STEP = 0, BN_AXIS_TIME } bn_series_axis;

/* One column of a chart. */
typedef struct bn_bucket {
	int64_t from, to; /* axis values [from, to) */
	size_t count;     /* points that are not NaN; 0: a gap */
	size_t nan_count;
	double min, max, mean; /* NaN when count is 0 */
	double last;           /* value at the largest (step, time) */
} bn_bucket;

/* Whether a metric is what the supervisor measured of the run's processes ("system/rss_bytes"), whose steps count
 * measurements and not the run's own steps. */
bool bn_metric_is_system(const char *key);
/* The newest step that the run itself logged, in any series; -1: none. */
int64_t bn_series_newest_step(const bn_series_list *list);

/* Divides the axis range [from, to] (from > to: the whole series) into n buckets, keeping the extremes of each. Chunks
 * and pieces entirely in one bucket are not opened (chunk.h), nor is a piece at a border between two buckets that are
 * at least 8 times as wide: all its points count in the bucket of its middle. Otherwise the buckets are exact. The
 * caller provides buckets[n]. *any (may be NULL): there is at least one point. */
int bn_series_envelope(bn_bucket *buckets, size_t n, bool *any, bn_workspace *ws,
	const char *run_id, const char *key, bn_series_axis axis, int64_t from, int64_t to,
	bn_err *err);

#endif
