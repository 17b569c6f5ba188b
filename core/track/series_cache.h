/*
 * series_cache.h - the summaries of runs open in the fold: unpacked once, written once.
 *
 * The cost of packing and unpacking a run's summaries (series_pack.h) grows with its series. With only one run
 * open at a time, interleaved points of many runs would pay that for each event. So many are open, up to a
 * number of runs and of series; beyond that the least recently used are written and closed. The last used one
 * stays open regardless of size, so two alternating runs are both open.
 *
 * Open summaries may be ahead of the table: flush before reading it.
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
	size_t series; /* in all lists; counted on insertion */
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
