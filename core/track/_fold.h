/*
 * _fold.h - folding code shared by the files of core/track. Not for other modules.
 *
 * A batch (the slot of class "run") records what the events of one transaction touched: the
 * summaries of runs that got points, the runs whose derived rows must be rebuilt, changes of
 * run counts, the runs that got chunks. All of it is written at the end.
 */
#ifndef BN_TRACK__FOLD_H
#define BN_TRACK__FOLD_H
#include "core/base/id.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "core/track/series_cache.h"

#include <stdbool.h>

/* The index, or the reason why it cannot be opened. */
static inline int bn_track_index(sqlite3 **out, bn_workspace *ws, bn_err *err)
{
	*out = bn_workspace_index(ws);
	int rc = *out ? 0 : bn_workspace_refresh(ws, NULL, err);
	if (rc == 0 && !*out && !(*out = bn_workspace_index(ws)))
		rc = bn_err_set(err, BN_EIO, "the index cannot be opened");
	return rc;
}

/* The number of a run in this index, or -1. */
int64_t bn_run_number(sqlite3 *db, const char *id);

/* The number of the experiment that shows the name, or -1. */
int64_t bn_experiment_number(sqlite3 *db, const char *name);

/* Keys are named with their kind. */
typedef enum bn_key_kind { BN_KEY_METRIC, BN_KEY_PARAM, BN_KEY_TAG } bn_key_kind;
#define BN_KEY_KINDS 3
#define BN_KEY_NEST BN_KEY_KINDS /* no key: a column of nest.h */
extern const char *const bn_key_prefix[BN_KEY_KINDS]; /* "metrics." */
int bn_fold_key(bn_fold *f, bn_key_kind kind, const char *key, int64_t *no, bn_err *err);
/* The number of a key as SQL; prefix included. */
#define BN_KEY_SQL(name) "(SELECT no FROM index_name WHERE class = 3 AND name = '" name "')"
_Static_assert(BN_NAME_KEY == 3, "BN_KEY_SQL");
int64_t bn_index_key(sqlite3 *db, bn_key_kind kind, const char *key); /* -1: no run has it */

/* ---- the batch ------------------------------------------------------------------------------ */

typedef enum bn_touch {
	BN_TOUCH_ADDED = 1,  /* cells may have been added or changed */
	BN_TOUCH_ANEW = 2,   /* cells may have been removed too */
	BN_TOUCH_CHUNKS = 4, /* got a chunk as stored in the log, from `owner` */
} bn_touch;

typedef struct bn_touched {
	int64_t run, owner;
	unsigned what; /* of bn_touch */
} bn_touched;

/* A key of metrics events, by position: most have the same keys in the same order. */
typedef struct bn_known_key {
	char *text;
	int64_t no; /* -1: not a valid key */
} bn_known_key;

typedef struct bn_count_change {
	int64_t experiment;
	bool removed;
	char status[12];
	int64_t runs;
} bn_count_change;

typedef struct bn_track_batch {
	bn_metric_reader *reader;
	bn_known_key *keys;
	size_t key_count, key_cap;
	uint64_t *seen, event; /* by key number: the last event that had it */
	size_t seen_cap;
	bn_series_cache open;
	bn_touched *touched;
	size_t touched_count, touched_cap;
	bn_count_change *changes;
	size_t change_count, change_cap;
	bool runs_changed;        /* rows of table run */
	bool experiments_changed; /* an experiment got an event */
} bn_track_batch;

int bn_track_batch_get(bn_track_batch **out, bn_fold *f, bn_err *err);
int bn_track_touch(bn_fold *f, int64_t run, int64_t owner, unsigned what, bn_err *err);
/* runs: change of the number of this kind. */
int bn_track_count(bn_fold *f, int64_t experiment, bool removed, const char *status, int64_t runs,
	bn_err *err);
int bn_track_batch_end(bn_fold *f, bn_err *err);
void bn_track_batch_free(void *slot);
int bn_track_attach(sqlite3 *db, bn_err *err); /* functions.c */

/* series_fold.c. Commuting kinds: a malformed event changes nothing. */
int bn_series_apply(bn_fold *f, const bn_event *ev, bn_err *err);
/* chunk_fold.c: payloads of the log become sorted chunks of one series, once there are many. */
int bn_chunks_compact(bn_fold *f, bn_track_batch *b, int64_t run, int64_t owner, bn_err *err);
/* column_fold.c: the cells of touched runs, which are sorted by number. */
int bn_columns_update(bn_fold *f, const bn_touched *touched, size_t count, bn_err *err);
/* liveness_fold.c */
int bn_liveness_apply_heartbeat(bn_fold *f, const bn_event *ev, bn_err *err);
int bn_liveness_apply_resources(bn_fold *f, const bn_event *ev, bn_err *err);

#endif
