/* writing.c - see _run.h: taking what was logged, and making it durable. */
#include "core/base/process.h"
#include "core/client/_run.h"
#include "core/run/run_dir.h"
#include "core/run/run_pack.h"
#include "core/run/runlog.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MS ((int64_t)1000000)

static int write_words(binnacle_run *run, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < run->writing_words.count; i++) {
		const bn_word *w = &run->writing_words.items[i];
		rc = w->is_tag ? bn_runlog_tag(run->ws, run->id, w->key, w->value, err)
			       : bn_runlog_param(run->ws, run->id, w->key, w->value, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Sends it when due. After a failure it stays due. */
static void beat(binnacle_run *run, bn_err *err)
{
	bn_process_usage u;
	int64_t now = bn_env_monotonic_ns(bn_workspace_env(run->ws));
	if (!run->owned || run->ended || (run->beat_ns && now - run->beat_ns < BN_BEAT_MS * MS))
		return;
	if (bn_runlog_heartbeat(run->ws, run->id, BN_BEAT_MS, err) < 0)
		return;
	if (bn_process_tree_usage(&u, getpid(), true, NULL) == 0) {
		run->peak_rss = u.rss_bytes > run->peak_rss ? u.rss_bytes : run->peak_rss;
		if (bn_runlog_resources(run->ws, run->id, &u, run->peak_rss, err) < 0)
			return;
	}
	run->beat_ns = now;
}

/* Keeps the memory for later points, except that of a burst after it has ended. */
static void clear_points(bn_metric_set *set)
{
	size_t room = 0;
	for (size_t i = 0; i < set->count; i++)
		room += set->items[i].cap;
	if (room > BN_FLUSH_POINTS && set->points < room / 8)
		bn_metric_set_release(set);
	else
		bn_metric_set_clear(set);
}

/* Makes what was taken durable, or keeps it. Called with ws_mutex held. */
static int write_taken(binnacle_run *run, bn_err *err)
{
	bn_err of_beat = BN_ERR_INIT;
	int rc;
	if ((rc = write_words(run, err)) >= 0)
		rc = bn_runlog_metrics(run->ws, run->id, &run->writing, err);
	beat(run, &of_beat);
	/* Also after a failed append: only a commit clears the log's failure. */
	if (bn_workspace_commit(run->ws, err) < 0 || rc < 0) {
		run->beat_ns = 0;
		return err->code;
	}
	bn_client_words_release(&run->writing_words);
	clear_points(&run->writing);
	return of_beat.code ? bn_err_move(err, &of_beat) : 0;
}

/* Takes what was logged. What was taken before must be written. Called with ws_mutex held. */
static void take(binnacle_run *run)
{
	bn_brief_take(&run->brief);
	bn_metric_set full = run->active;
	run->active = run->writing;
	run->writing = full;
	run->last = 0;
	run->writing_words = run->words;
	run->words = (bn_words){NULL, 0, 0};
	bn_brief_give(&run->brief);
}

/* Under ws_mutex. */
static int64_t rest_ns(const binnacle_run *run)
{
	int64_t rest = INT64_MAX;
	if (run->owned && !run->ended)
		rest = run->beat_ns + BN_BEAT_MS * MS -
		       bn_env_monotonic_ns(bn_workspace_env(run->ws));
	if (run->writing.points || run->writing_words.count || !bn_workspace_is_sealed(run->ws) ||
		rest < BN_FLUSH_MS * MS)
		rest = BN_FLUSH_MS * MS;
	return rest;
}

static void note(binnacle_run *run, const bn_err *err)
{
	bn_client_note(run, err, false);
	if (err->code != BN_ECORRUPT)
		return;
	bn_brief_take(&run->brief);
	run->harm = run->harm_untold = err->code;
	bn_brief_give(&run->brief);
}

/* Called with ws_mutex held. Keeps the error for binnacle_run_error. */
static int write_all(binnacle_run *run, bn_err *err)
{
	int rc = 0;
	if ((run->writing.points || run->writing_words.count) && (rc = write_taken(run, err)) < 0)
		goto out;
	take(run);
	rc = write_taken(run, err);
out:
	bn_brief_take(&run->brief);
	run->unwritten = *err;
	bn_brief_give(&run->brief);
	note(run, err);
	return rc;
}

/* Likewise. */
static int seal_in_time(binnacle_run *run)
{
	bn_err err = BN_ERR_INIT;
	int rc = bn_workspace_tick(run->ws, &err);
	note(run, &err);
	return rc;
}

/* What cannot be packed now is packed by gc. */
static void pack(const binnacle_run *run)
{
	const bn_run_pack how = {.keep_clock = true, .has_lock = run->lock.fd >= 0};
	bn_dir *dir = NULL;
	if (how.has_lock && bn_run_dir_open_own(&dir, run->ws, run->id, NULL) >= 0)
		bn_run_dir_pack(dir, run->id, &how, NULL);
	bn_dir_close(dir);
}

/* Under ws_mutex. */
static int end(binnacle_run *run, int exit_code, bn_err *err)
{
	bool first = run->owned && !run->ended, ok = exit_code == 0;
	char reason[40];
	int rc;
	run->beat_ns = 0;
	snprintf(reason, sizeof reason, "exit status %d", exit_code);
	if ((rc = write_all(run, err)) < 0)
		return rc;
	if (first && (rc = bn_runlog_finished(run->ws, run->id, ok ? "FINISHED" : "FAILED",
			      exit_code, 0, ok ? NULL : reason, err)) < 0)
		return rc;
	if ((rc = bn_workspace_commit(run->ws, err)) < 0)
		return rc;
	run->ended = true;
	if ((rc = bn_workspace_seal(run->ws, err)) < 0)
		note(run, err);
	else if (first)
		pack(run);
	return rc;
}

int bn_client_write(binnacle_run *run)
{
	bn_err err = BN_ERR_INIT;
	pthread_mutex_lock(&run->ws_mutex);
	int rc = write_all(run, &err), unsealed = seal_in_time(run);
	pthread_mutex_unlock(&run->ws_mutex);
	return rc < 0 ? rc : unsealed;
}

int64_t bn_client_write_in_turn(binnacle_run *run)
{
	bn_err err = BN_ERR_INIT;
	if (pthread_mutex_trylock(&run->ws_mutex) != 0)
		return BN_FLUSH_MS * MS;
	write_all(run, &err);
	seal_in_time(run);
	int64_t rest = rest_ns(run);
	pthread_mutex_unlock(&run->ws_mutex);
	return rest;
}

int bn_client_end(binnacle_run *run, int exit_code)
{
	bn_err err = BN_ERR_INIT;
	pthread_mutex_lock(&run->ws_mutex);
	int rc = end(run, exit_code, &err);
	pthread_mutex_unlock(&run->ws_mutex);
	return rc;
}

int bn_client_loss(binnacle_run *run)
{
	bn_brief_take(&run->brief);
	int rc = run->refused ? run->refused : run->harm;
	rc = run->dropped ? BN_EIO : rc;
	bn_brief_give(&run->brief);
	return rc;
}

/* The part that neither a flush nor binnacle_run_error has reported. */
static bool has_untold_loss(binnacle_run *run)
{
	bn_brief_take(&run->brief);
	bool has = run->dropped > run->dropped_told || run->refused || run->harm_untold;
	bn_brief_give(&run->brief);
	return has;
}

void bn_client_tell(binnacle_run *run)
{
	char why[sizeof run->err.msg];
	bn_brief_take(&run->brief);
	snprintf(why, sizeof why, "%s", run->err.msg);
	bool told = run->told;
	run->told = true;
	bn_brief_give(&run->brief);
	if (!told)
		bn_client_say("binnacle: run %.8s: not everything logged is on disk%s%s", run->id,
			why[0] ? ": " : "", why);
}

int bn_client_end_at_exit(binnacle_run *run, int exit_code)
{
	const int64_t most = BN_EXIT_TURN_MS * MS;
	bn_err err = BN_ERR_INIT;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	int64_t ns = until.tv_nsec + most;
	until = (struct timespec){until.tv_sec + ns / (1000 * MS), ns % (1000 * MS)};
	if (pthread_mutex_timedlock(&run->ws_mutex, &until) != 0)
		return 1;
	int rc = end(run, exit_code, &err);
	pthread_mutex_unlock(&run->ws_mutex);
	bn_client_note(run, &err, false);
	if (rc < 0 || has_untold_loss(run))
		bn_client_tell(run);
	return rc;
}
