/*
 * prediction_log.h - logs every prediction of a model, so that drift can be detected later.
 *
 * A server's threads add rows without waiting (a short mutex, no disk); one thread of the log
 * writes them. Rows are collected and written twice a second or every N rows, whichever comes
 * first, as an Arrow IPC file in objects/ with the columns
 *
 *	_time (timestamp ns UTC), _request (string), _latency_us (float64), _prediction (float64 or
 *	string), then the model's inputs by name (float64, bool or dictionary string)
 *
 * (of a category unseen in training at most BN_PREDICTION_TEXT bytes, since a client chooses it),
 * and named by a commuting event `prediction.batch` of entity `predictions/<endpoint id>`:
 *
 *	{"endpoint", "model", "version", "rows", "object", "from_ms", "to_ms"}
 *
 * so that any number of servers on any number of nodes can log to one workspace and a reader can
 * take a window over all of them. An event appears only after its object is durable.
 *
 * Each added row is in exactly one of four counts (bn_prediction_log_stats): logged, waiting, set aside, or
 * lost. A row is set aside if no table can hold it (text that is not UTF-8, a model whose input has the name of
 * one of the columns above): it is counted and dropped when first seen, so it never blocks others. Rows are
 * lost above max_pending or max_bytes while the disk is too slow, and if they still wait when the log ends. A
 * known source (bn_served) may have at most BN_PREDICTION_SHARE times the free space waiting (Choudhury and
 * Hahne's dynamic threshold, 1998): it can fill seven eighths, and other sources still find room. Both are in
 * "dropped" of the next event: rows answered since the previous event that are in no batch. A batch that cannot
 * be written now (a full disk) is retried unchanged, object first, so that no row is logged twice and no second
 * object is created; a failed batch lets those behind it go first.
 *
 * If the process is killed, the rows of the last half second plus the time of two writes are missing:
 * within a second if the disk takes a quarter of a second per batch.
 */
#ifndef BN_MONITOR_PREDICTION_LOG_H
#define BN_MONITOR_PREDICTION_LOG_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/predict/predictor.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

#include <stdint.h>

#define BN_PREDICTION_TEXT 256
#define BN_PREDICTION_SHARE 7

typedef struct bn_prediction_log bn_prediction_log;

typedef struct bn_prediction_log_options {
	const char *workspace_dir; /* directory from which the workspace is found */
	const char *endpoint;      /* id */
	size_t batch_rows;         /* 0: 4096 */
	int64_t interval_ms;       /* 0: 500 */
	size_t max_pending;        /* rows waiting; 0: 262144 */
	size_t max_bytes;          /* their bytes in memory; 0: 64 MiB */
} bn_prediction_log_options;

typedef struct bn_prediction_log_stats {
	uint64_t rows;              /* in the log */
	uint64_t waiting;           /* not written yet */
	uint64_t set_aside, lost;   /* see above */
	uint64_t batches, failures; /* failures: number of failed writes of a batch */
	char last_error[256];       /* empty if the last write succeeded */
	char last_set_aside[256];   /* which request, and why; empty if none */
} bn_prediction_log_stats;

/* Starts the thread, which opens its own bn_workspace. */
int bn_prediction_log_start(bn_prediction_log **out, const bn_env *env,
	const bn_prediction_log_options *options, bn_err *err);
/* For bn_server_options.observe, with the log as its user pointer. Thread-safe, never waits for the
 * disk. */
void bn_prediction_log_add(void *log, const bn_served *served);
void bn_prediction_log_get_stats(bn_prediction_log *log, bn_prediction_log_stats *out);
/* Returns when everything added so far is written or set aside (or has failed: the error). */
int bn_prediction_log_flush(bn_prediction_log *log, bn_err *err);
/* Flushes and ends the thread. Rows still waiting are lost: BN_EIO says how many, and why. The counts can be
 * read until stop. A second call does nothing. */
int bn_prediction_log_finish(bn_prediction_log *log, bn_err *err);
/* Finishes, and frees. NULL is fine. */
int bn_prediction_log_stop(bn_prediction_log *log, bn_err *err);
/* Appends Prometheus text: rows in the log, waiting, set aside, lost. Any thread. */
void bn_prediction_log_write_metrics(bn_prediction_log *log, bn_buf *out);

/* ---- reading back -------------------------------------------------------------------------- */

/* Selects logged predictions: of a model (and a version, unless NULL), within [from, to) by time,
 * and of those the last `last` rows if not 0. */
typedef struct bn_prediction_window {
	const char *model, *version;
	int64_t from_ms, to_ms; /* 0: open */
	size_t last;
} bn_prediction_window;

typedef struct bn_prediction_batch {
	char *endpoint, *model, *version, *object;
	int64_t rows, from_ms, to_ms, dropped;
} bn_prediction_batch;

typedef struct bn_prediction_batches {
	bn_prediction_batch *items; /* newest first */
	size_t count;
	int64_t rows;
} bn_prediction_batches;

/* Only those written by members or the reader (core/govern/members.h). */
int bn_prediction_batches_list(bn_prediction_batches *out, bn_workspace *ws,
	const bn_prediction_window *window, bn_err *err);
void bn_prediction_batches_release(bn_prediction_batches *b);

/* Folds `prediction.batch` into table prediction_batch. */
extern const bn_fold_class bn_prediction_class;

#endif
