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
/* Values of one metric at one step, of many runs. Reads only the chunks that may have the step. */
typedef struct bn_series_finder {
	sqlite3 *db; /* borrowed */
	char *key_text;
	int64_t key, step;
	bool removed; /* of the runs in the trash, instead of the others */
	bn_metric_reader *reader;
	bn_series_summaries list; /* memory that is used again */
} bn_series_finder;

/* Call release after a failure too. */
int bn_series_finder_init(
	bn_series_finder *f, sqlite3 *db, const char *key, int64_t step, bool removed, bn_err *err);
void bn_series_finder_release(bn_series_finder *f);
/* 1 and *out (of several points, the one that sorts last), or 0. */
int bn_series_find_at(double *out, bn_series_finder *f, int64_t run, bn_err *err);

#endif
