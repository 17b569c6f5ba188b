/*
 * _series.h - locating the points of one series. Not for other modules.
 */
#ifndef BN_TRACK__SERIES_H
#define BN_TRACK__SERIES_H
#include "core/track/_fold.h"
#include "core/track/series.h"

typedef struct bn_series_source {
	sqlite3 *db; /* borrowed */
	const char *key_text;
	int64_t run, owner, key;
	bn_series_summary summary;
	bn_metric_reader *reader; /* NULL: there is no such series */
} bn_series_source;

int bn_series_source_open(
	bn_series_source *s, bn_workspace *ws, const char *run_id, const char *key, bn_err *err);
void bn_series_source_close(bn_series_source *s); /* also call after a failed open */
/* Summaries written by the run's owner; owner -1: no such run. */
int bn_series_load(bn_series_summaries *out, int64_t *owner, sqlite3 *db, int64_t run, bn_err *err);
/* The value at a step: 1 and *out (of several, the one that sorts last), or 0. Reads only the chunks that may have it. */
int bn_series_at(double *out, sqlite3 *db, int64_t run, const char *key, int64_t step, bn_err *err);

#endif
