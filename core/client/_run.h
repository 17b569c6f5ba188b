/*
 * _run.h - a run that is open for logging, for the files of this folder.
 *
 *	capi.c     the public functions: opening, arguments, closing
 *	logged.c   what was logged and is not taken yet; all that a call which logs touches
 *	writing.c  taking that, and making it durable
 *	message.c  what is said on stderr
 *	thread.c   the one thread of the process that does so every second, fork, and exit
 *
 * Callers touch what `brief` guards, for as long as an addition to memory takes. Whoever writes swaps that
 * with what is empty and writes it under `ws_mutex`, so a caller waits for the disk in three cases alone:
 * flush, close and artifacts, which promise just that, and BN_BACKLOG_MAX points that the disk did not
 * keep up with.
 *
 * What was taken stays in `writing` until a commit has made it durable: when the disk is full, each
 * second and each flush tries again, first that and then what came since, which keeps the order.
 * Meanwhile nobody waits; what comes beyond BN_BACKLOG_MAX or BN_WORDS_MAX is refused and counted. Where
 * a disk fails such that nobody can tell what got there, a point may be in the log twice.
 *
 * A child of fork owns none of its parent's runs: they are `foreign` to it, and it neither writes to
 * them nor waits for a lock that its parent's thread held.
 *
 * When the program exits, the thread ends the runs that are still open: exit only waits for it, and for a
 * while, as a signal handler may have called it and have interrupted who holds a lock or malloc's. Nothing is
 * freed: what the program registered earlier (a C++ object's destructor) runs later, and may log and close.
 * A run that another thread closes is open until its end is written; one that another thread opens is waited for,
 * and from then on other threads open none.
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

#define BN_FLUSH_POINTS 32768    /* the thread is woken when so many wait */
#define BN_BACKLOG_MAX (4 << 20) /* points in memory before a caller waits */
#define BN_WORDS_MAX (1 << 16)   /* params and tags in memory before more are refused */
#define BN_FLUSH_MS 1000
#define BN_BEAT_MS 5000
#define BN_EXIT_TURN_MS 500 /* exit waits so long for a run, then sees to the others */

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
	bool owned;   /* we made the run, so we end it and send its heartbeat */
	bool foreign; /* our parent's; set in the child of a fork, when it has one thread */

	/* Of brief. */
	bn_brief brief;
	bn_metric_set active;
	size_t last; /* series of the last call: the next call is likely about it or the next one */
	bn_words words;
	void *params; /* tree (search.h) of bn_word: what this process has logged of them, by key */
	bn_err err;   /* first failure since it was asked for */
	int refused;  /* code of the first one since then that no later write makes good */
	bn_err unwritten; /* set: why `writing` is not on the disk yet */
	int harm;         /* code: of what a commit had made durable, some is not there any more */
	int harm_untold;
	uint64_t dropped; /* points and words that were refused since nothing could be written */
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

	/* Of the thread's mutex. */
	struct binnacle_run *next;
	int64_t due_ns; /* monotonic: when the thread writes next; INT64_MAX when it need not */
	bool busy;      /* the thread writes */
	bool left;      /* the program exits, and what could be done for the run is done */
	bool closing;   /* somebody closes it, with closing_code */
	int closing_code;
	bool settled;       /* while forking: ws_mutex is taken, so what it guards is whole */
	atomic_bool asleep; /* due_ns is further away than what is logged now may wait */
};

/* ---- logged.c ------------------------------------------------------------------------------- */

/* Keeps e for binnacle_run_error, if it is an error and the first one. is_refusal: no later write
 * makes it good. */
void bn_client_note(binnacle_run *run, const bn_err *e, bool is_refusal);
/* The failure of every call but close in the child of a fork. */
int bn_client_refuse_foreign(binnacle_run *run);
int bn_client_log_point(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms);
int bn_client_log_word(binnacle_run *run, bool is_tag, const char *key, const char *value);
void bn_client_words_release(bn_words *all);
void bn_client_params_release(binnacle_run *run);
/* Whether something was logged and not taken. Takes brief. */
bool bn_client_has_logged(binnacle_run *run);

/* ---- writing.c ------------------------------------------------------------------------------ */

/* Makes everything that was logged before the call durable, and sends the heartbeat when it is due. */
int bn_client_write(binnacle_run *run);
/* The same for the thread, which has other runs too: it does not wait while somebody writes to this one (a
 * large artifact). Returns how long the run needs no writing, if nothing is logged: ns; INT64_MAX for ever. */
int64_t bn_client_write_in_turn(binnacle_run *run);
/* Makes everything durable, with the end of a run that we made (exit_code 0: FINISHED), and seals. */
int bn_client_end(binnacle_run *run, int exit_code);
/* The same when the program exits: 1 when somebody writes to the run all the time (a large artifact), so that it
 * is to be tried again. A failure is told on stderr, as nobody is left to ask for it, and so is a loss that nobody
 * was told. */
int bn_client_end_at_exit(binnacle_run *run, int exit_code);
/* A negative code when something that was logged will never be on disk, whatever is tried. */
int bn_client_loss(binnacle_run *run);
/* Says on stderr, once, that the run is not on disk as a whole: run->err, why. */
void bn_client_tell(binnacle_run *run);

/* ---- message.c ------------------------------------------------------------------------------ */

/* A line on stderr, if descriptor 2 is that; the newline is added. Neither ends the program nor keeps it for long. */
void bn_client_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- thread.c ------------------------------------------------------------------------------- */

/* Around the opening of a run, up to bn_client_thread_add: exit waits for who is in between. BN_ECONFLICT when it
 * has begun, but for the thread that exits. Starts the thread for a run that is to be made, so that where it cannot
 * be started none is. */
int bn_client_thread_enter(bool makes, bn_err *err);
void bn_client_thread_leave(void);
/* From now on the thread looks after the run. */
void bn_client_thread_add(binnacle_run *run);
/* Something was logged into a run that is asleep (full: BN_FLUSH_POINTS wait, so it is due now). */
int bn_client_thread_wake(binnacle_run *run, bool full, bn_err *err);
/* The caller will end the run; exit waits for that, or ends it in the same way. */
void bn_client_thread_closing(binnacle_run *run, int exit_code);
/* Returns when the thread has let go of the run; with the last one it ends. failed: to make it durable, which is told
 * on stderr when another thread exits, as that does not wait for the caller to hear it. */
void bn_client_thread_remove(binnacle_run *run, bool failed);

#endif
