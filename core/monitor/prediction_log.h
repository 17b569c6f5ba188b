/*
 * prediction_log.h - every answer a model gives, kept so that drift can be seen later.
 *
 * A server's threads hand over rows and go on at once (a short mutex, no disk); one thread of the
 * log writes them. Rows are gathered and written twice a second or every N rows, whichever comes
 * first, as an Arrow IPC file in objects/ with the columns
 *
 *	_time (timestamp ns UTC), _request (string), _latency_us (float64), _prediction (float64 or
 *	string), then the model's inputs by name (float64, bool or dictionary string)
 *
 * (of a category that training never saw BN_PREDICTION_TEXT bytes at most: a client chooses it), and
 * named by a commuting event `prediction.batch` of entity `predictions/<endpoint id>`:
 *
 *	{"endpoint", "model", "version", "rows", "object", "from_ms", "to_ms"}
 *
 * so that any number of servers on any number of nodes log to one workspace and a reader takes a
 * window over all of them. An event appears only after its object is durable.
 *
 * Each row that was handed over is in exactly one of four numbers (bn_prediction_log_stats): in the log, waiting,
 * set aside, or lost. Set aside is a row that no table can hold (text that is not UTF-8, a model whose input
 * has the name of one of the columns above): it is counted and left out when it is first met, so it is never
 * in the way of others. Lost are rows above max_pending or max_bytes while the disk cannot follow, and
 * rows that still wait when the log ends. A source that is known (bn_served) may have no more waiting than
 * BN_PREDICTION_SHARE times what is free (Choudhury and Hahne's dynamic threshold, 1998): it can fill seven eighths, and
 * whoever asks beside it finds room, however much it sends. Both are in the "dropped" of the next event: rows that were answered
 * since the event before and are in no batch. What cannot be written now (a full disk) is tried again as the
 * batch that it is, object first, so that no row comes twice and no second object is made; each batch that fails
 * lets those behind it go first.
 *
 * When the process is killed, rows are missing that were handed over half a second before, and the time
 * of two writes: within a second, where the disk takes a batch in a quarter of one.
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
	const char *workspace_dir; /* where the workspace is found from */
	const char *endpoint;      /* id */
	size_t batch_rows;         /* 0: 4096 */
	int64_t interval_ms;       /* 0: 500 */
	size_t max_pending;        /* rows waiting; 0: 262144 */
	size_t max_bytes;          /* of them in memory; 0: 64 MiB */
} bn_prediction_log_options;

typedef struct bn_prediction_log_stats {
	uint64_t rows;              /* in the log */
	uint64_t waiting;           /* not written yet */
	uint64_t set_aside, lost;   /* see above */
	uint64_t batches, failures; /* failures: times that a batch could not be written */
	char last_error[256];       /* empty when the last write went well */
	char last_set_aside[256];   /* which request, and why; empty when there was none */
} bn_prediction_log_stats;

/* Starts the thread, which opens its own bn_workspace. */
int bn_prediction_log_start(bn_prediction_log **out, const bn_env *env,
	const bn_prediction_log_options *options, bn_err *err);
/* As bn_server_options.observe wants it, with the log as its user pointer. Thread-safe, never waits for the
 * disk. */
void bn_prediction_log_add(void *log, const bn_served *served);
void bn_prediction_log_get_stats(bn_prediction_log *log, bn_prediction_log_stats *out);
/* Returns when everything added so far is written or set aside (or has failed: the error). */
int bn_prediction_log_flush(bn_prediction_log *log, bn_err *err);
/* Flushes and ends the thread. What still waits is lost: BN_EIO says how many rows, and why. The numbers can
 * be asked for until stop. A second time does nothing. */
int bn_prediction_log_finish(bn_prediction_log *log, bn_err *err);
/* Finishes, and frees. NULL is fine. */
int bn_prediction_log_stop(bn_prediction_log *log, bn_err *err);
/* Appends Prometheus text: rows in the log, waiting, set aside, lost. Any thread. */
void bn_prediction_log_write_metrics(bn_prediction_log *log, bn_buf *out);

/* ---- reading back -------------------------------------------------------------------------- */

/* Which logged predictions: of a model (and a version, unless NULL), within [from, to) by time, and
 * of those the last `last` rows when it is not 0. */
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

/* Those that members or the reader have written (core/govern/members.h). */
int bn_prediction_batches_list(bn_prediction_batches *out, bn_workspace *ws,
	const bn_prediction_window *window, bn_err *err);
void bn_prediction_batches_release(bn_prediction_batches *b);

/* Folds `prediction.batch` into table prediction_batch. */
extern const bn_fold_class bn_prediction_class;

#endif
