/*
 * capi.c - the public C library of share/include/binnacle.h: opening a run, checking arguments, and
 * closing. For the internals see _run.h.
 */
#include "share/include/binnacle.h"

#include "core/base/mem.h"
#include "core/client/_run.h"
#include "core/run/run_dir.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Thread_local char open_error[sizeof(((bn_err *)0)->msg) + 300];
static _Thread_local char run_error[sizeof(((bn_err *)0)->msg)];

/* ---- opening -------------------------------------------------------------------------------- */

static int begin(binnacle_run *run, const binnacle_options *opt, bn_err *err)
{
	bn_run_id new_id;
	bn_run_created made = {.name = opt->name,
		.experiment = opt->experiment,
		.kind = "api",
		.title = opt->title ? opt->title : program_invocation_short_name,
		.nonce = new_id.nonce};
	run->owned = true;
	int rc;
	if ((rc = bn_run_id_make(&new_id, run->ws, err)) < 0)
		return rc;
	memcpy(run->id, new_id.id, sizeof run->id);
	if ((rc = bn_supervisor_take(&run->lock, run->ws, run->id, err)) < 0)
		return rc;
	if ((rc = bn_runlog_created(run->ws, run->id, &made, err)) < 0)
		return rc;
	if ((rc = bn_runlog_started(run->ws, run->id, BN_BEAT_MS, err)) < 0)
		return rc;
	if ((rc = bn_run_clock_leave(run->ws, run->id, err)) < 0)
		return rc;
	return bn_workspace_commit(run->ws, err);
}

/* The program must continue even if its metrics are lost. */
static void say_unseen(const bn_err *why)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	if (!atomic_flag_test_and_set(&told))
		bn_client_say("binnacle: logging is disabled: %s", why->msg);
}

static int attach(binnacle_run *run, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (!bn_run_id_is_valid(id))
		return bn_err_set(err, BN_EINVAL, "'%.40s' is not a run id of 32 hex digits", id);
	memcpy(run->id, id, sizeof run->id);
	bn_run_clock_follow(run->ws, run->id);
	if (bn_run_is_own(run->ws, run->id, &why) < 0)
		say_unseen(&why);
	return 0;
}

static binnacle_run *run_new(void)
{
	binnacle_run *run = bn_alloc_zeroed(1, sizeof *run);
	if (!run)
		return NULL;
	pthread_mutex_init(&run->ws_mutex, NULL);
	run->lock.fd = -1;
	return run;
}

static void run_free(binnacle_run *run)
{
	if (!run)
		return;
	bn_metric_set_release(&run->active);
	bn_metric_set_release(&run->writing);
	bn_client_words_release(&run->words);
	bn_client_words_release(&run->writing_words);
	bn_client_params_release(run);
	bn_workspace_close(run->ws);
	bn_supervisor_release(&run->lock);
	pthread_mutex_destroy(&run->ws_mutex);
	bn_free(run);
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
	bool makes = !id || !id[0];
	if ((rc = bn_client_thread_enter(makes, &err)) < 0)
		goto failed;
	if ((rc = makes ? begin(run, &opt, &err) : attach(run, id, &err)) >= 0)
		bn_client_thread_add(run);
	bn_client_thread_leave();
	if (rc >= 0)
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

int binnacle_log_metric_at(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms)
{
	return run && key ? bn_client_log_point(run, key, value, step, time_ms) : 0;
}

int binnacle_log_metric(binnacle_run *run, const char *key, double value, int64_t step)
{
	struct timespec now;
	if (!run || !key)
		return 0;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return bn_client_log_point(
		run, key, value, step, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

int binnacle_log_param(binnacle_run *run, const char *key, const char *value)
{
	return run && key && value ? bn_client_log_word(run, false, key, value) : 0;
}

int binnacle_log_tag(binnacle_run *run, const char *key, const char *value)
{
	return run && key && value ? bn_client_log_word(run, true, key, value) : 0;
}

int binnacle_log_artifact(binnacle_run *run, const char *path, const char *name)
{
	bn_err err = BN_ERR_INIT;
	if (!run || !path)
		return 0;
	if (run->foreign)
		return bn_client_refuse_foreign(run);
	pthread_mutex_lock(&run->ws_mutex);
	int rc;
	if ((rc = bn_runlog_artifact(run->ws, run->id, path, name, &err)) < 0)
		goto out;
	rc = bn_workspace_commit(run->ws, &err);
out:
	pthread_mutex_unlock(&run->ws_mutex);
	bn_client_note(run, &err, true);
	return rc;
}

/* ---- waiting for the disk ------------------------------------------------------------------- */

int binnacle_run_flush(binnacle_run *run)
{
	bn_err err = BN_ERR_INIT;
	int rc;
	if (!run)
		return 0;
	if (run->foreign)
		return bn_client_refuse_foreign(run);
	rc = bn_client_write(run);
	bn_brief_take(&run->brief);
	rc = rc < 0 ? rc : run->harm_untold;
	run->harm_untold = 0;
	uint64_t gone = rc < 0 ? 0 : run->dropped - run->dropped_told;
	run->dropped_told += gone;
	bn_brief_give(&run->brief);
	if (gone)
		rc = bn_err_set(&err, BN_EIO,
			"%" PRIu64 " of the points, parameters and tags were dropped while "
			"nothing could be written",
			gone);
	bn_client_note(run, &err, true);
	return rc;
}

const char *binnacle_run_error(binnacle_run *run)
{
	run_error[0] = '\0';
	if (!run)
		return run_error;
	bn_brief_take(&run->brief);
	snprintf(run_error, sizeof run_error, "%s", run->err.msg);
	bn_err_clear(&run->err);
	run->refused = 0;
	bn_brief_give(&run->brief);
	return run_error;
}

int binnacle_run_close(binnacle_run *run, int exit_code)
{
	int rc;
	if (!run)
		return 0;
	if (run->foreign)
		return 0; /* the parent's: its memory may be inconsistent, so it is not freed */
	bn_client_thread_closing(run, exit_code);
	if ((rc = bn_client_end(run, exit_code)) >= 0)
		rc = bn_client_loss(run);
	bn_client_thread_remove(run, rc < 0);
	run_free(run);
	return rc;
}
