/*
 * capi.c - the public C library of share/include/binnacle.h.
 *
 * Callers only touch `active` and `words` under `mutex`. The writer thread swaps them with what is
 * empty and writes that under `ws_mutex`, so a caller waits for the disk in three cases alone: flush,
 * close and artifacts, which promise just that, and BACKLOG_MAX points that the disk did not keep up
 * with.
 *
 * What was taken stays in `writing` until a commit has made it durable: when the disk is full, each
 * second and each flush tries again, first that and then what came since, which keeps the order.
 * Meanwhile nobody waits; what comes beyond BACKLOG_MAX or WORDS_MAX is refused and counted. Where a
 * disk fails such that nobody can tell what got there, a point may be in the log twice.
 *
 * Lock order: ws_mutex before mutex. Every field below a mutex belongs to it.
 */
#include "share/include/binnacle.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/store/workspace.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_POINTS 32768    /* wake the writer when so many wait */
#define BACKLOG_MAX (4 << 20) /* points in memory before a caller waits */
#define WORDS_MAX (1 << 16)   /* params and tags in memory before more are refused */
#define FLUSH_MS 1000
#define BEAT_MS 5000

typedef struct word {
	bool is_tag;
	char *key, *value;
} word;

typedef struct words {
	word *items;
	size_t count, cap;
} words;

struct binnacle_run {
	char id[BN_RUN_ID_TEXT];
	bool owned; /* we made the run, so we end it and send its heartbeat */
	pthread_t thread;

	pthread_mutex_t mutex;
	pthread_cond_t wake;    /* to the writer: work, or stop */
	pthread_cond_t written; /* from the writer: the backlog is smaller */
	bn_metric_set active;
	size_t last; /* series of the last call: the next call is likely about it or the next one */
	words words;
	bool stop;
	bn_err err;       /* first failure since it was asked for */
	int refused;      /* code of the first one since then that no later write makes good */
	bn_err unwritten; /* set: why `writing` is not on the disk yet */
	uint64_t dropped; /* points and words that were refused since nothing could be written */
	uint64_t dropped_told;

	pthread_mutex_t ws_mutex;
	bn_workspace *ws;
	bn_supervisor_lock lock; /* fd -1 when not owned */
	bn_metric_set writing;
	words writing_words;
	int64_t beat_ns, peak_rss;
};

static _Thread_local char open_error[sizeof(((bn_err *)0)->msg) + 300];
static _Thread_local char run_error[sizeof(((bn_err *)0)->msg)];

static void note_error(binnacle_run *run, const bn_err *e, bool is_refusal)
{
	if (e->code == 0)
		return;
	pthread_mutex_lock(&run->mutex);
	if (run->err.code == 0)
		run->err = *e;
	if (is_refusal && run->refused == 0)
		run->refused = e->code;
	pthread_mutex_unlock(&run->mutex);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void words_release(words *all)
{
	for (size_t i = 0; i < all->count; i++) {
		bn_free(all->items[i].key);
		bn_free(all->items[i].value);
	}
	bn_free(all->items);
	*all = (words){NULL, 0, 0};
}

static int write_words(binnacle_run *run, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < run->writing_words.count && rc >= 0; i++) {
		const word *w = &run->writing_words.items[i];
		rc = w->is_tag ? bn_runlog_tag(run->ws, run->id, w->key, w->value, err)
			       : bn_runlog_param(run->ws, run->id, w->key, w->value, err);
	}
	return rc;
}

/* When it is due. A failure leaves it due. */
static void beat(binnacle_run *run, bn_err *err)
{
	bn_process_usage u;
	int64_t now = bn_env_monotonic_ns(bn_workspace_env(run->ws));
	if (!run->owned || (run->beat_ns && now - run->beat_ns < BEAT_MS * (int64_t)1000000))
		return;
	if (bn_runlog_heartbeat(run->ws, run->id, BEAT_MS, err) < 0)
		return;
	if (bn_process_tree_usage(&u, getpid(), true, NULL) == 0) {
		run->peak_rss = u.rss_bytes > run->peak_rss ? u.rss_bytes : run->peak_rss;
		if (bn_runlog_resources(run->ws, run->id, &u, run->peak_rss, err) < 0)
			return;
	}
	run->beat_ns = now;
}

/* Makes what was taken durable, or keeps it. Under ws_mutex. */
static int write_taken(binnacle_run *run, bn_err *err)
{
	bn_err of_beat = BN_ERR_INIT;
	int rc = write_words(run, err);
	if (rc >= 0)
		rc = bn_runlog_metrics(run->ws, run->id, &run->writing, err);
	beat(run, &of_beat);
	/* Behind a failed append too: the log gives its failure up to a commit alone. */
	if (bn_workspace_commit(run->ws, err) < 0 || rc < 0) {
		run->beat_ns = 0;
		return err->code;
	}
	words_release(&run->writing_words);
	bn_metric_set_clear(&run->writing);
	return of_beat.code ? bn_err_move(err, &of_beat) : 0;
}

/* Takes what was logged. What was taken before must be written. Under ws_mutex. */
static void take(binnacle_run *run)
{
	pthread_mutex_lock(&run->mutex);
	bn_metric_set full = run->active;
	run->active = run->writing;
	run->writing = full;
	run->last = 0;
	run->writing_words = run->words;
	run->words = (words){NULL, 0, 0};
	pthread_cond_broadcast(&run->written);
	pthread_mutex_unlock(&run->mutex);
}

/* Makes everything logged before the call durable. Takes both locks in turn. */
static int write_out(binnacle_run *run)
{
	bn_err err = BN_ERR_INIT, later = BN_ERR_INIT;
	int rc = 0;
	pthread_mutex_lock(&run->ws_mutex);
	if ((run->writing.points || run->writing_words.count) && (rc = write_taken(run, &err)) < 0)
		goto out;
	take(run);
	rc = write_taken(run, &err);
out:
	pthread_mutex_lock(&run->mutex);
	run->unwritten = err;
	if (rc < 0)
		pthread_cond_broadcast(&run->written); /* who waits for it would wait for long */
	pthread_mutex_unlock(&run->mutex);
	bn_workspace_tick(run->ws, &later);
	pthread_mutex_unlock(&run->ws_mutex);
	note_error(run, &err, false);
	note_error(run, &later, false);
	return rc;
}

static void *writer_main(void *arg)
{
	binnacle_run *run = arg;
	for (;;) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += FLUSH_MS / 1000;
		pthread_mutex_lock(&run->mutex);
		int waited = 0;
		while (!run->stop && waited != ETIMEDOUT &&
			(run->unwritten.code || run->active.points < FLUSH_POINTS))
			waited = pthread_cond_timedwait(&run->wake, &run->mutex, &until);
		bool stop = run->stop;
		bool idle = run->active.points == 0 && run->words.count == 0 && !run->owned &&
			    !run->unwritten.code;
		pthread_mutex_unlock(&run->mutex);
		if (stop)
			return NULL;
		if (!idle)
			write_out(run);
	}
}

/* The writer must never take a signal that is meant for the program. */
static int writer_start(binnacle_run *run, bn_err *err)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int rc = pthread_create(&run->thread, NULL, writer_main, run);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : bn_err_sys(err, BN_EIO, rc, "cannot start the writer thread");
}

/* ---- opening -------------------------------------------------------------------------------- */

static int begin(binnacle_run *run, const binnacle_options *opt, bn_err *err)
{
	bn_run_created birth = {.name = opt->name,
		.experiment = opt->experiment,
		.kind = "api",
		.title = opt->title ? opt->title : program_invocation_short_name};
	run->owned = true;
	int rc = bn_run_id_new(bn_workspace_env(run->ws), run->id, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_supervisor_take(&run->lock, run->ws, run->id, err)) < 0)
		return rc;
	if ((rc = bn_runlog_created(run->ws, run->id, &birth, err)) < 0)
		return rc;
	if ((rc = bn_runlog_started(run->ws, run->id, BEAT_MS, err)) < 0)
		return rc;
	if ((rc = bn_run_clock_leave(run->ws, run->id, err)) < 0)
		return rc;
	return bn_workspace_commit(run->ws, err);
}

static int attach(binnacle_run *run, const char *id, bn_err *err)
{
	if (!bn_run_id_is_valid(id))
		return bn_err_set(err, BN_EINVAL, "'%.40s' is no run id: 32 hex digits", id);
	memcpy(run->id, id, sizeof run->id);
	bn_run_clock_follow(run->ws, run->id);
	return 0;
}

static void run_free(binnacle_run *run)
{
	if (!run)
		return;
	bn_metric_set_release(&run->active);
	bn_metric_set_release(&run->writing);
	words_release(&run->words);
	words_release(&run->writing_words);
	bn_workspace_close(run->ws);
	bn_supervisor_release(&run->lock);
	pthread_cond_destroy(&run->wake);
	pthread_cond_destroy(&run->written);
	pthread_mutex_destroy(&run->mutex);
	pthread_mutex_destroy(&run->ws_mutex);
	bn_free(run);
}

static binnacle_run *run_new(void)
{
	pthread_condattr_t attr;
	binnacle_run *run = bn_alloc_zeroed(1, sizeof *run);
	if (!run)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&run->wake, &attr);
	pthread_cond_init(&run->written, NULL);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&run->mutex, NULL);
	pthread_mutex_init(&run->ws_mutex, NULL);
	run->lock.fd = -1;
	return run;
}

binnacle_run *binnacle_run_open(const binnacle_options *options)
{
	const bn_env *env = bn_env_real();
	binnacle_options opt = {NULL, NULL, NULL, NULL, NULL};
	bn_err err = BN_ERR_INIT;
	if (options)
		opt = *options;
	const char *id = opt.run_id ? opt.run_id : bn_env_get(env, "BINNACLE_RUN_ID");
	binnacle_run *run = run_new();
	open_error[0] = '\0';
	int rc = run ? bn_workspace_open(&run->ws, env, NULL, opt.workspace, &err)
		     : bn_err_nomem(&err, "a run");
	if (rc < 0)
		goto failed;
	if ((rc = id && id[0] ? attach(run, id, &err) : begin(run, &opt, &err)) < 0)
		goto failed;
	if ((rc = writer_start(run, &err)) < 0)
		goto failed;
	return run;
failed:
	snprintf(open_error, sizeof open_error, "%s%s%s", err.msg, err.hint[0] ? "; " : "",
		err.hint);
	run_free(run);
	return NULL;
}

const char *binnacle_last_error(void)
{
	return open_error;
}

const char *binnacle_run_id(const binnacle_run *run)
{
	return run ? run->id : "";
}

/* ---- logging -------------------------------------------------------------------------------- */

/* Adds to the series of the key; loops log the same keys in the same order, so the guess is nearly
 * always right. Under mutex. */
static int add_point(
	binnacle_run *run, const char *key, int64_t step, int64_t time_ms, double value)
{
	bn_metric_set *set = &run->active;
	size_t n = set->count, at = run->last + 1 < n ? run->last + 1 : 0;
	if (n > 1 && strcmp(set->items[at].key, key) != 0)
		at = run->last;
	for (size_t i = 0; i < n && (at >= n || strcmp(set->items[at].key, key) != 0); i++)
		at = i;
	bool known = at < n && strcmp(set->items[at].key, key) == 0;
	run->last = known ? at : n;
	if (known && set->items[at].count < set->items[at].cap) {
		bn_metric_series *s = &set->items[at];
		s->step[s->count] = step;
		s->time_ms[s->count] = time_ms;
		s->value[s->count++] = value;
		set->points++;
		return 0;
	}
	return bn_metric_set_add(set, key, step, time_ms, value);
}

/* There is no room for what is logged now, and there will not be soon. Under mutex. */
static int drop(binnacle_run *run, const char *what, const char *key, bn_err *err)
{
	run->dropped++;
	return bn_err_set(err, run->unwritten.code ? run->unwritten.code : BN_EIO,
		"%s '%s' is dropped, as too much waits to be written: %.300s", what, key,
		run->unwritten.msg);
}

static int log_at(binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms)
{
	bn_err err = BN_ERR_INIT;
	pthread_mutex_lock(&run->mutex);
	/* Only a new key has to be looked at closely. */
	bool known =
		run->last < run->active.count && strcmp(run->active.items[run->last].key, key) == 0;
	int rc = known ? 0 : bn_run_key_check("metric", key, &err);
	if (rc < 0)
		goto out;
	while (run->active.points >= BACKLOG_MAX && !run->stop && !run->unwritten.code)
		pthread_cond_wait(&run->written, &run->mutex);
	if (run->active.points >= BACKLOG_MAX)
		rc = drop(run, "metric", key, &err);
	else if (add_point(run, key, step, time_ms, value) != 0)
		rc = bn_err_nomem(&err, "a metric");
	if (run->active.points == FLUSH_POINTS)
		pthread_cond_signal(&run->wake);
out:
	pthread_mutex_unlock(&run->mutex);
	note_error(run, &err, true);
	return rc;
}

int binnacle_log_metric_at(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms)
{
	return run && key ? log_at(run, key, value, step, time_ms) : 0;
}

int binnacle_log_metric(binnacle_run *run, const char *key, double value, int64_t step)
{
	struct timespec now;
	if (!run || !key)
		return 0;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return log_at(run, key, value, step, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* Takes the word on success. */
static int queue_word(binnacle_run *run, const word *w, const char *what, bn_err *err)
{
	words *all = &run->words;
	int rc;
	pthread_mutex_lock(&run->mutex);
	if (all->count >= WORDS_MAX && run->unwritten.code)
		rc = drop(run, what, w->key, err);
	else if (bn_grow(&all->items, &all->cap, all->count + 1, sizeof *w) < 0)
		rc = bn_err_nomem(err, what);
	else {
		all->items[all->count++] = *w;
		rc = 0;
	}
	pthread_mutex_unlock(&run->mutex);
	return rc;
}

static int log_word(binnacle_run *run, bool is_tag, const char *key, const char *value)
{
	bn_err err = BN_ERR_INIT;
	const char *what = is_tag ? "tag" : "parameter";
	word w = {is_tag, NULL, NULL};
	int rc;
	if (!run || !key || !value)
		return 0;
	if ((rc = bn_run_key_check(what, key, &err)) < 0)
		goto out;
	if (strlen(value) > BN_RUN_VALUE_MAX) {
		rc = bn_err_set(&err, BN_EINVAL, "%s '%s': the value has over %d bytes", what, key,
			BN_RUN_VALUE_MAX);
		goto out;
	}
	if (!bn_utf8_is_valid(value, strlen(value))) {
		rc = bn_err_set(&err, BN_EINVAL, "%s '%s': the value is not UTF-8", what, key);
		goto out;
	}
	if (!(w.key = bn_strdup(key)) || !(w.value = bn_strdup(value))) {
		rc = bn_err_nomem(&err, what);
		goto out;
	}
	if ((rc = queue_word(run, &w, what, &err)) < 0)
		goto out;
	w.key = w.value = NULL;
out:
	bn_free(w.key);
	bn_free(w.value);
	note_error(run, &err, true);
	return rc;
}

int binnacle_log_param(binnacle_run *run, const char *key, const char *value)
{
	return log_word(run, false, key, value);
}

int binnacle_log_tag(binnacle_run *run, const char *key, const char *value)
{
	return log_word(run, true, key, value);
}

int binnacle_log_artifact(binnacle_run *run, const char *path, const char *name)
{
	bn_err err = BN_ERR_INIT;
	if (!run || !path)
		return 0;
	pthread_mutex_lock(&run->ws_mutex);
	int rc;
	if ((rc = bn_runlog_artifact(run->ws, run->id, path, name, &err)) < 0)
		goto out;
	rc = bn_workspace_commit(run->ws, &err);
out:
	pthread_mutex_unlock(&run->ws_mutex);
	note_error(run, &err, true);
	return rc;
}

int binnacle_run_flush(binnacle_run *run)
{
	bn_err err = BN_ERR_INIT;
	int rc;
	if (!run)
		return 0;
	if ((rc = write_out(run)) < 0)
		return rc;
	pthread_mutex_lock(&run->mutex);
	uint64_t gone = run->dropped - run->dropped_told;
	run->dropped_told = run->dropped;
	pthread_mutex_unlock(&run->mutex);
	if (gone)
		rc = bn_err_set(&err, BN_EIO,
			"%" PRIu64 " of the points, parameters and tags were dropped while "
			"nothing could be written",
			gone);
	note_error(run, &err, true);
	return rc;
}

const char *binnacle_run_error(binnacle_run *run)
{
	run_error[0] = '\0';
	if (!run)
		return run_error;
	pthread_mutex_lock(&run->mutex);
	snprintf(run_error, sizeof run_error, "%s", run->err.msg);
	bn_err_clear(&run->err);
	run->refused = 0;
	pthread_mutex_unlock(&run->mutex);
	return run_error;
}

int binnacle_run_close(binnacle_run *run, int exit_code)
{
	bn_err err = BN_ERR_INIT;
	char reason[40];
	if (!run)
		return 0;
	pthread_mutex_lock(&run->mutex);
	run->stop = true;
	pthread_cond_signal(&run->wake);
	pthread_mutex_unlock(&run->mutex);
	pthread_join(run->thread, NULL);
	run->beat_ns = 0;
	int rc;
	snprintf(reason, sizeof reason, "exit status %d", exit_code);
	if ((rc = write_out(run)) < 0)
		goto out;
	if (run->owned &&
		(rc = bn_runlog_finished(run->ws, run->id, exit_code == 0 ? "FINISHED" : "FAILED",
			 exit_code, 0, exit_code == 0 ? NULL : reason, &err)) < 0)
		goto out;
	if ((rc = bn_workspace_seal(run->ws, &err)) < 0)
		goto out;
	rc = run->dropped ? BN_EIO : run->refused; /* something will never get to the disk */
out:
	run_free(run);
	return rc;
}
