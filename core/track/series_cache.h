/*
 * series_cache.h - the summaries of runs that the fold has open: unpacked once, written once.
 *
 * Packing and unpacking a run's summaries (series_pack.h) costs as much as it has series. Points that come for many
 * runs by turns would pay that for each event if one run were open at a time. So many are, up to a number of runs
 * and of series; beyond that the ones used longest ago are written and closed. The one that was used last stays
 * open however large it is: two runs that take turns are both open whatever their size.
 *
 * What is open may be ahead of the table: flush before reading that.
 */
#ifndef BN_TRACK_SERIES_CACHE_H
#define BN_TRACK_SERIES_CACHE_H
#include "core/store/index/fold.h"
#include "core/track/series_pack.h"

#include <stdbool.h>

enum {
	BN_SERIES_CACHE_RUNS = 1024,
	BN_SERIES_CACHE_SERIES = 1 << 17 /* of all open runs; 400 bytes each */
};

typedef struct bn_series_open {
	int64_t run, owner;
	uint64_t used; /* when: a count */
	bool dirty;    /* ahead of the table */
	bn_series_summaries list;
} bn_series_open;

typedef struct bn_series_cache {
	bn_series_open **items; /* by (run, owner) */
	size_t count, cap;
	size_t series; /* in all lists; who inserts counts */
	uint64_t clock;
	bn_series_open *last; /* used last */
	bn_buf bytes;
} bn_series_cache;

void bn_series_cache_init(bn_series_cache *c);
void bn_series_cache_release(bn_series_cache *c);
/* The summaries of a run by one owner, read if they are not open; *out is borrowed until the next call. */
int bn_series_cache_get(bn_series_open **out, bn_series_cache *c, sqlite3 *db, int64_t run,
	int64_t owner, bn_err *err);
/* Writes what is dirty; it stays open. */
int bn_series_cache_flush(bn_series_cache *c, sqlite3 *db, bn_err *err);

#endif
