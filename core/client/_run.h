/*
 * _run.h - a run open for logging; internal to this folder.
 *
 *	capi.c     the public functions: opening, arguments, closing
 *	logged.c   what was logged and not yet taken; everything a logging call touches
 *	writing.c  taking that and making it durable
 *	message.c  messages on stderr
 *	thread.c   the process's one thread, which does so every second; fork and exit
 *
 * Callers touch what `brief` guards, only while adding to memory. A writer swaps that with empty buffers
 * and writes it under `ws_mutex`, so a caller waits for the disk only in flush, close and artifacts, which
 * promise that, and when BN_BACKLOG_MAX points wait because the disk is too slow.
 *
 * What was taken stays in `writing` until a commit has made it durable: when the disk is full, it is
 * retried each second and at each flush, before anything newer, which keeps the order. Meanwhile no
 * caller waits; beyond BN_BACKLOG_MAX or BN_WORDS_MAX new data is refused and counted. If a disk fails
 * so that it is unknown what was written, a point may be in the log twice.
 *
 * A forked child owns none of its parent's runs: they are `foreign` to it, and it neither writes to
 * them nor waits for a lock that a thread of its parent held.
 *
 * When the program exits, the thread ends the runs that are still open: exit only waits for it, for a limited
 * time, since exit may have been called by a signal handler that interrupted the holder of a lock (or of
 * malloc's). Nothing is freed: handlers that the program registered earlier (a C++ destructor) run later, and
 * may log and close. A run that another thread is closing counts as open until its end is written; one that
 * another thread is opening is waited for, and after that other threads can open none.
 *
 * Lock order: the thread's mutex (thread.c), ws_mutex, brief.
 */
#ifndef BN_CLIENT__RUN_H
#define BN_CLIENT__RUN_H
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/client/_brief.h"
#include "core/run/metric_chunk.h"
#include "core/run/supervisor.h"
#include "core/store/workspace.h"
#include "share/include/binnacle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BN_FLUSH_POINTS 32768    /* the thread is woken when this many wait */
#define BN_BACKLOG_MAX (4 << 20) /* points in memory before a caller waits */
#define BN_WORDS_MAX (1 << 16)   /* params and tags in memory before more are refused */
#define BN_FLUSH_MS 1000
#define BN_BEAT_MS 5000
#define BN_EXIT_TURN_MS 500 /* exit waits this long for a run before turning to the others */

typedef struct bn_word {
	bool is_tag;
	char *key, *value;
} bn_word;

typedef struct bn_words {
	bn_word *items;
	size_t count, cap;
} bn_words;

struct binnacle_run {
	char id[BN_RUN_ID_TEXT];
	bool owned;   /* we created the run, so we end it and send its heartbeat */
	bool foreign; /* the parent's; set in a forked child, while it has one thread */

	/* Of brief. */
	bn_brief brief;
	bn_metric_set active;
	size_t last; /* series of the last call: the next call likely uses it or the one after it */
	bn_words words;
	void *params;     /* tree (search.h) of bn_word: what this process has logged, by key */
	bn_err err;       /* first failure since it was last reported */
	int refused;      /* code of the first failure since then that no later write can repair */
	bn_err unwritten; /* set: why `writing` is not on the disk yet */
	int harm;         /* code: some data that a commit had made durable is lost */
	int harm_untold;
	uint64_t dropped; /* points and words refused while nothing could be written */
	uint64_t dropped_told;
	bool told; /* on stderr, at exit */

	/* Of ws_mutex. */
	pthread_mutex_t ws_mutex;
	bn_workspace *ws;
	bn_supervisor_lock lock; /* fd -1 when not owned */
	bn_metric_set writing;
	bn_words writing_words;
	int64_t beat_ns, peak_rss; /* monotonic: the last heartbeat */
	bool ended;                /* its end is in the log */

	/* Guarded by the thread's mutex. */
	struct binnacle_run *next;
	int64_t due_ns; /* monotonic: when the thread writes next; INT64_MAX if it need not */
	bool busy;      /* the thread writes */
	bool left;      /* the program exits, and the run has been handled as far as possible */
	bool closing;   /* it is being closed, with closing_code */
	int closing_code;
	bool settled;       /* while forking: ws_mutex is held, so what it guards is consistent */
	atomic_bool asleep; /* due_ns is later than newly logged data may wait */
};

/* ---- logged.c ------------------------------------------------------------------------------- */

/* Keeps e for binnacle_run_error if it is the first error. is_refusal: no later write can repair
 * it. */
void bn_client_note(binnacle_run *run, const bn_err *e, bool is_refusal);
/* The error of every call except close in a forked child. */
int bn_client_refuse_foreign(binnacle_run *run);
int bn_client_log_point(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms);
int bn_client_log_word(binnacle_run *run, bool is_tag, const char *key, const char *value);
void bn_client_words_release(bn_words *all);
void bn_client_params_release(binnacle_run *run);
/* Whether logged data is waiting. Locks brief. */
bool bn_client_has_logged(binnacle_run *run);

/* ---- writing.c ------------------------------------------------------------------------------ */

/* Makes everything logged before the call durable, and sends the heartbeat if it is due. */
int bn_client_write(binnacle_run *run);
/* The same for the thread, which has other runs too: it does not wait while another thread writes to this one
 * (a large artifact). Returns for how many ns the run needs no writing if nothing is logged; INT64_MAX: for
 * ever. */
int64_t bn_client_write_in_turn(binnacle_run *run);
/* Makes everything durable, records the end of a run that we created (exit_code 0: FINISHED), and
 * seals. */
int bn_client_end(binnacle_run *run, int exit_code);
/* The same at exit. Returns 1 if another thread keeps writing to the run (a large artifact), so the caller must
 * retry. Failures, and losses not yet reported, are printed on stderr, since no caller is left to ask for
 * them. */
int bn_client_end_at_exit(binnacle_run *run, int exit_code);
/* A negative code if some logged data can never reach the disk. */
int bn_client_loss(binnacle_run *run);
/* Prints on stderr, once, that the run is not completely on disk: run->err says why. */
void bn_client_tell(binnacle_run *run);

/* ---- message.c ------------------------------------------------------------------------------ */

/* Prints a line on stderr, if descriptor 2 is stderr; adds the newline. Neither ends the program nor blocks it
 * for long. */
void bn_client_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- thread.c ------------------------------------------------------------------------------- */

/* Brackets the opening of a run, up to bn_client_thread_add: exit waits for threads in between. BN_ECONFLICT
 * once exit has begun, except for the exiting thread. Starts the thread before a new run is created, so that no
 * run is created if it cannot be started. */
int bn_client_thread_enter(bool makes, bn_err *err);
void bn_client_thread_leave(void);
/* From now on the thread writes the run's data. */
void bn_client_thread_add(binnacle_run *run);
/* Data was logged to a sleeping run (full: BN_FLUSH_POINTS wait, so it is due now). */
int bn_client_thread_wake(binnacle_run *run, bool full, bn_err *err);
/* The caller will end the run; exit waits for that, or ends it in the same way. */
void bn_client_thread_closing(binnacle_run *run, int exit_code);
/* Returns when the thread has released the run; the thread ends with the last run. failed: the run could not be
 * made durable; if another thread is exiting, that is printed on stderr, since exit does not wait for the
 * caller to report it. */
void bn_client_thread_remove(binnacle_run *run, bool failed);

#endif
