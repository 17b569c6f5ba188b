/*
 * series_pack.h - the summaries of all series of one run by one owner, in one block of bytes, as
 * stored in table run_series.
 *
 * A series of one point is that point (key, step, time, value: about 14 bytes). For longer ones the
 * block has counts, the first and the last point in (step, time, value), the range of times, the
 * minimum and maximum with the first step that has it, and the exact sum. All parts commute, so a
 * block does not depend on the order of arrival; only `loose` does, which says where a point is
 * stored.
 *
 *	varint series; then each, by key number:
 *	varint key - the key before, u8 form (1 one point, 2 many; | 4 loose)
 *	one:   zigzag step, zigzag time - the first time of the series before, 8 bytes value
 *	many:  varint points, varint nans, first and last as above (last.time - first.time),
 *	       zigzag min_ms - first.time, zigzag max_ms - first.time, and unless all are NaN:
 *	       min, zigzag min_step, max, zigzag max_step, the sum (exact_sum.h)
 *
 * Key numbers are those of one index (index_name), so the block is private to it. Reading trusts
 * nothing: BN_ECORRUPT.
 */
#ifndef BN_TRACK_SERIES_PACK_H
#define BN_TRACK_SERIES_PACK_H
#include "core/base/err.h"
#include "core/run/metric_chunk.h"
#include "core/track/exact_sum.h"

typedef struct bn_series_point {
	int64_t step, time_ms;
	double value;
} bn_series_point;

typedef struct bn_series_summary {
	int64_t key;
	int64_t points, nans;
	bn_series_point first, last; /* in (step, time, value); NaN is before every number */
	int64_t min_ms, max_ms;
	double min, max; /* NaN: every value is */
	int64_t min_step, max_step;
	bool loose;       /* its only point is here and in no chunk */
	bn_exact_sum sum; /* of the numbers; not kept while there is one point */
} bn_series_summary;

typedef struct bn_series_summaries {
	bn_series_summary *items; /* by key */
	size_t count, cap;
} bn_series_summaries;

/* The order of points: by (step, time, value), NaN before every number. */
int bn_series_point_cmp(const bn_series_point *a, const bn_series_point *b);
/* Of all points of m, which has one at least. */
void bn_series_summarise(bn_series_summary *out, const bn_metric_series *m);
/* Adds what more says about further points of the same series. */
void bn_series_summary_join(bn_series_summary *s, const bn_series_summary *more);
double bn_series_mean(const bn_series_summary *s); /* NaN: no numbers */

/* The position of key; *found: whether it is there. */
size_t bn_series_place(const bn_series_summaries *l, int64_t key, bool *found);
/* Inserts a series at a position from bn_series_place. NULL if out of memory. */
bn_series_summary *bn_series_insert(bn_series_summaries *l, size_t at);

int bn_series_pack(bn_buf *out, const bn_series_summaries *l, bn_err *err);
/* Fills *l, reusing its memory. */
int bn_series_unpack(bn_series_summaries *l, const void *bytes, size_t n, bn_err *err);

#endif
